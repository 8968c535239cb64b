/*
 * Universal Format: records of 16-bit words, each one ray, or a part of one; headers point at one another by the number of a
 * word, counted from 1. Records stand alone or between the marks of Fortran's unformatted files, of 2, 4 or 8 bytes, whatever
 * these say: a record states its own length. Both orders of bytes.
 *
 * The format knows one code for what is missing: of "not observed" and "nothing there" it says neither, so it becomes NaN.
 * Source: Barnes (1980), Bull. Amer. Meteor. Soc. 61, 1401-1404; names of fields as the radar library of TRMM writes them.
 */
#include "radar/format/volume_format.h"

#include <stdlib.h>

NWC__DECLARE_KERNELS(nwc__gate_kernels);

enum { MANDATORY = 45, FIELD_HEADER = 19, MOST_FIELDS = 64, MOST_MARKS = 16 };

/* Words of the mandatory header. */
enum {
    LENGTH = 2,
    OPTIONAL_AT,
    LOCAL_AT,
    DATA_AT,
    VOLUME = 7,
    RAY,
    PART,
    SWEEP,
    RADAR,
    SITE = 15,
    LATITUDE = 19,
    LONGITUDE = 22,
    HEIGHT = 25,
    YEAR,
    ZONE = 32,
    AZIMUTH,
    ELEVATION,
    MODE,
    FIXED_ANGLE,
    MISSING = 45
};

/* Words of a field's header, from its first on. */
enum { DATA, SCALE, FIRST_KM, FIRST_M, SPACING, GATES, WIDTH_H = 7, WIDTH_V, WAVE = 11, PERIOD = 17, NYQUIST = 19 };

#define PART_OF_DEG (1.0 / 64.0)
#define LIGHT_M_S 299792458.0
#define SAME_PLACE_DEG 0.01

struct record {
    const uint8_t *at;
    int32_t words;
    bool big; /* order of bytes */
};

/* A field of a record. */
struct field {
    char name[3];
    int32_t header, data; /* words at which they are */
    int64_t n_gates;
    double scale, first_m, spacing_m;
};

/* A field of a sweep: the widest of its rays' gates. */
struct column {
    struct field field;
    nwc__moment *moment;
};

struct job {
    nwc_ctx *ctx;
    nwc_volume *volume;
    const uint8_t *bytes;
    int64_t size;
    const struct nwc__gate_kernels *kernels;
    struct record *record;
    int64_t *ray; /* the first record of each ray, and the end of the last */
    int64_t n_records, n_rays;
    int64_t mark; /* bytes before a record */
    bool big, damaged;
    struct column column[MOST_FIELDS]; /* of the sweep that is read */
    int32_t n_columns;
    nwc__sweep *made;
    int64_t first; /* its first ray */
};

/* ---- records ---- */

static int32_t word(const struct record *record, int64_t number)
{
    const uint8_t *const at = record->at + 2 * (number - 1);
    return (int16_t)(record->big ? nwc__u16_be(at) : nwc__u16_le(at));
}

/* A number that counts: no sign. */
static int32_t count(const struct record *record, int64_t number)
{
    return (uint16_t)word(record, number);
}

/* Two digits, years since 1900, or all of it. */
static int32_t year_of(int32_t year)
{
    return year < 0 ? 0 : year < 70 ? 2000 + year : year < 200 ? 1900 + year : year;
}

/* Hours from local time to UTC by the two letters of the zone, standard or daylight saving; 0 for UT and what is not known. */
static int32_t zone_of(const struct record *record)
{
    static const char zones[] = "ECMP";
    const uint8_t *const text = record->at + 2 * (ZONE - 1);
    const char *const place = text[0] ? strchr(zones, text[0]) : NULL;
    return place && (text[1] == 'S' || text[1] == 'D') ? 5 + (int32_t)(place - zones) - (text[1] == 'D') : 0;
}

static bool time_of(const struct record *record, int64_t *time_ns)
{
    int32_t civil[6];
    for (int part = 0; part < 6; part++) civil[part] = word(record, YEAR + part);
    const bool leap = civil[5] == 60; /* or rounded up */
    civil[0] = year_of(civil[0]), civil[5] -= leap;
    if (!nwc__time_from_civil(civil, time_ns)) return false;
    *time_ns += (leap + INT64_C(3600) * zone_of(record)) * INT64_C(1000000000);
    return true;
}

/* Whether a record begins here: by its letters, an order of headers that can be, a date and an elevation. */
static bool is_record(const uint8_t *at, int64_t left, bool big, struct record *record)
{
    if (left < 2 * MANDATORY || at[0] != 'U' || at[1] != 'F') return false;
    *record = (struct record){.at = at, .big = big};
    int64_t time_ns;
    const int32_t optional = count(record, OPTIONAL_AT), local = count(record, LOCAL_AT), data = count(record, DATA_AT);
    record->words = count(record, LENGTH);
    return optional > MANDATORY && local >= optional && data >= local && data + 2 < record->words &&
           abs(word(record, ELEVATION)) <= 180 * 64 && time_of(record, &time_ns);
}

/*
 * The first record from *at on. Marks may come before it; more bytes than these mean that some were lost. A record that is not
 * whole is passed over like any other bytes.
 */
static bool next_record(struct job *job, int64_t *at, struct record *record)
{
    for (int64_t from = *at; job->size - from >= 2 * MANDATORY; from++) {
        const int64_t left = job->size - from;
        const bool known = *at > 0;
        if (!is_record(job->bytes + from, left, !known || job->big, record) &&
            (known || !is_record(job->bytes + from, left, false, record)))
            continue;
        if (2 * (int64_t)record->words > left) continue;
        job->damaged = job->damaged || from - *at > MOST_MARKS;
        if (!known) job->big = record->big, job->mark = from;
        *at = from + 2 * (int64_t)record->words;
        return true;
    }
    job->damaged = job->damaged || job->size - *at > job->mark;
    return false;
}

/* Whether a record goes on with the ray of the one before it. */
static bool continues(const struct record *before, const struct record *record)
{
    static const int64_t same[] = {VOLUME, RAY, SWEEP, AZIMUTH, ELEVATION};
    if (word(record, PART) <= 1) return false;
    for (size_t k = 0; k < sizeof same / sizeof same[0]; k++)
        if (word(before, same[k]) != word(record, same[k])) return false;
    return true;
}

static nwc_status find_rays(struct job *job)
{
    nwc_status status = NWC_OK;
    struct record record;
    for (int64_t at = 0; next_record(job, &at, &record);) job->n_records++;
    if (!job->n_records) return nwc__fail(NWC_ERR_NODATA, "no whole ray in it");
    NWC__ALLOC(job->ctx, job->record, job->n_records);
    NWC__ALLOC(job->ctx, job->ray, job->n_records + 1);
    int64_t n = 0;
    for (int64_t at = 0; n < job->n_records && next_record(job, &at, &job->record[n]); n++)
        if (n == 0 || !continues(&job->record[n - 1], &job->record[n])) job->ray[job->n_rays++] = n;
    job->ray[job->n_rays] = n;
done:
    return status;
}

/* ---- fields ---- */

/* Read where field number k of a record is and what its numbers mean; false for one that is damaged. */
static bool find_field(const struct record *record, int32_t k, struct field *field)
{
    const int64_t pair = count(record, DATA_AT) + 3 + 2 * (int64_t)k;
    if (pair + 1 > record->words) return false;
    const int64_t header = count(record, pair + 1);
    if (header < 1 || header + FIELD_HEADER - 1 > record->words) return false;
    memcpy(field->name, record->at + 2 * (pair - 1), 2);
    field->name[2] = '\0';
    for (int c = 1; c >= 0 && field->name[c] <= ' '; c--) field->name[c] = '\0';
    field->header = (int32_t)header, field->data = count(record, header + DATA);
    field->n_gates = count(record, header + GATES);
    field->scale = word(record, header + SCALE), field->spacing_m = word(record, header + SPACING);
    const int32_t first_m = word(record, header + FIRST_M);
    /* To the centre of the first gate; to its beginning where nothing is added, as writers do who leave that out. */
    field->first_m = 1000.0 * word(record, header + FIRST_KM) + (first_m ? first_m : 0.5 * field->spacing_m);
    return field->name[0] && field->scale != 0.0 && field->spacing_m > 0.0 && field->n_gates > 0 &&
           field->n_gates <= NWC__MOST_GATES && field->data > 0 && field->data + field->n_gates - 1 <= record->words;
}

/* Whether a field's gates lie where another's do; it may have more of them. */
static bool same_gates(const struct field *a, const struct field *b)
{
    return a->first_m == b->first_m && a->spacing_m == b->spacing_m;
}

/* Fields of a record, never more than a sweep can have. */
static int32_t fields_of(const struct record *record)
{
    const int32_t n = count(record, count(record, DATA_AT) + 2);
    return n < MOST_FIELDS ? n : MOST_FIELDS;
}

static struct column *find_column(struct job *job, const char *name)
{
    for (int32_t c = 0; c < job->n_columns; c++)
        if (strcmp(job->column[c].field.name, name) == 0) return &job->column[c];
    return NULL;
}

/* Gather the fields of the sweep's rays. */
static nwc_status find_columns(struct job *job, int64_t first, int64_t end)
{
    job->n_columns = 0;
    for (int64_t r = job->ray[first]; r < job->ray[end]; r++)
        for (int32_t k = 0; k < fields_of(&job->record[r]); k++) {
            struct field field;
            if (!find_field(&job->record[r], k, &field)) {
                NWC__TRY(nwc__volume_incomplete(job->volume, job->made, "byte %lld: field %d of a ray is damaged",
                                                (long long)(job->record[r].at - job->bytes), (int)k));
                continue;
            }
            struct column *const column = find_column(job, field.name);
            if (!column && job->n_columns < MOST_FIELDS)
                job->column[job->n_columns++] = (struct column){.field = field};
            else if (column && field.n_gates > column->field.n_gates)
                column->field.n_gates = field.n_gates;
            if (column && !same_gates(&column->field, &field))
                NWC__TRY(nwc__volume_incomplete(job->volume, job->made, "byte %lld: field %s of a ray has other gates",
                                                (long long)(job->record[r].at - job->bytes), field.name));
        }
    return NWC_OK;
}

/* The FM 301 name of a field. Of several that have one name it goes to the first of the list, the others keep their own. */
static const char *name_of(struct job *job, const char *own)
{
    static const char *const usual[][2] = {
        {"DZ", "DBZH"},  {"ZT", "DBTH"},   {"UZ", "DBTH"},  {"CZ", "DBZHC"}, {"VR", "VRADH"},
        {"VE", "VRADH"}, {"VE", "VRADDH"}, /* beside VR it is the edited one */
        {"SW", "WRADH"}, {"DR", "ZDR"},    {"ZD", "ZDR"},   {"CD", "ZDRC"},  {"LR", "LDR"},
        {"PH", "PHIDP"}, {"KD", "KDP"},    {"RH", "RHOHV"}, {"SQ", "SQIH"},  {"NP", "SQIH"},
        {"SN", "SNRH"},  {"HC", "CLASS"},  {"FH", "CLASS"},
    };
    for (size_t k = 0; k < sizeof usual / sizeof usual[0]; k++) {
        bool taken = strcmp(usual[k][0], own) != 0;
        for (size_t j = 0; j < k && !taken; j++)
            taken = strcmp(usual[j][1], usual[k][1]) == 0 && find_column(job, usual[j][0]);
        if (!taken) return usual[k][1];
    }
    return NULL;
}

static nwc_status add_moments(struct job *job)
{
    for (int32_t c = 0; c < job->n_columns; c++) {
        struct column *const column = &job->column[c];
        const struct field *const field = &column->field;
        const char *const name = name_of(job, field->name);
        if (name)
            NWC__TRY(nwc__volume_add_moment(job->volume, job->made, name, field->name, field->n_gates, field->first_m,
                                            field->spacing_m, &column->moment));
        else
            NWC__TRY(nwc__volume_add_other(job->volume, job->made, field->name,
                                           strcmp(field->name, "DM") == 0 ? "dBm" : "", field->n_gates, field->first_m,
                                           field->spacing_m, &column->moment));
        column->moment->resolution = 1.0 / fabs(field->scale);
    }
    return NWC_OK;
}

/* ---- rays ---- */

/* What the header of a field says of the ray. */
static void read_limits(const struct record *record, const struct field *field, nwc__sweep *sweep, int64_t r)
{
    const double period_s = 1e-6 * count(record, field->header + PERIOD);
    if (period_s > 1e-5 && period_s < 0.05) sweep->unambiguous_range_m[r] = (float)(0.5 * LIGHT_M_S * period_s);
    if (field->name[0] != 'V' || field->header + NYQUIST >= field->data || field->header + NYQUIST > record->words)
        return;
    const int32_t code = word(record, field->header + NYQUIST);
    const double nyquist = code / field->scale;
    if (code != word(record, MISSING) && nyquist > 0.0 && nyquist < 1000.0) sweep->nyquist_m_s[r] = (float)nyquist;
}

/* Ray number tile of the sweep: its place and the gates of all its records. */
static nwc_status read_ray(int64_t tile, void *user)
{
    struct job *const job = user;
    const struct record *const head = &job->record[job->ray[job->first + tile]];
    const double azimuth = PART_OF_DEG * word(head, AZIMUTH);
    job->made->azimuth_deg[tile] = (float)(azimuth - 360.0 * floor(azimuth / 360.0));
    job->made->elevation_deg[tile] = (float)(PART_OF_DEG * word(head, ELEVATION));
    (void)time_of(head, &job->made->time_ns[tile]); /* it is one, or this were no record */
    uint64_t seen = 0;                              /* a bit for each column */
    for (int64_t r = job->ray[job->first + tile]; r < job->ray[job->first + tile + 1]; r++)
        for (int32_t k = 0; k < fields_of(&job->record[r]); k++) {
            struct field field;
            if (!find_field(&job->record[r], k, &field)) continue;
            const struct column *const column = find_column(job, field.name);
            if (!column || !same_gates(&column->field, &field)) continue;
            const int64_t n = column->moment->n_gates;
            const uint8_t *const codes = job->record[r].at + 2 * (int64_t)(field.data - 1);
            float *const cells = column->moment->cells + tile * n;
            (job->big ? job->kernels->i16_be : job->kernels->i16_le)(codes, field.n_gates,
                                                                     word(&job->record[r], MISSING), (float)field.scale,
                                                                     cells);
            for (int64_t g = field.n_gates; g < n; g++) cells[g] = NAN;
            seen |= UINT64_C(1) << (column - job->column);
            read_limits(&job->record[r], &field, job->made, tile);
        }
    for (int32_t c = 0; c < job->n_columns; c++) {
        const nwc__moment *const moment = job->column[c].moment;
        for (int64_t g = 0; g < moment->n_gates && !(seen >> c & 1); g++)
            moment->cells[tile * moment->n_gates + g] = NAN;
    }
    return NWC_OK;
}

/* ---- sweeps ---- */

static int32_t mode_of(int32_t mode)
{
    switch (mode) {
    case 1:
        return NWC_SWEEP_SURVEILLANCE;
    case 3:
        return NWC_SWEEP_RHI;
    case 4:
        return NWC_SWEEP_VERTICAL_POINTING;
    default:
        return NWC_SWEEP_MANUAL;
    }
}

static bool same_sweep(const struct record *a, const struct record *b)
{
    return word(a, VOLUME) == word(b, VOLUME) && word(a, SWEEP) == word(b, SWEEP) && word(a, MODE) == word(b, MODE);
}

static nwc_status read_sweep(struct job *job, int64_t first, int64_t end)
{
    const struct record *const head = &job->record[job->ray[first]];
    const int32_t mode = mode_of(word(head, MODE)), angle = word(head, FIXED_ANGLE);
    const bool known = angle != word(head, MISSING);
    const int64_t otherwise = mode == NWC_SWEEP_RHI ? AZIMUTH : ELEVATION;
    NWC__TRY(nwc__volume_add_sweep(job->volume, mode, PART_OF_DEG * (known ? angle : word(head, otherwise)),
                                   end - first, &job->made));
    job->first = first;
    NWC__TRY(find_columns(job, first, end));
    NWC__TRY(add_moments(job));
    return nwc__for_each_tile(job->ctx, "decode", end - first, read_ray, job);
}

/* Degrees of a position in degrees, minutes and 1/64 seconds, of which one negative makes all of it so. */
static double position(const struct record *record, int64_t at)
{
    const int32_t degrees = word(record, at), minutes = word(record, at + 1), seconds = word(record, at + 2);
    const double size = abs(degrees) + abs(minutes) / 60.0 + abs(seconds) * PART_OF_DEG / 3600.0;
    return degrees < 0 || minutes < 0 || seconds < 0 ? -size : size;
}

static nwc_status set_facts(const struct job *job)
{
    const struct record *const head = &job->record[0];
    char radar[9], site[9];
    nwc_volume_facts facts;
    struct field field;
    NWC__TRY(nwc_volume_describe(job->volume, &facts));
    nwc__take_text(head->at + 2 * (RADAR - 1), 8, radar);
    nwc__take_text(head->at + 2 * (SITE - 1), 8, site);
    facts.site = radar, facts.site_name = site;
    const double latitude = position(head, LATITUDE), longitude = position(head, LONGITUDE);
    if (fabs(latitude) <= 90.0) facts.latitude_deg = latitude;
    if (fabs(longitude) <= 360.0) facts.longitude_deg = longitude;
    facts.altitude_m = word(head, HEIGHT);
    if (find_field(head, 0, &field)) {
        const double wave_m = 0.01 * PART_OF_DEG * word(head, field.header + WAVE);
        const int32_t width_h = word(head, field.header + WIDTH_H), width_v = word(head, field.header + WIDTH_V);
        if (wave_m > 0.0) facts.frequency_hz = LIGHT_M_S / wave_m;
        if (width_h > 0) facts.beam_width_h_deg = PART_OF_DEG * width_h;
        if (width_v > 0) facts.beam_width_v_deg = PART_OF_DEG * width_v;
    }
    facts.time_ns = INT64_MAX;
    bool moved = false;
    for (int64_t r = 0; r < job->n_records; r++) {
        int64_t time_ns;
        if (time_of(&job->record[r], &time_ns) && time_ns < facts.time_ns) facts.time_ns = time_ns;
        moved = moved || fabs(position(&job->record[r], LATITUDE) - latitude) > SAME_PLACE_DEG ||
                fabs(position(&job->record[r], LONGITUDE) - longitude) > SAME_PLACE_DEG;
    }
    if (moved) nwc__log(job->ctx, NWC_LOG_WARNING, "the radar moved: its place is that of the first ray");
    return nwc__volume_set_facts(job->volume, &facts);
}

static nwc_status read_all(struct job *job)
{
    NWC__TRY(find_rays(job));
    for (int64_t first = 0, end; first < job->n_rays; first = end) {
        for (end = first + 1; end < job->n_rays; end++)
            if (!same_sweep(&job->record[job->ray[first]], &job->record[job->ray[end]])) break;
        NWC__TRY(read_sweep(job, first, end));
    }
    if (job->damaged) NWC__TRY(nwc__volume_incomplete(job->volume, NULL, "the file is damaged or ends early"));
    NWC__TRY(nwc__volume_finish(job->volume));
    return set_facts(job);
}

bool nwc__is_uf(const uint8_t *bytes, int64_t size)
{
    struct record record;
    for (int64_t mark = 0; mark <= MOST_MARKS / 2 && mark < size; mark += 2)
        if (is_record(bytes + mark, size - mark, true, &record) || is_record(bytes + mark, size - mark, false, &record))
            return true;
    return false;
}

nwc_status nwc__uf_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    struct job *const job = nwc__alloc(ctx, 1, sizeof *job);
    if (!job) return NWC_ERR_NOMEM;
    *job = (struct job){
        .ctx = ctx, .volume = volume, .bytes = bytes, .size = size, .kernels = NWC__KERNELS(ctx, nwc__gate_kernels)};
    const nwc_status status = read_all(job);
    nwc__free(ctx, job->ray);
    nwc__free(ctx, job->record);
    nwc__free(ctx, job);
    return status;
}

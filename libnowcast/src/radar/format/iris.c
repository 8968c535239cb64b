/*
 * SIGMET/IRIS RAW products: records of 6144 bytes, in which the rays of each sweep follow one another, run-length coded, all data
 * types of a ray together.
 *
 * Sweeps are walked twice: first, each by one thread, to find where its rays begin and how many gates they have, then, ray by ray, to
 * decode them. Source: IRIS Programmer's Manual M211319EN, chapter 4.
 */
#include "radar/format/volume_format.h"

#include <stdio.h>

NWC__DECLARE_KERNELS(nwc__gate_kernels);

enum {
    RECORD = 6144,
    INGEST = RECORD, /* byte of the ingest header */
    FIRST_DATA = 2,  /* the first record of data */
    RECORD_HEADER = 12,
    DATA_HEADER = 76, /* of a sweep, one for each data type */
    RAY_WORDS = 6,    /* before the data of a ray */
    MOST_TYPES = 160,
    MOST_WORDS = RAY_WORDS + NWC__MOST_GATES,
    MOST_BYTES = 2 * MOST_WORDS,
    CHUNK = 32,       /* bytes copied at a stroke */
    END = 1,          /* code of the end of a ray */
    EXTENDED = 0,     /* data type of the extended header of a ray */
    MOST_MS = 3600000 /* no sweep takes longer */
};

#define LIGHT_M_S 299792458.0

/* How codes become values: (N - offset) / scale; that times the Nyquist speed; a root; a power. */
enum rule { LINEAR, BY_NYQUIST, ROOT, KDP_POWER };

/* Data types: names, bytes of a code, and the rule. Code 0 is no data; the last code is "not scanned", or a value where full. */
static const struct kind {
    const char *name, *own_name;
    int32_t width;
    enum rule rule;
    double scale, offset;
    bool full;
} kinds[MOST_TYPES] = {
    [1] = {"DBTH", "dBT", 1, LINEAR, 2.0, 64.0, false},
    [2] = {"DBZH", "dBZ", 1, LINEAR, 2.0, 64.0, false},
    [3] = {"VRADH", "V", 1, BY_NYQUIST, 127.0, 128.0, true},
    [4] = {"WRADH", "W", 1, BY_NYQUIST, 256.0, 0.0, true},
    [5] = {"ZDR", "ZDR", 1, LINEAR, 16.0, 128.0, true},
    [7] = {"DBZHC", "dBZc", 1, LINEAR, 2.0, 64.0, false},
    [8] = {"DBTH", "dBT2", 2, LINEAR, 100.0, 32768.0, false},
    [9] = {"DBZH", "dBZ2", 2, LINEAR, 100.0, 32768.0, false},
    [10] = {"VRADH", "V2", 2, LINEAR, 100.0, 32768.0, false},
    [11] = {"WRADH", "W2", 2, LINEAR, 100.0, 0.0, false},
    [12] = {"ZDR", "ZDR2", 2, LINEAR, 100.0, 32768.0, false},
    [14] = {"KDP", "KDP", 1, KDP_POWER, 0.0, 0.0, true},
    [15] = {"KDP", "KDP2", 2, LINEAR, 100.0, 32768.0, false},
    [16] = {"PHIDP", "PHIDP", 1, LINEAR, 254.0 / 180.0, 1.0, false},
    [17] = {"VRADDH", "Vc", 1, LINEAR, 127.0 / 75.0, 128.0, true},
    [18] = {"SQIH", "SQI", 1, ROOT, 0.0, 0.0, false},
    [19] = {"RHOHV", "RHOHV", 1, ROOT, 0.0, 0.0, false},
    [20] = {"RHOHV", "RHOHV2", 2, LINEAR, 65533.0, 1.0, false},
    [21] = {"DBZHC", "dBZc2", 2, LINEAR, 100.0, 32768.0, false},
    [22] = {"VRADDH", "Vc2", 2, LINEAR, 100.0, 32768.0, false},
    [23] = {"SQIH", "SQI2", 2, LINEAR, 65533.0, 1.0, false},
    [24] = {"PHIDP", "PHIDP2", 2, LINEAR, 65534.0 / 360.0, 1.0, false},
    [25] = {"LDR", "LDRH", 1, LINEAR, 5.0, 226.0, false},
    [26] = {"LDR", "LDRH2", 2, LINEAR, 100.0, 32768.0, false},
    [55] = {"CLASS", "HCLASS", 1, LINEAR, 1.0, 0.0, false},
    [56] = {"CLASS", "HCLASS2", 2, LINEAR, 1.0, 0.0, false},
    [57] = {"ZDRC", "ZDRC", 1, LINEAR, 16.0, 128.0, true},
    [58] = {"ZDRC", "ZDRC2", 2, LINEAR, 100.0, 32768.0, false},
    [61] = {"DBTV", "dBTV", 1, LINEAR, 2.0, 64.0, false},
    [62] = {"DBTV", "dBTV2", 2, LINEAR, 100.0, 32768.0, false},
    [63] = {"DBZV", "dBZV", 1, LINEAR, 2.0, 64.0, false},
    [64] = {"DBZV", "dBZV2", 2, LINEAR, 100.0, 32768.0, false},
    [65] = {"SNRH", "SNR", 1, LINEAR, 2.0, 63.0, false},
    [66] = {"SNRH", "SNR2", 2, LINEAR, 100.0, 32768.0, false},
    [71] = {"DBTH", "dBTE", 1, LINEAR, 2.0, 64.0, false},
    [72] = {"DBTH", "dBTE2", 2, LINEAR, 100.0, 32768.0, false},
    [73] = {"DBZH", "dBZE", 1, LINEAR, 2.0, 64.0, false},
    [74] = {"DBZH", "dBZE2", 2, LINEAR, 100.0, 32768.0, false},
};

/* What makes values of the codes of one data type. */
struct decoder {
    const struct kind *kind;
    const struct nwc__gate_kernels *kernels;
    float nothing;    /* of code 0 */
    float table[256]; /* of one-byte codes */
};

/* Data words of a sweep, over the headers of its records. */
struct words {
    const uint8_t *bytes;
    int64_t size;        /* of the file */
    int64_t record, end; /* the record at hand, and the one behind the sweep's last */
    int64_t at;          /* byte in it */
};

/* A ray: its sweep, its number there, and where its words begin. */
struct place {
    int64_t sweep, r, record, at;
};

struct sweep {
    int64_t first, end; /* records */
    int32_t n_slots;    /* rays that were expected */
    int64_t places;     /* of its first ray in the list of all */
    int64_t start_ns;
    int64_t n_rays, n_gates;
    bool cut_off;
    nwc__sweep *made;
    nwc__moment *moment[MOST_TYPES]; /* by place in the list of types */
};

struct job {
    nwc_ctx *ctx;
    nwc_volume *volume;
    const uint8_t *bytes;
    int64_t records;
    int32_t type[MOST_TYPES], n_types; /* in the order in which a ray has them */
    struct sweep *sweep;
    int64_t n_sweeps;
    struct place
        *place; /* room for a ray in each slot of all sweeps; when sweeps are made, of each ray that is in one */
    int64_t n_places;
    struct decoder *decoder; /* of each type */
    double nyquist_m_s, wave_cm;
};

static int32_t i32(const uint8_t *at)
{
    return (int32_t)nwc__u32_le(at);
}

static const uint8_t *ingest(const struct job *job)
{
    return job->bytes + INGEST;
}

static double circle(uint16_t angle)
{
    return (double)angle * (360.0 / 65536.0);
}

static double wide_circle(uint32_t angle)
{
    const double degrees = (double)angle * (360.0 / 4294967296.0);
    return degrees >= 180.0 ? degrees - 360.0 : degrees;
}

/* ---- words ---- */

/* Step over the header of a record where one is due. False where the sweep ends. */
static bool go_on(struct words *words)
{
    if (words->at + 2 > RECORD) words->record++, words->at = RECORD_HEADER;
    return words->record < words->end;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Words of a ray, zeros for NULL. Runs are many and short: whole chunks are quicker, and what is too much is written over by the next. */
static inline void put_words(uint8_t *to, const uint8_t *at, int32_t n, int64_t readable)
{
    const int32_t size = 2 * n;
    if (at && size + CHUNK > readable)
        memcpy(to, at, (size_t)size);
    else if (at)
        for (int32_t k = 0; k < size; k += CHUNK) memcpy(to + k, at + k, CHUNK);
    else
        for (int32_t k = 0; k < size; k += CHUNK) memset(to + k, 0, CHUNK);
}

/*
 * Unpack one ray, of which the first most words are kept, in chunks: there must be room for another. All its words are counted in *n.
 * False where the sweep ends or is damaged.
 */
static inline bool next_ray(struct words *words, uint8_t *ray, int32_t most, int32_t *n)
{
    *n = 0;
    for (;;) {
        if (!go_on(words)) return false;
        const uint8_t *const code_at = words->bytes + words->record * RECORD + words->at;
        const int32_t code = code_at[0] | code_at[1] << 8;
        int32_t run = code & 0x7fff;
        words->at += 2;
        if (code == END) return true;
        if (run == 0 || *n + run > MOST_WORDS) return false;
        if (!(code & 0x8000)) {
            if (*n < most) put_words(ray + 2 * *n, NULL, (int32_t)least(run, most - *n), 0);
            *n += run;
            continue;
        }
        for (int32_t part; run > 0; run -= part, *n += part) {
            if (!go_on(words)) return false;
            const int64_t at = words->record * RECORD + words->at;
            part = (int32_t)least(run, (RECORD - words->at) / 2);
            if (*n < most)
                put_words(ray + 2 * *n, words->bytes + at, (int32_t)least(part, most - *n), words->size - at);
            words->at += 2 * part;
        }
    }
}

/* The words of a sweep, behind the headers of its data types. */
static struct words words_of(const struct job *job, const struct sweep *sweep)
{
    struct words words = {.bytes = job->bytes,
                          .size = job->records * RECORD,
                          .record = sweep->first,
                          .end = sweep->end,
                          .at = RECORD_HEADER};
    for (int64_t left = (int64_t)DATA_HEADER * job->n_types; left > 0 && go_on(&words);) {
        const int64_t part = least(left, (RECORD - words.at) / 2 * 2);
        words.at += part, left -= part;
    }
    return words;
}

/* The gates a ray says it has, as far as its words go. */
static int64_t gates_of(const uint8_t *ray, int32_t n, int32_t width)
{
    return least(nwc__u16_le(ray + 8), (int64_t)(n - RAY_WORDS) * 2 / width);
}

/* ---- listing ---- */

static void list_types(struct job *job)
{
    static const int32_t masks[5] = {628, 636, 640, 644, 648};
    for (int32_t w = 0; w < 5; w++) {
        const uint32_t mask = nwc__u32_le(ingest(job) + masks[w]);
        for (int32_t bit = 0; bit < 32; bit++)
            if (mask >> bit & 1) job->type[job->n_types++] = 32 * w + bit;
    }
}

static nwc_status list_sweeps(struct job *job)
{
    nwc_status status = NWC_OK;
    for (int round = 0; round < 2; round++) {
        int32_t last = -1;
        job->n_sweeps = 0;
        for (int64_t r = FIRST_DATA; r < job->records; r++) {
            const int32_t number = (int16_t)nwc__u16_le(job->bytes + r * RECORD + 2);
            if (number < 1) continue;
            if (number != last) {
                if (job->sweep) {
                    const uint8_t *const header = job->bytes + r * RECORD + RECORD_HEADER;
                    job->sweep[job->n_sweeps] =
                        (struct sweep){.first = r, .n_slots = (int16_t)nwc__u16_le(header + 30)};
                }
                job->n_sweeps++;
                last = number;
            }
            if (job->sweep) job->sweep[job->n_sweeps - 1].end = r + 1;
        }
        if (job->n_sweeps > NWC__MOST_SWEEPS)
            return nwc__fail(NWC_ERR_FORMAT, "at most %d sweeps expected, more found", NWC__MOST_SWEEPS);
        if (round == 0 && job->n_sweeps > 0) NWC__ALLOC(job->ctx, job->sweep, job->n_sweeps);
    }
    for (int64_t s = 0; s < job->n_sweeps; s++) {
        struct sweep *const sweep = &job->sweep[s];
        sweep->places = job->n_places;
        job->n_places += sweep->n_slots < 0 ? 0 : sweep->n_slots < NWC__MOST_RAYS ? sweep->n_slots : NWC__MOST_RAYS;
    }
    NWC__ALLOC(job->ctx, job->place, job->n_places > 0 ? job->n_places : 1);
done:
    return status;
}

/* Find the rays of a sweep and their most gates. */
static nwc_status find_rays(int64_t tile, void *user)
{
    struct job *const job = user;
    struct sweep *const sweep = &job->sweep[tile];
    uint8_t ray[2 * RAY_WORDS + CHUNK];
    struct words words = words_of(job, sweep);
    for (int32_t slot = 0; slot < sweep->n_slots && slot < NWC__MOST_RAYS && !sweep->cut_off; slot++) {
        struct place *const place = &job->place[sweep->places + sweep->n_rays];
        bool any = false;
        *place = (struct place){tile, sweep->n_rays, words.record, words.at};
        for (int32_t t = 0; t < job->n_types; t++) {
            int32_t n;
            sweep->cut_off = !next_ray(&words, ray, RAY_WORDS, &n);
            if (sweep->cut_off) break;
            const struct kind *const kind = job->decoder[t].kind;
            if (n <= RAY_WORDS || !kind->name) continue;
            const int64_t gates = gates_of(ray, n, kind->width);
            sweep->n_gates = gates > sweep->n_gates ? gates : sweep->n_gates;
            any = true;
        }
        sweep->n_rays += any;
    }
    return NWC_OK;
}

/* ---- values ---- */

static float value_of(const struct job *job, const struct kind *kind, int32_t code)
{
    const double n = (double)code;
    switch (kind->rule) {
    case BY_NYQUIST:
        return (float)((n - kind->offset) / kind->scale * job->nyquist_m_s);
    case ROOT:
        return (float)sqrt((n - 1.0) / 253.0);
    case KDP_POWER: /* from .25 to 150 over the wavelength in cm, to both sides of 128 */
        if (code == 128) return 0.0f;
        return (float)((code > 128 ? 0.25 : -0.25) * pow(600.0, (fabs(n - 128.0) - 1.0) / 126.0) / job->wave_cm);
    default:
        return (float)((n - kind->offset) / kind->scale);
    }
}

static nwc_status make_decoders(struct job *job)
{
    nwc_status status = NWC_OK;
    NWC__ALLOC(job->ctx, job->decoder, job->n_types);
    for (int32_t t = 0; t < job->n_types; t++) {
        struct decoder *const codes = &job->decoder[t];
        const struct kind *const kind = &kinds[job->type[t]];
        codes->kind = kind, codes->kernels = NWC__KERNELS(job->ctx, nwc__gate_kernels);
        if (!kind->name) continue;
        codes->nothing = nwc__moment_named(kind->name)->nothing;
        if (kind->width != 1) continue;
        for (int code = 1; code < 255; code++) codes->table[code] = value_of(job, kind, code);
        codes->table[0] = codes->nothing;
        codes->table[255] = kind->full ? value_of(job, kind, 255) : NAN;
    }
done:
    return status;
}

static void decode_gates(const struct decoder *codes, const uint8_t *at, int64_t n, float *cells)
{
    if (codes->kind->width == 1)
        codes->kernels->look_up(at, n, codes->table, cells);
    else
        codes->kernels->linear_le(at, n, codes->kind->offset, codes->kind->scale, codes->nothing, cells);
}

/* ---- sweeps ---- */

/* Seconds of the day, milliseconds and the date. */
static bool time_of(const uint8_t *at, int64_t *time_ns)
{
    const int32_t seconds = i32(at);
    const int32_t civil[6] = {
        (int16_t)nwc__u16_le(at + 6), (int16_t)nwc__u16_le(at + 8), (int16_t)nwc__u16_le(at + 10), 0, 0, 0};
    if (seconds < 0 || seconds > 86400 || !nwc__time_from_civil(civil, time_ns)) return false;
    *time_ns += seconds * INT64_C(1000000000) + (nwc__u16_le(at + 4) & 0x3ff) * INT64_C(1000000);
    return true;
}

/* Of two angles, 0 to below 360, whichever way the antenna turned. */
static double middle(uint16_t from, uint16_t to)
{
    const int32_t turn = (int16_t)(uint16_t)(to - from);
    const double degrees = ((double)from + 0.5 * turn) * (360.0 / 65536.0);
    return degrees - 360.0 * floor(degrees / 360.0);
}

static void read_ray(const uint8_t *ray, int64_t start_ns, nwc__sweep *sweep, int64_t r)
{
    const double azimuth = middle(nwc__u16_le(ray), nwc__u16_le(ray + 4)),
                 elevation = middle(nwc__u16_le(ray + 2), nwc__u16_le(ray + 6));
    sweep->azimuth_deg[r] = (float)azimuth < 360.0f ? (float)azimuth : 0.0f;
    sweep->elevation_deg[r] = (float)(elevation > 180.0 ? elevation - 360.0 : elevation);
    sweep->time_ns[r] = start_ns + nwc__u16_le(ray + 10) * INT64_C(1000000000);
}

/* The ray's time since the sweep began as the extended header has it; -1 for none. The ray itself has whole seconds. */
static int64_t fine_time(const uint8_t *ray, int32_t n)
{
    const int64_t ms = n < RAY_WORDS + 2 ? -1 : (int64_t)nwc__u32_le(ray + 2 * RAY_WORDS);
    return ms >= 0 && ms < MOST_MS ? ms * INT64_C(1000000) : -1;
}

static nwc_status decode_ray(int64_t tile, void *user)
{
    const struct job *const job = user;
    const struct place *const place = &job->place[tile];
    const struct sweep *const sweep = &job->sweep[place->sweep];
    struct words words = {.bytes = job->bytes,
                          .size = job->records * RECORD,
                          .record = place->record,
                          .end = sweep->end,
                          .at = place->at};
    uint8_t ray[MOST_BYTES + CHUNK];
    int64_t late_ns = -1;
    bool any = false, whole = true; /* behind damage nothing was counted, and nothing is looked for */
    for (int32_t t = 0; t < job->n_types; t++) {
        nwc__moment *const moment = sweep->moment[t];
        int32_t words_there = 0;
        whole = whole && next_ray(&words, ray, MOST_WORDS, &words_there);
        if (whole && job->type[t] == EXTENDED) late_ns = fine_time(ray, words_there);
        if (!moment) continue;
        const bool there = whole && words_there > RAY_WORDS;
        if (there && !any) read_ray(ray, sweep->start_ns, sweep->made, place->r);
        any = any || there;
        const int64_t n = there ? gates_of(ray, words_there, job->decoder[t].kind->width) : 0;
        float *const cells = moment->cells + place->r * moment->n_gates;
        decode_gates(&job->decoder[t], ray + 2 * RAY_WORDS, n, cells);
        nwc__gates_unknown(cells + n, NULL, moment->n_gates - n);
    }
    if (late_ns >= 0) sweep->made->time_ns[place->r] = sweep->start_ns + late_ns;
    return NWC_OK;
}

static int32_t mode_of(int32_t scan)
{
    return scan == 1   ? NWC_SWEEP_SECTOR
           : scan == 2 ? NWC_SWEEP_RHI
           : scan == 3 ? NWC_SWEEP_MANUAL
                       : NWC_SWEEP_SURVEILLANCE;
}

static nwc_status add_sweep(struct job *job, struct sweep *sweep)
{
    if (sweep->n_rays == 0 || sweep->n_gates == 0) return NWC_OK;
    const uint8_t *const header = job->bytes + sweep->first * RECORD + RECORD_HEADER, *const head = ingest(job);
    const int32_t mode = mode_of(nwc__u16_le(head + 1424));
    const double angle = circle(nwc__u16_le(header + 34)), step_m = 0.01 * i32(head + 1280);
    /* 0 is where the first gate begins: none is centred on the antenna. */
    const double first_m = i32(head + 1264) != 0 ? 0.01 * i32(head + 1264) : 0.5 * step_m;
    NWC__TRY(nwc__volume_add_sweep(job->volume, mode, angle > 180.0 && mode != NWC_SWEEP_RHI ? angle - 360.0 : angle,
                                   sweep->n_rays, &sweep->made));
    const int32_t prf = i32(head + 760);
    (void)time_of(header + 12, &sweep->start_ns);
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        if (job->nyquist_m_s > 0.0) sweep->made->nyquist_m_s[r] = (float)job->nyquist_m_s;
        if (prf > 0) sweep->made->unambiguous_range_m[r] = (float)(0.5 * LIGHT_M_S / prf);
    }
    for (int32_t t = 0; t < job->n_types; t++) {
        const struct kind *const kind = &kinds[job->type[t]];
        if (!kind->name) continue;
        if (nwc__sweep_find(sweep->made, kind->name)) /* in one byte and in two: the second keeps its own name */
            NWC__TRY(nwc__volume_add_other(job->volume, sweep->made, kind->own_name,
                                           nwc__moment_named(kind->name)->units, sweep->n_gates, first_m, step_m,
                                           &sweep->moment[t]));
        else
            NWC__TRY(nwc__volume_add_moment(job->volume, sweep->made, kind->name, kind->own_name, sweep->n_gates,
                                            first_m, step_m, &sweep->moment[t]));
        if (kind->rule == LINEAR) sweep->moment[t]->resolution = 1.0 / kind->scale;
        if (kind->rule == BY_NYQUIST) sweep->moment[t]->resolution = job->nyquist_m_s / kind->scale;
    }
    if (sweep->cut_off) return nwc__volume_incomplete(job->volume, sweep->made, "the file is damaged or ends early");
    if (sweep->n_rays < sweep->n_slots)
        return nwc__volume_incomplete(job->volume, sweep->made, "%lld of %d rays are in it", (long long)sweep->n_rays,
                                      (int)sweep->n_slots);
    return NWC_OK;
}

/* Room for all moments. */
static nwc_status reserve(const struct job *job)
{
    int64_t n_moments = 0, n_gates = 0;
    for (int32_t t = 0; t < job->n_types; t++) n_moments += job->decoder[t].kind->name != NULL;
    for (int64_t s = 0; s < job->n_sweeps; s++) n_gates += job->sweep[s].n_rays * job->sweep[s].n_gates;
    return nwc__volume_reserve(job->volume, n_gates * n_moments * (int64_t)sizeof(float));
}

/* Rays of sweeps that were made, without the slots that had none. */
static void close_up(struct job *job)
{
    int64_t n = 0;
    for (int64_t s = 0; s < job->n_sweeps; s++)
        for (int64_t r = 0; job->sweep[s].made && r < job->sweep[s].n_rays; r++)
            job->place[n++] = job->place[job->sweep[s].places + r];
    job->n_places = n;
}

/* ---- the volume ---- */

static nwc_status set_facts(const struct job *job)
{
    const uint8_t *const head = ingest(job);
    char site[17], task[13];
    nwc_volume_facts facts;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_describe(job->volume, &facts));
    nwc__take_text(head + 162, 16, site);
    nwc__take_text(job->bytes + 86, 12, task);
    facts.site = facts.site_name = site, facts.scan_name = task;
    facts.latitude_deg = wide_circle(nwc__u32_le(head + 180));
    facts.longitude_deg = wide_circle(nwc__u32_le(head + 184));
    facts.altitude_m = 0.01 * i32(head + 200);
    if (job->wave_cm > 0.0) facts.frequency_hz = LIGHT_M_S / (0.01 * job->wave_cm);
    const double h = wide_circle(nwc__u32_le(head + 1808)), v = wide_circle(nwc__u32_le(head + 1812));
    if (h > 0.0 && h < 20.0) facts.beam_width_h_deg = h;
    if (v > 0.0 && v < 20.0) facts.beam_width_v_deg = v;
    NWC__TRY(nwc_volume_sweep(job->volume, 0, &sweep));
    if (!time_of(head + 100, &facts.time_ns)) facts.time_ns = sweep.time_ns[0];
    return nwc__volume_set_facts(job->volume, &facts);
}

static nwc_status read_all(struct job *job)
{
    list_types(job);
    NWC__TRY(list_sweeps(job));
    NWC__TRY(make_decoders(job));
    NWC__TRY(nwc__for_each_tile(job->ctx, "unpack", job->n_sweeps, find_rays, job));
    NWC__TRY(reserve(job));
    for (int64_t s = 0; s < job->n_sweeps; s++) NWC__TRY(add_sweep(job, &job->sweep[s]));
    close_up(job);
    NWC__TRY(nwc__for_each_tile(job->ctx, "decode", job->n_places, decode_ray, job));
    NWC__TRY(nwc__volume_finish(job->volume));
    NWC__TRY(set_facts(job));
    const int32_t planned = nwc__u16_le(ingest(job) + 1430);
    if (job->n_sweeps < planned)
        return nwc__volume_incomplete(job->volume, NULL, "%lld of %d sweeps are in it", (long long)job->n_sweeps,
                                      (int)planned);
    return NWC_OK;
}

nwc_status nwc__iris_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    if (size < (int64_t)FIRST_DATA * RECORD)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the headers end early", (long long)size);
    if (nwc__u16_le(bytes) != 27)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 0: an IRIS product header (structure 27) expected, %d found",
                         nwc__u16_le(bytes));
    if (nwc__u16_le(bytes + 24) != 15)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 24: IRIS product 15 (RAW) expected, %d found",
                         nwc__u16_le(bytes + 24));
    if (nwc__u16_le(bytes + INGEST) != 23)
        return nwc__fail(NWC_ERR_FORMAT, "byte %d: an ingest header (structure 23) expected, %d found", INGEST,
                         nwc__u16_le(bytes + INGEST));
    struct job job = {.ctx = ctx, .volume = volume, .bytes = bytes, .records = size / RECORD};
    const uint8_t *const head = ingest(&job);
    const int32_t prf = i32(head + 760), factor = nwc__u16_le(head + 768) < 4 ? nwc__u16_le(head + 768) + 1 : 1;
    job.wave_cm = 0.01 * i32(head + 1744);
    job.nyquist_m_s = 0.25 * 0.01 * job.wave_cm * prf * factor;
    const nwc_status status = read_all(&job);
    nwc__free(ctx, job.decoder);
    nwc__free(ctx, job.place);
    nwc__free(ctx, job.sweep);
    return status;
}

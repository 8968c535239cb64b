/*
 * The standard format of the China Meteorological Administration for weather radars: S, C and X band, and its variant for
 * phased arrays.
 *
 * Generic header, site, task, (beams,) cuts, then radials to the end of the file, each with its moments behind it. Radials are
 * listed first, as far as their moments fit into the file, then grouped into sweeps by the number of the cut, then
 * decoded at once. The variant (file type 16) is known from implementations, not from a text: its volumes are marked
 * experimental. Source: "Data format of weather radar base data" 1.0 (CMA 2018).
 */
#include "core/median.h"
#include "radar/format/cinrad.h"

#include <stdio.h>
#include <stdlib.h>

NWC__DECLARE_KERNELS(nwc__gate_kernels);

enum {
    GENERIC = NWC__CMA_GENERIC,
    SITE = NWC__CMA_SITE,
    TASK = NWC__CMA_TASK,
    BEAM = 640,
    CUT = NWC__CMA_CUT,
    MOMENT = NWC__CMA_MOMENT,
    MOST_BEAMS = 64,
    N_TYPES = NWC__CMA_TYPES,
    PHASED = 16, /* file type */
    PACKING = 50 /* of a radial of the standard format: 1 for LZO */
};

/* Where things are: in the standard format, and in the variant. */
struct layout {
    int32_t beams, cuts;                                /* in the task: their numbers; beams -1 for none */
    int32_t azimuth, elevation, resolution, prf, n_prf; /* in a cut */
    int32_t log_gate, doppler_gate, first, nyquist;     /* in a cut */
    int32_t header, time, microseconds, n_moments;      /* of a radial */
    bool real_gates, wide_time;                         /* gate lengths are f4; seconds are i8 */
};

static const struct layout layouts[2] = {
    {.beams = -1,
     .cuts = 176,
     .azimuth = 20,
     .elevation = 24,
     .resolution = 36,
     .prf = 8,
     .n_prf = 2,
     .log_gate = 44,
     .doppler_gate = 48,
     .first = 60,
     .nyquist = 80,
     .header = 64,
     .time = 28,
     .microseconds = 32,
     .n_moments = 40},
    {.beams = 168,
     .cuts = 172,
     .azimuth = 52,
     .elevation = 4,
     .resolution = 64,
     .prf = 32,
     .n_prf = 4,
     .log_gate = 72,
     .doppler_gate = 76,
     .first = 88,
     .nyquist = 108,
     .header = 128,
     .time = 28,
     .microseconds = 36,
     .n_moments = 44,
     .real_gates = true,
     .wide_time = true},
};

const struct nwc__cma_kind nwc__cma_kinds[NWC__CMA_TYPES] = {
    [1] = {"DBTH", "dBT", 2, 66, 8, false, NULL},   [2] = {"DBZH", "dBZ", 2, 66, 8, false, NULL},
    [3] = {"VRADH", "V", 2, 129, 8, true, NULL},    [4] = {"WRADH", "W", 2, 129, 8, true, NULL},
    [5] = {"SQIH", "SQI", 200, 5, 8, true, NULL},   [6] = {"CPA", "CPA", 200, 5, 8, false, NULL},
    [7] = {"ZDR", "ZDR", 16, 130, 8, false, NULL},  [8] = {"LDR", "LDR", 16, 130, 8, false, NULL},
    [9] = {"RHOHV", "CC", 200, 5, 8, false, NULL},  [10] = {"PHIDP", "PHIDP", 100, 50, 16, false, NULL},
    [11] = {"KDP", "KDP", 10, 50, 8, false, NULL},  [12] = {NULL, "CP", 0, 0, 0, false, "1"},
    [14] = {"CLASS", "HCL", 1, 5, 8, false, NULL},  [15] = {NULL, "CF", 0, 0, 0, false, "1"},
    [16] = {"SNRH", "SNRH", 2, 20, 8, false, NULL}, [17] = {"SNRV", "SNRV", 2, 20, 8, false, NULL},
    [32] = {"DBZHC", "Zc", 2, 66, 8, false, NULL},  [33] = {"VRADDH", "Vc", 2, 129, 8, true, NULL},
    [34] = {NULL, "Wc", 0, 0, 0, true, "m s-1"},    [35] = {"ZDRC", "ZDRc", 16, 130, 8, false, NULL},
};

struct radial {
    const uint8_t *at;  /* its header */
    const uint8_t *end; /* behind its last whole moment */
    int64_t order;      /* as it came */
    int32_t cut, state, number;
};

struct cut {
    int64_t first, n;
    int64_t n_gates[N_TYPES]; /* the most of all radials, by type of moment */
    nwc__moment *moment[N_TYPES];
    nwc__sweep *sweep; /* what it becomes */
};

struct job {
    nwc_ctx *ctx;
    nwc_volume *volume;
    const struct nwc__gate_kernels *kernels;
    const struct layout *layout;
    const uint8_t *headers, *cut_table;
    const uint8_t *bytes; /* of the radials */
    int64_t size;
    int32_t n_planned;
    struct radial *radial;
    int64_t n_radials;
    struct cut *cut;
    int64_t n_cuts;
    int64_t *cut_of; /* of each radial */
    float *angle;    /* scratch */
    bool cut_off;
};

static int32_t i32(const uint8_t *at)
{
    return (int32_t)nwc__u32_le(at);
}

/* ---- listing ---- */

/* One moment of a radial: its type, scale and codes; false where there is none before the end. */
struct coded {
    int32_t type, scale, offset, width;
    const uint8_t *codes;
    int64_t n;
};

static bool next_moment(const uint8_t **at, const uint8_t *end, struct coded *coded)
{
    if (end - *at < MOMENT) return false;
    const int64_t bytes = i32(*at + 16);
    if (bytes < 0 || bytes > end - *at - MOMENT) return false;
    *coded = (struct coded){.type = i32(*at),
                            .scale = i32(*at + 4),
                            .offset = i32(*at + 8),
                            .width = nwc__u16_le(*at + 12),
                            .codes = *at + MOMENT};
    coded->n = coded->width == 1 || coded->width == 2 ? bytes / coded->width : 0;
    *at += MOMENT + bytes;
    return true;
}

/* Whether a moment is one to keep. */
static bool is_known(const struct coded *coded)
{
    return coded->type > 0 && coded->type < N_TYPES && nwc__cma_kinds[coded->type].own_name && coded->scale != 0 &&
           coded->n > 0;
}

/* The radial at byte at, and where the next begins; false at the end of what is whole. */
static bool read_radial(const struct job *job, int64_t *at, struct radial *radial)
{
    const struct layout *const l = job->layout;
    const uint8_t *const header = job->bytes + *at, *const end = job->bytes + job->size;
    if (job->size - *at < l->header) return false;
    const int32_t n_moments = i32(header + l->n_moments);
    if (n_moments < 0 || n_moments > NWC__MOST_MOMENTS) return false;
    *radial = (struct radial){.at = header,
                              .end = header + l->header,
                              .cut = i32(header + 16),
                              .state = i32(header),
                              .number = i32(header + 12)};
    struct coded coded;
    int32_t m = 0;
    while (m < n_moments && next_moment(&radial->end, end, &coded)) m++;
    const double azimuth = (double)nwc__f32_le(header + 20), elevation = (double)nwc__f32_le(header + 24);
    if (m < n_moments || !(azimuth >= -360.0 && azimuth <= 720.0 && fabs(elevation) <= 360.0)) return false;
    *at = radial->end - job->bytes;
    return true;
}

static nwc_status list_radials(struct job *job)
{
    nwc_status status = NWC_OK;
    struct radial radial;
    for (int round = 0; round < 2; round++) {
        int64_t at = 0;
        job->n_radials = 0;
        while (at < job->size && read_radial(job, &at, &radial)) {
            if (job->layout == &layouts[0] && radial.at[PACKING] != 0)
                return nwc__fail(NWC_ERR_UNSUPPORTED, "radial %lld: one that is not packed expected, method %d found",
                                 (long long)job->n_radials, radial.at[PACKING]);
            radial.order = job->n_radials;
            if (job->radial) job->radial[job->n_radials] = radial;
            job->n_radials++;
        }
        job->cut_off = at < job->size;
        if (job->n_radials == 0) return nwc__fail(NWC_ERR_NODATA, "no whole radial in it");
        if (round == 0) NWC__ALLOC(job->ctx, job->radial, job->n_radials);
    }
done:
    return status;
}

static int by_cut(const void *a, const void *b)
{
    const struct radial *const x = a, *const y = b;
    if (x->cut != y->cut) return x->cut < y->cut ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

bool nwc__cma_begins(int32_t state)
{
    return state == 0 || state == 3 || state == 5;
}

/* Whether a sweep begins with a radial behind another. In phased arrays a number of 1 may be the only sign. */
static bool begins_sweep(const struct radial *radial, bool by_time)
{
    return radial->cut != radial[-1].cut || (by_time && nwc__cma_begins(radial->state)) ||
           (radial->number == 1 && radial[-1].number > 1);
}

static nwc_status list_cuts(struct job *job)
{
    nwc_status status = NWC_OK;
    const bool by_time = job->layout == &layouts[0];
    int64_t longest = 0;
    /* A phased array may send all elevations of one azimuth together. */
    if (!by_time) qsort(job->radial, (size_t)job->n_radials, sizeof *job->radial, by_cut);
    NWC__ALLOC(job->ctx, job->cut_of, job->n_radials);
    for (int round = 0; round < 2; round++) {
        job->n_cuts = 0;
        for (int64_t r = 0; r < job->n_radials; r++) {
            const struct radial *const radial = &job->radial[r];
            if (r == 0 || begins_sweep(radial, by_time)) {
                if (job->cut) job->cut[job->n_cuts] = (struct cut){.first = r};
                job->n_cuts++;
            }
            if (!job->cut) continue;
            struct cut *const cut = &job->cut[job->n_cuts - 1];
            cut->n++;
            longest = cut->n > longest ? cut->n : longest;
            job->cut_of[r] = job->n_cuts - 1;
        }
        if (job->n_cuts > NWC__MOST_SWEEPS)
            return nwc__fail(NWC_ERR_FORMAT, "at most %d sweeps expected, more found", NWC__MOST_SWEEPS);
        if (round == 0) NWC__ALLOC(job->ctx, job->cut, job->n_cuts);
    }
    NWC__ALLOC(job->ctx, job->angle, longest);
done:
    return status;
}

/* ---- sweeps ---- */

/* The plan of a cut, by the number its radials have; NULL where there is none. */
static const uint8_t *plan_of(const struct job *job, const struct cut *cut)
{
    const int32_t number = job->radial[cut->first].cut;
    return number >= 1 && number <= job->n_planned ? job->cut_table + (size_t)CUT * (size_t)(number - 1) : NULL;
}

/* Length of the gates in m: of the other family where its own is 0; 62.5 m is stored as 32768 + 6250. */
static double gate_length(const struct job *job, const uint8_t *plan, bool doppler)
{
    const struct layout *const l = job->layout;
    for (int other = 0; plan && other < 2; other++) {
        const uint8_t *const at = plan + (doppler == (other == 0) ? l->doppler_gate : l->log_gate);
        const double stored = l->real_gates ? (double)nwc__f32_le(at) : (double)i32(at);
        const double length = stored >= NWC__CMA_FINE ? (stored - NWC__CMA_FINE) / 100.0 : stored;
        if (length > 0.0 && length < 10000.0) return length;
    }
    return 0.0;
}

static int32_t mode_of(int32_t scan)
{
    switch (scan) {
    case 2:
    case 5:
        return NWC_SWEEP_RHI;
    case 3:
    case 4:
        return NWC_SWEEP_SECTOR;
    case 6:
        return NWC_SWEEP_MANUAL;
    default:
        return NWC_SWEEP_SURVEILLANCE;
    }
}

static void read_ray(const struct job *job, const struct radial *radial, nwc__sweep *sweep, int64_t r)
{
    const struct layout *const l = job->layout;
    double azimuth = (double)nwc__f32_le(radial->at + 20), elevation = (double)nwc__f32_le(radial->at + 24);
    azimuth -= 360.0 * floor(azimuth / 360.0);
    if (elevation > 180.0) elevation -= 360.0;
    sweep->azimuth_deg[r] = (float)azimuth < 360.0f ? (float)azimuth : 0.0f;
    sweep->elevation_deg[r] = (float)elevation;
    int64_t seconds = nwc__u32_le(radial->at + l->time);
    if (l->wide_time && nwc__u32_le(radial->at + l->time + 4) == 1) seconds += INT64_C(1) << 32; /* from 2106 on */
    sweep->time_ns[r] = seconds * 1000000000 + (int64_t)nwc__u32_le(radial->at + l->microseconds) % 1000000 * 1000;
}

/* Nyquist speed and, from the highest of the pulse frequencies, the unambiguous range. */
static void read_limits(const struct job *job, const uint8_t *plan, nwc__sweep *sweep)
{
    float nyquist = plan ? nwc__f32_le(plan + job->layout->nyquist) : NAN, most = 0.0f;
    for (int32_t p = 0; plan && p < job->layout->n_prf; p++) {
        const float prf = nwc__f32_le(plan + job->layout->prf + 4 * p);
        most = prf > most && prf < 1e5f ? prf : most;
    }
    if (!(nyquist > 0.0f && nyquist < 1000.0f)) nyquist = NAN;
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        sweep->nyquist_m_s[r] = nyquist;
        sweep->unambiguous_range_m[r] = most > 0.0f ? (float)(0.5 * 299792458.0 / (double)most) : NAN;
    }
}

static double fixed_angle(const struct job *job, const struct cut *cut, const uint8_t *plan, int32_t mode)
{
    const bool rhi = mode == NWC_SWEEP_RHI;
    const double planned =
        plan ? (double)nwc__f32_le(plan + (rhi ? job->layout->azimuth : job->layout->elevation)) : NAN;
    if (fabs(planned) <= 360.0) return planned > 180.0 && !rhi ? planned - 360.0 : planned;
    for (int64_t r = 0; r < cut->n; r++) job->angle[r] = nwc__f32_le(job->radial[cut->first + r].at + (rhi ? 20 : 24));
    return nwc__median(job->angle, cut->n);
}

/* How many gates each moment is to have. */
static void count_gates(const struct job *job, const struct cut *cut, const uint8_t *plan, double first_m,
                        int64_t n_gates[N_TYPES])
{
    nwc__reach gates[N_TYPES];
    for (int32_t t = 0; t < N_TYPES; t++) {
        const double length = gate_length(job, plan, nwc__cma_kinds[t].doppler);
        gates[t] = (nwc__reach){first_m + 0.5 * length, length, length > 0.0 ? cut->n_gates[t] : 0};
    }
    for (int32_t t = 0; t < N_TYPES; t++)
        n_gates[t] = gates[t].n ? nwc__volume_gates(job->volume, gates, N_TYPES, t) : cut->n_gates[t];
}

static nwc_status add_moments(struct job *job, struct cut *cut, nwc__sweep *sweep, const uint8_t *plan)
{
    int32_t scale[N_TYPES] = {0};
    for (int64_t r = cut->first; r < cut->first + cut->n; r++) {
        const uint8_t *at = job->radial[r].at + job->layout->header;
        for (struct coded coded; next_moment(&at, job->radial[r].end, &coded);) {
            if (!is_known(&coded)) continue;
            if (coded.n > cut->n_gates[coded.type]) cut->n_gates[coded.type] = coded.n;
            if (!scale[coded.type]) scale[coded.type] = coded.scale;
        }
    }
    const int32_t start = plan ? i32(plan + job->layout->first) : 0;
    const double first_m =
        start > -1000000 && start < 1000000 ? (double)start : 0.0; /* some begin before the antenna */
    int64_t n_gates[N_TYPES];
    count_gates(job, cut, plan, first_m, n_gates);
    for (int32_t t = 0; t < N_TYPES; t++) {
        if (!cut->n_gates[t]) continue;
        double length = gate_length(job, plan, nwc__cma_kinds[t].doppler);
        if (length == 0.0 && job->layout == &layouts[0])
            return nwc__fail(NWC_ERR_FORMAT, "cut %d: a gate length expected, 0 found", job->radial[cut->first].cut);
        if (length == 0.0) { /* seen in phased arrays, whose gates are then 30 m long */
            length = 30.0;
            NWC__TRY(nwc__volume_incomplete(job->volume, sweep, "its gate length is 0 in the file: 30 m assumed"));
        }
        if (nwc__cma_kinds[t].name)
            NWC__TRY(nwc__volume_add_moment(job->volume, sweep, nwc__cma_kinds[t].name, nwc__cma_kinds[t].own_name,
                                            n_gates[t], first_m + 0.5 * length, length, &cut->moment[t]));
        else
            NWC__TRY(nwc__volume_add_other(job->volume, sweep, nwc__cma_kinds[t].own_name, nwc__cma_kinds[t].units,
                                           n_gates[t], first_m + 0.5 * length, length, &cut->moment[t]));
        NWC__TRY(nwc__volume_add_flags(job->volume, sweep, cut->moment[t]));
        cut->moment[t]->resolution = 1.0 / fabs((double)scale[t]);
    }
    return NWC_OK;
}

static nwc_status add_sweep(struct job *job, struct cut *cut)
{
    const uint8_t *const plan = plan_of(job, cut);
    const int32_t mode = mode_of(i32(job->headers + GENERIC + SITE + 164));
    nwc__sweep *sweep;
    NWC__TRY(nwc__volume_add_sweep(job->volume, mode, fixed_angle(job, cut, plan, mode), cut->n, &sweep));
    cut->sweep = sweep;
    for (int64_t r = 0; r < cut->n; r++) read_ray(job, &job->radial[cut->first + r], sweep, r);
    read_limits(job, plan, sweep);
    NWC__TRY(add_moments(job, cut, sweep, plan));
    const double resolution = plan ? (double)nwc__f32_le(plan + job->layout->resolution) : 0.0;
    if (mode == NWC_SWEEP_SURVEILLANCE && resolution > 0.0 && (double)cut->n * resolution < 350.0)
        return nwc__volume_incomplete(job->volume, sweep, "%lld rays of %g degrees each are not all around",
                                      (long long)cut->n, resolution);
    return NWC_OK;
}

static nwc_status decode_radial(int64_t tile, void *user)
{
    struct job *const job = user;
    const struct cut *const cut = &job->cut[job->cut_of[tile]];
    const struct radial *const radial = &job->radial[tile];
    const int64_t ray = tile - cut->first;
    bool done[N_TYPES] = {false};
    const uint8_t *at = radial->at + job->layout->header;
    for (struct coded coded; next_moment(&at, radial->end, &coded);) {
        if (!is_known(&coded) || done[coded.type]) continue;
        const nwc__moment *const moment = cut->moment[coded.type];
        float *const cells = moment->cells + ray * moment->n_gates;
        uint8_t *const flags = moment->flags + ray * moment->n_gates;
        const nwc__moment_kind *const kind = nwc__moment_named(moment->name);
        const struct nwc__codes codes = {.scale = (float)coded.scale,
                                         .offset = (float)coded.offset,
                                         .lowest = NWC__CMA_CODES,
                                         .nothing = 0,
                                         .folded = 1,
                                         .empty = kind ? kind->nothing : NAN};
        (coded.width == 1 ? job->kernels->u8 : job->kernels->u16_le)(coded.codes, coded.n, &codes, cells, flags);
        nwc__gates_unknown(cells + coded.n, flags + coded.n, moment->n_gates - coded.n);
        done[coded.type] = true;
    }
    for (int32_t t = 0; t < N_TYPES; t++) {
        const nwc__moment *const moment = cut->moment[t];
        if (moment && !done[t])
            nwc__gates_unknown(moment->cells + ray * moment->n_gates, moment->flags + ray * moment->n_gates,
                               moment->n_gates);
    }
    return NWC_OK;
}

/* ---- the volume ---- */

/* n bytes of text, which may be of any encoding. */
static void take_text(const uint8_t *from, size_t n, char *to)
{
    memcpy(to, from, n);
    to[n] = '\0';
    for (size_t end = strlen(to); end > 0 && to[end - 1] == ' '; end--) to[end - 1] = '\0';
}

static const struct {
    int32_t type;
    const char *name;
} instruments[] = {{1, "SA"},     {2, "SB"},    {3, "SC"},     {4, "SAD"},      {33, "CA"},     {34, "CB"},
                   {35, "CC"},    {36, "CCJ"},  {37, "CD"},    {7, "SPAR"},     {8, "SPARD"},   {43, "CPAR"},
                   {44, "CPARD"}, {69, "XPAR"}, {70, "XPARD"}, {101, "X band"}, {102, "X band"}};

const char *nwc__cma_instrument(int32_t type)
{
    for (size_t k = 0; k < sizeof instruments / sizeof instruments[0]; k++)
        if (instruments[k].type == type) return instruments[k].name;
    return "";
}

int32_t nwc__cma_instrument_type(const char *name)
{
    for (size_t k = 0; k < sizeof instruments / sizeof instruments[0]; k++)
        if (strcmp(instruments[k].name, name) == 0) return instruments[k].type;
    return 0;
}

static nwc_status set_facts(struct job *job)
{
    const uint8_t *const generic = job->headers, *const site = generic + GENERIC, *const task = site + SITE;
    const bool phased = job->layout != &layouts[0];
    char code[9], name[33], scan[33], version[16];
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(job->volume, &facts));
    take_text(site, 8, code);
    take_text(site + 8, 32, name);
    take_text(task, 32, scan);
    snprintf(version, sizeof version, "%d.%d", nwc__u16_le(generic + 4) % 100, nwc__u16_le(generic + 6) % 100);
    const double latitude = (double)nwc__f32_le(site + 40), longitude = (double)nwc__f32_le(site + 44);
    if (fabs(latitude) <= 90.0 && fabs(longitude) <= 360.0 && (latitude != 0.0 || longitude != 0.0)) {
        facts.latitude_deg = latitude, facts.longitude_deg = longitude;
        facts.altitude_m = (double)i32(site + 48);
    }
    const double megahertz = (double)nwc__f32_le(site + 56);
    if (megahertz > 100.0 && megahertz < 200000.0) facts.frequency_hz = 1e6 * megahertz;
    const uint8_t *const widths = phased ? job->cut_table + 12 : site + 60;
    const double h = (double)nwc__f32_le(widths), v = (double)nwc__f32_le(widths + 4);
    if (h > 0.0 && h < 20.0) facts.beam_width_h_deg = h;
    if (v > 0.0 && v < 20.0) facts.beam_width_v_deg = v;
    facts.version = version, facts.site = code, facts.site_name = name, facts.scan_name = scan;
    facts.instrument = nwc__cma_instrument((int16_t)nwc__u16_le(site + 72));
    facts.experimental = phased;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_sweep(job->volume, 0, &sweep));
    facts.time_ns = sweep.time_ns[0];
    return nwc__volume_set_facts(job->volume, &facts);
}

static nwc_status add_all(struct job *job)
{
    nwc_volume_facts before;
    NWC__TRY(nwc_volume_describe(job->volume, &before));
    NWC__TRY(list_radials(job));
    NWC__TRY(list_cuts(job));
    for (int64_t c = 0; c < job->n_cuts; c++) NWC__TRY(add_sweep(job, &job->cut[c]));
    NWC__TRY(nwc__for_each_tile(job->ctx, "decode", job->n_radials, decode_radial, job));
    for (int64_t c = 0; c < job->n_cuts; c++) nwc__sweep_finish(job->volume, job->cut[c].sweep);
    return before.n_sweeps ? NWC_OK : set_facts(job);
}

nwc_status nwc__cma_finish(nwc_volume *volume, int64_t n_cuts, int32_t n_planned, bool cut_off)
{
    if (cut_off) NWC__TRY(nwc__volume_incomplete(volume, NULL, "the file is damaged or ends early"));
    if (n_cuts < n_planned)
        NWC__TRY(nwc__volume_incomplete(volume, NULL, "%lld of %d cuts are in it", (long long)n_cuts, (int)n_planned));
    return nwc__volume_finish(volume);
}

nwc_status nwc__cma_look(const uint8_t *bytes, int64_t size, struct nwc__cma_headers *headers)
{
    *headers = (struct nwc__cma_headers){.bytes = bytes, .size = GENERIC + SITE + TASK};
    if (size < headers->size) return NWC_OK;
    const int32_t type = i32(bytes + 8);
    if (type != 1 && type != PHASED)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 8: file type 1 or %d (base data) expected, %d found", PHASED,
                         (int)type);
    headers->phased = type == PHASED;
    const struct layout *const layout = &layouts[headers->phased];
    const uint8_t *const task = bytes + GENERIC + SITE;
    const int32_t n_beams = layout->beams < 0 ? 0 : i32(task + layout->beams), n_cuts = i32(task + layout->cuts);
    if (n_cuts < 1 || n_cuts > NWC__MOST_SWEEPS || n_beams < 0 || n_beams > MOST_BEAMS)
        return nwc__fail(NWC_ERR_FORMAT, "byte %d: 1 to %d cuts and at most %d beams expected, %d and %d found",
                         GENERIC + SITE + (int)layout->cuts, NWC__MOST_SWEEPS, MOST_BEAMS, (int)n_cuts, (int)n_beams);
    headers->n_planned = n_cuts;
    headers->cuts = GENERIC + SITE + TASK + (int64_t)BEAM * n_beams;
    headers->size = headers->cuts + (int64_t)CUT * n_cuts;
    return NWC_OK;
}

int64_t nwc__cma_radial_at(const struct nwc__cma_headers *headers, const uint8_t *bytes, int64_t size, int32_t *cut,
                           int32_t *state)
{
    const struct job job = {.layout = &layouts[headers->phased], .bytes = bytes, .size = size};
    struct radial radial;
    int64_t length = 0;
    if (!read_radial(&job, &length, &radial)) return 0;
    *cut = radial.cut, *state = radial.state;
    return length;
}

nwc_status nwc__cma_add(nwc_ctx *ctx, const struct nwc__cma_headers *headers, const uint8_t *bytes, int64_t size,
                        nwc_volume *volume, int64_t *n_cuts, bool *cut_off)
{
    struct job job = {.ctx = ctx,
                      .volume = volume,
                      .kernels = NWC__KERNELS(ctx, nwc__gate_kernels),
                      .layout = &layouts[headers->phased],
                      .headers = headers->bytes,
                      .cut_table = headers->bytes + headers->cuts,
                      .bytes = bytes,
                      .size = size,
                      .n_planned = headers->n_planned};
    const nwc_status status = add_all(&job);
    *n_cuts = job.n_cuts, *cut_off = job.cut_off;
    nwc__free(ctx, job.angle);
    nwc__free(ctx, job.cut);
    nwc__free(ctx, job.cut_of);
    nwc__free(ctx, job.radial);
    return status;
}

nwc_status nwc__cma_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    struct nwc__cma_headers headers;
    int64_t n_cuts;
    bool cut_off;
    NWC__TRY(nwc__cma_look(bytes, size, &headers));
    if (size < headers.size) return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the headers end early", (long long)size);
    NWC__TRY(nwc__cma_add(ctx, &headers, bytes + headers.size, size - headers.size, volume, &n_cuts, &cut_off));
    return nwc__cma_finish(volume, n_cuts, headers.n_planned, cut_off);
}

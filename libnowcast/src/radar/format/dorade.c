/*
 * DORADE sweep files: blocks of a name, a length and fields; a description of the radar, its parameters and its gates, then rays
 * of 16-bit or float data, 16-bit ones as they are or run-length coded. One sweep a file; sweeps are appended to the volume.
 *
 * The order of bytes is found by the length of the first block. Source: Lee, Walther and Oye (1994), DORADE, NCAR/TN-403.
 */
#include "radar/format/volume_format.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_PARAMETERS = 64, BLOCK = 8, RUN_END = 1 };

/* A block: its name and its bytes, the name's included. */
struct block {
    const uint8_t *at;
    int64_t size;
};

struct parameter {
    char name[9], units[9];
    int32_t format; /* 2: 16-bit whole numbers, 4: float */
    double scale, bias;
    int32_t bad;
    nwc__moment *moment;
};

struct job {
    nwc_ctx *ctx;
    nwc_volume *volume;
    const uint8_t *bytes;
    int64_t size;
    bool big; /* order of bytes */
    bool compressed;
    struct block radar, sweep, volume_block;
    struct parameter parameter[MOST_PARAMETERS];
    int32_t n_parameters;
    int64_t n_gates, n_rays;
    double first_m, spacing_m;
    nwc__sweep *made;
    int16_t *words; /* n_gates: a ray unpacked */
    bool cut_off;
};

/* ---- numbers of either order ---- */

static int32_t i16(const struct job *job, const uint8_t *at)
{
    return (int16_t)(job->big ? nwc__u16_be(at) : nwc__u16_le(at));
}

static int32_t i32(const struct job *job, const uint8_t *at)
{
    return (int32_t)(job->big ? nwc__u32_be(at) : nwc__u32_le(at));
}

static double real(const struct job *job, const uint8_t *at)
{
    return (double)(job->big ? nwc__f32_be(at) : nwc__f32_le(at));
}

/* ---- blocks ---- */

static bool next_block(struct job *job, int64_t *at, struct block *block)
{
    if (job->size - *at < BLOCK) {
        job->cut_off = job->cut_off || *at < job->size;
        return false;
    }
    const int64_t length = i32(job, job->bytes + *at + 4);
    if (length < BLOCK || length > job->size - *at) {
        job->cut_off = true;
        return false;
    }
    *block = (struct block){job->bytes + *at, length};
    *at += length;
    return true;
}

static bool is(const struct block *block, const char *name, int64_t least)
{
    return memcmp(block->at, name, 4) == 0 && block->size >= least;
}

static nwc_status take_cells(struct job *job, const struct block *block)
{
    const int64_t n = i32(job, block->at + 8);
    if (n < 1 || n > NWC__MOST_GATES || block->size < 12 + 4 * n)
        return nwc__fail(NWC_ERR_FORMAT, "CELV: 1 to %d gates expected, %lld found", NWC__MOST_GATES, (long long)n);
    job->n_gates = n;
    job->first_m = real(job, block->at + 12);
    job->spacing_m = n > 1 ? (real(job, block->at + 8 + 4 * n) - job->first_m) / (double)(n - 1) : 1.0;
    for (int64_t g = 0; g < n; g++)
        if (!(fabs(real(job, block->at + 12 + 4 * g) - job->first_m - job->spacing_m * (double)g) <=
              0.1 * fabs(job->spacing_m)))
            return nwc__fail(NWC_ERR_UNSUPPORTED, "CELV: equal steps expected, another found at gate %lld",
                             (long long)g);
    return NWC_OK;
}

/* Gates in segments: read where there is one. */
static nwc_status take_segments(struct job *job, const struct block *block)
{
    if (i32(job, block->at + 8) != 1)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "CSFD: one segment of gates expected, %d found",
                         (int)i32(job, block->at + 8));
    job->first_m = real(job, block->at + 12), job->spacing_m = real(job, block->at + 16);
    job->n_gates = i16(job, block->at + 48);
    return job->n_gates >= 1 ? NWC_OK : nwc__fail(NWC_ERR_FORMAT, "CSFD: at least one gate expected");
}

static void take_parameter(struct job *job, const struct block *block)
{
    if (job->n_parameters == MOST_PARAMETERS) return;
    struct parameter *const parameter = &job->parameter[job->n_parameters++];
    *parameter = (struct parameter){.format = i16(job, block->at + 78),
                                    .scale = real(job, block->at + 92),
                                    .bias = real(job, block->at + 96),
                                    .bad = i32(job, block->at + 100)};
    nwc__take_text(block->at + 8, 8, parameter->name);
    nwc__take_text(block->at + 56, 8, parameter->units);
}

static nwc_status read_headers(struct job *job)
{
    struct block block;
    for (int64_t at = 0; next_block(job, &at, &block);) {
        if (is(&block, "RADD", 144)) job->radar = block;
        if (is(&block, "VOLD", 48)) job->volume_block = block;
        if (is(&block, "SWIB", 36)) job->sweep = block;
        if (is(&block, "PARM", 104)) take_parameter(job, &block);
        if (is(&block, "CELV", 16)) NWC__TRY(take_cells(job, &block));
        if (is(&block, "CSFD", 64)) NWC__TRY(take_segments(job, &block));
        if (is(&block, "RYIB", 44)) job->n_rays++;
    }
    if (!job->radar.at || !job->sweep.at || !job->volume_block.at || !job->n_gates || !job->n_parameters)
        return nwc__fail(NWC_ERR_FORMAT,
                         "blocks VOLD, RADD, PARM, CELV and SWIB expected before the rays, not all found");
    return job->n_rays ? NWC_OK : nwc__fail(NWC_ERR_NODATA, "no ray in it");
}

/* ---- rays ---- */

static const char *name_of(const char *own)
{
    static const char *const usual[][2] = {{"DBZ", "DBZH"},  {"DZ", "DBZH"},   {"DBT", "DBTH"},    {"VEL", "VRADH"},
                                           {"VE", "VRADH"},  {"VR", "VRADH"},  {"WIDTH", "WRADH"}, {"SW", "WRADH"},
                                           {"RHO", "RHOHV"}, {"PHI", "PHIDP"}, {"SNR", "SNRH"},    {"NCP", "SQIH"},
                                           {"SQI", "SQIH"}};
    for (size_t k = 0; k < sizeof usual / sizeof usual[0]; k++)
        if (strcmp(own, usual[k][0]) == 0) return usual[k][1];
    const nwc__moment_kind *const kind = nwc__moment_named(own);
    return kind ? kind->name : NULL;
}

/* Unpack run-length coded words: literal runs have the top bit set, all others stand for bad gates; 1 ends the ray. */
static void unpack(const struct job *job, const uint8_t *at, const uint8_t *end, int32_t bad)
{
    int64_t n = 0;
    while (end - at >= 2) {
        const int32_t code = (uint16_t)i16(job, at), run = code & 0x7fff;
        at += 2;
        if (code == RUN_END) break;
        for (int32_t k = 0; k < run && n < job->n_gates; k++) {
            const bool literal = code & 0x8000;
            if (literal && end - at < 2) break;
            job->words[n++] = (int16_t)(literal ? i16(job, at) : bad);
            at += literal ? 2 : 0;
        }
    }
    while (n < job->n_gates) job->words[n++] = (int16_t)bad;
}

static void read_data(const struct job *job, const struct parameter *parameter, const uint8_t *at, const uint8_t *end,
                      float *cells)
{
    if (parameter->format == 4) {
        for (int64_t g = 0; g < job->n_gates; g++) {
            const double value = end - at >= 4 * (g + 1) ? real(job, at + 4 * g) : (double)parameter->bad;
            cells[g] = value == (double)parameter->bad ? NAN : (float)value;
        }
        return;
    }
    if (job->compressed)
        unpack(job, at, end, parameter->bad);
    else
        for (int64_t g = 0; g < job->n_gates; g++)
            job->words[g] = (int16_t)(end - at >= 2 * (g + 1) ? i16(job, at + 2 * g) : parameter->bad);
    for (int64_t g = 0; g < job->n_gates; g++)
        cells[g] = job->words[g] == parameter->bad
                       ? NAN
                       : (float)(((double)job->words[g] - parameter->bias) / parameter->scale);
}

/* The time of a ray: day of the year of the volume's start, and the clock. */
static bool ray_time(const struct job *job, const uint8_t *at, int64_t *time_ns)
{
    const int32_t civil[6] = {i16(job, job->volume_block.at + 36), 1, 1, 0, 0, 0};
    const int32_t day = i32(job, at + 12), hour = i16(job, at + 16), minute = i16(job, at + 18),
                  second = i16(job, at + 20);
    if (day < 1 || day > 366 || hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
        !nwc__time_from_civil(civil, time_ns))
        return false;
    *time_ns += (((day - 1) * INT64_C(24) + hour) * 60 + minute) * INT64_C(60000000000) + second * INT64_C(1000000000) +
                i16(job, at + 22) * INT64_C(1000000);
    return true;
}

static nwc_status read_ray(const struct job *job, const struct block *block, int64_t r)
{
    const double azimuth = real(job, block->at + 24), elevation = real(job, block->at + 28);
    if (!ray_time(job, block->at, &job->made->time_ns[r]) || !(fabs(azimuth) <= 720.0 && fabs(elevation) <= 360.0))
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: a ray with a time, an azimuth and an elevation expected",
                         (long long)(block->at - job->bytes));
    const double turned = azimuth - 360.0 * floor(azimuth / 360.0), nyquist = real(job, job->radar.at + 92);
    job->made->azimuth_deg[r] = (float)turned < 360.0f ? (float)turned : 0.0f;
    job->made->elevation_deg[r] = (float)elevation;
    if (nyquist > 0.0 && nyquist < 1000.0) job->made->nyquist_m_s[r] = (float)nyquist;
    const double range_km = real(job, job->radar.at + 96);
    if (range_km > 0.0 && range_km < 10000.0) job->made->unambiguous_range_m[r] = (float)(1000.0 * range_km);
    for (int32_t p = 0; p < job->n_parameters; p++) {
        const nwc__moment *const moment = job->parameter[p].moment;
        if (moment) nwc__gates_unknown(moment->cells + r * job->n_gates, NULL, job->n_gates);
    }
    return NWC_OK;
}

static nwc_status read_rays(struct job *job)
{
    struct block block;
    int64_t r = -1;
    for (int64_t at = 0; next_block(job, &at, &block);) {
        if (is(&block, "RYIB", 44)) NWC__TRY(read_ray(job, &block, ++r));
        const bool wide = is(&block, "QDAT", 40);
        if (r < 0 || !(wide || is(&block, "RDAT", 16))) continue;
        char name[9];
        nwc__take_text(block.at + 8, 8, name);
        for (int32_t p = 0; p < job->n_parameters; p++) {
            const struct parameter *const parameter = &job->parameter[p];
            if (!parameter->moment || strcmp(parameter->name, name) != 0) continue;
            read_data(job, parameter, block.at + (wide ? 40 : 16), block.at + block.size,
                      parameter->moment->cells + r * job->n_gates);
            break;
        }
    }
    return NWC_OK;
}

/* ---- the sweep ---- */

static int32_t mode_of(int32_t scan)
{
    switch (scan) {
    case 1:
        return NWC_SWEEP_SECTOR;
    case 3:
        return NWC_SWEEP_RHI;
    case 4:
        return NWC_SWEEP_VERTICAL_POINTING;
    case 0:
    case 7:
    case 9:
        return NWC_SWEEP_MANUAL;
    default:
        return NWC_SWEEP_SURVEILLANCE;
    }
}

static nwc_status add_moments(struct job *job)
{
    for (int32_t p = 0; p < job->n_parameters; p++) {
        struct parameter *const parameter = &job->parameter[p];
        const char *const name = name_of(parameter->name);
        if ((parameter->format != 2 && parameter->format != 4) || parameter->scale == 0.0) {
            nwc__log(job->ctx, NWC_LOG_WARNING, "%s: binary format %d left out", parameter->name,
                     (int)parameter->format);
            continue;
        }
        if (name && !nwc__sweep_find(job->made, name))
            NWC__TRY(nwc__volume_add_moment(job->volume, job->made, name, parameter->name, job->n_gates, job->first_m,
                                            job->spacing_m, &parameter->moment));
        else if (!nwc__sweep_find(job->made, parameter->name))
            NWC__TRY(nwc__volume_add_other(job->volume, job->made, parameter->name, parameter->units, job->n_gates,
                                           job->first_m, job->spacing_m, &parameter->moment));
        if (parameter->moment && parameter->format == 2) parameter->moment->resolution = 1.0 / fabs(parameter->scale);
    }
    return NWC_OK;
}

static nwc_status set_facts(const struct job *job)
{
    const uint8_t *const radar = job->radar.at;
    char site[9];
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(job->volume, &facts));
    nwc__take_text(radar + 8, 8, site);
    facts.site = site;
    facts.longitude_deg = real(job, radar + 80), facts.latitude_deg = real(job, radar + 84);
    facts.altitude_m = 1000.0 * real(job, radar + 88);
    facts.beam_width_h_deg = real(job, radar + 40), facts.beam_width_v_deg = real(job, radar + 44);
    const double gigahertz = real(job, radar + 104);
    if (gigahertz > 0.1 && gigahertz < 1000.0) facts.frequency_hz = 1e9 * gigahertz;
    if (facts.n_sweeps == 1 || job->made->time_ns[0] < facts.time_ns) facts.time_ns = job->made->time_ns[0];
    return nwc__volume_set_facts(job->volume, &facts);
}

static nwc_status read_all(struct job *job)
{
    nwc_status status = NWC_OK;
    NWC__TRY(read_headers(job));
    job->compressed = i16(job, job->radar.at + 68) == 1;
    NWC__TRY(nwc__volume_add_sweep(job->volume, mode_of(i16(job, job->radar.at + 50)), real(job, job->sweep.at + 32),
                                   job->n_rays, &job->made));
    NWC__TRY(add_moments(job));
    NWC__ALLOC(job->ctx, job->words, job->n_gates);
    status = read_rays(job);
done:
    nwc__free(job->ctx, job->words);
    if (status != NWC_OK) return status;
    const int32_t planned = i32(job, job->sweep.at + 20);
    if (job->n_rays < planned)
        NWC__TRY(nwc__volume_incomplete(job->volume, job->made, "%lld of %d rays are in it", (long long)job->n_rays,
                                        (int)planned));
    else if (job->cut_off)
        NWC__TRY(nwc__volume_incomplete(job->volume, job->made, "the file is damaged or ends early"));
    NWC__TRY(nwc__volume_finish(job->volume));
    return set_facts(job);
}

nwc_status nwc__dorade_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    if (size < BLOCK) return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the first block ends early", (long long)size);
    struct job *const job = nwc__alloc(ctx, 1, sizeof *job);
    if (!job) return NWC_ERR_NOMEM;
    *job = (struct job){.ctx = ctx, .volume = volume, .bytes = bytes, .size = size};
    job->big = nwc__u32_be(bytes + 4) < nwc__u32_le(bytes + 4); /* a block is short */
    const nwc_status status = read_all(job);
    nwc__free(ctx, job);
    return status;
}

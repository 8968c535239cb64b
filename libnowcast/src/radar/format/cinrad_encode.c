/*
 * A volume in the standard format of the China Meteorological Administration: headers, cuts, radials with their moments.
 *
 * The gates of a sweep begin at one range, and their length is one for reflectivities and what is derived from both channels,
 * one for velocities; where those of a volume do not, it is refused. Not observed has a code of its own here. Source: "Data
 * format of weather radar base data" 1.0 (CMA 2018).
 */
#include "core/median.h"
#include "radar/format/cinrad.h"
#include "radar/format/encode.h"

enum {
    HEADER = 64, /* of a radial */
    MOMENT = NWC__CMA_MOMENT,
    NOTHING = 0,
    FOLDED = 1,
    UNKNOWN = 3
};

#define LIGHT_M_S 299792458.0
#define MOST_SECONDS INT64_C(4294967295)
#define ALL_AROUND_DEG 350.0 /* what covers less, its readers call incomplete */

/* One moment of a sweep, and where it begins in a radial. */
struct part {
    nwc_moment moment;
    struct nwc__coding coding;
    int64_t n, at;
    int32_t type;
};

struct job {
    nwc_ctx *ctx;
    const nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep; /* the one being encoded */
    int32_t index;
    struct part part[NWC__CMA_TYPES];
    int32_t n_parts;
    double start_m, length_m[2]; /* where its gates begin, and their lengths: of the others, and of Doppler moments */
    int64_t length;              /* of its radials */
    int64_t before;              /* radials of the sweeps before */
    uint8_t *first;              /* its first radial */
};

/* ---- what can be written ---- */

static nwc_status check(const struct job *job)
{
    nwc_sweep first, sweep;
    if (fabs(job->facts.altitude_m) > 100000.0)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "an antenna within 100 km of the ground expected, at %g m given",
                         job->facts.altitude_m);
    NWC__TRY(nwc_volume_sweep(job->volume, 0, &first));
    for (int32_t s = 0; s < job->facts.n_sweeps; s++) {
        NWC__TRY(nwc_volume_sweep(job->volume, s, &sweep));
        if (sweep.mode != first.mode || sweep.mode == NWC_SWEEP_VERTICAL_POINTING)
            return nwc__fail(
                NWC_ERR_UNSUPPORTED,
                "sweep %d: the CMA standard format has one kind of scan in a volume, and none that points up", (int)s);
        for (int64_t r = 0; r < sweep.n_rays; r++)
            if (sweep.time_ns[r] < 0 || sweep.time_ns[r] / 1000000000 > MOST_SECONDS)
                return nwc__fail(NWC_ERR_UNSUPPORTED,
                                 "sweep %d: times of 1970 to 2106 expected for the CMA standard format", (int)s);
    }
    if (job->facts.incomplete[0])
        nwc__log(job->ctx, NWC_LOG_WARNING, "the CMA standard format has no place for \"%s\"", job->facts.incomplete);
    return NWC_OK;
}

/* Whole metres, or centimetres behind a mark; 0 where neither will do. */
static int32_t stored_length(double length_m)
{
    const double m = floor(length_m + 0.5), cm = floor(100.0 * length_m + 0.5);
    if (length_m > 0.0 && length_m < 10000.0 && fabs(m - length_m) < 1e-6) return (int32_t)m;
    return length_m > 0.0 && length_m < 10000.0 && fabs(cm - 100.0 * length_m) < 1e-4 ? NWC__CMA_FINE + (int32_t)cm : 0;
}

static nwc_status check_gates(struct job *job, const nwc_moment *moment, int32_t type)
{
    const double start_m = moment->first_gate_m - 0.5 * moment->gate_spacing_m;
    double *const length_m = &job->length_m[nwc__cma_kinds[type].doppler];
    if (!job->n_parts) job->start_m = start_m;
    if (*length_m == 0.0) *length_m = moment->gate_spacing_m;
    if (fabs(start_m - job->start_m) > 0.5 || fabs(*length_m - moment->gate_spacing_m) > 1e-6)
        return nwc__fail(
            NWC_ERR_UNSUPPORTED,
            "sweep %d: %s: gates from %g m on, %g m long, expected like those before it for the CMA standard "
            "format, %g m and %g m given",
            (int)job->index, moment->name, job->start_m, *length_m, start_m, moment->gate_spacing_m);
    if (!stored_length(moment->gate_spacing_m) || fabs(start_m) > 999999.0)
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "sweep %d: %s: gates of whole centimetres expected for the CMA standard format, %g m given",
                         (int)job->index, moment->name, moment->gate_spacing_m);
    return NWC_OK;
}

static nwc_status plan_part(struct job *job, int32_t index)
{
    struct part *const part = &job->part[job->n_parts];
    const nwc_moment *const moment = &part->moment;
    NWC__TRY(nwc_volume_moment(job->volume, job->index, index, &part->moment));
    part->type = 0;
    while (part->type < NWC__CMA_TYPES &&
           (!nwc__cma_kinds[part->type].name || strcmp(nwc__cma_kinds[part->type].name, moment->name) != 0))
        part->type++;
    if (part->type == NWC__CMA_TYPES) {
        nwc__log_left_out(job->ctx, job->volume, job->index, moment->name, "the CMA standard format");
        return NWC_OK;
    }
    NWC__TRY(check_gates(job, moment, part->type));
    const struct nwc__cma_kind *const kind = &nwc__cma_kinds[part->type];
    const struct nwc__coding usual = {
        .scale = kind->scale, .offset = kind->offset, .bits = kind->bits, .lowest = NWC__CMA_CODES, .whole = true};
    NWC__TRY(nwc__choose_coding(job->ctx, moment, &usual, &part->coding));
    part->n = nwc__gates_known(moment);
    part->at = job->length;
    job->length += MOMENT + part->n * part->coding.bits / 8;
    job->n_parts++;
    return NWC_OK;
}

static nwc_status plan_sweep(struct job *job, int32_t index)
{
    job->index = index, job->n_parts = 0, job->length = HEADER;
    job->length_m[0] = job->length_m[1] = 0.0;
    NWC__TRY(nwc_volume_sweep(job->volume, index, &job->sweep));
    for (int32_t m = 0; m < job->sweep.n_moments; m++) NWC__TRY(plan_part(job, m));
    if (!job->n_parts)
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "sweep %d: a moment that the CMA standard format has a place for expected", (int)index);
    return NWC_OK;
}

/* ---- headers ---- */

static double or_zero(double number)
{
    return isfinite(number) ? number : 0.0;
}

static void put_site(const struct job *job, uint8_t *site)
{
    const nwc_volume_facts *const facts = &job->facts;
    nwc__put_text(job->ctx, site, 8, '\0', "site", facts->site);
    nwc__put_text(job->ctx, site + 8, 32, '\0', "site_name", facts->site_name);
    nwc__put_f32_le(site + 40, or_zero(facts->latitude_deg)), nwc__put_f32_le(site + 44, or_zero(facts->longitude_deg));
    nwc__put_u32_le(site + 48, (uint32_t)(int32_t)floor(or_zero(facts->altitude_m) + 0.5));
    nwc__put_f32_le(site + 56, or_zero(facts->frequency_hz) / 1e6);
    nwc__put_f32_le(site + 60, or_zero(facts->beam_width_h_deg));
    nwc__put_f32_le(site + 64, or_zero(facts->beam_width_v_deg));
    const int32_t type = nwc__cma_instrument_type(facts->instrument);
    if (facts->instrument[0] && !type)
        nwc__log(job->ctx, NWC_LOG_WARNING, "the CMA standard format has no number for the instrument \"%s\"",
                 facts->instrument);
    nwc__put_u16_le(site + 72, (uint32_t)type);
}

static int scan_of(int32_t mode, int32_t n_sweeps)
{
    switch (mode) {
    case NWC_SWEEP_RHI:
        return n_sweeps > 1 ? 5 : 2;
    case NWC_SWEEP_SECTOR:
        return n_sweeps > 1 ? 4 : 3;
    case NWC_SWEEP_MANUAL:
        return 6;
    default:
        return n_sweeps > 1 ? 0 : 1;
    }
}

static nwc_status put_headers(const struct job *job, struct nwc__buffer *buffer)
{
    uint8_t *at;
    nwc_sweep sweep;
    nwc_moment moment;
    NWC__TRY(nwc_volume_sweep(job->volume, 0, &sweep));
    NWC__TRY(nwc__buffer_extend(buffer, NWC__CMA_GENERIC + NWC__CMA_SITE + NWC__CMA_TASK, &at));
    memcpy(at, "RSTM", 4), nwc__put_u16_le(at + 4, 1), nwc__put_u32_le(at + 8, 1);
    put_site(job, at + NWC__CMA_GENERIC);
    uint8_t *const task = at + NWC__CMA_GENERIC + NWC__CMA_SITE;
    nwc__put_text(job->ctx, task, 32, '\0', "scan_name", job->facts.scan_name);
    nwc__put_u32_le(task + 160, nwc_volume_find(job->volume, 0, "ZDR", &moment) == NWC_OK ? 3 : 1);
    nwc__put_u32_le(task + 164, (uint32_t)scan_of(sweep.mode, job->facts.n_sweeps));
    nwc__put_u32_le(task + 172, (uint32_t)(job->facts.time_ns / 1000000000));
    nwc__put_u32_le(task + 176, (uint32_t)job->facts.n_sweeps);
    return NWC_OK;
}

/* Degrees from ray to ray: of a whole turn its share, else the usual difference of neighbours. */
static nwc_status find_resolution(const struct job *job, double *degrees)
{
    const nwc_sweep *const sweep = &job->sweep;
    *degrees = 360.0 / (double)sweep->n_rays;
    const bool part = sweep->incomplete[0] || sweep->mode != NWC_SWEEP_SURVEILLANCE;
    if (!part || sweep->n_rays < 2) return NWC_OK;
    const float *const angle = sweep->mode == NWC_SWEEP_RHI ? sweep->elevation_deg : sweep->azimuth_deg;
    float *const step = nwc__alloc(job->ctx, sweep->n_rays - 1, sizeof *step);
    if (!step) return NWC_ERR_NOMEM;
    for (int64_t r = 0; r < sweep->n_rays - 1; r++) {
        const float turned = fabsf(angle[r + 1] - angle[r]);
        step[r] = turned > 180.0f ? 360.0f - turned : turned;
    }
    *degrees = nwc__median(step, sweep->n_rays - 1);
    nwc__free(job->ctx, step);
    if (sweep->incomplete[0] && *degrees * (double)sweep->n_rays >= ALL_AROUND_DEG)
        nwc__log(job->ctx, NWC_LOG_WARNING, "sweep %d: the CMA standard format has no place for \"%s\"",
                 (int)job->index, sweep->incomplete);
    return NWC_OK;
}

static nwc_status put_cut(const struct job *job, uint8_t *cut)
{
    const nwc_sweep *const sweep = &job->sweep;
    const double range_m =
        (double)nwc__one_of_rays(job->ctx, job->index, sweep->unambiguous_range_m, sweep->n_rays, "unambiguous ranges");
    const float speed = nwc__one_of_rays(job->ctx, job->index, sweep->nyquist_m_s, sweep->n_rays, "Nyquist speeds");
    double resolution;
    NWC__TRY(find_resolution(job, &resolution));
    nwc__put_u32_le(cut, 1);
    nwc__put_f32_le(cut + 8, range_m > 0.0 ? 0.5 * LIGHT_M_S / range_m : 0.0);
    nwc__put_u32_le(cut + 16, 1);
    nwc__put_f32_le(cut + (sweep->mode == NWC_SWEEP_RHI ? 20 : 24), sweep->fixed_angle_deg);
    nwc__put_f32_le(cut + 36, resolution);
    uint64_t types = 0;
    uint32_t wide = 0;
    double reach[2] = {0.0, 0.0};
    for (int32_t p = 0; p < job->n_parts; p++) {
        const struct part *const part = &job->part[p];
        const bool doppler = nwc__cma_kinds[part->type].doppler;
        types |= UINT64_C(1) << part->type;
        wide |= part->coding.bits == 16 ? 2 : 1;
        reach[doppler] = fmax(reach[doppler], job->start_m + (double)part->n * part->moment.gate_spacing_m);
    }
    for (int doppler = 0; doppler < 2;
         doppler++) { /* of a family without moments the other's, which readers divide by */
        const double own = job->length_m[doppler], length_m = own > 0.0 ? own : job->length_m[!doppler];
        nwc__put_u32_le(cut + 44 + 4 * (size_t)doppler, (uint32_t)stored_length(length_m));
        nwc__put_u32_le(cut + 52 + 4 * (size_t)doppler, (uint32_t)(int32_t)reach[doppler]);
    }
    nwc__put_u32_le(cut + 60, (uint32_t)(int32_t)floor(job->start_m + 0.5));
    nwc__put_f32_le(cut + 80, or_zero((double)speed));
    nwc__put_u32_le(cut + 84, (uint32_t)types), nwc__put_u32_le(cut + 88, (uint32_t)(types >> 32));
    nwc__put_u32_le(cut + 92, wide);
    nwc__put_u32_le(cut + 172, 1);
    return NWC_OK;
}

/* ---- radials ---- */

static int state_of(const struct job *job, int64_t ray)
{
    if (ray == 0) return job->index == 0 ? 3 : job->sweep.mode == NWC_SWEEP_RHI ? 5 : 0;
    if (ray < job->sweep.n_rays - 1) return 1;
    return job->index == job->facts.n_sweeps - 1 ? 4 : job->sweep.mode == NWC_SWEEP_RHI ? 6 : 2;
}

static nwc_status put_radial(int64_t ray, void *user)
{
    static const struct nwc__no_value no_value = {NOTHING, UNKNOWN, FOLDED};
    const struct job *const job = user;
    const nwc_sweep *const sweep = &job->sweep;
    uint8_t *const at = job->first + ray * job->length;
    nwc__put_u32_le(at, (uint32_t)state_of(job, ray));
    nwc__put_u32_le(at + 8, (uint32_t)(job->before + ray + 1)), nwc__put_u32_le(at + 12, (uint32_t)(ray + 1));
    nwc__put_u32_le(at + 16, (uint32_t)(job->index + 1));
    nwc__put_f32_le(at + 20, (double)sweep->azimuth_deg[ray]),
        nwc__put_f32_le(at + 24, (double)sweep->elevation_deg[ray]);
    nwc__put_u32_le(at + 28, (uint32_t)(sweep->time_ns[ray] / 1000000000));
    nwc__put_u32_le(at + 32, (uint32_t)(sweep->time_ns[ray] % 1000000000 / 1000));
    nwc__put_u32_le(at + 36, (uint32_t)(job->length - HEADER)), nwc__put_u32_le(at + 40, (uint32_t)job->n_parts);
    for (int32_t p = 0; p < job->n_parts; p++) {
        const struct part *const part = &job->part[p];
        uint8_t *const moment = at + part->at;
        nwc__put_u32_le(moment, (uint32_t)part->type);
        nwc__put_u32_le(moment + 4, (uint32_t)(int32_t)part->coding.scale);
        nwc__put_u32_le(moment + 8, (uint32_t)(int32_t)part->coding.offset);
        nwc__put_u16_le(moment + 12, (uint32_t)part->coding.bits / 8);
        nwc__put_u32_le(moment + 16, (uint32_t)(part->n * part->coding.bits / 8));
        nwc__encode_ray(&part->moment, ray, part->n, &part->coding, &no_value, false, moment + MOMENT);
    }
    return NWC_OK;
}

nwc_status nwc__cma_encode(nwc_ctx *ctx, const nwc_volume *volume, struct nwc__buffer *buffer)
{
    struct job job = {.ctx = ctx, .volume = volume};
    uint8_t *cuts;
    NWC__TRY(nwc_volume_describe(volume, &job.facts));
    NWC__TRY(check(&job));
    NWC__TRY(put_headers(&job, buffer));
    const int64_t table = buffer->size;
    NWC__TRY(nwc__buffer_extend(buffer, (int64_t)NWC__CMA_CUT * job.facts.n_sweeps, &cuts));
    for (int32_t s = 0; s < job.facts.n_sweeps; s++) {
        NWC__TRY(plan_sweep(&job, s));
        NWC__TRY(put_cut(&job, buffer->data + table + (int64_t)NWC__CMA_CUT * s));
        NWC__TRY(nwc__buffer_extend(buffer, job.sweep.n_rays * job.length, &job.first));
        NWC__TRY(nwc__for_each_tile(ctx, "encode", job.sweep.n_rays, put_radial, &job));
        job.before += job.sweep.n_rays;
    }
    return NWC_OK;
}

/* Volumes as callers make, change and look at them: what radar.h declares of them. */
#include "radar/volume_parts.h"

nwc_status nwc_volume_create(nwc_ctx *ctx, const nwc_volume_facts *facts, nwc_volume **volume)
{
    ctx = nwc__ctx(ctx);
    if (!facts || !volume) return nwc__fail(NWC_ERR_ARG, "facts, volume: facts and a place for the volume expected");
    *volume = NULL;
    if (facts->latitude_deg < -90.0 || facts->latitude_deg > 90.0 || fabs(facts->longitude_deg) > 360.0)
        return nwc__fail(NWC_ERR_ARG, "facts: a place on the earth expected, %g, %g given", facts->latitude_deg,
                         facts->longitude_deg);
    nwc_volume *made;
    nwc_volume_facts own = *facts;
    own.experimental = 0;
    NWC__TRY(nwc__volume_create(ctx, "memory", INT64_MAX / 2, &made));
    const nwc_status status = nwc__volume_set_facts(made, &own);
    if (status != NWC_OK) {
        nwc_volume_destroy(made);
        return status;
    }
    *volume = made;
    return NWC_OK;
}

nwc_status nwc_volume_add_sweep(nwc_volume *volume, const nwc_sweep *given)
{
    if (!volume || !given) return nwc__fail(NWC_ERR_ARG, "volume, sweep: a volume and a sweep expected, NULL given");
    if (given->mode < NWC_SWEEP_SURVEILLANCE || given->mode > NWC_SWEEP_MANUAL)
        return nwc__fail(NWC_ERR_ARG, "sweep.mode: an nwc_sweep_mode expected, %d given", (int)given->mode);
    if (given->n_rays < 1 || given->n_rays > NWC__MOST_RAYS || volume->facts.n_sweeps >= NWC__MOST_SWEEPS)
        return nwc__fail(NWC_ERR_ARG, "sweep: 1 to %d rays and at most %d sweeps expected, %lld rays given",
                         NWC__MOST_RAYS, NWC__MOST_SWEEPS, (long long)given->n_rays);
    if (!given->time_ns || !given->azimuth_deg || !given->elevation_deg)
        return nwc__fail(NWC_ERR_ARG, "sweep: times, azimuths and elevations expected, NULL given");
    for (int64_t r = 0; r < given->n_rays; r++)
        if (!(given->azimuth_deg[r] >= 0.0f && given->azimuth_deg[r] < 360.0f &&
              fabsf(given->elevation_deg[r]) <= 180.0f))
            return nwc__fail(NWC_ERR_ARG,
                             "sweep: ray %lld: an azimuth of 0 to below 360 and an elevation expected, %g and %g given",
                             (long long)r, (double)given->azimuth_deg[r], (double)given->elevation_deg[r]);
    nwc__sweep *sweep;
    NWC__TRY(nwc__volume_add_sweep(volume, given->mode, given->fixed_angle_deg, given->n_rays, &sweep));
    const size_t bytes = (size_t)given->n_rays * sizeof(float);
    memcpy(sweep->time_ns, given->time_ns, (size_t)given->n_rays * sizeof *given->time_ns);
    memcpy(sweep->azimuth_deg, given->azimuth_deg, bytes);
    memcpy(sweep->elevation_deg, given->elevation_deg, bytes);
    if (given->nyquist_m_s) memcpy(sweep->nyquist_m_s, given->nyquist_m_s, bytes);
    if (given->unambiguous_range_m) memcpy(sweep->unambiguous_range_m, given->unambiguous_range_m, bytes);
    return given->incomplete && *given->incomplete ? nwc__volume_incomplete(volume, sweep, "%s", given->incomplete)
                                                   : NWC_OK;
}

static nwc_status check_moment(const nwc__sweep *sweep, const nwc_moment *given)
{
    const nwc_field *const field = &given->field;
    const nwc_flags *const flags = &given->flags;
    if (!given->name || !given->name[0] || (!nwc__moment_named(given->name) && !field->units))
        return nwc__fail(NWC_ERR_ARG, "moment.name: a name of FM 301, or another and its units, expected, %s given",
                         given->name ? given->name : "none");
    if (!field->data || field->ndim != 2 || field->dim[0] != sweep->n_rays || field->dim[1] < 1 ||
        field->dim[1] > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_ARG, "%s: (%lld, 1 to %d) cells expected, (%lld, %lld) given", given->name,
                         (long long)sweep->n_rays, NWC__MOST_GATES, (long long)field->dim[0], (long long)field->dim[1]);
    if (flags->data && (flags->ndim != 2 || flags->dim[0] != field->dim[0] || flags->dim[1] != field->dim[1]))
        return nwc__fail(NWC_ERR_ARG, "%s: flags of the shape of the cells expected", given->name);
    if (!(given->gate_spacing_m > 0.0 && isfinite(given->first_gate_m)))
        return nwc__fail(NWC_ERR_ARG, "%s: gates some metres apart expected, first at %g m and %g m apart given",
                         given->name, given->first_gate_m, given->gate_spacing_m);
    return NWC_OK;
}

static const char *own_name(const nwc_moment *given)
{
    return given->own_name && nwc__moment_named(given->name) ? given->own_name : given->name;
}

/* The cells, of any strides, where they are not lent, and the flags where the moment has room for them. */
static void copy_gates(const nwc_moment *given, nwc__moment *moment)
{
    const nwc_field *const field = &given->field;
    const nwc_flags *const flags = &given->flags;
    const int64_t n = field->dim[1];
    moment->resolution = given->resolution;
    for (int64_t r = 0; r < field->dim[0]; r++) {
        const float *const from = field->data + r * field->stride[0];
        for (int64_t g = 0; !moment->lent && g < n; g++) moment->cells[r * n + g] = from[g * field->stride[1]];
        for (int64_t g = 0; moment->flags && g < n; g++)
            moment->flags[r * n + g] = flags->data ? flags->data[r * flags->stride[0] + g * flags->stride[1]] : 0;
    }
}

/* Append a moment to the last sweep, whose cells are lent or not. */
static nwc_status append(nwc_volume *volume, const nwc_moment *given, bool lent)
{
    if (!volume || !given) return nwc__fail(NWC_ERR_ARG, "volume, moment: a volume and a moment expected, NULL given");
    if (!volume->last) return nwc__fail(NWC_ERR_ARG, "volume: a sweep expected before its moments, none added");
    NWC__TRY(check_moment(volume->last, given));
    if (nwc__sweep_find(volume->last, given->name))
        return nwc__fail(NWC_ERR_ARG, "moment.name: the sweep has a moment %s already", given->name);
    if (lent && (given->field.stride[0] != given->field.dim[1] || given->field.stride[1] != 1))
        return nwc__fail(NWC_ERR_ARG, "%s: cells of rays one behind the other expected, strides of %lld and %lld given",
                         given->name, (long long)given->field.stride[0], (long long)given->field.stride[1]);
    nwc__moment *moment;
    NWC__TRY(nwc__volume_new_moment(volume, volume->last, nwc__moment_named(given->name), own_name(given),
                                    given->field.units ? given->field.units : "", given->field.dim[1],
                                    given->first_gate_m, given->gate_spacing_m, lent ? given->field.data : NULL,
                                    &moment));
    if (given->flags.data) NWC__TRY(nwc__volume_add_flags(volume, volume->last, moment));
    copy_gates(given, moment);
    return NWC_OK;
}

nwc_status nwc_volume_add_moment(nwc_volume *volume, const nwc_moment *moment)
{
    return append(volume, moment, false);
}

nwc_status nwc_volume_lend_moment(nwc_volume *volume, const nwc_moment *moment)
{
    return append(volume, moment, true);
}

static nwc_status find_sweep(const nwc_volume *volume, int32_t index, nwc__sweep **found)
{
    if (!volume) return nwc__fail(NWC_ERR_ARG, "volume: a volume expected, NULL given");
    if (index < 0 || index >= volume->facts.n_sweeps)
        return nwc__fail(NWC_ERR_ARG, "sweep: 0 to %d expected, %d given", (int)volume->facts.n_sweeps - 1, (int)index);
    *found = volume->first;
    while (index-- > 0) *found = (*found)->next;
    return NWC_OK;
}

/* A moment that belongs to no sweep yet. */
static nwc_status make_moment(nwc_volume *volume, const nwc__sweep *sweep, const char *name, const char *own,
                              const char *units, int64_t n_gates, bool flagged, nwc__moment **made)
{
    if (!nwc__sweep_find(sweep, name) && sweep->n_moments >= NWC__MOST_MOMENTS)
        return nwc__fail(NWC_ERR_ARG, "%s: at most %d moments in a sweep expected, more given", name,
                         NWC__MOST_MOMENTS);
    nwc__moment *const moment = nwc__alloc(&volume->memory, 1, sizeof *moment);
    if (!moment) return NWC_ERR_NOMEM;
    *moment = (nwc__moment){.n_gates = n_gates, .is_put = true};
    /* The limit is on what a file may bring: what is put comes on top of it. */
    volume->max_bytes += sweep->n_rays * n_gates * (int64_t)(sizeof *moment->cells + sizeof *moment->flags);
    nwc_status status =
        nwc__moment_fill(volume, sweep->n_rays, nwc__moment_named(name), own, units ? units : "", NULL, moment);
    if (status == NWC_OK && flagged) status = nwc__volume_add_flags(volume, sweep, moment);
    if (status == NWC_OK)
        *made = moment;
    else
        nwc__moment_free(&volume->memory, moment);
    return status;
}

/* In the place of the one of the same name, or behind the last. */
static void place_moment(nwc_volume *volume, nwc__sweep *sweep, nwc__moment *moment)
{
    nwc__moment **place = &sweep->first;
    while (*place && strcmp((*place)->name, moment->name) != 0) place = &(*place)->next;
    nwc__moment *const old = *place;
    *place = moment;
    if (!old)
        sweep->n_moments++;
    else
        moment->next = old->next;
    if (!moment->next) sweep->last = moment;
    if (old) nwc__moment_free(&volume->memory, old);
}

nwc_status nwc__volume_put(nwc_volume *volume, int32_t index, const char *name, const char *units, int64_t n_gates,
                           double first_gate_m, double gate_spacing_m, nwc__moment **made)
{
    nwc__sweep *sweep;
    assert(units || nwc__moment_named(name));
    assert(n_gates >= 1 && n_gates <= NWC__MOST_GATES && gate_spacing_m > 0.0);
    NWC__TRY(find_sweep(volume, index, &sweep));
    NWC__TRY(make_moment(volume, sweep, name, name, units, n_gates, false, made));
    (*made)->first_gate_m = first_gate_m, (*made)->gate_spacing_m = gate_spacing_m;
    place_moment(volume, sweep, *made);
    return NWC_OK;
}

nwc_status nwc_volume_put_moment(nwc_volume *volume, int32_t index, const nwc_moment *given)
{
    nwc__sweep *sweep;
    nwc__moment *moment;
    if (!given) return nwc__fail(NWC_ERR_ARG, "moment: a moment expected, NULL given");
    NWC__TRY(find_sweep(volume, index, &sweep));
    NWC__TRY(check_moment(sweep, given));
    NWC__TRY(make_moment(volume, sweep, given->name, own_name(given), given->field.units, given->field.dim[1],
                         given->flags.data != NULL, &moment));
    moment->first_gate_m = given->first_gate_m, moment->gate_spacing_m = given->gate_spacing_m;
    copy_gates(given, moment); /* before the old one goes: it may be what is given */
    place_moment(volume, sweep, moment);
    return NWC_OK;
}

/* ---- looking at ---- */

nwc_status nwc_volume_describe(const nwc_volume *volume, nwc_volume_facts *facts)
{
    if (!volume || !facts) return nwc__fail(NWC_ERR_ARG, "volume, facts: a volume and a place for facts expected");
    *facts = volume->facts;
    return NWC_OK;
}

nwc_status nwc_volume_sweep(const nwc_volume *volume, int32_t index, nwc_sweep *sweep)
{
    nwc__sweep *found;
    if (!sweep) return nwc__fail(NWC_ERR_ARG, "sweep: a place for the sweep expected, NULL given");
    NWC__TRY(find_sweep(volume, index, &found));
    *sweep = (nwc_sweep){.mode = found->mode,
                         .n_moments = found->n_moments,
                         .fixed_angle_deg = found->fixed_angle_deg,
                         .n_rays = found->n_rays,
                         .time_ns = found->time_ns,
                         .azimuth_deg = found->azimuth_deg,
                         .elevation_deg = found->elevation_deg,
                         .nyquist_m_s = found->nyquist_m_s,
                         .unambiguous_range_m = found->unambiguous_range_m,
                         .incomplete = found->incomplete ? found->incomplete : ""};
    return NWC_OK;
}

static void lend(const nwc__sweep *sweep, const nwc__moment *from, nwc_moment *to)
{
    const int64_t ny = sweep->n_rays, nx = from->n_gates;
    *to = (nwc_moment){.name = from->name,
                       .own_name = from->own_name,
                       .first_gate_m = from->first_gate_m,
                       .gate_spacing_m = from->gate_spacing_m,
                       .resolution = from->resolution};
    to->field = (nwc_field){
        .data = from->cells, .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}, .missing = NAN, .units = from->units};
    to->flags = (nwc_flags){.data = from->flags, .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}};
}

nwc_status nwc_volume_moment(const nwc_volume *volume, int32_t sweep, int32_t index, nwc_moment *moment)
{
    nwc__sweep *of;
    if (!moment) return nwc__fail(NWC_ERR_ARG, "moment: a place for the moment expected, NULL given");
    NWC__TRY(find_sweep(volume, sweep, &of));
    if (index < 0 || index >= of->n_moments)
        return nwc__fail(NWC_ERR_ARG, "index: 0 to %d expected, %d given", (int)of->n_moments - 1, (int)index);
    const nwc__moment *found = of->first;
    while (index-- > 0) found = found->next;
    lend(of, found, moment);
    return NWC_OK;
}

nwc_status nwc_volume_find(const nwc_volume *volume, int32_t sweep, const char *name, nwc_moment *moment)
{
    nwc__sweep *of;
    if (!moment || !name) return nwc__fail(NWC_ERR_ARG, "name, moment: a name and a place for the moment expected");
    NWC__TRY(find_sweep(volume, sweep, &of));
    const nwc__moment *const found = nwc__sweep_find(of, name);
    if (found) {
        lend(of, found, moment);
        return NWC_OK;
    }
    return nwc__fail(NWC_ERR_NODATA, "sweep %d: no moment %s", (int)sweep, name);
}

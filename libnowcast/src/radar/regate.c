/*
 * A moment on the range axis of its sweep, which may have finer gates than the moment, begin before it or reach farther. Where
 * each gate comes from is found once for all rays.
 */
#include "radar/volume.h"

#include "radar/regate_kernel.h"

NWC__DECLARE_KERNELS(nwc__regate_kernels);

enum { BAND = 1 << 19 }; /* cells a tile has about: most sweeps are one, done before another thread would be awake */

struct job {
    const struct nwc__regate_kernels *kernels;
    const nwc_field *from, *to;
    const nwc_flags *from_flags, *to_flags; /* NULL where there are none */
    int64_t first, end;                     /* gates that come from one of the moment */
    int64_t *offset;                        /* where in a ray of cells each does; of flags behind them */
    int64_t rows;                           /* rays of a tile */
    bool shifted;                           /* cells come one behind the other */
    int64_t lead;                           /* gates up to those that come in runs from one cell each */
    int64_t runs, times;                    /* how many runs, and how many gates each has */
};

static nwc_status check(const nwc_moment *moment, double first_gate_m, double gate_spacing_m, const nwc_field *cells,
                        const nwc_flags *flags)
{
    if (!moment || !cells) return nwc__fail(NWC_ERR_ARG, "moment, cells: a moment and a place for its cells expected");
    const nwc_field *const from = &moment->field;
    if (!from->data || from->ndim != 2 || from->dim[0] < 1 || from->dim[1] < 1 || from->dim[1] > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_ARG, "moment: cells (ray, gate) expected");
    if (!cells->data || cells->ndim != 2 || cells->dim[0] != from->dim[0] || cells->dim[1] < 1 ||
        cells->dim[1] > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_ARG, "cells: (%lld, 1 to %d) expected", (long long)from->dim[0], NWC__MOST_GATES);
    if (flags && (!flags->data || flags->ndim != 2 || flags->dim[0] != cells->dim[0] || flags->dim[1] != cells->dim[1]))
        return nwc__fail(NWC_ERR_ARG, "flags: the shape of the cells expected");
    const nwc_flags *const marks = &moment->flags;
    if (flags && (!marks->data || marks->ndim != 2 || marks->dim[0] != from->dim[0] || marks->dim[1] != from->dim[1]))
        return nwc__fail(NWC_ERR_ARG, "moment: flags of the shape of its cells expected");
    if (!(moment->gate_spacing_m > 0.0 && isfinite(moment->first_gate_m)))
        return nwc__fail(NWC_ERR_ARG, "moment: gates some metres apart expected, first at %g m and %g m apart given",
                         moment->first_gate_m, moment->gate_spacing_m);
    if (!(gate_spacing_m > 0.0 && isfinite(gate_spacing_m) && isfinite(first_gate_m)))
        return nwc__fail(NWC_ERR_ARG, "gates some metres apart expected, first at %g m and %g m apart given",
                         first_gate_m, gate_spacing_m);
    return NWC_OK;
}

/* The gates whose centres lie in one of the moment's, and which one. */
static void find_sources(struct job *job, const nwc_moment *moment, double first_gate_m, double gate_spacing_m)
{
    const int64_t n = job->to->dim[1], step = job->from->stride[1];
    job->first = job->end = 0;
    job->shifted = step == 1 && job->to->stride[1] == 1;
    for (int64_t g = 0; g < n; g++) {
        const double range_m = first_gate_m + gate_spacing_m * (double)g;
        const double source = floor((range_m - moment->first_gate_m) / moment->gate_spacing_m + 0.5);
        if (source < 0.0 || source >= (double)job->from->dim[1]) continue;
        if (job->end == 0) job->first = g;
        job->end = g + 1;
        job->offset[g] = step * (int64_t)source;
        job->shifted = job->shifted && job->offset[g] - job->offset[job->first] == g - job->first;
        if (job->to_flags) job->offset[n + g] = job->from_flags->stride[1] * (int64_t)source;
    }
}

/* Most often each cell becomes as many gates as any other, but for the first and the last. */
static void find_runs(struct job *job)
{
    const int64_t *const offset = job->offset + job->first, count = job->end - job->first;
    job->lead = count;
    if (count == 0 || job->from->stride[1] != 1 || job->to->stride[1] != 1) return;
    int64_t lead = 1, times = 1;
    while (lead < count && offset[lead] == offset[0]) lead++;
    while (lead + times < count && offset[lead + times] == offset[lead]) times++;
    for (int64_t g = lead; g < count; g++)
        if (offset[g] != offset[lead] + (g - lead) / times) return;
    job->lead = lead, job->runs = (count - lead) / times, job->times = times;
}

static void place_cells(const struct job *job, const float *from, float *to)
{
    const int64_t *const offset = job->offset + job->first;
    const int64_t count = job->end - job->first, step = job->to->stride[1], lead = job->lead;
    const int64_t done = lead + job->runs * job->times;
    job->kernels->cells(from, offset, lead, step, to);
    if (job->runs > 0) job->kernels->repeat(from + offset[lead], job->runs, job->times, to + lead);
    job->kernels->cells(from, offset + done, count - done, step, to + done * step);
}

static nwc_status place_rays(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->to->dim[1], first = job->first, count = job->end - first, step = job->to->stride[1];
    const int64_t left = job->to->dim[0] - tile * job->rows, rows = left < job->rows ? left : job->rows;
    for (int64_t r = tile * job->rows; r < tile * job->rows + rows; r++) {
        const float *const from = job->from->data + r * job->from->stride[0];
        float *const to = job->to->data + r * job->to->stride[0];
        if (job->shifted && count > 0)
            memcpy(to + first, from + job->offset[first], (size_t)count * sizeof *to);
        else
            place_cells(job, from, to + first * step);
        for (int64_t g = 0; g < first; g++) to[g * step] = NAN;
        for (int64_t g = job->end; g < n; g++) to[g * step] = NAN;
        if (!job->to_flags) continue;
        const int64_t apart = job->to_flags->stride[1];
        uint8_t *const flags = job->to_flags->data + r * job->to_flags->stride[0];
        for (int64_t g = 0; g < n; g++) flags[g * apart] = 0;
        job->kernels->flags(job->from_flags->data + r * job->from_flags->stride[0], job->offset + n + first, count,
                            apart, flags + first * apart);
    }
    return NWC_OK;
}

nwc_status nwc_moment_regate(nwc_ctx *ctx, const nwc_moment *moment, double first_gate_m, double gate_spacing_m,
                             nwc_field *cells, nwc_flags *flags)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check(moment, first_gate_m, gate_spacing_m, cells, flags));
    nwc_status status = NWC_OK;
    const int64_t rays = cells->dim[0], n = cells->dim[1];
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__regate_kernels),
                      .from = &moment->field,
                      .to = cells,
                      .from_flags = flags ? &moment->flags : NULL,
                      .to_flags = flags,
                      .rows = n < BAND ? BAND / n : 1};
    NWC__ALLOC(ctx, job.offset, flags ? 2 * n : n);
    find_sources(&job, moment, first_gate_m, gate_spacing_m);
    find_runs(&job);
    status = nwc__for_each_tile(ctx, "gates", (rays - 1) / job.rows + 1, place_rays, &job);
done:
    nwc__free(ctx, job.offset);
    return status;
}

/*
 * Continuity of the variational wind: D x = du/dx + dv/dy + (1/rho) d(rho w)/dz of each cell, by the exact differences between its walls,
 * and the adjoint of that.
 */
#include "wind/internal.h"

struct rows {
    const nwc__wind_box *box;
    const nwc__real *from;
    nwc__real *to;
    nwc__real *cells;
    const double *from_gain, *gain;
};

static nwc_status divergence_level(int64_t k, void *user)
{
    const struct rows *const job = user;
    const nwc__wind_box *const box = job->box;
    const nwc__wind_shape *const s = &box->shape;
    const double *const gain = job->from_gain;
    const nwc__real *const u = job->from + k * s->plane, *const v = u + s->size, *const w = v + s->size;
    const double weights[4] = {gain[0] / box->dx, gain[1] / box->dy, gain[2] * box->below[k], gain[2] * box->above[k]};
    for (int64_t j = 0; j < s->ny; j++) {
        const int64_t at = j * s->pitch;
        box->kernels->divergence(s->nx, u + at, v + at, v + at + s->pitch, w + at, w + s->plane + at, weights,
                                 job->cells + (k * s->ny + j) * s->nx);
    }
    return NWC_OK;
}

nwc_status nwc__wind_divergence(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__real *wind, const double gain[3],
                                nwc__real *cells)
{
    struct rows job = {.box = box, .from = wind, .cells = cells, .from_gain = gain};
    return nwc__wind_each(ctx, box->shape.nz, box->shape.plane, divergence_level, &job);
}

/* The walls of one plane; beyond the outer ones there is no cell. */
static void correct_plane(const struct rows *job, int c, int64_t k)
{
    const nwc__wind_box *const box = job->box;
    const nwc__wind_kernels *const kernels = box->kernels;
    const nwc__wind_shape *const s = &box->shape;
    const nwc__wind_extent extent = nwc__wind_extent_of(box, c);
    const int64_t level = s->ny * s->nx;
    const nwc__real *const cells = job->cells + k * level, base = (nwc__real)job->from_gain[c];
    const nwc__real over_x = (nwc__real)(job->gain[0] / box->dx), over_y = (nwc__real)(job->gain[1] / box->dy);
    for (int64_t j = 0; j < extent.ny; j++) {
        const int64_t at = c * s->size + k * s->plane + j * s->pitch;
        const nwc__real *const from = job->from + at, *const row = cells + j * s->nx, *const before = row - s->nx;
        nwc__real *const to = job->to + at;
        const bool first = j == 0, last = j == s->ny;
        if (c == 0)
            kernels->correct_x(s->nx, from, base, row, over_x, to);
        else if (c == 1)
            kernels->correct(s->nx, from, base, first ? row : before, first ? 0 : over_y, last ? before : row,
                             last ? 0 : over_y, to);
        else
            kernels->correct(s->nx, from, base, row - level, (nwc__real)(job->gain[2] * box->above[k - 1]), row,
                             (nwc__real)(job->gain[2] * box->below[k]), to);
    }
}

static nwc_status correct_tile(int64_t tile, void *user)
{
    const struct rows *const job = user;
    const nwc__wind_box *const box = job->box;
    const int c = (int)(tile / (box->shape.nz + 1));
    const int64_t k = tile % (box->shape.nz + 1);
    const nwc__wind_extent extent = nwc__wind_extent_of(box, c);
    if (k >= extent.first_k && k < extent.end_k) correct_plane(job, c, k);
    return NWC_OK;
}

nwc_status nwc__wind_correct(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__real *base, const double base_gain[3],
                             const nwc__real *cells, const double gain[3], nwc__real *out)
{
    struct rows job = {box, base, out, (nwc__real *)cells, base_gain, gain};
    return nwc__wind_each_plane(ctx, box, correct_tile, &job);
}

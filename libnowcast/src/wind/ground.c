/*
 * The ground below the variational wind, where it is not flat. At its surface air flows along it, w = u dh/dx + v dh/dy, which is a
 * datum like any other: what is seen of (u, v, w) along (dh/dx, dh/dy, -1) is 0. So hills of any shape need no walls of their own, and
 * the transforms that keep winds free of divergence stay what they are in a box; below the surface the wind goes on as is likely and is
 * not told. It needs room there: with a floor at the foot of a hill of 1.2 km, what w at its surface would need to come from is pressed
 * into the hill, so that the wind along the slope gives way instead, and w below 1 km was off by 0.10 to 0.15 m/s (of 0.41), no less
 * than on flat ground (0.13 to 0.15); by 0.02 to 0.05 with 0.5 or 1 km below, and 0.01 to 0.04 with 2 or 4. As a strong constraint the
 * same is posed by immersed boundaries (Peskin 2002, Acta Numerica 11, 479).
 */
#include "wind/frame.h"

static double height_at(const nwc_field *ground, int64_t j, int64_t i)
{
    return (double)ground->data[j * ground->stride[0] + i * ground->stride[1]];
}

double nwc__wind_lowest_ground(const nwc_field *ground)
{
    double lowest = INFINITY;
    for (int64_t j = 0; j < ground->dim[0]; j++)
        for (int64_t i = 0; i < ground->dim[1]; i++) lowest = fmin(lowest, height_at(ground, j, i)); /* not of NaN */
    return lowest;
}

/* dh/dx or dh/dy of a column: between its neighbours, or to the one that is known; NaN where neither is. */
static double slope_at(const nwc__wind_frame *frame, const nwc_field *ground, int axis, int64_t j, int64_t i)
{
    const int64_t n = ground->dim[1 - axis], at = axis ? j : i;
    const double d = axis ? frame->dy : frame->dx, own = height_at(ground, j, i);
    const double before = at > 0 ? height_at(ground, j - axis, i - !axis) : (double)NAN;
    const double after = at + 1 < n ? height_at(ground, j + axis, i + !axis) : (double)NAN;
    if (isnan(before)) return (after - own) / d;
    if (isnan(after)) return (own - before) / d;
    return (after - before) / (2.0 * d);
}

/* The column of the grid that a datum lies in or, beside the grid, is nearest to. */
static double below(const nwc__wind_frame *frame, const nwc_field *ground, const nwc__wind_datum *d)
{
    const int64_t i = (int64_t)((double)d->x / frame->dx) - frame->first_i;
    const int64_t j = (int64_t)((double)d->y / frame->dy) - frame->first_j;
    const int64_t last_i = ground->dim[1] - 1, last_j = ground->dim[0] - 1;
    return height_at(ground, j < 0 ? 0 : j > last_j ? last_j : j, i < 0 ? 0 : i > last_i ? last_i : i);
}

void nwc__wind_leave_ground(const nwc__wind_frame *frame, const nwc_field *ground, nwc__wind_list *list)
{
    int64_t n = 0;
    for (int64_t d = 0; d < list->n; d++)
        if (!((double)list->data[d].z + frame->bottom_m < below(frame, ground, &list->data[d])))
            list->data[n++] = list->data[d];
    list->n = n;
}

nwc_status nwc__wind_add_ground(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc_field *ground, double error_m_s,
                                int32_t source, nwc__wind_list *list)
{
    NWC__TRY(nwc__wind_list_extend(ctx, list, ground->dim[0] * ground->dim[1]));
    for (int64_t j = 0; j < ground->dim[0]; j++)
        for (int64_t i = 0; i < ground->dim[1]; i++) {
            const double z = height_at(ground, j, i) - frame->bottom_m;
            const double x = slope_at(frame, ground, 0, j, i), y = slope_at(frame, ground, 1, j, i);
            if (!(z >= 0.0 && z < (double)frame->nz * frame->dz) || isnan(x + y)) continue;
            list->data[list->n++] = (nwc__wind_datum){.x = (float)(((double)(i + frame->first_i) + 0.5) * frame->dx),
                                                      .y = (float)(((double)(j + frame->first_j) + 0.5) * frame->dy),
                                                      .z = (float)z,
                                                      .u = (float)x,
                                                      .v = (float)y,
                                                      .w = -1.0F,
                                                      .weight = (float)(1.0 / (error_m_s * error_m_s)),
                                                      .source = source};
        }
    return NWC_OK;
}

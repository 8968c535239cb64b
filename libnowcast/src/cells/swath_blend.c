/* Probabilities of a hazard by cells and by a forecast of grids, weighted by how many of the cells are still there. */
#include "grid/internal.h"

#include <nowcast/cell_forecast.h>

struct job {
    const nwc_field *swath, *grid;
    nwc_field *blended;
    double weight;
};

static nwc_status blend_row(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->swath->dim[1]; i++) {
        const float a = job->swath->data[j * job->swath->stride[0] + i * job->swath->stride[1]];
        const float b = job->grid->data[j * job->grid->stride[0] + i * job->grid->stride[1]];
        const float both = (float)(job->weight * (double)a + (1.0 - job->weight) * (double)b);
        job->blended->data[j * job->blended->stride[0] + i * job->blended->stride[1]] = isnan(a)   ? b
                                                                                        : isnan(b) ? a
                                                                                                   : both;
    }
    return NWC_OK;
}

static nwc_status check(const nwc_field *field, const char *name, const nwc_field *swath)
{
    NWC__TRY(nwc__check_field(field, name, 2));
    NWC__TRY(nwc__check_same_shape(field, name, swath, "swath"));
    if (!nwc__same_columns(field->grid, swath->grid))
        return nwc__fail(NWC_ERR_ARG, "%s: the grid of the swath expected, another given", name);
    return NWC_OK;
}

nwc_status nwc_cells_swath_blend(nwc_ctx *ctx, const nwc_field *swath, const nwc_field *grid, double lead_s,
                                 double half_life_s, nwc_field *blended)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_field(swath, "swath", 2));
    NWC__TRY(check(grid, "grid", swath));
    NWC__TRY(check(blended, "blended", swath));
    if (!(lead_s >= 0.0 && isfinite(lead_s)) || !(half_life_s > 0.0))
        return nwc__fail(NWC_ERR_ARG, "lead_s, half_life_s: 0 or more and above 0 expected, %g and %g given", lead_s,
                         half_life_s);
    struct job job = {.swath = swath, .grid = grid, .blended = blended, .weight = exp2(-lead_s / half_life_s)};
    return nwc__for_each_tile(ctx, "blend", swath->dim[0], blend_row, &job);
}

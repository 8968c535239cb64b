/* Frames as they are given: checked, and put in order of time. */
#include "hazard/hazard.h"

#include <stdio.h>

static nwc_status check_frame(nwc_ctx *ctx, const nwc_hazard_frame *frame, const nwc_grid *grid)
{
    const nwc_field *const field = frame->field;
    NWC__TRY(nwc__check_field(field, "field", 0));
    if (field->ndim != 2 && field->ndim != 3)
        return nwc__fail(NWC_ERR_ARG, "field: (y, x) or (member, y, x) expected, %d dimensions given",
                         (int)field->ndim);
    if (field->ndim == 3 && field->dim[0] > NWC_HAZARD_MOST_MEMBERS)
        return nwc__fail(NWC_ERR_ARG, "field: at most %d members expected, %lld given", NWC_HAZARD_MOST_MEMBERS,
                         (long long)field->dim[0]);
    if (grid && field->grid != grid && !(field->grid && nwc__same_grid(field->grid, grid)))
        return nwc__fail(NWC_ERR_ARG, "field: the grid of the first frame expected, another given");
    const int32_t y = field->ndim - 2;
    if (grid && (field->dim[y] != grid->ny || field->dim[y + 1] != grid->nx))
        return nwc__fail(NWC_ERR_ARG, "field: the cells of its grid expected, %lld x %lld given",
                         (long long)field->dim[y], (long long)field->dim[y + 1]);
    if (!grid) NWC__TRY(nwc__check_on_grid(ctx, field, "field"));
    if (isinf(frame->probability_of)) return nwc__fail(NWC_ERR_ARG, "probability_of: a threshold or NaN expected");
    return NWC_OK;
}

nwc_status nwc__given_take(nwc_ctx *ctx, const nwc_hazard_frame *frames, int32_t n, int64_t now_ns,
                           struct nwc__given *given)
{
    *given = (struct nwc__given){.frame = frames, .n = n, .now_ns = now_ns};
    if (n < 0 || (n && !frames)) return nwc__fail(NWC_ERR_ARG, "frames: 0 or more expected, %d given", (int)n);
    for (int32_t f = 0; f < n; f++) {
        char name[128];
        if (!frames[f].quantity) return nwc__fail(NWC_ERR_ARG, "frame %d: a quantity expected, NULL given", (int)f);
        const nwc_status status = check_frame(ctx, &frames[f], given->grid);
        snprintf(name, sizeof name, "frame %d (%.64s)", (int)f, frames[f].quantity);
        if (status != NWC_OK) return nwc__fail_within(status, name);
        given->grid = frames[0].field->grid;
    }
    given->order = nwc__alloc(ctx, n, sizeof *given->order);
    if (!given->order) return NWC_ERR_NOMEM;
    for (int32_t f = 0; f < n; f++) { /* stable, and mostly in order already */
        int32_t at = f;
        for (; at > 0 && frames[given->order[at - 1]].time_ns > frames[f].time_ns; at--)
            given->order[at] = given->order[at - 1];
        given->order[at] = f;
    }
    return NWC_OK;
}

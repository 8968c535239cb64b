/* Lucas-Kanade motion: not in this version. */
#include "motion/internal.h"

nwc_status nwc__motion_lucas_kanade(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                    const nwc_motion_options *options, float *u, float *v, float *quality)
{
    (void)ctx, (void)problem, (void)options, (void)u, (void)v, (void)quality;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "method: Lucas-Kanade is not in this version");
}

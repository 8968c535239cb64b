/* Variational motion: not in this version. */
#include "motion/internal.h"

nwc_status nwc__motion_variational(nwc_ctx *ctx, const struct nwc__motion_problem *problem,
                                   const nwc_motion_options *options, float *u, float *v, float *quality)
{
    (void)ctx, (void)problem, (void)options, (void)u, (void)v, (void)quality;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "method: the variational one is not in this version");
}

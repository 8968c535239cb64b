/* How LINDA's forecasts err, and fields of such errors. */
#ifndef NWC_FORECAST_LINDA_NOISE_H
#define NWC_FORECAST_LINDA_NOISE_H

#include "forecast/linda.h"
#include "forecast/windows.h"

struct nwc__linda_noise {
    const struct nwc__linda *linda; /* must stay */
    struct nwc__patches patches;
    struct nwc__windows windows;
    float *deviation; /* of windows: of the logarithm of rain over its forecast, in a step */
    float *power;     /* (feature, wave): of errors of deviation 1 */
    bool *wet;        /* (patch): rain is near */
    float *work;      /* for each row of patches */
    float *drawn;     /* (ny, nx): errors of a step */
};

/* From how the newest frame was forecast by the one before; error is work, (ny, nx). */
nwc_status nwc__linda_noise_create(nwc_ctx *ctx, struct nwc__linda *linda, float *error,
                                   struct nwc__linda_noise *noise);
void nwc__linda_noise_destroy(nwc_ctx *ctx, struct nwc__linda_noise *noise);

/* One more step of a member's errors (ny, nx), of logarithms; step is 1 or more, and errors 0 before the first. */
nwc_status nwc__linda_noise_step(nwc_ctx *ctx, struct nwc__linda_noise *noise, uint64_t seed, int32_t member,
                                 int64_t step, float *errors);

/* out: rain (ny, nx) times what errors say after steps, whose mean is 1. */
nwc_status nwc__linda_noise_apply(nwc_ctx *ctx, struct nwc__linda_noise *noise, const float *rain, const float *errors,
                                  int64_t steps, float *out);

#endif

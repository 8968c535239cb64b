/* What rain is smeared by from one time to the next: a Gaussian, longer one way than the other. */
#ifndef NWC_FORECAST_BLUR_H
#define NWC_FORECAST_BLUR_H

#include "core/internal.h"

/* Covariance of the Gaussian, square cells. */
struct nwc__blur {
    double yy, xy, xx;
};

/* weights (side, side / 2 + 1): what the blur leaves of each wave of a patch of side x side cells; 1 of the mean. */
void nwc__blur_weights(const struct nwc__blur *blur, int32_t side, float *weights);

/*
 * The blur w of least sum over waves of own w^2 - 2 both w: of a field's power and its real part with what it is to become. Deviations
 * of 0.1 to 10 cells. None, the least, where the field has no power.
 */
struct nwc__blur nwc__blur_fit(const float *own, const float *both, int32_t side);

#endif

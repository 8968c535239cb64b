/*
 * Heights of model levels: of geopotential height, and of hybrid levels by integrating the hydrostatic equation upwards from the
 * ground.
 *
 * Sources: Simmons and Burridge (1981), Mon. Wea. Rev. 109, 758, equations 3.17 to 3.21 in the form of IFS documentation
 * part III, 2.21 and 2.22.
 */
#include "model/model.h"

double nwc__height_of_geopotential(double geopotential_m)
{
    return NWC__RADIUS_M * geopotential_m / (NWC__RADIUS_M - geopotential_m);
}

void nwc__hybrid_heights(int64_t levels, int64_t n, const double *a, const double *b, double surface_pa,
                         double ground_m, const float *temperature_k, const float *humidity, float *height_m,
                         float *pressure_pa)
{
    double below_m = ground_m; /* geopotential height of the half level below */
    for (int64_t up = 0; up < n; up++) {
        const int64_t k = levels - 1 - up; /* from the top */
        const double lower = a[k + 1] + b[k + 1] * surface_pa, upper = a[k] + b[k] * surface_pa;
        const double vapour = humidity ? fmax(0.0, (double)humidity[up]) : 0.0;
        const double virtual_k = (double)temperature_k[up] * (1.0 + 0.609 * vapour);
        /* The topmost layer has no upper pressure: alpha is ln 2 there. */
        const double ratio = upper > 0.0 ? log(lower / upper) : (double)NAN;
        const double alpha = upper > 0.0 ? 1.0 - upper / (lower - upper) * ratio : log(2.0);
        const double scale_m = NWC__GAS_CONSTANT * virtual_k / NWC__GRAVITY;
        height_m[up] = (float)(below_m + alpha * scale_m);
        pressure_pa[up] = (float)(0.5 * (lower + upper));
        below_m += ratio * scale_m;
    }
}

/*
 * Heights of model levels: of geopotential height, of a pressure in the standard atmosphere, and of hybrid levels by integrating
 * the hydrostatic equation upwards from the ground.
 *
 * Sources: Simmons and Burridge (1981), Mon. Wea. Rev. 109, 758, equations 3.17 to 3.21 in the form of IFS documentation
 * part III, 2.21 and 2.22; ICAO standard atmosphere (Doc 7488, 1993), whose layers are those of the US one of 1976.
 */
#include "model/model.h"

double nwc__height_of_geopotential(double geopotential_m)
{
    return NWC__RADIUS_M * geopotential_m / (NWC__RADIUS_M - geopotential_m);
}

double nwc__standard_height(double pressure_pa)
{
    /* Layers: geopotential height and temperature at their base, and the lapse rate within. */
    static const struct {
        double base_m, base_k, rate;
    } layers[] = {{0.0, 288.15, -6.5e-3},    {11000.0, 216.65, 0.0}, {20000.0, 216.65, 1.0e-3},
                  {32000.0, 228.65, 2.8e-3}, {47000.0, 270.65, 0.0}, {51000.0, 270.65, -2.8e-3},
                  {71000.0, 214.65, -2.0e-3}};
    enum { LAYERS = sizeof layers / sizeof layers[0] };
    const double r = 287.05287;
    if (!(pressure_pa > 0.0)) return (double)NAN;
    double base_pa = 101325.0;
    for (int l = 0; l < LAYERS; l++) {
        const double t = layers[l].base_k, rate = layers[l].rate;
        const double fall = log(pressure_pa / base_pa);
        const double up =
            rate == 0.0 ? -r * t / NWC__GRAVITY * fall : t / rate * (exp(-r * rate / NWC__GRAVITY * fall) - 1.0);
        const double height = layers[l].base_m + up;
        if (l + 1 == LAYERS || height <= layers[l + 1].base_m) return nwc__height_of_geopotential(height);
        const double depth = layers[l + 1].base_m - layers[l].base_m;
        base_pa *= rate == 0.0 ? exp(-NWC__GRAVITY * depth / (r * t))
                               : pow(1.0 + rate * depth / t, -NWC__GRAVITY / (r * rate));
    }
    return (double)NAN;
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

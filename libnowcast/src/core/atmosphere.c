/*
 * The standard atmosphere of ICAO (Doc 7488, 1993), whose layers above 32 km are those of the US one of 1976: layers of constant
 * lapse rate in geopotential height, integrated from the pressure at their base.
 */
#include "core/atmosphere.h"

#include "core/internal.h"

#define GRAVITY 9.80665
#define GAS 287.05287

static const struct layer {
    double height_m, pressure_pa, temperature_k, lapse; /* at its base; K per m upward */
} layers[] = {{0.0, 101325.0, 288.15, -0.0065},   {11000.0, 22632.06, 216.65, 0.0},
              {20000.0, 5474.889, 216.65, 0.001}, {32000.0, 868.0187, 228.65, 0.0028},
              {47000.0, 110.9063, 270.65, 0.0},   {51000.0, 66.93887, 270.65, -0.0028},
              {71000.0, 3.956420, 214.65, -0.002}};

enum { LAYERS = sizeof layers / sizeof layers[0] };

double nwc__standard_height(double pressure_pa)
{
    int l = 0;
    if (!(pressure_pa > 0.0)) return NAN;
    while (l + 1 < LAYERS && pressure_pa < layers[l + 1].pressure_pa) l++;
    const struct layer *const at = &layers[l];
    const double ratio = log(at->pressure_pa / pressure_pa) * GAS / GRAVITY;
    return at->height_m + (at->lapse == 0.0 ? at->temperature_k * ratio
                                            : at->temperature_k * (exp(at->lapse * ratio) - 1.0) / at->lapse);
}

double nwc__standard_pressure(double height_m)
{
    int l = 0;
    while (l + 1 < LAYERS && height_m > layers[l + 1].height_m) l++;
    const struct layer *const at = &layers[l];
    const double up = height_m - at->height_m;
    if (at->lapse == 0.0) return at->pressure_pa * exp(-GRAVITY * up / (GAS * at->temperature_k));
    const double warmth = 1.0 + at->lapse * up / at->temperature_k;
    return warmth > 0.0 ? at->pressure_pa * pow(warmth, -GRAVITY / (GAS * at->lapse)) : (double)NAN;
}

double nwc__saturation(double temperature_k)
{
    const double t = temperature_k - 273.15;
    return 611.2 * exp(17.62 * t / (243.12 + t));
}

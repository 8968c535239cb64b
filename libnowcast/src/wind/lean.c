/*
 * Where in its beam an echo is seen. A beam of a degree is a kilometre wide at 60 km, and where reflectivity changes across it the
 * velocity is that of its stronger side. Through a beam whose pattern, there and back, is a Gaussian of standard deviation s, echo that
 * changes as exp(g x) is seen as if it were g s^2 off the axis, and nothing else changes (both are Gaussians); g is told by the sweeps below
 * and above, and by the rays beside. Without it shear in the wind is taken for wind: in a simulated supercell velocities were off by 1 m/s
 * in the root mean square, and by 4 at the foot of the updraught.
 */
#include "wind/frame.h"

#define LEAST_DBZ 0.0      /* where there is nothing */
#define NATURAL 0.23025851 /* of a decibel: ln(10) / 10 */

/* Decibels per metre towards one side; NaN where it cannot be told. */
static double slope(double here, double there, double apart_m)
{
    return (fmax(there, LEAST_DBZ) - fmax(here, LEAST_DBZ)) / apart_m;
}

double nwc__wind_lean(double here_dbz, const double there_dbz[2], const double apart_m[2], double width_m)
{
    double sum = 0.0, n = 0.0;
    for (int side = 0; side < 2; side++) {
        const double g = (side ? 1.0 : -1.0) * slope(here_dbz, there_dbz[side], apart_m[side]);
        if (!isfinite(there_dbz[side]) || !isfinite(here_dbz) || !(apart_m[side] > 0.0)) continue;
        sum += g, n += 1.0;
    }
    const double s = width_m / sqrt(16.0 * log(2.0)); /* width_m: between half powers, one way */
    return n > 0.0 ? fmin(fmax(NATURAL * sum / n * s * s, -s), s) : 0.0;
}

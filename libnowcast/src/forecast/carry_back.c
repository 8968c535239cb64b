/*
 * Displacements turned around. The air of x was at x + d(x); that of y then comes to y + r(y), where r(y) = -d(y + r(y)), found by
 * halfway steps from -d(y), which end wherever trajectories do not cross.
 */
#include "forecast/carry.h"

#define NEAR 1e-3F /* nodes */

enum { MOST_STEPS = 60 };

/* What lies between nodes; beyond the outermost it is as there. */
static float at(const float *nodes, const nwc__trajectories *t, float y, float x)
{
    const float top = fminf(fmaxf(y, 0.0F), (float)(t->ny - 1)), left = fminf(fmaxf(x, 0.0F), (float)(t->nx - 1));
    const int64_t j = (int64_t)top < t->ny - 2 ? (int64_t)top : t->ny - 2;
    const int64_t i = (int64_t)left < t->nx - 2 ? (int64_t)left : t->nx - 2;
    const float b = top - (float)j, a = left - (float)i;
    const float *const low = nodes + j * t->nx + i, *const high = low + t->nx;
    return (1.0F - b) * ((1.0F - a) * low[0] + a * low[1]) + b * ((1.0F - a) * high[0] + a * high[1]);
}

void nwc__carry_back(const nwc__carrier *carrier, const float *dx, const float *dy, float *back_x, float *back_y)
{
    const nwc__trajectories *const t = &carrier->trajectories;
    for (int64_t j = 0; j < t->ny; j++)
        for (int64_t i = 0; i < t->nx; i++) {
            float x = -dx[j * t->nx + i], y = -dy[j * t->nx + i];
            for (int n = 0; n < MOST_STEPS; n++) {
                const float off_x = x + at(dx, t, (float)j + y, (float)i + x);
                const float off_y = y + at(dy, t, (float)j + y, (float)i + x);
                x -= 0.5F * off_x, y -= 0.5F * off_y;
                if (fabsf(off_x) < NEAR && fabsf(off_y) < NEAR) break;
            }
            back_x[j * t->nx + i] = x;
            back_y[j * t->nx + i] = y;
        }
}

/*
 * Beams through a profile of refractivity: the ray equations of a spherically layered atmosphere (Born and Wolf 1999, section
 * 3.2; Doviak and Zrnic 1993, eq. 2.20), integrated along the path by the classical Runge-Kutta method. With u the sine of
 * the beam's elevation above the local horizontal, a the radius of the earth and l the length of the path:
 *     dh/dl = u,  dg/dl = sqrt(1 - u^2) / (a + h),  du/dl = (1 - u^2) (1 / (a + h) + (dn/dh) / n)
 * The gradient jumps at the levels: a step that crosses one is made again in sixteen. Closed forms for layers were not taken,
 * since a layer of critical gradient has none.
 */
#include "radar/beam.h"

#define STEP_M 200.0
#define FARTHEST_M 2e6
#define CLOSE_M 1e-4
#define CLOSE_RADIANS 1e-9
#define JUMP_M 0.5
#define SCALE_HEIGHT_M 7350.0 /* ITU-R P.453 */

enum { MOST_SHOTS = 100, PARTS = 16 };

typedef struct state {
    double height, around, sine; /* height, angle at the centre of the earth, and u */
} state;

/* The gradient of the logarithm of the refractive index. layer is where the last call found itself, and is set. */
static double bending(const nwc_beam *beam, double height, int32_t *layer)
{
    const double *const z = beam->level_m, *const n = beam->level_n;
    const int32_t top = beam->levels - 1;
    if (height >= z[top] || !top) {
        *layer = top;
        const double here = n[top] * exp(-(height - z[top]) / SCALE_HEIGHT_M);
        return -here / (SCALE_HEIGHT_M * (1.0 + here));
    }
    int32_t l = *layer < top ? *layer : top - 1;
    while (l > 0 && height < z[l]) l--;
    while (l < top - 1 && height >= z[l + 1]) l++;
    *layer = l;
    const double gradient = (n[l + 1] - n[l]) / (z[l + 1] - z[l]);
    return gradient / (1.0 + n[l] + gradient * (height - z[l]));
}

static state slope(const nwc_beam *beam, state at, int32_t *layer)
{
    const double curve = 1.0 / (beam->earth_m + at.height), level = fmax(0.0, 1.0 - at.sine * at.sine);
    return (state){at.sine, sqrt(level) * curve, level * (curve + bending(beam, at.height, layer))};
}

static state moved(state from, state by, double step)
{
    return (state){from.height + step * by.height, from.around + step * by.around, from.sine + step * by.sine};
}

static state advance_within(const nwc_beam *beam, state at, double step, int32_t *layer)
{
    const state a = slope(beam, at, layer), b = slope(beam, moved(at, a, 0.5 * step), layer);
    const state c = slope(beam, moved(at, b, 0.5 * step), layer), d = slope(beam, moved(at, c, step), layer);
    const double sixth = step / 6.0;
    state to = {at.height + sixth * (a.height + 2.0 * (b.height + c.height) + d.height),
                at.around + sixth * (a.around + 2.0 * (b.around + c.around) + d.around),
                at.sine + sixth * (a.sine + 2.0 * (b.sine + c.sine) + d.sine)};
    to.sine = fmax(-1.0, fmin(1.0, to.sine));
    return to;
}

static state advance(const nwc_beam *beam, state at, double step, int32_t *layer)
{
    bending(beam, at.height, layer);
    int32_t near = *layer;
    const state to = advance_within(beam, at, step, &near);
    bending(beam, to.height, &near);
    if (near == *layer) return to;
    for (int part = 0; part < PARTS; part++) at = advance_within(beam, at, step / PARTS, layer);
    return at;
}

void nwc__trace_follow(const nwc_beam *beam, double elevation, int64_t n, const double *range_m, nwc__along *along)
{
    int32_t layer = 0;
    double gone = 0.0;
    state at = {beam->altitude_m, 0.0, sin(elevation)};
    for (int64_t i = 0; i < n; i++) {
        /* Whole steps from the antenna on, and from the last of them to the range: no result depends on other ranges. */
        for (; gone + STEP_M <= range_m[i]; gone += STEP_M) at = advance(beam, at, STEP_M, &layer);
        int32_t near = layer;
        const state there = advance(beam, at, range_m[i] - gone, &near);
        along[i] = (nwc__along){there.height, beam->earth_m * there.around, asin(there.sine)};
    }
}

/* The height of the beam at an angle around the earth, and its range there; false where it does not come so far. */
static bool shoot(const nwc_beam *beam, double elevation, double around, double *height_m, double *range_m)
{
    int32_t layer = 0;
    double gone = 0.0;
    state at = {beam->altitude_m, 0.0, sin(elevation)};
    for (;;) {
        int32_t near = layer;
        const state next = advance(beam, at, STEP_M, &near);
        if (next.around >= around) break;
        at = next, layer = near, gone += STEP_M;
        if (gone > FARTHEST_M) return false;
    }
    double step = 0.0;
    state there = at;
    for (int newton = 0; newton < 4; newton++) {
        int32_t near = layer;
        const double speed = slope(beam, there, &near).around;
        if (!(speed > 0.0)) return false;
        step += (around - there.around) / speed;
        there = advance(beam, at, step, &near);
    }
    *height_m = there.height, *range_m = gone + step;
    return true;
}

nwc__sight nwc__trace_sight(const nwc_beam *beam, double ground_m, double height_m, nwc__sight sight)
{
    const nwc__sight none = {NAN, NAN};
    const double around = ground_m / beam->earth_m;
    if (ground_m < 1.0) return sight; /* straight up: no beam bends */
    if (ground_m > FARTHEST_M) return none;
    /*
     * The secant through the last two shots; what lies between those too low and too high is halved where it leaves that,
     * and at every third shot: steps that only just cross a level or do not make heights jump by centimetres.
     */
    double low = -1.57079632679, high = 1.57079632679, last_elevation = NAN, last_height = NAN;
    for (int shot = 0; shot < MOST_SHOTS; shot++) {
        double height = NAN;
        if (!shoot(beam, sight.elevation, around, &height, &sight.range_m)) return none;
        const double miss = height_m - height, cosine = cos(sight.elevation);
        if (fabs(miss) <= CLOSE_M) return sight;
        if (miss > 0.0)
            low = sight.elevation;
        else
            high = sight.elevation;
        if (high - low < CLOSE_RADIANS) return fabs(miss) < JUMP_M ? sight : none;
        double slope = (height - last_height) / (sight.elevation - last_elevation);
        if (!(slope > 0.0 && isfinite(slope))) slope = ground_m / (cosine * cosine);
        last_elevation = sight.elevation, last_height = height;
        sight.elevation += miss / slope;
        if (shot % 3 == 2 || !(sight.elevation > low && sight.elevation < high)) sight.elevation = 0.5 * (low + high);
    }
    return none;
}

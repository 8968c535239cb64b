/*
 * Columns of a mosaic. The rays of a sweep are the same all along a column and found once for each sweep, and cells one above
 * another read neighbouring gates. What is left is done for all cells of the column at once, as vectors: where the eight
 * points lie, their weights, and for every quantity the sum over them. Cell by cell it took twice the time.
 */
#include "core/kernel.h"

#include "mosaic/internal.h"

#define PI_F 3.14159265F
#define DEGREE_F (PI_F / 180.0F)
#define NOTHING (-128.0F)
#define DB_PER_OCTAVE 3.01029995663981F
#define LEAST_WEIGHT 1e-12F /* of a value that is known, however poor */

/* ---- elementary functions that vectorise; relative errors below 3e-7 ---- */

/* 2^x, 0 below 2^-120. */
static inline float power_of_two(float x)
{
    const float limited = x < -120.0F ? -120.0F : x > 120.0F ? 120.0F : x;
    const int32_t whole = (int32_t)(limited + 128.5F) - 128;
    const float f = 0.693147181F * (limited - (float)whole);
    const float e =
        1.0F +
        f * (1.0F + f * (0.5F + f * (0.166666667F + f * (0.0416666667F + f * (8.33333333e-3F + f * 1.38888889e-3F)))));
    const int32_t bits = (whole + 127) * (1 << 23);
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return x < -120.0F ? 0.0F : e * scale;
}

/* The logarithm to the base 2 of a number above 0. */
static inline float logarithm_of_two(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t exponent = (bits - 0x3f3504f3) >> 23; /* a mantissa from sqrt(1/2) to sqrt(2) */
    bits -= exponent * (1 << 23);
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1.0F) / (m + 1.0F), s2 = s * s;
    return (float)exponent +
           2.88539008F * s * (1.0F + s2 * (0.333333333F + s2 * (0.2F + s2 * (0.142857143F + s2 * 0.111111111F))));
}

static void prepare_ray(const float *restrict from, int64_t step, int64_t n, int32_t as_z, float *restrict to)
{
    to[0] = to[n + 1] = NAN;
    if (!as_z) {
        for (int64_t g = 0; g < n; g++) to[g + 1] = from[g * step];
        return;
    }
    for (int64_t g = 0; g < n; g++) {
        const float dbz = from[g * step];
        const bool known = dbz == dbz;
        const float z = power_of_two((known ? dbz : 0.0F) / DB_PER_OCTAVE);
        to[g + 1] = known ? (dbz <= NOTHING ? 0.0F : z) : NAN;
    }
}

static void to_dbz(int64_t n, float *restrict z)
{
    const float floor_dbz = NWC__NO_ECHO_DBZ;
    for (int64_t k = 0; k < n; k++) {
        const bool known = z[k] == z[k], echo = z[k] > 1e-4F; /* -40 dBZ */
        const float dbz = DB_PER_OCTAVE * logarithm_of_two(echo ? z[k] : 1.0F);
        z[k] = known ? (echo && dbz > floor_dbz ? dbz : floor_dbz) : NAN;
    }
}

static inline float within_0_and_1(float x, float unknown)
{
    const float low = x < 0.0F ? 0.0F : x;
    return x == x ? (low > 1.0F ? 1.0F : low) : unknown;
}

static void quality(int64_t n, const float *restrict range_m, const float *restrict age_s, const float *restrict qind,
                    const float *restrict blocked, float per_range, float per_age, float per_deg,
                    float *restrict off_deg)
{
    const float per_octave = 1.44269504F;
    for (int64_t k = 0; k < n; k++) {
        const float r = range_m[k] * per_range, a = age_s[k] * per_age, d = off_deg[k] * per_deg;
        const float fall = per_octave * (r * r + a * a) + d * d;
        off_deg[k] = fall == fall ? power_of_two(fall == fall ? -fall : 0.0F) : 0.0F;
    }
    for (int64_t k = 0; qind && k < n; k++) off_deg[k] *= within_0_and_1(qind[k], 1.0F);
    for (int64_t k = 0; blocked && k < n; k++) off_deg[k] *= 1.0F - within_0_and_1(blocked[k], 0.0F);
}

static void weigh(int64_t n, const float *restrict value, const float *restrict quality_of, int32_t radar, int32_t best,
                  float *restrict sum, float *restrict weight, int32_t *restrict radars)
{
    for (int64_t k = 0; k < n; k++) {
        const bool known = value[k] == value[k];
        const float v = known ? value[k] : 0.0F, w = known ? quality_of[k] + LEAST_WEIGHT : 0.0F;
        const float added = sum[k] + w * v, chosen = w > weight[k] ? w * v : sum[k];
        sum[k] = best ? chosen : added;
        weight[k] = best ? (w > weight[k] ? w : weight[k]) : weight[k] + w;
        radars[k] |= known ? radar : 0;
    }
}

static void describe(int64_t n, const float *restrict quality_of, const float *restrict age_s, int32_t radar,
                     const int32_t *restrict radars, float *restrict best, float *restrict age, float *restrict weight)
{
    for (int64_t k = 0; k < n; k++) {
        const bool has = (radars[k] & radar) != 0, aged = has && age_s[k] == age_s[k];
        const float w = aged ? quality_of[k] + LEAST_WEIGHT : 0.0F;
        best[k] = has && quality_of[k] > best[k] ? quality_of[k] : best[k];
        age[k] += w * (aged ? age_s[k] : 0.0F);
        weight[k] += w;
    }
}

static void mean(int64_t n, const float *restrict weight, float *restrict sum)
{
    for (int64_t k = 0; k < n; k++) sum[k] = weight[k] > 0.0F ? sum[k] / (weight[k] > 0.0F ? weight[k] : 1.0F) : NAN;
}

static void sight(double sphere_m, double altitude_m, double reach_m, double ground_m, int64_t n,
                  const double *restrict z_m, float *restrict range_m, float *restrict elevation_deg)
{
    const double around = ground_m / sphere_m, half = sin(0.5 * around), sine = sin(around);
    for (int64_t k = 0; k < n; k++) {
        const double place = sphere_m + z_m[k];
        const float out = (float)(place * sine), up = (float)(z_m[k] - altitude_m - 2.0 * place * half * half);
        const float range = sqrtf(out * out + up * up);
        range_m[k] = range <= (float)reach_m ? range : INFINITY;
        elevation_deg[k] = atan2f(up, out) / DEGREE_F;
    }
}

/* ---- rays ---- */

/* The rays of a plane to either side of an azimuth: where their cells begin, and the weight of the second. */
typedef struct pair {
    int32_t first, second;
    float weight, after_s;
    bool found, looked_for;
} pair;

static pair find_pair(const nwc__plane *plane, float azimuth_deg, bool nearest)
{
    const float *const azimuth = plane->azimuth_deg;
    int32_t b = (int32_t)(azimuth_deg * (NWC__MOSAIC_BINS / 360.0F));
    b = b < 0 ? 0 : b >= NWC__MOSAIC_BINS ? NWC__MOSAIC_BINS - 1 : b;
    int32_t i = plane->bin[b];
    while (i > 0 && azimuth[i] > azimuth_deg) i--; /* the bin of a number that was rounded up */
    while (i < plane->n_rays && azimuth[i + 1] <= azimuth_deg) i++;
    const float gap = azimuth[i + 1] - azimuth[i], in = azimuth_deg - azimuth[i];
    float weight = gap > 0.0F ? in / gap : 0.0F;
    bool found = true;
    if (gap > plane->hole_deg) { /* half a usual step to either side of it is still that of the ray there */
        const float edge = 0.2F * plane->hole_deg;
        found = in <= edge || gap - in <= edge;
        weight = in <= edge ? 0.0F : 1.0F;
    }
    if (nearest) weight = weight < 0.5F ? 0.0F : 1.0F;
    return (pair){.first = plane->start + i * plane->row,
                  .second = plane->start + (i + 1) * plane->row,
                  .weight = weight,
                  .after_s = plane->after_s[i] + weight * (plane->after_s[i + 1] - plane->after_s[i]),
                  .found = found,
                  .looked_for = true};
}

static float azimuth_of(float east_m, float north_m)
{
    const float azimuth = atan2f(east_m, north_m) / DEGREE_F;
    return azimuth < 0.0F ? azimuth + 360.0F : azimuth;
}

/* ---- the eight points of every cell of a column ---- */

enum { LEVELS = NWC_MOSAIC_MOST_LEVELS };

/* Cells first to end - 1 lie between the planes lo and hi, f of the way; seen is 0 for those that do not. */
typedef struct between {
    int32_t first, end;
    int32_t lo[LEVELS], hi[LEVELS];
    float f[LEVELS], range_lo[LEVELS], range_hi[LEVELS], seen[LEVELS];
} between;

/* What is the same for all cells of a column: planes and their rays, as tables. */
typedef struct tables {
    float first_m[NWC__MOSAIC_SWEEPS], per_m[NWC__MOSAIC_SWEEPS], gates[NWC__MOSAIC_SWEEPS];
    float found[NWC__MOSAIC_SWEEPS], second[NWC__MOSAIC_SWEEPS], after_s[NWC__MOSAIC_SWEEPS];
    int32_t near[NWC__MOSAIC_SWEEPS], far[NWC__MOSAIC_SWEEPS]; /* where the two rays begin */
} tables;

/* Two gates of two rays of one plane: where they begin, and weights (ray, gate). */
typedef struct square {
    int32_t near[LEVELS], far[LEVELS];
    float weight[4][LEVELS];
    float inside[LEVELS]; /* the share of the plane, 0 where it has no gates there */
} square;

static void tabulate(const nwc__stack *stack, const pair *rays, int32_t first, int32_t last, tables *restrict to)
{
    for (int32_t t = first; t <= last; t++) {
        to->first_m[t] = stack->planes[t].first_m, to->per_m[t] = stack->planes[t].per_m;
        to->gates[t] = (float)(stack->planes[t].n_gates + 1);
        to->found[t] = rays[t].found ? 1.0F : 0.0F, to->second[t] = rays[t].weight, to->after_s[t] = rays[t].after_s;
        to->near[t] = rays[t].first, to->far[t] = rays[t].second;
    }
}

/* share: what the plane has of the cell; with nearest 0 or 1, and so are the weights of rays and gates. */
static void place_square(const tables *restrict of, int32_t first, int32_t end, const int32_t *restrict plane,
                         const float *restrict range_m, const float *restrict share, bool nearest, square *restrict to)
{
    for (int32_t k = first; k < end; k++) {
        const int32_t t = plane[k];
        /* In cells of a row, whose first and last are NaN; a range that is not finite is outside. */
        const float place = (range_m[k] - of->first_m[t]) * of->per_m[t] + 1.0F;
        const bool inside = place >= 0.0F && place < of->gates[t];
        const float at = inside ? place : 0.0F;
        const int32_t g = (int32_t)at;
        const float in = at - (float)g, b = nearest ? (in < 0.5F ? 0.0F : 1.0F) : in;
        const float all = inside ? share[k] * of->found[t] : 0.0F, second = all * of->second[t], near = all - second;
        to->near[k] = of->near[t] + g, to->far[k] = of->far[t] + g;
        to->weight[0][k] = near - near * b, to->weight[1][k] = near * b;
        to->weight[2][k] = second - second * b, to->weight[3][k] = second * b;
        to->inside[k] = all;
    }
}

static inline void add_known(float value, float weight, float *sum, float *known)
{
    const bool is = value == value;
    *sum += weight * (is ? value : 0.0F);
    *known += is ? weight : 0.0F;
}

static void sum_squares(const float *restrict cells, int32_t first, int32_t end, const square *restrict lo,
                        const square *restrict hi, float min_known, float *restrict value)
{
    for (int32_t k = first; k < end; k++) {
        float sum = 0.0F, known = 0.0F;
        add_known(cells[lo->near[k]], lo->weight[0][k], &sum, &known);
        add_known(cells[lo->near[k] + 1], lo->weight[1][k], &sum, &known);
        add_known(cells[lo->far[k]], lo->weight[2][k], &sum, &known);
        add_known(cells[lo->far[k] + 1], lo->weight[3][k], &sum, &known);
        add_known(cells[hi->near[k]], hi->weight[0][k], &sum, &known);
        add_known(cells[hi->near[k] + 1], hi->weight[1][k], &sum, &known);
        add_known(cells[hi->far[k]], hi->weight[2][k], &sum, &known);
        add_known(cells[hi->far[k] + 1], hi->weight[3][k], &sum, &known);
        const bool is = known > 0.0F && known >= min_known;
        value[k] = is ? sum / (is ? known : 1.0F) : NAN;
    }
}

/* dBZ: where there is echo, and how much of what is known has it. */
static inline void add_echo(float value, float weight, float *sum, float *echo, float *known)
{
    const bool is = value == value, has = value > NOTHING;
    *sum += weight * (has ? value : 0.0F);
    *echo += has ? weight : 0.0F;
    *known += is ? weight : 0.0F;
}

/* The mean dBZ of gates with echo as Z, spread over all that is known. */
static inline float echo_as_z(float sum, float echo, float known, float least)
{
    const bool is = known > 0.0F && known >= least, has = echo > 0.0F;
    const float mean_dbz = sum / (has ? echo : 1.0F), share = echo / (is ? known : 1.0F);
    return is ? share * power_of_two(mean_dbz / DB_PER_OCTAVE) : NAN;
}

static void sum_echo(const float *restrict cells, int32_t first, int32_t end, const square *restrict lo,
                     const square *restrict hi, float min_known, float *restrict value)
{
    for (int32_t k = first; k < end; k++) {
        float sum = 0.0F, echo = 0.0F, known = 0.0F;
        add_echo(cells[lo->near[k]], lo->weight[0][k], &sum, &echo, &known);
        add_echo(cells[lo->near[k] + 1], lo->weight[1][k], &sum, &echo, &known);
        add_echo(cells[lo->far[k]], lo->weight[2][k], &sum, &echo, &known);
        add_echo(cells[lo->far[k] + 1], lo->weight[3][k], &sum, &echo, &known);
        add_echo(cells[hi->near[k]], hi->weight[0][k], &sum, &echo, &known);
        add_echo(cells[hi->near[k] + 1], hi->weight[1][k], &sum, &echo, &known);
        add_echo(cells[hi->far[k]], hi->weight[2][k], &sum, &echo, &known);
        add_echo(cells[hi->far[k] + 1], hi->weight[3][k], &sum, &echo, &known);
        value[k] = echo_as_z(sum, echo, known, min_known);
    }
}

static void mean_of_eight(const nwc__stack *stack, const nwc__gathering *how, const pair *rays,
                          const between *restrict at, nwc__gathered *restrict out)
{
    const bool nearest = how->method == NWC_MOSAIC_NEAREST;
    tables of;
    square lo, hi;
    float share_lo[LEVELS], share_hi[LEVELS];
    if (at->first >= at->end) return;
    tabulate(stack, rays, at->lo[at->first], at->hi[at->end - 1], &of);
    for (int32_t k = at->first; k < at->end; k++) {
        const float f = nearest ? (at->f[k] < 0.5F ? 0.0F : 1.0F) : at->f[k];
        share_lo[k] = at->seen[k] - at->seen[k] * f, share_hi[k] = at->seen[k] * f;
    }
    place_square(&of, at->first, at->end, at->lo, at->range_lo, share_lo, nearest, &lo);
    place_square(&of, at->first, at->end, at->hi, at->range_hi, share_hi, nearest, &hi);
    for (int32_t q = 0; q < stack->n_quantities; q++)
        (stack->decibel[q] ? sum_echo : sum_squares)(stack->cells[q], at->first, at->end, &lo, &hi, how->min_known,
                                                     out->value[q]);
    for (int32_t k = at->first; k < at->end; k++) {
        const float all = lo.inside[k] + hi.inside[k];
        const float after = lo.inside[k] * of.after_s[at->lo[k]] + hi.inside[k] * of.after_s[at->hi[k]];
        out->age_s[k] = all > 0.0F ? -after / (all > 0.0F ? all : 1.0F) : NAN;
    }
}

static void clear(const nwc__stack *stack, int32_t nz, nwc__gathered *restrict out)
{
    for (int32_t q = 0; q < stack->n_quantities; q++)
        for (int32_t k = 0; k < nz; k++) out->value[q][k] = NAN;
    for (int32_t k = 0; k < nz; k++) out->age_s[k] = out->off_deg[k] = NAN;
    out->lowest_m = NAN;
}

/* The height of the lowest beam that passes over the column. */
static float lowest(const nwc__stack *stack, const nwc__gathering *how, pair *rays, float azimuth, double ground_m)
{
    for (int32_t t = 0; t < stack->n_planes; t++) {
        const nwc__plane *const plane = &stack->planes[t];
        if (!rays[t].looked_for) rays[t] = find_pair(plane, azimuth, how->method == NWC_MOSAIC_NEAREST);
        const double e = (double)plane->elevation_deg * 3.14159265358979 / 180.0, around = ground_m / how->sphere_m;
        if (!rays[t].found || !(e + around < 1.57)) continue;
        const double place = (how->sphere_m + how->altitude_m) * cos(e) / cos(e + around);
        const float range = (float)(place * sin(around) / cos(e));
        const int32_t ray = ((rays[t].weight < 0.5F ? rays[t].first : rays[t].second) - plane->start) / plane->row;
        const double gate = (range - plane->first_m) * plane->per_m;
        if (gate > -1.0 && gate < plane->n_gates && range < plane->clear_m[ray]) return (float)(place - how->sphere_m);
    }
    return NAN;
}

/* ---- columns ---- */

static void gather_still(const nwc__stack *stack, const nwc__gathering *how, const nwc__column *column, pair *rays,
                         float azimuth, nwc__gathered *restrict out)
{
    const nwc__plane *const plane = stack->planes;
    const float *restrict const elevation = column->elevation_deg;
    const int32_t top = stack->n_planes - 1;
    const float least = plane[0].elevation_deg - 0.5F * how->beam_deg;
    const float most = plane[top].elevation_deg + 0.5F * how->beam_deg;
    float edge[NWC__MOSAIC_SWEEPS] = {0.0F};
    between at; /* not cleared: it is large */
    at.first = 0, at.end = column->nz;
    for (int32_t t = 0; t <= top; t++) edge[t] = plane[t].elevation_deg;
    while (at.first < at.end && !(elevation[at.first] >= least)) at.first++;
    while (at.end > at.first && !(elevation[at.end - 1] <= most)) at.end--;
    for (int32_t k = at.first, t = -1; k < at.end; k++) { /* t: the last plane not above the cell */
        while (t < top && elevation[k] >= edge[t + 1]) t++;
        at.lo[k] = t < 0 ? 0 : t, at.hi[k] = t < 0 ? 0 : t < top ? t + 1 : top;
    }
    for (int32_t k = at.first; k < at.end; k++) {
        const float below = fabsf(elevation[k] - edge[at.lo[k]]), above = fabsf(edge[at.hi[k]] - elevation[k]);
        const float apart = below + above;
        at.f[k] = at.hi[k] > at.lo[k] ? below / (apart > 0.0F ? apart : 1.0F) : 0.0F;
        out->off_deg[k] = below < above ? below : above;
        at.range_lo[k] = at.range_hi[k] = column->range_m[k];
        at.seen[k] = 1.0F;
    }
    for (int32_t t = at.first < at.end ? at.lo[at.first] : 1, last = at.first < at.end ? at.hi[at.end - 1] : 0;
         t <= last; t++)
        rays[t] = find_pair(&plane[t], azimuth, how->method == NWC_MOSAIC_NEAREST);
    mean_of_eight(stack, how, rays, &at, out);
}

/* Where a plane looked at what is over the column now. */
typedef struct moved {
    double sine, versine; /* of the angle around the earth: 2 sin^2 of its half */
} moved;

typedef struct sighted {
    float range_m, elevation_deg;
} sighted;

static inline sighted sight_of(const nwc__gathering *how, moved at, double z_m)
{
    const double place = how->sphere_m + z_m;
    const float out = (float)(place * at.sine), up = (float)(z_m - how->altitude_m - place * at.versine);
    return (sighted){sqrtf(out * out + up * up), atan2f(up, out) / DEGREE_F};
}

/* The rays of every plane at the place where what is over the column was when they looked. */
static void find_moved(const nwc__stack *stack, const nwc__gathering *how, const nwc__column *column, float azimuth,
                       pair *rays, moved *at)
{
    const bool nearest = how->method == NWC_MOSAIC_NEAREST;
    for (int32_t t = 0; t < stack->n_planes; t++) {
        const nwc__plane *const plane = &stack->planes[t];
        const pair here = find_pair(plane, azimuth, false);
        const float after_s = here.found ? here.after_s : plane->after_s[(plane->n_rays + 1) / 2];
        const float east = column->east_m + after_s * column->east_m_s;
        const float north = column->north_m + after_s * column->north_m_s;
        const double around = hypot(east, north) / how->sphere_m, half = sin(0.5 * around);
        at[t] = (moved){sin(around), 2.0 * half * half};
        rays[t] = find_pair(plane, azimuth_of(east, north), nearest);
    }
}

static void gather_moved(const nwc__stack *stack, const nwc__gathering *how, const nwc__column *column, float azimuth,
                         nwc__gathered *restrict out)
{
    pair rays[NWC__MOSAIC_SWEEPS];
    moved place[NWC__MOSAIC_SWEEPS];
    const nwc__plane *const plane = stack->planes;
    const int32_t top = stack->n_planes - 1;
    find_moved(stack, how, column, azimuth, rays, place);
    between at; /* not cleared: it is large */
    at.first = 0, at.end = column->nz;
    for (int32_t k = 0, t = -1; k < column->nz; k++) {
        const double z_m = column->z_m[k];
        while (t < top && sight_of(how, place[t + 1], z_m).elevation_deg >= plane[t + 1].elevation_deg) t++;
        const int32_t lo = t < 0 ? 0 : t, hi = t < 0 ? 0 : t < top ? t + 1 : top;
        const sighted a = sight_of(how, place[lo], z_m), b = sight_of(how, place[hi], z_m);
        const float below = fabsf(a.elevation_deg - plane[lo].elevation_deg);
        const float above = fabsf(plane[hi].elevation_deg - b.elevation_deg);
        const bool beside = lo == hi && below > 0.5F * how->beam_deg, beyond = !(column->range_m[k] < INFINITY);
        at.lo[k] = lo, at.hi[k] = hi;
        at.f[k] = hi > lo ? below / (below + above) : 0.0F;
        at.range_lo[k] = a.range_m, at.range_hi[k] = b.range_m;
        at.seen[k] = beside || beyond ? 0.0F : 1.0F;
        out->off_deg[k] = below < above ? below : above;
    }
    mean_of_eight(stack, how, rays, &at, out);
}

/* ---- within a radius ---- */

/* What is summed of a cell. */
typedef struct sums {
    float value[NWC__MOSAIC_QUANTITIES], echo[NWC__MOSAIC_QUANTITIES], known[NWC__MOSAIC_QUANTITIES], all, after;
} sums;

/* The gates of one ray, whose axis passes across_2 (squared, m2) beside the cell, within a radius of it. */
static void add_ray(const nwc__stack *stack, const nwc__gathering *how, int32_t t, int32_t ray, float range_m,
                    float across_2, float radius_2, sums *into)
{
    const nwc__plane *const plane = &stack->planes[t];
    const float reach = sqrtf(radius_2 - across_2);
    const float low = (range_m - reach - plane->first_m) * plane->per_m, high = low + 2.0F * reach * plane->per_m;
    const int32_t first = low > 0.0F ? (int32_t)ceilf(low) : 0;
    const int32_t last = high < (float)(plane->n_gates - 1) ? (int32_t)floorf(high) : plane->n_gates - 1;
    for (int32_t g = first; g <= last; g++) {
        const float along = plane->first_m + (float)g / plane->per_m - range_m, d2 = across_2 + along * along;
        const float weight =
            how->method == NWC_MOSAIC_BARNES ? expf(-4.0F * d2 / radius_2) : (radius_2 - d2) / (radius_2 + d2);
        if (!(weight > 0.0F)) continue;
        into->all += weight;
        into->after += weight * plane->after_s[ray];
        for (int32_t q = 0; q < stack->n_quantities; q++) {
            const float value = stack->cells[q][plane->start + ray * plane->row + g + 1];
            if (stack->decibel[q])
                add_echo(value, weight, &into->value[q], &into->echo[q], &into->known[q]);
            else
                add_known(value, weight, &into->value[q], &into->known[q]);
        }
    }
}

/* The rays of one plane about an azimuth: outward from it to either side, each ray once. */
static void add_plane(const nwc__stack *stack, const nwc__gathering *how, int32_t t, sighted cell, float azimuth,
                      float up_m, float radius_m, sums *into)
{
    const nwc__plane *const plane = &stack->planes[t];
    const float per_deg = cell.range_m * cosf(cell.elevation_deg * DEGREE_F) * DEGREE_F, radius_2 = radius_m * radius_m;
    const int32_t n = plane->n_rays;
    const int32_t from = (find_pair(plane, azimuth, false).first - plane->start) / plane->row; /* 0 to n */
    for (int32_t side = 0; side < 2; side++) {
        for (int32_t step = 0; step < n; step++) {
            const int32_t ray = side ? (from + step) % n + 1 : (from - 1 - step + 2 * n) % n + 1;
            float turn = side ? plane->azimuth_deg[ray] - azimuth : azimuth - plane->azimuth_deg[ray];
            turn = turn < 0.0F ? turn + 360.0F : turn;
            const float across = turn * per_deg, across_2 = across * across + up_m * up_m;
            if (turn >= 180.0F || !(across_2 < radius_2)) break;
            add_ray(stack, how, t, ray, cell.range_m, across_2, radius_2, into);
        }
    }
}

static void gather_within(const nwc__stack *stack, const nwc__gathering *how, const nwc__column *column, float azimuth,
                          nwc__gathered *restrict out)
{
    for (int32_t k = 0; k < column->nz; k++) {
        const sighted cell = {column->range_m[k], column->elevation_deg[k]};
        if (!(cell.range_m < INFINITY)) continue;
        const float wide = how->radius_beams * how->beam_deg * DEGREE_F * cell.range_m;
        const float radius = wide > how->radius_min_m ? wide : how->radius_min_m;
        sums into = {.all = 0.0F};
        float off = INFINITY;
        for (int32_t t = 0; t < stack->n_planes; t++) {
            const float angle = fabsf(cell.elevation_deg - stack->planes[t].elevation_deg);
            const float up = angle * DEGREE_F * cell.range_m;
            if (!(up < radius)) continue;
            off = angle < off ? angle : off;
            add_plane(stack, how, t, cell, azimuth, up, radius, &into);
        }
        if (!(into.all > 0.0F)) continue;
        for (int32_t q = 0; q < stack->n_quantities; q++) {
            const float known = into.known[q], least = how->min_known * into.all;
            if (stack->decibel[q])
                out->value[q][k] = echo_as_z(into.value[q], into.echo[q], known, least);
            else
                out->value[q][k] = known > 0.0F && known >= least ? into.value[q] / known : NAN;
        }
        out->age_s[k] = -into.after / into.all;
        out->off_deg[k] = off;
    }
}

static void gather(const nwc__stack *stack, const nwc__gathering *how, const nwc__column *column,
                   nwc__gathered *restrict out)
{
    pair rays[NWC__MOSAIC_SWEEPS];
    const float azimuth = azimuth_of(column->east_m, column->north_m);
    for (int32_t t = 0; t < stack->n_planes; t++) rays[t].looked_for = false;
    clear(stack, column->nz, out);
    if (how->method == NWC_MOSAIC_BARNES || how->method == NWC_MOSAIC_CRESSMAN)
        gather_within(stack, how, column, azimuth, out);
    else if (column->east_m_s != 0.0F || column->north_m_s != 0.0F)
        gather_moved(stack, how, column, azimuth, out);
    else
        gather_still(stack, how, column, rays, azimuth, out);
    out->lowest_m = lowest(stack, how, rays, azimuth, hypot(column->east_m, column->north_m));
}

const struct nwc__mosaic_kernels NWC__NAME(nwc__mosaic_kernels) = {.sight = sight,
                                                                   .prepare_ray = prepare_ray,
                                                                   .gather = gather,
                                                                   .quality = quality,
                                                                   .weigh = weigh,
                                                                   .describe = describe,
                                                                   .mean = mean,
                                                                   .to_dbz = to_dbz};

/*
 * Backgrounds over height from points, their levels, and what they look like on a grid.
 *
 * Between soundings and beyond them the wind is a random walk, as it is for radars; see background_walk.c. Density follows from
 * pressure and temperature (dry air: humidity changes it by 1 % at most), and between heights its logarithm less that of the
 * standard atmosphere is linear.
 */
#include "wind/background.h"
#include "core/atmosphere.h"

#include <stdlib.h>

#define GAS 287.05287
#define GRAVITY 9.80665
#define EARTH_M 6371229.0
#define POINT_ERROR 1.0
#define POINT_SPREAD 3.0
#define POINT_STEP_M 100.0
#define SAME_HEIGHT_M 0.01
#define HUBER 2.5   /* errors: points of a profile were checked by whoever sent them, */
#define TOO_FAR 6.0 /* and what is farther off is wrong */
#define MAD 1.4826  /* standard deviation of a normal distribution over its median absolute deviation */

enum { MOST_HEIGHTS = 10000, ROUNDS = 8 };

void nwc_background_options_init(nwc_background_options *options)
{
    if (options)
        *options = (nwc_background_options){.struct_size = sizeof *options,
                                            .min_range_m = 2e3,
                                            .max_range_m = 120e3,
                                            .max_elevation_deg = 30.0,
                                            .box_m = 10e3,
                                            .depth_m = 250.0,
                                            .spread_m_s = NAN,
                                            .most_error_m_s = 15.0};
}

nwc_status nwc__background_take(const nwc_background_options *given, nwc_background_options *o)
{
    nwc_background_options_init(o);
    NWC__TRY(nwc__take_options(o, sizeof *o, given, "options"));
    if (!(o->min_range_m >= 0.0 && o->max_range_m > o->min_range_m && o->max_range_m <= 500e3))
        return nwc__fail(NWC_ERR_ARG, "min_range_m, max_range_m: a stretch within 500 km expected, %g to %g given",
                         o->min_range_m, o->max_range_m);
    if (!(o->max_elevation_deg >= o->min_elevation_deg && o->min_elevation_deg >= -5.0 && o->max_elevation_deg <= 90.0))
        return nwc__fail(NWC_ERR_ARG,
                         "min_elevation_deg, max_elevation_deg: angles of -5 to 90 expected, %g to %g given",
                         o->min_elevation_deg, o->max_elevation_deg);
    if (!(o->box_m >= 1000.0 && o->box_m <= 50e3))
        return nwc__fail(NWC_ERR_ARG, "box_m: 1000 to 50000 expected, %g given", o->box_m);
    if (!(o->depth_m >= 50.0 && o->depth_m <= 1000.0))
        return nwc__fail(NWC_ERR_ARG, "depth_m: 50 to 1000 expected, %g given", o->depth_m);
    if (!(o->walk >= 0.0 && o->walk <= 1.0)) return nwc__fail(NWC_ERR_ARG, "walk: 0 to 1 expected, %g given", o->walk);
    if (!(isnan(o->spread_m_s) || (o->spread_m_s >= 0.0 && isfinite(o->spread_m_s))))
        return nwc__fail(NWC_ERR_ARG, "spread_m_s: 0 or more expected, or NaN, %g given", o->spread_m_s);
    if (!(o->most_error_m_s > 0.0 && isfinite(o->most_error_m_s)))
        return nwc__fail(NWC_ERR_ARG, "most_error_m_s: above 0 expected, %g given", o->most_error_m_s);
    return NWC_OK;
}

nwc_status nwc__background_check_heights(const double *height_m, int64_t n_heights, const nwc_background_level *levels)
{
    if (!height_m || !levels || n_heights < 1 || n_heights > MOST_HEIGHTS)
        return nwc__fail(NWC_ERR_ARG, "height_m, levels: 1 to %d heights expected, %lld given", MOST_HEIGHTS,
                         (long long)n_heights);
    for (int64_t h = 0; h < n_heights; h++)
        if (!(fabs(height_m[h]) <= 1e5) || (h && !(height_m[h] > height_m[h - 1])))
            return nwc__fail(NWC_ERR_ARG, "height_m: increasing heights within 100 km expected, %g given at %lld",
                             height_m[h], (long long)h);
    return NWC_OK;
}

/* ---- density ---- */

/* Of the standard atmosphere; above the 80 km that its layers reach it goes on falling by half in 5 km. */
double nwc__standard_density(double height_m)
{
    const double z = height_m < 80e3 ? height_m : 80e3, top = height_m - z;
    const double geopotential = EARTH_M * z / (EARTH_M + z), step = 1.0;
    const double below = nwc__standard_pressure(geopotential - 0.5 * step);
    const double above = nwc__standard_pressure(geopotential + 0.5 * step);
    return (below - above) / (step * GRAVITY) * exp2(-top / 5e3); /* hydrostatic: dp = -rho g dH */
}

struct air {
    double height, logarithm; /* of its density over that of the standard atmosphere */
};

static int by_height(const void *a, const void *b)
{
    const double x = ((const struct air *)a)->height, y = ((const struct air *)b)->height;
    return (x > y) - (x < y);
}

static int64_t take_air(const nwc_background_point *points, int64_t n, struct air *air)
{
    int64_t known = 0;
    for (int64_t i = 0; i < n; i++) {
        const nwc_background_point *const p = &points[i];
        if (!(fabs(p->height_m) <= 1e5 && p->pressure_pa > 0.0 && p->temperature_k > 0.0)) continue;
        const double density = p->pressure_pa / (GAS * p->temperature_k);
        const double logarithm = log(density / nwc__standard_density(p->height_m));
        if (fabs(logarithm) < 1.0) air[known++] = (struct air){p->height_m, logarithm}; /* else not of this earth */
    }
    qsort(air, (size_t)known, sizeof *air, by_height);
    return known;
}

static double density_at(const struct air *air, int64_t n, double height)
{
    int64_t above = 0;
    while (above < n && air[above].height < height) above++;
    const struct air *const low = &air[above > 0 ? above - 1 : 0], *const high = &air[above < n ? above : n - 1];
    const double apart = high->height - low->height, share = apart > 0.0 ? (height - low->height) / apart : 0.0;
    return nwc__standard_density(height) * exp(low->logarithm + share * (high->logarithm - low->logarithm));
}

/* ---- levels ---- */

nwc_background_level nwc__background_nothing(double height_m, double most_error_m_s)
{
    return (nwc_background_level){.height_m = height_m,
                                  .u_error_m_s = most_error_m_s,
                                  .v_error_m_s = most_error_m_s,
                                  .error_m_s = most_error_m_s,
                                  .density_kg_m3 = nwc__standard_density(height_m),
                                  .flags = NWC_BACKGROUND_NO_DATA | NWC_BACKGROUND_STANDARD_AIR};
}

void nwc__background_level_of(const nwc__walk *walk, double most_error_m_s, nwc_background_level *level)
{
    double part[NWC__WALK_PARTS], u, v;
    nwc__walk_at(walk, level->height_m, part);
    nwc__walk_variance(walk, level->height_m, &u, &v);
    level->u_m_s = part[0], level->v_m_s = part[1];
    level->u_error_m_s = fmin(sqrt(u), most_error_m_s);
    level->v_error_m_s = fmin(sqrt(v), most_error_m_s);
    level->error_m_s = fmin(sqrt(0.5 * (u + v) + level->spread_m_s * level->spread_m_s), most_error_m_s);
}

/* ---- points ---- */

/* Each point twice, for u and for v. */
static int64_t take_points(const nwc_background_point *points, int64_t n, nwc__walk_datum *data, double *low,
                           double *high)
{
    int64_t known = 0;
    *low = INFINITY, *high = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        const nwc_background_point *const p = &points[i];
        if (!(fabs(p->height_m) <= 1e5 && isfinite(p->u_m_s) && isfinite(p->v_m_s))) continue;
        const double error = p->error_m_s > 0.0 && isfinite(p->error_m_s) ? p->error_m_s : POINT_ERROR;
        nwc__walk_datum datum = {.height_m = p->height_m, .variance = error * error, .weight = 1.0};
        datum.a[0] = 1.0, datum.y = p->u_m_s;
        data[known++] = datum;
        datum.a[0] = 0.0, datum.a[1] = 1.0, datum.y = p->v_m_s;
        data[known++] = datum;
        *low = fmin(*low, p->height_m), *high = fmax(*high, p->height_m);
    }
    return known;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How many errors each datum is off; and by how much they all are too small, at least 1. */
static double find_offs(const nwc__walk *walk, const nwc__walk_datum *data, const double *error, int64_t n, double *off,
                        double *sorted)
{
    for (int64_t i = 0; i < n; i++) {
        double part[NWC__WALK_PARTS];
        nwc__walk_at(walk, data[i].height_m, part);
        off[i] = fabs(data[i].y - data[i].a[0] * part[0] - data[i].a[1] * part[1]) / error[i];
    }
    memcpy(sorted, off, (size_t)n * sizeof *off);
    qsort(sorted, (size_t)n, sizeof *sorted, by_size);
    return fmax(1.0, MAD * 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]));
}

/* Where profiles do not agree the errors they are given are too small, all of them; what is far off even so is left out. */
static void fit_points(nwc__walk *walk, bool find_rate, nwc__walk_datum *data, int64_t n, double *work)
{
    double *const error = work, *const off = work + n, *const sorted = work + 2 * n;
    for (int64_t i = 0; i < n; i++) error[i] = sqrt(data[i].variance);
    for (int round = 0; round < ROUNDS; round++) {
        if (find_rate && round % 4 == 3)
            nwc__walk_find_rate(walk, data, n);
        else
            nwc__walk_fit(walk, data, n, NULL);
        if (round + 1 == ROUNDS) break;
        const double more = find_offs(walk, data, error, n, off, sorted);
        for (int64_t i = 0; i < n; i++) {
            const double far = off[i] / more;
            data[i].variance = error[i] * error[i] * more * more;
            data[i].weight = far > TOO_FAR ? 0.0 : far > HUBER ? HUBER / far : 1.0;
        }
    }
}

/* Points within depth of a height; none above it, or none below, is beyond. */
static int32_t count_points(const nwc__walk_datum *data, int64_t n, double height, double depth, int64_t *near)
{
    bool above = false, below = false;
    *near = 0;
    for (int64_t i = 0; i < n; i += 2) {
        const double up = data[i].height_m - height;
        above |= up >= -SAME_HEIGHT_M, below |= up <= SAME_HEIGHT_M;
        *near += fabs(up) <= depth;
    }
    return *near ? 0 : above && below ? NWC_BACKGROUND_GAP : NWC_BACKGROUND_BEYOND;
}

static void fill_points(const nwc__walk *walk, const nwc_background_options *o, const nwc__walk_datum *data, int64_t n,
                        const struct air *air, int64_t n_air, const double *height_m, int64_t n_heights,
                        nwc_background_level *levels)
{
    for (int64_t h = 0; h < n_heights; h++) {
        nwc_background_level *const level = &levels[h];
        if (n_air) level->density_kg_m3 = density_at(air, n_air, height_m[h]);
        if (n_air) level->flags &= ~NWC_BACKGROUND_STANDARD_AIR;
        if (!n) continue;
        level->flags &= ~NWC_BACKGROUND_NO_DATA;
        level->flags |= count_points(data, n, height_m[h], o->depth_m, &level->n);
        level->spread_m_s = isnan(o->spread_m_s) ? POINT_SPREAD : o->spread_m_s;
        nwc__background_level_of(walk, o->most_error_m_s, level);
    }
}

nwc_status nwc_background_points(nwc_ctx *ctx, const nwc_background_point *points, int64_t n_points,
                                 const double *height_m, int64_t n_heights, const nwc_background_options *given,
                                 nwc_background_level *levels)
{
    ctx = nwc__ctx(ctx);
    nwc_background_options options;
    NWC__TRY(nwc__background_take(given, &options));
    NWC__TRY(nwc__background_check_heights(height_m, n_heights, levels));
    if (n_points < 0 || (n_points && !points))
        return nwc__fail(NWC_ERR_ARG, "points: %lld of them expected, NULL given", (long long)n_points);
    nwc_status status = NWC_OK;
    nwc__walk walk = {0};
    nwc__walk_datum *data = NULL;
    struct air *air = NULL;
    double *work = NULL, low, high;
    for (int64_t h = 0; h < n_heights; h++) levels[h] = nwc__background_nothing(height_m[h], options.most_error_m_s);
    NWC__ALLOC(ctx, data, 2 * n_points);
    NWC__ALLOC(ctx, work, 6 * n_points);
    NWC__ALLOC(ctx, air, n_points);
    const int64_t n = take_points(points, n_points, data, &low, &high), n_air = take_air(points, n_points, air);
    if (n) {
        const double step = fmax(POINT_STEP_M, (high - low) / 1000.0);
        if ((status = nwc__walk_create(ctx, low, high, step, &walk)) != NWC_OK) goto done;
        if (options.walk > 0.0) walk.rate = options.walk;
        fit_points(&walk, !(options.walk > 0.0), data, n, work);
    }
    fill_points(&walk, &options, data, n, air, n_air, height_m, n_heights, levels);
    if (!n) status = nwc__fail(NWC_ERR_NODATA, "points: no wind at a height that is known");
done:
    nwc__walk_release(ctx, &walk);
    nwc__free(ctx, air);
    nwc__free(ctx, work);
    nwc__free(ctx, data);
    return status;
}

/* WINDEX (McCann 1994, eq. 1) and GUSTEX (Geerts 2001) from temperature and humidity in space. */
#include "wind/level.h"

#include <nowcast/wind_kinematics.h>

#define MELTING_K 273.15
#define MOIST_M 1000.0 /* depth of the layer whose moisture counts */
#define KNOT 0.514444
#define FULL_MOISTURE 12.0 /* g kg-1 */
#define DRAG 30.0          /* K2 km-2: 5.5 squared, below which draughts do not reach the ground */

struct job {
    const nwc_wind_cube *cube;
    const nwc_field *temperature, *humidity, *mean_u, *mean_v;
    nwc_field *windex, *gustex;
};

static double mixing_ratio(double specific)
{
    return 1e3 * specific / (1.0 - specific);
}

/* Levels above the ground at which temperature and humidity are known, one after the other. */
struct level {
    double height, temperature, ratio;
};

static bool next_level(const struct job *job, int64_t j, int64_t i, double ground, int64_t *k, struct level *level)
{
    for (; *k < job->temperature->dim[0]; (*k)++) {
        *level =
            (struct level){job->cube->u->grid->z_m[*k] - ground, (double)*nwc__level_cell(job->temperature, *k, j, i),
                           mixing_ratio((double)*nwc__level_cell(job->humidity, *k, j, i))};
        if (level->height > 0.0 && isfinite(level->temperature) && isfinite(level->ratio)) {
            (*k)++;
            return true;
        }
    }
    return false;
}

/* WINDEX, m s-1. Below the lowest known level moisture is as there. */
static double windex_of(const struct job *job, int64_t j, int64_t i, double ground)
{
    int64_t k = 0;
    struct level first, below, above;
    if (isnan(ground) || !next_level(job, j, i, ground, &k, &first)) return NAN;
    if (first.temperature <= MELTING_K) return 0.0;
    double moisture = first.ratio * fmin(first.height, MOIST_M), melting = NAN, ratio = NAN;
    bool deep = first.height >= MOIST_M;
    below = first;
    while ((isnan(melting) || !deep) && next_level(job, j, i, ground, &k, &above)) {
        if (!deep) {
            const double top = fmin(above.height, MOIST_M),
                         share = (top - below.height) / (above.height - below.height);
            moisture += (top - below.height) * (below.ratio + 0.5 * share * (above.ratio - below.ratio));
            deep = above.height >= MOIST_M;
        }
        if (isnan(melting) && above.temperature <= MELTING_K) {
            const double share = (below.temperature - MELTING_K) / (below.temperature - above.temperature);
            melting = below.height + share * (above.height - below.height);
            ratio = below.ratio + share * (above.ratio - below.ratio);
        }
        below = above;
    }
    if (isnan(melting) || !deep) return NAN;
    const double lapse = 1e3 * (first.temperature - MELTING_K) / fmax(melting - first.height, 1.0);
    const double q = moisture / MOIST_M;
    const double under = 1e-3 * melting * fmin(q / FULL_MOISTURE, 1.0) * (lapse * lapse - DRAG + q - 2.0 * ratio);
    return under > 0.0 ? KNOT * 5.0 * sqrt(under) : 0.0;
}

static nwc_status burst_row(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->cube->u->dim[2]; i++) {
        const double ground = job->cube->ground_m ? (double)*nwc__flat_cell(job->cube->ground_m, j, i) : 0.0;
        const double windex = windex_of(job, j, i, ground);
        if (job->windex) *nwc__flat_cell(job->windex, j, i) = (float)windex;
        if (!job->gustex) continue;
        const double mean =
            hypot((double)*nwc__flat_cell(job->mean_u, j, i), (double)*nwc__flat_cell(job->mean_v, j, i));
        *nwc__flat_cell(job->gustex, j, i) = (float)(0.5 * windex + 0.5 * mean);
    }
    return NWC_OK;
}

nwc_status nwc_wind_burst(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_field *temperature,
                          const nwc_field *humidity, const nwc_wind_level_options *levels, nwc_field *windex,
                          nwc_field *gustex)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__level_check_cube(ctx, cube));
    NWC__TRY(nwc__check_field(temperature, "temperature", 3));
    NWC__TRY(nwc__check_field(humidity, "humidity", 3));
    NWC__TRY(nwc__level_check_levels(temperature, "temperature", cube, cube->u->dim[0]));
    NWC__TRY(nwc__level_check_levels(humidity, "humidity", cube, cube->u->dim[0]));
    NWC__TRY(nwc__level_check_flat(windex, "windex", cube, true));
    NWC__TRY(nwc__level_check_flat(gustex, "gustex", cube, true));
    nwc_status status = NWC_OK;
    nwc_field mean[2] = {{0}, {0}};
    struct job job = {cube, temperature, humidity, &mean[0], &mean[1], windex, gustex};
    if (gustex) {
        const nwc_wind_storm storm = {.mean_u = &mean[0], .mean_v = &mean[1]};
        for (int c = 0; c < 2; c++)
            if ((status = nwc_field_create(ctx, cube->u->grid, 0, "m s-1", &mean[c])) != NWC_OK) goto done;
        if ((status = nwc_wind_storm_motion(ctx, cube, levels, &storm)) != NWC_OK) goto done;
    }
    status = nwc__for_each_tile(ctx, "bursts", cube->u->dim[1], burst_row, &job);
done:
    for (int c = 0; c < 2; c++) nwc_field_release(ctx, &mean[c]);
    return status;
}

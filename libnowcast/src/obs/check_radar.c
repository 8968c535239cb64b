/*
 * Gauges beside a radar, by the classes of Qi et al. (2016, J. Hydrometeor.): false zero, false rain, outliers; theirs are curves
 * and further inputs, the three limits here are ours. What fell at a
 * cell between two frames is taken as the mean of the two rates; the first and last half interval of the gauge use the nearest.
 */
#include "obs/check.h"

#define MOST_GAP_S 900.0
#define RAIN_MM 1.0 /* below it drops in between decide */
#define NOTHING_MM 0.1
#define MOST_RATIO 10.0

struct frames {
    const nwc_field *rates;
    const int64_t *times_ns;
    int32_t n;
};

/* What fell at cell (j, i) from start to end; NaN where the radar did not look all the time. */
static double fell(const struct frames *frames, int64_t start_ns, int64_t end_ns, int64_t j, int64_t i)
{
    double sum_mm = 0.0, covered_ns = 0.0;
    for (int32_t f = 0; f < frames->n; f++) {
        /* Each frame stands for the time nearest to it. */
        const int64_t t = frames->times_ns[f];
        const double before = f > 0 ? 0.5 * (double)(t - frames->times_ns[f - 1]) : 0.5e9 * MOST_GAP_S;
        const double after = f + 1 < frames->n ? 0.5 * (double)(frames->times_ns[f + 1] - t) : 0.5e9 * MOST_GAP_S;
        const double from = fmax((double)start_ns - (double)t, -fmin(before, 0.5e9 * MOST_GAP_S));
        const double to = fmin((double)end_ns - (double)t, fmin(after, 0.5e9 * MOST_GAP_S));
        if (!(to > from)) continue;
        const nwc_field *const rate = &frames->rates[f];
        const double value = (double)rate->data[j * rate->stride[0] + i * rate->stride[1]];
        if (isnan(value)) return NAN;
        sum_mm += value * (to - from) / 3.6e12;
        covered_ns += to - from;
    }
    return covered_ns >= 0.999 * (double)(end_ns - start_ns) ? sum_mm : (double)NAN;
}

static bool unlike(double gauge_mm, double least_mm, double most_mm)
{
    if (gauge_mm < NOTHING_MM && least_mm >= RAIN_MM) return true; /* false zero */
    if (gauge_mm >= RAIN_MM && most_mm < NOTHING_MM) return true;  /* false rain */
    if (gauge_mm < RAIN_MM && least_mm < RAIN_MM) return false;
    return gauge_mm > MOST_RATIO * most_mm || gauge_mm * MOST_RATIO < least_mm;
}

static void check_row(const struct frames *frames, const struct nwc__obs_cells *cells, int64_t r, double x, double y,
                      int32_t reach)
{
    const nwc_grid *const grid = frames->rates[0].grid;
    const double column = floor((x - grid->x_first) / grid->dx + 0.5),
                 line = floor((y - grid->y_first) / grid->dy + 0.5);
    double least = INFINITY, most = -INFINITY;
    if (!(column >= reach && column < (double)grid->nx - reach && line >= reach && line < (double)grid->ny - reach))
        return;
    const int64_t end = cells->time_ns[r], start = end - (int64_t)(1e9 * cells->duration_s[r]);
    for (int64_t j = (int64_t)line - reach; j <= (int64_t)line + reach; j++)
        for (int64_t i = (int64_t)column - reach; i <= (int64_t)column + reach; i++) {
            const double mm = fell(frames, start, end, j, i);
            if (isnan(mm)) return;
            least = fmin(least, mm), most = fmax(most, mm);
        }
    if (unlike(cells->value[r], least, most)) {
        cells->flags[r] |= NWC_OBS_UNLIKE_RADAR;
        cells->quality[r] = nwc__quality_of(cells->flags[r]);
    } else if (isnan(cells->quality[r])) {
        cells->quality[r] = 1.0f;
    }
}

static nwc_status check_arguments(nwc_ctx *ctx, const nwc_obs *obs, const nwc_field *rates, const int64_t *times_ns,
                                  int32_t n_frames, int32_t reach)
{
    if (!obs || !rates || !times_ns || n_frames < 1)
        return nwc__fail(NWC_ERR_ARG, "obs, rates, times_ns: a table and 1 frame or more expected, %d given",
                         (int)n_frames);
    if (reach < 0) return nwc__fail(NWC_ERR_ARG, "reach: 0 or more cells expected, %d given", (int)reach);
    for (int32_t f = 0; f < n_frames; f++) {
        const nwc_field *const rate = &rates[f];
        const nwc_grid *const grid = rate->grid;
        if (!rate->data || rate->ndim != 2 || !grid || rate->dim[0] != grid->ny || rate->dim[1] != grid->nx)
            return nwc__fail(NWC_ERR_ARG, "rates[%d]: a field (y, x) on a grid expected", (int)f);
        if (!rate->units || strcmp(rate->units, "mm h-1") != 0)
            return nwc__fail(NWC_ERR_ARG, "rates[%d]: units mm h-1 expected, %s given", (int)f,
                             rate->units ? rate->units : "none");
        if (f == 0) {
            NWC__TRY(nwc_grid_check(ctx, grid));
            continue;
        }
        if (grid->nx != rates[0].grid->nx || grid->ny != rates[0].grid->ny)
            return nwc__fail(NWC_ERR_ARG, "rates[%d]: the grid of the first frame expected", (int)f);
        if (times_ns[f] <= times_ns[f - 1])
            return nwc__fail(NWC_ERR_ARG, "times_ns[%d]: a time after the one before expected", (int)f);
    }
    return NWC_OK;
}

nwc_status nwc_obs_check_radar(nwc_ctx *ctx, nwc_obs *obs, const nwc_field *rates, const int64_t *times_ns,
                               int32_t n_frames, int32_t reach)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check_arguments(ctx, obs, rates, times_ns, n_frames, reach));
    const struct nwc__obs_cells cells = nwc__obs_cells(obs);
    const struct frames frames = {rates, times_ns, n_frames};
    nwc_obs_facts facts;
    double *x = NULL, *y = NULL, *longitude = NULL, *latitude = NULL;
    nwc_status status = nwc_obs_describe(obs, &facts);
    if (status != NWC_OK) return status;
    NWC__ALLOC(ctx, x, facts.n_rows);
    NWC__ALLOC(ctx, y, facts.n_rows);
    NWC__ALLOC(ctx, longitude, facts.n_rows);
    NWC__ALLOC(ctx, latitude, facts.n_rows);
    for (int64_t r = 0; r < facts.n_rows; r++) { /* what has no place is put on the equator, and not looked at */
        longitude[r] = isnan(cells.longitude_deg[r]) ? 0.0 : cells.longitude_deg[r];
        latitude[r] = isnan(cells.latitude_deg[r]) ? 0.0 : cells.latitude_deg[r];
    }
    if ((status = nwc_grid_from_lonlat(ctx, rates[0].grid, facts.n_rows, longitude, latitude, x, y)) != NWC_OK)
        goto done;
    for (int64_t r = 0; r < facts.n_rows; r++) {
        cells.flags[r] &= ~(uint32_t)NWC_OBS_UNLIKE_RADAR;
        if (cells.quantity[r] == NWC_QUANTITY_RAIN_AMOUNT && cells.duration_s[r] > 0.0 && cells.lead_s[r] == 0.0 &&
            cells.time_ns[r] != NWC_TIME_UNKNOWN && !isnan(cells.longitude_deg[r]) && !isnan(cells.latitude_deg[r]))
            check_row(&frames, &cells, r, x[r], y[r], reach);
    }
done:
    nwc__free(ctx, latitude);
    nwc__free(ctx, longitude);
    nwc__free(ctx, y);
    nwc__free(ctx, x);
    return status;
}

/*
 * Checks of surface stations. Possible values, steps and least variations follow Zahumensky (2004), Guidelines on quality control
 * procedures for data from automatic weather stations (WMO CBS/OPAG-IOS), whose limits are for a minute: longer steps may be
 * larger by the root of their length, as in a random walk. A value is a step when it leaves what is before and after it to the same
 * side (a spike), or jumps by three times as much and stays: fronts and outflows jump too, but not so far.
 *
 * Theirs are the ranges of temperature, dew point, pressure at the station and wind, what a humidity, a pressure and a wind may
 * change in a minute before they are in error (a temperature: before it is suspect), the least variations, and 40 mm of rain in a
 * minute. Ours are gusts of up to twice their wind, the 5 % above saturation that sensors show, pressures reduced to the sea,
 * visibility, longer amounts and the electric field.
 */
#include "obs/check.h"

#define MOST_GAP_S 10800.0 /* over which a step says nothing */
#define LASTING_FACTOR 3.0

enum { LEAST_STUCK = 18 }; /* values in whole degrees, once an hour, may well be the same for three */

static const struct nwc__limits limits[] = {
    {NWC_QUANTITY_AIR_TEMPERATURE, 193.15, 333.15, 3.0, 0.1, NAN, NAN, 0.6, 1.0, -0.0065, false},
    {NWC_QUANTITY_DEW_POINT, 193.15, 308.15, 4.0, 0.1, NAN, NAN, 1.0, 2.0, NAN, false},
    {NWC_QUANTITY_RELATIVE_HUMIDITY, 0.0, 1.05, 0.15, 0.01, 0.95, 1.05, 0.09, NAN, NAN, false}, /* it stays saturated */
    {NWC_QUANTITY_AIR_PRESSURE, 50000.0, 110000.0, 200.0, 10.0, NAN, NAN, 50.0, NAN, NAN, false},
    {NWC_QUANTITY_SEA_LEVEL_PRESSURE, 87000.0, 108500.0, 200.0, 10.0, NAN, NAN, 50.0, 50.0, 0.0, false},
    {NWC_QUANTITY_ALTIMETER_SETTING, 87000.0, 108500.0, 200.0, NAN, NAN, NAN, 50.0, 50.0, 0.0, false},
    {NWC_QUANTITY_WIND_SPEED, 0.0, 75.0, 20.0, 0.5, 0.0, 0.5, 2.0, NAN, NAN, false}, /* calms last */
    {NWC_QUANTITY_WIND_FROM_DIRECTION, 0.0, 360.0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false},
    {NWC_QUANTITY_GUST_SPEED, 0.0, 150.0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false},
    {NWC_QUANTITY_RAIN_AMOUNT, 0.0, 2000.0, NAN, 1e-9, 0.0, 0.0, NAN, 1.0, 0.0,
     true}, /* no rain lasts; see most_rain */
    {NWC_QUANTITY_VISIBILITY, 0.0, 400000.0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, false},
    {NWC_QUANTITY_ELECTRIC_FIELD, -200000.0, 200000.0, NAN, 1e-9, NAN, NAN, NAN, NAN, NAN, false},
};

const struct nwc__limits *nwc__limits_of(int32_t quantity)
{
    for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++)
        if (limits[l].quantity == quantity) return &limits[l];
    return NULL;
}

void nwc_obs_check_options_init(nwc_obs_check_options *options)
{
    if (options)
        *options =
            (nwc_obs_check_options){.struct_size = sizeof *options,
                                    .tests = NWC_OBS_OUT_OF_RANGE | NWC_OBS_STEP | NWC_OBS_STUCK |
                                             NWC_OBS_UNLIKE_NEIGHBOURS | NWC_OBS_UNLIKE_TWIN | NWC_OBS_INCONSISTENT,
                                    .step_factor = 1.0,
                                    .stuck_s = 10800.0,
                                    .radius_m = 50000.0,
                                    .least_neighbours = 5,
                                    .spread_factor = 4.0,
                                    .window_s = 300.0,
                                    .twin_m = 100.0};
}

bool nwc__same_series(const struct nwc__obs_cells *cells, int64_t a, int64_t b)
{
    const double ha = cells->height_m[a], hb = cells->height_m[b];
    return cells->station[a] == cells->station[b] && cells->quantity[a] == cells->quantity[b] &&
           cells->duration_s[a] == cells->duration_s[b] && (ha == hb || (isnan(ha) && isnan(hb)));
}

static double seconds_between(const struct nwc__obs_cells *cells, int64_t earlier, int64_t later)
{
    return 1e-9 * ((double)cells->time_ns[later] - (double)cells->time_ns[earlier]);
}

/* ---- one value ---- */

/* No shower gives more in so many seconds: the world's records lie on 363 mm times the root of hours (WMO-No. 8). */
static double most_rain(double duration_s)
{
    return fmax(40.0, 1.2 * 363.0 * sqrt(duration_s / 3600.0));
}

static void check_range(const struct nwc__check *check, int64_t r, const struct nwc__limits *limit)
{
    const struct nwc__obs_cells *const cells = &check->cells;
    const double value = cells->value[r];
    const double high = limit->quantity == NWC_QUANTITY_RAIN_AMOUNT ? most_rain(cells->duration_s[r]) : limit->high;
    if (!(value >= limit->low && value <= high)) cells->flags[r] |= NWC_OBS_OUT_OF_RANGE;
}

/* ---- a series ---- */

/* How far the value may be from one that many seconds away; INFINITY where nothing can be said. */
static double most_step(const struct nwc__check *check, const struct nwc__limits *limit, double seconds)
{
    if (!(seconds > 0.0 && seconds <= MOST_GAP_S)) return INFINITY;
    return check->options->step_factor * limit->step * fmax(1.0, sqrt(seconds / 60.0));
}

/* Rows order[first] to order[end - 1] are one series; those out of range are not compared with. */
static void check_steps(const struct nwc__check *check, int64_t first, int64_t end, const struct nwc__limits *limit)
{
    const struct nwc__obs_cells *const cells = &check->cells;
    int64_t before = -1;
    for (int64_t k = first; k < end; k++) {
        const int64_t r = check->order[k];
        if (cells->flags[r] & NWC_OBS_OUT_OF_RANGE) continue;
        int64_t after = -1;
        for (int64_t j = k + 1; j < end && after < 0; j++)
            if (!(cells->flags[check->order[j]] & NWC_OBS_OUT_OF_RANGE)) after = check->order[j];
        if (before >= 0) {
            const double up = cells->value[r] - cells->value[before];
            const double most = most_step(check, limit, seconds_between(cells, before, r));
            double back = 0.0, most_back = INFINITY;
            if (after >= 0) {
                back = cells->value[r] - cells->value[after];
                most_back = most_step(check, limit, seconds_between(cells, r, after));
            }
            const bool spike = fabs(up) > most && fabs(back) > most_back && (up > 0.0) == (back > 0.0);
            if (spike || fabs(up) > LASTING_FACTOR * most) cells->flags[r] |= NWC_OBS_STEP;
            if (spike) continue; /* the next is compared with what was before */
        }
        before = r;
    }
}

/* Runs that vary too little for too long; each is flagged whole. */
static void check_stuck(const struct nwc__check *check, int64_t first, int64_t end, const struct nwc__limits *limit)
{
    const struct nwc__obs_cells *const cells = &check->cells;
    for (int64_t start = first; start < end;) {
        double low = cells->value[check->order[start]], high = low;
        int64_t stop = start + 1;
        for (; stop < end; stop++) {
            const double value = cells->value[check->order[stop]];
            if (seconds_between(cells, check->order[stop - 1], check->order[stop]) > check->options->stuck_s) break;
            if (!(fmax(high, value) - fmin(low, value) < limit->variation)) break;
            low = fmin(low, value), high = fmax(high, value);
        }
        const double length = seconds_between(cells, check->order[start], check->order[stop - 1]);
        const bool may_be_still = low >= limit->still_low && high <= limit->still_high;
        if (length >= check->options->stuck_s && stop - start >= LEAST_STUCK && !may_be_still)
            for (int64_t k = start; k < stop; k++) cells->flags[check->order[k]] |= NWC_OBS_STUCK;
        start = stop;
    }
}

static void check_series(const struct nwc__check *check)
{
    const struct nwc__obs_cells *const cells = &check->cells;
    for (int64_t first = 0, end; first < check->n; first = end) {
        const int64_t r = check->order[first];
        const struct nwc__limits *const limit = nwc__limits_of(cells->quantity[r]);
        for (end = first + 1; end < check->n && nwc__same_series(cells, r, check->order[end]);) end++;
        if (check->options->tests & NWC_OBS_OUT_OF_RANGE)
            for (int64_t k = first; k < end; k++) check_range(check, check->order[k], limit);
        if ((check->options->tests & NWC_OBS_STEP) && !isnan(limit->step)) check_steps(check, first, end, limit);
        if ((check->options->tests & NWC_OBS_STUCK) && !isnan(limit->variation)) check_stuck(check, first, end, limit);
    }
}

/* ---- one report ---- */

/* Two values of a report contradict each other: a dew point above the temperature, a gust below the mean wind. */
static bool contradicts(const struct nwc__obs_cells *cells, int64_t a, int64_t b)
{
    const double difference = cells->value[a] - cells->value[b];
    const bool one_height = cells->height_m[a] == cells->height_m[b] || isnan(cells->height_m[a]);
    if (cells->quantity[a] == NWC_QUANTITY_DEW_POINT && cells->quantity[b] == NWC_QUANTITY_AIR_TEMPERATURE)
        return one_height && difference > 0.55; /* both may be rounded to whole degrees */
    if (cells->quantity[a] == NWC_QUANTITY_GUST_SPEED && cells->quantity[b] == NWC_QUANTITY_WIND_SPEED)
        return cells->time_ns[a] == cells->time_ns[b] && difference < -0.6;
    return false;
}

/* Rows of one report follow each other in the table, but for what callers put together otherwise. */
static void check_reports(const struct nwc__check *check, int64_t n)
{
    const struct nwc__obs_cells *const cells = &check->cells;
    for (int64_t a = 0; a < n; a++) {
        const int32_t quantity = cells->quantity[a];
        if (quantity != NWC_QUANTITY_DEW_POINT && quantity != NWC_QUANTITY_GUST_SPEED) continue;
        for (int64_t step = -1; step <= 1; step += 2)
            for (int64_t b = a + step; b >= 0 && b < n && cells->report[b] == cells->report[a]; b += step)
                if (contradicts(cells, a, b)) {
                    cells->flags[a] |= NWC_OBS_INCONSISTENT;
                    cells->flags[b] |= NWC_OBS_INCONSISTENT;
                }
    }
}

/* ---- all ---- */

enum {
    TESTED = NWC_OBS_OUT_OF_RANGE | NWC_OBS_STEP | NWC_OBS_STUCK | NWC_OBS_UNLIKE_NEIGHBOURS | NWC_OBS_UNLIKE_TWIN |
             NWC_OBS_INCONSISTENT
};

static bool takes_part(const struct nwc__check *check, int64_t r)
{
    nwc_obs_station station;
    return nwc__limits_of(check->cells.quantity[r]) && check->cells.lead_s[r] == 0.0 && !isnan(check->cells.value[r]) &&
           check->cells.time_ns[r] != NWC_TIME_UNKNOWN &&
           nwc_obs_get_station(check->obs, check->cells.station[r], &station) == NWC_OK &&
           station.kind == NWC_OBS_SURFACE;
}

float nwc__quality_of(uint32_t flags)
{
    float quality = 1.0f;
    for (flags &= NWC_OBS_SUSPECT; flags; flags &= flags - 1) quality *= 0.5f;
    return quality;
}

/* Quality of rows, and trust of stations, by the flags they have. */
static nwc_status judge(const struct nwc__check *check)
{
    nwc_obs_facts facts;
    int64_t *tested = NULL, *good = NULL;
    nwc_status status = nwc_obs_describe(check->obs, &facts);
    if (status != NWC_OK) return status;
    NWC__ALLOC(check->ctx, tested, facts.n_stations);
    NWC__ALLOC(check->ctx, good, facts.n_stations);
    memset(tested, 0, (size_t)facts.n_stations * sizeof *tested);
    memset(good, 0, (size_t)facts.n_stations * sizeof *good);
    for (int64_t k = 0; k < check->n; k++) {
        const int64_t r = check->order[k];
        const float quality = nwc__quality_of(check->cells.flags[r]);
        check->cells.quality[r] = quality;
        tested[check->cells.station[r]]++;
        good[check->cells.station[r]] += quality == 1.0f;
    }
    for (int32_t s = 0; s < facts.n_stations; s++)
        if (tested[s]) nwc__obs_set_trust(check->obs, s, ((double)good[s] + 9.0) / ((double)tested[s] + 10.0));
done:
    nwc__free(check->ctx, good);
    nwc__free(check->ctx, tested);
    return status;
}

static nwc_status take_options(nwc_obs_check_options *options, const nwc_obs_check_options *given)
{
    nwc_obs_check_options_init(options);
    NWC__TRY(nwc__take_options(options, sizeof *options, given, "options"));
    const struct {
        const char *name;
        double value;
        bool may_be_zero;
    } numbers[] = {{"step_factor", options->step_factor, false}, {"stuck_s", options->stuck_s, false},
                   {"radius_m", options->radius_m, false},       {"spread_factor", options->spread_factor, false},
                   {"window_s", options->window_s, true},        {"twin_m", options->twin_m, true}};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        if (!(numbers[k].value > 0.0 || (numbers[k].may_be_zero && numbers[k].value == 0.0)) || isinf(numbers[k].value))
            return nwc__fail(NWC_ERR_ARG, "%s: a number %s 0 expected, %g given", numbers[k].name,
                             numbers[k].may_be_zero ? "not below" : "above", numbers[k].value);
    if (options->least_neighbours < 3)
        return nwc__fail(NWC_ERR_ARG, "least_neighbours: at least 3 expected, %d given",
                         (int)options->least_neighbours);
    if (options->tests & ~(uint32_t)TESTED)
        return nwc__fail(NWC_ERR_ARG, "tests: flags of nwc_obs_check expected, %u given", (unsigned)options->tests);
    return NWC_OK;
}

nwc_status nwc_obs_check(nwc_ctx *ctx, nwc_obs *obs, const nwc_obs_check_options *given)
{
    nwc_obs_check_options options;
    nwc_obs_facts facts;
    int64_t *order = NULL;
    ctx = nwc__ctx(ctx);
    if (!obs) return nwc__fail(NWC_ERR_ARG, "obs: a table expected, NULL given");
    NWC__TRY(take_options(&options, given));
    NWC__TRY(nwc_obs_describe(obs, &facts));
    struct nwc__check check = {.ctx = ctx, .obs = obs, .options = &options, .cells = nwc__obs_cells(obs)};
    nwc_status status = nwc__obs_order(ctx, obs, NWC_OBS_BY_SERIES, &order);
    if (status != NWC_OK) goto done;
    for (int64_t k = 0; k < facts.n_rows; k++) {
        const int64_t r = order[k];
        check.cells.flags[r] &= ~(uint32_t)TESTED;
        if (takes_part(&check, r)) order[check.n++] = r;
    }
    check.order = order;
    check_series(&check);
    if (options.tests & NWC_OBS_INCONSISTENT) check_reports(&check, facts.n_rows);
    if (options.tests & NWC_OBS_UNLIKE_TWIN && (status = nwc__check_twins(&check)) != NWC_OK) goto done;
    if (options.tests & NWC_OBS_UNLIKE_NEIGHBOURS && (status = nwc__check_neighbours(&check)) != NWC_OK) goto done;
    status = judge(&check);
done:
    nwc__free(ctx, order);
    return status;
}

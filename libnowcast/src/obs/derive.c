/*
 * What observations imply: wind components and back, humidity, and the height of a pressure in a profile or its pressure at a
 * height. Humidity over water by Magnus' formula as in WMO-No. 8 (annex 4.B). Between levels that have both, height goes with the
 * logarithm of pressure; beyond them, or where no level has both, by the steps of the ICAO standard atmosphere (Doc 7488).
 */
#include "obs/table.h"

#include "core/atmosphere.h"

/* ---- levels of a profile ---- */

/* A level that has both. */
struct anchor {
    double pressure_pa, height_m;
};

static double interpolate(double a0, double a1, double b0, double b1, double a)
{
    return b0 + (b1 - b0) * (a - a0) / (a1 - a0);
}

/* The first anchor above: of lower pressure, or greater height; n where there is none. Anchors go upward. */
static int64_t above(const struct anchor *anchors, int64_t n, double pressure_pa, double height_m)
{
    int64_t k = 0;
    while (k < n && (isnan(height_m) ? anchors[k].pressure_pa >= pressure_pa : anchors[k].height_m <= height_m)) k++;
    return k;
}

static double height_of(const struct anchor *anchors, int64_t n, double pressure_pa)
{
    if (n == 0) return nwc__standard_height(pressure_pa);
    const int64_t k = above(anchors, n, pressure_pa, NAN);
    if (k > 0 && k < n)
        return interpolate(log(anchors[k - 1].pressure_pa), log(anchors[k].pressure_pa), anchors[k - 1].height_m,
                           anchors[k].height_m, log(pressure_pa));
    const struct anchor *const nearest = &anchors[k ? n - 1 : 0];
    return nearest->height_m + nwc__standard_height(pressure_pa) - nwc__standard_height(nearest->pressure_pa);
}

static double pressure_of(const struct anchor *anchors, int64_t n, double height_m)
{
    if (n == 0) return nwc__standard_pressure(height_m);
    const int64_t k = above(anchors, n, NAN, height_m);
    if (k > 0 && k < n)
        return exp(interpolate(anchors[k - 1].height_m, anchors[k].height_m, log(anchors[k - 1].pressure_pa),
                               log(anchors[k].pressure_pa), height_m));
    const struct anchor *const nearest = &anchors[k ? n - 1 : 0];
    return nearest->pressure_pa * nwc__standard_pressure(height_m) / nwc__standard_pressure(nearest->height_m);
}

/* Rows order[first] to order[end - 1] are one profile, upward at each of its times. */
static void place_levels(const struct nwc__obs_cells *cells, const int64_t *order, int64_t first, int64_t end,
                         struct anchor *anchors)
{
    int64_t n = 0;
    for (int64_t k = first; k < end; k++) {
        const double p = cells->pressure_pa[order[k]], h = cells->height_m[order[k]];
        if (!(p > 0.0) || isnan(h)) continue;
        if (n == 0 || (h > anchors[n - 1].height_m && p < anchors[n - 1].pressure_pa))
            anchors[n++] = (struct anchor){p, h};
    }
    for (int64_t k = first; k < end; k++) {
        const int64_t r = order[k];
        const double p = cells->pressure_pa[r], h = cells->height_m[r];
        if (p > 0.0 && isnan(h)) {
            cells->height_m[r] = height_of(anchors, n, p);
            cells->flags[r] |= NWC_OBS_PLACED;
        } else if (isnan(p) && !isnan(h)) {
            cells->pressure_pa[r] = pressure_of(anchors, n, h);
            cells->flags[r] |= NWC_OBS_PLACED;
        }
    }
}

/* ---- values of a level ---- */

/* The inverse of nwc__saturation. */
static double dew_point(double vapour_pa)
{
    const double l = log(vapour_pa / 611.2);
    return 273.15 + 243.12 * l / (17.62 - l);
}

/* Of rows order[first] to order[end - 1], which are one level at one time, the row of a quantity; -1 where it has none. */
static int64_t find(const nwc_obs_columns *c, const int64_t *order, int64_t first, int64_t end, int32_t quantity)
{
    for (int64_t k = first; k < end; k++)
        if (c->quantity[order[k]] == quantity) return order[k];
    return -1;
}

/* A value that follows from two rows, with the flags of both. */
static nwc_status derive(nwc_obs *obs, int64_t a, int64_t b, int32_t quantity, double value)
{
    nwc_obs_columns c;
    NWC__TRY(nwc_obs_lend(obs, &c));
    nwc_obs_row row = nwc__obs_row_at(&c, a);
    row.flags |= c.flags[b] | NWC_OBS_DERIVED;
    row.quality = fminf(c.quality[a], c.quality[b]);
    return isfinite(value) ? nwc__obs_value(obs, &row, quantity, value) : NWC_OK;
}

static nwc_status derive_wind(nwc_obs *obs, const int64_t *order, int64_t first, int64_t end)
{
    nwc_obs_columns c;
    NWC__TRY(nwc_obs_lend(obs, &c));
    const int64_t speed = find(&c, order, first, end, NWC_QUANTITY_WIND_SPEED);
    const int64_t from = find(&c, order, first, end, NWC_QUANTITY_WIND_FROM_DIRECTION);
    const int64_t east = find(&c, order, first, end, NWC_QUANTITY_EASTWARD_WIND);
    const int64_t north = find(&c, order, first, end, NWC_QUANTITY_NORTHWARD_WIND);
    if (speed >= 0 && east < 0 && north < 0 && (from >= 0 || c.value[speed] == 0.0)) {
        const double s = c.value[speed], angle = from >= 0 ? NWC__RADIANS * c.value[from] : 0.0;
        const int64_t other = from >= 0 ? from : speed;
        NWC__TRY(derive(obs, speed, other, NWC_QUANTITY_EASTWARD_WIND, s == 0.0 ? 0.0 : -s * sin(angle)));
        return derive(obs, speed, other, NWC_QUANTITY_NORTHWARD_WIND, s == 0.0 ? 0.0 : -s * cos(angle));
    }
    if (east >= 0 && north >= 0 && speed < 0 && from < 0) {
        const double u = c.value[east], v = c.value[north];
        double angle = atan2(-u, -v) / NWC__RADIANS;
        if (angle < 0.0) angle += 360.0;
        NWC__TRY(derive(obs, east, north, NWC_QUANTITY_WIND_SPEED, hypot(u, v)));
        return derive(obs, east, north, NWC_QUANTITY_WIND_FROM_DIRECTION, u == 0.0 && v == 0.0 ? NAN : angle);
    }
    return NWC_OK;
}

static nwc_status derive_humidity(nwc_obs *obs, const int64_t *order, int64_t first, int64_t end)
{
    nwc_obs_columns c;
    NWC__TRY(nwc_obs_lend(obs, &c));
    const int64_t temperature = find(&c, order, first, end, NWC_QUANTITY_AIR_TEMPERATURE);
    const int64_t dew = find(&c, order, first, end, NWC_QUANTITY_DEW_POINT);
    const int64_t humidity = find(&c, order, first, end, NWC_QUANTITY_RELATIVE_HUMIDITY);
    if (temperature < 0 || (dew < 0) == (humidity < 0)) return NWC_OK;
    const double saturated = nwc__saturation(c.value[temperature]);
    return humidity >= 0
               ? derive(obs, temperature, humidity, NWC_QUANTITY_DEW_POINT, dew_point(c.value[humidity] * saturated))
               : derive(obs, temperature, dew, NWC_QUANTITY_RELATIVE_HUMIDITY,
                        nwc__saturation(c.value[dew]) / saturated);
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool one_level(const nwc_obs_columns *c, int64_t a, int64_t b)
{
    return c->report[a] == c->report[b] && c->time_ns[a] == c->time_ns[b] && same(c->height_m[a], c->height_m[b]) &&
           same(c->pressure_pa[a], c->pressure_pa[b]) && c->duration_s[a] == c->duration_s[b];
}

static bool is_profile(const nwc_obs *obs, int32_t number)
{
    nwc_obs_station station;
    return nwc_obs_get_station(obs, number, &station) == NWC_OK &&
           (station.kind == NWC_OBS_SOUNDING || station.kind == NWC_OBS_PROFILER || station.kind == NWC_OBS_VAD ||
            station.kind == NWC_OBS_MODEL);
}

static nwc_status derive_values(nwc_obs *obs, const int64_t *order, int64_t n)
{
    for (int64_t first = 0, end; first < n; first = end) {
        nwc_obs_columns c;
        NWC__TRY(nwc_obs_lend(obs, &c));
        for (end = first + 1; end < n && one_level(&c, order[first], order[end]);) end++;
        NWC__TRY(derive_wind(obs, order, first, end));
        NWC__TRY(derive_humidity(obs, order, first, end));
    }
    return NWC_OK;
}

nwc_status nwc_obs_derive(nwc_ctx *ctx, nwc_obs *obs)
{
    nwc_obs_facts facts;
    int64_t *order = NULL;
    struct anchor *anchors = NULL;
    nwc_status status;
    ctx = nwc__ctx(ctx);
    if (!obs) return nwc__fail(NWC_ERR_ARG, "obs: a table expected, NULL given");
    NWC__TRY(nwc_obs_describe(obs, &facts));
    if ((status = nwc__obs_order(ctx, obs, NWC__OBS_BY_LEVEL, &order)) != NWC_OK) goto done;
    if ((status = derive_values(obs, order, facts.n_rows)) != NWC_OK) goto done;
    /* Levels are placed after that, derived rows among them. */
    nwc__free(ctx, order);
    order = NULL;
    if ((status = nwc_obs_describe(obs, &facts)) != NWC_OK) goto done;
    if ((status = nwc__obs_order(ctx, obs, NWC__OBS_BY_LEVEL, &order)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, anchors, facts.n_rows);
    const struct nwc__obs_cells cells = nwc__obs_cells(obs);
    for (int64_t first = 0, end; first < facts.n_rows; first = end) {
        const int64_t r = order[first];
        for (end = first + 1; end < facts.n_rows && cells.report[order[end]] == cells.report[r];) end++;
        if (is_profile(obs, cells.station[r])) place_levels(&cells, order, first, end, anchors);
    }
done:
    nwc__free(ctx, anchors);
    nwc__free(ctx, order);
    return status;
}

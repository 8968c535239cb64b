/*
 * ODIM_H5 vertical profiles (object VP), as vol2bird and radar software write them: every datasetN is a report, every dataM
 * of it a quantity in one column of levels. Heights are above mean sea level: those the file lists, else by where/minheight
 * and where/interval. Source: Michelson et al. (2014), OPERA data information model 2.2.
 *
 * vol2bird (Dokter et al. 2011) gives as dd where the fliers go to, not where a wind is from, and as HGHT the lower edges of its
 * layers. That shows in its files: least squares over the very gates it counts (n) give its ff, and its dd with u and v as they are.
 */
#include "obs/format/netcdf_obs.h"
#include "radar/format/odim.h"

#include <stdio.h>

enum { MOST_NUMBERED = 1000 };

/* What is taken of a profile. */
enum quantity { SPEED, DIRECTION, EASTWARD, NORTHWARD, UPWARD, SPREAD, REFLECTIVITY, HEIGHT, QUANTITIES };

static const char *const names[QUANTITIES] = {"ff", "dd", "UWND", "VWND", "w", "sd_vvp", "DBZH", "HGHT"};

struct profile {
    const nwc__node *column[QUANTITIES]; /* NULL where the dataset has none */
    int64_t n;                           /* levels */
    double minheight_m, interval_m;
    double to_m;   /* of listed heights */
    bool vol2bird; /* directions are those of going, heights those of lower edges */
};

/* Level i in the file's units; NaN where nothing is known. */
static double value_of(const struct profile *profile, enum quantity quantity, int64_t i)
{
    const nwc__node *const data = profile->column[quantity];
    if (!data) return NAN;
    const double raw = data->values[i];
    if (raw == nwc__odim_number(data, "what", "nodata", NAN) || raw == nwc__odim_number(data, "what", "undetect", NAN))
        return NAN;
    const double value =
        raw * nwc__odim_number(data, "what", "gain", 1.0) + nwc__odim_number(data, "what", "offset", 0.0);
    return isfinite(value) ? value : (double)NAN;
}

static double height_of(const struct profile *profile, int64_t i)
{
    if (!profile->column[HEIGHT]) return profile->minheight_m + profile->interval_m * (double)i;
    const double listed = profile->to_m * value_of(profile, HEIGHT, i);
    return profile->vol2bird && profile->interval_m > 0.0 ? listed + 0.5 * profile->interval_m : listed;
}

/* Where the wind is from, degrees. */
static double direction_of(const struct profile *profile, int64_t i)
{
    const double stored = value_of(profile, DIRECTION, i);
    return profile->vol2bird ? fmod(stored + 180.0, 360.0) : stored;
}

/* The columns of a dataset, all of one length; what is not is left out. */
static nwc_status find_columns(const nwc__node *dataset, struct profile *profile, nwc_obs *obs)
{
    *profile = (struct profile){.minheight_m = nwc__odim_number(dataset, "where", "minheight", NAN),
                                .interval_m = nwc__odim_number(dataset, "where", "interval", NAN),
                                .to_m = 1.0,
                                .vol2bird = strncmp(nwc__odim_text(dataset, "how", "task"), "vol2bird", 8) == 0};
    for (int m = 1; m <= MOST_NUMBERED; m++) {
        char name[32];
        snprintf(name, sizeof name, "data%d", m);
        const nwc__node *const group = nwc__node_find(dataset, name);
        if (!group) break;
        const char *const quantity = nwc__odim_text(group, "what", "quantity");
        const nwc__node *const data = nwc__node_find(group, "data");
        for (int q = 0; q < QUANTITIES; q++) {
            if (strcmp(quantity, names[q]) != 0 || profile->column[q]) continue;
            const bool list = data && data->values && (data->ndim == 1 || (data->ndim == 2 && data->dim[1] == 1));
            if (list && profile->n == 0) profile->n = data->dim[0];
            if (list && data->dim[0] == profile->n)
                profile->column[q] = data;
            else
                NWC__TRY(nwc__obs_incomplete(obs, "%s: %s: %s: a column of as many levels as the others expected",
                                             dataset->name, name, quantity));
        }
    }
    /* Heights are in m or, as the model has them before 2.4, in km: the interval, always in m, tells. */
    if (profile->column[HEIGHT] && profile->n > 1) {
        const double step = value_of(profile, HEIGHT, 1) - value_of(profile, HEIGHT, 0);
        if (step > 0.0 && fabs(1000.0 * step - profile->interval_m) <= 0.01 * profile->interval_m)
            profile->to_m = 1000.0;
    }
    return NWC_OK;
}

static nwc_status read_profile(const nwc__node *dataset, const nwc_obs_station *station, nwc_obs *obs)
{
    struct profile profile;
    nwc_obs_row row;
    int64_t start_ns, time_ns;
    double duration_s = 0.0;
    NWC__TRY(find_columns(dataset, &profile, obs));
    if (nwc__odim_time(dataset, "enddate", "endtime", &time_ns)) {
        if (nwc__odim_time(dataset, "startdate", "starttime", &start_ns))
            duration_s = fmax(1e-9 * (double)(time_ns - start_ns), 0.0);
    } else if (!nwc__odim_time(dataset, "date", "time", &time_ns))
        return nwc__fail(NWC_ERR_FORMAT, "%s: what: date YYYYMMDD and time HHmmss expected", dataset->name);
    NWC__TRY(nwc__obs_begin(obs, station, time_ns, &row));
    row.duration_s = duration_s;
    for (int64_t i = 0; i < profile.n; i++) {
        struct nwc__level level = nwc__level_unknown();
        level.height_m = row.height_m = height_of(&profile, i);
        if (!isfinite(level.height_m)) continue;
        level.speed_m_s = value_of(&profile, SPEED, i);
        level.direction_deg = direction_of(&profile, i);
        level.u_m_s = value_of(&profile, EASTWARD, i);
        level.v_m_s = value_of(&profile, NORTHWARD, i);
        level.w_m_s = value_of(&profile, UPWARD, i);
        NWC__TRY(nwc__obs_put_level(obs, &row, &level));
        NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_SPREAD, value_of(&profile, SPREAD, i)));
        NWC__TRY(nwc__obs_value(obs, &row, NWC_QUANTITY_REFLECTIVITY, value_of(&profile, REFLECTIVITY, i)));
    }
    return NWC_OK;
}

nwc_status nwc__odim_profile_check(const nwc__tree *tree)
{
    const char *const object = nwc__odim_text(tree->root, "what", "object");
    return strcmp(object, "VP") == 0
               ? NWC_OK
               : nwc__fail(NWC_ERR_UNSUPPORTED, "ODIM_H5 object VP expected, \"%s\" found", object);
}

nwc_status nwc__odim_profile_read(const nwc__tree *tree, const struct nwc__obs_hints *hints, nwc_obs *obs)
{
    char id[NWC__ODIM_SITE], place[NWC__ODIM_SITE];
    NWC__TRY(nwc__odim_profile_check(tree));
    nwc__obs_set_format(obs, "ODIM_H5");
    nwc__odim_site(tree->root, id, place);
    nwc_obs_station station = nwc__obs_station(NWC_OBS_VAD, id);
    station.name = place;
    const double longitude = nwc__odim_number(tree->root, "where", "lon", NAN);
    const double latitude = nwc__odim_number(tree->root, "where", "lat", NAN);
    if (fabs(longitude) <= 360.0 && fabs(latitude) <= 90.0)
        station.longitude_deg = longitude, station.latitude_deg = latitude;
    station.height_m = nwc__odim_number(tree->root, "where", "height", NAN);
    nwc__obs_take_hint(&station, hints);
    for (int n = 1; n <= MOST_NUMBERED; n++) {
        char name[32];
        snprintf(name, sizeof name, "dataset%d", n);
        const nwc__node *const dataset = nwc__node_find(tree->root, name);
        if (!dataset) break;
        NWC__TRY(read_profile(dataset, &station, obs));
    }
    return NWC_OK;
}

/*
 * Radar volumes as WMO FM 301-2022 (CfRadial 2): netCDF-4 with a group for each sweep, in order of acquisition.
 *
 * Cells are stored as float, as they are: NaN, the fill value, is not observed, _Undetect is observed and nothing there. A
 * sweep has one range axis: a moment of coarser gates than another repeats them, one that reaches less far ends in NaN.
 */
#include "io/hdf5_close.h"
#include "io/netcdf_put.h"
#include "io/volume_write.h"

#ifdef NWC__HAVE_NETCDF
#include <stdio.h>

enum { DEFLATE = 1, NAME_ROOM = 32, ROWS = 64 };

/* The gates all moments of a sweep are written on. */
struct gates {
    double first_m, spacing_m;
    int64_t n;
};

/* A variable with its long name and units; units may be NULL. */
static nwc_status define(int group, const char *name, nc_type type, int ndim, const int *dimension,
                         const char *long_name, const char *units, int *id)
{
    NWC__TRY_NC(nc_def_var(group, name, type, ndim, dimension, id), name);
    NWC__TRY(nwc__nc_put_text(group, *id, "long_name", long_name));
    return units ? nwc__nc_put_text(group, *id, "units", units) : NWC_OK;
}

static nwc_status put_number(int group, const char *name, double number, const char *long_name, const char *units)
{
    int id;
    NWC__TRY(define(group, name, NC_DOUBLE, 0, NULL, long_name, units, &id));
    if (strcmp(name, "latitude") == 0 || strcmp(name, "longitude") == 0 || strcmp(name, "altitude") == 0)
        NWC__TRY(nwc__nc_put_text(group, id, "standard_name", name));
    NWC__TRY_NC(nc_put_var_double(group, id, &number), name);
    return NWC_OK;
}

static nwc_status put_whole(int group, const char *name, int32_t number, const char *long_name)
{
    int id;
    NWC__TRY(define(group, name, NC_INT, 0, NULL, long_name, NULL, &id));
    NWC__TRY_NC(nc_put_var_int(group, id, &number), name);
    return NWC_OK;
}

static nwc_status put_word(int group, const char *name, const char *word, const char *long_name)
{
    int id;
    NWC__TRY(define(group, name, NC_STRING, 0, NULL, long_name, NULL, &id));
    NWC__TRY_NC(nc_put_var_string(group, id, &word), name);
    return NWC_OK;
}

/* ---- one sweep ---- */

static nwc_status find_gates(const nwc_volume *volume, int32_t index, const nwc_sweep *sweep, struct gates *gates)
{
    nwc_moment moment;
    *gates = (struct gates){.first_m = 0.0, .spacing_m = INFINITY};
    for (int32_t m = 0; m < sweep->n_moments; m++) {
        NWC__TRY(nwc_volume_moment(volume, index, m, &moment));
        const bool finer = moment.gate_spacing_m < gates->spacing_m;
        if (finer || (moment.gate_spacing_m == gates->spacing_m && moment.first_gate_m < gates->first_m))
            gates->first_m = moment.first_gate_m;
        if (finer) gates->spacing_m = moment.gate_spacing_m;
    }
    for (int32_t m = 0; m < sweep->n_moments; m++) {
        NWC__TRY(nwc_volume_moment(volume, index, m, &moment));
        const double end = moment.first_gate_m + ((double)moment.field.dim[1] - 0.5) * moment.gate_spacing_m;
        const int64_t n = (int64_t)((end - gates->first_m) / gates->spacing_m + 0.5);
        gates->n = n > gates->n ? n : gates->n;
    }
    if (gates->n > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: moments whose gates fit on %d gates expected", (int)index,
                         NWC__MOST_GATES);
    return NWC_OK;
}

/* Rows of a moment on the gates of the sweep. */
static void place(const nwc_moment *moment, const struct gates *gates, int64_t row, int64_t rows, float *cells)
{
    for (int64_t g = 0; g < gates->n; g++) {
        const double range_m = gates->first_m + gates->spacing_m * (double)g;
        const int64_t from = (int64_t)floor((range_m - moment->first_gate_m) / moment->gate_spacing_m + 0.5);
        const bool inside = from >= 0 && from < moment->field.dim[1];
        for (int64_t r = 0; r < rows; r++)
            cells[r * gates->n + g] =
                inside ? moment->field.data[(row + r) * moment->field.stride[0] + from * moment->field.stride[1]] : NAN;
    }
}

static nwc_status put_moment(nwc_ctx *ctx, int group, const int dimension[2], const nwc_moment *moment,
                             const struct gates *gates)
{
    const int64_t rays = moment->field.dim[0];
    const size_t chunk[2] = {(size_t)rays, (size_t)gates->n};
    const float fill = NAN, nothing = NWC_NOTHING_DBZ;
    int id, error = NC_NOERR;
    NWC__TRY_NC(nc_def_var(group, moment->name, NC_FLOAT, 2, dimension, &id), moment->name);
    NWC__TRY_NC(nc_def_var_chunking(group, id, NC_CHUNKED, chunk), moment->name);
    NWC__TRY_NC(nc_def_var_deflate(group, id, 1, 1, DEFLATE), moment->name);
    NWC__TRY_NC(nc_def_var_fill(group, id, NC_FILL, &fill), moment->name);
    NWC__TRY(nwc__nc_put_text(group, id, "units", moment->field.units));
    NWC__TRY(nwc__nc_put_text(group, id, "long_name", moment->own_name));
    NWC__TRY(nwc__nc_put_text(group, id, "coordinates", "elevation azimuth range"));
    if (strcmp(moment->field.units, "dBZ") == 0)
        NWC__TRY_NC(nc_put_att_float(group, id, "_Undetect", NC_FLOAT, 1, &nothing), moment->name);
    float *const cells = nwc__alloc(ctx, ROWS * gates->n, sizeof *cells);
    if (!cells) return NWC_ERR_NOMEM;
    for (int64_t row = 0; row < rays && error == NC_NOERR; row += ROWS) {
        const int64_t rows = rays - row < ROWS ? rays - row : ROWS;
        const size_t start[2] = {(size_t)row, 0}, count[2] = {(size_t)rows, (size_t)gates->n};
        place(moment, gates, row, rows, cells);
        error = nc_put_vara_float(group, id, start, count, cells);
    }
    nwc__free(ctx, cells);
    return error ? nwc__nc_failed(error, moment->name) : NWC_OK;
}

/* Seconds since a whole second, and the ranges of the gates. */
static nwc_status put_axes(nwc_ctx *ctx, int group, const int dimension[2], const nwc_sweep *sweep,
                           const struct gates *gates)
{
    char since[NWC__TIME_TEXT], units[2 * NWC__TIME_TEXT];
    int time_id, range_id;
    const int64_t origin = sweep->time_ns[0] - sweep->time_ns[0] % 1000000000;
    nwc__time_text(origin, since);
    snprintf(units, sizeof units, "seconds since %s", since);
    NWC__TRY(define(group, "time", NC_DOUBLE, 1, &dimension[0], "time of the centre of the dwell", units, &time_id));
    NWC__TRY(nwc__nc_put_text(group, time_id, "standard_name", "time"));
    NWC__TRY(nwc__nc_put_text(group, time_id, "calendar", "gregorian"));
    NWC__TRY(define(group, "range", NC_FLOAT, 1, &dimension[1], "range of the centre of the gate", "m", &range_id));
    NWC__TRY(nwc__nc_put_text(group, range_id, "standard_name", "projection_range_coordinate"));
    NWC__TRY(nwc__nc_put_text(group, range_id, "axis", "radial_range_coordinate"));
    NWC__TRY(nwc__nc_put_text(group, range_id, "spacing_is_constant", "true"));
    NWC__TRY_NC(nc_put_att_double(group, range_id, "meters_to_center_of_first_gate", NC_DOUBLE, 1, &gates->first_m),
                "range");
    NWC__TRY_NC(nc_put_att_double(group, range_id, "meters_between_gates", NC_DOUBLE, 1, &gates->spacing_m), "range");
    const int64_t most = sweep->n_rays > gates->n ? sweep->n_rays : gates->n;
    double *const at = nwc__alloc(ctx, most, sizeof *at);
    if (!at) return NWC_ERR_NOMEM;
    for (int64_t r = 0; r < sweep->n_rays; r++) at[r] = 1e-9 * (double)(sweep->time_ns[r] - origin);
    int error = nc_put_var_double(group, time_id, at);
    for (int64_t g = 0; g < gates->n; g++) at[g] = gates->first_m + gates->spacing_m * (double)g;
    if (!error) error = nc_put_var_double(group, range_id, at);
    nwc__free(ctx, at);
    return error ? nwc__nc_failed(error, "time and range") : NWC_OK;
}

static nwc_status put_rays(int group, int dimension, const char *name, const char *standard_name, const char *long_name,
                           const char *units, const float *numbers)
{
    int id;
    NWC__TRY(define(group, name, NC_FLOAT, 1, &dimension, long_name, units, &id));
    if (standard_name) NWC__TRY(nwc__nc_put_text(group, id, "standard_name", standard_name));
    NWC__TRY_NC(nc_put_var_float(group, id, numbers), name);
    return NWC_OK;
}

static nwc_status put_sweep(nwc_ctx *ctx, int file, const nwc_volume *volume, int32_t index)
{
    static const char *const modes[] = {"azimuth_surveillance", "sector", "rhi", "vertical_pointing", "manual_ppi"};
    nwc_sweep sweep;
    struct gates gates;
    char name[NAME_ROOM];
    int group, dimension[2];
    NWC__TRY(nwc_volume_sweep(volume, index, &sweep));
    if (!sweep.n_moments)
        return nwc__fail(NWC_ERR_ARG, "sweep %d: at least one moment expected, none there", (int)index);
    NWC__TRY(find_gates(volume, index, &sweep, &gates));
    snprintf(name, sizeof name, "sweep_%d", (int)index);
    NWC__TRY_NC(nc_def_grp(file, name, &group), name);
    NWC__TRY_NC(nc_def_dim(group, "time", (size_t)sweep.n_rays, &dimension[0]), name);
    NWC__TRY_NC(nc_def_dim(group, "range", (size_t)gates.n, &dimension[1]), name);
    NWC__TRY(put_axes(ctx, group, dimension, &sweep, &gates));
    NWC__TRY(put_rays(group, dimension[0], "azimuth", "ray_azimuth_angle", "azimuth from true north", "degrees",
                      sweep.azimuth_deg));
    NWC__TRY(put_rays(group, dimension[0], "elevation", "ray_elevation_angle", "elevation from the horizontal plane",
                      "degrees", sweep.elevation_deg));
    NWC__TRY(put_rays(group, dimension[0], "nyquist_velocity", NULL, "unambiguous Doppler velocity", "m s-1",
                      sweep.nyquist_m_s));
    NWC__TRY(
        put_rays(group, dimension[0], "unambiguous_range", NULL, "unambiguous range", "m", sweep.unambiguous_range_m));
    NWC__TRY(put_whole(group, "sweep_number", index, "number of the sweep in the volume, from 0"));
    NWC__TRY(put_word(group, "sweep_mode", modes[sweep.mode], "scan mode"));
    NWC__TRY(put_word(group, "follow_mode", "none", "follow mode"));
    NWC__TRY(put_word(group, "prt_mode", "not_set", "pulse repetition mode"));
    NWC__TRY(put_number(group, "fixed_angle", sweep.fixed_angle_deg, "intended angle of the sweep", "degrees"));
    if (sweep.incomplete[0]) NWC__TRY(nwc__nc_put_text(group, NC_GLOBAL, "incomplete", sweep.incomplete));
    for (int32_t m = 0; m < sweep.n_moments; m++) {
        nwc_moment moment;
        NWC__TRY(nwc_volume_moment(volume, index, m, &moment));
        NWC__TRY(put_moment(ctx, group, dimension, &moment, &gates));
    }
    return NWC_OK;
}

/* ---- the whole ---- */

static nwc_status put_lists(int file, const nwc_volume *volume, int32_t n, int64_t *last_ns)
{
    int dimension, name_id, angle_id;
    nwc_sweep sweep;
    char text[NAME_ROOM], *const name = text;
    NWC__TRY_NC(nc_def_dim(file, "sweep", (size_t)n, &dimension), "sweep");
    NWC__TRY(define(file, "sweep_group_name", NC_STRING, 1, &dimension, "names of the groups", NULL, &name_id));
    NWC__TRY(define(file, "sweep_fixed_angle", NC_DOUBLE, 1, &dimension, "intended angles", "degrees", &angle_id));
    *last_ns = INT64_MIN;
    for (int32_t s = 0; s < n; s++) {
        const size_t at = (size_t)s;
        NWC__TRY(nwc_volume_sweep(volume, s, &sweep));
        snprintf(text, sizeof text, "sweep_%d", (int)s);
        NWC__TRY_NC(nc_put_var1_string(file, name_id, &at, (const char **)&name), "sweep_group_name");
        NWC__TRY_NC(nc_put_var1_double(file, angle_id, &at, &sweep.fixed_angle_deg), "sweep_fixed_angle");
        for (int64_t r = 0; r < sweep.n_rays; r++) *last_ns = sweep.time_ns[r] > *last_ns ? sweep.time_ns[r] : *last_ns;
    }
    return NWC_OK;
}

static nwc_status put_root(int file, const nwc_volume *volume, const nwc_volume_facts *facts)
{
    char start[NWC__TIME_TEXT], end[NWC__TIME_TEXT], source[128];
    int64_t last_ns = facts->time_ns;
    NWC__TRY(nwc__nc_put_text(file, NC_GLOBAL, "Conventions", "CF-1.8, WMO CF-1.0, CF/Radial-2.1"));
    NWC__TRY(nwc__nc_put_text(file, NC_GLOBAL, "wmo__cf_profile", "FM 301-2022"));
    NWC__TRY(nwc__nc_put_text(file, NC_GLOBAL, "version", "2.1"));
    NWC__TRY(nwc__nc_put_text(file, NC_GLOBAL, "instrument_name", facts->site[0] ? facts->site : facts->site_name));
    NWC__TRY(nwc__nc_put_text(file, NC_GLOBAL, "site_name", facts->site_name[0] ? facts->site_name : facts->site));
    NWC__TRY(nwc__nc_put_text(file, NC_GLOBAL, "scan_name", facts->scan_name));
    NWC__TRY(nwc__nc_put_text(file, NC_GLOBAL, "platform_is_mobile", "false"));
    snprintf(source, sizeof source, "libnowcast %s", nwc_version());
    NWC__TRY(nwc__nc_put_text(file, NC_GLOBAL, "source", source));
    if (facts->incomplete[0]) NWC__TRY(nwc__nc_put_text(file, NC_GLOBAL, "incomplete", facts->incomplete));
    NWC__TRY(put_lists(file, volume, facts->n_sweeps, &last_ns));
    nwc__time_text(facts->time_ns, start);
    nwc__time_text(last_ns, end);
    NWC__TRY(put_whole(file, "volume_number", 0, "number of the volume"));
    NWC__TRY(put_word(file, "time_coverage_start", start, "time of the first ray (UTC)"));
    NWC__TRY(put_word(file, "time_coverage_end", end, "time of the last ray (UTC)"));
    NWC__TRY(put_word(file, "platform_type", "fixed", "what the radar stands on"));
    NWC__TRY(put_word(file, "instrument_type", "radar", "type of the instrument"));
    NWC__TRY(put_number(file, "latitude", facts->latitude_deg, "latitude of the antenna", "degrees_north"));
    NWC__TRY(put_number(file, "longitude", facts->longitude_deg, "longitude of the antenna", "degrees_east"));
    return put_number(file, "altitude", facts->altitude_m, "height of the antenna above mean sea level", "m");
}

/* What is known of the instrument. */
static nwc_status put_parameters(int file, const nwc_volume_facts *facts)
{
    int group, dimension, id;
    NWC__TRY_NC(nc_def_grp(file, "radar_parameters", &group), "radar_parameters");
    if (isfinite(facts->beam_width_h_deg))
        NWC__TRY(put_number(group, "radar_beam_width_h", facts->beam_width_h_deg, "beam width, horizontal", "degrees"));
    if (isfinite(facts->beam_width_v_deg))
        NWC__TRY(put_number(group, "radar_beam_width_v", facts->beam_width_v_deg, "beam width, vertical", "degrees"));
    if (!isfinite(facts->frequency_hz)) return NWC_OK;
    NWC__TRY_NC(nc_def_dim(file, "frequency", 1, &dimension), "frequency");
    NWC__TRY(define(file, "frequency", NC_DOUBLE, 1, &dimension, "transmitted frequency", "s-1", &id));
    NWC__TRY_NC(nc_put_var_double(file, id, &facts->frequency_hz), "frequency");
    return NWC_OK;
}

nwc_status nwc__fm301_write(nwc_ctx *ctx, const nwc_volume *volume, const char *path)
{
    nwc_volume_facts facts;
    int file;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    NWC__TRY_NC(nc_create(path, NC_NETCDF4 | NC_CLOBBER, &file), "a file");
    nwc_status status = put_root(file, volume, &facts);
    if (status == NWC_OK) status = put_parameters(file, &facts);
    for (int32_t s = 0; s < facts.n_sweeps && status == NWC_OK; s++) status = put_sweep(ctx, file, volume, s);
    return nwc__nc_close(file, path, status);
}
#endif

/*
 * Decoders of the neutral tree: ODIM_H5, KNMI, CF, CfRadial and WRF, and of observations. The input is a program that builds a
 * tree: its first byte says whether a good tree is there to begin with, each further one is a step, and names come from a
 * list, so that the fuzzer soon meets those the decoders look for.
 */
#include "fuzz.h"
#include "io/wrf.h"
#include "obs/format/netcdf_obs.h"
#include "radar/format/tree.h"
#include "radar/volume.h"

#include <stdlib.h>

static const char *const names[] = {
    "flash_id",
    "flash_time_offset_of_first_event",
    "flash_lat",
    "flash_lon",
    "flash_area",
    "event_id",
    "event_time_offset",
    "event_lat",
    "event_lon",
    "event_energy",
    "event_power",
    "event_altitude",
    "event_latitude",
    "event_longitude",
    "event_time",
    "network_center_latitude",
    "pres",
    "tdry",
    "alt",
    "rh",
    "qc_rh",
    "base_time",
    "time_offset",
    "_Unsigned",
    "perspective_point_height",
    "what",
    "where",
    "how",
    "dataset1",
    "dataset2",
    "data1",
    "data2",
    "data",
    "object",
    "date",
    "time",
    "startdate",
    "starttime",
    "enddate",
    "endtime",
    "quantity",
    "gain",
    "offset",
    "nodata",
    "undetect",
    "projdef",
    "xsize",
    "ysize",
    "xscale",
    "yscale",
    "LL_lon",
    "LL_lat",
    "UR_lon",
    "UR_lat",
    "source",
    "image1",
    "image2",
    "image_data",
    "calibration",
    "calibration_formulas",
    "calibration_missing_data",
    "geographic",
    "map_projection",
    "projection_proj4_params",
    "geo_number_rows",
    "geo_number_columns",
    "geo_pixel_size_x",
    "geo_pixel_size_y",
    "geo_row_offset",
    "geo_column_offset",
    "overview",
    "product_datetime_end",
    "image_geo_parameter",
    "x",
    "y",
    "t",
    "rain",
    "crs",
    "units",
    "standard_name",
    "axis",
    "grid_mapping",
    "grid_mapping_name",
    "proj_string",
    "coordinates",
    "bounds",
    "scale_factor",
    "add_offset",
    "_FillValue",
    "valid_range",
    "standard_parallel",
    "latitude_of_projection_origin",
    "duration_s",
    "data3",
    "elangle",
    "rstart",
    "rscale",
    "a1gate",
    "NI",
    "startazA",
    "stopazA",
    "startazT",
    "highprf",
    "range",
    "azimuth",
    "elevation",
    "sweep_start_ray_index",
    "sweep_end_ray_index",
    "fixed_angle",
    "sweep_mode",
    "ray_n_gates",
    "ray_start_index",
    "antenna_transition",
    "nyquist_velocity",
    "sweep_0",
    "sweep_10",
    "sweep_group_name",
    "sweep_fixed_angle",
    "unambiguous_range",
    "prt",
    "VRADH_flags",
    "flag_masks",
    "flag_meanings",
    "ancillary_variables",
    "_Undetect",
    "meters_between_gates",
    "meters_to_center_of_first_gate",
    "radar_parameters",
    "latitude",
    "XLAT",
    "XLONG",
    "XTIME",
    "Times",
    "U",
    "PH",
    "PHB",
    "T",
    "MAP_PROJ",
    "TRUELAT1",
    "STAND_LON",
    "DX",
    "START_DATE",
    "scan1",
    "scan2",
    "radar1",
    "radar_location",
    "scan_Z_data",
    "scan_V_data",
    "scan_elevation",
    "scan_range_bin",
    "scan_start_azim",
    "scan_antenna_velocity",
    "scan_datetime",
    "calibration_Z_formulas",
    "calibration_V_formulas",
    "azangles",
    "elangles",
    "aztimes",
    "minheight",
    "interval",
    "startaz",
    "stopaz",
    "az_angle",
    "angles",
};
static const char *const texts[] = {
    "milliseconds since 2018-07-02 04:33:00.000",
    "nanoseconds since 2023-12-24T00:57:01.747284125",
    "true",
    "rad",
    "geostationary",
    "hPa",
    "COMP",
    "IMAGE",
    "20200101",
    "120000",
    "RATE",
    "DBZH",
    "ACRR",
    "+proj=longlat +ellps=WGS84",
    "+proj=laea +lat_0=50 +lon_0=10",
    "GEO = 0.5 * PV + -32",
    "0.1:0.9,1.1:1.9,2.1:2.9,3.1:3.9",
    "060000.000:060001.000,060001:060002,060002:060003,060003:060004",
    "REFLECTIVITY_[DBZ]",
    "01-JAN-2020;12:00:00.000",
    "projection_x_coordinate",
    "projection_y_coordinate",
    "time",
    "m",
    "km",
    "mm h-1",
    "kg m-2",
    "degrees_east",
    "degrees_north",
    "seconds since 1970-01-01",
    "hours since 2000-01-01 00:00",
    "t y x",
    "y x",
    "x",
    "y",
    "crs",
    "lambert_azimuthal_equal_area",
    "polar_stereographic",
    "X",
    "Y",
    "PVOL",
    "VP",
    "ff",
    "dd",
    "sd_vvp",
    "HGHT",
    "SCAN",
    "AZIM",
    "ELEV",
    "TH",
    "VRAD",
    "QCFLAGS",
    "ODIM_H5/V2_4",
    "time range",
    "n_points",
    "range",
    "radial_velocity_of_scatterers_away_from_instrument",
    "range_folded",
    "VRADH_flags",
    "dBZ",
    "2019-06-05_12:00:00",
    "Time bottom_top south_north west_east",
    "Time bottom_top south_north west_east_stag",
    "Time bottom_top_stag south_north west_east",
    "Time south_north west_east",
};

struct input {
    const uint8_t *bytes;
    size_t left;
};

static uint8_t take(struct input *input)
{
    if (!input->left) return 0;
    input->left--;
    return *input->bytes++;
}

/* A number of few or of all bits. */
static double take_number(struct input *input)
{
    const uint8_t kind = take(input);
    if (kind < 200) return (double)(kind % 100) - (double)(kind / 100) * 50.0;
    double number = 0.0;
    uint8_t bits[sizeof number];
    for (size_t k = 0; k < sizeof bits; k++) bits[k] = take(input);
    memcpy(&number, bits, sizeof number);
    return number;
}

static nwc_status take_text(struct input *input, nwc__tree *tree, nwc__node *node, const char *name)
{
    const uint8_t kind = take(input);
    if (kind < 224) return nwc__tree_attribute(tree, node, name, texts[kind % (sizeof texts / sizeof *texts)], NULL, 0);
    char text[32];
    for (int k = 0; k < kind - 224; k++) text[k] = (char)take(input);
    text[kind - 224] = '\0';
    return nwc__tree_attribute(tree, node, name, text, NULL, 0);
}

static nwc_status take_array(struct input *input, nwc__tree *tree, nwc__node *node)
{
    if (node->values || node->cells) return NWC_OK;
    int64_t count = 1;
    const uint8_t kind = take(input);
    node->ndim = take(input) % (NWC__TREE_MOST_DIMS + 1);
    for (int64_t d = 0; d < node->ndim; d++) count *= node->dim[d] = 1 + take(input) % 8;
    if (kind % 4 > 1 && tree->keep_cells) {
        node->type = kind / 4 % NWC__CELL_TYPES;
        NWC__TRY(nwc__tree_cells(tree, node));
        for (int64_t c = 0; c < count * (int64_t)nwc__cell_size(node->type); c++) node->cells[c] = take(input);
        return NWC_OK;
    }
    NWC__TRY(nwc__tree_values(tree, node));
    for (int64_t c = 0; c < count; c++) node->values[c] = take_number(input);
    return NWC_OK;
}

/* A group with attributes: name and number or text in turn, NULL at the end. */
static nwc_status put_group(nwc__tree *tree, nwc__node *parent, const char *name, const char *const *pairs,
                            nwc__node **group)
{
    NWC__TRY(nwc__tree_add(tree, parent, name, group));
    for (; *pairs; pairs += 2) {
        char *end;
        const double number = strtod(pairs[1], &end);
        const bool text = *end != '\0';
        NWC__TRY(nwc__tree_attribute(tree, *group, pairs[0], text ? pairs[1] : NULL, &number, 1));
    }
    return NWC_OK;
}

/* Cells of 4 x 3 codes in a group. */
static nwc_status put_codes(nwc__tree *tree, nwc__node *group, const char *name)
{
    static const char *const none[] = {NULL};
    nwc__node *array;
    NWC__TRY(put_group(tree, group, name, none, &array));
    array->ndim = 2, array->dim[0] = 4, array->dim[1] = 3, array->type = NWC__CELL_U8;
    NWC__TRY(tree->keep_cells ? nwc__tree_cells(tree, array) : nwc__tree_values(tree, array));
    for (int c = 0; c < 12; c++) {
        if (tree->keep_cells)
            array->cells[c] = 65;
        else
            array->values[c] = 65.0;
    }
    return NWC_OK;
}

/* A volume of ODIM_H5 that is good, for the input to spoil. */
static nwc_status put_odim(nwc__tree *tree)
{
    static const char *const root[] = {"object", "PVOL", "source", "NOD:betst,", NULL};
    static const char *const place[] = {"lat", "50", "lon", "4", "height", "100", NULL};
    static const char *const sweep[] = {"elangle", "0.5", "rstart", "0", "rscale", "250", "a1gate", "1", NULL};
    static const char *const moment[] = {"quantity", "TH", "gain", "0.5", "offset", "-32", "nodata", "255", NULL};
    static const char *const none[] = {NULL};
    nwc__node *group, *dataset, *data;
    NWC__TRY(put_group(tree, tree->root, "what", root, &group));
    NWC__TRY(put_group(tree, tree->root, "where", place, &group));
    NWC__TRY(put_group(tree, tree->root, "dataset1", none, &dataset));
    NWC__TRY(put_group(tree, dataset, "where", sweep, &group));
    NWC__TRY(put_group(tree, dataset, "what", none, &group));
    NWC__TRY(nwc__tree_attribute(tree, group, "startdate", "20260601", NULL, 0));
    NWC__TRY(nwc__tree_attribute(tree, group, "starttime", "060000", NULL, 0));
    NWC__TRY(put_group(tree, dataset, "how", none, &group));
    NWC__TRY(put_group(tree, dataset, "data1", none, &data));
    NWC__TRY(put_group(tree, data, "what", moment, &group));
    return put_codes(tree, data, "data");
}

/* The same of the KNMI. */
static nwc_status put_knmi(nwc__tree *tree)
{
    static const char *const scan[] = {"scan_elevation",           "0.5", "scan_range_bin", "0.25", "scan_datetime",
                                       "01-JAN-2020;12:00:00.000", NULL};
    static const char *const formulas[] = {"calibration_Z_formulas", "GEO = 0.5 * PV + -32", NULL};
    nwc__node *node, *group;
    NWC__TRY(put_group(tree, tree->root, "scan1", scan, &node));
    NWC__TRY(put_group(tree, node, "calibration", formulas, &group));
    return put_codes(tree, node, "scan_Z_data");
}

static nwc_status put_list(nwc__tree *tree, const char *name, const char *axes, int64_t ny, int64_t nx)
{
    static const char *const none[] = {NULL};
    nwc__node *node;
    NWC__TRY(put_group(tree, tree->root, name, none, &node));
    NWC__TRY(nwc__tree_axes(tree, node, axes));
    node->ndim = nx ? 2 : 1, node->dim[0] = ny, node->dim[1] = nx;
    NWC__TRY(nwc__tree_values(tree, node));
    for (int64_t c = 0; c < ny * (nx ? nx : 1); c++) node->values[c] = (double)c;
    if (strcmp(name, "time") != 0) return NWC_OK;
    return nwc__tree_attribute(tree, node, "units", "seconds since 1970-01-01", NULL, 0);
}

/* Images of ODIM_H5 and of the KNMI, and a field of CF, of 4 x 3 cells. */
static nwc_status put_odim_image(nwc__tree *tree)
{
    static const char *const root[] = {"object", "COMP", "date", "20260601", "time", "060000", NULL};
    static const char *const place[] = {"projdef", "+proj=longlat +ellps=WGS84",
                                        "xsize",   "3",
                                        "ysize",   "4",
                                        "xscale",  "1",
                                        "yscale",  "1",
                                        "LL_lon",  "4",
                                        "LL_lat",  "50",
                                        "UR_lon",  "7",
                                        "UR_lat",  "54",
                                        NULL};
    static const char *const field[] = {"quantity", "RATE", "gain", "0.5", "offset", "-1", "nodata", "255", NULL};
    static const char *const none[] = {NULL};
    nwc__node *group, *dataset, *data;
    NWC__TRY(put_group(tree, tree->root, "what", root, &group));
    for (int k = 0; k < 2; k++)
        NWC__TRY(nwc__tree_attribute(tree, group, root[2 + 2 * k], root[3 + 2 * k], NULL, 0)); /* digits, yet texts */
    NWC__TRY(put_group(tree, tree->root, "where", place, &group));
    NWC__TRY(put_group(tree, tree->root, "dataset1", none, &dataset));
    NWC__TRY(put_group(tree, dataset, "data1", none, &data));
    NWC__TRY(put_group(tree, data, "what", field, &group));
    return put_codes(tree, data, "data");
}

static nwc_status put_knmi_image(nwc__tree *tree)
{
    static const char *const place[] = {"geo_number_columns",
                                        "3",
                                        "geo_number_rows",
                                        "4",
                                        "geo_pixel_size_x",
                                        "1",
                                        "geo_pixel_size_y",
                                        "-1",
                                        "geo_column_offset",
                                        "0",
                                        "geo_row_offset",
                                        "3649.98",
                                        NULL};
    static const char *const map[] = {"projection_proj4_params",
                                      "+proj=stere +lat_0=90 +lon_0=0 +lat_ts=60 +a=6378.14 +b=6356.75 +x_0=0 y_0=0",
                                      NULL};
    static const char *const end[] = {"product_datetime_end", "01-JAN-2020;12:00:00.000", NULL};
    static const char *const image[] = {"image_geo_parameter", "REFLECTIVITY_[DBZ]", NULL};
    static const char *const formulas[] = {"calibration_formulas", "GEO = 0.5 * PV + -32", "calibration_missing_data",
                                           "0", NULL};
    nwc__node *group, *node;
    NWC__TRY(put_group(tree, tree->root, "geographic", place, &group));
    NWC__TRY(put_group(tree, group, "map_projection", map, &node));
    NWC__TRY(put_group(tree, tree->root, "overview", end, &group));
    NWC__TRY(put_group(tree, tree->root, "image1", image, &group));
    NWC__TRY(put_group(tree, group, "calibration", formulas, &node));
    return put_codes(tree, group, "image_data");
}

static nwc_status put_cf_grid(nwc__tree *tree)
{
    nwc__node *crs;
    static const char *const mapping[] = {"grid_mapping_name",
                                          "polar_stereographic",
                                          "latitude_of_projection_origin",
                                          "90",
                                          "standard_parallel",
                                          "60",
                                          NULL};
    NWC__TRY(put_list(tree, "x", "x", 3, 0));
    NWC__TRY(put_list(tree, "y", "y", 4, 0));
    NWC__TRY(put_list(tree, "rain", "y x", 4, 3));
    NWC__TRY(put_list(tree, "time", "time", 1, 0));
    for (nwc__node *node = tree->root->first; node; node = node->next) {
        const bool field = strcmp(node->name, "rain") == 0, time = strcmp(node->name, "time") == 0;
        if (field) NWC__TRY(nwc__tree_attribute(tree, node, "grid_mapping", "crs", NULL, 0));
        NWC__TRY(nwc__tree_attribute(tree, node, time ? "standard_name" : "units",
                                     time    ? "time"
                                     : field ? "mm h-1"
                                             : "km",
                                     NULL, 0));
    }
    return put_group(tree, tree->root, "crs", mapping, &crs);
}

/* The same of CfRadial 1: six rays in a sweep, of three gates. */
static nwc_status put_cfradial(nwc__tree *tree)
{
    static const char *const rays[] = {"time", "azimuth", "elevation", "nyquist_velocity"};
    for (int k = 0; k < 4; k++) NWC__TRY(put_list(tree, rays[k], "time", 6, 0));
    NWC__TRY(put_list(tree, "range", "range", 3, 0));
    NWC__TRY(put_list(tree, "sweep_start_ray_index", "sweep", 1, 0));
    NWC__TRY(put_list(tree, "sweep_end_ray_index", "sweep", 1, 0));
    tree->root->first->values[0] = 5.0;
    return put_list(tree, "rain", "time range", 6, 3);
}

/* The same of CfRadial 2: a group of four rays of three gates. */
static nwc_status put_cfradial2(nwc__tree *tree)
{
    static const char *const none[] = {NULL};
    static const char *const rays[] = {"time", "azimuth", "elevation", "nyquist_velocity", "antenna_transition"};
    nwc__node *const root = tree->root;
    nwc__node *group;
    nwc_status status = NWC_OK;
    NWC__TRY(put_group(tree, root, "sweep_0", none, &group));
    tree->root = group; /* lists go into the root */
    for (int k = 0; k < 5 && status == NWC_OK; k++) status = put_list(tree, rays[k], "time", 4, 0);
    if (status == NWC_OK) status = put_list(tree, "range", "range", 3, 0);
    if (status == NWC_OK) status = put_list(tree, "rain", "time range", 4, 3);
    tree->root = root;
    return status;
}

/* Output of WRF: latitude and longitude of 3 x 4 points, and variables on two levels at one time. */
static nwc_status put_wrf(nwc__tree *tree)
{
    static const struct {
        const char *name, *axes;
        int64_t nz, ny, nx;
    } variables[] = {{"XLAT", "Time south_north west_east", 0, 3, 4},
                     {"XLONG", "Time south_north west_east", 0, 3, 4},
                     {"U", "Time bottom_top south_north west_east_stag", 2, 3, 5},
                     {"PH", "Time bottom_top_stag south_north west_east", 3, 3, 4},
                     {"PHB", "Time bottom_top_stag south_north west_east", 3, 3, 4},
                     {"T", "Time bottom_top south_north west_east", 2, 3, 4}};
    static const char *const none[] = {NULL};
    const double kind = 6.0;
    nwc__node *node;
    for (size_t v = 0; v < sizeof variables / sizeof *variables; v++) {
        const int64_t nz = variables[v].nz, ny = variables[v].ny, nx = variables[v].nx;
        NWC__TRY(put_group(tree, tree->root, variables[v].name, none, &node));
        NWC__TRY(nwc__tree_axes(tree, node, variables[v].axes));
        node->ndim = nz ? 4 : 3;
        const int64_t dim[4] = {1, nz ? nz : ny, nz ? ny : nx, nx};
        memcpy(node->dim, dim, sizeof dim);
        NWC__TRY(nwc__tree_values(tree, node));
        for (int64_t c = 0; c < (nz ? nz : 1) * ny * nx; c++) node->values[c] = (double)(v ? c % nx : c / nx);
    }
    NWC__TRY(put_group(tree, tree->root, "Times", none, &node));
    node->ndim = 2, node->dim[0] = 1, node->dim[1] = 19, node->type = NWC__CELL_TEXT;
    NWC__TRY(nwc__tree_cells(tree, node));
    memcpy(node->cells, "2019-06-05_12:00:00", 19);
    return nwc__tree_attribute(tree, tree->root, "MAP_PROJ", NULL, &kind, 1);
}

/* List what a tree of WRF holds, and read all of it. The tree becomes the model's. */
static void read_wrf(nwc_ctx *ctx, const nwc__tree *tree)
{
    nwc_model *model = NULL;
    nwc_model_options options;
    nwc_model_options_init(&options);
    struct nwc__wrf_base *const base = nwc__alloc(ctx, 1, sizeof *base);
    if (!base) abort();
    *base = (struct nwc__wrf_base){.tree = *tree, .netcdf = -1};
    if (nwc__model_create(ctx, &model) != NWC_OK) abort();
    const nwc_status status = nwc__wrf_list(model, base, 0, &options);
    for (int64_t e = 0; status == NWC_OK && e < nwc_model_count(model); e++) {
        nwc_model_entry entry;
        float cells[64];
        if (nwc_model_entry_at(model, e, &entry) != NWC_OK || entry.points > 64) continue;
        nwc_field field = {.data = cells,
                           .ndim = 2,
                           .dim = {entry.grid->ny, entry.grid->nx},
                           .stride = {entry.grid->nx, 1},
                           .missing = (float)NAN};
        (void)nwc_model_read(ctx, model, e, &field);
    }
    nwc_model_destroy(model);
}

/* Five flashes of the lightning mapper, or levels of a radiosonde. */
static nwc_status put_lists(nwc__tree *tree, const char *const names_of[5])
{
    for (int k = 0; k < 5; k++) NWC__TRY(put_list(tree, names_of[k], "n", 5, 0));
    return NWC_OK;
}

static nwc_status put_flashes(nwc__tree *tree)
{
    static const char *const flashes[] = {"flash_id", "flash_lat", "flash_lon", "flash_time_offset_of_first_event",
                                          "event_id"};
    return put_lists(tree, flashes);
}

static nwc_status put_levels(nwc__tree *tree)
{
    static const char *const levels[] = {"pres", "tdry", "alt", "time_offset", "base_time"};
    return put_lists(tree, levels);
}

/* A profile of ODIM_H5: speeds and heights on three levels. */
static nwc_status put_profile(nwc__tree *tree)
{
    static const char *const root[] = {"object", "VP", "source", "NOD:betst,PLC:Here", NULL};
    static const char *const place[] = {"lat", "50", "lon", "4", "height", "100", "interval", "200", NULL};
    static const char *const quantities[2][5] = {{"quantity", "ff", "nodata", "1", NULL},
                                                 {"quantity", "HGHT", "gain", "0.2", NULL}};
    static const char *const none[] = {NULL};
    nwc__node *group, *dataset, *data, *array;
    NWC__TRY(put_group(tree, tree->root, "what", root, &group));
    NWC__TRY(nwc__tree_attribute(tree, group, "date", "20260601", NULL, 0));
    NWC__TRY(nwc__tree_attribute(tree, group, "time", "060000", NULL, 0));
    NWC__TRY(put_group(tree, tree->root, "where", place, &group));
    NWC__TRY(put_group(tree, tree->root, "dataset1", none, &dataset));
    for (int q = 0; q < 2; q++) {
        NWC__TRY(put_group(tree, dataset, q ? "data2" : "data1", none, &data));
        NWC__TRY(put_group(tree, data, "what", quantities[q], &group));
        NWC__TRY(put_group(tree, data, "data", none, &array));
        array->ndim = 2, array->dim[0] = 3, array->dim[1] = 1;
        NWC__TRY(nwc__tree_values(tree, array));
        for (int c = 0; c < 3; c++) array->values[c] = (double)c;
    }
    return NWC_OK;
}

static nwc_status build(struct input *input, nwc__tree *tree)
{
    nwc__node *node = tree->root;
    while (input->left) {
        const uint8_t step = take(input);
        const char *const name = names[take(input) % (sizeof names / sizeof *names)];
        const double numbers[4] = {take_number(input), take_number(input), (double)step, (double)input->left};
        switch (step % 8) {
        case 0:
            NWC__TRY(nwc__tree_add(tree, node, name, &node));
            break;
        case 1:
            node = node->parent ? node->parent : node;
            break;
        case 2:
            NWC__TRY(take_text(input, tree, node, name));
            break;
        case 3:
            NWC__TRY(nwc__tree_attribute(tree, node, name, NULL, numbers, 1 + step / 6 % 4));
            break;
        case 4:
            NWC__TRY(take_array(input, tree, node));
            break;
        case 5: /* into a group that is there */
            for (nwc__node *child = node->first; child; child = child->next)
                if (strcmp(child->name, name) == 0 || step > 200) node = child;
            break;
        case 6: /* another number into an array */
            if (node->values && node->ndim == 1) node->values[step / 8 % node->dim[0]] = numbers[0];
            break;
        default:
            if (!node->axes) NWC__TRY(nwc__tree_axes(tree, node, texts[step % (sizeof texts / sizeof *texts)]));
        }
    }
    return NWC_OK;
}

typedef struct {
    const char *decoder;
    nwc_status (*put)(nwc__tree *tree);
    bool keep_cells;
    nwc_status (*read_raster)(nwc_ctx *ctx, const nwc__tree *tree, nwc_raster *raster);
    nwc_status (*read_volume)(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume);
    nwc_status (*read_obs)(const nwc__tree *tree, const struct nwc__obs_hints *hints, nwc_obs *obs);
} form;

static const form forms[] = {
    {"odim_image", put_odim_image, .read_raster = nwc__odim_image_read},
    {"knmi_image", put_knmi_image, .read_raster = nwc__knmi_read},
    {"cf_grid", put_cf_grid, .read_raster = nwc__cf_grid_read},
    {"odim_volume", put_odim, true, .read_volume = nwc__odim_volume_read},
    {"cfradial1", put_cfradial, true, .read_volume = nwc__cfradial1_read},
    {"cfradial2", put_cfradial2, true, .read_volume = nwc__cfradial2_read},
    {"knmi_volume", put_knmi, true, .read_volume = nwc__knmi_volume_read},
    {"netcdf_obs", put_flashes, .read_obs = nwc__netcdf_obs_decode},
    {"netcdf_obs", put_levels, .read_obs = nwc__netcdf_obs_decode},
    {"odim_profile", put_profile, .read_obs = nwc__odim_profile_read},
    {.decoder = "wrf", .put = put_wrf},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    nwc_ctx *const ctx = nwc__ctx(NULL);
    struct input input = {bytes, size};
    nwc__tree tree;
    nwc_raster *raster = NULL;
    nwc_volume *volume = NULL;
    nwc_obs *obs = NULL;
    const struct nwc__obs_hints hints = {.near_ns = NWC_TIME_UNKNOWN};
    const uint8_t beginning = take(&input);
    const form *const chosen = FUZZ_ROW(forms, beginning / 4);
    nwc_status status = nwc__tree_create(ctx, 1 << 20, &tree);
    tree.keep_cells = chosen->keep_cells;
    if (status == NWC_OK && beginning % 4) status = chosen->put(&tree);
    if (status == NWC_OK) status = build(&input, &tree);
    if (status == NWC_OK && fuzz_is_for("wrf")) {
        read_wrf(ctx, &tree);
        return 0;
    }
    if (status == NWC_OK) status = nwc__obs_create(ctx, "", 1 << 20, &obs);
    if (status == NWC_OK) status = nwc__raster_create(ctx, "", 1 << 20, &raster);
    if (status == NWC_OK) status = nwc__volume_create(ctx, "", 1 << 20, &volume);
    if (status == NWC_OK && chosen->read_raster) (void)chosen->read_raster(ctx, &tree, raster);
    if (status == NWC_OK && chosen->read_volume) (void)chosen->read_volume(ctx, &tree, volume);
    if (status == NWC_OK && chosen->read_obs) (void)chosen->read_obs(&tree, &hints, obs);
    nwc_obs_destroy(obs);
    nwc_volume_destroy(volume);
    nwc_raster_destroy(raster);
    nwc__tree_destroy(&tree);
    return 0;
}

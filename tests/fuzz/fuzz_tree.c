/*
 * Decoders of the neutral tree: ODIM_H5, KNMI and CF. The input is a program that builds a tree: its first byte chooses the
 * decoder, each further one a step, and names come from a list, so that the fuzzer soon meets those the decoders look for.
 */
#include "radar/format/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *const names[] = {
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
};
static const char *const texts[] = {
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
    if (node->values) return NWC_OK;
    int64_t count = 1;
    node->ndim = take(input) % (NWC__TREE_MOST_DIMS + 1);
    for (int64_t d = 0; d < node->ndim; d++) count *= node->dim[d] = 1 + take(input) % 8;
    NWC__TRY(nwc__tree_values(tree, node));
    for (int64_t c = 0; c < count; c++) node->values[c] = take_number(input);
    return NWC_OK;
}

static nwc_status build(struct input *input, nwc__tree *tree)
{
    nwc__node *node = tree->root;
    while (input->left) {
        const uint8_t step = take(input);
        const char *const name = names[take(input) % (sizeof names / sizeof *names)];
        const double numbers[2] = {take_number(input), take_number(input)};
        switch (step % 6) {
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
            NWC__TRY(nwc__tree_attribute(tree, node, name, NULL, numbers, 1 + step % 2));
            break;
        case 4:
            NWC__TRY(take_array(input, tree, node));
            break;
        default:
            if (!node->axes) NWC__TRY(nwc__tree_axes(tree, node, texts[step % (sizeof texts / sizeof *texts)]));
        }
    }
    return NWC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    nwc_ctx *const ctx = nwc__ctx(NULL);
    struct input input = {bytes, size};
    nwc__tree tree;
    nwc_raster *raster = NULL;
    const uint8_t decoder = take(&input);
    if (nwc__tree_create(ctx, 1 << 20, &tree) == NWC_OK && build(&input, &tree) == NWC_OK &&
        nwc__raster_create(ctx, "", 1 << 20, &raster) == NWC_OK)
        (void)(decoder % 3 == 0   ? nwc__odim_image_read
               : decoder % 3 == 1 ? nwc__knmi_read
                                  : nwc__cf_grid_read)(ctx, &tree, raster);
    nwc_raster_destroy(raster);
    nwc__tree_destroy(&tree);
    return 0;
}

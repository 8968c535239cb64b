/*
 * Composites of the KNMI in its own HDF5 (KNMI HDF5 data format specification 3.5): groups overview, geographic and imageN
 * with a calibration. Lengths are in kilometres; the offsets count rows and columns from the origin of the projection
 * to the north-western corner.
 */
#include "radar/format/tree.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_IMAGES = 100 };

bool nwc__knmi_time(const char *text, int64_t *time_ns)
{
    static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    int32_t civil[6];
    char month[4];
    if (sscanf(text, "%2d-%3[A-Z]-%4d;%2d:%2d:%2d", &civil[2], month, &civil[0], &civil[3], &civil[4], &civil[5]) != 6)
        return false;
    const char *const at = strstr(months, month);
    if (strlen(month) != 3 || !at || (at - months) % 3 != 0) return false;
    civil[1] = (int32_t)(at - months) / 3 + 1;
    return nwc__time_from_civil(civil, time_ns);
}

bool nwc__knmi_calibration(const char *text, double *gain, double *offset)
{
    char packed[NWC__TEXT];
    size_t n = 0;
    for (; *text && n < sizeof packed - 1; text++)
        if (*text != ' ') packed[n++] = *text;
    packed[n] = '\0';
    return sscanf(packed, "GEO=%lf*PV+%lf", gain, offset) == 2 || sscanf(packed, "GEO=%lf*PV%lf", gain, offset) == 2;
}

/* Lengths of a PROJ string from kilometres to metres. */
static nwc_status projection_of(const nwc__node *geographic, char proj[NWC__TEXT])
{
    const char *text = nwc__node_text(nwc__node_find(geographic, "map_projection"), "projection_proj4_params");
    if (!text[0]) return nwc__fail(NWC_ERR_FORMAT, "geographic/map_projection: projection_proj4_params expected");
    static const char *const lengths[] = {"+a=", "+b=", "+R=", "+x_0=", "+y_0="};
    size_t used = 0;
    while (*text && used < NWC__TEXT - 40) {
        const char *key = NULL;
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++)
            if (strncmp(text, lengths[k], strlen(lengths[k])) == 0) key = lengths[k];
        if (key) {
            char *end;
            const double value = strtod(text + strlen(key), &end);
            used += (size_t)snprintf(proj + used, NWC__TEXT - used, "%s%.15g", key, 1000.0 * value);
            text = end;
        } else
            proj[used++] = *text++;
    }
    proj[used] = '\0';
    return *text ? nwc__fail(NWC_ERR_FORMAT, "projection_proj4_params: too long") : NWC_OK;
}

static nwc_status grid_of(const nwc__node *geographic, char proj[NWC__TEXT], nwc_grid *grid)
{
    NWC__TRY(projection_of(geographic, proj));
    const double nx = nwc__node_number(geographic, "geo_number_columns", NAN);
    const double ny = nwc__node_number(geographic, "geo_number_rows", NAN);
    const double dx = 1000.0 * nwc__node_number(geographic, "geo_pixel_size_x", NAN);
    const double dy = 1000.0 * fabs(nwc__node_number(geographic, "geo_pixel_size_y", NAN));
    const double column = nwc__node_number(geographic, "geo_column_offset", NAN);
    const double row = nwc__node_number(geographic, "geo_row_offset", NAN);
    if (!(nx >= 1.0 && ny >= 1.0 && nx <= NWC__MOST_CELLS_ALONG && ny <= NWC__MOST_CELLS_ALONG && dx > 0.0 &&
          dy > 0.0 && isfinite(column) && isfinite(row)))
        return nwc__fail(NWC_ERR_FORMAT, "geographic: numbers, sizes and offsets of columns and rows expected");
    *grid = (nwc_grid){.projection = proj,
                       .nx = (int64_t)nx,
                       .ny = (int64_t)ny,
                       .dx = dx,
                       .dy = dy,
                       .x_first = (column + 0.5) * dx,
                       .y_first = -(row + ny - 0.5) * dy};
    return NWC_OK;
}

/* What "REFLECTIVITY_[DBZ]" and its like are here; NULL for what this library does not know. */
static const char *units_of(const char *parameter, const char **quantity, float *nothing)
{
    *nothing = 0.0F;
    if (strstr(parameter, "[DBZ]")) {
        *quantity = "DBZH", *nothing = NWC__NO_ECHO_DBZ;
        return "dBZ";
    }
    if (strstr(parameter, "[MM/H]")) return *quantity = "RATE", "mm h-1";
    if (strstr(parameter, "[MM]")) return *quantity = "ACRR", "mm";
    return NULL;
}

static nwc_status read_image(const nwc__tree *tree, const nwc__node *image, const nwc_grid *grid, nwc_raster *raster)
{
    const nwc__node *const data = nwc__node_find(image, "image_data");
    const nwc__node *const calibration = nwc__node_find(image, "calibration");
    const nwc__node *const overview = nwc__node_find(tree->root, "overview");
    const char *quantity;
    float nothing;
    const char *const parameter = nwc__node_text(image, "image_geo_parameter");
    const char *const units = units_of(parameter, &quantity, &nothing);
    if (!units) return NWC_OK; /* quality, counts of radars */
    double gain, offset;
    int64_t end_ns, start_ns;
    if (!data || !data->values || data->ndim != 2 || data->dim[0] != grid->ny || data->dim[1] != grid->nx)
        return nwc__fail(NWC_ERR_FORMAT, "%s/image_data: %lld x %lld cells expected", image->name, (long long)grid->ny,
                         (long long)grid->nx);
    if (!nwc__knmi_calibration(nwc__node_text(calibration, "calibration_formulas"), &gain, &offset))
        return nwc__fail(NWC_ERR_FORMAT, "%s/calibration: GEO = gain * PV + offset expected", image->name);
    if (!nwc__knmi_time(nwc__node_text(overview, "product_datetime_end"), &end_ns) &&
        !nwc__knmi_time(nwc__node_text(overview, "product_datetime"), &end_ns))
        return nwc__fail(NWC_ERR_FORMAT, "overview: product_datetime_end DD-MON-YYYY;hh:mm:ss expected");
    const bool amount = strcmp(units, "mm") == 0;
    const bool timed = amount && nwc__knmi_time(nwc__node_text(overview, "product_datetime_start"), &start_ns);
    float *cells;
    NWC__TRY(nwc__raster_add(raster,
                             &(struct nwc__layer_facts){.grid = *grid,
                                                        .name = image->name,
                                                        .quantity = quantity,
                                                        .units = units,
                                                        .source = "KNMI",
                                                        .time_ns = end_ns,
                                                        .reference_ns = end_ns,
                                                        .duration_s = timed ? 1e-9 * (double)(end_ns - start_ns) : 0.0,
                                                        .north_first = true},
                             &cells));
    const double missing = nwc__node_number(calibration, "calibration_missing_data", NAN);
    const double outside = nwc__node_number(calibration, "calibration_out_of_image", NAN);
    for (int64_t c = 0; c < grid->nx * grid->ny; c++) {
        const double raw = data->values[c];
        cells[c] = raw == missing || raw == outside ? NAN : raw == 0.0 ? nothing : (float)(gain * raw + offset);
    }
    return NWC_OK;
}

nwc_status nwc__knmi_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_raster *raster)
{
    (void)ctx;
    char proj[NWC__TEXT], name[32];
    nwc_grid grid;
    const nwc__node *image;
    if (!nwc__node_find(tree->root, "image1"))
        return nwc__fail(NWC_ERR_NODATA, "KNMI HDF5 without a group image1: not a composite");
    NWC__TRY(grid_of(nwc__node_find(tree->root, "geographic"), proj, &grid));
    for (int n = 1; n <= MOST_IMAGES; n++) {
        snprintf(name, sizeof name, "image%d", n);
        if (!(image = nwc__node_find(tree->root, name))) break;
        NWC__TRY(read_image(tree, image, &grid, raster));
    }
    return nwc_raster_count(raster) ? NWC_OK : nwc__fail(NWC_ERR_NODATA, "no image of rain or reflectivity");
}

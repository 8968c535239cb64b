/*
 * ODIM_H5 composites and images (objects COMP and IMAGE): every datasetN/dataM as a layer. The attribute nearest to the
 * data wins. Corners are the outer edges of the corner cells; rows run from the north.
 */
#include "radar/format/odim.h"

#include <stdio.h>

enum { MOST_NUMBERED = 1000 };

static nwc_status find_grid(nwc_ctx *ctx, const nwc__node *node, nwc_grid *grid)
{
    *grid = (nwc_grid){.projection = nwc__odim_text(node, "where", "projdef"),
                       .dx = nwc__odim_number(node, "where", "xscale", NAN),
                       .dy = nwc__odim_number(node, "where", "yscale", NAN)};
    const double nx = nwc__odim_number(node, "where", "xsize", NAN), ny = nwc__odim_number(node, "where", "ysize", NAN);
    if (!(nx >= 1.0 && ny >= 1.0 && nx <= NWC__MOST_CELLS_ALONG && ny <= NWC__MOST_CELLS_ALONG))
        return nwc__fail(NWC_ERR_FORMAT, "where: xsize and ysize from 1 to %d expected", NWC__MOST_CELLS_ALONG);
    grid->nx = (int64_t)nx, grid->ny = (int64_t)ny;
    if (!grid->projection[0]) return nwc__fail(NWC_ERR_FORMAT, "where: a text projdef expected, none found");
    const double lon[2] = {nwc__odim_number(node, "where", "LL_lon", NAN),
                           nwc__odim_number(node, "where", "UR_lon", NAN)};
    const double lat[2] = {nwc__odim_number(node, "where", "LL_lat", NAN),
                           nwc__odim_number(node, "where", "UR_lat", NAN)};
    double x[2], y[2];
    const nwc_status status = nwc_grid_from_lonlat(ctx, grid, 2, lon, lat, x, y);
    if (status == NWC_ERR_ARG) return nwc__fail(NWC_ERR_FORMAT, "where: projdef: %s", nwc_error_text());
    if (status != NWC_OK) return status;
    if (isnan(grid->dx)) grid->dx = (x[1] - x[0]) / nx;
    if (isnan(grid->dy)) grid->dy = (y[1] - y[0]) / ny;
    if (!(fabs(x[1] - x[0] - nx * grid->dx) <= grid->dx && fabs(y[1] - y[0] - ny * grid->dy) <= grid->dy))
        return nwc__fail(NWC_ERR_FORMAT,
                         "where: the corners LL and UR are %g x %g apart, %g x %g expected by the cells", x[1] - x[0],
                         y[1] - y[0], nx * grid->dx, ny * grid->dy);
    /* Corners are rounded, so their middle is nearer to the truth than either. */
    grid->x_first = 0.5 * (x[0] + x[1]) - 0.5 * (nx - 1.0) * grid->dx;
    grid->y_first = 0.5 * (y[0] + y[1]) - 0.5 * (ny - 1.0) * grid->dy;
    return NWC_OK;
}

const char *nwc__odim_unit(const char *quantity, float *nothing)
{
    *nothing = 0.0F;
    if (strcmp(quantity, "RATE") == 0) return "mm h-1";
    if (strcmp(quantity, "ACRR") == 0) return "mm";
    if (strcmp(quantity, "VIL") == 0) return "kg m-2";
    if (strncmp(quantity, "DBZ", 3) == 0 || strcmp(quantity, "TH") == 0 || strcmp(quantity, "TV") == 0) {
        *nothing = NWC__NO_ECHO_DBZ;
        return "dBZ";
    }
    *nothing = strcmp(quantity, "QIND") == 0 ? 0.0F : NAN;
    return "1";
}

static nwc_status read_data(nwc_ctx *ctx, const nwc__node *node, const nwc__node *data, nwc_raster *raster)
{
    nwc_grid grid;
    NWC__TRY(find_grid(ctx, node, &grid));
    if (data->ndim != 2 || data->dim[0] != grid.ny || data->dim[1] != grid.nx)
        return nwc__fail(NWC_ERR_FORMAT, "data: %lld x %lld cells expected, another shape found", (long long)grid.ny,
                         (long long)grid.nx);
    int64_t nominal, start, end;
    if (!nwc__odim_time(node, "date", "time", &nominal))
        return nwc__fail(NWC_ERR_FORMAT, "what: date YYYYMMDD and time HHmmss expected");
    const char *const quantity = nwc__odim_text(node, "what", "quantity");
    const bool amount = strcmp(quantity, "ACRR") == 0;
    double duration_s = 0.0;
    if (amount && nwc__odim_time(node, "startdate", "starttime", &start) &&
        nwc__odim_time(node, "enddate", "endtime", &end))
        duration_s = 1e-9 * (double)(end - start);
    float nothing, *cells;
    const char *const units = nwc__odim_unit(quantity, &nothing);
    NWC__TRY(nwc__raster_add(raster,
                             &(struct nwc__layer_facts){.grid = grid,
                                                        .name = node->name,
                                                        .quantity = quantity,
                                                        .units = units,
                                                        .source = nwc__odim_text(node, "what", "source"),
                                                        .time_ns = nominal,
                                                        .reference_ns = nominal,
                                                        .duration_s = duration_s > 0.0 ? duration_s : 0.0,
                                                        .north_first = true},
                             &cells));
    const double gain = nwc__odim_number(node, "what", "gain", 1.0),
                 offset = nwc__odim_number(node, "what", "offset", 0.0);
    const double nodata = nwc__odim_number(node, "what", "nodata", NAN),
                 undetect = nwc__odim_number(node, "what", "undetect", NAN);
    for (int64_t c = 0; c < grid.nx * grid.ny; c++) {
        const double raw = data->values[c];
        cells[c] = raw == nodata ? NAN : raw == undetect ? nothing : (float)(raw * gain + offset);
    }
    return NWC_OK;
}

nwc_status nwc__odim_image_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_raster *raster)
{
    if (!nwc__node_find(tree->root, "what"))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "HDF5, but not ODIM_H5: no group what");
    const char *const object = nwc__odim_text(tree->root, "what", "object");
    if (strcmp(object, "COMP") != 0 && strcmp(object, "IMAGE") != 0)
        return nwc__fail(NWC_ERR_NODATA, "ODIM_H5 object COMP or IMAGE expected, \"%s\" found", object);
    for (int n = 1; n <= MOST_NUMBERED; n++) {
        char name[32];
        snprintf(name, sizeof name, "dataset%d", n);
        const nwc__node *const dataset = nwc__node_find(tree->root, name);
        for (int m = 1; dataset && m <= MOST_NUMBERED; m++) {
            snprintf(name, sizeof name, "data%d", m);
            const nwc__node *const node = nwc__node_find(dataset, name);
            const nwc__node *const data = nwc__node_find(node, "data");
            if (data && data->values) NWC__TRY(read_data(ctx, node, data, raster));
            if (!node) break;
        }
        if (!dataset) break;
    }
    return nwc_raster_count(raster) ? NWC_OK : nwc__fail(NWC_ERR_NODATA, "dataset1/data1/data: an array expected");
}

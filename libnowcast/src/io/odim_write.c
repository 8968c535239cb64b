/*
 * Fields of one time as an ODIM_H5 composite (object COMP; Michelson et al. 2014, model 2.4), by the HDF5 library: dataset1
 * with one data group for each quantity, as float, so that what is read back is what was written.
 */
#include "io/hdf5_close.h"
#include "io/hdf5_put.h"
#include "io/writer.h"

#ifdef NWC__HAVE_NETCDF
#include <stdio.h>

enum { CHUNK = 512, DEFLATE = 1 };

static const double nodata = -9999000.0, undetect = -8888000.0;

struct state {
    struct nwc_ctx *memory;
    char *path;
    hid_t file, dataset;
    nwc_grid grid;
    char text[NWC__TEXT];
    int64_t time_ns;
    int layers;
};

static nwc_status create(nwc_ctx *memory, const char *path, void **made)
{
    struct state *const state = nwc__alloc(memory, 1, sizeof *state);
    if (!state) return NWC_ERR_NOMEM;
    *state = (struct state){.memory = memory, .dataset = -1};
    if (!(state->path = nwc__copy_text(memory, path))) {
        nwc__free(memory, state);
        return NWC_ERR_NOMEM;
    }
    const struct nwc__h5_quiet before = nwc__h5_be_quiet();
    state->file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    nwc__h5_be_as(before);
    if (state->file < 0) {
        nwc__free(memory, state->path);
        nwc__free(memory, state);
        return nwc__h5_failed("a file");
    }
    *made = state;
    return NWC_OK;
}

static nwc_status put_where(const struct state *state)
{
    static const char *const lon_names[4] = {"LL_lon", "LR_lon", "UL_lon", "UR_lon"};
    static const char *const lat_names[4] = {"LL_lat", "LR_lat", "UL_lat", "UR_lat"};
    const nwc_grid *const grid = &state->grid;
    double x[4], y[4];
    for (int c = 0; c < 4; c++) { /* outer corners of the corner cells */
        x[c] = grid->x_first + grid->dx * (c & 1 ? (double)grid->nx - 0.5 : -0.5);
        y[c] = grid->y_first + grid->dy * (c & 2 ? (double)grid->ny - 0.5 : -0.5);
    }
    NWC__TRY(nwc_grid_to_lonlat(NULL, grid, 4, x, y, x, y));
    const hid_t where = nwc__h5_group(state->file, "where");
    nwc_status status = where < 0 ? nwc__h5_failed("where") : nwc__h5_put_text(where, "projdef", grid->projection);
    if (status == NWC_OK) status = nwc__h5_put_whole(where, "xsize", grid->nx);
    if (status == NWC_OK) status = nwc__h5_put_whole(where, "ysize", grid->ny);
    if (status == NWC_OK) status = nwc__h5_put_real(where, "xscale", grid->dx);
    if (status == NWC_OK) status = nwc__h5_put_real(where, "yscale", grid->dy);
    for (int c = 0; c < 4 && status == NWC_OK; c++) {
        status = nwc__h5_put_real(where, lon_names[c], x[c]);
        if (status == NWC_OK) status = nwc__h5_put_real(where, lat_names[c], y[c]);
    }
    if (where >= 0) H5Gclose(where);
    return status;
}

static nwc_status put_what(const struct state *state, const nwc_layer *layer)
{
    const hid_t what = nwc__h5_group(state->file, "what");
    if (what < 0) return nwc__h5_failed("what");
    char source[NWC__TEXT];
    const char *const given = layer->source && layer->source[0] ? layer->source : "unknown";
    snprintf(source, sizeof source, "%s%s", strchr(given, ':') ? "" : "CMT:", given);
    nwc_status status = nwc__h5_put_text(what, "object", "COMP");
    if (status == NWC_OK) status = nwc__h5_put_text(what, "version", "H5rad 2.4");
    if (status == NWC_OK) status = nwc__h5_put_text(what, "source", source);
    if (status == NWC_OK) status = nwc__h5_put_time(what, "date", "time", layer->time_ns);
    H5Gclose(what);
    return status;
}

static nwc_status put_interval(const struct state *state, const nwc_layer *layer)
{
    const hid_t what = nwc__h5_group(state->dataset, "what");
    if (what < 0) return nwc__h5_failed("dataset1/what");
    nwc_status status = nwc__h5_put_text(what, "product", "COMP");
    if (status == NWC_OK)
        status = nwc__h5_put_time(what, "startdate", "starttime",
                                  layer->time_ns - (int64_t)llround(1e9 * layer->duration_s));
    if (status == NWC_OK) status = nwc__h5_put_time(what, "enddate", "endtime", layer->time_ns);
    H5Gclose(what);
    return status;
}

static nwc_status lay_out(struct state *state, const nwc_layer *layer)
{
    const nwc_grid *const grid = layer->field.grid;
    if (strlen(grid->projection) >= NWC__TEXT)
        return nwc__fail(NWC_ERR_ARG, "grid: a PROJ string of less than %d characters expected", NWC__TEXT);
    strcpy(state->text, grid->projection);
    state->grid = *grid;
    state->grid.projection = state->text;
    state->time_ns = layer->time_ns;
    NWC__TRY(nwc__h5_put_text(state->file, "Conventions", "ODIM_H5/V2_4"));
    NWC__TRY(put_what(state, layer));
    NWC__TRY(put_where(state));
    if ((state->dataset = nwc__h5_group(state->file, "dataset1")) < 0) return nwc__h5_failed("dataset1");
    return put_interval(state, layer);
}

/* Cells from the north, nodata for NaN, undetect for nothing there. */
static void encode(const nwc_field *field, float nothing, float *cells)
{
    const int64_t ny = field->dim[0], nx = field->dim[1];
    for (int64_t j = 0; j < ny; j++) {
        float *const row = cells + j * nx;
        nwc__copy_rows(field, ny - 1 - j, 1, row);
        for (int64_t i = 0; i < nx; i++)
            row[i] = isnan(row[i]) ? (float)nodata : row[i] == nothing ? (float)undetect : row[i];
    }
}

static nwc_status put_cells(const struct state *state, hid_t group, const nwc_field *field, float nothing)
{
    nwc_status status = NWC_OK;
    const hsize_t dim[2] = {(hsize_t)field->dim[0], (hsize_t)field->dim[1]};
    const hsize_t chunk[2] = {dim[0] < CHUNK ? dim[0] : CHUNK, dim[1] < CHUNK ? dim[1] : CHUNK};
    const hid_t space = H5Screate_simple(2, dim, NULL), layout = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(layout, 2, chunk);
    H5Pset_shuffle(layout);
    H5Pset_deflate(layout, DEFLATE);
    const hid_t data = H5Dcreate2(group, "data", H5T_IEEE_F32LE, space, H5P_DEFAULT, layout, H5P_DEFAULT);
    float *cells;
    NWC__ALLOC(state->memory, cells, field->dim[0] * field->dim[1]);
    encode(field, nothing, cells);
    if (data < 0 || H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells) < 0)
        status = nwc__h5_failed("data");
    if (status == NWC_OK) status = nwc__h5_put_text(data, "CLASS", "IMAGE");
    if (status == NWC_OK) status = nwc__h5_put_text(data, "IMAGE_VERSION", "1.2");
done:
    nwc__free(state->memory, cells);
    if (data >= 0) status = nwc__h5_close_array(data, status);
    H5Pclose(layout);
    H5Sclose(space);
    return status;
}

static nwc_status put_data(struct state *state, const nwc_layer *layer, float nothing)
{
    char name[32];
    snprintf(name, sizeof name, "data%d", ++state->layers);
    const hid_t group = nwc__h5_group(state->dataset, name);
    const hid_t what = group < 0 ? -1 : nwc__h5_group(group, "what");
    nwc_status status = what < 0 ? nwc__h5_failed(name) : nwc__h5_put_text(what, "quantity", layer->quantity);
    if (status == NWC_OK) status = nwc__h5_put_real(what, "gain", 1.0);
    if (status == NWC_OK) status = nwc__h5_put_real(what, "offset", 0.0);
    if (status == NWC_OK) status = nwc__h5_put_real(what, "nodata", nodata);
    if (status == NWC_OK) status = nwc__h5_put_real(what, "undetect", undetect);
    if (status == NWC_OK) status = put_cells(state, group, &layer->field, nothing);
    if (what >= 0) H5Gclose(what);
    if (group >= 0) H5Gclose(group);
    return status;
}

static nwc_status check(const struct state *state, const nwc_layer *layer, const char *units)
{
    const char *const quantity = layer->quantity ? layer->quantity : "";
    if (strcmp(units, "1") == 0 && strcmp(quantity, "QIND") != 0)
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "layer.quantity: RATE, ACRR, VIL, QIND or a reflectivity expected for ODIM_H5, \"%s\" given",
                         quantity);
    if (strcmp(units, layer->field.units) != 0)
        return nwc__fail(NWC_ERR_ARG, "layer.field.units: %s expected for %s, %s given", units, quantity,
                         layer->field.units);
    if (layer->reference_ns != layer->time_ns)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "layer: ODIM_H5 composites have no place for a forecast's start");
    if (layer->time_ns % 1000000000 != 0)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "layer.time_ns: ODIM_H5 holds whole seconds");
    if (state->dataset < 0) return NWC_OK;
    if (layer->time_ns != state->time_ns)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "layer.time_ns: one time in an ODIM_H5 file expected, a second given");
    if (!nwc__same_grid(&state->grid, layer->field.grid))
        return nwc__fail(NWC_ERR_ARG, "layer.field.grid: the grid of the first layer expected, another given");
    return NWC_OK;
}

static nwc_status add(void *of, const nwc_layer *layer, const char *name)
{
    (void)name; /* ODIM_H5 knows fields by their quantity */
    struct state *const state = of;
    float nothing = NAN;
    const char *const units = nwc__odim_unit(layer->quantity ? layer->quantity : "", &nothing);
    NWC__TRY(check(state, layer, units));
    const struct nwc__h5_quiet before = nwc__h5_be_quiet();
    nwc_status status = state->dataset < 0 ? lay_out(state, layer) : NWC_OK;
    if (status == NWC_OK) status = put_data(state, layer, nothing);
    nwc__h5_be_as(before);
    return status;
}

static nwc_status attribute(void *of, const char *variable, const char *name, const char *text, double number)
{
    (void)variable;
    struct state *const state = of;
    const struct nwc__h5_quiet before = nwc__h5_be_quiet();
    const hid_t how = nwc__h5_group(state->file, "how");
    const nwc_status status = how < 0 ? nwc__h5_failed("how")
                              : text  ? nwc__h5_put_text(how, name, text)
                                      : nwc__h5_put_real(how, name, number);
    if (how >= 0) H5Gclose(how);
    nwc__h5_be_as(before);
    return status;
}

static nwc_status close_file(void *of)
{
    struct state *const state = of;
    const struct nwc__h5_quiet before = nwc__h5_be_quiet();
    if (state->dataset >= 0) H5Gclose(state->dataset);
    const nwc_status status = nwc__h5_close(state->file, state->path, NWC_OK);
    nwc__h5_be_as(before);
    nwc__free(state->memory, state->path);
    nwc__free(state->memory, state);
    return status;
}

const struct nwc__write_format nwc__odim_format = {
    .ending = {".h5", ".hdf", ".hdf5"}, .create = create, .add = add, .attribute = attribute, .close = close_file};
#endif

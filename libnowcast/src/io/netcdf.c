/*
 * NetCDF into the neutral tree, by netCDF-C, one call at a time under the io lock. Coordinates and other short arrays are
 * held in the tree; fields of grids stay in the file and are fetched some rows at a time. Volumes in netCDF-4 are read by hdf5.c.
 */
#include "io/internal.h"
#include "io/netcdf_header.h"
#include "io/netcdf_tree.h"
#include "obs/format/netcdf_obs.h"
#include "radar/volume.h"

#ifdef NWC__HAVE_NETCDF
#include <netcdf.h>
#include <netcdf_mem.h>
#include <stdio.h>

enum { MOST_VARIABLES = 4096, MOST_ATTRIBUTES = 1024, MOST_LENGTH = 65536, MOST_HELD = 1 << 20 };

/* The types of cells, for those of netCDF that have one. */
static bool cell_type(nc_type type, nwc__cell_type *cell)
{
    static const nwc__cell_type types[] = {
        [NC_BYTE] = NWC__CELL_I8,    [NC_SHORT] = NWC__CELL_I16,  [NC_INT] = NWC__CELL_I32,
        [NC_FLOAT] = NWC__CELL_F32,  [NC_DOUBLE] = NWC__CELL_F64, [NC_UBYTE] = NWC__CELL_U8,
        [NC_USHORT] = NWC__CELL_U16, [NC_UINT] = NWC__CELL_U32};
    if (type < NC_BYTE || type == NC_CHAR || type > NC_UINT) return false;
    *cell = types[type];
    return true;
}

static nwc_status failed(int error, const char *what, const char *name)
{
    const nwc_status status = error == NC_ENOMEM ? NWC_ERR_NOMEM : NWC_ERR_FORMAT;
    return nwc__fail(status, "%s %s: %s", what, name, nc_strerror(error));
}

static nwc_status read_string(int file, int variable, const char *name, nwc__tree *tree, nwc__node *node)
{
    char *text = NULL; /* one string: an attribute of several says nothing we need */
    const int error = nc_get_att_string(file, variable, name, &text);
    if (error) return failed(error, "attribute", name);
    nwc_status status = NWC_OK;
    if (text && strlen(text) < MOST_LENGTH) status = nwc__tree_attribute(tree, node, name, text, NULL, 0);
    nc_free_string(1, &text);
    return status;
}

static nwc_status read_attribute(nwc_ctx *ctx, int file, int variable, int number, nwc__tree *tree, nwc__node *node)
{
    nwc_status status = NWC_OK;
    char name[NC_MAX_NAME + 1] = "";
    nc_type type;
    size_t length;
    int error = nc_inq_attname(file, variable, number, name);
    if (!error) error = nc_inq_att(file, variable, name, &type, &length);
    if (error) return failed(error, "attribute", name);
    if (length < 1 || length >= MOST_LENGTH || (type == NC_STRING && length != 1)) return NWC_OK;
    if (type == NC_STRING) return read_string(file, variable, name, tree, node);
    if (type > NC_STRING) return NWC_OK; /* types the file makes itself */
    double *numbers = NULL;
    char *text = NULL;
    if (type == NC_CHAR) {
        NWC__ALLOC(ctx, text, (int64_t)length + 1);
        text[length] = '\0';
        error = nc_get_att_text(file, variable, name, text);
    } else {
        NWC__ALLOC(ctx, numbers, (int64_t)length);
        error = nc_get_att_double(file, variable, name, numbers);
    }
    status = error && error != NC_ERANGE
                 ? failed(error, "attribute", name)
                 : nwc__tree_attribute(tree, node, name, text, numbers, numbers ? (int64_t)length : 0);
done:
    nwc__free(ctx, numbers);
    nwc__free(ctx, text);
    return status;
}

static nwc_status read_dimensions(int file, int variable, nwc__tree *tree, nwc__node *node, int ndim)
{
    int dimension[NC_MAX_VAR_DIMS];
    char axes[NWC__TREE_MOST_DIMS * (NC_MAX_NAME + 1)] = "";
    int error = nc_inq_vardimid(file, variable, dimension);
    for (int d = 0; !error && d < ndim; d++) {
        char name[NC_MAX_NAME + 1];
        size_t length = 0;
        error = nc_inq_dim(file, dimension[d], name, &length);
        if (error) break;
        node->dim[d] = length <= (ndim == 1 ? INT32_MAX : NWC__MOST_CELLS_ALONG) ? (int64_t)length : 0;
        if (d) strcat(axes, " ");
        strcat(axes, name);
    }
    if (error) return failed(error, "dimensions of", node->name);
    node->ndim = ndim;
    return nwc__tree_axes(tree, node, axes);
}

/* What of a variable is short is read, and all of it where the tree keeps cells; what is too large for any field, or empty, is not. */
static nwc_status read_values(int file, int variable, nc_type type, nwc__tree *tree, nwc__node *node)
{
    int64_t count = 1;
    for (int64_t d = 0; d < node->ndim; d++) {
        if (node->dim[d] < 1) {
            node->ndim = 0;
            return NWC_OK;
        }
        count = count <= MOST_HELD ? count * node->dim[d] : count;
    }
    const bool field = node->ndim >= 2 && node->dim[node->ndim - 1] != 2;
    int error;
    if (tree->keep_cells && (field || count > NWC__TREE_MOST_HELD) && cell_type(type, &node->type)) {
        NWC__TRY(nwc__tree_cells(tree, node));
        error = nc_get_var(file, variable, node->cells);
    } else {
        if (!tree->keep_cells && (field || count > MOST_HELD)) return NWC_OK;
        NWC__TRY(nwc__tree_values(tree, node));
        error = nc_get_var_double(file, variable, node->values);
    }
    return error && error != NC_ERANGE ? failed(error, "variable", node->name) : NWC_OK;
}

/* A list of texts. */
static nwc_status read_characters(int file, int variable, nwc__tree *tree, nwc__node *node)
{
    if (node->ndim != 2 || node->dim[0] < 1 || node->dim[1] < 1 || node->dim[0] * node->dim[1] > MOST_LENGTH)
        return NWC_OK;
    node->type = NWC__CELL_TEXT;
    NWC__TRY(nwc__tree_cells(tree, node));
    const int error = nc_get_var_text(file, variable, (char *)node->cells);
    return error ? failed(error, "variable", node->name) : NWC_OK;
}

static nwc_status read_variable(nwc_ctx *ctx, int file, int variable, nwc__tree *tree)
{
    char name[NC_MAX_NAME + 1] = "";
    nc_type type;
    int ndim, attributes;
    const int error = nc_inq_var(file, variable, name, &type, &ndim, NULL, &attributes);
    if (error) return failed(error, "variable", name);
    nwc__node *node;
    NWC__TRY(nwc__tree_add(tree, tree->root, name, &node));
    node->id = variable;
    for (int a = 0; a < attributes && a < MOST_ATTRIBUTES; a++)
        NWC__TRY(read_attribute(ctx, file, variable, a, tree, node));
    if (type >= NC_STRING || ndim > NWC__TREE_MOST_DIMS || (type == NC_CHAR && !tree->keep_cells && !tree->keep_texts))
        return NWC_OK;
    NWC__TRY(read_dimensions(file, variable, tree, node, ndim));
    (void)cell_type(type, &node->type);
    return type == NC_CHAR ? read_characters(file, variable, tree, node)
                           : read_values(file, variable, type, tree, node);
}

static nwc_status fetch(void *source, const nwc__node *node, int64_t plane, int64_t row, int64_t rows, double *values)
{
    const int file = *(const int *)source;
    size_t start[NWC__TREE_MOST_DIMS] = {0}, count[NWC__TREE_MOST_DIMS];
    const int64_t ndim = node->ndim;
    if (ndim == 1) { start[0] = (size_t)row, count[0] = (size_t)rows; }
    for (int64_t d = ndim - 3; d >= 0; d--) {
        start[d] = (size_t)(plane % node->dim[d]);
        plane /= node->dim[d];
        count[d] = 1;
    }
    if (ndim > 1) {
        start[ndim - 2] = (size_t)row, count[ndim - 2] = (size_t)rows;
        count[ndim - 1] = (size_t)node->dim[ndim - 1];
    }
    const int error = nc_get_vara_double(file, (int)node->id, start, count, values);
    return error && error != NC_ERANGE ? failed(error, "variable", node->name) : NWC_OK;
}

static nwc_status read_tree(nwc_ctx *ctx, int file, nwc__tree *tree)
{
    int variables = 0, attributes = 0;
    const int error = nc_inq(file, NULL, &variables, &attributes, NULL);
    if (error) return failed(error, "netCDF", "header");
    for (int a = 0; a < attributes && a < MOST_ATTRIBUTES; a++)
        NWC__TRY(read_attribute(ctx, file, NC_GLOBAL, a, tree, tree->root));
    /* The tree lists the last added first. */
    for (int v = (variables < MOST_VARIABLES ? variables : MOST_VARIABLES) - 1; v >= 0; v--)
        NWC__TRY(read_variable(ctx, file, v, tree));
    return NWC_OK;
}

nwc_status nwc__netcdf_open(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc__tree *tree, int *file)
{
    *file = -1;
    NWC__TRY(nwc__netcdf_check(bytes, size));
    /* The library does not write into the bytes when it opens them for reading. */
    const int error = nc_open_mem("memory", NC_NOWRITE, (size_t)size, (void *)bytes, file);
    if (error) {
        *file = -1;
        return nwc__fail(error == NC_ENOMEM ? NWC_ERR_NOMEM : NWC_ERR_FORMAT, "netCDF cannot open it: %s",
                         nc_strerror(error));
    }
    tree->fetch = fetch;
    tree->source = file;
    return read_tree(ctx, *file, tree);
}

void nwc__netcdf_close(int file)
{
    if (file >= 0) nc_close(file);
}

/* Read the header and what is short into a tree, and let use take what it wants of it while the file is open. */
static nwc_status with_tree(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc__tree *tree,
                            nwc_status (*use)(nwc_ctx *ctx, const nwc__tree *tree, void *user), void *user)
{
    int file;
    nwc__io_lock();
    nwc_status status = nwc__netcdf_open(ctx, bytes, size, tree, &file);
    if (status == NWC_OK) status = use(ctx, tree, user);
    nwc__netcdf_close(file);
    nwc__io_unlock();
    return status;
}

static nwc_status use_grid(nwc_ctx *ctx, const nwc__tree *tree, void *user)
{
    return nwc__cf_grid_read(ctx, tree, user);
}

static nwc_status use_volume(nwc_ctx *ctx, const nwc__tree *tree, void *user)
{
    return nwc__cfradial1_read(ctx, tree, user);
}

struct obs_reading {
    const struct nwc__obs_hints *hints;
    nwc_obs *obs;
};

static nwc_status use_obs(nwc_ctx *ctx, const nwc__tree *tree, void *user)
{
    const struct obs_reading *const reading = user;
    (void)ctx;
    return nwc__netcdf_obs_decode(tree, reading->hints, reading->obs);
}

nwc_status nwc__netcdf_obs_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                                nwc_obs *obs)
{
    nwc__tree tree;
    struct obs_reading reading = {hints, obs};
    nwc_status status = nwc__tree_create(ctx, nwc__obs_limit(obs), &tree);
    if (status == NWC_OK) status = with_tree(ctx, bytes, size, &tree, use_obs, &reading);
    nwc__tree_destroy(&tree);
    return status;
}

nwc_status nwc__netcdf_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    nwc__tree tree;
    nwc_status status = nwc__tree_create(ctx, nwc__raster_limit(raster), &tree);
    if (status == NWC_OK) status = with_tree(ctx, bytes, size, &tree, use_grid, raster);
    nwc__tree_destroy(&tree);
    return status;
}

nwc_status nwc__netcdf_volume_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    nwc__tree tree;
    nwc_status status = nwc__tree_create(ctx, nwc__volume_limit(volume), &tree);
    tree.keep_cells = true;
    if (status == NWC_OK) status = with_tree(ctx, bytes, size, &tree, use_volume, volume);
    nwc__tree_destroy(&tree);
    return status;
}
#else
nwc_status nwc__netcdf_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    (void)ctx, (void)bytes, (void)size, (void)raster;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read netCDF");
}

nwc_status nwc__netcdf_volume_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    (void)ctx, (void)bytes, (void)size, (void)volume;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read netCDF");
}

nwc_status nwc__netcdf_obs_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                                nwc_obs *obs)
{
    (void)ctx, (void)bytes, (void)size, (void)hints, (void)obs;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read netCDF");
}

nwc_status nwc__netcdf_open(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc__tree *tree, int *file)
{
    (void)ctx, (void)bytes, (void)size, (void)tree;
    *file = -1;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read netCDF");
}

void nwc__netcdf_close(int file)
{
    (void)file;
}
#endif

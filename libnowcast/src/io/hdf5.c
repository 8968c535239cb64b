/*
 * HDF5 into the neutral tree. The library reads from memory, one call at a time under a lock, after our own look at the
 * superblock: a file shorter than it says is refused before.
 */
#include "io/internal.h"

#include "radar/format/tree.h"
#include "radar/volume.h"

#ifdef NWC__HAVE_NETCDF
#include <hdf5.h>

enum { MOST_DEPTH = 8, MOST_NODES = 20000, MOST_NAME = 256, MOST_TEXT = 65536 };

static uint64_t little_endian(const uint8_t *bytes, int n)
{
    uint64_t value = 0;
    while (n-- > 0) value = value << 8 | bytes[n];
    return value;
}

/* The end of file that the superblock states (HDF5 File Format Specification 3.0, II.A). */
static nwc_status check_end(const uint8_t *b, int64_t size)
{
    if (size < 48) return nwc__fail(NWC_ERR_FORMAT, "byte 0: the HDF5 superblock ends early");
    const int version = b[8], offsets = version < 2 ? b[13] : b[9];
    if (version > 3 || (offsets != 4 && offsets != 8))
        return nwc__fail(NWC_ERR_FORMAT, "byte 8: HDF5 superblock version %d with offsets of %d bytes", version,
                         offsets);
    const int at = (version == 0 ? 24 : version == 1 ? 28 : 12) + 2 * offsets;
    const uint64_t end = little_endian(b + at, offsets);
    if (end > (uint64_t)size)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the file ends early, its header promises %llu bytes",
                         (long long)size, (unsigned long long)end);
    return NWC_OK;
}

/* What a walk carries along; the first failure ends it. */
struct walk {
    nwc__tree *tree;
    nwc__node *node;
    int depth, *nodes;
    nwc_status status;
};

static nwc_status read_text(nwc__tree *tree, nwc__node *node, const char *name, hid_t attribute, hid_t type)
{
    const bool variable = H5Tis_variable_str(type) > 0;
    const size_t size = H5Tget_size(type);
    hid_t space = H5Aget_space(attribute);
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    if (count != 1) return NWC_OK; /* lists of texts say nothing we need */
    nwc_status status = NWC_OK;
    if (variable) {
        char *text = NULL;
        if (H5Aread(attribute, type, &text) < 0) return nwc__fail(NWC_ERR_FORMAT, "attribute %s: damaged", name);
        if (text && strlen(text) < MOST_TEXT) status = nwc__tree_attribute(tree, node, name, text, NULL, 0);
        if (text) H5free_memory(text);
        return status;
    }
    if (size >= MOST_TEXT) return NWC_OK;
    char *const text = nwc__alloc(tree->ctx, (int64_t)size + 1, 1);
    if (!text) return NWC_ERR_NOMEM;
    if (H5Aread(attribute, type, text) < 0)
        status = nwc__fail(NWC_ERR_FORMAT, "attribute %s: damaged", name);
    else {
        text[size] = '\0';
        status = nwc__tree_attribute(tree, node, name, text, NULL, 0);
    }
    nwc__free(tree->ctx, text);
    return status;
}

static nwc_status read_number(nwc__tree *tree, nwc__node *node, const char *name, hid_t attribute)
{
    hid_t space = H5Aget_space(attribute);
    const hssize_t count = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    if (count < 1 || count > MOST_TEXT) return NWC_OK;
    double *const values = nwc__alloc(tree->ctx, count, sizeof *values);
    if (!values) return NWC_ERR_NOMEM;
    const nwc_status status = H5Aread(attribute, H5T_NATIVE_DOUBLE, values) < 0
                                  ? nwc__fail(NWC_ERR_FORMAT, "attribute %s: damaged", name)
                                  : nwc__tree_attribute(tree, node, name, NULL, values, count);
    nwc__free(tree->ctx, values);
    return status;
}

static herr_t take_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
    (void)info;
    struct walk *const walk = user;
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    const hid_t type = attribute < 0 ? -1 : H5Aget_type(attribute);
    if (type < 0)
        walk->status = nwc__fail(NWC_ERR_FORMAT, "attribute %s: damaged", name);
    else if (H5Tget_class(type) == H5T_STRING)
        walk->status = read_text(walk->tree, walk->node, name, attribute, type);
    else if (H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_FLOAT)
        walk->status = read_number(walk->tree, walk->node, name, attribute);
    if (type >= 0) H5Tclose(type);
    if (attribute >= 0) H5Aclose(attribute);
    return walk->status == NWC_OK ? 0 : -1;
}

static nwc_status read_array(nwc__tree *tree, nwc__node *node, hid_t dataset)
{
    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const H5T_class_t kind = H5Tget_class(type);
    const int ndim = H5Sget_simple_extent_ndims(space);
    nwc_status status = NWC_OK;
    if ((kind == H5T_INTEGER || kind == H5T_FLOAT) && ndim >= 1 && ndim <= NWC__TREE_MOST_DIMS) {
        hsize_t dim[NWC__TREE_MOST_DIMS];
        H5Sget_simple_extent_dims(space, dim, NULL);
        node->ndim = ndim;
        bool fits = true;
        for (int d = 0; d < ndim; d++) {
            fits = fits && dim[d] >= 1 && dim[d] <= NWC__MOST_CELLS_ALONG;
            node->dim[d] = fits ? (int64_t)dim[d] : 0;
        }
        const size_t width = H5Tget_size(type);
        const bool codes = tree->keep_codes && kind == H5T_INTEGER && width <= 2 && H5Tget_sign(type) == H5T_SGN_NONE;
        node->width = codes ? (int32_t)width : 0;
        if (fits) status = codes ? nwc__tree_codes(tree, node) : nwc__tree_values(tree, node);
        const hid_t wanted = !codes ? H5T_NATIVE_DOUBLE : width == 1 ? H5T_NATIVE_UINT8 : H5T_NATIVE_UINT16;
        void *const to = codes ? (void *)node->codes : (void *)node->values;
        if (fits && status == NWC_OK && H5Dread(dataset, wanted, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) < 0)
            status = nwc__fail(NWC_ERR_FORMAT, "array %s: damaged", node->name);
    }
    H5Sclose(space);
    H5Tclose(type);
    return status;
}

static nwc_status read_object(struct walk *around, hid_t object, nwc__node *node);

static herr_t take_link(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    struct walk *const walk = user;
    if (info->type != H5L_TYPE_HARD || strlen(name) > MOST_NAME) return 0;
    if (walk->depth >= MOST_DEPTH || ++*walk->nodes > MOST_NODES) {
        walk->status = nwc__fail(NWC_ERR_FORMAT, "group %s: nested too deep, or too many of them", name);
        return -1;
    }
    nwc__node *node;
    if ((walk->status = nwc__tree_add(walk->tree, walk->node, name, &node)) != NWC_OK) return -1;
    const hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    walk->status = object < 0 ? nwc__fail(NWC_ERR_FORMAT, "object %s: damaged", name) : read_object(walk, object, node);
    if (object >= 0) H5Oclose(object);
    return walk->status == NWC_OK ? 0 : -1;
}

static nwc_status read_object(struct walk *around, hid_t object, nwc__node *node)
{
    struct walk walk = {.tree = around->tree, .node = node, .depth = around->depth + 1, .nodes = around->nodes};
    hsize_t at = 0;
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &at, take_attribute, &walk) < 0 && walk.status == NWC_OK)
        return nwc__fail(NWC_ERR_FORMAT, "object %s: damaged attributes", node->name);
    if (walk.status != NWC_OK) return walk.status;
    const H5I_type_t kind = H5Iget_type(object);
    if (kind == H5I_DATASET) return read_array(walk.tree, node, object);
    if (kind != H5I_GROUP) return NWC_OK;
    at = 0;
    if (H5Literate(object, H5_INDEX_NAME, H5_ITER_NATIVE, &at, take_link, &walk) < 0 && walk.status == NWC_OK)
        return nwc__fail(NWC_ERR_FORMAT, "group %s: damaged", node->name);
    return walk.status;
}

/* The groups that ODIM_H5 and KNMI HDF5 begin with; a file without them may be netCDF. */
static bool is_known(hid_t file)
{
    return H5Lexists(file, "what", H5P_DEFAULT) > 0 || H5Lexists(file, "overview", H5P_DEFAULT) > 0;
}

/* Open the bytes and read them into the tree, or find that netCDF is to read them. */
static nwc_status read_tree(const uint8_t *bytes, int64_t size, nwc__tree *tree, bool *netcdf)
{
    nwc_status status = NWC_OK;
    int nodes = 0;
    struct walk outside = {.tree = tree, .nodes = &nodes};
    hid_t file = -1, root = -1;
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0 || H5Pset_fapl_core(access, 1 << 20, 0) < 0 ||
        H5Pset_file_image(access, (void *)bytes, (size_t)size) < 0)
        status = nwc__fail(NWC_ERR_NOMEM, "no memory for HDF5");
    else if ((file = H5Fopen("memory", H5F_ACC_RDONLY, access)) < 0 || (root = H5Oopen(file, "/", H5P_DEFAULT)) < 0)
        status = nwc__fail(NWC_ERR_FORMAT, "HDF5 cannot open it: damaged");
    else if (!(*netcdf = !is_known(file)))
        status = read_object(&outside, root, tree->root);
    if (root >= 0) H5Oclose(root);
    if (file >= 0) H5Fclose(file);
    if (access >= 0) H5Pclose(access);
    return status;
}

/* The tree of a file, or that netCDF is to read it. The tree is to be destroyed, whatever comes of it. */
static nwc_status read_file(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t max_bytes, bool keep_codes,
                            nwc__tree *tree, bool *netcdf)
{
    *netcdf = false;
    *tree = (nwc__tree){.ctx = ctx};
    NWC__TRY(check_end(bytes, size));
    NWC__TRY(nwc__tree_create(ctx, max_bytes, tree));
    tree->keep_codes = keep_codes;
    nwc__io_lock();
    H5E_auto2_t print;
    void *print_user;
    H5Eget_auto2(H5E_DEFAULT, &print, &print_user);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const nwc_status status = read_tree(bytes, size, tree, netcdf);
    H5Eset_auto2(H5E_DEFAULT, print, print_user);
    nwc__io_unlock();
    return status;
}

nwc_status nwc__hdf5_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    nwc__tree tree;
    bool netcdf;
    nwc_status status = read_file(ctx, bytes, size, nwc__raster_limit(raster), false, &tree, &netcdf);
    if (status == NWC_OK && !netcdf)
        status = nwc__node_find(tree.root, "what") ? nwc__odim_image_read(ctx, &tree, raster)
                                                   : nwc__knmi_read(ctx, &tree, raster);
    nwc__tree_destroy(&tree);
    if (status != NWC_OK || !netcdf) return status;
    status = nwc__netcdf_read(ctx, bytes, size, raster);
    return status == NWC_ERR_NODATA
               ? nwc__fail(NWC_ERR_UNSUPPORTED,
                           "HDF5, but not ODIM_H5 (no group what), nor KNMI, nor netCDF with a CF grid")
               : status;
}

nwc_status nwc__hdf5_volume_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    nwc__tree tree;
    bool netcdf;
    nwc_status status = read_file(ctx, bytes, size, nwc__volume_limit(volume), true, &tree, &netcdf);
    if (status == NWC_OK && !netcdf) status = nwc__odim_volume_read(ctx, &tree, volume);
    nwc__tree_destroy(&tree);
    if (status != NWC_OK || !netcdf) return status;
    return nwc__netcdf_volume_read(ctx, bytes, size, volume);
}
#else
nwc_status nwc__hdf5_read(nwc_ctx *ctx, const uint8_t *data, int64_t size, nwc_raster *raster)
{
    (void)ctx, (void)data, (void)size, (void)raster;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read HDF5");
}

nwc_status nwc__hdf5_volume_read(nwc_ctx *ctx, const uint8_t *data, int64_t size, nwc_volume *volume)
{
    (void)ctx, (void)data, (void)size, (void)volume;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read HDF5");
}
#endif

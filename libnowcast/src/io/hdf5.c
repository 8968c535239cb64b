/*
 * HDF5 into the neutral tree. The library reads from memory, one call at a time under a lock, after our own look at the
 * superblock: a file shorter than it says is refused before. Of volumes it reads what is small and says where the rest is.
 * Those in netCDF-4 are read here too: such a file is HDF5, with each variable a dataset of its name.
 */
#include "io/internal.h"

#include "obs/format/netcdf_obs.h"
#include "radar/format/odim.h"
#include "radar/volume.h"

#ifdef NWC__HAVE_NETCDF
#include "io/hdf5_chunks.h"
#include "io/hdf5_header.h"

enum { MOST_DEPTH = 8, MOST_NODES = 20000, MOST_NAME = 256, MOST_TEXT = 65536 };

static uint64_t little_endian(const uint8_t *bytes, int n)
{
    uint64_t value = 0;
    while (n-- > 0) value = value << 8 | bytes[n];
    return value;
}

/* The end of file that the superblock states (HDF5 File Format Specification 3.0, II.A), and what its addresses count from. */
static nwc_status check_end(const uint8_t *b, int64_t size, uint64_t *base, struct nwc__hdf5_image *image)
{
    if (size < 48) return nwc__fail(NWC_ERR_FORMAT, "byte 0: the HDF5 superblock ends early");
    const int version = b[8], offsets = version < 2 ? b[13] : b[9];
    if (version > 3 || (offsets != 4 && offsets != 8))
        return nwc__fail(NWC_ERR_FORMAT, "byte 8: HDF5 superblock version %d with offsets of %d bytes", version,
                         offsets);
    const int first = version == 0 ? 24 : version == 1 ? 28 : 12, at = first + 2 * offsets;
    *base = little_endian(b + first, offsets);
    *image = (struct nwc__hdf5_image){b, size, offsets, version < 2 ? b[14] : b[10]};
    if (image->length_size != 4 && image->length_size != 8)
        return nwc__fail(NWC_ERR_FORMAT, "byte 8: HDF5 superblock with lengths of %d bytes", image->length_size);
    const uint64_t end = little_endian(b + at, offsets);
    if (end > (uint64_t)size)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the file ends early, its header promises %llu bytes",
                         (long long)size, (unsigned long long)end);
    return NWC_OK;
}

/* What a walk carries along; the first failure ends it. */
struct walk {
    const struct nwc__hdf5_image *image; /* NULL where the library is to read all attributes */
    hid_t object;
    nwc__tree *tree;
    nwc__chunks *chunks; /* NULL where the library is to read all */
    const char *only;    /* the members to be read; NULL for all */
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

/* Attributes by which netCDF-4 and dimension scales keep their own books. */
static const char *const skipped[] = {"DIMENSION_LIST", "REFERENCE_LIST", "CLASS", "_Netcdf4Dimid",
                                      "_Netcdf4Coordinates"};

static nwc_status take_attribute(const char *name, void *user)
{
    struct walk *const walk = user;
    nwc_status status = NWC_OK;
    for (size_t k = 0; k < sizeof skipped / sizeof skipped[0]; k++)
        if (strcmp(name, skipped[k]) == 0) return NWC_OK;
    const hid_t attribute = H5Aopen(walk->object, name, H5P_DEFAULT);
    const hid_t type = attribute < 0 ? -1 : H5Aget_type(attribute);
    if (type < 0)
        status = nwc__fail(NWC_ERR_FORMAT, "attribute %s: damaged", name);
    else if (H5Tget_class(type) == H5T_STRING)
        status = read_text(walk->tree, walk->node, name, attribute, type);
    else if (H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_FLOAT)
        status = read_number(walk->tree, walk->node, name, attribute);
    if (type >= 0) H5Tclose(type);
    if (attribute >= 0) H5Aclose(attribute);
    return status;
}

static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
    (void)object, (void)info;
    struct walk *const walk = user;
    walk->status = take_attribute(name, walk);
    return walk->status == NWC_OK ? 0 : -1;
}

static nwc_status read_attributes(struct walk *walk)
{
    H5O_info_t info;
    hsize_t at = 0;
    bool known = false;
    if (walk->image && H5Oget_info2(walk->object, &info, H5O_INFO_BASIC) >= 0)
        NWC__TRY(nwc__hdf5_attributes(walk->image, info.addr, walk->tree, walk->node, take_attribute, walk, &known));
    if (known) return NWC_OK;
    if (H5Aiterate2(walk->object, H5_INDEX_NAME, H5_ITER_NATIVE, &at, visit_attribute, walk) < 0 &&
        walk->status == NWC_OK)
        return nwc__fail(NWC_ERR_FORMAT, "object %s: damaged attributes", walk->node->name);
    return walk->status;
}

/* The cells that keep a type of HDF5 as it is; false for one that is read as double. */
static bool cell_type(hid_t type, nwc__cell_type *cell)
{
    const size_t size = H5Tget_size(type);
    if (H5Tget_class(type) == H5T_FLOAT) {
        *cell = size == 4 ? NWC__CELL_F32 : NWC__CELL_F64;
        return size == 4 || size == 8;
    }
    const bool negative = H5Tget_sign(type) != H5T_SGN_NONE;
    *cell = size == 1   ? (negative ? NWC__CELL_I8 : NWC__CELL_U8)
            : size == 2 ? (negative ? NWC__CELL_I16 : NWC__CELL_U16)
                        : (negative ? NWC__CELL_I32 : NWC__CELL_U32);
    return size <= 4 && size != 3;
}

/* The library's type of cells in memory. */
static hid_t memory_type(nwc__cell_type cell)
{
    const hid_t types[] = {
        [NWC__CELL_U8] = H5T_NATIVE_UINT8,  [NWC__CELL_I8] = H5T_NATIVE_INT8,    [NWC__CELL_U16] = H5T_NATIVE_UINT16,
        [NWC__CELL_I16] = H5T_NATIVE_INT16, [NWC__CELL_U32] = H5T_NATIVE_UINT32, [NWC__CELL_I32] = H5T_NATIVE_INT32,
        [NWC__CELL_F32] = H5T_NATIVE_FLOAT, [NWC__CELL_F64] = H5T_NATIVE_DOUBLE};
    return types[cell];
}

static bool is_large(const nwc__node *node)
{
    return node->ndim >= 2 || (node->ndim == 1 && node->dim[0] > NWC__TREE_MOST_HELD);
}

/* Numbers: into double, or as they are, now or later. Of what is not large hold_lists makes double in the end. */
static nwc_status read_numbers(struct walk *walk, hid_t dataset, hid_t type)
{
    nwc__node *const node = walk->node;
    nwc__tree *const tree = walk->tree;
    hid_t wanted = H5T_NATIVE_DOUBLE;
    bool listed = false;
    void *to;
    if (tree->keep_cells && cell_type(type, &node->type)) {
        NWC__TRY(nwc__tree_cells(tree, node));
        if (walk->chunks) NWC__TRY(nwc__chunks_list(walk->chunks, dataset, type, node, &listed));
        if (listed) return NWC_OK;
        wanted = memory_type(node->type), to = node->cells;
    } else {
        NWC__TRY(nwc__tree_values(tree, node));
        to = node->values;
    }
    return H5Dread(dataset, wanted, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) < 0
               ? nwc__fail(NWC_ERR_FORMAT, "array %s: damaged", node->name)
               : NWC_OK;
}

/* Lists and single numbers that were read as they are become double, as all decoders want them. */
static nwc_status hold_lists(nwc__tree *tree, nwc__node *group)
{
    for (nwc__node *node = group->first; node; node = node->next) {
        NWC__TRY(hold_lists(tree, node));
        if (!node->cells || node->type == NWC__CELL_TEXT || is_large(node)) continue;
        NWC__TRY(nwc__tree_values(tree, node));
        const int64_t n = node->ndim ? node->dim[0] : 1;
        for (int64_t k = 0; k < n; k++) node->values[k] = nwc__node_value(node, k);
        nwc__free(tree->ctx, node->cells);
        node->cells = NULL;
    }
    return NWC_OK;
}

/* Texts of any length, one or a list of them, as characters. */
static nwc_status read_strings(nwc__tree *tree, nwc__node *node, hid_t dataset, hid_t type, hid_t space)
{
    const int64_t n = node->ndim ? node->dim[0] : 1;
    nwc_status status = NWC_OK;
    size_t longest = 1;
    char **text = NULL;
    if (node->ndim > 1 || n > NWC__MOST_SWEEPS) return NWC_OK;
    NWC__ALLOC(tree->ctx, text, n);
    memset(text, 0, (size_t)n * sizeof *text);
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0) {
        status = nwc__fail(NWC_ERR_FORMAT, "array %s: damaged", node->name);
        goto done;
    }
    for (int64_t t = 0; t < n; t++)
        if (text[t]) longest = strlen(text[t]) > longest ? strlen(text[t]) : longest;
    node->type = NWC__CELL_TEXT, node->ndim = 2, node->dim[0] = n, node->dim[1] = (int64_t)longest;
    if (longest < MOST_NAME && (status = nwc__tree_cells(tree, node)) == NWC_OK)
        for (int64_t t = 0; t < n; t++) {
            memset(node->cells + t * (int64_t)longest, 0, longest);
            if (text[t]) memcpy(node->cells + t * (int64_t)longest, text[t], strlen(text[t]));
        }
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, text);
done:
    nwc__free(tree->ctx, text);
    return status;
}

/* An array of characters. */
static nwc_status read_characters(nwc__tree *tree, nwc__node *node, hid_t dataset, hid_t type)
{
    const int64_t length = (int64_t)H5Tget_size(type);
    if (length > 1) { /* texts of one length: the characters are one more dimension */
        if (node->ndim >= NWC__TREE_MOST_DIMS) return NWC_OK;
        node->dim[node->ndim++] = length;
    }
    int64_t count = 1;
    for (int64_t d = 0; d < node->ndim; d++)
        count *= node->dim[d] < NWC__TREE_MOST_TEXT ? node->dim[d] : count + NWC__TREE_MOST_TEXT;
    if (count > NWC__TREE_MOST_TEXT || node->ndim < 1) return NWC_OK;
    node->type = NWC__CELL_TEXT;
    NWC__TRY(nwc__tree_cells(tree, node));
    return H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, node->cells) < 0
               ? nwc__fail(NWC_ERR_FORMAT, "array %s: damaged", node->name)
               : NWC_OK;
}

/* A dimension of netCDF-4 that has no variable: a dataset without meaning. */
static bool is_bare_dimension(const nwc__node *node)
{
    static const char mark[] = "This is a netCDF dimension but not a netCDF variable";
    return strncmp(nwc__node_text(node, "NAME"), mark, sizeof mark - 1) == 0;
}

static nwc_status read_array(struct walk *walk, hid_t dataset)
{
    nwc__node *const node = walk->node;
    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const H5T_class_t kind = H5Tget_class(type);
    const int ndim = H5Sget_simple_extent_ndims(space);
    const bool scalar = ndim == 0 && walk->tree->keep_cells && H5Sget_simple_extent_type(space) == H5S_SCALAR;
    nwc_status status = NWC_OK;
    bool fits = scalar || (ndim >= 1 && ndim <= NWC__TREE_MOST_DIMS);
    if (fits && !is_bare_dimension(node)) {
        hsize_t dim[NWC__TREE_MOST_DIMS];
        const hsize_t most = ndim == 1 && walk->tree->keep_cells ? INT32_MAX : NWC__MOST_CELLS_ALONG;
        H5Sget_simple_extent_dims(space, dim, NULL);
        node->ndim = ndim;
        for (int d = 0; d < ndim; d++) {
            fits = fits && dim[d] >= 1 && dim[d] <= most;
            node->dim[d] = fits ? (int64_t)dim[d] : 0;
        }
        if (fits && (kind == H5T_INTEGER || kind == H5T_FLOAT))
            status = read_numbers(walk, dataset, type);
        else if (fits && kind == H5T_STRING && walk->tree->keep_cells)
            status = H5Tis_variable_str(type) > 0 ? read_strings(walk->tree, node, dataset, type, space)
                                                  : read_characters(walk->tree, node, dataset, type);
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
    if (walk->only && strcmp(name, walk->only) != 0) return 0;
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

/* Whether a group knows in which order its members were made. */
static bool keeps_order(hid_t group)
{
    unsigned order = 0;
    const hid_t plan = H5Gget_create_plist(group);
    if (plan < 0) return false;
    H5Pget_link_creation_order(plan, &order);
    H5Pclose(plan);
    return order & H5P_CRT_ORDER_INDEXED;
}

static nwc_status read_object(struct walk *around, hid_t object, nwc__node *node)
{
    struct walk walk = {.image = around->image,
                        .object = object,
                        .tree = around->tree,
                        .chunks = around->chunks,
                        .only = around->only,
                        .node = node,
                        .depth = around->depth + 1,
                        .nodes = around->nodes};
    hsize_t at = 0;
    NWC__TRY(read_attributes(&walk));
    const H5I_type_t kind = H5Iget_type(object);
    if (kind == H5I_DATASET) return read_array(&walk, object);
    if (kind != H5I_GROUP) return NWC_OK;
    /* The tree lists the last added first: netCDF-4, which keeps its order, is walked backwards. */
    const bool ordered = keeps_order(object);
    if (H5Literate(object, ordered ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME, ordered ? H5_ITER_DEC : H5_ITER_NATIVE, &at,
                   take_link, &walk) < 0 &&
        walk.status == NWC_OK)
        return nwc__fail(NWC_ERR_FORMAT, "group %s: damaged", node->name);
    return walk.status;
}

/* What a file is read as: the members of its root that tell it, and whether cells are kept as they are. */
struct reading {
    bool (*is_mark)(const char *name);
    bool keep_cells;
    const char *only; /* the members to be read; NULL for all */
};

/* ODIM_H5 and KNMI. */
static bool is_mark_of_image(const char *name)
{
    return strcmp(name, "what") == 0 || strcmp(name, "overview") == 0;
}

/* ODIM_H5. */
static bool is_mark_of_profile(const char *name)
{
    return strcmp(name, "what") == 0;
}

/* ODIM_H5, CfRadial 1, CfRadial 2. */
static bool is_mark_of_volume(const char *name)
{
    return strcmp(name, "what") == 0 || strcmp(name, "scan1") == 0 || strcmp(name, "sweep_start_ray_index") == 0 ||
           strcmp(name, "sweep_group_name") == 0 ||
           (strncmp(name, "sweep_", 6) == 0 && name[6] >= '0' && name[6] <= '9');
}

static herr_t look_for_mark(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    (void)group, (void)info;
    return ((const struct reading *)user)->is_mark(name);
}

/* ---- the bytes of a file as the library's own ---- */

/* By default the library copies an image twice. It does not write into one that is opened for reading, so it gets ours. */
static void *lend_image(size_t size, H5FD_file_image_op_t purpose, void *bytes)
{
    (void)size;
    return purpose == H5FD_FILE_IMAGE_OP_PROPERTY_LIST_GET ? NULL : bytes;
}

static void *leave_image(void *to, const void *from, size_t size, H5FD_file_image_op_t purpose, void *bytes)
{
    (void)from, (void)size, (void)purpose, (void)bytes;
    return to;
}

static void *refuse_larger(void *image, size_t size, H5FD_file_image_op_t purpose, void *bytes)
{
    (void)image, (void)size, (void)purpose, (void)bytes;
    return NULL;
}

static herr_t keep_image(void *image, H5FD_file_image_op_t purpose, void *bytes)
{
    (void)image, (void)purpose, (void)bytes;
    return 0;
}

static void *same_bytes(void *bytes)
{
    return bytes;
}

static herr_t keep_bytes(void *bytes)
{
    (void)bytes;
    return 0;
}

static bool set_image(hid_t access, const uint8_t *bytes, int64_t size)
{
    H5FD_file_image_callbacks_t callbacks = {lend_image, leave_image, refuse_larger, keep_image,
                                             same_bytes, keep_bytes,  (void *)bytes};
    return H5Pset_file_image_callbacks(access, &callbacks) >= 0 &&
           H5Pset_file_image(access, (void *)bytes, (size_t)size) >= 0;
}

/* Open the bytes and read them into the tree, or find that its root has no mark. */
static nwc_status read_tree(const uint8_t *bytes, int64_t size, const struct reading *reading, struct walk *outside,
                            bool *other)
{
    nwc_status status = NWC_OK;
    hid_t file = -1, root = -1;
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0 || H5Pset_fapl_core(access, 1 << 20, 0) < 0 || H5Pset_sieve_buf_size(access, 0) < 0 ||
        !set_image(access, bytes, size))
        status = nwc__fail(NWC_ERR_NOMEM, "no memory for HDF5");
    else if ((file = H5Fopen("memory", H5F_ACC_RDONLY, access)) < 0 || (root = H5Oopen(file, "/", H5P_DEFAULT)) < 0)
        status = nwc__fail(NWC_ERR_FORMAT, "HDF5 cannot open it: damaged");
    else if (!(*other = H5Literate(root, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, look_for_mark, (void *)reading) <= 0))
        status = read_object(outside, root, outside->tree->root);
    if (root >= 0) H5Oclose(root);
    if (file >= 0) H5Fclose(file);
    if (access >= 0) H5Pclose(access);
    return status;
}

/* The tree of a file, or that it is another one. The tree is to be destroyed, whatever comes of it. */
static nwc_status read_file(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t max_bytes,
                            const struct reading *reading, nwc__tree *tree, bool *other)
{
    uint64_t base = 0;
    int nodes = 0;
    *other = false;
    *tree = (nwc__tree){.ctx = ctx};
    struct nwc__hdf5_image image;
    NWC__TRY(check_end(bytes, size, &base, &image));
    NWC__TRY(nwc__tree_create(ctx, max_bytes, tree));
    tree->keep_cells = reading->keep_cells;
    nwc__chunks chunks = {.ctx = ctx, .bytes = bytes, .size = size};
    struct walk outside = {.image = base == 0 ? &image : NULL,
                           .tree = tree,
                           .chunks = base == 0 ? &chunks : NULL,
                           .only = reading->only,
                           .nodes = &nodes};
    nwc__io_lock();
    H5E_auto2_t print;
    void *print_user;
    H5Eget_auto2(H5E_DEFAULT, &print, &print_user);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    nwc_status status = read_tree(bytes, size, reading, &outside, other);
    H5Eset_auto2(H5E_DEFAULT, print, print_user);
    nwc__io_unlock();
    if (status == NWC_OK) status = nwc__chunks_unpack(&chunks);
    if (status == NWC_OK) status = hold_lists(tree, tree->root);
    nwc__chunks_release(&chunks);
    return status;
}

nwc_status nwc__hdf5_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    static const struct reading reading = {.is_mark = is_mark_of_image};
    nwc__tree tree;
    bool netcdf;
    nwc_status status = read_file(ctx, bytes, size, nwc__raster_limit(raster), &reading, &tree, &netcdf);
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
    static const struct reading reading = {.is_mark = is_mark_of_volume, .keep_cells = true};
    nwc__tree tree;
    bool other;
    nwc_status status = read_file(ctx, bytes, size, nwc__volume_limit(volume), &reading, &tree, &other);
    if (status == NWC_OK && other)
        status = nwc__fail(NWC_ERR_UNSUPPORTED, "HDF5, but no ODIM_H5 (no group what), KNMI (scan1), CfRadial 1 "
                                                "(sweep_start_ray_index) or CfRadial 2 (sweep groups)");
    else if (status == NWC_OK)
        status = (nwc__node_find(tree.root, "what")                    ? nwc__odim_volume_read
                  : nwc__node_find(tree.root, "scan1")                 ? nwc__knmi_volume_read
                  : nwc__node_find(tree.root, "sweep_start_ray_index") ? nwc__cfradial1_read
                                                                       : nwc__cfradial2_read)(ctx, &tree, volume);
    nwc__tree_destroy(&tree);
    return status;
}

nwc_status nwc__hdf5_obs_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                              nwc_obs *obs)
{
    /* A look at what it is before all of it is read: most of ODIM_H5 are volumes and images. */
    static const struct reading look = {.is_mark = is_mark_of_profile, .only = "what"};
    static const struct reading all = {.is_mark = is_mark_of_profile};
    nwc__tree tree;
    bool other;
    nwc_status status = read_file(ctx, bytes, size, nwc__obs_limit(obs), &look, &tree, &other);
    if (status == NWC_OK && !other) status = nwc__odim_profile_check(&tree);
    nwc__tree_destroy(&tree);
    if (status != NWC_OK) return status;
    if (other) return nwc__netcdf_obs_read(ctx, bytes, size, hints, obs);
    status = read_file(ctx, bytes, size, nwc__obs_limit(obs), &all, &tree, &other);
    if (status == NWC_OK) status = nwc__odim_profile_read(&tree, hints, obs);
    nwc__tree_destroy(&tree);
    return status;
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

nwc_status nwc__hdf5_obs_read(nwc_ctx *ctx, const uint8_t *data, int64_t size, const struct nwc__obs_hints *hints,
                              nwc_obs *obs)
{
    (void)ctx, (void)data, (void)size, (void)hints, (void)obs;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read HDF5");
}
#endif

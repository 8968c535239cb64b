/*
 * Arrays of an HDF5 file unpacked by our own threads. The library says where in the file each chunk is and by which filters it
 * went; inflating and unshuffling, most of the work, needs it no more. A chunk is a tile. One whose cells follow each other in
 * the array, as most do, is inflated there at one stroke; any other block by block, so that neither a shuffled chunk nor one that
 * reaches over the edge of its array needs memory of its own.
 *
 * Source: HDF5 File Format Specification 3.0, IV.A.2.l (filters); contiguous arrays are one chunk without a filter.
 */
#ifdef NWC__HAVE_NETCDF
#include "io/hdf5_chunks.h"

#include "core/inflate.h"

#include <zlib.h>

enum { FIRST_ROOM = 64, BLOCK = 1 << 15, MOST_CHUNKS = 1 << 16 };

struct nwc__chunk {
    nwc__node *node;
    int64_t at, size; /* in the file */
    bool deflated, shuffled;
    int64_t first[NWC__TREE_MOST_DIMS], dim[NWC__TREE_MOST_DIMS]; /* cells, past the edge of the array too */
};

/* ---- listing ---- */

static nwc_status add(nwc__chunks *chunks, const struct nwc__chunk *chunk)
{
    if (chunks->n == chunks->room) {
        const int64_t room = chunks->room ? 2 * chunks->room : FIRST_ROOM;
        struct nwc__chunk *const larger = nwc__alloc(chunks->ctx, room, sizeof *larger);
        if (!larger) return NWC_ERR_NOMEM;
        if (chunks->n) memcpy(larger, chunks->chunk, (size_t)chunks->n * sizeof *larger);
        nwc__free(chunks->ctx, chunks->chunk);
        chunks->chunk = larger, chunks->room = room;
    }
    chunks->chunk[chunks->n++] = *chunk;
    return NWC_OK;
}

/* Which filters an array went by: none, deflate, shuffle, or shuffle and then deflate; the place of each, -1 for none. */
static bool find_filters(hid_t plan, int *deflate, int *shuffle)
{
    const int n = H5Pget_nfilters(plan);
    *deflate = *shuffle = -1;
    for (int f = 0; f < n; f++) {
        unsigned flags, settings;
        size_t values = 0;
        const H5Z_filter_t filter = H5Pget_filter2(plan, (unsigned)f, &flags, &values, NULL, 0, NULL, &settings);
        if (filter == H5Z_FILTER_DEFLATE && *deflate < 0)
            *deflate = f;
        else if (filter == H5Z_FILTER_SHUFFLE && *shuffle < 0 && *deflate < 0)
            *shuffle = f;
        else
            return false;
    }
    return n >= 0;
}

/* Whether what the file says of a chunk can be. */
static bool take_place(const nwc__chunks *chunks, haddr_t at, hsize_t size, struct nwc__chunk *chunk)
{
    if (at == HADDR_UNDEF || at > (haddr_t)chunks->size || size > (hsize_t)chunks->size - at) return false;
    chunk->at = (int64_t)at, chunk->size = (int64_t)size;
    return true;
}

static int64_t bytes_of(const struct nwc__chunk *chunk)
{
    int64_t bytes = (int64_t)nwc__cell_size(chunk->node->type);
    for (int64_t d = 0; d < chunk->node->ndim; d++) bytes *= chunk->dim[d];
    return bytes;
}

static nwc_status list_contiguous(nwc__chunks *chunks, hid_t dataset, struct nwc__chunk *chunk, bool *listed)
{
    memcpy(chunk->dim, chunk->node->dim, sizeof chunk->dim);
    if (!take_place(chunks, H5Dget_offset(dataset), (hsize_t)bytes_of(chunk), chunk)) return NWC_OK;
    *listed = true;
    return add(chunks, chunk);
}

static nwc_status list_chunked(nwc__chunks *chunks, hid_t dataset, hid_t plan, struct nwc__chunk *chunk, bool *listed)
{
    const int ndim = (int)chunk->node->ndim;
    const int64_t before = chunks->n;
    int deflate, shuffle;
    int64_t n = 1;
    hsize_t dim[NWC__TREE_MOST_DIMS];
    if (H5Pget_chunk(plan, ndim, dim) != ndim || !find_filters(plan, &deflate, &shuffle)) return NWC_OK;
    for (int d = 0; d < ndim; d++) {
        if (dim[d] < 1 || dim[d] > (hsize_t)INT32_MAX) return NWC_OK;
        chunk->dim[d] = (int64_t)dim[d];
        n *= (chunk->node->dim[d] - 1) / chunk->dim[d] + 1;
        if (n > MOST_CHUNKS) return NWC_OK;
    }
    double bytes = (double)nwc__cell_size(chunk->node->type);
    for (int d = 0; d < ndim; d++) bytes *= (double)chunk->dim[d];
    if (bytes > (double)UINT32_MAX) return NWC_OK; /* more than a chunk may have */
    for (int64_t k = 0; k < n; k++) {
        hsize_t first[NWC__TREE_MOST_DIMS], size;
        haddr_t at;
        unsigned skipped;
        int64_t rest = k;
        for (int d = ndim - 1; d >= 0; d--) {
            const int64_t along = (chunk->node->dim[d] - 1) / chunk->dim[d] + 1;
            chunk->first[d] = rest % along * chunk->dim[d];
            first[d] = (hsize_t)chunk->first[d];
            rest /= along;
        }
        const bool found = H5Dget_chunk_info_by_coord(dataset, first, &skipped, &at, &size) >= 0 &&
                           take_place(chunks, at, size, chunk);
        chunk->deflated = found && deflate >= 0 && !(skipped >> deflate & 1);
        chunk->shuffled = found && shuffle >= 0 && !(skipped >> shuffle & 1) && nwc__cell_size(chunk->node->type) > 1;
        if (!found || (!chunk->deflated && chunk->size < bytes_of(chunk)) ||
            chunk->size > UINT32_MAX) { /* the library knows what to do, or to say */
            chunks->n = before;
            return NWC_OK;
        }
        NWC__TRY(add(chunks, chunk));
    }
    *listed = true;
    return NWC_OK;
}

/* Whether numbers are stored as this machine has them. */
static bool is_native(hid_t type, nwc__cell_type cell)
{
    static const struct {
        H5T_class_t kind;
        H5T_sign_t sign;
    } kinds[NWC__CELL_TYPES] = {{H5T_INTEGER, H5T_SGN_NONE}, {H5T_INTEGER, H5T_SGN_2},    {H5T_INTEGER, H5T_SGN_NONE},
                                {H5T_INTEGER, H5T_SGN_2},    {H5T_INTEGER, H5T_SGN_NONE}, {H5T_INTEGER, H5T_SGN_2},
                                {H5T_FLOAT, H5T_SGN_ERROR},  {H5T_FLOAT, H5T_SGN_ERROR},  {H5T_STRING, H5T_SGN_ERROR}};
    if (H5Tget_class(type) != kinds[cell].kind || H5Tget_size(type) != nwc__cell_size(cell)) return false;
    if (cell == NWC__CELL_F32) return H5Tequal(type, H5T_NATIVE_FLOAT) > 0;
    if (cell == NWC__CELL_F64) return H5Tequal(type, H5T_NATIVE_DOUBLE) > 0;
    if (cell == NWC__CELL_TEXT) return false;
    const uint16_t one = 1;
    const H5T_order_t own = *(const uint8_t *)&one ? H5T_ORDER_LE : H5T_ORDER_BE;
    return H5Tget_sign(type) == kinds[cell].sign && H5Tget_precision(type) == 8 * nwc__cell_size(cell) &&
           H5Tget_offset(type) == 0 && (nwc__cell_size(cell) == 1 || H5Tget_order(type) == own);
}

nwc_status nwc__chunks_list(nwc__chunks *chunks, hid_t dataset, hid_t type, nwc__node *node, bool *listed)
{
    *listed = false;
    if (!is_native(type, node->type)) return NWC_OK;
    const hid_t plan = H5Dget_create_plist(dataset);
    struct nwc__chunk chunk = {.node = node};
    nwc_status status = NWC_OK;
    if (plan < 0) return NWC_OK;
    if (H5Pget_layout(plan) == H5D_CONTIGUOUS && H5Pget_external_count(plan) == 0)
        status = list_contiguous(chunks, dataset, &chunk, listed);
    else if (H5Pget_layout(plan) == H5D_CHUNKED)
        status = list_chunked(chunks, dataset, plan, &chunk, listed);
    H5Pclose(plan);
    return status;
}

/* ---- unpacking ---- */

/* A chunk that is being written into its array. */
struct target {
    const struct nwc__chunk *chunk;
    uint8_t *cells;
    int64_t width, n, done; /* bytes of a cell, cells, bytes that are written */
};

/* Where cell number c of the chunk is in its array, or -1 past the edge; *run: how many are one behind the other from there. */
static int64_t place_of(const struct target *target, int64_t c, int64_t *run)
{
    const struct nwc__chunk *const chunk = target->chunk;
    const nwc__node *const node = chunk->node;
    int64_t place = 0, stride = 1, rest = c;
    *run = 1;
    bool inside = true;
    for (int64_t d = node->ndim - 1; d >= 0; d--) {
        const int64_t at = rest % chunk->dim[d], along = chunk->first[d] + at;
        if (d == node->ndim - 1) {
            const int64_t left = node->dim[d] - along;
            *run = left > 0 && left < chunk->dim[d] - at ? left : chunk->dim[d] - at;
        }
        inside = inside && along < node->dim[d];
        place += along * stride;
        stride *= node->dim[d];
        rest /= chunk->dim[d];
    }
    return inside ? place : -1;
}

/* The next n bytes of the chunk. */
static void put(struct target *target, const uint8_t *bytes, int64_t n)
{
    const int64_t total = target->n * target->width, width = target->width;
    n = n < total - target->done ? n : total - target->done;
    while (n > 0) {
        int64_t run, taken;
        if (target->chunk->shuffled) { /* the first bytes of all cells, then the second ones */
            const int64_t plane = target->done / target->n, cell = target->done % target->n;
            const int64_t place = place_of(target, cell, &run);
            taken = run < n ? run : n;
            uint8_t *const to = target->cells + place * width + plane;
            for (int64_t k = 0; place >= 0 && k < taken; k++) to[k * width] = bytes[k];
        } else {
            const int64_t cell = target->done / width, part = target->done % width;
            const int64_t place = place_of(target, cell, &run);
            taken = run * width - part < n ? run * width - part : n;
            if (place >= 0) memcpy(target->cells + place * width + part, bytes, (size_t)taken);
        }
        target->done += taken, bytes += taken, n -= taken;
    }
}

static nwc_status damaged(const struct nwc__chunk *chunk)
{
    return nwc__fail(NWC_ERR_FORMAT, "array %s: byte %lld: a damaged chunk", chunk->node->name, (long long)chunk->at);
}

/* Where all bytes of a chunk belong, one behind the other as they are packed; NULL where they do not. */
static uint8_t *place_of_all(const struct target *target)
{
    const struct nwc__chunk *const chunk = target->chunk;
    int64_t stride = target->width;
    for (int64_t d = chunk->node->ndim - 1; d > 0; d--) {
        if (chunk->dim[d] != chunk->node->dim[d]) return NULL;
        stride *= chunk->dim[d];
    }
    const bool inside = chunk->node->ndim > 0 && chunk->first[0] + chunk->dim[0] <= chunk->node->dim[0];
    return inside && !chunk->shuffled ? target->cells + chunk->first[0] * stride : NULL;
}

/* Inflate a chunk to where it belongs, or one that is small beside it; false where it is neither or something is wrong with it. */
static bool inflate_at_once(const nwc__chunks *chunks, struct target *target, uint8_t block[BLOCK])
{
    const struct nwc__chunk *const chunk = target->chunk;
    const int64_t total = target->n * target->width;
    uint8_t *const place = place_of_all(target), *const to = place ? place : block;
    int64_t used, made;
    if ((!place && total > BLOCK) ||
        !nwc__inflate_at_once(NWC__DEFLATE_ZLIB, chunks->bytes + chunk->at, chunk->size, to, total, &used, &made) ||
        made != total)
        return false;
    if (!place) put(target, block, total);
    return true;
}

static nwc_status inflate_chunk(const nwc__chunks *chunks, struct target *target)
{
    const struct nwc__chunk *const chunk = target->chunk;
    const int64_t total = target->n * target->width;
    uint8_t block[BLOCK];
    if (inflate_at_once(chunks, target, block)) return NWC_OK;
    z_stream stream = {.next_in = (Bytef *)chunks->bytes + chunk->at, .avail_in = (uInt)chunk->size};
    if (inflateInit(&stream) != Z_OK) return nwc__fail(NWC_ERR_NOMEM, "no memory for zlib");
    int result = Z_OK;
    while (result == Z_OK) {
        stream.next_out = block, stream.avail_out = BLOCK;
        result = inflate(&stream, Z_NO_FLUSH);
        const int64_t n = BLOCK - (int64_t)stream.avail_out;
        if (n > total - target->done) result = Z_DATA_ERROR;
        if (result == Z_OK || result == Z_STREAM_END) put(target, block, n);
    }
    inflateEnd(&stream);
    return result == Z_STREAM_END && target->done == total ? NWC_OK : damaged(chunk);
}

static nwc_status unpack(int64_t tile, void *user)
{
    const nwc__chunks *const chunks = user;
    const struct nwc__chunk *const chunk = &chunks->chunk[tile];
    struct target target = {.chunk = chunk,
                            .cells = chunk->node->cells,
                            .width = (int64_t)nwc__cell_size(chunk->node->type)};
    target.n = bytes_of(chunk) / target.width;
    if (chunk->deflated) return inflate_chunk(chunks, &target);
    put(&target, chunks->bytes + chunk->at, chunk->size);
    return target.done == target.n * target.width ? NWC_OK : damaged(chunk);
}

nwc_status nwc__chunks_unpack(nwc__chunks *chunks)
{
    return nwc__for_each_tile(chunks->ctx, "unpack", chunks->n, unpack, chunks);
}

void nwc__chunks_release(nwc__chunks *chunks)
{
    nwc__free(chunks->ctx, chunks->chunk);
}
#endif

/*
 * What looks into other libraries' containers itself: blocks of bzip2 streams, and headers of HDF5 objects. The second
 * byte says where the header is; marks are laid over the input, so that what is looked at first is passed.
 */
#include "core/bzip2.h"
#include "fuzz.h"
#include "io/hdf5_header.h"

#include <stdlib.h>

static nwc_status leave(const char *name, void *user)
{
    (void)name, (void)user;
    return NWC_OK;
}

static void read_header(nwc_ctx *ctx, const uint8_t *bytes, size_t size)
{
    const struct nwc__hdf5_image image = {bytes, (int64_t)size, size % 2 ? 8 : 4, size % 3 ? 8 : 4};
    nwc__tree tree;
    bool known;
    if (nwc__tree_create(ctx, 1 << 20, &tree) == NWC_OK)
        (void)nwc__hdf5_attributes(&image, bytes[1] % 32, &tree, tree.root, leave, NULL, &known);
    nwc__tree_destroy(&tree);
}

static void read_stream(nwc_ctx *ctx, const uint8_t *bytes, size_t size)
{
    static const uint8_t begin[] = {'B', 'Z', 'h', '1', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59},
                         block[] = {0x31, 0x41, 0x59, 0x26, 0x53, 0x59}, end[] = {0x17, 0x72, 0x45, 0x38, 0x50, 0x90};
    static const struct nwc__bzip2_limits limits = {1 << 24, 1 << 20, 1100};
    struct nwc__bzip2_streams out;
    uint8_t *const stream = malloc(size);
    if (!stream) return;
    memcpy(stream, bytes, size);
    if (size > 64) {
        memcpy(stream, begin, sizeof begin);
        memcpy(stream + 20 + bytes[1] % 16, block, sizeof block);
        memcpy(stream + size - 10, end, sizeof end);
    }
    if (nwc__bzip2_unpack(ctx, stream, (int64_t)size, size % 2, &limits, &out) == NWC_OK) nwc__free(ctx, out.bytes);
    free(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 2) return 0;
    (fuzz_is_for("bzip2_blocks") ? read_stream : read_header)(nwc__ctx(NULL), bytes, size);
    return 0;
}

/* Packed bytes, of any packing: the first byte chooses whose mark is laid over the rest, and how much is wanted. */
#include "io/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct {
    const char *mark;
    size_t length;
} packings[] = {{"\x1f\x8b\x08", 3}, {"BZh9", 4}, {"\xfd\x37zXZ\0", 6}, {"PK\3\4", 4}, {"\x1f\x9d", 2}, {"", 0}};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1) return 0;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    const size_t kind = bytes[0] % (sizeof packings / sizeof packings[0]);
    const enum nwc__extent extent = (enum nwc__extent)(bytes[0] / 64 % 3);
    struct nwc__bytes file = {.data = nwc__alloc(ctx, (int64_t)size, 1), .size = (int64_t)size - 1};
    if (!file.data) return 0;
    memcpy(file.data, bytes + 1, size - 1);
    if (size > packings[kind].length) memcpy(file.data, packings[kind].mark, packings[kind].length);
    bool cut = false;
    (void)nwc__unpack(ctx, INT64_C(16) << 20, extent, &file, &cut);
    nwc__free(ctx, file.data);
    return 0;
}

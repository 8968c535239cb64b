/* Packed bytes: the first byte says whether a mark is laid over the rest, and how much is wanted. */
#include "fuzz.h"
#include "io/unpack.h"

typedef struct {
    const char *decoder, *mark;
    size_t length;
} packing;

static const packing packings[] = {
    {"gzip", "", 0},
    {"gzip", "\x1f\x8b\x08", 3},
    {"bzip2", "", 0},
    {"bzip2", "BZh9", 4},
    {"xz", "", 0},
    {"xz", "\xfd\x37zXZ\0", 6},
    {"zip", "", 0},
    {"zip", "PK\3\4", 4},
    {"compress", "", 0},
    {"compress", "\x1f\x9d\x90", 3},
    {"compress", "\x1f\x9d", 2},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1) return 0;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    const packing *const chosen = FUZZ_ROW(packings, bytes[0]);
    const enum nwc__extent extent = (enum nwc__extent)(bytes[0] / 64 % 3);
    struct nwc__bytes file = {.data = nwc__alloc(ctx, (int64_t)size, 1), .size = (int64_t)size - 1};
    if (!file.data) return 0;
    memcpy(file.data, bytes + 1, size - 1);
    if (size > chosen->length) memcpy(file.data, chosen->mark, chosen->length);
    bool cut = false;
    (void)nwc__unpack(ctx, INT64_C(16) << 20, extent, &file, &cut);
    nwc__free(ctx, file.data);
    return 0;
}

/*
 * Volumes read while their bytes arrive, in pieces whose sizes are part of the input. The first byte chooses the mark that is laid
 * over the rest, and whether the input is put into a bzip2 record first: hardly any other would be unpacked.
 */
#include "fuzz.h"
#include "io/internal.h"
#include "radar/format/volume_stream.h"

#include <bzlib.h>
#include <stdlib.h>

enum { MARK = 24, MOST = 1 << 16 };

typedef struct {
    const char *decoder, *mark;
    size_t length;
    bool packed;
} kind;

static const kind kinds[] = {
    {"nexrad_stream", "AR2V0006.001\0\0\x42\x68\0\0\0\0KTST", MARK, true},
    {"nexrad_stream", "AR2V0006.001\0\0\x42\x68\0\0\0\0KTST", MARK, false},
    {"nexrad_stream", "ARCHIVE2.001\0\0\x42\x68\0\0\0\0    ", MARK, false},
    {"cma_stream", "RSTM\2\0\0\0\1\0\0\0", 12, false},
    {"cma_stream", "RSTM\2\0\0\0\x10\0\0\0", 12, false},
    {"cinrad_stream",
     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\x3e\0\0\0\0\0\0\3\0\0\0\1\0", 46, false},
};

/* The file to be fed: mark and input; of the first kind the input as a record. */
static size_t make(uint8_t *file, const kind *chosen, const uint8_t *bytes, size_t size)
{
    if (!chosen->packed) {
        memcpy(file, bytes, size);
        if (size >= chosen->length) memcpy(file, chosen->mark, chosen->length);
        return size;
    }
    unsigned room = MOST + MOST / 100 + 600;
    memcpy(file, chosen->mark, MARK);
    if (BZ2_bzBuffToBuffCompress((char *)file + MARK + 4, &room, (char *)bytes, (unsigned)size, 1, 0, 0) != BZ_OK)
        return 0;
    for (int k = 0; k < 4; k++) file[MARK + k] = (uint8_t)(room >> (8 * (3 - k)));
    return MARK + 4 + room;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 3 || size > MOST) return 0;
    uint8_t *const file = malloc(2 * (size_t)MOST + 1024);
    nwc_volume_stream *stream;
    if (!file) return 0;
    const size_t n = make(file, FUZZ_ROW(kinds, bytes[0]), bytes + 1, size - 1);
    nwc_read_options options;
    nwc_read_options_init(&options);
    options.max_bytes = INT64_C(64) << 20;
    if (nwc_volume_stream_create(NULL, &options, &stream) == NWC_OK) {
        nwc_status status = NWC_OK;
        for (size_t at = 0, k = 1; at < n && status == NWC_OK; k = k % (size - 1) + 1) {
            const size_t wanted = 1 + 16 * (size_t)bytes[k], piece = wanted < n - at ? wanted : n - at;
            status = nwc_volume_stream_feed(NULL, stream, file + at, piece);
            at += piece;
        }
        if (status == NWC_OK) (void)nwc_volume_stream_end(NULL, stream);
        nwc_volume_stream_destroy(stream);
    }
    free(file);
    return 0;
}

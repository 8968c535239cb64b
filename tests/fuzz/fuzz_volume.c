/*
 * Our own decoders of radar volumes. The first byte chooses a beginning; the rest is the file as it is, or with its mark laid
 * over it, or behind headers that are good, so that what is looked at first is passed.
 */
#include "fuzz.h"
#include "radar/format/volume_format.h"
#include "support/made_files.h"

#include <nowcast/io.h>
#include <stdlib.h>

typedef struct {
    const char *decoder;
    nwc_status (*read)(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);
    int64_t at, length;
    const char *mark;
    int64_t pad;     /* bytes put before the input */
    int32_t product; /* of Level III, whose headers they are; -1 and -2: the header of CINRAD SC or CC is */
} form;

static const form forms[] = {
    {"nexrad", nwc__nexrad_read, 0, 0, "", 0, 0},
    {"nexrad", nwc__nexrad_read, 0, 4, "AR2V", 0, 0},
    {"nexrad", nwc__nexrad_read, 0, 8, "ARCHIVE2", 0, 0},
    {"nexrad", nwc__nexrad_read, 27 + 12, 1, "\x1f", 0, 0}, /* a message 31 comes first */
    {"cma", nwc__cma_read, 0, 0, "", 0, 0},
    {"cma", nwc__cma_read, 0, 12, "RSTM\2\0\0\0\1\0\0\0", 0, 0},
    {"cma", nwc__cma_read, 0, 12, "RSTM\2\0\0\0\x10\0\0\0", 0, 0},
    {"cinrad_legacy", nwc__cinrad_legacy_read, 0, 0, "", 0, 0},
    {"cinrad_legacy", nwc__cinrad_legacy_read, 14, 2, "\1\0", 0, 0},
    {"iris", nwc__iris_read, 0, 0, "", 0, 0},
    {"iris", nwc__iris_read, 0, 2, "\x1b\0", 0, 0},
    {"iris", nwc__iris_read, 12288, 0, "", 12288, 0}, /* records behind headers that are good */
    {"dorade", nwc__dorade_read, 0, 0, "", 0, 0},
    {"dorade", nwc__dorade_read, 0, 8, "SSWB\0\0\0\xc4", 0, 0},
    {"uf", nwc__uf_read, 0, 0, "", 0, 0},
    {"uf", nwc__uf_read, 0, 2, "UF", 0, 0},
    {"uf", nwc__uf_read, 0, 10, "UF\0\x60\0\x2e\0\x2e\0\x2e", 0, 0}, /* one record of 96 words, its headers in a row */
    {"cinrad_sc", nwc__cinrad_sc_read, 0, 0, "", 0, 0},
    {"cinrad_sc", nwc__cinrad_sc_read, 0, 0, "", 217, -1}, /* with its table */
    {"cinrad_cc", nwc__cinrad_cc_read, 0, 0, "", 0, 0},
    {"cinrad_cc", nwc__cinrad_cc_read, 0, 0, "", 218, -2},
    {"cinrad_dxk", nwc__cinrad_dxk_read, 0, 0, "", 0, 0},
    {"level3_polar", nwc__level3_polar_read, 0, 0, "", 0, 0},
    {"level3_polar", nwc__level3_polar_read, 0, 0, "", 136, 19},
    {"level3_polar", nwc__level3_polar_read, 0, 0, "", 136, 99},
    {"level3_polar", nwc__level3_polar_read, 0, 0, "", 120, 94}, /* packed */
    {"level3_polar", nwc__level3_polar_read, 0, 0, "", 60, 159}, /* its levels and offsets too */
    /* Words; of their levels the scale is good. */
    {"level3_polar", nwc__level3_polar_read, 60, 4, "\x44\x7a\0\0", 60, 176},
};

static void put4(uint8_t *at, uint32_t value)
{
    for (int k = 0; k < 4; k++) at[k] = (uint8_t)(value >> (8 * k));
}

/* Records of IRIS follow. */
static void begin_iris(uint8_t *file)
{
    file[0] = 27, file[24] = 15, file[6144] = 23;
    put4(file + 6144 + 628, 1U << 2 | 1U << 3 | 1U << 9 | 1U << 14);
    put4(file + 6144 + 760, 1000), put4(file + 6144 + 1280, 25000), put4(file + 6144 + 1744, 532);
}

/* A scan of three sweeps; their table follows. */
static void begin_cinrad(uint8_t *file, bool tenths)
{
    static const uint8_t sc[8] = {103, 0xdc, 7, 7, 16, 8, 0, 0},
                         cc[16] = {20, 12, 7, 16, 8, 0, 0, 0, 20, 12, 7, 16, 8, 6, 0, 103};
    if (tenths)
        memcpy(file + 184, cc, sizeof cc), file[210] = 0x8a, file[211] = 0x40;
    else
        memcpy(file + 201, sc, sizeof sc);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1) return 0;
    const form *const chosen = FUZZ_ROW(forms, bytes[0]);
    const int64_t n = (int64_t)size - 1 + chosen->pad;
    uint8_t *const file = calloc((size_t)n + 1, 1);
    nwc_volume *volume;
    if (!file) return 0;
    memcpy(file + chosen->pad, bytes + 1, size - 1);
    if (n >= chosen->at + chosen->length) memcpy(file + chosen->at, chosen->mark, (size_t)chosen->length);
    if (chosen->product < 0)
        begin_cinrad(file, chosen->product < -1);
    else if (chosen->product)
        begin_level3(file, chosen->product, chosen->pad);
    else if (chosen->pad)
        begin_iris(file);
    (void)nwc_volume_sniff(file, (size_t)n);
    nwc_ctx *const ctx = nwc__ctx(NULL);
    if (nwc__volume_create(ctx, "", INT64_C(64) << 20, &volume) == NWC_OK) {
        if (chosen->read(ctx, file, n, volume) == NWC_OK) {
            nwc_volume_facts facts;
            nwc_sweep sweep;
            nwc_moment moment;
            (void)nwc_volume_describe(volume, &facts);
            for (int32_t s = 0; s < facts.n_sweeps; s++) {
                (void)nwc_volume_sweep(volume, s, &sweep);
                for (int32_t m = 0; m < sweep.n_moments; m++) (void)nwc_volume_moment(volume, s, m, &moment);
            }
        }
        nwc_volume_destroy(volume);
    }
    free(file);
    return 0;
}

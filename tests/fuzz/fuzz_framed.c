/*
 * Our own decoders of fields and tables, past their gates. Arbitrary bytes hardly ever have the lengths and checksums that are looked at
 * first, so a good file is made, the input is laid over its header (exclusive or: no input leaves it good), and the
 * checksum of an archive is made right again. Of every fourth first byte the input is the file as it is.
 */
#include "fuzz.h"
#include "io/internal.h"
#include "radar/format/level3.h"
#include "support/made_files.h"
#include "support/made_tiff.h"

enum { HEADER = 512 };

static uint8_t field[RV_MOST];
static int64_t field_size;

static void lay_over(uint8_t *file, int64_t file_size, const uint8_t *bytes, size_t size)
{
    for (int64_t k = 0; k < file_size && k < (int64_t)size; k++) file[k] ^= bytes[k];
}

static void read_nimrod(nwc_ctx *ctx, const uint8_t *bytes, size_t size, nwc_raster *raster)
{
    uint8_t file[NIMROD_SIZE];
    make_nimrod(file);
    lay_over(file, NIMROD_SIZE, bytes, size);
    (void)nwc__nimrod_read(ctx, file, NIMROD_SIZE, raster);
}

/* Only what was changed is put back: to make the cells again would take longer than to read them. */
static void read_radolan(nwc_ctx *ctx, const uint8_t *bytes, size_t size, nwc_raster *raster)
{
    if (!field_size) field_size = make_radolan(field, 5);
    lay_over(field, field_size, bytes, size);
    (void)nwc__radolan_read(ctx, field, field_size, raster);
    lay_over(field, field_size, bytes, size);
}

/* A grid of Level III, about the radar or of boxes; the input follows its headers. */
static void read_level3(nwc_ctx *ctx, const uint8_t *bytes, size_t size, nwc_raster *raster)
{
    static uint8_t file[LEVEL3_BEGIN + RV_MOST];
    const size_t n = size < RV_MOST ? size : RV_MOST;
    begin_level3(file, size % 2 ? 81 : 37, LEVEL3_BEGIN);
    memcpy(file + LEVEL3_BEGIN, bytes, n);
    (void)nwc__level3_grid_read(ctx, file, LEVEL3_BEGIN + (int64_t)n, raster);
}

/* Lines of text and packets of Level III; the input follows the headers. */
static void read_level3_table(nwc_ctx *ctx, const uint8_t *bytes, size_t size)
{
    static const int products[] = {58, 59, 61, 62, 141, 48};
    static uint8_t file[LEVEL3_BEGIN + HEADER + RV_MOST];
    const size_t n = size < RV_MOST ? size : RV_MOST;
    const int product = products[size % 6];
    nwc__level3 level3;
    nwc__level3_cell *cells;
    nwc__level3_wind *winds;
    int64_t count;
    /* Of product 62 the text is where the others have their symbols. */
    const size_t begin = product == 62 ? 120 : LEVEL3_BEGIN;
    begin_level3(file, product, LEVEL3_BEGIN);
    put_word(file + 116, size % 7 ? (uint32_t)(begin + n / 4 * 2) / 2 : 0);
    memcpy(file + begin, bytes, n);
    if (nwc__level3_open(ctx, file, (int64_t)(begin + n), INT64_C(1) << 26, &level3) == NWC_OK) {
        if (product == 48 && nwc__level3_read_winds(ctx, &level3, &winds, &count) == NWC_OK) nwc__free(ctx, winds);
        if (product != 48 && nwc__level3_read_cells(ctx, &level3, &cells, &count) == NWC_OK) nwc__free(ctx, cells);
    }
    nwc__level3_close(ctx, &level3);
}

/* A Chinese mosaic of 2 x 3 cells of unpacked codes; the input lies over its header. */
static void read_mosaic(bool first, nwc_ctx *ctx, const uint8_t *bytes, size_t size, nwc_raster *raster)
{
    static const uint8_t civil[12] = {0xe7, 7, 3, 0, 16, 0, 11};
    static const struct {
        int at;
        uint8_t bytes[4];
    } swan[] = {{78, {3}},           {80, {2}},           {82, {2}},           {90, {0xdc, 0x42}}, {94, {0x0c, 0x42}},
                {106, {0x80, 0x3e}}, {110, {0x80, 0x3e}}, {114, {0x80, 0x3f}}, {118, {0, 0x40}}},
      moc[] = {{14, {3}},
               {124, {0xf0, 0x55}},
               {128, {0xb0, 0xad, 1}},
               {132, {0x60, 0x6d}},
               {136, {0x98, 0xb1, 1}},
               {148, {3}},
               {152, {2}},
               {176, {10}}};
    uint8_t file[2 * 1024] = {0};
    if (first) {
        memcpy(file, "diamond 131CR", 13), memcpy(file + 66, civil, 10);
        for (size_t k = 0; k < sizeof swan / sizeof swan[0]; k++) memcpy(file + swan[k].at, swan[k].bytes, 4);
    } else {
        memcpy(file, "MOC", 3), memcpy(file + 16, "CREF", 4), memcpy(file + 100, civil, 12);
        for (size_t k = 0; k < sizeof moc / sizeof moc[0]; k++) memcpy(file + moc[k].at, moc[k].bytes, 4);
    }
    lay_over(file, sizeof file, bytes, size);
    (void)(first ? nwc__swan_read : nwc__moc_read)(ctx, file, sizeof file, raster);
}

static void read_swan(nwc_ctx *ctx, const uint8_t *bytes, size_t size, nwc_raster *raster)
{
    read_mosaic(true, ctx, bytes, size, raster);
}

static void read_moc(nwc_ctx *ctx, const uint8_t *bytes, size_t size, nwc_raster *raster)
{
    read_mosaic(false, ctx, bytes, size, raster);
}

/* Two bands in any of some layouts; the input lies over the end, where the directory is. */
static void read_geotiff(nwc_ctx *ctx, const uint8_t *bytes, size_t size, nwc_raster *raster)
{
    uint8_t file[TIFF_MOST];
    const struct made_tiff how = {.big_endian = size & 1,
                                  .big = size & 2,
                                  .deflate = size & 4,
                                  .tiled = size & 8,
                                  .separate = size & 16,
                                  .predictor = 1 + (int)(size / 32 % 3),
                                  .format = 3,
                                  .bytes = 4,
                                  .bands = 2,
                                  .notes = "<Item name=\"SCALE\" sample=\"1\">2</Item>"};
    const int64_t made = make_tiff(&how, file), n = (int64_t)size < made ? (int64_t)size : made;
    lay_over(file + made - n, n, bytes, size);
    (void)nwc__geotiff_read(ctx, file, made, raster);
}

/* Two members; the input lies over the header of the first, then over the rest. */
static void read_archive(nwc_ctx *ctx, const uint8_t *bytes, size_t size, nwc_raster *raster)
{
    uint8_t file[2 * (HEADER + 2 * HEADER) + 2 * HEADER] = {0}, member[NIMROD_SIZE];
    int64_t at = 0;
    make_nimrod(member);
    for (int k = 0; k < 2; k++) put_member(file, &at, "member", member, NIMROD_SIZE);
    lay_over(file, sizeof file, bytes, size);
    if (size % 2 == 0) sign_member(file);
    (void)nwc__tar_read(ctx, file, sizeof file, raster);
}

typedef nwc_status read_fn(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);
typedef void read_framed_fn(nwc_ctx *ctx, const uint8_t *bytes, size_t size, nwc_raster *raster);

typedef struct {
    const char *decoder;
    read_fn *read;
    read_framed_fn *read_framed;
} form;

static const form forms[] = {
    {"nimrod", nwc__nimrod_read, read_nimrod},
    {"radolan", nwc__radolan_read, read_radolan},
    {"pgm", nwc__pgm_read, NULL},
    {"geotiff", nwc__geotiff_read, read_geotiff},
    {"level3_grid", nwc__level3_grid_read, read_level3},
    {"swan", nwc__swan_read, read_swan},
    {"moc", nwc__moc_read, read_moc},
    {"tar", nwc__tar_read, read_archive},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1) return 0;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    const bool framed = bytes[0] % 4;
    const form *const chosen = FUZZ_ROW(forms, 0);
    nwc_raster *raster;
    bytes++, size--;
    if (!chosen) {
        read_level3_table(ctx, bytes, size);
        return 0;
    }
    if (nwc__raster_create(ctx, "", INT64_C(64) << 20, &raster) != NWC_OK) return 0;
    if (framed && chosen->read_framed)
        chosen->read_framed(ctx, bytes, size, raster);
    else
        (void)chosen->read(ctx, bytes, (int64_t)size, raster);
    nwc_raster_destroy(raster);
    return 0;
}

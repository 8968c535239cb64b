/*
 * GeoTIFF (TIFF 6.0 and BigTIFF; OGC 19-008r4): the bands of the first image, whole numbers or floats of 8 to 64 bits, in strips or
 * tiles, as they are or deflated, with or without differences (predictors 2 and 3). Names, units, scales and times of bands are
 * those of GDAL's metadata. Heights of the ground come so, and what this library's writer writes.
 */
#include "radar/format/geotiff.h"

#include "core/inflate.h"

#include <nowcast/obs.h>

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum {
    WIDTH = 256,
    HEIGHT = 257,
    BITS = 258,
    COMPRESSION = 259,
    STRIP_AT = 273,
    BANDS = 277,
    STRIP_ROWS = 278,
    STRIP_SIZE = 279,
    PLANAR = 284,
    PREDICTOR = 317,
    TILE_WIDTH = 322,
    TILE_HEIGHT = 323,
    TILE_AT = 324,
    TILE_SIZE = 325,
    SAMPLE_FORMAT = 339,
    PIXEL_SCALE = 33550,
    TIE_POINTS = 33922,
    TRANSFORM = 34264,
    KEYS = 34735,
    KEY_NUMBERS = 34736,
    NOTES = 42112,
    NO_DATA = 42113
};
enum { RASTER_TYPE = 1025, POINT = 2, VERTICAL_UNIT = 4099, METRE = 9001 };
enum { NONE = 1, ADOBE_DEFLATE = 8, DEFLATE = 32946 };
enum { MOST_BANDS = 4096, NUMBER_TEXT = 64 };

struct tiff {
    const uint8_t *bytes;
    int64_t size, directory, entries;
    bool big_endian, big; /* BigTIFF */
};

/* Values of a tag: where they are in the file. */
struct tag {
    int type, bytes; /* of one */
    int64_t n, at;
};

/* What of the image the cells need. */
struct image {
    int64_t width, height, bands, across, down;  /* the last two: pieces, strips or tiles */
    int64_t piece_width, piece_height, in_piece; /* in_piece: bands that lie together in one */
    int bytes, format, compression, predictor;
    bool tiled;
    struct tag at, length;
    double nothing; /* NaN where no number stands for not known */
};

/* ---- numbers ---- */

static uint64_t whole(const struct tiff *file, int64_t at, int n)
{
    uint64_t value = 0;
    for (int k = 0; k < n; k++) value |= (uint64_t)file->bytes[at + k] << 8 * (file->big_endian ? n - 1 - k : k);
    return value;
}

static double real(uint64_t bits, int bytes)
{
    double value;
    float narrow;
    const uint32_t low = (uint32_t)bits;
    memcpy(&value, &bits, sizeof value);
    memcpy(&narrow, &low, sizeof narrow);
    return bytes == 4 ? (double)narrow : value;
}

/* Bytes of a value of a TIFF type; 0 for types no tag here has. */
static int type_bytes(int type)
{
    static const int bytes[] = {0, 1, 1, 2, 4, 0, 1, 1, 2, 4, 0, 4, 8, 4, 0, 0, 8, 8, 8};
    return type > 0 && type < (int)(sizeof bytes / sizeof bytes[0]) ? bytes[type] : 0;
}

/* Find a tag; n is 0 where there is none. */
static nwc_status find_tag(const struct tiff *file, int wanted, struct tag *tag)
{
    const int entry = file->big ? 20 : 12, field = file->big ? 8 : 4;
    *tag = (struct tag){0};
    for (int64_t e = 0; e < file->entries; e++) {
        const int64_t at = file->directory + e * entry;
        if ((int)whole(file, at, 2) != wanted) continue;
        const int type = (int)whole(file, at + 2, 2), bytes = type_bytes(type);
        const uint64_t n = whole(file, at + 4, field);
        if (!bytes || n > (uint64_t)file->size)
            return nwc__fail(NWC_ERR_FORMAT, "byte %lld: tag %d with %llu values of type %d", (long long)at, wanted,
                             (unsigned long long)n, type);
        const int64_t size = (int64_t)n * bytes, value = at + 4 + field;
        const uint64_t begin = size <= field ? (uint64_t)value : whole(file, value, field);
        if (begin > (uint64_t)file->size || size > file->size - (int64_t)begin)
            return nwc__fail(NWC_ERR_FORMAT, "byte %lld: %lld bytes of tag %d expected at %llu, the file ends at %lld",
                             (long long)at, (long long)size, wanted, (unsigned long long)begin, (long long)file->size);
        *tag = (struct tag){.type = type, .bytes = bytes, .n = (int64_t)n, .at = (int64_t)begin};
        return NWC_OK;
    }
    return NWC_OK;
}

static double value_of(const struct tiff *file, const struct tag *tag, int64_t index)
{
    const uint64_t bits = whole(file, tag->at + index * tag->bytes, tag->bytes);
    const bool negative = (tag->type == 6 || tag->type == 8 || tag->type == 9 || tag->type == 17);
    if (tag->type == 11 || tag->type == 12) return real(bits, tag->bytes);
    const int unused = 64 - 8 * tag->bytes;
    return negative ? (double)((int64_t)(bits << unused) >> unused) : (double)bits;
}

/* The first value of a tag, a number from least to most; otherwise where there is none. */
static nwc_status number(const struct tiff *file, int wanted, double otherwise, double least, double most,
                         int64_t *found)
{
    struct tag tag;
    NWC__TRY(find_tag(file, wanted, &tag));
    const double value = tag.n ? value_of(file, &tag, 0) : otherwise;
    if (!(value >= least && value <= most))
        return nwc__fail(NWC_ERR_FORMAT, "tag %d: a number from %g to %g expected, %g found", wanted, least, most,
                         value);
    *found = (int64_t)value;
    return NWC_OK;
}

/* ---- directory ---- */

static nwc_status open_file(const uint8_t *bytes, int64_t size, struct tiff *file)
{
    *file = (struct tiff){.bytes = bytes, .size = size};
    if (size < 8 || (memcmp(bytes, "II", 2) != 0 && memcmp(bytes, "MM", 2) != 0))
        return nwc__fail(NWC_ERR_FORMAT, "byte 0: \"II\" or \"MM\" of a TIFF expected");
    file->big_endian = bytes[0] == 'M';
    const uint64_t version = whole(file, 2, 2);
    file->big = version == 43;
    if (version != 42 && version != 43)
        return nwc__fail(NWC_ERR_FORMAT, "byte 2: 42 or 43 expected, %d found", (int)version);
    if (file->big && size < 16) return nwc__fail(NWC_ERR_FORMAT, "byte 8: the file ends early");
    const uint64_t at = file->big ? whole(file, 8, 8) : whole(file, 4, 4);
    const int count = file->big ? 8 : 2, entry = file->big ? 20 : 12;
    if (at > (uint64_t)size || size - (int64_t)at < count)
        return nwc__fail(NWC_ERR_FORMAT, "byte %d: a directory expected at %llu, the file ends at %lld",
                         file->big ? 8 : 4, (unsigned long long)at, (long long)size);
    const uint64_t entries = whole(file, (int64_t)at, count);
    file->directory = (int64_t)at + count;
    if (entries > (uint64_t)((size - file->directory) / entry))
        return nwc__fail(NWC_ERR_FORMAT, "byte %llu: a directory of %llu entries, the file ends before",
                         (unsigned long long)at, (unsigned long long)entries);
    file->entries = (int64_t)entries;
    return NWC_OK;
}

/* Samples of all bands are alike. */
static nwc_status read_samples(const struct tiff *file, struct image *image)
{
    static const struct {
        int format, bytes;
    } known[] = {{1, 1}, {1, 2}, {1, 4}, {2, 1}, {2, 2}, {2, 4}, {3, 4}, {3, 8}};
    int64_t bits, format, compression, predictor, planar;
    NWC__TRY(number(file, BITS, 1.0, 1.0, 65535.0, &bits));
    NWC__TRY(number(file, SAMPLE_FORMAT, 1.0, 0.0, 65535.0, &format));
    NWC__TRY(number(file, COMPRESSION, 1.0, 0.0, 65535.0, &compression));
    NWC__TRY(number(file, PREDICTOR, 1.0, 0.0, 65535.0, &predictor));
    NWC__TRY(number(file, PLANAR, 1.0, 1.0, 2.0, &planar));
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        if (format == known[k].format && bits == 8 * known[k].bytes) image->bytes = known[k].bytes;
    if (!image->bytes)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "samples of %lld bits of kind %lld", (long long)bits, (long long)format);
    if (compression != NONE && compression != ADOBE_DEFLATE && compression != DEFLATE)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "compression %lld: none (1) or deflate (8) expected; GDAL writes it so",
                         (long long)compression);
    if (predictor < 1 || predictor > 3 || (predictor == 3 && format != 3) || (predictor == 2 && image->bytes == 8))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "predictor %lld for samples of %lld bits of kind %lld",
                         (long long)predictor, (long long)bits, (long long)format);
    image->format = (int)format, image->compression = (int)compression, image->predictor = (int)predictor;
    image->in_piece = planar == 1 ? image->bands : 1;
    return NWC_OK;
}

static nwc_status read_pieces(const struct tiff *file, struct image *image)
{
    struct tag tiles;
    NWC__TRY(find_tag(file, TILE_AT, &tiles));
    image->tiled = tiles.n > 0, image->piece_width = image->width;
    if (image->tiled) {
        NWC__TRY(number(file, TILE_WIDTH, 0.0, 1.0, NWC__MOST_CELLS_ALONG, &image->piece_width));
        NWC__TRY(number(file, TILE_HEIGHT, 0.0, 1.0, NWC__MOST_CELLS_ALONG, &image->piece_height));
    } else {
        NWC__TRY(number(file, STRIP_ROWS, (double)image->height, 1.0, 4294967295.0, &image->piece_height));
        if (image->piece_height > image->height) image->piece_height = image->height;
    }
    NWC__TRY(find_tag(file, image->tiled ? TILE_AT : STRIP_AT, &image->at));
    NWC__TRY(find_tag(file, image->tiled ? TILE_SIZE : STRIP_SIZE, &image->length));
    image->across = (image->width + image->piece_width - 1) / image->piece_width;
    image->down = (image->height + image->piece_height - 1) / image->piece_height;
    const int64_t pieces = image->across * image->down * (image->bands / image->in_piece);
    if (image->at.n < pieces || image->length.n < pieces)
        return nwc__fail(NWC_ERR_FORMAT, "%lld places and lengths of strips or tiles expected, %lld and %lld found",
                         (long long)pieces, (long long)image->at.n, (long long)image->length.n);
    return NWC_OK;
}

/* A number in a text that the file holds; NaN where it has none. */
static double number_in(const struct tiff *file, const struct tag *tag)
{
    char text[NUMBER_TEXT] = "";
    const int64_t n = tag->bytes == 1 ? tag->n : 0;
    if (n) memcpy(text, file->bytes + tag->at, (size_t)(n < NUMBER_TEXT - 1 ? n : NUMBER_TEXT - 1));
    char *end;
    const double value = strtod(text, &end);
    return end == text ? (double)NAN : value;
}

static nwc_status read_image(const struct tiff *file, struct image *image)
{
    struct tag nothing;
    *image = (struct image){0};
    NWC__TRY(number(file, WIDTH, 0.0, 1.0, NWC__MOST_CELLS_ALONG, &image->width));
    NWC__TRY(number(file, HEIGHT, 0.0, 1.0, NWC__MOST_CELLS_ALONG, &image->height));
    NWC__TRY(number(file, BANDS, 1.0, 1.0, MOST_BANDS, &image->bands));
    NWC__TRY(read_samples(file, image));
    NWC__TRY(read_pieces(file, image));
    NWC__TRY(find_tag(file, NO_DATA, &nothing));
    image->nothing = number_in(file, &nothing);
    if (image->format == 3 && image->bytes == 4) image->nothing = (double)(float)image->nothing;
    return NWC_OK;
}

/* ---- place ---- */

static double key_of(const void *of, int wanted)
{
    const struct tiff *const file = of;
    struct tag keys, numbers;
    if (find_tag(file, KEYS, &keys) != NWC_OK || find_tag(file, KEY_NUMBERS, &numbers) != NWC_OK || keys.bytes != 2)
        return NAN;
    for (int64_t k = 4; k + 3 < keys.n; k += 4) {
        if (value_of(file, &keys, k) != (double)wanted) continue;
        const double where = value_of(file, &keys, k + 1), value = value_of(file, &keys, k + 3);
        if (where == 0.0) return value;
        return where == KEY_NUMBERS && value < (double)numbers.n ? value_of(file, &numbers, (int64_t)value)
                                                                 : (double)NAN;
    }
    return NAN;
}

/* Cells of the image in x and y of its projection: x = at[0] + column * step[0], the centre of the first being column 0. */
static nwc_status read_place(const struct tiff *file, double at[2], double step[2])
{
    struct tag scale, tie, matrix;
    NWC__TRY(find_tag(file, PIXEL_SCALE, &scale));
    NWC__TRY(find_tag(file, TIE_POINTS, &tie));
    NWC__TRY(find_tag(file, TRANSFORM, &matrix));
    const double half = key_of(file, RASTER_TYPE) == POINT ? 0.0 : 0.5;
    if (scale.n >= 2 && tie.n >= 6) {
        for (int a = 0; a < 2; a++) {
            step[a] = (a ? -1.0 : 1.0) * value_of(file, &scale, a);
            at[a] = value_of(file, &tie, 3 + a) + (half - value_of(file, &tie, a)) * step[a];
        }
    } else if (matrix.n == 16) {
        if (value_of(file, &matrix, 1) != 0.0 || value_of(file, &matrix, 4) != 0.0)
            return nwc__fail(NWC_ERR_UNSUPPORTED, "tag %d: rows and columns along the axes expected, turned ones found",
                             TRANSFORM);
        for (int a = 0; a < 2; a++) {
            step[a] = value_of(file, &matrix, 5 * a);
            at[a] = value_of(file, &matrix, 4 * a + 3) + half * step[a];
        }
    } else {
        return nwc__fail(NWC_ERR_NODATA, "no place on the earth: tags %d and %d, or %d, expected", PIXEL_SCALE,
                         TIE_POINTS, TRANSFORM);
    }
    if (!(step[0] > 0.0) || step[1] == 0.0 || !isfinite(step[1]))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "cells from west to east expected, steps of %g and %g found", step[0],
                         step[1]);
    return NWC_OK;
}

/* ---- notes ---- */

/* What GDAL's metadata may say of a band. */
enum { DESCRIPTION, UNIT, SCALE, OFFSET, TIME, LEAD, KINDS };
static const char *const kinds[KINDS] = {"DESCRIPTION", "UNITTYPE", "SCALE", "OFFSET", "time", "lead_time_s"};

struct notes {
    const char *text[KINDS]; /* in the file, not ended; NULL where it says nothing */
    int64_t length[KINDS];
};

/* The value of an attribute of an element of XML; NULL where it has none. */
static const char *attribute(const char *element, const char *end, const char *name, int64_t *length)
{
    const int64_t n = (int64_t)strlen(name);
    for (const char *at = element; (at = memchr(at, ' ', (size_t)(end - at))); at++) {
        if (end - at < n + 4 || memcmp(at + 1, name, (size_t)n) != 0 || memcmp(at + 1 + n, "=\"", 2) != 0) continue;
        const char *const begin = at + n + 3, *const close = memchr(begin, '"', (size_t)(end - begin));
        *length = close ? close - begin : 0;
        return close ? begin : NULL;
    }
    return NULL;
}

/* Which band an item is of: a number of up to 4 digits; -1 for the whole file. */
static int64_t band_of(const char *text, int64_t length)
{
    int64_t band = text && length > 0 && length <= 4 ? 0 : -1;
    for (int64_t c = 0; band >= 0 && c < length; c++)
        band = text[c] >= '0' && text[c] <= '9' ? 10 * band + (text[c] - '0') : -1;
    return band;
}

/* All items, in one pass. */
static void read_notes(const struct tiff *file, const struct tag *tag, int64_t bands, struct notes *notes)
{
    const char *const end = (const char *)file->bytes + tag->at + (tag->bytes == 1 ? tag->n : 0);
    memset(notes, 0, (size_t)bands * sizeof *notes);
    for (const char *at = (const char *)file->bytes + tag->at; (at = memchr(at, '<', (size_t)(end - at)));) {
        const char *const close = memchr(at, '>', (size_t)(end - at));
        const char *const next = close ? memchr(close, '<', (size_t)(end - close)) : NULL;
        if (!next) return;
        int64_t name_length = 0, sample_length = 0;
        const char *const name = attribute(at, close, "name", &name_length);
        const char *const sample = attribute(at, close, "sample", &sample_length);
        const int64_t band = band_of(sample, sample_length);
        for (int k = 0; name && band >= 0 && band < bands && k < KINDS; k++)
            if (name_length == (int64_t)strlen(kinds[k]) && memcmp(name, kinds[k], (size_t)name_length) == 0)
                notes[band].text[k] = close + 1, notes[band].length[k] = next - close - 1;
        at = next;
    }
}

/* Text of a note; false where there is none. */
static bool note_of(const struct notes *notes, int kind, char text[NWC__TEXT])
{
    const int64_t length = notes->length[kind] < NWC__TEXT - 1 ? notes->length[kind] : NWC__TEXT - 1;
    if (!notes->text[kind]) return false;
    memcpy(text, notes->text[kind], (size_t)length);
    text[length] = '\0';
    return true;
}

static double note_number(const struct notes *notes, int kind, double otherwise)
{
    char text[NWC__TEXT], *end = text;
    const double value = note_of(notes, kind, text) ? strtod(text, &end) : 0.0;
    return end > text && isfinite(value) ? value : otherwise;
}

/* "2024-06-01T12:00:00Z". */
static int64_t note_time(const struct notes *notes)
{
    int32_t civil[6];
    int64_t time_ns;
    char text[NWC__TEXT];
    if (note_of(notes, TIME, text) &&
        sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &civil[0], &civil[1], &civil[2], &civil[3], &civil[4], &civil[5]) ==
            6 &&
        nwc__time_from_civil(civil, &time_ns))
        return time_ns;
    return NWC_TIME_UNKNOWN;
}

/* ---- cells ---- */

/* Bands, and what makes them of samples. */
struct band {
    float *cells;
    double scale, offset;
};

static nwc_status unpack_piece(const struct tiff *file, const struct image *image, int64_t piece, int64_t needed,
                               uint8_t *plain, int64_t room, bool *there)
{
    const double begin = value_of(file, &image->at, piece), length = value_of(file, &image->length, piece);
    *there = length > 0.0;
    if (!*there) return NWC_OK; /* GDAL's way to say that nothing in it is known */
    if (!(begin >= 0.0 && begin + length <= (double)file->size))
        return nwc__fail(NWC_ERR_FORMAT, "strip or tile %lld: %.0f bytes expected at %.0f, the file ends at %lld",
                         (long long)piece, length, begin, (long long)file->size);
    const uint8_t *const packed = file->bytes + (int64_t)begin;
    int64_t used = 0, made = 0;
    if (image->compression == NONE) {
        made = (int64_t)length < room ? (int64_t)length : room;
        memcpy(plain, packed, (size_t)made);
    } else if (!nwc__inflate_at_once(NWC__DEFLATE_ZLIB, packed, (int64_t)length, plain, room, &used, &made)) {
        uLongf size = (uLongf)room;
        const int result = uncompress(plain, &size, packed, (uLong)length);
        made = result == Z_OK ? (int64_t)size : -1;
    }
    if (made < needed)
        return nwc__fail(NWC_ERR_FORMAT,
                         "byte %.0f: a strip or tile of %lld bytes expected, it is damaged or too short", begin,
                         (long long)needed);
    return NWC_OK;
}

/* Undo differences along a row of n samples, those of a piece's bands one after another. */
static void integrate(const struct tiff *file, const struct image *image, uint8_t *row, int64_t n, uint8_t *work)
{
    const int64_t bands = image->in_piece, bytes = image->bytes;
    if (image->predictor == 2) {
        for (int64_t k = bands; k < n; k++) {
            const struct tiff here = {.bytes = row, .big_endian = file->big_endian};
            const uint64_t sum = whole(&here, k * bytes, (int)bytes) + whole(&here, (k - bands) * bytes, (int)bytes);
            for (int64_t b = 0; b < bytes; b++)
                row[k * bytes + b] = (uint8_t)(sum >> 8 * (file->big_endian ? bytes - 1 - b : b));
        }
    } else if (image->predictor == 3) { /* bytes of all samples, the most significant first */
        for (int64_t k = bands; k < n * bytes; k++) row[k] = (uint8_t)(row[k] + row[k - bands]);
        memcpy(work, row, (size_t)(n * bytes));
        for (int64_t k = 0; k < n; k++)
            for (int64_t b = 0; b < bytes; b++)
                row[k * bytes + (file->big_endian ? b : bytes - 1 - b)] = work[b * n + k];
    }
}

static void place_piece(const struct tiff *file, const struct image *image, int64_t piece, uint8_t *plain,
                        uint8_t *work, const struct band *bands)
{
    const int64_t per_band = image->across * image->down, first_band = piece / per_band * image->in_piece;
    const int64_t row0 = piece % per_band / image->across * image->piece_height;
    const int64_t column0 = piece % image->across * image->piece_width;
    const int64_t rows = image->height - row0 < image->piece_height ? image->height - row0 : image->piece_height;
    const int64_t columns = image->width - column0 < image->piece_width ? image->width - column0 : image->piece_width;
    const int64_t n = image->piece_width * image->in_piece;
    const struct tiff here = {.bytes = plain, .big_endian = file->big_endian};
    const struct tag samples = {.type = image->format == 3 ? 11 : image->format == 2 ? 9 : 4, .bytes = image->bytes};
    for (int64_t r = 0; r < rows; r++) {
        integrate(file, image, plain + r * n * image->bytes, n, work);
        for (int64_t c = 0; c < columns; c++)
            for (int64_t b = 0; b < image->in_piece; b++) {
                const double value = value_of(&here, &samples, r * n + c * image->in_piece + b);
                const int64_t band = first_band + b;
                bands[band].cells[(row0 + r) * image->width + column0 + c] =
                    value == image->nothing ? NAN : (float)(value * bands[band].scale + bands[band].offset);
            }
    }
}

static nwc_status read_cells(nwc_ctx *ctx, const struct tiff *file, const struct image *image, int64_t limit,
                             const struct band *bands)
{
    nwc_status status = NWC_OK;
    uint8_t *plain = NULL, *work = NULL;
    const int64_t row = image->piece_width * image->in_piece * image->bytes;
    if (row > limit / image->piece_height)
        return nwc__fail(NWC_ERR_NOMEM, "strips or tiles of %lld x %lld cells: more than the limit of %lld bytes",
                         (long long)image->piece_height, (long long)image->piece_width, (long long)limit);
    const int64_t room = row * image->piece_height,
                  pieces = image->across * image->down * image->bands / image->in_piece;
    NWC__ALLOC(ctx, plain, room);
    NWC__ALLOC(ctx, work, row);
    for (int64_t b = 0; b < image->bands; b++)
        for (int64_t c = 0; c < image->width * image->height; c++) bands[b].cells[c] = NAN;
    for (int64_t piece = 0; piece < pieces; piece++) {
        const int64_t row0 = piece % (image->across * image->down) / image->across * image->piece_height;
        const int64_t left = image->height - row0;
        const int64_t rows = !image->tiled && left < image->piece_height ? left : image->piece_height;
        bool there;
        if ((status = unpack_piece(file, image, piece, rows * row, plain, room, &there)) != NWC_OK) goto done;
        if (there) place_piece(file, image, piece, plain, work, bands);
    }
done:
    nwc__free(ctx, work);
    nwc__free(ctx, plain);
    return status;
}

/* ---- file ---- */

static nwc_status add_band(const struct tiff *file, const struct notes *notes, int64_t number_of_it,
                           struct nwc__layer_facts *facts, nwc_raster *raster, struct band *band)
{
    static const char *const quantities[][2] = {{"mm h-1", "RATE"}, {"mm", "ACRR"}, {"dBZ", "DBZH"}};
    static const char *const metres[] = {"metre", "meter", "metres", "meters"};
    char name[NWC__TEXT], units[NWC__TEXT];
    if (!note_of(notes, DESCRIPTION, name)) snprintf(name, sizeof name, "band_%lld", (long long)number_of_it + 1);
    if (!note_of(notes, UNIT, units))
        snprintf(units, sizeof units, "%s", key_of(file, VERTICAL_UNIT) == METRE ? "m" : "");
    for (size_t k = 0; k < sizeof metres / sizeof metres[0]; k++)
        if (strcmp(units, metres[k]) == 0) strcpy(units, "m");
    facts->name = facts->quantity = name, facts->units = units;
    for (size_t k = 0; k < sizeof quantities / sizeof quantities[0]; k++)
        if (strcmp(units, quantities[k][0]) == 0) facts->quantity = quantities[k][1];
    facts->time_ns = facts->reference_ns = note_time(notes);
    const double lead_s = note_number(notes, LEAD, 0.0);
    if (facts->time_ns != NWC_TIME_UNKNOWN && fabs(lead_s) < 1e9) facts->reference_ns -= (int64_t)(lead_s * 1e9);
    band->scale = note_number(notes, SCALE, 1.0), band->offset = note_number(notes, OFFSET, 0.0);
    return nwc__raster_add(raster, facts, &band->cells);
}

nwc_status nwc__geotiff_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    nwc_status status = NWC_OK;
    struct tiff file;
    struct image image;
    struct tag noted;
    struct notes *notes = NULL;
    struct band *bands = NULL;
    double at[2], step[2];
    char proj[NWC__TEXT];
    NWC__TRY(open_file(bytes, size, &file));
    NWC__TRY(read_image(&file, &image));
    NWC__TRY(read_place(&file, at, step));
    NWC__TRY(nwc__geotiff_to_proj(key_of, &file, proj));
    NWC__TRY(find_tag(&file, NOTES, &noted));
    struct nwc__layer_facts facts = {.source = "", .north_first = step[1] < 0.0};
    facts.grid = (nwc_grid){.projection = proj,
                            .nx = image.width,
                            .ny = image.height,
                            .x_first = at[0],
                            .y_first = step[1] < 0.0 ? at[1] + step[1] * (double)(image.height - 1) : at[1],
                            .dx = step[0],
                            .dy = fabs(step[1])};
    NWC__ALLOC(ctx, bands, image.bands);
    NWC__ALLOC(ctx, notes, image.bands);
    read_notes(&file, &noted, image.bands, notes);
    for (int64_t b = 0; b < image.bands; b++)
        if ((status = add_band(&file, &notes[b], b, &facts, raster, &bands[b])) != NWC_OK) goto done;
    status = read_cells(ctx, &file, &image, nwc__raster_limit(raster), bands);
done:
    nwc__free(ctx, notes);
    nwc__free(ctx, bands);
    return status;
}

/* Small GeoTIFF files, made byte by byte from the text of TIFF 6.0, BigTIFF and OGC 19-008r4, for tests and fuzzers. */
#ifndef NWC_TEST_MADE_TIFF_H
#define NWC_TEST_MADE_TIFF_H

#include <stdbool.h>
#include <stdint.h>

enum { TIFF_NY = 4, TIFF_NX = 5, TIFF_MOST = 8192, TIFF_TAGS = 24 };

/* What a file is like. 0 for bytes is the default of each number: one band of int16 in strips of 3 rows, as they are. */
struct made_tiff {
    bool big_endian, big, deflate, tiled; /* tiles of 2 x 3 cells */
    int predictor, format, bytes, bands;
    bool separate; /* bands one after another */
    int without;   /* a tag that is left out */
    int projected; /* a number of EPSG */
    bool point;    /* a place is the middle of a cell */
    bool matrix;   /* a transformation, the first row in the south, in place of scale and tie point */
    const char *notes;
};

/* Cell (row, column) of a band: column + 10 row - 7 + 100 band, but -9999, not known, in row 1 and column 2 of band 0. */
double tiff_value(int band, int row, int column);

/* Returns the size. Cells of 0.1 x 0.2 degrees, the north-western corner at 10 E 50 N. */
int64_t make_tiff(const struct made_tiff *how, uint8_t bytes[TIFF_MOST]);

#endif

/* Files of Chinese radars made byte by byte: the CMA standard format, its variant for phased arrays, and the records of 2001. */
#ifndef NWC_TEST_MADE_CINRAD_H
#define NWC_TEST_MADE_CINRAD_H

#include "support/support.h"

enum { CINRAD_ROOM = 1 << 18, CINRAD_RAYS = 8, CINRAD_GATES = 20, CINRAD_HEADERS = 32 + 128 + 256 };

/* The one file that is being made. */
struct made_cinrad {
    uint8_t bytes[CINRAD_ROOM];
    int64_t size;
};
extern struct made_cinrad made;

/* Little-endian numbers at a place in it. */
void put_cinrad2(int64_t at, int value);
void put_cinrad4(int64_t at, int64_t value);
void put_cinrad_real(int64_t at, float value);

/* The code of gate g of ray r. */
int cinrad_code(int r, int g);

/* Begin the file anew with all headers, of a file type: 1, or 16 for a phased array. */
void begin_cma(int type, int cuts);
/* Append a moment of codes, 1 or 2 bytes wide. */
void put_cma_moment(int type, int scale, int offset, int width, int r, int gates);
/* Append a radial of three moments, 45 degrees from the next. */
void put_cma_radial(bool phased, int r, int state, int cut);
/* Append a record of 2001 of so many bytes. */
void put_cinrad_record(int length, int r, int state, int cut);

#endif

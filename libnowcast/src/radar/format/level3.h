/*
 * NEXRAD Level III products, and those of CINRAD's product generator, which have the same layout: what their readers share.
 * level3.c finds the blocks of a message, level3_codes.c says what products are and what their codes mean, level3_polar.c
 * makes volumes and level3_grid.c rasters of them.
 */
#ifndef NWC_RADAR_FORMAT_LEVEL3_H
#define NWC_RADAR_FORMAT_LEVEL3_H

#include "core/internal.h"

enum { NWC__LEVEL3_LEVELS = 16 };

/* What a product is made of. */
typedef enum nwc__level3_form {
    NWC__LEVEL3_NONE = 0,
    NWC__LEVEL3_POLAR, /* rays of gates */
    NWC__LEVEL3_GRID,  /* rows of cells about the radar */
} nwc__level3_form;

/* How codes become values. */
typedef enum nwc__level3_scale {
    NWC__LEVEL3_STEPPED, /* up to 16 levels, each a number or a letter code */
    NWC__LEVEL3_LINEAR,  /* a least value and a step, in tenths; code 1 is not known */
    NWC__LEVEL3_DOPPLER, /* the same; code 1 is range folded */
    NWC__LEVEL3_REAL,    /* a scale and an offset in floating point; code 1 is range folded */
    NWC__LEVEL3_LIQUID,  /* linear, then logarithmic */
    NWC__LEVEL3_TOPS,    /* a value and a flag in one code */
    NWC__LEVEL3_CLASSES, /* tens of classes */
} nwc__level3_scale;

typedef struct nwc__level3_product {
    int16_t code;
    nwc__level3_form form;
    nwc__level3_scale scale;
    const char *mnemonic;
    const char *quantity; /* of FM 301 or ODIM where they have one */
    const char *units;
    double unit;      /* what values are multiplied with to be in these units */
    double spacing_m; /* between gates or cells */
    double reach_m;   /* of grids: beyond it nothing is known */
    bool tilted;      /* of one elevation, which is said; else of all of them */
} nwc__level3_product;

/* Bytes of a message that belong together. */
typedef struct nwc__level3_block {
    const uint8_t *at; /* NULL where there is none */
    int64_t size;
} nwc__level3_block;

/* A message as its description has it. */
typedef struct nwc__level3 {
    const nwc__level3_product *product;
    double latitude_deg, longitude_deg, altitude_m; /* of the radar */
    double elevation_deg;                           /* 0 for products of all elevations */
    int64_t time_ns;                                /* when the volume began */
    int32_t pattern;                                /* of the scan */
    char site[8];
    bool chinese; /* of CINRAD */
    bool cut;     /* unpacked in part */
    uint16_t level[NWC__LEVEL3_LEVELS];
    nwc__level3_block symbology;
    uint8_t *room; /* what was unpacked; NULL where nothing was packed */
} nwc__level3;

/* What the product that bytes begin with is made of; NWC__LEVEL3_NONE for what is none, or none that is read. */
nwc__level3_form nwc__level3_form_of(const uint8_t *bytes, int64_t size);

/* Read the headers and unpack what is packed; to be closed whatever comes. */
nwc_status nwc__level3_open(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t max_bytes, nwc__level3 *level3);
void nwc__level3_close(nwc_ctx *ctx, nwc__level3 *level3);

/* The name of the format, which tells CINRAD's products from those of NEXRAD. */
const char *nwc__level3_format(const nwc__level3 *level3);

/* The first packet of one of two codes in the symbology block, with all bytes behind it. */
nwc_status nwc__level3_packet(const nwc__level3 *level3, int32_t code, int32_t or_code, nwc__level3_block *packet);

/* n runs of 4 bits of length and 4 of code, as codes; the number of codes, at most room. */
int64_t nwc__level3_runs(const uint8_t *runs, int64_t n, uint8_t *codes, int64_t room);

/* The product of a code; NULL for one that is not read. */
const nwc__level3_product *nwc__level3_product_of(int32_t code);

/* What a code below the least level becomes: no_echo in reflectivities, 0 in heights and amounts, NaN in all others. */
float nwc__level3_nothing(const nwc__level3_product *product, float no_echo);

/* What each code of a message means. */
typedef struct nwc__level3_codes {
    float value[256];
    uint8_t flag[256];
    double resolution; /* the largest step between values; 0 where steps are of no matter */
} nwc__level3_codes;

void nwc__level3_read_codes(const nwc__level3 *level3, float nothing, nwc__level3_codes *codes);

#endif

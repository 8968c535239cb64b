/*
 * NEXRAD Level III products, and those of CINRAD's product generator, which have the same layout: what their readers share.
 * level3.c finds the blocks of a message, level3_codes.c says what products are and what their codes mean, level3_polar.c
 * makes volumes and level3_grid.c rasters of them.
 */
#ifndef NWC_RADAR_FORMAT_LEVEL3_H
#define NWC_RADAR_FORMAT_LEVEL3_H

#include "core/internal.h"

#include <nowcast/obs.h>

enum { NWC__LEVEL3_LEVELS = 16 };

/* What a product is made of. */
typedef enum nwc__level3_form {
    NWC__LEVEL3_NONE = 0,
    NWC__LEVEL3_POLAR, /* rays of gates */
    NWC__LEVEL3_GRID,  /* rows of cells about the radar */
    NWC__LEVEL3_BOXES, /* the same, of a grid about the pole that all radars share */
    NWC__LEVEL3_CELLS, /* what is known of storm cells, a line of text for each */
    NWC__LEVEL3_WINDS, /* winds above the radar */
} nwc__level3_form;

/* How codes become values. */
typedef enum nwc__level3_scale {
    NWC__LEVEL3_STEPPED, /* up to 16 levels, each a number or a letter code */
    NWC__LEVEL3_LINEAR,  /* a least value and a step, in tenths; code 1 is not known */
    NWC__LEVEL3_DOPPLER, /* the same; code 1 is range folded */
    NWC__LEVEL3_WIDTHS,  /* the same, from code 129 on, which is 0 */
    NWC__LEVEL3_REAL,    /* a scale and an offset in floating point; code 1 is range folded */
    NWC__LEVEL3_AMOUNTS, /* the same; codes before the least are not known */
    NWC__LEVEL3_TOTALS,  /* a least value and a step, in hundredths, from code 0 on; code 255 is not known */
    NWC__LEVEL3_DECIBELS, /* of 1 mm: a least one in tenths and a step in thousandths; code 0 is nothing, code 255 not known */
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
    double spacing_m; /* between gates or cells; 0 where the gates share the reach, however many there are */
    double reach_m;   /* beyond it nothing is known */
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
    const uint8_t *headers; /* of the message as it is in the file */
    nwc__level3_block symbology, graphic, text;
    uint8_t *room; /* what was unpacked; NULL where nothing was packed */
} nwc__level3;

/* What the product that bytes begin with is made of; NWC__LEVEL3_NONE for what is none, or none that is read. */
nwc__level3_form nwc__level3_form_of(const uint8_t *bytes, int64_t size);

/* Bytes that the message has by its headers and bytes lack. */
int64_t nwc__level3_missing(const uint8_t *bytes, int64_t size);

/* Read the headers and unpack what is packed; to be closed whatever comes. */
nwc_status nwc__level3_open(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t max_bytes, nwc__level3 *level3);
void nwc__level3_close(nwc_ctx *ctx, nwc__level3 *level3);

/* The name of the format, which tells CINRAD's products from those of NEXRAD. */
const char *nwc__level3_format(const nwc__level3 *level3);

/* The packets of the symbology block in turn; one that does not say its length has all bytes behind it, and ends its layer. */
typedef struct nwc__level3_walk {
    const uint8_t *block;
    int64_t size, at, end; /* of the block; of the layer */
    int32_t layers;
} nwc__level3_walk;

nwc_status nwc__level3_walk_begin(const nwc__level3 *level3, nwc__level3_walk *walk);
bool nwc__level3_walk_next(nwc__level3_walk *walk, nwc__level3_block *packet);

/* The first packet of one of these codes, behind whose last there is a 0. */
nwc_status nwc__level3_packet(const nwc__level3 *level3, const int32_t *codes, nwc__level3_block *packet);

/* Radials of packet 28, in turn. */
enum { NWC__LEVEL3_RADIALS = 720 };
typedef struct nwc__level3_generic {
    const uint8_t *at;
    int64_t left;
    int32_t n_radials; /* that it says it has */
    double first_m, spacing_m;
} nwc__level3_generic;
typedef struct nwc__level3_radial {
    double azimuth_deg, elevation_deg; /* of its middle */
    int64_t n;
    const uint8_t *words; /* n of them, big-endian */
    bool is_whole;        /* whether they are whole numbers */
} nwc__level3_radial;

nwc_status nwc__level3_generic_begin(const nwc__level3_block *packet, nwc__level3_generic *generic);
/* False where the radial is not whole. */
bool nwc__level3_generic_next(nwc__level3_generic *generic, nwc__level3_radial *radial);

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

/* What codes of more than one byte become: that by a scale and an offset in floating point. */
typedef struct nwc__level3_real {
    double unit, scale, offset;
    int32_t least, most; /* what is outside of them is not known */
} nwc__level3_real;

bool nwc__level3_read_real(const nwc__level3 *level3, nwc__level3_real *real);

/* The lines of all pages of text in turn, cut to what fits and ended by a zero; false behind the last. */
enum { NWC__LEVEL3_LINE = 128 };
typedef struct nwc__level3_lines {
    const uint8_t *at;
    int64_t left;
    int32_t pages;
} nwc__level3_lines;

void nwc__level3_lines_begin(const nwc__level3 *level3, nwc__level3_lines *lines);
bool nwc__level3_lines_next(nwc__level3_lines *lines, char line[NWC__LEVEL3_LINE]);

/* A storm cell, or a circulation in one, as a line says it. What is not said is NaN. */
enum { NWC__LEVEL3_STEPS = 4 }; /* forecasts 15 minutes apart */
typedef struct nwc__level3_cell {
    char id[8], storm[4];                                            /* of the cell; of the storm a circulation is in */
    double azimuth_deg, range_m;                                     /* from the radar */
    double from_deg, speed_m_s;                                      /* motion */
    double ahead_deg[NWC__LEVEL3_STEPS], ahead_m[NWC__LEVEL3_STEPS]; /* azimuth and range of its forecasts */
    double error_m;                                                  /* of the last forecast */
    double base_m, top_m;                                            /* above mean sea level */
    bool base_below, top_above;                                      /* the scan ended there */
    double vil_kg_m2, max_dbz, max_height_m;
    double hail, severe_hail, hail_mm;         /* probabilities 0 to 1; largest size */
    double rotation_m_s;                       /* largest rotational velocity */
    double low_difference_m_s, difference_m_s; /* of gates side by side: lowest, largest */
} nwc__level3_cell;

/* Cells of the products 58, 59, 61, 62 and 141; *cells is to be freed. */
nwc_status nwc__level3_read_cells(nwc_ctx *ctx, const nwc__level3 *level3, nwc__level3_cell **cells, int64_t *n);

/* Give a cell the place of its symbol, and cells their strongest echo from the pages of attributes, in height_m metres. */
void nwc__level3_find_place(const nwc__level3 *level3, nwc__level3_cell *cell);
void nwc__level3_find_echoes(const nwc__level3 *level3, double height_m, nwc__level3_cell *cells, int64_t n);

/* A wind of product 48. */
typedef struct nwc__level3_wind {
    int64_t time_ns;
    double height_m; /* above mean sea level */
    double from_deg, speed_m_s;
    double spread_m_s; /* root mean square of what the fit leaves over; NaN where not said */
    double up_m_s;     /* NaN where not said */
} nwc__level3_wind;

/* Winds of product 48; *winds is to be freed. */
nwc_status nwc__level3_read_winds(nwc_ctx *ctx, const nwc__level3 *level3, nwc__level3_wind **winds, int64_t *n);

/* The products of cells and winds as observations; the hints say nothing that is not in the file. */
struct nwc__obs_hints;
bool nwc__is_level3_table(const uint8_t *bytes, int64_t size);
nwc_status nwc__level3_obs_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                                nwc_obs *obs);

#endif

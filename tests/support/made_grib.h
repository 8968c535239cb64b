/* Small GRIB messages, made byte by byte, for tests and fuzzers. */
#ifndef NWC_TEST_MADE_GRIB_H
#define NWC_TEST_MADE_GRIB_H

#include <stdbool.h>
#include <stdint.h>

enum { MADE_GRIB_MOST = 8192, MADE_GRIB_POINTS = 12 };

/*
 * One field of edition 2. Angles in millionths of a degree, lengths in mm, as the file has them. Points are 4 along rows and
 * 3 rows; value p of the message, in its order, is code[p] / 10.
 */
struct made_grib {
    int grid;  /* template: 0, 1 rotated, 10 Mercator, 20 polar stereographic, 30 Lambert, 90 a satellite's */
    int scan;  /* flags of table 3.4 */
    int along; /* wind components along the grid */
    int lat, lon, lat_last, lon_last, step; /* first and last point; increments */
    int lat_d, lon_v, latin_1, latin_2, pole_lat, pole_lon;
    int wide, high, below_x, below_y, turn, radii; /* of a satellite's: the Earth, the point below it in thousandths */
    int shape;                                     /* of the Earth */
    int discipline, category, number;
    int product;            /* template: 0, 1 member, 2 derived of members, 5 probability, 6 percentile, 8 interval */
    int what, lower, upper; /* of 2, 5 and 6: a number of table 4.7 or 4.9, or of the percentile; limits in tenths */
    int unit, lead, length; /* of time; length of an interval, in the same unit */
    int member, members;
    int level_type, level_scale, level;
    int levels; /* hybrid: a and b of levels + 1 half levels follow, a falling from 20000 to 0, b rising from 0 to 1 */
    int bitmap; /* 0 none, 1 point 5 is missing, 2 the one before */
    int constant; /* packing 5.3 without a group, of value code[0] / 10 */
    int code[MADE_GRIB_POINTS];
};

/* A Lambert grid of the size of a few thousand km, temperature at 500 hPa, + 60 min. */
extern const struct made_grib made_grib_usual;

/* A message of fields that share grid and reference time, 2019-06-05 12:00:00 UTC; returns its length. */
int64_t make_grib2(uint8_t *bytes, const struct made_grib *fields, int n);

/* A message of edition 1: 4 x 3 degrees, parameter of table 2, unit hours; range: the time range indicator. */
int64_t make_grib1(uint8_t *bytes, int parameter, int level_type, int level, int range, int p1, int p2,
                   const int code[MADE_GRIB_POINTS]);

#endif

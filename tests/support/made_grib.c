/* GRIB messages by the WMO Manual on Codes, octet by octet. */
#include "support/made_grib.h"

#include "support/made_files.h"

#include <string.h>

const struct made_grib made_grib_usual = {.grid = 30,
                                          .scan = 0x40,
                                          .along = 1,
                                          .lat = 30000000,
                                          .lon = 255000000,
                                          .step = 100000000,
                                          .lat_d = 38500000,
                                          .lon_v = 262500000,
                                          .latin_1 = 38500000,
                                          .latin_2 = 38500000,
                                          .shape = 6,
                                          .unit = 0,
                                          .lead = 60,
                                          .level_type = 100,
                                          .level = 50000,
                                          .code = {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23}};

/* Negative numbers are a sign and a magnitude. */
static void put_signed(uint8_t *at, int value)
{
    put_word(at, value < 0 ? 0x80000000U | (uint32_t)-value : (uint32_t)value);
}

static void put_float(uint8_t *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_word(at, bits);
}

/* Octet numbers of the manual begin at 1. */
static uint8_t *begin(uint8_t *bytes, int64_t at, int length, int number)
{
    uint8_t *const section = bytes + at - 1;
    memset(bytes + at, 0, (size_t)length);
    put_word(section + 1, (uint32_t)length);
    section[5] = (uint8_t)number;
    return section;
}

static int64_t put_grid(uint8_t *bytes, int64_t at, const struct made_grib *f)
{
    const int length = f->grid == 0    ? 72
                       : f->grid == 1  ? 84
                       : f->grid == 10 ? 72
                       : f->grid == 20 ? 65
                       : f->grid == 90 ? 80
                                       : 81;
    const int flags = (f->grid < 10 ? 0x30 : 0) | (f->along ? 0x08 : 0);
    uint8_t *const s = begin(bytes, at, length, 3);
    put_word(s + 7, MADE_GRIB_POINTS);
    put_short(s + 13, f->grid);
    s[15] = (uint8_t)f->shape;
    s[16] = s[21] = s[26] = 0xff;
    memset(s + 17, 0xff, 4), memset(s + 22, 0xff, 4), memset(s + 27, 0xff, 4);
    put_word(s + 31, 4), put_word(s + 35, 3);
    if (f->grid < 10) {
        put_word(s + 43, 0xffffffffU);
        put_signed(s + 47, f->lat), put_signed(s + 51, f->lon), s[55] = (uint8_t)flags;
        put_signed(s + 56, f->lat_last), put_signed(s + 60, f->lon_last);
        put_word(s + 64, f->step ? (uint32_t)f->step : 0xffffffffU);
        put_word(s + 68, f->step ? (uint32_t)f->step : 0xffffffffU);
        if (!f->step) s[55] = (uint8_t)(flags & ~0x30);
        s[72] = (uint8_t)f->scan;
        if (f->grid == 1) put_signed(s + 73, f->pole_lat), put_signed(s + 77, f->pole_lon);
        return at + length;
    }
    put_signed(s + 39, f->lat), put_signed(s + 43, f->lon), s[47] = (uint8_t)flags;
    if (f->grid == 90) {
        put_word(s + 48, (uint32_t)f->wide), put_word(s + 52, (uint32_t)f->high);
        put_word(s + 56, (uint32_t)f->below_x), put_word(s + 60, (uint32_t)f->below_y), s[64] = (uint8_t)f->scan;
        put_signed(s + 65, f->turn), put_word(s + 69, (uint32_t)f->radii);
        put_word(s + 73, 100), put_word(s + 77, 200); /* where the image begins */
        return at + length;
    }
    put_signed(s + 48, f->lat_d);
    if (f->grid == 10) {
        put_signed(s + 52, f->lat_last), put_signed(s + 56, f->lon_last);
        s[60] = (uint8_t)f->scan;
        put_word(s + 65, (uint32_t)f->step), put_word(s + 69, (uint32_t)f->step);
        return at + length;
    }
    put_signed(s + 52, f->lon_v);
    put_word(s + 56, (uint32_t)f->step), put_word(s + 60, (uint32_t)f->step);
    s[64] = f->lat_d < 0 ? 0x80 : 0, s[65] = (uint8_t)f->scan;
    if (f->grid == 30) put_signed(s + 66, f->latin_1), put_signed(s + 70, f->latin_2);
    return at + length;
}

static int64_t put_product(uint8_t *bytes, int64_t at, const struct made_grib *f)
{
    const int fixed = f->product == 0   ? 34
                      : f->product == 1 ? 37
                      : f->product == 2 ? 36
                      : f->product == 5 ? 47
                      : f->product == 6 ? 35
                                        : 58,
              coefficients = f->levels ? 2 * (f->levels + 1) : 0;
    uint8_t *const s = begin(bytes, at, fixed + 4 * coefficients, 4);
    put_short(s + 6, coefficients), put_short(s + 8, f->product);
    s[10] = (uint8_t)f->category, s[11] = (uint8_t)f->number, s[12] = 2;
    s[18] = (uint8_t)f->unit;
    put_signed(s + 19, f->lead);
    s[23] = (uint8_t)f->level_type, s[24] = (uint8_t)f->level_scale;
    put_signed(s + 25, f->level);
    s[29] = 0xff, s[30] = 0xff;
    memset(s + 31, 0xff, 4);
    if (f->product == 1) s[35] = 3, s[36] = (uint8_t)f->member, s[37] = (uint8_t)f->members;
    if (f->product == 2) s[35] = (uint8_t)f->what, s[36] = (uint8_t)f->members;
    if (f->product == 5) {
        s[36] = 1, s[37] = (uint8_t)f->what, s[38] = s[43] = 1;
        put_signed(s + 39, f->lower), put_signed(s + 44, f->upper);
    }
    if (f->product == 6) s[35] = (uint8_t)f->what;
    if (f->product == 8) {
        const int end = 12 * 60 + (f->lead + f->length) * (f->unit ? 60 : 1); /* minutes of the day */
        put_short(s + 35, 2019), s[37] = 6, s[38] = 5, s[39] = (uint8_t)(end / 60), s[40] = (uint8_t)(end % 60);
        s[42] = 1, s[47] = 1, s[48] = 2, s[49] = (uint8_t)f->unit;
        put_word(s + 50, (uint32_t)f->length);
        s[54] = 0xff;
    }
    for (int k = 0; k <= f->levels && coefficients; k++) {
        put_float(s + fixed + 1 + 4 * k, 20000.0F * (1.0F - (float)k / (float)f->levels));
        put_float(s + fixed + 1 + 4 * (k + f->levels + 1), (float)k / (float)f->levels);
    }
    return at + fixed + 4 * coefficients;
}

static int64_t put_values(uint8_t *bytes, int64_t at, const struct made_grib *f)
{
    const int known = f->bitmap ? MADE_GRIB_POINTS - 1 : MADE_GRIB_POINTS;
    if (f->constant) {
        uint8_t *const s = begin(bytes, at, 49, 5);
        put_word(s + 6, MADE_GRIB_POINTS), put_short(s + 10, 3);
        put_float(s + 12, (float)f->code[0]), put_short(s + 18, 1);
        s[22] = 1;
        s[37] = 2, s[42] = 1, s[47] = 7, s[48] = 1, s[49] = 1;
        at += 49;
        begin(bytes, at, 6, 6)[6] = 255;
        begin(bytes, at + 6, 5, 7);
        return at + 11;
    }
    uint8_t *s = begin(bytes, at, 21, 5);
    put_word(s + 6, (uint32_t)known);
    put_short(s + 18, 1);
    s[20] = 16;
    at += 21;
    const int bits = f->bitmap == 1 ? 2 : 0;
    s = begin(bytes, at, 6 + bits, 6);
    s[6] = f->bitmap == 0 ? 255 : f->bitmap == 1 ? 0 : 254;
    if (bits) s[7] = 0xfb, s[8] = 0xf0;
    at += 6 + bits;
    s = begin(bytes, at, 5 + 2 * known, 7);
    for (int p = 0, k = 0; p < MADE_GRIB_POINTS; p++)
        if (!f->bitmap || p != 5) put_short(s + 6 + 2 * k++, f->code[p]);
    return at + 5 + 2 * known;
}

int64_t make_grib2(uint8_t *bytes, const struct made_grib *fields, int n)
{
    memset(bytes, 0, 16);
    memcpy(bytes, "GRIB", 4);
    bytes[6] = (uint8_t)fields->discipline, bytes[7] = 2;
    uint8_t *const s = begin(bytes, 16, 21, 1);
    put_short(s + 6, 7);
    s[10] = 15, s[12] = 1;
    put_short(s + 13, 2019), s[15] = 6, s[16] = 5, s[17] = 12;
    s[21] = 1;
    int64_t at = put_grid(bytes, 37, fields);
    for (int f = 0; f < n; f++) {
        at = put_product(bytes, at, &fields[f]);
        at = put_values(bytes, at, &fields[f]);
    }
    memcpy(bytes + at, "7777", 4);
    put_word(bytes + 12, (uint32_t)(at + 4));
    return at + 4;
}

static void put_three(uint8_t *at, int value)
{
    at[0] = (uint8_t)(value >> 16), at[1] = (uint8_t)(value >> 8), at[2] = (uint8_t)value;
}

int64_t make_grib1(uint8_t *bytes, int parameter, int level_type, int level, int range, int p1, int p2,
                   const int code[MADE_GRIB_POINTS])
{
    enum { PDS = 8, GDS = 36, BDS = 68, END = BDS + 11 + 2 * MADE_GRIB_POINTS, LENGTH = END + 1 + 4 };
    memset(bytes, 0, LENGTH);
    memcpy(bytes, "GRIB", 4);
    put_three(bytes + 4, LENGTH);
    bytes[7] = 1;
    uint8_t *s = bytes + PDS - 1;
    put_three(s + 1, 28);
    s[4] = 2, s[5] = 7, s[7] = 255, s[8] = 0x80, s[9] = (uint8_t)parameter, s[10] = (uint8_t)level_type;
    put_short(s + 11, level);
    s[13] = 19, s[14] = 6, s[15] = 5, s[16] = 12, s[18] = 1, s[19] = (uint8_t)p1, s[20] = (uint8_t)p2;
    s[21] = (uint8_t)range, s[25] = 21;
    put_short(s + 27, 1);
    s = bytes + GDS - 1;
    put_three(s + 1, 32);
    s[5] = 255;
    put_short(s + 7, 4), put_short(s + 9, 3);
    put_three(s + 11, 40000), put_three(s + 14, 10000), s[17] = 0x80;
    put_three(s + 18, 38000), put_three(s + 21, 13000);
    put_short(s + 24, 1000), put_short(s + 26, 1000);
    s = bytes + BDS - 1;
    put_three(s + 1, 12 + 2 * MADE_GRIB_POINTS);
    s[11] = 16;
    for (int p = 0; p < MADE_GRIB_POINTS; p++) put_short(s + 12 + 2 * p, code[p]);
    memcpy(bytes + LENGTH - 4, "7777", 4);
    return LENGTH;
}

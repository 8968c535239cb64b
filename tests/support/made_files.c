/* Small files of radar formats, made byte by byte. */
#include "support/made_files.h"

#include <stdio.h>
#include <string.h>

void put_short(uint8_t *at, int value)
{
    at[0] = (uint8_t)(value >> 8), at[1] = (uint8_t)value;
}

void put_word(uint8_t *at, uint32_t value)
{
    for (int k = 0; k < 4; k++) at[k] = (uint8_t)(value >> (24 - 8 * k));
}

static void put_real(uint8_t *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_word(at, bits);
}

void make_nimrod(uint8_t bytes[NIMROD_SIZE])
{
    static const int wholes[31] = {2020,   5, 1, 16, 5, 0,   2020, 5, 1, 15, 50, 1, 2,
                                   -32767, 0, 2, 3,  2, 213, 0,    0, 0, 0,  0,  -1};
    static const int cells[6] = {0, 1, 2, 32, -1, 64};
    memset(bytes, 0, NIMROD_SIZE);
    put_word(bytes, 512), put_word(bytes + 516, 512), put_word(bytes + 520, 12), put_word(bytes + 536, 12);
    for (int k = 0; k < 31; k++) put_short(bytes + 4 + 2 * k, wholes[k]);
    const float reals[6] = {0.0F, 0.0F, 501000.0F, 1000.0F, 301000.0F, 2000.0F};
    for (int k = 0; k < 6; k++) put_real(bytes + 66 + 4 * k, reals[k]);
    memcpy(bytes + 66 + 292, "mm/h*32 a radar", 15);
    for (int k = 0; k < 6; k++) put_short(bytes + 524 + 2 * k, cells[k]);
}

int64_t make_radolan(uint8_t *bytes, int lead_min)
{
    char head[200];
    const int n = snprintf(head, sizeof head,
                           "RV311550100001220BY1620139VS 5SW P300001HPR E-02INT   5GP 900x 900VV %03d"
                           "MF 00000008MS 12<deVV 9,deboo>",
                           lead_min);
    memcpy(bytes, head, (size_t)n);
    bytes[n] = 3;
    for (int c = 0; c < RV_CELLS; c++) {
        int code = c % 5000 % 4096;
        if (c == 7) code = 0x2000 | 2500;
        if (c == 8) code = 0x4000 | 100;
        if (c == 9) code = 0x8000;
        if (c == 10) code = 0x1000 | 4;
        bytes[n + 1 + 2 * c] = (uint8_t)code, bytes[n + 2 + 2 * c] = (uint8_t)(code >> 8);
    }
    return n + 1 + 2 * RV_CELLS;
}

void begin_level3(uint8_t *bytes, int product, int64_t size)
{
    uint8_t head[LEVEL3_BEGIN] = {0};
    put_short(head, product), put_short(head + 12, 200), put_short(head + 18, -1);
    put_word(head + 20, 23004), put_word(head + 24, 113355), put_short(head + 28, 1000), put_short(head + 30, product);
    put_short(head + 34, 21), put_short(head + 40, 15001), put_word(head + 42, 3600), put_short(head + 58, 24);
    put_word(head + 108, 60);
    put_short(head + 120, -1), put_short(head + 122, 1), put_short(head + 128, 1), put_short(head + 130, -1);
    put_word(head + 132, 30000);
    memcpy(bytes, head, (size_t)(size < LEVEL3_BEGIN ? size : LEVEL3_BEGIN));
}

void sign_member(uint8_t *header)
{
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (int k = 0; k < 512; k++) sum += header[k];
    snprintf((char *)header + 148, 8, "%06o", sum);
}

void put_member(uint8_t *archive, int64_t *at, const char *name, const uint8_t *bytes, int64_t size)
{
    uint8_t *const head = archive + *at;
    memset(head, 0, 512);
    snprintf((char *)head, 100, "%s", name);
    snprintf((char *)head + 124, 12, "%011llo", (unsigned long long)size);
    memcpy(head + 257, "ustar", 6), memcpy(head + 263, "00", 2);
    head[156] = '0';
    sign_member(head);
    memcpy(head + 512, bytes, (size_t)size);
    *at += 512 + (size + 511) / 512 * 512;
}

/* ---- compress ---- */

/* Codes as compress lays them: in groups of eight, the lowest bit first, groups filled up where the width changes. */
struct lzw {
    uint8_t *to;
    int64_t bit, group;
    int width;
};

static void put_code(struct lzw *lzw, int code)
{
    for (int b = 0; b < lzw->width; b++, lzw->bit++)
        if (code >> b & 1) lzw->to[lzw->bit / 8] |= (uint8_t)(1 << lzw->bit % 8);
}

static void change_width(struct lzw *lzw, int width)
{
    const int64_t bits = 8 * lzw->width;
    while ((lzw->bit - lzw->group) % bits) lzw->bit++;
    lzw->group = lzw->bit, lzw->width = width;
}

/* By a table searched from its beginning: slow, and unlike any decoder. */
int64_t pack_compress(const uint8_t *bytes, int64_t n, uint8_t *to, int most_width, int64_t clear_at)
{
    static struct {
        int prefix, suffix;
    } table[65536];
    memset(to, 0, (size_t)(2 * n + 16));
    to[0] = 0x1f, to[1] = 0x9d, to[2] = (uint8_t)(0x80 | most_width);
    struct lzw lzw = {.to = to + 3, .width = 9};
    int next = 257, string = bytes[0];
    for (int64_t at = 1; at <= n; at++) {
        int found = -1;
        for (int k = 257; k < next && at < n && found < 0; k++)
            if (table[k].prefix == string && table[k].suffix == bytes[at]) found = k;
        if (found >= 0) {
            string = found;
            continue;
        }
        put_code(&lzw, string);
        if (at == n) break;
        if (next < 1 << most_width) {
            table[next].prefix = string, table[next].suffix = bytes[at];
            if (next++ == 1 << lzw.width && lzw.width < most_width) change_width(&lzw, lzw.width + 1);
        }
        string = bytes[at];
        if (clear_at && at % clear_at == 0) {
            put_code(&lzw, 256);
            change_width(&lzw, 9);
            next = 257;
        }
    }
    return 3 + (lzw.bit + 7) / 8;
}

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

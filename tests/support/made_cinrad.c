/* Files of Chinese radars made byte by byte. */
#include "support/made_cinrad.h"

struct made_cinrad made;

void put_cinrad2(int64_t at, int value)
{
    made.bytes[at] = (uint8_t)value, made.bytes[at + 1] = (uint8_t)(value >> 8);
}

void put_cinrad4(int64_t at, int64_t value)
{
    for (int k = 0; k < 4; k++) made.bytes[at + k] = (uint8_t)(value >> (8 * k));
}

void put_cinrad_real(int64_t at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_cinrad4(at, bits);
}

int cinrad_code(int r, int g)
{
    return (11 * r + 3 * g) % 90;
}

void begin_cma(int type, int cuts)
{
    const bool phased = type == 16;
    memset(&made, 0, sizeof made);
    memcpy(made.bytes, "RSTM", 4);
    put_cinrad2(4, 2), put_cinrad2(6, 1), put_cinrad4(8, type);
    memcpy(made.bytes + 32, "Z9513", 5);
    memcpy(made.bytes + 40, "Nantong", 7);
    put_cinrad_real(72, 32.07F), put_cinrad_real(76, 120.97F), put_cinrad4(80, 120), put_cinrad4(84, 20),
        put_cinrad_real(88, 2800.0F);
    if (!phased) put_cinrad_real(92, 0.95F), put_cinrad_real(96, 0.96F);
    put_cinrad2(104, phased ? 69 : 4);
    memcpy(made.bytes + 160, "VCP21D", 6);
    put_cinrad4(160 + (phased ? 172 : 176), cuts);
    put_cinrad4(160 + 168, phased ? 1 : 1570);
    made.size = CINRAD_HEADERS + (phased ? 640 : 0);
    for (int c = 0; c < cuts; c++, made.size += 256) {
        if (phased) {
            put_cinrad_real(made.size + 4, 0.9F + (float)c), put_cinrad_real(made.size + 72, 30.0F),
                put_cinrad_real(made.size + 76, 30.0F);
            put_cinrad_real(made.size + 108, 20.5F), put_cinrad_real(made.size + 64, 45.0F),
                put_cinrad_real(made.size + 32, 1000.0F);
        } else {
            put_cinrad_real(made.size + 24, 0.5F + (float)c), put_cinrad_real(made.size + 36, 45.0F),
                put_cinrad4(made.size + 44, 250);
            put_cinrad4(made.size + 48, 32768 + 6250), put_cinrad_real(made.size + 80, 26.5F),
                put_cinrad_real(made.size + 8, 1000.0F);
        }
    }
}

void put_cma_moment(int type, int scale, int offset, int width, int r, int gates)
{
    put_cinrad4(made.size, type), put_cinrad4(made.size + 4, scale), put_cinrad4(made.size + 8, offset),
        put_cinrad2(made.size + 12, width);
    put_cinrad4(made.size + 16, width * gates);
    made.size += 32;
    for (int g = 0; g < gates; g++, made.size += width) {
        if (width == 1)
            made.bytes[made.size] = (uint8_t)cinrad_code(r, g);
        else
            put_cinrad2(made.size, 100 * cinrad_code(r, g));
    }
}

void put_cma_radial(bool phased, int r, int state, int cut)
{
    const int64_t at = made.size;
    put_cinrad4(at, state), put_cinrad4(at + 12, r + 1), put_cinrad4(at + 16, cut);
    put_cinrad_real(at + 20, 45.0F * (float)r - (r == 0 ? 0.25F : 0.0F)),
        put_cinrad_real(at + 24, cut == 2 ? 359.5F : 0.5F);
    put_cinrad4(at + 28, 1780000000 + r), put_cinrad4(at + (phased ? 36 : 32), 250000),
        put_cinrad4(at + (phased ? 44 : 40), 4);
    made.size += phased ? 128 : 64;
    put_cma_moment(2, 2, 66, 1, r, CINRAD_GATES);
    put_cma_moment(99, 1, 0, 1, r, 3); /* nobody knows it */
    put_cma_moment(3, 2, 129, 1, r, CINRAD_GATES - r);
    put_cma_moment(10, 100, 50, 2, r, CINRAD_GATES);
    put_cinrad4(at + (phased ? 40 : 36), made.size - at - (phased ? 128 : 64));
}

void put_cinrad_record(int length, int r, int state, int cut)
{
    const int64_t at = made.size, z = length == 2432 ? 460 : 800;
    memset(made.bytes + at, 0, (size_t)length);
    put_cinrad2(at + 14, 1), put_cinrad4(at + 28, 1000 * r), put_cinrad2(at + 32, 16000), put_cinrad2(at + 34, 1500);
    put_cinrad2(at + 36, (int)(8 * 4096 * 45.0 * r / 180.0)), put_cinrad2(at + 38, r + 1), put_cinrad2(at + 40, state),
        put_cinrad2(at + 42, 8 * 32);
    put_cinrad2(at + 44, cut), put_cinrad2(at + 46, 0), put_cinrad2(at + 48, 65536 - 375), put_cinrad2(at + 50, 1000),
        put_cinrad2(at + 52, 250);
    put_cinrad2(at + 54, CINRAD_GATES), put_cinrad2(at + 56, CINRAD_GATES), put_cinrad2(at + 64, 100),
        put_cinrad2(at + 66, 100 + (int)z), put_cinrad2(at + 70, 4);
    put_cinrad2(at + 72, 21), put_cinrad2(at + 88, 2800);
    for (int g = 0; g < CINRAD_GATES; g++)
        made.bytes[at + 128 + g] = made.bytes[at + 128 + z + g] = (uint8_t)cinrad_code(r, g);
    made.size += length;
}

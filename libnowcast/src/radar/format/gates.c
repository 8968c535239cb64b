/* Numbers out of bytes, and what else decoders and encoders of volumes share. */
#include "radar/format/volume_format.h"

uint16_t nwc__u16_le(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t nwc__u32_le(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint16_t nwc__u16_be(const uint8_t *at)
{
    return (uint16_t)(at[1] | at[0] << 8);
}

uint32_t nwc__u32_be(const uint8_t *at)
{
    return (uint32_t)at[3] | (uint32_t)at[2] << 8 | (uint32_t)at[1] << 16 | (uint32_t)at[0] << 24;
}

static float as_float(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

float nwc__f32_le(const uint8_t *at)
{
    return as_float(nwc__u32_le(at));
}

float nwc__f32_be(const uint8_t *at)
{
    return as_float(nwc__u32_be(at));
}

void nwc__take_text(const uint8_t *from, size_t n, char *to)
{
    while (n > 0 && *from == ' ') from++, n--;
    memcpy(to, from, n);
    to[n] = '\0';
    for (size_t end = strlen(to); end > 0 && to[end - 1] == ' '; end--) to[end - 1] = '\0';
}

void nwc__gates_unknown(float *cells, uint8_t *flags, int64_t n)
{
    for (int64_t i = 0; i < n; i++) cells[i] = NAN;
    if (flags) memset(flags, 0, (size_t)n);
}

/* Codes of gates to physical values. */
#include "core/kernel.h"

#include "radar/format/volume_format.h"

/* By selects, which vectorise. */
static inline float value_of(int32_t code, const struct nwc__codes *codes)
{
    const float value = ((float)code - codes->offset) / codes->scale;
    return code >= codes->lowest ? value : code == codes->nothing ? codes->empty : NAN;
}

#define DECODE(name, width, code)                                                                                      \
    static void name(const uint8_t *restrict bytes, int64_t n, const struct nwc__codes *given, float *restrict cells,  \
                     uint8_t *restrict flags)                                                                          \
    {                                                                                                                  \
        const struct nwc__codes codes = *given;                                                                        \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const uint8_t *const at = bytes + (width)*i;                                                               \
            cells[i] = value_of((code), &codes);                                                                       \
        }                                                                                                              \
        for (int64_t i = 0; flags && i < n; i++) {                                                                     \
            const uint8_t *const at = bytes + (width)*i;                                                               \
            flags[i] = (code) == codes.folded ? NWC_GATE_RANGE_FOLDED : 0;                                             \
        }                                                                                                              \
    }

DECODE(u8, 1, (int32_t)at[0])
DECODE(u16_le, 2, (int32_t)(at[0] | at[1] << 8))
DECODE(u16_be, 2, (int32_t)(at[1] | at[0] << 8))

/* Over all of them: stopping at the first would not vectorise. */
#define ANY(name, width, found)                                                                                        \
    static bool name(const uint8_t *restrict bytes, int64_t n, int32_t code)                                           \
    {                                                                                                                  \
        uint8_t any = 0;                                                                                               \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const uint8_t *const at = bytes + (width)*i;                                                               \
            any |= (found) == code;                                                                                    \
        }                                                                                                              \
        return any;                                                                                                    \
    }

ANY(any_u8, 1, (int32_t)at[0])
ANY(any_u16_be, 2, (int32_t)(at[1] | at[0] << 8))

#define DECODE_WORDS(name, code)                                                                                       \
    static void name(const uint8_t *restrict bytes, int64_t n, int32_t missing, float scale, float *restrict cells)    \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const uint8_t *const at = bytes + 2 * i;                                                                   \
            const int16_t number = (int16_t)(code);                                                                    \
            cells[i] = number == missing ? NAN : (float)number / scale;                                                \
        }                                                                                                              \
    }

DECODE_WORDS(i16_le, at[0] | at[1] << 8)
DECODE_WORDS(i16_be, at[1] | at[0] << 8)

static void look_up(const uint8_t *restrict bytes, int64_t n, const float table[256], float *restrict cells)
{
    for (int64_t i = 0; i < n; i++) cells[i] = table[bytes[i]];
}

/*
 * By the reciprocal: a division takes as long as all else here. It is in two parts, or a double where the processor does not multiply and
 * add at once. The quotient of whole numbers of so few digits is a float, or so far from the middle between two that the last bits
 * of the product do not matter.
 */
static void linear_le(const uint8_t *restrict bytes, int64_t n, double offset, double scale, float nothing,
                      float *restrict cells)
{
    const double step = 1.0 / scale;
#ifdef FP_FAST_FMAF
    const float from = (float)offset, much = (float)step, rest = (float)(step - (double)much);
#endif
    for (int64_t i = 0; i < n; i++) {
        const int32_t code = bytes[2 * i] | bytes[2 * i + 1] << 8;
#ifdef FP_FAST_FMAF
        const float above = (float)code - from, value = fmaf(above, much, above * rest);
#else
        const float value = (float)(((double)code - offset) * step);
#endif
        cells[i] = code == 0 ? nothing : code == 65535 ? NAN : value;
    }
}

extern const struct nwc__gate_kernels NWC__NAME(nwc__gate_kernels);
const struct nwc__gate_kernels NWC__NAME(nwc__gate_kernels) = {.u8 = u8,
                                                               .u16_le = u16_le,
                                                               .u16_be = u16_be,
                                                               .i16_le = i16_le,
                                                               .i16_be = i16_be,
                                                               .any_u8 = any_u8,
                                                               .any_u16_be = any_u16_be,
                                                               .look_up = look_up,
                                                               .linear_le = linear_le};

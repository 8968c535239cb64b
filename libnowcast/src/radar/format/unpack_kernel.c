/* Numbers of any type to physical values, in double as the conventions of HDF5 and netCDF files have it. */
#include "core/kernel.h"

#include "radar/format/unpack_kernel.h"

/* By selects, which vectorise. */
static inline float value_of(double written, const struct nwc__packing *packing)
{
    const double stored = written < 0.0 ? written + packing->wrap : written;
    const float value = (float)(stored * packing->scale + packing->offset);
    const float seen = stored == packing->undetect ? packing->nothing : value;
    return stored == packing->unknown[0] || stored == packing->unknown[1] ? NAN : seen;
}

/* Of one-byte numbers there are few: each is unpacked once. */
#define UNPACK_BYTES(name, lowest)                                                                                     \
    static void name(const void *restrict cells, int64_t n, const struct nwc__packing *packing,                        \
                     float *restrict values)                                                                           \
    {                                                                                                                  \
        const uint8_t *restrict const at = cells;                                                                      \
        float table[256];                                                                                              \
        for (int number = (lowest); number < (lowest) + 256; number++)                                                 \
            table[(uint8_t)number] = value_of((double)number, packing);                                                \
        for (int64_t i = 0; i < n; i++) values[i] = table[at[i]];                                                      \
    }

#define UNPACK(name, type)                                                                                             \
    static void name(const void *restrict cells, int64_t n, const struct nwc__packing *given, float *restrict values)  \
    {                                                                                                                  \
        const type *restrict const at = cells;                                                                         \
        const struct nwc__packing packing = *given;                                                                    \
        for (int64_t i = 0; i < n; i++) values[i] = value_of((double)at[i], &packing);                                 \
    }

UNPACK_BYTES(u8, 0)
UNPACK_BYTES(i8, -128)
UNPACK(u16, uint16_t)
UNPACK(i16, int16_t)
UNPACK(u32, uint32_t)
UNPACK(i32, int32_t)
UNPACK(f32, float)
UNPACK(f64, double)

extern const struct nwc__unpack_kernels NWC__NAME(nwc__unpack_kernels);
const struct nwc__unpack_kernels NWC__NAME(nwc__unpack_kernels) = {.of = {[NWC__CELL_U8] = u8,
                                                                          [NWC__CELL_I8] = i8,
                                                                          [NWC__CELL_U16] = u16,
                                                                          [NWC__CELL_I16] = i16,
                                                                          [NWC__CELL_U32] = u32,
                                                                          [NWC__CELL_I32] = i32,
                                                                          [NWC__CELL_F32] = f32,
                                                                          [NWC__CELL_F64] = f64,
                                                                          [NWC__CELL_TEXT] = u8}};

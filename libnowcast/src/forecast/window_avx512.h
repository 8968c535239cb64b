/*
 * The four cells around 16 positions at once, for processors with AVX-512.
 *
 * Neighbouring cells of a forecast come from neighbouring cells of the source: the 16 positions of a stretch nearly
 * always lie within 31 columns and 3 rows. Then two loads of each row and permutations of their 32 cells replace 64
 * scattered reads. 12 lead times of 1226 x 760 cells on one thread take 34 ms, and 42 ms without.
 */
#ifndef NWC_FORECAST_WINDOW_AVX512_H
#define NWC_FORECAST_WINDOW_AVX512_H

#include "forecast/kernels.h"

#include <immintrin.h>

enum {
    WINDOW_LANES = 16,
    WINDOW_ROWS = 4,   /* rows that are looked at: from one below the first position to two above it */
    WINDOW_BEFORE = 6, /* columns before the first position: it may lie up to so far east of the others */
    WINDOW_COLUMNS = 32
};

/* Cells south-west (a), south-east (b), north-west (c) and north-east (d) of positions; false if they lie too wide. */
static inline bool window_corners(const struct nwc__source *source, int32_t j, int32_t i, const int32_t *restrict qx,
                                  const int32_t *restrict qy, float *restrict a, float *restrict b, float *restrict c,
                                  float *restrict d)
{
    const int32_t west = i + (qx[0] >> NWC__FRACTION_BITS) - WINDOW_BEFORE;
    const int32_t south = j + (qy[0] >> NWC__FRACTION_BITS) - 1;
    if (west < 0 || west > source->nx - WINDOW_COLUMNS || south < 0 || south > source->ny - WINDOW_ROWS) return false;

    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i x = _mm512_srai_epi32(_mm512_loadu_si512(qx), NWC__FRACTION_BITS);
    const __m512i y = _mm512_srai_epi32(_mm512_loadu_si512(qy), NWC__FRACTION_BITS);
    const __m512i column = _mm512_add_epi32(_mm512_add_epi32(x, lane), _mm512_set1_epi32(i - west));
    const __m512i row = _mm512_add_epi32(y, _mm512_set1_epi32(j - south));
    const __mmask16 wide = _mm512_cmpgt_epu32_mask(column, _mm512_set1_epi32(WINDOW_COLUMNS - 2));
    const __mmask16 high = _mm512_cmpgt_epu32_mask(row, _mm512_set1_epi32(WINDOW_ROWS - 2));
    if (wide | high) return false;

    const __m512i next = _mm512_add_epi32(column, _mm512_set1_epi32(1));
    __m512 va = _mm512_setzero_ps(), vb = va, vc = va, vd = va;
    __mmask16 below = 0; /* positions whose southern row is the one before r */
    for (int32_t r = 0; r < WINDOW_ROWS; r++) {
        const __mmask16 here = _mm512_cmpeq_epi32_mask(row, _mm512_set1_epi32(r));
        if (here | below) {
            const float *const cell = source->cells + (int64_t)(south + r) * source->stride + west;
            const __m512 first = _mm512_loadu_ps(cell), second = _mm512_loadu_ps(cell + WINDOW_LANES);
            const __m512 at_column = _mm512_permutex2var_ps(first, column, second);
            const __m512 at_next = _mm512_permutex2var_ps(first, next, second);
            va = _mm512_mask_mov_ps(va, here, at_column);
            vb = _mm512_mask_mov_ps(vb, here, at_next);
            vc = _mm512_mask_mov_ps(vc, below, at_column);
            vd = _mm512_mask_mov_ps(vd, below, at_next);
        }
        below = here;
    }
    _mm512_storeu_ps(a, va);
    _mm512_storeu_ps(b, vb);
    _mm512_storeu_ps(c, vc);
    _mm512_storeu_ps(d, vd);
    return true;
}

#endif

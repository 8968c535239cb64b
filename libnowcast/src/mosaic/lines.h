/*
 * Writing whole lines of memory. A line that is written in parts is read first, and takes the place of one that was in
 * use: of a large field that is half of all that moves. x86-64 can write past the caches; elsewhere this is memcpy.
 */
#ifndef NWC_MOSAIC_LINES_H
#define NWC_MOSAIC_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum { NWC__LINE = 64 /* bytes */ };

/*
 * The line that to lies in: what was left over, the end of carry, and of the line from as much as fits. carry is then
 * that line, of which the end is left. large: not to be read again soon.
 */
static inline void nwc__write_line(bool large, const char *restrict from, char *restrict carry, char *restrict to)
{
    const size_t over = (uintptr_t)to % NWC__LINE;
    char *const line = to - over;
#if defined(__AVX512F__)
    const __m512i cells = _mm512_setr_epi32(16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    const __m512i which = _mm512_sub_epi32(cells, _mm512_set1_epi32((int32_t)(over / 4)));
    const __m512i before = _mm512_loadu_si512(carry), now = _mm512_loadu_si512(from);
    const __m512i bytes = _mm512_permutex2var_epi32(before, which, now);
    if (large)
        _mm512_stream_si512((void *)line, bytes);
    else
        _mm512_store_si512((void *)line, bytes);
    _mm512_storeu_si512(carry, now);
#elif defined(__AVX2__)
    /* Both parts are read where they lie: what was only just written in another width would be waited for. */
    const __m256i cells[2] = {_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
                              _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15)};
    const __m256i left = _mm256_set1_epi32((int32_t)(over / 4));
    const int *const before = (const int *)(const void *)(carry + NWC__LINE - over);
    const int *const now = (const int *)(const void *)(from - over);
    for (int part = 0; part < 2; part++) {
        const __m256i is_left = _mm256_cmpgt_epi32(left, cells[part]);
        const __m256i is_new = _mm256_xor_si256(is_left, _mm256_set1_epi32(-1));
        const __m256i bytes = _mm256_or_si256(_mm256_maskload_epi32(before + 8 * part, is_left),
                                              _mm256_maskload_epi32(now + 8 * part, is_new));
        if (large)
            _mm256_stream_si256((__m256i *)(void *)line + part, bytes);
        else
            _mm256_store_si256((__m256i *)(void *)line + part, bytes);
    }
    memcpy(carry, from, NWC__LINE);
#else
    char both[2 * NWC__LINE];
    memcpy(both, carry, NWC__LINE);
    memcpy(both + NWC__LINE, from, NWC__LINE);
    memcpy(carry, from, NWC__LINE);
#if defined(__SSE2__)
    for (size_t part = 0; part < NWC__LINE; part += sizeof(__m128i)) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(both + NWC__LINE - over + part));
        if (large)
            _mm_stream_si128((__m128i *)(void *)(line + part), bytes);
        else
            _mm_store_si128((__m128i *)(void *)(line + part), bytes);
    }
#else
    (void)large;
    memcpy(line, both + NWC__LINE - over, NWC__LINE);
#endif
#endif
}

/* Lines that were written past the caches are there for other threads. */
static inline void nwc__end_lines(void)
{
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

#endif

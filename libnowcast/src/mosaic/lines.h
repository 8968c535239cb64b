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

/*
 * Philox over many counters, and the numbers made of its bits. The count of a group is constant, so that no number comes
 * from a loop's scalar remainder, where the compiler may round otherwise.
 *
 * Normal numbers are those of Box and Muller (1958): a radius from one word and an angle from the next. The angle is cut
 * in the integer: two bits choose the quadrant, thirty give an angle within 45 degrees of its axis, where short power series
 * of sine and cosine are good to a float's last bit; so there is no range reduction and no call to libm.
 */
#include "core/random_kernel.h"
#include "core/kernel.h"

#include <string.h>

struct words {
    uint32_t w[4][NWC__RANDOM_BLOCKS];
};

static inline void fill(uint64_t seed, uint64_t stream, uint64_t group, struct words *restrict out)
{
    const uint32_t stream_low = (uint32_t)stream, stream_high = (uint32_t)(stream >> 32);
#pragma omp simd
    for (int b = 0; b < NWC__RANDOM_BLOCKS; b++) {
        const uint64_t block = group * NWC__RANDOM_BLOCKS + (uint64_t)b;
        uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32), c2 = stream_low, c3 = stream_high;
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
        for (int round = 0; round < NWC__PHILOX_ROUNDS; round++) {
            const uint64_t p0 = (uint64_t)NWC__PHILOX_M0 * c0, p1 = (uint64_t)NWC__PHILOX_M1 * c2;
            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)p1;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)p0;
            k0 += NWC__PHILOX_W0;
            k1 += NWC__PHILOX_W1;
        }
        out->w[0][b] = c0, out->w[1][b] = c1, out->w[2][b] = c2, out->w[3][b] = c3;
    }
}

static void uniform(uint64_t seed, uint64_t stream, uint64_t group, float *restrict out)
{
    struct words words;
    fill(seed, stream, group, &words);
#pragma omp simd
    for (int b = 0; b < NWC__RANDOM_BLOCKS; b++)
        for (int lane = 0; lane < 4; lane++)
            out[4 * b + lane] = ((float)(int32_t)(words.w[lane][b] >> 9) + 0.5F) * 0x1p-23F; /* exact */
}

/* sqrt(-2 ln(u)), u = (word + 1/2) / 2^32. The logarithm is 2 artanh((m - 1) / (m + 1)), m within sqrt(2) of 1. */
static inline float radius(uint32_t word)
{
    const float scaled =
        (float)(int32_t)(word >> 1) * 2.0F + (float)(int32_t)(word & 1) + 0.5F; /* signed: converts fast */
    uint32_t bits;
    memcpy(&bits, &scaled, sizeof bits);
    const uint32_t above_root = (bits & 0x7FFFFFU) > 0x3504F3U; /* the mantissa of sqrt(2) */
    const int32_t exponent = (int32_t)(bits >> 23) - 127 + (int32_t)above_root;
    const uint32_t mantissa = (bits & 0x7FFFFFU) | ((127U - above_root) << 23);
    float m;
    memcpy(&m, &mantissa, sizeof m);
    const float s = (m - 1.0F) / (m + 1.0F), s2 = s * s;
    const float series = 2.0F * s * (1.0F + s2 * (1.0F / 3.0F + s2 * (1.0F / 5.0F + s2 * (1.0F / 7.0F + s2 / 9.0F))));
    const float minus_log = (float)(32 - exponent) * 0.69314718F - series;
    return sqrtf(2.0F * (minus_log > 0.0F ? minus_log : 0.0F));
}

/* Cosine and sine of the angle whose 2^32nd part of a circle the word counts, from the middle of a quadrant on. */
static inline void direction(uint32_t word, float *cosine, float *sine)
{
    const float a = (float)(int32_t)(word << 2) * 3.6572952e-10F; /* pi / 4 / 2^31 */
    const float a2 = a * a;
    const float c = 1.0F + a2 * (-1.0F / 2 + a2 * (1.0F / 24 + a2 * (-1.0F / 720 + a2 * (1.0F / 40320))));
    const float s = a * (1.0F + a2 * (-1.0F / 6 + a2 * (1.0F / 120 + a2 * (-1.0F / 5040 + a2 * (1.0F / 362880)))));
    const bool swap = (word >> 30 & 1) != 0, back = (word >> 31) != 0;
    const float along = swap ? s : c, across = swap ? c : s;
    *cosine = back != swap ? -along : along;
    *sine = back ? -across : across;
}

static void normal(uint64_t seed, uint64_t stream, uint64_t group, float *restrict out)
{
    struct words words;
    fill(seed, stream, group, &words);
#pragma omp simd
    for (int b = 0; b < NWC__RANDOM_BLOCKS; b++) {
        const float r0 = radius(words.w[0][b]), r1 = radius(words.w[2][b]);
        float c0, s0, c1, s1;
        direction(words.w[1][b], &c0, &s0);
        direction(words.w[3][b], &c1, &s1);
        out[4 * b] = r0 * c0, out[4 * b + 1] = r0 * s0;
        out[4 * b + 2] = r1 * c1, out[4 * b + 3] = r1 * s1;
    }
}

const struct nwc__random_kernels NWC__NAME(nwc__random_kernels) = {uniform, normal};

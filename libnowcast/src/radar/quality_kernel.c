/*
 * Loops of quality control: textures along a ray, and how much a gate is like the ground or like insects.
 *
 * Each piece of evidence is a ramp from 0 to 1; a score is the mean of those that are known, weighted. That of the ground
 * begins with a weight of 0.75 for weather, so that texture alone, which showers have too, does not make ground:
 *   texture of DBZ      20 to 40 dB2, or its turns 15 to 30 % (Steiner and Smith 2002; Hubbert et al. 2009)
 *   no motion           |v| 2.3 to 1 m/s, and width 3.2 to 1.2 m/s (Kessinger et al. 2003)
 *   vertical decrease   5 to 20 dB to the sweep above
 *   RHOHV               0.95 to 0.80; texture of PHIDP 15 to 35 degrees (Park et al. 2009, table 1; Gourley et al. 2007)
 *   map                 an echo in 30 to 70 % of dry volumes
 * and for the rest RHOHV as above, texture of PHIDP 10 to 25 degrees and of ZDR 1 to 2.5 dB, since rain has less than 0.7
 * (Vulpiani et al. 2012). Noise makes RHOHV small and phases rough: what a gate's phases tell counts from 3 to 10 dB above it.
 */
#include "radar/quality_kernel.h"
#include "core/kernel.h"

static void clear_ends(int64_t n, float *a, float *b)
{
    for (int64_t i = 1; i <= NWC__PAD; i++) a[-i] = b[-i] = a[n + i - 1] = b[n + i - 1] = 0.0f;
}

static void differences(int64_t n, float period, const float *restrict row, float *restrict square,
                        float *restrict known)
{
    const float inverse = period > 0.0f ? 1.0f / period : 0.0f;
    clear_ends(n, square, known);
    square[0] = known[0] = 0.0f;
#pragma omp simd
    for (int64_t i = 1; i < n; i++) {
        const float apart = row[i] - row[i - 1];
        const float d = apart - period * rintf(apart * inverse);
        square[i] = d == d ? d * d : 0.0f;
        known[i] = d == d ? 1.0f : 0.0f;
    }
}

static void turns(int64_t n, float least, const float *restrict row, float *restrict turn, float *restrict known)
{
    clear_ends(n, turn, known);
    turn[0] = known[0] = turn[n - 1] = known[n - 1] = 0.0f;
#pragma omp simd
    for (int64_t i = 1; i < n - 1; i++) {
        const float a = row[i] - row[i - 1], b = row[i + 1] - row[i];
        known[i] = a + b == a + b ? 1.0f : 0.0f;
        turn[i] = ((a * b < 0.0f) & (fabsf(a) + fabsf(b) > 2.0f * least)) ? 1.0f : 0.0f;
    }
}

static void values(int64_t n, const float *restrict row, float *restrict value, float *restrict known)
{
    clear_ends(n, value, known);
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        value[i] = row[i] == row[i] ? row[i] : 0.0f;
        known[i] = row[i] == row[i] ? 1.0f : 0.0f;
    }
}

static void window(int64_t n, int32_t half, int32_t root, float scale, float *restrict sum, float *restrict known,
                   float *restrict out)
{
    enum { BLOCK = 256 };
    float count[BLOCK];
    for (int64_t from = 0; from < n; from += BLOCK) {
        const int64_t m = n - from < BLOCK ? n - from : BLOCK;
        for (int64_t i = 0; i < m; i++) out[from + i] = count[i] = 0.0f;
        for (int64_t k = from - half; k <= from + half; k++) {
#pragma omp simd
            for (int64_t i = 0; i < m; i++) {
                out[from + i] += sum[k + i];
                count[i] += known[k + i];
            }
        }
#pragma omp simd
        for (int64_t i = 0; i < m; i++) {
            const float mean = scale * out[from + i] / count[i];
            out[from + i] = count[i] < 3.0f ? NAN : root ? sqrtf(mean) : mean;
        }
    }
}

static void better_side(int64_t n, int32_t side, const float *restrict value, const float *restrict known,
                        float *restrict out)
{
    for (int64_t i = 0; i < n; i++) {
        float before = 0.0f, n_before = 0.0f, after = 0.0f, n_after = 0.0f;
        for (int32_t k = 0; k <= side; k++) {
            before += value[i - k], n_before += known[i - k];
            after += value[i + k], n_after += known[i + k];
        }
        const float a = n_before < 3.0f ? 0.0f : before / n_before, b = n_after < 3.0f ? 0.0f : after / n_after;
        out[i] = a > b ? a : b;
    }
}

static void mean3(int64_t n, const float *restrict a, const float *restrict b, const float *restrict c,
                  float *restrict out)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float ka = a[i] == a[i] ? 1.0f : 0.0f, kb = b[i] == b[i] ? 1.0f : 0.0f, kc = c[i] == c[i] ? 1.0f : 0.0f;
        const float sum = (ka > 0.0f ? a[i] : 0.0f) + (kb > 0.0f ? b[i] : 0.0f) + (kc > 0.0f ? c[i] : 0.0f);
        const float count = ka + kb + kc;
        out[i] = count > 0.0f ? sum / count : NAN;
    }
}

/* 0 at from, 1 at to, on either side of it; NaN for NaN. */
static inline float ramp(float x, float from, float to)
{
    const float y = (x - from) / (to - from);
    return y > 1.0f ? 1.0f : y < 0.0f ? 0.0f : y;
}

/* Add a piece of evidence where it is known. */
static inline void weigh(float like, float weight, float *sum, float *weights)
{
    const bool known = like == like;
    *sum += known ? weight * like : 0.0f;
    *weights += known ? weight : 0.0f;
}

static void score(int64_t n, const nwc__evidence *evidence, float *restrict ground, float *restrict other)
{
    const nwc__evidence e = *evidence;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float told = e.snr[i] == e.snr[i] ? ramp(e.snr[i], 3.0f, 10.0f) : 1.0f;
        const float rough = ramp(e.texture[i], 20.0f, 40.0f), turning = ramp(e.spin[i], 15.0f, 30.0f);
        const float still = ramp(fabsf(e.velocity[i]), 2.3f, 1.0f);
        const float narrow = e.width[i] == e.width[i] ? ramp(e.width[i], 3.2f, 1.2f) : 1.0f;
        const float unlike = ramp(e.rhohv[i], 0.95f, 0.80f);
        float sum = 0.0f, weights = 0.75f;
        weigh(turning > rough ? turning : rough, 1.0f, &sum, &weights);
        weigh(still * narrow, 1.0f, &sum, &weights);
        weigh(ramp(e.drop[i], 5.0f, 20.0f), 0.5f, &sum, &weights);
        weigh(unlike, 0.6f * told, &sum, &weights);
        weigh(ramp(e.phase[i], 15.0f, 35.0f), 0.8f * told, &sum, &weights);
        weigh(ramp(e.map[i], 0.3f, 0.7f), 1.0f, &sum, &weights);
        ground[i] = sum / weights;
        sum = weights = 0.0f;
        weigh(unlike, 1.0f, &sum, &weights);
        weigh(ramp(e.phase[i], 10.0f, 25.0f), 0.8f, &sum, &weights);
        weigh(ramp(e.zdr[i], 1.0f, 2.5f), 0.4f, &sum, &weights);
        /* Nothing that flies is so strong; hail and debris are, and their RHOHV may be as low. The edge of rain beside
         * ground, over which means reach, is pure on one side. */
        const bool may = (e.rhohv[i] == e.rhohv[i]) & (e.dbz[i] < 40.0f) & (e.purest[i] < 0.93f);
        other[i] = (may & (weights > 0.0f)) ? told * sum / weights : 0.0f;
    }
}

const struct nwc__quality_kernels NWC__NAME(nwc__quality_kernels) = {
    .differences = differences,
    .turns = turns,
    .values = values,
    .window = window,
    .better_side = better_side,
    .mean3 = mean3,
    .score = score,
};

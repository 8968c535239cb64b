/* Loops of renewal.c: cells that tell whether they were renewed, and what that makes of suppositions. */
#include "core/kernel.h"

#include "forecast/kernels.h"

/* Cells from to to of a row, none at an end of it; without branches, so that it vectorises. above, below: never NULL. */
static inline void tell(const float *restrict earlier, int64_t earlier_step, const float *restrict later,
                        const float *restrict above, const float *restrict below, int64_t step, int32_t n,
                        float *restrict told, float *restrict kept)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const float was = earlier[i * earlier_step], is = later[i * step];
        const int tells = (was - was == 0.0f) & (is - is == 0.0f) & (above[i * step] != is) & (below[i * step] != is) &
                          (later[(i - 1) * step] != is) & (later[(i + 1) * step] != is); /* NaN differs */
        told[i] = tells ? 1.0f : 0.0f;
        kept[i] = (tells & (was == is)) ? 1.0f : 0.0f;
    }
}

static void count(const float *earlier, int64_t earlier_step, const float *later, const float *above,
                  const float *below, int64_t step, int64_t n, int32_t spacing, float *restrict telling,
                  float *restrict carried)
{
    float told[NWC__CHUNK], kept[NWC__CHUNK];
    int32_t in_node = spacing / 2; /* cells of the node at hand before this one */
    int64_t node = 0;
    for (int64_t first = 1; first < n - 1; first += NWC__CHUNK) {
        const int32_t m = (int32_t)(n - 1 - first < NWC__CHUNK ? n - 1 - first : NWC__CHUNK);
        tell(earlier + first * earlier_step, earlier_step, later + first * step, above + first * step,
             below + first * step, step, m, told, kept);
        for (int32_t i = 0; i < m; i++) {
            if (++in_node >= spacing) in_node = 0, node++;
            telling[node] += told[i];
            carried[node] += kept[i];
        }
    }
}

static void weigh(const float *restrict share, int64_t stride, int32_t n_pairs,
                  const struct nwc__supposition *suppositions, int32_t n_suppositions, int32_t n,
                  float *restrict probability)
{
    float sum[NWC__CHUNK] = {0.0f};
    for (int32_t s = 0; s < n_suppositions; s++) {
        float *const restrict p = probability + s * NWC__CHUNK;
        for (int32_t i = 0; i < n; i++) p[i] = suppositions[s].prior;
        for (int32_t k = 0; k < n_pairs; k++) {
            const bool renewed = (suppositions[s].renewed >> k & 1u) != 0;
            const float *const restrict row = share + k * stride;
#pragma omp simd
            for (int32_t i = 0; i < n; i++) p[i] *= renewed ? row[i] : 1.0f - row[i];
        }
        for (int32_t i = 0; i < n; i++) sum[i] += p[i];
    }
    for (int32_t s = 0; s < n_suppositions; s++)
        for (int32_t i = 0; i < n; i++) probability[s * NWC__CHUNK + i] /= sum[i];
}

static void median(const float *restrict probability, const int32_t *order, const float *value, int32_t n_suppositions,
                   int32_t n, float *restrict out)
{
    float below[NWC__CHUNK] = {0.0f};
    for (int32_t s = 0; s < n_suppositions; s++) {
        const float *const restrict p = probability + order[s] * NWC__CHUNK;
        const float here = value[order[s]];
#pragma omp simd
        for (int32_t i = 0; i < n; i++) {
            out[i] = below[i] < 0.5f ? here : out[i];
            below[i] += p[i];
        }
    }
}

extern const struct nwc__renewal_kernels NWC__NAME(nwc__renewal_kernels);
const struct nwc__renewal_kernels NWC__NAME(nwc__renewal_kernels) = {.count = count, .weigh = weigh, .median = median};

/* Rows of the motion driver: rain to the variable that is followed, and cells per second to metres per second. */
#include "core/kernel.h"

#include "motion/internal.h"

#define MAX_RATE 60.0f   /* mm h-1; above, it is mostly hail */
#define LEAST_RATE 0.01f /* mm h-1; below, a cell has no echo */

static inline float of_rate(float rate)
{
    const float limited = rate < MAX_RATE ? rate : MAX_RATE;
    return rate >= LEAST_RATE ? sqrtf(limited) : 0.0f; /* NaN compares false */
}

/* 2^p for -126 < p < 126 within 2e-7 of its value: the power of the integer part by bits, of the rest by Taylor's series. */
static inline float exp2_of(float p)
{
    const float whole = nearbyintf(p);
    const float f = (p - whole) * 0.693147181f;
    const float series =
        1.0f + f * (1.0f + f * (0.5f + f * (1.66666667e-1f +
                                            f * (4.16666667e-2f + f * (8.33333333e-3f + f * 1.38888889e-3f)))));
    const int32_t bits = ((int32_t)whole + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return series * power;
}

/* Z = 200 R^1.6 (Marshall and Palmer 1948), so sqrt(R) = 10^((dBZ - 10 log10 200) / 32). */
static inline float of_dbz(float dbz)
{
    const float least_dbz = -8.98970f, max_dbz = 51.46072f; /* of LEAST_RATE and MAX_RATE */
    const float limited = dbz < max_dbz ? dbz : max_dbz;
    const float held = limited > least_dbz ? limited : least_dbz;
    const float x = exp2_of((held - 23.0103f) * (3.32192809f / 32.0f));
    return dbz >= least_dbz ? x : 0.0f;
}

#define DEFINE_READ(name, convert)                                                                                     \
    static int64_t name(const float *restrict cells, int64_t step, int64_t n, float *restrict x,                       \
                        uint8_t *restrict known)                                                                       \
    {                                                                                                                  \
        int64_t echo = 0;                                                                                              \
        for (int64_t i = 0; i < n; i++) {                                                                              \
            const float cell = cells[i * step];                                                                        \
            x[i] = convert(cell);                                                                                      \
            known[i] = cell == cell;                                                                                   \
            echo += x[i] > 0.0f;                                                                                       \
        }                                                                                                              \
        return echo;                                                                                                   \
    }
DEFINE_READ(read_rate, of_rate)
DEFINE_READ(read_dbz, of_dbz)

static void tell(const float *restrict now, int64_t stride, const float *restrict before, int64_t n,
                 int32_t *restrict telling, int32_t *restrict same)
{
    const float *const south = now - stride, *const north = now + stride;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float is = now[i];
        const int tells = (is > 0.0f) & (now[i - 1] != is) & (now[i + 1] != is) & (south[i] != is) & (north[i] != is);
        telling[i] += tells;
        same[i] += tells & (before[i] == is);
    }
}

static void to_cells(const float *restrict metres, int64_t step, int64_t n, float d_m, float dd_m,
                     float *restrict cells)
{
    for (int64_t i = 0; i < n; i++) {
        const float speed = metres[i * step] / (d_m + (float)(int32_t)i * dd_m);
        cells[i] = fabsf(speed) < INFINITY ? speed : NAN;
    }
}

static void to_ground(float *restrict u, float *restrict v, float *restrict quality, int64_t n, float dx_m, float ddx_m,
                      float dy_m, float ddy_m, float max_m_s)
{
    for (int64_t i = 0; i < n; i++) {
        const float east = u[i] * (dx_m + (float)(int32_t)i * ddx_m), north = v[i] * (dy_m + (float)(int32_t)i * ddy_m);
        const float speed = sqrtf(east * east + north * north);
        const bool fast = speed > max_m_s;
        const float share = fast ? max_m_s / speed : 1.0f;
        u[i] = east * share;
        v[i] = north * share;
        quality[i] = fast ? 0.0f : quality[i];
    }
}

const struct nwc__motion_kernels NWC__NAME(nwc__motion_kernels) = {
    .read_rate = read_rate, .read_dbz = read_dbz, .tell = tell, .to_cells = to_cells, .to_ground = to_ground};

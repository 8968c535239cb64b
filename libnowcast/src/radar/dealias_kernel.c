/* Loops of dealiasing: roughness and costs of edges, without branches. */
#include "radar/dealias_kernel.h"
#include "core/kernel.h"

#include <math.h>

enum { AT_ONCE = 16 /* gates */ };

/* The difference of two velocities within the Nyquist interval; NaN where one of them is. */
static inline float apart(float a, float b, float nyquist)
{
    const float d = b - a;
    return d > nyquist ? d - 2.0f * nyquist : d < -nyquist ? d + 2.0f * nyquist : d;
}

/* Of two differences to either side the change, of one its double, of none as much as there can be. */
static inline float bend(float left, float right, float nyquist)
{
    const float both = fabsf(right - left);
    const float one = 2.0f * fabsf(left == left ? left : right);
    return both == both ? both : one == one ? one : 2.0f * nyquist;
}

static void roughness(int64_t n, const float *velocity, const float *before, const float *after, float nyquist,
                      uint16_t *restrict rough)
{
    const float half = 16384.0f / nyquist;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float v = velocity[i];
        const float along = bend(apart(velocity[i - 1], v, nyquist), apart(v, velocity[i + 1], nyquist), nyquist);
        const float across = bend(apart(before[i], v, nyquist), apart(v, after[i], nyquist), nyquist);
        const float all = half * (along + across);
        rough[i] = (uint16_t)(int32_t)(all < 65535.0f ? all : 65535.0f);
    }
}

static void costs(int64_t n, const float *restrict a, const uint16_t *restrict rough_a, const float *restrict b,
                  const uint16_t *restrict rough_b, float nyquist, uint8_t *restrict cost)
{
    const float scale = 4.0f * 32768.0f / nyquist;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float d = fabsf(apart(a[i], b[i], nyquist));
        const int32_t known = d == d;
        const int32_t all = ((int32_t)(known ? scale * d : 0.0f) + (int32_t)rough_a[i] + (int32_t)rough_b[i]) >> 12;
        cost[i] = (uint8_t)(known ? (all > 63 ? 63 : all) : 255);
    }
}

static inline uint8_t within(uint8_t cost, int32_t least, int32_t most)
{
    return (uint8_t)(cost - least) <= (uint8_t)(most - least);
}

static int64_t edges(int64_t n, const uint8_t *restrict along, const uint8_t *restrict across, int32_t least,
                     int32_t most, int32_t *restrict edge)
{
    int64_t found = 0;
    for (int64_t i = 0; i < n; i += AT_ONCE) { /* most are cheaper or dearer */
        const int64_t end = n - i < AT_ONCE ? n : i + AT_ONCE;
        uint8_t any = 0;
#pragma omp simd reduction(| : any)
        for (int64_t k = i; k < end; k++) any |= within(along[k], least, most) | within(across[k], least, most);
        for (int64_t k = i; any && k < end; k++) {
            edge[found] = (int32_t)(2 * k);
            found += within(along[k], least, most);
            edge[found] = (int32_t)(2 * k + 1);
            found += within(across[k], least, most);
        }
    }
    return found;
}

static inline uint8_t is_fresh(const uint8_t *across, const uint8_t *along, const uint8_t *along_over, uint8_t most)
{
    return (across[0] <= most) & ((across[-1] > most) | (along[-1] > most) | (along_over[-1] > most));
}

static int64_t fresh(int64_t n, const uint8_t *restrict across, const uint8_t *restrict along,
                     const uint8_t *restrict along_over, int32_t most, int32_t *restrict gate)
{
    int64_t found = 0;
    if (n > 0 && across[0] <= most) gate[found++] = 0;
    for (int64_t i = 1; i < n; i += AT_ONCE) {
        const int64_t end = n - i < AT_ONCE ? n : i + AT_ONCE;
        uint8_t any = 0;
#pragma omp simd reduction(| : any)
        for (int64_t k = i; k < end; k++) any |= is_fresh(across + k, along + k, along_over + k, (uint8_t)most);
        for (int64_t k = i; any && k < end; k++) {
            gate[found] = (int32_t)k;
            found += is_fresh(across + k, along + k, along_over + k, (uint8_t)most);
        }
    }
    return found;
}

static bool none(int64_t n, const float *velocity)
{
    int32_t any = 0;
#pragma omp simd reduction(| : any)
    for (int64_t i = 0; i < n; i++) any |= velocity[i] - velocity[i] == 0.0f;
    return any == 0;
}

static int32_t jumps(int64_t n, const float *restrict velocity, const float *restrict after, float most,
                     uint8_t *restrict jump)
{
    int32_t count = 0;
#pragma omp simd reduction(+ : count)
    for (int64_t i = 0; i < n - 1; i++) {
        const int32_t along = fabsf(velocity[i + 1] - velocity[i]) > most; /* false beside NaN */
        const int32_t across = fabsf(after[i] - velocity[i]) > most;
        jump[i] = (uint8_t)(along | across << 1);
        count += along + across;
    }
    const int32_t across = fabsf(after[n - 1] - velocity[n - 1]) > most;
    jump[n - 1] = (uint8_t)(across << 1);
    return count + across;
}

/* In Nyquist velocities; as nwc__fold_cost, without a branch. */
static inline float cost(float difference)
{
    const float d = fabsf(difference), m = d < 0.5f ? d : 0.5f;
    return m * (2.0f * d - m);
}

static void compare_all(int64_t n, const float *before, const float *velocity, const float *after,
                        const uint16_t *rough, int32_t least, float one, float *restrict confidence)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float beside[8] = {before[i - 1],   before[i],    before[i + 1], velocity[i - 1],
                                 velocity[i + 1], after[i - 1], after[i],      after[i + 1]};
        float here = 0.0f, up = 0.0f, down = 0.0f, count = 0.0f;
        for (int k = 0; k < 8; k++) {
            const float d = one * (velocity[i] - beside[k]);
            const bool there = d == d;
            here += there ? cost(d) : 0.0f;
            up += there ? cost(d + 2.0f) : 0.0f;
            down += there ? cost(d - 2.0f) : 0.0f;
            count += there ? 1.0f : 0.0f;
        }
        const float lead = ((up < down ? up : down) - here) / (count < 1.0f ? 1.0f : count);
        const float most = lead > 0.0f ? lead : 0.0f, had = confidence[i];
        confidence[i] = rough[i] >= least && count >= 3.0f && most < had ? most : had;
    }
}

/*
 * Whether one of the gates is rough and far from a neighbour. Where none is farther than half a Nyquist velocity, another fold costs more by 1
 * and above: any confidence stands.
 */
static bool any_far(int64_t n, const float *before, const float *velocity, const float *after, const uint16_t *rough,
                    int32_t least, float most)
{
    int32_t any = 0;
#pragma omp simd reduction(| : any)
    for (int64_t i = 0; i < n; i++) {
        const float beside[8] = {before[i - 1],   before[i],    before[i + 1], velocity[i - 1],
                                 velocity[i + 1], after[i - 1], after[i],      after[i + 1]};
        float far = 0.0f;
        for (int k = 0; k < 8; k++) {
            const float d = fabsf(velocity[i] - beside[k]);
            far = d > far ? d : far; /* false of NaN */
        }
        any |= (rough[i] >= least) & (far > most);
    }
    return any != 0;
}

static void compare(int64_t n, const float *before, const float *velocity, const float *after, const uint16_t *rough,
                    int32_t least, float nyquist, float *restrict confidence)
{
    for (int64_t i = 0; i < n; i += AT_ONCE) { /* most are smooth */
        const int64_t m = n - i < AT_ONCE ? n - i : AT_ONCE;
        int32_t any = 0;
#pragma omp simd reduction(| : any)
        for (int64_t k = i; k < i + m; k++) any |= rough[k] >= least;
        if (any && any_far(m, before + i, velocity + i, after + i, rough + i, least, 0.5f * nyquist))
            compare_all(m, before + i, velocity + i, after + i, rough + i, least, 1.0f / nyquist, confidence + i);
    }
}

static void trust(int64_t n, float most, const uint16_t *restrict rough, float *restrict confidence)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float share = 1.25f - (float)rough[i] * (1.0f / 32768.0f);
        confidence[i] = most * (share < 0.0f ? 0.0f : share > 1.0f ? 1.0f : share);
    }
}

static void answer(int64_t n, const float *restrict unfolded, const float *restrict sure, float nyquist,
                   float *restrict velocity, float *restrict fold, float *restrict confidence)
{
    const float one = 0.5f / nyquist;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        const float had = velocity[i], is = unfolded[i], turns = one * (is - had);
        const float count = rintf(turns) + 0.0f; /* not -0 */
        const float nothing = had == had ? 0.0f : had;
        const float folds = fabsf(turns - count) < 0.02f ? count : turns;
        velocity[i] = is == is ? is : had;
        fold[i] = is == is ? folds : nothing;
        confidence[i] = is == is ? sure[i] : nothing;
    }
}

const struct nwc__dealias_kernels NWC__NAME(nwc__dealias_kernels) = {
    .roughness = roughness,
    .costs = costs,
    .edges = edges,
    .fresh = fresh,
    .none = none,
    .jumps = jumps,
    .compare = compare,
    .trust = trust,
    .answer = answer,
};

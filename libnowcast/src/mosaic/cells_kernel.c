/* What is done to cells and gates one by one: where cells lie, gates made ready, and radars weighed and averaged. */
#include "mosaic/gates.h"

#define LEAST_WEIGHT 1e-12F /* of a value that is known, however poor */

/* The logarithm to the base 2 of a number above 0; the relative error is below 3e-7. */
static inline float logarithm_of_two(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t exponent = (bits - 0x3f3504f3) >> 23; /* a mantissa from sqrt(1/2) to sqrt(2) */
    bits -= exponent * (1 << 23);
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1.0F) / (m + 1.0F), s2 = s * s;
    return (float)exponent +
           2.88539008F * s * (1.0F + s2 * (0.333333333F + s2 * (0.2F + s2 * (0.142857143F + s2 * 0.111111111F))));
}

/* The angle of (out, up), out being 0 or more, in degrees, within 2e-6 (Abramowitz and Stegun 4.4.49). */
static inline float angle_above(float up, float out)
{
    const float high = fabsf(up), least = high < out ? high : out, most = high < out ? out : high;
    const float x = least / (most > 0.0F ? most : 1.0F), y = x * x;
    const float arc =
        x *
        (1.0F +
         y * (-0.3333314528F +
              y * (0.1999355085F +
                   y * (-0.1420889944F +
                        y * (0.1065626393F +
                             y * (-0.0752896400F + y * (0.0429096138F + y * (-0.0161657367F + y * 0.0028662257F))))))));
    const float above = high < out ? arc : 1.57079633F - arc;
    return (up < 0.0F ? -above : above) / NWC__DEGREE_F;
}

static void sight(double sphere_m, double altitude_m, double reach_m, double z_m, int64_t n,
                  const double *restrict sine, const double *restrict versine, float *restrict range_m,
                  float *restrict elevation_deg)
{
    const double place = sphere_m + z_m;
    const float reach = (float)reach_m;
    for (int64_t i = 0; i < n; i++) {
        const float out = (float)(place * sine[i]), up = (float)(z_m - altitude_m - place * versine[i]);
        const float range = sqrtf(out * out + up * up), angle = angle_above(up, out);
        const bool within = range <= reach;
        range_m[i] = within ? range : INFINITY;
        elevation_deg[i] = within ? angle : NAN;
    }
}

static void prepare_ray(const float *restrict from, int64_t step, int64_t n, int64_t row, int32_t as_z,
                        float *restrict to)
{
    to[0] = NAN;
    for (int64_t g = n + 1; g < row; g++) to[g] = NAN;
    if (!as_z && step == 1) {
        memcpy(to + 1, from, (size_t)n * sizeof *to);
        return;
    }
    if (!as_z) {
        for (int64_t g = 0; g < n; g++) to[g + 1] = from[g * step];
        return;
    }
    for (int64_t g = 0; g < n; g++) {
        const float dbz = from[g * step];
        const bool known = dbz == dbz;
        const float z = nwc__power_of_two((known ? dbz : 0.0F) / NWC__DB_PER_OCTAVE);
        to[g + 1] = known ? (dbz <= NWC__NOTHING_F ? 0.0F : z) : NAN;
    }
}

static void to_dbz(int64_t n, float *restrict z)
{
    const float floor_dbz = NWC__NO_ECHO_DBZ;
    for (int64_t k = 0; k < n; k++) {
        const bool known = z[k] == z[k], echo = z[k] > 1e-4F; /* -40 dBZ */
        const float dbz = NWC__DB_PER_OCTAVE * logarithm_of_two(echo ? z[k] : 1.0F);
        z[k] = known ? (echo && dbz > floor_dbz ? dbz : floor_dbz) : NAN;
    }
}

static inline float within_0_and_1(float x, float unknown)
{
    const float low = x < 0.0F ? 0.0F : x;
    return x == x ? (low > 1.0F ? 1.0F : low) : unknown;
}

static void quality(int64_t n, const float *restrict range_m, const float *restrict age_s, const float *restrict qind,
                    const float *restrict blocked, float per_range, float per_age, float per_deg,
                    float *restrict off_deg)
{
    const float per_octave = 1.44269504F;
    for (int64_t k = 0; k < n; k++) {
        const float r = range_m[k] * per_range, a = age_s[k] * per_age, d = off_deg[k] * per_deg;
        const float fall = per_octave * (r * r + a * a) + d * d;
        off_deg[k] = fall == fall ? nwc__power_of_two(fall == fall ? -fall : 0.0F) : 0.0F;
    }
    for (int64_t k = 0; qind && k < n; k++) off_deg[k] *= within_0_and_1(qind[k], 1.0F);
    for (int64_t k = 0; blocked && k < n; k++) off_deg[k] *= 1.0F - within_0_and_1(blocked[k], 0.0F);
}

static void weigh(int64_t n, const float *restrict value, const float *restrict quality_of, int32_t radar, int32_t best,
                  float *restrict sum, float *restrict weight, int32_t *restrict radars)
{
    for (int64_t k = 0; k < n; k++) {
        const bool known = value[k] == value[k];
        const float v = known ? value[k] : 0.0F, w = known ? quality_of[k] + LEAST_WEIGHT : 0.0F;
        const float added = sum[k] + w * v, chosen = w > weight[k] ? w * v : sum[k];
        sum[k] = best ? chosen : added;
        weight[k] = best ? (w > weight[k] ? w : weight[k]) : weight[k] + w;
        radars[k] |= known ? radar : 0;
    }
}

static void describe(int64_t n, const float *restrict quality_of, const float *restrict age_s, int32_t radar,
                     const int32_t *restrict radars, float *restrict best, float *restrict age, float *restrict weight)
{
    for (int64_t k = 0; k < n; k++) {
        const bool has = (radars[k] & radar) != 0, aged = has && age_s[k] == age_s[k];
        const float w = aged ? quality_of[k] + LEAST_WEIGHT : 0.0F;
        best[k] = has && quality_of[k] > best[k] ? quality_of[k] : best[k];
        age[k] += w * (aged ? age_s[k] : 0.0F);
        weight[k] += w;
    }
}

static void mean(int64_t n, const float *restrict weight, float *restrict sum)
{
    for (int64_t k = 0; k < n; k++) sum[k] = weight[k] > 0.0F ? sum[k] / (weight[k] > 0.0F ? weight[k] : 1.0F) : NAN;
}

extern const struct nwc__cells_kernels NWC__NAME(nwc__cells_kernels);
const struct nwc__cells_kernels NWC__NAME(nwc__cells_kernels) = {.sight = sight,
                                                                 .prepare_ray = prepare_ray,
                                                                 .quality = quality,
                                                                 .weigh = weigh,
                                                                 .describe = describe,
                                                                 .mean = mean,
                                                                 .to_dbz = to_dbz};

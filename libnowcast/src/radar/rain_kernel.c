/* Rates of rain along a ray; rain.c says what these are parts of. */
#include "core/kernel.h"

#include "radar/rain_kernel.h"

#define LN10 2.302585093F
#define DRY_DBZ (-10.0F) /* below, no rain, as on grids */
#define LEAST_KDP 0.3F   /* degrees km-1; this and the next two: Cifelli et al. (2011) */
#define LEAST_DBZ 38.0F  /* with which KDP is above its noise */
#define LEAST_ZDR 0.5F   /* dB */
#define HAIL_DBZ 50.0F
#define HAIL_ALONE_DBZ 55.0F

/* c x^a 10^(0.1 b zdr) from the logarithm of x. */
static inline float rate_of(const struct nwc__rain_law *law, float ln_x, float zdr)
{
    return law->c * expf(law->a * ln_x + 0.1F * LN10 * law->b * zdr);
}

static void average(int64_t n, int32_t half, const float *restrict x, float *restrict counts, float *restrict mean)
{
    for (int64_t g = 0; g < n; g++) mean[g] = counts[g] = 0.0F;
    for (int64_t k = -half; k <= half; k++) {
        const int64_t from = k < 0 ? -k : 0, to = k > 0 ? n - k : n;
        for (int64_t g = from; g < to; g++) {
            const bool known = x[g + k] == x[g + k];
            mean[g] += known ? x[g + k] : 0.0F;
            counts[g] += known ? 1.0F : 0.0F;
        }
    }
    for (int64_t g = 0; g < n; g++) mean[g] = isnan(x[g]) ? NAN : mean[g] / counts[g];
}

static void by_law(int64_t n, const float *restrict dbz, const float *restrict x, const float *restrict zdr,
                   const struct nwc__rain_law *law, bool of_z, float most_dbz, float *restrict rate)
{
    for (int64_t g = 0; g < n; g++) {
        if (dbz[g] < DRY_DBZ || (!of_z && x[g] <= 0.0F)) {
            rate[g] = 0.0F;
            continue;
        }
        const float limited = x[g] > most_dbz ? most_dbz : x[g]; /* where it is dBZ */
        const float found = rate_of(law, of_z ? 0.1F * LN10 * limited : logf(x[g]), zdr ? zdr[g] : 0.0F);
        rate[g] = isnan(dbz[g]) ? NAN : found;
    }
}

/* What rain of a ZDR has at most, dBZ: Aydin et al. (1986). */
static inline bool is_hail(float dbz, float zdr)
{
    if (isnan(zdr)) return dbz >= HAIL_ALONE_DBZ;
    const float most = zdr <= 0.0F ? 27.0F : zdr <= 1.74F ? 19.0F * zdr + 27.0F : 60.0F;
    return dbz >= HAIL_DBZ && dbz > most;
}

static void hail(int64_t n, const float *restrict dbz, const float *restrict zdr, uint8_t *restrict found)
{
    for (int64_t g = 0; g < n; g++) found[g] = is_hail(dbz[g], zdr[g]);
}

static void blend(int64_t n, const float *restrict dbz, const float *restrict even, const float *restrict kdp,
                  const float *restrict zdr, const struct nwc__rain_laws *laws, float *restrict rate)
{
    for (int64_t g = 0; g < n; g++) {
        if (!(dbz[g] >= DRY_DBZ)) {
            rate[g] = isnan(dbz[g]) ? NAN : 0.0F;
            continue;
        }
        const bool wide = zdr[g] >= LEAST_ZDR && !is_hail(dbz[g], zdr[g]);
        const float of_z = wide ? even[g] : dbz[g], limited = of_z > laws->most_dbz ? laws->most_dbz : of_z;
        if (kdp[g] >= LEAST_KDP && dbz[g] >= LEAST_DBZ)
            rate[g] = rate_of(wide ? &laws->kdp_zdr : &laws->kdp, logf(kdp[g]), wide ? zdr[g] : 0.0F);
        else
            rate[g] = rate_of(wide ? &laws->z_zdr : &laws->z, 0.1F * LN10 * limited, wide ? zdr[g] : 0.0F);
    }
}

const struct nwc__rain_kernels NWC__NAME(nwc__rain_kernels) = {.by_law = by_law,
                                                               .average = average,
                                                               .blend = blend,
                                                               .hail = hail};

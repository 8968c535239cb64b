/* Rates of rain along a ray, compiled for each instruction level; called by rain.c alone. */
#ifndef NWC_RADAR_RAIN_KERNEL_H
#define NWC_RADAR_RAIN_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* c x^a 10^(0.1 b ZDR), of one band. */
struct nwc__rain_law {
    float c, a, b;
};

struct nwc__rain_laws {
    struct nwc__rain_law z, kdp, z_zdr, kdp_zdr, ah;
    float most_dbz;
};

typedef struct nwc__rain_kernels {
    /*
     * By one law: of x, which is dBZ and limited to most_dbz where of_z; zdr NULL where the law has none. NaN where one is, 0
     * where dbz shows no rain.
     */
    void (*by_law)(int64_t n, const float *restrict dbz, const float *restrict x, const float *restrict zdr,
                   const struct nwc__rain_law *law, bool of_z, float most_dbz, float *restrict rate);
    /* The mean of what is known of x to half gates to either side; NaN where x is. Counts is scratch of n. */
    void (*average)(int64_t n, int32_t half, const float *restrict x, float *restrict counts, float *restrict mean);
    /* even: dBZ for R(Z, ZDR). */
    void (*blend)(int64_t n, const float *restrict dbz, const float *restrict even, const float *restrict kdp,
                  const float *restrict zdr, const struct nwc__rain_laws *laws, float *restrict rate);
    /* 1 where Z is 50 dBZ or more and above what rain of its ZDR has, or, where ZDR is NaN, 55 dBZ or more. */
    void (*hail)(int64_t n, const float *restrict dbz, const float *restrict zdr, uint8_t *restrict hail);
} nwc__rain_kernels;

#endif

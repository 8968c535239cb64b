/* Sums of a plane's fit, along rays; compiled for each instruction level and called by shear.c alone. */
#ifndef NWC_RADAR_SHEAR_KERNEL_H
#define NWC_RADAR_SHEAR_KERNEL_H

#include <stdint.h>

/* Sums over the known gates of a window: of 1, x, x x, v and v x, x being the gate's number from the centre. */
enum { NWC__SHEAR_SUMS = 5 };

/* Sums over the rays of a window, t being the angle from the centre, rad: what the fit needs, and the gates there are. */
enum {
    NWC__SHEAR_N,
    NWC__SHEAR_T,
    NWC__SHEAR_TT,
    NWC__SHEAR_X,
    NWC__SHEAR_XX,
    NWC__SHEAR_TX,
    NWC__SHEAR_V,
    NWC__SHEAR_TV,
    NWC__SHEAR_XV,
    NWC__SHEAR_GATES,
    NWC__SHEAR_FIT
};

typedef struct nwc__shear_kernels {
    /* sums: (SUMS, n) of the windows of half gates to either side of each gate of a ray. */
    void (*along_ray)(const float *restrict velocity, int64_t n, int64_t half, float *restrict sums);
    /* Add a ray at angle t to the first n of all gates: sums (SUMS, all), fit (FIT, all). */
    void (*add_ray)(const float *restrict sums, float t, int64_t half, int64_t n, int64_t all, float *restrict fit);
    /* The slopes at each gate; range in gates of the first one, and the gates' spacing. */
    void (*slopes)(const float *restrict fit, const float *restrict velocity, int64_t n, double first_gate,
                   double spacing_m, float least_known, float *restrict shear, float *restrict divergence);
} nwc__shear_kernels;

#endif

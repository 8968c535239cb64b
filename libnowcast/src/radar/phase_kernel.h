/* Differential phase along a ray, compiled for each instruction level; called by phase.c alone. */
#ifndef NWC_RADAR_PHASE_KERNEL_H
#define NWC_RADAR_PHASE_KERNEL_H

#include <stdint.h>

/* Where a ray is precipitation. rhohv, snr, dbz: NaN where they do not tell. */
struct nwc__phase_limits {
    float least_rhohv, least_snr, most_texture, period;
    int64_t half_window; /* gates to either side over which the texture is taken */
    int64_t least_run;   /* fewer gates in a row are none */
};

typedef struct nwc__phase_kernels {
    /*
     * good[g] 1 where gate g is precipitation. The texture is the root mean square of the steps from gate to gate, over
     * the root of 2: the scatter of independent values, whatever the phase folds at. sum, count: n + 1 each, scratch.
     */
    void (*mark)(int64_t n, const float *restrict phase, const float *restrict rhohv, const float *restrict snr,
                 const float *restrict dbz, const struct nwc__phase_limits *limits, double *restrict sum,
                 int32_t *restrict count, uint8_t *restrict good);
    /*
     * unfolded[g]: the phase of good gates, as continuous as can be from start on; NaN elsewhere. Gates no more than near apart
     * are one stretch; one of fewer than firm gates is put beside the last longer one, and says nothing of the next.
     */
    void (*unfold)(int64_t n, const float *restrict phase, const uint8_t *restrict good, float start, float period,
                   int64_t near, int64_t firm, float *restrict unfolded);
    /*
     * Lines fitted to the phase. KDP is half the slope over half[g] gates to either side of g, degrees km-1, NaN where fewer
     * than half of these are good; the filtered phase is the value at g of the line over near gates to either side. Both NaN
     * where g is not good. memory: 5 (n + 1), scratch.
     */
    void (*fit)(int64_t n, const float *restrict unfolded, const int32_t *restrict half, int32_t near, float spacing_km,
                double *restrict memory, float *restrict kdp, float *restrict filtered);
} nwc__phase_kernels;

#endif

/* Rays of a sweep beside each other, see dealias_rows.c. */
#ifndef NWC_RADAR_DEALIAS_ROWS_H
#define NWC_RADAR_DEALIAS_ROWS_H

#include "radar/dealias.h"
#include "radar/dealias_kernel.h"

static inline int64_t nwc__fold_ray_before(const nwc__fold_sweep *sweep, int64_t ray)
{
    return ray ? ray - 1 : sweep->n_rays - 1;
}

static inline int64_t nwc__fold_ray_after(const nwc__fold_sweep *sweep, int64_t ray)
{
    return ray + 1 < sweep->n_rays ? ray + 1 : 0;
}

/* The end of the gates from cell i on, before end, that have one label. */
static inline int32_t nwc__fold_run_end(const nwc__fold_sweep *sweep, int32_t i, int32_t end)
{
    const int32_t label = sweep->label[i];
    do i++;
    while (i < end && sweep->label[i] == label);
    return i;
}

/*
 * Cells of a ray from gate first to gate end, NaN where it holds none: its own, or put into line. There: false for a ray that is not
 * to be looked at, all NaN.
 */
const float *nwc__fold_line(const nwc__fold_sweep *sweep, const float *cells, int64_t ray, bool there, int64_t first,
                            int64_t end, float *line);

/*
 * Where unfolded velocities of a ray jump by more than most Nyquist velocities, to the next gate or to the next ray: jump, of all cells of the
 * sweep, gets NWC__JUMP_ALONG and NWC__JUMP_ACROSS at those of the ray. Returns how many jumps there are. line has room for the gates.
 */
int32_t nwc__fold_jumps(const nwc__fold_sweep *sweep, const struct nwc__dealias_kernels *kernels, int64_t ray,
                        float most, float *line, uint8_t *jump);

/* For each ray of a sweep the ray of another in its azimuth. */
void nwc__fold_look_beside(const nwc__fold_sweep *sweep, const nwc__fold_sweep *other, nwc__fold_beside *beside);

/* The gate there that is beside a gate here, which may be none of those there are. */
static inline int64_t nwc__fold_gate_beside(const nwc__fold_beside *beside, const nwc__fold_sweep *other, double range)
{
    return (int64_t)floor((range * beside->stretch - other->first_gate_m) / other->gate_spacing_m + 0.5);
}

#define NWC__ABOVE_M 4000.0      /* farthest two gates above each other are compared */
#define NWC__ABOVE_SCALE_M 400.0 /* at which height a pair counts half */

/* What a gate above or below counts; 0 where it is too far. */
static inline double nwc__fold_weight_beside(double apart_m)
{
    const double far = apart_m * (1.0 / NWC__ABOVE_SCALE_M);
    return apart_m <= NWC__ABOVE_M ? 1.0 / (1.0 + far * far) : 0.0;
}

#endif

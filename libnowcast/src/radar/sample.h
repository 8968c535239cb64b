/* Moments of one sweep looked at on the gates of another: what steps that join moments share. */
#ifndef NWC_RADAR_SAMPLE_H
#define NWC_RADAR_SAMPLE_H

#include "core/internal.h"

#include <nowcast/radar.h>

/* Where gates lie. */
typedef struct nwc__gate_grid {
    int64_t n_rays, n_gates;
    double first_gate_m, gate_spacing_m;
} nwc__gate_grid;

/* A moment on the gates of another; cells NULL where there is none. */
typedef struct nwc__sample {
    const float *cells;
    int64_t n_gates;
    int32_t *gate; /* of each gate looked from, -1 where none; NULL where they are the same */
    int32_t *ray;  /* likewise */
} nwc__sample;

nwc__gate_grid nwc__moment_gates(const nwc_moment *moment);

/* Look at moment (of sweep from) from the gates at of sweep to; sweeps of one index are one. within_deg: between rays. */
nwc_status nwc__sample_moment(nwc_ctx *ctx, const nwc_sweep *from, const nwc_moment *moment, const nwc_sweep *to,
                              const nwc__gate_grid *at, bool same_sweep, double within_deg, nwc__sample *sample);

void nwc__sample_release(nwc_ctx *ctx, nwc__sample *sample);

/* A ray of it: its own cells, or those gathered into row; all NaN where there is no moment or no ray. */
const float *nwc__sample_row(const nwc__sample *sample, int64_t ray, int64_t n_gates, float *row);

/* For each ray of to the ray of from that is nearest to it in azimuth (elevation in an RHI), -1 where none is near. */
void nwc__nearest_rays(const nwc_sweep *from, const nwc_sweep *to, double within_deg, int32_t *ray);

/* Height of a beam above the antenna over an earth of 4/3 radius (Doviak and Zrnic 1993, 2.28b). */
double nwc__beam_height(double range_m, double elevation_deg);

/* Rays that go all round, so that the first is a neighbour of the last. */
bool nwc__goes_round(const nwc_sweep *sweep);

#endif

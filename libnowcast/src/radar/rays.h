/*
 * Rays and gates of sweeps, as steps on volumes share them: rays in the order of an angle, moments of one sweep on the gates of
 * another, and what of a volume is looked for by name.
 */
#ifndef NWC_RADAR_RAYS_H
#define NWC_RADAR_RAYS_H

#include "radar/volume.h"

#include <nowcast/phase.h>

/* Turn NWC_BAND_OF_VOLUME into the band itself; NWC_ERR_UNSUPPORTED for another than S, C and X, NWC_ERR_ARG where it is not known. */
nwc_status nwc__find_band(const nwc_volume *volume, int32_t *band);

/* The band a volume says it is of, or NWC_BAND_OF_VOLUME. */
int32_t nwc__band_of(const nwc_volume_facts *facts);

/* Where the gates of a ray lie. */
typedef struct nwc__gates {
    int64_t n;
    double first_m, spacing_m;
} nwc__gates;

nwc__gates nwc__gates_of(const nwc_moment *moment);

/* By nwc_band: dB for each degree of phase, of H, and of H less V; and the exponent of reflectivity. See phase.h. */
typedef struct nwc__attenuation {
    double alpha, beta, exponent;
} nwc__attenuation;
extern const nwc__attenuation nwc__attenuation_of[NWC_BAND_X + 1];

/* The same as nwc_volume_find; false, and name NULL, where the sweep has none. */
bool nwc__find(const nwc_volume *volume, int32_t sweep, const char *name, nwc_moment *moment);

/* The reflectivity to be used of a sweep, the one most made up for: DBZHB, DBZHC or DBZH. */
bool nwc__find_dbz(const nwc_volume *volume, int32_t sweep, nwc_moment *moment);

/* The KDP to be used of a sweep: the library's own before that of a file. */
bool nwc__find_kdp(const nwc_volume *volume, int32_t sweep, nwc_moment *moment);

/* The cells of a ray of a moment at gates: of the gate each centre lies in, NaN where that is none or the moment has no name. */
void nwc__ray_on_gates(const nwc_moment *moment, int64_t ray, const nwc__gates *gates, float *to);

/* For each ray of a sweep, how many gates from the first on lie no higher than height_m; all where that is NaN. */
nwc_status nwc__gates_below(nwc_ctx *ctx, const nwc_volume *volume, const nwc_sweep *sweep, const nwc__gates *gates,
                            double height_m, int64_t *below);

/* The middle of n values, 1 or more, which are sorted; and 1.4826 times the median distance from it, which replaces them. */
double nwc__middle(double *values, int64_t n);
double nwc__spread_about(double *values, int64_t n, double middle);

/* nwc__volume_put on gates. */
nwc_status nwc__put_on_gates(nwc_volume *volume, int32_t sweep, const char *name, const char *units,
                             const nwc__gates *gates, float **cells);

/* ---- the order of rays ---- */

typedef struct nwc__ray_angle {
    float angle;
    int32_t ray;
} nwc__ray_angle;

/* The rays (n) by their angles, those of one angle in their own order. scratch has room for n. */
void nwc__rays_sort(const float *angle_deg, int64_t n, nwc__ray_angle *scratch, int32_t *order);

/* For each ray of to the ray of from that is nearest to it in azimuth (elevation in an RHI), -1 where none is near. */
void nwc__nearest_rays(const nwc_sweep *from, const nwc_sweep *to, double within_deg, int32_t *ray);

/* Rays that go all round, so that the first is a neighbour of the last. */
bool nwc__goes_round(const nwc_sweep *sweep);

/* ---- moments on the gates of others ---- */

/* A moment on the gates of another; cells NULL where there is none. */
typedef struct nwc__sample {
    const float *cells;
    int64_t n_gates;
    int32_t *gate; /* of each gate looked from, -1 where none; NULL where they are the same */
    int32_t *ray;  /* likewise */
} nwc__sample;

/* Look at moment (of sweep from) from the gates at of sweep to; sweeps of one index are one. within_deg: between rays. */
nwc_status nwc__sample_moment(nwc_ctx *ctx, const nwc_sweep *from, const nwc_moment *moment, const nwc_sweep *to,
                              const nwc__gates *at, bool same_sweep, double within_deg, nwc__sample *sample);

void nwc__sample_release(nwc_ctx *ctx, nwc__sample *sample);

/* A ray of it: its own cells, or those gathered into row; all NaN where there is no moment or no ray. */
const float *nwc__sample_row(const nwc__sample *sample, int64_t ray, int64_t n_gates, float *row);

#endif

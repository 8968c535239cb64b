/* What steps that add moments to a volume share: the band, moments by name, rays brought to the gates of another moment. */
#ifndef NWC_RADAR_RAYS_H
#define NWC_RADAR_RAYS_H

#include "radar/volume.h"

typedef enum nwc__band { NWC__BAND_S, NWC__BAND_C, NWC__BAND_X, NWC__BANDS } nwc__band;

/* Which band a volume was taken in; NWC_ERR_UNSUPPORTED for another than these, NWC_ERR_ARG where it does not say. */
nwc_status nwc__band_of(const nwc_volume *volume, nwc__band *band);

typedef struct nwc__gates {
    int64_t n;
    double first_m, spacing_m;
} nwc__gates;

nwc__gates nwc__gates_of(const nwc_moment *moment);

/* Lend the first moment of a sweep that is among names (NULL ends them); false where it has none of them. */
bool nwc__find_first(const nwc_volume *volume, int32_t sweep, const char *const *names, nwc_moment *moment);

/* The KDP to be used of a sweep: the library's own before that of a file. */
bool nwc__find_kdp(const nwc_volume *volume, int32_t sweep, nwc_moment *moment);

/* The cells of a ray of a moment at gates: of the gate each centre lies in, NaN where that is none. moment NULL: all NaN. */
void nwc__ray_on_gates(const nwc_moment *moment, int64_t ray, const nwc__gates *gates, float *to);

/* nwc__volume_put on gates. */
nwc_status nwc__put_on_gates(nwc_volume *volume, int32_t sweep, const char *name, const char *units,
                             const nwc__gates *gates, float **cells);

#endif

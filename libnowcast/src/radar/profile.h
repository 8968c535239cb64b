/* Wind profiles: the gates of one level, and the fits to them. */
#ifndef NWC_RADAR_PROFILE_H
#define NWC_RADAR_PROFILE_H

#include "core/internal.h"

#include <nowcast/profile.h>

enum { NWC__PROFILE_MOST = 8 /* parameters of a fit */ };

/* A gate, or of GVAD the difference of two. Horizontal places are from the middle of the radars. */
typedef struct nwc__profile_point {
    float velocity;         /* m s-1 */
    float nyquist;          /* m s-1; INFINITY where not known */
    float sin_az, cos_az;   /* of the direction of the beam */
    float sin_el, cos_el;   /* of its angle to the ground below the gate */
    float x, y;             /* m */
    float s;                /* m over the ground from the radar */
    float above;            /* m above the middle of the level */
    float weight, residual; /* of the fit */
    int32_t ring;           /* counts sweeps of volumes */
    int32_t pair;           /* the point some degrees on at the same range; -1 for none */
} nwc__profile_point;

/* Fit one level. points (n) are in the order of rings, and within them of rays. */
void nwc__profile_fit(const nwc_profile_options *options, nwc__profile_point *points, int64_t n,
                      nwc_profile_level *level);

#endif

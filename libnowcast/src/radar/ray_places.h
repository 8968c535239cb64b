/* What steps on volumes share: rays in the order of an angle, and where a gate is. */
#ifndef NWC_RADAR_RAY_PLACES_H
#define NWC_RADAR_RAY_PLACES_H

#include "core/internal.h"

#define NWC__RADIANS (3.14159265358979323846 / 180.0)
#define NWC__EARTH_M 6371000.0
#define NWC__EFFECTIVE_EARTH_M (4.0 / 3.0 * NWC__EARTH_M) /* beams go straight over it */

typedef struct nwc__ray_angle {
    float angle;
    int32_t ray;
} nwc__ray_angle;

/* The rays (n) by their angles, those of one angle in their own order. scratch has room for n. */
void nwc__rays_sort(const float *angle_deg, int64_t n, nwc__ray_angle *scratch, int32_t *order);

/* A gate seen from the ground below it. */
typedef struct nwc__gate_place {
    double height_m;       /* above mean sea level */
    double sin_el, cos_el; /* of the angle of the beam to that ground */
} nwc__gate_place;

/* By the 4/3 earth (Doviak and Zrnic 1993, equation 2.28); sine and cosine of the elevation at the antenna. */
nwc__gate_place nwc__gate_place_of(double altitude_m, double sine, double cosine, double range_m);

/* How far along the ground it is. */
double nwc__gate_ground(double altitude_m, double sine, double cosine, double range_m);

#endif

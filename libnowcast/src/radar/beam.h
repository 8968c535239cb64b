/* Beams as other modules use them: nothing is checked, angles are radians. */
#ifndef NWC_RADAR_BEAM_H
#define NWC_RADAR_BEAM_H

#include "core/internal.h"

#include <nowcast/beam.h>

#include <geodesic.h>

struct nwc_beam {
    struct nwc_ctx memory; /* allocator only */
    double latitude_deg, longitude_deg, altitude_m;
    double earth_m;            /* from the centre to the ellipsoid at the radar */
    double sphere_m;           /* of the sphere over which beams are straight; not used with levels */
    int32_t levels;            /* 0: none */
    double *level_m, *level_n; /* heights, and refractivity in units of 1: n - 1 */
    struct geod_geodesic ellipsoid;
};

/* A place seen from the antenna, in the vertical plane through both. */
typedef struct nwc__sight {
    double elevation, range_m;
} nwc__sight;

/* A place on a beam; angle is the elevation of the beam there, above the horizontal of the place. */
typedef struct nwc__along {
    double height_m, ground_m, angle;
} nwc__along;

/* Follow a beam to n ranges that do not decrease. */
void nwc__beam_follow(const nwc_beam *beam, double elevation, int64_t n, const double *range_m, nwc__along *along);

/* Elevation and range of a place at a distance along the ground; NaN where no beam arrives. */
nwc__sight nwc__beam_sight(const nwc_beam *beam, double ground_m, double height_m);

/* The same through a profile, by tracing: for beam.c. */
void nwc__trace_follow(const nwc_beam *beam, double elevation, int64_t n, const double *range_m, nwc__along *along);
nwc__sight nwc__trace_sight(const nwc_beam *beam, double ground_m, double height_m, nwc__sight first_guess);

/* Distance along the ground, m, and azimuth, radians, of a place from the radar; NaN where it is not finite. */
void nwc__beam_bearing(const nwc_beam *beam, double lon_deg, double lat_deg, double *ground_m, double *azimuth);

/* ---- over a sphere of four thirds of the earth's mean radius: for what does not need the place of the radar ---- */

#define NWC__EARTH_M 6371000.0
#define NWC__EFFECTIVE_EARTH_M (4.0 / 3.0 * NWC__EARTH_M) /* beams go straight over it */

/* A gate seen from the ground below it. */
typedef struct nwc__gate_place {
    double height_m;       /* above mean sea level */
    double sin_el, cos_el; /* of the angle of the beam to that ground */
} nwc__gate_place;

/* sine and cosine of the elevation at the antenna. */
nwc__gate_place nwc__gate_place_of(double altitude_m, double sine, double cosine, double range_m);

/* How far along the ground a gate is. */
double nwc__gate_ground(double altitude_m, double sine, double cosine, double range_m);

/* Height of a beam above the antenna. */
double nwc__beam_height(double range_m, double elevation_deg);

#endif

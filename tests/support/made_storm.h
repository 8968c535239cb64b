/*
 * A storm whose wind is known: draughts that lean, each with the inflow and outflow that continuity asks for, vortices, and a
 * sheared wind about them. Made without any of the code it is to test.
 */
#ifndef NWC_TEST_MADE_STORM_H
#define NWC_TEST_MADE_STORM_H

#include "support/support.h"

#define STORM_SCALE_M 10e3 /* density falls to 1/e over it */

enum { STORM_DRAUGHTS = 66, STORM_VORTICES = 41, STORM_ECHOES = 14 };

/* Something round about a centre that leans, between two heights. */
struct storm_part {
    double x, y, lean_x, lean_y, radius, bottom, top, strength;
};

struct storm {
    double half; /* it lies within so many metres of the origin along x and y */
    struct storm_part draughts[STORM_DRAUGHTS], vortices[STORM_VORTICES], echoes[STORM_ECHOES];
};

struct storm make_storm(double half);

/* u, v, w at a place, m from the origin and above the sea. */
void storm_wind(const struct storm *storm, double x, double y, double z, double wind[3]);
/* Of the wind about it, alone. */
void storm_environment(double z, double wind[2]);
double storm_dbz(const struct storm *storm, double x, double y, double z);
/* The speed at which the echo falls: what the library takes it for, of a reflectivity wrong by 1 dB. */
double storm_fall(double dbz, double z);

/* A gate as the radar sees it: the mean over the beam, weighted by reflectivity. */
struct storm_gate {
    double x, y, z;       /* of its middle */
    double direction[3];  /* of the beam there */
    double velocity, dbz; /* without noise; NaN where there is no echo of 5 dBZ */
};

/* A radar at x, y on the plane and in the height z; angles in degrees. */
struct storm_gate storm_see(const struct storm *storm, const double radar[3], double azimuth, double elevation,
                            double range);

/* The elevations of a volume. */
enum { STORM_TURNS = 14, STORM_GATES = 400 };
extern const double storm_elevations[STORM_TURNS];

/* Where the storm lies: near the equator, so that north is the same all over it. */
#define STORM_PROJECTION "+proj=aeqd +lat_0=0 +lon_0=10 +ellps=WGS84"

/* How a radar scans it. */
struct storm_scan {
    double x, y, z;         /* of the radar */
    double noise;           /* m s-1, of a gate of 250 m */
    double first_s, turn_s; /* when the first turn is, and how long one takes */
    double motion[2];       /* of the storm */
    uint64_t seed;
};

/* 14 turns of 360 rays with VRADH and DBZH, at time 0 and first_s; velocities are not known where there is no echo. */
nwc_volume *storm_volume(const struct storm *storm, const struct storm_scan *scan);

/* Uniform in [0, 1) and normal numbers, each from its index. */
double storm_uniform(uint64_t index);
double storm_normal(uint64_t index);

#endif

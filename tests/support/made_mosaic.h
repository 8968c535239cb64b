/* Volumes of made radars, mosaics of them on one small grid, and its cells as such a radar sees them. */
#ifndef NWC_TEST_MADE_MOSAIC_H
#define NWC_TEST_MADE_MOSAIC_H

#include "support/support.h"

#define RADIANS (3.14159265358979323846 / 180.0)
#define HOUR INT64_C(3600000000000)

enum { NZ = 6, NY = 22, NX = 25, CELLS = NZ * NY * NX, GATES = 160, MOST_RAYS = 130, TURNS = 4 };

extern const double made_z_m[NZ];
extern const nwc_grid made_grid;

/* ---- volumes ---- */

typedef float (*moment_fn)(double azimuth, double elevation, double range, double after_s);

/* A sweep of a made volume. */
struct turn {
    double elevation;
    int rays;
    double first_azimuth, step, jitter; /* rays at first + r step + jitter sin(r) */
    double begin_s;                     /* after the hour */
    double ray_s;                       /* from ray to ray */
};

extern const struct turn made_turns[TURNS];

nwc_volume *empty_volume(double lat, double lon);
void add_turn(nwc_volume *volume, const struct turn *turn);
/* Give a sweep a moment of GATES gates. */
void put(nwc_volume *volume, int32_t number, const char *name, const char *units, double spacing, moment_fn fn);

/* The four turns, with DBZH of fn in gates of 600 m and, but in the lowest, VRADH in gates of 500 m. */
nwc_volume *volume_of(double lat, double lon, double turned, moment_fn fn);
nwc_volume *volume_after(double lat, double lon, double turned, double after_s, moment_fn fn); /* that much later */

float weather(double azimuth, double elevation, double range, double after_s); /* clear air, gates not observed, echo */
float radial(double azimuth, double elevation, double range, double after_s);
float nothing(double azimuth, double elevation, double range, double after_s);
float forty(double azimuth, double elevation, double range, double after_s);

/* ---- mosaics ---- */

struct made {
    float z[CELLS], v[CELLS], quality[CELLS], age[CELLS], lowest[NY * NX];
    int32_t radars[CELLS];
};

/* What a mosaic of DBZH and of a second field in some units is written to. */
struct made_output {
    const char *names[2];
    nwc_field fields[2], quality, age, lowest;
    nwc_labels radars;
    nwc_mosaic_output c;
};

void point_output(struct made_output *output, struct made *made, const char *second, const char *units);
nwc_status build_with(nwc_ctx *ctx, const nwc_mosaic_input *inputs, int32_t n, double after_s, const nwc_field *u,
                      const nwc_field *v, const nwc_mosaic_options *options, const char *second, const char *units,
                      struct made *made);
/* DBZH and VRADH of one volume, two minutes after the hour; to be freed. */
struct made *build(const nwc_volume *volume, const nwc_mosaic_options *options);

/* ---- cells ---- */

/* A cell as the radar sees it, by nwc_beam_find. */
struct seen {
    double azimuth, elevation, range;
};

struct seen see(const nwc_volume *volume, int k, int j, int i);
double turn_between(double a, double b);

#endif

/* Room for a wind and what describes it, over the plane of the made storm; and profiles as backgrounds. */
#ifndef NWC_TEST_WIND_RESULT_H
#define NWC_TEST_WIND_RESULT_H

#include "support/made_storm.h"

struct result {
    nwc_grid grid;
    double z[64];
    int64_t cells;
    float *cell[8];
    int32_t *bits;
    nwc_field field[8];
    nwc_labels sources;
    nwc_wind_output output;
    nwc_wind_report report;
};

/* Room for a wind on n x n x nz cells about the origin of the storm's plane. */
struct result *room_for(int64_t n, double dx, int64_t nz, double dz);
void let_go(struct result *r);

/* Of field f: u, v, w, divergence, vorticity, errors of u, v, w. */
double at(const struct result *r, int f, int64_t k, int64_t j, int64_t i);

/* A profile as a background: fields whose strides along y and x are 0. */
struct profile {
    float u[64], v[64];
    nwc_field field[2];
};

void lend_profile(struct profile *p, const struct result *r);

/* A flow as a radar far away sees it at the centres of the cells of r; to be dropped with drop_seen. */
struct seen {
    float *velocity, *azimuth, *elevation;
    nwc_field field[3];
};

/* radar: x, y on the plane and height; flow: u, v, w at a place of the plane. */
struct seen see_flow(const struct result *r, const double radar[3],
                     void (*flow)(double x, double y, double z, double wind[3]));
void drop_seen(struct seen *seen);

#endif

/* Frames of rain that moves as said, and the motion found in them. */
#ifndef NWC_TEST_MADE_MOTION_H
#define NWC_TEST_MADE_MOTION_H

#include "support/support.h"

enum { NY = 120, NX = 140, MOST = 10 };

extern const nwc_grid square; /* of NY x NX cells of a kilometre */

/* u and v in cells per second at a place, which it keeps: the motion is steady. */
typedef void (*motion_fn)(double y, double x, double *u, double *v);

void straight(double y, double x, double *u, double *v);
/* Once around in about 12 hours. */
void turning(double y, double x, double *u, double *v);
void still(double y, double x, double *u, double *v);

struct scene {
    float cells[MOST][NY * NX], u[NY * NX], v[NY * NX], quality[NY * NX];
    nwc_field frames[MOST], out[3];
    int64_t times_ns[MOST];
};

/* Rain without period within the grid, at n times; to be freed. */
struct scene *make_scene(motion_fn motion, const double *times_s, int n, const nwc_grid *grid);
nwc_status estimate(nwc_ctx *ctx, struct scene *scene, int n, const nwc_motion_options *options);
/* Motion of a scene: the same bits with 1, 2, 3 and 7 threads; with lesser instructions the same u to within so many m s-1. */
void check_motion_threads(nwc_status (*call)(nwc_ctx *ctx, void *user), struct scene *scene);
void check_motion_levels(nwc_status (*call)(nwc_ctx *ctx, void *user), struct scene *scene, double within_m_s);
/* Within the grid, but for a rim, u and v are the motion to within so many metres per second. */
void check_scene(const struct scene *scene, motion_fn motion, double within_m_s);

#endif

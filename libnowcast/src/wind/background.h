/* Backgrounds over height: a random walk through data, and the air's density. */
#ifndef NWC_WIND_BACKGROUND_H
#define NWC_WIND_BACKGROUND_H

#include "core/internal.h"

#include <nowcast/background.h>

#define NWC__WALK_USUAL 0.02 /* m2 s-2 a metre: of four soundings, 0.012 to 0.037 */

/* ---- the walk: background_walk.c ---- */

enum { NWC__WALK_PARTS = 3 /* u, v, and w, which no point knows */ };

/* One observation: y is the sum of a times the three parts at a height. */
typedef struct nwc__walk_datum {
    double height_m;
    double a[NWC__WALK_PARTS];
    double y;
    double variance; /* of y, as the fit at hand has it */
    double weight;   /* 0 to 1, by which it is let go of */
} nwc__walk_datum;

/* The parts at nodes, equally spaced in height. */
typedef struct nwc__walk {
    int64_t n; /* nodes */
    double bottom_m, step_m;
    double rate;                       /* m2 s-2 a metre, of u and v */
    double *mean;                      /* (n, 3) */
    double *cov;                       /* (n, 3, 3) at a node */
    double *cross;                     /* (n, 3, 3) of a node and the next */
    double *diagonal, *beside, *right; /* (n, 3, 3), (n, 3, 3), (n, 3): of the normal equations; scratch */
} nwc__walk;

nwc_status nwc__walk_create(nwc_ctx *ctx, double bottom_m, double top_m, double step_m, nwc__walk *walk);
void nwc__walk_release(nwc_ctx *ctx, nwc__walk *walk);

/* Fit mean, cov and cross. *surprise (may be NULL): minus twice the logarithm of the likelihood of the data, but for what rate does not change. */
void nwc__walk_fit(nwc__walk *walk, const nwc__walk_datum *data, int64_t n, double *surprise);

/* Find the rate that makes the data most likely, and leave the walk fitted with it. */
void nwc__walk_find_rate(nwc__walk *walk, const nwc__walk_datum *data, int64_t n);

/* The parts at a height, constant beyond the nodes; and the variances of u and v. */
void nwc__walk_at(const nwc__walk *walk, double height_m, double part[NWC__WALK_PARTS]);
void nwc__walk_variance(const nwc__walk *walk, double height_m, double *u, double *v);

/* ---- levels ---- */

nwc_status nwc__background_take(const nwc_background_options *given, nwc_background_options *options);
nwc_status nwc__background_check_heights(const double *height_m, int64_t n_heights, const nwc_background_level *levels);

/* A level that nothing is known of. */
nwc_background_level nwc__background_nothing(double height_m, double most_error_m_s);

/* The level of a fitted walk: winds and errors, from spread_m_s as it stands. */
void nwc__background_level_of(const nwc__walk *walk, double most_error_m_s, nwc_background_level *level);

/* Density of the standard atmosphere at a height, kg m-3. */
double nwc__standard_density(double height_m);

#endif

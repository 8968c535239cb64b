/*
 * Parts of the variational wind: the box it is sought in, the prior, observations, continuity, and the solver. retrieve.c puts
 * them together.
 */
#ifndef NWC_WIND_INTERNAL_H
#define NWC_WIND_INTERNAL_H

#include "core/internal.h"
#include "wind/wind_kernel.h"

NWC__DECLARE_KERNELS(nwc__wind_kernels);

/* ---- the box ---- */

/*
 * Cells with u, v and w on their walls (Arakawa's C grid): u on (nz, ny, nx + 1), v on (nz, ny + 1, nx), w on
 * (nz + 1, ny, nx). A wind is three arrays of one shape (nz + 1, ny + 1, pitch), one behind the other; what of them is no wall is
 * 0, and so is w at the ground and at the lid. The walls at the sides are open.
 */
typedef struct nwc__wind_box {
    nwc__wind_shape shape;
    double dx, dy, dz;
    int64_t cells;         /* nz ny nx */
    double *density;       /* (nz), any unit */
    double *wall_density;  /* (nz + 1) */
    double *below, *above; /* (nz): weights of w in D; 0 at the ground and at the lid */
    double *sums;          /* of each plane; scratch */
    const nwc__wind_kernels *kernels;
} nwc__wind_box;

/*
 * Make a box. nx, ny, nz at least 2. bottom_m: height of its ground above mean sea level; scale_m: height over which density falls
 * to 1/e, INFINITY for constant density, 0 for that of the standard atmosphere.
 */
nwc_status nwc__wind_box_create(nwc_ctx *ctx, const int64_t n[3], const double d[3], double bottom_m, double scale_m,
                                nwc__wind_box *box);
void nwc__wind_box_release(nwc_ctx *ctx, nwc__wind_box *box);

/* The number of walls that are unknowns of component c (0 to 2), along x and y, and their levels. */
typedef struct nwc__wind_extent {
    int64_t nx, ny, first_k, end_k;
} nwc__wind_extent;
nwc__wind_extent nwc__wind_extent_of(const nwc__wind_box *box, int c);

/* A wind of zeros; NULL when there is no memory. */
nwc__real *nwc__wind_create(nwc_ctx *ctx, const nwc__wind_box *box);

/* A wind at the walls of another box of the same south-west bottom corner: linear; near walls as the nearest. */
nwc_status nwc__wind_resample(nwc_ctx *ctx, const nwc__wind_box *from, const nwc__real *wind, const nwc__wind_box *to,
                              nwc__real *out);

/* Sum of a b, the same bits for any number of threads. */
nwc_status nwc__wind_dot(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__real *a, const nwc__real *b, double *sum);

/* Sum of box->sums, in their order. */
double nwc__wind_sum(const nwc__wind_box *box);

/* The planes of the three arrays of a wind. */
int64_t nwc__wind_planes(const nwc__wind_box *box);

/* Run fn for items 0 to n - 1, each of so many cells, as tiles; where items are small, several make a tile. */
nwc_status nwc__wind_each(nwc_ctx *ctx, int64_t n, int64_t cells, nwc__tile_fn fn, void *job);

/* The same for the planes of a wind, and for lanes of work on all of it. */
nwc_status nwc__wind_each_plane(nwc_ctx *ctx, const nwc__wind_box *box, nwc__tile_fn fn, void *job);
nwc_status nwc__wind_each_lane(nwc_ctx *ctx, const nwc__wind_box *box, nwc__tile_fn fn, void *job);

/* ---- the prior ---- */

/* Over how far errors stay alike, m. */
typedef struct nwc__wind_reach {
    double h, v;
} nwc__wind_reach;

/*
 * The inverse of the covariance of background errors: S^-1 K^alpha S^-1 / c, K = 1 - Lh^2 (d2/dx2 + d2/dy2) - Lz^2 d2/dz2. With c as
 * nwc__wind_prior_create takes it, S are standard deviations.
 */
typedef struct nwc__wind_prior {
    const nwc__wind_box *box;
    int32_t order;            /* alpha: 2 or 4 */
    nwc__wind_reach reach[2]; /* Lh and Lz of u and v, and of w */
    double over_c[2];
    double *over_sigma[3]; /* (nz), (nz), (nz + 1) */
} nwc__wind_prior;

/* error_h, error_w (nz): standard deviations of u and v, and of w, at the centres of the cells. */
nwc_status nwc__wind_prior_create(nwc_ctx *ctx, const nwc__wind_box *box, int32_t order, const nwc__wind_reach reach[2],
                                  const double *error_h, const double *error_w, nwc__wind_prior *prior);
void nwc__wind_prior_release(nwc_ctx *ctx, nwc__wind_prior *prior);

/* out = B^-1 wind; work is a wind that is lost. */
nwc_status nwc__wind_prior_apply(nwc_ctx *ctx, const nwc__wind_prior *prior, const nwc__real *wind, nwc__real *work,
                                 nwc__real *out);

/* ---- observations ---- */

enum { NWC__WIND_BLOCK_ROWS = 16 }; /* rows of cells of a block of the finest box; halved at every coarser one */

/* Data in the order of blocks of rows, and in them of levels and rows. */
typedef struct nwc__wind_data {
    nwc__wind_datum *data;
    int64_t n;
    int64_t blocks;
    int64_t *first; /* (blocks + 1) */
    double *sums;   /* of each block; scratch */
} nwc__wind_data;

/* Put n data into the order that the finest box wants; list is only read. */
nwc_status nwc__wind_data_create(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__wind_datum *list, int64_t n,
                                 nwc__wind_data *data);
/* For a box twice as coarse: the data of one source in one of its cells become one, of their mean place, direction and value. */
nwc_status nwc__wind_data_merge(nwc_ctx *ctx, const nwc__wind_box *coarse, const nwc__wind_data *data,
                                nwc__wind_data *merged);
void nwc__wind_data_release(nwc_ctx *ctx, nwc__wind_data *data);

/*
 * Add H' R^-1 (of_value y + of_wind H wind) to out; *cost (may be NULL) becomes the sum of the squares over their variances. A
 * box of the box the data were ordered for, or coarser by powers of two.
 */
nwc_status nwc__wind_observe(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__wind_data *data, const nwc__real *wind,
                             double of_value, double of_wind, nwc__real *out, double *cost);

/* The mean weight of data at a wall of u or v: of the diagonal of H' R^-1 H. */
double nwc__wind_density(const nwc__wind_box *box, const nwc__wind_data *data);

/* w at the ground and at the lid is no unknown: 0. */
void nwc__wind_clear_ends(const nwc__wind_box *box, nwc__real *out);

/* H wind, in the order of the data. */
nwc_status nwc__wind_predict(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__wind_data *data, const nwc__real *wind,
                             nwc__real *predicted);

/* ---- continuity ---- */

/* cells (nz, ny, nx) = D of a wind whose components are first multiplied by gain. */
nwc_status nwc__wind_divergence(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__real *wind, const double gain[3],
                                nwc__real *cells);

/* out = base_gain base - gain D' cells. base and out may be one. */
nwc_status nwc__wind_correct(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__real *base, const double base_gain[3],
                             const nwc__real *cells, const double gain[3], nwc__real *out);

/* What keeps winds free of divergence in a box, by sine transforms along x and y. */
typedef struct nwc__wind_projection nwc__wind_projection;

nwc_status nwc__wind_projection_create(nwc_ctx *ctx, const nwc__wind_box *box, nwc__wind_projection **projection);
void nwc__wind_projection_destroy(nwc_ctx *ctx, nwc__wind_projection *projection);

/* The wind free of divergence that is nearest, where a change of w costs a sixteenth of one of u and v. */
nwc_status nwc__wind_project(nwc_ctx *ctx, nwc__wind_projection *projection, nwc__real *wind);

/* The largest |D wind|, s-1. */
nwc_status nwc__wind_largest_divergence(nwc_ctx *ctx, nwc__wind_projection *projection, const nwc__real *wind,
                                        double *largest);

/*
 * The preconditioner: out = G^-1 r - G^-1 D' (D G^-1 D')^-1 D G^-1 r, with G = density + (symbol of the prior) for u and v, and a
 * sixteenth of density for w.
 */
typedef struct nwc__wind_spectral nwc__wind_spectral;
nwc_status nwc__wind_spectral_create(nwc_ctx *ctx, const nwc__wind_prior *prior, nwc__wind_spectral **spectral);
void nwc__wind_spectral_destroy(nwc_ctx *ctx, nwc__wind_spectral *spectral);
nwc_status nwc__wind_spectral_precondition(nwc_ctx *ctx, nwc__wind_spectral *spectral, double density,
                                           const nwc__real *r, nwc__real *out);

/* What vorticity's tendency is off by in a wind; see tendency.h. */
typedef struct nwc__wind_tendency nwc__wind_tendency;

/* ---- the solver ---- */

typedef struct nwc__wind_problem {
    const nwc__wind_box *box;
    const nwc__wind_prior *prior;
    const nwc__wind_data *data;
    nwc__wind_projection *projection;
    nwc__wind_spectral *spectral;
    const nwc__real *background;
    const nwc__wind_tendency *tendency; /* NULL without that term */
} nwc__wind_problem;

typedef struct nwc__wind_outcome {
    int32_t iterations;
    double first,
        last;          /* norms of the gradient at the background and at the end, in the metric of the preconditioner */
    double cost_data;  /* sum of squared differences over their variances */
    double cost_prior; /* (x - xb)' B^-1 (x - xb) */
} nwc__wind_outcome;

/*
 * r = H' R^-1 (y - H wind) - B^-1 (wind - background), minus the gradient of half the cost, and the two parts of the cost. Two winds
 * for work are lost.
 */
nwc_status nwc__wind_gradient(nwc_ctx *ctx, const nwc__wind_problem *problem, const nwc__real *wind, nwc__real *work[2],
                              nwc__real *r, double *cost_data, double *cost_prior);

/*
 * Make the cost least among winds free of divergence, by at most so many conjugate gradients, until the norm of the gradient is
 * tolerance times that at the background. wind: in, a start that is free of divergence; out, the best found.
 */
nwc_status nwc__wind_solve(nwc_ctx *ctx, const nwc__wind_problem *problem, int32_t most, double tolerance,
                           nwc__real *wind, nwc__wind_outcome *outcome);

#endif

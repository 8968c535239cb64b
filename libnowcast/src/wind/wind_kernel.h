/* Rows and columns of the variational wind, compiled for each instruction level. */
#ifndef NWC_WIND_WIND_KERNEL_H
#define NWC_WIND_WIND_KERNEL_H

#include <stdint.h>

/* What winds are kept in. A test compiles all of wind/ once more in double, to hold it against finite differences. */
#ifdef NWC__WIND_DOUBLE
typedef double nwc__real;
#else
typedef float nwc__real;
#endif

/* What is known of the wind: its part along a direction, at a place. */
typedef struct nwc__wind_datum {
    float x, y, z; /* m from the west, south and bottom walls of the box */
    float u, v, w; /* direction: what is observed is u U + v V + w W; a mean of directions is shorter than 1 */
    float value;   /* m s-1 */
    float weight;  /* 1 / variance; 0 where it does not count */
    float after_s; /* how long after the time of the wind it was seen */
    int32_t source;
} nwc__wind_datum;

/* Where the walls and centres of a box lie in its arrays; see nwc__wind_box. */
typedef struct nwc__wind_shape {
    int64_t nx, ny, nz, pitch, plane, size;
    nwc__real over_dx, over_dy, over_dz;
} nwc__wind_shape;

/* Weights of a cell and its neighbours in a row of K; those below and above may lie on levels of other scale. */
typedef struct nwc__wind_stencil {
    nwc__real self, x, y, down, up;
} nwc__wind_stencil;

/* One of the walls that a value linear in the wind is made of. */
typedef struct nwc__wind_entry {
    int64_t offset; /* in the arrays of a wind */
    nwc__real weight;
    int32_t value; /* which of them */
} nwc__wind_entry;

/* What waves side by side have in common. */
typedef struct nwc__wind_wave {
    int32_t order;               /* of the prior, 2 or 4 */
    nwc__real floor_h, floor_w;  /* of the metric */
    nwc__real prior_h, prior_w;  /* times (1 + shape)^order */
    nwc__real length_h, along_h; /* shape = length_h (lambda_x + lambda_y) + along_h, of u and v */
    nwc__real length_w, along_w; /* and of w */
    nwc__real lambda_y, y, z;
} nwc__wind_wave;

typedef struct nwc__wind_kernels {
    /* n cells of K; at the ends of the row its neighbour is the cell itself, beyond other walls the rows given are. */
    void (*stencil)(int64_t n, const nwc__real *self, const nwc__real *south, const nwc__real *north,
                    const nwc__real *down, const nwc__real *up, const nwc__wind_stencil *weights, nwc__real *out);

    /* gain (du/dx + dv/dy) + above w_up - below w_down of n cells; v and w in the rows of walls about them. */
    void (*divergence)(int64_t n, const nwc__real *u, const nwc__real *v_south, const nwc__real *v_north,
                       const nwc__real *w_down, const nwc__real *w_up, const double weights[4], nwc__real *out);

    /* out = base - gain (right - left) for n walls along y or z, where the adjoint of D has weights left and right. */
    void (*correct)(int64_t n, const nwc__real *base, nwc__real base_gain, const nwc__real *before,
                    nwc__real before_gain, const nwc__real *after, nwc__real after_gain, nwc__real *out);

    /* The same for the n + 1 walls along x of n cells. */
    void (*correct_x)(int64_t n, const nwc__real *base, nwc__real base_gain, const nwc__real *cells, nwc__real gain,
                      nwc__real *out);

    /*
     * For n columns of nz levels, plane apart: solve (lambda[i] + T) x = b, T symmetric with diagonal and, but for the sign,
     * off-diagonal (of k and k + 1) as given. work: 2 nz NWC__WIND_STRIP.
     */
    void (*columns)(int64_t n, int64_t nz, int64_t plane, const double *lambda, double lambda_y, const double *diagonal,
                    const double *off, double *work, nwc__real *b);

    /* to[m, i] = sum of matrix[m, k] from[k, i] over n, of NWC__WIND_STRIP columns i, k and m to n. */
    void (*mix)(int64_t n, const nwc__real *matrix, const nwc__real *from, nwc__real *to);
    /*
     * Of NWC__WIND_STRIP waves: u, v and w become what they are without divergence in the metric G = floor + prior (1 + shape)^order, of
     * which shape = length (lambda_x + lambda_y) + along. Their parts of D are -x, -y and z; see spectral.c.
     */
    void (*without_divergence)(const nwc__wind_wave *wave, const nwc__real *lambda_x, const nwc__real *x, nwc__real *u,
                               nwc__real *v, nwc__real *w);

    double (*dot)(int64_t n, const nwc__real *a, const nwc__real *b);
    /* x += step p, r -= step q */
    void (*advance)(int64_t n, nwc__real step, const nwc__real *p, const nwc__real *q, nwc__real *x, nwc__real *r);
    /* p = z + beta p */
    void (*turn)(int64_t n, nwc__real beta, const nwc__real *z, nwc__real *p);

    /*
     * With t = weight (of_value value + of_wind H wind) of each datum, add H' t to out, which may be NULL, and H wind to
     * predicted, which may be NULL. Returns the sum of t t / weight.
     */
    double (*observe)(const nwc__wind_shape *shape, const nwc__wind_datum *data, int64_t n, const nwc__real *wind,
                      double of_value, double of_wind, nwc__real *out, nwc__real *predicted);

    /* NWC__WIND_VALUES values at n places side by side, apart from each other: sums of entries from the walls about them. */
    void (*take)(int64_t n, int64_t entries, const nwc__wind_entry *entry, const nwc__real *wind, int64_t apart,
                 nwc__real *values);
    /* The adjoint: what the walls get from values is added to them. */
    void (*give)(int64_t n, int64_t entries, const nwc__wind_entry *entry, const nwc__real *values, int64_t apart,
                 nwc__real *wind);
} nwc__wind_kernels;

enum { NWC__WIND_VALUES = 12 /* of which vorticity's tendency is made */ };
enum { NWC__WIND_STRIP = 16 /* columns solved side by side */ };

#endif

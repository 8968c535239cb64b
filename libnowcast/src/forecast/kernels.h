/* The loops of forecast/, compiled for each instruction level. */
#ifndef NWC_FORECAST_KERNELS_H
#define NWC_FORECAST_KERNELS_H

#include <stdint.h>

/* Two components on ny x nx nodes, rows behind one another; ny, nx at least 4. */
struct nwc__node_pair {
    const float *x, *y;
    int32_t ny, nx;
};

struct nwc__trajectory_kernels {
    /*
     * Row j of the motion field after time t_s: that of time 0 taken where its air, moving with c (nodes s-1), was;
     * m s-1 become nodes s-1 through kx, ky (nodes per metre). c, kx, ky, out: row j.
     */
    void (*move)(const struct nwc__node_pair *motion, int32_t j, float t_s, const float *restrict cu,
                 const float *restrict cv, const float *restrict kx, const float *restrict ky, float *restrict out_u,
                 float *restrict out_v);
    /* Row j of the displacements after one more step of h_s: back through motion (nodes s-1), then on as before tells. */
    void (*step)(const struct nwc__node_pair *motion, const struct nwc__node_pair *before, int32_t j, float h_s,
                 float *restrict out_x, float *restrict out_y);
};

enum {
    NWC__CHUNK = 64,        /* cells of a row done together: their positions stay in the nearest cache */
    NWC__FRACTION_BITS = 10 /* positions are kept in 1/1024 of a cell */
};

/* What is sampled. Cell (j, i) is cells[j * stride + i]; all offsets fit 32 bits. */
struct nwc__source {
    const float *cells;
    int32_t ny, nx, stride;
    float sharpness; /* of cubic reading: 1, or its share beside bilinear */
};

typedef void nwc__sample_fn(const struct nwc__source *source, int32_t j, int32_t i, int32_t n,
                            const int32_t *restrict qx, const int32_t *restrict qy, float *restrict out);

struct nwc__sample_kernels {
    /*
     * Displacements, in 1/1024 of a cell, of the n <= NWC__CHUNK cells from node first_node on: between the node rows
     * low and high, high having the share b. Writes NWC__CHUNK of them.
     */
    void (*locate)(const struct nwc__node_pair *low, const struct nwc__node_pair *high, float b, int32_t first_node,
                   int32_t spacing, int32_t *restrict qx, int32_t *restrict qy);
    nwc__sample_fn *sample[3]; /* nearest, bilinear, cubic, as in nwc_sampling */
};

/* How often an area is renewed and when: one of several suppositions. */
struct nwc__supposition {
    uint32_t renewed; /* bit k: between frames k and k + 1 */
    int32_t group;    /* those of one group are equally probable beforehand */
    float share;      /* of the group */
    float prior;      /* at hand: probability of the group times share */
};

struct nwc__renewal_kernels {
    /*
     * Count, per node of spacing cells, the cells of a row that tell whether they were renewed, and those that were not,
     * onto telling and carried; cells at its ends tell nothing. above, below: the rows beside later. Cells are step
     * apart in rows of later, and earlier_step in earlier.
     */
    void (*count)(const float *earlier, int64_t earlier_step, const float *later, const float *above,
                  const float *below, int64_t step, int64_t n, int32_t spacing, float *restrict telling,
                  float *restrict carried);
    /*
     * Probabilities of suppositions (n_suppositions, NWC__CHUNK) for n <= NWC__CHUNK nodes, from renewed shares: pair k
     * of node i is share[k * stride + i].
     */
    void (*weigh)(const float *restrict share, int64_t stride, int32_t n_pairs,
                  const struct nwc__supposition *suppositions, int32_t n_suppositions, int32_t n,
                  float *restrict probability);
    /* The median of value under these probabilities; order lists suppositions by increasing value. */
    void (*median)(const float *restrict probability, const int32_t *order, const float *value, int32_t n_suppositions,
                   int32_t n, float *restrict out);
};

#endif

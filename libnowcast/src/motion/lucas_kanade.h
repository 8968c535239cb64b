/* The parts of Lucas-Kanade motion: images and their pyramid, corners, tracking, sparse vectors, their spreading. */
#ifndef NWC_MOTION_LUCAS_KANADE_H
#define NWC_MOTION_LUCAS_KANADE_H

#include "core/internal.h"

enum {
    NWC__LK_WINDOW = 48, /* cells: side of the window that is tracked, at every level of the pyramid */
    NWC__LK_PATCH = NWC__LK_WINDOW * NWC__LK_WINDOW,
    NWC__LK_LEVELS = 4,
    NWC__LK_MARGIN = 32, /* cells around an image, so that a window may reach beyond it */
    NWC__LK_BUFFER = 5,  /* cells around what is not known, which take no part */
    NWC__LK_NEAREST = 32 /* most neighbours of one search */
};

/* One level: images with their margins, cell (0, 0) at image. */
struct nwc__lk_level {
    int64_t ny, nx, stride;
    float *image;   /* margins repeat the edge */
    uint8_t *valid; /* 1 where a cell may take part, 0 elsewhere and in the margins; only in a template's pyramid */
    float *image_memory;
    uint8_t *valid_memory;
};

struct nwc__lk_pyramid {
    int32_t n;
    struct nwc__lk_level level[NWC__LK_LEVELS]; /* each half the size of the one before */
};

/* Motion of one feature: where it is (cells), how it moves (cells per second). */
struct nwc__lk_vector {
    double x, y, u, v;
};

/* Rows and windows, compiled for each instruction level. Cells of an image are given by the address of one of them. */
typedef struct nwc__lk_kernels {
    /* sqrt(rate) to what is tracked: log(1 + rate / 0.3 mm h-1) */
    void (*scale)(const float *restrict x, int64_t n, float *restrict image);
    /* Every second cell of a row smoothed by 1 4 6 4 1 along both axes. */
    void (*halve)(const float *restrict fine, int64_t stride, int64_t n, float *restrict coarse);
    /* 1 where the 2 reach + 1 cells around are all 1, along the axis with this step */
    void (*erode)(const uint8_t *restrict valid, int64_t step, int64_t reach, int64_t n, uint8_t *restrict eroded);
    /* The smaller eigenvalue of the structure tensor summed over 5 x 5 cells, 0 where not valid; returns the largest. */
    float (*corner)(const float *restrict image, int64_t stride, const uint8_t *restrict valid, int64_t n,
                    float *restrict response);
    /*
     * The window whose first cell is fx, fy (0 to 1) beyond image: its values, its gradient where valid (0 elsewhere),
     * and the sums of gx gx, gx gy, gy gy.
     */
    void (*window)(const float *restrict image, const uint8_t *restrict valid, int64_t stride, float fx, float fy,
                   float *restrict values, float *restrict gx, float *restrict gy, double sums[3]);
    /* Sums of gx e and gy e, where e is values minus the window of image. */
    void (*misfit)(const float *restrict image, int64_t stride, float fx, float fy, const float *restrict values,
                   const float *restrict gx, const float *restrict gy, double sums[2]);
    /* n cells between nodes: nodes of two rows, weight of the second, cells between nodes. */
    void (*blend)(const float *restrict below, const float *restrict above, float weight, int64_t spacing, int64_t n,
                  float *restrict cells);
} nwc__lk_kernels;

/* ---- lucas_kanade_pyramid.c ---- */

/* Allocate the levels of a (ny, nx) image, with valid if asked for. */
nwc_status nwc__lk_pyramid_create(nwc_ctx *ctx, int64_t ny, int64_t nx, bool with_valid,
                                  struct nwc__lk_pyramid *pyramid);
void nwc__lk_pyramid_destroy(nwc_ctx *ctx, struct nwc__lk_pyramid *pyramid);
/* Fill the images from x = sqrt(rate), (ny, nx). */
nwc_status nwc__lk_pyramid_fill(nwc_ctx *ctx, const float *x, struct nwc__lk_pyramid *pyramid);
/* Fill valid from the cells known in both frames, less NWC__LK_BUFFER cells around the others and at the edge. */
nwc_status nwc__lk_pyramid_mask(nwc_ctx *ctx, const uint8_t *known_a, const uint8_t *known_b,
                                struct nwc__lk_pyramid *pyramid);

/* ---- corners.c ---- */

/* A cell whose surroundings vary in both directions. */
struct nwc__lk_corner {
    float response;
    int32_t y, x;
};
/*
 * The strongest corners of an image, strongest first, at most limit: above a thousandth of the strongest, and no two
 * closer than 10 cells. response is scratch (ny, nx); corners holds limit.
 */
nwc_status nwc__lk_corners(nwc_ctx *ctx, const struct nwc__lk_level *level, int64_t limit, float *response,
                           struct nwc__lk_corner *corners, int64_t *n);

/* ---- lucas_kanade_track.c ---- */

/* Where a corner of a went in b: cells along x and y; found says whether it could be followed there and back. */
struct nwc__lk_track {
    double dx, dy;
    bool found;
};
nwc_status nwc__lk_track_corners(nwc_ctx *ctx, const struct nwc__lk_pyramid *a, const struct nwc__lk_pyramid *b,
                                 const struct nwc__lk_corner *corners, int64_t n, struct nwc__lk_track *tracks);

/* ---- neighbours.c ---- */

/* Vectors sorted into square buckets. The vectors are borrowed. */
struct nwc__lk_buckets {
    const struct nwc__lk_vector *vectors;
    int64_t n, nx, ny;
    double x_first, y_first, side;
    int32_t *start; /* nx * ny + 1: where the vectors of a bucket begin in item */
    int32_t *item;  /* n */
};
nwc_status nwc__lk_buckets_create(nwc_ctx *ctx, const struct nwc__lk_vector *vectors, int64_t n,
                                  struct nwc__lk_buckets *buckets);
void nwc__lk_buckets_destroy(nwc_ctx *ctx, struct nwc__lk_buckets *buckets);
/* The k (at most NWC__LK_NEAREST) vectors nearest to a point, nearest first, of equals the lower number; how many. */
int32_t nwc__lk_nearest(const struct nwc__lk_buckets *buckets, double x, double y, int32_t k, int32_t *number,
                        double *distance2);

/* ---- lucas_kanade_vectors.c ---- */

/* Drop vectors further than 3 standard deviations from their 30 nearest neighbours; floor_cells_s is the least deviation. */
nwc_status nwc__lk_drop_outliers(nwc_ctx *ctx, double floor_cells_s, struct nwc__lk_vector *vectors, int64_t *n);
/* One vector for each square of scale cells that has any: the median of each component. */
nwc_status nwc__lk_decluster(nwc_ctx *ctx, double scale, struct nwc__lk_vector *vectors, int64_t *n);

/* ---- spread.c ---- */

/* Spread n >= 1 vectors over a grid: u, v (cells per second) and quality, (ny, nx). */
nwc_status nwc__lk_spread(nwc_ctx *ctx, const struct nwc__lk_vector *vectors, int64_t n, int64_t ny, int64_t nx,
                          float *u, float *v, float *quality);
/* The same on nodes alone (frames.h), as many cells apart as asked for. */
nwc_status nwc__lk_spread_nodes(nwc_ctx *ctx, const struct nwc__lk_vector *vectors, int64_t n, int64_t ny, int64_t nx,
                                int64_t spacing, float *const node[3]);

#endif

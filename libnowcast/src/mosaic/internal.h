/* Parts of a mosaic: lookups, what is made of the sweeps of a volume, and the kernels over columns of cells. */
#ifndef NWC_MOSAIC_INTERNAL_H
#define NWC_MOSAIC_INTERNAL_H

#include "grid/internal.h"

#include <nowcast/mosaic.h>

enum {
    NWC__MOSAIC_BINS = 2048,                            /* of the azimuth table */
    NWC__MOSAIC_SWEEPS = 64,                            /* of different elevations in a stack */
    NWC__MOSAIC_QUANTITIES = NWC_MOSAIC_MOST_FIELDS + 2 /* QIND and CBB as well */
};

struct nwc_mosaic_lookup {
    struct nwc_ctx memory; /* allocator only */
    double latitude_deg, longitude_deg, altitude_m, earth_factor, reach_m;
    double sphere_m; /* radius over which beams are straight */
    nwc_grid grid;   /* with copies of its own */
    char *projection;
    double *z_m;
    int64_t j0, i0, nj, ni;  /* the columns within reach lie here; nj is 0 where there are none */
    float *east_m, *north_m; /* (nj, ni): of the column, in the azimuthal equidistant plane about the radar */
    float *cells;            /* (nj, ni, 2, nz): range, m, INFINITY beyond reach_m, and elevation, degrees */
    double farthest_m;       /* range of the farthest cell */
};

/* Defaults where given is NULL; what is out of range is refused. */
nwc_status nwc__mosaic_options(const nwc_mosaic_options *given, nwc_mosaic_options *options);

/* A grid, and levels on it. */
nwc_status nwc__check_mosaic_grid(nwc_ctx *ctx, const nwc_grid *grid);

/* ---- what is made of a volume ---- */

/* A sweep: rays in the order of their azimuths, ray 0 being the last one less 360 degrees and the last the first one plus 360. */
typedef struct nwc__plane {
    float elevation_deg;
    int32_t sweep, n_rays; /* number in the volume; rays without those two */
    int32_t n_gates;       /* as far as the lookup reaches */
    int32_t start, row;    /* of ray 0 in the cells of the stack; from ray to ray n_gates, with NaN before and after */
    float first_m, per_m;  /* first gate, 1 / spacing */
    float hole_deg;        /* rays farther apart have nothing between them */
    float *azimuth_deg;    /* n_rays + 2 */
    float *after_s;        /* n_rays + 2: when, after the time of the mosaic */
    float *clear_m;        /* n_rays + 2: from this range on too much of the beam is hidden */
    int32_t *order;        /* n_rays + 2: number of the ray in the volume */
    int32_t *bin;          /* BINS: the last ray at or before the begin of the bin */
} nwc__plane;

/* Quantities that come from the same sweeps with the same gates, so that one search serves them all. */
typedef struct nwc__stack {
    int32_t n_planes, n_quantities;
    nwc__plane planes[NWC__MOSAIC_SWEEPS];    /* by elevation */
    int32_t quantity[NWC__MOSAIC_QUANTITIES]; /* which of the mosaic's */
    bool decibel[NWC__MOSAIC_QUANTITIES];     /* cells are dBZ, to be averaged where there is echo */
    int64_t n_cells;
    float *cells[NWC__MOSAIC_QUANTITIES]; /* n_cells: (n_rays + 2, row) of one plane behind the other */
} nwc__stack;

/* One radar of a mosaic. */
typedef struct nwc__view {
    const nwc_volume *volume;
    const nwc_mosaic_lookup *lookup;
    float beam_deg;
    int32_t n_stacks;
    nwc__stack *stacks[NWC__MOSAIC_QUANTITIES];
} nwc__view;

/* What a cell is of a moment. */
typedef enum nwc__averaging {
    NWC__AS_ECHO, /* dBZ, averaged as such where there is echo; gathered as Z */
    NWC__AS_Z,    /* dBZ, averaged as Z */
    NWC__AS_IT_IS,
    NWC__OF_THE_BEST /* radar: radial velocities */
} nwc__averaging;

/* The quantities of a mosaic: its fields, then QIND and CBB. */
typedef struct nwc__quantities {
    int32_t n, n_fields;
    const char *name[NWC__MOSAIC_QUANTITIES];
    nwc__averaging averaging[NWC__MOSAIC_QUANTITIES];
} nwc__quantities;

nwc_status nwc__view_create(nwc_ctx *ctx, const nwc_mosaic_input *input, const nwc_mosaic_lookup *lookup,
                            int64_t time_ns, const nwc_mosaic_options *options, const nwc__quantities *quantities,
                            nwc__view *view);
void nwc__view_destroy(nwc_ctx *ctx, nwc__view *view);

/* ---- kernels ---- */

/* How a column is gathered. */
typedef struct nwc__gathering {
    int32_t method; /* an nwc_mosaic_method */
    float beam_deg, min_known, radius_min_m, radius_beams;
    double sphere_m, altitude_m; /* of the radar */
} nwc__gathering;

/* A column of cells: its place in the plane about the radar, and how what is over it moves there. */
typedef struct nwc__column {
    float east_m, north_m;
    float east_m_s, north_m_s;
    int32_t nz;
    const double *z_m;
    const float *range_m, *elevation_deg; /* nz */
} nwc__column;

/* What a stack gives to a column: values (quantity, nz), NaN where not known, and of the cells the age and the angle to the nearest sweep. */
typedef struct nwc__gathered {
    float value[NWC__MOSAIC_QUANTITIES][NWC_MOSAIC_MOST_LEVELS];
    float age_s[NWC_MOSAIC_MOST_LEVELS], off_deg[NWC_MOSAIC_MOST_LEVELS];
    float lowest_m; /* height of the lowest beam; NaN where there is none */
} nwc__gathered;

typedef struct nwc__mosaic_kernels {
    /* Cells of one column of a lookup: n levels at heights z_m over a place ground_m away. */
    void (*sight)(double sphere_m, double altitude_m, double reach_m, double ground_m, int64_t n,
                  const double *restrict z_m, float *restrict range_m, float *restrict elevation_deg);
    /* to[0] and to[n + 1] are NaN, between them the gates, as Z where as_z. */
    void (*prepare_ray)(const float *restrict from, int64_t step, int64_t n, int32_t as_z, float *restrict to);
    void (*gather)(const nwc__stack *stack, const nwc__gathering *how, const nwc__column *column,
                   nwc__gathered *restrict out);
    /* Of a column of n cells of one radar, in place of off_deg: 0 to 1, and 0 where any is not known. */
    void (*quality)(int64_t n, const float *restrict range_m, const float *restrict age_s, const float *restrict qind,
                    const float *restrict blocked, float per_range, float per_age, float per_deg,
                    float *restrict off_deg);
    /* Add what one radar, a bit, has of a field to those before it, or take it where it is better. */
    void (*weigh)(int64_t n, const float *restrict value, const float *restrict quality, int32_t radar, int32_t best,
                  float *restrict sum, float *restrict weight, int32_t *restrict radars);
    /* And the quality and age of its cells. */
    void (*describe)(int64_t n, const float *restrict quality, const float *restrict age_s, int32_t radar,
                     const int32_t *restrict radars, float *restrict best, float *restrict age, float *restrict weight);
    /* sum / weight in place of sum; NaN without weight. */
    void (*mean)(int64_t n, const float *restrict weight, float *restrict sum);
    void (*to_dbz)(int64_t n, float *restrict z);
} nwc__mosaic_kernels;

#endif

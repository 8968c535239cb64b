/* Parts of a mosaic: lookups, what is made of the sweeps of a radar, and the kernels over strips of columns. */
#ifndef NWC_MOSAIC_INTERNAL_H
#define NWC_MOSAIC_INTERNAL_H

#include "grid/internal.h"

#include <nowcast/beam.h>
#include <nowcast/mosaic.h>

enum {
    NWC__MOSAIC_BINS = 2048,                             /* of the azimuth table */
    NWC__MOSAIC_SWEEPS = 64,                             /* of different elevations in a stack */
    NWC__MOSAIC_QUANTITIES = NWC_MOSAIC_MOST_FIELDS + 2, /* QIND and CBB as well */
    NWC__MOSAIC_COLUMNS = 16,                            /* of a strip */
    NWC__MOSAIC_LEVELS = 16,                             /* of a block of it */
    NWC__MOSAIC_BLOCK = NWC__MOSAIC_COLUMNS * NWC__MOSAIC_LEVELS
};

/* ---- lookups ---- */

/*
 * What a profile of refractivity changes: by distance along the ground and level of the grid, what is to be added to the
 * elevation and range of a cell over the sphere. NaN where no beam arrives.
 */
typedef struct nwc__bend {
    int64_t n; /* distances: node_m apart, from 0; 0 where beams bend as over the sphere */
    double node_m;
    float *elevation_deg, *range_m; /* (n, nz) */
} nwc__bend;

struct nwc_mosaic_lookup {
    struct nwc_ctx memory; /* allocator only */
    double latitude_deg, longitude_deg, altitude_m, reach_m;
    nwc_beam *beam;
    nwc__bend bend;
    nwc_grid grid; /* with copies of its own */
    char *projection;
    double *z_m;
    int64_t j0, i0, nj, ni;  /* the columns within reach lie here; nj is 0 where there are none */
    float *east_m, *north_m; /* (nj, ni): of the column, in the azimuthal equidistant plane about the radar */
    float *range_m;          /* (nj, nz, ni): m, INFINITY beyond reach_m */
    float *elevation_deg;    /* (nj, nz, ni): degrees, NaN there */
    double farthest_m;       /* range of the farthest cell */
};

/* Defaults where given is NULL; what is out of range is refused. */
nwc_status nwc__mosaic_options(const nwc_mosaic_options *given, nwc_mosaic_options *options);

/* A grid, and levels on it. */
nwc_status nwc__check_mosaic_grid(nwc_ctx *ctx, const nwc_grid *grid);

/* The bend of a beam over a grid, out to reach_m; its arrays, of memory, belong to the caller also when it fails. */
nwc_status nwc__bend_create(nwc_ctx *ctx, nwc_ctx *memory, const nwc_beam *beam, const nwc_grid *grid, double reach_m,
                            nwc__bend *bend);

/* Of n cells of level k: what lies over the sphere becomes what the beam does. A range that is INFINITY stays so. */
void nwc__bend_apply(const nwc__bend *bend, int64_t nz, int64_t k, int64_t n, const double *ground_m, float *range_m,
                     float *elevation_deg);

bool nwc__lookup_serves(const nwc_mosaic_lookup *lookup, const nwc_volume_facts *facts, const nwc_grid *grid,
                        const nwc_mosaic_options *options);

nwc_status nwc__lookup_create(nwc_ctx *ctx, const nwc_volume_facts *facts, const nwc_grid *grid,
                              const nwc_mosaic_options *options, nwc_mosaic_lookup **lookup);

/* ---- what is made of a radar ---- */

/* One of the sweeps a radar gives, in order of acquisition. */
typedef struct nwc__source {
    const nwc_volume *volume;
    int32_t sweep;
} nwc__source;

/* One radar of a mosaic as it is given. */
typedef struct nwc__radar {
    nwc_volume_facts facts; /* of its place and beam */
    nwc__source *sources;
    int32_t n_sources;
    const nwc_mosaic_lookup *lookup; /* NULL: to be made */
} nwc__radar;

/* A ray of a plane: where it comes from. */
typedef struct nwc__ray {
    int32_t source, ray;
} nwc__ray;

/* All sweeps of one elevation: rays in the order of their azimuths, ray 0 being the last one less 360 degrees and the last the first one plus 360. */
typedef struct nwc__plane {
    float elevation_deg;
    int32_t n_rays;     /* without those two */
    int32_t n_gates;    /* as far as the lookup reaches */
    int32_t start, row; /* of ray 0 in the cells of the stack; from ray to ray: n_gates, with NaN before and after */
    double first_gate_m, gate_spacing_m;
    float hole_deg;     /* rays farther apart have nothing between them */
    float *azimuth_deg; /* n_rays + 2 */
    float *after_s;     /* n_rays + 2: when, after the time of the mosaic */
    float *clear_m;     /* n_rays + 2: from this range on too much of the beam is hidden */
    nwc__ray *ray;      /* n_rays + 2 */
    int32_t *bin;       /* BINS: the last ray at or before the begin of the bin */
    int32_t n_floor;    /* places along the ground, NWC__FLOOR_M apart from 0: */
    float
        *floor_m; /* (2, n_floor): height of the beam above mean sea level, and its range, INFINITY beyond all gates */
} nwc__plane;

#define NWC__FLOOR_M 500.0

/* Quantities that come from the same rays with the same gates, so that one search serves them all. */
typedef struct nwc__stack {
    int32_t n_planes, n_quantities;
    nwc__plane planes[NWC__MOSAIC_SWEEPS]; /* by elevation */
    float first_m[NWC__MOSAIC_SWEEPS], per_m[NWC__MOSAIC_SWEEPS],
        gates[NWC__MOSAIC_SWEEPS]; /* of planes: 1 / spacing, n_gates + 1 */
    float edge_deg[NWC__MOSAIC_SWEEPS], edge_sine[NWC__MOSAIC_SWEEPS], edge_cosine[NWC__MOSAIC_SWEEPS]; /* elevations */
    int32_t row[NWC__MOSAIC_SWEEPS];
    int32_t quantity[NWC__MOSAIC_QUANTITIES]; /* which of the mosaic's */
    bool decibel[NWC__MOSAIC_QUANTITIES];     /* cells are dBZ, to be averaged where there is echo */
    int64_t n_cells;
    float *cells[NWC__MOSAIC_QUANTITIES]; /* n_cells: (n_rays + 2, row) of one plane behind the other */
} nwc__stack;

/* One radar of a mosaic. */
typedef struct nwc__view {
    const nwc__radar *radar;
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

nwc_status nwc__view_create(nwc_ctx *ctx, const nwc__radar *radar, const nwc_mosaic_lookup *lookup, int64_t time_ns,
                            const nwc_mosaic_options *options, const nwc__quantities *quantities, nwc__view *view);
void nwc__view_destroy(nwc_ctx *ctx, nwc__view *view);

/* All but inputs is as for nwc_mosaic_build, which is this once its volumes are taken apart. */
nwc_status nwc__mosaic_check(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *options,
                             const nwc_mosaic_output *output);
nwc_status nwc__mosaic_make(nwc_ctx *ctx, const nwc__radar *radars, int32_t n_radars, int64_t time_ns,
                            const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *options,
                            const nwc_mosaic_output *output);

/* ---- kernels ---- */

/* How cells are gathered. */
typedef struct nwc__gathering {
    int32_t method; /* an nwc_mosaic_method */
    float beam_deg, beyond_deg, min_known, radius_min_m, radius_beams;
    double sphere_m, altitude_m; /* of the radar */
    const nwc__bend *bend;
    int64_t nz; /* of the grid */
} nwc__gathering;

/* Neighbouring columns along x: their places in the plane about the radar, and how what is over them moves there. Of the 16 the first n are there. */
typedef struct nwc__strip {
    int32_t n;
    bool moves;
    float east_m[NWC__MOSAIC_COLUMNS], north_m[NWC__MOSAIC_COLUMNS];
    float east_m_s[NWC__MOSAIC_COLUMNS], north_m_s[NWC__MOSAIC_COLUMNS];
} nwc__strip;

/* The rays of the planes of a stack to either side of columns: (plane, column). */
typedef struct nwc__rays {
    float near_weight[NWC__MOSAIC_SWEEPS * NWC__MOSAIC_COLUMNS], far_weight[NWC__MOSAIC_SWEEPS * NWC__MOSAIC_COLUMNS];
    float after_s[NWC__MOSAIC_SWEEPS * NWC__MOSAIC_COLUMNS];
    int32_t near[NWC__MOSAIC_SWEEPS * NWC__MOSAIC_COLUMNS]; /* where the first of the two begins */
    /* Where a plane looked at what is over a column now: sine and 2 sin^2 of half the angle around the earth, and the place in bend. */
    float sine[NWC__MOSAIC_SWEEPS * NWC__MOSAIC_COLUMNS], versine[NWC__MOSAIC_SWEEPS * NWC__MOSAIC_COLUMNS];
    float node[NWC__MOSAIC_SWEEPS * NWC__MOSAIC_COLUMNS];
    float azimuth_deg[NWC__MOSAIC_COLUMNS]; /* of the columns */
    float lowest_m[NWC__MOSAIC_COLUMNS];    /* height of the lowest beam over them; NaN where there is none */
} nwc__rays;

/* Some levels of a strip: cells are (level, column). */
typedef struct nwc__block {
    int32_t n, first;             /* cells, a multiple of 16, and the first level */
    float z_m[NWC__MOSAIC_BLOCK]; /* of the cells */
    float range_m[NWC__MOSAIC_BLOCK], elevation_deg[NWC__MOSAIC_BLOCK];
} nwc__block;

/* What a stack gives to a block: values, NaN where not known, and of the cells the age and the angle to the nearest sweep. */
typedef struct nwc__gathered {
    float value[NWC__MOSAIC_QUANTITIES][NWC__MOSAIC_BLOCK];
    float age_s[NWC__MOSAIC_BLOCK], off_deg[NWC__MOSAIC_BLOCK];
} nwc__gathered;

typedef struct nwc__gather_kernels {
    void (*find_rays)(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip,
                      nwc__rays *restrict rays);
    /* Of the eight gates about each cell. */
    void (*gather)(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip, const nwc__rays *rays,
                   const nwc__block *block, nwc__gathered *restrict out);
} nwc__gather_kernels;

typedef struct nwc__within_kernels {
    /* Of all gates within a radius. */
    void (*gather)(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip, const nwc__rays *rays,
                   const nwc__block *block, nwc__gathered *restrict out);
} nwc__within_kernels;

typedef struct nwc__cells_kernels {
    /* Range and elevation of n cells of one height over places on the ground: sines and 2 sin^2 of half of angles around the earth. */
    void (*sight)(double sphere_m, double altitude_m, double reach_m, double z_m, int64_t n,
                  const double *restrict sine, const double *restrict versine, float *restrict range_m,
                  float *restrict elevation_deg);
    /* to[0] and to[row - 1] are NaN, and what lies beyond the n gates that are between them; as Z where as_z. */
    void (*prepare_ray)(const float *restrict from, int64_t step, int64_t n, int64_t row, int32_t as_z,
                        float *restrict to);
    /* Of n cells of one radar, in place of off_deg: 0 to 1, and 0 where any is not known. */
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
} nwc__cells_kernels;

#endif

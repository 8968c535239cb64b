/* Parts of a mosaic: lookups, what is made of the sweeps of a radar, and the kernels over strips of columns. */
#ifndef NWC_MOSAIC_INTERNAL_H
#define NWC_MOSAIC_INTERNAL_H

#include "grid/internal.h"

#include <nowcast/beam.h>
#include <nowcast/mosaic.h>

enum {
    NWC__MOSAIC_BINS = 1024,                             /* of the azimuth table */
    NWC__MOSAIC_SWEEPS = 64,                             /* of different elevations in a stack */
    NWC__MOSAIC_QUANTITIES = NWC_MOSAIC_MOST_FIELDS + 2, /* QIND and CBB as well */
    NWC__MOSAIC_COLUMNS = 16,                            /* of a strip */
    NWC__MOSAIC_LEVELS = 48,                             /* of a block of it, at most */
    /* Room for a block. More than it needs: arrays 4 KiB apart would get in each other's way in the store buffer. */
    NWC__MOSAIC_BLOCK = NWC__MOSAIC_COLUMNS * (NWC__MOSAIC_LEVELS + 41),
    NWC__MOSAIC_PATCH_RAYS = 4, /* of a patch of gates, about which it is known what is in it */
    NWC__MOSAIC_PATCH_GATES = 32
};

/* ---- lookups ---- */

/*
 * What a profile of refractivity changes: by distance along the ground and level of the grid, what is to be added to
 * the elevation and range of a cell over the sphere. NaN where no beam arrives.
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
    int64_t strips;          /* of a row: ni made up to whole ones, whose columns beyond are as beyond reach_m */
    float *east_m, *north_m; /* (nj, strips, COLUMNS): in the azimuthal equidistant plane about the radar */
    float *range_m;          /* (nj, strips, nz, COLUMNS): m, INFINITY beyond reach_m */
    float *elevation_deg;    /* (nj, strips, nz, COLUMNS): degrees, NaN there */
    float *lowest_deg;       /* (nj, strips, nz): of the cells of a strip at this level and above it; INFINITY: none */
    float *highest_deg;      /* (nj, strips, nz): and at this level and below it; -INFINITY: none */
    float *nearest_m, *farthest_m; /* (nj, strips, nz): ranges of the cells of a strip; INFINITY and 0: none */
    double end_m;                  /* range of the farthest cell */
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

/* A ray as it is looked up. */
typedef struct nwc__turn {
    float azimuth_deg, after_s; /* when, after the time of the mosaic */
    float clear_m;              /* from this range on too much of the beam is hidden */
    int32_t row; /* of its gates: of a plane of one sweep its own ray, else the ray of the plane from 0 */
} nwc__turn;

/*
 * All sweeps of one elevation: rays in the order of their azimuths, ray 0 being the last one less 360 degrees and the
 * last the first one plus 360.
 */
typedef struct nwc__plane {
    float elevation_deg;
    int32_t n_rays;  /* without those two */
    int32_t n_gates; /* as far as the lookup reaches */
    double first_gate_m, gate_spacing_m;
    float hole_deg;  /* rays farther apart have nothing between them */
    nwc__turn *turn; /* n_rays + 2 */
    nwc__ray *ray;   /* n_rays + 2 */
    int32_t n_rows;  /* of gates */
    bool joined;     /* of several sweeps */
    int32_t *bin;    /* BINS: the last ray at or before the begin of the bin */
    int32_t n_floor; /* places along the ground, NWC__FLOOR_M apart from 0: */
    float
        *floor_m; /* (2, n_floor): height of the beam above mean sea level, and its range, INFINITY beyond all gates */
} nwc__plane;

#define NWC__FLOOR_M 500.0

/* What is in a patch of gates; bits. */
typedef enum nwc__patch { NWC__PATCH_ECHO = 1, NWC__PATCH_NOTHING = 2, NWC__PATCH_UNKNOWN = 4 } nwc__patch;

/* The gates of a plane of one quantity: where they can be read as they are in the volume they are not copied. */
typedef struct nwc__gates {
    const float *cells; /* of row 0 */
    int32_t stride;     /* from row to row */
    float *own;         /* cells, where they had to be made */
    uint8_t *patches;   /* ((n_rays + 2) / PATCH_RAYS, n_gates / PATCH_GATES), made up to whole ones */
} nwc__gates;

/* What is averaged of gates. */
typedef enum nwc__averaging {
    NWC__AS_ECHO, /* dBZ, averaged as such where there is echo; of several radars as Z */
    NWC__AS_Z,    /* dBZ, averaged as Z */
    NWC__AS_IT_IS,
    NWC__OF_THE_BEST /* radar: radial velocities */
} nwc__averaging;

/* Quantities that come from the same rays with the same gates, so that one search serves them all. */
typedef struct nwc__stack {
    int32_t n_planes, n_quantities;
    nwc__plane planes[NWC__MOSAIC_SWEEPS];                        /* by elevation */
    float first_m[NWC__MOSAIC_SWEEPS], per_m[NWC__MOSAIC_SWEEPS]; /* of planes: 1 / spacing */
    float edge_deg[NWC__MOSAIC_SWEEPS], edge_sine[NWC__MOSAIC_SWEEPS], edge_cosine[NWC__MOSAIC_SWEEPS]; /* elevations */
    /* By plane, the first stack of the group that has the same rays there, and gates at the same ranges. */
    int32_t rays_of[NWC__MOSAIC_SWEEPS], gates_of[NWC__MOSAIC_SWEEPS];
    int32_t quantity[NWC__MOSAIC_QUANTITIES]; /* which of the mosaic's */
    nwc__averaging averaging[NWC__MOSAIC_QUANTITIES];
    nwc__gates gates[NWC__MOSAIC_QUANTITIES][NWC__MOSAIC_SWEEPS];
} nwc__stack;

/* Stacks of the same elevations: where nothing moves they share the places of cells. */
typedef struct nwc__group {
    int32_t n;
    nwc__stack *stacks[NWC__MOSAIC_QUANTITIES];
} nwc__group;

/* One radar of a mosaic. */
typedef struct nwc__view {
    const nwc__radar *radar;
    const nwc_mosaic_lookup *lookup;
    float beam_deg;
    int32_t n_stacks;
    nwc__stack *stacks[NWC__MOSAIC_QUANTITIES];
    int32_t n_groups;
    nwc__group groups[NWC__MOSAIC_QUANTITIES];
} nwc__view;

/* The quantities of a mosaic: its fields, then QIND and CBB. */
enum { NWC__QIND = 0, NWC__BLOCKED = 1 };
typedef struct nwc__quantities {
    int32_t n, n_fields;
    const char *name[NWC__MOSAIC_QUANTITIES];
    nwc__averaging averaging[NWC__MOSAIC_QUANTITIES];
} nwc__quantities;

/* The moment of a name in a source, which has it. */
nwc_moment nwc__moment_of(const nwc__radar *radar, int32_t source, const char *name);

/* The gates of the stacks of a view; what is allocated belongs to them also when it fails. */
nwc_status nwc__view_prepare(nwc_ctx *ctx, const nwc__view *view, const nwc__quantities *quantities);

nwc_status nwc__view_create(nwc_ctx *ctx, const nwc__radar *radar, const nwc_mosaic_lookup *lookup, int64_t time_ns,
                            const nwc_mosaic_options *options, const nwc__quantities *quantities, nwc__view *view);
void nwc__view_destroy(nwc_ctx *ctx, nwc__view *view);

/* All but inputs is as for nwc_mosaic_build, which is this once its volumes are taken apart. */
nwc_status nwc__mosaic_check(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, const nwc_mosaic_output *output);
nwc_status nwc__mosaic_make(nwc_ctx *ctx, const nwc__radar *radars, int32_t n_radars, int64_t time_ns,
                            const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *options,
                            const nwc_mosaic_output *output);

/* ---- kernels ---- */

/* How cells are gathered. */
typedef struct nwc__gathering {
    int32_t method; /* an nwc_mosaic_method */
    float beam_deg, beyond_deg, min_known, radius_min_m, radius_beams;
    float sphere_m, altitude_m; /* of the radar */
    const nwc__bend *bend;
    int64_t nz; /* of the grid */
} nwc__gathering;

/*
 * Neighbouring columns along x: their places in the plane about the radar, and how what is over them moves there. Where
 * there are fewer than 16 the last is repeated.
 */
typedef struct nwc__strip {
    bool moves;
    float east_m[NWC__MOSAIC_COLUMNS], north_m[NWC__MOSAIC_COLUMNS];
    float east_m_s[NWC__MOSAIC_COLUMNS], north_m_s[NWC__MOSAIC_COLUMNS];
} nwc__strip;

/* Some levels of a strip: cells are (level, column). */
typedef struct nwc__block {
    int32_t levels, first;                                          /* how many, and the first */
    const float *range_m, *elevation_deg;                           /* of the cells, as in a lookup */
    const float *lowest_deg, *highest_deg, *nearest_m, *farthest_m; /* of the levels */
    const double *z_m;
} nwc__block;

/* What a radar gives to a block. */
typedef struct nwc__gathered {
    /* Of the quantities of the mosaic: NaN where not known; dBZ, NWC_NOTHING_DBZ where there is no echo. */
    float value[NWC__MOSAIC_QUANTITIES][NWC__MOSAIC_BLOCK];
    /* Age, NaN where no gates are, and the angle to the nearest sweep. */
    float age_s[NWC__MOSAIC_BLOCK], off_deg[NWC__MOSAIC_BLOCK];
} nwc__gathered;

/*
 * What n stacks have of a block, and age and angle of the first of them; without values these alone. Stacks are of one
 * group; of what moves there is one.
 */
typedef void (*nwc__gather)(const nwc__stack *const *stacks, int32_t n, const nwc__gathering *how,
                            const nwc__strip *strip, const nwc__block *block, bool values, nwc__gathered *restrict out);

typedef struct nwc__gather_kernels {
    nwc__gather gather; /* of the eight gates about each cell */
} nwc__gather_kernels;

typedef struct nwc__within_kernels {
    nwc__gather gather; /* of all gates within a radius */
    /*
     * Height of the lowest beam over each column: lowered from what lowest_m is, which may be NaN. True where that is
     * the lowest plane's over all of them.
     */
    bool (*lower)(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip,
                  float *restrict lowest_m);
} nwc__within_kernels;

typedef struct nwc__cells_kernels {
    /*
     * Range and elevation of n cells of one height over places on the ground: sines and 2 sin^2 of half of angles
     * around the earth.
     */
    void (*sight)(double sphere_m, double altitude_m, double reach_m, double z_m, int64_t n,
                  const double *restrict sine, const double *restrict versine, float *restrict range_m,
                  float *restrict elevation_deg);
    /* n gates as they are, or as Z, and NaN behind them to make row. */
    void (*prepare_ray)(const float *restrict from, int64_t step, int64_t n, int64_t row, int32_t as_z,
                        float *restrict to);
    /* Add what is in n gates to patches of them: echo is above nothing. */
    void (*survey)(const float *restrict cells, int64_t n, float nothing, uint8_t *restrict patches);
    /* Of n cells of one radar, in place of off_deg, 0 to 1; where it gives nothing quality is 0 and there is no age. */
    void (*quality)(int64_t n, const float *restrict range_m, const float *restrict qind, const float *restrict blocked,
                    float per_range, float per_age, float per_deg, int32_t radar, const int32_t *restrict radars,
                    float *restrict age_s, float *restrict off_deg);
    void (*fill)(int64_t n, float value, float *restrict cells);
    /* Where a field is known radars gets the bit of the radar. True where that is so for a cell without an age. */
    bool (*mark)(int64_t n, const float *restrict value, const float *restrict age_s, int32_t radar,
                 int32_t *restrict radars);
    /* Age and angle of cells that have no age become others. */
    void (*take_age)(int64_t n, const float *restrict other_age_s, const float *restrict other_off_deg,
                     float *restrict age_s, float *restrict off_deg);
    /*
     * Rows of n cells of four bytes each, COLUMNS from row to row, to rows whose cells are step apart: what of a grid a
     * strip is, from the first strip of its rows, where begins, to the last, where ends. Only whole lines of memory are
     * written in between: carry keeps what is left over for the next strip, COLUMNS cells a row. large: past the
     * caches.
     */
    void (*write)(int32_t rows, int32_t n, bool begins, bool ends, bool large, const void *restrict cells,
                  void *restrict carry, void *restrict to, int64_t to_row, int64_t step);
    /* What was written past the caches is there for other threads. */
    void (*publish)(void);
    /* Reflectivity that is not below that of no echo. */
    void (*limit)(int64_t n, float *restrict dbz);
    /* Add what one radar has of a field to those before it, reflectivity as Z, or take it where it is better. */
    void (*weigh)(int64_t n, const float *restrict value, const float *restrict quality, nwc__averaging averaging,
                  float *restrict sum, float *restrict weight);
    /* And the quality and age of its cells. */
    void (*describe)(int64_t n, const float *restrict quality, const float *restrict age_s, float *restrict best,
                     float *restrict age, float *restrict weight);
    /* sum / weight in place of sum; NaN without weight. */
    void (*mean)(int64_t n, const float *restrict weight, float *restrict sum);
    void (*to_dbz)(int64_t n, float *restrict z);
} nwc__cells_kernels;

/* ---- rows ---- */

/* A mosaic that is being made. */
typedef struct nwc__mosaic_job {
    const nwc__cells_kernels *kernels;
    nwc__gather gather;
    bool (*lower)(const nwc__stack *stack, const nwc__gathering *how, const nwc__strip *strip, float *lowest_m);
    const nwc_grid *grid;
    bool large; /* what is written */
    int32_t n_views;
    nwc__view *views;
    nwc__gathering how; /* beam and radar are each view's own */
    float per_range, per_age, beyond_beams;
    nwc__quantities quantities;
    nwc__metric metric;
    const nwc_field *u, *v; /* NULL: calm */
    const nwc_mosaic_output *output;
} nwc__mosaic_job;

/* Build all levels of a row of the grid. */
void nwc__build_row(const nwc__mosaic_job *job, int64_t j);

#endif

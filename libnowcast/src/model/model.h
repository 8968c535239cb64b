/*
 * What the parts of model share, and the doors of io fill: the list of entries, and where their values come from. Nothing
 * here knows a file format.
 */
#ifndef NWC_MODEL_INTERNAL_H
#define NWC_MODEL_INTERNAL_H

#include "grid/internal.h"
#include "grid/rows.h"

#include <nowcast/model.h>

/* Standard gravity, m s-2; the radius that turns geopotential height into height, m; gas constant of dry air, J kg-1 K-1. */
#define NWC__GRAVITY 9.80665
#define NWC__RADIUS_M 6371229.0
#define NWC__GAS_CONSTANT 287.05

/* An entry, and what its source needs to find it. Texts and grid are the model's. */
typedef struct nwc__model_item {
    nwc_model_entry entry;
    double scale, offset; /* of nwc_model_name */
    int32_t source;
    int64_t where; /* a number of the source's own */
} nwc__model_item;

/* Where values come from. All calls are made by one thread at a time. */
typedef struct nwc__model_source {
    /* entry.points values, rows from south to north, west to east within them */
    nwc_status (*read)(void *state, nwc_ctx *ctx, const nwc__model_item *item, float *values);
    nwc_status (*lonlat)(void *state, nwc_ctx *ctx, const nwc__model_item *item, double *lon_deg, double *lat_deg);
    /* as nwc_model_hybrid; NULL where there are none */
    nwc_status (*hybrid)(void *state, const nwc__model_item *item, int64_t most, double *a, double *b, int64_t *count);
    void (*close)(void *state);
    void *state;
} nwc__model_source;

nwc_status nwc__model_create(nwc_ctx *ctx, nwc_model **model);
/* The model's allocator, which lives as long as it does. */
nwc_ctx *nwc__model_memory(nwc_model *model);
/* The model closes the source, also where this fails. */
nwc_status nwc__model_add_source(nwc_model *model, const nwc__model_source *source);
/* Copy an entry of the source added last. NULL texts become "". */
nwc_status nwc__model_add(nwc_model *model, const nwc__model_item *item);
void nwc__model_set_incomplete(nwc_model *model, const char *reason);
const nwc__model_item *nwc__model_item_at(const nwc_model *model, int64_t index);

/* Values of an entry, scaled, into contiguous memory. */
nwc_status nwc__model_values(nwc_model *model, nwc_ctx *ctx, const nwc__model_item *item, float *values);

/* What a short name is called in CF and in words, with its unit; NULL for others. */
typedef struct nwc__model_term {
    const char *name, *standard_name, *long_name, *units;
} nwc__model_term;
const nwc__model_term *nwc__model_term_of(const char *name);

/* What a system calls a name of the file; NULL where it is not in its list. */
const nwc_model_name *nwc__model_name_of(const nwc_model_options *options, const char *file_name);
/* Give an entry a name of a system's list, with what is known of it, scale and offset. */
void nwc__model_call(const nwc_model_name *given, nwc__model_item *item);
/* The same, if its name or number is in the list. */
void nwc__model_rename(const nwc_model_options *options, nwc__model_item *item);

/* What stands for the values of a variable where nothing else is asked for: "" for themselves, or "mean". */
const char *nwc__model_values_of(const nwc_model *model, const char *name);

/* Whether an entry is one that a query asks for. */
bool nwc__model_matches(const nwc_model_entry *entry, const nwc_model_query *query);

/* ---- levels ---- */

/* Entries of one variable, time, run and member, one for each level, in ascending order of their levels. */
typedef struct nwc__levels {
    int64_t n;
    const nwc__model_item **item;
} nwc__levels;

/* The entries a query asks for; n is 0 where there are none. To be released with the same context. */
nwc_status nwc__levels_find(nwc_ctx *ctx, const nwc_model *model, const nwc_model_query *query, nwc__levels *levels);
void nwc__levels_release(nwc_ctx *ctx, nwc__levels *levels);
/* The entry of a level; NULL where there is none. */
const nwc__model_item *nwc__levels_at(const nwc__levels *levels, double level);

/*
 * Complete a query that has a name: the kind of levels that has most of them, of the kinds in the mask of bits 1 << nwc_model_vertical; the
 * only member; the latest run that covers a time; and the one or two times around it. What the query already asks for
 * stays. NODATA where there is nothing.
 */
nwc_status nwc__model_choose(const nwc_model *model, uint32_t kinds, int64_t time_ns, nwc_model_query *query,
                             int64_t times_ns[2], int32_t *n_times);

/* ---- from levels to heights ---- */

/* What is found once for all variables of a call. */
typedef struct nwc__run {
    nwc_ctx *ctx;
    nwc_model *model;
    const nwc_grid *target;
    const nwc_model_interpolate_options *options;
    const nwc_grid *source; /* what places and turn_from are of; NULL before the first */
    nwc__places places;
    struct nwc__rows rows; /* instead of them, of points on rows of latitude; to NULL before the first */
    double *lon_deg, *lat_deg;
    double *turn_from, *turn_to; /* sines, then cosines */
    /* heights and pressures of the levels below, (n, y, x); n 0 before the first */
    int64_t time_ns, n;
    double *level;
    float *height_m, *pressure_pa;
    float *ground_m; /* (y, x), or NULL where it is not known */
} nwc__run;

void nwc__run_release(nwc__run *run);

/* One entry on the target's horizontal grid, contiguous. */
nwc_status nwc__run_field(nwc__run *run, const nwc__model_item *item, float *out);
/* The same for a wind, turned to the target's axes. */
nwc_status nwc__run_wind(nwc__run *run, const nwc__model_item *u, const nwc__model_item *v, float *u_out, float *v_out);
/* Heights of levels, and pressures where they are known, kept in run. query: what the levels were found by. */
nwc_status nwc__run_heights(nwc__run *run, const nwc_model_query *query, const nwc__levels *levels);

/* ---- heights ---- */

/* Height above mean sea level, m, of a geopotential height. */
double nwc__height_of_geopotential(double geopotential_m);

/*
 * Geopotential heights, m, and pressures, Pa, of the lowest n of levels full levels of one column, from the lowest up. a, b: levels + 1
 * half levels from the top. temperature_k, humidity (kg kg-1; may be NULL): n from the lowest up.
 */
void nwc__hybrid_heights(int64_t levels, int64_t n, const double *a, const double *b, double surface_pa,
                         double ground_m, const float *temperature_k, const float *humidity, float *height_m,
                         float *pressure_pa);

/* ---- columns ---- */

/* How columns are read at heights. */
typedef struct nwc__column_rule {
    int64_t levels; /* of the model */
    int64_t nz;
    const double *z_m;
    double below_m, above_m;
    bool logarithmic; /* interpolate the logarithm of the values */
} nwc__column_rule;

/*
 * One column at the heights wanted. height_m, value: levels, step apart, in any order; levels where either is NaN are left
 * out. out: nz, out_step apart. work: 2 * levels.
 */
void nwc__column_at(const nwc__column_rule *rule, const float *height_m, const float *value, int64_t step, float *out,
                    int64_t out_step, double *work);

#endif

/*
 * What columns of wind tell: shear, motion of supercells (Bunkers et al. 2000), storm-relative helicity, low-level jets (Bonner 1968;
 * Whiteman et al. 1997). Hodographs are straight between levels, for which all of it is exact.
 */
#include "wind/level.h"

#include <nowcast/wind_kinematics.h>

#define MEAN_M 6000.0 /* depth of the mean wind that storms move with */
#define END_M 500.0   /* depth of the layers at its ends, between which the shear is */
#define DEVIATION 7.5 /* m s-1 */
#define JET_TOP_M 3000.0
#define HIGHEST_M 30000.0

enum { CATEGORIES = 4 };

static const double jet_speed[CATEGORIES] = {10.0, 12.0, 16.0, 20.0};
static const double jet_fall[CATEGORIES] = {5.0, 6.0, 8.0, 10.0};

/* A part of a hodograph: points from the bottom of a layer to its top; n is 0 where it is not known throughout. */
struct piece {
    int64_t n;
    double *height, *u, *v;
};

enum { PIECE_ARRAYS = 3 };

static int64_t piece_room(int64_t nz)
{
    return PIECE_ARRAYS * (nz + 4);
}

static struct piece piece_in(double *memory, int64_t nz)
{
    return (struct piece){.height = memory, .u = memory + nz + 4, .v = memory + 2 * (nz + 4)};
}

static void add_point(struct piece *piece, double height, double u, double v)
{
    piece->height[piece->n] = height, piece->u[piece->n] = u, piece->v[piece->n] = v;
    piece->n++;
}

/* Between points k and k + 1 of a column. */
static void add_between(struct piece *piece, const nwc__level_column *column, int64_t k, double height)
{
    const double share = (height - column->height[k]) / (column->height[k + 1] - column->height[k]);
    add_point(piece, height, column->u[k] + share * (column->u[k + 1] - column->u[k]),
              column->v[k] + share * (column->v[k + 1] - column->v[k]));
}

/* Cut a layer out of a column that begins at 10 m. */
static void cut(const nwc__level_column *column, double low, double high, double gap, struct piece *piece)
{
    const double *const h = column->height;
    piece->n = 0;
    low = fmax(low, h[0]);
    if (!(high > low) || high > h[column->n - 1]) return;
    for (int64_t k = 0; k + 1 < column->n && h[k] < high; k++) {
        if (h[k + 1] <= low) continue;
        if (h[k + 1] - h[k] > gap) {
            piece->n = 0;
            return;
        }
        if (piece->n == 0) add_between(piece, column, k, low);
        if (h[k + 1] < high) add_point(piece, h[k + 1], column->u[k + 1], column->v[k + 1]);
        if (h[k + 1] >= high) add_between(piece, column, k, high);
    }
}

static void mean_of(const struct piece *piece, double mean[2])
{
    double sum[2] = {0.0, 0.0};
    mean[0] = mean[1] = NAN;
    if (piece->n == 0) return;
    for (int64_t k = 0; k + 1 < piece->n; k++) {
        const double depth = piece->height[k + 1] - piece->height[k];
        sum[0] += 0.5 * depth * (piece->u[k] + piece->u[k + 1]);
        sum[1] += 0.5 * depth * (piece->v[k] + piece->v[k + 1]);
    }
    const double depth = piece->height[piece->n - 1] - piece->height[0];
    mean[0] = sum[0] / depth, mean[1] = sum[1] / depth;
}

/* ---- columns, one row at a time ---- */

struct job;
typedef void (*column_fn)(const struct job *job, const nwc__level_column *column, struct piece *piece, int64_t j,
                          int64_t i);

struct job {
    const nwc_wind_cube *cube;
    const nwc_wind_level_options *levels;
    column_fn make;
    double low, high;
    const nwc_field *storm_u, *storm_v;
    nwc_field *out[2];
    const nwc_wind_storm *storm;
    const nwc_wind_jet_out *jet;
    double *memory; /* a column and a piece for every row */
};

static void put(const nwc_field *field, int64_t j, int64_t i, double value)
{
    if (field) *nwc__flat_cell(field, j, i) = (float)value;
}

static nwc_status column_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t nz = job->cube->u->dim[0], room = nwc__level_column_room(nz);
    double *const memory = job->memory + j * (room + piece_room(nz));
    nwc__level_column column = nwc__level_column_in(memory, nz);
    struct piece piece = piece_in(memory + room, nz);
    for (int64_t i = 0; i < job->cube->u->dim[2]; i++) {
        nwc__level_column_read(job->cube, job->levels, j, i, &column);
        if (!nwc__level_column_begin(job->levels, &column)) column.n = 0;
        job->make(job, &column, &piece, j, i);
    }
    return NWC_OK;
}

static void cut_layer(const struct job *job, const nwc__level_column *column, double low, double high,
                      struct piece *piece)
{
    piece->n = 0;
    if (column->n > 0) cut(column, low, high, job->levels->gap_m, piece);
}

static nwc_status run(nwc_ctx *ctx, struct job job, const nwc_wind_level_options *levels)
{
    nwc_wind_level_options taken;
    NWC__TRY(nwc__level_take_options(&taken, levels));
    job.levels = &taken;
    nwc_status status = NWC_OK;
    const int64_t ny = job.cube->u->dim[1], nz = job.cube->u->dim[0];
    NWC__ALLOC(ctx, job.memory, ny * (nwc__level_column_room(nz) + piece_room(nz)));
    status = nwc__for_each_tile(ctx, "columns", ny, column_row, &job);
done:
    nwc__free(ctx, job.memory);
    return status;
}

static nwc_status check_layer(double low_m, double high_m)
{
    if (!(low_m >= 0.0 && high_m > low_m && high_m > NWC__LEVEL_SURFACE_M && high_m <= HIGHEST_M))
        return nwc__fail(NWC_ERR_ARG, "low_m, high_m: a layer from 0 to %g m expected, %g to %g given", HIGHEST_M,
                         low_m, high_m);
    return NWC_OK;
}

/* ---- shear ---- */

static void shear_of(const struct job *job, const nwc__level_column *column, struct piece *piece, int64_t j, int64_t i)
{
    cut_layer(job, column, job->low, job->high, piece);
    const int64_t last = piece->n - 1;
    put(job->out[0], j, i, piece->n ? piece->u[last] - piece->u[0] : (double)NAN);
    put(job->out[1], j, i, piece->n ? piece->v[last] - piece->v[0] : (double)NAN);
}

nwc_status nwc_wind_shear(nwc_ctx *ctx, const nwc_wind_cube *cube, double low_m, double high_m,
                          const nwc_wind_level_options *levels, nwc_field *du, nwc_field *dv)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__level_check_cube(ctx, cube));
    NWC__TRY(check_layer(low_m, high_m));
    NWC__TRY(nwc__level_check_flat(du, "du", cube, false));
    NWC__TRY(nwc__level_check_flat(dv, "dv", cube, false));
    const struct job job = {.cube = cube, .make = shear_of, .low = low_m, .high = high_m, .out = {du, dv}};
    return run(ctx, job, levels);
}

/* ---- motion of storms ---- */

static void storm_of(const struct job *job, const nwc__level_column *column, struct piece *piece, int64_t j, int64_t i)
{
    double mean[2], low[2], high[2];
    cut_layer(job, column, 0.0, MEAN_M, piece);
    mean_of(piece, mean);
    cut_layer(job, column, 0.0, END_M, piece);
    mean_of(piece, low);
    cut_layer(job, column, MEAN_M - END_M, MEAN_M, piece);
    mean_of(piece, high);
    const double shear_u = high[0] - low[0], shear_v = high[1] - low[1], speed = hypot(shear_u, shear_v);
    const double share = speed > 0.0 ? DEVIATION / speed : speed; /* NaN stays */
    put(job->storm->mean_u, j, i, mean[0]);
    put(job->storm->mean_v, j, i, mean[1]);
    put(job->storm->right_u, j, i, mean[0] + share * shear_v);
    put(job->storm->right_v, j, i, mean[1] - share * shear_u);
    put(job->storm->left_u, j, i, mean[0] - share * shear_v);
    put(job->storm->left_v, j, i, mean[1] + share * shear_u);
}

nwc_status nwc_wind_storm_motion(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_wind_level_options *levels,
                                 const nwc_wind_storm *storm)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__level_check_cube(ctx, cube));
    if (!storm) return nwc__fail(NWC_ERR_ARG, "storm: what is to be made expected, NULL given");
    const nwc_field *const out[] = {storm->mean_u,  storm->mean_v, storm->right_u,
                                    storm->right_v, storm->left_u, storm->left_v};
    static const char *const names[] = {"mean_u", "mean_v", "right_u", "right_v", "left_u", "left_v"};
    for (int f = 0; f < 6; f++) NWC__TRY(nwc__level_check_flat(out[f], names[f], cube, true));
    const struct job job = {.cube = cube, .make = storm_of, .storm = storm};
    return run(ctx, job, levels);
}

/* ---- helicity ---- */

static void helicity_of(const struct job *job, const nwc__level_column *column, struct piece *piece, int64_t j,
                        int64_t i)
{
    const double c_u = (double)*nwc__flat_cell(job->storm_u, j, i), c_v = (double)*nwc__flat_cell(job->storm_v, j, i);
    double sum = 0.0;
    cut_layer(job, column, job->low, job->high, piece);
    for (int64_t k = 0; k + 1 < piece->n; k++)
        sum += (piece->u[k + 1] - c_u) * (piece->v[k] - c_v) - (piece->u[k] - c_u) * (piece->v[k + 1] - c_v);
    put(job->out[0], j, i, piece->n ? sum : (double)NAN);
}

nwc_status nwc_wind_helicity(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_field *storm_u,
                             const nwc_field *storm_v, double low_m, double high_m,
                             const nwc_wind_level_options *levels, nwc_field *helicity)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__level_check_cube(ctx, cube));
    NWC__TRY(check_layer(low_m, high_m));
    NWC__TRY(nwc__level_check_flat(storm_u, "storm_u", cube, false));
    NWC__TRY(nwc__level_check_flat(storm_v, "storm_v", cube, false));
    NWC__TRY(nwc__level_check_flat(helicity, "helicity", cube, false));
    const struct job job = {.cube = cube,
                            .make = helicity_of,
                            .low = low_m,
                            .high = high_m,
                            .storm_u = storm_u,
                            .storm_v = storm_v,
                            .out = {helicity}};
    return run(ctx, job, levels);
}

/* ---- jets ---- */

static double speed_at(const struct piece *piece, int64_t k)
{
    return hypot(piece->u[k], piece->v[k]);
}

/* The category of the maximum at k, -1 for none. */
static int category_of(const struct piece *piece, int64_t k)
{
    const double most = speed_at(piece, k);
    double least = most;
    for (int64_t m = k + 1; m < piece->n && speed_at(piece, m) <= least; m++) least = speed_at(piece, m);
    int category = -1;
    while (category + 1 < CATEGORIES && most >= jet_speed[category + 1] && most - least >= jet_fall[category + 1])
        category++;
    return category;
}

static void jet_of(const struct job *job, const nwc__level_column *column, struct piece *piece, int64_t j, int64_t i)
{
    int64_t jet = -1, top = column->n - 1;
    int best = -1;
    cut_layer(job, column, 0.0, JET_TOP_M, piece);
    const bool known = piece->n > 0;
    /* What is known below may hold a jet all the same. */
    while (piece->n == 0 && top > 0) cut_layer(job, column, 0.0, fmin(column->height[top--], JET_TOP_M), piece);
    for (int64_t k = 1; k + 1 < piece->n; k++) {
        const double here = speed_at(piece, k);
        if (!(here >= speed_at(piece, k - 1) && here > speed_at(piece, k + 1))) continue;
        const int category = category_of(piece, k);
        if (category > best || (category == best && jet >= 0 && here > speed_at(piece, jet))) best = category, jet = k;
    }
    put(job->jet->category, j, i, jet >= 0 || known ? (double)best : (double)NAN);
    put(job->jet->height_m, j, i, jet >= 0 ? piece->height[jet] : (double)NAN);
    put(job->jet->u, j, i, jet >= 0 ? piece->u[jet] : (double)NAN);
    put(job->jet->v, j, i, jet >= 0 ? piece->v[jet] : (double)NAN);
}

nwc_status nwc_wind_jet(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_wind_level_options *levels,
                        const nwc_wind_jet_out *jet)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__level_check_cube(ctx, cube));
    if (!jet) return nwc__fail(NWC_ERR_ARG, "jet: what is to be made expected, NULL given");
    NWC__TRY(nwc__level_check_flat(jet->category, "category", cube, true));
    NWC__TRY(nwc__level_check_flat(jet->height_m, "height_m", cube, true));
    NWC__TRY(nwc__level_check_flat(jet->u, "jet.u", cube, true));
    NWC__TRY(nwc__level_check_flat(jet->v, "jet.v", cube, true));
    const struct job job = {.cube = cube, .make = jet_of, .jet = jet};
    return run(ctx, job, levels);
}

/*
 * Where the cells of a grid lie as a radar sees them. Places are taken from PROJ at nodes up to 20 km apart, and between
 * them by cubic interpolation of (east, north) in the azimuthal equidistant plane about the radar, a smooth function whose
 * fourth differences are below a millimetre there. Range and elevation follow in closed form (radar/beam.c). Elevations are
 * kept, not numbers of sweeps: one lookup serves whatever the radar scans.
 */
#include "mosaic/internal.h"
#include "radar/beam.h"

NWC__DECLARE_KERNELS(nwc__cells_kernels);

#define NODE_M 20e3
#define DEGREE_M 111e3
#define POLAR_DEG 80.0

enum {
    MOST_STEP = 16,
    SIDE = 1, /* nodes beyond the grid on every side, for the cubic */
    COLUMNS = NWC__MOSAIC_COLUMNS
};

void nwc_mosaic_options_init(nwc_mosaic_options *options)
{
    if (options)
        *options = (nwc_mosaic_options){.struct_size = sizeof *options,
                                        .method = NWC_MOSAIC_LINEAR,
                                        .reflectivity = NWC_MOSAIC_ECHO,
                                        .earth_factor = 4.0 / 3.0,
                                        .max_range_m = 460e3,
                                        .radius_min_m = 750.0,
                                        .radius_beams = 1.25,
                                        .beam_width_deg = 1.0,
                                        .min_known = 0.5,
                                        .max_age_s = 900.0,
                                        .quality_range_m = 150e3,
                                        .quality_age_s = 600.0,
                                        .beyond_beams = 0.5,
                                        .blocked = 0.7};
}

nwc_status nwc__mosaic_options(const nwc_mosaic_options *given, nwc_mosaic_options *options)
{
    nwc_mosaic_options_init(options);
    NWC__TRY(nwc__take_options(options, sizeof *options, given, "options"));
    if (options->method < NWC_MOSAIC_LINEAR || options->method > NWC_MOSAIC_CRESSMAN)
        return nwc__fail(NWC_ERR_ARG, "method: an nwc_mosaic_method expected, %d given", (int)options->method);
    if (options->reflectivity != NWC_MOSAIC_ECHO && options->reflectivity != NWC_MOSAIC_Z)
        return nwc__fail(NWC_ERR_ARG, "reflectivity: an nwc_mosaic_reflectivity expected, %d given",
                         (int)options->reflectivity);
    if (!(options->earth_factor >= 0.5 && options->earth_factor <= 10.0))
        return nwc__fail(NWC_ERR_ARG, "earth_factor: 0.5 to 10 expected, %g given", options->earth_factor);
    const struct {
        const char *name;
        double value;
    } above_0[] = {{"max_range_m", options->max_range_m},         {"radius_min_m", options->radius_min_m},
                   {"beam_width_deg", options->beam_width_deg},   {"max_age_s", options->max_age_s},
                   {"quality_range_m", options->quality_range_m}, {"quality_age_s", options->quality_age_s}};
    for (size_t o = 0; o < sizeof above_0 / sizeof above_0[0]; o++)
        if (!(above_0[o].value > 0.0 && above_0[o].value < 1e9))
            return nwc__fail(NWC_ERR_ARG, "%s: above 0 expected, %g given", above_0[o].name, above_0[o].value);
    if (!(options->radius_beams >= 0.0 && options->radius_beams < 1e3))
        return nwc__fail(NWC_ERR_ARG, "radius_beams: 0 or more expected, %g given", options->radius_beams);
    if (!(options->beyond_beams >= 0.0 && options->beyond_beams <= 10.0))
        return nwc__fail(NWC_ERR_ARG, "beyond_beams: 0 to 10 expected, %g given", options->beyond_beams);
    if (!(options->min_known >= 0.0 && options->min_known <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "min_known: 0 to 1 expected, %g given", options->min_known);
    if (!(options->blocked > 0.0 && options->blocked <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "blocked: above 0 to 1 expected, %g given", options->blocked);
    if (options->n_levels && (!options->height_m || !options->refractivity || options->n_levels < 0))
        return nwc__fail(NWC_ERR_ARG, "n_levels: arrays of heights and refractivities expected with %d levels",
                         (int)options->n_levels);
    if (options->max_range_m > 2e6)
        return nwc__fail(NWC_ERR_ARG, "max_range_m: at most 2000 km expected, %g m given", options->max_range_m);
    return NWC_OK;
}

/* ---- places of columns ---- */

/* Nodes over a grid: node (b, a) lies on the cell ((b - SIDE) step, (a - SIDE) step). */
struct nodes {
    int64_t step, nb, na;
    double *east_m, *north_m;
};

static int64_t step_of(const nwc_grid *grid, double latitude_deg)
{
    const bool degrees = nwc_grid_is_latlon(grid) || strstr(grid->projection, "+o_proj=") != NULL;
    const double y_last = grid->y_first + (double)(grid->ny - 1) * grid->dy;
    if (degrees && (fabs(latitude_deg) > POLAR_DEG || fabs(grid->y_first) > POLAR_DEG || fabs(y_last) > POLAR_DEG))
        return 1; /* meridians meet: nothing is smooth there */
    const double widest_m = fmax(grid->dx, grid->dy) * (degrees ? DEGREE_M : 1.0);
    const double step = floor(NODE_M / widest_m);
    return step < 1.0 ? 1 : step > MOST_STEP ? MOST_STEP : (int64_t)step;
}

struct places {
    const nwc_beam *beam;
    int64_t na;
    const double *lon_deg, *lat_deg;
    double *east_m, *north_m;
};

static nwc_status place_row(int64_t row, void *user)
{
    const struct places *const job = user;
    for (int64_t n = row * job->na; n < (row + 1) * job->na; n++) {
        double ground, azimuth;
        nwc__beam_bearing(job->beam, job->lon_deg[n], job->lat_deg[n], &ground, &azimuth);
        job->east_m[n] = ground * sin(azimuth), job->north_m[n] = ground * cos(azimuth);
    }
    return NWC_OK;
}

/* Nodes by PROJ; their arrays belong to the caller also when it fails. */
static nwc_status make_nodes(nwc_ctx *ctx, const nwc_beam *beam, const nwc_grid *grid, int64_t step,
                             struct nodes *nodes)
{
    nwc_status status = NWC_OK;
    double *lon = NULL, *lat = NULL;
    nodes->step = step;
    nodes->nb = (grid->ny - 1 + step - 1) / step + 1 + 2 * SIDE;
    nodes->na = (grid->nx - 1 + step - 1) / step + 1 + 2 * SIDE;
    const int64_t n = nodes->nb * nodes->na;
    NWC__ALLOC(ctx, lon, n);
    NWC__ALLOC(ctx, lat, n);
    NWC__ALLOC(ctx, nodes->east_m, n);
    NWC__ALLOC(ctx, nodes->north_m, n);
    for (int64_t b = 0; b < nodes->nb; b++)
        for (int64_t a = 0; a < nodes->na; a++) {
            lon[b * nodes->na + a] = grid->x_first + (double)((a - SIDE) * step) * grid->dx;
            lat[b * nodes->na + a] = grid->y_first + (double)((b - SIDE) * step) * grid->dy;
        }
    if ((status = nwc_grid_to_lonlat(ctx, grid, n, lon, lat, lon, lat)) != NWC_OK) goto done;
    struct places job = {beam, nodes->na, lon, lat, nodes->east_m, nodes->north_m};
    status = nwc__for_each_tile(ctx, NULL, nodes->nb, place_row, &job);
done:
    nwc__free(ctx, lat);
    nwc__free(ctx, lon);
    return status;
}

static void free_nodes(nwc_ctx *ctx, struct nodes *nodes)
{
    nwc__free(ctx, nodes->north_m);
    nwc__free(ctx, nodes->east_m);
    *nodes = (struct nodes){0};
}

static bool all_finite(const struct nodes *nodes)
{
    for (int64_t n = 0; n < nodes->nb * nodes->na; n++)
        if (!isfinite(nodes->east_m[n]) || !isfinite(nodes->north_m[n])) return false;
    return true;
}

/* Weights of Lagrange's cubic at f of the way from the second of four nodes to the third. */
static void cubic(double f, double weight[4])
{
    weight[0] = -f * (f - 1.0) * (f - 2.0) / 6.0;
    weight[1] = (f + 1.0) * (f - 1.0) * (f - 2.0) / 2.0;
    weight[2] = -(f + 1.0) * f * (f - 2.0) / 2.0;
    weight[3] = (f + 1.0) * f * (f - 1.0) / 6.0;
}

static double between(const struct nodes *nodes, const double *value, int64_t j, int64_t i)
{
    const int64_t b = j / nodes->step, a = i / nodes->step; /* the node before, SIDE to the left of its number */
    if (nodes->step == 1) return value[(b + SIDE) * nodes->na + a + SIDE];
    double wy[4], wx[4], sum = 0.0;
    cubic((double)(j % nodes->step) / (double)nodes->step, wy);
    cubic((double)(i % nodes->step) / (double)nodes->step, wx);
    for (int y = 0; y < 4; y++) {
        if (wy[y] == 0.0) continue;
        const double *const row = value + (b + y) * nodes->na + a;
        double along = 0.0;
        for (int x = 0; x < 4; x++)
            if (wx[x] != 0.0) along += wx[x] * row[x];
        sum += wy[y] * along;
    }
    return sum;
}

/* How far apart two nodes are; 0 where both are far beyond reach, where directions may jump. */
static double apart(const struct nodes *nodes, int64_t n, int64_t m, double reach_m)
{
    const double far_m = fmin(hypot(nodes->east_m[n], nodes->north_m[n]), hypot(nodes->east_m[m], nodes->north_m[m]));
    return far_m <= 2.0 * reach_m ? hypot(nodes->east_m[n] - nodes->east_m[m], nodes->north_m[n] - nodes->north_m[m])
                                  : 0.0;
}

/* The columns that may be within reach: those about nodes that are within it and a step and a half more. */
static void find_box(const struct nodes *nodes, nwc_mosaic_lookup *lookup)
{
    const nwc_grid *const grid = &lookup->grid;
    int64_t b0 = nodes->nb, b1 = -1, a0 = nodes->na, a1 = -1;
    double longest_m = 0.0;
    for (int64_t n = 1; n < nodes->nb * nodes->na; n++) {
        if (n % nodes->na) longest_m = fmax(longest_m, apart(nodes, n, n - 1, lookup->reach_m));
        if (n >= nodes->na) longest_m = fmax(longest_m, apart(nodes, n, n - nodes->na, lookup->reach_m));
    }
    for (int64_t b = 0; b < nodes->nb; b++)
        for (int64_t a = 0; a < nodes->na; a++)
            if (hypot(nodes->east_m[b * nodes->na + a], nodes->north_m[b * nodes->na + a]) <=
                lookup->reach_m + 1.5 * longest_m) {
                b0 = b < b0 ? b : b0, b1 = b > b1 ? b : b1;
                a0 = a < a0 ? a : a0, a1 = a > a1 ? a : a1;
            }
    const int64_t j0 = (b0 - SIDE - 1) * nodes->step, j1 = (b1 - SIDE + 1) * nodes->step;
    const int64_t i0 = (a0 - SIDE - 1) * nodes->step, i1 = (a1 - SIDE + 1) * nodes->step;
    lookup->j0 = j0 > 0 ? j0 : 0, lookup->i0 = i0 > 0 ? i0 - i0 % NWC__MOSAIC_COLUMNS : 0; /* strips begin at it */
    lookup->nj = (j1 < grid->ny - 1 ? j1 : grid->ny - 1) - lookup->j0 + 1;
    lookup->ni = (i1 < grid->nx - 1 ? i1 : grid->nx - 1) - lookup->i0 + 1;
    if (b1 < 0 || lookup->nj <= 0 || lookup->ni <= 0) lookup->nj = lookup->ni = 0;
    lookup->strips = (lookup->ni + COLUMNS - 1) / COLUMNS;
}

/* ---- cells ---- */

struct fill {
    const nwc__cells_kernels *kernels;
    const struct nodes *nodes;
    nwc_mosaic_lookup *lookup;
    double *farthest_m; /* of each row */
};

static double fill_strip(const struct fill *job, int64_t row, int64_t strip)
{
    nwc_mosaic_lookup *const to = job->lookup;
    const int64_t nz = to->grid.nz, left = to->ni - strip * COLUMNS, n = left < COLUMNS ? left : COLUMNS;
    float *const east_m = to->east_m + (row * to->strips + strip) * COLUMNS;
    float *const north_m = to->north_m + (row * to->strips + strip) * COLUMNS;
    double sine[COLUMNS], versine[COLUMNS], ground[COLUMNS], farthest = 0.0;
    for (int64_t c = 0; c < COLUMNS; c++) { /* the last is repeated */
        const int64_t i = strip * COLUMNS + (c < n ? c : n - 1);
        const double east = between(job->nodes, job->nodes->east_m, to->j0 + row, to->i0 + i);
        const double north = between(job->nodes, job->nodes->north_m, to->j0 + row, to->i0 + i);
        ground[c] = hypot(east, north);
        const double around = ground[c] / to->beam->sphere_m, half = sin(0.5 * around);
        east_m[c] = (float)east, north_m[c] = (float)north;
        sine[c] = sin(around), versine[c] = 2.0 * half * half;
    }
    for (int64_t k = 0; k < nz; k++) {
        const int64_t at = ((row * to->strips + strip) * nz + k) * COLUMNS;
        float *const range = to->range_m + at, *const elevation = to->elevation_deg + at;
        job->kernels->sight(to->beam->sphere_m, to->altitude_m, to->reach_m, to->grid.z_m[k], COLUMNS, sine, versine,
                            range, elevation);
        for (int64_t c = 0; c < COLUMNS; c++)
            if (c >= n || !(ground[c] <= to->reach_m))
                range[c] = INFINITY, elevation[c] = NAN; /* and behind the earth */
        if (to->bend.n) nwc__bend_apply(&to->bend, nz, k, COLUMNS, ground, range, elevation);
        for (int64_t c = 0; c < COLUMNS; c++)
            if (range[c] < INFINITY) farthest = fmax(farthest, (double)range[c]);
    }
    return farthest;
}

/* Between what the cells of a strip lie: range at each level, elevation at each and above it, and at it and below. */
static void bound_strip(nwc_mosaic_lookup *lookup, int64_t row, int64_t strip)
{
    const int64_t nz = lookup->grid.nz, first = (row * lookup->strips + strip) * nz;
    float *const lowest = lookup->lowest_deg + first, *const highest = lookup->highest_deg + first;
    for (int64_t k = 0; k < nz; k++) {
        const float *const elevation = lookup->elevation_deg + (first + k) * COLUMNS;
        const float *const range = lookup->range_m + (first + k) * COLUMNS;
        float low = INFINITY, high = -INFINITY, near = INFINITY, far = 0.0F;
        for (int64_t c = 0; c < COLUMNS; c++) {
            low = elevation[c] < low ? elevation[c] : low; /* NaN is neither */
            high = elevation[c] > high ? elevation[c] : high;
            near = range[c] < near ? range[c] : near;
            far = range[c] < INFINITY && range[c] > far ? range[c] : far;
        }
        lowest[k] = low, highest[k] = high;
        lookup->nearest_m[first + k] = near, lookup->farthest_m[first + k] = far;
    }
    for (int64_t k = nz - 2; k >= 0; k--) lowest[k] = lowest[k + 1] < lowest[k] ? lowest[k + 1] : lowest[k];
    for (int64_t k = 1; k < nz; k++) highest[k] = highest[k - 1] > highest[k] ? highest[k - 1] : highest[k];
}

static nwc_status fill_row(int64_t row, void *user)
{
    const struct fill *const job = user;
    double farthest = 0.0;
    for (int64_t strip = 0; strip < job->lookup->strips; strip++) {
        farthest = fmax(farthest, fill_strip(job, row, strip));
        bound_strip(job->lookup, row, strip);
    }
    job->farthest_m[row] = farthest;
    return NWC_OK;
}

static nwc_status fill_cells(nwc_ctx *ctx, const struct nodes *nodes, nwc_mosaic_lookup *lookup)
{
    nwc_status status = NWC_OK;
    const int64_t strips = lookup->nj * lookup->strips, nz = lookup->grid.nz;
    struct fill job = {.kernels = NWC__KERNELS(ctx, nwc__cells_kernels), .nodes = nodes, .lookup = lookup};
    if (!strips) return NWC_OK;
    NWC__ALLOC(&lookup->memory, lookup->east_m, strips * COLUMNS);
    NWC__ALLOC(&lookup->memory, lookup->north_m, strips * COLUMNS);
    NWC__ALLOC(&lookup->memory, lookup->range_m, strips * nz * COLUMNS);
    NWC__ALLOC(&lookup->memory, lookup->elevation_deg, strips * nz * COLUMNS);
    NWC__ALLOC(&lookup->memory, lookup->lowest_deg, strips * nz);
    NWC__ALLOC(&lookup->memory, lookup->highest_deg, strips * nz);
    NWC__ALLOC(&lookup->memory, lookup->nearest_m, strips * nz);
    NWC__ALLOC(&lookup->memory, lookup->farthest_m, strips * nz);
    NWC__ALLOC(ctx, job.farthest_m, lookup->nj);
    if ((status = nwc__for_each_tile(ctx, "lookup", lookup->nj, fill_row, &job)) != NWC_OK) goto done;
    for (int64_t j = 0; j < lookup->nj; j++) lookup->end_m = fmax(lookup->end_m, job.farthest_m[j]);
done:
    nwc__free(ctx, job.farthest_m);
    return status;
}

static nwc_status copy_grid(nwc_mosaic_lookup *lookup, const nwc_grid *grid)
{
    nwc_status status = NWC_OK;
    lookup->grid = *grid;
    if (!(lookup->projection = nwc__copy_text(&lookup->memory, grid->projection))) return NWC_ERR_NOMEM;
    NWC__ALLOC(&lookup->memory, lookup->z_m, grid->nz);
    memcpy(lookup->z_m, grid->z_m, (size_t)grid->nz * sizeof *grid->z_m);
    lookup->grid.projection = lookup->projection, lookup->grid.z_m = lookup->z_m;
done:
    return status;
}

nwc_status nwc__check_mosaic_grid(nwc_ctx *ctx, const nwc_grid *grid)
{
    NWC__TRY(nwc_grid_check(ctx, grid));
    if (grid->nz < 1 || grid->nz > NWC_MOSAIC_MOST_LEVELS)
        return nwc__fail(NWC_ERR_ARG, "grid: 1 to %d levels expected, %lld given", NWC_MOSAIC_MOST_LEVELS,
                         (long long)grid->nz);
    return NWC_OK;
}

nwc_status nwc__lookup_create(nwc_ctx *ctx, const nwc_volume_facts *facts, const nwc_grid *grid,
                              const nwc_mosaic_options *options, nwc_mosaic_lookup **made)
{
    nwc_status status = NWC_OK;
    struct nodes nodes = {0};
    nwc_mosaic_lookup *lookup;
    NWC__ALLOC(ctx, lookup, 1);
    *lookup = (nwc_mosaic_lookup){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                                  .latitude_deg = facts->latitude_deg,
                                  .longitude_deg = facts->longitude_deg,
                                  .altitude_m = facts->altitude_m,
                                  .reach_m = options->max_range_m};
    const nwc_beam_options bending = {.struct_size = sizeof bending,
                                      .earth_factor = options->earth_factor,
                                      .n_levels = options->n_levels,
                                      .height_m = options->height_m,
                                      .refractivity = options->refractivity};
    if ((status = nwc_beam_create(ctx, facts->latitude_deg, facts->longitude_deg, facts->altitude_m, &bending,
                                  &lookup->beam)) != NWC_OK)
        goto done;
    if ((status = copy_grid(lookup, grid)) != NWC_OK) goto done;
    if ((status = make_nodes(ctx, lookup->beam, grid, step_of(grid, facts->latitude_deg), &nodes)) != NWC_OK) goto done;
    if (nodes.step > 1 && !all_finite(&nodes)) { /* the projection ends within the grid */
        free_nodes(ctx, &nodes);
        if ((status = make_nodes(ctx, lookup->beam, grid, 1, &nodes)) != NWC_OK) goto done;
    }
    find_box(&nodes, lookup);
    if (lookup->nj && options->n_levels &&
        (status = nwc__bend_create(ctx, &lookup->memory, lookup->beam, &lookup->grid, lookup->reach_m,
                                   &lookup->bend)) != NWC_OK)
        goto done;
    status = fill_cells(ctx, &nodes, lookup);
done:
    free_nodes(ctx, &nodes);
    if (status == NWC_OK)
        *made = lookup;
    else
        nwc_mosaic_lookup_destroy(lookup);
    return status;
}

nwc_status nwc_mosaic_lookup_create(nwc_ctx *ctx, const nwc_volume *volume, const nwc_grid *grid,
                                    const nwc_mosaic_options *given, nwc_mosaic_lookup **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "lookup: a place for the lookup expected, NULL given");
    *made = NULL;
    nwc_mosaic_options options;
    nwc_volume_facts facts;
    NWC__TRY(nwc__mosaic_options(given, &options));
    NWC__TRY(nwc__check_mosaic_grid(ctx, grid));
    NWC__TRY(nwc_volume_describe(volume, &facts));
    return nwc__lookup_create(ctx, &facts, grid, &options, made);
}

/* Whether a beam is that of options. */
static bool bends_alike(const nwc_beam *beam, const nwc_mosaic_options *options)
{
    if (beam->levels != options->n_levels || beam->sphere_m != options->earth_factor * beam->earth_m) return false;
    for (int32_t l = 0; l < beam->levels; l++)
        if (beam->level_m[l] != options->height_m[l] || beam->level_n[l] != 1e-6 * options->refractivity[l])
            return false;
    return true;
}

bool nwc__lookup_serves(const nwc_mosaic_lookup *lookup, const nwc_volume_facts *facts, const nwc_grid *grid,
                        const nwc_mosaic_options *options)
{
    const nwc_grid *const own = &lookup->grid;
    return facts->latitude_deg == lookup->latitude_deg && facts->longitude_deg == lookup->longitude_deg &&
           facts->altitude_m == lookup->altitude_m && bends_alike(lookup->beam, options) &&
           options->max_range_m == lookup->reach_m && grid->nx == own->nx && grid->ny == own->ny &&
           grid->nz == own->nz && grid->x_first == own->x_first && grid->y_first == own->y_first &&
           grid->dx == own->dx && grid->dy == own->dy && strcmp(grid->projection, own->projection) == 0 &&
           memcmp(grid->z_m, own->z_m, (size_t)own->nz * sizeof *own->z_m) == 0;
}

int32_t nwc_mosaic_lookup_serves(const nwc_mosaic_lookup *lookup, const nwc_volume *volume, const nwc_grid *grid,
                                 const nwc_mosaic_options *given)
{
    nwc_mosaic_options options;
    nwc_volume_facts facts;
    if (!lookup || !volume || !grid || !grid->projection || (grid->nz && !grid->z_m)) return 0;
    if (nwc__mosaic_options(given, &options) != NWC_OK || nwc_volume_describe(volume, &facts) != NWC_OK) return 0;
    return nwc__lookup_serves(lookup, &facts, grid, &options);
}

int64_t nwc_mosaic_lookup_bytes(const nwc_mosaic_lookup *lookup)
{
    if (!lookup) return 0;
    const int64_t strips = lookup->nj * lookup->strips, nz = lookup->grid.nz;
    const int64_t numbers = strips * 2 * (COLUMNS * (nz + 1) + 2 * nz) + 2 * lookup->bend.n * nz;
    return (int64_t)sizeof *lookup + numbers * (int64_t)sizeof(float);
}

void nwc_mosaic_lookup_destroy(nwc_mosaic_lookup *lookup)
{
    if (!lookup) return;
    struct nwc_ctx memory = lookup->memory;
    nwc__free(&memory, lookup->farthest_m);
    nwc__free(&memory, lookup->nearest_m);
    nwc__free(&memory, lookup->highest_deg);
    nwc__free(&memory, lookup->lowest_deg);
    nwc__free(&memory, lookup->elevation_deg);
    nwc__free(&memory, lookup->range_m);
    nwc__free(&memory, lookup->north_m);
    nwc__free(&memory, lookup->east_m);
    nwc__free(&memory, lookup->z_m);
    nwc__free(&memory, lookup->projection);
    nwc__free(&memory, lookup->bend.range_m);
    nwc__free(&memory, lookup->bend.elevation_deg);
    nwc_beam_destroy(lookup->beam);
    nwc__free(&memory, lookup);
}

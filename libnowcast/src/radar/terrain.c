/*
 * Beam blockage (Bech et al. 2003). Every part of a beam is a line of its own: heights of the ground are sampled along it as
 * finely as they are given, between the nodes of a lookup that knows where places about the radar lie among them; what reaches
 * into the part hides its share of the cross-section, by closed form. Over the beam's axis heights are measured in half widths of
 * the beam, so that what hides a part at one range hides it at all ranges beyond.
 */
#include "grid/internal.h"
#include "radar/beam.h"
#include "radar/rays.h"
#include "radar/terrain_kernel.h"

#include <nowcast/terrain.h>

NWC__DECLARE_KERNELS(nwc__terrain_kernels);

#define NODE_M 4000.0 /* apart: places between them are linear to half a metre */
#define FINE_M 100.0  /* ground is sampled in steps of half a cell, but no finer than this, or a cell */
#define LEAST_COSINE 0.1

enum { MOST_PARTS = 64, MOST_SAMPLES = 64 /* in a gate */, BLOCKS = 32 /* of rays */ };

/* The beams of a call. */
struct beams {
    const nwc_beam *beam;
    double width_h, width_v; /* radians */
    int64_t n_rays, n_gates;
    const float *azimuth_deg, *elevation_deg;
    double first_gate_m, gate_spacing_m, nearest_m;
};

/* A part of the unit circle: its edges, and the area from the middle to them above the axis. */
struct part {
    double from, to, area_from, area_to;
};

struct scratch {
    double *range_m, *ground_m;       /* (sample) */
    float *beam_m, *per_m, *height_m; /* (sample) */
    nwc__along *along;
    float *over;                  /* (gate) */
    double *partial, *cumulative; /* (gate) */
    bool *known;                  /* (gate) */
};

struct job {
    const nwc__terrain_kernels *kernels;
    const struct beams *beams;
    nwc__ground ground;
    double *node[2]; /* columns and rows, owned */
    double highest_m;
    int32_t parts;
    int64_t samples; /* in a gate */
    struct part part[MOST_PARTS];
    struct scratch scratch; /* of the first block; the others' lie behind */
    float *partial, *cumulative, *height_m;
};

/* ---- the cross-section ---- */

/* The area between the axis and the unit circle from the middle to t. */
static double upper_area(double t)
{
    return 0.5 * (t * sqrt(fmax(0.0, 1.0 - t * t)) + asin(fmax(-1.0, fmin(1.0, t))));
}

/* The area of a part of the unit circle that lies below y. Over all parts of one y: eq. 1 of Bech et al. (2003), times pi. */
static double hidden_area(const struct part *part, double y)
{
    const double whole = 2.0 * (part->area_to - part->area_from);
    if (!(y > -1.0)) return 0.0;
    if (y >= 1.0) return whole;
    const double reach = sqrt(1.0 - y * y); /* nearer than that to the middle, y lies within the circle */
    const double from = fmax(-reach, fmin(reach, part->from)), to = fmax(-reach, fmin(reach, part->to));
    const double within = upper_area(to) - upper_area(from);
    return y * (to - from) + within + (y > 0.0 ? whole - 2.0 * within : 0.0);
}

static void cut_parts(struct job *job)
{
    for (int32_t p = 0; p < job->parts; p++) {
        const double from = 2.0 * p / job->parts - 1.0, to = 2.0 * (p + 1) / job->parts - 1.0;
        job->part[p] = (struct part){from, to, upper_area(from), upper_area(to)};
    }
}

/* ---- where the ground is known ---- */

/* Columns of longitudes count from the radar, so that the nodes know of no seam. */
static void find_cells(const nwc_grid *grid, double lon_deg, int64_t n, double *column, double *row)
{
    const double middle = grid->x_first + 0.5 * (double)(grid->nx - 1) * grid->dx;
    const bool degrees = nwc_grid_is_latlon(grid);
    const double own = middle + remainder(lon_deg - middle, 360.0);
    for (int64_t k = 0; k < n; k++) {
        const double x = degrees ? own + remainder(column[k] - lon_deg, 360.0) : column[k];
        column[k] = (x - grid->x_first) / grid->dx;
        row[k] = (row[k] - grid->y_first) / grid->dy;
    }
}

/* Nodes that reach so far along the ground to all sides. */
static nwc_status make_nodes(nwc_ctx *ctx, const nwc_beam *beam, const nwc_grid *grid, double reach_m, struct job *job)
{
    nwc_status status = NWC_OK;
    const int64_t side = (int64_t)ceil(reach_m / NODE_M) + 1, n = 2 * side + 1;
    NWC__ALLOC(ctx, job->node[0], n * n);
    NWC__ALLOC(ctx, job->node[1], n * n);
    double *const column = job->node[0], *const row = job->node[1];
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < n; i++) {
            const double east = (double)(i - side) * NODE_M, north = (double)(j - side) * NODE_M;
            geod_direct(&beam->ellipsoid, beam->latitude_deg, beam->longitude_deg, atan2(east, north) / NWC__RADIANS,
                        hypot(east, north), &row[j * n + i], &column[j * n + i], NULL);
        }
    if ((status = nwc_grid_from_lonlat(ctx, grid, n * n, column, row, column, row)) != NWC_OK) goto done;
    find_cells(grid, beam->longitude_deg, n * n, column, row);
    job->ground.n = n, job->ground.first_m = -(double)side * NODE_M, job->ground.per_m = 1.0 / NODE_M;
    job->ground.column = column, job->ground.row = row;
done:
    return status;
}

/* The shorter side of a cell, by how many there are from the radar to the next nodes; of no cells the nodes themselves. */
static double cell_size(const nwc__ground *ground)
{
    const int64_t middle = ground->n / 2 * (ground->n + 1), next[2] = {middle + 1, middle + ground->n};
    double most = 0.0;
    for (int a = 0; a < 2; a++)
        most = fmax(most, hypot(ground->column[next[a]] - ground->column[middle],
                                ground->row[next[a]] - ground->row[middle]));
    return most > 0.0 ? NODE_M / most : NODE_M;
}

/* The highest ground among the cells the nodes lie between; -INFINITY where none is known. */
static double highest_of(const nwc__ground *ground)
{
    double least[2] = {INFINITY, INFINITY}, most[2] = {-INFINITY, -INFINITY};
    for (int64_t k = 0; k < ground->n * ground->n; k++) {
        least[0] = fmin(least[0], ground->row[k]), most[0] = fmax(most[0], ground->row[k]);
        least[1] = fmin(least[1], ground->column[k]), most[1] = fmax(most[1], ground->column[k]);
    }
    const int64_t size[2] = {ground->ny, ground->nx};
    int64_t from[2], to[2];
    for (int a = 0; a < 2; a++) {
        const bool all = a == 1 && ground->round;
        from[a] = all || !(least[a] > 0.0) ? 0 : least[a] < (double)size[a] ? (int64_t)least[a] : size[a];
        to[a] = all || !(most[a] < (double)(size[a] - 2)) ? size[a] : most[a] > 0.0 ? (int64_t)most[a] + 2 : 1;
    }
    float highest = -INFINITY;
    for (int64_t j = from[0]; j < to[0]; j++)
        for (int64_t i = from[1]; i < to[1]; i++)
            highest = fmaxf(highest, ground->cells[j * ground->stride_y + i * ground->stride_x]);
    return (double)highest;
}

static nwc_status take_ground(nwc_ctx *ctx, const nwc_beam *beam, const nwc_field *field, double reach_m,
                              struct job *job)
{
    const nwc_grid *const grid = field->grid;
    job->ground =
        (nwc__ground){.cells = field->data,
                      .ny = field->dim[0],
                      .nx = field->dim[1],
                      .stride_y = field->stride[0],
                      .stride_x = field->stride[1],
                      .round = nwc_grid_is_latlon(grid) && fabs((double)grid->nx * grid->dx - 360.0) < 0.01 * grid->dx};
    NWC__TRY(make_nodes(ctx, beam, grid, reach_m, job));
    job->highest_m = highest_of(&job->ground);
    if (job->highest_m == -INFINITY)
        return nwc__fail(NWC_ERR_NODATA, "ground_m: heights within %.0f km of the radar expected, none known",
                         1e-3 * reach_m);
    return NWC_OK;
}

/* ---- rays ---- */

/* Sample the beam at its axis: heights, half widths, distances along the ground. What is too near is below any beam. */
static void follow(const struct job *job, double elevation, int64_t gates, const struct scratch *s)
{
    const struct beams *const beams = job->beams;
    const double half = tan(0.5 * beams->width_v), step = beams->gate_spacing_m / (double)job->samples;
    const int64_t n = gates * job->samples;
    for (int64_t k = 0; k < n; k++)
        s->range_m[k] = fmax(0.0, beams->first_gate_m - 0.5 * beams->gate_spacing_m + ((double)k + 0.5) * step);
    nwc__beam_follow(beams->beam, elevation, n, s->range_m, s->along);
    for (int64_t k = 0; k < n; k++) {
        const bool near = !(s->range_m[k] >= beams->nearest_m && s->range_m[k] > 0.0);
        s->ground_m[k] = s->along[k].ground_m;
        s->beam_m[k] = near ? INFINITY : (float)s->along[k].height_m;
        s->per_m[k] = near ? 1.0F : (float)(1.0 / (s->range_m[k] * half));
    }
}

/* How many gates there are up to the last whose beam is not above all ground. */
static int64_t gates_to_look_at(const struct job *job, double elevation, const struct scratch *s)
{
    const struct beams *const beams = job->beams;
    const double half = tan(0.5 * beams->width_v);
    for (int64_t g = 0; g < beams->n_gates; g++)
        s->range_m[g] = fmax(0.0, beams->first_gate_m + ((double)g + 0.5) * beams->gate_spacing_m);
    nwc__beam_follow(beams->beam, elevation, beams->n_gates, s->range_m, s->along);
    for (int64_t g = beams->n_gates; g > 0; g--) /* the far edge of gate g - 1 */
        if (s->along[g - 1].height_m - s->range_m[g - 1] * half <= job->highest_m)
            return g < beams->n_gates ? g + 1 : g;
    return 1;
}

static void look_along(const struct job *job, double azimuth, double elevation, int64_t gates, const struct scratch *s)
{
    const struct beams *const beams = job->beams;
    const double wide = 0.5 * beams->width_h / fmax(LEAST_COSINE, cos(elevation));
    for (int64_t g = 0; g < gates; g++) s->partial[g] = s->cumulative[g] = 0.0, s->known[g] = false;
    follow(job, elevation, gates, s);
    for (int32_t p = 0; p < job->parts; p++) {
        const struct part *const part = &job->part[p];
        const double line = azimuth + wide * 0.5 * (part->from + part->to);
        job->kernels->heights(&job->ground, sin(line), cos(line), s->ground_m, gates * job->samples, s->height_m);
        job->kernels->highest(s->height_m, s->beam_m, s->per_m, gates, job->samples, s->over);
        double most = -INFINITY, area = 0.0;
        for (int64_t g = 0; g < gates; g++) {
            const double over = (double)s->over[g];
            s->known[g] = s->known[g] || !isnan(over);
            s->partial[g] += hidden_area(part, over);
            if (over > most) most = over, area = hidden_area(part, most);
            s->cumulative[g] += area;
        }
    }
}

static float share(double area)
{
    return (float)fmax(0.0, fmin(1.0, area / NWC__PI));
}

static void look(const struct job *job, int64_t ray, const struct scratch *s)
{
    const struct beams *const beams = job->beams;
    const double azimuth = (double)beams->azimuth_deg[ray] * NWC__RADIANS;
    const double elevation = (double)beams->elevation_deg[ray] * NWC__RADIANS;
    const int64_t n = beams->n_gates;
    if (!isfinite(azimuth) || !isfinite(elevation)) {
        for (int64_t g = 0; job->cumulative && g < n; g++) job->cumulative[ray * n + g] = NAN;
        return;
    }
    const int64_t gates = gates_to_look_at(job, elevation, s);
    look_along(job, azimuth, elevation, gates, s);
    for (int64_t g = 0; g < n; g++) {
        const bool above = g >= gates;
        if (job->partial) job->partial[ray * n + g] = above ? 0.0F : s->known[g] ? share(s->partial[g]) : NAN;
        if (job->cumulative) job->cumulative[ray * n + g] = share(s->cumulative[above ? gates - 1 : g]);
    }
    if (!job->height_m) return;
    for (int64_t g = 0; g < n; g++) s->range_m[g] = fmax(0.0, beams->first_gate_m + (double)g * beams->gate_spacing_m);
    nwc__beam_follow(beams->beam, elevation, n, s->range_m, s->along);
    for (int64_t g = 0; g < n; g++) s->ground_m[g] = s->along[g].ground_m;
    job->kernels->heights(&job->ground, sin(azimuth), cos(azimuth), s->ground_m, n, job->height_m + ray * n);
}

static nwc_status look_block(int64_t block, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->beams->n_rays, gates = block * job->beams->n_gates, samples = gates * job->samples;
    const struct scratch *const s = &job->scratch;
    const struct scratch own = {s->range_m + samples,  s->ground_m + samples, s->beam_m + samples, s->per_m + samples,
                                s->height_m + samples, s->along + samples,    s->over + gates,     s->partial + gates,
                                s->cumulative + gates, s->known + gates};
    for (int64_t ray = block * n / BLOCKS; ray < (block + 1) * n / BLOCKS; ray++) look(job, ray, &own);
    return NWC_OK;
}

/* ---- calls ---- */

static nwc_status make_scratch(nwc_ctx *ctx, const struct job *job, struct scratch *s)
{
    nwc_status status = NWC_OK;
    const int64_t gates = BLOCKS * job->beams->n_gates, samples = gates * job->samples;
    NWC__ALLOC(ctx, s->range_m, samples);
    NWC__ALLOC(ctx, s->ground_m, samples);
    NWC__ALLOC(ctx, s->beam_m, samples);
    NWC__ALLOC(ctx, s->per_m, samples);
    NWC__ALLOC(ctx, s->height_m, samples);
    NWC__ALLOC(ctx, s->along, samples);
    NWC__ALLOC(ctx, s->over, gates);
    NWC__ALLOC(ctx, s->partial, gates);
    NWC__ALLOC(ctx, s->cumulative, gates);
    NWC__ALLOC(ctx, s->known, gates);
done:
    return status;
}

static void free_scratch(nwc_ctx *ctx, struct scratch *s)
{
    nwc__free(ctx, s->known);
    nwc__free(ctx, s->cumulative);
    nwc__free(ctx, s->partial);
    nwc__free(ctx, s->over);
    nwc__free(ctx, s->along);
    nwc__free(ctx, s->height_m);
    nwc__free(ctx, s->per_m);
    nwc__free(ctx, s->beam_m);
    nwc__free(ctx, s->ground_m);
    nwc__free(ctx, s->range_m);
}

/* The farthest place along the ground that any of the beams can be over. */
static double reach_of(const struct beams *beams)
{
    return fmax(0.0, beams->first_gate_m + ((double)beams->n_gates - 0.5) * beams->gate_spacing_m);
}

/* Look at all rays. The ground has been taken. */
static nwc_status look_at_all(nwc_ctx *ctx, struct job *job)
{
    nwc_status status;
    const double cell_m = cell_size(&job->ground), step_m = fmax(0.5 * cell_m, fmin(cell_m, FINE_M));
    const double wanted = ceil(job->beams->gate_spacing_m / step_m - 0.01); /* not one more for rounding */
    job->samples = wanted < MOST_SAMPLES ? (int64_t)fmax(1.0, wanted) : MOST_SAMPLES;
    job->scratch = (struct scratch){0};
    if ((status = make_scratch(ctx, job, &job->scratch)) == NWC_OK)
        status = nwc__for_each_tile(ctx, "terrain", BLOCKS, look_block, job);
    free_scratch(ctx, &job->scratch);
    return status;
}

void nwc_terrain_options_init(nwc_terrain_options *options)
{
    if (!options) return;
    *options = (nwc_terrain_options){.struct_size = sizeof *options,
                                     .earth_factor = 4.0 / 3.0,
                                     .beam_width_deg = 1.0,
                                     .nearest_m = 1000.0,
                                     .parts = 9,
                                     .most = 0.7};
}

static nwc_status take_options(const nwc_terrain_options *given, nwc_terrain_options *o)
{
    nwc_terrain_options_init(o);
    NWC__TRY(nwc__take_options(o, sizeof *o, given, "nwc_terrain_options"));
    if (!(o->beam_width_deg > 0.0 && o->beam_width_deg < 90.0))
        return nwc__fail(NWC_ERR_ARG, "beam_width_deg: above 0 and below 90 expected, %g given", o->beam_width_deg);
    if (!(o->nearest_m >= 0.0)) return nwc__fail(NWC_ERR_ARG, "nearest_m: 0 or more expected, %g given", o->nearest_m);
    if (o->parts < 1 || o->parts > MOST_PARTS)
        return nwc__fail(NWC_ERR_ARG, "parts: 1 to %d expected, %d given", MOST_PARTS, (int)o->parts);
    if (!(o->most > 0.0 && o->most < 1.0))
        return nwc__fail(NWC_ERR_ARG, "most: above 0 and below 1 expected, %g given", o->most);
    return NWC_OK;
}

static nwc_status check_ground(nwc_ctx *ctx, const nwc_field *ground_m)
{
    NWC__TRY(nwc__check_field(ground_m, "ground_m", 2));
    NWC__TRY(nwc__check_on_grid(ctx, ground_m, "ground_m"));
    if (!ground_m->units || strcmp(ground_m->units, "m") != 0)
        return nwc__fail(NWC_ERR_ARG, "ground_m: units of m expected, %s given",
                         ground_m->units ? ground_m->units : "none");
    return NWC_OK;
}

static void free_nodes(nwc_ctx *ctx, struct job *job)
{
    nwc__free(ctx, job->node[1]);
    nwc__free(ctx, job->node[0]);
}

nwc_status nwc_terrain_table(nwc_ctx *ctx, const nwc_beam *beam, const nwc_field *ground_m, double width_h_deg,
                             double width_v_deg, int64_t n_rays, const float *azimuth_deg, const float *elevation_deg,
                             int64_t n_gates, double first_gate_m, double gate_spacing_m,
                             const nwc_terrain_options *given, float *partial, float *cumulative, float *height_m)
{
    ctx = nwc__ctx(ctx);
    nwc_terrain_options options;
    NWC__TRY(take_options(given, &options));
    NWC__TRY(check_ground(ctx, ground_m));
    if (!beam || !azimuth_deg || !elevation_deg || n_rays < 1 || n_rays > NWC__MOST_RAYS || n_gates < 1 ||
        n_gates > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_ARG, "beam, rays, gates: a beam, 1 to %d rays and 1 to %d gates expected",
                         (int)NWC__MOST_RAYS, (int)NWC__MOST_GATES);
    if (!(gate_spacing_m > 0.0 && fabs(first_gate_m) <= 1e6 && first_gate_m + (double)n_gates * gate_spacing_m <= 2e6))
        return nwc__fail(NWC_ERR_ARG,
                         "gates: some metres apart, within 2000 km, expected, first at %g m and %g m apart given",
                         first_gate_m, gate_spacing_m);
    if (!(width_h_deg > 0.0 && width_h_deg < 90.0 && width_v_deg > 0.0 && width_v_deg < 90.0))
        return nwc__fail(NWC_ERR_ARG, "widths: above 0 and below 90 degrees expected, %g and %g given", width_h_deg,
                         width_v_deg);
    for (int64_t r = 0; r < n_rays; r++)
        if (!isfinite(azimuth_deg[r]) || !(fabsf(elevation_deg[r]) <= 90.0F))
            return nwc__fail(NWC_ERR_ARG, "ray %lld: an azimuth and an elevation expected, %g and %g given",
                             (long long)r, (double)azimuth_deg[r], (double)elevation_deg[r]);
    const struct beams beams = {beam,
                                width_h_deg * NWC__RADIANS,
                                width_v_deg * NWC__RADIANS,
                                n_rays,
                                n_gates,
                                azimuth_deg,
                                elevation_deg,
                                first_gate_m,
                                gate_spacing_m,
                                options.nearest_m};
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__terrain_kernels),
                      .beams = &beams,
                      .parts = options.parts,
                      .partial = partial,
                      .cumulative = cumulative,
                      .height_m = height_m};
    cut_parts(&job);
    nwc_status status = take_ground(ctx, beam, ground_m, reach_of(&beams), &job);
    if (status == NWC_OK) status = look_at_all(ctx, &job);
    free_nodes(ctx, &job);
    return status;
}

/* The gates of a sweep that are to have CBB; false for a sweep without moments. */
static bool find_gates(const nwc_volume *volume, int32_t sweep, nwc__gates *gates)
{
    static const char *const names[] = {"DBZH", "DBTH"};
    nwc_moment moment;
    bool found = false;
    for (size_t k = 0; k < sizeof names / sizeof names[0] && !found; k++)
        found = nwc__find(volume, sweep, names[k], &moment);
    found = found || nwc_volume_moment(volume, sweep, 0, &moment) == NWC_OK;
    if (found) *gates = nwc__gates_of(&moment);
    return found;
}

static nwc_status block_sweep(nwc_ctx *ctx, nwc_volume *volume, int32_t index, struct beams *beams, struct job *job)
{
    nwc_sweep sweep;
    nwc__gates gates;
    if (!find_gates(volume, index, &gates)) return NWC_OK;
    NWC__TRY(nwc_volume_sweep(volume, index, &sweep));
    beams->n_rays = sweep.n_rays, beams->n_gates = gates.n;
    beams->azimuth_deg = sweep.azimuth_deg, beams->elevation_deg = sweep.elevation_deg;
    beams->first_gate_m = gates.first_m, beams->gate_spacing_m = gates.spacing_m;
    NWC__TRY(nwc__put_on_gates(volume, index, "CBB", "1", &gates, &job->cumulative));
    const nwc_status status = look_at_all(ctx, job);
    for (int64_t c = 0; status != NWC_OK && c < beams->n_rays * gates.n; c++) job->cumulative[c] = NAN;
    return status;
}

nwc_status nwc_terrain_block(nwc_ctx *ctx, nwc_volume *volume, const nwc_field *ground_m,
                             const nwc_terrain_options *given)
{
    ctx = nwc__ctx(ctx);
    nwc_terrain_options options;
    nwc_volume_facts facts;
    NWC__TRY(take_options(given, &options));
    NWC__TRY(nwc_volume_describe(volume, &facts));
    NWC__TRY(check_ground(ctx, ground_m));
    const nwc_beam_options bending = {.struct_size = sizeof bending, .earth_factor = options.earth_factor};
    const double otherwise = options.beam_width_deg;
    nwc_beam *beam;
    double reach_m = 0.0;
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        nwc__gates gates;
        if (!find_gates(volume, s, &gates)) continue;
        reach_m = fmax(reach_m, gates.first_m + ((double)gates.n - 0.5) * gates.spacing_m);
    }
    NWC__TRY(nwc_beam_create(ctx, facts.latitude_deg, facts.longitude_deg, facts.altitude_m, &bending, &beam));
    struct beams beams = {.beam = beam,
                          .width_h = NWC__RADIANS * (facts.beam_width_h_deg > 0.0 ? facts.beam_width_h_deg : otherwise),
                          .width_v = NWC__RADIANS * (facts.beam_width_v_deg > 0.0 ? facts.beam_width_v_deg : otherwise),
                          .nearest_m = options.nearest_m};
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__terrain_kernels), .beams = &beams, .parts = options.parts};
    cut_parts(&job);
    nwc_status status = take_ground(ctx, beam, ground_m, fmin(reach_m, 2e6), &job);
    for (int32_t s = 0; s < facts.n_sweeps && status == NWC_OK; s++) status = block_sweep(ctx, volume, s, &beams, &job);
    free_nodes(ctx, &job);
    nwc_beam_destroy(beam);
    return status;
}

/* ---- making up for it ---- */

static nwc_status correct_sweep(nwc_ctx *ctx, nwc_volume *volume, int32_t index, const nwc_moment *given,
                                const nwc_moment *blocked, double most)
{
    nwc_status status = NWC_OK;
    const nwc__gates gates = nwc__gates_of(given);
    float *cells, *hidden = NULL;
    NWC__ALLOC(ctx, hidden, gates.n);
    if ((status = nwc__put_on_gates(volume, index, "DBZHB", "dBZ", &gates, &cells)) != NWC_OK) goto done;
    for (int64_t r = 0; r < given->field.dim[0]; r++) {
        const float *const from = given->field.data + r * given->field.stride[0];
        nwc__ray_on_gates(blocked, r, &gates, hidden);
        for (int64_t g = 0; g < gates.n; g++) {
            const double part = isnan(hidden[g]) ? 0.0 : fmax(0.0, (double)hidden[g]);
            const float more =
                from[g] == (float)NWC_NOTHING_DBZ ? 0.0F : (float)(-10.0 * log10(1.0 - fmin(part, most)));
            cells[r * gates.n + g] = part > most ? NAN : from[g] + more;
        }
    }
done:
    nwc__free(ctx, hidden);
    return status;
}

nwc_status nwc_terrain_correct(nwc_ctx *ctx, nwc_volume *volume, const nwc_terrain_options *given)
{
    ctx = nwc__ctx(ctx);
    nwc_terrain_options options;
    nwc_volume_facts facts;
    NWC__TRY(take_options(given, &options));
    NWC__TRY(nwc_volume_describe(volume, &facts));
    int32_t found = 0;
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        nwc_moment dbz, blocked;
        const bool own = options.moment != NULL;
        const bool has = own ? nwc__find(volume, s, options.moment, &dbz)
                             : nwc__find(volume, s, "DBZHC", &dbz) || nwc__find(volume, s, "DBZH", &dbz);
        if (!has || !nwc__find(volume, s, "CBB", &blocked)) continue;
        if (strcmp(dbz.field.units, "dBZ") != 0 || strcmp(dbz.name, "DBZHB") == 0)
            return nwc__fail(NWC_ERR_ARG, "moment: a reflectivity expected, %s given", dbz.name);
        NWC__TRY(correct_sweep(ctx, volume, s, &dbz, &blocked, options.most));
        found++;
    }
    if (!found) return nwc__fail(NWC_ERR_NODATA, "volume: no sweep has a reflectivity and CBB");
    return NWC_OK;
}

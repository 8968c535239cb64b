/*
 * Cells seen through a profile of refractivity. A fan of beams is traced once (radar/beam_trace.c). Over a place on the
 * ground each of its beams has a height, and the elevation it left with differs from that of a beam over the sphere to the
 * same height by an angle which, unlike the elevation itself, is small and smooth: between beams it is taken linearly, and so it
 * is between places. Aiming at every cell would take a thousand times the time.
 */
#include "mosaic/internal.h"
#include "radar/beam.h"

#define NODE_M 1000.0
#define PATH_M 500.0 /* between points of a traced beam */
#define LEAST_DEG (-3.0)
#define EVEN_DEG 1.0 /* up to here beams leave STEP_DEG apart, above by a ratio */
#define STEP_DEG 0.02
#define RATIO 1.02

/* The fan: heights and ranges of beams over the nodes, INFINITY where a beam has not come so far. */
struct fan {
    const nwc_beam *beam;
    int64_t beams, nodes, points; /* points: of a beam's path */
    double *elevation;            /* beams; radians */
    double *range_m;              /* points */
    nwc__along *path;             /* (beams, points) */
    double *height_m, *slant_m;   /* (beams, nodes) */
};

static int64_t count_beams(void)
{
    return (int64_t)((EVEN_DEG - LEAST_DEG) / STEP_DEG + 0.5) + (int64_t)(log(90.0 / EVEN_DEG) / log(RATIO)) + 2;
}

static double elevation_of(int64_t b)
{
    const int64_t even = (int64_t)((EVEN_DEG - LEAST_DEG) / STEP_DEG + 0.5);
    const double degrees = b <= even ? LEAST_DEG + STEP_DEG * (double)b : EVEN_DEG * pow(RATIO, (double)(b - even));
    return fmin(degrees, 90.0) * NWC__PI / 180.0;
}

static nwc_status trace_beam(int64_t b, void *user)
{
    const struct fan *const fan = user;
    nwc__along *const path = fan->path + b * fan->points;
    nwc__trace_follow(fan->beam, fan->elevation[b], fan->points, fan->range_m, path);
    int64_t p = 0;
    for (int64_t n = 0; n < fan->nodes; n++) {
        const double ground = NODE_M * (double)n;
        while (p + 2 < fan->points && path[p + 1].ground_m <= ground) p++;
        const double gap = path[p + 1].ground_m - path[p].ground_m, in = (ground - path[p].ground_m) / gap;
        const bool there = gap > 0.0 && in >= 0.0 && in <= 1.0;
        fan->height_m[b * fan->nodes + n] =
            there ? path[p].height_m + in * (path[p + 1].height_m - path[p].height_m) : (double)INFINITY;
        fan->slant_m[b * fan->nodes + n] = there ? fan->range_m[p] + in * PATH_M : (double)INFINITY;
    }
    return NWC_OK;
}

/* How much a beam of the fan differs, over a node, from one over the sphere to where it is: elevation, radians, and range. */
static nwc__sight difference(const struct fan *fan, int64_t b, int64_t node)
{
    const double height = fan->height_m[b * fan->nodes + node];
    nwc_beam sphere = *fan->beam;
    sphere.levels = 0;
    const nwc__sight straight = nwc__beam_sight(&sphere, NODE_M * (double)node, height);
    return (nwc__sight){fan->elevation[b] - straight.elevation, fan->slant_m[b * fan->nodes + node] - straight.range_m};
}

static void fill_node(const struct fan *fan, const nwc_grid *grid, int64_t node, nwc__bend *bend)
{
    for (int64_t k = 0; k < grid->nz; k++) {
        int64_t b = fan->beams - 1; /* from above: below a duct beams cross */
        while (b >= 0 && !(fan->height_m[b * fan->nodes + node] <= grid->z_m[k])) b--;
        float angle = NAN, range = NAN;
        if (node == 0) angle = range = 0.0F; /* straight up no beam bends */
        if (node && b >= 0 && b + 1 < fan->beams && isfinite(fan->height_m[(b + 1) * fan->nodes + node])) {
            const double low = fan->height_m[b * fan->nodes + node], high = fan->height_m[(b + 1) * fan->nodes + node];
            const double in = (grid->z_m[k] - low) / (high - low);
            const nwc__sight under = difference(fan, b, node), over = difference(fan, b + 1, node);
            angle = (float)((under.elevation + in * (over.elevation - under.elevation)) * 180.0 / NWC__PI);
            range = (float)(under.range_m + in * (over.range_m - under.range_m));
        }
        bend->elevation_deg[node * grid->nz + k] = angle, bend->range_m[node * grid->nz + k] = range;
    }
}

nwc_status nwc__bend_create(nwc_ctx *ctx, nwc_ctx *memory, const nwc_beam *beam, const nwc_grid *grid, double reach_m,
                            nwc__bend *bend)
{
    nwc_status status = NWC_OK;
    struct fan fan = {.beam = beam, .beams = count_beams(), .nodes = (int64_t)(reach_m / NODE_M) + 3};
    const double farthest = NODE_M * (double)fan.nodes * 1.01 + fabs(grid->z_m[grid->nz - 1]);
    fan.points = (int64_t)(farthest / PATH_M) + 2;
    NWC__ALLOC(ctx, fan.elevation, fan.beams);
    NWC__ALLOC(ctx, fan.range_m, fan.points);
    NWC__ALLOC(ctx, fan.path, fan.beams * fan.points);
    NWC__ALLOC(ctx, fan.height_m, fan.beams * fan.nodes);
    NWC__ALLOC(ctx, fan.slant_m, fan.beams * fan.nodes);
    NWC__ALLOC(memory, bend->elevation_deg, fan.nodes * grid->nz);
    NWC__ALLOC(memory, bend->range_m, fan.nodes * grid->nz);
    for (int64_t b = 0; b < fan.beams; b++) fan.elevation[b] = elevation_of(b);
    for (int64_t p = 0; p < fan.points; p++) fan.range_m[p] = PATH_M * (double)p;
    if ((status = nwc__for_each_tile(ctx, "beams", fan.beams, trace_beam, &fan)) != NWC_OK) goto done;
    for (int64_t n = 0; n < fan.nodes; n++) fill_node(&fan, grid, n, bend);
    bend->n = fan.nodes, bend->node_m = NODE_M;
done:
    nwc__free(ctx, fan.slant_m);
    nwc__free(ctx, fan.height_m);
    nwc__free(ctx, fan.path);
    nwc__free(ctx, fan.range_m);
    nwc__free(ctx, fan.elevation);
    return status;
}

void nwc__bend_apply(const nwc__bend *bend, int64_t nz, int64_t k, int64_t n, const double *ground_m, float *range_m,
                     float *elevation_deg)
{
    for (int64_t c = 0; c < n; c++) {
        if (!(range_m[c] < INFINITY)) continue;
        const double node = fmin(ground_m[c] / bend->node_m, (double)(bend->n - 2));
        const int64_t at = (int64_t)node, near = at * nz + k, far = near + nz;
        const float in = (float)(node - (double)at);
        elevation_deg[c] += bend->elevation_deg[near] + in * (bend->elevation_deg[far] - bend->elevation_deg[near]);
        range_m[c] += bend->range_m[near] + in * (bend->range_m[far] - bend->range_m[near]);
        if (!(range_m[c] < INFINITY)) range_m[c] = INFINITY;
    }
}

/*
 * Rings along the sides of grid cells. A side is followed with the inside on its left; where two grid cells touch at a corner alone
 * the turn is to the left, so that they part. A ring that comes to a point again is cut in two there, and each part is judged by
 * its own area: clockwise ones are holes. So all rings are simple, and they meet in points at most.
 */
#include "cells/cells.h"

struct ring {
    int32_t id;
    int64_t first, n; /* corners */
    double area;      /* of the map's grid cells, below 0 for a hole */
    int64_t next;     /* the next outer ring of the same label, or the next hole of the same outer ring, or -1 */
    int64_t holes;    /* the first of them */
};

struct tracer {
    const nwc_grid *grid;
    int32_t *label;           /* (ny + 2, nx + 2), 0 in the margin */
    uint8_t *followed;        /* (ny + 2, nx + 2): the southern side has been */
    int32_t *seen;            /* (ny + 1, nx + 1): place in the stack of a corner, from 1 */
    struct nwc__buffer stack; /* corners, as numbers in seen */
    struct nwc__buffer corners, rings;
};

static struct ring *ring_at(const struct tracer *tracer, int64_t r)
{
    return (struct ring *)(void *)tracer->rings.data + r;
}

static const int32_t *corners_of(const struct tracer *tracer, const struct ring *ring)
{
    return (const int32_t *)(const void *)tracer->corners.data + ring->first;
}

static double area_of(const struct tracer *tracer, const int32_t *corner, int64_t n)
{
    const int64_t wide = tracer->grid->nx + 1;
    double twice = 0.0;
    for (int64_t c = 0; c < n; c++) {
        const int32_t a = corner[c], b = corner[c + 1 < n ? c + 1 : 0];
        twice += (double)(a % wide) * (double)(b / wide) - (double)(b % wide) * (double)(a / wide);
    }
    return 0.5 * twice;
}

/* The corners from place first of the stack on are a ring; they leave it, but for the one kept. */
static nwc_status cut(struct tracer *tracer, int32_t id, int64_t first, bool keep)
{
    uint8_t *at;
    const int32_t *const stack = (const int32_t *)(const void *)tracer->stack.data;
    const int64_t end = tracer->stack.size / (int64_t)sizeof *stack, n = end - first;
    const struct ring ring = {.id = id,
                              .first = tracer->corners.size / (int64_t)sizeof *stack,
                              .n = n,
                              .area = area_of(tracer, stack + first, n),
                              .next = -1,
                              .holes = -1};
    NWC__TRY(nwc__buffer_extend(&tracer->corners, n * (int64_t)sizeof *stack, &at));
    memcpy(at, stack + first, (size_t)n * sizeof *stack);
    NWC__TRY(nwc__buffer_extend(&tracer->rings, sizeof ring, &at));
    memcpy(at, &ring, sizeof ring);
    for (int64_t s = first + keep; s < end; s++) tracer->seen[stack[s]] = 0;
    tracer->stack.size = (first + keep) * (int64_t)sizeof *stack;
    return NWC_OK;
}

static nwc_status turn_at(struct tracer *tracer, int32_t id, int64_t corner)
{
    uint8_t *at;
    if (tracer->seen[corner]) return cut(tracer, id, tracer->seen[corner] - 1, true);
    NWC__TRY(nwc__buffer_extend(&tracer->stack, sizeof(int32_t), &at));
    const int32_t number = (int32_t)corner;
    memcpy(at, &number, sizeof number);
    tracer->seen[corner] = (int32_t)(tracer->stack.size / (int64_t)sizeof number);
    return NWC_OK;
}

/* Follow the side that begins at the south-western corner of grid cell (j, i), eastward, until it comes back. */
static nwc_status follow(struct tracer *tracer, int64_t j, int64_t i)
{
    static const int8_t east[4] = {1, 0, -1, 0}, north[4] = {0, 1, 0, -1};
    const int64_t wide = tracer->grid->nx + 2, begin_j = j, begin_i = i;
    const int32_t id = tracer->label[(j + 1) * wide + i + 1];
    int way = 0;
    NWC__TRY(turn_at(tracer, id, j * (wide - 1) + i));
    for (;;) {
        if (way == 0) tracer->followed[(j + 1) * wide + i + 1] = 1;
        j += north[way], i += east[way];
        /* The four grid cells around corner (j, i): that ahead on the left, and on the right. */
        const int64_t left_j = j - (way == 2 || way == 3), left_i = i - (way == 1 || way == 2);
        const int to_right = (way + 3) % 4;
        const int64_t right_j = left_j + north[to_right], right_i = left_i + east[to_right];
        const bool ahead = tracer->label[(left_j + 1) * wide + left_i + 1] == id;
        const bool right = tracer->label[(right_j + 1) * wide + right_i + 1] == id;
        if (ahead && !right) continue;
        way = ahead ? to_right : (way + 1) % 4;
        if (j == begin_j && i == begin_i && way == 0) break;
        NWC__TRY(turn_at(tracer, id, j * (wide - 1) + i));
    }
    return cut(tracer, id, 0, false);
}

static nwc_status trace(struct tracer *tracer)
{
    const int64_t wide = tracer->grid->nx + 2;
    for (int64_t j = 0; j < tracer->grid->ny; j++)
        for (int64_t i = 0; i < tracer->grid->nx; i++) {
            const int64_t at = (j + 1) * wide + i + 1;
            if (tracer->label[at] && tracer->label[at] != tracer->label[at - wide] && !tracer->followed[at])
                NWC__TRY(follow(tracer, j, i));
        }
    return NWC_OK;
}

/* The middle of the grid cell on the left of a ring's first side lies within an outer ring. */
static bool lies_within(const struct tracer *tracer, const struct ring *hole, const struct ring *outer)
{
    const int64_t wide = tracer->grid->nx + 1;
    const int32_t *const of_hole = corners_of(tracer, hole), *const corner = corners_of(tracer, outer);
    const double east = (of_hole[1] % wide > of_hole[0] % wide) - (of_hole[1] % wide < of_hole[0] % wide);
    const double north = (of_hole[1] / wide > of_hole[0] / wide) - (of_hole[1] / wide < of_hole[0] / wide);
    const double x = (double)(of_hole[0] % wide) + 0.5 * (east - north);
    const double y = (double)(of_hole[0] / wide) + 0.5 * (north + east);
    bool within = false;
    for (int64_t c = 0; c < outer->n; c++) {
        const int32_t a = corner[c], b = corner[c + 1 < outer->n ? c + 1 : 0];
        const bool between = ((double)(a / wide) > y) != ((double)(b / wide) > y); /* sides along y alone */
        if (between && (double)(a % wide) > x) within = !within;
    }
    return within;
}

/* Lists of outer rings by label in the order they were found, and of the holes of each. */
static void sort_rings(const struct tracer *tracer, int64_t n, int64_t *first_of, int32_t n_labels)
{
    for (int32_t label = 0; label <= n_labels; label++) first_of[label] = -1;
    for (int64_t r = n - 1; r >= 0; r--) {
        struct ring *const ring = ring_at(tracer, r);
        if (ring->area < 0.0) continue;
        ring->next = first_of[ring->id];
        first_of[ring->id] = r;
    }
    for (int64_t r = n - 1; r >= 0; r--) {
        struct ring *const hole = ring_at(tracer, r);
        if (hole->area > 0.0) continue;
        struct ring *around = NULL;
        for (int64_t o = first_of[hole->id]; o >= 0; o = ring_at(tracer, o)->next) {
            struct ring *const outer = ring_at(tracer, o);
            if ((!around || outer->area < around->area) && lies_within(tracer, hole, outer)) around = outer;
        }
        assert(around);
        hole->next = around->holes;
        around->holes = r;
    }
}

static nwc_status put(nwc_cells *cells, const struct tracer *tracer, const struct ring *ring)
{
    const nwc_grid *const grid = &cells->grid;
    const int32_t *const corner = corners_of(tracer, ring);
    const uint8_t hole = ring->area < 0.0;
    uint8_t *id, *points, *is_hole, *x, *y;
    NWC__TRY(nwc__buffer_extend(&cells->ring_id, sizeof ring->id, &id));
    NWC__TRY(nwc__buffer_extend(&cells->ring_points, sizeof ring->n, &points));
    NWC__TRY(nwc__buffer_extend(&cells->ring_hole, sizeof hole, &is_hole));
    NWC__TRY(nwc__buffer_extend(&cells->ring_x, ring->n * (int64_t)sizeof(double), &x));
    NWC__TRY(nwc__buffer_extend(&cells->ring_y, ring->n * (int64_t)sizeof(double), &y));
    memcpy(id, &ring->id, sizeof ring->id);
    memcpy(points, &ring->n, sizeof ring->n);
    *is_hole = hole;
    for (int64_t c = 0; c < ring->n; c++) {
        ((double *)(void *)x)[c] = grid->x_first + grid->dx * ((double)(corner[c] % (grid->nx + 1)) - 0.5);
        ((double *)(void *)y)[c] = grid->y_first + grid->dy * ((double)(corner[c] / (grid->nx + 1)) - 0.5);
    }
    return NWC_OK;
}

static nwc_status put_all(nwc_cells *cells, const struct tracer *tracer, const int64_t *first_of, int32_t n_labels,
                          bool holes)
{
    for (int32_t label = 1; label <= n_labels; label++)
        for (int64_t o = first_of[label]; o >= 0; o = ring_at(tracer, o)->next) {
            NWC__TRY(put(cells, tracer, ring_at(tracer, o)));
            if (!holes) continue;
            for (int64_t h = ring_at(tracer, o)->holes; h >= 0; h = ring_at(tracer, h)->next)
                NWC__TRY(put(cells, tracer, ring_at(tracer, h)));
        }
    return NWC_OK;
}

static void begin_anew(nwc_cells *cells)
{
    struct nwc__buffer *const buffers[] = {&cells->ring_id, &cells->ring_points, &cells->ring_hole, &cells->ring_x,
                                           &cells->ring_y};
    for (int b = 0; b < 5; b++) buffers[b]->ctx = &cells->memory, buffers[b]->size = 0;
}

nwc_status nwc_cells_outline(nwc_ctx *ctx, nwc_cells *cells, int32_t of_storms, int32_t holes, nwc_outlines *outlines)
{
    ctx = nwc__ctx(ctx);
    if (!cells || !outlines)
        return nwc__fail(NWC_ERR_ARG, "cells, outlines: cells and a place for their outlines expected");
    nwc_status status = NWC_OK;
    const int64_t ny = cells->grid.ny, nx = cells->grid.nx, padded = (ny + 2) * (nx + 2);
    const int32_t n_labels = of_storms ? cells->n_storms : cells->n_cells;
    int64_t *first_of = NULL;
    struct tracer tracer = {.grid = &cells->grid, .stack.ctx = ctx, .corners.ctx = ctx, .rings.ctx = ctx};
    begin_anew(cells);
    NWC__ALLOC(ctx, tracer.label, padded);
    NWC__ALLOC(ctx, tracer.followed, padded);
    NWC__ALLOC(ctx, tracer.seen, (ny + 1) * (nx + 1));
    NWC__ALLOC(ctx, first_of, (int64_t)n_labels + 1);
    memset(tracer.label, 0, (size_t)padded * sizeof *tracer.label);
    memset(tracer.followed, 0, (size_t)padded);
    memset(tracer.seen, 0, (size_t)((ny + 1) * (nx + 1)) * sizeof *tracer.seen);
    for (int32_t c = 0; c < cells->n_columns; c++) {
        const struct nwc__column *const column = &cells->columns[c];
        tracer.label[(column->j + 1) * (nx + 2) + column->i + 1] = of_storms ? column->storm : column->cell;
    }
    if ((status = trace(&tracer)) != NWC_OK) goto done;
    sort_rings(&tracer, tracer.rings.size / (int64_t)sizeof(struct ring), first_of, n_labels);
    if ((status = put_all(cells, &tracer, first_of, n_labels, holes)) != NWC_OK) goto done;
    *outlines = (nwc_outlines){.n_rings = cells->ring_hole.size,
                               .id = (const int32_t *)(const void *)cells->ring_id.data,
                               .points = (const int64_t *)(const void *)cells->ring_points.data,
                               .hole = cells->ring_hole.data,
                               .n_points = cells->ring_x.size / (int64_t)sizeof(double),
                               .x = (const double *)(const void *)cells->ring_x.data,
                               .y = (const double *)(const void *)cells->ring_y.data};
done:
    nwc__free(ctx, first_of);
    nwc__free(ctx, tracer.rings.data);
    nwc__free(ctx, tracer.corners.data);
    nwc__free(ctx, tracer.stack.data);
    nwc__free(ctx, tracer.seen);
    nwc__free(ctx, tracer.followed);
    nwc__free(ctx, tracer.label);
    return status;
}

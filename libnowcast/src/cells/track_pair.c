/* Which cell of now each track goes on as: overlaps of moved cells, pairs within bounds and what they cost, the cheapest set. */
#include "cells/track.h"

static double radius_of(double area_m2)
{
    return sqrt(area_m2 / NWC__PI);
}

/* The label map of now, 0 where there is none; count of columns of each cell. */
static void fill_map(struct nwc__pairing *pairing, int32_t *map)
{
    const int64_t ny = pairing->cells->grid.ny, nx = pairing->cells->grid.nx;
    memset(map, 0, (size_t)(ny * nx) * sizeof *map);
    for (int32_t label = 0; label <= pairing->cells->n_cells; label++) pairing->column_count[label] = 0;
    for (int32_t c = 0; c < pairing->cells->n_columns; c++) {
        const struct nwc__column *const column = &pairing->cells->columns[c];
        map[column->j * nx + column->i] = column->cell;
        pairing->column_count[column->cell] += column->cell != 0;
    }
}

/* Append a track's overlaps, by label. seen: of labels, 0 before and after. */
static nwc_status overlap(struct nwc__pairing *pairing, int32_t t, const int32_t *map, int32_t *seen)
{
    const struct nwc__track *const track = &pairing->tracks[t];
    const int64_t ny = pairing->cells->grid.ny, nx = pairing->cells->grid.nx;
    const double most = (double)(ny + nx);
    const int64_t up = (int64_t)floor(fmax(-most, fmin(track->moved_j, most)) + 0.5);
    const int64_t right = (int64_t)floor(fmax(-most, fmin(track->moved_i, most)) + 0.5);
    int32_t least = INT32_MAX, greatest = 0;
    for (int32_t c = 0; c < track->n_columns; c++) {
        const int64_t j = pairing->columns[track->first_column + c].j + up;
        const int64_t i = pairing->columns[track->first_column + c].i + right;
        const int32_t label = j >= 0 && j < ny && i >= 0 && i < nx ? map[j * nx + i] : 0;
        if (!label) continue;
        seen[label]++;
        if (label < least) least = label;
        if (label > greatest) greatest = label;
    }
    for (int32_t label = least; label <= greatest && label > 0; label++) {
        uint8_t *at;
        if (!seen[label]) continue;
        const struct nwc__overlap found = {.track = t, .cell = label, .columns = seen[label]};
        seen[label] = 0;
        NWC__TRY(nwc__buffer_extend(&pairing->overlaps, sizeof found, &at));
        memcpy(at, &found, sizeof found);
    }
    return NWC_OK;
}

/* Cells by the row of their middle: order lists labels, first[j] is where row j begins. */
static void sort_by_row(const nwc_cells *cells, int32_t *first, int32_t *order)
{
    const nwc_grid *const grid = &cells->grid;
    for (int64_t j = 0; j <= grid->ny; j++) first[j] = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t c = cells->n_cells - 1; c >= 0; c--) {
            const double at = floor((cells->cells[c].y - grid->y_first) / grid->dy + 0.5);
            const int64_t j = (int64_t)fmax(0.0, fmin(at, (double)(grid->ny - 1)));
            if (pass)
                order[--first[j]] = c + 1;
            else
                first[j]++;
        }
        for (int64_t j = 1; !pass && j <= grid->ny; j++) first[j] += first[j - 1];
    }
}

/* What it costs that a track goes on as a cell that overlaps it in so many columns; infinite out of bounds. */
static double cost_of(const struct nwc__pairing *pairing, const struct nwc__track *track, const nwc_cell *cell,
                      int32_t columns)
{
    const nwc_tracker *const tracker = pairing->tracker;
    const nwc_tracker_options *const options = &tracker->options;
    const double since = 1e-9 * (double)(pairing->time_ns - track->last_ns);
    const double j = (cell->y - tracker->grid.y_first) / tracker->grid.dy;
    const double i = (cell->x - tracker->grid.x_first) / tracker->grid.dx;
    double dx, dy;
    nwc__metric_at(&tracker->metric, j, i, &dx, &dy);
    const double away = hypot((j - track->j - track->moved_j) * dy, (i - track->i - track->moved_i) * dx);
    const double gone = hypot((j - track->j) * dy, (i - track->i) * dx);
    const double bound =
        options->max_deviation_m_s * since + 0.5 * (radius_of(track->area_m2) + radius_of(cell->area_m2));
    if (!columns && (away > bound || gone > options->max_speed_m_s * since)) return INFINITY;
    const double shares =
        (double)columns / (double)track->n_columns + (double)columns / (double)pairing->column_count[cell->id];
    return options->weight_distance * fmin(away / bound, 1.0) + options->weight_overlap * (1.0 - 0.5 * shares) +
           options->weight_size * fabs(log(cell->area_m2 / track->area_m2)) +
           options->weight_peak * fabs(cell->peak - track->peak) / 10.0;
}

static double cost_alone(const nwc_tracker_options *options)
{
    return options->weight_distance + options->weight_overlap;
}

static nwc_status put_edge(struct nwc__pairing *pairing, int32_t t, const nwc_cell *cell, int32_t columns)
{
    uint8_t *at;
    if (!pairing->column_count[cell->id]) return NWC_OK; /* not seen from above */
    const double cost = cost_of(pairing, &pairing->tracks[t], cell, columns);
    if (cost > cost_alone(&pairing->tracker->options)) return NWC_OK;
    const struct nwc__edge edge = {.row = t, .column = cell->id - 1, .cost = cost};
    NWC__TRY(nwc__buffer_extend(&pairing->edges, sizeof edge, &at));
    memcpy(at, &edge, sizeof edge);
    return NWC_OK;
}

/* Append the pairs of a track: the cells that overlap it, then those near it that do not. */
static nwc_status put_edges(struct nwc__pairing *pairing, int32_t t, int64_t first_overlap, const int32_t *first,
                            const int32_t *order, int32_t *seen, double widest_m)
{
    const struct nwc__track *const track = &pairing->tracks[t];
    const nwc_grid *const grid = &pairing->cells->grid;
    const struct nwc__overlap *const overlaps = (const struct nwc__overlap *)(const void *)pairing->overlaps.data;
    const int64_t end = pairing->overlaps.size / (int64_t)sizeof *overlaps;
    const double since = 1e-9 * (double)(pairing->time_ns - track->last_ns), middle = track->j + track->moved_j;
    double dx, dy;
    for (int64_t o = first_overlap; o < end; o++) {
        NWC__TRY(put_edge(pairing, t, &pairing->cells->cells[overlaps[o].cell - 1], overlaps[o].columns));
        seen[overlaps[o].cell] = 1;
    }
    nwc__metric_at(&pairing->tracker->metric, middle, track->i + track->moved_i, &dx, &dy);
    /* A tenth more, since grid cells may be lower in the rows looked at; and one row, since middles are rounded. */
    const double reach =
        1.0 +
        1.1 * (pairing->tracker->options.max_deviation_m_s * since + 0.5 * (radius_of(track->area_m2) + widest_m)) / dy;
    const double last_row = (double)(grid->ny - 1);
    const int64_t south = (int64_t)fmax(0.0, fmin(middle - reach, last_row));
    const int64_t north = (int64_t)fmax(0.0, fmin(middle + reach, last_row));
    for (int32_t o = first[south]; o < first[north + 1]; o++)
        if (!seen[order[o]]) NWC__TRY(put_edge(pairing, t, &pairing->cells->cells[order[o] - 1], 0));
    for (int64_t o = first_overlap; o < end; o++) seen[overlaps[o].cell] = 0;
    return NWC_OK;
}

nwc_status nwc__track_pair(nwc_ctx *ctx, struct nwc__pairing *pairing)
{
    nwc_status status = NWC_OK;
    const nwc_cells *const cells = pairing->cells;
    const int64_t n_cells = cells->n_cells;
    int32_t *map = NULL, *seen = NULL, *first = NULL, *order = NULL;
    double widest = 0.0;
    pairing->overlaps.ctx = pairing->edges.ctx = ctx;
    NWC__ALLOC(ctx, pairing->column_count, n_cells + 1);
    NWC__ALLOC(ctx, pairing->partner, pairing->n_tracks);
    NWC__ALLOC(ctx, map, cells->grid.ny * cells->grid.nx);
    NWC__ALLOC(ctx, seen, n_cells + 1);
    NWC__ALLOC(ctx, first, cells->grid.ny + 1);
    NWC__ALLOC(ctx, order, n_cells);
    fill_map(pairing, map);
    sort_by_row(cells, first, order);
    memset(seen, 0, (size_t)(n_cells + 1) * sizeof *seen);
    for (int64_t c = 0; c < n_cells; c++) widest = fmax(widest, radius_of(cells->cells[c].area_m2));
    for (int32_t t = 0; t < pairing->n_tracks; t++) {
        const int64_t before = pairing->overlaps.size / (int64_t)sizeof(struct nwc__overlap);
        if ((status = overlap(pairing, t, map, seen)) != NWC_OK) goto done;
        if ((status = put_edges(pairing, t, before, first, order, seen, widest)) != NWC_OK) goto done;
    }
    const struct nwc__edge *const edges = (const struct nwc__edge *)(const void *)pairing->edges.data;
    status = nwc__assign(ctx, edges, pairing->edges.size / (int64_t)sizeof *edges, (int32_t)pairing->n_tracks,
                         (int32_t)n_cells, cost_alone(&pairing->tracker->options), pairing->partner);
    if (status == NWC_OK)
        for (int64_t t = 0; t < pairing->n_tracks; t++) pairing->partner[t]++; /* labels; 0 for none */
done:
    nwc__free(ctx, order);
    nwc__free(ctx, first);
    nwc__free(ctx, seen);
    nwc__free(ctx, map);
    return status;
}

void nwc__pairing_release(nwc_ctx *ctx, struct nwc__pairing *pairing)
{
    nwc__free(ctx, pairing->partner);
    nwc__free(ctx, pairing->column_count);
    nwc__free(ctx, pairing->edges.data);
    nwc__free(ctx, pairing->overlaps.data);
}

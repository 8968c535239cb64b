/* What is known of cells and storms: sums over their grid cells, in the order of places. */
#include "cells/cells.h"

#define DB 0.23025850929940457 /* ln 10 / 10 */

/* Of one cell or storm. Rows and columns are counted from its first one. */
struct sums {
    int64_t j, i;
    int32_t column, edge_column, peak; /* last column put in; last one at an edge; pixel */
    double weight, weight_j, weight_i, weight_z;
    double size, size_z, value;                             /* of values, or Z, by size */
    double area, area_j, area_i, area_jj, area_ji, area_ii; /* of columns */
};

struct job {
    nwc_cells *cells;
    const nwc_field *field;
    const struct nwc__cell_sizes *sizes;
};

/* The grid ends, or nothing is known, beside a grid cell. */
static bool at_edge(const nwc_field *field, int64_t k, int64_t j, int64_t i)
{
    const int64_t ny = field->dim[field->ndim - 2], nx = field->dim[field->ndim - 1];
    const int64_t dj = field->stride[field->ndim - 2], di = field->stride[field->ndim - 1];
    if (j == 0 || i == 0 || j == ny - 1 || i == nx - 1) return true;
    const float *const at = field->data + (field->ndim == 3 ? k * field->stride[0] : 0) + j * dj + i * di;
    return isnan(at[-dj]) || isnan(at[dj]) || isnan(at[-di]) || isnan(at[di]);
}

/* What is known of a grid cell. */
struct sample {
    int32_t p, column;
    int64_t j, i, k;
    double value, linear, weight, area, size, z;
    bool edge;
};

static struct sample sample_of(const struct job *job, int32_t p)
{
    const struct nwc__pixels *const pixels = &job->cells->pixels;
    struct sample sample = {.p = p, .column = nwc__pixel_column(pixels, p), .k = nwc__pixel_k(pixels, p)};
    sample.j = sample.column / pixels->columns - 1, sample.i = sample.column % pixels->columns - 1;
    sample.value = (double)pixels->value[p];
    sample.linear = job->cells->dbz ? exp(DB * sample.value) : sample.value;
    sample.weight = job->cells->dbz ? sample.linear : sample.value - job->cells->threshold;
    sample.size = job->sizes->size[p];
    sample.z = job->cells->flat ? 0.0 : job->cells->z_m[sample.k];
    sample.area = job->cells->flat ? sample.size : sample.size / job->sizes->depth_m[sample.k];
    sample.edge = at_edge(job->field, sample.k, sample.j, sample.i);
    return sample;
}

static void put_column(struct sums *sums, nwc_cell *cell, const struct sample *sample)
{
    const double j = (double)(sample->j - sums->j), i = (double)(sample->i - sums->i), area = sample->area;
    sums->column = sample->column;
    sums->area += area, sums->area_j += area * j, sums->area_i += area * i;
    sums->area_jj += area * j * j, sums->area_ji += area * j * i, sums->area_ii += area * i * i;
    if (sample->j > cell->j_last) cell->j_last = (int32_t)sample->j;
    if (sample->i < cell->i_first) cell->i_first = (int32_t)sample->i;
    if (sample->i > cell->i_last) cell->i_last = (int32_t)sample->i;
}

static void put(struct sums *sums, nwc_cell *cell, const struct sample *sample)
{
    if (cell->n++ == 0) {
        sums->j = sample->j, sums->i = sample->i, sums->column = sums->edge_column = -1;
        cell->j_first = cell->j_last = (int32_t)sample->j, cell->i_first = cell->i_last = (int32_t)sample->i;
        cell->peak = -INFINITY, cell->base_m = cell->top_m = sample->z;
    }
    if (sums->column != sample->column) put_column(sums, cell, sample);
    if (sample->edge && sums->edge_column != sample->column) cell->at_edge++, sums->edge_column = sample->column;
    if (sample->value > cell->peak) cell->peak = sample->value, sums->peak = sample->p;
    const double weight = sample->weight * sample->size;
    sums->weight += weight, sums->weight_z += weight * sample->z;
    sums->weight_j += weight * (double)(sample->j - sums->j), sums->weight_i += weight * (double)(sample->i - sums->i);
    sums->size += sample->size, sums->size_z += sample->size * sample->z, sums->value += sample->size * sample->linear;
    cell->base_m = fmin(cell->base_m, sample->z), cell->top_m = fmax(cell->top_m, sample->z);
}

/* The ellipse of the second moments of columns, each of which is a square of its own (1/12). */
static void fit_ellipse(const struct job *job, const struct sums *sums, double j, double i, nwc_cell *cell)
{
    double dx, dy;
    nwc__metric_at(&job->sizes->metric, (double)sums->j + j, (double)sums->i + i, &dx, &dy);
    const double yy = (fmax(sums->area_jj / sums->area - j * j, 0.0) + 1.0 / 12.0) * dy * dy;
    const double xx = (fmax(sums->area_ii / sums->area - i * i, 0.0) + 1.0 / 12.0) * dx * dx;
    const double xy = (sums->area_ji / sums->area - j * i) * dx * dy;
    const double middle = 0.5 * (xx + yy), half = hypot(0.5 * (xx - yy), xy);
    cell->major_m = 2.0 * sqrt(middle + half);
    cell->minor_m = 2.0 * sqrt(fmax(middle - half, 0.0));
    /* The major axis lies at half the angle of (xx - yy, 2 xy) from +x. */
    const double turned = 90.0 - 0.5 * atan2(2.0 * xy, xx - yy) / NWC__RADIANS;
    cell->orientation_deg = turned >= 180.0 ? turned - 180.0 : turned < 0.0 ? turned + 180.0 : turned;
}

static void finish(const struct job *job, const struct sums *sums, nwc_cell *cell)
{
    const nwc_grid *const grid = &job->cells->grid;
    const struct nwc__pixels *const pixels = &job->cells->pixels;
    const double j = sums->area_j / sums->area, i = sums->area_i / sums->area;
    const double y_first = grid->y_first + grid->dy * (double)sums->j,
                 x_first = grid->x_first + grid->dx * (double)sums->i;
    const bool weighted = sums->weight > 0.0, flat = job->cells->flat;
    cell->area_m2 = sums->area;
    cell->volume_m3 = flat ? (double)NAN : sums->size;
    cell->x = x_first + grid->dx * i, cell->y = y_first + grid->dy * j;
    cell->x_mean = weighted ? x_first + grid->dx * sums->weight_i / sums->weight : cell->x;
    cell->y_mean = weighted ? y_first + grid->dy * sums->weight_j / sums->weight : cell->y;
    cell->z_m = flat ? (double)NAN : sums->size_z / sums->size;
    cell->z_mean_m = flat || !weighted ? cell->z_m : sums->weight_z / sums->weight;
    cell->x_peak = grid->x_first + grid->dx * (double)nwc__pixel_i(pixels, sums->peak);
    cell->y_peak = grid->y_first + grid->dy * (double)nwc__pixel_j(pixels, sums->peak);
    cell->z_peak_m = flat ? (double)NAN : job->cells->z_m[nwc__pixel_k(pixels, sums->peak)];
    cell->mean = sums->value / sums->size;
    if (job->cells->dbz) cell->mean = 10.0 * log10(cell->mean);
    if (flat) cell->base_m = cell->top_m = (double)NAN;
    fit_ellipse(job, sums, j, i, cell);
}

/* What is seen from above: in each column the labels of the pixel with the greatest value. */
static nwc_status make_columns(nwc_cells *cells)
{
    nwc_status status = NWC_OK;
    const struct nwc__pixels *const pixels = &cells->pixels;
    int32_t n = 0, column = -1;
    for (int32_t p = 0; p < pixels->n; p++)
        if (cells->storm[p] && nwc__pixel_column(pixels, p) != column) column = nwc__pixel_column(pixels, p), n++;
    NWC__ALLOC(&cells->memory, cells->columns, n);
    cells->n_columns = n, n = 0, column = -1;
    float most = 0.0F;
    for (int32_t p = 0; p < pixels->n; p++) {
        if (!cells->storm[p]) continue;
        const bool fresh = nwc__pixel_column(pixels, p) != column;
        if (!fresh && !(pixels->value[p] > most)) continue;
        column = nwc__pixel_column(pixels, p), most = pixels->value[p], n += fresh;
        cells->columns[n - 1] = (struct nwc__column){.j = (int32_t)nwc__pixel_j(pixels, p),
                                                     .i = (int32_t)nwc__pixel_i(pixels, p),
                                                     .cell = cells->cell[p],
                                                     .storm = cells->storm[p]};
    }
done:
    return status;
}

void nwc__cells_sort_columns(const nwc_cells *cells, int32_t *first, int32_t *order)
{
    memset(first, 0, ((size_t)cells->n_cells + 2) * sizeof *first);
    for (int32_t c = 0; c < cells->n_columns; c++) first[cells->columns[c].cell + 1]++;
    for (int32_t label = 0; label <= cells->n_cells; label++) first[label + 1] += first[label];
    for (int32_t c = cells->n_columns - 1; c >= 0; c--) order[--first[cells->columns[c].cell + 1]] = c;
    for (int32_t label = 0; label <= cells->n_cells; label++) first[label] = first[label + 1]; /* where it begins now */
    first[cells->n_cells + 1] = cells->n_columns;
}

static nwc_status find_places(nwc_ctx *ctx, const nwc_grid *grid, nwc_cell *cells, int32_t n)
{
    nwc_status status = NWC_OK;
    double *places = NULL;
    NWC__ALLOC(ctx, places, 2 * (int64_t)n);
    for (int32_t c = 0; c < n; c++) places[c] = cells[c].x, places[n + c] = cells[c].y;
    if (n && (status = nwc_grid_to_lonlat(ctx, grid, n, places, places + n, places, places + n)) != NWC_OK) goto done;
    for (int32_t c = 0; c < n; c++) cells[c].longitude_deg = places[c], cells[c].latitude_deg = places[n + c];
done:
    nwc__free(ctx, places);
    return status;
}

nwc_status nwc__cells_measure(nwc_ctx *ctx, nwc_cells *cells, const nwc_field *field,
                              const struct nwc__cell_sizes *sizes)
{
    nwc_status status = NWC_OK;
    struct sums *sums = NULL;
    struct job job = {cells, field, sizes};
    const int64_t n_cells = cells->n_cells, n_storms = cells->n_storms;
    NWC__ALLOC(&cells->memory, cells->cells, n_cells);
    NWC__ALLOC(&cells->memory, cells->storms, n_storms);
    NWC__ALLOC(ctx, sums, n_cells + n_storms);
    memset(sums, 0, (size_t)(n_cells + n_storms) * sizeof *sums);
    memset(cells->cells, 0, (size_t)n_cells * sizeof *cells->cells);
    memset(cells->storms, 0, (size_t)n_storms * sizeof *cells->storms);
    for (int32_t p = 0; p < cells->pixels.n; p++) {
        const int32_t c = cells->cell[p], s = cells->storm[p];
        if (!s) continue;
        const struct sample sample = sample_of(&job, p);
        put(&sums[n_cells + s - 1], &cells->storms[s - 1], &sample);
        if (!c) continue;
        put(&sums[c - 1], &cells->cells[c - 1], &sample);
        cells->cells[c - 1].storm = s;
    }
    for (int32_t s = 0; s < n_storms; s++) {
        cells->storms[s].id = cells->storms[s].storm = s + 1;
        cells->storms[s].saddle = (double)NAN;
        finish(&job, &sums[n_cells + s], &cells->storms[s]);
    }
    for (int32_t c = 0; c < n_cells; c++) {
        cells->cells[c].id = c + 1, cells->cells[c].n_cells = 1;
        cells->cells[c].saddle = cells->saddle[c];
        cells->storms[cells->cells[c].storm - 1].n_cells++;
        finish(&job, &sums[c], &cells->cells[c]);
    }
    if ((status = find_places(ctx, &cells->grid, cells->cells, cells->n_cells)) != NWC_OK) goto done;
    if ((status = find_places(ctx, &cells->grid, cells->storms, cells->n_storms)) != NWC_OK) goto done;
    status = make_columns(cells);
done:
    nwc__free(ctx, sums);
    return status;
}

/* Storms and cells of a field: what is given is checked, then collected, put in order, made a tree, numbered and measured. */
#include "cells/above_kernel.h"
#include "cells/cells.h"

NWC__DECLARE_KERNELS(nwc__above_kernels);

enum { PART = 64 /* grid cells of a row, the bits of a word */, BAND = 16 /* rows */ };

#define WIDEST_CLOSING_M 50e3
#define LEAST_AREA_M2 10e6
#define LEAST_VOLUME_M3 30e9
#define LEAST_CORE_AREA_M2 4e6
#define LEAST_CORE_VOLUME_M3 8e9

void nwc_cells_options_init(nwc_cells_options *options)
{
    if (options)
        *options = (nwc_cells_options){.struct_size = sizeof *options,
                                       .method = NWC_CELLS_TREE,
                                       .corners = 1,
                                       .threshold = 35.0,
                                       .least_peak = 40.0,
                                       .saliency = 5.0,
                                       .core_threshold = 45.0,
                                       .least_size = (double)NAN,
                                       .least_core = (double)NAN};
}

static nwc_status check_options(const nwc_cells_options *options)
{
    if (options->method < NWC_CELLS_TREE || options->method > NWC_CELLS_DUAL)
        return nwc__fail(NWC_ERR_ARG, "method: an nwc_cells_method expected, %d given", (int)options->method);
    if (options->corners != 0 && options->corners != 1)
        return nwc__fail(NWC_ERR_ARG, "corners: 0 or 1 expected, %d given", (int)options->corners);
    if (!isfinite(options->threshold))
        return nwc__fail(NWC_ERR_ARG, "threshold: a finite value expected, %g given", options->threshold);
    if (!(options->least_peak >= options->threshold))
        return nwc__fail(NWC_ERR_ARG, "least_peak: at least the threshold, %g, expected, %g given", options->threshold,
                         options->least_peak);
    if (!(options->saliency > 0.0))
        return nwc__fail(NWC_ERR_ARG, "saliency: above 0 expected, %g given", options->saliency);
    if (options->method == NWC_CELLS_DUAL && !(options->core_threshold > options->threshold))
        return nwc__fail(NWC_ERR_ARG, "core_threshold: above the threshold, %g, expected, %g given", options->threshold,
                         options->core_threshold);
    if (options->least_size < 0.0)
        return nwc__fail(NWC_ERR_ARG, "least_size: 0 or more expected, %g given", options->least_size);
    if (options->least_core < 0.0)
        return nwc__fail(NWC_ERR_ARG, "least_core: 0 or more expected, %g given", options->least_core);
    if (!(options->closing_m >= 0.0 && options->closing_m <= WIDEST_CLOSING_M))
        return nwc__fail(NWC_ERR_ARG, "closing_m: 0 to %g expected, %g given", WIDEST_CLOSING_M, options->closing_m);
    return NWC_OK;
}

static nwc_status check_field(nwc_ctx *ctx, const nwc_field *field)
{
    NWC__TRY(nwc__check_field(field, "field", 0));
    if (field->ndim != 2 && field->ndim != 3)
        return nwc__fail(NWC_ERR_ARG, "field: (y, x) or (z, y, x) expected, %d dimensions given", (int)field->ndim);
    NWC__TRY(nwc__check_on_grid(ctx, field, "field"));
    if (field->ndim == 3 && (field->dim[0] != field->grid->nz || field->dim[0] < 2))
        return nwc__fail(NWC_ERR_ARG, "field: the %lld levels of its grid, two or more, expected, %lld given",
                         (long long)field->grid->nz, (long long)field->dim[0]);
    const int64_t levels = field->ndim == 3 ? field->dim[0] + 2 : 1;
    if ((field->grid->ny + 2) * (field->grid->nx + 2) >= INT32_MAX / levels)
        return nwc__fail(NWC_ERR_ARG, "field: fewer than 2^31 grid cells expected, %lld given",
                         (long long)nwc__cells(field));
    return NWC_OK;
}

/* ---- the grid cells above the threshold ---- */

static void find_offsets(struct nwc__pixels *pixels, bool corners)
{
    const int64_t up = pixels->levels > 1;
    for (int64_t j = -1; j <= 1; j++)
        for (int64_t i = -1; i <= 1; i++)
            for (int64_t k = -up; k <= up; k++) {
                const int64_t steps = j * j + i * i + k * k;
                if (steps == 0 || (steps > 1 && !corners)) continue;
                pixels->offset[pixels->n_offsets++] = (int32_t)((j * pixels->columns + i) * pixels->levels + k);
            }
}

/* Grid cells are looked at in bands of rows, of which each row has parts; they are counted first, then filled in. */
struct search {
    const struct nwc__above_kernels *kernels;
    const nwc_field *field;
    struct nwc__pixels *pixels;
    float threshold;
    int64_t nz, parts;
    uint64_t *above; /* (ny, parts, nz): which of a part's grid cells are pixels */
    int64_t *first;  /* bands + 1: number of the first pixel of each */
    bool fill;
};

/* Find the pixels of a row; how many. */
static int64_t find_row(const struct search *search, int64_t j)
{
    const nwc_field *const field = search->field;
    const int64_t nx = field->dim[field->ndim - 1], di = field->stride[field->ndim - 1];
    const int64_t dz = search->nz > 1 ? field->stride[0] : 0;
    const float *const row = field->data + j * field->stride[field->ndim - 2];
    uint64_t *above = search->above + j * search->parts * search->nz;
    int64_t n = 0;
    for (int64_t begin = 0; begin < nx; begin += PART)
        for (int64_t k = 0; k < search->nz; k++) {
            const int32_t wide = (int32_t)(begin + PART < nx ? PART : nx - begin);
            *above = search->kernels->find(row + k * dz + begin * di, di, wide, search->threshold);
            n += __builtin_popcountll(*above++);
        }
    return n;
}

/* Fill in the pixels of a row, one column after the other, from number n on; the next number. */
static int64_t fill_row(const struct search *search, int64_t j, int64_t n)
{
    const nwc_field *const field = search->field;
    struct nwc__pixels *const pixels = search->pixels;
    const int64_t nz = search->nz, dz = nz > 1 ? field->stride[0] : 0, di = field->stride[field->ndim - 1];
    const float *const row = field->data + j * field->stride[field->ndim - 2];
    for (int64_t part = 0; part < search->parts; part++) {
        const uint64_t *const above = search->above + (j * search->parts + part) * nz;
        uint64_t columns = 0;
        for (int64_t k = 0; k < nz; k++) columns |= above[k];
        for (; columns; columns &= columns - 1) {
            const int bit = __builtin_ctzll(columns);
            const int64_t i = part * PART + bit;
            const int64_t column = ((j + 1) * pixels->columns + i + 1) * pixels->levels + (nz > 1);
            for (int64_t k = 0; k < nz; k++) {
                if (!(above[k] >> bit & 1)) continue;
                pixels->place[n] = (int32_t)(column + k), pixels->value[n] = row[k * dz + i * di];
                pixels->map[column + k] = (int32_t)n++;
            }
        }
    }
    return n;
}

/* A band of rows; its part of the map, and the margins beside it, are cleared while pixels are counted. */
static nwc_status search_band(int64_t band, void *user)
{
    const struct search *const search = user;
    const struct nwc__pixels *const pixels = search->pixels;
    const int64_t ny = pixels->rows - 2, end = (band + 1) * BAND < ny ? (band + 1) * BAND : ny;
    if (search->fill) {
        for (int64_t j = band * BAND, n = search->first[band]; j < end; j++) n = fill_row(search, j, n);
        return NWC_OK;
    }
    const int64_t row = (int64_t)pixels->columns * pixels->levels, from = band ? band * BAND + 1 : 0;
    memset(pixels->map + from * row, 0xFF,
           (size_t)((end == ny ? ny + 2 : end + 1) - from) * (size_t)row * sizeof *pixels->map);
    search->first[band + 1] = 0;
    for (int64_t j = band * BAND; j < end; j++) search->first[band + 1] += find_row(search, j);
    return NWC_OK;
}

/* The least float that is not below a threshold: cells are compared as float. */
static float as_float(double threshold)
{
    const float nearest = (float)threshold;
    return (double)nearest < threshold ? nextafterf(nearest, INFINITY) : nearest;
}

static nwc_status take_pixels(nwc_ctx *ctx, const nwc_field *field, const nwc_cells_options *options, nwc_cells *cells,
                              struct nwc__pixels *pixels)
{
    nwc_status status = NWC_OK;
    const int64_t ny = field->grid->ny, bands = (ny + BAND - 1) / BAND;
    pixels->rows = (int32_t)ny + 2, pixels->columns = (int32_t)field->grid->nx + 2;
    pixels->levels = field->ndim == 3 ? (int32_t)field->dim[0] + 2 : 1;
    find_offsets(pixels, options->corners);
    struct search search = {.kernels = NWC__KERNELS(ctx, nwc__above_kernels),
                            .field = field,
                            .pixels = pixels,
                            .threshold = as_float(options->threshold),
                            .nz = field->ndim == 3 ? field->dim[0] : 1,
                            .parts = (field->grid->nx + PART - 1) / PART};
    NWC__ALLOC(ctx, search.above, ny * search.parts * search.nz);
    NWC__ALLOC(ctx, search.first, bands + 1);
    NWC__ALLOC(ctx, pixels->map, (int64_t)pixels->rows * pixels->columns * pixels->levels);
    if ((status = nwc__for_each_tile(ctx, NULL, bands, search_band, &search)) != NWC_OK) goto done;
    search.first[0] = 0;
    for (int64_t b = 0; b < bands; b++) search.first[b + 1] += search.first[b];
    NWC__ALLOC(ctx, pixels->value, search.first[bands]);
    NWC__ALLOC(&cells->memory, pixels->place, search.first[bands]);
    pixels->n = (int32_t)search.first[bands], search.fill = true;
    status = nwc__for_each_tile(ctx, NULL, bands, search_band, &search);
done:
    nwc__free(ctx, search.first);
    nwc__free(ctx, search.above);
    return status;
}

/* ---- sizes ---- */

/* Levels reach half way to the next; the lowest and the highest as far to the other side. */
static nwc_status take_sizes(nwc_ctx *ctx, const nwc_field *field, struct nwc__cell_sizes *sizes)
{
    nwc_status status = nwc__metric_create(ctx, field->grid, &sizes->metric);
    if (status != NWC_OK || field->ndim == 2) return status;
    const double *const z = field->grid->z_m;
    const int64_t last = field->dim[0] - 1;
    NWC__ALLOC(ctx, sizes->depth_m, last + 1);
    for (int64_t k = 1; k < last; k++) sizes->depth_m[k] = 0.5 * (z[k + 1] - z[k - 1]);
    sizes->depth_m[0] = z[1] - z[0], sizes->depth_m[last] = z[last] - z[last - 1];
done:
    return status;
}

static void size_pixels(const struct nwc__pixels *pixels, const struct nwc__cell_sizes *sizes)
{
    int32_t column = -1;
    double area = 0.0;
    for (int32_t p = 0; p < pixels->n; p++) {
        if (nwc__pixel_column(pixels, p) != column) {
            double dx, dy;
            column = nwc__pixel_column(pixels, p);
            nwc__metric_at(&sizes->metric, (double)nwc__pixel_j(pixels, p), (double)nwc__pixel_i(pixels, p), &dx, &dy);
            area = dx * dy;
        }
        sizes->size[p] = sizes->depth_m ? area * sizes->depth_m[nwc__pixel_k(pixels, p)] : area;
    }
}

/* ---- labels ---- */

/* What every node is part of, from the lowest up. */
static void follow_tree(const struct nwc__tree *tree)
{
    for (int32_t o = tree->pixels->n - 1; o >= 0; o--) {
        const int32_t p = tree->order[o], parent = tree->parent[p];
        if (parent == p) continue;
        tree->storm[p] = tree->storm[parent];
        if (tree->core[p] < 0) tree->core[p] = tree->core[parent];
    }
}

/* Numbers in the order of places: of[p] is a node, made a label of seen[node], which is 0 to begin with. */
static int32_t number(int32_t n, const int32_t *of, const int32_t *within, int32_t *seen, int32_t *label)
{
    int32_t count = 0;
    memset(seen, 0, (size_t)n * sizeof *seen);
    for (int32_t p = 0; p < n; p++) {
        label[p] = 0;
        if (of[p] < 0 || within[p] < 0) continue;
        if (!seen[of[p]]) seen[of[p]] = ++count;
        label[p] = seen[of[p]];
    }
    return count;
}

static nwc_status find_labels(nwc_ctx *ctx, struct nwc__tree *tree, const nwc__metric *metric, nwc_cells *cells)
{
    nwc_status status = NWC_OK;
    const int32_t n = tree->pixels->n;
    int32_t *numbers = NULL;
    NWC__ALLOC(ctx, numbers, 3 * (int64_t)n);
    NWC__ALLOC(ctx, tree->saddle, n);
    tree->parent = numbers, tree->storm = numbers + n, tree->core = tree->storm + n;
    if ((status = nwc__cells_tree(ctx, metric, tree)) != NWC_OK) goto done;
    follow_tree(tree);
    int32_t *const seen = tree->parent; /* not wanted any more */
    NWC__ALLOC(&cells->memory, cells->cell, n);
    NWC__ALLOC(&cells->memory, cells->storm, n);
    cells->n_storms = number(n, tree->storm, tree->storm, seen, cells->storm);
    cells->n_cells = number(n, tree->core, tree->storm, seen, cells->cell);
    NWC__ALLOC(&cells->memory, cells->saddle, cells->n_cells);
    for (int32_t p = 0; p < n; p++)
        if (cells->cell[p]) cells->saddle[cells->cell[p] - 1] = (double)tree->saddle[tree->core[p]];
    if (tree->options->method == NWC_CELLS_WATERSHED || tree->options->method == NWC_CELLS_DUAL)
        status = nwc__cells_grow(ctx, tree->pixels, tree->order, cells->storm, cells->cell);
done:
    nwc__free(ctx, tree->saddle);
    nwc__free(ctx, numbers);
    return status;
}

/* ---- the call ---- */

static nwc_status keep_grid(nwc_cells *cells, const nwc_grid *grid)
{
    nwc_status status = NWC_OK;
    cells->grid = *grid;
    cells->grid.z_m = NULL;
    if (!(cells->projection = nwc__copy_text(&cells->memory, grid->projection))) return NWC_ERR_NOMEM;
    cells->grid.projection = cells->projection;
    if (!grid->nz) return NWC_OK;
    NWC__ALLOC(&cells->memory, cells->z_m, grid->nz);
    memcpy(cells->z_m, grid->z_m, (size_t)grid->nz * sizeof *cells->z_m);
    cells->grid.z_m = cells->z_m;
done:
    return status;
}

static nwc_status identify(nwc_ctx *ctx, const nwc_field *field, const nwc_cells_options *options, nwc_cells *cells)
{
    nwc_status status = NWC_OK;
    struct nwc__pixels *const pixels = &cells->pixels;
    struct nwc__cell_sizes sizes = {0};
    int32_t *order = NULL;
    struct nwc__parts parts = {0};
    if ((status = keep_grid(cells, field->grid)) != NWC_OK) goto done;
    if ((status = take_pixels(ctx, field, options, cells, pixels)) != NWC_OK) goto done;
    if ((status = take_sizes(ctx, field, &sizes)) != NWC_OK) goto done;
    if ((status = nwc__progress(ctx, "cells", 0.2)) != NWC_OK) goto done;
    if ((status = nwc__cells_order(ctx, pixels, &order, &parts)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, sizes.size, pixels->n);
    size_pixels(pixels, &sizes);
    struct nwc__tree tree = {.options = options, .pixels = pixels, .order = order, .parts = &parts, .size = sizes.size};
    if ((status = find_labels(ctx, &tree, &sizes.metric, cells)) != NWC_OK) goto done;
    if ((status = nwc__progress(ctx, "cells", 0.6)) != NWC_OK) goto done;
    status = nwc__cells_measure(ctx, cells, field, &sizes);
done:
    nwc__free(ctx, sizes.size);
    nwc__free(ctx, parts.begin);
    nwc__free(ctx, order);
    nwc__free(ctx, sizes.depth_m);
    nwc__metric_destroy(ctx, &sizes.metric);
    nwc__free(ctx, pixels->map);
    nwc__free(ctx, pixels->value);
    pixels->map = NULL, pixels->value = NULL;
    return status;
}

nwc_status nwc_cells_identify(nwc_ctx *ctx, const nwc_field *field, const nwc_cells_options *given, nwc_cells **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "cells: a place for the cells expected, NULL given");
    *made = NULL;
    nwc_cells_options options;
    nwc_cells_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check_options(&options));
    NWC__TRY(check_field(ctx, field));
    const bool flat = field->ndim == 2;
    if (isnan(options.least_size)) options.least_size = flat ? LEAST_AREA_M2 : LEAST_VOLUME_M3;
    if (isnan(options.least_core)) options.least_core = flat ? LEAST_CORE_AREA_M2 : LEAST_CORE_VOLUME_M3;
    nwc_cells *const cells = nwc__alloc(ctx, 1, sizeof *cells);
    if (!cells) return NWC_ERR_NOMEM;
    *cells = (nwc_cells){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                         .dbz = field->units && strcmp(field->units, "dBZ") == 0,
                         .flat = flat,
                         .threshold = options.threshold};
    const nwc_status status = identify(ctx, field, &options, cells);
    if (status == NWC_OK)
        *made = cells;
    else
        nwc_cells_destroy(cells);
    return status;
}

void nwc_cells_destroy(nwc_cells *cells)
{
    if (!cells) return;
    struct nwc_ctx memory = cells->memory;
    void *const blocks[] = {cells->ring_id.data,
                            cells->ring_points.data,
                            cells->ring_hole.data,
                            cells->ring_x.data,
                            cells->ring_y.data,
                            cells->columns,
                            cells->storms,
                            cells->cells,
                            cells->saddle,
                            cells->cell,
                            cells->storm,
                            cells->pixels.place,
                            cells->z_m,
                            cells->projection};
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) nwc__free(&memory, blocks[b]);
    nwc__free(&memory, cells);
}

nwc_status nwc_cells_lend(const nwc_cells *cells, nwc_cells_table *table)
{
    if (!cells || !table) return nwc__fail(NWC_ERR_ARG, "cells, table: cells and a place for the tables expected");
    *table = (nwc_cells_table){.n_cells = cells->n_cells,
                               .n_storms = cells->n_storms,
                               .cells = cells->cells,
                               .storms = cells->storms};
    return NWC_OK;
}

nwc_status nwc_cells_labels(const nwc_cells *cells, int32_t of_storms, nwc_labels *labels)
{
    if (!cells) return nwc__fail(NWC_ERR_ARG, "cells: cells expected, NULL given");
    NWC__TRY(nwc__check_labels(labels, "labels", 0));
    const nwc_grid *const grid = &cells->grid;
    const bool above = labels->ndim == 2; /* seen from there */
    const int32_t last = labels->ndim - 1;
    const int64_t nz = above ? 1 : labels->dim[0], dz = above ? 0 : labels->stride[0];
    if (!(above || (labels->ndim == 3 && !cells->flat && nz == grid->nz)) || labels->dim[last] != grid->nx ||
        labels->dim[last - 1] != grid->ny)
        return nwc__fail(NWC_ERR_ARG, "labels: the shape of the field expected");
    for (int64_t k = 0; k < nz; k++)
        for (int64_t j = 0; j < grid->ny; j++)
            for (int64_t i = 0; i < grid->nx; i++)
                labels->data[k * dz + j * labels->stride[last - 1] + i * labels->stride[last]] = 0;
    if (above)
        for (int32_t c = 0; c < cells->n_columns; c++) {
            const struct nwc__column *const column = &cells->columns[c];
            labels->data[column->j * labels->stride[0] + column->i * labels->stride[1]] =
                of_storms ? column->storm : column->cell;
        }
    else
        for (int32_t p = 0; p < cells->pixels.n; p++)
            labels->data[nwc__pixel_k(&cells->pixels, p) * dz + nwc__pixel_j(&cells->pixels, p) * labels->stride[1] +
                         nwc__pixel_i(&cells->pixels, p) * labels->stride[2]] =
                of_storms ? cells->storm[p] : cells->cell[p];
    return NWC_OK;
}

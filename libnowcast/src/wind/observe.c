/*
 * Observations of the variational wind: H, which reads the wind at the places of the data, linear between its walls, and the
 * adjoint, which gives back. A datum touches the cells next to its own, so data are kept in blocks of rows of cells: blocks of even number are
 * worked on at once, then those of odd number, and each adds its data in their order. So the result is the same for every number
 * of threads, and nothing but the data themselves needs to be stored.
 */
#include "wind/internal.h"

static int64_t level_of(const nwc__wind_box *box, double z)
{
    const int64_t k = (int64_t)(z / box->dz);
    return k < 0 ? 0 : k >= box->shape.nz ? box->shape.nz - 1 : k;
}

/* As the kernel finds it. */
static int64_t row_of(const nwc__wind_box *box, const nwc__wind_datum *d)
{
    const int64_t j = (int64_t)((nwc__real)d->y * box->shape.over_dy);
    return j < 0 ? 0 : j >= box->shape.ny ? box->shape.ny - 1 : j;
}

/* The place of a datum in their order: block, level, row. */
static int64_t key_of(const nwc__wind_box *box, const nwc__wind_datum *d)
{
    const int64_t j = row_of(box, d);
    return (j / NWC__WIND_BLOCK_ROWS * box->shape.nz + level_of(box, (double)d->z)) * NWC__WIND_BLOCK_ROWS +
           j % NWC__WIND_BLOCK_ROWS;
}

nwc_status nwc__wind_data_create(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__wind_datum *list, int64_t n,
                                 nwc__wind_data *data)
{
    nwc_status status = NWC_OK;
    int64_t *end = NULL;
    const int64_t blocks = (box->shape.ny + NWC__WIND_BLOCK_ROWS - 1) / NWC__WIND_BLOCK_ROWS;
    const int64_t keys = blocks * box->shape.nz * NWC__WIND_BLOCK_ROWS;
    *data = (nwc__wind_data){.n = n, .blocks = blocks};
    NWC__ALLOC(ctx, data->data, n);
    NWC__ALLOC(ctx, data->first, blocks + 1);
    NWC__ALLOC(ctx, data->sums, blocks);
    NWC__ALLOC(ctx, end, keys + 1);
    memset(end, 0, (size_t)(keys + 1) * sizeof *end);
    for (int64_t o = 0; o < n; o++) end[key_of(box, &list[o]) + 1]++;
    for (int64_t key = 0; key < keys; key++) end[key + 1] += end[key];
    for (int64_t b = 0; b <= blocks; b++) data->first[b] = end[b * box->shape.nz * NWC__WIND_BLOCK_ROWS];
    for (int64_t o = 0; o < n; o++) data->data[end[key_of(box, &list[o])]++] = list[o];
done:
    nwc__free(ctx, end);
    return status;
}

/* ---- fewer data for a coarser box ---- */

struct sums {
    double weight, x, y, z, u, v, w, value;
    int64_t before; /* other sums of its cell; -1 for none */
    int32_t source;
};

static void add(struct sums *s, const nwc__wind_datum *d)
{
    const double weight = (double)d->weight;
    s->weight += weight;
    s->x += weight * (double)d->x, s->y += weight * (double)d->y, s->z += weight * (double)d->z;
    s->u += weight * (double)d->u, s->v += weight * (double)d->v, s->w += weight * (double)d->w;
    s->value += weight * (double)d->value;
}

static int64_t cell_of(const nwc__wind_box *box, const nwc__wind_datum *d)
{
    const int64_t i = (int64_t)((double)d->x / box->dx), last = box->shape.nx - 1;
    return (level_of(box, (double)d->z) * box->shape.ny + row_of(box, d)) * box->shape.nx + (i < last ? i : last);
}

nwc_status nwc__wind_data_merge(nwc_ctx *ctx, const nwc__wind_box *coarse, const nwc__wind_data *data,
                                nwc__wind_data *merged)
{
    nwc_status status = NWC_OK;
    int64_t *last = NULL; /* of the sums of each cell */
    struct sums *sums = NULL;
    int64_t n = 0;
    *merged = (nwc__wind_data){.blocks = data->blocks};
    NWC__ALLOC(ctx, merged->data, data->n);
    NWC__ALLOC(ctx, merged->first, data->blocks + 1);
    NWC__ALLOC(ctx, merged->sums, data->blocks);
    NWC__ALLOC(ctx, last, coarse->cells);
    NWC__ALLOC(ctx, sums, data->n);
    for (int64_t c = 0; c < coarse->cells; c++) last[c] = -1;
    for (int64_t b = 0; b < data->blocks; b++) { /* a cell of the coarser box lies in one block */
        merged->first[b] = n;
        for (int64_t o = data->first[b]; o < data->first[b + 1]; o++) {
            const nwc__wind_datum *const d = &data->data[o];
            int64_t *const cell = &last[cell_of(coarse, d)], at = *cell;
            if (!(d->weight > 0.0F)) continue;
            while (at >= 0 && sums[at].source != d->source) at = sums[at].before;
            if (at < 0) {
                at = n++;
                sums[at] = (struct sums){.before = *cell, .source = d->source};
                *cell = at;
            }
            add(&sums[at], d);
        }
    }
    merged->first[data->blocks] = merged->n = n;
    for (int64_t o = 0; o < n; o++) {
        const struct sums *const s = &sums[o];
        const double over = 1.0 / s->weight;
        merged->data[o] = (nwc__wind_datum){(float)(over * s->x),
                                            (float)(over * s->y),
                                            (float)(over * s->z),
                                            (float)(over * s->u),
                                            (float)(over * s->v),
                                            (float)(over * s->w),
                                            (float)(over * s->value),
                                            (float)s->weight,
                                            0.0F,
                                            s->source};
    }
done:
    nwc__free(ctx, sums);
    nwc__free(ctx, last);
    return status;
}

void nwc__wind_data_release(nwc_ctx *ctx, nwc__wind_data *data)
{
    nwc__free(ctx, data->sums);
    nwc__free(ctx, data->first);
    nwc__free(ctx, data->data);
    *data = (nwc__wind_data){0};
}

struct observe {
    const nwc__wind_box *box;
    const nwc__wind_data *data;
    const nwc__real *wind;
    double of_value, of_wind;
    nwc__real *out;
    nwc__real *predicted;
    int64_t odd;
};

static nwc_status observe_block(int64_t tile, void *user)
{
    const struct observe *const job = user;
    const int64_t block = job->predicted ? tile : 2 * tile + job->odd, first = job->data->first[block];
    job->data->sums[block] =
        job->box->kernels->observe(&job->box->shape, job->data->data + first, job->data->first[block + 1] - first,
                                   job->wind, job->of_value, job->of_wind, job->out,
                                   job->predicted ? job->predicted + first : NULL);
    return NWC_OK;
}

/* What a block takes, in cells: a datum reads and writes 24. */
static int64_t cells_of(const nwc__wind_data *data)
{
    return 24 * data->n / data->blocks + 1;
}

void nwc__wind_clear_ends(const nwc__wind_box *box, nwc__real *out)
{
    const nwc__wind_shape *const s = &box->shape;
    memset(out + 2 * s->size, 0, (size_t)s->plane * sizeof *out);
    memset(out + 2 * s->size + s->nz * s->plane, 0, (size_t)s->plane * sizeof *out);
}

nwc_status nwc__wind_observe(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__wind_data *data, const nwc__real *wind,
                             double of_value, double of_wind, nwc__real *out, double *cost)
{
    struct observe job = {box, data, wind, of_value, of_wind, out, NULL, 0};
    for (job.odd = 0; job.odd < 2; job.odd++)
        NWC__TRY(nwc__wind_each(ctx, (data->blocks + 1 - job.odd) / 2, cells_of(data), observe_block, &job));
    nwc__wind_clear_ends(box, out);
    if (cost) *cost = 0.0;
    for (int64_t b = 0; cost && b < data->blocks; b++) *cost += data->sums[b];
    return NWC_OK;
}

nwc_status nwc__wind_predict(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__wind_data *data, const nwc__real *wind,
                             nwc__real *predicted)
{
    struct observe job = {box, data, wind, 0.0, 1.0, NULL, predicted, 0};
    return nwc__wind_each(ctx, data->blocks, cells_of(data), observe_block, &job);
}

double nwc__wind_density(const nwc__wind_box *box, const nwc__wind_data *data)
{
    const double squares = 8.0 / 27.0; /* of weights of corners, summed, the mean over places in a cell */
    double sum = 0.0;
    for (int64_t o = 0; o < data->n; o++) {
        const nwc__wind_datum *const d = &data->data[o];
        sum += 0.5 * (double)d->weight * ((double)d->u * (double)d->u + (double)d->v * (double)d->v);
    }
    return squares * sum / (double)box->cells;
}

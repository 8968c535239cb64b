/*
 * A Kalman filter among the principal components of two ensembles (Nerini et al. 2019, Mon. Wea. Rev. 147, 987, equations 13 to
 * 16). With Z the departures of all n members from their mean, (n, cells), and Z Z' = U L U', component k is Z' u_k / sqrt(l_k) and
 * member i lies at U_ik sqrt(l_k) along it. So no component is ever made: variances are those of columns of U, and what is added to member
 * i is Z' times the sum of u_k g_k (U_jk - U_ik), j being its member of the model. Covariances are diagonal, as two samples of
 * fewer members than components share no directions but by chance, and the gain of both whole matrices would be made of that.
 */
#include "forecast/kalman.h"

#include "core/blas.h"
#include "forecast/blend_sources.h"
#include "forecast/members.h"

enum {
    CHUNK = 512,
    MOST_TILES = 64, /* each of which has its own products */
    LEAST_TILE = 8192
};

#define NOTHING 1e-12 /* of the greatest variance of a component */

struct job {
    const struct nwc__kalman *k;
    int64_t n, tile_cells, tiles;
    double *block;   /* (tile, n, CHUNK): departures in cells that all members know */
    double *added;   /* (tile, n_nowcast, CHUNK) */
    double *product; /* (tile, n, n) */
    int64_t *known;  /* (tile) */
    double *mix;     /* (n_nowcast, n): what of each departure is added */
};

/* Departures of members from their mean in cells from `first` on; where those are that all members know, and how many. */
static int64_t load(const struct job *job, int64_t first, int64_t end, double *block, int64_t *place)
{
    int64_t count = 0;
    for (int64_t c = first; c < end && c < first + CHUNK; c++) {
        bool known = true;
        for (int64_t r = 0; r < job->n && known; r++) known = isfinite(job->k->field[r][c]);
        if (known) place[count++] = c;
    }
    double mean[CHUNK] = {0.0};
    for (int64_t r = 0; r < job->n; r++)
        for (int64_t c = 0; c < count; c++) {
            block[r * CHUNK + c] = (double)job->k->field[r][place[c]];
            mean[c] += block[r * CHUNK + c];
        }
    for (int64_t c = 0; c < count; c++) mean[c] /= (double)job->n;
    for (int64_t r = 0; r < job->n; r++)
        for (int64_t c = 0; c < count; c++) block[r * CHUNK + c] -= mean[c];
    return count;
}

static int64_t end_of(const struct job *job, int64_t tile)
{
    const int64_t end = (tile + 1) * job->tile_cells;
    return end < job->k->cells ? end : job->k->cells;
}

static nwc_status multiply(int64_t tile, void *user)
{
    const struct job *const job = user;
    double *const block = job->block + tile * job->n * CHUNK, *const product = job->product + tile * job->n * job->n;
    int64_t place[CHUNK];
    memset(product, 0, (size_t)(job->n * job->n) * sizeof *product);
    job->known[tile] = 0;
    for (int64_t first = tile * job->tile_cells; first < end_of(job, tile); first += CHUNK) {
        const int64_t count = load(job, first, end_of(job, tile), block, place);
        if (count > 0) nwc__dsyrk(false, job->n, count, 1.0, block, CHUNK, 1.0, product, job->n);
        job->known[tile] += count;
    }
    return NWC_OK;
}

static nwc_status correct(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t n = job->n, members = job->k->n_nowcast;
    double *const block = job->block + tile * n * CHUNK, *const added = job->added + tile * members * CHUNK;
    int64_t place[CHUNK];
    for (int64_t first = tile * job->tile_cells; first < end_of(job, tile); first += CHUNK) {
        const int64_t count = load(job, first, end_of(job, tile), block, place);
        if (count == 0) continue;
        nwc__dgemm(false, false, members, count, n, 1.0, job->mix, n, block, CHUNK, 0.0, added, CHUNK);
        for (int64_t i = 0; i < members; i++)
            for (int64_t c = 0; c < count; c++) {
                float *const cell = &job->k->field[i][place[c]];
                *cell = (float)((double)*cell + added[i * CHUNK + c]);
            }
    }
    return NWC_OK;
}

/* Variance of numbers 1 or more: that of a sample; 0 of one. */
static double variance_of(const double *x, int64_t n)
{
    double mean = 0.0, squares = 0.0;
    for (int64_t i = 0; i < n; i++) mean += x[i];
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    return n > 1 ? squares / (double)(n - 1) : 0.0;
}

/* The mix from eigenvectors (component, member) and their values, ascending; the mean gain. */
static double find_mix(const struct job *job, const double *vector, const double *value, int64_t known)
{
    const nwc_kalman_options *const o = &job->k->options;
    const int64_t n = job->n, members = job->k->n_nowcast;
    double all = 0.0, spread = 0.0, held = 0.0, gain = 0.0;
    memset(job->mix, 0, (size_t)(members * n) * sizeof *job->mix);
    for (int64_t k = 0; k < n; k++) {
        all += fmax(value[k], 0.0);
        spread += fmax(value[k], 0.0) * variance_of(vector + k * n, members);
    }
    const double further = spread > 0.0 ? o->model_error * o->model_error * (double)known / spread : 0.0;
    for (int64_t k = n - 1; k >= 0 && held < o->explained * all; k--) {
        if (!(value[k] > NOTHING * value[n - 1])) break;
        held += value[k];
        const double *const u = vector + k * n;
        const double p = value[k] * variance_of(u, members);
        const double r = o->model_inflation * (value[k] * variance_of(u + members, n - members) + further * p);
        if (!(p > NOTHING * value[n - 1])) continue;
        const double g = o->nowcast_inflation * p / (o->nowcast_inflation * p + r);
        gain += g * value[k];
        for (int64_t i = 0; i < members; i++) {
            const double way = g * (u[members + job->k->own[i]] - u[i]);
            for (int64_t l = 0; l < n; l++) job->mix[i * n + l] += way * u[l];
        }
    }
    return all > 0.0 ? gain / all : 0.0;
}

nwc_status nwc__kalman(nwc_ctx *ctx, const struct nwc__kalman *k, double *gain)
{
    nwc_status status = NWC_OK;
    const int64_t n = (int64_t)k->n_nowcast + k->n_model;
    const int64_t share = (k->cells + MOST_TILES - 1) / MOST_TILES, size = share > LEAST_TILE ? share : LEAST_TILE;
    struct job job = {.k = k, .n = n, .tile_cells = size, .tiles = (k->cells + size - 1) / size};
    double *sum = NULL, *value = NULL;
    int64_t known = 0;
    nwc__blas_begin();
    NWC__ALLOC(ctx, job.block, job.tiles * n * CHUNK);
    NWC__ALLOC(ctx, job.added, job.tiles * k->n_nowcast * CHUNK);
    NWC__ALLOC(ctx, job.product, job.tiles * n * n);
    NWC__ALLOC(ctx, job.known, job.tiles);
    NWC__ALLOC(ctx, job.mix, k->n_nowcast * n);
    NWC__ALLOC(ctx, sum, n * n);
    NWC__ALLOC(ctx, value, 4 * n); /* and what LAPACK works in */
    if ((status = nwc__for_each_tile(ctx, "kalman", job.tiles, multiply, &job)) != NWC_OK) goto done;
    memset(sum, 0, (size_t)(n * n) * sizeof *sum);
    for (int64_t tile = 0; tile < job.tiles; tile++) {
        known += job.known[tile];
        for (int64_t i = 0; i < n * n; i++) sum[i] += job.product[tile * n * n + i];
    }
    if (!nwc__eigen_symmetric(n, sum, value, value + n)) {
        status = nwc__fail(NWC_ERR_CONVERGENCE, "nowcast, model: no principal components found");
        goto done;
    }
    *gain = find_mix(&job, sum, value, known);
    if (*gain > 0.0) status = nwc__for_each_tile(ctx, "kalman", job.tiles, correct, &job);
done:
    nwc__blas_end();
    nwc__free(ctx, value);
    nwc__free(ctx, sum);
    nwc__free(ctx, job.mix);
    nwc__free(ctx, job.known);
    nwc__free(ctx, job.product);
    nwc__free(ctx, job.added);
    nwc__free(ctx, job.block);
    return status;
}

/* ---- the call ---- */

void nwc_kalman_options_init(nwc_kalman_options *options)
{
    if (!options) return;
    *options = (nwc_kalman_options){.struct_size = sizeof *options,
                                    .explained = 1.0,
                                    .nowcast_inflation = 1.0,
                                    .model_inflation = 1.0};
}

nwc_status nwc__check_kalman(const nwc_kalman_options *o)
{
    if (!(o->explained > 0.0 && o->explained <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "explained: above 0 to 1 expected, %g given", o->explained);
    if (!(o->nowcast_inflation > 0.0 && isfinite(o->nowcast_inflation)))
        return nwc__fail(NWC_ERR_ARG, "nowcast_inflation: above 0 expected, %g given", o->nowcast_inflation);
    if (!(o->model_inflation > 0.0 && isfinite(o->model_inflation)))
        return nwc__fail(NWC_ERR_ARG, "model_inflation: above 0 expected, %g given", o->model_inflation);
    if (!(o->model_error >= 0.0 && isfinite(o->model_error)))
        return nwc__fail(NWC_ERR_ARG, "model_error: 0 or more expected, %g given", o->model_error);
    return NWC_OK;
}

static nwc_status check(const nwc_kalman_options *options, const nwc_field *nowcast, const nwc_field *model,
                        const nwc_field *analysis)
{
    NWC__TRY(nwc__check_kalman(options));
    NWC__TRY(nwc__check_field(nowcast, "nowcast", 3));
    NWC__TRY(nwc__check_field(model, "model", 3));
    NWC__TRY(nwc__check_field(analysis, "analysis", 3));
    NWC__TRY(nwc__check_same_shape(model, "model", nowcast, "nowcast"));
    NWC__TRY(nwc__check_same_shape(analysis, "analysis", nowcast, "nowcast"));
    if (nowcast->dim[0] < 2 || nowcast->dim[0] > NWC__MOST_MEMBERS)
        return nwc__fail(NWC_ERR_ARG, "nowcast: 2 to %d members expected, %lld given", NWC__MOST_MEMBERS,
                         (long long)nowcast->dim[0]);
    if (model->dim[0] < 1 || model->dim[0] > NWC__MOST_MODELS)
        return nwc__fail(NWC_ERR_ARG, "model: 1 to %d members expected, %lld given", NWC__MOST_MODELS,
                         (long long)model->dim[0]);
    if (analysis->dim[0] != nowcast->dim[0])
        return nwc__fail(NWC_ERR_ARG, "analysis: %lld members expected, %lld given", (long long)nowcast->dim[0],
                         (long long)analysis->dim[0]);
    if (nowcast->units && model->units && strcmp(nowcast->units, model->units) != 0)
        return nwc__fail(NWC_ERR_ARG, "model: units %s of nowcast expected, %s given", nowcast->units, model->units);
    return NWC_OK;
}

static float *cell_of(const nwc_field *field, int64_t m, int64_t j, int64_t i)
{
    return field->data + m * field->stride[0] + j * field->stride[1] + i * field->stride[2];
}

nwc_status nwc_forecast_kalman(nwc_ctx *ctx, const nwc_field *nowcast, const nwc_field *model,
                               const nwc_kalman_options *given, double *gain, nwc_field *analysis)
{
    ctx = nwc__ctx(ctx);
    struct nwc__kalman k;
    nwc_kalman_options_init(&k.options);
    NWC__TRY(nwc__take_options(&k.options, sizeof k.options, given, "options"));
    NWC__TRY(check(&k.options, nowcast, model, analysis));
    nwc_status status = NWC_OK;
    const int64_t members = nowcast->dim[0], models = model->dim[0], ny = nowcast->dim[1], nx = nowcast->dim[2];
    k.n_nowcast = (int32_t)members, k.n_model = (int32_t)models, k.cells = ny * nx;
    float *all = NULL;
    int32_t *own = NULL;
    double mean_gain = 0.0;
    k.field = NULL;
    NWC__ALLOC(ctx, k.field, members + models);
    NWC__ALLOC(ctx, own, members);
    NWC__ALLOC(ctx, all, (members + models) * ny * nx);
    k.own = own;
    for (int64_t m = 0; m < members; m++) own[m] = (int32_t)(m % models);
    for (int64_t m = 0; m < members + models; m++) {
        k.field[m] = all + m * ny * nx;
        const nwc_field *const from = m < members ? nowcast : model;
        for (int64_t j = 0; j < ny; j++)
            for (int64_t i = 0; i < nx; i++)
                k.field[m][j * nx + i] = *cell_of(from, m < members ? m : m - members, j, i);
    }
    if ((status = nwc__kalman(ctx, &k, &mean_gain)) != NWC_OK) goto done;
    for (int64_t m = 0; m < members; m++)
        for (int64_t j = 0; j < ny; j++)
            for (int64_t i = 0; i < nx; i++) *cell_of(analysis, m, j, i) = k.field[m][j * nx + i];
    if (gain) *gain = mean_gain;
done:
    nwc__free(ctx, all);
    nwc__free(ctx, own);
    nwc__free(ctx, k.field);
    return status;
}

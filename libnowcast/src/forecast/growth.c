/*
 * Growth and decay by a model that was learned. What the last frames say of every place, in the coordinates of the newest one's air, is
 * carried along the motion as the forecast itself was, and a small network tells from it what the forecast lacks. A change is told in
 * amounts of rain, so that one model serves drizzle and downpours, and weights of zero leave the forecast as it is.
 */
#include "forecast/growth.h"

#include "forecast/past.h"
#include "forecast/windows.h"
#include "grid/internal.h"

NWC__DECLARE_KERNELS(nwc__growth_kernels);

enum { ROWS = 16 /* in a tile */, SUMS = 5 /* of a window: known cells, rain of three frames, wet cells */ };
enum { CHUNK = NWC__GROWTH_CHUNK, PLANES = NWC__GROWTH_PLANES, INPUTS = NWC__GROWTH_INPUTS };

#define WET 0.1F       /* mm h-1 */
#define CHANGE_S 900.0 /* changes are told for so long */
#define HOUR_S 3600.0

static const double scale_m[NWC__GROWTH_SCALES] = {2e3, 8e3, 32e3, 128e3};

struct call {
    nwc_ctx *ctx;
    const struct nwc__growth_kernels *kernels;
    const nwc_growth_model *model; /* NULL where inputs are asked for */
    const nwc_field *base;
    nwc_field *made; /* corrected; or inputs, with their amount behind */
    nwc_field *amount;
    struct nwc__past past;
    nwc__carrier carrier;
    float *planes;  /* (PLANES, ny, nx), NaN where the newest frame is */
    float *carried; /* the same, at a lead */
    float *work;    /* rows for each tile */
    int64_t work_cells;
    int64_t lead;
    float lead_h;
    /* of the scale at hand */
    struct nwc__windows windows;
    float *sums; /* (SUMS, blocks) */
    int32_t scale;
};

static int64_t tiles_of(int64_t rows)
{
    return (rows + ROWS - 1) / ROWS;
}

/* ---- planes of the newest time ---- */

/* A tile is a row of blocks. Where an older frame is not known the newest stands for it: no change. */
static nwc_status sum_blocks(int64_t tile, void *user)
{
    const struct call *const c = user;
    const int64_t blocks = c->windows.ny * c->windows.nx, block = c->windows.block, nx = c->past.nx;
    const float *const frame[3] = {c->past.cells[0], c->past.cells[1], c->past.cells[c->past.n - 1]};
    float *const sums = c->sums + tile * c->windows.nx;
    for (int32_t k = 0; k < SUMS; k++) memset(sums + k * blocks, 0, (size_t)c->windows.nx * sizeof *sums);
    for (int64_t j = tile * block; j < (tile + 1) * block && j < c->past.ny; j++) {
        for (int64_t i = 0; i < nx; i++) {
            const float now = frame[0][j * nx + i];
            if (isnan(now)) continue;
            float *const sum = sums + i / block;
            sum[0] += 1.0F;
            for (int32_t f = 0; f < 3; f++) {
                const float then = frame[f][j * nx + i];
                sum[(1 + f) * blocks] += isnan(then) ? now : then;
            }
            sum[4 * blocks] += now >= WET ? 1.0F : 0.0F;
        }
    }
    return NWC_OK;
}

static nwc_status write_scale(int64_t tile, void *user)
{
    const struct call *const c = user;
    const int64_t nx = c->past.nx, cells = c->past.ny * nx, blocks = c->windows.ny * c->windows.nx;
    const float recent = (float)(CHANGE_S / c->past.age_s[1]);
    const float trend = (float)(CHANGE_S / c->past.age_s[c->past.n - 1]);
    float *const row = c->work + tile * c->work_cells;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < c->past.ny; j++) {
        float *const out = c->planes + (1 + c->scale * NWC__GROWTH_OF_SCALE) * cells + j * nx;
        for (int32_t k = 0; k < SUMS; k++)
            nwc__windows_read(c->ctx, &c->windows, c->sums + k * blocks, j, 1, nx, row + k * nx);
        for (int64_t i = 0; i < nx; i++) {
            const float share = isnan(c->planes[j * nx + i]) ? NAN : 1.0F / row[i];
            const float rain = row[nx + i] * share;
            out[i] = rain;
            out[cells + i] = (rain - row[2 * nx + i] * share) * recent;
            out[2 * cells + i] = (rain - row[3 * nx + i] * share) * trend;
            out[3 * cells + i] = row[4 * nx + i] * share;
        }
    }
    return NWC_OK;
}

static nwc_status add_scale(struct call *c, const nwc__metric *metric)
{
    nwc_status status = NWC_OK;
    const double size_m = scale_m[c->scale];
    c->windows = nwc__windows_of(c->past.ny, c->past.nx, fmax(size_m / metric->mean_dy_m, 1.0),
                                 fmax(size_m / metric->mean_dx_m, 1.0));
    NWC__ALLOC(c->ctx, c->sums, SUMS * c->windows.ny * c->windows.nx);
    if ((status = nwc__for_each_tile(c->ctx, "growth", c->windows.ny, sum_blocks, c)) != NWC_OK) goto done;
    if ((status = nwc__windows_smooth(c->ctx, &c->windows, SUMS, 0.0, c->sums)) != NWC_OK) goto done;
    status = nwc__for_each_tile(c->ctx, "growth", tiles_of(c->past.ny), write_scale, c);
done:
    nwc__free(c->ctx, c->sums);
    return status;
}

static nwc_status prepare(struct call *c, const nwc_grid *grid)
{
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    const int64_t cells = c->past.ny * c->past.nx;
    c->work_cells = SUMS * c->past.nx;
    if (c->work_cells < (INPUTS + 2 * NWC__GROWTH_UNITS + 4) * CHUNK)
        c->work_cells = (INPUTS + 2 * NWC__GROWTH_UNITS + 4) * CHUNK;
    NWC__ALLOC(c->ctx, c->planes, PLANES * cells);
    NWC__ALLOC(c->ctx, c->carried, PLANES * cells);
    NWC__ALLOC(c->ctx, c->work, tiles_of(c->past.ny) * c->work_cells);
    if ((status = nwc__metric_create(c->ctx, grid, &metric)) != NWC_OK) goto done;
    memcpy(c->planes, c->past.cells[0], (size_t)cells * sizeof *c->planes);
    for (c->scale = 0; c->scale < NWC__GROWTH_SCALES; c->scale++)
        if ((status = add_scale(c, &metric)) != NWC_OK) goto done;
done:
    nwc__metric_destroy(c->ctx, &metric);
    return status;
}

/* ---- a lead time ---- */

/* A row of n values at the places of a field's plane of the lead at hand. */
static void put(const struct call *c, const nwc_field *field, int64_t j, int64_t i, int64_t n, const float *values)
{
    float *const to = field->data + c->lead * field->stride[0] + j * field->stride[1] + i * field->stride[2];
    for (int64_t k = 0; k < n; k++) to[k * field->stride[2]] = values[k];
}

/* What the model says of a chunk, in the place of the first row of x; x (INPUTS, CHUNK) with room for units behind. */
static const float *say(const struct call *c, const float *x, float *below)
{
    const nwc_growth_model *const m = c->model;
    float *other = below + NWC__GROWTH_UNITS * CHUNK;
    int32_t n = m->n_inputs;
    for (int32_t k = 0; k < n; k++)
        c->kernels->scale(x + m->input[k] * CHUNK, m->mean[k], m->scale[k], below + k * CHUNK);
    for (int32_t l = 0; l < m->n_layers; l++) {
        c->kernels->layer(m->weights[l], n, m->n_units[l], l + 1 < m->n_layers, below, other);
        float *const swap = below;
        below = other, other = swap;
        n = m->n_units[l];
    }
    return below;
}

/* n cells of the base; what is not finite is not known. */
static nwc_status take(const struct call *c, int64_t j, int64_t i, int64_t n, float *base)
{
    const nwc_field *const b = c->base;
    const float *const from = b->data + c->lead * b->stride[0] + j * b->stride[1] + i * b->stride[2];
    for (int64_t k = 0; k < n; k++) {
        const float value = from[k * b->stride[2]];
        if (value < 0.0F)
            return nwc__fail(NWC_ERR_ARG, "base: values of 0 or more expected, %g at cell (%lld, %lld) given",
                             (double)value, (long long)j, (long long)(i + k));
        base[k] = isfinite(value) ? value : NAN;
    }
    return NWC_OK;
}

static nwc_status write_rows(int64_t tile, void *user)
{
    const struct call *const c = user;
    const int64_t nx = c->past.nx, cells = c->past.ny * nx;
    float *const x = c->work + tile * c->work_cells, *const units = x + INPUTS * CHUNK;
    float *const base = units + 2 * NWC__GROWTH_UNITS * CHUNK, *const amount = base + CHUNK;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < c->past.ny; j++) {
        for (int64_t i = 0; i < nx; i += CHUNK) {
            const int64_t n = nx - i < CHUNK ? nx - i : CHUNK;
            NWC__TRY(take(c, j, i, n, base));
            c->kernels->inputs(c->carried + j * nx + i, cells, base, c->lead_h, n, x, amount);
            if (c->model) {
                bool any = false;
                for (int64_t k = 0; k < n; k++) any |= amount[k] > 0.0F;
                if (any) c->kernels->change(say(c, x, units), amount, n, base);
                put(c, c->made, j, i, n, base);
            } else {
                for (int32_t k = 0; k < INPUTS; k++) put(c, &c->made[k], j, i, n, x + k * CHUNK);
                put(c, c->amount, j, i, n, amount);
            }
        }
    }
    return NWC_OK;
}

static nwc_status make_lead(struct call *c, int64_t lead, double lead_s)
{
    const int64_t ny = c->past.ny, nx = c->past.nx, cells = ny * nx;
    struct nwc__source source[PLANES];
    nwc_field to[PLANES];
    c->lead = lead, c->lead_h = (float)(lead_s / HOUR_S);
    for (int32_t p = 0; p < PLANES; p++) {
        source[p] = (struct nwc__source){.cells = c->planes + p * cells,
                                         .ny = (int32_t)ny,
                                         .nx = (int32_t)nx,
                                         .stride = (int32_t)nx};
        to[p] = (nwc_field){.data = c->carried + p * cells, .ndim = 3, .dim = {1, ny, nx}, .stride = {0, nx, 1}};
    }
    NWC__TRY(nwc__carry(c->ctx, &c->carrier, lead_s, source, PLANES, lead, to));
    return nwc__for_each_tile(c->ctx, "growth", tiles_of(ny), write_rows, c);
}

/* ---- the calls ---- */

static nwc_status check_base(const nwc_field *base, const nwc_field *like, int32_t n_leads)
{
    NWC__TRY(nwc__check_field(base, "base", 3));
    NWC__TRY(nwc__check_same_shape(base, "base", like, "frames"));
    if (base->dim[0] != n_leads)
        return nwc__fail(NWC_ERR_ARG, "base: %d lead times expected, %lld given", (int)n_leads,
                         (long long)base->dim[0]);
    return NWC_OK;
}

static nwc_status make(struct call *c, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                       const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                       const nwc_extrapolate_options *given, int32_t n_made)
{
    nwc_extrapolate_options options;
    nwc_extrapolate_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(nwc__check_extrapolation(&options));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(c->ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(check_base(c->base, &frames[0], n_leads));
    NWC__TRY(nwc__check_forecasts(c->made, n_made, &frames[0], n_leads));
    if (c->amount) NWC__TRY(nwc__check_forecasts(c->amount, 1, &frames[0], n_leads));
    NWC__TRY(nwc__check_delay(options.delay, &frames[0], n_leads));

    c->kernels = NWC__KERNELS(c->ctx, nwc__growth_kernels);
    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    nwc_status status = nwc__past_create(c->ctx, frames, times_ns, n_frames, u, v, 2, NWC__MOST_PAST, 0.0, &c->past);
    if (status != NWC_OK) goto done;
    if ((status = prepare(c, frames[0].grid)) != NWC_OK) goto done;
    if ((status = nwc__carrier_create(c->ctx, &motion[0], &motion[1], &options, &c->carrier)) != NWC_OK) goto done;
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n++) status = make_lead(c, n, leads_s[n]);
done:
    nwc__carrier_destroy(c->ctx, &c->carrier);
    nwc__free(c->ctx, c->work);
    nwc__free(c->ctx, c->carried);
    nwc__free(c->ctx, c->planes);
    nwc__past_destroy(c->ctx, &c->past);
    return status;
}

nwc_status nwc_forecast_growth_inputs(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                      const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                      const nwc_field *base, const nwc_extrapolate_options *options, nwc_field *inputs,
                                      nwc_field *amount)
{
    struct call c = {.ctx = nwc__ctx(ctx), .base = base, .made = inputs, .amount = amount};
    if (!amount) return nwc__fail(NWC_ERR_ARG, "amount: a field expected, NULL given");
    return make(&c, frames, times_ns, n_frames, u, v, leads_s, n_leads, options, INPUTS);
}

nwc_status nwc_forecast_growth(nwc_ctx *ctx, const nwc_growth_model *model, const nwc_field *frames,
                               const int64_t *times_ns, int32_t n_frames, const nwc_field *u, const nwc_field *v,
                               const double *leads_s, int32_t n_leads, const nwc_field *base,
                               const nwc_extrapolate_options *options, nwc_field *corrected)
{
    struct call c = {.ctx = nwc__ctx(ctx), .model = model, .base = base, .made = corrected};
    if (!model) return nwc__fail(NWC_ERR_ARG, "model: a model expected, NULL given");
    return make(&c, frames, times_ns, n_frames, u, v, leads_s, n_leads, options, 1);
}

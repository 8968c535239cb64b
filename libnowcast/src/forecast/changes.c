/*
 * Changes that go on: each band of scale of the differences between frames is an autoregressive process, and a forecast the
 * newest frame with the sum of all that follow (ARI(p, 1) of Pulkkinen et al. 2020).
 *
 * A process is linear in the last two changes, so that n steps are two numbers for each band and place, their shares of these
 * changes summed over the steps. They vary as slowly as the windows they come from and are kept for blocks of cells; what is done for
 * every cell is one sum for each band, and coarse bands have few nodes.
 */
#include "forecast/changes.h"

#include "forecast/changes_kernel.h"

NWC__DECLARE_KERNELS(nwc__changes_kernels);

enum { ROWS = 16 /* of nodes in a tile */, STATES = 2, SHARES = 6, WORK = 2 };

struct differ_job {
    const struct nwc__past *past;
    struct nwc__changes *changes;
};

/* Changes in a step; none where a frame is not known that the newest one would be compared with. */
static nwc_status differ(int64_t tile, void *user)
{
    const struct differ_job *const job = user;
    const struct nwc__past *const past = job->past;
    const int64_t end = (tile + 1) * ROWS < past->ny ? (tile + 1) * ROWS : past->ny;
    for (int32_t f = 0; f + 1 < past->n; f++) {
        const float *const later = past->cells[f], *const earlier = past->cells[f + 1];
        const float scale = (float)(job->changes->step_s / (past->age_s[f + 1] - past->age_s[f]));
        float *const change = job->changes->bands.level[f][0];
        for (int64_t i = tile * ROWS * past->nx; i < end * past->nx; i++) {
            const float found = scale * (later[i] - earlier[i]);
            change[i] = isnan(past->cells[0][i]) ? NAN : isnan(found) ? 0.0F : found;
        }
    }
    return NWC_OK;
}

static int32_t log_of(int64_t power_of_two)
{
    int32_t log = 0;
    while ((INT64_C(1) << log) < power_of_two) log++;
    return log;
}

struct fit_job {
    const struct nwc__changes_kernels *kernels;
    const struct nwc__changes *changes;
    int32_t scale;
    float *sums; /* (NWC__CHANGE_SUMS, n_blocks) */
    float *phi;  /* (2, n_blocks) */
};

/* A tile is a row of blocks. */
static nwc_status sum_blocks(int64_t tile, void *user)
{
    const struct fit_job *const job = user;
    const struct nwc__changes *const c = job->changes;
    const struct nwc__bands *const b = &c->bands;
    const int32_t m = job->scale, last = b->n_frames - 1;
    const int64_t step = b->spacing[m], block = c->windows.block, cells = b->nx[0];
    const int64_t inside = (cells - 1) / step + 1; /* nodes; the last may lie beyond the grid */
    float *const sums = job->sums + tile * c->windows.nx;
    for (int32_t p = 0; p < NWC__CHANGE_SUMS; p++)
        memset(sums + p * c->n_blocks, 0, (size_t)c->windows.nx * sizeof *sums);
    for (int64_t j = (tile * block + step - 1) / step; j * step < (tile + 1) * block && j * step < b->ny[0]; j++) {
        const int64_t at = j * b->nx[m];
        job->kernels->products(b->level[0][m] + at, b->level[1][m] + at, b->level[last][m] + at, inside, log_of(step),
                               log_of(block), c->n_blocks, sums);
    }
    return NWC_OK;
}

static nwc_status fit_blocks(int64_t tile, void *user)
{
    const struct fit_job *const job = user;
    const struct nwc__changes *const c = job->changes;
    const int64_t at = tile * c->windows.nx;
    job->kernels->fit(job->sums + at, c->n_blocks, c->order, c->windows.nx, job->phi + at, job->phi + c->n_blocks + at);
    return NWC_OK;
}

static nwc_status fit_scales(nwc_ctx *ctx, struct nwc__changes *c)
{
    nwc_status status = NWC_OK;
    struct fit_job job = {.kernels = NWC__KERNELS(ctx, nwc__changes_kernels), .changes = c};
    NWC__ALLOC(ctx, job.sums, NWC__CHANGE_SUMS * c->n_blocks);
    for (int32_t m = 0; m < NWC__SCALES; m++) {
        const double least_blocks = (double)c->bands.spacing[m] / c->windows.block; /* else windows see no node */
        job.scale = m;
        job.phi = c->coefficients + m * STATES * c->n_blocks;
        if ((status = nwc__for_each_tile(ctx, "changes", c->windows.ny, sum_blocks, &job)) != NWC_OK) goto done;
        status = nwc__windows_smooth(ctx, &c->windows, NWC__CHANGE_SUMS, least_blocks, job.sums);
        if (status != NWC_OK) goto done;
        if ((status = nwc__for_each_tile(ctx, "changes", c->windows.ny, fit_blocks, &job)) != NWC_OK) goto done;
    }
done:
    nwc__free(ctx, job.sums);
    return status;
}

static void begin(struct nwc__changes *c)
{
    for (int32_t m = 0; m < NWC__SCALES; m++) {
        float *const share = c->shares + m * SHARES * c->n_blocks;
        for (int32_t k = 0; k < SHARES; k++) /* the newest change is itself, and so is the one before */
            for (int64_t i = 0; i < c->n_blocks; i++) share[k * c->n_blocks + i] = k == 0 || k == 3 ? 1.0F : 0.0F;
    }
}

nwc_status nwc__changes_create(nwc_ctx *ctx, const struct nwc__past *past, int32_t order, double deviation_y,
                               double deviation_x, struct nwc__changes *c)
{
    assert(past->n >= NWC__CHANGES);
    nwc_status status = NWC_OK;
    const int64_t tiles = (past->ny + ROWS - 1) / ROWS;
    *c = (struct nwc__changes){.order = past->n > NWC__CHANGES ? order : 1, .step_s = past->age_s[1]};
    c->windows = nwc__windows_of(past->ny, past->nx, deviation_y, deviation_x);
    c->n_blocks = c->windows.ny * c->windows.nx;
    if ((status = nwc__bands_create(ctx, past->ny, past->nx, past->n - 1, &c->bands)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, c->coefficients, NWC__SCALES * STATES * c->n_blocks);
    NWC__ALLOC(ctx, c->shares, NWC__SCALES * SHARES * c->n_blocks);
    NWC__ALLOC(ctx, c->at, NWC__SCALES * STATES * c->n_blocks);
    NWC__ALLOC(ctx, c->rows, WORK * tiles * c->bands.nx[0]);
    struct differ_job job = {.past = past, .changes = c};
    if ((status = nwc__for_each_tile(ctx, "changes", tiles, differ, &job)) != NWC_OK) goto done;
    if ((status = nwc__bands_split(ctx, &c->bands)) != NWC_OK) goto done;
    if ((status = nwc__bands_part(ctx, &c->bands)) != NWC_OK) goto done;
    if ((status = fit_scales(ctx, c)) != NWC_OK) goto done;
    begin(c);
done:
    if (status != NWC_OK) nwc__changes_destroy(ctx, c);
    return status;
}

void nwc__changes_destroy(nwc_ctx *ctx, struct nwc__changes *c)
{
    nwc__free(ctx, c->rows);
    nwc__free(ctx, c->at);
    nwc__free(ctx, c->shares);
    nwc__free(ctx, c->coefficients);
    nwc__bands_destroy(ctx, &c->bands);
    *c = (struct nwc__changes){0};
}

/* Shares of the two changes after steps, linear between whole ones: what the last step added is its shares themselves. */
static void shares_at(const struct nwc__changes_kernels *kernels, struct nwc__changes *c, double steps)
{
    const int64_t n = c->n_blocks;
    for (; (double)c->steps < steps; c->steps++)
        for (int32_t m = 0; m < NWC__SCALES; m++) {
            const float *const phi = c->coefficients + m * STATES * n;
            kernels->step(phi, phi + n, n, n, c->shares + m * SHARES * n);
        }
    const float back = (float)((double)c->steps - steps);
    for (int32_t m = 0; m < NWC__SCALES; m++) {
        const float *const now = c->shares + m * SHARES * n, *const sum = now + 4 * n;
        for (int64_t i = 0; i < STATES * n; i++) c->at[m * STATES * n + i] = sum[i] - back * now[i];
    }
}

struct add_job {
    nwc_ctx *ctx;
    const struct nwc__changes_kernels *kernels;
    const struct nwc__changes *changes;
    const float *newest;
    int32_t m;
    float *to; /* nodes of level m */
};

static nwc_status add_rows(int64_t tile, void *user)
{
    const struct add_job *const job = user;
    const struct nwc__changes *const c = job->changes;
    const struct nwc__bands *const b = &c->bands;
    const int32_t m = job->m;
    const int64_t nx = b->nx[m], step = b->spacing[m];
    const float *const at = c->at + m * STATES * c->n_blocks;
    float *const share0 = c->rows + WORK * tile * b->nx[0], *const share1 = share0 + nx;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < b->ny[m]; j++) {
        float *const to = job->to + j * nx;
        memset(to, 0, (size_t)nx * sizeof *to);
        if (m < NWC__BANDS) nwc__bands_expand(job->ctx, b, m + 1, b->mixed[m + 1], j, to);
        nwc__windows_read(job->ctx, &c->windows, at, j * step, step, nx, share0);
        nwc__windows_read(job->ctx, &c->windows, at + c->n_blocks, j * step, step, nx, share1);
        job->kernels->grow(share0, b->level[0][m] + j * nx, share1, b->level[1][m] + j * nx, nx, to);
        if (m > 0) continue;
        for (int64_t i = 0; i < nx; i++) to[i] += job->newest[j * nx + i];
    }
    return NWC_OK;
}

nwc_status nwc__changes_add(nwc_ctx *ctx, struct nwc__changes *c, const float *newest, double lead_s, float *foreseen)
{
    struct add_job job = {.ctx = ctx, .kernels = NWC__KERNELS(ctx, nwc__changes_kernels), .changes = c};
    job.newest = newest;
    shares_at(job.kernels, c, lead_s / c->step_s);
    for (job.m = NWC__BANDS; job.m >= 0; job.m--) {
        job.to = job.m > 0 ? c->bands.mixed[job.m] : foreseen;
        NWC__TRY(nwc__for_each_tile(ctx, "changes", (c->bands.ny[job.m] + ROWS - 1) / ROWS, add_rows, &job));
    }
    return NWC_OK;
}

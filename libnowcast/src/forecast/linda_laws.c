/*
 * LINDA (Pulkkinen, Chandrasekar and Niemi 2021, J. Atmos. Oceanic Technol. 38, 2125): changes of rain, smeared, go on, and rain with
 * them is smeared, by laws that are found around rain cells.
 *
 *     d(t + 1) = psi K1 d(t),    x(t + 1) = K2 (x(t) + d(t + 1))
 *
 * K1 and K2 are convolutions with Gaussians. In a patch they are weights of waves, so that n steps are two weights of
 * each wave, of the newest frame and of its last change, and a lead time one inverse transform of each patch with rain; around a
 * feature the least-squares fit of a Gaussian needs only the power and covariance of waves, which patches give.
 */
#include "forecast/blur.h"
#include "forecast/linda.h"
#include "forecast/patches_kernel.h"
#include "grid/smooth_kernel.h"

NWC__DECLARE_KERNELS(nwc__patches_kernels);
NWC__DECLARE_KERNELS(nwc__smooth_kernels);

enum {
    HOP = 32,
    MARGIN = 32, /* cells: smearing reaches no farther in an hour */
    ROWS = 16,   /* in a tile */
    ALIGNED = 16 /* floats */
};

#define MOST_PSI 0.98
#define LEAST_KNOWN 0.1F /* weight around a cell */

/* Floats of one patch at work: its cells, tables of waves, and what the transform needs. */
static int64_t room_of(const struct nwc__patches *p, int32_t tables)
{
    const int64_t work = (nwc__fft_work_size(p->fft) + ALIGNED - 1) / ALIGNED * ALIGNED;
    return (int64_t)p->side * p->side + work + tables * p->n_waves;
}

/* The tables of a patch at work, from number k on. */
static float *table_of(const struct nwc__patches *p, float *room, int32_t k)
{
    return room + (int64_t)p->side * p->side + k * p->n_waves;
}

static float *transform_of(const struct nwc__patches *p, float *room, int32_t tables)
{
    return table_of(p, room, tables);
}

/* ---- what laws are learned from ---- */

enum { LEARN_TABLES = 6 + NWC__PATCH_PRODUCTS }; /* three spectra and the products */

struct learn_job {
    nwc_ctx *ctx;
    const struct nwc__patches_kernels *kernels;
    const nwc__smooth_kernels *smooth;
    struct nwc__linda *linda;
    int64_t p;   /* the row of patches at hand */
    float *room; /* for each patch of a row */
    bool *wet;   /* (patch of a row) */
    float *sums; /* (feature, NWC__PATCH_PRODUCTS, wave) */
};

static nwc_status multiply_patch(int64_t q, void *user)
{
    const struct learn_job *const job = user;
    const struct nwc__linda *const l = job->linda;
    const struct nwc__patches *const p = &l->patches;
    float *const room = job->room + q * room_of(p, LEARN_TABLES), *const transform =
                                                                      transform_of(p, room, LEARN_TABLES);
    const float *const fields[NWC__LINDA_FRAMES] = {l->older, l->before, l->change};
    job->wet[q] = false;
    for (int32_t f = 0; f < NWC__LINDA_FRAMES; f++) {
        job->wet[q] |= nwc__patches_take(job->ctx, p, fields[f], job->p, q, room);
        nwc__fft_forward(p->fft, room, table_of(p, room, 2 * f), transform);
    }
    job->kernels->products(table_of(p, room, 0), table_of(p, room, 2), table_of(p, room, 4), p->n_waves,
                           table_of(p, room, 6));
    return NWC_OK;
}

static nwc_status add_products(int64_t feature, void *user)
{
    const struct learn_job *const job = user;
    const struct nwc__linda *const l = job->linda;
    const struct nwc__patches *const p = &l->patches;
    const int64_t n = NWC__PATCH_PRODUCTS * p->n_waves;
    for (int64_t q = 0; q < p->n_x; q++) {
        if (!job->wet[q]) continue;
        const double y = (double)(job->p * HOP) - 0.5 - l->feature[feature].y;
        const double x = (double)(q * HOP) - 0.5 - l->feature[feature].x;
        const double square = (y * y + x * x) / (l->deviation * l->deviation);
        const float weight = l->n_features > 1 ? (float)exp(-0.5 * square) : 1.0F;
        float *const room = job->room + q * room_of(p, LEARN_TABLES);
        if (weight > 0.0F) job->smooth->add(table_of(p, room, 6), weight, n, job->sums + feature * n);
    }
    return NWC_OK;
}

/* K1 of changes, psi of smeared changes, and K2 of what they make of the frame before: each by least squares. */
static nwc_status fit_feature(int64_t feature, void *user)
{
    const struct learn_job *const job = user;
    const struct nwc__linda *const l = job->linda;
    const int32_t side = l->patches.side;
    const int64_t n = l->patches.n_waves;
    float *const ff = job->sums + feature * NWC__PATCH_PRODUCTS * n, *const bb = ff + n, *const fb = bb + n;
    float *const fn = fb + n, *const bn = fn + n, *const first = l->weights + 2 * feature * n,
                 *const second = first + n;
    const struct nwc__blur of_changes = nwc__blur_fit(bb, bn, side);
    nwc__blur_weights(&of_changes, side, first);
    double shared = 0.0, power = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double twice = i % (side / 2 + 1) == 0 || i % (side / 2 + 1) == side / 2 ? 1.0 : 2.0;
        shared += twice * (double)first[i] * (double)bn[i];
        power += twice * (double)first[i] * (double)first[i] * (double)bb[i];
    }
    const double psi = power > 0.0 ? fmin(fmax(shared / power, -MOST_PSI), MOST_PSI) : 0.0;
    for (int64_t i = 0; i < n;
         i++) { /* ff and fb become the power of what they make, and its share in the newest frame */
        const float w = (float)psi * first[i], own = ff[i] + 2.0F * w * fb[i] + w * w * bb[i];
        const float both = ff[i] + fn[i] + w * (fb[i] + bn[i]);
        ff[i] = own;
        fb[i] = both;
    }
    const struct nwc__blur of_field = nwc__blur_fit(ff, fb, side);
    nwc__blur_weights(&of_field, side, second);
    l->psi[feature] = psi;
    return NWC_OK;
}

static nwc_status learn(nwc_ctx *ctx, struct nwc__linda *l)
{
    nwc_status status = NWC_OK;
    const int64_t n = l->n_features * NWC__PATCH_PRODUCTS * l->patches.n_waves;
    struct learn_job job = {.ctx = ctx, .kernels = NWC__KERNELS(ctx, nwc__patches_kernels), .linda = l};
    job.smooth = NWC__KERNELS(ctx, nwc__smooth_kernels);
    NWC__ALLOC(ctx, job.room, l->patches.n_x * room_of(&l->patches, LEARN_TABLES));
    NWC__ALLOC(ctx, job.wet, l->patches.n_x);
    NWC__ALLOC(ctx, job.sums, n);
    memset(job.sums, 0, (size_t)n * sizeof *job.sums);
    for (job.p = 0; job.p < l->patches.n_y; job.p++) {
        if ((status = nwc__for_each_tile(ctx, "LINDA", l->patches.n_x, multiply_patch, &job)) != NWC_OK) goto done;
        if ((status = nwc__for_each_tile(ctx, "LINDA", l->n_features, add_products, &job)) != NWC_OK) goto done;
    }
    status = nwc__for_each_tile(ctx, "LINDA", l->n_features, fit_feature, &job);
done:
    nwc__free(ctx, job.sums);
    nwc__free(ctx, job.wet);
    nwc__free(ctx, job.room);
    return status;
}

/* ---- fields ---- */

struct fill_job {
    const struct nwc__past *past;
    struct nwc__linda *linda;
};

/* Nothing has changed where an older frame is not known. */
static nwc_status fill_rows(int64_t tile, void *user)
{
    const struct fill_job *const job = user;
    const struct nwc__past *const past = job->past;
    struct nwc__linda *const l = job->linda;
    const float step_before = (float)(l->step_s / (past->age_s[2] - past->age_s[1]));
    const int64_t end = (tile + 1) * ROWS < past->ny ? (tile + 1) * ROWS : past->ny;
    for (int64_t i = tile * ROWS * past->nx; i < end * past->nx; i++) {
        const float newest = past->cells[0][i], change = newest - past->cells[1][i];
        const float before = step_before * (past->cells[1][i] - past->cells[2][i]);
        const bool known = !isnan(change) && !isnan(before);
        l->field[i] = newest;
        l->change[i] = known ? change : 0.0F;
        l->before[i] = known ? before : 0.0F;
        l->older[i] = newest - l->change[i];
    }
    return NWC_OK;
}

/* Tables of a patch at work; spectra take two. */
enum {
    FIELD = 0,
    CHANGE = 2,
    MIXED = 4,
    FIRST = 6,
    SECOND,
    POWER,
    OF_FIELD,
    OF_CHANGE,
    LAST = 11, /* shares of the field and of its change a step before */
    SHARES = 13,
    WAVE_TABLES = 15
};

nwc_status nwc__linda_create(nwc_ctx *ctx, const struct nwc__past *past, int32_t most_features, double deviation,
                             struct nwc__linda *l)
{
    assert(past->n >= NWC__LINDA_FRAMES);
    nwc_status status = NWC_OK;
    const int64_t cells = past->ny * past->nx;
    *l = (struct nwc__linda){.ny = past->ny, .nx = past->nx, .step_s = past->age_s[1], .deviation = deviation};
    struct fill_job job = {.past = past, .linda = l};
    NWC__ALLOC(ctx, l->field, cells);
    NWC__ALLOC(ctx, l->change, cells);
    NWC__ALLOC(ctx, l->before, cells);
    NWC__ALLOC(ctx, l->older, cells);
    status = nwc__for_each_tile(ctx, "LINDA", (past->ny + ROWS - 1) / ROWS, fill_rows, &job);
    if (status != NWC_OK) goto done;
    NWC__ALLOC(ctx, l->feature, most_features);
    status = nwc__blobs_find(ctx, l->field, past->ny, past->nx, most_features, l->feature, &l->n_features);
    if (status != NWC_OK) goto done;
    if (l->n_features == 0) l->feature[l->n_features++] = (struct nwc__blob){0};
    if ((status = nwc__patches_create(ctx, past->ny, past->nx, HOP, MARGIN, false, &l->patches)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, l->psi, l->n_features);
    NWC__ALLOC(ctx, l->weights, l->n_features * 2 * l->patches.n_waves);
    NWC__ALLOC(ctx, l->work, l->patches.n_y * room_of(&l->patches, WAVE_TABLES));
    NWC__ALLOC(ctx, l->unknown, NWC__LINDA_LEADS * cells);
    status = learn(ctx, l);
done:
    if (status != NWC_OK) nwc__linda_destroy(ctx, l);
    return status;
}

void nwc__linda_destroy(nwc_ctx *ctx, struct nwc__linda *l)
{
    nwc__free(ctx, l->unknown);
    nwc__free(ctx, l->work);
    nwc__free(ctx, l->weights);
    nwc__free(ctx, l->psi);
    nwc__patches_destroy(ctx, &l->patches);
    nwc__free(ctx, l->feature);
    nwc__free(ctx, l->older);
    nwc__free(ctx, l->before);
    nwc__free(ctx, l->change);
    nwc__free(ctx, l->field);
    *l = (struct nwc__linda){0};
}

/* ---- forecasts ---- */

/* As far from the nearest feature as that is, so that places far from all have one. */
void nwc__linda_shares(const struct nwc__linda *l, double y, double x, double *share)
{
    double least = INFINITY, sum = 0.0;
    for (int32_t k = 0; k < l->n_features; k++) {
        const double dy = y - l->feature[k].y, dx = x - l->feature[k].x;
        share[k] = 0.5 * (dy * dy + dx * dx) / (l->deviation * l->deviation);
        least = fmin(least, share[k]);
    }
    for (int32_t k = 0; k < l->n_features; k++) sum += share[k] = exp(least - share[k]);
    for (int32_t k = 0; k < l->n_features; k++) share[k] /= sum;
}

struct foresee_job {
    nwc_ctx *ctx;
    const struct nwc__patches_kernels *kernels;
    const nwc__smooth_kernels *smooth;
    const struct nwc__linda *linda;
    const float *field, *change;
    const double *leads_s;
    int32_t n_leads;
    float *foreseen;
};

static void mix_laws(const struct foresee_job *job, int64_t p, int64_t q, float *room, double *psi)
{
    const struct nwc__linda *const l = job->linda;
    const int64_t n = l->patches.n_waves;
    double share[NWC__MOST_FEATURES];
    nwc__linda_shares(l, (double)(p * HOP) - 0.5, (double)(q * HOP) - 0.5, share);
    float *const first = table_of(&l->patches, room, FIRST); /* second behind it */
    memset(first, 0, (size_t)(2 * n) * sizeof *first);
    *psi = 0.0;
    for (int32_t k = 0; k < l->n_features; k++) {
        job->smooth->add(l->weights + 2 * k * n, (float)share[k], 2 * n, first);
        *psi += share[k] * l->psi[k];
    }
}

/* Shares after steps, linear between whole ones, at OF_FIELD and OF_CHANGE; n of them have been done. */
static void step_to(const struct foresee_job *job, float *room, double psi, double steps, int64_t *n, float *share)
{
    const struct nwc__patches *const p = &job->linda->patches;
    float *const field = table_of(p, room, OF_FIELD), *const last = table_of(p, room, LAST);
    for (; (double)*n < steps; ++*n) {
        memcpy(last, field, (size_t)(2 * p->n_waves) * sizeof *last);
        job->kernels->step(table_of(p, room, FIRST), table_of(p, room, SECOND), (float)psi, p->n_waves,
                           table_of(p, room, POWER), field, table_of(p, room, OF_CHANGE));
    }
    const float back = (float)((double)*n - steps);
    for (int64_t i = 0; i < 2 * p->n_waves; i++)
        share[i] = field[i] + (back > 0.0F ? back * (last[i] - field[i]) : 0.0F);
}

static void foresee_patch(const struct foresee_job *job, int64_t p, int64_t q, float *room)
{
    const struct nwc__linda *const l = job->linda;
    const struct nwc__patches *const patches = &l->patches;
    const int64_t n = patches->n_waves, cells = l->ny * l->nx;
    float *const own = room, *const transform = transform_of(patches, room, WAVE_TABLES);
    float *const share = table_of(patches, room, SHARES), *const mixed = table_of(patches, room, MIXED);
    double psi;
    for (int unknown = 0; unknown < 2; unknown++) {
        int64_t steps = 0;
        const bool any = unknown ? nwc__patches_take_unknown(patches, job->field, p, q, own)
                                 : nwc__patches_take(job->ctx, patches, job->field, p, q, own);
        if (!any) continue; /* a patch that has become dry stays so, whatever its change was */
        nwc__fft_forward(patches->fft, own, table_of(patches, room, FIELD), transform);
        if (unknown)
            memset(table_of(patches, room, CHANGE), 0, (size_t)(2 * n) * sizeof *own);
        else {
            nwc__patches_take(job->ctx, patches, job->change, p, q, own);
            nwc__fft_forward(patches->fft, own, table_of(patches, room, CHANGE), transform);
        }
        mix_laws(job, p, q, room, &psi);
        for (int64_t i = 0; i < n; i++) {
            table_of(patches, room, POWER)[i] = table_of(patches, room, OF_FIELD)[i] = 1.0F;
            table_of(patches, room, OF_CHANGE)[i] = 0.0F;
        }
        for (int32_t k = 0; k < job->n_leads; k++) {
            step_to(job, room, psi, job->leads_s[k] / l->step_s, &steps, share);
            job->kernels->mix(table_of(patches, room, FIELD), share, table_of(patches, room, CHANGE), share + n, n,
                              mixed);
            nwc__fft_inverse(patches->fft, mixed, own, transform);
            nwc__patches_give(job->ctx, patches, own, p, q, (unknown ? l->unknown : job->foreseen) + k * cells);
        }
    }
}

static nwc_status foresee_row(int64_t p, void *user)
{
    const struct foresee_job *const job = user;
    const struct nwc__linda *const l = job->linda;
    float *const room = l->work + p * room_of(&l->patches, WAVE_TABLES);
    for (int64_t q = 0; q < l->patches.n_x; q++) foresee_patch(job, p, q, room);
    return NWC_OK;
}

static nwc_status divide_rows(int64_t tile, void *user)
{
    const struct foresee_job *const job = user;
    const struct nwc__linda *const l = job->linda;
    const int64_t cells = l->ny * l->nx, end = (tile + 1) * ROWS < l->ny ? (tile + 1) * ROWS : l->ny;
    for (int32_t k = 0; k < job->n_leads; k++) {
        float *const foreseen = job->foreseen + k * cells;
        const float *const unknown = l->unknown + k * cells;
        for (int64_t i = tile * ROWS * l->nx; i < end * l->nx; i++) {
            const float known = 1.0F - unknown[i] > LEAST_KNOWN ? 1.0F - unknown[i] : LEAST_KNOWN;
            const float value = foreseen[i] / known;
            foreseen[i] = isnan(job->field[i]) ? NAN : value > 0.0F ? value : 0.0F;
        }
    }
    return NWC_OK;
}

nwc_status nwc__linda_foresee(nwc_ctx *ctx, struct nwc__linda *l, const float *field, const float *change,
                              const double *leads_s, int32_t n_leads, float *foreseen)
{
    assert(n_leads <= NWC__LINDA_LEADS);
    struct foresee_job job = {.ctx = ctx, .kernels = NWC__KERNELS(ctx, nwc__patches_kernels), .linda = l};
    job.smooth = NWC__KERNELS(ctx, nwc__smooth_kernels);
    job.field = field, job.change = change, job.leads_s = leads_s, job.n_leads = n_leads, job.foreseen = foreseen;
    memset(foreseen, 0, (size_t)(n_leads * l->ny * l->nx) * sizeof *foreseen);
    memset(l->unknown, 0, (size_t)(n_leads * l->ny * l->nx) * sizeof *l->unknown);
    NWC__TRY(nwc__patches_each_row(ctx, &l->patches, "LINDA", foresee_row, &job));
    return nwc__for_each_tile(ctx, "LINDA", (l->ny + ROWS - 1) / ROWS, divide_rows, &job);
}

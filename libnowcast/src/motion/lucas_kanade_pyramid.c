/*
 * The images Lucas-Kanade works on: a frame at several resolutions, each half the one before, smoothed by the binomial
 * filter of Burt and Adelson (1983); margins repeat the edge, so that no window needs a test for it.
 */
#include "motion/lucas_kanade.h"

NWC__DECLARE_KERNELS(nwc__lk_kernels);

enum { LEAST_SIDE = NWC__LK_WINDOW }; /* cells: in a smaller image every window is mostly margin */

/* Filling one level; a tile is a row. */
struct job {
    const nwc__lk_kernels *kernels;
    const struct nwc__lk_level *fine; /* NULL for the first level */
    struct nwc__lk_level *level;
    const float *x;
    const uint8_t *known_a, *known_b;
    uint8_t *scratch; /* laid out as level->valid */
};

static int64_t cells_with_margin(const struct nwc__lk_level *level)
{
    return (level->ny + 2 * NWC__LK_MARGIN) * level->stride;
}

nwc_status nwc__lk_pyramid_create(nwc_ctx *ctx, int64_t ny, int64_t nx, bool with_valid,
                                  struct nwc__lk_pyramid *pyramid)
{
    nwc_status status = NWC_OK;
    *pyramid = (struct nwc__lk_pyramid){.n = 0};
    do {
        struct nwc__lk_level *const level = &pyramid->level[pyramid->n++];
        const int64_t stride = (nx + 2 * NWC__LK_MARGIN + 15) / 16 * 16;
        *level = (struct nwc__lk_level){.ny = ny, .nx = nx, .stride = stride};
        NWC__ALLOC(ctx, level->image_memory, cells_with_margin(level));
        level->image = level->image_memory + NWC__LK_MARGIN * stride + NWC__LK_MARGIN;
        if (with_valid) {
            NWC__ALLOC(ctx, level->valid_memory, cells_with_margin(level));
            memset(level->valid_memory, 0, (size_t)cells_with_margin(level));
            level->valid = level->valid_memory + NWC__LK_MARGIN * stride + NWC__LK_MARGIN;
        }
        ny = (ny + 1) / 2, nx = (nx + 1) / 2;
    } while (pyramid->n < NWC__LK_LEVELS && ny >= LEAST_SIDE && nx >= LEAST_SIDE);
done:
    return status; /* what was allocated is the caller's to destroy */
}

void nwc__lk_pyramid_destroy(nwc_ctx *ctx, struct nwc__lk_pyramid *pyramid)
{
    for (int32_t l = pyramid->n - 1; l >= 0; l--) {
        nwc__free(ctx, pyramid->level[l].valid_memory);
        nwc__free(ctx, pyramid->level[l].image_memory);
    }
    pyramid->n = 0;
}

static nwc_status fill_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__lk_level *const level = job->level, *const fine = job->fine;
    float *const row = level->image + j * level->stride;
    if (fine)
        job->kernels->halve(fine->image + 2 * j * fine->stride, fine->stride, level->nx, row);
    else
        job->kernels->scale(job->x + j * level->nx, level->nx, row);
    for (int64_t i = 1; i <= NWC__LK_MARGIN; i++) {
        row[-i] = row[0];
        row[level->nx - 1 + i] = row[level->nx - 1];
    }
    return NWC_OK;
}

nwc_status nwc__lk_pyramid_fill(nwc_ctx *ctx, const float *x, struct nwc__lk_pyramid *pyramid)
{
    for (int32_t l = 0; l < pyramid->n; l++) {
        struct nwc__lk_level *const level = &pyramid->level[l];
        struct job job = {.kernels = NWC__KERNELS(ctx, nwc__lk_kernels),
                          .fine = l ? &pyramid->level[l - 1] : NULL,
                          .level = level,
                          .x = x};
        NWC__TRY(nwc__for_each_tile(ctx, NULL, level->ny, fill_row, &job));
        float *const first = level->image - NWC__LK_MARGIN, *const last = first + (level->ny - 1) * level->stride;
        const size_t bytes = (size_t)(level->nx + 2 * NWC__LK_MARGIN) * sizeof *first;
        for (int64_t j = 1; j <= NWC__LK_MARGIN; j++) {
            memcpy(first - j * level->stride, first, bytes);
            memcpy(last + j * level->stride, last, bytes);
        }
    }
    return NWC_OK;
}

static nwc_status both_known(int64_t j, void *user)
{
    const struct job *const job = user;
    uint8_t *const row = job->level->valid + j * job->level->stride;
    const int64_t at = j * job->level->nx;
    for (int64_t i = 0; i < job->level->nx; i++) row[i] = job->known_a[at + i] & job->known_b[at + i];
    return NWC_OK;
}

static nwc_status erode_along_x(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t at = j * job->level->stride;
    job->kernels->erode(job->level->valid + at, 1, NWC__LK_BUFFER, job->level->nx, job->scratch + at);
    return NWC_OK;
}

static nwc_status erode_along_y(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t at = j * job->level->stride;
    job->kernels->erode(job->scratch + at, job->level->stride, NWC__LK_BUFFER, job->level->nx, job->level->valid + at);
    return NWC_OK;
}

/* A coarse cell is valid where the 3 x 3 fine ones, which make 225 of its 256 parts, all are. */
static nwc_status halve_valid(int64_t j, void *user)
{
    const struct job *const job = user;
    const struct nwc__lk_level *const level = job->level, *const fine = job->fine;
    uint8_t *const row = level->valid + j * level->stride;
    const uint8_t *const at = fine->valid + 2 * j * fine->stride;
    for (int64_t i = 0; i < level->nx; i++) {
        uint8_t all = 1;
        for (int64_t k = -1; k <= 1; k++) {
            const uint8_t *const cell = at + k * fine->stride + 2 * i;
            all &= cell[-1] & cell[0] & cell[1];
        }
        row[i] = all;
    }
    return NWC_OK;
}

nwc_status nwc__lk_pyramid_mask(nwc_ctx *ctx, const uint8_t *known_a, const uint8_t *known_b,
                                struct nwc__lk_pyramid *pyramid)
{
    nwc_status status = NWC_OK;
    struct nwc__lk_level *const first = &pyramid->level[0];
    struct job job = {.kernels = NWC__KERNELS(ctx, nwc__lk_kernels),
                      .level = first,
                      .known_a = known_a,
                      .known_b = known_b};
    uint8_t *scratch = NULL;
    NWC__ALLOC(ctx, scratch, cells_with_margin(first));
    memset(scratch, 0, (size_t)cells_with_margin(first));
    job.scratch = scratch + (first->valid - first->valid_memory);
    if ((status = nwc__for_each_tile(ctx, NULL, first->ny, both_known, &job)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, NULL, first->ny, erode_along_x, &job)) != NWC_OK) goto done;
    if ((status = nwc__for_each_tile(ctx, NULL, first->ny, erode_along_y, &job)) != NWC_OK) goto done;
    for (int32_t l = 1; l < pyramid->n; l++) {
        job.fine = &pyramid->level[l - 1], job.level = &pyramid->level[l];
        if ((status = nwc__for_each_tile(ctx, NULL, job.level->ny, halve_valid, &job)) != NWC_OK) goto done;
    }
done:
    nwc__free(ctx, scratch);
    return status;
}

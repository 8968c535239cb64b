/*
 * Blobs: greatest values, over place and scale, of the Laplacian of the field smoothed by Gaussians, times the scale's square (Lindeberg
 * 1998, Int. J. Comput. Vis. 30, 79). Of two that overlap by half of their width the stronger one stays.
 */
#include "forecast/blobs.h"

#include "forecast/windows.h"

enum { SCALES = 3, ROWS = 16 /* in a tile */ };

static const double SCALE[SCALES] = {3.0, 4.0, 5.0}; /* cells */

#define LEAST_STRENGTH 0.5F
#define LEAST_APART 5.0 /* cells: the width of the smallest with half an overlap */

struct job {
    const float *field;
    int64_t ny, nx;
    float *smooth;        /* (ny, nx) of one scale */
    float *found[SCALES]; /* (ny, nx) */
    int32_t scale;
    struct nwc__blob *best; /* (tile, most): each tile's own, strongest first */
    int32_t *n_best, most;
};

static float at(const struct job *job, const float *plane, int64_t j, int64_t i)
{
    j = j < 0 ? 0 : j < job->ny ? j : job->ny - 1;
    i = i < 0 ? 0 : i < job->nx ? i : job->nx - 1;
    return plane[j * job->nx + i];
}

static nwc_status curve_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const float square = (float)(SCALE[job->scale] * SCALE[job->scale]);
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < job->ny; j++)
        for (int64_t i = 0; i < job->nx; i++) {
            const float around = at(job, job->smooth, j - 1, i) + at(job, job->smooth, j + 1, i) +
                                 at(job, job->smooth, j, i - 1) + at(job, job->smooth, j, i + 1);
            job->found[job->scale][j * job->nx + i] = square * (4.0F * job->smooth[j * job->nx + i] - around);
        }
    return NWC_OK;
}

/* Greater than those before it in order of cells, and no less than those after, so that of equal ones the first counts. */
static bool is_greatest(const struct job *job, int32_t scale, int64_t j, int64_t i)
{
    const float own = job->found[scale][j * job->nx + i];
    for (int32_t s = scale > 0 ? scale - 1 : 0; s <= scale + 1 && s < SCALES; s++)
        for (int64_t y = j - 1; y <= j + 1; y++)
            for (int64_t x = i - 1; x <= i + 1; x++) {
                if (y < 0 || y >= job->ny || x < 0 || x >= job->nx || (s == scale && y == j && x == i)) continue;
                const bool before = s < scale || (s == scale && (y < j || (y == j && x < i)));
                const float other = job->found[s][y * job->nx + x];
                if (before ? other >= own : other > own) return false;
            }
    return true;
}

/* Put a blob where its strength belongs among the strongest so far; of equal ones the first stays first. */
static void keep(struct nwc__blob *best, int32_t *n, int32_t most, struct nwc__blob blob)
{
    int32_t k = *n < most ? (*n)++ : most;
    for (; k > 0 && best[k - 1].strength < blob.strength; k--)
        if (k < most) best[k] = best[k - 1];
    if (k < most) best[k] = blob;
}

static nwc_status seek_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    struct nwc__blob *const best = job->best + tile * job->most;
    job->n_best[tile] = 0;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < job->ny; j++)
        for (int64_t i = 0; i < job->nx; i++)
            for (int32_t s = 0; s < SCALES; s++) {
                const float strength = job->found[s][j * job->nx + i];
                if (strength < LEAST_STRENGTH || !is_greatest(job, s, j, i)) continue;
                keep(best, &job->n_best[tile], job->most,
                     (struct nwc__blob){.y = (double)j, .x = (double)i, .strength = strength});
            }
    return NWC_OK;
}

/* The strongest of all tiles that lie apart: tiles hold enough of them, whichever fall out. */
static int32_t select_apart(struct job *job, int64_t tiles, int32_t most, struct nwc__blob *blobs)
{
    int32_t n = 0;
    while (n < most) {
        int64_t strongest = -1;
        for (int64_t k = 0; k < tiles * job->most; k++) {
            if (k % job->most >= job->n_best[k / job->most] || !(job->best[k].strength > 0.0F)) continue;
            if (strongest < 0 || job->best[k].strength > job->best[strongest].strength) strongest = k;
        }
        if (strongest < 0) break;
        bool apart = true;
        for (int32_t m = 0; m < n; m++)
            apart &= hypot(blobs[m].y - job->best[strongest].y, blobs[m].x - job->best[strongest].x) >= LEAST_APART;
        if (apart) blobs[n++] = job->best[strongest];
        job->best[strongest].strength = 0.0F;
    }
    return n;
}

nwc_status nwc__blobs_find(nwc_ctx *ctx, const float *field, int64_t ny, int64_t nx, int32_t most,
                           struct nwc__blob *blobs, int32_t *n)
{
    nwc_status status = NWC_OK;
    const int64_t tiles = (ny + ROWS - 1) / ROWS;
    struct job job = {.field = field, .ny = ny, .nx = nx, .most = 2 * most};
    NWC__ALLOC(ctx, job.smooth, ny * nx);
    for (int32_t s = 0; s < SCALES; s++) NWC__ALLOC(ctx, job.found[s], ny * nx);
    NWC__ALLOC(ctx, job.best, tiles * job.most);
    NWC__ALLOC(ctx, job.n_best, tiles);
    for (job.scale = 0; job.scale < SCALES; job.scale++) {
        struct nwc__windows windows = {.ny = ny, .nx = nx, .block = 1};
        windows.deviation_y = windows.deviation_x = SCALE[job.scale];
        for (int64_t i = 0; i < ny * nx; i++) job.smooth[i] = isnan(field[i]) ? 0.0F : field[i];
        if ((status = nwc__windows_smooth(ctx, &windows, 1, 0.0, job.smooth)) != NWC_OK) goto done;
        if ((status = nwc__for_each_tile(ctx, "blobs", tiles, curve_rows, &job)) != NWC_OK) goto done;
    }
    if ((status = nwc__for_each_tile(ctx, "blobs", tiles, seek_rows, &job)) != NWC_OK) goto done;
    *n = select_apart(&job, tiles, most, blobs);
done:
    nwc__free(ctx, job.n_best);
    nwc__free(ctx, job.best);
    for (int32_t s = SCALES - 1; s >= 0; s--) nwc__free(ctx, job.found[s]);
    nwc__free(ctx, job.smooth);
    return status;
}

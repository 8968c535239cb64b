/*
 * Fields taken apart by scale: differences of Gaussians, each level made from the one before and kept on nodes no closer
 * than its scale needs (Burt and Adelson 1983, IEEE Trans. Commun. 31, 532), by normalised convolution over known cells
 * (Knutsson and Westin 1993, CVPR, 515), so that rain goes on beyond the edge of what is known and does not end there.
 *
 * Scales 1.5, 4, 10, 25 and 64 cells. Nodes lie at most half a scale apart, where reading bilinearly between them is
 * off by 1/32 of what the level bends; that belongs to the band below.
 */
#include "forecast/bands.h"

#include "forecast/bands_kernel.h"

NWC__DECLARE_KERNELS(nwc__bands_kernels);

enum {
    LEVELS = NWC__BANDS + 1,
    ROWS = 8,       /* of nodes in a tile */
    MOST_REACH = 64 /* nodes to one side that a Gaussian takes in */
};

static const double SCALE[LEVELS] = {0.0, 1.5, 4.0, 10.0, 25.0, 64.0}; /* standard deviations, cells */
static const int32_t SPACING[LEVELS] = {1, 1, 2, 4, 8, 32};

#define REACH_IN_SIGMA 3.0
#define LEAST_WEIGHT 1e-4F /* of what is known around a node: below it nothing is said there, so nothing rounds */

static int64_t nodes_along(int64_t cells, int32_t spacing)
{
    return (cells - 1 + spacing - 1) / spacing + 1;
}

nwc_status nwc__bands_create(nwc_ctx *ctx, int64_t ny, int64_t nx, int32_t n_frames, struct nwc__bands *bands)
{
    assert(n_frames >= 1 && n_frames <= NWC__MOST_PAST);
    nwc_status status = NWC_OK;
    int64_t cells = 0, first;
    *bands = (struct nwc__bands){.n_frames = n_frames};
    for (int32_t m = 0; m < LEVELS; m++) {
        bands->spacing[m] = SPACING[m];
        bands->ny[m] = nodes_along(ny, SPACING[m]);
        bands->nx[m] = nodes_along(nx, SPACING[m]);
        cells += bands->ny[m] * bands->nx[m] * (n_frames + (m > 0));
    }
    NWC__ALLOC(ctx, bands->block, cells);
    first = 0;
    for (int32_t m = 0; m < LEVELS; m++) {
        for (int32_t f = 0; f < n_frames; f++, first += bands->ny[m] * bands->nx[m])
            bands->level[f][m] = bands->block + first;
        if (m == 0) continue;
        bands->mixed[m] = bands->block + first;
        first += bands->ny[m] * bands->nx[m];
    }
done:
    return status;
}

void nwc__bands_destroy(nwc_ctx *ctx, struct nwc__bands *bands)
{
    nwc__free(ctx, bands->block);
    *bands = (struct nwc__bands){0};
}

/* ---- taking apart ---- */

struct smooth_job {
    const struct nwc__bands_kernels *kernels;
    const float *from;
    float *to;
    int64_t from_ny, from_nx, ny, nx;
    int32_t ratio;
    int64_t reach;
    float tap[MOST_REACH + 1];
    float *work; /* a row with margins for each tile */
};

static int64_t tiles_of(int64_t rows)
{
    return (rows + ROWS - 1) / ROWS;
}

static int64_t end_of(int64_t tile, int64_t rows)
{
    return tile * ROWS + ROWS < rows ? tile * ROWS + ROWS : rows;
}

/* Down columns first, whose rows adjoin; then along the one row that is left. */
static nwc_status smooth_rows(int64_t tile, void *user)
{
    const struct smooth_job *const job = user;
    const int64_t width = job->nx * job->ratio + job->from_nx + 2 * job->reach;
    float *const row = job->work + tile * width;
    for (int64_t j = tile * ROWS; j < end_of(tile, job->ny); j++) {
        memset(row, 0, (size_t)width * sizeof *row);
        for (int64_t k = -job->reach; k <= job->reach; k++) {
            const int64_t jj = j * job->ratio + k;
            if (jj < 0 || jj >= job->from_ny) continue;
            job->kernels->add(job->from + jj * job->from_nx, job->tap[k < 0 ? -k : k], job->from_nx, row + job->reach);
        }
        job->kernels->reduce(row, job->tap, job->reach, job->ratio, job->nx, job->to + j * job->nx);
    }
    return NWC_OK;
}

/* Level m of sums or weights from level m - 1 of them. */
static nwc_status smooth(nwc_ctx *ctx, const struct nwc__bands *bands, int32_t m, const float *from, float *to,
                         float *work)
{
    struct smooth_job job = {.kernels = NWC__KERNELS(ctx, nwc__bands_kernels), .from = from, .to = to, .work = work};
    job.from_ny = bands->ny[m - 1], job.from_nx = bands->nx[m - 1], job.ny = bands->ny[m], job.nx = bands->nx[m];
    job.ratio = SPACING[m] / SPACING[m - 1];
    const double sigma = sqrt(SCALE[m] * SCALE[m] - SCALE[m - 1] * SCALE[m - 1]) / SPACING[m - 1];
    job.reach = (int64_t)ceil(REACH_IN_SIGMA * sigma);
    assert(job.reach <= MOST_REACH);
    double sum = 0.0;
    for (int64_t k = -job.reach; k <= job.reach; k++) sum += exp(-0.5 * (double)(k * k) / (sigma * sigma));
    for (int64_t k = 0; k <= job.reach; k++) job.tap[k] = (float)(exp(-0.5 * (double)(k * k) / (sigma * sigma)) / sum);
    return nwc__for_each_tile(ctx, "bands", tiles_of(job.ny), smooth_rows, &job);
}

/* Sums become means: both are known on all levels by now. */
static void divide(const struct nwc__bands *bands, int32_t m, const float *weight)
{
    const int64_t n = bands->ny[m] * bands->nx[m];
    for (int32_t f = 0; f < bands->n_frames; f++)
        for (int64_t i = 0; i < n; i++)
            bands->level[f][m][i] = weight[i] >= LEAST_WEIGHT ? bands->level[f][m][i] / weight[i] : 0.0F;
}

nwc_status nwc__bands_split(nwc_ctx *ctx, struct nwc__bands *bands)
{
    nwc_status status = NWC_OK;
    const int64_t n = bands->ny[0] * bands->nx[0];
    float *known = NULL, *work = NULL;
    NWC__ALLOC(ctx, known, n);
    NWC__ALLOC(ctx, work, tiles_of(bands->ny[1]) * (2 * bands->nx[0] + 3 * SPACING[LEVELS - 1] + 2 * MOST_REACH));
    for (int64_t i = 0; i < n; i++) known[i] = isnan(bands->level[0][0][i]) ? 0.0F : 1.0F;
    for (int32_t m = 1; m < LEVELS; m++) {
        status = smooth(ctx, bands, m, m == 1 ? known : bands->mixed[m - 1], bands->mixed[m], work);
        if (status != NWC_OK) goto done;
        for (int32_t f = 0; f < bands->n_frames; f++)
            if ((status = smooth(ctx, bands, m, bands->level[f][m - 1], bands->level[f][m], work)) != NWC_OK) goto done;
    }
    for (int32_t m = 1; m < LEVELS; m++) divide(bands, m, bands->mixed[m]);
done:
    nwc__free(ctx, work);
    nwc__free(ctx, known);
    return status;
}

/* ---- rows of one level on the nodes of the one below ---- */

static void expand_row(const struct nwc__bands_kernels *kernels, const struct nwc__bands *bands, int32_t m,
                       const float *level, int64_t j, float *row)
{
    const int32_t ratio = SPACING[m] / SPACING[m - 1];
    const int64_t low = j / ratio, high = low + 1 < bands->ny[m] ? low + 1 : low;
    const float b = (float)(j % ratio) / (float)ratio;
    kernels->expand(level + low * bands->nx[m], level + high * bands->nx[m], b, ratio, bands->nx[m], bands->nx[m - 1],
                    row);
}

struct products_job {
    const struct nwc__bands_kernels *kernels;
    const struct nwc__bands *bands;
    const uint8_t *use;
    int32_t m;    /* the band between levels m - 1 and m */
    float *work;  /* a row for each tile and frame */
    double *sums; /* NWC__PAIRS for each tile */
};

static nwc_status multiply_rows(int64_t tile, void *user)
{
    const struct products_job *const job = user;
    const struct nwc__bands *const bands = job->bands;
    const int32_t m = job->m;
    const int64_t nx = bands->nx[m - 1], step = SPACING[m - 1];
    const int64_t cells_y = bands->ny[0], cells_x = bands->nx[0], inside = (cells_x - 1) / step + 1;
    float *const work = job->work + tile * NWC__MOST_PAST * nx;
    double *const sums = job->sums + tile * NWC__PAIRS;
    for (int32_t k = 0; k < NWC__PAIRS; k++) sums[k] = 0.0;
    for (int64_t j = tile * ROWS; j < end_of(tile, bands->ny[m - 1]) && j * step < cells_y; j++) {
        const float *row[NWC__MOST_PAST];
        for (int32_t f = 0; f < NWC__MOST_PAST; f++) {
            const int32_t frame = f < bands->n_frames ? f : 0;
            float *const band = work + f * nx;
            memset(band, 0, (size_t)nx * sizeof *band);
            expand_row(job->kernels, bands, m, bands->level[frame][m], j, band);
            job->kernels->mix(bands->level[frame][m - 1] + j * nx, -1.0F, nx, band);
            row[f] = band;
        }
        job->kernels->products(row, job->use + j * step * cells_x, step, inside, sums);
    }
    return NWC_OK;
}

nwc_status nwc__bands_products(nwc_ctx *ctx, const struct nwc__bands *bands, const uint8_t *use,
                               double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST])
{
    nwc_status status = NWC_OK;
    const int64_t most = tiles_of(bands->ny[0]);
    struct products_job job = {.kernels = NWC__KERNELS(ctx, nwc__bands_kernels), .bands = bands, .use = use};
    NWC__ALLOC(ctx, job.work, most * NWC__MOST_PAST * bands->nx[0]);
    NWC__ALLOC(ctx, job.sums, most * NWC__PAIRS);
    for (int32_t m = 1; m < LEVELS; m++) {
        job.m = m;
        const int64_t tiles = tiles_of(bands->ny[m - 1]);
        if ((status = nwc__for_each_tile(ctx, "bands", tiles, multiply_rows, &job)) != NWC_OK) goto done;
        int32_t pair = 0;
        for (int32_t f = 0; f < NWC__MOST_PAST; f++) {
            for (int32_t g = f; g < NWC__MOST_PAST; g++, pair++) {
                double sum = 0.0;
                for (int64_t tile = 0; tile < tiles; tile++) sum += job.sums[tile * NWC__PAIRS + pair];
                products[m - 1][f][g] = products[m - 1][g][f] = sum;
            }
        }
    }
done:
    nwc__free(ctx, job.sums);
    nwc__free(ctx, job.work);
    return status;
}

/* ---- putting together ---- */

struct mix_job {
    const struct nwc__bands_kernels *kernels;
    const struct nwc__bands *bands;
    int32_t m;
    float share[NWC__MOST_PAST]; /* of level m of each frame */
    float *to;
};

static nwc_status mix_rows(int64_t tile, void *user)
{
    const struct mix_job *const job = user;
    const struct nwc__bands *const bands = job->bands;
    const int32_t m = job->m;
    const int64_t nx = bands->nx[m];
    for (int64_t j = tile * ROWS; j < end_of(tile, bands->ny[m]); j++) {
        float *const to = job->to + j * nx;
        if (m < NWC__BANDS)
            expand_row(job->kernels, bands, m + 1, bands->mixed[m + 1], j, to);
        else
            memset(to, 0, (size_t)nx * sizeof *to);
        for (int32_t f = 0; f < bands->n_frames; f++)
            if (job->share[f] != 0.0F) job->kernels->mix(bands->level[f][m] + j * nx, job->share[f], nx, to);
        if (m > 0) continue;
        const float *const first = bands->level[0][0] + j * nx;
        for (int64_t i = 0; i < nx; i++) to[i] = isnan(first[i]) ? NAN : to[i];
        job->kernels->limit(nx, to);
    }
    return NWC_OK;
}

/* A weight of band m + 1 and one of band m make up that of level m, with their difference. */
nwc_status nwc__bands_mix(nwc_ctx *ctx, const struct nwc__bands *bands, double weight[NWC__MOST_PAST][NWC__BANDS],
                          const double rest[NWC__MOST_PAST], float *mixed)
{
    struct mix_job job = {.kernels = NWC__KERNELS(ctx, nwc__bands_kernels), .bands = bands};
    for (int32_t m = NWC__BANDS; m >= 0; m--) {
        job.m = m;
        job.to = m > 0 ? bands->mixed[m] : mixed;
        for (int32_t f = 0; f < bands->n_frames; f++) {
            const double above = m < NWC__BANDS ? weight[f][m] : rest[f];
            job.share[f] = (float)(above - (m > 0 ? weight[f][m - 1] : 0.0));
        }
        NWC__TRY(nwc__for_each_tile(ctx, "bands", tiles_of(bands->ny[m]), mix_rows, &job));
    }
    return NWC_OK;
}

/* ---- apart for good ---- */

void nwc__bands_expand(const nwc_ctx *ctx, const struct nwc__bands *bands, int32_t m, const float *nodes, int64_t j,
                       float *row)
{
    expand_row(NWC__KERNELS(ctx, nwc__bands_kernels), bands, m, nodes, j, row);
}

struct part_job {
    const struct nwc__bands_kernels *kernels;
    const struct nwc__bands *bands;
    int32_t m;   /* the band between levels m - 1 and m */
    float *work; /* a row for each tile */
};

static nwc_status part_rows(int64_t tile, void *user)
{
    const struct part_job *const job = user;
    const struct nwc__bands *const bands = job->bands;
    const int64_t nx = bands->nx[job->m - 1];
    float *const row = job->work + tile * nx;
    for (int64_t j = tile * ROWS; j < end_of(tile, bands->ny[job->m - 1]); j++) {
        for (int32_t f = 0; f < bands->n_frames; f++) {
            expand_row(job->kernels, bands, job->m, bands->level[f][job->m], j, row);
            job->kernels->mix(row, -1.0F, nx, bands->level[f][job->m - 1] + j * nx);
        }
    }
    return NWC_OK;
}

nwc_status nwc__bands_part(nwc_ctx *ctx, struct nwc__bands *bands)
{
    nwc_status status = NWC_OK;
    struct part_job job = {.kernels = NWC__KERNELS(ctx, nwc__bands_kernels), .bands = bands};
    NWC__ALLOC(ctx, job.work, tiles_of(bands->ny[0]) * bands->nx[0]);
    for (job.m = 1; job.m < LEVELS && status == NWC_OK; job.m++)
        status = nwc__for_each_tile(ctx, "bands", tiles_of(bands->ny[job.m - 1]), part_rows, &job);
done:
    nwc__free(ctx, job.work);
    return status;
}

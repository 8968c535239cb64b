/*
 * Fields from one grid to another: the nearest cell, between the four nearest, or the mean of all a cell covers.
 *
 * On one projection the parts of cells that overlap are exact, and the mean conserves the total (Jones 1999, Mon. Wea. Rev.
 * 127, 2204, first order). Between projections a cell is probed at points laid so densely that every source cell it covers
 * is met at least twice along each axis.
 */
#include "grid/average.h"

enum { BLOCK_ROWS = 16, MOST_PROBES = 16 };

/* Places are rounded to this part of a cell: beside a centre by the last bits is on it, and dry cells stay dry. */
enum { PARTS = 1 << 30 };

struct job {
    const nwc_field *field;
    nwc_field *out;
    const nwc_grid *from, *to;
    int32_t method, probes; /* along each axis of a target cell */
    double min_known;
    bool aligned;  /* one projection: no points are needed for the mean */
    bool wraps;    /* the source goes round the Earth: its last column lies beside the first */
    float *linear; /* (ny, nx) of the source */
    double *x, *y; /* places of the block's probes in the source, in cells: row, column, probe */
    int64_t row;   /* the block's first */
};

static nwc_status read_row(int64_t j, void *user)
{
    const struct job *const job = user;
    float *const row = job->linear + j * job->from->nx;
    if (job->method == NWC_RESAMPLE_NEAREST)
        for (int64_t i = 0; i < job->from->nx; i++)
            row[i] = job->field->data[j * job->field->stride[0] + i * job->field->stride[1]];
    else
        nwc__linear_row(job->field, j, row);
    return NWC_OK;
}

/* The cell a place lies in; false outside the grid. */
static bool cell_at(const struct job *job, double y, double x, int64_t *at)
{
    const nwc_grid *const grid = job->from;
    const double j = floor(y + 0.5);
    double i = floor(x + 0.5);
    if (job->wraps && i >= (double)grid->nx) i -= (double)grid->nx;
    if (!(j >= 0.0 && i >= 0.0 && j < (double)grid->ny && i < (double)grid->nx)) return false;
    *at = (int64_t)j * grid->nx + (int64_t)i;
    return true;
}

static float between_cells(const struct job *job, double y, double x)
{
    const nwc_grid *const grid = job->from;
    int64_t inside;
    if (!cell_at(job, y, x, &inside)) return NAN;
    const double j0 = floor(y), i0 = floor(x), b = y - j0, a = x - i0;
    double sum = 0.0, weight = 0.0;
    for (int corner = 0; corner < 4; corner++) {
        /* Beyond the outermost centres the outermost cell goes on, or the first on the other side. */
        const double j = fmin(fmax(j0 + (corner >> 1), 0.0), (double)(grid->ny - 1));
        double i = i0 + (corner & 1);
        if (job->wraps) i -= (double)grid->nx * floor(i / (double)grid->nx);
        i = fmin(fmax(i, 0.0), (double)(grid->nx - 1));
        const double w = (corner >> 1 ? b : 1.0 - b) * (corner & 1 ? a : 1.0 - a);
        const float cell = job->linear[(int64_t)j * grid->nx + (int64_t)i];
        if (!isnan(cell)) sum += w * (double)cell, weight += w;
    }
    return weight > 0.0 && weight >= job->min_known ? (float)(sum / weight) : NAN;
}

/* The part of source cell k that [low, high], in cells, covers. */
static double covered(int64_t k, double low, double high)
{
    return fmax(0.0, fmin(high, (double)k + 0.5) - fmax(low, (double)k - 0.5));
}

/* The mean over a rectangle of the source, low to high in cells; what is beyond the grid is unknown. */
static float mean_within(const struct job *job, double y_low, double y_high, double x_low, double x_high)
{
    const nwc_grid *const grid = job->from;
    const int64_t j0 = (int64_t)fmax(0.0, floor(y_low + 0.5)), i0 = (int64_t)fmax(0.0, floor(x_low + 0.5));
    double sum = 0.0, weight = 0.0;
    for (int64_t j = j0; j < grid->ny && (double)j - 0.5 < y_high; j++) {
        const double h = covered(j, y_low, y_high);
        for (int64_t i = i0; i < grid->nx && (double)i - 0.5 < x_high; i++) {
            const double w = h * covered(i, x_low, x_high);
            const float cell = job->linear[j * grid->nx + i];
            if (!isnan(cell)) sum += w * (double)cell, weight += w;
        }
    }
    const double area = (y_high - y_low) * (x_high - x_low);
    return weight > 0.0 && weight >= (job->min_known - 1e-9) * area ? (float)(sum / weight) : NAN;
}

static float mean_of_probes(const struct job *job, const double *y, const double *x)
{
    const int32_t n = job->probes * job->probes;
    double sum = 0.0;
    int32_t known = 0;
    for (int32_t p = 0; p < n; p++) {
        int64_t at;
        if (cell_at(job, y[p], x[p], &at) && !isnan(job->linear[at])) sum += (double)job->linear[at], known++;
    }
    return known > 0 && known >= job->min_known * n ? (float)(sum / known) : NAN;
}

static nwc_status resample_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->to->nx, n = (int64_t)job->probes * job->probes;
    const double half_y = 0.5 * job->to->dy / job->from->dy, half_x = 0.5 * job->to->dx / job->from->dx;
    float *const out = job->out->data + (job->row + tile) * job->out->stride[0];
    for (int64_t i = 0; i < nx; i++) {
        const double *const y = job->y + (tile * nx + i) * n, *const x = job->x + (tile * nx + i) * n;
        int64_t at;
        float value;
        if (job->method == NWC_RESAMPLE_NEAREST)
            value = cell_at(job, y[0], x[0], &at) ? job->linear[at] : NAN;
        else if (job->method == NWC_RESAMPLE_BILINEAR)
            value = between_cells(job, y[0], x[0]);
        else if (job->aligned)
            value = mean_within(job, y[0] - half_y, y[0] + half_y, x[0] - half_x, x[0] + half_x);
        else
            value = mean_of_probes(job, y, x);
        out[i * job->out->stride[1]] =
            job->method == NWC_RESAMPLE_NEAREST ? value : nwc__from_linear(job->field, value);
    }
    return NWC_OK;
}

/* Where the probes of a block of rows lie in the source. */
static nwc_status place_probes(nwc_ctx *ctx, struct job *job, int64_t rows)
{
    const nwc_grid *const to = job->to, *const from = job->from;
    const int32_t p = job->probes;
    const int64_t n = rows * to->nx * p * p;
    for (int64_t k = 0; k < n; k++) {
        const int64_t cell = k / (p * p), probe = k % (p * p);
        const double up = ((double)(probe / p) + 0.5) / p - 0.5, right = ((double)(probe % p) + 0.5) / p - 0.5;
        job->y[k] = to->y_first + to->dy * ((double)(job->row + cell / to->nx) + up);
        job->x[k] = to->x_first + to->dx * ((double)(cell % to->nx) + right);
    }
    if (!job->aligned) {
        NWC__TRY(nwc_grid_to_lonlat(ctx, to, n, job->x, job->y, job->x, job->y));
        NWC__TRY(nwc_grid_from_lonlat(ctx, from, n, job->x, job->y, job->x, job->y));
    }
    const bool degrees = nwc_grid_is_latlon(from);
    for (int64_t k = 0; k < n; k++) {
        double east = job->x[k] - from->x_first;
        if (degrees) east -= 360.0 * floor((east + 0.5 * from->dx) / 360.0); /* longitudes may be counted differently */
        job->x[k] = rint(PARTS * (east / from->dx)) / PARTS;
        job->y[k] = rint(PARTS * ((job->y[k] - from->y_first) / from->dy)) / PARTS;
    }
    return NWC_OK;
}

static nwc_status check(nwc_ctx *ctx, const nwc_field *field, const nwc_resample_options *options,
                        const nwc_field *resampled)
{
    NWC__TRY(nwc__check_field(field, "field", 2));
    NWC__TRY(nwc__check_field(resampled, "resampled", 2));
    NWC__TRY(nwc__check_on_grid(ctx, field, "field"));
    NWC__TRY(nwc__check_on_grid(ctx, resampled, "resampled"));
    if (field->data == resampled->data) return nwc__fail(NWC_ERR_ARG, "resampled: cells other than field's expected");
    if (options->method < NWC_RESAMPLE_NEAREST || options->method > NWC_RESAMPLE_CONSERVATIVE)
        return nwc__fail(NWC_ERR_ARG, "method: an nwc_resample_method expected, %d given", (int)options->method);
    if (!(options->min_known >= 0.0 && options->min_known <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "min_known: 0 to 1 expected, %g given", options->min_known);
    return NWC_OK;
}

/* Probes along each axis so that two fall on every source cell. */
static nwc_status count_probes(nwc_ctx *ctx, struct job *job)
{
    job->probes = 1;
    if (job->method != NWC_RESAMPLE_CONSERVATIVE || job->aligned) return NWC_OK;
    nwc__metric from, to;
    NWC__TRY(nwc__metric_create(ctx, job->from, &from));
    const nwc_status status = nwc__metric_create(ctx, job->to, &to);
    if (status == NWC_OK) {
        const double cells = fmax(to.mean_dx_m / from.mean_dx_m, to.mean_dy_m / from.mean_dy_m);
        job->probes = (int32_t)fmin(MOST_PROBES, fmax(2.0, ceil(2.0 * cells)));
        nwc__metric_destroy(ctx, &to);
    }
    nwc__metric_destroy(ctx, &from);
    return status;
}

static bool goes_round(const nwc_grid *grid)
{
    return nwc_grid_is_latlon(grid) && fabs((double)grid->nx * grid->dx - 360.0) < 1e-3 * grid->dx;
}

nwc_status nwc__places_create(nwc_ctx *ctx, const nwc_grid *from, const nwc_grid *to, nwc__places *places)
{
    nwc_status status = NWC_OK;
    *places = (nwc__places){.from = from, .to = to};
    NWC__ALLOC(ctx, places->x, to->ny * to->nx);
    NWC__ALLOC(ctx, places->y, to->ny * to->nx);
    struct job job = {.from = from, .to = to, .probes = 1, .x = places->x, .y = places->y};
    job.aligned = strcmp(from->projection, to->projection) == 0;
    status = place_probes(ctx, &job, to->ny);
done:
    if (status != NWC_OK) nwc__places_destroy(ctx, places);
    return status;
}

void nwc__places_destroy(nwc_ctx *ctx, nwc__places *places)
{
    nwc__free(ctx, places->y);
    nwc__free(ctx, places->x);
    *places = (nwc__places){0};
}

nwc_status nwc__places_read(nwc_ctx *ctx, const nwc__places *places, const nwc_field *field, nwc_field *out)
{
    nwc_status status = NWC_OK;
    struct job job = {.field = field,
                      .out = out,
                      .from = places->from,
                      .to = places->to,
                      .method = NWC_RESAMPLE_BILINEAR,
                      .probes = 1,
                      .min_known = 0.5,
                      .wraps = goes_round(places->from),
                      .x = places->x,
                      .y = places->y};
    NWC__ALLOC(ctx, job.linear, job.from->ny * job.from->nx);
    /* On this thread: hundreds of short fields follow each other, and to meet at a barrier for each takes longer. */
    for (int64_t j = 0; j < job.from->ny; j++) (void)read_row(j, &job);
    for (int64_t j = 0; j < job.to->ny; j++) (void)resample_row(j, &job);
done:
    nwc__free(ctx, job.linear);
    return status;
}

void nwc_resample_options_init(nwc_resample_options *options)
{
    if (options)
        *options =
            (nwc_resample_options){.struct_size = sizeof *options, .method = NWC_RESAMPLE_BILINEAR, .min_known = 0.5};
}

nwc_status nwc_grid_resample(nwc_ctx *ctx, const nwc_field *field, const nwc_resample_options *given,
                             nwc_field *resampled)
{
    ctx = nwc__ctx(ctx);
    nwc_resample_options options;
    nwc_resample_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check(ctx, field, &options, resampled));
    struct job job = {.field = field,
                      .out = resampled,
                      .from = field->grid,
                      .to = resampled->grid,
                      .method = options.method,
                      .min_known = options.min_known,
                      .aligned = strcmp(field->grid->projection, resampled->grid->projection) == 0,
                      .wraps = goes_round(field->grid)};
    nwc_status status = count_probes(ctx, &job);
    if (status != NWC_OK) return status;
    const int64_t ny = job.to->ny, places = BLOCK_ROWS * job.to->nx * job.probes * job.probes;
    NWC__ALLOC(ctx, job.linear, job.from->ny * job.from->nx);
    NWC__ALLOC(ctx, job.x, places);
    NWC__ALLOC(ctx, job.y, places);
    if ((status = nwc__for_each_tile(ctx, "resample", job.from->ny, read_row, &job)) != NWC_OK) goto done;
    for (job.row = 0; job.row < ny; job.row += BLOCK_ROWS) {
        const int64_t rows = ny - job.row < BLOCK_ROWS ? ny - job.row : BLOCK_ROWS;
        if ((status = place_probes(ctx, &job, rows)) != NWC_OK) goto done;
        if ((status = nwc__for_each_tile(ctx, "resample", rows, resample_row, &job)) != NWC_OK) goto done;
    }
done:
    nwc__free(ctx, job.y);
    nwc__free(ctx, job.x);
    nwc__free(ctx, job.linear);
    return status;
}

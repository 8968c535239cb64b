/*
 * Lightning of cells: strokes put together to flashes, flashes moved on with the cells, counted in bins of time, and jumps of two sigma
 * looked for (Schultz et al. 2009).
 */
#include "cells/cells.h"

#include <nowcast/cell_attributes.h>

#include <stdlib.h>

enum { BINS = 7 };

#define LONGEST_S 1.0 /* of a flash, from its first stroke on (Cummins et al. 1998) */

void nwc_flash_options_init(nwc_flash_options *options)
{
    if (options)
        *options = (nwc_flash_options){.struct_size = sizeof *options,
                                       .reach_m = 5000.0,
                                       .group_s = 0.5,
                                       .group_m = 10000.0,
                                       .bin_s = 120.0,
                                       .least_rate = 10.0,
                                       .sigmas = 2.0};
}

struct stroke {
    int64_t time_ns;
    double j, i;     /* rows and columns */
    int64_t flash;   /* number of the stroke that began it */
    int64_t last_ns; /* of the one that began it: its latest stroke */
};

struct job {
    const nwc_cells *cells;
    const nwc_flash_options *options;
    nwc__metric metric;
    struct stroke *strokes; /* n, in the order of time */
    int64_t n, now_ns;
    int32_t *count;         /* (cells, BINS), the latest first */
    int32_t *first, *order; /* columns of cells, by label */
};

static int by_time(const void *a, const void *b)
{
    const struct stroke *const one = a, *const other = b;
    if (one->time_ns != other->time_ns) return one->time_ns < other->time_ns ? -1 : 1;
    if (one->j != other->j) return one->j < other->j ? -1 : 1;
    return one->i < other->i ? -1 : one->i > other->i;
}

/* The strokes that count, with their places in rows and columns. */
static nwc_status take_strokes(nwc_ctx *ctx, struct job *job, int64_t n, const int64_t *times_ns,
                               const double *longitude, const double *latitude)
{
    nwc_status status = NWC_OK;
    const nwc_grid *const grid = &job->cells->grid;
    const double oldest_s = BINS * job->options->bin_s + LONGEST_S; /* a flash may have begun before its window */
    double *places = NULL;
    NWC__ALLOC(ctx, places, 2 * n);
    NWC__ALLOC(ctx, job->strokes, n);
    for (int64_t s = 0; s < n; s++) {
        const double age_s = 1e-9 * ((double)job->now_ns - (double)times_ns[s]);
        if (!(age_s >= 0.0 && age_s <= oldest_s) || !isfinite(longitude[s]) || !isfinite(latitude[s])) continue;
        job->strokes[job->n] = (struct stroke){.time_ns = times_ns[s]};
        places[job->n] = longitude[s], places[n + job->n++] = latitude[s];
    }
    if (job->n && (status = nwc_grid_from_lonlat(ctx, grid, job->n, places, places + n, places, places + n)) != NWC_OK)
        goto done;
    int64_t kept = 0;
    for (int64_t s = 0; s < job->n; s++) {
        const double j = (places[n + s] - grid->y_first) / grid->dy, i = (places[s] - grid->x_first) / grid->dx;
        if (isfinite(j) && isfinite(i)) job->strokes[kept++] = (struct stroke){job->strokes[s].time_ns, j, i, 0, 0};
    }
    job->n = kept;
    qsort(job->strokes, (size_t)job->n, sizeof *job->strokes, by_time);
done:
    nwc__free(ctx, places);
    return status;
}

static double distance_m(const struct job *job, double j, double i, double to_j, double to_i)
{
    double dx, dy;
    nwc__metric_at(&job->metric, j, i, &dx, &dy);
    return hypot((to_j - j) * dy, (to_i - i) * dx);
}

/* The flash of each stroke: the latest that has begun, goes on and is near enough, or its own. */
static void group(struct job *job)
{
    for (int64_t s = 0; s < job->n; s++) {
        struct stroke *const stroke = &job->strokes[s];
        stroke->flash = s, stroke->last_ns = stroke->time_ns;
        for (int64_t f = s - 1; f >= 0 && job->options->group_s > 0.0; f--) {
            struct stroke *const begun = &job->strokes[f];
            if (1e-9 * (double)(stroke->time_ns - begun->time_ns) > LONGEST_S) break;
            if (begun->flash != f || 1e-9 * (double)(stroke->time_ns - begun->last_ns) > job->options->group_s ||
                distance_m(job, begun->j, begun->i, stroke->j, stroke->i) > job->options->group_m)
                continue;
            stroke->flash = f, begun->last_ns = stroke->time_ns;
            break;
        }
    }
}

/* How far a place is from a cell's columns; infinite where it is out of reach. */
static double away(const struct job *job, const nwc_cell *cell, double j, double i)
{
    const double reach = job->options->reach_m;
    double dx, dy, least = INFINITY;
    nwc__metric_at(&job->metric, j, i, &dx, &dy);
    const double high = reach / dy + 0.5, wide = reach / dx + 0.5;
    if (j < cell->j_first - high || j > cell->j_last + high || i < cell->i_first - wide || i > cell->i_last + wide)
        return INFINITY;
    for (int32_t o = job->first[cell->id]; o < job->first[cell->id + 1]; o++) {
        const struct nwc__column *const column = &job->cells->columns[job->order[o]];
        /* From the sides of the grid cell, not its middle. */
        const double up = fmax(0.0, fabs(j - column->j) - 0.5) * dy, right = fmax(0.0, fabs(i - column->i) - 0.5) * dx;
        least = fmin(least, hypot(up, right));
    }
    return least <= reach ? least : INFINITY;
}

/* Count a flash for the cell that it, moved on with it, is nearest to. */
static void count_flash(struct job *job, const struct stroke *flash, const double *u, const double *v)
{
    const double age_s = 1e-9 * (double)(job->now_ns - flash->time_ns);
    int32_t best = -1;
    double least = INFINITY, dx, dy;
    const int64_t bin = (int64_t)(age_s / job->options->bin_s);
    if (bin >= BINS) return;
    nwc__metric_at(&job->metric, flash->j, flash->i, &dx, &dy);
    for (int32_t c = 0; c < job->cells->n_cells; c++) {
        const bool moves = u && isfinite(u[c]) && isfinite(v[c]);
        const double j = flash->j + (moves ? v[c] * age_s / dy : 0.0), i = flash->i + (moves ? u[c] * age_s / dx : 0.0);
        const double from = away(job, &job->cells->cells[c], j, i);
        if (from < least) least = from, best = c;
    }
    if (best >= 0) job->count[(int64_t)best * BINS + bin]++;
}

static nwc_cell_flashes judge(const struct job *job, const int32_t *count)
{
    const double minutes = job->options->bin_s / 60.0;
    double growth[BINS - 1], mean = 0.0, square = 0.0;
    nwc_cell_flashes made = {.rate = (double)count[0] / minutes};
    for (int bin = 0; bin < BINS; bin++) made.n += count[bin];
    for (int bin = 0; bin < BINS - 1; bin++) growth[bin] = (double)(count[bin] - count[bin + 1]) / (minutes * minutes);
    for (int bin = 1; bin < BINS - 1; bin++) mean += growth[bin] / (BINS - 2);
    for (int bin = 1; bin < BINS - 1; bin++) square += (growth[bin] - mean) * (growth[bin] - mean);
    const double sigma = sqrt(square / (BINS - 3));
    made.sigmas = sigma > 0.0 ? growth[0] / sigma : growth[0] > 0.0 ? INFINITY : 0.0;
    made.jump = made.rate >= job->options->least_rate && made.sigmas >= job->options->sigmas;
    return made;
}

static nwc_status check(const nwc_cells *cells, const double *u, const double *v, int64_t time_ns, int64_t n,
                        const void *times_ns, const void *longitude, const void *latitude,
                        const nwc_flash_options *options, const void *flashes)
{
    if (!cells) return nwc__fail(NWC_ERR_ARG, "cells: cells expected, NULL given");
    if (!u != !v) return nwc__fail(NWC_ERR_ARG, "u, v: both or none expected, one given");
    if (time_ns == INT64_MIN) return nwc__fail(NWC_ERR_ARG, "time_ns: a time expected, none given");
    if (n < 0 || (n && (!times_ns || !longitude || !latitude)))
        return nwc__fail(NWC_ERR_ARG, "times_ns, longitude_deg, latitude_deg: strokes expected, none given");
    if (!(options->reach_m >= 0.0 && options->reach_m <= 50e3))
        return nwc__fail(NWC_ERR_ARG, "reach_m: 0 to 50000 expected, %g given", options->reach_m);
    if (!(options->group_s >= 0.0) || !(options->group_m >= 0.0))
        return nwc__fail(NWC_ERR_ARG, "group_s, group_m: 0 or more expected");
    if (!(options->bin_s > 0.0 && options->bin_s <= 86400.0))
        return nwc__fail(NWC_ERR_ARG, "bin_s: above 0 to 86400 expected, %g given", options->bin_s);
    if (!(options->sigmas > 0.0) || isnan(options->least_rate))
        return nwc__fail(NWC_ERR_ARG, "sigmas, least_rate: sigmas above 0 and a rate expected");
    if (cells->n_cells && !flashes) return nwc__fail(NWC_ERR_ARG, "flashes: a place for them expected, NULL given");
    return NWC_OK;
}

nwc_status nwc_cells_flashes(nwc_ctx *ctx, const nwc_cells *cells, const double *u, const double *v, int64_t time_ns,
                             int64_t n, const int64_t *times_ns, const double *longitude_deg,
                             const double *latitude_deg, const nwc_flash_options *given, nwc_cell_flashes *flashes)
{
    ctx = nwc__ctx(ctx);
    nwc_flash_options options;
    nwc_flash_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check(cells, u, v, time_ns, n, times_ns, longitude_deg, latitude_deg, &options, flashes));
    struct job job = {.cells = cells, .options = &options, .now_ns = time_ns};
    nwc_status status = nwc__metric_create(ctx, &cells->grid, &job.metric);
    if (status != NWC_OK) return status;
    const int64_t n_counts = (int64_t)cells->n_cells * BINS;
    NWC__ALLOC(ctx, job.count, n_counts);
    NWC__ALLOC(ctx, job.first, (int64_t)cells->n_cells + 2);
    NWC__ALLOC(ctx, job.order, cells->n_columns);
    memset(job.count, 0, (size_t)n_counts * sizeof *job.count);
    nwc__cells_sort_columns(cells, job.first, job.order);
    if ((status = take_strokes(ctx, &job, n, times_ns, longitude_deg, latitude_deg)) != NWC_OK) goto done;
    group(&job);
    for (int64_t s = 0; s < job.n; s++)
        if (job.strokes[s].flash == s) count_flash(&job, &job.strokes[s], u, v);
    for (int32_t c = 0; c < cells->n_cells; c++) flashes[c] = judge(&job, job.count + (int64_t)c * BINS);
done:
    nwc__free(ctx, job.strokes);
    nwc__free(ctx, job.order);
    nwc__free(ctx, job.first);
    nwc__free(ctx, job.count);
    nwc__metric_destroy(ctx, &job.metric);
    return status;
}

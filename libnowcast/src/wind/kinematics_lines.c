/*
 * Lines of convergence by Steger's detector of curvilinear structures (1998): the field is smoothed by a Gaussian, a cell is of a ridge
 * where the second-order Taylor polynomial across the ridge has its maximum within the cell (eq. 15 to 19), and such points are
 * joined from the strongest on (section 3.1). A threshold of the convergence itself, not of its second derivative, decides,
 * since that is the number forecasters know.
 */
#include "wind/level.h"

#include <nowcast/wind_kinematics.h>

#include <stdlib.h>

#define SCALE_M 2500.0
#define LEAST_SCALE 1.5 /* cells, below which differences do not follow a Gaussian */
#define MOST_SCALE 500.0
#define STRONG 5e-4
#define WEAK 2.5e-4
#define LEAST_M 10e3
#define WITHIN 0.6  /* of a cell, so that a line between two centres is missed by neither */
#define BESIDE 0.75 /* points that near to one of a line are of that line */

/* What a cell knows of the ridge through it; n_x is NaN where there is none. */
struct point {
    float x, y;     /* where the line passes, cells from the grid's first */
    float n_x, n_y; /* across the line */
    float strength;
};

struct nwc_wind_lines {
    struct nwc_ctx memory; /* allocator only */
    int64_t count;
    nwc_wind_line *line;
    double *x, *y;
    float *convergence;
};

struct find {
    const nwc_field *smooth;
    const nwc__metric *metric;
    struct point *points; /* (ny, nx) */
    uint8_t *used;        /* (ny, nx) */
    float weak;
};

/* ---- points ---- */

static double value_at(const nwc_field *field, int64_t j, int64_t i)
{
    return (double)*nwc__flat_cell(field, j, i);
}

/* The point of the ridge through cell (j, i), none of whose neighbours lies beyond the grid. */
static struct point point_of(const struct find *find, int64_t j, int64_t i)
{
    const nwc_field *const f = find->smooth;
    const struct point none = {NAN, NAN, NAN, NAN, NAN};
    double hx, hy;
    nwc__metric_at(find->metric, (double)j, (double)i, &hx, &hy);
    const double here = value_at(f, j, i), east = value_at(f, j, i + 1), west = value_at(f, j, i - 1);
    const double north = value_at(f, j + 1, i), south = value_at(f, j - 1, i);
    const double rx = (east - west) / (2.0 * hx), ry = (north - south) / (2.0 * hy);
    const double rxx = (east - 2.0 * here + west) / (hx * hx), ryy = (north - 2.0 * here + south) / (hy * hy);
    const double rxy = (value_at(f, j + 1, i + 1) - value_at(f, j + 1, i - 1) - value_at(f, j - 1, i + 1) +
                        value_at(f, j - 1, i - 1)) /
                       (4.0 * hx * hy);
    const double middle = 0.5 * (rxx + ryy), spread = hypot(0.5 * (rxx - ryy), rxy), least = middle - spread;
    if (!(least < 0.0 && -least >= middle + spread)) return none; /* also where a neighbour is not known */
    /* The eigenvector of the least eigenvalue, from the row of the matrix that is the longer. */
    double nx = rxy, ny = least - rxx;
    if (fabs(rxx - least) < fabs(ryy - least)) nx = least - ryy, ny = rxy;
    const double length = hypot(nx, ny);
    if (length > 0.0)
        nx /= length, ny /= length;
    else
        nx = 1.0, ny = 0.0; /* round: any direction */
    const double slope = rx * nx + ry * ny, t = -slope / least;
    const double x = t * nx / hx, y = t * ny / hy, strength = here - 0.5 * slope * slope / least;
    if (!(fabs(x) <= WITHIN && fabs(y) <= WITHIN && strength >= (double)find->weak)) return none;
    return (struct point){(float)((double)i + x), (float)((double)j + y), (float)nx, (float)ny, (float)strength};
}

static nwc_status point_row(int64_t j, void *user)
{
    const struct find *const find = user;
    const int64_t ny = find->smooth->dim[0], nx = find->smooth->dim[1];
    for (int64_t i = 0; i < nx; i++) {
        const bool inside = j > 0 && i > 0 && j < ny - 1 && i < nx - 1;
        find->points[j * nx + i] = inside ? point_of(find, j, i) : (struct point){NAN, NAN, NAN, NAN, NAN};
        find->used[j * nx + i] = isnan(find->points[j * nx + i].n_x);
    }
    return NWC_OK;
}

/* ---- joining ---- */

/* Take a cell, and those beside it that say the same. */
static void use(const struct find *find, int64_t c)
{
    const int64_t nx = find->smooth->dim[1];
    const struct point *const p = &find->points[c];
    find->used[c] = 1;
    for (int64_t dj = -1; dj <= 1; dj++)
        for (int64_t di = -1; di <= 1; di++) {
            const int64_t other = c + dj * nx + di; /* within the grid, since p is not on its edge */
            const struct point *const q = &find->points[other];
            const float along = fabsf((q->x - p->x) * p->n_y - (q->y - p->y) * p->n_x);
            const bool same = fabsf(q->n_x * p->n_x + q->n_y * p->n_y) > 0.7F;
            if (same && along < 0.25F && hypotf(q->x - p->x, q->y - p->y) < (float)BESIDE) find->used[other] = 1;
        }
}

/* The next cell of a line from c on in a direction, which becomes that of the line there; -1 at its end. */
static int64_t next_cell(const struct find *find, int64_t c, float direction[2])
{
    const int64_t nx = find->smooth->dim[1];
    const struct point *const p = &find->points[c];
    int64_t best = -1;
    float least = INFINITY;
    for (int64_t dj = -1; dj <= 1; dj++)
        for (int64_t di = -1; di <= 1; di++) {
            const int64_t other = c + dj * nx + di;
            const struct point *const q = &find->points[other];
            if (find->used[other]) continue;
            const float step_x = q->x - p->x, step_y = q->y - p->y, length = hypotf(step_x, step_y);
            const float ahead = step_x * direction[0] + step_y * direction[1];
            const float turn = acosf(fminf(fabsf(q->n_x * p->n_x + q->n_y * p->n_y), 1.0F));
            if (ahead >= 0.7F * length && length > 0.0F && length + turn < least) least = length + turn, best = other;
        }
    if (best < 0) return -1;
    const struct point *const q = &find->points[best];
    const float sign = -q->n_y * direction[0] + q->n_x * direction[1] < 0.0F ? -1.0F : 1.0F;
    direction[0] = -sign * q->n_y, direction[1] = sign * q->n_x;
    return best;
}

/* Follow a line from cell c to one side; cells are put at chain[0] and on. */
static int64_t follow(const struct find *find, int64_t c, float sign, int64_t *chain)
{
    const struct point *const p = &find->points[c];
    float direction[2] = {-sign * p->n_y, sign * p->n_x};
    int64_t n = 0;
    while ((c = next_cell(find, c, direction)) >= 0) {
        use(find, c);
        chain[n++] = c;
    }
    return n;
}

struct seed {
    float strength;
    int64_t cell;
};

static int by_strength(const void *a, const void *b)
{
    const struct seed *const one = a, *const other = b;
    if (one->strength != other->strength) return one->strength > other->strength ? -1 : 1;
    return one->cell < other->cell ? -1 : one->cell > other->cell;
}

/* The cells of a chain as the next line, where it is long enough. */
static void add_line(nwc_wind_lines *lines, const struct find *find, const int64_t *chain, int64_t n, double least_m,
                     int64_t *used, nwc_labels *ridges)
{
    const nwc_grid *const grid = find->smooth->grid;
    nwc_wind_line line = {.n = n,
                          .x = lines->x + *used,
                          .y = lines->y + *used,
                          .convergence = lines->convergence + *used};
    for (int64_t k = 0; k < n; k++) {
        const struct point *const p = &find->points[chain[k]];
        const struct point *const before = &find->points[chain[k > 0 ? k - 1 : 0]];
        double hx, hy;
        nwc__metric_at(find->metric, (double)p->y, (double)p->x, &hx, &hy);
        line.length_m += hypot(hx * (double)(p->x - before->x), hy * (double)(p->y - before->y));
        line.mean_convergence += (double)p->strength / (double)n;
        line.most_convergence = fmax(line.most_convergence, (double)p->strength);
        lines->x[*used + k] = grid->x_first + grid->dx * (double)p->x;
        lines->y[*used + k] = grid->y_first + grid->dy * (double)p->y;
        lines->convergence[*used + k] = p->strength;
    }
    if (n < 2 || line.length_m < least_m) return;
    lines->line[lines->count++] = line;
    *used += n;
    for (int64_t k = 0; k < n && ridges; k++) {
        const int64_t j = chain[k] / grid->nx, i = chain[k] % grid->nx;
        ridges->data[j * ridges->stride[0] + i * ridges->stride[1]] = (int32_t)lines->count;
    }
}

/* Join points into lines; work: as many cells as there are seeds, twice. */
static void join(nwc_wind_lines *lines, const struct find *find, const nwc_wind_line_options *options,
                 const struct seed *seeds, int64_t n_seeds, int64_t *work, nwc_labels *ridges)
{
    int64_t used = 0;
    for (int64_t s = 0; s < n_seeds && (double)seeds[s].strength >= options->strong; s++) {
        int64_t *const chain = work, *const back = work + n_seeds;
        const int64_t cell = seeds[s].cell;
        if (find->used[cell]) continue;
        use(find, cell);
        const int64_t before = follow(find, cell, -1.0F, back);
        for (int64_t k = 0; k < before; k++) chain[k] = back[before - 1 - k];
        chain[before] = cell;
        const int64_t after = follow(find, cell, 1.0F, chain + before + 1);
        add_line(lines, find, chain, before + 1 + after, options->least_m, &used, ridges);
    }
}

/* ---- the whole ---- */

static nwc_status smooth_field(nwc_ctx *ctx, const nwc_field *convergence, const nwc__metric *metric,
                               nwc_wind_line_options *options, nwc_field *smooth)
{
    const double least = LEAST_SCALE * fmax(metric->mean_dx_m, metric->mean_dy_m);
    if (isnan(options->scale_m)) options->scale_m = fmax(SCALE_M, least);
    const double y = options->scale_m / metric->mean_dy_m, x = options->scale_m / metric->mean_dx_m;
    if (!(fmin(x, y) >= LEAST_SCALE - 1e-9 && fmax(x, y) <= MOST_SCALE))
        return nwc__fail(NWC_ERR_ARG, "scale_m: %g to %g cells of %.0f m expected, %g given", LEAST_SCALE, MOST_SCALE,
                         metric->mean_dx_m, options->scale_m);
    NWC__TRY(nwc_field_create(ctx, convergence->grid, 0, convergence->units, smooth));
    return nwc_grid_smooth(ctx, convergence, NWC_SMOOTH_GAUSSIAN, y, x, 0.5, smooth);
}

static nwc_status make_lines(nwc_ctx *ctx, int64_t n, nwc_wind_lines **made)
{
    nwc_status status = NWC_OK;
    nwc_wind_lines *lines = NULL;
    NWC__ALLOC(ctx, lines, 1);
    *lines = (nwc_wind_lines){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user}};
    NWC__ALLOC(ctx, lines->line, n);
    NWC__ALLOC(ctx, lines->x, n);
    NWC__ALLOC(ctx, lines->y, n);
    NWC__ALLOC(ctx, lines->convergence, n);
    *made = lines;
    lines = NULL;
done:
    nwc_wind_lines_destroy(lines);
    return status;
}

static nwc_status take_options(nwc_wind_line_options *taken, const nwc_wind_line_options *options)
{
    nwc_wind_line_options_init(taken);
    NWC__TRY(nwc__take_options(taken, sizeof *taken, options, "options"));
    if (!(taken->weak > 0.0 && taken->strong >= taken->weak && isfinite(taken->strong)))
        return nwc__fail(NWC_ERR_ARG, "strong, weak: above 0, weak at most strong, expected, %g and %g given",
                         taken->strong, taken->weak);
    if (!(taken->least_m >= 0.0))
        return nwc__fail(NWC_ERR_ARG, "least_m: at least 0 expected, %g given", taken->least_m);
    return NWC_OK;
}

static nwc_status check_ridges(const nwc_labels *ridges, const nwc_field *convergence)
{
    if (!ridges) return NWC_OK;
    NWC__TRY(nwc__check_labels(ridges, "ridges", 2));
    if (ridges->dim[0] != convergence->dim[0] || ridges->dim[1] != convergence->dim[1])
        return nwc__fail(NWC_ERR_ARG, "ridges: the %lld x %lld cells of convergence expected, %lld x %lld given",
                         (long long)convergence->dim[0], (long long)convergence->dim[1], (long long)ridges->dim[0],
                         (long long)ridges->dim[1]);
    return NWC_OK;
}

void nwc_wind_line_options_init(nwc_wind_line_options *options)
{
    if (options)
        *options = (nwc_wind_line_options){
            .struct_size = sizeof *options, .scale_m = NAN, .strong = STRONG, .weak = WEAK, .least_m = LEAST_M};
}

nwc_status nwc_wind_find_lines(nwc_ctx *ctx, const nwc_field *convergence, const nwc_wind_line_options *options,
                               nwc_wind_lines **lines, nwc_labels *ridges)
{
    ctx = nwc__ctx(ctx);
    nwc_wind_line_options taken;
    if (!lines) return nwc__fail(NWC_ERR_ARG, "lines: a place for the lines expected, NULL given");
    *lines = NULL;
    NWC__TRY(take_options(&taken, options));
    NWC__TRY(nwc__check_field(convergence, "convergence", 2));
    NWC__TRY(nwc__check_on_grid(ctx, convergence, "convergence"));
    NWC__TRY(check_ridges(ridges, convergence));
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    nwc_field smooth = {0};
    struct seed *seeds = NULL;
    int64_t *work = NULL, n = 0;
    struct find find = {.smooth = &smooth, .metric = &metric, .weak = (float)taken.weak};
    const int64_t ny = convergence->dim[0], nx = convergence->dim[1];
    if ((status = nwc__metric_create(ctx, convergence->grid, &metric)) != NWC_OK) goto done;
    if ((status = smooth_field(ctx, convergence, &metric, &taken, &smooth)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, find.points, ny * nx);
    NWC__ALLOC(ctx, find.used, ny * nx);
    if ((status = nwc__for_each_tile(ctx, "lines", ny, point_row, &find)) != NWC_OK) goto done;
    for (int64_t c = 0; c < ny * nx; c++) n += !find.used[c];
    NWC__ALLOC(ctx, seeds, n + 1);
    NWC__ALLOC(ctx, work, 2 * (n + 1));
    int64_t s = 0;
    for (int64_t c = 0; c < ny * nx; c++)
        if (!find.used[c]) seeds[s++] = (struct seed){find.points[c].strength, c};
    qsort(seeds, (size_t)n, sizeof *seeds, by_strength);
    if ((status = make_lines(ctx, n + 1, lines)) != NWC_OK) goto done;
    for (int64_t j = 0; j < ny && ridges; j++)
        for (int64_t i = 0; i < nx; i++) ridges->data[j * ridges->stride[0] + i * ridges->stride[1]] = 0;
    join(*lines, &find, &taken, seeds, n, work, ridges);
done:
    nwc__free(ctx, work);
    nwc__free(ctx, seeds);
    nwc__free(ctx, find.used);
    nwc__free(ctx, find.points);
    nwc_field_release(ctx, &smooth);
    nwc__metric_destroy(ctx, &metric);
    return status;
}

int64_t nwc_wind_lines_count(const nwc_wind_lines *lines)
{
    return lines ? lines->count : 0;
}

nwc_status nwc_wind_lines_get(const nwc_wind_lines *lines, int64_t index, nwc_wind_line *line)
{
    if (!lines || !line) return nwc__fail(NWC_ERR_ARG, "lines, line: lines and a place for one expected, NULL given");
    if (index < 0 || index >= lines->count)
        return nwc__fail(NWC_ERR_ARG, "index: 0 to %lld expected, %lld given", (long long)(lines->count - 1),
                         (long long)index);
    *line = lines->line[index];
    return NWC_OK;
}

void nwc_wind_lines_destroy(nwc_wind_lines *lines)
{
    if (!lines) return;
    struct nwc_ctx memory = lines->memory;
    nwc__free(&memory, lines->convergence);
    nwc__free(&memory, lines->y);
    nwc__free(&memory, lines->x);
    nwc__free(&memory, lines->line);
    nwc__free(&memory, lines);
}

/*
 * Where hazards pass: the mean, over the error of a cell's place, of the greatest probability that passes over each place.
 *
 * The error at all leads is one pair of normal numbers z times the square root of the covariance of each lead, the symmetric one: an error of velocity
 * grows with the lead and keeps its side, where independent errors would widen swaths by every lead that is looked at. The mean is taken
 * over DRAWS pairs of equal weight on a spiral: radii at the middles of parts of equal probability, each turned by the golden angle from
 * the one before, which leaves no direction out (rings of even rays are off by half as much again).
 */
#include "grid/internal.h"

#include <nowcast/cell_forecast.h>

enum { DRAWS = 256, MOST_STEPS = 1024, BAND = 16 /* rows */ };

/* An ellipse at one time: middle and half axes in grid cells, and what passes with it. */
struct place {
    double j, i;
    double jj, ji, ii; /* it is where jj dj dj + 2 ji dj di + ii di di <= 1 */
    double high, wide; /* how far it reaches along rows and columns */
    double chance;
    double up, right, both_j, both_i; /* error of j: up z1 + both_j z2; of i: both_i z1 + right z2 */
};

struct job {
    int32_t hazard, first, last;
    const nwc_grid *grid;
    const nwc__metric *metric;
    double draw[DRAWS][2];
    nwc_field *none; /* the probability that no cell has passed */
    /* of the cell at hand */
    const struct place *places;
    int64_t n_places;
    int64_t box[4];    /* first row, first column, rows, columns */
    float *most, *sum; /* box: of one draw, of all */
};

static double chance_of(const struct job *job, const nwc_cell_forecast *row)
{
    const double chance = job->hazard < 0 ? row->alive : row->probability[job->hazard];
    return chance > 0.0 ? fmin(chance, 1.0) : 0.0;
}

/* Between two rows: at share of the way from a to b. */
static struct place place_at(const struct job *job, const nwc_cell_forecast *a, const nwc_cell_forecast *b,
                             double share)
{
    const nwc_grid *const grid = job->grid;
#define MIX(member) (a->member + share * (b->member - a->member))
    struct place place = {.j = (MIX(y) - grid->y_first) / grid->dy, .i = (MIX(x) - grid->x_first) / grid->dx};
    const double major = MIX(major_m), minor = MIX(minor_m), turn = a->orientation_deg * NWC__RADIANS;
    const double xx = fmax(MIX(xx_m2), 0.0), yy = fmax(MIX(yy_m2), 0.0), xy = MIX(xy_m2);
#undef MIX
    double dx, dy;
    nwc__metric_at(job->metric, place.j, place.i, &dx, &dy);
    const double s = sin(turn), c = cos(turn); /* the major axis lies along (x, y) = (s, c) */
    const double aa = 1.0 / (major * major), bb = 1.0 / (minor * minor);
    place.ii = dx * dx * (aa * s * s + bb * c * c), place.jj = dy * dy * (aa * c * c + bb * s * s);
    place.ji = dx * dy * (aa - bb) * s * c;
    place.wide = hypot(major * s, minor * c) / dx, place.high = hypot(major * c, minor * s) / dy;
    const double root = sqrt(fmax(xx * yy - xy * xy, 0.0)), all = sqrt(xx + yy + 2.0 * root),
                 part = all > 0.0 ? 1.0 / all : 0.0;
    place.up = (yy + root) * part / dy, place.right = (xx + root) * part / dx;
    place.both_j = xy * part / dy, place.both_i = xy * part / dx;
    const double from = chance_of(job, a), to = chance_of(job, b);
    place.chance = from + share * (to - from);
    return place;
}

/* Steps from one lead to the next: each of half of the ellipse's shorter side, or half a grid cell. */
static int32_t steps_between(const struct job *job, const nwc_cell_forecast *a, const nwc_cell_forecast *b)
{
    const struct place from = place_at(job, a, b, 0.0), to = place_at(job, a, b, 1.0);
    const double spread = 2.5 * fmax(hypot(to.up - from.up, to.both_i - from.both_i),
                                     hypot(to.right - from.right, to.both_j - from.both_j));
    const double way = hypot(to.j - from.j, to.i - from.i) + spread;
    const double stride = fmax(0.5, 0.25 * fmin(fmin(from.high, from.wide), fmin(to.high, to.wide)));
    return (int32_t)fmax(1.0, fmin(ceil(way / stride), MOST_STEPS));
}

/* All places of a cell; the number of them. places: NULL to count. */
static int64_t find_places(const struct job *job, const nwc_cell_forecast *row, struct place *places)
{
    int64_t n = 0;
    for (int32_t l = job->first; l < job->last; l++) {
        const int32_t steps = steps_between(job, &row[l], &row[l + 1]);
        for (int32_t s = 0; s < steps; s++, n++)
            if (places) places[n] = place_at(job, &row[l], &row[l + 1], (double)s / (double)steps);
    }
    if (places) places[n] = place_at(job, &row[job->last], &row[job->last], 0.0);
    return n + 1;
}

/* A pair of normal numbers, by number. */
static void draw_of(int32_t draw, double z[2])
{
    const double radius = sqrt(-2.0 * log(1.0 - ((double)draw + 0.5) / DRAWS));
    const double angle = NWC__PI * (3.0 - sqrt(5.0)) * (double)draw;
    z[0] = radius * sin(angle), z[1] = radius * cos(angle);
}

static double limit(double value, double least, double most)
{
    return fmax(least, fmin(value, most));
}

/* The box of all that a cell can pass over, cut to the grid; false where that is nothing. */
static bool find_box(const struct job *job, const struct place *places, int64_t n, int64_t box[4])
{
    const double farthest = sqrt(-2.0 * log(0.5 / DRAWS));
    double south = INFINITY, north = -INFINITY, west = INFINITY, east = -INFINITY;
    for (int64_t p = 0; p < n; p++) {
        const struct place *const at = &places[p];
        if (!(at->chance > 0.0)) continue;
        const double up = at->high + farthest * hypot(at->up, at->both_j);
        const double right = at->wide + farthest * hypot(at->right, at->both_i);
        south = fmin(south, at->j - up), north = fmax(north, at->j + up);
        west = fmin(west, at->i - right), east = fmax(east, at->i + right);
    }
    box[0] = (int64_t)ceil(limit(south, 0.0, (double)job->grid->ny));
    box[1] = (int64_t)ceil(limit(west, 0.0, (double)job->grid->nx));
    box[2] = (int64_t)floor(limit(north, -1.0, (double)(job->grid->ny - 1))) + 1 - box[0];
    box[3] = (int64_t)floor(limit(east, -1.0, (double)(job->grid->nx - 1))) + 1 - box[1];
    return box[2] > 0 && box[3] > 0;
}

/* Raise what lies in an ellipse, moved by a draw, to its chance; rows south to below north of the box. */
static void pass(const struct job *job, const struct place *place, const double z[2], int64_t south, int64_t north)
{
    const int64_t *const box = job->box;
    const double j = place->j + place->up * z[0] + place->both_j * z[1];
    const double i = place->i + place->both_i * z[0] + place->right * z[1];
    const float chance = (float)place->chance;
    const int64_t from = (int64_t)limit(ceil(j - place->high) - (double)box[0], (double)south, (double)north);
    const int64_t to = (int64_t)limit(floor(j + place->high) - (double)box[0] + 1.0, (double)south, (double)north);
    for (int64_t row = from; row < to; row++) {
        const double dj = (double)(row + box[0]) - j;
        const double root = place->ji * dj * place->ji * dj - place->ii * (place->jj * dj * dj - 1.0);
        if (root < 0.0) continue;
        const double middle = i - place->ji * dj / place->ii, half = sqrt(root) / place->ii;
        const int64_t west = (int64_t)limit(ceil(middle - half) - (double)box[1], 0.0, (double)box[3]);
        const int64_t east = (int64_t)limit(floor(middle + half) - (double)box[1] + 1.0, 0.0, (double)box[3]);
        float *const at = job->most + row * box[3];
        for (int64_t column = west; column < east; column++) at[column] = at[column] > chance ? at[column] : chance;
    }
}

/* A band of rows of the box of the cell at hand. */
static nwc_status pass_band(int64_t band, void *user)
{
    const struct job *const job = user;
    const int64_t south = band * BAND, wide = job->box[3];
    const int64_t north = south + BAND < job->box[2] ? south + BAND : job->box[2], n = (north - south) * wide;
    float *const most = job->most + south * wide, *const sum = job->sum + south * wide;
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int32_t draw = 0; draw < DRAWS; draw++) {
        memset(most, 0, (size_t)n * sizeof *most);
        for (int64_t p = 0; p < job->n_places; p++)
            if (job->places[p].chance > 0.0) pass(job, &job->places[p], job->draw[draw], south, north);
        for (int64_t at = 0; at < n; at++) sum[at] += most[at];
    }
    for (int64_t at = 0; at < n; at++)
        job->none->data[(job->box[0] + south + at / wide) * job->none->stride[0] +
                        (job->box[1] + at % wide) * job->none->stride[1]] *= 1.0F - fminf(sum[at] / (float)DRAWS, 1.0F);
    return NWC_OK;
}

static nwc_status pass_cell(nwc_ctx *ctx, struct job *job, const nwc_cell_forecast *row)
{
    nwc_status status = NWC_OK;
    struct place *places = NULL;
    const int64_t n = find_places(job, row, NULL);
    NWC__ALLOC(ctx, places, n);
    find_places(job, row, places);
    job->places = places, job->n_places = n;
    if (find_box(job, places, n, job->box))
        status = nwc__for_each_tile(ctx, NULL, (job->box[2] + BAND - 1) / BAND, pass_band, job);
done:
    nwc__free(ctx, places);
    return status;
}

static nwc_status check(nwc_ctx *ctx, const nwc_cell_forecast *rows, int64_t n_cells, int32_t n_leads, int32_t hazard,
                        int32_t first, int32_t last, const nwc_field *probability)
{
    if (n_cells < 0 || n_leads < 1 || (n_cells && !rows))
        return nwc__fail(NWC_ERR_ARG, "rows: a forecast of cells for one lead or more expected");
    if (hazard < -1 || hazard >= NWC_CELL_HAZARDS)
        return nwc__fail(NWC_ERR_ARG, "hazard: an nwc_cell_hazard or -1 expected, %d given", (int)hazard);
    if (first < 0 || last < first || last >= n_leads)
        return nwc__fail(NWC_ERR_ARG, "first, last: 0 <= first <= last < %d expected, %d and %d given", (int)n_leads,
                         (int)first, (int)last);
    for (int64_t r = 0; r < n_cells * n_leads; r++) {
        const nwc_cell_forecast *const row = &rows[r];
        if (!isfinite(row->x) || !isfinite(row->y) || !isfinite(row->xy_m2) || !(row->xx_m2 >= 0.0) ||
            !(row->yy_m2 >= 0.0) || !(row->minor_m > 0.0) || !(row->major_m >= row->minor_m) ||
            !isfinite(row->orientation_deg) || row->xx_m2 == INFINITY || row->yy_m2 == INFINITY ||
            row->major_m == INFINITY)
            return nwc__fail(NWC_ERR_ARG, "rows: row %lld has no place, error or ellipse", (long long)r);
    }
    NWC__TRY(nwc__check_field(probability, "probability", 2));
    return nwc__check_on_grid(ctx, probability, "probability");
}

nwc_status nwc_cells_swath(nwc_ctx *ctx, const nwc_cell_forecast *rows, int64_t n_cells, int32_t n_leads,
                           int32_t hazard, int32_t first, int32_t last, nwc_field *probability)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check(ctx, rows, n_cells, n_leads, hazard, first, last, probability));
    nwc__metric metric;
    NWC__TRY(nwc__metric_create(ctx, probability->grid, &metric));
    nwc_status status = NWC_OK;
    const nwc_grid *const grid = probability->grid;
    struct job job = {
        .hazard = hazard, .first = first, .last = last, .grid = grid, .metric = &metric, .none = probability};
    NWC__ALLOC(ctx, job.most, grid->ny * grid->nx);
    NWC__ALLOC(ctx, job.sum, grid->ny * grid->nx);
    for (int32_t draw = 0; draw < DRAWS; draw++) draw_of(draw, job.draw[draw]);
    for (int64_t j = 0; j < grid->ny; j++)
        for (int64_t i = 0; i < grid->nx; i++)
            probability->data[j * probability->stride[0] + i * probability->stride[1]] = 1.0F;
    for (int64_t cell = 0; cell < n_cells; cell++) {
        if ((status = nwc__progress(ctx, "swath", (double)cell / (double)n_cells)) != NWC_OK) goto done;
        if ((status = pass_cell(ctx, &job, rows + cell * n_leads)) != NWC_OK) goto done;
    }
    for (int64_t j = 0; j < grid->ny; j++)
        for (int64_t i = 0; i < grid->nx; i++) {
            float *const at = &probability->data[j * probability->stride[0] + i * probability->stride[1]];
            *at = 1.0F - *at;
        }
done:
    nwc__free(ctx, job.sum);
    nwc__free(ctx, job.most);
    nwc__metric_destroy(ctx, &metric);
    return status;
}

/*
 * How far the wind may be off, cell by cell. Were data everywhere as dense, and seen from the same directions, as they are about a cell,
 * the covariance of errors would be known wave by wave: with G_i = (1 + kappa^2)^alpha / (sigma_i^2 c) + (what data tell of component i) the
 * variance of component i among winds free of divergence is 1 / (G_i + k_i^2 / sum over the others of k_j^2 / G_j). Its sum over waves is
 * tabulated by what data tell along the two horizontal directions that the beams make and upward; errors of w are sums of sines, which
 * are small near the ground and the lid. Costs little beside the wind itself, and an ensemble would need a wind for each member.
 *
 * Errors that were stated wrongly show in two numbers: the cost, which is about the number of data where they are right, and what the
 * data differ from the background by, which is the sum of the variances of both. What data have settled is multiplied by the
 * first, over what it ought to be, and what is left as the background has it by the second.
 *
 * Draughts are a hundred times stronger in one place than in another, and errors of w with them: the variance that w has beforehand
 * is taken to be that of w as it was found about the cell, less what the tails of its distribution add to it, and what data left of
 * the prior's.
 *
 * Two errors are alike in data side by side, so that no number of them makes them small, and the cost does not show them; they are added.
 * Echo that falls otherwise than its reflectivity says is seen alike by all beams: the wind that fits sin(elevation), by the weights of
 * the data about a cell, is what an error of 1 m/s does, to w by as much more as there is of w in the prior. And a storm that is not
 * seen at once changes meanwhile: what the wind differs from the background by is carried past a place that moves with the storm about as
 * fast as it differs, sigma (times options.change), so that after t it is as unlike as places sigma t apart are: 2 (1 - exp(-sigma t / L)) of its square.
 */
#include "wind/frame.h"

#define REACH 0.25        /* of the lengths of the prior, over which data tell of a cell */
#define REACH_SMOOTH 0.75 /* the same where the prior is smooth, whose lengths are a third */
#define LEAST_LOG (-2.0)  /* of what data tell, over what the prior does, to base 10 */
#define LOG_STEP 0.75
#define LEAST_WAVE 0.03 /* kappa */
#define FEW 100.0       /* data that tell as much of errors as what was stated beforehand */
#define MOST_TIMES 25.0 /* that variances are larger than they were stated */
#define STEEP 0.5       /* square of the part upward of a direction that tells nothing of crossing */
#define FLAT 0.0311     /* tan^2 10 degrees: eigenvalues of two beams that cross at 20 degrees */
#define BESIDE                                                                                                         \
    0.0077 /* tan^2 5 degrees: beams side by side, which tell how the wind along them changes, not that across */
#define LONG_TAILED 0.5 /* of the variance of numbers of many scales: about two thirds are within its root */

enum { STEPS = 13, HEIGHTS = 7, RADII = 24, SLOPES = 10, TURNS = 6 };

/* Over length_v, of a cell above the ground or below the lid; the last is far from both. */
static const double heights[HEIGHTS] = {0.02, 0.05, 0.12, 0.3, 0.7, 1.5, INFINITY};

/* Variances over those of the prior: along the direction best seen, across it, and upward at each height. */
struct entry {
    double along, across, up[HEIGHTS];
};

struct tables {
    struct entry entry[STEPS][STEPS][STEPS]; /* by what is told along, across, and upward */
};

/* One wave: its weight in sums for u, v and for w, squares of k, and (1 + kappa^2)^alpha for both. */
struct wave {
    double weight, weight_w, square[3], prior, prior_w, standing[HEIGHTS];
};

/* Of the variance of a wave, what the mean of two walls d apart has. */
static double of_mean(double square, double d)
{
    return pow(cos(0.5 * sqrt(square) * d), 2.0);
}

static void make_waves(const nwc__wind_prior *prior, struct wave *waves)
{
    const nwc__wind_box *const box = prior->box;
    const double longest = NWC__PI * fmin(prior->reach[0].h / fmax(box->dx, box->dy), prior->reach[0].v / box->dz);
    const double step = log(fmax(longest, 1.0) / LEAST_WAVE) / RADII;
    /* sum of waves over c: c / (2 pi L)^3 integral d kappa^3, c = 8 pi L^3 or 64 pi L^3 */
    const double whole = (prior->order == 2 ? 8.0 : 64.0) * NWC__PI * 4.0 * NWC__PI / pow(2.0 * NWC__PI, 3.0);
    struct wave *wave = waves;
    for (int r = 0; r < RADII; r++)
        for (int s = 0; s < SLOPES; s++)
            for (int t = 0; t < TURNS; t++, wave++) {
                const double kappa = LEAST_WAVE * exp(((double)r + 0.5) * step), mu = ((double)s + 0.5) / SLOPES;
                const double turn = 0.5 * NWC__PI * ((double)t + 0.5) / TURNS, flat = 1.0 - mu * mu;
                wave->square[0] = flat * pow(kappa * cos(turn) / prior->reach[0].h, 2.0);
                wave->square[1] = flat * pow(kappa * sin(turn) / prior->reach[0].h, 2.0);
                wave->square[2] = pow(kappa * mu / prior->reach[0].v, 2.0);
                const double weight = whole * pow(kappa, 3.0) * step / (SLOPES * TURNS);
                wave->weight = 0.5 * weight * (of_mean(wave->square[0], box->dx) + of_mean(wave->square[1], box->dy));
                wave->weight_w = weight * of_mean(wave->square[2], box->dz);
                wave->prior = pow(1.0 + kappa * kappa, (double)prior->order);
                wave->prior_w = pow(1.0 + (wave->square[0] + wave->square[1]) * pow(prior->reach[1].h, 2.0) +
                                        wave->square[2] * pow(prior->reach[1].v, 2.0),
                                    (double)prior->order);
                for (int h = 0; h < HEIGHTS; h++)
                    wave->standing[h] = isfinite(heights[h]) ? 2.0 * pow(sin(kappa * mu * heights[h]), 2.0) : 1.0;
            }
}

/* ratio: variance of w over that of u in the prior, whose own is the unit of G for u and v; by_c: the same of sigma^2 c. */
static struct entry make_entry(const struct wave *waves, const double told[3], double ratio, double by_c)
{
    struct entry e = {0.0, 0.0, {0.0}};
    for (int w = 0; w < RADII * SLOPES * TURNS; w++) {
        const struct wave *const q = &waves[w];
        double g[3], part[3];
        for (int c = 0; c < 3; c++) {
            g[c] = c == 2 ? (q->prior_w + told[c]) / by_c : q->prior + told[c];
            part[c] = q->square[c] / g[c];
        }
        const double sum = part[0] + part[1] + part[2], up = q->weight_w / (g[2] + q->square[2] / (sum - part[2]));
        e.along += q->weight / (g[0] + q->square[0] / (sum - part[0]));
        e.across += q->weight / (g[1] + q->square[1] / (sum - part[1]));
        for (int h = 0; h < HEIGHTS; h++) e.up[h] += q->standing[h] * up / ratio;
    }
    return e;
}

struct make {
    const struct wave *waves;
    double ratio, by_c;
    struct tables *tables;
};

static nwc_status make_plane(int64_t i, void *user)
{
    const struct make *const job = user;
    for (int j = 0; j < STEPS; j++)
        for (int k = 0; k < STEPS; k++) {
            const double told[3] = {pow(10.0, LEAST_LOG + LOG_STEP * (double)i), pow(10.0, LEAST_LOG + LOG_STEP * j),
                                    pow(10.0, LEAST_LOG + LOG_STEP * k)};
            job->tables->entry[i][j][k] = make_entry(job->waves, told, job->ratio, job->by_c);
        }
    return NWC_OK;
}

/* ---- what data tell of a cell ---- */

/*
 * Means along n values a step apart with weights that fall as part^distance, of which there are none beyond the ends: one way, and the
 * result the other way, which begins with what the first would go on to beyond the end.
 */
static void spread(float *values, int64_t n, int64_t step, double part)
{
    double mean = 0.0;
    for (int64_t i = 0; i < n; i++) {
        mean = part * mean + (1.0 - part) * (double)values[i * step];
        values[i * step] = (float)mean;
    }
    mean *= part / (1.0 + part);
    for (int64_t i = n - 1; i >= 0; i--) {
        mean = part * mean + (1.0 - part) * (double)values[i * step];
        values[i * step] = (float)mean;
    }
}

struct spread {
    const nwc__wind_shape *shape;
    float *known;
    double part[3];
    bool upward;
};

/* Rows and columns of a level of one of the parts, or the columns upward of a row of all. */
static nwc_status spread_tile(int64_t tile, void *user)
{
    const struct spread *const job = user;
    const nwc__wind_shape *const s = job->shape;
    const int64_t level = s->ny * s->nx, parts = NWC__WIND_KNOWN;
    if (job->upward) {
        for (int64_t p = 0; p < parts; p++)
            for (int64_t i = 0; i < s->nx; i++)
                spread(job->known + p * s->nz * level + tile * s->nx + i, s->nz, level, job->part[2]);
        return NWC_OK;
    }
    float *const plane = job->known + tile * level;
    for (int64_t j = 0; j < s->ny; j++) spread(plane + j * s->nx, s->nx, 1, job->part[0]);
    for (int64_t i = 0; i < s->nx; i++) spread(plane + i, s->ny, s->nx, job->part[1]);
    return NWC_OK;
}

static int64_t cell_of(const nwc__wind_box *box, const nwc__wind_datum *d)
{
    const nwc__wind_shape *const s = &box->shape;
    const int64_t i = (int64_t)((double)d->x / box->dx), j = (int64_t)((double)d->y / box->dy),
                  k = (int64_t)((double)d->z / box->dz);
    return ((k < s->nz ? k : s->nz - 1) * s->ny + (j < s->ny ? j : s->ny - 1)) * s->nx + (i < s->nx ? i : s->nx - 1);
}

/* By how much a storm has changed until it was seen, as a part of the variance of the background. */
static float changed(const nwc__wind_prior *prior, const nwc__wind_datum *d, double change)
{
    const int64_t k = (int64_t)((double)d->z / prior->box->dz), last = prior->box->shape.nz - 1;
    const double reach = (prior->order == 2 ? 1.0 : 3.0) * prior->reach[0].h;
    return (float)(2.0 -
                   2.0 * exp(-change * fabs((double)d->after_s) / (prior->over_sigma[0][k < last ? k : last] * reach)));
}

struct winds {
    const nwc__wind_box *box;
    const nwc__real *background, *wind;
    float *known;
};

/* Squares of what the wind differs from the background by, along a direction of the level in the mean, and of w. */
static nwc_status square_level(int64_t k, void *user)
{
    const struct winds *const job = user;
    const nwc__wind_shape *const s = &job->box->shape;
    const int64_t next[3] = {1, s->pitch, s->plane};
    for (int64_t j = 0; j < s->ny; j++)
        for (int64_t i = 0; i < s->nx; i++) {
            double away[3];
            for (int c = 0; c < 3; c++) {
                const int64_t at = c * s->size + k * s->plane + j * s->pitch + i, to = at + next[c];
                away[c] = 0.5 * ((double)job->wind[at] + (double)job->wind[to]);
                if (c < 2) away[c] -= 0.5 * ((double)job->background[at] + (double)job->background[to]);
            }
            float *const known = job->known + 7 * job->box->cells + (k * s->ny + j) * s->nx + i;
            known[0] = (float)(0.5 * (away[0] * away[0] + away[1] * away[1]));
            known[job->box->cells] = (float)(away[2] * away[2]);
        }
    return NWC_OK;
}

nwc_status nwc__wind_know(nwc_ctx *ctx, const nwc__wind_prior *prior, const nwc__wind_data *data,
                          const nwc__real *background, const nwc__real *wind, double change, float *known)
{
    const nwc__wind_box *const box = prior->box;
    const nwc__wind_shape *const s = &box->shape;
    const double reach = prior->order == 2 ? REACH : REACH_SMOOTH;
    memset(known, 0, (size_t)(NWC__WIND_KNOWN * box->cells) * sizeof *known);
    for (int64_t o = 0; o < data->n; o++) {
        const nwc__wind_datum *const d = &data->data[o];
        const float of[7] = {
            d->u * d->u, d->u * d->v, d->v * d->v, d->w * d->w, d->u * d->w, d->v * d->w, changed(prior, d, change)};
        float *const at = known + cell_of(box, d);
        for (int p = 0; p < 7; p++) at[p * box->cells] += d->weight * of[p];
    }
    struct winds winds = {box, background, wind, known};
    NWC__TRY(nwc__wind_each(ctx, s->nz, s->plane, square_level, &winds));
    struct spread job = {.shape = s,
                         .known = known,
                         .part = {exp(-box->dx / (reach * prior->reach[0].h)),
                                  exp(-box->dy / (reach * prior->reach[0].h)),
                                  exp(-box->dz / (reach * prior->reach[0].v))}};
    NWC__TRY(nwc__wind_each(ctx, NWC__WIND_KNOWN * s->nz, s->plane, spread_tile, &job));
    job.upward = true;
    return nwc__wind_each(ctx, s->ny, NWC__WIND_KNOWN * s->nz * s->nx, spread_tile, &job);
}

/* What is told along the direction told of most, and across it; and the angle of the former from x. */
struct axes {
    double along, across, angle;
};

static struct axes axes_of(double xx, double xy, double yy)
{
    const double half = 0.5 * (xx - yy), away = hypot(half, xy), mean = 0.5 * (xx + yy);
    return (struct axes){mean + away, fmax(mean - away - BESIDE * (mean + away), 0.0), 0.5 * atan2(xy, half)};
}

double nwc__wind_crossing(const nwc__wind_box *box, const nwc__wind_data *data, const float *known)
{
    double crossed = 0.0, n = 0.0;
    for (int64_t o = 0; o < data->n; o++) {
        if (data->data[o].w * data->data[o].w > STEEP) continue;
        const float *const at = known + cell_of(box, &data->data[o]);
        const struct axes a = axes_of((double)at[0], (double)at[box->cells], (double)at[2 * box->cells]);
        crossed += a.across > FLAT * a.along, n += 1.0;
    }
    return n > 0.0 ? crossed / n : 0.0;
}

/* ---- errors ---- */

struct errors {
    const nwc__wind_prior *prior;
    const struct tables *tables;
    double by_cost, by_background, fall;
    float *known; /* in; out: errors in the first three parts */
};

/* A table for the height of a level. */
struct triple {
    float along, across, up;
};

static void make_level(const struct tables *tables, double height, struct triple *level)
{
    int h = 0;
    while (h < HEIGHTS - 2 && heights[h + 1] <= height) h++;
    const double part = h == HEIGHTS - 2 ? 1.0 - exp(-(height - heights[h])) /* towards no end in sight */
                                         : fmax(0.0, (height - heights[h]) / (heights[h + 1] - heights[h]));
    const struct entry *const from = &tables->entry[0][0][0];
    for (int e = 0; e < STEPS * STEPS * STEPS; e++) {
        const double up = from[e].up[h] + fmax(part, 0.0) * (from[e].up[h + 1] - from[e].up[h]);
        level[e] = (struct triple){(float)log(from[e].along), (float)log(from[e].across), (float)log(fmax(up, 1e-12))};
    }
}

static int64_t step_of(double told, double *part)
{
    const double at = fmin(fmax((log10(fmax(told, 1e-30)) - LEAST_LOG) / LOG_STEP, 0.0), (double)(STEPS - 1));
    const int64_t i = at < STEPS - 2 ? (int64_t)at : STEPS - 2;
    *part = at - (double)i;
    return i;
}

/*
 * The variance for other scales of background and data. Of a background p and a datum r it is p r / (p + r): by the share left of the
 * background's, its logarithm changes with that of p, and by the rest with that of r.
 */
static double scaled(const struct errors *job, double variance, double left)
{
    return variance * pow(job->by_cost, 1.0 - left) * pow(job->by_background, left);
}

/* Logarithms of variances, linear between those of the table. */
static void look_up(const struct triple *level, const double told[3], double variance[3])
{
    double part[3], sum[3] = {0.0, 0.0, 0.0};
    int64_t at = 0;
    for (int a = 0; a < 3; a++) at = at * STEPS + step_of(told[a], &part[a]);
    for (int c = 0; c < 8; c++) {
        const struct triple *const t = &level[at + (c >> 2) * STEPS * STEPS + (c >> 1 & 1) * STEPS + (c & 1)];
        const double weight = (c >> 2 ? part[0] : 1.0 - part[0]) * (c >> 1 & 1 ? part[1] : 1.0 - part[1]) *
                              (c & 1 ? part[2] : 1.0 - part[2]);
        sum[0] += weight * (double)t->along, sum[1] += weight * (double)t->across, sum[2] += weight * (double)t->up;
    }
    for (int a = 0; a < 3; a++) variance[a] = exp(sum[a]);
}

/* Of a level: what 1 is in variances of u and v and of w over those of the prior, and what the prior has without data. */
struct scale {
    double h, w;           /* standard deviations */
    double told_h, told_w; /* by which weights of data are multiplied to be told */
    double prior[3];
};

static struct scale scale_of(const nwc__wind_prior *prior, const struct triple *table, int64_t k)
{
    const double nothing[3] = {0.0, 0.0, 0.0};
    struct scale s = {.h = 1.0 / prior->over_sigma[0][k],
                      .w = 2.0 / (prior->over_sigma[2][k] + prior->over_sigma[2][k + 1])};
    s.told_h = s.h * s.h / prior->over_c[0], s.told_w = s.w * s.w / prior->over_c[1];
    look_up(table, nothing, s.prior);
    return s;
}

/* Standard deviations of u, v and w of a cell, over what is known of it. */
static void find_cell(const struct errors *job, const struct triple *table, const struct scale *s, float *known,
                      int64_t cells)
{
    double of[NWC__WIND_KNOWN], variance[3], left[3];
    for (int p = 0; p < NWC__WIND_KNOWN; p++) of[p] = (double)known[p * cells];
    const struct axes a = axes_of(of[0], of[1], of[2]);
    const double told[3] = {s->told_h * a.along, s->told_h * a.across, s->told_w * of[3]};
    look_up(table, told, variance);
    for (int v = 0; v < 3; v++) left[v] = fmin(variance[v] / s->prior[v], 1.0);
    const double weight = of[0] + of[2] + of[3], x = cos(a.angle), y = sin(a.angle);
    const double change = weight > 0.0 ? of[6] / weight * of[7] : 0.0;
    for (int v = 0; v < 2; v++)
        variance[v] = s->h * s->h * scaled(job, variance[v], left[v]) + (1.0 - left[v]) * change;
    /* the wind that all data about the cell would have for echo that falls faster by the error of that */
    const double along = job->fall * (x * of[4] + y * of[5]) / (a.along + 1.0 / s->told_h);
    const double across = job->fall * (x * of[5] - y * of[4]) / (a.across + 1.0 / s->told_h);
    const double up = s->w * s->w * s->prior[2] / (s->h * s->h * s->prior[0]);
    variance[2] = left[2] * (LONG_TAILED * of[8] + left[2] * job->by_background * s->w * s->w * s->prior[2]) +
                  0.5 * up * (along * along + across * across);
    known[0] = (float)sqrt(x * x * variance[0] + y * y * variance[1] + pow(x * along - y * across, 2.0));
    known[cells] = (float)sqrt(y * y * variance[0] + x * x * variance[1] + pow(y * along + x * across, 2.0));
    known[2 * cells] = (float)sqrt(variance[2]);
}

static nwc_status find_level(int64_t k, void *user)
{
    const struct errors *const job = user;
    const nwc__wind_box *const box = job->prior->box;
    const int64_t level = box->shape.ny * box->shape.nx;
    struct triple table[STEPS * STEPS * STEPS];
    const double from_ground = ((double)k + 0.5) * box->dz, from_lid = ((double)(box->shape.nz - k) - 0.5) * box->dz;
    make_level(job->tables, fmin(from_ground, from_lid) / job->prior->reach[0].v, table);
    const struct scale scale = scale_of(job->prior, table, k);
    for (int64_t c = 0; c < level; c++) find_cell(job, table, &scale, job->known + k * level + c, box->cells);
    return NWC_OK;
}

/* A number that ought to be 1, of n data. */
static double believed(double number, double n)
{
    return n > 0.0 ? fmin((fmax(number, 0.0) * n + FEW) / (n + FEW), MOST_TIMES) : 1.0;
}

nwc_status nwc__wind_errors(nwc_ctx *ctx, const nwc__wind_prior *prior, const nwc__wind_tally *tally, float *known)
{
    nwc_status status = NWC_OK;
    const int64_t nz = prior->box->shape.nz;
    struct wave *waves = NULL;
    struct tables *tables = NULL;
    double ratio = 0.0;
    NWC__ALLOC(ctx, waves, RADII * SLOPES * TURNS);
    NWC__ALLOC(ctx, tables, 1);
    make_waves(prior, waves);
    for (int64_t k = 0; k < nz; k++)
        ratio += pow(prior->over_sigma[0][k] / prior->over_sigma[2][k + 1], 2.0) / (double)nz;
    struct make make = {waves, ratio, ratio * prior->over_c[0] / prior->over_c[1], tables};
    if ((status = nwc__for_each_tile(ctx, NULL, STEPS, make_plane, &make)) != NWC_OK) goto done;
    /* of winds free of divergence the prior has less variance than of all */
    const double of_all = tables->entry[0][0][0].along, cost = believed(tally->cost, tally->n);
    const double background = believed(tally->background / of_all, tally->n);
    struct errors job = {prior, tables, cost, fmax(background, cost), tally->fall_m_s, known};
    status = nwc__for_each_tile(ctx, NULL, nz, find_level, &job);
done:
    nwc__free(ctx, tables);
    nwc__free(ctx, waves);
    return status;
}

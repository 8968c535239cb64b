/*
 * Random walks of u, v and w over height, observed here and there through any sum of the three.
 *
 * Values at nodes are unknowns, data between nodes are interpolated linearly. Each part of a node differs from that of the node below
 * by a random step of variance rate times the distance; so the normal equations are block tridiagonal, and elimination gives
 * solution, covariances and determinant in one sweep up and one down (Rue and Held 2005, Gaussian Markov Random Fields, chapter 2).
 * That is a smoothing spline of the first order, and the optimal interpolation of a wind whose structure function is linear. Splines of
 * the second order go on along their slope beyond the data, which winds do not.
 *
 * The rate is the one under which the data are most likely, all unknowns integrated out (Wecker and Ansley 1983).
 */
#include "wind/background.h"

enum { P = NWC__WALK_PARTS, PP = P * P };

#define FIRST_VARIANCE 1e4 /* m2 s-2, of the lowest node before data */
#define W_VARIANCE 25.0    /* m2 s-2: snow falls by 1 m/s, rain by 5 to 9 */
#define W_RATE 0.004       /* m2 s-2 a metre */
#define LEAST_RATE 1e-3
#define MOST_RATE 0.2

enum { SEARCH_STEPS = 24 };

nwc_status nwc__walk_create(nwc_ctx *ctx, double bottom_m, double top_m, double step_m, nwc__walk *walk)
{
    nwc_status status = NWC_OK;
    *walk = (nwc__walk){.n = (int64_t)ceil((top_m - bottom_m) / step_m) + 1,
                        .bottom_m = bottom_m,
                        .step_m = step_m,
                        .rate = NWC__WALK_USUAL};
    if (walk->n < 2) walk->n = 2;
    NWC__ALLOC(ctx, walk->mean, walk->n * P);
    NWC__ALLOC(ctx, walk->cov, walk->n * PP);
    NWC__ALLOC(ctx, walk->cross, walk->n * PP);
    NWC__ALLOC(ctx, walk->diagonal, walk->n * PP);
    NWC__ALLOC(ctx, walk->beside, walk->n * PP);
    NWC__ALLOC(ctx, walk->right, walk->n * P);
    return NWC_OK;
done:
    nwc__walk_release(ctx, walk);
    return status;
}

void nwc__walk_release(nwc_ctx *ctx, nwc__walk *walk)
{
    nwc__free(ctx, walk->right);
    nwc__free(ctx, walk->beside);
    nwc__free(ctx, walk->diagonal);
    nwc__free(ctx, walk->cross);
    nwc__free(ctx, walk->cov);
    nwc__free(ctx, walk->mean);
    *walk = (nwc__walk){0};
}

/* The node below a height and the share of the one above. */
static int64_t node_below(const nwc__walk *walk, double height_m, double *share)
{
    const double at = (height_m - walk->bottom_m) / walk->step_m;
    const double node = at < 0.0 ? 0.0 : at > (double)(walk->n - 2) ? (double)(walk->n - 2) : floor(at);
    *share = at - node < 0.0 ? 0.0 : at - node > 1.0 ? 1.0 : at - node;
    return (int64_t)node;
}

/* ---- 3 by 3 ---- */

/* The inverse of a symmetric positive definite matrix, and its determinant. */
static double invert(const double *a, double *inverse)
{
    const double c00 = a[4] * a[8] - a[5] * a[7], c01 = a[5] * a[6] - a[3] * a[8], c02 = a[3] * a[7] - a[4] * a[6];
    const double determinant = a[0] * c00 + a[1] * c01 + a[2] * c02, by = 1.0 / determinant;
    inverse[0] = by * c00, inverse[4] = by * (a[0] * a[8] - a[2] * a[6]), inverse[8] = by * (a[0] * a[4] - a[1] * a[3]);
    inverse[1] = inverse[3] = by * c01;
    inverse[2] = inverse[6] = by * c02;
    inverse[5] = inverse[7] = by * (a[1] * a[6] - a[0] * a[7]);
    return determinant;
}

/* out = a b, or a' b, or a b'. */
static void multiply(const double *a, bool turn_a, const double *b, bool turn_b, double *out)
{
    for (int r = 0; r < P; r++)
        for (int c = 0; c < P; c++) {
            double sum = 0.0;
            for (int k = 0; k < P; k++) sum += a[turn_a ? k * P + r : r * P + k] * b[turn_b ? c * P + k : k * P + c];
            out[r * P + c] = sum;
        }
}

/* ---- normal equations ---- */

static void put_prior(nwc__walk *walk)
{
    const int64_t n = walk->n;
    memset(walk->diagonal, 0, (size_t)(n * PP) * sizeof *walk->diagonal);
    memset(walk->beside, 0, (size_t)(n * PP) * sizeof *walk->beside);
    memset(walk->right, 0, (size_t)(n * P) * sizeof *walk->right);
    for (int part = 0; part < P; part++) {
        const double step = 1.0 / ((part < 2 ? walk->rate : W_RATE) * walk->step_m);
        const int at = part * P + part;
        walk->diagonal[at] += 1.0 / FIRST_VARIANCE;
        for (int64_t k = 0; k < n; k++) {
            if (part == 2) walk->diagonal[k * PP + at] += 1.0 / W_VARIANCE;
            if (k + 1 == n) continue;
            walk->diagonal[k * PP + at] += step;
            walk->diagonal[(k + 1) * PP + at] += step;
            walk->beside[k * PP + at] -= step;
        }
    }
}

static void put_data(nwc__walk *walk, const nwc__walk_datum *data, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const nwc__walk_datum *const d = &data[i];
        double share;
        const int64_t k = node_below(walk, d->height_m, &share);
        const double w = d->weight / d->variance, below = 1.0 - share;
        for (int r = 0; r < P; r++) {
            walk->right[k * P + r] += w * below * d->a[r] * d->y;
            walk->right[(k + 1) * P + r] += w * share * d->a[r] * d->y;
            for (int c = 0; c < P; c++) {
                const double both = w * d->a[r] * d->a[c];
                walk->diagonal[k * PP + r * P + c] += below * below * both;
                walk->diagonal[(k + 1) * PP + r * P + c] += share * share * both;
                walk->beside[k * PP + r * P + c] += below * share * both;
            }
        }
    }
}

/* Eliminate from the lowest node up: diagonal becomes the inverses of the pivots. Returns the logarithm of the determinant. */
static double eliminate(nwc__walk *walk)
{
    double logarithm = 0.0;
    for (int64_t k = 0; k < walk->n; k++) {
        double *const pivot = walk->diagonal + k * PP, inverse[PP];
        logarithm += log(invert(pivot, inverse));
        memcpy(pivot, inverse, sizeof inverse);
        if (k + 1 == walk->n) break;
        const double *const e = walk->beside + k * PP;
        double by[PP], less[PP];
        multiply(inverse, false, e, false, by); /* pivot^-1 E */
        multiply(e, true, by, false, less);
        for (int j = 0; j < PP; j++) walk->diagonal[(k + 1) * PP + j] -= less[j];
        for (int r = 0; r < P; r++)
            for (int c = 0; c < P; c++) walk->right[(k + 1) * P + r] -= by[c * P + r] * walk->right[k * P + c];
    }
    return logarithm;
}

/* From the highest node down: means, covariances at nodes, and of nodes next to each other. */
static void substitute(nwc__walk *walk)
{
    for (int64_t k = walk->n - 1; k >= 0; k--) {
        const double *const inverse = walk->diagonal + k * PP, *const e = walk->beside + k * PP;
        double *const mean = walk->mean + k * P, *const cov = walk->cov + k * PP, *const cross = walk->cross + k * PP;
        double rest[P];
        memcpy(rest, walk->right + k * P, sizeof rest);
        memcpy(cov, inverse, PP * sizeof *cov);
        memset(cross, 0, PP * sizeof *cross);
        if (k + 1 < walk->n) {
            double by[PP], gain[PP], more[PP];
            for (int r = 0; r < P; r++)
                for (int c = 0; c < P; c++) rest[r] -= e[r * P + c] * walk->mean[(k + 1) * P + c];
            multiply(inverse, false, e, false, by);
            multiply(by, false, walk->cov + (k + 1) * PP, false, gain);
            multiply(gain, false, by, true, more);
            for (int j = 0; j < PP; j++) cov[j] += more[j], cross[j] = -gain[j];
        }
        for (int r = 0; r < P; r++) {
            mean[r] = 0.0;
            for (int c = 0; c < P; c++) mean[r] += inverse[r * P + c] * rest[c];
        }
    }
}

void nwc__walk_fit(nwc__walk *walk, const nwc__walk_datum *data, int64_t n, double *surprise)
{
    put_prior(walk);
    put_data(walk, data, n);
    double squares = 0.0;
    for (int64_t i = 0; i < n; i++) squares += data[i].weight * data[i].y * data[i].y / data[i].variance;
    const double logarithm = eliminate(walk);
    if (surprise) { /* y' R^-1 y - b' A^-1 b: what the fit leaves, with the prior's share */
        for (int64_t k = 0; k < walk->n; k++) {
            const double *const b = walk->right + k * P, *const inverse = walk->diagonal + k * PP;
            for (int r = 0; r < P; r++)
                for (int c = 0; c < P; c++) squares -= b[r] * inverse[r * P + c] * b[c];
        }
        *surprise = squares + logarithm + 2.0 * (double)(walk->n - 1) * log(walk->rate);
    }
    substitute(walk);
}

void nwc__walk_find_rate(nwc__walk *walk, const nwc__walk_datum *data, int64_t n)
{
    const double golden = 0.6180339887498949;
    double low = log(LEAST_RATE), high = log(MOST_RATE), at[2], found[2];
    for (int side = 0; side < 2; side++) {
        at[side] = side ? low + golden * (high - low) : high - golden * (high - low);
        walk->rate = exp(at[side]);
        nwc__walk_fit(walk, data, n, &found[side]);
    }
    for (int k = 0; k < SEARCH_STEPS; k++) {
        const bool left = found[0] < found[1];
        if (left)
            high = at[1], at[1] = at[0], found[1] = found[0], at[0] = high - golden * (high - low);
        else
            low = at[0], at[0] = at[1], found[0] = found[1], at[1] = low + golden * (high - low);
        walk->rate = exp(at[!left]);
        nwc__walk_fit(walk, data, n, &found[!left]);
    }
    walk->rate = exp(0.5 * (low + high));
    nwc__walk_fit(walk, data, n, NULL);
}

/* ---- between nodes and beyond ---- */

void nwc__walk_at(const nwc__walk *walk, double height_m, double part[NWC__WALK_PARTS])
{
    double share;
    const int64_t k = node_below(walk, height_m, &share);
    for (int r = 0; r < P; r++) part[r] = (1.0 - share) * walk->mean[k * P + r] + share * walk->mean[(k + 1) * P + r];
}

void nwc__walk_variance(const nwc__walk *walk, double height_m, double *u, double *v)
{
    double share, both[2];
    const int64_t k = node_below(walk, height_m, &share);
    const double top_m = walk->bottom_m + walk->step_m * (double)(walk->n - 1);
    const double beyond = fmax(0.0, fmax(walk->bottom_m - height_m, height_m - top_m));
    for (int r = 0; r < 2; r++) {
        const int at = r * P + r;
        both[r] = (1.0 - share) * (1.0 - share) * walk->cov[k * PP + at] +
                  share * share * walk->cov[(k + 1) * PP + at] +
                  2.0 * share * (1.0 - share) * walk->cross[k * PP + at] +
                  walk->rate * (walk->step_m * share * (1.0 - share) + beyond); /* of the walk between two nodes */
    }
    *u = both[0], *v = both[1];
}

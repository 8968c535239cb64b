/*
 * Differential phase as Maesaka et al. (2012) see it: the one that fits the measured phase and whose slope is smooth and
 * nowhere negative.
 *
 * They make KDP the square of a control variable, integrate it from both ends of the ray and descend along the gradient of
 * squared misfits and of a low-pass filter. The square keeps KDP from being negative, but where it is zero the gradient is
 * zero too, and each step of the descent is a sum along the whole ray for every gate. Here the phase p itself is the unknown:
 *     minimise  sum w (p - measured)^2 + sum a (third difference of p)^2   with   p[i + 1] >= p[i],
 * which is the same cost with the low-pass filter on KDP: misfits of the integrals from either end are those of p. It is
 * convex, so there is one answer, and its matrix has three diagonals to a side, so a primal-dual interior-point step costs
 * a few dozen operations for each gate (Mehrotra 1992, SIAM J. Optim. 2, 575; Nocedal and Wright 2006, algorithm 16.4).
 * The weight a lets half of a wave of the given length pass: 1 / (1 + a (2 pi / length)^6).
 *
 * A third difference alone lets KDP run off on a line where the echo ends: its error there was three times that inside. The
 * second difference of the first and of the last three gates is weighted too, by 8 a 2 pi / length, so that KDP ends level.
 */
#include "radar/kdp_variational.h"

#define GAP_WEIGHT 1e-3    /* of what is interpolated between known gates: holds the matrix away from singular */
#define END_WEIGHT 8.0     /* see above */
#define CLOSE_DEG 1e-3     /* complementarity and residuals at which to stop */
#define TO_BOUNDARY 0.995  /* of the way to the boundary is gone */
#define LEAST_SLACK 0.05   /* degrees from gate to gate, to start with */
#define MOST_ITERATIONS 40 /* 10 to 15 are needed */

struct problem {
    int64_t n;
    double *weight, *measured, *a;        /* n each, of a the first n - 3 */
    double *p, *slack, *dual;             /* n, of the last two n - 1 */
    double *dp, *dslack, *ddual;          /* steps */
    double *res_p, *res_slack, *res_comp; /* residuals */
    double end[2];                        /* of the second difference at either end */
    double *d[4];                         /* diagonals of L and D, d[k][i]: row i + k, column i */
};

/*
 * res_p = gradient of the cost less D' dual; res_slack = D p - slack. Returns the greatest of the latter, in degrees: each
 * step makes both less by the same share, and the former is never less than the weights' rounding.
 */
static double find_residuals(const struct problem *q)
{
    const int64_t n = q->n;
    double most = 0.0;
    for (int64_t i = 0; i < n; i++) q->res_p[i] = q->weight[i] * (q->p[i] - q->measured[i]);
    for (int64_t i = 0; i + 3 < n; i++) {
        const double t = q->a[i] * (q->p[i + 3] - 3.0 * q->p[i + 2] + 3.0 * q->p[i + 1] - q->p[i]);
        q->res_p[i] -= t, q->res_p[i + 1] += 3.0 * t, q->res_p[i + 2] -= 3.0 * t, q->res_p[i + 3] += t;
    }
    for (int e = 0; e < 2; e++) {
        const int64_t i = e ? n - 3 : 0;
        const double t = q->end[e] * (q->p[i + 2] - 2.0 * q->p[i + 1] + q->p[i]);
        q->res_p[i] += t, q->res_p[i + 1] -= 2.0 * t, q->res_p[i + 2] += t;
    }
    for (int64_t i = 0; i + 1 < n; i++) {
        q->res_p[i] += q->dual[i], q->res_p[i + 1] -= q->dual[i];
        q->res_slack[i] = q->p[i + 1] - q->p[i] - q->slack[i];
        most = fmax(most, fabs(q->res_slack[i]));
    }
    return most;
}

/* The matrix of the cost and of the barrier, factored as L D L'. */
static void factor(const struct problem *q)
{
    static const double third[4] = {-1.0, 3.0, -3.0, 1.0}, second[3] = {1.0, -2.0, 1.0};
    const int64_t n = q->n;
    for (int64_t i = 0; i < n; i++) {
        q->d[0][i] = q->weight[i];
        q->d[1][i] = q->d[2][i] = q->d[3][i] = 0.0;
    }
    for (int64_t i = 0; i + 3 < n; i++)
        for (int r = 0; r < 4; r++)
            for (int c = 0; c <= r; c++) q->d[r - c][i + c] += q->a[i] * third[r] * third[c];
    for (int e = 0; e < 2; e++)
        for (int r = 0; r < 3; r++)
            for (int c = 0; c <= r; c++) q->d[r - c][(e ? n - 3 : 0) + c] += q->end[e] * second[r] * second[c];
    for (int64_t i = 0; i + 1 < n; i++) {
        const double barrier = q->dual[i] / q->slack[i];
        q->d[0][i] += barrier, q->d[0][i + 1] += barrier, q->d[1][i] -= barrier;
    }
    for (int64_t i = 0; i < n; i++) {
        const double per = 1.0 / q->d[0][i];
        double l[4];
        for (int r = 1; r < 4; r++) l[r] = q->d[r][i] * per;
        for (int r = 1; r < 4 && i + r < n; r++) {
            for (int c = 1; c <= r; c++) q->d[r - c][i + c] -= l[r] * q->d[c][i];
        }
        q->d[0][i] = per;
        for (int r = 1; r < 4; r++) q->d[r][i] = l[r];
    }
}

/* Steps for the complementarity residual at hand. */
static void find_step(const struct problem *q)
{
    const int64_t n = q->n;
    for (int64_t i = 0; i < n; i++) q->dp[i] = -q->res_p[i];
    for (int64_t i = 0; i + 1 < n; i++) {
        const double push = (q->res_comp[i] + q->dual[i] * q->res_slack[i]) / q->slack[i];
        q->dp[i] += push, q->dp[i + 1] -= push;
    }
    for (int64_t i = 0; i < n; i++)
        for (int r = 1; r < 4 && i + r < n; r++) q->dp[i + r] -= q->d[r][i] * q->dp[i];
    for (int64_t i = n - 1; i >= 0; i--) {
        double v = q->dp[i] * q->d[0][i];
        for (int r = 1; r < 4 && i + r < n; r++) v -= q->d[r][i] * q->dp[i + r];
        q->dp[i] = v;
    }
    for (int64_t i = 0; i + 1 < n; i++) {
        q->dslack[i] = q->dp[i + 1] - q->dp[i] + q->res_slack[i];
        q->ddual[i] = -(q->res_comp[i] + q->dual[i] * q->dslack[i]) / q->slack[i];
    }
}

/* How far along the step slack and dual stay above 0, at most 1. */
static double longest_step(const struct problem *q)
{
    double inverse = 1.0;
    for (int64_t i = 0; i + 1 < q->n; i++)
        inverse = fmax(inverse, fmax(-q->dslack[i] / q->slack[i], -q->ddual[i] / q->dual[i]));
    return 1.0 / inverse;
}

static void start(struct problem *q, const float *phase, const float *scale)
{
    const int64_t n = q->n;
    int64_t before = 0;
    for (int64_t i = 0; i < n; i++) {
        q->weight[i] = isnan(phase[i]) ? GAP_WEIGHT : 1.0;
        if (isnan(phase[i])) continue;
        for (int64_t k = before + 1; k < i; k++) {
            const double share = (double)(k - before) / (double)(i - before);
            q->measured[k] = (1.0 - share) * q->measured[before] + share * (double)phase[i];
        }
        q->measured[i] = (double)phase[i];
        before = i;
    }
    for (int64_t i = 0; i < n; i++) q->p[i] = q->measured[i];
    for (int64_t i = 0; i + 3 < n; i++) {
        const double wave = (double)(scale[i + 1] + scale[i + 2]) / (4.0 * NWC__PI);
        q->a[i] = wave * wave * wave * wave * wave * wave;
        if (i == 0) q->end[0] = END_WEIGHT * q->a[i] / wave;
        q->end[1] = END_WEIGHT * q->a[i] / wave;
    }
    for (int64_t i = 0; i + 1 < n; i++) {
        q->slack[i] = fmax(q->p[i + 1] - q->p[i], LEAST_SLACK);
        q->dual[i] = LEAST_SLACK;
    }
}

/* One predictor and corrector; gap is the mean of slack times dual. */
static void iterate(const struct problem *q, double gap)
{
    const int64_t n = q->n, m = n - 1;
    factor(q);
    for (int64_t i = 0; i < m; i++) q->res_comp[i] = q->slack[i] * q->dual[i];
    find_step(q);
    const double reach = longest_step(q);
    double after = 0.0;
    for (int64_t i = 0; i < m; i++) after += (q->slack[i] + reach * q->dslack[i]) * (q->dual[i] + reach * q->ddual[i]);
    const double ratio = after / ((double)m * gap), target = ratio * ratio * ratio * gap;
    for (int64_t i = 0; i < m; i++) q->res_comp[i] += q->dslack[i] * q->ddual[i] - target;
    find_step(q);
    const double step = fmin(1.0, TO_BOUNDARY * longest_step(q));
    for (int64_t i = 0; i < n; i++) q->p[i] += step * q->dp[i];
    for (int64_t i = 0; i < m; i++) q->slack[i] += step * q->dslack[i], q->dual[i] += step * q->ddual[i];
}

int32_t nwc__monotone_phase(int64_t n, const float *phase, const float *scale, double *scratch, float *fitted)
{
    if (n < 4) { /* no third difference: nothing to be smooth */
        double sum = 0.0, known = 0.0;
        for (int64_t i = 0; i < n; i++)
            if (!isnan(phase[i])) sum += (double)phase[i], known += 1.0;
        for (int64_t i = 0; i < n; i++) fitted[i] = (float)(sum / known);
        return 0;
    }
    struct problem q = {.n = n};
    double **const parts[NWC__MONOTONE_SCRATCH] = {&q.weight, &q.measured, &q.a,         &q.p,
                                                   &q.slack,  &q.dual,     &q.dp,        &q.dslack,
                                                   &q.ddual,  &q.res_p,    &q.res_slack, &q.res_comp,
                                                   &q.d[0],   &q.d[1],     &q.d[2],      &q.d[3]};
    for (int k = 0; k < NWC__MONOTONE_SCRATCH; k++) *parts[k] = scratch + k * n;
    start(&q, phase, scale);
    int32_t taken = 0;
    for (; taken < MOST_ITERATIONS; taken++) {
        const double most = find_residuals(&q);
        double gap = 0.0;
        for (int64_t i = 0; i + 1 < n; i++) gap += q.slack[i] * q.dual[i];
        gap /= (double)(n - 1);
        if (most < CLOSE_DEG && gap < CLOSE_DEG * CLOSE_DEG) break;
        iterate(&q, gap);
    }
    double least = -(double)INFINITY; /* what rounding and the last step leave of a fall */
    for (int64_t i = 0; i < n; i++) fitted[i] = (float)(least = fmax(least, q.p[i]));
    return taken;
}

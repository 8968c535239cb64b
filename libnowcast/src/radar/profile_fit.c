/*
 * Fits of a linear wind to the gates of one level.
 *
 * With azimuth a, elevation e to the ground below the gate, and s the distance over the ground, a wind linear in space has
 *
 *     v_r = cos e (u sin a + v cos a) + w sin e + s cos e / 2 (divergence - stretching cos 2a + shearing sin 2a)
 *
 * (Browning and Wexler 1968, equation 3). VAD fits that ring by ring as harmonics; VVP in the form of Waldteufel and Corbin
 * (1979, equation 4) in x, y about the middle of the radars. Weights are iterated: first those of least absolute
 * deviations, which start well whatever a fifth of the gates says, then Tukey's biweight at 95 % efficiency.
 *
 * GVAD (Gao et al. 2004) takes derivatives along the azimuth. Over one degree the noise of the two gates outweighs them,
 * so differences over five degrees are taken, of which the fitted function is exact; aliasing leaves them alone up
 * to 90 m/s of wind at a Nyquist velocity of 8 m/s. From that start each velocity is moved to the side of the fit, and fitted as in VAD.
 *
 * Errors are those of M-estimates (Huber 1981, equation 6.5) times what neighbouring gates have in common: the number of
 * independent gates is taken from the correlation of residuals of points next to each other.
 */
#include "radar/profile.h"

#include "core/blas.h"

#define TUKEY 4.685      /* of the robust standard deviation */
#define MAD 1.4826       /* robust standard deviation of a normal distribution over its median absolute deviation */
#define INFLATED 100.0   /* a parameter whose variance the others raise more than this is not fitted */
#define INFLATED_W 10.0  /* w less: what is not in the model, of which there is much, would all be in it */
#define MOST_WIND 120.0  /* m s-1: more was never measured; differences of aliased velocities can fit it */
#define MOST_ERROR 30.0  /* m s-1: with more than that nothing is known */
#define MOST_W_ERROR 1.0 /* m s-1 of standard error: beyond it w says nothing of the fall of rain or snow */
#define FAR_RING 8.0     /* m s-1: winds differ by so much within 60 km of a storm, not by more */
#define LEAST_SIGMA 0.01 /* m s-1: what codes resolve */

enum { ABSOLUTE_STEPS = 6, TUKEY_STEPS = 12, BINS = 256, MOST = NWC__PROFILE_MOST };

/* The values of the parameters' functions at a point. */
typedef void (*basis_fn)(const nwc__profile_point *points, const nwc__profile_point *p, int32_t n, double *value);

struct fit {
    basis_fn basis;
    int32_t n;                       /* parameters */
    double x[MOST], cov[MOST][MOST]; /* and their covariance */
    double sigma;                    /* robust standard deviation of residuals */
    double inliers;                  /* mean weight */
};

/* ---- functions ---- */

static void harmonics(const nwc__profile_point *points, const nwc__profile_point *p, int32_t n, double *value)
{
    (void)points;
    const double sin2 = 2.0 * p->sin_az * p->cos_az, cos2 = 1.0 - 2.0 * p->sin_az * p->sin_az;
    const double all[5] = {(double)p->cos_el * p->sin_az, (double)p->cos_el * p->cos_az, 1.0,
                           -0.5 * p->s * p->cos_el * cos2, 0.5 * p->s * p->cos_el * sin2};
    memcpy(value, all, (size_t)n * sizeof *value);
}

static void differences(const nwc__profile_point *points, const nwc__profile_point *p, int32_t n, double *value)
{
    double here[5], there[5];
    harmonics(points, p, 5, here);
    harmonics(points, points + p->pair, 5, there);
    static const int which[4] = {0, 1, 3, 4}; /* what does not vary with azimuth has no difference */
    for (int32_t k = 0; k < n; k++) value[k] = there[which[k]] - here[which[k]];
}

/* In this order parameters go when they cannot be told apart: from the last. */
static void volume_linear(const nwc__profile_point *points, const nwc__profile_point *p, int32_t n, double *value)
{
    (void)points;
    const double east = (double)p->cos_el * p->sin_az, north = (double)p->cos_el * p->cos_az;
    const double all[8] = {east,
                           north,
                           east * p->x,
                           north * p->y,
                           0.5 * (east * p->y + north * p->x),
                           east * p->above,
                           north * p->above,
                           p->sin_el};
    static const int which[9][8] = {{0},
                                    {0},
                                    {0, 1},
                                    {0, 1, 7},
                                    {0},
                                    {0, 1, 2, 3, 4},
                                    {0, 1, 2, 3, 4, 7},
                                    {0, 1, 2, 3, 4, 5, 6},
                                    {0, 1, 2, 3, 4, 5, 6, 7}};
    for (int32_t k = 0; k < n; k++) value[k] = all[which[n][k]];
}

/* ---- robust least squares ---- */

static double wrap(double v, double nyquist)
{
    return isinf(nyquist) ? v : v - 2.0 * nyquist * rint(v / (2.0 * nyquist));
}

/* Normal equations of weighted points, lower triangle. */
static void normal_equations(const struct fit *fit, const nwc__profile_point *points, int64_t n, double *a, double *b)
{
    for (int32_t i = 0; i < MOST * MOST; i++) a[i] = 0.0;
    for (int32_t i = 0; i < MOST; i++) b[i] = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double w = points[i].weight;
        if (!(w > 0.0)) continue;
        double value[MOST];
        fit->basis(points, &points[i], fit->n, value);
        double at = points[i].residual;
        for (int32_t k = 0; k < fit->n; k++) at += fit->x[k] * value[k];
        for (int32_t k = 0; k < fit->n; k++) {
            b[k] += w * value[k] * at;
            for (int32_t l = 0; l <= k; l++) a[k * fit->n + l] += w * value[k] * value[l];
        }
    }
}

/* Residuals of the fit at hand, wrapped where Nyquist velocities say so. */
static void residuals(const struct fit *fit, nwc__profile_point *points, int64_t n, bool aliased)
{
    for (int64_t i = 0; i < n; i++) {
        nwc__profile_point *const p = &points[i];
        if (fit->basis == differences && p->pair < 0) continue;
        double value[MOST];
        fit->basis(points, p, fit->n, value);
        double r = fit->basis == differences ? (double)points[p->pair].velocity - p->velocity : p->velocity;
        for (int32_t k = 0; k < fit->n; k++) r -= fit->x[k] * value[k];
        p->residual = (float)(aliased ? wrap(r, p->nyquist) : r);
    }
}

/* The median of absolute residuals of points that count, to a 256th of their largest. */
static double median_absolute(const struct fit *fit, const nwc__profile_point *points, int64_t n)
{
    int64_t count = 0;
    double low = 0.0, high = 0.0;
    for (int64_t i = 0; i < n; i++) {
        if (fit->basis == differences && points[i].pair < 0) continue;
        high = fabs(points[i].residual) > high ? fabs(points[i].residual) : high;
        count++;
    }
    int64_t below = 0;
    for (int pass = 0; pass < 3 && high > low; pass++) { /* a histogram of ever narrower bins about the median */
        int64_t bin[BINS] = {0};
        const double width = (high - low) / BINS;
        for (int64_t i = 0; i < n; i++) {
            if (fit->basis == differences && points[i].pair < 0) continue;
            const double at = (fabs(points[i].residual) - low) / width;
            if (at >= 0.0 && at <= BINS) bin[at < BINS ? (int)at : BINS - 1]++;
        }
        int k = 0;
        while (k < BINS - 1 && below + bin[k] <= count / 2) below += bin[k++];
        low += k * width;
        high = low + width;
    }
    return 0.5 * (low + high);
}

static void weigh(struct fit *fit, nwc__profile_point *points, int64_t n, bool tukey)
{
    fit->sigma = MAD * median_absolute(fit, points, n);
    if (!(fit->sigma > LEAST_SIGMA)) fit->sigma = LEAST_SIGMA;
    double sum = 0.0;
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        nwc__profile_point *const p = &points[i];
        if (fit->basis == differences && p->pair < 0) {
            p->weight = 0.0f;
            continue;
        }
        const double r = p->residual / fit->sigma, t = 1.0 - r * r / (TUKEY * TUKEY);
        p->weight = (float)(tukey ? (t > 0.0 ? t * t : 0.0) : 1.0 / (fabs(r) + 0.1));
        sum += p->weight;
        count++;
    }
    fit->inliers = count ? sum / (double)count : 0.0;
}

/* Covariance of parameters for one unit of variance, from the lower triangle of the normal matrix. */
static bool invert(int32_t n, const double *a, double cov[MOST][MOST])
{
    for (int32_t k = 0; k < n; k++) {
        double factor[MOST * MOST], e[MOST] = {0.0};
        memcpy(factor, a, (size_t)(n * n) * sizeof *a);
        e[k] = 1.0;
        if (!nwc__solve_spd(n, factor, e)) return false;
        for (int32_t l = 0; l < n; l++) cov[l][k] = e[l];
    }
    return true;
}

static bool step(struct fit *fit, nwc__profile_point *points, int64_t n, bool aliased, double *a)
{
    double b[MOST];
    normal_equations(fit, points, n, a, b);
    double factor[MOST * MOST];
    memcpy(factor, a, sizeof factor);
    if (!nwc__solve_spd(fit->n, factor, b)) return false;
    memcpy(fit->x, b, sizeof b);
    residuals(fit, points, n, aliased);
    return true;
}

/* How much residuals of points next to each other have in common, 0 to 0.95. */
static double common(const nwc__profile_point *points, int64_t n)
{
    double together = 0.0, alone = 0.0;
    for (int64_t i = 1; i < n; i++) {
        const double w = points[i].weight * points[i - 1].weight;
        together += w * points[i].residual * points[i - 1].residual;
        alone +=
            0.5 * w *
            ((double)points[i].residual * points[i].residual + (double)points[i - 1].residual * points[i - 1].residual);
    }
    const double rho = alone > 0.0 ? together / alone : 0.0;
    return rho < 0.0 ? 0.0 : rho > 0.95 ? 0.95 : rho;
}

/* Start from fit->x. False where the points do not determine the parameters. */
static bool robust(struct fit *fit, nwc__profile_point *points, int64_t n, bool aliased)
{
    double a[MOST * MOST];
    residuals(fit, points, n, aliased);
    for (int k = 0; k < ABSOLUTE_STEPS + TUKEY_STEPS; k++) {
        weigh(fit, points, n, k >= ABSOLUTE_STEPS);
        if (!step(fit, points, n, aliased, a)) return false;
    }
    weigh(fit, points, n, true);
    /* Huber's correction: the sum of squares of psi, and the mean of its derivative, over all points. */
    double squares = 0.0, slope = 0.0, count = 0.0, plain[MOST * MOST], b[MOST];
    for (int64_t i = 0; i < n; i++) {
        nwc__profile_point *const p = &points[i];
        if (fit->basis == differences && p->pair < 0) continue;
        const double r = p->residual / fit->sigma, t = 1.0 - r * r / (TUKEY * TUKEY);
        squares += (double)p->weight * p->residual * p->weight * p->residual;
        slope += t > 0.0 ? t * (1.0 - 5.0 * r * r / (TUKEY * TUKEY)) : 0.0;
        count += 1.0;
    }
    const double rho = common(points, n);
    for (int64_t i = 0; i < n; i++) points[i].weight = fit->basis == differences && points[i].pair < 0 ? 0.0f : 1.0f;
    normal_equations(fit, points, n, plain, b);
    if (!(slope > 0.0 && count > fit->n) || !invert(fit->n, plain, fit->cov)) return false;
    const double variance =
        squares / (count - fit->n) / ((slope / count) * (slope / count)) * (1.0 + rho) / (1.0 - rho);
    for (int32_t k = 0; k < fit->n; k++)
        for (int32_t l = 0; l < fit->n; l++) fit->cov[k][l] *= variance;
    return true;
}

/* The largest stretch of azimuth without a point, degrees. */
static double largest_gap(const nwc__profile_point *points, int64_t n)
{
    bool seen[360] = {false};
    for (int64_t i = 0; i < n; i++) {
        const double azimuth = atan2(points[i].sin_az, points[i].cos_az) * (180.0 / NWC__PI);
        seen[((int)floor(azimuth) + 360) % 360] = true;
    }
    int gap = 0, run = 0;
    for (int k = 0; k < 720; k++) {
        run = seen[k % 360] ? 0 : run + 1;
        gap = run > gap ? run : gap;
    }
    return gap > 360 ? 360.0 : gap;
}

/* ---- methods ---- */

static void nothing(nwc_profile_level *level)
{
    level->u_m_s = level->v_m_s = level->w_m_s = NAN;
    level->divergence = level->stretching = level->shearing = NAN;
    level->u_error_m_s = level->v_error_m_s = level->residual_m_s = NAN;
    level->quality = 0.0;
}

/* Fit one ring; aliased ones from differences first. */
static bool fit_ring(const nwc_profile_options *o, nwc__profile_point *points, int64_t n, struct fit *fit)
{
    const bool aliased = o->method == NWC_PROFILE_GVAD;
    *fit = (struct fit){.basis = harmonics, .n = 2 * o->order + 1};
    if (!aliased) return robust(fit, points, n, false);
    struct fit gradient = {.basis = differences, .n = 2}; /* the second harmonic is for the velocities themselves */
    if (!robust(&gradient, points, n, true)) return false;
    fit->x[0] = gradient.x[0];
    fit->x[1] = gradient.x[1];
    return robust(fit, points, n, true);
}

/* Of the rings' means, each divergence times half a distance and w times a sine: normal equations. */
struct means {
    double a[3], b[2], square, rings;
};

/* Divergence and w, where elevations tell them apart and the rings agree upon w. */
static void solve_means(const struct means *m, nwc_profile_level *level)
{
    const double apart = m->a[0] * m->a[2] - m->a[1] * m->a[1];
    if (!(apart * INFLATED_W > m->a[0] * m->a[2] && m->rings > 2.0)) return;
    const double divergence = (m->a[2] * m->b[0] - m->a[1] * m->b[1]) / apart;
    const double w = (m->a[0] * m->b[1] - m->a[1] * m->b[0]) / apart;
    const double more = (m->square - divergence * m->b[0] - w * m->b[1]) / (m->rings - 2.0);
    if (!(sqrt((more > 1.0 ? more : 1.0) * m->a[0] / apart) < MOST_W_ERROR)) return;
    level->divergence = divergence;
    level->w_m_s = w;
}

/*
 * Whether a ring fits into the level: its wind is within FAR_RING, or three of its errors, of one fitted to all gates of the level. A ring at
 * 20 degrees may be full of weak echo that stands still, from side lobes on the ground, and have small errors: at 4 km over KHTX on
 * 2008-04-11 five of them pulled the wind from 28 to 8 m/s.
 */
static bool fits_in(const struct fit *ring, const struct fit *all)
{
    const double off = hypot(ring->x[0] - all->x[0], ring->x[1] - all->x[1]);
    return off <= FAR_RING + 3.0 * sqrt(ring->cov[0][0] + ring->cov[1][1]);
}

/* VAD and GVAD: rings by themselves, combined by their covariances. */
static void fit_rings(const nwc_profile_options *o, nwc__profile_point *points, int64_t n, nwc_profile_level *level)
{
    double a[4] = {0.0}, b[4] = {0.0}, second[2] = {0.0}, second_weight[2] = {0.0}, square = 0.0;
    struct means means = {.rings = 0.0};
    double used = 0.0, sigma = 0.0, inliers = 0.0;
    struct fit all = {.basis = volume_linear, .n = 2}; /* velocities as measured may be aliased: no such fit then */
    const bool judged = o->method == NWC_PROFILE_VAD && n >= o->min_points && robust(&all, points, n, false);
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && points[end].ring == points[i].ring;) end++;
        nwc__profile_point *const ring = points + i;
        const int64_t m = end - i;
        for (int64_t k = 0; k < m; k++) ring[k].pair = ring[k].pair < 0 ? -1 : ring[k].pair - (int32_t)i;
        struct fit fit;
        if (m < o->min_points || largest_gap(ring, m) > o->max_gap_deg || !fit_ring(o, ring, m, &fit)) continue;
        if (judged && !fits_in(&fit, &all)) continue;
        const double determinant = fit.cov[0][0] * fit.cov[1][1] - fit.cov[0][1] * fit.cov[0][1];
        if (!(determinant > 0.0)) continue;
        const double p[3] = {fit.cov[1][1] / determinant, -fit.cov[0][1] / determinant, fit.cov[0][0] / determinant};
        a[0] += p[0], a[1] += p[1], a[3] += p[2];
        b[0] += p[0] * fit.x[0] + p[1] * fit.x[1];
        b[1] += p[1] * fit.x[0] + p[2] * fit.x[1];
        square += p[0] * fit.x[0] * fit.x[0] + 2.0 * p[1] * fit.x[0] * fit.x[1] + p[2] * fit.x[1] * fit.x[1];
        for (int k = 0; k < 2 && fit.n == 5; k++) {
            second[k] += fit.x[3 + k] / fit.cov[3 + k][3 + k];
            second_weight[k] += 1.0 / fit.cov[3 + k][3 + k];
        }
        double half = 0.0, sine = 0.0;
        for (int64_t k = 0; k < m; k++)
            half += 0.5 * ring[k].s * ring[k].cos_el / (double)m, sine += ring[k].sin_el / (double)m;
        const double w = 1.0 / fit.cov[2][2];
        means.a[0] += w * half * half, means.a[1] += w * half * sine, means.a[2] += w * sine * sine;
        means.b[0] += w * half * fit.x[2], means.b[1] += w * sine * fit.x[2];
        means.square += w * fit.x[2] * fit.x[2];
        means.rings += 1.0;
        used += (double)m, sigma += (double)m * fit.sigma * fit.sigma, inliers += (double)m * fit.inliers;
    }
    const double determinant = a[0] * a[3] - a[1] * a[1];
    if (!(determinant > 0.0)) {
        nothing(level);
        return;
    }
    nothing(level);
    level->u_m_s = (a[3] * b[0] - a[1] * b[1]) / determinant;
    level->v_m_s = (a[0] * b[1] - a[1] * b[0]) / determinant;
    /* Rings that disagree by more than their errors: the wind changes between them, and the errors grow by that. */
    const double chi2 = square - level->u_m_s * b[0] - level->v_m_s * b[1], freedom = 2.0 * means.rings - 2.0;
    const double more = freedom > 0.0 && chi2 > freedom ? chi2 / freedom : 1.0;
    level->u_error_m_s = sqrt(more * a[3] / determinant);
    level->v_error_m_s = sqrt(more * a[0] / determinant);
    level->residual_m_s = sqrt(sigma / used);
    level->n_points = (int64_t)used;
    level->quality = inliers / used;
    if (o->order == 2) {
        level->stretching = second[0] / second_weight[0];
        level->shearing = second[1] / second_weight[1];
    }
    solve_means(&means, level);
}

static bool has_w(int32_t parameters)
{
    return parameters == 3 || parameters == 6 || parameters == 8;
}

/* Whether the normal matrix of unit weights tells parameter k from the others. */
static bool told_apart(const double *a, int32_t n, int32_t k)
{
    double cov[MOST][MOST];
    return invert(n, a, cov) && cov[k][k] * a[k * n + k] < (k == n - 1 && has_w(n) ? INFLATED_W : INFLATED);
}

/* The most parameters, of those asked for, that the points tell apart. */
static int32_t justified(nwc__profile_point *points, int64_t n, int32_t asked)
{
    static const int32_t fewer[9] = {0, 0, 2, 2, 0, 2, 5, 5, 7};
    for (int64_t i = 0; i < n; i++) points[i].weight = 1.0f, points[i].residual = 0.0f;
    while (asked > 2) {
        struct fit fit = {.basis = volume_linear, .n = asked};
        double a[MOST * MOST], b[MOST];
        normal_equations(&fit, points, n, a, b);
        bool all = true;
        for (int32_t k = 0; k < asked && all; k++) all = told_apart(a, asked, k);
        if (all) break;
        asked = fewer[asked];
    }
    return asked;
}

static void fit_volume(const nwc_profile_options *o, nwc__profile_point *points, int64_t n, nwc_profile_level *level)
{
    nothing(level);
    if (n < o->min_points || level->gap_deg > o->max_gap_deg) return;
    struct fit fit = {.basis = volume_linear, .n = justified(points, n, o->parameters)};
    if (!robust(&fit, points, n, false)) return;
    level->u_m_s = fit.x[0];
    level->v_m_s = fit.x[1];
    if (has_w(fit.n) && sqrt(fit.cov[fit.n - 1][fit.n - 1]) < MOST_W_ERROR) level->w_m_s = fit.x[fit.n - 1];
    if (fit.n >= 5) {
        level->divergence = fit.x[2] + fit.x[3];
        level->stretching = fit.x[2] - fit.x[3];
        level->shearing = fit.x[4];
    }
    level->u_error_m_s = sqrt(fit.cov[0][0]);
    level->v_error_m_s = sqrt(fit.cov[1][1]);
    level->residual_m_s = fit.sigma;
    level->n_points = n;
    level->quality = fit.inliers;
}

void nwc__profile_fit(const nwc_profile_options *options, nwc__profile_point *points, int64_t n,
                      nwc_profile_level *level)
{
    level->gap_deg = largest_gap(points, n);
    level->n_points = 0;
    if (options->method == NWC_PROFILE_VVP)
        fit_volume(options, points, n, level);
    else
        fit_rings(options, points, n, level);
    if (hypot(level->u_m_s, level->v_m_s) > MOST_WIND || hypot(level->u_error_m_s, level->v_error_m_s) > MOST_ERROR)
        nothing(level);
    if (isnan(level->u_m_s)) return;
    const double around = (360.0 - level->gap_deg) / 270.0;
    const double variance = level->u_error_m_s * level->u_error_m_s + level->v_error_m_s * level->v_error_m_s;
    level->quality *= (around < 1.0 ? around : 1.0) / (1.0 + 0.25 * variance);
}

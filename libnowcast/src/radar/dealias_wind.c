/*
 * The wind that the volume itself tells, and with it the folds of all that hangs together.
 *
 * Regions that hold together are right among themselves but for a number of folds common to all of them. A wind that depends on height
 * alone, linear between knots, is fitted to mean velocities of patches, together with that number for each of the largest
 * clusters, as reals; then the largest cluster's is rounded and held, and the rest is fitted again, and so on
 * (as ambiguities of carrier phases are resolved in satellite navigation). What the volume cannot tell follows from what is known
 * beforehand: a profile that was given, or calm near the ground and a wind that changes by some m/s in a kilometre.
 */
#include "radar/dealias_wind.h"

#include "core/blas.h"
#include "radar/beam.h"

#define SPACING_M 750.0
#define RING_M 8000.0
#define PATCH_ERROR 6.0 /* m s-1: a mean over a patch about a wind of height alone */
#define PATCH_SHARE 8.0 /* patches beside each other that say the same */
#define CALM 10.0       /* m s-1: wind at the lowest knot, where nothing is known */
#define SHEAR 5.0       /* m s-1 between two knots */
#define GIVEN 4.0       /* m s-1: error of a wind that was given */
#define FOLDS 5.0       /* of a cluster, as little as is known of it */
#define LOCAL 6.0       /* m s-1: wind at a gate about that of its height */

enum {
    K = NWC__WIND_KNOTS,
    STEPS = 6,     /* of weights, to begin with */
    MORE = 3,      /* and after each cluster */
    GATE_STEP = 3, /* from one gate that is taken to the next */
    AT_ONCE = 4,   /* gates along a ray from one whose wind is looked up to the next */
};

double nwc__wind_height(const nwc__fold_wind *wind, int32_t knot)
{
    return wind->bottom_m + SPACING_M * knot;
}

/* The two knots about a height and what each counts. */
static int knots(const nwc__fold_wind *wind, double height, double share[2])
{
    double at = (height - wind->bottom_m) / SPACING_M;
    at = at < 0.0 ? 0.0 : at > K - 1 ? K - 1 : at;
    const int k = at >= K - 1 ? K - 2 : (int)at;
    share[1] = at - k;
    share[0] = 1.0 - share[1];
    return k;
}

/* Gates of one ray, patch and cluster. */
struct run {
    nwc__wind_patch *patch;
    double velocity, range, gates;
};

static void end_run(struct run *run, const nwc__fold_sweep *s, int64_t ray, double altitude_m)
{
    nwc__wind_patch *const p = run->patch;
    if (!(run->gates > 0.0)) return;
    const double azimuth = s->azimuth_deg[ray] * NWC__RADIANS, elevation = s->elevation_deg[ray] * NWC__RADIANS;
    const nwc__gate_place at = nwc__gate_place_of(altitude_m, sin(elevation), cos(elevation), run->range / run->gates);
    p->height += run->gates * at.height_m;
    p->velocity += run->velocity;
    p->turn += run->gates * 2.0 * s->nyquist_m_s[ray];
    p->east += run->gates * sin(azimuth) * at.cos_el;
    p->north += run->gates * cos(azimuth) * at.cos_el;
    p->gates += run->gates;
    run->velocity = run->range = run->gates = 0.0;
}

int64_t nwc__wind_patches(const nwc__fold_sweep *s, const nwc__fold_node *nodes, const int32_t *cluster,
                          int32_t n_clusters, const nwc__fold_wind *wind, double altitude_m, int32_t *number,
                          nwc__wind_patch *patches)
{
    const int64_t all = (int64_t)NWC__PATCHES * n_clusters;
    int32_t n = 0;
    for (int64_t k = 0; k < all; k++) number[k] = -1;
    for (int64_t r = 0; r < s->n_rays; r++) {
        const int sector = (int)(s->azimuth_deg[r] / 10.0f) % NWC__PATCH_SECTORS;
        const float turn = 2.0f * s->nyquist_m_s[r];
        struct run run = {.patch = NULL};
        for (int64_t g = (s->from[r] + GATE_STEP - 1) / GATE_STEP * GATE_STEP; g < s->to[r]; g += GATE_STEP) {
            const int64_t i = s->row[r] + g;
            if (s->label[i] < 0) continue;
            const int32_t node = s->first_node + s->label[i], c = cluster[node];
            const double range = s->first_gate_m + (double)g * s->gate_spacing_m;
            const int ring = (int)(range / RING_M);
            if (c < 0 || ring >= NWC__PATCH_RINGS) continue;
            int32_t *const which = &number[(sector * NWC__PATCH_RINGS + ring) * n_clusters + c];
            if (*which < 0) {
                *which = n;
                patches[n++] = (nwc__wind_patch){.cluster = c};
            }
            nwc__wind_patch *const p = &patches[*which];
            if (p != run.patch) {
                end_run(&run, s, r, altitude_m);
                run.patch = p;
            }
            const float v = s->velocity[i] + turn * (float)(s->fold[i] + nodes[node].fold);
            run.velocity += v;
            run.range += range;
            run.gates += 1.0;
            if (s->before && !isnan(s->before[i])) {
                p->expected += v - s->before[i];
                p->n_expected += 1.0;
            }
        }
        end_run(&run, s, r, altitude_m);
    }
    for (int32_t k = 0; k < n; k++) {
        nwc__wind_patch *const p = &patches[k];
        const double one = 1.0 / p->gates;
        p->velocity *= one, p->turn *= one, p->east *= one, p->north *= one, p->height *= one;
        p->knot = knots(wind, p->height, p->share);
    }
    return n;
}

struct fit {
    int32_t n;                                 /* 2 K + clusters */
    double a[NWC__SMALL_MAX * NWC__SMALL_MAX]; /* which becomes its Cholesky factor as x is found */
    double b[NWC__SMALL_MAX], x[NWC__SMALL_MAX];
};

/* which ascends. */
static void add_row(struct fit *fit, int count, const int32_t *which, const double *value, double y, double weight)
{
    for (int i = 0; i < count; i++) {
        fit->b[which[i]] += weight * value[i] * y;
        for (int j = 0; j <= i; j++) fit->a[which[i] * fit->n + which[j]] += weight * value[i] * value[j];
    }
}

/* What is known before: of u or v, whose knots begin at first. */
static void prior(struct fit *fit, const nwc__fold_wind *wind, int32_t first, const double *given)
{
    for (int32_t k = 0; k < K; k++) {
        const int32_t here[2] = {first + k - 1, first + k};
        const double one[2] = {-1.0, 1.0};
        if (wind->known)
            add_row(fit, 1, &here[1], &one[1], given[k], 1.0 / (GIVEN * GIVEN));
        else if (k == 0)
            add_row(fit, 1, &here[1], &one[1], 0.0, 1.0 / (CALM * CALM));
        if (k > 0) add_row(fit, 2, here, one, wind->known ? given[k] - given[k - 1] : 0.0, 1.0 / (SHEAR * SHEAR));
    }
}

/* The row of a patch. */
static void row_of(const nwc__wind_patch *p, int32_t which[5], double value[5])
{
    for (int j = 0; j < 2; j++) {
        which[j] = p->knot + j, value[j] = p->share[j] * p->east;
        which[2 + j] = K + p->knot + j, value[2 + j] = p->share[j] * p->north;
    }
    which[4] = 2 * K + p->cluster;
    value[4] = -p->turn;
}

static double misfit(const struct fit *fit, const int32_t which[5], const double value[5], double velocity)
{
    for (int j = 0; j < 5; j++) velocity -= value[j] * fit->x[which[j]];
    return velocity;
}

static bool solve(struct fit *fit, const nwc__fold_wind *given, const nwc__wind_patch *patches, int64_t n,
                  const bool *held, const int32_t *fold, bool robust)
{
    memset(fit->a, 0, sizeof fit->a);
    memset(fit->b, 0, sizeof fit->b);
    prior(fit, given, 0, given->u);
    prior(fit, given, K, given->v);
    for (int32_t c = 0; c < fit->n - 2 * K; c++) {
        const int32_t which = 2 * K + c;
        const double one = 1.0;
        add_row(fit, 1, &which, &one, held[c] ? fold[c] : 0.0, held[c] ? 1e6 : 1.0 / (FOLDS * FOLDS));
    }
    for (int64_t i = 0; i < n; i++) {
        const nwc__wind_patch *const p = &patches[i];
        int32_t which[5];
        double value[5];
        row_of(p, which, value);
        const double r = robust ? misfit(fit, which, value, p->velocity) / PATCH_ERROR : 0.0;
        const double full = p->gates / (p->gates + 10.0);
        const double weight = full / (PATCH_ERROR * PATCH_ERROR * PATCH_SHARE * (1.0 + r * r));
        add_row(fit, 5, which, value, p->velocity, weight);
        if (p->n_expected > 0.0) {
            const double turn = -p->turn; /* what the volume before says of the cluster's folds alone */
            add_row(fit, 1, &which[4], &turn, p->expected / p->n_expected, weight * p->n_expected / p->gates);
        }
    }
    memcpy(fit->x, fit->b, sizeof fit->x);
    return nwc__solve_spd(fit->n, fit->a, fit->x);
}

/* The standard error of unknown k of the last solution. */
static double error_of(const struct fit *fit, int32_t k)
{
    double unit[NWC__SMALL_MAX] = {0.0};
    unit[k] = 1.0;
    nwc__solve_factored(fit->n, fit->a, unit);
    return sqrt(unit[k]);
}

void nwc__wind_fit(const nwc__wind_patch *patches, int64_t n, int32_t n_clusters, nwc__fold_wind *wind, int32_t *fold,
                   double *doubt)
{
    struct fit fit = {.n = 2 * K + n_clusters};
    bool held[NWC__WIND_CLUSTERS] = {false};
    const nwc__fold_wind given = *wind;
    bool fitted = false;
    for (int32_t c = 0; c <= n_clusters; c++) {
        for (int k = 0; k < (c == 0 ? STEPS : MORE); k++)
            fitted = solve(&fit, &given, patches, n, held, fold, k > 0 || c > 0);
        if (!fitted) return;
        if (c == n_clusters) break;
        const double x = fit.x[2 * K + c];
        fold[c] = (int32_t)rint(x);
        /* How far the rounding is from going the other way, in standard errors. */
        doubt[c] = error_of(&fit, 2 * K + c) / (0.5 - fabs(x - fold[c]) + 1e-6);
        held[c] = true;
    }
    for (int32_t k = 0; k < K; k++) {
        wind->u[k] = fit.x[k];
        wind->v[k] = fit.x[K + k];
        const double e = error_of(&fit, k), f = error_of(&fit, K + k);
        wind->error[k] = sqrt(0.5 * (e * e + f * f));
    }
}

void nwc__wind_along(const nwc__fold_sweep *s, const nwc__fold_wind *wind, double altitude_m, int64_t ray,
                     float *expected, float *doubt)
{
    const double azimuth = s->azimuth_deg[ray] * NWC__RADIANS, elevation = s->elevation_deg[ray] * NWC__RADIANS;
    const double sine = sin(elevation), cosine = cos(elevation), east = sin(azimuth), north = cos(azimuth);
    const int64_t from = s->from[ray], to = s->to[ray];
    float v_before = 0.0f, e_before = 0.0f;
    for (int64_t g = from; from < to && g < to + AT_ONCE - 1; g += AT_ONCE) { /* between them straight */
        const nwc__gate_place at =
            nwc__gate_place_of(altitude_m, sine, cosine, s->first_gate_m + (double)g * s->gate_spacing_m);
        double share[2];
        const int k = knots(wind, at.height_m, share);
        const double u = share[0] * wind->u[k] + share[1] * wind->u[k + 1];
        const double v = share[0] * wind->v[k] + share[1] * wind->v[k + 1];
        const double e = share[0] * wind->error[k] + share[1] * wind->error[k + 1];
        const float v_here = (float)(at.cos_el * (u * east + v * north)), e_here = (float)sqrt(e * e + LOCAL * LOCAL);
        for (int64_t b = g == from ? g : g - AT_ONCE + 1; b <= g && b < to; b++) {
            const float left = (float)(g - b) * (1.0f / AT_ONCE);
            expected[b] = v_here + left * (v_before - v_here);
            doubt[b] = e_here + left * (e_before - e_here);
        }
        v_before = v_here, e_before = e_here;
    }
}

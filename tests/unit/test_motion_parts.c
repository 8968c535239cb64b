/* Parts of the methods of motion beside something independent: correlations, continuity, costs and their descent. */
#include "support/support.h"

#include "motion/continuity.h"
#include "motion/correlate.h"
#include "motion/descend.h"
#include "motion/vet.h"

NWC__DECLARE_KERNELS(nwc__correlate_kernels);
NWC__DECLARE_KERNELS(nwc__vet_kernels);

enum { NY = 23, NX = 31 };

static float noise(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (float)(*seed >> 8) / 16777216.0F;
}

/* Pearson's coefficient in its plain form, over what is known in both. */
static double plain(const float *later, const float *earlier, const struct nwc__window *w, int64_t dx, int64_t dy)
{
    double mean[2] = {0.0, 0.0}, n = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t j = 0; j < NY; j++)
            for (int64_t i = 0; i < NX; i++) {
                if (j < w->y0 || j >= w->y1 || i < w->x0 || i >= w->x1) continue;
                if (j - dy < 0 || j - dy >= NY || i - dx < 0 || i - dx >= NX) continue;
                const double a = (double)later[j * NX + i], b = (double)earlier[(j - dy) * NX + i - dx];
                if (isnan(a) || isnan(b)) continue;
                if (pass == 0)
                    mean[0] += a, mean[1] += b, n += 1.0;
                else
                    aa += (a - mean[0]) * (a - mean[0]), bb += (b - mean[1]) * (b - mean[1]),
                        ab += (a - mean[0]) * (b - mean[1]);
            }
        if (pass == 0) mean[0] /= n, mean[1] /= n;
    }
    return ab / sqrt(aa * bb);
}

static void a_window_correlates_as_pearson_says(void **state)
{
    (void)state;
    static float cells[2][NY * NX];
    uint32_t seed = 7;
    for (int f = 0; f < 2; f++)
        for (int c = 0; c < NY * NX; c++) cells[f][c] = noise(&seed) < 0.1F ? NAN : 3.0F * noise(&seed);
    const struct nwc__frame_level level = {.ny = NY, .nx = NX, .frame = {cells[0], cells[1]}};
    const struct nwc__frame_pair pair = {.earlier = 0, .later = 1, .dt_s = 300.0};
    const struct nwc__window windows[3] = {{2, 20, 3, 25}, {-5, 12, 10, 40}, {0, NY, 0, NX}};
    const nwc__correlate_kernels *const kernels = NWC__KERNELS(nwc__ctx(NULL), nwc__correlate_kernels);
    for (int w = 0; w < 3; w++)
        for (int64_t dy = -4; dy <= 4; dy += 2)
            for (int64_t dx = -5; dx <= 5; dx++)
                assert_near(nwc__window_correlation(kernels, &level, &pair, &windows[w], dx, dy, 20.0),
                            plain(cells[1], cells[0], &windows[w], dx, dy), 2e-5);
    assert_true(nwc__window_correlation(kernels, &level, &pair, &windows[0], 0, 0, 1e4) < -1.5);
}

static void a_parabola_is_highest_where_it_is(void **state)
{
    (void)state;
    for (int k = -4; k <= 4; k++) {
        const double top = 0.1 * k, before = 1.0 + top, after = 1.0 - top;
        const double value[3] = {-0.5 * before * before, -0.5 * top * top, -0.5 * after * after};
        assert_near(nwc__peak(value[0], value[1], value[2]), top, 1e-12);
    }
    assert_true(nwc__peak(-2.0, 0.5, 0.2) == 0.0 && nwc__peak(0.5, 0.5, 0.5) == 0.0);
}

static double most_divergence(const float *u, const float *v)
{
    double most = 0.0;
    for (int j = 0; j < NY - 1; j++)
        for (int i = 0; i < NX - 1; i++) {
            const int c = j * NX + i;
            const double d = 0.5 * (double)((u[c + 1] - u[c] + u[c + NX + 1] - u[c + NX]) +
                                            (v[c + NX] - v[c] + v[c + NX + 1] - v[c + 1]));
            most = fmax(most, fabs(d));
        }
    return most;
}

/* A rotation has no divergence and stays; what is added to it that has some is taken away, and little else. */
static void divergence_is_taken_and_nothing_else(void **state)
{
    (void)state;
    float u[NY * NX], v[NY * NX], ru[NY * NX], rv[NY * NX];
    uint32_t seed = 3;
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++) {
            ru[j * NX + i] = -0.1F * (float)(j - NY / 2), rv[j * NX + i] = 0.1F * (float)(i - NX / 2);
            u[j * NX + i] = ru[j * NX + i], v[j * NX + i] = rv[j * NX + i];
        }
    assert_ok(nwc__take_divergence(nwc__ctx(NULL), NY, NX, u, v));
    for (int c = 0; c < NY * NX; c++) {
        assert_near(u[c], ru[c], 1e-5);
        assert_near(v[c], rv[c], 1e-5);
    }
    for (int c = 0; c < NY * NX; c++) u[c] += noise(&seed) - 0.5F, v[c] += noise(&seed) - 0.5F;
    float before_u[NY * NX], before_v[NY * NX];
    memcpy(before_u, u, sizeof u), memcpy(before_v, v, sizeof v);
    const double before = most_divergence(u, v);
    assert_ok(nwc__take_divergence(nwc__ctx(NULL), NY, NX, u, v));
    assert_true(most_divergence(u, v) < 1e-5 * before);
    /* The change is orthogonal to every motion without divergence, the one that is left among them. */
    double along = 0.0, change = 0.0, left = 0.0;
    for (int c = 0; c < NY * NX; c++) {
        const double du = (double)(u[c] - before_u[c]), dv = (double)(v[c] - before_v[c]);
        along += du * (double)u[c] + dv * (double)v[c];
        change += du * du + dv * dv, left += (double)(u[c] * u[c] + v[c] * v[c]);
    }
    assert_true(change > 1.0 && fabs(along) < 1e-4 * sqrt(change * left));
    assert_ok(nwc__take_divergence(nwc__ctx(NULL), 1, NX, u, v));
}

/* Rosenbrock's valley, ten of them side by side: least where all are 1. */
static nwc_status valley(nwc_ctx *ctx, void *user, const double *x, double *cost, double *gradient)
{
    (void)ctx, (void)user;
    *cost = 0.0;
    for (int k = 0; k < 20; k += 2) {
        const double a = 1.0 - x[k], b = x[k + 1] - x[k] * x[k];
        *cost += a * a + 100.0 * b * b;
        gradient[k] = -2.0 * a - 400.0 * x[k] * b;
        gradient[k + 1] = 200.0 * b;
    }
    return NWC_OK;
}

static void a_curved_valley_is_gone_down(void **state)
{
    (void)state;
    double x[20];
    int32_t steps;
    for (int k = 0; k < 20; k++) x[k] = k % 2 ? 1.0 + 0.05 * k : -1.2;
    assert_ok(nwc__descend(nwc__ctx(NULL), valley, NULL, 20, 500, 0.0, x, &steps));
    for (int k = 0; k < 20; k++) assert_near(x[k], 1.0, 1e-6);
    assert_true(steps > 5 && steps < 500);
    for (int k = 0; k < 20; k++) x[k] = 1.0; /* there already */
    assert_ok(nwc__descend(nwc__ctx(NULL), valley, NULL, 20, 500, 0.0, x, &steps));
    assert_int_equal(steps, 0);
}

/* The cost of echo tracking by a double loop over cells, without the gradient. */
static double plain_cost(const struct nwc__vet_cost *c, const double *m)
{
    const int64_t n = c->x.nodes, all = c->y.nodes * n;
    double sum = 0.0;
    for (int32_t p = 0; p < c->n_pairs; p++)
        for (int64_t j = 0; j < NY; j++)
            for (int64_t i = 0; i < NX; i++) {
                const double ty = (double)j * (double)(c->y.nodes - 1) / (NY - 1),
                             tx = (double)i * (double)(n - 1) / (NX - 1);
                const int64_t k = (int64_t)fmin(ty, (double)(c->y.nodes - 2)), l = (int64_t)fmin(tx, (double)(n - 2));
                const double b = ty - (double)k, a = tx - (double)l, share = c->pairs[p].dt_s / NWC__VET_UNIT_S;
                double d[2];
                for (int f = 0; f < 2; f++) {
                    const double *const sw = m + f * all + k * n + l;
                    d[f] = (1 - b) * ((1 - a) * sw[0] + a * sw[1]) + b * ((1 - a) * sw[n] + a * sw[n + 1]);
                }
                const double later = (double)c->level->frame[c->pairs[p].later][j * NX + i];
                if (isnan(later)) continue;
                const double x = (double)i - share * d[0], y = (double)j - share * d[1];
                double r = NAN;
                if (x >= 0.0 && y >= 0.0 && x <= NX - 1 && y <= NY - 1) {
                    const int64_t i0 = (int64_t)fmin(x, NX - 2), j0 = (int64_t)fmin(y, NY - 2);
                    const float *const e = c->level->frame[c->pairs[p].earlier] + j0 * NX + i0;
                    const double fx = x - (double)i0, fy = y - (double)j0;
                    r = later - ((1 - fy) * ((1 - fx) * (double)e[0] + fx * (double)e[1]) +
                                 fy * ((1 - fx) * (double)e[NX] + fx * (double)e[NX + 1]));
                }
                sum += isnan(r) ? c->unmoved * c->unmoved : r * r;
            }
    double bends = 0.0;
    for (int64_t f = 0; f < 2; f++)
        for (int64_t j = 0; j < c->y.nodes; j++)
            for (int64_t i = 0; i < n; i++) {
                const double *const at = m + f * all + j * n + i;
                if (i > 0 && i + 1 < n) bends += pow(at[-1] - 2.0 * at[0] + at[1], 2);
                if (j > 0 && j + 1 < c->y.nodes) bends += pow(at[-n] - 2.0 * at[0] + at[n], 2);
                if (i + 1 < n && j + 1 < c->y.nodes) bends += 2.0 * pow(at[0] - at[1] - at[n] + at[n + 1], 2);
            }
    return 0.5 * sum / (NY * NX * (double)c->n_pairs) + 0.5 * c->gamma * bends;
}

static void the_gradient_of_echo_tracking_is_that_of_its_cost(void **state)
{
    (void)state;
    enum { NODES = 5, ALL = 2 * NODES * NODES };
    static float cells[3][NY * NX];
    uint32_t seed = 11;
    for (int f = 0; f < 3; f++)
        for (int c = 0; c < NY * NX; c++) cells[f][c] = c % 37 == 3 ? NAN : 2.0F * noise(&seed);
    const struct nwc__frame_level level = {.ny = NY, .nx = NX, .frame = {cells[0], cells[1], cells[2]}};
    const struct nwc__frame_pair pairs[2] = {{1, 2, 300.0}, {0, 1, 240.0}};
    nwc_ctx *const ctx = nwc__ctx(NULL);
    for (int64_t nodes = 2; nodes <= NODES; nodes++) {
        struct nwc__vet_cost cost = {.kernels = NWC__KERNELS(ctx, nwc__vet_kernels), .pairs = pairs, .n_pairs = 2};
        assert_ok(nwc__vet_create(ctx, &level, NODES, &cost));
        nwc__vet_lay_out(&cost, &level, nodes);
        cost.gamma = 0.02;
        double m[ALL], gradient[ALL], other[ALL], value, most = 0.0;
        const int64_t n = 2 * nodes * nodes;
        for (int64_t k = 0; k < n; k++) m[k] = 4.0 * (double)noise(&seed) - 2.0;
        assert_ok(nwc__vet_cost_at(ctx, &cost, m, &value, gradient));
        assert_near(value, plain_cost(&cost, m), 1e-12);
        for (int64_t k = 0; k < n; k++) most = fmax(most, fabs(gradient[k]));
        for (int64_t k = 0; k < n; k++) {
            const double h = 1e-7, before = m[k];
            double up, down;
            m[k] = before + h;
            assert_ok(nwc__vet_cost_at(ctx, &cost, m, &up, other));
            m[k] = before - h;
            assert_ok(nwc__vet_cost_at(ctx, &cost, m, &down, other));
            m[k] = before;
            assert_near((up - down) / (2.0 * h), gradient[k], 1e-6 * most);
        }
        nwc__vet_destroy(ctx, &cost);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_correlates_as_pearson_says),
        cmocka_unit_test(a_parabola_is_highest_where_it_is),
        cmocka_unit_test(divergence_is_taken_and_nothing_else),
        cmocka_unit_test(a_curved_valley_is_gone_down),
        cmocka_unit_test(the_gradient_of_echo_tracking_is_that_of_its_cost),
    };
    return cmocka_run_group_tests_name("motion parts", tests, NULL, NULL);
}

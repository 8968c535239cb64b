/*
 * wind, inside: operators against their adjoints and against what is known of them, the gradient against differences of the cost. Built
 * twice: as the library has it, and with winds in double, where the tolerances are those of double.
 */
#include "support/support.h"

#include "core/random.h"
#include "wind/internal.h"
#include "wind/waves.h"

#define PI 3.14159265358979323846

enum { NX = 14, NY = 19, NZ = 8, DATA = 900 };

static const bool is_double = sizeof(nwc__real) == sizeof(double);

/* What rounding allows, of sums of some thousand products. */
static double allowed(void)
{
    return is_double ? 1e-12 : 1e-5;
}

struct scene {
    nwc_ctx *ctx;
    nwc__wind_box box;
    nwc__wind_prior prior;
    nwc__wind_projection *projection;
    nwc__wind_spectral *spectral;
    nwc__wind_datum list[DATA];
    nwc__wind_data data;
    nwc__real *a, *b, *c, *d, *background;
};

/* Uniform numbers from -1 to 1 on all walls that are unknowns. */
static void fill(const struct scene *s, uint64_t seed, nwc__real *wind)
{
    const nwc__wind_shape *const shape = &s->box.shape;
    float *const draw = nwc__alloc(s->ctx, 3 * shape->size, sizeof *draw);
    assert_non_null(draw);
    nwc__random_uniform(s->ctx, seed, 0, 0, 3 * shape->size, draw);
    for (int c = 0; c < 3; c++) {
        const nwc__wind_extent extent = nwc__wind_extent_of(&s->box, c);
        for (int64_t k = extent.first_k; k < extent.end_k; k++)
            for (int64_t j = 0; j < extent.ny; j++)
                for (int64_t i = 0; i < extent.nx; i++) {
                    const int64_t at = c * shape->size + k * shape->plane + j * shape->pitch + i;
                    wind[at] = (nwc__real)(2.0 * (double)draw[at] - 1.0);
                }
    }
    nwc__free(s->ctx, draw);
}

/* Data anywhere in the box, some of them on its walls. */
static void draw_data(struct scene *s)
{
    static float draw[9 * DATA];
    nwc__random_uniform(s->ctx, 7, 1, 0, 9 * DATA, draw);
    for (int o = 0; o < DATA; o++) {
        const float *const r = draw + 9 * o;
        const double x = o % 50 == 1   ? 0.0
                         : o % 50 == 2 ? 1.0
                                       : (double)r[0],
                     y = o % 50 == 3 ? 1.0 : (double)r[1],
                     z = o % 50 == 4   ? 0.0
                         : o % 50 == 5 ? 1.0
                                       : (double)r[2];
        s->list[o] = (nwc__wind_datum){.x = (float)(x * NX * s->box.dx),
                                       .y = (float)(y * NY * s->box.dy),
                                       .z = (float)(z * NZ * s->box.dz),
                                       .u = 2.0F * r[3] - 1.0F,
                                       .v = 2.0F * r[4] - 1.0F,
                                       .w = 2.0F * r[5] - 1.0F,
                                       .value = 20.0F * r[6] - 10.0F,
                                       .weight = 0.5F + r[7]};
    }
}

static void open_scene(struct scene *s, int32_t order)
{
    *s = (struct scene){.ctx = nwc__ctx(NULL)};
    double error_h[NZ], error_w[NZ];
    for (int k = 0; k < NZ; k++) error_h[k] = 2.0 + 0.2 * k, error_w[k] = 1.0 + 0.1 * k * k;
    assert_ok(nwc__wind_box_create(s->ctx, (int64_t[3]){NX, NY, NZ}, (double[3]){1000.0, 1250.0, 500.0}, 100.0, 0.0,
                                   &s->box));
    assert_ok(nwc__wind_prior_create(s->ctx, &s->box, order, (nwc__wind_reach[2]){{2500.0, 1200.0}, {2000.0, 3000.0}},
                                     error_h, error_w, &s->prior));
    assert_ok(nwc__wind_projection_create(s->ctx, &s->box, &s->projection));
    assert_ok(nwc__wind_spectral_create(s->ctx, &s->prior, &s->spectral));
    draw_data(s);
    assert_ok(nwc__wind_data_create(s->ctx, &s->box, s->list, DATA, &s->data));
    nwc__real **const winds[5] = {&s->a, &s->b, &s->c, &s->d, &s->background};
    for (int w = 0; w < 5; w++) *winds[w] = nwc__wind_create(s->ctx, &s->box);
    fill(s, 1, s->a);
    fill(s, 2, s->b);
    fill(s, 3, s->background);
}

static void close_scene(struct scene *s)
{
    nwc__free(s->ctx, s->background);
    nwc__free(s->ctx, s->d);
    nwc__free(s->ctx, s->c);
    nwc__free(s->ctx, s->b);
    nwc__free(s->ctx, s->a);
    nwc__wind_data_release(s->ctx, &s->data);
    nwc__wind_spectral_destroy(s->ctx, s->spectral);
    nwc__wind_projection_destroy(s->ctx, s->projection);
    nwc__wind_prior_release(s->ctx, &s->prior);
    nwc__wind_box_release(s->ctx, &s->box);
}

static double dot(const struct scene *s, const nwc__real *a, const nwc__real *b)
{
    double sum;
    assert_ok(nwc__wind_dot(s->ctx, &s->box, a, b, &sum));
    return sum;
}

#define assert_alike(x, y, size)                                                                                       \
    do {                                                                                                               \
        const double alike_x = (x), alike_y = (y);                                                                     \
        if (!(fabs(alike_x - alike_y) <= allowed() * (size)))                                                          \
            fail_msg("%s = %.15g, %s = %.15g", #x, alike_x, #y, alike_y);                                              \
    } while (0)

/* ---- H ---- */

static void adjoint_of_observing_gives_the_same_product(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 2);
    nwc__real predicted[DATA];
    assert_ok(nwc__wind_predict(s.ctx, &s.box, &s.data, s.a, predicted));
    assert_ok(nwc__wind_observe(s.ctx, &s.box, &s.data, s.a, 1.0, 0.0, s.c, NULL)); /* c = H' R^-1 y */
    double product = 0.0, size = 0.0;
    for (int o = 0; o < DATA; o++) {
        const double part = (double)predicted[o] * (double)s.data.data[o].weight * (double)s.data.data[o].value;
        product += part, size += fabs(part);
    }
    assert_alike(product, dot(&s, s.a, s.c), size);
    close_scene(&s);
}

/* A wind that is linear in space is read exactly; between the last centres and the walls it is taken to stay as it is. */
static void a_linear_wind_is_read_exactly(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 2);
    const nwc__wind_shape *const shape = &s.box.shape;
    const double d[3] = {s.box.dx, s.box.dy, s.box.dz};
    for (int c = 0; c < 3; c++) {
        const nwc__wind_extent extent = nwc__wind_extent_of(&s.box, c);
        for (int64_t k = 0; k < extent.end_k + (c == 2); k++)
            for (int64_t j = 0; j < extent.ny; j++)
                for (int64_t i = 0; i < extent.nx; i++) {
                    const double x = ((double)i + 0.5 * (c != 0)) * d[0], y = ((double)j + 0.5 * (c != 1)) * d[1],
                                 z = ((double)k + 0.5 * (c != 2)) * d[2];
                    s.a[c * shape->size + k * shape->plane + j * shape->pitch + i] =
                        (nwc__real)(c + 1e-3 * x - 2e-3 * y + 3e-3 * z);
                }
    }
    nwc__real predicted[DATA];
    assert_ok(nwc__wind_predict(s.ctx, &s.box, &s.data, s.a, predicted));
    int inner = 0;
    for (int o = 0; o < DATA; o++) {
        const nwc__wind_datum *const q = &s.data.data[o];
        const double x = (double)q->x, y = (double)q->y, z = (double)q->z, f = 1e-3 * x - 2e-3 * y + 3e-3 * z;
        if (x < 0.5 * d[0] || x > (NX - 0.5) * d[0] || y < 0.5 * d[1] || y > (NY - 0.5) * d[1] || z < 0.5 * d[2] ||
            z > (NZ - 0.5) * d[2])
            continue;
        assert_near((double)predicted[o], (double)q->u * f + (double)q->v * (1 + f) + (double)q->w * (2 + f),
                    is_double ? 1e-5 : 2e-4);
        inner++;
    }
    assert_true(inner > DATA / 2);
    close_scene(&s);
}

static void data_are_kept_in_blocks_whatever_their_order(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 2);
    assert_int_equal(s.data.first[s.data.blocks], DATA);
    for (int64_t b = 0; b < s.data.blocks; b++)
        for (int64_t o = s.data.first[b]; o < s.data.first[b + 1]; o++) {
            const double row = (double)s.data.data[o].y / s.box.dy;
            assert_true(row >= (double)(b * NWC__WIND_BLOCK_ROWS) - 1e-3 &&
                        row <= (double)((b + 1) * NWC__WIND_BLOCK_ROWS) + 1e-3);
        }
    close_scene(&s);
}

/* ---- the prior ---- */

static void the_prior_is_symmetric_and_positive(void **state)
{
    (void)state;
    for (int32_t order = 2; order <= 4; order += 2) {
        struct scene s;
        open_scene(&s, order);
        assert_ok(nwc__wind_prior_apply(s.ctx, &s.prior, s.a, s.d, s.c));
        const double ba = dot(&s, s.b, s.c), aa = dot(&s, s.a, s.c);
        assert_ok(nwc__wind_prior_apply(s.ctx, &s.prior, s.b, s.d, s.c));
        const double bb = dot(&s, s.b, s.c);
        assert_alike(ba, dot(&s, s.a, s.c), sqrt(aa * bb));
        assert_true(aa > 0.0 && bb > 0.0);
        close_scene(&s);
    }
}

/* Cosines along x and y, and along z cosines for u and v and sines for w, are eigenvectors where errors do not change with height. */
static void waves_have_the_cost_of_their_wave_numbers(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 2);
    for (int32_t order = 2; order <= 4; order += 2)
        for (int c = 0; c < 3; c++) {
            const double error[NZ] = {3, 3, 3, 3, 3, 3, 3, 3}, n[3] = {NX + (c == 0), NY + (c == 1), NZ};
            const double d[3] = {s.box.dx, s.box.dy, s.box.dz}, wave[3] = {3, 5, 2};
            const nwc__wind_reach reach[2] = {{2500.0, 1200.0}, {2000.0, 3000.0}}, own = reach[c == 2];
            const double length[3] = {own.h, own.h, own.v};
            nwc__wind_prior prior;
            assert_ok(nwc__wind_prior_create(s.ctx, &s.box, order, reach, error, error, &prior));
            memset(s.a, 0, (size_t)(3 * s.box.shape.size) * sizeof *s.a);
            const nwc__wind_extent extent = nwc__wind_extent_of(&s.box, c);
            double k_of = 1.0;
            for (int a = 0; a < 3; a++) k_of += pow(2.0 * length[a] / d[a] * sin(0.5 * PI * wave[a] / n[a]), 2.0);
            for (int64_t k = extent.first_k; k < extent.end_k; k++)
                for (int64_t j = 0; j < extent.ny; j++)
                    for (int64_t i = 0; i < extent.nx; i++) {
                        const double up = PI * wave[2] / NZ;
                        s.a[c * s.box.shape.size + k * s.box.shape.plane + j * s.box.shape.pitch + i] =
                            (nwc__real)(cos(PI * wave[0] * ((double)i + 0.5) / n[0]) *
                                        cos(PI * wave[1] * ((double)j + 0.5) / n[1]) *
                                        (c == 2 ? sin(up * (double)k) : cos(up * ((double)k + 0.5))));
                    }
            assert_ok(nwc__wind_prior_apply(s.ctx, &prior, s.a, s.d, s.c));
            const double volume = own.h * own.h * own.v / (d[0] * d[1] * d[2]);
            const double expected = pow(k_of, order) / (9.0 * (order == 2 ? 8.0 : 64.0) * PI * volume);
            assert_near(dot(&s, s.a, s.c) / dot(&s, s.a, s.a) / expected, 1.0, is_double ? 1e-12 : 1e-5);
            nwc__wind_prior_release(s.ctx, &prior);
        }
    close_scene(&s);
}

/* With such costs of waves the variance, which is the mean of their inverses, is that of the errors given, where walls are far. */
static void errors_are_standard_deviations(void **state)
{
    (void)state;
    enum { N = 120 };
    for (int32_t order = 2; order <= 4; order += 2) {
        const double length = 6.0; /* cells */
        double part[N], sum = 0.0;
        for (int i = 0; i < N; i++) part[i] = pow(2.0 * length * sin(PI * i / N), 2.0) /* all around */;
        for (int k = 0; k < N; k++)
            for (int j = 0; j < N; j++)
                for (int i = 0; i < N; i++) sum += pow(1.0 + part[k] + part[j] + part[i], -order);
        const double variance = (order == 2 ? 8.0 : 64.0) * PI * pow(length, 3.0) * sum / pow(N, 3.0);
        assert_near(variance, 1.0, 0.08);
    }
}

/* ---- continuity ---- */

static const double one[3] = {1.0, 1.0, 1.0};

/* D by its formula. */
static double divergence_at(const struct scene *s, const nwc__real *wind, int64_t k, int64_t j, int64_t i)
{
    const nwc__wind_shape *const shape = &s->box.shape;
    const int64_t at = k * shape->plane + j * shape->pitch + i;
    const nwc__real *const u = wind + at, *const v = u + shape->size, *const w = v + shape->size;
    const double *const rho = s->box.wall_density;
    return ((double)u[1] - (double)u[0]) / s->box.dx + ((double)v[shape->pitch] - (double)v[0]) / s->box.dy +
           (rho[k + 1] * (double)w[shape->plane] - rho[k] * (double)w[0]) / (s->box.density[k] * s->box.dz);
}

static void divergence_and_its_adjoint_give_the_same_product(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 2);
    static nwc__real cells[NZ * NY * NX], other[NZ * NY * NX];
    static float draw[NZ * NY * NX];
    nwc__random_uniform(s.ctx, 9, 0, 0, NZ * NY * NX, draw);
    for (int c = 0; c < NZ * NY * NX; c++) other[c] = (nwc__real)draw[c] - (nwc__real)0.5;
    assert_ok(nwc__wind_divergence(s.ctx, &s.box, s.a, one, cells));
    assert_ok(nwc__wind_correct(s.ctx, &s.box, s.c, (double[3]){0}, other, (double[3]){-1, -1, -1}, s.c));
    double product = 0.0, size = 0.0;
    for (int c = 0; c < NZ * NY * NX; c++) {
        const int64_t k = c / (NY * NX), j = c / NX % NY, i = c % NX;
        assert_near((double)cells[c], divergence_at(&s, s.a, k, j, i), is_double ? 1e-15 : 1e-9);
        product += (double)cells[c] * (double)other[c], size += fabs((double)cells[c] * (double)other[c]);
    }
    assert_alike(product, dot(&s, s.a, s.c), size);
    close_scene(&s);
}

static void projected_winds_carry_no_mass_together(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 2);
    double largest, first;
    assert_ok(nwc__wind_largest_divergence(s.ctx, s.projection, s.a, &first));
    assert_true(first > 1e-3);
    assert_ok(nwc__wind_project(s.ctx, s.projection, s.a));
    assert_ok(nwc__wind_project(s.ctx, s.projection, s.a)); /* transforms are of single precision */
    assert_ok(nwc__wind_largest_divergence(s.ctx, s.projection, s.a, &largest));
    assert_true(largest < first * (is_double ? 1e-11 : 1e-6));
    for (int64_t k = 0; k < NZ; k++)
        for (int64_t j = 0; j < NY; j++)
            for (int64_t i = 0; i < NX; i++)
                assert_near(divergence_at(&s, s.a, k, j, i), 0.0, first * (is_double ? 1e-11 : 1e-6));
    close_scene(&s);
}

/* What is near in the metric is free of divergence, and P' = P, whatever the metric. */
static void the_preconditioner_is_symmetric_and_leaves_no_divergence(void **state)
{
    (void)state;
    for (int32_t order = 2; order <= 4; order += 2)
        for (int d = 0; d < 3; d++) {
            static const double densities[3] = {1e-6, 0.1, 10.0};
            struct scene s;
            open_scene(&s, order);
            double largest, of_r;
            assert_ok(nwc__wind_spectral_precondition(s.ctx, s.spectral, densities[d], s.a, s.c));
            assert_ok(nwc__wind_spectral_precondition(s.ctx, s.spectral, densities[d], s.b, s.d));
            const double aa = dot(&s, s.a, s.c), bb = dot(&s, s.b, s.d);
            assert_true(aa > 0.0 && bb > 0.0);
            assert_near(dot(&s, s.b, s.c), dot(&s, s.a, s.d),
                        3e-6 * sqrt(aa * bb)); /* transforms are of single precision */
            double most = 0.0;
            for (int64_t i = 0; i < 3 * s.box.shape.size; i++) most = fmax(most, fabs((double)s.c[i]));
            for (int64_t i = 0; i < 3 * s.box.shape.size; i++) s.c[i] /= (nwc__real)most;
            assert_ok(nwc__wind_largest_divergence(s.ctx, s.projection, s.c, &largest));
            assert_ok(nwc__wind_largest_divergence(s.ctx, s.projection, s.a, &of_r));
            assert_true(largest < 3e-6 * of_r);
            close_scene(&s);
        }
}

/*
 * In a box whose sides are far away, a metric of the prior alone is the prior: among winds free of divergence, P B^-1 f = f for every
 * wind f that is one and is not near the sides.
 */
static void without_data_the_preconditioner_undoes_the_prior(void **state)
{
    (void)state;
    enum { N = 35, M = 9 };
    const double error[M] = {2, 2, 2, 2, 2, 2, 2, 2, 2};
    nwc_ctx *const ctx = nwc__ctx(NULL);
    nwc__wind_box box;
    nwc__wind_prior prior;
    nwc__wind_spectral *spectral;
    nwc__wind_projection *projection;
    assert_ok(
        nwc__wind_box_create(ctx, (int64_t[3]){N, N, M}, (double[3]){1000.0, 1000.0, 500.0}, 0.0, INFINITY, &box));
    assert_ok(nwc__wind_prior_create(ctx, &box, 2, (nwc__wind_reach[2]){{1500.0, 1500.0}, {2000.0, 2500.0}}, error,
                                     error, &prior));
    assert_ok(nwc__wind_spectral_create(ctx, &prior, &spectral));
    assert_ok(nwc__wind_projection_create(ctx, &box, &projection));
    nwc__real *wind[3];
    for (int w = 0; w < 3; w++) wind[w] = nwc__wind_create(ctx, &box);
    nwc__real *const f = wind[0], *const work = wind[1], *const r = wind[2];
    const nwc__wind_shape *const s = &box.shape;
    double largest, difference = 0.0, size = 0.0;
    for (int64_t k = 0; k < M;
         k++) /* an overturning cell: rho u = -dF/dz, w = dF/dx, F at the edges of cells in the x-z plane */
        for (int64_t j = 0; j < N; j++)
            for (int64_t i = 0; i <= N; i++) {
#define EDGE(i, k) (exp(-pow(((i)-17.5) / 4.0, 2.0) - pow((j - 17.0) / 4.0, 2.0)) * pow(sin(PI * (k) / M), 2.0))
                const double x = (double)i, z = (double)k;
                f[k * s->plane + j * s->pitch + i] = (nwc__real)(-(EDGE(x, z + 1.0) - EDGE(x, z)) / 500.0 * 1000.0);
                if (i < N && k > 0)
                    f[2 * s->size + k * s->plane + j * s->pitch + i] = (nwc__real)(EDGE(x + 1.0, z) - EDGE(x, z));
            }
    assert_ok(nwc__wind_largest_divergence(ctx, projection, f, &largest));
    assert_true(largest < 1e-9);
    assert_ok(nwc__wind_prior_apply(ctx, &prior, f, work, r));
    assert_ok(nwc__wind_spectral_precondition(ctx, spectral, 0.0, r, work));
    for (int64_t i = 0; i < 3 * s->size; i++) {
        difference += pow((double)work[i] - (double)f[i], 2.0), size += (double)f[i] * (double)f[i];
    }
    assert_true(size > 1.0 && sqrt(difference / size) < 0.01);
    for (int w = 0; w < 3; w++) nwc__free(ctx, wind[w]);
    nwc__wind_projection_destroy(ctx, projection);
    nwc__wind_spectral_destroy(ctx, spectral);
    nwc__wind_prior_release(ctx, &prior);
    nwc__wind_box_release(ctx, &box);
}

/* ---- waves ---- */

/* Sums by a double loop. */
static void transforms_of_planes_are_sums_of_waves_and_go_back(void **state)
{
    (void)state;
    enum { P = 12, Q = 10, PITCH = 14 }; /* intervals along x and y */
    nwc__waves *waves;
    assert_ok(nwc__waves_create(nwc__ctx(NULL), Q, P, &waves));
    for (int kind = 0; kind < 4; kind++) {
        const nwc__wave y = kind / 2 ? NWC__COSINE : NWC__SINE, x = kind % 2 ? NWC__COSINE : NWC__SINE;
        const int ny = y ? Q : Q - 1, nx = x ? P : P - 1;
        nwc__real plane[Q * PITCH], before[Q * PITCH];
        for (int c = 0; c < Q * PITCH; c++) plane[c] = before[c] = (nwc__real)sin(1.7 * c + 0.3 * c * c);
        nwc__waves_forward(waves, 3, y, x, plane, PITCH);
        for (int b = 0; b < ny; b++)
            for (int a = 0; a < nx; a++) {
                double sum = 0.0;
                for (int j = 0; j < ny; j++)
                    for (int i = 0; i < nx; i++)
                        sum += (double)before[j * PITCH + i] *
                               (y ? cos(PI * b * (j + 0.5) / Q) : sin(PI * (b + 1) * (j + 1) / Q)) *
                               (x ? cos(PI * a * (i + 0.5) / P) : sin(PI * (a + 1) * (i + 1) / P));
                assert_near((double)plane[b * PITCH + a], sum, 2e-5);
            }
        nwc__waves_backward(waves, 3, y, x, plane, PITCH);
        for (int c = 0; c < Q * PITCH; c++) assert_near((double)plane[c], (double)before[c], 2e-6);
    }
    nwc__waves_destroy(nwc__ctx(NULL), waves);
}

/* ---- data for a coarser box ---- */

static void merged_data_draw_a_uniform_wind_as_all_of_them_do(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 2);
    nwc__wind_box coarse;
    nwc__wind_data merged;
    assert_ok(nwc__wind_box_create(s.ctx, (int64_t[3]){NX / 2, (NY + 1) / 2, NZ / 2},
                                   (double[3]){2000.0, 2500.0, 1000.0}, 100.0, 0.0, &coarse));
    for (int o = 0; o < DATA; o++) s.data.data[o].source = o % 3;
    assert_ok(nwc__wind_data_merge(s.ctx, &coarse, &s.data, &merged));
    assert_true(merged.n > 300 && merged.n < DATA - 100);
    double all = 0.0, fewer = 0.0, weight = 0.0, merged_weight = 0.0; /* of H' R^-1 (y - H x) for x of 1, 2 and 3 m/s */
    for (int o = 0; o < DATA; o++) {
        const nwc__wind_datum *const d = &s.data.data[o];
        all += (double)d->weight * ((double)d->value - ((double)d->u + 2.0 * (double)d->v + 3.0 * (double)d->w));
        weight += (double)d->weight;
    }
    for (int64_t o = 0; o < merged.n; o++) {
        const nwc__wind_datum *const d = &merged.data[o];
        fewer += (double)d->weight * ((double)d->value - ((double)d->u + 2.0 * (double)d->v + 3.0 * (double)d->w));
        merged_weight += (double)d->weight;
    }
    assert_near(fewer, all, 1e-3);
    assert_near(merged_weight, weight, 1e-3);
    assert_int_equal(merged.first[merged.blocks], merged.n);
    nwc__wind_data_release(s.ctx, &merged);
    nwc__wind_box_release(s.ctx, &coarse);
    close_scene(&s);
}

/* ---- from box to box ---- */

static void a_linear_wind_stays_itself_on_a_coarser_box_and_back(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 2);
    nwc__wind_box coarse;
    assert_ok(nwc__wind_box_create(s.ctx, (int64_t[3]){NX, NY, NZ}, (double[3]){2000.0, 2500.0, 1000.0}, 100.0, 0.0,
                                   &coarse)); /* larger than the other */
    nwc__real *const there = nwc__wind_create(s.ctx, &coarse);
    const nwc__wind_shape *const shape = &coarse.shape;
    for (int64_t k = 0; k < NZ; k++)
        for (int64_t j = 0; j < NY; j++)
            for (int64_t i = 0; i <= NX; i++)
                there[k * shape->plane + j * shape->pitch + i] =
                    (nwc__real)(2.0 * (double)i - (2.5 * (double)j + 1.25) + 3.0 * ((double)k + 0.5));
    assert_ok(nwc__wind_resample(s.ctx, &coarse, there, &s.box, s.c));
    for (int64_t k = 1; k < NZ; k++)
        for (int64_t j = 1; j < NY; j++)
            for (int64_t i = 0; i <= NX; i++)
                assert_near((double)s.c[k * s.box.shape.plane + j * s.box.shape.pitch + i],
                            (double)i - 1.25 * ((double)j + 0.5) + 3.0 * 0.5 * ((double)k + 0.5), 1e-4);
    nwc__free(s.ctx, there);
    nwc__wind_box_release(s.ctx, &coarse);
    close_scene(&s);
}

/* ---- the cost ---- */

/* The cost is a square: differences over any step are exact but for rounding. */
static void the_gradient_is_that_of_the_cost(void **state)
{
    (void)state;
    for (int32_t order = 2; order <= 4; order += 2) {
        struct scene s;
        open_scene(&s, order);
        nwc__real *const r = nwc__wind_create(s.ctx, &s.box), *const moved = nwc__wind_create(s.ctx, &s.box);
        nwc__real *work[2] = {s.c, s.d};
        const nwc__wind_problem problem = {&s.box, &s.prior, &s.data, s.projection, s.spectral, s.background, NULL};
        double cost[2][2], unused;
        for (int part = 0; part < 2; part++) { /* of the data, then of the background */
            for (int side = 0; side < 2; side++) {
                for (int64_t i = 0; i < 3 * s.box.shape.size; i++)
                    moved[i] = s.a[i] + (side ? (nwc__real)-0.5 : (nwc__real)0.5) * s.b[i];
                assert_ok(nwc__wind_gradient(s.ctx, &problem, moved, work, r, &cost[0][side], &cost[1][side]));
            }
            memset(r, 0, (size_t)(3 * s.box.shape.size) * sizeof *r);
            if (part == 0) {
                assert_ok(nwc__wind_observe(s.ctx, &s.box, &s.data, s.a, -1.0, 1.0, r, NULL));
            } else {
                for (int64_t i = 0; i < 3 * s.box.shape.size; i++) moved[i] = s.a[i] - s.background[i];
                assert_ok(nwc__wind_prior_apply(s.ctx, &s.prior, moved, s.d, r));
            }
            const double slope = dot(&s, r, s.b), by_difference = 0.5 * (cost[part][0] - cost[part][1]);
            assert_near(slope / by_difference, 1.0, is_double ? 1e-9 : 1e-4);
        }
        /* and both together */
        assert_ok(nwc__wind_gradient(s.ctx, &problem, s.a, work, r, &unused, &unused));
        const double together = 0.5 * (cost[0][0] + cost[1][0] - cost[0][1] - cost[1][1]);
        assert_near(-dot(&s, r, s.b) / together, 1.0, is_double ? 1e-9 : 1e-4);
        nwc__free(s.ctx, moved);
        nwc__free(s.ctx, r);
        close_scene(&s);
    }
}

static void the_solution_has_no_slope_along_any_wind_free_of_divergence(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 2);
    nwc__real *const r = nwc__wind_create(s.ctx, &s.box);
    nwc__real *work[2] = {s.c, s.d};
    const nwc__wind_problem problem = {&s.box, &s.prior, &s.data, s.projection, s.spectral, s.background, NULL};
    nwc__wind_outcome outcome;
    const double small = is_double ? 1e-5 : 1e-3;
    double largest, data, prior, data_before, prior_before;
    assert_ok(nwc__wind_project(s.ctx, s.projection, s.background));
    assert_ok(nwc__wind_project(s.ctx, s.projection, s.b)); /* some wind free of divergence */
    memcpy(s.a, s.background, (size_t)(3 * s.box.shape.size) * sizeof *s.a);
    assert_ok(nwc__wind_gradient(s.ctx, &problem, s.a, work, r, &data_before, &prior_before));
    const double before = fabs(dot(&s, r, s.b));
    assert_ok(nwc__wind_solve(s.ctx, &problem, 400, small, s.a, &outcome));
    assert_true(outcome.last <= small * outcome.first && outcome.iterations > 5);
    assert_ok(nwc__wind_gradient(s.ctx, &problem, s.a, work, r, &data, &prior));
    assert_true(fabs(dot(&s, r, s.b)) < (is_double ? 1e-3 : 1e-2) * before);
    assert_true(data + prior < 0.8 * (data_before + prior_before));
    assert_near(outcome.cost_data / data, 1.0, 1e-6);
    assert_ok(nwc__wind_largest_divergence(s.ctx, s.projection, s.a, &largest));
    assert_true(largest < (is_double ? 1e-13 : 1e-7));
    nwc__free(s.ctx, r);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adjoint_of_observing_gives_the_same_product),
        cmocka_unit_test(a_linear_wind_is_read_exactly),
        cmocka_unit_test(data_are_kept_in_blocks_whatever_their_order),
        cmocka_unit_test(the_prior_is_symmetric_and_positive),
        cmocka_unit_test(waves_have_the_cost_of_their_wave_numbers),
        cmocka_unit_test(errors_are_standard_deviations),
        cmocka_unit_test(divergence_and_its_adjoint_give_the_same_product),
        cmocka_unit_test(projected_winds_carry_no_mass_together),
        cmocka_unit_test(the_preconditioner_is_symmetric_and_leaves_no_divergence),
        cmocka_unit_test(without_data_the_preconditioner_undoes_the_prior),
        cmocka_unit_test(transforms_of_planes_are_sums_of_waves_and_go_back),
        cmocka_unit_test(merged_data_draw_a_uniform_wind_as_all_of_them_do),
        cmocka_unit_test(a_linear_wind_stays_itself_on_a_coarser_box_and_back),
        cmocka_unit_test(the_gradient_is_that_of_the_cost),
        cmocka_unit_test(the_solution_has_no_slope_along_any_wind_free_of_divergence),
    };
    return cmocka_run_group_tests_name("wind_parts", tests, NULL, NULL);
}

/* wind, inside, in double: what vorticity's tendency is off by, against flows it is known of, its derivative and its adjoint. */
#include "support/support.h"

#include "core/random.h"
#include "wind/tendency.h"

#define PI 3.14159265358979323846

enum { NX = 14, NY = 19, NZ = 8 };

static const double motion[2] = {6.0, -4.0};

struct scene {
    nwc_ctx *ctx;
    nwc__wind_box box;
    nwc__wind_tendency tendency;
    nwc__real *a, *b, *c;
    nwc__real *cells, *other;
};

/* times: finer than the usual cells. */
static void open_scene(struct scene *s, int times)
{
    *s = (struct scene){.ctx = nwc__ctx(NULL)};
    const int64_t n[3] = {NX * times, NY * times, NZ * times};
    const double d[3] = {1000.0 / times, 1250.0 / times, 500.0 / times};
    assert_ok(nwc__wind_box_create(s->ctx, n, d, 0.0, INFINITY, &s->box));
    assert_ok(nwc__wind_tendency_create(s->ctx, &s->box, motion, 1e-5, &s->tendency));
    nwc__real **const winds[3] = {&s->a, &s->b, &s->c};
    for (int w = 0; w < 3; w++) *winds[w] = nwc__wind_create(s->ctx, &s->box);
    s->cells = nwc__alloc(s->ctx, s->box.cells, sizeof *s->cells);
    s->other = nwc__alloc(s->ctx, s->box.cells, sizeof *s->other);
}

static void close_scene(struct scene *s)
{
    nwc__free(s->ctx, s->other);
    nwc__free(s->ctx, s->cells);
    nwc__free(s->ctx, s->c);
    nwc__free(s->ctx, s->b);
    nwc__free(s->ctx, s->a);
    nwc__wind_tendency_release(s->ctx, &s->tendency);
    nwc__wind_box_release(s->ctx, &s->box);
}

typedef void (*flow)(double x, double y, double z, double wind[3]);

static void fill(const struct scene *s, flow of, nwc__real *wind)
{
    const nwc__wind_shape *const shape = &s->box.shape;
    for (int c = 0; c < 3; c++) {
        const nwc__wind_extent extent = nwc__wind_extent_of(&s->box, c);
        for (int64_t k = extent.first_k; k < extent.end_k; k++)
            for (int64_t j = 0; j < extent.ny; j++)
                for (int64_t i = 0; i < extent.nx; i++) {
                    double at[3];
                    of(((double)i + 0.5 * (c != 0)) * s->box.dx, ((double)j + 0.5 * (c != 1)) * s->box.dy,
                       ((double)k + 0.5 * (c != 2)) * s->box.dz, at);
                    wind[c * shape->size + k * shape->plane + j * shape->pitch + i] = (nwc__real)at[c];
                }
    }
}

/* Any numbers from -1 to 1 on the walls that are unknowns. */
static void draw(const struct scene *s, uint64_t seed, nwc__real *wind)
{
    const nwc__wind_shape *const shape = &s->box.shape;
    float *const drawn = nwc__alloc(s->ctx, 3 * shape->size, sizeof *drawn);
    nwc__random_uniform(s->ctx, seed, 0, 0, 3 * shape->size, drawn);
    for (int c = 0; c < 3; c++) {
        const nwc__wind_extent extent = nwc__wind_extent_of(&s->box, c);
        for (int64_t k = extent.first_k; k < extent.end_k; k++)
            for (int64_t j = 0; j < extent.ny; j++)
                for (int64_t i = 0; i < extent.nx; i++) {
                    const int64_t at = c * shape->size + k * shape->plane + j * shape->pitch + i;
                    wind[at] = (nwc__real)(2.0 * (double)drawn[at] - 1.0);
                }
    }
    nwc__free(s->ctx, drawn);
}

static double dot(const struct scene *s, const nwc__real *a, const nwc__real *b)
{
    double sum;
    assert_ok(nwc__wind_dot(s->ctx, &s->box, a, b, &sum));
    return sum;
}

/* a + by b */
static void move(const struct scene *s, const nwc__real *a, double by, const nwc__real *b, nwc__real *to)
{
    for (int64_t i = 0; i < 3 * s->box.shape.size; i++) to[i] = (nwc__real)((double)a[i] + by * (double)b[i]);
}

/* ---- flows ---- */

/* A flow of Beltrami's, which Euler's equations leave as it is (Shapiro 1993, J. Atmos. Sci. 50, 1077), carried along. */
static void carried(double x, double y, double z, double wind[3])
{
    const double k = 2.0 * PI / 16e3, l = k, m = PI / 16e3, lambda = sqrt(k * k + l * l + m * m), a = 10.0;
    const double over = a / (k * k + l * l);
    wind[0] = motion[0] -
              over * (lambda * l * cos(k * x) * sin(l * y) * sin(m * z) + m * k * sin(k * x) * cos(l * y) * cos(m * z));
    wind[1] = motion[1] +
              over * (lambda * k * sin(k * x) * cos(l * y) * sin(m * z) - m * l * cos(k * x) * sin(l * y) * cos(m * z));
    wind[2] = a * cos(k * x) * cos(l * y) * sin(m * z);
}

/* The same in a shear, which bends it. */
static void sheared(double x, double y, double z, double wind[3])
{
    carried(x, y, z, wind);
    wind[0] += 2e-3 * z, wind[1] += 1e-3 * z;
}

/* The tendency by its formula, from differences of the flow over a metre. */
static double by_formula(flow of, double x, double y, double z)
{
    double zeta[3][3], d[3][3], at[3]; /* vorticity beside along each axis; derivatives of u, v and w */
    for (int axis = 0; axis < 3; axis++)
        for (int side = -1; side <= 1; side++) {
            const double p[3] = {x + side * (axis == 0), y + side * (axis == 1), z + side * (axis == 2)};
            double e[3], w[3], n[3], s[3];
            of(p[0] + 1.0, p[1], p[2], e), of(p[0] - 1.0, p[1], p[2], w);
            of(p[0], p[1] + 1.0, p[2], n), of(p[0], p[1] - 1.0, p[2], s);
            zeta[axis][side + 1] = 0.5 * (e[1] - w[1]) - 0.5 * (n[0] - s[0]);
        }
    for (int axis = 0; axis < 3; axis++) {
        double more[3], less[3];
        of(x + (axis == 0), y + (axis == 1), z + (axis == 2), more);
        of(x - (axis == 0), y - (axis == 1), z - (axis == 2), less);
        for (int c = 0; c < 3; c++) d[c][axis] = 0.5 * (more[c] - less[c]);
    }
    of(x, y, z, at);
    return (at[0] - motion[0]) * 0.5 * (zeta[0][2] - zeta[0][0]) +
           (at[1] - motion[1]) * 0.5 * (zeta[1][2] - zeta[1][0]) + at[2] * 0.5 * (zeta[2][2] - zeta[2][0]) +
           zeta[0][1] * (d[0][0] + d[1][1]) + d[2][0] * d[1][2] - d[2][1] * d[0][2];
}

/* Root mean squares of the tendency of a flow, and of what the form differs from it by, in the cells it is of. */
static void compare(flow of, int times, double *whole, double *off)
{
    struct scene s;
    open_scene(&s, times);
    fill(&s, of, s.a);
    assert_ok(nwc__wind_tendency_form(s.ctx, &s.tendency, s.a, s.cells));
    const nwc__wind_shape *const shape = &s.box.shape;
    int64_t n = 0;
    *whole = *off = 0.0;
    for (int64_t k = 1; k + 1 < shape->nz; k++)
        for (int64_t j = 2; j + 2 <= shape->ny; j++)
            for (int64_t i = 2; i + 2 <= shape->nx; i++) {
                const double q =
                    by_formula(of, (double)i * s.box.dx, (double)j * s.box.dy, ((double)k + 0.5) * s.box.dz);
                *whole += q * q, n++;
                *off += pow((double)s.cells[(k * shape->ny + j) * shape->nx + i] - q, 2.0);
            }
    *whole = sqrt(*whole / (double)n), *off = sqrt(*off / (double)n);
    close_scene(&s);
}

static void a_steady_flow_that_is_carried_along_is_off_by_nothing_but_the_cells(void **state)
{
    (void)state;
    double sheared_is, unused, off, half;
    compare(sheared, 1, &sheared_is, &unused);
    compare(carried, 1, &unused, &off);
    assert_true(unused < 1e-3 * sheared_is); /* by the formula it is 0 */
    compare(carried, 2, &unused, &half);
    assert_true(off < 0.3 * sheared_is);
    assert_near(off / half, 4.0, 0.8); /* differences of second order */
}

static void the_form_is_the_tendency(void **state)
{
    (void)state;
    double whole, off, half;
    compare(sheared, 1, &whole, &off);
    compare(sheared, 2, &whole, &half);
    assert_true(half < 0.1 * whole);
    assert_near(off / half, 4.0, 0.8);
}

/* ---- derivative and adjoint ---- */

/* A quadratic form: the middle of differences over any step is the derivative. */
static void the_derivative_is_that_of_the_form(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 1);
    double unused, size = 0.0;
    draw(&s, 1, s.a);
    draw(&s, 2, s.b);
    assert_ok(nwc__wind_tendency_begin(s.ctx, &s.tendency, s.a, &unused));
    nwc__real *const derivative = nwc__alloc(s.ctx, s.box.cells, sizeof *derivative);
    assert_ok(nwc__wind_tendency_derivative(s.ctx, &s.tendency, s.b, derivative));
    move(&s, s.a, 1.0, s.b, s.c);
    assert_ok(nwc__wind_tendency_form(s.ctx, &s.tendency, s.c, s.cells));
    move(&s, s.a, -1.0, s.b, s.c);
    assert_ok(nwc__wind_tendency_form(s.ctx, &s.tendency, s.c, s.other));
    for (int64_t c = 0; c < s.box.cells; c++) size = fmax(size, fabs((double)derivative[c]));
    assert_true(size > 1e-7);
    for (int64_t c = 0; c < s.box.cells; c++)
        assert_near((double)derivative[c], 0.5 * ((double)s.cells[c] - (double)s.other[c]), 1e-12 * size);
    nwc__free(s.ctx, derivative);
    close_scene(&s);
}

static void the_derivative_and_its_adjoint_give_the_same_product(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 1);
    double unused, product = 0.0, size = 0.0;
    float *const drawn = nwc__alloc(s.ctx, s.box.cells, sizeof *drawn);
    nwc__random_uniform(s.ctx, 5, 0, 0, s.box.cells, drawn);
    for (int64_t c = 0; c < s.box.cells; c++) s.other[c] = (nwc__real)drawn[c] - (nwc__real)0.5;
    draw(&s, 1, s.a);
    draw(&s, 2, s.b);
    assert_ok(nwc__wind_tendency_begin(s.ctx, &s.tendency, s.a, &unused));
    assert_ok(nwc__wind_tendency_derivative(s.ctx, &s.tendency, s.b, s.cells));
    assert_ok(nwc__wind_tendency_adjoint(s.ctx, &s.tendency, s.other, s.c));
    for (int64_t c = 0; c < s.box.cells; c++) {
        product += (double)s.cells[c] * (double)s.other[c];
        size += fabs((double)s.cells[c] * (double)s.other[c]);
    }
    assert_true(size > 0.0);
    assert_near(product / size, dot(&s, s.b, s.c) / size, 1e-12);
    nwc__free(s.ctx, drawn);
    close_scene(&s);
}

/* ---- the term ---- */

/* Half the sum of squares of the form, over the variance, of the wind moved by so much. */
static double cost_at(struct scene *s, double by)
{
    double sum = 0.0;
    move(s, s->a, by, s->b, s->c);
    assert_ok(nwc__wind_tendency_form(s->ctx, &s->tendency, s->c, s->cells));
    for (int64_t c = 0; c < s->box.cells; c++) sum += pow((double)s->cells[c] * s->tendency.over_error, 2.0);
    return 0.5 * sum;
}

/* Of a wind about which it is linear the term has the slope of the squares of the form, which are a polynomial of fourth degree. */
static void the_gradient_is_that_of_the_cost(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, 1);
    double rms, cost;
    draw(&s, 1, s.a);
    draw(&s, 2, s.b);
    assert_ok(nwc__wind_tendency_begin(s.ctx, &s.tendency, s.a, &rms));
    nwc__real *const gradient = nwc__wind_create(s.ctx, &s.box);
    assert_ok(nwc__wind_tendency_add(s.ctx, &s.tendency, s.a, 1.0, 1.0, gradient, &cost));
    assert_near(0.5 * cost / cost_at(&s, 0.0), 1.0, 1e-11);
    assert_near(rms * rms * pow(s.tendency.over_error, 2.0) * (double)((NZ - 2) * (NY - 3) * (NX - 3)) / cost, 1.0,
                1e-11);
    const double slope = (8.0 * (cost_at(&s, 0.5) - cost_at(&s, -0.5)) - (cost_at(&s, 1.0) - cost_at(&s, -1.0))) / 6.0;
    assert_near(dot(&s, gradient, s.b) / slope, 1.0, 1e-9);
    nwc__free(s.ctx, gradient);
    close_scene(&s);
}

static void a_box_of_three_levels_has_one_that_counts(void **state)
{
    (void)state;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    nwc__wind_box box;
    nwc__wind_tendency t;
    assert_ok(nwc__wind_box_create(ctx, (int64_t[3]){4, 4, 3}, (double[3]){1e3, 1e3, 1e3}, 0.0, INFINITY, &box));
    assert_ok(nwc__wind_tendency_create(ctx, &box, motion, 1e-5, &t));
    nwc__real *const wind = nwc__wind_create(ctx, &box), *const cells = t.cells;
    /* v of 1 m/s at one wall, and nothing carries what it turns but the motion */
    wind[box.shape.size + box.shape.plane + 2 * box.shape.pitch + 3] = 1;
    assert_ok(nwc__wind_tendency_form(ctx, &t, wind, cells));
    for (int64_t c = 0; c < box.cells; c++)
        if (c != (4 + 2) * 4 + 2) assert_near((double)cells[c], 0.0, 0.0);
    /* vorticity is 1e-3 one edge east: minus U times half of it over dx */
    assert_near((double)cells[(4 + 2) * 4 + 2], -motion[0] * 0.5e-6, 1e-18);
    nwc__free(ctx, wind);
    nwc__wind_tendency_release(ctx, &t);
    nwc__wind_box_release(ctx, &box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_flow_that_is_carried_along_is_off_by_nothing_but_the_cells),
        cmocka_unit_test(the_form_is_the_tendency),
        cmocka_unit_test(the_derivative_is_that_of_the_form),
        cmocka_unit_test(the_derivative_and_its_adjoint_give_the_same_product),
        cmocka_unit_test(the_gradient_is_that_of_the_cost),
        cmocka_unit_test(a_box_of_three_levels_has_one_that_counts),
    };
    return cmocka_run_group_tests_name("wind_tendency", tests, NULL, NULL);
}

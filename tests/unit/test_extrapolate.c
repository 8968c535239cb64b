/* forecast: extrapolation against flows whose trajectories are known. */
#include "support/support.h"

#include "forecast/trajectory.h"

/* Cells of 1 km whose ground length differs from that by less than 1e-4 near the middle. */
static nwc_grid plane(int64_t ny, int64_t nx)
{
    return (nwc_grid){.projection = "+proj=laea +lat_0=0 +lon_0=0 +R=6371000",
                      .nx = nx,
                      .ny = ny,
                      .x_first = -500.0 * (double)(nx - 1),
                      .y_first = -500.0 * (double)(ny - 1),
                      .dx = 1000.0,
                      .dy = 1000.0};
}

static float *cells(int64_t n)
{
    float *const made = calloc((size_t)n, sizeof *made);
    assert_non_null(made);
    return made;
}

/* Repeatable numbers in 0 to 1. */
static float noise(uint32_t n)
{
    n = (n ^ 61u) ^ (n >> 16), n *= 9u, n ^= n >> 4, n *= 0x27d4eb2du, n ^= n >> 15;
    return (float)(n >> 8) / 16777216.0f;
}

/* Rain-like: noise, a fifth of it in a patch that is not known. */
static void fill_patchy(float *field, int64_t ny, int64_t nx)
{
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++)
            field[j * nx + i] = j > ny / 2 && i > nx / 2 ? NAN : 10.0f * noise((uint32_t)(j * nx + i));
}

typedef void (*flow_fn)(double y_m, double x_m, double *u, double *v); /* from the middle of the grid */

/* One call and everything it needs. */
struct run {
    nwc_grid grid;
    int64_t ny, nx;
    int32_t n_leads;
    double leads_s[16];
    float *field, *u, *v, *forecast;
    nwc_extrapolate_options options;
};

static struct run run_of(int64_t ny, int64_t nx, int32_t n_leads, double first_s, flow_fn flow)
{
    struct run run = {.grid = plane(ny, nx), .ny = ny, .nx = nx, .n_leads = n_leads};
    for (int32_t n = 0; n < n_leads; n++) run.leads_s[n] = first_s * (n + 1);
    run.field = cells(ny * nx), run.u = cells(ny * nx), run.v = cells(ny * nx), run.forecast = cells(n_leads * ny * nx);
    fill_patchy(run.field, ny, nx);
    for (int64_t j = 0; j < ny; j++) {
        for (int64_t i = 0; i < nx; i++) {
            double u = 0.0, v = 0.0;
            if (flow) flow(run.grid.y_first + 1000.0 * (double)j, run.grid.x_first + 1000.0 * (double)i, &u, &v);
            run.u[j * nx + i] = (float)u, run.v[j * nx + i] = (float)v;
        }
    }
    nwc_extrapolate_options_init(&run.options);
    return run;
}

static void run_free(struct run *run)
{
    free(run->field), free(run->u), free(run->v), free(run->forecast);
}

static nwc_status run_call(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    const nwc_field field = field_2d(run->field, run->ny, run->nx, "mm h-1", &run->grid);
    const nwc_field u = field_2d(run->u, run->ny, run->nx, "m s-1", &run->grid);
    const nwc_field v = field_2d(run->v, run->ny, run->nx, "m s-1", &run->grid);
    nwc_field forecast = {.data = run->forecast,
                          .ndim = 3,
                          .dim = {run->n_leads, run->ny, run->nx},
                          .stride = {run->ny * run->nx, run->nx, 1},
                          .missing = NAN,
                          .units = "mm h-1",
                          .grid = &run->grid};
    return nwc_forecast_extrapolate(ctx, &field, 1, &u, &v, run->leads_s, run->n_leads, &run->options, &forecast);
}

static bool same_bits(const float *a, const float *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

static void eastward(double y_m, double x_m, double *u, double *v)
{
    (void)y_m, (void)x_m;
    *u = 10.0, *v = -5.0; /* 3 and -1.5 cells in 5 min */
}

static const nwc_sampling samplings[] = {NWC_SAMPLE_NEAREST, NWC_SAMPLE_BILINEAR, NWC_SAMPLE_CUBIC};

static void uniform_flow_moves_every_cell_by_whole_steps(void **state)
{
    (void)state;
    for (int32_t spacing = 1; spacing <= 4; spacing *= 4) {
        for (int s = 0; s < 3; s++) {
            struct run run = run_of(70, 101, 6, 600.0, eastward);
            run.options.sampling = samplings[s], run.options.node_spacing = spacing;
            run.field[7] = -0.0f;
            assert_ok(run_call(NULL, &run));
            for (int64_t n = 0; n < run.n_leads; n++) {
                const int64_t di = 6 * (n + 1), dj = -3 * (n + 1);
                for (int64_t j = 0; j < run.ny; j++) {
                    for (int64_t i = 0; i < run.nx; i++) {
                        const int64_t jj = j - dj, ii = i - di;
                        const float found = run.forecast[(n * run.ny + j) * run.nx + i];
                        const bool inside = jj >= 0 && jj < run.ny && ii >= 0 && ii < run.nx;
                        if (!inside)
                            assert_true(isnan(found));
                        else
                            assert_true(same_bits(&run.field[jj * run.nx + ii], &found, 1));
                    }
                }
            }
            run_free(&run);
        }
    }
}

static void vortex(double y_m, double x_m, double *u, double *v)
{
    const double omega = 2.0 * 3.14159265358979324 / 7200.0;
    *u = -omega * y_m, *v = omega * x_m;
}

static void no_lead_time_and_no_motion_change_nothing(void **state)
{
    (void)state;
    for (int s = 0; s < 3; s++) {
        struct run calm = run_of(40, 70, 3, 1234.5, NULL), now = run_of(40, 70, 1, 0.0, vortex);
        calm.options.sampling = now.options.sampling = samplings[s];
        calm.field[3] = now.field[3] = INFINITY;
        assert_ok(run_call(NULL, &calm));
        assert_ok(run_call(NULL, &now));
        for (int64_t n = 0; n < 3; n++) assert_true(same_bits(calm.field, calm.forecast + n * 40 * 70, 40 * 70));
        assert_true(same_bits(now.field, now.forecast, 40 * 70));
        run_free(&calm), run_free(&now);
    }
}

/* The largest distance, in cells, of departure points from the truth, over cells within radius of the middle. */
typedef void (*origin_fn)(double t_s, double y_m, double x_m, double *y0_m, double *x0_m);
static double worst_departure(struct run *run, double lead_s, double radius_m, origin_fn truth)
{
    nwc_ctx *const ctx = context_with_threads(1);
    const nwc_field u = field_2d(run->u, run->ny, run->nx, "m s-1", &run->grid);
    const nwc_field v = field_2d(run->v, run->ny, run->nx, "m s-1", &run->grid);
    nwc__trajectories t;
    const float *dx, *dy;
    assert_ok(nwc__trajectories_create(ctx, &u, &v, &run->options, &t));
    assert_ok(nwc__trajectories_at(ctx, &t, lead_s, &dx, &dy));
    double worst = 0.0;
    for (int64_t j = 0; j < t.ny; j++) {
        for (int64_t i = 0; i < t.nx; i++) {
            const double y_m = run->grid.y_first + 1000.0 * t.spacing * (double)j;
            const double x_m = run->grid.x_first + 1000.0 * t.spacing * (double)i;
            if (hypot(x_m, y_m) > radius_m) continue;
            double y0_m, x0_m;
            truth(lead_s, y_m, x_m, &y0_m, &x0_m);
            const double ey = y_m / 1000.0 + t.spacing * (double)dy[j * t.nx + i] - y0_m / 1000.0;
            const double ex = x_m / 1000.0 + t.spacing * (double)dx[j * t.nx + i] - x0_m / 1000.0;
            if (!(hypot(ex, ey) <= worst)) worst = hypot(ex, ey);
        }
    }
    nwc__trajectories_destroy(ctx, &t);
    nwc_ctx_destroy(ctx);
    return worst;
}

static void same_place(double t_s, double y_m, double x_m, double *y0_m, double *x0_m)
{
    (void)t_s;
    *y0_m = y_m, *x0_m = x_m;
}

static void a_full_turn_comes_back_at_second_order(void **state)
{
    (void)state;
    struct run run = run_of(121, 121, 1, 7200.0, vortex);
    run.options.travel = 0.0;
    double error[3];
    for (int n = 0; n < 3; n++) {
        run.options.step_s = 480.0 / (1 << n);
        error[n] = worst_departure(&run, 7200.0, 50e3, same_place);
    }
    assert_near(error[2], 0.0, 0.3);
    assert_true(error[0] / error[1] > 3.5 && error[0] / error[1] < 4.6);
    assert_true(error[1] / error[2] > 3.5 && error[1] / error[2] < 4.6);
    run_free(&run);
}

static void deformation(double y_m, double x_m, double *u, double *v)
{
    *u = 1e-4 * x_m, *v = -1e-4 * y_m;
}

static void deformation_origin(double t_s, double y_m, double x_m, double *y0_m, double *x0_m)
{
    *x0_m = x_m * exp(-1e-4 * t_s), *y0_m = y_m * exp(1e-4 * t_s);
}

static void deformation_departs_where_it_should(void **state)
{
    (void)state;
    for (int32_t spacing = 1; spacing <= 16; spacing *= 4) {
        struct run run = run_of(300, 300, 1, 3600.0, deformation);
        run.options.travel = 0.0, run.options.node_spacing = spacing;
        assert_near(worst_departure(&run, 3600.0, 65e3, deformation_origin), 0.0, 0.02);
        run_free(&run);
    }
}

/* A shear line along y that moves east with the mean flow: u = 10 m/s, v depends on x alone. */
#define WAVE_M 60e3
static void shear(double y_m, double x_m, double *u, double *v)
{
    (void)y_m;
    *u = 10.0, *v = 8.0 * sin(2.0 * 3.14159265358979324 * x_m / WAVE_M);
}

/* v(x, t) = v0(x - c t), c = 5 m/s; along x(t) = x - 10 (T - t): the integral of v0(x - 10 T + 5 t) over 0 to T. */
static void shear_origin(double t_s, double y_m, double x_m, double *y0_m, double *x0_m)
{
    const double k = 2.0 * 3.14159265358979324 / WAVE_M;
    *x0_m = x_m - 10.0 * t_s;
    *y0_m = y_m - 8.0 / (5.0 * k) * (cos(k * *x0_m) - cos(k * (*x0_m + 5.0 * t_s)));
}

static void the_motion_field_itself_travels(void **state)
{
    (void)state;
    struct run run = run_of(160, 260, 1, 3600.0, shear);
    run.options.travel_scale_m = 60e3; /* leaves u as it is and v but a ten-millionth of its wave */
    run.options.step_s = 60.0, run.options.node_spacing = 1;
    assert_near(worst_departure(&run, 3600.0, 40e3, shear_origin), 0.0, 0.06);
    run.options.travel = 0.0; /* a standing pattern leads elsewhere: the test can tell */
    assert_true(worst_departure(&run, 3600.0, 40e3, shear_origin) > 1.0);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_flow_moves_every_cell_by_whole_steps),
        cmocka_unit_test(no_lead_time_and_no_motion_change_nothing),
        cmocka_unit_test(a_full_turn_comes_back_at_second_order),
        cmocka_unit_test(deformation_departs_where_it_should),
        cmocka_unit_test(the_motion_field_itself_travels),
    };
    return cmocka_run_group_tests_name("extrapolate", tests, NULL, NULL);
}

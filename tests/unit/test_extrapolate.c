/* forecast: extrapolation against flows whose trajectories are known. */
#include "support/made_rain.h"

#include "forecast/trajectory.h"

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
    struct run run = {.grid = rain_grid(ny, nx), .ny = ny, .nx = nx, .n_leads = n_leads};
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

static void eastward(double y_m, double x_m, double *u, double *v)
{
    (void)y_m, (void)x_m;
    *u = 10.0, *v = -5.0; /* 3 and -1.5 cells in 5 min */
}

static const nwc_sampling samplings[] = {NWC_SAMPLE_NEAREST, NWC_SAMPLE_BILINEAR, NWC_SAMPLE_CUBIC, NWC_SAMPLE_FADING};
enum { N_SAMPLINGS = sizeof samplings / sizeof *samplings };

/* The first lead time of several, so that they show what a way of reading does. */
static double first_lead_s(nwc_sampling sampling)
{
    return sampling == NWC_SAMPLE_FADING ? 100.0 : 400.0;
}

static void uniform_flow_moves_every_cell_by_whole_steps(void **state)
{
    (void)state;
    for (int32_t spacing = 1; spacing <= 4; spacing *= 4) {
        for (int s = 0; s < N_SAMPLINGS; s++) {
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
    for (int s = 0; s < N_SAMPLINGS; s++) {
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
    run.options.travel = 0.5;          /* 5 m s-1, as shear_origin has it */
    run.options.travel_scale_m = 60e3; /* leaves u as it is and v but a ten-millionth of its wave */
    run.options.step_s = 60.0, run.options.node_spacing = 1;
    assert_near(worst_departure(&run, 3600.0, 40e3, shear_origin), 0.0, 0.06);
    run.options.travel = 0.0; /* a standing pattern leads elsewhere: the test can tell */
    assert_true(worst_departure(&run, 3600.0, 40e3, shear_origin) > 1.0);
    run_free(&run);
}

static void all_three(double y_m, double x_m, double *u, double *v)
{
    *u = 12.0 + 6.0 * sin(x_m / 17e3) - 1e-4 * y_m, *v = -7.0 + 5.0 * cos(y_m / 23e3) + 1e-4 * x_m;
}

static void the_number_of_threads_and_leads_changes_no_bit(void **state)
{
    (void)state;
    for (int s = 0; s < N_SAMPLINGS; s++) {
        struct run all = run_of(300, 310, 5, first_lead_s(samplings[s]), all_three);
        all.options.sampling = samplings[s];
        const int64_t n = all.ny * all.nx;
        assert_ok(run_call(NULL, &all));
        for (int32_t threads = 1; threads <= 7; threads += threads < 3 ? 1 : 4) {
            struct run some = run_of(300, 310, 2, 400.0, all_three);
            some.options.sampling = samplings[s];
            some.leads_s[0] = all.leads_s[1], some.leads_s[1] = all.leads_s[4];
            nwc_ctx *const ctx = context_with_threads(threads);
            assert_ok(run_call(ctx, &some));
            assert_true(same_bits(some.forecast, all.forecast + n, n));
            assert_true(same_bits(some.forecast + n, all.forecast + 4 * n, n));
            nwc_ctx_destroy(ctx);
            run_free(&some);
        }
        run_free(&all);
    }
}

static void every_instruction_level_gives_the_same_forecast(void **state)
{
    (void)state;
    for (int s = 0; s < N_SAMPLINGS; s++) {
        struct run best = run_of(300, 310, 3, first_lead_s(samplings[s]), all_three);
        best.options.sampling = samplings[s];
        /* A smooth field: where positions fall into neighbouring 1024ths, values differ but a little. */
        for (int64_t n = 0; n < 300 * 310; n++)
            best.field[n] = isnan(best.field[n]) ? NAN : 10.0f + 5.0f * sinf((float)(n % 310) / 9.0f);
        assert_ok(run_call(NULL, &best));
        for (int32_t simd = NWC_SIMD_V2; simd < nwc_ctx_simd(NULL); simd++) {
            nwc_ctx *const ctx = context_with_simd(simd);
            struct run other = best;
            other.forecast = cells(3 * best.ny * best.nx);
            assert_ok(run_call(ctx, &other));
            int64_t differ = 0, n_all = 3 * best.ny * best.nx;
            for (int64_t n = 0; n < n_all; n++) {
                const float a = best.forecast[n], b = other.forecast[n];
                differ += isnan(a) != isnan(b) || fabsf(a - b) > (s == 0 ? 0.6f : 2e-3f);
            }
            assert_true(differ <= n_all / 10000); /* masks and nearest cells at a tie */
            free(other.forecast);
            nwc_ctx_destroy(ctx);
        }
        run_free(&best);
    }
}

static void any_strides_give_the_same_bits(void **state)
{
    (void)state;
    struct run run = run_of(90, 130, 3, 700.0, all_three);
    const int64_t ny = run.ny, nx = run.nx;
    assert_ok(run_call(NULL, &run));
    float *const flipped = cells(ny * nx), *const turned = cells(2 * ny * nx), *const apart = cells(3 * 4 * ny * nx);
    for (int64_t j = 0; j < ny; j++) {
        for (int64_t i = 0; i < nx; i++) {
            flipped[(ny - 1 - j) * nx + i] = run.field[j * nx + i];
            turned[2 * (i * ny + j)] = run.u[j * nx + i];
        }
    }
    nwc_field field = field_2d(flipped + (ny - 1) * nx, ny, nx, "mm h-1", &run.grid);
    field.stride[0] = -nx; /* north row first: read where it lies */
    nwc_field u = field_2d(turned, ny, nx, "m s-1", &run.grid), v = field_2d(run.v, ny, nx, "m s-1", &run.grid);
    u.stride[0] = 2, u.stride[1] = 2 * ny;
    nwc_field fields[2] = {field, field_2d(run.v, ny, nx, "m s-1", NULL)};
    fields[1].data = turned, fields[1].stride[0] = 2, fields[1].stride[1] = 2 * ny; /* columns first: copied */
    nwc_field out[2];
    for (int f = 0; f < 2; f++) {
        out[f] = (nwc_field){.ndim = 3, .dim = {3, ny, nx}, .missing = NAN, .grid = &run.grid};
        out[f].stride[0] = ny * nx, out[f].stride[1] = nx, out[f].stride[2] = 1;
    }
    out[0].data = apart + 6 * ny * nx - 2; /* every second cell, backwards */
    out[0].stride[0] = -2 * ny * nx, out[0].stride[1] = -2 * nx, out[0].stride[2] = -2;
    out[1].data = apart + 9 * ny * nx;
    assert_ok(nwc_forecast_extrapolate(NULL, fields, 2, &u, &v, run.leads_s, 3, NULL, out));
    for (int64_t n = 0; n < 3 * ny * nx; n++) assert_true(same_bits(&run.forecast[n], &out[0].data[-2 * n], 1));
    for (int64_t n = 0; n < 3 * ny * nx; n++) assert_true(apart[2 * n + 1] == 0.0f); /* gaps kept */

    struct run second = run_of(90, 130, 3, 700.0, all_three);
    memcpy(second.field, run.u, (size_t)(ny * nx) * sizeof *run.u);
    assert_ok(run_call(NULL, &second));
    assert_true(same_bits(second.forecast, out[1].data, 3 * ny * nx)); /* a second field changes nothing for either */
    run_free(&second);
    free(flipped), free(turned), free(apart);
    run_free(&run);
}

static void no_coverage_moves_and_never_bleeds(void **state)
{
    (void)state;
    for (int s = 0; s < N_SAMPLINGS; s++) {
        struct run run = run_of(120, 140, 8, 450.0, all_three);
        run.options.sampling = samplings[s];
        float *const kept = cells(run.ny * run.nx);
        for (int64_t n = 0; n < run.ny * run.nx; n++) run.field[n] = noise((uint32_t)(n / 7)) < 0.3f ? NAN : -31.7f;
        memcpy(kept, run.field, (size_t)(run.ny * run.nx) * sizeof *kept);
        assert_ok(run_call(NULL, &run));
        assert_true(same_bits(kept, run.field, run.ny * run.nx));
        int64_t known = 0;
        for (int64_t n = 0; n < 8 * run.ny * run.nx; n++) {
            if (isnan(run.forecast[n])) continue;
            known++;
            assert_true(run.forecast[n] == -31.7f);
        }
        assert_in_range(known, 2 * run.ny * run.nx, 7 * run.ny * run.nx);
        free(kept);
        run_free(&run);
    }
}

static void east_40(double y_m, double x_m, double *u, double *v)
{
    (void)y_m, (void)x_m;
    *u = 1000.0 / 240.0 * 0.4, *v = 0.0; /* 0.4 cells in 4 min */
}

static void values_between_cells_are_the_weighted_means_of_known_ones(void **state)
{
    (void)state;
    struct run run = run_of(9, 9, 1, 240.0, east_40);
    for (int64_t n = 0; n < 81; n++) run.field[n] = (float)(n % 9 * (n % 9));
    run.field[4 * 9 + 4] = NAN;
    run.options.sampling = NWC_SAMPLE_BILINEAR;
    assert_ok(run_call(NULL, &run)); /* cell i comes from i - 0.4: 0.6 of cell i, 0.4 of cell i - 1 */
    assert_near(run.forecast[3 * 9 + 4], 0.6 * 16.0 + 0.4 * 9.0, 1e-2);
    assert_true(isnan(run.forecast[4 * 9 + 4]));      /* 0.4 known */
    assert_near(run.forecast[4 * 9 + 5], 25.0, 1e-5); /* 0.6 known, and that alone counts */
    assert_near(run.forecast[3 * 9], 0.0, 1e-6);      /* 0.6 inside the grid */
    run.options.sampling = NWC_SAMPLE_NEAREST;
    assert_ok(run_call(NULL, &run));
    assert_near(run.forecast[3 * 9 + 4], 16.0, 0.0);
    run.options.sampling = NWC_SAMPLE_CUBIC;
    assert_ok(run_call(NULL, &run)); /* Catmull-Rom is exact for parabolas, 16 known cells away from the hole */
    assert_near(run.forecast[1 * 9 + 4], 3.6 * 3.6, 1e-2);
    assert_near(run.forecast[3 * 9 + 4], 0.6 * 16.0 + 0.4 * 9.0, 1e-2); /* beside it: bilinear */
    run.options.sampling = NWC_SAMPLE_FADING;
    assert_ok(run_call(NULL, &run)); /* after four of five minutes a fifth of the way to the cubic */
    assert_near(run.forecast[1 * 9 + 4], 0.8 * (0.6 * 16.0 + 0.4 * 9.0) + 0.2 * 3.6 * 3.6, 1e-2);
    assert_near(run.forecast[3 * 9 + 4], 0.6 * 16.0 + 0.4 * 9.0, 1e-2);
    run_free(&run);
}

static void fading_reading_is_bilinear_from_five_minutes_on(void **state)
{
    (void)state;
    struct run fading = run_of(70, 101, 3, 100.0, vortex), bilinear = run_of(70, 101, 3, 100.0, vortex);
    bilinear.options.sampling = NWC_SAMPLE_BILINEAR;
    assert_int_equal(fading.options.sampling, NWC_SAMPLE_FADING);
    assert_ok(run_call(NULL, &fading));
    assert_ok(run_call(NULL, &bilinear));
    for (int64_t n = 0; n < 3; n++)
        assert_true(same_bits(fading.forecast + n * 70 * 101, bilinear.forecast + n * 70 * 101, 70 * 101) == (n == 2));
    run_free(&fading), run_free(&bilinear);
}

/* Cells that a field of one bright cell has moved along x, on a grid of its own. */
static double moved_cells(const nwc_grid *grid, float speed, double lead_s)
{
    const int64_t ny = grid->ny, nx = grid->nx, j0 = ny / 2, i0 = nx / 4;
    float *const field = cells(ny * nx), *const u = cells(ny * nx), *const v = cells(ny * nx),
                 *const out = cells(ny * nx);
    field[j0 * nx + i0] = 1.0f;
    for (int64_t n = 0; n < ny * nx; n++) u[n] = speed;
    const nwc_field f = field_2d(field, ny, nx, "1", grid), fu = field_2d(u, ny, nx, "m s-1", grid);
    const nwc_field fv = field_2d(v, ny, nx, "m s-1", grid);
    nwc_field forecast = {.data = out, .ndim = 3, .dim = {1, ny, nx}, .stride = {ny * nx, nx, 1}, .missing = NAN};
    assert_ok(nwc_forecast_extrapolate(NULL, &f, 1, &fu, &fv, &lead_s, 1, NULL, &forecast));
    double sum = 0.0, moment = 0.0;
    for (int64_t i = 0; i < nx; i++) {
        const float value = out[j0 * nx + i];
        if (!isnan(value)) sum += value, moment += value * (double)(i - i0);
    }
    free(field), free(u), free(v), free(out);
    return moment / sum;
}

static void speeds_are_over_the_ground(void **state)
{
    (void)state;
    /* Half an hour at 20 m/s is 36 km: at 60 N on a sphere of 6371 km, 0.647 degrees of longitude. */
    const nwc_grid lonlat = {.projection = "+proj=longlat +R=6371000",
                             .nx = 200,
                             .ny = 21,
                             .x_first = 5.0,
                             .y_first = 59.9,
                             .dx = 0.01,
                             .dy = 0.01};
    const double radian = 3.14159265358979324 / 180.0;
    const double cells_lonlat = 36000.0 / (6371000.0 * cos(60.0 * radian) * 0.01 * radian);
    assert_near(moved_cells(&lonlat, 20.0f, 1800.0), cells_lonlat, 0.05);
    /* Polar stereographic, true at 60 N: at 45 N lengths are (1 + sin 60) / (1 + sin 45) times too long. */
    const double y_45 = -6371000.0 * (1.0 + sin(60.0 * radian)) * tan(22.5 * radian);
    const nwc_grid polar = {.projection = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=0 +R=6371000",
                            .nx = 200,
                            .ny = 21,
                            .x_first = -100e3,
                            .y_first = y_45 - 10e3,
                            .dx = 1000.0,
                            .dy = 1000.0};
    const double factor = (1.0 + sin(60.0 * radian)) / (1.0 + sin(45.0 * radian));
    assert_near(moved_cells(&polar, 20.0f, 1800.0), 36.0 * factor, 0.05);
}

static void motion_that_is_not_known_is_the_nearest(void **state)
{
    (void)state;
    for (int32_t spacing = 1; spacing <= 16; spacing *= 4) {
        struct run run = run_of(70, 101, 6, 600.0, eastward), full = run_of(70, 101, 6, 600.0, eastward);
        run.options.node_spacing = full.options.node_spacing = spacing;
        for (int64_t n = 0; n < 70 * 101; n++)
            if (n != 33 * 101 + 47) run.u[n] = n % 2 ? NAN : 1e9f; /* one cell is left, on no node */
        assert_ok(run_call(NULL, &run));
        assert_ok(run_call(NULL, &full));
        assert_true(same_bits(run.forecast, full.forecast, 6 * 70 * 101));
        run.v[33 * 101 + 47] = INFINITY;
        assert_fails(NWC_ERR_NODATA, "no motion", run_call(NULL, &run));
        run_free(&run), run_free(&full);
    }
}

static void fields_of_any_shape_are_served(void **state)
{
    (void)state;
    const int64_t shapes[][2] = {{1, 1}, {1, 300}, {300, 1}, {2, 3}, {65, 63}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        for (int sampling = 0; sampling < N_SAMPLINGS; sampling++) {
            struct run run = run_of(shapes[s][0], shapes[s][1], 2, 300.0, NULL);
            const int64_t n = run.ny * run.nx;
            run.options.sampling = samplings[sampling], run.options.node_spacing = s % 2 ? 8 : 0;
            assert_ok(run_call(NULL, &run));
            assert_true(same_bits(run.forecast, run.field, n));
            for (int64_t k = 0; k < n; k++) run.field[k] = NAN, run.u[k] = 30.0f, run.v[k] = -900.0f;
            assert_ok(run_call(NULL, &run));
            for (int64_t k = 0; k < 2 * n; k++) assert_true(isnan(run.forecast[k]));
            run_free(&run);
        }
    }
}

static void a_day_of_rough_motion_stays_within_bounds(void **state)
{
    (void)state;
    struct run run = run_of(60, 60, 1, 86400.0, NULL);
    run.options.step_s = 600.0;
    for (int64_t n = 0; n < 3600; n++) {
        run.u[n] = 60.0f * noise((uint32_t)n) - 30.0f, run.v[n] = 60.0f * noise((uint32_t)n + 9999u) - 30.0f;
        run.field[n] = noise((uint32_t)n);
    }
    nwc_ctx *const ctx = context_with_threads(1);
    const nwc_field u = field_2d(run.u, 60, 60, "m s-1", &run.grid), v = field_2d(run.v, 60, 60, "m s-1", &run.grid);
    nwc__trajectories t;
    const float *dx, *dy;
    assert_ok(nwc__trajectories_create(ctx, &u, &v, &run.options, &t));
    assert_ok(nwc__trajectories_at(ctx, &t, 86400.0, &dx, &dy));
    for (int64_t n = 0; n < t.ny * t.nx; n++) assert_true(fabsf(dx[n]) < 2700.0f && fabsf(dy[n]) < 2700.0f);
    nwc__trajectories_destroy(ctx, &t);
    nwc_ctx_destroy(ctx);
    assert_ok(run_call(NULL, &run));
    for (int64_t n = 0; n < 3600; n++)
        assert_true(isnan(run.forecast[n]) || (run.forecast[n] >= 0.0f && run.forecast[n] <= 1.0f));
    run_free(&run);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    struct run run = run_of(8, 9, 2, 300.0, NULL);
#define REFUSED(text, change)                                                                                          \
    do {                                                                                                               \
        struct run bad = run;                                                                                          \
        change;                                                                                                        \
        assert_fails(NWC_ERR_ARG, text, run_call(NULL, &bad));                                                         \
    } while (0)
    REFUSED("sampling", bad.options.sampling = 4);
    REFUSED("travel: 0 to 1", bad.options.travel = 1.5);
    REFUSED("travel: 0 to 1", bad.options.travel = NAN);
    REFUSED("travel_scale_m", bad.options.travel_scale_m = 0.0);
    REFUSED("step_s", bad.options.step_s = 0.5);
    REFUSED("step_s", bad.options.step_s = 3601.0);
    REFUSED("node_spacing", bad.options.node_spacing = 3);
    REFUSED("struct_size", bad.options.struct_size = 4096);
    REFUSED("increasing", bad.leads_s[1] = bad.leads_s[0]);
    REFUSED("leads_s: 0 to 86400", bad.leads_s[0] = -1.0);
    REFUSED("leads_s: 0 to 86400", bad.leads_s[1] = 1e6);
    REFUSED("leads_s: 0 to 86400", bad.leads_s[1] = NAN);
    REFUSED("n_leads", bad.n_leads = 0);
    REFUSED("fields", bad.field = NULL);
    REFUSED("u", bad.u = NULL);
    REFUSED("v", bad.v = NULL);
    REFUSED("forecasts", bad.forecast = NULL);
    REFUSED("fields", bad.grid.nx = 10);
    REFUSED("PROJ", bad.grid.projection = "+proj=nonsense");
#undef REFUSED
    nwc_grid elsewhere = run.grid;
    elsewhere.x_first += 500.0;
    const nwc_field field = field_2d(run.field, 8, 9, "mm h-1", &run.grid);
    const nwc_field u = field_2d(run.u, 8, 9, "m s-1", &run.grid), v = field_2d(run.v, 8, 9, "m s-1", &elsewhere);
    const nwc_field small = field_2d(run.u, 8, 8, "m s-1", NULL), nowhere = field_2d(run.field, 8, 9, "mm h-1", NULL);
    nwc_field out = {.data = run.forecast, .ndim = 3, .dim = {2, 8, 9}, .stride = {72, 9, 1}, .missing = NAN};
    assert_fails(NWC_ERR_ARG, "v: the grid of fields",
                 nwc_forecast_extrapolate(NULL, &field, 1, &u, &v, run.leads_s, 2, NULL, &out));
    assert_fails(NWC_ERR_ARG, "u: the 8 x 9",
                 nwc_forecast_extrapolate(NULL, &field, 1, &small, &u, run.leads_s, 2, NULL, &out));
    assert_fails(NWC_ERR_ARG, "a grid",
                 nwc_forecast_extrapolate(NULL, &nowhere, 1, &u, &u, run.leads_s, 2, NULL, &out));
    assert_fails(NWC_ERR_ARG, "n_fields",
                 nwc_forecast_extrapolate(NULL, &field, 0, &u, &u, run.leads_s, 2, NULL, &out));
    assert_fails(NWC_ERR_ARG, "leads_s", nwc_forecast_extrapolate(NULL, &field, 1, &u, &u, NULL, 2, NULL, &out));
    assert_fails(NWC_ERR_ARG, "forecasts",
                 nwc_forecast_extrapolate(NULL, &field, 1, &u, &u, run.leads_s, 2, NULL, NULL));
    out.dim[0] = 3;
    assert_fails(NWC_ERR_ARG, "2 lead times",
                 nwc_forecast_extrapolate(NULL, &field, 1, &u, &u, run.leads_s, 2, NULL, &out));
    run_free(&run);
}

static void a_refused_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    struct run run = run_of(20, 30, 2, 450.0, all_three);
    assert_true(check_every_allocation_failure(run_call, &run) > 3);
    run_free(&run);
}

/* Stops at the nth look, and counts the looks. */
struct stopper {
    int64_t looks, stop_at;
};

static int32_t stop(const char *stage, double fraction, void *user)
{
    struct stopper *const stopper = user;
    assert_non_null(stage);
    assert_true(fraction >= 0.0 && fraction <= 1.0);
    return stopper->looks++ == stopper->stop_at;
}

static void a_cancel_at_any_moment_leaves_nothing_behind(void **state)
{
    (void)state;
    struct run run = run_of(40, 30, 2, 450.0, all_three);
    struct stopper stopper = {.stop_at = -1};
    nwc_status status = NWC_ERR_CANCELED;
    for (int64_t n = 0; status == NWC_ERR_CANCELED; n++) {
        struct counting_allocator allocator = {.refuse = -1};
        nwc_ctx *const ctx = context_with_allocator(&allocator);
        ctx->progress = stop, ctx->progress_user = &stopper;
        stopper = (struct stopper){.stop_at = n};
        status = run_call(ctx, &run);
        nwc_ctx_destroy(ctx);
        assert_int_equal(allocator.live, 0);
    }
    assert_int_equal(status, NWC_OK);
    assert_true(stopper.looks > 5);
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
        cmocka_unit_test(the_number_of_threads_and_leads_changes_no_bit),
        cmocka_unit_test(every_instruction_level_gives_the_same_forecast),
        cmocka_unit_test(any_strides_give_the_same_bits),
        cmocka_unit_test(no_coverage_moves_and_never_bleeds),
        cmocka_unit_test(values_between_cells_are_the_weighted_means_of_known_ones),
        cmocka_unit_test(fading_reading_is_bilinear_from_five_minutes_on),
        cmocka_unit_test(speeds_are_over_the_ground),
        cmocka_unit_test(motion_that_is_not_known_is_the_nearest),
        cmocka_unit_test(fields_of_any_shape_are_served),
        cmocka_unit_test(a_day_of_rough_motion_stays_within_bounds),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(a_refused_allocation_leaves_nothing_behind),
        cmocka_unit_test(a_cancel_at_any_moment_leaves_nothing_behind),
    };
    return cmocka_run_group_tests_name("extrapolate", tests, NULL, NULL);
}

/* forecast by bands of scale, against rain whose life is known. */
#include "support/made_rain.h"

#define PI 3.14159265358979324

enum { PRODUCTS = 4, MOST_FRAMES = 6, MOST_LEADS = 4 };

/* One call and everything it needs; time steps of 5 min. */
struct run {
    nwc_grid grid;
    int64_t ny, nx, n;
    int32_t n_frames, n_leads, n_products;
    int64_t times_ns[MOST_FRAMES];
    double leads_s[MOST_LEADS];
    int32_t products[PRODUCTS];
    float *frames, *u, *v, *forecasts; /* (frame, y, x), (y, x), (product, lead, y, x) */
    nwc_extrapolate_options options;
};

static struct run run_of(int64_t ny, int64_t nx, int32_t n_frames, float u)
{
    struct run run = {.grid = rain_grid(ny, nx), .ny = ny, .nx = nx, .n = ny * nx, .n_frames = n_frames, .n_leads = 3};
    run.n_products = PRODUCTS;
    for (int32_t k = 0; k < PRODUCTS; k++) run.products[k] = k;
    for (int32_t k = 0; k < MOST_FRAMES; k++) run.times_ns[k] = INT64_C(300000000000) * k;
    for (int32_t k = 0; k < MOST_LEADS; k++) run.leads_s[k] = 600.0 * (k + 1);
    run.frames = cells(n_frames * run.n), run.u = cells(run.n), run.v = cells(run.n);
    run.forecasts = cells(PRODUCTS * MOST_LEADS * run.n);
    for (int64_t i = 0; i < run.n; i++) run.u[i] = u;
    nwc_extrapolate_options_init(&run.options);
    return run;
}

static void run_free(struct run *run)
{
    free(run->frames), free(run->u), free(run->v), free(run->forecasts);
}

static float *forecast_of(const struct run *run, int32_t place, int32_t lead)
{
    return run->forecasts + ((int64_t)place * run->n_leads + lead) * run->n;
}

static nwc_status run_call(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    nwc_field frames[MOST_FRAMES], forecasts[PRODUCTS];
    for (int32_t k = 0; k < run->n_frames; k++)
        frames[k] = field_2d(run->frames + k * run->n, run->ny, run->nx, "mm h-1", &run->grid);
    const nwc_field u = field_2d(run->u, run->ny, run->nx, "m s-1", &run->grid);
    const nwc_field v = field_2d(run->v, run->ny, run->nx, "m s-1", &run->grid);
    for (int32_t k = 0; k < run->n_products; k++)
        forecasts[k] = (nwc_field){.data = forecast_of(run, k, 0),
                                   .ndim = 3,
                                   .dim = {run->n_leads, run->ny, run->nx},
                                   .stride = {run->n, run->nx, 1},
                                   .missing = NAN,
                                   .units = "mm h-1",
                                   .grid = &run->grid};
    return nwc_forecast_cascade(ctx, frames, run->times_ns, run->n_frames, &u, &v, run->leads_s, run->n_leads,
                                run->products, run->n_products, &run->options, forecasts);
}

/* Rain that moves eastward by a cell in 100 s, at 10 m/s, and does not change otherwise. */
static struct run moving(int64_t ny, int64_t nx, int32_t n_frames)
{
    struct run run = run_of(ny, nx, n_frames, 10.0f);
    for (int32_t k = 0; k < n_frames; k++)
        for (int64_t j = 0; j < ny; j++)
            for (int64_t i = 0; i < nx; i++)
                run.frames[(k * ny + j) * nx + i] = showers((double)j, (double)i + 60.0 - 3.0 * k);
    return run;
}

/* Every forecast is known where the sharp one is, is not below zero, and if ranked within the sharp one's values. */
static void check_sound(const struct run *run)
{
    for (int32_t n = 0; n < run->n_leads; n++) {
        const float *const sharp = forecast_of(run, 0, n);
        float most = 0.0f;
        for (int64_t i = 0; i < run->n; i++) most = sharp[i] > most ? sharp[i] : most;
        for (int32_t k = 0; k < PRODUCTS; k++) {
            const float *const found = forecast_of(run, k, n);
            for (int64_t i = 0; i < run->n; i++) {
                assert_true(isnan(found[i]) == isnan(sharp[i]));
                if (isnan(found[i])) continue;
                assert_true(found[i] >= 0.0f && isfinite(found[i]));
                if (k != NWC_CASCADE_MEAN) assert_true(found[i] <= most * 1.01f);
            }
        }
    }
}

static void rain_that_only_moves_is_forecast_as_it_moves_by_all_products(void **state)
{
    (void)state;
    struct run run = moving(120, 160, 4);
    assert_ok(run_call(NULL, &run));
    check_sound(&run);
    int64_t compared = 0;
    for (int32_t n = 0; n < run.n_leads; n++) {
        for (int32_t k = 0; k < PRODUCTS; k++) {
            const float *const found = forecast_of(&run, k, n);
            for (int64_t j = 0; j < run.ny; j++) {
                /* what came in over the western edge since the oldest frame was in fewer frames */
                for (int64_t i = 40; i < run.nx; i++) {
                    const double truth = (double)showers((double)j, (double)i + 51.0 - 6.0 * (n + 1));
                    assert_near(found[j * run.nx + i], truth, 0.05 + 0.03 * truth);
                    compared += truth > 1.0;
                }
            }
        }
    }
    assert_true(compared > 20000);
    run_free(&run);
}

static void sharp_is_the_extrapolation_to_the_bit(void **state)
{
    (void)state;
    struct run run = moving(60, 100, 3);
    run.leads_s[0] = 100.0;
    assert_ok(run_call(NULL, &run));
    float *const expected = cells(run.n_leads * run.n);
    const nwc_field newest = field_2d(run.frames + 2 * run.n, run.ny, run.nx, "mm h-1", &run.grid);
    const nwc_field u = field_2d(run.u, run.ny, run.nx, "m s-1", &run.grid);
    const nwc_field v = field_2d(run.v, run.ny, run.nx, "m s-1", &run.grid);
    nwc_field out = {.data = expected, .ndim = 3, .dim = {3, run.ny, run.nx}, .stride = {run.n, run.nx, 1}};
    out.missing = NAN;
    assert_ok(nwc_forecast_extrapolate(NULL, &newest, 1, &u, &v, run.leads_s, 3, NULL, &out));
    assert_true(same_bits(expected, run.forecasts, 3 * run.n));
    free(expected);
    run_free(&run);
}

/* Speckle that is new in every frame, on a wave of 100 cells that stays. */
static struct run speckled(int64_t ny, int64_t nx)
{
    struct run run = run_of(ny, nx, 4, 0.0f);
    for (int64_t n = 0; n < 4 * run.n; n++)
        run.frames[n] = 5.0f + 3.0f * (float)sin(2.0 * PI * (double)(n % nx) / 100.0) +
                        2.0f * (noise((uint32_t)n * 5u + 1u) - 0.5f);
    return run;
}

static void what_does_not_last_is_let_go_and_what_lasts_stays(void **state)
{
    (void)state;
    struct run run = speckled(100, 200);
    run.leads_s[0] = 900.0;
    assert_ok(run_call(NULL, &run));
    check_sound(&run);
    double of_mean = 0.0, of_sharp = 0.0, of_ranked = 0.0;
    for (int64_t n = 0; n < run.n; n++) {
        const double truth = 5.0 + 3.0 * sin(2.0 * PI * (double)(n % run.nx) / 100.0);
        of_sharp += pow((double)forecast_of(&run, 0, 0)[n] - truth, 2.0) / (double)run.n;
        of_ranked += pow((double)forecast_of(&run, 1, 0)[n] - truth, 2.0) / (double)run.n;
        of_mean += pow((double)forecast_of(&run, 3, 0)[n] - truth, 2.0) / (double)run.n;
    }
    assert_near(of_sharp, 4.0 / 12.0, 0.02); /* the variance of the speckle */
    assert_true(of_mean < 0.1 * of_sharp);
    assert_true(of_ranked < 0.3 * of_sharp); /* the wave is as wide as wave and speckle were */
    /* ranked and textured keep the distribution of sharp */
    for (int32_t k = 1; k <= 2; k++) {
        float *const sharp = forecast_of(&run, 0, 0), *const found = forecast_of(&run, k, 0);
        qsort(sharp, (size_t)run.n, sizeof *sharp, ascending);
        qsort(found, (size_t)run.n, sizeof *found, ascending);
        for (int64_t n = 0; n < run.n; n += 100) assert_near(found[n], sharp[n], 0.02 * (double)sharp[n]);
    }
    run_free(&run);
}

static void textured_keeps_more_of_small_scales_than_ranked(void **state)
{
    (void)state;
    struct run run = moving(100, 160, 4);
    for (int64_t n = 0; n < 4 * run.n; n++) run.frames[n] *= 0.4f + 1.2f * noise((uint32_t)(n * 3));
    run.leads_s[2] = 3600.0;
    assert_ok(run_call(NULL, &run));
    double rough[PRODUCTS] = {0.0};
    for (int32_t k = 0; k < PRODUCTS; k++) {
        const float *const found = forecast_of(&run, k, 2);
        for (int64_t j = 0; j < run.ny; j++) /* the eastern part, where all is known */
            for (int64_t i = 60; i < run.nx; i++)
                rough[k] += fabs((double)found[j * run.nx + i] - (double)found[j * run.nx + i - 1]);
    }
    assert_true(rough[NWC_CASCADE_RANKED] < rough[NWC_CASCADE_TEXTURED]);
    assert_true(rough[NWC_CASCADE_MEAN] < rough[NWC_CASCADE_RANKED]);
    run_free(&run);
}

/* ---- hard input ---- */

static void no_rain_stays_no_rain(void **state)
{
    (void)state;
    for (int wet = -1; wet < 3; wet++) { /* none, or one frame with rain */
        struct run run = moving(50, 80, 4);
        for (int32_t k = 0; k < 4; k++)
            if (k != wet) memset(run.frames + k * run.n, 0, (size_t)run.n * sizeof(float));
        assert_ok(run_call(NULL, &run));
        check_sound(&run);
        for (int32_t n = 0; n < run.n_leads; n++)
            for (int32_t k = 0; k < NWC_CASCADE_MEAN; k++)
                for (int64_t i = 0; i < run.n; i++)
                    assert_true(isnan(forecast_of(&run, k, n)[i]) || forecast_of(&run, k, n)[i] == 0.0f);
        run_free(&run);
    }
}

static void rain_in_the_newest_frame_alone_is_forecast(void **state)
{
    (void)state;
    struct run run = moving(50, 80, 4);
    memset(run.frames, 0, (size_t)(3 * run.n) * sizeof(float));
    assert_ok(run_call(NULL, &run));
    check_sound(&run);
    for (int32_t k = 0; k < NWC_CASCADE_MEAN; k++) {
        double sum = 0.0;
        for (int64_t i = 0; i < run.n; i++)
            sum += isnan(forecast_of(&run, k, 0)[i]) ? 0.0 : (double)forecast_of(&run, k, 0)[i];
        assert_true(sum > 1000.0);
    }
    run_free(&run);
}

static void a_single_wet_cell_moves(void **state)
{
    (void)state;
    struct run run = run_of(41, 61, 4, 10.0f);
    for (int32_t k = 0; k < 4; k++) run.frames[k * run.n + 20 * 61 + 20 + 3 * k] = 8.0f;
    assert_ok(run_call(NULL, &run));
    check_sound(&run);
    for (int32_t k = 0; k < NWC_CASCADE_MEAN; k++) {
        for (int64_t i = 0; i < run.n; i++) {
            const float found = forecast_of(&run, k, 0)[i];
            if (i == 20 * 61 + 20 + 9 + 6)
                assert_near(found, 8.0, 0.1);
            else
                assert_true(isnan(found) || found < 0.4f);
        }
    }
    run_free(&run);
}

static void what_no_radar_saw_is_not_known_and_does_not_spread(void **state)
{
    (void)state;
    struct run run = moving(90, 130, 4), whole = moving(90, 130, 4);
    for (int32_t k = 0; k < 4; k++) /* the south is never seen, the north-west in the newest frame alone */
        for (int64_t j = 0; j < run.ny; j++)
            for (int64_t i = 0; i < run.nx; i++)
                if (j < 20 || (k < 3 && j > 70 && i < 30))
                    run.frames[(k * run.ny + j) * run.nx + i] = k ? NAN : INFINITY;
    assert_ok(run_call(NULL, &run));
    assert_ok(run_call(NULL, &whole));
    check_sound(&run);
    for (int32_t k = 0; k < PRODUCTS; k++) {
        for (int64_t j = 0; j < run.ny; j++) {
            for (int64_t i = 50; i < run.nx; i++) {
                const float found = forecast_of(&run, k, 0)[j * run.nx + i];
                assert_true(isnan(found) == (j < 20));
                if (j >= 20) assert_near(found, forecast_of(&whole, k, 0)[j * run.nx + i], 0.05 + 0.03 * (double)found);
            }
        }
    }
    run_free(&run), run_free(&whole);
    struct run nothing = run_of(20, 30, 4, 3.0f);
    for (int64_t i = 0; i < 4 * nothing.n; i++) nothing.frames[i] = NAN;
    assert_ok(run_call(NULL, &nothing));
    for (int64_t i = 0; i < PRODUCTS * nothing.n_leads * nothing.n; i++) assert_true(isnan(nothing.forecasts[i]));
    run_free(&nothing);
}

static void fewer_frames_and_uneven_times_do(void **state)
{
    (void)state;
    for (int32_t n_frames = 2; n_frames <= 4; n_frames++) {
        struct run run = moving(100, 160, n_frames);
        const int64_t uneven[] = {-600, 0, 300, 540};
        const double newest = (double)uneven[n_frames - 1];
        for (int32_t k = 0; k < n_frames; k++) {
            run.times_ns[k] = uneven[k] * 1000000000;
            for (int64_t i = 0; i < run.n; i++) /* 10 m/s are a cell in 100 s */
                run.frames[k * run.n + i] =
                    showers((double)(i / run.nx), (double)(i % run.nx) + 60.0 - 0.01 * (double)uneven[k]);
        }
        assert_ok(run_call(NULL, &run));
        check_sound(&run);
        for (int32_t k = 0; k < PRODUCTS; k++) {
            for (int64_t i = 0; i < run.n; i++) {
                if (i % run.nx < 40) continue;
                const double truth =
                    (double)showers((double)(i / run.nx), (double)(i % run.nx) + 60.0 - 0.01 * (newest + 600.0));
                assert_near(forecast_of(&run, k, 0)[i], truth, 0.35 + 0.06 * truth);
            }
        }
        run_free(&run);
    }
}

static void narrow_grids_and_single_cells_do(void **state)
{
    (void)state;
    const int64_t sizes[][2] = {{1, 1}, {1, 120}, {120, 1}, {2, 3}};
    for (int s = 0; s < 4; s++) {
        struct run run = run_of(sizes[s][0], sizes[s][1], 4, 0.0f);
        for (int64_t i = 0; i < 4 * run.n; i++) run.frames[i] = 5.0f * noise((uint32_t)(i % run.n));
        assert_ok(run_call(NULL, &run));
        check_sound(&run);
        for (int32_t k = 0; k < PRODUCTS; k++) /* nothing moves or changes */
            for (int64_t i = 0; i < run.n; i++)
                assert_near(forecast_of(&run, k, 0)[i], run.frames[i], 0.05 + 0.02 * (double)run.frames[i]);
        run_free(&run);
    }
}

static void frames_that_tell_nothing_are_left_out(void **state)
{
    (void)state;
    struct run run = moving(60, 90, 5), four = moving(60, 90, 5);
    for (int64_t i = 0; i < run.n; i++) run.frames[3 * run.n + i] = NAN; /* a scan that failed */
    run.n_products = four.n_products = 1, run.products[0] = four.products[0] = NWC_CASCADE_MEAN;
    assert_ok(run_call(NULL, &run));
    memcpy(four.frames + 3 * run.n, four.frames + 4 * run.n, (size_t)run.n * sizeof(float));
    four.n_frames = 4, four.times_ns[3] = four.times_ns[4]; /* as if it had not come */
    float *const kept = cells(3 * run.n);
    assert_ok(run_call(NULL, &four));
    memcpy(kept, four.forecasts, (size_t)(3 * run.n) * sizeof *kept);
    /* of the latest four one is left out, so the oldest of four does not stand in for it */
    four.n_frames = 3;
    memmove(four.frames, four.frames + run.n, (size_t)(3 * run.n) * sizeof(float));
    for (int k = 0; k < 3; k++) four.times_ns[k] = four.times_ns[k + 1];
    assert_ok(run_call(NULL, &four));
    assert_true(same_bits(run.forecasts, four.forecasts, 3 * run.n));
    free(kept);
    run_free(&run), run_free(&four);
}

/* ---- what may not change anything ---- */

static void threads_allocations_leads_and_products_change_no_bit(void **state)
{
    (void)state;
    struct run run = moving(70, 110, 4);
    const size_t size = sizeof(float) * (size_t)(PRODUCTS * run.n_leads * run.n);
    float *const one = malloc(size), *const many = run.forecasts;
    run.forecasts = one;
    nwc_ctx *ctx = context_with_threads(1);
    assert_ok(run_call(ctx, &run));
    nwc_ctx_destroy(ctx);
    run.forecasts = many;
    for (int32_t threads = 2; threads <= 7; threads += threads == 3 ? 4 : 1) {
        memset(many, 0, size);
        ctx = context_with_threads(threads);
        assert_ok(run_call(ctx, &run));
        nwc_ctx_destroy(ctx);
        assert_memory_equal(one, many, size);
    }
    struct run alone = moving(70, 110, 4);
    alone.n_leads = 1, alone.leads_s[0] = run.leads_s[1], alone.n_products = 1;
    for (int32_t k = 0; k < PRODUCTS; k++) {
        alone.products[0] = k;
        assert_ok(run_call(NULL, &alone));
        assert_true(same_bits(alone.forecasts, one + (k * run.n_leads + 1) * run.n, run.n));
    }
    alone.n_products = PRODUCTS, alone.n_leads = 3;
    for (int32_t k = 0; k < PRODUCTS; k++) alone.products[k] = k;
    for (int32_t k = 0; k < 3; k++) alone.leads_s[k] = run.leads_s[k];
    assert_true(check_every_allocation_failure(run_call, &alone) > 10);
    assert_true(same_bits(alone.forecasts, one, PRODUCTS * run.n_leads * run.n));
    free(one);
    run_free(&run), run_free(&alone);
}

static void any_strides_equal_contiguous(void **state)
{
    (void)state;
    struct run run = moving(40, 70, 3);
    assert_ok(run_call(NULL, &run));
    float *const turned = cells(3 * run.n), *const apart = cells(2 * PRODUCTS * 3 * run.n);
    nwc_field frames[3], out[PRODUCTS];
    for (int32_t k = 0; k < 3; k++) { /* columns first */
        for (int64_t i = 0; i < run.n; i++)
            turned[k * run.n + i % run.nx * run.ny + i / run.nx] = run.frames[k * run.n + i];
        frames[k] = field_2d(turned + k * run.n, run.ny, run.nx, "mm h-1", &run.grid);
        frames[k].stride[0] = 1, frames[k].stride[1] = run.ny;
    }
    const nwc_field u = field_2d(run.u, run.ny, run.nx, "m s-1", &run.grid);
    const nwc_field v = field_2d(run.v, run.ny, run.nx, "m s-1", &run.grid);
    for (int32_t k = 0; k < PRODUCTS; k++) /* every second cell */
        out[k] = (nwc_field){.data = apart + 6 * k * run.n,
                             .ndim = 3,
                             .dim = {3, run.ny, run.nx},
                             .stride = {2 * run.n, 2 * run.nx, 2},
                             .missing = NAN};
    assert_ok(
        nwc_forecast_cascade(NULL, frames, run.times_ns, 3, &u, &v, run.leads_s, 3, run.products, PRODUCTS, NULL, out));
    for (int64_t i = 0; i < PRODUCTS * 3 * run.n; i++) {
        assert_true(same_bits(&apart[2 * i], &run.forecasts[i], 1));
        assert_true(apart[2 * i + 1] == 0.0f);
    }
    free(turned), free(apart);
    run_free(&run);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    struct run run = moving(20, 30, 4);
    run.frames[run.n + 5 * 30 + 7] = -0.5f;
    assert_fails(NWC_ERR_ARG, "frames: values of 0 or more expected, -0.5 at cell (5, 7) given", run_call(NULL, &run));
    run.frames[run.n + 5 * 30 + 7] = -INFINITY;
    assert_ok(run_call(NULL, &run));
    run.products[1] = 4;
    assert_fails(NWC_ERR_ARG, "products: an nwc_cascade_product expected, 4 given", run_call(NULL, &run));
    run.products[1] = 0;
    assert_fails(NWC_ERR_ARG, "products: each once expected, 0 twice given", run_call(NULL, &run));
    run.n_products = 0;
    assert_fails(NWC_ERR_ARG, "products: 1 or more expected", run_call(NULL, &run));
    run.n_products = 1;
    run.times_ns[2] = run.times_ns[1];
    assert_fails(NWC_ERR_ARG, "times_ns: increasing times expected, frame 2", run_call(NULL, &run));
    run.times_ns[2] = INT64_C(600000000000);
    run.n_frames = 1;
    assert_fails(NWC_ERR_NODATA, "frames: 2 expected, 3.5 to 30 min one after the other", run_call(NULL, &run));
    run.n_frames = 2, run.times_ns[0] = -INT64_C(3600000000000);
    assert_fails(NWC_ERR_NODATA, "frames: 2 expected", run_call(NULL, &run));
    run.times_ns[0] = 0, run.n_frames = 0;
    assert_fails(NWC_ERR_ARG, "n_frames: 1 or more expected, 0 given", run_call(NULL, &run));
    run.n_frames = 4, run.leads_s[1] = run.leads_s[0];
    assert_fails(NWC_ERR_ARG, "leads_s: increasing", run_call(NULL, &run));
    run.leads_s[1] = 1200.0, run.options.travel = 2.0;
    assert_fails(NWC_ERR_ARG, "travel: 0 to 1 expected, 2 given", run_call(NULL, &run));
    run.options.travel = 0.5;
    for (int64_t i = 0; i < run.n; i++) run.u[i] = NAN;
    assert_fails(NWC_ERR_NODATA, "u, v: no motion is known anywhere", run_call(NULL, &run));
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rain_that_only_moves_is_forecast_as_it_moves_by_all_products),
        cmocka_unit_test(sharp_is_the_extrapolation_to_the_bit),
        cmocka_unit_test(what_does_not_last_is_let_go_and_what_lasts_stays),
        cmocka_unit_test(textured_keeps_more_of_small_scales_than_ranked),
        cmocka_unit_test(no_rain_stays_no_rain),
        cmocka_unit_test(rain_in_the_newest_frame_alone_is_forecast),
        cmocka_unit_test(a_single_wet_cell_moves),
        cmocka_unit_test(what_no_radar_saw_is_not_known_and_does_not_spread),
        cmocka_unit_test(fewer_frames_and_uneven_times_do),
        cmocka_unit_test(narrow_grids_and_single_cells_do),
        cmocka_unit_test(frames_that_tell_nothing_are_left_out),
        cmocka_unit_test(threads_allocations_leads_and_products_change_no_bit),
        cmocka_unit_test(any_strides_equal_contiguous),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

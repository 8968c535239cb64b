/* forecast: S-PROG, against sums over cells, single waves whose life is known, and rain that only moves. */
#include "support/made_rain.h"

#include "forecast/wavelengths.h"

#define PI 3.14159265358979324

/* ---- waves ---- */

static void weights_of_one_give_the_field_back(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(2);
    const int64_t sizes[][2] = {{1, 1}, {1, 7}, {30, 41}};
    for (int s = 0; s < 3; s++) {
        struct nwc__wavelengths waves;
        assert_ok(nwc__wavelengths_create(ctx, sizes[s][0], sizes[s][1], &waves));
        const int64_t n = waves.padded_ny * waves.padded_nx;
        assert_true(waves.padded_ny >= sizes[s][0] && waves.padded_nx >= sizes[s][1]);
        float *const field = aligned(n), *const back = aligned(n);
        float *const spectrum = aligned(waves.size);
        float *const mixed = aligned(waves.size);
        float *const half = cells(waves.table_size);
        for (int64_t i = 0; i < n; i++) field[i] = noise((uint32_t)i) - 0.3f;
        for (int64_t i = 0; i < waves.table_size; i++) half[i] = 0.5f;
        nwc__wavelengths_forward(&waves, field, spectrum);
        assert_ok(nwc__wavelengths_mix(ctx, &waves, spectrum, half, spectrum, half, mixed));
        nwc__wavelengths_inverse(&waves, mixed, back);
        for (int64_t i = 0; i < n; i++) assert_near(back[i], field[i], 1e-5);
        free(field), free(back), free(spectrum), free(mixed), free(half);
        nwc__wavelengths_destroy(ctx, &waves);
    }
    nwc_ctx_destroy(ctx);
}

/* The shares as written down by Pulkkinen et al. for a square of 128 cells. */
static double share_by_definition(int32_t level, int32_t n_levels, double wave)
{
    const double q = pow(64.0, 1.0 / n_levels);
    double sum = 0.0, own = 0.0;
    for (int32_t m = 0; m < n_levels; m++) {
        const double centre = 0.5 * (pow(q, m) + pow(q, m + 1));
        const double x = log(wave) / log(q) - log(centre) / log(q);
        const double weight = exp(-x * x / (2.0 * 0.5 * 0.5));
        sum += weight;
        own = m == level ? weight : own;
    }
    return own / sum;
}

static void levels_share_each_wave_number(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    struct nwc__wavelengths waves;
    assert_ok(nwc__wavelengths_create(ctx, 128, 128, &waves));
    float *const tables = cells(6 * waves.table_size);
    nwc__wavelengths_levels(&waves, 6, tables);
    const int waves_to_try[] = {1, 2, 5, 17, 64, 90};
    for (int w = 0; w < 6; w++) {
        double sum = 0.0;
        for (int32_t m = 0; m < 6; m++) {
            const double found = (double)tables[m * waves.table_size + 32 * waves_to_try[w]];
            assert_near(found, share_by_definition(m, 6, waves_to_try[w]), 1e-6);
            sum += found;
        }
        assert_near(sum, 1.0, 1e-6);
    }
    for (int32_t m = 0; m < 6; m++) assert_true(tables[m * waves.table_size] == (m == 0 ? 1.0f : 0.0f));
    free(tables);
    nwc__wavelengths_destroy(ctx, &waves);
    nwc_ctx_destroy(ctx);
}

static void products_are_variances_and_covariances(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(3);
    struct nwc__wavelengths waves;
    const int64_t ny = 48, nx = 60, n = ny * nx;
    assert_ok(nwc__wavelengths_create(ctx, ny, nx, &waves));
    assert_int_equal(waves.padded_ny * waves.padded_nx, n);
    float *const spectra[2] = {aligned(waves.size), aligned(waves.size)};
    float *const field = aligned(2 * n), *const ones = cells(waves.table_size);
    for (int64_t i = 0; i < n; i++) {
        field[i] = 3.0f + noise((uint32_t)i);
        field[n + i] = 1.0f + 2.0f * noise((uint32_t)i) * noise((uint32_t)(i + 9999));
    }
    for (int64_t i = 0; i < waves.table_size; i++) ones[i] = 1.0f;
    for (int f = 0; f < 2; f++) nwc__wavelengths_forward(&waves, field + f * n, spectra[f]);
    double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES];
    assert_ok(nwc__wavelengths_products(ctx, &waves, (const float *const *)spectra, 2, ones, products));
    for (int f = 0; f < 2; f++) {
        for (int g = 0; g < 2; g++) {
            double mean_f = 0.0, mean_g = 0.0, both = 0.0;
            for (int64_t i = 0; i < n; i++) mean_f += (double)field[f * n + i] / (double)n;
            for (int64_t i = 0; i < n; i++) mean_g += (double)field[g * n + i] / (double)n;
            for (int64_t i = 0; i < n; i++)
                both += ((double)field[f * n + i] - mean_f) * ((double)field[g * n + i] - mean_g) / (double)n;
            assert_near(products[f][g], both, 1e-6);
        }
    }
    free(spectra[0]), free(spectra[1]), free(field), free(ones);
    nwc__wavelengths_destroy(ctx, &waves);
    nwc_ctx_destroy(ctx);
}

/* ---- forecasts ---- */

enum { MOST_FRAMES = 4, LEADS = 3 };

struct run {
    nwc_grid grid;
    int64_t ny, nx, n;
    int32_t n_frames, n_leads;
    int64_t times_ns[MOST_FRAMES];
    double leads_s[LEADS];
    float *frames, *u, *v, *forecast;
    nwc_sprog_options options;
};

static struct run run_of(int64_t ny, int64_t nx, int32_t n_frames, float u)
{
    struct run run = {.grid = rain_grid(ny, nx), .ny = ny, .nx = nx, .n = ny * nx, .n_frames = n_frames};
    run.n_leads = LEADS;
    for (int32_t k = 0; k < MOST_FRAMES; k++) run.times_ns[k] = INT64_C(300000000000) * k;
    for (int32_t k = 0; k < LEADS; k++) run.leads_s[k] = 600.0 * (k + 1);
    run.frames = cells(n_frames * run.n), run.u = cells(run.n), run.v = cells(run.n);
    run.forecast = cells(LEADS * run.n);
    for (int64_t i = 0; i < run.n; i++) run.u[i] = u;
    nwc_sprog_options_init(&run.options);
    return run;
}

static void run_free(struct run *run)
{
    free(run->frames), free(run->u), free(run->v), free(run->forecast);
}

static nwc_status run_call(nwc_ctx *ctx, void *user)
{
    struct run *const run = user;
    nwc_field frames[MOST_FRAMES];
    for (int32_t k = 0; k < run->n_frames; k++)
        frames[k] = field_2d(run->frames + k * run->n, run->ny, run->nx, "mm h-1", &run->grid);
    const nwc_field u = field_2d(run->u, run->ny, run->nx, "m s-1", &run->grid);
    const nwc_field v = field_2d(run->v, run->ny, run->nx, "m s-1", &run->grid);
    nwc_field forecast = {.data = run->forecast,
                          .ndim = 3,
                          .dim = {run->n_leads, run->ny, run->nx},
                          .stride = {run->n, run->nx, 1},
                          .missing = NAN,
                          .units = "mm h-1",
                          .grid = &run->grid};
    return nwc_forecast_sprog(ctx, frames, run->times_ns, run->n_frames, &u, &v, run->leads_s, run->n_leads,
                              &run->options, NULL, &forecast);
}

static struct run moving(int64_t ny, int64_t nx, int32_t n_frames)
{
    struct run run = run_of(ny, nx, n_frames, 10.0f);
    for (int32_t k = 0; k < n_frames; k++)
        for (int64_t j = 0; j < ny; j++)
            for (int64_t i = 0; i < nx; i++)
                run.frames[(k * ny + j) * nx + i] = showers((double)j, (double)i + 60.0 - 3.0 * k);
    return run;
}

/*
 * Decibels are 20 + 4 w, w a wave of 5 lengths along the grid whose phase changes from frame to frame: its correlations
 * are cosines of the change of phase, in every level alike.
 */
static struct run turning(int32_t n_frames, const double *phase)
{
    struct run run = run_of(60, 80, n_frames, 0.0f);
    for (int32_t k = 0; k < n_frames; k++)
        for (int64_t i = 0; i < run.n; i++)
            run.frames[k * run.n + i] =
                (float)pow(10.0, 0.1 * (20.0 + 4.0 * cos(2.0 * PI * 5.0 * (double)(i % 80) / 80.0 + phase[k])));
    run.options.match = 0;
    return run;
}

/* The decibels of the forecast are 20 + 4 (a cos + b sin) of the wave. */
static void check_wave(const struct run *run, int32_t lead, double a, double b)
{
    for (int64_t i = 0; i < run->n; i++) {
        const double x = 2.0 * PI * 5.0 * (double)(i % 80) / 80.0;
        assert_near(10.0 * log10((double)run->forecast[lead * run->n + i]), 20.0 + 4.0 * (a * cos(x) + b * sin(x)),
                    0.01);
    }
}

static void a_level_of_first_order_decays_by_its_correlation(void **state)
{
    (void)state;
    const double phase[] = {acos(0.8), 0.0};
    struct run run = turning(2, phase);
    run.leads_s[0] = 300.0, run.leads_s[1] = 750.0, run.leads_s[2] = 1500.0;
    assert_ok(run_call(NULL, &run));
    check_wave(&run, 0, 0.8, 0.0);
    check_wave(&run, 1, 0.5 * (0.64 + 0.512), 0.0); /* between two steps */
    check_wave(&run, 2, pow(0.8, 5.0), 0.0);
    run_free(&run);
}

static void a_level_of_second_order_follows_yule_and_walker(void **state)
{
    (void)state;
    const double r1 = 0.9, r2 = 0.75;
    const double phase[] = {acos(r2), acos(r1), 0.0};
    struct run run = turning(3, phase);
    run.leads_s[0] = 300.0, run.leads_s[1] = 600.0, run.leads_s[2] = 900.0;
    assert_ok(run_call(NULL, &run));
    /* [1 r1; r1 1] phi = (r1, r2), solved by Cramer's rule; states are cos x and r1 cos x - sqrt(1 - r1^2) sin x */
    const double phi1 = (r1 - r1 * r2) / (1.0 - r1 * r1), phi2 = (r2 - r1 * r1) / (1.0 - r1 * r1);
    double c[5] = {r1, 1.0}, s[5] = {-sqrt(1.0 - r1 * r1), 0.0};
    for (int n = 2; n < 5; n++) c[n] = phi1 * c[n - 1] + phi2 * c[n - 2], s[n] = phi1 * s[n - 1] + phi2 * s[n - 2];
    for (int n = 0; n < 3; n++) check_wave(&run, n, c[n + 2], s[n + 2]);
    run_free(&run);
}

static void rain_that_only_moves_is_forecast_as_it_moves(void **state)
{
    (void)state;
    for (int32_t n_frames = 2; n_frames <= 4; n_frames++) {
        for (int32_t match = 0; match < 2; match++) {
            struct run run = moving(120, 160, n_frames);
            run.options.match = match;
            assert_ok(run_call(NULL, &run));
            int64_t wrong = 0, compared = 0;
            for (int64_t j = 0; j < run.ny; j++) {
                for (int64_t i = 60; i < run.nx; i++) {
                    const double truth = (double)showers((double)j, (double)i + 60.0 - 3.0 * (n_frames - 1) - 6.0);
                    const double found = (double)run.forecast[j * run.nx + i];
                    assert_false(isnan(found));
                    if (truth <= 0.5) continue;
                    compared++;
                    wrong += fabs(found - truth) > 0.1 * truth + 0.1;
                }
            }
            assert_true(compared > 3000);
            assert_true(wrong < compared / 20); /* beside what came in over the edge */
            run_free(&run);
        }
    }
}

static void matched_values_are_those_of_the_newest_frame(void **state)
{
    (void)state;
    struct run run = run_of(90, 120, 3, 0.0f);
    for (int64_t i = 0; i < 3 * run.n; i++)
        run.frames[i] = showers((double)(i % run.n / run.nx), (double)(i % run.nx)) * (0.3f + noise((uint32_t)i));
    run.leads_s[2] = 3600.0;
    assert_ok(run_call(NULL, &run));
    float *const newest = run.frames + 2 * run.n, *const found = run.forecast + 2 * run.n;
    for (int64_t i = 0; i < run.n; i++) newest[i] = newest[i] < 0.1f ? 0.0f : newest[i];
    qsort(newest, (size_t)run.n, sizeof *newest, ascending);
    qsort(found, (size_t)run.n, sizeof *found, ascending);
    int64_t wet = 0, wet_found = 0;
    for (int64_t i = 0; i < run.n; i++) wet += newest[i] > 0.0f, wet_found += found[i] > 0.0f;
    assert_near((double)wet_found, (double)wet, 0.02 * (double)wet);
    for (int64_t i = run.n - wet + wet / 10; i < run.n; i += 50)
        assert_near(found[i], newest[i], 0.03 * (double)newest[i]);
    run_free(&run);
}

/* ---- hard input ---- */

static void hard_input_has_an_answer(void **state)
{
    (void)state;
    for (int wet = -1; wet < 3; wet++) { /* no rain, or only in one of the frames */
        struct run run = moving(50, 80, 3);
        for (int32_t k = 0; k < 3; k++)
            if (k != wet) memset(run.frames + k * run.n, 0, (size_t)run.n * sizeof(float));
        assert_ok(run_call(NULL, &run));
        double sum = 0.0;
        for (int64_t i = 0; i < LEADS * run.n; i++) {
            if (isnan(run.forecast[i])) continue;
            assert_true(run.forecast[i] >= 0.0f && run.forecast[i] < 100.0f);
            sum += (double)run.forecast[i];
        }
        if (wet < 2)
            assert_true(sum == 0.0);
        else
            assert_true(sum > 100.0);
        run_free(&run);
    }
    const int64_t sizes[][2] = {{1, 1}, {1, 90}, {70, 1}, {3, 2}};
    for (int s = 0; s < 4; s++) {
        struct run run = run_of(sizes[s][0], sizes[s][1], 3, 0.0f);
        for (int64_t i = 0; i < 3 * run.n; i++) run.frames[i] = 0.5f + 5.0f * noise((uint32_t)(i % run.n));
        assert_ok(run_call(NULL, &run));
        for (int64_t i = 0; i < run.n; i++) assert_true(run.forecast[i] > 0.4f && run.forecast[i] < 5.7f);
        run_free(&run);
    }
    struct run single = run_of(41, 61, 3, 10.0f);
    for (int32_t k = 0; k < 3; k++) single.frames[k * single.n + 20 * 61 + 20 + 3 * k] = 8.0f;
    assert_ok(run_call(NULL, &single));
    assert_near(single.forecast[20 * 61 + 20 + 6 + 6], 8.0, 0.3);
    run_free(&single);
    struct run edges = moving(60, 90, 3), unknown = run_of(20, 30, 3, 3.0f);
    for (int64_t i = 0; i < 3 * edges.n; i++)
        if (i % edges.n < 20 * edges.nx) edges.frames[i] = NAN;
    assert_ok(run_call(NULL, &edges));
    for (int64_t i = 0; i < edges.n; i++)
        if (i % edges.nx > 10) assert_true(isnan(edges.forecast[i]) == (i < 20 * edges.nx));
    for (int64_t i = 0; i < 3 * unknown.n; i++) unknown.frames[i] = NAN;
    assert_ok(run_call(NULL, &unknown));
    for (int64_t i = 0; i < LEADS * unknown.n; i++) assert_true(isnan(unknown.forecast[i]));
    run_free(&edges), run_free(&unknown);
}

static void threads_allocations_and_leads_change_no_bit(void **state)
{
    (void)state;
    struct run run = moving(70, 110, 3);
    float *const one = cells(LEADS * run.n);
    nwc_ctx *ctx = context_with_threads(1);
    assert_ok(run_call(ctx, &run));
    nwc_ctx_destroy(ctx);
    memcpy(one, run.forecast, (size_t)(LEADS * run.n) * sizeof *one);
    for (int32_t threads = 2; threads <= 7; threads += threads == 3 ? 4 : 1) {
        memset(run.forecast, 0, (size_t)(LEADS * run.n) * sizeof *one);
        ctx = context_with_threads(threads);
        assert_ok(run_call(ctx, &run));
        nwc_ctx_destroy(ctx);
        assert_true(same_bits(one, run.forecast, LEADS * run.n));
    }
    assert_true(check_every_allocation_failure(run_call, &run) > 10);
    run.n_leads = 1, run.leads_s[0] = run.leads_s[1];
    assert_ok(run_call(NULL, &run));
    assert_true(same_bits(run.forecast, one + run.n, run.n));
    free(one);
    run_free(&run);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    struct run run = moving(20, 30, 3);
    run.options.levels = 2;
    assert_fails(NWC_ERR_ARG, "levels: 3 to 16 expected, 2 given", run_call(NULL, &run));
    run.options.levels = 6, run.options.order = 3;
    assert_fails(NWC_ERR_ARG, "order: 1 or 2 expected, 3 given", run_call(NULL, &run));
    run.options.order = 2, run.options.threshold = 0.0;
    assert_fails(NWC_ERR_ARG, "threshold: above 0 expected, 0 given", run_call(NULL, &run));
    run.options.threshold = 0.1, run.options.match = 2;
    assert_fails(NWC_ERR_ARG, "match: 0 or 1 expected, 2 given", run_call(NULL, &run));
    run.options.match = 1, run.frames[4] = -1.0f;
    assert_fails(NWC_ERR_ARG, "frames: values of 0 or more expected", (run.n_frames = 1, run_call(NULL, &run)));
    run.frames[4] = 0.0f;
    assert_fails(NWC_ERR_NODATA, "frames: 2 expected", run_call(NULL, &run));
    run.n_frames = 3, run.leads_s[0] = -1.0;
    assert_fails(NWC_ERR_ARG, "leads_s: 0 to 86400 s expected, -1 given", run_call(NULL, &run));
    nwc_sprog_options_init(NULL);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_one_give_the_field_back),
        cmocka_unit_test(levels_share_each_wave_number),
        cmocka_unit_test(products_are_variances_and_covariances),
        cmocka_unit_test(a_level_of_first_order_decays_by_its_correlation),
        cmocka_unit_test(a_level_of_second_order_follows_yule_and_walker),
        cmocka_unit_test(rain_that_only_moves_is_forecast_as_it_moves),
        cmocka_unit_test(matched_values_are_those_of_the_newest_frame),
        cmocka_unit_test(hard_input_has_an_answer),
        cmocka_unit_test(threads_allocations_and_leads_change_no_bit),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

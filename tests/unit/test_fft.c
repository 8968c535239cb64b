/* fft: against the sum that defines it, back and forth, and by several threads at once. */
#include "support/support.h"

#include "core/fft.h"

static const int64_t shape[][2] = {{1, 2},  {1, 30}, {2, 2},  {6, 8},   {5, 12},
                                   {9, 10}, {16, 2}, {7, 14}, {13, 22}, {40, 36}};
enum { SHAPES = sizeof shape / sizeof shape[0] };

static float noise(int64_t k)
{
    return (float)((double)((uint64_t)(k + 1) * 0x9E3779B97F4A7C15ULL >> 40) * 0x1p-24 - 0.5);
}

struct arrays {
    nwc__fft *fft;
    float *real, *spectrum, *work;
};

static struct arrays prepare(nwc_ctx *ctx, int64_t ny, int64_t nx)
{
    struct arrays a;
    assert_ok(nwc__fft_create(ctx, ny, nx, &a.fft));
    a.real = nwc__alloc(ctx, ny * nx, sizeof(float));
    a.spectrum = nwc__alloc(ctx, nwc__fft_spectrum_size(a.fft), sizeof(float));
    a.work = nwc__alloc(ctx, nwc__fft_work_size(a.fft), sizeof(float));
    for (int64_t k = 0; k < ny * nx; k++) a.real[k] = noise(k);
    return a;
}

static void release(nwc_ctx *ctx, struct arrays a)
{
    nwc__free(ctx, a.work);
    nwc__free(ctx, a.spectrum);
    nwc__free(ctx, a.real);
    nwc__fft_destroy(ctx, a.fft);
}

static void forward_is_the_sum_that_defines_it(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    for (int s = 0; s < SHAPES; s++) {
        const int64_t ny = shape[s][0], nx = shape[s][1], width = nx / 2 + 1;
        const struct arrays a = prepare(ctx, ny, nx);
        nwc__fft_forward(a.fft, a.real, a.spectrum, a.work);
        assert_int_equal(nwc__fft_spectrum_size(a.fft), 2 * ny * width);
        for (int64_t ky = 0; ky < ny; ky++)
            for (int64_t kx = 0; kx < width; kx++) {
                double re = 0.0, im = 0.0;
                for (int64_t j = 0; j < ny; j++)
                    for (int64_t i = 0; i < nx; i++) {
                        const double angle =
                            -2.0 * acos(-1.0) * ((double)(ky * j) / (double)ny + (double)(kx * i) / (double)nx);
                        re += noise(j * nx + i) * cos(angle), im += noise(j * nx + i) * sin(angle);
                    }
                assert_near(a.spectrum[2 * (ky * width + kx)], re, 3e-7 * (double)(ny * nx));
                assert_near(a.spectrum[2 * (ky * width + kx) + 1], im, 3e-7 * (double)(ny * nx));
            }
        for (int64_t k = 0; k < ny * nx; k++) assert_near(a.real[k], noise(k), 0.0); /* the input stays */
        release(ctx, a);
    }
    nwc_ctx_destroy(ctx);
}

static void back_and_forth_multiplies_by_the_number_of_cells(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    for (int s = 0; s < SHAPES; s++) {
        const int64_t ny = shape[s][0], nx = shape[s][1];
        const struct arrays a = prepare(ctx, ny, nx);
        nwc__fft_forward(a.fft, a.real, a.spectrum, a.work);
        memset(a.real, 0, (size_t)(ny * nx) * sizeof(float));
        nwc__fft_inverse(a.fft, a.spectrum, a.real, a.work);
        for (int64_t k = 0; k < ny * nx; k++) assert_near(a.real[k] / (float)(ny * nx), noise(k), 1e-6);
        release(ctx, a);
    }
    nwc_ctx_destroy(ctx);
}

static void energy_is_kept(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    const int64_t ny = 750, nx = 1250, width = nx / 2 + 1;
    const struct arrays a = prepare(ctx, ny, nx);
    nwc__fft_forward(a.fft, a.real, a.spectrum, a.work);
    double before = 0.0, after = 0.0;
    for (int64_t k = 0; k < ny * nx; k++) before += (double)a.real[k] * a.real[k];
    for (int64_t k = 0; k < ny * width; k++) {
        const double twice = k % width == 0 || k % width == nx / 2 ? 1.0 : 2.0; /* the half that is not stored */
        after += twice * ((double)a.spectrum[2 * k] * a.spectrum[2 * k] +
                          (double)a.spectrum[2 * k + 1] * a.spectrum[2 * k + 1]);
    }
    assert_near(after / (double)(ny * nx) / before, 1.0, 1e-6);
    release(ctx, a);
    nwc_ctx_destroy(ctx);
}

static void a_wave_is_one_coefficient(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    const int64_t ny = 30, nx = 40, width = nx / 2 + 1;
    const struct arrays a = prepare(ctx, ny, nx);
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++)
            a.real[j * nx + i] = (float)cos(2.0 * acos(-1.0) * (3.0 * (double)i / 40.0 - 2.0 * (double)j / 30.0) + 0.5);
    nwc__fft_forward(a.fft, a.real, a.spectrum, a.work);
    for (int64_t k = 0; k < ny * width; k++) {
        const bool wave = k == (ny - 2) * width + 3;
        assert_near(a.spectrum[2 * k], wave ? 600.0 * cos(0.5) : 0.0, 1e-3);
        assert_near(a.spectrum[2 * k + 1], wave ? 600.0 * sin(0.5) : 0.0, 1e-3);
    }
    release(ctx, a);
    nwc_ctx_destroy(ctx);
}

struct several {
    const nwc__fft *fft;
    float *real[12], *spectrum[12], *work[12];
};

static nwc_status transform_one(int64_t tile, void *user)
{
    const struct several *const several = user;
    nwc__fft_forward(several->fft, several->real[tile], several->spectrum[tile], several->work[tile]);
    nwc__fft_inverse(several->fft, several->spectrum[tile], several->real[tile], several->work[tile]);
    return NWC_OK;
}

static void one_plan_serves_several_threads(void **state)
{
    (void)state;
    const int64_t ny = 48, nx = 50;
    for (int32_t threads = 1; threads <= 7; threads += 3) {
        nwc_ctx *const ctx = context_with_threads(threads);
        const struct arrays a = prepare(ctx, ny, nx);
        struct several several = {.fft = a.fft};
        for (int t = 0; t < 12; t++) {
            several.real[t] = nwc__alloc(ctx, ny * nx, sizeof(float));
            several.spectrum[t] = nwc__alloc(ctx, nwc__fft_spectrum_size(a.fft), sizeof(float));
            several.work[t] = nwc__alloc(ctx, nwc__fft_work_size(a.fft), sizeof(float));
            memcpy(several.real[t], a.real, (size_t)(ny * nx) * sizeof(float));
        }
        assert_ok(nwc__for_each_tile(ctx, NULL, 12, transform_one, &several));
        nwc__fft_forward(a.fft, a.real, a.spectrum, a.work);
        nwc__fft_inverse(a.fft, a.spectrum, a.real, a.work);
        for (int t = 0; t < 12; t++) {
            assert_memory_equal(several.real[t], a.real, (size_t)(ny * nx) * sizeof(float));
            nwc__free(ctx, several.real[t]);
            nwc__free(ctx, several.spectrum[t]);
            nwc__free(ctx, several.work[t]);
        }
        release(ctx, a);
        nwc_ctx_destroy(ctx);
    }
}

static void good_sizes_are_even_and_have_small_factors(void **state)
{
    (void)state;
    static const int64_t known[][2] = {{1, 2},       {2, 2},       {3, 4},      {7, 8},     {11, 12},
                                       {13, 16},     {226, 240},   {613, 640},  {760, 768}, {1226, 1250},
                                       {1250, 1250}, {3500, 3600}, {7000, 7200}};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        assert_int_equal(nwc__fft_good_size(known[k][0]), known[k][1]);
}

static void fast_sizes_have_the_greatest_power_of_two_near_by(void **state)
{
    (void)state;
    static const int64_t known[][2] = {{1, 2}, {13, 16}, {86, 90}, {129, 144}, {246, 256}, {270, 288}, {505, 512}};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        assert_int_equal(nwc__fft_fast_size(known[k][0]), known[k][1]);
}

static void a_complex_line_is_the_sum_that_defines_it_and_goes_back(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 7, 12, 45, 96};
    nwc_ctx *const ctx = context_with_threads(1);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t n = sizes[s];
        nwc__fft_line *line;
        assert_ok(nwc__fft_line_create(ctx, n, &line));
        float *const from = nwc__alloc(ctx, 2 * n, sizeof *from), *const to = nwc__alloc(ctx, 2 * n, sizeof *to);
        for (int64_t k = 0; k < 2 * n; k++) from[k] = noise(k);
        nwc__fft_line_forward(line, from, to);
        for (int64_t k = 0; k < n; k++) {
            double re = 0.0, im = 0.0;
            for (int64_t i = 0; i < n; i++) {
                const double angle = -2.0 * acos(-1.0) * (double)(k * i % n) / (double)n;
                re += noise(2 * i) * cos(angle) - noise(2 * i + 1) * sin(angle);
                im += noise(2 * i) * sin(angle) + noise(2 * i + 1) * cos(angle);
            }
            assert_near(to[2 * k], re, 3e-7 * (double)n);
            assert_near(to[2 * k + 1], im, 3e-7 * (double)n);
        }
        for (int64_t k = 0; k < 2 * n; k++) assert_near(from[k], noise(k), 0.0); /* the input stays */
        nwc__fft_line_inverse(line, to, from);
        for (int64_t k = 0; k < 2 * n; k++) assert_near(from[k] / (float)n, noise(k), 3e-7);
        nwc__free(ctx, to);
        nwc__free(ctx, from);
        nwc__fft_line_destroy(ctx, line);
    }
    nwc_ctx_destroy(ctx);
}

static void sizes_it_cannot_do_are_refused(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    nwc__fft *fft;
    assert_fails(NWC_ERR_ARG, "even number of columns", nwc__fft_create(ctx, 4, 5, &fft));
    assert_fails(NWC_ERR_ARG, "4 x 0", nwc__fft_create(ctx, 4, 0, &fft));
    assert_fails(NWC_ERR_ARG, "even", nwc__fft_create(ctx, 0, 4, &fft));
    assert_fails(NWC_ERR_ARG, "at most", nwc__fft_create(ctx, INT64_C(1) << 31, 4, &fft));
    assert_null(fft);
    nwc__fft_destroy(ctx, NULL);
    nwc__fft_line *line;
    assert_fails(NWC_ERR_ARG, "1 to", nwc__fft_line_create(ctx, 0, &line));
    assert_null(line);
    nwc__fft_line_destroy(ctx, NULL);
    nwc_ctx_destroy(ctx);
}

static nwc_status make_one(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc__fft *fft;
    const nwc_status status = nwc__fft_create(ctx, 6, 10, &fft);
    nwc__fft_destroy(ctx, fft);
    return status;
}

static nwc_status make_line(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc__fft_line *line;
    const nwc_status status = nwc__fft_line_create(ctx, 10, &line);
    nwc__fft_line_destroy(ctx, line);
    return status;
}

static void memory_that_runs_out_leaks_nothing(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(make_one, NULL) >= 3);
    assert_true(check_every_allocation_failure(make_line, NULL) >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_is_the_sum_that_defines_it),
        cmocka_unit_test(back_and_forth_multiplies_by_the_number_of_cells),
        cmocka_unit_test(energy_is_kept),
        cmocka_unit_test(a_wave_is_one_coefficient),
        cmocka_unit_test(one_plan_serves_several_threads),
        cmocka_unit_test(good_sizes_are_even_and_have_small_factors),
        cmocka_unit_test(fast_sizes_have_the_greatest_power_of_two_near_by),
        cmocka_unit_test(a_complex_line_is_the_sum_that_defines_it_and_goes_back),
        cmocka_unit_test(sizes_it_cannot_do_are_refused),
        cmocka_unit_test(memory_that_runs_out_leaks_nothing),
    };
    return cmocka_run_group_tests_name("fft", tests, NULL, NULL);
}

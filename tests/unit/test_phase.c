/* Differential phase, on rays whose phase is known. */
#include "radar/kdp_variational.h"
#include "support/support.h"

enum { RAYS = 40, GATES = 400, MOST = RAYS * GATES };

#define GATE_M 250.0
#define LOST_DB 0.28F /* for each degree, at 9.4 GHz */

/* A sweep of rain from gate 20 to gate 380: the same steps of KDP along each ray. */
struct made {
    float phase[MOST], rhohv[MOST], dbz[MOST];
    float kdp[GATES], truth[GATES];
};

static struct made made;
static double hertz = 9.4e9;

static double noise(int64_t *state)
{
    double sum = -6.0; /* of twelve uniform ones: nearly normal, of variance 1 */
    for (int k = 0; k < 12; k++) {
        *state = (*state * 1103515245 + 12345) & 0x7fffffff;
        sum += (double)*state / 2147483648.0;
    }
    return sum;
}

static bool is_rain(int g)
{
    return g >= 20 && g < 380;
}

static void make_rays(double offset, double period, double scatter_deg)
{
    int64_t state = 1;
    double phase = 0.0;
    for (int g = 0; g < GATES; g++) {
        made.kdp[g] = g >= 100 && g < 160 ? 1.5F : g >= 220 && g < 244 ? 6.0F : is_rain(g) ? 0.1F : 0.0F;
        phase += 2e-3 * GATE_M * (double)made.kdp[g];
        made.truth[g] = (float)(phase - 1e-3 * GATE_M * (double)made.kdp[g]);
    }
    for (int r = 0; r < RAYS; r++)
        for (int g = 0; g < GATES; g++) {
            const int64_t i = r * GATES + g;
            const double measured = offset + (double)made.truth[g] + scatter_deg * noise(&state);
            const double wild = 0.5 * period * noise(&state);
            const double value = is_rain(g) ? measured : wild;
            made.phase[i] = (float)(value - period * floor(value / period));
            made.rhohv[i] = is_rain(g) ? 0.98F : 0.95F; /* texture alone is to tell */
            made.dbz[i] = !is_rain(g) ? 0.0F : made.kdp[g] > 5.0F ? 53.0F : made.kdp[g] > 1.0F ? 44.0F : 25.0F;
            made.dbz[i] -= LOST_DB * made.truth[g];
        }
}

static nwc_status add(nwc_volume *volume, const char *name, float *cells, int64_t rays, int64_t gates)
{
    return add_moment(volume, name, field_2d(cells, rays, gates, NULL, NULL), 2125.0, GATE_M);
}

static nwc_status volume_of(nwc_ctx *ctx, int64_t rays, int64_t gates, nwc_volume **volume)
{
    int64_t time[RAYS] = {0};
    float azimuth[RAYS], elevation[RAYS] = {0};
    for (int r = 0; r < RAYS; r++) azimuth[r] = (float)(9 * r);
    const nwc_volume_facts facts = {.frequency_hz = hertz};
    const nwc_sweep sweep = {.n_rays = rays, .time_ns = time, .azimuth_deg = azimuth, .elevation_deg = elevation};
    nwc_status status = nwc_volume_create(ctx, &facts, volume);
    if (status != NWC_OK) return status;
    status = nwc_volume_add_sweep(*volume, &sweep);
    if (status == NWC_OK && gates) status = add(*volume, "PHIDP", made.phase, rays, gates);
    if (status == NWC_OK && gates) status = add(*volume, "RHOHV", made.rhohv, rays, gates);
    if (status == NWC_OK && gates) status = add(*volume, "DBZH", made.dbz, rays, gates);
    if (status != NWC_OK) nwc_volume_destroy(*volume);
    return status;
}

static nwc_phase_options with_method(int32_t method)
{
    nwc_phase_options options;
    nwc_phase_options_init(&options);
    options.method = method;
    return options;
}

static nwc_moment found(const nwc_volume *volume, const char *name)
{
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, 0, name, &moment));
    return moment;
}

/* Root mean square of KDP less the truth, over the rain, where the window of its echo does not reach a step. */
static double kdp_error(const nwc_volume *volume)
{
    const nwc_moment kdp = found(volume, "KDP");
    double sum = 0.0, n = 0.0;
    for (int r = 0; r < RAYS; r++)
        for (int g = 41; g < 359; g++) {
            const int away = made.kdp[g] > 5.0F ? 7 : made.kdp[g] > 1.0F ? 11 : 21;
            bool flat = true;
            for (int k = -away; k <= away; k++) flat = flat && made.kdp[g + k] == made.kdp[g];
            const float value = kdp.field.data[r * GATES + g];
            if (!flat) continue;
            assert_false(isnan(value));
            sum += pow((double)(value - made.kdp[g]), 2.0), n += 1.0;
        }
    return sqrt(sum / n);
}

static void steps_of_kdp_are_found_in_noise(void **state)
{
    (void)state;
    const double scatter[] = {0.0, 3.0}, most[2][2] = {{0.002, 0.40}, {0.20, 0.25}};
    for (int32_t method = NWC_KDP_LEAST_SQUARES; method <= NWC_KDP_VARIATIONAL; method++)
        for (int k = 0; k < 2; k++) {
            make_rays(60.0, 360.0, scatter[k]);
            nwc_volume *volume;
            nwc_phase_facts facts;
            const nwc_phase_options options = with_method(method);
            assert_ok(volume_of(NULL, RAYS, GATES, &volume));
            assert_ok(nwc_phase_process(NULL, volume, &options, &facts));
            const double error = kdp_error(volume);
            if (error > most[method][k])
                fail_msg("method %d, scatter of %g: KDP wrong by %.3f deg/km (root mean square)", (int)method,
                         scatter[k], error);
            assert_int_equal(facts.rays, RAYS);
            assert_near(facts.offset_deg, 60.0, 0.8);
            assert_near(facts.period_deg, 360.0, 0.0);
            nwc_volume_destroy(volume);
        }
}

static void windows_are_those_of_the_band(void **state)
{
    (void)state;
    const double bands[] = {2.8e9, 5.6e9, 9.4e9, NAN};
    const double windows[][2] = {{6000.0, 15000.0}, {4500.0, 12500.0}, {3000.0, 10000.0}, {3000.0, 10000.0}};
    make_rays(60.0, 360.0, 3.0);
    for (int b = 0; b < 4; b++) {
        nwc_volume *by_default, *as_given;
        nwc_phase_options options = with_method(NWC_KDP_VARIATIONAL);
        hertz = bands[b];
        assert_ok(volume_of(NULL, RAYS, GATES, &by_default));
        assert_ok(volume_of(NULL, RAYS, GATES, &as_given));
        hertz = 9.4e9;
        assert_ok(nwc_phase_process(NULL, by_default, &options, NULL));
        options.short_window_m = windows[b][0], options.long_window_m = windows[b][1];
        assert_ok(nwc_phase_process(NULL, as_given, &options, NULL));
        assert_memory_equal(found(by_default, "KDP").field.data, found(as_given, "KDP").field.data,
                            MOST * sizeof(float));
        nwc_volume_destroy(by_default);
        nwc_volume_destroy(as_given);
    }
}

/* Without a band nothing is known to be lost, and windows are those of X band. */
static void echo_that_rain_has_weakened_has_the_windows_of_what_it_was(void **state)
{
    (void)state;
    for (int32_t method = NWC_KDP_LEAST_SQUARES; method <= NWC_KDP_VARIATIONAL; method++) {
        nwc_volume *whole, *weakened;
        const nwc_phase_options options = with_method(method);
        make_rays(60.0, 360.0, 0.0);
        assert_ok(volume_of(NULL, RAYS, GATES, &weakened));
        for (int64_t i = 0; i < MOST; i++) made.dbz[i] += LOST_DB * made.truth[i % GATES];
        hertz = (double)NAN;
        assert_ok(volume_of(NULL, RAYS, GATES, &whole));
        hertz = 9.4e9;
        assert_ok(nwc_phase_process(NULL, whole, &options, NULL));
        assert_ok(nwc_phase_process(NULL, weakened, &options, NULL));
        for (int g = 41; g < 359; g++)
            assert_near((double)found(weakened, "KDP").field.data[g], (double)found(whole, "KDP").field.data[g], 0.3);
        nwc_volume_destroy(weakened);
        nwc_volume_destroy(whole);
    }
}

static void phase_that_folds_comes_out_as_it_was(void **state)
{
    (void)state;
    const double periods[] = {360.0, 180.0}, offsets[] = {359.0, 178.5};
    for (int32_t method = NWC_KDP_LEAST_SQUARES; method <= NWC_KDP_VARIATIONAL; method++)
        for (int k = 0; k < 2; k++) {
            make_rays(offsets[k], periods[k], 2.0);
            nwc_volume *volume;
            nwc_phase_facts facts;
            const nwc_phase_options options = with_method(method);
            assert_ok(volume_of(NULL, RAYS, GATES, &volume));
            assert_ok(nwc_phase_process(NULL, volume, &options, &facts));
            assert_near(facts.period_deg, periods[k], 0.0);
            assert_near(remainder(facts.offset_deg - offsets[k], periods[k]), 0.0, 0.8);
            const nwc_moment phase = found(volume, "PHIDPC");
            double worst = 0.0;
            for (int r = 0; r < RAYS; r++)
                for (int g = 25; g < 375; g++)
                    worst = fmax(worst, fabs((double)(phase.field.data[r * GATES + g] - made.truth[g])));
            if (!(worst < 6.0))
                fail_msg("method %d, period %g: phase wrong by up to %.2f degrees", (int)method, periods[k], worst);
            nwc_volume_destroy(volume);
        }
}

static void gates_whose_phase_is_noise_have_no_kdp(void **state)
{
    (void)state;
    make_rays(60.0, 360.0, 3.0);
    nwc_volume *volume;
    assert_ok(volume_of(NULL, RAYS, GATES, &volume));
    assert_ok(nwc_phase_process(NULL, volume, NULL, NULL));
    const nwc_moment kdp = found(volume, "KDP"), phase = found(volume, "PHIDPC");
    int known = 0;
    for (int r = 0; r < RAYS; r++)
        for (int g = 0; g < GATES; g++) {
            const int64_t i = r * GATES + g;
            if (!is_rain(g)) known += !isnan(kdp.field.data[i]) || !isnan(phase.field.data[i]);
        }
    if (known > RAYS * 40 / 50) fail_msg("%d of %d gates of noise have KDP", known, RAYS * 40);
    nwc_volume_destroy(volume);
}

static void variational_kdp_is_never_negative_and_lines_keep_their_sign(void **state)
{
    (void)state;
    make_rays(60.0, 360.0, 4.0);
    for (int32_t method = NWC_KDP_LEAST_SQUARES; method <= NWC_KDP_VARIATIONAL; method++) {
        nwc_volume *volume;
        const nwc_phase_options options = with_method(method);
        assert_ok(volume_of(NULL, RAYS, GATES, &volume));
        assert_ok(nwc_phase_process(NULL, volume, &options, NULL));
        const nwc_moment kdp = found(volume, "KDP");
        float least = INFINITY;
        for (int64_t i = 0; i < MOST; i++) least = fminf(least, kdp.field.data[i]);
        if (method == NWC_KDP_VARIATIONAL)
            assert_true(least >= 0.0F);
        else
            assert_true(least < 0.0F);
        nwc_volume_destroy(volume);
    }
}

static void an_echo_narrower_than_half_its_window_has_a_phase_and_no_kdp(void **state)
{
    (void)state;
    make_rays(60.0, 360.0, 3.0);
    for (int64_t i = 0; i < MOST; i++) {
        const int64_t g = i % GATES;
        if (g < 100 || (g >= 110 && g < 200) || g >= 300) made.dbz[i] = NWC_NOTHING_DBZ;
        if (g >= 100) made.dbz[i] = fminf(made.dbz[i], 25.0F); /* windows of 40 gates */
    }
    for (int32_t method = NWC_KDP_LEAST_SQUARES; method <= NWC_KDP_VARIATIONAL; method++) {
        nwc_volume *volume;
        const nwc_phase_options options = with_method(method);
        assert_ok(volume_of(NULL, RAYS, GATES, &volume));
        assert_ok(nwc_phase_process(NULL, volume, &options, NULL));
        const nwc_moment kdp = found(volume, "KDP"), phase = found(volume, "PHIDPC");
        for (int r = 0; r < RAYS; r++)
            for (int g = 100; g < 290; g++) {
                const int64_t i = r * GATES + g;
                if (g < 110) assert_true(isnan(kdp.field.data[i]) && !isnan(phase.field.data[i]));
                if (g >= 205) assert_false(isnan(kdp.field.data[i]));
            }
        nwc_volume_destroy(volume);
    }
}

/* ---- the smooth phase that never falls ---- */

enum { SHORT = 60 };

static void without_smoothing_it_is_isotonic_regression(void **state)
{
    (void)state;
    float phase[SHORT], scale[SHORT], fitted[SHORT];
    double scratch[NWC__MONOTONE_SCRATCH * SHORT], block[SHORT], weight[SHORT];
    int64_t seed = 3;
    for (int i = 0; i < SHORT; i++) phase[i] = (float)(0.3 * i + 4.0 * noise(&seed)), scale[i] = 0.01F;
    assert_true(nwc__monotone_phase(SHORT, phase, scale, scratch, fitted) > 0);
    int blocks = 0; /* pool adjacent violators (Ayer et al. 1955) */
    for (int i = 0; i < SHORT; i++) {
        block[blocks] = (double)phase[i], weight[blocks] = 1.0;
        for (blocks++; blocks > 1 && block[blocks - 2] > block[blocks - 1]; blocks--) {
            const double w = weight[blocks - 2] + weight[blocks - 1];
            block[blocks - 2] = (block[blocks - 2] * weight[blocks - 2] + block[blocks - 1] * weight[blocks - 1]) / w;
            weight[blocks - 2] = w;
        }
    }
    for (int b = 0, i = 0; b < blocks; b++)
        for (int k = 0; k < (int)weight[b]; k++, i++) assert_near((double)fitted[i], block[b], 2e-3);
}

static void what_rises_evenly_is_left_as_it_is(void **state)
{
    (void)state;
    float phase[SHORT], scale[SHORT], fitted[SHORT];
    double scratch[NWC__MONOTONE_SCRATCH * SHORT];
    for (int i = 0; i < SHORT; i++) phase[i] = (float)(0.5 * i), scale[i] = 25.0F;
    assert_in_range(nwc__monotone_phase(SHORT, phase, scale, scratch, fitted), 1, 25);
    for (int i = 0; i < SHORT; i++) assert_near((double)fitted[i], (double)phase[i], 1e-3);
    for (int i = 10; i < 40; i++) phase[i] = NAN; /* and across a gap, but for the line that holds it lightly */
    nwc__monotone_phase(SHORT, phase, scale, scratch, fitted);
    for (int i = 0; i < SHORT; i++) assert_near((double)fitted[i], 0.5 * i, 0.3);
    assert_int_equal(nwc__monotone_phase(3, phase, scale, scratch, fitted), 0);
    assert_near((double)fitted[2], (double)(phase[0] + phase[1] + phase[2]) / 3.0, 1e-5);
}

/* Where it rises faster and faster KDP levels out at the ends, within a quarter of the window, and is the slope beyond. */
static void kdp_ends_level(void **state)
{
    (void)state;
    enum { LONG = 200 };
    static float phase[LONG], scale[LONG], fitted[LONG];
    static double scratch[NWC__MONOTONE_SCRATCH * LONG];
    for (int i = 0; i < LONG; i++) phase[i] = (float)(0.5 * i + 0.01 * i * i), scale[i] = 24.0F;
    nwc__monotone_phase(LONG, phase, scale, scratch, fitted);
    for (int i = 0; i < LONG; i++) assert_near((double)fitted[i], (double)phase[i], 0.2);
    for (int i = 24; i < LONG - 24; i++) assert_near((double)(fitted[i + 1] - fitted[i - 1]), 1.0 + 0.04 * i, 0.005);
    assert_near((double)(fitted[2] - 2.0F * fitted[1] + fitted[0]), 0.0, 0.004);
    assert_near((double)(fitted[LONG - 1] - 2.0F * fitted[LONG - 2] + fitted[LONG - 3]), 0.0, 0.004);
}

static void waves_pass_as_the_filter_says(void **state)
{
    (void)state;
    /* On a slope that keeps the constraint away, waves of half, once and twice the length of which half passes. */
    enum { LONG = 600 };
    static float phase[LONG], scale[LONG], fitted[LONG];
    static double scratch[NWC__MONOTONE_SCRATCH * LONG];
    const double lengths[] = {10.0, 20.0, 40.0};
    for (int k = 0; k < 3; k++) {
        const double wave = 2.0 * 3.14159265358979 / lengths[k], third = pow(2.0 * sin(0.5 * wave), 6.0);
        for (int i = 0; i < LONG; i++) phase[i] = (float)(2.0 * i + sin(wave * i)), scale[i] = 20.0F;
        nwc__monotone_phase(LONG, phase, scale, scratch, fitted);
        double passed = 0.0, all = 0.0;
        for (int i = 200; i < 400; i++) {
            passed += ((double)fitted[i] - 2.0 * i) * sin(wave * i), all += sin(wave * i) * sin(wave * i);
        }
        const double a = pow(20.0 / (2.0 * 3.14159265358979), 6.0);
        assert_near(passed / all, 1.0 / (1.0 + a * third), 2e-3);
    }
}

/* ---- contracts ---- */

static void kdp_of_a_file_stays_and_a_second_run_changes_nothing(void **state)
{
    (void)state;
    make_rays(60.0, 360.0, 3.0);
    static float own[MOST];
    for (int64_t i = 0; i < MOST; i++) own[i] = 7.5F;
    nwc_volume *volume;
    assert_ok(volume_of(NULL, RAYS, GATES, &volume));
    assert_ok(nwc_phase_process(NULL, volume, NULL, NULL));
    const nwc_moment first = found(volume, "KDP");
    static float before[MOST];
    memcpy(before, first.field.data, sizeof before);
    assert_ok(nwc_phase_process(NULL, volume, NULL, NULL));
    assert_memory_equal(found(volume, "KDP").field.data, before, sizeof before);
    nwc_volume_destroy(volume);
    assert_ok(volume_of(NULL, RAYS, GATES, &volume));
    assert_ok(add(volume, "KDP", own, RAYS, GATES));
    for (int run = 0; run < 2; run++) {
        assert_ok(nwc_phase_process(NULL, volume, NULL, NULL));
        assert_memory_equal(found(volume, "KDP").field.data, own, sizeof own);
        assert_memory_equal(found(volume, "KDPC").field.data, before, sizeof before);
    }
    nwc_volume_destroy(volume);
}

static void threads_and_instructions_do_not_change_the_answer(void **state)
{
    (void)state;
    make_rays(60.0, 360.0, 3.0);
    static float first[MOST];
    const int32_t threads[] = {1, 2, 3, 7};
    for (int32_t method = NWC_KDP_LEAST_SQUARES; method <= NWC_KDP_VARIATIONAL; method++)
        for (int k = 0; k < 4; k++) {
            nwc_ctx *const ctx = context_with_threads(threads[k]);
            nwc_volume *volume;
            const nwc_phase_options options = with_method(method);
            assert_ok(volume_of(ctx, RAYS, GATES, &volume));
            assert_ok(nwc_phase_process(ctx, volume, &options, NULL));
            if (k == 0) memcpy(first, found(volume, "KDP").field.data, sizeof first);
            assert_memory_equal(found(volume, "KDP").field.data, first, sizeof first);
            nwc_volume_destroy(volume);
            nwc_ctx_destroy(ctx);
        }
}

static void little_or_nothing_known_is_no_error(void **state)
{
    (void)state;
    const int64_t shapes[][2] = {{1, 1}, {1, GATES}, {RAYS, 1}, {RAYS, 3}};
    for (int32_t method = NWC_KDP_LEAST_SQUARES; method <= NWC_KDP_VARIATIONAL; method++) {
        const nwc_phase_options options = with_method(method);
        for (int k = 0; k < 4; k++) {
            make_rays(60.0, 360.0, 3.0);
            nwc_volume *volume;
            assert_ok(volume_of(NULL, shapes[k][0], shapes[k][1], &volume));
            assert_ok(nwc_phase_process(NULL, volume, &options, NULL));
            assert_int_equal(found(volume, "KDP").field.dim[1], shapes[k][1]);
            nwc_volume_destroy(volume);
        }
        for (int64_t i = 0; i < MOST; i++) made.phase[i] = NAN;
        nwc_volume *volume;
        nwc_phase_facts facts;
        assert_ok(volume_of(NULL, RAYS, GATES, &volume));
        assert_ok(nwc_phase_process(NULL, volume, &options, &facts));
        assert_true(isnan(facts.offset_deg) && facts.rays == 0);
        for (int64_t i = 0; i < MOST; i++) assert_true(isnan(found(volume, "KDP").field.data[i]));
        nwc_volume_destroy(volume);
    }
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    nwc_volume *volume;
    make_rays(60.0, 360.0, 3.0);
    assert_ok(volume_of(NULL, RAYS, 0, &volume));
    assert_fails(NWC_ERR_NODATA, "a sweep with PHIDP", nwc_phase_process(NULL, volume, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "volume", nwc_phase_process(NULL, NULL, NULL, NULL));
#define REFUSED(member, value)                                                                                         \
    do {                                                                                                               \
        nwc_phase_options options = with_method(0);                                                                    \
        options.member = (value);                                                                                      \
        assert_fails(NWC_ERR_ARG, #member ":", nwc_phase_process(NULL, volume, &options, NULL));                       \
    } while (0)
    REFUSED(method, 2);
    REFUSED(period_deg, 90.0);
    REFUSED(offset_deg, 400.0);
    REFUSED(offset_per_ray, 2);
    REFUSED(least_rhohv, 1.5);
    REFUSED(least_snr_db, 200.0);
    REFUSED(most_texture_deg, 0.0);
    REFUSED(short_window_m, 50.0);
    REFUSED(long_window_m, 1000.0);
    REFUSED(strong_dbz, NAN);
    REFUSED(weak_dbz, 60.0);
    nwc_volume_destroy(volume);
}

static nwc_status run_all(nwc_ctx *ctx, void *user)
{
    nwc_volume *volume;
    nwc_status status = volume_of(ctx, 8, 100, &volume);
    if (status != NWC_OK) return status;
    status = nwc_phase_process(ctx, volume, user, NULL);
    nwc_volume_destroy(volume);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    make_rays(60.0, 360.0, 3.0);
    nwc_phase_options options = with_method(NWC_KDP_VARIATIONAL);
    assert_true(check_every_allocation_failure(run_all, &options) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_kdp_are_found_in_noise),
        cmocka_unit_test(windows_are_those_of_the_band),
        cmocka_unit_test(echo_that_rain_has_weakened_has_the_windows_of_what_it_was),
        cmocka_unit_test(phase_that_folds_comes_out_as_it_was),
        cmocka_unit_test(gates_whose_phase_is_noise_have_no_kdp),
        cmocka_unit_test(variational_kdp_is_never_negative_and_lines_keep_their_sign),
        cmocka_unit_test(an_echo_narrower_than_half_its_window_has_a_phase_and_no_kdp),
        cmocka_unit_test(without_smoothing_it_is_isotonic_regression),
        cmocka_unit_test(what_rises_evenly_is_left_as_it_is),
        cmocka_unit_test(kdp_ends_level),
        cmocka_unit_test(waves_pass_as_the_filter_says),
        cmocka_unit_test(kdp_of_a_file_stays_and_a_second_run_changes_nothing),
        cmocka_unit_test(threads_and_instructions_do_not_change_the_answer),
        cmocka_unit_test(little_or_nothing_known_is_no_error),
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* forecast: composites whose areas are renewed at known times, and forecasts of what they will show. */
#include "support/made_rain.h"

enum { MOST_FRAMES = 20, MOST_LEADS = 12, AREAS = 3 };

/* A composite of AREAS areas side by side: new numbers in each at last_s + k period_s; period_s 0 at every frame. */
struct composite {
    nwc_grid grid;
    int64_t ny, nx;
    int32_t n_frames, n_leads;
    double period_s[AREAS], last_s[AREAS]; /* the last renewal, at or before time 0 */
    double leads_s[MOST_LEADS];
    int64_t times_ns[MOST_FRAMES];
    float *cells, *delay; /* (frame, y, x), (lead, y, x) */
    double carried;
};

static void fill(struct composite *c)
{
    for (int32_t k = 0; k < c->n_frames; k++) {
        const double t_s = 1e-9 * (double)(c->times_ns[k] - c->times_ns[c->n_frames - 1]);
        for (int64_t j = 0; j < c->ny; j++) {
            for (int64_t i = 0; i < c->nx; i++) {
                const int64_t area = i * AREAS / c->nx;
                const double p = c->period_s[area];
                const int32_t scan = p > 0.0 ? (int32_t)floor((t_s - c->last_s[area]) / p) : k;
                c->cells[(k * c->ny + j) * c->nx + i] =
                    10.0f * noise((uint32_t)((j * c->nx + i) * 64 + scan + MOST_FRAMES));
            }
        }
    }
}

/* Frames every two minutes, lead times of 2, 4, ... minutes. */
static struct composite composite_of(int64_t ny, int64_t nx, int32_t n_frames, const double period_s[AREAS],
                                     const double last_s[AREAS])
{
    struct composite c = {.ny = ny, .nx = nx, .n_frames = n_frames, .n_leads = MOST_LEADS, .carried = -1.0};
    c.grid = rain_grid(ny, nx);
    memcpy(c.period_s, period_s, sizeof c.period_s);
    memcpy(c.last_s, last_s, sizeof c.last_s);
    for (int32_t k = 0; k < n_frames; k++) c.times_ns[k] = 1560124800000000000 + 120000000000 * k;
    for (int32_t n = 0; n < MOST_LEADS; n++) c.leads_s[n] = 120.0 * (n + 1);
    c.cells = cells(n_frames * ny * nx), c.delay = cells(MOST_LEADS * ny * nx);
    fill(&c);
    return c;
}

static void composite_free(struct composite *c)
{
    free(c->cells), free(c->delay);
}

static nwc_field delay_field(struct composite *c)
{
    return (nwc_field){.data = c->delay,
                       .ndim = 3,
                       .dim = {c->n_leads, c->ny, c->nx},
                       .stride = {c->ny * c->nx, c->nx, 1},
                       .missing = NAN};
}

static nwc_status call(nwc_ctx *ctx, void *user)
{
    struct composite *const c = user;
    nwc_field frames[MOST_FRAMES], delay = delay_field(c);
    for (int32_t k = 0; k < c->n_frames; k++)
        frames[k] = field_2d(c->cells + k * c->ny * c->nx, c->ny, c->nx, "mm h-1", &c->grid);
    return nwc_forecast_delay(ctx, frames, c->times_ns, c->n_frames, c->leads_s, c->n_leads, &delay, &c->carried);
}

/* The delay in the middle of an area. */
static double found(const struct composite *c, int32_t lead, int32_t area)
{
    return (double)c->delay[(lead * c->ny + c->ny / 2) * c->nx + (2 * area + 1) * c->nx / (2 * AREAS)];
}

/* The lead time less the time by which an area that is renewed like this will have moved. */
static double truth(const struct composite *c, int32_t lead, int32_t area)
{
    const double p = c->period_s[area], lead_s = c->leads_s[lead];
    return p > 0.0 ? lead_s - p * floor((lead_s - c->last_s[area]) / p) : 0.0;
}

static bool all_zero(const struct composite *c)
{
    for (int64_t n = 0; n < c->n_leads * c->ny * c->nx; n++)
        if (c->delay[n] != 0.0f) return false;
    return true;
}

static const double every[AREAS] = {0.0, 0.0, 0.0}, now[AREAS] = {0.0, 0.0, 0.0};
static const double mixed[AREAS] = {0.0, 360.0, 600.0}, ages[AREAS] = {0.0, -130.0, -370.0};

static void areas_stay_behind_by_what_their_period_and_phase_say(void **state)
{
    (void)state;
    static const int64_t sides[] = {90, 300}; /* nodes on every cell, and on every fourth */
    for (int s = 0; s < 2; s++) {
        struct composite c = composite_of(sides[s], sides[s], 14, mixed, ages);
        assert_ok(call(NULL, &c));
        for (int32_t lead = 0; lead < 10; lead++) {
            assert_near(found(&c, lead, 0), 0.0, 0.0);
            assert_near(found(&c, lead, 2), truth(&c, lead, 2), 1e-3);
        }
        /* Thirteen steps leave 5.5 and 6 minutes open: right but for the lead times that fall between their scans. */
        for (int32_t lead = 0; lead < 6; lead++) assert_near(found(&c, lead, 1), truth(&c, lead, 1), 61.0);
        assert_near(c.carried, 1.0 / 3.0 * (2.0 / 3.0 + 4.0 / 5.0), 0.05);
        composite_free(&c);
    }
}

static void an_old_area_moves_ahead_of_the_lead_time(void **state)
{
    (void)state;
    static const double last_s[AREAS] = {-590.0, -590.0, 0.0}, slow[AREAS] = {600.0, 600.0, 0.0};
    struct composite c = composite_of(60, 60, 10, slow, last_s);
    assert_ok(call(NULL, &c));
    assert_near(found(&c, 0, 0), 120.0 - 600.0, 1e-3); /* renewed within two minutes: then ten minutes newer */
    assert_near(found(&c, 4, 0), 600.0 - 600.0, 1e-3);
    assert_near(found(&c, 3, 2), 0.0, 0.0);
    composite_free(&c);
}

static void steps_may_differ(void **state)
{
    (void)state;
    static const int64_t seconds[] = {0, 120, 360, 420, 600, 660, 900, 1020, 1140, 1200, 1380, 1500, 1560};
    struct composite c = composite_of(60, 90, 13, mixed, ages);
    for (int32_t k = 0; k < c.n_frames; k++) c.times_ns[k] = 1000000000 * seconds[k];
    fill(&c);
    assert_ok(call(NULL, &c));
    for (int32_t lead = 0; lead < 10; lead++) {
        assert_near(found(&c, lead, 0), 0.0, 0.0);
        assert_near(found(&c, lead, 2), truth(&c, lead, 2), 1e-3);
    }
    composite_free(&c);
}

static void a_network_is_told_from_radars_with_clocks_of_their_own(void **state)
{
    (void)state;
    /* Four steps, renewed in the third: six minutes or ten? Areas in all three phases of six, or all in this one. */
    static const double six[AREAS] = {360.0, 360.0, 360.0}, apart[AREAS] = {-10.0, -130.0, -250.0};
    static const double ten[AREAS] = {600.0, 600.0, 600.0}, same[AREAS] = {-130.0, -130.0, -130.0};
    struct composite c = composite_of(60, 90, 5, six, apart), together = composite_of(60, 90, 5, ten, same);
    assert_ok(call(NULL, &c));
    assert_ok(call(NULL, &together));
    assert_true(found(&c, 2, 1) < 90.0); /* six minutes ahead it will have been renewed */
    assert_near(found(&together, 2, 1), 360.0, 1e-3);
    composite_free(&c), composite_free(&together);
}

static void what_is_renewed_in_every_frame_has_no_delay(void **state)
{
    (void)state;
    struct composite c = composite_of(70, 80, 6, every, now);
    assert_ok(call(NULL, &c));
    assert_true(all_zero(&c));
    assert_near(c.carried, 0.0, 0.0);
    composite_free(&c);
}

static void flat_and_unknown_cells_tell_nothing(void **state)
{
    (void)state;
    struct composite c = composite_of(70, 80, 6, every, now);
    for (int64_t k = 0; k < c.n_frames; k++) {
        for (int64_t n = 0; n < c.ny * c.nx; n++) {
            const int64_t j = n / c.nx, i = n % c.nx;
            float *const cell = &c.cells[k * c.ny * c.nx + n];
            if (i < 20) *cell = 0.0f;
            if (i >= 20 && i < 40) *cell = noise((uint32_t)(j / 2 * 100 + i / 2)); /* in blocks of two by two */
            if (i >= 40 && i < 60) *cell = NAN;
        }
    }
    assert_ok(call(NULL, &c));
    assert_true(all_zero(&c));
    assert_near(c.carried, 0.0, 0.01);
    for (int64_t n = 0; n < c.n_frames * c.ny * c.nx; n++) c.cells[n] = NAN;
    assert_ok(call(NULL, &c));
    assert_true(all_zero(&c) && c.carried == 0.0);
    composite_free(&c);
}

static void a_few_cells_alike_by_chance_are_no_area(void **state)
{
    (void)state;
    struct composite c = composite_of(70, 80, 6, every, now);
    for (int64_t k = 0; k < c.n_frames; k++) {
        for (int64_t n = 0; n < c.ny * c.nx; n++) {
            const int64_t j = n / c.nx, i = n % c.nx;
            float *const cell = &c.cells[k * c.ny * c.nx + n];
            if (i < 40)
                *cell = j % 6 == 3 && i % 6 == 3 ? 5.0f : 0.0f; /* single cells that never change */
            else if (noise((uint32_t)n + 9000000u) < 0.35f)
                *cell = 10.0f * noise((uint32_t)n); /* a third of those that do */
        }
    }
    assert_ok(call(NULL, &c));
    assert_true(all_zero(&c));
    assert_near(c.carried, 0.37, 0.05);
    composite_free(&c);
}

static void grids_of_any_shape_are_served(void **state)
{
    (void)state;
    static const int64_t shapes[][2] = {{1, 1}, {1, 40}, {40, 1}, {2, 3}, {3, 3}, {65, 1100}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        struct composite c = composite_of(shapes[s][0], shapes[s][1], 6, mixed, ages);
        assert_ok(call(NULL, &c));
        for (int64_t n = 0; n < c.n_leads * c.ny * c.nx; n++) assert_true(isfinite(c.delay[n]));
        if (shapes[s][0] < 3) assert_true(all_zero(&c) && c.carried == 0.0);
        composite_free(&c);
    }
}

static void too_few_frames_too_far_apart_or_too_long_ahead_give_no_delay(void **state)
{
    (void)state;
    for (int32_t n_frames = 1; n_frames <= 2; n_frames++) {
        struct composite few = composite_of(60, 60, n_frames, mixed, ages);
        assert_ok(call(NULL, &few));
        assert_true(all_zero(&few) && few.carried == 0.0);
        composite_free(&few);
    }
    struct composite c = composite_of(60, 60, 14, mixed, ages);
    c.leads_s[0] = 0.0;
    assert_ok(call(NULL, &c));
    for (int32_t area = 0; area < AREAS; area++) {
        assert_near(found(&c, 0, area), 0.0, 0.0);
        assert_near(found(&c, 10, area), 0.0, 0.0); /* 22 minutes */
    }
    assert_true(found(&c, 1, 2) != 0.0);
    for (int32_t k = 0; k < c.n_frames; k++)
        c.times_ns[k] = 720000000000 * k; /* the same cells, twelve minutes apart */
    assert_ok(call(NULL, &c));
    assert_true(all_zero(&c));
    composite_free(&c);
}

static void the_number_of_threads_changes_no_bit(void **state)
{
    (void)state;
    struct composite one = composite_of(300, 310, 5, mixed, ages);
    nwc_ctx *ctx = context_with_threads(1);
    assert_ok(call(ctx, &one));
    nwc_ctx_destroy(ctx);
    for (int32_t threads = 2; threads <= 7; threads += threads < 3 ? 1 : 4) {
        struct composite other = composite_of(300, 310, 5, mixed, ages);
        ctx = context_with_threads(threads);
        assert_ok(call(ctx, &other));
        assert_memory_equal(other.delay, one.delay, (size_t)(MOST_LEADS * 300 * 310) * sizeof *one.delay);
        assert_true(other.carried == one.carried);
        nwc_ctx_destroy(ctx);
        composite_free(&other);
    }
    composite_free(&one);
}

static void any_strides_give_the_same_bits_and_frames_stay_as_they_are(void **state)
{
    (void)state;
    struct composite c = composite_of(50, 60, 5, mixed, ages);
    const int64_t n = c.ny * c.nx;
    float *const apart = cells(2 * c.n_frames * n), *const kept = cells(c.n_frames * n);
    float *const turned = cells(2 * c.n_leads * n);
    memcpy(kept, c.cells, (size_t)(c.n_frames * n) * sizeof *kept);
    assert_ok(call(NULL, &c));
    assert_memory_equal(kept, c.cells, (size_t)(c.n_frames * n) * sizeof *kept);
    nwc_field frames[MOST_FRAMES];
    for (int64_t k = 0; k < c.n_frames; k++) {
        frames[k] = field_2d(apart + (2 * k + 2) * n - 1, c.ny, c.nx, "mm h-1", NULL);
        if (k % 2) frames[k].stride[0] = -2, frames[k].stride[1] = -2 * c.ny; /* columns first, backwards */
        if (!(k % 2)) frames[k].stride[0] = -2 * c.nx, frames[k].stride[1] = -2;
        for (int64_t m = 0; m < n; m++)
            frames[k].data[m / c.nx * frames[k].stride[0] + m % c.nx * frames[k].stride[1]] = c.cells[k * n + m];
    }
    nwc_field delay = delay_field(&c);
    delay.data = turned, delay.stride[0] = 2 * n, delay.stride[1] = 2, delay.stride[2] = 2 * c.ny;
    assert_ok(nwc_forecast_delay(NULL, frames, c.times_ns, c.n_frames, c.leads_s, c.n_leads, &delay, NULL));
    for (int64_t m = 0; m < c.n_leads * n; m++) {
        const int64_t lead = m / n, j = m % n / c.nx, i = m % c.nx;
        assert_true(turned[2 * (lead * n + i * c.ny + j)] == c.delay[m]);
        assert_true(turned[2 * m + 1] == 0.0f);
    }
    free(apart), free(kept), free(turned);
    composite_free(&c);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    struct composite c = composite_of(20, 30, 4, mixed, ages);
    nwc_field frames[4], delay = delay_field(&c);
    for (int32_t k = 0; k < 4; k++) frames[k] = field_2d(c.cells + k * 600, 20, 30, "mm h-1", &c.grid);
    assert_fails(NWC_ERR_ARG, "n_frames: 1 or more expected, 0 given",
                 nwc_forecast_delay(NULL, frames, c.times_ns, 0, c.leads_s, 12, &delay, NULL));
    assert_fails(NWC_ERR_ARG, "frames", nwc_forecast_delay(NULL, NULL, c.times_ns, 4, c.leads_s, 12, &delay, NULL));
    assert_fails(NWC_ERR_ARG, "times_ns: the times of the frames expected, NULL given",
                 nwc_forecast_delay(NULL, frames, NULL, 4, c.leads_s, 12, &delay, NULL));
    assert_fails(NWC_ERR_ARG, "leads_s", nwc_forecast_delay(NULL, frames, c.times_ns, 4, NULL, 12, &delay, NULL));
    assert_fails(NWC_ERR_ARG, "delay: 11 lead times expected, 12 given",
                 nwc_forecast_delay(NULL, frames, c.times_ns, 4, c.leads_s, 11, &delay, NULL));
    assert_fails(NWC_ERR_ARG, "delay", nwc_forecast_delay(NULL, frames, c.times_ns, 4, c.leads_s, 12, NULL, NULL));
    frames[2].dim[1] = 29;
    assert_fails(NWC_ERR_ARG, "frames", nwc_forecast_delay(NULL, frames, c.times_ns, 4, c.leads_s, 12, &delay, NULL));
    frames[2].dim[1] = 30;
    c.leads_s[3] = c.leads_s[2];
    assert_fails(NWC_ERR_ARG, "leads_s: increasing lead times expected, 360 after 360 given", call(NULL, &c));
    c.leads_s[3] = 480.0, c.times_ns[2] = c.times_ns[1];
    assert_fails(NWC_ERR_ARG, "times_ns: increasing times expected", call(NULL, &c));
    composite_free(&c);
}

static void a_refused_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    struct composite c = composite_of(40, 50, 4, mixed, ages);
    assert_true(check_every_allocation_failure(call, &c) > 10);
    composite_free(&c);
}

static int cancel_at(const char *stage, double fraction, void *user)
{
    (void)stage, (void)fraction;
    int *const left = user;
    return (*left)-- <= 0;
}

static void a_cancel_at_any_moment_leaves_nothing_behind(void **state)
{
    (void)state;
    struct composite c = composite_of(40, 50, 4, mixed, ages);
    nwc_status status = NWC_ERR_CANCELED;
    for (int moment = 0; status != NWC_OK; moment++) {
        int left = moment;
        nwc_ctx_options options;
        nwc_ctx_options_init(&options);
        options.progress = cancel_at, options.progress_user = &left;
        nwc_ctx *ctx;
        assert_ok(nwc_ctx_create(&options, &ctx));
        status = call(ctx, &c);
        assert_true(status == NWC_OK || status == NWC_ERR_CANCELED);
        nwc_ctx_destroy(ctx);
    }
    composite_free(&c);
}

/* ---- extrapolation with a delay ---- */

/* A forecast of the latest frame, 5 cells eastward in 500 s, from a delay that may be NULL. */
static nwc_status carry(struct composite *c, const nwc_field *delay, float *out)
{
    static const double leads_s[] = {300.0, 500.0, 1000.0};
    const int64_t n = c->ny * c->nx;
    float *const u = cells(2 * n);
    for (int64_t m = 0; m < n; m++) u[m] = 10.0f;
    const nwc_field field = field_2d(c->cells, c->ny, c->nx, "mm h-1", &c->grid);
    const nwc_field fu = field_2d(u, c->ny, c->nx, "m s-1", &c->grid);
    const nwc_field fv = field_2d(u + n, c->ny, c->nx, "m s-1", &c->grid);
    nwc_field forecast = {.data = out, .ndim = 3, .dim = {3, c->ny, c->nx}, .stride = {n, c->nx, 1}, .missing = NAN};
    nwc_extrapolate_options options;
    nwc_extrapolate_options_init(&options);
    options.delay = delay;
    const nwc_status status = nwc_forecast_extrapolate(NULL, &field, 1, &fu, &fv, leads_s, 3, &options, &forecast);
    free(u);
    return status;
}

static void delayed_cells_move_for_the_lead_time_less_the_delay(void **state)
{
    (void)state;
    static const int64_t sides[] = {40, 300}; /* nodes on every cell, and on every fourth */
    for (int s = 0; s < 2; s++) {
        struct composite c = composite_of(sides[s], sides[s], 1, every, now);
        const int64_t nx = c.nx, n = c.ny * nx;
        float *const out = cells(3 * n);
        c.n_leads = 2;
        nwc_field delay = delay_field(&c);
        for (int64_t m = 0; m < n; m++) c.delay[m] = 300.0f, c.delay[n + m] = -500.0f;
        assert_ok(carry(&c, &delay, out));
        for (int64_t m = 0; m < n; m++) {
            assert_true(out[m] == c.cells[m]);                                    /* will not have moved */
            if (m % nx >= 10) assert_near(out[n + m], c.cells[m - 10], 0.05);     /* moves for 1000 s */
            if (m % nx >= 10) assert_near(out[2 * n + m], c.cells[m - 10], 0.05); /* beyond the delay's lead times */
        }
        free(out);
        composite_free(&c);
    }
}

static void no_delay_and_one_that_is_not_finite_change_no_bit(void **state)
{
    (void)state;
    struct composite c = composite_of(300, 300, 1, every, now);
    const int64_t n = c.ny * c.nx;
    float *const plain = cells(3 * n), *const out = cells(3 * n);
    c.n_leads = 3;
    nwc_field delay = delay_field(&c);
    assert_ok(carry(&c, NULL, plain));
    assert_ok(carry(&c, &delay, out));
    assert_memory_equal(plain, out, (size_t)(3 * n) * sizeof *out);
    for (int64_t m = 0; m < 3 * n; m++) c.delay[m] = m % 3 ? NAN : INFINITY;
    assert_ok(carry(&c, &delay, out));
    assert_memory_equal(plain, out, (size_t)(3 * n) * sizeof *out);
    free(plain), free(out);
    composite_free(&c);
}

static void a_delay_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct composite c = composite_of(30, 40, 1, every, now);
    float *const out = cells(3 * 30 * 40);
    nwc_field delay = delay_field(&c);
    assert_fails(NWC_ERR_ARG, "delay: at most 3 lead times expected, 12 given", carry(&c, &delay, out));
    delay.dim[0] = 3, delay.dim[2] = 39;
    assert_fails(NWC_ERR_ARG, "delay", carry(&c, &delay, out));
    free(out);
    composite_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_stay_behind_by_what_their_period_and_phase_say),
        cmocka_unit_test(an_old_area_moves_ahead_of_the_lead_time),
        cmocka_unit_test(steps_may_differ),
        cmocka_unit_test(a_network_is_told_from_radars_with_clocks_of_their_own),
        cmocka_unit_test(what_is_renewed_in_every_frame_has_no_delay),
        cmocka_unit_test(flat_and_unknown_cells_tell_nothing),
        cmocka_unit_test(a_few_cells_alike_by_chance_are_no_area),
        cmocka_unit_test(grids_of_any_shape_are_served),
        cmocka_unit_test(too_few_frames_too_far_apart_or_too_long_ahead_give_no_delay),
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
        cmocka_unit_test(any_strides_give_the_same_bits_and_frames_stay_as_they_are),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(a_refused_allocation_leaves_nothing_behind),
        cmocka_unit_test(a_cancel_at_any_moment_leaves_nothing_behind),
        cmocka_unit_test(delayed_cells_move_for_the_lead_time_less_the_delay),
        cmocka_unit_test(no_delay_and_one_that_is_not_finite_change_no_bit),
        cmocka_unit_test(a_delay_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

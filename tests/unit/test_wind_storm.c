/* wind: a storm and a flow known beforehand, as radars see them, and how near to them the wind comes that is found. */
#include "support/wind_result.h"

#define PI 3.14159265358979323846

/* ---- the storm, seen by radars about it ---- */

static const struct storm_scan scans[3] = {{.x = -30e3, .y = -29e3, .z = 100.0, .noise = 1.0, .seed = 0},
                                           {.x = 34e3, .y = -32e3, .z = 150.0, .noise = 1.0, .seed = 1},
                                           {.x = 5e3, .y = 44e3, .z = 80.0, .noise = 1.0, .seed = 2}};

struct fixture {
    struct storm storm;
    nwc_volume *steady[2]; /* volumes of radars 0 and 1, all at once */
    nwc_volume *moving[2]; /* the same, turn after turn from 130 s before to 130 s after, the storm moving */
};

static int make_fixture(void **state)
{
    static struct fixture f;
    f.storm = make_storm(30e3);
    for (int r = 0; r < 2; r++) {
        f.steady[r] = storm_volume(&f.storm, &scans[r]);
        struct storm_scan scan = scans[r];
        scan.first_s = -130.0, scan.turn_s = 20.0, scan.motion[0] = 13.0, scan.motion[1] = 5.0;
        f.moving[r] = storm_volume(&f.storm, &scan);
    }
    *state = &f;
    return 0;
}

static int drop_fixture(void **state)
{
    struct fixture *const f = *state;
    for (int r = 0; r < 2; r++) {
        nwc_volume_destroy(f->moving[r]);
        nwc_volume_destroy(f->steady[r]);
    }
    return 0;
}

static nwc_wind_options storm_options(void)
{
    nwc_wind_options options;
    nwc_wind_options_init(&options);
    options.density_scale_m = STORM_SCALE_M;
    options.error_m_s = 2.0;
    options.error_w_m_s = 3.5;
    options.fall_error_m_s = 0.0; /* its echo falls as the library has it, */
    options.change = 0.0;         /* and it does not change, though it may move */
    return options;
}

/* The wind about the storm, wrong by what a sounding would be. */
static void storm_sounding(struct profile *p, const struct result *r)
{
    for (int64_t k = 0; k < r->grid.nz; k++) {
        double wind[2];
        storm_environment(r->z[k], wind);
        p->u[k] = (float)(wind[0] + 1.2 * sin(r->z[k] / 2e3)),
        p->v[k] = (float)(wind[1] + 1.2 * sin(r->z[k] / 2e3 + 1));
    }
    lend_profile(p, r);
}

/* Errors in echo, away from the sides. */
struct scores {
    double rms[3], true_w, bias_up, peak; /* bias where w > 5 m/s; peak: of w, over the true one */
};

static struct scores score(const struct storm *storm, const struct result *r)
{
    struct scores s = {.peak = 0.0};
    double n = 0.0, up = 0.0, peak = 0.0;
    for (int64_t k = 0; k < r->grid.nz; k++)
        for (int64_t j = 3; j < r->grid.ny - 3; j++)
            for (int64_t i = 3; i < r->grid.nx - 3; i++) {
                const double x = r->grid.x_first + (double)i * r->grid.dx, y = r->grid.y_first + (double)j * r->grid.dy;
                double wind[3];
                if (storm_dbz(storm, x, y, r->z[k]) < 5.0) continue;
                storm_wind(storm, x, y, r->z[k], wind);
                for (int c = 0; c < 3; c++) s.rms[c] += pow(at(r, c, k, j, i) - wind[c], 2.0);
                s.true_w += wind[2] * wind[2];
                n += 1.0;
                if (wind[2] > 5.0) s.bias_up += at(r, 2, k, j, i) - wind[2], up += 1.0;
                peak = fmax(peak, wind[2]), s.peak = fmax(s.peak, at(r, 2, k, j, i));
            }
    for (int c = 0; c < 3; c++) s.rms[c] = sqrt(s.rms[c] / n);
    s.true_w = sqrt(s.true_w / n), s.bias_up /= up, s.peak /= peak;
    print_message("    u %.3f v %.3f w %.3f of %.2f, updraughts %+.2f, peak %.3f; %d + %d iterations, %lld data\n",
                  s.rms[0], s.rms[1], s.rms[2], s.true_w, s.bias_up, s.peak, (int)r->report.coarse,
                  (int)r->report.iterations, (long long)r->report.n);
    return s;
}

/* How the errors stated and those made go together, in echo away from the sides. */
enum { CLASSES = 5 };

struct trust {
    double within[3];           /* share of errors within those stated */
    double rms[3][CLASSES + 1]; /* of errors, by fifths of cells in the order of what is stated */
};

struct told {
    double stated, made;
};

static int by_stated(const void *a, const void *b)
{
    const double x = ((const struct told *)a)->stated, y = ((const struct told *)b)->stated;
    return (x > y) - (x < y);
}

static struct trust trust(const struct storm *storm, const struct result *r)
{
    struct trust t = {{0.0}, {{0.0}}};
    struct told *const cells = malloc((size_t)r->cells * sizeof *cells);
    for (int c = 0; c < 3; c++) {
        int64_t n = 0;
        for (int64_t k = 0; k < r->grid.nz; k++)
            for (int64_t j = 3; j < r->grid.ny - 3; j++)
                for (int64_t i = 3; i < r->grid.nx - 3; i++) {
                    const double x = r->grid.x_first + (double)i * r->grid.dx,
                                 y = r->grid.y_first + (double)j * r->grid.dy;
                    double wind[3];
                    if (storm_dbz(storm, x, y, r->z[k]) < 5.0) continue;
                    storm_wind(storm, x, y, r->z[k], wind);
                    cells[n++] = (struct told){at(r, 5 + c, k, j, i), fabs(at(r, c, k, j, i) - wind[c])};
                }
        qsort(cells, (size_t)n, sizeof *cells, by_stated);
        for (int64_t q = 0; q < n; q++) {
            assert_true(cells[q].stated > 0.0);
            t.within[c] += cells[q].made <= cells[q].stated ? 1.0 / (double)n : 0.0;
            t.rms[c][q * CLASSES / n] += cells[q].made * cells[q].made * CLASSES / (double)n;
        }
        print_message("    %c: %.1f %% within;", "uvw"[c], 100.0 * t.within[c]);
        for (int q = 0; q < CLASSES; q++) {
            t.rms[c][q] = sqrt(t.rms[c][q]);
            print_message(" %.2f made %.2f stated,", t.rms[c][q], cells[(2 * q + 1) * n / (2 * CLASSES)].stated);
        }
        print_message("\n");
    }
    free(cells);
    return t;
}

/* Two thirds of the errors are within those stated, more or less, and they are larger where they are stated to be. */
static void check_trust(const struct storm *storm, const struct result *r)
{
    const struct trust t = trust(storm, r);
    for (int c = 0; c < 3; c++) {
        assert_true(t.within[c] >= 0.55 && t.within[c] <= 0.80);
        assert_true(t.rms[c][4] + t.rms[c][3] > 1.3 * (t.rms[c][0] + t.rms[c][1]));
    }
}

/* The storm from some volumes, on 1 km x 500 m. */
static struct result *find_storm(const nwc_volume *const *volumes, int32_t n, bool sounding,
                                 const nwc_wind_options *options)
{
    struct result *const r = room_for(60, 1000.0, 30, 500.0);
    struct profile background;
    storm_sounding(&background, r);
    nwc_wind_input input = {.volumes = volumes, .n_volumes = n};
    if (sounding) input.background_u = &background.field[0], input.background_v = &background.field[1];
    assert_ok(nwc_wind_retrieve(NULL, &input, 0, options, &r->output, &r->report));
    return r;
}

static void check_storm(const struct fixture *f, const struct result *r)
{
    const struct scores s = score(&f->storm, r);
    assert_true(s.rms[0] <= 0.5 && s.rms[1] <= 0.5 && s.rms[2] <= 0.45);
    assert_true(s.peak >= 0.93 && s.peak <= 1.07);
    assert_true(r->report.iterations <= 20);
    assert_true(r->report.divergence < 2e-8);
}

static void two_radars_tell_the_storm(void **state)
{
    struct fixture *const f = *state;
    const nwc_wind_options options = storm_options();
    struct result *const r = find_storm((const nwc_volume *const *)f->steady, 2, true, &options);
    check_storm(f, r);
    check_trust(&f->storm, r);
    assert_int_equal(r->report.flags, 0);
    for (int s = 0; s < 2; s++) {
        const nwc_wind_source *const source = &r->report.sources[s];
        assert_true(source->n > 25000 && source->before > 2.5 && source->after < 0.6);
        assert_near(source->bias_after, 0.0, 0.05);
    }
    const double mean = (r->report.cost_data + r->report.cost_background) / (double)r->report.n;
    assert_true(mean > 0.4 && mean < 1.2); /* errors as they are stated */
    let_go(r);
}

/* As good without a sounding: the data tell the wind about the storm themselves. */
static void a_profile_of_their_own_serves_as_background(void **state)
{
    struct fixture *const f = *state;
    const nwc_wind_options options = storm_options();
    struct result *const r = find_storm((const nwc_volume *const *)f->steady, 2, false, &options);
    check_storm(f, r);
    assert_int_equal(r->report.flags, NWC_WIND_OWN_PROFILE);
    let_go(r);
}

static void turns_minutes_apart_are_brought_to_one_time(void **state)
{
    struct fixture *const f = *state;
    nwc_wind_options options = storm_options();
    options.motion_u_m_s = 0.0, options.motion_v_m_s = 0.0;
    struct result *r = find_storm((const nwc_volume *const *)f->moving, 2, true, &options);
    assert_true(score(&f->storm, r).rms[2] > 0.8); /* not without its motion */
    let_go(r);
    options.motion_u_m_s = 13.0, options.motion_v_m_s = 5.0;
    r = find_storm((const nwc_volume *const *)f->moving, 2, true, &options);
    check_storm(f, r);
    check_trust(&f->storm, r);
    let_go(r);
    options.motion_u_m_s = options.motion_v_m_s = NAN; /* found from the data, some metres per second off */
    r = find_storm((const nwc_volume *const *)f->moving, 2, true, &options);
    assert_true(hypot(r->report.motion_u_m_s - 13.0, r->report.motion_v_m_s - 5.0) < 5.0);
    assert_true(score(&f->storm, r).rms[2] < 0.65);
    let_go(r);
}

/* A copy of a volume whose antenna is said to be higher, and whose velocities are changed. */
typedef float (*changer)(int32_t sweep, int64_t ray, int64_t gate, float velocity);

static nwc_volume *changed(const nwc_volume *volume, double higher_m, changer change)
{
    nwc_volume_facts facts;
    nwc_volume *copy;
    assert_ok(nwc_volume_describe(volume, &facts));
    facts.altitude_m += higher_m;
    assert_ok(nwc_volume_create(NULL, &facts, &copy));
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        nwc_sweep sweep;
        nwc_moment velocity, dbz;
        assert_ok(nwc_volume_sweep(volume, s, &sweep));
        assert_ok(nwc_volume_find(volume, s, "VRADH", &velocity));
        assert_ok(nwc_volume_find(volume, s, "DBZH", &dbz));
        assert_ok(nwc_volume_add_sweep(copy, &sweep));
        const int64_t n = sweep.n_rays * STORM_GATES;
        float *const cells = malloc((size_t)n * sizeof *cells);
        for (int64_t c = 0; c < n; c++) cells[c] = change(s, c / STORM_GATES, c % STORM_GATES, velocity.field.data[c]);
        velocity.field.data = cells;
        assert_ok(nwc_volume_add_moment(copy, &velocity));
        assert_ok(nwc_volume_add_moment(copy, &dbz));
        free(cells);
    }
    return copy;
}

static float unknown(int32_t sweep, int64_t ray, int64_t gate, float velocity)
{
    (void)sweep, (void)ray, (void)gate, (void)velocity;
    return NAN;
}

static float unchanged(int32_t sweep, int64_t ray, int64_t gate, float velocity)
{
    (void)sweep, (void)ray, (void)gate;
    return velocity;
}

/* A tenth of the rays, and a sector of 20 degrees from 30 to 45 km, are out by twice the Nyquist velocity. */
static float folded(int32_t sweep, int64_t ray, int64_t gate, float velocity)
{
    const bool fold =
        storm_uniform((uint64_t)(sweep * 1000 + ray)) < 0.1 || (ray >= 310 && ray < 330 && gate >= 120 && gate < 180);
    return velocity + (fold ? 50.0F : 0.0F);
}

static void a_radar_that_sees_nothing_leaves_the_wind_of_the_others(void **state)
{
    struct fixture *const f = *state;
    const nwc_wind_options options = storm_options();
    nwc_volume *const quiet = changed(f->steady[1], 0.0, unknown);
    const nwc_volume *const both[2] = {f->steady[0], quiet};
    struct result *const one = find_storm(both, 1, true, &options), *const two = find_storm(both, 2, true, &options);
    const struct scores s = score(&f->storm, two);
    check_trust(&f->storm, two);
    assert_true(s.rms[0] < 3.0 && s.rms[1] < 3.0); /* the sounding alone: 3 */
    for (int c = 0; c < 3; c++) assert_memory_equal(one->cell[c], two->cell[c], (size_t)one->cells * sizeof(float));
    assert_int_equal(two->report.flags, NWC_WIND_ONE_SOURCE | NWC_WIND_NO_CROSSING);
    assert_int_equal(two->report.n_sources, 2);
    assert_int_equal(two->report.sources[1].n, 0);
    assert_true(isnan(two->report.sources[1].after));
    for (int64_t c = 0; c < two->cells; c++) assert_true(two->bits[c] == 0 || two->bits[c] == 1);
    let_go(one);
    let_go(two);
    nwc_volume_destroy(quiet);
}

static void without_velocities_the_wind_is_the_background(void **state)
{
    struct fixture *const f = *state;
    const nwc_wind_options options = storm_options();
    nwc_volume *const quiet[2] = {changed(f->steady[0], 0.0, unknown), changed(f->steady[1], 0.0, unknown)};
    struct result *const r = find_storm((const nwc_volume *const *)quiet, 2, true, &options);
    struct profile sounding;
    storm_sounding(&sounding, r);
    assert_int_equal(r->report.flags, NWC_WIND_NO_DATA);
    assert_int_equal(r->report.iterations, 0);
    for (int64_t k = 0; k < r->grid.nz; k++) {
        assert_near(at(r, 0, k, 20, 31), (double)sounding.u[k], 1e-4);
        assert_near(at(r, 1, k, 20, 31), (double)sounding.v[k], 1e-4);
        assert_near(at(r, 2, k, 20, 31), 0.0, 1e-5);
        assert_near(at(r, 4, k, 20, 31), 0.0, 1e-6);
    }
    const nwc_wind_input nothing = {.volumes = (const nwc_volume *const *)quiet, .n_volumes = 2};
    assert_fails(NWC_ERR_NODATA, "neither", nwc_wind_retrieve(NULL, &nothing, 0, &options, &r->output, &r->report));
    assert_int_equal(r->report.flags, NWC_WIND_NO_DATA | NWC_WIND_NO_BACKGROUND);
    for (int64_t c = 0; c < r->cells; c++) assert_true(isnan(r->cell[0][c]) && isnan(r->cell[2][c]) && r->bits[c] == 0);
    let_go(r);
    nwc_volume_destroy(quiet[0]);
    nwc_volume_destroy(quiet[1]);
}

/* Beams side by side: nothing tells the wind across them, which the background then does. */
static void beams_that_do_not_cross_leave_it_finite(void **state)
{
    struct fixture *const f = *state;
    const nwc_wind_options options = storm_options();
    const nwc_volume *const twice[2] = {f->steady[0], f->steady[0]};
    struct result *const r = find_storm(twice, 2, true, &options);
    const struct scores s = score(&f->storm, r);
    assert_true(s.rms[0] < 3.0 && s.rms[1] < 3.0 && s.rms[2] < 3.0);
    assert_true(r->report.sources[0].after < 0.8);
    assert_int_equal(r->report.flags, NWC_WIND_NO_CROSSING);
    let_go(r);
}

static void folds_left_in_do_little_harm_to_a_robust_fit(void **state)
{
    struct fixture *const f = *state;
    nwc_wind_options options = storm_options();
    nwc_volume *const out = changed(f->steady[1], 0.0, folded);
    const nwc_volume *const volumes[2] = {f->steady[0], out};
    struct result *r = find_storm(volumes, 2, true, &options);
    const struct scores plain = score(&f->storm, r);
    let_go(r);
    options.robust = 2.0;
    r = find_storm(volumes, 2, true, &options);
    const struct scores robust = score(&f->storm, r);
    for (int c = 0; c < 3; c++) assert_true(plain.rms[c] > 4.0 && robust.rms[c] < 0.8);
    let_go(r);
    nwc_volume_destroy(out);
}

/* Nothing tells that the beams are 100 m higher than they are: the wind is as much better or worse as it changes in 100 m. */
static void an_antenna_at_a_wrong_height_does_little_harm(void **state)
{
    struct fixture *const f = *state;
    const nwc_wind_options options = storm_options();
    nwc_volume *const higher = changed(f->steady[1], 100.0, unchanged);
    const nwc_volume *const volumes[2] = {f->steady[0], higher};
    struct result *const r = find_storm(volumes, 2, true, &options);
    const struct scores s = score(&f->storm, r);
    assert_true(s.rms[0] < 0.6 && s.rms[1] < 0.6 && s.rms[2] < 0.6);
    assert_int_equal(r->report.flags, 0);
    let_go(r);
    nwc_volume_destroy(higher);
}

/* ---- a Beltrami flow (Shapiro 1993, J. Atmos. Sci. 50, 1077), as samurai's tests have it ---- */

static void beltrami(double x, double y, double z, double wind[3])
{
    const double k = 2.0 * PI / 16e3, l = k, m = PI / 16e3, lambda = sqrt(k * k + l * l + m * m), a = 10.0;
    const double sx = -cos(k * (x + 8e3)), cx = sin(k * (x + 8e3)), sy = -cos(l * (y + 8e3)), cy = sin(l * (y + 8e3));
    const double sz = sin(m * z), cz = cos(m * z), over = a / (k * k + l * l);
    wind[0] = -over * (lambda * l * cx * sy * sz + m * k * sx * cy * cz);
    wind[1] = over * (lambda * k * sx * cy * sz - m * l * cx * sy * cz);
    wind[2] = a * cx * cy * sz;
}

static void a_beltrami_flow_is_found_from_what_is_seen_of_it(void **state)
{
    (void)state;
    /* root mean square errors of u, v and w, m s-1, by the number of radars; samurai's limits are 0.034, 0.034 and 0.040 */
    static const double limits[4][3] = {{0}, {1.0, 2.5, 4.0}, {0.034, 0.034, 0.08}, {0.034, 0.034, 0.040}};
    static const double radars[3][3] = {{-60e3, -5e3, 0.0}, {4e3, -60e3, 0.0}, {-25e3, 22e3, 0.0}};
    struct result *const r = room_for(64, 250.0, 32, 500.0);
    struct profile calm = {.u = {0}};
    lend_profile(&calm, r);
    struct seen seen[3];
    nwc_wind_gridded gridded[3];
    for (int k = 0; k < 3; k++) {
        seen[k] = see_flow(r, radars[k], beltrami);
        gridded[k] = (nwc_wind_gridded){&seen[k].field[0], &seen[k].field[1], &seen[k].field[2], NULL, 0.03, 0.0};
    }
    nwc_wind_options options;
    nwc_wind_options_init(&options);
    options.density_scale_m = INFINITY, options.lid_m = 16e3, options.tolerance = 1e-4;
    options.error_m_s = options.error_w_m_s = 10.0;
    for (int n = 1; n <= 3; n++) {
        const nwc_wind_input input = {.gridded = gridded,
                                      .n_gridded = n,
                                      .background_u = &calm.field[0],
                                      .background_v = &calm.field[1]};
        assert_ok(nwc_wind_retrieve(NULL, &input, 0, &options, &r->output, &r->report));
        double square[3] = {0}, turn = 0.0;
        for (int64_t c = 0; c < r->cells; c++) {
            double wind[3];
            beltrami(r->grid.x_first + (double)(c % 64) * 250.0, r->grid.y_first + (double)(c / 64 % 64) * 250.0,
                     r->z[c / 4096], wind);
            for (int f = 0; f < 3; f++) square[f] += pow((double)r->cell[f][c] - wind[f], 2.0) / (double)r->cells;
            /* of a Beltrami flow the curl is lambda times the flow, but for its sign */
            turn += pow((double)r->cell[4][c] - sqrt(2.25) * 2.0 * PI / 16e3 * wind[2], 2.0) / (double)r->cells;
        }
        print_message("    %d radars: u %.4f v %.4f w %.4f, vorticity %.2e, %d iterations, gradient %.1e\n", n,
                      sqrt(square[0]), sqrt(square[1]), sqrt(square[2]), sqrt(turn), (int)r->report.iterations,
                      r->report.gradient);
        for (int f = 0; f < 3; f++) assert_true(sqrt(square[f]) <= limits[n][f]);
        assert_true(sqrt(turn) < (n == 1 ? 2e-3 : 4e-4));
        assert_true(r->report.divergence < 2e-8);
    }
    for (int k = 0; k < 3; k++) drop_seen(&seen[k]);
    let_go(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_radars_tell_the_storm),
        cmocka_unit_test(a_profile_of_their_own_serves_as_background),
        cmocka_unit_test(turns_minutes_apart_are_brought_to_one_time),
        cmocka_unit_test(a_radar_that_sees_nothing_leaves_the_wind_of_the_others),
        cmocka_unit_test(without_velocities_the_wind_is_the_background),
        cmocka_unit_test(beams_that_do_not_cross_leave_it_finite),
        cmocka_unit_test(folds_left_in_do_little_harm_to_a_robust_fit),
        cmocka_unit_test(an_antenna_at_a_wrong_height_does_little_harm),
        cmocka_unit_test(a_beltrami_flow_is_found_from_what_is_seen_of_it),
    };
    return cmocka_run_group_tests_name("wind_storm", tests, make_fixture, drop_fixture);
}

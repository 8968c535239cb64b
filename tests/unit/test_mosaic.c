/* mosaic: cells beside a search through all gates. */
#include "support/made_mosaic.h"

/* How gates are averaged: as they are, as Z, or as dBZ of those with echo, times the share of these. */
enum way { PLAIN, Z, ECHO };

/* What is summed over gates. */
struct sums {
    double value, echo, known, all;
};

static void add_gate(struct sums *sums, enum way way, double weight, double value)
{
    const bool echo = value > NWC_NOTHING_DBZ;
    sums->all += weight;
    if (isnan(value)) return;
    sums->known += weight;
    if (way == PLAIN) sums->value += weight * value;
    if (way == Z) sums->value += echo ? weight * pow(10.0, 0.1 * value) : 0.0;
    if (way == ECHO && echo) sums->value += weight * value, sums->echo += weight;
}

static double mean_of(const struct sums *sums, enum way way)
{
    if (!(sums->known > 0.0) || sums->known < 0.5 * sums->all) return NAN;
    if (way == PLAIN) return sums->value / sums->known;
    const double z = way == Z           ? sums->value / sums->known
                     : sums->echo > 0.0 ? pow(10.0, 0.1 * sums->value / sums->echo) * sums->echo / sums->known
                                        : 0.0;
    return z > 0.0 ? fmax(-32.0, 10.0 * log10(z)) : -32.0;
}

/* The four gates of a sweep about a place. */
static void add_four(const nwc_volume *volume, int32_t number, const char *name, struct seen at, double share,
                     enum way way, struct sums *sums)
{
    nwc_sweep sweep;
    nwc_moment moment;
    assert_ok(nwc_volume_sweep(volume, number, &sweep));
    if (nwc_volume_find(volume, number, name, &moment) != NWC_OK) return;
    int64_t left = -1, right = -1;
    for (int64_t r = 0; r < sweep.n_rays; r++) {
        const double off = fmod(sweep.azimuth_deg[r] - at.azimuth + 720.0, 360.0); /* clockwise from the place */
        if (right < 0 || off < fmod(sweep.azimuth_deg[right] - at.azimuth + 720.0, 360.0)) right = r;
        if (left < 0 || off > fmod(sweep.azimuth_deg[left] - at.azimuth + 720.0, 360.0)) left = r;
    }
    const double a = turn_between(at.azimuth, sweep.azimuth_deg[left]);
    const double b = turn_between(at.azimuth, sweep.azimuth_deg[right]);
    const double gate = (at.range - moment.first_gate_m) / moment.gate_spacing_m, in = gate - floor(gate);
    for (int corner = 0; corner < 4; corner++) {
        const int64_t g = (int64_t)floor(gate) + (corner & 1), ray = corner & 2 ? right : left;
        const double weight = share * (corner & 1 ? in : 1.0 - in) * (corner & 2 ? a : b) / (a + b);
        add_gate(sums, way, weight, g < 0 || g >= GATES ? (double)NAN : (double)moment.field.data[ray * GATES + g]);
    }
}

/* Eight gates of the two sweeps about a cell. elevations and numbers of n sweeps, from the lowest. */
static double eight(const nwc_volume *volume, const char *name, const int32_t *number, int n, struct seen at,
                    enum way way)
{
    struct sums sums = {0};
    double elevation[TURNS];
    for (int t = 0; t < n; t++) elevation[t] = (float)made_turns[number[t]].elevation;
    if (at.elevation < elevation[0] - 0.5 || at.elevation > elevation[n - 1] + 0.5) return NAN;
    int lo = 0;
    while (lo + 1 < n && elevation[lo + 1] <= at.elevation) lo++;
    const int hi = lo + 1 < n && at.elevation > elevation[lo] ? lo + 1 : lo;
    const double f = hi > lo ? (at.elevation - elevation[lo]) / (elevation[hi] - elevation[lo]) : 0.0;
    add_four(volume, number[lo], name, at, 1.0 - f, way, &sums);
    if (hi > lo) add_four(volume, number[hi], name, at, f, way, &sums);
    return mean_of(&sums, way);
}

static void every_cell_is_the_mean_of_the_eight_gates_about_it(void **state)
{
    (void)state;
    static const int32_t all[] = {0, 1, 2, 3}, doppler[] = {1, 2, 3};
    nwc_mosaic_lookup *lookup = NULL;
    int64_t echo = 0, clear = 0, unknown = 0;
    for (int second = 0; second < 2; second++) { /* two volumes of other azimuths and ways to average, one lookup */
        nwc_volume *const volume = volume_of(32.6, 120.2, 1.1 * second, weather);
        if (!lookup) assert_ok(nwc_mosaic_lookup_create(NULL, volume, &made_grid, NULL, &lookup));
        assert_int_equal(nwc_mosaic_lookup_serves(lookup, volume, &made_grid, NULL), 1);
        struct made *const made = malloc(sizeof *made);
        const nwc_mosaic_input input = {volume, lookup};
        nwc_mosaic_options options;
        nwc_mosaic_options_init(&options);
        options.reflectivity = second ? NWC_MOSAIC_Z : NWC_MOSAIC_ECHO;
        assert_ok(build_with(NULL, &input, 1, 120.0, NULL, NULL, &options, "VRADH", "m s-1", made));
        for (int c = 0; c < CELLS; c++) {
            const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
            const double z = eight(volume, "DBZH", all, 4, at, second ? Z : ECHO);
            const double v = eight(volume, "VRADH", doppler, 3, at, PLAIN);
            assert_int_equal(isnan(z), isnan(made->z[c]));
            assert_int_equal(isnan(v), isnan(made->v[c]));
            if (!isnan(z)) assert_near(made->z[c], z, 0.02);
            if (!isnan(v)) assert_near(made->v[c], v, 0.005);
            assert_int_equal(made->radars[c], !isnan(z) || !isnan(v));
            assert_true((made->quality[c] > 0.0F) == (made->radars[c] == 1));
            echo += z > -32.0, clear += z == -32.0, unknown += isnan(z);
        }
        free(made);
        nwc_volume_destroy(volume);
    }
    assert_true(echo > 500 && clear > 50 && unknown > 500);
    nwc_mosaic_lookup_destroy(lookup);
}

static void the_nearest_is_one_of_the_gates_as_it_is(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, weather);
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.method = NWC_MOSAIC_NEAREST;
    struct made *const made = build(volume, &options);
    int found = 0;
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        if (at.elevation < 0.0 || at.elevation > 10.4 || at.range > 95e3) continue;
        int t = 0;
        for (int s = 1; s < TURNS; s++)
            if (fabs(made_turns[s].elevation - at.elevation) < fabs(made_turns[t].elevation - at.elevation)) t = s;
        nwc_sweep sweep;
        nwc_moment moment;
        assert_ok(nwc_volume_sweep(volume, t, &sweep));
        assert_ok(nwc_volume_find(volume, t, "DBZH", &moment));
        int64_t ray = 0;
        for (int64_t r = 1; r < sweep.n_rays; r++)
            if (turn_between(sweep.azimuth_deg[r], at.azimuth) < turn_between(sweep.azimuth_deg[ray], at.azimuth))
                ray = r;
        const float value = moment.field.data[ray * GATES + (int64_t)floor(at.range / 600.0)];
        const double place = at.range / 600.0 - floor(at.range / 600.0);
        if (place < 0.001 || place > 0.999) continue; /* a tie, which rounding decides */
        assert_int_equal(isnan(value), isnan(made->z[c]));
        if (!isnan(value)) assert_near(made->z[c], fmaxf(value, -32.0F), 1e-4);
        found += !isnan(value);
    }
    assert_true(found > 500);
    free(made);
    nwc_volume_destroy(volume);
}

/*
 * Weighted means over all gates of all sweeps: distances along arcs of the place's own range, as documented. of: where
 * the place was as every sweep looked.
 */
static double within(const nwc_volume *volume, const struct seen of[TURNS], bool barnes)
{
    struct sums sums = {0};
    for (int t = 0; t < TURNS; t++) {
        const struct seen at = of[t];
        const double radius = fmax(2500.0, 1.25 * RADIANS * at.range);
        nwc_sweep sweep;
        nwc_moment moment;
        assert_ok(nwc_volume_sweep(volume, t, &sweep));
        assert_ok(nwc_volume_find(volume, t, "DBZH", &moment));
        const double up = (at.elevation - (double)(float)made_turns[t].elevation) * RADIANS * at.range;
        for (int64_t r = 0; r < sweep.n_rays; r++) {
            const double across =
                turn_between(sweep.azimuth_deg[r], at.azimuth) * RADIANS * at.range * cos(at.elevation * RADIANS);
            for (int g = 0; g < GATES && hypot(up, across) < radius; g++) {
                const double along = 300.0 + 600.0 * g - at.range;
                const double d2 = up * up + across * across + along * along, r2 = radius * radius;
                if (d2 >= r2) continue;
                const double weight = barnes ? exp(-4.0 * d2 / r2) : (r2 - d2) / (r2 + d2);
                add_gate(&sums, ECHO, weight, moment.field.data[r * GATES + g]);
            }
        }
    }
    return mean_of(&sums, ECHO);
}

static void weights_within_a_radius_count_every_gate_once(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, weather);
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.radius_min_m = 2500.0;
    for (int barnes = 0; barnes < 2; barnes++) {
        options.method = barnes ? NWC_MOSAIC_BARNES : NWC_MOSAIC_CRESSMAN;
        struct made *const made = build(volume, &options);
        int different = 0, found = 0;
        for (int c = 0; c < CELLS; c += 7) {
            const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX), of[TURNS] = {at, at, at, at};
            const double z = within(volume, of, barnes);
            /* a gate on the very edge of the radius or of the share that must be known may fall either way */
            different += isnan(z) != isnan(made->z[c]) || fabs(z - (double)made->z[c]) > 0.05;
            found += !isnan(z);
        }
        assert_true(found > 200);
        assert_true(different <= 2);
        free(made);
    }
    nwc_volume_destroy(volume);
}

/* Where a cell was as each sweep looked, all its rays at once, with a motion over the ground along x and y. */
static void see_before(nwc_beam *beam, int c, double u, double v, double until_s, struct seen of[TURNS])
{
    for (int t = 0; t < TURNS; t++) {
        const double ago_s = until_s - 100.0 * t, z = made_z_m[c / (NY * NX)];
        double lon = made_grid.x_first + c % NX * made_grid.dx - u * ago_s;
        double lat = made_grid.y_first + c / NX % NY * made_grid.dy - v * ago_s;
        assert_ok(nwc_grid_to_lonlat(NULL, &made_grid, 1, &lon, &lat, &lon, &lat));
        assert_ok(nwc_beam_find(NULL, beam, 1, &lon, &lat, &z, &of[t].azimuth, &of[t].elevation, &of[t].range));
    }
}

static void weights_within_a_radius_are_about_where_echo_was(void **state)
{
    (void)state;
    static float u[NY * NX], v[NY * NX];
    for (int c = 0; c < NY * NX; c++) u[c] = 28.0F, v[c] = -19.0F;
    const nwc_field u_field = field_2d(u, NY, NX, "m s-1", &made_grid),
                    v_field = field_2d(v, NY, NX, "m s-1", &made_grid);
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    nwc_beam *beam;
    assert_ok(nwc_beam_create(NULL, 32.6, 120.2, 120.0, NULL, &beam));
    for (int t = 0; t < TURNS; t++) {
        struct turn turn = made_turns[t];
        turn.begin_s = 100.0 * t, turn.ray_s = 0.0;
        add_turn(volume, &turn);
        put(volume, t, "DBZH", NULL, 600.0, weather);
    }
    struct made *const made = malloc(sizeof *made), *const threaded = malloc(sizeof *threaded);
    const nwc_mosaic_input input = {volume, NULL};
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.radius_min_m = 2500.0;
    for (int barnes = 0; barnes < 2; barnes++) {
        options.method = barnes ? NWC_MOSAIC_BARNES : NWC_MOSAIC_CRESSMAN;
        assert_ok(build_with(NULL, &input, 1, 400.0, &u_field, &v_field, &options, "DBZH", "dBZ", made));
        struct made *const still = build(volume, &options);
        int different = 0, found = 0, moved = 0;
        for (int c = 0; c < CELLS; c += 3) {
            struct seen of[TURNS];
            see_before(beam, c, 28.0, -19.0, 400.0, of);
            const double z = within(volume, of, barnes);
            /* straight in the plane about the radar, or along the grid's axes: some tens of metres after 14 km */
            different += isnan(z) != isnan(made->z[c]) || fabs(z - (double)made->z[c]) > 0.15;
            found += !isnan(z), moved += fabsf(made->z[c] - still->z[c]) > 1.0F;
        }
        assert_true(found > 400 && moved > 200);
        assert_true(different <= found / 50);
        for (int32_t threads = 2; threads <= 7; threads += 5) {
            nwc_ctx *const ctx = context_with_threads(threads);
            assert_ok(build_with(ctx, &input, 1, 400.0, &u_field, &v_field, &options, "DBZH", "dBZ", threaded));
            assert_memory_equal(made, threaded, sizeof *made);
            nwc_ctx_destroy(ctx);
        }
        free(still);
    }
    nwc_beam_destroy(beam);
    free(threaded);
    free(made);
    nwc_volume_destroy(volume);
}

static void clear_air_is_no_echo_and_what_no_beam_reaches_is_not_known(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, nothing);
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    for (int wide = 0; wide < 2; wide++) {
        const double beyond_deg = wide ? 1.25 : 0.5;
        options.beyond_beams = beyond_deg;
        struct made *const made = build(volume, &options);
        int outside = 0;
        for (int c = 0; c < CELLS; c++) {
            const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
            const double off = fmax(0.5 - at.elevation, at.elevation - 9.9);
            const bool beyond = off > beyond_deg + 0.01 || at.range > 160 * 600.0 + 600.0;
            if (off < beyond_deg - 0.01 && at.range < 160 * 600.0 - 300.0) assert_near(made->z[c], -32.0, 0.0);
            if (beyond) assert_true(isnan(made->z[c]));
            if (beyond) assert_true(isnan(made->age[c]) && made->quality[c] == 0.0F && made->radars[c] == 0);
            outside += off > 0.5 && !isnan(made->z[c]);
        }
        assert_true(wide ? outside > 20 : outside < 5);
        free(made);
    }
    nwc_volume_destroy(volume);
}

static void the_lowest_beam_is_that_of_the_lowest_sweep(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    struct made *const made = build(volume, NULL);
    nwc_beam *beam;
    assert_ok(nwc_beam_create(NULL, 32.6, 120.2, 120.0, NULL, &beam));
    int found = 0;
    for (int c = 0; c < NY * NX; c++) {
        const struct seen at = see(volume, 0, c / NX, c % NX);
        if (at.range > 98e3) assert_true(isnan(made->lowest[c]));
        if (at.range > 94e3) continue;
        double height;
        assert_ok(nwc_beam_path(beam, 0.5, 1, &at.range, &height, NULL, NULL));
        assert_near(made->lowest[c], height, 12.0); /* the range is that of another height */
        found++;
    }
    assert_true(found > 200);
    nwc_beam_destroy(beam);
    free(made);
    nwc_volume_destroy(volume);
}

/* Seven tenths of the beam and more are hidden from 40 km on. */
static float behind(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)elevation, (void)after_s;
    return range < 40e3 ? 0.1F : 0.75F;
}

static void what_is_hidden_is_not_observed(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    struct made *const open = build(volume, NULL);
    put(volume, 0, "CBB", "1", 500.0, behind);
    struct made *const made = build(volume, NULL);
    int hidden = 0, above = 0;
    for (int c = 0; c < CELLS; c++) {
        const int column = c % (NY * NX);
        const struct seen at = see(volume, c / (NY * NX), column / NX, column % NX);
        const double low = see(volume, 0, column / NX, column % NX).range; /* of the lowest level */
        const bool far = low > 42e3 && at.range < 90e3, near = at.range < 38e3;
        if (near) assert_true(made->z[c] == open->z[c] || (isnan(made->z[c]) && isnan(open->z[c])));
        if (near) assert_true(made->lowest[column] == open->lowest[column]);
        if (!far) continue;
        assert_true(made->lowest[column] > open->lowest[column] + 500.0F); /* a degree up at 40 km and more */
        if (at.elevation > 0.1 && at.elevation < 0.9) {                    /* nearer to the sweep that is hidden */
            assert_true(isnan(made->z[c]) && !made->radars[c] && !isnan(open->z[c]));
            hidden++;
        } else if (at.elevation > 1.1 && at.elevation < 9.9) {
            assert_near(made->z[c], 40.0, 1e-3);
            above++;
        }
    }
    assert_true(hidden > 100 && above > 100);
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.blocked = 0.8;
    struct made *const less = build(volume, &options);
    for (int c = 0; c < CELLS; c++) assert_true(isnan(less->z[c]) == isnan(open->z[c]));
    options.blocked = 0.0;
    const nwc_mosaic_input input = {volume, NULL};
    assert_fails(NWC_ERR_ARG, "blocked",
                 build_with(NULL, &input, 1, 120.0, NULL, NULL, &options, "VRADH", "m s-1", less));
    free(less);
    free(made);
    free(open);
    nwc_volume_destroy(volume);
}

/* Air that bends beams more than over four thirds of the earth, most between 400 and 600 m. */
static const double height_m[] = {0.0, 400.0, 600.0, 3000.0, 12000.0};
static const double refractivity[] = {345.0, 325.0, 299.0, 230.0, 90.0};

static float by_elevation(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)range, (void)after_s;
    return (float)(10.0 + 8.0 * elevation);
}

static float by_range(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)elevation, (void)after_s;
    return (float)(1e-3 * range);
}

static void beams_go_through_a_profile(void **state)
{
    (void)state;
    static double lon[NY * NX], lat[NY * NX];
    static float u[NY * NX];
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, by_elevation);
    for (int32_t t = 0; t < TURNS; t++) put(volume, t, "RANGE", "1", 600.0, by_range);
    const nwc_beam_options bending = {sizeof bending, 4.0 / 3.0, 5, height_m, refractivity};
    const nwc_mosaic_input input = {volume, NULL};
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.n_levels = 5, options.height_m = height_m, options.refractivity = refractivity;
    nwc_beam *beam;
    assert_ok(nwc_beam_create(NULL, 32.6, 120.2, 120.0, &bending, &beam));
    for (int c = 0; c < NY * NX; c++)
        lon[c] = made_grid.x_first + c % NX * made_grid.dx, lat[c] = made_grid.y_first + c / NX * made_grid.dy;
    assert_ok(nwc_grid_to_lonlat(NULL, &made_grid, NY * NX, lon, lat, lon, lat));
    struct made *const made = malloc(sizeof *made), *const straight = build(volume, NULL);
    for (int still = 1; still >= 0; still--) { /* and by the way for what moves, without moving */
        for (int c = 0; c < NY * NX; c++) u[c] = 1e-9F;
        const nwc_field calm = field_2d(u, NY, NX, "m s-1", &made_grid), *const motion = still ? NULL : &calm;
        assert_ok(build_with(NULL, &input, 1, 120.0, motion, motion, &options, "RANGE", "1", made));
        int found = 0, moved = 0;
        for (int c = 0; c < CELLS; c += 7) {
            struct seen at;
            assert_ok(nwc_beam_find(NULL, beam, 1, &lon[c % (NY * NX)], &lat[c % (NY * NX)], &made_z_m[c / (NY * NX)],
                                    &at.azimuth, &at.elevation, &at.range));
            if (!(at.elevation > 0.5 && at.elevation < 9.9 && at.range < 95e3)) continue;
            assert_near(made->z[c], 10.0 + 8.0 * at.elevation, 0.02);
            assert_near(made->v[c], 1e-3 * at.range, 2e-3);
            moved += fabsf(straight->z[c] - made->z[c]) > 0.1F;
            found++;
        }
        assert_true(found > 100 && moved > 20);
    }
    int below = 0;
    for (int c = 0; c < NY * NX; c++) below += made->lowest[c] < straight->lowest[c] - 20.0F;
    assert_true(below > 50);
    free(made);
    free(straight);
    nwc_beam_destroy(beam);
    nwc_volume_destroy(volume);
}

static float one_gate(double azimuth, double elevation, double range, double after_s)
{
    (void)after_s;
    return fabs(azimuth - 91.3) < 1.0 && elevation < 1.0 && fabs(range - 40.5e3) < 1.0 ? 60.0F : (float)NWC_NOTHING_DBZ;
}

static void one_gate_of_echo_stays_where_it_is(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn turn = {0.5, 120, 1.3, 3.0, 0.0, 0.0, 0.0};
    add_turn(volume, &turn);
    put(volume, 0, "DBZH", NULL, 600.0, one_gate);
    struct made *const made = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) {
        if (isnan(made->z[c]) || made->z[c] == -32.0F) continue;
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        assert_true(turn_between(at.azimuth, 91.3) < 3.0 && fabs(at.range - 40.5e3) < 600.0);
    }
    free(made);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_the_mean_of_the_eight_gates_about_it),
        cmocka_unit_test(the_nearest_is_one_of_the_gates_as_it_is),
        cmocka_unit_test(weights_within_a_radius_count_every_gate_once),
        cmocka_unit_test(weights_within_a_radius_are_about_where_echo_was),
        cmocka_unit_test(clear_air_is_no_echo_and_what_no_beam_reaches_is_not_known),
        cmocka_unit_test(the_lowest_beam_is_that_of_the_lowest_sweep),
        cmocka_unit_test(what_is_hidden_is_not_observed),
        cmocka_unit_test(beams_go_through_a_profile),
        cmocka_unit_test(one_gate_of_echo_stays_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

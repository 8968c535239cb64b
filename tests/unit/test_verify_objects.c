/* verify: SAL against sums over blocks whose cells are known, matched objects against what was moved where. */
#include "core/internal.h"
#include "support/made_pair.h"

enum { NY = 60, NX = 80, CELLS = NY * NX };

static float f[CELLS], o[CELLS];
static const nwc_grid grid = {.projection = "+proj=eqc +R=6371000", .nx = NX, .ny = NY, .dx = 1000.0, .dy = 1000.0};

static void clear(void)
{
    for (int64_t c = 0; c < CELLS; c++) f[c] = o[c] = 0.0F;
}

static void block(float *cells, int64_t j, int64_t i, int64_t height, int64_t width, float value)
{
    for (int64_t b = j; b < j + height; b++)
        for (int64_t a = i; a < i + width; a++) cells[b * NX + a] = value;
}

static nwc_field field(float *cells)
{
    return field_2d(cells, NY, NX, "mm h-1", &grid);
}

static nwc_sal sal(void)
{
    const nwc_field a = field(f), b = field(o);
    nwc_sal result;
    assert_ok(nwc_verify_sal(NULL, &a, &b, NULL, NULL, &result));
    return result;
}

static void a_forecast_that_is_right_has_no_error(void **state)
{
    (void)state;
    clear();
    block(o, 10, 10, 8, 12, 4.0F), block(o, 40, 50, 5, 5, 9.0F);
    memcpy(f, o, sizeof f);
    const nwc_sal s = sal();
    assert_true(s.structure == 0.0 && s.amplitude == 0.0 && s.location == 0.0);
    assert_true(s.n_forecast == 2 && s.n_observed == 2);
}

static void what_is_only_moved_has_a_wrong_place_alone(void **state)
{
    (void)state;
    clear();
    block(o, 10, 10, 8, 12, 4.0F), block(f, 25, 30, 8, 12, 4.0F);
    const nwc_sal s = sal();
    assert_near(s.structure, 0.0, 1e-12);
    assert_near(s.amplitude, 0.0, 1e-12);
    assert_near(s.spread, 0.0, 1e-12);
    assert_near(s.centre, hypot(15.0, 20.0) / hypot(NY - 1.0, NX - 1.0), 1e-3); /* near the equator cells are squares */
}

static void scatter_and_structure_equal_sums_over_blocks(void **state)
{
    (void)state;
    clear();
    block(o, 20, 20, 10, 10, 6.0F);                             /* one: V = 100 * 6 */
    block(f, 20, 10, 6, 6, 3.0F), block(f, 20, 40, 6, 6, 9.0F); /* two, of amounts 108 and 324 */
    const nwc_sal s = sal();
    const double volume = (108.0 * 36.0 + 324.0 * 36.0) / 432.0;
    assert_near(s.structure, 2.0 * (volume - 100.0) / (volume + 100.0), 1e-12);
    assert_near(s.amplitude, 2.0 * (432.0 - 600.0) / (432.0 + 600.0), 1e-12);
    const double middle = (108.0 * 12.5 + 324.0 * 42.5) / 432.0;
    const double scatter = (108.0 * (middle - 12.5) + 324.0 * (42.5 - middle)) / 432.0;
    assert_near(s.spread, 2.0 * scatter / hypot(NY - 1.0, NX - 1.0), 1e-3);
    assert_near(s.centre, hypot(middle - 24.5, 22.5 - 24.5) / hypot(NY - 1.0, NX - 1.0), 1e-3);
}

static void dry_fields_and_those_not_known_are_defined(void **state)
{
    (void)state;
    clear();
    nwc_sal s = sal();
    assert_true(isnan(s.structure) && isnan(s.amplitude) && isnan(s.location) && s.n_forecast == 0);
    block(o, 3, 3, 1, 1, 5.0F);
    s = sal();
    assert_true(s.amplitude == -2.0 && isnan(s.structure) && isnan(s.location) && s.n_observed == 1);
    for (int64_t c = 0; c < CELLS; c++) f[c] = NAN;
    s = sal();
    assert_true(isnan(s.amplitude) && s.n_observed == 0);

    float one = 2.0F;
    const nwc_grid small = {.projection = grid.projection, .nx = 1, .ny = 1, .dx = 1000.0, .dy = 1000.0};
    const nwc_field single = field_2d(&one, 1, 1, "mm h-1", &small);
    assert_ok(nwc_verify_sal(NULL, &single, &single, NULL, NULL, &s));
    assert_true(s.structure == 0.0 && s.amplitude == 0.0 && isnan(s.location));
}

/* ---- matching ---- */

static nwc_object_match *matched(const nwc_verify_objects_options *options, nwc_object_match_table *table)
{
    const nwc_field a = field(f), b = field(o);
    nwc_object_match *match;
    assert_ok(nwc_object_match_find(NULL, &a, &b, NULL, options, &match));
    assert_ok(nwc_object_match_lend(match, table));
    return match;
}

static nwc_verify_objects_options options_of(double threshold, double radius)
{
    nwc_verify_objects_options options;
    nwc_verify_objects_options_init(&options);
    options.threshold = threshold, options.radius = radius;
    return options;
}

static void each_object_is_matched_with_the_one_it_was_moved_to(void **state)
{
    (void)state;
    clear();
    block(o, 5, 5, 6, 12, 5.0F), block(o, 30, 30, 10, 10, 5.0F), block(o, 50, 5, 4, 4, 5.0F);
    block(f, 8, 7, 6, 12, 5.0F),
        block(f, 30, 34, 10, 10, 5.0F); /* two moved by 3 and 2, and by 4 cells; one is missed */
    block(f, 50, 70, 4, 4, 5.0F);       /* and one false */
    const nwc_verify_objects_options options = options_of(2.0, 0.0);
    nwc_object_match_table table;
    nwc_object_match *const match = matched(&options, &table);
    assert_true(table.n_forecast == 3 && table.n_observed == 3 && table.n_pairs == 2);
    for (int32_t k = 0; k < table.n_pairs; k++) {
        const nwc_object_pair *const pair = &table.pairs[k];
        const nwc_cell *const a = &table.forecast[pair->forecast], *const b = &table.observed[pair->observed];
        const bool wide = b->n == 72;
        assert_int_equal(a->n, b->n);
        assert_near(pair->distance_m, wide ? 1000.0 * hypot(3.0, 2.0) : 4000.0, 5.0);
        assert_near(pair->intersection, wide ? 3.0 * 10.0 / 72.0 : 0.6, 1e-12);
        assert_near(pair->area_ratio, 1.0, 1e-3);
        assert_near(pair->angle_deg, 0.0, 1e-6);
        /* All attributes but the distance are perfect; the square says nothing of its angle. */
        const double sure = wide ? pow(1.0 - sqrt(35.0 / 143.0), 2.0) : 0.0; /* (6^2 - 1) / (12^2 - 1) */
        const double interest = (2.0 * (1.0 - pair->distance_m / 60e3) + 4.0 + sure) / (6.0 + sure);
        assert_near(pair->interest, interest, 5e-3);
    }
    assert_true(table.pairs[0].interest >= table.pairs[1].interest);
    nwc_object_match_destroy(match);
}

static void turned_and_smaller_objects_have_their_attributes(void **state)
{
    (void)state;
    clear();
    block(o, 20, 20, 4, 20, 5.0F), block(f, 12, 28, 20, 4, 5.0F); /* across one another */
    nwc_verify_objects_options options = options_of(2.0, 0.0);
    options.interest = 0.1;
    nwc_object_match_table table;
    nwc_object_match *match = matched(&options, &table);
    assert_int_equal(table.n_pairs, 1);
    assert_near(table.pairs[0].angle_deg, 90.0, 1e-6);
    assert_near(table.pairs[0].aspect_ratio, 1.0, 1e-3);
    assert_near(table.pairs[0].intersection, 16.0 / 80.0, 1e-12);
    nwc_object_match_destroy(match);

    block(f, 0, 0, NY, NX, 0.0F);
    block(f, 20, 20, 4, 10, 5.0F);
    match = matched(&options, &table);
    assert_near(table.pairs[0].area_ratio, 0.5, 1e-3);
    assert_near(table.pairs[0].intersection, 1.0, 0.0);
    nwc_object_match_destroy(match);
}

static void smoothing_is_the_mean_over_a_disc(void **state)
{
    (void)state;
    clear();
    o[30 * NX + 40] = 26.0F, f[30 * NX + 40] = 26.0F;
    nwc_object_match_table table;
    /* A disc of radius 2.5 holds 21 cells: 26 / 21 is above 1.2 in all of them, and below 1.3 in every one. */
    nwc_verify_objects_options options = options_of(1.2, 2.5);
    nwc_object_match *match = matched(&options, &table);
    assert_true(table.n_observed == 1 && table.observed[0].n == 21);
    nwc_object_match_destroy(match);
    options.threshold = 1.3;
    match = matched(&options, &table);
    assert_true(table.n_observed == 0 && table.n_pairs == 0);
    nwc_object_match_destroy(match);
    f[30 * NX + 41] = NAN; /* not known in one, not known in both: the disc has a cell less */
    options.threshold = 1.2;
    match = matched(&options, &table);
    assert_true(table.n_observed == 1 && table.observed[0].n == 20);
    assert_near(table.observed[0].peak, 1.3, 1e-6);
    nwc_object_match_destroy(match);
}

/* ---- sums ---- */

static void sums_hold_the_means_of_all_pairs_and_merge(void **state)
{
    (void)state;
    nwc_verify_sums *whole, *part, *other;
    nwc_verify_objects_options options = options_of(2.0, 0.0);
    assert_ok(nwc_verify_objects_create(NULL, &options, &whole));
    assert_ok(nwc_verify_objects_create(NULL, &options, &part));
    double structure = 0.0, amplitude = 0.0;
    for (int k = 0; k < 4; k++) {
        clear();
        if (k < 3) block(o, 10, 10 + 5 * k, 8, 12, 4.0F), block(f, 12, 10 + 5 * k, 8, 6 + 3 * k, 4.0F);
        const nwc_field a = field(f), b = field(o);
        assert_ok(nwc_verify_objects_add(NULL, k % 2 ? part : whole, &a, &b, NULL));
        if (k < 3) structure += sal().structure / 3.0, amplitude += fabs(sal().amplitude) / 3.0;
    }
    assert_ok(nwc_verify_sums_merge(whole, part));
    nwc_object_scores s;
    assert_ok(nwc_verify_objects_get_scores(whole, &s));
    assert_true(s.n == 4 && s.n_structure == 3 && s.n_amplitude == 3 && s.matched == 3);
    assert_true(s.objects_forecast == 3 && s.objects_observed == 3 && s.pod == 1.0 && s.far == 0.0 && s.csi == 1.0);
    assert_near(s.structure, structure, 1e-12);
    assert_near(s.amplitude_size, amplitude, 1e-12);
    options.radius = 1.0;
    assert_ok(nwc_verify_objects_create(NULL, &options, &other));
    assert_fails(NWC_ERR_ARG, "options", nwc_verify_sums_merge(whole, other));
    assert_ok(nwc_verify_objects_get_scores(other, &s));
    assert_true(s.n == 0 && isnan(s.structure) && isnan(s.pod) && isnan(s.interest));
    nwc_verify_sums_destroy(other);
    nwc_verify_sums_destroy(part);
    nwc_verify_sums_destroy(whole);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    clear();
    const nwc_field a = field(f), nowhere = field_2d(f, NY, NX, "mm h-1", NULL);
    nwc_field other = a;
    other.units = "dBZ";
    nwc_sal s;
    nwc_verify_objects_options options = options_of(1.0, -1.0);
    assert_fails(NWC_ERR_ARG, "radius", nwc_verify_sal(NULL, &a, &a, NULL, &options, &s));
    assert_fails(NWC_ERR_ARG, "units", nwc_verify_sal(NULL, &a, &other, NULL, NULL, &s));
    assert_fails(NWC_ERR_ARG, "forecast", nwc_verify_sal(NULL, &nowhere, &nowhere, NULL, NULL, &s));
    assert_fails(NWC_ERR_ARG, "sal", nwc_verify_sal(NULL, &a, &a, NULL, NULL, NULL));
    options.radius = 1.0, options.wet = 0.0;
    nwc_object_match *match;
    assert_fails(NWC_ERR_ARG, "wet", nwc_object_match_find(NULL, &a, &a, NULL, &options, &match));
    assert_fails(NWC_ERR_ARG, "match", nwc_object_match_lend(NULL, NULL));
    assert_fails(NWC_ERR_ARG, "NULL", nwc_verify_objects_add(NULL, NULL, &a, &a, NULL));
}

static nwc_status score_once(nwc_ctx *ctx, void *user)
{
    const nwc_field a = field(f), b = field(o);
    nwc_verify_sums *sums;
    NWC__TRY(nwc_verify_objects_create(ctx, NULL, &sums));
    const nwc_status status = nwc_verify_objects_add(ctx, sums, &a, &b, NULL);
    if (user && status == NWC_OK) assert_ok(nwc_verify_sums_get_state(sums, user));
    nwc_verify_sums_destroy(sums);
    return status;
}

static void threads_and_failing_allocations_change_nothing(void **state)
{
    (void)state;
    clear();
    block(o, 10, 10, 8, 12, 4.0F), block(f, 12, 14, 9, 11, 3.0F);
    double one[26], many[26];
    check_threads_change_no_bit(score_once, one, many, sizeof one);
    assert_true(check_every_allocation_failure(score_once, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forecast_that_is_right_has_no_error),
        cmocka_unit_test(what_is_only_moved_has_a_wrong_place_alone),
        cmocka_unit_test(scatter_and_structure_equal_sums_over_blocks),
        cmocka_unit_test(dry_fields_and_those_not_known_are_defined),
        cmocka_unit_test(each_object_is_matched_with_the_one_it_was_moved_to),
        cmocka_unit_test(turned_and_smaller_objects_have_their_attributes),
        cmocka_unit_test(smoothing_is_the_mean_over_a_disc),
        cmocka_unit_test(sums_hold_the_means_of_all_pairs_and_merge),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(threads_and_failing_allocations_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

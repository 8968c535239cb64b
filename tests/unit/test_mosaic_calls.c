/* mosaic: lookups, threads, refusals, and failing allocations. */
#include "support/made_mosaic.h"

static void threads_and_instructions_change_nothing_or_little(void **state)
{
    (void)state;
    nwc_volume *const west = volume_of(32.5, 119.6, 0.0, weather), *const east = volume_of(32.5, 120.5, 0.4, weather);
    const nwc_mosaic_input both[] = {{west, NULL}, {east, NULL}};
    struct made *const one = malloc(sizeof *one), *const other = malloc(sizeof *other);
    static const int32_t threads[] = {2, 3, 7};
    nwc_ctx *ctx = context_with_threads(1);
    assert_ok(build_with(ctx, both, 2, 120.0, NULL, NULL, NULL, "VRADH", "m s-1", one));
    nwc_ctx_destroy(ctx);
    for (int t = 0; t < 3; t++) {
        ctx = context_with_threads(threads[t]);
        assert_ok(build_with(ctx, both, 2, 120.0, NULL, NULL, NULL, "VRADH", "m s-1", other));
        assert_memory_equal(one, other, sizeof *one);
        nwc_ctx_destroy(ctx);
    }
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.simd = NWC_SIMD_V2;
    assert_ok(nwc_ctx_create(&options, &ctx));
    assert_ok(build_with(ctx, both, 2, 120.0, NULL, NULL, NULL, "VRADH", "m s-1", other));
    nwc_ctx_destroy(ctx);
    for (int c = 0; c < CELLS; c++)
        assert_true(isnan(one->z[c]) ? isnan(other->z[c]) : fabsf(one->z[c] - other->z[c]) < 0.01F);
    free(one);
    free(other);
    nwc_volume_destroy(west);
    nwc_volume_destroy(east);
}

static void a_lookup_covers_what_the_radar_reaches_of_any_grid(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    nwc_grid wide = {.projection = "+proj=longlat +ellps=WGS84",
                     .nx = 1800,
                     .ny = 800,
                     .x_first = -179.9,
                     .y_first = -79.9,
                     .dx = 0.2,
                     .dy = 0.2,
                     .nz = 1,
                     .z_m = made_z_m};
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.max_range_m = 100e3;
    nwc_mosaic_lookup *lookup;
    assert_ok(nwc_mosaic_lookup_create(NULL, volume, &wide, &options, &lookup));
    assert_true(nwc_mosaic_lookup_bytes(lookup) < 20000); /* about 10 by 11 cells of 20 km, and a margin */
    assert_int_equal(nwc_mosaic_lookup_serves(lookup, volume, &wide, &options), 1);
    assert_int_equal(nwc_mosaic_lookup_serves(lookup, volume, &wide, NULL), 0); /* another reach */
    assert_int_equal(nwc_mosaic_lookup_serves(lookup, volume, &made_grid, &options), 0);
    static const double height_m[] = {0.0, 5000.0}, refractivity[] = {320.0, 200.0};
    options.n_levels = 2, options.height_m = height_m, options.refractivity = refractivity;
    assert_int_equal(nwc_mosaic_lookup_serves(lookup, volume, &wide, &options), 0);
    nwc_mosaic_lookup *bent;
    assert_ok(nwc_mosaic_lookup_create(NULL, volume, &made_grid, &options, &bent));
    assert_int_equal(nwc_mosaic_lookup_serves(bent, volume, &made_grid, &options), 1);
    options.refractivity = height_m;
    assert_int_equal(nwc_mosaic_lookup_serves(bent, volume, &made_grid, &options), 0);
    nwc_mosaic_lookup_destroy(bent);
    options.n_levels = 0;
    assert_int_equal(nwc_mosaic_lookup_serves(NULL, volume, &wide, &options), 0);
    nwc_volume *const other = volume_of(32.61, 120.2, 0.0, forty);
    assert_int_equal(nwc_mosaic_lookup_serves(lookup, other, &wide, &options), 0);
    nwc_mosaic_lookup_destroy(lookup);
    wide.x_first = -150.0, wide.nx = 100; /* the other side of the earth */
    assert_ok(nwc_mosaic_lookup_create(NULL, volume, &wide, &options, &lookup));
    assert_true(nwc_mosaic_lookup_bytes(lookup) < 1000);
    nwc_mosaic_lookup_destroy(lookup);
    nwc_mosaic_lookup_destroy(NULL);
    nwc_volume_destroy(other);
    nwc_volume_destroy(volume);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty), *const nowhere = volume_of(NAN, 120.2, 0.0, forty);
    nwc_mosaic_lookup *lookup;
    nwc_mosaic_options options;
    nwc_grid flat = made_grid;
    struct made *const made = malloc(sizeof *made);
    nwc_mosaic_input input = {volume, NULL};
    flat.nz = 0;
    assert_fails(NWC_ERR_ARG, "1 to 256 levels expected, 0",
                 nwc_mosaic_lookup_create(NULL, volume, &flat, NULL, &lookup));
    assert_fails(NWC_ERR_ARG, "a place on the earth expected",
                 nwc_mosaic_lookup_create(NULL, nowhere, &made_grid, NULL, &lookup));
    assert_fails(NWC_ERR_ARG, "a place for the lookup", nwc_mosaic_lookup_create(NULL, volume, &made_grid, NULL, NULL));
    nwc_mosaic_options_init(&options);
    options.method = 9;
    assert_fails(NWC_ERR_ARG, "an nwc_mosaic_method expected, 9",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    nwc_mosaic_options_init(&options);
    options.reflectivity = 2;
    assert_fails(NWC_ERR_ARG, "an nwc_mosaic_reflectivity expected, 2",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    nwc_mosaic_options_init(&options);
    options.min_known = 1.5;
    assert_fails(NWC_ERR_ARG, "min_known: 0 to 1 expected, 1.5",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    options.min_known = 0.5, options.n_levels = 3;
    assert_fails(NWC_ERR_ARG, "n_levels: arrays of heights and refractivities expected with 3",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    options.n_levels = 0, options.beyond_beams = 11.0;
    assert_fails(NWC_ERR_ARG, "beyond_beams: 0 to 10 expected, 11",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    options.beyond_beams = 0.5, options.max_age_s = 0.0;
    assert_fails(NWC_ERR_ARG, "max_age_s: above 0 expected, 0",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    assert_fails(NWC_ERR_ARG, "1 to 31 volumes expected, 0",
                 build_with(NULL, &input, 0, 0.0, NULL, NULL, NULL, "VRADH", "m s-1", made));
    assert_fails(NWC_ERR_ARG, "fields[1]: a name and units",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, NULL, "", "m s-1", made));
    static float u[NY * NX];
    const nwc_field motion = field_2d(u, NY, NX, "m s-1", &made_grid);
    assert_fails(NWC_ERR_ARG, "both or neither",
                 build_with(NULL, &input, 1, 0.0, &motion, NULL, NULL, "VRADH", "m s-1", made));
    nwc_mosaic_options_init(&options);
    assert_ok(nwc_mosaic_lookup_create(NULL, volume, &made_grid, NULL, &lookup));
    options.max_range_m = 5e4;
    input.lookup = lookup;
    assert_fails(NWC_ERR_ARG, "inputs[0]: the lookup is of another radar, grid or reach",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    input.volume = NULL;
    assert_fails(NWC_ERR_ARG, "inputs[0]: a volume expected",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, NULL, "VRADH", "m s-1", made));
    nwc_mosaic_lookup_destroy(lookup);
    free(made);
    nwc_volume_destroy(volume);
    nwc_volume_destroy(nowhere);
}

static nwc_status build_all(nwc_ctx *ctx, void *user)
{
    static struct made made;
    static float u[NY * NX];
    const nwc_field motion = field_2d(u, NY, NX, "m s-1", &made_grid);
    const nwc_mosaic_input input = {user, NULL};
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.max_range_m = 2e4;
    return build_with(ctx, &input, 1, 120.0, &motion, &motion, &options, "VRADH", "m s-1", &made);
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    assert_true(check_every_allocation_failure(build_all, volume) > 30);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_instructions_change_nothing_or_little),
        cmocka_unit_test(a_lookup_covers_what_the_radar_reaches_of_any_grid),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Maps of the ground: what days without rain teach, what the filter makes of it, and their bytes. */
#include "support/made_gates.h"

static float ground_or_nothing(int64_t ray, int64_t gate)
{
    return on_ground(ray, gate) ? 40.0f : gate == GATES - 1 ? NAN : (float)NWC_NOTHING_DBZ;
}

static nwc_volume *dry_day(double angle)
{
    nwc_volume *const volume = new_volume(NULL);
    assert_ok(add_sweep(volume, angle, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, ground_or_nothing));
    return volume;
}

static nwc_clutter_map *learnt(int32_t days)
{
    nwc_clutter_map *map = NULL;
    assert_ok(nwc_clutter_map_create(NULL, 5.0, &map));
    nwc_volume *const volume = dry_day(3.0);
    for (int32_t day = 0; day < days; day++) assert_ok(nwc_clutter_map_add(map, volume));
    nwc_volume_destroy(volume);
    return map;
}

static void a_map_learns_where_the_ground_is(void **state)
{
    (void)state;
    nwc_clutter_map *map = learnt(2);
    nwc_field often, mean;
    double angle;
    int32_t volumes, elevations;
    assert_ok(nwc_clutter_map_elevation(map, 0, &angle, &often, &mean));
    assert_true(isnan(often.data[80 * 600 + 30])); /* two do not tell */
    nwc_volume *volume = dry_day(3.1);
    assert_ok(nwc_clutter_map_add(map, volume));
    nwc_volume_destroy(volume);
    assert_ok(nwc_clutter_map_describe(map, &volumes, &elevations));
    assert_int_equal(volumes, 3);
    assert_int_equal(elevations, 1);
    assert_ok(nwc_clutter_map_elevation(map, 0, &angle, &often, &mean));
    assert_near(angle, 3.0, 1e-6);
    /* Rays every 4 degrees see what is within 1 degree: azimuth 80.5 is ray 20. */
    assert_near(often.data[80 * 600 + 30], 1.0, 0.0);
    assert_near(mean.data[80 * 600 + 30], 40.0, 0.0);
    assert_near(often.data[80 * 600 + 80], 0.0, 0.0);
    assert_true(isnan(mean.data[80 * 600 + 80]));
    assert_true(isnan(often.data[80 * 600 + 199]));
    assert_true(isnan(often.data[82 * 600 + 30]));
    assert_fails(NWC_ERR_ARG, "0 to 0 expected", nwc_clutter_map_elevation(map, 1, &angle, &often, &mean));
    nwc_clutter_map_destroy(map);
}

static void a_map_tells_ground_from_anomalous_propagation(void **state)
{
    (void)state;
    nwc_clutter_map *map = learnt(3);
    nwc_quality_options options;
    nwc_quality_options_init(&options);
    options.map = map;
    nwc_volume *volume = new_volume(NULL);
    assert_ok(add_sweep(volume, 3.0, 0, 300e3f));
    assert_ok(add_gates(volume, "DBZH", GATES, ground_or_rain));
    filter(volume, &options, NULL);
    assert_int_equal(flags_of(volume, 20, 45), NWC_QUALITY_CLUTTER); /* high, but known */
    assert_int_equal(flags_of(volume, 70, 45), 0);
    nwc_volume_destroy(volume);
    nwc_clutter_map_destroy(map);
}

static void a_map_is_the_same_after_saving_and_damage_is_told(void **state)
{
    (void)state;
    nwc_clutter_map *map = learnt(3), *copy = NULL;
    int64_t size = 0, again = 0;
    assert_ok(nwc_clutter_map_save(map, NULL, &size));
    uint8_t *const bytes = malloc((size_t)size), *const second = malloc((size_t)size);
    assert_ok(nwc_clutter_map_save(map, bytes, &size));
    again = 5;
    assert_fails(NWC_ERR_ARG, "5 given", nwc_clutter_map_save(map, second, &again));
    assert_ok(nwc_clutter_map_load(NULL, bytes, size, &copy));
    assert_ok(nwc_clutter_map_save(copy, second, &again));
    assert_int_equal(again, size);
    assert_memory_equal(bytes, second, (size_t)size);
    nwc_clutter_map_destroy(copy);
    for (int64_t cut = 0; cut < 64; cut++)
        assert_int_equal(nwc_clutter_map_load(NULL, bytes, cut, &copy), NWC_ERR_FORMAT);
    assert_fails(NWC_ERR_FORMAT, "a whole map", nwc_clutter_map_load(NULL, bytes, size - 1, &copy));
    for (int64_t bit = 0; bit < 24 * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        const nwc_status status = nwc_clutter_map_load(NULL, bytes, size, &copy);
        assert_true(status == NWC_OK || status == NWC_ERR_FORMAT);
        assert_true((status == NWC_OK) == (copy != NULL));
        nwc_clutter_map_destroy(copy);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    bytes[20 + 3] = 0x7f; /* an elevation of a number too large, or of none */
    assert_fails(NWC_ERR_FORMAT, "an elevation up to 5 degrees expected at offset 20",
                 nwc_clutter_map_load(NULL, bytes, size, &copy));
    bytes[20 + 3] = 0x40;
    bytes[24 + 3] = 0xff; /* looked by less than nothing, or no number */
    bytes[24 + 2] = 0xff;
    assert_fails(NWC_ERR_FORMAT, "counts expected", nwc_clutter_map_load(NULL, bytes, size, &copy));
    bytes[0] = 'X';
    assert_fails(NWC_ERR_FORMAT, "NWCLUT01", nwc_clutter_map_load(NULL, bytes, size, &copy));
    free(second);
    free(bytes);
    nwc_clutter_map_destroy(map);
}

static void wrong_arguments_are_told(void **state)
{
    (void)state;
    nwc_volume *const volume = new_volume(NULL);
    nwc_clutter_map *map = NULL;
    assert_ok(add_sweep(volume, 0.5, 0, 300e3f));
    assert_ok(add_gates(volume, "VRADH", GATES, wind));
    assert_fails(NWC_ERR_ARG, "a reflectivity", nwc_clutter_map_create(NULL, 200.0, &map));
    assert_ok(nwc_clutter_map_create(NULL, 5.0, &map));
    assert_fails(NWC_ERR_NODATA, "no DBZH at an elevation up to 5", nwc_clutter_map_add(map, volume));
    nwc_clutter_map_destroy(map);
    nwc_clutter_map_destroy(NULL);
    nwc_volume_destroy(volume);
}

static nwc_status learn_and_copy(nwc_ctx *ctx, void *user)
{
    nwc_clutter_map *map = NULL, *copy = NULL;
    const nwc_volume *const volume = user;
    int64_t size = 0;
    nwc_status status = nwc_clutter_map_create(ctx, 5.0, &map);
    if (status == NWC_OK) status = nwc_clutter_map_add(map, volume);
    if (status == NWC_OK) status = nwc_clutter_map_save(map, NULL, &size);
    uint8_t *const bytes = malloc((size_t)size + 1);
    if (status == NWC_OK) status = nwc_clutter_map_save(map, bytes, &size);
    if (status == NWC_OK) status = nwc_clutter_map_load(ctx, bytes, size, &copy);
    free(bytes);
    nwc_clutter_map_destroy(copy);
    nwc_clutter_map_destroy(map);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    nwc_volume *const volume = dry_day(0.5);
    assert_true(check_every_allocation_failure(learn_and_copy, volume) >= 4);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_learns_where_the_ground_is),
        cmocka_unit_test(a_map_tells_ground_from_anomalous_propagation),
        cmocka_unit_test(a_map_is_the_same_after_saving_and_damage_is_told),
        cmocka_unit_test(wrong_arguments_are_told),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

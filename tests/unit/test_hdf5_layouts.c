/* Arrays of HDF5 files in all ways of storing them: what we unpack ourselves equals what the library was given. */
#include "support/made_hdf5.h"
#include "support/read_volume.h"
#include "support/scratch.h"

/* So many that chunks of doubles are larger, and those of other cells smaller, than what is inflated beside the array. */
enum { RAYS = 60, GATES = 130 };

enum way { CONTIGUOUS, COMPACT, CHUNKED, DEFLATED, SHUFFLED, BOTH, CHECKED, WAYS };

static void put_what(hid_t group, const char *object)
{
    const hid_t what = put_group(group, "what");
    put_text(what, "object", object, false);
    put_text(what, "date", "20260601", false);
    put_text(what, "time", "060000", false);
    H5Gclose(what);
}

/* A plan of storing; edge: chunks reach over the array. */
static hid_t plan_of(enum way way, bool edge)
{
    const hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[2] = {edge ? 50 : RAYS, edge ? 100 : GATES};
    if (way == COMPACT) H5Pset_layout(plan, H5D_COMPACT);
    if (way >= CHUNKED) H5Pset_chunk(plan, 2, chunk);
    if (way == SHUFFLED || way == BOTH || way == CHECKED) H5Pset_shuffle(plan);
    if (way == DEFLATED || way == BOTH || way == CHECKED) H5Pset_deflate(plan, 6);
    if (way == CHECKED) H5Pset_fletcher32(plan);
    return plan;
}

static int stored(int c)
{
    return (c * 7) % 120;
}

static void make(hid_t type, enum way way, bool edge)
{
    const hid_t file = H5Fcreate(scratch_path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put_what(file, "SCAN");
    const hid_t dataset = put_group(file, "dataset1"), where = put_group(dataset, "where"),
                data = put_group(dataset, "data1"), what = put_group(data, "what");
    put_number(where, "elangle", 0.5), put_number(where, "rscale", 500.0), put_number(where, "rstart", 0.0);
    put_text(what, "quantity", "DBZH", false), put_number(what, "gain", 0.5), put_number(what, "offset", -10.0);
    put_number(what, "nodata", 119.0), put_number(what, "undetect", 0.0);
    static int cells[RAYS * GATES];
    for (int c = 0; c < RAYS * GATES; c++) cells[c] = stored(c);
    const hid_t space = H5Screate_simple(2, (hsize_t[]){RAYS, GATES}, NULL), plan = plan_of(way, edge);
    const hid_t array = H5Dcreate2(data, "data", type, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    assert_true(H5Dwrite(array, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells) >= 0);
    H5Dclose(array), H5Pclose(plan), H5Sclose(space);
    H5Gclose(what), H5Gclose(data), H5Gclose(where), H5Gclose(dataset);
    assert_true(H5Fclose(file) >= 0);
}

static void check(hid_t type)
{
    const char *const name = scratch_path;
    nwc_volume *volume;
    nwc_moment moment;
    assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &volume));
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
    assert_near(moment.resolution, H5Tget_class(type) == H5T_INTEGER && H5Tget_size(type) <= 4 ? 0.5 : 0.0, 0.0);
    for (int c = 0; c < RAYS * GATES; c++) {
        const int code = stored(c);
        if (code == 119)
            assert_true(isnan(moment.field.data[c]));
        else
            assert_near(moment.field.data[c], code ? 0.5 * code - 10.0 : NWC_NOTHING_DBZ, 0.0);
    }
    nwc_volume_destroy(volume);
}

static void all_types_and_layouts_give_the_same(void **state)
{
    (void)state;
    const hid_t types[] = {H5T_STD_U8LE,  H5T_STD_I8LE,  H5T_STD_U16LE, H5T_STD_U16BE,  H5T_STD_I16LE,  H5T_STD_I16BE,
                           H5T_STD_U32LE, H5T_STD_I32LE, H5T_STD_I64LE, H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        for (int way = 0; way < 2 * WAYS; way++) {
            make(types[t], way % WAYS, way >= WAYS);
            check(types[t]);
        }
}

/* Whole rays: their cells follow each other in the array, but for those of the last chunk, which reaches over its end. */
static void chunks_of_whole_rays_are_put_in_their_places(void **state)
{
    (void)state;
    make(H5T_STD_U16LE, DEFLATED, false);
    const hid_t file = H5Fopen(scratch_path, H5F_ACC_RDWR, H5P_DEFAULT), plan = H5Pcreate(H5P_DATASET_CREATE);
    assert_true(H5Ldelete(file, "dataset1/data1/data", H5P_DEFAULT) >= 0);
    H5Pset_chunk(plan, 2, (hsize_t[]){25, GATES}), H5Pset_deflate(plan, 6);
    const hid_t space = H5Screate_simple(2, (hsize_t[]){RAYS, GATES}, NULL);
    const hid_t array = H5Dcreate2(file, "dataset1/data1/data", H5T_STD_U16LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    static int cells[RAYS * GATES];
    for (int c = 0; c < RAYS * GATES; c++) cells[c] = stored(c);
    assert_true(H5Dwrite(array, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells) >= 0);
    H5Dclose(array), H5Sclose(space), H5Pclose(plan), H5Fclose(file);
    check(H5T_STD_U16LE);
}

static void chunks_that_were_never_written_have_the_fill_value(void **state)
{
    (void)state;
    const char *const name = scratch_path;
    nwc_volume *volume;
    nwc_moment moment;
    make(H5T_STD_U8LE, BOTH, true);
    const hid_t file = H5Fopen(scratch_path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Ldelete(file, "dataset1/data1/data", H5P_DEFAULT) >= 0);
    const uint8_t fill = 119;
    const hid_t plan = plan_of(BOTH, true), space = H5Screate_simple(2, (hsize_t[]){RAYS, GATES}, NULL);
    H5Pset_fill_value(plan, H5T_NATIVE_UINT8, &fill);
    const hid_t array = H5Dcreate2(file, "dataset1/data1/data", H5T_STD_U8LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    H5Dclose(array), H5Sclose(space), H5Pclose(plan), H5Fclose(file);
    assert_ok(nwc_volume_open(NULL, &name, 1, NULL, &volume));
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
    for (int c = 0; c < RAYS * GATES; c++) assert_true(isnan(moment.field.data[c]));
    nwc_volume_destroy(volume);
}

static void a_damaged_chunk_is_named(void **state)
{
    (void)state;
    const char *const name = scratch_path;
    nwc_volume *volume;
    uint8_t bytes[1 << 16];
    make(H5T_STD_U8LE, DEFLATED, false);
    const int64_t size = get_scratch(bytes, sizeof bytes);
    int64_t at = 0;
    while (at + 2 < size && (bytes[at] != 0x78 || bytes[at + 1] != 0x9c)) at++; /* a zlib stream of level 6 */
    assert_true(at + 20 < size);
    bytes[at + 12] ^= 0xff;
    put_scratch(bytes, size);
    assert_fails(NWC_ERR_FORMAT, "array data: byte", nwc_volume_open(NULL, &name, 1, NULL, &volume));
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    make(H5T_STD_U16LE, BOTH, true);
    assert_true(check_every_failing_open(scratch_path) > 30);
}

static int make_path(void **state)
{
    (void)state;
    return make_scratch_named("volume.h5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_and_layouts_give_the_same),
        cmocka_unit_test(chunks_of_whole_rays_are_put_in_their_places),
        cmocka_unit_test(chunks_that_were_never_written_have_the_fill_value),
        cmocka_unit_test(a_damaged_chunk_is_named),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, make_path, remove_scratch);
}

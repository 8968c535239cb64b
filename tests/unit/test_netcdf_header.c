/* Headers of classic netCDF, made byte by byte in each of their versions. */
#include "io/netcdf_header.h"
#include "support/support.h"

#include <netcdf.h>
#include <netcdf_mem.h>

static uint8_t bytes[512];
static int64_t size;
static int wide, offset; /* bytes of a number and of an offset */

static void put(int n, uint64_t value)
{
    for (int k = n - 1; k >= 0; k--) bytes[size++] = (uint8_t)(value >> 8 * k);
}

static void put_text(const char *text)
{
    put(wide, strlen(text));
    for (const char *c = text; *c; c++) bytes[size++] = (uint8_t)*c;
    while (size % 4) bytes[size++] = 0;
}

/* Two dimensions, a text for all, and one variable on both with a number of two bytes; where the counts of things are. */
static void make(int version, int64_t counts[6])
{
    size = 0, wide = version == 5 ? 8 : 4, offset = version == 1 ? 4 : 8;
    put(3, 0x434446), put(1, (uint64_t)version), put(wide, 0);
    put(4, 10), counts[0] = size, put(wide, 2);
    counts[1] = size, put_text("y"), put(wide, 2);
    put_text("x"), put(wide, 3);
    put(4, 12), put(wide, 1), put_text("title"), put(4, 2), counts[2] = size, put_text("small");
    put(4, 11), counts[3] = size, put(wide, 1), put_text("rain");
    counts[4] = size, put(wide, 2), put(wide, 0), put(wide, 1);
    put(4, 12), counts[5] = size, put(wide, 1), put_text("gain"), put(4, 3), put(wide, 1), put(2, 7), put(2, 0);
    put(4, 3), put(wide, 12), put(offset, (uint64_t)(size + offset));
}

static void headers_of_every_version_are_walked_to_their_end(void **state)
{
    (void)state;
    static const int versions[] = {1, 2, 5};
    for (int v = 0; v < 3; v++) {
        int64_t counts[6];
        int file, variables;
        make(versions[v], counts);
        assert_ok(nwc__netcdf_check(bytes, size));
        for (int64_t n = 4; n < size; n++) assert_int_equal(nwc__netcdf_check(bytes, n), NWC_ERR_FORMAT);
        /* They are headers to netCDF-C too, which wants more bytes behind them than the file needs. */
        memset(bytes + size, 0, (size_t)((int64_t)sizeof bytes - size));
        const int error = nc_open_mem("made", NC_NOWRITE, sizeof bytes, bytes, &file);
        if (error) fail_msg("CDF-%d: %s", versions[v], nc_strerror(error));
        assert_int_equal(nc_inq_nvars(file, &variables), NC_NOERR);
        assert_int_equal(variables, 1);
        nc_close(file);
    }
}

static void more_things_than_have_room_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"dimensions, for", "letters of a name",        "values of an attribute",
                                        "variables, for",  "dimensions of a variable", "attributes, for"};
    static const int versions[] = {1, 2, 5};
    for (int v = 0; v < 3; v++)
        for (int k = 0; k < 6; k++) {
            int64_t counts[6];
            char at[32];
            make(versions[v], counts);
            bytes[counts[k]] = 0x7f;
            snprintf(at, sizeof at, "byte %d: ", (int)counts[k]);
            assert_fails(NWC_ERR_FORMAT, names[k], nwc__netcdf_check(bytes, size));
            assert_non_null(strstr(nwc_error_text(), at));
            bytes[counts[k]] = 0xff;
            assert_fails(NWC_ERR_FORMAT, names[k], nwc__netcdf_check(bytes, size));
        }
}

static void lists_types_and_versions_that_are_none_are_named(void **state)
{
    (void)state;
    int64_t counts[6];
    make(2, counts);
    bytes[counts[0] - 1] = 11;
    assert_fails(NWC_ERR_FORMAT, "a list of dimensions expected in the netCDF header, tag 11 found",
                 nwc__netcdf_check(bytes, size));
    make(2, counts);
    bytes[counts[2] - 1] = 12;
    assert_fails(NWC_ERR_FORMAT, "a type of netCDF, 1 to 11, expected, 12 found", nwc__netcdf_check(bytes, size));
    make(1, counts);
    bytes[size - 9] = 0; /* of the variable */
    assert_fails(NWC_ERR_FORMAT, "a type of netCDF, 1 to 11, expected, 0 found", nwc__netcdf_check(bytes, size));
    bytes[3] = 3;
    assert_fails(NWC_ERR_FORMAT, "byte 3: version 1, 2 or 5 of netCDF expected, 3 found",
                 nwc__netcdf_check(bytes, size));
    assert_ok(nwc__netcdf_check((const uint8_t *)"\x89HDF\r\n\x1a\n", 8));
}

static void what_is_left_out_is_no_fault(void **state)
{
    (void)state;
    static const uint8_t empty[32] = "CDF\1";
    assert_ok(nwc__netcdf_check(empty, sizeof empty));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_of_every_version_are_walked_to_their_end),
        cmocka_unit_test(more_things_than_have_room_are_refused),
        cmocka_unit_test(lists_types_and_versions_that_are_none_are_named),
        cmocka_unit_test(what_is_left_out_is_no_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

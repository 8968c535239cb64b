/* Attributes of HDF5 objects, written by the library and read by our own look at the headers. */
#include "io/hdf5_header.h"
#include "support/made_hdf5.h"
#include "support/support.h"

enum { ROOM = 1 << 18, MANY = 5 };

static uint8_t bytes[ROOM];
static struct nwc__hdf5_image image;
static uint64_t address;

static void put(hid_t object, const char *name, hid_t type, int count, const double *numbers)
{
    const hsize_t dim = (hsize_t)count;
    const hid_t space = count ? H5Screate_simple(1, &dim, NULL) : H5Screate(H5S_SCALAR);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_DOUBLE, numbers) >= 0);
    H5Aclose(attribute), H5Sclose(space);
}

/* A group with attributes of all kinds, in a file in memory; many: so many that they leave the header. */
static void make(bool latest, bool many)
{
    const double number = -3.0, numbers[MANY] = {1.0, -2.0, 3.5, 4.0, 100.0};
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 16, 0);
    if (latest) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    const hid_t file = H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access), group = put_group(file, "what");
    put(group, "i8", H5T_STD_I8LE, 0, &number), put(group, "i32", H5T_STD_I32LE, 1, &number);
    put(group, "i64", H5T_STD_I64LE, 0, &number), put(group, "u16", H5T_STD_U16LE, 0, &numbers[4]);
    put(group, "f32", H5T_IEEE_F32LE, MANY, numbers);
    if (!latest || many)
        put(group, "f64", H5T_IEEE_F64LE, MANY, numbers), put(group, "big", H5T_IEEE_F64BE, 0, &number);
    put_text(group, "text", "RATE", false), put_text(group, "variable", "of any length", true);
    for (int k = 0; many && k < 40; k++) {
        char name[16];
        snprintf(name, sizeof name, "more%d", k);
        put(group, name, H5T_STD_I32LE, 0, &number);
    }
    H5O_info_t info;
    assert_true(H5Oget_info2(group, &info, H5O_INFO_BASIC) >= 0);
    address = info.addr;
    H5Gclose(group), H5Fflush(file, H5F_SCOPE_GLOBAL);
    const ssize_t size = H5Fget_file_image(file, bytes, sizeof bytes);
    assert_true(size > 0);
    image = (struct nwc__hdf5_image){bytes, size, 8, 8};
    H5Fclose(file), H5Pclose(access);
}

static nwc_status count_other(const char *name, void *user)
{
    assert_true(strcmp(name, "big") == 0 || strcmp(name, "variable") == 0);
    ++*(int *)user;
    return NWC_OK;
}

static nwc_status count_any(const char *name, void *user)
{
    (void)name;
    ++*(int *)user;
    return NWC_OK;
}

static nwc_status read_made(nwc_ctx *ctx, nwc__tree *tree, nwc__other_attribute_fn *other, int *others, bool *known)
{
    *others = 0;
    NWC__TRY(nwc__tree_create(ctx, 1 << 20, tree));
    return nwc__hdf5_attributes(&image, address, tree, tree->root, other, others, known);
}

static void both_kinds_of_headers_give_what_was_put_into_them(void **state)
{
    (void)state;
    for (int latest = 0; latest < 2; latest++) {
        nwc__tree tree;
        bool known;
        int others;
        make(latest, false);
        assert_ok(read_made(nwc__ctx(NULL), &tree, count_other, &others, &known));
        assert_true(known);
        assert_int_equal(others, latest ? 1 : 2);
        assert_near(nwc__node_number(tree.root, "i8", 0.0), -3.0, 0.0);
        assert_near(nwc__node_number(tree.root, "i32", 0.0), -3.0, 0.0);
        assert_near(nwc__node_number(tree.root, "i64", 0.0), -3.0, 0.0);
        assert_near(nwc__node_number(tree.root, "u16", 0.0), 100.0, 0.0);
        assert_string_equal(nwc__node_text(tree.root, "text"), "RATE");
        const nwc__attribute *const list = nwc__node_own(tree.root, "f32");
        assert_int_equal(list->n, MANY);
        assert_near(list->numbers[1], -2.0, 0.0);
        assert_near(list->numbers[2], 3.5, 0.0);
        if (!latest) assert_near(nwc__node_own(tree.root, "f64")->numbers[4], 100.0, 0.0);
        nwc__tree_destroy(&tree);
    }
}

static void many_attributes_are_read_or_left_to_the_library(void **state)
{
    (void)state;
    for (int latest = 0; latest < 2; latest++) {
        nwc__tree tree;
        bool known;
        int others;
        make(latest, true);
        assert_ok(read_made(nwc__ctx(NULL), &tree, count_other, &others, &known));
        assert_int_equal(known, !latest); /* in blocks that continue the header; the newer kind keeps them in a heap */
        if (known) assert_near(nwc__node_number(tree.root, "more39", 0.0), -3.0, 0.0);
        if (!known) assert_null(tree.root->attributes);
        nwc__tree_destroy(&tree);
    }
}

static void damage_and_cuts_are_survived(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 4000; seed++) {
        uint32_t dice = seed * 2654435761U;
        nwc__tree tree;
        bool known;
        int others;
        if (seed % 500 == 1) make(seed % 1000 == 1, seed > 2000);
        const int64_t whole = image.size;
        uint8_t old[4];
        int64_t at[4];
        for (int k = 0; k < 4; k++) { /* mostly where the header is */
            dice = dice * 1664525U + 1013904223U;
            at[k] = (int64_t)(address + (dice >> 8) % 600U) % whole;
            old[k] = bytes[at[k]];
            bytes[at[k]] = (uint8_t)(dice >> 3);
        }
        if (seed % 7 == 0) image.size = (int64_t)(address + (dice >> 9) % 600U) % whole;
        const nwc_status status = read_made(nwc__ctx(NULL), &tree, count_any, &others, &known);
        assert_true(status == NWC_OK || status == NWC_ERR_FORMAT || status == NWC_ERR_NOMEM);
        nwc__tree_destroy(&tree);
        image.size = whole;
        for (int k = 3; k >= 0; k--) bytes[at[k]] = old[k];
    }
}

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc__tree tree = {.ctx = ctx};
    bool known;
    int others;
    const nwc_status status = read_made(ctx, &tree, count_any, &others, &known);
    if (tree.root) nwc__tree_destroy(&tree);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    make(false, false);
    assert_true(check_every_allocation_failure(read_only, NULL) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_kinds_of_headers_give_what_was_put_into_them),
        cmocka_unit_test(many_attributes_are_read_or_left_to_the_library),
        cmocka_unit_test(damage_and_cuts_are_survived),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

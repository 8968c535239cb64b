/* Where the files of ecCodes and PROJ are: asked of these libraries themselves. */
#define _XOPEN_SOURCE 700
#include "support/support.h"

#include <proj.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef NWC__HAVE_ECCODES
#include <eccodes.h>
#endif

/* ecCodes loses the path it began with where another one is set: some bytes, once. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:grib_context_get_default";
}

static char folder[] = "/tmp/nwc_data_XXXXXX";
static const char *const parts[] = {"proj", "definitions", "samples"};
static const char *const files[] = {"proj/proj.db", "definitions/boot.def", "samples/GRIB2.tmpl"};
enum { N_PARTS = 3 };

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return -1;
    for (int n = 0; n < N_PARTS; n++)
        if (mkdir(in_folder(parts[n]), 0700) != 0) return -1;
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    for (int n = 0; n < N_PARTS; n++) unlink(in_folder(files[n])), rmdir(in_folder(parts[n]));
    return rmdir(folder);
}

static void put_empty(const char *name)
{
    FILE *const file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

static void what_is_not_there_is_named_and_changes_nothing(void **state)
{
    (void)state;
    char *longer = malloc(5000);
    assert_non_null(longer);
    memset(longer, 'a', 4999), longer[4999] = '\0';
    assert_fails(NWC_ERR_ARG, "folder", nwc_io_data_folder(NULL));
    assert_fails(NWC_ERR_ARG, "folder: a path of less", nwc_io_data_folder(longer));
    free(longer);
    assert_fails(NWC_ERR_IO, "/nowhere/proj/proj.db: ", nwc_io_data_folder("/nowhere"));
#ifdef NWC__HAVE_ECCODES
    put_empty(files[0]);
    assert_fails(NWC_ERR_IO, "samples/GRIB2.tmpl", nwc_io_data_folder(folder));
    put_empty(files[2]);
    assert_fails(NWC_ERR_IO, "definitions/boot.def", nwc_io_data_folder(folder));
    assert_null(strstr(codes_definition_path(NULL), folder));
    unlink(in_folder(files[0]));
#endif
    PJ_CONTEXT *const context = proj_context_create();
    assert_non_null(context);
    const char *const database = proj_context_get_database_path(context);
    assert_true(!database || !strstr(database, folder));
    proj_context_destroy(context);
}

static void the_libraries_look_where_they_are_told(void **state)
{
    (void)state;
    PJ_CONTEXT *context = proj_context_create();
    assert_non_null(context);
    const char *const database = proj_context_get_database_path(context);
    assert_non_null(database);
    assert_int_equal(symlink(database, in_folder(files[0])), 0);
    proj_context_destroy(context);
    put_empty(files[1]);
    put_empty(files[2]);
    assert_int_equal(setenv("PROJ_DATA", "/nowhere", 1), 0);
    assert_int_equal(setenv("PROJ_LIB", "/nowhere", 1), 0);
    assert_int_equal(setenv("ECCODES_DEFINITION_PATH", "/nowhere", 1), 0);

    assert_ok(nwc_io_data_folder(folder));
    context = proj_context_create();
    assert_non_null(context);
    assert_string_equal(proj_context_get_database_path(context), in_folder(files[0]));
    proj_context_destroy(context);
#ifdef NWC__HAVE_ECCODES
    assert_string_equal(codes_definition_path(NULL), in_folder("definitions"));
    assert_string_equal(codes_samples_path(NULL), in_folder("samples"));
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_there_is_named_and_changes_nothing),
        cmocka_unit_test(the_libraries_look_where_they_are_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

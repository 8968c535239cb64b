/* Files written by nwc_writer: what is read back, what is refused, what stays when writing fails. */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <dirent.h>
#include <netcdf.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NY = 3, NX = 4 };

static char folder[] = "/tmp/nowcast_writer_XXXXXX", path[64], other[64];
static float cells[NY * NX];
static const nwc_grid laea = {.projection = "+proj=laea +lat_0=50 +lon_0=10 +x_0=3 +ellps=WGS84",
                              .nx = NX,
                              .ny = NY,
                              .x_first = -3000.5,
                              .y_first = 1000.25,
                              .dx = 1000.0,
                              .dy = 500.0};

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return 1;
    for (int c = 0; c < NY * NX; c++) cells[c] = 0.125F * (float)c;
    cells[5] = NAN;
    return 0;
}

static int files_in_folder(void)
{
    int count = 0;
    DIR *const listing = opendir(folder);
    for (const struct dirent *entry; (entry = readdir(listing));) count += entry->d_name[0] != '.' || entry->d_name[1];
    closedir(listing);
    return count - 1; /* but for ".." */
}

static int empty_folder(void **state)
{
    (void)state;
    unlink(path);
    unlink(other);
    return rmdir(folder);
}

static const char *in_folder(char name[64], const char *file)
{
    snprintf(name, 64, "%s/%s", folder, file);
    return name;
}

static nwc_layer layer_at(int64_t minutes, const nwc_grid *grid)
{
    return (nwc_layer){.field = field_2d(cells, NY, NX, "mm h-1", grid),
                       .name = "rain",
                       .quantity = "RATE",
                       .source = "ORG:1",
                       .time_ns = minutes * INT64_C(60000000000),
                       .reference_ns = minutes * INT64_C(60000000000)};
}

static nwc_status write_one(nwc_ctx *ctx, const char *name, const nwc_layer *layer)
{
    nwc_writer *writer;
    nwc_status status = nwc_writer_create(ctx, name, &writer);
    if (status == NWC_OK) status = nwc_writer_add(writer, layer);
    if (status == NWC_OK) status = nwc_writer_close(writer);
    nwc_writer_destroy(writer);
    return status;
}

static void assert_same_cells(const nwc_field *a, const nwc_field *b)
{
    for (int64_t j = 0; j < NY; j++)
        for (int64_t i = 0; i < NX; i++) {
            const float p = a->data[j * a->stride[0] + i * a->stride[1]];
            const float q = b->data[j * b->stride[0] + i * b->stride[1]];
            if (!(p == q || (isnan(p) && isnan(q)))) fail_msg("cell %d, %d: %g and %g", (int)j, (int)i, p, q);
        }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const char *const names[] = {"a.nc", "a.h5", "a.hdf"};
    for (int n = 0; n < 3; n++) {
        nwc_layer layer = layer_at(60, &laea), back;
        nwc_raster *raster;
        assert_ok(write_one(NULL, in_folder(path, names[n]), &layer));
        assert_int_equal(files_in_folder(), 1);
        assert_ok(nwc_raster_open(NULL, path, NULL, &raster));
        assert_int_equal(nwc_raster_count(raster), 1);
        assert_ok(nwc_raster_layer(raster, 0, &back));
        assert_same_cells(&back.field, &layer.field);
        assert_string_equal(back.field.units, "mm h-1");
        assert_string_equal(back.quantity, "RATE");
        assert_string_equal(back.source, "ORG:1");
        assert_string_equal(back.field.grid->projection, laea.projection);
        assert_true(back.time_ns == layer.time_ns && back.reference_ns == layer.time_ns);
        /* ODIM_H5 says where the grid is by longitude and latitude: as good as the projection's inverse. */
        assert_near(back.field.grid->x_first, laea.x_first, 1e-3);
        assert_near(back.field.grid->y_first, laea.y_first, 1e-3);
        assert_near(back.field.grid->dx, laea.dx, 1e-9);
        assert_near(back.field.grid->dy, laea.dy, 1e-9);
        nwc_raster_destroy(raster);
        unlink(path);
    }
}

static void strides_are_followed_both_ways(void **state)
{
    (void)state;
    nwc_layer layer = layer_at(60, &laea), back;
    float wide[2 * NY * NX];
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++) wide[2 * ((NY - 1 - j) * NX + i)] = cells[j * NX + i];
    nwc_layer strided = layer;
    strided.field.data = wide + 2 * (NY - 1) * NX;
    strided.field.stride[0] = -2 * NX, strided.field.stride[1] = 2;
    for (int n = 0; n < 2; n++) {
        nwc_raster *raster;
        assert_ok(write_one(NULL, in_folder(path, n ? "s.h5" : "s.nc"), &strided));
        assert_ok(nwc_raster_open(NULL, path, NULL, &raster));
        assert_ok(nwc_raster_layer(raster, 0, &back));
        assert_same_cells(&back.field, &layer.field);
        nwc_raster_destroy(raster);
        unlink(path);
    }
}

static void a_forecast_keeps_its_start_and_its_leads(void **state)
{
    (void)state;
    nwc_writer *writer;
    nwc_raster *raster;
    nwc_layer layer = layer_at(60, &laea), back;
    assert_ok(nwc_writer_create(NULL, in_folder(path, "f.nc"), &writer));
    assert_ok(nwc_writer_add(writer, &layer)); /* lead 0 */
    layer.time_ns += INT64_C(300500000000);
    assert_ok(nwc_writer_add(writer, &layer));
    layer.name = "other";
    assert_ok(nwc_writer_add(writer, &layer));
    assert_fails(NWC_ERR_ARG, "already", nwc_writer_add(writer, &layer));
    assert_ok(nwc_writer_text(writer, "rain", "comment", "a word"));
    assert_ok(nwc_writer_number(writer, NULL, "answer", 42.0));
    assert_fails(NWC_ERR_ARG, "variable", nwc_writer_text(writer, "snow", "comment", "a word"));
    assert_ok(nwc_writer_close(writer));
    assert_fails(NWC_ERR_ARG, "closed", nwc_writer_add(writer, &layer));
    nwc_writer_destroy(writer);
    assert_ok(nwc_raster_open(NULL, path, NULL, &raster));
    assert_int_equal(nwc_raster_count(raster), 4); /* other is not known at lead 0 */
    assert_ok(nwc_raster_layer(raster, 1, &back));
    assert_true(back.time_ns == layer.time_ns && back.reference_ns == layer.reference_ns);
    nwc_raster_destroy(raster);
    int file, id;
    double leads[2], number;
    char text[16] = "";
    assert_int_equal(nc_open(path, NC_NOWRITE, &file), 0);
    assert_int_equal(nc_inq_varid(file, "lead_time", &id), 0);
    assert_int_equal(nc_get_var_double(file, id, leads), 0);
    assert_true(leads[0] == 0.0 && leads[1] == 300.5);
    assert_int_equal(nc_get_att_double(file, NC_GLOBAL, "answer", &number), 0);
    assert_true(number == 42.0);
    assert_int_equal(nc_inq_varid(file, "rain", &id), 0);
    assert_int_equal(nc_get_att_text(file, id, "comment", text), 0);
    assert_string_equal(text, "a word");
    assert_int_equal(nc_inq_varid(file, "crs", &id), 0);
    memset(text, 0, sizeof text);
    assert_int_equal(nc_get_att_double(file, id, "latitude_of_projection_origin", &number), 0);
    assert_true(number == 50.0);
    nc_close(file);
    unlink(path);
}

/* Cells of a member at a time, all different. */
static nwc_layer member_at(int32_t member, int64_t minutes, float own[NY * NX])
{
    for (int c = 0; c < NY * NX; c++) own[c] = (float)(1000 * member + 20 * minutes + c);
    nwc_layer layer = layer_at(minutes, &laea);
    layer.field.data = own;
    layer.reference_ns = 0;
    layer.members = 3, layer.member = member;
    return layer;
}

/* Members 0 and 2 at three times; nothing of member 1 but its last. */
static nwc_status write_ensemble(nwc_ctx *ctx, void *user)
{
    const bool by_time = *(const bool *)user;
    float own[NY * NX];
    nwc_writer *writer;
    nwc_status status = nwc_writer_create(ctx, in_folder(path, "e.nc"), &writer);
    for (int n = 0; n < 9 && status == NWC_OK; n++) {
        const int32_t member = by_time ? n % 3 : n / 3;
        const int64_t minutes = 5 * (1 + (by_time ? n / 3 : n % 3));
        const nwc_layer layer = member_at(member, minutes, own);
        if (member != 1 || minutes == 15) status = nwc_writer_add(writer, &layer);
    }
    if (status == NWC_OK) status = nwc_writer_close(writer);
    nwc_writer_destroy(writer);
    return status;
}

static void members_have_an_axis_whatever_order_they_come_in(void **state)
{
    (void)state;
    for (int by_time = 0; by_time < 2; by_time++) {
        int file, id, dimension[4], numbers[3], n_dims;
        char text[32] = "";
        double leads[3];
        float found[3][3][NY * NX], own[NY * NX];
        assert_ok(write_ensemble(NULL, &(bool){by_time}));
        assert_int_equal(nc_open(path, NC_NOWRITE, &file), 0);
        assert_int_equal(nc_inq_varid(file, "realization", &id), 0);
        assert_int_equal(nc_get_var_int(file, id, numbers), 0);
        assert_true(numbers[0] == 0 && numbers[1] == 1 && numbers[2] == 2);
        assert_int_equal(nc_get_att_text(file, id, "standard_name", text), 0);
        assert_string_equal(text, "realization");
        assert_int_equal(nc_inq_varid(file, "lead_time", &id), 0);
        assert_int_equal(nc_get_var_double(file, id, leads), 0);
        assert_true(leads[0] == 300.0 && leads[1] == 600.0 && leads[2] == 900.0);
        assert_int_equal(nc_inq_varid(file, "rain", &id), 0);
        assert_int_equal(nc_inq_varndims(file, id, &n_dims), 0);
        assert_int_equal(n_dims, 4);
        assert_int_equal(nc_inq_vardimid(file, id, dimension), 0);
        assert_int_equal(nc_inq_dimname(file, dimension[0], text), 0);
        assert_string_equal(text, "realization");
        assert_int_equal(nc_get_var_float(file, id, &found[0][0][0]), 0);
        nc_close(file);
        for (int32_t m = 0; m < 3; m++)
            for (int t = 0; t < 3; t++) {
                (void)member_at(m, 5 * (1 + t), own);
                for (int c = 0; c < NY * NX; c++)
                    assert_true(m != 1 || t == 2 ? found[m][t][c] == own[c] : isnan(found[m][t][c]));
            }
        unlink(path);
    }
}

static void members_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    float own[NY * NX];
    nwc_writer *writer;
    nwc_layer layer = member_at(0, 5, own);
    assert_ok(nwc_writer_create(NULL, in_folder(path, "e.nc"), &writer));
    assert_ok(nwc_writer_add(writer, &layer));
    layer = member_at(0, 10, own);
    assert_ok(nwc_writer_add(writer, &layer));
    assert_fails(NWC_ERR_ARG, "already written for this time", nwc_writer_add(writer, &layer));
    layer = member_at(1, 7, own);
    assert_fails(NWC_ERR_ARG, "this is 180 s before the last", nwc_writer_add(writer, &layer));
    layer = member_at(1, 5, own);
    layer.members = 4;
    assert_fails(NWC_ERR_ARG, "layer.members: 3 expected, as before, 4 given", nwc_writer_add(writer, &layer));
    layer.members = layer.member = 0;
    assert_fails(NWC_ERR_ARG, "layer.members: 3 expected, as rain has, 0 given", nwc_writer_add(writer, &layer));
    layer.name = "mean"; /* of all members, beside them */
    assert_ok(nwc_writer_add(writer, &layer));
    layer.members = 3;
    assert_fails(NWC_ERR_ARG, "layer.members: 0 expected, as mean has, 3 given", nwc_writer_add(writer, &layer));
    nwc_writer_destroy(writer);
    assert_int_equal(files_in_folder(), 0);
    assert_true(check_every_allocation_failure(write_ensemble, &(bool){false}) >= 6);
    unlink(path);
}

static void reflectivity_and_amounts_keep_what_they_mean(void **state)
{
    (void)state;
    nwc_layer layer = layer_at(60, &laea), back;
    nwc_raster *raster;
    layer.field.units = "dBZ", layer.quantity = "DBZH", layer.name = NULL;
    cells[2] = -32.0F; /* no echo */
    for (int n = 0; n < 2; n++) {
        assert_ok(write_one(NULL, in_folder(path, n ? "z.h5" : "z.nc"), &layer));
        assert_ok(nwc_raster_open(NULL, path, NULL, &raster));
        assert_ok(nwc_raster_layer(raster, 0, &back));
        assert_same_cells(&back.field, &layer.field);
        assert_string_equal(back.quantity, "DBZH");
        nwc_raster_destroy(raster);
        unlink(path);
    }
    cells[2] = 0.25F;
    layer.field.units = "mm", layer.quantity = "ACRR", layer.duration_s = 360.0;
    for (int n = 0; n < 2; n++) {
        assert_ok(write_one(NULL, in_folder(path, n ? "z.h5" : "z.nc"), &layer));
        assert_ok(nwc_raster_open(NULL, path, NULL, &raster));
        assert_ok(nwc_raster_layer(raster, 0, &back));
        assert_true(back.duration_s == 360.0 && back.time_ns == layer.time_ns);
        nwc_raster_destroy(raster);
        unlink(path);
    }
}

static void a_file_given_up_leaves_the_old_one(void **state)
{
    (void)state;
    nwc_layer layer = layer_at(60, &laea);
    nwc_writer *writer;
    nwc_raster *raster;
    assert_ok(write_one(NULL, in_folder(path, "k.nc"), &layer));
    layer.time_ns = layer.reference_ns = 0;
    assert_ok(nwc_writer_create(NULL, path, &writer));
    assert_ok(nwc_writer_add(writer, &layer));
    nwc_writer_destroy(writer);
    assert_int_equal(files_in_folder(), 1);
    assert_ok(nwc_raster_open(NULL, path, NULL, &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_true(layer.time_ns == INT64_C(3600000000000));
    nwc_raster_destroy(raster);
    assert_ok(nwc_writer_create(NULL, path, &writer));
    assert_fails(NWC_ERR_ARG, "at least one layer", nwc_writer_close(writer));
    nwc_writer_destroy(writer);
    assert_int_equal(files_in_folder(), 1);
    unlink(path);
}

static void what_has_no_place_is_refused(void **state)
{
    (void)state;
    nwc_writer *writer;
    assert_fails(NWC_ERR_UNSUPPORTED, "a.txt: a name ending in one of .nc", nwc_writer_create(NULL, "a.txt", &writer));
    assert_fails(NWC_ERR_IO, "/nowhere/a.nc", nwc_writer_create(NULL, "/nowhere/a.nc", &writer));
    assert_fails(NWC_ERR_ARG, "path", nwc_writer_create(NULL, NULL, &writer));
    nwc_layer layer = layer_at(60, &laea);
    nwc_grid elsewhere = laea;
    elsewhere.x_first += 1000.0;
    const struct {
        const char *name, *text;
        nwc_status status;
        nwc_layer first, second;
    } cases[] = {
        {"r.nc", "times in order", NWC_ERR_ARG, layer_at(60, &laea), layer_at(59, &laea)},
        {"r.nc", "grid of the first layer", NWC_ERR_ARG, layer_at(60, &laea), layer_at(61, &elsewhere)},
        {"r.h5", "one time", NWC_ERR_UNSUPPORTED, layer_at(60, &laea), layer_at(61, &laea)},
        {"r.h5", "grid of the first layer", NWC_ERR_ARG, layer_at(60, &laea), layer_at(60, &elsewhere)},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        assert_ok(nwc_writer_create(NULL, in_folder(path, cases[c].name), &writer));
        assert_ok(nwc_writer_add(writer, &cases[c].first));
        assert_fails(cases[c].status, cases[c].text, nwc_writer_add(writer, &cases[c].second));
        nwc_writer_destroy(writer);
    }
    in_folder(path, "r.h5");
    layer.reference_ns -= 1000000000;
    assert_fails(NWC_ERR_UNSUPPORTED, "forecast", write_one(NULL, path, &layer));
    layer = layer_at(60, &laea);
    layer.quantity = "VRADH";
    assert_fails(NWC_ERR_UNSUPPORTED, "quantity", write_one(NULL, path, &layer));
    layer.quantity = "DBZH";
    assert_fails(NWC_ERR_ARG, "dBZ expected", write_one(NULL, path, &layer));
    layer.field.units = NULL;
    assert_fails(NWC_ERR_ARG, "units", write_one(NULL, path, &layer));
    layer = layer_at(60, NULL);
    assert_fails(NWC_ERR_ARG, "grid", write_one(NULL, path, &layer));
    assert_int_equal(files_in_folder(), 0);
}

static nwc_status write_both(nwc_ctx *ctx, void *user)
{
    (void)user;
    const nwc_layer layer = layer_at(60, &laea);
    const nwc_status status = write_one(ctx, in_folder(path, "m.nc"), &layer);
    return status == NWC_OK ? write_one(ctx, in_folder(other, "m.h5"), &layer) : status;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(write_both, NULL) >= 8);
    unlink(path);
    unlink(other);
    assert_int_equal(files_in_folder(), 0);
}

static void a_grid_of_longitudes_comes_back(void **state)
{
    (void)state;
    const nwc_grid grid = {.projection = "+proj=longlat +ellps=WGS84",
                           .nx = NX,
                           .ny = NY,
                           .x_first = -100.0,
                           .y_first = 30.0,
                           .dx = 0.01,
                           .dy = 0.02};
    const nwc_layer layer = layer_at(60, &grid);
    nwc_layer back;
    nwc_raster *raster;
    for (int n = 0; n < 2; n++) {
        assert_ok(write_one(NULL, in_folder(path, n ? "l.h5" : "l.nc"), &layer));
        assert_ok(nwc_raster_open(NULL, path, NULL, &raster));
        assert_ok(nwc_raster_layer(raster, 0, &back));
        assert_true(nwc_grid_is_latlon(back.field.grid));
        assert_near(back.field.grid->x_first, -100.0, 1e-9);
        assert_near(back.field.grid->dy, 0.02, 1e-9);
        nwc_raster_destroy(raster);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(strides_are_followed_both_ways),
        cmocka_unit_test(a_forecast_keeps_its_start_and_its_leads),
        cmocka_unit_test(members_have_an_axis_whatever_order_they_come_in),
        cmocka_unit_test(members_that_do_not_fit_are_refused),
        cmocka_unit_test(reflectivity_and_amounts_keep_what_they_mean),
        cmocka_unit_test(a_file_given_up_leaves_the_old_one),
        cmocka_unit_test(what_has_no_place_is_refused),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
        cmocka_unit_test(a_grid_of_longitudes_comes_back),
    };
    return cmocka_run_group_tests(tests, make_folder, empty_folder);
}

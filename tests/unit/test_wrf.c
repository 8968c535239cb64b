/* Output of WRF: files made by netCDF-C, on a C grid whose values are known at every point. */
#include "support/scratch.h"

#include <netcdf.h>

enum { NT = 2, NZ = 3, NY = 4, NX = 5, TEXT = 19 };

static const char *const paths[] = {scratch_path};
static const double radian = 3.14159265358979323846 / 180.0;

#define assert_nc(call) assert_int_equal((call), NC_NOERR)

/* What is to be wrong with a file. */
enum fault {
    NONE,
    NO_PROJECTION,
    NO_LATITUDES,
    OTHER_STEP,
    NO_TIMES,
    BAD_TIME,
    POLE_MOVED,
    ENDLESS,
    OTHER_NAMES,
    LATLON
};

static const nwc_grid conical = {.projection = "+proj=lcc +lat_1=30 +lat_2=60 +lat_0=30 +lon_0=105 +R=6370000",
                                 .nx = NX,
                                 .ny = NY,
                                 .x_first = 500e3,
                                 .y_first = 200e3,
                                 .dx = 9000.0,
                                 .dy = 9000.0};
static const nwc_grid degrees = {.projection = "+proj=longlat +R=6370000",
                                 .nx = NX,
                                 .ny = NY,
                                 .x_first = 110.0,
                                 .y_first = 30.0,
                                 .dx = 0.1,
                                 .dy = 0.1};

/* A variable (Time, [z,] y, x) whose value is t * by[0] + k * by[1] + j * by[2] + i * by[3] + by[4], in grid points. */
struct variable {
    const char *name, *z;
    int stagger; /* 'x', 'y', 'z' or 0 */
    double by[5];
};

static const struct variable variables[] = {
    {"U", "bottom_top", 'x', {1000, 100, 10, 1, 0}},
    {"V", "bottom_top", 'y', {1000, 100, 10, 1, 5}},
    {"W", "bottom_top_stag", 'z', {1000, 100, 10, 1, 0}},
    {"PH", "bottom_top_stag", 'z', {0, 0, 0, 0, 98.1}},
    {"PHB", "bottom_top_stag", 'z', {0, 9810, 981, 0, 0}},
    {"T", "bottom_top", 0, {1, 5, 0, 0, -10}},
    {"P", "bottom_top", 0, {0, 0, 0, 0, 500}},
    {"PB", "bottom_top", 0, {0, -10000, 0, 0, 90000}},
    {"QVAPOR", "bottom_top", 0, {0, 0, 0, 0, 0.01}},
    {"REFL_10CM", "bottom_top", 0, {0, 1, 0, 0, 30}},
    {"TSLB", "soil_layers_stag", 0, {0, 0, 0, 0, 280}},
    {"T2", NULL, 0, {1, 0, 0, 0, 290}},
    {"HGT", NULL, 0, {0, 0, 100, 0, 10}},
    {"RAINNC", NULL, 0, {2, 0, 0, 0, 0}},
    {"RAINC", NULL, 0, {1, 0, 0, 0, 0}},
    {"OWN", NULL, 0, {0, 0, 0, 1, 0}},
};

static int dimension(int file, const char *name, size_t n)
{
    int id;
    if (nc_inq_dimid(file, name, &id) == NC_NOERR) return id;
    assert_nc(nc_def_dim(file, name, n, &id));
    return id;
}

static void put_variable(int file, const struct variable *v, const char *name)
{
    const size_t nz = v->z ? (size_t)NZ + (v->stagger == 'z') : 1;
    const size_t ny = (size_t)NY + (v->stagger == 'y'), nx = (size_t)NX + (v->stagger == 'x');
    int shape[4], n = 0, id;
    shape[n++] = dimension(file, "Time", NT);
    if (v->z) shape[n++] = dimension(file, v->z, nz);
    shape[n++] = dimension(file, v->stagger == 'y' ? "south_north_stag" : "south_north", ny);
    shape[n++] = dimension(file, v->stagger == 'x' ? "west_east_stag" : "west_east", nx);
    float values[NT * (NZ + 1) * (NY + 1) * (NX + 1)];
    size_t at = 0;
    for (int t = 0; t < NT; t++)
        for (size_t k = 0; k < nz; k++)
            for (size_t j = 0; j < ny; j++)
                for (size_t i = 0; i < nx; i++)
                    values[at++] = (float)(v->by[0] * t + v->by[1] * (double)k + v->by[2] * (double)j +
                                           v->by[3] * (double)i + v->by[4]);
    assert_nc(nc_def_var(file, name, NC_FLOAT, n, shape, &id));
    assert_nc(nc_put_att_text(file, id, "units", 4, "some"));
    assert_nc(nc_enddef(file));
    assert_nc(nc_put_var_float(file, id, values));
    assert_nc(nc_redef(file));
}

static void put_places(int file, const nwc_grid *grid, enum fault fault)
{
    float lon[NT * NY * NX], lat[NT * NY * NX];
    for (int p = 0; p < NT * NY * NX; p++) {
        const double x = grid->x_first + grid->dx * (p % NX), y = grid->y_first + grid->dy * (p / NX % NY);
        double a, b;
        assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &x, &y, &a, &b));
        lon[p] = (float)a, lat[p] = (float)b;
    }
    const int shape[3] = {dimension(file, "Time", NT), dimension(file, "south_north", NY),
                          dimension(file, "west_east", NX)};
    int id[2];
    if (fault != NO_LATITUDES) assert_nc(nc_def_var(file, "XLAT", NC_FLOAT, 3, shape, &id[0]));
    assert_nc(nc_def_var(file, "XLONG", NC_FLOAT, 3, shape, &id[1]));
    assert_nc(nc_enddef(file));
    if (fault != NO_LATITUDES) assert_nc(nc_put_var_float(file, id[0], lat));
    assert_nc(nc_put_var_float(file, id[1], lon));
    assert_nc(nc_redef(file));
}

static void put_times(int file, enum fault fault)
{
    const int shape[2] = {dimension(file, "Time", NT), dimension(file, "DateStrLen", TEXT)};
    int id;
    assert_nc(nc_def_var(file, "Times", NC_CHAR, 2, shape, &id));
    assert_nc(nc_enddef(file));
    assert_nc(nc_put_var_text(file, id,
                              fault == BAD_TIME ? "2019-06-05_12:00:002019-06-05_25:30:00"
                                                : "2019-06-05_12:00:002019-06-05_12:30:00"));
    assert_nc(nc_redef(file));
}

static void put_number(int file, const char *name, double number)
{
    assert_nc(nc_put_att_double(file, NC_GLOBAL, name, NC_FLOAT, 1, &number));
}

static void make(int mode, enum fault fault)
{
    const nwc_grid *const grid = fault == LATLON ? &degrees : &conical;
    int file;
    assert_nc(nc_create(scratch_path, mode, &file));
    if (fault != NO_PROJECTION) {
        const int kind = fault == LATLON || fault == POLE_MOVED ? 6 : 1;
        assert_nc(nc_put_att_int(file, NC_GLOBAL, "MAP_PROJ", NC_INT, 1, &kind));
    }
    if (fault == ENDLESS) put_number(file, "MAP_PROJ", 1e30);
    put_number(file, "TRUELAT1", 30.0), put_number(file, "TRUELAT2", 60.0), put_number(file, "STAND_LON", 105.0);
    put_number(file, "POLE_LAT", fault == POLE_MOVED ? 60.0 : 90.0);
    put_number(file, "DX", fault == OTHER_STEP ? 12000.0 : 9000.0), put_number(file, "DY", 9000.0);
    assert_nc(nc_put_att_text(file, NC_GLOBAL, "SIMULATION_START_DATE", TEXT, "2019-06-05_06:00:00"));
    if (fault != NO_TIMES) put_times(file, fault);
    put_places(file, grid, fault);
    for (size_t v = 0; v < sizeof variables / sizeof variables[0]; v++)
        put_variable(file, &variables[v], fault == OTHER_NAMES && v == 0 ? "wind_x" : variables[v].name);
    assert_nc(nc_close(file));
}

static nwc_model *open_made(enum fault fault)
{
    nwc_model *model;
    make(NC_CLOBBER, fault);
    assert_ok(nwc_model_open(NULL, paths, 1, NULL, &model));
    return model;
}

/* The only entry of a name at a level and a time, in half hours; its cells. */
static int64_t read_one(nwc_model *model, const char *name, double level, int t, float cells[NY * NX])
{
    nwc_model_query query;
    int64_t index, count;
    nwc_model_query_init(&query);
    query.name = name, query.level = level;
    query.time_ns = INT64_C(1559736000000000000) + t * INT64_C(1800000000000);
    assert_ok(nwc_model_select(model, &query, 1, &index, &count));
    if (count != 1) fail_msg("%s at %g: %d entries", name, level, (int)count);
    nwc_field field = field_2d(cells, NY, NX, NULL, NULL);
    assert_ok(nwc_model_read(NULL, model, index, &field));
    return index;
}

static void staggered_variables_come_to_the_mass_points(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double half_k, half_j, half_i, more;
    } winds[] = {{"u", 0.0, 0.0, 0.5, 0.0}, {"v", 0.0, 0.5, 0.0, 5.0}, {"wz", 0.5, 0.0, 0.0, 0.0}};
    for (int mode = 0; mode < 2; mode++) {
        nwc_model *model;
        float cells[NY * NX];
        make(mode ? NC_NETCDF4 | NC_CLOBBER : NC_CLOBBER, NONE);
        assert_ok(nwc_model_open(NULL, paths, 1, NULL, &model));
        for (int w = 0; w < 3; w++)
            for (int t = 0; t < NT; t++)
                for (int k = 0; k < NZ; k++) {
                    (void)read_one(model, winds[w].name, k + 1.0, t, cells);
                    for (int p = 0; p < NY * NX; p++)
                        assert_near(cells[p],
                                    1000.0 * t + 100.0 * (k + winds[w].half_k) + 10.0 * (p / NX + winds[w].half_j) +
                                        (p % NX + winds[w].half_i) + winds[w].more,
                                    1e-3);
                }
        nwc_model_destroy(model);
    }
}

static void sums_and_derived_variables_have_their_values(void **state)
{
    (void)state;
    nwc_model *const model = open_made(NONE);
    float cells[NY * NX];
    for (int k = 0; k < NZ; k++) {
        const double p = 90500.0 - 10000.0 * k, level = k + 1.0;
        (void)read_one(model, "pres", level, 1, cells);
        assert_near(cells[0], p, 0.01);
        (void)read_one(model, "gh", level, 1, cells);
        assert_near(cells[2 * NX], 10.0 + 1000.0 * (k + 0.5) + 100.0 * 2, 0.01);
        (void)read_one(model, "pt", level, 1, cells);
        assert_near(cells[3], 291.0 + 5.0 * k, 1e-3);
        (void)read_one(model, "t", level, 1, cells);
        assert_near(cells[3], (291.0 + 5.0 * k) * pow(p / 1e5, 287.0 / 1004.5), 1e-3);
        (void)read_one(model, "q", level, 0, cells);
        assert_near(cells[3], 0.01 / 1.01, 1e-7);
        (void)read_one(model, "refd", level, 0, cells);
        assert_near(cells[3], 30.0 + k, 1e-6);
    }
    (void)read_one(model, "2t", NAN, 1, cells);
    assert_near(cells[0], 291.0, 1e-6);
    (void)read_one(model, "orog", NAN, 0, cells);
    assert_near(cells[3 * NX], 310.0, 1e-6);
    const int64_t rain = read_one(model, "tp", NAN, 1, cells);
    assert_near(cells[0], 3.0, 1e-6);
    nwc_model_entry entry;
    assert_ok(nwc_model_entry_at(model, rain, &entry));
    assert_string_equal(entry.statistic, "accum");
    assert_true(entry.start_ns == INT64_C(1559714400000000000) && entry.reference_ns == entry.start_ns);
    (void)read_one(model, "OWN", NAN, 0, cells); /* keeps its name */
    assert_near(cells[4], 4.0, 1e-6);
    int64_t count;
    nwc_model_query query;
    nwc_model_query_init(&query);
    query.name = "TSLB"; /* on levels of the soil */
    assert_ok(nwc_model_select(model, &query, 0, NULL, &count));
    assert_int_equal(count, 0);
    nwc_model_destroy(model);
}

static void the_grid_is_that_of_its_attributes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        const nwc_grid *const expected = kind ? &degrees : &conical;
        nwc_model *const model = open_made(kind ? LATLON : NONE);
        nwc_model_entry entry;
        assert_ok(nwc_model_entry_at(model, 0, &entry));
        const double tolerance = kind ? 1e-5 : 2.0; /* latitudes are stored as float */
        assert_near(entry.grid->x_first, expected->x_first, tolerance);
        assert_near(entry.grid->y_first, expected->y_first, tolerance);
        assert_near(entry.grid->dx, expected->dx, kind ? 1e-5 : 1e-9);
        assert_true(entry.grid->nx == NX && entry.grid->ny == NY);
        assert_int_equal(entry.along_grid, 1);
        assert_string_equal(nwc_model_incomplete(model), "");
        nwc_model_destroy(model);
    }
}

/* WRF's own SINALPHA and COSALPHA: u_e = u COSALPHA - v SINALPHA, with alpha = cone (STAND_LON - longitude). */
static void winds_turn_as_by_sinalpha_and_cosalpha(void **state)
{
    (void)state;
    nwc_model *const model = open_made(NONE);
    float u[NY * NX], v[NY * NX], along[2][NY * NX];
    double lon[NY * NX], lat[NY * NX];
    nwc_field u_field = field_2d(u, NY, NX, NULL, NULL), v_field = field_2d(v, NY, NX, NULL, NULL);
    const int64_t first = read_one(model, "u", 2.0, 1, along[0]), second = read_one(model, "v", 2.0, 1, along[1]);
    assert_ok(nwc_model_read_wind(NULL, model, first, second, &u_field, &v_field));
    assert_ok(nwc_model_lonlat(NULL, model, first, lon, lat));
    const double a = 30.0 * radian, b = 60.0 * radian, quarter = 45.0 * radian;
    const double cone = log(cos(a) / cos(b)) / log(tan(quarter - 0.5 * a) / tan(quarter - 0.5 * b));
    for (int p = 0; p < NY * NX; p++) {
        const double alpha = cone * (105.0 - lon[p]) * radian, x = (double)along[0][p], y = (double)along[1][p];
        assert_near(u[p], x * cos(alpha) - y * sin(alpha), 0.01);
        assert_near(v[p], y * cos(alpha) + x * sin(alpha), 0.01);
    }
    nwc_model_destroy(model);
}

static void heights_of_levels_carry_variables_to_a_grid(void **state)
{
    (void)state;
    nwc_model *const model = open_made(NONE);
    const double z[2] = {1500.0, 2000.0};
    nwc_grid grid = conical;
    grid.x_first += grid.dx, grid.y_first += grid.dy, grid.nx = 2, grid.ny = 2, grid.nz = 2, grid.z_m = z;
    float cells[8];
    nwc_field field = {.data = cells, .ndim = 3, .dim = {2, 2, 2}, .stride = {4, 2, 1}, .missing = NAN, .grid = &grid};
    assert_ok(nwc_model_interpolate(NULL, model, (const char *const[]){"pt"}, 1,
                                    INT64_C(1559736000000000000) + INT64_C(900000000000), NULL, &field));
    for (int c = 0; c < 8; c++) {
        /* Geopotential height 510 + 1000 k + 100 j; 5 K for each level; half of the hour's 1 K. */
        const double height = z[c / 4], geopotential = 6371229.0 * height / (6371229.0 + height);
        assert_near(cells[c], 290.5 + 5.0 * (geopotential - 510.0 - 100.0 * (1 + c / 2 % 2)) / 1000.0, 0.01);
    }
    nwc_model_destroy(model);
}

static void what_is_wrong_with_a_file_is_said(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        nwc_status status;
        const char *text;
    } cases[] = {{NO_PROJECTION, NWC_ERR_UNSUPPORTED, "no attribute MAP_PROJ"},
                 {POLE_MOVED, NWC_ERR_UNSUPPORTED, "MAP_PROJ 6, or its pole moved"},
                 {ENDLESS, NWC_ERR_UNSUPPORTED, "MAP_PROJ 1e+30"},
                 {NO_LATITUDES, NWC_ERR_FORMAT, "latitude and longitude of the mass points"},
                 {OTHER_STEP, NWC_ERR_FORMAT, "12000 and 9000 by DX and DY"},
                 {NO_TIMES, NWC_ERR_FORMAT, "variable Times or XTIME"},
                 {BAD_TIME, NWC_ERR_FORMAT, "time 1: \"2019-06-05_25:30:00\" is no time"}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        nwc_model *model;
        make(NC_CLOBBER, cases[c].fault);
        assert_fails(cases[c].status, cases[c].text, nwc_model_open(NULL, paths, 1, NULL, &model));
        assert_null(model);
    }
}

static void another_system_is_read_by_what_the_options_say(void **state)
{
    (void)state;
    const nwc_model_name names[] = {{.file_name = "wind_x", .name = "u", .scale = 0.5, .stagger = NWC_STAGGER_X},
                                    {.file_name = "OWN", .name = "q2", .units = "g kg-1", .scale = 1.0, .offset = 3.0}};
    nwc_model_options options;
    nwc_model *model;
    float cells[NY * NX];
    nwc_model_options_init(&options);
    options.names = names, options.n_names = 2, options.projection = conical.projection, options.winds = 0;
    make(NC_CLOBBER, OTHER_NAMES);
    assert_ok(nwc_model_open(NULL, paths, 1, &options, &model));
    const int64_t index = read_one(model, "u", 1.0, 0, cells);
    assert_near(cells[1], 0.5 * 1.5, 1e-6);
    nwc_model_entry entry;
    assert_ok(nwc_model_entry_at(model, index, &entry));
    assert_int_equal(entry.along_grid, 0);
    assert_string_equal(entry.units, "m s-1");
    (void)read_one(model, "q2", NAN, 0, cells);
    assert_near(cells[1], 4.0, 1e-6);
    nwc_model_destroy(model);
}

static nwc_status open_and_read(nwc_ctx *ctx, void *user)
{
    nwc_model *model;
    float cells[NY * NX];
    nwc_field field = field_2d(cells, NY, NX, NULL, NULL);
    nwc_status status = nwc_model_open(ctx, paths, 1, user, &model);
    for (int64_t i = 0; status == NWC_OK && i < nwc_model_count(model); i += 10)
        status = nwc_model_read(ctx, model, i, &field);
    nwc_model_destroy(model);
    return status;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    make(NC_CLOBBER, NONE);
    assert_true(check_every_allocation_failure(open_and_read, NULL) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(staggered_variables_come_to_the_mass_points),
        cmocka_unit_test(sums_and_derived_variables_have_their_values),
        cmocka_unit_test(the_grid_is_that_of_its_attributes),
        cmocka_unit_test(winds_turn_as_by_sinalpha_and_cosalpha),
        cmocka_unit_test(heights_of_levels_carry_variables_to_a_grid),
        cmocka_unit_test(what_is_wrong_with_a_file_is_said),
        cmocka_unit_test(another_system_is_read_by_what_the_options_say),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}

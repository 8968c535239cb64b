#include "support/opened_grib.h"

nwc_model *open_fields(const struct made_grib *fields, int n)
{
    static uint8_t bytes[8 * MADE_GRIB_MOST];
    const char *const path = scratch_path;
    nwc_model *model;
    put_scratch(bytes, make_grib2(bytes, fields, n));
    assert_ok(nwc_model_open(NULL, &path, 1, NULL, &model));
    assert_int_equal(nwc_model_count(model), n);
    return model;
}

nwc_model_entry entry_of(const nwc_model *model, int64_t index)
{
    nwc_model_entry entry;
    assert_ok(nwc_model_entry_at(model, index, &entry));
    return entry;
}

void read_cells(nwc_model *model, int64_t index, float cells[MADE_GRIB_POINTS])
{
    nwc_field field = field_2d(cells, 3, 4, NULL, NULL);
    assert_ok(nwc_model_read(NULL, model, index, &field));
}

void assert_first_point(const nwc_grid *grid, double lon, double lat)
{
    double found_lon, found_lat;
    assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &grid->x_first, &grid->y_first, &found_lon, &found_lat));
    assert_near(remainder(found_lon - lon, 360.0), 0.0, 1e-6);
    assert_near(found_lat, lat, 1e-6);
}

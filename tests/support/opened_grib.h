/* A model opened from GRIB messages that are made by hand, and what is in it. */
#ifndef NWC_TEST_OPENED_GRIB_H
#define NWC_TEST_OPENED_GRIB_H

#include "support/made_grib.h"
#include "support/scratch.h"

/* The fields of one message, by way of the scratch file. */
nwc_model *open_fields(const struct made_grib *fields, int n);

nwc_model_entry entry_of(const nwc_model *model, int64_t index);
void read_cells(nwc_model *model, int64_t index, float cells[MADE_GRIB_POINTS]);

/* Of the cell that a grid begins with. */
void assert_first_point(const nwc_grid *grid, double lon, double lat);

#endif

/* What the checks of stations share. */
#ifndef NWC_OBS_CHECK_H
#define NWC_OBS_CHECK_H

#include "obs/table.h"

/* What is known of a quantity at the ground; NaN where nothing is tested. */
struct nwc__limits {
    int32_t quantity;
    double low, high; /* possible */
    double step;      /* change in a minute */
    double variation; /* least change expected while stuck_s passes, but between the two below */
    double still_low, still_high;
    double twin;         /* difference of two good sensors at one place */
    double least_spread; /* of neighbours; NaN where they are not asked */
    double lapse;        /* change with height, per m */
    bool as_root;        /* compared as square roots */
};

/* NULL for a quantity that is not tested. */
const struct nwc__limits *nwc__limits_of(int32_t quantity);

/* What is being checked: rows in the order of their series, and whether each takes part. */
struct nwc__check {
    nwc_ctx *ctx;
    nwc_obs *obs;
    const nwc_obs_check_options *options;
    struct nwc__obs_cells cells;
    int64_t n;
    const int64_t *order; /* rows that take part, by station, quantity, height and time */
};

/* Whether row b goes on the series row a is of. */
bool nwc__same_series(const struct nwc__obs_cells *cells, int64_t a, int64_t b);

/* 1 halved for each flag that says not to trust. */
float nwc__quality_of(uint32_t flags);

/* Great-circle distance of two rows; NaN where a place is not known. */
double nwc__rows_apart_m(const struct nwc__obs_cells *cells, int64_t a, int64_t b);

nwc_status nwc__check_neighbours(const struct nwc__check *check);
nwc_status nwc__check_twins(const struct nwc__check *check);

#endif

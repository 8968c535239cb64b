/* The tendency of vertical vorticity as a term of the variational wind; tendency.c says what it is. */
#ifndef NWC_WIND_TENDENCY_H
#define NWC_WIND_TENDENCY_H

#include "wind/internal.h"

enum { NWC__WIND_ENTRIES = 96 };

struct nwc__wind_tendency {
    const nwc__wind_box *box;
    double motion[2];  /* of the storm, m s-1 */
    double over_error; /* of a cell, s2 */
    int64_t n, row;    /* entries; reals from one value of a row to the next */
    nwc__wind_entry entry[NWC__WIND_ENTRIES];
    nwc__real *values; /* (nz, 2 NWC__WIND_VALUES, row); scratch */
    nwc__real *about;  /* the wind about which the form is taken as linear */
    nwc__real *start;  /* (nz, ny, nx): Q(about) - Q' about */
    nwc__real *cells;  /* (nz, ny, nx); scratch */
};

/* A term about calm. error_s2: standard deviation of Q at the edge of a cell, above 0. What fails is to be released too. */
nwc_status nwc__wind_tendency_create(nwc_ctx *ctx, const nwc__wind_box *box, const double motion[2], double error_s2,
                                     nwc__wind_tendency *t);
void nwc__wind_tendency_release(nwc_ctx *ctx, nwc__wind_tendency *t);

/* cells (nz, ny, nx) = Q of a wind at the south-west edges of cells; 0 at those near the sides, the ground and the lid. */
nwc_status nwc__wind_tendency_form(nwc_ctx *ctx, const nwc__wind_tendency *t, const nwc__real *wind, nwc__real *cells);

/* cells = Q' wind, and out += Q'' cells by the adjoint of that. */
nwc_status nwc__wind_tendency_derivative(nwc_ctx *ctx, const nwc__wind_tendency *t, const nwc__real *wind,
                                         nwc__real *cells);
nwc_status nwc__wind_tendency_adjoint(nwc_ctx *ctx, const nwc__wind_tendency *t, const nwc__real *cells,
                                      nwc__real *out);

/* Take the form as linear about a wind; *rms: root mean square of Q there, s-2. */
nwc_status nwc__wind_tendency_begin(nwc_ctx *ctx, nwc__wind_tendency *t, const nwc__real *about, double *rms);

/*
 * Add Q'' (of_start start + of_wind Q' wind) over the variance to out; *cost (may be NULL) becomes the sum of the squares over it.
 */
nwc_status nwc__wind_tendency_add(nwc_ctx *ctx, const nwc__wind_tendency *t, const nwc__real *wind, double of_start,
                                  double of_wind, nwc__real *out, double *cost);

#endif

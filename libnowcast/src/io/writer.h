/* What the formats a file can be written in have in common. */
#ifndef NWC_IO_WRITER_H
#define NWC_IO_WRITER_H

#include "grid/internal.h"
#include "io/internal.h"

/* A format: the endings of its names, and its steps. They are called under the io lock; state is what create made. */
struct nwc__write_format {
    const char *ending[3];
    bool members, events; /* it has a place for members, for probabilities of events */
    nwc_status (*create)(nwc_ctx *memory, const char *path, void **state);
    nwc_status (*add)(void *state, const nwc_layer *layer, const char *name);
    /* text NULL: the number. variable NULL: of the file. */
    nwc_status (*attribute)(void *state, const char *variable, const char *name, const char *text, double number);
    /* Close the file and release state, whatever comes of it. */
    nwc_status (*close)(void *state);
};

extern const struct nwc__write_format nwc__netcdf_format, nwc__odim_format, nwc__grib_format, nwc__geotiff_format;

/* Rows row to row + rows - 1 of a field (y, x), contiguous. */
void nwc__copy_rows(const nwc_field *field, int64_t row, int64_t rows, float *cells);

#endif

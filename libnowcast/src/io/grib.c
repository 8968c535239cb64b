/*
 * Gridded precipitation and reflectivity in GRIB 1 and 2, by ecCodes, one call at a time under a lock. Message lengths are
 * checked before ecCodes sees the bytes.
 *
 * MRMS (discipline 209) marks "no coverage" by -3 in rates and -999 in reflectivity, and "no echo" by -99.
 */
#include "io/grib.h"

#ifdef NWC__HAVE_ECCODES
/* What is measured, and which values stand for "not known" (at or below) and "nothing there". */
struct kind {
    const char *quantity, *units;
    double unknown, nothing;
};

static nwc_status find_kind(codes_handle *handle, struct kind *kind)
{
    const long discipline = nwc__grib_whole(handle, "discipline"),
               category = nwc__grib_whole(handle, "parameterCategory");
    const long number = nwc__grib_whole(handle, "parameterNumber");
    if (nwc__grib_whole(handle, "editionNumber") == 1 && nwc__grib_whole(handle, "indicatorOfParameter") == 61)
        *kind = (struct kind){"ACRR", "mm", -INFINITY, NAN}; /* total precipitation of table 2 */
    else if (discipline == 209 && category == 6 && number == 1)
        *kind = (struct kind){"RATE", "mm h-1", -0.5, NAN};
    else if (discipline == 209 && (category == 9 || category == 10 || category == 11))
        *kind = (struct kind){"DBZH", "dBZ", -500.0, -99.0};
    else
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "discipline %ld, category %ld, number %ld: not a field this library reads", discipline,
                         category, number);
    return NWC_OK;
}

static nwc_status read_message(nwc_ctx *ctx, codes_handle *handle, nwc_raster *raster)
{
    char projection[NWC__TEXT];
    nwc_grid grid;
    struct nwc__grib_order order;
    struct kind kind = {.units = NULL};
    int64_t valid_ns = 0, reference_ns = 0, start_ns = 0;
    NWC__TRY(find_kind(handle, &kind));
    NWC__TRY(nwc__grib_grid(ctx, handle, projection, &grid, &order));
    NWC__TRY(nwc__grib_times(handle, &reference_ns, &start_ns, &valid_ns));
    const bool amount = strcmp(kind.quantity, "ACRR") == 0;
    const int64_t count = grid.nx * grid.ny;
    float *cells;
    NWC__TRY(nwc__raster_add(raster,
                             &(struct nwc__layer_facts){.grid = grid,
                                                        .name = kind.quantity,
                                                        .quantity = kind.quantity,
                                                        .units = kind.units,
                                                        .source = amount ? "NCEP" : "MRMS",
                                                        .time_ns = valid_ns,
                                                        .reference_ns = valid_ns,
                                                        .duration_s = 1e-9 * (double)(valid_ns - start_ns)},
                             &cells));
    double *const values = nwc__alloc(ctx, count, sizeof *values);
    if (!values) return NWC_ERR_NOMEM;
    const nwc_status status = nwc__grib_values(handle, count, values);
    for (int64_t p = 0; status == NWC_OK && p < count; p++) {
        const double v = values[p];
        cells[nwc__grib_place(&order, p)] = v <= kind.unknown ? NAN : v == kind.nothing ? NWC__NO_ECHO_DBZ : (float)v;
    }
    nwc__free(ctx, values);
    return status;
}

nwc_status nwc__grib_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    nwc_status status = NWC_OK;
    for (int64_t at = 0, length = 0; at < size; at += length) {
        NWC__TRY(nwc__grib_check(bytes, size, at, &length));
        nwc__io_lock();
        codes_handle *const handle = codes_handle_new_from_message(NULL, bytes + at, (size_t)length);
        if (handle) {
            status = read_message(ctx, handle, raster);
            codes_handle_delete(handle);
        } else
            status = nwc__fail(NWC_ERR_FORMAT, "byte %lld: ecCodes cannot open the message", (long long)at);
        nwc__io_unlock();
        if (status != NWC_OK) return status;
    }
    return NWC_OK;
}
#else
nwc_status nwc__grib_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    (void)ctx, (void)bytes, (void)size, (void)raster;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read GRIB");
}
#endif

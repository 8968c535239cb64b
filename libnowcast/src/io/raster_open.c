/* Gridded files opened by what they contain. */
#include "io/internal.h"

typedef nwc_status (*decode_fn)(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

enum { MOST_SIDECAR = 1 << 20 };

/*
 * A format: its name, the bytes it is told by and where they are, or what tells it, and how it is read. Archives come
 * first: they begin with the name of a member, which may look like any other.
 */
static const struct format {
    const char *name;
    int64_t at;
    const char *magic;
    int64_t length;
    decode_fn decode;
    bool (*is)(const uint8_t *bytes, int64_t size); /* of formats without a mark of their own */
} formats[] = {
    {"TAR", 257, "ustar", 5, nwc__tar_read, NULL},
    {"PGM", 0, "P5", 2, nwc__pgm_read, NULL},
    {"HDF5", 0, "\x89HDF\r\n\x1a\n", 8, nwc__hdf5_read, NULL},
    {"NETCDF", 0, "CDF", 3, nwc__netcdf_read, NULL},
    {"GRIB", 0, "GRIB", 4, nwc__grib_read, NULL},
    {"NIMROD", 0, "\0\0\2\0", 4, nwc__nimrod_read, NULL},
    {"RADOLAN", 17, "BY", 2, nwc__radolan_read, NULL},
    {"SWAN", 0, "diamond 131", 11, nwc__swan_read, NULL},
    {"SWAN", 0, "DIAMOND 131", 11, nwc__swan_read, NULL},
    {"MOC", 0, "MOC\0", 4, nwc__moc_read, NULL},
    {"GEOTIFF", 0, "II*\0", 4, nwc__geotiff_read, NULL},
    {"GEOTIFF", 0, "MM\0*", 4, nwc__geotiff_read, NULL},
    {"GEOTIFF", 0, "II+\0", 4, nwc__geotiff_read, NULL},
    {"GEOTIFF", 0, "MM\0+", 4, nwc__geotiff_read, NULL},
    {"NEXRAD Level III", 0, "", 0, nwc__level3_grid_read, nwc__is_level3_grid},
};

static const struct format *recognise(const uint8_t *bytes, int64_t size)
{
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        if (formats[f].is ? formats[f].is(bytes, size)
                          : nwc__has_mark(bytes, size, formats[f].at, formats[f].magic, formats[f].length))
            return &formats[f];
    return NULL;
}

nwc_status nwc__raster_decode(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    const struct format *const format = recognise(bytes, size);
    if (size == 0) return nwc__fail(NWC_ERR_FORMAT, "byte 0: the file is empty");
    if (!format || format->decode == nwc__tar_read)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 0: not the beginning of a format this library knows");
    nwc__raster_set_format(raster, format->name);
    return format->decode(ctx, bytes, size, raster);
}

void nwc_read_options_init(nwc_read_options *options)
{
    if (options) *options = (nwc_read_options){.struct_size = sizeof *options, .max_bytes = INT64_C(4) << 30};
}

const char *nwc_io_sniff(const void *bytes, size_t size)
{
    const struct format *const format = bytes ? recognise(bytes, size < INT32_MAX ? (int64_t)size : INT32_MAX) : NULL;
    return format ? format->name : NULL;
}

/* Cells that a text beside them describes. */
static nwc_status decode_flat(nwc_ctx *ctx, const struct nwc__bytes *bytes, const char *sidecar, const char *path,
                              nwc_raster *raster)
{
    struct nwc__bytes text;
    const nwc_status read = nwc__bytes_read(ctx, sidecar, MOST_SIDECAR, &text);
    if (read != NWC_OK) return nwc__fail_within(read, sidecar);
    nwc__raster_set_format(raster, "FLAT");
    const nwc_status status = nwc__flat_read(bytes->data, bytes->size, text.data, text.size, path, raster);
    nwc__free(ctx, text.data);
    return status;
}

static nwc_status decode(nwc_ctx *ctx, const struct nwc__bytes *bytes, const nwc_read_options *options,
                         const char *path, nwc_raster **raster)
{
    NWC__TRY(nwc__raster_create(ctx, "", options->max_bytes, raster));
    const struct format *const format = recognise(bytes->data, bytes->size);
    const bool archive = format && format->decode == nwc__tar_read;
    const nwc_status status =
        options->sidecar ? decode_flat(ctx, bytes, options->sidecar, path, *raster)
                         : (archive ? nwc__tar_read : nwc__raster_decode)(ctx, bytes->data, bytes->size, *raster);
    if (status == NWC_OK) return NWC_OK;
    nwc_raster_destroy(*raster);
    *raster = NULL;
    return status;
}

static nwc_status raster_open(nwc_ctx *ctx, const char *path, const nwc_read_options *given, nwc_raster **raster)
{
    ctx = nwc__ctx(ctx);
    if (!path) return nwc__fail(NWC_ERR_ARG, "path: a path expected, NULL given");
    if (!raster) return nwc__fail(NWC_ERR_ARG, "raster: a place for the raster expected, NULL given");
    *raster = NULL;
    nwc_read_options options;
    nwc_read_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    if (options.max_bytes < 1)
        return nwc__fail(NWC_ERR_ARG, "max_bytes: at least 1 expected, %lld given", (long long)options.max_bytes);
    struct nwc__bytes bytes;
    nwc_status status = nwc__bytes_read(ctx, path, options.max_bytes, &bytes);
    if (status == NWC_OK) {
        status = decode(ctx, &bytes, &options, path, raster);
        nwc__free(ctx, bytes.data);
    }
    return status == NWC_OK ? NWC_OK : nwc__fail_within(status, path);
}

nwc_status nwc_raster_open(nwc_ctx *ctx, const char *path, const nwc_read_options *given, nwc_raster **raster)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = raster_open(ctx, path, given, raster);
    nwc__numbers_end(numbers);
    return status;
}

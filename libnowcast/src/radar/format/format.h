/* What decoders of gridded formats share: bytes in, the layers of a raster out. They open no files. */
#ifndef NWC_RADAR_FORMAT_H
#define NWC_RADAR_FORMAT_H

#include "grid/internal.h"

#include <nowcast/io.h>

/* No side of a grid is longer, and no text of a header. */
enum { NWC__MOST_CELLS_ALONG = 100000, NWC__TEXT = 512 };

/* What a decoder knows of a layer before its cells. Texts are copied. */
struct nwc__layer_facts {
    nwc_grid grid; /* flat */
    const char *name, *quantity, *units, *source;
    int64_t time_ns, reference_ns;
    double duration_s, height_m;
    int32_t members, member; /* 0 for none */
    bool north_first;        /* rows of the cells run from north to south */
};

nwc_status nwc__raster_create(nwc_ctx *ctx, const char *format, int64_t max_bytes, nwc_raster **raster);

/* The bytes a raster may hold. */
int64_t nwc__raster_limit(const nwc_raster *raster);

/* Append a layer, and lend its ny * nx cells to be filled. */
nwc_status nwc__raster_add(nwc_raster *raster, const struct nwc__layer_facts *facts, float **cells);

/* The unit of an ODIM quantity, and the value that stands for "observed, nothing there"; "1" where neither is defined. */
const char *nwc__odim_unit(const char *quantity, float *nothing);

/* Which format the cells turned out to be of: of a member, where the file is an archive. The text is constant. */
void nwc__raster_set_format(nwc_raster *raster, const char *format);

/* NIMROD: rain on the National Grid of Great Britain. */
nwc_status nwc__nimrod_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* RADOLAN and RADVOR: amounts of rain in Germany. */
nwc_status nwc__radolan_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* NEXRAD Level III and CINRAD PUP: products of rows of cells. */
bool nwc__is_level3_grid(const uint8_t *bytes, int64_t size);
nwc_status nwc__level3_grid_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* Grids of SWAN, the nowcasting system of China's weather service. */
nwc_status nwc__swan_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* National mosaics of China's meteorological observation centre. */
nwc_status nwc__moc_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* Float32 without a header, which the text of a sidecar describes; path is for the time in its name. */
nwc_status nwc__flat_read(const uint8_t *bytes, int64_t size, const uint8_t *sidecar, int64_t sidecar_size,
                          const char *path, nwc_raster *raster);

/* GeoTIFF: bands of whole numbers or floats, such as heights of the ground; and what the writer of this library writes. */
nwc_status nwc__geotiff_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

/* FMI's PGM: reflectivity of a composite, with its geometry in comments. */
nwc_status nwc__pgm_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster);

#endif

/* Keys of projections in GeoTIFF (OGC 19-008r4), which its writer and its reader share. */
#ifndef NWC_RADAR_FORMAT_GEOTIFF_H
#define NWC_RADAR_FORMAT_GEOTIFF_H

#include "radar/format/format.h"

enum { NWC__GEOTIFF_USER_DEFINED = 32767, NWC__GEOTIFF_TRANSFORMATIONS = 7 };

/* A grid mapping of CF, its number among coordinate transformations, and the keys of its attributes. */
typedef struct nwc__geotiff_transformation {
    const char *cf;
    int number;
    struct {
        const char *attribute;
        uint16_t key, second;
    } key[6];
} nwc__geotiff_transformation;

extern const nwc__geotiff_transformation nwc__geotiff_transformations[NWC__GEOTIFF_TRANSFORMATIONS];

/* The value of a key, NaN where the file has none or a text. */
typedef double nwc__geotiff_key_fn(const void *file, int key);

/* The PROJ string of the keys of a file. */
nwc_status nwc__geotiff_to_proj(nwc__geotiff_key_fn *key, const void *file, char proj[NWC__TEXT]);

#endif

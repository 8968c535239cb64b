/* The CMA standard format: what its decoder and its encoder share. */
#ifndef NWC_RADAR_FORMAT_CINRAD_H
#define NWC_RADAR_FORMAT_CINRAD_H

#include "radar/format/volume_format.h"

enum {
    NWC__CMA_GENERIC = 32,
    NWC__CMA_SITE = 128,
    NWC__CMA_TASK = 256,
    NWC__CMA_CUT = 256,
    NWC__CMA_MOMENT = 32,
    NWC__CMA_TYPES = 64,  /* moment types below this are looked at */
    NWC__CMA_CODES = 5,   /* codes below have a meaning of their own */
    NWC__CMA_FINE = 32768 /* a gate length from here on: so much less, in cm */
};

/* Moments by type, and their usual scale and offset; name NULL for those FM 301 does not know, own_name for no moment. */
struct nwc__cma_kind {
    const char *name, *own_name;
    int32_t scale, offset, bits;
    bool doppler;      /* its gates are those of the Doppler moments */
    const char *units; /* where there is no name they follow from */
};
extern const struct nwc__cma_kind nwc__cma_kinds[NWC__CMA_TYPES];

/* The name of a type of radar, "" for one not known; and its number, 0 for a name not known. */
const char *nwc__cma_instrument(int32_t type);
int32_t nwc__cma_instrument_type(const char *name);

#endif

/* Chinese radars: what decoders, streams and the encoder of the CMA standard format share, and those of the records of 2001. */
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

/* What comes before the radials. */
struct nwc__cma_headers {
    const uint8_t *bytes;
    int64_t size, cuts; /* of all of them; where the table of cuts is */
    int32_t n_planned;  /* cuts in it */
    bool phased;        /* radials may come in any order */
};

/* Look at the headers that bytes begin with: all of them where size has come to headers->size, else only how many to wait for. */
nwc_status nwc__cma_look(const uint8_t *bytes, int64_t size, struct nwc__cma_headers *headers);

/* The length of the radial that bytes begin with, its cut and its state; 0 where it is not whole. */
int64_t nwc__cma_radial_at(const struct nwc__cma_headers *headers, const uint8_t *bytes, int64_t size, int32_t *cut,
                           int32_t *state);
/* Whether a radial of this state is the first of a sweep. */
bool nwc__cma_begins(int32_t state);

/* Append the sweeps of radials, how many there are, and whether bytes behind them are no radial. Of the first the facts are taken. */
nwc_status nwc__cma_add(nwc_ctx *ctx, const struct nwc__cma_headers *headers, const uint8_t *bytes, int64_t size,
                        nwc_volume *volume, int64_t *n_cuts, bool *cut_off);
/* What remains to be done when all are there. */
nwc_status nwc__cma_finish(nwc_volume *volume, int64_t n_cuts, int32_t n_planned, bool cut_off);

enum {
    NWC__LEGACY_LONGEST = 4132, /* bytes of the longest record of 2001 */
    NWC__LEGACY_LOOK = 128      /* bytes that a record is told by */
};
/* The length that leads from the first record to another, or is that of the file; 0 where none does, and the error then. */
int32_t nwc__cinrad_legacy_length(const uint8_t *bytes, int64_t size);
nwc_status nwc__cinrad_legacy_no_length(int64_t size);
/* One record in the order of message 1 of NEXRAD. */
void nwc__cinrad_legacy_turn(const uint8_t *record, int32_t size, uint8_t *message);
/* What a volume is beside what its messages say. */
nwc_status nwc__cinrad_legacy_finish(nwc_volume *volume, int32_t length, bool cut_off);

/* The name of a type of radar, "" for one not known; and its number, 0 for a name not known. */
const char *nwc__cma_instrument(int32_t type);
int32_t nwc__cma_instrument_type(const char *name);

#endif

/* NEXRAD Level II: what its two halves share. nexrad_records.c frees the messages of their packing, nexrad.c reads them. */
#ifndef NWC_RADAR_FORMAT_NEXRAD_H
#define NWC_RADAR_FORMAT_NEXRAD_H

#include "radar/format/volume_format.h"

/* Messages in a row, as one record held them. */
struct nwc__nexrad_record {
    const uint8_t *packed; /* the bzip2 stream; NULL where the file was not packed */
    int64_t packed_size;
    uint8_t *room; /* memory of the unpacked bytes, NULL where they are the file's own */
    int64_t capacity;
    const uint8_t *bytes;
    int64_t size;
    bool whole; /* the stream came to its end undamaged */
};

struct nwc__nexrad_records {
    struct nwc__nexrad_record *record;
    int64_t n;
};

/*
 * Find the records of a file from byte at on and unpack them, all at once on the context's threads. What is damaged or cut off
 * is unpacked as far as it goes.
 */
nwc_status nwc__nexrad_unpack(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t at, int64_t max_bytes,
                              struct nwc__nexrad_records *records);
void nwc__nexrad_release(nwc_ctx *ctx, struct nwc__nexrad_records *records);

/* Moments, and the blocks of message 31 that hold them. */
enum { NWC__NEXRAD_KINDS = 7 };
struct nwc__nexrad_kind {
    const char block[4];
    const char *name;
    int32_t lowest; /* the first code that is a value */
};
extern const struct nwc__nexrad_kind nwc__nexrad_kinds[NWC__NEXRAD_KINDS];

/* Where a radar of the network stands, and the height of the ground there; false for a name that is not in it. */
bool nwc__nexrad_site(const char *name, double *latitude_deg, double *longitude_deg, double *ground_m);

/* The name of the radar of the network that stands at a place; NULL where none does. */
const char *nwc__nexrad_site_at(double latitude_deg, double longitude_deg);

#endif

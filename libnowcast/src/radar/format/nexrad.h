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
    bool whole;   /* the stream came to its end undamaged */
    int64_t left; /* packed bytes behind that end */
};

struct nwc__nexrad_records {
    struct nwc__nexrad_record *record;
    int64_t n;
};

/* Whether a bzip2 stream begins at byte at. */
bool nwc__nexrad_is_stream(const uint8_t *bytes, int64_t size, int64_t at);

/*
 * Find the records of a file from byte at on and unpack them, all at once on the context's threads. What is damaged or cut off
 * is unpacked as far as it goes.
 */
nwc_status nwc__nexrad_unpack(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t at, int64_t max_bytes,
                              struct nwc__nexrad_records *records);
void nwc__nexrad_release(nwc_ctx *ctx, struct nwc__nexrad_records *records);

enum {
    NWC__NEXRAD_HEADER = 24, /* bytes of the volume's header */
    NWC__NEXRAD_MESSAGE = 28 /* and of a message's, with what comes before it */
};
/* Whether bytes begin with it. */
bool nwc__nexrad_is_header(const uint8_t *bytes, int64_t size);

/* A radial, as its message is found. */
struct nwc__nexrad_radial {
    const uint8_t *body; /* after the header of its message */
    int32_t size;        /* bytes of the body */
    uint8_t type, cut, state;
    uint8_t packing; /* how it is compressed by itself, which is not read: 0 for not, 1 by bzip2, 2 by zlib */
    int64_t time_ns;
    float azimuth_deg, elevation_deg;
};

/* A message among others. */
struct nwc__nexrad_message {
    const uint8_t *body;
    int64_t size, length; /* of its body, and with what comes before it */
    uint8_t type;
    bool is_radial;
    struct nwc__nexrad_radial radial;
};

/*
 * The message that left bytes begin with; false where it is not whole. Where they are the last, of one in a slot that is cut
 * off what is there.
 */
bool nwc__nexrad_message_at(const uint8_t *bytes, int64_t left, bool last, struct nwc__nexrad_message *message);

/* Whether a radial is the first of a sweep, and the last, by what it says. */
bool nwc__nexrad_begins(const struct nwc__nexrad_radial *radial);
bool nwc__nexrad_ends(const struct nwc__nexrad_radial *radial);

/*
 * Why a volume is not whole, by its first and its last radial, whether bytes are damaged or missing, and the packing of radials
 * that are not read; "" where it is.
 */
const char *nwc__nexrad_missing(uint8_t first_state, uint8_t last_state, bool cut_off, uint8_t packing);

/* The error of no radial at all. */
nwc_status nwc__nexrad_none(uint8_t packing);

/* Some radials of a volume, in their messages, one behind the other. */
struct nwc__nexrad_part {
    const uint8_t *header, *plan; /* that of the volume and the body of message 5; NULL where there is none */
    int64_t plan_size;
    const uint8_t *messages;
    int64_t size;
};

/* Append the sweeps of a part. Of the first the facts of the volume are taken. */
nwc_status nwc__nexrad_add(nwc_ctx *ctx, const struct nwc__nexrad_part *part, nwc_volume *volume);

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

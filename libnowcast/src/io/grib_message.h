/* GRIB as bytes: where messages begin and end, and the fields within one. No library is needed for that. */
#ifndef NWC_IO_GRIB_MESSAGE_H
#define NWC_IO_GRIB_MESSAGE_H

#include "core/internal.h"

#include <nowcast/core.h>

/* The length of the message at bytes + at, whose end must be there and be marked. */
nwc_status nwc__grib_check(const uint8_t *bytes, int64_t size, int64_t at, int64_t *length);

/* A whole message. */
struct nwc__grib_message {
    int64_t at, length;
    int32_t edition;
};

/*
 * The first whole message at or after *from, which then stands behind it; what is between is skipped. False where there is none
 * left. Why something that began like a message was skipped is put into reason, if it is still empty; its room is
 * NWC__GRIB_REASON.
 */
enum { NWC__GRIB_REASON = 256 };
bool nwc__grib_next(const uint8_t *bytes, int64_t size, int64_t *from, struct nwc__grib_message *message,
                    char reason[NWC__GRIB_REASON]);

/* A part of a message; length 0 where it has none. */
struct nwc__grib_section {
    int64_t at, length;
};

/*
 * A field of a message: the sections 1 to 7 that make it. All messages of GRIB 1 hold one field, and sections are not filled
 * in for them.
 */
struct nwc__grib_field {
    struct nwc__grib_message message;
    struct nwc__grib_section section[8];
    bool alone; /* the message holds nothing else */
};

/*
 * The fields of a message, one call for each: *next is 0 at first, and 0 again after the last. FORMAT for sections that do not
 * fit, whose field is not given.
 */
nwc_status nwc__grib_field_next(const uint8_t *bytes, const struct nwc__grib_message *message, int64_t *next,
                                struct nwc__grib_field *field);

/*
 * A message that holds this field alone: the bytes themselves where it does already, else a copy to be freed. *copy is NULL
 * for the former.
 */
nwc_status nwc__grib_alone(nwc_ctx *ctx, const uint8_t *bytes, const struct nwc__grib_field *field,
                           const uint8_t **message, int64_t *length, uint8_t **copy);

#endif

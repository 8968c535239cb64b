/* What the elements of a BUFR subset mean, apart from how they are unpacked. */
#ifndef NWC_BUFR_ELEMENTS_H
#define NWC_BUFR_ELEMENTS_H

#include "obs/format/obs_format.h"

/* One element of a subset, in order. */
struct nwc__bufr_element {
    int32_t code;     /* FXY of table B as a number: 12101 for 0 12 101 */
    double value;     /* NaN where it is missing, or text */
    const char *text; /* NULL for a number */
};

/* The kinds of elements that nwc__bufr_subset takes note of, by the names ecCodes gives them. */
struct nwc__bufr_name {
    const char *name;
    int32_t code; /* 0 where elements of different units share the name: ask for the code */
    bool is_text;
};

/* NULL for a name that says nothing here. */
const struct nwc__bufr_name *nwc__bufr_named(const char *name);

/* Append what one subset says. category is that of section 1 (table A). */
nwc_status nwc__bufr_subset(nwc_obs *obs, int32_t category, const struct nwc__bufr_element *elements, int64_t n);

/*
 * The next message from byte *at on: its place, and its length by section 0, all of whose sections lie within it. False with
 * *length 0 where there is none, and with *reason where what begins there is damaged; *at is then behind its mark.
 */
bool nwc__bufr_next(const uint8_t *bytes, int64_t size, int64_t *at, int64_t *length, const char **reason);

/* Take section 2, which centres fill as they like, out of a message whose sections are good; returns its length then. */
int64_t nwc__bufr_without_local(uint8_t *message, int64_t length);

#endif

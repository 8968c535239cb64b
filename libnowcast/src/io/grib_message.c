/*
 * GRIB 1 and 2 as bytes (WMO Manual on Codes, FM 92): messages among other bytes, and the fields of a message of edition 2
 * whose sections 2 to 7, 3 to 7 or 4 to 7 are repeated. Each field is made a message of its own, so that the library that unpacks it
 * needs no state of its own for them.
 */
#include "io/grib_message.h"

#include <stdio.h>

enum { HEAD = 16, TAIL = 4, SECTION_HEAD = 5, LEAST = 20 };

static uint64_t big_endian(const uint8_t *bytes, int n)
{
    uint64_t value = 0;
    for (int k = 0; k < n; k++) value = value << 8 | bytes[k];
    return value;
}

/*
 * The length of a message of edition 1. Beyond 8 MB ECMWF sets the top bit, counts in blocks of 120 bytes, and puts what is
 * left over of the last block in place of the length of section 4.
 */
static uint64_t length_1(const uint8_t *message, int64_t left)
{
    const uint64_t stated = big_endian(message + 4, 3);
    if (!(stated & 0x800000) || left < 8 + 28) return stated;
    uint64_t at = 8;
    const uint8_t flags = message[15];
    at += big_endian(message + at, 3);
    for (int bit = 0x80; bit >= 0x40; bit >>= 1) {
        if (at + 3 > (uint64_t)left) return stated;
        if (flags & bit) at += big_endian(message + at, 3);
    }
    if (at + 3 > (uint64_t)left) return stated;
    const uint64_t over = big_endian(message + at, 3);
    return over < 120 ? (stated & 0x7fffff) * 120 - over + 4 : stated;
}

nwc_status nwc__grib_check(const uint8_t *bytes, int64_t size, int64_t at, int64_t *length)
{
    const int64_t left = size - at;
    if (left < HEAD || memcmp(bytes + at, "GRIB", 4) != 0)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: a GRIB message expected", (long long)at);
    const int edition = bytes[at + 7];
    if (edition != 1 && edition != 2)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte %lld: GRIB edition %d", (long long)at + 7, edition);
    const uint64_t stated = edition == 1 ? length_1(bytes + at, left) : big_endian(bytes + at + 8, 8);
    if (stated < LEAST || stated > (uint64_t)left)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the message ends early, %llu bytes expected", (long long)at,
                         (unsigned long long)stated);
    if (memcmp(bytes + at + stated - TAIL, "7777", TAIL) != 0)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the message does not end in 7777", (long long)at);
    *length = (int64_t)stated;
    return NWC_OK;
}

bool nwc__grib_next(const uint8_t *bytes, int64_t size, int64_t *from, struct nwc__grib_message *message,
                    char reason[NWC__GRIB_REASON])
{
    for (int64_t at = *from; at + 4 <= size; at++) {
        const uint8_t *const found = memchr(bytes + at, 'G', (size_t)(size - at - 3));
        if (!found) break;
        at = found - bytes;
        if (memcmp(found, "GRIB", 4) != 0) continue;
        int64_t length;
        if (nwc__grib_check(bytes, size, at, &length) == NWC_OK) {
            *message = (struct nwc__grib_message){at, length, bytes[at + 7]};
            *from = at + length;
            return true;
        }
        if (!reason[0]) snprintf(reason, NWC__GRIB_REASON, "%s", nwc_error_text());
    }
    *from = size;
    return false;
}

nwc_status nwc__grib_field_next(const uint8_t *bytes, const struct nwc__grib_message *message, int64_t *next,
                                struct nwc__grib_field *field)
{
    const int64_t end = message->at + message->length - TAIL;
    if (message->edition == 1) {
        *field = (struct nwc__grib_field){.message = *message, .alone = true};
        *next = 0;
        return NWC_OK;
    }
    const bool first = *next == 0;
    int64_t at = first ? message->at + HEAD : *next;
    if (first) *field = (struct nwc__grib_field){.message = *message};
    *next = 0;
    for (int before = first ? 0 : 7; at < end;) {
        const int64_t length = end - at < SECTION_HEAD ? 0 : (int64_t)big_endian(bytes + at, 4);
        if (length < SECTION_HEAD || length > end - at)
            return nwc__fail(NWC_ERR_FORMAT, "byte %lld: a section of GRIB goes beyond its message", (long long)at);
        const int number = bytes[at + 4];
        /* A field ends with section 7; after that sections may begin again, at 2, 3 or 4. */
        const bool follows =
            before == 7 ? number >= 2 && number <= 4 : number == before + 1 || (before == 1 && number == 3);
        if (!follows)
            return nwc__fail(NWC_ERR_FORMAT, "byte %lld: section %d of GRIB after section %d", (long long)at, number,
                             before);
        /* Bitmap 254 is that of the field before, which stays. */
        const bool again = number == 6 && length > SECTION_HEAD && bytes[at + 5] == 254;
        if (again && !field->section[6].length)
            return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the bitmap of a field before expected, there is none",
                             (long long)at);
        if (!again) field->section[number] = (struct nwc__grib_section){at, length};
        at += length;
        before = number;
        if (number == 7) {
            field->alone = first && at == end;
            *next = at < end ? at : 0;
            return NWC_OK;
        }
    }
    return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the message ends before its data", (long long)at);
}

nwc_status nwc__grib_alone(nwc_ctx *ctx, const uint8_t *bytes, const struct nwc__grib_field *field,
                           const uint8_t **message, int64_t *length, uint8_t **copy)
{
    *copy = NULL;
    *message = bytes + field->message.at;
    *length = field->message.length;
    if (field->alone) return NWC_OK;
    int64_t total = HEAD + TAIL;
    for (int s = 1; s <= 7; s++) total += field->section[s].length;
    uint8_t *const made = nwc__alloc(ctx, total, 1);
    if (!made) return NWC_ERR_NOMEM;
    memcpy(made, *message, HEAD);
    for (int k = 0; k < 8; k++) made[8 + k] = (uint8_t)((uint64_t)total >> (56 - 8 * k));
    int64_t at = HEAD;
    for (int s = 1; s <= 7; s++) {
        if (!field->section[s].length) continue;
        memcpy(made + at, bytes + field->section[s].at, (size_t)field->section[s].length);
        at += field->section[s].length;
    }
    memcpy(made + at, "7777", TAIL);
    *copy = made;
    *message = made;
    *length = total;
    return NWC_OK;
}

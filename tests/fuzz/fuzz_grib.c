/*
 * GRIB as bytes: messages among others and the fields within them. The first byte chooses: arbitrary bytes, or a message of
 * three fields with the input laid over it (exclusive or: no input leaves it good).
 */
#include "fuzz.h"
#include "io/grib_message.h"
#include "support/made_grib.h"

#include <stdlib.h>

static void walk(const uint8_t *bytes, int64_t size)
{
    nwc_ctx *const ctx = nwc__ctx(NULL);
    struct nwc__grib_message message;
    struct nwc__grib_field field;
    char reason[NWC__GRIB_REASON] = "";
    for (int64_t from = 0; nwc__grib_next(bytes, size, &from, &message, reason);) {
        int64_t next = 0, length = 0, again = 0;
        while (nwc__grib_field_next(bytes, &message, &next, &field) == NWC_OK) {
            const uint8_t *alone;
            uint8_t *copy;
            if (nwc__grib_alone(ctx, bytes, &field, &alone, &length, &copy) == NWC_OK) {
                /* What was taken out is a message of one field. */
                if (nwc__grib_check(alone, length, 0, &again) != NWC_OK || again != length) abort();
                nwc__free(ctx, copy);
            }
            if (!next) break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0) return 0;
    const bool made = bytes[0] % 2;
    bytes++, size--;
    if (!made) {
        walk(bytes, (int64_t)size);
        return 0;
    }
    uint8_t file[MADE_GRIB_MOST];
    struct made_grib fields[3] = {made_grib_usual, made_grib_usual, made_grib_usual};
    fields[1].bitmap = 1, fields[2].bitmap = 2;
    const int64_t length = make_grib2(file, fields, 3);
    for (size_t k = 0; k < size && (int64_t)k < length; k++) file[k] ^= bytes[k];
    walk(file, length);
    return 0;
}

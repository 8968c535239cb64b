/*
 * Tar archives (POSIX ustar): every member is read as the file it is, and all give their layers to one raster. Nothing is
 * unpacked to disk; names are not used as paths.
 */
#include "io/internal.h"

enum { BLOCK = 512, SIZE_AT = 124, SIZE_DIGITS = 12, CHECKSUM_AT = 148, CHECKSUM_DIGITS = 8, TYPE_AT = 156 };

/* An octal number; -1 for anything else. */
static int64_t octal(const uint8_t *digits, int n)
{
    int64_t value = 0;
    int k = 0;
    while (k < n && digits[k] == ' ') k++;
    for (; k < n && digits[k] != ' ' && digits[k] != '\0'; k++) {
        if (digits[k] < '0' || digits[k] > '7') return -1;
        value = value * 8 + (digits[k] - '0');
    }
    return value;
}

/* The sum of all bytes of a header, its checksum counted as blanks. */
static int64_t sum_of(const uint8_t *header)
{
    int64_t sum = 0;
    for (int k = 0; k < BLOCK; k++) sum += k >= CHECKSUM_AT && k < CHECKSUM_AT + CHECKSUM_DIGITS ? ' ' : header[k];
    return sum;
}

nwc_status nwc__tar_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_raster *raster)
{
    int64_t at = 0;
    while (at + BLOCK <= size && bytes[at] != '\0') {
        const uint8_t *const header = bytes + at;
        const int64_t length = octal(header + SIZE_AT, SIZE_DIGITS);
        if (octal(header + CHECKSUM_AT, CHECKSUM_DIGITS) != sum_of(header))
            return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the header of a member is damaged", (long long)at);
        if (length < 0 || length > size - at - BLOCK)
            return nwc__fail(NWC_ERR_FORMAT, "byte %lld: a member of %lld bytes goes beyond the end", (long long)at,
                             (long long)length);
        const uint8_t type = header[TYPE_AT];
        if (type == '0' || type == '\0') {
            char name[101] = "";
            memcpy(name, header, 100);
            const nwc_status status = nwc__raster_decode(ctx, header + BLOCK, length, raster);
            if (status != NWC_OK) return nwc__fail_within(status, name);
        }
        at += BLOCK + (length + BLOCK - 1) / BLOCK * BLOCK;
    }
    if (at + BLOCK > size) return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the archive ends early", (long long)size);
    return nwc_raster_count(raster) ? NWC_OK : nwc__fail(NWC_ERR_NODATA, "the archive holds no files");
}

/*
 * CINRAD SA, SB, CA and CB as of the rules of 2001: records of one size, one for each radial, without a header of the file.
 *
 * A record is message 1 of NEXRAD in the other byte order, for CA and CB with more gates. So the headers are turned and the
 * records read as that message. The place of the radar is not in the file. Records of 4132 and 3132 bytes are known from
 * implementations alone: such volumes are marked experimental.
 */
#include "radar/format/cinrad.h"

enum {
    HEADER = 28, /* bytes before the radial */
    FIELDS =
        NWC__LEGACY_LOOK - HEADER, /* bytes of its own header, two-byte numbers but for the times and the calibration */
    CALIBRATION = 32,
    MOST_CUT = 64
};

static const int32_t sizes[] = {2432, NWC__LEGACY_LONGEST, 3132};

/* Whether a record may begin at byte at: message type 1, and numbers that can be. */
static bool is_record(const uint8_t *bytes, int64_t size, int64_t at)
{
    if (at < 0 || size - at < HEADER + FIELDS) return false;
    const uint8_t *const radial = bytes + at + HEADER;
    const int32_t day = nwc__u16_le(radial + 4), status = nwc__u16_le(radial + 12), cut = nwc__u16_le(radial + 16);
    return nwc__u16_le(bytes + at + 14) == 1 && nwc__u32_le(radial) < 86400000 && day > 3650 && status <= 4 &&
           cut >= 1 && cut <= MOST_CUT;
}

bool nwc__is_cinrad_legacy(const uint8_t *bytes, int64_t size)
{
    return is_record(bytes, size, 0);
}

int32_t nwc__cinrad_legacy_length(const uint8_t *bytes, int64_t size)
{
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        if (size == sizes[s] || is_record(bytes, size, sizes[s])) return sizes[s];
    return 0;
}

nwc_status nwc__cinrad_legacy_no_length(int64_t size)
{
    return nwc__fail(NWC_ERR_FORMAT, "records of 2432, 4132 or 3132 bytes expected, %lld bytes found", (long long)size);
}

void nwc__cinrad_legacy_turn(const uint8_t *record, int32_t size, uint8_t *message)
{
    const int32_t halfwords = (size - 12) / 2;
    memcpy(message, record, (size_t)size);
    message[12] = (uint8_t)(halfwords >> 8), message[13] = (uint8_t)halfwords;
    message[15] = 1;
    for (int32_t b = 0; b < FIELDS; b += 2) {
        const bool wide = b == 0 || b == CALIBRATION;
        const uint8_t *const from = record + HEADER + b;
        uint8_t *const to = message + HEADER + b;
        if (wide) {
            for (int k = 0; k < 4; k++) to[k] = from[3 - k];
            b += 2;
        } else {
            to[0] = from[1], to[1] = from[0];
        }
    }
}

nwc_status nwc__cinrad_legacy_finish(nwc_volume *volume, int32_t length, bool cut_off)
{
    nwc_volume_facts facts;
    if (cut_off) NWC__TRY(nwc__volume_incomplete(volume, NULL, "the file is damaged or ends early"));
    NWC__TRY(nwc_volume_describe(volume, &facts));
    if (length == sizes[0] || facts.experimental || facts.n_sweeps == 0) return NWC_OK;
    facts.experimental = 1;
    return nwc__volume_set_facts(volume, &facts);
}

nwc_status nwc__cinrad_legacy_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    const int32_t length = nwc__cinrad_legacy_length(bytes, size);
    if (!length) return nwc__cinrad_legacy_no_length(size);
    const int64_t records = size / length;
    uint8_t *const messages = nwc__alloc(ctx, records * length, 1);
    if (!messages) return NWC_ERR_NOMEM;
    for (int64_t r = 0; r < records; r++) nwc__cinrad_legacy_turn(bytes + r * length, length, messages + r * length);
    const nwc_status status = nwc__nexrad_read(ctx, messages, records * length, volume);
    nwc__free(ctx, messages);
    return status == NWC_OK ? nwc__cinrad_legacy_finish(volume, length, records * length < size) : status;
}

/*
 * Messages of NEXRAD Level III: a header, the description of the product, and a block of symbology, packed by bzip2 or not.
 *
 * A WMO heading may come first. Numbers are big-endian, and places of blocks are counted in half words from the header. CINRAD's
 * product generator writes the same messages, without heading, in the same units. Source: interface control document
 * 2620001 (RPG to class 1 user), NOAA Radar Operations Center, sections 3.3.1 and 3.3.2.
 */
#include "radar/format/level3.h"

#include "radar/format/nexrad.h"

#include <bzlib.h>
#include <stdio.h>

enum {
    HEADER = 18,
    HEADERS = 120, /* with the description */
    MOST_HEADING = 256,
    MOST_UNPACKED = 64 << 20,
    BLOCK = 10, /* bytes before the layers */
    LAYER = 6,  /* bytes before the packets of a layer */
    MOST_LAYERS = 18,
    DIGITAL_RADIAL = 16,
    DIGITAL_RASTER = 17
};

#define DAY_NS INT64_C(86400000000000)
#define FOOT_M 0.3048

static int32_t i16(const uint8_t *at)
{
    return (int16_t)nwc__u16_be(at);
}

static int32_t i32(const uint8_t *at)
{
    return (int32_t)nwc__u32_be(at);
}

/* ---- finding ---- */

static bool is_message(const uint8_t *message)
{
    const int32_t code = i16(message), latitude = i32(message + 20), longitude = i32(message + 24);
    return code >= 16 && code < 300 && i16(message + 18) == -1 && i16(message + 30) == code && latitude >= -90000 &&
           latitude <= 90000 && longitude >= -180000 && longitude <= 180000 && nwc__u32_be(message + 42) <= 86400;
}

/* Where the header is: at the beginning, or behind a heading of lines of text; -1 where there is none. */
static int64_t find_message(const uint8_t *bytes, int64_t size)
{
    for (int64_t at = 0; at <= MOST_HEADING && size - at >= HEADERS; at++) {
        if ((at == 0 || bytes[at - 1] == '\n') && is_message(bytes + at)) return at;
        const uint8_t c = bytes[at];
        if (!((c >= ' ' && c < 127) || c == '\r' || c == '\n' || c == 1)) break;
    }
    return -1;
}

nwc__level3_form nwc__level3_form_of(const uint8_t *bytes, int64_t size)
{
    const int64_t at = find_message(bytes, size);
    const nwc__level3_product *const product = at < 0 ? NULL : nwc__level3_product_of(i16(bytes + at));
    return product ? product->form : NWC__LEVEL3_NONE;
}

int64_t nwc__level3_missing(const uint8_t *bytes, int64_t size)
{
    const int64_t at = find_message(bytes, size);
    const int64_t missing = at < 0 ? 0 : nwc__u32_be(bytes + at + 8) - (size - at);
    return missing > 0 ? missing : 0;
}

/* ---- headers ---- */

/*
 * NEXRAD's radars are known by their place, those of airports by the last three letters of the heading ("N0QTLX"), CINRAD's by
 * their number: source 200 is Z9200.
 */
static void find_site(const uint8_t *bytes, int64_t at, nwc__level3 *level3)
{
    const char *const near = nwc__nexrad_site_at(level3->latitude_deg, level3->longitude_deg);
    const int32_t source = i16(bytes + at + 12);
    int64_t end = at;
    while (end > 0 && bytes[end - 1] <= ' ') end--;
    if (near) {
        snprintf(level3->site, sizeof level3->site, "%s", near);
    } else if (end >= 3) {
        snprintf(level3->site, sizeof level3->site, "%.3s", (const char *)bytes + end - 3);
    } else if (level3->latitude_deg > 3.0 && level3->latitude_deg < 54.0 && level3->longitude_deg > 73.0 &&
               level3->longitude_deg < 136.0 && source > 0 && source < 1000) {
        level3->chinese = true;
        snprintf(level3->site, sizeof level3->site, "Z9%03d", (int)source);
    }
}

static void read_description(const uint8_t *bytes, int64_t at, nwc__level3 *level3)
{
    const uint8_t *const message = bytes + at;
    level3->latitude_deg = 0.001 * (double)i32(message + 20);
    level3->longitude_deg = 0.001 * (double)i32(message + 24);
    level3->altitude_m = FOOT_M * (double)i16(message + 28);
    level3->pattern = i16(message + 34);
    level3->time_ns =
        ((int64_t)nwc__u16_be(message + 40) - 1) * DAY_NS + (int64_t)nwc__u32_be(message + 42) * 1000000000;
    level3->elevation_deg = level3->product->tilted ? 0.1 * (double)i16(message + 58) : 0.0;
    for (int l = 0; l < NWC__LEVEL3_LEVELS; l++) level3->level[l] = nwc__u16_be(message + 60 + 2 * l);
    find_site(bytes, at, level3);
}

/* What follows the headers, unpacked behind a copy of them. A stream that ends early gives what it has. */
static nwc_status unpack(nwc_ctx *ctx, const uint8_t *message, int64_t size, int64_t max_bytes, nwc__level3 *level3,
                         int64_t *unpacked)
{
    const int64_t stated = nwc__u32_be(message + 102);
    if (stated < 1 || stated > MOST_UNPACKED)
        return nwc__fail(NWC_ERR_FORMAT,
                         "byte 102 of the message: an unpacked size of 1 to %d bytes expected, %lld found",
                         MOST_UNPACKED, (long long)stated);
    if (stated > max_bytes) return nwc__fail(NWC_ERR_NOMEM, "more than the limit of %lld bytes", (long long)max_bytes);
    if (!(level3->room = nwc__alloc(ctx, HEADERS + stated, 1))) return NWC_ERR_NOMEM;
    memcpy(level3->room, message, HEADERS);
    unsigned room = (unsigned)stated;
    bz_stream stream = {.next_in = (char *)message + HEADERS,
                        .avail_in = (unsigned)(size - HEADERS < INT32_MAX ? size - HEADERS : INT32_MAX),
                        .next_out = (char *)level3->room + HEADERS,
                        .avail_out = room};
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) return nwc__fail(NWC_ERR_NOMEM, "no memory for libbz2");
    int result = BZ_OK;
    while (result == BZ_OK && stream.avail_out > 0) {
        const unsigned before = stream.avail_in;
        room = stream.avail_out;
        result = BZ2_bzDecompress(&stream);
        if (stream.avail_in == before && stream.avail_out == room) break; /* it was cut off */
    }
    level3->cut = stream.avail_out > 0;
    *unpacked = HEADERS + stated - stream.avail_out;
    BZ2_bzDecompressEnd(&stream);
    return NWC_OK;
}

/* The block whose place is at a byte of the headers, with all bytes behind it. */
static nwc__level3_block block_at(const uint8_t *message, int64_t length, int32_t byte)
{
    const int64_t at = 2 * (int64_t)nwc__u32_be(message + byte);
    return at >= HEADERS && at < length ? (nwc__level3_block){.at = message + at, .size = length - at}
                                        : (nwc__level3_block){0};
}

nwc_status nwc__level3_open(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t max_bytes, nwc__level3 *level3)
{
    *level3 = (nwc__level3){0};
    const int64_t at = find_message(bytes, size);
    if (at < 0)
        return nwc__fail(NWC_ERR_FORMAT, "byte 0: the headers of a Level III product expected, which take %d bytes",
                         HEADERS);
    level3->headers = bytes + at;
    level3->product = nwc__level3_product_of(i16(bytes + at));
    if (!level3->product)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte %lld: Level III product %d is none this library reads",
                         (long long)at, (int)i16(bytes + at));
    read_description(bytes, at, level3);
    const uint8_t *message = bytes + at;
    int64_t length = size - at;
    if (length > HEADERS + 3 && memcmp(message + HEADERS, "BZh", 3) == 0) {
        NWC__TRY(unpack(ctx, message, length, max_bytes, level3, &length));
        message = level3->room;
    }
    const int64_t offset = 2 * (int64_t)nwc__u32_be(message + 108);
    if (offset < HEADERS || offset > length - BLOCK)
        return nwc__fail(NWC_ERR_NODATA, "byte 108 of the message: symbology at byte %d to %lld expected, %lld found",
                         HEADERS, (long long)length - BLOCK, (long long)offset);
    level3->symbology = (nwc__level3_block){.at = message + offset, .size = length - offset};
    level3->graphic = block_at(message, length, 112);
    level3->text = block_at(message, length, 116);
    return NWC_OK;
}

void nwc__level3_close(nwc_ctx *ctx, nwc__level3 *level3)
{
    nwc__free(ctx, level3->room);
    *level3 = (nwc__level3){0};
}

const char *nwc__level3_format(const nwc__level3 *level3)
{
    return level3->chinese ? "CINRAD PUP" : "NEXRAD Level III";
}

/* ---- packets ---- */

/* Whether a packet's length stands behind its code. */
static bool has_length(int32_t code)
{
    return code > 0 && code <= 26 && code != DIGITAL_RADIAL && code != DIGITAL_RASTER && code != DIGITAL_RASTER + 1;
}

nwc_status nwc__level3_walk_begin(const nwc__level3 *level3, nwc__level3_walk *walk)
{
    const uint8_t *const block = level3->symbology.at;
    const int32_t layers = i16(block + 8);
    if (i16(block) != -1 || i16(block + 2) != 1 || layers < 1 || layers > MOST_LAYERS)
        return nwc__fail(NWC_ERR_FORMAT,
                         "byte 0 of the symbology: -1, 1 and 1 to %d layers expected, %d, %d and %d found", MOST_LAYERS,
                         (int)i16(block), (int)i16(block + 2), (int)layers);
    *walk =
        (nwc__level3_walk){.block = block, .size = level3->symbology.size, .at = BLOCK, .end = BLOCK, .layers = layers};
    return NWC_OK;
}

bool nwc__level3_walk_next(nwc__level3_walk *walk, nwc__level3_block *packet)
{
    while (walk->end - walk->at < 4) { /* the next layer */
        walk->at = walk->end;
        if (walk->layers-- < 1 || walk->size - walk->at < LAYER) return false;
        const int64_t length = nwc__u32_be(walk->block + walk->at + 2), left = walk->size - walk->at - LAYER;
        walk->at += LAYER;
        walk->end = length < left ? walk->at + length : walk->size;
    }
    const int32_t code = nwc__u16_be(walk->block + walk->at);
    const int64_t length = 4 + (int64_t)nwc__u16_be(walk->block + walk->at + 2);
    *packet = (nwc__level3_block){.at = walk->block + walk->at, .size = walk->size - walk->at};
    if (has_length(code) && length <= walk->end - walk->at)
        packet->size = length, walk->at += length;
    else
        walk->at = walk->end;
    return true;
}

nwc_status nwc__level3_packet(const nwc__level3 *level3, const int32_t *codes, nwc__level3_block *packet)
{
    nwc__level3_walk walk = {0};
    char wanted[64] = "";
    int32_t found = 0;
    NWC__TRY(nwc__level3_walk_begin(level3, &walk));
    while (nwc__level3_walk_next(&walk, packet)) {
        found = nwc__u16_be(packet->at);
        for (const int32_t *code = codes; *code; code++)
            if (found == *code) return NWC_OK;
    }
    for (const int32_t *code = codes; *code; code++) {
        const size_t n = strlen(wanted);
        snprintf(wanted + n, sizeof wanted - n, "%s%d", n ? " or " : "", (int)*code);
    }
    if (found == 0)
        return nwc__fail(NWC_ERR_NODATA, "a packet of code %s expected in the symbology, none found", wanted);
    return nwc__fail(NWC_ERR_NODATA, "a packet of code %s expected in the symbology, %d found last", wanted,
                     (int)found);
}

int64_t nwc__level3_runs(const uint8_t *runs, int64_t n, uint8_t *codes, int64_t room)
{
    int64_t count = 0;
    for (int64_t r = 0; r < n; r++)
        for (int run = runs[r] >> 4; run > 0 && count < room; run--) codes[count++] = runs[r] & 15;
    return count;
}

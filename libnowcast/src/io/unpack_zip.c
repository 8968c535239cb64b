/*
 * Zip archives of one member, stored or deflated. Headers are read in the order of the bytes, so that a damaged archive gives
 * what is good of it; folders are passed over. Source: PKWARE, .ZIP file format specification 6.3, sections 4.3 and 4.4.
 */
#include "io/unpack.h"

#include "radar/format/volume_format.h"

#include <zlib.h>

enum { LOCAL = 30, ENCRYPTED = 1, DESCRIBED = 8, STORED = 0, DEFLATED = 8, DESCRIPTOR = 12 };

static bool is_local(const uint8_t *bytes, int64_t left)
{
    return left >= LOCAL && memcmp(bytes, "PK\3\4", 4) == 0;
}

/* The first member that is no folder. */
static nwc_status find_member(const uint8_t *bytes, int64_t size, int64_t *at)
{
    *at = 0;
    while (is_local(bytes + *at, size - *at)) {
        const uint8_t *const header = bytes + *at;
        const int64_t name = nwc__u16_le(header + 26), data = *at + LOCAL + name + nwc__u16_le(header + 28);
        if (data > size) break;
        if (name == 0 || header[LOCAL + name - 1] != '/') return NWC_OK;
        *at = data;
    }
    if (size - *at >= 4 && memcmp(bytes + *at, "PK\1\2", 4) == 0)
        return nwc__fail(NWC_ERR_NODATA, "the zip archive holds no file");
    return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the header of a zip member expected", (long long)*at);
}

static nwc_status copy(const uint8_t *bytes, int64_t n, struct nwc__unpacked *out)
{
    for (int64_t at = 0; at < n;) {
        NWC__TRY(nwc__unpacked_grow(out, at));
        const int64_t room = out->room - out->bytes.size, part = room < n - at ? room : n - at;
        memcpy(out->bytes.data + out->bytes.size, bytes + at, (size_t)part);
        out->bytes.size += part, at += part;
    }
    return NWC_OK;
}

static uint32_t checksum(const struct nwc__bytes *bytes)
{
    uLong sum = crc32_z(0, NULL, 0);
    if (bytes->size) sum = crc32_z(sum, bytes->data, (size_t)bytes->size);
    return (uint32_t)sum;
}

nwc_status nwc__unpack_zip(const uint8_t *bytes, int64_t size, struct nwc__unpacked *out)
{
    int64_t at, used = 0;
    NWC__TRY(find_member(bytes, size, &at));
    const uint8_t *const header = bytes + at;
    const int flags = nwc__u16_le(header + 6), method = nwc__u16_le(header + 8);
    uint32_t sum = nwc__u32_le(header + 14);
    if (flags & ENCRYPTED) return nwc__fail(NWC_ERR_UNSUPPORTED, "byte %lld: an encrypted zip member", (long long)at);
    at += LOCAL + nwc__u16_le(header + 26) + nwc__u16_le(header + 28);
    if (method == DEFLATED) {
        NWC__TRY(nwc__inflate(bytes + at, size - at, &used, out));
    } else if (method == STORED && !(flags & DESCRIBED)) {
        const int64_t stored = nwc__u32_le(header + 18), there = stored < size - at ? stored : size - at;
        NWC__TRY(copy(bytes + at, there, out));
        if (there < stored) return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the zip member ends early", (long long)size);
        used = stored;
    } else {
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte %lld: a stored or deflated zip member expected, method %d found",
                         (long long)(header - bytes), method);
    }
    at += used;
    if (flags & DESCRIBED) {
        const int64_t marked = size - at >= 4 && memcmp(bytes + at, "PK\7\10", 4) == 0 ? 4 : 0;
        if (size - at < marked + DESCRIPTOR)
            return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the zip archive ends early", (long long)size);
        sum = nwc__u32_le(bytes + at + marked);
        at += marked + DESCRIPTOR;
    }
    if (sum != checksum(&out->bytes))
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the checksum of the zip member is wrong", (long long)at);
    if (is_local(bytes + at, size - at))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte %lld: a zip archive of one member expected, a second found",
                         (long long)at);
    return NWC_OK;
}

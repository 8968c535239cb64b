/*
 * Records of NEXRAD Level II files: bzip2 streams behind their length, or messages not packed at all.
 *
 * The length before a stream is negative in the last record, and wrong in some old archives: where it does not lead to
 * another stream, the next one is looked for by its first ten bytes. Interface control document 2620010J, section 7.3.
 */
#include "radar/format/nexrad.h"

#include "core/bunzip2.h"
#include "core/bzip2.h"

#include <bzlib.h>

enum {
    LENGTH = 4,           /* bytes of the length before a stream */
    MAGIC = 10,           /* bytes a bzip2 stream is known by: BZh1 to BZh9 and the mark of a block */
    RATIO = 16,           /* first guess of unpacked over packed, generous: room that is not used is never touched */
    LEAST_ROOM = 1800000, /* and at least this */
    LARGE = 1 << 17       /* bytes of a stream that is unpacked by its blocks: some radars send a volume as one */
};

bool nwc__nexrad_is_stream(const uint8_t *bytes, int64_t size, int64_t at)
{
    return at >= 0 && size - at >= MAGIC && memcmp(bytes + at, "BZh", 3) == 0 && bytes[at + 3] >= '1' &&
           bytes[at + 3] <= '9' && memcmp(bytes + at + 4, "1AY&SY", 6) == 0;
}

/* Where the stream after the one at byte at begins; size where there is none. */
static int64_t next_stream(const uint8_t *bytes, int64_t size, int64_t at)
{
    const int32_t word = (int32_t)nwc__u32_be(bytes + at - LENGTH);
    const int64_t length = word < 0 ? -(int64_t)word : (int64_t)word;
    const int64_t end = at + length;
    if (length > MAGIC && (end == size || nwc__nexrad_is_stream(bytes, size, end + LENGTH))) return end + LENGTH;
    for (int64_t next = at + MAGIC; next <= size - MAGIC; next++)
        if (nwc__nexrad_is_stream(bytes, size, next)) return next;
    return size + LENGTH;
}

/* The streams of a file; with record NULL they are only counted. */
static int64_t list_streams(const uint8_t *bytes, int64_t size, int64_t first, struct nwc__nexrad_record *record)
{
    int64_t n = 0;
    for (int64_t at = first, next; nwc__nexrad_is_stream(bytes, size, at); at = next, n++) {
        next = next_stream(bytes, size, at);
        const int64_t end = next - LENGTH < size ? next - LENGTH : size;
        if (record) record[n] = (struct nwc__nexrad_record){.packed = bytes + at, .packed_size = end - at};
    }
    return n;
}

struct job {
    struct nwc__nexrad_record *record;
    struct nwc__bunzip2_rooms rooms;
};

/* Unpack a stream that is whole by our own decoder; false where that is left to libbz2. */
static bool unpack_whole(const struct job *job, struct nwc__nexrad_record *record)
{
    struct nwc__bunzip2 *const room = nwc__bunzip2_enter(&job->rooms);
    int64_t used, made;
    const enum nwc__bunzip2_end end =
        nwc__bunzip2_stream(room, record->packed, record->packed_size, record->room, record->capacity, &used, &made);
    nwc__bunzip2_leave(room);
    if (end == NWC__BUNZIP2_REFUSED) return false;
    record->bytes = record->room;
    record->whole = end == NWC__BUNZIP2_WHOLE;
    record->size = record->whole ? made : record->capacity;
    record->left = record->whole ? record->packed_size - used : 0;
    if (record->whole && record->size == record->capacity) record->capacity++; /* it fitted exactly */
    return true;
}

/* Unpack one stream as far as it goes or its room lasts; size equal to capacity asks for more. */
static nwc_status unpack(int64_t tile, void *user)
{
    const struct job *const job = user;
    struct nwc__nexrad_record *const record = &job->record[tile];
    if (!record->packed || record->size < record->capacity || unpack_whole(job, record)) return NWC_OK;
    bz_stream stream = {.next_in = (char *)record->packed,
                        .avail_in = (unsigned)record->packed_size,
                        .next_out = (char *)record->room,
                        .avail_out = (unsigned)record->capacity};
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) return nwc__fail(NWC_ERR_NOMEM, "no memory for libbz2");
    int result = BZ_OK;
    while (result == BZ_OK && stream.avail_out > 0) {
        const unsigned before = stream.avail_in, room = stream.avail_out;
        result = BZ2_bzDecompress(&stream);
        if (stream.avail_in == before && stream.avail_out == room) break; /* it was cut off */
    }
    record->size = record->capacity - stream.avail_out;
    record->whole = result == BZ_STREAM_END;
    record->left = stream.avail_in;
    if (record->whole && record->size == record->capacity) record->capacity++; /* it fitted exactly */
    BZ2_bzDecompressEnd(&stream);
    record->bytes = record->room;
    return NWC_OK;
}

/* Streams too large to be one thread's work, if nothing is wrong with them. */
static nwc_status unpack_large(nwc_ctx *ctx, struct nwc__nexrad_records *records, int64_t max_bytes)
{
    const struct nwc__bzip2_limits limits = {max_bytes, max_bytes, 1};
    struct nwc__bzip2_streams stream;
    for (int64_t r = 0; r < records->n; r++) {
        struct nwc__nexrad_record *const record = &records->record[r];
        if (record->packed_size < LARGE) continue;
        NWC__TRY(nwc__bzip2_unpack(ctx, record->packed, record->packed_size, true, &limits, &stream));
        if (!stream.bytes) continue;
        record->bytes = record->room = stream.bytes, record->size = stream.size;
        record->capacity = record->size + 1, record->whole = true;
    }
    return NWC_OK;
}

/* Room for all that did not fit, twice what they had. */
static nwc_status enlarge(nwc_ctx *ctx, struct nwc__nexrad_records *records, int64_t max_bytes, bool *any)
{
    int64_t total = 0;
    *any = false;
    for (int64_t r = 0; r < records->n; r++) {
        struct nwc__nexrad_record *const record = &records->record[r];
        if (record->size == record->capacity) {
            const int64_t guess = RATIO * record->packed_size < LEAST_ROOM ? LEAST_ROOM : RATIO * record->packed_size;
            record->capacity = record->capacity ? 2 * record->capacity : guess;
            nwc__free(ctx, record->room);
            record->room = NULL, record->bytes = NULL, record->size = record->capacity;
            *any = true;
        }
        total += record->capacity;
        if (total > max_bytes || record->capacity > INT32_MAX)
            return nwc__fail(NWC_ERR_NOMEM, "more than the limit of %lld bytes", (long long)max_bytes);
        if (!record->room && !(record->room = nwc__alloc(ctx, record->capacity, 1))) return NWC_ERR_NOMEM;
    }
    return NWC_OK;
}

nwc_status nwc__nexrad_unpack(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, int64_t at, int64_t max_bytes,
                              struct nwc__nexrad_records *records)
{
    nwc_status status = NWC_OK;
    struct job job = {0};
    const bool packed = nwc__nexrad_is_stream(bytes, size, at + LENGTH);
    *records = (struct nwc__nexrad_records){.n = packed ? list_streams(bytes, size, at + LENGTH, NULL) : 1};
    NWC__ALLOC(ctx, records->record, records->n);
    if (!packed) {
        records->record[0] = (struct nwc__nexrad_record){.bytes = bytes + at, .size = size - at, .whole = true};
        return NWC_OK;
    }
    list_streams(bytes, size, at + LENGTH, records->record);
    if ((status = nwc__bunzip2_make_rooms(ctx, records->n, &job.rooms)) != NWC_OK) goto done;
    job.record = records->record;
    if ((status = unpack_large(ctx, records, max_bytes)) != NWC_OK) goto done;
    for (bool any = true; any;) {
        if ((status = enlarge(ctx, records, max_bytes, &any)) != NWC_OK) goto done;
        if (any) status = nwc__for_each_tile(ctx, "unpack", records->n, unpack, &job);
        if (status != NWC_OK) goto done;
    }
done:
    nwc__free(ctx, job.rooms.room);
    if (status != NWC_OK) nwc__nexrad_release(ctx, records);
    return status;
}

void nwc__nexrad_release(nwc_ctx *ctx, struct nwc__nexrad_records *records)
{
    for (int64_t r = 0; records->record && r < records->n; r++) nwc__free(ctx, records->record[r].room);
    nwc__free(ctx, records->record);
    *records = (struct nwc__nexrad_records){0};
}

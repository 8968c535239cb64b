/*
 * NEXRAD Level II while it arrives: records are unpacked when they are whole, and the radials of a sweep kept until one says it is
 * the last, or one of the next comes. What was unpacked is not unpacked again, and what was decoded is let go.
 */
#include "radar/format/nexrad.h"
#include "radar/format/volume_stream.h"

enum {
    LENGTH = 4, /* bytes before a bzip2 stream */
    LOOK = 14,  /* bytes that show whether records are packed */
    PLAN = 2432
};

struct state {
    uint8_t header[NWC__NEXRAD_HEADER], plan[PLAN];
    int64_t plan_size;
    bool headed, begun, packed;    /* whether there is a header; whether that is known, and how records are packed */
    struct nwc__buffer messages;   /* of the sweep that is under way */
    struct nwc__nexrad_radial end; /* the last radial of all */
    uint8_t first_state, packing;  /* the latter of radials that are not read */
    bool any, cut_off, ended;
    bool damaged;     /* the record that comes next did not end as its length said */
    int64_t searched; /* up to where no other begins */
};

static void begin(void *user, nwc_ctx *memory)
{
    struct state *const state = user;
    state->messages.ctx = memory;
}

static void release(void *user)
{
    struct state *const state = user;
    nwc__free(state->messages.ctx, state->messages.data);
}

static bool is_complete(const void *user)
{
    const struct state *const state = user;
    return state->ended && state->messages.size == 0;
}

/* The sweep whose radials are there. */
static nwc_status add_sweep(nwc_ctx *ctx, struct state *state, nwc_volume *volume)
{
    if (!state->messages.size) return NWC_OK;
    const struct nwc__nexrad_part part = {.header = state->headed ? state->header : NULL,
                                          .plan = state->plan_size ? state->plan : NULL,
                                          .plan_size = state->plan_size,
                                          .messages = state->messages.data,
                                          .size = state->messages.size};
    NWC__TRY(nwc__nexrad_add(ctx, &part, volume));
    state->messages.size = 0;
    return NWC_OK;
}

static nwc_status take_radial(nwc_ctx *ctx, struct state *state, const struct nwc__nexrad_message *message,
                              nwc_volume *volume)
{
    const struct nwc__nexrad_radial *const radial = &message->radial;
    uint8_t *at;
    if (state->any && (radial->cut != state->end.cut || nwc__nexrad_begins(radial)))
        NWC__TRY(add_sweep(ctx, state, volume));
    if (!state->any) state->first_state = radial->state;
    state->any = true, state->end = *radial;
    const uint8_t *const whole = message->body - NWC__NEXRAD_MESSAGE;
    const int64_t size = message->size + NWC__NEXRAD_MESSAGE;
    NWC__TRY(nwc__buffer_extend(&state->messages, size, &at));
    memcpy(at, whole, (size_t)size);
    if (radial->state == 4) state->ended = true;
    return nwc__nexrad_ends(radial) ? add_sweep(ctx, state, volume) : NWC_OK;
}

/* The messages that are whole; used is where the first begins that is not. */
static nwc_status take_messages(nwc_ctx *ctx, struct state *state, const struct nwc__arrived *arrived,
                                nwc_volume *volume, int64_t *used)
{
    struct nwc__nexrad_message message;
    int64_t at = 0;
    while (at < arrived->size &&
           nwc__nexrad_message_at(arrived->bytes + at, arrived->size - at, arrived->last, &message)) {
        if (message.radial.packing) state->packing = message.radial.packing;
        if (message.is_radial) {
            NWC__TRY(take_radial(ctx, state, &message, volume));
        } else if (message.type == 5 && message.size <= PLAN) {
            memcpy(state->plan, message.body, (size_t)message.size);
            state->plan_size = message.size;
        }
        at += message.length;
    }
    *used = at < arrived->size ? at : arrived->size;
    if (arrived->last && at != arrived->size) state->cut_off = true;
    return NWC_OK;
}

/*
 * The end of the record at byte at: by its length, or, where that led into damage, where the next begins; at itself where it
 * has not come yet.
 */
static int64_t record_end(struct state *state, const struct nwc__arrived *arrived, int64_t at)
{
    if (!nwc__nexrad_is_stream(arrived->bytes, arrived->size, at + LENGTH)) return at;
    const int64_t word = (int32_t)nwc__u32_be(arrived->bytes + at), length = word < 0 ? -word : word;
    if (!state->damaged)
        return length <= arrived->size - at - LENGTH && length >= LOOK - LENGTH ? at + LENGTH + length : at;
    for (; state->searched <= arrived->size - LOOK; state->searched++)
        if (nwc__nexrad_is_stream(arrived->bytes, arrived->size, state->searched + LENGTH)) return state->searched;
    return at;
}

static nwc_status take_unpacked(nwc_ctx *ctx, struct state *state, const struct nwc__nexrad_record *record,
                                nwc_volume *volume)
{
    const struct nwc__arrived unpacked = {.bytes = record->bytes, .size = record->size, .last = true};
    int64_t ignored;
    if (!record->whole) state->cut_off = true;
    return take_messages(ctx, state, &unpacked, volume, &ignored);
}

/* The records that are whole, all unpacked at once; of the last bytes whatever can be unpacked. */
static nwc_status take_records(nwc_ctx *ctx, struct state *state, const struct nwc__arrived *arrived,
                               nwc_volume *volume, int64_t *used)
{
    nwc_status status = NWC_OK;
    struct nwc__nexrad_records records;
    int64_t end = 0, begin = 0;
    *used = 0;
    /* One by one behind damage, until all is well again. */
    for (int64_t next; (end == 0 || !state->damaged) && (next = record_end(state, arrived, end)) > end; end = next)
        begin = end;
    const bool rest = arrived->last && nwc__nexrad_is_stream(arrived->bytes, arrived->size, LENGTH);
    if (arrived->last) *used = arrived->size;
    if (rest) end = arrived->size;
    if (end == 0) return NWC_OK;
    NWC__TRY(nwc__nexrad_unpack(ctx, arrived->bytes, end, 0, nwc__volume_limit(volume), &records));
    const struct nwc__nexrad_record *const last = &records.record[records.n - 1];
    const bool trusted = !rest && !state->damaged, held = trusted && !last->whole;
    if (trusted && last->whole) end -= last->left; /* its length said too much */
    for (int64_t r = 0; r < records.n - held && status == NWC_OK; r++)
        status = take_unpacked(ctx, state, &records.record[r], volume);
    nwc__nexrad_release(ctx, &records);
    state->damaged = held, state->searched = LOOK;
    if (!arrived->last) *used = held ? begin : end;
    return status;
}

static nwc_status finish(nwc_ctx *ctx, struct state *state, nwc_volume *volume)
{
    if (!state->any) return nwc__nexrad_none(state->packing);
    NWC__TRY(add_sweep(ctx, state, volume));
    const char *const missing =
        nwc__nexrad_missing(state->first_state, state->end.state, state->cut_off, state->packing);
    if (missing[0]) NWC__TRY(nwc__volume_incomplete(volume, NULL, "%s", missing));
    return nwc__volume_finish(volume);
}

/* Header, and how records are packed: what is known when the first bytes are there. */
static int64_t look(struct state *state, const struct nwc__arrived *arrived)
{
    const int64_t header = nwc__nexrad_is_header(arrived->bytes, arrived->size) ? NWC__NEXRAD_HEADER : 0;
    if (arrived->size < header + LOOK && !arrived->last) return 0;
    state->headed = header > 0, state->begun = true;
    if (state->headed) memcpy(state->header, arrived->bytes, NWC__NEXRAD_HEADER);
    state->packed = nwc__nexrad_is_stream(arrived->bytes, arrived->size, header + LENGTH);
    return header;
}

static nwc_status feed(nwc_ctx *ctx, void *user, const struct nwc__arrived *given, nwc_volume *volume, int64_t *used)
{
    struct state *const state = user;
    struct nwc__arrived arrived = *given;
    const int64_t header = state->begun ? 0 : look(state, given);
    *used = 0;
    if (!state->begun) return NWC_OK;
    arrived.bytes += header, arrived.size -= header;
    NWC__TRY((state->packed ? take_records : take_messages)(ctx, state, &arrived, volume, used));
    *used += header;
    return arrived.last ? finish(ctx, state, volume) : NWC_OK;
}

const struct nwc__stream_format nwc__nexrad_stream = {.name = "NEXRAD Level II",
                                                      .state_size = sizeof(struct state),
                                                      .begin = begin,
                                                      .feed = feed,
                                                      .is_complete = is_complete,
                                                      .release = release};

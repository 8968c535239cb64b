/*
 * CINRAD SA, SB, CA and CB of the rules of 2001 while it arrives: records that are whole are turned into messages of NEXRAD, which
 * its own stream takes. How long records are shows when the second begins.
 */
#include "radar/format/cinrad.h"
#include "radar/format/volume_stream.h"

struct state {
    struct nwc__buffer turned;
    void *inner;    /* of nwc__nexrad_stream */
    int32_t length; /* of a record; 0 until it is known */
};

static void begin(void *user, nwc_ctx *memory)
{
    struct state *const state = user;
    state->turned.ctx = memory;
}

static void release(void *user)
{
    struct state *const state = user;
    if (state->inner) nwc__nexrad_stream.release(state->inner);
    nwc__free(state->turned.ctx, state->inner);
    nwc__free(state->turned.ctx, state->turned.data);
}

static bool is_complete(const void *user)
{
    const struct state *const state = user;
    return state->inner && nwc__nexrad_stream.is_complete(state->inner);
}

/* The stream of NEXRAD behind this one, when the length of records is known. */
static nwc_status open_inner(struct state *state, const struct nwc__arrived *arrived)
{
    if (arrived->size <= NWC__LEGACY_LONGEST + NWC__LEGACY_LOOK && !arrived->last) return NWC_OK;
    state->length = nwc__cinrad_legacy_length(arrived->bytes, arrived->size);
    if (!state->length) return nwc__cinrad_legacy_no_length(arrived->size);
    state->inner = nwc__alloc(state->turned.ctx, 1, nwc__nexrad_stream.state_size);
    if (!state->inner) return NWC_ERR_NOMEM;
    memset(state->inner, 0, nwc__nexrad_stream.state_size);
    nwc__nexrad_stream.begin(state->inner, state->turned.ctx);
    return NWC_OK;
}

static nwc_status feed(nwc_ctx *ctx, void *user, const struct nwc__arrived *arrived, nwc_volume *volume, int64_t *used)
{
    struct state *const state = user;
    uint8_t *at;
    int64_t taken;
    *used = 0;
    if (!state->inner) NWC__TRY(open_inner(state, arrived));
    if (!state->inner) return NWC_OK;
    const int64_t records = arrived->size / state->length;
    *used = records * state->length;
    NWC__TRY(nwc__buffer_extend(&state->turned, *used, &at));
    for (int64_t r = 0; r < records; r++)
        nwc__cinrad_legacy_turn(arrived->bytes + r * state->length, state->length, at + r * state->length);
    const struct nwc__arrived turned = {.bytes = state->turned.data, .size = state->turned.size, .last = arrived->last};
    NWC__TRY(nwc__nexrad_stream.feed(ctx, state->inner, &turned, volume, &taken));
    nwc__buffer_drop(&state->turned, taken);
    return nwc__cinrad_legacy_finish(volume, state->length, arrived->last && *used < arrived->size);
}

const struct nwc__stream_format nwc__cinrad_stream = {.name = "CINRAD",
                                                      .state_size = sizeof(struct state),
                                                      .begin = begin,
                                                      .feed = feed,
                                                      .is_complete = is_complete,
                                                      .release = release};

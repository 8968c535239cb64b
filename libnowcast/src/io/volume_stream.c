/* Radar volumes read while their bytes arrive, by what the first of them are. */
#include "radar/format/volume_stream.h"

#include <nowcast/io.h>

enum { LOOK = 128 }; /* bytes that a format is told by */

struct nwc_volume_stream {
    struct nwc_ctx memory; /* allocator only */
    int64_t max_bytes;
    const struct nwc__stream_format *format; /* NULL until it is known */
    void *state;
    nwc_volume *volume;
    struct nwc__buffer pending;
    bool ended, failed;
};

nwc_status nwc_volume_stream_create(nwc_ctx *ctx, const nwc_read_options *given, nwc_volume_stream **stream)
{
    ctx = nwc__ctx(ctx);
    nwc_read_options options;
    if (!stream) return nwc__fail(NWC_ERR_ARG, "stream: a place for the stream expected, NULL given");
    *stream = NULL;
    nwc_read_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    if (options.max_bytes < 1)
        return nwc__fail(NWC_ERR_ARG, "max_bytes: at least 1 expected, %lld given", (long long)options.max_bytes);
    nwc_volume_stream *const made = nwc__alloc(ctx, 1, sizeof *made);
    if (!made) return NWC_ERR_NOMEM;
    *made = (nwc_volume_stream){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                                .max_bytes = options.max_bytes};
    made->pending.ctx = &made->memory;
    *stream = made;
    return NWC_OK;
}

void nwc_volume_stream_destroy(nwc_volume_stream *stream)
{
    if (!stream) return;
    if (stream->state) stream->format->release(stream->state);
    nwc__free(&stream->memory, stream->state);
    nwc_volume_destroy(stream->volume);
    nwc__free(&stream->memory, stream->pending.data);
    struct nwc_ctx memory = stream->memory;
    nwc__free(&memory, stream);
}

/* The format of the first bytes. */
static nwc_status recognise(nwc_ctx *ctx, nwc_volume_stream *stream)
{
    static const struct nwc__stream_format *const formats[] = {&nwc__nexrad_stream, &nwc__cma_stream,
                                                               &nwc__cinrad_stream};
    const char *const name = nwc_volume_sniff(stream->pending.data, (size_t)stream->pending.size);
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        if (name && strcmp(name, formats[f]->name) == 0) stream->format = formats[f];
    if (!stream->format)
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "byte 0: NEXRAD Level II, CINRAD or the CMA standard format expected, %s found",
                         name ? name : "none of them");
    void *const state = nwc__alloc(&stream->memory, 1, stream->format->state_size);
    if (!state) return NWC_ERR_NOMEM;
    memset(state, 0, stream->format->state_size);
    stream->format->begin(state, &stream->memory);
    stream->state = state;
    struct nwc_ctx own = *ctx; /* the volume's memory is the stream's */
    own.alloc = stream->memory.alloc, own.free = stream->memory.free, own.alloc_user = stream->memory.alloc_user;
    return nwc__volume_create(&own, stream->format->name, stream->max_bytes, &stream->volume);
}

static nwc_status use_pending(nwc_ctx *ctx, nwc_volume_stream *stream, bool last)
{
    int64_t used = 0;
    if (!stream->format && stream->pending.size < LOOK && !last) return NWC_OK;
    if (!stream->format) NWC__TRY(recognise(ctx, stream));
    const struct nwc__arrived arrived = {.bytes = stream->pending.data, .size = stream->pending.size, .last = last};
    NWC__TRY(stream->format->feed(ctx, stream->state, &arrived, stream->volume, &used));
    nwc__buffer_drop(&stream->pending, used);
    return NWC_OK;
}

static nwc_status check(const nwc_volume_stream *stream)
{
    if (!stream) return nwc__fail(NWC_ERR_ARG, "stream: a stream expected, NULL given");
    if (stream->ended) return nwc__fail(NWC_ERR_ARG, "stream: it has ended");
    return stream->failed ? nwc__fail(NWC_ERR_ARG, "stream: it failed before, and can only be destroyed") : NWC_OK;
}

static nwc_status volume_stream_feed(nwc_ctx *ctx, nwc_volume_stream *stream, const void *bytes, size_t size)
{
    ctx = nwc__ctx(ctx);
    uint8_t *at;
    NWC__TRY(check(stream));
    if (!bytes && size) return nwc__fail(NWC_ERR_ARG, "bytes: bytes expected, NULL given");
    if (size > (size_t)INT64_MAX || (int64_t)size > stream->max_bytes - stream->pending.size)
        return nwc__fail(NWC_ERR_NOMEM, "more than the limit of %lld bytes", (long long)stream->max_bytes);
    if (!size) return NWC_OK;
    nwc_status status = nwc__buffer_extend(&stream->pending, (int64_t)size, &at);
    if (status == NWC_OK) {
        memcpy(at, bytes, size);
        status = use_pending(ctx, stream, false);
    }
    stream->failed = status != NWC_OK;
    return status;
}

nwc_status nwc_volume_stream_feed(nwc_ctx *ctx, nwc_volume_stream *stream, const void *bytes, size_t size)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = volume_stream_feed(ctx, stream, bytes, size);
    nwc__numbers_end(numbers);
    return status;
}

static nwc_status volume_stream_end(nwc_ctx *ctx, nwc_volume_stream *stream)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check(stream));
    const nwc_status status = use_pending(ctx, stream, true);
    stream->failed = status != NWC_OK;
    stream->ended = status == NWC_OK;
    return status;
}

nwc_status nwc_volume_stream_end(nwc_ctx *ctx, nwc_volume_stream *stream)
{
    const struct nwc__numbers numbers = nwc__numbers_begin();
    const nwc_status status = volume_stream_end(ctx, stream);
    nwc__numbers_end(numbers);
    return status;
}

nwc_status nwc_volume_stream_look(const nwc_volume_stream *stream, const nwc_volume **volume, int32_t *complete)
{
    if (!stream || !volume || !complete)
        return nwc__fail(NWC_ERR_ARG, "stream, volume, complete: a stream and places expected, NULL given");
    *volume = stream->volume;
    *complete = stream->state && stream->format->is_complete(stream->state);
    return NWC_OK;
}

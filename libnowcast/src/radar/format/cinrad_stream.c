/*
 * The CMA standard format while it arrives: the radials of a sweep are kept until one says it is the last, or one of the next
 * comes. The radials of phased arrays come in any order, all elevations of one azimuth together or one elevation after the
 * other: a cut is whole when one of them says it is the last, and added when those of lower numbers are.
 */
#include "radar/format/cinrad.h"
#include "radar/format/volume_stream.h"

struct state {
    struct nwc__buffer headers, radials; /* radials: of the sweep that is under way */
    int64_t wanted;                      /* bytes of headers to wait for */
    int64_t n_cuts;
    int32_t n_planned, cut;
    int32_t next;                     /* of a phased array: the cut to be added next, from 1 */
    bool whole[NWC__MOST_SWEEPS + 1]; /* cuts whose last radial is there */
    bool known, phased, any, ended;
};

static void begin(void *user, nwc_ctx *memory)
{
    struct state *const state = user;
    state->headers.ctx = state->radials.ctx = memory;
    state->wanted = NWC__CMA_GENERIC + NWC__CMA_SITE + NWC__CMA_TASK;
    state->next = 1;
}

static void release(void *user)
{
    struct state *const state = user;
    nwc__free(state->radials.ctx, state->radials.data);
    nwc__free(state->headers.ctx, state->headers.data);
}

static bool is_complete(const void *user)
{
    const struct state *const state = user;
    return state->ended && state->radials.size == 0;
}

static nwc_status append(struct nwc__buffer *buffer, const uint8_t *bytes, int64_t size)
{
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(buffer, size, &at));
    memcpy(at, bytes, (size_t)size);
    return NWC_OK;
}

/* The headers, when they are there; the bytes they are. */
static nwc_status take_headers(struct state *state, const struct nwc__arrived *arrived, int64_t *used)
{
    struct nwc__cma_headers headers;
    *used = 0;
    if (arrived->size >= state->wanted) {
        NWC__TRY(nwc__cma_look(arrived->bytes, arrived->size, &headers));
        state->wanted = headers.size, state->n_planned = headers.n_planned, state->phased = headers.phased;
    }
    if (arrived->size >= state->wanted) {
        NWC__TRY(append(&state->headers, arrived->bytes, state->wanted));
        state->known = true;
        *used = state->wanted;
    } else if (arrived->last) {
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the headers end early", (long long)arrived->size);
    }
    return NWC_OK;
}

/* The sweeps whose radials these are. */
static nwc_status add_radials(nwc_ctx *ctx, struct state *state, const struct nwc__cma_headers *headers,
                              struct nwc__buffer *radials, nwc_volume *volume)
{
    int64_t n_cuts;
    bool cut_off;
    if (!radials->size) return NWC_OK;
    NWC__TRY(nwc__cma_add(ctx, headers, radials->data, radials->size, volume, &n_cuts, &cut_off));
    radials->size = 0;
    state->n_cuts += n_cuts;
    return NWC_OK;
}

/* The sweep that is under way; of a phased array all that remain. */
static nwc_status add_sweep(nwc_ctx *ctx, struct state *state, const struct nwc__cma_headers *headers,
                            nwc_volume *volume)
{
    return add_radials(ctx, state, headers, &state->radials, volume);
}

/* The cuts of a phased array that are whole, from the lowest on. Their radials are taken out of those of the others. */
static nwc_status add_whole_cuts(nwc_ctx *ctx, struct state *state, const struct nwc__cma_headers *headers,
                                 nwc_volume *volume)
{
    struct nwc__buffer *const radials = &state->radials, taken = {.ctx = radials->ctx};
    int32_t end = state->next, cut = 0, said = 0;
    nwc_status status = NWC_OK;
    while (end <= state->n_planned && state->whole[end]) end++;
    if (end == state->next) return NWC_OK;
    int64_t kept = 0, length;
    for (int64_t at = 0; at < radials->size && status == NWC_OK; at += length) {
        uint8_t *const radial = radials->data + at;
        length = nwc__cma_radial_at(headers, radial, radials->size - at, &cut, &said);
        assert(length > 0); /* only whole radials are kept */
        if (cut >= state->next && cut < end) {
            status = append(&taken, radial, length);
        } else {
            memmove(radials->data + kept, radial, (size_t)length);
            kept += length;
        }
    }
    radials->size = kept;
    if (status == NWC_OK) status = add_radials(ctx, state, headers, &taken, volume);
    state->next = end;
    nwc__free(taken.ctx, taken.data);
    return status;
}

static nwc_status take_radial(nwc_ctx *ctx, struct state *state, const struct nwc__cma_headers *headers, int32_t cut,
                              int32_t said, nwc_volume *volume)
{
    const bool ends = said == 2 || said == 4 || said == 6;
    if (!state->phased && ends) NWC__TRY(add_sweep(ctx, state, headers, volume));
    if (state->phased && ends && cut >= 1 && cut <= NWC__MOST_SWEEPS) state->whole[cut] = true;
    state->any = true, state->cut = cut;
    state->ended = state->ended || said == 4 || (ends && state->n_cuts >= state->n_planned);
    return NWC_OK;
}

static nwc_status take_radials(nwc_ctx *ctx, struct state *state, const struct nwc__arrived *arrived,
                               nwc_volume *volume, int64_t *used)
{
    struct nwc__cma_headers headers;
    int32_t cut = 0, said = 0;
    int64_t length;
    NWC__TRY(nwc__cma_look(state->headers.data, state->headers.size, &headers));
    while ((length = nwc__cma_radial_at(&headers, arrived->bytes + *used, arrived->size - *used, &cut, &said)) > 0) {
        if (state->any && !state->phased && (cut != state->cut || nwc__cma_begins(said)))
            NWC__TRY(add_sweep(ctx, state, &headers, volume));
        NWC__TRY(append(&state->radials, arrived->bytes + *used, length));
        *used += length;
        NWC__TRY(take_radial(ctx, state, &headers, cut, said, volume));
    }
    if (!arrived->last) return state->phased ? add_whole_cuts(ctx, state, &headers, volume) : NWC_OK;
    if (!state->any) return nwc__fail(NWC_ERR_NODATA, "no whole radial in it");
    NWC__TRY(add_sweep(ctx, state, &headers, volume));
    return nwc__cma_finish(volume, state->n_cuts, state->n_planned, *used < arrived->size);
}

static nwc_status feed(nwc_ctx *ctx, void *user, const struct nwc__arrived *arrived, nwc_volume *volume, int64_t *used)
{
    struct state *const state = user;
    *used = 0;
    if (!state->known) NWC__TRY(take_headers(state, arrived, used));
    return state->known ? take_radials(ctx, state, arrived, volume, used) : NWC_OK;
}

const struct nwc__stream_format nwc__cma_stream = {.name = "CMA standard",
                                                   .state_size = sizeof(struct state),
                                                   .begin = begin,
                                                   .feed = feed,
                                                   .is_complete = is_complete,
                                                   .release = release};

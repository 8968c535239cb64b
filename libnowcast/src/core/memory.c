/* Checked allocation through the context, aligned to 64 bytes whatever the allocator gives. */
#include "core/internal.h"

#define ALIGNMENT 64

void *nwc__alloc(nwc_ctx *ctx, int64_t count, size_t size)
{
    assert(count >= 0 && size > 0);
    const size_t extra = ALIGNMENT + sizeof(void *);
    if ((uint64_t)count > ((uint64_t)INT64_MAX - extra) / size) {
        nwc__fail(NWC_ERR_NOMEM, "%lld items of %zu bytes: more than can be addressed", (long long)count, size);
        return NULL;
    }
    const size_t bytes = (size_t)count * size;
    char *const base = ctx->alloc(bytes + extra, ctx->alloc_user);
    if (!base) {
        nwc__fail(NWC_ERR_NOMEM, "no memory for %zu bytes", bytes);
        return NULL;
    }
    char *const memory = base + extra - (uintptr_t)(base + extra) % ALIGNMENT;
    memcpy(memory - sizeof(void *), &base, sizeof base); /* found again by nwc__free */
    return memory;
}

void nwc__free(nwc_ctx *ctx, void *memory)
{
    if (!memory) return;
    void *base;
    memcpy(&base, (char *)memory - sizeof(void *), sizeof base);
    ctx->free(base, ctx->alloc_user);
}

char *nwc__copy_text(nwc_ctx *ctx, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *const copy = nwc__alloc(ctx, (int64_t)size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

nwc_status nwc__buffer_extend(struct nwc__buffer *buffer, int64_t n, uint8_t **at)
{
    if (n > buffer->room - buffer->size) {
        const int64_t wanted = buffer->size + n > 2 * buffer->room ? buffer->size + n : 2 * buffer->room;
        uint8_t *const larger = nwc__alloc(buffer->ctx, wanted, 1);
        if (!larger) return NWC_ERR_NOMEM;
        if (buffer->size) memcpy(larger, buffer->data, (size_t)buffer->size);
        nwc__free(buffer->ctx, buffer->data);
        buffer->data = larger, buffer->room = wanted;
    }
    *at = buffer->size ? buffer->data + buffer->size : buffer->data; /* which may be none */
    if (n) memset(*at, 0, (size_t)n);
    buffer->size += n;
    return NWC_OK;
}

void nwc__buffer_drop(struct nwc__buffer *buffer, int64_t n)
{
    buffer->size -= n;
    if (n > 0 && buffer->size) memmove(buffer->data, buffer->data + n, (size_t)buffer->size);
}

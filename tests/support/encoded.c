/* What tests of encoders of radar volumes do alike. */
#include "support/encoded.h"

uint32_t number_le(const uint8_t *at, int n)
{
    uint32_t value = 0;
    while (n-- > 0) value = value << 8 | at[n];
    return value;
}

uint32_t number_be(const uint8_t *at, int n)
{
    uint32_t value = 0;
    while (n-- > 0) value = value << 8 | *at++;
    return value;
}

static float of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float real_le(const uint8_t *at)
{
    return of_bits(number_le(at, 4));
}

float real_be(const uint8_t *at)
{
    return of_bits(number_be(at, 4));
}

struct nwc__buffer encoded(const struct coding *coding, const nwc_volume *volume)
{
    struct nwc__buffer buffer = {.ctx = nwc__ctx(NULL)};
    assert_ok(coding->encode(buffer.ctx, volume, &buffer));
    return buffer;
}

void free_encoded(struct nwc__buffer *buffer)
{
    nwc__free(buffer->ctx, buffer->data);
}

nwc_volume *read_again(const struct coding *coding, const nwc_volume *volume)
{
    struct nwc__buffer buffer = encoded(coding, volume);
    nwc_volume *read;
    assert_ok(nwc__volume_create(nwc__ctx(NULL), coding->format, INT64_MAX / 2, &read));
    assert_ok(coding->decode(nwc__ctx(NULL), buffer.data, buffer.size, read));
    free_encoded(&buffer);
    return read;
}

void assert_not_encoded(const struct coding *coding, const char *contains, nwc_volume *volume)
{
    struct nwc__buffer buffer = {.ctx = nwc__ctx(NULL)};
    assert_fails(NWC_ERR_UNSUPPORTED, contains, coding->encode(buffer.ctx, volume, &buffer));
    free_encoded(&buffer);
    nwc_volume_destroy(volume);
}

static nwc_status make_and_encode(nwc_ctx *ctx, void *user)
{
    const struct coding *const *const coding = user;
    nwc_volume *volume;
    struct nwc__buffer buffer = {.ctx = ctx};
    nwc_status status = make_volume(ctx, &volume);
    if (status == NWC_OK) status = (*coding)->encode(ctx, volume, &buffer);
    free_encoded(&buffer);
    nwc_volume_destroy(volume);
    return status;
}

int64_t check_every_failing_encode(const struct coding *coding)
{
    return check_every_allocation_failure(make_and_encode, &coding);
}

/* What tests of encoders of radar volumes do alike. */
#ifndef NWC_TEST_ENCODED_H
#define NWC_TEST_ENCODED_H

#include "io/internal.h"
#include "radar/volume.h"
#include "support/made_volume.h"

/* An encoder and the decoder of the same format. */
struct coding {
    const char *format;
    nwc_status (*encode)(nwc_ctx *ctx, const nwc_volume *volume, struct nwc__buffer *buffer);
    nwc_status (*decode)(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume);
};

/* n bytes as a number, and four as one of IEEE 754, the lowest byte first or last. */
uint32_t number_le(const uint8_t *at, int n);
uint32_t number_be(const uint8_t *at, int n);
float real_le(const uint8_t *at);
float real_be(const uint8_t *at);

/* The bytes of a volume, to be freed as free_encoded does. */
struct nwc__buffer encoded(const struct coding *coding, const nwc_volume *volume);
void free_encoded(struct nwc__buffer *buffer);

/* A volume as it is read again. */
nwc_volume *read_again(const struct coding *coding, const nwc_volume *volume);

/* A volume, which is released, has what the format has no place for. */
void assert_not_encoded(const struct coding *coding, const char *contains, nwc_volume *volume);

/* check_every_allocation_failure of encoding the made volume. */
int64_t check_every_failing_encode(const struct coding *coding);

#endif

/* One walk over what is kept between runs, which writes it as bytes or reads it. */
#include "core/walk.h"

static uint64_t sum_of(const uint8_t *bytes, int64_t n)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (int64_t b = 0; b < n; b++) sum = (sum ^ bytes[b]) * UINT64_C(1099511628211);
    return sum;
}

static void bits(struct nwc__walk *walk, uint64_t *number)
{
    uint8_t *at;
    if (walk->status != NWC_OK) return;
    if (walk->to) {
        if ((walk->status = nwc__buffer_extend(walk->to, NWC__WALK_NUMBER, &at)) != NWC_OK) return;
        for (int b = 0; b < NWC__WALK_NUMBER; b++) at[b] = (uint8_t)(*number >> 8 * b);
        return;
    }
    if (walk->size - walk->at < NWC__WALK_NUMBER) {
        walk->status = nwc__fail(NWC_ERR_FORMAT, "state: more bytes expected, cut after %lld", (long long)walk->size);
        return;
    }
    *number = 0;
    for (int b = 0; b < NWC__WALK_NUMBER; b++) *number |= (uint64_t)walk->from[walk->at++] << 8 * b;
}

void nwc__walk_integer(struct nwc__walk *walk, int64_t *value)
{
    uint64_t pattern = (uint64_t)*value;
    bits(walk, &pattern);
    *value = (int64_t)pattern;
}

void nwc__walk_small(struct nwc__walk *walk, int32_t *value)
{
    int64_t wide = *value;
    nwc__walk_integer(walk, &wide);
    if (walk->status == NWC_OK && (wide < INT32_MIN || wide > INT32_MAX))
        walk->status = nwc__fail(NWC_ERR_FORMAT, "state: a number of 32 bits expected, %lld found", (long long)wide);
    else
        *value = (int32_t)wide;
}

void nwc__walk_real(struct nwc__walk *walk, double *value)
{
    uint64_t pattern;
    memcpy(&pattern, value, sizeof pattern);
    bits(walk, &pattern);
    memcpy(value, &pattern, sizeof pattern);
}

void nwc__walk_count(struct nwc__walk *walk, int64_t *n, int64_t numbers_each)
{
    nwc__walk_integer(walk, n);
    if (walk->to || walk->status != NWC_OK) return;
    if (*n < 0 || *n > (walk->size - walk->at) / (NWC__WALK_NUMBER * numbers_each))
        walk->status =
            nwc__fail(NWC_ERR_FORMAT, "state: a number that fits its bytes expected, %lld found", (long long)*n);
}

void nwc__walk_text(struct nwc__walk *walk, char *text, int64_t room)
{
    int64_t length = walk->to ? (int64_t)strlen(text) : 0;
    nwc__walk_count(walk, &length, 1);
    if (walk->status == NWC_OK && length >= room)
        walk->status = nwc__fail(NWC_ERR_FORMAT, "state: a text of less than %lld bytes expected", (long long)room);
    for (int64_t c = 0; c < length && walk->status == NWC_OK; c++) {
        int64_t letter = walk->to ? (int64_t)(uint8_t)text[c] : 0;
        nwc__walk_integer(walk, &letter);
        if (!walk->to) text[c] = (char)letter, text[c + 1] = '\0';
    }
    if (!walk->to && length == 0 && room > 0) text[0] = '\0';
}

struct nwc__walk nwc__walk_write(struct nwc__buffer *to, const char *mark, int64_t version)
{
    struct nwc__walk walk = {.to = to, .status = NWC_OK};
    uint8_t *at;
    to->size = 0;
    if ((walk.status = nwc__buffer_extend(to, NWC__WALK_MARK, &at)) != NWC_OK) return walk;
    memcpy(at, mark, NWC__WALK_MARK);
    nwc__walk_integer(&walk, &version);
    return walk;
}

nwc_status nwc__walk_close(struct nwc__walk *walk)
{
    uint64_t sum = sum_of(walk->to->data, walk->to->size);
    bits(walk, &sum);
    return walk->status;
}

struct nwc__walk nwc__walk_read(const uint8_t *bytes, int64_t size, const char *mark, int64_t version, const char *what)
{
    struct nwc__walk walk = {.from = bytes, .status = NWC_OK};
    if (size < NWC__WALK_MARK + 2 * NWC__WALK_NUMBER || memcmp(bytes, mark, NWC__WALK_MARK) != 0) {
        walk.status = nwc__fail(NWC_ERR_FORMAT, "state: the bytes of %s expected, others found", what);
        return walk;
    }
    walk.size = size - NWC__WALK_NUMBER, walk.at = NWC__WALK_MARK;
    struct nwc__walk end = {.from = bytes, .size = size, .at = size - NWC__WALK_NUMBER, .status = NWC_OK};
    int64_t found = 0;
    uint64_t sum = 0;
    nwc__walk_integer(&walk, &found), bits(&end, &sum);
    if (found != version)
        walk.status = nwc__fail(NWC_ERR_UNSUPPORTED, "state: version %lld expected, %lld found", (long long)version,
                                (long long)found);
    else if (sum != sum_of(bytes, size - NWC__WALK_NUMBER))
        walk.status = nwc__fail(NWC_ERR_FORMAT, "state: cut or changed bytes, their sum is another");
    return walk;
}

nwc_status nwc__walk_end(const struct nwc__walk *walk)
{
    NWC__TRY(walk->status);
    if (walk->at != walk->size) return nwc__fail(NWC_ERR_FORMAT, "state: no more bytes expected, some found");
    return NWC_OK;
}

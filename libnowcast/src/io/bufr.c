/*
 * Observations in BUFR, unpacked by ecCodes, one call at a time under the io lock. The lengths of messages and of their sections
 * are checked before ecCodes sees the bytes. A message at fault is left out, and the others are read.
 *
 * Of each subset the elements this library takes note of are put into a list, in order. An uncompressed message is fetched by
 * name, all occurrences at once: asking for each by its number takes time that grows with the square of their number.
 */
#include "io/internal.h"

#include "obs/format/bufr_elements.h"

#ifdef NWC__HAVE_ECCODES
#include <eccodes.h>
#include <stdlib.h>

enum { MOST_NAMES = 128, MOST_KEY = 256, MOST_TEXT = 256, MOST_ELEMENTS = 1 << 24 };

#define MISSING_DOUBLE (-1e100)
#define MISSING_LONG 2147483647.0

/* All occurrences of a name in a message that is not compressed. */
struct series {
    const struct nwc__bufr_name *name;
    double *values;
    size_t n;
};

/* An element; the value of a text is its number. */
struct element {
    int32_t code;
    double value;
    bool is_text;
};

/* One message being read. */
struct message {
    nwc_ctx *ctx;
    nwc_obs *obs;
    codes_handle *handle;
    int32_t category;
    bool compressed;
    int64_t subsets;
    struct series series[MOST_NAMES];
    int32_t n_series;
    /* Elements of the subset reached; of a compressed message those of all subsets, all values of one before the next. */
    struct element *elements;
    char (*texts)[MOST_TEXT];
    int64_t n, room, n_texts, text_room;
};

static nwc_status failed(int error, const char *what)
{
    const nwc_status status = error == CODES_OUT_OF_MEMORY ? NWC_ERR_NOMEM : NWC_ERR_FORMAT;
    return nwc__fail(status, "ecCodes cannot read %s: %s", what, codes_get_error_message(error));
}

static nwc_status grow(nwc_ctx *ctx, void **items, int64_t n, int64_t *room, size_t size)
{
    if (n < *room) return NWC_OK;
    if (*room >= MOST_ELEMENTS) return nwc__fail(NWC_ERR_FORMAT, "at most %d elements expected", MOST_ELEMENTS);
    const int64_t wanted = *room ? 2 * *room : 256;
    void *const larger = nwc__alloc(ctx, wanted, size);
    if (!larger) return NWC_ERR_NOMEM;
    if (n) memcpy(larger, *items, (size_t)n * size);
    nwc__free(ctx, *items);
    *items = larger;
    *room = wanted;
    return NWC_OK;
}

static double known(double value)
{
    return value <= MISSING_DOUBLE || value == MISSING_LONG ? (double)NAN : value;
}

static nwc_status find_series(struct message *message, const struct nwc__bufr_name *name, struct series **found)
{
    for (int32_t s = 0; s < message->n_series; s++)
        if (message->series[s].name == name) {
            *found = &message->series[s];
            return NWC_OK;
        }
    assert(message->n_series < MOST_NAMES);
    struct series *const series = &message->series[message->n_series++];
    *series = (struct series){.name = name};
    size_t n = 0;
    int error = codes_get_size(message->handle, name->name, &n);
    if (error) return failed(error, name->name);
    if (n > MOST_ELEMENTS) return nwc__fail(NWC_ERR_FORMAT, "at most %d elements expected", MOST_ELEMENTS);
    if (!(series->values = nwc__alloc(message->ctx, (int64_t)n + 1, sizeof *series->values))) return NWC_ERR_NOMEM;
    error = codes_get_double_array(message->handle, name->name, series->values, &n);
    if (error) return failed(error, name->name);
    series->n = n;
    *found = series;
    return NWC_OK;
}

/* "#3#pressure" into 3 and "pressure"; "pressure" is the first. */
static const char *split(const char *key, int64_t *number)
{
    char *end;
    *number = 1;
    if (key[0] != '#') return key;
    *number = strtol(key + 1, &end, 10);
    return *end == '#' ? end + 1 : key;
}

/* The code of an element whose name does not tell it. */
static int32_t code_of(const struct message *message, const char *key)
{
    char attribute[MOST_KEY];
    long code = 0;
    if (strlen(key) + 7 > sizeof attribute) return 0;
    strcpy(attribute, key);
    strcat(attribute, "->code");
    return codes_get_long(message->handle, attribute, &code) == CODES_SUCCESS ? (int32_t)code : 0;
}

static nwc_status add(struct message *message, int32_t code, double value, bool is_text)
{
    void *elements = message->elements;
    NWC__TRY(grow(message->ctx, &elements, message->n, &message->room, sizeof *message->elements));
    message->elements = elements;
    message->elements[message->n++] = (struct element){code, value, is_text};
    return NWC_OK;
}

/* The text of an element; in a compressed message, of each subset. */
static nwc_status add_text(struct message *message, int32_t code, const char *key)
{
    const size_t wanted = message->compressed ? (size_t)message->subsets : 1;
    size_t n = 0;
    char **const several = nwc__alloc(message->ctx, (int64_t)wanted, sizeof *several);
    nwc_status status = NWC_OK;
    if (!several) return NWC_ERR_NOMEM;
    memset(several, 0, wanted * sizeof *several);
    int error = codes_get_size(message->handle, key, &n);
    if (!error && n != 1 && n != wanted) error = CODES_WRONG_ARRAY_SIZE;
    if (!error) error = codes_get_string_array(message->handle, key, several, &n);
    if (error) status = failed(error, key);
    for (size_t s = 0; s < wanted && status == NWC_OK; s++) {
        void *texts = message->texts;
        status = grow(message->ctx, &texts, message->n_texts, &message->text_room, sizeof *message->texts);
        message->texts = texts;
        if (status != NWC_OK) break;
        const char *const text = several[n == 1 ? 0 : s];
        memset(message->texts[message->n_texts], 0, MOST_TEXT);
        if (text) strncpy(message->texts[message->n_texts], text, MOST_TEXT - 1);
        status = add(message, code, (double)message->n_texts++, true);
    }
    for (size_t s = 0; s < wanted; s++) free(several[s]); /* ecCodes has them from malloc */
    nwc__free(message->ctx, several);
    return status;
}

/* One value for all subsets, or one for each. */
static nwc_status add_compressed(struct message *message, int32_t code, const char *key)
{
    const int64_t subsets = message->subsets;
    size_t n = 0;
    int error = codes_get_size(message->handle, key, &n);
    if (error || (n != 1 && n != (size_t)subsets)) return failed(error ? error : CODES_WRONG_ARRAY_SIZE, key);
    double *const values = nwc__alloc(message->ctx, subsets, sizeof *values);
    if (!values) return NWC_ERR_NOMEM;
    error = codes_get_double_array(message->handle, key, values, &n);
    nwc_status status = error ? failed(error, key) : NWC_OK;
    for (int64_t s = 0; s < subsets && status == NWC_OK; s++)
        status = add(message, code, known(values[n == 1 ? 0 : s]), false);
    nwc__free(message->ctx, values);
    return status;
}

static nwc_status add_element(struct message *message, const char *key)
{
    int64_t number;
    const struct nwc__bufr_name *const name = nwc__bufr_named(split(key, &number));
    if (!name) return NWC_OK;
    if (name->is_text) return add_text(message, name->code, key);
    const int32_t code = name->code ? name->code : code_of(message, key);
    if (message->compressed) return add_compressed(message, code, key);
    struct series *series = NULL;
    NWC__TRY(find_series(message, name, &series));
    if (number < 1 || (size_t)number > series->n) return failed(CODES_WRONG_ARRAY_SIZE, key);
    return add(message, code, known(series->values[number - 1]), false);
}

/* Elements lie one behind the other, each with a value for every subset where there are several. */
static nwc_status take_subsets(struct message *message, int64_t subsets)
{
    const int64_t n = message->n / subsets;
    nwc_status status = NWC_OK;
    if (n == 0) return NWC_OK;
    struct nwc__bufr_element *const subset = nwc__alloc(message->ctx, n, sizeof *subset);
    if (!subset) return NWC_ERR_NOMEM;
    for (int64_t s = 0; s < subsets && status == NWC_OK; s++) {
        for (int64_t e = 0; e < n; e++) {
            const struct element *const from = &message->elements[e * subsets + s];
            subset[e] =
                (struct nwc__bufr_element){.code = from->code, .value = from->is_text ? (double)NAN : from->value};
            if (from->is_text) subset[e].text = message->texts[(int64_t)from->value];
        }
        status = nwc__bufr_subset(message->obs, message->category, subset, n);
    }
    nwc__free(message->ctx, subset);
    message->n = message->n_texts = 0;
    return status;
}

static nwc_status read_elements(struct message *message)
{
    nwc_status status = NWC_OK;
    bool within = false; /* the data; what stands before is of the header */
    codes_bufr_keys_iterator *const keys = codes_bufr_keys_iterator_new(message->handle, 0);
    if (!keys) return failed(CODES_OUT_OF_MEMORY, "its keys");
    while (status == NWC_OK && codes_bufr_keys_iterator_next(keys)) {
        char *const key = codes_bufr_keys_iterator_get_name(keys);
        if (!key) continue;
        if (strcmp(key, "unexpandedDescriptors") == 0)
            within = true;
        else if (strcmp(key, "subsetNumber") == 0 &&
                 !message->compressed) /* before each subset, if it is there at all */
            status = take_subsets(message, 1);
        else if (within)
            status = add_element(message, key);
    }
    if (status != NWC_OK) codes_bufr_keys_iterator_next(keys); /* it frees the key given last; deleting does not */
    codes_bufr_keys_iterator_delete(keys);
    if (status == NWC_OK) status = take_subsets(message, message->compressed ? message->subsets : 1);
    return status;
}

static nwc_status read_message(nwc_ctx *ctx, codes_handle *handle, nwc_obs *obs)
{
    long category = 0, compressed = 0, subsets = 0;
    struct message message = {.ctx = ctx, .obs = obs, .handle = handle};
    codes_get_long(handle, "dataCategory", &category);
    codes_get_long(handle, "compressedData", &compressed);
    codes_get_long(handle, "numberOfSubsets", &subsets);
    if (category != 0 && category != 1 && category != 2 && category != 6)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "data of category %ld", category);
    if (subsets < 1) return nwc__fail(NWC_ERR_FORMAT, "1 subset or more expected, %ld found", subsets);
    codes_set_long(handle, "skipExtraKeyAttributes", 1);
    const int error = codes_set_long(handle, "unpack", 1);
    if (error) return failed(error, "its data");
    message.category = (int32_t)category;
    message.compressed = compressed != 0;
    message.subsets = subsets;
    const nwc_status status = read_elements(&message);
    for (int32_t s = message.n_series - 1; s >= 0; s--) nwc__free(ctx, message.series[s].values);
    nwc__free(ctx, message.texts);
    nwc__free(ctx, message.elements);
    return status;
}

/* A copy goes to ecCodes, without the centre's own section: nothing of it is wanted, and damage in it can abort the library. */
static nwc_status read_at(nwc_ctx *ctx, const uint8_t *bytes, int64_t length, nwc_obs *obs)
{
    nwc_status status;
    uint8_t *const message = nwc__alloc(ctx, length, 1);
    if (!message) return NWC_ERR_NOMEM;
    memcpy(message, bytes, (size_t)length);
    length = nwc__bufr_without_local(message, length);
    nwc__io_lock();
    codes_handle *const handle = codes_handle_new_from_message(NULL, message, (size_t)length);
    if (handle) {
        status = read_message(ctx, handle, obs);
        codes_handle_delete(handle);
    } else {
        status = nwc__fail(NWC_ERR_FORMAT, "ecCodes cannot open the message");
    }
    nwc__io_unlock();
    nwc__free(ctx, message);
    return status;
}

nwc_status nwc__bufr_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                          nwc_obs *obs)
{
    (void)hints;
    int64_t read = 0;
    for (int64_t at = 0; at < size;) {
        int64_t length;
        const char *reason;
        if (nwc__bufr_next(bytes, size, &at, &length, &reason)) {
            const nwc_status status = read_at(ctx, bytes + at, length, obs);
            if (status == NWC_ERR_NOMEM) return status;
            if (status != NWC_OK) NWC__TRY(nwc__obs_incomplete(obs, "byte %lld: %s", (long long)at, nwc_error_text()));
            at += length;
            read += status == NWC_OK;
        } else if (reason) {
            NWC__TRY(nwc__obs_incomplete(obs, "byte %lld: %s", (long long)(at - 4), reason));
        }
    }
    nwc_obs_facts facts;
    NWC__TRY(nwc_obs_describe(obs, &facts));
    if (!read) return nwc__fail(NWC_ERR_FORMAT, "no good message in it; %s", facts.incomplete);
    return NWC_OK;
}
#else
nwc_status nwc__bufr_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                          nwc_obs *obs)
{
    (void)ctx, (void)bytes, (void)size, (void)hints, (void)obs;
    return nwc__fail(NWC_ERR_UNSUPPORTED, "this build does not read BUFR");
}
#endif

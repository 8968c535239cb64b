/*
 * Attributes of HDF5 objects by our own look at their headers. The library gathers all attributes of an object before it
 * gives the first, and when one of them is damaged it frees what it has not made; reading them one message after the other
 * avoids that, and the time. Numbers and texts of fixed length are read here, all else by the library, by name.
 *
 * Source: HDF5 File Format Specification 3.0, IV.A (headers) and IV.A.2 (messages).
 */
#include "io/hdf5_header.h"

enum {
    MOST_BLOCKS = 256,
    MOST_MESSAGES = 16384,
    MOST_NAME = 256,
    MOST_VALUES = 65536, /* of an attribute; longer ones say nothing we need */
    DATASPACE_NULL = 2
};

enum { MESSAGE_ATTRIBUTE = 0x0c, MESSAGE_CONTINUATION = 0x10, MESSAGE_ATTRIBUTE_INFO = 0x15 };

/* Bytes that are left, taken from the front; short is set once more were wanted than there are. */
struct reader {
    const uint8_t *at;
    int64_t left;
    bool is_short;
};

static const uint8_t *take(struct reader *reader, int64_t n)
{
    static const uint8_t nothing[16];
    if (n < 0 || n > reader->left) {
        reader->is_short = true;
        return nothing;
    }
    const uint8_t *const at = reader->at;
    reader->at += n, reader->left -= n;
    return at;
}

/* An unsigned number of 1 to 8 bytes. */
static uint64_t number(struct reader *reader, int n)
{
    const uint8_t *const at = take(reader, n);
    uint64_t value = 0;
    for (int k = n - 1; k >= 0; k--) value = value << 8 | at[k];
    return value;
}

/* ---- headers ---- */

struct message {
    int type, flags;
    struct reader data;
};

/* A header: its blocks, which name one another, and where in them it stands. */
struct header {
    const struct nwc__hdf5_image *image;
    struct reader block[MOST_BLOCKS];
    int n_blocks, current, n_messages;
    bool second, ordered; /* version 2, and whether messages carry their order */
    bool strange;
};

static struct reader part(const struct nwc__hdf5_image *image, uint64_t at, uint64_t size)
{
    if (at > (uint64_t)image->size || size > (uint64_t)image->size - at) return (struct reader){.is_short = true};
    return (struct reader){image->bytes + at, (int64_t)size, false};
}

static bool open_header(const struct nwc__hdf5_image *image, uint64_t address, struct header *header)
{
    *header = (struct header){.image = image, .n_blocks = 1};
    struct reader reader = part(image, address, 16);
    if (reader.is_short) return false;
    if (memcmp(reader.at, "OHDR\2", 5) == 0) {
        reader = part(image, address, (uint64_t)image->size - address);
        take(&reader, 5);
        const int flags = (int)number(&reader, 1);
        take(&reader, (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
        const uint64_t size = number(&reader, 1 << (flags & 3));
        header->second = true, header->ordered = flags & 4;
        if (reader.is_short || size > (uint64_t)reader.left) return false;
        header->block[0] = (struct reader){reader.at, (int64_t)size, false};
        return true;
    }
    if (reader.at[0] != 1) return false;
    take(&reader, 8);
    header->block[0] = part(image, address + 16, number(&reader, 4));
    return !header->block[0].is_short;
}

/* The block a continuation names. */
static void add_block(struct header *header, struct reader data)
{
    const uint64_t at = number(&data, header->image->offset_size), size = number(&data, header->image->length_size);
    struct reader block = part(header->image, at, size);
    if (header->second) { /* its name before it and a checksum behind it */
        if (memcmp(take(&block, 4), "OCHK", 4) != 0 || block.left < 4) block.is_short = true;
        block.left -= 4;
    }
    if (data.is_short || block.is_short || header->n_blocks == MOST_BLOCKS)
        header->strange = true;
    else
        header->block[header->n_blocks++] = block;
}

/* The next message, continuations followed; false at the end, or when the header is strange. */
static bool next_message(struct header *header, struct message *message)
{
    while (!header->strange && header->current < header->n_blocks) {
        struct reader *const block = &header->block[header->current];
        const int head = header->second ? (header->ordered ? 6 : 4) : 8;
        if (block->left < head) { /* the end, or a gap */
            header->current++;
            continue;
        }
        message->type = (int)number(block, header->second ? 1 : 2);
        const int64_t size = (int64_t)number(block, 2);
        message->flags = (int)number(block, 1);
        take(block, header->second ? (header->ordered ? 2 : 0) : 3);
        message->data = (struct reader){take(block, size), size, false};
        header->strange = block->is_short || ++header->n_messages > MOST_MESSAGES;
        if (header->strange) return false;
        if (message->type != MESSAGE_CONTINUATION) return true;
        add_block(header, message->data);
    }
    return false;
}

/* ---- attributes ---- */

struct attribute {
    char name[MOST_NAME];
    struct reader type, space, data;
};

static int64_t padded(const struct reader *reader, int version, int64_t size)
{
    const int64_t up = version == 1 ? (size + 7) / 8 * 8 : size;
    return up < reader->left ? up : size;
}

/* Take a message apart; false for one that is damaged or shares its type with others. */
static bool read_attribute(struct reader data, struct attribute *attribute)
{
    const int version = (int)number(&data, 1), flags = (int)number(&data, 1);
    const int64_t name = (int64_t)number(&data, 2), type = (int64_t)number(&data, 2), space = (int64_t)number(&data, 2);
    if (version < 1 || version > 3 || (version > 1 && flags & 3) || name < 1 || name > MOST_NAME) return false;
    if (version == 3) take(&data, 1);
    const int64_t name_room = padded(&data, version, name);
    const uint8_t *const text = take(&data, name_room);
    const int64_t type_room = padded(&data, version, type);
    attribute->type = (struct reader){take(&data, type_room), type, false};
    const int64_t space_room = padded(&data, version, space);
    attribute->space = (struct reader){take(&data, space_room), space, false};
    attribute->data = data;
    if (data.is_short) return false;
    memcpy(attribute->name, text, (size_t)name);
    attribute->name[name - 1] = '\0';
    return true;
}

/* How many values; -1 for what is strange. */
static int64_t count_values(const struct nwc__hdf5_image *image, struct reader space)
{
    const int version = (int)number(&space, 1), rank = (int)number(&space, 1);
    take(&space, 1);
    const int kind = (int)number(&space, 1);
    if (version == 1) take(&space, 4);
    if (version < 1 || version > 2 || rank > 32 || space.is_short) return -1;
    if (version == 2 && kind == DATASPACE_NULL) return 0;
    int64_t count = 1;
    for (int d = 0; d < rank; d++) {
        const uint64_t n = number(&space, image->length_size);
        if (space.is_short) return -1;
        count = n > MOST_VALUES || count > MOST_VALUES ? MOST_VALUES + 1 : count * (int64_t)n;
    }
    return count;
}

/* A type of the header: numbers and texts that are stored plainly. */
struct kind {
    enum { OTHER, WHOLE, REAL, TEXT } class;
    bool negative;
    int64_t size;
};

static struct kind kind_of(struct reader type)
{
    struct kind kind = {OTHER, false, 0};
    const int class = (int)number(&type, 1) & 0x0f, bits = (int)number(&type, 3);
    kind.size = (int64_t)number(&type, 4);
    const int first = (int)number(&type, 2), precision = (int)number(&type, 2);
    if (class == 3) /* texts have no properties */
        kind.class = TEXT;
    else if (type.is_short || first != 0 || precision != 8 * kind.size || bits & 1)
        return kind;
    else if (class == 0 && kind.size <= 8)
        kind.class = WHOLE, kind.negative = bits & 8;
    else if (class == 1 && (kind.size == 4 || kind.size == 8) && !(bits & 0x40)) {
        static const uint8_t layouts[2][8] = {{23, 8, 0, 23, 127, 0, 0, 0}, {52, 11, 0, 52, 0xff, 3, 0, 0}};
        kind.class = memcmp(take(&type, 8), layouts[kind.size == 8], 8) == 0 ? REAL : OTHER;
    }
    return kind;
}

static double value_of(const struct kind *kind, const uint8_t *at)
{
    uint64_t bits = 0;
    for (int64_t k = kind->size - 1; k >= 0; k--) bits = bits << 8 | at[k];
    if (kind->class == WHOLE && kind->negative && kind->size < 8 && bits >> (8 * kind->size - 1))
        bits |= UINT64_MAX << 8 * kind->size;
    if (kind->class == WHOLE) return kind->negative ? (double)(int64_t)bits : (double)bits;
    if (kind->size == 4) {
        const uint32_t half = (uint32_t)bits;
        float single;
        memcpy(&single, &half, sizeof single);
        return (double)single;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static nwc_status add_numbers(nwc__tree *tree, nwc__node *node, const struct attribute *attribute,
                              const struct kind *kind, int64_t count)
{
    nwc_status status = NWC_OK;
    double *values, few[2];
    values = few;
    if (count > 2) NWC__ALLOC(tree->ctx, values, count);
    for (int64_t k = 0; k < count; k++) values[k] = value_of(kind, attribute->data.at + k * kind->size);
    status = nwc__tree_attribute(tree, node, attribute->name, NULL, values, count);
    if (count > 2) nwc__free(tree->ctx, values);
done:
    return status;
}

static nwc_status add_text(nwc__tree *tree, nwc__node *node, const struct attribute *attribute, int64_t size)
{
    char *const text = nwc__alloc(tree->ctx, size + 1, 1);
    if (!text) return NWC_ERR_NOMEM;
    memcpy(text, attribute->data.at, (size_t)size);
    text[size] = '\0';
    const nwc_status status = nwc__tree_attribute(tree, node, attribute->name, text, NULL, 0);
    nwc__free(tree->ctx, text);
    return status;
}

static nwc_status take_attribute(const struct nwc__hdf5_image *image, struct reader data, nwc__tree *tree,
                                 nwc__node *node, nwc__other_attribute_fn *other, void *user)
{
    struct attribute attribute;
    if (!read_attribute(data, &attribute))
        return nwc__fail(NWC_ERR_FORMAT, "object %s: damaged attributes", node->name);
    const struct kind kind = kind_of(attribute.type);
    const int64_t count = count_values(image, attribute.space);
    if (kind.class == OTHER || count < 0) return other(attribute.name, user);
    if (count < 1 || count > MOST_VALUES || (kind.class == TEXT && (count != 1 || kind.size >= MOST_VALUES)))
        return NWC_OK;
    if (count * kind.size > attribute.data.left)
        return nwc__fail(NWC_ERR_FORMAT, "attribute %s: damaged", attribute.name);
    return kind.class == TEXT ? add_text(tree, node, &attribute, kind.size)
                              : add_numbers(tree, node, &attribute, &kind, count);
}

/* Whether the header can be followed to its end, and has its attributes in it. */
static bool is_plain(struct header *header, const struct nwc__hdf5_image *image)
{
    struct message message;
    while (next_message(header, &message)) {
        const bool of_attributes = message.type == MESSAGE_ATTRIBUTE || message.type == MESSAGE_ATTRIBUTE_INFO;
        if (of_attributes && message.flags & 2) return false; /* shared */
        if (message.type != MESSAGE_ATTRIBUTE_INFO) continue;
        take(&message.data, 1);
        take(&message.data, number(&message.data, 1) & 1 ? 2 : 0);
        const uint64_t heap = number(&message.data, image->offset_size);
        if (heap != UINT64_MAX >> (64 - 8 * image->offset_size)) return false; /* they are in a heap */
    }
    return !header->strange;
}

nwc_status nwc__hdf5_attributes(const struct nwc__hdf5_image *image, uint64_t address, nwc__tree *tree, nwc__node *node,
                                nwc__other_attribute_fn *other, void *user, bool *known)
{
    nwc_status status = NWC_OK;
    struct header *header;
    struct message message;
    *known = false;
    NWC__ALLOC(tree->ctx, header, 1);
    if (open_header(image, address, header) && is_plain(header, image)) {
        *known = true;
        open_header(image, address, header);
        while (status == NWC_OK && next_message(header, &message))
            if (message.type == MESSAGE_ATTRIBUTE)
                status = take_attribute(image, message.data, tree, node, other, user);
    }
    nwc__free(tree->ctx, header);
done:
    return status;
}

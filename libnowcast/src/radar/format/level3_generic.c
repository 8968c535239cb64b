/*
 * Packet 28 of Level III, which says itself what is in it: parameters and components in the external data representation, of
 * which the first component of radials is read.
 *
 * All numbers are big-endian words, also those of fewer bytes; texts and lists have their length before them, and texts are
 * filled up to whole words. A list that may be empty has its length twice where it is not. Sources: interface control document
 * 2620001, figure 3-15c and appendix E, without its errors in the length of numbers, and RFC 4506.
 */
#include "radar/format/level3.h"

#include "core/text.h"
#include "radar/format/volume_format.h"

enum {
    HEADER = 8, /* bytes of the packet before the product */
    WORD = 4,
    EXTERNAL = 7,      /* kind of a product that has no radar */
    RADAR_WORDS = 10,  /* of the radar and its volume between the name and whether anything is packed */
    FOREIGN_WORDS = 5, /* in their place where there is none */
    RADIALS = 1        /* kind of a component */
};

/* Words that are read one by one; there is nothing behind the first that is missing. */
struct words {
    const uint8_t *at;
    int64_t left;
    bool whole;
};

static const uint8_t *take(struct words *words, int64_t bytes)
{
    words->whole = words->whole && bytes <= words->left;
    if (!words->whole) return NULL;
    words->at += bytes, words->left -= bytes;
    return words->at - bytes;
}

static uint32_t take_word(struct words *words)
{
    const uint8_t *const at = take(words, WORD);
    return at ? nwc__u32_be(at) : 0;
}

static float take_float(struct words *words)
{
    const uint8_t *const at = take(words, WORD);
    return at ? nwc__f32_be(at) : 0.0F;
}

static struct nwc__span take_text(struct words *words)
{
    const int64_t n = take_word(words);
    const uint8_t *const at = take(words, (n + WORD - 1) / WORD * WORD);
    return at ? (struct nwc__span){(const char *)at, n} : (struct nwc__span){0};
}

/* The length of a list, which is there again where it is not empty. */
static int64_t take_length(struct words *words)
{
    const int64_t n = (int32_t)take_word(words);
    if (n > 0) (void)take_word(words);
    return n;
}

/* A name and attributes for each. */
static void skip_parameters(struct words *words)
{
    for (int64_t n = take_length(words); n > 0 && words->whole; n--) (void)take_text(words), (void)take_text(words);
}

/* What is said of the product; true where it is neither packed nor cut off. */
static bool skip_product(struct words *words)
{
    (void)take_text(words), (void)take_text(words);
    (void)take(words, WORD);
    const uint32_t kind = take_word(words);
    (void)take(words, WORD);
    if (kind != EXTERNAL) (void)take_text(words);
    (void)take(words, (kind == EXTERNAL ? FOREIGN_WORDS : RADAR_WORDS) * WORD);
    const uint32_t packed = take_word(words);
    (void)take(words, WORD);
    skip_parameters(words);
    return packed == 0;
}

nwc_status nwc__level3_generic_begin(const nwc__level3_block *packet, nwc__level3_generic *generic)
{
    struct words words = {.at = packet->at, .left = packet->size, .whole = true};
    (void)take(&words, HEADER);
    const bool plain = skip_product(&words);
    const int64_t n_components = take_length(&words);
    const uint32_t mark = take_word(&words), kind = take_word(&words);
    if (!words.whole) return nwc__fail(NWC_ERR_NODATA, "packet 28 ends before its first component");
    if (!plain) return nwc__fail(NWC_ERR_UNSUPPORTED, "packet 28: components that are not packed expected");
    if (n_components < 1 || mark != 1 || kind != RADIALS)
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "packet 28: radials (1) expected as its first of %lld components, %u found",
                         (long long)n_components, (unsigned)kind);
    (void)take_text(&words);
    const double spacing_m = (double)take_float(&words), first_m = (double)take_float(&words);
    skip_parameters(&words);
    const int64_t n = take_length(&words);
    if (!words.whole) return nwc__fail(NWC_ERR_NODATA, "packet 28 ends before its first radial");
    if (n < 1 || n > NWC__LEVEL3_RADIALS)
        return nwc__fail(NWC_ERR_FORMAT, "packet 28: 1 to %d radials expected, %lld found", NWC__LEVEL3_RADIALS,
                         (long long)n);
    *generic = (nwc__level3_generic){
        .at = words.at, .left = words.left, .n_radials = (int32_t)n, .first_m = first_m, .spacing_m = spacing_m};
    return NWC_OK;
}

/* Whether numbers are of a kind that is a whole number: "type = ushort; Unit = inches/hour". */
static bool is_whole(struct nwc__span attributes)
{
    static const char *const kinds[] = {"byte", "ubyte", "short", "ushort", "int", "uint"};
    struct nwc__span attribute, name;
    while (nwc__next_field(&attributes, ';', &attribute)) {
        if (!nwc__next_field(&attribute, '=', &name) || !nwc__span_matches(name, "type")) continue;
        const struct nwc__span kind = nwc__span_trim(attribute);
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            if (nwc__span_is(kind, kinds[k])) return true;
        return false;
    }
    return false;
}

bool nwc__level3_generic_next(nwc__level3_generic *generic, nwc__level3_radial *radial)
{
    struct words words = {.at = generic->at, .left = generic->left, .whole = true};
    const double begins = (double)take_float(&words), elevation = (double)take_float(&words),
                 width = (double)take_float(&words);
    const int64_t n = (int32_t)take_word(&words);
    *radial = (nwc__level3_radial){.azimuth_deg = begins + 0.5 * width, .elevation_deg = elevation, .is_whole = true};
    if (n > 0) {
        radial->is_whole = is_whole(take_text(&words));
        const int64_t again = take_word(&words);
        radial->n = n < again ? n : again;
        radial->words = take(&words, WORD * again);
    }
    generic->at = words.at, generic->left = words.left;
    return words.whole && isfinite(radial->azimuth_deg) && isfinite(elevation);
}

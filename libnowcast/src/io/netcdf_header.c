/*
 * Headers of classic netCDF: CDF-1, CDF-2 with offsets of 64 bits, CDF-5 with all numbers of 64 bits. They are walked before
 * netCDF-C sees them, which takes memory for as many things as they say, gigabytes if need be, and crashes where it gets none.
 * Source: NetCDF Users' Guide, appendix B, file format specifications.
 */
#include "io/netcdf_header.h"

enum { VERSION = 3, HEAD = 4, TAG = 4, DIMENSIONS = 10, VARIABLES = 11, ATTRIBUTES = 12, TYPES = 12 };

struct walk {
    const uint8_t *bytes;
    int64_t size, at;
    int wide, offset; /* bytes of a number and of an offset */
};

static nwc_status take(struct walk *walk, int n, uint64_t *value)
{
    if (n > walk->size - walk->at)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the netCDF header ends early", (long long)walk->at);
    *value = 0;
    for (int k = 0; k < n; k++) *value = *value << 8 | walk->bytes[walk->at++];
    return NWC_OK;
}

/* A number of things of at least so many bytes each, which are yet to come. */
static nwc_status take_count(struct walk *walk, int64_t least, const char *what, int64_t *count)
{
    const int64_t at = walk->at;
    uint64_t said;
    *count = 0;
    NWC__TRY(take(walk, walk->wide, &said));
    if (said > (uint64_t)((walk->size - walk->at) / least))
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the netCDF header says %llu %s, for which it has no room",
                         (long long)at, (unsigned long long)said, what);
    *count = (int64_t)said;
    return NWC_OK;
}

/* So many bytes, and those that make them a multiple of four. */
static nwc_status skip(struct walk *walk, int64_t n)
{
    const int64_t padded = n + (4 - n % 4) % 4;
    if (padded > walk->size - walk->at)
        return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the netCDF header ends early", (long long)walk->size);
    walk->at += padded;
    return NWC_OK;
}

static nwc_status skip_name(struct walk *walk)
{
    int64_t n;
    NWC__TRY(take_count(walk, 1, "letters of a name", &n));
    return skip(walk, n);
}

/* What a list is of, and how many. Where it is left out both are 0. */
static nwc_status take_list(struct walk *walk, uint64_t tag, int64_t least, const char *what, int64_t *count)
{
    const int64_t at = walk->at;
    uint64_t found;
    NWC__TRY(take(walk, TAG, &found));
    NWC__TRY(take_count(walk, least, what, count));
    if (found == tag || (found == 0 && *count == 0)) return NWC_OK;
    return nwc__fail(NWC_ERR_FORMAT, "byte %lld: a list of %s expected in the netCDF header, tag %llu found",
                     (long long)at, what, (unsigned long long)found);
}

static nwc_status take_type(struct walk *walk, uint64_t *type)
{
    NWC__TRY(take(walk, TAG, type));
    if (*type >= 1 && *type < TYPES) return NWC_OK;
    return nwc__fail(NWC_ERR_FORMAT, "byte %lld: a type of netCDF, 1 to %d, expected, %llu found",
                     (long long)(walk->at - TAG), TYPES - 1, (unsigned long long)*type);
}

static nwc_status skip_attributes(struct walk *walk)
{
    static const int64_t bytes_of[TYPES] = {0, 1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8};
    int64_t n, values;
    NWC__TRY(take_list(walk, ATTRIBUTES, 2 * walk->wide + TAG, "attributes", &n));
    for (int64_t a = 0; a < n; a++) {
        uint64_t type;
        NWC__TRY(skip_name(walk));
        NWC__TRY(take_type(walk, &type));
        NWC__TRY(take_count(walk, bytes_of[type], "values of an attribute", &values));
        NWC__TRY(skip(walk, values * bytes_of[type]));
    }
    return NWC_OK;
}

static nwc_status skip_variable(struct walk *walk)
{
    int64_t n;
    uint64_t number;
    NWC__TRY(skip_name(walk));
    NWC__TRY(take_count(walk, walk->wide, "dimensions of a variable", &n));
    walk->at += n * walk->wide;
    NWC__TRY(skip_attributes(walk));
    NWC__TRY(take_type(walk, &number)); /* netCDF-C divides by the size of one it does not know */
    NWC__TRY(take(walk, walk->wide, &number));
    return take(walk, walk->offset, &number);
}

nwc_status nwc__netcdf_check(const uint8_t *bytes, int64_t size)
{
    if (size < HEAD || memcmp(bytes, "CDF", VERSION) != 0) return NWC_OK;
    const uint8_t version = bytes[VERSION];
    if (version != 1 && version != 2 && version != 5)
        return nwc__fail(NWC_ERR_FORMAT, "byte %d: version 1, 2 or 5 of netCDF expected, %d found", VERSION, version);
    struct walk walk = {bytes, size, HEAD, version == 5 ? 8 : 4, version == 1 ? 4 : 8};
    int64_t n;
    uint64_t records;
    NWC__TRY(take(&walk, walk.wide, &records));
    NWC__TRY(take_list(&walk, DIMENSIONS, 2 * walk.wide, "dimensions", &n));
    for (int64_t d = 0; d < n; d++) {
        uint64_t length;
        NWC__TRY(skip_name(&walk));
        NWC__TRY(take(&walk, walk.wide, &length));
    }
    NWC__TRY(skip_attributes(&walk));
    NWC__TRY(take_list(&walk, VARIABLES, 4 * walk.wide + 2 * TAG + walk.offset, "variables", &n));
    for (int64_t v = 0; v < n; v++) NWC__TRY(skip_variable(&walk));
    return NWC_OK;
}

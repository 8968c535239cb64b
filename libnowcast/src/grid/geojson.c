/*
 * Features as GeoJSON (RFC 7946, 2016): rings closed, outer ones counter-clockwise (3.1.6), nothing across 180 degrees (3.1.9).
 * The text is whole after every call: a feature is put before the brackets that end it.
 */
#include "core/json.h"
#include "grid/paths.h"

#include <nowcast/geojson.h>

#include <stdio.h>

enum { MOST_DECIMALS = 9, HEIGHT_DECIMALS = 2, MOST_NUMBER_DIGITS = 17 };

#define HIGHEST_M 1e8

static const char head[] = "{\"type\":\"FeatureCollection\",\"features\":[", tail[] = "\n]}\n";

struct nwc_geojson {
    struct nwc_ctx memory; /* allocator only */
    struct nwc__buffer text;
    int32_t decimals;
    int64_t n_features;
};

nwc_status nwc_geojson_create(nwc_ctx *ctx, int32_t decimals, nwc_geojson **geojson)
{
    if (!geojson) return nwc__fail(NWC_ERR_ARG, "geojson: a place for the collection expected, NULL given");
    *geojson = NULL;
    if (decimals < 0 || decimals > MOST_DECIMALS)
        return nwc__fail(NWC_ERR_ARG, "decimals: 0 to %d expected, %d given", MOST_DECIMALS, (int)decimals);
    ctx = nwc__ctx(ctx);
    nwc_geojson *const made = nwc__alloc(ctx, 1, sizeof *made);
    if (!made) return NWC_ERR_NOMEM;
    *made = (nwc_geojson){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                          .decimals = decimals};
    made->text.ctx = &made->memory;
    uint8_t *at;
    nwc_status status = nwc__json_raw(&made->text, head);
    if (status == NWC_OK) status = nwc__json_raw(&made->text, tail);
    if (status == NWC_OK) status = nwc__buffer_extend(&made->text, 1, &at);
    if (status == NWC_OK)
        *geojson = made;
    else
        nwc_geojson_destroy(made);
    return status;
}

void nwc_geojson_destroy(nwc_geojson *geojson)
{
    if (!geojson) return;
    struct nwc_ctx memory = geojson->memory;
    nwc__free(&memory, geojson->text.data);
    nwc__free(&memory, geojson);
}

nwc_status nwc_geojson_text(const nwc_geojson *geojson, const char **text, size_t *size)
{
    if (!geojson || !text)
        return nwc__fail(NWC_ERR_ARG, "geojson, text: a collection and a place for its text expected");
    *text = (const char *)geojson->text.data;
    if (size) *size = (size_t)geojson->text.size - 1;
    return NWC_OK;
}

/* ---- what is given ---- */

static nwc_status check_points(const nwc_feature *feature)
{
    if (feature->n_points < 1 || !feature->longitude_deg || !feature->latitude_deg)
        return nwc__fail(NWC_ERR_ARG, "at least one point expected, %lld given", (long long)feature->n_points);
    for (int64_t k = 0; k < feature->n_points; k++) {
        const double longitude = feature->longitude_deg[k], latitude = feature->latitude_deg[k];
        const double height = feature->height_m ? feature->height_m[k] : 0.0;
        if (!(fabs(longitude) <= 720.0) || !(fabs(latitude) <= 90.0) || fabs(height) > HIGHEST_M)
            return nwc__fail(NWC_ERR_ARG, "point %lld: a place on the earth expected, %g, %g, %g m given", (long long)k,
                             latitude, longitude, height);
    }
    return NWC_OK;
}

static nwc_status check_parts(const nwc_feature *feature)
{
    int64_t n = 0;
    const bool ring = feature->shape == NWC_SHAPE_POLYGON;
    const int64_t whole = feature->n_points;
    const int64_t *const counts = feature->n_parts ? feature->part_points : &whole;
    if (feature->n_parts < 0 || !counts)
        return nwc__fail(NWC_ERR_ARG, "part_points: points of %d parts expected", (int)feature->n_parts);
    for (int64_t p = 0; p == 0 || p < feature->n_parts; p++) {
        if (counts[p] < (ring ? 3 : 2) || counts[p] > feature->n_points - n)
            return nwc__fail(NWC_ERR_ARG, "part %lld: %d to %lld points expected, %lld given", (long long)p,
                             ring ? 3 : 2, (long long)(feature->n_points - n), (long long)counts[p]);
        n += counts[p];
    }
    if (n != feature->n_points)
        return nwc__fail(NWC_ERR_ARG, "part_points: %lld points in all expected, %lld given",
                         (long long)feature->n_points, (long long)n);
    if (ring && feature->hole && feature->hole[0])
        return nwc__fail(NWC_ERR_ARG, "part 0: a ring around an area expected, a hole given");
    return NWC_OK;
}

static nwc_status check_properties(const nwc_feature *feature)
{
    if (feature->n_properties < 0 || (feature->n_properties && !feature->properties))
        return nwc__fail(NWC_ERR_ARG, "properties: 0 or more expected, %d given", (int)feature->n_properties);
    for (int32_t p = 0; p < feature->n_properties; p++) {
        const nwc_property *const property = &feature->properties[p];
        if (!property->name) return nwc__fail(NWC_ERR_ARG, "property %d: a name expected, NULL given", (int)p);
        if (property->kind < NWC_PROPERTY_NUMBER || property->kind > NWC_PROPERTY_FLAG)
            return nwc__fail(NWC_ERR_ARG, "%s: an nwc_property_kind expected, %d given", property->name,
                             (int)property->kind);
        if (property->digits < 0 || property->digits > MOST_NUMBER_DIGITS)
            return nwc__fail(NWC_ERR_ARG, "%s: 0 to %d digits expected, %d given", property->name, MOST_NUMBER_DIGITS,
                             (int)property->digits);
    }
    return NWC_OK;
}

static nwc_status check_feature(const nwc_feature *feature)
{
    if (feature->shape < NWC_SHAPE_NONE || feature->shape > NWC_SHAPE_POLYGON)
        return nwc__fail(NWC_ERR_ARG, "shape: an nwc_shape expected, %d given", (int)feature->shape);
    if (feature->shape != NWC_SHAPE_NONE) NWC__TRY(check_points(feature));
    if (feature->shape == NWC_SHAPE_LINE || feature->shape == NWC_SHAPE_POLYGON) NWC__TRY(check_parts(feature));
    return check_properties(feature);
}

/* ---- geometry ---- */

/* The parts as paths; a first place that is repeated at the end of a ring is left out. */
static nwc_status take_parts(const nwc_feature *feature, struct nwc__paths *paths)
{
    int64_t first = 0;
    for (int64_t p = 0; p == 0 || p < feature->n_parts; p++) {
        const int64_t n = feature->n_parts ? feature->part_points[p] : feature->n_points, last = first + n - 1;
        const double *const longitude = feature->longitude_deg, *const latitude = feature->latitude_deg;
        const bool closed = feature->shape == NWC_SHAPE_POLYGON && longitude[first] == longitude[last] &&
                            latitude[first] == latitude[last];
        NWC__TRY(nwc__paths_begin(paths, feature->n_parts && feature->hole && feature->hole[p]));
        for (int64_t k = first; k <= last - closed; k++) {
            const double height = feature->height_m ? feature->height_m[k] : (double)NAN;
            NWC__TRY(nwc__paths_put(paths, (struct nwc__place){longitude[k], latitude[k], height}));
        }
        first += n;
    }
    return NWC_OK;
}

static nwc_status put_place(nwc_geojson *to, const struct nwc__place *place, bool with_height)
{
    NWC__TRY(nwc__json_raw(&to->text, "["));
    NWC__TRY(nwc__json_fixed(&to->text, place->longitude, to->decimals));
    NWC__TRY(nwc__json_raw(&to->text, ","));
    NWC__TRY(nwc__json_fixed(&to->text, place->latitude, to->decimals));
    if (with_height) {
        NWC__TRY(nwc__json_raw(&to->text, ","));
        NWC__TRY(nwc__json_fixed(&to->text, place->height, HEIGHT_DECIMALS));
    }
    return nwc__json_raw(&to->text, "]");
}

static bool has_heights(const struct nwc__paths *paths)
{
    for (int64_t k = 0; k < paths->n_places; k++)
        if (isnan(paths->places[k].height)) return false;
    return true;
}

/* The places of a path in brackets; of a ring the first again at the end. */
static nwc_status put_path(nwc_geojson *to, const struct nwc__paths *paths, int64_t p, bool ring, bool with_heights)
{
    const struct nwc__path *const path = &paths->paths[p];
    NWC__TRY(nwc__json_raw(&to->text, "["));
    for (int64_t k = 0; k < path->n + ring; k++) {
        if (k) NWC__TRY(nwc__json_raw(&to->text, ","));
        NWC__TRY(put_place(to, &paths->places[path->first + (k < path->n ? k : 0)], with_heights));
    }
    return nwc__json_raw(&to->text, "]");
}

static nwc_status put_type(nwc_geojson *to, const char *type, bool several)
{
    NWC__TRY(nwc__json_raw(&to->text, several ? "{\"type\":\"Multi" : "{\"type\":\""));
    NWC__TRY(nwc__json_raw(&to->text, type));
    return nwc__json_raw(&to->text, "\",\"coordinates\":");
}

static nwc_status put_points(nwc_geojson *to, const nwc_feature *feature)
{
    const bool several = feature->n_points > 1;
    bool with_heights = feature->height_m != NULL;
    for (int64_t k = 0; with_heights && k < feature->n_points; k++) with_heights = !isnan(feature->height_m[k]);
    NWC__TRY(put_type(to, "Point", several));
    if (several) NWC__TRY(nwc__json_raw(&to->text, "["));
    for (int64_t k = 0; k < feature->n_points; k++) {
        struct nwc__place place = {feature->longitude_deg[k], feature->latitude_deg[k],
                                   with_heights ? feature->height_m[k] : 0.0};
        if (fabs(place.longitude) > 180.0) place.longitude = remainder(place.longitude, 360.0);
        if (k) NWC__TRY(nwc__json_raw(&to->text, ","));
        NWC__TRY(put_place(to, &place, with_heights));
    }
    return nwc__json_raw(&to->text, several ? "]}" : "}");
}

static nwc_status put_lines(nwc_geojson *to, const struct nwc__paths *lines)
{
    const bool several = lines->n_paths > 1, with_heights = has_heights(lines);
    NWC__TRY(put_type(to, "LineString", several));
    if (several) NWC__TRY(nwc__json_raw(&to->text, "["));
    for (int64_t p = 0; p < lines->n_paths; p++) {
        if (p) NWC__TRY(nwc__json_raw(&to->text, ","));
        NWC__TRY(put_path(to, lines, p, false, with_heights));
    }
    return nwc__json_raw(&to->text, several ? "]}" : "}");
}

static nwc_status put_areas(nwc_geojson *to, const struct nwc__paths *rings)
{
    int64_t areas = 0;
    for (int64_t p = 0; p < rings->n_paths; p++) areas += !rings->paths[p].hole;
    const bool with_heights = has_heights(rings);
    NWC__TRY(put_type(to, "Polygon", areas > 1));
    if (areas > 1) NWC__TRY(nwc__json_raw(&to->text, "["));
    for (int64_t p = 0; p < rings->n_paths; p++) {
        const bool hole = rings->paths[p].hole;
        NWC__TRY(nwc__json_raw(&to->text, p == 0 ? "[" : hole ? "," : "],["));
        NWC__TRY(put_path(to, rings, p, true, with_heights));
    }
    return nwc__json_raw(&to->text, areas > 1 ? "]]}" : "]}");
}

static nwc_status put_geometry(nwc_geojson *to, const nwc_feature *feature)
{
    if (feature->shape == NWC_SHAPE_NONE) return nwc__json_raw(&to->text, "null");
    if (feature->shape == NWC_SHAPE_POINT) return put_points(to, feature);
    struct nwc__paths given = {.ctx = &to->memory}, pieces = {.ctx = &to->memory};
    const bool line = feature->shape == NWC_SHAPE_LINE;
    nwc_status status = take_parts(feature, &given);
    if (status == NWC_OK) status = line ? nwc__cut_lines(&given, &pieces) : nwc__cut_areas(&given, &pieces);
    if (status == NWC_OK) status = line ? put_lines(to, &pieces) : put_areas(to, &pieces);
    nwc__paths_release(&pieces);
    nwc__paths_release(&given);
    return status;
}

/* ---- features ---- */

static nwc_status put_value(nwc_geojson *to, const nwc_property *property)
{
    struct nwc__buffer *const text = &to->text;
    switch (property->kind) {
    case NWC_PROPERTY_INTEGER:
        return nwc__json_integer(text, property->integer);
    case NWC_PROPERTY_TEXT:
        return nwc__json_text(text, property->text);
    case NWC_PROPERTY_TIME:
        return property->integer == INT64_MIN ? nwc__json_raw(text, "null") : nwc__json_time(text, property->integer);
    case NWC_PROPERTY_FLAG:
        return nwc__json_raw(text, property->integer ? "true" : "false");
    default:
        return nwc__json_number(text, property->number, property->digits);
    }
}

static nwc_status put_feature(nwc_geojson *to, const nwc_feature *feature)
{
    NWC__TRY(check_feature(feature));
    NWC__TRY(nwc__json_raw(&to->text, to->n_features ? ",\n{\"type\":\"Feature\"," : "\n{\"type\":\"Feature\","));
    if (feature->id) {
        NWC__TRY(nwc__json_raw(&to->text, "\"id\":"));
        NWC__TRY(nwc__json_text(&to->text, feature->id));
        NWC__TRY(nwc__json_raw(&to->text, ","));
    }
    NWC__TRY(nwc__json_raw(&to->text, "\"geometry\":"));
    NWC__TRY(put_geometry(to, feature));
    NWC__TRY(nwc__json_raw(&to->text, ",\"properties\":{"));
    for (int32_t p = 0; p < feature->n_properties; p++) {
        if (p) NWC__TRY(nwc__json_raw(&to->text, ","));
        NWC__TRY(nwc__json_text(&to->text, feature->properties[p].name));
        NWC__TRY(nwc__json_raw(&to->text, ":"));
        NWC__TRY(put_value(to, &feature->properties[p]));
    }
    to->n_features++;
    return nwc__json_raw(&to->text, "}}");
}

nwc_status nwc_geojson_add(nwc_geojson *geojson, const nwc_feature *features, int64_t n)
{
    if (!geojson || (!features && n != 0) || n < 0)
        return nwc__fail(NWC_ERR_ARG, "geojson, features: a collection and 0 or more features expected, %lld given",
                         (long long)n);
    struct nwc__buffer *const text = &geojson->text;
    const int64_t n_before = geojson->n_features, ending = (int64_t)sizeof tail, end = text->size - ending;
    text->size = end;
    nwc_status status = NWC_OK;
    for (int64_t f = 0; f < n && status == NWC_OK; f++) {
        char number[32];
        status = put_feature(geojson, &features[f]);
        snprintf(number, sizeof number, "feature %lld", (long long)f);
        if (status == NWC_ERR_ARG) nwc__fail_within(status, number);
    }
    uint8_t *at;
    if (status == NWC_OK) status = nwc__buffer_extend(text, ending, &at);
    if (status != NWC_OK) {
        text->size = end + ending; /* there was room for it before */
        geojson->n_features = n_before;
    }
    memcpy(text->data + text->size - ending, tail, sizeof tail);
    return status;
}

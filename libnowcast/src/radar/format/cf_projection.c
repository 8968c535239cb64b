/*
 * Grid mappings of the CF conventions (1.11, appendix F) as PROJ strings, and back, by one table. Where a file also
 * carries a PROJ string (proj_string, proj4_params, proj4), that is taken: it is exact.
 */
#include "radar/format/cf_projection.h"

#include <stdio.h>
#include <stdlib.h>

/* An attribute and the PROJ keys it stands for; a second key is that of the second number. */
struct parameter {
    const char *attribute, *key, *second;
};

#define ORIGIN                                                                                                         \
    {                                                                                                                  \
        "latitude_of_projection_origin", "lat_0", NULL                                                                 \
    }
#define FALSE_ORIGIN                                                                                                   \
    {"false_easting", "x_0", NULL},                                                                                    \
    {                                                                                                                  \
        "false_northing", "y_0", NULL                                                                                  \
    }

/* The first row of a PROJ name is the one written; rows after it are other names that are read. */
static const struct projection {
    const char *cf, *proj;
    struct parameter parameter[7];
} projections[] = {
    {"latitude_longitude", "longlat", {{NULL, NULL, NULL}}},
    {"albers_conical_equal_area",
     "aea",
     {{"standard_parallel", "lat_1", "lat_2"}, ORIGIN, {"longitude_of_central_meridian", "lon_0", NULL}, FALSE_ORIGIN}},
    {"lambert_azimuthal_equal_area", "laea", {ORIGIN, {"longitude_of_projection_origin", "lon_0", NULL}, FALSE_ORIGIN}},
    {"lambert_conformal_conic",
     "lcc",
     {{"standard_parallel", "lat_1", "lat_2"}, ORIGIN, {"longitude_of_central_meridian", "lon_0", NULL}, FALSE_ORIGIN}},
    {"polar_stereographic",
     "stere",
     {ORIGIN,
      {"straight_vertical_longitude_from_pole", "lon_0", NULL},
      {"standard_parallel", "lat_ts", NULL},
      {"scale_factor_at_projection_origin", "k_0", NULL},
      FALSE_ORIGIN}},
    {"stereographic",
     "stere",
     {ORIGIN,
      {"longitude_of_projection_origin", "lon_0", NULL},
      {"scale_factor_at_projection_origin", "k_0", NULL},
      FALSE_ORIGIN}},
    {"transverse_mercator",
     "tmerc",
     {ORIGIN,
      {"longitude_of_central_meridian", "lon_0", NULL},
      {"scale_factor_at_central_meridian", "k_0", NULL},
      FALSE_ORIGIN}},
    {"mercator",
     "merc",
     {{"longitude_of_projection_origin", "lon_0", NULL},
      {"standard_parallel", "lat_ts", NULL},
      {"scale_factor_at_projection_origin", "k_0", NULL},
      FALSE_ORIGIN}},
    {"azimuthal_equidistant", "aeqd", {ORIGIN, {"longitude_of_projection_origin", "lon_0", NULL}, FALSE_ORIGIN}},
    {"geostationary",
     "geos",
     {{"longitude_of_projection_origin", "lon_0", NULL}, {"perspective_point_height", "h", NULL}, FALSE_ORIGIN}},
    {"lambert_cylindrical_equal_area",
     "cea",
     {{"longitude_of_central_meridian", "lon_0", NULL}, {"standard_parallel", "lat_ts", NULL}, FALSE_ORIGIN}},
};
static const size_t n_projections = sizeof projections / sizeof projections[0];

/* Ellipsoids that PROJ strings name, as CF writes them: semi-major axis, inverse flattening. */
static const struct ellipsoid {
    const char *name;
    double a, inverse_flattening;
} ellipsoids[] = {
    {"WGS84", 6378137.0, 298.257223563}, {"GRS80", 6378137.0, 298.257222101},  {"airy", 6377563.396, 299.3249646},
    {"intl", 6378388.0, 297.0},          {"bessel", 6377397.155, 299.1528128}, {"sphere", 6370997.0, 0.0},
};

/* Attributes of the figure of the Earth. */
static const char *const figure[] = {"earth_radius", "semi_major_axis", "semi_minor_axis", "inverse_flattening"};

static void append(char proj[NWC__TEXT], const char *key, double value)
{
    const size_t used = strlen(proj);
    snprintf(proj + used, NWC__TEXT - used, " +%s=%.15g", key, value);
}

static const struct nwc__cf_number *number_of(const struct nwc__cf_mapping *mapping, const char *name)
{
    for (int n = 0; n < mapping->n; n++)
        if (strcmp(mapping->number[n].name, name) == 0) return &mapping->number[n];
    return NULL;
}

static double first_of(const struct nwc__cf_mapping *mapping, const char *name, double otherwise)
{
    const struct nwc__cf_number *const number = number_of(mapping, name);
    return number ? number->value[0] : otherwise;
}

/* The figure of the Earth: axes as given, else WGS84. */
static void append_figure(const struct nwc__cf_mapping *mapping, char proj[NWC__TEXT])
{
    const double radius = first_of(mapping, figure[0], NAN), a = first_of(mapping, figure[1], radius);
    const double b = first_of(mapping, figure[2], NAN), flattening = first_of(mapping, figure[3], NAN);
    if (isnan(a)) {
        strncat(proj, " +ellps=WGS84", NWC__TEXT - strlen(proj) - 1);
        return;
    }
    append(proj, flattening > 0.0 || !isnan(b) ? "a" : "R", a);
    if (flattening > 0.0)
        append(proj, "rf", flattening);
    else if (!isnan(b))
        append(proj, "b", b);
}

/* The axis about which a satellite's instrument sweeps, said outright or by the other one; PROJ's own choice is y. */
static void append_sweep(const nwc__node *mapping, char proj[NWC__TEXT])
{
    const char *const sweep = nwc__node_text(mapping, "sweep_angle_axis");
    const char *const fixed = nwc__node_text(mapping, "fixed_angle_axis");
    const bool about_x = strcmp(sweep, "x") == 0 || (!sweep[0] && strcmp(fixed, "y") == 0);
    strncat(proj, about_x ? " +sweep=x" : " +sweep=y", NWC__TEXT - strlen(proj) - 1);
}

static const struct projection *projection_named(const char *cf)
{
    for (size_t p = 0; p < n_projections; p++)
        if (strcmp(projections[p].cf, cf) == 0) return &projections[p];
    return NULL;
}

static void add(struct nwc__cf_mapping *mapping, const char *name, double first, double second)
{
    if (isnan(first) || mapping->n == NWC__CF_MOST) return;
    mapping->number[mapping->n++] = (struct nwc__cf_number){name, {first, second}, isnan(second) ? 1 : 2};
}

/* Take a number of a grid mapping variable, if it has it. */
static void take(const nwc__node *node, const char *name, struct nwc__cf_mapping *mapping)
{
    const nwc__attribute *const given = node ? nwc__node_own(node, name) : NULL;
    if (given && !given->text) add(mapping, name, given->number, given->second);
}

nwc_status nwc__cf_mapping_to_proj(const struct nwc__cf_mapping *mapping, char proj[NWC__TEXT])
{
    const struct projection *const projection = projection_named(mapping->name);
    if (!projection)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "grid_mapping_name \"%s\" is not one this library knows", mapping->name);
    snprintf(proj, NWC__TEXT, "+proj=%s", projection->proj);
    for (const struct parameter *p = projection->parameter; p->attribute; p++) {
        const struct nwc__cf_number *const number = number_of(mapping, p->attribute);
        if (!number) continue;
        append(proj, p->key, number->value[0]);
        if (p->second && number->n == 2) append(proj, p->second, number->value[1]);
    }
    append_figure(mapping, proj);
    return NWC_OK;
}

nwc_status nwc__cf_to_proj(const nwc__node *node, char proj[NWC__TEXT])
{
    static const char *const exact[] = {"proj_string", "proj4_params", "proj4"};
    for (size_t e = 0; node && e < sizeof exact / sizeof exact[0]; e++) {
        const char *const text = nwc__node_text(node, exact[e]);
        if (!text[0]) continue;
        if (strlen(text) >= NWC__TEXT)
            return nwc__fail(NWC_ERR_FORMAT, "%s: %s is longer than %d characters", node->name, exact[e], NWC__TEXT);
        strcpy(proj, text);
        return NWC_OK;
    }
    struct nwc__cf_mapping mapping = {.name = node ? nwc__node_text(node, "grid_mapping_name") : "latitude_longitude"};
    const struct projection *const projection = projection_named(mapping.name);
    for (const struct parameter *p = projection ? projection->parameter : NULL; p && p->attribute; p++)
        take(node, p->attribute, &mapping);
    for (size_t f = 0; f < sizeof figure / sizeof figure[0]; f++) take(node, figure[f], &mapping);
    const nwc_status status = nwc__cf_mapping_to_proj(&mapping, proj);
    if (status != NWC_OK) return nwc__fail_within(status, node ? node->name : "grid mapping");
    if (strcmp(projection->proj, "geos") == 0) append_sweep(node, proj);
    return NWC_OK;
}

/* The value of +key=value in a PROJ string: where it begins and how long it is; NULL when there is none. */
static const char *value_of(const char *proj, const char *key, size_t *length)
{
    const size_t n = strlen(key);
    for (const char *at = proj; (at = strchr(at, '+')); at++)
        if (strncmp(at + 1, key, n) == 0 && at[n + 1] == '=') {
            *length = strcspn(at + n + 2, " ");
            return at + n + 2;
        }
    return NULL;
}

static double number_in(const char *proj, const char *key)
{
    size_t length;
    const char *const value = value_of(proj, key, &length);
    return value ? strtod(value, NULL) : (double)NAN;
}

static bool text_in(const char *proj, const char *key, const char *expected)
{
    size_t length;
    const char *const value = value_of(proj, key, &length);
    return value && length == strlen(expected) && strncmp(value, expected, length) == 0;
}

/* The figure of the Earth; false for one this table lacks. Without any PROJ takes GRS80. */
static bool add_figure(const char *proj, struct nwc__cf_mapping *mapping)
{
    const double radius = number_in(proj, "R");
    const double a = number_in(proj, "a"), b = number_in(proj, "b"), rf = number_in(proj, "rf");
    size_t length;
    if (!isnan(radius)) {
        add(mapping, "earth_radius", radius, NAN);
    } else if (!isnan(a)) {
        add(mapping, "semi_major_axis", a, NAN);
        add(mapping, isnan(rf) ? "semi_minor_axis" : "inverse_flattening", isnan(rf) ? isnan(b) ? a : b : rf, NAN);
    } else {
        const bool none = !value_of(proj, "ellps", &length) && !value_of(proj, "datum", &length);
        const struct ellipsoid *named = NULL;
        for (size_t e = 0; !named && e < sizeof ellipsoids / sizeof ellipsoids[0]; e++)
            if (text_in(proj, "ellps", ellipsoids[e].name) || text_in(proj, "datum", ellipsoids[e].name) ||
                (none && strcmp(ellipsoids[e].name, "GRS80") == 0))
                named = &ellipsoids[e];
        if (!named) return false;
        add(mapping, "semi_major_axis", named->a, NAN);
        add(mapping, "inverse_flattening", named->inverse_flattening, NAN);
    }
    return true;
}

void nwc__cf_from_proj(const char *proj, struct nwc__cf_mapping *mapping)
{
    *mapping = (struct nwc__cf_mapping){.name = NULL};
    const bool polar = fabs(fabs(number_in(proj, "lat_0")) - 90.0) < 1e-9;
    const struct projection *projection = NULL;
    for (size_t p = 0; !projection && p < n_projections; p++)
        if (text_in(proj, "proj", projections[p].proj) &&
            (strcmp(projections[p].proj, "stere") != 0 || polar == (strcmp(projections[p].cf, "stereographic") != 0)))
            projection = &projections[p];
    if (!projection) return;
    /* Of a satellite's view CF wants angles, where this library has metres. */
    if (strcmp(projection->proj, "geos") == 0) return;
    /* What changes the plane and has no CF attribute: the PROJ string alone then says it right. */
    size_t length;
    static const char *const beyond[] = {"to_meter", "towgs84", "nadgrids", "axis", "pm", "alpha", "gamma"};
    for (size_t k = 0; k < sizeof beyond / sizeof beyond[0]; k++)
        if (value_of(proj, beyond[k], &length)) return;
    if (value_of(proj, "units", &length) && !text_in(proj, "units", "m")) return;
    if (!add_figure(proj, mapping)) return;
    mapping->name = projection->cf;
    for (const struct parameter *p = projection->parameter; p->attribute; p++) {
        double first = number_in(proj, p->key);
        if (isnan(first) && strcmp(p->key, "k_0") == 0) first = number_in(proj, "k");
        add(mapping, p->attribute, first, p->second ? number_in(proj, p->second) : (double)NAN);
    }
}

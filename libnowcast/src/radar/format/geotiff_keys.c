/*
 * Projections of GeoTIFF files as PROJ strings: those with a number of EPSG by PROJ's own tables, those written out in keys by
 * way of the grid mappings of CF.
 */
#include "radar/format/cf_projection.h"
#include "radar/format/geotiff.h"

#include <stdio.h>

enum { MODEL = 1024, GEOGRAPHIC = 2048, ANGLES = 2054, PROJECTED = 3072, TRANSFORMATION = 3075, LENGTHS = 3076 };
enum { DEGREE = 9102, METRE = 9001, WGS84 = 4326, POLAR = 15, CONIC = 8, CONIC_OF_ONE = 9 };

/* Geographic systems on the ellipsoid GRS 80: NAD83, ETRS89, GRS 1980 itself, GDA94, NZGD2000, JGD2000. */
static const int on_grs80[] = {4269, 4258, 4019, 4283, 4167, 4612};

const nwc__geotiff_transformation nwc__geotiff_transformations[NWC__GEOTIFF_TRANSFORMATIONS] = {
    {"lambert_conformal_conic",
     8,
     {{"standard_parallel", 3078, 3079},
      {"latitude_of_projection_origin", 3085, 0},
      {"longitude_of_central_meridian", 3084, 0},
      {"false_easting", 3086, 0},
      {"false_northing", 3087, 0}}},
    {"albers_conical_equal_area",
     11,
     {{"standard_parallel", 3078, 3079},
      {"latitude_of_projection_origin", 3081, 0},
      {"longitude_of_central_meridian", 3080, 0},
      {"false_easting", 3082, 0},
      {"false_northing", 3083, 0}}},
    {"lambert_azimuthal_equal_area",
     10,
     {{"latitude_of_projection_origin", 3089, 0},
      {"longitude_of_projection_origin", 3088, 0},
      {"false_easting", 3082, 0},
      {"false_northing", 3083, 0}}},
    {"azimuthal_equidistant",
     12,
     {{"latitude_of_projection_origin", 3089, 0},
      {"longitude_of_projection_origin", 3088, 0},
      {"false_easting", 3082, 0},
      {"false_northing", 3083, 0}}},
    {"polar_stereographic",
     15,
     {{"straight_vertical_longitude_from_pole", 3095, 0},
      {"standard_parallel", 3081, 0},
      {"scale_factor_at_projection_origin", 3092, 0},
      {"false_easting", 3082, 0},
      {"false_northing", 3083, 0}}},
    {"transverse_mercator",
     1,
     {{"latitude_of_projection_origin", 3081, 0},
      {"longitude_of_central_meridian", 3080, 0},
      {"scale_factor_at_central_meridian", 3092, 0},
      {"false_easting", 3082, 0},
      {"false_northing", 3083, 0}}},
    {"mercator",
     7,
     {{"longitude_of_projection_origin", 3080, 0},
      {"standard_parallel", 3078, 0},
      {"scale_factor_at_projection_origin", 3092, 0},
      {"false_easting", 3082, 0},
      {"false_northing", 3083, 0}}},
};

static void add(struct nwc__cf_mapping *mapping, const char *name, double first, double second)
{
    if (isnan(first) || mapping->n == NWC__CF_MOST) return;
    mapping->number[mapping->n++] = (struct nwc__cf_number){name, {first, second}, isnan(second) ? 1 : 2};
}

/* The figure of the Earth of a system that is written out, or of a geographic one that is well known. */
static nwc_status add_figure(nwc__geotiff_key_fn *key, const void *file, struct nwc__cf_mapping *mapping)
{
    const double system = key(file, GEOGRAPHIC), a = key(file, 2057), b = key(file, 2058), rf = key(file, 2059);
    if (!isnan(a)) {
        add(mapping, "semi_major_axis", a, NAN);
        add(mapping, "inverse_flattening", rf, NAN);
        if (isnan(rf)) add(mapping, "semi_minor_axis", isnan(b) ? a : b, NAN);
        return NWC_OK;
    }
    for (size_t k = 0; k < sizeof on_grs80 / sizeof on_grs80[0]; k++)
        if (system == on_grs80[k]) {
            add(mapping, "semi_major_axis", 6378137.0, NAN);
            add(mapping, "inverse_flattening", 298.257222101, NAN);
            return NWC_OK;
        }
    if (isnan(system) || system == WGS84 || system == NWC__GEOTIFF_USER_DEFINED) return NWC_OK; /* WGS 84 */
    return nwc__fail(NWC_ERR_UNSUPPORTED, "key %d: a projection written out on the system %.0f", GEOGRAPHIC, system);
}

/* Keys of the origin that are those of another transformation. */
static void add_origin(nwc__geotiff_key_fn *key, const void *file, double number, struct nwc__cf_mapping *mapping)
{
    if (number == POLAR) add(mapping, "latitude_of_projection_origin", key(file, 3081) < 0.0 ? -90.0 : 90.0, NAN);
    if (number != CONIC_OF_ONE) return;
    add(mapping, "standard_parallel", key(file, 3081), NAN);
    add(mapping, "latitude_of_projection_origin", key(file, 3081), NAN);
    add(mapping, "longitude_of_central_meridian", key(file, 3080), NAN);
    add(mapping, "false_easting", key(file, 3082), NAN);
    add(mapping, "false_northing", key(file, 3083), NAN);
}

static nwc_status written_out(nwc__geotiff_key_fn *key, const void *file, char proj[NWC__TEXT])
{
    struct nwc__cf_mapping mapping = {.name = NULL};
    const double number = key(file, TRANSFORMATION), unit = key(file, LENGTHS), scale = key(file, 3092);
    if (!isnan(unit) && unit != METRE)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "key %d: metres (%d) expected, %.0f found", LENGTHS, METRE, unit);
    if (number == CONIC_OF_ONE && !isnan(scale) && scale != 1.0)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "key 3092: a conic of one parallel of scale 1 expected, %g found", scale);
    for (int t = 0; t < NWC__GEOTIFF_TRANSFORMATIONS; t++) {
        const nwc__geotiff_transformation *const known = &nwc__geotiff_transformations[t];
        if (number != known->number && !(number == CONIC_OF_ONE && known->number == CONIC)) continue;
        mapping.name = known->cf;
        for (int k = 0; k < 6 && number != CONIC_OF_ONE && known->key[k].attribute; k++)
            add(&mapping, known->key[k].attribute, key(file, known->key[k].key),
                known->key[k].second ? key(file, known->key[k].second) : (double)NAN);
    }
    if (!mapping.name)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "key %d: a projection this library knows expected, %.0f found",
                         TRANSFORMATION, number);
    add_origin(key, file, number, &mapping);
    NWC__TRY(add_figure(key, file, &mapping));
    return nwc__cf_mapping_to_proj(&mapping, proj);
}

/* A number of EPSG; keys of damaged files may be any numbers. */
static nwc_status by_number(double number, char proj[NWC__TEXT])
{
    if (!(number >= 1.0 && number < 1e6))
        return nwc__fail(NWC_ERR_FORMAT, "a number of EPSG expected, %g found", number);
    return nwc__epsg_to_proj((int32_t)number, proj, NWC__TEXT);
}

nwc_status nwc__geotiff_to_proj(nwc__geotiff_key_fn *key, const void *file, char proj[NWC__TEXT])
{
    struct nwc__cf_mapping mapping = {.name = "latitude_longitude"};
    const double model = key(file, MODEL), system = key(file, GEOGRAPHIC), projected = key(file, PROJECTED);
    if (model == 1.0 && projected == NWC__GEOTIFF_USER_DEFINED) return written_out(key, file, proj);
    if (model == 1.0) return by_number(projected, proj);
    if (model != 2.0)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "key %d: projected (1) or geographic (2) coordinates expected, %g found",
                         MODEL, model);
    if (!isnan(key(file, ANGLES)) && key(file, ANGLES) != DEGREE)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "key %d: degrees (%d) expected, %.0f found", ANGLES, DEGREE,
                         key(file, ANGLES));
    const nwc_status status = add_figure(key, file, &mapping);
    if (status == NWC_ERR_UNSUPPORTED) return by_number(system, proj);
    NWC__TRY(status);
    return nwc__cf_mapping_to_proj(&mapping, proj);
}

/* What both generations of CfRadial share. Sources: Dixon and Lee (2016), CfRadial 1.4; CF conventions. */
#include "radar/format/cfradial.h"

#define LIGHT_M_S 299792458.0

/* ---- variables ---- */

const nwc__node *nwc__cf_list(const nwc__node *group, const char *name, int64_t n)
{
    const nwc__node *const node = nwc__node_find(group, name);
    return node && node->values && node->ndim == 1 && node->dim[0] == n ? node : NULL;
}

double nwc__cf_number(const nwc__node *group, const char *name)
{
    const nwc__node *const node = nwc__node_find(group, name);
    if (!node || !node->values) return NAN;
    const double value = node->values[0];
    return value == nwc__node_number(node, "_FillValue", NAN) ? NAN : value;
}

void nwc__cf_word(const nwc__node *node, int64_t index, char *text, size_t size)
{
    size_t n = 0;
    if (node && node->cells && node->type == NWC__CELL_TEXT && (node->ndim == 1 || node->ndim == 2)) {
        const int64_t length = node->dim[node->ndim - 1], count = node->ndim == 2 ? node->dim[0] : 1;
        const uint8_t *const row = node->cells + (index < count ? index * length : 0);
        while (index < count && n + 1 < size && (int64_t)n < length && row[n] > ' ') {
            text[n] = (char)(row[n] >= 'A' && row[n] <= 'Z' ? row[n] + 32 : row[n]);
            n++;
        }
    }
    text[n] = '\0';
}

/* ---- rays ---- */

int32_t nwc__cf_mode(const char *mode)
{
    if (strcmp(mode, "rhi") == 0 || strcmp(mode, "manual_rhi") == 0) return NWC_SWEEP_RHI;
    if (strcmp(mode, "sector") == 0) return NWC_SWEEP_SECTOR;
    if (strcmp(mode, "vertical_pointing") == 0) return NWC_SWEEP_VERTICAL_POINTING;
    if (strcmp(mode, "pointing") == 0 || strcmp(mode, "manual_ppi") == 0 || strcmp(mode, "coplane") == 0)
        return NWC_SWEEP_MANUAL;
    return NWC_SWEEP_SURVEILLANCE;
}

/* A list with an item for each of n rays, or a number that is that of all of them. */
static const nwc__node *each_or_all(const nwc__node *group, const char *name, int64_t n)
{
    const nwc__node *const node = nwc__node_find(group, name);
    return node && node->values && (node->ndim == 0 || (node->ndim == 1 && (node->dim[0] == n || node->dim[0] == 1)))
               ? node
               : NULL;
}

nwc_status nwc__cf_find_rays(const nwc__node *group, const nwc__node *azimuth, struct nwc__cf_rays *rays)
{
    const int64_t n = azimuth->dim[0];
    *rays = (struct nwc__cf_rays){.n = n,
                                  .azimuth = azimuth,
                                  .time = nwc__cf_list(group, "time", n),
                                  .elevation = nwc__cf_list(group, "elevation", n),
                                  .nyquist = each_or_all(group, "nyquist_velocity", n),
                                  .unambiguous = each_or_all(group, "unambiguous_range", n),
                                  .period = each_or_all(group, "prt", n),
                                  .transition = nwc__cf_list(group, "antenna_transition", n)};
    if (!rays->time || !rays->elevation)
        return nwc__fail(NWC_ERR_FORMAT, "time, elevation: one for each of %lld rays expected", (long long)n);
    return NWC_OK;
}

bool nwc__cf_in_transition(const struct nwc__cf_rays *rays, int64_t row)
{
    return rays->transition && rays->transition->values[row] == 1.0;
}

/* What a list says of a ray, if it can be: above 0 and below most; else NaN. */
static float limit(const nwc__node *node, int64_t row, double factor, double most)
{
    if (!node) return NAN;
    const double value = node->values[node->ndim == 1 && node->dim[0] > 1 ? row : 0] * factor;
    return value > 0.0 && value < most ? (float)value : NAN;
}

nwc_status nwc__cf_read_ray(const struct nwc__cf_rays *rays, nwc__sweep *sweep, int64_t r, int64_t row)
{
    if (!nwc__cf_time(rays->time, row, &sweep->time_ns[r]))
        return nwc__fail(NWC_ERR_FORMAT, "time: a time since a date expected in ray %lld", (long long)row);
    const double azimuth = rays->azimuth->values[row], turned = azimuth - 360.0 * floor(azimuth / 360.0);
    if (!(fabs(azimuth) <= 720.0 && fabs(rays->elevation->values[row]) <= 360.0))
        return nwc__fail(NWC_ERR_FORMAT, "azimuth, elevation: degrees expected in ray %lld, %g and %g found",
                         (long long)row, azimuth, rays->elevation->values[row]);
    sweep->azimuth_deg[r] = (float)turned < 360.0f ? (float)turned : 0.0f;
    sweep->elevation_deg[r] = (float)rays->elevation->values[row];
    sweep->nyquist_m_s[r] = limit(rays->nyquist, row, 1.0, 1000.0);
    sweep->unambiguous_range_m[r] = limit(rays->unambiguous, row, 1.0, 1e7);
    if (!rays->unambiguous) sweep->unambiguous_range_m[r] = limit(rays->period, row, 0.5 * LIGHT_M_S, 1e7);
    return NWC_OK;
}

/* ---- gates ---- */

nwc_status nwc__cf_gates(const nwc__node *range, int64_t s, double *first_m, double *spacing_m)
{
    const int64_t n = range->dim[range->ndim - 1], at = range->ndim == 2 ? s * n : 0;
    const double unit = strncmp(nwc__node_text(range, "units"), "km", 2) == 0 ? 1000.0 : 1.0;
    *first_m = unit * nwc__node_value(range, at);
    *spacing_m = n > 1 ? (unit * nwc__node_value(range, at + n - 1) - *first_m) / (double)(n - 1)
                       : nwc__node_number(range, "meters_between_gates", 1000.0);
    for (int64_t g = 0; g < n; g++) {
        const double here = unit * nwc__node_value(range, at + g), belongs = *first_m + *spacing_m * (double)g;
        if (!(fabs(here - belongs) <= 0.1 * fabs(*spacing_m)))
            return nwc__fail(NWC_ERR_UNSUPPORTED, "range: equal steps expected, %g m found where %g m belongs", here,
                             belongs);
    }
    return NWC_OK;
}

/* ---- fields ---- */

const char *nwc__cf_moment_name(const nwc__node *field)
{
    static const char *const standard[][2] = {
        {"equivalent_reflectivity_factor", "DBZH"},
        {"equivalent_reflectivity_factor_h", "DBZH"},
        {"radial_velocity_of_scatterers_away_from_instrument", "VRADH"},
        {"corrected_radial_velocity_of_scatterers_away_from_instrument", "VRADDH"},
        {"doppler_spectrum_width", "WRADH"},
        {"log_differential_reflectivity_hv", "ZDR"},
        {"cross_correlation_ratio_hv", "RHOHV"},
        {"differential_phase_hv", "PHIDP"},
        {"specific_differential_phase_hv", "KDP"},
        {"signal_to_noise_ratio", "SNRH"},
        {"normalized_coherent_power", "SQIH"},
    };
    static const char *const usual[][2] = {
        {"DBZ", "DBZH"},       {"REF", "DBZH"},
        {"DBZHC", "DBZHC"},    {"reflectivity", "DBZH"},
        {"DBT", "DBTH"},       {"TH", "DBTH"},
        {"VEL", "VRADH"},      {"VR", "VRADDH"},
        {"velocity", "VRADH"}, {"V", "VRADH"},
        {"VRAD", "VRADH"},     {"SW", "WRADH"},
        {"WIDTH", "WRADH"},    {"spectrum_width", "WRADH"},
        {"RHO", "RHOHV"},      {"PHI", "PHIDP"},
        {"SNR", "SNRH"},       {"SNRHC", "SNRH"},
        {"NCP", "SQIH"},       {"SQI", "SQIH"},
    };
    const char *const said = nwc__node_text(field, "standard_name");
    for (size_t k = 0; k < sizeof standard / sizeof standard[0]; k++)
        if (strcmp(said, standard[k][0]) == 0) return standard[k][1];
    for (size_t k = 0; k < sizeof usual / sizeof usual[0]; k++)
        if (strcmp(field->name, usual[k][0]) == 0) return usual[k][1];
    const nwc__moment_kind *const kind = nwc__moment_named(field->name);
    return kind ? kind->name : NULL;
}

struct nwc__packing nwc__cf_packing(const nwc__node *field)
{
    const bool real = field->cells && (field->type == NWC__CELL_F32 || field->type == NWC__CELL_F64);
    const double never_written = real ? 0x1.ep+122 : (double)NAN; /* netCDF's own, where a file names none */
    const double wrap = nwc__node_wrap(field);
    return (struct nwc__packing){.scale = nwc__node_number(field, "scale_factor", 1.0),
                                 .offset = nwc__node_number(field, "add_offset", 0.0),
                                 .wrap = wrap,
                                 .unknown = {nwc__unwrapped(nwc__node_number(field, "_FillValue", never_written), wrap),
                                             nwc__unwrapped(nwc__node_number(field, "missing_value", NAN), wrap)},
                                 .undetect = NAN};
}

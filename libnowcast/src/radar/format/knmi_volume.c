/*
 * Volumes of the KNMI in its own HDF5 (KNMI HDF5 data format specification 3.5 and 3.6): groups radar1 and scanN, each with arrays
 * scan_<quantity>_data and a calibration for each of them. Ranges are in kilometres; rows begin at north and gates at the
 * antenna. No real file was met: such volumes are marked experimental.
 */
#include "radar/format/tree.h"
#include "radar/volume.h"

#include <stdio.h>

enum { MOST_SCANS = NWC__MOST_SWEEPS, MOST_NAME = 32 };

#define LIGHT_M_S 299792458.0

struct scan {
    const nwc__node *node, *calibration;
    nwc__sweep *sweep;
    int64_t n_rays, first_row;
    bool backwards;
    double spacing_m, missing;
};

struct moment {
    const struct scan *scan;
    const nwc__node *array;
    nwc__moment *moment;
    double gain, offset;
};

/* The FM 301 name of what the KNMI calls a quantity; NULL for none. */
static const char *name_of(const char *quantity)
{
    static const char *const names[][2] = {
        {"Z", "DBZH"},    {"uZ", "DBTH"},     {"Zv", "DBZV"},    {"uZv", "DBTV"},    {"V", "VRADH"},
        {"Vv", "VRADV"},  {"W", "WRADH"},     {"Wv", "WRADV"},   {"Zdr", "ZDR"},     {"ZDR", "ZDR"},
        {"Rho", "RHOHV"}, {"RhoHV", "RHOHV"}, {"KDP", "KDP"},    {"PhiDP", "PHIDP"}, {"SQI", "SQIH"},
        {"SQIv", "SQIV"}, {"CPA", "CPA"},     {"CCOR", "CCORH"}, {"CCORv", "CCORV"},
    };
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
        if (strcmp(quantity, names[k][0]) == 0) return names[k][1];
    return NULL;
}

/* Z of "scan_Z_data"; false for another name. */
static bool quantity_of(const char *name, char quantity[MOST_NAME])
{
    static const char start[] = "scan_", end[] = "_data";
    const size_t size = strlen(name), around = sizeof start - 1 + sizeof end - 1;
    if (size <= around || size - around >= MOST_NAME || strncmp(name, start, sizeof start - 1) != 0 ||
        strcmp(name + size - (sizeof end - 1), end) != 0)
        return false;
    memcpy(quantity, name + sizeof start - 1, size - around);
    quantity[size - around] = '\0';
    return true;
}

static bool calibration_of(const struct scan *scan, const char *quantity, double *gain, double *offset)
{
    char name[64];
    snprintf(name, sizeof name, "calibration_%s_formulas", quantity);
    return nwc__knmi_calibration(nwc__node_text(scan->calibration, name), gain, offset);
}

static int64_t row_of(const struct scan *scan, int64_t r)
{
    return (scan->first_row + (scan->backwards ? scan->n_rays - r : r)) % scan->n_rays;
}

/* Ray number tile of a moment. */
static nwc_status decode_ray(int64_t tile, void *user)
{
    const struct moment *const job = user;
    const int64_t n = job->moment->n_gates, at = row_of(job->scan, tile) * n;
    float *const cells = job->moment->cells + tile * n;
    for (int64_t g = 0; g < n; g++) {
        const double code = nwc__node_value(job->array, at + g);
        cells[g] = code == job->scan->missing ? NAN : (float)(job->gain * code + job->offset);
    }
    return NWC_OK;
}

static bool is_plane(const nwc__node *node)
{
    return node->ndim == 2 && nwc__node_has_cells(node) && !(node->cells && node->type == NWC__CELL_TEXT);
}

static nwc_status add_moment(nwc_ctx *ctx, nwc_volume *volume, const struct scan *scan, const nwc__node *array,
                             const char *quantity)
{
    const char *const name = name_of(quantity);
    struct moment job = {.scan = scan, .array = array};
    if (nwc__sweep_find(scan->sweep, name ? name : quantity)) return NWC_OK;
    if (array->dim[0] != scan->n_rays)
        return nwc__fail(NWC_ERR_FORMAT, "%s/%s: %lld rays expected, %lld found", scan->node->name, array->name,
                         (long long)scan->n_rays, (long long)array->dim[0]);
    if (!calibration_of(scan, quantity, &job.gain, &job.offset))
        return nwc__fail(NWC_ERR_FORMAT, "%s/calibration: calibration_%s_formulas GEO = gain * PV + offset expected",
                         scan->node->name, quantity);
    const double center_m = 0.5 * scan->spacing_m;
    if (name)
        NWC__TRY(nwc__volume_add_moment(volume, scan->sweep, name, quantity, array->dim[1], center_m, scan->spacing_m,
                                        &job.moment));
    else
        NWC__TRY(nwc__volume_add_other(volume, scan->sweep, quantity, "1", array->dim[1], center_m, scan->spacing_m,
                                       &job.moment));
    job.moment->resolution = nwc__node_is_whole(array) ? fabs(job.gain) : 0.0;
    return nwc__for_each_tile(ctx, "decode", scan->n_rays, decode_ray, &job);
}

/* Rays from the one the scan began with, over one turn at the antenna's speed. */
static nwc_status read_rays(const struct scan *scan)
{
    nwc__sweep *const sweep = scan->sweep;
    const double speed = fabs(nwc__node_number(scan->node, "scan_antenna_velocity", NAN)); /* degrees a second */
    const double turn_s = speed > 0.1 && speed < 360.0 ? 360.0 / speed : 0.0;
    const double prf = nwc__node_number(scan->node, "scan_high_PRF", NAN);
    double gain, nyquist = NAN;
    int64_t start_ns;
    if (!nwc__knmi_time(nwc__node_text(scan->node, "scan_datetime"), &start_ns))
        return nwc__fail(NWC_ERR_FORMAT, "%s: scan_datetime DD-MON-YYYY;hh:mm:ss expected", scan->node->name);
    if (!calibration_of(scan, "V", &gain, &nyquist)) nyquist = NAN; /* the least velocity is that of code 0 */
    for (int64_t r = 0; r < scan->n_rays; r++) {
        const double share = ((double)r + 0.5) / (double)scan->n_rays;
        sweep->azimuth_deg[r] = (float)(360.0 * ((double)row_of(scan, r) + 0.5) / (double)scan->n_rays);
        sweep->elevation_deg[r] = (float)sweep->fixed_angle_deg;
        sweep->time_ns[r] = start_ns + (int64_t)(1e9 * turn_s * share);
        if (nyquist < 0.0 && nyquist > -1000.0) sweep->nyquist_m_s[r] = (float)-nyquist;
        if (prf > 1.0 && prf < 1e5) sweep->unambiguous_range_m[r] = (float)(0.5 * LIGHT_M_S / prf);
    }
    return NWC_OK;
}

static nwc_status add_scan(nwc_ctx *ctx, nwc_volume *volume, const nwc__node *node)
{
    char quantity[MOST_NAME];
    struct scan scan = {.node = node,
                        .calibration = nwc__node_find(node, "calibration"),
                        .spacing_m = 1000.0 * nwc__node_number(node, "scan_range_bin", NAN)};
    scan.missing = nwc__node_number(scan.calibration, "calibration_missing_data", 0.0);
    for (const nwc__node *array = node->first; array && !scan.n_rays; array = array->next)
        if (is_plane(array) && quantity_of(array->name, quantity)) scan.n_rays = array->dim[0];
    if (!scan.n_rays) return NWC_OK;
    const double angle = nwc__node_number(node, "scan_elevation", NAN),
                 first = nwc__node_number(node, "scan_start_azim", 0.0);
    if (!(fabs(angle) <= 180.0))
        return nwc__fail(NWC_ERR_FORMAT, "%s: scan_elevation in degrees expected, none found", node->name);
    if (first >= 0.0 && first < (double)scan.n_rays) scan.first_row = (int64_t)first;
    scan.backwards = nwc__node_number(node, "scan_antenna_velocity", 1.0) < 0.0;
    const int32_t mode = angle > 89.0 ? NWC_SWEEP_VERTICAL_POINTING : NWC_SWEEP_SURVEILLANCE;
    NWC__TRY(nwc__volume_add_sweep(volume, mode, angle, scan.n_rays, &scan.sweep));
    NWC__TRY(read_rays(&scan));
    for (const nwc__node *array = node->first; array; array = array->next)
        if (is_plane(array) && quantity_of(array->name, quantity))
            NWC__TRY(add_moment(ctx, volume, &scan, array, quantity));
    return NWC_OK;
}

static nwc_status set_facts(const nwc__node *root, nwc_volume *volume)
{
    const nwc__node *const radar = nwc__node_find(root, "radar1");
    const nwc__attribute *const place = nwc__node_own(radar, "radar_location");
    nwc_volume_facts facts;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    facts.site = facts.site_name = nwc__node_text(radar, "radar_name");
    if (place && !place->text && fabs(place->second) <= 90.0 && fabs(place->number) <= 360.0)
        facts.longitude_deg = place->number, facts.latitude_deg = place->second;
    facts.time_ns = INT64_MAX;
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        NWC__TRY(nwc_volume_sweep(volume, s, &sweep));
        facts.time_ns = sweep.time_ns[0] < facts.time_ns ? sweep.time_ns[0] : facts.time_ns;
    }
    facts.experimental = 1;
    nwc__volume_set_format(volume, "KNMI HDF5");
    return nwc__volume_set_facts(volume, &facts);
}

nwc_status nwc__knmi_volume_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume)
{
    const nwc__node *scan;
    for (int n = 1; n <= MOST_SCANS; n++) {
        char name[MOST_NAME];
        snprintf(name, sizeof name, "scan%d", n);
        if (!(scan = nwc__node_find(tree->root, name))) break;
        NWC__TRY(add_scan(ctx, volume, scan));
    }
    NWC__TRY(nwc__volume_finish(volume));
    return set_facts(tree->root, volume);
}

/*
 * ODIM_H5 polar data, model 2.0 to 2.4: volumes and sweeps that go all around (objects PVOL and SCAN) or in a sector (AZIM),
 * and those up one azimuth (ELEV). Every datasetN is a sweep, every dataM of it a moment. The attribute nearest to the data
 * wins. Sources: Michelson et al. (2008 to 2021), OPERA data information model.
 */
#include "radar/format/odim.h"
#include "radar/volume.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_NUMBERED = 1000, DAY_S = 86400 };

#define LIGHT_M_S 299792458.0
#define LAST_S 9e9       /* no time is later: it has to fit */
#define METRES_SINCE 2.4 /* the version from which on rstart is in m, before in km */
#define FAR_KM 100.0     /* no ray begins farther */
#define AROUND_DEG 359.0 /* less than this is a sector */

struct job {
    nwc_ctx *ctx;
    nwc_volume *volume;
    double version;
    bool upwards; /* sweeps go up one azimuth */
    nwc__unpacking unpacking;
    /* of the sweep at hand */
    int32_t mode;
    int64_t n_rays, first_row;
    bool backwards;
    double first_deg, width_deg; /* that azimuths go around from; all of them */
    double *room;                /* six numbers for each ray, of which the three below are made where they are texts */
    struct edges {
        const double *start, *stop; /* by row of the file; NULL where it does not say */
    } azimuth, elevation, time;
};

/* ---- attributes ---- */

static const nwc__attribute *find(const nwc__node *node, const char *group, const char *name)
{
    return nwc__node_attribute(node, group, name);
}

/* Why a sweep or a volume is only part of one, where it was written by this library; "" where it is whole. */
static const char *incomplete_of(const nwc__node *node)
{
    const nwc__attribute *const a = nwc__node_own(nwc__node_find(node, "how"), "incomplete");
    return a && a->text ? a->text : "";
}

/* An array of n numbers; NULL where there is none of this length. */
static const double *numbers_of(const nwc__node *node, const char *group, const char *name, int64_t n)
{
    const nwc__attribute *const a = find(node, group, name);
    return a && a->n == n ? a->numbers : NULL;
}

/* 2.4 of "ODIM_H5/V2_4" or "H5rad 2.4"; 2.2 where neither is said. */
static double version_of(const nwc__node *root)
{
    const char *texts[2] = {nwc__node_text(root, "Conventions"), nwc__odim_text(root, "what", "version")};
    for (int t = 0; t < 2; t++) {
        int major, minor;
        const char *const digits = strpbrk(texts[t], " V");
        const char *const number = digits ? strpbrk(digits, "0123456789") : NULL;
        if (number && (sscanf(number, "%d_%d", &major, &minor) == 2 || sscanf(number, "%d.%d", &major, &minor) == 2))
            return major + 0.1 * minor;
    }
    return 2.2;
}

/* ---- rays ---- */

/* Starts and stops of n rays out of "0.1:0.9,1.1:1.9,...", as model 2.0 has them. */
static bool take_pairs(const char *text, int64_t n, double *start, double *stop)
{
    for (int64_t r = 0; r < n; r++) {
        char *colon, *end;
        start[r] = strtod(text, &colon);
        if (colon == text || *colon != ':') return false;
        stop[r] = strtod(colon + 1, &end);
        if (end == colon + 1 || (*end != ',' && r < n - 1)) return false;
        text = end + (*end == ',');
    }
    return true;
}

static struct edges edges_of(const struct job *job, const nwc__node *node, const char *const names[4], double *room)
{
    const int64_t n = job->n_rays;
    const struct edges edges = {numbers_of(node, "how", names[0], n), numbers_of(node, "how", names[1], n)};
    if (edges.start) return edges;
    for (int t = 2; t < 4; t++) /* the other spelling is Denmark's */
        if (take_pairs(nwc__odim_text(node, "how", names[t]), n, room, room + n)) return (struct edges){room, room + n};
    return (struct edges){NULL, NULL};
}

/* Times HHMMSS.sss of the day, or the one after it, as seconds since 1970. */
static void onto_days(int64_t start_ns, int64_t n, double *times)
{
    const double start_s = 1e-9 * (double)start_ns, midnight_s = DAY_S * floor(start_s / DAY_S);
    for (int64_t r = 0; r < n; r++) {
        const double hours = floor(times[r] / 1e4), minutes = floor(times[r] / 1e2) - 1e2 * hours;
        times[r] = midnight_s + 3600.0 * hours + 60.0 * minutes + fmod(times[r], 1e2);
        if (times[r] < start_s - 0.5 * DAY_S) times[r] += DAY_S;
    }
}

/* What the file says of each ray. */
static nwc_status find_edges(struct job *job, const nwc__node *node, int64_t start_ns)
{
    static const char *const azimuths[4] = {"startazA", "stopazA", "azangles", "azangels"},
                             *const elevations[4] = {"startelA", "stopelA", "elangles", "elangels"},
                             *const times[4] = {"startazT", "stopazT", "aztimes", "aztimes"};
    const int64_t n = job->n_rays;
    if (!(job->room = nwc__alloc(job->ctx, 6 * n, sizeof *job->room))) return NWC_ERR_NOMEM;
    job->azimuth = edges_of(job, node, azimuths, job->room);
    job->elevation = edges_of(job, node, elevations, job->room + 2 * n);
    job->time = edges_of(job, node, times, job->room + 4 * n);
    if (job->time.start == job->room + 4 * n) onto_days(start_ns, 2 * n, job->room + 4 * n);
    return NWC_OK;
}

static bool goes_around(const struct job *job)
{
    return job->mode != NWC_SWEEP_SECTOR && job->mode != NWC_SWEEP_RHI;
}

/* The azimuths of a turn, or of the part of one that the file says. */
static void find_sector(struct job *job, const nwc__node *dataset)
{
    const double from = nwc__odim_number(dataset, "where", "startaz", NAN),
                 to = nwc__odim_number(dataset, "where", "stopaz", NAN),
                 width = to - from - 360.0 * floor((to - from) / 360.0);
    job->first_deg = nwc__odim_number(dataset, "how", "astart", 0.0), job->width_deg = 360.0;
    if (job->mode != NWC_SWEEP_SURVEILLANCE || !(width > 0.0 && width < AROUND_DEG)) return;
    job->mode = NWC_SWEEP_SECTOR, job->first_deg = from, job->width_deg = width;
}

/* The file has rays from north on, or from end to end; they are given back in the order in which they were radiated. */
static void find_order(struct job *job, const nwc__node *node)
{
    const int64_t n = job->n_rays;
    const double said = nwc__odim_number(node, "where", "a1gate", 0.0), *const times = job->time.start;
    if (!goes_around(job)) {
        job->backwards = times ? times[n - 1] < times[0] : n > 1 && said >= (double)(n - 1);
        job->first_row = job->backwards ? n - 1 : 0;
        return;
    }
    int64_t first = said >= 0.0 && said < (double)n ? (int64_t)said : 0;
    job->backwards = nwc__odim_number(node, "how", "rpm", nwc__odim_number(node, "how", "antspeed", 1.0)) < 0.0;
    for (int64_t r = 0; times && r < n; r++)
        if (times[r] > 0.0 && times[r] < times[first]) first = r;
    job->first_row = first;
    if (!times) return;
    const double next = times[(first + 1) % n], before = times[(first + n - 1) % n];
    if (next != before) job->backwards = next > before;
}

/* Where ray number r is in the file. */
static int64_t row_of(const struct job *job, int64_t r)
{
    return (job->first_row + (job->backwards ? job->n_rays - r : r)) % job->n_rays;
}

static double onto_circle(double degrees)
{
    const double turned = degrees - 360.0 * floor(degrees / 360.0);
    return (float)turned < 360.0f ? turned : 0.0;
}

/* Where a row ends that says only where it begins: at the next, which the last row of a part does not have. */
static double end_of(const struct job *job, int64_t row)
{
    const double *const start = job->azimuth.start;
    const int64_t n = job->n_rays;
    if (row < n - 1 || goes_around(job)) return start[(row + 1) % n];
    return start[row] + (n > 1 ? start[row] - start[row - 1] : job->width_deg);
}

/* Row k of n reaches from k to k + 1 parts of the circle or the sector, unless the file says more. */
static void read_azimuths(const struct job *job, nwc__sweep *sweep)
{
    const int64_t n = sweep->n_rays;
    const double *const start = job->azimuth.start, *const stop = job->azimuth.stop;
    for (int64_t r = 0; r < n; r++) {
        const int64_t row = row_of(job, r);
        double azimuth = job->first_deg + job->width_deg * ((double)row + 0.5) / (double)n;
        if (job->mode == NWC_SWEEP_RHI) {
            azimuth = sweep->fixed_angle_deg;
        } else if (start) {
            const double width = (stop ? stop[row] : end_of(job, row)) - start[row];
            azimuth = start[row] + 0.5 * (width - 360.0 * floor(width / 360.0 + 0.5)); /* across north as elsewhere */
        }
        sweep->azimuth_deg[r] = isfinite(azimuth) ? (float)onto_circle(azimuth) : 0.0f;
    }
}

static nwc_status read_elevations(const struct job *job, const nwc__node *node, nwc__sweep *sweep)
{
    const int64_t n = sweep->n_rays;
    const double *const start = job->elevation.start, *const stop = job->elevation.stop;
    const double *each = numbers_of(node, "how", "elangles", n);
    if (!each && !(start && stop) && job->mode == NWC_SWEEP_RHI && !(each = numbers_of(node, "where", "angles", n)))
        return nwc__fail(NWC_ERR_FORMAT, "%s/where: angles of %lld rays expected, none found", node->name,
                         (long long)n);
    for (int64_t r = 0; r < n; r++) {
        const int64_t row = row_of(job, r);
        sweep->elevation_deg[r] = (float)(each            ? each[row]
                                          : start && stop ? 0.5 * (start[row] + stop[row])
                                                          : sweep->fixed_angle_deg);
    }
    return NWC_OK;
}

static nwc_status start_of(const nwc__node *node, int64_t *start_ns)
{
    if (nwc__odim_time(node, "startdate", "starttime", start_ns) || nwc__odim_time(node, "date", "time", start_ns))
        return NWC_OK;
    return nwc__fail(NWC_ERR_FORMAT, "%s/what: a time YYYYMMDD HHmmss expected", node->name);
}

/* By the times of the rays, else evenly from start to end. */
static void read_times(const struct job *job, const nwc__node *node, int64_t start_ns, nwc__sweep *sweep)
{
    const double *const from = job->time.start, *const to = job->time.stop;
    int64_t end_ns;
    if (!nwc__odim_time(node, "enddate", "endtime", &end_ns) || end_ns < start_ns) end_ns = start_ns;
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        const int64_t row = row_of(job, r);
        const double share = ((double)r + 0.5) / (double)sweep->n_rays;
        sweep->time_ns[r] = start_ns + (int64_t)(share * (double)(end_ns - start_ns));
        if (from && from[row] > 0.0 && from[row] < LAST_S)
            sweep->time_ns[r] =
                (int64_t)(1e9 *
                          (to && to[row] > from[row] && to[row] < LAST_S ? 0.5 * (from[row] + to[row]) : from[row]));
    }
}

/* Nyquist speed as said, else from the wavelength and one or two pulse frequencies; and the unambiguous range. */
static void read_limits(const nwc__node *node, nwc__sweep *sweep)
{
    const double high = nwc__odim_number(node, "how", "highprf", NAN),
                 low = nwc__odim_number(node, "how", "lowprf", high);
    const double wave_m = 0.01 * nwc__odim_number(node, "how", "wavelength", NAN);
    const double effective = high > low && low > 0.0 ? high * low / (high - low) : high;
    const double said = nwc__odim_number(node, "how", "NI", NAN), found = 0.25 * wave_m * effective;
    const double nyquist = said > 0.0 && said < 1000.0 ? said : found;
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        if (nyquist > 0.0 && nyquist < 1000.0) sweep->nyquist_m_s[r] = (float)nyquist;
        if (high > 0.0) sweep->unambiguous_range_m[r] = (float)(0.5 * LIGHT_M_S / high);
    }
}

/* ---- moments ---- */

static const char *name_of(const char *quantity)
{
    static const char *const others[][2] = {{"TH", "DBTH"},    {"TV", "DBTV"},      {"DBZ", "DBZH"},
                                            {"VRAD", "VRADH"}, {"VRADD", "VRADDH"}, {"WRAD", "WRADH"},
                                            {"SNR", "SNRH"},   {"SQI", "SQIH"},     {"CCOR", "CCORH"}};
    for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
        if (strcmp(quantity, others[k][0]) == 0) return others[k][1];
    const nwc__moment_kind *const kind = nwc__moment_named(quantity);
    return kind ? kind->name : NULL;
}

/* Ranges are in km up to a version, in m from it on. */
static double range_unit_m(const struct job *job)
{
    return job->version < METRES_SINCE - 0.05 ? 1000.0 : 1.0;
}

/* Gates as they are said, or evenly up to the greatest range, as some write what goes up one azimuth. */
static double gate_spacing(const struct job *job, const nwc__node *node, int64_t n_gates)
{
    const double reach = nwc__odim_number(node, "where", "range", NAN);
    return nwc__odim_number(node, "where", "rscale", reach * range_unit_m(job) / (double)n_gates);
}

/* The range of the centre of the first gate; rstart is where it begins, in km or m. */
static double first_gate(const struct job *job, const nwc__node *node, double spacing_m)
{
    const double start = nwc__odim_number(node, "where", "rstart", 0.0);
    double start_m = range_unit_m(job) * start;
    if (start_m > 1000.0 * FAR_KM) {
        nwc__log(job->ctx, NWC_LOG_WARNING, "%s/where: rstart %g of model %.1f taken for metres", node->name, start,
                 job->version);
        start_m = start;
    }
    return start_m + 0.5 * spacing_m;
}

/* All rays of a moment in their order: runs of rows one behind the other, which are single ones where the antenna turned back. */
static nwc_status add_rows(struct job *job, const nwc__node *array, const struct nwc__packing *packing,
                           const nwc__moment *moment)
{
    const int64_t n = job->n_rays, length = moment->n_gates;
    for (int64_t r = 0, run; r < n; r += run) {
        const int64_t row = row_of(job, r);
        run = job->backwards ? 1 : n - (row > r ? row : r);
        NWC__TRY(
            nwc__unpacking_add_rows(&job->unpacking, array, packing, row, run, length, moment->cells + r * length));
    }
    return NWC_OK;
}

static nwc_status add_moment(struct job *job, nwc__sweep *sweep, const nwc__node *node, const nwc__node *array)
{
    const char *const quantity = nwc__odim_text(node, "what", "quantity"), *const name = name_of(quantity);
    if (!quantity[0] || sweep->n_moments == NWC__MOST_MOMENTS || nwc__sweep_find(sweep, name ? name : quantity)) {
        nwc__log(job->ctx, NWC_LOG_INFO, "%s/%s: quantity \"%s\" left out", node->parent->name, node->name, quantity);
        return NWC_OK;
    }
    const bool reflectivity =
        name ? nwc__moment_named(name)->nothing == NWC_NOTHING_DBZ : strncmp(quantity, "DBZ", 3) == 0;
    const double spacing_m = gate_spacing(job, node, array->dim[1]), first_m = first_gate(job, node, spacing_m);
    const char *const units = nwc__odim_text(node, "how", "units"); /* no part of the model: some files have it */
    const struct nwc__packing packing = {
        .scale = nwc__odim_number(node, "what", "gain", 1.0),
        .offset = nwc__odim_number(node, "what", "offset", 0.0),
        .unknown = {nwc__odim_number(node, "what", "nodata", NAN), NAN},
        .undetect = nwc__odim_number(node, "what", "undetect", NAN),
        .nothing = reflectivity ? NWC_NOTHING_DBZ : NAN,
    };
    nwc__moment *moment;
    if (name)
        NWC__TRY(
            nwc__volume_add_moment(job->volume, sweep, name, quantity, array->dim[1], first_m, spacing_m, &moment));
    else
        NWC__TRY(nwc__volume_add_other(job->volume, sweep, quantity,
                                       reflectivity ? "dBZ"
                                       : units[0]   ? units
                                                    : "1",
                                       array->dim[1], first_m, spacing_m, &moment));
    moment->resolution = nwc__node_is_whole(array) ? fabs(packing.scale) : 0.0;
    return add_rows(job, array, &packing, moment);
}

static nwc_status add_moments(struct job *job, nwc__sweep *sweep, const nwc__node *dataset)
{
    for (int m = 1; m <= MOST_NUMBERED; m++) {
        char name[32];
        snprintf(name, sizeof name, "data%d", m);
        const nwc__node *const node = nwc__node_find(dataset, name), *const array = nwc__node_find(node, "data");
        if (!node) break;
        if (!nwc__node_has_cells(array)) continue;
        if (array->ndim != 2 || array->dim[0] != sweep->n_rays)
            return nwc__fail(NWC_ERR_FORMAT, "%s/%s: %lld rays of gates expected, another shape found", dataset->name,
                             name, (long long)sweep->n_rays);
        NWC__TRY(add_moment(job, sweep, node, array));
    }
    return NWC_OK;
}

/* ---- sweeps ---- */

/* The rays of a dataset: those of its first array. */
static int64_t rays_of(const nwc__node *dataset)
{
    for (int m = 1; m <= MOST_NUMBERED; m++) {
        char name[32];
        snprintf(name, sizeof name, "data%d", m);
        const nwc__node *const node = nwc__node_find(dataset, name), *const array = nwc__node_find(node, "data");
        if (!node) break;
        if (nwc__node_has_cells(array) && array->ndim == 2) return array->dim[0];
    }
    return 0;
}

static nwc_status fill_sweep(struct job *job, const nwc__node *dataset, nwc__sweep *sweep)
{
    int64_t start_ns;
    NWC__TRY(start_of(dataset, &start_ns));
    NWC__TRY(find_edges(job, dataset, start_ns));
    find_order(job, dataset);
    read_azimuths(job, sweep);
    NWC__TRY(read_elevations(job, dataset, sweep));
    read_times(job, dataset, start_ns, sweep);
    read_limits(dataset, sweep);
    const char *const incomplete = incomplete_of(dataset);
    if (incomplete[0]) NWC__TRY(nwc__volume_incomplete(job->volume, sweep, "%s", incomplete));
    return add_moments(job, sweep, dataset);
}

static nwc_status add_sweep(struct job *job, const nwc__node *dataset)
{
    const double azimuth = nwc__odim_number(dataset, "where", "azangle", NAN);
    const double angle = job->upwards ? nwc__odim_number(dataset, "where", "az_angle", azimuth)
                                      : nwc__odim_number(dataset, "where", "elangle", NAN);
    nwc__sweep *sweep;
    job->n_rays = rays_of(dataset);
    if (job->n_rays == 0) return NWC_OK;
    if (!(fabs(angle) <= (job->upwards ? 360.0 : 180.0)))
        return nwc__fail(NWC_ERR_FORMAT, "%s/where: %s in degrees expected, none found", dataset->name,
                         job->upwards ? "az_angle" : "elangle");
    job->mode = job->upwards ? NWC_SWEEP_RHI : angle > 89.0 ? NWC_SWEEP_VERTICAL_POINTING : NWC_SWEEP_SURVEILLANCE;
    find_sector(job, dataset);
    NWC__TRY(nwc__volume_add_sweep(job->volume, job->mode, angle, job->n_rays, &sweep));
    const nwc_status status = fill_sweep(job, dataset, sweep);
    nwc__free(job->ctx, job->room);
    job->room = NULL;
    return status;
}

/* ---- the volume ---- */

static nwc_status set_facts(struct job *job, const nwc__node *root, const nwc__node *dataset)
{
    char version[16], site[NWC__ODIM_SITE], name[NWC__ODIM_SITE];
    nwc_volume_facts facts;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_describe(job->volume, &facts));
    nwc__odim_site(root, site, name);
    snprintf(version, sizeof version, "%.1f", job->version);
    facts.version = version, facts.site = site, facts.site_name = name;
    facts.experimental = job->upwards; /* no real file was met */
    facts.instrument = nwc__odim_text(dataset, "how", "system");
    facts.scan_name = nwc__odim_text(dataset, "how", "task");
    facts.latitude_deg = nwc__odim_number(dataset, "where", "lat", NAN);
    facts.longitude_deg = nwc__odim_number(dataset, "where", "lon", NAN);
    facts.altitude_m = nwc__odim_number(dataset, "where", "height", NAN);
    const double wave_m = 0.01 * nwc__odim_number(dataset, "how", "wavelength", NAN);
    const double frequency = nwc__odim_number(dataset, "how", "frequency", LIGHT_M_S / wave_m);
    if (frequency > 1e8 && frequency < 1e12) facts.frequency_hz = frequency;
    const double width = nwc__odim_number(dataset, "how", "beamwidth", NAN);
    facts.beam_width_h_deg = nwc__odim_number(dataset, "how", "beamwH", width);
    facts.beam_width_v_deg = nwc__odim_number(dataset, "how", "beamwV", width);
    facts.time_ns = INT64_MAX;
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        NWC__TRY(nwc_volume_sweep(job->volume, s, &sweep));
        for (int64_t r = 0; r < sweep.n_rays; r++)
            facts.time_ns = sweep.time_ns[r] < facts.time_ns ? sweep.time_ns[r] : facts.time_ns;
    }
    return nwc__volume_set_facts(job->volume, &facts);
}

nwc_status nwc__odim_volume_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume)
{
    if (!nwc__node_find(tree->root, "what"))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "HDF5, but not ODIM_H5: no group what");
    static const char *const objects[] = {"PVOL", "SCAN", "AZIM", "ELEV"};
    enum { OBJECTS = sizeof objects / sizeof objects[0] };
    const char *const object = nwc__odim_text(tree->root, "what", "object");
    int32_t kind = 0;
    while (kind < OBJECTS && strcmp(object, objects[kind]) != 0) kind++;
    if (kind == OBJECTS)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "ODIM_H5 object PVOL, SCAN, AZIM or ELEV expected, \"%s\" found", object);
    struct job job = {.ctx = ctx,
                      .volume = volume,
                      .version = version_of(tree->root),
                      .upwards = kind == OBJECTS - 1,
                      .unpacking = {.ctx = ctx}};
    const nwc__node *first = NULL;
    nwc_status status = NWC_OK;
    for (int n = 1; n <= MOST_NUMBERED && status == NWC_OK; n++) {
        char name[32];
        snprintf(name, sizeof name, "dataset%d", n);
        const nwc__node *const dataset = nwc__node_find(tree->root, name);
        if (!dataset) break;
        status = add_sweep(&job, dataset);
        first = first ? first : dataset;
    }
    if (status == NWC_OK) status = nwc__unpacking_run(&job.unpacking);
    nwc__unpacking_release(&job.unpacking);
    if (status != NWC_OK) return status;
    const char *const incomplete = incomplete_of(tree->root);
    if (incomplete[0]) NWC__TRY(nwc__volume_incomplete(volume, NULL, "%s", incomplete));
    NWC__TRY(nwc__volume_finish(volume));
    return set_facts(&job, tree->root, first);
}

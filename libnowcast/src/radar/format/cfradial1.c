/*
 * CfRadial 1: the rays of all sweeps behind one another, each field an array (time, range), or (n_points) where the number of
 * gates varies. Rays between sweeps and those of an antenna in transition are left out. Sources: Dixon and Lee (2016), CfRadial
 * 1.4; CF conventions.
 */
#include "radar/format/tree.h"
#include "radar/volume.h"

#include <stdio.h>

enum { MOST_TOTAL = 1 << 20, BAND = 64 /* rows fetched at once */ };

/* What a sweep's fields share. */
struct job {
    nwc_ctx *ctx;
    const nwc__tree *tree;
    nwc_volume *volume;
    const nwc__node *time, *range, *azimuth, *elevation, *nyquist, *unambiguous, *transition;
    const nwc__node *ray_gates, *ray_start; /* of the layout with n_points; else NULL */
    int64_t n_rays, n_gates;
    int32_t *row; /* of each ray that is kept, sweep after sweep */
    struct kept {
        nwc__sweep *sweep;
        const int32_t *row;
        int64_t number; /* in the file */
    } kept[NWC__MOST_SWEEPS];
    int32_t n_kept;
    double *band; /* BAND rows, or all points */
};

/* ---- variables ---- */

/* The variable of a name that has n values in the tree; NULL where there is none. */
static const nwc__node *values_of(const nwc__tree *tree, const char *name, int64_t n)
{
    const nwc__node *const node = nwc__node_find(tree->root, name);
    return node && node->values && node->ndim == 1 && node->dim[0] == n ? node : NULL;
}

/* A number that stands alone, or the first of a list: where a radar that may move was at the start. */
static double number_of(const nwc__tree *tree, const char *name)
{
    const nwc__node *const node = nwc__node_find(tree->root, name);
    if (!node || !node->values) return NAN;
    const double value = node->values[0];
    return value == nwc__node_number(node, "_FillValue", NAN) ? NAN : value;
}

/* Row index of a list of texts, in lower case. */
static void text_of(const nwc__tree *tree, const char *name, int64_t index, char *text, size_t size)
{
    const nwc__node *const node = nwc__node_find(tree->root, name);
    size_t n = 0;
    if (node && node->codes && node->ndim == 2 && index < node->dim[0]) {
        const uint8_t *const row = node->codes + index * node->dim[1];
        while (n + 1 < size && (int64_t)n < node->dim[1] && row[n] > ' ') {
            text[n] = (char)(row[n] >= 'A' && row[n] <= 'Z' ? row[n] + 32 : row[n]);
            n++;
        }
    }
    text[n] = '\0';
}

/* A whole number that is stored as any; -1 for what is none. */
static int64_t whole(double number)
{
    return number >= -1e15 && number <= 1e15 ? (int64_t)number : -1;
}

/* ---- names ---- */

/* The FM 301 name by a standard name, else by a usual name; NULL where neither is known. */
static const char *name_of(const nwc__node *field)
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

/* ---- fields ---- */

static bool is_field(const struct job *job, const nwc__node *node)
{
    if (!node->axes) return false;
    if (job->ray_gates) return node->ndim == 1 && strcmp(node->axes, "n_points") == 0;
    return node->ndim == 2 && node->dim[0] == job->n_rays && node->dim[1] == job->n_gates &&
           strcmp(node->axes, "time range") == 0;
}

/* What the stored numbers mean. */
struct packing {
    double scale, offset, fill, missing;
};

static float value_of(const struct packing *packing, double stored)
{
    if (stored == packing->fill || stored == packing->missing) return NAN;
    return (float)(stored * packing->scale + packing->offset);
}

/* Of one ray of the layout with n_points: where its gates are, and how many. */
static nwc_status find_points(const struct job *job, const nwc__node *field, int64_t row, int64_t *start, int64_t *n)
{
    *start = whole(job->ray_start->values[row]);
    *n = whole(job->ray_gates->values[row]);
    if (*n < 0 || *n > job->n_gates || *start < 0 || *start > field->dim[0] - *n)
        return nwc__fail(NWC_ERR_FORMAT, "%s: ray %lld: %lld gates from %lld on are not in it", field->name,
                         (long long)row, (long long)*n, (long long)*start);
    return NWC_OK;
}

/* All points of a field are in job->band: to fetch them ray by ray would unpack the same chunks again and again. */
static nwc_status take_points(const struct job *job, const nwc__node *field, const struct packing *packing,
                              const struct kept *kept, nwc__moment *moment)
{
    for (int64_t r = 0; r < kept->sweep->n_rays; r++) {
        int64_t start, n;
        float *const cells = moment->cells + r * job->n_gates;
        NWC__TRY(find_points(job, field, kept->row[r], &start, &n));
        for (int64_t g = 0; g < job->n_gates; g++) cells[g] = g < n ? value_of(packing, job->band[start + g]) : NAN;
    }
    return NWC_OK;
}

static nwc_status fetch_rays(const struct job *job, const nwc__node *field, const struct packing *packing,
                             const struct kept *kept, nwc__moment *moment)
{
    const int64_t n_rays = kept->sweep->n_rays;
    for (int64_t r = 0, rows; r < n_rays; r += rows) {
        rows = 1;
        while (rows < BAND && r + rows < n_rays && kept->row[r + rows] == kept->row[r] + rows) rows++;
        NWC__TRY(nwc__tree_rows(job->tree, field, 0, kept->row[r], rows, job->band));
        float *const cells = moment->cells + r * job->n_gates;
        for (int64_t c = 0; c < rows * job->n_gates; c++) cells[c] = value_of(packing, job->band[c]);
    }
    return NWC_OK;
}

/* First gate and spacing in m, of row s where the sweeps have their own. */
static nwc_status find_gates(const struct job *job, int64_t s, double *first_m, double *spacing_m)
{
    const nwc__node *const range = job->range;
    const double *const at = range->values + (range->ndim == 2 ? s * job->n_gates : 0);
    const double unit = strncmp(nwc__node_text(range, "units"), "km", 2) == 0 ? 1000.0 : 1.0;
    const int64_t n = job->n_gates;
    *first_m = unit * at[0];
    *spacing_m =
        n > 1 ? unit * (at[n - 1] - at[0]) / (double)(n - 1) : nwc__node_number(range, "meters_between_gates", 1000.0);
    for (int64_t g = 0; g < n; g++)
        if (!(fabs(unit * at[g] - *first_m - *spacing_m * (double)g) <= 0.1 * fabs(*spacing_m)))
            return nwc__fail(NWC_ERR_UNSUPPORTED, "range: equal steps expected, %g m found where %g m belongs",
                             unit * at[g], *first_m + *spacing_m * (double)g);
    return NWC_OK;
}

/* One field as a moment of every sweep. */
static nwc_status add_field(const struct job *job, const nwc__node *field)
{
    const char *const name = name_of(field);
    const struct packing packing = {.scale = nwc__node_number(field, "scale_factor", 1.0),
                                    .offset = nwc__node_number(field, "add_offset", 0.0),
                                    .fill = nwc__node_number(field, "_FillValue", NAN),
                                    .missing = nwc__node_number(field, "missing_value", NAN)};
    if (job->ray_gates) NWC__TRY(nwc__tree_rows(job->tree, field, 0, 0, field->dim[0], job->band));
    for (int32_t k = 0; k < job->n_kept; k++) {
        const struct kept *const kept = &job->kept[k];
        nwc__sweep *const sweep = kept->sweep;
        double first_m, spacing_m;
        nwc__moment *moment;
        NWC__TRY(find_gates(job, kept->number, &first_m, &spacing_m));
        if (name && !nwc__sweep_find(sweep, name))
            NWC__TRY(nwc__volume_add_moment(job->volume, sweep, name, field->name, job->n_gates, first_m, spacing_m,
                                            &moment));
        else
            NWC__TRY(nwc__volume_add_other(job->volume, sweep, field->name, nwc__node_text(field, "units"),
                                           job->n_gates, first_m, spacing_m, &moment));
        moment->resolution = packing.scale == 1.0 ? 0.0 : fabs(packing.scale);
        memset(moment->flags, 0, (size_t)(sweep->n_rays * job->n_gates));
        NWC__TRY((job->ray_gates ? take_points : fetch_rays)(job, field, &packing, kept, moment));
    }
    return NWC_OK;
}

/* ---- sweeps ---- */

static int32_t mode_of(const char *mode)
{
    if (strcmp(mode, "rhi") == 0 || strcmp(mode, "manual_rhi") == 0) return NWC_SWEEP_RHI;
    if (strcmp(mode, "sector") == 0) return NWC_SWEEP_SECTOR;
    if (strcmp(mode, "vertical_pointing") == 0) return NWC_SWEEP_VERTICAL_POINTING;
    if (strcmp(mode, "pointing") == 0 || strcmp(mode, "manual_ppi") == 0 || strcmp(mode, "coplane") == 0)
        return NWC_SWEEP_MANUAL;
    return NWC_SWEEP_SURVEILLANCE;
}

static nwc_status read_ray(const struct job *job, nwc__sweep *sweep, int64_t r, int64_t row)
{
    if (!nwc__cf_time(job->time, row, &sweep->time_ns[r]))
        return nwc__fail(NWC_ERR_FORMAT, "time: a time since a date expected in ray %lld", (long long)row);
    const double azimuth = job->azimuth->values[row], turned = azimuth - 360.0 * floor(azimuth / 360.0);
    if (!(fabs(azimuth) <= 720.0 && fabs(job->elevation->values[row]) <= 360.0))
        return nwc__fail(NWC_ERR_FORMAT, "azimuth, elevation: degrees expected in ray %lld, %g and %g found",
                         (long long)row, azimuth, job->elevation->values[row]);
    sweep->azimuth_deg[r] = (float)turned < 360.0f ? (float)turned : 0.0f;
    sweep->elevation_deg[r] = (float)job->elevation->values[row];
    if (job->nyquist && job->nyquist->values[row] > 0.0 && job->nyquist->values[row] < 1000.0)
        sweep->nyquist_m_s[r] = (float)job->nyquist->values[row];
    if (job->unambiguous && job->unambiguous->values[row] > 0.0 && job->unambiguous->values[row] < 1e7)
        sweep->unambiguous_range_m[r] = (float)job->unambiguous->values[row];
    return NWC_OK;
}

/* used: the rows that sweeps before it keep. */
static nwc_status add_sweep(struct job *job, int64_t s, int64_t first, int64_t last, double angle, int64_t *used)
{
    char mode[32];
    int64_t n = 0;
    int32_t *const row = job->row + *used;
    nwc__sweep *sweep;
    for (int64_t r = first; r <= last && *used + n < job->n_rays; r++)
        if (!job->transition || job->transition->values[r] != 1.0) row[n++] = (int32_t)r;
    if (n == 0) return NWC_OK;
    text_of(job->tree, "sweep_mode", s, mode, sizeof mode);
    NWC__TRY(nwc__volume_add_sweep(job->volume, mode_of(mode), angle, n, &sweep));
    for (int64_t r = 0; r < n; r++) NWC__TRY(read_ray(job, sweep, r, row[r]));
    job->kept[job->n_kept++] = (struct kept){.sweep = sweep, .row = row, .number = s};
    *used += n;
    return NWC_OK;
}

static nwc_status add_sweeps(struct job *job)
{
    const nwc__node *const starts = nwc__node_find(job->tree->root, "sweep_start_ray_index");
    const int64_t n = starts && starts->values && starts->ndim == 1 ? starts->dim[0] : 0;
    const nwc__node *const ends = values_of(job->tree, "sweep_end_ray_index", n);
    const nwc__node *const angles = values_of(job->tree, "fixed_angle", n);
    int64_t used = 0;
    if (job->range->ndim == 2 && job->range->dim[0] != n)
        return nwc__fail(NWC_ERR_FORMAT, "range: one row for each of %lld sweeps expected, %lld found", (long long)n,
                         (long long)job->range->dim[0]);
    if (n < 1 || !ends) return nwc__fail(NWC_ERR_FORMAT, "sweep_start_ray_index, sweep_end_ray_index: lists expected");
    for (int64_t s = 0; s < n; s++) {
        const int64_t first = whole(starts->values[s]), last = whole(ends->values[s]);
        if (last < first) continue; /* a sweep without rays */
        if (first < 0 || last >= job->n_rays)
            return nwc__fail(NWC_ERR_FORMAT, "sweep %lld: rays %lld to %lld of %lld", (long long)s, (long long)first,
                             (long long)last, (long long)job->n_rays);
        NWC__TRY(add_sweep(job, s, first, last, angles ? angles->values[s] : NAN, &used));
    }
    for (const nwc__node *node = job->tree->root->first; node && job->n_kept; node = node->next)
        if (is_field(job, node)) NWC__TRY(add_field(job, node));
    return nwc__volume_finish(job->volume);
}

/* ---- the volume ---- */

static nwc_status set_facts(const struct job *job)
{
    nwc_volume_facts facts;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_describe(job->volume, &facts));
    const nwc__node *const root = job->tree->root;
    facts.version = nwc__node_text(root, "version");
    facts.site = nwc__node_text(root, "instrument_name");
    facts.site_name = nwc__node_text(root, "site_name");
    facts.scan_name = nwc__node_text(root, "scan_name");
    facts.latitude_deg = number_of(job->tree, "latitude");
    facts.longitude_deg = number_of(job->tree, "longitude");
    facts.altitude_m = number_of(job->tree, "altitude");
    facts.beam_width_h_deg = number_of(job->tree, "radar_beam_width_h");
    facts.beam_width_v_deg = number_of(job->tree, "radar_beam_width_v");
    const double frequency = number_of(job->tree, "frequency");
    if (frequency > 1e8 && frequency < 1e12) facts.frequency_hz = frequency;
    NWC__TRY(nwc_volume_sweep(job->volume, 0, &sweep));
    facts.time_ns = sweep.time_ns[0];
    nwc__volume_set_format(job->volume, "CfRadial 1");
    return nwc__volume_set_facts(job->volume, &facts);
}

/* The most points that a field has. */
static int64_t most_points(const nwc__tree *tree)
{
    int64_t most = 1;
    for (const nwc__node *node = tree->root->first; node; node = node->next)
        if (node->axes && node->ndim == 1 && node->dim[0] > most) most = node->dim[0];
    return most;
}

nwc_status nwc__cfradial1_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume)
{
    const nwc__node *const azimuth = nwc__node_find(tree->root, "azimuth"), *const range =
                                                                                nwc__node_find(tree->root, "range");
    struct job job = {.ctx = ctx, .tree = tree, .volume = volume, .azimuth = azimuth, .range = range};
    if (!azimuth || !range || !azimuth->values || azimuth->ndim != 1 || range->ndim < 1 || range->ndim > 2 ||
        !nwc__node_find(tree->root, "sweep_start_ray_index"))
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "netCDF, but no CfRadial 1: azimuth (time), range and sweep_start_ray_index expected");
    job.n_rays = azimuth->dim[0], job.n_gates = range->dim[range->ndim - 1];
    job.time = values_of(tree, "time", job.n_rays), job.elevation = values_of(tree, "elevation", job.n_rays);
    if (!job.time || !job.elevation || !range->values || job.n_rays > MOST_TOTAL || job.n_gates > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_FORMAT, "time, elevation: one for each of %lld rays expected, and up to %d gates",
                         (long long)job.n_rays, NWC__MOST_GATES);
    job.nyquist = values_of(tree, "nyquist_velocity", job.n_rays);
    job.unambiguous = values_of(tree, "unambiguous_range", job.n_rays);
    job.transition = values_of(tree, "antenna_transition", job.n_rays);
    job.ray_gates = values_of(tree, "ray_n_gates", job.n_rays);
    job.ray_start = values_of(tree, "ray_start_index", job.n_rays);
    if (!job.ray_gates || !job.ray_start) job.ray_gates = job.ray_start = NULL;
    nwc_status status = NWC_OK;
    NWC__ALLOC(ctx, job.row, job.n_rays);
    const int64_t points = job.ray_gates ? most_points(tree) : BAND * job.n_gates;
    if (points > nwc__volume_limit(volume) / (int64_t)sizeof *job.band) {
        status = nwc__fail(NWC_ERR_NOMEM, "%lld points: more than the limit of %lld bytes", (long long)points,
                           (long long)nwc__volume_limit(volume));
        goto done;
    }
    NWC__ALLOC(ctx, job.band, points);
    if ((status = add_sweeps(&job)) == NWC_OK) status = set_facts(&job);
done:
    nwc__free(ctx, job.band);
    nwc__free(ctx, job.row);
    return status;
}

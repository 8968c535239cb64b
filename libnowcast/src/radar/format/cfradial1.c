/*
 * CfRadial 1: the rays of all sweeps behind one another, each field an array (time, range), or (n_points) where the number of
 * gates varies. Rays between sweeps and those of an antenna in transition are left out. Sources: Dixon and Lee (2016), CfRadial
 * 1.4; CF conventions.
 */
#include "radar/format/cfradial.h"

/* What a sweep's fields share. */
struct job {
    nwc_ctx *ctx;
    const nwc__tree *tree;
    nwc_volume *volume;
    struct nwc__cf_rays rays;
    const nwc__node *range;
    const nwc__node *ray_gates, *ray_start; /* of the layout with n_points; else NULL */
    int64_t n_gates, n_points;
    int32_t *row; /* of each ray that is kept, sweep after sweep */
    struct kept {
        nwc__sweep *sweep;
        const int32_t *row;
        int64_t number; /* in the file */
    } kept[NWC__MOST_SWEEPS];
    int32_t n_kept;
    nwc__unpacking unpacking;
};

/* ---- variables ---- */

/* A whole number that is stored as any; -1 for what is none. */
static int64_t whole(double number)
{
    return number >= -1e15 && number <= 1e15 ? (int64_t)number : -1;
}

/* ---- fields ---- */

/* By the names of its dimensions, where the tree has them; else by its shape. */
static bool is_field(const struct job *job, const nwc__node *node)
{
    if (!nwc__node_has_cells(node) || (node->cells && node->type == NWC__CELL_TEXT)) return false;
    if (job->ray_gates)
        return node->ndim == 1 && (node->axes ? strcmp(node->axes, "n_points") == 0
                                              : node->dim[0] >= job->n_points && node->dim[0] != job->rays.n);
    return node->ndim == 2 && node->dim[0] == job->rays.n && node->dim[1] == job->n_gates && node != job->range &&
           (!node->axes || strcmp(node->axes, "time range") == 0);
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

static nwc_status take_points(struct job *job, const nwc__node *field, const struct nwc__packing *packing,
                              const struct kept *kept, nwc__moment *moment)
{
    for (int64_t r = 0; r < kept->sweep->n_rays; r++) {
        int64_t start, n;
        NWC__TRY(find_points(job, field, kept->row[r], &start, &n));
        NWC__TRY(nwc__unpacking_add(&job->unpacking, field, packing, start, n, job->n_gates - n,
                                    moment->cells + r * job->n_gates));
    }
    return NWC_OK;
}

static nwc_status take_rays(struct job *job, const nwc__node *field, const struct nwc__packing *packing,
                            const struct kept *kept, nwc__moment *moment)
{
    const int64_t n_rays = kept->sweep->n_rays;
    for (int64_t r = 0, rows; r < n_rays; r += rows) {
        rows = 1;
        while (r + rows < n_rays && kept->row[r + rows] == kept->row[r] + rows) rows++;
        NWC__TRY(nwc__unpacking_add_rows(&job->unpacking, field, packing, kept->row[r], rows, job->n_gates,
                                         moment->cells + r * job->n_gates));
    }
    return NWC_OK;
}

/* One field as a moment of every sweep. */
static nwc_status add_field(struct job *job, const nwc__node *field)
{
    const char *const name = nwc__cf_moment_name(field);
    const struct nwc__packing packing = nwc__cf_packing(field);
    for (int32_t k = 0; k < job->n_kept; k++) {
        const struct kept *const kept = &job->kept[k];
        nwc__sweep *const sweep = kept->sweep;
        double first_m, spacing_m;
        nwc__moment *moment;
        NWC__TRY(nwc__cf_gates(job->range, kept->number, &first_m, &spacing_m));
        if (name && !nwc__sweep_find(sweep, name))
            NWC__TRY(nwc__volume_add_moment(job->volume, sweep, name, field->name, job->n_gates, first_m, spacing_m,
                                            &moment));
        else
            NWC__TRY(nwc__volume_add_other(job->volume, sweep, field->name, nwc__node_text(field, "units"),
                                           job->n_gates, first_m, spacing_m, &moment));
        moment->resolution = packing.scale == 1.0 ? 0.0 : fabs(packing.scale);
        NWC__TRY((job->ray_gates ? take_points : take_rays)(job, field, &packing, kept, moment));
    }
    return NWC_OK;
}

/* ---- sweeps ---- */

/* used: the rows that sweeps before it keep. */
static nwc_status add_sweep(struct job *job, int64_t s, int64_t first, int64_t last, double angle, int64_t *used)
{
    char mode[32];
    int64_t n = 0;
    int32_t *const row = job->row + *used;
    nwc__sweep *sweep;
    for (int64_t r = first; r <= last && *used + n < job->rays.n; r++)
        if (!nwc__cf_in_transition(&job->rays, r)) row[n++] = (int32_t)r;
    if (n == 0) return NWC_OK;
    nwc__cf_word(nwc__node_find(job->tree->root, "sweep_mode"), s, mode, sizeof mode);
    NWC__TRY(nwc__volume_add_sweep(job->volume, nwc__cf_mode(mode), angle, n, &sweep));
    for (int64_t r = 0; r < n; r++) NWC__TRY(nwc__cf_read_ray(&job->rays, sweep, r, row[r]));
    job->kept[job->n_kept++] = (struct kept){.sweep = sweep, .row = row, .number = s};
    *used += n;
    return NWC_OK;
}

static nwc_status add_sweeps(struct job *job)
{
    const nwc__node *const starts = nwc__node_find(job->tree->root, "sweep_start_ray_index");
    const int64_t n = starts && starts->values && starts->ndim == 1 ? starts->dim[0] : 0;
    const nwc__node *const ends = nwc__cf_list(job->tree->root, "sweep_end_ray_index", n);
    const nwc__node *const angles = nwc__cf_list(job->tree->root, "fixed_angle", n);
    int64_t used = 0;
    if (job->range->ndim == 2 && job->range->dim[0] != n)
        return nwc__fail(NWC_ERR_FORMAT, "range: one row for each of %lld sweeps expected, %lld found", (long long)n,
                         (long long)job->range->dim[0]);
    if (n < 1 || !ends) return nwc__fail(NWC_ERR_FORMAT, "sweep_start_ray_index, sweep_end_ray_index: lists expected");
    for (int64_t s = 0; s < n; s++) {
        const int64_t first = whole(starts->values[s]), last = whole(ends->values[s]);
        if (last < first) continue; /* a sweep without rays */
        if (first < 0 || last >= job->rays.n)
            return nwc__fail(NWC_ERR_FORMAT, "sweep %lld: rays %lld to %lld of %lld", (long long)s, (long long)first,
                             (long long)last, (long long)job->rays.n);
        NWC__TRY(add_sweep(job, s, first, last, angles ? angles->values[s] : NAN, &used));
    }
    for (const nwc__node *node = job->tree->root->first; node && job->n_kept; node = node->next)
        if (is_field(job, node)) NWC__TRY(add_field(job, node));
    NWC__TRY(nwc__unpacking_run(&job->unpacking));
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
    facts.latitude_deg = nwc__cf_number(root, "latitude");
    facts.longitude_deg = nwc__cf_number(root, "longitude");
    facts.altitude_m = nwc__cf_number(root, "altitude");
    facts.beam_width_h_deg = nwc__cf_number(root, "radar_beam_width_h");
    facts.beam_width_v_deg = nwc__cf_number(root, "radar_beam_width_v");
    const double frequency = nwc__cf_number(root, "frequency");
    if (frequency > 1e8 && frequency < 1e12) facts.frequency_hz = frequency;
    NWC__TRY(nwc_volume_sweep(job->volume, 0, &sweep));
    facts.time_ns = sweep.time_ns[0];
    nwc__volume_set_format(job->volume, "CfRadial 1");
    return nwc__volume_set_facts(job->volume, &facts);
}

/* Where the points of the last ray end. */
static int64_t count_points(const struct job *job)
{
    int64_t most = 0;
    for (int64_t r = 0; r < job->rays.n; r++) {
        const int64_t end = whole(job->ray_start->values[r]) + whole(job->ray_gates->values[r]);
        most = end > most ? end : most;
    }
    return most;
}

nwc_status nwc__cfradial1_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume)
{
    const nwc__node *const azimuth = nwc__node_find(tree->root, "azimuth"), *const range =
                                                                                nwc__node_find(tree->root, "range");
    struct job job = {.ctx = ctx, .tree = tree, .volume = volume, .range = range, .unpacking = {.ctx = ctx}};
    if (!azimuth || !range || !azimuth->values || azimuth->ndim != 1 || range->ndim < 1 || range->ndim > 2 ||
        !nwc__node_find(tree->root, "sweep_start_ray_index"))
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "netCDF, but no CfRadial 1: azimuth (time), range and sweep_start_ray_index expected");
    NWC__TRY(nwc__cf_find_rays(tree->root, azimuth, &job.rays));
    job.n_gates = range->dim[range->ndim - 1];
    if (!nwc__node_has_cells(range) || job.n_gates > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_FORMAT, "range: up to %d gates expected, %lld found", NWC__MOST_GATES,
                         (long long)job.n_gates);
    job.ray_gates = nwc__cf_list(tree->root, "ray_n_gates", job.rays.n);
    job.ray_start = nwc__cf_list(tree->root, "ray_start_index", job.rays.n);
    if (!job.ray_gates || !job.ray_start) job.ray_gates = job.ray_start = NULL;
    if (job.ray_gates) job.n_points = count_points(&job);
    nwc_status status = NWC_OK;
    NWC__ALLOC(ctx, job.row, job.rays.n);
    if ((status = add_sweeps(&job)) == NWC_OK) status = set_facts(&job);
done:
    nwc__unpacking_release(&job.unpacking);
    nwc__free(ctx, job.row);
    return status;
}

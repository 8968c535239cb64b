/*
 * CfRadial 2 and WMO FM 301-2022: netCDF-4 with a group for each sweep. Two dialects of one idea, and files of writers that
 * take neither to the letter: sweeps are found by the list of their names or by the names themselves, rays by azimuth, whatever
 * their dimension is called. Groups within groups hold nothing that is needed.
 *
 * Sources: Dixon and Lee, CfRadial 2.1; WMO, Manual on Codes I.3, FM 301-2022.
 */
#include "radar/format/cfradial.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAME = 64 };

struct job {
    nwc_ctx *ctx;
    const nwc__tree *tree;
    nwc_volume *volume;
    nwc__unpacking unpacking;
    struct {
        const nwc__node *group;
        long number; /* in its name, or its place in the list */
    } sweep[NWC__MOST_SWEEPS];
    int32_t n_sweeps;
    /* of the sweep that is read */
    const nwc__node *group;
    nwc__sweep *made;
    struct nwc__cf_rays rays;
    int32_t *row; /* of each ray that is kept */
    int64_t n_gates;
    double first_m, spacing_m;
};

/* ---- sweeps ---- */

/* The number of a group "sweep_<number>"; -1 for another. */
static long number_of(const char *name)
{
    if (strncmp(name, "sweep_", 6) != 0 || strspn(name + 6, "0123456789") != strlen(name + 6) || !name[6]) return -1;
    return strtol(name + 6, NULL, 10);
}

/* By the list of names; false where one of them is that of no group. */
static bool take_list(struct job *job)
{
    const nwc__node *const list = nwc__node_find(job->tree->root, "sweep_group_name");
    if (!list || !list->cells || list->type != NWC__CELL_TEXT || list->ndim != 2 || list->dim[0] > NWC__MOST_SWEEPS)
        return false;
    for (int64_t s = 0; s < list->dim[0]; s++) {
        char name[NAME];
        nwc__cf_word(list, s, name, sizeof name);
        job->sweep[s].group = nwc__node_find(job->tree->root, name);
        job->sweep[s].number = (long)s;
        if (!job->sweep[s].group || !job->sweep[s].group->first) return false;
    }
    job->n_sweeps = (int32_t)list->dim[0];
    return true;
}

static nwc_status find_sweeps(struct job *job)
{
    if (take_list(job)) return NWC_OK;
    for (const nwc__node *node = job->tree->root->first; node; node = node->next) {
        const long number = number_of(node->name);
        if (number < 0 || !node->first) continue;
        if (job->n_sweeps == NWC__MOST_SWEEPS)
            return nwc__fail(NWC_ERR_FORMAT, "at most %d groups of sweeps expected, more found", NWC__MOST_SWEEPS);
        int32_t place = job->n_sweeps++;
        for (; place > 0 && job->sweep[place - 1].number > number; place--) job->sweep[place] = job->sweep[place - 1];
        job->sweep[place].group = node, job->sweep[place].number = number;
    }
    return job->n_sweeps
               ? NWC_OK
               : nwc__fail(NWC_ERR_UNSUPPORTED, "netCDF-4, but no CfRadial 2: groups sweep_<number> expected");
}

/* ---- fields ---- */

/* Whether a variable is a field of the sweep; flags of another one are none. */
static bool is_field(const struct job *job, const nwc__node *node)
{
    return nwc__node_has_cells(node) && (node->values || node->type != NWC__CELL_TEXT) && node->ndim == 2 &&
           node->dim[0] == job->rays.n && node->dim[1] == job->n_gates && !nwc__node_own(node, "flag_masks");
}

/* An FM 301 name, else one that CfRadial 1 would understand, if it is a reflectivity only where the unit is that of one. */
static const char *name_of(const nwc__node *field)
{
    const nwc__moment_kind *const kind = nwc__moment_named(field->name);
    const char *const name = kind ? kind->name : nwc__cf_moment_name(field), *const units =
                                                                                 nwc__node_text(field, "units");
    const bool logarithmic = !units[0] || strcmp(units, "dBZ") == 0;
    return name && (logarithmic || strcmp(nwc__moment_named(name)->units, "dBZ") != 0) ? name : NULL;
}

/* Gates that flags beside the field call range folded. */
static nwc_status take_flags(const struct job *job, const nwc__node *field, nwc__moment *moment)
{
    const nwc__node *const node = nwc__node_find(job->group, nwc__node_text(field, "ancillary_variables"));
    const bool folded = strcmp(nwc__node_text(node, "flag_meanings"), "range_folded") == 0;
    const uint32_t mask = (uint32_t)nwc__node_number(node, "flag_masks", 0.0);
    if (!folded || !node->cells || node->type != NWC__CELL_U8 || node->ndim != 2 || node->dim[0] != job->rays.n ||
        node->dim[1] != job->n_gates)
        return NWC_OK;
    NWC__TRY(nwc__volume_add_flags(job->volume, job->made, moment));
    for (int64_t r = 0; r < job->made->n_rays; r++)
        for (int64_t g = 0; g < job->n_gates; g++)
            moment->flags[r * job->n_gates + g] =
                node->cells[job->row[r] * job->n_gates + g] & mask ? NWC_GATE_RANGE_FOLDED : 0;
    return NWC_OK;
}

static nwc_status add_field(struct job *job, const nwc__node *field)
{
    const char *const name = name_of(field);
    struct nwc__packing packing = nwc__cf_packing(field);
    const int64_t n_rays = job->made->n_rays;
    nwc__moment *moment;
    if (name && !nwc__sweep_find(job->made, name))
        NWC__TRY(nwc__volume_add_moment(job->volume, job->made, name, field->name, job->n_gates, job->first_m,
                                        job->spacing_m, &moment));
    else if (!nwc__sweep_find(job->made, field->name))
        NWC__TRY(nwc__volume_add_other(job->volume, job->made, field->name, nwc__node_text(field, "units"),
                                       job->n_gates, job->first_m, job->spacing_m, &moment));
    else
        return NWC_OK;
    packing.undetect = nwc__unwrapped(nwc__node_number(field, "_Undetect", NAN), packing.wrap);
    packing.nothing = strcmp(moment->units, "dBZ") == 0 ? NWC_NOTHING_DBZ : NAN;
    moment->resolution = nwc__node_is_whole(field) ? fabs(packing.scale) : 0.0;
    NWC__TRY(take_flags(job, field, moment));
    for (int64_t r = 0, rows; r < n_rays; r += rows) {
        rows = 1;
        while (r + rows < n_rays && job->row[r + rows] == job->row[r] + rows) rows++;
        NWC__TRY(nwc__unpacking_add_rows(&job->unpacking, field, &packing, job->row[r], rows, job->n_gates,
                                         moment->cells + r * job->n_gates));
    }
    return NWC_OK;
}

/* ---- one sweep ---- */

/* As the attributes say, which are exact, if the ranges agree with them. */
static nwc_status find_gates(struct job *job, const nwc__node *range)
{
    NWC__TRY(nwc__cf_gates(range, 0, &job->first_m, &job->spacing_m));
    const double first = nwc__node_number(range, "meters_to_center_of_first_gate", NAN),
                 spacing = nwc__node_number(range, "meters_between_gates", NAN);
    if (fabs(first - job->first_m) <= 0.01 * spacing &&
        fabs(spacing - job->spacing_m) * (double)job->n_gates <= 0.1 * spacing)
        job->first_m = first, job->spacing_m = spacing;
    return NWC_OK;
}

static double angle_of(const struct job *job, int32_t s)
{
    static const char *const names[] = {"sweep_fixed_angle", "fixed_angle"};
    const nwc__node *const list = nwc__cf_list(job->tree->root, "sweep_fixed_angle", job->n_sweeps);
    for (int k = 0; k < 2; k++) {
        const double angle = nwc__cf_number(job->group, names[k]);
        if (fabs(angle) <= 360.0) return angle;
    }
    return list ? list->values[s] : NAN;
}

static nwc_status add_sweep(struct job *job, int32_t s)
{
    const nwc__node *const group = job->group, *const azimuth = nwc__node_find(group, "azimuth"),
                           *const range = nwc__node_find(group, "range");
    char mode[NAME];
    int64_t n = 0;
    if (!azimuth || !azimuth->values || azimuth->ndim != 1 || !range || !range->values || range->ndim != 1 ||
        range->dim[0] > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_FORMAT, "%s: azimuth and range expected, up to %d gates", group->name,
                         NWC__MOST_GATES);
    NWC__TRY(nwc__cf_find_rays(group, azimuth, &job->rays));
    if (job->rays.n > NWC__MOST_RAYS)
        return nwc__fail(NWC_ERR_FORMAT, "%s: up to %d rays expected, %lld found", group->name, NWC__MOST_RAYS,
                         (long long)job->rays.n);
    for (int64_t r = 0; r < job->rays.n; r++)
        if (!nwc__cf_in_transition(&job->rays, r)) job->row[n++] = (int32_t)r;
    if (n == 0) return NWC_OK;
    job->n_gates = range->dim[0];
    NWC__TRY(find_gates(job, range));
    nwc__cf_word(nwc__node_find(group, "sweep_mode"), 0, mode, sizeof mode);
    NWC__TRY(nwc__volume_add_sweep(job->volume, nwc__cf_mode(mode), angle_of(job, s), n, &job->made));
    for (int64_t r = 0; r < n; r++) NWC__TRY(nwc__cf_read_ray(&job->rays, job->made, r, job->row[r]));
    const char *const incomplete = nwc__node_text(group, "incomplete");
    if (incomplete[0]) NWC__TRY(nwc__volume_incomplete(job->volume, job->made, "%s", incomplete));
    for (const nwc__node *node = group->first; node; node = node->next)
        if (is_field(job, node)) NWC__TRY(add_field(job, node));
    return NWC_OK;
}

/* ---- the volume ---- */

static nwc_status set_facts(const struct job *job)
{
    const nwc__node *const root = job->tree->root, *const radar = nwc__node_find(root, "radar_parameters");
    nwc_volume_facts facts;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_describe(job->volume, &facts));
    facts.experimental = 1;
    facts.version = nwc__node_text(root, "version");
    facts.site = nwc__node_text(root, "instrument_name");
    facts.site_name = nwc__node_text(root, "site_name");
    facts.scan_name = nwc__node_text(root, "scan_name");
    /* Where the radar is: at the root, or in each sweep of one that moves. */
    const nwc__node *const place = nwc__node_find(root, "latitude") ? root : job->sweep[0].group;
    facts.latitude_deg = nwc__cf_number(place, "latitude");
    facts.longitude_deg = nwc__cf_number(place, "longitude");
    facts.altitude_m = nwc__cf_number(place, "altitude");
    facts.beam_width_h_deg = nwc__cf_number(radar, "radar_beam_width_h");
    facts.beam_width_v_deg = nwc__cf_number(radar, "radar_beam_width_v");
    const double frequency = nwc__cf_number(root, "frequency");
    if (frequency > 1e8 && frequency < 1e12) facts.frequency_hz = frequency;
    facts.time_ns = INT64_MAX;
    for (int32_t s = 0; s < facts.n_sweeps; s++) {
        NWC__TRY(nwc_volume_sweep(job->volume, s, &sweep));
        for (int64_t r = 0; r < sweep.n_rays; r++)
            facts.time_ns = sweep.time_ns[r] < facts.time_ns ? sweep.time_ns[r] : facts.time_ns;
    }
    const char *const profile = nwc__node_text(root, "wmo__cf_profile");
    nwc__volume_set_format(job->volume, strncmp(profile, "FM 301", 6) == 0 ? "FM 301" : "CfRadial 2");
    const char *const incomplete = nwc__node_text(root, "incomplete");
    if (incomplete[0]) NWC__TRY(nwc__volume_incomplete(job->volume, NULL, "%s", incomplete));
    return nwc__volume_set_facts(job->volume, &facts);
}

static nwc_status read_all(struct job *job)
{
    NWC__TRY(find_sweeps(job));
    for (int32_t s = 0; s < job->n_sweeps; s++) {
        job->group = job->sweep[s].group;
        NWC__TRY(add_sweep(job, s));
    }
    NWC__TRY(nwc__unpacking_run(&job->unpacking));
    NWC__TRY(set_facts(job));
    return nwc__volume_finish(job->volume);
}

nwc_status nwc__cfradial2_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume)
{
    nwc_status status = NWC_OK;
    struct job *job;
    NWC__ALLOC(ctx, job, 1);
    *job = (struct job){.ctx = ctx, .tree = tree, .volume = volume, .unpacking = {.ctx = ctx}};
    job->row = nwc__alloc(ctx, NWC__MOST_RAYS, sizeof *job->row);
    status = job->row ? read_all(job) : NWC_ERR_NOMEM;
    nwc__unpacking_release(&job->unpacking);
    nwc__free(ctx, job->row);
    nwc__free(ctx, job);
done:
    return status;
}

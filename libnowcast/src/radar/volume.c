/* A radar volume in memory, and how it is put together. It outlives the context it was made with. */
#include "radar/volume.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    TEXTS = 6,
    INCOMPLETE = 5,
    MOST_TEXT = 512,
    LINE = 64,             /* bytes that arrays begin at a multiple of */
    FIRST_STORE = 4 << 20, /* bytes; each is twice as large as the one before it */
    LAST_STORE = 16 << 20,
    STORE_STEP = 2 << 20, /* a large page */
    STORE_HEAD = 4096     /* less than that, so that with what allocators add they are whole pages */
};

/*
 * Memory of many arrays, all let go with the volume. Moments are some megabytes each: alone they would fill large pages badly,
 * or be on small ones, of which first touching each costs as much as filling it.
 */
struct store {
    struct store *next;
    int64_t used, size; /* bytes, the store itself among them */
};

struct nwc_volume {
    struct nwc_ctx memory; /* allocator only */
    nwc_volume_facts facts;
    char *text[TEXTS]; /* what the facts point to */
    int64_t bytes, max_bytes;
    bool pads;
    struct store *store; /* the latest first */
    nwc__sweep *first, *last;
};

/* FM 301-2022 and ODIM 2.4 name the same things alike, but for total reflectivity, which ODIM calls TH and TV. */
static const nwc__moment_kind kinds[] = {
    {"DBZH", "dBZ", NWC_NOTHING_DBZ},
    {"DBZV", "dBZ", NWC_NOTHING_DBZ},
    {"DBTH", "dBZ", NWC_NOTHING_DBZ},
    {"DBTV", "dBZ", NWC_NOTHING_DBZ},
    {"DBZHC", "dBZ", NWC_NOTHING_DBZ},
    {"DBZHB", "dBZ", NWC_NOTHING_DBZ},
    {"VRADH", "m s-1", NAN},
    {"VRADV", "m s-1", NAN},
    {"VRADDH", "m s-1", NAN},
    {"VRADDV", "m s-1", NAN},
    {"WRADH", "m s-1", NAN},
    {"WRADV", "m s-1", NAN},
    {"ZDR", "dB", NAN},
    {"ZDRC", "dB", NAN},
    {"LDR", "dB", NAN},
    {"PHIDP", "degrees", NAN},
    {"KDP", "degrees km-1", NAN},
    {"RHOHV", "1", NAN},
    {"SQIH", "1", NAN},
    {"SQIV", "1", NAN},
    {"SNRH", "dB", NAN},
    {"SNRV", "dB", NAN},
    {"CCORH", "dB", NAN},
    {"CCORV", "dB", NAN},
    {"CPA", "1", NAN},
    {"CMAP", "1", NAN},
    {"PIA", "dB", NAN},
    {"AH", "dB km-1", NAN},
    {"CBB", "1", NAN},
    {"CLASS", "1", NAN},
    {"QIND", "1", NAN},
    {"RATE", "mm h-1", NAN},
};

const nwc__moment_kind *nwc__moment_named(const char *name)
{
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (strcmp(kinds[k].name, name) == 0) return &kinds[k];
    return NULL;
}

/* ---- putting together ---- */

/* Count what is taken of the limit. */
static nwc_status count_bytes(nwc_volume *volume, int64_t count, size_t size)
{
    const int64_t left = volume->max_bytes - volume->bytes;
    if (count > left / (int64_t)size)
        return nwc__fail(NWC_ERR_NOMEM, "more than the limit of %lld bytes", (long long)volume->max_bytes);
    volume->bytes += count * (int64_t)size;
    return NWC_OK;
}

/* A store of the usual size, with room for so many bytes at least. */
static nwc_status open_store(nwc_volume *volume, int64_t usual, int64_t bytes)
{
    struct store *const last = volume->store;
    const int64_t size = usual < LINE + bytes ? LINE + bytes : usual;
    struct store *const store = nwc__alloc(&volume->memory, size, 1);
    if (!store) return NWC_ERR_NOMEM;
    *store = (struct store){.next = last, .used = LINE, .size = size};
    volume->store = store;
    return NWC_OK;
}

/* An array that lasts as long as the volume. */
static nwc_status take(nwc_volume *volume, int64_t count, size_t size, void **memory)
{
    *memory = NULL;
    NWC__TRY(count_bytes(volume, count, size));
    const int64_t bytes = (count * (int64_t)size + LINE - 1) / LINE * LINE;
    if (!volume->store || volume->store->size - volume->store->used < bytes) {
        const int64_t twice = volume->store ? 2 * (volume->store->size + STORE_HEAD) : FIRST_STORE;
        NWC__TRY(open_store(volume, (twice < LAST_STORE ? twice : LAST_STORE) - STORE_HEAD, bytes));
    }
    *memory = (char *)volume->store + volume->store->used;
    volume->store->used += bytes;
    return NWC_OK;
}

nwc_status nwc__volume_reserve(nwc_volume *volume, int64_t bytes)
{
    const int64_t most = volume->max_bytes < LAST_STORE ? volume->max_bytes : LAST_STORE;
    const int64_t wanted = bytes < most ? bytes : most;
    if (wanted <= FIRST_STORE) return NWC_OK;
    return open_store(volume, (wanted + STORE_STEP - 1) / STORE_STEP * STORE_STEP - STORE_HEAD, 0);
}

/* An array of its own. */
static nwc_status take_alone(nwc_volume *volume, int64_t count, size_t size, void **memory)
{
    NWC__TRY(count_bytes(volume, count, size));
    return (*memory = nwc__alloc(&volume->memory, count, size)) ? NWC_OK : NWC_ERR_NOMEM;
}

static nwc_status take_floats(nwc_volume *volume, int64_t count, float **floats)
{
    void *memory;
    NWC__TRY(take(volume, count, sizeof **floats, &memory));
    *floats = memory;
    for (int64_t i = 0; i < count; i++) (*floats)[i] = NAN;
    return NWC_OK;
}

static nwc_status copy_text(nwc_volume *volume, const char *text, char **copy)
{
    if (!(*copy = nwc__copy_text(&volume->memory, text ? text : ""))) return NWC_ERR_NOMEM;
    return NWC_OK;
}

nwc_status nwc__volume_create(nwc_ctx *ctx, const char *format, int64_t max_bytes, nwc_volume **made)
{
    nwc_volume *const volume = nwc__alloc(ctx, 1, sizeof *volume);
    if (!volume) return NWC_ERR_NOMEM;
    *volume = (nwc_volume){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                           .max_bytes = max_bytes};
    volume->facts = (nwc_volume_facts){.format = format,
                                       .version = "",
                                       .site = "",
                                       .site_name = "",
                                       .instrument = "",
                                       .scan_name = "",
                                       .latitude_deg = NAN,
                                       .longitude_deg = NAN,
                                       .altitude_m = NAN,
                                       .frequency_hz = NAN,
                                       .beam_width_h_deg = NAN,
                                       .beam_width_v_deg = NAN,
                                       .incomplete = ""};
    *made = volume;
    return NWC_OK;
}

int64_t nwc__volume_limit(const nwc_volume *volume)
{
    return volume->max_bytes;
}

void nwc__volume_pad(nwc_volume *volume)
{
    volume->pads = true;
}

int64_t nwc__volume_gates(const nwc_volume *volume, const nwc__reach *moments, int32_t n_moments, int32_t which)
{
    const nwc__reach *const one = &moments[which];
    int64_t n = one->n;
    for (int32_t m = 0; m < n_moments && volume->pads; m++) {
        const nwc__reach *const other = &moments[m];
        if (other->n == 0) continue;
        if (other->spacing_m < one->spacing_m || (other->spacing_m == one->spacing_m && other->first_m < one->first_m))
            return one->n; /* it is not on the axis */
        const double end_m = other->first_m + ((double)other->n - 0.5) * other->spacing_m;
        const double gates = (end_m - one->first_m) / one->spacing_m + 0.5;
        if (!(gates < NWC__MOST_GATES + 1.0)) return one->n;
        if (gates >= (double)n + 1.0) n = (int64_t)gates;
    }
    return n;
}

static void free_moment(nwc_ctx *memory, nwc__moment *moment)
{
    nwc__free(memory, moment->flags);
    if (moment->is_put) nwc__free(memory, moment->cells);
    nwc__free(memory, moment->own_units);
    nwc__free(memory, moment->own_name);
    nwc__free(memory, moment);
}

static void free_sweep(nwc_ctx *memory, nwc__sweep *sweep)
{
    for (nwc__moment *moment = sweep->first; moment;) {
        nwc__moment *const next = moment->next;
        free_moment(memory, moment);
        moment = next;
    }
    nwc__free(memory, sweep->incomplete);
    nwc__free(memory, sweep);
}

void nwc_volume_destroy(nwc_volume *volume)
{
    if (!volume) return;
    struct nwc_ctx memory = volume->memory;
    for (nwc__sweep *sweep = volume->first; sweep;) {
        nwc__sweep *const next = sweep->next;
        free_sweep(&memory, sweep);
        sweep = next;
    }
    for (struct store *store = volume->store; store;) {
        struct store *const next = store->next;
        nwc__free(&memory, store);
        store = next;
    }
    for (int t = TEXTS - 1; t >= 0; t--) nwc__free(&memory, volume->text[t]);
    nwc__free(&memory, volume);
}

nwc_status nwc__volume_set_facts(nwc_volume *volume, const nwc_volume_facts *facts)
{
    const char *const given[TEXTS] = {facts->version,    facts->site,      facts->site_name,
                                      facts->instrument, facts->scan_name, facts->incomplete};
    char *copy[TEXTS] = {NULL}; /* all of them before any old one goes: what is given may be the volume's own */
    nwc_status status = NWC_OK;
    for (int t = 0; t < TEXTS && status == NWC_OK; t++) status = copy_text(volume, given[t], &copy[t]);
    for (int t = 0; t < TEXTS; t++) {
        const bool kept = status != NWC_OK || (t == INCOMPLETE && volume->text[t]); /* incomplete already, and why */
        nwc__free(&volume->memory, kept ? copy[t] : volume->text[t]);
        if (!kept) volume->text[t] = copy[t];
    }
    if (status != NWC_OK) return status;
    const nwc_volume_facts old = volume->facts;
    volume->facts = *facts;
    volume->facts.format = old.format;
    volume->facts.n_sweeps = old.n_sweeps;
    volume->facts.version = volume->text[0];
    volume->facts.site = volume->text[1];
    volume->facts.site_name = volume->text[2];
    volume->facts.instrument = volume->text[3];
    volume->facts.scan_name = volume->text[4];
    volume->facts.incomplete = volume->text[5];
    return NWC_OK;
}

nwc_status nwc__volume_incomplete(nwc_volume *volume, nwc__sweep *sweep, const char *format, ...)
{
    char **const text = sweep ? &sweep->incomplete : &volume->text[INCOMPLETE];
    if (*text && **text) return NWC_OK;
    char reason[MOST_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    nwc__free(&volume->memory, *text);
    *text = NULL;
    NWC__TRY(copy_text(volume, reason, text));
    if (!sweep) volume->facts.incomplete = *text;
    return NWC_OK;
}

nwc_status nwc__volume_add_sweep(nwc_volume *volume, int32_t mode, double fixed_angle_deg, int64_t n_rays,
                                 nwc__sweep **made)
{
    if (volume->facts.n_sweeps >= NWC__MOST_SWEEPS)
        return nwc__fail(NWC_ERR_FORMAT, "at most %d sweeps expected, more found", NWC__MOST_SWEEPS);
    if (n_rays < 1 || n_rays > NWC__MOST_RAYS)
        return nwc__fail(NWC_ERR_FORMAT, "1 to %d rays in a sweep expected, %lld found", NWC__MOST_RAYS,
                         (long long)n_rays);
    nwc__sweep *const sweep = nwc__alloc(&volume->memory, 1, sizeof *sweep);
    if (!sweep) return NWC_ERR_NOMEM;
    *sweep = (nwc__sweep){.mode = mode, .fixed_angle_deg = fixed_angle_deg, .n_rays = n_rays};
    if (volume->last)
        volume->last->next = sweep;
    else
        volume->first = sweep;
    volume->last = sweep;
    volume->facts.n_sweeps++;
    void *times;
    NWC__TRY(take(volume, n_rays, sizeof *sweep->time_ns, &times));
    sweep->time_ns = times;
    memset(times, 0, (size_t)n_rays * sizeof *sweep->time_ns);
    NWC__TRY(take_floats(volume, n_rays, &sweep->azimuth_deg));
    NWC__TRY(take_floats(volume, n_rays, &sweep->elevation_deg));
    NWC__TRY(take_floats(volume, n_rays, &sweep->nyquist_m_s));
    NWC__TRY(take_floats(volume, n_rays, &sweep->unambiguous_range_m));
    *made = sweep;
    return NWC_OK;
}

/* Names, and cells where none are lent. What was allocated when it fails belongs to the moment all the same. */
static nwc_status fill_moment(nwc_volume *volume, int64_t n_rays, const nwc__moment_kind *kind, const char *own_name,
                              const char *own_units, float *lent, nwc__moment *moment)
{
    void *memory;
    NWC__TRY(copy_text(volume, own_name, &moment->own_name));
    NWC__TRY(copy_text(volume, own_units, &moment->own_units));
    moment->name = kind ? kind->name : moment->own_name;
    moment->units = kind ? kind->units : moment->own_units;
    moment->lent = lent != NULL;
    if (!lent) {
        NWC__TRY(
            (moment->is_put ? take_alone : take)(volume, n_rays * moment->n_gates, sizeof *moment->cells, &memory));
        lent = memory;
    }
    moment->cells = lent;
    return NWC_OK;
}

nwc_status nwc__volume_add_flags(nwc_volume *volume, const nwc__sweep *sweep, nwc__moment *moment)
{
    void *memory;
    NWC__TRY(take_alone(volume, sweep->n_rays * moment->n_gates, sizeof *moment->flags, &memory));
    moment->flags = memory;
    return NWC_OK;
}

/* kind NULL: a moment by its own name and units. lent NULL: with cells of its own. */
static nwc_status add_moment(nwc_volume *volume, nwc__sweep *sweep, const nwc__moment_kind *kind, const char *own_name,
                             const char *own_units, int64_t n_gates, double first_gate_m, double gate_spacing_m,
                             float *lent, nwc__moment **made)
{
    if (sweep->n_moments >= NWC__MOST_MOMENTS)
        return nwc__fail(NWC_ERR_FORMAT, "at most %d moments in a sweep expected, more found", NWC__MOST_MOMENTS);
    if (n_gates < 1 || n_gates > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_FORMAT, "%s: 1 to %d gates in a ray expected, %lld found", own_name, NWC__MOST_GATES,
                         (long long)n_gates);
    if (!(gate_spacing_m > 0.0 && gate_spacing_m < 1e5 && fabs(first_gate_m) < 1e6))
        return nwc__fail(NWC_ERR_FORMAT, "%s: gates some metres apart expected, first at %g m and %g m apart found",
                         own_name, first_gate_m, gate_spacing_m);
    nwc__moment *const moment = nwc__alloc(&volume->memory, 1, sizeof *moment);
    if (!moment) return NWC_ERR_NOMEM;
    *moment = (nwc__moment){.n_gates = n_gates, .first_gate_m = first_gate_m, .gate_spacing_m = gate_spacing_m};
    if (sweep->last)
        sweep->last->next = moment;
    else
        sweep->first = moment;
    sweep->last = moment;
    sweep->n_moments++;
    NWC__TRY(fill_moment(volume, sweep->n_rays, kind, own_name, own_units, lent, moment));
    *made = moment;
    return NWC_OK;
}

nwc_status nwc__volume_add_moment(nwc_volume *volume, nwc__sweep *sweep, const char *name, const char *own_name,
                                  int64_t n_gates, double first_gate_m, double gate_spacing_m, nwc__moment **made)
{
    const nwc__moment_kind *const kind = nwc__moment_named(name);
    assert(kind);
    return add_moment(volume, sweep, kind, own_name, "", n_gates, first_gate_m, gate_spacing_m, NULL, made);
}

nwc_status nwc__volume_add_other(nwc_volume *volume, nwc__sweep *sweep, const char *own_name, const char *units,
                                 int64_t n_gates, double first_gate_m, double gate_spacing_m, nwc__moment **made)
{
    return add_moment(volume, sweep, NULL, own_name, units, n_gates, first_gate_m, gate_spacing_m, NULL, made);
}

nwc__moment *nwc__sweep_find(const nwc__sweep *sweep, const char *name)
{
    nwc__moment *moment = sweep->first;
    while (moment && strcmp(moment->name, name) != 0) moment = moment->next;
    return moment;
}

void nwc__volume_set_format(nwc_volume *volume, const char *format)
{
    volume->facts.format = format;
}

void nwc__volume_sort(nwc_volume *volume)
{
    nwc__sweep *sorted = NULL;
    for (nwc__sweep *sweep = volume->first, *next; sweep; sweep = next) { /* one by one behind those not later */
        next = sweep->next;
        nwc__sweep **place = &sorted;
        while (*place && (*place)->time_ns[0] <= sweep->time_ns[0]) place = &(*place)->next;
        sweep->next = *place;
        *place = sweep;
    }
    volume->first = sorted;
    for (volume->last = sorted; volume->last && volume->last->next;) volume->last = volume->last->next;
}

void nwc__sweep_finish(nwc_volume *volume, nwc__sweep *sweep)
{
    for (nwc__moment *moment = sweep->first; moment; moment = moment->next) {
        if (!moment->flags) continue;
        uint8_t any = 0;
        for (int64_t r = 0; r < sweep->n_rays && !any; r++) { /* ray by ray: within one, stopping would not vectorise */
            const uint8_t *const flags = moment->flags + r * moment->n_gates;
            for (int64_t g = 0; g < moment->n_gates; g++) any |= flags[g];
        }
        if (any) continue;
        nwc__free(&volume->memory, moment->flags);
        moment->flags = NULL;
    }
}

nwc_status nwc__volume_finish(nwc_volume *volume)
{
    if (!volume->first) return nwc__fail(NWC_ERR_NODATA, "no ray in it");
    int32_t number = 0;
    for (nwc__sweep *sweep = volume->first; sweep; sweep = sweep->next, number++) {
        if (sweep->incomplete)
            NWC__TRY(nwc__volume_incomplete(volume, NULL, "sweep %d: %s", (int)number, sweep->incomplete));
        nwc__sweep_finish(volume, sweep);
    }
    return NWC_OK;
}

/* ---- by callers ---- */

nwc_status nwc_volume_create(nwc_ctx *ctx, const nwc_volume_facts *facts, nwc_volume **volume)
{
    ctx = nwc__ctx(ctx);
    if (!facts || !volume) return nwc__fail(NWC_ERR_ARG, "facts, volume: facts and a place for the volume expected");
    *volume = NULL;
    if (facts->latitude_deg < -90.0 || facts->latitude_deg > 90.0 || fabs(facts->longitude_deg) > 360.0)
        return nwc__fail(NWC_ERR_ARG, "facts: a place on the earth expected, %g, %g given", facts->latitude_deg,
                         facts->longitude_deg);
    nwc_volume *made;
    nwc_volume_facts own = *facts;
    own.experimental = 0;
    NWC__TRY(nwc__volume_create(ctx, "memory", INT64_MAX / 2, &made));
    const nwc_status status = nwc__volume_set_facts(made, &own);
    if (status != NWC_OK) {
        nwc_volume_destroy(made);
        return status;
    }
    *volume = made;
    return NWC_OK;
}

nwc_status nwc_volume_add_sweep(nwc_volume *volume, const nwc_sweep *given)
{
    if (!volume || !given) return nwc__fail(NWC_ERR_ARG, "volume, sweep: a volume and a sweep expected, NULL given");
    if (given->mode < NWC_SWEEP_SURVEILLANCE || given->mode > NWC_SWEEP_MANUAL)
        return nwc__fail(NWC_ERR_ARG, "sweep.mode: an nwc_sweep_mode expected, %d given", (int)given->mode);
    if (given->n_rays < 1 || given->n_rays > NWC__MOST_RAYS || volume->facts.n_sweeps >= NWC__MOST_SWEEPS)
        return nwc__fail(NWC_ERR_ARG, "sweep: 1 to %d rays and at most %d sweeps expected, %lld rays given",
                         NWC__MOST_RAYS, NWC__MOST_SWEEPS, (long long)given->n_rays);
    if (!given->time_ns || !given->azimuth_deg || !given->elevation_deg)
        return nwc__fail(NWC_ERR_ARG, "sweep: times, azimuths and elevations expected, NULL given");
    for (int64_t r = 0; r < given->n_rays; r++)
        if (!(given->azimuth_deg[r] >= 0.0f && given->azimuth_deg[r] < 360.0f &&
              fabsf(given->elevation_deg[r]) <= 180.0f))
            return nwc__fail(NWC_ERR_ARG,
                             "sweep: ray %lld: an azimuth of 0 to below 360 and an elevation expected, %g and %g given",
                             (long long)r, (double)given->azimuth_deg[r], (double)given->elevation_deg[r]);
    nwc__sweep *sweep;
    NWC__TRY(nwc__volume_add_sweep(volume, given->mode, given->fixed_angle_deg, given->n_rays, &sweep));
    const size_t bytes = (size_t)given->n_rays * sizeof(float);
    memcpy(sweep->time_ns, given->time_ns, (size_t)given->n_rays * sizeof *given->time_ns);
    memcpy(sweep->azimuth_deg, given->azimuth_deg, bytes);
    memcpy(sweep->elevation_deg, given->elevation_deg, bytes);
    if (given->nyquist_m_s) memcpy(sweep->nyquist_m_s, given->nyquist_m_s, bytes);
    if (given->unambiguous_range_m) memcpy(sweep->unambiguous_range_m, given->unambiguous_range_m, bytes);
    return given->incomplete && *given->incomplete ? nwc__volume_incomplete(volume, sweep, "%s", given->incomplete)
                                                   : NWC_OK;
}

static nwc_status check_moment(const nwc__sweep *sweep, const nwc_moment *given)
{
    const nwc_field *const field = &given->field;
    const nwc_flags *const flags = &given->flags;
    if (!given->name || !given->name[0] || (!nwc__moment_named(given->name) && !field->units))
        return nwc__fail(NWC_ERR_ARG, "moment.name: a name of FM 301, or another and its units, expected, %s given",
                         given->name ? given->name : "none");
    if (!field->data || field->ndim != 2 || field->dim[0] != sweep->n_rays || field->dim[1] < 1 ||
        field->dim[1] > NWC__MOST_GATES)
        return nwc__fail(NWC_ERR_ARG, "%s: (%lld, 1 to %d) cells expected, (%lld, %lld) given", given->name,
                         (long long)sweep->n_rays, NWC__MOST_GATES, (long long)field->dim[0], (long long)field->dim[1]);
    if (flags->data && (flags->ndim != 2 || flags->dim[0] != field->dim[0] || flags->dim[1] != field->dim[1]))
        return nwc__fail(NWC_ERR_ARG, "%s: flags of the shape of the cells expected", given->name);
    if (!(given->gate_spacing_m > 0.0 && isfinite(given->first_gate_m)))
        return nwc__fail(NWC_ERR_ARG, "%s: gates some metres apart expected, first at %g m and %g m apart given",
                         given->name, given->first_gate_m, given->gate_spacing_m);
    return NWC_OK;
}

static const char *own_name(const nwc_moment *given)
{
    return given->own_name && nwc__moment_named(given->name) ? given->own_name : given->name;
}

/* The cells, of any strides, where they are not lent, and the flags where the moment has room for them. */
static void copy_gates(const nwc_moment *given, nwc__moment *moment)
{
    const nwc_field *const field = &given->field;
    const nwc_flags *const flags = &given->flags;
    const int64_t n = field->dim[1];
    moment->resolution = given->resolution;
    for (int64_t r = 0; r < field->dim[0]; r++) {
        const float *const from = field->data + r * field->stride[0];
        for (int64_t g = 0; !moment->lent && g < n; g++) moment->cells[r * n + g] = from[g * field->stride[1]];
        for (int64_t g = 0; moment->flags && g < n; g++)
            moment->flags[r * n + g] = flags->data ? flags->data[r * flags->stride[0] + g * flags->stride[1]] : 0;
    }
}

/* Append a moment to the last sweep, whose cells are lent or not. */
static nwc_status append(nwc_volume *volume, const nwc_moment *given, bool lent)
{
    if (!volume || !given) return nwc__fail(NWC_ERR_ARG, "volume, moment: a volume and a moment expected, NULL given");
    if (!volume->last) return nwc__fail(NWC_ERR_ARG, "volume: a sweep expected before its moments, none added");
    NWC__TRY(check_moment(volume->last, given));
    if (nwc__sweep_find(volume->last, given->name))
        return nwc__fail(NWC_ERR_ARG, "moment.name: the sweep has a moment %s already", given->name);
    if (lent && (given->field.stride[0] != given->field.dim[1] || given->field.stride[1] != 1))
        return nwc__fail(NWC_ERR_ARG, "%s: cells of rays one behind the other expected, strides of %lld and %lld given",
                         given->name, (long long)given->field.stride[0], (long long)given->field.stride[1]);
    nwc__moment *moment;
    NWC__TRY(add_moment(volume, volume->last, nwc__moment_named(given->name), own_name(given),
                        given->field.units ? given->field.units : "", given->field.dim[1], given->first_gate_m,
                        given->gate_spacing_m, lent ? given->field.data : NULL, &moment));
    if (given->flags.data) NWC__TRY(nwc__volume_add_flags(volume, volume->last, moment));
    copy_gates(given, moment);
    return NWC_OK;
}

nwc_status nwc_volume_add_moment(nwc_volume *volume, const nwc_moment *moment)
{
    return append(volume, moment, false);
}

nwc_status nwc_volume_lend_moment(nwc_volume *volume, const nwc_moment *moment)
{
    return append(volume, moment, true);
}

static nwc_status find_sweep(const nwc_volume *volume, int32_t index, nwc__sweep **found)
{
    if (!volume) return nwc__fail(NWC_ERR_ARG, "volume: a volume expected, NULL given");
    if (index < 0 || index >= volume->facts.n_sweeps)
        return nwc__fail(NWC_ERR_ARG, "sweep: 0 to %d expected, %d given", (int)volume->facts.n_sweeps - 1, (int)index);
    *found = volume->first;
    while (index-- > 0) *found = (*found)->next;
    return NWC_OK;
}

/* A moment that belongs to no sweep yet. */
static nwc_status make_moment(nwc_volume *volume, const nwc__sweep *sweep, const char *name, const char *own,
                              const char *units, int64_t n_gates, bool flagged, nwc__moment **made)
{
    if (!nwc__sweep_find(sweep, name) && sweep->n_moments >= NWC__MOST_MOMENTS)
        return nwc__fail(NWC_ERR_ARG, "%s: at most %d moments in a sweep expected, more given", name,
                         NWC__MOST_MOMENTS);
    nwc__moment *const moment = nwc__alloc(&volume->memory, 1, sizeof *moment);
    if (!moment) return NWC_ERR_NOMEM;
    *moment = (nwc__moment){.n_gates = n_gates, .is_put = true};
    /* The limit is on what a file may bring: what is put comes on top of it. */
    volume->max_bytes += sweep->n_rays * n_gates * (int64_t)(sizeof *moment->cells + sizeof *moment->flags);
    nwc_status status =
        fill_moment(volume, sweep->n_rays, nwc__moment_named(name), own, units ? units : "", NULL, moment);
    if (status == NWC_OK && flagged) status = nwc__volume_add_flags(volume, sweep, moment);
    if (status == NWC_OK)
        *made = moment;
    else
        free_moment(&volume->memory, moment);
    return status;
}

/* In the place of the one of the same name, or behind the last. */
static void place_moment(nwc_volume *volume, nwc__sweep *sweep, nwc__moment *moment)
{
    nwc__moment **place = &sweep->first;
    while (*place && strcmp((*place)->name, moment->name) != 0) place = &(*place)->next;
    nwc__moment *const old = *place;
    *place = moment;
    if (!old)
        sweep->n_moments++;
    else
        moment->next = old->next;
    if (!moment->next) sweep->last = moment;
    if (old) free_moment(&volume->memory, old);
}

nwc_status nwc__volume_put(nwc_volume *volume, int32_t index, const char *name, const char *units, int64_t n_gates,
                           double first_gate_m, double gate_spacing_m, nwc__moment **made)
{
    nwc__sweep *sweep;
    assert(units || nwc__moment_named(name));
    assert(n_gates >= 1 && n_gates <= NWC__MOST_GATES && gate_spacing_m > 0.0);
    NWC__TRY(find_sweep(volume, index, &sweep));
    NWC__TRY(make_moment(volume, sweep, name, name, units, n_gates, false, made));
    (*made)->first_gate_m = first_gate_m, (*made)->gate_spacing_m = gate_spacing_m;
    place_moment(volume, sweep, *made);
    return NWC_OK;
}

nwc_status nwc_volume_put_moment(nwc_volume *volume, int32_t index, const nwc_moment *given)
{
    nwc__sweep *sweep;
    nwc__moment *moment;
    if (!given) return nwc__fail(NWC_ERR_ARG, "moment: a moment expected, NULL given");
    NWC__TRY(find_sweep(volume, index, &sweep));
    NWC__TRY(check_moment(sweep, given));
    NWC__TRY(make_moment(volume, sweep, given->name, own_name(given), given->field.units, given->field.dim[1],
                         given->flags.data != NULL, &moment));
    moment->first_gate_m = given->first_gate_m, moment->gate_spacing_m = given->gate_spacing_m;
    copy_gates(given, moment); /* before the old one goes: it may be what is given */
    place_moment(volume, sweep, moment);
    return NWC_OK;
}

/* ---- looking at ---- */

nwc_status nwc_volume_describe(const nwc_volume *volume, nwc_volume_facts *facts)
{
    if (!volume || !facts) return nwc__fail(NWC_ERR_ARG, "volume, facts: a volume and a place for facts expected");
    *facts = volume->facts;
    return NWC_OK;
}

nwc_status nwc_volume_sweep(const nwc_volume *volume, int32_t index, nwc_sweep *sweep)
{
    nwc__sweep *found;
    if (!sweep) return nwc__fail(NWC_ERR_ARG, "sweep: a place for the sweep expected, NULL given");
    NWC__TRY(find_sweep(volume, index, &found));
    *sweep = (nwc_sweep){.mode = found->mode,
                         .n_moments = found->n_moments,
                         .fixed_angle_deg = found->fixed_angle_deg,
                         .n_rays = found->n_rays,
                         .time_ns = found->time_ns,
                         .azimuth_deg = found->azimuth_deg,
                         .elevation_deg = found->elevation_deg,
                         .nyquist_m_s = found->nyquist_m_s,
                         .unambiguous_range_m = found->unambiguous_range_m,
                         .incomplete = found->incomplete ? found->incomplete : ""};
    return NWC_OK;
}

static void lend(const nwc__sweep *sweep, const nwc__moment *from, nwc_moment *to)
{
    const int64_t ny = sweep->n_rays, nx = from->n_gates;
    *to = (nwc_moment){.name = from->name,
                       .own_name = from->own_name,
                       .first_gate_m = from->first_gate_m,
                       .gate_spacing_m = from->gate_spacing_m,
                       .resolution = from->resolution};
    to->field = (nwc_field){
        .data = from->cells, .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}, .missing = NAN, .units = from->units};
    to->flags = (nwc_flags){.data = from->flags, .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}};
}

nwc_status nwc_volume_moment(const nwc_volume *volume, int32_t sweep, int32_t index, nwc_moment *moment)
{
    nwc__sweep *of;
    if (!moment) return nwc__fail(NWC_ERR_ARG, "moment: a place for the moment expected, NULL given");
    NWC__TRY(find_sweep(volume, sweep, &of));
    if (index < 0 || index >= of->n_moments)
        return nwc__fail(NWC_ERR_ARG, "index: 0 to %d expected, %d given", (int)of->n_moments - 1, (int)index);
    const nwc__moment *found = of->first;
    while (index-- > 0) found = found->next;
    lend(of, found, moment);
    return NWC_OK;
}

nwc_status nwc_volume_find(const nwc_volume *volume, int32_t sweep, const char *name, nwc_moment *moment)
{
    nwc__sweep *of;
    if (!moment || !name) return nwc__fail(NWC_ERR_ARG, "name, moment: a name and a place for the moment expected");
    NWC__TRY(find_sweep(volume, sweep, &of));
    const nwc__moment *const found = nwc__sweep_find(of, name);
    if (found) {
        lend(of, found, moment);
        return NWC_OK;
    }
    return nwc__fail(NWC_ERR_NODATA, "sweep %d: no moment %s", (int)sweep, name);
}

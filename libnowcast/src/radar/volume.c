/* A radar volume in memory, and how it is put together. It outlives the context it was made with. */
#include "radar/volume_parts.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    INCOMPLETE = NWC__VOLUME_TEXTS - 1,
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
struct nwc__volume_store {
    struct nwc__volume_store *next;
    int64_t used, size; /* bytes, the store itself among them */
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
    struct nwc__volume_store *const last = volume->store;
    const int64_t size = usual < LINE + bytes ? LINE + bytes : usual;
    struct nwc__volume_store *const store = nwc__alloc(&volume->memory, size, 1);
    if (!store) return NWC_ERR_NOMEM;
    *store = (struct nwc__volume_store){.next = last, .used = LINE, .size = size};
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

void nwc__moment_free(nwc_ctx *memory, nwc__moment *moment)
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
        nwc__moment_free(memory, moment);
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
    for (struct nwc__volume_store *store = volume->store; store;) {
        struct nwc__volume_store *const next = store->next;
        nwc__free(&memory, store);
        store = next;
    }
    for (int t = NWC__VOLUME_TEXTS - 1; t >= 0; t--) nwc__free(&memory, volume->text[t]);
    nwc__free(&memory, volume);
}

nwc_status nwc__volume_set_facts(nwc_volume *volume, const nwc_volume_facts *facts)
{
    const char *const given[NWC__VOLUME_TEXTS] = {facts->version,    facts->site,      facts->site_name,
                                                  facts->instrument, facts->scan_name, facts->incomplete};
    char *copy[NWC__VOLUME_TEXTS] = {
        NULL}; /* all of them before any old one goes: what is given may be the volume's own */
    nwc_status status = NWC_OK;
    for (int t = 0; t < NWC__VOLUME_TEXTS && status == NWC_OK; t++) status = copy_text(volume, given[t], &copy[t]);
    for (int t = 0; t < NWC__VOLUME_TEXTS; t++) {
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

nwc_status nwc__moment_fill(nwc_volume *volume, int64_t n_rays, const nwc__moment_kind *kind, const char *own_name,
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

nwc_status nwc__volume_new_moment(nwc_volume *volume, nwc__sweep *sweep, const nwc__moment_kind *kind,
                                  const char *own_name, const char *own_units, int64_t n_gates, double first_gate_m,
                                  double gate_spacing_m, float *lent, nwc__moment **made)
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
    NWC__TRY(nwc__moment_fill(volume, sweep->n_rays, kind, own_name, own_units, lent, moment));
    *made = moment;
    return NWC_OK;
}

nwc_status nwc__volume_add_moment(nwc_volume *volume, nwc__sweep *sweep, const char *name, const char *own_name,
                                  int64_t n_gates, double first_gate_m, double gate_spacing_m, nwc__moment **made)
{
    const nwc__moment_kind *const kind = nwc__moment_named(name);
    assert(kind);
    return nwc__volume_new_moment(volume, sweep, kind, own_name, "", n_gates, first_gate_m, gate_spacing_m, NULL, made);
}

nwc_status nwc__volume_add_other(nwc_volume *volume, nwc__sweep *sweep, const char *own_name, const char *units,
                                 int64_t n_gates, double first_gate_m, double gate_spacing_m, nwc__moment **made)
{
    return nwc__volume_new_moment(volume, sweep, NULL, own_name, units, n_gates, first_gate_m, gate_spacing_m, NULL,
                                  made);
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

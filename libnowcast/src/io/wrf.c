/*
 * Output of WRF (Skamarock et al. 2019, NCAR/TN-556): variables on a C grid, each level of each time an entry on the grid of mass
 * points. Staggered variables are averaged between the two points beside; pressure, geopotential and potential temperature
 * are put together of their parts; temperature, humidity and precipitation are derived. Files of other systems are read the same way
 * where the options say what their variables mean.
 */
#include "io/wrf.h"

#include "io/netcdf_tree.h"

#include <stdio.h>

enum { MOST_VARIABLES = 512, MOST_TIMES = 4096, MOST_LEVELS = 1000, TIME_TEXT = 19 };

#define RADIUS_M 6370000.0
#define KAPPA (2.0 / 7.0)
#define REFERENCE_PA 1e5

/* How values come to be. */
enum recipe { PLAIN, TEMPERATURE, HUMIDITY };

struct variable {
    enum recipe recipe;
    const nwc__node *first, *second; /* PLAIN: (first + second) * scale + offset; second may be NULL */
    double scale, offset;
    bool stagger_x, stagger_y, stagger_z, levels;
    int32_t of, with; /* TEMPERATURE: potential temperature and pressure; HUMIDITY: mixing ratio */
};

struct wrf {
    nwc_ctx *memory;
    struct nwc__wrf_base *base;
    struct variable variable[MOST_VARIABLES];
    int32_t count;
    nwc_grid grid;
    char projection[NWC__TEXT];
    const nwc__node *lat, *lon;
    int64_t nz, times;
    int64_t *time_ns, reference_ns;
};

/* ---- what WRF calls things ---- */

static const struct term {
    const char *file_name, *second, *name;
    double scale, offset;
    int32_t vertical;
    double level;
    const char *statistic;
} wrf_terms[] = {
    {"U", NULL, "u", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"V", NULL, "v", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"W", NULL, "wz", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"T", NULL, "pt", 1.0, 300.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"P", "PB", "pres", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"PH", "PHB", "gh", 1.0 / 9.81, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"QVAPOR", NULL, "mixr", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"QCLOUD", NULL, "clwmr", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"QRAIN", NULL, "rwmr", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"QSNOW", NULL, "snmr", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"QGRAUP", NULL, "grle", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"QICE", NULL, "icmr", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"REFL_10CM", NULL, "refd", 1.0, 0.0, NWC_VERTICAL_HYBRID, 0.0, "instant"},
    {"U10", NULL, "10u", 1.0, 0.0, NWC_VERTICAL_HEIGHT_GROUND, 10.0, "instant"},
    {"V10", NULL, "10v", 1.0, 0.0, NWC_VERTICAL_HEIGHT_GROUND, 10.0, "instant"},
    {"T2", NULL, "2t", 1.0, 0.0, NWC_VERTICAL_HEIGHT_GROUND, 2.0, "instant"},
    {"PSFC", NULL, "sp", 1.0, 0.0, NWC_VERTICAL_SURFACE, NAN, "instant"},
    {"HGT", NULL, "orog", 1.0, 0.0, NWC_VERTICAL_SURFACE, NAN, "instant"},
    {"RAINNC", "RAINC", "tp", 1.0, 0.0, NWC_VERTICAL_SURFACE, NAN, "accum"},
    {"UP_HELI_MAX", NULL, "mxuphl", 1.0, 0.0, NWC_VERTICAL_OTHER, NAN, "max"},
};

static const struct term *term_of(const char *file_name)
{
    for (size_t t = 0; t < sizeof wrf_terms / sizeof wrf_terms[0]; t++)
        if (strcmp(wrf_terms[t].file_name, file_name) == 0) return &wrf_terms[t];
    return NULL;
}

/* ---- values ---- */

/* One level of one node, on mass points. plane: of the node; room: one plane of the largest node. */
static nwc_status read_plane(const struct wrf *wrf, const struct variable *variable, const nwc__node *node,
                             int64_t plane, double *room, double *out)
{
    const int64_t ny = wrf->grid.ny, nx = wrf->grid.nx;
    const int64_t wide = nx + variable->stagger_x, high = ny + variable->stagger_y;
    nwc__io_lock();
    const nwc_status status = nwc__tree_rows(&wrf->base->tree, node, plane, 0, high, room);
    nwc__io_unlock();
    if (status != NWC_OK) return status;
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const double *const here = room + j * wide + i;
            out[j * nx + i] = variable->stagger_x   ? 0.5 * (here[0] + here[1])
                              : variable->stagger_y ? 0.5 * (here[0] + here[wide])
                                                    : here[0];
        }
    return NWC_OK;
}

/* work: five planes of the largest node. */
static nwc_status read_plain(const struct wrf *wrf, const struct variable *variable, int64_t t, int64_t k, double *work,
                             double *out)
{
    const int64_t n = wrf->grid.ny * wrf->grid.nx, most = (wrf->grid.ny + 1) * (wrf->grid.nx + 1);
    const int64_t levels = variable->levels ? wrf->nz + variable->stagger_z : 1;
    for (int64_t p = 0; p < n; p++) out[p] = 0.0;
    for (int part = 0; part < 2; part++) {
        const nwc__node *const node = part ? variable->second : variable->first;
        if (!node) continue;
        for (int64_t up = 0; up < (variable->stagger_z ? 2 : 1); up++) {
            NWC__TRY(read_plane(wrf, variable, node, t * levels + k + up, work, work + most));
            for (int64_t p = 0; p < n; p++) out[p] += (variable->stagger_z ? 0.5 : 1.0) * work[most + p];
        }
    }
    for (int64_t p = 0; p < n; p++) out[p] = out[p] * variable->scale + variable->offset;
    return NWC_OK;
}

static nwc_status read_source(void *state, nwc_ctx *ctx, const nwc__model_item *item, float *values)
{
    const struct wrf *const wrf = state;
    const int64_t n = item->entry.points, most = (wrf->grid.ny + 1) * (wrf->grid.nx + 1);
    const int64_t k = item->where % wrf->nz, t = item->where / wrf->nz % wrf->times;
    const struct variable *const variable = &wrf->variable[item->where / wrf->nz / wrf->times];
    nwc_status status = NWC_OK;
    double *work = NULL;
    NWC__ALLOC(ctx, work, 4 * most);
    double *const a = work + 2 * most, *const b = work + 3 * most;
    const struct variable *const of = variable->recipe == PLAIN ? variable : &wrf->variable[variable->of];
    if ((status = read_plain(wrf, of, t, k, work, a)) != NWC_OK) goto done;
    if (variable->recipe == TEMPERATURE &&
        (status = read_plain(wrf, &wrf->variable[variable->with], t, k, work, b)) != NWC_OK)
        goto done;
    for (int64_t p = 0; p < n; p++)
        values[p] = (float)(variable->recipe == TEMPERATURE ? a[p] * pow(b[p] / REFERENCE_PA, KAPPA)
                            : variable->recipe == HUMIDITY  ? a[p] / (1.0 + a[p])
                                                            : a[p]);
done:
    nwc__free(ctx, work);
    return status;
}

static void release_base(nwc_ctx *memory, struct nwc__wrf_base *base)
{
    nwc__io_lock();
    nwc__netcdf_close(base->netcdf);
    nwc__io_unlock();
    nwc__tree_destroy(&base->tree);
    nwc__free(memory, base->bytes.data);
    nwc__free(memory, base);
}

static void close_source(void *state)
{
    struct wrf *const wrf = state;
    nwc_ctx *const memory = wrf->memory;
    release_base(memory, wrf->base);
    nwc__free(memory, wrf->time_ns);
    nwc__free(memory, wrf);
}

/* ---- grid and times ---- */

static nwc_status find_projection(struct wrf *wrf, const nwc_model_options *options)
{
    const nwc__node *const root = wrf->base->tree.root;
    const double first = nwc__node_number(root, "TRUELAT1", NAN), second = nwc__node_number(root, "TRUELAT2", first);
    const double lon = nwc__node_number(root, "STAND_LON", NAN), pole = nwc__node_number(root, "POLE_LAT", 90.0);
    const double kind = nwc__node_number(root, "MAP_PROJ", -1.0);
    char *const text = wrf->projection;
    if (options->projection) {
        if (strlen(options->projection) >= NWC__TEXT)
            return nwc__fail(NWC_ERR_ARG, "projection: fewer than %d characters expected", NWC__TEXT);
        strcpy(text, options->projection);
    } else if (kind == 1.0)
        snprintf(text, NWC__TEXT, "+proj=lcc +lat_1=%.9g +lat_2=%.9g +lat_0=%.9g +lon_0=%.9g +R=%.9g", first, second,
                 first, lon, RADIUS_M);
    else if (kind == 2.0)
        snprintf(text, NWC__TEXT, "+proj=stere +lat_0=%d +lat_ts=%.9g +lon_0=%.9g +R=%.9g", first < 0.0 ? -90 : 90,
                 first, lon, RADIUS_M);
    else if (kind == 3.0)
        snprintf(text, NWC__TEXT, "+proj=merc +lat_ts=%.9g +lon_0=%.9g +R=%.9g", first, lon, RADIUS_M);
    else if (kind == 6.0 && fabs(pole - 90.0) < 1e-3)
        snprintf(text, NWC__TEXT, "+proj=longlat +R=%.9g", RADIUS_M);
    else
        return kind < 0.0 ? nwc__fail(NWC_ERR_UNSUPPORTED, "netCDF that is not of WRF: it has no attribute MAP_PROJ")
                          : nwc__fail(NWC_ERR_UNSUPPORTED, "MAP_PROJ %g, or its pole moved", kind);
    wrf->grid.projection = text;
    return NWC_OK;
}

/* A variable by what the options call it, else by WRF's name. */
static const nwc__node *node_called(const struct wrf *wrf, const nwc_model_options *options, const char *name,
                                    const char *file_name)
{
    for (int32_t n = 0; n < options->n_names; n++)
        if (strcmp(options->names[n].name, name) == 0) file_name = options->names[n].file_name;
    return nwc__node_find(wrf->base->tree.root, file_name);
}

/* Its numbers can be had, from the tree or from the file. */
static bool has_values(const struct wrf *wrf, const nwc__node *node)
{
    return !node->cells && (node->values || wrf->base->tree.fetch);
}

static nwc_status find_grid(struct wrf *wrf, const nwc_model_options *options)
{
    const nwc__node *const root = wrf->base->tree.root;
    NWC__TRY(find_projection(wrf, options));
    wrf->lat = node_called(wrf, options, "lat", "XLAT"), wrf->lon = node_called(wrf, options, "lon", "XLONG");
    const nwc__node *const lat = wrf->lat, *const lon = wrf->lon;
    if (!lat || !lon || lat->ndim < 2 || lon->ndim != lat->ndim || lat->dim[lat->ndim - 1] != lon->dim[lon->ndim - 1] ||
        lat->dim[lat->ndim - 2] != lon->dim[lon->ndim - 2] || !has_values(wrf, lat) || !has_values(wrf, lon))
        return nwc__fail(NWC_ERR_FORMAT, "latitude and longitude of the mass points expected (XLAT, XLONG)");
    nwc_grid *const grid = &wrf->grid;
    grid->nx = lat->dim[lat->ndim - 1], grid->ny = lat->dim[lat->ndim - 2];
    if (grid->nx < 2 || grid->ny < 2)
        return nwc__fail(NWC_ERR_FORMAT, "%lld x %lld mass points", (long long)grid->ny, (long long)grid->nx);
    nwc_status status = NWC_OK;
    double *x = NULL, *y = NULL;
    NWC__ALLOC(wrf->memory, x, 2 * grid->nx);
    NWC__ALLOC(wrf->memory, y, 2 * grid->nx);
    nwc__io_lock();
    status = nwc__tree_rows(&wrf->base->tree, lon, 0, 0, 2, x);
    if (status == NWC_OK) status = nwc__tree_rows(&wrf->base->tree, lat, 0, 0, 2, y);
    nwc__io_unlock();
    if (status != NWC_OK) goto done;
    if ((status = nwc_grid_from_lonlat(wrf->memory, grid, 2 * grid->nx, x, y, x, y)) != NWC_OK) goto done;
    const bool degrees = nwc_grid_is_latlon(grid);
    grid->x_first = x[0], grid->y_first = y[0];
    grid->dx = degrees ? remainder(x[1] - x[0], 360.0) : nwc__node_number(root, "DX", x[1] - x[0]);
    grid->dy = degrees ? y[grid->nx] - y[0] : nwc__node_number(root, "DY", y[grid->nx] - y[0]);
    const double off_x = (x[1] - x[0]) / grid->dx - 1.0, off_y = (y[grid->nx] - y[0]) / grid->dy - 1.0;
    if (!degrees && !(fabs(off_x) < 0.05 && fabs(off_y) < 0.05))
        status = nwc__fail(NWC_ERR_FORMAT, "mass points %g and %g m apart by their latitudes, %g and %g by DX and DY",
                           x[1] - x[0], y[grid->nx] - y[0], grid->dx, grid->dy);
    else
        status = nwc_grid_check(wrf->memory, grid);
    if (status == NWC_ERR_ARG) status = nwc__fail(NWC_ERR_FORMAT, "%s", nwc_error_text());
done:
    nwc__free(wrf->memory, y);
    nwc__free(wrf->memory, x);
    return status;
}

/* "2019-06-05_00:00:00" */
static bool read_time(const char *text, int64_t *time_ns)
{
    char digits[15];
    int n = 0;
    for (int c = 0; c < TIME_TEXT && text[c]; c++)
        if (text[c] >= '0' && text[c] <= '9' && n < 14) digits[n++] = text[c];
    digits[n] = '\0';
    return n == 14 && nwc__time_from_digits(digits, time_ns);
}

static nwc_status find_times(struct wrf *wrf)
{
    const nwc__node *const root = wrf->base->tree.root, *const times = nwc__node_find(root, "Times");
    const nwc__node *const since = nwc__node_find(root, "XTIME");
    const bool texts =
        times && times->cells && times->type == NWC__CELL_TEXT && times->ndim == 2 && times->dim[1] >= TIME_TEXT;
    const bool numbers = since && since->values && since->ndim == 1;
    if (!texts && !numbers) return nwc__fail(NWC_ERR_FORMAT, "variable Times or XTIME expected, there is none");
    wrf->times = texts ? times->dim[0] : since->dim[0];
    if (wrf->times < 1 || wrf->times > MOST_TIMES)
        return nwc__fail(NWC_ERR_FORMAT, "%lld times", (long long)wrf->times);
    wrf->time_ns = nwc__alloc(wrf->memory, wrf->times, sizeof *wrf->time_ns);
    if (!wrf->time_ns) return NWC_ERR_NOMEM;
    for (int64_t t = 0; t < wrf->times; t++) {
        char text[TIME_TEXT + 1] = "";
        if (texts) memcpy(text, times->cells + t * times->dim[1], TIME_TEXT);
        if (texts ? !read_time(text, &wrf->time_ns[t]) : !nwc__cf_time(since, t, &wrf->time_ns[t]))
            return nwc__fail(NWC_ERR_FORMAT, "time %lld: \"%s\" is no time", (long long)t, text);
    }
    const char *started = nwc__node_text(root, "SIMULATION_START_DATE");
    if (!started[0]) started = nwc__node_text(root, "START_DATE");
    if (!read_time(started, &wrf->reference_ns)) wrf->reference_ns = wrf->time_ns[0];
    return NWC_OK;
}

/* ---- variables ---- */

/* Name number n, from 0, of the dimensions of a node. */
static bool axis_is(const nwc__node *node, int64_t n, const char *name)
{
    const char *at = node->axes ? node->axes : "";
    while (n-- > 0 && *at) at += strcspn(at, " "), at += *at == ' ';
    const size_t length = strcspn(at, " ");
    return length == strlen(name) && strncmp(at, name, length) == 0;
}

/* How a node lies in the grid; false where it is no field on it. declared: an nwc_model_stagger. */
static bool find_shape(struct wrf *wrf, const nwc__node *node, int32_t declared, bool known, struct variable *variable)
{
    const int64_t d = node->ndim;
    if (d < 3 || node->dim[0] != wrf->times || !has_values(wrf, node)) return false;
    const bool by_name = declared == NWC_STAGGER_BY_NAME;
    variable->levels = d == 4;
    variable->stagger_x = by_name ? axis_is(node, d - 1, "west_east_stag") : declared == NWC_STAGGER_X;
    variable->stagger_y = by_name ? axis_is(node, d - 2, "south_north_stag") : declared == NWC_STAGGER_Y;
    variable->stagger_z = d == 4 && (by_name ? axis_is(node, 1, "bottom_top_stag") : declared == NWC_STAGGER_Z);
    if (variable->stagger_x && variable->stagger_y) return false;
    if (node->dim[d - 1] != wrf->grid.nx + variable->stagger_x) return false;
    if (node->dim[d - 2] != wrf->grid.ny + variable->stagger_y) return false;
    if (d == 3) return true;
    if (!known && !variable->stagger_z && !axis_is(node, 1, "bottom_top")) return false;
    const int64_t nz = node->dim[1] - variable->stagger_z;
    if (nz < 1 || nz > MOST_LEVELS) return false;
    if (!wrf->nz) wrf->nz = nz;
    return nz == wrf->nz;
}

/* Make entries of a variable, of all its times and levels. */
static nwc_status add_entries(nwc_model *model, struct wrf *wrf, const struct variable *variable,
                              const nwc_model_entry *like, const nwc_model_name *given)
{
    if (wrf->count == MOST_VARIABLES) return NWC_OK;
    const int64_t levels = variable->levels ? wrf->nz : 1;
    wrf->variable[wrf->count] = *variable;
    for (int64_t t = 0; t < wrf->times; t++)
        for (int64_t k = 0; k < levels; k++) {
            nwc__model_item item = {.entry = *like, .scale = 1.0};
            nwc_model_entry *const entry = &item.entry;
            const nwc__model_term *const term = nwc__model_term_of(entry->name);
            if (term) {
                entry->standard_name = term->standard_name;
                entry->long_name = term->long_name;
                entry->units = term->units;
            }
            if (given) nwc__model_call(given, &item);
            if (variable->levels) entry->level = (double)(k + 1), entry->level_type = "bottom_top";
            entry->time_ns = entry->start_ns = wrf->time_ns[t];
            if (strcmp(entry->statistic, "accum") == 0) entry->start_ns = wrf->reference_ns;
            item.where = ((int64_t)wrf->count * wrf->times + t) * wrf->nz + k;
            NWC__TRY(nwc__model_add(model, &item));
        }
    wrf->count++;
    return NWC_OK;
}

static nwc_status add_node(nwc_model *model, struct wrf *wrf, const nwc__node *node, const nwc_model_entry *base,
                           const nwc_model_options *options)
{
    const nwc_model_name *const given = nwc__model_name_of(options, node->name);
    const struct term *const term = given ? NULL : term_of(node->name);
    struct variable variable = {.recipe = PLAIN, .first = node, .scale = 1.0};
    nwc_model_entry entry = *base;
    if (node == wrf->lat || node == wrf->lon) return NWC_OK;
    if (!find_shape(wrf, node, given ? given->stagger : NWC_STAGGER_BY_NAME, given != NULL, &variable)) return NWC_OK;
    entry.name = node->name, entry.long_name = nwc__node_text(node, "description");
    entry.units = nwc__node_text(node, "units");
    entry.vertical = variable.levels ? NWC_VERTICAL_HYBRID : NWC_VERTICAL_OTHER;
    if (term) {
        struct variable other = {.recipe = PLAIN};
        variable.second = term->second ? nwc__node_find(wrf->base->tree.root, term->second) : NULL;
        variable.scale = term->scale, variable.offset = term->offset;
        const bool fits = variable.second && find_shape(wrf, variable.second, NWC_STAGGER_BY_NAME, false, &other) &&
                          other.levels == variable.levels && other.stagger_z == variable.stagger_z;
        /* A base state that is not there leaves a perturbation, which is no field of use; rain may be of one kind. */
        if (term->second && !fits && variable.levels) return NWC_OK;
        if (!fits) variable.second = NULL;
        entry.name = term->name, entry.vertical = term->vertical, entry.level = term->level;
        entry.statistic = term->statistic;
    }
    return add_entries(model, wrf, &variable, &entry, given);
}

/* The variable of levels that has a name; -1 where there is none. */
static int32_t variable_called(const nwc_model *model, const struct wrf *wrf, int64_t first, const char *name)
{
    for (int64_t e = first; e < nwc_model_count(model); e++) {
        const nwc__model_item *const item = nwc__model_item_at(model, e);
        const int64_t v = item->where / wrf->nz / wrf->times;
        if (strcmp(item->entry.name, name) == 0 && wrf->variable[v].levels) return (int32_t)v;
    }
    return -1;
}

static nwc_status add_derived(nwc_model *model, struct wrf *wrf, int64_t first, const nwc_model_entry *base)
{
    static const struct {
        const char *name, *of, *with;
        enum recipe recipe;
    } derived[] = {{"t", "pt", "pres", TEMPERATURE}, {"q", "mixr", NULL, HUMIDITY}};
    for (int d = 0; d < 2; d++) {
        struct variable variable = {.recipe = derived[d].recipe, .levels = true};
        variable.of = variable_called(model, wrf, first, derived[d].of);
        variable.with = derived[d].with ? variable_called(model, wrf, first, derived[d].with) : 0;
        if (variable.of < 0 || variable.with < 0 || variable_called(model, wrf, first, derived[d].name) >= 0) continue;
        nwc_model_entry entry = *base;
        entry.name = derived[d].name, entry.vertical = NWC_VERTICAL_HYBRID;
        NWC__TRY(add_entries(model, wrf, &variable, &entry, NULL));
    }
    return NWC_OK;
}

static nwc_status list(nwc_model *model, struct wrf *wrf, int32_t file, const nwc_model_options *options)
{
    NWC__TRY(find_grid(wrf, options));
    NWC__TRY(find_times(wrf));
    const nwc_model_entry base = {.name = "",
                                  .units = "",
                                  .centre = -1,
                                  .discipline = -1,
                                  .category = -1,
                                  .number = -1,
                                  .level_type = "surface",
                                  .level = NAN,
                                  .level_2 = NAN,
                                  .reference_ns = wrf->reference_ns,
                                  .statistic = "instant",
                                  .member = NWC_MODEL_NO_MEMBER,
                                  .along_grid = options->winds >= 0 ? options->winds : 1,
                                  .grid_type = "wrf",
                                  .grid = &wrf->grid,
                                  .points = wrf->grid.nx * wrf->grid.ny,
                                  .file = file,
                                  .offset = -1};
    const int64_t first = nwc_model_count(model);
    struct variable any = {.recipe = PLAIN};
    /* The number of levels comes first: entries are counted by it. */
    for (const nwc__node *node = wrf->base->tree.root->first; node && !wrf->nz; node = node->next) {
        const nwc_model_name *const given = nwc__model_name_of(options, node->name);
        (void)find_shape(wrf, node, given ? given->stagger : NWC_STAGGER_BY_NAME, given != NULL, &any);
    }
    if (!wrf->nz) wrf->nz = 1;
    for (const nwc__node *node = wrf->base->tree.root->first; node; node = node->next)
        NWC__TRY(add_node(model, wrf, node, &base, options));
    NWC__TRY(add_derived(model, wrf, first, &base));
    return wrf->count ? NWC_OK : nwc__fail(NWC_ERR_NODATA, "no variable on its grid");
}

nwc_status nwc__wrf_list(nwc_model *model, struct nwc__wrf_base *base, int32_t file, const nwc_model_options *options)
{
    nwc_ctx *const memory = nwc__model_memory(model);
    struct wrf *const wrf = nwc__alloc(memory, 1, sizeof *wrf);
    if (!wrf) {
        release_base(memory, base);
        return NWC_ERR_NOMEM;
    }
    *wrf = (struct wrf){.memory = memory, .base = base};
    const nwc__model_source made = {.read = read_source, .close = close_source, .state = wrf};
    NWC__TRY(nwc__model_add_source(model, &made));
    return list(model, wrf, file, options);
}

nwc_status nwc__wrf_model(nwc_model *model, struct nwc__bytes bytes, int32_t file, const nwc_model_options *options)
{
    nwc_ctx *const memory = nwc__model_memory(model);
    struct nwc__wrf_base *const base = nwc__alloc(memory, 1, sizeof *base);
    if (!base) {
        nwc__free(memory, bytes.data);
        return NWC_ERR_NOMEM;
    }
    *base = (struct nwc__wrf_base){.bytes = bytes, .netcdf = -1};
    nwc_status status = nwc__tree_create(memory, options->max_bytes, &base->tree);
    base->tree.keep_texts = true;
    if (status == NWC_OK) {
        nwc__io_lock();
        status = nwc__netcdf_open(memory, bytes.data, bytes.size, &base->tree, &base->netcdf);
        nwc__io_unlock();
    }
    if (status == NWC_OK) return nwc__wrf_list(model, base, file, options);
    release_base(memory, base);
    return status;
}

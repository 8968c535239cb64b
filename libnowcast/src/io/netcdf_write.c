/*
 * Fields as CF netCDF-4 (conventions 1.11): one variable (time, y, x), or (realization, time, y, x) of an ensemble, for each
 * name, with the grid mapping both as CF attributes and as a PROJ string, deflated in chunks of one time.
 */
#include "io/hdf5_close.h"
#include "io/netcdf_put.h"
#include "io/writer.h"

#ifdef NWC__HAVE_NETCDF
#include "radar/format/cf_projection.h"

#include <stdio.h>

enum { CHUNK = 512, DEFLATE = 1, MOST_VARIABLES = 64 };

struct variable {
    int id;
    int32_t members; /* 0 for none */
    int64_t *times;  /* (member): written so far, counted to the latest */
};

struct state {
    struct nwc_ctx *memory;
    char *path;
    int file, time, lead, reference; /* ids; lead and reference are -1 until a forecast comes */
    nwc_grid grid;                   /* projection is text */
    char text[NWC__TEXT];
    int64_t reference_ns, times, room, *time_ns; /* (times) of room */
    int32_t members;                             /* of the file's ensembles; 0 until one comes */
    int variables;
    struct variable variable[MOST_VARIABLES];
    float *band; /* CHUNK rows */
};

static const char epoch[] = "seconds since 1970-01-01 00:00:00";

static nwc_status create(nwc_ctx *memory, const char *path, void **made)
{
    struct state *const state = nwc__alloc(memory, 1, sizeof *state);
    if (!state) return NWC_ERR_NOMEM;
    *state = (struct state){.memory = memory, .lead = -1, .reference = -1};
    if (!(state->path = nwc__copy_text(memory, path))) {
        nwc__free(memory, state);
        return NWC_ERR_NOMEM;
    }
    const int error = nc_create(path, NC_NETCDF4 | NC_CLOBBER, &state->file);
    if (error) {
        nwc__free(memory, state->path);
        nwc__free(memory, state);
        return nwc__nc_failed(error, "a file");
    }
    *made = state;
    return NWC_OK;
}

static nwc_status define_axis(const struct state *state, bool x, bool degrees)
{
    static const char *const standard[2][2] = {{"projection_y_coordinate", "latitude"},
                                               {"projection_x_coordinate", "longitude"}};
    static const char *const units[2][2] = {{"m", "degrees_north"}, {"m", "degrees_east"}};
    const char *const name = x ? "x" : "y";
    const int64_t n = x ? state->grid.nx : state->grid.ny;
    const double first = x ? state->grid.x_first : state->grid.y_first, step = x ? state->grid.dx : state->grid.dy;
    int dimension, id;
    NWC__TRY_NC(nc_def_dim(state->file, name, (size_t)n, &dimension), name);
    NWC__TRY_NC(nc_def_var(state->file, name, NC_DOUBLE, 1, &dimension, &id), name);
    NWC__TRY(nwc__nc_put_text(state->file, id, "standard_name", standard[x][degrees]));
    NWC__TRY(nwc__nc_put_text(state->file, id, "units", units[x][degrees]));
    NWC__TRY(nwc__nc_put_text(state->file, id, "axis", x ? "X" : "Y"));
    double *const at = nwc__alloc(state->memory, n, sizeof *at);
    if (!at) return NWC_ERR_NOMEM;
    for (int64_t i = 0; i < n; i++) at[i] = first + step * (double)i;
    const int error = nc_put_var_double(state->file, id, at);
    nwc__free(state->memory, at);
    return error ? nwc__nc_failed(error, name) : NWC_OK;
}

static nwc_status define_mapping(const struct state *state)
{
    struct nwc__cf_mapping mapping;
    nwc__cf_from_proj(state->text, &mapping);
    int id;
    NWC__TRY_NC(nc_def_var(state->file, "crs", NC_INT, 0, NULL, &id), "crs");
    if (mapping.name) NWC__TRY(nwc__nc_put_text(state->file, id, "grid_mapping_name", mapping.name));
    for (int n = 0; n < mapping.n; n++)
        NWC__TRY_NC(nc_put_att_double(state->file, id, mapping.number[n].name, NC_DOUBLE, (size_t)mapping.number[n].n,
                                      mapping.number[n].value),
                    "crs");
    return nwc__nc_put_text(state->file, id, "proj_string", state->text);
}

/* Dimensions, coordinates and grid mapping, as the first layer has them. */
static nwc_status lay_out(struct state *state, const nwc_grid *grid)
{
    if (strlen(grid->projection) >= NWC__TEXT)
        return nwc__fail(NWC_ERR_ARG, "grid: a PROJ string of less than %d characters expected", NWC__TEXT);
    strcpy(state->text, grid->projection);
    state->grid = *grid;
    state->grid.projection = state->text;
    state->band = nwc__alloc(state->memory, CHUNK * grid->nx, sizeof *state->band);
    if (!state->band) return NWC_ERR_NOMEM;
    int dimension;
    NWC__TRY_NC(nc_def_dim(state->file, "time", NC_UNLIMITED, &dimension), "time");
    NWC__TRY_NC(nc_def_var(state->file, "time", NC_DOUBLE, 1, &dimension, &state->time), "time");
    NWC__TRY(nwc__nc_put_text(state->file, state->time, "standard_name", "time"));
    NWC__TRY(nwc__nc_put_text(state->file, state->time, "long_name", "valid time (UTC)"));
    NWC__TRY(nwc__nc_put_text(state->file, state->time, "units", epoch));
    NWC__TRY(nwc__nc_put_text(state->file, state->time, "calendar", "standard"));
    NWC__TRY(nwc__nc_put_text(state->file, state->time, "axis", "T"));
    const bool degrees = nwc_grid_is_latlon(grid);
    NWC__TRY(define_axis(state, false, degrees));
    NWC__TRY(define_axis(state, true, degrees));
    NWC__TRY(define_mapping(state));
    NWC__TRY(nwc__nc_put_text(state->file, NC_GLOBAL, "Conventions", "CF-1.11"));
    char source[NWC__TEXT];
    snprintf(source, sizeof source, "libnowcast %s", nwc_version());
    return nwc__nc_put_text(state->file, NC_GLOBAL, "source", source);
}

static double seconds(int64_t ns)
{
    return (double)(ns / 1000000000) + 1e-9 * (double)(ns % 1000000000);
}

/* The first forecast of the file: where it starts, and how far the times already written are from there. */
static nwc_status define_reference(struct state *state, int64_t reference_ns)
{
    int dimension;
    NWC__TRY_NC(nc_inq_dimid(state->file, "time", &dimension), "time");
    NWC__TRY_NC(nc_def_var(state->file, "lead_time", NC_DOUBLE, 1, &dimension, &state->lead), "lead_time");
    NWC__TRY(nwc__nc_put_text(state->file, state->lead, "standard_name", "forecast_period"));
    NWC__TRY(nwc__nc_put_text(state->file, state->lead, "units", "s"));
    NWC__TRY_NC(nc_def_var(state->file, "forecast_reference_time", NC_DOUBLE, 0, NULL, &state->reference),
                "forecast_reference_time");
    NWC__TRY(nwc__nc_put_text(state->file, state->reference, "standard_name", "forecast_reference_time"));
    NWC__TRY(nwc__nc_put_text(state->file, state->reference, "units", epoch));
    NWC__TRY(nwc__nc_put_text(state->file, state->reference, "calendar", "standard"));
    const double start = seconds(reference_ns);
    NWC__TRY_NC(nc_put_var_double(state->file, state->reference, &start), "forecast_reference_time");
    state->reference_ns = reference_ns;
    for (size_t t = 0; t < (size_t)state->times; t++) {
        double at;
        NWC__TRY_NC(nc_get_var1_double(state->file, state->time, &t, &at), "time");
        at -= start;
        NWC__TRY_NC(nc_put_var1_double(state->file, state->lead, &t, &at), "lead_time");
    }
    return NWC_OK;
}

/* Room for one time more. */
static nwc_status grow(struct state *state)
{
    if (state->times < state->room) return NWC_OK;
    const int64_t room = state->room ? 2 * state->room : 16;
    int64_t *const more = nwc__alloc(state->memory, room, sizeof *more);
    if (!more) return NWC_ERR_NOMEM;
    if (state->times) memcpy(more, state->time_ns, (size_t)state->times * sizeof *more);
    nwc__free(state->memory, state->time_ns);
    state->time_ns = more;
    state->room = room;
    return NWC_OK;
}

/* Which time a layer is of: one that is there, or a new one after the last. */
static nwc_status take_time(struct state *state, const nwc_layer *layer, int64_t *index)
{
    if (layer->reference_ns != layer->time_ns) {
        if (state->lead < 0) NWC__TRY(define_reference(state, layer->reference_ns));
        if (state->reference_ns != layer->reference_ns)
            return nwc__fail(NWC_ERR_ARG, "layer.reference_ns: forecasts of one start expected, %.0f s between them",
                             seconds(layer->reference_ns - state->reference_ns));
    }
    for (*index = state->times - 1; *index >= 0 && state->time_ns[*index] > layer->time_ns;) --*index;
    if (*index >= 0 && state->time_ns[*index] == layer->time_ns) return NWC_OK;
    if (*index != state->times - 1)
        return nwc__fail(NWC_ERR_ARG, "layer.time_ns: times in order expected, this is %.0f s before the last",
                         seconds(state->time_ns[state->times - 1] - layer->time_ns));
    NWC__TRY(grow(state));
    const size_t t = (size_t)state->times;
    const double at = seconds(layer->time_ns);
    NWC__TRY_NC(nc_put_var1_double(state->file, state->time, &t, &at), "time");
    if (state->lead >= 0) {
        const double lead = seconds(layer->time_ns - state->reference_ns);
        NWC__TRY_NC(nc_put_var1_double(state->file, state->lead, &t, &lead), "lead_time");
    }
    *index = state->times;
    state->time_ns[state->times++] = layer->time_ns;
    return NWC_OK;
}

/* The axis of members, by number from 0. */
static nwc_status define_members(struct state *state, int32_t members)
{
    int dimension, id;
    NWC__TRY_NC(nc_def_dim(state->file, "realization", (size_t)members, &dimension), "realization");
    NWC__TRY_NC(nc_def_var(state->file, "realization", NC_INT, 1, &dimension, &id), "realization");
    NWC__TRY(nwc__nc_put_text(state->file, id, "standard_name", "realization"));
    NWC__TRY(nwc__nc_put_text(state->file, id, "long_name", "number of the member"));
    NWC__TRY(nwc__nc_put_text(state->file, id, "units", "1"));
    for (int member = 0; member < members; member++) {
        const size_t m = (size_t)member;
        NWC__TRY_NC(nc_put_var1_int(state->file, id, &m, &member), "realization");
    }
    state->members = members;
    return NWC_OK;
}

/* CF names of what a unit measures. */
static nwc_status put_names(int file, int id, const char *units)
{
    static const char *const names[][3] = {
        {"mm h-1", "lwe_precipitation_rate", "precipitation rate"},
        {"mm", "lwe_thickness_of_precipitation_amount", "precipitation amount"},
        {"dBZ", "equivalent_reflectivity_factor", "radar reflectivity"},
    };
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        if (strcmp(units, names[n][0]) == 0) {
            NWC__TRY(nwc__nc_put_text(file, id, "standard_name", names[n][1]));
            return nwc__nc_put_text(file, id, "long_name", names[n][2]);
        }
    return NWC_OK;
}

static nwc_status define_variable(struct state *state, const nwc_layer *layer, const char *name)
{
    if (state->variables == MOST_VARIABLES)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "%s: at most %d variables in a file", name, MOST_VARIABLES);
    if (layer->members && !state->members) NWC__TRY(define_members(state, layer->members));
    static const char *const axes[] = {"realization", "time", "y", "x"};
    const int file = state->file, first = layer->members ? 0 : 1; /* of axes */
    int dimension[4] = {0}, id;
    for (int d = first; d < 4; d++) NWC__TRY_NC(nc_inq_dimid(file, axes[d], &dimension[d]), name);
    const int64_t ny = state->grid.ny, nx = state->grid.nx;
    const size_t chunk[4] = {1, 1, (size_t)(ny < CHUNK ? ny : CHUNK), (size_t)(nx < CHUNK ? nx : CHUNK)};
    const float unknown = NAN;
    NWC__TRY_NC(nc_def_var(file, name, NC_FLOAT, 4 - first, dimension + first, &id), name);
    NWC__TRY_NC(nc_def_var_chunking(file, id, NC_CHUNKED, chunk + first), name);
    NWC__TRY_NC(nc_def_var_deflate(file, id, 1, 1, DEFLATE), name);
    NWC__TRY_NC(nc_def_var_fill(file, id, NC_FILL, &unknown), name);
    NWC__TRY(nwc__nc_put_text(file, id, "units", layer->field.units));
    NWC__TRY(put_names(file, id, layer->field.units));
    NWC__TRY(nwc__nc_put_text(file, id, "grid_mapping", "crs"));
    if (layer->quantity && layer->quantity[0]) NWC__TRY(nwc__nc_put_text(file, id, "quantity", layer->quantity));
    if (layer->source && layer->source[0]) NWC__TRY(nwc__nc_put_text(file, id, "source", layer->source));
    if (layer->duration_s > 0.0) {
        static const char *const methods[] = {[NWC_STATISTIC_SUM] = "time: sum",
                                              [NWC_STATISTIC_MEAN] = "time: mean",
                                              [NWC_STATISTIC_MAX] = "time: maximum",
                                              [NWC_STATISTIC_MIN] = "time: minimum"};
        NWC__TRY(nwc__nc_put_text(file, id, "cell_methods", methods[layer->statistic]));
        NWC__TRY_NC(nc_put_att_double(file, id, "duration_s", NC_DOUBLE, 1, &layer->duration_s), name);
    }
    if (state->lead >= 0) NWC__TRY(nwc__nc_put_text(file, id, "coordinates", "lead_time forecast_reference_time"));
    int64_t *const times = nwc__alloc(state->memory, layer->members ? layer->members : 1, sizeof *times);
    if (!times) return NWC_ERR_NOMEM;
    for (int32_t m = 0; m == 0 || m < layer->members; m++) times[m] = 0;
    state->variable[state->variables++] = (struct variable){.id = id, .members = layer->members, .times = times};
    return NWC_OK;
}

static struct variable *find_variable(struct state *state, const char *name)
{
    int id;
    if (nc_inq_varid(state->file, name, &id)) return NULL;
    for (int v = 0; v < state->variables; v++)
        if (state->variable[v].id == id) return &state->variable[v];
    return NULL;
}

static nwc_status add(void *of, const nwc_layer *layer, const char *name)
{
    struct state *const state = of;
    const nwc_field *const field = &layer->field;
    if (!state->band) NWC__TRY(lay_out(state, field->grid));
    if (!nwc__same_grid(&state->grid, field->grid))
        return nwc__fail(NWC_ERR_ARG, "layer.field.grid: the grid of the first layer expected, another given");
    if (layer->members && state->members && layer->members != state->members)
        return nwc__fail(NWC_ERR_ARG, "layer.members: %d expected, as before, %d given", (int)state->members,
                         (int)layer->members);
    int64_t time = 0;
    NWC__TRY(take_time(state, layer, &time));
    struct variable *variable = find_variable(state, name);
    if (!variable) {
        NWC__TRY(define_variable(state, layer, name));
        variable = &state->variable[state->variables - 1];
    }
    if (variable->members != layer->members)
        return nwc__fail(NWC_ERR_ARG, "layer.members: %d expected, as %s has, %d given", (int)variable->members, name,
                         (int)layer->members);
    const int64_t member = layer->members ? layer->member : 0;
    if (time < variable->times[member])
        return nwc__fail(NWC_ERR_ARG, "layer: %s was already written for this time, or a later one", name);
    variable->times[member] = time + 1;
    const int first = layer->members ? 0 : 1; /* of four axes */
    for (int64_t j = 0; j < state->grid.ny; j += CHUNK) {
        const int64_t rows = state->grid.ny - j < CHUNK ? state->grid.ny - j : CHUNK;
        const size_t start[4] = {(size_t)member, (size_t)time, (size_t)j, 0};
        const size_t count[4] = {1, 1, (size_t)rows, (size_t)state->grid.nx};
        nwc__copy_rows(field, j, rows, state->band);
        NWC__TRY_NC(nc_put_vara_float(state->file, variable->id, start + first, count + first, state->band), name);
    }
    return NWC_OK;
}

static nwc_status attribute(void *of, const char *variable, const char *name, const char *text, double number)
{
    struct state *const state = of;
    const struct variable *const found = variable ? find_variable(state, variable) : NULL;
    if (variable && !found) return nwc__fail(NWC_ERR_ARG, "variable: one written before expected, %s given", variable);
    const int id = found ? found->id : NC_GLOBAL;
    if (text) return nwc__nc_put_text(state->file, id, name, text);
    NWC__TRY_NC(nc_put_att_double(state->file, id, name, NC_DOUBLE, 1, &number), name);
    return NWC_OK;
}

static nwc_status close_file(void *of)
{
    struct state *const state = of;
    const nwc_status status = nwc__nc_close(state->file, state->path, NWC_OK);
    nwc_ctx *const memory = state->memory;
    for (int v = 0; v < state->variables; v++) nwc__free(memory, state->variable[v].times);
    nwc__free(memory, state->time_ns);
    nwc__free(memory, state->band);
    nwc__free(memory, state->path);
    nwc__free(memory, state);
    return status;
}

const struct nwc__write_format nwc__netcdf_format = {
    .ending = {".nc"}, .members = true, .create = create, .add = add, .attribute = attribute, .close = close_file};
#endif

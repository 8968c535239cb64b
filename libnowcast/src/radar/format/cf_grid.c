/*
 * Fields of CF netCDF files (CF conventions 1.11): every variable whose last two dimensions have regular coordinates, at
 * each of its times and heights, and of each of its members. Units come out as this library's: mm h-1, mm, dBZ, m.
 */
#include "radar/format/cf_projection.h"

#include <nowcast/obs.h>

#include <stdio.h>
#include <stdlib.h>

enum { BAND_ROWS = 64 };

/* What netCDF puts where nothing was written (netcdf.h: NC_FILL_FLOAT, NC_FILL_DOUBLE); nothing real is that large. */
static const double unwritten = 9.9e36;

/* A horizontal axis: its coordinates in metres or degrees, ascending. */
struct axis {
    double first, spacing; /* spacing 0 where there is one cell */
    int64_t n;
    bool descending, degrees;
};

/* Units as files write them, and what they are here. With a standard name, that one only. */
static const struct unit {
    const char *units, *standard_name, *ours, *quantity;
    double factor;
} known_units[] = {
    {"mm h-1", NULL, "mm h-1", "RATE", 1.0},
    {"mm/h", NULL, "mm h-1", "RATE", 1.0},
    {"mm/hr", NULL, "mm h-1", "RATE", 1.0},
    {"mm hr-1", NULL, "mm h-1", "RATE", 1.0},
    {"kg m-2 h-1", NULL, "mm h-1", "RATE", 1.0},
    {"kg m-2 s-1", NULL, "mm h-1", "RATE", 3600.0},
    {"m s-1", "lwe_precipitation_rate", "mm h-1", "RATE", 3.6e6},
    {"m s-1", "rainfall_rate", "mm h-1", "RATE", 3.6e6},
    {"mm", NULL, "mm", "ACRR", 1.0},
    {"kg m-2", "precipitation_amount", "mm", "ACRR", 1.0},
    {"kg m-2", "rainfall_amount", "mm", "ACRR", 1.0},
    {"m", "lwe_thickness_of_precipitation_amount", "mm", "ACRR", 1000.0},
    {"m", "thickness_of_rainfall_amount", "mm", "ACRR", 1000.0},
    {"dBZ", NULL, "dBZ", "DBZH", 1.0},
    {"dbz", NULL, "dBZ", "DBZH", 1.0},
};

static const struct unit *unit_of(const nwc__node *variable)
{
    const char *const units = nwc__node_text(variable, "units");
    const char *const name = nwc__node_text(variable, "standard_name");
    for (size_t u = 0; u < sizeof known_units / sizeof known_units[0]; u++)
        if (strcmp(known_units[u].units, units) == 0 &&
            (!known_units[u].standard_name || strcmp(known_units[u].standard_name, name) == 0))
            return &known_units[u];
    return NULL;
}

/* The name of dimension d of a variable, as the variable of its coordinates. */
static const nwc__node *coordinate(const nwc__tree *tree, const nwc__node *variable, int64_t d)
{
    const char *at = variable->axes;
    for (; at && d > 0; d--) at = (at = strchr(at, ' ')) ? at + 1 : NULL;
    if (!at) return NULL;
    const size_t length = strcspn(at, " ");
    for (const nwc__node *node = tree->root->first; node; node = node->next)
        if (strlen(node->name) == length && strncmp(node->name, at, length) == 0 && node->ndim == 1 && node->values)
            return node;
    return NULL;
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0) return true;
    return false;
}

static bool is_along(const nwc__node *node, bool x)
{
    static const char *const names[2][4] = {{"projection_y_coordinate", "projection_y_angular_coordinate", "latitude",
                                             NULL},
                                            {"projection_x_coordinate", "projection_x_angular_coordinate", "longitude",
                                             NULL}};
    static const char *const units[2][5] = {{"degrees_north", "degree_north", "degrees_N", "degreesN", NULL},
                                            {"degrees_east", "degree_east", "degrees_E", "degreesE", NULL}};
    static const char *const plain[2][4] = {{"y", "lat", "latitude", NULL}, {"x", "lon", "longitude", NULL}};
    const char *const standard_name = nwc__node_text(node, "standard_name");
    if (standard_name[0]) return is_one_of(standard_name, names[x]);
    const char *const axis = nwc__node_text(node, "axis");
    if (axis[0]) return strcmp(axis, x ? "X" : "Y") == 0;
    return is_one_of(nwc__node_text(node, "units"), units[x]) || is_one_of(node->name, plain[x]);
}

/*
 * Metres or degrees of one unit of a coordinate: of a satellite's view, whose coordinates are angles, by the satellite's height
 * (CF 1.11, appendix F, geostationary). 0 for angles without it.
 */
static double factor_of(const char *units, const nwc__node *mapping)
{
    static const char *const radians[] = {"rad", "radian", "radians", NULL};
    static const char *const microradians[] = {"microradian", "microradians", "urad", NULL};
    const double height = mapping ? nwc__node_number(mapping, "perspective_point_height", 0.0) : 0.0;
    if (is_one_of(units, radians)) return height;
    if (is_one_of(units, microradians)) return 1e-6 * height;
    return strcmp(units, "km") == 0 ? 1000.0 : 1.0;
}

/*
 * A coordinate variable, packed or not, as an axis. Coordinates are often rounded to float: they are held to a hundredth of a
 * cell.
 */
static nwc_status read_axis(const nwc__node *node, const nwc__node *mapping, struct axis *axis)
{
    const char *const units = nwc__node_text(node, "units");
    const double factor = factor_of(units, mapping), scale = nwc__node_number(node, "scale_factor", 1.0) * factor;
    const double offset = nwc__node_number(node, "add_offset", 0.0) * factor;
    *axis = (struct axis){.n = node->dim[0], .degrees = strncmp(units, "degree", 6) == 0};
    const double first = node->values[0], last = node->values[axis->n - 1];
    if (factor == 0.0)
        return nwc__fail(NWC_ERR_FORMAT,
                         "%s: angles in a geostationary grid mapping with perspective_point_height expected",
                         node->name);
    const double step = axis->n > 1 ? (last - first) / (double)(axis->n - 1) : 0.0;
    if (!isfinite(first) || !isfinite(last) || !isfinite(scale) || !isfinite(offset) || scale == 0.0 ||
        (axis->n > 1 && step == 0.0))
        return nwc__fail(NWC_ERR_FORMAT, "%s: coordinates from %g to %g", node->name, first, last);
    for (int64_t i = 0; i < axis->n; i++)
        if (!(fabs(node->values[i] - (first + step * (double)i)) <= 0.01 * fabs(step)))
            return nwc__fail(NWC_ERR_UNSUPPORTED, "%s: equal steps expected, %g found where %g belongs", node->name,
                             node->values[i], first + step * (double)i);
    axis->descending = step * scale < 0.0;
    axis->first = scale * (axis->descending ? last : first) + offset;
    axis->spacing = fabs(step * scale);
    return NWC_OK;
}

/* Seconds from UTC to a zone "+hh:mm" or "-hh:mm" behind a clock; 0 for what is none. */
static int64_t zone_of(const char *text)
{
    int hours, minutes = 0;
    text += strspn(text, " ");
    if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d", &hours, &minutes) < 1) return 0;
    return (*text == '-' ? -1 : 1) * (3600 * (int64_t)hours + 60 * (int64_t)minutes);
}

/* Nanoseconds of one unit of "<units> since <date>", and the date; false for other units. */
static bool read_epoch(const char *units, double *unit_ns, int64_t *epoch_ns)
{
    static const struct {
        const char *name;
        double ns;
    } known[] = {{"sec", 1e9},      {"s ", 1e9},      {"min", 6e10},   {"hour", 3.6e12},  {"h ", 3.6e12},
                 {"hr", 3.6e12},    {"day", 8.64e13}, {"d ", 8.64e13}, {"millisec", 1e6}, {"ms ", 1e6},
                 {"microsec", 1e3}, {"us ", 1e3},     {"nanosec", 1.0}};
    const char *const since = strstr(units, " since ");
    if (!since) return false;
    *unit_ns = 0.0;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        if (strncmp(units, known[k].name, strlen(known[k].name)) == 0) *unit_ns = known[k].ns;
    int32_t civil[6] = {0, 1, 1, 0, 0, 0};
    int used = 0;
    const char *const date = since + strlen(" since ");
    if (*unit_ns == 0.0 || sscanf(date, "%d-%d-%d%n", &civil[0], &civil[1], &civil[2], &used) != 3) return false;
    const char *const clock = date + used + (date[used] == 'T' || date[used] == ' ');
    used = 0;
    (void)sscanf(clock, "%d:%d:%d%n", &civil[3], &civil[4], &civil[5], &used);
    if (!nwc__time_from_civil(civil, epoch_ns)) return false;
    const char *rest = clock + used;
    if (used && *rest == '.') { /* of a second, down to nanoseconds */
        int64_t digit_ns = 100000000;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, digit_ns /= 10) *epoch_ns += (*rest - '0') * digit_ns;
    }
    if (used) *epoch_ns -= zone_of(rest) * INT64_C(1000000000);
    return true;
}

bool nwc__cf_time(const nwc__node *node, int64_t index, int64_t *time_ns)
{
    double unit_ns;
    int64_t epoch_ns;
    if (!node || !node->values || !read_epoch(nwc__node_text(node, "units"), &unit_ns, &epoch_ns)) return false;
    const double value = node->values[index], whole = floor(value);
    /* The whole units and the rest apart: seconds since 1970 times 1e9 do not fit a double. */
    if (!(fabs(value) * unit_ns < 8e18)) return false;
    *time_ns = epoch_ns + (int64_t)whole * (int64_t)unit_ns + (int64_t)llround((value - whole) * unit_ns);
    return true;
}

/* The scalar variable with a standard name: one that the variable lists among its coordinates first, else any. */
static const nwc__node *scalar(const nwc__tree *tree, const nwc__node *variable, const char *standard_name)
{
    const nwc__node *found = NULL;
    for (const nwc__node *node = tree->root->first; node; node = node->next) {
        const bool single = node->values && (node->ndim == 0 || (node->ndim == 1 && node->dim[0] == 1));
        if (!single || strcmp(nwc__node_text(node, "standard_name"), standard_name) != 0) continue;
        if (!found || strstr(nwc__node_text(variable, "coordinates"), node->name)) found = node;
    }
    return found;
}

/* Seconds an amount fell in: as said outright, by the bounds of its time, or since start_time. */
static double duration_of(const nwc__tree *tree, const nwc__node *variable, const nwc__node *time, int64_t index,
                          int64_t time_ns)
{
    const double said = nwc__node_number(variable, "duration_s", NAN);
    if (!isnan(said)) return said;
    const nwc__node *const bounds = nwc__node_find(tree->root, nwc__node_text(time, "bounds"));
    double unit_ns;
    int64_t start_ns;
    if (bounds && bounds->values && bounds->ndim >= 1 && bounds->dim[bounds->ndim - 1] == 2 &&
        (bounds->ndim == 1 ? index == 0 : index < bounds->dim[0]) &&
        read_epoch(nwc__node_text(time, "units"), &unit_ns, &start_ns))
        return 1e-9 * unit_ns * (bounds->values[2 * index + 1] - bounds->values[2 * index]);
    const nwc__node *const start = nwc__node_find(tree->root, "start_time");
    if (start && start->ndim == 0 && nwc__cf_time(start, 0, &start_ns)) return 1e-9 * (double)(time_ns - start_ns);
    return 0.0;
}

/* How the numbers of an array become values: not known outside what is valid, scaled, in our units. */
struct coding {
    double fill, missing, least, most, scale, offset;
    double wrap; /* what negative numbers lack that mean unsigned ones */
};

static struct coding coding_of(const nwc__node *variable, double factor)
{
    const nwc__attribute *const range = nwc__node_own(variable, "valid_range");
    const double wrap = nwc__node_wrap(variable);
    return (struct coding){
        .fill = nwc__unwrapped(nwc__node_number(variable, "_FillValue", NAN), wrap),
        .missing = nwc__unwrapped(nwc__node_number(variable, "missing_value", NAN), wrap),
        .least = range ? nwc__unwrapped(range->number, wrap) : nwc__node_number(variable, "valid_min", -unwritten),
        .most = range ? nwc__unwrapped(range->second, wrap) : nwc__node_number(variable, "valid_max", unwritten),
        .scale = nwc__node_number(variable, "scale_factor", 1.0) * factor,
        .offset = nwc__node_number(variable, "add_offset", 0.0) * factor,
        .wrap = wrap,
    };
}

static void decode(const struct coding *coding, const double *raw, int64_t n, int64_t step, float *cells)
{
    for (int64_t i = 0; i < n; i++) {
        const double r = nwc__unwrapped(raw[i], coding->wrap);
        const bool known = r != coding->fill && r != coding->missing && r >= coding->least && r <= coding->most;
        cells[i * step] = known ? (float)(r * coding->scale + coding->offset) : NAN;
    }
}

static nwc_status read_plane(nwc_ctx *ctx, const nwc__tree *tree, const nwc__node *variable, int64_t plane,
                             const struct coding *coding, bool west_first, float *cells)
{
    nwc_status status = NWC_OK;
    const int64_t ny = variable->dim[variable->ndim - 2], nx = variable->dim[variable->ndim - 1];
    double *band;
    NWC__ALLOC(ctx, band, BAND_ROWS * nx);
    for (int64_t j = 0; j < ny; j += BAND_ROWS) {
        const int64_t rows = ny - j < BAND_ROWS ? ny - j : BAND_ROWS;
        if ((status = nwc__tree_rows(tree, variable, plane, j, rows, band)) != NWC_OK) break;
        for (int64_t r = 0; r < rows; r++)
            decode(coding, band + r * nx, nx, west_first ? 1 : -1, cells + (j + r) * nx + (west_first ? 0 : nx - 1));
    }
done:
    nwc__free(ctx, band);
    return status;
}

/* The grid of a variable; *found is false where it lies on no horizontal axes. */
static nwc_status find_grid(const nwc__tree *tree, const nwc__node *variable, char proj[NWC__TEXT], struct axis axes[2],
                            nwc_grid *grid, bool *found)
{
    const nwc__node *const y = coordinate(tree, variable, variable->ndim - 2);
    const nwc__node *const x = coordinate(tree, variable, variable->ndim - 1);
    *found = x && y && is_along(x, true) && is_along(y, false);
    if (!*found) return NWC_OK;
    const char *const name = nwc__node_text(variable, "grid_mapping");
    const nwc__node *const mapping = name[0] ? nwc__node_find(tree->root, name) : NULL;
    NWC__TRY(read_axis(y, mapping, &axes[0]));
    NWC__TRY(read_axis(x, mapping, &axes[1]));
    if (!mapping && !(axes[0].degrees && axes[1].degrees))
        return nwc__fail(NWC_ERR_FORMAT, "%s: a grid mapping expected, none found", variable->name);
    NWC__TRY(nwc__cf_to_proj(mapping, proj));
    /* One row or column has no spacing of its own: cells are then square. */
    const double dy = axes[0].spacing > 0.0 ? axes[0].spacing : axes[1].spacing > 0.0 ? axes[1].spacing : 1000.0;
    const double dx = axes[1].spacing > 0.0 ? axes[1].spacing : dy;
    *grid = (nwc_grid){.projection = proj,
                       .nx = axes[1].n,
                       .ny = axes[0].n,
                       .x_first = axes[1].first,
                       .y_first = axes[0].first,
                       .dx = dx,
                       .dy = dy};
    return NWC_OK;
}

/* A dimension before y and x: the variable of its coordinates, its elements, and the planes from one to the next. */
struct leading {
    const nwc__node *node;
    int64_t n, step;
};

/* Whether coordinates are heights above mean sea level; those above the ground, of pressure and of layers are not. */
static bool is_height(const nwc__node *node)
{
    static const char *const units[] = {"m", "km", NULL};
    const char *const name = nwc__node_text(node, "standard_name");
    return is_one_of(nwc__node_text(node, "units"), units) &&
           (strcmp(name, "altitude") == 0 || strcmp(name, "height_above_mean_sea_level") == 0 ||
            (!name[0] && strcmp(nwc__node_text(node, "axis"), "Z") == 0));
}

/* Whether coordinates are the numbers of an ensemble's members. */
static bool is_member(const nwc__node *node)
{
    static const char *const names[] = {"realization", "member", "ensemble_member", "ens_number", NULL};
    const char *const name = nwc__node_text(node, "standard_name");
    return name[0] ? strcmp(name, "realization") == 0 : is_one_of(node->name, names);
}

/* The times, the heights and the members of a variable; *flat is false where it has other levels. */
static nwc_status find_leading(const nwc__tree *tree, const nwc__node *variable, struct leading *times,
                               struct leading *heights, struct leading *members, bool *flat)
{
    *times = *heights = *members = (struct leading){.n = 1};
    *flat = true;
    int64_t step = 1;
    for (int64_t d = variable->ndim - 3; d >= 0; step *= variable->dim[d], d--) {
        const nwc__node *const node = coordinate(tree, variable, d);
        const struct leading found = {.node = node, .n = variable->dim[d], .step = step};
        int64_t any_ns;
        const bool time = !times->node && nwc__cf_time(node, 0, &any_ns);
        const bool height = !heights->node && node && !time && is_height(node);
        const bool member = !members->node && node && !time && !height && is_member(node);
        if ((time || height || member) && node->dim[0] != found.n)
            return nwc__fail(NWC_ERR_FORMAT, "%s: %lld coordinates expected, as %s has along it, %lld found",
                             node->name, (long long)found.n, variable->name, (long long)node->dim[0]);
        if (time)
            *times = found;
        else if (height)
            *heights = found;
        else if (member && found.n <= INT32_MAX)
            *members = found;
        else
            *flat = *flat && found.n == 1;
    }
    for (int64_t k = 0; heights->node && k < heights->n; k++)
        if (!isfinite(heights->node->values[k]))
            return nwc__fail(NWC_ERR_FORMAT, "%s: a height expected, %g found", heights->node->name,
                             heights->node->values[k]);
    return NWC_OK;
}

/* All members, times and heights of a variable. Dimensions beside those, y and x must have one element. */
static nwc_status read_variable(nwc_ctx *ctx, const nwc__tree *tree, const nwc__node *variable, nwc_raster *raster)
{
    nwc_grid grid;
    struct axis axes[2];
    char proj[NWC__TEXT];
    bool found;
    NWC__TRY(find_grid(tree, variable, proj, axes, &grid, &found));
    if (!found || strncmp(nwc__node_text(variable, "units"), "degrees_", 8) == 0) return NWC_OK;
    struct leading times, heights, members;
    bool flat;
    NWC__TRY(find_leading(tree, variable, &times, &heights, &members, &flat));
    if (!flat) return NWC_OK;
    int64_t start_ns = 0;
    const nwc__node *const time = times.node ? times.node : scalar(tree, variable, "time");
    const bool forecast = nwc__cf_time(scalar(tree, variable, "forecast_reference_time"), 0, &start_ns);
    const struct unit *const unit = unit_of(variable);
    const struct coding coding = coding_of(variable, unit ? unit->factor : 1.0);
    const char *const said = nwc__node_text(variable, "quantity");
    const char *source = nwc__node_text(variable, "source");
    if (!source[0]) source = nwc__node_text(tree->root, "source");
    const bool kilometres = heights.node && strcmp(nwc__node_text(heights.node, "units"), "km") == 0;
    for (int64_t n = 0; n < members.n * times.n * heights.n; n++) {
        const int64_t m = n / heights.n / times.n, t = n / heights.n % times.n, k = n % heights.n;
        int64_t time_ns;
        if (!time && !unit) /* such as the height of the ground, which has none */
            time_ns = NWC_TIME_UNKNOWN;
        else if (!nwc__cf_time(time, times.node ? t : 0, &time_ns))
            return nwc__fail(NWC_ERR_FORMAT, "%s: a time expected, none found", variable->name);
        const bool amount = unit && strcmp(unit->ours, "mm") == 0;
        const double duration_s = amount ? duration_of(tree, variable, time, t, time_ns) : 0.0;
        const double height_m = heights.node ? (kilometres ? 1000.0 : 1.0) * heights.node->values[k] : 0.0;
        float *cells;
        NWC__TRY(
            nwc__raster_add(raster,
                            &(struct nwc__layer_facts){.grid = grid,
                                                       .name = variable->name,
                                                       .quantity = said[0] ? said
                                                                   : unit  ? unit->quantity
                                                                           : variable->name,
                                                       .units = unit ? unit->ours : nwc__node_text(variable, "units"),
                                                       .source = source,
                                                       .time_ns = time_ns,
                                                       .reference_ns = forecast ? start_ns : time_ns,
                                                       .duration_s = duration_s > 0.0 ? duration_s : 0.0,
                                                       .height_m = height_m,
                                                       .members = members.node ? (int32_t)members.n : 0,
                                                       .member = (int32_t)m,
                                                       .north_first = axes[0].descending},
                            &cells));
        const int64_t plane = m * members.step + t * times.step + k * heights.step;
        NWC__TRY(read_plane(ctx, tree, variable, plane, &coding, !axes[1].descending, cells));
    }
    return NWC_OK;
}

nwc_status nwc__cf_grid_read(nwc_ctx *ctx, const nwc__tree *tree, nwc_raster *raster)
{
    for (const nwc__node *node = tree->root->first; node; node = node->next)
        if (node->ndim >= 2 && (node->values || tree->fetch)) NWC__TRY(read_variable(ctx, tree, node, raster));
    return nwc_raster_count(raster)
               ? NWC_OK
               : nwc__fail(NWC_ERR_NODATA, "no variable (y, x), (time, y, x), (time, z, y, x) or (realization, time, "
                                           "y, x) with coordinates of equal steps");
}

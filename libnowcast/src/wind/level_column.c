/*
 * A column of a wind above the ground: which of its levels are known, and the wind between and below them.
 *
 * Near the ground, without stability, wind grows with the logarithm of height (Stull 1988, eq. 9.7.1b); linear in that, up to the
 * depth of the surface layer, the wind between two levels and below the lowest is exact where the law holds. Above the
 * surface layer the logarithm is nearly flat, while the wind in and above a boundary layer still grows: the straight line that
 * goes on with the same slope lost less on soundings (the numbers are in wind_level.h).
 */
#include "wind/level.h"

#define ROUGHNESS_M 0.1
#define SURFACE_LAYER_M 100.0
#define LEAST_M 10.0
#define REACH_M 1000.0
#define GAP_M 1500.0
#define BETWEEN_M_S2 0.01
#define BELOW_M_S2 0.025
#define HALVES_M2_S2 4.0 /* variance that halves the quality */

/* ---- options and checks ---- */

void nwc_wind_level_options_init(nwc_wind_level_options *options)
{
    if (options)
        *options = (nwc_wind_level_options){.struct_size = sizeof *options,
                                            .roughness_m = ROUGHNESS_M,
                                            .surface_layer_m = SURFACE_LAYER_M,
                                            .least_m = LEAST_M,
                                            .reach_m = REACH_M,
                                            .gap_m = GAP_M,
                                            .between_m_s2 = BETWEEN_M_S2,
                                            .below_m_s2 = BELOW_M_S2};
}

nwc_status nwc__level_take_options(nwc_wind_level_options *taken, const nwc_wind_level_options *options)
{
    nwc_wind_level_options_init(taken);
    NWC__TRY(nwc__take_options(taken, sizeof *taken, options, "options"));
    if (!(taken->roughness_m > 0.0 && taken->roughness_m < 10.0))
        return nwc__fail(NWC_ERR_ARG, "roughness_m: above 0 and below 10 expected, %g given", taken->roughness_m);
    if (!(taken->surface_layer_m >= 20.0 && taken->surface_layer_m <= 10000.0))
        return nwc__fail(NWC_ERR_ARG, "surface_layer_m: 20 to 10000 expected, %g given", taken->surface_layer_m);
    if (!(taken->least_m >= 0.0 && taken->reach_m >= 0.0))
        return nwc__fail(NWC_ERR_ARG, "least_m, reach_m: at least 0 expected, %g and %g given", taken->least_m,
                         taken->reach_m);
    if (!(taken->gap_m > 0.0)) return nwc__fail(NWC_ERR_ARG, "gap_m: above 0 expected, %g given", taken->gap_m);
    if (!(taken->between_m_s2 >= 0.0 && taken->below_m_s2 >= 0.0 && isfinite(taken->between_m_s2) &&
          isfinite(taken->below_m_s2)))
        return nwc__fail(NWC_ERR_ARG, "between_m_s2, below_m_s2: at least 0 expected, %g and %g given",
                         taken->between_m_s2, taken->below_m_s2);
    return NWC_OK;
}

/* Another field of the cube: the shape of u. */
static nwc_status check_like_u(const nwc_field *field, const char *name, const nwc_field *u, bool may_be_absent)
{
    if (!field && may_be_absent) return NWC_OK;
    NWC__TRY(nwc__check_field(field, name, 3));
    NWC__TRY(nwc__check_same_shape(field, name, u, "u"));
    if (field->dim[0] != u->dim[0])
        return nwc__fail(NWC_ERR_ARG, "%s: the %lld levels of u expected, %lld given", name, (long long)u->dim[0],
                         (long long)field->dim[0]);
    return NWC_OK;
}

static nwc_status check_speed(const nwc_field *field, const char *name)
{
    if (!field->units || strcmp(field->units, "m s-1") != 0)
        return nwc__fail(NWC_ERR_ARG, "%s: units \"m s-1\" expected, %s given", name,
                         field->units ? field->units : "none");
    return NWC_OK;
}

nwc_status nwc__level_check_cube(nwc_ctx *ctx, const nwc_wind_cube *cube)
{
    if (!cube) return nwc__fail(NWC_ERR_ARG, "cube: a wind expected, NULL given");
    const nwc_field *const u = cube->u;
    NWC__TRY(nwc__check_field(u, "u", 3));
    NWC__TRY(nwc__check_on_grid(ctx, u, "u"));
    if (u->grid->nz != u->dim[0])
        return nwc__fail(NWC_ERR_ARG, "u: the %lld levels of its grid expected, %lld given", (long long)u->grid->nz,
                         (long long)u->dim[0]);
    NWC__TRY(check_like_u(cube->v, "v", u, false));
    NWC__TRY(check_like_u(cube->w, "w", u, true));
    NWC__TRY(check_like_u(cube->error, "error", u, true));
    NWC__TRY(check_like_u(cube->quality, "quality", u, true));
    NWC__TRY(check_speed(u, "u"));
    NWC__TRY(check_speed(cube->v, "v"));
    const nwc_field *const flats[] = {cube->ground_m, cube->roughness_m, cube->u_10,
                                      cube->v_10,     cube->error_10,    cube->quality_10};
    static const char *const names[] = {"ground_m", "roughness_m", "u_10", "v_10", "error_10", "quality_10"};
    for (int f = 0; f < 6; f++) NWC__TRY(nwc__level_check_flat(flats[f], names[f], cube, true));
    if (!cube->u_10 != !cube->v_10) return nwc__fail(NWC_ERR_ARG, "u_10, v_10: both or neither expected");
    return NWC_OK;
}

nwc_status nwc__level_check_flat(const nwc_field *flat, const char *name, const nwc_wind_cube *cube, bool may_be_absent)
{
    if (!flat && may_be_absent) return NWC_OK;
    NWC__TRY(nwc__check_field(flat, name, 2));
    return nwc__check_same_shape(flat, name, cube->u, "u");
}

nwc_status nwc__level_check_levels(const nwc_field *field, const char *name, const nwc_wind_cube *cube, int64_t n)
{
    if (!field) return NWC_OK;
    NWC__TRY(nwc__check_field(field, name, 3));
    NWC__TRY(nwc__check_same_shape(field, name, cube->u, "u"));
    if (field->dim[0] != n)
        return nwc__fail(NWC_ERR_ARG, "%s: %lld levels expected, %lld given", name, (long long)n,
                         (long long)field->dim[0]);
    return NWC_OK;
}

/* ---- columns ---- */

enum { ARRAYS = 6 };

int64_t nwc__level_column_room(int64_t nz)
{
    return ARRAYS * (nz + 2);
}

nwc__level_column nwc__level_column_in(double *memory, int64_t nz)
{
    const int64_t room = nz + 2;
    return (nwc__level_column){.height = memory,
                               .u = memory + room,
                               .v = memory + 2 * room,
                               .w = memory + 3 * room,
                               .error = memory + 4 * room,
                               .quality = memory + 5 * room};
}

/* A value of a field that may be absent. */
static double value_or(const nwc_field *field, int64_t k, int64_t j, int64_t i, double otherwise)
{
    return field ? (double)*nwc__level_cell(field, k, j, i) : otherwise;
}

static double flat_or(const nwc_field *field, int64_t j, int64_t i, double otherwise)
{
    return field ? (double)*nwc__flat_cell(field, j, i) : otherwise;
}

void nwc__level_column_read(const nwc_wind_cube *cube, const nwc_wind_level_options *options, int64_t j, int64_t i,
                            nwc__level_column *column)
{
    const double *const z = cube->u->grid->z_m;
    const double told = flat_or(cube->roughness_m, j, i, NAN);
    const double u_10 = flat_or(cube->u_10, j, i, NAN), v_10 = flat_or(cube->v_10, j, i, NAN);
    column->roughness = told > 0.0 && told < 10.0 ? told : options->roughness_m;
    column->ground = flat_or(cube->ground_m, j, i, 0.0);
    const bool begun = isfinite(u_10) && isfinite(v_10) && !isnan(column->ground);
    const double least = fmax(options->least_m, 2.0 * column->roughness);
    int64_t n = begun ? 1 : 0;
    for (int64_t k = 0; k < cube->u->dim[0]; k++) {
        const double height = z[k] - column->ground;
        const double u = value_or(cube->u, k, j, i, NAN), v = value_or(cube->v, k, j, i, NAN);
        if (!(height >= least && isfinite(u) && isfinite(v)) || (begun && height <= NWC__LEVEL_SURFACE_M)) continue;
        column->height[n] = height, column->u[n] = u, column->v[n] = v;
        column->w[n] = value_or(cube->w, k, j, i, NAN);
        column->error[n] = value_or(cube->error, k, j, i, 0.0);
        column->quality[n] = value_or(cube->quality, k, j, i, 1.0);
        n++;
    }
    column->n = n;
    if (!begun) return;
    column->height[0] = NWC__LEVEL_SURFACE_M, column->u[0] = u_10, column->v[0] = v_10;
    column->w[0] = n > 1 ? column->w[1] * NWC__LEVEL_SURFACE_M / column->height[1] : (double)NAN;
    column->error[0] = flat_or(cube->error_10, j, i, 0.0);
    column->quality[0] = flat_or(cube->quality_10, j, i, n > 1 ? column->quality[1] : 1.0);
}

bool nwc__level_column_begin(const nwc_wind_level_options *options, nwc__level_column *column)
{
    if (column->n > 0 && column->height[0] <= NWC__LEVEL_SURFACE_M) return true;
    const nwc__level_at at = nwc__level_column_at(column, options, NWC__LEVEL_SURFACE_M, 0.0, 0.0);
    if (isnan(at.u)) return false;
    double *const arrays[ARRAYS] = {column->height, column->u, column->v, column->w, column->error, column->quality};
    const double first[ARRAYS] = {NWC__LEVEL_SURFACE_M, at.u, at.v, at.w, at.error, at.quality};
    for (int a = 0; a < ARRAYS; a++) {
        memmove(arrays[a] + 1, arrays[a], (size_t)column->n * sizeof *arrays[a]);
        arrays[a][0] = first[a];
    }
    column->n++;
    return true;
}

double nwc__level_law(double height, double roughness, double surface_layer_m)
{
    if (height <= roughness) return 0.0;
    return height < surface_layer_m ? log(height / roughness)
                                    : log(surface_layer_m / roughness) + (height - surface_layer_m) / surface_layer_m;
}

/* What reading adds to the variance of a component is put into error and quality. */
static void doubt(nwc__level_at *at, double variance)
{
    at->error = sqrt(at->error * at->error + variance);
    at->quality = isnan(at->quality) ? 0.0 : at->quality / (1.0 + variance / HALVES_M2_S2);
}

static nwc__level_at below(const nwc__level_column *column, const nwc_wind_level_options *options, double height,
                           double slope_x, double slope_y)
{
    const double depth = column->height[0] - height;
    const double share = nwc__level_law(height, column->roughness, options->surface_layer_m) /
                         nwc__level_law(column->height[0], column->roughness, options->surface_layer_m);
    const double part = height / column->height[0];
    nwc__level_at at = {.u = share * column->u[0], .v = share * column->v[0]};
    at.w = part * column->w[0] + (1.0 - part) * (at.u * slope_x + at.v * slope_y);
    at.error = share * column->error[0], at.quality = column->quality[0];
    doubt(&at, options->below_m_s2 * depth);
    return at;
}

static double mix(const double *pair, double share)
{
    return share == 0.0 ? pair[0] : (1.0 - share) * pair[0] + share * pair[1];
}

nwc__level_at nwc__level_column_at(const nwc__level_column *column, const nwc_wind_level_options *options,
                                   double height, double slope_x, double slope_y)
{
    const nwc__level_at unknown = {NAN, NAN, NAN, NAN, 0.0};
    const int64_t n = column->n;
    const double *const h = column->height;
    if (n == 0 || height > h[n - 1] || height < h[0] - options->reach_m) return unknown;
    if (height < h[0]) return below(column, options, height, slope_x, slope_y);
    int64_t k = 0;
    while (k + 1 < n && h[k + 1] <= height) k++;
    const bool on = height == h[k];
    if (!on && h[k + 1] - h[k] > options->gap_m) return unknown;
    const double a = height - h[k], b = on ? 0.0 : h[k + 1] - height;
    double share = 0.0;
    if (!on) {
        const double low = nwc__level_law(h[k], column->roughness, options->surface_layer_m);
        const double high = nwc__level_law(h[k + 1], column->roughness, options->surface_layer_m);
        share = (nwc__level_law(height, column->roughness, options->surface_layer_m) - low) / (high - low);
    }
    nwc__level_at at = {.u = mix(column->u + k, share), .v = mix(column->v + k, share)};
    at.w = mix(column->w + k, on ? 0.0 : a / (a + b));
    at.error = mix(column->error + k, share), at.quality = mix(column->quality + k, share);
    doubt(&at, on ? 0.0 : options->between_m_s2 * a * b / (a + b));
    return at;
}

/* The step from a cell to its neighbour, m; NaN where it has none or the ground there is not known. */
static double rise(const nwc_field *ground, int64_t j, int64_t i, int64_t to_j, int64_t to_i)
{
    if (to_j < 0 || to_i < 0 || to_j >= ground->dim[0] || to_i >= ground->dim[1]) return NAN;
    return (double)*nwc__flat_cell(ground, to_j, to_i) - (double)*nwc__flat_cell(ground, j, i);
}

static double slope_of(double ahead, double behind, double step_m)
{
    if (isnan(ahead) && isnan(behind)) return 0.0;
    return (isnan(ahead) ? -behind : isnan(behind) ? ahead : 0.5 * (ahead - behind)) / step_m;
}

void nwc__level_slope(const nwc_field *ground, const nwc__metric *metric, int64_t j, int64_t i, double *slope_x,
                      double *slope_y)
{
    double dx, dy;
    *slope_x = *slope_y = 0.0;
    if (!ground || isnan(*nwc__flat_cell(ground, j, i))) return;
    nwc__metric_at(metric, (double)j, (double)i, &dx, &dy);
    *slope_x = slope_of(rise(ground, j, i, j, i + 1), rise(ground, j, i, j, i - 1), dx);
    *slope_y = slope_of(rise(ground, j, i, j + 1, i), rise(ground, j, i, j - 1, i), dy);
}

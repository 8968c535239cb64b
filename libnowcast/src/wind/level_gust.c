/*
 * Gusts at 10 m: turbulence of the surface layer by similarity, the shear that deep convection brings down, and wind from
 * above that turbulence brings down against buoyancy (Brasseur 2001). The first two are those of ECMWF's model, which need the wind
 * alone; the third needs the virtual potential temperature, which a model gives.
 */
#include "wind/level.h"

#define TURBULENT 7.2
#define CONVECTIVE 0.6
#define MIXING_TOP_M 2000.0
#define KARMAN 0.4
#define GRAVITY 9.80665
#define NEUTRAL_ENERGY 5.5 /* turbulent kinetic energy of a neutral surface layer, squares of the friction velocity */
#define LOW_M 500.0        /* about 950 hPa */
#define HIGH_M 1500.0      /* about 850 hPa */

struct job {
    const nwc_wind_cube *cube;
    const nwc_wind_gust_input *input;
    const nwc_wind_level_options *levels;
    const nwc_wind_gust_options *options;
    nwc_field *gust;
    double *memory; /* a column for every row */
};

static double speed_at(const struct job *job, const nwc__level_column *column, double height)
{
    const nwc__level_at at = nwc__level_column_at(column, job->levels, height, 0.0, 0.0);
    return hypot(at.u, at.v);
}

/* The strongest wind that turbulence brings down (Brasseur 2001, eq. 1); level by level, integrals by the trapezium rule. */
static double brought_down(const struct job *job, int64_t j, int64_t i, double friction, double ground)
{
    const nwc_wind_cube *const cube = job->cube;
    const double *const z = cube->u->grid->z_m;
    double energy = 0.0, warmth = 0.0, theta_below = NAN, tke_below = NAN, h_below = 0.0, best = NAN;
    for (int64_t k = 0; k < cube->u->dim[0]; k++) {
        const double h = z[k] - ground, theta = (double)*nwc__level_cell(job->input->theta_v, k, j, i);
        const double tke =
            job->input->tke ? (double)*nwc__level_cell(job->input->tke, k, j, i) : NEUTRAL_ENERGY * friction * friction;
        if (!(h > 0.0)) continue;
        if (h > job->options->mixing_top_m || isnan(theta) || isnan(tke)) break;
        /* Below the lowest level all is as there. */
        energy += 0.5 * (isnan(tke_below) ? 2.0 * tke : tke + tke_below) * (h - h_below);
        warmth += 0.5 * (isnan(theta_below) ? 2.0 / theta : 1.0 / theta + 1.0 / theta_below) * (h - h_below);
        const double buoyant = GRAVITY * (theta * warmth - h); /* the integral of g (theta_v(h) / theta_v(z) - 1) */
        const double speed =
            hypot((double)*nwc__level_cell(cube->u, k, j, i), (double)*nwc__level_cell(cube->v, k, j, i));
        if (energy / h >= buoyant && !(speed <= best)) best = isnan(speed) ? best : speed;
        theta_below = theta, tke_below = tke, h_below = h;
    }
    return best;
}

static nwc_status gust_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const nwc_wind_gust_input *const in = job->input;
    const int64_t nz = job->cube->u->dim[0];
    nwc__level_column column = nwc__level_column_in(job->memory + j * nwc__level_column_room(nz), nz);
    for (int64_t i = 0; i < job->cube->u->dim[2]; i++) {
        nwc__level_column_read(job->cube, job->levels, j, i, &column);
        const double mean = in->u ? hypot((double)*nwc__flat_cell(in->u, j, i), (double)*nwc__flat_cell(in->v, j, i))
                                  : speed_at(job, &column, NWC__LEVEL_SURFACE_M);
        const double friction = KARMAN * mean / log(NWC__LEVEL_SURFACE_M / column.roughness);
        double gust = mean + job->options->turbulent * friction;
        const double convection = in->convection ? (double)*nwc__flat_cell(in->convection, j, i) : 0.0;
        if (convection > 0.0) {
            const double shear = speed_at(job, &column, HIGH_M) - speed_at(job, &column, LOW_M);
            gust += shear > 0.0 ? job->options->convective * fmin(convection, 1.0) * shear : 0.0;
        }
        if (in->theta_v && !isnan(column.ground)) gust = fmax(gust, brought_down(job, j, i, friction, column.ground));
        *nwc__flat_cell(job->gust, j, i) = isnan(mean) ? NAN : (float)gust;
    }
    return NWC_OK;
}

static nwc_status check_like_cube(const nwc_field *field, const char *name, const nwc_wind_cube *cube)
{
    return field ? nwc__level_check_levels(field, name, cube, cube->u->dim[0]) : NWC_OK;
}

void nwc_wind_gust_options_init(nwc_wind_gust_options *options)
{
    if (options)
        *options = (nwc_wind_gust_options){.struct_size = sizeof *options,
                                           .turbulent = TURBULENT,
                                           .convective = CONVECTIVE,
                                           .mixing_top_m = MIXING_TOP_M};
}

nwc_status nwc_wind_gust(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_wind_gust_input *input,
                         const nwc_wind_level_options *levels, const nwc_wind_gust_options *options, nwc_field *gust)
{
    ctx = nwc__ctx(ctx);
    static const nwc_wind_gust_input none = {0};
    nwc_wind_level_options read;
    nwc_wind_gust_options taken;
    nwc_wind_gust_options_init(&taken);
    NWC__TRY(nwc__take_options(&taken, sizeof taken, options, "options"));
    NWC__TRY(nwc__level_take_options(&read, levels));
    if (!(taken.turbulent >= 0.0 && isfinite(taken.turbulent)))
        return nwc__fail(NWC_ERR_ARG, "turbulent: at least 0 expected, %g given", taken.turbulent);
    if (!(taken.convective >= 0.0 && taken.convective <= 1.0))
        return nwc__fail(NWC_ERR_ARG, "convective: 0 to 1 expected, %g given", taken.convective);
    if (!(taken.mixing_top_m > 0.0))
        return nwc__fail(NWC_ERR_ARG, "mixing_top_m: above 0 expected, %g given", taken.mixing_top_m);
    NWC__TRY(nwc__level_check_cube(ctx, cube));
    if (!input) input = &none;
    if (!input->u != !input->v) return nwc__fail(NWC_ERR_ARG, "input: u and v, or neither, expected");
    NWC__TRY(nwc__level_check_flat(input->u, "input.u", cube, true));
    NWC__TRY(nwc__level_check_flat(input->v, "input.v", cube, true));
    NWC__TRY(nwc__level_check_flat(input->convection, "convection", cube, true));
    NWC__TRY(check_like_cube(input->theta_v, "theta_v", cube));
    NWC__TRY(check_like_cube(input->tke, "tke", cube));
    NWC__TRY(nwc__level_check_flat(gust, "gust", cube, false));
    nwc_status status = NWC_OK;
    struct job job = {.cube = cube, .input = input, .levels = &read, .options = &taken, .gust = gust};
    NWC__ALLOC(ctx, job.memory, cube->u->dim[1] * nwc__level_column_room(cube->u->dim[0]));
    status = nwc__for_each_tile(ctx, "gusts", cube->u->dim[1], gust_row, &job);
done:
    nwc__free(ctx, job.memory);
    return status;
}

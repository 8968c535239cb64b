/**
 * @file wind_kinematics.h  What a wind in space does: shear, helicity, jets, convergence and its lines, outflow, bursts.
 *
 * Winds are as wind_level.h has them. Columns begin with the wind at 10 m, that of the cube or, without one, as nwc_wind_levels
 * reads it, and are straight between levels; a layer that begins at the ground begins there. Where a column is not known through all of a
 * layer, or has a gap wider than the options allow, what is made of the layer is NaN. All functions are thread-safe and give the
 * same bits for every number of threads.
 */
#ifndef NOWCAST_WIND_KINEMATICS_H
#define NOWCAST_WIND_KINEMATICS_H

#include <nowcast/wind_level.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The wind at the top of a layer less that at its bottom: bulk shear.
 *
 * @param low_m, high_m  above the ground; low_m 0 or more
 * @param levels         NULL for the defaults
 * @param du, dv         out: (y, x), m s-1 along the grid's x and y
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_wind_shear(nwc_ctx *ctx, const nwc_wind_cube *cube, double low_m, double high_m,
                                  const nwc_wind_level_options *levels, nwc_field *du, nwc_field *dv);

/** Motion of supercells, (y, x) each, m s-1 along the grid's x and y; what is NULL is not made. */
typedef struct nwc_wind_storm {
    nwc_field *mean_u, *mean_v;   /**< mean wind from the ground to 6 km, each metre counting alike */
    nwc_field *right_u, *right_v; /**< of the mover to the right of the shear */
    nwc_field *left_u, *left_v;   /**< of the mover to the left */
} nwc_wind_storm;

/**
 * How supercells would move: with the mean wind, and 7.5 m s-1 to the right or the left of the shear, which is the mean wind from
 * 5.5 to 6 km less that of the lowest 500 m. Without shear they do not deviate.
 *
 * @param storm  what is to be made
 * @return as nwc_wind_shear
 *
 * Source: Bunkers et al. (2000), Wea. Forecasting 15, 61, eq. 1.
 */
NWC_API nwc_status nwc_wind_storm_motion(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_wind_level_options *levels,
                                         const nwc_wind_storm *storm);

/**
 * Storm-relative helicity of a layer, m2 s-2: twice the area the hodograph sweeps about the motion of a storm, positive where the wind
 * relative to it veers with height.
 *
 * @param storm_u, storm_v  (y, x), m s-1 along the grid's x and y
 * @param helicity          out: (y, x)
 * @return as nwc_wind_shear
 *
 * Source: Davies-Jones et al. (1990), 16th Conf. on Severe Local Storms, 588; exact for straight pieces.
 */
NWC_API nwc_status nwc_wind_helicity(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_field *storm_u,
                                     const nwc_field *storm_v, double low_m, double high_m,
                                     const nwc_wind_level_options *levels, nwc_field *helicity);

/** A low-level jet, (y, x) each; what is NULL is not made. */
typedef struct nwc_wind_jet_out {
    nwc_field *category; /**< 0 to 3; -1: no jet; NaN: not known */
    nwc_field *height_m; /**< above the ground; NaN without a jet */
    nwc_field *u, *v;    /**< its wind, m s-1 along the grid's x and y */
} nwc_wind_jet_out;

/**
 * Low-level jets: greatest winds of the lowest 3 km that fall off above, up to the next minimum or 3 km, whichever is lower. Of several
 * that of the highest category is taken, and of these the strongest.
 *
 * A jet is of category 0 with 10 m s-1 and a fall of 5, 1 with 12 and 6, 2 with 16 and 8, 3 with 20 and 10 m s-1. The maximum is that of a
 * level. Where a column is not known up to 3 km a jet is told that what is known shows, else nothing.
 *
 * @return as nwc_wind_shear
 *
 * Sources: Bonner (1968), Mon. Wea. Rev. 96, 833, categories 1 to 3; Whiteman et al. (1997), J. Appl. Meteor. 36, 1363, category 0
 * and the height.
 */
NWC_API nwc_status nwc_wind_jet(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_wind_level_options *levels,
                                const nwc_wind_jet_out *jet);

/**
 * Divergence and vorticity along a surface, s-1: (h_y u)_x and so on over h_x h_y, h_x and h_y being the length of cells
 * over the ground, by differences between the neighbours on both sides, or one where the other is not known.
 *
 * On surfaces at one height above the ground the divergence is that of the layers which follow it: integrated upward, it is the
 * speed at which air leaves the ground behind.
 *
 * @param u, v         (y, x) or (level, y, x) on one grid, "m s-1"
 * @param divergence, vorticity  out: as u; either may be NULL. NaN where u or v is, and where no neighbour along x or none
 *                     along y is known
 * @return as nwc_wind_shear
 */
NWC_API nwc_status nwc_wind_derivatives(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, nwc_field *divergence,
                                        nwc_field *vorticity);

/**
 * Outflow: by how much the wind at the two ends of a line differs along it, on the mean of lines in eight directions through a cell, and
 * the greatest of this for lines of up to a length. Radars that saw a downburst from all sides would measure that; 10 m s-1
 * within 4 km is a microburst (Wilson et al. 1984). Below 0 where the flow converges at all lengths.
 *
 * @param u, v       (y, x) with their grid, wind near the ground, "m s-1"
 * @param within_m   at least twice the length of a cell, at most 64 times; 4000 is usual
 * @param outflow    out: (y, x), m s-1; NaN where fewer than six of the eight lines are known, at all lengths
 * @param length_m   out: (y, x), of the line with the greatest; may be NULL
 * @return as nwc_wind_shear
 *
 * Source: Wilson, Roberts, Kessinger and McCarthy (1984), J. Climate Appl. Meteor. 23, 898.
 */
NWC_API nwc_status nwc_wind_outflow(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, double within_m,
                                    nwc_field *outflow, nwc_field *length_m);

/**
 * The gust that downdraughts could bring: WINDEX, 5 (H R (G^2 - 30 + Q - 2 M))^0.5 knots, H being the height of the melting level
 * above the ground in km, G the lapse rate below it in K km-1, Q and M the mixing ratio in g kg-1 of the lowest kilometre and at
 * the melting level, and R = Q / 12 up to 1; and GUSTEX, half of it and half the speed of the mean wind from the ground to 6 km.
 *
 * @param cube         for GUSTEX; its ground for both
 * @param temperature  (z, y, x) on the grid of the cube, K
 * @param humidity     (z, y, x), specific humidity, kg kg-1
 * @param levels       NULL for the defaults
 * @param windex, gustex  out: (y, x), m s-1; either may be NULL. WINDEX is 0 where all is frozen or the root has none; NaN where
 *                     no melting level is known
 * @return as nwc_wind_shear
 *
 * Sources: McCann (1994), Wea. Forecasting 9, 532; Geerts (2001), Wea. Forecasting 16, 261, as Brown and Dowdy (2021), J. South.
 * Hemisph. Earth Syst. Sci. 71, 30, have it, with both terms in m s-1.
 */
NWC_API nwc_status nwc_wind_burst(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_field *temperature,
                                  const nwc_field *humidity, const nwc_wind_level_options *levels, nwc_field *windex,
                                  nwc_field *gustex);

/* ---- lines ---- */

/** Options of nwc_wind_find_lines. Fill with nwc_wind_line_options_init. */
typedef struct nwc_wind_line_options {
    size_t struct_size; /**< set by the init function */
    double
        scale_m; /**< standard deviation of the smoothing, at least 1.5 cells and at most 500; default NaN: 2500 or that */
    double strong;  /**< a line has at least this convergence somewhere, s-1; above 0, default 5e-4 */
    double weak;    /**< and goes on down to this; above 0, at most strong, default 2.5e-4 */
    double least_m; /**< shorter ones are left out; at least 0, default 10 km */
} nwc_wind_line_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_wind_line_options_init(nwc_wind_line_options *options);

/** Lines of convergence. */
typedef struct nwc_wind_lines nwc_wind_lines;

/** One line; what it points to lives as long as the lines. */
typedef struct nwc_wind_line {
    int64_t n;                /**< points, at least 2 */
    const double *x, *y;      /**< of the grid, to parts of a cell */
    const float *convergence; /**< smoothed, at each point, s-1 */
    double length_m;          /**< over the ground */
    double mean_convergence;  /**< of its points, s-1 */
    double most_convergence;  /**< s-1 */
} nwc_wind_line;

/**
 * Find lines of convergence: ridges of the smoothed field, as lines one point wide.
 *
 * A cell is of a ridge where the second derivative across it, along the eigenvector of the Hessian of greatest curvature, is
 * below 0 and the first is 0 within the cell: there the line passes, to a part of the cell. Such points are joined, from the strongest
 * on, to the neighbours that lie in the direction of the line.
 *
 * @param convergence  (y, x) with its grid, s-1, positive where the flow converges: less what nwc_wind_derivatives gives
 * @param options      NULL for the defaults
 * @param lines        out: to be given to nwc_wind_lines_destroy; the strongest first
 * @param ridges       out: (y, x), number of the line, from 1, a cell is of; 0 for none; may be NULL
 * @return NWC_OK, also where there is none; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Source: Steger (1998), IEEE Trans. Pattern Anal. Mach. Intell. 20, 113, sections 3 and 4.
 */
NWC_API nwc_status nwc_wind_find_lines(nwc_ctx *ctx, const nwc_field *convergence, const nwc_wind_line_options *options,
                                       nwc_wind_lines **lines, nwc_labels *ridges);

/** How many there are; 0 for NULL. */
NWC_API int64_t nwc_wind_lines_count(const nwc_wind_lines *lines);

/** Lend line @p index, 0 to count - 1. */
NWC_API nwc_status nwc_wind_lines_get(const nwc_wind_lines *lines, int64_t index, nwc_wind_line *line);

/** Release; NULL is accepted. It may outlive the context, but not its allocator. */
NWC_API void nwc_wind_lines_destroy(nwc_wind_lines *lines);

#ifdef __cplusplus
}
#endif
#endif

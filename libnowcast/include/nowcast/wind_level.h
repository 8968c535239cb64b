/**
 * @file wind_level.h  What is made of a wind in space: wind at heights above the ground and at 10 m.
 *
 * A wind in space is u and v, and where it is known w, as fields (z, y, x) on a grid whose levels are heights above mean sea
 * level, however they were found: retrieved from radars, a model, or both. Levels here are heights above the ground: fields
 * (level, y, x). u and v lie along the grid's own x and y. NaN is not known. All functions are thread-safe and give the
 * same bits for every number of threads.
 */
#ifndef NOWCAST_WIND_LEVEL_H
#define NOWCAST_WIND_LEVEL_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NWC_WIND_MOST_STATIONS = 4096 /**< that are merged at once */ };

/** A wind in space. What is NULL is not there. */
typedef struct nwc_wind_cube {
    const nwc_field *u, *v;    /**< (z, y, x) with a grid that has levels, "m s-1" */
    const nwc_field *w;        /**< (z, y, x), upward, m s-1 */
    const nwc_field *error;    /**< (z, y, x), standard error of u and of v, m s-1 */
    const nwc_field *quality;  /**< (z, y, x), 0 to 1 */
    const nwc_field *ground_m; /**< (y, x), m above mean sea level, NaN where nothing is to be made; NULL: sea level */
    const nwc_field *roughness_m; /**< (y, x), roughness length, m; NULL or NaN: that of the options */
    const nwc_field *u_10,
        *v_10; /**< (y, x), wind at 10 m above the ground, both or neither, m s-1: where known, it is what
                                       columns begin with; NaN or NULL: they are read down to the ground */
    const nwc_field *error_10;   /**< (y, x), of it, m s-1 */
    const nwc_field *quality_10; /**< (y, x), of it, 0 to 1; NULL: that of the lowest known level */
} nwc_wind_cube;

/** How a column of the wind is read between its levels and below them. Fill with nwc_wind_level_options_init. */
typedef struct nwc_wind_level_options {
    size_t struct_size; /**< set by the init function */
    double
        roughness_m; /**< above 0, below 10; default 0.1: farmland with scattered obstacles (Wieringa 1992, class 4) */
    double surface_layer_m; /**< in which wind grows with the logarithm of height; 20 to 10000, default 100 */
    double
        least_m; /**< levels of the cube nearer to the ground are left out, since their cells reach into it; default 10 */
    double reach_m; /**< so far below the lowest known level; at least 0, default 1000 */
    double gap_m;   /**< between levels farther apart nothing is known; above 0, default 1500 */
    double
        between_m_s2; /**< variance of a component amid two levels, m2 s-2, for each metre of a b / (a + b), a and b being
                                    the distances from them; at least 0, default 0.01 */
    double below_m_s2; /**< and below the lowest, for each metre; default 0.025 */
} nwc_wind_level_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_wind_level_options_init(nwc_wind_level_options *options);

/** What nwc_wind_levels gives, (level, y, x) each; what is NULL is not made. */
typedef struct nwc_wind_levels_out {
    nwc_field *u, *v;   /**< m s-1; both or neither */
    nwc_field *w;       /**< m s-1; NaN where the cube has none */
    nwc_field *error;   /**< m s-1: what the cube says and what reading between and below its levels adds */
    nwc_field *quality; /**< 0 to 1: that of the cube, 1 without one, less where nothing is near; 0 where u is NaN */
} nwc_wind_levels_out;

/**
 * The wind at heights above the ground.
 *
 * u and v are linear, between two known levels and between the lowest of them and the ground, in
 * s(h) = ln(h / z0) up to the surface layer's depth d, ln(d / z0) + (h - d) / d above it; at z0 they are 0. So the law is the
 * logarithmic one near the ground; above, where that bends too much, it goes on straight. On six soundings, most
 * of strong morning winds, its error from 250 to 1000 m down to 50 to 200 m was at most 13 % more than the least that any one
 * factor could have; that of the logarithm alone 8 to 44 %. w is linear between levels, and below them falls to that of a flow along the slope
 * of the ground. Above the highest known level nothing is known.
 *
 * Quality is divided by 1 + e2 / 4 m2 s-2, e2 being the variance that the reading adds to a component. Its defaults are those
 * of the same soundings: the wind amid two levels 500 m apart has an error of 1.1 m s-1, that 500 m below the lowest 3.5.
 *
 * @param height_m  n heights above the ground, increasing, above 0 and at most 30000
 * @param options   NULL for the defaults
 * @param out       what is to be made, n levels each
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_wind_levels(nwc_ctx *ctx, const nwc_wind_cube *cube, const double *height_m, int64_t n,
                                   const nwc_wind_level_options *options, const nwc_wind_levels_out *out);

/** What a station near the ground observed. */
typedef struct nwc_wind_station {
    double longitude_deg, latitude_deg;
    double height_m;     /**< of its ground, above mean sea level; NaN: that of the cells around it */
    double sensor_m;     /**< of the anemometer above the ground, 1 to 200; NaN for 10 */
    double u_m_s, v_m_s; /**< wind towards true east and north, a mean of some minutes; NaN where not observed */
    double gust_m_s;     /**< NaN where not observed */
    double error_m_s;    /**< standard error of u and of v; NaN: that of the options */
} nwc_wind_station;

/** What became of a station. */
typedef enum nwc_wind_station_use {
    NWC_WIND_STATION_USED = 0,
    NWC_WIND_STATION_UNKNOWN = 1, /**< observed no wind, or its place or height is not known */
    NWC_WIND_STATION_OUTSIDE = 2, /**< beyond the grid, or where no wind is known */
    NWC_WIND_STATION_UNLIKE = 3   /**< too far from what the others and the field say: left out */
} nwc_wind_station_use;

/** How a station fits, at 10 m. What is not known is NaN. */
typedef struct nwc_wind_station_fit {
    int32_t use;               /**< an nwc_wind_station_use */
    double u_m_s, v_m_s;       /**< observed, brought to 10 m */
    double before_u, before_v; /**< of the field before stations were merged, towards true east and north, m s-1 */
    double left_out_u,
        left_out_v;            /**< what field and the other stations that are used make of it without the station */
    double left_out_error_m_s; /**< the error of a component that observation less left_out should have */
    double gust_m_s, before_gust, left_out_gust; /**< the same of gusts; NaN where the station's gust was not used */
} nwc_wind_station_fit;

/** Options of nwc_wind_merge. Fill with nwc_wind_merge_options_init. */
typedef struct nwc_wind_merge_options {
    size_t struct_size; /**< set by the init function */
    double
        length_m; /**< of the correlation of Gaspari and Cohn (1999) over the ground: 0.21 there, 0 at twice it; above
                           0, default 35 km */
    double height_m;        /**< H of exp(-(dh / H)^2 / 2) with dh the difference of grounds; above 0, default 200 m */
    double field_error_m_s; /**< of u and v before, where error does not say; above 0, default 2 */
    double station_error_m_s; /**< of u and v, with what a point differs from a cell; above 0, default 1 */
    double roughness_m;       /**< for anemometers not at 10 m; as in nwc_wind_level_options */
    double reject; /**< stations that differ by more of their left_out_error are left out; above 0, default 4 */
} nwc_wind_merge_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_wind_merge_options_init(nwc_wind_merge_options *options);

/** Fields at 10 m, (y, x) on one grid. */
typedef struct nwc_wind_surface {
    nwc_field *u, *v;          /**< along the grid's x and y, "m s-1" */
    nwc_field *error;          /**< of u and of v, m s-1; may be NULL */
    nwc_field *gust;           /**< m s-1; may be NULL */
    const nwc_field *ground_m; /**< m above mean sea level; NULL: heights play no part */
} nwc_wind_surface;

/**
 * Merge stations into the wind at 10 m: optimal interpolation of what they differ by.
 *
 * Every station is judged by what is left without it, in closed form; the worst one beyond the option reject is left out, and
 * the others are judged again. Winds of anemometers at other heights are brought to 10 m by the logarithmic law. Gusts are merged by the
 * same statistics with errors one and a half times as large, and are nowhere below the wind.
 *
 * @param surface   changed in place; cells that are not known stay so
 * @param stations  n of them, 0 to NWC_WIND_MOST_STATIONS
 * @param options   NULL for the defaults
 * @param fits      out: n; may be NULL
 * @return NWC_OK, also where no station is used; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Sources: Gandin (1963), Objective Analysis of Meteorological Fields; Gaspari and Cohn (1999), Q. J. R. Meteorol. Soc. 125, 723,
 * eq. 4.10; leaving one out as Dubrule (1983), Math. Geol. 15, 687.
 */
NWC_API nwc_status nwc_wind_merge(nwc_ctx *ctx, const nwc_wind_surface *surface, const nwc_wind_station *stations,
                                  int64_t n, const nwc_wind_merge_options *options, nwc_wind_station_fit *fits);

/** Options of nwc_wind_gust. Fill with nwc_wind_gust_options_init. */
typedef struct nwc_wind_gust_options {
    size_t struct_size;  /**< set by the init function */
    double turbulent;    /**< gusts exceed the mean wind by so many friction velocities; at least 0, default 7.2 */
    double convective;   /**< and by so much of the shear from 500 to 1500 m in convection; 0 to 1, default 0.6 */
    double mixing_top_m; /**< wind from higher above the ground is not brought down; above 0, default 2000 */
} nwc_wind_gust_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_wind_gust_options_init(nwc_wind_gust_options *options);

/** What a gust is estimated from besides the wind. What is NULL is not there. */
typedef struct nwc_wind_gust_input {
    const nwc_field *u, *v;      /**< (y, x), wind at 10 m; NULL, both: by nwc_wind_levels */
    const nwc_field *convection; /**< (y, x), 0 (none) to 1 (deep): share of the convective part */
    const nwc_field *theta_v;    /**< (z, y, x) on the grid of the cube, virtual potential temperature, K */
    const nwc_field *tke; /**< (z, y, x), turbulent kinetic energy, m2 s-2; without it that of a neutral surface layer,
                                    5.5 squares of the friction velocity, at all heights */
} nwc_wind_gust_input;

/**
 * Gusts of 3 s at 10 m.
 *
 * The turbulent part is turbulent * u*, u* being 0.4 |V10| / ln(10 / z0); the convective part convective * (|V1500| - |V500|) where
 * that is above 0, times convection. With theta_v, wind from a height h up to mixing_top_m reaches the ground where the mean
 * turbulent kinetic energy below h is at least the energy that buoyancy takes from air which sinks from there, the integral
 * of g (theta_v(h) / theta_v(z) - 1) from the ground to h; the gust is the greater of both estimates.
 *
 * @param input    NULL for none
 * @param levels, options  NULL for the defaults
 * @param gust     out: (y, x), m s-1, nowhere below the wind; NaN where the wind at 10 m is not known
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Sources: Panofsky et al. (1977) with the factor 7.2 of ECMWF's cycle 48r1 (7.71 before, ECMWF 2021, IFS documentation part IV,
 * section 3.10.4); Bechtold and Bidlot (2009), ECMWF Newsletter 119, 15, for convection, with heights for 950 and 850 hPa;
 * Brasseur (2001), Mon. Wea. Rev. 129, 5, eq. 1 to 3, for what is brought down; energy of the surface layer by Stull (1988), eq. 9.5.3.
 */
NWC_API nwc_status nwc_wind_gust(nwc_ctx *ctx, const nwc_wind_cube *cube, const nwc_wind_gust_input *input,
                                 const nwc_wind_level_options *levels, const nwc_wind_gust_options *options,
                                 nwc_field *gust);

#ifdef __cplusplus
}
#endif
#endif

/**
 * @file product.h  Fields derived from a 3-D analysis: column maxima, tops, liquid, hail, levels and sections.
 *
 * A volume on a grid is a field (z, y, x) whose grid has levels, heights above mean sea level; a product is a field (y, x) on
 * the same cells. NaN is not known: a column of which nothing is known has no product. Where something is known and there
 * is no echo the product says so with a value: the floor of reflectivity, 0 for heights, amounts and probabilities. All
 * functions are thread-safe and give the same bits for every number of threads.
 */
#ifndef NOWCAST_PRODUCT_H
#define NOWCAST_PRODUCT_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where what is known of a column ends within the echo; bits of the flags of nwc_product_echo_top. */
typedef enum nwc_column_flag {
    NWC_COLUMN_TOP_OPEN = 1, /**< above the top nothing is known: the echo may reach higher */
    NWC_COLUMN_BASE_OPEN = 2 /**< below the base nothing is known: the echo may reach lower */
} nwc_column_flag;

/**
 * The greatest value of every column within a layer, and its height: composite reflectivity, layer maxima of shear.
 *
 * @param field           (z, y, x)
 * @param ground_m        (y, x), m above mean sea level: the layer is then above it; NULL: above mean sea level
 * @param low_m, high_m   levels from low to high count; -INFINITY and INFINITY for all
 * @param greatest        out: (y, x)
 * @param height_m        out: (y, x), of the lowest level that has it, above mean sea level; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_product_layer_max(nwc_ctx *ctx, const nwc_field *field, const nwc_field *ground_m, double low_m,
                                         double high_m, nwc_field *greatest, nwc_field *height_m);

/**
 * The lowest known value of every column, as the hybrid scan has it.
 *
 * @param field     (z, y, x)
 * @param lowest    out: (y, x)
 * @param height_m  out: (y, x), of its level above mean sea level; may be NULL
 * @return as nwc_product_layer_max
 */
NWC_API nwc_status nwc_product_lowest(nwc_ctx *ctx, const nwc_field *field, nwc_field *lowest, nwc_field *height_m);

/**
 * A field at one height (CAPPI), linearly between the two levels next to it, reflectivity ("dBZ") as Z. Where one of them
 * is not known the other serves if it is the nearer one.
 *
 * @param field     (z, y, x)
 * @param height_m  above mean sea level; NaN all over where it lies outside the levels
 * @param level     out: (y, x)
 * @return as nwc_product_layer_max
 */
NWC_API nwc_status nwc_product_cappi(nwc_ctx *ctx, const nwc_field *field, double height_m, nwc_field *level);

/**
 * Highest and lowest height at which the reflectivity of a column reaches a threshold, linearly in dBZ between levels; 0
 * where it nowhere does.
 *
 * @param dbz            (z, y, x), dBZ
 * @param threshold_dbz  18.5 is usual for tops of echo, 45 for hail
 * @param top_m, base_m  out: (y, x), above mean sea level; base_m may be NULL
 * @param open           out: (y, x) of nwc_column_flag; may be NULL
 * @return as nwc_product_layer_max
 *
 * Source: Lakshmanan et al. (2013), Wea. Forecasting 28, 929: between levels, not at them.
 */
NWC_API nwc_status nwc_product_echo_top(nwc_ctx *ctx, const nwc_field *dbz, double threshold_dbz, nwc_field *top_m,
                                        nwc_field *base_m, nwc_flags *open);

/**
 * The highest height at which a field that falls upward, such as temperature, falls below a value, linearly between levels.
 *
 * @param field     (z, y, x), K for temperatures
 * @param value     273.15 for the freezing level
 * @param height_m  out: (y, x), above mean sea level; of the lowest known level where all that is known lies below the value, NaN
 *                  where it is reached at the highest known one
 * @return as nwc_product_layer_max
 */
NWC_API nwc_status nwc_product_isotherm(nwc_ctx *ctx, const nwc_field *field, double value, nwc_field *height_m);

/** Options of nwc_product_vil. Fill with nwc_vil_options_init. */
typedef struct nwc_vil_options {
    size_t struct_size; /**< set by the init function */
    double cap_dbz;     /**< greater reflectivity, hail, counts as this; default 56 */
    double reach_m; /**< the lowest known value holds that far down, at most to the ground; at least 0, default 3000 */
} nwc_vil_options;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_vil_options_init(nwc_vil_options *options);

/**
 * Vertically integrated liquid, kg m-2: the sum over layers of 3.44e-6 ((Z1 + Z2) / 2)^(4/7) dh, Z in mm6 m-3. Between two
 * known levels the unknown ones are passed over; above the highest known level there is nothing.
 *
 * @param dbz       (z, y, x), dBZ
 * @param ground_m  (y, x), m above mean sea level; NULL: sea level
 * @param options   NULL for the defaults
 * @param vil       out: (y, x)
 * @return as nwc_product_layer_max
 *
 * Source: Greene and Clark (1972), Mon. Wea. Rev. 100, 548; the cap is that of product 57 of the WSR-88D. Its product 134 has
 * none, and takes the greatest gates where this has means, which is more.
 */
NWC_API nwc_status nwc_product_vil(nwc_ctx *ctx, const nwc_field *dbz, const nwc_field *ground_m,
                                   const nwc_vil_options *options, nwc_field *vil);

/** What nwc_product_hail gives, (y, x) each; those that are NULL are not made. */
typedef struct nwc_hail {
    nwc_field *shi;    /**< severe hail index, J m-1 s-1 */
    nwc_field *posh;   /**< probability of severe hail, 0 to 1 */
    nwc_field *mesh;   /**< maximum expected size of hail, mm: 2.54 SHI^0.5 */
    nwc_field *mesh75; /**< mm: 15.096 SHI^0.206, three of four stones are smaller */
    nwc_field *mesh95; /**< mm: 22.157 SHI^0.212 */
    nwc_field *poh;    /**< probability of hail of any size, 0 to 1 */
} nwc_hail;

/**
 * Hail from the reflectivity above the freezing level.
 *
 * @param dbz         (z, y, x), dBZ
 * @param freezing_m  (y, x), height of 0 degC, m above mean sea level
 * @param cold_m      (y, x), height of -20 degC, above freezing_m
 * @param ground_m    (y, x), m above mean sea level, for POSH, whose threshold counts from the ground; NULL: sea level
 * @param hail        what is to be made
 * @return as nwc_product_layer_max
 *
 * SHI is integrated between known levels above the freezing level, the flux of energy linearly between them; above the highest and
 * below the lowest of them there is nothing. POSH has the threshold 57.5 J m-1 s-1 km-1 times the height of the freezing level above
 * the ground less 121 J m-1 s-1, at least 20.
 *
 * Sources: SHI, POSH and MESH by Witt et al. (1998), Wea. Forecasting 13, 286; MESH75 and MESH95 by Murillo and Homeyer (2019),
 * J. Appl. Meteor. Climatol. 58, 947, with the numbers of their correction (2021), doi:10.1175/JAMC-D-20-0271.1; POH from the height
 * of the 45 dBZ top above the freezing level by Waldvogel et al. (1979), J. Appl. Meteor. 18, 1521, as the polynomial of Foote et al.
 * (2005), doi:10.1175/WAF870.1: 0 below 1.65 km and 1 above 5.8 km.
 */
NWC_API nwc_status nwc_product_hail(nwc_ctx *ctx, const nwc_field *dbz, const nwc_field *freezing_m,
                                    const nwc_field *cold_m, const nwc_field *ground_m, const nwc_hail *hail);

/**
 * A vertical section: the columns over points, bilinearly between the centres of cells, reflectivity ("dBZ") as Z.
 *
 * @param field    (z, y, x) with its grid
 * @param n        number of points, at least 1
 * @param x, y     of the points, in the grid's coordinates
 * @param section  out: (z, n); NaN outside the grid and where less than half of the weight lies on known cells
 * @return as nwc_product_layer_max
 */
NWC_API nwc_status nwc_product_section(nwc_ctx *ctx, const nwc_field *field, int64_t n, const double *x,
                                       const double *y, nwc_field *section);

#ifdef __cplusplus
}
#endif
#endif

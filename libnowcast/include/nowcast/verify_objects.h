/**
 * @file verify_objects.h  Objects of a forecast beside those observed: SAL, and objects matched one to one; as sums that merge.
 */
#ifndef NOWCAST_VERIFY_OBJECTS_H
#define NOWCAST_VERIFY_OBJECTS_H

#include <nowcast/cells.h>
#include <nowcast/verify_sums.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What objects are. Fill with nwc_verify_objects_options_init. */
typedef struct nwc_verify_objects_options {
    size_t struct_size; /**< set by the init function */
    double wet;         /**< SAL: cells at or above this are wet, field units, above 0; default 0.1 */
    double
        quantile; /**< SAL: objects are above factor times this quantile of the wet cells of a field, 0 to 1; default 0.95 */
    double factor;     /**< SAL: above 0 and below 1; default 1/15 */
    double threshold;  /**< matching: objects are where the smoothed field reaches this, field units; default 1 */
    double radius;     /**< matching: of the disc that a field is smoothed with, cells, 0 to 256; default 2 */
    double least_area; /**< matching: of an object, m2, 0 or more; default 0 */
    double reach_m;    /**< matching: how far apart the middles of a pair may be, above 0; default 60000 */
    double interest;   /**< matching: the least total interest of a pair, 0 to 1; default 0.7 */
} nwc_verify_objects_options;

/** Structure, amplitude and location of a pair of fields (Wernli and others 2008). */
typedef struct nwc_sal {
    double structure;               /**< -2 (objects too small, too peaked) to 2; NaN where a field has no object */
    double amplitude;               /**< -2 (too little) to 2; NaN where both are dry */
    double location;                /**< centre + spread, 0 to 2; NaN where a field has no object */
    double centre;                  /**< distance of the centres of mass by the diagonal of the grid, 0 to 1 */
    double spread;                  /**< how differently objects lie about them, 0 to 1 */
    int32_t n_forecast, n_observed; /**< objects */
} nwc_sal;

/** A forecast object and the observed one it is matched with. */
typedef struct nwc_object_pair {
    int32_t forecast, observed; /**< by their places in the tables, from 0 */
    double interest;            /**< 0 to 1 */
    double distance_m;          /**< of the middles */
    double area_ratio;          /**< the smaller by the larger */
    double intersection;        /**< common area by the smaller */
    double angle_deg;           /**< between the major axes, 0 to 90 */
    double aspect_ratio;        /**< of minor by major axis, the smaller by the larger */
} nwc_object_pair;

/** The objects of two fields and the pairs of them. */
typedef struct nwc_object_match nwc_object_match;

/** What nwc_object_match_lend lends; it lives until the match is destroyed. */
typedef struct nwc_object_match_table {
    int32_t n_forecast, n_observed, n_pairs;
    const nwc_cell *forecast, *observed; /**< objects of the smoothed fields */
    const nwc_object_pair *pairs;        /**< best first */
} nwc_object_match_table;

/** Scores of all pairs of fields together. NaN where a denominator is 0. */
typedef struct nwc_object_scores {
    int64_t n;                                             /**< pairs of fields */
    int64_t n_structure;                                   /**< those with objects in both */
    int64_t n_amplitude;                                   /**< those with anything wet */
    double structure, structure_size;                      /**< mean, and mean without its sign */
    double amplitude, amplitude_size;                      /**< likewise */
    double location, centre, spread;                       /**< means */
    int64_t objects_forecast, objects_observed;            /**< to be matched */
    int64_t matched;                                       /**< pairs */
    double pod;                                            /**< matched / observed */
    double far;                                            /**< forecast objects without a match / all of them */
    double csi;                                            /**< matched / (forecast + observed - matched) */
    double interest, distance_m, area_ratio, intersection; /**< means of pairs */
} nwc_object_scores;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_verify_objects_options_init(nwc_verify_objects_options *options);

/**
 * Structure, amplitude and location of a pair of fields of rain, over what is known in both.
 *
 * Objects are storms (nwc_cells_identify) above a threshold that each field has of its own. Distances are those in the plane of the grid.
 *
 * @param forecast, observed  (y, x) on one grid, same units; values below 0 count as 0
 * @param use                 (y, x) mask: cells with 0 are left out; NULL to use all
 * @param options             NULL for the defaults
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * Sources: Wernli, Paulat, Hagen and Frei (2008), Mon. Weather Rev. 136, 4470; the threshold: Wernli, Hofmann and Zimmer (2009).
 */
NWC_API nwc_status nwc_verify_sal(nwc_ctx *ctx, const nwc_field *forecast, const nwc_field *observed,
                                  const nwc_flags *use, const nwc_verify_objects_options *options, nwc_sal *sal);

/**
 * Find the objects of two fields and match them one to one.
 *
 * Fields are smoothed by a disc; objects are where they then reach a threshold. The total interest of a pair is the mean of the
 * interest of its distance (weight 2; 1 at 0 to 0 at reach_m), area ratio (1; 1 from 0.8), intersection (2; 1 from 0.25), aspect
 * ratio (1; 1 from 0.8) and angle (1; 1 to 30 degrees, 0 at 90; less where objects are round). The pair of the most interest is
 * matched first, and each object once.
 *
 * @param match  out: to be given to nwc_object_match_destroy
 * @return as nwc_verify_sal
 *
 * Source: Davis, Brown and Bullock (2006), Mon. Weather Rev. 134, 1772.
 */
NWC_API nwc_status nwc_object_match_find(nwc_ctx *ctx, const nwc_field *forecast, const nwc_field *observed,
                                         const nwc_flags *use, const nwc_verify_objects_options *options,
                                         nwc_object_match **match);

/** Release a match; NULL is accepted. */
NWC_API void nwc_object_match_destroy(nwc_object_match *match);

/** Lend the tables. NWC_OK; NWC_ERR_ARG. */
NWC_API nwc_status nwc_object_match_lend(const nwc_object_match *match, nwc_object_match_table *table);

/**
 * Make sums, all zero.
 *
 * Their state: kind (12); the options from wet to interest; then pairs of fields, those with structure and with amplitude, the sums of
 * structure, its size, amplitude, its size, location, centre, spread; forecast objects, observed objects, pairs of them, and
 * their sums of interest, distance, area ratio and intersection.
 *
 * @param sums  out: to be given to nwc_verify_sums_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_verify_objects_create(nwc_ctx *ctx, const nwc_verify_objects_options *options,
                                             nwc_verify_sums **sums);

/** Add one pair of fields: its SAL and its matched objects. @return as nwc_verify_sal; after an error the sums are as before */
NWC_API nwc_status nwc_verify_objects_add(nwc_ctx *ctx, nwc_verify_sums *sums, const nwc_field *forecast,
                                          const nwc_field *observed, const nwc_flags *use);

/** Scores of all pairs of fields. @return NWC_OK; NWC_ERR_ARG */
NWC_API nwc_status nwc_verify_objects_get_scores(const nwc_verify_sums *sums, nwc_object_scores *scores);

#ifdef __cplusplus
}
#endif
#endif

/**
 * @file cell_hazard.h  What a cell may bring: probabilities of heavy rain, gale, hail, a tornado's signature and lightning.
 *
 * A model is text: of each hazard, what attributes of a cell say for it and by how much. The library carries one made of published
 * rules; another, learned from data, is given in its place. A model is never changed once read, and may be used by several threads.
 */
#ifndef NOWCAST_CELL_HAZARD_H
#define NOWCAST_CELL_HAZARD_H

#include <nowcast/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Hazards, each with the step it reaches. Numbers stay as they are from version to version. */
typedef enum nwc_cell_hazard {
    NWC_CELL_RAIN_20 = 0, /**< 20 mm or more at a place within an hour */
    NWC_CELL_RAIN_30 = 1, /**< 30 mm */
    NWC_CELL_RAIN_50 = 2, /**< 50 mm */
    NWC_CELL_RAIN_80 = 3, /**< 80 mm */
    NWC_CELL_GALE_8 = 4,  /**< gusts of 17.2 m s-1 or more, Beaufort force 8 */
    NWC_CELL_GALE_9 = 5,  /**< 20.8 m s-1 */
    NWC_CELL_GALE_10 = 6, /**< 24.5 m s-1 */
    NWC_CELL_GALE_11 = 7, /**< 28.5 m s-1 */
    NWC_CELL_HAIL = 8,    /**< hail of any size at the ground */
    NWC_CELL_HAIL_20 = 9, /**< of 20 mm or more */
    NWC_CELL_TORNADO =
        10, /**< what a radar sees of a tornado: a mesocyclone with a vortex near the ground, or debris */
    NWC_CELL_LIGHTNING = 11 /**< lightning, in the cloud or to the ground */
} nwc_cell_hazard;

enum { NWC_CELL_HAZARDS = 12 /**< how many there are */ };

/** The name of a hazard as models have it, "rain_20"; NULL for a number that is none. */
NWC_API const char *nwc_cell_hazard_name(int32_t hazard);

/** How attributes of cells become probabilities. */
typedef struct nwc_hazard_model nwc_hazard_model;

/**
 * Read a model.
 *
 * Words are separated by blanks, lines end a statement, what follows a # is a remark. The first line is "nowcast cell hazards 1", the
 * second "model NAME". Then of each hazard, in any order, none twice, "hazard NAME" and below it
 *
 *     mean BIAS SLOPE             score: BIAS + SLOPE times the mean, by weight, of the terms that are known; or
 *     sum BIAS                    score: BIAS + the terms that are known, times their weights, + the trees
 *     ramp NAME LOW HIGH WEIGHT   a term: 0 at LOW to 1 at HIGH, which may lie below it, linearly between
 *     linear NAME MEAN SCALE WEIGHT   a term: (value - MEAN) / SCALE
 *     log NAME MEAN SCALE WEIGHT  a term: ln(value / MEAN) / SCALE; values below a millionth of MEAN count as that
 *     tree                        begins a tree of the nodes that follow, from 0, the root, on; of sums alone
 *     split NAME AT BELOW ABOVE UNKNOWN   goes on to one of the nodes after it: by a value below AT, AT or above, not known
 *     leaf SCORE
 *     calibrate A B               the score is A + B times what it was
 *     life SECONDS                half of the hazard is gone after so long, or "life never", the default
 *     least SHARE                 of the weights of what is asked for that must be known, 0 to 1; default 0.5
 *
 * The probability is 1 / (1 + exp(-score)). Of trees, each name that they ask for has a weight of 1. "lead" as a name is the lead in
 * minutes.
 *
 * @param ctx    its allocator must live as long as the model
 * @param text   UTF-8, size bytes
 * @param model  out: to be given to nwc_hazard_model_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_FORMAT with the line that is wrong; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_hazard_model_read(nwc_ctx *ctx, const char *text, int64_t size, nwc_hazard_model **model);

/** Release a model; NULL is accepted. */
NWC_API void nwc_hazard_model_destroy(nwc_hazard_model *model);

/** The text of the model of published rules, ended by a zero: every number with its source. It lives for ever. */
NWC_API const char *nwc_hazard_baseline(void);

/** The name of a model. */
NWC_API const char *nwc_hazard_model_name(const nwc_hazard_model *model);

/**
 * What a hazard of a model asks for: the number of names, and name number i where name is not NULL.
 *
 * @param i     0 to below the number
 * @param name  out: lives as long as the model; may be NULL
 * @return NWC_OK; NWC_ERR_ARG
 */
NWC_API nwc_status nwc_hazard_model_asks(const nwc_hazard_model *model, int32_t hazard, int32_t i, int32_t *n,
                                         const char **name);

/** Attributes of cells at one time. */
typedef struct nwc_cell_values {
    int64_t n_cells;
    int32_t n_names;
    const char *const *names; /**< n_names, none twice */
    const double *values;     /**< (n_cells, n_names); NaN where not known */
    const double *trends;     /**< (n_cells, n_names), by second; NaN where not known; NULL for none */
} nwc_cell_values;

/**
 * The probabilities of all hazards of cells, now and later.
 *
 * A value is carried on by its trend, which fades: after a time t by trend damping_s (1 - exp(-t / damping_s)). What is not known does
 * not count, the rest then counts for all of it, down to the share that the model says; with less, and of hazards the model
 * does not have, probabilities are NaN.
 *
 * @param leads_s      n_leads, 0 or more
 * @param damping_s    above 0
 * @param probability  out: (n_cells, n_leads, NWC_CELL_HAZARDS)
 * @param known        out: (n_cells, NWC_CELL_HAZARDS), share of the weights that was known; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_hazard_model_evaluate(nwc_ctx *ctx, const nwc_hazard_model *model, const nwc_cell_values *cells,
                                             const double *leads_s, int32_t n_leads, double damping_s,
                                             double *probability, double *known);

#ifdef __cplusplus
}
#endif
#endif

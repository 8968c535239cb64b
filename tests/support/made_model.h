/* A model made of formulas, whose values anywhere are known: for tests of what is made of model fields. */
#ifndef NWC_TEST_MADE_MODEL_H
#define NWC_TEST_MADE_MODEL_H

#include "model/model.h"
#include "support/support.h"

enum { MADE_HALVES = 7 /* half levels of a model that has coefficients */ };

/* Value of an entry at longitude, latitude. */
typedef double (*formula_fn)(const nwc_model_entry *entry, double lon, double lat);

/* A model without entries; NULL where there is no memory. halves: NULL, or MADE_HALVES of a, then of b. */
nwc_model *made_model(nwc_ctx *ctx, double *halves);

/* An entry of a level, valid so many hours after 1970, and its values; of at most 16 formulas in a program. */
nwc_model_entry made_entry(const char *name, int32_t vertical, double level, int64_t lead, const nwc_grid *grid);
nwc_status made_model_add(nwc_model *model, const nwc_model_entry *entry, formula_fn formula);

#endif

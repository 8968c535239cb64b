/* A model of growth and decay as it is read: what it asks for, and layers of units. */
#ifndef NWC_FORECAST_GROWTH_H
#define NWC_FORECAST_GROWTH_H

#include "core/internal.h"
#include "forecast/growth_kernel.h"

#include <nowcast/forecast_growth.h>

enum { NWC__GROWTH_NAME = 64, NWC__GROWTH_LAYERS = 4, NWC__GROWTH_UNITS = 64 };

struct nwc_growth_model {
    struct nwc_ctx memory; /* the allocator that it was made with */
    char name[NWC__GROWTH_NAME];
    char base[NWC__GROWTH_NAME];
    int32_t n_inputs;
    int32_t input[NWC__GROWTH_INPUTS];
    float mean[NWC__GROWTH_INPUTS], scale[NWC__GROWTH_INPUTS];
    int32_t n_layers;
    int32_t n_units[NWC__GROWTH_LAYERS];
    float *weights[NWC__GROWTH_LAYERS]; /* (unit, bias and weights) */
};

/* What a model can ask for, by number. */
extern const char *const nwc__growth_input[NWC__GROWTH_INPUTS];

#endif

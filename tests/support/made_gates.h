/* Sweeps made by hand, where it is known what each gate is: rain, or ground. */
#ifndef NWC_TEST_MADE_GATES_H
#define NWC_TEST_MADE_GATES_H

#include "support/support.h"

enum { RAYS = 90, GATES = 200, SPACING_M = 500 };

/* A volume without sweeps of an S band radar; NULL where there is no memory. */
nwc_volume *new_volume(nwc_ctx *ctx);

/* A turn at an angle, whose echoes from beyond folds_at_m come back nearer. */
nwc_status add_sweep(nwc_volume *volume, double angle, int64_t time_ns, float folds_at_m);

/* A moment of the last sweep, whose gates hold what value says, in units of its own or in those. */
nwc_status add_gates(nwc_volume *volume, const char *name, int64_t n_gates, float (*value)(int64_t ray, int64_t gate));
nwc_status add_gates_in(nwc_volume *volume, const char *name, const char *units, int64_t n_gates,
                        float (*value)(int64_t ray, int64_t gate));

/* A gate of a moment, and the flags of one in the first sweep. */
float value_of(const nwc_volume *volume, int32_t sweep, const char *name, int64_t ray, int64_t gate);
int flags_of(const nwc_volume *volume, int64_t ray, int64_t gate);

/* Run the filter, which must do. */
void filter(nwc_volume *volume, const nwc_quality_options *options, nwc_quality_report *report);

/* The range of a gate, and by how much what comes back from there is weaker than from 1 km (dB). */
float range_km(int64_t gate);
float spread(int64_t gate);

/* Numbers that look random, 0 to 1. */
float chance(int64_t k);

/* Rain everywhere, smooth and moving with the wind. */
float rain(int64_t ray, int64_t gate);
float wind(int64_t ray, int64_t gate);

/* A ground of exponential strength within 30 km in the east, rain in the west. */
bool on_ground(int64_t ray, int64_t gate);
float ground_or_rain(int64_t ray, int64_t gate);

#endif

/* A forecast from a few frames on one grid, and all that it is given: what tests of several methods share. */
#ifndef NWC_TEST_FORECAST_RUN_H
#define NWC_TEST_FORECAST_RUN_H

#include "support/made_rain.h"

enum { RUN_FRAMES = 4, RUN_LEADS = 3 };

struct forecast_run {
    nwc_grid grid;
    int64_t ny, nx, n;
    int32_t n_frames, n_leads, n_members;
    int64_t times_ns[RUN_FRAMES];
    double leads_s[RUN_LEADS];
    float *frames, *u, *v, *forecast; /* (frame, y, x), (y, x), (member, lead, y, x) */
};

/* Frames of no rain, five minutes apart, moving eastward at u m s-1; leads of 10, 20 and 30 minutes. */
struct forecast_run forecast_run_of(int64_t ny, int64_t nx, int32_t n_frames, int32_t n_members, float u);
void forecast_run_free(struct forecast_run *run);

/* What a call takes: fields over the run's memory. */
struct forecast_fields {
    nwc_field frames[RUN_FRAMES], u, v, forecast; /* of a run without members (lead, y, x) */
};
struct forecast_fields forecast_fields_of(const struct forecast_run *run);

/* Showers that move with the flow, three cells from frame to frame, and do not change. */
struct forecast_run moving_showers(int64_t ny, int64_t nx, int32_t n_frames, int32_t n_members);

/* The same, times speckle that is new in every frame. */
void add_speckle(struct forecast_run *run);

/* A forecast by a method: user points to what begins with a run. */
typedef nwc_status (*forecast_call)(nwc_ctx *ctx, void *user);

/*
 * What every method holds to, with the options that are beside the run, which is made anew and freed. No rain, or rain in one frame alone:
 * none, or up to most mm h-1 from the newest.
 */
void check_rain_in_one_frame(forecast_call call, struct forecast_run *run, int32_t n_frames, double most);

/* Grids of one cell, one row or one column that stand still stay as they are, and a single wet cell that moves stays of its height. */
void check_small_rain(forecast_call call, struct forecast_run *run, int32_t n_frames, double still, double moving);

/* Rows that are not known stay so and do no harm to others; where nothing is known nothing is forecast. */
void check_unknown_rain(forecast_call call, struct forecast_run *run, int32_t n_frames, int32_t n_members);

/* The same bits with 1, 2, 3 and 7 threads, the same forecast with lesser instructions, and the same bits for lead number k alone. */
void check_threads_and_leads(forecast_call call, struct forecast_run *run, int32_t k);

/* Of cells where it will rain, the share that a forecast of lead number k has within a tenth. */
double share_right(const struct forecast_run *run, int32_t k);

#endif

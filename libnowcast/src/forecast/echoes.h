/* The past of rain in decibels, by wavelength: what S-PROG and STEPS start from. */
#ifndef NWC_FORECAST_ECHOES_H
#define NWC_FORECAST_ECHOES_H

#include "forecast/match.h"
#include "forecast/past.h"
#include "forecast/wavelengths.h"

enum { NWC__STATES = 2 /* of a level that its next state depends on: the newest and the one before */ };

/* A level as an autoregressive process of two states of one variance. */
struct nwc__process {
    double phi[NWC__STATES];
    double ratio;    /* deviation of the newest state to that of the one before */
    double variance; /* of the newest state */
};

struct nwc__echoes {
    int32_t n_levels;
    double threshold, step_s; /* from the frame before to the newest */
    struct nwc__past past;
    struct nwc__wavelengths wavelengths;
    struct nwc__matcher matcher; /* to the newest frame */
    struct nwc__process process[NWC__MOST_WAVE_LEVELS];
    float *levels;                         /* (level, table_size): shares of wave numbers */
    float *spectra[NWC__MOST_WAVE_FRAMES]; /* of decibels, newest first */
    float *cells;                          /* (padded_ny, padded_nx): work */
};

/* What the processes of levels make of each wave number, as their shares mix: tables. */
struct nwc__process_tables {
    float *phi[NWC__STATES];
    float *ratio; /* newest to earlier deviation */
    float *noise; /* what noise of a step is multiplied by so that a level's variance stays, times the level's gain */
};

/* The mean stays as it is. */
void nwc__process_tables(const struct nwc__process *process, const double *gain, int32_t n_levels, const float *levels,
                         int64_t table_size, const struct nwc__process_tables *tables);

/*
 * The process of a level from the products of its past states, newest first, by Yule and Walker. One that never changes is kept as it
 * is, and one without any variance is let go.
 */
void nwc__process_fit(double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES], const struct nwc__past *past,
                      struct nwc__process *process);

/* As nwc_forecast_sprog, already checked; levels 3 to 16, order 1 or 2. */
nwc_status nwc__echoes_create(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, int32_t levels, int32_t order, double threshold,
                              struct nwc__echoes *echoes);
void nwc__echoes_destroy(nwc_ctx *ctx, struct nwc__echoes *echoes);

/* Refuse levels, an order or a threshold out of range. */
nwc_status nwc__check_echoes(int32_t levels, int32_t order, double threshold);

/* decibels (ny, nx) from cells (padded_ny, padded_nx); NaN where the newest frame is not known. */
nwc_status nwc__echoes_crop(nwc_ctx *ctx, const struct nwc__echoes *echoes, const float *cells, float *decibels);

/* The spectrum of decibels (ny, nx), those of the newest frame standing for what is NaN; and their variance in each level. */
nwc_status nwc__echoes_spectrum(nwc_ctx *ctx, const struct nwc__echoes *echoes, const float *decibels, float *spectrum);
nwc_status nwc__echoes_variances(nwc_ctx *ctx, const struct nwc__echoes *echoes, const float *spectrum,
                                 double variance[NWC__MOST_WAVE_LEVELS]);

/* Deviations by level of white noise whose every wave has a mean square of 1; spectrum: work. */
nwc_status nwc__echoes_white(nwc_ctx *ctx, const struct nwc__echoes *echoes, float *spectrum,
                             double deviation[NWC__MOST_WAVE_LEVELS]);

/* Plane number lead of a forecast (lead, y, x) from decibels to rain. */
nwc_status nwc__echoes_to_rain(nwc_ctx *ctx, const struct nwc__echoes *echoes, const nwc_field *forecast, int64_t lead);

#endif

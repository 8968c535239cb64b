/* Fields as waves: taken apart by wavelength, compared, weighted and put together again. */
#ifndef NWC_FORECAST_WAVELENGTHS_H
#define NWC_FORECAST_WAVELENGTHS_H

#include "core/fft.h"

enum {
    NWC__MOST_WAVE_LEVELS = 16,
    NWC__MOST_WAVE_FRAMES = 3, /* that are compared */
};

/*
 * A wave number is the waves along the longer side. Weights that depend on it alone are tables, of table_size floats: the
 * first for the mean, the others for wave numbers NWC__PER_WAVE to 1.
 */
struct nwc__wavelengths {
    nwc__fft *fft;
    int64_t ny, nx;               /* cells of fields */
    int64_t padded_ny, padded_nx; /* of what is transformed, whose size has small factors */
    int64_t size;                 /* floats of a spectrum */
    int64_t table_size;
    float *work;
};

nwc_status nwc__wavelengths_create(nwc_ctx *ctx, int64_t ny, int64_t nx, struct nwc__wavelengths *waves);
void nwc__wavelengths_destroy(nwc_ctx *ctx, struct nwc__wavelengths *waves);

/* Shares of n_levels (3 to 16) in each wave number, from long waves to short, of sum 1: tables one after the other. */
void nwc__wavelengths_levels(const struct nwc__wavelengths *waves, int32_t n_levels, float *tables);

/* The spectrum of cells (padded_ny, padded_nx), and back; not in parallel, since waves holds their work. */
void nwc__wavelengths_forward(const struct nwc__wavelengths *waves, const float *cells, float *spectrum);
void nwc__wavelengths_inverse(const struct nwc__wavelengths *waves, float *spectrum, float *cells);

/*
 * products[f][g]: field f times field g, each weighted by the table and without its mean, averaged over the padded cells.
 */
nwc_status nwc__wavelengths_products(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *const *spectra,
                                     int32_t n, const float *table,
                                     double products[NWC__MOST_WAVE_FRAMES][NWC__MOST_WAVE_FRAMES]);

/* amplitude: of each complex number of a spectrum, (padded_ny, padded_nx / 2 + 1), times what the table has. */
nwc_status nwc__wavelengths_amplitude(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *spectrum,
                                      const float *table, float *amplitude);

/* Fill noise, a spectrum, with that of white noise whose every wave has a mean square of 1; see core/random.h. */
nwc_status nwc__wavelengths_noise(nwc_ctx *ctx, const struct nwc__wavelengths *waves, uint64_t seed, uint64_t stream,
                                  float *noise);

/* The same within a tile, from numbers first on of the stream's. */
void nwc__wavelengths_draw(const nwc_ctx *ctx, const struct nwc__wavelengths *waves, uint64_t seed, uint64_t stream,
                           int64_t first, float *noise);

/* Square of the wave number of row j of spectra along y, and the step of it along x. */
float nwc__wavelengths_row(const struct nwc__wavelengths *waves, int64_t j, float *x_wave);

/* The next state over the one before, b: both weighted by tables, with noise times its amplitude. */
nwc_status nwc__wavelengths_evolve(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *a,
                                   const float *a_table, float *b, const float *b_table, const float *noise,
                                   const float *amplitude);

/* out: spectrum a weighted by one table and b by another, ready for the inverse. */
nwc_status nwc__wavelengths_mix(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *a,
                                const float *a_table, const float *b, const float *b_table, float *out);

/* Move a field by dy, dx cells, as a change of phase: what leaves on one side comes back on the other. */
nwc_status nwc__wavelengths_shift(nwc_ctx *ctx, const struct nwc__wavelengths *waves, const float *spectrum, double dy,
                                  double dx, float *out);

#endif

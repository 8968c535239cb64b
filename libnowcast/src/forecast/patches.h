/* A field as overlapping patches, each with a spectrum of its own: laws by wavelength that differ from place to place. */
#ifndef NWC_FORECAST_PATCHES_H
#define NWC_FORECAST_PATCHES_H

#include "core/fft.h"

/*
 * Patch (p, q) has its window over 2 hop cells along either axis, from cell ((p - 1) hop, (q - 1) hop) on, and is nothing in the
 * margin around it. Windows overlap by half: with sin^2 they add up to 1 in every cell, with sin their squares do.
 */
struct nwc__patches {
    int64_t ny, nx;            /* cells of fields */
    int64_t n_y, n_x;          /* patches */
    int32_t hop, margin, side; /* cells; side = 2 hop + 2 margin */
    nwc__fft *fft;
    int64_t n_waves; /* complex numbers of a spectrum: (side, side / 2 + 1) */
    float *window;   /* (side) */
};

/* sharp: windows of sin, put on what is given too; else sin^2. side a size whose transform is fast. */
nwc_status nwc__patches_create(nwc_ctx *ctx, int64_t ny, int64_t nx, int32_t hop, int32_t margin, bool sharp,
                               struct nwc__patches *patches);
void nwc__patches_destroy(nwc_ctx *ctx, struct nwc__patches *patches);

/*
 * cells (side, side) become those of patch (p, q) of a field (ny, nx) below its window, 0 where not known or beyond the grid. False
 * where all are 0.
 */
bool nwc__patches_take(nwc_ctx *ctx, const struct nwc__patches *patches, const float *field, int64_t p, int64_t q,
                       float *cells);

/* The window of patch (p, q) where the field is not known and beyond the grid. False where that is nowhere. */
bool nwc__patches_take_unknown(const struct nwc__patches *patches, const float *field, int64_t p, int64_t q,
                               float *cells);

/* Add cells that an inverse transform gave to a field; below its window once more where windows are sharp. */
void nwc__patches_give(nwc_ctx *ctx, const struct nwc__patches *patches, const float *cells, int64_t p, int64_t q,
                       float *field);

/* Run fn for each row of patches, rows that share cells one after the other, always in one order. */
nwc_status nwc__patches_each_row(nwc_ctx *ctx, const struct nwc__patches *patches, const char *stage, nwc__tile_fn fn,
                                 void *job);

#endif

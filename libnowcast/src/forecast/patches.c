/*
 * A field as overlapping patches below windows, which a law by wavelength is applied to in each and which add up to the field again:
 * short-space Fourier transforms (Allen and Rabiner 1977, Proc. IEEE 65, 1558; of rain, Nerini et al. 2017, Hydrol. Earth Syst. Sci.
 * 21, 2777).
 */
#include "forecast/patches.h"

#include "forecast/patches_kernel.h"
#include "grid/smooth_kernel.h"

NWC__DECLARE_KERNELS(nwc__patches_kernels);
NWC__DECLARE_KERNELS(nwc__smooth_kernels);

nwc_status nwc__patches_create(nwc_ctx *ctx, int64_t ny, int64_t nx, int32_t hop, int32_t margin, bool sharp,
                               struct nwc__patches *p)
{
    nwc_status status = NWC_OK;
    *p = (struct nwc__patches){.ny = ny, .nx = nx, .hop = hop, .margin = margin, .side = 2 * (hop + margin)};
    assert(nwc__fft_good_size(p->side) == p->side && (sharp || margin > 0) && p->side % hop == 0);
    p->n_y = (ny + hop - 1) / hop + 1;
    p->n_x = (nx + hop - 1) / hop + 1;
    p->n_waves = (int64_t)p->side * (p->side / 2 + 1);
    NWC__ALLOC(ctx, p->window, p->side);
    for (int32_t i = 0; i < p->side; i++) {
        const int32_t inside = i - margin;
        const double sine = sin(NWC__PI * (inside + 0.5) / (2.0 * hop));
        p->window[i] = inside < 0 || inside >= 2 * hop ? 0.0F : (float)(sharp ? sine : sine * sine);
    }
    status = nwc__fft_create(ctx, p->side, p->side, &p->fft);
done:
    if (status != NWC_OK) nwc__patches_destroy(ctx, p);
    return status;
}

void nwc__patches_destroy(nwc_ctx *ctx, struct nwc__patches *p)
{
    nwc__fft_destroy(ctx, p->fft);
    nwc__free(ctx, p->window);
    *p = (struct nwc__patches){0};
}

/* Cells of patch number n along an axis: the first of them, and which of its own are inside the grid. */
struct span {
    int64_t first, from, to;
};

static struct span span_of(const struct nwc__patches *p, int64_t n, int64_t cells)
{
    struct span s = {.first = (n - 1) * p->hop - p->margin};
    s.from = s.first < 0 ? -s.first : 0;
    s.to = s.first + p->side > cells ? cells - s.first : p->side;
    return s;
}

bool nwc__patches_take(nwc_ctx *ctx, const struct nwc__patches *patches, const float *field, int64_t p, int64_t q,
                       float *cells)
{
    const struct nwc__patches_kernels *const kernels = NWC__KERNELS(ctx, nwc__patches_kernels);
    const struct span y = span_of(patches, p, patches->ny), x = span_of(patches, q, patches->nx);
    float size = 0.0F;
    memset(cells, 0, (size_t)patches->side * (size_t)patches->side * sizeof *cells);
    for (int64_t j = y.from; j < y.to; j++)
        size += kernels->take(field + (y.first + j) * patches->nx + x.first + x.from, patches->window + x.from,
                              patches->window[j], x.to - x.from, cells + j * patches->side + x.from);
    return size > 0.0F;
}

bool nwc__patches_take_unknown(const struct nwc__patches *patches, const float *field, int64_t p, int64_t q,
                               float *cells)
{
    const struct span y = span_of(patches, p, patches->ny), x = span_of(patches, q, patches->nx);
    bool any = false;
    for (int64_t j = 0; j < patches->side; j++) {
        for (int64_t i = 0; i < patches->side; i++) {
            const bool inside = j >= y.from && j < y.to && i >= x.from && i < x.to;
            const bool unknown = !inside || isnan(field[(y.first + j) * patches->nx + x.first + i]);
            const float weight = patches->window[j] * patches->window[i];
            cells[j * patches->side + i] = unknown ? weight : 0.0F;
            any |= unknown && weight > 0.0F;
        }
    }
    return any;
}

void nwc__patches_give(nwc_ctx *ctx, const struct nwc__patches *patches, const float *cells, int64_t p, int64_t q,
                       float *field)
{
    const struct nwc__patches_kernels *const kernels = NWC__KERNELS(ctx, nwc__patches_kernels);
    const nwc__smooth_kernels *const smooth = NWC__KERNELS(ctx, nwc__smooth_kernels);
    const struct span y = span_of(patches, p, patches->ny), x = span_of(patches, q, patches->nx);
    const float scale = (float)(1.0 / ((double)patches->side * patches->side));
    for (int64_t j = y.from; j < y.to; j++) {
        float *const row = field + (y.first + j) * patches->nx + x.first + x.from;
        const float *const from = cells + j * patches->side + x.from;
        if (patches->margin > 0)
            smooth->add(from, scale, x.to - x.from, row);
        else
            kernels->give(from, patches->window + x.from, scale * patches->window[j], x.to - x.from, row);
    }
}

struct phase {
    nwc__tile_fn fn;
    void *job;
    int64_t first, every;
};

static nwc_status run_row(int64_t tile, void *user)
{
    const struct phase *const phase = user;
    return phase->fn(phase->first + tile * phase->every, phase->job);
}

nwc_status nwc__patches_each_row(nwc_ctx *ctx, const struct nwc__patches *patches, const char *stage, nwc__tile_fn fn,
                                 void *job)
{
    struct phase phase = {.fn = fn, .job = job, .every = patches->side / patches->hop};
    for (; phase.first < phase.every && phase.first < patches->n_y; phase.first++)
        NWC__TRY(nwc__for_each_tile(ctx, stage, (patches->n_y - phase.first + phase.every - 1) / phase.every, run_row,
                                    &phase));
    return NWC_OK;
}

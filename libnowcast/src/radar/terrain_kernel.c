/* Loops of terrain.c over samples of the ground. */
#include "core/kernel.h"

#include "radar/terrain_kernel.h"

/* Where a coordinate lies among n cells: the cell before it and the part towards the next; false outside. */
static inline bool locate(double at, int64_t n, bool round, int64_t *before, int64_t *after, float *part)
{
    const bool inside = at >= -0.5 && at <= (double)n - 0.5; /* false for NaN */
    const double within = inside ? at : 0.0, limited = within < 0.0 ? 0.0 : within,
                 whole = floor(round ? within : limited);
    const int64_t cell = (int64_t)whole;
    *before = cell < 0 ? n - 1 : cell;
    *after = cell + 1 < n ? cell + 1 : round ? 0 : n - 1;
    *part = (float)((round ? within : limited) - whole);
    return inside;
}

static inline void add_known(float height, float weight, float *sum, float *known)
{
    const bool is = height == height;
    *sum += is ? weight * height : 0.0F;
    *known += is ? weight : 0.0F;
}

static void heights(const nwc__ground *ground, double sine, double cosine, const double *restrict ground_m, int64_t n,
                    float *restrict height_m)
{
    const int64_t last = ground->n - 2;
    for (int64_t k = 0; k < n; k++) {
        const double east = (ground_m[k] * sine - ground->first_m) * ground->per_m;
        const double north = (ground_m[k] * cosine - ground->first_m) * ground->per_m;
        const int64_t i = (int64_t)east < last ? (int64_t)east : last,
                      j = (int64_t)north < last ? (int64_t)north : last;
        const double b = east - (double)i, a = north - (double)j;
        const double sw = (1.0 - a) * (1.0 - b), se = (1.0 - a) * b, nw = a * (1.0 - b), ne = a * b;
        const double *const column = ground->column + j * ground->n + i, *const row = ground->row + j * ground->n + i;
        const int64_t up = ground->n;
        const double along = sw * column[0] + se * column[1] + nw * column[up] + ne * column[up + 1];
        const double y = sw * row[0] + se * row[1] + nw * row[up] + ne * row[up + 1];
        const double turns = ground->round ? floor((along + 0.5) / (double)ground->nx) : 0.0;
        const double x = along - turns * (double)ground->nx;
        int64_t i0, i1, j0, j1;
        float p, q, sum = 0.0F, known = 0.0F;
        const bool inside = locate(x, ground->nx, ground->round, &i0, &i1, &p);
        const bool within = locate(y, ground->ny, false, &j0, &j1, &q);
        const float *const south = ground->cells + j0 * ground->stride_y, *const north_of =
                                                                              ground->cells + j1 * ground->stride_y;
        add_known(south[i0 * ground->stride_x], (1.0F - q) * (1.0F - p), &sum, &known);
        add_known(south[i1 * ground->stride_x], (1.0F - q) * p, &sum, &known);
        add_known(north_of[i0 * ground->stride_x], q * (1.0F - p), &sum, &known);
        add_known(north_of[i1 * ground->stride_x], q * p, &sum, &known);
        height_m[k] = inside && within && known >= 0.5F ? sum / known : NAN;
    }
}

static void highest(const float *restrict height_m, const float *restrict beam_m, const float *restrict per_m,
                    int64_t gates, int64_t samples, float *restrict over)
{
    for (int64_t g = 0; g < gates; g++) {
        float most = NAN;
        for (int64_t s = g * samples; s < (g + 1) * samples; s++) {
            const float here = (height_m[s] - beam_m[s]) * per_m[s];
            most = here > most || most != most ? here : most;
        }
        over[g] = most;
    }
}

const struct nwc__terrain_kernels NWC__NAME(nwc__terrain_kernels) = {.heights = heights, .highest = highest};

/*
 * Tracking of corners from one frame to another: the pyramidal iterative method of Lucas and Kanade (1981) as laid down by
 * Bouguet (2000, "Pyramidal implementation of the affine Lucas Kanade feature tracker", section 2).
 *
 * At each level, coarsest first, the displacement d minimises the squared difference of a window around the corner in
 * frame a and the same window displaced by d in frame b. Cells of the template that are not valid have no weight, so the
 * edge of the coverage, which stands still, does not hold back what passes it. A corner counts when it is found and,
 * tracked back the same way, arrives where it came from.
 */
#include "motion/lucas_kanade.h"

NWC__DECLARE_KERNELS(nwc__lk_kernels);

enum {
    ITERATIONS = 10, /* at most, at each level */
    CORNERS = 8,     /* corners of one tile */
    BEYOND = 6       /* cells that a window's centre may lie outside an image: the margin allows for the rest */
};
#define CLOSE 0.01        /* cells: a smaller step ends the iteration */
#define RETURN 2.0        /* cells: how close a corner must come back to its origin; 1 drops fast ones */
#define LEAST_DETAIL 1e-5 /* smaller eigenvalue of the mean structure tensor that a window needs */

struct job {
    const nwc__lk_kernels *kernels;
    const struct nwc__lk_pyramid *a, *b;
    const struct nwc__lk_corner *corners;
    struct nwc__lk_track *tracks;
    int64_t n;
};

/* Where a window begins: the cell, and the rest. */
struct place {
    int64_t y, x;
    float fy, fx;
};

static bool place_window(const struct nwc__lk_level *level, double y, double x, struct place *place)
{
    if (!(y >= -BEYOND && x >= -BEYOND && y <= (double)(level->ny - 1 + BEYOND) &&
          x <= (double)(level->nx - 1 + BEYOND)))
        return false;
    const double row = floor(y), column = floor(x);
    *place = (struct place){(int64_t)row - NWC__LK_WINDOW / 2, (int64_t)column - NWC__LK_WINDOW / 2, (float)(y - row),
                            (float)(x - column)};
    return true;
}

/*
 * Improve the displacement d (y, x) at one level. The mask is that of the frame the corner was found in, for both
 * directions. False when the window shows nothing or leaves the image.
 */
static bool track_level(const nwc__lk_kernels *kernels, const struct nwc__lk_level *from,
                        const struct nwc__lk_level *to, const struct nwc__lk_level *mask, double y, double x,
                        double d[2])
{
    float values[NWC__LK_PATCH], gx[NWC__LK_PATCH], gy[NWC__LK_PATCH];
    double g[3], b[2];
    struct place at;
    if (!place_window(from, y, x, &at)) return false;
    const int64_t first = at.y * from->stride + at.x;
    kernels->window(from->image + first, mask->valid + first, from->stride, at.fx, at.fy, values, gx, gy, g);
    const double determinant = g[0] * g[2] - g[1] * g[1];
    const double lower = 0.5 * (g[0] + g[2] - sqrt((g[0] - g[2]) * (g[0] - g[2]) + 4.0 * g[1] * g[1]));
    if (!(lower > LEAST_DETAIL * NWC__LK_PATCH && determinant > 0.0)) return false;
    for (int k = 0; k < ITERATIONS; k++) {
        if (!place_window(to, y + d[0], x + d[1], &at)) return false;
        kernels->misfit(to->image + at.y * to->stride + at.x, to->stride, at.fx, at.fy, values, gx, gy, b);
        const double step_x = (g[2] * b[0] - g[1] * b[1]) / determinant;
        const double step_y = (g[0] * b[1] - g[1] * b[0]) / determinant;
        d[0] += step_y, d[1] += step_x;
        if (step_x * step_x + step_y * step_y < CLOSE * CLOSE) break;
    }
    return place_window(to, y + d[0], x + d[1], &at);
}

/* From the coarsest level to the finest. A coarse level that shows nothing is passed over, the finest must show something. */
static bool track(const nwc__lk_kernels *kernels, const struct nwc__lk_pyramid *from, const struct nwc__lk_pyramid *to,
                  const struct nwc__lk_pyramid *mask, double y, double x, double d[2])
{
    d[0] = d[1] = 0.0;
    for (int32_t l = from->n - 1; l >= 0; l--) {
        const double scale = 1.0 / (double)(1 << l);
        double refined[2] = {d[0] * 2.0, d[1] * 2.0};
        d[0] = refined[0], d[1] = refined[1];
        if (track_level(kernels, &from->level[l], &to->level[l], &mask->level[l], y * scale, x * scale, refined))
            d[0] = refined[0], d[1] = refined[1];
        else if (l == 0)
            return false;
    }
    return true;
}

static nwc_status track_some(int64_t tile, void *user)
{
    struct job *const job = user;
    for (int64_t c = tile * CORNERS; c < job->n && c < (tile + 1) * CORNERS; c++) {
        const double y = (double)job->corners[c].y, x = (double)job->corners[c].x;
        double there[2], back[2];
        const bool found = track(job->kernels, job->a, job->b, job->a, y, x, there) &&
                           track(job->kernels, job->b, job->a, job->a, y + there[0], x + there[1], back) &&
                           hypot(there[0] + back[0], there[1] + back[1]) <= RETURN;
        job->tracks[c] = (struct nwc__lk_track){.dx = there[1], .dy = there[0], .found = found};
    }
    return NWC_OK;
}

nwc_status nwc__lk_track_corners(nwc_ctx *ctx, const struct nwc__lk_pyramid *a, const struct nwc__lk_pyramid *b,
                                 const struct nwc__lk_corner *corners, int64_t n, struct nwc__lk_track *tracks)
{
    struct job job = {
        .kernels = NWC__KERNELS(ctx, nwc__lk_kernels), .a = a, .b = b, .corners = corners, .tracks = tracks, .n = n};
    return nwc__for_each_tile(ctx, "motion: track", (n + CORNERS - 1) / CORNERS, track_some, &job);
}

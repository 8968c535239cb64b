/* The box of the variational wind: its walls, the density of its air, and winds brought from one box to another. */
#include "wind/internal.h"

#include "wind/background.h"
#include "wind/waves.h"

enum { PITCH = 16 /* rows begin at multiples of it */, TILE_CELLS = 16384 };

static double density_at(double height_m, double scale_m)
{
    return scale_m > 0.0 ? exp(-height_m / scale_m) : nwc__standard_density(height_m);
}

nwc_status nwc__wind_box_create(nwc_ctx *ctx, const int64_t n[3], const double d[3], double bottom_m, double scale_m,
                                nwc__wind_box *box)
{
    assert(n[0] >= 2 && n[1] >= 2 && n[2] >= 2);
    nwc_status status = NWC_OK;
    /* odd numbers of cache lines, or what lies one above the other would meet in few of the cache's sets */
    const int64_t pitch = ((n[0] + PITCH) / PITCH | 1) * PITCH, rows = n[1] + 1,
                  plane = rows * pitch + (rows % 2 ? 0 : PITCH);
    *box = (nwc__wind_box){.shape = {.nx = n[0],
                                     .ny = n[1],
                                     .nz = n[2],
                                     .pitch = pitch,
                                     .plane = plane,
                                     .size = (n[2] + 1) * plane,
                                     .over_dx = (nwc__real)(1.0 / d[0]),
                                     .over_dy = (nwc__real)(1.0 / d[1]),
                                     .over_dz = (nwc__real)(1.0 / d[2])},
                           .dx = d[0],
                           .dy = d[1],
                           .dz = d[2],
                           .cells = n[0] * n[1] * n[2],
                           .kernels = NWC__KERNELS(ctx, nwc__wind_kernels)};
    NWC__ALLOC(ctx, box->density, n[2]);
    NWC__ALLOC(ctx, box->wall_density, n[2] + 1);
    NWC__ALLOC(ctx, box->below, n[2]);
    NWC__ALLOC(ctx, box->above, n[2]);
    NWC__ALLOC(ctx, box->sums, nwc__wind_planes(box));
    for (int64_t k = 0; k <= n[2]; k++) {
        if (k < n[2]) box->density[k] = density_at(bottom_m + ((double)k + 0.5) * d[2], scale_m);
        box->wall_density[k] = density_at(bottom_m + (double)k * d[2], scale_m);
    }
    for (int64_t k = 0; k < n[2]; k++) {
        box->below[k] = k > 0 ? box->wall_density[k] / (box->density[k] * d[2]) : 0.0;
        box->above[k] = k + 1 < n[2] ? box->wall_density[k + 1] / (box->density[k] * d[2]) : 0.0;
    }
done:
    return status;
}

void nwc__wind_box_release(nwc_ctx *ctx, nwc__wind_box *box)
{
    nwc__free(ctx, box->sums);
    nwc__free(ctx, box->above);
    nwc__free(ctx, box->below);
    nwc__free(ctx, box->wall_density);
    nwc__free(ctx, box->density);
    *box = (nwc__wind_box){0};
}

nwc__wind_extent nwc__wind_extent_of(const nwc__wind_box *box, int c)
{
    const nwc__wind_shape *const s = &box->shape;
    return (nwc__wind_extent){s->nx + (c == 0), s->ny + (c == 1), c == 2, s->nz};
}

nwc__real *nwc__wind_create(nwc_ctx *ctx, const nwc__wind_box *box)
{
    nwc__real *const wind = nwc__alloc(ctx, 3 * box->shape.size, sizeof *wind);
    if (wind) memset(wind, 0, (size_t)(3 * box->shape.size) * sizeof *wind);
    return wind;
}

int64_t nwc__wind_planes(const nwc__wind_box *box)
{
    return 3 * (box->shape.nz + 1);
}

/* ---- tiles ---- */

/* Small tiles cost more than they share: threads wait for each other after every pass. */
struct items {
    int64_t n, per_tile;
    nwc__tile_fn fn;
    void *job;
};

static nwc_status work_items(int64_t tile, void *user)
{
    const struct items *const items = user;
    const int64_t first = tile * items->per_tile;
    for (int64_t i = first; i < first + items->per_tile && i < items->n; i++) NWC__TRY(items->fn(i, items->job));
    return NWC_OK;
}

nwc_status nwc__wind_each(nwc_ctx *ctx, int64_t n, int64_t cells, nwc__tile_fn fn, void *job)
{
    const int64_t per_tile = cells > 0 && cells < TILE_CELLS ? (TILE_CELLS + cells - 1) / cells : 1;
    struct items items = {n, per_tile, fn, job};
    return nwc__for_each_tile(ctx, NULL, (n + per_tile - 1) / per_tile, work_items, &items);
}

nwc_status nwc__wind_each_plane(nwc_ctx *ctx, const nwc__wind_box *box, nwc__tile_fn fn, void *job)
{
    return nwc__wind_each(ctx, nwc__wind_planes(box), box->shape.plane, fn, job);
}

nwc_status nwc__wind_each_lane(nwc_ctx *ctx, const nwc__wind_box *box, nwc__tile_fn fn, void *job)
{
    return nwc__wind_each(ctx, NWC__WIND_LANES, box->cells / NWC__WIND_LANES, fn, job);
}

/* ---- sums ---- */

struct dot {
    const nwc__wind_box *box;
    const nwc__real *a, *b;
};

static nwc_status dot_plane(int64_t tile, void *user)
{
    const struct dot *const job = user;
    const int64_t n = job->box->shape.plane;
    job->box->sums[tile] = job->box->kernels->dot(n, job->a + tile * n, job->b + tile * n);
    return NWC_OK;
}

double nwc__wind_sum(const nwc__wind_box *box)
{
    double sum = 0.0;
    for (int64_t t = 0; t < nwc__wind_planes(box); t++) sum += box->sums[t];
    return sum;
}

nwc_status nwc__wind_dot(nwc_ctx *ctx, const nwc__wind_box *box, const nwc__real *a, const nwc__real *b, double *sum)
{
    struct dot job = {box, a, b};
    NWC__TRY(nwc__wind_each_plane(ctx, box, dot_plane, &job));
    *sum = nwc__wind_sum(box);
    return NWC_OK;
}

/* ---- from box to box ---- */

/* Where each item of one axis lies among those of another. */
struct place {
    int64_t at;
    nwc__real part;
};

struct resample {
    const nwc__wind_box *from, *to;
    const nwc__real *wind;
    nwc__real *out;
    struct place *axis[3][2]; /* of x, y, z: centres, walls */
};

/* n items of spacing d, the first at first, among m of spacing e that begin at first_e. */
static void fill_axis(struct place *places, int64_t n, double d, double first, int64_t m, double e, double first_e)
{
    for (int64_t i = 0; i < n; i++) {
        const double where = fmin(fmax((first + (double)i * d - first_e) / e, 0.0), (double)(m - 1));
        const int64_t at = (int64_t)fmin(floor(where), (double)(m - 2));
        places[i] = (struct place){at, (nwc__real)(where - (double)at)};
    }
}

static nwc_status resample_plane(int64_t tile, void *user)
{
    const struct resample *const job = user;
    const nwc__wind_shape *const f = &job->from->shape, *const t = &job->to->shape;
    const int c = (int)(tile / (t->nz + 1));
    const int64_t k = tile % (t->nz + 1);
    const nwc__wind_extent extent = nwc__wind_extent_of(job->to, c);
    if (k < extent.first_k || k >= extent.end_k) return NWC_OK;
    const struct place z = job->axis[2][c == 2][k];
    for (int64_t j = 0; j < extent.ny; j++) {
        const struct place y = job->axis[1][c == 1][j];
        const nwc__real *const low = job->wind + c * f->size + z.at * f->plane + y.at * f->pitch;
        const nwc__real *const high = low + f->plane;
        nwc__real *const out = job->out + c * t->size + k * t->plane + j * t->pitch;
        for (int64_t i = 0; i < extent.nx; i++) {
            const struct place x = job->axis[0][c == 0][i];
            const nwc__real *const row[4] = {low + x.at, low + f->pitch + x.at, high + x.at, high + f->pitch + x.at};
            nwc__real at[4];
            for (int r = 0; r < 4; r++) at[r] = row[r][0] + x.part * (row[r][1] - row[r][0]);
            const nwc__real south = at[0] + y.part * (at[1] - at[0]), north = at[2] + y.part * (at[3] - at[2]);
            out[i] = south + z.part * (north - south);
        }
    }
    return NWC_OK;
}

nwc_status nwc__wind_resample(nwc_ctx *ctx, const nwc__wind_box *from, const nwc__real *wind, const nwc__wind_box *to,
                              nwc__real *out)
{
    nwc_status status = NWC_OK;
    struct resample job = {.from = from, .to = to, .wind = wind, .out = out};
    const int64_t n[3] = {to->shape.nx, to->shape.ny, to->shape.nz};
    const int64_t m[3] = {from->shape.nx, from->shape.ny, from->shape.nz};
    const double d[3] = {to->dx, to->dy, to->dz}, e[3] = {from->dx, from->dy, from->dz};
    for (int a = 0; a < 3; a++)
        for (int wall = 0; wall < 2; wall++) {
            NWC__ALLOC(ctx, job.axis[a][wall], n[a] + wall);
            fill_axis(job.axis[a][wall], n[a] + wall, d[a], wall ? 0.0 : 0.5 * d[a], m[a] + wall, e[a],
                      wall ? 0.0 : 0.5 * e[a]);
        }
    status = nwc__wind_each_plane(ctx, to, resample_plane, &job);
done:
    for (int a = 0; a < 6; a++) nwc__free(ctx, job.axis[a / 2][a % 2]);
    return status;
}

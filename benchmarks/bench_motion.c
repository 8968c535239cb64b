/*
 * Motion from three frames of a national composite.
 *
 * What must move: three frames in, two components and their quality out, 24 bytes a cell. The work is arithmetic on
 * that many cells and their coarser levels, so the share of the bandwidth is small and says by how much.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAMES = 3 };

struct work {
    nwc_grid grid;
    nwc_field frames[FRAMES], u, v, quality;
    int64_t times_ns[FRAMES];
    nwc_motion_options options;
};

static nwc_status estimate(nwc_ctx *ctx, void *user)
{
    struct work *const w = user;
    return nwc_motion_estimate(ctx, w->frames, w->times_ns, FRAMES, &w->options, &w->u, &w->v, &w->quality);
}

/* Showers that move at 12 and 6 m/s. */
static void make(struct work *w, int64_t ny, int64_t nx)
{
    w->grid = bench_grid(ny, nx);
    for (int n = 0; n < FRAMES; n++) {
        w->frames[n] = bench_field(&w->grid, "mm h-1");
        w->times_ns[n] = 300000000000LL * n;
        for (int64_t j = 0; j < ny; j++) {
            for (int64_t i = 0; i < nx; i++) {
                const double x = (double)i - 3.6 * n, y = (double)j - 1.8 * n;
                const double wave = sin(x / 11.0) * sin(y / 8.0) + sin((x + y) / 37.0) + 0.3 * sin(x / 3.0 + y / 5.0);
                w->frames[n].data[j * nx + i] = wave > 0.5 ? (float)(6.0 * (wave - 0.5)) : 0.0f;
            }
        }
    }
    w->u = bench_field(&w->grid, "m s-1"), w->v = bench_field(&w->grid, "m s-1");
    w->quality = bench_field(&w->grid, "1");
    nwc_motion_options_init(&w->options);
}

static void measure(struct work *w, const char *name, int32_t method, int threads)
{
    nwc_ctx *const ctx = bench_context(threads);
    const double cells = (double)(w->grid.ny * w->grid.nx);
    char text[64];
    snprintf(text, sizeof text, "%s, %lld x %lld", name, (long long)w->grid.nx, (long long)w->grid.ny);
    w->options.method = method;
    bench_print(text, threads, bench_run(estimate, ctx, w), cells, 24.0 * cells, 24.0 * cells);
    nwc_ctx_destroy(ctx);
}

static const struct {
    const char *name;
    int32_t number;
} methods[] = {{"variational", NWC_MOTION_VARIATIONAL},
               {"lucas_kanade", NWC_MOTION_LUCAS_KANADE},
               {"trec", NWC_MOTION_TREC},
               {"cotrec", NWC_MOTION_COTREC},
               {"phase", NWC_MOTION_PHASE},
               {"constant", NWC_MOTION_CONSTANT},
               {"vet", NWC_MOTION_VET},
               {"proesmans", NWC_MOTION_PROESMANS},
               {"farneback", NWC_MOTION_FARNEBACK},
               {"darts", NWC_MOTION_DARTS}};

static void measure_all(int64_t ny, int64_t nx)
{
    struct work w;
    make(&w, ny, nx);
    for (size_t k = 0; k < sizeof methods / sizeof *methods; k++)
        for (int step = 0; step < bench_thread_steps(); step++)
            measure(&w, methods[k].name, methods[k].number, bench_thread_step(step));
    for (int n = 0; n < FRAMES; n++) free(w.frames[n].data);
    free(w.u.data), free(w.v.data), free(w.quality.data);
}

/* Arguments: ny nx, for one size; none for the usual two. */
int main(int argc, char **argv)
{
    bench_print_head();
    if (argc == 3) {
        measure_all(atoll(argv[1]), atoll(argv[2]));
        return 0;
    }
    measure_all(640, 710);
    measure_all(760, 1226);
    return 0;
}

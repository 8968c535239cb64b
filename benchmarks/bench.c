/* What the benchmarks share. */
#define _POSIX_C_SOURCE 200809L
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef _OPENMP
#include <omp.h>
#endif

static double now_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bench_time bench_run(bench_work work, nwc_ctx *ctx, void *user)
{
    double wall_s[BENCH_RUNS], cpu_s[BENCH_RUNS];
    for (int n = -1; n < BENCH_RUNS; n++) {
        const double wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
        const nwc_status status = work(ctx, user);
        if (status != NWC_OK) {
            fprintf(stderr, "%s: %s\n", nwc_status_name(status), nwc_error_text());
            exit(1);
        }
        if (n < 0) continue;
        wall_s[n] = now_s(CLOCK_MONOTONIC) - wall;
        cpu_s[n] = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    }
    qsort(wall_s, BENCH_RUNS, sizeof *wall_s, ascending);
    qsort(cpu_s, BENCH_RUNS, sizeof *cpu_s, ascending);
    return (bench_time){wall_s[0], wall_s[BENCH_RUNS / 2], cpu_s[0]};
}

nwc_ctx *bench_context(int threads)
{
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.threads = threads;
    nwc_ctx *ctx;
    if (nwc_ctx_create(&options, &ctx) != NWC_OK) {
        fprintf(stderr, "%s\n", nwc_error_text());
        exit(1);
    }
    return ctx;
}

int bench_thread_steps(void)
{
    return nwc_ctx_threads(NULL) > 1 ? 2 : 1;
}

int bench_thread_step(int step)
{
    return step == 0 ? 1 : nwc_ctx_threads(NULL);
}

const char *bench_machine(void)
{
    static char name[128] = "unknown processor";
    FILE *const file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file && fgets(line, sizeof line, file)) {
        const char *const colon = strncmp(line, "model name", 10) == 0 ? strchr(line, ':') : NULL;
        if (!colon) continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (file) fclose(file);
    return name;
}

float *bench_cells(int64_t n)
{
    float *const cells = calloc((size_t)n, sizeof *cells);
    if (!cells) {
        fprintf(stderr, "no memory for %lld cells\n", (long long)n);
        exit(1);
    }
    return cells;
}

nwc_grid bench_grid(int64_t ny, int64_t nx)
{
    return (nwc_grid){.projection = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=25 +ellps=WGS84",
                      .nx = nx,
                      .ny = ny,
                      .x_first = -500.0 * (double)nx,
                      .y_first = -3500e3,
                      .dx = 1000.0,
                      .dy = 1000.0};
}

nwc_field bench_field(const nwc_grid *grid, const char *units)
{
    return (nwc_field){.data = bench_cells(grid->ny * grid->nx),
                       .ndim = 2,
                       .dim = {grid->ny, grid->nx},
                       .stride = {grid->nx, 1},
                       .missing = NAN,
                       .units = units,
                       .grid = grid};
}

double bench_triad(double bytes, int threads)
{
    const int64_t n = (int64_t)(bytes / 12.0) + 1;
    float *const a = bench_cells(n), *const b = bench_cells(n), *const c = bench_cells(n);
    const double start = now_s(CLOCK_MONOTONIC);
    double best_s = 1e9;
    (void)threads;
    for (int pass = 0; pass < BENCH_RUNS || now_s(CLOCK_MONOTONIC) - start < 0.3; pass++) {
        const float s = (float)pass;
        const double from = now_s(CLOCK_MONOTONIC);
#ifdef _OPENMP
#pragma omp parallel for simd num_threads(threads) schedule(static)
#endif
        for (int64_t i = 0; i < n; i++) a[i] = b[i] + s * c[i];
        const double took_s = now_s(CLOCK_MONOTONIC) - from;
        if (pass > 0 && took_s < best_s) best_s = took_s;
    }
    const volatile float use = a[n / 2]; /* or the compiler might leave the loop out */
    (void)use;
    free(a), free(b), free(c);
    return 12.0 * (double)n / best_s;
}

void bench_print_head(void)
{
    printf("%s; libnowcast %s; best and median of %d runs\n", bench_machine(), nwc_version(), BENCH_RUNS);
    printf("%-34s %7s %9s %9s %9s %10s %9s %10s %6s\n", "work", "threads", "best ms", "median", "CPU ms", "Mcells/s",
           "MB moved", "triad GB/s", "of it");
}

void bench_print(const char *name, int threads, bench_time time, double cells, double moved_bytes, double working_bytes)
{
    const double triad = bench_triad(working_bytes, threads);
    printf("%-34s %7d %9.2f %9.2f %9.2f %10.1f %9.1f %10.1f %5.0f%%\n", name, threads, 1e3 * time.best_s,
           1e3 * time.median_s, 1e3 * time.cpu_s, 1e-6 * cells / time.best_s, 1e-6 * moved_bytes, 1e-9 * triad,
           100.0 * moved_bytes / time.best_s / triad);
    fflush(stdout);
}

/* What the benchmarks share: clocks, runs, and the bandwidth that bounds them, measured in the same run. */
#ifndef NWC_BENCH_H
#define NWC_BENCH_H

#include <nowcast/nowcast.h>

#include <stdbool.h>

enum { BENCH_RUNS = 9 };

/* Seconds of one piece of work over BENCH_RUNS runs, after one that is not counted. */
typedef struct bench_time {
    double best_s, median_s; /* wall clock */
    double cpu_s;            /* of all threads, least of the runs: steady on a busy machine */
} bench_time;

typedef nwc_status (*bench_work)(nwc_ctx *ctx, void *user);

/* Time work; what fails ends the program with its error text. */
bench_time bench_run(bench_work work, nwc_ctx *ctx, void *user);

/* A context with this many threads. */
nwc_ctx *bench_context(int threads);
/* Numbers of threads to measure with: 1, and all processors. */
int bench_thread_steps(void);
int bench_thread_step(int step);
const char *bench_machine(void);

/*
 * Bytes per second of a[i] = b[i] + s c[i] (McCalpin's triad: 12 bytes an element, write-allocate not counted) over three
 * arrays of bytes / 3 each, best of all passes in 0.3 s.
 */
double bench_triad(double bytes, int threads);

/*
 * One line: times, cells per second, bytes that must move, and the share of the triad's bandwidth at a working set of
 * working_bytes that moving them in the best time is.
 */
void bench_print(const char *name, int threads, bench_time time, double cells, double moved_bytes,
                 double working_bytes);
void bench_print_head(void);

/* Polar stereographic, 1 km, and a field of zeros on it; its memory is the caller's to free. */
nwc_grid bench_grid(int64_t ny, int64_t nx);
nwc_field bench_field(const nwc_grid *grid, const char *units);

/* calloc, or the end of the program. */
float *bench_cells(int64_t n);

#endif

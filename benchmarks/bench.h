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
int bench_threads(void); /* processors of the machine */
const char *bench_machine(void);

/*
 * Bytes per second of a[i] = b[i] + s c[i] (McCalpin's triad: 12 bytes an element, write-allocate not counted) over three
 * arrays of bytes / 3 each, best of several runs.
 */
double bench_triad(double bytes, int threads);

/*
 * One line: times, cells per second, bytes that must move, and the share of the triad's bandwidth at a working set of
 * working_bytes that moving them in the best time is.
 */
void bench_print(const char *name, int threads, bench_time time, double cells, double moved_bytes,
                 double working_bytes);
void bench_print_head(void);

/* Memory that is there: calloc, or the end of the program. */
float *bench_cells(int64_t n);

#endif

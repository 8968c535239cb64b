/* What every module of the library uses of core: failing with a text, memory, tiles, kernels. */
#ifndef NWC_CORE_INTERNAL_H
#define NWC_CORE_INTERNAL_H

#include <nowcast/core.h>

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#if defined(__GNUC__)
#define NWC__PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define NWC__PRINTF(at, first)
#endif

#define NWC__PI 3.14159265358979323846
#define NWC__RADIANS (NWC__PI / 180.0) /* in a degree */

/* ---- status ---- */

/* Set this thread's error text and return status: return nwc__fail(NWC_ERR_ARG, "dt_s: above 0 expected, %g given", dt_s); */
nwc_status nwc__fail(nwc_status status, const char *format, ...) NWC__PRINTF(2, 3);

/* Put "context: " before this thread's error text and return status: names the file around a decoder's own message. */
nwc_status nwc__fail_within(nwc_status status, const char *context);

/* Pass status and text of a failed call on untouched. */
#define NWC__TRY(call)                                                                                                 \
    do {                                                                                                               \
        const nwc_status nwc__try_status = (call);                                                                     \
        if (nwc__try_status != NWC_OK) return nwc__try_status;                                                         \
    } while (0)

/* ---- context ---- */

struct nwc_ctx {
    int32_t threads;
    int32_t simd; /* an nwc_simd_level other than AUTO */
    nwc_alloc_fn alloc;
    nwc_free_fn free;
    void *alloc_user;
    nwc_log_fn log;
    void *log_user;
    nwc_progress_fn progress;
    void *progress_user;
    _Atomic int cancel;
};

/* The context given, or the default one for NULL. Every public function calls this first. */
nwc_ctx *nwc__ctx(nwc_ctx *ctx);

void nwc__log(nwc_ctx *ctx, nwc_log_level level, const char *format, ...) NWC__PRINTF(3, 4);

/* Report progress and look for a cancel; on the calling thread only. NWC_OK or NWC_ERR_CANCELED. */
nwc_status nwc__progress(nwc_ctx *ctx, const char *stage, double fraction);

/* Copy the caller's options of any known size over defaults; NULL given leaves the defaults. name is for the error. */
nwc_status nwc__take_options(void *defaults, size_t size, const void *given, const char *name);

/* ---- memory: from the context's allocator, aligned to 64 bytes, calling thread only ---- */

/* count items of size bytes; NULL (with the error text set) on overflow, exhaustion or count < 0. Not cleared. */
void *nwc__alloc(nwc_ctx *ctx, int64_t count, size_t size);
void nwc__free(nwc_ctx *ctx, void *memory);
char *nwc__copy_text(nwc_ctx *ctx, const char *text);

/* Allocate count items of what pointer points to, or go to done with status NWC_ERR_NOMEM. */
#define NWC__ALLOC(ctx, pointer, count)                                                                                \
    do {                                                                                                               \
        (pointer) = nwc__alloc((ctx), (count), sizeof *(pointer));                                                     \
        if (!(pointer)) {                                                                                              \
            status = NWC_ERR_NOMEM;                                                                                    \
            goto done;                                                                                                 \
        }                                                                                                              \
    } while (0)

/* Bytes being put together; data is to be freed with nwc__free. */
struct nwc__buffer {
    nwc_ctx *ctx;
    uint8_t *data;
    int64_t size, room;
};

/* n bytes of zeros at the end, lent until the next call. */
nwc_status nwc__buffer_extend(struct nwc__buffer *buffer, int64_t n, uint8_t **at);
/* Let the first n bytes go. */
void nwc__buffer_drop(struct nwc__buffer *buffer, int64_t n);

/* Numbers in text have a decimal point in this thread from begin to end, whatever the program's locale is. */
struct nwc__numbers {
    void *plain, *before;
};
struct nwc__numbers nwc__numbers_begin(void);
void nwc__numbers_end(struct nwc__numbers numbers);

/* ---- time ---- */

/* UTC from year, month, day, hour, minute, second; false for a date that is none, or outside 1700 to 2250. */
bool nwc__time_from_civil(const int32_t civil[6], int64_t *time_ns);

/* Its inverse, for any time; what is left of the second, ns, is returned. */
int64_t nwc__time_to_civil(int64_t time_ns, int32_t civil[6]);

/* "2026-06-01T06:00:00Z", the second that has begun. */
enum { NWC__TIME_TEXT = 24 };
void nwc__time_text(int64_t time_ns, char text[NWC__TIME_TEXT]);

/* UTC from "YYYY", "YYYYMMDD", "YYYYMMDDhhmm" or "YYYYMMDDhhmmss"; false for anything else. */
bool nwc__time_from_digits(const char *digits, int64_t *time_ns);

/* ---- tiles: core/tiles.c alone starts threads ---- */

/* Work on tile number tile of a job; must not allocate, and must write only what belongs to its tile. */
typedef nwc_status (*nwc__tile_fn)(int64_t tile, void *job);

/*
 * Run fn for tiles 0 to n - 1 on the context's threads, in any order. How a job is cut into tiles must not depend on the
 * number of threads; what tiles sum is added by the caller in tile order. When tiles fail, the lowest failing tile
 * decides status and text. stage names the work for progress, NULL for none; a cancel is looked for between batches.
 */
nwc_status nwc__for_each_tile(nwc_ctx *ctx, const char *stage, int64_t n, nwc__tile_fn fn, void *job);

/* ---- kernels ----
 *
 * Every *_kernel.c is compiled once for each instruction level, includes core/kernel.h, and defines one constant table
 * of functions, const struct T NWC__NAME(T). A driver declares the tables and takes the one for its context:
 *     NWC__DECLARE_KERNELS(nwc__advect_kernels);
 *     const struct nwc__advect_kernels *const kernels = NWC__KERNELS(ctx, nwc__advect_kernels);
 */
#if defined(NWC__HAVE_X86_LEVELS)
#define NWC__DECLARE_KERNELS(T) extern const struct T T##_v2, T##_v3, T##_v4
#define NWC__KERNELS(ctx, T) ((ctx)->simd == NWC_SIMD_V4 ? &T##_v4 : (ctx)->simd == NWC_SIMD_V3 ? &T##_v3 : &T##_v2)
#else
#define NWC__DECLARE_KERNELS(T) extern const struct T T##_v2
#define NWC__KERNELS(ctx, T) ((void)(ctx), &T##_v2)
#endif

#endif

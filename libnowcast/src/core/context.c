/* The context: threads, allocator, log, progress, cancel, and the instruction level of the kernels. */
#define _DEFAULT_SOURCE
#include "core/internal.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>
#endif

#define MAX_THREADS 1024
#define HUGE_PAGE ((size_t)1 << 21)

/*
 * Large blocks on huge pages, where the system has them: first touching a field is else dearer than filling it. Advised are all pages
 * the block touches, since the system has huge ones only where all of their bytes are advised. A block made to begin on such a
 * page costs more: with the room for that, malloc takes it for larger than those it keeps, and gives it back to the system, which
 * clears it anew each time.
 */
static void *default_alloc(size_t size, void *user)
{
    (void)user;
    char *const block = malloc(size);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (block && size >= HUGE_PAGE) {
        const size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)block % page;
        const size_t whole = (before + size + page - 1) / page * page;
        madvise(block - before, whole, MADV_HUGEPAGE); /* advice: without it the block is only slower */
    }
#endif
    return block;
}

static void default_free(void *memory, void *user)
{
    (void)user;
    free(memory);
}

static int32_t processors(void)
{
#ifdef _OPENMP
    const int n = omp_get_num_procs();
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
#else
    return 1;
#endif
}

/* The best level both this build and this processor have. */
static int32_t best_simd(void)
{
#if defined(NWC__HAVE_X86_LEVELS)
    __builtin_cpu_init();
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    return v4 ? NWC_SIMD_V4 : v3 ? NWC_SIMD_V3 : NWC_SIMD_V2;
#else
    return NWC_SIMD_V2;
#endif
}

nwc_ctx *nwc__ctx(nwc_ctx *ctx)
{
    /* What stands for NULL: made anew for each thread and never canceled, so that it is not shared state. */
    static _Thread_local nwc_ctx standard;
    if (ctx) return ctx;
    if (!standard.threads) {
        standard.simd = best_simd();
        standard.alloc = default_alloc;
        standard.free = default_free;
        standard.threads = processors();
    }
    return &standard;
}

void nwc_ctx_options_init(nwc_ctx_options *options)
{
    if (options) *options = (nwc_ctx_options){.struct_size = sizeof *options};
}

nwc_status nwc_ctx_create(const nwc_ctx_options *given, nwc_ctx **ctx)
{
    if (!ctx) return nwc__fail(NWC_ERR_ARG, "ctx: a place for the context expected, NULL given");
    *ctx = NULL;
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    if (options.threads < 0 || options.threads > MAX_THREADS)
        return nwc__fail(NWC_ERR_ARG, "threads: 0 to %d expected, %d given", MAX_THREADS, (int)options.threads);
    if (options.simd < NWC_SIMD_AUTO || options.simd > NWC_SIMD_V4)
        return nwc__fail(NWC_ERR_ARG, "simd: an nwc_simd_level expected, %d given", (int)options.simd);
    if (!options.alloc != !options.free)
        return nwc__fail(NWC_ERR_ARG, "alloc, free: both or neither expected, one given");
    const int32_t best = best_simd();
    if (options.simd > best)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "simd: at most level %d on this processor, %d asked for", (int)best,
                         (int)options.simd);

    const nwc_alloc_fn alloc = options.alloc ? options.alloc : default_alloc;
    nwc_ctx *const made = alloc(sizeof *made, options.alloc_user);
    if (!made) return nwc__fail(NWC_ERR_NOMEM, "no memory for a context");
    *made = (nwc_ctx){.threads = options.threads ? options.threads : processors(),
                      .simd = options.simd ? options.simd : best,
                      .alloc = alloc,
                      .free = options.free ? options.free : default_free,
                      .alloc_user = options.alloc_user,
                      .log = options.log,
                      .log_user = options.log_user,
                      .progress = options.progress,
                      .progress_user = options.progress_user};
    *ctx = made;
    return NWC_OK;
}

void nwc_ctx_destroy(nwc_ctx *ctx)
{
    if (ctx) ctx->free(ctx, ctx->alloc_user);
}

int32_t nwc_ctx_threads(const nwc_ctx *ctx)
{
    return ctx ? ctx->threads : processors();
}

int32_t nwc_ctx_simd(const nwc_ctx *ctx)
{
    return ctx ? ctx->simd : best_simd();
}

void nwc_ctx_cancel(nwc_ctx *ctx)
{
    if (ctx) atomic_store(&ctx->cancel, 1);
}

void nwc__log(nwc_ctx *ctx, nwc_log_level level, const char *format, ...)
{
    if (!ctx->log) return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ctx->log(level, text, ctx->log_user);
}

nwc_status nwc__progress(nwc_ctx *ctx, const char *stage, double fraction)
{
    bool stop = atomic_exchange(&ctx->cancel, 0) != 0;
    if (stage && ctx->progress) stop |= ctx->progress(stage, fraction, ctx->progress_user) != 0;
    return stop ? nwc__fail(NWC_ERR_CANCELED, "%s: canceled", stage ? stage : "call") : NWC_OK;
}

nwc_status nwc__take_options(void *defaults, size_t size, const void *given, const char *name)
{
    if (!given) return NWC_OK;
    size_t given_size;
    memcpy(&given_size, given, sizeof given_size); /* struct_size is the first member of every options struct */
    if (given_size < sizeof given_size || given_size > size)
        return nwc__fail(NWC_ERR_ARG, "%s: struct_size %zu expected at most, %zu given; use the init function", name,
                         size, given_size);
    memcpy(defaults, given, given_size); /* a caller built against an older header gives a shorter struct */
    return NWC_OK;
}

/**
 * @file core.h  Status, error text and the context: what every other call builds on.
 *
 * Nothing here prints, aborts or reads the environment. All functions may be called from several threads at once; a
 * context may be shared by calls that run at the same time only if its callbacks may.
 */
#ifndef NOWCAST_CORE_H
#define NOWCAST_CORE_H

#ifdef NWC_CDEF /* read by the Python build, which wants plain declarations */
#define NWC_API
#else
#include <stddef.h>
#include <stdint.h>
#if defined(__GNUC__)
#define NWC_API __attribute__((visibility("default")))
#else
#define NWC_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What became of a call: one value for each thing a caller can do about it. */
typedef enum nwc_status {
    NWC_OK = 0,              /**< done */
    NWC_ERR_ARG = 1,         /**< an argument has the wrong shape, unit or range: correct the call */
    NWC_ERR_NODATA = 2,      /**< the input holds nothing to work on: go on without this product */
    NWC_ERR_FORMAT = 3,      /**< a file or message is damaged or breaks its format: fetch it again */
    NWC_ERR_UNSUPPORTED = 4, /**< well formed, but this build or version cannot do it */
    NWC_ERR_IO = 5,          /**< the system refused to read or write: look at path, rights, space */
    NWC_ERR_NOMEM = 6,       /**< out of memory, or a size limit was met */
    NWC_ERR_CONVERGENCE = 7, /**< an iteration ran out of steps: the result is the best found */
    NWC_ERR_CANCELED = 8,    /**< the progress callback, or nwc_ctx_cancel, asked to stop */
    NWC_ERR_INTERNAL = 9     /**< a fault of the library: please report it */
} nwc_status;

/** How much a log line matters. */
typedef enum nwc_log_level {
    NWC_LOG_DEBUG = 0,
    NWC_LOG_INFO = 1,
    NWC_LOG_WARNING = 2,
    NWC_LOG_ERROR = 3
} nwc_log_level;

/** Which set of machine instructions the kernels use. */
typedef enum nwc_simd_level {
    NWC_SIMD_AUTO = 0, /**< the best this processor has */
    NWC_SIMD_V2 = 1,   /**< x86-64-v2 (SSE4.2); the portable build on other processors */
    NWC_SIMD_V3 = 2,   /**< x86-64-v3 (AVX2, FMA) */
    NWC_SIMD_V4 = 3    /**< x86-64-v4 (AVX-512) */
} nwc_simd_level;

/** Return memory of at least @p size bytes, aligned as malloc aligns, or NULL. Called on the calling thread only. */
typedef void *(*nwc_alloc_fn)(size_t size, void *user);
/** Give back what an nwc_alloc_fn returned; never called with NULL. */
typedef void (*nwc_free_fn)(void *memory, void *user);
/** Take one line of log, without a line end. Called on the calling thread only. */
typedef void (*nwc_log_fn)(nwc_log_level level, const char *text, void *user);
/** Hear how far a call is (@p fraction 0 to 1 of @p stage). Return non-zero to stop the call with NWC_ERR_CANCELED. */
typedef int32_t (*nwc_progress_fn)(const char *stage, double fraction, void *user);

/** How a context is to be made. Fill with nwc_ctx_options_init, then change what is to differ. */
typedef struct nwc_ctx_options {
    size_t struct_size;       /**< set by the init function; tells the library which fields exist */
    int32_t threads;          /**< 1 to 1024, or 0 (default) for one per processor; never changes a result */
    int32_t simd;             /**< an nwc_simd_level; default NWC_SIMD_AUTO; a level the processor lacks is refused */
    nwc_alloc_fn alloc;       /**< with free, the allocator for all memory of the calls; default malloc and free */
    nwc_free_fn free;         /**< given together with alloc, or not at all */
    void *alloc_user;         /**< handed to alloc and free */
    nwc_log_fn log;           /**< default: no log */
    void *log_user;           /**< handed to log */
    nwc_progress_fn progress; /**< default: no progress */
    void *progress_user;      /**< handed to progress */
} nwc_ctx_options;

/** Threads, allocator, log, progress and cancel of the calls it is given to. */
typedef struct nwc_ctx nwc_ctx;

/** The library's version, "major.minor.patch". The text is constant. */
NWC_API const char *nwc_version(void);

/** How the library was built: compiler, instruction levels, FFT, optional libraries. The text is constant. */
NWC_API const char *nwc_build_info(void);

/** The short name of a status, such as "FORMAT"; "UNKNOWN" for any other number. The text is constant. */
NWC_API const char *nwc_status_name(int32_t status);

/**
 * What went wrong in this thread's last failed call: which argument or file, what was expected, what came.
 * Never NULL; valid until the next failing call of the same thread.
 */
NWC_API const char *nwc_error_text(void);

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_ctx_options_init(nwc_ctx_options *options);

/**
 * Make a context.
 *
 * @param options  NULL for the defaults
 * @param ctx      out: to be given to nwc_ctx_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_UNSUPPORTED for an instruction level this processor lacks; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_ctx_create(const nwc_ctx_options *options, nwc_ctx **ctx);

/** Release a context; NULL is accepted. No call may be using it. */
NWC_API void nwc_ctx_destroy(nwc_ctx *ctx);

/** The number of threads the context's calls use. NULL asks for the default. */
NWC_API int32_t nwc_ctx_threads(const nwc_ctx *ctx);

/** The instruction level the context's kernels use, an nwc_simd_level other than AUTO. NULL asks for the default. */
NWC_API int32_t nwc_ctx_simd(const nwc_ctx *ctx);

/**
 * Ask the call that is using @p ctx to stop; if none is, the next one stops. May be called from any thread and from a
 * signal handler. The request is used up by the call that returns NWC_ERR_CANCELED.
 */
NWC_API void nwc_ctx_cancel(nwc_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif

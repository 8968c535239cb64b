/* What the C tests share. */
#include "support/support.h"

#include <sys/stat.h>

static void *counting_alloc(size_t size, void *user)
{
    struct counting_allocator *const allocator = user;
    if (allocator->requests++ == allocator->refuse) return NULL;
    allocator->live++;
    return malloc(size);
}

static void counting_free(void *memory, void *user)
{
    struct counting_allocator *const allocator = user;
    allocator->live--;
    free(memory);
}

nwc_ctx *context_with_threads(int32_t threads)
{
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.threads = threads;
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(&options, &ctx));
    return ctx;
}

nwc_ctx *context_with_simd(int32_t simd)
{
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.simd = simd;
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(&options, &ctx));
    return ctx;
}

nwc_ctx *context_with_allocator(struct counting_allocator *allocator)
{
    const int64_t refuse = allocator->refuse;
    allocator->refuse = -1; /* the context itself is always given */
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.threads = 2;
    options.alloc = counting_alloc, options.free = counting_free, options.alloc_user = allocator;
    nwc_ctx *ctx;
    assert_ok(nwc_ctx_create(&options, &ctx));
    allocator->requests = 0;
    allocator->refuse = refuse;
    return ctx;
}

int64_t check_every_allocation_failure(nwc_status (*call)(nwc_ctx *ctx, void *user), void *user)
{
    for (int64_t n = 0;; n++) {
        struct counting_allocator allocator = {.refuse = n};
        nwc_ctx *const ctx = context_with_allocator(&allocator);
        const nwc_status status = call(ctx, user);
        nwc_ctx_destroy(ctx);
        if (allocator.live != 0)
            fail_msg("request %lld refused: %lld blocks leaked", (long long)n, (long long)allocator.live);
        if (status == NWC_OK) {
            if (allocator.requests > n) fail_msg("request %lld was refused, yet the call succeeded", (long long)n);
            return allocator.requests;
        }
        if (status != NWC_ERR_NOMEM)
            fail_msg("request %lld refused: %s: %s", (long long)n, nwc_status_name(status), nwc_error_text());
    }
}

void check_threads_change_no_bit(nwc_status (*call)(nwc_ctx *ctx, void *user), void *one, void *many, size_t size)
{
    static const int32_t threads[] = {1, 2, 3, 7};
    for (int t = 0; t < 4; t++) {
        nwc_ctx *const ctx = context_with_threads(threads[t]);
        assert_ok(call(ctx, t ? many : one));
        if (t) assert_memory_equal(one, many, size);
        nwc_ctx_destroy(ctx);
    }
}

nwc_field field_2d(float *cells, int64_t ny, int64_t nx, const char *units, const nwc_grid *grid)
{
    return (nwc_field){
        .data = cells, .ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}, .missing = NAN, .units = units, .grid = grid};
}

void fill_gates(float *cells, int64_t n_rays, int64_t n_gates, float (*value)(int64_t ray, int64_t gate))
{
    for (int64_t r = 0; r < n_rays; r++)
        for (int64_t g = 0; g < n_gates; g++) cells[r * n_gates + g] = value(r, g);
}

nwc_status add_moment(nwc_volume *volume, const char *name, nwc_field cells, double first_m, double spacing_m)
{
    const nwc_moment moment = {.name = name, .field = cells, .first_gate_m = first_m, .gate_spacing_m = spacing_m};
    return nwc_volume_add_moment(volume, &moment);
}

const char *real_data(const char *relative)
{
    static char path[4096];
    const char *const root = getenv("NOWCAST_TEST_DATA");
    snprintf(path, sizeof path, "%s/%s", root && *root ? root : NWC_TEST_SOURCE_DIR "/../shared/data", relative);
    struct stat found;
    return stat(path, &found) == 0 ? path : NULL;
}

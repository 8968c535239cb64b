/* What the C tests share: cmocka, contexts whose allocator counts or fails, fields made in one line. */
#ifndef NWC_TEST_SUPPORT_H
#define NWC_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nowcast/nowcast.h>

#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        const nwc_status assert_ok_status = (call);                                                                    \
        if (assert_ok_status != NWC_OK)                                                                                \
            fail_msg("%s: %s: %s", #call, nwc_status_name(assert_ok_status), nwc_error_text());                        \
    } while (0)

/* The call fails with this status and its text contains this. */
#define assert_fails(expected, contains, call)                                                                         \
    do {                                                                                                               \
        const nwc_status assert_fails_status = (call);                                                                 \
        if (assert_fails_status != (expected))                                                                         \
            fail_msg("%s: %s expected, %s came", #call, nwc_status_name(expected),                                     \
                     nwc_status_name(assert_fails_status));                                                            \
        if (!strstr(nwc_error_text(), (contains)))                                                                     \
            fail_msg("%s: a text with \"%s\" expected, \"%s\" came", #call, (contains), nwc_error_text());             \
    } while (0)

#define assert_near(a, b, within)                                                                                      \
    do {                                                                                                               \
        const double assert_near_a = (a), assert_near_b = (b);                                                         \
        if (!(fabs(assert_near_a - assert_near_b) <= (within)))                                                        \
            fail_msg("%s = %.9g, %s = %.9g: not within %g", #a, assert_near_a, #b, assert_near_b, (double)(within));   \
    } while (0)

/* An allocator that counts what it gave and can refuse the nth request, counted from 0; -1 refuses none. */
struct counting_allocator {
    int64_t requests;
    int64_t live;
    int64_t refuse;
};

nwc_ctx *context_with_threads(int32_t threads);
nwc_ctx *context_with_simd(int32_t simd);
nwc_ctx *context_with_allocator(struct counting_allocator *allocator);

/*
 * Run call(user, ctx) with the allocator refusing its first, second, ... request until it succeeds: each failure must be
 * NWC_ERR_NOMEM, and nothing may stay allocated. Returns the number of requests a successful call makes.
 */
int64_t check_every_allocation_failure(nwc_status (*call)(nwc_ctx *ctx, void *user), void *user);

/* call(user, ctx) fills the size bytes of one, by one thread, and of many, by 2, 3 and 7: they must be the same. */
void check_threads_change_no_bit(nwc_status (*call)(nwc_ctx *ctx, void *user), void *one, void *many, size_t size);

/* A (ny, nx) field over cells, contiguous, on grid (may be NULL). */
nwc_field field_2d(float *cells, int64_t ny, int64_t nx, const char *units, const nwc_grid *grid);

/* Cells (ray, gate) of what value says. */
void fill_gates(float *cells, int64_t n_rays, int64_t n_gates, float (*value)(int64_t ray, int64_t gate));

/* A moment of the last sweep, whose gates' middles lie spacing_m apart from first_m on. */
nwc_status add_moment(nwc_volume *volume, const char *name, nwc_field cells, double first_m, double spacing_m);

/* The path of a real test file below NOWCAST_TEST_DATA (default: ../shared/data beside the source), or NULL if absent. */
const char *real_data(const char *relative);

#endif

/* radar: moments on another range axis. */
#include "support/support.h"

enum { RAYS = 70, GATES = 6, MOST = 40 };

static float cells[RAYS * GATES], out[2 * RAYS * MOST];
static uint8_t flags[RAYS * GATES], marks[2 * RAYS * MOST];

/* Gates of 1000 m from 1000 m on; every cell another value. */
static nwc_moment moment_of_test(bool turned)
{
    nwc_moment moment = {.name = "DBZH", .first_gate_m = 1000.0, .gate_spacing_m = 1000.0};
    const int64_t along = turned ? RAYS : 1, across = turned ? 1 : GATES;
    for (int r = 0; r < RAYS; r++)
        for (int g = 0; g < GATES; g++) {
            cells[r * across + g * along] = (float)(100 * r + g);
            flags[r * across + g * along] = (uint8_t)((r + g) % 3);
        }
    moment.field =
        (nwc_field){.data = cells, .ndim = 2, .dim = {RAYS, GATES}, .stride = {across, along}, .missing = NAN};
    moment.flags = (nwc_flags){.data = flags, .ndim = 2, .dim = {RAYS, GATES}, .stride = {across, along}};
    return moment;
}

static nwc_field field_of(int64_t n, bool turned)
{
    for (size_t k = 0; k < sizeof out / sizeof *out; k++) out[k] = -1.0F, marks[k] = 99;
    return (nwc_field){
        .data = out, .ndim = 2, .dim = {RAYS, n}, .stride = {turned ? 1 : n, turned ? RAYS : 1}, .missing = NAN};
}

static nwc_flags flags_of(const nwc_field *field)
{
    return (nwc_flags){.data = marks,
                       .ndim = 2,
                       .dim = {RAYS, field->dim[1]},
                       .stride = {field->stride[0], field->stride[1]}};
}

/* Against the edges of gates: 500 to 1500 m is the first one's. */
static void check_axis(const nwc_moment *moment, double first_m, double spacing_m, int64_t n, bool turned,
                       int32_t threads)
{
    nwc_ctx *const ctx = context_with_threads(threads);
    nwc_field to = field_of(n, turned);
    nwc_flags to_flags = flags_of(&to);
    assert_ok(nwc_moment_regate(ctx, moment, first_m, spacing_m, &to, &to_flags));
    for (int64_t r = 0; r < RAYS; r++)
        for (int64_t g = 0; g < n; g++) {
            const double range_m = first_m + (double)g * spacing_m;
            const int64_t at = r * to.stride[0] + g * to.stride[1];
            int from = -1;
            for (int k = 0; k < GATES; k++)
                if (range_m >= 500.0 + 1000.0 * k && range_m < 1500.0 + 1000.0 * k) from = k;
            if (from < 0)
                assert_true(isnan(out[at]) && marks[at] == 0);
            else
                assert_true(out[at] == (float)(100 * r + from) && marks[at] == (r + from) % 3);
        }
    nwc_ctx_destroy(ctx);
}

static void gates_take_what_is_where_their_centre_is(void **state)
{
    (void)state;
    for (int turned = 0; turned < 4; turned++)
        for (int32_t threads = 1; threads <= 3; threads += 2) {
            const nwc_moment moment = moment_of_test(turned & 1);
            check_axis(&moment, 625.0, 250.0, 24, turned & 2, threads);   /* four in each */
            check_axis(&moment, 875.0, 250.0, 21, turned & 2, threads);   /* but for the first and the last */
            check_axis(&moment, 750.0, 500.0, 13, turned & 2, threads);   /* two in each */
            check_axis(&moment, 375.0, 250.0, MOST, turned & 2, threads); /* from before the first to behind the last */
            check_axis(&moment, 1000.0, 1000.0, 9, turned & 2, threads);  /* reaches less far */
            check_axis(&moment, 3000.0, 1000.0, 2, turned & 2, threads);  /* a part */
            check_axis(&moment, 700.0, 700.0, 11, turned & 2, threads);   /* no whole number in each */
            check_axis(&moment, 5000.0, 5000.0, 3, turned & 2, threads);  /* coarser */
            check_axis(&moment, 90000.0, 250.0, 5, turned & 2, threads);  /* none */
            check_axis(&moment, 2100.0, 1.0, 1, turned & 2, threads);
        }
}

static void flags_may_be_left_out(void **state)
{
    (void)state;
    nwc_moment moment = moment_of_test(false);
    nwc_field to = field_of(9, false);
    moment.flags.data = NULL;
    assert_ok(nwc_moment_regate(NULL, &moment, 1000.0, 1000.0, &to, NULL));
    assert_true(out[9 + 5] == 105.0F && isnan(out[9 + 6]));
    assert_int_equal(marks[0], 99);
}

static void wrong_shapes_and_spacings_are_refused(void **state)
{
    (void)state;
    const nwc_moment good = moment_of_test(false);
    nwc_moment moment = good;
    nwc_field to = field_of(9, false);
    nwc_flags to_flags = flags_of(&to);
    assert_fails(NWC_ERR_ARG, "moment, cells: a moment and a place",
                 nwc_moment_regate(NULL, NULL, 0.0, 250.0, &to, NULL));
    assert_fails(NWC_ERR_ARG, "moment, cells: a moment and a place",
                 nwc_moment_regate(NULL, &good, 0.0, 250.0, NULL, NULL));
    to.dim[0] = RAYS - 1;
    assert_fails(NWC_ERR_ARG, "cells: (70, 1 to 32768) expected",
                 nwc_moment_regate(NULL, &good, 0.0, 250.0, &to, NULL));
    to.dim[0] = RAYS;
    to_flags.dim[1] = 8;
    assert_fails(NWC_ERR_ARG, "flags: the shape of the cells",
                 nwc_moment_regate(NULL, &good, 0.0, 250.0, &to, &to_flags));
    to_flags.dim[1] = 9;
    moment.flags.data = NULL;
    assert_fails(NWC_ERR_ARG, "moment: flags of the shape of its cells",
                 nwc_moment_regate(NULL, &moment, 0.0, 250.0, &to, &to_flags));
    moment = good, moment.field.ndim = 1;
    assert_fails(NWC_ERR_ARG, "moment: cells (ray, gate) expected",
                 nwc_moment_regate(NULL, &moment, 0.0, 250.0, &to, NULL));
    moment = good, moment.gate_spacing_m = 0.0;
    assert_fails(NWC_ERR_ARG, "moment: gates some metres apart",
                 nwc_moment_regate(NULL, &moment, 0.0, 250.0, &to, NULL));
    assert_fails(NWC_ERR_ARG, "first at 0 m and -250 m apart given",
                 nwc_moment_regate(NULL, &good, 0.0, -250.0, &to, NULL));
    assert_fails(NWC_ERR_ARG, "first at inf m", nwc_moment_regate(NULL, &good, INFINITY, 250.0, &to, NULL));
}

static nwc_status regate_only(nwc_ctx *ctx, void *user)
{
    nwc_field to = field_of(24, false);
    return nwc_moment_regate(ctx, user, 625.0, 250.0, &to, NULL);
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    nwc_moment moment = moment_of_test(false);
    assert_true(check_every_allocation_failure(regate_only, &moment) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gates_take_what_is_where_their_centre_is),
        cmocka_unit_test(flags_may_be_left_out),
        cmocka_unit_test(wrong_shapes_and_spacings_are_refused),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* wind: where in its beam an echo is seen, against sums over the beam. */
#include "support/support.h"

#include "wind/frame.h"

#define WIDTH_M 900.0 /* of a beam of a degree at 52 km */

/* The mean place, m, of echo of some dBZ by place, through a beam there and back. */
static double seen_at(double (*dbz)(double x, double slope), double slope)
{
    double sum = 0.0, moment = 0.0;
    for (double x = -2000.0; x <= 2000.0; x += 1.0) {
        const double one_way = exp2(-4.0 * x * x / (WIDTH_M * WIDTH_M)); /* a half at WIDTH_M / 2 */
        const double weight = one_way * one_way * pow(10.0, 0.1 * dbz(x, slope));
        sum += weight, moment += weight * x;
    }
    return moment / sum;
}

static double even(double x, double slope)
{
    return 30.0 + 1e-3 * slope * x; /* slope: dB per km */
}

static double lean_of(double here, double before, double after, double apart_before, double apart_after)
{
    return nwc__wind_lean(here, (double[2]){before, after}, (double[2]){apart_before, apart_after}, WIDTH_M);
}

static void echo_is_seen_where_sums_over_the_beam_have_it(void **state)
{
    (void)state;
    for (double slope = -14.0; slope <= 14.0; slope += 4.0)
        assert_near(lean_of(30.0, even(-500.0, slope), even(800.0, slope), 500.0, 800.0), seen_at(even, slope), 0.5);
}

static void one_side_alone_tells_it_too(void **state)
{
    (void)state;
    assert_near(lean_of(30.0, NAN, even(800.0, 10.0), 0.0, 800.0), seen_at(even, 10.0), 0.5);
    assert_near(lean_of(30.0, even(-800.0, 10.0), NAN, 800.0, 0.0), seen_at(even, 10.0), 0.5);
}

static void what_is_not_known_does_not_move_it(void **state)
{
    (void)state;
    assert_near(lean_of(30.0, NAN, NAN, 500.0, 500.0), 0.0, 0.0);
    assert_near(lean_of(NAN, 10.0, 40.0, 500.0, 500.0), 0.0, 0.0);
    assert_near(lean_of(30.0, 10.0, 40.0, 0.0, 0.0), 0.0, 0.0);
}

/* Nothing above strong echo: 0 dBZ, and no farther than a standard deviation. */
static void the_edge_of_an_echo_is_within_the_beam(void **state)
{
    (void)state;
    const double deviation = WIDTH_M / sqrt(16.0 * log(2.0));
    assert_near(lean_of(55.0, 55.0, (double)NWC_NOTHING_DBZ, 200.0, 200.0), -deviation, 1e-9);
    assert_near(lean_of(6.0, 6.0, (double)NWC_NOTHING_DBZ, 500.0, 500.0), lean_of(6.0, 6.0, 0.0, 500.0, 500.0), 0.0);
    assert_true(fabs(lean_of(10.0, 10.0, 0.0, 500.0, 500.0)) < deviation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echo_is_seen_where_sums_over_the_beam_have_it),
        cmocka_unit_test(one_side_alone_tells_it_too),
        cmocka_unit_test(what_is_not_known_does_not_move_it),
        cmocka_unit_test(the_edge_of_an_echo_is_within_the_beam),
    };
    return cmocka_run_group_tests_name("wind_lean", tests, NULL, NULL);
}

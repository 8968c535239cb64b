/* Models of hazards: what they say of attributes worked out by hand, what is not known, later times, and text that is none. */
#include "support/support.h"

static nwc_hazard_model *model_of(const char *text)
{
    nwc_hazard_model *model;
    assert_ok(nwc_hazard_model_read(NULL, text, (int64_t)strlen(text), &model));
    return model;
}

static double logistic(double score)
{
    return 1.0 / (1.0 + exp(-score));
}

/* The probability of a hazard of one cell with one value of each name, with its trend, at a lead. */
static double probability(const nwc_hazard_model *model, int32_t hazard, int32_t n, const char *const *names,
                          const double *values, const double *trends, double lead_s)
{
    double made[NWC_CELL_HAZARDS];
    const nwc_cell_values cells = {.n_cells = 1, .n_names = n, .names = names, .values = values, .trends = trends};
    assert_ok(nwc_hazard_model_evaluate(NULL, model, &cells, &lead_s, 1, 1200.0, made, NULL));
    return made[hazard];
}

static const char *const one[1] = {"a"};
static const char *const two[2] = {"a", "b"};

#define HEAD "nowcast cell hazards 1\nmodel test\nhazard hail\n"

static void means_are_of_what_is_known(void **state)
{
    (void)state;
    nwc_hazard_model *const model = model_of(HEAD "mean -2 4 # remark\n\n ramp a 10 20 3\nramp b 5 1 1\nleast 0.5\n");
    const double both[2] = {15.0, 1.0}, first[2] = {15.0, (double)NAN}, second[2] = {(double)NAN, 1.0};
    assert_string_equal(nwc_hazard_model_name(model), "test");
    assert_near(probability(model, NWC_CELL_HAIL, 2, two, both, NULL, 0.0), logistic(-2.0 + 4.0 * 2.5 / 4.0), 1e-12);
    assert_near(probability(model, NWC_CELL_HAIL, 2, two, first, NULL, 0.0), logistic(-2.0 + 4.0 * 0.5), 1e-12);
    assert_near(probability(model, NWC_CELL_HAIL, 1, one, first, NULL, 0.0), logistic(-2.0 + 4.0 * 0.5), 1e-12);
    assert_true(isnan(probability(model, NWC_CELL_HAIL, 2, two, second, NULL, 0.0))); /* a quarter is known */
    assert_true(isnan(probability(model, NWC_CELL_HAIL_20, 2, two, both, NULL, 0.0)));
    double made[NWC_CELL_HAZARDS], known[NWC_CELL_HAZARDS];
    const double lead_s = 0.0;
    const nwc_cell_values cells = {.n_cells = 1, .n_names = 2, .names = two, .values = second};
    assert_ok(nwc_hazard_model_evaluate(NULL, model, &cells, &lead_s, 1, 1200.0, made, known));
    assert_near(known[NWC_CELL_HAIL], 0.25, 1e-12);
    assert_true(known[NWC_CELL_TORNADO] == 0.0);
    const char *name;
    int32_t n;
    assert_ok(nwc_hazard_model_asks(model, NWC_CELL_HAIL, 1, &n, &name));
    assert_int_equal(n, 2);
    assert_string_equal(name, "b");
    assert_fails(NWC_ERR_ARG, "0 to below 2", nwc_hazard_model_asks(model, NWC_CELL_HAIL, 2, &n, &name));
    nwc_hazard_model_destroy(model);
}

static void sums_have_lines_logarithms_and_trees(void **state)
{
    (void)state;
    nwc_hazard_model *const model =
        model_of(HEAD "sum 0.5\nlinear a 10 4 2\nlog b 8 0.5 1\nleast 0\n"
                      "tree\nsplit a 12 1 2 2\nleaf -1\nsplit b 3 3 4 3\nleaf 0.25\nleaf 2\n"
                      "tree\nleaf 0.125\ncalibrate 0.1 0.5\n");
    const double values[3][2] = {{8.0, 4.0}, {14.0, 4.0}, {(double)NAN, 2.0}};
    const double terms[3] = {0.5 - 1.0 + log(0.5) / 0.5, 0.5 + 2.0 + log(0.5) / 0.5, 0.5 + log(0.25) / 0.5};
    const double trees[3] = {-1.0 + 0.125, 2.0 + 0.125, 0.25 + 0.125};
    for (int c = 0; c < 3; c++)
        assert_near(probability(model, NWC_CELL_HAIL, 2, two, values[c], NULL, 0.0),
                    logistic(0.1 + 0.5 * (terms[c] + trees[c])), 1e-12);
    const double zero[2] = {8.0, 0.0};
    assert_near(probability(model, NWC_CELL_HAIL, 2, two, zero, NULL, 0.0),
                logistic(0.1 + 0.5 * (0.5 - 1.0 + log(1e-6) / 0.5 - 1.0 + 0.125)), 1e-12);
    nwc_hazard_model_destroy(model);
}

static void later_is_by_trend_and_life(void **state)
{
    (void)state;
    nwc_hazard_model *const model = model_of(HEAD "sum 0\nlinear a 0 1 1\nlinear lead 0 10 1\nlife 1800\n");
    const double value = 1.0, trend = 0.001, none = (double)NAN;
    const double carried = 1200.0 * (1.0 - exp(-600.0 / 1200.0));
    assert_near(probability(model, NWC_CELL_HAIL, 1, one, &value, &trend, 600.0),
                logistic(1.0 + 0.001 * carried + 1.0) * exp2(-1.0 / 3.0), 1e-12);
    assert_near(probability(model, NWC_CELL_HAIL, 1, one, &value, &none, 600.0), logistic(2.0) * exp2(-1.0 / 3.0),
                1e-12);
    assert_near(probability(model, NWC_CELL_HAIL, 1, one, &value, &trend, 0.0), logistic(1.0), 1e-12);
    nwc_hazard_model_destroy(model);
}

static void the_baseline_follows_its_rules(void **state)
{
    (void)state;
    static const char *const names[] = {"rain_passing", "posh", "mesh", "vil_density", "flash_rate", "shear_low"};
    nwc_hazard_model *const model = model_of(nwc_hazard_baseline());
    double values[6] = {20.0, 0.0, 0.0, 1.0, (double)NAN, (double)NAN};
    assert_string_equal(nwc_hazard_model_name(model), "baseline");
    assert_near(probability(model, NWC_CELL_RAIN_20, 6, names, values, NULL, 0.0), 0.5, 1e-12);
    /* A factor of two is one standard deviation: 0.86 of a logistic distribution lies below it. */
    values[0] = 40.0;
    assert_near(probability(model, NWC_CELL_RAIN_20, 6, names, values, NULL, 0.0), logistic(3.14159265 / sqrt(3.0)),
                1e-3);
    assert_true(probability(model, NWC_CELL_HAIL_20, 6, names, values, NULL, 0.0) < 0.02);
    assert_true(isnan(probability(model, NWC_CELL_LIGHTNING, 6, names, values, NULL, 0.0)));
    assert_true(isnan(probability(model, NWC_CELL_GALE_8, 6, names, values, NULL, 0.0)));
    values[1] = 1.0, values[2] = 40.0, values[3] = 4.0, values[4] = 2.0, values[5] = 0.012;
    assert_true(probability(model, NWC_CELL_HAIL_20, 6, names, values, NULL, 0.0) > 0.9);
    assert_true(probability(model, NWC_CELL_LIGHTNING, 6, names, values, NULL, 0.0) > 0.9);
    assert_true(probability(model, NWC_CELL_TORNADO, 6, names, values, NULL, 0.0) > 0.9);
    double before = 1.0;
    for (int32_t h = NWC_CELL_RAIN_20; h <= NWC_CELL_RAIN_80; h++) { /* steps are rarer and rarer */
        const double now = probability(model, h, 6, names, values, NULL, 0.0);
        assert_true(now < before);
        before = now;
    }
    for (int32_t h = 0; h < NWC_CELL_HAZARDS; h++) {
        int32_t n;
        assert_ok(nwc_hazard_model_asks(model, h, 0, &n, NULL));
        assert_true(n > 0);
    }
    nwc_hazard_model_destroy(model);
}

static void text_that_is_no_model_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } wrong[] = {
        {"", "nowcast cell hazards 1"},
        {"nowcast cell hazards 2\nmodel a\n", "line 1"},
        {"nowcast cell hazards 1\n", "model and its name"},
        {"nowcast cell hazards 1\nmodel a\n", "a hazard"},
        {"nowcast cell hazards 1\nmodel a\nmean 0 1\n", "line 3: a hazard first"},
        {"nowcast cell hazards 1\nmodel a\nhazard snow\n", "line 3: the name of a hazard"},
        {HEAD, "mean or sum"},
        {HEAD "mean 0 1\n", "a term of the mean"},
        {HEAD "mean 0 1\nsum 0\n", "line 5: one of mean and sum"},
        {HEAD "mean 0\n", "line 4: 3 words expected, 2 found"},
        {HEAD "mean 0 x\n", "line 4: a number"},
        {HEAD "mean 0 1\nramp a 1 1 1\n", "two different ends"},
        {HEAD "mean 0 1\nramp a 1 2 -1\n", "a weight above 0"},
        {HEAD "sum 0\nlinear a 1 0 1\n", "a scale above 0"},
        {HEAD "sum 0\nlog a 0 1 1\n", "a mean above 0"},
        {HEAD "sum 0\nlog aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1 1 1\n", "64 bytes"},
        {HEAD "sum 0\nleaf 1\n", "a tree, before nodes"},
        {HEAD "sum 0\ntree\n", "a node in the tree"},
        {HEAD "sum 0\ntree\nsplit a 1 0 1 1\nleaf 0\n", "later nodes"},
        {HEAD "sum 0\ntree\nsplit a 1 1 2 1\nleaf 0\n", "later nodes"},
        {HEAD "sum 0\ntree\nsplit a 1 1.5 2 1\nleaf 0\n", "the number of a node"},
        {HEAD "mean 0 1\nramp a 1 2 1\ntree\n", "sum, before trees"},
        {HEAD "sum 0\nlife -1\n", "a life above 0"},
        {HEAD "sum 0\nleast 2\n", "a share"},
        {HEAD "sum 0\nthink 2\n", "line 5: a statement"},
        {HEAD "sum 0\nhazard hail\nsum 0\n", "each hazard once"},
    };
    nwc_hazard_model *model;
    for (size_t w = 0; w < sizeof wrong / sizeof *wrong; w++) {
        assert_fails(NWC_ERR_FORMAT, wrong[w].error,
                     nwc_hazard_model_read(NULL, wrong[w].text, (int64_t)strlen(wrong[w].text), &model));
        assert_null(model);
    }
    const char *const whole = nwc_hazard_baseline();
    for (int64_t cut = 0; cut < (int64_t)strlen(whole); cut += 7) { /* read, or refused */
        const nwc_status status = nwc_hazard_model_read(NULL, whole, cut, &model);
        assert_true(status == NWC_OK || status == NWC_ERR_FORMAT);
        nwc_hazard_model_destroy(model);
    }
    assert_fails(NWC_ERR_ARG, "text", nwc_hazard_model_read(NULL, NULL, 0, &model));
    assert_fails(NWC_ERR_ARG, "model", nwc_hazard_model_read(NULL, whole, 0, NULL));
    assert_null(nwc_cell_hazard_name(NWC_CELL_HAZARDS));
    assert_string_equal(nwc_cell_hazard_name(NWC_CELL_GALE_10), "gale_10");
}

static void values_that_are_wrong_are_named(void **state)
{
    (void)state;
    static const char *const twice[2] = {"a", "a"};
    nwc_hazard_model *const model = model_of(HEAD "sum 0\n");
    const double values[2] = {1.0, 2.0}, lead_s = 0.0, bad_lead = -1.0;
    double made[NWC_CELL_HAZARDS];
    nwc_cell_values cells = {.n_cells = 1, .n_names = 2, .names = twice, .values = values};
    assert_fails(NWC_ERR_ARG, "a given twice",
                 nwc_hazard_model_evaluate(NULL, model, &cells, &lead_s, 1, 1.0, made, NULL));
    cells.names = two;
    assert_fails(NWC_ERR_ARG, "leads_s", nwc_hazard_model_evaluate(NULL, model, &cells, &bad_lead, 1, 1.0, made, NULL));
    assert_fails(NWC_ERR_ARG, "damping_s", nwc_hazard_model_evaluate(NULL, model, &cells, &lead_s, 1, 0.0, made, NULL));
    assert_fails(NWC_ERR_ARG, "model", nwc_hazard_model_evaluate(NULL, NULL, &cells, &lead_s, 1, 1.0, made, NULL));
    assert_fails(NWC_ERR_ARG, "cells", nwc_hazard_model_evaluate(NULL, model, NULL, &lead_s, 1, 1.0, made, NULL));
    assert_fails(NWC_ERR_ARG, "probability",
                 nwc_hazard_model_evaluate(NULL, model, &cells, &lead_s, 1, 1.0, NULL, NULL));
    assert_ok(nwc_hazard_model_evaluate(NULL, model, &cells, &lead_s, 1, 1.0, made, NULL));
    assert_near(made[NWC_CELL_HAIL], 0.5, 1e-12); /* it asks for nothing */
    nwc_hazard_model_destroy(model);
}

static nwc_status read_and_ask(nwc_ctx *ctx, void *user)
{
    nwc_hazard_model *model = NULL;
    const char *const text = nwc_hazard_baseline();
    const double value = 30.0, lead_s = 600.0;
    static const char *const name[1] = {"rain_passing"};
    const nwc_cell_values cells = {.n_cells = 1, .n_names = 1, .names = name, .values = &value};
    nwc_status status = nwc_hazard_model_read(ctx, text, (int64_t)strlen(text), &model);
    if (status == NWC_OK) status = nwc_hazard_model_evaluate(ctx, model, &cells, &lead_s, 1, 1200.0, user, NULL);
    nwc_hazard_model_destroy(model);
    return status;
}

static void no_memory_leaves_none(void **state)
{
    (void)state;
    double made[NWC_CELL_HAZARDS];
    assert_true(check_every_allocation_failure(read_and_ask, made) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_of_what_is_known),
        cmocka_unit_test(sums_have_lines_logarithms_and_trees),
        cmocka_unit_test(later_is_by_trend_and_life),
        cmocka_unit_test(the_baseline_follows_its_rules),
        cmocka_unit_test(text_that_is_no_model_is_refused),
        cmocka_unit_test(values_that_are_wrong_are_named),
        cmocka_unit_test(no_memory_leaves_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Pairs of fields to be scored, and the sums of their scores. */
#include "support/made_pair.h"

const double pair_thresholds[3] = {1.0, 0.1, 5.0};
const int32_t pair_windows[4] = {1, 5, 10, 200};

static uint64_t random_state;

double uniform(void)
{
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(random_state >> 11) / 9007199254740992.0;
}

void fill_pair(float *f, float *o, int64_t n, uint64_t seed)
{
    random_state = seed;
    for (int64_t i = 0; i < n; i++) {
        const double rain = uniform() < 0.5 ? 0.0 : -2.0 * log(uniform());
        f[i] = (float)rain;
        o[i] = (float)(uniform() < 0.3 ? 0.0 : rain * (0.5 + uniform()));
        if (uniform() < 0.05) f[i] = NAN;
        if (uniform() < 0.05) o[i] = NAN;
    }
}

nwc_verify *sums_of(nwc_ctx *ctx, int32_t n_thresholds, int32_t n_windows, double wet)
{
    nwc_verify_options options;
    nwc_verify_options_init(&options);
    options.thresholds = pair_thresholds, options.n_thresholds = n_thresholds;
    options.windows = pair_windows, options.n_windows = n_windows;
    options.wet_threshold = wet;
    nwc_verify *verify;
    assert_ok(nwc_verify_create(ctx, &options, &verify));
    return verify;
}

double *state_of(const nwc_verify *verify, int64_t *n)
{
    *n = nwc_verify_state_size(verify);
    double *const state = malloc((size_t)*n * sizeof *state);
    assert_ok(nwc_verify_get_state(verify, state));
    return state;
}

void assert_same_state(const nwc_verify *a, const nwc_verify *b, double tolerance)
{
    int64_t n_a, n_b;
    double *const of_a = state_of(a, &n_a), *const of_b = state_of(b, &n_b);
    assert_int_equal(n_a, n_b);
    if (tolerance == 0.0) assert_memory_equal(of_a, of_b, (size_t)n_a * sizeof *of_a);
    for (int64_t k = 0; k < n_a; k++)
        if (isfinite(of_a[k]) || isfinite(of_b[k])) assert_near(of_a[k], of_b[k], tolerance * (1.0 + fabs(of_a[k])));
    free(of_a);
    free(of_b);
}

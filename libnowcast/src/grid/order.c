/*
 * Order statistics of what is known: quantiles of a whole field, and of the window around every cell. Between ranks they are
 * linear (Hyndman and Fan 1996, definition 7, which NumPy and R take too).
 */
#include "grid/internal.h"

enum { MOST_QUANTILES = 1024, MOST_SIDE = 255, DIGIT = 11, BINS = 1 << DIGIT };

/* A number whose order as unsigned is that of the float. */
static uint32_t key_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}

static float value_of(uint32_t key)
{
    const uint32_t bits = key & 0x80000000U ? key & 0x7fffffffU : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Sort n keys by three digits of eleven bits, from the least; other serves as scratch and holds the result. */
static void sort_keys(uint32_t *keys, uint32_t *other, int64_t n)
{
    uint32_t *from = keys, *to = other;
    for (int digit = 0; digit < 3; digit++) {
        int64_t at[BINS] = {0}, sum = 0;
        for (int64_t k = 0; k < n; k++) at[from[k] >> (digit * DIGIT) & (BINS - 1)]++;
        for (int b = 0; b < BINS; b++) {
            const int64_t here = at[b];
            at[b] = sum;
            sum += here;
        }
        for (int64_t k = 0; k < n; k++) to[at[from[k] >> (digit * DIGIT) & (BINS - 1)]++] = from[k];
        uint32_t *const swap = from;
        from = to, to = swap;
    }
}

int64_t nwc__sort_known(const float *cells, int64_t n, uint32_t *work, float *sorted)
{
    int64_t known = 0;
    for (int64_t k = 0; k < n; k++)
        if (!isnan(cells[k])) work[known++] = key_of(cells[k]);
    sort_keys(work, work + n, known);
    for (int64_t k = 0; k < known; k++) sorted[k] = value_of(work[n + k]);
    return known;
}

/* The quantile of n sorted keys. */
static double quantile_of(const uint32_t *sorted, int64_t n, double fraction)
{
    if (n == 0) return NAN;
    const double rank = fraction * (double)(n - 1), low = floor(rank);
    const int64_t below = (int64_t)low, above = below + 1 < n ? below + 1 : below;
    const double a = (double)value_of(sorted[below]), b = (double)value_of(sorted[above]);
    return rank == low || a == b ? a : a + (rank - low) * (b - a);
}

static nwc_status check_fraction(double fraction, const char *name)
{
    return fraction >= 0.0 && fraction <= 1.0 ? NWC_OK
                                              : nwc__fail(NWC_ERR_ARG, "%s: 0 to 1 expected, %g given", name, fraction);
}

nwc_status nwc_grid_quantiles(nwc_ctx *ctx, const nwc_field *field, const double *fractions, int32_t n, double *values,
                              int64_t *known)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_field(field, "field", 2));
    if (n < 1 || n > MOST_QUANTILES || !fractions || !values)
        return nwc__fail(NWC_ERR_ARG, "fractions, values: 1 to %d numbers expected, %d given", MOST_QUANTILES, (int)n);
    for (int32_t k = 0; k < n; k++) NWC__TRY(check_fraction(fractions[k], "fractions"));
    nwc_status status = NWC_OK;
    const int64_t ny = field->dim[0], nx = field->dim[1];
    uint32_t *keys = NULL, *sorted = NULL;
    int64_t count = 0;
    NWC__ALLOC(ctx, keys, ny * nx);
    NWC__ALLOC(ctx, sorted, ny * nx);
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            const float cell = field->data[j * field->stride[0] + i * field->stride[1]];
            if (!isnan(cell)) keys[count++] = key_of(cell);
        }
    sort_keys(keys, sorted, count);
    for (int32_t k = 0; k < n; k++) values[k] = quantile_of(sorted, count, fractions[k]);
    if (known) *known = count;
done:
    nwc__free(ctx, sorted);
    nwc__free(ctx, keys);
    return status;
}

struct job {
    const nwc_field *field;
    nwc_field *out;
    int32_t side;
    double fraction;
    uint32_t *window; /* side * side for each row */
};

/* Put the keys below and above their kth in place: Hoare's selection, in expected linear time. */
static void select_key(uint32_t *keys, int64_t n, int64_t kth)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const uint32_t pivot = keys[(low + high) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (keys[i] < pivot) i++;
            while (keys[j] > pivot) j--;
            if (i <= j) {
                const uint32_t swap = keys[i];
                keys[i++] = keys[j];
                keys[j--] = swap;
            }
        }
        if (kth <= j)
            high = j;
        else if (kth >= i)
            low = i;
        else
            return;
    }
}

static double window_quantile(uint32_t *keys, int64_t n, double fraction)
{
    if (n == 0) return NAN;
    const int64_t below = (int64_t)floor(fraction * (double)(n - 1));
    select_key(keys, n, below);
    if (below + 1 < n) select_key(keys + below + 1, n - below - 1, 0);
    return quantile_of(keys, n, fraction);
}

static nwc_status filter_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const nwc_field *const field = job->field;
    const int64_t ny = field->dim[0], nx = field->dim[1], reach = job->side / 2;
    uint32_t *const keys = job->window + j * job->side * job->side;
    const int64_t south = j > reach ? j - reach : 0, north = j + reach < ny ? j + reach : ny - 1;
    for (int64_t i = 0; i < nx; i++) {
        const int64_t west = i > reach ? i - reach : 0, east = i + reach < nx ? i + reach : nx - 1;
        int64_t n = 0;
        for (int64_t y = south; y <= north; y++)
            for (int64_t x = west; x <= east; x++) {
                const float cell = field->data[y * field->stride[0] + x * field->stride[1]];
                if (!isnan(cell)) keys[n++] = key_of(cell);
            }
        job->out->data[j * job->out->stride[0] + i * job->out->stride[1]] =
            (float)window_quantile(keys, n, job->fraction);
    }
    return NWC_OK;
}

nwc_status nwc_grid_rank_filter(nwc_ctx *ctx, const nwc_field *field, int32_t side, double fraction,
                                nwc_field *filtered)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_field(field, "field", 2));
    NWC__TRY(nwc__check_field(filtered, "filtered", 2));
    NWC__TRY(nwc__check_same_shape(filtered, "filtered", field, "field"));
    NWC__TRY(check_fraction(fraction, "fraction"));
    if (side < 1 || side > MOST_SIDE || side % 2 == 0)
        return nwc__fail(NWC_ERR_ARG, "side: an odd number from 1 to %d expected, %d given", MOST_SIDE, (int)side);
    if (field->data == filtered->data) return nwc__fail(NWC_ERR_ARG, "filtered: cells other than field's expected");
    nwc_status status = NWC_OK;
    struct job job = {.field = field, .out = filtered, .side = side, .fraction = fraction};
    NWC__ALLOC(ctx, job.window, field->dim[0] * side * side);
    status = nwc__for_each_tile(ctx, "rank filter", field->dim[0], filter_row, &job);
done:
    nwc__free(ctx, job.window);
    return status;
}

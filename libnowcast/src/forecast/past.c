/*
 * The last frames of a sequence, brought to where the newest one is: what a forecast learns from them is then how they
 * changed and not how they moved (Lagrangian coordinates, Zawadzki 1973, J. Appl. Meteor. 12, 459).
 */
#include "forecast/past.h"

enum { ROWS = 16 /* in a tile */ };

#define LEAST_APART_S 210.0  /* frames change little in less, so that what they tell is mostly noise */
#define LONGEST_GAP_S 1800.0 /* to the frame before */
#define LEAST_COMMON 0.5

static float zero_of(double threshold)
{
    return (float)(10.0 * log10(threshold)) - NWC__WET_DB;
}

float nwc__to_decibels(float rain, double threshold)
{
    return rain >= (float)threshold ? 10.0F * log10f(rain) - zero_of(threshold) : 0.0F;
}

float nwc__from_decibels(float decibels, double threshold)
{
    return decibels >= NWC__WET_DB ? powf(10.0F, 0.1F * (decibels + zero_of(threshold))) : 0.0F;
}

struct copy_job {
    const nwc_field *frame;
    double threshold;
    float *to;
};

static nwc_status copy_rows(int64_t tile, void *user)
{
    const struct copy_job *const job = user;
    const nwc_field *const from = job->frame;
    const int64_t nx = from->dim[1];
    for (int64_t j = tile * ROWS; j < from->dim[0] && j < (tile + 1) * ROWS; j++) {
        for (int64_t i = 0; i < nx; i++) {
            const float value = from->data[j * from->stride[0] + i * from->stride[1]];
            if (value < 0.0F && isfinite(value))
                return nwc__fail(NWC_ERR_ARG, "frames: values of 0 or more expected, %g at cell (%lld, %lld) given",
                                 (double)value, (long long)j, (long long)i);
            const float kept = job->threshold > 0.0 ? nwc__to_decibels(value, job->threshold) : value;
            job->to[j * nx + i] = isfinite(value) ? kept : NAN;
        }
    }
    return NWC_OK;
}

/* Numbers of the frames to be used, newest first. */
static int32_t choose(const int64_t *times_ns, int32_t n_frames, int32_t most, int32_t *number)
{
    int32_t n = 1;
    number[0] = n_frames - 1;
    for (int32_t f = n_frames - 2; f >= 0 && n < most; f--) {
        const double apart_s = 1e-9 * (double)(times_ns[number[n - 1]] - times_ns[f]);
        if (apart_s > LONGEST_GAP_S) break;
        if (apart_s >= LEAST_APART_S) number[n++] = f;
    }
    return n;
}

static bool knows_enough(const float *newest, const float *other, int64_t n)
{
    int64_t known = 0, common = 0;
    for (int64_t i = 0; i < n; i++) {
        known += !isnan(newest[i]);
        common += !isnan(newest[i]) && !isnan(other[i]);
    }
    return (double)common >= LEAST_COMMON * (double)known;
}

nwc_status nwc__check_sequence(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                               const nwc_field *u, const nwc_field *v)
{
    if (n_frames < 1) return nwc__fail(NWC_ERR_ARG, "n_frames: 1 or more expected, %d given", (int)n_frames);
    if (!frames) return nwc__fail(NWC_ERR_ARG, "frames: fields expected, NULL given");
    if (!times_ns) return nwc__fail(NWC_ERR_ARG, "times_ns: the times of the frames expected, NULL given");
    for (int32_t n = 1; n < n_frames; n++)
        if (times_ns[n] <= times_ns[n - 1])
            return nwc__fail(NWC_ERR_ARG,
                             "times_ns: increasing times expected, frame %d is not later than the one before", (int)n);
    return nwc__check_carried(ctx, frames, n_frames, "frames", u, v);
}

nwc_status nwc__past_create(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                            const nwc_field *u, const nwc_field *v, int32_t least, int32_t most, double threshold,
                            struct nwc__past *past)
{
    assert(most >= 1 && most <= NWC__MOST_PAST);
    nwc_status status = NWC_OK;
    const int64_t ny = frames->dim[0], nx = frames->dim[1], cells = ny * nx, tiles = (ny + ROWS - 1) / ROWS;
    int32_t number[NWC__MOST_PAST];
    const int32_t chosen = choose(times_ns, n_frames, most, number);
    nwc_extrapolate_options still;
    nwc_extrapolate_options_init(&still);
    still.sampling = NWC_SAMPLE_BILINEAR, still.travel = 0.0;
    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames->grid;
    nwc__carrier carrier = {0};
    float *copy = NULL;
    *past = (struct nwc__past){.ny = ny, .nx = nx};
    NWC__ALLOC(ctx, past->block, chosen * cells);
    NWC__ALLOC(ctx, copy, cells);
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &still, &carrier)) != NWC_OK) goto done;
    for (int32_t k = 0; k < chosen; k++) {
        struct copy_job job = {.frame = &frames[number[k]], .threshold = threshold, .to = k == 0 ? past->block : copy};
        if ((status = nwc__for_each_tile(ctx, "frames", tiles, copy_rows, &job)) != NWC_OK) goto done;
        float *const here = past->block + past->n * cells;
        const double age_s = 1e-9 * (double)(times_ns[n_frames - 1] - times_ns[number[k]]);
        if (k > 0) {
            struct nwc__source source = {.cells = copy, .ny = (int32_t)ny, .nx = (int32_t)nx, .stride = (int32_t)nx};
            const nwc_field to = {.data = here, .ndim = 3, .dim = {1, ny, nx}, .stride = {cells, nx, 1}};
            if ((status = nwc__carry(ctx, &carrier, age_s, &source, 1, 0, &to)) != NWC_OK) goto done;
            if (!knows_enough(past->block, here, cells)) continue;
        }
        past->age_s[past->n] = age_s;
        past->cells[past->n++] = here;
    }
    if (past->n < least)
        status =
            nwc__fail(NWC_ERR_NODATA,
                      "frames: %d expected, %g to %g min one after the other and known in the same places, %d found",
                      (int)least, LEAST_APART_S / 60.0, LONGEST_GAP_S / 60.0, (int)past->n);
done:
    nwc__carrier_destroy(ctx, &carrier);
    nwc__free(ctx, copy);
    if (status != NWC_OK) nwc__past_destroy(ctx, past);
    return status;
}

void nwc__past_destroy(nwc_ctx *ctx, struct nwc__past *past)
{
    nwc__free(ctx, past->block);
    *past = (struct nwc__past){0};
}

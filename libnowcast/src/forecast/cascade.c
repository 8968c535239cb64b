/*
 * Forecasts that let go of what cannot be followed: each band of a field is weighted by how long such bands have lasted,
 * from its last two frames, and the sum is carried along the motion.
 *
 * Rain to the power 0.7 is what is taken apart where values are ranked afterwards: of the powers tried it ranks best;
 * decibels are worst at 5 mm/h. The mean is of rain itself. Weights of two frames in place of one gain in the first
 * quarter of an hour. The idea is S-PROG's (Seed 2003, J. Appl. Meteor. 42, 381), with Gaussians in place of Fourier
 * transforms: so bands end where the radars do, and none comes back on the other side of the grid.
 */
#include "forecast/bands.h"
#include "forecast/lags.h"
#include "forecast/match.h"
#include "forecast/past.h"

enum { ROWS = 16 /* in a tile */, NEWEST = 0, BEFORE = 1, LEAST_PAST = 2, PRODUCTS = 4 };

#define POWER 0.7
#define TREND_S 1200.0  /* the trend of the largest scales fades so fast */
#define TEXTURE 0.8     /* share of a band's amplitude that is kept; more costs FSS an hour ahead */
#define LEAST_LEFT 0.15 /* of a band: below it the newest frame's own texture is kept */

/* Bands of a power of the past, and how long they last. */
struct powers {
    double power;
    struct nwc__bands bands;
    struct nwc__lags lags;
};

struct powers_job {
    const struct nwc__past *past;
    struct powers *powers;
    uint8_t *common; /* (ny, nx): known in all frames */
};

/* Where only the newest frame is known, it stands for the others. */
static nwc_status raise_rows(int64_t tile, void *user)
{
    const struct powers_job *const job = user;
    const struct nwc__past *const past = job->past;
    const float power = (float)job->powers->power;
    const int64_t end = (tile + 1) * ROWS < past->ny ? (tile + 1) * ROWS : past->ny;
    for (int64_t i = tile * ROWS * past->nx; i < end * past->nx; i++) job->common[i] = !isnan(past->cells[NEWEST][i]);
    for (int32_t f = 0; f < past->n; f++) {
        const float *const newest = past->cells[NEWEST], *const cells = past->cells[f];
        float *const raised = job->powers->bands.level[f][0];
        for (int64_t i = tile * ROWS * past->nx; i < end * past->nx; i++) {
            const bool known = !isnan(cells[i]);
            const float value = known && !isnan(newest[i]) ? cells[i] : newest[i];
            raised[i] = power == 1.0F || value == 0.0F ? value : powf(value, power);
            job->common[i] &= known;
        }
    }
    return NWC_OK;
}

static nwc_status powers_create(nwc_ctx *ctx, const struct nwc__past *past, double power, struct powers *powers)
{
    nwc_status status = NWC_OK;
    double products[NWC__BANDS][NWC__MOST_PAST][NWC__MOST_PAST];
    struct powers_job job = {.past = past, .powers = powers};
    *powers = (struct powers){.power = power};
    NWC__ALLOC(ctx, job.common, past->ny * past->nx);
    if ((status = nwc__bands_create(ctx, past->ny, past->nx, past->n, &powers->bands)) != NWC_OK) goto done;
    status = nwc__for_each_tile(ctx, "bands", (past->ny + ROWS - 1) / ROWS, raise_rows, &job);
    if (status != NWC_OK) goto done;
    if ((status = nwc__bands_split(ctx, &powers->bands)) != NWC_OK) goto done;
    if ((status = nwc__bands_products(ctx, &powers->bands, job.common, products)) != NWC_OK) goto done;
    nwc__lags_find(products, past->age_s, past->n, &powers->lags);
done:
    nwc__free(ctx, job.common);
    return status;
}

/* Give a band back some of the amplitude that damping takes. */
static void keep_texture(double weight[2])
{
    const double left = weight[NEWEST] + weight[BEFORE];
    const double newest = left >= LEAST_LEFT ? weight[NEWEST] / left : 1.0;
    const double before = left >= LEAST_LEFT ? weight[BEFORE] / left : 0.0;
    weight[NEWEST] = (1.0 - TEXTURE) * weight[NEWEST] + TEXTURE * newest;
    weight[BEFORE] = (1.0 - TEXTURE) * weight[BEFORE] + TEXTURE * before;
}

/* The field after lead_s, before it is carried. The largest scales go on as they changed, for a while. */
static nwc_status foresee(nwc_ctx *ctx, const struct nwc__past *past, const struct powers *powers, bool textured,
                          double lead_s, float *foreseen)
{
    double weight[NWC__MOST_PAST][NWC__BANDS] = {{0.0}}, rest[NWC__MOST_PAST] = {0.0};
    for (int32_t m = 0; m < NWC__BANDS; m++) {
        double pair[2];
        nwc__lags_weights(&powers->lags, m, lead_s, pair);
        if (textured) keep_texture(pair);
        weight[NEWEST][m] = pair[NEWEST];
        weight[BEFORE][m] = pair[BEFORE];
    }
    const int32_t oldest = past->n - 1;
    const double trend = TREND_S * (1.0 - exp(-lead_s / TREND_S)) / past->age_s[oldest];
    rest[NEWEST] = 1.0 + trend;
    rest[oldest] -= trend;
    return nwc__bands_mix(ctx, &powers->bands, weight, rest, foreseen);
}

/* ---- all that one call needs ---- */

struct call {
    const nwc_field *forecasts;
    int32_t n_products;
    const int32_t *products;
    struct nwc__past past;
    struct powers ranked, mean; /* of rain to a power, and of rain */
    struct nwc__matcher matcher;
    nwc__carrier carrier;
    float *foreseen[PRODUCTS]; /* (ny, nx) of the products other than sharp */
    float *sharp;              /* (ny, nx), carried, where no product holds it */
};

/* The product's place in what the caller asked for, or -1. */
static int32_t place_of(const struct call *call, int32_t product)
{
    for (int32_t p = 0; p < call->n_products; p++)
        if (call->products[p] == product) return p;
    return -1;
}

static bool is_wanted(const struct call *call, int32_t product)
{
    return place_of(call, product) >= 0;
}

static nwc_status prepare(nwc_ctx *ctx, struct call *call)
{
    nwc_status status = NWC_OK;
    const int64_t cells = call->past.ny * call->past.nx;
    const bool matched = is_wanted(call, NWC_CASCADE_RANKED) || is_wanted(call, NWC_CASCADE_TEXTURED);
    for (int32_t k = 0; k < PRODUCTS; k++)
        if (k != NWC_CASCADE_SHARP && is_wanted(call, k)) NWC__ALLOC(ctx, call->foreseen[k], cells);
    if (matched) {
        if ((status = powers_create(ctx, &call->past, POWER, &call->ranked)) != NWC_OK) goto done;
        if ((status = nwc__matcher_create(ctx, call->past.ny, &call->matcher)) != NWC_OK) goto done;
        if (!is_wanted(call, NWC_CASCADE_SHARP)) NWC__ALLOC(ctx, call->sharp, cells);
    }
    if (is_wanted(call, NWC_CASCADE_MEAN)) status = powers_create(ctx, &call->past, 1.0, &call->mean);
done:
    return status;
}

static struct nwc__plane plane_of(const nwc_field *forecast, int64_t lead)
{
    return (struct nwc__plane){.data = forecast->data + lead * forecast->stride[0],
                               .ny = forecast->dim[1],
                               .nx = forecast->dim[2],
                               .stride_y = forecast->stride[1],
                               .stride_x = forecast->stride[2]};
}

/* All products of one lead time share their trajectories; the sharp one is carried for its values where others need them. */
static nwc_status forecast_lead(nwc_ctx *ctx, struct call *call, int64_t lead, double lead_s)
{
    const int64_t ny = call->past.ny, nx = call->past.nx;
    struct nwc__source sources[PRODUCTS];
    nwc_field to[PRODUCTS];
    int32_t n = 0, sharp = -1;
    for (int32_t k = 0; k < PRODUCTS; k++) {
        const int32_t place = place_of(call, k);
        if (place < 0 && !(k == NWC_CASCADE_SHARP && call->sharp)) continue;
        const float *cells = call->past.cells[NEWEST];
        if (k != NWC_CASCADE_SHARP) {
            const struct powers *const powers = k == NWC_CASCADE_MEAN ? &call->mean : &call->ranked;
            NWC__TRY(foresee(ctx, &call->past, powers, k == NWC_CASCADE_TEXTURED, lead_s, call->foreseen[k]));
            cells = call->foreseen[k];
        } else {
            sharp = n;
        }
        sources[n] = (struct nwc__source){.cells = cells, .ny = (int32_t)ny, .nx = (int32_t)nx, .stride = (int32_t)nx};
        to[n++] = place >= 0 ? call->forecasts[place]
                             : (nwc_field){.data = call->sharp, .ndim = 3, .dim = {1, ny, nx}, .stride = {0, nx, 1}};
    }
    NWC__TRY(nwc__carry(ctx, &call->carrier, lead_s, sources, n, lead, to));
    if (call->matcher.count) {
        const struct nwc__plane target = plane_of(&to[sharp], lead);
        NWC__TRY(nwc__match_target(ctx, &call->matcher, &target));
    }
    for (int32_t k = NWC_CASCADE_RANKED; k <= NWC_CASCADE_TEXTURED; k++) {
        const int32_t place = place_of(call, k);
        if (place < 0) continue;
        const struct nwc__plane field = plane_of(&call->forecasts[place], lead);
        NWC__TRY(nwc__match_ranks(ctx, &call->matcher, &field));
    }
    return NWC_OK;
}

static void release(nwc_ctx *ctx, struct call *call)
{
    nwc__carrier_destroy(ctx, &call->carrier);
    nwc__matcher_destroy(ctx, &call->matcher);
    nwc__bands_destroy(ctx, &call->mean.bands);
    nwc__bands_destroy(ctx, &call->ranked.bands);
    nwc__free(ctx, call->sharp);
    for (int32_t k = PRODUCTS - 1; k >= 0; k--) nwc__free(ctx, call->foreseen[k]);
    nwc__past_destroy(ctx, &call->past);
}

static nwc_status check_products(const int32_t *products, int32_t n_products)
{
    if (n_products < 1 || !products)
        return nwc__fail(NWC_ERR_ARG, "products: 1 or more expected, %s given", products ? "0" : "NULL");
    for (int32_t p = 0; p < n_products; p++) {
        if (products[p] < 0 || products[p] >= PRODUCTS)
            return nwc__fail(NWC_ERR_ARG, "products: an nwc_cascade_product expected, %d given", (int)products[p]);
        for (int32_t q = 0; q < p; q++)
            if (products[q] == products[p])
                return nwc__fail(NWC_ERR_ARG, "products: each once expected, %d twice given", (int)products[p]);
    }
    return NWC_OK;
}

nwc_status nwc_forecast_cascade(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                const int32_t *products, int32_t n_products, const nwc_extrapolate_options *given,
                                nwc_field *forecasts)
{
    ctx = nwc__ctx(ctx);
    nwc_extrapolate_options options;
    nwc_extrapolate_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(nwc__check_extrapolation(&options));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(check_products(products, n_products));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(nwc__check_forecasts(forecasts, n_products, &frames[0], n_leads));
    NWC__TRY(nwc__check_delay(options.delay, &frames[0], n_leads));

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    struct call call = {.forecasts = forecasts, .products = products, .n_products = n_products};
    nwc_status status =
        nwc__past_create(ctx, frames, times_ns, n_frames, u, v, LEAST_PAST, NWC__MOST_PAST, 0.0, &call.past);
    if (status != NWC_OK) goto done;
    if ((status = prepare(ctx, &call)) != NWC_OK) goto done;
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &options, &call.carrier)) != NWC_OK) goto done;
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n++) status = forecast_lead(ctx, &call, n, leads_s[n]);
done:
    release(ctx, &call);
    return status;
}

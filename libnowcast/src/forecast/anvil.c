/*
 * ANVIL (Pulkkinen, Chandrasekar, von Lerber and Harri 2020, IEEE Trans. Geosci. Remote Sens. 58, 7845): changes of each scale go
 * on as they did around every place, and rain follows from what changed by a relation of its own in every place.
 */
#include "forecast/changes.h"
#include "forecast/near.h"
#include "forecast/relation.h"

#include <nowcast/forecast_local.h>

enum { ROWS = 16 /* in a tile */, ANYWHERE = -1, MOST_RIM = 1 << 20 };

struct anvil {
    nwc_anvil_options options;
    struct nwc__past past;
    struct nwc__changes changes;
    struct nwc__relation relation; /* where rain is given */
    nwc__carrier carrier;
    float *foreseen;
    float *near; /* to rain, unless it may form anywhere */
};

static nwc_status confine(int64_t tile, void *user)
{
    const struct anvil *const a = user;
    const int64_t end = (tile + 1) * ROWS < a->past.ny ? (tile + 1) * ROWS : a->past.ny;
    for (int64_t i = tile * ROWS * a->past.nx; i < end * a->past.nx; i++) {
        const float value = a->foreseen[i];
        a->foreseen[i] = isnan(value) ? NAN : value > 0.0F ? value * (a->near ? a->near[i] : 1.0F) : 0.0F;
    }
    return NWC_OK;
}

static nwc_status forecast_lead(nwc_ctx *ctx, struct anvil *a, int64_t lead, double lead_s, const nwc_field *forecast)
{
    const int64_t ny = a->past.ny, nx = a->past.nx;
    NWC__TRY(nwc__changes_add(ctx, &a->changes, a->past.cells[0], lead_s, a->foreseen));
    if (a->options.rain) NWC__TRY(nwc__relation_apply(ctx, &a->relation, a->foreseen));
    NWC__TRY(nwc__for_each_tile(ctx, "ANVIL", (ny + ROWS - 1) / ROWS, confine, a));
    struct nwc__source source = {.cells = a->foreseen, .ny = (int32_t)ny, .nx = (int32_t)nx, .stride = (int32_t)nx};
    return nwc__carry(ctx, &a->carrier, lead_s, &source, 1, lead, forecast);
}

void nwc_anvil_options_init(nwc_anvil_options *options)
{
    if (!options) return;
    *options = (nwc_anvil_options){
        .struct_size = sizeof *options, .order = 2, .window_m = 50e3, .rim = 3, .threshold = 0.1, .rain_window_m = 5e3};
}

static nwc_status check_options(const nwc_anvil_options *o)
{
    if (o->order < 1 || o->order > 2) return nwc__fail(NWC_ERR_ARG, "order: 1 or 2 expected, %d given", (int)o->order);
    if (!(o->window_m > 0.0) || !isfinite(o->window_m))
        return nwc__fail(NWC_ERR_ARG, "window_m: above 0 expected, %g given", o->window_m);
    if (!(o->rain_window_m > 0.0) || !isfinite(o->rain_window_m))
        return nwc__fail(NWC_ERR_ARG, "rain_window_m: above 0 expected, %g given", o->rain_window_m);
    if (o->rim < ANYWHERE || o->rim > MOST_RIM)
        return nwc__fail(NWC_ERR_ARG, "rim: -1 to %d expected, %d given", MOST_RIM, (int)o->rim);
    if (!(o->threshold > 0.0) || !isfinite(o->threshold))
        return nwc__fail(NWC_ERR_ARG, "threshold: above 0 expected, %g given", o->threshold);
    return NWC_OK;
}

static nwc_status check_rain(const nwc_field *rain, const nwc_field *like)
{
    if (!rain) return NWC_OK;
    NWC__TRY(nwc__check_field(rain, "rain", 2));
    NWC__TRY(nwc__check_same_shape(rain, "rain", like, "frames"));
    if (rain->grid && !nwc__same_grid(rain->grid, like->grid))
        return nwc__fail(NWC_ERR_ARG, "rain: the grid of frames expected, another given");
    for (int64_t j = 0; j < rain->dim[0]; j++)
        for (int64_t i = 0; i < rain->dim[1]; i++)
            if (rain->data[j * rain->stride[0] + i * rain->stride[1]] < 0.0F)
                return nwc__fail(NWC_ERR_ARG, "rain: values of 0 or more expected, %g at cell (%lld, %lld) given",
                                 (double)rain->data[j * rain->stride[0] + i * rain->stride[1]], (long long)j,
                                 (long long)i);
    return NWC_OK;
}

/* Where it rains: by the rain given, or the newest frame. */
static nwc_status find_near(nwc_ctx *ctx, struct anvil *a)
{
    nwc_status status = NWC_OK;
    const nwc_field *const rain = a->options.rain;
    const int64_t ny = a->past.ny, nx = a->past.nx;
    if (a->options.rim == ANYWHERE) return NWC_OK;
    NWC__ALLOC(ctx, a->near, ny * nx);
    const float *wet = a->past.cells[0];
    if (rain) {
        for (int64_t j = 0; j < ny; j++)
            for (int64_t i = 0; i < nx; i++)
                a->foreseen[j * nx + i] = rain->data[j * rain->stride[0] + i * rain->stride[1]];
        wet = a->foreseen;
    }
    status = nwc__nearness(ctx, wet, ny, nx, (float)a->options.threshold, a->options.rim, a->near);
done:
    return status;
}

static nwc_status prepare(nwc_ctx *ctx, struct anvil *a, const nwc_grid *grid)
{
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    NWC__ALLOC(ctx, a->foreseen, a->past.ny * a->past.nx);
    if ((status = nwc__metric_create(ctx, grid, &metric)) != NWC_OK) goto done;
    const double dy_m = metric.mean_dy_m, dx_m = metric.mean_dx_m, window_m = a->options.window_m;
    status = nwc__changes_create(ctx, &a->past, a->options.order, fmax(window_m / dy_m, 1.0),
                                 fmax(window_m / dx_m, 1.0), &a->changes);
    if (status != NWC_OK) goto done;
    if (a->options.rain) {
        const double rain_m = a->options.rain_window_m;
        status = nwc__relation_create(ctx, a->past.cells[0], a->options.rain, fmax(rain_m / dy_m, 1.0),
                                      fmax(rain_m / dx_m, 1.0), &a->relation);
        if (status != NWC_OK) goto done;
    }
    status = find_near(ctx, a);
done:
    nwc__metric_destroy(ctx, &metric);
    return status;
}

static void release(nwc_ctx *ctx, struct anvil *a)
{
    nwc__carrier_destroy(ctx, &a->carrier);
    nwc__relation_destroy(ctx, &a->relation);
    nwc__changes_destroy(ctx, &a->changes);
    nwc__free(ctx, a->near);
    nwc__free(ctx, a->foreseen);
    nwc__past_destroy(ctx, &a->past);
}

nwc_status nwc_forecast_anvil(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                              const nwc_anvil_options *given, const nwc_extrapolate_options *extrapolation,
                              nwc_field *forecast)
{
    ctx = nwc__ctx(ctx);
    struct anvil a = {0};
    nwc_extrapolate_options carried;
    nwc_anvil_options_init(&a.options);
    nwc_extrapolate_options_init(&carried);
    NWC__TRY(nwc__take_options(&a.options, sizeof a.options, given, "options"));
    NWC__TRY(nwc__take_options(&carried, sizeof carried, extrapolation, "extrapolation"));
    NWC__TRY(check_options(&a.options));
    NWC__TRY(nwc__check_extrapolation(&carried));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(nwc__check_forecasts(forecast, 1, &frames[0], n_leads));
    NWC__TRY(nwc__check_delay(carried.delay, &frames[0], n_leads));
    NWC__TRY(check_rain(a.options.rain, &frames[0]));

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    nwc_status status =
        nwc__past_create(ctx, frames, times_ns, n_frames, u, v, NWC__CHANGES, a.options.order + 2, 0.0, &a.past);
    if (status != NWC_OK) goto done;
    if ((status = prepare(ctx, &a, frames[0].grid)) != NWC_OK) goto done;
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &carried, &a.carrier)) != NWC_OK) goto done;
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n++) status = forecast_lead(ctx, &a, n, leads_s[n], forecast);
done:
    release(ctx, &a);
    return status;
}

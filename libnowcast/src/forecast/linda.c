/* LINDA's forecast of one field: what its laws foresee, carried along the motion. linda_laws.c has the method. */
#include "forecast/linda.h"

#define SHARE_OF_SIDE 0.2 /* of the shorter side of the grid, that windows are wide by default */

struct call {
    nwc_linda_options options;
    struct nwc__past past;
    struct nwc__linda linda;
    nwc__carrier carrier;
    float *foreseen; /* (lead, ny, nx) */
};

void nwc_linda_options_init(nwc_linda_options *options)
{
    if (options) *options = (nwc_linda_options){.struct_size = sizeof *options, .features = 25};
}

static nwc_status check_options(const nwc_linda_options *o)
{
    if (o->features < 1 || o->features > NWC__MOST_FEATURES)
        return nwc__fail(NWC_ERR_ARG, "features: 1 to %d expected, %d given", NWC__MOST_FEATURES, (int)o->features);
    if (!(o->window_m >= 0.0) || !isfinite(o->window_m))
        return nwc__fail(NWC_ERR_ARG, "window_m: 0 or more expected, %g given", o->window_m);
    return NWC_OK;
}

static nwc_status prepare(nwc_ctx *ctx, struct call *call, const nwc_grid *grid)
{
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    const int64_t ny = call->past.ny, nx = call->past.nx;
    double deviation = SHARE_OF_SIDE * (double)(ny < nx ? ny : nx);
    if (call->options.window_m > 0.0) {
        NWC__TRY(nwc__metric_create(ctx, grid, &metric));
        deviation = call->options.window_m / sqrt(metric.mean_dx_m * metric.mean_dy_m);
        nwc__metric_destroy(ctx, &metric);
    }
    NWC__ALLOC(ctx, call->foreseen, NWC__LINDA_LEADS * ny * nx);
    status = nwc__linda_create(ctx, &call->past, call->options.features, fmax(deviation, 1.0), &call->linda);
done:
    return status;
}

static nwc_status forecast_leads(nwc_ctx *ctx, struct call *call, const double *leads_s, int32_t first, int32_t n,
                                 const nwc_field *forecast)
{
    const int64_t ny = call->past.ny, nx = call->past.nx;
    NWC__TRY(nwc__linda_foresee(ctx, &call->linda, leads_s + first, n, call->foreseen));
    for (int32_t k = 0; k < n; k++) {
        struct nwc__source source = {.cells = call->foreseen + k * ny * nx, .ny = (int32_t)ny, .nx = (int32_t)nx};
        source.stride = source.nx;
        NWC__TRY(nwc__carry(ctx, &call->carrier, leads_s[first + k], &source, 1, first + k, forecast));
    }
    return NWC_OK;
}

nwc_status nwc_forecast_linda(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                              const nwc_linda_options *given, const nwc_extrapolate_options *extrapolation,
                              nwc_field *forecast)
{
    ctx = nwc__ctx(ctx);
    struct call call = {0};
    nwc_extrapolate_options carried;
    nwc_linda_options_init(&call.options);
    nwc_extrapolate_options_init(&carried);
    NWC__TRY(nwc__take_options(&call.options, sizeof call.options, given, "options"));
    NWC__TRY(nwc__take_options(&carried, sizeof carried, extrapolation, "extrapolation"));
    NWC__TRY(check_options(&call.options));
    NWC__TRY(nwc__check_extrapolation(&carried));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    NWC__TRY(nwc__check_forecasts(forecast, 1, &frames[0], n_leads));
    NWC__TRY(nwc__check_delay(carried.delay, &frames[0], n_leads));

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    nwc_status status =
        nwc__past_create(ctx, frames, times_ns, n_frames, u, v, NWC__LINDA_FRAMES, NWC__LINDA_FRAMES, 0.0, &call.past);
    if (status != NWC_OK) goto done;
    if ((status = prepare(ctx, &call, frames[0].grid)) != NWC_OK) goto done;
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &carried, &call.carrier)) != NWC_OK) goto done;
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n += NWC__LINDA_LEADS) {
        const int32_t left = n_leads - n < NWC__LINDA_LEADS ? n_leads - n : NWC__LINDA_LEADS;
        status = forecast_leads(ctx, &call, leads_s, n, left, forecast);
    }
done:
    nwc__carrier_destroy(ctx, &call.carrier);
    nwc__linda_destroy(ctx, &call.linda);
    nwc__free(ctx, call.foreseen);
    nwc__past_destroy(ctx, &call.past);
    return status;
}

/* LINDA's forecasts of one field and of ensembles: what its laws foresee, carried along the motion. linda_laws.c has the method. */
#include "forecast/astray.h"
#include "forecast/linda_noise.h"

#define SHARE_OF_SIDE 0.2 /* of the shorter side of the grid, that windows are wide by default */

struct call {
    nwc_linda_options options;
    nwc_extrapolate_options carried;
    struct nwc__past past;
    struct nwc__linda linda;
    nwc__carrier carrier;
    float *foreseen;               /* (lead, ny, nx) */
    struct nwc__linda_noise noise; /* of ensembles */
    struct nwc__astray astray;
    float *errors, *perturbed; /* (ny, nx) */
};

void nwc_linda_options_init(nwc_linda_options *options)
{
    if (options) *options = (nwc_linda_options){.struct_size = sizeof *options, .features = 25, .vary_motion = 1};
}

static nwc_status check_call(nwc_ctx *ctx, const struct call *call, const nwc_field *frames, const int64_t *times_ns,
                             int32_t n_frames, const nwc_field *u, const nwc_field *v, const double *leads_s,
                             int32_t n_leads)
{
    const nwc_linda_options *const o = &call->options;
    if (o->features < 1 || o->features > NWC__MOST_FEATURES)
        return nwc__fail(NWC_ERR_ARG, "features: 1 to %d expected, %d given", NWC__MOST_FEATURES, (int)o->features);
    if (!(o->window_m >= 0.0) || !isfinite(o->window_m))
        return nwc__fail(NWC_ERR_ARG, "window_m: 0 or more expected, %g given", o->window_m);
    NWC__TRY(nwc__check_extrapolation(&call->carried));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    NWC__TRY(nwc__check_sequence(ctx, frames, times_ns, n_frames, u, v));
    return nwc__check_delay(call->carried.delay, &frames[0], n_leads);
}

static nwc_status take_options(struct call *call, const nwc_linda_options *given,
                               const nwc_extrapolate_options *extrapolation)
{
    nwc_linda_options_init(&call->options);
    nwc_extrapolate_options_init(&call->carried);
    NWC__TRY(nwc__take_options(&call->options, sizeof call->options, given, "options"));
    return nwc__take_options(&call->carried, sizeof call->carried, extrapolation, "extrapolation");
}

static nwc_status prepare(nwc_ctx *ctx, struct call *call, const nwc_field *frames, const int64_t *times_ns,
                          int32_t n_frames, const nwc_field *u, const nwc_field *v)
{
    nwc_status status = NWC_OK;
    nwc__metric metric = {0};
    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = frames[0].grid;
    status =
        nwc__past_create(ctx, frames, times_ns, n_frames, u, v, NWC__LINDA_FRAMES, NWC__LINDA_FRAMES, 0.0, &call->past);
    if (status != NWC_OK) goto done;
    const int64_t ny = call->past.ny, nx = call->past.nx;
    double deviation = SHARE_OF_SIDE * (double)(ny < nx ? ny : nx);
    if (call->options.window_m > 0.0) {
        if ((status = nwc__metric_create(ctx, frames[0].grid, &metric)) != NWC_OK) goto done;
        deviation = call->options.window_m / sqrt(metric.mean_dx_m * metric.mean_dy_m);
    }
    NWC__ALLOC(ctx, call->foreseen, NWC__LINDA_LEADS * ny * nx);
    status = nwc__linda_create(ctx, &call->past, call->options.features, fmax(deviation, 1.0), &call->linda);
    if (status != NWC_OK) goto done;
    status = nwc__carrier_create(ctx, &motion[0], &motion[1], &call->carried, &call->carrier);
done:
    nwc__metric_destroy(ctx, &metric);
    return status;
}

static void release(nwc_ctx *ctx, struct call *call)
{
    nwc__free(ctx, call->perturbed);
    nwc__free(ctx, call->errors);
    nwc__astray_destroy(ctx, &call->astray);
    nwc__linda_noise_destroy(ctx, &call->noise);
    nwc__carrier_destroy(ctx, &call->carrier);
    nwc__linda_destroy(ctx, &call->linda);
    nwc__free(ctx, call->foreseen);
    nwc__past_destroy(ctx, &call->past);
}

static struct nwc__source source_of(const struct call *call, const float *cells)
{
    const int32_t ny = (int32_t)call->past.ny, nx = (int32_t)call->past.nx;
    return (struct nwc__source){.cells = cells, .ny = ny, .nx = nx, .stride = nx};
}

static int32_t leads_from(int32_t n, int32_t n_leads)
{
    return n_leads - n < NWC__LINDA_LEADS ? n_leads - n : NWC__LINDA_LEADS;
}

nwc_status nwc_forecast_linda(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                              const nwc_linda_options *given, const nwc_extrapolate_options *extrapolation,
                              nwc_field *forecast)
{
    ctx = nwc__ctx(ctx);
    struct call call = {0};
    NWC__TRY(take_options(&call, given, extrapolation));
    NWC__TRY(check_call(ctx, &call, frames, times_ns, n_frames, u, v, leads_s, n_leads));
    NWC__TRY(nwc__check_forecasts(forecast, 1, &frames[0], n_leads));
    nwc_status status = prepare(ctx, &call, frames, times_ns, n_frames, u, v);
    const struct nwc__linda *const l = &call.linda;
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n += NWC__LINDA_LEADS) {
        const int32_t some = leads_from(n, n_leads);
        status = nwc__linda_foresee(ctx, &call.linda, l->field, l->change, leads_s + n, some, call.foreseen);
        for (int32_t k = 0; k < some && status == NWC_OK; k++) {
            struct nwc__source source = source_of(&call, call.foreseen + k * l->ny * l->nx);
            status = nwc__carry(ctx, &call.carrier, leads_s[n + k], &source, 1, n + k, forecast);
        }
    }
    release(ctx, &call);
    return status;
}

/* ---- ensembles ---- */

/* Leads first to first + n - 1 of a member: its errors from the start again, which are the same in every step. */
static nwc_status forecast_member(nwc_ctx *ctx, struct call *call, int32_t member, const double *leads_s, int32_t first,
                                  int32_t n, const nwc_field *forecast)
{
    const struct nwc__linda *const l = &call->linda;
    const int64_t cells = l->ny * l->nx;
    double drawn[2];
    int64_t step = 0;
    memset(call->errors, 0, (size_t)cells * sizeof *call->errors);
    nwc__astray_draw(ctx, call->options.seed, member, drawn);
    for (int32_t k = 0; k < n; k++) {
        const float *dx, *dy;
        const double lead_s = leads_s[first + k];
        while ((double)step < lead_s / l->step_s)
            NWC__TRY(nwc__linda_noise_step(ctx, &call->noise, call->options.seed, member, ++step, call->errors));
        NWC__TRY(
            nwc__linda_noise_apply(ctx, &call->noise, call->foreseen + k * cells, call->errors, step, call->perturbed));
        struct nwc__source source = source_of(call, call->perturbed);
        nwc__astray_at(&call->astray, &call->carrier, first + k, lead_s, call->options.vary_motion ? drawn : NULL, &dx,
                       &dy);
        NWC__TRY(nwc__carry_by(ctx, &call->carrier, dx, dy, lead_s, &source, 1, first + k, forecast));
    }
    return NWC_OK;
}

static nwc_status forecast_members(nwc_ctx *ctx, struct call *call, const double *leads_s, int32_t n_leads,
                                   const nwc_field *forecasts)
{
    nwc_status status = NWC_OK;
    struct nwc__linda *const l = &call->linda;
    NWC__ALLOC(ctx, call->errors, l->ny * l->nx);
    NWC__ALLOC(ctx, call->perturbed, l->ny * l->nx);
    if ((status = nwc__linda_noise_create(ctx, l, call->perturbed, &call->noise)) != NWC_OK) goto done;
    if ((status = nwc__astray_create(ctx, &call->carrier, leads_s, n_leads, &call->astray)) != NWC_OK) goto done;
    for (int32_t n = 0; n < n_leads; n += NWC__LINDA_LEADS) {
        const int32_t some = leads_from(n, n_leads);
        status = nwc__linda_foresee(ctx, l, l->field, l->change, leads_s + n, some, call->foreseen);
        if (status != NWC_OK) goto done;
        for (int64_t k = 0; k < forecasts->dim[0]; k++) {
            const nwc_field member = nwc_field_part(forecasts, k);
            status = forecast_member(ctx, call, call->options.first_member + (int32_t)k, leads_s, n, some, &member);
            if (status != NWC_OK) goto done;
        }
    }
done:
    return status;
}

nwc_status nwc_forecast_linda_ensemble(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                                       const nwc_field *u, const nwc_field *v, const double *leads_s, int32_t n_leads,
                                       const nwc_linda_options *given, const nwc_extrapolate_options *extrapolation,
                                       nwc_field *forecasts)
{
    ctx = nwc__ctx(ctx);
    struct call call = {0};
    NWC__TRY(take_options(&call, given, extrapolation));
    NWC__TRY(check_call(ctx, &call, frames, times_ns, n_frames, u, v, leads_s, n_leads));
    NWC__TRY(nwc__check_ensemble(forecasts, &frames[0], n_leads, call.options.first_member));
    NWC__TRY(nwc__check_vary_motion(call.options.vary_motion));
    nwc_status status = prepare(ctx, &call, frames, times_ns, n_frames, u, v);
    if (status == NWC_OK) status = forecast_members(ctx, &call, leads_s, n_leads, forecasts);
    release(ctx, &call);
    return status;
}

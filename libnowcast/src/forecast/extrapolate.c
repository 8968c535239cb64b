/* Backward semi-Lagrangian extrapolation of fields: what a call gives is checked, and carried lead by lead. */
#include "forecast/carry.h"

#include <stdlib.h>

/* The kernels read rows of adjoining cells; a field laid out otherwise is copied, once. */
static bool is_readable(const nwc_field *field)
{
    return field->stride[1] == 1 && llabs(field->stride[0]) <= INT32_MAX / field->dim[0];
}

static void copy_rows(const nwc_field *field, float *restrict copy)
{
    const int64_t ny = field->dim[0], nx = field->dim[1];
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) copy[j * nx + i] = field->data[j * field->stride[0] + i * field->stride[1]];
}

void nwc_extrapolate_options_init(nwc_extrapolate_options *options)
{
    if (!options) return;
    *options = (nwc_extrapolate_options){.struct_size = sizeof *options,
                                         .sampling = NWC_SAMPLE_FADING,
                                         .travel = 0.75,
                                         .travel_scale_m = 150e3,
                                         .step_s = 300.0};
}

nwc_status nwc_forecast_extrapolate(nwc_ctx *ctx, const nwc_field *fields, int32_t n_fields, const nwc_field *u,
                                    const nwc_field *v, const double *leads_s, int32_t n_leads,
                                    const nwc_extrapolate_options *given, nwc_field *forecasts)
{
    ctx = nwc__ctx(ctx);
    nwc_extrapolate_options options;
    nwc_extrapolate_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(nwc__check_extrapolation(&options));
    NWC__TRY(nwc__check_leads(leads_s, n_leads));
    if (n_fields < 1) return nwc__fail(NWC_ERR_ARG, "n_fields: 1 or more expected, %d given", (int)n_fields);
    NWC__TRY(nwc__check_carried(ctx, fields, n_fields, "fields", u, v));
    NWC__TRY(nwc__check_forecasts(forecasts, n_fields, &fields[0], n_leads));
    NWC__TRY(nwc__check_delay(options.delay, &fields[0], n_leads));

    nwc_field motion[2] = {*u, *v};
    motion[0].grid = motion[1].grid = fields[0].grid;
    const int64_t ny = fields[0].dim[0], nx = fields[0].dim[1];
    nwc__carrier carrier = {0};
    struct nwc__source *source = NULL;
    float *copies = NULL;
    nwc_status status = NWC_OK;
    int64_t n_copies = 0;
    for (int32_t f = 0; f < n_fields; f++) n_copies += !is_readable(&fields[f]);
    NWC__ALLOC(ctx, source, n_fields);
    NWC__ALLOC(ctx, copies, n_copies * ny * nx);
    if ((status = nwc__carrier_create(ctx, &motion[0], &motion[1], &options, &carrier)) != NWC_OK) goto done;
    for (int32_t f = 0; f < n_fields; f++) {
        source[f] = (struct nwc__source){.cells = fields[f].data,
                                         .ny = (int32_t)ny,
                                         .nx = (int32_t)nx,
                                         .stride = (int32_t)fields[f].stride[0]};
        if (is_readable(&fields[f])) continue;
        float *const copy = copies + --n_copies * ny * nx;
        copy_rows(&fields[f], copy);
        source[f].cells = copy, source[f].stride = (int32_t)nx;
    }
    for (int32_t n = 0; n < n_leads && status == NWC_OK; n++)
        status = nwc__carry(ctx, &carrier, leads_s[n], source, n_fields, n, forecasts);
done:
    nwc__carrier_destroy(ctx, &carrier);
    nwc__free(ctx, copies);
    nwc__free(ctx, source);
    return status;
}

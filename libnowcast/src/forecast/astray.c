/*
 * Motion errors of members: one is ahead of the motion or behind it, and to one side, for the whole forecast, by distances that
 * grow with time as Bowler, Pierce and Seed (2006, Q. J. R. Meteorol. Soc. 132, 2127) found, with the constants of pysteps.
 */
#include "forecast/astray.h"

#include "core/random.h"

/* Deviation of motion, km h-1, after t minutes: a t^b + c; along it and across. */
struct deviation {
    double a, b, c;
};
static const struct deviation ALONG = {10.88, 0.23, -7.68}, ACROSS = {5.76, 0.31, -2.72};

nwc_status nwc__astray_create(nwc_ctx *ctx, nwc__carrier *carrier, const double *leads_s, int32_t n_leads,
                              struct nwc__astray *a)
{
    nwc_status status = NWC_OK;
    *a = (struct nwc__astray){.nodes = carrier->trajectories.ny * carrier->trajectories.nx};
    NWC__ALLOC(ctx, a->dx, n_leads * a->nodes);
    NWC__ALLOC(ctx, a->dy, n_leads * a->nodes);
    NWC__ALLOC(ctx, a->moved, 2 * a->nodes);
    for (int32_t n = 0; n < n_leads; n++) {
        const float *dx, *dy;
        if ((status = nwc__carrier_at(ctx, carrier, leads_s[n], n, &dx, &dy)) != NWC_OK) goto done;
        memcpy(a->dx + n * a->nodes, dx, (size_t)a->nodes * sizeof *dx);
        memcpy(a->dy + n * a->nodes, dy, (size_t)a->nodes * sizeof *dy);
    }
done:
    if (status != NWC_OK) nwc__astray_destroy(ctx, a);
    return status;
}

void nwc__astray_destroy(nwc_ctx *ctx, struct nwc__astray *a)
{
    nwc__free(ctx, a->moved);
    nwc__free(ctx, a->dy);
    nwc__free(ctx, a->dx);
    *a = (struct nwc__astray){0};
}

void nwc__astray_draw(nwc_ctx *ctx, uint64_t seed, int32_t member, double drawn[2])
{
    float uniform[2];
    nwc__random_uniform(ctx, seed, (uint64_t)member << 32, 0, 2, uniform);
    for (int k = 0; k < 2; k++) {
        const double from_middle = (double)uniform[k] - 0.5;
        drawn[k] = -copysign(sqrt(0.5) * log(1.0 - 2.0 * fabs(from_middle)), from_middle);
    }
}

/* Metres that a deviation adds up to after lead_s. It is none until a t^b exceeds -c, some seconds. */
static double strayed_m(const struct deviation *d, double lead_s)
{
    const double minutes = lead_s / 60.0, none = pow(-d->c / d->a, 1.0 / d->b);
    if (minutes <= none) return 0.0;
    const double power = d->b + 1.0;
    const double km_min_h = d->a * (pow(minutes, power) - pow(none, power)) / power + d->c * (minutes - none);
    return km_min_h / 60.0 * 1000.0;
}

void nwc__astray_at(struct nwc__astray *a, const nwc__carrier *carrier, int32_t lead, double lead_s,
                    const double *drawn, const float **dx, const float **dy)
{
    const nwc__trajectories *const t = &carrier->trajectories;
    *dx = a->dx + lead * a->nodes, *dy = a->dy + lead * a->nodes;
    if (!drawn) return;
    const double along_m = drawn[0] * strayed_m(&ALONG, lead_s), across_m = drawn[1] * strayed_m(&ACROSS, lead_s);
    for (int64_t n = 0; n < a->nodes; n++) {
        const double x = (double)(*dx)[n] / (double)t->kx[n], y = (double)(*dy)[n] / (double)t->ky[n];
        const double length = hypot(x, y), east = length > 0.0 ? x / length : 0.0,
                     north = length > 0.0 ? y / length : 0.0;
        a->moved[n] = (float)((x + along_m * east - across_m * north) * (double)t->kx[n]);
        a->moved[a->nodes + n] = (float)((y + along_m * north + across_m * east) * (double)t->ky[n]);
    }
    *dx = a->moved, *dy = a->moved + a->nodes;
}

nwc_status nwc__check_ensemble(const nwc_field *forecasts, const nwc_field *like, int32_t n_leads, int32_t first_member)
{
    NWC__TRY(nwc__check_field(forecasts, "forecasts", 4));
    NWC__TRY(nwc__check_same_shape(forecasts, "forecasts", like, "frames"));
    if (forecasts->dim[1] != n_leads)
        return nwc__fail(NWC_ERR_ARG, "forecasts: %d lead times expected, %lld given", (int)n_leads,
                         (long long)forecasts->dim[1]);
    if (first_member < 0 || forecasts->dim[0] > INT32_MAX - first_member)
        return nwc__fail(NWC_ERR_ARG, "first_member: 0 to %d expected, %d given", (int)(INT32_MAX - forecasts->dim[0]),
                         (int)first_member);
    return NWC_OK;
}

nwc_status nwc__check_vary_motion(int32_t vary_motion)
{
    if (vary_motion != 0 && vary_motion != 1)
        return nwc__fail(NWC_ERR_ARG, "vary_motion: 0 or 1 expected, %d given", (int)vary_motion);
    return NWC_OK;
}

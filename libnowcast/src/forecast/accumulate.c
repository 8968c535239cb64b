/*
 * Between two frames, along their motion: rain accumulated, and the greatest value. At times in between the earlier frame is
 * carried forward and the later one back, and both are weighted by how near they are (Anagnostou and Krajewski 1999). A few
 * times at once, so that memory stays within some copies of a frame.
 */
#include "grid/internal.h"

#include <nowcast/forecast.h>

#include <stdio.h>

enum { MOST_STEPS = 64, BATCH = 4 };

#define MOST_DT_S 21600.0
#define MOST_WINDOW_S 86400.0
#define MOST_GAP_S 1800.0 /* what moves is not followed over more */

struct job {
    const nwc_field *forward, *back; /* (lead, y, x) */
    nwc_field *amount;
    bool greatest;       /* the greatest value, in place of the amount */
    double share[BATCH]; /* of the later frame */
    double hours;        /* a step lasts */
    int32_t n, steps;
    int32_t *known; /* (y, x): steps */
    bool last;
};

static nwc_status add_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->amount->dim[1];
    float *const amount = job->amount->data + j * job->amount->stride[0];
    for (int64_t i = 0; i < nx; i++) {
        float *const out = amount + i * job->amount->stride[1];
        double sum = 0.0, most = (double)*out;
        int32_t known = 0;
        for (int32_t k = 0; k < job->n; k++) { /* the later frame's lead times run the other way */
            const double early = (double)job->forward->data[(k * job->amount->dim[0] + j) * nx + i];
            const double late = (double)job->back->data[((job->n - 1 - k) * job->amount->dim[0] + j) * nx + i];
            const double both = (1.0 - job->share[k]) * early + job->share[k] * late;
            const double rate = isnan(early) ? late : isnan(late) ? early : both;
            if (isnan(rate)) continue;
            sum += rate * job->hours;
            most = fmax(most, rate);
            known++;
        }
        if (job->greatest) {
            *out = (float)most;
            continue;
        }
        const int32_t so_far = job->known[j * nx + i] += known;
        *out += (float)sum;
        if (job->last) *out = 2 * so_far >= job->steps ? *out * (float)job->steps / (float)so_far : NAN;
    }
    return NWC_OK;
}

/* As many steps as the fastest motion crosses cells. */
static nwc_status count_steps(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, double dt_s, int32_t *steps)
{
    nwc__metric metric;
    NWC__TRY(nwc__metric_create(ctx, u->grid, &metric));
    double most = 0.0;
    for (int64_t j = 0; j < u->dim[0]; j++)
        for (int64_t i = 0; i < u->dim[1]; i++) {
            const double along_x = fabs((double)u->data[j * u->stride[0] + i * u->stride[1]]) / metric.mean_dx_m;
            const double along_y = fabs((double)v->data[j * v->stride[0] + i * v->stride[1]]) / metric.mean_dy_m;
            if (isfinite(along_x + along_y)) most = fmax(most, fmax(along_x, along_y));
        }
    nwc__metric_destroy(ctx, &metric);
    *steps = (int32_t)fmin(fmax(ceil(most * dt_s), 1.0), MOST_STEPS);
    return NWC_OK;
}

static nwc_status negate(nwc_ctx *ctx, const nwc_field *field, nwc_field *negative)
{
    NWC__TRY(nwc_field_create(ctx, field->grid, 0, field->units, negative));
    for (int64_t j = 0; j < field->dim[0]; j++)
        for (int64_t i = 0; i < field->dim[1]; i++)
            negative->data[j * negative->stride[0] + i] = -field->data[j * field->stride[0] + i * field->stride[1]];
    return NWC_OK;
}

static nwc_status check(nwc_ctx *ctx, const nwc_field *earlier, const nwc_field *later, const nwc_field *u,
                        const nwc_field *v, double dt_s, const nwc_field *amount)
{
    const struct {
        const nwc_field *field;
        const char *name;
    } all[] = {{earlier, "earlier"}, {later, "later"}, {u, "u"}, {v, "v"}, {amount, "amount"}};
    for (int k = 0; k < 5; k++) {
        NWC__TRY(nwc__check_field(all[k].field, all[k].name, 2));
        NWC__TRY(nwc__check_same_shape(all[k].field, all[k].name, earlier, "earlier"));
        if (k < 4) NWC__TRY(nwc__check_on_grid(ctx, all[k].field, all[k].name));
        if (k < 2 && (!all[k].field->units || strcmp(all[k].field->units, "mm h-1") != 0))
            return nwc__fail(NWC_ERR_ARG, "%s: units of mm h-1 expected, %s given", all[k].name,
                             all[k].field->units ? all[k].field->units : "none");
    }
    if (!(dt_s > 0.0 && dt_s <= MOST_DT_S))
        return nwc__fail(NWC_ERR_ARG, "dt_s: above 0 to %g expected, %g given", MOST_DT_S, dt_s);
    return NWC_OK;
}

/* Steps from first on. */
static nwc_status add_batch(nwc_ctx *ctx, const nwc_field *frames[2], const nwc_field *u[2], const nwc_field *v[2],
                            double dt_s, int32_t first, const nwc_extrapolate_options *o, struct job *job)
{
    nwc_status status;
    nwc_field carried[2] = {{0}, {0}};
    for (int way = 0; way < 2; way++) {
        double leads_s[BATCH];
        for (int32_t k = 0; k < job->n; k++) {
            const int32_t step = way == 0 ? first + k : job->steps - first - job->n + k;
            leads_s[k] = ((double)step + 0.5) * dt_s / job->steps;
            if (way == 0) job->share[k] = leads_s[k] / dt_s;
        }
        status = nwc_field_create(ctx, frames[way]->grid, job->n, frames[way]->units, &carried[way]);
        if (status != NWC_OK) goto done;
        status = nwc_forecast_extrapolate(ctx, frames[way], 1, u[way], v[way], leads_s, job->n, o, &carried[way]);
        if (status != NWC_OK) goto done;
    }
    job->forward = &carried[0], job->back = &carried[1];
    status = nwc__for_each_tile(ctx, "accumulate", frames[0]->dim[0], add_row, job);
done:
    nwc_field_release(ctx, &carried[1]);
    nwc_field_release(ctx, &carried[0]);
    return status;
}

/* All steps, into an amount that has begun. */
static nwc_status carry(nwc_ctx *ctx, const nwc_field *earlier, const nwc_field *later, const nwc_field *u,
                        const nwc_field *v, double dt_s, const nwc_extrapolate_options *o, struct job *job)
{
    nwc_status status = NWC_OK;
    nwc_field back_u = {0}, back_v = {0};
    const int64_t ny = job->amount->dim[0], nx = job->amount->dim[1];
    NWC__TRY(count_steps(ctx, u, v, dt_s, &job->steps));
    job->hours = dt_s / 3600.0 / job->steps;
    NWC__ALLOC(ctx, job->known, ny * nx);
    memset(job->known, 0, (size_t)(ny * nx) * sizeof *job->known);
    if ((status = negate(ctx, u, &back_u)) != NWC_OK) goto done;
    if ((status = negate(ctx, v, &back_v)) != NWC_OK) goto done;
    const nwc_field *frames[2] = {earlier, later}, *us[2] = {u, &back_u}, *vs[2] = {v, &back_v};
    for (int32_t first = 0; first < job->steps && status == NWC_OK; first += job->n) {
        job->n = job->steps - first < BATCH ? job->steps - first : BATCH;
        job->last = first + job->n == job->steps;
        status = add_batch(ctx, frames, us, vs, dt_s, first, o, job);
    }
done:
    nwc_field_release(ctx, &back_v);
    nwc_field_release(ctx, &back_u);
    nwc__free(ctx, job->known);
    return status;
}

static void fill(nwc_field *field, float value)
{
    for (int64_t j = 0; j < field->dim[0]; j++)
        for (int64_t i = 0; i < field->dim[1]; i++) field->data[j * field->stride[0] + i * field->stride[1]] = value;
}

nwc_status nwc_forecast_accumulate(nwc_ctx *ctx, const nwc_field *earlier, const nwc_field *later, const nwc_field *u,
                                   const nwc_field *v, double dt_s, const nwc_extrapolate_options *options,
                                   nwc_field *amount)
{
    ctx = nwc__ctx(ctx);
    nwc_extrapolate_options o;
    nwc_extrapolate_options_init(&o);
    NWC__TRY(nwc__take_options(&o, sizeof o, options, "nwc_extrapolate_options"));
    NWC__TRY(check(ctx, earlier, later, u, v, dt_s, amount));
    o.delay = NULL;
    struct job job = {.amount = amount};
    fill(amount, 0.0F);
    return carry(ctx, earlier, later, u, v, dt_s, &o, &job);
}

/* ---- the greatest value ---- */

static nwc_status check_frames(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n,
                               const nwc_field *u, const nwc_field *v, double window_s, const nwc_field *greatest)
{
    if (!frames || !times_ns || n < 1)
        return nwc__fail(NWC_ERR_ARG, "frames, times_ns: one frame or more with its time expected, %d given", (int)n);
    if (!(window_s >= 0.0 && window_s <= MOST_WINDOW_S))
        return nwc__fail(NWC_ERR_ARG, "window_s: 0 to %g expected, %g given", MOST_WINDOW_S, window_s);
    if (!u != !v) return nwc__fail(NWC_ERR_ARG, "u, v: both or neither expected");
    for (int32_t k = 0; k < n; k++) {
        char name[32];
        snprintf(name, sizeof name, "frames[%d]", (int)k);
        NWC__TRY(nwc__check_field(&frames[k], name, 2));
        NWC__TRY(nwc__check_same_shape(&frames[k], name, frames, "frames[0]"));
        if (u) NWC__TRY(nwc__check_on_grid(ctx, &frames[k], name));
        if (k > 0 && times_ns[k] <= times_ns[k - 1])
            return nwc__fail(NWC_ERR_ARG, "times_ns: increasing times expected, number %d is none", (int)k);
    }
    const nwc_field *const flat[] = {greatest, u, v};
    static const char *const names[] = {"greatest", "u", "v"};
    for (int k = 0; k < (u ? 3 : 1); k++) {
        NWC__TRY(nwc__check_field(flat[k], names[k], 2));
        NWC__TRY(nwc__check_same_shape(flat[k], names[k], frames, "frames[0]"));
        if (k > 0) NWC__TRY(nwc__check_on_grid(ctx, flat[k], names[k]));
    }
    return NWC_OK;
}

static void take_greatest(const nwc_field *frame, nwc_field *greatest)
{
    for (int64_t j = 0; j < frame->dim[0]; j++)
        for (int64_t i = 0; i < frame->dim[1]; i++) {
            float *const out = &greatest->data[j * greatest->stride[0] + i * greatest->stride[1]];
            *out = fmaxf(*out, frame->data[j * frame->stride[0] + i * frame->stride[1]]);
        }
}

nwc_status nwc_forecast_swath(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, double window_s,
                              const nwc_extrapolate_options *options, nwc_field *greatest)
{
    ctx = nwc__ctx(ctx);
    nwc_extrapolate_options o;
    nwc_extrapolate_options_init(&o);
    NWC__TRY(nwc__take_options(&o, sizeof o, options, "nwc_extrapolate_options"));
    NWC__TRY(check_frames(ctx, frames, times_ns, n_frames, u, v, window_s, greatest));
    o.delay = NULL;
    const int64_t begin_ns = times_ns[n_frames - 1] - (int64_t)(1e9 * window_s);
    fill(greatest, NAN);
    for (int32_t k = n_frames - 1; k >= 0 && times_ns[k] >= begin_ns; k--) {
        take_greatest(&frames[k], greatest);
        if (!u || k == 0 || times_ns[k - 1] < begin_ns) continue;
        const double dt_s = 1e-9 * (double)(times_ns[k] - times_ns[k - 1]);
        struct job job = {.amount = greatest, .greatest = true};
        if (dt_s <= MOST_GAP_S) NWC__TRY(carry(ctx, &frames[k - 1], &frames[k], u, v, dt_s, &o, &job));
    }
    return NWC_OK;
}

/*
 * Rain between two frames, accumulated along its motion: at times in between the earlier frame is carried forward and the
 * later one back, and both are weighted by how near they are (Anagnostou and Krajewski 1999). A few times at once, so that
 * memory stays within some copies of a frame.
 */
#include "grid/internal.h"

#include <nowcast/forecast.h>

enum { MOST_STEPS = 64, BATCH = 4 };

#define MOST_DT_S 21600.0

struct job {
    const nwc_field *forward, *back; /* (lead, y, x) */
    nwc_field *amount;
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
        double sum = 0.0;
        int32_t known = 0;
        for (int32_t k = 0; k < job->n; k++) { /* the later frame's lead times run the other way */
            const double early = (double)job->forward->data[(k * job->amount->dim[0] + j) * nx + i];
            const double late = (double)job->back->data[((job->n - 1 - k) * job->amount->dim[0] + j) * nx + i];
            const double both = (1.0 - job->share[k]) * early + job->share[k] * late;
            const double rate = isnan(early) ? late : isnan(late) ? early : both;
            if (isnan(rate)) continue;
            sum += rate * job->hours;
            known++;
        }
        const int32_t so_far = job->known[j * nx + i] += known;
        float *const out = amount + i * job->amount->stride[1];
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
        status = nwc_field_create(ctx, frames[way]->grid, job->n, "mm h-1", &carried[way]);
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

nwc_status nwc_forecast_accumulate(nwc_ctx *ctx, const nwc_field *earlier, const nwc_field *later, const nwc_field *u,
                                   const nwc_field *v, double dt_s, const nwc_extrapolate_options *options,
                                   nwc_field *amount)
{
    ctx = nwc__ctx(ctx);
    nwc_status status = NWC_OK;
    nwc_extrapolate_options o;
    nwc_field back_u = {0}, back_v = {0};
    nwc_extrapolate_options_init(&o);
    NWC__TRY(nwc__take_options(&o, sizeof o, options, "nwc_extrapolate_options"));
    NWC__TRY(check(ctx, earlier, later, u, v, dt_s, amount));
    o.delay = NULL;
    const int64_t ny = amount->dim[0], nx = amount->dim[1];
    struct job job = {.amount = amount};
    NWC__TRY(count_steps(ctx, u, v, dt_s, &job.steps));
    job.hours = dt_s / 3600.0 / job.steps;
    NWC__ALLOC(ctx, job.known, ny * nx);
    memset(job.known, 0, (size_t)(ny * nx) * sizeof *job.known);
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) amount->data[j * amount->stride[0] + i * amount->stride[1]] = 0.0F;
    if ((status = negate(ctx, u, &back_u)) != NWC_OK) goto done;
    if ((status = negate(ctx, v, &back_v)) != NWC_OK) goto done;
    const nwc_field *frames[2] = {earlier, later}, *us[2] = {u, &back_u}, *vs[2] = {v, &back_v};
    for (int32_t first = 0; first < job.steps && status == NWC_OK; first += job.n) {
        job.n = job.steps - first < BATCH ? job.steps - first : BATCH;
        job.last = first + job.n == job.steps;
        status = add_batch(ctx, frames, us, vs, dt_s, first, &o, &job);
    }
done:
    nwc_field_release(ctx, &back_v);
    nwc_field_release(ctx, &back_u);
    nwc__free(ctx, job.known);
    return status;
}

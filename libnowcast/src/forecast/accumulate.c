/*
 * Between frames, along their motion: rain accumulated, and the greatest value. At times in between the earlier frame is
 * carried forward and the later one back, and both are weighted by how near they are (Anagnostou and Krajewski 1999). A few
 * times at once, so that memory stays within some copies of a frame.
 */
#include "grid/internal.h"

#include <nowcast/forecast_ensemble.h>

#include <stdio.h>

enum { MOST_STEPS = 64, BATCH = 4 };

#define MOST_DT_S 21600.0
#define MOST_WINDOW_S 86400.0
#define MOST_GAP_S 1800.0 /* what moves is not followed over more */

struct job {
    const nwc_field *forward, *back; /* (lead, y, x), or (y, x) where nothing moves */
    const nwc_field *frame[2];       /* (y, x), as they are */
    nwc_field *amount;
    bool greatest;         /* the greatest value, in place of the amount */
    double share[BATCH];   /* of the later frame */
    double from_s, step_s; /* since the earlier frame; a step lasts */
    int32_t n, steps;
    double *known; /* (y, x): seconds */
    double due_s;  /* what these add up to where all is known */
};

/* Two frames and the motion between them, forwards and back; u[0] is NULL for none. */
struct pair {
    const nwc_field *frame[2], *u[2], *v[2];
    double dt_s;
};

/* Number k of the fields carried, at row j. */
static const float *row_of(const nwc_field *field, int64_t k, int64_t j)
{
    return field->data + (field->ndim == 3 ? k * field->stride[0] : 0) + j * field->stride[field->ndim - 2];
}

/* What is known of both, the later one by its share. */
static double between(double early, double late, double share)
{
    return isnan(early) ? late : isnan(late) ? early : (1.0 - share) * early + share * late;
}

/* Where motion brings what nobody knows, forwards and back, as at a corner of the grid: the frames where they are. */
static double unmoved(const struct job *job, int64_t j, int64_t i, double share)
{
    const nwc_field *const early = job->frame[0], *const late = job->frame[1];
    return between((double)row_of(early, 0, j)[i * early->stride[1]], (double)row_of(late, 0, j)[i * late->stride[1]],
                   share);
}

static nwc_status add_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->amount->dim[1];
    const int64_t step[2] = {job->forward->stride[job->forward->ndim - 1], job->back->stride[job->back->ndim - 1]};
    float *const amount = job->amount->data + j * job->amount->stride[0];
    for (int64_t i = 0; i < nx; i++) {
        float *const out = amount + i * job->amount->stride[1];
        double sum = 0.0, most = (double)*out, known_s = 0.0;
        for (int32_t k = 0; k < job->n; k++) { /* the later frame's lead times run the other way */
            const double rate = between((double)row_of(job->forward, k, j)[i * step[0]],
                                        (double)row_of(job->back, job->n - 1 - k, j)[i * step[1]], job->share[k]);
            const double here = isnan(rate) ? unmoved(job, j, i, job->share[k]) : rate;
            if (isnan(here)) continue;
            sum += here * (job->step_s / 3600.0);
            most = fmax(most, here);
            known_s += job->step_s;
        }
        if (job->greatest) {
            *out = (float)most;
            continue;
        }
        job->known[j * nx + i] += known_s;
        *out += (float)sum;
    }
    return NWC_OK;
}

/* The amount of all the time due, where half of it is known. */
static nwc_status complete_row(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->amount->dim[1]; i++) {
        float *const out = job->amount->data + j * job->amount->stride[0] + i * job->amount->stride[1];
        const double known_s = job->known[j * job->amount->dim[1] + i];
        *out = 2.0 * known_s >= job->due_s ? *out * (float)(job->due_s / known_s) : NAN;
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

/* looked_at: a field of the same shape whose grid has been looked at, which takes its time; NULL for none. */
static nwc_status check_grid(nwc_ctx *ctx, const nwc_field *field, const char *name, const nwc_field *looked_at)
{
    if (looked_at && field->grid && nwc__same_grid(field->grid, looked_at->grid)) return NWC_OK;
    return nwc__check_on_grid(ctx, field, name);
}

static nwc_status check(nwc_ctx *ctx, const nwc_field *earlier, const nwc_field *later, const nwc_field *u,
                        const nwc_field *v, double dt_s, const nwc_field *looked_at, const nwc_field *amount)
{
    const struct {
        const nwc_field *field;
        const char *name;
    } all[] = {{earlier, "earlier"}, {later, "later"}, {u, "u"}, {v, "v"}, {amount, "amount"}};
    for (int k = 0; k < 5; k++) {
        NWC__TRY(nwc__check_field(all[k].field, all[k].name, 2));
        NWC__TRY(nwc__check_same_shape(all[k].field, all[k].name, earlier, "earlier"));
        if (k < 4) NWC__TRY(check_grid(ctx, all[k].field, all[k].name, k == 0 ? looked_at : earlier));
        if (k < 2 && (!all[k].field->units || strcmp(all[k].field->units, "mm h-1") != 0))
            return nwc__fail(NWC_ERR_ARG, "%s: units of mm h-1 expected, %s given", all[k].name,
                             all[k].field->units ? all[k].field->units : "none");
    }
    if (!(dt_s > 0.0 && dt_s <= MOST_DT_S))
        return nwc__fail(NWC_ERR_ARG, "dt_s: above 0 to %g expected, %g given", MOST_DT_S, dt_s);
    return NWC_OK;
}

/* Both frames where they are at leads_s of the earlier and of the later one, the latter's running the other way. */
static nwc_status bring(nwc_ctx *ctx, const struct pair *p, const double leads_s[2][BATCH], int32_t n,
                        const nwc_extrapolate_options *o, nwc_field carried[2])
{
    const nwc_field *const like = p->frame[0];
    for (int way = 0; way < 2; way++) {
        NWC__TRY(nwc_field_create(ctx, like->grid, n, like->units, &carried[way]));
        NWC__TRY(
            nwc_forecast_extrapolate(ctx, p->frame[way], 1, p->u[way], p->v[way], leads_s[way], n, o, &carried[way]));
    }
    return NWC_OK;
}

/* Steps from first on. */
static nwc_status add_batch(nwc_ctx *ctx, const struct pair *p, int32_t first, const nwc_extrapolate_options *o,
                            struct job *job)
{
    nwc_field carried[2] = {{0}, {0}};
    double leads_s[2][BATCH];
    for (int32_t k = 0; k < job->n; k++) {
        leads_s[0][k] = job->from_s + ((double)(first + k) + 0.5) * job->step_s;
        leads_s[1][k] = p->dt_s - (job->from_s + ((double)(first + job->n - 1 - k) + 0.5) * job->step_s);
        job->share[k] = leads_s[0][k] / p->dt_s;
    }
    nwc_status status = NWC_OK;
    job->forward = job->frame[0] = p->frame[0], job->back = job->frame[1] = p->frame[1];
    if (p->u[0]) {
        status = bring(ctx, p, (const double(*)[BATCH])leads_s, job->n, o, carried);
        job->forward = &carried[0], job->back = &carried[1];
    }
    if (status == NWC_OK) status = nwc__for_each_tile(ctx, "accumulate", p->frame[0]->dim[0], add_row, job);
    nwc_field_release(ctx, &carried[1]);
    nwc_field_release(ctx, &carried[0]);
    return status;
}

/* All steps from from_s to to_s after the earlier frame. */
static nwc_status carry(nwc_ctx *ctx, const struct pair *p, double from_s, double to_s,
                        const nwc_extrapolate_options *o, struct job *job)
{
    job->steps = 1;
    if (p->u[0]) NWC__TRY(count_steps(ctx, p->u[0], p->v[0], to_s - from_s, &job->steps));
    job->from_s = from_s;
    job->step_s = (to_s - from_s) / job->steps;
    for (int32_t first = 0; first < job->steps; first += job->n) {
        job->n = job->steps - first < BATCH ? job->steps - first : BATCH;
        double batch_s = 0.0; /* summed as a cell's known time is */
        for (int32_t k = 0; k < job->n; k++) batch_s += job->step_s;
        job->due_s += batch_s;
        NWC__TRY(add_batch(ctx, p, first, o, job));
    }
    return NWC_OK;
}

/* Fields of -u and -v; clear where u is NULL. */
static nwc_status turn_back(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v, nwc_field back[2])
{
    back[0] = back[1] = (nwc_field){0};
    if (!u) return NWC_OK;
    NWC__TRY(negate(ctx, u, &back[0]));
    return negate(ctx, v, &back[1]);
}

static void fill(nwc_field *field, float value)
{
    for (int64_t j = 0; j < field->dim[0]; j++)
        for (int64_t i = 0; i < field->dim[1]; i++) field->data[j * field->stride[0] + i * field->stride[1]] = value;
}

/* What fell in a window of frames that have been checked. */
static nwc_status total(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n, const nwc_field *u,
                        const nwc_field *v, int64_t begin_ns, int64_t end_ns, const nwc_extrapolate_options *o,
                        nwc_field *amount)
{
    nwc_status status = NWC_OK;
    nwc_field back[2];
    const int64_t cells = amount->dim[0] * amount->dim[1];
    struct job job = {.amount = amount};
    fill(amount, 0.0F);
    if ((status = turn_back(ctx, u, v, back)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, job.known, cells);
    for (int64_t i = 0; i < cells; i++) job.known[i] = 0.0;
    for (int32_t k = 0; k + 1 < n; k++) {
        const int64_t from_ns = begin_ns > times_ns[k] ? begin_ns : times_ns[k];
        const int64_t to_ns = end_ns < times_ns[k + 1] ? end_ns : times_ns[k + 1];
        if (from_ns >= to_ns) continue;
        const struct pair pair = {.frame = {&frames[k], &frames[k + 1]},
                                  .u = {u, &back[0]},
                                  .v = {v, &back[1]},
                                  .dt_s = 1e-9 * (double)(times_ns[k + 1] - times_ns[k])};
        status =
            carry(ctx, &pair, 1e-9 * (double)(from_ns - times_ns[k]), 1e-9 * (double)(to_ns - times_ns[k]), o, &job);
        if (status != NWC_OK) goto done;
    }
    status = nwc__for_each_tile(ctx, NULL, amount->dim[0], complete_row, &job);
done:
    nwc__free(ctx, job.known);
    nwc_field_release(ctx, &back[1]);
    nwc_field_release(ctx, &back[0]);
    return status;
}

nwc_status nwc_forecast_accumulate(nwc_ctx *ctx, const nwc_field *earlier, const nwc_field *later, const nwc_field *u,
                                   const nwc_field *v, double dt_s, const nwc_extrapolate_options *options,
                                   nwc_field *amount)
{
    ctx = nwc__ctx(ctx);
    nwc_extrapolate_options o;
    nwc_extrapolate_options_init(&o);
    NWC__TRY(nwc__take_options(&o, sizeof o, options, "nwc_extrapolate_options"));
    NWC__TRY(check(ctx, earlier, later, u, v, dt_s, NULL, amount));
    o.delay = NULL, o.later = NULL;
    const nwc_field frames[] = {*earlier, *later};
    const int64_t times_ns[] = {0, (int64_t)llround(1e9 * dt_s)};
    return total(ctx, frames, times_ns, 2, u, v, times_ns[0], times_ns[1], &o, amount);
}

static nwc_status check_total(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n,
                              const nwc_field *u, const nwc_field *v, int64_t begin_ns, int64_t end_ns,
                              const nwc_field *amount)
{
    if (!frames || !times_ns || n < 2)
        return nwc__fail(NWC_ERR_ARG, "frames, times_ns: two frames or more with their times expected, %d given",
                         frames && times_ns ? (int)n : 0);
    if (!u != !v) return nwc__fail(NWC_ERR_ARG, "u, v: both or neither expected");
    for (int32_t k = 0; k + 1 < n; k++) {
        const double dt_s = 1e-9 * (double)(times_ns[k + 1] - times_ns[k]);
        if (!(dt_s > 0.0 && dt_s <= MOST_DT_S))
            return nwc__fail(NWC_ERR_ARG, "times_ns: at most %g s from frame %d to the next expected, %g given",
                             MOST_DT_S, (int)k, dt_s);
        const nwc_status status = check(ctx, &frames[k], &frames[k + 1], u ? u : &frames[k], v ? v : &frames[k], dt_s,
                                        k > 0 ? &frames[0] : NULL, amount);
        if (status == NWC_OK) continue;
        char name[32];
        snprintf(name, sizeof name, "frames[%d]", (int)k);
        return nwc__fail_within(status, name);
    }
    if (begin_ns < times_ns[0] || end_ns > times_ns[n - 1] || begin_ns >= end_ns)
        return nwc__fail(NWC_ERR_ARG,
                         "begin_ns, end_ns: a window within the %g s of the frames expected, %g to %g s given",
                         1e-9 * (double)(times_ns[n - 1] - times_ns[0]), 1e-9 * (double)(begin_ns - times_ns[0]),
                         1e-9 * (double)(end_ns - times_ns[0]));
    return NWC_OK;
}

nwc_status nwc_forecast_total(nwc_ctx *ctx, const nwc_field *frames, const int64_t *times_ns, int32_t n_frames,
                              const nwc_field *u, const nwc_field *v, int64_t begin_ns, int64_t end_ns,
                              const nwc_extrapolate_options *options, nwc_field *amount)
{
    ctx = nwc__ctx(ctx);
    nwc_extrapolate_options o;
    nwc_extrapolate_options_init(&o);
    NWC__TRY(nwc__take_options(&o, sizeof o, options, "nwc_extrapolate_options"));
    NWC__TRY(check_total(ctx, frames, times_ns, n_frames, u, v, begin_ns, end_ns, amount));
    o.delay = NULL, o.later = NULL;
    return total(ctx, frames, times_ns, n_frames, u, v, begin_ns, end_ns, &o, amount);
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
    o.delay = NULL, o.later = NULL;
    const int64_t begin_ns = times_ns[n_frames - 1] - (int64_t)(1e9 * window_s);
    nwc_field back[2];
    nwc_status status = turn_back(ctx, u, v, back);
    fill(greatest, NAN);
    for (int32_t k = n_frames - 1; k >= 0 && times_ns[k] >= begin_ns && status == NWC_OK; k--) {
        take_greatest(&frames[k], greatest);
        if (!u || k == 0 || times_ns[k - 1] < begin_ns) continue;
        const struct pair pair = {.frame = {&frames[k - 1], &frames[k]},
                                  .u = {u, &back[0]},
                                  .v = {v, &back[1]},
                                  .dt_s = 1e-9 * (double)(times_ns[k] - times_ns[k - 1])};
        struct job job = {.amount = greatest, .greatest = true};
        if (pair.dt_s <= MOST_GAP_S) status = carry(ctx, &pair, 0.0, pair.dt_s, &o, &job);
    }
    nwc_field_release(ctx, &back[1]);
    nwc_field_release(ctx, &back[0]);
    return status;
}

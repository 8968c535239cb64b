/* When a threshold is first reached in every cell, and when what has begun ends: one walk through the frames of a row. */
#include "grid/internal.h"

#include <nowcast/forecast_ensemble.h>

#include <stdio.h>

#define MOST_GAP_S 86400.0

struct job {
    const nwc_field *frames;
    const double *seconds;
    int32_t n;
    float threshold;
    double gap_s;
    nwc_field *onset, *end;
};

struct spell {
    double onset, end;
};

/* When the line from (t0, x0) to (t1, x1), on either side of the threshold, meets it. */
static double crossing(double t0, double x0, double t1, double x1, double threshold)
{
    const double share = isfinite(x0) && isfinite(x1) ? (threshold - x0) / (x1 - x0) : 1.0;
    return t0 + share * (t1 - t0);
}

static float value_at(const struct job *job, int32_t k, int64_t j, int64_t i)
{
    const nwc_field *const f = &job->frames[k];
    return f->data[j * f->stride[0] + i * f->stride[1]];
}

static struct spell walk(const struct job *job, int64_t j, int64_t i)
{
    struct spell s = {NAN, NAN};
    bool unknown = false, begun = false, wet = false;
    double before = NAN, before_s = NAN, dry_s = NAN; /* since when it is dry again */
    for (int32_t k = 0; k < job->n; k++) {
        const float x = value_at(job, k, j, i);
        if (isnan(x)) {
            unknown = true;
            continue;
        }
        const bool reached = x >= job->threshold;
        const double at = job->seconds[k];
        const double meets = isnan(before) ? at : crossing(before_s, before, at, (double)x, (double)job->threshold);
        if (reached && !wet) {
            if (begun && meets - dry_s > job->gap_s) break; /* the next spell */
            if (!begun) s.onset = meets;
            begun = true;
        }
        if (!reached && wet) dry_s = meets;
        if (!reached && begun && at - dry_s > job->gap_s) {
            wet = false;
            break;
        }
        wet = reached;
        before = (double)x, before_s = at;
    }
    if (!begun) s.onset = unknown ? (double)NAN : (double)INFINITY;
    if (begun && !isnan(dry_s) && !wet) s.end = dry_s;
    if (begun && wet) s.end = isnan(value_at(job, job->n - 1, j, i)) ? (double)NAN : (double)INFINITY;
    return s;
}

static nwc_status walk_row(int64_t j, void *user)
{
    const struct job *const job = user;
    for (int64_t i = 0; i < job->onset->dim[1]; i++) {
        const struct spell s = walk(job, j, i);
        job->onset->data[j * job->onset->stride[0] + i * job->onset->stride[1]] = (float)s.onset;
        job->end->data[j * job->end->stride[0] + i * job->end->stride[1]] = (float)s.end;
    }
    return NWC_OK;
}

nwc_status nwc_forecast_onset(nwc_ctx *ctx, const nwc_field *frames, const double *seconds, int32_t n_frames,
                              double threshold, double gap_s, nwc_field *onset, nwc_field *end)
{
    ctx = nwc__ctx(ctx);
    if (!frames || !seconds || n_frames < 1)
        return nwc__fail(NWC_ERR_ARG, "frames, seconds: one frame or more with its time expected, %d given",
                         frames && seconds ? (int)n_frames : 0);
    for (int32_t k = 0; k < n_frames; k++) {
        char name[32];
        snprintf(name, sizeof name, "frames[%d]", (int)k);
        NWC__TRY(nwc__check_field(&frames[k], name, 2));
        NWC__TRY(nwc__check_same_shape(&frames[k], name, frames, "frames[0]"));
        if (!isfinite(seconds[k]) || (k > 0 && seconds[k] <= seconds[k - 1]))
            return nwc__fail(NWC_ERR_ARG, "seconds[%d]: finite, increasing times expected, %g given", (int)k,
                             seconds[k]);
    }
    if (!isfinite(threshold)) return nwc__fail(NWC_ERR_ARG, "threshold: a finite number expected, %g given", threshold);
    if (!(gap_s >= 0.0 && gap_s <= MOST_GAP_S))
        return nwc__fail(NWC_ERR_ARG, "gap_s: 0 to %g expected, %g given", MOST_GAP_S, gap_s);
    const nwc_field *const out[] = {onset, end};
    static const char *const names[] = {"onset", "end"};
    for (int k = 0; k < 2; k++) {
        NWC__TRY(nwc__check_field(out[k], names[k], 2));
        NWC__TRY(nwc__check_same_shape(out[k], names[k], frames, "frames[0]"));
    }
    struct job job = {frames, seconds, n_frames, (float)threshold, gap_s, onset, end};
    return nwc__for_each_tile(ctx, "onset", frames->dim[0], walk_row, &job);
}

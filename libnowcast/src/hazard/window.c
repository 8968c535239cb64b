/*
 * Rain in windows that end at each frame. Between two frames the rate goes over from one to the other in a straight line, as for
 * nwc_forecast_total without motion: the earlier sums of a window begin within such a pair, and all later ones are differences.
 */
#include "hazard/window.h"

#define MOST_GAP_NS INT64_C(21600000000000) /* between frames, of nwc_forecast_total */

const float *nwc__member_row(const nwc_field *field, int64_t member, int64_t j)
{
    const int64_t m = field->ndim == 3 && field->dim[0] > 1 ? member : 0;
    return field->data + (field->ndim == 3 ? m * field->stride[0] : 0) + j * field->stride[field->ndim - 2];
}

nwc_status nwc__window_row_create(nwc_ctx *ctx, const struct nwc__window *window, struct nwc__window_row *row)
{
    nwc_status status = NWC_OK;
    *row = (struct nwc__window_row){.window = window};
    NWC__ALLOC(ctx, row->amount, (int64_t)window->n * NWC__WINDOW_CELLS);
    NWC__ALLOC(ctx, row->known, (int64_t)window->n * NWC__WINDOW_CELLS);
    NWC__ALLOC(ctx, row->total, NWC__WINDOW_CELLS);
done:
    if (status != NWC_OK) nwc__window_row_release(ctx, row);
    return status;
}

void nwc__window_row_release(nwc_ctx *ctx, struct nwc__window_row *row)
{
    nwc__free(ctx, row->total);
    nwc__free(ctx, row->known);
    nwc__free(ctx, row->amount);
    *row = (struct nwc__window_row){0};
}

/* amount and known from those before on, by what fell between two frames from from_ns on. */
static void add(const struct nwc__window_row *row, int32_t earlier, int64_t from_ns, const double *before,
                const double *known_before, double *amount, double *known)
{
    const nwc_hazard_frame *const a = row->window->series[earlier], *const b = row->window->series[earlier + 1];
    const int64_t step_a = a->field->stride[a->field->ndim - 1], step_b = b->field->stride[b->field->ndim - 1];
    const float *const from_a = nwc__member_row(a->field, row->member, row->j) + row->i * step_a;
    const float *const from_b = nwc__member_row(b->field, row->member, row->j) + row->i * step_b;
    const double seconds = 1e-9 * (double)(b->time_ns - from_ns), hours = seconds / 3600.0;
    const double later = 0.5 + 0.5 * (double)(from_ns - a->time_ns) / (double)(b->time_ns - a->time_ns); /* its share */
    for (int32_t c = 0; c < row->n; c++) {
        const double early = (double)from_a[c * step_a], late = (double)from_b[c * step_b];
        const bool no_early = !isfinite(early), no_late = !isfinite(late); /* infinity would never leave the sums */
        const double rate = no_early ? late : no_late ? early : (1.0 - later) * early + later * late;
        const bool none = no_early && no_late;
        amount[c] = before[c] + (none ? 0.0 : rate * hours);
        known[c] = known_before[c] + (none ? 0.0 : seconds);
    }
}

/* Whether all of the cells of a frame are 0. */
static bool is_dry(const struct nwc__window_row *row, int32_t frame)
{
    const nwc_field *const field = row->window->series[frame]->field;
    const int64_t step = field->stride[field->ndim - 1];
    const float *const from = nwc__member_row(field, row->member, row->j) + row->i * step;
    int wet = 0;
    for (int32_t c = 0; c < row->n; c++) wet |= !(from[c * step] == 0.0F);
    return !wet;
}

static int64_t time_of(const struct nwc__window_row *row, int32_t frame)
{
    return row->window->series[frame]->time_ns;
}

bool nwc__window_begin(struct nwc__window_row *row, int64_t member, int64_t j, int64_t i, int32_t n)
{
    row->member = member, row->j = j, row->i = i, row->n = n;
    bool dry = is_dry(row, 0), all_dry = dry;
    memset(row->amount, 0, NWC__WINDOW_CELLS * sizeof *row->amount);
    memset(row->known, 0, NWC__WINDOW_CELLS * sizeof *row->known);
    for (int32_t f = 0; f + 1 < row->window->n; f++) {
        double *const amount = row->amount + (int64_t)f * NWC__WINDOW_CELLS, *const next = amount + NWC__WINDOW_CELLS;
        double *const known = row->known + (int64_t)f * NWC__WINDOW_CELLS;
        const bool next_dry = is_dry(row, f + 1);
        if (dry && next_dry) {
            const double seconds = 1e-9 * (double)(time_of(row, f + 1) - time_of(row, f));
            memcpy(next, amount, NWC__WINDOW_CELLS * sizeof *next);
            for (int32_t c = 0; c < n; c++) known[NWC__WINDOW_CELLS + c] = known[c] + seconds;
        } else {
            add(row, f, time_of(row, f), amount, known, next, known + NWC__WINDOW_CELLS);
        }
        dry = next_dry, all_dry = all_dry && dry;
    }
    return !all_dry;
}

bool nwc__window_end(struct nwc__window_row *row, int64_t end_ns)
{
    static const double nothing[NWC__WINDOW_CELLS];
    double first_amount[NWC__WINDOW_CELLS], first_known[NWC__WINDOW_CELLS];
    const int64_t wanted = end_ns - row->window->window_ns;
    int32_t begin = 0, end = 0; /* end: one beyond the last frame */
    while (end < row->window->n && time_of(row, end) <= end_ns) end++;
    while (begin + 2 < end && time_of(row, begin + 1) <= wanted) begin++;
    for (int32_t f = begin + 1; f < end; f++)
        if (time_of(row, f) - time_of(row, f - 1) > MOST_GAP_NS) begin = f;
    if (end - begin < 2) return false;
    const int64_t begin_ns = wanted > time_of(row, begin) ? wanted : time_of(row, begin);
    add(row, begin, begin_ns, nothing, nothing, first_amount, first_known);
    const double due_s = 1e-9 * (double)(end_ns - begin_ns);
    const double *const amount = row->amount + (int64_t)(end - 1) * NWC__WINDOW_CELLS;
    const double *const known = row->known + (int64_t)(end - 1) * NWC__WINDOW_CELLS;
    const double *const amount_0 = row->amount + (int64_t)(begin + 1) * NWC__WINDOW_CELLS;
    const double *const known_0 = row->known + (int64_t)(begin + 1) * NWC__WINDOW_CELLS;
    for (int32_t c = 0; c < row->n; c++) {
        const double known_s = known[c] - known_0[c] + first_known[c];
        const double sum = amount[c] - amount_0[c] + first_amount[c];
        row->total[c] = 2.0 * known_s >= due_s ? (float)(sum * (due_s / known_s)) : NAN;
    }
    return true;
}

/*
 * A rule held against frames. At each of its times a cell has a bit for each member that meets the rule, or a probability that was
 * given; both are joined over the times, so that the probability of a member's meeting it at any time is counted, not the greatest
 * of those of each time. A place meets it in the members in which one of its cells does.
 */
#include "hazard/hazard.h"

#include <nowcast/forecast_ensemble.h>

#define MOST_GAP_NS INT64_C(21600000000000) /* between frames, of nwc_forecast_total */

struct work {
    const struct nwc__given *given;
    const nwc_hazard_rule *rule;
    double threshold, probability;
    int32_t n_members;
    const struct nwc__feet *feet;
    struct nwc__exceed *out;
    uint64_t *bits, *any;   /* (ny, nx) of this time, of all */
    float *told, *told_any; /* the same of probabilities given; 0 for none */
    uint64_t *place_bits;   /* n places, of all times */
    float *total;           /* (ny, nx) */
    const nwc_hazard_frame **series;
    int32_t n_series; /* frames of values, by time */
    uint64_t members; /* a bit for each */
    uint64_t mask;    /* those a total is of */
    int32_t time;
    bool is_latest;
};

static bool is_of(const struct work *work, const nwc_hazard_frame *frame)
{
    if (strcmp(frame->quantity, work->rule->quantity) != 0) return false;
    const double of = frame->probability_of;
    return isnan(of) || (work->rule->window_s == 0.0 && (of == work->threshold || of == work->rule->threshold));
}

static bool at_least(const struct work *work, double value)
{
    return work->rule->below ? value <= work->threshold : value >= work->threshold;
}

static int count_bits(uint64_t bits)
{
    int n = 0;
    for (; bits; bits &= bits - 1) n++;
    return n;
}

static const float *row_of(const nwc_field *field, int64_t member, int64_t j)
{
    const int32_t y = field->ndim - 2;
    return field->data + (y ? member * field->stride[0] : 0) + j * field->stride[y];
}

/* Bits of a row for the members of a field that meet the rule; a field without members is that of all. */
static void set_bits(const struct work *work, const nwc_field *field, int64_t j)
{
    const int64_t nx = work->given->grid->nx, step = field->stride[field->ndim - 1];
    const int64_t n = field->ndim == 3 ? field->dim[0] : 1;
    for (int64_t m = 0; m < n; m++) {
        const float *const row = row_of(field, m, j);
        const uint64_t mask = n == 1 ? work->members : UINT64_C(1) << m;
        for (int64_t i = 0; i < nx; i++) work->bits[j * nx + i] |= at_least(work, (double)row[i * step]) ? mask : 0;
    }
}

static void set_told(const struct work *work, const nwc_field *field, int64_t j)
{
    const int64_t nx = work->given->grid->nx, step = field->stride[field->ndim - 1];
    const float *const row = row_of(field, 0, j);
    for (int64_t i = 0; i < nx; i++)
        if (row[i * step] > work->told[j * nx + i]) work->told[j * nx + i] = fminf(row[i * step], 1.0F);
}

/* Bits of one member by its total. */
static nwc_status set_total(int64_t j, void *user)
{
    const struct work *const work = user;
    const int64_t nx = work->given->grid->nx;
    for (int64_t c = j * nx; c < (j + 1) * nx; c++)
        work->bits[c] |= at_least(work, (double)work->total[c]) ? work->mask : 0;
    return NWC_OK;
}

static float share(const struct work *work, uint64_t bits, float told)
{
    return fmaxf((float)count_bits(bits) / (float)work->n_members, told);
}

/* A row at this time, joined to all; of a window its bits are there already. */
static nwc_status join_row(int64_t j, void *user)
{
    const struct work *const work = user;
    struct nwc__exceed *const out = work->out;
    const int64_t nx = work->given->grid->nx;
    for (int32_t f = 0; f < work->given->n && work->rule->window_s == 0.0; f++) {
        const nwc_hazard_frame *const frame = &work->given->frame[work->given->order[f]];
        if (frame->time_ns != out->time_ns[work->time] || !is_of(work, frame)) continue;
        if (isnan(frame->probability_of))
            set_bits(work, frame->field, j);
        else
            set_told(work, frame->field, j);
    }
    for (int64_t c = j * nx; c < (j + 1) * nx; c++) {
        const bool met = (double)share(work, work->bits[c], work->told[c]) >= work->probability;
        work->any[c] |= work->bits[c];
        work->told_any[c] = fmaxf(work->told_any[c], work->told[c]);
        out->probability[c] = share(work, work->any[c], work->told_any[c]);
        if (met && out->first[c] < 0) out->first[c] = work->time;
        if (met) out->last[c] = work->time;
        if (work->is_latest) out->now[c] = met;
    }
    return NWC_OK;
}

static nwc_status join_place(int64_t p, void *user)
{
    const struct work *const work = user;
    const struct nwc__feet *const feet = work->feet;
    uint64_t bits = 0;
    float told = 0.0F;
    for (int64_t k = feet->first[p]; k < feet->first[p + 1]; k++) {
        bits |= work->bits[feet->cell[k]];
        told = fmaxf(told, work->told[feet->cell[k]]);
    }
    work->place_bits[p] |= bits;
    work->out->place[work->time * feet->n + p] = share(work, bits, told);
    work->out->place_any[p] = fmaxf(share(work, work->place_bits[p], 0.0F), fmaxf(work->out->place_any[p], told));
    return NWC_OK;
}

/* ---- times ---- */

static nwc_status check_units(const struct work *work, const nwc_hazard_frame *frame)
{
    const bool told = !isnan(frame->probability_of);
    const char *const wanted = told ? "1" : work->rule->window_s > 0.0 ? "mm h-1" : work->rule->units;
    const char *const given = frame->field->units ? frame->field->units : "NULL";
    if (strcmp(given, wanted) != 0)
        return nwc__fail(NWC_ERR_ARG, "frame %s: units %s expected, %s given", frame->quantity, wanted, given);
    return NWC_OK;
}

/* The frames of values by time, how many members they have, and the times that count. */
static nwc_status take_series(struct work *work)
{
    const struct nwc__given *const given = work->given;
    const int64_t from = given->now_ns + (int64_t)(work->rule->from_s * NWC__SECOND_NS);
    const int64_t to = given->now_ns + (int64_t)(work->rule->to_s * NWC__SECOND_NS);
    work->n_members = 1;
    for (int32_t f = 0; f < given->n; f++) {
        const nwc_hazard_frame *const frame = &given->frame[given->order[f]];
        if (!is_of(work, frame)) continue;
        NWC__TRY(check_units(work, frame));
        const bool told = !isnan(frame->probability_of);
        const int32_t n = frame->field->ndim == 3 ? (int32_t)frame->field->dim[0] : 1;
        if (told && n != 1)
            return nwc__fail(NWC_ERR_ARG, "frame %s: a probability without members expected, %d given", frame->quantity,
                             (int)n);
        if (n > 1 && work->n_members > 1 && n != work->n_members)
            return nwc__fail(NWC_ERR_ARG, "frame %s: %d members as before expected, %d given", frame->quantity,
                             (int)work->n_members, (int)n);
        work->n_members = n > work->n_members ? n : work->n_members;
        if (!told && work->rule->window_s > 0.0) {
            if (work->n_series && work->series[work->n_series - 1]->time_ns == frame->time_ns)
                return nwc__fail(NWC_ERR_ARG, "frame %s: one of each time expected for a window, two given",
                                 frame->quantity);
            work->series[work->n_series++] = frame;
        }
        int32_t *const n_times = &work->out->n_times;
        if (frame->time_ns < from || frame->time_ns > to || (work->rule->window_s > 0.0 && work->n_series < 2))
            continue;
        if (*n_times == 0 || work->out->time_ns[*n_times - 1] != frame->time_ns)
            work->out->time_ns[(*n_times)++] = frame->time_ns;
    }
    work->members = work->n_members == 64 ? ~UINT64_C(0) : (UINT64_C(1) << work->n_members) - 1;
    return NWC_OK;
}

/* Bits of this time by the rain within the window that ends at it; what is before the first frame counts as none. */
static nwc_status sum_window(nwc_ctx *ctx, struct work *work, int64_t end_ns, nwc_field *fields, int64_t *times_ns)
{
    const int64_t wanted = end_ns - (int64_t)(work->rule->window_s * NWC__SECOND_NS);
    int32_t begin = 0, end = 0;
    while (end < work->n_series && work->series[end]->time_ns <= end_ns) end++;
    while (begin + 2 < end && work->series[begin + 1]->time_ns <= wanted) begin++;
    for (int32_t f = begin + 1; f < end; f++)
        if (work->series[f]->time_ns - work->series[f - 1]->time_ns > MOST_GAP_NS) begin = f;
    if (end - begin < 2) return NWC_OK; /* nothing is known of it */
    const int64_t begin_ns = wanted > work->series[begin]->time_ns ? wanted : work->series[begin]->time_ns;
    const nwc_grid *const grid = work->given->grid;
    nwc_field total = {.data = work->total,
                       .ndim = 2,
                       .dim = {grid->ny, grid->nx},
                       .stride = {grid->nx, 1},
                       .missing = NAN,
                       .units = "mm",
                       .grid = grid};
    bool same = true; /* in all members */
    for (int32_t f = begin; f < end; f++) same = same && work->series[f]->field->ndim == 2;
    for (int32_t m = 0; m < (same ? 1 : work->n_members); m++) {
        for (int32_t f = begin; f < end; f++) {
            const nwc_field *const field = work->series[f]->field;
            fields[f - begin] = field->ndim == 2 ? *field : nwc_field_part(field, field->dim[0] == 1 ? 0 : m);
            times_ns[f - begin] = work->series[f]->time_ns;
        }
        NWC__TRY(nwc_forecast_total(ctx, fields, times_ns, end - begin, NULL, NULL, begin_ns, end_ns, NULL, &total));
        work->mask = same ? work->members : UINT64_C(1) << m;
        NWC__TRY(nwc__for_each_tile(ctx, NULL, grid->ny, set_total, work));
    }
    return NWC_OK;
}

static nwc_status run(nwc_ctx *ctx, struct work *work, nwc_field *fields, int64_t *times_ns)
{
    const int64_t ny = work->given->grid->ny, cells = ny * work->given->grid->nx;
    int32_t latest = -1;
    for (int32_t t = 0; t < work->out->n_times; t++)
        if (work->out->time_ns[t] <= work->given->now_ns) latest = t;
    for (int32_t t = 0; t < work->out->n_times; t++) {
        work->time = t, work->is_latest = t == latest;
        memset(work->bits, 0, (size_t)cells * sizeof *work->bits);
        memset(work->told, 0, (size_t)cells * sizeof *work->told);
        if (work->rule->window_s > 0.0) NWC__TRY(sum_window(ctx, work, work->out->time_ns[t], fields, times_ns));
        NWC__TRY(nwc__for_each_tile(ctx, NULL, ny, join_row, work));
        NWC__TRY(nwc__for_each_tile(ctx, NULL, work->feet->n, join_place, work));
    }
    return NWC_OK;
}

static void clear(struct work *work, int64_t cells)
{
    struct nwc__exceed *const out = work->out;
    memset(work->any, 0, (size_t)cells * sizeof *work->any);
    memset(work->told_any, 0, (size_t)cells * sizeof *work->told_any);
    memset(work->place_bits, 0, (size_t)work->feet->n * sizeof *work->place_bits);
    memset(out->probability, 0, (size_t)cells * sizeof *out->probability);
    memset(out->now, 0, (size_t)cells);
    memset(out->place_any, 0, (size_t)work->feet->n * sizeof *out->place_any);
    for (int64_t c = 0; c < cells; c++) out->first[c] = out->last[c] = -1;
}

nwc_status nwc__exceed_find(nwc_ctx *ctx, const nwc_hazard_rule *rule, bool keep, const struct nwc__given *given,
                            const struct nwc__feet *feet, struct nwc__exceed *exceed)
{
    nwc_status status = NWC_OK;
    const int64_t cells = given->grid->ny * given->grid->nx;
    struct work work = {.given = given,
                        .rule = rule,
                        .threshold = nwc__rule_threshold(rule, keep),
                        .probability = nwc__rule_probability(rule, keep),
                        .feet = feet,
                        .out = exceed};
    nwc_field *fields = NULL;
    int64_t *times_ns = NULL;
    *exceed = (struct nwc__exceed){0};
    NWC__ALLOC(ctx, exceed->time_ns, given->n);
    NWC__ALLOC(ctx, work.series, given->n);
    if ((status = take_series(&work)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, fields, given->n);
    NWC__ALLOC(ctx, times_ns, given->n);
    NWC__ALLOC(ctx, work.bits, cells);
    NWC__ALLOC(ctx, work.any, cells);
    NWC__ALLOC(ctx, work.told, cells);
    NWC__ALLOC(ctx, work.told_any, cells);
    NWC__ALLOC(ctx, work.place_bits, feet->n);
    NWC__ALLOC(ctx, work.total, rule->window_s > 0.0 ? cells : 0);
    NWC__ALLOC(ctx, exceed->probability, cells);
    NWC__ALLOC(ctx, exceed->first, cells);
    NWC__ALLOC(ctx, exceed->last, cells);
    NWC__ALLOC(ctx, exceed->now, cells);
    NWC__ALLOC(ctx, exceed->place, exceed->n_times * feet->n);
    NWC__ALLOC(ctx, exceed->place_any, feet->n);
    clear(&work, cells);
    status = run(ctx, &work, fields, times_ns);
done:
    nwc__free(ctx, work.total);
    nwc__free(ctx, work.place_bits);
    nwc__free(ctx, work.told_any);
    nwc__free(ctx, work.told);
    nwc__free(ctx, work.any);
    nwc__free(ctx, work.bits);
    nwc__free(ctx, times_ns);
    nwc__free(ctx, fields);
    nwc__free(ctx, work.series);
    if (status != NWC_OK) nwc__exceed_release(ctx, exceed);
    return status;
}

void nwc__exceed_release(nwc_ctx *ctx, struct nwc__exceed *exceed)
{
    nwc__free(ctx, exceed->place_any);
    nwc__free(ctx, exceed->place);
    nwc__free(ctx, exceed->now);
    nwc__free(ctx, exceed->last);
    nwc__free(ctx, exceed->first);
    nwc__free(ctx, exceed->probability);
    nwc__free(ctx, exceed->time_ns);
    *exceed = (struct nwc__exceed){0};
}

/*
 * A rule held against frames. At each of its times a cell has a bit for each member that meets the rule, or a probability that was
 * given; both are joined over the times, so that the probability of a member's meeting it at any time is counted, not the greatest
 * of those of each time. A place meets it in the members in which one of its cells does.
 */
#include "hazard/window.h"

enum { BATCH = 32 /* times at once: what is kept of them is 8 bytes a cell each */ };

struct work {
    nwc_ctx *ctx;
    const struct nwc__given *given;
    const nwc_hazard_rule *rule;
    double threshold, probability;
    int32_t n_members;
    const struct nwc__feet *feet;
    struct nwc__exceed *out;
    uint64_t *bits, *any;    /* (time of a batch, ny, nx), and (ny, nx) of all times */
    float *told, *told_any;  /* the same of probabilities given; 0 for none */
    uint64_t *place_bits;    /* n places, of all times */
    struct nwc__window rain; /* of a rule with a window */
    uint64_t members;        /* a bit for each */
    int32_t first, n;        /* times of this batch */
    int32_t latest;          /* up to now */
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

/* Bits of a row for the members of a field that meet the rule; a field without members is that of all. */
static void set_bits(const struct work *work, const nwc_field *field, int64_t j, uint64_t *bits)
{
    const int64_t step = field->stride[field->ndim - 1];
    const int64_t n = field->ndim == 3 ? field->dim[0] : 1;
    for (int64_t m = 0; m < n; m++) {
        const float *const row = nwc__member_row(field, m, j);
        const uint64_t mask = n == 1 ? work->members : UINT64_C(1) << m;
        for (int64_t i = 0; i < work->given->grid->nx; i++) bits[i] |= at_least(work, (double)row[i * step]) ? mask : 0;
    }
}

static void set_told(const struct work *work, const nwc_field *field, int64_t j, float *told)
{
    const int64_t step = field->stride[field->ndim - 1];
    const float *const row = nwc__member_row(field, 0, j);
    for (int64_t i = 0; i < work->given->grid->nx; i++)
        if (row[i * step] > told[i]) told[i] = fminf(row[i * step], 1.0F);
}

/* Bits of a row at all times of the batch by the rain that fell in the window up to each. */
static nwc_status set_windows(nwc_ctx *ctx, const struct work *work, int64_t j)
{
    const int64_t nx = work->given->grid->nx, cells = work->given->grid->ny * nx;
    const int32_t members = work->rain.same ? 1 : work->n_members;
    struct nwc__window_row row;
    nwc_status status = nwc__window_row_create(ctx, &work->rain, &row);
    for (int32_t m = 0; m < members && status == NWC_OK; m++) {
        const uint64_t mask = work->rain.same ? work->members : UINT64_C(1) << m;
        for (int64_t i = 0; i < nx; i += NWC__WINDOW_CELLS) {
            const int32_t n = (int32_t)(nx - i < NWC__WINDOW_CELLS ? nx - i : NWC__WINDOW_CELLS);
            if (!nwc__window_begin(&row, m, j, i, n) && !at_least(work, 0.0)) continue;
            for (int32_t t = 0; t < work->n; t++) {
                uint64_t *const bits = work->bits + t * cells + j * nx + i;
                if (!nwc__window_end(&row, work->out->time_ns[work->first + t])) continue; /* nothing is known of it */
                for (int32_t c = 0; c < n; c++) bits[c] |= at_least(work, (double)row.total[c]) ? mask : 0;
            }
        }
    }
    nwc__window_row_release(ctx, &row);
    return status;
}

static void set_values(const struct work *work, int64_t j)
{
    const int64_t nx = work->given->grid->nx, cells = work->given->grid->ny * nx;
    for (int32_t t = 0, f = 0; t < work->n; t++) {
        const int64_t time_ns = work->out->time_ns[work->first + t];
        for (; f < work->given->n && work->given->frame[work->given->order[f]].time_ns < time_ns; f++) continue;
        for (int32_t g = f; g < work->given->n; g++) {
            const nwc_hazard_frame *const frame = &work->given->frame[work->given->order[g]];
            if (frame->time_ns != time_ns) break;
            if (!is_of(work, frame)) continue;
            if (isnan(frame->probability_of))
                set_bits(work, frame->field, j, work->bits + t * cells + j * nx);
            else
                set_told(work, frame->field, j, work->told + t * cells + j * nx);
        }
    }
}

static float share(const struct work *work, uint64_t bits, float told)
{
    return fmaxf((float)count_bits(bits) / (float)work->n_members, told);
}

/* A row at the times of the batch, joined to all before. */
static nwc_status join_row(int64_t j, void *user)
{
    const struct work *const work = user;
    struct nwc__exceed *const out = work->out;
    const int64_t nx = work->given->grid->nx, cells = work->given->grid->ny * nx;
    for (int32_t t = 0; t < work->n; t++) {
        memset(work->bits + t * cells + j * nx, 0, (size_t)nx * sizeof *work->bits);
        memset(work->told + t * cells + j * nx, 0, (size_t)nx * sizeof *work->told);
    }
    if (work->rule->window_s > 0.0)
        NWC__TRY(set_windows(work->ctx, work, j));
    else
        set_values(work, j);
    for (int32_t t = 0; t < work->n; t++) {
        const int32_t time = work->first + t;
        for (int64_t c = j * nx; c < (j + 1) * nx; c++) {
            const uint64_t bits = work->bits[t * cells + c];
            const float told = work->told[t * cells + c];
            const bool met = (double)share(work, bits, told) >= work->probability;
            work->any[c] |= bits;
            work->told_any[c] = fmaxf(work->told_any[c], told);
            if (met && out->first[c] < 0) out->first[c] = time;
            if (met) out->last[c] = time;
            if (time == work->latest) out->now[c] = met;
        }
    }
    for (int64_t c = j * nx; c < (j + 1) * nx; c++) out->probability[c] = share(work, work->any[c], work->told_any[c]);
    return NWC_OK;
}

static nwc_status join_place(int64_t p, void *user)
{
    const struct work *const work = user;
    const struct nwc__feet *const feet = work->feet;
    const int64_t cells = work->given->grid->ny * work->given->grid->nx;
    for (int32_t t = 0; t < work->n; t++) {
        uint64_t bits = 0;
        float told = 0.0F;
        for (int64_t k = feet->first[p]; k < feet->first[p + 1]; k++) {
            bits |= work->bits[t * cells + feet->cell[k]];
            told = fmaxf(told, work->told[t * cells + feet->cell[k]]);
        }
        work->place_bits[p] |= bits;
        work->out->place[(work->first + t) * feet->n + p] = share(work, bits, told);
        work->out->place_any[p] = fmaxf(share(work, work->place_bits[p], 0.0F), fmaxf(work->out->place_any[p], told));
    }
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
            if (work->rain.n && work->rain.series[work->rain.n - 1]->time_ns == frame->time_ns)
                return nwc__fail(NWC_ERR_ARG, "frame %s: one of each time expected for a window, two given",
                                 frame->quantity);
            work->rain.series[work->rain.n++] = frame;
        }
        int32_t *const n_times = &work->out->n_times;
        if (frame->time_ns < from || frame->time_ns > to || (work->rule->window_s > 0.0 && work->rain.n < 2)) continue;
        if (*n_times == 0 || work->out->time_ns[*n_times - 1] != frame->time_ns)
            work->out->time_ns[(*n_times)++] = frame->time_ns;
    }
    work->rain.window_ns = (int64_t)(work->rule->window_s * NWC__SECOND_NS);
    work->rain.same = true;
    for (int32_t f = 0; f < work->rain.n; f++)
        work->rain.same = work->rain.same && work->rain.series[f]->field->ndim == 2;
    work->members = work->n_members == 64 ? ~UINT64_C(0) : (UINT64_C(1) << work->n_members) - 1;
    return NWC_OK;
}

static nwc_status run(nwc_ctx *ctx, struct work *work)
{
    const int32_t n_times = work->out->n_times;
    work->latest = -1;
    for (int32_t t = 0; t < n_times; t++)
        if (work->out->time_ns[t] <= work->given->now_ns) work->latest = t;
    for (work->first = 0; work->first < n_times; work->first += work->n) {
        work->n = n_times - work->first < BATCH ? n_times - work->first : BATCH;
        NWC__TRY(nwc__for_each_tile(ctx, NULL, work->given->grid->ny, join_row, work));
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
    struct work work = {.ctx = ctx,
                        .given = given,
                        .rule = rule,
                        .threshold = nwc__rule_threshold(rule, keep),
                        .probability = nwc__rule_probability(rule, keep),
                        .feet = feet,
                        .out = exceed};
    *exceed = (struct nwc__exceed){0};
    NWC__ALLOC(ctx, exceed->time_ns, given->n);
    NWC__ALLOC(ctx, work.rain.series, given->n);
    if ((status = take_series(&work)) != NWC_OK) goto done;
    const int64_t kept = exceed->n_times < BATCH ? exceed->n_times : BATCH;
    NWC__ALLOC(ctx, work.bits, kept * cells);
    NWC__ALLOC(ctx, work.told, kept * cells);
    NWC__ALLOC(ctx, work.any, cells);
    NWC__ALLOC(ctx, work.told_any, cells);
    NWC__ALLOC(ctx, work.place_bits, feet->n);
    NWC__ALLOC(ctx, exceed->probability, cells);
    NWC__ALLOC(ctx, exceed->first, cells);
    NWC__ALLOC(ctx, exceed->last, cells);
    NWC__ALLOC(ctx, exceed->now, cells);
    NWC__ALLOC(ctx, exceed->place, exceed->n_times * feet->n);
    NWC__ALLOC(ctx, exceed->place_any, feet->n);
    clear(&work, cells);
    status = run(ctx, &work);
done:
    nwc__free(ctx, work.place_bits);
    nwc__free(ctx, work.told_any);
    nwc__free(ctx, work.any);
    nwc__free(ctx, work.told);
    nwc__free(ctx, work.bits);
    nwc__free(ctx, work.rain.series);
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

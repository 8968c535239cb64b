/* Attributes of tracks over the last minutes: trends by least squares, totals by trapezoids; saved and restored. */
#include "cells/hazard.h"
#include "core/walk.h"

#include <nowcast/cell_attributes.h>

enum { LEAST_VALUES = 3, MOST_NAMES = 4096, VERSION = 1 };

static const char mark[NWC__WALK_MARK + 1] = "NWCCELLS";

/* All that is known at one time. Rows are by track, then time; the last of each track is the latest. */
struct frame {
    int64_t n_tracks, n_rows;
    int64_t *number, *first_row;   /* n_tracks, and one more first_row */
    int64_t *time_ns;              /* n_rows */
    double *row;                   /* (n_rows, names) */
    double *value, *trend, *total; /* (n_tracks, names) */
};

struct nwc_cell_history {
    struct nwc_ctx memory; /* allocator only */
    int32_t n_names;
    char (*name)[NWC__HAZARD_NAME];
    const char **names;
    double window_s;
    int64_t time_ns;
    struct frame frame;
    struct nwc__buffer saved;
};

static void release(nwc_ctx *ctx, struct frame *frame)
{
    void *const blocks[] = {frame->total,   frame->trend,     frame->value, frame->row,
                            frame->time_ns, frame->first_row, frame->number};
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) nwc__free(ctx, blocks[b]);
}

static nwc_status make_room(nwc_ctx *ctx, int64_t n_tracks, int64_t n_rows, int64_t n_names, struct frame *frame)
{
    nwc_status status = NWC_OK;
    NWC__ALLOC(ctx, frame->number, n_tracks);
    NWC__ALLOC(ctx, frame->first_row, n_tracks + 1);
    NWC__ALLOC(ctx, frame->time_ns, n_rows);
    NWC__ALLOC(ctx, frame->row, n_rows * n_names);
    NWC__ALLOC(ctx, frame->value, n_tracks * n_names);
    NWC__ALLOC(ctx, frame->trend, n_tracks * n_names);
    NWC__ALLOC(ctx, frame->total, n_tracks * n_names);
    frame->n_tracks = n_tracks, frame->n_rows = 0, frame->first_row[0] = 0;
done:
    return status;
}

nwc_status nwc_cell_history_create(nwc_ctx *ctx, int32_t n_names, const char *const *names, double window_s,
                                   nwc_cell_history **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "history: a place for the history expected, NULL given");
    *made = NULL;
    if (n_names < 0 || n_names > MOST_NAMES)
        return nwc__fail(NWC_ERR_ARG, "names: 0 to %d expected, %d given", MOST_NAMES, (int)n_names);
    const nwc_cell_values given = {.n_names = n_names, .names = names};
    NWC__TRY(nwc__cells_check_values(&given));
    for (int32_t n = 0; n < n_names; n++)
        if (strlen(names[n]) >= NWC__HAZARD_NAME)
            return nwc__fail(NWC_ERR_ARG, "names: fewer than %d bytes expected, %s given", NWC__HAZARD_NAME, names[n]);
    if (!(window_s > 0.0 && window_s <= 86400.0))
        return nwc__fail(NWC_ERR_ARG, "window_s: above 0 to 86400 expected, %g given", window_s);
    nwc_cell_history *const history = nwc__alloc(ctx, 1, sizeof *history);
    if (!history) return NWC_ERR_NOMEM;
    *history = (nwc_cell_history){.memory = {.alloc = ctx->alloc, .free = ctx->free, .alloc_user = ctx->alloc_user},
                                  .n_names = n_names,
                                  .window_s = window_s,
                                  .time_ns = INT64_MIN};
    nwc_status status = NWC_OK;
    history->saved.ctx = &history->memory;
    NWC__ALLOC(ctx, history->name, n_names);
    NWC__ALLOC(ctx, history->names, n_names);
    if ((status = make_room(&history->memory, 0, 0, n_names, &history->frame)) != NWC_OK) goto done;
    for (int32_t n = 0; n < n_names; n++) {
        memset(history->name[n], 0, sizeof *history->name);
        memcpy(history->name[n], names[n], strlen(names[n]));
        history->names[n] = history->name[n];
    }
    *made = history;
    return NWC_OK;
done:
    nwc_cell_history_destroy(history);
    return status;
}

void nwc_cell_history_destroy(nwc_cell_history *history)
{
    if (!history) return;
    struct nwc_ctx memory = history->memory;
    nwc__free(&memory, history->saved.data);
    release(&memory, &history->frame);
    nwc__free(&memory, history->names);
    nwc__free(&memory, history->name);
    nwc__free(&memory, history);
}

/* Without overflow, whatever a state that was read says. */
static double seconds_between(int64_t from_ns, int64_t to_ns)
{
    return 1e-9 * ((double)to_ns - (double)from_ns);
}

/* The slope of one name over rows of a track, by second; NaN where fewer than three are known. */
static double slope(const struct frame *frame, int64_t first, int64_t end, int32_t n_names, int32_t name)
{
    double n = 0.0, t = 0.0, y = 0.0, tt = 0.0, ty = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        const double t_mean = pass ? t / n : 0.0, y_mean = pass ? y / n : 0.0;
        for (int64_t r = first; r < end; r++) {
            const double value = frame->row[r * n_names + name];
            const double at = seconds_between(frame->time_ns[end - 1], frame->time_ns[r]);
            if (isnan(value)) continue;
            if (pass)
                tt += (at - t_mean) * (at - t_mean), ty += (at - t_mean) * (value - y_mean);
            else
                n += 1.0, t += at, y += value;
        }
        if (n < LEAST_VALUES) return (double)NAN;
    }
    return ty / tt;
}

/* The total of one name up to now. */
static double add_up(double before, double last, double now, double dt_s)
{
    if (isnan(last) && isnan(now)) return before;
    return before + dt_s * (isnan(last) ? now : isnan(now) ? last : 0.5 * (last + now));
}

/* Take a track of before, or -1, on with the values of now. */
static void take_track(const nwc_cell_history *history, int64_t old, int64_t number, int64_t time_ns,
                       const double *values, int64_t t, struct frame *next)
{
    const struct frame *const before = &history->frame;
    const int32_t n = history->n_names;
    const size_t bytes = (size_t)n * sizeof *values;
    next->number[t] = number;
    for (int64_t r = old < 0 ? 0 : before->first_row[old]; old >= 0 && r < before->first_row[old + 1]; r++) {
        if (seconds_between(before->time_ns[r], time_ns) > history->window_s) continue;
        next->time_ns[next->n_rows] = before->time_ns[r];
        memcpy(next->row + next->n_rows++ * n, before->row + r * n, bytes);
    }
    next->time_ns[next->n_rows] = time_ns;
    memcpy(next->row + next->n_rows++ * n, values, bytes);
    memcpy(next->value + t * n, values, bytes);
    next->first_row[t + 1] = next->n_rows;
    const double dt_s = seconds_between(history->time_ns, time_ns);
    for (int32_t name = 0; name < n; name++) {
        next->trend[t * n + name] = slope(next, next->first_row[t], next->n_rows, n, name);
        next->total[t * n + name] =
            old < 0 ? 0.0 : add_up(before->total[old * n + name], before->value[old * n + name], values[name], dt_s);
    }
}

nwc_status nwc_cell_history_add(nwc_cell_history *history, const nwc_track_table *tracks, const double *values)
{
    if (!history || !tracks) return nwc__fail(NWC_ERR_ARG, "history, tracks: a history and tracks expected");
    if (tracks->n_points && history->n_names && !values)
        return nwc__fail(NWC_ERR_ARG, "values: those of the points expected, NULL given");
    struct frame *const before = &history->frame;
    struct frame next = {0};
    const bool anew = tracks->time_ns <= history->time_ns;
    int64_t old = 0;
    const nwc_status status =
        make_room(&history->memory, tracks->n_points, before->n_rows + tracks->n_points, history->n_names, &next);
    if (status != NWC_OK) {
        release(&history->memory, &next);
        return status;
    }
    for (int64_t t = 0; t < tracks->n_points; t++) { /* both are by number */
        const int64_t number = tracks->points[t].track;
        while (old < before->n_tracks && before->number[old] < number) old++;
        const bool known = !anew && old < before->n_tracks && before->number[old] == number;
        take_track(history, known ? old : -1, number, tracks->time_ns, values + t * history->n_names, t, &next);
    }
    release(&history->memory, before);
    history->frame = next, history->time_ns = tracks->time_ns;
    return NWC_OK;
}

nwc_status nwc_cell_history_lend(const nwc_cell_history *history, nwc_cell_values *values, const double **totals)
{
    if (!history || !values)
        return nwc__fail(NWC_ERR_ARG, "history, values: a history and a place for values expected");
    *values = (nwc_cell_values){.n_cells = history->frame.n_tracks,
                                .n_names = history->n_names,
                                .names = history->names,
                                .values = history->frame.value,
                                .trends = history->frame.trend};
    if (totals) *totals = history->frame.total;
    return NWC_OK;
}

/* ---- state ---- */

static void walk_frame(struct nwc__walk *walk, const nwc_cell_history *history, struct frame *frame)
{
    const int64_t n = history->n_names;
    for (int64_t t = 0; t < frame->n_tracks; t++) {
        nwc__walk_integer(walk, &frame->number[t]);
        nwc__walk_integer(walk, &frame->first_row[t + 1]);
        for (int64_t name = 0; name < n; name++) {
            nwc__walk_real(walk, &frame->value[t * n + name]);
            nwc__walk_real(walk, &frame->trend[t * n + name]);
            nwc__walk_real(walk, &frame->total[t * n + name]);
        }
    }
    for (int64_t r = 0; r < frame->n_rows; r++) {
        nwc__walk_integer(walk, &frame->time_ns[r]);
        for (int64_t name = 0; name < n; name++) nwc__walk_real(walk, &frame->row[r * n + name]);
    }
}

nwc_status nwc_cell_history_save(nwc_cell_history *history, const uint8_t **bytes, int64_t *size)
{
    if (!history || !bytes || !size)
        return nwc__fail(NWC_ERR_ARG, "history, bytes, size: a history and places for its bytes expected");
    struct nwc__walk walk = nwc__walk_write(&history->saved, mark, VERSION);
    int64_t n_tracks = history->frame.n_tracks, n_rows = history->frame.n_rows;
    nwc__walk_small(&walk, &history->n_names);
    nwc__walk_real(&walk, &history->window_s);
    for (int32_t n = 0; n < history->n_names; n++) nwc__walk_text(&walk, history->name[n], NWC__HAZARD_NAME);
    nwc__walk_integer(&walk, &history->time_ns);
    nwc__walk_integer(&walk, &n_tracks), nwc__walk_integer(&walk, &n_rows);
    walk_frame(&walk, history, &history->frame);
    const nwc_status status = nwc__walk_close(&walk);
    *bytes = history->saved.data, *size = history->saved.size;
    return status;
}

/* What no history can have. */
static nwc_status check_frame(const struct frame *frame, int64_t time_ns)
{
    bool good = frame->first_row[frame->n_tracks] == frame->n_rows;
    for (int64_t t = 0; good && t < frame->n_tracks; t++)
        good = frame->first_row[t] < frame->first_row[t + 1] && frame->first_row[t + 1] <= frame->n_rows &&
               frame->number[t] > (t ? frame->number[t - 1] : 0);
    for (int64_t r = 0; good && r < frame->n_rows; r++) good = frame->time_ns[r] <= time_ns;
    return good ? NWC_OK : nwc__fail(NWC_ERR_FORMAT, "state: tracks and rows of a history expected, others found");
}

static nwc_status read_names(struct nwc__walk *walk, char (*name)[NWC__HAZARD_NAME], const char **names, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        names[i] = name[i];
        nwc__walk_text(walk, name[i], NWC__HAZARD_NAME);
    }
    return walk->status;
}

/* What follows the names. */
static nwc_status read_frame(struct nwc__walk *walk, nwc_cell_history *history)
{
    int64_t n_tracks = 0, n_rows = 0;
    const int64_t n = history->n_names;
    nwc__walk_integer(walk, &history->time_ns);
    nwc__walk_count(walk, &n_tracks, 1), nwc__walk_count(walk, &n_rows, 1);
    NWC__TRY(walk->status);
    if (n_tracks * (2 + 3 * n) + n_rows * (1 + n) != (walk->size - walk->at) / NWC__WALK_NUMBER)
        return nwc__fail(NWC_ERR_FORMAT, "state: numbers that fit its bytes expected, others found");
    release(&history->memory, &history->frame);
    history->frame = (struct frame){0};
    NWC__TRY(make_room(&history->memory, n_tracks, n_rows, n, &history->frame));
    history->frame.n_rows = n_rows;
    walk_frame(walk, history, &history->frame);
    NWC__TRY(walk->status);
    return check_frame(&history->frame, history->time_ns);
}

nwc_status nwc_cell_history_restore(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_cell_history **made)
{
    ctx = nwc__ctx(ctx);
    if (!made) return nwc__fail(NWC_ERR_ARG, "history: a place for the history expected, NULL given");
    *made = NULL;
    if (!bytes) return nwc__fail(NWC_ERR_ARG, "bytes: those of nwc_cell_history_save expected, NULL given");
    struct nwc__walk walk = nwc__walk_read(bytes, size, mark, VERSION, "a history");
    NWC__TRY(walk.status);
    int32_t n_names = 0;
    double window_s = 0.0;
    nwc__walk_small(&walk, &n_names), nwc__walk_real(&walk, &window_s);
    NWC__TRY(walk.status);
    if (n_names < 0 || n_names > MOST_NAMES)
        return nwc__fail(NWC_ERR_FORMAT, "state: 0 to %d names expected, %d found", MOST_NAMES, (int)n_names);
    nwc_status status = NWC_OK;
    char(*name)[NWC__HAZARD_NAME] = NULL;
    const char **names = NULL;
    nwc_cell_history *history = NULL;
    NWC__ALLOC(ctx, name, n_names);
    NWC__ALLOC(ctx, names, n_names);
    if ((status = read_names(&walk, name, names, n_names)) != NWC_OK) goto done;
    status = nwc_cell_history_create(ctx, n_names, names, window_s, &history);
    if (status == NWC_ERR_ARG) status = NWC_ERR_FORMAT;
    if (status == NWC_OK) status = read_frame(&walk, history);
    if (status == NWC_OK)
        *made = history;
    else
        nwc_cell_history_destroy(history);
done:
    nwc__free(ctx, names);
    nwc__free(ctx, name);
    return status;
}

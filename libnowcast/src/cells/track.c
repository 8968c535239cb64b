/* A tracker: made, and taken from the cells of one time to those of the next. What is new is made whole before the old goes. */
#include "cells/track.h"

#define USUAL_M 1e3 /* of where middles of cells are, as long as there are no tracks; it counts as this many cells: */
#define USUAL_CELLS 4.0
#define MOST_CELLS 200.0 /* the latest, of which the mean is */

void nwc_tracker_options_init(nwc_tracker_options *options)
{
    if (options)
        *options = (nwc_tracker_options){.struct_size = sizeof *options,
                                         .patience_s = 900.0,
                                         .max_speed_m_s = 60.0,
                                         .max_deviation_m_s = 15.0,
                                         .least_share = 0.3,
                                         .weight_distance = 1.0,
                                         .weight_overlap = 1.0,
                                         .weight_size = 0.3,
                                         .weight_peak = 0.3,
                                         .acceleration_m_s2 = 0.05,
                                         .smoothing_s = 600.0};
}

static nwc_status check_number(double number, double most, bool may_be_0, const char *name)
{
    if (number <= most && (number > 0.0 || (may_be_0 && number == 0.0))) return NWC_OK;
    return nwc__fail(NWC_ERR_ARG, "%s: %s to %g expected, %g given", name, may_be_0 ? "0" : "above 0", most, number);
}

nwc_status nwc__tracker_check_options(const nwc_tracker_options *options)
{
    NWC__TRY(check_number(options->patience_s, 86400.0, true, "patience_s"));
    NWC__TRY(check_number(options->max_speed_m_s, 200.0, false, "max_speed_m_s"));
    NWC__TRY(check_number(options->max_deviation_m_s, 200.0, false, "max_deviation_m_s"));
    NWC__TRY(check_number(options->least_share, 1.0, false, "least_share"));
    NWC__TRY(check_number(options->weight_distance, 1e6, true, "weight_distance"));
    NWC__TRY(check_number(options->weight_overlap, 1e6, true, "weight_overlap"));
    NWC__TRY(check_number(options->weight_size, 1e6, true, "weight_size"));
    NWC__TRY(check_number(options->weight_peak, 1e6, true, "weight_peak"));
    NWC__TRY(check_number(options->position_error_m, 1e6, true, "position_error_m"));
    NWC__TRY(check_number(options->acceleration_m_s2, 1e3, false, "acceleration_m_s2"));
    NWC__TRY(check_number(options->smoothing_s, 1e6, true, "smoothing_s"));
    if (options->weight_distance + options->weight_overlap == 0.0)
        return nwc__fail(NWC_ERR_ARG, "weight_distance, weight_overlap: one of them above 0 expected, 0 given");
    if (options->restart != 0 && options->restart != 1)
        return nwc__fail(NWC_ERR_ARG, "restart: 0 or 1 expected, %d given", (int)options->restart);
    return NWC_OK;
}

nwc_status nwc__tracker_make(nwc_ctx *ctx, const nwc_tracker_options *options, nwc_tracker **made)
{
    nwc_tracker *const tracker = nwc__alloc(ctx, 1, sizeof *tracker);
    if (!tracker) return NWC_ERR_NOMEM;
    *tracker = (nwc_tracker){.memory = {.threads = 1,
                                        .simd = ctx->simd,
                                        .alloc = ctx->alloc,
                                        .free = ctx->free,
                                        .alloc_user = ctx->alloc_user},
                             .options = *options,
                             .frame = {.time_ns = INT64_MIN, .next_number = 1, .scatter_m = USUAL_M}};
    tracker->saved.ctx = &tracker->memory;
    *made = tracker;
    return NWC_OK;
}

nwc_status nwc_tracker_create(nwc_ctx *ctx, const nwc_tracker_options *given, nwc_tracker **tracker)
{
    if (!tracker) return nwc__fail(NWC_ERR_ARG, "tracker: a place for the tracker expected, NULL given");
    *tracker = NULL;
    nwc_tracker_options options;
    nwc_tracker_options_init(&options);
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(nwc__tracker_check_options(&options));
    return nwc__tracker_make(nwc__ctx(ctx), &options, tracker);
}

static void release_frame(nwc_ctx *ctx, struct nwc__frame *frame)
{
    nwc__free(ctx, frame->events);
    nwc__free(ctx, frame->ended);
    nwc__free(ctx, frame->points);
    nwc__free(ctx, frame->columns);
    nwc__free(ctx, frame->tracks);
}

void nwc_tracker_destroy(nwc_tracker *tracker)
{
    if (!tracker) return;
    struct nwc_ctx memory = tracker->memory;
    release_frame(&memory, &tracker->frame);
    nwc__free(&memory, tracker->saved.data);
    nwc__metric_destroy(&memory, &tracker->metric);
    nwc__free(&memory, tracker->projection);
    nwc__free(&memory, tracker);
}

nwc_status nwc__tracker_keep_grid(nwc_tracker *tracker, const nwc_grid *grid)
{
    nwc__metric metric;
    char *const projection = nwc__copy_text(&tracker->memory, grid->projection);
    if (!projection) return NWC_ERR_NOMEM;
    const nwc_status status = nwc__metric_create(&tracker->memory, grid, &metric);
    if (status != NWC_OK) {
        nwc__free(&tracker->memory, projection);
        return status;
    }
    tracker->metric = metric, tracker->projection = projection;
    tracker->grid = *grid;
    tracker->grid.projection = projection, tracker->grid.nz = 0, tracker->grid.z_m = NULL;
    return NWC_OK;
}

/* ---- what is given ---- */

static nwc_status check_motion(const nwc_field *field, const char *name, const nwc_grid *grid)
{
    NWC__TRY(nwc__check_field(field, name, 2));
    if (field->dim[0] != grid->ny || field->dim[1] != grid->nx)
        return nwc__fail(NWC_ERR_ARG, "%s: the %lld x %lld cells of the grid expected, %lld x %lld given", name,
                         (long long)grid->ny, (long long)grid->nx, (long long)field->dim[0], (long long)field->dim[1]);
    if (!field->units || strcmp(field->units, "m s-1") != 0)
        return nwc__fail(NWC_ERR_ARG, "%s: units of m s-1 expected, %s given", name,
                         field->units ? field->units : "none");
    return NWC_OK;
}

static nwc_status check(const nwc_tracker *tracker, const nwc_cells *cells, int64_t time_ns, const nwc_field *u,
                        const nwc_field *v)
{
    if (!tracker || !cells) return nwc__fail(NWC_ERR_ARG, "tracker, cells: a tracker and cells expected");
    if (tracker->projection && !nwc__same_columns(&tracker->grid, &cells->grid))
        return nwc__fail(NWC_ERR_ARG, "cells: the grid of those before expected, another given");
    if (time_ns == INT64_MIN) return nwc__fail(NWC_ERR_ARG, "time_ns: a time expected, none given");
    if (time_ns <= tracker->frame.time_ns && !tracker->options.restart) {
        char before[NWC__TIME_TEXT], now[NWC__TIME_TEXT];
        nwc__time_text(tracker->frame.time_ns, before), nwc__time_text(time_ns, now);
        return nwc__fail(NWC_ERR_ARG, "time_ns: a time after %s expected, %s given", before, now);
    }
    if (!u != !v) return nwc__fail(NWC_ERR_ARG, "u, v: both or none expected, one given");
    if (!u) return NWC_OK;
    NWC__TRY(check_motion(u, "u", &cells->grid));
    return check_motion(v, "v", &cells->grid);
}

/* ---- one time to the next ---- */

struct step {
    nwc_tracker *tracker;
    const nwc_cells *cells;
    const nwc_field *u, *v;
    struct nwc__frame next;
    struct nwc__pairing pairing;
    struct nwc__track *tracks; /* those of before, taken to now */
    int64_t n_tracks;
    int64_t *track_of;     /* number of the track of each cell, by label */
    int64_t *first_column; /* of cells, by label, in next.columns */
};

/* The mean motion where at least half of some columns, moved, have one; else NaN. */
static void mean_motion(const struct step *step, const struct nwc__place_of *columns, int64_t n, double up,
                        double right, double *u, double *v)
{
    const nwc_grid *const grid = &step->tracker->grid;
    int64_t known = 0;
    double sum_u = 0.0, sum_v = 0.0;
    *u = *v = (double)NAN;
    for (int64_t c = 0; step->u && c < n; c++) {
        const double y = fmax(0.0, fmin(floor(columns[c].j + up + 0.5), (double)(grid->ny - 1)));
        const double x = fmax(0.0, fmin(floor(columns[c].i + right + 0.5), (double)(grid->nx - 1)));
        const int64_t j = (int64_t)y, i = (int64_t)x;
        const float at_u = step->u->data[j * step->u->stride[0] + i * step->u->stride[1]];
        const float at_v = step->v->data[j * step->v->stride[0] + i * step->v->stride[1]];
        if (!isfinite(at_u) || !isfinite(at_v)) continue;
        sum_u += (double)at_u, sum_v += (double)at_v, known++;
    }
    if (known > 0 && 2 * known >= n) *u = sum_u / (double)known, *v = sum_v / (double)known;
}

static void end_track(struct step *step, const struct nwc__track *track, int32_t kind, int64_t other)
{
    struct nwc__frame *const next = &step->next;
    next->ended[next->n_ended++] = nwc__track_point_of(step->tracker, track);
    next->events[next->n_events++] =
        (nwc_track_event){.kind = kind, .track = track->number, .other = other, .time_ns = next->time_ns};
}

/* Take tracks to now; those that have waited too long end. What is handed out of them is where they were. */
static void predict(struct step *step)
{
    const struct nwc__frame *const before = &step->tracker->frame;
    const int64_t now = step->next.time_ns;
    const bool anew = now <= before->time_ns;
    for (int64_t t = 0; t < before->n_tracks; t++) {
        struct nwc__track track = before->tracks[t];
        double u, v;
        if (anew || (double)now - (double)track.last_ns > 1e9 * step->tracker->options.patience_s) {
            end_track(step, &track, NWC_TRACK_DEATH, 0);
            continue;
        }
        mean_motion(step, before->columns + track.first_column, track.n_columns, track.moved_j, track.moved_i, &u, &v);
        nwc__track_predict(step->tracker, &track, 1e-9 * (double)(now - before->time_ns), u, v);
        step->tracks[step->n_tracks++] = track;
    }
}

/* The columns of the cells, one cell after the other; those of tracks not seen follow as they go on. */
static void sort_columns(struct step *step)
{
    const nwc_cells *const cells = step->cells;
    int64_t sum = 0;
    for (int32_t label = 1; label <= cells->n_cells; label++) {
        step->first_column[label] = sum;
        sum += step->pairing.column_count[label];
    }
    for (int32_t c = 0; c < cells->n_columns; c++) {
        const struct nwc__column *const column = &cells->columns[c];
        if (column->cell)
            step->next.columns[step->first_column[column->cell]++] = (struct nwc__place_of){column->j, column->i};
    }
    for (int32_t label = 1; label <= cells->n_cells; label++)
        step->first_column[label] -= step->pairing.column_count[label];
    step->next.n_columns = sum;
}

static void lend_columns(const struct step *step, struct nwc__track *track)
{
    track->first_column = step->first_column[track->cell];
    track->n_columns = step->pairing.column_count[track->cell];
}

/* The track that goes on and overlaps a cell most, from which it can have split: its index, or -1. */
static int32_t parent_of(const struct step *step, int32_t label)
{
    const struct nwc__overlap *const overlap = (const struct nwc__overlap *)(const void *)step->pairing.overlaps.data;
    const int64_t n = step->pairing.overlaps.size / (int64_t)sizeof *overlap;
    const double least = step->tracker->options.least_share * (double)step->pairing.column_count[label];
    int32_t best = -1, most = 0;
    for (int64_t o = 0; o < n; o++)
        if (overlap[o].cell == label && step->pairing.partner[overlap[o].track] && overlap[o].columns > most &&
            (double)overlap[o].columns >= least)
            best = overlap[o].track, most = overlap[o].columns;
    return best;
}

/* The cell a track, seen last time and not now, has become a part of: its label, or 0. */
static int32_t merged_into(const struct step *step, int64_t t, int64_t *o)
{
    const struct nwc__overlap *const overlap = (const struct nwc__overlap *)(const void *)step->pairing.overlaps.data;
    const int64_t n = step->pairing.overlaps.size / (int64_t)sizeof *overlap;
    const struct nwc__track *const track = &step->tracks[t];
    int32_t best = 0, most = 0;
    for (; *o < n && overlap[*o].track <= t; ++*o)
        if (overlap[*o].track == t && overlap[*o].columns > most) best = overlap[*o].cell, most = overlap[*o].columns;
    const bool enough = (double)most >= step->tracker->options.least_share * (double)track->n_columns;
    return enough && track->last_ns == step->tracker->frame.time_ns ? best : 0;
}

/* Cells that no track goes on as get the numbers of tracks that begin, so that others can have merged into them. */
static void number_new(struct step *step)
{
    for (int32_t label = 1; label <= step->cells->n_cells; label++)
        if (!step->track_of[label] && step->pairing.column_count[label])
            step->track_of[label] = step->next.next_number++;
}

static void begin_tracks(struct step *step)
{
    struct nwc__frame *const next = &step->next;
    const int64_t first_new = step->tracker->frame.next_number;
    for (int32_t label = 1; label <= step->cells->n_cells; label++) {
        if (step->track_of[label] < first_new) continue;
        struct nwc__track track = {.number = step->track_of[label]};
        const int32_t parent = parent_of(step, label);
        double u, v;
        mean_motion(step, next->columns + step->first_column[label], step->pairing.column_count[label], 0.0, 0.0, &u,
                    &v);
        if (parent >= 0) {
            track.parent = step->tracks[parent].number;
            if (step->tracks[parent].has_velocity) u = step->tracks[parent].state.u, v = step->tracks[parent].state.v;
        }
        nwc__track_begin(step->tracker, &track, &step->cells->cells[label - 1], next->time_ns, u, v);
        lend_columns(step, &track);
        next->tracks[next->n_tracks++] = track;
        next->events[next->n_events++] = (nwc_track_event){.kind = parent < 0 ? NWC_TRACK_BIRTH : NWC_TRACK_SPLIT,
                                                           .track = track.number,
                                                           .other = track.parent,
                                                           .time_ns = next->time_ns};
    }
}

/* A track that has no cell now: it has merged, left the grid, or is waited for. */
static void miss(struct step *step, int64_t t, int32_t label)
{
    const nwc_grid *const grid = &step->tracker->grid;
    const struct nwc__frame *const before = &step->tracker->frame;
    struct nwc__track track = step->tracks[t];
    const double j = track.j + track.moved_j, i = track.i + track.moved_i;
    if (label) {
        end_track(step, &track, NWC_TRACK_MERGE, step->track_of[label]);
    } else if (!(j >= -0.5 && i >= -0.5 && j <= (double)grid->ny - 0.5 && i <= (double)grid->nx - 0.5)) {
        end_track(step, &track, NWC_TRACK_LEAVE, 0);
    } else {
        struct nwc__frame *const next = &step->next;
        memcpy(next->columns + next->n_columns, before->columns + track.first_column,
               (size_t)track.n_columns * sizeof *next->columns);
        track.first_column = next->n_columns;
        next->n_columns += track.n_columns;
        next->tracks[next->n_tracks++] = track;
    }
}

/* One more cell, of whose middle this is the error; NaN: none. */
static void learn_scatter(struct nwc__frame *frame, double error_m)
{
    if (isnan(error_m)) return;
    frame->scatter_m += (error_m - frame->scatter_m) / (USUAL_CELLS + fmin((double)++frame->n_scatter, MOST_CELLS));
}

static void advance(struct step *step)
{
    struct nwc__frame *const next = &step->next;
    sort_columns(step);
    for (int64_t t = 0; t < step->n_tracks; t++)
        if (step->pairing.partner[t]) step->track_of[step->pairing.partner[t]] = step->tracks[t].number;
    /* By number: those that go on and those not seen before those that begin. */
    const int64_t old = step->n_tracks;
    struct nwc__track *const seen = step->tracks;
    for (int64_t t = 0; t < old; t++) {
        const int32_t label = step->pairing.partner[t];
        if (!label) continue;
        learn_scatter(next, nwc__track_scatter(step->tracker, &seen[t], &step->cells->cells[label - 1], next->time_ns));
        nwc__track_see(step->tracker, &seen[t], &step->cells->cells[label - 1], next->time_ns);
        lend_columns(step, &seen[t]);
    }
    int64_t o = 0;
    number_new(step);
    next->n_tracks = 0;
    for (int64_t t = 0; t < old; t++) {
        const int32_t into = merged_into(step, t, &o);
        if (step->pairing.partner[t])
            next->tracks[next->n_tracks++] = seen[t];
        else
            miss(step, t, into);
    }
    begin_tracks(step);
    for (int64_t t = 0; t < next->n_tracks; t++) next->points[t] = nwc__track_point_of(step->tracker, &next->tracks[t]);
    next->n_points = next->n_tracks;
}

static nwc_status make_room(struct step *step, nwc_ctx *ctx)
{
    nwc_status status = NWC_OK;
    nwc_ctx *const memory = &step->tracker->memory;
    const struct nwc__frame *const before = &step->tracker->frame;
    const int64_t most = before->n_tracks + step->cells->n_cells;
    NWC__ALLOC(memory, step->next.tracks, most);
    NWC__ALLOC(memory, step->next.columns, before->n_columns + step->cells->n_columns);
    NWC__ALLOC(memory, step->next.points, most);
    NWC__ALLOC(memory, step->next.ended, before->n_tracks);
    NWC__ALLOC(memory, step->next.events, most);
    NWC__ALLOC(ctx, step->tracks, before->n_tracks);
    NWC__ALLOC(ctx, step->track_of, (int64_t)step->cells->n_cells + 1);
    NWC__ALLOC(ctx, step->first_column, (int64_t)step->cells->n_cells + 1);
    memset(step->track_of, 0, ((size_t)step->cells->n_cells + 1) * sizeof *step->track_of);
done:
    return status;
}

nwc_status nwc_tracker_add(nwc_ctx *ctx, nwc_tracker *tracker, const nwc_cells *cells, int64_t time_ns,
                           const nwc_field *u, const nwc_field *v)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check(tracker, cells, time_ns, u, v));
    if (!tracker->projection) NWC__TRY(nwc__tracker_keep_grid(tracker, &cells->grid));
    struct step step = {.tracker = tracker, .cells = cells, .u = u, .v = v};
    step.next.time_ns = time_ns, step.next.next_number = tracker->frame.next_number;
    step.next.scatter_m = tracker->frame.scatter_m, step.next.n_scatter = tracker->frame.n_scatter;
    nwc_status status = make_room(&step, ctx);
    if (status == NWC_OK) {
        predict(&step);
        step.pairing = (struct nwc__pairing){.tracker = tracker,
                                             .cells = cells,
                                             .tracks = step.tracks,
                                             .columns = tracker->frame.columns,
                                             .n_tracks = step.n_tracks,
                                             .time_ns = time_ns};
        status = nwc__track_pair(ctx, &step.pairing);
    }
    if (status == NWC_OK) {
        advance(&step);
        release_frame(&tracker->memory, &tracker->frame);
        tracker->frame = step.next;
    } else {
        release_frame(&tracker->memory, &step.next);
    }
    nwc__pairing_release(ctx, &step.pairing);
    nwc__free(ctx, step.first_column);
    nwc__free(ctx, step.track_of);
    nwc__free(ctx, step.tracks);
    return status;
}

nwc_status nwc_tracker_finish(nwc_tracker *tracker)
{
    if (!tracker) return nwc__fail(NWC_ERR_ARG, "tracker: a tracker expected, NULL given");
    nwc_status status = NWC_OK;
    const struct nwc__frame *const before = &tracker->frame;
    struct step step = {.tracker = tracker,
                        .next = {.time_ns = before->time_ns,
                                 .next_number = before->next_number,
                                 .scatter_m = before->scatter_m,
                                 .n_scatter = before->n_scatter}};
    NWC__ALLOC(&tracker->memory, step.next.ended, before->n_tracks);
    NWC__ALLOC(&tracker->memory, step.next.events, before->n_tracks);
    for (int64_t t = 0; t < before->n_tracks; t++) end_track(&step, &before->tracks[t], NWC_TRACK_DEATH, 0);
    release_frame(&tracker->memory, &tracker->frame);
    tracker->frame = step.next;
    return NWC_OK;
done:
    release_frame(&tracker->memory, &step.next);
    return status;
}

nwc_status nwc_tracker_lend(const nwc_tracker *tracker, nwc_track_table *table)
{
    if (!tracker || !table)
        return nwc__fail(NWC_ERR_ARG, "tracker, table: a tracker and a place for its table expected");
    const struct nwc__frame *const frame = &tracker->frame;
    *table = (nwc_track_table){.time_ns = frame->time_ns,
                               .n_points = frame->n_points,
                               .n_events = frame->n_events,
                               .n_ended = frame->n_ended,
                               .points = frame->points,
                               .events = frame->events,
                               .ended = frame->ended};
    return NWC_OK;
}

/* A tracker as bytes: all it knows, in one walk. */
#include "cells/track.h"

#include "core/walk.h"

enum { VERSION = 3, MOST_PROJECTION = 1 << 16, TRACK_NUMBERS = 35 };

static const char mark[NWC__WALK_MARK + 1] = "NWCTRACK";

static void walk_options(struct nwc__walk *walk, nwc_tracker_options *options)
{
    double *const reals[] = {&options->patience_s,        &options->max_speed_m_s,   &options->max_deviation_m_s,
                             &options->least_share,       &options->weight_distance, &options->weight_overlap,
                             &options->weight_size,       &options->weight_peak,     &options->position_error_m,
                             &options->acceleration_m_s2, &options->smoothing_s};
    for (size_t r = 0; r < sizeof reals / sizeof *reals; r++) nwc__walk_real(walk, reals[r]);
    nwc__walk_small(walk, &options->restart);
}

static void walk_track(struct nwc__walk *walk, struct nwc__track *track)
{
    int64_t *const numbers[] = {&track->number,  &track->parent,    &track->first_ns,
                                &track->last_ns, &track->before_ns, &track->first_column};
    int32_t *const smalls[] = {&track->n_seen, &track->cell, &track->has_velocity, &track->n_columns};
    double *const reals[] = {
        &track->state.j,         &track->state.i,  &track->state.u,  &track->state.v,     &track->state.pp,
        &track->state.pv,        &track->state.vv, &track->j,        &track->i,           &track->moved_j,
        &track->moved_i,         &track->area_m2,  &track->peak,     &track->smooth_area, &track->smooth_peak,
        &track->error_xx,        &track->error_xy, &track->error_yy, &track->major_m,     &track->minor_m,
        &track->orientation_deg, &track->core_j,   &track->core_i,   &track->before_j,    &track->before_i};
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) nwc__walk_integer(walk, numbers[n]);
    for (size_t n = 0; n < sizeof smalls / sizeof *smalls; n++) nwc__walk_small(walk, smalls[n]);
    for (size_t n = 0; n < sizeof reals / sizeof *reals; n++) nwc__walk_real(walk, reals[n]);
}

/* The grid and its projection; without cells yet of length 0. */
static void walk_grid(struct nwc__walk *walk, nwc_tracker *tracker, nwc_grid *grid, char **text)
{
    int64_t length = tracker->projection ? (int64_t)strlen(tracker->projection) : 0;
    nwc__walk_count(walk, &length, 1);
    if (walk->status != NWC_OK || length == 0) return;
    nwc__walk_integer(walk, &grid->nx), nwc__walk_integer(walk, &grid->ny);
    nwc__walk_real(walk, &grid->x_first), nwc__walk_real(walk, &grid->y_first), nwc__walk_real(walk, &grid->dx),
        nwc__walk_real(walk, &grid->dy);
    if (!walk->to && walk->status == NWC_OK) {
        if (length > MOST_PROJECTION)
            walk->status =
                nwc__fail(NWC_ERR_FORMAT, "state: a projection of at most %d bytes expected", MOST_PROJECTION);
        else if (!(*text = nwc__alloc(&tracker->memory, length + 1, 1)))
            walk->status = NWC_ERR_NOMEM;
    }
    for (int64_t c = 0; c < length && walk->status == NWC_OK; c++) {
        int64_t letter = walk->to ? (int64_t)(uint8_t)tracker->projection[c] : 0;
        nwc__walk_integer(walk, &letter);
        if (!walk->to) (*text)[c] = (char)letter, (*text)[c + 1] = '\0';
    }
}

static void walk_frame(struct nwc__walk *walk, nwc_tracker *tracker)
{
    struct nwc__frame *const frame = &tracker->frame;
    nwc__walk_integer(walk, &frame->time_ns), nwc__walk_integer(walk, &frame->next_number);
    nwc__walk_integer(walk, &frame->n_scatter), nwc__walk_real(walk, &frame->scatter_m);
    int64_t n_tracks = frame->n_tracks, n_columns = frame->n_columns;
    nwc__walk_count(walk, &n_tracks, TRACK_NUMBERS), nwc__walk_count(walk, &n_columns, 2);
    if (walk->status != NWC_OK) return;
    if (!walk->to) {
        frame->tracks = nwc__alloc(&tracker->memory, n_tracks, sizeof *frame->tracks);
        frame->columns = nwc__alloc(&tracker->memory, n_columns, sizeof *frame->columns);
        if (!frame->tracks || !frame->columns) {
            walk->status = NWC_ERR_NOMEM;
            return;
        }
        memset(frame->tracks, 0, (size_t)n_tracks * sizeof *frame->tracks);
        memset(frame->columns, 0, (size_t)n_columns * sizeof *frame->columns);
    }
    for (int64_t t = 0; t < n_tracks; t++) walk_track(walk, &frame->tracks[t]);
    for (int64_t c = 0; c < n_columns; c++)
        nwc__walk_small(walk, &frame->columns[c].j), nwc__walk_small(walk, &frame->columns[c].i);
    frame->n_tracks = n_tracks, frame->n_columns = n_columns;
}

nwc_status nwc_tracker_save(nwc_tracker *tracker, const uint8_t **bytes, int64_t *size)
{
    if (!tracker || !bytes || !size)
        return nwc__fail(NWC_ERR_ARG, "tracker, bytes, size: a tracker and places for its bytes expected");
    struct nwc__walk walk = nwc__walk_write(&tracker->saved, mark, VERSION);
    walk_options(&walk, &tracker->options);
    walk_grid(&walk, tracker, &tracker->grid, NULL);
    walk_frame(&walk, tracker);
    const nwc_status status = nwc__walk_close(&walk);
    *bytes = tracker->saved.data, *size = tracker->saved.size;
    return status;
}

/* ---- reading ---- */

/* What no tracker can have: the sum does not tell whether it was one that wrote. */
static nwc_status check_frame(const nwc_tracker *tracker)
{
    const struct nwc__frame *const frame = &tracker->frame;
    int64_t last = 0;
    if (!(frame->scatter_m >= 0.0 && isfinite(frame->scatter_m)) || frame->n_scatter < 0)
        return nwc__fail(NWC_ERR_FORMAT, "state: how middles of cells scatter expected, no number found");
    if (frame->n_tracks && !tracker->projection)
        return nwc__fail(NWC_ERR_FORMAT, "state: a grid for its tracks expected, none found");
    for (int64_t t = 0; t < frame->n_tracks; t++) {
        const struct nwc__track *const track = &frame->tracks[t];
        const double reals[] = {track->state.j,     track->state.i,         track->state.u,  track->state.v,
                                track->state.pp,    track->state.pv,        track->state.vv, track->j,
                                track->i,           track->moved_j,         track->moved_i,  track->peak,
                                track->smooth_area, track->smooth_peak,     track->error_xx, track->error_xy,
                                track->error_yy,    track->orientation_deg, track->core_j,   track->core_i,
                                track->before_j,    track->before_i};
        bool good = track->number > last && track->number < frame->next_number && track->n_columns >= 1 &&
                    track->first_column >= 0 && track->first_column <= frame->n_columns - track->n_columns &&
                    track->first_ns <= track->last_ns && track->last_ns <= frame->time_ns && track->area_m2 > 0.0 &&
                    (track->n_seen < 2 || track->before_ns < track->last_ns) && track->minor_m > 0.0 &&
                    track->major_m >= track->minor_m && track->error_xx >= 0.0 && track->error_yy >= 0.0;
        for (size_t r = 0; r < sizeof reals / sizeof *reals; r++) good = good && isfinite(reals[r]);
        if (!good) return nwc__fail(NWC_ERR_FORMAT, "state: track %lld is none", (long long)t);
        last = track->number;
    }
    for (int64_t c = 0; c < frame->n_columns; c++)
        if (frame->columns[c].j < 0 || frame->columns[c].i < 0 || frame->columns[c].j >= tracker->grid.ny ||
            frame->columns[c].i >= tracker->grid.nx)
            return nwc__fail(NWC_ERR_FORMAT, "state: columns of the grid expected, others found");
    return NWC_OK;
}

static nwc_status read_all(struct nwc__walk *walk, nwc_tracker *tracker)
{
    nwc_grid grid = {0};
    char *projection = NULL;
    walk_options(walk, &tracker->options);
    walk_grid(walk, tracker, &grid, &projection);
    nwc_status status = walk->status;
    if (status == NWC_OK && projection) {
        grid.projection = projection;
        status = nwc_grid_check(&tracker->memory, &grid);
        if (status == NWC_OK &&
            (grid.ny >= INT32_MAX || grid.nx >= INT32_MAX || (grid.ny + 2) * (grid.nx + 2) >= INT32_MAX))
            status = nwc__fail(NWC_ERR_FORMAT, "state: a grid of fewer than 2^31 cells expected, %lld x %lld found",
                               (long long)grid.ny, (long long)grid.nx);
        if (status == NWC_OK) status = nwc__tracker_keep_grid(tracker, &grid);
    }
    nwc__free(&tracker->memory, projection);
    NWC__TRY(status == NWC_ERR_ARG ? NWC_ERR_FORMAT : status);
    status = nwc__tracker_check_options(&tracker->options);
    NWC__TRY(status == NWC_ERR_ARG ? NWC_ERR_FORMAT : status);
    walk_frame(walk, tracker);
    NWC__TRY(nwc__walk_end(walk));
    return check_frame(tracker);
}

nwc_status nwc_tracker_restore(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_tracker **made)
{
    if (!made) return nwc__fail(NWC_ERR_ARG, "tracker: a place for the tracker expected, NULL given");
    *made = NULL;
    if (!bytes) return nwc__fail(NWC_ERR_ARG, "bytes: those of nwc_tracker_save expected, NULL given");
    struct nwc__walk walk = nwc__walk_read(bytes, size, mark, VERSION, "a tracker");
    NWC__TRY(walk.status);
    nwc_tracker *tracker;
    nwc_tracker_options options;
    nwc_tracker_options_init(&options);
    NWC__TRY(nwc__tracker_make(nwc__ctx(ctx), &options, &tracker));
    const nwc_status status = read_all(&walk, tracker);
    if (status == NWC_OK)
        *made = tracker;
    else
        nwc_tracker_destroy(tracker);
    return status;
}

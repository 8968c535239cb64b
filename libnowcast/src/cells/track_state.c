/*
 * A tracker as bytes. One walk over all it knows writes them and reads them, so that the two cannot differ: a mark and a version, then
 * numbers of eight bytes, the lowest first, then a sum over all before it (FNV-1a) that a changed byte does not pass.
 */
#include "cells/track.h"

enum { VERSION = 1, MARK_BYTES = 8, NUMBER_BYTES = 8, MOST_PROJECTION = 1 << 16, TRACK_NUMBERS = 26 };

static const char mark[MARK_BYTES + 1] = "NWCTRACK";

struct walk {
    struct nwc__buffer *to; /* NULL while reading */
    const uint8_t *from;
    int64_t size, at;
    nwc_status status;
};

static uint64_t sum_of(const uint8_t *bytes, int64_t n)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (int64_t b = 0; b < n; b++) sum = (sum ^ bytes[b]) * UINT64_C(1099511628211);
    return sum;
}

static void bits(struct walk *walk, uint64_t *number)
{
    uint8_t *at;
    if (walk->status != NWC_OK) return;
    if (walk->to) {
        if ((walk->status = nwc__buffer_extend(walk->to, NUMBER_BYTES, &at)) != NWC_OK) return;
        for (int b = 0; b < NUMBER_BYTES; b++) at[b] = (uint8_t)(*number >> 8 * b);
        return;
    }
    if (walk->size - walk->at < NUMBER_BYTES) {
        walk->status = nwc__fail(NWC_ERR_FORMAT, "state: more bytes expected, cut after %lld", (long long)walk->size);
        return;
    }
    *number = 0;
    for (int b = 0; b < NUMBER_BYTES; b++) *number |= (uint64_t)walk->from[walk->at++] << 8 * b;
}

static void number(struct walk *walk, int64_t *value)
{
    uint64_t pattern = (uint64_t)*value;
    bits(walk, &pattern);
    *value = (int64_t)pattern;
}

static void small(struct walk *walk, int32_t *value)
{
    int64_t wide = *value;
    number(walk, &wide);
    if (walk->status == NWC_OK && (wide < INT32_MIN || wide > INT32_MAX))
        walk->status = nwc__fail(NWC_ERR_FORMAT, "state: a number of 32 bits expected, %lld found", (long long)wide);
    else
        *value = (int32_t)wide;
}

static void real(struct walk *walk, double *value)
{
    uint64_t pattern;
    memcpy(&pattern, value, sizeof pattern);
    bits(walk, &pattern);
    memcpy(value, &pattern, sizeof pattern);
}

/* How many of something follow: so many that the bytes left can hold them. */
static void count(struct walk *walk, int64_t *n, int64_t numbers_each)
{
    number(walk, n);
    if (walk->to || walk->status != NWC_OK) return;
    if (*n < 0 || *n > (walk->size - walk->at) / (NUMBER_BYTES * numbers_each))
        walk->status =
            nwc__fail(NWC_ERR_FORMAT, "state: a number that fits its bytes expected, %lld found", (long long)*n);
}

static void walk_options(struct walk *walk, nwc_tracker_options *options)
{
    double *const reals[] = {&options->patience_s,        &options->max_speed_m_s,   &options->max_deviation_m_s,
                             &options->least_share,       &options->weight_distance, &options->weight_overlap,
                             &options->weight_size,       &options->weight_peak,     &options->position_error_m,
                             &options->acceleration_m_s2, &options->smoothing_s};
    for (size_t r = 0; r < sizeof reals / sizeof *reals; r++) real(walk, reals[r]);
    small(walk, &options->restart);
}

static void walk_track(struct walk *walk, struct nwc__track *track)
{
    int64_t *const numbers[] = {&track->number, &track->parent, &track->first_ns, &track->last_ns,
                                &track->first_column};
    int32_t *const smalls[] = {&track->n_seen, &track->cell, &track->has_velocity, &track->n_columns};
    double *const reals[] = {&track->state.j,  &track->state.i,     &track->state.u,    &track->state.v,
                             &track->state.pp, &track->state.pv,    &track->state.vv,   &track->j,
                             &track->i,        &track->moved_j,     &track->moved_i,    &track->area_m2,
                             &track->peak,     &track->smooth_area, &track->smooth_peak};
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) number(walk, numbers[n]);
    for (size_t n = 0; n < sizeof smalls / sizeof *smalls; n++) small(walk, smalls[n]);
    for (size_t n = 0; n < sizeof reals / sizeof *reals; n++) real(walk, reals[n]);
}

/* The grid and its projection; without cells yet of length 0. */
static void walk_grid(struct walk *walk, nwc_tracker *tracker, nwc_grid *grid, char **text)
{
    int64_t length = tracker->projection ? (int64_t)strlen(tracker->projection) : 0;
    count(walk, &length, 1);
    if (walk->status != NWC_OK || length == 0) return;
    number(walk, &grid->nx), number(walk, &grid->ny);
    real(walk, &grid->x_first), real(walk, &grid->y_first), real(walk, &grid->dx), real(walk, &grid->dy);
    if (!walk->to && walk->status == NWC_OK) {
        if (length > MOST_PROJECTION)
            walk->status =
                nwc__fail(NWC_ERR_FORMAT, "state: a projection of at most %d bytes expected", MOST_PROJECTION);
        else if (!(*text = nwc__alloc(&tracker->memory, length + 1, 1)))
            walk->status = NWC_ERR_NOMEM;
    }
    for (int64_t c = 0; c < length && walk->status == NWC_OK; c++) {
        int64_t letter = walk->to ? (int64_t)(uint8_t)tracker->projection[c] : 0;
        number(walk, &letter);
        if (!walk->to) (*text)[c] = (char)letter, (*text)[c + 1] = '\0';
    }
}

static void walk_frame(struct walk *walk, nwc_tracker *tracker)
{
    struct nwc__frame *const frame = &tracker->frame;
    number(walk, &frame->time_ns), number(walk, &frame->next_number);
    int64_t n_tracks = frame->n_tracks, n_columns = frame->n_columns;
    count(walk, &n_tracks, TRACK_NUMBERS - 2), count(walk, &n_columns, 2);
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
    for (int64_t c = 0; c < n_columns; c++) small(walk, &frame->columns[c].j), small(walk, &frame->columns[c].i);
    frame->n_tracks = n_tracks, frame->n_columns = n_columns;
}

nwc_status nwc_tracker_save(nwc_tracker *tracker, const uint8_t **bytes, int64_t *size)
{
    if (!tracker || !bytes || !size)
        return nwc__fail(NWC_ERR_ARG, "tracker, bytes, size: a tracker and places for its bytes expected");
    struct walk walk = {.to = &tracker->saved, .status = NWC_OK};
    uint8_t *at;
    int64_t version = VERSION;
    tracker->saved.size = 0;
    NWC__TRY(nwc__buffer_extend(&tracker->saved, MARK_BYTES, &at));
    memcpy(at, mark, MARK_BYTES);
    number(&walk, &version);
    walk_options(&walk, &tracker->options);
    walk_grid(&walk, tracker, &tracker->grid, NULL);
    walk_frame(&walk, tracker);
    uint64_t sum = sum_of(tracker->saved.data, tracker->saved.size);
    bits(&walk, &sum);
    *bytes = tracker->saved.data, *size = tracker->saved.size;
    return walk.status;
}

/* ---- reading ---- */

/* What no tracker can have: the sum does not tell whether it was one that wrote. */
static nwc_status check_frame(const nwc_tracker *tracker)
{
    const struct nwc__frame *const frame = &tracker->frame;
    int64_t last = 0;
    if (frame->n_tracks && !tracker->projection)
        return nwc__fail(NWC_ERR_FORMAT, "state: a grid for its tracks expected, none found");
    for (int64_t t = 0; t < frame->n_tracks; t++) {
        const struct nwc__track *const track = &frame->tracks[t];
        const double reals[] = {track->state.j,     track->state.i,    track->state.u,  track->state.v,
                                track->state.pp,    track->state.pv,   track->state.vv, track->j,
                                track->i,           track->moved_j,    track->moved_i,  track->peak,
                                track->smooth_area, track->smooth_peak};
        bool good = track->number > last && track->number < frame->next_number && track->n_columns >= 1 &&
                    track->first_column >= 0 && track->first_column <= frame->n_columns - track->n_columns &&
                    track->first_ns <= track->last_ns && track->last_ns <= frame->time_ns && track->area_m2 > 0.0;
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

static nwc_status read_all(struct walk *walk, nwc_tracker *tracker)
{
    nwc_grid grid = {0};
    char *projection = NULL;
    walk_options(walk, &tracker->options);
    walk_grid(walk, tracker, &grid, &projection);
    nwc_status status = walk->status;
    if (status == NWC_OK && projection) {
        grid.projection = projection;
        status = nwc_grid_check(&tracker->memory, &grid);
        if (status == NWC_OK) status = nwc__tracker_keep_grid(tracker, &grid);
    }
    nwc__free(&tracker->memory, projection);
    NWC__TRY(status == NWC_ERR_ARG ? NWC_ERR_FORMAT : status);
    status = nwc__tracker_check_options(&tracker->options);
    NWC__TRY(status == NWC_ERR_ARG ? NWC_ERR_FORMAT : status);
    walk_frame(walk, tracker);
    NWC__TRY(walk->status);
    if (walk->at != walk->size) return nwc__fail(NWC_ERR_FORMAT, "state: no more bytes expected, some found");
    return check_frame(tracker);
}

nwc_status nwc_tracker_restore(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_tracker **made)
{
    if (!made) return nwc__fail(NWC_ERR_ARG, "tracker: a place for the tracker expected, NULL given");
    *made = NULL;
    if (!bytes) return nwc__fail(NWC_ERR_ARG, "bytes: those of nwc_tracker_save expected, NULL given");
    if (size < MARK_BYTES + 2 * NUMBER_BYTES || memcmp(bytes, mark, MARK_BYTES) != 0)
        return nwc__fail(NWC_ERR_FORMAT, "state: the bytes of a tracker expected, others found");
    struct walk walk = {.from = bytes, .size = size - NUMBER_BYTES, .at = MARK_BYTES};
    struct walk end = {.from = bytes, .size = size, .at = size - NUMBER_BYTES};
    int64_t version = 0;
    uint64_t sum = 0;
    number(&walk, &version), bits(&end, &sum);
    if (version != VERSION)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "state: version %d expected, %lld found", VERSION, (long long)version);
    if (sum != sum_of(bytes, size - NUMBER_BYTES))
        return nwc__fail(NWC_ERR_FORMAT, "state: cut or changed bytes, their sum is another");
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

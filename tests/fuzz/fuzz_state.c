/*
 * States of trackers, of attributes and of warnings as they are saved. The sum at their end would turn nearly all input away: so it is
 * made right, of the input itself and of a good state that the input's bytes are laid over, three of which say where and what. What is
 * restored goes on, and is saved as what is restored again.
 */
#include "fuzz.h"

#include <nowcast/nowcast.h>

#include <math.h>
#include <stdlib.h>

enum { N = 24, STEP = 3, SUM = 8, MOST = 1 << 16 };

#define STEP_NS INT64_C(300000000000)

static const nwc_grid plane = {.projection = "+proj=eqc +R=6371000", .nx = N, .ny = N, .dx = 1000.0, .dy = 1000.0};
static const char *const names[2] = {"vil", "top"};

static void must(nwc_status status)
{
    if (status != NWC_OK) abort();
}

/* Two hills that move, and the disc of rain of one of them. */
static nwc_field hills(int64_t step)
{
    static float cells[N * N];
    for (int c = 0; c < N * N; c++) {
        const double y = (double)(c / N), x = (double)(c % N) - (double)(step % 8);
        const double one = 50.0 - (y - 7.0) * (y - 7.0) - (x - 6.0) * (x - 6.0);
        const double other = 46.0 - (y - 17.0) * (y - 17.0) - (x - 10.0) * (x - 10.0);
        cells[c] = (float)(one > other ? one : other);
    }
    return (nwc_field){
        .data = cells, .ndim = 2, .dim = {N, N}, .stride = {N, 1}, .missing = NAN, .units = "dBZ", .grid = &plane};
}

static nwc_tracker *follow(nwc_tracker *tracker, int64_t time_ns, int64_t step)
{
    nwc_cells *cells;
    const nwc_field field = hills(step);
    must(nwc_cells_identify(NULL, &field, NULL, &cells));
    (void)nwc_tracker_add(NULL, tracker, cells, time_ns, NULL, NULL); /* another grid or an earlier time is refused */
    nwc_cells_destroy(cells);
    return tracker;
}

static nwc_tracker *good_tracker(void)
{
    nwc_tracker *tracker;
    must(nwc_tracker_create(NULL, NULL, &tracker));
    for (int64_t s = 0; s < 3; s++) follow(tracker, STEP_NS * s, s);
    return tracker;
}

static nwc_hazard *new_warnings(void)
{
    nwc_hazard_rule rule;
    nwc_hazard *hazard;
    nwc_hazard_rule_init(&rule);
    rule.hazard = "gale", rule.quantity = "gust", rule.units = "dBZ", rule.threshold = 40.0;
    must(nwc_hazard_create(NULL, &rule, 1, NULL, 0, NULL, NULL, NULL, &hazard));
    return hazard;
}

static void warn(nwc_hazard *hazard, int64_t time_ns, int64_t step)
{
    const nwc_field field = hills(step);
    const nwc_hazard_frame frame = {"gust", time_ns, &field, (double)NAN};
    (void)nwc_hazard_evaluate(NULL, hazard, &frame, 1, time_ns, NULL, 0);
}

static void remember(nwc_cell_history *history, const nwc_tracker *tracker)
{
    static const double values[64][2];
    nwc_track_table table;
    must(nwc_tracker_lend(tracker, &table));
    if (table.n_points <= 64) (void)nwc_cell_history_add(history, &table, values[0]);
}

static nwc_cell_history *good_history(void)
{
    nwc_cell_history *history;
    nwc_tracker *const tracker = good_tracker();
    must(nwc_cell_history_create(NULL, 2, names, 1200.0, &history));
    for (int64_t s = 3; s < 6; s++) remember(history, follow(tracker, STEP_NS * s, s));
    nwc_tracker_destroy(tracker);
    return history;
}

/* A good state, to be released; its size. */
static uint8_t *good_state(int64_t *size)
{
    const uint8_t *bytes = NULL;
    uint8_t *copy;
    nwc_tracker *const tracker = fuzz_is_for("tracker_state") ? good_tracker() : NULL;
    nwc_cell_history *const history = fuzz_is_for("history_state") ? good_history() : NULL;
    nwc_hazard *const hazard = fuzz_is_for("warnings_state") ? new_warnings() : NULL;
    for (int64_t s = 0; hazard && s < 3; s++) warn(hazard, STEP_NS * s, s);
    must(tracker   ? nwc_tracker_save(tracker, &bytes, size)
         : history ? nwc_cell_history_save(history, &bytes, size)
                   : nwc_hazard_save(hazard, &bytes, size));
    if (!(copy = malloc((size_t)*size))) abort();
    memcpy(copy, bytes, (size_t)*size);
    nwc_tracker_destroy(tracker), nwc_cell_history_destroy(history), nwc_hazard_destroy(hazard);
    return copy;
}

/* What is restored goes on to the next time; bytes of what it was before, which live until it is destroyed. */
static void restore(const uint8_t *bytes, int64_t size, int depth)
{
    const uint8_t *again = NULL;
    int64_t length = 0;
    nwc_tracker *tracker = NULL;
    nwc_cell_history *history = NULL;
    nwc_hazard *const hazard = fuzz_is_for("warnings_state") ? new_warnings() : NULL;
    const nwc_status status = hazard                         ? nwc_hazard_restore(hazard, bytes, size)
                              : fuzz_is_for("tracker_state") ? nwc_tracker_restore(NULL, bytes, size, &tracker)
                                                             : nwc_cell_history_restore(NULL, bytes, size, &history);
    if (status == NWC_OK) {
        must(tracker   ? nwc_tracker_save(tracker, &again, &length)
             : history ? nwc_cell_history_save(history, &again, &length)
                       : nwc_hazard_save(hazard, &again, &length));
        if (depth == 0)
            restore(again, length, 1);
        else if (length != size || memcmp(again, bytes, (size_t)size) != 0)
            abort();
        nwc_tracker *const other = history ? good_tracker() : NULL;
        if (tracker) follow(tracker, STEP_NS * 4, 4);
        if (history) remember(history, other);
        if (hazard) warn(hazard, STEP_NS * 4, 4);
        nwc_tracker_destroy(other);
    } else if (depth > 0) {
        abort();
    }
    nwc_tracker_destroy(tracker), nwc_cell_history_destroy(history), nwc_hazard_destroy(hazard);
}

/* Put the sum of all before it at the end: FNV-1a of 64 bits, as core/walk.c has it. */
static void sum_up(uint8_t *bytes, int64_t size)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (int64_t b = 0; b < size - SUM; b++) sum = (sum ^ bytes[b]) * UINT64_C(1099511628211);
    for (int b = 0; b < SUM; b++) bytes[size - SUM + b] = (uint8_t)(sum >> 8 * b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static uint8_t *good;
    static int64_t length;
    if (!good) good = good_state(&length);
    if (size > MOST) return 0;
    uint8_t *const given = calloc(size + SUM, 1), *const laid = malloc((size_t)length);
    if (given && laid) {
        memcpy(given, bytes, size), memcpy(laid, good, (size_t)length);
        restore(given, (int64_t)size, 0);
        sum_up(given, (int64_t)size + SUM);
        restore(given, (int64_t)size + SUM, 0);
        for (size_t at = 0; at + STEP <= size; at += STEP)
            laid[(bytes[at] | bytes[at + 1] << 8) % length] = bytes[at + 2];
        sum_up(laid, length);
        restore(laid, length, 0);
    }
    free(laid), free(given);
    return 0;
}

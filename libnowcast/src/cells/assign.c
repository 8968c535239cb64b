/*
 * Assignment by shortest augmenting paths on a sparse graph (Jonker and Volgenant 1987, Computing 38, 325): row after row the path of
 * least reduced cost to a free column, or to some row that may be left alone, is found by Dijkstra's rule, and the prices of
 * rows and columns follow. A path never leaves the connected part its row lies in, so that parts need not be told apart, and what is
 * looked at is only what it has reached.
 */
#include "cells/assign.h"

struct search {
    const struct nwc__edge *edges;
    const int64_t *first; /* of rows, and the end */
    double alone;
    double *row_price, *column_price, *far; /* far: least reduced cost of a path to a column */
    int32_t *row_of, *partner, *before;     /* before: row on the path to a column */
    int32_t *reached, n_reached;
    uint8_t *state; /* of columns: 0 not reached, 1 reached, 2 its path is the shortest */
};

static void reach_from(struct search *s, int32_t row, double at)
{
    for (int64_t e = s->first[row]; e < s->first[row + 1]; e++) {
        const int32_t c = s->edges[e].column;
        if (s->state[c] == 2) continue;
        const double far = at + s->edges[e].cost - s->row_price[row] - s->column_price[c];
        if (s->state[c] == 1 && !(far < s->far[c])) continue;
        if (s->state[c] == 0) s->state[c] = 1, s->reached[s->n_reached++] = c;
        s->far[c] = far, s->before[c] = row;
    }
}

/* The nearest column that is not done, the first of several; -1 for none. */
static int32_t nearest(const struct search *s)
{
    int32_t best = -1;
    for (int32_t r = 0; r < s->n_reached; r++) {
        const int32_t c = s->reached[r];
        if (s->state[c] != 1) continue;
        if (best < 0 || s->far[c] < s->far[best] || (c < best && !(s->far[c] > s->far[best]))) best = c;
    }
    return best;
}

/* Give column to the row before it on the path, that row's to the one before, and so on to the row that began. */
static void turn_path(struct search *s, int32_t begun, int32_t column)
{
    for (;;) {
        const int32_t row = s->before[column], given_up = s->partner[row];
        s->row_of[column] = row, s->partner[row] = column;
        if (row == begun) break;
        column = given_up;
    }
}

static void place(struct search *s, int32_t begun)
{
    double at = 0.0, end = s->alone - s->row_price[begun];
    int32_t row = begun, left = begun, free_column = -1;
    s->n_reached = 0;
    for (;;) {
        reach_from(s, row, at);
        const int32_t c = nearest(s);
        if (c < 0 || s->far[c] >= end) break;
        if (s->row_of[c] < 0) {
            free_column = c, end = s->far[c];
            break;
        }
        s->state[c] = 2, at = s->far[c], row = s->row_of[c];
        if (at + s->alone - s->row_price[row] < end) end = at + s->alone - s->row_price[row], left = row;
    }
    s->row_price[begun] += end;
    for (int32_t r = 0; r < s->n_reached; r++) {
        const int32_t c = s->reached[r];
        if (s->state[c] == 2) {
            const double more = fmax(end - s->far[c], 0.0);
            s->column_price[c] -= more, s->row_price[s->row_of[c]] += more;
        }
        s->state[c] = 0;
    }
    if (free_column >= 0) {
        turn_path(s, begun, free_column);
    } else if (left != begun) {
        const int32_t given_up = s->partner[left];
        s->partner[left] = -1;
        turn_path(s, begun, given_up);
    }
}

nwc_status nwc__assign(nwc_ctx *ctx, const struct nwc__edge *edges, int64_t n_edges, int32_t n_rows, int32_t n_columns,
                       double alone, int32_t *partner)
{
    nwc_status status = NWC_OK;
    int64_t *first = NULL;
    double *prices = NULL;
    int32_t *numbers = NULL;
    struct search s = {.edges = edges, .alone = alone, .partner = partner};
    NWC__ALLOC(ctx, first, (int64_t)n_rows + 1);
    NWC__ALLOC(ctx, prices, (int64_t)n_rows + 2 * (int64_t)n_columns);
    NWC__ALLOC(ctx, numbers, 3 * (int64_t)n_columns);
    NWC__ALLOC(ctx, s.state, n_columns);
    s.first = first;
    s.row_price = prices, s.column_price = prices + n_rows, s.far = s.column_price + n_columns;
    s.row_of = numbers, s.before = numbers + n_columns, s.reached = s.before + n_columns;
    int64_t e = 0;
    for (int32_t r = 0; r < n_rows; r++) {
        first[r] = e;
        while (e < n_edges && edges[e].row == r) e++;
        partner[r] = -1, s.row_price[r] = 0.0;
    }
    first[n_rows] = e;
    assert(e == n_edges);
    for (int32_t c = 0; c < n_columns; c++) s.column_price[c] = 0.0, s.row_of[c] = -1, s.state[c] = 0;
    for (int32_t r = 0; r < n_rows; r++) place(&s, r);
done:
    nwc__free(ctx, s.state);
    nwc__free(ctx, numbers);
    nwc__free(ctx, prices);
    nwc__free(ctx, first);
    return status;
}

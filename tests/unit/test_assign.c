/* nwc__assign beside all ways of pairing. */
#include "cells/assign.h"
#include "support/support.h"

enum { MOST = 6 };

#define NO_EDGE 1e9

/* The same numbers on every machine. */
static uint32_t dice(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* The least sum over all ways to pair rows from row on with columns not used. */
static double least_sum(double cost[MOST][MOST], int rows, int columns, int row, unsigned used, double alone)
{
    if (row == rows) return 0.0;
    double least = alone + least_sum(cost, rows, columns, row + 1, used, alone);
    for (int c = 0; c < columns; c++)
        if (!(used & 1U << c) && cost[row][c] < NO_EDGE)
            least = fmin(least, cost[row][c] + least_sum(cost, rows, columns, row + 1, used | 1U << c, alone));
    return least;
}

static void the_sum_is_the_least_of_all_ways(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int turn = 0; turn < 4000; turn++) {
        double cost[MOST][MOST], sum = 0.0;
        struct nwc__edge edges[MOST * MOST];
        int32_t partner[MOST];
        const int rows = 1 + (int)(dice(&seed) % MOST), columns = 1 + (int)(dice(&seed) % MOST);
        const double alone = turn % 4 ? 0.01 * (dice(&seed) % 150) : 100.0;
        const unsigned values = turn % 3 ? 101 : 4; /* few values: many ways cost the same */
        int64_t n = 0;
        unsigned used = 0;
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c++) {
                cost[r][c] = dice(&seed) % 3 ? 0.25 * (dice(&seed) % values) : NO_EDGE;
                if (cost[r][c] < NO_EDGE) edges[n++] = (struct nwc__edge){.row = r, .column = c, .cost = cost[r][c]};
            }
        assert_ok(nwc__assign(nwc__ctx(NULL), edges, n, rows, columns, alone, partner));
        for (int r = 0; r < rows; r++) {
            sum += partner[r] < 0 ? alone : cost[r][partner[r]];
            if (partner[r] < 0) continue;
            assert_false(used & 1U << partner[r]);
            used |= 1U << partner[r];
        }
        assert_near(sum, least_sum(cost, rows, columns, 0, 0, alone), 1e-9);
    }
}

static void nothing_and_many_are_paired(void **state)
{
    (void)state;
    enum { N = 2000 };
    int32_t partner[N];
    struct nwc__edge *const edges = malloc(3 * N * sizeof *edges);
    int64_t n = 0;
    assert_ok(nwc__assign(nwc__ctx(NULL), NULL, 0, 0, 0, 1.0, partner));
    assert_ok(nwc__assign(nwc__ctx(NULL), NULL, 0, 2, 0, 1.0, partner));
    assert_int_equal(partner[1], -1);
    /* A chain: each row is cheaper with the next row's column, and the last row has but its own. */
    for (int r = 0; r < N; r++) {
        edges[n++] = (struct nwc__edge){.row = r, .column = r, .cost = 0.6};
        if (r + 1 < N) edges[n++] = (struct nwc__edge){.row = r, .column = r + 1, .cost = 0.5};
    }
    assert_ok(nwc__assign(nwc__ctx(NULL), edges, n, N, N, 1000.0, partner));
    for (int r = 0; r < N; r++) assert_int_equal(partner[r], r);
    /* Where being alone is cheap enough, the last row is left, and all others have the cheaper. */
    assert_ok(nwc__assign(nwc__ctx(NULL), edges, n, N, N, 0.61, partner));
    for (int r = 0; r < N - 1; r++) assert_int_equal(partner[r], r + 1);
    assert_int_equal(partner[N - 1], -1);
    free(edges);
}

static nwc_status pair_two(nwc_ctx *ctx, void *user)
{
    const struct nwc__edge edges[2] = {{0, 0, 0.1}, {1, 0, 0.2}};
    return nwc__assign(ctx, edges, 2, 2, 1, 1.0, user);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    int32_t partner[2];
    assert_int_equal(check_every_allocation_failure(pair_two, partner), 4);
    assert_int_equal(partner[0], 0);
    assert_int_equal(partner[1], -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_is_the_least_of_all_ways),
        cmocka_unit_test(nothing_and_many_are_paired),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

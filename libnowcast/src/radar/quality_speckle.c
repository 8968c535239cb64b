/*
 * Speckle: connected areas of few gates. Components by runs along rays, joined with those of the ray before, and the last
 * ray with the first where they go all round (after Rosenfeld and Pfaltz 1966; eight neighbours).
 */
#include "radar/quality.h"

struct run {
    int32_t from, to; /* gates; to is behind the last */
    int32_t area;     /* another run of its area with a smaller number, or itself */
};

static int32_t root_of(struct run *runs, int32_t a)
{
    while (runs[a].area != a) a = runs[a].area = runs[runs[a].area].area;
    return a;
}

/* Join the runs of two rays that touch, also at a corner. */
static void join(struct run *runs, int32_t a, int32_t a_end, int32_t b, int32_t b_end)
{
    while (a < a_end && b < b_end) {
        if (runs[a].from <= runs[b].to && runs[b].from <= runs[a].to) {
            const int32_t x = root_of(runs, a), y = root_of(runs, b);
            runs[x > y ? x : y].area = x > y ? y : x;
        }
        if (runs[a].to < runs[b].to)
            a++;
        else
            b++;
    }
}

static bool stands(const nwc__quality_sweep *sweep, const nwc__verdict *verdict, int64_t cell)
{
    return sweep->dbz.field.data[cell] > NWC_NOTHING_DBZ && !(verdict->flags[cell] & NWC_QUALITY_FILTERED);
}

static int32_t find_runs(const nwc__quality_sweep *sweep, const nwc__verdict *verdict, int64_t ray, struct run *runs,
                         int32_t count)
{
    const int64_t n = sweep->at.n;
    for (int64_t g = 0; g < n; g++) {
        if (!stands(sweep, verdict, ray * n + g)) continue;
        const int64_t from = g;
        while (g < n && stands(sweep, verdict, ray * n + g)) g++;
        runs[count] = (struct run){(int32_t)from, (int32_t)g, count};
        count++;
    }
    return count;
}

nwc_status nwc__quality_speckle(nwc_ctx *ctx, const nwc__quality_sweep *sweep, int32_t least,
                                const nwc__verdict *verdict)
{
    if (least < 2) return NWC_OK;
    nwc_status status = NWC_OK;
    const int64_t rays = sweep->facts.n_rays, n = sweep->at.n;
    struct run *runs = NULL;
    int32_t *first = NULL, *size = NULL, count = 0;
    NWC__ALLOC(ctx, runs, rays * (n / 2 + 1));
    NWC__ALLOC(ctx, first, rays + 1);
    for (int64_t r = 0; r < rays; r++) {
        first[r] = count;
        count = find_runs(sweep, verdict, r, runs, count);
        if (r > 0) join(runs, first[r - 1], first[r], first[r], count);
    }
    first[rays] = count;
    if (sweep->round && rays > 2) join(runs, first[0], first[1], first[rays - 1], count);
    NWC__ALLOC(ctx, size, count);
    memset(size, 0, (size_t)count * sizeof *size);
    for (int32_t k = 0; k < count; k++) size[root_of(runs, k)] += runs[k].to - runs[k].from;
    for (int64_t r = 0; r < rays; r++)
        for (int32_t k = first[r]; k < first[r + 1]; k++) {
            if (size[root_of(runs, k)] >= least) continue;
            for (int32_t g = runs[k].from; g < runs[k].to; g++) verdict->flags[r * n + g] |= NWC_QUALITY_SPECKLE;
        }
done:
    nwc__free(ctx, size);
    nwc__free(ctx, first);
    nwc__free(ctx, runs);
    return status;
}

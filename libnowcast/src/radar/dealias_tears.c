/*
 * Gates about tears, each on a fold of its own.
 *
 * Regions may be torn from one another where wind is not, since an edge too many or too few was sure, and gates of no region lie as a window
 * about them had it. So the gates near which neighbours differ by more than the Nyquist velocity are taken once more, one by one: with the
 * energy of regions, that of differences to neighbours beside, above and below, by moves of one fold. All other gates stay.
 */
#include "radar/dealias_tears.h"
#include "radar/dealias_rows.h"

#define TEAR 1.0f        /* Nyquist velocities between neighbours */
#define ABOVE_WEIGHT 0.5 /* of a gate above or below, when near */
#define STAY 0.2f        /* what it costs each gate to lie a fold from where it was found */
#define CHANGED 0.4f     /* the most confidence of a gate that has moved */

enum { REACH = 3 /* gates and rays from a tear, together */, MOST_MOVES = 12 };

/* ---- which gates ---- */

static void mark_row(const nwc__fold_sweep *s, int64_t ray, int64_t gate, int64_t reach, uint8_t *mark)
{
    const int64_t from = s->from[ray] > gate - reach ? s->from[ray] : gate - reach;
    const int64_t end = s->to[ray] < gate + reach + 1 ? s->to[ray] : gate + reach + 1;
    if (from < end) memset(mark + s->row[ray] + from, 1, (size_t)(end - from));
}

static void mark_about(const nwc__fold_sweep *s, int64_t ray, int64_t gate, uint8_t *mark)
{
    int64_t down = ray, up = ray;
    mark_row(s, ray, gate, REACH, mark);
    for (int64_t k = 1; k <= REACH; k++) {
        down = nwc__fold_ray_before(s, down), up = nwc__fold_ray_after(s, up);
        mark_row(s, down, gate, REACH - k, mark);
        mark_row(s, up, gate, REACH - k, mark);
    }
}

int32_t nwc__tears_mark(const nwc__fold_sweep *s, const struct nwc__dealias_kernels *kernels,
                        nwc__fold_scratch *scratch)
{
    uint8_t *const mark = s->mark, *const jump = scratch->across;
    int32_t count = 0;
    memset(mark, 0, (size_t)s->n_cells);
    for (int64_t r = 0; r < s->n_rays; r++) {
        if (nwc__fold_jumps(s, kernels, r, TEAR, scratch->lines, jump) == 0) continue;
        for (int64_t g = s->from[r]; g < s->to[r]; g++) {
            const int tear = jump[s->row[r] + g];
            if (!tear) continue;
            mark_about(s, r, g, mark);
            if (tear & NWC__JUMP_ALONG) mark_about(s, r, g + 1, mark);
            if (tear & NWC__JUMP_ACROSS) mark_about(s, nwc__fold_ray_after(s, r), g, mark);
        }
    }
    for (int64_t i = 0; i < s->n_cells; i++) count += mark[i] &= !isnan(s->unfolded[i]);
    return count;
}

nwc_status nwc__tears_create(nwc_ctx *ctx, int32_t n, nwc__tears *tears)
{
    nwc_status status = NWC_OK;
    *tears = (nwc__tears){.n = n};
    NWC__ALLOC(ctx, tears->cell, n);
    NWC__ALLOC(ctx, tears->ray, n);
    NWC__ALLOC(ctx, tears->velocity, n);
    NWC__ALLOC(ctx, tears->term, n);
    NWC__ALLOC(ctx, tears->part, (int64_t)n + 1);
    status = nwc__cut_create(ctx, n, 2 * (int64_t)n, &tears->cut);
done:
    return status;
}

void nwc__tears_release(nwc_ctx *ctx, nwc__tears *tears)
{
    nwc__cut_release(ctx, &tears->cut);
    nwc__free(ctx, tears->part);
    nwc__free(ctx, tears->term);
    nwc__free(ctx, tears->velocity);
    nwc__free(ctx, tears->ray);
    nwc__free(ctx, tears->cell);
    *tears = (nwc__tears){.n = 0};
}

/* ---- where they belong ---- */

/* The cell of a gate that is held and known; -1 for none. */
static int32_t known_cell(const nwc__fold_sweep *s, bool there, int64_t ray, int64_t gate)
{
    if (!there || gate < s->from[ray] || gate >= s->to[ray]) return -1;
    const int32_t i = (int32_t)(s->row[ray] + gate);
    return isnan(s->unfolded[i]) ? -1 : i;
}

enum { STAYS = -1, OPEN = -2 }; /* cells that are not nodes, and those that are to become some */

/*
 * Gates that hang together with node n, the first of them; n and n_pairs go on behind the last. Of each what is beside it: pairs of them,
 * and terms of those that stay.
 */
static void hang_together(const nwc__fold_sweep *s, int32_t *node, nwc__tears *tears, int32_t *n, int64_t *n_pairs)
{
    const int32_t first = *n;
    int32_t last = first + 1;
    for (int32_t k = first; k < last; k++) {
        const int64_t ray = tears->ray[k], gate = tears->cell[k] - s->row[ray];
        const int64_t before = nwc__fold_ray_before(s, ray), after = nwc__fold_ray_after(s, ray);
        const int64_t rays[4] = {ray, after, ray, before};
        const int32_t beside[4] = {known_cell(s, true, ray, gate + 1),
                                   known_cell(s, s->near[ray] && after != ray, after, gate),
                                   known_cell(s, true, ray, gate - 1),
                                   known_cell(s, s->near[before] && before != ray, before, gate)};
        for (int d = 0; d < 4; d++) {
            const int32_t i = beside[d];
            tears->term[k][d] = (nwc__tear_term){0.0f, 0.0f};
            if (i < 0) continue;
            if (node[i] == STAYS) {
                tears->term[k][d] = (nwc__tear_term){s->unfolded[i], 1.0f};
                continue;
            }
            if (node[i] == OPEN) {
                node[i] = last;
                tears->cell[last] = i;
                tears->ray[last++] = (int32_t)rays[d];
            }
            if (d < 2) nwc__cut_join(&tears->cut, (*n_pairs)++, k - first, node[i] - first);
        }
    }
    *n = last;
}

/* Terms of a sweep above or below; NULL for none. */
static void look_beyond(const nwc__fold_sweep *s, const nwc__fold_sweep *other, int which, nwc__fold_beside *beside,
                        nwc__tears *tears)
{
    if (other) nwc__fold_look_beside(s, other, beside);
    for (int32_t k = 0; k < tears->n; k++) {
        const int64_t ray = tears->ray[k];
        nwc__tear_term *const term = &tears->term[k][which];
        *term = (nwc__tear_term){0.0f, 0.0f};
        if (!other || beside[ray].ray < 0) continue;
        const double range = s->first_gate_m + (tears->cell[k] - s->row[ray]) * s->gate_spacing_m;
        const int32_t i = known_cell(other, true, beside[ray].ray, nwc__fold_gate_beside(&beside[ray], other, range));
        if (i < 0) continue;
        const double weight = ABOVE_WEIGHT * nwc__fold_weight_beside(range * fabs(beside[ray].rise));
        *term = (nwc__tear_term){other->unfolded[i], (float)weight};
    }
}

static double cost_by_itself(const nwc__tears *tears, int32_t k, float velocity, double one)
{
    double sum = 0.0;
    for (int t = 0; t < NWC__TEAR_TERMS; t++) {
        const nwc__tear_term *const term = &tears->term[k][t];
        if (term->weight > 0.0f) sum += term->weight * nwc__fold_cost((velocity - term->velocity) * one);
    }
    return sum;
}

/* The best of all moves by step, of nodes from first on; true when it makes the energy less. */
static bool move(const nwc__fold_sweep *s, nwc__tears *tears, int32_t first, nwc__cut *cut, int32_t step)
{
    bool any = false;
    const int32_t *const ray = tears->ray + first;
    float *const velocity = tears->velocity + first;
    for (int32_t k = 0; k < cut->n; k++) {
        const float nyquist = s->nyquist_m_s[ray[k]], turn = 2.0f * nyquist * (float)step, v = velocity[k];
        const float was = s->unfolded[tears->cell[first + k]];
        const bool away = step > 0 ? v >= was : v <= was;
        const double one = 1.0 / nyquist;
        cut->excess[k] = cost_by_itself(tears, first + k, v + turn, one) - cost_by_itself(tears, first + k, v, one) +
                         (away ? STAY : -STAY);
    }
    for (int64_t p = 0; p < cut->n_pairs; p++) {
        const int32_t a = cut->to[2 * p + 1], b = cut->to[2 * p];
        const double va = s->nyquist_m_s[ray[a]], vb = s->nyquist_m_s[ray[b]],
                     one = va == vb ? 1.0 / va : 1.0 / sqrt(va * vb);
        const double d = velocity[b] - velocity[a], up_a = 2.0 * va * step, up_b = 2.0 * vb * step;
        const double now = nwc__fold_cost(d * one);
        nwc__cut_weigh(cut, p, nwc__fold_cost((d - up_a) * one) - now, nwc__fold_cost((d + up_b) * one) - now,
                       nwc__fold_cost((d + up_b - up_a) * one) - now);
    }
    nwc__cut_solve(cut);
    for (int32_t k = 0; k < cut->n; k++) {
        if (!cut->level[k]) continue;
        velocity[k] += 2.0f * s->nyquist_m_s[ray[k]] * (float)step;
        any = true;
    }
    return any;
}

void nwc__tears_mend(const nwc__fold_sweep *s, const nwc__fold_sweep *below, const nwc__fold_sweep *above,
                     nwc__fold_scratch *scratch, nwc__tears *tears)
{
    int32_t *const node = scratch->edges, n = 0, parts = 0;
    int64_t pairs = 0;
    if (tears->n == 0) return;
    for (int64_t i = 0; i < s->n_cells; i++) node[i] = s->mark[i] ? OPEN : STAYS;
    for (int64_t r = 0; r < s->n_rays; r++)
        for (int32_t i = s->row[r] + s->from[r]; i < s->row[r] + s->to[r]; i++) {
            if (node[i] != OPEN) continue;
            tears->part[parts++] = (nwc__tear_part){n, pairs};
            node[i] = n;
            tears->cell[n] = i;
            tears->ray[n] = (int32_t)r;
            hang_together(s, node, tears, &n, &pairs);
        }
    tears->part[parts] = (nwc__tear_part){n, pairs};
    for (int32_t k = 0; k < n; k++) tears->velocity[k] = s->unfolded[tears->cell[k]];
    look_beyond(s, below, 4, scratch->beside, tears);
    look_beyond(s, above, 5, scratch->beside, tears);
    for (int32_t p = 0; p < parts; p++) {
        const nwc__tear_part here = tears->part[p], next = tears->part[p + 1];
        nwc__cut cut =
            nwc__cut_part(&tears->cut, p, here.node, next.node - here.node, here.pair, next.pair - here.pair);
        nwc__cut_arrange(&cut);
        for (int32_t step = 1, idle = 0, moves = 0; idle < 2 && moves < MOST_MOVES; moves++) {
            idle = move(s, tears, here.node, &cut, step) ? 0 : idle + 1;
            if (idle) step = -step;
        }
    }
}

void nwc__tears_apply(const nwc__tears *tears, nwc__fold_sweep *s)
{
    for (int32_t k = 0; k < tears->n; k++) {
        const int32_t i = tears->cell[k];
        const float turn = 2.0f * s->nyquist_m_s[tears->ray[k]];
        const int32_t step = (int32_t)rintf((tears->velocity[k] - s->unfolded[i]) / turn);
        if (!step) continue;
        s->fold[i] = (int16_t)(s->fold[i] + step);
        s->unfolded[i] = s->velocity[i] + turn * s->fold[i];
        s->confidence[i] = fminf(s->confidence[i], CHANGED);
    }
}

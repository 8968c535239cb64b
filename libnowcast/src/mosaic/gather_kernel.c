/*
 * The eight gates about every cell of a strip of columns, plane by plane: a plane gives to the cells about it the four
 * gates of its two rays on either side, times the part of the cell that is the plane's. All that belongs to a plane and
 * a column is found once; what is left is done for all columns of a level at once, as vectors. Where a plane has no
 * echo, as over most of most volumes, only weights are added up. Pairs of gates are copied together before they are
 * summed: to gather them one by one took longer, by instructions made for it as well.
 */
#include "mosaic/parts.h"

enum { FAR = 1 << 20 /* gates */ };

#define WITHIN 0.0078125F /* of a gate: the least that 32768 gates less it are not */

/* ---- places along rays ---- */

/* Two gates of a ray for every cell of a part: the number of the first, and the weights of both. */
struct gates {
    int32_t at[BLOCK];
    float near[BLOCK], far[BLOCK];
    int32_t first, last; /* of all, and a few more */
};

static int32_t gate_at(float range_m, float first_m, float per_m)
{
    const float place = (range_m - first_m) * per_m;
    return place < FAR ? (place > -FAR ? (int32_t)place : -FAR) : FAR;
}

/* Where all have a gate on either side. */
static void place_inside(float first_m, float per_m, float last, const struct part *part, struct gates *restrict to)
{
    const float *restrict const range_m = part->range_m, *restrict const of = part->of;
    int32_t *restrict const at = to->at;
    float *restrict const near = to->near, *restrict const far = to->far;
#pragma omp simd
    for (int32_t k = 0; k < part->n; k++) {
        const float place = (range_m[k] - first_m) * per_m, from_0 = place > 0.0F ? place : 0.0F;
        const float within = from_0 < last ? from_0 : last; /* of a cell that is not the plane's it may be anything */
        const int32_t g = (int32_t)within;
        at[k] = g;
        far[k] = of[k] * (within - (float)g);
        near[k] = of[k] - far[k];
    }
}

/* Anywhere, and the nearest of the two. */
static void place_anywhere(float first_m, float per_m, float last, bool nearest, const struct part *part,
                           struct gates *restrict to)
{
    const float *restrict const range_m = part->range_m, *restrict const of = part->of;
    int32_t *restrict const at = to->at;
    float *restrict const near = to->near, *restrict const far = to->far;
    const float to_nearest = nearest ? 1.0F : 0.0F;
#pragma omp simd
    for (int32_t k = 0; k < part->n; k++) {
        const float place = (range_m[k] - first_m) * per_m, from_0 = place > 0.0F ? place : 0.0F;
        const float within = from_0 < last ? from_0 : last;
        const int32_t g = (int32_t)within;
        const float in = place - (float)g, near_by = 1.0F - fabsf(in), far_by = 1.0F - fabsf(in - 1.0F);
        const float one = fabsf(in) < 0.5F ? 1.0F : 0.0F, other = fabsf(in - 1.0F) <= 0.5F ? 1.0F : 0.0F;
        const float first = near_by + to_nearest * (one - near_by), second = far_by + to_nearest * (other - far_by);
        at[k] = g;
        near[k] = of[k] * (first > 0.0F ? first : 0.0F);
        far[k] = of[k] * (second > 0.0F ? second : 0.0F);
    }
}

static void place_gates(const nwc__stack *stack, const nwc__gathering *how, const struct part *part, int32_t t,
                        struct gates *restrict to)
{
    const int32_t room = stack->planes[t].n_gates > 2 ? stack->planes[t].n_gates : 2;
    const float first_m = stack->first_m[t], per_m = stack->per_m[t], last = (float)(room - 1) - WITHIN;
    const bool nearest = how->method == NWC_MOSAIC_NEAREST;
    to->first = gate_at(part->nearest_m, first_m, per_m) - 2, to->last = gate_at(part->farthest_m, first_m, per_m) + 2;
    if (to->first >= 0 && to->last < room && !nearest)
        place_inside(first_m, per_m, last, part, to);
    else
        place_anywhere(first_m, per_m, last, nearest, part, to);
}

/* ---- sums ---- */

/* Sums over the gates of all planes, and of their weights, by cell. */
struct sums {
    float echo[NWC__MOSAIC_QUANTITIES][BLOCK], known[NWC__MOSAIC_QUANTITIES][BLOCK];
    float inside[BLOCK], after_s[BLOCK];
    bool any[NWC__MOSAIC_QUANTITIES]; /* whether a value was added that is not nothing */
    int32_t first, end;               /* levels about which anything is known */
};

/* Two gates of either ray about every cell of a part. */
struct four {
    float near[BLOCK][2], far[BLOCK][2];
};

/* What is in the gates of a plane about a strip: bits of nwc__patch; 0 where there are none. */
static int32_t patches_about(const nwc__plane *plane, const nwc__gates *of, const nwc__rays *rays,
                             const struct gates *at)
{
    int32_t found = 0;
    if (rays->most - rays->least > plane->n_rays / 2)
        return NWC__PATCH_ECHO | NWC__PATCH_UNKNOWN; /* over north: any may be */
    const int32_t across = (plane->n_gates + NWC__MOSAIC_PATCH_GATES - 1) / NWC__MOSAIC_PATCH_GATES;
    const int32_t first = at->first > 0 ? at->first : 0,
                  end = at->last < plane->n_gates ? at->last : plane->n_gates - 1;
    if (first > end) return 0;
    for (int32_t r = rays->least / NWC__MOSAIC_PATCH_RAYS; r <= (rays->most + 1) / NWC__MOSAIC_PATCH_RAYS; r++)
        for (int32_t g = first / NWC__MOSAIC_PATCH_GATES; g <= end / NWC__MOSAIC_PATCH_GATES; g++)
            found |= of->patches[r * across + g];
    return found;
}

/* inside, after_s, and what else is summed below: of the cells of the part. */
static void add_weights(int32_t n, const struct gates *gates, const nwc__rays *rays, float *restrict inside,
                        float *restrict after_s)
{
    for (int32_t k = 0; k < n; k += COLUMNS)
#pragma omp simd
        for (int32_t c = 0; c < COLUMNS; c++) {
            const float all = (gates->near[k + c] + gates->far[k + c]) * rays->found[c];
            inside[k + c] += all;
            after_s[k + c] += all * rays->after_s[c];
        }
}

static void add_nothing(int32_t n, const struct gates *gates, const nwc__rays *rays, float *restrict known)
{
    for (int32_t k = 0; k < n; k += COLUMNS)
#pragma omp simd
        for (int32_t c = 0; c < COLUMNS; c++) known[k + c] += (gates->near[k + c] + gates->far[k + c]) * rays->found[c];
}

/* Column by column, whose gates lie close to each other. In line the pointers would not stay in registers. */
static __attribute__((noinline)) void copy_gates(const nwc__gates *of, int32_t n, const struct gates *gates,
                                                 const nwc__rays *rays, struct four *restrict to)
{
    for (int32_t c = 0; c < COLUMNS; c++) {
        const float *const near = of->cells + rays->near[c] * of->stride;
        const float *const far = of->cells + rays->far[c] * of->stride;
        const int32_t *const at = gates->at + c;
        float(*const to_near)[2] = to->near + c, (*const to_far)[2] = to->far + c;
#pragma GCC unroll 4
        for (int32_t k = 0; k < n; k += COLUMNS) {
            memcpy(to_near[k], near + at[k], sizeof to_near[k]);
            memcpy(to_far[k], far + at[k], sizeof to_far[k]);
        }
    }
}

static void add_values(int32_t n, const struct four *four, const struct gates *gates, const nwc__rays *rays,
                       float *restrict value, float *restrict known)
{
    for (int32_t k = 0; k < n; k += COLUMNS)
#pragma omp simd
        for (int32_t c = 0; c < COLUMNS; c++) {
            const float near = gates->near[k + c], far = gates->far[k + c];
            float sum = value[k + c], is = known[k + c];
            nwc__add_known(four->near[k + c][0], rays->near_weight[c] * near, &sum, &is);
            nwc__add_known(four->near[k + c][1], rays->near_weight[c] * far, &sum, &is);
            nwc__add_known(four->far[k + c][0], rays->far_weight[c] * near, &sum, &is);
            nwc__add_known(four->far[k + c][1], rays->far_weight[c] * far, &sum, &is);
            value[k + c] = sum, known[k + c] = is;
        }
}

static void add_echoes(int32_t n, const struct four *four, const struct gates *gates, const nwc__rays *rays,
                       float *restrict value, float *restrict echo, float *restrict known)
{
    for (int32_t k = 0; k < n; k += COLUMNS)
#pragma omp simd
        for (int32_t c = 0; c < COLUMNS; c++) {
            const float near = gates->near[k + c], far = gates->far[k + c];
            float sum = value[k + c], has = echo[k + c], is = known[k + c];
            nwc__add_echo(four->near[k + c][0], rays->near_weight[c] * near, &sum, &has, &is);
            nwc__add_echo(four->near[k + c][1], rays->near_weight[c] * far, &sum, &has, &is);
            nwc__add_echo(four->far[k + c][0], rays->far_weight[c] * near, &sum, &has, &is);
            nwc__add_echo(four->far[k + c][1], rays->far_weight[c] * far, &sum, &has, &is);
            value[k + c] = sum, echo[k + c] = has, known[k + c] = is;
        }
}

/* ---- planes ---- */

/* What is found of a plane before its gates are read. */
struct found {
    struct part part;
    struct gates gates[2]; /* of the first stack, and of one that has others */
    nwc__rays rays[NWC__MOSAIC_QUANTITIES];
    const nwc__rays *rays_of[NWC__MOSAIC_QUANTITIES]; /* of stacks */
    const struct gates *gates_of[NWC__MOSAIC_QUANTITIES];
    int32_t there[NWC__MOSAIC_QUANTITIES]; /* of quantities of the mosaic: what is in their gates */
};

/*
 * Rays and gates of the plane t; found->part is there, and of what moves so are the rays. Their first gates are asked
 * for.
 */
static void find_plane(const nwc__stack *const *stacks, int32_t n_stacks, const nwc__gathering *how,
                       const nwc__strip *strip, const float *azimuth_deg, int32_t t, bool values,
                       struct found *restrict found)
{
    for (int32_t i = 0; i < n_stacks; i++) {
        const nwc__stack *const stack = stacks[i];
        const int32_t like = stack->rays_of[t] < i ? stack->rays_of[t] : i, g = i && stack->gates_of[t] ? 1 : 0;
        nwc__rays *const rays = &found->rays[like];
        struct gates *const gates = &found->gates[g];
        if (like == i && !strip->moves) nwc__look(&stack->planes[t], how, strip, azimuth_deg, rays);
        if (!i || g) place_gates(stack, how, &found->part, t, gates);
        found->rays_of[i] = rays, found->gates_of[i] = gates;
        for (int32_t n = 0; values && n < stack->n_quantities; n++) {
            const nwc__gates *const of = &stack->gates[n][t];
            const int32_t there = patches_about(&stack->planes[t], of, rays, gates);
            found->there[stack->quantity[n]] = there;
            for (int32_t c = 0; there & NWC__PATCH_ECHO && c < COLUMNS; c++) {
                __builtin_prefetch(of->cells + rays->near[c] * of->stride + gates->at[c]);
                __builtin_prefetch(of->cells + rays->far[c] * of->stride + gates->at[c]);
            }
        }
    }
}

static void add_plane(const nwc__stack *const *stacks, int32_t n_stacks, int32_t t, const struct found *found,
                      bool values, nwc__gathered *restrict out, struct sums *restrict into)
{
    const int32_t n = found->part.n, at = found->part.first * COLUMNS;
    struct four four;
    into->first = found->part.first < into->first ? found->part.first : into->first;
    into->end = found->part.first + n / COLUMNS > into->end ? found->part.first + n / COLUMNS : into->end;
    add_weights(n, found->gates_of[0], found->rays_of[0], into->inside + at, into->after_s + at);
    for (int32_t i = 0; values && i < n_stacks; i++)
        for (int32_t m = 0; m < stacks[i]->n_quantities; m++) {
            const struct gates *const gates = found->gates_of[i];
            const nwc__rays *const rays = found->rays_of[i];
            const int32_t q = stacks[i]->quantity[m], there = found->there[q];
            if (there == NWC__PATCH_NOTHING) add_nothing(n, gates, rays, into->known[q] + at);
            if (!(there & ~NWC__PATCH_UNKNOWN) || there == NWC__PATCH_NOTHING) continue;
            into->any[q] = true;
            copy_gates(&stacks[i]->gates[m][t], n, gates, rays, &four);
            if (stacks[i]->averaging[m] == NWC__AS_ECHO)
                add_echoes(n, &four, gates, rays, out->value[q] + at, into->echo[q] + at, into->known[q] + at);
            else
                add_values(n, &four, gates, rays, out->value[q] + at, into->known[q] + at);
        }
}

/* ---- from sums to means ---- */

static void take_means(nwc__averaging averaging, bool any, const float *restrict echo, const float *restrict known,
                       float least, int32_t n, float *restrict value)
{
    if (!any) { /* nothing at most */
        for (int32_t k = 0; k < n; k++) value[k] = ((known[k] > 0.0F) & (known[k] >= least)) ? NWC__NOTHING_F : NAN;
    } else if (averaging == NWC__AS_ECHO) {
        for (int32_t k = 0; k < n; k++) value[k] = nwc__mean_of_echo(value[k], echo[k], known[k], least);
    } else if (averaging == NWC__AS_Z) {
        for (int32_t k = 0; k < n; k++) value[k] = nwc__mean_of_z(value[k], known[k], least);
    } else {
        for (int32_t k = 0; k < n; k++) value[k] = nwc__mean_of_known(value[k], known[k], least);
    }
}

static void fill(float value, int32_t first, int32_t end, float *restrict cells)
{
    for (int32_t k = first * COLUMNS; k < end * COLUMNS; k++) cells[k] = value;
}

static void finish(const nwc__stack *const *stacks, int32_t n_stacks, const nwc__gathering *how,
                   const nwc__block *block, const struct sums *sums, nwc__gathered *restrict out)
{
    const int32_t from = sums->first * COLUMNS, n = sums->end * COLUMNS - from;
    for (int32_t i = 0; i < n_stacks; i++)
        for (int32_t m = 0; m < stacks[i]->n_quantities; m++) {
            const int32_t q = stacks[i]->quantity[m];
            take_means(stacks[i]->averaging[m], sums->any[q], sums->echo[q] + from, sums->known[q] + from,
                       how->min_known, n, out->value[q] + from);
            fill(NAN, 0, sums->first, out->value[q]);
            fill(NAN, sums->end, block->levels, out->value[q]);
        }
    for (int32_t k = from; k < from + n; k++) {
        const bool is = sums->inside[k] > 0.0F;
        out->age_s[k] = is ? -sums->after_s[k] / (is ? sums->inside[k] : 1.0F) : NAN;
    }
    fill(NAN, 0, sums->first, out->age_s);
    fill(NAN, sums->end, block->levels, out->age_s);
}

static void begin(const nwc__stack *const *stacks, int32_t n_stacks, const nwc__block *block, struct sums *sums,
                  nwc__gathered *out)
{
    const size_t size = (size_t)(block->levels * COLUMNS) * sizeof(float);
    sums->first = block->levels, sums->end = 0;
    memset(sums->inside, 0, size), memset(sums->after_s, 0, size);
    fill(INFINITY, 0, block->levels, out->off_deg);
    for (int32_t i = 0; i < n_stacks; i++)
        for (int32_t m = 0; m < stacks[i]->n_quantities; m++) {
            const int32_t q = stacks[i]->quantity[m];
            sums->any[q] = false;
            memset(out->value[q], 0, size), memset(sums->known[q], 0, size);
            if (stacks[i]->averaging[m] == NWC__AS_ECHO) memset(sums->echo[q], 0, size);
        }
}

static void gather(const nwc__stack *const *stacks, int32_t n_stacks, const nwc__gathering *how,
                   const nwc__strip *strip, const nwc__block *block, bool values, nwc__gathered *restrict out)
{
    const int32_t n_planes = stacks[0]->n_planes;
    int32_t levels[2] = {0, 0};
    float azimuth_deg[COLUMNS];
    struct sums sums; /* these are large: not cleared */
    struct found found[2];
    struct carried carried;
    nwc__find_azimuths(strip->east_m, strip->north_m, azimuth_deg);
    begin(stacks, values ? n_stacks : 0, block, &sums, out);
    for (int32_t t = 0; t <= n_planes; t++) { /* a plane is found while the gates of the one before are on their way */
        struct found *const here = &found[t & 1], *const before = &found[(t + 1) & 1];
        if (t < n_planes && strip->moves) {
            part_moved(stacks[0], how, strip, block, azimuth_deg, t, &carried, &here->part, out->off_deg);
            here->rays[0] = carried.rays[t & 1];
        } else if (t < n_planes) {
            part_still(stacks[0], how, block, t, levels, &here->part, out->off_deg);
        }
        if (t < n_planes && here->part.n) find_plane(stacks, n_stacks, how, strip, azimuth_deg, t, values, here);
        if (t > 0 && before->part.n) add_plane(stacks, n_stacks, t - 1, before, values, out, &sums);
    }
    if (sums.first > sums.end) sums.first = sums.end;
    finish(stacks, values ? n_stacks : 0, how, block, &sums, out);
}

extern const struct nwc__gather_kernels NWC__NAME(nwc__gather_kernels);
const struct nwc__gather_kernels NWC__NAME(nwc__gather_kernels) = {.gather = gather};

/*
 * Descent by L-BFGS (Nocedal 1980, Math. Comput. 35, 773): the two-loop recursion over the last steps gives the direction, and
 * along it the step is halved until the cost falls by a ten-thousandth of what its slope promises (Armijo 1966). A step along
 * which the gradient did not grow is not kept, so that directions always descend.
 */
#include "motion/descend.h"

enum { KEPT = 7, HALVINGS = 12 };
#define FALL 1e-4

struct state {
    int64_t n;
    int32_t kept, next;    /* how many steps are kept, and where the next one goes */
    double *step, *change; /* (KEPT, n): of x and of the gradient */
    double over[KEPT];     /* 1 / (step . change) */
    double *direction, *x, *gradient, *tried;
};

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static void add(double factor, const double *a, int64_t n, double *to)
{
    for (int64_t i = 0; i < n; i++) to[i] += factor * a[i];
}

/* direction = - H gradient */
static void turn(struct state *s, const double *gradient)
{
    double alpha[KEPT] = {0.0};
    double *const d = s->direction;
    for (int64_t i = 0; i < s->n; i++) d[i] = -gradient[i];
    for (int32_t k = 1; k <= s->kept; k++) {
        const int32_t at = (s->next - k + KEPT) % KEPT;
        alpha[at] = s->over[at] * dot(s->step + at * s->n, d, s->n);
        add(-alpha[at], s->change + at * s->n, s->n, d);
    }
    if (s->kept > 0) {
        const int32_t at = (s->next - 1 + KEPT) % KEPT;
        const double *const y = s->change + at * s->n;
        const double scale = 1.0 / (s->over[at] * dot(y, y, s->n));
        for (int64_t i = 0; i < s->n; i++) d[i] *= scale;
    }
    for (int32_t k = s->kept; k >= 1; k--) {
        const int32_t at = (s->next - k + KEPT) % KEPT;
        add(alpha[at] - s->over[at] * dot(s->change + at * s->n, d, s->n), s->step + at * s->n, s->n, d);
    }
}

static void keep(struct state *s, const double *x, const double *gradient)
{
    double *const step = s->step + s->next * s->n, *const change = s->change + s->next * s->n;
    for (int64_t i = 0; i < s->n; i++) step[i] = x[i] - s->x[i], change[i] = gradient[i] - s->gradient[i];
    const double along = dot(step, change, s->n);
    if (!(along > 1e-12 * sqrt(dot(step, step, s->n) * dot(change, change, s->n)))) return;
    s->over[s->next] = 1.0 / along;
    s->next = (s->next + 1) % KEPT;
    if (s->kept < KEPT) s->kept++;
}

/* Along the direction from x, where the cost is *cost: how it falls, or that it does not. */
static nwc_status search(nwc_ctx *ctx, nwc__cost_fn cost_of, void *user, struct state *s, double *x, double *gradient,
                         double *cost, bool *fell)
{
    const double slope = dot(gradient, s->direction, s->n);
    double length = s->kept > 0 ? 1.0 : 1.0 / fmax(1e-300, sqrt(dot(gradient, gradient, s->n)));
    memcpy(s->x, x, (size_t)s->n * sizeof *x);
    memcpy(s->gradient, gradient, (size_t)s->n * sizeof *gradient);
    *fell = false;
    for (int halving = 0; halving < HALVINGS && slope < 0.0; halving++, length *= 0.5) {
        double tried;
        for (int64_t i = 0; i < s->n; i++) s->tried[i] = s->x[i] + length * s->direction[i];
        NWC__TRY(cost_of(ctx, user, s->tried, &tried, gradient));
        if (!(tried <= *cost + FALL * length * slope)) continue;
        memcpy(x, s->tried, (size_t)s->n * sizeof *x);
        *cost = tried, *fell = true;
        return NWC_OK;
    }
    return NWC_OK;
}

nwc_status nwc__descend(nwc_ctx *ctx, nwc__cost_fn cost_of, void *user, int64_t n, int32_t most, double enough,
                        double *x, int32_t *steps)
{
    nwc_status status = NWC_OK;
    struct state s = {.n = n};
    double *gradient = NULL, cost;
    int32_t count = 0;
    NWC__ALLOC(ctx, gradient, n);
    NWC__ALLOC(ctx, s.step, KEPT * n);
    NWC__ALLOC(ctx, s.change, KEPT * n);
    NWC__ALLOC(ctx, s.direction, n);
    NWC__ALLOC(ctx, s.x, n);
    NWC__ALLOC(ctx, s.gradient, n);
    NWC__ALLOC(ctx, s.tried, n);
    if ((status = cost_of(ctx, user, x, &cost, gradient)) != NWC_OK) goto done;
    while (count < most) {
        bool fell;
        const double before = cost;
        turn(&s, gradient);
        if ((status = search(ctx, cost_of, user, &s, x, gradient, &cost, &fell)) != NWC_OK) goto done;
        if (!fell && s.kept == 0) break;
        if (!fell) { /* what is kept misleads: once more along the gradient */
            s.kept = 0;
            if ((status = cost_of(ctx, user, x, &cost, gradient)) != NWC_OK) goto done;
            continue;
        }
        keep(&s, x, gradient);
        count++;
        if (before - cost <= enough * fabs(before)) break;
    }
    if (steps) *steps = count;
done:
    nwc__free(ctx, s.tried);
    nwc__free(ctx, s.gradient);
    nwc__free(ctx, s.x);
    nwc__free(ctx, s.direction);
    nwc__free(ctx, s.change);
    nwc__free(ctx, s.step);
    nwc__free(ctx, gradient);
    return status;
}

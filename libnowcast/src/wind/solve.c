/*
 * The least cost among winds free of divergence, by conjugate gradients in the space of winds. The control variable B^(1/2) v that
 * variational analyses often use is slow here: data are dense, and spread the eigenvalues of the problem over decades. The preconditioner
 * keeps the winds free of divergence and knows how steep the cost is along each wave.
 */
#include "wind/tendency.h"

/*
 * Of the mean weight of data: what the metric takes the data to tell of every wave. Any part from 1/100 to 1 leads to the same wind; with less
 * the first iterations are spent on large waves, so that a wind that is not iterated to the end is a smooth one.
 */
#define PART_OF_DENSITY 0.3

#define WORTHWHILE 0.5 /* the norm after some iterations over that before, above which rounding is all that is left */

struct state {
    const nwc__wind_problem *problem;
    double density;               /* of the preconditioner */
    nwc__real *x, *r, *p, *q, *a; /* solution, minus the gradient, direction, two for work */
};

nwc_status nwc__wind_gradient(nwc_ctx *ctx, const nwc__wind_problem *problem, const nwc__real *wind, nwc__real *work[2],
                              nwc__real *r, double *cost_data, double *cost_prior)
{
    const int64_t n = 3 * problem->box->shape.size;
    nwc__real *const away = work[0];
    for (int64_t i = 0; i < n; i++) away[i] = problem->background[i] - wind[i];
    NWC__TRY(nwc__wind_prior_apply(ctx, problem->prior, away, work[1], r));
    NWC__TRY(nwc__wind_dot(ctx, problem->box, away, r, cost_prior));
    if (problem->tendency) NWC__TRY(nwc__wind_tendency_add(ctx, problem->tendency, wind, -1.0, -1.0, r, NULL));
    return nwc__wind_observe(ctx, problem->box, problem->data, wind, 1.0, -1.0, r, cost_data);
}

struct step {
    struct state *s;
    double step;
};

static nwc_status advance_plane(int64_t tile, void *user)
{
    const struct step *const job = user;
    const nwc__wind_box *const box = job->s->problem->box;
    const int64_t n = box->shape.plane, at = tile * n;
    box->kernels->advance(n, (nwc__real)job->step, job->s->p + at, job->s->a + at, job->s->x + at, job->s->r + at);
    return NWC_OK;
}

static nwc_status turn_plane(int64_t tile, void *user)
{
    const struct step *const job = user;
    const nwc__wind_box *const box = job->s->problem->box;
    const int64_t n = box->shape.plane, at = tile * n;
    box->kernels->turn(n, (nwc__real)job->step, job->s->a + at, job->s->p + at);
    return NWC_OK;
}

static nwc_status precondition(nwc_ctx *ctx, const struct state *s, const nwc__real *r, nwc__real *out, double *product)
{
    NWC__TRY(nwc__wind_spectral_precondition(ctx, s->problem->spectral, s->density, r, out));
    return nwc__wind_dot(ctx, s->problem->box, r, out, product);
}

/* Until the norm is small enough or no longer falls as that of r; x and r are brought forward together. */
static nwc_status iterate(nwc_ctx *ctx, struct state *s, int32_t most, double tolerance, nwc__wind_outcome *outcome)
{
    const nwc__wind_problem *const problem = s->problem;
    double product, curvature, next;
    NWC__TRY(precondition(ctx, s, s->r, s->p, &product));
    outcome->last = sqrt(fmax(product, 0.0));
    while (outcome->iterations < most && product > 0.0 && sqrt(product) > tolerance * outcome->first) {
        NWC__TRY(nwc__progress(ctx, "wind", (double)outcome->iterations / (double)most));
        NWC__TRY(nwc__wind_prior_apply(ctx, problem->prior, s->p, s->q, s->a));
        NWC__TRY(nwc__wind_observe(ctx, problem->box, problem->data, s->p, 0.0, 1.0, s->a, NULL));
        if (problem->tendency) NWC__TRY(nwc__wind_tendency_add(ctx, problem->tendency, s->p, 0.0, 1.0, s->a, NULL));
        NWC__TRY(nwc__wind_dot(ctx, problem->box, s->p, s->a, &curvature));
        if (!(curvature > 0.0)) break; /* nothing is left but rounding */
        struct step forward = {s, product / curvature};
        NWC__TRY(nwc__wind_each_plane(ctx, problem->box, advance_plane, &forward));
        NWC__TRY(precondition(ctx, s, s->r, s->a, &next));
        struct step turn = {s, next / product};
        NWC__TRY(nwc__wind_each_plane(ctx, problem->box, turn_plane, &turn));
        product = next;
        outcome->iterations++;
    }
    return NWC_OK;
}

nwc_status nwc__wind_solve(nwc_ctx *ctx, const nwc__wind_problem *problem, int32_t most, double tolerance,
                           nwc__real *wind, nwc__wind_outcome *outcome)
{
    nwc_status status = NWC_OK;
    double product;
    struct state s = {.problem = problem, .x = wind};
    s.density = PART_OF_DENSITY * nwc__wind_density(problem->box, problem->data);
    nwc__real **const arrays[4] = {&s.r, &s.p, &s.q, &s.a};
    *outcome = (nwc__wind_outcome){0};
    for (int w = 0; w < 4; w++)
        if (!(*arrays[w] = nwc__wind_create(ctx, problem->box))) {
            status = NWC_ERR_NOMEM;
            goto done;
        }
    nwc__real *work[2] = {s.a, s.q};
    double *const data = &outcome->cost_data, *const prior = &outcome->cost_prior;
    /* how steep the cost is at the background, against which progress is measured */
    if ((status = nwc__wind_gradient(ctx, problem, problem->background, work, s.r, data, prior)) != NWC_OK) goto done;
    if ((status = precondition(ctx, &s, s.r, s.p, &product)) != NWC_OK) goto done;
    outcome->first = sqrt(fmax(product, 0.0));
    /* r drifts away from the gradient by rounding, so it is found anew, and gone on from while that gets anywhere */
    for (double before = INFINITY; status == NWC_OK; before = outcome->last) {
        const int32_t so_far = outcome->iterations;
        if ((status = nwc__wind_gradient(ctx, problem, wind, work, s.r, data, prior)) != NWC_OK) goto done;
        if ((status = iterate(ctx, &s, most, tolerance, outcome)) != NWC_OK) goto done;
        if (outcome->iterations == so_far) break;
        if (!(outcome->last < WORTHWHILE * before)) most = outcome->iterations;
        status = nwc__wind_project(ctx, problem->projection, wind); /* of rounding */
    }
done:
    for (int w = 3; w >= 0; w--) nwc__free(ctx, *arrays[w]);
    return status;
}

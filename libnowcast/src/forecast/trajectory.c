/*
 * Backward trajectories of the nodes of a coarse grid, through a motion field that itself moves.
 *
 * The motion at time t at a point p is v0(p - t c(p)): the field of time 0, travelling at c, a share of its own smoothed
 * speed, since storms carry their surroundings' motion along with them. Of shares 0, .25, .5, .75 and 1 the default of
 * .75 was the best over six rain events: against .5 an hour ahead it gains 2 to 7 % of CSI at 5 mm/h in four of them and
 * loses 4 % in one, a stationary one, where 1 loses more.
 *
 * With a motion of a later time v0 changes linearly towards it, and is that one from then on.
 *
 * A displacement map belongs to a lead time: where the air of each node was at time 0. The map of the next time is one
 * step back, by the midpoint rule in the field of the step's middle, followed by the map before:
 *     D(t + h)(x) = -a + D(t)(x - a).
 * So n lead times cost n steps and not n (n + 1) / 2. Steps end at multiples of step_s; a lead time between two of them
 * ends with a shorter step that later ones do not build on: a lead time's map depends on no other lead time.
 *
 * Nodes every 4 cells put departure points .1 cell off after an hour, which no score saw. Source: Germann and Zawadzki
 * (2002), section 3; Staniforth and Cote (1991).
 */
#include "forecast/trajectory.h"

#include "forecast/kernels.h"

NWC__DECLARE_KERNELS(nwc__trajectory_kernels);

enum {
    FINE_CELLS = 1 << 16, /* grids up to this size get a node on every cell */
    FINE_SIDE = 64,       /* and so do narrow ones */
    SPACING = 4,          /* cells between the nodes of all others */
    ROWS = 8              /* rows of nodes in a tile */
};

#define FASTEST 1000.0f /* m s-1: what is said to move faster is taken as not known */

/* What the tiles of all stages share. */
struct job {
    const nwc__trajectories *t;
    const struct nwc__trajectory_kernels *kernels;
    const nwc_field *u, *v;
    const nwc__metric *metric;
    float middle_s, h_s; /* of a step: time of its middle, length */
};

static int64_t tiles_of(const nwc__trajectories *t)
{
    return (t->ny + ROWS - 1) / ROWS;
}

static int64_t last_row(const nwc__trajectories *t, int64_t tile)
{
    return tile * ROWS + ROWS < t->ny ? tile * ROWS + ROWS : t->ny;
}

/* ---- the motion at time 0 ---- */

static bool motion_at(const struct job *job, int64_t j, int64_t i, float *u, float *v)
{
    *u = job->u->data[j * job->u->stride[0] + i * job->u->stride[1]];
    *v = job->v->data[j * job->v->stride[0] + i * job->v->stride[1]];
    return fabsf(*u) <= FASTEST && fabsf(*v) <= FASTEST; /* false for NaN */
}

/* The nearest known motion within less than a node's spacing of cell (j, i); NaN if there is none. */
static void motion_near(const struct job *job, int64_t j, int64_t i, float *u, float *v)
{
    const int64_t ny = job->u->dim[0], nx = job->u->dim[1], reach = job->t->spacing - 1;
    int64_t nearest = INT64_MAX;
    *u = *v = NAN;
    for (int64_t jj = j > reach ? j - reach : 0; jj <= j + reach && jj < ny; jj++) {
        for (int64_t ii = i > reach ? i - reach : 0; ii <= i + reach && ii < nx; ii++) {
            const int64_t distance = (jj - j) * (jj - j) + (ii - i) * (ii - i);
            float uu, vv;
            if (distance >= nearest || !motion_at(job, jj, ii, &uu, &vv)) continue;
            nearest = distance;
            *u = uu, *v = vv;
        }
    }
}

/* The motion on a node. Beyond the grid it goes on as it changed inside, so that linear fields stay linear. */
static void node_motion(const struct job *job, int64_t j, int64_t i, float *u, float *v)
{
    const int64_t ny = job->u->dim[0], nx = job->u->dim[1];
    const int64_t jc = j < ny ? j : ny - 1, ic = i < nx ? i : nx - 1;
    if (!motion_at(job, jc, ic, u, v)) {
        motion_near(job, jc, ic, u, v);
        return;
    }
    const int64_t jm = 2 * jc - j, im = 2 * ic - i; /* as far inside as the node is outside */
    float um, vm;
    if ((jm == j && im == i) || jm < 0 || im < 0 || !motion_at(job, jm, im, &um, &vm)) return;
    *u += *u - um;
    *v += *v - vm;
}

static nwc_status take_motion(int64_t tile, void *user)
{
    const struct job *const job = user;
    const nwc__trajectories *const t = job->t;
    for (int64_t j = tile * ROWS; j < last_row(t, tile); j++) {
        for (int64_t i = 0; i < t->nx; i++) {
            const int64_t n = j * t->nx + i;
            node_motion(job, j * t->spacing, i * t->spacing, &t->u[n], &t->v[n]);
            double dx_m, dy_m;
            nwc__metric_at(job->metric, (double)(j * t->spacing), (double)(i * t->spacing), &dx_m, &dy_m);
            t->kx[n] = (float)(1.0 / (dx_m * t->spacing));
            t->ky[n] = (float)(1.0 / (dy_m * t->spacing));
        }
    }
    return NWC_OK;
}

/* Take over the seed of a neighbour where it is nearer. */
static void take_nearer(int32_t *restrict seed, int64_t nx, int64_t j, int64_t i, int64_t neighbour)
{
    const int64_t offered = seed[neighbour], held = seed[j * nx + i];
    if (offered < 0) return;
    const int64_t dj = offered / nx - j, di = offered % nx - i;
    const int64_t held_dj = held / nx - j, held_di = held % nx - i;
    if (held < 0 || dj * dj + di * di < held_dj * held_dj + held_di * held_di) seed[j * nx + i] = (int32_t)offered;
}

/*
 * Give nodes without motion that of the nearest node that has it, found in two sweeps (Danielsson 1980), exact but for
 * rare ties of a fraction of a node. seed: (ny, nx).
 */
static nwc_status fill(const nwc__trajectories *t, int32_t *restrict seed)
{
    const int64_t ny = t->ny, nx = t->nx;
    int64_t known = 0;
    for (int64_t n = 0; n < ny * nx; n++) {
        seed[n] = isnan(t->u[n]) ? -1 : (int32_t)n;
        known += seed[n] >= 0;
    }
    if (known == ny * nx) return NWC_OK;
    if (known == 0) return nwc__fail(NWC_ERR_NODATA, "u, v: no motion is known anywhere");
    for (int64_t j = 0; j < ny; j++) {
        for (int64_t i = 0; i < nx && j > 0; i++) {
            for (int64_t k = i > 0 ? i - 1 : 0; k <= i + 1 && k < nx; k++)
                take_nearer(seed, nx, j, i, (j - 1) * nx + k);
        }
        for (int64_t i = 1; i < nx; i++) take_nearer(seed, nx, j, i, j * nx + i - 1);
        for (int64_t i = nx - 2; i >= 0; i--) take_nearer(seed, nx, j, i, j * nx + i + 1);
    }
    for (int64_t j = ny - 2; j >= 0; j--) {
        for (int64_t i = 0; i < nx; i++) {
            for (int64_t k = i > 0 ? i - 1 : 0; k <= i + 1 && k < nx; k++)
                take_nearer(seed, nx, j, i, (j + 1) * nx + k);
        }
        for (int64_t i = 1; i < nx; i++) take_nearer(seed, nx, j, i, j * nx + i - 1);
        for (int64_t i = nx - 2; i >= 0; i--) take_nearer(seed, nx, j, i, j * nx + i + 1);
    }
    for (int64_t n = 0; n < ny * nx; n++) {
        t->u[n] = t->u[seed[n]];
        t->v[n] = t->v[seed[n]];
    }
    return NWC_OK;
}

/* ---- lead times ---- */

static nwc_status move_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const nwc__trajectories *const t = job->t;
    const struct nwc__node_pair motion = {t->u, t->v, (int32_t)t->ny, (int32_t)t->nx};
    for (int64_t j = tile * ROWS; j < last_row(t, tile); j++) {
        const int64_t n = j * t->nx;
        job->kernels->move(&motion, (int32_t)j, job->middle_s, t->cu + n, t->cv + n, t->kx + n, t->ky + n, t->mu + n,
                           t->mv + n);
    }
    return NWC_OK;
}

static nwc_status step_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    const nwc__trajectories *const t = job->t;
    const struct nwc__node_pair motion = {t->mu, t->mv, (int32_t)t->ny, (int32_t)t->nx};
    const struct nwc__node_pair before = {t->dx, t->dy, (int32_t)t->ny, (int32_t)t->nx};
    for (int64_t j = tile * ROWS; j < last_row(t, tile); j++)
        job->kernels->step(&motion, &before, (int32_t)j, job->h_s, t->next_dx + j * t->nx, t->next_dy + j * t->nx);
    return NWC_OK;
}

/* u, v: the motion at a time, where there is another one later. */
static void change_motion(const nwc__trajectories *t, double time_s)
{
    if (!(t->later_s > 0.0)) return;
    const float share = (float)fmin(time_s / t->later_s, 1.0);
    for (int64_t n = 0; n < t->ny * t->nx; n++) {
        t->u[n] = t->at_first[0][n] + share * t->change[0][n];
        t->v[n] = t->at_first[1][n] + share * t->change[1][n];
    }
}

/* next_dx, next_dy: the displacements h_s after those of dx, dy. */
static nwc_status step(nwc_ctx *ctx, const nwc__trajectories *t, double h_s)
{
    struct job job = {.t = t, .kernels = NWC__KERNELS(ctx, nwc__trajectory_kernels), .h_s = (float)h_s};
    const double middle_s = (double)t->steps * t->step_s + 0.5 * h_s;
    job.middle_s = (float)middle_s;
    change_motion(t, middle_s);
    NWC__TRY(nwc__for_each_tile(ctx, "trajectories", tiles_of(t), move_rows, &job));
    return nwc__for_each_tile(ctx, "trajectories", tiles_of(t), step_rows, &job);
}

nwc_status nwc__trajectories_at(nwc_ctx *ctx, nwc__trajectories *t, double lead_s, const float **dx, const float **dy)
{
    while ((double)(t->steps + 1) * t->step_s <= lead_s) {
        NWC__TRY(step(ctx, t, t->step_s));
        float *const old_dx = t->dx, *const old_dy = t->dy;
        t->dx = t->next_dx, t->dy = t->next_dy;
        t->next_dx = old_dx, t->next_dy = old_dy;
        t->steps++;
    }
    const double rest_s = lead_s - (double)t->steps * t->step_s;
    if (rest_s > 0.0) NWC__TRY(step(ctx, t, rest_s));
    *dx = rest_s > 0.0 ? t->next_dx : t->dx;
    *dy = rest_s > 0.0 ? t->next_dy : t->dy;
    return NWC_OK;
}

/*
 * What a delayed cell shows has moved for the lead time less the delay. These are minutes, and over minutes paths are
 * straight: that share of the displacement of the lead time.
 */
void nwc__trajectories_delay(const nwc__trajectories *t, double lead_s, const nwc_field *delay, int64_t n,
                             const float **dx, const float **dy)
{
    if (!(lead_s > 0.0)) return;
    const int64_t ny = delay->dim[1], nx = delay->dim[2];
    const float per_lead = (float)(1.0 / lead_s);
    for (int64_t j = 0; j < t->ny; j++) {
        const int64_t jc = j * t->spacing < ny ? j * t->spacing : ny - 1;
        const float *const row = delay->data + n * delay->stride[0] + jc * delay->stride[1];
        for (int64_t i = 0; i < t->nx; i++) {
            const float late = row[(i * t->spacing < nx ? i * t->spacing : nx - 1) * delay->stride[2]];
            const float share = isfinite(late) ? 1.0f - late * per_lead : 1.0f;
            t->mu[j * t->nx + i] = (*dx)[j * t->nx + i] * share;
            t->mv[j * t->nx + i] = (*dy)[j * t->nx + i] * share;
        }
    }
    *dx = t->mu;
    *dy = t->mv;
}

/* ---- making and releasing ---- */

int32_t nwc__node_spacing(int32_t wanted, int64_t ny, int64_t nx)
{
    if (wanted) return wanted;
    return ny * nx <= FINE_CELLS || ny < FINE_SIDE || nx < FINE_SIDE ? 1 : SPACING;
}

static int64_t nodes_along(int64_t cells, int32_t spacing)
{
    const int64_t nodes = (cells - 1 + spacing - 1) / spacing + 1;
    return nodes < 4 ? 4 : nodes;
}

/* Refuse a motion of later that is not on the grid of u. */
static nwc_status check_later(const nwc_extrapolate_options *options, const nwc_field *u)
{
    if (!options->later) return NWC_OK;
    if (!(options->later_s > 0.0 && options->later_s <= 86400.0))
        return nwc__fail(NWC_ERR_ARG, "later_s: above 0 and at most 86400 expected, %g given", options->later_s);
    for (int c = 0; c < 2; c++) {
        const nwc_field *const later = &options->later[c];
        NWC__TRY(nwc__check_field(later, c ? "later[1]" : "later[0]", 2));
        NWC__TRY(nwc__check_same_shape(later, c ? "later[1]" : "later[0]", u, "u"));
        if (later->grid && !nwc__same_grid(later->grid, u->grid))
            return nwc__fail(NWC_ERR_ARG, "later[%d]: the grid of u expected, another given", c);
    }
    return NWC_OK;
}

/* The motion u, v on all nodes. */
static nwc_status take(nwc_ctx *ctx, const nwc__trajectories *t, struct job *job, int32_t *seed)
{
    NWC__TRY(nwc__for_each_tile(ctx, "motion field", tiles_of(t), take_motion, job));
    return fill(t, seed);
}

/* The motion of later, as its difference from that of time 0; u and v hold that of time 0 then. */
static nwc_status take_both(nwc_ctx *ctx, nwc__trajectories *t, struct job *job, const nwc_field *later, int32_t *seed)
{
    const size_t bytes = (size_t)(t->ny * t->nx) * sizeof *t->u;
    if (later) {
        struct job other = *job;
        other.u = &later[0], other.v = &later[1];
        NWC__TRY(take(ctx, t, &other, seed));
        memcpy(t->change[0], t->u, bytes);
        memcpy(t->change[1], t->v, bytes);
    }
    NWC__TRY(take(ctx, t, job, seed));
    if (!later) return NWC_OK;
    memcpy(t->at_first[0], t->u, bytes);
    memcpy(t->at_first[1], t->v, bytes);
    for (int c = 0; c < 2; c++)
        for (int64_t n = 0; n < t->ny * t->nx; n++) t->change[c][n] -= t->at_first[c][n];
    return NWC_OK;
}

nwc_status nwc__trajectories_create(nwc_ctx *ctx, const nwc_field *u, const nwc_field *v,
                                    const nwc_extrapolate_options *options, nwc__trajectories *t)
{
    const int32_t spacing = nwc__node_spacing(options->node_spacing, u->dim[0], u->dim[1]);
    *t = (nwc__trajectories){.ny = nodes_along(u->dim[0], spacing), .nx = nodes_along(u->dim[1], spacing)};
    t->spacing = spacing, t->step_s = options->step_s;
    t->later_s = options->later ? options->later_s : 0.0;
    const int64_t n = t->ny * t->nx;
    float **const parts[] = {&t->u,           &t->v,           &t->kx,        &t->ky,       &t->cu,      &t->cv,
                             &t->mu,          &t->mv,          &t->dx,        &t->dy,       &t->next_dx, &t->next_dy,
                             &t->at_first[0], &t->at_first[1], &t->change[0], &t->change[1]};
    const int64_t n_parts = (int64_t)(sizeof parts / sizeof parts[0]) - (options->later ? 0 : 4);
    nwc__metric metric = {0};
    int32_t *seed = NULL;
    nwc_status status = check_later(options, u);
    if (status != NWC_OK) goto done;
    NWC__ALLOC(ctx, t->block, n_parts * n);
    for (int64_t p = 0; p < n_parts; p++) *parts[p] = t->block + p * n;
    NWC__ALLOC(ctx, seed, n);
    if ((status = nwc__metric_create(ctx, u->grid, &metric)) != NWC_OK) goto done;

    struct job job = {.t = t, .u = u, .v = v, .metric = &metric};
    if ((status = take_both(ctx, t, &job, options->later, seed)) != NWC_OK) goto done;
    status = nwc__steering(ctx, t, &metric, options->travel, options->travel_scale_m);
    if (status != NWC_OK) goto done;
    memset(t->dx, 0, (size_t)n * sizeof *t->dx);
    memset(t->dy, 0, (size_t)n * sizeof *t->dy);
done:
    nwc__metric_destroy(ctx, &metric);
    nwc__free(ctx, seed);
    if (status != NWC_OK) nwc__trajectories_destroy(ctx, t);
    return status;
}

void nwc__trajectories_destroy(nwc_ctx *ctx, nwc__trajectories *trajectories)
{
    nwc__free(ctx, trajectories->block);
    *trajectories = (nwc__trajectories){0};
}

/*
 * Continuity of the variational wind, D x = du/dx + dv/dy + (1/rho) d(rho w)/dz = 0, kept to rounding by a projection.
 *
 * With the walls at the sides open, Dx Dx' and Dy Dy' are second differences whose value beyond the walls is zero, and sines
 * diagonalise them; along z, where density changes, a tridiagonal system is left for each pair of waves. So D G^-1 D', for a metric G that
 * is one number for u and v and another for w, is solved directly, and x - G^-1 D' (D G^-1 D')^-1 D x is the wind free of divergence that is
 * nearest to x.
 */
#include "wind/internal.h"

#include "wind/waves.h"

#define GAIN_OF_W 16.0 /* G^-1: w, of which less is known, gives way more than u and v do */

struct nwc__wind_projection {
    const nwc__wind_box *box;
    nwc__waves *waves;
    double *columns;             /* of each lane: for the elimination */
    double *lambda_x, *lambda_y; /* eigenvalues of Dx Dx' (nx) and Dy Dy' (ny) */
    double *diagonal, *off;      /* (nz) of Dz G^-1 Dz'; (nz - 1), less its sign */
    nwc__real *cells;            /* (nz, ny, nx) */
};

/* 4 sin^2(pi k / 2 (n + 1)) / d^2, k = 1 to n. */
static void fill_lambda(double *lambda, int64_t n, double d)
{
    for (int64_t k = 0; k < n; k++) {
        const double s = 2.0 / d * sin(0.5 * NWC__PI * (double)(k + 1) / (double)(n + 1));
        lambda[k] = s * s;
    }
}

static void fill_levels(nwc__wind_projection *p)
{
    const nwc__wind_box *const box = p->box;
    for (int64_t k = 0; k < box->shape.nz; k++) {
        p->diagonal[k] = GAIN_OF_W * (box->below[k] * box->below[k] + box->above[k] * box->above[k]);
        if (k + 1 < box->shape.nz) p->off[k] = GAIN_OF_W * box->above[k] * box->below[k + 1];
    }
}

nwc_status nwc__wind_projection_create(nwc_ctx *ctx, const nwc__wind_box *box, nwc__wind_projection **made)
{
    nwc_status status = NWC_OK;
    const nwc__wind_shape *const s = &box->shape;
    nwc__wind_projection *p;
    *made = NULL;
    NWC__ALLOC(ctx, p, 1);
    *p = (nwc__wind_projection){.box = box};
    if ((status = nwc__waves_create(ctx, s->ny + 1, s->nx + 1, &p->waves)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, p->columns, NWC__WIND_LANES * 2 * s->nz * NWC__WIND_STRIP);
    NWC__ALLOC(ctx, p->lambda_x, s->nx);
    NWC__ALLOC(ctx, p->lambda_y, s->ny);
    NWC__ALLOC(ctx, p->diagonal, s->nz);
    NWC__ALLOC(ctx, p->off, s->nz);
    NWC__ALLOC(ctx, p->cells, box->cells);
    fill_lambda(p->lambda_x, s->nx, box->dx);
    fill_lambda(p->lambda_y, s->ny, box->dy);
    fill_levels(p);
done:
    if (status == NWC_OK)
        *made = p;
    else
        nwc__wind_projection_destroy(ctx, p);
    return status;
}

void nwc__wind_projection_destroy(nwc_ctx *ctx, nwc__wind_projection *p)
{
    if (!p) return;
    nwc__free(ctx, p->cells);
    nwc__free(ctx, p->off);
    nwc__free(ctx, p->diagonal);
    nwc__free(ctx, p->lambda_y);
    nwc__free(ctx, p->lambda_x);
    nwc__free(ctx, p->columns);
    nwc__waves_destroy(ctx, p->waves);
    nwc__free(ctx, p);
}

/* ---- the projection ---- */

struct transform {
    nwc__wind_projection *p;
    bool back;
};

static nwc_status transform_lane(int64_t lane, void *user)
{
    const struct transform *const job = user;
    const nwc__wind_shape *const s = &job->p->box->shape;
    for (int64_t k = lane; k < s->nz; k += NWC__WIND_LANES) {
        nwc__real *const plane = job->p->cells + k * s->ny * s->nx;
        if (job->back)
            nwc__waves_backward(job->p->waves, lane, NWC__SINE, NWC__SINE, plane, s->nx);
        else
            nwc__waves_forward(job->p->waves, lane, NWC__SINE, NWC__SINE, plane, s->nx);
    }
    return NWC_OK;
}

static nwc_status solve_lane(int64_t lane, void *user)
{
    nwc__wind_projection *const p = user;
    const nwc__wind_shape *const s = &p->box->shape;
    for (int64_t j = lane; j < s->ny; j += NWC__WIND_LANES)
        p->box->kernels->columns(s->nx, s->nz, s->ny * s->nx, p->lambda_x, p->lambda_y[j], p->diagonal, p->off,
                                 p->columns + lane * 2 * s->nz * NWC__WIND_STRIP, p->cells + j * s->nx);
    return NWC_OK;
}

/* The cells hold D x, and then what G^-1 D' is to be taken of. */
static nwc_status solve(nwc_ctx *ctx, nwc__wind_projection *p)
{
    struct transform there = {p, false}, back = {p, true};
    NWC__TRY(nwc__wind_each_lane(ctx, p->box, transform_lane, &there));
    NWC__TRY(nwc__wind_each_lane(ctx, p->box, solve_lane, p));
    return nwc__wind_each_lane(ctx, p->box, transform_lane, &back);
}

static const double as_it_is[3] = {1.0, 1.0, 1.0}, gain[3] = {1.0, 1.0, GAIN_OF_W};

nwc_status nwc__wind_project(nwc_ctx *ctx, nwc__wind_projection *p, nwc__real *wind)
{
    NWC__TRY(nwc__wind_divergence(ctx, p->box, wind, as_it_is, p->cells));
    NWC__TRY(solve(ctx, p));
    return nwc__wind_correct(ctx, p->box, wind, as_it_is, p->cells, gain, wind);
}

nwc_status nwc__wind_largest_divergence(nwc_ctx *ctx, nwc__wind_projection *p, const nwc__real *wind, double *largest)
{
    NWC__TRY(nwc__wind_divergence(ctx, p->box, wind, as_it_is, p->cells));
    *largest = 0.0;
    for (int64_t c = 0; c < p->box->cells; c++) *largest = fmax(*largest, fabs((double)p->cells[c]));
    return NWC_OK;
}

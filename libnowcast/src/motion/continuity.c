/*
 * The continuity correction of COTREC (Li, Schmid and Joss 1995, J. Appl. Meteor. 34, 1286, eqs. 3 to 8): of all motions without
 * divergence the one nearest to what was found.
 *
 * Divergence is taken in each square between four nodes; D is the matrix that gives it. The nearest motion is m - D' (D D')^-1 D m,
 * which is the published Poisson equation for the multiplier, with the multiplier 0 beyond the grid, to the last digit of the
 * discrete divergence. It is solved by conjugate gradients (Hestenes and Stiefel 1952), in double.
 */
#include "motion/continuity.h"

#define ENOUGH 1e-6 /* of the divergence there was, as a root of a sum of squares */

struct fields {
    int64_t ny, nx; /* of nodes */
    double *u, *v;
};

/* Divergence of the squares, (ny - 1, nx - 1). */
static void diverge(const struct fields *f, double *d)
{
    for (int64_t j = 0; j < f->ny - 1; j++)
        for (int64_t i = 0; i < f->nx - 1; i++) {
            const int64_t sw = j * f->nx + i, se = sw + 1, nw = sw + f->nx, ne = nw + 1;
            d[j * (f->nx - 1) + i] =
                0.5 * ((f->u[se] - f->u[sw] + f->u[ne] - f->u[nw]) + (f->v[nw] - f->v[sw] + f->v[ne] - f->v[se]));
        }
}

/* Its transpose. */
static void transpose(const double *d, const struct fields *f)
{
    memset(f->u, 0, (size_t)(f->ny * f->nx) * sizeof *f->u);
    memset(f->v, 0, (size_t)(f->ny * f->nx) * sizeof *f->v);
    for (int64_t j = 0; j < f->ny - 1; j++)
        for (int64_t i = 0; i < f->nx - 1; i++) {
            const int64_t sw = j * f->nx + i, se = sw + 1, nw = sw + f->nx, ne = nw + 1;
            const double half = 0.5 * d[j * (f->nx - 1) + i];
            f->u[sw] -= half, f->u[nw] -= half, f->u[se] += half, f->u[ne] += half;
            f->v[sw] -= half, f->v[se] -= half, f->v[nw] += half, f->v[ne] += half;
        }
}

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

nwc_status nwc__take_divergence(nwc_ctx *ctx, int64_t ny, int64_t nx, float *u, float *v)
{
    if (ny < 2 || nx < 2) return NWC_OK;
    nwc_status status = NWC_OK;
    const int64_t nodes = ny * nx, squares = (ny - 1) * (nx - 1);
    struct fields f = {.ny = ny, .nx = nx};
    double *multiplier = NULL, *rest = NULL, *way = NULL, *turned = NULL;
    NWC__ALLOC(ctx, f.u, nodes);
    NWC__ALLOC(ctx, f.v, nodes);
    NWC__ALLOC(ctx, multiplier, squares);
    NWC__ALLOC(ctx, rest, squares);
    NWC__ALLOC(ctx, way, squares);
    NWC__ALLOC(ctx, turned, squares);
    for (int64_t i = 0; i < nodes; i++) f.u[i] = (double)u[i], f.v[i] = (double)v[i];
    diverge(&f, rest);
    memset(multiplier, 0, (size_t)squares * sizeof *multiplier);
    memcpy(way, rest, (size_t)squares * sizeof *way);
    double left = dot(rest, rest, squares);
    const double enough = ENOUGH * ENOUGH * left;
    const int64_t most = 20 * (ny + nx);
    int64_t count = 0;
    for (; left > enough && count < most; count++) {
        transpose(way, &f);
        diverge(&f, turned);
        const double step = left / dot(way, turned, squares);
        for (int64_t i = 0; i < squares; i++) multiplier[i] += step * way[i], rest[i] -= step * turned[i];
        const double before = left;
        left = dot(rest, rest, squares);
        for (int64_t i = 0; i < squares; i++) way[i] = rest[i] + left / before * way[i];
        if ((status = nwc__progress(ctx, "motion: continuity", (double)count / (double)most)) != NWC_OK) goto done;
    }
    if (left > enough) {
        status = nwc__fail(NWC_ERR_CONVERGENCE, "motion: of the divergence %.3g is left after %lld iterations",
                           ENOUGH * sqrt(left / enough), (long long)count);
        goto done;
    }
    transpose(multiplier, &f);
    for (int64_t i = 0; i < nodes; i++) u[i] -= (float)f.u[i], v[i] -= (float)f.v[i];
done:
    nwc__free(ctx, turned);
    nwc__free(ctx, way);
    nwc__free(ctx, rest);
    nwc__free(ctx, multiplier);
    nwc__free(ctx, f.v);
    nwc__free(ctx, f.u);
    return status;
}

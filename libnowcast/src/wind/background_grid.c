/* A background over height on a grid: its winds turned to the grid's axes, cell by cell. */
#include "grid/internal.h"
#include "wind/background.h"

#define SAME_HEIGHT_M 0.01

struct job {
    const nwc_background_level *levels;
    const double *sine, *cosine; /* of the angle from true north to the grid's +y */
    const nwc_field *u, *v;
};

static nwc_status one_row(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t ny = job->u->dim[1], nx = job->u->dim[2], k = tile / ny, j = tile % ny;
    const double east = job->levels[k].u_m_s, north = job->levels[k].v_m_s;
    float *const u = job->u->data + k * job->u->stride[0] + j * job->u->stride[1];
    float *const v = job->v->data + k * job->v->stride[0] + j * job->v->stride[1];
    for (int64_t i = 0; i < nx; i++) {
        const double s = job->sine[j * nx + i], c = job->cosine[j * nx + i];
        u[i * job->u->stride[2]] = (float)(east * c - north * s);
        v[i * job->v->stride[2]] = (float)(north * c + east * s);
    }
    return NWC_OK;
}

nwc_status nwc_background_on_grid(nwc_ctx *ctx, const nwc_background_level *levels, int64_t n, nwc_field *u,
                                  nwc_field *v)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_on_grid(ctx, u, "u"));
    NWC__TRY(nwc__check_on_grid(ctx, v, "v"));
    NWC__TRY(nwc__check_field(u, "u", 3));
    NWC__TRY(nwc__check_field(v, "v", 3));
    const nwc_grid *const grid = u->grid;
    if (v->grid != grid && !nwc__same_grid(v->grid, grid))
        return nwc__fail(NWC_ERR_ARG, "v: the grid of u expected, another given");
    if (!levels || n != grid->nz || u->dim[0] != n || v->dim[0] != n)
        return nwc__fail(NWC_ERR_ARG, "levels, u, v: %lld heights expected, %lld, %lld and %lld given",
                         (long long)grid->nz, (long long)n, (long long)u->dim[0], (long long)v->dim[0]);
    for (int64_t k = 0; k < n; k++)
        if (!(fabs(levels[k].height_m - grid->z_m[k]) <= SAME_HEIGHT_M))
            return nwc__fail(NWC_ERR_ARG, "levels[%lld]: the height of the grid, %g m, expected, %g given",
                             (long long)k, grid->z_m[k], levels[k].height_m);
    nwc_status status = NWC_OK;
    const int64_t cells = grid->ny * grid->nx;
    double *turn = NULL;
    NWC__ALLOC(ctx, turn, 2 * cells);
    if ((status = nwc__grid_turn(ctx, grid, turn, turn + cells)) != NWC_OK) goto done;
    struct job job = {.levels = levels, .sine = turn, .cosine = turn + cells, .u = u, .v = v};
    status = nwc__for_each_tile(ctx, NULL, n * grid->ny, one_row, &job);
done:
    nwc__free(ctx, turn);
    return status;
}

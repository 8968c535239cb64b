/*
 * The prior of the variational wind: background errors as a Matern field, whose inverse covariance is a power of
 * K = 1 - L^2 times the Laplacian (Whittle 1963; Lindgren, Rue and Lindstroem 2011, J. R. Stat. Soc. B 73, 423). In three dimensions alpha = 2
 * gives an exponential correlation, alpha = 4 a smooth one, and the variance that K^-alpha has is known, so that weights are
 * error statistics and do not depend on the resolution. At walls the derivative across them is zero; w is zero at the ground and
 * at the lid.
 */
#include "wind/internal.h"

nwc_status nwc__wind_prior_create(nwc_ctx *ctx, const nwc__wind_box *box, int32_t order, const nwc__wind_reach reach[2],
                                  const double *error_h, const double *error_w, nwc__wind_prior *prior)
{
    assert(order == 2 || order == 4);
    nwc_status status = NWC_OK;
    const int64_t nz = box->shape.nz;
    *prior = (nwc__wind_prior){.box = box, .order = order, .reach = {reach[0], reach[1]}};
    for (int w = 0; w < 2; w++) {
        const double volume = reach[w].h * reach[w].h * reach[w].v / (box->dx * box->dy * box->dz);
        prior->over_c[w] = 1.0 / ((order == 2 ? 8.0 : 64.0) * NWC__PI * volume);
    }
    for (int c = 0; c < 3; c++) NWC__ALLOC(ctx, prior->over_sigma[c], nz + 1);
    for (int64_t k = 0; k <= nz; k++) {
        const int64_t below = k > 0 ? k - 1 : 0, above = k < nz ? k : nz - 1;
        prior->over_sigma[0][k] = prior->over_sigma[1][k] = 1.0 / error_h[above];
        prior->over_sigma[2][k] = 2.0 / (error_w[below] + error_w[above]);
    }
done:
    return status;
}

void nwc__wind_prior_release(nwc_ctx *ctx, nwc__wind_prior *prior)
{
    for (int c = 0; c < 3; c++) nwc__free(ctx, prior->over_sigma[c]);
    *prior = (nwc__wind_prior){0};
}

/* One K, with what stands before and behind it. */
struct pass {
    const nwc__wind_prior *prior;
    const nwc__real *from;
    nwc__real *to;
    bool first, last;
};

/*
 * Rows beyond a wall are the rows at it, which makes the derivative there zero. w has planes of zeros at the ground and the
 * lid instead.
 */
static nwc_status apply_plane(int64_t tile, void *user)
{
    const struct pass *const pass = user;
    const nwc__wind_prior *const prior = pass->prior;
    const nwc__wind_box *const box = prior->box;
    const nwc__wind_shape *const s = &box->shape;
    const int c = (int)(tile / (s->nz + 1));
    const int64_t k = tile % (s->nz + 1);
    const nwc__wind_extent extent = nwc__wind_extent_of(box, c);
    if (k < extent.first_k || k >= extent.end_k) return NWC_OK;
    const int64_t down = c == 2 || k > 0 ? k - 1 : k, up = c == 2 || k + 1 < s->nz ? k + 1 : k;
    const nwc__wind_reach reach = prior->reach[c == 2];
    const double x = pow(reach.h / box->dx, 2.0), y = pow(reach.h / box->dy, 2.0), z = pow(reach.v / box->dz, 2.0);
    const double behind = pass->last ? prior->over_sigma[c][k] * prior->over_c[c == 2] : 1.0;
    const double here = behind * (pass->first ? prior->over_sigma[c][k] : 1.0);
    const double below = behind * (pass->first ? prior->over_sigma[c][down] : 1.0);
    const double above = behind * (pass->first ? prior->over_sigma[c][up] : 1.0);
    const nwc__wind_stencil weights = {(nwc__real)((1.0 + 2.0 * (x + y + z)) * here), (nwc__real)(x * here),
                                       (nwc__real)(y * here), (nwc__real)(z * below), (nwc__real)(z * above)};
    const nwc__real *const from = pass->from + c * s->size;
    nwc__real *const to = pass->to + c * s->size + k * s->plane;
    for (int64_t j = 0; j < extent.ny; j++) {
        const int64_t south = j > 0 ? j - 1 : j, north = j + 1 < extent.ny ? j + 1 : j;
        const nwc__real *const plane = from + k * s->plane;
        box->kernels->stencil(extent.nx, plane + j * s->pitch, plane + south * s->pitch, plane + north * s->pitch,
                              from + down * s->plane + j * s->pitch, from + up * s->plane + j * s->pitch, &weights,
                              to + j * s->pitch);
    }
    return NWC_OK;
}

nwc_status nwc__wind_prior_apply(nwc_ctx *ctx, const nwc__wind_prior *prior, const nwc__real *wind, nwc__real *work,
                                 nwc__real *out)
{
    const nwc__real *from = wind;
    for (int32_t n = 0; n < prior->order; n++) {
        struct pass pass = {prior, from, n % 2 ? out : work, n == 0, n == prior->order - 1};
        NWC__TRY(nwc__wind_each_plane(ctx, prior->box, apply_plane, &pass));
        from = pass.to;
    }
    return NWC_OK;
}

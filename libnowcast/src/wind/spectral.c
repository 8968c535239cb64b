/*
 * The preconditioner of the variational wind, r -> G^-1 r - G^-1 D' (D G^-1 D')^-1 D G^-1 r: it keeps conjugate gradients among the winds
 * free of divergence (constraint preconditioner: Gould, Hribar and Nocedal 2001, SIAM J. Sci. Comput. 23, 1376), in a metric that knows how
 * steep the cost is along each wave, G = density + prior(k). With numbers alone as G, 1 for u and v and 1/16 for w, an iteration takes half the
 * time; where data are dense it is as good, but with few data, or a smooth prior, it needs many times the iterations.
 *
 * u is a sum of cosines along x, v along y; everything else is taken as sines, which at the walls is not how the prior has it, but is
 * near enough for a preconditioner. Along z the waves are the singular vectors of Dz, w having those of the one side and u and v those of
 * the other. Then D is a number for each wave and component, -x, -y and z below, and the projection is one for each wave.
 */
#include "wind/waves.h"

#include "wind/internal.h"

#define PART_OF_W (1.0 / 16.0) /* w is observed an order of magnitude less */

enum { STRIP = NWC__WIND_STRIP, MOST_TURNS = 60 };

struct nwc__wind_spectral {
    const nwc__wind_prior *prior;
    nwc__waves *waves;
    double prior_h, prior_w;          /* 1 / (sigma^2 c) */
    double *z;                        /* (nz): singular values; the last is 0 */
    nwc__real *centres[2], *walls[2]; /* (nz, nz): to waves, and back */
    nwc__real *x, *lambda_x;          /* (nx + 1, and more): of waves 0, 1, ... */
    nwc__real *strips;                /* of each lane: 4 nz STRIP */
    double density;
    nwc__real *out; /* the wind being worked on */
    bool back;
};

/* ---- waves along z ---- */

/*
 * Eigenvalues, and eigenvectors as columns of vectors, of a symmetric matrix (n, n), which is lost: Jacobi's rotations, by rows (Golub
 * and Van Loan, section 8.5). Matrices are small, and the accuracy of small eigenvalues matters.
 */
static void rotate(int64_t n, double *a, double *vectors, int64_t p, int64_t q)
{
    const double apq = a[p * n + q];
    if (apq == 0.0) return;
    const double tau = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    const double t = (tau >= 0.0 ? 1.0 : -1.0) / (fabs(tau) + sqrt(1.0 + tau * tau));
    const double c = 1.0 / sqrt(1.0 + t * t), s = t * c;
    for (int64_t k = 0; k < n; k++) {
        const double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq, a[k * n + q] = s * kp + c * kq;
    }
    for (int64_t k = 0; k < n; k++) {
        const double pk = a[p * n + k], qk = a[q * n + k];
        a[p * n + k] = c * pk - s * qk, a[q * n + k] = s * pk + c * qk;
        const double vp = vectors[k * n + p], vq = vectors[k * n + q];
        vectors[k * n + p] = c * vp - s * vq, vectors[k * n + q] = s * vp + c * vq;
    }
}

static void find_vectors(int64_t n, double *a, double *vectors)
{
    for (int64_t i = 0; i < n * n; i++) vectors[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    for (int turn = 0; turn < MOST_TURNS; turn++) {
        double off = 0.0, whole = 0.0;
        for (int64_t i = 0; i < n * n; i++) {
            const double square = a[i] * a[i];
            whole += square, off += i % (n + 1) == 0 ? 0.0 : square;
        }
        if (off <= 1e-30 * whole) return;
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++) rotate(n, a, vectors, p, q);
    }
}

/*
 * Dz = U Z V': U from Dz Dz', V = Dz' U / Z. Waves are sorted so that the one Dz does not change, which is density, is the last; w has
 * one wave less, whose row and column are 0.
 */
static nwc_status make_levels(nwc_ctx *ctx, nwc__wind_spectral *s)
{
    nwc_status status = NWC_OK;
    const nwc__wind_box *const box = s->prior->box;
    const int64_t n = box->shape.nz;
    double *a = NULL, *u = NULL;
    NWC__ALLOC(ctx, a, n * n);
    NWC__ALLOC(ctx, u, n * n);
    memset(a, 0, (size_t)(n * n) * sizeof *a);
    for (int64_t k = 0; k < n; k++) {
        a[k * n + k] = box->below[k] * box->below[k] + box->above[k] * box->above[k];
        if (k + 1 < n) a[k * n + k + 1] = a[(k + 1) * n + k] = -box->above[k] * box->below[k + 1];
    }
    find_vectors(n, a, u);
    int64_t flat = 0;
    for (int64_t m = 1; m < n; m++)
        if (a[m * n + m] < a[flat * n + flat]) flat = m;
    for (int64_t m = 0; m < n; m++) {
        const int64_t from = m == n - 1 ? flat : m < flat ? m : m + 1;
        s->z[m] = m == n - 1 ? 0.0 : sqrt(fmax(a[from * n + from], 0.0));
        for (int64_t k = 0; k < n; k++) {
            /* wall k + 1 lies between cells k and k + 1 */
            const double here = u[k * n + from], over = k + 1 < n ? u[(k + 1) * n + from] : 0.0;
            const double wall =
                m == n - 1 || k == n - 1 ? 0.0 : (box->above[k] * here - box->below[k + 1] * over) / s->z[m];
            s->centres[0][m * n + k] = s->centres[1][k * n + m] = (nwc__real)here;
            s->walls[0][m * n + k] = s->walls[1][k * n + m] = (nwc__real)wall;
        }
    }
done:
    nwc__free(ctx, u);
    nwc__free(ctx, a);
    return status;
}

static double mean_square(const double *values, int64_t first, int64_t end)
{
    double sum = 0.0;
    for (int64_t k = first; k < end; k++) sum += values[k] * values[k];
    return sum / (double)(end - first);
}

nwc_status nwc__wind_spectral_create(nwc_ctx *ctx, const nwc__wind_prior *prior, nwc__wind_spectral **made)
{
    nwc_status status = NWC_OK;
    const nwc__wind_box *const box = prior->box;
    const int64_t nz = box->shape.nz, nx = box->shape.nx, room = nx + 1 + STRIP;
    nwc__wind_spectral *s;
    *made = NULL;
    NWC__ALLOC(ctx, s, 1);
    *s = (nwc__wind_spectral){.prior = prior};
    if ((status = nwc__waves_create(ctx, box->shape.ny + 1, nx + 1, &s->waves)) != NWC_OK) goto done;
    NWC__ALLOC(ctx, s->z, nz);
    for (int b = 0; b < 2; b++) {
        NWC__ALLOC(ctx, s->centres[b], nz * nz);
        NWC__ALLOC(ctx, s->walls[b], nz * nz);
    }
    NWC__ALLOC(ctx, s->x, room);
    NWC__ALLOC(ctx, s->lambda_x, room);
    NWC__ALLOC(ctx, s->strips, NWC__WIND_LANES * 4 * nz * STRIP);
    if ((status = make_levels(ctx, s)) != NWC_OK) goto done;
    for (int64_t k = 0; k < room; k++) {
        s->x[k] = (nwc__real)(2.0 / box->dx * sin(0.5 * NWC__PI * (double)k / (double)(nx + 1)));
        s->lambda_x[k] = s->x[k] * s->x[k];
    }
    s->prior_h = prior->over_c[0] * mean_square(prior->over_sigma[0], 0, nz);
    s->prior_w = prior->over_c[1] * mean_square(prior->over_sigma[2], 1, nz);
done:
    if (status == NWC_OK)
        *made = s;
    else
        nwc__wind_spectral_destroy(ctx, s);
    return status;
}

void nwc__wind_spectral_destroy(nwc_ctx *ctx, nwc__wind_spectral *s)
{
    if (!s) return;
    nwc__free(ctx, s->strips);
    nwc__free(ctx, s->lambda_x);
    nwc__free(ctx, s->x);
    for (int b = 1; b >= 0; b--) {
        nwc__free(ctx, s->walls[b]);
        nwc__free(ctx, s->centres[b]);
    }
    nwc__free(ctx, s->z);
    nwc__waves_destroy(ctx, s->waves);
    nwc__free(ctx, s);
}

/* ---- along x and y ---- */

static nwc_status transform_lane(int64_t lane, void *user)
{
    const nwc__wind_spectral *const s = user;
    const nwc__wind_shape *const shape = &s->prior->box->shape;
    for (int64_t plane = lane; plane < 3 * (shape->nz + 1); plane += NWC__WIND_LANES) {
        const int c = (int)(plane / (shape->nz + 1));
        const nwc__wind_extent extent = nwc__wind_extent_of(s->prior->box, c);
        const int64_t k = plane % (shape->nz + 1);
        if (k < extent.first_k || k >= extent.end_k) continue;
        const nwc__wave y = c == 1 ? NWC__COSINE : NWC__SINE, x = c == 0 ? NWC__COSINE : NWC__SINE;
        if (s->back)
            nwc__waves_backward(s->waves, lane, y, x, s->out + plane * shape->plane, shape->pitch);
        else
            nwc__waves_forward(s->waves, lane, y, x, s->out + plane * shape->plane, shape->pitch);
    }
    return NWC_OK;
}

/* ---- each wave ---- */

/* The columns of STRIP waves, of which those from first to before end are there. */
static void take(const nwc__wind_shape *shape, int64_t levels, const nwc__real *from, int64_t first, int64_t end,
                 nwc__real *strip)
{
    memset(strip, 0, (size_t)(shape->nz * STRIP) * sizeof *strip);
    for (int64_t k = 0; k < levels; k++)
        for (int64_t i = first; i < end; i++) strip[k * STRIP + i] = from[k * shape->plane + i];
}

static void put(const nwc__wind_shape *shape, int64_t levels, const nwc__real *strip, int64_t first, int64_t end,
                nwc__real *to)
{
    for (int64_t k = 0; k < levels; k++)
        for (int64_t i = first; i < end; i++) to[k * shape->plane + i] = strip[k * STRIP + i];
}

/*
 * Wave j along y, and along x STRIP waves from wave i on. Wave 0 is u's alone along x, and v's along y; rows and columns of sines
 * begin with wave 1.
 */
static void solve_strip(const nwc__wind_spectral *s, int64_t j, int64_t i, nwc__real *scratch)
{
    const nwc__wind_box *const box = s->prior->box;
    const nwc__wind_shape *const shape = &box->shape;
    const int64_t nz = shape->nz, part = nz * STRIP, left = shape->nx + 1 - i, end = left < STRIP ? left : STRIP;
    const int64_t column[3] = {i, i - 1, i - 1}, row[3] = {j - 1, j, j - 1}, levels[3] = {nz, nz, nz - 1};
    nwc__real *const wall = scratch, *const wave[3] = {scratch + part, scratch + 2 * part, scratch + 3 * part};
    for (int c = 0; c < 3; c++) {
        nwc__real *const at = s->out + c * shape->size + (c == 2) * shape->plane;
        if (row[c] < 0)
            memset(wall, 0, (size_t)part * sizeof *wall);
        else
            take(shape, levels[c], at + row[c] * shape->pitch + column[c], column[c] < 0, end, wall);
        box->kernels->mix(nz, c == 2 ? s->walls[0] : s->centres[0], wall, wave[c]);
    }
    const double y = 2.0 / box->dy * sin(0.5 * NWC__PI * (double)j / (double)(shape->ny + 1));
    for (int64_t m = 0; m < nz; m++) {
        const nwc__wind_wave q = {.order = s->prior->order,
                                  .floor_h = (nwc__real)s->density,
                                  .floor_w = (nwc__real)(s->density * PART_OF_W),
                                  .prior_h = (nwc__real)s->prior_h,
                                  .prior_w = (nwc__real)s->prior_w,
                                  .length_h = (nwc__real)pow(s->prior->reach[0].h, 2.0),
                                  .along_h = (nwc__real)pow(s->prior->reach[0].v * s->z[m], 2.0),
                                  .length_w = (nwc__real)pow(s->prior->reach[1].h, 2.0),
                                  .along_w = (nwc__real)pow(s->prior->reach[1].v * s->z[m], 2.0),
                                  .lambda_y = (nwc__real)(y * y),
                                  .y = (nwc__real)y,
                                  .z = (nwc__real)s->z[m]};
        box->kernels->without_divergence(&q, s->lambda_x + i, s->x + i, wave[0] + m * STRIP, wave[1] + m * STRIP,
                                         wave[2] + m * STRIP);
    }
    for (int c = 0; c < 3; c++) {
        nwc__real *const at = s->out + c * shape->size + (c == 2) * shape->plane;
        if (row[c] < 0) continue;
        box->kernels->mix(nz, c == 2 ? s->walls[1] : s->centres[1], wave[c], wall);
        put(shape, levels[c], wall, column[c] < 0, end, at + row[c] * shape->pitch + column[c]);
    }
}

static nwc_status solve_lane(int64_t lane, void *user)
{
    const nwc__wind_spectral *const s = user;
    const nwc__wind_shape *const shape = &s->prior->box->shape;
    for (int64_t j = lane; j <= shape->ny; j += NWC__WIND_LANES)
        for (int64_t i = 0; i <= shape->nx; i += STRIP) solve_strip(s, j, i, s->strips + lane * 4 * shape->nz * STRIP);
    return NWC_OK;
}

nwc_status nwc__wind_spectral_precondition(nwc_ctx *ctx, nwc__wind_spectral *s, double density, const nwc__real *r,
                                           nwc__real *out)
{
    memcpy(out, r, (size_t)(3 * s->prior->box->shape.size) * sizeof *out);
    s->density = density, s->out = out, s->back = false;
    NWC__TRY(nwc__wind_each_lane(ctx, s->prior->box, transform_lane, s));
    NWC__TRY(nwc__wind_each_lane(ctx, s->prior->box, solve_lane, s));
    s->back = true;
    return nwc__wind_each_lane(ctx, s->prior->box, transform_lane, s);
}

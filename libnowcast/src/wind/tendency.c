/*
 * Vertical vorticity of the variational wind, of which what rises and turns must be one flow. Of dry air without friction,
 *
 *     Q = (u - U) dzeta/dx + (v - V) dzeta/dy + w dzeta/dz + zeta (du/dx + dv/dy) + dw/dx dv/dz - dw/dy du/dz = 0
 *
 * where the storm, which moves by U and V, does not change but by moving (Shapiro, Potvin and Gao 2009, J. Atmos. Oceanic Technol.
 * 26, 2089; Potvin, Shapiro and Xue 2012, J. Atmos. Oceanic Technol. 29, 32). Q is a sum of products of pairs of values that are linear in
 * the wind, twelve at the vertical edges of cells, where zeta lives on the staggered walls. So it is a quadratic form, and its derivative about
 * a wind is exact: the term is the square of Q(about) + Q'(about) (wind - about), and about becomes what the last round has found (Gauss
 * and Newton). The values are one table of stencils, by which the adjoint gives back what the derivative takes.
 */
#include "wind/tendency.h"

enum {
    U,
    V,
    W,
    ZETA,
    WX,
    WY,
    ZETA_X,
    ZETA_Y,
    ZETA_Z,
    SPREAD,
    VZ,
    UZ
}; /* of a pair the second is PAIRS behind the first */
enum { PAIRS = NWC__WIND_VALUES / 2, EDGE = 2, COLOURS = 3 };

/* ---- the table ---- */

struct table {
    nwc__wind_tendency *t;
    const nwc__wind_shape *shape;
};

static void put(const struct table *to, int32_t value, int c, int64_t k, int64_t j, int64_t i, double weight)
{
    const nwc__wind_shape *const s = to->shape;
    assert(to->t->n < NWC__WIND_ENTRIES);
    to->t->entry[to->t->n++] =
        (nwc__wind_entry){c * s->size + k * s->plane + j * s->pitch + i, (nwc__real)weight, value};
}

/* Vorticity of the edge k, j, i away. */
static void put_zeta(const struct table *to, int32_t value, int64_t k, int64_t j, int64_t i, double weight)
{
    const double over_x = weight / to->t->box->dx, over_y = weight / to->t->box->dy;
    put(to, value, 1, k, j, i, over_x), put(to, value, 1, k, j, i - 1, -over_x);
    put(to, value, 0, k, j, i, -over_y), put(to, value, 0, k, j - 1, i, over_y);
}

static void fill_table(nwc__wind_tendency *t)
{
    const struct table to = {t, &t->box->shape};
    const double over_x = 1.0 / t->box->dx, over_y = 1.0 / t->box->dy, over_z = 1.0 / t->box->dz;
    for (int64_t side = -1; side <= 0; side++) { /* the walls on both sides of an edge */
        put(&to, U, 0, 0, side, 0, 0.5), put(&to, V, 1, 0, 0, side, 0.5);
        for (int64_t up = -1; up <= 1; up += 2) {
            const double sign = (double)up;
            put(&to, SPREAD, 0, 0, side, up, 0.25 * sign * over_x),
                put(&to, SPREAD, 1, 0, up, side, 0.25 * sign * over_y);
            put(&to, UZ, 0, up, side, 0, 0.25 * sign * over_z), put(&to, VZ, 1, up, 0, side, 0.25 * sign * over_z);
        }
    }
    for (int64_t corner = 0; corner < 8; corner++) {
        const int64_t i = corner % 2 - 1, j = corner / 2 % 2 - 1, k = corner / 4;
        put(&to, W, 2, k, j, i, 0.125);
        put(&to, WX, 2, k, j, i, (i ? -0.25 : 0.25) * over_x);
        put(&to, WY, 2, k, j, i, (j ? 0.25 : -0.25) * over_y); /* its sign turned, so that all products add */
    }
    put_zeta(&to, ZETA, 0, 0, 0, 1.0);
    for (int64_t up = -1; up <= 1; up += 2) {
        put_zeta(&to, ZETA_X, 0, 0, up, 0.5 * (double)up * over_x);
        put_zeta(&to, ZETA_Y, 0, up, 0, 0.5 * (double)up * over_y);
        put_zeta(&to, ZETA_Z, up, 0, 0, 0.5 * (double)up * over_z);
    }
}

nwc_status nwc__wind_tendency_create(nwc_ctx *ctx, const nwc__wind_box *box, const double motion[2], double error_s2,
                                     nwc__wind_tendency *t)
{
    nwc_status status = NWC_OK;
    *t = (nwc__wind_tendency){.box = box, .motion = {motion[0], motion[1]}, .over_error = 1.0 / error_s2};
    t->row = box->shape.pitch;
    fill_table(t);
    NWC__ALLOC(ctx, t->values, box->shape.nz * 2 * NWC__WIND_VALUES * t->row);
    NWC__ALLOC(ctx, t->start, box->cells);
    NWC__ALLOC(ctx, t->cells, box->cells);
    t->about = nwc__wind_create(ctx, box);
    if (!t->about) status = NWC_ERR_NOMEM;
    memset(t->start, 0, (size_t)box->cells * sizeof *t->start);
done:
    return status;
}

void nwc__wind_tendency_release(nwc_ctx *ctx, nwc__wind_tendency *t)
{
    nwc__free(ctx, t->about);
    nwc__free(ctx, t->cells);
    nwc__free(ctx, t->start);
    nwc__free(ctx, t->values);
    *t = (nwc__wind_tendency){0};
}

/* ---- rows of edges ---- */

enum work { FORM, DERIVATIVE, ADJOINT };

struct rows {
    const nwc__wind_tendency *t;
    enum work work;
    const nwc__real *wind;
    nwc__real *cells, *out;
    int64_t colour;
};

/* cells = Q, Q' wind, or out += Q'' cells along one row, edges first to first + n. */
static void work_row(const struct rows *job, int64_t k, int64_t j, nwc__real *here, nwc__real *other)
{
    const nwc__wind_tendency *const t = job->t;
    const nwc__wind_shape *const s = &t->box->shape;
    const nwc__wind_kernels *const kernels = t->box->kernels;
    const int64_t n = s->nx + 1 - 2 * EDGE, at = k * s->plane + j * s->pitch + EDGE, row = t->row;
    nwc__real *const cells = job->cells + (k * s->ny + j) * s->nx + EDGE;
    const nwc__real motion[2] = {(nwc__real)t->motion[0], (nwc__real)t->motion[1]};
    kernels->take(n, t->n, t->entry, (job->work == FORM ? job->wind : t->about) + at, row, here);
    for (int64_t i = 0; i < n; i++) here[U * row + i] -= motion[0], here[V * row + i] -= motion[1];
    if (job->work == DERIVATIVE) kernels->take(n, t->n, t->entry, job->wind + at, row, other);
    if (job->work != ADJOINT) memset(cells, 0, (size_t)n * sizeof *cells);
    for (int64_t p = 0; p < PAIRS; p++) {
        const nwc__real *const a = here + p * row, *const b = a + PAIRS * row;
        nwc__real *const c = other + p * row, *const d = c + PAIRS * row;
        if (job->work == FORM)
            for (int64_t i = 0; i < n; i++) cells[i] += a[i] * b[i];
        else if (job->work == DERIVATIVE)
            for (int64_t i = 0; i < n; i++) cells[i] += a[i] * d[i] + b[i] * c[i];
        else
            for (int64_t i = 0; i < n; i++) c[i] = b[i] * cells[i], d[i] = a[i] * cells[i];
    }
    if (job->work == ADJOINT) kernels->give(n, t->n, t->entry, other, row, job->out + at);
}

static nwc_status work_level(int64_t tile, void *user)
{
    const struct rows *const job = user;
    const int64_t k = 1 + job->colour + COLOURS * tile;
    nwc__real *const values = job->t->values + k * 2 * NWC__WIND_VALUES * job->t->row;
    for (int64_t j = EDGE; j + EDGE <= job->t->box->shape.ny; j++)
        work_row(job, k, j, values, values + NWC__WIND_VALUES * job->t->row);
    return NWC_OK;
}

/* Levels between the lowest and the highest; those of one colour give back to walls that no other of it touches. */
static nwc_status each_level(nwc_ctx *ctx, struct rows *job)
{
    const nwc__wind_shape *const s = &job->t->box->shape;
    for (job->colour = 0; job->colour < COLOURS; job->colour++) {
        const int64_t levels = (s->nz - 2 - job->colour + COLOURS - 1) / COLOURS;
        if (levels > 0) NWC__TRY(nwc__wind_each(ctx, levels, NWC__WIND_VALUES * s->plane, work_level, job));
    }
    return NWC_OK;
}

nwc_status nwc__wind_tendency_form(nwc_ctx *ctx, const nwc__wind_tendency *t, const nwc__real *wind, nwc__real *cells)
{
    struct rows job = {t, FORM, wind, cells, NULL, 0};
    memset(cells, 0, (size_t)t->box->cells * sizeof *cells);
    return each_level(ctx, &job);
}

nwc_status nwc__wind_tendency_derivative(nwc_ctx *ctx, const nwc__wind_tendency *t, const nwc__real *wind,
                                         nwc__real *cells)
{
    struct rows job = {t, DERIVATIVE, wind, cells, NULL, 0};
    memset(cells, 0, (size_t)t->box->cells * sizeof *cells);
    return each_level(ctx, &job);
}

nwc_status nwc__wind_tendency_adjoint(nwc_ctx *ctx, const nwc__wind_tendency *t, const nwc__real *cells, nwc__real *out)
{
    struct rows job = {t, ADJOINT, NULL, (nwc__real *)cells, out, 0};
    NWC__TRY(each_level(ctx, &job));
    nwc__wind_clear_ends(t->box, out);
    return NWC_OK;
}

/* ---- the term ---- */

nwc_status nwc__wind_tendency_begin(nwc_ctx *ctx, nwc__wind_tendency *t, const nwc__real *about, double *rms)
{
    const nwc__wind_shape *const s = &t->box->shape;
    const int64_t edges = (s->nz - 2) * (s->ny + 1 - 2 * EDGE) * (s->nx + 1 - 2 * EDGE);
    double sum = 0.0;
    memcpy(t->about, about, (size_t)(3 * s->size) * sizeof *about);
    NWC__TRY(nwc__wind_tendency_form(ctx, t, about, t->start));
    NWC__TRY(nwc__wind_tendency_derivative(ctx, t, about, t->cells));
    for (int64_t c = 0; c < t->box->cells; c++) {
        sum += (double)t->start[c] * (double)t->start[c];
        t->start[c] -= t->cells[c];
    }
    *rms = edges > 0 ? sqrt(sum / (double)edges) : 0.0;
    return NWC_OK;
}

nwc_status nwc__wind_tendency_add(nwc_ctx *ctx, const nwc__wind_tendency *t, const nwc__real *wind, double of_start,
                                  double of_wind, nwc__real *out, double *cost)
{
    const double weight = t->over_error * t->over_error;
    double sum = 0.0;
    NWC__TRY(nwc__wind_tendency_derivative(ctx, t, wind, t->cells));
    for (int64_t c = 0; c < t->box->cells; c++) {
        const double left = of_start * (double)t->start[c] + of_wind * (double)t->cells[c];
        sum += weight * left * left;
        t->cells[c] = (nwc__real)(weight * left);
    }
    if (cost) *cost = sum;
    return nwc__wind_tendency_adjoint(ctx, t, t->cells, out);
}

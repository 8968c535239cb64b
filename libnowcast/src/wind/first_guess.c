/*
 * The background of the variational wind. Where none is given it is a profile u(z), v(z) fitted to the data: the mean wind must come
 * from somewhere, since outside the reach of two radars no radial velocity tells it. The fit is linear between levels, smooth in height, and
 * lets go of what does not belong, by Tukey's biweight.
 */
#include "core/blas.h"
#include "radar/rays.h"
#include "wind/frame.h"

#define STORM_M_S 5.0    /* how far storms are from a profile, before that is found */
#define ALIKE 200.0      /* data that tell of one storm, and so count as one */
#define SHEAR 5e-3       /* s-1, of a profile */
#define LARGEST_M_S 60.0 /* standard deviation of a wind of which nothing is known */
#define BIWEIGHT 4.685   /* of Tukey's, in robust standard deviations */

enum { ROUNDS = 8, SAMPLES = 20000 };

/* ---- a profile fitted to data ---- */

struct fit {
    int64_t nz;
    double dz;
    double *a, *b, *x; /* (2 nz, 2 nz), and twice (2 nz): u and v of each level in turn */
};

/* The level below a datum and its part of the way to the next. */
static int64_t level_below(const struct fit *fit, const nwc__wind_datum *d, double *part)
{
    const double z = fmin(fmax((double)d->z / fit->dz - 0.5, 0.0), (double)(fit->nz - 1));
    const int64_t k = z < (double)(fit->nz - 2) ? (int64_t)z : fit->nz - 2;
    *part = z - (double)k;
    return k;
}

static double residual(const struct fit *fit, const nwc__wind_datum *d)
{
    double part;
    const double *const x = fit->x + 2 * level_below(fit, d, &part);
    return (double)d->value - (double)d->u * (x[0] + part * (x[2] - x[0])) -
           (double)d->v * (x[1] + part * (x[3] - x[1]));
}

static void add_datum(const struct fit *fit, const nwc__wind_datum *d, double weight)
{
    double part;
    const int64_t first = 2 * level_below(fit, d, &part), n = 2 * fit->nz;
    const double of[4] = {(1.0 - part) * (double)d->u, (1.0 - part) * (double)d->v, part * (double)d->u,
                          part * (double)d->v};
    for (int64_t r = 0; r < 4; r++) {
        for (int64_t c = 0; c <= r; c++) fit->a[(first + r) * n + first + c] += weight * of[r] * of[c];
        fit->b[first + r] += weight * of[r] * (double)d->value;
    }
}

/* What is known beforehand: winds are not too strong, and change with height by a shear. */
static void begin(const struct fit *fit)
{
    const int64_t n = 2 * fit->nz;
    memset(fit->a, 0, (size_t)(n * n) * sizeof *fit->a);
    memset(fit->b, 0, (size_t)n * sizeof *fit->b);
    const double step = pow(SHEAR * fit->dz, -2.0) * 1000.0 / fit->dz; /* steps add up as those of a random walk */
    for (int64_t r = 0; r < n; r++) fit->a[r * n + r] += pow(LARGEST_M_S, -2.0) / (double)fit->nz;
    for (int64_t r = 0; r + 2 < n; r++) {
        fit->a[r * n + r] += step, fit->a[(r + 2) * n + r + 2] += step;
        fit->a[(r + 2) * n + r] -= step;
    }
}

/* The robust spread of residuals, of every so many data. */
static double spread(const struct fit *fit, const nwc__wind_list *list, double *scratch)
{
    const int64_t step = list->n / SAMPLES + 1;
    int64_t n = 0;
    for (int64_t d = 0; d < list->n; d += step) scratch[n++] = residual(fit, &list->data[d]);
    return fmax(1.0, nwc__spread_about(scratch, n, 0.0));
}

nwc_status nwc__wind_fit_profile(nwc_ctx *ctx, int64_t nz, double dz, const nwc__wind_list *list, double *u, double *v)
{
    nwc_status status = NWC_OK;
    struct fit fit = {.nz = nz, .dz = dz};
    double *scratch = NULL;
    NWC__ALLOC(ctx, fit.a, 4 * fit.nz * fit.nz);
    NWC__ALLOC(ctx, fit.b, 2 * fit.nz);
    NWC__ALLOC(ctx, fit.x, 2 * fit.nz);
    NWC__ALLOC(ctx, scratch, SAMPLES + 1);
    for (int round = 0; round < ROUNDS; round++) {
        const double away = round ? spread(&fit, list, scratch) : STORM_M_S;
        const double scale = round ? BIWEIGHT * away : (double)INFINITY;
        begin(&fit);
        for (int64_t d = 0; d < list->n; d++) {
            const double part = round ? residual(&fit, &list->data[d]) / scale : 0.0;
            const double within = fmax(0.0, 1.0 - part * part);
            add_datum(&fit, &list->data[d], within * within / (ALIKE * away * away));
        }
        if (!nwc__solve_spd((int32_t)(2 * fit.nz), fit.a, fit.b)) {
            status = nwc__fail(NWC_ERR_INTERNAL, "wind: a profile cannot be fitted");
            goto done;
        }
        memcpy(fit.x, fit.b, (size_t)(2 * fit.nz) * sizeof *fit.x);
    }
    for (int64_t k = 0; k < fit.nz; k++) u[k] = fit.x[2 * k], v[k] = fit.x[2 * k + 1];
done:
    nwc__free(ctx, scratch);
    nwc__free(ctx, fit.x);
    nwc__free(ctx, fit.b);
    nwc__free(ctx, fit.a);
    return status;
}

/* ---- what is given ---- */

/* A component of the background at the cells of a box. */
struct component {
    const nwc__wind_frame *frame;
    const nwc__wind_box *box;
    const nwc_field *field; /* on the grid; NULL: level alone */
    double *level;          /* (nz) of the box: where the field is not known */
    nwc__real *out;
    int c;
};

static double cell(const nwc_field *f, int64_t k, int64_t j, int64_t i)
{
    return (double)f->data[k * f->stride[0] + j * f->stride[1] + i * f->stride[2]];
}

static int64_t within(int64_t i, int64_t n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* Of a cell of the box: of the nearest of the grid. */
static double value_of(const struct component *job, int64_t k, int64_t j, int64_t i)
{
    const nwc__wind_frame *const frame = job->frame;
    if (!job->field) return job->level[k];
    const double value = cell(job->field, within(k - frame->first_k, frame->grid->nz),
                              within(j - frame->first_j, frame->grid->ny), within(i - frame->first_i, frame->grid->nx));
    return isfinite(value) ? value : job->level[k];
}

/* At walls between two cells: their mean. */
static nwc_status fill_plane(int64_t k, void *user)
{
    const struct component *const job = user;
    const nwc__wind_shape *const s = &job->box->shape;
    const nwc__wind_extent extent = nwc__wind_extent_of(job->box, job->c);
    if (k < extent.first_k || k >= extent.end_k) return NWC_OK;
    nwc__real *const out = job->out + job->c * s->size + k * s->plane;
    for (int64_t j = 0; j < extent.ny; j++)
        for (int64_t i = 0; i < extent.nx; i++) {
            const int64_t here_j = within(j, s->ny), here_i = within(i, s->nx);
            const double before = value_of(job, k - (job->c == 2), within(here_j - (job->c == 1 && j == here_j), s->ny),
                                           within(here_i - (job->c == 0 && i == here_i), s->nx));
            out[j * s->pitch + i] = (nwc__real)(0.5 * (before + value_of(job, k, here_j, here_i)));
        }
    return NWC_OK;
}

/* Means of the known cells of each level, and between and beyond them what the levels about say; false where nothing is known. */
static bool fill_levels(const struct component *job)
{
    const nwc__wind_frame *const frame = job->frame;
    const nwc_field *const f = job->field;
    const int64_t nz = job->box->shape.nz;
    int64_t last = -1; /* level known last */
    for (int64_t k = 0; k < nz; k++) {
        const int64_t from = k - frame->first_k;
        double sum = 0.0, n = 0.0;
        if (from >= 0 && from < frame->grid->nz)
            for (int64_t j = 0; j < f->dim[1]; j++)
                for (int64_t i = 0; i < f->dim[2]; i++) {
                    const double value = cell(f, from, j, i);
                    if (isfinite(value)) sum += value, n += 1.0;
                }
        if (!(n > 0.0)) continue;
        job->level[k] = sum / n;
        for (int64_t b = last + 1; b < k; b++)
            job->level[b] = last < 0 ? job->level[k]
                                     : job->level[last] +
                                           (job->level[k] - job->level[last]) * (double)(b - last) / (double)(k - last);
        last = k;
    }
    for (int64_t k = last + 1; last >= 0 && k < nz; k++) job->level[k] = job->level[last];
    return last >= 0;
}

nwc_status nwc__wind_background(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc__wind_box *box,
                                const nwc_wind_input *input, const nwc__wind_list *list, nwc__real *wind,
                                int32_t *flags)
{
    nwc_status status = NWC_OK;
    const nwc_field *const fields[3] = {input->background_u, input->background_v, input->background_w};
    double *level[3] = {NULL, NULL, NULL};
    bool known[3] = {false, false, false};
    for (int c = 0; c < 3; c++) {
        NWC__ALLOC(ctx, level[c], box->shape.nz);
        memset(level[c], 0, (size_t)box->shape.nz * sizeof *level[c]);
        const struct component job = {frame, box, fields[c], level[c], wind, c};
        known[c] = fields[c] && fill_levels(&job);
    }
    if (!known[0] || !known[1]) {
        *flags |= list->n ? NWC_WIND_OWN_PROFILE : NWC_WIND_NO_BACKGROUND;
        if (list->n &&
            (status = nwc__wind_fit_profile(ctx, box->shape.nz, box->dz, list, level[0], level[1])) != NWC_OK)
            goto done;
    }
    for (int c = 0; c < 3; c++) {
        const bool use = known[c] && known[0] && known[1];
        struct component job = {frame, box, use ? fields[c] : NULL, level[c], wind, c};
        if (c == 2 && !use) continue;
        if ((status = nwc__wind_each(ctx, box->shape.nz, box->shape.plane, fill_plane, &job)) != NWC_OK) goto done;
    }
done:
    for (int c = 2; c >= 0; c--) nwc__free(ctx, level[c]);
    return status;
}

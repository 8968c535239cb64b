/* The wind that was found, at the centres of the grid's cells, and what follows from it. */
#include "wind/frame.h"

struct output {
    const nwc__wind_frame *frame;
    const nwc__wind_box *box;
    const nwc__real *wind;
    const float *errors;
    const nwc_field *ground;
    const nwc_wind_output *to;
    int32_t *seen; /* (nz, ny, nx) of the grid: sources with data in a cell */
};

static void set(nwc_field *field, int64_t k, int64_t j, int64_t i, double value)
{
    if (field) field->data[k * field->stride[0] + j * field->stride[1] + i * field->stride[2]] = (float)value;
}

/* Twice u and v at the centre of a cell of the box, whose walls begin at at. */
static double twice_u(const nwc__real *u, int64_t at)
{
    return (double)u[at] + (double)u[at + 1];
}

static double twice_v(const nwc__real *v, int64_t at, int64_t pitch)
{
    return (double)v[at] + (double)v[at + pitch];
}

/* Vorticity by centred differences; the box is larger than the grid, so that neighbours are there. */
static void put_cell(const struct output *job, int64_t k, int64_t j, int64_t i)
{
    const nwc__wind_shape *const s = &job->box->shape;
    const nwc__wind_frame *const f = job->frame;
    const nwc_wind_output *const to = job->to;
    const int64_t at = (k + f->first_k) * s->plane + (j + f->first_j) * s->pitch + i + f->first_i;
    const nwc__real *const u = job->wind, *const v = u + s->size, *const w = v + s->size;
    set(to->u, k, j, i, 0.5 * twice_u(u, at));
    set(to->v, k, j, i, 0.5 * twice_v(v, at, s->pitch));
    set(to->w, k, j, i, 0.5 * ((double)w[at] + (double)w[at + s->plane]));
    set(to->divergence, k, j, i,
        ((double)u[at + 1] - (double)u[at]) / f->dx + ((double)v[at + s->pitch] - (double)v[at]) / f->dy);
    set(to->vorticity, k, j, i,
        0.25 * (twice_v(v, at + 1, s->pitch) - twice_v(v, at - 1, s->pitch)) / f->dx -
            0.25 * (twice_u(u, at + s->pitch) - twice_u(u, at - s->pitch)) / f->dy);
    if (!job->errors) return;
    const float *const error = job->errors + ((k + f->first_k) * s->ny + j + f->first_j) * s->nx + i + f->first_i;
    set(to->error_u, k, j, i, (double)error[0]);
    set(to->error_v, k, j, i, (double)error[job->box->cells]);
    set(to->error_w, k, j, i, (double)error[2 * job->box->cells]);
}

/* Sources of a cell and the 26 about it. */
static int32_t sources_about(const struct output *job, int64_t k, int64_t j, int64_t i)
{
    const nwc_grid *const g = job->frame->grid;
    int32_t bits = 0;
    for (int64_t c = k > 0 ? k - 1 : 0; c <= k + 1 && c < g->nz; c++)
        for (int64_t b = j > 0 ? j - 1 : 0; b <= j + 1 && b < g->ny; b++)
            for (int64_t a = i > 0 ? i - 1 : 0; a <= i + 1 && a < g->nx; a++)
                bits |= job->seen[(c * g->ny + b) * g->nx + a];
    return bits;
}

static nwc_status put_level(int64_t k, void *user)
{
    const struct output *const job = user;
    const nwc_wind_output *const to = job->to;
    nwc_field *const fields[8] = {to->u,         to->v,       to->w,       to->divergence,
                                  to->vorticity, to->error_u, to->error_v, to->error_w};
    const nwc_grid *const g = job->frame->grid;
    const bool outside = k + job->frame->first_k < 0 || k + job->frame->first_k >= job->box->shape.nz;
    for (int64_t j = 0; j < g->ny; j++)
        for (int64_t i = 0; i < g->nx; i++) {
            const bool below =
                outside ||
                (job->ground &&
                 (double)job->ground->data[j * job->ground->stride[0] + i * job->ground->stride[1]] > g->z_m[k]);
            if (below)
                for (int f = 0; f < 8; f++) set(fields[f], k, j, i, (double)NAN);
            else
                put_cell(job, k, j, i);
            if (to->sources)
                to->sources
                    ->data[k * to->sources->stride[0] + j * to->sources->stride[1] + i * to->sources->stride[2]] =
                    below ? 0 : sources_about(job, k, j, i);
        }
    return NWC_OK;
}

static void mark(const struct output *job, const nwc__wind_data *data)
{
    const nwc__wind_frame *const f = job->frame;
    const nwc_grid *const g = f->grid;
    for (int64_t d = 0; d < data->n; d++) {
        const nwc__wind_datum *const datum = &data->data[d];
        const int64_t i = (int64_t)((double)datum->x / f->dx) - f->first_i,
                      j = (int64_t)((double)datum->y / f->dy) - f->first_j,
                      k = (int64_t)((double)datum->z / f->dz) - f->first_k;
        if (i >= 0 && i < g->nx && j >= 0 && j < g->ny && k >= 0 && k < g->nz && datum->weight > 0.0F)
            job->seen[(k * g->ny + j) * g->nx + i] |= (int32_t)1 << datum->source;
    }
}

nwc_status nwc__wind_output(nwc_ctx *ctx, const nwc__wind_frame *frame, const nwc__wind_box *box,
                            const nwc__wind_data *data, const nwc__real *wind, const float *errors,
                            const nwc_field *ground, const nwc_wind_output *to)
{
    nwc_status status = NWC_OK;
    const int64_t cells = frame->grid->nz * frame->grid->ny * frame->grid->nx;
    struct output job = {frame, box, wind, errors, ground, to, NULL};
    if (to->sources) {
        NWC__ALLOC(ctx, job.seen, cells);
        memset(job.seen, 0, (size_t)cells * sizeof *job.seen);
        mark(&job, data);
    }
    status = nwc__for_each_tile(ctx, NULL, frame->grid->nz, put_level, &job);
done:
    nwc__free(ctx, job.seen);
    return status;
}

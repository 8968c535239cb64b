/* How near to rain cells are: city-block distances by two sweeps along rows and two along columns, exact. */
#include "forecast/near.h"

enum { ROWS = 16, COLUMNS = 64 /* in a tile */ };

struct job {
    const float *field;
    int64_t ny, nx;
    float wet, fall; /* of nearness from cell to cell */
    float *near;
};

static nwc_status along_rows(int64_t tile, void *user)
{
    const struct job *const job = user;
    for (int64_t j = tile * ROWS; j < (tile + 1) * ROWS && j < job->ny; j++) {
        const float *const cell = job->field + j * job->nx;
        float *const near = job->near + j * job->nx;
        float last = 0.0F;
        for (int64_t i = 0; i < job->nx; i++) {
            last = cell[i] >= job->wet ? 1.0F : fmaxf(last - job->fall, 0.0F);
            near[i] = last;
        }
        for (int64_t i = job->nx - 1; i >= 0; i--) {
            last = fmaxf(near[i], last - job->fall);
            near[i] = last;
        }
    }
    return NWC_OK;
}

static nwc_status along_columns(int64_t tile, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->nx, first = tile * COLUMNS, end = first + COLUMNS < nx ? first + COLUMNS : nx;
    for (int64_t j = 1; j < job->ny; j++) {
        float *const row = job->near + j * nx;
        for (int64_t i = first; i < end; i++) row[i] = fmaxf(row[i], row[i - nx] - job->fall);
    }
    for (int64_t j = job->ny - 2; j >= 0; j--) {
        float *const row = job->near + j * nx;
        for (int64_t i = first; i < end; i++) row[i] = fmaxf(row[i], row[i + nx] - job->fall);
    }
    return NWC_OK;
}

nwc_status nwc__nearness(nwc_ctx *ctx, const float *field, int64_t ny, int64_t nx, float wet, int32_t rim,
                         float *nearness)
{
    struct job job = {.field = field, .ny = ny, .nx = nx, .wet = wet, .near = nearness};
    job.fall = 1.0F / (float)(rim + 1);
    NWC__TRY(nwc__for_each_tile(ctx, "near", (ny + ROWS - 1) / ROWS, along_rows, &job));
    return nwc__for_each_tile(ctx, "near", (nx + COLUMNS - 1) / COLUMNS, along_columns, &job);
}

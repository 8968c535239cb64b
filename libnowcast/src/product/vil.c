/* Vertically integrated liquid (Greene and Clark 1972, eq. 7 and 8), layer by layer between known levels. */
#include "product/column.h"

#define LIQUID 3.44e-6F /* kg m-3 for 1 mm6 m-3 */
#define POWER (4.0F / 7.0F)
#define CAP_DBZ 56.0
#define REACH_M 3000.0

struct job {
    const nwc_field *dbz, *ground;
    float cap_dbz, reach_m;
    nwc_field *vil;
    float *rows; /* (ny, 2, nx): Z of the last known level, and its height */
};

static float liquid_of(float z)
{
    return z > 0.0F ? LIQUID * powf(z, POWER) : 0.0F;
}

/* From the ground up; the layer between two known levels has the mean of their Z. */
static nwc_status vil_row(int64_t j, void *user)
{
    const struct job *const job = user;
    const int64_t nx = job->dbz->dim[2], step = job->vil->stride[1];
    float *const z_below = job->rows + 2 * j * nx, *const height_below = z_below + nx;
    float *const vil = nwc__flat_row(job->vil, j);
    for (int64_t i = 0; i < nx; i++) vil[i * step] = z_below[i] = NAN;
    for (int64_t k = 0; k < job->dbz->dim[0]; k++) {
        const nwc__row level = nwc__level_row(job->dbz, k, j);
        const float height = (float)job->dbz->grid->z_m[k];
        for (int64_t i = 0; i < nx; i++) {
            const float dbz = fminf(level.cells[i * level.step], job->cap_dbz);
            if (isnan(level.cells[i * level.step])) continue;
            const float z = dbz <= NWC__NO_ECHO_DBZ ? 0.0F : powf(10.0F, 0.1F * dbz);
            const bool lowest = isnan(z_below[i]);
            const float down = fmaxf(0.0F, fminf(height - (float)nwc__ground_at(job->ground, j, i), job->reach_m));
            vil[i * step] = lowest ? liquid_of(z) * down
                                   : vil[i * step] + liquid_of(0.5F * (z_below[i] + z)) * (height - height_below[i]);
            z_below[i] = z, height_below[i] = height;
        }
    }
    return NWC_OK;
}

void nwc_vil_options_init(nwc_vil_options *options)
{
    if (options) *options = (nwc_vil_options){.struct_size = sizeof *options, .cap_dbz = CAP_DBZ, .reach_m = REACH_M};
}

nwc_status nwc_product_vil(nwc_ctx *ctx, const nwc_field *dbz, const nwc_field *ground_m,
                           const nwc_vil_options *options, nwc_field *vil)
{
    ctx = nwc__ctx(ctx);
    nwc_vil_options taken;
    nwc_vil_options_init(&taken);
    NWC__TRY(nwc__take_options(&taken, sizeof taken, options, "options"));
    NWC__TRY(nwc__check_levels(ctx, dbz, "dbz", "dBZ"));
    NWC__TRY(nwc__check_flat(ground_m, "ground_m", dbz, true));
    NWC__TRY(nwc__check_flat(vil, "vil", dbz, false));
    if (!(taken.cap_dbz > 0.0 && taken.cap_dbz <= 100.0))
        return nwc__fail(NWC_ERR_ARG, "cap_dbz: above 0 and at most 100 expected, %g given", taken.cap_dbz);
    if (!(taken.reach_m >= 0.0)) return nwc__fail(NWC_ERR_ARG, "reach_m: at least 0 expected, %g given", taken.reach_m);
    nwc_status status = NWC_OK;
    struct job job = {.dbz = dbz, .ground = ground_m, .vil = vil};
    job.cap_dbz = (float)taken.cap_dbz, job.reach_m = (float)taken.reach_m;
    NWC__ALLOC(ctx, job.rows, 2 * dbz->dim[1] * dbz->dim[2]);
    status = nwc__for_each_tile(ctx, "column", dbz->dim[1], vil_row, &job);
done:
    nwc__free(ctx, job.rows);
    return status;
}

/* Fields: making, releasing, taking apart; and the checks of them, flags and labels that every public function makes. */
#include "grid/internal.h"

/* Shape and memory, common to all element types. */
static nwc_status check_shape(const void *data, int32_t ndim, const int64_t *dim, const char *name, int32_t expected)
{
    if (ndim < 1 || ndim > NWC_MAX_NDIM)
        return nwc__fail(NWC_ERR_ARG, "%s: 1 to %d dimensions expected, %d given", name, NWC_MAX_NDIM, (int)ndim);
    if (expected && ndim != expected)
        return nwc__fail(NWC_ERR_ARG, "%s: %d dimensions expected, %d given", name, (int)expected, (int)ndim);
    int64_t cells = 1;
    for (int32_t d = 0; d < ndim; d++) {
        if (dim[d] < 1)
            return nwc__fail(NWC_ERR_ARG, "%s: at least 1 cell along axis %d expected, %lld given", name, (int)d,
                             (long long)dim[d]);
        if (dim[d] > INT32_MAX || cells > INT64_MAX / 16 / dim[d])
            return nwc__fail(NWC_ERR_ARG, "%s: more cells than can be addressed", name);
        cells *= dim[d];
    }
    if (!data) return nwc__fail(NWC_ERR_ARG, "%s: cells expected, NULL given", name);
    return NWC_OK;
}

nwc_status nwc__check_field(const nwc_field *field, const char *name, int32_t ndim)
{
    if (!field) return nwc__fail(NWC_ERR_ARG, "%s: a field expected, NULL given", name);
    NWC__TRY(check_shape(field->data, field->ndim, field->dim, name, ndim));
    if (!isnan(field->missing))
        return nwc__fail(NWC_ERR_ARG, "%s: NaN as missing value expected, %g given", name, (double)field->missing);
    return NWC_OK;
}

nwc_status nwc__check_flags(const nwc_flags *flags, const char *name, int32_t ndim)
{
    if (!flags) return nwc__fail(NWC_ERR_ARG, "%s: flags expected, NULL given", name);
    return check_shape(flags->data, flags->ndim, flags->dim, name, ndim);
}

nwc_status nwc__check_labels(const nwc_labels *labels, const char *name, int32_t ndim)
{
    if (!labels) return nwc__fail(NWC_ERR_ARG, "%s: labels expected, NULL given", name);
    return check_shape(labels->data, labels->ndim, labels->dim, name, ndim);
}

nwc_status nwc__check_same_shape(const nwc_field *field, const char *name, const nwc_field *like, const char *like_name)
{
    const int64_t ny = field->dim[field->ndim - 2], nx = field->dim[field->ndim - 1];
    const int64_t like_ny = like->dim[like->ndim - 2], like_nx = like->dim[like->ndim - 1];
    if (ny != like_ny || nx != like_nx)
        return nwc__fail(NWC_ERR_ARG, "%s: the %lld x %lld cells of %s expected, %lld x %lld given", name,
                         (long long)like_ny, (long long)like_nx, like_name, (long long)ny, (long long)nx);
    return NWC_OK;
}

nwc_status nwc__check_on_grid(nwc_ctx *ctx, const nwc_field *field, const char *name)
{
    if (!field->grid) return nwc__fail(NWC_ERR_ARG, "%s: a grid expected, NULL given", name);
    const nwc_status status = nwc_grid_check(ctx, field->grid);
    if (status != NWC_OK) return nwc__fail_within(status, name);
    const int64_t ny = field->dim[field->ndim - 2], nx = field->dim[field->ndim - 1];
    if (ny != field->grid->ny || nx != field->grid->nx)
        return nwc__fail(NWC_ERR_ARG, "%s: the %lld x %lld cells of its grid expected, %lld x %lld given", name,
                         (long long)field->grid->ny, (long long)field->grid->nx, (long long)ny, (long long)nx);
    return NWC_OK;
}

int64_t nwc__cells(const nwc_field *field)
{
    int64_t cells = 1;
    for (int32_t d = 0; d < field->ndim; d++) cells *= field->dim[d];
    return cells;
}

nwc_status nwc_field_create(nwc_ctx *ctx, const nwc_grid *grid, int64_t n, const char *units, nwc_field *field)
{
    ctx = nwc__ctx(ctx);
    if (!field) return nwc__fail(NWC_ERR_ARG, "field: a place for the field expected, NULL given");
    *field = (nwc_field){0};
    NWC__TRY(nwc_grid_check(ctx, grid));
    if (n < 0) return nwc__fail(NWC_ERR_ARG, "n: at least 0 expected, %lld given", (long long)n);
    const int64_t ny = grid->ny, nx = grid->nx, layers = n ? n : 1;
    if (layers > INT64_MAX / 16 / ny / nx) return nwc__fail(NWC_ERR_ARG, "n: more cells than can be addressed");
    nwc_field made = n ? (nwc_field){.ndim = 3, .dim = {n, ny, nx}, .stride = {ny * nx, nx, 1}}
                       : (nwc_field){.ndim = 2, .dim = {ny, nx}, .stride = {nx, 1}};
    made.missing = NAN, made.units = units, made.grid = grid;
    nwc_status status = NWC_OK;
    NWC__ALLOC(ctx, made.data, layers * ny * nx);
    for (int64_t i = 0; i < layers * ny * nx; i++) made.data[i] = NAN;
    *field = made;
done:
    return status;
}

void nwc_field_release(nwc_ctx *ctx, nwc_field *field)
{
    if (!field) return;
    nwc__free(nwc__ctx(ctx), field->data);
    *field = (nwc_field){0};
}

nwc_field nwc_field_part(const nwc_field *field, int64_t index)
{
    if (!field || field->ndim < 2 || index < 0 || index >= field->dim[0]) return (nwc_field){0};
    nwc_field part = *field;
    part.data += index * field->stride[0];
    part.ndim--;
    for (int32_t d = 0; d < part.ndim; d++) part.dim[d] = field->dim[d + 1], part.stride[d] = field->stride[d + 1];
    part.dim[part.ndim] = part.stride[part.ndim] = 0;
    return part;
}

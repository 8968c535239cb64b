/*
 * What is done to the cells of an area: added, scaled, set, blended with others, or moved elsewhere.
 *
 * A move is linear in what is moved and the same for all cells, so that reading bilinearly backwards gives to each cell just
 * what the cells it comes from give away: the sum stays.
 */
#include "grid/internal.h"

#include <nowcast/desk.h>

#define MOST_CELLS 1e6

/* The cells of one slice, and where those of other fields lie; a step is in cells. */
struct rows {
    const nwc_field *field, *weight, *other;
    nwc_field *out;
    const nwc_desk_change_options *change;
    bool reflectivity;
    double cells_y, cells_x; /* of a move */
};

/* The first cell of row number row of all leading axes. */
static int64_t start_of(const nwc_field *field, int64_t row)
{
    int64_t at = 0;
    for (int32_t axis = field->ndim - 2; axis >= 0; axis--) {
        at += row % field->dim[axis] * field->stride[axis];
        row /= field->dim[axis];
    }
    return at;
}

static int64_t rows_of(const nwc_field *field)
{
    int64_t n = 1;
    for (int32_t axis = 0; axis < field->ndim - 1; axis++) n *= field->dim[axis];
    return n;
}

/* Z of reflectivity, and any other value less what says that nothing was seen. */
static double amount_of(const struct rows *rows, double value)
{
    const double nothing = rows->change->nothing;
    if (!rows->reflectivity) return value - nothing;
    return value > nothing ? pow(10.0, 0.1 * value) : 0.0;
}

static double value_of(const struct rows *rows, double amount)
{
    const double nothing = rows->change->nothing;
    if (!rows->reflectivity) return nothing + amount;
    return amount > 0.0 ? fmax(10.0 * log10(amount), nothing) : nothing;
}

static double scaled(const struct rows *rows, double value, double share)
{
    return rows->reflectivity ? value + 10.0 * log10(share) : value * share; /* log10(0) is -infinity, then the least */
}

/* What a cell of a weight above 0 becomes, without limits. */
static double changed_value(const struct rows *rows, double value, double weight, double other)
{
    const nwc_desk_change_options *const change = rows->change;
    const bool something = value > change->nothing;
    switch (change->operation) {
    case NWC_DESK_ADD:
        return something ? value + weight * change->amount : value;
    case NWC_DESK_SCALE:
        return something ? scaled(rows, value, 1.0 + weight * (change->amount - 1.0)) : value;
    case NWC_DESK_SET:
        return value + weight * (change->amount - value);
    default:
        break;
    }
    if (isnan(value) || isnan(other)) return isnan(value) ? other : value;
    return value + weight * change->amount * (other - value);
}

static nwc_status change_row(int64_t row, void *user)
{
    const struct rows *const rows = user;
    const nwc_field *const field = rows->field, *const weight = rows->weight, *const other = rows->other;
    const int32_t x = field->ndim - 1;
    const nwc_desk_change_options *const change = rows->change;
    const float *const from = field->data + start_of(field, row);
    const float *const with = other ? other->data + start_of(other, row) : NULL;
    const float *const share = weight->data + row % weight->dim[0] * weight->stride[0];
    float *const to = rows->out->data + start_of(rows->out, row);
    for (int64_t i = 0; i < field->dim[x]; i++) {
        const float value = from[i * field->stride[x]], w = share[i * weight->stride[1]];
        float made = value;
        if (w > 0.0F && (!isnan(value) || with)) {
            const double second = with ? (double)with[i * other->stride[x]] : 0.0;
            const double result = changed_value(rows, (double)value, fmin((double)w, 1.0), second);
            const bool same = result == (double)value; /* what is beyond the limits and does not change stays */
            if (!same) made = isnan(result) ? NAN : (float)fmin(fmax(result, change->least), change->most);
        }
        to[i * rows->out->stride[x]] = made;
    }
    return NWC_OK;
}

void nwc_desk_change_options_init(nwc_desk_change_options *change)
{
    if (!change) return;
    *change = (nwc_desk_change_options){.struct_size = sizeof *change,
                                        .operation = NWC_DESK_ADD,
                                        .nothing = -INFINITY,
                                        .least = -INFINITY,
                                        .most = INFINITY};
}

static nwc_status check_change(const nwc_desk_change_options *change)
{
    if (change->operation < NWC_DESK_ADD || change->operation > NWC_DESK_BLEND)
        return nwc__fail(NWC_ERR_ARG, "operation: an nwc_desk_operation expected, %d given", (int)change->operation);
    const bool share = change->operation == NWC_DESK_BLEND, scale = change->operation == NWC_DESK_SCALE;
    if (!isfinite(change->amount) || ((share || scale) && change->amount < 0.0) || (share && change->amount > 1.0))
        return nwc__fail(NWC_ERR_ARG, "amount: %s expected, %g given",
                         share   ? "0 to 1"
                         : scale ? "at least 0"
                                 : "a finite number",
                         change->amount);
    if (isnan(change->nothing) || !(change->least <= change->most))
        return nwc__fail(NWC_ERR_ARG, "nothing, least, most: limits in order expected, %g, %g, %g given",
                         change->nothing, change->least, change->most);
    return NWC_OK;
}

/* Fields of one shape, and a weight for their last two axes. */
static nwc_status check_fields(const nwc_field *field, const nwc_field *weight, const nwc_field *other,
                               const char *name)
{
    NWC__TRY(nwc__check_field(field, "field", 0));
    NWC__TRY(nwc__check_field(weight, "weight", 2));
    NWC__TRY(nwc__check_field(other, name, field->ndim));
    if (field->ndim < 2) return nwc__fail(NWC_ERR_ARG, "field: axes (..., y, x) expected, one given");
    NWC__TRY(nwc__check_same_shape(weight, "weight", field, "field"));
    for (int32_t axis = 0; axis < field->ndim; axis++)
        if (other->dim[axis] != field->dim[axis])
            return nwc__fail(NWC_ERR_ARG, "%s: the shape of field expected, %lld in place of %lld given", name,
                             (long long)other->dim[axis], (long long)field->dim[axis]);
    return NWC_OK;
}

static bool is_reflectivity(const nwc_field *field)
{
    return field->units && strcmp(field->units, "dBZ") == 0;
}

nwc_status nwc_desk_change(nwc_ctx *ctx, const nwc_field *field, const nwc_field *weight,
                           const nwc_desk_change_options *change, const nwc_field *other, nwc_field *changed)
{
    ctx = nwc__ctx(ctx);
    nwc_desk_change_options own;
    nwc_desk_change_options_init(&own);
    NWC__TRY(nwc__take_options(&own, sizeof own, change, "change"));
    NWC__TRY(check_change(&own));
    NWC__TRY(check_fields(field, weight, changed, "changed"));
    if ((own.operation == NWC_DESK_BLEND) != (other != NULL))
        return nwc__fail(NWC_ERR_ARG, "other: a field expected for NWC_DESK_BLEND, and NULL else");
    if (other) NWC__TRY(check_fields(field, weight, other, "other"));
    struct rows rows = {.field = field,
                        .weight = weight,
                        .other = other,
                        .out = changed,
                        .change = &own,
                        .reflectivity = is_reflectivity(field)};
    return nwc__for_each_tile(ctx, "correction", rows_of(field), change_row, &rows);
}

/* ---- moves ---- */

static double weight_at(const struct rows *rows, int64_t j, int64_t i)
{
    const nwc_field *const weight = rows->weight;
    if (j < 0 || i < 0 || j >= weight->dim[0] || i >= weight->dim[1]) return 0.0;
    const double w = (double)weight->data[j * weight->stride[0] + i * weight->stride[1]];
    return w > 0.0 ? fmin(w, 1.0) : 0.0;
}

static nwc_status move_row(int64_t row, void *user)
{
    const struct rows *const rows = user;
    const nwc_field *const field = rows->field;
    const int32_t x = field->ndim - 1, y = x - 1;
    const int64_t ny = field->dim[y], nx = field->dim[x], j = row % ny;
    const float *const slice = field->data + start_of(field, row - j);
    float *const to = rows->out->data + start_of(rows->out, row);
    const double from_y = (double)j - rows->cells_y, down = floor(from_y), north = from_y - down;
    for (int64_t i = 0; i < nx; i++) {
        const float here = slice[j * field->stride[y] + i * field->stride[x]];
        const double from_x = (double)i - rows->cells_x, left = floor(from_x), east = from_x - left;
        double arriving = 0.0;
        for (int k = 0; k < 4; k++) {
            const int64_t b = (int64_t)down + k / 2, a = (int64_t)left + k % 2;
            const double w = weight_at(rows, b, a) * (k / 2 ? north : 1.0 - north) * (k % 2 ? east : 1.0 - east);
            if (!(w > 0.0)) continue;
            const float source = slice[b * field->stride[y] + a * field->stride[x]];
            if (!isnan(source)) arriving += w * amount_of(rows, (double)source);
        }
        const double w = weight_at(rows, j, i), own = isnan(here) ? 0.0 : amount_of(rows, (double)here);
        const bool same = isnan(here) || (arriving == 0.0 && w * own == 0.0);
        to[i * rows->out->stride[x]] = same ? here : (float)value_of(rows, (1.0 - w) * own + arriving);
    }
    return NWC_OK;
}

nwc_status nwc_desk_move(nwc_ctx *ctx, const nwc_field *field, const nwc_field *weight, double cells_y, double cells_x,
                         double nothing, nwc_field *moved)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check_fields(field, weight, moved, "moved"));
    if (!(fabs(cells_y) <= MOST_CELLS && fabs(cells_x) <= MOST_CELLS && isfinite(nothing)))
        return nwc__fail(NWC_ERR_ARG, "cells_y, cells_x, nothing: finite, within %g cells expected, %g, %g, %g given",
                         MOST_CELLS, cells_y, cells_x, nothing);
    if (moved->data == field->data) return nwc__fail(NWC_ERR_ARG, "moved: other cells than those of field expected");
    nwc_desk_change_options change;
    nwc_desk_change_options_init(&change);
    change.nothing = nothing;
    struct rows rows = {.field = field,
                        .weight = weight,
                        .out = moved,
                        .change = &change,
                        .reflectivity = is_reflectivity(field),
                        .cells_y = cells_y,
                        .cells_x = cells_x};
    return nwc__for_each_tile(ctx, "move", rows_of(field), move_row, &rows);
}

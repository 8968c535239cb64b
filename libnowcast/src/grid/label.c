/*
 * Connected components, by two passes over the rows with a forest of equivalent numbers (Rosenfeld and Pfaltz 1966; union
 * by the smaller number with path halving). Components are numbered from 1 in the order in which their first cells come.
 */
#include "grid/internal.h"

static int32_t root_of(int32_t *parent, int32_t a)
{
    while (parent[a] != a) a = parent[a] = parent[parent[a]];
    return a;
}

static int32_t join(int32_t *parent, int32_t a, int32_t b)
{
    if (a == 0 || b == 0) return a > b ? a : b;
    a = root_of(parent, a), b = root_of(parent, b);
    return a < b ? (parent[b] = a) : (parent[a] = b);
}

static nwc_status check(const nwc_field *field, double threshold, int32_t neighbours, const nwc_labels *labels,
                        const int32_t *count)
{
    NWC__TRY(nwc__check_field(field, "field", 2));
    NWC__TRY(nwc__check_labels(labels, "labels", 2));
    if (labels->dim[0] != field->dim[0] || labels->dim[1] != field->dim[1])
        return nwc__fail(NWC_ERR_ARG, "labels: %lld x %lld cells expected, %lld x %lld given", (long long)field->dim[0],
                         (long long)field->dim[1], (long long)labels->dim[0], (long long)labels->dim[1]);
    if (neighbours != 4 && neighbours != 8)
        return nwc__fail(NWC_ERR_ARG, "neighbours: 4 or 8 expected, %d given", (int)neighbours);
    if (isnan(threshold)) return nwc__fail(NWC_ERR_ARG, "threshold: a number expected, NaN given");
    if (!count) return nwc__fail(NWC_ERR_ARG, "count: a place for the number expected, NULL given");
    if (field->dim[0] * field->dim[1] >= INT32_MAX) return nwc__fail(NWC_ERR_ARG, "field: too many cells");
    return NWC_OK;
}

nwc_status nwc_grid_label(nwc_ctx *ctx, const nwc_field *field, double threshold, int32_t neighbours,
                          nwc_labels *labels, int32_t *count)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(check(field, threshold, neighbours, labels, count));
    nwc_status status = NWC_OK;
    const int64_t ny = field->dim[0], nx = field->dim[1];
    int32_t *parent = NULL, *row = NULL, used = 0;
    /* Every second cell of every second row may begin a component; with 4 neighbours every second cell. */
    NWC__ALLOC(ctx, parent, (ny * nx + 1) / 2 + 2);
    NWC__ALLOC(ctx, row, 2 * (nx + 2));
    memset(row, 0, (size_t)(2 * (nx + 2)) * sizeof *row);
    parent[0] = 0;
    for (int64_t j = 0; j < ny; j++) {
        int32_t *const here = row + (j % 2) * (nx + 2) + 1, *const south = row + ((j + 1) % 2) * (nx + 2) + 1;
        for (int64_t i = 0; i < nx; i++) {
            const float cell = field->data[j * field->stride[0] + i * field->stride[1]];
            here[i] = 0;
            if ((double)cell >= threshold) {
                int32_t number = join(parent, here[i - 1], south[i]);
                if (neighbours == 8) number = join(parent, join(parent, number, south[i - 1]), south[i + 1]);
                if (number == 0) number = ++used, parent[used] = used;
                here[i] = number;
            }
            labels->data[j * labels->stride[0] + i * labels->stride[1]] = here[i];
        }
    }
    /* A root is the smallest number of its component, given when its first cell came; others point to smaller ones. */
    int32_t components = 0;
    for (int32_t a = 1; a <= used; a++) parent[a] = parent[a] == a ? -++components : parent[parent[a]];
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++) {
            int32_t *const label = &labels->data[j * labels->stride[0] + i * labels->stride[1]];
            *label = -parent[*label];
        }
    *count = components;
done:
    nwc__free(ctx, row);
    nwc__free(ctx, parent);
    return status;
}

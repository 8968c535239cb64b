/* Arrays of the neutral tree to physical values. */
#include "radar/format/unpack_kernel.h"

NWC__DECLARE_KERNELS(nwc__unpack_kernels);

enum { FIRST_ROOM = 64, BAND = 1 << 16 /* cells a tile has about */ };

struct nwc__piece {
    const nwc__node *node;
    struct nwc__packing packing;
    int64_t at, n, unknown;
    float *values;
};

bool nwc__node_has_cells(const nwc__node *node)
{
    return node && (node->cells || node->values);
}

bool nwc__node_is_whole(const nwc__node *node)
{
    return node->cells && node->type != NWC__CELL_F32 && node->type != NWC__CELL_F64;
}

double nwc__node_wrap(const nwc__node *node)
{
    const bool is_unsigned = strcmp(nwc__node_text(node, "_Unsigned"), "true") == 0;
    const bool has_sign = node->type == NWC__CELL_I8 || node->type == NWC__CELL_I16 || node->type == NWC__CELL_I32;
    return is_unsigned && has_sign ? ldexp(1.0, 8 * (int)nwc__cell_size(node->type)) : 0.0;
}

double nwc__unwrapped(double number, double wrap)
{
    return number < 0.0 ? number + wrap : number;
}

double nwc__node_value(const nwc__node *node, int64_t at)
{
    const void *const cells = node->cells;
    if (!cells) return node->values[at];
    switch (node->type) {
    case NWC__CELL_I8:
        return ((const int8_t *)cells)[at];
    case NWC__CELL_U16:
        return ((const uint16_t *)cells)[at];
    case NWC__CELL_I16:
        return ((const int16_t *)cells)[at];
    case NWC__CELL_U32:
        return ((const uint32_t *)cells)[at];
    case NWC__CELL_I32:
        return ((const int32_t *)cells)[at];
    case NWC__CELL_F32:
        return (double)((const float *)cells)[at];
    case NWC__CELL_F64:
        return ((const double *)cells)[at];
    default:
        return node->cells[at];
    }
}

nwc_status nwc__unpacking_add(nwc__unpacking *unpacking, const nwc__node *node, const struct nwc__packing *packing,
                              int64_t at, int64_t n, int64_t unknown, float *values)
{
    if (unpacking->n == unpacking->room) {
        const int64_t room = unpacking->room ? 2 * unpacking->room : FIRST_ROOM;
        struct nwc__piece *const larger = nwc__alloc(unpacking->ctx, room, sizeof *larger);
        if (!larger) return NWC_ERR_NOMEM;
        if (unpacking->n) memcpy(larger, unpacking->piece, (size_t)unpacking->n * sizeof *larger);
        nwc__free(unpacking->ctx, unpacking->piece);
        unpacking->piece = larger, unpacking->room = room;
    }
    unpacking->piece[unpacking->n++] = (struct nwc__piece){node, *packing, at, n, unknown, values};
    return NWC_OK;
}

nwc_status nwc__unpacking_add_rows(nwc__unpacking *unpacking, const nwc__node *node, const struct nwc__packing *packing,
                                   int64_t row, int64_t rows, int64_t length, float *values)
{
    const int64_t most = length < BAND ? BAND / length : 1;
    for (int64_t r = 0; r < rows; r += most) {
        const int64_t band = rows - r < most ? rows - r : most;
        NWC__TRY(
            nwc__unpacking_add(unpacking, node, packing, (row + r) * length, band * length, 0, values + r * length));
    }
    return NWC_OK;
}

static nwc_status unpack(int64_t tile, void *user)
{
    const nwc__unpacking *const unpacking = user;
    const struct nwc__unpack_kernels *const kernels = NWC__KERNELS(unpacking->ctx, nwc__unpack_kernels);
    const struct nwc__piece *const piece = &unpacking->piece[tile];
    const nwc__node *const node = piece->node;
    if (node->cells)
        kernels->of[node->type](node->cells + piece->at * (int64_t)nwc__cell_size(node->type), piece->n,
                                &piece->packing, piece->values);
    else
        kernels->of[NWC__CELL_F64](node->values + piece->at, piece->n, &piece->packing, piece->values);
    for (int64_t k = 0; k < piece->unknown; k++) piece->values[piece->n + k] = NAN;
    return NWC_OK;
}

nwc_status nwc__unpacking_run(const nwc__unpacking *unpacking)
{
    return nwc__for_each_tile(unpacking->ctx, "decode", unpacking->n, unpack, (void *)unpacking);
}

void nwc__unpacking_release(nwc__unpacking *unpacking)
{
    nwc__free(unpacking->ctx, unpacking->piece);
}

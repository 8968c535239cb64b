/* The neutral tree: made node by node, searched by name. */
#include "radar/format/tree.h"

nwc_status nwc__tree_create(nwc_ctx *ctx, int64_t max_bytes, nwc__tree *tree)
{
    *tree = (nwc__tree){.ctx = ctx, .left = max_bytes};
    return nwc__tree_add(tree, NULL, "", &tree->root);
}

static void free_node(nwc_ctx *ctx, nwc__node *node)
{
    for (nwc__attribute *a = node->attributes; a;) {
        nwc__attribute *const next = a->next;
        nwc__free(ctx, a->numbers);
        nwc__free(ctx, a->text);
        nwc__free(ctx, a->name);
        nwc__free(ctx, a);
        a = next;
    }
    nwc__free(ctx, node->cells);
    nwc__free(ctx, node->values);
    nwc__free(ctx, node->axes);
    nwc__free(ctx, node->name);
    nwc__free(ctx, node);
}

void nwc__tree_destroy(nwc__tree *tree)
{
    nwc__node *node = tree->root;
    while (node) { /* without recursion: the first child, else the next, else back to the parent */
        if (node->first) {
            nwc__node *const child = node->first;
            node->first = child->next;
            child->next = NULL;
            node = child;
            continue;
        }
        nwc__node *const parent = node->parent;
        free_node(tree->ctx, node);
        node = parent;
    }
    tree->root = NULL;
}

static void *take(nwc__tree *tree, int64_t count, size_t size)
{
    if (count > tree->left / (int64_t)size) {
        nwc__fail(NWC_ERR_NOMEM, "more than the limit of bytes");
        return NULL;
    }
    void *const memory = nwc__alloc(tree->ctx, count, size);
    if (memory) tree->left -= count * (int64_t)size;
    return memory;
}

static char *take_text(nwc__tree *tree, const char *text)
{
    const size_t size = strlen(text) + 1;
    char *const copy = take(tree, (int64_t)size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

nwc_status nwc__tree_add(nwc__tree *tree, nwc__node *parent, const char *name, nwc__node **made)
{
    nwc__node *const node = take(tree, 1, sizeof *node);
    if (!node) return NWC_ERR_NOMEM;
    *node = (nwc__node){.parent = parent, .name = take_text(tree, name)};
    if (!node->name) {
        nwc__free(tree->ctx, node);
        return NWC_ERR_NOMEM;
    }
    if (parent) node->next = parent->first, parent->first = node;
    *made = node;
    return NWC_OK;
}

nwc_status nwc__tree_attribute(nwc__tree *tree, nwc__node *node, const char *name, const char *text,
                               const double *numbers, int64_t n)
{
    nwc__attribute *const attribute = take(tree, 1, sizeof *attribute);
    if (!attribute) return NWC_ERR_NOMEM;
    *attribute = (nwc__attribute){.next = node->attributes,
                                  .number = n > 0 ? numbers[0] : NAN,
                                  .second = n > 1 ? numbers[1] : NAN};
    node->attributes = attribute; /* the tree frees it, whatever follows */
    if (!(attribute->name = take_text(tree, name))) return NWC_ERR_NOMEM;
    if (text && !(attribute->text = take_text(tree, text))) return NWC_ERR_NOMEM;
    if (n < 1) return NWC_OK;
    if (!(attribute->numbers = take(tree, n, sizeof *numbers))) return NWC_ERR_NOMEM;
    memcpy(attribute->numbers, numbers, (size_t)n * sizeof *numbers);
    attribute->n = n;
    return NWC_OK;
}

nwc_status nwc__tree_axes(nwc__tree *tree, nwc__node *node, const char *axes)
{
    return (node->axes = take_text(tree, axes)) ? NWC_OK : NWC_ERR_NOMEM;
}

static nwc_status count_cells(const nwc__tree *tree, const nwc__node *node, int64_t *count)
{
    *count = 1;
    for (int64_t d = 0; d < node->ndim; d++) {
        if (node->dim[d] < 1 || node->dim[d] > tree->left / *count)
            return nwc__fail(NWC_ERR_NOMEM, "array %s: more than the limit of bytes", node->name);
        *count *= node->dim[d];
    }
    return NWC_OK;
}

nwc_status nwc__tree_values(nwc__tree *tree, nwc__node *node)
{
    int64_t count;
    NWC__TRY(count_cells(tree, node, &count));
    return (node->values = take(tree, count, sizeof(double))) ? NWC_OK : NWC_ERR_NOMEM;
}

size_t nwc__cell_size(nwc__cell_type type)
{
    static const size_t sizes[NWC__CELL_TYPES] = {1, 1, 2, 2, 4, 4, 4, 8, 1};
    return sizes[type];
}

nwc_status nwc__tree_cells(nwc__tree *tree, nwc__node *node)
{
    int64_t count;
    NWC__TRY(count_cells(tree, node, &count));
    return (node->cells = take(tree, count, nwc__cell_size(node->type))) ? NWC_OK : NWC_ERR_NOMEM;
}

nwc_status nwc__tree_rows(const nwc__tree *tree, const nwc__node *node, int64_t plane, int64_t row, int64_t rows,
                          double *values)
{
    const bool line = node->ndim == 1;
    const int64_t ny = line ? node->dim[0] : node->dim[node->ndim - 2], nx = line ? 1 : node->dim[node->ndim - 1];
    if (!node->values) return tree->fetch(tree->source, node, plane, row, rows, values);
    memcpy(values, node->values + (plane * ny + row) * nx, (size_t)(rows * nx) * sizeof *values);
    return NWC_OK;
}

const nwc__node *nwc__node_find(const nwc__node *group, const char *name)
{
    const nwc__node *node = group ? group->first : NULL;
    while (node && strcmp(node->name, name) != 0) node = node->next;
    return node;
}

const nwc__attribute *nwc__node_own(const nwc__node *node, const char *name)
{
    const nwc__attribute *a = node ? node->attributes : NULL;
    while (a && strcmp(a->name, name) != 0) a = a->next;
    return a;
}

const char *nwc__node_text(const nwc__node *node, const char *name)
{
    const nwc__attribute *const a = nwc__node_own(node, name);
    return a && a->text ? a->text : "";
}

double nwc__node_number(const nwc__node *node, const char *name, double otherwise)
{
    const nwc__attribute *const a = nwc__node_own(node, name);
    return a && !a->text ? a->number : otherwise;
}

const nwc__attribute *nwc__node_attribute(const nwc__node *node, const char *group, const char *name)
{
    for (; node; node = node->parent) {
        const nwc__attribute *const a = nwc__node_own(nwc__node_find(node, group), name);
        if (a) return a;
    }
    return NULL;
}

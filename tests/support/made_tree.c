/* Neutral trees put together by hand. */
#include "support/made_tree.h"

nwc_status tree_text(nwc__tree *tree, nwc__node *node, const char *name, const char *text)
{
    return nwc__tree_attribute(tree, node, name, text, NULL, 0);
}

nwc_status tree_number(nwc__tree *tree, nwc__node *node, const char *name, double number)
{
    return nwc__tree_attribute(tree, node, name, NULL, &number, 1);
}

nwc_status tree_volume(nwc_status made, nwc__tree *tree,
                       nwc_status (*read)(nwc_ctx *ctx, const nwc__tree *tree, nwc_volume *volume), nwc_volume **volume)
{
    nwc_status status = made;
    *volume = NULL;
    if (status == NWC_OK) status = nwc__volume_create(tree->ctx, "ODIM_H5", INT64_C(1) << 24, volume);
    if (status == NWC_OK) status = read(tree->ctx, tree, *volume);
    nwc__tree_destroy(tree);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

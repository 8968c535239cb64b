/* Attributes of ODIM_H5 and what they mean in all of its objects. */
#include "radar/format/odim.h"

#include <stdio.h>

double nwc__odim_number(const nwc__node *node, const char *group, const char *name, double otherwise)
{
    const nwc__attribute *const a = nwc__node_attribute(node, group, name);
    return a && !a->text ? a->number : otherwise;
}

const char *nwc__odim_text(const nwc__node *node, const char *group, const char *name)
{
    const nwc__attribute *const a = nwc__node_attribute(node, group, name);
    return a && a->text ? a->text : "";
}

bool nwc__odim_time(const nwc__node *node, const char *date, const char *time, int64_t *time_ns)
{
    char digits[NWC__TEXT];
    snprintf(digits, sizeof digits, "%s%s", nwc__odim_text(node, "what", date), nwc__odim_text(node, "what", time));
    return strlen(digits) >= 12 && nwc__time_from_digits(digits, time_ns);
}

/* What source says behind "KEY:", up to the next comma, or the semicolon that some write. */
static void part_of(const char *source, const char *key, char part[NWC__ODIM_SITE])
{
    part[0] = '\0';
    for (const char *at = source; *at; at += strcspn(at, ",;"), at += *at != '\0') {
        if (strncmp(at, key, strlen(key)) != 0) continue;
        snprintf(part, NWC__ODIM_SITE, "%.*s", (int)strcspn(at + strlen(key), ",;"), at + strlen(key));
        return;
    }
}

void nwc__odim_site(const nwc__node *root, char id[NWC__ODIM_SITE], char name[NWC__ODIM_SITE])
{
    static const char *const keys[] = {"NOD:", "RAD:", "WIGOS:", "WMO:"};
    const char *const source = nwc__odim_text(root, "what", "source");
    id[0] = '\0';
    for (size_t k = 0; k < sizeof keys / sizeof keys[0] && !id[0]; k++) part_of(source, keys[k], id);
    part_of(source, "PLC:", name);
}

/* What readers of the objects of ODIM_H5 share: the attribute nearest to a node wins. */
#ifndef NWC_RADAR_FORMAT_ODIM_H
#define NWC_RADAR_FORMAT_ODIM_H

#include "radar/format/tree.h"

enum { NWC__ODIM_SITE = 64 /* characters of a name of a radar, with the zero */ };

/* An attribute of the group what, where or how: its number, or otherwise; its text, or "". */
double nwc__odim_number(const nwc__node *node, const char *group, const char *name, double otherwise);
const char *nwc__odim_text(const nwc__node *node, const char *group, const char *name);

/* UTC of two attributes of what, YYYYMMDD and HHmmss. */
bool nwc__odim_time(const nwc__node *node, const char *date, const char *time, int64_t *time_ns);

/* Identifier and name of the radar by what/source; "" where it is not said. */
void nwc__odim_site(const nwc__node *root, char id[NWC__ODIM_SITE], char name[NWC__ODIM_SITE]);

#endif

/* Grid mappings of the CF conventions as PROJ strings, and back. */
#ifndef NWC_RADAR_FORMAT_CF_PROJECTION_H
#define NWC_RADAR_FORMAT_CF_PROJECTION_H

#include "radar/format/tree.h"

enum { NWC__CF_MOST = 16 };

/* An attribute of a grid mapping: a number, or two for standard_parallel. */
struct nwc__cf_number {
    const char *name;
    double value[2];
    int n;
};

/* What a grid mapping variable says, beside the PROJ string itself. */
struct nwc__cf_mapping {
    const char *name; /* grid_mapping_name; NULL where CF has none for this projection */
    struct nwc__cf_number number[NWC__CF_MOST];
    int n;
};

/* The PROJ string of a grid mapping variable; NULL is WGS84 longitude and latitude. */
nwc_status nwc__cf_to_proj(const nwc__node *mapping, char proj[NWC__TEXT]);

/* The PROJ string of what a grid mapping says; its name is one of CF. */
nwc_status nwc__cf_mapping_to_proj(const struct nwc__cf_mapping *mapping, char proj[NWC__TEXT]);

/* The CF attributes of a PROJ string; a mapping without a name where CF or this table has none. */
void nwc__cf_from_proj(const char *proj, struct nwc__cf_mapping *mapping);

#endif

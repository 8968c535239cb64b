/* What both generations of CfRadial share: rays, gates, names of fields. */
#ifndef NWC_RADAR_FORMAT_CFRADIAL_H
#define NWC_RADAR_FORMAT_CFRADIAL_H

#include "radar/format/tree.h"
#include "radar/volume.h"

/* The variables with an item for each ray; all but the first three may be NULL. */
struct nwc__cf_rays {
    int64_t n;
    const nwc__node *time, *azimuth, *elevation, *nyquist, *unambiguous, *period, *transition;
};

/* The rays of a group, NWC_ERR_FORMAT for one without; azimuth is a list that is there. */
nwc_status nwc__cf_find_rays(const nwc__node *group, const nwc__node *azimuth, struct nwc__cf_rays *rays);

/* Whether the antenna was on its way to the next sweep. */
bool nwc__cf_in_transition(const struct nwc__cf_rays *rays, int64_t row);

/* Ray r of a sweep from row row. */
nwc_status nwc__cf_read_ray(const struct nwc__cf_rays *rays, nwc__sweep *sweep, int64_t r, int64_t row);

/* First gate and spacing in m, of row s where the sweeps have their own; NWC_ERR_UNSUPPORTED for unequal steps. */
nwc_status nwc__cf_gates(const nwc__node *range, int64_t s, double *first_m, double *spacing_m);

/* The variable of a name that is a list of n values in the tree; NULL where there is none. */
const nwc__node *nwc__cf_list(const nwc__node *group, const char *name, int64_t n);

/* A number that stands alone, or the first of a list: where a radar that may move was at the start. NaN where there is none. */
double nwc__cf_number(const nwc__node *group, const char *name);

/* Text number index of a variable, up to its first blank, in lower case; "" where it has none. */
void nwc__cf_word(const nwc__node *node, int64_t index, char *text, size_t size);

/* An nwc_sweep_mode by its name. */
int32_t nwc__cf_mode(const char *mode);

/* The FM 301 name of a field by its standard name, else by a usual name; NULL where neither is known. */
const char *nwc__cf_moment_name(const nwc__node *field);

/* Scale, offset and what stands for something else. */
struct nwc__packing nwc__cf_packing(const nwc__node *field);

#endif

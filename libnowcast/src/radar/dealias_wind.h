/* The wind a volume itself tells, see dealias_wind.c. */
#ifndef NWC_RADAR_DEALIAS_WIND_H
#define NWC_RADAR_DEALIAS_WIND_H

#include "radar/dealias.h"

enum { NWC__WIND_KNOTS = 24, NWC__WIND_CLUSTERS = 16 };

/* Wind at heights above the sea, linear between knots; errors are standard ones. */
typedef struct nwc__fold_wind {
    double bottom_m;
    double u[NWC__WIND_KNOTS], v[NWC__WIND_KNOTS], error[NWC__WIND_KNOTS];
    bool known; /* prior: whether it was given */
} nwc__fold_wind;

/* Mean velocity of a patch of gates of one cluster. */
typedef struct nwc__wind_patch {
    double velocity, turn; /* m s-1; and by how much a fold changes it */
    double east, north;    /* what u and v count in it */
    double height;         /* above the sea */
    int32_t knot;          /* of the wind, at or below that height; and what it and the next count */
    double share[2];
    double gates;
    double
        expected; /* sum over gates of what is left where what the volume before has there is taken away, and their number */
    double n_expected;
    int32_t cluster;
} nwc__wind_patch;

enum { NWC__PATCH_SECTORS = 36, NWC__PATCH_RINGS = 30, NWC__PATCHES = 36 * 30 /* of a cluster */ };

/* The height of a knot above the sea. */
double nwc__wind_height(const nwc__fold_wind *wind, int32_t knot);

/*
 * Fill patches (room for NWC__PATCHES of each cluster) of one sweep and return how many. cluster: of each node, -1 for those that do
 * not count. number (NWC__PATCHES of each cluster) is scratch.
 */
int64_t nwc__wind_patches(const nwc__fold_sweep *sweep, const nwc__fold_node *nodes, const int32_t *cluster,
                          int32_t n_clusters, const nwc__fold_wind *wind, double altitude_m, int32_t *number,
                          nwc__wind_patch *patches);

/* Fit wind and the folds of clusters (out: fold, and doubt in folds). wind: in, the prior; out. */
void nwc__wind_fit(const nwc__wind_patch *patches, int64_t n, int32_t n_clusters, nwc__fold_wind *wind, int32_t *fold,
                   double *doubt);

/* What a wind makes the gates of a ray that are held be expected to have, and the doubt of that: both (gates), m s-1. */
void nwc__wind_along(const nwc__fold_sweep *sweep, const nwc__fold_wind *wind, double altitude_m, int64_t ray,
                     float *expected, float *doubt);

#endif

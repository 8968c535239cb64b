/* Lines and rings in longitude and latitude, and cutting them where the earth's map ends. */
#ifndef NWC_GRID_PATHS_H
#define NWC_GRID_PATHS_H

#include "core/internal.h"

struct nwc__place {
    double longitude, latitude, height; /* degrees, m */
};

/* Lines, or rings whose first place is not repeated at their end. */
struct nwc__path {
    int64_t first, n; /* places of the set */
    bool hole;        /* in the last ring before it that is none */
};

struct nwc__paths {
    nwc_ctx *ctx;
    struct nwc__place *places;
    struct nwc__path *paths;
    int64_t n_places, place_room, n_paths, path_room;
};

void nwc__paths_release(struct nwc__paths *paths);

/* Begin a path; places go to the last one begun. */
nwc_status nwc__paths_begin(struct nwc__paths *paths, bool hole);
nwc_status nwc__paths_put(struct nwc__paths *paths, struct nwc__place place);

/* Lines cut at 180 degrees; pieces are appended, -180 to 180. Here and below the longitudes given are changed by whole turns. */
nwc_status nwc__cut_lines(const struct nwc__paths *lines, struct nwc__paths *pieces);

/*
 * Areas cut at 180 degrees: outer rings counter-clockwise, each followed by its holes, clockwise; pieces are appended. ARG for
 * rings without an area, more than once round the earth, and holes around a pole.
 */
nwc_status nwc__cut_areas(const struct nwc__paths *rings, struct nwc__paths *pieces);

#endif

/* What a volume is made of, for the two files that build one: by decoders, and by callers. */
#ifndef NWC_RADAR_VOLUME_PARTS_H
#define NWC_RADAR_VOLUME_PARTS_H

#include "radar/volume.h"

enum { NWC__VOLUME_TEXTS = 6 };

struct nwc_volume {
    struct nwc_ctx memory; /* allocator only */
    nwc_volume_facts facts;
    char *text[NWC__VOLUME_TEXTS]; /* what the facts point to */
    int64_t bytes, max_bytes;
    bool pads;
    struct nwc__volume_store *store; /* the latest first */
    nwc__sweep *first, *last;
};

/* Let go of a moment that is in no sweep. */
void nwc__moment_free(nwc_ctx *memory, nwc__moment *moment);

/* Names, and cells where none are lent. What was allocated when it fails belongs to the moment all the same. */
nwc_status nwc__moment_fill(nwc_volume *volume, int64_t n_rays, const nwc__moment_kind *kind, const char *own_name,
                            const char *own_units, float *lent, nwc__moment *moment);

/* A moment behind the last of a sweep. kind NULL: by its own name and units. lent NULL: with cells of its own. */
nwc_status nwc__volume_new_moment(nwc_volume *volume, nwc__sweep *sweep, const nwc__moment_kind *kind,
                                  const char *own_name, const char *own_units, int64_t n_gates, double first_gate_m,
                                  double gate_spacing_m, float *lent, nwc__moment **made);

#endif

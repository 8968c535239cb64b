/* Building a volume: what decoders and writers of volumes share. They open no files. */
#ifndef NWC_RADAR_VOLUME_H
#define NWC_RADAR_VOLUME_H

#include "core/internal.h"

#include <nowcast/radar.h>

/* No file has more; what states more is damaged. */
enum { NWC__MOST_SWEEPS = 256, NWC__MOST_RAYS = 8192, NWC__MOST_GATES = 32768, NWC__MOST_MOMENTS = 64 };

/* A sweep being filled; arrays as in nwc_sweep, allocated with it, nyquist and unambiguous range NaN. */
typedef struct nwc__sweep {
    struct nwc__sweep *next;
    struct nwc__moment *first, *last;
    int32_t mode, n_moments;
    double fixed_angle_deg;
    int64_t n_rays;
    int64_t *time_ns;
    float *azimuth_deg, *elevation_deg, *nyquist_m_s, *unambiguous_range_m;
    char *incomplete;
} nwc__sweep;

/* A moment being filled: cells and, once they are added, flags (n_rays, n_gates), not cleared: a decoder fills them. */
typedef struct nwc__moment {
    struct nwc__moment *next;
    const char *name, *units; /* constant texts, or the two below */
    char *own_name, *own_units;
    int64_t n_gates;
    double first_gate_m, gate_spacing_m, resolution;
    bool is_put; /* by nwc__volume_put: its cells can be let go alone */
    float *cells;
    uint8_t *flags; /* NULL where no gate is marked */
    bool lent;      /* the cells are the caller's */
} nwc__moment;

/* max_bytes: what all arrays together may take. format is kept as a pointer. */
nwc_status nwc__volume_create(nwc_ctx *ctx, const char *format, int64_t max_bytes, nwc_volume **volume);

/* The bytes that all arrays together may take. */
int64_t nwc__volume_limit(const nwc_volume *volume);

/* Make room for so many bytes that are about to be taken, as far as is useful: in fewer pieces they are touched first sooner. */
nwc_status nwc__volume_reserve(nwc_volume *volume, int64_t bytes);

/* Gates of a moment. */
typedef struct nwc__reach {
    double first_m, spacing_m;
    int64_t n; /* 0 where there is no such moment */
} nwc__reach;

/* Want moments that are on the range axis of their sweep with as many gates as that has. */
void nwc__volume_pad(nwc_volume *volume);

/*
 * How many gates one of the moments of a sweep is to have, of which all are given: its own, or, where that is wanted, those of the
 * range axis with the finest of all gates that reaches as far as any moment, if the moment is on it. Formats whose moments often
 * differ ask for it; no other need.
 */
int64_t nwc__volume_gates(const nwc_volume *volume, const nwc__reach *moments, int32_t n_moments, int32_t which);

/* Set what is known of the whole; texts are copied, NULL becomes "". n_sweeps and format are left as they are. */
nwc_status nwc__volume_set_facts(nwc_volume *volume, const nwc_volume_facts *facts);

nwc_status nwc__volume_add_sweep(nwc_volume *volume, int32_t mode, double fixed_angle_deg, int64_t n_rays,
                                 nwc__sweep **sweep);

/* name is one of those nwc__moment_named knows; its unit follows from it. */
nwc_status nwc__volume_add_moment(nwc_volume *volume, nwc__sweep *sweep, const char *name, const char *own_name,
                                  int64_t n_gates, double first_gate_m, double gate_spacing_m, nwc__moment **moment);

/* A moment of a name FM 301 does not know, or of one the sweep has already: it goes by its own name. */
nwc_status nwc__volume_add_other(nwc_volume *volume, nwc__sweep *sweep, const char *own_name, const char *units,
                                 int64_t n_gates, double first_gate_m, double gate_spacing_m, nwc__moment **moment);

/*
 * What a step of processing makes: a moment of sweep number sweep, in the place of one of the same name, whose cells are then
 * gone. units may be NULL where nwc__moment_named knows the name. Cells are not cleared and there are no flags: the step
 * fills all cells. When it fails, the sweep is as it was. The limit of bytes does not count it.
 */
nwc_status nwc__volume_put(nwc_volume *volume, int32_t sweep, const char *name, const char *units, int64_t n_gates,
                           double first_gate_m, double gate_spacing_m, nwc__moment **moment);

/* Flags for a moment that was just added: gates of it may be marked. */
nwc_status nwc__volume_add_flags(nwc_volume *volume, const nwc__sweep *sweep, nwc__moment *moment);

/* The moment of a name; NULL where the sweep has none. */
nwc__moment *nwc__sweep_find(const nwc__sweep *sweep, const char *name);

/* Replace the format's name, which is kept as a pointer. */
void nwc__volume_set_format(nwc_volume *volume, const char *format);

/* Say that rays are missing, in the volume where sweep is NULL; the first reason given is kept. */
nwc_status nwc__volume_incomplete(nwc_volume *volume, nwc__sweep *sweep, const char *format, ...) NWC__PRINTF(3, 4);

/* Sweeps in the order of their first rays' times. */
void nwc__volume_sort(nwc_volume *volume);

/* Let go of flags that mark nothing, when a sweep is filled. */
void nwc__sweep_finish(nwc_volume *volume, nwc__sweep *sweep);

/* What remains to be done when all is filled: flags that mark nothing go, a volume with an incomplete sweep is incomplete. NWC_ERR_NODATA for a volume without a sweep. */
nwc_status nwc__volume_finish(nwc_volume *volume);

/* The FM 301 name of a moment, its unit, and the value of "observed, nothing there", NaN for all but reflectivities. */
typedef struct nwc__moment_kind {
    const char *name, *units;
    float nothing;
} nwc__moment_kind;

/* The kind of a name, NULL for one not known. */
const nwc__moment_kind *nwc__moment_named(const char *name);

#endif

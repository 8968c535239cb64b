/* Parts of quality control, one sweep at a time. */
#ifndef NWC_RADAR_QUALITY_H
#define NWC_RADAR_QUALITY_H

#include "radar/rays.h"

#include <nowcast/quality.h>

/* Where the noise of a sweep lies, and how that is known. */
typedef enum nwc__noise_kind {
    NWC__NOISE_UNKNOWN,   /* no echo tells it */
    NWC__NOISE_RATIO,     /* from SNRH */
    NWC__NOISE_EDGE,      /* from the weakest echoes that are shown */
    NWC__NOISE_THROUGHOUT /* noise is shown like echoes: reflectivities are of both together */
} nwc__noise_kind;

typedef struct nwc__noise {
    nwc__noise_kind kind;
    double dbz; /* reflectivity as strong as the noise at 1 km */
} nwc__noise;

/* A sweep, and what is known on the gates of its reflectivity. */
typedef struct nwc__quality_sweep {
    int32_t index;
    nwc_sweep facts;
    nwc__gates at; /* n_gates 0 where it has no reflectivity */
    nwc_moment dbz;
    float *spread; /* (gates) 20 log10(range / 1 km) */
    bool round;    /* the first ray is a neighbour of the last */
    nwc__noise noise;
    nwc__sample velocity, width, zdr, phidp, rhohv, sqi;
    nwc__sample above;  /* DBZ of the next higher sweep, where it shows what is close above the ground */
    double above_noise; /* dBZ at 1 km */
    nwc__sample here,
        beyond;        /* DBZ of a sweep that reaches further: at the gate, and where a second trip would come from */
    double folds_at_m; /* unambiguous range of the reflectivity */
    nwc__sample map, pia, blockage;
    double nyquist_m_s; /* of velocity; NaN where not known */
} nwc__quality_sweep;

/* What the parts make of a sweep: (ray, gate) each. */
typedef struct nwc__verdict {
    uint16_t *flags;
    float *doubt; /* 0 to 1 */
} nwc__verdict;

/* Tiles are blocks of rays: those of one. */
enum { NWC__QUALITY_BLOCKS = 32 };
void nwc__quality_rays(const nwc__quality_sweep *sweep, int64_t block, int64_t *from, int64_t *to);

/* quality_noise.c: SNRH may have no cells. */
nwc__noise nwc__noise_estimate(const nwc__quality_sweep *sweep, const nwc_moment *snr);

/* Signal to noise ratio, dB, of a reflectivity. */
float nwc__noise_snr(const nwc__noise *noise, float dbz, float spread);

/* quality.c: a sweep with its reflectivity and noise, at.n 0 where it has none; spread is to be freed. */
nwc_status nwc__quality_begin(nwc_ctx *ctx, const nwc_volume *volume, int32_t index, nwc__quality_sweep *sweep);

/* quality_attach.c: what else is known on the gates of sweep, and letting go of it. */
nwc_status nwc__quality_attach(nwc_ctx *ctx, const nwc_volume *volume, const nwc__quality_sweep *sweeps,
                               int32_t n_sweeps, const nwc_quality_options *options, nwc__quality_sweep *sweep);
void nwc__quality_detach(nwc_ctx *ctx, nwc__quality_sweep *sweep);

/* quality_judge.c: noise, ground, second trips, the rest, what is blocked or attenuated. scratch holds as many floats as
 * nwc__quality_scratch says for the sweep; it is handed in, since fresh memory for each sweep takes longer than the work. */
int64_t nwc__quality_scratch(const nwc__quality_sweep *sweep);
nwc_status nwc__quality_judge(nwc_ctx *ctx, const nwc__quality_sweep *sweep, const nwc_quality_options *options,
                              double beam_width_deg, float *scratch, const nwc__verdict *verdict);

/* quality_spoke.c: spokes and the sun; where facts have no place, no sun. */
nwc_status nwc__quality_spokes(nwc_ctx *ctx, const nwc__quality_sweep *sweep, const nwc_volume_facts *facts,
                               const nwc__verdict *verdict);

/* A ray as a line of constant power. */
typedef struct nwc__spoke {
    int64_t first; /* gate from which on it is looked at */
    float level;   /* power in the middle of the ray, dBZ at 1 km */
    float slope;   /* dB per gate */
    float share;   /* of its gates on that line; 0 where there is no line */
} nwc__spoke;

nwc__spoke nwc__spoke_measure(const nwc__quality_sweep *sweep, int64_t ray);
/* A gate is within 3 dB of the line. */
bool nwc__on_spoke(const nwc__quality_sweep *sweep, const nwc__spoke *spoke, int64_t ray, int64_t gate);

/* quality_speckle.c: areas of fewer gates than least that nothing speaks against. */
nwc_status nwc__quality_speckle(nwc_ctx *ctx, const nwc__quality_sweep *sweep, int32_t least,
                                const nwc__verdict *verdict);

/* clutter_map.c: a map's frequencies on the gates of a sweep, as a sample; cells NULL where it knows nothing there. mean (may
 * be NULL): its mean reflectivities, sharing the indices of often, not to be released. */
nwc_status nwc__clutter_map_sample(nwc_ctx *ctx, const nwc_clutter_map *map, const nwc__quality_sweep *sweep,
                                   nwc__sample *often, nwc__sample *mean);

#endif

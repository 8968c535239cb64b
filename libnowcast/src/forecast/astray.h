/* Members of an ensemble, each of which moves otherwise than it should, by more with time. */
#ifndef NWC_FORECAST_ASTRAY_H
#define NWC_FORECAST_ASTRAY_H

#include "forecast/carry.h"

/* The displacements of all lead times, and those of one member at one of them. */
struct nwc__astray {
    int64_t nodes;
    float *dx, *dy; /* (lead, node) */
    float *moved;   /* (2, node) */
};

/* The carrier's own displacements; it need not be asked for them again. */
nwc_status nwc__astray_create(nwc_ctx *ctx, nwc__carrier *carrier, const double *leads_s, int32_t n_leads,
                              struct nwc__astray *astray);
void nwc__astray_destroy(nwc_ctx *ctx, struct nwc__astray *astray);

/* What one member is ahead by and aside by: two numbers of a Laplace distribution of variance 1, for its whole forecast. */
void nwc__astray_draw(nwc_ctx *ctx, uint64_t seed, int32_t member, double drawn[2]);

/* Displacements of lead number lead, for nwc__carry_by; as they are where drawn is NULL. Valid until the next call. */
void nwc__astray_at(struct nwc__astray *astray, const nwc__carrier *carrier, int32_t lead, double lead_s,
                    const double *drawn, const float **dx, const float **dy);

/* Refuse forecasts that are not (member, lead, y, x) of the size of like, or numbers of members out of range. */
nwc_status nwc__check_ensemble(const nwc_field *forecasts, const nwc_field *like, int32_t n_leads,
                               int32_t first_member);

/* Refuse an option that says neither yes nor no. */
nwc_status nwc__check_vary_motion(int32_t vary_motion);

#endif

/* What the parts of hazard share: rules held against frames, maps of what they give, areas, places, warnings. */
#ifndef NWC_HAZARD_HAZARD_H
#define NWC_HAZARD_HAZARD_H

#include "grid/internal.h"

#include <nowcast/hazard.h>

#define NWC__NEVER INT64_MIN
#define NWC__SECOND_NS 1e9

/* ---- frames and rules ---- */

/* Frames by time, all on one grid. */
struct nwc__given {
    const nwc_hazard_frame *frame; /* in the caller's order */
    int32_t *order, n;
    const nwc_grid *grid;
    int64_t now_ns;
};

nwc_status nwc__given_take(nwc_ctx *ctx, const nwc_hazard_frame *frames, int32_t n, int64_t now_ns,
                           struct nwc__given *given);

/* The cells of places: those of place p are cell[first[p]] to below cell[first[p + 1]]. */
struct nwc__feet {
    int64_t n, *first, *cell;
};

/* What one rule says: of cells, and of places at each of its times. */
struct nwc__exceed {
    int32_t n_times;       /* 0: no frame in its span */
    int64_t *time_ns;      /* n_times */
    float *probability;    /* (ny, nx), of being met at any time */
    int32_t *first, *last; /* (ny, nx): times at which the probability is reached, -1 for none */
    uint8_t *now;          /* (ny, nx): reached in the latest frame up to now */
    float *place;          /* (n_times, n places), each time */
    float *place_any;      /* n places, at any time */
};

/* keep: by the keep values. */
nwc_status nwc__exceed_find(nwc_ctx *ctx, const nwc_hazard_rule *rule, bool keep, const struct nwc__given *given,
                            const struct nwc__feet *feet, struct nwc__exceed *exceed);
void nwc__exceed_release(nwc_ctx *ctx, struct nwc__exceed *exceed);

double nwc__rule_threshold(const nwc_hazard_rule *rule, bool keep);
double nwc__rule_probability(const nwc_hazard_rule *rule, bool keep);
bool nwc__rule_keeps(const nwc_hazard_rule *rule); /* the keep values are others */

/* ---- areas ---- */

/* What the rules of one hazard give together, (ny, nx) each. */
struct nwc__map {
    bool known; /* a rule had a frame */
    uint8_t *level;
    int32_t *rule;
    float *probability;
    int64_t *onset_ns, *end_ns;
};

nwc_status nwc__map_create(nwc_ctx *ctx, const nwc_grid *grid, struct nwc__map *map);
void nwc__map_release(nwc_ctx *ctx, struct nwc__map *map);

/* Join what a rule gives; kept: (ny, nx) levels of warnings that are there, in which keep values decide, NULL for none. */
nwc_status nwc__map_join(nwc_ctx *ctx, const nwc_hazard_rule *rule, int32_t number, const struct nwc__given *given,
                         const struct nwc__exceed *on, const struct nwc__exceed *keep, const uint8_t *kept,
                         struct nwc__map *map);

struct nwc__area {
    int32_t level, rule;
    double probability, area_m2;
    int64_t onset_ns, end_ns;
    double longitude, latitude; /* middle */
    int32_t n;                  /* of the ring */
    double lon[NWC_HAZARD_MOST_POINTS], lat[NWC_HAZARD_MOST_POINTS];
};

/* Areas where the map has at least a level, appended to list; label: (ny, nx) out, number among these from 1 on; may be NULL. */
nwc_status nwc__map_areas(nwc_ctx *ctx, const struct nwc__map *map, int32_t level, const nwc_grid *grid,
                          const nwc_hazard_options *options, struct nwc__buffer *list, int32_t *label);

/* The ring around rings of longitude and latitude, at the distance of the margin; rings meet across it. */
nwc_status nwc__shape_around(nwc_ctx *ctx, const int64_t *points, int64_t n_rings, const double *lon, const double *lat,
                             const nwc_hazard_options *options, struct nwc__area *area);

/* The share of a that has changed to b: what lies in one of them alone, over a. */
nwc_status nwc__shape_change(nwc_ctx *ctx, const struct nwc__area *a, const struct nwc__area *b, double *share);

/* ---- places ---- */

struct nwc__place_kept {
    char id[NWC_HAZARD_MOST_NAME], group[NWC_HAZARD_MOST_NAME];
    char *name;
    double radius_m, longitude, latitude; /* middle */
    int32_t n_parts;
    int64_t *part_points, n_points;
    uint8_t *hole;
    double *lon, *lat;
};

nwc_status nwc__place_keep(nwc_ctx *ctx, const nwc_hazard_place *place, struct nwc__place_kept *kept);
void nwc__place_release(nwc_ctx *ctx, struct nwc__place_kept *kept);

/* The cells of a grid in rings, appended as int64_t. */
nwc_status nwc__cells_within(nwc_ctx *ctx, const nwc_grid *grid, int32_t n_parts, const int64_t *part_points,
                             const uint8_t *hole, const double *lon, const double *lat, struct nwc__buffer *cells);
nwc_status nwc__feet_find(nwc_ctx *ctx, const nwc_grid *grid, const struct nwc__place_kept *places, int32_t n,
                          struct nwc__feet *feet);
void nwc__feet_release(nwc_ctx *ctx, struct nwc__feet *feet);

bool nwc__rule_is_for(const nwc_hazard_rule *rule, const struct nwc__place_kept *place);

/* Rows of what a rule says of places it is for, appended as nwc_hazard_effect. */
nwc_status nwc__effects_of(nwc_ctx *ctx, const nwc_hazard_rule *rule, int32_t number, const struct nwc__given *given,
                           const struct nwc__exceed *exceed, const struct nwc__place_kept *places,
                           const struct nwc__feet *feet, struct nwc__buffer *effects);

/* ---- warnings ---- */

struct nwc__rule_kept {
    nwc_hazard_rule rule; /* its texts are those below */
    char hazard[NWC_HAZARD_MOST_NAME], group[NWC_HAZARD_MOST_NAME], quantity[NWC_HAZARD_MOST_NAME],
        units[NWC_HAZARD_MOST_NAME];
};

struct nwc__warning {
    int64_t number, message, issued_ns, sent_ns, expires_ns;
    char hazard[NWC_HAZARD_MOST_NAME], place[NWC_HAZARD_MOST_NAME]; /* place: "" for an area */
    int32_t active, approved;
    int64_t draft_message, draft_ns, actual_message,
        actual_ns;     /* the latest that was a draft, and that was approved; 0 for none */
    int64_t below_ns;  /* since when it has had no reason for its level */
    int32_t met_level; /* level of the rules met, */
    int64_t met_ns;    /* and since when */
    double hold_s, valid_s;
    int64_t storm;
    double speed_m_s, towards_deg;
    struct nwc__area area; /* as the latest message has it; of a place without a ring */
};

/* An event, and the message it refers to. */
struct nwc__event {
    nwc_hazard_event event;
    int64_t of_message, of_ns; /* 0 for none */
    char by[NWC_HAZARD_MOST_NAME];
};

/* Warnings, events and what is told of one time. */
struct nwc__moment {
    int64_t time_ns, next_number;
    struct nwc__buffer warnings, events, effects; /* struct nwc__warning, struct nwc__event, nwc_hazard_effect */
    struct nwc__buffer shown_warnings, shown_events, journal; /* nwc_hazard_warning, nwc_hazard_event, text */
};

struct nwc_hazard {
    nwc_ctx memory; /* allocator only */
    nwc_hazard_options options;
    struct nwc__rule_kept *rules;
    nwc_hazard_rule *plain; /* the rules in a row, as calls take them */
    int32_t n_rules;
    struct nwc__place_kept *places;
    int32_t n_places;
    struct nwc__feet feet; /* of the places on the grid below, */
    nwc_grid feet_grid;    /* whose projection is NULL before any */
    nwc_hazard_event_fn event;
    void *user;
    struct nwc__moment moment;
    struct nwc__buffer saved, message;
};

void nwc__moment_begin(nwc_ctx *memory, int64_t time_ns, int64_t next_number, struct nwc__moment *moment);
void nwc__moment_release(nwc_ctx *memory, struct nwc__moment *moment);
struct nwc__warning *nwc__warning_at(const struct nwc__moment *moment, int64_t w);
int64_t nwc__warnings_of(const struct nwc__moment *moment);
const struct nwc__event *nwc__event_at(const struct nwc__moment *moment, int64_t e);
/* NULL for none. */
struct nwc__warning *nwc__warning_numbered(const struct nwc__moment *moment, int64_t number);
const struct nwc__place_kept *nwc__place_named(const nwc_hazard *hazard, const char *id);

/* Make what is lent of a moment, and its journal. */
nwc_status nwc__moment_show(struct nwc__moment *moment);
nwc_hazard_warning nwc__warning_shown(const struct nwc__warning *warning);

/* Put what the rules of one hazard find into a moment. */
nwc_status nwc__find_areas(nwc_ctx *ctx, const nwc_hazard *hazard, const char *name, const struct nwc__given *given,
                           const struct nwc__feet *feet, struct nwc__moment *moment);
nwc_status nwc__find_places(nwc_ctx *ctx, const nwc_hazard *hazard, const char *name, const struct nwc__given *given,
                            const struct nwc__feet *feet, struct nwc__moment *moment);
/* Which warnings are on the places that rules spoke of. */
nwc_status nwc__link_effects(nwc_ctx *ctx, const nwc_hazard *hazard, const nwc_grid *grid, const struct nwc__feet *feet,
                             struct nwc__moment *moment);

/* One step in the life of a warning: what is found for it, NULL where nothing is; other: the warning that has it now, or 0. */
nwc_status nwc__life_step(nwc_ctx *ctx, const nwc_hazard_options *options, struct nwc__moment *moment, int64_t w,
                          const struct nwc__area *found, const nwc_hazard_rule *rule, int64_t other);
nwc_status nwc__life_begin(struct nwc__moment *moment, const char *hazard, const char *place,
                           const struct nwc__area *found, const nwc_hazard_rule *rule, int64_t split_from);
nwc_status nwc__life_end(struct nwc__moment *moment, int64_t w, int32_t kind, int32_t reason, int64_t other,
                         const char *by);
/* What expires does. */
nwc_status nwc__life_expire(struct nwc__moment *moment, int64_t w);

/* Options checked, the defaults for NULL. */
nwc_status nwc__hazard_take_options(const nwc_hazard_options *given, nwc_hazard_options *options);

bool nwc__is_name(const char *text);

#endif

/**
 * @file hazard.h  From fields to warnings: rules, areas, places, and warnings that are issued, changed and ended.
 *
 * A rule says what makes a hazard of a level. Fields of now, of before and of the hours to come are held against the rules; what they
 * exceed becomes areas, and warnings with numbers that last. Everything is automatic guidance until a person has approved it.
 * The same bits for every number of threads. Calls are thread-safe; one thread at a time for each nwc_hazard. Polygons are
 * made by GEOS; without it calls that make areas return NWC_ERR_UNSUPPORTED.
 */
#ifndef NOWCAST_HAZARD_H
#define NOWCAST_HAZARD_H

#include <nowcast/geojson.h>
#include <nowcast/grid.h>
#include <nowcast/track.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NWC_HAZARD_MOST_LEVELS = 8,
    NWC_HAZARD_MOST_MEMBERS = 64,
    NWC_HAZARD_MOST_POINTS = 100, /**< of an area */
    NWC_HAZARD_MOST_NAME = 64     /**< bytes of a name, its end with them */
};

/** Whom a rule is for. */
typedef enum nwc_hazard_target {
    NWC_HAZARD_AREA = 0, /**< areas wherever they lie, each a warning */
    NWC_HAZARD_PLACE = 1 /**< each place that it touches has a warning of its own */
} nwc_hazard_target;

/** One condition, and how steady what it gives is. Fill with nwc_hazard_rule_init. Texts are read during the call only. */
typedef struct nwc_hazard_rule {
    const char
        *hazard;    /**< rules of one hazard and target share their warnings; letters, digits, "_" and "-", below 64 */
    int32_t level;  /**< 1 (least) to 8; the highest of all rules met is that of the warning */
    int32_t target; /**< an nwc_hazard_target */
    const char *group;     /**< places of this group; NULL (default) for all */
    const char *quantity;  /**< name of the frames it looks at */
    const char *units;     /**< of the threshold, and of the frames; with a window "mm", of frames in "mm h-1" */
    double threshold;      /**< met at or above it, finite */
    double keep_threshold; /**< what is warned of goes on at or above this; NaN (default): threshold */
    int32_t below;         /**< 1: met at or below the threshold, which keep_threshold is above; default 0 */
    double window_s;       /**< rain is summed over so long, 300 to 86400; 0 (default) for values as they are */
    double from_s,
        to_s; /**< times that count, from now, -86400 to 0 and 0 to 86400; ends of windows; default 0 and 7200 */
    double probability;      /**< of being met at any of these times, above 0 to 1; default 0.5 */
    double keep_probability; /**< what is warned of goes on with this; NaN (default): probability */
    double least_area_m2;    /**< connected, or within the place; default 0 */
    double hold_s;     /**< a warning is lowered or ended after so long without reason, 0 to 86400; default 1200 */
    double valid_s;    /**< a message expires so long after its hazard's end, 60 to 86400; default 1800 */
    double escalate_s; /**< met for so long without a break it counts a level more; 0 (default) for never */
} nwc_hazard_rule;

/** A field of one time. All frames of a call lie on one grid. */
typedef struct nwc_hazard_frame {
    const char *quantity;
    int64_t time_ns; /**< UTC; up to now it is what was, later what is forecast */
    const nwc_field
        *field; /**< (y, x), or (member, y, x) of up to 64 members, as many in all forecasts; NaN is not known */
    double
        probability_of; /**< NaN: values; else the field is the probability, 0 to 1, of reaching this threshold at this
                                time, for rules with it or with it as keep_threshold (no rule with a window) */
} nwc_hazard_frame;

/** A place, an asset or a district. What it points to is read during the call only. */
typedef struct nwc_hazard_place {
    const char *id;    /**< of its own, below 64 bytes, no "|" */
    const char *name;  /**< UTF-8; NULL: id */
    const char *group; /**< NULL for none */
    double radius_m;   /**< around a point, 0 to 500000; the cell it lies in always counts */
    int32_t n_parts;   /**< 0: a point. Else rings, as nwc_grid_within takes them */
    const int64_t *part_points;
    const uint8_t *hole;
    const double *longitude_deg, *latitude_deg; /**< of the point, or of all rings */
} nwc_hazard_place;

/** A cell that moves, as tracks have it. */
typedef struct nwc_hazard_storm {
    int64_t id;
    double longitude_deg, latitude_deg;
    double u_m_s, v_m_s; /**< eastward and northward over the ground; NaN for not known */
} nwc_hazard_storm;

/**
 * Storms of tracks: their places, and their velocities turned from the axes of the grid to true east and north.
 *
 * @param grid    of the cells the tracks are of
 * @param points  n, as a tracker lends them
 * @param storms  out: n
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_hazard_storms_of(nwc_ctx *ctx, const nwc_grid *grid, const nwc_track_point *points, int64_t n,
                                        nwc_hazard_storm *storms);

/** Options of areas and of warnings. Fill with nwc_hazard_options_init. */
typedef struct nwc_hazard_options {
    size_t struct_size; /**< set by the init function */
    double
        margin_m; /**< an area reaches so far beyond the cells it is made of, 100 to 25000; default 2000. Cells nearer to each
                               other than twice this are one area */
    int32_t most_points; /**< of an area's ring, the first counted once, 4 to 100; default 40 */
    double
        update_share; /**< a message follows where an area has changed by this share of itself, above 0 to 1; default 0.3 */
    double update_s; /**< or times by so much, 60 to 86400; default 900 */
    int32_t
        clock_back; /**< a time not after the last: 0 (default) is an error; 1 cancels all warnings and begins anew */
} nwc_hazard_options;

/** An area where a level of a hazard is reached, or more. */
typedef struct nwc_hazard_area {
    const char *hazard;
    int32_t level, rule; /**< the level; the rule of the highest level in it, counted from 0 */
    double probability;  /**< the greatest in it */
    double area_m2;      /**< of its cells */
    int64_t onset_ns;    /**< UTC: the first time at which a rule is met with its probability somewhere in it */
    int64_t end_ns;      /**< and the last */
    double longitude_deg, latitude_deg; /**< middle of its cells */
    int32_t n_points;                   /**< of its ring, counter-clockwise, simple; the first is not repeated */
    const double *ring_longitude_deg;   /**< without a break, so perhaps beyond 180 */
    const double *ring_latitude_deg;
} nwc_hazard_area;

/** Areas; made by nwc_hazard_areas_find. */
typedef struct nwc_hazard_areas nwc_hazard_areas;

/** Warnings that go on from call to call. */
typedef struct nwc_hazard nwc_hazard;

/** What can happen to a warning. */
typedef enum nwc_hazard_event_kind {
    NWC_HAZARD_ISSUE = 0,
    NWC_HAZARD_UPDATE = 1, /**< area or times changed, the level did not */
    NWC_HAZARD_UPGRADE = 2,
    NWC_HAZARD_DOWNGRADE = 3,
    NWC_HAZARD_CANCEL = 4,
    NWC_HAZARD_EXPIRE = 5, /**< its time ran out with nothing known that goes on */
    NWC_HAZARD_APPROVE = 6 /**< a person took the message as it stands */
} nwc_hazard_event_kind;

/** Why. */
typedef enum nwc_hazard_reason {
    NWC_HAZARD_MET = 0,   /**< a rule is met */
    NWC_HAZARD_SPLIT = 1, /**< a rule is met in a part that left the area of other */
    NWC_HAZARD_AREA_CHANGED = 2,
    NWC_HAZARD_TIMES_CHANGED = 3,
    NWC_HAZARD_ESCALATED = 4, /**< met for as long as the rule says */
    NWC_HAZARD_CLEARED = 5,   /**< not met for as long as the rule holds */
    NWC_HAZARD_MERGED = 6,    /**< its area is part of that of other */
    NWC_HAZARD_ENDED = 7,     /**< expired */
    NWC_HAZARD_CLOCK = 8,     /**< time went back */
    NWC_HAZARD_REMOVED = 9,   /**< its hazard or place is no more */
    NWC_HAZARD_PERSON = 10    /**< a person said so */
} nwc_hazard_reason;

/** A warning. */
typedef struct nwc_hazard_warning {
    int64_t number; /**< from 1 on, never used again */
    const char *hazard;
    const char *place; /**< id; NULL for an area */
    int32_t level;
    int32_t active;    /**< 0: ended at the latest call, and forgotten at the next */
    int32_t approved;  /**< 1: a person has taken its latest message; each new one is automatic guidance again */
    int64_t message;   /**< number of its latest message, from 1 on */
    int64_t issued_ns; /**< UTC of the first message */
    int64_t sent_ns;   /**< and of the latest */
    int64_t onset_ns, end_ns, expires_ns; /**< as the latest message has it */
    double probability;
    double area_m2; /**< of its cells; NaN of a place */
    double longitude_deg, latitude_deg;
    int64_t storm;                 /**< id of the cell nearest to its middle, within 50 km; 0 for none */
    double speed_m_s, towards_deg; /**< of that cell; NaN for none */
    int32_t n_points;              /**< as an nwc_hazard_area; 0 of a place */
    const double *ring_longitude_deg, *ring_latitude_deg;
} nwc_hazard_warning;

/** What happened. */
typedef struct nwc_hazard_event {
    int32_t kind;                /**< an nwc_hazard_event_kind */
    int32_t reason;              /**< an nwc_hazard_reason */
    int64_t warning;             /**< its number */
    int64_t other;               /**< of a split or merge; else 0 */
    int32_t level, level_before; /**< 0 before the first */
    int64_t message;
    int64_t time_ns;
} nwc_hazard_event;

/** What a rule says of a place; rows exist where the probability is above 0. */
typedef struct nwc_hazard_effect {
    int32_t place, rule;  /**< counted from 0, in the order they were given */
    int64_t warning;      /**< number of the active warning of this hazard on it; 0 for none */
    double probability;   /**< of being met on it at any of the rule's times */
    int64_t earliest_ns;  /**< UTC: first time with a probability of 0.1 or, where none has, of the greatest */
    int64_t likeliest_ns; /**< first time with a probability of 0.5, else of the greatest */
    int64_t end_ns;       /**< last time with the rule's probability; the least number where none has it */
    double
        bearing_deg; /**< from its middle to the nearest cell that meets the rule in the latest frame up to now; NaN for none */
    double distance_m; /**< along the ellipsoid; 0 where that cell is on it */
} nwc_hazard_effect;

/** What nwc_hazard_lend lends; it lives until the next call that changes the warnings. */
typedef struct nwc_hazard_table {
    int64_t time_ns; /**< of the latest call; INT64_MIN before any */
    int64_t n_warnings, n_events, n_effects;
    const nwc_hazard_warning *warnings; /**< by number */
    const nwc_hazard_event *events;
    const nwc_hazard_effect *effects; /**< by place, then rule */
    const char *journal;              /**< lines of JSON, one for each event */
} nwc_hazard_table;

/** Told of each event, with the warning as it is then, once all is done. Called on the calling thread only. */
typedef void (*nwc_hazard_event_fn)(const nwc_hazard_event *event, const nwc_hazard_warning *warning, void *user);

/** Fill with the defaults. NULL is ignored. */
NWC_API void nwc_hazard_rule_init(nwc_hazard_rule *rule);
NWC_API void nwc_hazard_options_init(nwc_hazard_options *options);

/**
 * Check rules: ranges, and whether any can never show, since a rule of another level is met whenever it is.
 *
 * @return NWC_OK; NWC_ERR_ARG with "rule 3: key: ..." (counted from 0), or both rules where two contradict each other
 */
NWC_API nwc_status nwc_hazard_rules_check(const nwc_hazard_rule *rules, int32_t n_rules);

/**
 * Find the areas of each hazard and level, without warnings: rules for places are taken as rules for areas.
 *
 * A cell counts where the probability that the rule is met at any of its times is large enough: the share of members in which it is,
 * or the greatest of given probabilities. Cells connect at corners and across twice the margin. Rings go around the cells at the distance
 * of the margin, and are simplified within it, so that all cells lie in them (Douglas and Peucker 1973, by GEOS); holes are
 * filled. Where a ring within the margin has too many points, more is taken in, at last the convex hull.
 *
 * @param now_ns   UTC
 * @param options  NULL for the defaults
 * @param areas    out: to be given to nwc_hazard_areas_destroy; by hazard as rules name them, then level
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where there is no frame for any rule; NWC_ERR_UNSUPPORTED without GEOS; NWC_ERR_NOMEM;
 *         NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_hazard_areas_find(nwc_ctx *ctx, const nwc_hazard_rule *rules, int32_t n_rules,
                                         const nwc_hazard_frame *frames, int32_t n_frames, int64_t now_ns,
                                         const nwc_hazard_options *options, nwc_hazard_areas **areas);

/** Lend the areas; they live until the handle is destroyed. NWC_OK; NWC_ERR_ARG. */
NWC_API nwc_status nwc_hazard_areas_lend(const nwc_hazard_areas *areas, const nwc_hazard_area **list, int64_t *n);

/** Release areas; NULL is accepted. */
NWC_API void nwc_hazard_areas_destroy(nwc_hazard_areas *areas);

/**
 * Make warnings, none yet.
 *
 * @param ctx     its allocator must live as long as the warnings
 * @param rules   checked as by nwc_hazard_rules_check; copied
 * @param places  copied; a ring that crosses itself encloses what is an odd number of its edges away from outside, a point is on the
 *                cell whose centre is nearest, the more westerly or southerly of two
 * @param event   told of each event; NULL for none
 * @param hazard  out: to be given to nwc_hazard_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_hazard_create(nwc_ctx *ctx, const nwc_hazard_rule *rules, int32_t n_rules,
                                     const nwc_hazard_place *places, int32_t n_places,
                                     const nwc_hazard_options *options, nwc_hazard_event_fn event, void *user,
                                     nwc_hazard **hazard);

/** Release warnings; NULL is accepted. */
NWC_API void nwc_hazard_destroy(nwc_hazard *hazard);

/**
 * Go on to a later time.
 *
 * Areas are found as by nwc_hazard_areas_find, but for what lies in a warning of at least a rule's level: there its keep values decide.
 * An area is that of the warning whose area it shares most with. A warning is raised at once, lowered or cancelled after it has been
 * without reason for as long as the rule of its level holds. A message follows a change of level, a change of area or times as
 * the options say, and before the last one expires. Where the rule that
 * gave a warning has no frame in its span the warning does not fall: it stands until its message expires.
 *
 * @param frames   all that is known: the past as far as windows reach, now, forecasts; in any order
 * @param now_ns   UTC, after that of the call before (see clock_back)
 * @param storms   may be NULL
 * @return NWC_OK; NWC_ERR_ARG, NWC_ERR_UNSUPPORTED, NWC_ERR_NOMEM, NWC_ERR_CANCELED, after which the warnings are as they were
 */
NWC_API nwc_status nwc_hazard_evaluate(nwc_ctx *ctx, nwc_hazard *hazard, const nwc_hazard_frame *frames,
                                       int32_t n_frames, int64_t now_ns, const nwc_hazard_storm *storms,
                                       int32_t n_storms);

/** Lend what became of the latest call. NWC_OK; NWC_ERR_ARG. */
NWC_API nwc_status nwc_hazard_lend(const nwc_hazard *hazard, nwc_hazard_table *table);

/**
 * A person takes the latest message of a warning, also of one that ended at the latest call: it is a message of its own, no longer marked
 * as automatic.
 *
 * @param by      who, for the journal and the message
 * @param now_ns  UTC, not before the latest call
 * @return NWC_OK; NWC_ERR_ARG for a warning that is none, or is approved; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_hazard_approve(nwc_hazard *hazard, int64_t warning, const char *by, int64_t now_ns);

/** A person ends a warning, approved by that. As nwc_hazard_approve; NWC_ERR_ARG also for one that has ended. */
NWC_API nwc_status nwc_hazard_cancel(nwc_hazard *hazard, int64_t warning, const char *by, int64_t now_ns);

/** All that warnings are, as bytes lent until the next call. NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM. */
NWC_API nwc_status nwc_hazard_save(nwc_hazard *hazard, const uint8_t **bytes, int64_t *size);

/**
 * Go on with what nwc_hazard_save gave, in place of what is. Rules and places are those of now.
 *
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_FORMAT; NWC_ERR_UNSUPPORTED for another version; NWC_ERR_NOMEM; the warnings then are as they were
 */
NWC_API nwc_status nwc_hazard_restore(nwc_hazard *hazard, const uint8_t *bytes, int64_t size);

/** Append the warnings that are active to a collection: area or place, and what is known. NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM. */
NWC_API nwc_status nwc_hazard_geojson(const nwc_hazard *hazard, nwc_geojson *geojson);

/** Append areas to a collection. NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM. */
NWC_API nwc_status nwc_hazard_areas_geojson(const nwc_hazard_areas *areas, nwc_geojson *geojson);

/** What a hazard and its levels are called in one language. */
typedef struct nwc_hazard_title {
    const char *hazard;
    const char *language; /**< "en" or "zh", which have templates */
    const char *title;    /**< such as "Rainstorm" */
} nwc_hazard_title;

/** How messages are written. Fill with nwc_hazard_cap_options_init. */
typedef struct nwc_hazard_cap_options {
    size_t struct_size; /**< set by the init function */
    const char *sender; /**< "warnings@example.org": no blank, comma, "<" or "&" */
    const char
        *prefix; /**< of identifiers; default "nwc"; with the Chinese profile the code of 14 digits of the sender */
    const char *
        status; /**< of approved messages: "Actual" (default), "Exercise", "System", "Test"; others are always "Draft" */
    int32_t chinese; /**< 1: colours as severities, times of Beijing, identifiers and codes of the national platform */
    const char *sender_name;      /**< NULL for none */
    const char *const *languages; /**< n of "en", "zh"; default both */
    int32_t n_languages;
    const nwc_hazard_title *titles; /**< NULL: those the library has; else the hazard's own name where none is given */
    int32_t n_titles;
    const char *event_code; /**< of the hazard, such as "11B03"; NULL for none */
    int32_t n_levels; /**< of which the highest is Extreme (red), the next Severe (orange), and so on; default 4 */
} nwc_hazard_cap_options;

NWC_API void nwc_hazard_cap_options_init(nwc_hazard_cap_options *options);

/**
 * The message of an event of the latest call as CAP 1.2 (OASIS 2010).
 *
 * What no person approved has the status Draft, the scope Restricted and a note that it is automatic guidance. Approved messages
 * refer to approved ones, drafts to drafts.
 *
 * @param event  counted from 0, in the table's events
 * @param xml    out: lent until the next call of this handle; a zero ends it
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA for an event without a message (expiry); NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_hazard_cap(nwc_hazard *hazard, int64_t event, const nwc_hazard_cap_options *options,
                                  const char **xml);

#ifdef __cplusplus
}
#endif
#endif

/* Rules: their defaults, their ranges, and which of them can never show. */
#include "hazard/hazard.h"

#define MOST_SPAN_S 86400.0
#define LEAST_WINDOW_S 300.0
#define LEAST_VALID_S 60.0

void nwc_hazard_rule_init(nwc_hazard_rule *rule)
{
    if (!rule) return;
    *rule = (nwc_hazard_rule){.level = 1,
                              .threshold = (double)NAN,
                              .keep_threshold = (double)NAN,
                              .to_s = 7200.0,
                              .probability = 0.5,
                              .keep_probability = (double)NAN,
                              .hold_s = 1200.0,
                              .valid_s = 1800.0};
}

double nwc__rule_threshold(const nwc_hazard_rule *rule, bool keep)
{
    return keep && !isnan(rule->keep_threshold) ? rule->keep_threshold : rule->threshold;
}

double nwc__rule_probability(const nwc_hazard_rule *rule, bool keep)
{
    return keep && !isnan(rule->keep_probability) ? rule->keep_probability : rule->probability;
}

bool nwc__rule_keeps(const nwc_hazard_rule *rule)
{
    return nwc__rule_threshold(rule, true) != rule->threshold || nwc__rule_probability(rule, true) != rule->probability;
}

bool nwc__is_name(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    return text && text[0] && strspn(text, letters) == strlen(text) && strlen(text) < NWC_HAZARD_MOST_NAME;
}

static nwc_status refuse(int32_t r, const char *key, const char *expected, double given)
{
    return nwc__fail(NWC_ERR_ARG, "rule %d: %s: %s expected, %g given", (int)r, key, expected, given);
}

static nwc_status check_texts(const nwc_hazard_rule *rule, int32_t r)
{
    const struct {
        const char *key, *text;
    } names[] = {{"hazard", rule->hazard}, {"quantity", rule->quantity}};
    for (int t = 0; t < 2; t++)
        if (!nwc__is_name(names[t].text))
            return nwc__fail(NWC_ERR_ARG, "rule %d: %s: letters, digits, _ and -, below 64 bytes, expected, %s given",
                             (int)r, names[t].key, names[t].text ? names[t].text : "NULL");
    if (!rule->units || strlen(rule->units) >= NWC_HAZARD_MOST_NAME)
        return nwc__fail(NWC_ERR_ARG, "rule %d: units: those of the threshold expected, %s given", (int)r,
                         rule->units ? rule->units : "NULL");
    if (rule->group && strlen(rule->group) >= NWC_HAZARD_MOST_NAME)
        return nwc__fail(NWC_ERR_ARG, "rule %d: group: a name below 64 bytes expected, %s given", (int)r, rule->group);
    if (rule->window_s > 0.0 && strcmp(rule->units, "mm") != 0)
        return nwc__fail(NWC_ERR_ARG, "rule %d: units: mm expected with a window, %s given", (int)r, rule->units);
    return NWC_OK;
}

static nwc_status check_values(const nwc_hazard_rule *rule, int32_t r)
{
    const double window = rule->window_s, keep = rule->keep_threshold, wanted = rule->probability;
    if (rule->level < 1 || rule->level > NWC_HAZARD_MOST_LEVELS) return refuse(r, "level", "1 to 8", rule->level);
    if (rule->target != NWC_HAZARD_AREA && rule->target != NWC_HAZARD_PLACE)
        return refuse(r, "target", "an nwc_hazard_target", rule->target);
    if (rule->group && rule->target == NWC_HAZARD_AREA) return refuse(r, "group", "none of areas", 1.0);
    if (!isfinite(rule->threshold)) return refuse(r, "threshold", "a finite number", rule->threshold);
    if (!isnan(keep) && !(isfinite(keep) && (rule->below ? keep >= rule->threshold : keep <= rule->threshold)))
        return refuse(r, "keep_threshold", rule->below ? "not below the threshold" : "not above the threshold", keep);
    if (rule->window_s != 0.0 && !(window >= LEAST_WINDOW_S && window <= MOST_SPAN_S))
        return refuse(r, "window_s", "0, or 300 to 86400", window);
    if (rule->window_s > 0.0 && rule->below) return refuse(r, "below", "0 with a window", rule->below);
    if (!(rule->from_s >= -MOST_SPAN_S && rule->from_s <= 0.0)) return refuse(r, "from_s", "-86400 to 0", rule->from_s);
    if (!(rule->to_s >= 0.0 && rule->to_s <= MOST_SPAN_S)) return refuse(r, "to_s", "0 to 86400", rule->to_s);
    if (!(wanted > 0.0 && wanted <= 1.0)) return refuse(r, "probability", "above 0 to 1", wanted);
    if (!isnan(rule->keep_probability) && !(rule->keep_probability > 0.0 && rule->keep_probability <= wanted))
        return refuse(r, "keep_probability", "above 0, not above probability", rule->keep_probability);
    if (!(rule->least_area_m2 >= 0.0 && isfinite(rule->least_area_m2)))
        return refuse(r, "least_area_m2", "0 or more", rule->least_area_m2);
    if (!(rule->hold_s >= 0.0 && rule->hold_s <= MOST_SPAN_S)) return refuse(r, "hold_s", "0 to 86400", rule->hold_s);
    if (!(rule->valid_s >= LEAST_VALID_S && rule->valid_s <= MOST_SPAN_S))
        return refuse(r, "valid_s", "60 to 86400", rule->valid_s);
    if (!(rule->escalate_s >= 0.0 && rule->escalate_s <= MOST_SPAN_S))
        return refuse(r, "escalate_s", "0 to 86400", rule->escalate_s);
    return NWC_OK;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether b is met wherever a is: it asks for no more of the same. */
static bool follows(const nwc_hazard_rule *a, const nwc_hazard_rule *b)
{
    if (strcmp(a->hazard, b->hazard) != 0 || a->target != b->target || strcmp(a->quantity, b->quantity) != 0 ||
        strcmp(a->units, b->units) != 0 || a->below != b->below || (a->window_s > 0.0) != (b->window_s > 0.0))
        return false;
    const bool easier = a->below ? b->threshold >= a->threshold : b->threshold <= a->threshold;
    return easier && (!b->group || same_text(a->group, b->group)) && b->window_s >= a->window_s &&
           b->from_s <= a->from_s && b->to_s >= a->to_s && b->probability <= a->probability &&
           b->least_area_m2 <= a->least_area_m2;
}

nwc_status nwc_hazard_rules_check(const nwc_hazard_rule *rules, int32_t n_rules)
{
    if (!rules || n_rules < 1)
        return nwc__fail(NWC_ERR_ARG, "rules: at least one expected, %d given", (int)(rules ? n_rules : 0));
    for (int32_t r = 0; r < n_rules; r++) {
        NWC__TRY(check_texts(&rules[r], r));
        NWC__TRY(check_values(&rules[r], r));
    }
    for (int32_t a = 0; a < n_rules; a++)
        for (int32_t b = 0; b < n_rules; b++) {
            if (a == b || !follows(&rules[a], &rules[b])) continue;
            if (rules[b].level > rules[a].level)
                return nwc__fail(NWC_ERR_ARG,
                                 "rule %d, rule %d: level %d can never show, since level %d is met whenever it is",
                                 (int)a, (int)b, (int)rules[a].level, (int)rules[b].level);
            if (a < b && rules[b].level == rules[a].level && follows(&rules[b], &rules[a]))
                return nwc__fail(NWC_ERR_ARG, "rule %d, rule %d: one of them expected, both ask for the same", (int)a,
                                 (int)b);
        }
    return NWC_OK;
}

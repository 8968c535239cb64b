/*
 * Messages as CAP 1.2 (OASIS 2010): the order of elements is that of its schema. A message nobody approved is a Draft of restricted
 * scope, with a note; so what reads CAP by the standard can not take it for a warning.
 */
#include "hazard/cap.h"

#include "core/json.h"
#include "grid/paths.h"

#include <stdio.h>

enum { TEXT = 128, MOST_NAMES = 20, DECIMALS = 5, LEVELS = 4, HOUR_S = 3600 };

#define LEAST_CIRCLE_KM 1.0

void nwc_hazard_cap_options_init(nwc_hazard_cap_options *options)
{
    static const char *const both[] = {"en", "zh"};
    if (!options) return;
    *options = (nwc_hazard_cap_options){.struct_size = sizeof *options,
                                        .prefix = "nwc",
                                        .status = "Actual",
                                        .languages = both,
                                        .n_languages = 2,
                                        .n_levels = LEVELS};
}

struct cap {
    nwc_hazard *hazard;
    const nwc_hazard_cap_options *options;
    const struct nwc__event *event;
    const struct nwc__warning *warning;
    const struct nwc__place_kept *place; /* NULL of an area */
    struct nwc__buffer *xml;
    int32_t from_top; /* 0: the highest level */
};

static nwc_status check_options(const nwc_hazard_cap_options *options)
{
    static const char *const statuses[] = {"Actual", "Exercise", "System", "Test"};
    const struct {
        const char *key, *text;
    } words[] = {{"sender", options->sender}, {"prefix", options->prefix}};
    for (int w = 0; w < 2; w++)
        if (!words[w].text || !words[w].text[0] || strpbrk(words[w].text, " ,<&\t\r\n") ||
            strlen(words[w].text) > TEXT / 2)
            return nwc__fail(NWC_ERR_ARG, "%s: 1 to %d bytes without blank, comma, < and & expected, %s given",
                             words[w].key, TEXT / 2, words[w].text ? words[w].text : "NULL");
    bool known = false;
    for (int s = 0; s < 4 && options->status; s++) known = known || strcmp(options->status, statuses[s]) == 0;
    if (!known)
        return nwc__fail(NWC_ERR_ARG, "status: Actual, Exercise, System or Test expected, %s given",
                         options->status ? options->status : "NULL");
    if (options->n_languages < 1 || !options->languages)
        return nwc__fail(NWC_ERR_ARG, "languages: at least one expected, %d given", (int)options->n_languages);
    for (int32_t l = 0; l < options->n_languages; l++)
        if (!nwc__cap_language(options->languages[l]))
            return nwc__fail(NWC_ERR_ARG, "languages: en or zh expected, %s given",
                             options->languages[l] ? options->languages[l] : "NULL");
    if (options->n_titles < 0 || (options->n_titles && !options->titles))
        return nwc__fail(NWC_ERR_ARG, "titles: 0 or more expected, %d given", (int)options->n_titles);
    for (int32_t t = 0; t < options->n_titles; t++)
        if (!options->titles[t].hazard || !options->titles[t].language || !options->titles[t].title)
            return nwc__fail(NWC_ERR_ARG, "titles: hazard, language and title of each expected, NULL given");
    if (options->n_levels < 1 || options->n_levels > NWC_HAZARD_MOST_LEVELS)
        return nwc__fail(NWC_ERR_ARG, "n_levels: 1 to %d expected, %d given", NWC_HAZARD_MOST_LEVELS,
                         (int)options->n_levels);
    return NWC_OK;
}

/* ---- the message as such ---- */

static void identifier_of(const struct cap *cap, int64_t message, int64_t time_ns, char text[TEXT])
{
    const long long number = (long long)cap->warning->number, part = (long long)message;
    if (!cap->options->chinese) {
        snprintf(text, TEXT, "%s-%lld-%lld", cap->options->prefix, number, part);
        return;
    }
    int32_t civil[6];
    nwc__time_to_civil(time_ns + INT64_C(28800000000000), civil);
    snprintf(text, TEXT, "%s_%04d%02d%02d%02d%02d%02d_%lld%03lld", cap->options->prefix, (int)civil[0], (int)civil[1],
             (int)civil[2], (int)civil[3], (int)civil[4], (int)civil[5], number, part);
}

static bool is_over(const struct cap *cap)
{
    return !cap->warning->active;
}

static nwc_status put_head(const struct cap *cap)
{
    const struct nwc__event *const event = cap->event;
    const bool approved = event->by[0] != '\0';
    char identifier[TEXT], before[TEXT], reference[3 * TEXT], sent[NWC__CAP_TIME], note[2 * TEXT];
    identifier_of(cap, event->event.message, event->event.time_ns, identifier);
    nwc__cap_time(event->event.time_ns, cap->options->chinese, sent);
    NWC__TRY(nwc__xml_element(cap->xml, "identifier", identifier));
    NWC__TRY(nwc__xml_element(cap->xml, "sender", cap->options->sender));
    NWC__TRY(nwc__xml_element(cap->xml, "sent", sent));
    NWC__TRY(nwc__xml_element(cap->xml, "status", approved ? cap->options->status : "Draft"));
    NWC__TRY(nwc__xml_element(cap->xml, "msgType", !event->of_message ? "Alert" : is_over(cap) ? "Cancel" : "Update"));
    NWC__TRY(nwc__xml_element(cap->xml, "source", "libnowcast"));
    NWC__TRY(nwc__xml_element(cap->xml, "scope", approved ? "Public" : "Restricted"));
    if (!approved) NWC__TRY(nwc__xml_element(cap->xml, "restriction", "For forecasters: automatic guidance"));
    if (approved)
        snprintf(note, sizeof note, "Approved by %s", event->by);
    else
        snprintf(note, sizeof note, "Automatic guidance, not an official warning: no person has approved it");
    NWC__TRY(nwc__xml_element(cap->xml, "note", note));
    if (!event->of_message) return NWC_OK;
    identifier_of(cap, event->of_message, event->of_ns, before);
    nwc__cap_time(event->of_ns, cap->options->chinese, sent);
    snprintf(reference, sizeof reference, "%s,%s,%s", cap->options->sender, before, sent);
    return nwc__xml_element(cap->xml, "references", reference);
}

/* ---- where ---- */

static nwc_status put_fixed(struct nwc__buffer *to, double number)
{
    return nwc__json_fixed(to, number, DECIMALS);
}

static nwc_status put_polygons(const struct cap *cap, const struct nwc__paths *rings)
{
    for (int64_t p = 0; p < rings->n_paths; p++) {
        const struct nwc__path *const path = &rings->paths[p];
        NWC__TRY(nwc__xml_raw(cap->xml, "<polygon>"));
        for (int64_t k = 0; k <= path->n; k++) {
            const struct nwc__place *const at = &rings->places[path->first + k % path->n];
            if (k) NWC__TRY(nwc__xml_raw(cap->xml, " "));
            NWC__TRY(put_fixed(cap->xml, at->latitude));
            NWC__TRY(nwc__xml_raw(cap->xml, ","));
            NWC__TRY(put_fixed(cap->xml, at->longitude));
        }
        NWC__TRY(nwc__xml_raw(cap->xml, "</polygon>\n"));
    }
    return NWC_OK;
}

static nwc_status put_circle(const struct cap *cap)
{
    NWC__TRY(nwc__xml_raw(cap->xml, "<circle>"));
    NWC__TRY(put_fixed(cap->xml, cap->place->latitude));
    NWC__TRY(nwc__xml_raw(cap->xml, ","));
    NWC__TRY(put_fixed(cap->xml, cap->place->longitude));
    NWC__TRY(nwc__xml_raw(cap->xml, " "));
    NWC__TRY(nwc__json_number(cap->xml, fmax(1e-3 * cap->place->radius_m, LEAST_CIRCLE_KM), 6));
    return nwc__xml_raw(cap->xml, "</circle>\n");
}

static nwc_status put_area(const struct cap *cap, const char *where)
{
    NWC__TRY(nwc__xml_raw(cap->xml, "<area>\n"));
    NWC__TRY(nwc__xml_element(cap->xml, "areaDesc", where));
    const struct nwc__area *const area = &cap->warning->area;
    const int64_t points = area->n;
    if (cap->place && !cap->place->n_parts) {
        NWC__TRY(put_circle(cap));
    } else if (cap->place || points) {
        struct nwc__paths rings = {.ctx = &cap->hazard->memory};
        nwc_status status = cap->place ? nwc__shape_rings(rings.ctx, cap->place->n_parts, cap->place->part_points,
                                                          cap->place->hole, cap->place->lon, cap->place->lat, &rings)
                                       : nwc__shape_rings(rings.ctx, 1, &points, NULL, area->lon, area->lat, &rings);
        if (status == NWC_OK) status = put_polygons(cap, &rings);
        nwc__paths_release(&rings);
        NWC__TRY(status);
    }
    if (cap->place) {
        NWC__TRY(nwc__xml_raw(cap->xml, "<geocode>\n<valueName>place</valueName>\n"));
        NWC__TRY(nwc__xml_element(cap->xml, "value", cap->place->id));
        NWC__TRY(nwc__xml_raw(cap->xml, "</geocode>\n"));
    }
    return nwc__xml_raw(cap->xml, "</area>\n");
}

/* Names of places on which it stands, or where its middle is; a zero ends it. */
static nwc_status name_where(const struct cap *cap, const struct nwc__cap_language *language, struct nwc__buffer *to)
{
    const struct nwc__area *const area = &cap->warning->area;
    const nwc_hazard_effect *const effects = (const nwc_hazard_effect *)(const void *)cap->hazard->moment.effects.data;
    const int64_t n = cap->hazard->moment.effects.size / (int64_t)sizeof *effects;
    int32_t names = 0, last = -1;
    uint8_t *at;
    if (cap->place) NWC__TRY(nwc__xml_raw(to, cap->place->name));
    for (int64_t e = 0; e < n && !cap->place && names < MOST_NAMES; e++) {
        if (effects[e].warning != cap->warning->number || effects[e].place == last) continue;
        if (names++) NWC__TRY(nwc__xml_raw(to, strcmp(language->language, "zh") == 0 ? "、" : ", "));
        last = effects[e].place;
        NWC__TRY(nwc__xml_raw(to, cap->hazard->places[last].name));
    }
    if (cap->place || names) return nwc__buffer_extend(to, 1, &at);
    char place[TEXT];
    const double lon = remainder(area->longitude, 360.0);
    snprintf(place, sizeof place, "%d.%02d%s %d.%02d%s", (int)(rint(fabs(area->latitude) * 100.0)) / 100,
             (int)(rint(fabs(area->latitude) * 100.0)) % 100, area->latitude < 0.0 ? "S" : "N",
             (int)(rint(fabs(lon) * 100.0)) / 100, (int)(rint(fabs(lon) * 100.0)) % 100, lon < 0.0 ? "W" : "E");
    return nwc__fill(to, language->around, (const struct nwc__filler[]){{"place", place}}, 1);
}

/* ---- what is said in one language ---- */

static nwc_status put_parameter(struct nwc__buffer *to, const char *name, const char *value)
{
    NWC__TRY(nwc__xml_raw(to, "<parameter>\n"));
    NWC__TRY(nwc__xml_element(to, "valueName", name));
    NWC__TRY(nwc__xml_element(to, "value", value));
    return nwc__xml_raw(to, "</parameter>\n");
}

static nwc_status put_parameters(const struct cap *cap)
{
    char text[TEXT];
    const struct nwc__warning *const warning = cap->warning;
    snprintf(text, sizeof text, "%lld", (long long)warning->number);
    NWC__TRY(put_parameter(cap->xml, "warning", text));
    snprintf(text, sizeof text, "%d of %d", (int)warning->area.level, (int)cap->options->n_levels);
    NWC__TRY(put_parameter(cap->xml, "level", text));
    if (cap->options->n_levels == LEVELS)
        NWC__TRY(put_parameter(cap->xml, "colour", nwc__cap_language("en")->levels[cap->from_top]));
    snprintf(text, sizeof text, "%d", (int)rint(100.0 * warning->area.probability));
    NWC__TRY(put_parameter(cap->xml, "probabilityPercent", text));
    if (isfinite(warning->speed_m_s)) {
        snprintf(text, sizeof text, "%d km/h towards %d degrees", (int)rint(3.6 * warning->speed_m_s),
                 (int)rint(warning->towards_deg) % 360);
        NWC__TRY(put_parameter(cap->xml, "motion", text));
    }
    return put_parameter(cap->xml, "approval", cap->event->by[0] ? "approved" : "automatic guidance");
}

static nwc_status put_judgement(const struct cap *cap)
{
    static const char *const severities[LEVELS] = {"Extreme", "Severe", "Moderate", "Minor"};
    const struct nwc__area *const area = &cap->warning->area;
    const int64_t sent_ns = cap->event->event.time_ns, hour_ns = (int64_t)(HOUR_S * NWC__SECOND_NS);
    const bool now = area->onset_ns <= sent_ns, soon = area->onset_ns - sent_ns <= hour_ns;
    NWC__TRY(nwc__xml_element(cap->xml, "responseType", is_over(cap) ? "AllClear" : "Monitor"));
    NWC__TRY(nwc__xml_element(cap->xml, "urgency",
                              is_over(cap) ? "Past"
                              : now        ? "Immediate"
                              : soon       ? "Expected"
                                           : "Future"));
    NWC__TRY(nwc__xml_element(cap->xml, "severity",
                              cap->options->chinese ? nwc__cap_language("en")->levels[cap->from_top]
                                                    : severities[cap->from_top]));
    NWC__TRY(nwc__xml_element(cap->xml, "certainty",
                              area->probability >= 1.0 && now ? "Observed"
                              : area->probability >= 0.5      ? "Likely"
                                                              : "Possible"));
    if (!cap->options->event_code) return NWC_OK;
    NWC__TRY(nwc__xml_raw(cap->xml, "<eventCode>\n<valueName>eventType</valueName>\n"));
    NWC__TRY(nwc__xml_element(cap->xml, "value", cap->options->event_code));
    return nwc__xml_raw(cap->xml, "</eventCode>\n");
}

static nwc_status put_texts(const struct cap *cap, const struct nwc__cap_language *language, const char *title,
                            const char *where)
{
    const struct nwc__warning *const warning = cap->warning;
    char onset[NWC__CAP_TIME], end[NWC__CAP_TIME], percent[16], speed[16], number[16];
    struct nwc__buffer text = {.ctx = &cap->hazard->memory};
    nwc__cap_time(warning->area.onset_ns, cap->options->chinese, onset);
    nwc__cap_time(warning->area.end_ns, cap->options->chinese, end);
    snprintf(percent, sizeof percent, "%d", (int)rint(100.0 * warning->area.probability));
    snprintf(number, sizeof number, "%d", (int)warning->area.level);
    const bool moves = isfinite(warning->speed_m_s);
    snprintf(speed, sizeof speed, "%d", moves ? (int)rint(3.6 * warning->speed_m_s) : 0);
    struct nwc__filler fillers[] = {{"number", number},
                                    {"hazard", title},
                                    {"where", where},
                                    {"onset", onset},
                                    {"end", end},
                                    {"percent", percent},
                                    {"speed", speed},
                                    {"level", language->levels[cap->from_top]},
                                    {"grade", language->grades[cap->from_top]},
                                    {"sender",
                                     cap->options->sender_name ? cap->options->sender_name : cap->options->sender},
                                    {"towards",
                                     language->points[moves ? (int)rint(warning->towards_deg / 45.0) % 8 : 0]}};
    const int n = (int)(sizeof fillers / sizeof *fillers);
    struct nwc__buffer level = {.ctx = text.ctx};
    nwc_status status = nwc__fill(&level, language->any_level, fillers, n);
    if (status == NWC_OK && cap->options->n_levels != LEVELS)
        fillers[7].text = fillers[8].text = (const char *)level.data;
    if (status == NWC_OK) status = nwc__fill(&text, language->headline, fillers, n);
    if (status == NWC_OK) status = nwc__xml_element(cap->xml, "headline", (const char *)text.data);
    const bool now = warning->area.onset_ns <= cap->event->event.time_ns;
    text.size = 0;
    if (status == NWC_OK)
        status = nwc__fill(&text,
                           is_over(cap) ? language->over
                           : now        ? language->going_on
                                        : language->coming,
                           fillers, n);
    text.size -= status == NWC_OK; /* what follows goes on behind it */
    if (status == NWC_OK) status = nwc__fill(&text, moves && !is_over(cap) ? language->motion : "", fillers, n);
    text.size -= status == NWC_OK;
    if (status == NWC_OK) status = nwc__fill(&text, cap->event->by[0] ? "" : language->automatic, fillers, n);
    if (status == NWC_OK) status = nwc__xml_element(cap->xml, "description", (const char *)text.data);
    nwc__free(text.ctx, level.data);
    nwc__free(text.ctx, text.data);
    return status;
}

static nwc_status put_info(const struct cap *cap, const struct nwc__cap_language *language)
{
    const struct nwc__warning *const warning = cap->warning;
    const char *const title = nwc__cap_title(cap->options, warning->hazard, language->language);
    char effective[NWC__CAP_TIME], onset[NWC__CAP_TIME], expires[NWC__CAP_TIME];
    struct nwc__buffer where = {.ctx = &cap->hazard->memory};
    nwc__cap_time(cap->event->event.time_ns, cap->options->chinese, effective);
    nwc__cap_time(warning->area.onset_ns, cap->options->chinese, onset);
    nwc__cap_time(warning->expires_ns, cap->options->chinese, expires);
    nwc_status status = name_where(cap, language, &where);
    if (status == NWC_OK) status = nwc__xml_raw(cap->xml, "<info>\n");
    if (status == NWC_OK) status = nwc__xml_element(cap->xml, "language", language->tag);
    if (status == NWC_OK) status = nwc__xml_element(cap->xml, "category", "Met");
    if (status == NWC_OK) status = nwc__xml_element(cap->xml, "event", title);
    if (status == NWC_OK) status = put_judgement(cap);
    if (status == NWC_OK) status = nwc__xml_element(cap->xml, "effective", effective);
    if (status == NWC_OK) status = nwc__xml_element(cap->xml, "onset", onset);
    if (status == NWC_OK) status = nwc__xml_element(cap->xml, "expires", expires);
    if (status == NWC_OK) status = nwc__xml_element(cap->xml, "senderName", cap->options->sender_name);
    if (status == NWC_OK) status = put_texts(cap, language, title, (const char *)where.data);
    if (status == NWC_OK) status = put_parameters(cap);
    if (status == NWC_OK) status = put_area(cap, (const char *)where.data);
    if (status == NWC_OK) status = nwc__xml_raw(cap->xml, "</info>\n");
    nwc__free(where.ctx, where.data);
    return status;
}

nwc_status nwc_hazard_cap(nwc_hazard *hazard, int64_t event, const nwc_hazard_cap_options *given, const char **xml)
{
    nwc_hazard_cap_options options;
    uint8_t *at;
    nwc_hazard_cap_options_init(&options);
    if (!hazard || !xml) return nwc__fail(NWC_ERR_ARG, "hazard, xml: warnings and a place for the text expected");
    NWC__TRY(nwc__take_options(&options, sizeof options, given, "options"));
    NWC__TRY(check_options(&options));
    const int64_t n = hazard->moment.events.size / (int64_t)sizeof(struct nwc__event);
    if (event < 0 || event >= n)
        return nwc__fail(NWC_ERR_ARG, "event: 0 to below %lld expected, %lld given", (long long)n, (long long)event);
    struct cap cap = {.hazard = hazard,
                      .options = &options,
                      .event = nwc__event_at(&hazard->moment, event),
                      .xml = &hazard->message};
    if (cap.event->event.kind == NWC_HAZARD_EXPIRE)
        return nwc__fail(NWC_ERR_NODATA, "event: one with a message expected, what expires needs none");
    cap.warning = nwc__warning_numbered(&hazard->moment, cap.event->event.warning);
    cap.place = cap.warning->place[0] ? nwc__place_named(hazard, cap.warning->place) : NULL;
    const int32_t down = options.n_levels - cap.warning->area.level;
    cap.from_top = down < 0 ? 0 : down >= LEVELS ? LEVELS - 1 : down;
    hazard->message.size = 0;
    NWC__TRY(nwc__xml_raw(
        cap.xml,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n"));
    NWC__TRY(put_head(&cap));
    for (int32_t l = 0; l < options.n_languages; l++) NWC__TRY(put_info(&cap, nwc__cap_language(options.languages[l])));
    NWC__TRY(nwc__xml_raw(cap.xml, "</alert>\n"));
    NWC__TRY(nwc__buffer_extend(cap.xml, 1, &at));
    *xml = (const char *)hazard->message.data;
    return NWC_OK;
}

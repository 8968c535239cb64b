/* Warnings handed out: as structs, as lines of a journal, as GeoJSON. */
#include "hazard/hazard.h"

#include "core/json.h"

static const char *const kinds[] = {"issue", "update", "upgrade", "downgrade", "cancel", "expire", "approve"};
static const char *const reasons[] = {"met",     "split",  "area changed", "times changed",   "escalated",
                                      "cleared", "merged", "ended",        "clock went back", "rule or place removed",
                                      "person"};

nwc_hazard_warning nwc__warning_shown(const struct nwc__warning *warning)
{
    const struct nwc__area *const area = &warning->area;
    return (nwc_hazard_warning){.number = warning->number,
                                .hazard = warning->hazard,
                                .place = warning->place[0] ? warning->place : NULL,
                                .level = area->level,
                                .active = warning->active,
                                .approved = warning->approved,
                                .message = warning->message,
                                .issued_ns = warning->issued_ns,
                                .sent_ns = warning->sent_ns,
                                .onset_ns = area->onset_ns,
                                .end_ns = area->end_ns,
                                .expires_ns = warning->expires_ns,
                                .probability = area->probability,
                                .area_m2 = area->area_m2,
                                .longitude_deg = area->longitude,
                                .latitude_deg = area->latitude,
                                .storm = warning->storm,
                                .speed_m_s = warning->speed_m_s,
                                .towards_deg = warning->towards_deg,
                                .n_points = area->n,
                                .ring_longitude_deg = area->n ? area->lon : NULL,
                                .ring_latitude_deg = area->n ? area->lat : NULL};
}

/* ---- the journal ---- */

static nwc_status put_time(struct nwc__buffer *to, const char *key, int64_t time_ns)
{
    NWC__TRY(nwc__json_raw(to, key));
    return nwc__json_time(to, time_ns);
}

static nwc_status put_number(struct nwc__buffer *to, const char *key, double number, int digits)
{
    NWC__TRY(nwc__json_raw(to, key));
    return nwc__json_number(to, number, digits);
}

static nwc_status put_integer(struct nwc__buffer *to, const char *key, int64_t number)
{
    NWC__TRY(nwc__json_raw(to, key));
    return nwc__json_integer(to, number);
}

static nwc_status put_text(struct nwc__buffer *to, const char *key, const char *text)
{
    NWC__TRY(nwc__json_raw(to, key));
    return nwc__json_text(to, text);
}

static nwc_status put_line(struct nwc__buffer *to, const struct nwc__event *what, const struct nwc__warning *warning)
{
    const nwc_hazard_event *const event = &what->event;
    const struct nwc__area *const area = &warning->area;
    NWC__TRY(put_time(to, "{\"time\":", event->time_ns));
    NWC__TRY(put_integer(to, ",\"warning\":", event->warning));
    NWC__TRY(put_integer(to, ",\"message\":", event->message));
    NWC__TRY(put_text(to, ",\"event\":", kinds[event->kind]));
    NWC__TRY(put_text(to, ",\"reason\":", reasons[event->reason]));
    NWC__TRY(put_text(to, ",\"hazard\":", warning->hazard));
    NWC__TRY(put_text(to, ",\"place\":", warning->place[0] ? warning->place : NULL));
    NWC__TRY(put_integer(to, ",\"level\":", event->level));
    NWC__TRY(put_integer(to, ",\"level_before\":", event->level_before));
    if (event->other) NWC__TRY(put_integer(to, ",\"other\":", event->other));
    NWC__TRY(put_time(to, ",\"onset\":", area->onset_ns));
    NWC__TRY(put_time(to, ",\"end\":", area->end_ns));
    NWC__TRY(put_time(to, ",\"expires\":", warning->expires_ns));
    NWC__TRY(put_number(to, ",\"probability\":", area->probability, 3));
    NWC__TRY(put_number(to, ",\"area_km2\":", 1e-6 * area->area_m2, 6));
    if (what->by[0]) NWC__TRY(put_text(to, ",\"by\":", what->by));
    return nwc__json_raw(to, "}\n");
}

nwc_status nwc__moment_show(struct nwc__moment *moment)
{
    const int64_t n_warnings = nwc__warnings_of(moment);
    const int64_t n_events = moment->events.size / (int64_t)sizeof(struct nwc__event);
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(&moment->shown_warnings, n_warnings * (int64_t)sizeof(nwc_hazard_warning), &at));
    for (int64_t w = 0; w < n_warnings; w++)
        ((nwc_hazard_warning *)(void *)at)[w] = nwc__warning_shown(nwc__warning_at(moment, w));
    NWC__TRY(nwc__buffer_extend(&moment->shown_events, n_events * (int64_t)sizeof(nwc_hazard_event), &at));
    for (int64_t e = 0; e < n_events; e++) {
        const struct nwc__event *const event = nwc__event_at(moment, e);
        ((nwc_hazard_event *)(void *)moment->shown_events.data)[e] = event->event;
        NWC__TRY(put_line(&moment->journal, event, nwc__warning_numbered(moment, event->event.warning)));
    }
    return nwc__buffer_extend(&moment->journal, 1, &at); /* a zero */
}

/* ---- GeoJSON ---- */

enum { DIGITS = 6 };

static nwc_property number_of(const char *name, double number)
{
    return (nwc_property){.name = name, .kind = NWC_PROPERTY_NUMBER, .digits = DIGITS, .number = number};
}

static nwc_property integer_of(const char *name, int64_t integer, int32_t kind)
{
    return (nwc_property){.name = name, .kind = kind, .integer = integer};
}

static nwc_property text_of(const char *name, const char *text)
{
    return (nwc_property){.name = name, .kind = NWC_PROPERTY_TEXT, .text = text};
}

static nwc_status put_warning(const nwc_hazard *hazard, const struct nwc__warning *warning, nwc_geojson *geojson)
{
    const struct nwc__area *const area = &warning->area;
    const struct nwc__place_kept *const place = area->n ? NULL : nwc__place_named(hazard, warning->place);
    const nwc_property properties[] = {
        integer_of("warning", warning->number, NWC_PROPERTY_INTEGER),
        text_of("status", warning->approved ? "approved" : "automatic guidance"),
        text_of("hazard", warning->hazard),
        integer_of("level", area->level, NWC_PROPERTY_INTEGER),
        text_of("place", place ? place->id : NULL),
        text_of("name", place ? place->name : NULL),
        number_of("probability", area->probability),
        integer_of("issued", warning->issued_ns, NWC_PROPERTY_TIME),
        integer_of("sent", warning->sent_ns, NWC_PROPERTY_TIME),
        integer_of("onset", area->onset_ns, NWC_PROPERTY_TIME),
        integer_of("end", area->end_ns, NWC_PROPERTY_TIME),
        integer_of("expires", warning->expires_ns, NWC_PROPERTY_TIME),
        integer_of("message", warning->message, NWC_PROPERTY_INTEGER),
        number_of("area_km2", 1e-6 * area->area_m2),
        number_of("speed", warning->speed_m_s),
        number_of("towards", warning->towards_deg),
    };
    const nwc_feature feature = {.shape = place && !place->n_parts ? NWC_SHAPE_POINT : NWC_SHAPE_POLYGON,
                                 .n_parts = place ? place->n_parts : 0,
                                 .part_points = place ? place->part_points : NULL,
                                 .hole = place ? place->hole : NULL,
                                 .n_points = place ? place->n_points : area->n,
                                 .longitude_deg = place ? place->lon : area->lon,
                                 .latitude_deg = place ? place->lat : area->lat,
                                 .n_properties = (int32_t)(sizeof properties / sizeof *properties),
                                 .properties = properties};
    return nwc_geojson_add(geojson, &feature, 1);
}

nwc_status nwc_hazard_geojson(const nwc_hazard *hazard, nwc_geojson *geojson)
{
    if (!hazard || !geojson) return nwc__fail(NWC_ERR_ARG, "hazard, geojson: warnings and a collection expected");
    for (int64_t w = 0; w < nwc__warnings_of(&hazard->moment); w++)
        if (nwc__warning_at(&hazard->moment, w)->active)
            NWC__TRY(put_warning(hazard, nwc__warning_at(&hazard->moment, w), geojson));
    return NWC_OK;
}

nwc_status nwc_hazard_areas_geojson(const nwc_hazard_areas *areas, nwc_geojson *geojson)
{
    const nwc_hazard_area *list;
    int64_t n;
    NWC__TRY(nwc_hazard_areas_lend(areas, &list, &n));
    for (int64_t a = 0; a < n; a++) {
        const nwc_property properties[] = {
            text_of("hazard", list[a].hazard),
            integer_of("level", list[a].level, NWC_PROPERTY_INTEGER),
            text_of("status", "automatic guidance"),
            number_of("probability", list[a].probability),
            integer_of("onset", list[a].onset_ns, NWC_PROPERTY_TIME),
            integer_of("end", list[a].end_ns, NWC_PROPERTY_TIME),
            number_of("area_km2", 1e-6 * list[a].area_m2),
        };
        const nwc_feature feature = {.shape = NWC_SHAPE_POLYGON,
                                     .n_points = list[a].n_points,
                                     .longitude_deg = list[a].ring_longitude_deg,
                                     .latitude_deg = list[a].ring_latitude_deg,
                                     .n_properties = (int32_t)(sizeof properties / sizeof *properties),
                                     .properties = properties};
        NWC__TRY(nwc_geojson_add(geojson, &feature, 1));
    }
    return NWC_OK;
}

/* What the parts of a CAP message share: XML text, and templates by language. */
#ifndef NWC_HAZARD_CAP_H
#define NWC_HAZARD_CAP_H

#include "hazard/hazard.h"

enum { NWC__CAP_TIME = 32 /* bytes of a time as text */ };

/* A placeholder of a template, and what stands in its place. */
struct nwc__filler {
    const char *name, *text;
};

/* The texts of one language; placeholders are {hazard} {level} {grade} {sender} {where} {onset} {end} {percent} {speed} {towards}. */
struct nwc__cap_language {
    const char *language, *tag;        /* "en", "en" of CAP */
    const char *levels[4], *grades[4]; /* from the highest down */
    const char *any_level;             /* where there are not four; {number} */
    const char *headline, *coming, *going_on, *over, *motion, *automatic, *around;
    const char *points[8]; /* of the compass, from north on clockwise */
};

/* NULL for a language without templates. */
const struct nwc__cap_language *nwc__cap_language(const char *language);
/* What a hazard is called: by the titles given, by those the library has, or by itself. */
const char *nwc__cap_title(const nwc_hazard_cap_options *options, const char *hazard, const char *language);

/* Text in which &, < and > are escaped, and what is no UTF-8 or a control character is "?". */
nwc_status nwc__xml_text(struct nwc__buffer *to, const char *text);
/* <name>text</name> and a line's end; nothing for NULL. */
nwc_status nwc__xml_element(struct nwc__buffer *to, const char *name, const char *text);
nwc_status nwc__xml_raw(struct nwc__buffer *to, const char *text);

/* A template with its placeholders filled, and a zero at the end. */
nwc_status nwc__fill(struct nwc__buffer *to, const char *template, const struct nwc__filler *fillers, int n);

/* A time as CAP has it: UTC as -00:00, or of Beijing. */
void nwc__cap_time(int64_t time_ns, bool beijing, char text[NWC__CAP_TIME]);

/* The rings of a place, made simple, without holes, and cut at 180 degrees; or of an area. */
struct nwc__paths;
nwc_status nwc__shape_rings(nwc_ctx *ctx, int32_t n_parts, const int64_t *points, const uint8_t *hole,
                            const double *lon, const double *lat, struct nwc__paths *rings);

#endif

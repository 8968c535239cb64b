/* Words of CAP messages: templates and names in English and Chinese, XML text, times. */
#include "hazard/cap.h"

#include <stdio.h>

static const struct nwc__cap_language languages[] = {
    {.language = "en",
     .tag = "en-GB",
     .levels = {"Red", "Orange", "Yellow", "Blue"},
     .grades = {"I", "II", "III", "IV"},
     .any_level = "Level {number}",
     .headline = "{level} warning of {hazard}, {where}",
     .coming = "{hazard} is expected from {onset} to {end}, with a probability of {percent} %.",
     .going_on = "{hazard} goes on, and is expected until {end}, with a probability of {percent} %.",
     .over = "The warning of {hazard} is over.",
     .motion = " The storm moves {towards} at {speed} km/h.",
     .automatic = " Automatic guidance, not approved by a forecaster.",
     .around = "around {place}",
     .points = {"north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"}},
    {.language = "zh",
     .tag = "zh-CN",
     .levels = {"红色", "橙色", "黄色", "蓝色"},
     .grades = {"I级/特别严重", "II级/严重", "III级/较重", "IV级/一般"},
     .any_level = "{number}级",
     .headline = "{sender}发布{hazard}{level}预警信号[{grade}]",
     .coming = "预计{onset}至{end}，{where}将出现{hazard}，概率{percent}%。",
     .going_on = "{where}已出现{hazard}，预计持续至{end}，概率{percent}%。",
     .over = "{where}{hazard}预警信号解除。",
     .motion = "强对流系统以{speed}公里/小时的速度向{towards}方向移动。",
     .automatic = "本信息为自动生成的参考产品，未经预报员审核。",
     .around = "{place}附近",
     .points = {"北", "东北", "东", "东南", "南", "西南", "西", "西北"}},
};

static const nwc_hazard_title known_titles[] = {
    {"rain", "en", "rainstorm"},
    {"rain", "zh", "暴雨"},
    {"heavy_rain", "en", "short-duration heavy rain"},
    {"heavy_rain", "zh", "短时强降水"},
    {"gale", "en", "gale"},
    {"gale", "zh", "大风"},
    {"thunderstorm_gale", "en", "thunderstorm gale"},
    {"thunderstorm_gale", "zh", "雷雨大风"},
    {"hail", "en", "hail"},
    {"hail", "zh", "冰雹"},
    {"lightning", "en", "lightning"},
    {"lightning", "zh", "雷电"},
    {"convection", "en", "severe convection"},
    {"convection", "zh", "强对流"},
    {"tornado", "en", "tornado signature"},
    {"tornado", "zh", "龙卷"},
};

const struct nwc__cap_language *nwc__cap_language(const char *language)
{
    for (size_t l = 0; l < sizeof languages / sizeof *languages; l++)
        if (language && strcmp(languages[l].language, language) == 0) return &languages[l];
    return NULL;
}

static const char *title_in(const nwc_hazard_title *titles, int32_t n, const char *hazard, const char *language)
{
    for (int32_t t = 0; t < n; t++)
        if (strcmp(titles[t].hazard, hazard) == 0 && strcmp(titles[t].language, language) == 0) return titles[t].title;
    return NULL;
}

const char *nwc__cap_title(const nwc_hazard_cap_options *options, const char *hazard, const char *language)
{
    const char *title = title_in(options->titles, options->n_titles, hazard, language);
    if (!title) title = title_in(known_titles, (int32_t)(sizeof known_titles / sizeof *known_titles), hazard, language);
    return title ? title : hazard;
}

/* ---- XML ---- */

static nwc_status put(struct nwc__buffer *to, const char *text, int64_t n)
{
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(to, n, &at));
    if (n) memcpy(at, text, (size_t)n);
    return NWC_OK;
}

nwc_status nwc__xml_raw(struct nwc__buffer *to, const char *text)
{
    return put(to, text, (int64_t)strlen(text));
}

/* Bytes of the character of UTF-8 that begins here; 0 for none that XML may hold. */
static int64_t character(const uint8_t *at)
{
    const uint8_t first = at[0];
    const int64_t n = first < 0x80                    ? 1
                      : first >= 0xC2 && first < 0xE0 ? 2
                      : first >= 0xE0 && first < 0xF0 ? 3
                      : first >= 0xF0 && first < 0xF5 ? 4
                                                      : 0;
    if (n == 1) return first >= 0x20 || first == '\n' || first == '\t';
    for (int64_t b = 1; b < n; b++)
        if ((at[b] & 0xC0) != 0x80) return 0;
    if (n == 3 && ((first == 0xE0 && at[1] < 0xA0) || (first == 0xED && at[1] > 0x9F))) return 0;
    if (n == 3 && first == 0xEF && at[1] == 0xBF && at[2] > 0xBD) return 0;
    if (n == 4 && ((first == 0xF0 && at[1] < 0x90) || (first == 0xF4 && at[1] > 0x8F))) return 0;
    return n;
}

nwc_status nwc__xml_text(struct nwc__buffer *to, const char *text)
{
    for (const uint8_t *at = (const uint8_t *)text; *at;) {
        const int64_t n = character(at);
        const char *const escaped = *at == '&' ? "&amp;" : *at == '<' ? "&lt;" : *at == '>' ? "&gt;" : n ? NULL : "?";
        if (escaped)
            NWC__TRY(nwc__xml_raw(to, escaped));
        else
            NWC__TRY(put(to, (const char *)at, n));
        at += n ? n : 1;
    }
    return NWC_OK;
}

nwc_status nwc__xml_element(struct nwc__buffer *to, const char *name, const char *text)
{
    if (!text) return NWC_OK;
    NWC__TRY(nwc__xml_raw(to, "<"));
    NWC__TRY(nwc__xml_raw(to, name));
    NWC__TRY(nwc__xml_raw(to, ">"));
    NWC__TRY(nwc__xml_text(to, text));
    NWC__TRY(nwc__xml_raw(to, "</"));
    NWC__TRY(nwc__xml_raw(to, name));
    return nwc__xml_raw(to, ">\n");
}

/* ---- templates and times ---- */

nwc_status nwc__fill(struct nwc__buffer *to, const char *template, const struct nwc__filler *fillers, int n)
{
    for (const char *at = template; *at;) {
        const char *const open = strchr(at, '{'), *const end = open ? strchr(open, '}') : NULL;
        if (!end) {
            NWC__TRY(nwc__xml_raw(to, at));
            break;
        }
        NWC__TRY(put(to, at, open - at));
        for (int f = 0; f < n; f++)
            if (strlen(fillers[f].name) == (size_t)(end - open - 1) &&
                strncmp(fillers[f].name, open + 1, (size_t)(end - open - 1)) == 0)
                NWC__TRY(nwc__xml_raw(to, fillers[f].text));
        at = end + 1;
    }
    return put(to, "", 1);
}

void nwc__cap_time(int64_t time_ns, bool beijing, char text[NWC__CAP_TIME])
{
    int32_t civil[6];
    nwc__time_to_civil(time_ns + (beijing ? INT64_C(28800000000000) : 0), civil);
    snprintf(text, NWC__CAP_TIME, "%04d-%02d-%02dT%02d:%02d:%02d%s", (int)civil[0] % 10000, (int)civil[1] % 100,
             (int)civil[2] % 100, (int)civil[3] % 100, (int)civil[4] % 100, (int)civil[5] % 100,
             beijing ? "+08:00" : "-00:00");
}

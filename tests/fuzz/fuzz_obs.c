/*
 * Our own decoders of observations, and what is done with tables. The first byte chooses a beginning, behind which the rest is the
 * text, so that it passes what is looked at first. BUFR's elements are made of the bytes; ecCodes is left out.
 */
#include "fuzz.h"
#include "obs/format/bufr_elements.h"

#include <stdlib.h>

typedef struct {
    const char *decoder;
    nwc__obs_read_fn *read;
    const char *start;
} form;

static const form forms[] = {
    {"wyoming", nwc__wyoming_read, ""},
    {"wyoming", nwc__wyoming_read,
     "   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SKNT\n    hPa     m      C      C      %  "
     "  g/kg    deg   knot\n"},
    {"bufkit", nwc__bufkit_read, ""},
    {"bufkit", nwc__bufkit_read, "SNPARM = PRES;TMPC;DWPC;DRCT;SKNT;OMEG;HGHT STID = OUN STNM = 1 TIME = 181219/0400 "},
    {"bufkit", nwc__bufkit_read, "SNPARM = PRES;TMPC PRES TMPC 1 2 STN YYMMDD/HHMM PMSL PRES P01M "},
    {"metar", nwc__metar_read, ""},
    {"metar", nwc__metar_read, "METAR KHSV 110053Z "},
    {"metar", nwc__metar_read, "KHSV 110053Z 17014KT 10SM 24/17 A2986 RMK "},
    {"csv", nwc__csv_read, ""},
    {"csv", nwc__csv_read, "station,time,lat,lon,height,tmpf,p01i,type,peakcurrent\n"},
    {"csv", nwc__csv_read, "time;electric_field\n"},
    {"cma_profiler", nwc__cma_profiler_read, ""},
    {"cma_profiler", nwc__cma_profiler_read, "WNDROBS 01.20\n58259 120.9 32.0 5.3 LC 20260601061200\nROBS\n"},
    {"cma_profiler", nwc__cma_profiler_read, "WNDROBS "},
    {"lma", nwc__lma_read, ""},
    {"lma", nwc__lma_read, "Data start time: 12/24/23 00:57:12\n*** data ***\n"},
    {"uspln", nwc__uspln_read, ""},
    {"uspln", nwc__uspln_read, "USPLN-LIGHTNING\n"},
    {"nldn", nwc__nldn_read, ""},
    {"nldn", nwc__nldn_read, "12/24/23 "},
};

enum { MOST_BYTES = 1 << 20, MOST_CHECKED = 400, ELEMENT = 4 };

static void read_text(nwc_ctx *ctx, const form *chosen, const uint8_t *bytes, size_t size, nwc_obs *obs)
{
    const struct nwc__obs_hints hints = {.near_ns = INT64_C(1207915200000000000), .kind = NWC_OBS_SURFACE};
    const size_t start = strlen(chosen->start);
    uint8_t *const text = malloc(start + size + 1); /* no zero behind it */
    if (!text) return;
    memcpy(text, chosen->start, start);
    memcpy(text + start, bytes, size);
    (void)chosen->read(ctx, text, (int64_t)(start + size), &hints, obs);
    (void)nwc__is_csv(text, (int64_t)(start + size));
    (void)nwc__is_metar(text, (int64_t)(start + size));
    (void)nwc__is_nldn(text, (int64_t)(start + size));
    free(text);
}

/* Elements of four bytes each: two that choose the code, two for the value. */
static void read_elements(const uint8_t *bytes, size_t size, nwc_obs *obs)
{
    static const int32_t codes[] = {1001,  1002,  2003,  4001,  4002,  4003,  4004,  4015,  4024,  4025,  4065,  4086,
                                    5001,  5015,  6001,  6015,  7001,  7003,  7004,  7006,  7007,  7030,  7031,  7032,
                                    10003, 10004, 10009, 10051, 11001, 11002, 11003, 11004, 11005, 11006, 11041, 11043,
                                    12101, 12103, 13003, 13011, 13019, 13023, 20001, 20003, 20010, 20013, 31001, 33002};
    const int64_t n = (int64_t)(size / ELEMENT);
    struct nwc__bufr_element *const elements = malloc((size_t)(n + 1) * sizeof *elements);
    if (!elements) return;
    for (int64_t e = 0; e < n; e++) {
        const uint8_t *const at = bytes + ELEMENT * e;
        const int value = at[2] << 8 | at[3];
        elements[e] = (struct nwc__bufr_element){.code = codes[at[0] % (sizeof codes / sizeof codes[0])],
                                                 .value = value == 65535 ? (double)NAN
                                                                         : value * (at[1] % 16 ? at[1] % 16 : 1e12) -
                                                                               (at[1] & 16 ? 32768.0 : 0.0)};
    }
    (void)nwc__bufr_subset(obs, size ? bytes[0] % 7 : 0, elements, n);
    free(elements);
}

static void walk_messages(const uint8_t *bytes, size_t size)
{
    for (int64_t at = 0, length; at < (int64_t)size; at += length) {
        const char *reason;
        if (!nwc__bufr_next(bytes, (int64_t)size, &at, &length, &reason)) continue;
        uint8_t *const message = malloc((size_t)length);
        if (!message) return;
        memcpy(message, bytes + at, (size_t)length);
        (void)nwc__bufr_without_local(message, length);
        free(message);
    }
}

/* All that is done with tables, on one of some rows. */
static void use(nwc_ctx *ctx, nwc_obs *obs)
{
    nwc_obs_facts facts;
    nwc_obs *selected;
    (void)nwc_obs_describe(obs, &facts);
    if (facts.n_rows > MOST_CHECKED) return;
    (void)nwc_obs_derive(ctx, obs);
    (void)nwc_obs_check(ctx, obs, NULL);
    (void)nwc_obs_sort(obs, facts.n_rows % 3 ? NWC_OBS_BY_TIME : NWC_OBS_BY_REPORT);
    if (nwc_obs_select(ctx, obs, NULL, &selected) != NWC_OK) return;
    (void)nwc_obs_append(selected, obs);
    nwc_obs_destroy(selected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1) return 0;
    nwc_ctx *const ctx = nwc__ctx(NULL);
    nwc_obs *obs;
    if (nwc__obs_create(ctx, "", MOST_BYTES, &obs) != NWC_OK) return 0;
    if (fuzz_is_for("bufr_elements"))
        read_elements(bytes + 1, size - 1, obs);
    else if (fuzz_is_for("bufr_message"))
        walk_messages(bytes + 1, size - 1);
    else
        read_text(ctx, FUZZ_ROW(forms, bytes[0]), bytes + 1, size - 1, obs);
    use(ctx, obs);
    nwc_obs_destroy(obs);
    return 0;
}

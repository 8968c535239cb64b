/* Warnings as bytes: what goes on from run to run, in one walk. */
#include "hazard/hazard.h"

#include "core/walk.h"

enum { VERSION = 1, WARNING_NUMBERS = 30 };

static const char mark[NWC__WALK_MARK + 1] = "NWCWARNS";

static void walk_area(struct nwc__walk *walk, struct nwc__area *area)
{
    nwc__walk_small(walk, &area->level), nwc__walk_small(walk, &area->rule);
    nwc__walk_real(walk, &area->probability), nwc__walk_real(walk, &area->area_m2);
    nwc__walk_integer(walk, &area->onset_ns), nwc__walk_integer(walk, &area->end_ns);
    nwc__walk_real(walk, &area->longitude), nwc__walk_real(walk, &area->latitude);
    int64_t n = area->n;
    nwc__walk_count(walk, &n, 2);
    if (walk->status == NWC_OK && n > NWC_HAZARD_MOST_POINTS)
        walk->status = nwc__fail(NWC_ERR_FORMAT, "state: a ring of at most %d points expected, %lld found",
                                 NWC_HAZARD_MOST_POINTS, (long long)n);
    if (walk->status != NWC_OK) return;
    area->n = (int32_t)n;
    for (int64_t k = 0; k < n; k++) nwc__walk_real(walk, &area->lon[k]), nwc__walk_real(walk, &area->lat[k]);
}

static void walk_warning(struct nwc__walk *walk, struct nwc__warning *warning)
{
    int64_t *const integers[] = {&warning->number,   &warning->message,        &warning->issued_ns,
                                 &warning->sent_ns,  &warning->expires_ns,     &warning->draft_message,
                                 &warning->draft_ns, &warning->actual_message, &warning->actual_ns,
                                 &warning->below_ns, &warning->met_ns,         &warning->storm};
    for (size_t n = 0; n < sizeof integers / sizeof *integers; n++) nwc__walk_integer(walk, integers[n]);
    nwc__walk_small(walk, &warning->active), nwc__walk_small(walk, &warning->approved);
    nwc__walk_small(walk, &warning->met_level);
    nwc__walk_real(walk, &warning->hold_s), nwc__walk_real(walk, &warning->valid_s);
    nwc__walk_real(walk, &warning->speed_m_s), nwc__walk_real(walk, &warning->towards_deg);
    nwc__walk_text(walk, warning->hazard, sizeof warning->hazard);
    nwc__walk_text(walk, warning->place, sizeof warning->place);
    walk_area(walk, &warning->area);
}

static void walk_moment(struct nwc__walk *walk, struct nwc__moment *moment)
{
    int64_t n = nwc__warnings_of(moment);
    uint8_t *at;
    nwc__walk_integer(walk, &moment->time_ns), nwc__walk_integer(walk, &moment->next_number);
    nwc__walk_count(walk, &n, WARNING_NUMBERS);
    if (walk->status != NWC_OK) return;
    if (!walk->to) walk->status = nwc__buffer_extend(&moment->warnings, n * (int64_t)sizeof(struct nwc__warning), &at);
    for (int64_t w = 0; w < n && walk->status == NWC_OK; w++) walk_warning(walk, nwc__warning_at(moment, w));
}

nwc_status nwc_hazard_save(nwc_hazard *hazard, const uint8_t **bytes, int64_t *size)
{
    if (!hazard || !bytes || !size)
        return nwc__fail(NWC_ERR_ARG, "hazard, bytes, size: warnings and places for their bytes expected");
    struct nwc__walk walk = nwc__walk_write(&hazard->saved, mark, VERSION);
    walk_moment(&walk, &hazard->moment);
    const nwc_status status = nwc__walk_close(&walk);
    *bytes = hazard->saved.data, *size = hazard->saved.size;
    return status;
}

/* What no warning can be: the sum does not tell who wrote. */
static nwc_status check_moment(const struct nwc__moment *moment)
{
    int64_t last = 0;
    for (int64_t w = 0; w < nwc__warnings_of(moment); w++) {
        const struct nwc__warning *const warning = nwc__warning_at(moment, w);
        const struct nwc__area *const area = &warning->area;
        bool good = warning->number > last && warning->number < moment->next_number && warning->message > 0 &&
                    area->level >= 1 && area->level <= NWC_HAZARD_MOST_LEVELS && nwc__is_name(warning->hazard) &&
                    (area->n >= 3 || (area->n == 0 && warning->place[0])) && fabs(area->longitude) <= 1080.0 &&
                    fabs(area->latitude) <= 90.0 && warning->hold_s >= 0.0 && warning->hold_s <= 86400.0 &&
                    warning->valid_s > 0.0 && warning->valid_s <= 86400.0;
        for (int32_t k = 0; k < area->n; k++) good = good && fabs(area->lon[k]) <= 1080.0 && fabs(area->lat[k]) <= 90.0;
        if (!good) return nwc__fail(NWC_ERR_FORMAT, "state: warning %lld is none", (long long)w);
        last = warning->number;
    }
    return NWC_OK;
}

nwc_status nwc_hazard_restore(nwc_hazard *hazard, const uint8_t *bytes, int64_t size)
{
    if (!hazard || !bytes)
        return nwc__fail(NWC_ERR_ARG, "hazard, bytes: warnings and what nwc_hazard_save gave expected, NULL given");
    struct nwc__walk walk = nwc__walk_read(bytes, size, mark, VERSION, "warnings");
    NWC__TRY(walk.status);
    struct nwc__moment made;
    nwc__moment_begin(&hazard->memory, 0, 1, &made);
    walk_moment(&walk, &made);
    nwc_status status = nwc__walk_end(&walk);
    if (status == NWC_OK) status = check_moment(&made);
    if (status == NWC_OK) status = nwc__moment_show(&made);
    if (status == NWC_OK) {
        struct nwc__moment before = hazard->moment;
        hazard->moment = made;
        made = before;
    }
    nwc__moment_release(&hazard->memory, &made);
    return status;
}

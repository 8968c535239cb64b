/* The probability-matched mean (Ebert 2001): where the mean of the members has its values, by rank, those of the members. */
#include "forecast/match.h"
#include "forecast/members.h"

#include <nowcast/forecast_ensemble.h>

static struct nwc__plane plane_of(const nwc_field *field)
{
    return (struct nwc__plane){field->data, field->dim[0], field->dim[1], field->stride[0], field->stride[1]};
}

nwc_status nwc_forecast_matched_mean(nwc_ctx *ctx, const nwc_field *members, int32_t n_members, nwc_field *matched)
{
    ctx = nwc__ctx(ctx);
    NWC__TRY(nwc__check_members(members, n_members));
    NWC__TRY(nwc__check_of_members(matched, "matched", 0, members));
    if (nwc__cells(members) > INT32_MAX / n_members)
        return nwc__fail(NWC_ERR_ARG, "members: at most %d cells in all expected, %d times %lld given", INT32_MAX,
                         (int)n_members, (long long)nwc__cells(members));
    nwc_status status;
    struct nwc__matcher matcher;
    NWC__TRY(nwc__matcher_create(ctx, members->dim[0], &matcher));
    for (int32_t m = 0; m < n_members; m++) {
        const struct nwc__plane member = plane_of(&members[m]);
        status = m == 0 ? nwc__match_target(ctx, &matcher, &member) : nwc__match_more(ctx, &matcher, &member);
        if (status != NWC_OK) goto done;
    }
    if ((status = nwc_forecast_mean(ctx, members, n_members, matched, NULL)) != NWC_OK) goto done;
    const struct nwc__plane mean = plane_of(matched);
    status = nwc__match_ranks(ctx, &matcher, &mean);
done:
    nwc__matcher_destroy(ctx, &matcher);
    return status;
}

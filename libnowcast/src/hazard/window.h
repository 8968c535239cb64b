/* Rain that fell in windows of time, of a few cells of one member at once: running sums, so that any window is a difference. */
#ifndef NWC_HAZARD_WINDOW_H
#define NWC_HAZARD_WINDOW_H

#include "hazard/hazard.h"

enum { NWC__WINDOW_CELLS = 128 };

/* Frames of rain by time, mm h-1, and how long windows are. */
struct nwc__window {
    const nwc_hazard_frame **series;
    int32_t n;
    int64_t window_ns;
    bool same; /* in all members */
};

/* What is worked with. */
struct nwc__window_row {
    const struct nwc__window *window;
    int64_t member, j, i;
    int32_t n;
    double *amount, *known; /* (frame, NWC__WINDOW_CELLS): mm and seconds known since the first frame */
    float *total;           /* what nwc__window_end gives, mm; NaN where less than half is known */
};

nwc_status nwc__window_row_create(nwc_ctx *ctx, const struct nwc__window *window, struct nwc__window_row *row);
void nwc__window_row_release(nwc_ctx *ctx, struct nwc__window_row *row);

/* Take n cells of row j from i on, of a member. False: all of their rain is 0. */
bool nwc__window_begin(struct nwc__window_row *row, int64_t member, int64_t j, int64_t i, int32_t n);
/* Their rain in the window that ends at a frame's time; what is before the first frame counts as none. False: no two frames in it. */
bool nwc__window_end(struct nwc__window_row *row, int64_t end_ns);

/* Row j of a member of a field; a field without members, or with one, is that of all. */
const float *nwc__member_row(const nwc_field *field, int64_t member, int64_t j);

#endif

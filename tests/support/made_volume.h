/* A radar volume made by hand, and two volumes compared: for tests of what writes and reads them. */
#ifndef NWC_TEST_MADE_VOLUME_H
#define NWC_TEST_MADE_VOLUME_H

#include "support/support.h"

enum { MADE_RAYS = 12, MADE_GATES = 24, MADE_SWEEPS = 2 };

/*
 * Two turns of 12 rays. The first has DBZH in gates of 250 m from 2125 m, steps of 0.5 dB, none known in the last two gates;
 * the second DBZH, ZDR (steps of 1/16 dB), PHIDP (steps of 0.01 degrees) and RHOHV (any value) in gates of 500 m from
 * 2250 m, and VRADH, of which some gates are range folded, in gates of 250 m from 2125 m. Whole milliseconds and
 * centimetres per second, and a place that is the same as float.
 */
nwc_status make_volume(nwc_ctx *ctx, nwc_volume **volume);

/* The value of a moment of that volume; NAN and NWC_NOTHING_DBZ where there is none. */
float made_value(const char *name, int64_t ray, int64_t gate);

/* How far what was read may be from what was written. */
struct closeness {
    double degrees;   /* of fixed angles */
    double place_deg; /* of latitude and longitude */
    double altitude_m;
    double speed;   /* of Nyquist speeds, m s-1 */
    double range_m; /* of unambiguous ranges and first gates */
    int64_t time_ns;
    double steps;           /* of values that have steps, in parts of one */
    double ratio;           /* of RHOHV, which has none */
    bool by_time;           /* rays are to be compared in the order of their times */
    bool folded_is_lost;    /* that gates are range folded */
    bool unknown_is_folded; /* reflectivities not observed come back as range folded */
};

/* Fail where read is not what written is, within closeness. Gates at the end that none knows may be missing. */
void assert_same_volume(const nwc_volume *written, const nwc_volume *read, const struct closeness *closeness);

#endif

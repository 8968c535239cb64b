/**
 * @file quality.h  What of a radar volume is weather, and how good each gate is.
 *
 * nwc_quality_filter looks at every sweep that has reflectivities and adds three moments on their gates: QFLAG, the reasons
 * for doubt as bits; QIND, a quality from 0 to 1; DBZHQ, the reflectivity that remains. What the file brought stays as it
 * is.
 */
#ifndef NOWCAST_QUALITY_H
#define NOWCAST_QUALITY_H

#include <nowcast/radar.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Reasons for doubt: bits of the moment QFLAG, whose cells hold their sum. */
typedef enum nwc_quality_flag {
    NWC_QUALITY_NOISE = 1,         /**< too little above the noise to be an echo */
    NWC_QUALITY_SPECKLE = 2,       /**< a few gates alone */
    NWC_QUALITY_CLUTTER = 4,       /**< the ground, where the beam meets it in a normal atmosphere */
    NWC_QUALITY_ANAPROP = 8,       /**< the ground, where the beam should pass above it */
    NWC_QUALITY_SPOKE = 16,        /**< an interfering transmitter: power that does not fall with range */
    NWC_QUALITY_SUN = 32,          /**< the same, where the antenna points at the sun */
    NWC_QUALITY_SECOND_TRIP = 64,  /**< an echo of the pulse before */
    NWC_QUALITY_NON_METEO = 128,   /**< neither weather nor ground: insects, birds, chaff, smoke */
    NWC_QUALITY_BLOCKED = 256,     /**< too much of the beam is behind the ground */
    NWC_QUALITY_ATTENUATED = 512,  /**< so much lies before it that little is known; the gate is kept */
    NWC_QUALITY_UNDER_SPOKE = 1024 /**< an echo stronger than the spoke that overlies it; the gate is kept */
} nwc_quality_flag;

enum {
    NWC_QUALITY_FLAGS = 11,    /**< how many there are */
    NWC_QUALITY_FILTERED = 511 /**< those that take a gate out of DBZHQ */
};

/** Where the ground gives echoes to one radar on dry days. One thread at a time, any number while none adds. */
typedef struct nwc_clutter_map nwc_clutter_map;

/**
 * Make a map that knows nothing yet.
 *
 * @param least_dbz  from which on an echo counts; 5 is usual
 * @param map        out: to be given to nwc_clutter_map_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_clutter_map_create(nwc_ctx *ctx, double least_dbz, nwc_clutter_map **map);

/** Release a map; NULL is accepted. */
NWC_API void nwc_clutter_map_destroy(nwc_clutter_map *map);

/**
 * Look at a volume of a dry day: its DBZH, in sweeps up to 5 degrees, to 300 km, in cells of 1 degree and 500 m. Elevations
 * within 0.2 degrees are one.
 *
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep is so low; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_clutter_map_add(nwc_clutter_map *map, const nwc_volume *volume);

/** How many volumes have been looked at, and how many elevations there are. NULL is accepted for either. */
NWC_API nwc_status nwc_clutter_map_describe(const nwc_clutter_map *map, int32_t *n_volumes, int32_t *n_elevations);

/**
 * Lend what is known at elevation @p index, 0 to n_elevations - 1, until the map changes.
 *
 * @param elevation_deg  out
 * @param often          out: (azimuth, range) part of the volumes with an echo, NaN where fewer than 3 have looked
 * @param mean           out: (azimuth, range) mean dBZ of those echoes, NaN where there was none
 */
NWC_API nwc_status nwc_clutter_map_elevation(const nwc_clutter_map *map, int32_t index, double *elevation_deg,
                                             nwc_field *often, nwc_field *mean);

/**
 * Copy a map out as bytes that are the same on every machine.
 *
 * @param bytes  out; NULL to ask for the size alone
 * @param size   in: bytes there is room for; out: bytes the map takes
 * @return NWC_OK; NWC_ERR_ARG where there is too little room
 */
NWC_API nwc_status nwc_clutter_map_save(const nwc_clutter_map *map, void *bytes, int64_t *size);

/** Make a map of bytes that nwc_clutter_map_save copied out. NWC_ERR_FORMAT for any others. */
NWC_API nwc_status nwc_clutter_map_load(nwc_ctx *ctx, const void *bytes, int64_t size, nwc_clutter_map **map);

/** Fill with nwc_quality_options_init. */
typedef struct nwc_quality_options {
    size_t struct_size;         /**< set by the init function */
    double least_snr_db;        /**< signal to noise ratio below which a gate is noise; -20 to 20, default 1.5 */
    int32_t speckle_gates;      /**< connected areas of fewer gates are speckle; 0 to 1000, default 8 */
    double clutter_score;       /**< from which on a gate is ground; 0 to 1, default 0.6 */
    double non_meteo_score;     /**< from which on a gate is neither ground nor weather; 0 to 1, default 0.6 */
    double blocked;             /**< part of the beam from which on a gate is blocked; 0 to 1, default 0.7 */
    double nothing_dbz;         /**< a filtered gate below it is observed, nothing there; default 10 */
    double range_scale_m;       /**< quality falls with range as exp(-(r / scale)^2); above 0, default 300 km */
    const nwc_clutter_map *map; /**< NULL (default) for none */
} nwc_quality_options;

/** What was found in a volume. */
typedef struct nwc_quality_report {
    int64_t gates;                      /**< observed */
    int64_t echoes;                     /**< of them with an echo */
    int64_t flagged[NWC_QUALITY_FLAGS]; /**< echoes with each bit; observed gates for those blocked */
    int64_t filtered;                   /**< echoes taken out */
    double noise_dbz;                   /**< of the noise at 1 km, median of sweeps; NaN where nothing tells it */
} nwc_quality_report;

/** Fill @p options with the defaults. NULL is ignored. */
NWC_API void nwc_quality_options_init(nwc_quality_options *options);

/**
 * Add QFLAG, QIND and DBZHQ to the sweeps of a volume.
 *
 * A sweep with DBZH, else with DBTH, is judged by that and by what else it has: VRADH, WRADH, ZDR, PHIDP, RHOHV, SNRH, SQIH;
 * velocities may come from another sweep of the same elevation. CBB (part of the beam, 0 to 1) and PIA (dB) are used
 * where the volume has them. A sweep of velocities alone gets the QFLAG and QIND of its neighbour's gates.
 *
 * In DBZHQ a filtered gate is NaN, not known, since weather may lie beneath; but NWC_NOTHING_DBZ, nothing there, if it was
 * noise or speckle, or weaker than nothing_dbz.
 *
 * @param options  NULL for the defaults
 * @param report   out: what was found; may be NULL
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where no sweep has reflectivities; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 *
 * The same bits for every thread count. Sources: Steiner and Smith (2002), Kessinger et al. (2003), Gourley et al. (2007),
 * Hubbert et al. (2009), Park et al. (2009).
 */
NWC_API nwc_status nwc_quality_filter(nwc_ctx *ctx, nwc_volume *volume, const nwc_quality_options *options,
                                      nwc_quality_report *report);

/**
 * Where the sun stands, refraction by a standard atmosphere included.
 *
 * @param azimuth_deg, elevation_deg  out: clockwise from north, and up from the horizon
 * @return NWC_OK; NWC_ERR_ARG for a place that is none
 *
 * To 0.01 degrees from 1950 to 2050. Source: Meeus (1998), chapters 12, 13, 16 and 25 (low accuracy).
 */
NWC_API nwc_status nwc_sun_position(int64_t time_ns, double latitude_deg, double longitude_deg, double *azimuth_deg,
                                    double *elevation_deg);

#ifdef __cplusplus
}
#endif
#endif

/**
 * @file radar.h  Radar volumes: sweeps of rays of gates, as the antenna saw them.
 *
 * Names are those of WMO FM 301 and ODIM: DBZH, DBTH, VRADH, WRADH, ZDR, PHIDP, RHOHV, KDP, SQIH, SNRH, CCORH. Azimuths run clockwise
 * from true north, elevations up from the horizon, radial velocity is positive away from the radar, times are UTC, and the
 * range of a gate is that of its centre.
 *
 * Two truths are kept apart. NaN is *not observed*: beyond the gates of a ray, rejected, range folded. NWC_NOTHING_DBZ is
 * *observed, nothing there*, in reflectivities alone: where there is no echo a velocity is not known.
 */
#ifndef NOWCAST_RADAR_H
#define NOWCAST_RADAR_H

#include <nowcast/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NWC_NOTHING_DBZ = -128 /**< in moments of unit dBZ: observed, and nothing there; no format can mean it */ };

/** Why a gate is NaN; bits of nwc_moment.flags. */
typedef enum nwc_gate_flag {
    NWC_GATE_RANGE_FOLDED = 1 /**< an echo from beyond the unambiguous range overlies it */
} nwc_gate_flag;

/** The band a radar works in; where it is not given, that of the frequency the volume states. */
typedef enum nwc_band {
    NWC_BAND_OF_VOLUME = 0, /**< from the frequency; NEXRAD is S band */
    NWC_BAND_S = 1,         /**< 2 to 4 GHz */
    NWC_BAND_C = 2,         /**< 4 to 8 GHz */
    NWC_BAND_X = 3          /**< 8 to 12 GHz */
} nwc_band;

/** How the antenna moved; the sweep_mode of FM 301. */
typedef enum nwc_sweep_mode {
    NWC_SWEEP_SURVEILLANCE = 0,      /**< "azimuth_surveillance": all around */
    NWC_SWEEP_SECTOR = 1,            /**< "sector" */
    NWC_SWEEP_RHI = 2,               /**< "rhi": up and down at one azimuth */
    NWC_SWEEP_VERTICAL_POINTING = 3, /**< "vertical_pointing" */
    NWC_SWEEP_MANUAL = 4             /**< "manual_ppi" and what else follows no plan */
} nwc_sweep_mode;

/** The sweeps of one radar at about one time. Any number of threads may read one; it lives until nwc_volume_destroy. */
typedef struct nwc_volume nwc_volume;

/** What is known of a volume as a whole. Unknown numbers are NaN, unknown texts "". */
typedef struct nwc_volume_facts {
    const char *format;      /**< "NEXRAD Level II" ... */
    const char *version;     /**< of the format, as the file says it */
    const char *site;        /**< identifier: ICAO, WMO, NOD or national */
    const char *site_name;   /**< in words */
    const char *instrument;  /**< type of the radar */
    const char *scan_name;   /**< task or volume coverage pattern */
    double latitude_deg;     /**< of the antenna */
    double longitude_deg;    /**< of the antenna */
    double altitude_m;       /**< of the antenna above mean sea level */
    double frequency_hz;     /**< transmitted */
    double beam_width_h_deg; /**< between half powers, horizontally */
    double beam_width_v_deg; /**< and vertically */
    int64_t time_ns;         /**< when the volume began */
    int32_t n_sweeps;
    int32_t experimental;   /**< 1 when the decoder has met no real file of this kind */
    const char *incomplete; /**< why the volume is only part of one; "" for a whole one */
} nwc_volume_facts;

/** One turn of the antenna. Arrays have n_rays items, in order of acquisition, and live as long as the volume. */
typedef struct nwc_sweep {
    int32_t mode; /**< an nwc_sweep_mode */
    int32_t n_moments;
    double fixed_angle_deg; /**< intended elevation, or azimuth of an RHI */
    int64_t n_rays;         /**< at least 1 */
    const int64_t *time_ns;
    const float *azimuth_deg; /**< at the centre of the dwell, 0 to below 360 */
    const float *elevation_deg;
    const float *nyquist_m_s;         /**< NaN where not known */
    const float *unambiguous_range_m; /**< NaN where not known */
    const char *incomplete;           /**< why rays are missing; "" when none is */
} nwc_sweep;

/** One quantity of a sweep. Moments of a sweep may differ in their gates. */
typedef struct nwc_moment {
    const char *name;      /**< FM 301, or own_name where FM 301 has none or the sweep has it already */
    const char *own_name;  /**< what the file calls it */
    nwc_field field;       /**< (ray, gate); units "dBZ", "m s-1", "dB", "degrees", "degrees km-1", "1" */
    nwc_flags flags;       /**< (ray, gate) of nwc_gate_flag; data is NULL where no gate has any */
    double first_gate_m;   /**< range of the centre of the first gate */
    double gate_spacing_m; /**< above 0 */
    double resolution;     /**< step between the values a code can have; 0 for floating-point data */
} nwc_moment;

/**
 * Make a volume to be filled with nwc_volume_add_sweep and nwc_volume_add_moment.
 *
 * @param facts   texts are copied, NULL is ""; format, n_sweeps and experimental are not used
 * @param volume  out: to be given to nwc_volume_destroy
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_volume_create(nwc_ctx *ctx, const nwc_volume_facts *facts, nwc_volume **volume);

/**
 * Append a sweep. Arrays are copied; nyquist_m_s and unambiguous_range_m may be NULL where they are not known, incomplete
 * where no ray is missing; n_moments is not used.
 *
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_volume_add_sweep(nwc_volume *volume, const nwc_sweep *sweep);

/**
 * Append a moment to the last sweep. Cells of any strides are copied; flags.data may be NULL; own_name NULL is the name.
 *
 * @param moment  name is one of FM 301 or ODIM 2.4, its unit then follows from it; or another, and field.units says its unit
 * @return NWC_OK; NWC_ERR_ARG for a name the sweep has already, or a shape other than (rays, gates); NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_volume_add_moment(nwc_volume *volume, const nwc_moment *moment);

/**
 * Append a moment to the last sweep whose cells stay the caller's: they are not copied, and must neither change nor go while
 * the volume lives. What is put in its place has cells of its own. Flags are copied.
 *
 * @param moment  as for nwc_volume_add_moment, with the cells of its rays one behind the other
 * @return as nwc_volume_add_moment; NWC_ERR_ARG for other strides
 */
NWC_API nwc_status nwc_volume_lend_moment(nwc_volume *volume, const nwc_moment *moment);

/**
 * Add a moment to any sweep, or replace the one of the same name; what was lent of that one is then gone. Cells of any
 * strides are copied, and may be those lent. When the call fails, the sweep is as it was.
 *
 * @param sweep   0 to n_sweeps - 1
 * @param moment  as for nwc_volume_add_moment
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NOMEM
 */
NWC_API nwc_status nwc_volume_put_moment(nwc_volume *volume, int32_t sweep, const nwc_moment *moment);

/** Release a volume; NULL is accepted. */
NWC_API void nwc_volume_destroy(nwc_volume *volume);

NWC_API nwc_status nwc_volume_describe(const nwc_volume *volume, nwc_volume_facts *facts);

/** Lend sweep @p index, 0 to n_sweeps - 1, in order of acquisition. */
NWC_API nwc_status nwc_volume_sweep(const nwc_volume *volume, int32_t index, nwc_sweep *sweep);

/** Lend moment @p index, 0 to n_moments - 1, of a sweep. */
NWC_API nwc_status nwc_volume_moment(const nwc_volume *volume, int32_t sweep, int32_t index, nwc_moment *moment);

/**
 * Lend the moment of a name.
 *
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA where the sweep has none of that name
 */
NWC_API nwc_status nwc_volume_find(const nwc_volume *volume, int32_t sweep, const char *name, nwc_moment *moment);

/**
 * Where a radar of NEXRAD stands, for volumes that do not say: those of before 2008 have at most its name.
 *
 * @param name  four letters: "KTLX"
 * @param latitude_deg, longitude_deg  out
 * @param ground_m  out: height of the ground above mean sea level; the antenna is some 10 to 35 m above it
 * @return NWC_OK; NWC_ERR_ARG; NWC_ERR_NODATA for a name that is none of them
 */
NWC_API nwc_status nwc_radar_site(const char *name, double *latitude_deg, double *longitude_deg, double *ground_m);

/**
 * Put a moment on the range axis of its sweep, whose gates may be finer, begin before it or reach farther: a gate takes what
 * is in the moment's gate that its centre lies in.
 *
 * @param first_gate_m, gate_spacing_m  of the axis, which has as many gates as cells
 * @param cells  out: (ray, gate), of any strides; NaN beyond the moment's gates
 * @param flags  out: (ray, gate), 0 beyond the moment's gates; NULL where they are not wanted or the moment has none
 * @return NWC_OK; NWC_ERR_ARG for a shape or a spacing; NWC_ERR_NOMEM; NWC_ERR_CANCELED
 */
NWC_API nwc_status nwc_moment_regate(nwc_ctx *ctx, const nwc_moment *moment, double first_gate_m, double gate_spacing_m,
                                     nwc_field *cells, nwc_flags *flags);

#ifdef __cplusplus
}
#endif
#endif

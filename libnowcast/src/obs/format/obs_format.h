/* What decoders of observations share: bytes or a tree in, rows out. They open no files. */
#ifndef NWC_OBS_FORMAT_H
#define NWC_OBS_FORMAT_H

#include "core/text.h"
#include "obs/table.h"

#include <nowcast/io.h>

/* What a caller knows and a file may not say. */
struct nwc__obs_hints {
    int64_t near_ns;                /* NWC_TIME_UNKNOWN where nothing is said */
    const nwc_obs_station *station; /* NULL where nothing is said */
    const nwc_obs_column *columns;
    int32_t n_columns;
    int32_t kind;                            /* of the stations of a table in text */
    int64_t offset_ns;                       /* of its times from UTC */
    bool heights_above_sea, upward_positive; /* in the profiles of the CMA */
};

/* A decoder: NWC_ERR_NODATA where there is no value in the bytes. */
typedef nwc_status nwc__obs_read_fn(nwc_ctx *ctx, const uint8_t *bytes, int64_t size,
                                    const struct nwc__obs_hints *hints, nwc_obs *obs);

nwc__obs_read_fn nwc__wyoming_read;      /* soundings as the University of Wyoming writes them */
nwc__obs_read_fn nwc__bufr_read;         /* in io/bufr.c */
nwc__obs_read_fn nwc__netcdf_obs_read;   /* in io/netcdf.c */
nwc__obs_read_fn nwc__hdf5_obs_read;     /* in io/hdf5.c: ODIM_H5; what is not goes to netCDF */
nwc__obs_read_fn nwc__metar_read;        /* METAR and SPECI */
nwc__obs_read_fn nwc__cma_profiler_read; /* WNDROBS, WNDHOBS, WNDOOBS of the China Meteorological Administration */
nwc__obs_read_fn nwc__lma_read;          /* Lightning Mapping Arrays */
nwc__obs_read_fn nwc__uspln_read;        /* strokes of USPLN */
nwc__obs_read_fn nwc__nldn_read;         /* strokes in NLDN's raw format */
nwc__obs_read_fn nwc__csv_read;          /* tables in text */
nwc__obs_read_fn nwc__bufkit_read;       /* profiles of models in BUFKIT's text */

/* Formats without a mark: whether bytes may be of one. */
bool nwc__is_metar(const uint8_t *bytes, int64_t size);
bool nwc__is_nldn(const uint8_t *bytes, int64_t size);
bool nwc__is_csv(const uint8_t *bytes, int64_t size);

/* One level of a profile in SI units; NaN where not known. */
struct nwc__level {
    double pressure_pa, height_m; /* geopotential, above mean sea level */
    double temperature_k, dew_point_k, humidity;
    double direction_deg, speed_m_s, u_m_s, v_m_s, w_m_s, omega_pa_s;
};

/* All NaN. */
struct nwc__level nwc__level_unknown(void);

/* Append what is known of a level; all else as in like. The direction of a calm is none. */
nwc_status nwc__obs_put_level(nwc_obs *obs, const nwc_obs_row *like, const struct nwc__level *level);

/* Start a report: name its station, and fill a row with the station's place, the time and a new number. */
nwc_status nwc__obs_begin(nwc_obs *obs, const nwc_obs_station *station, int64_t time_ns, nwc_obs_row *row);

/* A station of this kind of which only this is known; texts are kept as pointers. */
nwc_obs_station nwc__obs_station(int32_t kind, const char *id);

/* What the caller said of the station, over what is not known of it. */
void nwc__obs_take_hint(nwc_obs_station *station, const struct nwc__obs_hints *hints);

#endif

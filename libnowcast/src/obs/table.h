/* Filling a table of observations: what its decoders share. They open no files. */
#ifndef NWC_OBS_TABLE_H
#define NWC_OBS_TABLE_H

#include "core/internal.h"

#include <nowcast/obs.h>

enum { NWC__OBS_MOST_STATIONS = 1 << 24 };

/* max_bytes: what rows and stations together may take. format is kept as a pointer. */
nwc_status nwc__obs_create(nwc_ctx *ctx, const char *format, int64_t max_bytes, nwc_obs **obs);

/* The bytes that all may take. */
int64_t nwc__obs_limit(const nwc_obs *obs);

void nwc__obs_set_format(nwc_obs *obs, const char *format);

/* Append a row that needs no check. */
nwc_status nwc__obs_put(nwc_obs *obs, const nwc_obs_row *row);

/* Append a row of this quantity and value, all else as in like; nothing where the value is NaN. */
nwc_status nwc__obs_value(nwc_obs *obs, const nwc_obs_row *like, int32_t quantity, double value);

/* Say that something is missing; the first reason given is kept. */
nwc_status nwc__obs_incomplete(nwc_obs *obs, const char *format, ...) NWC__PRINTF(2, 3);

/* The same columns, to be written. */
struct nwc__obs_cells {
    int64_t *time_ns, *report;
    double *longitude_deg, *latitude_deg, *height_m, *pressure_pa, *duration_s, *lead_s, *value;
    int32_t *station, *quantity;
    float *quality;
    uint32_t *flags;
};
struct nwc__obs_cells nwc__obs_cells(nwc_obs *obs);

/* Row r of columns lent. */
nwc_obs_row nwc__obs_row_at(const nwc_obs_columns *columns, int64_t r);

/* Beside the orders of nwc_obs_order: report, time, level, duration, quantity. */
enum { NWC__OBS_BY_LEVEL = 3 };

/* The numbers of the rows in an nwc_obs_order; to be given to nwc__free. */
nwc_status nwc__obs_order(nwc_ctx *ctx, const nwc_obs *obs, int32_t order, int64_t **rows);

/* Take away all rows; their room, the stations and the reports stay. */
void nwc__obs_clear(nwc_obs *obs);

/* The table's own allocator, for what goes before it does. */
nwc_ctx *nwc__obs_memory(nwc_obs *obs);

/* The first of n numbers no report has yet. */
int64_t nwc__obs_take_reports(nwc_obs *obs, int64_t n);

/* What is known of stations beside what reports say, in the order of their identifiers; it must stay while reports are begun. */
void nwc__obs_know(nwc_obs *obs, const nwc_obs_station *const *known, int32_t n);

/* Fill in what a report does not say of its station and is known beside it. */
void nwc__obs_complete(const nwc_obs *obs, nwc_obs_station *station);

/* Append a station of another table as it is, whatever the table has already. */
nwc_status nwc__obs_copy_station(nwc_obs *obs, const nwc_obs *from, int32_t number);

void nwc__obs_set_trust(nwc_obs *obs, int32_t station, double trust);

/* A longitude of any turn, as -180 to below 180. */
double nwc__longitude(double degrees);

#endif

/*
 * Tables in text: a line of headings, then a line for each time and place, or for each stroke of lightning. What columns hold is
 * told by the caller, or known by their headings: those of the Iowa Environmental Mesonet's ASOS tables, of Wyoming's soundings
 * as CSV, of ENTLN pulses, and the CF names of quantities, which are then in SI.
 */
#include "obs/format/obs_format.h"

enum { MOST_COLUMNS = 256, MOST_TEXT = 128, LOOKED_AT = 4096 };

#define HOUR_S 3600.0

/* Headings that say what their columns hold. */
static const nwc_obs_column known[] = {
    {"time", NWC_COLUMN_TIME, 0, NULL, 0.0},
    {"timestamp", NWC_COLUMN_TIME, 0, NULL, 0.0},
    {"datetime", NWC_COLUMN_TIME, 0, NULL, 0.0},
    {"valid", NWC_COLUMN_TIME, 0, NULL, 0.0},
    {"station", NWC_COLUMN_STATION, 0, NULL, 0.0},
    {"station_id", NWC_COLUMN_STATION, 0, NULL, 0.0},
    {"stid", NWC_COLUMN_STATION, 0, NULL, 0.0},
    {"station_name", NWC_COLUMN_NAME, 0, NULL, 0.0},
    {"lon", NWC_COLUMN_LONGITUDE, 0, NULL, 0.0},
    {"longitude", NWC_COLUMN_LONGITUDE, 0, NULL, 0.0},
    {"lat", NWC_COLUMN_LATITUDE, 0, NULL, 0.0},
    {"latitude", NWC_COLUMN_LATITUDE, 0, NULL, 0.0},
    {"elevation", NWC_COLUMN_HEIGHT, 0, "m", 0.0},
    {"height", NWC_COLUMN_HEIGHT, 0, "m", 0.0},
    {"altitude", NWC_COLUMN_HEIGHT, 0, "m", 0.0},
    {"quality", NWC_COLUMN_QUALITY, 0, NULL, 0.0},
    /* ASOS of the Iowa Environmental Mesonet */
    {"tmpf", NWC_COLUMN_VALUE, NWC_QUANTITY_AIR_TEMPERATURE, "degF", 0.0},
    {"tmpc", NWC_COLUMN_VALUE, NWC_QUANTITY_AIR_TEMPERATURE, "degC", 0.0},
    {"dwpf", NWC_COLUMN_VALUE, NWC_QUANTITY_DEW_POINT, "degF", 0.0},
    {"dwpc", NWC_COLUMN_VALUE, NWC_QUANTITY_DEW_POINT, "degC", 0.0},
    {"relh", NWC_COLUMN_VALUE, NWC_QUANTITY_RELATIVE_HUMIDITY, "%", 0.0},
    {"drct", NWC_COLUMN_VALUE, NWC_QUANTITY_WIND_FROM_DIRECTION, "degree", 0.0},
    {"sknt", NWC_COLUMN_VALUE, NWC_QUANTITY_WIND_SPEED, "kt", 0.0},
    {"gust", NWC_COLUMN_VALUE, NWC_QUANTITY_GUST_SPEED, "kt", 600.0},
    {"peak_wind_gust", NWC_COLUMN_VALUE, NWC_QUANTITY_GUST_SPEED, "kt", HOUR_S},
    {"peak_wind_drct", NWC_COLUMN_VALUE, NWC_QUANTITY_GUST_FROM_DIRECTION, "degree", HOUR_S},
    {"p01i", NWC_COLUMN_VALUE, NWC_QUANTITY_RAIN_AMOUNT, "inch", HOUR_S},
    {"p01m", NWC_COLUMN_VALUE, NWC_QUANTITY_RAIN_AMOUNT, "mm", HOUR_S},
    {"alti", NWC_COLUMN_VALUE, NWC_QUANTITY_ALTIMETER_SETTING, "inHg", 0.0},
    {"mslp", NWC_COLUMN_VALUE, NWC_QUANTITY_SEA_LEVEL_PRESSURE, "hPa", 0.0},
    {"vsby", NWC_COLUMN_VALUE, NWC_QUANTITY_VISIBILITY, "mile", 0.0},
    /* soundings of the University of Wyoming as CSV */
    {"pressure_hPa", NWC_COLUMN_PRESSURE, 0, "hPa", 0.0},
    {"geopotential height_m", NWC_COLUMN_HEIGHT, 0, "m", 0.0},
    {"temperature_C", NWC_COLUMN_VALUE, NWC_QUANTITY_AIR_TEMPERATURE, "degC", 0.0},
    {"dew point temperature_C", NWC_COLUMN_VALUE, NWC_QUANTITY_DEW_POINT, "degC", 0.0},
    {"relative humidity_%", NWC_COLUMN_VALUE, NWC_QUANTITY_RELATIVE_HUMIDITY, "%", 0.0},
    {"wind direction_degree", NWC_COLUMN_VALUE, NWC_QUANTITY_WIND_FROM_DIRECTION, "degree", 0.0},
    {"wind speed_m/s", NWC_COLUMN_VALUE, NWC_QUANTITY_WIND_SPEED, "m s-1", 0.0},
    /* pulses of ENTLN */
    {"type", NWC_COLUMN_STROKE_KIND, 0, NULL, 0.0},
    {"peakcurrent", NWC_COLUMN_VALUE, NWC_QUANTITY_STROKE, "A", 0.0},
    {"icheight", NWC_COLUMN_VALUE, NWC_QUANTITY_CLOUD_HEIGHT, "m", 0.0},
    {"numbersensors", NWC_COLUMN_VALUE, NWC_QUANTITY_SENSOR_COUNT, "1", 0.0},
    {"majoraxis", NWC_COLUMN_VALUE, NWC_QUANTITY_LOCATION_ERROR, "m", 0.0},
    {"peak_current_ka", NWC_COLUMN_VALUE, NWC_QUANTITY_STROKE, "kA", 0.0},
    /* field mills */
    {"electric_field_kv_m", NWC_COLUMN_VALUE, NWC_QUANTITY_ELECTRIC_FIELD, "kV/m", 0.0},
};

/* How a table is laid out: what each column holds; role -1 for nothing of use. */
struct table {
    char separator;
    int32_t n;
    nwc_obs_column column[MOST_COLUMNS];
    bool has_place, has_strokes;
};

/* Fields are separated by what the line has most of. */
static char separator_of(struct nwc__span line)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = ',';
    int64_t most = 0;
    for (size_t c = 0; c < sizeof candidates; c++) {
        int64_t count = 0;
        for (int64_t k = 0; k < line.n; k++) count += line.at[k] == candidates[c];
        if (count > most) most = count, best = candidates[c];
    }
    return best;
}

/* The first line that is neither empty nor a comment. */
static bool first_line(struct nwc__lines *lines, struct nwc__span *line)
{
    while (nwc__next_line(lines, line))
        if (nwc__span_trim(*line).n > 0 && line->at[0] != '#') {
            if (lines->number == 1 && nwc__span_starts(*line, "\xef\xbb\xbf"))
                *line = nwc__span_part(*line, 3, line->n);
            return true;
        }
    return false;
}

static nwc_obs_column by_heading(struct nwc__span heading)
{
    char name[MOST_TEXT];
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        if (nwc__span_matches(heading, known[k].name)) return known[k];
    nwc__span_copy(heading, name, sizeof name);
    const int32_t quantity = nwc_quantity_named(name);
    return (nwc_obs_column){.role = quantity ? NWC_COLUMN_VALUE : -1, .quantity = quantity};
}

static void note(struct table *table, const nwc_obs_column *column)
{
    table->has_place = table->has_place || column->role == NWC_COLUMN_LATITUDE;
    table->has_strokes =
        table->has_strokes || (column->role == NWC_COLUMN_VALUE && column->quantity >= NWC_QUANTITY_STROKE &&
                               column->quantity <= NWC_QUANTITY_CLOUD_STROKE);
}

bool nwc__is_csv(const uint8_t *bytes, int64_t size)
{
    struct nwc__lines lines = nwc__lines_of(bytes, size < LOOKED_AT ? size : LOOKED_AT);
    struct nwc__span line, heading;
    int values = 0, times = 0;
    if (memchr(bytes, '\0', (size_t)(size < LOOKED_AT ? size : LOOKED_AT)) || !first_line(&lines, &line)) return false;
    const char separator = separator_of(line);
    while (nwc__next_field(&line, separator, &heading)) {
        const nwc_obs_column column = by_heading(heading);
        values += column.role == NWC_COLUMN_VALUE;
        times += column.role == NWC_COLUMN_TIME;
    }
    return values > 0 && times > 0;
}

/* A column the caller describes: by its heading, or by its number where there are no headings. */
static nwc_status check_column(const nwc_obs_column *column)
{
    if (!column->name) return nwc__fail(NWC_ERR_ARG, "columns: a name or a number expected, NULL given");
    if (column->role < NWC_COLUMN_VALUE || column->role > NWC_COLUMN_STROKE_KIND)
        return nwc__fail(NWC_ERR_ARG, "column %s: an nwc_column_role expected, %d given", column->name,
                         (int)column->role);
    if (!(column->duration_s >= 0.0))
        return nwc__fail(NWC_ERR_ARG, "column %s: a duration of 0 or more expected, %g given", column->name,
                         column->duration_s);
    const bool metres = column->role == NWC_COLUMN_HEIGHT, pascals = column->role == NWC_COLUMN_PRESSURE;
    const char *const wanted = metres ? "m" : pascals ? "Pa" : nwc_quantity_units(column->quantity);
    if (column->role == NWC_COLUMN_VALUE && !wanted)
        return nwc__fail(NWC_ERR_ARG, "column %s: an nwc_quantity expected, %d given", column->name,
                         (int)column->quantity);
    if (column->units && (column->role == NWC_COLUMN_VALUE || metres || pascals) &&
        isnan(nwc__to_si(0.0, column->units, wanted)))
        return nwc__fail(NWC_ERR_ARG, "column %s: a unit of %s expected, %s given", column->name, wanted,
                         column->units);
    return NWC_OK;
}

static bool has_headings(const struct nwc__obs_hints *hints)
{
    for (int32_t c = 0; c < hints->n_columns; c++) {
        const struct nwc__span name = {hints->columns[c].name, (int64_t)strlen(hints->columns[c].name)};
        if (!(nwc__span_number(name) >= 1.0)) return true;
    }
    return hints->n_columns == 0;
}

static nwc_status lay_out(struct nwc__span line, const struct nwc__obs_hints *hints, bool headings, struct table *table)
{
    const nwc_obs_column none = {.role = -1};
    struct nwc__span field;
    *table = (struct table){.separator = separator_of(line)};
    while (table->n < MOST_COLUMNS && nwc__next_field(&line, table->separator, &field)) {
        nwc_obs_column *const column = &table->column[table->n++];
        *column = hints->n_columns ? none : by_heading(field);
        for (int32_t c = 0; c < hints->n_columns; c++) {
            const char *const name = hints->columns[c].name;
            const bool this_one =
                headings ? nwc__span_is(field, name)
                         : nwc__span_number((struct nwc__span){name, (int64_t)strlen(name)}) == (double)table->n;
            if (this_one) *column = hints->columns[c];
        }
        note(table, column);
    }
    for (int32_t c = 0, k; c < hints->n_columns; c++) {
        for (k = 0; k < table->n && table->column[k].name != hints->columns[c].name; k++) {}
        if (k == table->n)
            return nwc__fail(NWC_ERR_ARG, "columns: %s is not one of the table's %d", hints->columns[c].name,
                             (int)table->n);
    }
    return NWC_OK;
}

/* What a line says of the time and place of its values. */
struct line {
    struct nwc__span station, name, time, date, kind;
    double longitude_deg, latitude_deg, height_m, pressure_pa, quality;
};

static double in_si(const nwc_obs_column *column, struct nwc__span field, const char *wanted)
{
    const double value = nwc__span_number(field);
    if (value <= -9998.0 || value == -999.0) return NAN; /* as files say that nothing is known */
    return column->units ? nwc__to_si(value, column->units, wanted) : value;
}

static void take_field(const nwc_obs_column *column, struct nwc__span field, struct line *line)
{
    switch (column->role) {
    case NWC_COLUMN_TIME:
        if (line->time.n > 0) line->date = line->time;
        line->time = field;
        break;
    case NWC_COLUMN_STATION:
        line->station = field;
        break;
    case NWC_COLUMN_NAME:
        line->name = field;
        break;
    case NWC_COLUMN_STROKE_KIND:
        line->kind = field;
        break;
    case NWC_COLUMN_LONGITUDE:
        line->longitude_deg = nwc__span_number(field);
        break;
    case NWC_COLUMN_LATITUDE:
        line->latitude_deg = nwc__span_number(field);
        break;
    case NWC_COLUMN_HEIGHT:
        line->height_m = in_si(column, field, "m");
        break;
    case NWC_COLUMN_PRESSURE:
        line->pressure_pa = in_si(column, field, "Pa");
        break;
    case NWC_COLUMN_QUALITY:
        line->quality = nwc__span_number(field);
        break;
    default:
        break;
    }
}

/* A time of one column, or of one for the date and one for the clock. */
static bool take_time(const struct line *line, int64_t offset_ns, int64_t *time_ns)
{
    char text[MOST_TEXT];
    struct nwc__span whole = line->time;
    if (line->date.n > 0 && line->date.n + line->time.n + 2 < MOST_TEXT) {
        nwc__span_copy(line->date, text, sizeof text);
        text[line->date.n] = ' ';
        nwc__span_copy(line->time, text + line->date.n + 1, (int64_t)sizeof text - line->date.n - 1);
        whole = (struct nwc__span){text, line->date.n + 1 + line->time.n};
    }
    if (!nwc__span_time(whole, time_ns)) return false;
    const char last = whole.at[whole.n - 1];
    bool zone = last == 'Z' || last == 'C';
    for (int64_t k = 10; k < whole.n; k++) zone = zone || whole.at[k] == '+' || whole.at[k] == '-';
    if (!zone) *time_ns -= offset_ns;
    return true;
}

/* A stroke of a kind, where the line says it: "G", "CG", "0" reached the ground, "C", "IC", "1" did not. */
static int32_t kind_of_stroke(struct nwc__span kind)
{
    if (nwc__span_is(kind, "0") || nwc__span_matches(kind, "G") || nwc__span_matches(kind, "CG") ||
        nwc__span_matches(kind, "ground"))
        return NWC_QUANTITY_GROUND_STROKE;
    if (nwc__span_is(kind, "1") || nwc__span_matches(kind, "C") || nwc__span_matches(kind, "IC") ||
        nwc__span_matches(kind, "cloud"))
        return NWC_QUANTITY_CLOUD_STROKE;
    return NWC_QUANTITY_STROKE;
}

static nwc_status put_value(const nwc_obs_column *column, struct nwc__span field, const struct line *line,
                            const nwc_obs_row *like, nwc_obs *obs)
{
    nwc_obs_row row = *like;
    row.quantity = column->quantity;
    row.duration_s = column->duration_s;
    row.value = in_si(column, field, nwc_quantity_units(column->quantity));
    if (column->quantity == NWC_QUANTITY_RAIN_AMOUNT && nwc__span_matches(field, "T"))
        row.value = 0.0, row.flags |= NWC_OBS_TRACE;
    if (column->quantity == NWC_QUANTITY_STROKE) {
        row.quantity = kind_of_stroke(line->kind);
        return nwc__obs_put(obs, &row); /* there is a stroke whether its current is known or not */
    }
    return isnan(row.value) ? NWC_OK : nwc__obs_put(obs, &row);
}

static nwc_status begin_line(const struct table *table, const struct line *line, int64_t time_ns,
                             const struct nwc__obs_hints *hints, nwc_obs *obs, nwc_obs_row *row)
{
    char id[MOST_TEXT] = "", name[MOST_TEXT] = "";
    const int32_t kind = table->has_strokes ? NWC_OBS_LIGHTNING : hints->kind;
    nwc_obs_station station = nwc__obs_station(kind, id);
    nwc__span_copy(line->station, id, sizeof id);
    nwc__span_copy(line->name, name, sizeof name);
    station.name = name;
    const bool moves = kind == NWC_OBS_LIGHTNING || kind == NWC_OBS_SOUNDING || kind == NWC_OBS_CELL;
    const bool placed = fabs(line->latitude_deg) <= 90.0 && fabs(line->longitude_deg) <= 360.0;
    if (placed && !moves) station.latitude_deg = line->latitude_deg, station.longitude_deg = line->longitude_deg;
    if (!moves) station.height_m = line->height_m;
    nwc__obs_take_hint(&station, hints);
    NWC__TRY(nwc__obs_begin(obs, &station, time_ns, row));
    if (placed) row->latitude_deg = line->latitude_deg, row->longitude_deg = nwc__longitude(line->longitude_deg);
    if (!isnan(line->height_m) || moves) row->height_m = line->height_m;
    row->pressure_pa = line->pressure_pa;
    row->quality = line->quality >= 0.0 && line->quality <= 1.0 ? (float)line->quality : NAN;
    return NWC_OK;
}

static nwc_status read_line(struct nwc__span text, const struct table *table, const struct nwc__obs_hints *hints,
                            nwc_obs *obs)
{
    const struct nwc__span empty = {"", 0};
    struct line line = {empty, empty, empty, empty, empty, NAN, NAN, NAN, NAN, NAN};
    struct nwc__span rest = text, field;
    nwc_obs_row row;
    int64_t time_ns;
    for (int32_t c = 0; c < table->n && nwc__next_field(&rest, table->separator, &field); c++)
        take_field(&table->column[c], field, &line);
    if (!take_time(&line, hints->offset_ns, &time_ns)) return nwc__fail(NWC_ERR_FORMAT, "a time expected");
    NWC__TRY(begin_line(table, &line, time_ns, hints, obs, &row));
    rest = text;
    for (int32_t c = 0; c < table->n && nwc__next_field(&rest, table->separator, &field); c++)
        if (table->column[c].role == NWC_COLUMN_VALUE) NWC__TRY(put_value(&table->column[c], field, &line, &row, obs));
    return NWC_OK;
}

/* A last line without an end has all its fields, or it was cut; where in its last field is not told. */
static nwc_status check_whole(struct nwc__span text, const struct table *table)
{
    struct nwc__span field;
    int32_t n = 0;
    while (n < table->n && nwc__next_field(&text, table->separator, &field)) n++;
    if (n == table->n) return NWC_OK;
    return nwc__fail(NWC_ERR_FORMAT, "the file ends in it, in field %d of %d", (int)n, (int)table->n);
}

nwc_status nwc__csv_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, const struct nwc__obs_hints *hints,
                         nwc_obs *obs)
{
    struct nwc__lines lines = nwc__lines_of(bytes, size);
    struct nwc__span line;
    for (int32_t c = 0; c < hints->n_columns; c++) NWC__TRY(check_column(&hints->columns[c]));
    if (!first_line(&lines, &line)) return nwc__fail(NWC_ERR_FORMAT, "no line in it");
    struct table *const table = nwc__alloc(ctx, 1, sizeof *table);
    if (!table) return NWC_ERR_NOMEM;
    const bool headings = has_headings(hints);
    nwc_status status = lay_out(line, hints, headings, table);
    bool more = status == NWC_OK && (!headings || nwc__next_line(&lines, &line));
    for (; more && status == NWC_OK; more = nwc__next_line(&lines, &line)) {
        if (nwc__span_trim(line).n == 0 || line.at[0] == '#') continue;
        if (nwc__line_is_open(&lines)) status = check_whole(line, table);
        if (status == NWC_OK) status = read_line(line, table, hints, obs);
        if (status == NWC_ERR_FORMAT)
            status = nwc__obs_incomplete(obs, "line %lld: %s", (long long)lines.number, nwc_error_text());
    }
    nwc__free(ctx, table);
    return status;
}

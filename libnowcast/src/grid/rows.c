/*
 * Bilinear interpolation between rows of latitude: along the two rows beside a place first, each with its own points, then
 * between the rows. For points on a regular grid it is what nwc_grid_resample gives.
 */
#include "grid/rows.h"

#include "grid/average.h"

#define SAME_ROW_DEG 1e-7
#define MIN_KNOWN 0.5F
#define ROUND_GAP 1.5 /* mean spacings between the last point and the first of a row that goes round */

/* Points first to first + n - 1, offsets from the first growing eastward. */
struct row {
    double lat_deg;
    int64_t first, n;
    double spacing_deg; /* mean */
    bool round;
};

struct layout {
    const double *lon_deg;
    struct row *rows; /* from south to north */
    int64_t n;
};

static double east_of(double from, double lon_deg)
{
    const double east = lon_deg - from;
    return east - 360.0 * floor(east / 360.0);
}

/* Rows in the order of the points; false where a row does not go eastward. */
static bool list_rows(const double *lon_deg, const double *lat_deg, int64_t n, struct layout *layout)
{
    layout->n = 0;
    for (int64_t first = 0, end; first < n; first = end) {
        double reach = 0.0;
        for (end = first + 1; end < n && fabs(lat_deg[end] - lat_deg[first]) < SAME_ROW_DEG; end++) {
            const double east = east_of(lon_deg[first], lon_deg[end]);
            if (!(east > reach)) return false;
            reach = east;
        }
        const int64_t points = end - first;
        const double spacing = points > 1 ? reach / (double)(points - 1) : 360.0;
        layout->rows[layout->n++] = (struct row){.lat_deg = lat_deg[first],
                                                 .first = first,
                                                 .n = points,
                                                 .spacing_deg = spacing,
                                                 .round = 360.0 - reach < ROUND_GAP * spacing};
    }
    return true;
}

/* Turn them south to north; false where they are in no order. */
static bool sort_rows(struct layout *layout)
{
    struct row *const rows = layout->rows;
    const bool southward = rows[0].lat_deg > rows[layout->n - 1].lat_deg;
    for (int64_t a = 0, b = layout->n - 1; southward && a < b; a++, b--) {
        const struct row kept = rows[a];
        rows[a] = rows[b], rows[b] = kept;
    }
    for (int64_t r = 1; r < layout->n; r++)
        if (!(rows[r].lat_deg > rows[r - 1].lat_deg)) return false;
    return fabs(rows[0].lat_deg) <= 90.0 && fabs(rows[layout->n - 1].lat_deg) <= 90.0;
}

/* The points of a row beside a longitude and their share of weight. */
static void place_in_row(const struct layout *layout, const struct row *row, double lon_deg, float weight,
                         int64_t point[2], float share[2])
{
    const double *const lon = layout->lon_deg + row->first;
    const double east = east_of(lon[0], lon_deg);
    int64_t low = 0, high = row->n; /* the last point not east of it is from low to high - 1 */
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (east_of(lon[0], lon[middle]) <= east)
            low = middle;
        else
            high = middle;
    }
    const double from = east_of(lon[0], lon[low]);
    const bool last = low == row->n - 1;
    const double to = last ? 360.0 : east_of(lon[0], lon[low + 1]);
    point[0] = row->first + low, point[1] = row->first + (last ? 0 : low + 1);
    double right = (east - from) / (to - from);
    share[0] = share[1] = 0.0F;
    if (last && !row->round) { /* beyond an end: the point there, up to half a spacing from it */
        if (east - from <= 0.5 * row->spacing_deg)
            right = 0.0;
        else if (360.0 - east <= 0.5 * row->spacing_deg)
            right = 1.0;
        else
            return;
    }
    share[0] = weight * (float)(1.0 - right), share[1] = weight * (float)right;
}

/* The rows beside a latitude and the share of the upper one; false where it is beyond them. */
static bool place_between(const struct layout *layout, double lat_deg, int64_t *below, int64_t *above, double *up)
{
    const struct row *const rows = layout->rows;
    const int64_t top = layout->n - 1;
    const bool over = lat_deg >= rows[top].lat_deg, under = lat_deg <= rows[0].lat_deg;
    *up = 0.0;
    if (over || under) {
        const int64_t edge = over ? top : 0, next = over ? top - 1 : 1;
        const double beyond = fabs(lat_deg - rows[edge].lat_deg);
        const double spacing = top > 0 ? fabs(rows[edge].lat_deg - rows[next].lat_deg) : 0.0;
        *below = *above = edge;
        return beyond <= 0.5 * spacing || beyond == 0.0 || 90.0 - fabs(rows[edge].lat_deg) < spacing;
    }
    int64_t low = 0, high = top;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (rows[middle].lat_deg <= lat_deg)
            low = middle;
        else
            high = middle;
    }
    *below = low, *above = high;
    *up = (lat_deg - rows[low].lat_deg) / (rows[high].lat_deg - rows[low].lat_deg);
    return true;
}

static void place_cell(const struct layout *layout, double lon_deg, double lat_deg, int64_t *point, float *weight)
{
    int64_t below, above;
    double up;
    for (int c = 0; c < NWC__ROW_CORNERS; c++) point[c] = 0, weight[c] = 0.0F;
    if (isnan(lon_deg) || isnan(lat_deg) || !place_between(layout, lat_deg, &below, &above, &up)) return;
    place_in_row(layout, &layout->rows[below], lon_deg, (float)(1.0 - up), point, weight);
    place_in_row(layout, &layout->rows[above], lon_deg, (float)up, point + 2, weight + 2);
}

nwc_status nwc__rows_create(nwc_ctx *ctx, int64_t n, const double *lon_deg, const double *lat_deg, const nwc_grid *to,
                            struct nwc__rows *rows)
{
    nwc_status status = NWC_OK;
    struct layout layout = {.lon_deg = lon_deg};
    double *lon = NULL, *lat = NULL;
    const int64_t cells = to->ny * to->nx;
    *rows = (struct nwc__rows){.to = to, .n = n};
    NWC__ALLOC(ctx, layout.rows, n);
    if (n < 1 || !list_rows(lon_deg, lat_deg, n, &layout) || !sort_rows(&layout)) {
        status = nwc__fail(NWC_ERR_UNSUPPORTED, "points on rows of latitude, each from west to east, expected");
        goto done;
    }
    NWC__ALLOC(ctx, lon, cells);
    NWC__ALLOC(ctx, lat, cells);
    NWC__ALLOC(ctx, rows->point, NWC__ROW_CORNERS * cells);
    NWC__ALLOC(ctx, rows->weight, NWC__ROW_CORNERS * cells);
    for (int64_t c = 0; c < cells; c++) {
        lon[c] = to->x_first + to->dx * (double)(c % to->nx);
        lat[c] = to->y_first + to->dy * (double)(c / to->nx);
    }
    if ((status = nwc_grid_to_lonlat(ctx, to, cells, lon, lat, lon, lat)) != NWC_OK) goto done;
    for (int64_t c = 0; c < cells; c++)
        place_cell(&layout, lon[c], lat[c], rows->point + NWC__ROW_CORNERS * c, rows->weight + NWC__ROW_CORNERS * c);
done:
    nwc__free(ctx, lat);
    nwc__free(ctx, lon);
    nwc__free(ctx, layout.rows);
    if (status != NWC_OK) nwc__rows_destroy(ctx, rows);
    return status;
}

void nwc__rows_destroy(nwc_ctx *ctx, struct nwc__rows *rows)
{
    nwc__free(ctx, rows->weight);
    nwc__free(ctx, rows->point);
    *rows = (struct nwc__rows){0};
}

nwc_status nwc__rows_read(nwc_ctx *ctx, const struct nwc__rows *rows, float *values, const char *units, float *out)
{
    const nwc_field field = {.data = values, .ndim = 2, .dim = {1, rows->n}, .stride = {rows->n, 1}, .units = units};
    float *const linear = nwc__alloc(ctx, rows->n, sizeof *linear);
    if (!linear) return NWC_ERR_NOMEM;
    nwc__linear_row(&field, 0, linear);
    for (int64_t c = 0; c < rows->to->ny * rows->to->nx; c++) {
        float sum = 0.0F, known = 0.0F;
        for (int64_t k = NWC__ROW_CORNERS * c; k < NWC__ROW_CORNERS * (c + 1); k++) {
            const float value = linear[rows->point[k]];
            if (rows->weight[k] == 0.0F || isnan(value)) continue;
            sum += rows->weight[k] * value;
            known += rows->weight[k];
        }
        out[c] = known >= MIN_KNOWN ? nwc__from_linear(&field, sum / known) : NAN;
    }
    nwc__free(ctx, linear);
    return NWC_OK;
}

/*
 * Values of one time beside each other: neighbours by the buddy check of Baserud et al. (2020, titanlib), and twins. The median
 * of the neighbours and 1.4826 times their median deviation from it, which is the standard deviation where errors are normal,
 * stand for mean and standard deviation: with few stations one liar would hide itself and accuse the others.
 */
#include "obs/check.h"

enum { MOST_NEIGHBOURS = 64 };

#define EARTH_M 6371229.0

double nwc__rows_apart_m(const struct nwc__obs_cells *cells, int64_t a, int64_t b)
{
    const double phi_a = NWC__RADIANS * cells->latitude_deg[a], phi_b = NWC__RADIANS * cells->latitude_deg[b];
    const double north = sin(0.5 * (phi_b - phi_a));
    const double east = sin(0.5 * NWC__RADIANS * (cells->longitude_deg[b] - cells->longitude_deg[a]));
    return 2.0 * EARTH_M * asin(fmin(1.0, sqrt(north * north + cos(phi_a) * cos(phi_b) * east * east)));
}

/* Rows by quantity and interval, then by time: those of one time are near each other. */
static int compare(const struct nwc__obs_cells *cells, int64_t a, int64_t b)
{
    if (cells->quantity[a] != cells->quantity[b]) return cells->quantity[a] < cells->quantity[b] ? -1 : 1;
    if (cells->duration_s[a] != cells->duration_s[b]) return cells->duration_s[a] < cells->duration_s[b] ? -1 : 1;
    if (cells->time_ns[a] != cells->time_ns[b]) return cells->time_ns[a] < cells->time_ns[b] ? -1 : 1;
    return (a > b) - (a < b);
}

static void sift(const struct nwc__obs_cells *cells, int64_t *rows, int64_t root, int64_t n)
{
    for (int64_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && compare(cells, rows[child], rows[child + 1]) < 0) child++;
        if (compare(cells, rows[root], rows[child]) >= 0) return;
        const int64_t row = rows[root];
        rows[root] = rows[child], rows[child] = row;
    }
}

/* Heap sort (Williams 1964): no two rows compare alike. */
static void sort_by_time(const struct nwc__obs_cells *cells, int64_t *rows, int64_t n)
{
    for (int64_t k = n / 2; k-- > 0;) sift(cells, rows, k, n);
    for (int64_t end = n; end-- > 1;) {
        const int64_t row = rows[0];
        rows[0] = rows[end], rows[end] = row;
        sift(cells, rows, 0, end);
    }
}

/* The rows that take part, sorted by time; to be given to nwc__free. */
static nwc_status by_time(const struct nwc__check *check, int64_t **rows)
{
    *rows = nwc__alloc(check->ctx, check->n, sizeof **rows);
    if (!*rows) return NWC_ERR_NOMEM;
    if (check->n) memcpy(*rows, check->order, (size_t)check->n * sizeof **rows);
    sort_by_time(&check->cells, *rows, check->n);
    return NWC_OK;
}

/* Of one time, within the window or, for an amount, half its interval. */
static bool at_one_time(const struct nwc__check *check, int64_t a, int64_t b)
{
    const struct nwc__obs_cells *const c = &check->cells;
    double window_s = check->options->window_s;
    if (c->duration_s[a] > 0.0) window_s = fmin(window_s, 0.5 * c->duration_s[a]);
    return c->quantity[a] == c->quantity[b] && c->duration_s[a] == c->duration_s[b] &&
           fabs((double)c->time_ns[a] - (double)c->time_ns[b]) <= 1e9 * window_s;
}

/* How high above its station's ground a value is; NaN where that is not known. */
static double above_ground(const struct nwc__check *check, int64_t r)
{
    nwc_obs_station station;
    if (nwc_obs_get_station(check->obs, check->cells.station[r], &station) != NWC_OK) return NAN;
    return check->cells.height_m[r] - station.height_m;
}

/* The air at 5 cm is not that at 2 m. */
static bool as_high(const struct nwc__check *check, int64_t a, int64_t b)
{
    return !(fabs(above_ground(check, a) - above_ground(check, b)) > 1.0);
}

/* Within a distance; the difference in latitude alone decides most. */
static bool is_near(const struct nwc__check *check, int64_t a, int64_t b, double radius_m, double *apart_m)
{
    const struct nwc__obs_cells *const c = &check->cells;
    if (!(fabs(c->latitude_deg[a] - c->latitude_deg[b]) * NWC__RADIANS * EARTH_M <= radius_m)) return false;
    *apart_m = nwc__rows_apart_m(c, a, b);
    return *apart_m <= radius_m;
}

static void sort_numbers(double *numbers, int n)
{
    for (int k = 1; k < n; k++)
        for (int j = k; j > 0 && numbers[j] < numbers[j - 1]; j--) {
            const double number = numbers[j];
            numbers[j] = numbers[j - 1], numbers[j - 1] = number;
        }
}

static double median(double *numbers, int n)
{
    sort_numbers(numbers, n);
    return n % 2 ? numbers[n / 2] : 0.5 * (numbers[n / 2 - 1] + numbers[n / 2]);
}

/* Neighbours found, the nearest first, at most one row of each station. */
struct neighbours {
    int n;
    double apart_m[MOST_NEIGHBOURS], value[MOST_NEIGHBOURS];
    int32_t station[MOST_NEIGHBOURS];
};

static void add_neighbour(struct neighbours *found, double apart_m, double value, int32_t station)
{
    int at = 0;
    for (; at < found->n && found->station[at] != station; at++) {}
    if (at < found->n) { /* the station is there: keep the row that is nearer, or came first */
        if (found->apart_m[at] <= apart_m) return;
        for (found->n--; at < found->n; at++) {
            found->apart_m[at] = found->apart_m[at + 1];
            found->value[at] = found->value[at + 1];
            found->station[at] = found->station[at + 1];
        }
    }
    if (found->n == MOST_NEIGHBOURS && found->apart_m[MOST_NEIGHBOURS - 1] <= apart_m) return;
    int k = found->n < MOST_NEIGHBOURS ? found->n++ : MOST_NEIGHBOURS - 1;
    for (; k > 0 && found->apart_m[k - 1] > apart_m; k--) {
        found->apart_m[k] = found->apart_m[k - 1];
        found->value[k] = found->value[k - 1];
        found->station[k] = found->station[k - 1];
    }
    found->apart_m[k] = apart_m, found->value[k] = value, found->station[k] = station;
}

/* The value of row b as it would be at the height of row a; NaN where a height is needed and not known. */
static double brought_to(const struct nwc__obs_cells *cells, const struct nwc__limits *limit, int64_t b, int64_t a)
{
    const double value = limit->as_root ? sqrt(fmax(cells->value[b], 0.0)) : cells->value[b];
    const double lapse = isnan(limit->lapse) ? 0.0 : limit->lapse;
    return lapse == 0.0 ? value : value + lapse * (cells->height_m[a] - cells->height_m[b]);
}

static bool unlike(const struct nwc__check *check, const struct nwc__limits *limit, const int64_t *rows, int64_t k)
{
    const struct nwc__obs_cells *const cells = &check->cells;
    const uint32_t failed = NWC_OBS_OUT_OF_RANGE | NWC_OBS_STEP | NWC_OBS_STUCK | NWC_OBS_UNLIKE_TWIN;
    const int64_t r = rows[k];
    struct neighbours found = {.n = 0};
    for (int64_t direction = -1; direction <= 1; direction += 2)
        for (int64_t j = k + direction; j >= 0 && j < check->n && at_one_time(check, r, rows[j]); j += direction) {
            const int64_t b = rows[j];
            double apart_m;
            if (cells->station[b] == cells->station[r] || (cells->flags[b] & failed)) continue;
            if (!is_near(check, r, b, check->options->radius_m, &apart_m) || !as_high(check, r, b)) continue;
            const double value = brought_to(cells, limit, b, r);
            if (!isnan(value)) add_neighbour(&found, apart_m, value, cells->station[b]);
        }
    if (found.n < check->options->least_neighbours) return false;
    const double own = brought_to(cells, limit, r, r), middle = median(found.value, found.n);
    for (int n = 0; n < found.n; n++) found.value[n] = fabs(found.value[n] - middle);
    const double spread = fmax(1.4826 * median(found.value, found.n), limit->least_spread);
    return fabs(own - middle) > check->options->spread_factor * spread;
}

nwc_status nwc__check_neighbours(const struct nwc__check *check)
{
    int64_t *rows = NULL;
    nwc_status status = by_time(check, &rows);
    for (int64_t k = 0; k < check->n && status == NWC_OK; k++) {
        const struct nwc__limits *const limit = nwc__limits_of(check->cells.quantity[rows[k]]);
        if (isnan(limit->least_spread) || (check->cells.flags[rows[k]] & NWC_OBS_OUT_OF_RANGE)) continue;
        /* This flag is not among those that keep a neighbour from being asked: the order of rows says nothing. */
        if (unlike(check, limit, rows, k)) check->cells.flags[rows[k]] |= NWC_OBS_UNLIKE_NEIGHBOURS;
        if (k % 4096 == 0) status = nwc__progress(check->ctx, "neighbours", (double)k / (double)check->n);
    }
    nwc__free(check->ctx, rows);
    return status;
}

/* Which of two sensors is wrong they do not say: both are flagged. */
nwc_status nwc__check_twins(const struct nwc__check *check)
{
    const struct nwc__obs_cells *const cells = &check->cells;
    int64_t *rows = NULL;
    NWC__TRY(by_time(check, &rows));
    for (int64_t k = 0; k < check->n; k++) {
        const struct nwc__limits *const limit = nwc__limits_of(cells->quantity[rows[k]]);
        if (isnan(limit->twin)) continue;
        for (int64_t j = k + 1; j < check->n && at_one_time(check, rows[k], rows[j]); j++) {
            const int64_t a = rows[k], b = rows[j];
            double apart_m;
            if (cells->station[a] == cells->station[b] || cells->time_ns[a] != cells->time_ns[b]) continue;
            if (!is_near(check, a, b, check->options->twin_m, &apart_m) || !as_high(check, a, b)) continue;
            if (fabs(cells->value[a] - cells->value[b]) <= limit->twin) continue;
            cells->flags[a] |= NWC_OBS_UNLIKE_TWIN;
            cells->flags[b] |= NWC_OBS_UNLIKE_TWIN;
        }
    }
    nwc__free(check->ctx, rows);
    return NWC_OK;
}

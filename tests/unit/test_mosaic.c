/* mosaic: cells beside a search through all gates, and what becomes of volumes that are not whole. */
#include "support/support.h"

#include <proj.h>

#define RADIANS (3.14159265358979323846 / 180.0)
#define HOUR INT64_C(3600000000000)

enum { NZ = 6, NY = 22, NX = 25, CELLS = NZ * NY * NX, GATES = 160, MOST_RAYS = 130 };

static const double z_m[NZ] = {300.0, 1000.0, 2000.0, 4000.0, 8000.0, 15000.0};
static const nwc_grid grid = {.projection = "+proj=lcc +lat_1=30 +lat_2=35 +lat_0=32.5 +lon_0=120 +ellps=WGS84",
                              .nx = NX,
                              .ny = NY,
                              .x_first = -95e3,
                              .y_first = -80e3,
                              .dx = 7e3,
                              .dy = 7.5e3,
                              .nz = NZ,
                              .z_m = z_m};

/* ---- volumes ---- */

typedef float (*moment_fn)(double azimuth, double elevation, double range, double after_s);

/* A sweep of a made volume. */
struct turn {
    double elevation;
    int rays;
    double first_azimuth, step, jitter; /* rays at first + r step + jitter sin(r) */
    double begin_s;                     /* after the hour */
    double ray_s;                       /* from ray to ray */
};

static nwc_volume *empty_volume(double lat, double lon)
{
    nwc_volume *volume;
    const nwc_volume_facts facts = {.site = "TEST",
                                    .latitude_deg = lat,
                                    .longitude_deg = lon,
                                    .altitude_m = 120.0,
                                    .frequency_hz = NAN,
                                    .beam_width_h_deg = 1.0,
                                    .beam_width_v_deg = 1.0,
                                    .time_ns = 480000 * HOUR};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    return volume;
}

static void add_turn(nwc_volume *volume, const struct turn *turn)
{
    static int64_t times[MOST_RAYS];
    static float azimuth[MOST_RAYS], elevation[MOST_RAYS];
    for (int r = 0; r < turn->rays; r++) {
        times[r] = 480000 * HOUR + (int64_t)(1e9 * (turn->begin_s + r * turn->ray_s));
        azimuth[r] = (float)fmod(turn->first_azimuth + r * turn->step + turn->jitter * sin(r) + 720.0, 360.0);
        elevation[r] = (float)turn->elevation;
    }
    const nwc_sweep sweep = {.fixed_angle_deg = turn->elevation,
                             .n_rays = turn->rays,
                             .time_ns = times,
                             .azimuth_deg = azimuth,
                             .elevation_deg = elevation};
    assert_ok(nwc_volume_add_sweep(volume, &sweep));
}

static void put(nwc_volume *volume, int32_t number, const char *name, const char *units, double spacing, moment_fn fn)
{
    static float cells[MOST_RAYS * GATES];
    nwc_sweep sweep;
    assert_ok(nwc_volume_sweep(volume, number, &sweep));
    for (int64_t r = 0; r < sweep.n_rays; r++)
        for (int g = 0; g < GATES; g++)
            cells[r * GATES + g] = fn(sweep.azimuth_deg[r], sweep.elevation_deg[r], 0.5 * spacing + g * spacing,
                                      1e-9 * (double)(sweep.time_ns[r] - 480000 * HOUR));
    nwc_moment moment = {.name = name, .first_gate_m = 0.5 * spacing, .gate_spacing_m = spacing};
    moment.field = (nwc_field){
        .data = cells, .ndim = 2, .dim = {sweep.n_rays, GATES}, .stride = {GATES, 1}, .missing = NAN, .units = units};
    assert_ok(nwc_volume_put_moment(volume, number, &moment));
}

/* Reflectivity with clear air, gates not observed, and echo. */
static float weather(double azimuth, double elevation, double range, double after_s)
{
    (void)after_s;
    const double wave = sin(azimuth * RADIANS * 3.0) + cos(range / 9e3) - 0.05 * elevation;
    if (wave < -0.9) return NAN;
    if (wave < -0.2) return (float)NWC_NOTHING_DBZ;
    return (float)(20.0 + 18.0 * wave);
}

static float radial(double azimuth, double elevation, double range, double after_s)
{
    (void)elevation, (void)after_s;
    return range > 60e3 ? NAN : (float)(12.0 * sin(azimuth * RADIANS) + 1e-4 * range);
}

static float nothing(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)elevation, (void)range, (void)after_s;
    return (float)NWC_NOTHING_DBZ;
}

static float forty(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)elevation, (void)range, (void)after_s;
    return 40.0F;
}

static const struct turn turns[] = {{0.5, 120, 1.3, 3.0, 0.7, 0.0, 0.2},
                                    {1.5, 119, 200.0, 3.025, 0.4, 30.0, 0.2},
                                    {3.2, 121, 77.0, 2.975, 0.9, 60.0, 0.2},
                                    {9.9, 120, 5.0, 3.0, 0.5, 90.0, 0.2}};

enum { TURNS = 4 };

static nwc_volume *volume_of(double lat, double lon, double turned, moment_fn fn)
{
    nwc_volume *const volume = empty_volume(lat, lon);
    for (int t = 0; t < TURNS; t++) {
        struct turn turn = turns[t];
        turn.first_azimuth += turned;
        add_turn(volume, &turn);
        put(volume, t, "DBZH", NULL, 600.0, fn);
        if (t) put(volume, t, "VRADH", NULL, 500.0, radial);
    }
    return volume;
}

/* ---- mosaics ---- */

struct made {
    float z[CELLS], v[CELLS], quality[CELLS], age[CELLS], lowest[NY * NX];
    int32_t radars[CELLS];
};

static nwc_field field_3d(float *cells, const char *units)
{
    return (nwc_field){.data = cells,
                       .ndim = 3,
                       .dim = {NZ, NY, NX},
                       .stride = {NY * NX, NX, 1},
                       .missing = NAN,
                       .units = units,
                       .grid = &grid};
}

static nwc_status build_with(nwc_ctx *ctx, const nwc_mosaic_input *inputs, int32_t n, double after_s,
                             const nwc_field *u, const nwc_field *v, const nwc_mosaic_options *options,
                             const char *second, const char *units, struct made *made)
{
    const char *const names[] = {"DBZH", second};
    nwc_field fields[] = {field_3d(made->z, "dBZ"), field_3d(made->v, units)};
    nwc_field quality = field_3d(made->quality, "1"), age = field_3d(made->age, "s");
    nwc_field lowest = field_2d(made->lowest, NY, NX, "m", &grid);
    nwc_labels radars = {.data = made->radars, .ndim = 3, .dim = {NZ, NY, NX}, .stride = {NY * NX, NX, 1}};
    const nwc_mosaic_output output = {2, names, fields, &quality, &age, &radars, &lowest};
    return nwc_mosaic_build(ctx, inputs, n, 480000 * HOUR + (int64_t)(1e9 * after_s), u, v, options, &output);
}

static struct made *build(const nwc_volume *volume, const nwc_mosaic_options *options)
{
    struct made *const made = malloc(sizeof *made);
    const nwc_mosaic_input input = {volume, NULL};
    assert_ok(build_with(NULL, &input, 1, 120.0, NULL, NULL, options, "VRADH", "m s-1", made));
    return made;
}

/* ---- the search through all gates ---- */

/* A cell as the radar sees it, by nwc_beam_find. */
struct seen {
    double azimuth, elevation, range;
};

static struct seen see(const nwc_volume *volume, int k, int j, int i)
{
    static double lon[NY * NX], lat[NY * NX], last_lat, last_lon;
    static nwc_beam *beam; /* of the radar asked for last */
    nwc_volume_facts facts;
    struct seen seen;
    assert_ok(nwc_volume_describe(volume, &facts));
    if (!beam) {
        for (int c = 0; c < NY * NX; c++)
            lon[c] = grid.x_first + c % NX * grid.dx, lat[c] = grid.y_first + c / NX * grid.dy;
        assert_ok(nwc_grid_to_lonlat(NULL, &grid, NY * NX, lon, lat, lon, lat));
    }
    if (!beam || last_lat != facts.latitude_deg || last_lon != facts.longitude_deg) {
        nwc_beam_destroy(beam);
        last_lat = facts.latitude_deg, last_lon = facts.longitude_deg;
        assert_ok(nwc_beam_create(NULL, last_lat, last_lon, facts.altitude_m, NULL, &beam));
    }
    const int c = j * NX + i;
    assert_ok(nwc_beam_find(NULL, beam, 1, &lon[c], &lat[c], &z_m[k], &seen.azimuth, &seen.elevation, &seen.range));
    return seen;
}

static double turn_between(double a, double b)
{
    return fabs(fmod(a - b + 540.0, 360.0) - 180.0);
}

/* How gates are averaged: as they are, as Z, or as dBZ of those with echo, times the share of these. */
enum way { PLAIN, Z, ECHO };

/* What is summed over gates. */
struct sums {
    double value, echo, known, all;
};

static void add_gate(struct sums *sums, enum way way, double weight, double value)
{
    const bool echo = value > NWC_NOTHING_DBZ;
    sums->all += weight;
    if (isnan(value)) return;
    sums->known += weight;
    if (way == PLAIN) sums->value += weight * value;
    if (way == Z) sums->value += echo ? weight * pow(10.0, 0.1 * value) : 0.0;
    if (way == ECHO && echo) sums->value += weight * value, sums->echo += weight;
}

static double mean_of(const struct sums *sums, enum way way)
{
    if (!(sums->known > 0.0) || sums->known < 0.5 * sums->all) return NAN;
    if (way == PLAIN) return sums->value / sums->known;
    const double z = way == Z           ? sums->value / sums->known
                     : sums->echo > 0.0 ? pow(10.0, 0.1 * sums->value / sums->echo) * sums->echo / sums->known
                                        : 0.0;
    return z > 0.0 ? fmax(-32.0, 10.0 * log10(z)) : -32.0;
}

/* The four gates of a sweep about a place. */
static void add_four(const nwc_volume *volume, int32_t number, const char *name, struct seen at, double share,
                     enum way way, struct sums *sums)
{
    nwc_sweep sweep;
    nwc_moment moment;
    assert_ok(nwc_volume_sweep(volume, number, &sweep));
    if (nwc_volume_find(volume, number, name, &moment) != NWC_OK) return;
    int64_t left = -1, right = -1;
    for (int64_t r = 0; r < sweep.n_rays; r++) {
        const double off = fmod(sweep.azimuth_deg[r] - at.azimuth + 720.0, 360.0); /* clockwise from the place */
        if (right < 0 || off < fmod(sweep.azimuth_deg[right] - at.azimuth + 720.0, 360.0)) right = r;
        if (left < 0 || off > fmod(sweep.azimuth_deg[left] - at.azimuth + 720.0, 360.0)) left = r;
    }
    const double a = turn_between(at.azimuth, sweep.azimuth_deg[left]);
    const double b = turn_between(at.azimuth, sweep.azimuth_deg[right]);
    const double gate = (at.range - moment.first_gate_m) / moment.gate_spacing_m, in = gate - floor(gate);
    for (int corner = 0; corner < 4; corner++) {
        const int64_t g = (int64_t)floor(gate) + (corner & 1), ray = corner & 2 ? right : left;
        const double weight = share * (corner & 1 ? in : 1.0 - in) * (corner & 2 ? a : b) / (a + b);
        add_gate(sums, way, weight, g < 0 || g >= GATES ? (double)NAN : (double)moment.field.data[ray * GATES + g]);
    }
}

/* Eight gates of the two sweeps about a cell. elevations and numbers of n sweeps, from the lowest. */
static double eight(const nwc_volume *volume, const char *name, const int32_t *number, int n, struct seen at,
                    enum way way)
{
    struct sums sums = {0};
    double elevation[TURNS];
    for (int t = 0; t < n; t++) elevation[t] = (float)turns[number[t]].elevation;
    if (at.elevation < elevation[0] - 0.5 || at.elevation > elevation[n - 1] + 0.5) return NAN;
    int lo = 0;
    while (lo + 1 < n && elevation[lo + 1] <= at.elevation) lo++;
    const int hi = lo + 1 < n && at.elevation > elevation[lo] ? lo + 1 : lo;
    const double f = hi > lo ? (at.elevation - elevation[lo]) / (elevation[hi] - elevation[lo]) : 0.0;
    add_four(volume, number[lo], name, at, 1.0 - f, way, &sums);
    if (hi > lo) add_four(volume, number[hi], name, at, f, way, &sums);
    return mean_of(&sums, way);
}

static void every_cell_is_the_mean_of_the_eight_gates_about_it(void **state)
{
    (void)state;
    static const int32_t all[] = {0, 1, 2, 3}, doppler[] = {1, 2, 3};
    nwc_mosaic_lookup *lookup = NULL;
    int64_t echo = 0, clear = 0, unknown = 0;
    for (int second = 0; second < 2; second++) { /* two volumes of other azimuths and ways to average, one lookup */
        nwc_volume *const volume = volume_of(32.6, 120.2, 1.1 * second, weather);
        if (!lookup) assert_ok(nwc_mosaic_lookup_create(NULL, volume, &grid, NULL, &lookup));
        assert_int_equal(nwc_mosaic_lookup_serves(lookup, volume, &grid, NULL), 1);
        struct made *const made = malloc(sizeof *made);
        const nwc_mosaic_input input = {volume, lookup};
        nwc_mosaic_options options;
        nwc_mosaic_options_init(&options);
        options.reflectivity = second ? NWC_MOSAIC_Z : NWC_MOSAIC_ECHO;
        assert_ok(build_with(NULL, &input, 1, 120.0, NULL, NULL, &options, "VRADH", "m s-1", made));
        for (int c = 0; c < CELLS; c++) {
            const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
            const double z = eight(volume, "DBZH", all, 4, at, second ? Z : ECHO);
            const double v = eight(volume, "VRADH", doppler, 3, at, PLAIN);
            assert_int_equal(isnan(z), isnan(made->z[c]));
            assert_int_equal(isnan(v), isnan(made->v[c]));
            if (!isnan(z)) assert_near(made->z[c], z, 0.02);
            if (!isnan(v)) assert_near(made->v[c], v, 0.005);
            assert_int_equal(made->radars[c], !isnan(z) || !isnan(v));
            assert_true((made->quality[c] > 0.0F) == (made->radars[c] == 1));
            echo += z > -32.0, clear += z == -32.0, unknown += isnan(z);
        }
        free(made);
        nwc_volume_destroy(volume);
    }
    assert_true(echo > 500 && clear > 50 && unknown > 500);
    nwc_mosaic_lookup_destroy(lookup);
}

static void the_nearest_is_one_of_the_gates_as_it_is(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, weather);
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.method = NWC_MOSAIC_NEAREST;
    struct made *const made = build(volume, &options);
    int found = 0;
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        if (at.elevation < 0.0 || at.elevation > 10.4 || at.range > 95e3) continue;
        int t = 0;
        for (int s = 1; s < TURNS; s++)
            if (fabs(turns[s].elevation - at.elevation) < fabs(turns[t].elevation - at.elevation)) t = s;
        nwc_sweep sweep;
        nwc_moment moment;
        assert_ok(nwc_volume_sweep(volume, t, &sweep));
        assert_ok(nwc_volume_find(volume, t, "DBZH", &moment));
        int64_t ray = 0;
        for (int64_t r = 1; r < sweep.n_rays; r++)
            if (turn_between(sweep.azimuth_deg[r], at.azimuth) < turn_between(sweep.azimuth_deg[ray], at.azimuth))
                ray = r;
        const float value = moment.field.data[ray * GATES + (int64_t)floor(at.range / 600.0)];
        const double place = at.range / 600.0 - floor(at.range / 600.0);
        if (place < 0.001 || place > 0.999) continue; /* a tie, which rounding decides */
        assert_int_equal(isnan(value), isnan(made->z[c]));
        if (!isnan(value)) assert_near(made->z[c], fmaxf(value, -32.0F), 1e-4);
        found += !isnan(value);
    }
    assert_true(found > 500);
    free(made);
    nwc_volume_destroy(volume);
}

/* Weighted means over all gates of all sweeps: distances along arcs of the place's own range, as documented. */
static double within(const nwc_volume *volume, struct seen at, bool barnes)
{
    struct sums sums = {0};
    const double radius = fmax(2500.0, 1.25 * RADIANS * at.range);
    for (int t = 0; t < TURNS; t++) {
        nwc_sweep sweep;
        nwc_moment moment;
        assert_ok(nwc_volume_sweep(volume, t, &sweep));
        assert_ok(nwc_volume_find(volume, t, "DBZH", &moment));
        const double up = (at.elevation - (double)(float)turns[t].elevation) * RADIANS * at.range;
        for (int64_t r = 0; r < sweep.n_rays; r++) {
            const double across =
                turn_between(sweep.azimuth_deg[r], at.azimuth) * RADIANS * at.range * cos(at.elevation * RADIANS);
            for (int g = 0; g < GATES && hypot(up, across) < radius; g++) {
                const double along = 300.0 + 600.0 * g - at.range;
                const double d2 = up * up + across * across + along * along, r2 = radius * radius;
                if (d2 >= r2) continue;
                const double weight = barnes ? exp(-4.0 * d2 / r2) : (r2 - d2) / (r2 + d2);
                add_gate(&sums, ECHO, weight, moment.field.data[r * GATES + g]);
            }
        }
    }
    return mean_of(&sums, ECHO);
}

static void weights_within_a_radius_count_every_gate_once(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, weather);
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.radius_min_m = 2500.0;
    for (int barnes = 0; barnes < 2; barnes++) {
        options.method = barnes ? NWC_MOSAIC_BARNES : NWC_MOSAIC_CRESSMAN;
        struct made *const made = build(volume, &options);
        int different = 0, found = 0;
        for (int c = 0; c < CELLS; c += 7) {
            const double z = within(volume, see(volume, c / (NY * NX), c / NX % NY, c % NX), barnes);
            /* a gate on the very edge of the radius or of the share that must be known may fall either way */
            different += isnan(z) != isnan(made->z[c]) || fabs(z - (double)made->z[c]) > 0.05;
            found += !isnan(z);
        }
        assert_true(found > 200);
        assert_true(different <= 2);
        free(made);
    }
    nwc_volume_destroy(volume);
}

static void clear_air_is_no_echo_and_what_no_beam_reaches_is_not_known(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, nothing);
    struct made *const made = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        const bool within_reach = at.elevation > 0.01 && at.elevation < 10.39 && at.range < 160 * 600.0 - 300.0;
        const bool beyond = at.elevation < -0.01 || at.elevation > 10.41 || at.range > 160 * 600.0 + 600.0;
        if (within_reach) assert_near(made->z[c], -32.0, 0.0);
        if (beyond) assert_true(isnan(made->z[c]));
        if (beyond) assert_true(isnan(made->age[c]) && made->quality[c] == 0.0F && made->radars[c] == 0);
    }
    free(made);
    nwc_volume_destroy(volume);
}

static void the_lowest_beam_is_that_of_the_lowest_sweep(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    struct made *const made = build(volume, NULL);
    nwc_beam *beam;
    assert_ok(nwc_beam_create(NULL, 32.6, 120.2, 120.0, NULL, &beam));
    int found = 0;
    for (int c = 0; c < NY * NX; c++) {
        const struct seen at = see(volume, 0, c / NX, c % NX);
        if (at.range > 98e3) assert_true(isnan(made->lowest[c]));
        if (at.range > 94e3) continue;
        double height;
        assert_ok(nwc_beam_path(beam, 0.5, 1, &at.range, &height, NULL, NULL));
        assert_near(made->lowest[c], height, 12.0); /* the range is that of another height */
        found++;
    }
    assert_true(found > 200);
    nwc_beam_destroy(beam);
    free(made);
    nwc_volume_destroy(volume);
}

/* Seven tenths of the beam and more are hidden from 40 km on. */
static float behind(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)elevation, (void)after_s;
    return range < 40e3 ? 0.1F : 0.75F;
}

static void what_is_hidden_is_not_observed(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    struct made *const open = build(volume, NULL);
    put(volume, 0, "CBB", "1", 500.0, behind);
    struct made *const made = build(volume, NULL);
    int hidden = 0, above = 0;
    for (int c = 0; c < CELLS; c++) {
        const int column = c % (NY * NX);
        const struct seen at = see(volume, c / (NY * NX), column / NX, column % NX);
        const double low = see(volume, 0, column / NX, column % NX).range; /* of the lowest level */
        const bool far = low > 42e3 && at.range < 90e3, near = at.range < 38e3;
        if (near) assert_true(made->z[c] == open->z[c] || (isnan(made->z[c]) && isnan(open->z[c])));
        if (near) assert_true(made->lowest[column] == open->lowest[column]);
        if (!far) continue;
        assert_true(made->lowest[column] > open->lowest[column] + 500.0F); /* a degree up at 40 km and more */
        if (at.elevation > 0.1 && at.elevation < 0.9) {                    /* nearer to the sweep that is hidden */
            assert_true(isnan(made->z[c]) && !made->radars[c] && !isnan(open->z[c]));
            hidden++;
        } else if (at.elevation > 1.1 && at.elevation < 9.9) {
            assert_near(made->z[c], 40.0, 1e-3);
            above++;
        }
    }
    assert_true(hidden > 100 && above > 100);
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.blocked = 0.8;
    struct made *const less = build(volume, &options);
    for (int c = 0; c < CELLS; c++) assert_true(isnan(less->z[c]) == isnan(open->z[c]));
    options.blocked = 0.0;
    nwc_field field = field_3d(made->z, "dBZ");
    const char *const name = "DBZH";
    const nwc_mosaic_input input = {volume, NULL};
    const nwc_mosaic_output output = {.n_fields = 1, .names = &name, .fields = &field};
    assert_fails(NWC_ERR_ARG, "blocked", nwc_mosaic_build(NULL, &input, 1, 0, NULL, NULL, &options, &output));
    free(less);
    free(made);
    free(open);
    nwc_volume_destroy(volume);
}

static void one_missing_ray_is_bridged_and_a_missing_sector_is_not(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn east = {0.5, 60, 0.0, 3.0, 0.0, 0.0, 0.1}; /* 0 to 177 degrees */
    add_turn(volume, &east);
    put(volume, 0, "DBZH", NULL, 600.0, forty);
    struct made *made = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        if (fabs(at.elevation - 0.5) > 0.49 || at.range > 95e3) continue;
        if (at.azimuth < 178.4) assert_near(made->z[c], 40.0, 1e-4);
        if (at.azimuth > 178.6 && at.azimuth < 358.4) assert_true(isnan(made->z[c]));
    }
    free(made);
    nwc_volume_destroy(volume);

    nwc_volume *const gaps = empty_volume(32.6, 120.2);
    int64_t times[MOST_RAYS] = {0};
    float azimuth[MOST_RAYS], elevation[MOST_RAYS];
    int n = 0;
    for (int r = 0; r < 120; r++) {
        if (r == 40) continue;
        times[n] = 480000 * HOUR, azimuth[n] = 3.0F * (float)r, elevation[n] = 0.5F, n++;
    }
    const nwc_sweep sweep = {.n_rays = n, .time_ns = times, .azimuth_deg = azimuth, .elevation_deg = elevation};
    assert_ok(nwc_volume_add_sweep(gaps, &sweep));
    put(gaps, 0, "DBZH", NULL, 600.0, forty);
    made = build(gaps, NULL);
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(gaps, c / (NY * NX), c / NX % NY, c % NX);
        if (fabs(at.elevation - 0.5) < 0.49 && at.range < 95e3) assert_near(made->z[c], 40.0, 1e-4);
    }
    free(made);
    nwc_volume_destroy(gaps);
}

static float by_time(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)elevation, (void)range;
    return after_s < 100.0 ? 20.0F : after_s < 200.0 ? 30.0F : 50.0F;
}

static void of_sweeps_at_one_elevation_the_one_nearest_in_time_is_taken(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn low[] = {{0.5, 120, 0.0, 3.0, 0.0, 0.0, 0.1},
                               {0.55, 120, 1.0, 3.0, 0.0, 150.0, 0.1},
                               {0.48, 120, 2.0, 3.0, 0.0, 300.0, 0.1}};
    for (int t = 0; t < 3; t++) {
        add_turn(volume, &low[t]);
        put(volume, t, "DBZH", NULL, 600.0, by_time);
    }
    static const double asked[] = {0.0, 160.0, 320.0};
    static const float expected[] = {20.0F, 30.0F, 50.0F};
    for (int t = 0; t < 3; t++) {
        struct made *const made = malloc(sizeof *made);
        const nwc_mosaic_input input = {volume, NULL};
        assert_ok(build_with(NULL, &input, 1, asked[t], NULL, NULL, NULL, "VRADH", "m s-1", made));
        int found = 0;
        for (int c = 0; c < CELLS; c++)
            if (!isnan(made->z[c])) {
                assert_near(made->z[c], expected[t], 1e-4);
                assert_near(made->age[c], asked[t] - 150.0 * t - 6.0, 6.1);
                found++;
            }
        assert_true(found > 50);
        free(made);
    }
    nwc_volume_destroy(volume);
}

static void radars_are_averaged_by_quality_and_velocities_are_of_the_best(void **state)
{
    (void)state;
    nwc_volume *const west = volume_of(32.5, 119.6, 0.0, forty), *const east = volume_of(32.5, 120.5, 0.0, nothing);
    const nwc_mosaic_input both[] = {{west, NULL}, {east, NULL}};
    struct made *const made = malloc(sizeof *made), *const of_west = build(west, NULL),
                       *const of_east = build(east, NULL);
    assert_ok(build_with(NULL, both, 2, 120.0, NULL, NULL, NULL, "VRADH", "m s-1", made));
    int shared = 0;
    for (int c = 0; c < CELLS; c++) {
        assert_int_equal(made->radars[c], of_west->radars[c] | of_east->radars[c] << 1);
        assert_near(made->quality[c], fmaxf(of_west->quality[c], of_east->quality[c]), 1e-6);
        const double qw = of_west->quality[c], qe = of_east->quality[c];
        if (!isnan(of_west->z[c]) && !isnan(of_east->z[c])) {
            if (qw < 1e-6 || qe < 1e-6) continue;
            assert_near(made->z[c], fmax(-32.0, 10.0 * log10(qw * 1e4 / (qw + qe))), 0.01);
            shared++;
        }
        const float v = isnan(of_east->v[c]) || (!isnan(of_west->v[c]) && qw > qe) ? of_west->v[c] : of_east->v[c];
        assert_true(isnan(v) ? isnan(made->v[c]) : fabsf(v - made->v[c]) < 1e-4F);
        const float lowest = fminf(of_west->lowest[c % (NY * NX)], of_east->lowest[c % (NY * NX)]);
        assert_true(isnan(lowest) ? isnan(made->lowest[c % (NY * NX)]) : lowest == made->lowest[c % (NY * NX)]);
    }
    assert_true(shared > 300);
    free(made);
    free(of_west);
    free(of_east);
    nwc_volume_destroy(west);
    nwc_volume_destroy(east);
}

static void quality_is_what_the_header_says(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn turn = {2.0, 120, 0.0, 3.0, 0.0, 0.0, 0.0};
    add_turn(volume, &turn);
    put(volume, 0, "DBZH", NULL, 600.0, forty);
    struct made *made = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) {
        if (isnan(made->z[c])) continue;
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        const double off = at.elevation - 2.0;
        assert_near(made->quality[c],
                    exp(-pow(at.range / 150e3, 2.0)) * exp(-pow(120.0 / 600.0, 2.0)) * pow(2.0, -off * off), 1e-5);
    }
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, 0, "DBZH", &moment));
    float *const half = malloc(120 * GATES * sizeof *half);
    for (int g = 0; g < 120 * GATES; g++) half[g] = 0.5F;
    moment.field.data = half, moment.name = "CBB", moment.field.units = "1";
    assert_ok(nwc_volume_put_moment(volume, 0, &moment));
    struct made *const blocked = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) assert_near(blocked->quality[c], 0.5 * made->quality[c], 1e-6);
    for (int g = 0; g < 120 * GATES; g++) half[g] = 0.25F; /* which knows of the blockage */
    moment.name = "QIND";
    assert_ok(nwc_volume_put_moment(volume, 0, &moment));
    struct made *const worse = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) assert_near(worse->quality[c], 0.25 * made->quality[c], 1e-6);
    free(blocked);
    free(half);
    free(made);
    free(worse);
    nwc_volume_destroy(volume);
}

static void a_radar_that_is_late_gives_nothing(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    struct made *const made = malloc(sizeof *made);
    const nwc_mosaic_input input = {volume, NULL};
    assert_ok(build_with(NULL, &input, 1, 2000.0, NULL, NULL, NULL, "VRADH", "m s-1", made));
    for (int c = 0; c < CELLS; c++) assert_true(isnan(made->z[c]) && !made->radars[c] && made->quality[c] == 0.0F);
    for (int c = 0; c < NY * NX; c++) assert_true(isnan(made->lowest[c]));
    free(made);
    nwc_volume_destroy(volume);
}

/* A quantity that is linear over the ground and moves at (18, -11) m s-1 along the grid's x and y. */
static nwc_beam *moving_beam;
static PJ *moving_plane;

static float moving(double azimuth, double elevation, double range, double after_s)
{
    double lon, lat, height;
    assert_ok(nwc_beam_locate(NULL, moving_beam, 1, &azimuth, &elevation, &range, &lon, &lat, &height));
    const PJ_COORD at = proj_trans(moving_plane, PJ_FWD, proj_coord(lon * RADIANS, lat * RADIANS, 0.0, 0.0));
    const double x = at.xy.x, y = at.xy.y;
    return (float)(1e-3 * (x - 18.0 * after_s) - 2e-3 * (y + 11.0 * after_s) + 1e-4 * height);
}

static void sweeps_are_brought_to_one_time_along_the_motion(void **state)
{
    (void)state;
    static float u[NY * NX], v[NY * NX];
    for (int c = 0; c < NY * NX; c++) u[c] = 18.0F, v[c] = -11.0F;
    const nwc_field u_field = field_2d(u, NY, NX, "m s-1", &grid), v_field = field_2d(v, NY, NX, "m s-1", &grid);
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    assert_ok(nwc_beam_create(NULL, 32.6, 120.2, 120.0, NULL, &moving_beam));
    moving_plane = proj_create(NULL, grid.projection);
    for (int t = 0; t < TURNS; t++) {
        struct turn turn = turns[t];
        turn.begin_s = 100.0 * t;
        add_turn(volume, &turn);
        put(volume, t, "DBZH", NULL, 600.0, forty);
        put(volume, t, "LINE", "1", 600.0, moving);
    }
    struct made *const made = malloc(sizeof *made), *const still = malloc(sizeof *still);
    const nwc_mosaic_input input = {volume, NULL};
    assert_ok(build_with(NULL, &input, 1, 400.0, &u_field, &v_field, NULL, "LINE", "1", made));
    assert_ok(build_with(NULL, &input, 1, 400.0, NULL, NULL, NULL, "LINE", "1", still));
    double moved_error = 0.0, still_error = 0.0;
    int n = 0;
    for (int c = 0; c < CELLS; c++) {
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        if (isnan(made->v[c]) || isnan(still->v[c]) || at.elevation < 0.5 || at.elevation > 9.9 || at.range < 20e3)
            continue;
        const double x = grid.x_first + c % NX * grid.dx, y = grid.y_first + c / NX % NY * grid.dy;
        const double truth = 1e-3 * (x - 18.0 * 400.0) - 2e-3 * (y + 11.0 * 400.0) + 1e-4 * z_m[c / (NY * NX)];
        moved_error += pow(made->v[c] - truth, 2.0), still_error += pow(still->v[c] - truth, 2.0);
        n++;
    }
    assert_true(n > 500);
    assert_true(sqrt(moved_error / n) < 0.15);
    assert_true(sqrt(still_error / n) > 5.0);
    proj_destroy(moving_plane);
    nwc_beam_destroy(moving_beam);
    free(made);
    free(still);
    nwc_volume_destroy(volume);
}

static void calm_is_no_motion(void **state)
{
    (void)state;
    static float u[NY * NX];
    for (int c = 0; c < NY * NX; c++) u[c] = c % 2 ? NAN : 0.0F;
    const nwc_field calm = field_2d(u, NY, NX, "m s-1", &grid);
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, weather);
    struct made *const made = malloc(sizeof *made), *const still = build(volume, NULL);
    const nwc_mosaic_input input = {volume, NULL};
    assert_ok(build_with(NULL, &input, 1, 120.0, &calm, &calm, NULL, "VRADH", "m s-1", made));
    assert_memory_equal(made->z, still->z, sizeof made->z);
    for (int c = 0; c < NY * NX; c++) u[c] = 1e-9F; /* the way for what moves, without moving */
    assert_ok(build_with(NULL, &input, 1, 120.0, &calm, &calm, NULL, "VRADH", "m s-1", made));
    for (int c = 0; c < CELLS; c++)
        assert_true(isnan(still->z[c]) ? isnan(made->z[c]) : fabsf(made->z[c] - still->z[c]) < 0.01F);
    free(made);
    free(still);
    nwc_volume_destroy(volume);
}

static float one_gate(double azimuth, double elevation, double range, double after_s)
{
    (void)after_s;
    return fabs(azimuth - 91.3) < 1.0 && elevation < 1.0 && fabs(range - 40.5e3) < 1.0 ? 60.0F : (float)NWC_NOTHING_DBZ;
}

static void one_gate_of_echo_stays_where_it_is(void **state)
{
    (void)state;
    nwc_volume *const volume = empty_volume(32.6, 120.2);
    const struct turn turn = {0.5, 120, 1.3, 3.0, 0.0, 0.0, 0.0};
    add_turn(volume, &turn);
    put(volume, 0, "DBZH", NULL, 600.0, one_gate);
    struct made *const made = build(volume, NULL);
    for (int c = 0; c < CELLS; c++) {
        if (isnan(made->z[c]) || made->z[c] == -32.0F) continue;
        const struct seen at = see(volume, c / (NY * NX), c / NX % NY, c % NX);
        assert_true(turn_between(at.azimuth, 91.3) < 3.0 && fabs(at.range - 40.5e3) < 600.0);
    }
    free(made);
    nwc_volume_destroy(volume);
}

static void threads_and_instructions_change_nothing_or_little(void **state)
{
    (void)state;
    nwc_volume *const west = volume_of(32.5, 119.6, 0.0, weather), *const east = volume_of(32.5, 120.5, 0.4, weather);
    const nwc_mosaic_input both[] = {{west, NULL}, {east, NULL}};
    struct made *const one = malloc(sizeof *one), *const other = malloc(sizeof *other);
    static const int32_t threads[] = {2, 3, 7};
    nwc_ctx *ctx = context_with_threads(1);
    assert_ok(build_with(ctx, both, 2, 120.0, NULL, NULL, NULL, "VRADH", "m s-1", one));
    nwc_ctx_destroy(ctx);
    for (int t = 0; t < 3; t++) {
        ctx = context_with_threads(threads[t]);
        assert_ok(build_with(ctx, both, 2, 120.0, NULL, NULL, NULL, "VRADH", "m s-1", other));
        assert_memory_equal(one, other, sizeof *one);
        nwc_ctx_destroy(ctx);
    }
    nwc_ctx_options options;
    nwc_ctx_options_init(&options);
    options.simd = NWC_SIMD_V2;
    assert_ok(nwc_ctx_create(&options, &ctx));
    assert_ok(build_with(ctx, both, 2, 120.0, NULL, NULL, NULL, "VRADH", "m s-1", other));
    nwc_ctx_destroy(ctx);
    for (int c = 0; c < CELLS; c++)
        assert_true(isnan(one->z[c]) ? isnan(other->z[c]) : fabsf(one->z[c] - other->z[c]) < 0.01F);
    free(one);
    free(other);
    nwc_volume_destroy(west);
    nwc_volume_destroy(east);
}

static void a_lookup_covers_what_the_radar_reaches_of_any_grid(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    nwc_grid wide = {.projection = "+proj=longlat +ellps=WGS84",
                     .nx = 1800,
                     .ny = 800,
                     .x_first = -179.9,
                     .y_first = -79.9,
                     .dx = 0.2,
                     .dy = 0.2,
                     .nz = 1,
                     .z_m = z_m};
    nwc_mosaic_options options;
    nwc_mosaic_options_init(&options);
    options.max_range_m = 100e3;
    nwc_mosaic_lookup *lookup;
    assert_ok(nwc_mosaic_lookup_create(NULL, volume, &wide, &options, &lookup));
    assert_true(nwc_mosaic_lookup_bytes(lookup) < 20000); /* about 10 by 11 cells of 20 km, and a margin */
    assert_int_equal(nwc_mosaic_lookup_serves(lookup, volume, &wide, &options), 1);
    assert_int_equal(nwc_mosaic_lookup_serves(lookup, volume, &wide, NULL), 0); /* another reach */
    assert_int_equal(nwc_mosaic_lookup_serves(lookup, volume, &grid, &options), 0);
    assert_int_equal(nwc_mosaic_lookup_serves(NULL, volume, &wide, &options), 0);
    nwc_volume *const other = volume_of(32.61, 120.2, 0.0, forty);
    assert_int_equal(nwc_mosaic_lookup_serves(lookup, other, &wide, &options), 0);
    nwc_mosaic_lookup_destroy(lookup);
    wide.x_first = -150.0, wide.nx = 100; /* the other side of the earth */
    assert_ok(nwc_mosaic_lookup_create(NULL, volume, &wide, &options, &lookup));
    assert_true(nwc_mosaic_lookup_bytes(lookup) < 1000);
    nwc_mosaic_lookup_destroy(lookup);
    nwc_mosaic_lookup_destroy(NULL);
    nwc_volume_destroy(other);
    nwc_volume_destroy(volume);
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty), *const nowhere = volume_of(NAN, 120.2, 0.0, forty);
    nwc_mosaic_lookup *lookup;
    nwc_mosaic_options options;
    nwc_grid flat = grid;
    struct made *const made = malloc(sizeof *made);
    nwc_mosaic_input input = {volume, NULL};
    flat.nz = 0;
    assert_fails(NWC_ERR_ARG, "1 to 256 levels expected, 0",
                 nwc_mosaic_lookup_create(NULL, volume, &flat, NULL, &lookup));
    assert_fails(NWC_ERR_ARG, "a place on the earth expected",
                 nwc_mosaic_lookup_create(NULL, nowhere, &grid, NULL, &lookup));
    assert_fails(NWC_ERR_ARG, "a place for the lookup", nwc_mosaic_lookup_create(NULL, volume, &grid, NULL, NULL));
    nwc_mosaic_options_init(&options);
    options.method = 9;
    assert_fails(NWC_ERR_ARG, "an nwc_mosaic_method expected, 9",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    nwc_mosaic_options_init(&options);
    options.reflectivity = 2;
    assert_fails(NWC_ERR_ARG, "an nwc_mosaic_reflectivity expected, 2",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    nwc_mosaic_options_init(&options);
    options.min_known = 1.5;
    assert_fails(NWC_ERR_ARG, "min_known: 0 to 1 expected, 1.5",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    options.min_known = 0.5, options.max_age_s = 0.0;
    assert_fails(NWC_ERR_ARG, "max_age_s: above 0 expected, 0",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    assert_fails(NWC_ERR_ARG, "1 to 31 volumes expected, 0",
                 build_with(NULL, &input, 0, 0.0, NULL, NULL, NULL, "VRADH", "m s-1", made));
    assert_fails(NWC_ERR_ARG, "fields[1]: a name and units",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, NULL, "", "m s-1", made));
    static float u[NY * NX];
    const nwc_field motion = field_2d(u, NY, NX, "m s-1", &grid);
    assert_fails(NWC_ERR_ARG, "both or neither",
                 build_with(NULL, &input, 1, 0.0, &motion, NULL, NULL, "VRADH", "m s-1", made));
    nwc_mosaic_options_init(&options);
    options.method = NWC_MOSAIC_BARNES;
    assert_fails(NWC_ERR_ARG, "no motion expected with weights",
                 build_with(NULL, &input, 1, 0.0, &motion, &motion, &options, "VRADH", "m s-1", made));
    assert_ok(nwc_mosaic_lookup_create(NULL, volume, &grid, NULL, &lookup));
    options.method = NWC_MOSAIC_LINEAR, options.max_range_m = 5e4;
    input.lookup = lookup;
    assert_fails(NWC_ERR_ARG, "inputs[0]: the lookup is of another radar, grid or reach",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, &options, "VRADH", "m s-1", made));
    input.volume = NULL;
    assert_fails(NWC_ERR_ARG, "inputs[0]: a volume expected",
                 build_with(NULL, &input, 1, 0.0, NULL, NULL, NULL, "VRADH", "m s-1", made));
    nwc_mosaic_lookup_destroy(lookup);
    free(made);
    nwc_volume_destroy(volume);
    nwc_volume_destroy(nowhere);
}

static nwc_status build_all(nwc_ctx *ctx, void *user)
{
    static struct made made;
    static float u[NY * NX];
    const nwc_field motion = field_2d(u, NY, NX, "m s-1", &grid);
    const nwc_mosaic_input input = {user, NULL};
    return build_with(ctx, &input, 1, 120.0, &motion, &motion, NULL, "VRADH", "m s-1", &made);
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    nwc_volume *const volume = volume_of(32.6, 120.2, 0.0, forty);
    assert_true(check_every_allocation_failure(build_all, volume) > 30);
    nwc_volume_destroy(volume);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_the_mean_of_the_eight_gates_about_it),
        cmocka_unit_test(the_nearest_is_one_of_the_gates_as_it_is),
        cmocka_unit_test(weights_within_a_radius_count_every_gate_once),
        cmocka_unit_test(clear_air_is_no_echo_and_what_no_beam_reaches_is_not_known),
        cmocka_unit_test(the_lowest_beam_is_that_of_the_lowest_sweep),
        cmocka_unit_test(what_is_hidden_is_not_observed),
        cmocka_unit_test(one_missing_ray_is_bridged_and_a_missing_sector_is_not),
        cmocka_unit_test(of_sweeps_at_one_elevation_the_one_nearest_in_time_is_taken),
        cmocka_unit_test(radars_are_averaged_by_quality_and_velocities_are_of_the_best),
        cmocka_unit_test(quality_is_what_the_header_says),
        cmocka_unit_test(a_radar_that_is_late_gives_nothing),
        cmocka_unit_test(sweeps_are_brought_to_one_time_along_the_motion),
        cmocka_unit_test(calm_is_no_motion),
        cmocka_unit_test(one_gate_of_echo_stays_where_it_is),
        cmocka_unit_test(threads_and_instructions_change_nothing_or_little),
        cmocka_unit_test(a_lookup_covers_what_the_radar_reaches_of_any_grid),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(failures_leave_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Radars whose gates are functions of azimuth, elevation, range and time. */
#include "support/made_mosaic.h"

const double made_z_m[NZ] = {300.0, 1000.0, 2000.0, 4000.0, 8000.0, 15000.0};
const nwc_grid made_grid = {.projection = "+proj=lcc +lat_1=30 +lat_2=35 +lat_0=32.5 +lon_0=120 +ellps=WGS84",
                            .nx = NX,
                            .ny = NY,
                            .x_first = -95e3,
                            .y_first = -80e3,
                            .dx = 7e3,
                            .dy = 7.5e3,
                            .nz = NZ,
                            .z_m = made_z_m};

/* ---- volumes ---- */

nwc_volume *empty_volume(double lat, double lon)
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

void add_turn(nwc_volume *volume, const struct turn *turn)
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

void put(nwc_volume *volume, int32_t number, const char *name, const char *units, double spacing, moment_fn fn)
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

float weather(double azimuth, double elevation, double range, double after_s)
{
    (void)after_s;
    const double wave = sin(azimuth * RADIANS * 3.0) + cos(range / 9e3) - 0.05 * elevation;
    if (wave < -0.9) return NAN;
    if (wave < -0.2) return (float)NWC_NOTHING_DBZ;
    return (float)(20.0 + 18.0 * wave);
}

float radial(double azimuth, double elevation, double range, double after_s)
{
    (void)elevation, (void)after_s;
    return range > 60e3 ? NAN : (float)(12.0 * sin(azimuth * RADIANS) + 1e-4 * range);
}

float nothing(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)elevation, (void)range, (void)after_s;
    return (float)NWC_NOTHING_DBZ;
}

float forty(double azimuth, double elevation, double range, double after_s)
{
    (void)azimuth, (void)elevation, (void)range, (void)after_s;
    return 40.0F;
}

const struct turn made_turns[TURNS] = {{0.5, 120, 1.3, 3.0, 0.7, 0.0, 0.2},
                                       {1.5, 119, 200.0, 3.025, 0.4, 30.0, 0.2},
                                       {3.2, 121, 77.0, 2.975, 0.9, 60.0, 0.2},
                                       {9.9, 120, 5.0, 3.0, 0.5, 90.0, 0.2}};

nwc_volume *volume_of(double lat, double lon, double turned, moment_fn fn)
{
    return volume_after(lat, lon, turned, 0.0, fn);
}

nwc_volume *volume_after(double lat, double lon, double turned, double after_s, moment_fn fn)
{
    nwc_volume *const volume = empty_volume(lat, lon);
    for (int t = 0; t < TURNS; t++) {
        struct turn turn = made_turns[t];
        turn.first_azimuth += turned;
        turn.begin_s += after_s;
        add_turn(volume, &turn);
        put(volume, t, "DBZH", NULL, 600.0, fn);
        if (t) put(volume, t, "VRADH", NULL, 500.0, radial);
    }
    return volume;
}

/* ---- mosaics ---- */

static nwc_field field_3d(float *cells, const char *units)
{
    return (nwc_field){.data = cells,
                       .ndim = 3,
                       .dim = {NZ, NY, NX},
                       .stride = {NY * NX, NX, 1},
                       .missing = NAN,
                       .units = units,
                       .grid = &made_grid};
}

void point_output(struct made_output *output, struct made *made, const char *second, const char *units)
{
    *output = (struct made_output){
        .names = {"DBZH", second},
        .fields = {field_3d(made->z, "dBZ"), field_3d(made->v, units)},
        .quality = field_3d(made->quality, "1"),
        .age = field_3d(made->age, "s"),
        .lowest = field_2d(made->lowest, NY, NX, "m", &made_grid),
        .radars = {.data = made->radars, .ndim = 3, .dim = {NZ, NY, NX}, .stride = {NY * NX, NX, 1}}};
    output->c = (nwc_mosaic_output){
        2, output->names, output->fields, &output->quality, &output->age, &output->radars, &output->lowest};
}

nwc_status build_with(nwc_ctx *ctx, const nwc_mosaic_input *inputs, int32_t n, double after_s, const nwc_field *u,
                      const nwc_field *v, const nwc_mosaic_options *options, const char *second, const char *units,
                      struct made *made)
{
    struct made_output output;
    point_output(&output, made, second, units);
    return nwc_mosaic_build(ctx, inputs, n, 480000 * HOUR + (int64_t)(1e9 * after_s), u, v, options, &output.c);
}

struct made *build(const nwc_volume *volume, const nwc_mosaic_options *options)
{
    struct made *const made = malloc(sizeof *made);
    const nwc_mosaic_input input = {volume, NULL};
    assert_ok(build_with(NULL, &input, 1, 120.0, NULL, NULL, options, "VRADH", "m s-1", made));
    return made;
}

/* ---- cells ---- */

struct seen see(const nwc_volume *volume, int k, int j, int i)
{
    static double lon[NY * NX], lat[NY * NX], last_lat, last_lon;
    static nwc_beam *beam; /* of the radar asked for last */
    nwc_volume_facts facts;
    struct seen seen;
    assert_ok(nwc_volume_describe(volume, &facts));
    if (!beam) {
        for (int c = 0; c < NY * NX; c++)
            lon[c] = made_grid.x_first + c % NX * made_grid.dx, lat[c] = made_grid.y_first + c / NX * made_grid.dy;
        assert_ok(nwc_grid_to_lonlat(NULL, &made_grid, NY * NX, lon, lat, lon, lat));
    }
    if (!beam || last_lat != facts.latitude_deg || last_lon != facts.longitude_deg) {
        nwc_beam_destroy(beam);
        last_lat = facts.latitude_deg, last_lon = facts.longitude_deg;
        assert_ok(nwc_beam_create(NULL, last_lat, last_lon, facts.altitude_m, NULL, &beam));
    }
    const int c = j * NX + i;
    assert_ok(
        nwc_beam_find(NULL, beam, 1, &lon[c], &lat[c], &made_z_m[k], &seen.azimuth, &seen.elevation, &seen.range));
    return seen;
}

double turn_between(double a, double b)
{
    return fabs(fmod(a - b + 540.0, 360.0) - 180.0);
}

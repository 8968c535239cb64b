/* Volumes of four radars that watch six storms go by, every six minutes: make_volumes FIRST.ar2v SECOND.ar2v ..., four for each time */
#include <nowcast/nowcast.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RADARS = 4, TILTS = 9, RAYS = 360, GATES = 460, STORMS = 6 };

#define SPACING_M 500.0
#define EARTH_M 8494666.7 /* 4/3 of its radius */
#define RADIANS 0.017453292519943295
#define NYQUIST_M_S 27.0
#define EVERY_S 360.0
#define WIND_U 14.0
#define WIND_V 6.0
#define START_NS INT64_C(1780000200000000000)

static const double site[RADARS][2] = {{-60e3, -50e3}, {70e3, -40e3}, {-50e3, 70e3}, {60e3, 60e3}};
static const double tilt_deg[TILTS] = {0.5, 0.9, 1.5, 2.4, 3.4, 4.8, 6.6, 10.0, 15.0};
/* x, y at the start, m; dBZ; half width, m; rotation, m s-1 */
static const double storm[STORMS][5] = {{-60e3, -10e3, 62.0, 7e3, 22.0}, {-20e3, 40e3, 54.0, 6e3, 0.0},
                                        {30e3, -60e3, 57.0, 8e3, 0.0},   {70e3, 20e3, 50.0, 5e3, 0.0},
                                        {-110e3, 60e3, 58.0, 6e3, 12.0}, {10e3, 110e3, 47.0, 9e3, 0.0}};

static float dbz[RAYS * GATES], velocity[RAYS * GATES], azimuth[RAYS], elevation[RAYS], nyquist[RAYS];
static int64_t times_ns[RAYS];

static void must(nwc_status status)
{
    if (status != NWC_OK) exit((fprintf(stderr, "%s: %s\n", nwc_status_name(status), nwc_error_text()), 1));
}

/* What a gate at x, y, z sees along the unit vector a, b; storms reach to 13 km. */
static void see(double x, double y, double z, double t_s, double a, double b, float *reflectivity, float *radial)
{
    double most = -20.0, u = WIND_U, v = WIND_V;
    for (int s = 0; s < STORMS; s++) {
        const double dx = x - storm[s][0] - WIND_U * t_s, dy = y - storm[s][1] - WIND_V * t_s;
        const double away = hypot(dx, dy) / storm[s][3];
        if (away > 4.0) continue;
        most = fmax(most, storm[s][2] - 6.0 * away * away - 2.5e-7 * fmax(z - 5e3, 0.0) * fmax(z - 5e3, 0.0));
        const double turn = storm[s][4] * away * exp(0.5 - 0.5 * away * away) / fmax(hypot(dx, dy), 1.0);
        u -= turn * dy, v += turn * dx;
    }
    const double along = u * a + v * b;
    const int seen = most > 5.0;
    *reflectivity = seen ? (float)(0.5 * floor(2.0 * most)) : (float)NWC_NOTHING_DBZ;
    *radial = seen ? (float)(along - 2.0 * NYQUIST_M_S * floor((along + NYQUIST_M_S) / (2.0 * NYQUIST_M_S))) : NAN;
}

static void see_tilt(const double *radar, double tilt, double t_s)
{
    for (int r = 0; r < RAYS; r++) {
        const double angle = RADIANS * (r + 0.5), a = sin(angle) * cos(RADIANS * tilt),
                     b = cos(angle) * cos(RADIANS * tilt);
        azimuth[r] = (float)(r + 0.5), elevation[r] = (float)tilt, nyquist[r] = (float)NYQUIST_M_S;
        for (int g = 0; g < GATES; g++) {
            const double range = SPACING_M * (g + 0.5);
            const double z =
                sqrt(range * range + EARTH_M * EARTH_M + 2.0 * range * EARTH_M * sin(RADIANS * tilt)) - EARTH_M;
            see(radar[0] + range * a, radar[1] + range * b, z, t_s, a, b, &dbz[r * GATES + g],
                &velocity[r * GATES + g]);
        }
    }
}

static void add(nwc_volume *volume, const char *name, const char *units, float *cells)
{
    const nwc_moment moment = {
        .name = name,
        .field = {.data = cells, .ndim = 2, .dim = {RAYS, GATES}, .stride = {GATES, 1}, .missing = NAN, .units = units},
        .first_gate_m = 0.5 * SPACING_M,
        .gate_spacing_m = SPACING_M,
        .resolution = 0.5};
    must(nwc_volume_add_moment(volume, &moment));
}

/* The volume of a radar that is whole t_s after the start. */
static void write_volume(int r, double t_s, const char *path)
{
    const nwc_grid plane = {
        .projection = "+proj=aeqd +lat_0=22.5 +lon_0=114.1 +ellps=WGS84", .nx = 2, .ny = 2, .dx = 1.0, .dy = 1.0};
    char name[] = "SIM0";
    name[3] = (char)('0' + r);
    nwc_volume_facts facts = {.site = name, .scan_name = "VCP 12", .altitude_m = 30.0, .frequency_hz = (double)NAN};
    nwc_volume *volume;
    must(nwc_grid_to_lonlat(NULL, &plane, 1, &site[r][0], &site[r][1], &facts.longitude_deg, &facts.latitude_deg));
    facts.beam_width_h_deg = facts.beam_width_v_deg = 1.0;
    must(nwc_volume_create(NULL, &facts, &volume));
    for (int t = 0; t < TILTS; t++) {
        const double began_s = t_s - 20.0 * (TILTS - t); /* 20 s a tilt */
        for (int k = 0; k < RAYS; k++) times_ns[k] = START_NS + (int64_t)(1e9 * (began_s + 20.0 * k / RAYS));
        see_tilt(site[r], tilt_deg[t], began_s + 10.0);
        must(nwc_volume_add_sweep(volume, &(nwc_sweep){.fixed_angle_deg = tilt_deg[t],
                                                       .n_rays = RAYS,
                                                       .time_ns = times_ns,
                                                       .azimuth_deg = azimuth,
                                                       .elevation_deg = elevation,
                                                       .nyquist_m_s = nyquist}));
        add(volume, "DBZH", "dBZ", dbz);
        add(volume, "VRADH", "m s-1", velocity);
    }
    must(nwc_volume_write(NULL, volume, path, NULL));
    nwc_volume_destroy(volume);
}

int main(int argc, char **argv)
{
    for (int n = 1; n < argc; n++) write_volume((n - 1) % RADARS, EVERY_S * ((n - 1) / RADARS + 1), argv[n]);
    return 0;
}

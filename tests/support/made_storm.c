#include "support/made_storm.h"

#define PI 3.14159265358979323846
#define RADIANS (PI / 180.0)
#define SPHERE (4.0 / 3.0 * 6371000.0)

const double storm_elevations[STORM_TURNS] = {0.5, 0.9, 1.3, 1.8, 2.4, 3.1, 4.0, 5.1, 6.4, 8.0, 10.0, 12.5, 15.6, 19.5};

/* splitmix64 */
double storm_uniform(uint64_t index)
{
    uint64_t z = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

double storm_normal(uint64_t index)
{
    return sqrt(-2.0 * log(1.0 - storm_uniform(2 * index))) * cos(2.0 * PI * storm_uniform(2 * index + 1));
}

static double between(uint64_t index, double low, double high)
{
    return low + (high - low) * storm_uniform(index);
}

struct storm make_storm(double half)
{
    struct storm storm = {.half = half};
    uint64_t n = 1000;
    for (int i = 0; i < STORM_ECHOES; i++, n += 10)
        storm.echoes[i] = (struct storm_part){
            between(n, -0.75, 0.75) * half, between(n + 1, -0.75, 0.75) * half, 0.15, 0.05,
            between(n + 2, 4.5e3, 8.0e3),   between(n + 3, 3.0e3, 5.0e3), /* of the strongest echo */
            between(n + 4, 6.0e3, 7.5e3),                                 /* up to 18 dBZ less */
            between(n + 5, 35.0, 52.0)};
    for (int i = 0; i < STORM_DRAUGHTS; i++, n += 10) {
        const struct storm_part *const echo = &storm.echoes[i % STORM_ECHOES];
        const bool up = i % 3 != 2;
        const double bottom = up ? 0.0 : between(n + 5, 0.0, 1e3), radius = between(n + 4, 1.0e3, 3.2e3);
        storm.draughts[i] = (struct storm_part){echo->x + between(n, -1.0, 1.0) * echo->radius,
                                                echo->y + between(n + 1, -1.0, 1.0) * echo->radius,
                                                between(n + 2, -0.3, 0.5),
                                                between(n + 3, -0.3, 0.3),
                                                radius,
                                                bottom,
                                                up ? between(n + 6, 8e3, 13.5e3) : between(n + 6, 4e3, 8e3),
                                                i == 0 ? 21.0
                                                : up   ? between(n + 7, 1.5, 6.2) * radius / 2e3
                                                       : -between(n + 7, 1.0, 5.0) * radius / 2e3};
        if (i == 0) storm.draughts[i].radius = 2.8e3;
    }
    for (int i = 0; i < STORM_VORTICES; i++, n += 10) {
        const struct storm_part *const echo = &storm.echoes[i % STORM_ECHOES];
        storm.vortices[i] = (struct storm_part){echo->x + between(n, -1.0, 1.0) * echo->radius,
                                                echo->y + between(n + 1, -1.0, 1.0) * echo->radius,
                                                between(n + 2, -0.2, 0.3),
                                                between(n + 3, -0.2, 0.2),
                                                i == 0 ? 2.2e3 : between(n + 4, 1.2e3, 4e3),
                                                between(n + 5, -2e3, 1e3),
                                                between(n + 6, 6e3, 12e3),
                                                i == 0 ? 16.0 : between(n + 7, -8.0, 10.0)};
    }
    return storm;
}

/* Where a place lies from the centre of a part, and sin^2 of its height within it with the derivative of that; false outside. */
struct within {
    double dx, dy, r2, shape, slope;
};

static bool look(const struct storm_part *part, double x, double y, double z, struct within *w)
{
    if (z <= part->bottom || z >= part->top) return false;
    const double middle = 0.5 * (part->bottom + part->top), depth = part->top - part->bottom;
    w->dx = x - part->x - part->lean_x * (z - middle);
    w->dy = y - part->y - part->lean_y * (z - middle);
    w->r2 = (w->dx * w->dx + w->dy * w->dy) / (part->radius * part->radius);
    if (w->r2 > 120.0) return false;
    const double s = sin(PI * (z - part->bottom) / depth), c = cos(PI * (z - part->bottom) / depth);
    w->shape = s * s;
    w->slope = 2.0 * s * c * PI / depth;
    return true;
}

void storm_environment(double z, double wind[2])
{
    wind[0] = 6.0 + 16.0 * tanh(z / 6e3);
    wind[1] = 8.0 * exp(-z / 2e3) + 2.0 - 4.0 * z / 15e3;
}

/*
 * rho w = A(z) g, g = 4/3 (exp(-r^2 / 2) - exp(-r^2 / 8) / 4), r in radii: what goes up in the middle comes down about it. Continuity then
 * holds with the horizontal flux -4/3 A'(z) (exp(-r^2 / 8) - exp(-r^2 / 2)) / r^2 along the vector from the centre, plus A(z) g times
 * how the centre moves with height.
 */
void storm_wind(const struct storm *storm, double x, double y, double z, double wind[3])
{
    const double over_density = exp(z / STORM_SCALE_M);
    storm_environment(z, wind);
    wind[2] = 0.0;
    struct within w;
    for (int i = 0; i < STORM_DRAUGHTS; i++) {
        const struct storm_part *const p = &storm->draughts[i];
        if (!look(p, x, y, z, &w)) continue;
        const double a = over_density * p->strength * exp(-0.5 * (p->bottom + p->top) / STORM_SCALE_M);
        const double near = exp(-0.5 * w.r2), wide = exp(-0.125 * w.r2);
        const double part = w.r2 > 1e-6 ? (wide - near) / w.r2 : 0.375;
        const double up = a * w.shape * 4.0 / 3.0 * (near - 0.25 * wide), out = -a * w.slope * 4.0 / 3.0 * part;
        wind[0] += out * w.dx + p->lean_x * up;
        wind[1] += out * w.dy + p->lean_y * up;
        wind[2] += up;
    }
    for (int i = 0; i < STORM_VORTICES; i++) {
        const struct storm_part *const p = &storm->vortices[i];
        if (!look(p, x, y, z, &w)) continue;
        const double turn = p->strength / p->radius * w.shape * exp(0.5 - 0.5 * w.r2);
        wind[0] -= turn * w.dy;
        wind[1] += turn * w.dx;
    }
}

double storm_dbz(const struct storm *storm, double x, double y, double z)
{
    double dbz = -30.0;
    for (int i = 0; i < STORM_ECHOES; i++) {
        const struct storm_part *const p = &storm->echoes[i];
        const double dx = x - p->x - p->lean_x * z, dy = y - p->y - p->lean_y * z,
                     up = z > p->bottom ? z - p->bottom : 0;
        const double away = (dx * dx + dy * dy) / (p->radius * p->radius) + up * up / (p->top * p->top);
        dbz = fmax(dbz, p->strength - 18.0 * away);
    }
    return dbz;
}

double storm_fall(double dbz, double z)
{
    const double db = fmin(fmax(dbz, 0.0), 60.0), below = fmin(fmax((4500.0 - z) / 1000.0, 0.0), 1.0);
    const double hail = fmin(fmax((db - 30.0) / 15.0, 0.0), 1.0), rain = fmax(below, hail), z_mm6 = pow(10.0, 0.1 * db);
    return exp(0.4 * z / 10e3) * (rain * 2.6 * pow(z_mm6, 0.107) + (1.0 - rain) * 0.817 * pow(z_mm6, 0.063));
}

/* A place on a beam over the sphere, and the elevation of the beam there. */
static double follow(const double radar[3], double azimuth, double elevation, double range, double place[3])
{
    const double up = SPHERE + radar[2] + range * sin(elevation), along = range * cos(elevation);
    const double around = atan2(along, up), ground = SPHERE * around;
    place[0] = radar[0] + ground * sin(azimuth);
    place[1] = radar[1] + ground * cos(azimuth);
    place[2] = hypot(along, up) - SPHERE;
    return elevation + around;
}

struct storm_gate storm_see(const struct storm *storm, const double radar[3], double azimuth, double elevation,
                            double range)
{
    static const double aside[5][2] = {
        {0, 0}, {0.475, 0}, {-0.475, 0}, {0, 0.475}, {0, -0.475}}; /* widths of the beam */
    struct storm_gate gate = {.velocity = NAN, .dbz = NAN};
    double place[3];
    const double a = azimuth * RADIANS, angle = follow(radar, a, elevation * RADIANS, range, place);
    gate.x = place[0], gate.y = place[1], gate.z = place[2];
    gate.direction[0] = sin(a) * cos(angle), gate.direction[1] = cos(a) * cos(angle), gate.direction[2] = sin(angle);
    if (fabs(gate.x) > storm->half || fabs(gate.y) > storm->half) return gate;
    const double middle = storm_dbz(storm, gate.x, gate.y, gate.z);
    if (middle < 5.0) return gate;
    double sum = 0.0, weight = 0.0;
    for (int k = 0; k < 5; k++) {
        const double b = (azimuth + aside[k][0]) * RADIANS;
        double wind[3];
        const double tilt = follow(radar, b, (elevation + aside[k][1]) * RADIANS, range, place);
        const double dbz = storm_dbz(storm, place[0], place[1], place[2]), z = pow(10.0, 0.1 * dbz);
        storm_wind(storm, place[0], place[1], place[2], wind);
        wind[2] -= storm_fall(dbz, place[2]);
        sum += z * (cos(tilt) * (wind[0] * sin(b) + wind[1] * cos(b)) + wind[2] * sin(tilt));
        weight += z;
    }
    gate.velocity = sum / weight;
    gate.dbz = middle;
    return gate;
}

nwc_volume *storm_volume(const struct storm *storm, const struct storm_scan *scan)
{
    const nwc_grid plane = {.projection = STORM_PROJECTION, .nx = 1, .ny = 1, .dx = 1.0, .dy = 1.0};
    double lon = scan->x, lat = scan->y;
    nwc_volume *volume;
    assert_ok(nwc_grid_to_lonlat(NULL, &plane, 1, &lon, &lat, &lon, &lat));
    const nwc_volume_facts facts = {.site = "STORM",
                                    .latitude_deg = lat,
                                    .longitude_deg = lon,
                                    .altitude_m = scan->z,
                                    .frequency_hz = NAN,
                                    .beam_width_h_deg = 1.0,
                                    .beam_width_v_deg = 1.0};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    static float velocity[360 * STORM_GATES], dbz[360 * STORM_GATES], azimuth[360], elevation[360];
    static int64_t time[360];
    for (int t = 0; t < STORM_TURNS; t++) {
        const double at_s = scan->first_s + t * scan->turn_s;
        const double radar[3] = {scan->x - at_s * scan->motion[0], scan->y - at_s * scan->motion[1], scan->z};
        for (int r = 0; r < 360; r++) {
            azimuth[r] = (float)r + 0.5F, elevation[r] = (float)storm_elevations[t], time[r] = (int64_t)(1e9 * at_s);
            for (int g = 0; g < STORM_GATES; g++) {
                const struct storm_gate gate =
                    storm_see(storm, radar, (double)azimuth[r], storm_elevations[t], 125.0 + 250.0 * g);
                const uint64_t index = ((scan->seed * STORM_TURNS + (uint64_t)t) * 360 + (uint64_t)r) * STORM_GATES;
                const bool echo = !isnan(gate.velocity);
                velocity[r * STORM_GATES + g] =
                    echo ? (float)(gate.velocity + scan->noise * storm_normal(index + (uint64_t)g)) : NAN;
                dbz[r * STORM_GATES + g] = echo ? (float)gate.dbz + 1.0F : (float)NWC_NOTHING_DBZ;
            }
        }
        const nwc_sweep sweep = {.fixed_angle_deg = storm_elevations[t],
                                 .n_rays = 360,
                                 .time_ns = time,
                                 .azimuth_deg = azimuth,
                                 .elevation_deg = elevation};
        assert_ok(nwc_volume_add_sweep(volume, &sweep));
        const struct {
            const char *name, *units;
            float *cells;
        } moments[2] = {{"VRADH", "m s-1", velocity}, {"DBZH", "dBZ", dbz}};
        for (int m = 0; m < 2; m++) {
            const nwc_moment moment = {.name = moments[m].name,
                                       .field = field_2d(moments[m].cells, 360, STORM_GATES, moments[m].units, NULL),
                                       .first_gate_m = 125.0,
                                       .gate_spacing_m = 250.0};
            assert_ok(nwc_volume_add_moment(volume, &moment));
        }
    }
    return volume;
}

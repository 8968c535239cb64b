/*
 * The wind of two radars 80 km apart, each with 14 sweeps of 360 rays of 480 gates, echo in about a third of them, on 31 levels.
 *
 * The whole, and one iteration on the cells of the grid, which is told from runs of 5 and of 15. What must move in an iteration, with
 * every pass over the three components from memory: 28 passes (K twice 4, H and its adjoint 3, transforms and waves 8, conjugate gradients
 * 13) of 12 bytes a cell, and 40 bytes a datum.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define RADIANS (3.14159265358979323846 / 180.0)

enum { RADARS = 2, TURNS = 14, RAYS = 360, GATES = 480, NZ = 31, FEW = 5, MANY = 15 };

static const double elevations[TURNS] = {0.5, 0.9, 1.3, 1.8, 2.4, 3.1, 4.0, 5.1, 6.4, 8.0, 10.0, 12.5, 15.6, 19.5};

struct work {
    nwc_volume *volumes[RADARS];
    double z_m[NZ];
    nwc_grid grid;
    nwc_field u, v, w;
    nwc_wind_options options;
    nwc_wind_report report;
};

static void check(nwc_status status)
{
    if (status == NWC_OK) return;
    fprintf(stderr, "%s\n", nwc_error_text());
    exit(1);
}

/* Running out of iterations is what some of the runs are for. */
static nwc_status retrieve(nwc_ctx *ctx, void *user)
{
    struct work *const w = user;
    const nwc_wind_input input = {.volumes = (const nwc_volume *const *)w->volumes, .n_volumes = RADARS};
    const nwc_wind_output output = {.u = &w->u, .v = &w->v, .w = &w->w};
    const nwc_status status = nwc_wind_retrieve(ctx, &input, 0, &w->options, &output, &w->report);
    return status == NWC_ERR_CONVERGENCE && !(w->options.tolerance > 0.0) ? NWC_OK : status;
}

/* Updraughts in showers, with the inflow below and outflow above of a flow free of divergence, in a sheared wind. */
static float velocity_of(double x, double y, double z, double azimuth, double elevation)
{
    const double k = 2.0 * 3.14159265358979323846 / 14e3, m = 3.14159265358979323846 / 14e3;
    const double u = 6.0 + 1.2e-3 * z - 4.0 * cos(k * x) * sin(k * y) * cos(m * z);
    const double v = 3.0 - 4.0 * sin(k * x) * cos(k * y) * cos(m * z), w = -16.0 * sin(k * x) * sin(k * y) * sin(m * z);
    const double fall = z > 4000.0 ? 1.2 : 6.0;
    return (float)(cos(elevation) * (u * sin(azimuth) + v * cos(azimuth)) + (w - fall) * sin(elevation));
}

static nwc_volume *volume_at(double x, double y)
{
    static float velocity[RAYS * GATES], dbz[RAYS * GATES], azimuth[RAYS], elevation[RAYS];
    static int64_t time_ns[RAYS];
    const nwc_grid plane = {
        .projection = "+proj=aeqd +lat_0=45 +lon_0=10 +ellps=WGS84", .nx = 1, .ny = 1, .dx = 1.0, .dy = 1.0};
    double lon = x, lat = y;
    check(nwc_grid_to_lonlat(NULL, &plane, 1, &lon, &lat, &lon, &lat));
    const nwc_volume_facts facts = {.site = "TEST",
                                    .latitude_deg = lat,
                                    .longitude_deg = lon,
                                    .altitude_m = 100.0,
                                    .frequency_hz = NAN,
                                    .beam_width_h_deg = 1.0,
                                    .beam_width_v_deg = 1.0};
    nwc_volume *volume;
    check(nwc_volume_create(NULL, &facts, &volume));
    for (int t = 0; t < TURNS; t++) {
        for (int r = 0; r < RAYS; r++) {
            azimuth[r] = (float)r + 0.5F, elevation[r] = (float)elevations[t];
            for (int g = 0; g < GATES; g++) {
                const double range = 125.0 + 250.0 * g, a = (double)azimuth[r] * RADIANS, e = elevations[t] * RADIANS;
                const double east = x + range * cos(e) * sin(a), north = y + range * cos(e) * cos(a);
                const double z = 100.0 + range * sin(e) + range * range / 17e6;
                const double wave = sin(east / 11e3) * sin(north / 8e3) + sin((east + north) / 37e3);
                const bool echo = wave > 0.35 && z < 13e3;
                velocity[r * GATES + g] = echo ? velocity_of(east, north, z, a, e) : NAN;
                dbz[r * GATES + g] = echo ? (float)(15.0 + 20.0 * wave) : (float)NWC_NOTHING_DBZ;
            }
        }
        const nwc_sweep sweep = {.fixed_angle_deg = elevations[t],
                                 .n_rays = RAYS,
                                 .time_ns = time_ns,
                                 .azimuth_deg = azimuth,
                                 .elevation_deg = elevation};
        check(nwc_volume_add_sweep(volume, &sweep));
        nwc_moment moment = {.name = "VRADH", .first_gate_m = 125.0, .gate_spacing_m = 250.0};
        moment.field = (nwc_field){
            .data = velocity, .ndim = 2, .dim = {RAYS, GATES}, .stride = {GATES, 1}, .missing = NAN, .units = "m s-1"};
        check(nwc_volume_add_moment(volume, &moment));
        moment.name = "DBZH", moment.field.data = dbz, moment.field.units = "dBZ";
        check(nwc_volume_add_moment(volume, &moment));
    }
    return volume;
}

static nwc_field cells_of(const nwc_grid *grid)
{
    return (nwc_field){.data = bench_cells(NZ * grid->ny * grid->nx),
                       .ndim = 3,
                       .dim = {NZ, grid->ny, grid->nx},
                       .stride = {grid->ny * grid->nx, grid->nx, 1},
                       .missing = NAN,
                       .units = "m s-1",
                       .grid = grid};
}

static void measure(struct work *w, int threads)
{
    nwc_ctx *const ctx = bench_context(threads);
    const double side = (double)w->grid.nx, cells = NZ * side * side;
    char text[64];
    snprintf(text, sizeof text, "wind, %d x %d x %d", (int)side, (int)side, NZ);
    nwc_wind_options_init(&w->options);
    const bench_time whole = bench_run(retrieve, ctx, w);
    const double iterations = w->report.iterations, data = (double)w->report.n;
    bench_print(text, threads, whole, cells, 12.0 * cells + 40.0 * data, 12.0 * cells);
    w->options.tolerance = 0.0, w->options.iterations = FEW;
    const bench_time few = bench_run(retrieve, ctx, w);
    w->options.iterations = MANY;
    const bench_time many = bench_run(retrieve, ctx, w);
    const double over = 1.0 / (MANY - FEW);
    const bench_time one = {over * (many.best_s - few.best_s), over * (many.median_s - few.median_s),
                            over * (many.cpu_s - few.cpu_s)};
    bench_print("  an iteration", threads, one, cells, 28.0 * 12.0 * cells + 40.0 * data, 12.0 * 6.0 * cells);
    printf("  %.0f iterations, %.0f data\n", iterations, data);
    nwc_ctx_destroy(ctx);
}

static void measure_all(int64_t side)
{
    struct work w = {.volumes = {volume_at(-40e3, 0.0), volume_at(40e3, 0.0)}};
    for (int k = 0; k < NZ; k++) w.z_m[k] = 500.0 + 500.0 * k;
    w.grid = (nwc_grid){.projection = "+proj=aeqd +lat_0=45 +lon_0=10 +ellps=WGS84",
                        .nx = side,
                        .ny = side,
                        .x_first = -500.0 * (double)(side - 1),
                        .y_first = -500.0 * (double)(side - 1),
                        .dx = 1000.0,
                        .dy = 1000.0,
                        .nz = NZ,
                        .z_m = w.z_m};
    w.u = cells_of(&w.grid), w.v = cells_of(&w.grid), w.w = cells_of(&w.grid);
    for (int step = 0; step < bench_thread_steps(); step++) measure(&w, bench_thread_step(step));
    free(w.u.data), free(w.v.data), free(w.w.data);
    for (int r = 0; r < RADARS; r++) nwc_volume_destroy(w.volumes[r]);
}

/* Argument: cells along x and y, for that size alone. */
int main(int argc, char **argv)
{
    bench_print_head();
    if (argc == 2) {
        measure_all(atoll(argv[1]));
        return 0;
    }
    measure_all(81);
    measure_all(241);
    return 0;
}

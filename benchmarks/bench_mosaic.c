/*
 * A volume of eleven sweeps on 41 levels of 401 x 401 cells: reflectivity and velocity, with quality, age, radars and
 * the lowest beam.
 *
 * What must move: with the lookup kept, its bytes, the gates of the sweeps taken as far as the grid reaches, once each,
 * and what is written of every cell, two fields, quality, age and radars, 20 bytes. The first time the lookup is
 * written as well.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEGREES (180.0 / 3.14159265358979323846)

enum { SWEEPS = 11, NZ = 41, SIDE = 401, FIELDS = 2 };

/* VCP 21 of a WSR-88D: the two lowest elevations twice, for reflectivity and for velocity. */
static const struct cut {
    double elevation_deg;
    int rays, gates;
    bool reflectivity, velocity;
} cuts[SWEEPS] = {{0.53, 720, 1832, true, false}, {0.53, 720, 1192, true, true}, {1.45, 720, 1632, true, false},
                  {1.45, 720, 1192, true, true},  {2.42, 360, 1312, true, true}, {3.38, 360, 1076, true, true},
                  {4.31, 360, 908, true, true},   {6.02, 360, 696, true, true},  {9.89, 360, 448, true, true},
                  {14.59, 360, 308, true, true},  {19.51, 360, 232, true, true}};

struct work {
    nwc_volume *volume;
    nwc_mosaic_lookup *lookup; /* NULL: made each time */
    nwc_grid grid;
    double z_m[NZ];
    nwc_field fields[FIELDS], quality, age, lowest, u, v;
    nwc_labels radars;
    int64_t time_ns;
    double gate_bytes; /* of the sweeps that are taken, as far as the grid reaches */
    bool moves;
};

static nwc_status build(nwc_ctx *ctx, void *user)
{
    struct work *const w = user;
    static const char *const names[FIELDS] = {"DBZH", "VRADH"};
    const nwc_mosaic_input input = {w->volume, w->lookup};
    const nwc_mosaic_output output = {FIELDS, names, w->fields, &w->quality, &w->age, &w->radars, &w->lowest};
    return nwc_mosaic_build(ctx, &input, 1, w->time_ns, w->moves ? &w->u : NULL, w->moves ? &w->v : NULL, NULL,
                            &output);
}

static void check(nwc_status status)
{
    if (status == NWC_OK) return;
    fprintf(stderr, "%s\n", nwc_error_text());
    exit(1);
}

static void add_moment(struct work *w, const struct cut *cut, const char *name, float *cells)
{
    nwc_moment moment = {.name = name, .first_gate_m = 2125.0, .gate_spacing_m = 250.0};
    moment.field = (nwc_field){
        .data = cells, .ndim = 2, .dim = {cut->rays, cut->gates}, .stride = {cut->gates, 1}, .missing = NAN};
    check(nwc_volume_add_moment(w->volume, &moment));
}

/* Showers over a fifth of the gates; velocities where there is echo. */
static void add_cut(struct work *w, int number)
{
    const struct cut *const cut = &cuts[number];
    float *const z = bench_cells((int64_t)cut->rays * cut->gates), *const v =
                                                                       bench_cells((int64_t)cut->rays * cut->gates);
    float *const azimuth = bench_cells(cut->rays), *const elevation = bench_cells(cut->rays);
    int64_t *const time_ns = calloc((size_t)cut->rays, sizeof *time_ns);
    if (!time_ns) exit(1);
    for (int r = 0; r < cut->rays; r++) {
        azimuth[r] = ((float)r + 0.4F) * 360.0F / (float)cut->rays, elevation[r] = (float)cut->elevation_deg;
        time_ns[r] = w->time_ns + (int64_t)(1e9 * (25.0 * (number - SWEEPS) + 25.0 * r / cut->rays));
        for (int g = 0; g < cut->gates; g++) {
            const double range_km = 2.125 + 0.25 * g, angle = azimuth[r] / DEGREES;
            const double x = range_km * sin(angle), y = range_km * cos(angle);
            const double wave = sin(x / 11.0) * sin(y / 8.0) + sin((x + y) / 37.0) + 0.3 * sin(x / 3.0 + y / 5.0);
            const bool echo = wave > 0.75;
            z[r * cut->gates + g] = echo ? (float)(20.0 + 20.0 * (wave - 0.75)) : (float)NWC_NOTHING_DBZ;
            v[r * cut->gates + g] = echo ? (float)(15.0 * sin(angle)) : NAN;
        }
    }
    const nwc_sweep sweep = {.fixed_angle_deg = cut->elevation_deg,
                             .n_rays = cut->rays,
                             .time_ns = time_ns,
                             .azimuth_deg = azimuth,
                             .elevation_deg = elevation};
    check(nwc_volume_add_sweep(w->volume, &sweep));
    if (cut->reflectivity) add_moment(w, cut, "DBZH", z);
    if (cut->velocity) add_moment(w, cut, "VRADH", v);
    const double reach_m = 200e3 * sqrt(2.0), within = fmin(cut->gates, (reach_m - 2125.0) / 250.0);
    const bool reflectivity_taken =
        cut->reflectivity && !(number > 0 && cuts[number - 1].elevation_deg == cut->elevation_deg);
    w->gate_bytes += 4.0 * cut->rays * within * ((reflectivity_taken ? 1.0 : 0.0) + (cut->velocity ? 1.0 : 0.0));
    free(time_ns), free(elevation), free(azimuth), free(v), free(z);
}

static nwc_field cells_of(const struct work *w, const char *units)
{
    const int64_t ny = w->grid.ny, nx = w->grid.nx;
    return (nwc_field){.data = bench_cells(NZ * ny * nx),
                       .ndim = 3,
                       .dim = {NZ, ny, nx},
                       .stride = {ny * nx, nx, 1},
                       .missing = NAN,
                       .units = units,
                       .grid = &w->grid};
}

static void make(struct work *w)
{
    const nwc_volume_facts facts = {.site = "TEST",
                                    .latitude_deg = 33.65,
                                    .longitude_deg = -101.81,
                                    .altitude_m = 1029.0,
                                    .frequency_hz = NAN,
                                    .beam_width_h_deg = 0.93,
                                    .beam_width_v_deg = 0.93,
                                    .time_ns = 1464793225000000000};
    *w = (struct work){.time_ns = facts.time_ns};
    check(nwc_volume_create(NULL, &facts, &w->volume));
    for (int s = 0; s < SWEEPS; s++) add_cut(w, s);
    for (int k = 0; k < NZ; k++) w->z_m[k] = 500.0 + 500.0 * k;
    w->grid = (nwc_grid){.projection = "+proj=aeqd +lat_0=33.65 +lon_0=-101.81 +ellps=WGS84",
                         .nx = SIDE,
                         .ny = SIDE,
                         .nz = NZ,
                         .x_first = -200e3,
                         .y_first = -200e3,
                         .dx = 1e3,
                         .dy = 1e3,
                         .z_m = w->z_m};
    w->fields[0] = cells_of(w, "dBZ"), w->fields[1] = cells_of(w, "m s-1");
    w->quality = cells_of(w, "1"), w->age = cells_of(w, "s");
    w->radars = (nwc_labels){.data = calloc(NZ * SIDE * SIDE, sizeof *w->radars.data),
                             .ndim = 3,
                             .dim = {NZ, SIDE, SIDE},
                             .stride = {SIDE * SIDE, SIDE, 1}};
    if (!w->radars.data) exit(1);
    w->lowest = bench_field(&w->grid, "m"), w->u = bench_field(&w->grid, "m s-1"),
    w->v = bench_field(&w->grid, "m s-1");
    for (int64_t c = 0; c < SIDE * SIDE; c++) w->u.data[c] = 12.0F, w->v.data[c] = 9.0F;
}

static void measure(struct work *w, const char *name, double lookup_bytes, int threads)
{
    nwc_ctx *const ctx = bench_context(threads);
    const double cells = (double)NZ * SIDE * SIDE, moved = lookup_bytes + w->gate_bytes + 20.0 * cells;
    char text[64];
    snprintf(text, sizeof text, "mosaic, %d x %d x %d, %s", SIDE, SIDE, NZ, name);
    bench_print(text, threads, bench_run(build, ctx, w), cells, moved, moved);
    nwc_ctx_destroy(ctx);
}

/* Argument: first, kept or moved, for that alone. */
int main(int argc, char **argv)
{
    const char *const only = argc > 1 ? argv[1] : NULL;
    struct work w;
    nwc_mosaic_lookup *kept;
    make(&w);
    check(nwc_mosaic_lookup_create(NULL, w.volume, &w.grid, NULL, &kept));
    const double bytes = (double)nwc_mosaic_lookup_bytes(kept);
    bench_print_head();
    for (int step = 0; step < bench_thread_steps(); step++) {
        const int threads = bench_thread_step(step);
        for (int kind = 0; kind < 3; kind++) {
            static const char *const kinds[] = {"first", "kept", "moved"};
            if (only && strcmp(only, kinds[kind]) != 0) continue;
            w.lookup = kind ? kept : NULL, w.moves = kind == 2;
            measure(&w, kinds[kind], kind ? bytes : 2.0 * bytes, threads);
        }
    }
    nwc_mosaic_lookup_destroy(kept);
    nwc_volume_destroy(w.volume);
    nwc_field *const all[] = {&w.fields[0], &w.fields[1], &w.quality, &w.age, &w.lowest, &w.u, &w.v};
    for (size_t f = 0; f < sizeof all / sizeof all[0]; f++) free(all[f]->data);
    free(w.radars.data);
    return 0;
}

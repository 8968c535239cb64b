/*
 * A warning-issuance system that is fed with volumes, as they come from four radars: radar_desk FIRST.ar2v SECOND.ar2v ..., four for each
 * time. Each is filtered, its velocity unfolded, its sweeps put into a live mosaic of 500 x 500 km. When the last of a time has come,
 * cells are found and followed, what they may bring is forecast, and warnings are printed, with the ensemble and the motion of the time
 * before; those of this time are made once the warnings are out.
 */
#include <nowcast/nowcast.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RADARS = 4, N = 500, LEVELS = 20, MEMBERS = 8, STEPS = 6, LEADS = 7, BROUGHT = 2, RULES = 4 };
enum { FRAMES = 1 + STEPS + BROUGHT * (LEADS - 1) };
enum {
    REFLECTIVITY,
    COLD,
    VIL,
    TOP,
    MESH,
    POSH,
    POH,
    RAIN,
    SHEAR_LOW,
    SHEAR_MID,
    FREEZING,
    MINUS_20,
    FLAT
}; /* fields */
enum { SAMPLES = 11, DERIVED = 4, ATTRIBUTES = 2 + SAMPLES + DERIVED };

#define LEAD_S 600.0
#define FREEZING_M 4500.0
#define MINUS_10_M 6200.0
#define MINUS_20_M 7800.0

static const char *const attribute[ATTRIBUTES] = {
    "area",           "peak",         "reflectivity",   "reflectivity_cold", "vil",       "top",       "mesh",
    "posh",           "poh",          "rain_max",       "rain_mean",         "shear_low", "shear_mid", "vil_density",
    "gust_potential", "rain_passing", "deviation_right"};
static const nwc_cell_sample sample[SAMPLES] = {{.field = REFLECTIVITY},
                                                {.field = COLD},
                                                {.field = VIL},
                                                {.field = TOP},
                                                {.field = MESH},
                                                {.field = POSH},
                                                {.field = POH},
                                                {.field = RAIN},
                                                {.field = RAIN, .kind = NWC_SAMPLE_MEAN},
                                                {.field = SHEAR_LOW, .reach_m = 2e3},
                                                {.field = SHEAR_MID, .reach_m = 2e3}};
/* What hazards of cells are called in rules, and the threshold that they are the probability of. */
static const struct {
    int32_t hazard;
    const char *quantity, *units;
    double threshold;
} brought[BROUGHT] = {{NWC_CELL_HAIL_20, "hail_size", "mm", 20.0},
                      {NWC_CELL_GALE_8, "thunderstorm_gust", "m s-1", 17.2}};

struct desk {
    nwc_grid grid;
    double z_m[LEVELS];
    nwc_mosaic_live *live;
    nwc_volume *before[RADARS];
    nwc_field cube[2], flat[FLAT], rain[2], u, v, swath[BROUGHT * (LEADS - 1)], rates, members, step[STEPS];
    /* rates: (step and member, y, x), of which members: (member, step, y, x), and step: (member, y, x) each */
    int64_t times_ns[2], ahead_ns; /* ahead_ns: of the rain that members go on from */
    int times;
    nwc_tracker *tracker;
    nwc_cell_history *history;
    nwc_hazard_model *model;
    nwc_hazard *hazard;
};

static void must(nwc_status status) /* or end with the library's own words */
{
    if (status != NWC_OK) exit((fprintf(stderr, "%s: %s\n", nwc_status_name(status), nwc_error_text()), 1));
}

static double clock_s(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void print_event(const nwc_hazard_event *event, const nwc_hazard_warning *warning, void *user)
{
    static const char *const kinds[] = {"issued", "updated", "raised", "lowered", "cancelled", "expired", "approved"};
    (void)user;
    printf("warning %lld of %s %s: %s, %.0f %%, storm %lld towards %.0f degrees at %.0f m/s\n",
           (long long)warning->number, warning->hazard, kinds[event->kind], warning->place ? warning->place : "an area",
           100.0 * warning->probability, (long long)warning->storm, warning->towards_deg, warning->speed_m_s);
}

/* Heavy rain of the ensemble and what cells bring for areas; and hail for a town. */
static void make_rules(struct desk *desk)
{
    nwc_hazard_rule rule[RULES];
    for (int r = 0; r < RULES; r++) {
        const int of = r % BROUGHT;
        nwc_hazard_rule_init(&rule[r]);
        rule[r].hazard = brought[of].quantity, rule[r].quantity = brought[of].quantity,
        rule[r].units = brought[of].units;
        rule[r].threshold = brought[of].threshold, rule[r].probability = 0.3, rule[r].keep_probability = 0.15;
        rule[r].to_s = LEAD_S * (LEADS - 1);
    }
    rule[2].hazard = "rain", rule[2].quantity = "rain_rate", rule[2].units = "mm h-1", rule[2].threshold = 30.0;
    rule[3] = rule[0], rule[3].target = NWC_HAZARD_PLACE;
    const double lon = 114.1, lat = 22.5;
    const nwc_hazard_place town = {.id = "town", .radius_m = 10e3, .longitude_deg = &lon, .latitude_deg = &lat};
    must(nwc_hazard_create(NULL, rule, RULES, &town, 1, NULL, print_event, NULL, &desk->hazard));
}

static void make_field(const nwc_grid *grid, int64_t n, const char *units, nwc_field *field)
{
    must(nwc_field_create(NULL, grid, n, units, field));
}

static void open_desk(struct desk *desk)
{
    static const char *const names[2] = {"DBZHQ", "AZSHR"};
    static const char *const units[FLAT] = {"dBZ", "dBZ",    "kg m-2", "m",   "mm", "1",
                                            "1",   "mm h-1", "s-1",    "s-1", "m",  "m"};
    for (int k = 0; k < LEVELS; k++) desk->z_m[k] = 750.0 * (k + 1);
    desk->grid = (nwc_grid){.projection = "+proj=aeqd +lat_0=22.5 +lon_0=114.1 +ellps=WGS84",
                            .nx = N,
                            .ny = N,
                            .nz = LEVELS,
                            .z_m = desk->z_m,
                            .x_first = -250e3,
                            .y_first = -250e3,
                            .dx = 1e3,
                            .dy = 1e3};
    must(nwc_mosaic_live_create(NULL, &desk->grid, 2, names, NULL, &desk->live));
    for (int f = 0; f < 2; f++) make_field(&desk->grid, LEVELS, f ? "s-1" : "dBZ", &desk->cube[f]);
    for (int f = 0; f < FLAT; f++) make_field(&desk->grid, 0, units[f], &desk->flat[f]);
    for (int c = 0; c < N * N; c++)
        desk->flat[FREEZING].data[c] = FREEZING_M, desk->flat[MINUS_20].data[c] = MINUS_20_M;
    for (int k = 0; k < 2; k++) make_field(&desk->grid, 0, "mm h-1", &desk->rain[k]);
    make_field(&desk->grid, 0, "m s-1", &desk->u), make_field(&desk->grid, 0, "m s-1", &desk->v);
    for (int s = 0; s < BROUGHT * (LEADS - 1); s++) make_field(&desk->grid, 0, "1", &desk->swath[s]);
    make_field(&desk->grid, MEMBERS * STEPS, "mm h-1", &desk->rates);
    desk->members = desk->rates, desk->members.ndim = 4;
    memcpy(desk->members.dim, (int64_t[]){MEMBERS, STEPS, N, N}, 4 * sizeof(int64_t));
    memcpy(desk->members.stride, (int64_t[]){N * N, MEMBERS * N * N, N, 1}, 4 * sizeof(int64_t));
    for (int s = 0; s < STEPS; s++) {
        desk->step[s] = desk->rates, desk->step[s].dim[0] = MEMBERS;
        desk->step[s].data += (int64_t)s * MEMBERS * N * N;
    }
    must(nwc_tracker_create(NULL, NULL, &desk->tracker));
    must(nwc_cell_history_create(NULL, ATTRIBUTES, attribute, 1200.0, &desk->history));
    must(nwc_hazard_model_read(NULL, nwc_hazard_baseline(), (int64_t)strlen(nwc_hazard_baseline()), &desk->model));
    make_rules(desk);
}

/* A volume has come: filtered, unfolded by the one before it of its radar, and put into the mosaic. */
static void take(struct desk *desk, const char *path)
{
    nwc_volume *volume;
    nwc_volume_facts facts;
    must(nwc_volume_open(NULL, &path, 1, NULL, &volume));
    must(nwc_volume_describe(volume, &facts));
    nwc_volume **const before = &desk->before[facts.site[3] % RADARS];
    must(nwc_quality_filter(NULL, volume, NULL, NULL));
    must(nwc_dealias_volume(NULL, volume, NULL, 0, *before, NULL));
    must(nwc_shear_compute(NULL, volume, NULL));
    for (int32_t s = 0; s < facts.n_sweeps; s++)
        must(nwc_mosaic_live_add(NULL, desk->live,
                                 &(nwc_mosaic_sweep){volume, s, facts.time_ns, s == facts.n_sweeps - 1}));
    nwc_volume_destroy(*before);
    *before = volume;
}

/* The mosaic of a time and what its columns tell. */
static void analyse(struct desk *desk, int64_t time_ns)
{
    static const char *const names[2] = {"DBZHQ", "AZSHR"};
    const nwc_field *const dbz = &desk->cube[0], *const shear = &desk->cube[1];
    nwc_field *const flat = desk->flat;
    const nwc_hail hail = {.mesh = &flat[MESH], .posh = &flat[POSH], .poh = &flat[POH]};
    nwc_field lowest;
    make_field(&desk->grid, 0, "dBZ", &lowest);
    must(nwc_mosaic_live_build(NULL, desk->live, -1, time_ns, NULL, NULL,
                               &(nwc_mosaic_output){.n_fields = 2, .names = names, .fields = desk->cube}));
    must(nwc_product_layer_max(NULL, dbz, NULL, -INFINITY, INFINITY, &flat[REFLECTIVITY], NULL));
    must(nwc_product_layer_max(NULL, dbz, NULL, MINUS_10_M, INFINITY, &flat[COLD], NULL));
    must(nwc_product_vil(NULL, dbz, NULL, NULL, &flat[VIL]));
    must(nwc_product_echo_top(NULL, dbz, 18.5, &flat[TOP], NULL, NULL));
    must(nwc_product_hail(NULL, dbz, &flat[FREEZING], &flat[MINUS_20], NULL, &hail));
    must(nwc_product_layer_max(NULL, shear, NULL, 0.0, 2e3, &flat[SHEAR_LOW], NULL));
    must(nwc_product_layer_max(NULL, shear, NULL, 3e3, 6e3, &flat[SHEAR_MID], NULL));
    must(nwc_product_lowest(NULL, dbz, &lowest, NULL));
    for (int c = 0; c < N * N; c++) lowest.data[c] = lowest.data[c] > 53.0F ? 53.0F : lowest.data[c]; /* hail */
    must(nwc_grid_rate_from_dbz(NULL, &lowest, 300.0, 1.4, &flat[RAIN]));
    nwc_field_release(NULL, &lowest);
}

/* Attributes of cells, by label, become those of tracks, and are remembered. */
static void remember(struct desk *desk, const nwc_cells *cells, const nwc_track_table *tracks)
{
    nwc_cells_table table;
    must(nwc_cells_lend(cells, &table));
    const int64_t n = table.n_cells;
    double *const of = calloc((size_t)(n * (SAMPLES + 2) + tracks->n_points * ATTRIBUTES + 1), sizeof *of);
    nwc_cell_derived *const derived = calloc((size_t)n + 1, sizeof *derived);
    if (!of || !derived) exit(1);
    double *const u = of + n * SAMPLES, *const v = u + n, *const row = v + n;
    must(nwc_cells_sample(NULL, cells, desk->flat, FLAT, sample, SAMPLES, of));
    for (int64_t c = 0; c < 2 * n; c++) u[c] = (double)NAN;
    for (int64_t p = 0; p < tracks->n_points; p++)
        if (tracks->points[p].cell)
            u[tracks->points[p].cell - 1] = tracks->points[p].u, v[tracks->points[p].cell - 1] = tracks->points[p].v;
    const nwc_cell_values values = {.n_cells = n, .n_names = SAMPLES, .names = attribute + 2, .values = of};
    must(nwc_cells_derive(cells, &values, u, v, derived));
    for (int64_t p = 0; p < tracks->n_points; p++) {
        double *const to = row + p * ATTRIBUTES;
        const int64_t c = tracks->points[p].cell - 1;
        for (int a = 0; a < ATTRIBUTES; a++) to[a] = (double)NAN;
        if (c < 0) continue;
        to[0] = table.cells[c].area_m2, to[1] = table.cells[c].peak;
        memcpy(to + 2, of + c * SAMPLES, SAMPLES * sizeof *to);
        const double more[DERIVED] = {derived[c].vil_density, derived[c].gust_potential, derived[c].rain_passing,
                                      derived[c].deviation_right};
        memcpy(to + 2 + SAMPLES, more, sizeof more);
    }
    must(nwc_cell_history_add(desk->history, tracks, row));
    free(derived), free(of);
}

/* Cells of now and what they may bring, as probabilities of places between leads; the storms that warnings name. */
static nwc_hazard_storm *follow(struct desk *desk, int64_t time_ns, nwc_track_table *tracks)
{
    nwc_cells *cells;
    nwc_cell_values values;
    double leads_s[LEADS];
    for (int k = 0; k < LEADS; k++) leads_s[k] = LEAD_S * k;
    must(nwc_cells_identify(NULL, &desk->flat[REFLECTIVITY], NULL, &cells));
    must(nwc_tracker_add(NULL, desk->tracker, cells, time_ns, &desk->u, &desk->v));
    must(nwc_tracker_lend(desk->tracker, tracks));
    remember(desk, cells, tracks);
    nwc_cell_forecast *const ahead = calloc((size_t)tracks->n_points * LEADS + 1, sizeof *ahead);
    nwc_hazard_storm *const storms = calloc((size_t)tracks->n_points + 1, sizeof *storms);
    if (!ahead || !storms) exit(1);
    must(nwc_cell_history_lend(desk->history, &values, NULL));
    must(nwc_cells_forecast(NULL, desk->tracker, &values, desk->model, leads_s, LEADS, NULL, ahead));
    for (int b = 0; b < BROUGHT; b++)
        for (int k = 1; k < LEADS; k++)
            must(nwc_cells_swath(NULL, ahead, tracks->n_points, LEADS, brought[b].hazard, k - 1, k,
                                 &desk->swath[b * (LEADS - 1) + k - 1]));
    must(nwc_hazard_storms_of(NULL, &desk->grid, tracks->points, tracks->n_points, storms));
    free(ahead);
    nwc_cells_destroy(cells);
    return storms;
}

/* The rain of now, that of the ensemble of the time before, and what cells bring, held against the rules. */
static void warn(struct desk *desk, int64_t time_ns)
{
    nwc_hazard_frame frame[FRAMES] = {{"rain_rate", time_ns, &desk->flat[RAIN], (double)NAN}};
    nwc_track_table tracks;
    nwc_hazard_storm *const storms = follow(desk, time_ns, &tracks);
    int32_t n = 1;
    for (int s = 0; desk->ahead_ns && s < STEPS; s++) {
        const int64_t valid_ns = desk->ahead_ns + (int64_t)(1e9 * LEAD_S * (s + 1));
        if (valid_ns > time_ns) frame[n++] = (nwc_hazard_frame){"rain_rate", valid_ns, &desk->step[s], (double)NAN};
    }
    for (int b = 0; b < BROUGHT; b++)
        for (int k = 1; k < LEADS; k++)
            frame[n++] = (nwc_hazard_frame){brought[b].quantity, time_ns + (int64_t)(1e9 * LEAD_S * k),
                                            &desk->swath[b * (LEADS - 1) + k - 1], brought[b].threshold};
    must(nwc_hazard_evaluate(NULL, desk->hazard, frame, n, time_ns, storms, (int32_t)tracks.n_points));
    printf("%d cells, %d fields held against %d rules\n", (int)tracks.n_points, (int)n, RULES);
    free(storms);
}

/* Once warnings are out: the motion and the ensemble that the next time starts from. */
static void prepare(struct desk *desk, int64_t time_ns)
{
    double leads_s[STEPS];
    for (int s = 0; s < STEPS; s++) leads_s[s] = LEAD_S * (s + 1);
    nwc_field swap = desk->rain[0];
    desk->rain[0] = desk->rain[1], desk->rain[1] = swap;
    memcpy(desk->rain[1].data, desk->flat[RAIN].data, N * N * sizeof(float));
    desk->times_ns[0] = desk->times_ns[1], desk->times_ns[1] = time_ns;
    if (++desk->times < 2) return;
    if (nwc_motion_estimate(NULL, desk->rain, desk->times_ns, 2, NULL, &desk->u, &desk->v, NULL) != NWC_OK) return;
    must(nwc_forecast_steps(NULL, desk->rain, desk->times_ns, 2, &desk->u, &desk->v, leads_s, STEPS, NULL, NULL,
                            &desk->members));
    desk->ahead_ns = time_ns;
}

static void close_desk(struct desk *desk)
{
    nwc_hazard_destroy(desk->hazard), nwc_hazard_model_destroy(desk->model);
    nwc_cell_history_destroy(desk->history), nwc_tracker_destroy(desk->tracker);
    for (int r = 0; r < RADARS; r++) nwc_volume_destroy(desk->before[r]);
    for (int f = 0; f < 2; f++) nwc_field_release(NULL, &desk->cube[f]), nwc_field_release(NULL, &desk->rain[f]);
    for (int f = 0; f < FLAT; f++) nwc_field_release(NULL, &desk->flat[f]);
    for (int s = 0; s < BROUGHT * (LEADS - 1); s++) nwc_field_release(NULL, &desk->swath[s]);
    nwc_field_release(NULL, &desk->rates), nwc_field_release(NULL, &desk->u), nwc_field_release(NULL, &desk->v);
    nwc_mosaic_live_destroy(desk->live);
}

static int64_t newest(const struct desk *desk)
{
    int64_t ns = 0;
    for (int32_t r = 0; r < nwc_mosaic_live_radars(desk->live); r++) {
        nwc_mosaic_radar radar;
        must(nwc_mosaic_live_radar(desk->live, r, &radar));
        ns = radar.newest_ns > ns ? radar.newest_ns : ns;
    }
    return ns;
}

int main(int argc, char **argv)
{
    if (argc < RADARS + 1 || (argc - 1) % RADARS)
        return fprintf(stderr, "usage: %s VOLUME..., %d for each time\n", argv[0], RADARS), 2;
    static struct desk desk;
    open_desk(&desk);
    for (int n = 1; n < argc; n += RADARS) {
        for (int r = 0; r < RADARS - 1; r++) take(&desk, argv[n + r]);
        const double came_s = clock_s(), worked = (double)clock();
        take(&desk, argv[n + RADARS - 1]);
        const int64_t time_ns = newest(&desk);
        analyse(&desk, time_ns);
        warn(&desk, time_ns);
        printf("latency from the last volume to warnings: %.2f s, %.2f s of processor\n", clock_s() - came_s,
               ((double)clock() - worked) / CLOCKS_PER_SEC);
        prepare(&desk, time_ns);
    }
    close_desk(&desk);
    return 0;
}

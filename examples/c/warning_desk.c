/*
 * A warning-issuance system in small: rules and places are registered, composites of rain come one after the other, each is carried an
 * hour ahead, and what becomes of warnings is printed as it happens: warning_desk FIRST... LATEST
 */
#include <nowcast/nowcast.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 12, STEP_S = 300, MOST = 24, PLACES = 2 };

static void must(nwc_status status) /* or end with the library's own words */
{
    if (status != NWC_OK) exit((fprintf(stderr, "%s: %s\n", nwc_status_name(status), nwc_error_text()), 1));
}

static void print_event(const nwc_hazard_event *event, const nwc_hazard_warning *warning, void *user)
{
    static const char *const kinds[] = {"issued", "updated", "raised", "lowered", "cancelled", "expired", "approved"};
    (void)user;
    printf("warning %lld of %s %s: level %d, %s, %.0f %%, until %lld min from now\n", (long long)warning->number,
           warning->hazard, kinds[event->kind], (int)warning->level, warning->place ? warning->place : "an area",
           100.0 * warning->probability, (long long)((warning->expires_ns - event->time_ns) / 60000000000));
}

/* Heavy rain now or within the hour: two levels for areas, and one for each place. */
static void make_rules(nwc_hazard_rule rules[3])
{
    for (int r = 0; r < 3; r++) {
        nwc_hazard_rule_init(&rules[r]);
        rules[r].hazard = "heavy_rain", rules[r].quantity = "rain_rate", rules[r].units = "mm h-1";
        rules[r].to_s = STEPS * STEP_S;
        rules[r].level = r == 1 ? 2 : 1, rules[r].threshold = r == 1 ? 12.0 : 6.0;
        rules[r].keep_threshold = 0.8 * rules[r].threshold;
        rules[r].target = r == 2 ? NWC_HAZARD_PLACE : NWC_HAZARD_AREA;
    }
}

/* Places a third and two thirds along the diagonal of the grid. */
static void make_places(const nwc_grid *grid, nwc_hazard_place places[PLACES], double lon[PLACES], double lat[PLACES])
{
    static const char *const names[PLACES] = {"Southwest", "Northeast"};
    for (int p = 0; p < PLACES; p++) {
        lon[p] = grid->x_first + grid->dx * (double)((p + 1) * grid->nx / 3);
        lat[p] = grid->y_first + grid->dy * (double)((p + 1) * grid->ny / 3);
        places[p] =
            (nwc_hazard_place){.id = names[p], .radius_m = 5000.0, .longitude_deg = &lon[p], .latitude_deg = &lat[p]};
    }
    must(nwc_grid_to_lonlat(NULL, grid, PLACES, lon, lat, lon, lat));
}

/* The latest composite and what it becomes, held against the rules. */
static void evaluate(nwc_hazard *desk, nwc_field *rain, const int64_t *times_ns, int n)
{
    const nwc_grid *const grid = rain[n - 1].grid;
    double leads_s[STEPS];
    nwc_field u, v, ahead, step[STEPS];
    nwc_hazard_frame frame[STEPS + 1] = {{"rain_rate", times_ns[n - 1], &rain[n - 1], (double)NAN}};
    must(nwc_field_create(NULL, grid, 0, "m s-1", &u));
    must(nwc_field_create(NULL, grid, 0, "m s-1", &v));
    must(nwc_field_create(NULL, grid, STEPS, "mm h-1", &ahead));
    for (int s = 0; s < STEPS; s++) leads_s[s] = STEP_S * (s + 1);
    must(nwc_motion_estimate(NULL, rain, times_ns, n, NULL, &u, &v, NULL));
    must(nwc_forecast_extrapolate(NULL, &rain[n - 1], 1, &u, &v, leads_s, STEPS, NULL, &ahead));
    for (int s = 0; s < STEPS; s++) {
        step[s] = nwc_field_part(&ahead, s);
        frame[s + 1] =
            (nwc_hazard_frame){"rain_rate", times_ns[n - 1] + (int64_t)(1e9 * leads_s[s]), &step[s], (double)NAN};
    }
    must(nwc_hazard_evaluate(NULL, desk, frame, STEPS + 1, times_ns[n - 1], NULL, 0));
    nwc_field_release(NULL, &ahead), nwc_field_release(NULL, &v), nwc_field_release(NULL, &u);
}

/* What is left to do: places by when they are reached, and the first message, once a person has approved it. */
static void print_places(nwc_hazard *desk, const nwc_hazard_place *places)
{
    nwc_hazard_table table;
    nwc_hazard_cap_options options;
    const char *xml;
    must(nwc_hazard_lend(desk, &table));
    for (int64_t e = 0; e < table.n_effects; e++) {
        const nwc_hazard_effect *const effect = &table.effects[e];
        printf("%s: rule %d, %.0f %%, in %lld min, storm %.0f km away at %.0f degrees\n", places[effect->place].id,
               (int)effect->rule, 100.0 * effect->probability,
               (long long)((effect->earliest_ns - table.time_ns) / 60000000000), 1e-3 * effect->distance_m,
               effect->bearing_deg);
    }
    if (!table.n_warnings || !table.warnings[0].active) return;
    must(nwc_hazard_approve(desk, table.warnings[0].number, "the forecaster on duty", table.time_ns));
    nwc_hazard_cap_options_init(&options);
    options.sender = "desk@example.org", options.n_levels = 2;
    must(nwc_hazard_cap(desk, 0, &options, &xml));
    printf("%s", xml);
}

int main(int argc, char **argv)
{
    const int n = argc - 1;
    if (n < 3 || n > MOST) return fprintf(stderr, "usage: %s FIRST... LATEST\n", argv[0]), 2;
    nwc_raster *raster[MOST];
    nwc_field rain[MOST];
    int64_t times_ns[MOST];
    for (int k = 0; k < n; k++) {
        nwc_layer layer;
        must(nwc_raster_open(NULL, argv[k + 1], NULL, &raster[k]));
        must(nwc_raster_layer(raster[k], 0, &layer));
        rain[k] = layer.field, times_ns[k] = layer.time_ns;
    }
    nwc_hazard_rule rules[3];
    nwc_hazard_place places[PLACES];
    double lon[PLACES], lat[PLACES];
    nwc_hazard *desk;
    make_rules(rules);
    make_places(rain[0].grid, places, lon, lat);
    must(nwc_hazard_create(NULL, rules, 3, places, PLACES, NULL, print_event, NULL, &desk));
    for (int k = 1; k < n; k++) evaluate(desk, rain, times_ns, k + 1);
    print_places(desk, places);
    nwc_hazard_destroy(desk);
    for (int k = 0; k < n; k++) nwc_raster_destroy(raster[k]);
}

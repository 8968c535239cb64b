/* An hour ahead: motion from three radar frames, twelve forecasts, and how good the last one is. */
#include <nowcast/nowcast.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NY = 300, NX = 400, FRAMES = 3, STEPS = 12 };

/* End with the library's own words when a call fails. */
static void must(nwc_status status)
{
    if (status == NWC_OK) return;
    fprintf(stderr, "%s: %s\n", nwc_status_name(status), nwc_error_text());
    exit(1);
}

/* What the radar would see after t_s: showers that move with 15 and 6 m/s and slowly weaken. */
static void observe(float *rain, double t_s)
{
    for (int j = 0; j < NY; j++) {
        for (int i = 0; i < NX; i++) {
            const double x = i - 0.015 * t_s, y = j - 0.006 * t_s;
            const double wave = sin(x / 13.0) * sin(y / 9.0) + sin((x + y) / 31.0);
            rain[j * NX + i] = wave > 0.4 ? (float)(8.0 * (wave - 0.4) * exp(-t_s / 2e4)) : 0.0f;
        }
    }
}

int main(void)
{
    static float frame_cells[FRAMES][NY * NX], u_cells[NY * NX], v_cells[NY * NX], later_cells[NY * NX];
    static float forecast_cells[STEPS][NY * NX];
    const nwc_grid grid = {.projection = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +ellps=WGS84",
                           .nx = NX,
                           .ny = NY,
                           .x_first = -200e3,
                           .y_first = -3800e3,
                           .dx = 1000.0,
                           .dy = 1000.0};
    nwc_field frames[FRAMES], u, v, later, forecast, last;
    u = (nwc_field){.data = u_cells,
                    .ndim = 2,
                    .dim = {NY, NX},
                    .stride = {NX, 1},
                    .missing = NAN,
                    .units = "m s-1",
                    .grid = &grid};
    v = later = last = u;
    v.data = v_cells, later.data = later_cells, last.data = forecast_cells[STEPS - 1];
    later.units = last.units = "mm h-1";
    forecast = (nwc_field){.data = forecast_cells[0],
                           .ndim = 3,
                           .dim = {STEPS, NY, NX},
                           .stride = {NY * NX, NX, 1},
                           .missing = NAN,
                           .units = "mm h-1",
                           .grid = &grid};

    int64_t times_ns[FRAMES];
    double leads_s[STEPS];
    for (int n = 0; n < FRAMES; n++) {
        times_ns[n] = 300000000000LL * n;
        frames[n] = later, frames[n].data = frame_cells[n];
        observe(frame_cells[n], 300.0 * (n - FRAMES + 1));
    }
    for (int n = 0; n < STEPS; n++) leads_s[n] = 300.0 * (n + 1);

    must(nwc_motion_estimate(NULL, frames, times_ns, FRAMES, NULL, &u, &v, NULL));
    must(nwc_forecast_extrapolate(NULL, &frames[FRAMES - 1], 1, &u, &v, leads_s, STEPS, NULL, &forecast));
    observe(later_cells, leads_s[STEPS - 1]);

    const double threshold = 1.0;
    nwc_verify_options options;
    nwc_verify_options_init(&options);
    options.thresholds = &threshold, options.n_thresholds = 1;
    nwc_verify *verify;
    nwc_contingency table;
    nwc_continuous errors;
    must(nwc_verify_create(NULL, &options, &verify));
    must(nwc_verify_add(NULL, verify, &last, &later, NULL));
    must(nwc_verify_get_contingency(verify, 0, &table));
    must(nwc_verify_get_continuous(verify, 0, &errors));
    printf("after 60 min: CSI at 1 mm/h %.2f, RMSE %.2f mm/h over %lld cells\n", table.csi, errors.rmse,
           (long long)errors.n);
    nwc_verify_destroy(verify);
    return table.csi > 0.5 ? 0 : 1;
}

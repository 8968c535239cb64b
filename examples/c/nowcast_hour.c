/* An hour ahead from radar composites of any format the library reads: nowcast_hour EARLIER... LATEST OUT.nc */
#include <nowcast/nowcast.h>

#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 12, STEP_S = 300, MOST = 24 };

static void must(nwc_status status) /* or end with the library's own words */
{
    if (status != NWC_OK) exit((fprintf(stderr, "%s: %s\n", nwc_status_name(status), nwc_error_text()), 1));
}

int main(int argc, char **argv)
{
    const int n = argc - 2;
    if (n < 2 || n > MOST) return fprintf(stderr, "usage: %s EARLIER... LATEST OUT.nc\n", argv[0]), 2;
    nwc_raster *raster[MOST];
    nwc_layer layer;
    nwc_field frames[MOST], u, v, ahead;
    int64_t times_ns[MOST];
    for (int k = 0; k < n; k++) {
        must(nwc_raster_open(NULL, argv[k + 1], NULL, &raster[k]));
        must(nwc_raster_layer(raster[k], 0, &layer));
        frames[k] = layer.field, times_ns[k] = layer.time_ns;
    }
    double leads_s[STEPS];
    for (int s = 0; s < STEPS; s++) leads_s[s] = STEP_S * (s + 1);
    must(nwc_field_create(NULL, layer.field.grid, 0, "m s-1", &u));
    must(nwc_field_create(NULL, layer.field.grid, 0, "m s-1", &v));
    must(nwc_field_create(NULL, layer.field.grid, STEPS, layer.field.units, &ahead));
    must(nwc_motion_estimate(NULL, frames, times_ns, n, NULL, &u, &v, NULL));
    must(nwc_forecast_extrapolate(NULL, &frames[n - 1], 1, &u, &v, leads_s, STEPS, NULL, &ahead));
    nwc_writer *writer;
    must(nwc_writer_create(NULL, argv[argc - 1], &writer));
    for (int s = 0; s < STEPS; s++) {
        layer.field = nwc_field_part(&ahead, s), layer.time_ns = times_ns[n - 1] + (int64_t)(1e9 * leads_s[s]);
        must(nwc_writer_add(writer, &layer));
    }
    must(nwc_writer_close(writer));
    nwc_writer_destroy(writer);
    nwc_field_release(NULL, &u), nwc_field_release(NULL, &v), nwc_field_release(NULL, &ahead);
    for (int k = 0; k < n; k++) nwc_raster_destroy(raster[k]);
}

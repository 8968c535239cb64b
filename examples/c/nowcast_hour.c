/* An hour ahead from radar composites of any format the library reads: nowcast_hour EARLIER... LATEST OUT.nc */
#include <nowcast/nowcast.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 12, STEP_S = 300, MOST = 24 };

/* End with the library's own words when a call fails. */
static void must(nwc_status status)
{
    if (status != NWC_OK) exit((fprintf(stderr, "%s: %s\n", nwc_status_name(status), nwc_error_text()), 1));
}

/* n new fields on the grid of another, as one (n, y, x) or, for n = 1 and flat, (y, x). */
static nwc_field fields_like(const nwc_field *other, int64_t n, int flat, const char *units)
{
    const int64_t ny = other->dim[0], nx = other->dim[1];
    nwc_field made = {.data = malloc(sizeof(float) * (size_t)(n * ny * nx)),
                      .ndim = 3,
                      .dim = {n, ny, nx},
                      .stride = {ny * nx, nx, 1},
                      .missing = NAN,
                      .units = units,
                      .grid = other->grid};
    if (!made.data) exit((perror("memory"), 1));
    if (flat) made.ndim = 2, made.dim[0] = ny, made.dim[1] = nx, made.stride[0] = nx, made.stride[1] = 1;
    return made;
}

int main(int argc, char **argv)
{
    const int n = argc - 2;
    if (n < 2 || n > MOST) return fprintf(stderr, "usage: %s EARLIER... LATEST OUT.nc\n", argv[0]), 2;
    nwc_raster *raster[MOST];
    nwc_layer layer;
    nwc_field frames[MOST];
    int64_t times_ns[MOST];
    for (int k = 0; k < n; k++) {
        must(nwc_raster_open(NULL, argv[k + 1], NULL, &raster[k]));
        must(nwc_raster_layer(raster[k], 0, &layer));
        frames[k] = layer.field, times_ns[k] = layer.time_ns;
    }
    double leads_s[STEPS];
    for (int s = 0; s < STEPS; s++) leads_s[s] = STEP_S * (s + 1);
    nwc_field u = fields_like(&frames[0], 1, 1, "m s-1"), v = fields_like(&frames[0], 1, 1, "m s-1");
    nwc_field ahead = fields_like(&frames[0], STEPS, 0, layer.field.units);
    must(nwc_motion_estimate(NULL, frames, times_ns, n, NULL, &u, &v, NULL));
    must(nwc_forecast_extrapolate(NULL, &frames[n - 1], 1, &u, &v, leads_s, STEPS, NULL, &ahead));
    nwc_writer *writer;
    must(nwc_writer_create(NULL, argv[argc - 1], &writer));
    layer.field = u, layer.field.units = ahead.units; /* the layout of one (y, x) field */
    for (int s = 0; s < STEPS; s++) {
        layer.field.data = ahead.data + s * ahead.stride[0];
        layer.time_ns = times_ns[n - 1] + (int64_t)(1e9 * leads_s[s]);
        must(nwc_writer_add(writer, &layer));
    }
    must(nwc_writer_close(writer));
    nwc_writer_destroy(writer);
    for (int k = 0; k < n; k++) nwc_raster_destroy(raster[k]);
    free(u.data), free(v.data), free(ahead.data);
    return 0;
}

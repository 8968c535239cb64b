/* Showers that move with 15 and 6 m/s, as ODIM_H5 composites five minutes apart: make_showers FIRST.h5 SECOND.h5 ... */
#include <nowcast/nowcast.h>

#include <math.h>
#include <stdio.h>

enum { NY = 300, NX = 400 };

static float cells[NY * NX];

/* Rain after t_s, mm h-1. */
static void observe(double t_s)
{
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++) {
            const double x = i - 0.015 * t_s, y = j - 0.006 * t_s;
            const double wave = sin(x / 13.0) * sin(y / 9.0) + sin((x + y) / 31.0);
            cells[j * NX + i] = wave > 0.4 ? (float)(8.0 * (wave - 0.4)) : 0.0F;
        }
}

int main(int argc, char **argv)
{
    const nwc_grid grid = {.projection = "+proj=stere +lat_0=90 +lat_ts=60 +lon_0=10 +ellps=WGS84",
                           .nx = NX,
                           .ny = NY,
                           .x_first = -200e3,
                           .y_first = -3800e3,
                           .dx = 1000.0,
                           .dy = 1000.0};
    for (int n = 1; n < argc; n++) {
        observe(300.0 * (n - 1));
        const int64_t time_ns = 1780000200000000000 + 300000000000 * (n - 1);
        const nwc_layer layer = {.field = {.data = cells,
                                           .ndim = 2,
                                           .dim = {NY, NX},
                                           .stride = {NX, 1},
                                           .missing = NAN,
                                           .units = "mm h-1",
                                           .grid = &grid},
                                 .quantity = "RATE",
                                 .source = "CMT:showers",
                                 .time_ns = time_ns,
                                 .reference_ns = time_ns};
        nwc_writer *writer;
        nwc_status status = nwc_writer_create(NULL, argv[n], &writer);
        if (status == NWC_OK) status = nwc_writer_add(writer, &layer);
        if (status == NWC_OK) status = nwc_writer_close(writer);
        if (status != NWC_OK) return fprintf(stderr, "%s\n", nwc_error_text()), 1;
        nwc_writer_destroy(writer);
    }
    return 0;
}

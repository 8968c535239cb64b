/* The whole job: frames from files, motion, twelve lead times, a file; under every allocation failure and thread count. */
#define _POSIX_C_SOURCE 200809L
#include "support/support.h"

#include <unistd.h>

enum { NY = 70, NX = 90, FRAMES = 3, STEPS = 12 };

static char folder[] = "/tmp/nowcast_hour_XXXXXX";
static char frame_path[FRAMES][64], out_path[64];

static int make_frames(void **state)
{
    (void)state;
    static float cells[NY * NX];
    const nwc_grid grid = {.projection = "+proj=laea +lat_0=50 +lon_0=10 +ellps=WGS84",
                           .ny = NY,
                           .nx = NX,
                           .y_first = -35e3,
                           .x_first = -45e3,
                           .dy = 1000.0,
                           .dx = 1000.0};
    if (!mkdtemp(folder)) return 1;
    snprintf(out_path, sizeof out_path, "%s/hour.nc", folder);
    for (int k = 0; k < FRAMES; k++) {
        snprintf(frame_path[k], sizeof frame_path[k], "%s/%d.h5", folder, k);
        for (int c = 0; c < NY * NX; c++) {
            const double y = c / NX - 1.5 * k, x = c % NX - 3.0 * k;
            const double wave = sin(x / 9.0) * sin(y / 7.0) + sin((x + y) / 21.0);
            cells[c] = c % NX > 85 ? NAN : wave > 0.3 ? (float)(6.0 * wave) : 0.0F;
        }
        const int64_t time_ns = k * INT64_C(300000000000);
        const nwc_layer layer = {.field = field_2d(cells, NY, NX, "mm h-1", &grid),
                                 .quantity = "RATE",
                                 .time_ns = time_ns,
                                 .reference_ns = time_ns};
        nwc_writer *writer;
        if (nwc_writer_create(NULL, frame_path[k], &writer) != NWC_OK) return 1;
        const bool written = nwc_writer_add(writer, &layer) == NWC_OK && nwc_writer_close(writer) == NWC_OK;
        nwc_writer_destroy(writer);
        if (!written) return 1;
    }
    return 0;
}

static int remove_frames(void **state)
{
    (void)state;
    for (int k = 0; k < FRAMES; k++) unlink(frame_path[k]);
    unlink(out_path);
    return rmdir(folder); /* fails where something else was left */
}

static nwc_status write_forecast(nwc_ctx *ctx, const nwc_layer *latest, const nwc_field *ahead, const double *leads_s)
{
    nwc_writer *writer;
    nwc_layer layer = *latest;
    nwc_status status = nwc_writer_create(ctx, out_path, &writer);
    for (int s = 0; s < STEPS && status == NWC_OK; s++) {
        layer.field.data = ahead->data + s * ahead->stride[0];
        layer.field.stride[0] = NX;
        layer.time_ns = latest->time_ns + (int64_t)(1e9 * leads_s[s]);
        status = nwc_writer_add(writer, &layer);
    }
    if (status == NWC_OK) status = nwc_writer_close(writer);
    nwc_writer_destroy(writer);
    return status;
}

static nwc_status forecast_an_hour(nwc_ctx *ctx, void *user)
{
    (void)user;
    static float u_cells[NY * NX], v_cells[NY * NX], ahead_cells[STEPS * NY * NX];
    nwc_raster *raster[FRAMES] = {NULL};
    nwc_layer layer = {.name = ""};
    nwc_field frames[FRAMES];
    int64_t times_ns[FRAMES];
    double leads_s[STEPS];
    nwc_status status = NWC_OK;
    for (int s = 0; s < STEPS; s++) leads_s[s] = 300.0 * (s + 1);
    for (int k = 0; k < FRAMES && status == NWC_OK; k++) {
        status = nwc_raster_open(ctx, frame_path[k], NULL, &raster[k]);
        if (status == NWC_OK) status = nwc_raster_layer(raster[k], 0, &layer);
        frames[k] = layer.field, times_ns[k] = layer.time_ns;
    }
    if (status == NWC_OK) {
        nwc_field u = field_2d(u_cells, NY, NX, "m s-1", layer.field.grid), v = u, ahead = u;
        v.data = v_cells;
        ahead = (nwc_field){.data = ahead_cells,
                            .ndim = 3,
                            .dim = {STEPS, NY, NX},
                            .stride = {NY * NX, NX, 1},
                            .missing = NAN,
                            .units = layer.field.units,
                            .grid = layer.field.grid};
        status = nwc_motion_estimate(ctx, frames, times_ns, FRAMES, NULL, &u, &v, NULL);
        if (status == NWC_OK)
            status = nwc_forecast_extrapolate(ctx, &frames[FRAMES - 1], 1, &u, &v, leads_s, STEPS, NULL, &ahead);
        if (status == NWC_OK) status = write_forecast(ctx, &layer, &ahead, leads_s);
    }
    for (int k = FRAMES - 1; k >= 0; k--) nwc_raster_destroy(raster[k]);
    return status;
}

/* Each failure leaves no memory, and no half file beside the frames. */
static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    assert_true(check_every_allocation_failure(forecast_an_hour, NULL) > 100);
}

static long contents(const char *path, char *bytes, long most)
{
    FILE *const file = fopen(path, "rb");
    assert_non_null(file);
    const long size = (long)fread(bytes, 1, (size_t)most, file);
    fclose(file);
    return size;
}

static void the_file_is_the_same_for_every_number_of_threads(void **state)
{
    (void)state;
    enum { MOST = 1 << 20 };
    char *const first = malloc(MOST), *const again = malloc(MOST);
    assert_true(first && again);
    long size = 0;
    for (int32_t threads = 1; threads <= 7; threads += threads < 3 ? 1 : 4) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(forecast_an_hour(ctx, NULL));
        nwc_ctx_destroy(ctx);
        if (threads == 1) size = contents(out_path, first, MOST);
        assert_int_equal(contents(out_path, again, MOST), size);
        assert_true(size > 10000 && size < MOST);
        assert_memory_equal(first, again, (size_t)size);
    }
    free(again);
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
        cmocka_unit_test(the_file_is_the_same_for_every_number_of_threads),
    };
    return cmocka_run_group_tests_name("hour", tests, make_frames, remove_frames);
}

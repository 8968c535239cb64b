/* forecast: rain within windows of time, against integrals that are known. */
#include "support/made_rain.h"

#include "core/internal.h"

enum { NY = 40, NX = 90, CELLS = NY * NX, FRAMES = 4 };

#define SECOND INT64_C(1000000000)

static float frame_cells[FRAMES][CELLS], u[CELLS], v[CELLS], amount[CELLS], other[CELLS];
static const int64_t times_ns[FRAMES] = {0, 300 * SECOND, 600 * SECOND, 1200 * SECOND};
static nwc_grid grid;

static void frames_of(nwc_field frames[FRAMES])
{
    grid = rain_grid(NY, NX);
    for (int k = 0; k < FRAMES; k++) frames[k] = field_2d(frame_cells[k], NY, NX, "mm h-1", &grid);
}

static void without_motion_rain_is_linear_between_frames(void **state)
{
    (void)state;
    nwc_field frames[FRAMES], out = field_2d(amount, NY, NX, "mm", &grid);
    frames_of(frames);
    static const float rates[FRAMES] = {12.0F, 24.0F, 0.0F, 36.0F};
    for (int k = 0; k < FRAMES; k++)
        for (int i = 0; i < CELLS; i++) frame_cells[k][i] = rates[k];
    for (int i = 0; i < NX; i++) frame_cells[1][i] = NAN; /* row 0: the others stand for it */
    for (int k = 0; k < 3; k++) frame_cells[k][NX] = NAN; /* the last 10 of 20 minutes */
    for (int k = 0; k < FRAMES; k++) frame_cells[k][NX + 1] = k == 0 ? 12.0F : (float)NAN; /* 5 of them */
    assert_ok(nwc_forecast_total(NULL, frames, times_ns, FRAMES, NULL, NULL, 0, times_ns[3], NULL, &out));
    assert_near((double)amount[NX * 20], 1.5 + 1.0 + 3.0, 1e-5);
    assert_near((double)amount[5], 1.0 + 0.0 + 3.0, 1e-5);
    assert_near((double)amount[NX], 2.0 * 6.0, 1e-5); /* 36 mm/h where known, for all of the time */
    assert_true(isnan(amount[NX + 1]));
    /* From the middle of the first step to a quarter of the last: 18 to 24, 24 to 0, 0 to 9 mm/h. */
    assert_ok(nwc_forecast_total(NULL, frames, times_ns, FRAMES, NULL, NULL, 150 * SECOND, 750 * SECOND, NULL, &out));
    assert_near((double)amount[NX * 20], (21.0 * 150.0 + 12.0 * 300.0 + 4.5 * 150.0) / 3600.0, 1e-5);
}

/* A band of 20 cells passes at one cell a minute; what it leaves in a cell is the rate times how long it is there. */
static void along_the_motion_a_window_may_begin_and_end_between_frames(void **state)
{
    (void)state;
    nwc_field frames[FRAMES], out = field_2d(amount, NY, NX, "mm", &grid);
    frames_of(frames);
    for (int k = 0; k < FRAMES; k++)
        for (int i = 0; i < CELLS; i++) {
            const int at = i % NX - (int)(times_ns[k] / (60 * SECOND));
            frame_cells[k][i] = at >= 20 && at < 40 ? 60.0F : 0.0F;
        }
    for (int i = 0; i < CELLS; i++) u[i] = 1000.0F / 60.0F, v[i] = 0.0F;
    const nwc_field fu = field_2d(u, NY, NX, "m s-1", &grid), fv = field_2d(v, NY, NX, "m s-1", &grid);
    /* From minute 3 to 17 the band, which is over cells 20 to 39 at first, has been over cell 45 from 6 on. */
    assert_ok(nwc_forecast_total(NULL, frames, times_ns, FRAMES, &fu, &fv, 180 * SECOND, 1020 * SECOND, NULL, &out));
    assert_near((double)amount[20 * NX + 45], 11.5, 0.6);
    assert_near((double)amount[20 * NX + 38], 14.0, 0.1);
    assert_near((double)amount[20 * NX + 28], 5.5, 0.6);
    assert_near((double)amount[20 * NX + 60], 0.0, 0.1);
    assert_near((double)amount[20 * NX + 10], 0.0, 0.1);
}

/* Towards the north-east, the south-east corner gets what is south of the grid and, going back, what is east of it. */
static void where_motion_brings_nothing_known_frames_count_as_they_stand(void **state)
{
    (void)state;
    nwc_field frames[FRAMES], out = field_2d(amount, NY, NX, "mm", &grid);
    frames_of(frames);
    for (int i = 0; i < CELLS; i++) frame_cells[0][i] = 12.0F, frame_cells[1][i] = 24.0F, u[i] = v[i] = 30.0F;
    const int corner = NX - 1, beside = 20 * NX + 45;
    frame_cells[0][beside] = frame_cells[1][beside] = NAN;
    const nwc_field fu = field_2d(u, NY, NX, "m s-1", &grid), fv = field_2d(v, NY, NX, "m s-1", &grid);
    assert_ok(nwc_forecast_total(NULL, frames, times_ns, 2, &fu, &fv, 0, times_ns[1], NULL, &out));
    assert_near((double)amount[corner], 1.5, 1e-5);
    for (int i = 0; i < CELLS; i++) assert_true(isfinite(amount[i]));
    assert_ok(nwc_forecast_swath(NULL, frames, times_ns, 2, &fu, &fv, 300.0, NULL, &out));
    assert_near((double)amount[corner], 24.0, 1e-5);
    frame_cells[0][corner] = frame_cells[1][corner] = NAN;
    assert_ok(nwc_forecast_total(NULL, frames, times_ns, 2, &fu, &fv, 0, times_ns[1], NULL, &out));
    assert_true(isnan(amount[corner]));
}

static void one_step_is_what_accumulate_gives_and_parts_add_up(void **state)
{
    (void)state;
    nwc_field frames[FRAMES], out = field_2d(amount, NY, NX, "mm", &grid), also = field_2d(other, NY, NX, "mm", &grid);
    frames_of(frames);
    for (int k = 0; k < FRAMES; k++)
        for (int i = 0; i < CELLS; i++)
            frame_cells[k][i] = showers((double)(i / NX) + 30.0, (double)(i % NX) + 50.0 - 5.0 * k);
    for (int i = 0; i < CELLS; i++) u[i] = 15.0F, v[i] = 1.0F;
    const nwc_field fu = field_2d(u, NY, NX, "m s-1", &grid), fv = field_2d(v, NY, NX, "m s-1", &grid);
    assert_ok(nwc_forecast_total(NULL, frames, times_ns, 2, &fu, &fv, 0, times_ns[1], NULL, &out));
    assert_ok(nwc_forecast_accumulate(NULL, &frames[0], &frames[1], &fu, &fv, 300.0, NULL, &also));
    assert_memory_equal(amount, other, sizeof amount);
    static float sum[CELLS];
    memset(sum, 0, sizeof sum);
    for (int k = 0; k + 1 < FRAMES; k++) {
        assert_ok(
            nwc_forecast_total(NULL, frames, times_ns, FRAMES, &fu, &fv, times_ns[k], times_ns[k + 1], NULL, &out));
        for (int i = 0; i < CELLS; i++) sum[i] += amount[i];
    }
    assert_ok(nwc_forecast_total(NULL, frames, times_ns, FRAMES, &fu, &fv, 0, times_ns[FRAMES - 1], NULL, &out));
    int known = 0;
    for (int j = 4; j < NY - 4; j++)
        for (int i = 24; i < NX - 24; i++) { /* where all is known */
            assert_near((double)amount[j * NX + i], (double)sum[j * NX + i], 1e-4 * (1.0 + (double)sum[j * NX + i]));
            known += sum[j * NX + i] > 0.0F;
        }
    assert_true(known > 100);
}

struct call {
    float found[CELLS]; /* first: it is what is compared */
    nwc_field frames[FRAMES], u, v;
};

static nwc_status total_once(nwc_ctx *ctx, void *user)
{
    struct call *const c = user;
    nwc_field out = field_2d(c->found, NY, NX, "mm", &grid);
    return nwc_forecast_total(ctx, c->frames, times_ns, FRAMES, &c->u, &c->v, 100 * SECOND, 700 * SECOND, NULL, &out);
}

static void threads_change_no_bit_and_memory_may_run_out(void **state)
{
    (void)state;
    static struct call one, many;
    frames_of(one.frames);
    one.u = field_2d(u, NY, NX, "m s-1", &grid), one.v = field_2d(v, NY, NX, "m s-1", &grid);
    many = one;
    check_threads_change_no_bit(total_once, &one, &many, sizeof one.found);
    assert_true(check_every_allocation_failure(total_once, &one) > 4);
}

static void wrong_arguments_are_refused_by_name(void **state)
{
    (void)state;
    nwc_field f[FRAMES], out = field_2d(amount, NY, NX, "mm", &grid), small = field_2d(amount, NY, NX - 1, "mm", NULL);
    frames_of(f);
    const int64_t late[] = {0, 7 * 3600 * SECOND}, same[] = {5, 5};
    const nwc_field fu = field_2d(u, NY, NX, "m s-1", &grid);
    assert_fails(NWC_ERR_ARG, "two frames or more",
                 nwc_forecast_total(NULL, f, times_ns, 1, NULL, NULL, 0, 1, NULL, &out));
    assert_fails(NWC_ERR_ARG, "two frames or more", nwc_forecast_total(NULL, f, NULL, 2, NULL, NULL, 0, 1, NULL, &out));
    assert_fails(NWC_ERR_ARG, "u, v: both", nwc_forecast_total(NULL, f, times_ns, 2, &fu, NULL, 0, 1, NULL, &out));
    assert_fails(NWC_ERR_ARG, "times_ns: at most", nwc_forecast_total(NULL, f, late, 2, NULL, NULL, 0, 1, NULL, &out));
    assert_fails(NWC_ERR_ARG, "times_ns: at most", nwc_forecast_total(NULL, f, same, 2, NULL, NULL, 0, 1, NULL, &out));
    assert_fails(NWC_ERR_ARG, "begin_ns, end_ns",
                 nwc_forecast_total(NULL, f, times_ns, 2, NULL, NULL, -1, 1, NULL, &out));
    assert_fails(NWC_ERR_ARG, "begin_ns, end_ns",
                 nwc_forecast_total(NULL, f, times_ns, 2, NULL, NULL, 1, 1, NULL, &out));
    assert_fails(NWC_ERR_ARG, "amount", nwc_forecast_total(NULL, f, times_ns, 2, NULL, NULL, 0, 1, NULL, &small));
    f[1].units = "dBZ";
    assert_fails(NWC_ERR_ARG, "frames[0]: later: units",
                 nwc_forecast_total(NULL, f, times_ns, 2, NULL, NULL, 0, 1, NULL, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_motion_rain_is_linear_between_frames),
        cmocka_unit_test(along_the_motion_a_window_may_begin_and_end_between_frames),
        cmocka_unit_test(where_motion_brings_nothing_known_frames_count_as_they_stand),
        cmocka_unit_test(one_step_is_what_accumulate_gives_and_parts_add_up),
        cmocka_unit_test(threads_change_no_bit_and_memory_may_run_out),
        cmocka_unit_test(wrong_arguments_are_refused_by_name),
    };
    return cmocka_run_group_tests_name("forecast total", tests, NULL, NULL);
}

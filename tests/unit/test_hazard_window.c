/* hazard: rain in windows by running sums, against sums of every window anew. */
#include "hazard/window.h"
#include "support/support.h"

#include <nowcast/forecast.h>

enum { NY = 3, NX = 150 /* more than are taken at once */, MEMBERS = 3, FRAMES = 40 };

#define SECOND_NS INT64_C(1000000000)

static const nwc_grid grid = {.projection = "+proj=laea +lat_0=48 +lon_0=11", .nx = NX, .ny = NY, .dx = 1e3, .dy = 1e3};
static float cells[FRAMES][MEMBERS * NY * NX];
static nwc_field fields[FRAMES];
static nwc_hazard_frame frames[FRAMES];
static const nwc_hazard_frame *series[FRAMES];

static double any_of(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*seed >> 33) / 2147483648.0;
}

static nwc_field members_of(float *values)
{
    return (nwc_field){.data = values,
                       .ndim = 3,
                       .dim = {MEMBERS, NY, NX},
                       .stride = {NY * NX, NX, 1},
                       .missing = NAN,
                       .units = "mm h-1",
                       .grid = &grid};
}

/* The first eight frames are of all members; times are uneven, and one in ten cells is not known. */
static void make_frames(int64_t gap_s)
{
    uint64_t seed = 5;
    int64_t time_s = 0;
    for (int f = 0; f < FRAMES; f++) {
        time_s += f % 7 == 3 ? 600 : 300;
        if (f == 20) time_s += gap_s;
        const int64_t members = f < 8 ? 1 : MEMBERS;
        for (int64_t c = 0; c < members * NY * NX; c++) {
            const double any = any_of(&seed);
            cells[f][c] = any < 0.1 ? NAN : any < 0.5 ? 0.0F : (float)(40.0 * any * any);
        }
        fields[f] = members == 1 ? field_2d(cells[f], NY, NX, "mm h-1", &grid) : members_of(cells[f]);
        frames[f] = (nwc_hazard_frame){.quantity = "rain", .time_ns = time_s * SECOND_NS, .field = &fields[f]};
        series[f] = &frames[f];
    }
}

/* The sum of one window of one member by nwc_forecast_total, whose frames begin after a gap and within the window. */
static bool total_anew(int64_t member, int32_t last, int64_t window_ns, int64_t gap_ns, float *total)
{
    nwc_field of[FRAMES], out = field_2d(total, NY, NX, "mm", &grid);
    int64_t times_ns[FRAMES];
    int32_t first = 0;
    for (int32_t f = 1; f <= last; f++)
        if (frames[f].time_ns - frames[f - 1].time_ns > gap_ns) first = f;
    for (int32_t f = first; f <= last; f++) {
        of[f - first] = fields[f].ndim == 2 ? fields[f] : nwc_field_part(&fields[f], member);
        times_ns[f - first] = frames[f].time_ns;
    }
    if (last <= first) return false;
    const int64_t wanted = frames[last].time_ns - window_ns;
    assert_ok(nwc_forecast_total(NULL, of, times_ns, last - first + 1, NULL, NULL,
                                 wanted > times_ns[0] ? wanted : times_ns[0], frames[last].time_ns, NULL, &out));
    return true;
}

static void windows_are_those_summed_anew(void **state)
{
    (void)state;
    static float anew[NY * NX];
    const int64_t windows_s[] = {300, 1000, 3600, 10800, 86400}, gaps_s[] = {0, 7 * 3600};
    for (int k = 0; k < 10; k++) {
        make_frames(gaps_s[k / 5]);
        const struct nwc__window window = {.series = series, .n = FRAMES, .window_ns = windows_s[k % 5] * SECOND_NS};
        struct nwc__window_row row;
        assert_ok(nwc__window_row_create(nwc__ctx(NULL), &window, &row));
        for (int32_t f = 0; f < FRAMES; f++)
            for (int64_t m = 0; m < MEMBERS; m++) {
                const bool is = total_anew(m, f, window.window_ns, 6 * 3600 * SECOND_NS, anew);
                for (int64_t i = 0; i < NX; i += NWC__WINDOW_CELLS) {
                    const int32_t n = (int32_t)(NX - i < NWC__WINDOW_CELLS ? NX - i : NWC__WINDOW_CELLS);
                    assert_true(nwc__window_begin(&row, m, 1, i, n));
                    assert_int_equal(nwc__window_end(&row, frames[f].time_ns), is);
                    for (int32_t c = 0; is && c < n; c++) {
                        const double expected = (double)anew[NX + i + c];
                        assert_int_equal(isnan(row.total[c]), isnan(expected));
                        if (!isnan(expected)) assert_near(row.total[c], expected, 1e-5 * (1.0 + expected));
                    }
                }
            }
        nwc__window_row_release(nwc__ctx(NULL), &row);
    }
}

static void a_threshold_that_is_just_met_is_met(void **state)
{
    (void)state;
    make_frames(0);
    for (int f = 0; f < FRAMES; f++)
        for (int64_t c = 0; c < MEMBERS * NY * NX; c++) cells[f][c] = 20.0F;
    const struct nwc__window window = {.series = series, .n = FRAMES, .window_ns = 3600 * SECOND_NS};
    struct nwc__window_row row;
    assert_ok(nwc__window_row_create(nwc__ctx(NULL), &window, &row));
    assert_true(nwc__window_begin(&row, 1, 2, 0, NWC__WINDOW_CELLS));
    for (int32_t f = 12; f < FRAMES; f++) {
        assert_true(nwc__window_end(&row, frames[f].time_ns));
        for (int32_t c = 0; c < NWC__WINDOW_CELLS; c++) assert_true(row.total[c] == 20.0F);
    }
    cells[20][2 * NX] = INFINITY; /* of the first member: not known, and forgotten once the window has passed it */
    assert_true(nwc__window_begin(&row, 0, 2, 0, 1));
    assert_true(nwc__window_end(&row, frames[FRAMES - 1].time_ns));
    assert_true(row.total[0] == 20.0F);
    nwc__window_row_release(nwc__ctx(NULL), &row);
}

static void rain_that_comes_and_goes(void **state)
{
    (void)state;
    make_frames(0);
    for (int f = 0; f < FRAMES; f++)
        for (int64_t c = 0; c < MEMBERS * NY * NX; c++) cells[f][c] = f == 10 || f == 11 ? 12.0F : 0.0F;
    const struct nwc__window window = {.series = series, .n = FRAMES, .window_ns = 7200 * SECOND_NS};
    struct nwc__window_row row;
    assert_ok(nwc__window_row_create(nwc__ctx(NULL), &window, &row));
    assert_true(nwc__window_begin(&row, 2, 0, 0, 100));
    const double hours =
        (double)(frames[12].time_ns - frames[9].time_ns + frames[11].time_ns - frames[10].time_ns) / 3.6e12;
    assert_true(nwc__window_end(&row, frames[12].time_ns));
    for (int c = 0; c < 100; c++) assert_near(row.total[c], 12.0 * 0.5 * hours, 1e-5);
    assert_true(nwc__window_end(&row, frames[FRAMES - 1].time_ns));
    for (int c = 0; c < 100; c++) assert_true(row.total[c] == 0.0F);
    for (int f = 10; f < 12; f++)
        for (int64_t c = 0; c < MEMBERS * NY * NX; c++) cells[f][c] = 0.0F;
    assert_false(nwc__window_begin(&row, 2, 0, 0, 100));
    cells[30][2 * NY * NX + 99] = NAN;
    assert_true(nwc__window_begin(&row, 2, 0, 0, 100));
    nwc__window_row_release(nwc__ctx(NULL), &row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_those_summed_anew),
        cmocka_unit_test(a_threshold_that_is_just_met_is_met),
        cmocka_unit_test(rain_that_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* motion: corners, tracking, sparse vectors and their spreading, and the dense Lucas-Kanade field made of them. */
#include "support/support.h"

#include "motion/internal.h"
#include "motion/lucas_kanade.h"

enum { NY = 150, NX = 170, FRAMES = 3 };

/* A texture without period within the grid; the square of it is x, so that it is itself what is tracked. */
static double texture(double y, double x)
{
    return 3.0 + sin(0.31 * x + 0.11 * y) + sin(0.23 * y - 0.17 * x + 1.0) + 0.7 * sin(0.053 * x + 0.41 * y + 2.0) +
           0.5 * sin(0.13 * x - 0.07 * y + 0.3);
}

/* Frames of a moving texture, known everywhere. */
struct scene {
    float x[FRAMES][NY * NX];
    uint8_t known[FRAMES][NY * NX];
    const float *x_of[FRAMES];
    const uint8_t *known_of[FRAMES];
    double time_s[FRAMES];
    struct nwc__motion_problem problem;
};

/* Motion in cells per second at a place; the texture was there at time 0. */
typedef void (*motion_fn)(double y, double x, double *u, double *v);

static struct scene *make_scene(motion_fn motion, const double *time_s)
{
    struct scene *const scene = malloc(sizeof *scene);
    assert_non_null(scene);
    for (int k = 0; k < FRAMES; k++) {
        for (int j = 0; j < NY; j++)
            for (int i = 0; i < NX; i++) {
                double u, v;
                motion(j, i, &u, &v);
                const double f = texture(j - v * time_s[k], i - u * time_s[k]);
                scene->x[k][j * NX + i] = (float)(f * f);
            }
        memset(scene->known[k], 1, sizeof scene->known[k]);
        scene->x_of[k] = scene->x[k], scene->known_of[k] = scene->known[k], scene->time_s[k] = time_s[k];
    }
    scene->problem = (struct nwc__motion_problem){.ny = NY,
                                                  .nx = NX,
                                                  .n_frames = FRAMES,
                                                  .x = scene->x_of,
                                                  .known = scene->known_of,
                                                  .time_s = scene->time_s,
                                                  .max_cells_s = 0.2};
    return scene;
}

static const double even_times[FRAMES] = {-600.0, -300.0, 0.0};
static const double uneven_times[FRAMES] = {-420.0, -300.0, 0.0};

static void whole_cells(double y, double x, double *u, double *v)
{
    (void)y, (void)x;
    *u = 4.0 / 300.0, *v = -3.0 / 300.0;
}

static void part_of_a_cell(double y, double x, double *u, double *v)
{
    (void)y, (void)x;
    *u = -2.37 / 300.0, *v = 1.61 / 300.0;
}

/* Nearly half a wave of the texture: what is farther looks nearer the other way. */
static void far_away(double y, double x, double *u, double *v)
{
    (void)y, (void)x;
    *u = 6.3 / 300.0, *v = 5.1 / 300.0;
}

static void shear(double y, double x, double *u, double *v)
{
    (void)x;
    *u = (2.0 + 0.02 * (y - NY / 2.0)) / 300.0, *v = 1.0 / 300.0;
}

static void turning(double y, double x, double *u, double *v)
{
    *u = -0.02 * (y - NY / 2.0) / 300.0, *v = 0.02 * (x - NX / 2.0) / 300.0;
}

/* The pyramids of two frames, the mask, and the corners of the first. */
struct pair {
    struct nwc__lk_pyramid a, b;
    struct nwc__lk_corner corner[1000];
    struct nwc__lk_track track[1000];
    int64_t n;
    float response[NY * NX];
};

static struct pair *make_pair(nwc_ctx *ctx, const struct scene *scene)
{
    struct pair *const pair = malloc(sizeof *pair);
    assert_non_null(pair);
    assert_ok(nwc__lk_pyramid_create(ctx, NY, NX, true, &pair->a));
    assert_ok(nwc__lk_pyramid_create(ctx, NY, NX, false, &pair->b));
    assert_ok(nwc__lk_pyramid_fill(ctx, scene->x[0], &pair->a));
    assert_ok(nwc__lk_pyramid_fill(ctx, scene->x[1], &pair->b));
    assert_ok(nwc__lk_pyramid_mask(ctx, scene->known[0], scene->known[1], &pair->a));
    assert_ok(nwc__lk_corners(ctx, &pair->a.level[0], 1000, pair->response, pair->corner, &pair->n));
    return pair;
}

static void free_pair(nwc_ctx *ctx, struct pair *pair)
{
    nwc__lk_pyramid_destroy(ctx, &pair->b);
    nwc__lk_pyramid_destroy(ctx, &pair->a);
    free(pair);
}

/* ---- corners ---- */

/* What is tracked: log(1 + rate / 0.3 mm h-1), of sqrt(rate). */
static double tracked(const struct scene *scene, int j, int i)
{
    const double x = (double)scene->x[0][j * NX + i];
    return log1p(x * x / 0.3);
}

/* The smaller eigenvalue at one cell, by the plainest loops. */
static double eigenvalue(const struct scene *scene, int j, int i)
{
    double a = 0.0, b = 0.0, c = 0.0;
    for (int y = j - 2; y <= j + 2; y++)
        for (int x = i - 2; x <= i + 2; x++) {
            const double gx = tracked(scene, y, x + 1) - tracked(scene, y, x - 1);
            const double gy = tracked(scene, y + 1, x) - tracked(scene, y - 1, x);
            a += gx * gx, b += gx * gy, c += gy * gy;
        }
    return (a + c) / 2.0 - sqrt((a - c) * (a - c) / 4.0 + b * b);
}

static bool all_known_around(const struct scene *scene, int j, int i)
{
    for (int y = j - 5; y <= j + 5; y++)
        for (int x = i - 5; x <= i + 5; x++)
            if (y < 0 || x < 0 || y >= NY || x >= NX || !scene->known[0][y * NX + x] || !scene->known[1][y * NX + x])
                return false;
    return true;
}

static void forget(struct scene *scene, int k, int j0, int j1, int i0, int i1)
{
    for (int j = j0; j < j1; j++)
        for (int i = i0; i < i1; i++) scene->x[k][j * NX + i] = 0.0f, scene->known[k][j * NX + i] = 0;
}

static void a_corner_is_as_good_as_its_smaller_eigenvalue(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    struct scene *const scene = make_scene(whole_cells, even_times);
    forget(scene, 0, 40, 60, 70, 110);
    forget(scene, 1, 100, 101, 20, 21);
    struct pair *const pair = make_pair(ctx, scene);
    for (int j = 0; j < NY; j++)
        for (int i = 0; i < NX; i++) {
            const double expected = all_known_around(scene, j, i) ? eigenvalue(scene, j, i) : 0.0;
            assert_near(pair->response[j * NX + i], expected, 2e-5 + 1e-4 * expected);
        }
    free_pair(ctx, pair);
    free(scene);
    nwc_ctx_destroy(ctx);
}

/* The next corner by definition: the strongest peak left that is 10 cells from those before it; -1 when there is none. */
static int next_corner(const struct pair *pair, int64_t taken, float least)
{
    int best = -1;
    for (int at = 0; at < NY * NX; at++) {
        const int j = at / NX, i = at % NX;
        bool good = pair->response[at] >= least && (best < 0 || pair->response[at] > pair->response[best]);
        for (int y = j - 1; good && y <= j + 1; y++)
            for (int x = i - 1; x <= i + 1; x++) good = good && pair->response[y * NX + x] <= pair->response[at];
        for (int64_t c = 0; good && c < taken; c++) good = hypot(pair->corner[c].y - j, pair->corner[c].x - i) >= 10.0;
        if (good) best = at;
    }
    return best;
}

static void corners_are_the_strongest_peaks_that_keep_their_distance(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    struct scene *const scene = make_scene(whole_cells, even_times);
    forget(scene, 0, 40, 60, 70, 110);
    struct pair *const pair = make_pair(ctx, scene);
    float strongest = 0.0f;
    for (int at = 0; at < NY * NX; at++) strongest = fmaxf(strongest, pair->response[at]);
    assert_true(pair->n > 20);
    for (int64_t c = 0; c < pair->n; c++)
        assert_int_equal(next_corner(pair, c, 0.01f * strongest), pair->corner[c].y * NX + pair->corner[c].x);
    assert_int_equal(next_corner(pair, pair->n, 0.01f * strongest), -1);

    struct nwc__lk_corner few[7];
    int64_t n;
    assert_ok(nwc__lk_corners(ctx, &pair->a.level[0], 7, pair->response, few, &n));
    assert_int_equal(n, 7);
    assert_memory_equal(few, pair->corner, sizeof few);
    free_pair(ctx, pair);
    free(scene);
    nwc_ctx_destroy(ctx);
}

/* ---- tracking ---- */

static void check_every_corner(motion_fn motion, double dt_s, double within)
{
    nwc_ctx *const ctx = context_with_threads(1);
    const double times[FRAMES] = {0.0, dt_s, 2.0 * dt_s};
    struct scene *const scene = make_scene(motion, times);
    struct pair *const pair = make_pair(ctx, scene);
    assert_ok(nwc__lk_track_corners(ctx, &pair->a, &pair->b, pair->corner, pair->n, pair->track));
    int64_t inside = 0;
    for (int64_t c = 0; c < pair->n; c++) {
        double u, v;
        motion(pair->corner[c].y, pair->corner[c].x, &u, &v);
        const double y = pair->corner[c].y + v * dt_s, x = pair->corner[c].x + u * dt_s;
        if (fmin(y, pair->corner[c].y) < 24 || fmin(x, pair->corner[c].x) < 24 ||
            fmax(y, pair->corner[c].y) > NY - 25 || fmax(x, pair->corner[c].x) > NX - 25)
            continue; /* the window leaves the frame, and what is there is not known */
        inside++;
        assert_true(pair->track[c].found);
        assert_near(pair->track[c].dx, u * dt_s, within);
        assert_near(pair->track[c].dy, v * dt_s, within);
    }
    assert_true(inside > 10);
    free_pair(ctx, pair);
    free(scene);
    nwc_ctx_destroy(ctx);
}

static void every_corner_finds_a_shift_by_whole_cells(void **state)
{
    (void)state;
    check_every_corner(whole_cells, 300.0, 0.02);
}

static void every_corner_finds_a_shift_by_part_of_a_cell(void **state)
{
    (void)state;
    check_every_corner(part_of_a_cell, 300.0, 0.05);
}

static void the_pyramid_finds_a_shift_by_nearly_half_a_wave(void **state)
{
    (void)state;
    check_every_corner(far_away, 300.0, 0.05);
}

static void what_stands_still_stays(void **state)
{
    (void)state;
    check_every_corner(whole_cells, 0.0, 1e-6);
}

static void the_edge_of_the_coverage_does_not_hold_back_what_passes_it(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    struct scene *const scene = make_scene(whole_cells, (double[FRAMES]){0.0, 300.0, 600.0});
    for (int k = 0; k < 2; k++) forget(scene, k, 0, NY, 0, 80);
    struct pair *const pair = make_pair(ctx, scene);
    assert_ok(nwc__lk_track_corners(ctx, &pair->a, &pair->b, pair->corner, pair->n, pair->track));
    int64_t beside = 0;
    for (int64_t c = 0; c < pair->n; c++) {
        const struct nwc__lk_corner *const corner = &pair->corner[c];
        assert_true(corner->x >= 85);
        if (corner->x > 95 || corner->y < 30 || corner->y > NY - 31 || !pair->track[c].found) continue;
        beside++;
        assert_near(pair->track[c].dx, 4.0, 0.1);
        assert_near(pair->track[c].dy, -3.0, 0.1);
    }
    assert_true(beside >= 3);
    free_pair(ctx, pair);
    free(scene);
    nwc_ctx_destroy(ctx);
}

static void a_corner_that_does_not_come_back_is_not_found(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    struct scene *const scene = make_scene(whole_cells, even_times);
    for (int j = 0; j < NY; j++) /* another texture */
        for (int i = 0; i < NX; i++)
            scene->x[1][j * NX + i] = (float)pow(texture(400.0 + 1.7 * i, 900.0 - 1.9 * j), 2.0);
    struct pair *const pair = make_pair(ctx, scene);
    assert_ok(nwc__lk_track_corners(ctx, &pair->a, &pair->b, pair->corner, pair->n, pair->track));
    int64_t found = 0;
    for (int64_t c = 0; c < pair->n; c++) found += pair->track[c].found;
    assert_true(pair->n > 20 && found * 2 < pair->n);
    free_pair(ctx, pair);
    free(scene);
    nwc_ctx_destroy(ctx);
}

/* ---- sparse vectors ---- */

/* Numbers between 0 and 1 that look random. */
static double scatter(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (double)(*seed >> 8) / 16777216.0;
}

static void scatter_vectors(struct nwc__lk_vector *vectors, int64_t n)
{
    uint32_t seed = 7;
    for (int64_t i = 0; i < n; i++) {
        vectors[i].x = floor(200.0 * scatter(&seed)), vectors[i].y = floor(90.0 * scatter(&seed) * scatter(&seed));
        vectors[i].u = 0.01 + 0.0005 * scatter(&seed), vectors[i].v = -0.005 + 0.0005 * scatter(&seed);
    }
}

static void check_nearest(nwc_ctx *ctx, const struct nwc__lk_vector *vectors, int64_t n, int32_t k)
{
    struct nwc__lk_buckets buckets;
    assert_ok(nwc__lk_buckets_create(ctx, vectors, n, &buckets));
    for (double y = -60.0; y < 150.0; y += 23.3)
        for (double x = -60.0; x < 260.0; x += 19.7) {
            int32_t number[NWC__LK_NEAREST];
            double distance2[NWC__LK_NEAREST];
            const int32_t found = nwc__lk_nearest(&buckets, x, y, k, number, distance2);
            assert_int_equal(found, n < k ? n : k);
            double last2 = -1.0;
            int64_t last = -1;
            for (int32_t f = 0; f < found; f++) { /* each is the first after the one before, by distance, then number */
                int64_t best = -1;
                double best2 = INFINITY;
                for (int64_t i = 0; i < n; i++) {
                    const double d2 = (vectors[i].x - x) * (vectors[i].x - x) + (vectors[i].y - y) * (vectors[i].y - y);
                    if ((d2 > last2 || (d2 == last2 && i > last)) && d2 < best2) best = i, best2 = d2;
                }
                assert_int_equal(number[f], best);
                assert_near(distance2[f], best2, 0.0);
                last = best, last2 = best2;
            }
        }
    nwc__lk_buckets_destroy(ctx, &buckets);
}

static void the_nearest_vectors_are_those_of_a_search_of_all(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    struct nwc__lk_vector vectors[400];
    scatter_vectors(vectors, 400);
    check_nearest(ctx, vectors, 400, 20);
    check_nearest(ctx, vectors, 400, 1);
    check_nearest(ctx, vectors, 11, 20);
    check_nearest(ctx, vectors, 1, 3);
    for (int i = 0; i < 400; i++) vectors[i].x = vectors[i].y = 5.0; /* all at one place */
    check_nearest(ctx, vectors, 400, 20);
    nwc_ctx_destroy(ctx);
}

static void planted_outliers_are_dropped_and_nothing_else(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    struct nwc__lk_vector vectors[300], kept[300];
    scatter_vectors(vectors, 300);
    memcpy(kept, vectors, sizeof kept);
    for (int i = 5; i < 300; i += 37) kept[i].u += (i % 2 ? 0.01 : -0.01), kept[i].v += 0.008;
    int64_t n = 300;
    assert_ok(nwc__lk_drop_outliers(ctx, 0.001, kept, &n));
    assert_int_equal(n, 300 - 8);
    for (int64_t i = 0, from = 0; i < n; i++, from++) {
        if (from % 37 == 5) from++;
        assert_memory_equal(&kept[i], &vectors[from], sizeof kept[i]);
    }
    n = 0;
    assert_ok(nwc__lk_drop_outliers(ctx, 0.001, kept, &n));
    assert_int_equal(n, 0);
    nwc_ctx_destroy(ctx);
}

static void a_cluster_becomes_its_median(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    struct nwc__lk_vector vectors[] = {{25.0, 5.0, 1.0, 9.0},  {1.0, 2.0, 5.0, -1.0}, {39.0, 19.0, 4.0, 2.0},
                                       {21.0, 12.0, 3.0, 3.0}, {3.0, 4.0, 7.0, -2.0}, {-1.0, 0.0, 6.0, 6.0}};
    int64_t n = 6;
    assert_ok(nwc__lk_decluster(ctx, 20.0, vectors, &n));
    assert_int_equal(n, 3);
    const struct nwc__lk_vector expected[] = {{-1.0, 0.0, 6.0, 6.0}, {2.0, 3.0, 6.0, -1.5}, {25.0, 12.0, 3.0, 3.0}};
    for (int i = 0; i < 3; i++) assert_memory_equal(&vectors[i], &expected[i], sizeof expected[i]);
    nwc_ctx_destroy(ctx);
}

static void a_single_vector_fills_the_grid_and_its_quality_fades(void **state)
{
    (void)state;
    nwc_ctx *const ctx = context_with_threads(1);
    const struct nwc__lk_vector vector = {.x = 16.0, .y = 8.0, .u = 0.25, .v = -0.5};
    enum { ROWS = 61, COLUMNS = 203 };
    static float u[ROWS * COLUMNS], v[ROWS * COLUMNS], quality[ROWS * COLUMNS];
    assert_ok(nwc__lk_spread(ctx, &vector, 1, ROWS, COLUMNS, u, v, quality));
    for (int at = 0; at < ROWS * COLUMNS; at++) {
        assert_near(u[at], 0.25, 1e-6);
        assert_near(v[at], -0.5, 1e-6);
    }
    assert_near(quality[8 * COLUMNS + 16], 1.0, 1e-6);
    for (int i = 17; i < COLUMNS; i++) assert_true(quality[8 * COLUMNS + i] < quality[8 * COLUMNS + i - 1]);
    assert_true(quality[8 * COLUMNS + 200] < 0.01f);
    nwc_ctx_destroy(ctx);
}

/* ---- the whole ---- */

struct field {
    float u[NY * NX], v[NY * NX], quality[NY * NX];
};

static nwc_status estimate(nwc_ctx *ctx, const struct scene *scene, struct field *field)
{
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    options.method = NWC_MOTION_LUCAS_KANADE;
    return nwc__motion_lucas_kanade(ctx, &scene->problem, &options, field->u, field->v, field->quality);
}

/* The field within the frame, but for a rim, is the motion to within some cells per 300 s. */
static void check_field(motion_fn motion, const double *time_s, double within)
{
    nwc_ctx *const ctx = context_with_threads(2);
    struct scene *const scene = make_scene(motion, time_s);
    struct field *const field = malloc(sizeof *field);
    assert_non_null(field);
    assert_ok(estimate(ctx, scene, field));
    for (int j = 30; j < NY - 30; j++)
        for (int i = 30; i < NX - 30; i++) {
            double u, v;
            motion(j, i, &u, &v);
            assert_near(300.0 * (double)field->u[j * NX + i], 300.0 * u, within);
            assert_near(300.0 * (double)field->v[j * NX + i], 300.0 * v, within);
            assert_true(field->quality[j * NX + i] > 0.7f && field->quality[j * NX + i] <= 1.0f);
        }
    free(field);
    free(scene);
    nwc_ctx_destroy(ctx);
}

static void a_uniform_motion_is_found_everywhere(void **state)
{
    (void)state;
    check_field(part_of_a_cell, even_times, 0.1);
}

static void steps_of_time_may_be_uneven(void **state)
{
    (void)state;
    check_field(whole_cells, uneven_times, 0.1);
}

static void shear_and_rotation_are_followed(void **state)
{
    (void)state;
    check_field(shear, even_times, 0.6);
    check_field(turning, even_times, 0.8);
}

static void the_number_of_threads_changes_no_bit(void **state)
{
    (void)state;
    struct scene *const scene = make_scene(turning, even_times);
    struct field *const field = malloc(2 * sizeof *field);
    assert_non_null(field);
    for (int32_t threads = 1; threads <= 7; threads += threads < 3 ? 1 : 4) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(estimate(ctx, scene, &field[threads > 1]));
        if (threads > 1) assert_memory_equal(&field[0], &field[1], sizeof *field);
        nwc_ctx_destroy(ctx);
    }
    free(field);
    free(scene);
}

static void instruction_levels_agree(void **state)
{
    (void)state;
    struct scene *const scene = make_scene(turning, even_times);
    struct field *const field = malloc(2 * sizeof *field);
    assert_non_null(field);
    for (int32_t simd = NWC_SIMD_V2; simd <= nwc_ctx_simd(NULL); simd++) {
        nwc_ctx *const ctx = context_with_simd(simd);
        assert_ok(estimate(ctx, scene, &field[simd > NWC_SIMD_V2]));
        for (int at = 0; simd > NWC_SIMD_V2 && at < NY * NX; at++) {
            assert_near(300.0 * (double)field[0].u[at], 300.0 * (double)field[1].u[at], 0.02);
            assert_near(300.0 * (double)field[0].v[at], 300.0 * (double)field[1].v[at], 0.02);
        }
        nwc_ctx_destroy(ctx);
    }
    free(field);
    free(scene);
}

struct call {
    const struct scene *scene;
    struct field *field;
};

static nwc_status call_estimate(nwc_ctx *ctx, void *user)
{
    const struct call *const call = user;
    return estimate(ctx, call->scene, call->field);
}

static void no_failure_or_cancel_leaves_memory(void **state)
{
    (void)state;
    struct scene *const scene = make_scene(whole_cells, even_times);
    struct scene *const before = malloc(sizeof *before);
    struct field *const field = malloc(sizeof *field);
    assert_true(before && field);
    memcpy(before->x, scene->x, sizeof scene->x);
    struct call call = {scene, field};
    assert_true(check_every_allocation_failure(call_estimate, &call) > 10);

    struct counting_allocator allocator = {.refuse = -1};
    nwc_ctx *const ctx = context_with_allocator(&allocator);
    nwc_ctx_cancel(ctx);
    assert_int_equal(estimate(ctx, scene, field), NWC_ERR_CANCELED);
    nwc_ctx_destroy(ctx);
    assert_int_equal(allocator.live, 0);
    assert_memory_equal(before->x, scene->x, sizeof scene->x);
    free(field);
    free(before);
    free(scene);
}

/* Through the public call: what nothing can be followed in is NODATA, and the output says so. */
static void check_nodata(int64_t ny, int64_t nx, float value)
{
    nwc_ctx *const ctx = context_with_threads(1);
    const nwc_grid grid = {
        .projection = "+proj=aeqd +lat_0=50 +lon_0=8", .nx = nx, .ny = ny, .dx = 1000.0, .dy = 1000.0};
    float *const cells = malloc((size_t)(5 * ny * nx) * sizeof *cells);
    assert_non_null(cells);
    nwc_field frames[2], out[3];
    for (int f = 0; f < 5; f++) {
        nwc_field *const field = f < 2 ? &frames[f] : &out[f - 2];
        *field = field_2d(cells + f * ny * nx, ny, nx, f < 2 ? "mm h-1" : "m s-1", &grid);
        for (int64_t i = 0; i < ny * nx; i++) field->data[i] = value;
    }
    if (ny == 1)
        for (int64_t i = 0; i < nx; i++) frames[0].data[i] = frames[1].data[i] = (float)(i % 17);
    const int64_t times[2] = {0, INT64_C(300000000000)};
    nwc_motion_options options;
    nwc_motion_options_init(&options);
    options.method = NWC_MOTION_LUCAS_KANADE;
    assert_fails(NWC_ERR_NODATA, "frames",
                 nwc_motion_estimate(ctx, frames, times, 2, &options, &out[0], &out[1], &out[2]));
    for (int64_t i = 0; i < ny * nx; i++) {
        assert_true(isnan(out[0].data[i]) && isnan(out[1].data[i]));
        assert_near(out[2].data[i], 0.0, 0.0);
    }
    free(cells);
    nwc_ctx_destroy(ctx);
}

static void what_has_no_features_is_no_data(void **state)
{
    (void)state;
    check_nodata(40, 50, NAN);
    check_nodata(40, 50, 0.0f);
    check_nodata(40, 50, 7.0f); /* rain without a feature */
    check_nodata(1, 1, 7.0f);
    check_nodata(1, 90, 7.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_corner_is_as_good_as_its_smaller_eigenvalue),
        cmocka_unit_test(corners_are_the_strongest_peaks_that_keep_their_distance),
        cmocka_unit_test(every_corner_finds_a_shift_by_whole_cells),
        cmocka_unit_test(every_corner_finds_a_shift_by_part_of_a_cell),
        cmocka_unit_test(the_pyramid_finds_a_shift_by_nearly_half_a_wave),
        cmocka_unit_test(what_stands_still_stays),
        cmocka_unit_test(the_edge_of_the_coverage_does_not_hold_back_what_passes_it),
        cmocka_unit_test(a_corner_that_does_not_come_back_is_not_found),
        cmocka_unit_test(the_nearest_vectors_are_those_of_a_search_of_all),
        cmocka_unit_test(planted_outliers_are_dropped_and_nothing_else),
        cmocka_unit_test(a_cluster_becomes_its_median),
        cmocka_unit_test(a_single_vector_fills_the_grid_and_its_quality_fades),
        cmocka_unit_test(a_uniform_motion_is_found_everywhere),
        cmocka_unit_test(steps_of_time_may_be_uneven),
        cmocka_unit_test(shear_and_rotation_are_followed),
        cmocka_unit_test(the_number_of_threads_changes_no_bit),
        cmocka_unit_test(instruction_levels_agree),
        cmocka_unit_test(no_failure_or_cancel_leaves_memory),
        cmocka_unit_test(what_has_no_features_is_no_data),
    };
    return cmocka_run_group_tests_name("lucas_kanade", tests, NULL, NULL);
}

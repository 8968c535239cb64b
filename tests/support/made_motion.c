#include "support/made_motion.h"

const nwc_grid square = {.projection = "+proj=aeqd +lat_0=50 +lon_0=8", .nx = NX, .ny = NY, .dx = 1000.0, .dy = 1000.0};

/* Rain without period within the grid, around a place in cells. */
static double rain_at(double y, double x)
{
    const double f = 1.5 + sin(0.31 * x + 0.11 * y) + sin(0.23 * y - 0.17 * x + 1.0) + 0.7 * sin(0.053 * x + 0.41 * y) +
                     0.5 * sin(0.13 * x - 0.07 * y + 0.3);
    return f > 0.0 ? f * f : 0.0;
}

void straight(double y, double x, double *u, double *v)
{
    (void)y, (void)x;
    *u = 3.4 / 300.0, *v = -1.7 / 300.0;
}

/* Once around in about 12 hours. */
void turning(double y, double x, double *u, double *v)
{
    *u = -1.5e-4 * (y - 0.5 * NY), *v = 1.5e-4 * (x - 0.5 * NX);
}

void still(double y, double x, double *u, double *v)
{
    (void)y, (void)x;
    *u = *v = 0.0;
}

/* Where what is at (y, x) after t_s came from, by small steps back. */
static void trace_back(motion_fn motion, double t_s, double *y, double *x)
{
    enum { STEPS = 50 };
    for (int step = 0; step < STEPS; step++) {
        double u, v, um, vm;
        motion(*y, *x, &u, &v);
        motion(*y - 0.5 * v * t_s / STEPS, *x - 0.5 * u * t_s / STEPS, &um, &vm);
        *x -= um * t_s / STEPS, *y -= vm * t_s / STEPS;
    }
}

struct scene *make_scene(motion_fn motion, const double *times_s, int n, const nwc_grid *grid)
{
    struct scene *const scene = malloc(sizeof *scene);
    assert_non_null(scene);
    for (int k = 0; k < n; k++) {
        for (int j = 0; j < NY; j++)
            for (int i = 0; i < NX; i++) {
                double y = j, x = i;
                trace_back(motion, times_s[k], &y, &x);
                scene->cells[k][j * NX + i] = (float)rain_at(y, x);
            }
        scene->frames[k] = field_2d(scene->cells[k], NY, NX, "mm h-1", grid);
        scene->times_ns[k] = (int64_t)(1e9 * times_s[k]);
    }
    scene->out[0] = field_2d(scene->u, NY, NX, "m s-1", grid);
    scene->out[1] = field_2d(scene->v, NY, NX, "m s-1", grid);
    scene->out[2] = field_2d(scene->quality, NY, NX, "1", grid);
    return scene;
}

nwc_status estimate(nwc_ctx *ctx, struct scene *scene, int n, const nwc_motion_options *options)
{
    return nwc_motion_estimate(ctx, scene->frames, scene->times_ns, n, options, &scene->out[0], &scene->out[1],
                               &scene->out[2]);
}

/* Within the grid, but for a rim, u and v are the motion to within so many metres per second. */
void check_scene(const struct scene *scene, motion_fn motion, double within_m_s)
{
    for (int j = 25; j < NY - 25; j++)
        for (int i = 25; i < NX - 25; i++) {
            double u, v;
            motion(j, i, &u, &v);
            assert_near(scene->u[j * NX + i], 1000.0 * u, within_m_s);
            assert_near(scene->v[j * NX + i], 1000.0 * v, within_m_s);
            assert_true(scene->quality[j * NX + i] >= 0.0F && scene->quality[j * NX + i] <= 1.0F);
        }
}

void check_motion_threads(nwc_status (*call)(nwc_ctx *ctx, void *user), struct scene *scene)
{
    float *const first = malloc(3 * sizeof scene->u);
    assert_non_null(first);
    for (int32_t threads = 1; threads <= 7; threads += threads < 3 ? 1 : 4) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(call(ctx, scene));
        if (threads == 1) memcpy(first, scene->u, 3 * sizeof scene->u);
        assert_memory_equal(first, scene->u, 3 * sizeof scene->u); /* u, v and quality lie one after another */
        nwc_ctx_destroy(ctx);
    }
    free(first);
}

void check_motion_levels(nwc_status (*call)(nwc_ctx *ctx, void *user), struct scene *scene, double within_m_s)
{
    float *const first = malloc(sizeof scene->u);
    assert_non_null(first);
    for (int32_t simd = NWC_SIMD_V2; simd <= nwc_ctx_simd(NULL); simd++) {
        nwc_ctx *const ctx = context_with_simd(simd);
        assert_ok(call(ctx, scene));
        if (simd == NWC_SIMD_V2) memcpy(first, scene->u, sizeof scene->u);
        for (int c = 0; c < NY * NX; c++) assert_near(first[c], scene->u[c], within_m_s);
        nwc_ctx_destroy(ctx);
    }
    free(first);
}

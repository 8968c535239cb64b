/* dealias: winds known beforehand, aliased and given back; and solvers against all answers there can be. */
#include "support/support.h"

#include "core/random.h"
#include "radar/dealias_cut.h"
#include "radar/dealias_solve.h"

#define RAD (3.14159265358979323846 / 180.0)

enum { RAYS = 180, GATES = 120, SWEEPS = 3 };

/* ---- the solver ---- */

enum { NODES = 5, FOLDS = 5, ALIKE = 3 /* pairs of the same two nodes */, MOST_PAIRS = 60 };

static double energy_of(const nwc__fold_node *nodes, const int32_t *fold, const nwc__fold_pair *pairs, int64_t n)
{
    double sum = 0.0;
    for (int i = 0; i < NODES; i++)
        if (nodes[i].weight > 0.0f)
            sum += nodes[i].weight * nwc__fold_cost(nodes[i].residual / nodes[i].nyquist + 2.0 * fold[i]);
    for (int64_t p = 0; p < n; p++) {
        const double va = nodes[pairs[p].a].nyquist, vb = nodes[pairs[p].b].nyquist;
        const double d = pairs[p].difference + 2.0 * (vb * fold[pairs[p].b] - va * fold[pairs[p].a]);
        sum += sqrt(6.0 / ALIKE) * pairs[p].weight * nwc__fold_cost(d / sqrt(va * vb));
    }
    return sum;
}

static double least_of_all(const nwc__fold_node *nodes, const nwc__fold_pair *pairs, int64_t n)
{
    double least = INFINITY;
    int32_t fold[NODES];
    for (int code = 0; code < 3125; code++) {
        for (int i = 0, rest = code; i < NODES; i++, rest /= FOLDS) fold[i] = rest % FOLDS - FOLDS / 2;
        const double energy = energy_of(nodes, fold, pairs, n);
        least = energy < least ? energy : least;
    }
    return least;
}

static void no_other_folds_have_less_energy(void **state)
{
    (void)state;
    float number[400];
    int missed = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        nwc__random_uniform(nwc__ctx(NULL), seed, 1, 0, 400, number);
        const float *next = number;
        const bool alike = seed % 2 == 0; /* Nyquist velocities */
        nwc__fold_node nodes[NODES] = {{.size = 1}};
        for (int i = 0; i < NODES; i++, next += 3)
            nodes[i] = (nwc__fold_node){.nyquist = alike ? 8.0f : 6.0f + 6.0f * next[0],
                                        .size = 10,
                                        .residual = 40.0f * (next[1] - 0.5f),
                                        .weight = 0.5f + next[2]};
        nwc__fold_pair pairs[MOST_PAIRS];
        int64_t n = 0;
        for (int32_t a = 0; a < NODES; a++)
            for (int32_t b = a + 1; b < NODES; b++)
                for (int k = 0; k < ALIKE; k++) {
                    pairs[n++] = (nwc__fold_pair){a, b, 50.0f * (next[0] - 0.5f), next[1]};
                    next += 2;
                }
        const double least = least_of_all(nodes, pairs, n);
        for (int anew = 0; anew < 2; anew++) {
            for (int i = 0; i < NODES; i++) nodes[i].fold = 0;
            assert_ok(nwc__fold_solve(nwc__ctx(NULL), nodes, NODES, pairs, n, anew));
            int32_t fold[NODES];
            for (int i = 0; i < NODES; i++) fold[i] = nodes[i].fold;
            const double found = energy_of(nodes, fold, pairs, n);
            if (alike) assert_near(found, least, 1e-4);
            missed += found > least + 1e-4;
        }
    }
    /* with Nyquist velocities that differ, steps of one fold reach the least almost always */
    assert_in_range(missed, 0, 5);
}

enum { MOVERS = 8, PAIRS = 12 };

static void no_other_moves_are_cheaper_than_those_of_a_cut(void **state)
{
    (void)state;
    nwc__cut all;
    assert_ok(nwc__cut_create(nwc__ctx(NULL), 2 * MOVERS, 2 * PAIRS, &all));
    float number[200];
    for (uint64_t seed = 0; seed < 200; seed++) {
        const int32_t which = seed % 2; /* of two problems behind each other */
        nwc__cut cut = nwc__cut_part(&all, which, which * MOVERS, MOVERS, which * PAIRS, PAIRS);
        nwc__random_uniform(nwc__ctx(NULL), seed, 2, 0, 200, number);
        const float *next = number;
        double alone[MOVERS], cost[PAIRS][3]; /* a, b and both */
        for (int32_t i = 0; i < MOVERS; i++) alone[i] = *next++ - 0.5f;
        for (int64_t k = 0; k < PAIRS; k++) {
            const int32_t a = (int32_t)(k % MOVERS), b = (int32_t)((a + 1 + (k / MOVERS) * 3) % MOVERS);
            cost[k][0] = 2.0 * *next++ - 0.7, cost[k][1] = 2.0 * *next++ - 0.7;
            cost[k][2] = (cost[k][0] + cost[k][1]) * *next++; /* no dearer than both apart */
            if (cost[k][2] > cost[k][0] + cost[k][1]) cost[k][2] = cost[k][0] + cost[k][1];
            nwc__cut_join(&cut, k, a, b);
        }
        nwc__cut_arrange(&cut);
        for (int32_t i = 0; i < MOVERS; i++) cut.excess[i] = alone[i];
        for (int64_t k = 0; k < PAIRS; k++) nwc__cut_weigh(&cut, k, cost[k][0], cost[k][1], cost[k][2]);
        nwc__cut_solve(&cut);
        double least = INFINITY, found = INFINITY;
        for (int code = 0; code < 1 << MOVERS; code++) {
            double sum = 0.0;
            bool same = true;
            for (int32_t i = 0; i < MOVERS; i++) sum += code >> i & 1 ? alone[i] : 0.0;
            for (int64_t k = 0; k < PAIRS; k++) {
                const bool a = code >> cut.to[2 * k + 1] & 1, b = code >> cut.to[2 * k] & 1;
                sum += a && b ? cost[k][2] : a ? cost[k][0] : b ? cost[k][1] : 0.0;
            }
            for (int32_t i = 0; i < MOVERS; i++) same &= (code >> i & 1) == (cut.level[i] > 0);
            least = fmin(least, sum);
            if (same) found = sum;
        }
        assert_near(found, least, 1e-9);
    }
    nwc__cut_release(nwc__ctx(NULL), &all);
}

/* ---- volumes ---- */

struct scene {
    double u, v, shear;      /* shear: of u with height, s-1 */
    double swirl, core_m;    /* a vortex 20 km to the east: greatest speed, and where it is */
    double nyquist, second;  /* second: of every other block of 30 rays; 0 for the same */
    double noise;            /* m s-1 */
    double holes;            /* part of the gates that are not known */
    double junk;             /* part of the gates that are anything */
    double from_deg, to_deg; /* azimuths with echo; both 0 for all */
    int dual;                /* errors of two pulse rates in single gates, n */
    uint64_t seed;
};

static float truth[SWEEPS][RAYS * GATES], measured[SWEEPS][RAYS * GATES];
static bool spoilt[SWEEPS][RAYS * GATES];
static float normal[RAYS * GATES], uniform_0_1[RAYS * GATES];
static const double elevation[SWEEPS] = {0.5, 1.5, 3.0};

static double nyquist_of(const struct scene *scene, int ray)
{
    return scene->second > 0.0 && ray / 30 % 2 ? scene->second : scene->nyquist;
}

static double seen(const struct scene *scene, double azimuth, double up, double range)
{
    const double x = range * cos(up) * sin(azimuth), y = range * cos(up) * cos(azimuth), z = range * sin(up);
    double u = scene->u + scene->shear * z, v = scene->v;
    if (scene->swirl > 0.0) { /* Rankine's, with a smooth core */
        const double dx = x - 20e3, dy = y, r2 = dx * dx + dy * dy, c = scene->core_m;
        const double spin = scene->swirl * 2.0 * c / (r2 + c * c);
        u += -spin * dy;
        v += spin * dx;
    }
    return (u * sin(azimuth) + v * cos(azimuth)) * cos(up);
}

static void look(const struct scene *scene, int s)
{
    nwc__random_normal(nwc__ctx(NULL), scene->seed + 1, (uint64_t)s, 0, RAYS * GATES, normal);
    nwc__random_uniform(nwc__ctx(NULL), scene->seed + 2, (uint64_t)s, 0, RAYS * GATES, uniform_0_1);
    for (int r = 0; r < RAYS; r++)
        for (int g = 0; g < GATES; g++) {
            const int i = r * GATES + g;
            const double azimuth = 2.0 * r, n = nyquist_of(scene, r);
            double value = seen(scene, azimuth * RAD, elevation[s] * RAD, 500.0 * (g + 1)) + scene->noise * normal[i];
            const bool echo = scene->to_deg <= 0.0 || (azimuth >= scene->from_deg && azimuth < scene->to_deg);
            const bool junk = uniform_0_1[i] > 1.0 - scene->junk;
            truth[s][i] = echo && uniform_0_1[i] >= scene->holes ? (float)value : NAN;
            spoilt[s][i] = junk;
            if (junk) value = 1e4 * uniform_0_1[i];
            if (scene->dual && junk) value = truth[s][i] + 2.0 * n / (scene->dual + (i % 2));
            measured[s][i] = isnan(truth[s][i]) ? NAN : (float)remainder(value, 2.0 * n);
        }
}

static nwc_volume *volume_of(const struct scene *scene)
{
    nwc_volume *volume;
    const nwc_volume_facts facts = {.latitude_deg = 45.0, .longitude_deg = 7.0, .altitude_m = 0.0};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    float azimuth[RAYS], up[RAYS], nyquist[RAYS];
    int64_t time[RAYS] = {0};
    for (int s = 0; s < SWEEPS; s++) {
        look(scene, s);
        for (int r = 0; r < RAYS; r++) {
            azimuth[r] = 2.0f * (float)r;
            up[r] = (float)elevation[s];
            nyquist[r] = (float)nyquist_of(scene, r);
        }
        const nwc_sweep sweep = {.fixed_angle_deg = elevation[s],
                                 .n_rays = RAYS,
                                 .time_ns = time,
                                 .azimuth_deg = azimuth,
                                 .elevation_deg = up,
                                 .nyquist_m_s = nyquist};
        assert_ok(nwc_volume_add_sweep(volume, &sweep));
        const nwc_moment moment = {.name = "VRADH",
                                   .field = field_2d(measured[s], RAYS, GATES, "m s-1", NULL),
                                   .first_gate_m = 500.0,
                                   .gate_spacing_m = 500.0};
        assert_ok(nwc_volume_add_moment(volume, &moment));
    }
    return volume;
}

/* Parts of the gates that are right, of all and of those within range of the vortex; and confident ones that are wrong. */
struct score {
    double right, near, misled;
};

static struct score score_of(const nwc_volume *volume)
{
    double all = 0.0, right = 0.0, near = 0.0, near_right = 0.0, misled = 0.0;
    for (int s = 0; s < SWEEPS; s++) {
        nwc_moment v, confidence, fold;
        assert_ok(nwc_volume_find(volume, s, "VRADDH", &v));
        assert_ok(nwc_volume_find(volume, s, "VCONF", &confidence));
        assert_ok(nwc_volume_find(volume, s, "VFOLD", &fold));
        for (int r = 0; r < RAYS; r++)
            for (int g = 0; g < GATES; g++) {
                const int i = r * GATES + g;
                const float is = v.field.data[i], sure = confidence.field.data[i];
                assert_int_equal(isnan(is), isnan(truth[s][i]));
                assert_int_equal(isnan(sure), isnan(truth[s][i]));
                if (isnan(is)) continue;
                assert_true(sure >= 0.0f && sure <= 1.0f);
                if (spoilt[s][i]) continue;
                const bool ok = fabsf(is - truth[s][i]) < 1.0f, beside = abs(r - 45) < 10 && abs(g - 39) < 10;
                all += 1.0, right += ok, near += beside, near_right += ok && beside;
                misled += !ok && sure >= 0.5f;
            }
    }
    return (struct score){right / all, near > 0.0 ? near_right / near : 1.0, misled / all};
}

static struct score dealiased(const struct scene *scene)
{
    nwc_volume *const volume = volume_of(scene);
    assert_ok(nwc_dealias_volume(NULL, volume, NULL, 0, NULL, NULL));
    const struct score score = score_of(volume);
    nwc_volume_destroy(volume);
    return score;
}

static void strong_winds_come_back_whole(void **state)
{
    (void)state;
    const double nyquists[4] = {8.0, 12.0, 16.0, 25.0};
    for (int k = 0; k < 4; k++) {
        const struct scene scene = {.u = 31.0, .v = -17.0, .shear = 4e-3, .nyquist = nyquists[k]};
        assert_near(dealiased(&scene).right, 1.0, 0.0);
    }
}

static void noise_holes_and_junk_do_not_spread(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        const struct scene scene = {
            .u = 24.0, .v = 14.0, .nyquist = 10.0, .noise = 1.0, .holes = 0.1, .junk = 0.05, .seed = seed};
        const struct score score = dealiased(&scene);
        assert_true(score.right > 0.9995);
        assert_true(score.misled < 1e-4);
    }
}

static void a_vortex_stays_where_neighbours_differ_by_less_than_the_nyquist_velocity(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        const struct scene scene = {
            .u = 12.0, .v = 8.0, .swirl = 32.0, .core_m = 2500.0, .nyquist = 14.0, .noise = 0.7, .seed = seed};
        const struct score score = dealiased(&scene);
        assert_true(score.near > 0.999);
        assert_true(score.right > 0.999);
    }
}

static void nyquist_velocities_may_change_from_ray_to_ray(void **state)
{
    (void)state;
    const struct scene scene = {.u = 30.0, .v = 5.0, .nyquist = 11.0, .second = 15.0, .noise = 0.5};
    assert_true(dealiased(&scene).right > 0.9995);
}

static void a_profile_places_echo_that_tells_too_little_of_the_wind(void **state)
{
    (void)state;
    const struct scene narrow = {.u = 33.0, .v = 2.0, .nyquist = 8.0, .noise = 0.5, .from_deg = 60.0, .to_deg = 90.0};
    const nwc_profile_level profile[3] = {{.height_m = 0.0, .u_m_s = 31.0, .v_m_s = 0.0},
                                          {.height_m = 1000.0, .u_m_s = NAN, .v_m_s = NAN},
                                          {.height_m = 5000.0, .u_m_s = 31.0, .v_m_s = 0.0}};
    nwc_volume *const volume = volume_of(&narrow);
    assert_ok(nwc_dealias_volume(NULL, volume, profile, 3, NULL, NULL));
    assert_near(score_of(volume).right, 1.0, 1e-3);
    nwc_volume_destroy(volume);
}

static void the_volume_before_places_it_too(void **state)
{
    (void)state;
    struct scene narrow = {.u = 45.0, .v = 2.0, .nyquist = 8.0, .noise = 0.5, .from_deg = 60.0, .to_deg = 90.0};
    const nwc_profile_level profile[1] = {{.height_m = 0.0, .u_m_s = 45.0, .v_m_s = 2.0}};
    nwc_volume *const before = volume_of(&narrow);
    assert_ok(nwc_dealias_volume(NULL, before, profile, 1, NULL, NULL));
    narrow.seed = 9;
    narrow.u = 42.0;
    nwc_volume *const volume = volume_of(&narrow);
    assert_ok(nwc_dealias_volume(NULL, volume, NULL, 0, before, NULL));
    assert_near(score_of(volume).right, 1.0, 1e-3);
    nwc_volume_destroy(volume);
    nwc_volume_destroy(before);
}

static void single_gates_of_two_pulse_rates_are_put_right(void **state)
{
    (void)state;
    const struct scene scene = {.u = 20.0, .v = 10.0, .nyquist = 48.0, .noise = 0.5, .junk = 0.03, .dual = 3};
    nwc_volume *const volume = volume_of(&scene);
    nwc_dealias_options options;
    nwc_dealias_options_init(&options);
    options.dual_prf = 3;
    assert_ok(nwc_dealias_volume(NULL, volume, NULL, 0, NULL, &options));
    double bad = 0.0, repaired = 0.0;
    for (int s = 0; s < SWEEPS; s++) {
        nwc_moment v, fold;
        assert_ok(nwc_volume_find(volume, s, "VRADDH", &v));
        assert_ok(nwc_volume_find(volume, s, "VFOLD", &fold));
        for (int i = 0; i < RAYS * GATES; i++) {
            const bool ok = fabsf(v.field.data[i] - truth[s][i]) < 0.01f;
            if (!spoilt[s][i]) assert_true(ok);
            bad += spoilt[s][i], repaired += spoilt[s][i] && ok;
            assert_near(measured[s][i] + 2.0 * 48.0 * fold.field.data[i], v.field.data[i], 1e-3);
        }
    }
    assert_true(bad > 1000.0 && repaired > 0.99 * bad);
    nwc_volume_destroy(volume);
}

static void the_file_s_own_moments_stay(void **state)
{
    (void)state;
    const struct scene scene = {.u = 30.0, .v = 5.0, .nyquist = 11.0};
    nwc_volume *const volume = volume_of(&scene);
    assert_ok(nwc_dealias_volume(NULL, volume, NULL, 0, NULL, NULL));
    assert_ok(nwc_dealias_volume(NULL, volume, NULL, 0, NULL, NULL)); /* its own may be replaced */
    nwc_moment had;
    assert_ok(nwc_volume_find(volume, 0, "VRADH", &had));
    assert_memory_equal(had.field.data, measured[0], sizeof measured[0]);
    nwc_volume_destroy(volume);
    nwc_volume *const other = volume_of(&scene);
    const nwc_moment brought = {.name = "VRADDH",
                                .field = field_2d(measured[0], RAYS, GATES, "m s-1", NULL),
                                .first_gate_m = 500.0,
                                .gate_spacing_m = 500.0};
    assert_ok(nwc_volume_add_moment(other, &brought));
    assert_fails(NWC_ERR_ARG, "output", nwc_dealias_volume(NULL, other, NULL, 0, NULL, NULL));
    nwc_dealias_options options;
    nwc_dealias_options_init(&options);
    options.output = "VCOR";
    assert_ok(nwc_dealias_volume(NULL, other, NULL, 0, NULL, &options));
    nwc_volume_destroy(other);
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    const struct scene scene = {.u = 24.0, .v = 14.0, .nyquist = 8.0, .noise = 2.0, .holes = 0.2, .junk = 0.1};
    static float first[SWEEPS][2][RAYS * GATES];
    const int32_t threads[4] = {1, 2, 3, 7};
    for (int t = 0; t < 4; t++) {
        nwc_ctx *const ctx = context_with_threads(threads[t]);
        nwc_volume *const volume = volume_of(&scene);
        assert_ok(nwc_dealias_volume(ctx, volume, NULL, 0, NULL, NULL));
        for (int s = 0; s < SWEEPS; s++)
            for (int k = 0; k < 2; k++) {
                nwc_moment moment;
                assert_ok(nwc_volume_find(volume, s, k ? "VCONF" : "VRADDH", &moment));
                if (t == 0)
                    memcpy(first[s][k], moment.field.data, sizeof first[s][k]);
                else
                    assert_memory_equal(first[s][k], moment.field.data, sizeof first[s][k]);
            }
        nwc_volume_destroy(volume);
        nwc_ctx_destroy(ctx);
    }
}

/* A volume of one sweep of a mode. */
static nwc_volume *small_volume(int32_t mode, int64_t rays, int64_t gates, float nyquist, float value)
{
    nwc_volume *volume;
    const nwc_volume_facts facts = {.latitude_deg = 45.0, .longitude_deg = 7.0, .altitude_m = NAN};
    assert_ok(nwc_volume_create(NULL, &facts, &volume));
    float azimuth[100], up[100], all[100];
    int64_t time[100] = {0};
    static float cells[100 * 100];
    for (int64_t r = 0; r < rays; r++) {
        azimuth[r] = mode == NWC_SWEEP_RHI ? 30.0f : (float)r;
        up[r] = mode == NWC_SWEEP_RHI ? (float)r * 0.5f : 1.0f;
        all[r] = nyquist;
        for (int64_t g = 0; g < gates; g++) cells[r * gates + g] = value + 0.3f * (float)g;
        for (int64_t g = 0; g < gates; g++)
            cells[r * gates + g] = nyquist > 0.0f ? remainderf(cells[r * gates + g], 2.0f * nyquist) : value;
    }
    const nwc_sweep sweep = {.mode = mode,
                             .n_rays = rays,
                             .time_ns = time,
                             .azimuth_deg = azimuth,
                             .elevation_deg = up,
                             .nyquist_m_s = nyquist > 0.0f ? all : NULL};
    assert_ok(nwc_volume_add_sweep(volume, &sweep));
    const nwc_moment moment = {.name = "VRADH",
                               .field = field_2d(cells, rays, gates, "m s-1", NULL),
                               .first_gate_m = 500.0,
                               .gate_spacing_m = 500.0};
    assert_ok(nwc_volume_add_moment(volume, &moment));
    return volume;
}

static void an_rhi_is_dealiased_from_ray_to_ray_upward(void **state)
{
    (void)state;
    nwc_volume *const volume = small_volume(NWC_SWEEP_RHI, 60, 80, 8.0f, 0.0f);
    assert_ok(nwc_dealias_volume(NULL, volume, NULL, 0, NULL, NULL));
    nwc_moment v;
    assert_ok(nwc_volume_find(volume, 0, "VRADDH", &v));
    for (int i = 1; i < 80; i++) assert_near(v.field.data[i] - v.field.data[i - 1], 0.3, 1e-4);
    nwc_volume_destroy(volume);
}

static void one_gate_and_one_ray_are_enough(void **state)
{
    (void)state;
    for (int64_t rays = 1; rays <= 3; rays++)
        for (int64_t gates = 1; gates <= 3; gates++) {
            nwc_volume *const volume = small_volume(NWC_SWEEP_SURVEILLANCE, rays, gates, 8.0f, 1.0f);
            assert_ok(nwc_dealias_volume(NULL, volume, NULL, 0, NULL, NULL));
            nwc_moment v;
            assert_ok(nwc_volume_find(volume, 0, "VRADDH", &v));
            assert_near(v.field.data[0], 1.0, 1e-6);
            nwc_volume_destroy(volume);
        }
}

static void rays_without_a_nyquist_velocity_stay_or_take_the_one_given(void **state)
{
    (void)state;
    nwc_volume *const volume = small_volume(NWC_SWEEP_SURVEILLANCE, 90, 50, 0.0f, 3.0f);
    assert_fails(NWC_ERR_NODATA, "Nyquist", nwc_dealias_volume(NULL, volume, NULL, 0, NULL, NULL));
    nwc_dealias_options options;
    nwc_dealias_options_init(&options);
    options.nyquist_m_s = 8.0;
    assert_ok(nwc_dealias_volume(NULL, volume, NULL, 0, NULL, &options));
    nwc_moment v;
    assert_ok(nwc_volume_find(volume, 0, "VRADDH", &v));
    assert_near(v.field.data[7], 3.0, 1e-6);
    nwc_volume_destroy(volume);
}

static nwc_status dealias_call(nwc_ctx *ctx, void *user)
{
    return nwc_dealias_volume(ctx, user, NULL, 0, NULL, NULL);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    nwc_volume *const volume = small_volume(NWC_SWEEP_SURVEILLANCE, 20, 20, 8.0f, 1.0f);
    assert_true(check_every_allocation_failure(dealias_call, volume) > 20);
    nwc_volume_destroy(volume);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    nwc_volume *const volume = small_volume(NWC_SWEEP_SURVEILLANCE, 20, 20, 8.0f, 1.0f);
    nwc_dealias_options o;
    nwc_dealias_options_init(&o);
    o.nyquist_m_s = -1.0;
    assert_fails(NWC_ERR_ARG, "nyquist_m_s", nwc_dealias_volume(NULL, volume, NULL, 0, NULL, &o));
    nwc_dealias_options_init(&o);
    o.dual_prf = 11;
    assert_fails(NWC_ERR_ARG, "dual_prf", nwc_dealias_volume(NULL, volume, NULL, 0, NULL, &o));
    nwc_dealias_options_init(&o);
    o.output = "VRADH";
    assert_fails(NWC_ERR_ARG, "output", nwc_dealias_volume(NULL, volume, NULL, 0, NULL, &o));
    nwc_dealias_options_init(&o);
    o.moment = "VRADV";
    assert_fails(NWC_ERR_NODATA, "VRADV", nwc_dealias_volume(NULL, volume, NULL, 0, NULL, &o));
    const nwc_profile_level falling[2] = {{.height_m = 2.0}, {.height_m = 1.0}};
    assert_fails(NWC_ERR_ARG, "profile", nwc_dealias_volume(NULL, volume, falling, 2, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "profile", nwc_dealias_volume(NULL, volume, NULL, 2, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "volume", nwc_dealias_volume(NULL, NULL, NULL, 0, NULL, NULL));
    nwc_volume_destroy(volume);
    nwc_volume *const unknown = small_volume(NWC_SWEEP_SURVEILLANCE, 20, 20, 8.0f, NAN);
    assert_fails(NWC_ERR_NODATA, "no gate", nwc_dealias_volume(NULL, unknown, NULL, 0, NULL, NULL));
    nwc_volume_destroy(unknown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_other_folds_have_less_energy),
        cmocka_unit_test(no_other_moves_are_cheaper_than_those_of_a_cut),
        cmocka_unit_test(strong_winds_come_back_whole),
        cmocka_unit_test(noise_holes_and_junk_do_not_spread),
        cmocka_unit_test(a_vortex_stays_where_neighbours_differ_by_less_than_the_nyquist_velocity),
        cmocka_unit_test(nyquist_velocities_may_change_from_ray_to_ray),
        cmocka_unit_test(a_profile_places_echo_that_tells_too_little_of_the_wind),
        cmocka_unit_test(the_volume_before_places_it_too),
        cmocka_unit_test(single_gates_of_two_pulse_rates_are_put_right),
        cmocka_unit_test(the_file_s_own_moments_stay),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(an_rhi_is_dealiased_from_ray_to_ray_upward),
        cmocka_unit_test(one_gate_and_one_ray_are_enough),
        cmocka_unit_test(rays_without_a_nyquist_velocity_stay_or_take_the_one_given),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

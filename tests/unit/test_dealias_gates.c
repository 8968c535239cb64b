/* dealias, gate by gate: its loops against plain searches, and patches torn off what is beside them. */
#include "support/support.h"

#include "core/random.h"
#include "radar/dealias_gates.h"
#include "radar/dealias_tears.h"

/* ---- loops over gates ---- */

NWC__DECLARE_KERNELS(nwc__dealias_kernels);

enum { LONGEST = 100 };

static void edges_are_listed_as_a_plain_search_finds_them(void **state)
{
    (void)state;
    for (int32_t simd = NWC_SIMD_V2; simd <= nwc_ctx_simd(NULL); simd++) {
        nwc_ctx *const ctx = context_with_simd(simd);
        const struct nwc__dealias_kernels *const kernels = NWC__KERNELS(ctx, nwc__dealias_kernels);
        for (int64_t n = 0, seed = 0; n <= LONGEST; n += 1 + n / 5, seed++) {
            float u[3 * LONGEST];
            uint8_t cost[3][LONGEST] = {{0}};
            nwc__random_uniform(ctx, (uint64_t)seed, 3, 0, 3 * LONGEST, u);
            for (int i = 0; i < 3 * LONGEST;
                 i++) /* 4 and 18 are limits below; long runs of one kind, and single ones */
                cost[i / LONGEST][i % LONGEST] = i % 50 < 25 ? (uint8_t)(6.0f * u[i]) : (uint8_t)(256.0f * u[i]);
            int32_t found[2 * LONGEST], expected[2 * LONGEST];
            int64_t count = 0;
            for (int32_t i = 0; i < n; i++)
                for (int k = 0; k < 2; k++)
                    if (cost[k][i] >= 5 && cost[k][i] <= 18) expected[count++] = 2 * i + k;
            assert_int_equal(kernels->edges(n, cost[0], cost[1], 5, 18, found), count);
            assert_memory_equal(found, expected, (size_t)count * sizeof *found);
            count = 0;
            for (int32_t i = 0; i < n; i++) {
                const bool told = i > 0 && cost[1][i - 1] <= 4 && cost[0][i - 1] <= 4 && cost[2][i - 1] <= 4;
                if (cost[1][i] <= 4 && !told) expected[count++] = i;
            }
            assert_int_equal(kernels->fresh(n, cost[1], cost[0], cost[2], 4, found), count);
            assert_memory_equal(found, expected, (size_t)count * sizeof *found);
        }
        nwc_ctx_destroy(ctx);
    }
}

static void confidence_falls_to_what_the_eight_neighbours_leave_of_it(void **state)
{
    (void)state;
    const float nyquist = 10.0f;
    for (int32_t simd = NWC_SIMD_V2; simd <= nwc_ctx_simd(NULL); simd++) {
        nwc_ctx *const ctx = context_with_simd(simd);
        const struct nwc__dealias_kernels *const kernels = NWC__KERNELS(ctx, nwc__dealias_kernels);
        int lowered = 0;
        for (int64_t n = 1, seed = 0; n <= LONGEST - 2; n += 1 + n / 4, seed++) {
            float u[4 * LONGEST], velocity[3][LONGEST], confidence[LONGEST];
            uint16_t rough[LONGEST];
            nwc__random_uniform(ctx, (uint64_t)seed, 4, 0, 4 * LONGEST, u);
            for (int i = 0; i < 3 * LONGEST; i++) { /* half of them smooth */
                const float wide = i % LONGEST % 50 < 25 ? 0.45f : 3.0f;
                velocity[i / LONGEST][i % LONGEST] = u[i] < 0.1f ? NAN : wide * nyquist * u[i];
            }
            for (int i = 0; i < LONGEST; i++) {
                rough[i] = (uint16_t)(60000.0f * u[3 * LONGEST + i]);
                confidence[i] = 0.9f;
            }
            kernels->compare(n, velocity[0] + 1, velocity[1] + 1, velocity[2] + 1, rough, 10000, nyquist, confidence);
            for (int i = 0; i < n; i++) {
                double cost[3] = {0.0, 0.0, 0.0};
                int known = 0;
                for (int k = 0; k < 9; k++) {
                    const double d = ((double)velocity[1][i + 1] - velocity[k / 3][i + k % 3]) / nyquist;
                    if (k == 4 || isnan(d)) continue;
                    known++;
                    for (int step = -1; step <= 1; step++) {
                        const double apart = fabs(d + 2.0 * step);
                        cost[step + 1] += apart < 0.5 ? apart * apart : apart - 0.25;
                    }
                }
                const double lead = (fmin(cost[0], cost[2]) - cost[1]) / known;
                const bool counts = rough[i] >= 10000 && known >= 3;
                assert_near(confidence[i], counts ? fmin(fmax(lead, 0.0), 0.9) : 0.9, 1e-5);
                lowered += confidence[i] < 0.9f;
            }
        }
        assert_true(lowered > 50);
        nwc_ctx_destroy(ctx);
    }
}

/* ---- gates about tears ---- */

enum { SIDE = 24, CELLS = SIDE * SIDE };

/* A sweep of SIDE rays and gates, of a Nyquist velocity of 10 m/s, and room for it. */
struct square {
    int32_t from[SIDE], to[SIDE], row[SIDE], edges[2 * CELLS], rays[SIDE];
    float azimuth[SIDE], elevation[SIDE], nyquist[SIDE], measured[CELLS], velocity[CELLS], confidence[CELLS];
    float lines[NWC__LINES * (SIDE + 2)];
    uint8_t near[SIDE], across[CELLS], mark[CELLS];
    int16_t fold[CELLS];
    nwc__fold_beside beside[SIDE];
    nwc__fold_sweep sweep;
};

static struct square square, below;

static void make_square(struct square *s, float elevation, const float *velocity)
{
    for (int r = 0; r < SIDE; r++) {
        s->from[r] = 0, s->to[r] = SIDE, s->row[r] = r * SIDE;
        s->azimuth[r] = (float)r, s->elevation[r] = elevation, s->nyquist[r] = 10.0f, s->near[r] = r + 1 < SIDE;
    }
    for (int i = 0; i < CELLS; i++) {
        s->fold[i] = (int16_t)lrintf(velocity[i] / 20.0f);
        s->measured[i] = velocity[i] - 20.0f * s->fold[i];
        s->velocity[i] = velocity[i];
        s->confidence[i] = 1.0f;
    }
    s->sweep = (nwc__fold_sweep){.n_rays = SIDE,
                                 .n_gates = SIDE,
                                 .n_cells = CELLS,
                                 .first_gate_m = 10e3,
                                 .gate_spacing_m = 250.0,
                                 .from = s->from,
                                 .to = s->to,
                                 .row = s->row,
                                 .azimuth_deg = s->azimuth,
                                 .elevation_deg = s->elevation,
                                 .nyquist_m_s = s->nyquist,
                                 .near = s->near,
                                 .linked = s->near,
                                 .velocity = s->measured,
                                 .fold = s->fold,
                                 .unfolded = s->velocity,
                                 .confidence = s->confidence,
                                 .mark = s->mark};
}

static void mend(struct square *s, const nwc__fold_sweep *under)
{
    nwc_ctx *const ctx = nwc__ctx(NULL);
    nwc__fold_scratch scratch = {
        .across = s->across, .edges = s->edges, .lines = s->lines, .rays = s->rays, .beside = s->beside};
    nwc__tears tears;
    const int32_t n = nwc__tears_mark(&s->sweep, NWC__KERNELS(ctx, nwc__dealias_kernels), &scratch);
    assert_ok(nwc__tears_create(ctx, n, &tears));
    nwc__tears_mend(&s->sweep, under, NULL, &scratch, &tears);
    nwc__tears_apply(&tears, &s->sweep);
    nwc__tears_release(ctx, &tears);
}

static void patches_a_fold_away_are_put_back_and_no_gate_beside_them(void **state)
{
    (void)state;
    float is[CELLS], velocity[CELLS];
    for (int i = 0; i < CELLS; i++) is[i] = velocity[i] = 0.8f * (float)(i / SIDE) - 0.3f * (float)(i % SIDE);
    for (int r = 4; r < 7; r++)
        for (int g = 5; g < 10; g++) velocity[r * SIDE + g] += 20.0f;
    for (int r = 12; r < 14; r++)
        for (int g = 10; g < 13; g++) velocity[r * SIDE + g] -= 40.0f;
    velocity[0] += 20.0f;
    make_square(&square, 0.5f, velocity);
    mend(&square, NULL);
    for (int i = 0; i < CELLS; i++) {
        assert_near(square.velocity[i], is[i], 1e-4);
        assert_near(square.measured[i] + 20.0f * square.fold[i], is[i], 1e-4);
        assert_true(square.confidence[i] < 0.5f || velocity[i] == is[i]);
    }
}

static void a_shear_line_and_a_patch_below_the_nyquist_velocity_stay(void **state)
{
    (void)state;
    float velocity[CELLS];
    for (int i = 0; i < CELLS; i++)
        velocity[i] = (i / SIDE < 12 ? -9.0f : i / SIDE == 12 ? 0.0f : 9.0f) + 0.01f * (float)(i % SIDE);
    for (int g = 4; g < 8; g++) velocity[5 * SIDE + g] = 0.5f;
    make_square(&square, 0.5f, velocity);
    mend(&square, NULL);
    for (int i = 0; i < CELLS; i++) assert_near(square.velocity[i], velocity[i], 0.0);
}

static void what_is_below_places_a_patch_where_what_is_beside_it_does_not(void **state)
{
    (void)state;
    float under[CELLS] = {0.0f}, velocity[CELLS] = {0.0f};
    for (int g = 4; g < 8; g++) under[8 * SIDE + g] = 9.8f, velocity[8 * SIDE + g] = -10.2f;
    make_square(&square, 1.0f, velocity);
    mend(&square, NULL);
    for (int i = 0; i < CELLS; i++) assert_near(square.velocity[i], velocity[i], 0.0);
    make_square(&below, 0.5f, under);
    mend(&square, &below.sweep);
    for (int i = 0; i < CELLS; i++) assert_near(square.velocity[i], under[i], 1e-4);
}

/* ---- confidence of regions ---- */

/* That of a region that is the whole square, smooth or rough. */
static float confidence_of(float nyquist, float margin, float doubt, uint16_t roughness)
{
    static const float velocity[CELLS];
    static int32_t label[CELLS];
    static uint16_t rough[CELLS];
    nwc_ctx *const ctx = nwc__ctx(NULL);
    const nwc__fold_node node = {.nyquist = nyquist, .size = CELLS, .margin = margin, .doubt = doubt};
    const nwc__fold_wind calm = {.bottom_m = 0.0};
    nwc__fold_scratch scratch = {.edges = square.edges, .lines = square.lines};
    make_square(&square, 0.5f, velocity);
    for (int i = 0; i < CELLS; i++) rough[i] = roughness;
    for (int r = 0; r < SIDE; r++) square.nyquist[r] = nyquist;
    square.sweep.label = label, square.sweep.rough = rough, square.sweep.n_labels = 1;
    nwc__fold_gates(&square.sweep, &node, &calm, 0.0, NWC__KERNELS(ctx, nwc__dealias_kernels), &scratch);
    for (int i = 0; i < CELLS; i++) assert_near(square.confidence[i], square.confidence[0], 0.0);
    return square.confidence[0];
}

static void confidence_of_a_region_rises_with_its_margin_and_the_nyquist_velocity(void **state)
{
    (void)state;
    assert_near(confidence_of(8.0f, 15.0f, 0.0f, 0), 0.5, 1e-6);
    assert_near(confidence_of(32.0f, 15.0f, 0.0f, 0), 2.0 / 3.0, 1e-6);
    for (float margin = 1.0f; margin < 200.0f; margin *= 2.0f)
        assert_near(confidence_of(32.0f, margin, 0.0f, 0), confidence_of(8.0f, 2.0f * margin, 0.0f, 0), 1e-6);
    assert_near(confidence_of(8.0f, 0.0f, 0.0f, 0), 0.0, 0.0);
    assert_true(confidence_of(25.0f, 100.0f, 2.0f, 0) < 0.5f * confidence_of(25.0f, 100.0f, 0.0f, 0));
    assert_near(confidence_of(25.0f, 100.0f, 0.0f, 32768), 0.25 * confidence_of(25.0f, 100.0f, 0.0f, 0), 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_are_listed_as_a_plain_search_finds_them),
        cmocka_unit_test(confidence_falls_to_what_the_eight_neighbours_leave_of_it),
        cmocka_unit_test(patches_a_fold_away_are_put_back_and_no_gate_beside_them),
        cmocka_unit_test(a_shear_line_and_a_patch_below_the_nyquist_velocity_stay),
        cmocka_unit_test(what_is_below_places_a_patch_where_what_is_beside_it_does_not),
        cmocka_unit_test(confidence_of_a_region_rises_with_its_margin_and_the_nyquist_velocity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* product: columns, liquid, hail and sections; against values worked out by hand and double loops over all cells. */
#include "support/support.h"

enum { NZ = 6, NY = 7, NX = 9, CELLS = NZ * NY * NX };

static const double levels[NZ] = {500.0, 1000.0, 2000.0, 4000.0, 7000.0, 11000.0};
static const char laea[] = "+proj=laea +lat_0=50 +lon_0=10 +ellps=WGS84";
static const nwc_grid grid = {
    .projection = laea, .ny = NY, .nx = NX, .dx = 1000.0, .dy = 1000.0, .nz = NZ, .z_m = levels};

static nwc_field field_3d(float *cells)
{
    return (nwc_field){.data = cells,
                       .ndim = 3,
                       .dim = {NZ, NY, NX},
                       .stride = {NY * NX, NX, 1},
                       .missing = NAN,
                       .units = "dBZ",
                       .grid = &grid};
}

static nwc_field flat(float *cells, const char *units)
{
    return field_2d(cells, NY, NX, units, &grid);
}

static uint32_t dice(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Reflectivity from no echo to hail, a fifth of it unknown, and one column of which nothing is known. */
static void fill(float *cells)
{
    uint32_t seed = 11;
    for (int c = 0; c < CELLS; c++) {
        cells[c] = dice(&seed) % 5 == 0 ? NAN : (float)(dice(&seed) % 960) * 0.1F - 32.0F;
        if (c % (NY * NX) == 5) cells[c] = NAN;
    }
}

/* The same column everywhere. */
static void set_columns(float *cells, const float column[NZ])
{
    for (int c = 0; c < CELLS; c++) cells[c] = column[c / (NY * NX)];
}

static void the_greatest_value_of_a_layer_is_found(void **state)
{
    (void)state;
    float cells[CELLS], ground[NY * NX], greatest[NY * NX], height[NY * NX];
    fill(cells);
    for (int c = 0; c < NY * NX; c++) ground[c] = (float)(c * 30);
    const nwc_field field = field_3d(cells), below = flat(ground, "m");
    nwc_field out = flat(greatest, "dBZ"), at = flat(height, "m");
    for (int with_ground = 0; with_ground < 2; with_ground++) {
        assert_ok(nwc_product_layer_max(NULL, &field, with_ground ? &below : NULL, 900.0, 4000.0, &out, &at));
        for (int c = 0; c < NY * NX; c++) {
            double best = NAN, best_height = NAN;
            for (int k = 0; k < NZ; k++) {
                const double above = levels[k] - (with_ground ? ground[c] : 0.0), here = cells[k * NY * NX + c];
                if (above < 900.0 || above > 4000.0 || isnan(here)) continue;
                if (isnan(best) || here > best) best = here, best_height = levels[k];
            }
            assert_true(isnan(best) ? isnan(greatest[c]) && isnan(height[c])
                                    : greatest[c] == (float)best && height[c] == (float)best_height);
        }
    }
}

static void the_lowest_known_value_is_found(void **state)
{
    (void)state;
    float cells[CELLS], lowest[NY * NX], height[NY * NX];
    fill(cells);
    const nwc_field field = field_3d(cells);
    nwc_field out = flat(lowest, "dBZ"), at = flat(height, "m");
    assert_ok(nwc_product_lowest(NULL, &field, &out, &at));
    for (int c = 0; c < NY * NX; c++) {
        int k = 0;
        while (k < NZ && isnan(cells[k * NY * NX + c])) k++;
        assert_true(k == NZ ? isnan(lowest[c]) && isnan(height[c])
                            : lowest[c] == cells[k * NY * NX + c] && height[c] == (float)levels[k]);
    }
}

/* 20 dBZ at 2 km and 40 dBZ at 4 km: halfway Z is 5050 mm6 m-3. */
static void a_height_between_levels_has_the_mean_of_z(void **state)
{
    (void)state;
    float cells[CELLS], level[NY * NX];
    set_columns(cells, (const float[NZ]){NAN, NAN, 20.0F, 40.0F, NAN, -32.0F});
    const nwc_field field = field_3d(cells);
    nwc_field out = flat(level, "dBZ");
    const struct {
        double height, expected;
    } cases[] = {{3000.0, 10.0 * log10(5050.0)},
                 {2000.0, 20.0},
                 {4000.0, 40.0},
                 {5400.0, 40.0},
                 {5600.0, NAN},
                 {1600.0, 20.0},
                 {11000.0, -32.0},
                 {11001.0, NAN},
                 {499.0, NAN},
                 {700.0, NAN}};
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        assert_ok(nwc_product_cappi(NULL, &field, cases[n].height, &out));
        if (isnan(cases[n].expected))
            assert_true(isnan(level[0]) && isnan(level[NY * NX - 1]));
        else
            assert_near(level[NX], cases[n].expected, 1e-4);
    }
}

static void tops_and_bases_lie_between_levels(void **state)
{
    (void)state;
    float cells[CELLS], top[NY * NX], base[NY * NX];
    uint8_t bits[NY * NX];
    const nwc_field field = field_3d(cells);
    nwc_field tops = flat(top, "m"), bases = flat(base, "m");
    nwc_flags open = {.data = bits, .ndim = 2, .dim = {NY, NX}, .stride = {NX, 1}};
    const struct {
        float column[NZ];
        double top, base;
        int open;
    } cases[] = {
        {{10, 30, 30, 30, 10, -32}, 5500.0, 750.0, 0},     /* 20 halfway from 4 to 7 km, and from .5 to 1 */
        {{30, 30, 30, 30, 30, 30}, 11000.0, 500.0, 3},     /* from the lowest level to the highest */
        {{NAN, NAN, 30, 10, NAN, NAN}, 3000.0, 2000.0, 2}, /* nothing known below */
        {{10, 10, 30, NAN, NAN, NAN}, 2000.0, 1500.0, 1},  /* nothing known above */
        {{25, 10, 10, 40, 10, 10}, 6000.0, 500.0, 2},      /* two echoes: top of the upper, base of the lower */
        {{10, 10, -32, 19, 10, 0}, 0.0, 0.0, 0},           /* no echo of that strength */
        {{NAN, NAN, NAN, NAN, NAN, NAN}, (double)NAN, (double)NAN, 0}, /* not known */
        {{20, 0, 0, 0, 0, 0}, 500.0, 500.0, 2},                        /* the threshold itself is reached */
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        set_columns(cells, cases[n].column);
        assert_ok(nwc_product_echo_top(NULL, &field, 20.0, &tops, &bases, &open));
        for (int c = 0; c < NY * NX; c += NY * NX - 1) {
            assert_true(isnan(cases[n].top) ? isnan(top[c]) : fabs((double)top[c] - cases[n].top) < 0.01);
            assert_true(isnan(cases[n].base) ? isnan(base[c]) : fabs((double)base[c] - cases[n].base) < 0.01);
            assert_int_equal(bits[c], cases[n].open);
        }
    }
}

/* 40 dBZ over 10.5 km is 3.44e-6 x 10^(16/7) x 10500 = 6.974 kg m-2; more than 56 dBZ is ice, not water. */
static void isotherms_are_crossed_from_above(void **state)
{
    (void)state;
    static const struct {
        float column[NZ];
        double expected;
    } cases[] = {{{293.15F, 290.15F, 283.15F, 271.15F, 250.0F, 220.0F}, 2000.0 + 2000.0 * 10.0 / 12.0},
                 {{270.15F, 272.15F, 274.15F, 272.15F, 250.0F, 220.0F}, 2000.0 + 2000.0 * 0.5}, /* an inversion */
                 {{NAN, 268.0F, 265.0F, 260.0F, 250.0F, 220.0F}, 1000.0}, /* frost to the ground */
                 {{300.0F, 295.0F, 290.0F, 285.0F, 280.0F, 275.0F}, NAN},
                 {{NAN, NAN, NAN, NAN, NAN, NAN}, NAN},
                 {{280.0F, 279.0F, 273.15F, 270.0F, 250.0F, 220.0F}, 2000.0}};
    float cells[CELLS], height[NY * NX];
    nwc_field field = field_3d(cells), out = flat(height, "m");
    field.units = "K";
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        set_columns(cells, cases[k].column);
        assert_ok(nwc_product_isotherm(NULL, &field, 273.15, &out));
        for (int c = 0; c < NY * NX; c++)
            if (isnan(cases[k].expected))
                assert_true(isnan(height[c]));
            else
                assert_near(height[c], cases[k].expected, 0.05);
    }
    assert_fails(NWC_ERR_ARG, "value: a finite", nwc_product_isotherm(NULL, &field, NAN, &out));
}

static void liquid_is_that_of_greene_and_clark(void **state)
{
    (void)state;
    float cells[CELLS], vil[NY * NX], ground[NY * NX];
    const nwc_field field = field_3d(cells), under = flat(ground, "m");
    nwc_field out = flat(vil, "kg m-2");
    for (int c = 0; c < NY * NX; c++) ground[c] = 400.0F;
    set_columns(cells, (const float[NZ]){40, 40, 40, 40, 40, 40});
    assert_ok(nwc_product_vil(NULL, &field, NULL, NULL, &out));
    assert_near(vil[3], 3.44e-6 * pow(10.0, 16.0 / 7.0) * 11000.0, 1e-4);
    assert_ok(nwc_product_vil(NULL, &field, &under, NULL, &out));
    assert_near(vil[3], 3.44e-6 * pow(10.0, 16.0 / 7.0) * 10600.0, 1e-4);
    set_columns(cells, (const float[NZ]){70, 70, 70, 70, 70, 70});
    assert_ok(nwc_product_vil(NULL, &field, NULL, NULL, &out));
    assert_near(vil[3], 3.44e-6 * pow(10.0, 5.6 * 4.0 / 7.0) * 11000.0, 1e-3);
    /* From 4 km down 3 km; then half of the Z of 40 dBZ for 7 km, the unknown level between being passed over. */
    set_columns(cells, (const float[NZ]){NAN, NAN, NAN, 40, NAN, -32});
    assert_ok(nwc_product_vil(NULL, &field, NULL, NULL, &out));
    assert_near(vil[3], 3.44e-6 * (pow(1e4, 4.0 / 7.0) * 3000.0 + pow(5e3, 4.0 / 7.0) * 7000.0), 1e-4);
    set_columns(cells, (const float[NZ]){-32, -32, -32, NAN, -32, -32});
    assert_ok(nwc_product_vil(NULL, &field, NULL, NULL, &out));
    assert_true(vil[3] == 0.0F);
    set_columns(cells, (const float[NZ]){NAN, NAN, NAN, NAN, NAN, NAN});
    assert_ok(nwc_product_vil(NULL, &field, NULL, NULL, &out));
    assert_true(isnan(vil[3]));
}

/*
 * 60 dBZ to 11 km, 0 degC at 4 km, -20 degC at 7 km: 0.1 x 5e-6 x 10^5.04 x (3000 / 2 + 4000). The threshold is 57.5 x 4 -
 * 121 = 109 J m-1 s-1.
 */
static void hail_is_that_of_witt(void **state)
{
    (void)state;
    float cells[CELLS], freezing[NY * NX], cold[NY * NX], made[6][NY * NX];
    nwc_field fields[6];
    for (int f = 0; f < 6; f++) fields[f] = flat(made[f], NULL);
    for (int c = 0; c < NY * NX; c++) freezing[c] = 4000.0F, cold[c] = 7000.0F;
    const nwc_hail hail = {&fields[0], &fields[1], &fields[2], &fields[3], &fields[4], &fields[5]};
    const nwc_field field = field_3d(cells), zero = flat(freezing, "m"), minus20 = flat(cold, "m");
    const double shi = 0.1 * 5e-6 * pow(10.0, 5.04) * 5500.0;
    set_columns(cells, (const float[NZ]){60, 60, 60, 60, 60, 60});
    assert_ok(nwc_product_hail(NULL, &field, &zero, &minus20, NULL, &hail));
    assert_near(made[0][1], shi, 1e-3 * shi);
    assert_near(made[1][1], 0.29 * log(shi / 109.0) + 0.5, 1e-3);
    assert_near(made[2][1], 2.54 * sqrt(shi), 0.05);
    assert_near(made[3][1], 15.096 * pow(shi, 0.206), 0.05);
    assert_near(made[4][1], 22.157 * pow(shi, 0.212), 0.05);
    assert_near(made[5][1], 1.0, 1e-6); /* the top is 7 km above freezing */
    /* From none at 4 km to all of 50 dBZ at 7 km, weighted as it grows: 3000 / 3; to none at 11 km: 4000 / 2. */
    set_columns(cells, (const float[NZ]){-32, -32, -32, 40, 50, 40});
    assert_ok(nwc_product_hail(NULL, &field, &zero, &minus20, NULL, &hail));
    const double part = 0.1 * 5e-6 * pow(10.0, 4.2) * 3000.0;
    assert_near(made[0][1], part, 1e-6 * part);
    assert_near(made[1][1], fmax(0.0, 0.29 * log(part / 109.0) + 0.5), 1e-6);
    assert_near(made[5][1], 0.90989, 1e-4); /* 45 dBZ at 9 km, 5 km above freezing */
    /* No hail from rain; nothing known of hail above which nothing is known, or without the freezing level. */
    set_columns(cells, (const float[NZ]){40, 40, 40, 40, 40, 40});
    assert_ok(nwc_product_hail(NULL, &field, &zero, &minus20, NULL, &hail));
    for (int f = 0; f < 6; f++) assert_true(made[f][1] == 0.0F);
    set_columns(cells, (const float[NZ]){60, 60, 60, NAN, NAN, NAN});
    assert_ok(nwc_product_hail(NULL, &field, &zero, &minus20, NULL, &hail));
    for (int f = 0; f < 5; f++) assert_true(isnan(made[f][1]));
    freezing[1] = NAN;
    assert_ok(nwc_product_hail(NULL, &field, &zero, &minus20, NULL, &hail));
    for (int f = 0; f < 6; f++) assert_true(isnan(made[f][1]));
}

/*
 * What Witt et al. say in words: an index of 100 means stones of an inch, and at the threshold severe hail is as likely as not.
 * 60 dBZ to 11 km over 0 degC at h and -20 degC at h + 2 km has 100 J m-1 s-1 where 10 km - h is 100 / (5e-7 x 10^5.04).
 */
static void hail_is_an_inch_and_as_likely_as_not_where_witt_says(void **state)
{
    (void)state;
    float cells[CELLS], freezing[NY * NX], cold[NY * NX], ground[NY * NX], made[2][NY * NX];
    nwc_field mesh = flat(made[0], NULL), posh = flat(made[1], NULL);
    const nwc_hail hail = {.mesh = &mesh, .posh = &posh};
    const nwc_field field = field_3d(cells), zero = flat(freezing, "m"), minus20 = flat(cold, "m"),
                    under = flat(ground, "m");
    const double h = 10000.0 - 100.0 / (5e-7 * pow(10.0, 5.04));
    for (int c = 0; c < NY * NX; c++) {
        freezing[c] = (float)h, cold[c] = (float)(h + 2000.0);
        ground[c] = (float)(h - 1e3 * (100.0 + 121.0) / 57.5);
    }
    set_columns(cells, (const float[NZ]){60, 60, 60, 60, 60, 60});
    assert_ok(nwc_product_hail(NULL, &field, &zero, &minus20, &under, &hail));
    assert_near(made[0][1], 25.4, 0.1);
    assert_near(made[1][1], 0.5, 0.003);
}

/* The probability grows from 0 at 1.65 km to 1 at 5.8 km, as Waldvogel's curve does. */
static void hail_of_any_size_follows_the_height_of_its_top(void **state)
{
    (void)state;
    float cells[CELLS], freezing[NY * NX], cold[NY * NX], poh[NY * NX];
    nwc_field out = flat(poh, NULL);
    const nwc_hail hail = {.poh = &out};
    const nwc_field field = field_3d(cells), zero = flat(freezing, "m"), minus20 = flat(cold, "m");
    set_columns(cells, (const float[NZ]){46, 46, 46, 46, 46, -32});
    const double top = 7000.0 + 4000.0 / 78.0;
    for (int c = 0; c < NY * NX; c++) freezing[c] = (float)(top - 1000.0 - 120.0 * c), cold[c] = freezing[c] + 3000.0F;
    assert_ok(nwc_product_hail(NULL, &field, &zero, &minus20, NULL, &hail));
    for (int c = 1; c < NY * NX; c++) assert_true(poh[c] >= poh[c - 1] - 1e-3F && poh[c] >= 0.0F && poh[c] <= 1.0F);
    assert_true(poh[5] == 0.0F && poh[6] < 0.12F && poh[41] == 1.0F);
    assert_near(poh[25], -1.20231 + 1.00184 * 4.0 - 0.17018 * 16.0 + 0.01086 * 64.0, 1e-4);
}

static void a_plane_is_cut_exactly(void **state)
{
    (void)state;
    enum { N = 4 };
    float cells[CELLS], cut[NZ * N];
    for (int c = 0; c < CELLS; c++)
        cells[c] = (float)(c / (NY * NX)) * 100.0F + (float)(c / NX % NY) * 10.0F + (float)(c % NX);
    nwc_field field = field_3d(cells);
    field.units = "m s-1";
    nwc_field section = field_2d(cut, NZ, N, "m s-1", NULL);
    const double x[N] = {2500.0, 0.0, 8499.0, 8501.0}, y[N] = {1250.0, 6000.0, -499.0, 0.0};
    assert_ok(nwc_product_section(NULL, &field, N, x, y, &section));
    for (int k = 0; k < NZ; k++) {
        assert_near(cut[k * N], 100.0 * k + 12.5 + 2.5, 1e-4);
        assert_near(cut[k * N + 1], 100.0 * k + 60.0, 1e-4);
        assert_near(cut[k * N + 2], 100.0 * k + 8.0, 1e-4); /* held within the outermost cell */
        assert_true(isnan(cut[k * N + 3]));
    }
    cells[1 * NX + 2] = NAN; /* three eighths of the weight of the first point, then five */
    assert_ok(nwc_product_section(NULL, &field, N, x, y, &section));
    assert_near(cut[0], (0.375 * 13.0 + 0.125 * (22.0 + 23.0)) / 0.625, 1e-4);
    cells[1 * NX + 3] = NAN;
    assert_ok(nwc_product_section(NULL, &field, N, x, y, &section));
    assert_true(isnan(cut[0]));
}

/* All products of a field into rows of made. */
static nwc_status every_product(nwc_ctx *ctx, const nwc_field *field, float made[12][NY * NX])
{
    float freezing[NY * NX], cold[NY * NX];
    for (int c = 0; c < NY * NX; c++) freezing[c] = 2500.0F + (float)c, cold[c] = 5600.0F - (float)c;
    const nwc_field zero = flat(freezing, "m"), minus20 = flat(cold, "m");
    nwc_field out[12];
    for (int f = 0; f < 12; f++) out[f] = flat(made[f], "dBZ");
    const nwc_hail hail = {&out[6], &out[7], &out[8], &out[9], &out[10], &out[11]};
    nwc_status status = nwc_product_layer_max(ctx, field, NULL, -INFINITY, INFINITY, &out[0], &out[1]);
    if (status == NWC_OK) status = nwc_product_lowest(ctx, field, &out[2], NULL);
    if (status == NWC_OK) status = nwc_product_cappi(ctx, field, 3000.0, &out[3]);
    if (status == NWC_OK) status = nwc_product_echo_top(ctx, field, 18.5, &out[4], NULL, NULL);
    if (status == NWC_OK) status = nwc_product_vil(ctx, field, NULL, NULL, &out[5]);
    if (status == NWC_OK) status = nwc_product_hail(ctx, field, &zero, &minus20, NULL, &hail);
    return status;
}

static void products_are_the_same_bits_on_any_threads_and_strides(void **state)
{
    (void)state;
    float cells[CELLS], turned[CELLS], one[12][NY * NX], other[12][NY * NX];
    fill(cells);
    for (int k = 0; k < NZ; k++)
        for (int j = 0; j < NY; j++)
            for (int i = 0; i < NX; i++)
                turned[((NY - 1 - j) * NX + i) * NZ + NZ - 1 - k] = cells[(k * NY + j) * NX + i];
    nwc_field field = field_3d(cells);
    assert_ok(every_product(NULL, &field, one));
    for (int threads = 1; threads <= 7; threads++) {
        nwc_ctx *const ctx = context_with_threads(threads);
        assert_ok(every_product(ctx, &field, other));
        assert_memory_equal(one, other, sizeof one);
        nwc_ctx_destroy(ctx);
    }
    field.data = turned + (NY - 1) * NX * NZ + NZ - 1;
    field.stride[0] = -1, field.stride[1] = -NX * NZ, field.stride[2] = NZ;
    assert_ok(every_product(NULL, &field, other));
    assert_memory_equal(one, other, sizeof one);
}

static nwc_status all_in_turn(nwc_ctx *ctx, void *user)
{
    float made[12][NY * NX];
    const nwc_field *const field = user;
    const nwc_status status = every_product(ctx, field, made);
    if (status != NWC_OK) return status;
    const double at = 0.0;
    nwc_field section = field_2d(made[0], NZ, 1, NULL, NULL);
    return nwc_product_section(ctx, field, 1, &at, &at, &section);
}

static void memory_that_runs_out_is_answered(void **state)
{
    (void)state;
    float cells[CELLS];
    fill(cells);
    nwc_field field = field_3d(cells);
    assert_true(check_every_allocation_failure(all_in_turn, &field) >= 3);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    float cells[CELLS], made[NY * NX];
    fill(cells);
    nwc_field field = field_3d(cells), out = flat(made, "dBZ"), small = field_2d(made, NY - 1, NX, "dBZ", NULL);
    nwc_vil_options options;
    nwc_vil_options_init(&options);
    const nwc_hail hail = {.shi = &small};
    const double at = 0.0;
    assert_fails(NWC_ERR_ARG, "greatest: the 7 x 9 cells",
                 nwc_product_layer_max(NULL, &field, NULL, 0.0, 1.0, &small, NULL));
    assert_fails(NWC_ERR_ARG, "low_m, high_m", nwc_product_layer_max(NULL, &field, NULL, 2.0, 1.0, &out, NULL));
    assert_fails(NWC_ERR_ARG, "ground_m", nwc_product_layer_max(NULL, &field, &small, 0.0, 1.0, &out, NULL));
    assert_fails(NWC_ERR_ARG, "field: 3 dimensions", nwc_product_lowest(NULL, &out, &out, NULL));
    assert_fails(NWC_ERR_ARG, "height_m", nwc_product_cappi(NULL, &field, (double)NAN, &out));
    assert_fails(NWC_ERR_ARG, "threshold_dbz", nwc_product_echo_top(NULL, &field, -32.0, &out, NULL, NULL));
    options.cap_dbz = 0.0;
    assert_fails(NWC_ERR_ARG, "cap_dbz", nwc_product_vil(NULL, &field, NULL, &options, &out));
    options.cap_dbz = 56.0, options.reach_m = -1.0;
    assert_fails(NWC_ERR_ARG, "reach_m", nwc_product_vil(NULL, &field, NULL, &options, &out));
    assert_fails(NWC_ERR_ARG, "hail: what", nwc_product_hail(NULL, &field, &out, &out, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "shi: the 7 x 9 cells", nwc_product_hail(NULL, &field, &out, &out, NULL, &hail));
    assert_fails(NWC_ERR_ARG, "at least one point", nwc_product_section(NULL, &field, 0, &at, &at, &out));
    assert_fails(NWC_ERR_ARG, "section: 6 levels x 1 points", nwc_product_section(NULL, &field, 1, &at, &at, &out));
    field.units = "m s-1";
    assert_fails(NWC_ERR_ARG, "units \"dBZ\" expected", nwc_product_vil(NULL, &field, NULL, NULL, &out));
    nwc_grid flat_grid = grid;
    flat_grid.nz = 0, flat_grid.z_m = NULL, field.grid = &flat_grid;
    assert_fails(NWC_ERR_ARG, "levels of its grid", nwc_product_lowest(NULL, &field, &out, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_greatest_value_of_a_layer_is_found),
        cmocka_unit_test(the_lowest_known_value_is_found),
        cmocka_unit_test(a_height_between_levels_has_the_mean_of_z),
        cmocka_unit_test(tops_and_bases_lie_between_levels),
        cmocka_unit_test(isotherms_are_crossed_from_above),
        cmocka_unit_test(liquid_is_that_of_greene_and_clark),
        cmocka_unit_test(hail_is_that_of_witt),
        cmocka_unit_test(hail_is_an_inch_and_as_likely_as_not_where_witt_says),
        cmocka_unit_test(hail_of_any_size_follows_the_height_of_its_top),
        cmocka_unit_test(a_plane_is_cut_exactly),
        cmocka_unit_test(products_are_the_same_bits_on_any_threads_and_strides),
        cmocka_unit_test(memory_that_runs_out_is_answered),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

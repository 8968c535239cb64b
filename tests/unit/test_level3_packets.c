/*
 * Products of NEXRAD Level III whose packets hold words (28) and one-byte runs of boxes (17), and digital amounts of rain, made by hand:
 * the packets as the serialising routines of the product generator write them, the boxes as Fulton (1998) counts them.
 */
#include "radar/format/format.h"
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"
#include "support/made_files.h"
#include "support/support.h"

enum { ROOM = 1 << 17, BOXES = 131, RADIALS = 5, GATES = 6 };

#define INCH_MM 25.4
#define DAY_NS INT64_C(86400000000000)

static uint8_t made[ROOM];
static int64_t size;

static void put_level(int level, int value)
{
    put_short(made + 60 + 2 * level, value);
}

static void put_real_level(int level, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_word(made + 60 + 2 * level, bits);
}

static void add_short(int value)
{
    put_short(made + size, value);
    size += 2;
}

static void add_word(uint32_t value)
{
    put_word(made + size, value);
    size += 4;
}

static void add_real(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    add_word(bits);
}

/* A text, its length before it, in whole words. */
static void add_text(const char *text)
{
    const size_t n = strlen(text);
    add_word((uint32_t)n);
    memcpy(made + size, text, n);
    size += (int64_t)(n + 3) / 4 * 4;
}

/* Parameters, as many. */
static void add_parameters(int n)
{
    add_word((uint32_t)n);
    if (n) add_word((uint32_t)n);
    for (int p = 0; p < n; p++) add_text("parameter"), add_text("type = int; value = 5");
}

static void begin(int product)
{
    memset(made, 0, sizeof made);
    begin_level3(made, product, LEVEL3_BEGIN);
    put_word(made + 20, 35333), put_word(made + 24, (uint32_t)-97278);
    size = LEVEL3_BEGIN;
}

/* What differs between products that say themselves what they are. */
struct generic {
    int32_t kind, packed, n_parameters, component, n_radials, product;
    const char *attributes;
};

static const struct generic usual = {1, 0, 0, 1, RADIALS, 176, "type = ushort; Unit = inches/hour"};

static int word_of(int r, int g)
{
    return g == 2 ? 65535 : 1000 * r + 7 * g;
}

static int64_t first_radial; /* where it begins */

static void make_rates(const struct generic *given)
{
    begin(given->product);
    put_real_level(0, 1000.0F), put_real_level(2, 0.0F), put_level(5, 65535);
    add_short(28), add_short(0);
    const int64_t length = size;
    add_word(0);
    add_text("Digital Precipitation Rate (DPR)"), add_text("rates");
    add_word(176), add_word((uint32_t)given->kind), add_word(1700000000);
    if (given->kind == 7) {
        for (int k = 0; k < 5; k++) add_word(0);
    } else {
        add_text("KTLX");
        add_real(35.333F), add_real(-97.278F), add_real(370.0F);
        add_word(1700000000), add_word(0), add_real(0.0F), add_word(12), add_word(3), add_word(212), add_word(0);
    }
    add_word((uint32_t)given->packed), add_word(0);
    add_parameters(given->n_parameters);
    add_word(1), add_word(1), add_word(1),
        add_word((uint32_t)given->component); /* the second a mark of XDR's pointers */
    add_text("Rate Data array product output");
    add_real(250.0F), add_real(125.0F);
    add_parameters(given->n_parameters);
    add_word((uint32_t)given->n_radials), add_word((uint32_t)given->n_radials);
    first_radial = size;
    for (int r = 0; r < RADIALS; r++) {
        const int n = r == 3 ? 0 : GATES - r;
        add_real(r == 4 ? 359.5F : (float)r), add_real(0.25F), add_real(1.0F), add_word((uint32_t)n);
        if (n == 0) continue;
        add_text(given->attributes);
        add_word((uint32_t)n);
        for (int g = 0; g < n; g++) add_word((uint32_t)word_of(r, g));
    }
    put_word(made + length, (uint32_t)(size - length - 4));
}

/* Codes of the hourly array, row by row from the north: the code of a box. */
static int code_of(int j, int i)
{
    return (i - 65) * (i - 65) + (j - 65) * (j - 65) > 48 * 48 ? 255 : (i / 3 + 2 * j) % 255;
}

static void make_hour(int rows)
{
    begin(81);
    put_level(0, -60), put_level(1, 125), put_level(2, 255);
    put_short(made + 98, 15001), put_short(made + 100, 61);
    add_short(18), add_short(0), add_short(0), add_short(13), add_short(0); /* rates, of which there are none here */
    put_word(made + LEVEL3_BEGIN - 4, (uint32_t)(size - LEVEL3_BEGIN));
    put_short(made + 128, 2); /* layers */
    add_short(-1), add_word(100000);
    add_short(17), add_short(0), add_short(0), add_short(BOXES), add_short(rows);
    for (int j = 0; j < rows; j++) {
        const int64_t length = size;
        add_short(0);
        for (int i = 0, n; i < BOXES; i += n) {
            for (n = 1; i + n < BOXES && code_of(j, i + n) == code_of(j, i); n++) {}
            made[size++] = (uint8_t)n, made[size++] = (uint8_t)code_of(j, i);
        }
        put_short(made + length, (int)(size - length - 2));
    }
}

static nwc_status read_volume(nwc_ctx *ctx, nwc_volume **volume)
{
    uint8_t *const exact = malloc((size_t)size + 1); /* so that reading over its end is seen */
    memcpy(exact, made, (size_t)size);
    nwc_status status = nwc__volume_create(ctx, "", INT64_C(1) << 30, volume);
    if (status == NWC_OK && (status = nwc__level3_polar_read(ctx, exact, size, *volume)) != NWC_OK) {
        nwc_volume_destroy(*volume);
        *volume = NULL;
    }
    free(exact);
    return status;
}

static nwc_status read_raster(nwc_ctx *ctx, nwc_raster **raster)
{
    uint8_t *const exact = malloc((size_t)size + 1);
    memcpy(exact, made, (size_t)size);
    nwc_status status = nwc__raster_create(ctx, "", INT64_C(1) << 30, raster);
    if (status == NWC_OK && (status = nwc__level3_grid_read(ctx, exact, size, *raster)) != NWC_OK) {
        nwc_raster_destroy(*raster);
        *raster = NULL;
    }
    free(exact);
    return status;
}

static void words_of_radials_are_rates(void **state)
{
    (void)state;
    static const float azimuths[RADIALS] = {0.5F, 1.5F, 2.5F, 3.5F, 0.0F};
    nwc_volume *volume;
    nwc_volume_facts facts;
    nwc_sweep sweep;
    nwc_moment moment;
    for (int form = 0; form < 3; form++) {
        struct generic given = usual;
        given.kind = form == 2 ? 7 : 1, given.n_parameters = 2 * (form > 0);
        make_rates(&given);
        assert_string_equal(nwc_volume_sniff(made, (size_t)size), "NEXRAD Level III");
        assert_ok(read_volume(nwc__ctx(NULL), &volume));
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_string_equal(facts.site, "KTLX");
        assert_string_equal(facts.incomplete, "");
        assert_int_equal(facts.experimental, 1);
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_int_equal(sweep.n_rays, RADIALS);
        assert_ok(nwc_volume_moment(volume, 0, 0, &moment));
        assert_string_equal(moment.name, "RATE");
        assert_string_equal(moment.field.units, "mm h-1");
        assert_string_equal(moment.own_name, "DPR");
        assert_near(moment.first_gate_m, 125.0, 0.0);
        assert_near(moment.gate_spacing_m, 250.0, 0.0);
        assert_near(moment.resolution, 0.0254, 1e-9);
        assert_int_equal(moment.field.dim[1], GATES);
        for (int r = 0; r < RADIALS; r++) {
            assert_near(sweep.azimuth_deg[r], azimuths[r], 1e-5); /* the leading edge is said, and the width */
            assert_near(sweep.elevation_deg[r], 0.25, 0.0);
            assert_int_equal(sweep.time_ns[r], facts.time_ns);
            for (int g = 0; g < GATES; g++) {
                const float cell = moment.field.data[r * GATES + g];
                if (g < (r == 3 ? 0 : GATES - r))
                    assert_near(cell, INCH_MM * word_of(r, g) / 1000.0, 1e-3);
                else
                    assert_true(isnan(cell));
            }
        }
        nwc_volume_destroy(volume);
    }
    /* Codes that stand for something else are no values. */
    make_rates(&usual);
    put_level(6, 7), put_level(7, 1);
    assert_ok(read_volume(nwc__ctx(NULL), &volume));
    assert_ok(nwc_volume_moment(volume, 0, 0, &moment));
    assert_true(isnan(moment.field.data[0]) && !isnan(moment.field.data[1]) && isnan(moment.field.data[2]));
    nwc_volume_destroy(volume);
}

static void radials_that_are_not_understood_are_refused(void **state)
{
    (void)state;
    nwc_volume *volume;
    static const struct {
        struct generic given;
        nwc_status status;
        const char *text;
    } cases[] = {
        {{1, 1, 0, 1, RADIALS, 176, "type = ushort"}, NWC_ERR_UNSUPPORTED, "components that are not packed"},
        {{1, 0, 0, 4, RADIALS, 176, "type = ushort"}, NWC_ERR_UNSUPPORTED, "radials (1) expected as its first of 1"},
        {{1, 0, 0, 1, 0, 176, "type = ushort"}, NWC_ERR_FORMAT, "1 to 720 radials expected, 0 found"},
        {{1, 0, 0, 1, 721, 176, "type = ushort"}, NWC_ERR_FORMAT, "1 to 720 radials expected, 721 found"},
        {{1, 0, 0, 1, RADIALS, 176, "type = float"}, NWC_ERR_UNSUPPORTED, "radials of whole numbers expected"},
        {{1, 0, 0, 1, RADIALS, 176, "Unit = inches"}, NWC_ERR_UNSUPPORTED, "radials of whole numbers expected"},
        {{1, 0, 0, 1, RADIALS, 94, "type = ushort"}, NWC_ERR_UNSUPPORTED, "packet 28 of product 94: no scale"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        make_rates(&cases[c].given);
        assert_fails(cases[c].status, cases[c].text, read_volume(nwc__ctx(NULL), &volume));
    }
    make_rates(&usual);
    put_word(made + 60, 0); /* the scale */
    assert_fails(NWC_ERR_UNSUPPORTED, "no scale for its words", read_volume(nwc__ctx(NULL), &volume));
    make_rates(&usual);
    put_short(made + LEVEL3_BEGIN, 33); /* a packet of another code */
    assert_fails(NWC_ERR_NODATA, "a packet of code 44831 or 16 or 28 expected in the symbology, 33 found last",
                 read_volume(nwc__ctx(NULL), &volume));
}

static void radials_cut_off_anywhere_are_whole_or_not_there(void **state)
{
    (void)state;
    struct generic given = usual;
    given.n_parameters = 1;
    make_rates(&given);
    const int64_t whole = size;
    for (size = 0; size < whole; size++) {
        nwc_volume *volume;
        nwc_volume_facts facts;
        nwc_sweep sweep;
        const nwc_status status = read_volume(nwc__ctx(NULL), &volume);
        if (status != NWC_OK) {
            assert_true(status == NWC_ERR_FORMAT || status == NWC_ERR_NODATA);
            assert_true(size < first_radial + 16 + 40 + 4 + 4 * GATES);
            continue;
        }
        assert_ok(nwc_volume_describe(volume, &facts));
        assert_ok(nwc_volume_sweep(volume, 0, &sweep));
        assert_true(sweep.n_rays < RADIALS);
        assert_non_null(strstr(facts.incomplete, "of 5 rays are in it"));
        nwc_volume_destroy(volume);
    }
}

/* Latitude and longitude of a box's middle, by appendix C of Fulton (1998), whose boxes have twice the numbers of rows down. */
static void box_by_fulton(int i, int j, double *lat, double *lon)
{
    const double k = 249.6348607, radian = acos(-1.0) / 180.0, ls = 35.333 * radian, turned = (105.0 - 97.278) * radian;
    const double pre = k * cos(ls) / (1.0 + sin(ls)), gis = pre * sin(turned) + 433.0, gjs = pre * cos(turned) + 433.0;
    const int is = (int)(10.0 * gis) - 66, js = (int)(10.0 * gjs) - 66;
    const double ci = (is - 4330 + 0.5) / 10.0 + 0.1 * i, cj = (js - 4330 + 0.5) / 10.0 + 0.1 * j;
    *lat = 90.0 - 2.0 * atan(sqrt(ci * ci + cj * cj) / k) / radian;
    *lon = -105.0 + atan2(ci, cj) / radian;
}

static void boxes_of_the_hour_lie_on_the_grid_of_all_radars(void **state)
{
    (void)state;
    nwc_raster *raster;
    nwc_layer layer;
    make_hour(BOXES);
    assert_string_equal(nwc_io_sniff(made, (size_t)size), "NEXRAD Level III");
    assert_null(nwc_volume_sniff(made, (size_t)size));
    assert_ok(read_raster(nwc__ctx(NULL), &raster));
    assert_int_equal(nwc_raster_count(raster), 1);
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_string_equal(layer.quantity, "ACRR");
    assert_string_equal(layer.name, "DPA");
    assert_string_equal(layer.source, "NEXRAD KTLX");
    assert_string_equal(layer.field.units, "mm");
    assert_near(layer.duration_s, 3600.0, 0.0);
    assert_int_equal(layer.time_ns, 15000 * DAY_NS + INT64_C(61) * 60 * 1000000000);
    const nwc_grid *const grid = layer.field.grid;
    assert_int_equal(grid->nx, BOXES);
    assert_int_equal(grid->ny, BOXES);
    for (int j = 0; j < BOXES; j += 13)
        for (int i = 0; i < BOXES; i += 13) {
            double x = grid->x_first + grid->dx * i, y = grid->y_first + grid->dy * j, lon, lat, their_lon, their_lat;
            assert_ok(nwc_grid_to_lonlat(NULL, grid, 1, &x, &y, &lon, &lat));
            box_by_fulton(i + 1, BOXES - j, &their_lat, &their_lon);
            assert_near(lon, their_lon, 1e-6);
            assert_near(lat, their_lat, 1e-6);
        }
    double lon = -97.278, lat = 35.333, x, y;
    assert_ok(nwc_grid_from_lonlat(NULL, grid, 1, &lon, &lat, &x, &y));
    assert_true(fabs(x - (grid->x_first + 65 * grid->dx)) <= 0.5 * grid->dx);
    assert_true(fabs(y - (grid->y_first + 65 * grid->dy)) <= 0.5 * grid->dy);
    for (int j = 0; j < BOXES; j++)
        for (int i = 0; i < BOXES; i++) {
            const float cell = layer.field.data[j * layer.field.stride[0] + i * layer.field.stride[1]];
            const int code = code_of(BOXES - 1 - j, i);
            if (code == 255)
                assert_true(isnan(cell));
            else
                assert_near(cell, code ? pow(10.0, 0.1 * (-6.0 + 0.125 * (code - 1))) : 0.0, 1e-5 * (1.0 + cell));
        }
    nwc_raster_destroy(raster);
    put_short(made + 98, 0); /* no hour said */
    assert_ok(read_raster(nwc__ctx(NULL), &raster));
    assert_ok(nwc_raster_layer(raster, 0, &layer));
    assert_int_equal(layer.time_ns, 15000 * DAY_NS + INT64_C(3600000000000));
    nwc_raster_destroy(raster);
}

static void an_hour_that_is_not_whole_is_refused(void **state)
{
    (void)state;
    nwc_raster *raster;
    make_hour(130);
    assert_fails(NWC_ERR_FORMAT, "131 rows and columns expected, 130 and 131 found",
                 read_raster(nwc__ctx(NULL), &raster));
    make_hour(BOXES);
    const int64_t whole = size;
    for (size = 0; size < whole; size += size < 400 ? 1 : 97) {
        const nwc_status status = read_raster(nwc__ctx(NULL), &raster);
        assert_true(status == NWC_ERR_FORMAT || status == NWC_ERR_NODATA);
    }
    begin(81);
    add_short(18), add_short(0), add_short(0), add_short(13), add_short(13);
    assert_fails(NWC_ERR_NODATA, "a packet of code 17 expected in the symbology, 18 found last",
                 read_raster(nwc__ctx(NULL), &raster));
}

/* A ray of these codes in a packet 16. */
static nwc_moment ray_of(int product, const uint8_t *codes, int n, nwc_volume **volume)
{
    nwc_moment moment;
    add_short(16), add_short(0), add_short(n), add_short(0), add_short(0), add_short(999), add_short(1);
    add_short(n), add_short(0), add_short(10);
    memcpy(made + size, codes, (size_t)n);
    size += n;
    assert_ok(read_volume(nwc__ctx(NULL), volume));
    assert_ok(nwc_volume_moment(*volume, 0, 0, &moment));
    assert_true(product != 0);
    return moment;
}

static void digital_amounts_are_hundredths_of_an_inch(void **state)
{
    (void)state;
    static const uint8_t codes[] = {0, 1, 2, 11, 255};
    nwc_volume *volume;
    for (int product = 170; product <= 175; product++) {
        if (product == 171) continue;
        begin(product);
        put_real_level(0, 0.5F), put_real_level(2, 1.0F), put_level(5, 255), put_level(6, 1);
        const nwc_moment moment = ray_of(product, codes, 5, &volume);
        assert_string_equal(moment.name, product == 174 ? "DOD" : product == 175 ? "DSD" : "ACRR");
        assert_string_equal(moment.field.units, "mm");
        assert_near(moment.gate_spacing_m, 250.0, 0.0);
        assert_near(moment.resolution, 2.0 * 0.254, 1e-9);
        assert_true(isnan(moment.field.data[0])); /* no data */
        assert_null(moment.flags.data);
        for (int g = 1; g < 5; g++) assert_near(moment.field.data[g], 0.254 * (codes[g] - 1) / 0.5, 1e-4);
        nwc_volume_destroy(volume);
    }
    begin(138);
    put_level(0, 0), put_level(1, 3), put_level(2, 256);
    const nwc_moment moment = ray_of(138, codes, 5, &volume);
    assert_string_equal(moment.name, "ACRR");
    assert_near(moment.gate_spacing_m, 230e3 / 5, 1e-6);
    for (int g = 0; g < 4; g++) assert_near(moment.field.data[g], 0.254 * 3 * codes[g], 1e-5);
    assert_true(isnan(moment.field.data[4]));
    nwc_volume_destroy(volume);
}

static void widths_begin_at_code_129_as_in_level_ii(void **state)
{
    (void)state;
    static const uint8_t codes[] = {0, 1, 129, 131, 128};
    nwc_volume *volume;
    begin(155);
    put_level(0, 0), put_level(1, 5), put_level(2, 40);
    nwc_moment moment = ray_of(155, codes, 5, &volume);
    assert_string_equal(moment.name, "WRADH");
    assert_true(isnan(moment.field.data[0]) && isnan(moment.field.data[1]) && isnan(moment.field.data[4]));
    assert_int_equal(moment.flags.data[1], NWC_GATE_RANGE_FOLDED);
    assert_near(moment.field.data[2], 0.0, 0.0);
    assert_near(moment.field.data[3], 1.0, 1e-6);
    nwc_volume_destroy(volume);
    begin(155);
    put_level(0, -635), put_level(1, 5), put_level(2, 254); /* said from code 2 on */
    moment = ray_of(155, codes, 5, &volume);
    assert_near(moment.field.data[2], 0.0, 1e-5);
    assert_near(moment.field.data[3], 1.0, 1e-5);
    nwc_volume_destroy(volume);
}

static nwc_status read_rates(nwc_ctx *ctx, void *user)
{
    nwc_volume *volume;
    (void)user;
    const nwc_status status = read_volume(ctx, &volume);
    if (status == NWC_OK) nwc_volume_destroy(volume);
    return status;
}

static nwc_status read_hour(nwc_ctx *ctx, void *user)
{
    nwc_raster *raster;
    (void)user;
    const nwc_status status = read_raster(ctx, &raster);
    if (status == NWC_OK) nwc_raster_destroy(raster);
    return status;
}

static void failures_leave_no_memory_and_flipped_bytes_give_an_answer(void **state)
{
    (void)state;
    make_rates(&usual);
    assert_true(check_every_allocation_failure(read_rates, NULL) > 8);
    make_hour(BOXES);
    assert_true(check_every_allocation_failure(read_hour, NULL) > 3);
    for (unsigned seed = 1; seed <= 3000; seed++) {
        uint32_t dice = seed * 2654435761U;
        struct generic given = usual;
        given.n_parameters = (int32_t)(seed % 3);
        if (seed % 4)
            make_rates(&given);
        else
            make_hour(BOXES);
        for (unsigned k = 0; k < 1 + seed % 6; k++) {
            dice = dice * 1664525U + 1013904223U;
            const uint32_t reach = k % 2 ? (uint32_t)size : 400;
            made[60 + (dice >> 8) % (reach - 60)] ^= (uint8_t)(dice >> 3);
        }
        (void)read_rates(nwc__ctx(NULL), NULL), (void)read_hour(nwc__ctx(NULL), NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_radials_are_rates),
        cmocka_unit_test(radials_that_are_not_understood_are_refused),
        cmocka_unit_test(radials_cut_off_anywhere_are_whole_or_not_there),
        cmocka_unit_test(boxes_of_the_hour_lie_on_the_grid_of_all_radars),
        cmocka_unit_test(an_hour_that_is_not_whole_is_refused),
        cmocka_unit_test(digital_amounts_are_hundredths_of_an_inch),
        cmocka_unit_test(widths_begin_at_code_129_as_in_level_ii),
        cmocka_unit_test(failures_leave_no_memory_and_flipped_bytes_give_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

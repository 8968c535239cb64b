/* Observations in BUFR: messages packed bit by bit as the manual lays them out, and lists of elements. */
#include "obs/format/bufr_elements.h"
#include "support/support.h"

enum { MOST_BYTES = 4096 };

static struct {
    uint8_t bytes[MOST_BYTES];
    int64_t size; /* bytes before the data */
    int64_t bits; /* of the data section */
} made;

static void put(int n, int64_t value)
{
    for (int k = n - 1; k >= 0; k--, made.bits++)
        if (value >> k & 1) made.bytes[made.size + made.bits / 8] |= (uint8_t)(0x80 >> made.bits % 8);
}

static void put_text(int n, const char *text)
{
    for (int k = 0; k < n; k++) put(8, k < (int)strlen(text) ? text[k] : ' ');
}

static void put3(int64_t at, int64_t value)
{
    made.bytes[at] = (uint8_t)(value >> 16), made.bytes[at + 1] = (uint8_t)(value >> 8);
    made.bytes[at + 2] = (uint8_t)value;
}

/* Sections 0 to 3 of a message of edition 4, behind what there is; returns where it begins. */
static int64_t begin(int category, int subsets, bool compressed, const int *descriptors, int n)
{
    const int64_t at = made.size + (made.bits + 7) / 8;
    made.size = at, made.bits = 0;
    memcpy(made.bytes + at, "BUFR\0\0\0\4", 8);
    put3(at + 8, 22);
    made.bytes[at + 8 + 10] = (uint8_t)category;
    made.bytes[at + 8 + 13] = 28; /* version of the tables */
    made.bytes[at + 8 + 15] = 2026 >> 8, made.bytes[at + 8 + 16] = 2026 & 255;
    made.bytes[at + 8 + 17] = 6, made.bytes[at + 8 + 18] = 1;
    const int64_t three = at + 30;
    const int size = 7 + 2 * n + 1; /* even, as is usual */
    put3(three, size);
    made.bytes[three + 4] = (uint8_t)(subsets >> 8), made.bytes[three + 5] = (uint8_t)subsets;
    made.bytes[three + 6] = compressed ? 0xc0 : 0x80;
    for (int d = 0; d < n; d++) {
        const int f = descriptors[d] / 100000, x = descriptors[d] / 1000 % 100, y = descriptors[d] % 1000;
        made.bytes[three + 7 + 2 * d] = (uint8_t)(f << 6 | x), made.bytes[three + 8 + 2 * d] = (uint8_t)y;
    }
    made.size = three + size + 4; /* the data are behind the head of section 4 */
    return at;
}

static void end(int64_t at)
{
    const int64_t data = (made.bits + 7) / 8;
    put3(made.size - 4, data + 4);
    memcpy(made.bytes + made.size + data, "7777", 4);
    made.size += data + 4, made.bits = 0;
    put3(at + 4, made.size - at);
}

static const int sounding[] = {1001,   1002,  4001, 4002, 4003,  4004, 4005,  5001,  6001, 7030,
                               107000, 31001, 4086, 7004, 10009, 5015, 12101, 11001, 11002};

static void put_launch(int station)
{
    put(7, 58), put(10, station);
    put(12, 2026), put(4, 6), put(6, 1), put(5, 11), put(6, 15);
    put(25, 12000000), put(26, 30098000); /* 30 N, 120.98 E: scale 5, references -90 and -180 degrees */
    put(17, 4000 + 53);                   /* 5.3 m: scale 1, reference -400 m */
}

static void put_height(int64_t height)
{
    put(17, height + 1000);
}

/* Seconds from launch, pressure in 10 Pa, gpm, thousandths of a degree northward, temperature, direction, speed. */
static void put_level(int64_t second, int64_t pressure, int64_t height, int64_t north, int64_t temperature,
                      int64_t direction, int64_t speed)
{
    put(15, second + 8192), put(14, pressure), put_height(height), put(25, 9000000 + 100 * north);
    put(16, temperature), put(9, direction), put(12, speed);
}

static void make_sounding(void)
{
    const int64_t at = begin(2, 2, false, sounding, sizeof sounding / sizeof sounding[0]);
    for (int s = 0; s < 2; s++) {
        put_launch(259 + s);
        put(8, 2 - s); /* levels */
        put_level(0, 10050, 5, 0, 29315, 0, 0);
        if (s == 0) put_level(120, 9250, 760, 25, 65535, 225, 105);
    }
    end(at);
}

/* Two rain gauges, compressed: 0.0 and a trace in the hour; their names; the second has no temperature. */
static const int gauges[] = {1015, 4001, 4002, 4003, 4004, 4005, 5001, 6001, 12101, 4024, 13011};

static void put_same(int width, int64_t value)
{
    put(width, value), put(6, 0);
}

static void make_gauges(void)
{
    const int64_t at = begin(0, 2, true, gauges, sizeof gauges / sizeof gauges[0]);
    put_text(20, ""), put(6, 20), put_text(20, "Nantong"), put_text(20, "Rudong");
    put_same(12, 2026), put_same(4, 6), put_same(6, 1), put_same(5, 12), put_same(6, 0);
    put(25, 12200000), put(6, 2), put(2, 0), put(2, 1); /* 32 and 32.00001 N */
    put_same(26, 30000000);
    put(16, 29000), put(6, 8), put(8, 5), put(8, 255); /* 290.05 K, missing */
    put_same(12, 2048 - 1);
    put(14, 0), put(6, 2), put(2, 1), put(2, 0); /* 0.0 and -0.1: scale 1, reference -1 */
    end(at);
}

static void start(void)
{
    memset(&made, 0, sizeof made);
}

static nwc_status read_made(nwc_ctx *ctx, nwc_obs **obs)
{
    return nwc_obs_decode(ctx, made.bytes, (size_t)made.size, NULL, obs);
}

static void assert_row(const nwc_obs_columns *columns, int64_t r, int32_t quantity, double value, double height)
{
    assert_true(r < columns->n);
    assert_string_equal(nwc_quantity_name(columns->quantity[r]), nwc_quantity_name(quantity));
    assert_near(columns->value[r], value, 1e-9);
    assert_true(isnan(height) ? isnan(columns->height_m[r]) : fabs(columns->height_m[r] - height) < 1e-9);
}

static void soundings_are_read_level_by_level(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    nwc_obs_facts facts;
    nwc_obs_station station;
    start();
    memcpy(made.bytes, "IUSN01 BABJ 011200\r\r\n", 21); /* a heading */
    made.size = 21;
    make_sounding();
    assert_string_equal(nwc_obs_sniff(made.bytes, (size_t)made.size), "BUFR");
    assert_ok(read_made(NULL, &obs));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_string_equal(facts.incomplete, "");
    assert_int_equal(facts.n_stations, 2);
    assert_int_equal(facts.n_reports, 2);
    assert_ok(nwc_obs_get_station(obs, 1, &station));
    assert_string_equal(station.id, "58260");
    assert_int_equal(station.kind, NWC_OBS_SOUNDING);
    assert_near(station.longitude_deg, 120.98, 1e-9);
    assert_near(station.height_m, 5.3, 1e-9);
    assert_int_equal(c.n, 9);
    assert_row(&c, 0, NWC_QUANTITY_GEOPOTENTIAL_HEIGHT, 5.0, 5.0);
    assert_row(&c, 1, NWC_QUANTITY_AIR_TEMPERATURE, 293.15, 5.0);
    assert_row(&c, 2, NWC_QUANTITY_WIND_SPEED, 0.0, 5.0); /* a calm has no direction */
    assert_row(&c, 3, NWC_QUANTITY_GEOPOTENTIAL_HEIGHT, 760.0, 760.0);
    assert_row(&c, 4, NWC_QUANTITY_WIND_SPEED, 10.5, 760.0); /* there is no temperature */
    assert_row(&c, 5, NWC_QUANTITY_WIND_FROM_DIRECTION, 225.0, 760.0);
    assert_row(&c, 8, NWC_QUANTITY_WIND_SPEED, 0.0, 5.0);
    assert_near(c.pressure_pa[3], 92500.0, 1e-6);
    assert_near(c.latitude_deg[3], 30.025, 1e-9);
    assert_int_equal(c.time_ns[3] - c.time_ns[0], INT64_C(120000000000));
    assert_int_equal(c.time_ns[0] / INT64_C(1000000000), 1780312500); /* 2026-06-01 11:15 */
    nwc_obs_destroy(obs);
}

static void compressed_subsets_are_taken_apart(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    nwc_obs_station station;
    start();
    make_gauges();
    assert_ok(read_made(NULL, &obs));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, 3);
    assert_row(&c, 0, NWC_QUANTITY_AIR_TEMPERATURE, 290.05, NAN);
    assert_row(&c, 1, NWC_QUANTITY_RAIN_AMOUNT, 0.0, NAN);
    assert_row(&c, 2, NWC_QUANTITY_RAIN_AMOUNT, 0.0, NAN);
    assert_int_equal(c.flags[1], 0);
    assert_int_equal(c.flags[2], NWC_OBS_TRACE);
    assert_near(c.duration_s[1], 3600.0, 0.0);
    assert_near(c.latitude_deg[2], 32.00001, 1e-9);
    assert_ok(nwc_obs_get_station(obs, c.station[2], &station));
    assert_string_equal(station.name, c.station[2] ? "Rudong" : "Nantong");
    nwc_obs_destroy(obs);
}

static void a_message_at_fault_leaves_the_others(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_columns c;
    nwc_obs_facts facts;
    start();
    make_gauges();
    const int64_t second = made.size;
    make_sounding();
    const int64_t third = made.size;
    make_gauges();
    made.bytes[third - 1] = 'x'; /* of the second's 7777 */
    assert_ok(read_made(NULL, &obs));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(c.n, 6);
    char expected[64];
    snprintf(expected, sizeof expected, "byte %d: the message does not end in 7777", (int)second);
    assert_string_equal(facts.incomplete, expected);
    nwc_obs_destroy(obs);

    start();
    make_gauges();
    made.bytes[18] = 21; /* category: radiances */
    assert_fails(NWC_ERR_FORMAT, "no good message in it; byte 0: data of category 21", read_made(NULL, &obs));
    made.bytes[18] = 0, made.bytes[7] = 5;
    assert_fails(NWC_ERR_FORMAT, "byte 0: an edition other than 2 to 4", read_made(NULL, &obs));
    made.bytes[7] = 4, made.bytes[8 + 13] = 4, made.bytes[8 + 14] = 1;
    assert_fails(NWC_ERR_FORMAT, "byte 0: local tables beside a version", read_made(NULL, &obs));
    made.bytes[8 + 14] = 0, made.bytes[8 + 13] = 28, made.bytes[10] = 21;
    assert_fails(NWC_ERR_FORMAT, "byte 0: sections that do not fill the message", read_made(NULL, &obs));
}

/* Put a section 2 into the only message made, as centres do. */
static void put_local_section(void)
{
    static const uint8_t local[12] = {0, 0, 12, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
    memmove(made.bytes + 30 + 12, made.bytes + 30, (size_t)(made.size - 30));
    memcpy(made.bytes + 30, local, sizeof local);
    made.bytes[8 + 9] |= 0x80;
    made.size += 12;
    put3(4, made.size);
}

static void the_section_of_a_centre_is_passed_over(void **state)
{
    (void)state;
    uint8_t without[MOST_BYTES];
    nwc_obs *obs;
    nwc_obs_facts facts;
    start();
    make_sounding();
    const int64_t size = made.size;
    memcpy(without, made.bytes, (size_t)size);
    put_local_section();
    assert_ok(read_made(NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_rows, 9);
    nwc_obs_destroy(obs);
    assert_int_equal(nwc__bufr_without_local(made.bytes, made.size), size);
    assert_memory_equal(made.bytes, without, (size_t)size);
    assert_int_equal(nwc__bufr_without_local(made.bytes, size), size); /* there is none any more */
}

static void cut_off_anywhere_the_whole_messages_remain(void **state)
{
    (void)state;
    start();
    make_gauges();
    const int64_t first = made.size;
    make_sounding();
    const int64_t both = made.size;
    for (int64_t size = 4; size <= both; size++) {
        nwc_obs *obs;
        nwc_obs_facts facts;
        made.size = size;
        const nwc_status status = read_made(NULL, &obs);
        assert_int_equal(status, size < first ? NWC_ERR_FORMAT : NWC_OK);
        if (status != NWC_OK) continue;
        assert_ok(nwc_obs_describe(obs, &facts));
        assert_int_equal(facts.n_rows, size < both ? 3 : 12);
        if (size >= first + 4) assert_true((facts.incomplete[0] == '\0') == (size == both));
        nwc_obs_destroy(obs);
    }
}

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_obs *obs;
    NWC__TRY(read_made(ctx, &obs));
    nwc_obs_destroy(obs);
    return NWC_OK;
}

static void a_failure_of_memory_leaves_none(void **state)
{
    (void)state;
    start();
    make_gauges();
    make_sounding();
    assert_true(check_every_allocation_failure(read_only, NULL) > 20);
}

/* ---- elements, without ecCodes ---- */

static nwc_obs *subset_of(int32_t category, const struct nwc__bufr_element *elements, int64_t n)
{
    nwc_obs *obs;
    assert_ok(nwc_obs_create(NULL, &obs));
    assert_ok(nwc__bufr_subset(obs, category, elements, n));
    return obs;
}

#define ELEMENTS(...)                                                                                                  \
    (const struct nwc__bufr_element[]){__VA_ARGS__},                                                                   \
        sizeof((const struct nwc__bufr_element[]){__VA_ARGS__}) / sizeof(struct nwc__bufr_element)
#define E(code, value)                                                                                                 \
    {                                                                                                                  \
        code, value, NULL                                                                                              \
    }
#define TIME(h, m) E(4001, 2026), E(4002, 6), E(4003, 1), E(4004, h), E(4005, m)

static void gates_of_profilers_stand_above_station_or_sea(void **state)
{
    (void)state;
    nwc_obs_columns c;
    nwc_obs_station station;
    nwc_obs *obs =
        subset_of(2, ELEMENTS(E(1001, 47), E(1002, 406), E(5002, 43.95), E(6002, 141.63), E(7001, 23), E(2003, 6),
                              TIME(23, 10), E(4025, -10), E(7006, 291), E(11003, 7.6), E(11004, 1.9), E(11006, -0.36),
                              TIME(23, 20), E(4025, -10), E(7006, 582), E(11003, 2.2)));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, 4);
    assert_row(&c, 0, NWC_QUANTITY_EASTWARD_WIND, 7.6, 314.0);
    assert_row(&c, 2, NWC_QUANTITY_UPWARD_AIR_VELOCITY, -0.36, 314.0);
    assert_row(&c, 3, NWC_QUANTITY_EASTWARD_WIND, 2.2, 605.0);
    assert_near(c.duration_s[0], 600.0, 0.0);
    assert_int_equal(c.time_ns[3] - c.time_ns[0], INT64_C(600000000000));
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_int_equal(station.kind, NWC_OBS_PROFILER);
    assert_string_equal(station.id, "47406");
    nwc_obs_destroy(obs);

    /* 0 07 007 is above the sea; where the first gate would be below the ground, it is meant above it. */
    obs = subset_of(6, ELEMENTS(E(7001, 1390), TIME(11, 3), E(7007, 2000), E(11001, 291), E(11002, 4.2), E(33002, 0),
                                E(11006, 0.5), E(33002, 2)));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_row(&c, 0, NWC_QUANTITY_WIND_SPEED, 4.2, 2000.0);
    assert_row(&c, 1, NWC_QUANTITY_WIND_FROM_DIRECTION, 291.0, 2000.0);
    assert_near(c.quality[1], 1.0, 0.0);
    assert_near(c.quality[2], 1.0 / 3.0, 1e-6);
    assert_int_equal(c.flags[1], 0);
    assert_int_equal(c.flags[2], NWC_OBS_DOUBTED);
    nwc_obs_destroy(obs);
    obs = subset_of(6, ELEMENTS(E(7001, 1390), TIME(11, 3), E(7007, 200), E(11003, 4.0), E(7007, 1500), E(11003, 5.0)));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_row(&c, 0, NWC_QUANTITY_EASTWARD_WIND, 4.0, 1590.0);
    assert_row(&c, 1, NWC_QUANTITY_EASTWARD_WIND, 5.0, 2890.0);
    nwc_obs_destroy(obs);
    obs = subset_of(2, ELEMENTS(E(2003, 6), E(7001, 100), E(7003, 9806.65), E(11005, 0.2)));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_row(&c, 0, NWC_QUANTITY_PRESSURE_VELOCITY, 0.2, 1000.0);
    assert_true(c.time_ns[0] == NWC_TIME_UNKNOWN);
    nwc_obs_destroy(obs);
}

static void values_of_stations_have_their_periods_and_heights(void **state)
{
    (void)state;
    nwc_obs_columns c;
    nwc_obs *obs =
        subset_of(0, ELEMENTS(E(1001, 50), E(1002, 468), TIME(0, 0), E(7030, 166), E(7031, 170), E(10004, 99240),
                              E(10051, 101350), E(7004, NAN), E(10009, NAN), E(7032, 2), E(12101, 269.05), E(13003, 67),
                              E(7032, NAN), E(20001, 8900), E(20010, 113), E(20003, 509), E(13023, 2.8), E(4024, 1),
                              E(13011, -0.1), E(4024, NAN), E(13011, 3), E(7032, 10), E(4025, -10), E(11002, 8.8),
                              E(11001, 319), E(4025, -60), E(11043, 315), E(11041, 13.4), E(13155, 0.001)));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, 12);
    assert_row(&c, 0, NWC_QUANTITY_AIR_PRESSURE, 99240.0, 170.0);
    assert_row(&c, 1, NWC_QUANTITY_SEA_LEVEL_PRESSURE, 101350.0, 166.0);
    assert_row(&c, 2, NWC_QUANTITY_AIR_TEMPERATURE, 269.05, 168.0);
    assert_row(&c, 3, NWC_QUANTITY_RELATIVE_HUMIDITY, 0.67, 168.0);
    assert_row(&c, 4, NWC_QUANTITY_VISIBILITY, 8900.0, 166.0);
    assert_row(&c, 5, NWC_QUANTITY_RAIN_AMOUNT, 2.8, 166.0);
    assert_near(c.duration_s[5], 86400.0, 0.0);
    assert_row(&c, 6, NWC_QUANTITY_RAIN_AMOUNT, 0.0, 166.0); /* one without a period says nothing */
    assert_near(c.duration_s[6], 3600.0, 0.0);
    assert_int_equal(c.flags[6], NWC_OBS_TRACE);
    assert_row(&c, 7, NWC_QUANTITY_WIND_SPEED, 8.8, 176.0);
    assert_int_equal(c.flags[7], 0);
    assert_row(&c, 8, NWC_QUANTITY_WIND_FROM_DIRECTION, 319.0, 176.0);
    assert_near(c.duration_s[8], 600.0, 0.0);
    assert_row(&c, 9, NWC_QUANTITY_GUST_FROM_DIRECTION, 315.0, 176.0);
    assert_row(&c, 10, NWC_QUANTITY_GUST_SPEED, 13.4, 176.0);
    assert_near(c.duration_s[10], 3600.0, 0.0);
    assert_row(&c, 11, NWC_QUANTITY_RAIN_RATE, 3.6, 176.0);
    nwc_obs_destroy(obs);
}

static void increments_before_a_replication_move_the_time_at_each_repetition(void **state)
{
    (void)state;
    nwc_obs_columns c;
    nwc_obs *obs = subset_of(0, ELEMENTS(E(1001, 10), E(1002, 1), TIME(11, 30), E(4025, -10), E(13011, 0.6),
                                         E(4015, -10), E(4025, -1), E(4065, 1), E(31001, 3), E(13011, 0.1),
                                         E(13011, 0.2), E(13011, 0.3), E(13011, 9.0)));
    assert_ok(nwc_obs_lend(obs, &c));
    assert_int_equal(c.n, 5);
    const int64_t minute = INT64_C(60000000000);
    const int64_t expected[5] = {0, -9, -8, -7, -7};
    for (int r = 0; r < 5; r++) assert_int_equal((c.time_ns[r] - c.time_ns[0]) / minute, expected[r]);
    assert_near(c.duration_s[0], 600.0, 0.0);
    assert_near(c.duration_s[2], 60.0, 0.0);
    nwc_obs_destroy(obs);
}

static void stations_have_one_of_several_identifiers(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        struct nwc__bufr_element elements[8];
    } cases[] = {
        {"10033", {E(1001, 10), E(1002, 33), {1011, NAN, "SHIP"}, E(12101, 280)}},
        {"SHIP", {{1011, NAN, " SHIP  "}, {1018, NAN, "Q999"}, E(12101, 280)}},
        {"Q999", {{1018, NAN, "Q999 "}, {1015, NAN, "Wangen"}, E(12101, 280)}},
        {"0-20001-0-10954", {E(1125, 0), E(1126, 20001), E(1127, 0), {1128, NAN, "10954"}, E(12101, 280)}},
        {"", {{1011, NAN, "\xff\xff\xff"}, E(1001, 1e9), E(1002, 1), E(12101, 280)}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        nwc_obs_station station;
        nwc_obs *const obs = subset_of(0, cases[k].elements, 8);
        assert_ok(nwc_obs_get_station(obs, 0, &station));
        assert_string_equal(station.id, cases[k].id);
        nwc_obs_destroy(obs);
    }
}

static void elements_in_any_order_give_an_answer(void **state)
{
    (void)state;
    static const int32_t codes[] = {1001,  1002,  2003,  4001,  4004,  4015,  4024,  4025,  4065,  4086,  5001,  5015,
                                    6001,  6015,  7001,  7003,  7004,  7006,  7007,  7030,  7031,  7032,  10003, 10004,
                                    10009, 11001, 11002, 11006, 12101, 13011, 13023, 20003, 20010, 31001, 33002, 99999};
    static const double values[] = {NAN, 0.0, -0.1, 1.0, 3.0, -10.0, 1e30, -1e30, 65535.0, 90.0, 2026.0, INFINITY};
    uint32_t dice = 1;
    for (int k = 0; k < 3000; k++) {
        struct nwc__bufr_element elements[60];
        for (int e = 0; e < 60; e++) {
            dice = dice * 1664525U + 1013904223U;
            elements[e] = (struct nwc__bufr_element){codes[(dice >> 8) % (sizeof codes / sizeof codes[0])],
                                                     values[(dice >> 20) % (sizeof values / sizeof values[0])], NULL};
        }
        nwc_obs_destroy(subset_of(k % 3 * 3 % 7, elements, 60));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soundings_are_read_level_by_level),
        cmocka_unit_test(compressed_subsets_are_taken_apart),
        cmocka_unit_test(a_message_at_fault_leaves_the_others),
        cmocka_unit_test(the_section_of_a_centre_is_passed_over),
        cmocka_unit_test(cut_off_anywhere_the_whole_messages_remain),
        cmocka_unit_test(a_failure_of_memory_leaves_none),
        cmocka_unit_test(gates_of_profilers_stand_above_station_or_sea),
        cmocka_unit_test(values_of_stations_have_their_periods_and_heights),
        cmocka_unit_test(increments_before_a_replication_move_the_time_at_each_repetition),
        cmocka_unit_test(stations_have_one_of_several_identifiers),
        cmocka_unit_test(elements_in_any_order_give_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Storm cells and winds of NEXRAD Level III and CINRAD's PUP, made by hand in the form of real products. */
#include "io/internal.h"
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"
#include "support/made_files.h"
#include "support/support.h"

enum { ROOM = 1 << 15, BLOCK = 8, COPY = 120 };

#define KNOT 0.514444
#define MILE 1852.0
#define KFT 304.8
#define ANTENNA 304.8 /* 1000 feet */

struct made {
    uint8_t bytes[ROOM];
    int64_t size;
};

static struct made made;

static void add_short(int value)
{
    put_short(made.bytes + made.size, value);
    made.size += 2;
}

/* Headers, and symbology whose packets follow. */
static void begin(int code)
{
    memset(&made, 0, sizeof made);
    begin_level3(made.bytes, code, LEVEL3_BEGIN);
    made.size = LEVEL3_BEGIN;
}

/* Text in a block of its own behind the symbology, whose layer ends here, or in its place. */
static void begin_text(bool alone, int pages)
{
    if (alone) {
        made.size = 120;
    } else {
        if (!made.bytes[115]) put_word(made.bytes + 132, (uint32_t)(made.size - LEVEL3_BEGIN));
        put_word(made.bytes + 116, (uint32_t)(made.size / 2));
        put_short(made.bytes + made.size, -1), put_short(made.bytes + made.size + 2, 3);
        made.size += BLOCK + COPY;
    }
    add_short(-1), add_short(pages);
}

static void add_line(const char *line)
{
    const size_t n = strlen(line) + strlen(line) % 2;
    add_short((int)n);
    memset(made.bytes + made.size, ' ', n);
    memcpy(made.bytes + made.size, line, strlen(line));
    made.size += (int64_t)n;
}

static void add_text(int i, int j, const char *text)
{
    const size_t n = strlen(text) + strlen(text) % 2;
    add_short(8), add_short(6 + (int)n), add_short(6), add_short(i), add_short(j);
    memset(made.bytes + made.size, ' ', n);
    memcpy(made.bytes + made.size, text, strlen(text));
    made.size += (int64_t)n;
}

/* A page of attributes behind the symbology, before the text; where it begins. */
static void add_page(const char *names, const char *echoes)
{
    const int64_t at = made.size;
    put_word(made.bytes + 132, (uint32_t)(at - LEVEL3_BEGIN)), put_word(made.bytes + 112, (uint32_t)(at / 2));
    put_short(made.bytes + at, -1), put_short(made.bytes + at + 2, 2), put_short(made.bytes + at + 8, 1);
    put_short(made.bytes + at + 10, 1);
    made.size += 14;
    add_text(0, 1, names), add_text(0, 11, " AZ/RAN    215/ 91"), add_text(0, 41, echoes);
    put_short(made.bytes + at + 12, (int)(made.size - at - 14));
}

static nwc_status read_cells(nwc_ctx *ctx, nwc__level3_cell **cells, int64_t *n)
{
    nwc__level3 level3;
    *cells = NULL;
    nwc_status status = nwc__level3_open(ctx, made.bytes, made.size, INT64_C(1) << 30, &level3);
    if (status == NWC_OK) status = nwc__level3_read_cells(ctx, &level3, cells, n);
    nwc__level3_close(ctx, &level3);
    return status;
}

static nwc_status read_winds(nwc_ctx *ctx, nwc__level3_wind **winds, int64_t *n)
{
    nwc__level3 level3;
    *winds = NULL;
    nwc_status status = nwc__level3_open(ctx, made.bytes, made.size, INT64_C(1) << 30, &level3);
    if (status == NWC_OK) status = nwc__level3_read_winds(ctx, &level3, winds, n);
    nwc__level3_close(ctx, &level3);
    return status;
}

static void make_tracks(bool metric)
{
    begin(58);
    add_page(" STORM ID        Y1        U0        Q7 ", " DBZM HGT   66 24.0   61 19.5   45  5.5 ");
    begin_text(false, 2);
    add_line("                            STORM POSITION/FORECAST                             ");
    add_line(" STORM    CURRENT POSITION              FORECAST POSITIONS               ERROR  ");
    add_line(metric ? "        (DEG/KM)  (DEG/MS)    (DEG/KM)  (DEG/KM)"
                    : "        (DEG/NM)  (DEG/KTS)   (DEG/NM)  (DEG/NM)");
    add_line("");
    add_line("  Y1     215/ 91   250/ 20     213/ 87   211/ 83   208/ 80   NO DATA    0.9/ 0.6");
    add_line("  U0      29/111   240/ 35      31/119    33/126   NO DATA   NO DATA    1.4/ 0.9");
    add_short(-1);
    add_line("  F2     270/ 21     NEW       NO DATA   NO DATA   NO DATA   NO DATA    0.0/ 0.0");
    add_line("    230   (DEG) DEFAULT (DIRECTION)      2.5   (M/S) THRESH (MINIMUM SPEED)     ");
    add_short(-1);
}

static void tracks_are_in_the_units_of_their_heading(void **state)
{
    (void)state;
    for (int metric = 0; metric < 2; metric++) {
        const double length = metric ? 1000.0 : MILE, speed = metric ? 1.0 : KNOT;
        nwc__level3_cell *cells;
        int64_t n;
        make_tracks(metric);
        assert_ok(read_cells(nwc__ctx(NULL), &cells, &n));
        assert_int_equal(n, 3);
        assert_string_equal(cells[0].id, "Y1");
        assert_near(cells[0].azimuth_deg, 215.0, 0.0);
        assert_near(cells[0].range_m, 91.0 * length, 1e-6);
        assert_near(cells[0].from_deg, 250.0, 0.0);
        assert_near(cells[0].speed_m_s, 20.0 * speed, 1e-4);
        assert_near(cells[0].ahead_deg[2], 208.0, 0.0);
        assert_near(cells[0].ahead_m[2], 80.0 * length, 1e-6);
        assert_true(isnan(cells[0].ahead_deg[3]) && isnan(cells[0].ahead_m[3]));
        assert_near(cells[0].error_m, 0.9 * length, 1e-6);
        assert_true(isnan(cells[0].top_m) && isnan(cells[0].hail));
        assert_near(cells[0].max_dbz, 66.0, 0.0);
        assert_near(cells[1].max_height_m, ANTENNA + 19.5 * (metric ? 1000.0 : KFT), 1e-6);
        assert_true(isnan(cells[2].max_dbz));
        assert_string_equal(cells[2].id, "F2");
        assert_true(isnan(cells[2].speed_m_s) && isnan(cells[2].ahead_m[0]) && isnan(cells[2].error_m));
        nwc__free(nwc__ctx(NULL), cells);
    }
}

static void heights_are_counted_from_the_radar(void **state)
{
    (void)state;
    nwc__level3_cell *cells;
    int64_t n;
    begin(62);
    begin_text(true, 1);
    add_line("   STORM      AZRAN      BASE     TOP    CELL BASED VIL    MAX REF    HEIGHT    ");
    add_line("     ID      DEG/NM       KFT     KFT       KG/M**2          DBZ        KFT     ");
    add_line("     M0      309/  8    < 0.7   >18.1          30             65       10.2     ");
    add_line("     F2      270/ 21     16.1    32.1          27             58       21.7     ");
    add_short(-1);
    assert_ok(read_cells(nwc__ctx(NULL), &cells, &n));
    assert_int_equal(n, 2);
    assert_near(cells[0].base_m, ANTENNA + 0.7 * KFT, 1e-6);
    assert_near(cells[0].top_m, ANTENNA + 18.1 * KFT, 1e-6);
    assert_true(cells[0].base_below && cells[0].top_above);
    assert_true(!cells[1].base_below && !cells[1].top_above);
    assert_near(cells[0].vil_kg_m2, 30.0, 0.0);
    assert_near(cells[0].max_dbz, 65.0, 0.0);
    assert_near(cells[0].max_height_m, ANTENNA + 10.2 * KFT, 1e-6);
    nwc__free(nwc__ctx(NULL), cells);
}

static void hail_has_the_places_of_its_symbols(void **state)
{
    (void)state;
    nwc__level3_cell *cells;
    int64_t n;
    begin(59);
    add_short(15), add_short(12);
    add_short(-400), add_short(0), memcpy(made.bytes + made.size, "D0", 2), made.size += 2;
    add_short(120), add_short(160), memcpy(made.bytes + made.size, "Y1", 2), made.size += 2;
    begin_text(false, 1);
    add_line("        ID        SEVERE HAIL (%)         HAIL (%)         HAIL SIZE (IN)       ");
    add_line("        Y1             100                   70                 2.50            ");
    add_line("        D0               0                   10                 0.00            ");
    add_line("        E1         UNKNOWN              UNKNOWN              UNKNOWN            ");
    add_short(-1);
    assert_ok(read_cells(nwc__ctx(NULL), &cells, &n));
    assert_int_equal(n, 3);
    assert_near(cells[0].severe_hail, 1.0, 1e-9);
    assert_near(cells[0].hail, 0.7, 1e-9);
    assert_near(cells[0].hail_mm, 63.5, 1e-9);
    assert_near(cells[0].range_m, 50000.0, 1e-6);
    assert_near(cells[0].azimuth_deg, 36.8699, 1e-4);
    assert_near(cells[1].azimuth_deg, 270.0, 1e-9);
    assert_true(isnan(cells[2].hail) && isnan(cells[2].hail_mm) && isnan(cells[2].range_m));
    nwc__free(nwc__ctx(NULL), cells);
}

static void circulations_name_their_storm(void **state)
{
    (void)state;
    nwc__level3_cell *cells;
    int64_t n;
    begin(141);
    begin_text(false, 1);
    add_line(" CIRC  AZRAN   SR STM |-LOW LEVEL-|  |--DEPTH--|  |-MAX RV-| TVS  MOTION   MSI  ");
    add_line("  ID   deg/nm     ID  RV   DV  BASE  kft STMREL%  kft    kts     deg/kts        ");
    add_line("  10  264/  9 13  M0  74   83   10    11   40      16     77  N           9464  ");
    add_line(" 992  214/ 92  6L Y1  37   32  <11   >22   81      11     37  Y  266/  5  3354  ");
    add_short(-1);
    assert_ok(read_cells(nwc__ctx(NULL), &cells, &n));
    assert_int_equal(n, 2);
    assert_string_equal(cells[0].id, "10");
    assert_string_equal(cells[0].storm, "M0");
    assert_near(cells[0].rotation_m_s, 77.0 * KNOT, 1e-3);
    assert_near(cells[0].base_m, ANTENNA + 10.0 * KFT, 1e-6);
    assert_near(cells[0].top_m, ANTENNA + 21.0 * KFT, 1e-6);
    assert_true(isnan(cells[0].speed_m_s));
    assert_string_equal(cells[1].id, "992");
    assert_near(cells[1].from_deg, 266.0, 0.0);
    assert_near(cells[1].speed_m_s, 5.0 * KNOT, 1e-4);
    assert_true(cells[1].base_below && cells[1].top_above);
    nwc__free(nwc__ctx(NULL), cells);

    begin(61);
    begin_text(false, 1);
    add_line(" Type    ID   (deg,nm)  (kt)  (kt)  (kt,kft)   (kft)     (kft)     (E-3/s,kft)  ");
    add_line("  TVS    M0   268/ 12    79   126   130/ 0.8   >19.1  < 0.8/>19.8   179/ 6.2    ");
    add_line(" ETVS    D0   211/ 52    29    30    72/12.0    20.9    7.0/ 28.0    22/12.0    ");
    add_short(-1);
    assert_ok(read_cells(nwc__ctx(NULL), &cells, &n));
    assert_int_equal(n, 2);
    assert_string_equal(cells[0].storm, "M0");
    assert_near(cells[0].low_difference_m_s, 126.0 * KNOT, 1e-3);
    assert_near(cells[0].difference_m_s, 130.0 * KNOT, 1e-3);
    assert_near(cells[0].base_m, ANTENNA + 0.8 * KFT, 1e-6);
    assert_near(cells[1].top_m, ANTENNA + 28.0 * KFT, 1e-6);
    assert_true(cells[0].top_above && !cells[1].top_above);
    nwc__free(nwc__ctx(NULL), cells);
}

/* Columns of 00:58 and, of the day before, 23:54 beside a volume of 01:00; rows of 2 and 3, of kft or about a kft. */
static void make_winds(bool metric, bool table)
{
    begin(48);
    add_text(2, 2, metric ? "ALT KM  " : "ALT KFT ");
    add_text(11, 490, "TIME");
    add_text(460, 490, "0058"), add_text(76, 490, "2354");
    add_text(31, 450, metric ? " 0.6" : " 2"), add_text(31, 435, metric ? " 0.9" : " 3");
    add_text(480, 450, "ND");
    add_short(4), add_short(30);
    add_short(2), add_short(474), add_short(454), add_short(232), add_short(56);
    add_short(1), add_short(474), add_short(439), add_short(0), add_short(10);
    add_short(1), add_short(90), add_short(455), add_short(90), add_short(20);
    add_short(4), add_short(10);
    add_short(1), add_short(300), add_short(454), add_short(90), add_short(20); /* of no column */
    begin_text(false, 2);
    if (table) {
        add_line("                    VAD Algorithm Output  05/20/13  20:16                       ");
        add_line("    ALT      U       V       W    DIR   SPD   RMS     DIV     SRNG    ELEV      ");
        add_line("   100ft    m/s     m/s    cm/s   deg   kts   kts    E-3/s     nm      deg      ");
        add_line("    016    -3.0     4.0     NA    143   010   5.7      NA      5.67    0.5      ");
        add_line("    024    -1.0     0.0     1.4   090   002   5.5   -0.0429   16.20    0.5      ");
    }
    add_short(-1);
    add_line("   ADAPTABLE PARAMETERS - WIND PROFILE            ");
    add_line("         2000   3000   4000   5000   6000   7000  8000");
    add_short(-1);
}

static void barbs_stand_in_columns_and_rows(void **state)
{
    (void)state;
    for (int metric = 0; metric < 2; metric++) {
        const int64_t day = INT64_C(86400000000000), at = 15000 * day;
        nwc__level3_wind *winds;
        int64_t n;
        make_winds(metric, false);
        assert_ok(read_winds(nwc__ctx(NULL), &winds, &n));
        assert_int_equal(n, 3);
        assert_int_equal(winds[0].time_ns, at + INT64_C(58) * 60 * 1000000000);
        assert_near(winds[0].height_m, 2.0 * KFT, 1e-6);
        assert_near(winds[0].from_deg, 232.0, 0.0);
        assert_near(winds[0].speed_m_s, 56.0 * KNOT, 1e-3);
        assert_true(isnan(winds[0].spread_m_s) && isnan(winds[0].up_m_s));
        assert_near(winds[1].height_m, 3.0 * KFT, 1e-6);
        assert_int_equal(winds[2].time_ns, at - INT64_C(6) * 60 * 1000000000);
        nwc__free(nwc__ctx(NULL), winds);
    }
}

static void a_table_stands_for_the_barbs_of_its_time(void **state)
{
    (void)state;
    nwc__level3_wind *winds;
    int64_t n;
    make_winds(false, true);
    assert_ok(read_winds(nwc__ctx(NULL), &winds, &n));
    assert_int_equal(n, 3);
    assert_near(winds[0].height_m, 1.6 * KFT, 1e-6);
    assert_near(winds[0].speed_m_s, 5.0, 1e-9);
    assert_near(winds[0].from_deg, 143.1301, 1e-4);
    assert_near(winds[0].spread_m_s, 5.7 * KNOT, 1e-4);
    assert_true(isnan(winds[0].up_m_s));
    assert_near(winds[1].from_deg, 90.0, 1e-9);
    assert_near(winds[1].up_m_s, 0.014, 1e-9);
    assert_true(winds[1].time_ns == winds[0].time_ns && winds[2].time_ns < winds[0].time_ns);
    nwc__free(nwc__ctx(NULL), winds);
}

static void cells_become_reports_with_their_forecasts(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    nwc_obs_columns columns;
    nwc_obs_station station;
    make_tracks(false);
    assert_string_equal(nwc_obs_sniff(made.bytes, (size_t)made.size), "NEXRAD Level III");
    assert_ok(nwc_obs_decode(NULL, made.bytes, (size_t)made.size, NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_stations, 3);
    assert_int_equal(facts.n_reports, 3);
    assert_int_equal(facts.n_rows,
                     3 + 3 + 3 + 2 + 1); /* speed, direction and echo of two, their forecasts; a new one */
    assert_ok(nwc_obs_get_station(obs, 0, &station));
    assert_string_equal(station.id, "Y1");
    assert_int_equal(station.kind, NWC_OBS_CELL);
    assert_near(station.latitude_deg, 23.004 + 91.0 * MILE / 111195.0 * cos(215.0 * 0.0174533), 0.01);
    assert_near(station.longitude_deg,
                113.355 + 91.0 * MILE / 111195.0 * sin(215.0 * 0.0174533) / cos(22.4 * 0.0174533), 0.01);
    assert_ok(nwc_obs_lend(obs, &columns));
    for (int64_t r = 3; r < 6; r++) { /* the forecasts of the first */
        assert_int_equal(columns.report[r], columns.report[0]);
        assert_int_equal(columns.quantity[r], NWC_QUANTITY_POSITION_ERROR);
        assert_near(columns.value[r], 0.9 * MILE, 1e-6);
        assert_near(columns.lead_s[r], 900.0 * (double)(r - 2), 0.0);
        assert_int_equal(columns.time_ns[r] - columns.time_ns[0], INT64_C(900000000000) * (r - 2));
    }
    assert_near(columns.latitude_deg[5], 23.004 + 80.0 * MILE / 111195.0 * cos(208.0 * 0.0174533), 0.01);
    assert_int_equal(columns.quantity[11], NWC_QUANTITY_CELL_SPEED);
    assert_true(isnan(columns.value[11])); /* a new cell */
    nwc_obs_destroy(obs);
    make_winds(false, true);
    assert_ok(nwc_obs_decode(NULL, made.bytes, (size_t)made.size, NULL, &obs));
    assert_ok(nwc_obs_describe(obs, &facts));
    assert_int_equal(facts.n_stations, 1);
    assert_int_equal(facts.n_reports, 2); /* times */
    assert_int_equal(facts.n_rows, 3 + 4 + 2);
    nwc_obs_destroy(obs);
}

static void a_message_that_is_cut_says_how_much_is_missing(void **state)
{
    (void)state;
    nwc_obs *obs;
    nwc_obs_facts facts;
    make_winds(false, true);
    put_word(made.bytes + 8, (uint32_t)made.size);
    for (int missing = 0; missing < 8; missing += 7) {
        assert_ok(nwc_obs_decode(NULL, made.bytes, (size_t)(made.size - missing), NULL, &obs));
        assert_ok(nwc_obs_describe(obs, &facts));
        assert_string_equal(facts.incomplete, missing ? "the file ends early: 7 bytes are missing" : "");
        nwc_obs_destroy(obs);
    }
}

static nwc_status decode_only(nwc_ctx *ctx, void *user)
{
    (void)user;
    nwc_obs *obs = NULL;
    const nwc_status status = nwc_obs_decode(ctx, made.bytes, (size_t)made.size, NULL, &obs);
    nwc_obs_destroy(obs);
    return status;
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    nwc__level3_cell *cells;
    nwc__level3_wind *winds;
    int64_t n;
    begin(58);
    begin_text(false, 1);
    add_line("                   NUMBER OF STORM CELLS   0      ");
    add_short(-1);
    assert_fails(NWC_ERR_NODATA, "no storm cell in it", read_cells(nwc__ctx(NULL), &cells, &n));
    begin(48);
    add_text(2, 2, "ALT KFT");
    assert_fails(NWC_ERR_NODATA, "no wind in it", read_winds(nwc__ctx(NULL), &winds, &n));
    put_short(made.bytes + 120, 0);
    assert_fails(NWC_ERR_FORMAT, "byte 0 of the symbology", read_winds(nwc__ctx(NULL), &winds, &n));
}

static void a_text_cut_off_anywhere_keeps_its_whole_lines(void **state)
{
    (void)state;
    make_tracks(false);
    const int64_t whole = made.size;
    int64_t before = 0;
    for (int64_t size = 0; size < whole; size++) {
        nwc__level3_cell *cells;
        int64_t n = 0;
        made.size = size;
        const nwc_status status = read_cells(nwc__ctx(NULL), &cells, &n);
        assert_true(status == NWC_OK || status == NWC_ERR_FORMAT || status == NWC_ERR_NODATA);
        assert_true(n >= before && n <= 3);
        before = n;
        nwc__free(nwc__ctx(NULL), cells);
    }
    make_winds(false, true);
    for (int64_t size = made.size; size-- > 0;) {
        nwc__level3_wind *winds;
        int64_t n;
        made.size = size;
        (void)read_winds(nwc__ctx(NULL), &winds, &n);
        nwc__free(nwc__ctx(NULL), winds);
    }
}

static nwc_status read_only(nwc_ctx *ctx, void *user)
{
    const bool *const of_winds = user;
    nwc__level3_cell *cells = NULL;
    nwc__level3_wind *winds = NULL;
    int64_t n;
    const nwc_status status = *of_winds ? read_winds(ctx, &winds, &n) : read_cells(ctx, &cells, &n);
    nwc__free(ctx, cells);
    nwc__free(ctx, winds);
    return status;
}

static void failures_leave_no_memory(void **state)
{
    (void)state;
    bool of_winds = false;
    make_tracks(false);
    assert_true(check_every_allocation_failure(read_only, &of_winds) >= 1);
    of_winds = true;
    make_winds(false, true);
    assert_true(check_every_allocation_failure(read_only, &of_winds) >= 1);
    assert_true(check_every_allocation_failure(decode_only, NULL) > 5);
    make_tracks(false);
    assert_true(check_every_allocation_failure(decode_only, NULL) > 10);
}

static void flipped_bytes_give_an_answer(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 4000; seed++) {
        uint32_t dice = seed * 2654435761U;
        bool of_winds = seed % 2;
        if (of_winds)
            make_winds(seed % 4 == 1, seed % 8 > 4);
        else
            make_tracks(seed % 4);
        for (int k = 0; k < 1 + (int)(seed % 7); k++) {
            dice = dice * 1664525U + 1013904223U;
            made.bytes[(dice >> 8) % (uint32_t)made.size] ^= (uint8_t)(dice >> 3);
        }
        (void)read_only(nwc__ctx(NULL), &of_winds);
        (void)decode_only(NULL, NULL);
    }
}

/* The cells, or the winds, of a real product. */
static void read_real(const char *name, nwc__level3_cell **cells, nwc__level3_wind **winds, int64_t *n)
{
    nwc_ctx *const ctx = nwc__ctx(NULL);
    const char *const path = real_data(name);
    struct nwc__bytes bytes;
    nwc__level3 level3;
    assert_non_null(path);
    assert_ok(nwc__bytes_read(ctx, path, INT64_C(1) << 30, &bytes));
    assert_ok(nwc__level3_open(ctx, bytes.data, bytes.size, INT64_C(1) << 30, &level3));
    assert_ok(cells ? nwc__level3_read_cells(ctx, &level3, cells, n) : nwc__level3_read_winds(ctx, &level3, winds, n));
    nwc__level3_close(ctx, &level3);
    nwc__free(ctx, bytes.data);
}

static const nwc__level3_cell *cell_of(const nwc__level3_cell *cells, int64_t n, const char *id)
{
    for (int64_t c = 0; c < n; c++)
        if (strcmp(cells[c].id, id) == 0) return &cells[c];
    fail_msg("a cell %s expected", id);
    return NULL;
}

static void real_products_of_the_day_of_moore_hold_what_is_known_of_them(void **state)
{
    (void)state;
    static const char folder[] = "radar/nexrad-level3/ktlx-20130520/KOUN_";
    char name[256];
    nwc_ctx *const ctx = nwc__ctx(NULL);
    nwc__level3_cell *cells, *structure;
    nwc__level3_wind *winds;
    int64_t n, m;
    if (!real_data("radar/nexrad-level3")) skip();
    snprintf(name, sizeof name, "%sSDUS34_NSTTLX_201305202016", folder);
    read_real(name, &cells, NULL, &n);
    assert_int_equal(n, 22);
    const nwc__level3_cell *cell = cell_of(cells, n, "Y1");
    assert_near(cell->range_m, 91.0 * MILE, 1e-6);
    assert_near(cell->azimuth_deg, 215.0, 0.0);
    assert_near(cell->max_dbz, 66.0, 0.0);
    assert_near(cell->from_deg, 250.0, 0.0);
    assert_near(cell->speed_m_s, 20.0 * KNOT, 1e-4);
    cell = cell_of(cells, n, "M0");
    assert_near(cell->azimuth_deg, 309.0, 0.0);
    assert_near(cell->range_m, 8.0 * MILE, 1e-6);
    snprintf(name, sizeof name, "%sSDUS64_NSSTLX_201305202016", folder);
    read_real(name, &structure, NULL, &m);
    assert_int_equal(m, n);
    for (int64_t c = 0; c < m; c++) { /* two ways of saying the same */
        cell = cell_of(cells, n, structure[c].id);
        assert_near(cell->max_dbz, structure[c].max_dbz, 0.0);
        assert_near(cell->max_height_m, structure[c].max_height_m, 1e-6);
        assert_near(cell->range_m, structure[c].range_m, 1e-6);
    }
    nwc__free(ctx, structure);
    nwc__free(ctx, cells);
    snprintf(name, sizeof name, "%sSDUS34_NMDTLX_201305202016", folder);
    read_real(name, &cells, NULL, &n);
    assert_int_equal(n, 6);
    assert_string_equal(cells[0].storm, "M0");
    assert_near(cells[0].azimuth_deg, 264.0, 0.0);
    assert_near(cells[0].range_m, 9.0 * MILE, 1e-6);
    nwc__free(ctx, cells);
    snprintf(name, sizeof name, "%sSDUS64_NTVTLX_201305202016", folder);
    read_real(name, &cells, NULL, &n);
    assert_int_equal(n, 4);
    assert_near(cells[0].azimuth_deg, 268.0, 0.0);
    assert_near(cells[0].low_difference_m_s, 126.0 * KNOT, 1e-3);
    nwc__free(ctx, cells);
    snprintf(name, sizeof name, "%sSDUS64_NHITLX_201305202016", folder);
    read_real(name, &cells, NULL, &n);
    cell = cell_of(cells, n, "Y1");
    assert_near(cell->hail, 1.0, 0.0);
    assert_near(cell->severe_hail, 1.0, 0.0);
    assert_near(cell->hail_mm, 63.5, 1e-9);
    assert_near(cell->azimuth_deg, 215.0, 0.6);
    assert_near(cell->range_m, 91.0 * MILE, MILE);
    nwc__free(ctx, cells);
    snprintf(name, sizeof name, "%sSDUS34_NVWTLX_201305202016", folder);
    read_real(name, NULL, &winds, &n);
    assert_near(winds[42].height_m, 40.0 * KFT, 1e-6); /* the strongest, as its headers say: 250 degrees, 78 knots */
    assert_near(winds[42].speed_m_s, 78.0 * KNOT, 0.3);
    assert_near(winds[42].from_deg, 250.0, 0.5);
    nwc__free(ctx, winds);
}

static void real_products_of_guangzhou_hold_what_is_known_of_them(void **state)
{
    (void)state;
    static const struct {
        const char *time;
        int64_t cells;
    } known[] = {{"013001", 2}, {"020000", 3}, {"030000", 10}, {"033601", 8}, {"042400", 15}};
    nwc_ctx *const ctx = nwc__ctx(NULL);
    nwc__level3_cell *cells = NULL;
    nwc__level3_wind *winds;
    int64_t n = 0;
    if (!real_data("radar/cinrad-pup")) skip();
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        char name[256];
        nwc__free(ctx, cells);
        snprintf(name, sizeof name, "radar/cinrad-pup/z9200-20110916/STI-58/20110916.%s.00.58.200", known[k].time);
        read_real(name, &cells, NULL, &n);
        assert_int_equal(n, known[k].cells);
    }
    assert_string_equal(cells[0].id, "V5");
    assert_near(cells[0].azimuth_deg, 15.0, 0.0);
    assert_near(cells[0].range_m, 234e3, 1e-6);
    const nwc__level3_cell *const cell = cell_of(cells, n, "J4");
    assert_near(cell->azimuth_deg, 325.0, 0.0);
    assert_near(cell->range_m, 174e3, 1e-6);
    assert_near(cell->from_deg, 53.0, 0.0);
    assert_near(cell->speed_m_s, 2.0, 0.0);
    nwc__free(ctx, cells);
    read_real("radar/cinrad-pup/z9200-20110916/VWP-48/20110916.013001.00.48.200", NULL, &winds, &n);
    assert_int_equal(n, 111); /* as many as there are barbs */
    nwc__free(ctx, winds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tracks_are_in_the_units_of_their_heading),
        cmocka_unit_test(heights_are_counted_from_the_radar),
        cmocka_unit_test(hail_has_the_places_of_its_symbols),
        cmocka_unit_test(circulations_name_their_storm),
        cmocka_unit_test(barbs_stand_in_columns_and_rows),
        cmocka_unit_test(a_table_stands_for_the_barbs_of_its_time),
        cmocka_unit_test(cells_become_reports_with_their_forecasts),
        cmocka_unit_test(a_message_that_is_cut_says_how_much_is_missing),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_text_cut_off_anywhere_keeps_its_whole_lines),
        cmocka_unit_test(failures_leave_no_memory),
        cmocka_unit_test(flipped_bytes_give_an_answer),
        cmocka_unit_test(real_products_of_the_day_of_moore_hold_what_is_known_of_them),
        cmocka_unit_test(real_products_of_guangzhou_hold_what_is_known_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Volumes read while their bytes arrive: the same as read at once, whatever the pieces. */
#define _DEFAULT_SOURCE
#include "io/internal.h"
#include "radar/format/encode.h"
#include "support/made_cinrad.h"
#include "support/made_volume.h"
#include "support/scratch.h"

#include <dirent.h>

static uint32_t seed = 1;

/* 1 to most. */
static int64_t chance(int64_t most)
{
    seed = seed * 1664525u + 1013904223u;
    return 1 + (int64_t)(seed >> 8) % most;
}

static bool same(float a, float b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* All of them to the bit. */
static void assert_equal(const nwc_volume *a, const nwc_volume *b)
{
    nwc_volume_facts x, y;
    assert_ok(nwc_volume_describe(a, &x));
    assert_ok(nwc_volume_describe(b, &y));
    assert_string_equal(x.incomplete, y.incomplete);
    assert_string_equal(x.site, y.site);
    assert_string_equal(x.version, y.version);
    assert_string_equal(x.scan_name, y.scan_name);
    assert_true(x.time_ns == y.time_ns && same((float)x.latitude_deg, (float)y.latitude_deg));
    assert_int_equal(x.n_sweeps, y.n_sweeps);
    for (int32_t s = 0; s < x.n_sweeps; s++) {
        nwc_sweep p, q;
        assert_ok(nwc_volume_sweep(a, s, &p));
        assert_ok(nwc_volume_sweep(b, s, &q));
        assert_string_equal(p.incomplete, q.incomplete);
        assert_true(p.fixed_angle_deg == q.fixed_angle_deg && p.n_rays == q.n_rays && p.n_moments == q.n_moments);
        assert_memory_equal(p.azimuth_deg, q.azimuth_deg, (size_t)p.n_rays * sizeof(float));
        assert_memory_equal(p.time_ns, q.time_ns, (size_t)p.n_rays * sizeof(int64_t));
        for (int32_t m = 0; m < p.n_moments; m++) {
            nwc_moment u, v;
            assert_ok(nwc_volume_moment(a, s, m, &u));
            assert_ok(nwc_volume_moment(b, s, m, &v));
            assert_string_equal(u.name, v.name);
            assert_true(u.field.dim[1] == v.field.dim[1] && !u.flags.data == !v.flags.data);
            const int64_t cells = u.field.dim[0] * u.field.dim[1];
            for (int64_t c = 0; c < cells; c++)
                if (!same(u.field.data[c], v.field.data[c]) || (u.flags.data && u.flags.data[c] != v.flags.data[c]))
                    fail_msg("sweep %d, %s: cell %lld differs", (int)s, u.name, (long long)c);
        }
    }
}

/* Bytes read at once, through a file; NULL where they cannot be. */
static nwc_volume *at_once(const uint8_t *bytes, int64_t size, nwc_status *status)
{
    const char *const name = scratch_path;
    nwc_volume *volume;
    put_scratch(bytes, size);
    *status = nwc_volume_open(NULL, &name, 1, NULL, &volume);
    return volume;
}

/* The same in pieces of 1 to most bytes; status that of the first call that failed. */
static nwc_volume_stream *in_pieces(const uint8_t *bytes, int64_t size, int64_t most, nwc_status *status)
{
    nwc_volume_stream *stream;
    assert_ok(nwc_volume_stream_create(NULL, NULL, &stream));
    *status = NWC_OK;
    for (int64_t at = 0; at < size && *status == NWC_OK;) {
        const int64_t wanted = chance(most), n = wanted < size - at ? wanted : size - at;
        *status = nwc_volume_stream_feed(NULL, stream, bytes + at, (size_t)n);
        at += n;
    }
    if (*status == NWC_OK) *status = nwc_volume_stream_end(NULL, stream);
    return stream;
}

static void assert_pieces_make_the_whole(const uint8_t *bytes, int64_t size, int64_t most)
{
    nwc_status whole_status, status;
    const nwc_volume *volume;
    int32_t complete;
    nwc_volume *const whole = at_once(bytes, size, &whole_status);
    nwc_volume_stream *const stream = in_pieces(bytes, size, most, &status);
    if (whole_status == NWC_OK) {
        if (status != NWC_OK) fail_msg("%lld bytes: %s", (long long)size, nwc_error_text());
        assert_ok(nwc_volume_stream_look(stream, &volume, &complete));
        assert_equal(whole, volume);
    } else {
        assert_int_equal(status, whole_status);
    }
    nwc_volume_stream_destroy(stream);
    nwc_volume_destroy(whole);
}

typedef nwc_status (*encode_fn)(nwc_ctx *ctx, const nwc_volume *volume, struct nwc__buffer *buffer);

static struct nwc__buffer encoded(encode_fn encode)
{
    struct nwc__buffer buffer = {.ctx = nwc__ctx(NULL)};
    nwc_volume *volume;
    assert_ok(make_volume(NULL, &volume));
    assert_ok(encode(buffer.ctx, volume, &buffer));
    nwc_volume_destroy(volume);
    return buffer;
}

static const encode_fn encoders[] = {nwc__nexrad_encode, nwc__cma_encode};

static void pieces_of_any_size_make_the_same_volume(void **state)
{
    (void)state;
    for (int e = 0; e < 2; e++) {
        struct nwc__buffer buffer = encoded(encoders[e]);
        assert_pieces_make_the_whole(buffer.data, buffer.size, 1);
        for (int k = 0; k < 6; k++) assert_pieces_make_the_whole(buffer.data, buffer.size, chance(5000));
        assert_pieces_make_the_whole(buffer.data, buffer.size, buffer.size);
        nwc__free(buffer.ctx, buffer.data);
    }
}

static void a_volume_that_ends_early_is_what_it_is_at_once(void **state)
{
    (void)state;
    for (int e = 0; e < 2; e++) {
        struct nwc__buffer buffer = encoded(encoders[e]);
        for (int64_t n = 40; n < buffer.size; n += 1 + buffer.size / 60)
            assert_pieces_make_the_whole(buffer.data, n, 700);
        nwc__free(buffer.ctx, buffer.data);
    }
}

static void sweeps_come_when_they_are_whole(void **state)
{
    (void)state;
    struct nwc__buffer buffer = encoded(nwc__cma_encode);
    const int64_t headers = 416 + 2 * 256, first = MADE_RAYS * (64 + 32 + MADE_GATES - 2);
    nwc_volume_stream *stream;
    nwc_volume_facts facts;
    const nwc_volume *volume;
    nwc_moment early, late;
    int32_t complete;
    assert_ok(nwc_volume_stream_create(NULL, NULL, &stream));
    assert_ok(nwc_volume_stream_look(stream, &volume, &complete));
    assert_null(volume);
    assert_ok(nwc_volume_stream_feed(NULL, stream, buffer.data, (size_t)(headers + first - 1)));
    assert_ok(nwc_volume_stream_look(stream, &volume, &complete));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 0); /* a byte of the last radial is missing */
    assert_ok(nwc_volume_stream_feed(NULL, stream, buffer.data + headers + first - 1, 1));
    assert_ok(nwc_volume_describe(volume, &facts));
    assert_int_equal(facts.n_sweeps, 1);
    assert_string_equal(facts.site, "KTST");
    assert_string_equal(facts.incomplete, "");
    assert_ok(nwc_volume_moment(volume, 0, 0, &early));
    assert_ok(
        nwc_volume_stream_feed(NULL, stream, buffer.data + headers + first, (size_t)(buffer.size - headers - first)));
    assert_ok(nwc_volume_stream_look(stream, &volume, &complete));
    assert_int_equal(complete, 1);
    assert_ok(nwc_volume_moment(volume, 0, 0, &late));
    assert_ptr_equal(early.field.data, late.field.data); /* it stays where it was */
    assert_ok(nwc_volume_stream_end(NULL, stream));
    assert_fails(NWC_ERR_ARG, "it has ended", nwc_volume_stream_feed(NULL, stream, buffer.data, 1));
    nwc_volume_stream_destroy(stream);
    nwc__free(buffer.ctx, buffer.data);
}

/* A phased array of two elevations, one after the other or both of each azimuth together. */
static void make_phased(bool together)
{
    begin_cma(16, 2);
    for (int k = 0; k < 2 * CINRAD_RAYS; k++) {
        const int r = together ? k / 2 : k % CINRAD_RAYS, cut = together ? 1 + k % 2 : 1 + k / CINRAD_RAYS;
        put_cma_radial(true, r, r == 0 ? 0 : r < CINRAD_RAYS - 1 ? 1 : cut == 1 ? 2 : 4, cut);
    }
}

static int32_t sweeps_of(const nwc_volume_stream *stream, int32_t *complete)
{
    const nwc_volume *volume;
    nwc_volume_facts facts;
    assert_ok(nwc_volume_stream_look(stream, &volume, complete));
    if (!volume) return 0;
    assert_ok(nwc_volume_describe(volume, &facts));
    return facts.n_sweeps;
}

static void elevations_of_a_phased_array_come_when_they_are_whole(void **state)
{
    (void)state;
    for (int together = 0; together < 2; together++) {
        nwc_volume_stream *stream;
        int32_t complete;
        make_phased(together);
        for (int k = 0; k < 4; k++) assert_pieces_make_the_whole(made.bytes, made.size, chance(900));
        for (int64_t n = 1500; n < made.size; n += 97) assert_pieces_make_the_whole(made.bytes, n, 700);
        /* The last radial of all has not come. */
        const int64_t last = 128 + 4 * 32 + 3 * CINRAD_GATES + CINRAD_GATES + 3 - (CINRAD_RAYS - 1);
        assert_ok(nwc_volume_stream_create(NULL, NULL, &stream));
        assert_ok(nwc_volume_stream_feed(NULL, stream, made.bytes, (size_t)(made.size - last)));
        assert_int_equal(sweeps_of(stream, &complete), 1);
        assert_int_equal(complete, 0);
        assert_ok(nwc_volume_stream_feed(NULL, stream, made.bytes + made.size - last, (size_t)last));
        assert_int_equal(sweeps_of(stream, &complete), 2);
        assert_int_equal(complete, 1);
        assert_ok(nwc_volume_stream_end(NULL, stream));
        nwc_volume_stream_destroy(stream);
    }
}

static void make_records(int length)
{
    memset(&made, 0, sizeof made);
    for (int k = 0; k < 2 * CINRAD_RAYS; k++) {
        const int r = k % CINRAD_RAYS, cut = 1 + k / CINRAD_RAYS;
        put_cinrad_record(length, r, k == 0 ? 3 : r == 0 ? 0 : r < CINRAD_RAYS - 1 ? 1 : cut == 1 ? 2 : 4, cut);
    }
}

static void records_of_2001_come_sweep_by_sweep(void **state)
{
    (void)state;
    static const int lengths[] = {2432, 4132};
    for (int l = 0; l < 2; l++) {
        nwc_volume_stream *stream;
        int32_t complete;
        make_records(lengths[l]);
        for (int k = 0; k < 4; k++) assert_pieces_make_the_whole(made.bytes, made.size, chance(9000));
        for (int64_t n = lengths[l]; n < made.size; n += 1 + lengths[l] / 3)
            assert_pieces_make_the_whole(made.bytes, n, 5000);
        assert_ok(nwc_volume_stream_create(NULL, NULL, &stream));
        assert_ok(nwc_volume_stream_feed(NULL, stream, made.bytes, (size_t)(CINRAD_RAYS * lengths[l] - 1)));
        assert_int_equal(sweeps_of(stream, &complete), 0);
        assert_ok(nwc_volume_stream_feed(NULL, stream, made.bytes + CINRAD_RAYS * lengths[l] - 1, 1));
        assert_int_equal(sweeps_of(stream, &complete), 1);
        assert_int_equal(complete, 0);
        const int64_t half = CINRAD_RAYS * (int64_t)lengths[l];
        assert_ok(nwc_volume_stream_feed(NULL, stream, made.bytes + half, (size_t)half));
        assert_int_equal(sweeps_of(stream, &complete), 2);
        assert_int_equal(complete, 1);
        nwc_volume_stream_destroy(stream);
    }
    /* One that no length fits. */
    nwc_volume_stream *stream;
    make_records(2432);
    assert_ok(nwc_volume_stream_create(NULL, NULL, &stream));
    assert_ok(nwc_volume_stream_feed(NULL, stream, made.bytes, 2000));
    assert_fails(NWC_ERR_FORMAT, "records of 2432, 4132 or 3132 bytes expected", nwc_volume_stream_end(NULL, stream));
    nwc_volume_stream_destroy(stream);
}

static void a_damaged_record_costs_only_what_was_in_it(void **state)
{
    (void)state;
    struct nwc__buffer buffer = encoded(nwc__nexrad_encode);
    uint8_t *const bytes = buffer.data;
    /* A wrong length, as in some old archives; then damage within the metadata, and within the last record. */
    for (int kind = 0; kind < 3; kind++) {
        uint8_t *const copy = malloc((size_t)buffer.size);
        memcpy(copy, bytes, (size_t)buffer.size);
        if (kind == 0) copy[27] ^= 3;
        if (kind == 1) copy[60] ^= 0x55;
        if (kind == 2) copy[buffer.size - 200] ^= 0x55;
        for (int k = 0; k < 4; k++) assert_pieces_make_the_whole(copy, buffer.size, chance(2000));
        free(copy);
    }
    nwc__free(buffer.ctx, buffer.data);
}

static void what_cannot_be_read_so_is_refused(void **state)
{
    (void)state;
    nwc_volume_stream *stream;
    const nwc_volume *volume;
    int32_t complete;
    nwc_read_options options;
    char sweep_file[128] = "SSWB";
    assert_fails(NWC_ERR_ARG, "stream: a place", nwc_volume_stream_create(NULL, NULL, NULL));
    assert_fails(NWC_ERR_ARG, "stream: a stream", nwc_volume_stream_feed(NULL, NULL, "", 0));
    assert_ok(nwc_volume_stream_create(NULL, NULL, &stream));
    assert_fails(NWC_ERR_ARG, "bytes: bytes", nwc_volume_stream_feed(NULL, stream, NULL, 4));
    assert_fails(NWC_ERR_ARG, "a stream and places", nwc_volume_stream_look(stream, &volume, NULL));
    assert_fails(NWC_ERR_UNSUPPORTED, "DORADE found", nwc_volume_stream_feed(NULL, stream, sweep_file, 128));
    assert_fails(NWC_ERR_ARG, "it failed before", nwc_volume_stream_end(NULL, stream));
    assert_ok(nwc_volume_stream_look(stream, &volume, &complete));
    nwc_volume_stream_destroy(stream);
    assert_ok(nwc_volume_stream_create(NULL, NULL, &stream));
    assert_fails(NWC_ERR_UNSUPPORTED, "none of them found", nwc_volume_stream_end(NULL, stream));
    nwc_volume_stream_destroy(stream);
    nwc_read_options_init(&options);
    options.max_bytes = 10;
    assert_ok(nwc_volume_stream_create(NULL, &options, &stream));
    assert_fails(NWC_ERR_NOMEM, "limit of 10", nwc_volume_stream_feed(NULL, stream, sweep_file, 128));
    nwc_volume_stream_destroy(stream);
    options.max_bytes = 0;
    assert_fails(NWC_ERR_ARG, "max_bytes", nwc_volume_stream_create(NULL, &options, &stream));
    nwc_volume_stream_destroy(NULL);
}

static nwc_status feed_all(nwc_ctx *ctx, void *user)
{
    const struct nwc__buffer *const buffer = user;
    nwc_volume_stream *stream;
    nwc_status status = nwc_volume_stream_create(ctx, NULL, &stream);
    for (int64_t at = 0; at < buffer->size && status == NWC_OK; at += 3000)
        status = nwc_volume_stream_feed(ctx, stream, buffer->data + at,
                                        (size_t)(buffer->size - at < 3000 ? buffer->size - at : 3000));
    if (status == NWC_OK) status = nwc_volume_stream_end(ctx, stream);
    nwc_volume_stream_destroy(stream);
    return status;
}

static void every_allocation_failure_is_reported_without_a_leak(void **state)
{
    (void)state;
    for (int e = 0; e < 2; e++) {
        struct nwc__buffer buffer = encoded(encoders[e]);
        assert_true(check_every_allocation_failure(feed_all, &buffer) > 10);
        nwc__free(buffer.ctx, buffer.data);
    }
    for (int kind = 0; kind < 2; kind++) {
        if (kind == 0)
            make_phased(false);
        else
            make_records(2432);
        struct nwc__buffer buffer = {.data = made.bytes, .size = made.size};
        assert_true(check_every_allocation_failure(feed_all, &buffer) > 10);
    }
}

static int no_dots(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void real_chunks_make_the_same_volume_byte_by_byte(void **state)
{
    (void)state;
    const char *const found = real_data("radar/nexrad/chunks-klot-20190617");
    if (!found) skip();
    char folder[4096], name[8192];
    snprintf(folder, sizeof folder, "%s", found);
    struct dirent **entries;
    const int n = scandir(folder, &entries, no_dots, alphasort);
    assert_int_equal(n, 43);
    uint8_t *joined = NULL;
    int64_t size = 0;
    for (int k = 0; k < n; k++) {
        struct nwc__bytes chunk;
        snprintf(name, sizeof name, "%s/%s", folder, entries[k]->d_name);
        assert_ok(nwc__bytes_read(nwc__ctx(NULL), name, INT64_C(1) << 30, &chunk));
        joined = realloc(joined, (size_t)(size + chunk.size));
        memcpy(joined + size, chunk.data, (size_t)chunk.size);
        size += chunk.size;
        nwc__free(nwc__ctx(NULL), chunk.data);
        free(entries[k]);
    }
    free(entries);
    assert_pieces_make_the_whole(joined, size, 1);
    assert_pieces_make_the_whole(joined, size, 100000);
    /* Without its beginning, and without one in the middle. */
    assert_pieces_make_the_whole(joined + size / 2, size - size / 2, size);
    free(joined);
}

/* Messages 31 and 1, packed records and none, cut off or not, those that gzip and bzip2 are around unpacked before. */
static void real_files_make_the_same_volumes(void **state)
{
    (void)state;
    static const char *const files[] = {
        "nexrad/single/KLBB20160601_150025_V06",
        "nexrad/single/KTLX20100501_000444.bin",
        "nexrad/single/KTLX19910720_160529.gz",
        "nexrad/khtx-20080411/KHTX20080411_181144.gz",
        "nexrad/pyart-small/example_nexrad_archive_msg1.bz2",
        "nexrad/pyart-small/example_nexrad_archive_msg31_compressed.ar2v",
        "cinrad/Z_RADR_I_ZG170_20260329064800_O_DOR_YTD2_CAP_FMT.bin.bz2",
        "cinrad/Z_RADR_I_Z9398_20140704080600_O_DOR_SB_CAP.bin.bz2",
    };
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        char relative[256];
        struct nwc__bytes bytes;
        snprintf(relative, sizeof relative, "radar/%s", files[f]);
        const char *const name = real_data(relative);
        if (!name) skip();
        assert_ok(nwc__bytes_read(nwc__ctx(NULL), name, INT64_C(1) << 30, &bytes));
        assert_pieces_make_the_whole(bytes.data, bytes.size, 300000);
        nwc__free(nwc__ctx(NULL), bytes.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_any_size_make_the_same_volume),
        cmocka_unit_test(a_volume_that_ends_early_is_what_it_is_at_once),
        cmocka_unit_test(sweeps_come_when_they_are_whole),
        cmocka_unit_test(elevations_of_a_phased_array_come_when_they_are_whole),
        cmocka_unit_test(records_of_2001_come_sweep_by_sweep),
        cmocka_unit_test(a_damaged_record_costs_only_what_was_in_it),
        cmocka_unit_test(what_cannot_be_read_so_is_refused),
        cmocka_unit_test(every_allocation_failure_is_reported_without_a_leak),
        cmocka_unit_test(real_chunks_make_the_same_volume_byte_by_byte),
        cmocka_unit_test(real_files_make_the_same_volumes),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}

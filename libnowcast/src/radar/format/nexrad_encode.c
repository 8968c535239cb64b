/*
 * A volume as NEXRAD Level II: message 31 in bzip2 records, as the archive has them (AR2V0006).
 *
 * A record of metadata comes first, of whose messages those are filled that say what a volume knows (5, the coverage pattern,
 * and 2, its number); then records of 120 radials, whatever the sweeps, as readers count on. All radials of a sweep are laid
 * out alike, for the same reason. Not observed has no code: in reflectivities it takes that of range folded, since the other
 * would assert that nothing is there; in the other moments it takes that of below threshold, which asserts nothing.
 * Sources: interface control documents 2620002 (messages) and 2620010 (archive), NOAA Radar Operations Center.
 */
#include "radar/format/encode.h"
#include "radar/format/nexrad.h"

#include <bzlib.h>
#include <stdio.h>

enum {
    FRAME = 2432,
    HEADER = NWC__NEXRAD_MESSAGE,
    FRAMES = 134,
    FRAME_5 = 132,
    FRAME_2 = 133, /* the last: readers begin behind it */
    POINTERS = 10,
    BODY = 32 + 4 * POINTERS,
    VOL = 52,
    ELV = 12,
    RAD = 28,
    BLOCK = 28, /* of a moment, before its codes */
    MOST_CUTS = 32,
    CUT = 46, /* bytes of a cut in message 5 */
    RECORD = 120,
    BZIP2 = 9,
    SUPER = 400 /* rays: a sweep of more has them every half degree */
};

#define DAY_NS INT64_C(86400000000000)
#define HALF_MS 500000
#define MOST_DAYS 65535
#define OFF_RANGE_M 1.0 /* what rounding to whole metres may move the last gate by */

/* The usual codings, in the order of nwc__nexrad_kinds, and that of ZDR before builds of 16 bits. */
static const struct nwc__coding usual[NWC__NEXRAD_KINDS] = {
    {2.0, 66.0, 8, 2, false},    {2.0, 129.0, 8, 2, false},   {2.0, 129.0, 8, 2, false}, {32.0, 418.0, 16, 2, false},
    {2.8361, 2.0, 16, 2, false}, {300.0, -60.5, 8, 2, false}, {1.0, 8.0, 8, 8, false},
};
static const struct nwc__coding older_zdr = {16.0, 128.0, 8, 2, false};

/* One moment of a sweep, and where its block begins in the body of a radial. */
struct block {
    nwc_moment moment;
    struct nwc__coding coding;
    int64_t n, at;
    int32_t kind;
};

struct job {
    nwc_ctx *ctx;
    const nwc_volume *volume;
    nwc_volume_facts facts;
    int32_t pattern;
    uint8_t site[4];
    nwc_sweep sweep; /* the one being encoded */
    int32_t index;
    struct block block[NWC__NEXRAD_KINDS];
    int32_t n_blocks;
    int64_t length; /* of its messages */
    uint8_t *first; /* its first message */
    struct nwc__buffer plain;
    int64_t *message_at; /* where each message begins; one more for the end */
    int64_t n_messages;
};

/* Days and milliseconds, to the nearest. */
static int64_t day_of(int64_t time_ns)
{
    return (time_ns + HALF_MS) / DAY_NS + 1;
}

static uint32_t ms_of(int64_t time_ns)
{
    return (uint32_t)((time_ns + HALF_MS) % DAY_NS / 1000000);
}

/* The number in "VCP 212" or "VCP21D"; 0 for none. */
static int32_t pattern_of(const char *scan_name)
{
    int number = 0;
    return sscanf(scan_name, "VCP%d", &number) == 1 && number > 0 && number < 65536 ? number : 0;
}

/* ---- what can be written ---- */

static nwc_status check_sweep(const nwc_volume *volume, int32_t index)
{
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_sweep(volume, index, &sweep));
    if (sweep.mode != NWC_SWEEP_SURVEILLANCE)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: NEXRAD Level II has turns all around only", (int)index);
    if (sweep.n_rays < 2)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: at least 2 rays expected for NEXRAD Level II", (int)index);
    if (fabs(sweep.fixed_angle_deg) > 180.0)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: a fixed angle of -180 to 180 degrees expected, %g given",
                         (int)index, sweep.fixed_angle_deg);
    for (int64_t r = 0; r < sweep.n_rays; r++)
        if (sweep.time_ns[r] < 0 || day_of(sweep.time_ns[r]) > MOST_DAYS)
            return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: times of 1970 to 2149 expected for NEXRAD Level II",
                             (int)index);
    return NWC_OK;
}

static nwc_status check(const struct job *job)
{
    const nwc_volume_facts *const facts = &job->facts;
    if (facts->n_sweeps > MOST_CUTS)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "at most %d sweeps expected for NEXRAD Level II, %d given", MOST_CUTS,
                         (int)facts->n_sweeps);
    if (!(fabs(facts->latitude_deg) <= 90.0 && fabs(facts->longitude_deg) <= 360.0 &&
          fabs(facts->altitude_m) <= 30000.0))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "the place of the antenna expected for NEXRAD Level II, none given");
    if (facts->time_ns < 0 || day_of(facts->time_ns) > MOST_DAYS)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "a time of 1970 to 2149 expected for NEXRAD Level II");
    for (int32_t s = 0; s < facts->n_sweeps; s++) NWC__TRY(check_sweep(job->volume, s));
    return NWC_OK;
}

/* The block of a moment, which is placed behind those before it; kind -1 where the format has none for it. */
static nwc_status plan_block(struct job *job, int32_t index)
{
    struct block *const block = &job->block[job->n_blocks];
    NWC__TRY(nwc_volume_moment(job->volume, job->index, index, &block->moment));
    const nwc_moment *const moment = &block->moment;
    block->kind = 0;
    while (block->kind < NWC__NEXRAD_KINDS && strcmp(nwc__nexrad_kinds[block->kind].name, moment->name) != 0)
        block->kind++;
    if (block->kind == NWC__NEXRAD_KINDS) {
        nwc__log_left_out(job->ctx, job->volume, job->index, moment->name, "NEXRAD Level II");
        return NWC_OK;
    }
    block->n = nwc__gates_known(moment);
    const double spacing = floor(moment->gate_spacing_m + 0.5);
    if (fabs(spacing - moment->gate_spacing_m) * (double)block->n > OFF_RANGE_M || spacing < 1.0 || spacing > 65535.0 ||
        fabs(moment->first_gate_m) > 32767.0)
        return nwc__fail(NWC_ERR_UNSUPPORTED,
                         "sweep %d: %s: gates whole metres apart and the first within 32 km expected for NEXRAD Level "
                         "II, %g m and %g m given",
                         (int)job->index, moment->name, moment->gate_spacing_m, moment->first_gate_m);
    const bool older = strcmp(moment->name, "ZDR") == 0 && moment->resolution == 1.0 / older_zdr.scale;
    NWC__TRY(nwc__choose_coding(job->ctx, moment, older ? &older_zdr : &usual[block->kind], &block->coding));
    block->at = job->length - HEADER;
    job->length += BLOCK + (block->n * block->coding.bits / 8 + 1) / 2 * 2; /* messages are whole halfwords */
    job->n_blocks++;
    return NWC_OK;
}

static nwc_status plan_sweep(struct job *job, int32_t index)
{
    job->index = index, job->n_blocks = 0, job->length = HEADER + BODY + VOL + ELV + RAD;
    NWC__TRY(nwc_volume_sweep(job->volume, index, &job->sweep));
    for (int32_t m = 0; m < job->sweep.n_moments; m++) NWC__TRY(plan_block(job, m));
    if (!job->n_blocks)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: a moment that NEXRAD Level II has a place for expected",
                         (int)index);
    if (job->length - HEADER > 65535)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "sweep %d: radials of at most 65535 bytes expected, %lld needed",
                         (int)index, (long long)(job->length - HEADER));
    return NWC_OK;
}

/* ---- messages ---- */

/* The header of a message whose body has size bytes. */
static void put_header(uint8_t *message, int type, int64_t size, int64_t number, int64_t time_ns)
{
    nwc__put_u16_be(message + 12, (uint32_t)((HEADER - 12 + size) / 2));
    message[15] = (uint8_t)type;
    nwc__put_u16_be(message + 16, (uint32_t)number);
    nwc__put_u16_be(message + 18, (uint32_t)day_of(time_ns));
    nwc__put_u32_be(message + 20, ms_of(time_ns));
    nwc__put_u16_be(message + 24, 1), nwc__put_u16_be(message + 26, 1);
}

/* Degrees a second, by the times of first and last ray; 0 where they do not say. */
static double rate_of(const nwc_sweep *sweep)
{
    const int64_t n = sweep->n_rays;
    const double seconds = 1e-9 * (double)(sweep->time_ns[n - 1] - sweep->time_ns[0]);
    return seconds > 1.0 ? 360.0 * (double)(n - 1) / (double)n / seconds : 0.0;
}

static double angle_of(const nwc_sweep *sweep)
{
    return isfinite(sweep->fixed_angle_deg) ? sweep->fixed_angle_deg : (double)sweep->elevation_deg[sweep->n_rays / 2];
}

/* Message 5: the sweeps there are, as the pattern they were. */
static nwc_status put_pattern(const struct job *job, uint8_t *message)
{
    const int32_t n = job->facts.n_sweeps;
    uint8_t *const body = message + HEADER;
    put_header(message, 5, 22 + (int64_t)CUT * n, 1, job->facts.time_ns);
    nwc__put_u16_be(body, (uint32_t)(11 + CUT / 2 * n)), nwc__put_u16_be(body + 2, 2);
    nwc__put_u16_be(body + 4, (uint32_t)job->pattern), nwc__put_u16_be(body + 6, (uint32_t)n);
    body[8] = 1, body[10] = 2, body[11] = 2;
    for (int32_t s = 0; s < n; s++) {
        uint8_t *const cut = body + 22 + (size_t)CUT * (size_t)s;
        nwc_sweep sweep;
        nwc_moment moment;
        NWC__TRY(nwc_volume_sweep(job->volume, s, &sweep));
        const double angle = angle_of(&sweep);
        nwc__put_u16_be(cut, (uint32_t)(int32_t)floor(angle * (65536.0 / 360.0) + 0.5));
        cut[3] = nwc_volume_find(job->volume, s, "VRADH", &moment) == NWC_OK ? 2 : 1;
        cut[4] = sweep.n_rays > SUPER ? 1 : 0;
        nwc__put_u16_be(cut + 8, (uint32_t)(rate_of(&sweep) * (16384.0 / 22.5) + 0.5));
    }
    return NWC_OK;
}

static nwc_status put_metadata(struct job *job)
{
    uint8_t *at;
    NWC__TRY(nwc__buffer_extend(&job->plain, (int64_t)FRAMES * FRAME, &at));
    NWC__TRY(put_pattern(job, at + (size_t)FRAME_5 * FRAME));
    uint8_t *const status = at + (size_t)FRAME_2 * FRAME;
    put_header(status, 2, 80, 2, job->facts.time_ns);
    nwc__put_u16_be(status + HEADER + 14, (uint32_t)job->pattern);
    return NWC_OK;
}

/* Whether a radial begins or ends its sweep or the volume; one that ends an incomplete sweep does not end it. */
static int state_of(const struct job *job, int64_t ray)
{
    const bool last_sweep = job->index == job->facts.n_sweeps - 1;
    if (ray == 0) return job->index == 0 ? 3 : last_sweep ? 5 : 0;
    if (ray < job->sweep.n_rays - 1 || job->sweep.incomplete[0]) return 1;
    return last_sweep && !job->facts.incomplete[0] ? 4 : 2;
}

/* Blocks of what is known of the volume, the sweep and the radial. */
static void put_constants(const struct job *job, int64_t ray, uint8_t *at)
{
    const nwc_volume_facts *const facts = &job->facts;
    memcpy(at, "RVOL", 4), nwc__put_u16_be(at + 4, VOL);
    at[6] = 1;
    nwc__put_f32_be(at + 8, facts->latitude_deg), nwc__put_f32_be(at + 12, facts->longitude_deg);
    nwc__put_u16_be(at + 16, (uint32_t)(int32_t)floor(facts->altitude_m + 0.5));
    nwc__put_u16_be(at + 40, (uint32_t)job->pattern);
    at += VOL;
    memcpy(at, "RELV", 4), nwc__put_u16_be(at + 4, ELV);
    at += ELV;
    memcpy(at, "RRAD", 4), nwc__put_u16_be(at + 4, RAD);
    const double range = (double)job->sweep.unambiguous_range_m[ray], speed = (double)job->sweep.nyquist_m_s[ray];
    if (range > 0.0 && range < 6553500.0) nwc__put_u16_be(at + 6, (uint32_t)(range / 100.0 + 0.5));
    if (speed > 0.0 && speed < 655.35) nwc__put_u16_be(at + 16, (uint32_t)(speed * 100.0 + 0.5));
}

static void put_moment(const struct block *block, int64_t ray, uint8_t *at)
{
    static const struct nwc__no_value reflectivity = {0, 1, 1}, other = {0, 0, 1}, filter = {0, 0, 0};
    const nwc_moment *const moment = &block->moment;
    at[0] = 'D';
    memcpy(at + 1, nwc__nexrad_kinds[block->kind].block, 3);
    nwc__put_u16_be(at + 8, (uint32_t)block->n);
    nwc__put_u16_be(at + 10, (uint32_t)(int32_t)floor(moment->first_gate_m + 0.5));
    nwc__put_u16_be(at + 12, (uint32_t)(moment->gate_spacing_m + 0.5));
    at[19] = (uint8_t)block->coding.bits;
    nwc__put_f32_be(at + 20, block->coding.scale), nwc__put_f32_be(at + 24, block->coding.offset);
    nwc__encode_ray(moment, ray, block->n, &block->coding,
                    block->kind == 0                            ? &reflectivity
                    : nwc__nexrad_kinds[block->kind].lowest > 2 ? &filter
                                                                : &other,
                    true, at + BLOCK);
}

static nwc_status put_radial(int64_t ray, void *user)
{
    const struct job *const job = user;
    const nwc_sweep *const sweep = &job->sweep;
    uint8_t *const message = job->first + ray * job->length, *const body = message + HEADER;
    put_header(message, 31, job->length - HEADER, ray + 1, sweep->time_ns[ray]);
    memcpy(body, job->site, 4);
    nwc__put_u32_be(body + 4, ms_of(sweep->time_ns[ray])),
        nwc__put_u16_be(body + 8, (uint32_t)day_of(sweep->time_ns[ray]));
    nwc__put_u16_be(body + 10, (uint32_t)(ray + 1));
    nwc__put_f32_be(body + 12, (double)sweep->azimuth_deg[ray]);
    nwc__put_u16_be(body + 18, (uint32_t)(job->length - HEADER));
    body[20] = sweep->n_rays > SUPER ? 1 : 2;
    body[21] = (uint8_t)state_of(job, ray), body[22] = (uint8_t)(job->index + 1);
    nwc__put_f32_be(body + 24, (double)sweep->elevation_deg[ray]);
    nwc__put_u16_be(body + 30, (uint32_t)(3 + job->n_blocks));
    nwc__put_u32_be(body + 32, BODY), nwc__put_u32_be(body + 36, BODY + VOL),
        nwc__put_u32_be(body + 40, BODY + VOL + ELV);
    put_constants(job, ray, body + BODY);
    for (int32_t b = 0; b < job->n_blocks; b++) {
        nwc__put_u32_be(body + 44 + 4 * (size_t)b, (uint32_t)job->block[b].at);
        put_moment(&job->block[b], ray, body + job->block[b].at);
    }
    return NWC_OK;
}

static nwc_status put_sweeps(struct job *job)
{
    for (int32_t s = 0; s < job->facts.n_sweeps; s++) {
        NWC__TRY(plan_sweep(job, s));
        const int64_t begin = job->plain.size, n = job->sweep.n_rays;
        NWC__TRY(nwc__buffer_extend(&job->plain, n * job->length, &job->first));
        NWC__TRY(nwc__for_each_tile(job->ctx, "encode", n, put_radial, job));
        for (int64_t r = 0; r < n; r++) job->message_at[job->n_messages++] = begin + r * job->length;
    }
    job->message_at[job->n_messages] = job->plain.size;
    return NWC_OK;
}

/* ---- records ---- */

struct record {
    const uint8_t *from;
    unsigned n, room;
    uint8_t *packed; /* four bytes of length and the stream */
};

static nwc_status pack(int64_t tile, void *user)
{
    struct record *const record = (struct record *)user + tile;
    const int result = BZ2_bzBuffToBuffCompress((char *)record->packed + 4, &record->room, (char *)record->from,
                                                record->n, BZIP2, 0, 0);
    return result == BZ_OK ? NWC_OK : nwc__fail(NWC_ERR_NOMEM, "no memory for libbz2");
}

static nwc_status pack_all(const struct job *job, struct record *record, int64_t n, struct nwc__buffer *buffer)
{
    uint8_t *at;
    for (int64_t k = 0; k < n; k++) {
        const int64_t first = (k - 1) * RECORD,
                      end = first + RECORD < job->n_messages ? first + RECORD : job->n_messages;
        const int64_t begin = k ? job->message_at[first] : 0, stop = k ? job->message_at[end] : job->message_at[0];
        record[k].from = job->plain.data + begin, record[k].n = (unsigned)(stop - begin);
        record[k].room = record[k].n + record[k].n / 100 + 600; /* what libbz2 asks for */
        if (!(record[k].packed = nwc__alloc(job->ctx, 4 + (int64_t)record[k].room, 1))) return NWC_ERR_NOMEM;
    }
    NWC__TRY(nwc__for_each_tile(job->ctx, "pack", n, pack, record));
    for (int64_t k = 0; k < n; k++) {
        const int32_t size = (int32_t)record[k].room;
        nwc__put_u32_be(record[k].packed, (uint32_t)(k < n - 1 ? size : -size)); /* the last is told by its sign */
        NWC__TRY(nwc__buffer_extend(buffer, 4 + (int64_t)size, &at));
        memcpy(at, record[k].packed, 4 + (size_t)size);
    }
    return NWC_OK;
}

static nwc_status put_records(const struct job *job, struct nwc__buffer *buffer)
{
    nwc_status status = NWC_OK;
    const int64_t n = 1 + (job->n_messages + RECORD - 1) / RECORD;
    struct record *record;
    NWC__ALLOC(job->ctx, record, n);
    memset(record, 0, (size_t)n * sizeof *record);
    status = pack_all(job, record, n, buffer);
    for (int64_t k = 0; k < n; k++) nwc__free(job->ctx, record[k].packed);
done:
    nwc__free(job->ctx, record);
    return status;
}

/* ---- the file ---- */

static nwc_status put_file(struct job *job, struct nwc__buffer *buffer)
{
    nwc_status status = NWC_OK;
    int64_t n_rays = 0;
    uint8_t *header;
    for (int32_t s = 0; s < job->facts.n_sweeps; s++) {
        NWC__TRY(nwc_volume_sweep(job->volume, s, &job->sweep));
        n_rays += job->sweep.n_rays;
    }
    NWC__ALLOC(job->ctx, job->message_at, n_rays + 1);
    if ((status = nwc__buffer_extend(buffer, NWC__NEXRAD_HEADER, &header)) != NWC_OK) goto done;
    memcpy(header, "AR2V0006.001", 12);
    nwc__put_u32_be(header + 12, (uint32_t)day_of(job->facts.time_ns));
    nwc__put_u32_be(header + 16, ms_of(job->facts.time_ns));
    nwc__put_text(job->ctx, job->site, 4, ' ', "site", job->facts.site);
    memcpy(header + 20, job->site, 4);
    if ((status = put_metadata(job)) != NWC_OK || (status = put_sweeps(job)) != NWC_OK) goto done;
    status = put_records(job, buffer);
done:
    nwc__free(job->ctx, job->message_at);
    return status;
}

nwc_status nwc__nexrad_encode(nwc_ctx *ctx, const nwc_volume *volume, struct nwc__buffer *buffer)
{
    struct job job = {.ctx = ctx, .volume = volume, .plain = {.ctx = ctx}};
    NWC__TRY(nwc_volume_describe(volume, &job.facts));
    NWC__TRY(check(&job));
    job.pattern = pattern_of(job.facts.scan_name);
    const nwc_status status = put_file(&job, buffer);
    nwc__free(ctx, job.plain.data);
    return status;
}

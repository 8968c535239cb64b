/*
 * NEXRAD Level II: messages 31 (since 2008) and 1 (before), from archive files or real-time chunks.
 *
 * Radials are listed first, as they come, a sweep ending where the number of the cut changes or a radial says it begins
 * one: the coverage pattern of message 5 is only a plan, from which the highest cuts may be left out and into which low
 * ones may be put. Then all radials are decoded at once. Sources: interface control documents 2620002 (messages) and 2620010
 * (archive), NOAA Radar Operations Center.
 */
#include "radar/format/nexrad.h"
#include "core/median.h"

#include <stdio.h>

NWC__DECLARE_KERNELS(nwc__gate_kernels);

enum {
    FRAME = 2432, /* bytes of a message in its slot; those of types 29 and 31 have their own length */
    PREFIX = 12,  /* bytes before a message, of its transmission */
    HEADER = NWC__NEXRAD_MESSAGE,
    BODY_31 = 32, /* bytes of message 31 before its pointers */
    BODY_1 = 100, /* bytes of message 1 before its data */
    MOST_BLOCKS = 32,
    MOST_CUTS = 32,
    CUT_WORDS = 23
};

#define DAY_NS INT64_C(86400000000000)

const struct nwc__nexrad_kind nwc__nexrad_kinds[NWC__NEXRAD_KINDS] = {
    {"REF", "DBZH", 2},  {"VEL", "VRADH", 2}, {"SW ", "WRADH", 2}, {"ZDR", "ZDR", 2},
    {"PHI", "PHIDP", 2}, {"RHO", "RHOHV", 2}, {"CFP", "CCORH", 8},
};

/* The gates of one moment of one radial. */
struct gates {
    const uint8_t *codes; /* NULL where the radial has none */
    bool unread;          /* it has some, in no form that is read */
    int32_t n, bits;      /* 32: no codes, but the values themselves */
    float first_m, spacing_m, scale, offset;
};

/* The part of the radials that is one sweep, and what it becomes. */
struct cut {
    int64_t first, n;
    nwc__sweep *sweep;
    struct gates like[NWC__NEXRAD_KINDS]; /* of the first radial that has them; n the most of all */
    bool folded[NWC__NEXRAD_KINDS];       /* whether a gate is marked so */
    bool unread[NWC__NEXRAD_KINDS];       /* whether a ray has gates in no form that is read */
    bool unlike[NWC__NEXRAD_KINDS];       /* or at other places than those of the first */
    nwc__moment *moment[NWC__NEXRAD_KINDS];
};

struct job {
    nwc_ctx *ctx;
    nwc_volume *volume;
    const struct nwc__gate_kernels *kernels;
    struct nwc__nexrad_radial *radial;
    int64_t n_radials;
    struct cut *cut;
    int64_t n_cuts;
    int64_t *ray_of; /* of each radial: the cut it is of */
    float *angle;    /* scratch: elevations of a sweep */
    double plan_deg[MOST_CUTS];
    int32_t n_plan;
    bool cut_off;    /* bytes are missing at an end, or damaged */
    uint8_t packing; /* of radials that are compressed by themselves; 0 where there are none */
};

/* ---- listing ---- */

static float angle_of(uint16_t code)
{
    return (float)((double)code * (180.0 / 32768.0));
}

static int64_t time_of(int64_t day, int64_t ms)
{
    return (day - 1) * DAY_NS + ms * 1000000;
}

static bool read_radial(const uint8_t *body, int64_t size, uint8_t type, struct nwc__nexrad_radial *radial)
{
    *radial = (struct nwc__nexrad_radial){.body = body, .size = (int32_t)size, .type = type};
    if (type == 31) {
        if (size < BODY_31) return false;
        radial->packing = body[16];
        radial->time_ns = time_of(nwc__u16_be(body + 8), nwc__u32_be(body + 4));
        radial->azimuth_deg = nwc__f32_be(body + 12);
        radial->elevation_deg = nwc__f32_be(body + 24);
        radial->state = body[21] & 0x7f, radial->cut = body[22];
        return radial->packing == 0 && isfinite(radial->azimuth_deg) && isfinite(radial->elevation_deg);
    }
    if (size < BODY_1) return false;
    radial->time_ns = time_of(nwc__u16_be(body + 4), nwc__u32_be(body));
    radial->azimuth_deg = angle_of(nwc__u16_be(body + 8));
    radial->elevation_deg = angle_of(nwc__u16_be(body + 14));
    if (radial->elevation_deg > 90.0f) radial->elevation_deg -= 360.0f;
    radial->state = (uint8_t)nwc__u16_be(body + 12), radial->cut = (uint8_t)nwc__u16_be(body + 16);
    return true;
}

/* Message 5: the angles that were planned. */
static void read_plan(struct job *job, const uint8_t *body, int64_t size)
{
    if (size < 22) return;
    const int32_t n = nwc__u16_be(body + 6);
    if (n < 1 || n > MOST_CUTS || 22 + 2 * (int64_t)CUT_WORDS * n > size) return;
    for (int32_t c = 0; c < n; c++) /* some radars look below the horizon */
        job->plan_deg[c] = (double)(int16_t)nwc__u16_be(body + 22 + (size_t)c * 2 * CUT_WORDS) * (360.0 / 65536.0);
    job->n_plan = n;
}

bool nwc__nexrad_message_at(const uint8_t *bytes, int64_t left, bool last, struct nwc__nexrad_message *message)
{
    if (left < HEADER) return false;
    const uint8_t type = bytes[PREFIX + 3];
    const int64_t halfwords = nwc__u16_be(bytes + PREFIX);
    int64_t length = PREFIX + 2 * halfwords > FRAME && type == 1 ? PREFIX + 2 * halfwords : FRAME;
    if ((type == 31 || type == 29) && halfwords > 8)
        length = halfwords < 65535 ? PREFIX + 2 * halfwords
                                   : PREFIX + ((int64_t)nwc__u16_be(bytes + PREFIX + 12) << 16 |
                                               (int64_t)nwc__u16_be(bytes + PREFIX + 14));
    if (length < HEADER) length = FRAME;
    if (length > left && !(last && type == 1)) return false;
    *message = (struct nwc__nexrad_message){.body = bytes + HEADER,
                                            .size = (length < left ? length : left) - HEADER,
                                            .length = length,
                                            .type = type};
    message->is_radial = (type == 31 || type == 1) && read_radial(message->body, message->size, type, &message->radial);
    return true;
}

/* The messages of one record; with job->radial NULL radials are only counted. */
static void list_record(struct job *job, const struct nwc__nexrad_record *record)
{
    struct nwc__nexrad_message message;
    int64_t at = 0;
    while (nwc__nexrad_message_at(record->bytes + at, record->size - at, true, &message)) {
        if (message.radial.packing) job->packing = message.radial.packing;
        if (message.is_radial) {
            if (job->radial) job->radial[job->n_radials] = message.radial;
            job->n_radials++;
        } else if (message.type == 5 && job->radial) {
            read_plan(job, message.body, message.size);
        }
        at += message.length;
        if (at > record->size) break;
    }
    if (at != record->size || !record->whole) job->cut_off = true;
}

nwc_status nwc__nexrad_none(uint8_t packing)
{
    if (packing == 0) return nwc__fail(NWC_ERR_NODATA, "no radial in it");
    return nwc__fail(NWC_ERR_UNSUPPORTED, "radials that are not compressed by themselves expected, method %d found",
                     (int)packing);
}

static nwc_status list_radials(struct job *job, const struct nwc__nexrad_records *records)
{
    nwc_status status = NWC_OK;
    for (int64_t r = 0; r < records->n; r++) list_record(job, &records->record[r]);
    if (job->n_radials == 0) return nwc__nexrad_none(job->packing);
    NWC__ALLOC(job->ctx, job->radial, job->n_radials);
    job->n_radials = 0;
    for (int64_t r = 0; r < records->n; r++) list_record(job, &records->record[r]);
done:
    return status;
}

bool nwc__nexrad_begins(const struct nwc__nexrad_radial *radial)
{
    return radial->state == 0 || radial->state == 3 || radial->state == 5;
}

bool nwc__nexrad_ends(const struct nwc__nexrad_radial *radial)
{
    return radial->state == 2 || radial->state == 4;
}

static nwc_status list_cuts(struct job *job)
{
    nwc_status status = NWC_OK;
    int64_t longest = 0;
    for (int round = 0; round < 2; round++) {
        job->n_cuts = 0;
        for (int64_t r = 0; r < job->n_radials; r++) {
            const struct nwc__nexrad_radial *const radial = &job->radial[r];
            if (r == 0 || radial->cut != radial[-1].cut || nwc__nexrad_begins(radial)) {
                if (job->cut) job->cut[job->n_cuts] = (struct cut){.first = r};
                job->n_cuts++;
            }
            if (!job->cut) continue;
            struct cut *const cut = &job->cut[job->n_cuts - 1];
            cut->n++;
            longest = cut->n > longest ? cut->n : longest;
            job->ray_of[r] = job->n_cuts - 1;
        }
        if (round == 1) break;
        NWC__ALLOC(job->ctx, job->cut, job->n_cuts);
        NWC__ALLOC(job->ctx, job->ray_of, job->n_radials);
    }
    NWC__ALLOC(job->ctx, job->angle, longest);
done:
    return status;
}

/* ---- gates of a radial ---- */

/* A block of message 31 by its name; NULL where there is none that is whole. */
static const uint8_t *find_block(const struct nwc__nexrad_radial *radial, const char name[3], int64_t least)
{
    const uint8_t *const body = radial->body;
    const int32_t blocks = nwc__u16_be(body + 30);
    for (int32_t b = 0; b < blocks && b < MOST_BLOCKS && BODY_31 + 4 * (int64_t)(b + 1) <= radial->size; b++) {
        const int64_t at = nwc__u32_be(body + BODY_31 + 4 * (size_t)b);
        if (at > 0 && at + least <= radial->size && memcmp(body + at + 1, name, 3) == 0) return body + at;
    }
    return NULL;
}

static struct gates gates_31(const struct nwc__nexrad_radial *radial, const struct nwc__nexrad_kind *kind)
{
    const uint8_t *const block = find_block(radial, kind->block, 28);
    if (!block) return (struct gates){0};
    struct gates gates = {.codes = block + 28,
                          .n = nwc__u16_be(block + 8),
                          .bits = block[19],
                          .first_m = (float)(int16_t)nwc__u16_be(block + 10),
                          .spacing_m = (float)nwc__u16_be(block + 12),
                          .scale = nwc__f32_be(block + 20),
                          .offset = nwc__f32_be(block + 24)};
    const int64_t left = radial->body + radial->size - gates.codes;
    if (gates.n == 0) return (struct gates){0};
    const bool coded =
        (gates.bits == 8 || gates.bits == 16) && isfinite(gates.scale) && gates.scale > 0.0f && isfinite(gates.offset);
    const bool good = (coded || (gates.bits == 32 && gates.scale == 0.0f)) && (int64_t)gates.n * gates.bits / 8 <= left;
    return good ? gates : (struct gates){.unread = true};
}

static struct gates gates_1(const struct nwc__nexrad_radial *radial, int32_t kind)
{
    const uint8_t *const body = radial->body;
    if (kind > 2) return (struct gates){0};
    const int32_t pointer = nwc__u16_be(body + 36 + 2 * (size_t)kind);
    const size_t doppler = kind > 0 ? 2 : 0;
    const bool coarse = kind == 1 && nwc__u16_be(body + 42) == 4; /* steps of 1 m s-1 */
    struct gates gates = {.codes = body + pointer,
                          .n = nwc__u16_be(body + 26 + doppler),
                          .bits = 8,
                          .first_m = (float)(int16_t)nwc__u16_be(body + 18 + doppler),
                          .spacing_m = (float)nwc__u16_be(body + 22 + doppler),
                          .scale = coarse ? 1.0f : 2.0f,
                          .offset = kind == 0 ? 66.0f : 129.0f};
    if (pointer == 0 || gates.n == 0) return (struct gates){0};
    const bool good = pointer >= BODY_1 && pointer + gates.n <= radial->size;
    return good ? gates : (struct gates){.unread = true};
}

static struct gates gates_of(const struct nwc__nexrad_radial *radial, int32_t kind)
{
    return radial->type == 31 ? gates_31(radial, &nwc__nexrad_kinds[kind]) : gates_1(radial, kind);
}

/* ---- sweeps ---- */

/* The code of "range folded", -1 where there is none. */
static int32_t folded_code(int32_t kind)
{
    return kind == 6 ? -1 : 1;
}

static bool is_alike(const struct gates *gates, const struct gates *like)
{
    return gates->codes && gates->first_m == like->first_m && gates->spacing_m == like->spacing_m;
}

static nwc_status find_moments(int64_t tile, void *user)
{
    const struct job *const job = user;
    struct cut *const cut = &job->cut[tile];
    for (int64_t r = cut->first; r < cut->first + cut->n; r++) {
        for (int32_t k = 0; k < NWC__NEXRAD_KINDS; k++) {
            const struct gates gates = gates_of(&job->radial[r], k);
            struct gates *const like = &cut->like[k];
            if (gates.unread) cut->unread[k] = true;
            if (!gates.codes) continue;
            if (!like->codes) *like = gates;
            if (!is_alike(&gates, like)) {
                cut->unlike[k] = true;
                continue;
            }
            if (gates.n > like->n) like->n = gates.n;
            if (!cut->folded[k] && folded_code(k) >= 0 && gates.bits != 32)
                cut->folded[k] = (gates.bits == 8 ? job->kernels->any_u8
                                                  : job->kernels->any_u16_be)(gates.codes, gates.n, folded_code(k));
        }
    }
    return NWC_OK;
}

/* How many gates each moment is to have. */
static void count_gates(const struct job *job, const struct cut *cut, int64_t n_gates[NWC__NEXRAD_KINDS])
{
    nwc__reach gates[NWC__NEXRAD_KINDS];
    for (int32_t k = 0; k < NWC__NEXRAD_KINDS; k++)
        gates[k] = (nwc__reach){(double)cut->like[k].first_m, (double)cut->like[k].spacing_m, cut->like[k].n};
    for (int32_t k = 0; k < NWC__NEXRAD_KINDS; k++)
        n_gates[k] = nwc__volume_gates(job->volume, gates, NWC__NEXRAD_KINDS, k);
}

/* Nyquist speed in m s-1 and unambiguous range in m; NaN where the file has 0. */
static void read_limits(const struct nwc__nexrad_radial *radial, float *nyquist, float *range)
{
    const uint8_t *const block = radial->type == 31 ? find_block(radial, "RAD", 18) : NULL;
    const uint8_t *const at = block ? block : radial->body;
    uint16_t speed = 0, distance = 0;
    if (radial->type == 1)
        speed = nwc__u16_be(at + 60), distance = nwc__u16_be(at + 6);
    else if (block)
        speed = nwc__u16_be(at + 16), distance = nwc__u16_be(at + 6);
    *nyquist = speed ? 0.01f * (float)speed : NAN;
    *range = distance ? 100.0f * (float)distance : NAN;
}

static double fixed_angle(const struct job *job, const struct cut *cut)
{
    const int32_t number = job->radial[cut->first].cut;
    if (number >= 1 && number <= job->n_plan) return job->plan_deg[number - 1];
    for (int64_t r = 0; r < cut->n; r++) job->angle[r] = job->radial[cut->first + r].elevation_deg;
    return nwc__median(job->angle, cut->n);
}

/* Why not all gates are in a sweep that has all its rays. */
static nwc_status say_unread(const struct job *job, const struct cut *cut)
{
    for (int32_t k = 0; k < NWC__NEXRAD_KINDS; k++) {
        const char *const name = nwc__nexrad_kinds[k].block;
        if (cut->unread[k])
            return nwc__volume_incomplete(job->volume, cut->sweep, "some gates of %.3s are in no form that is read",
                                          name);
        if (cut->unlike[k])
            return nwc__volume_incomplete(job->volume, cut->sweep,
                                          "rays whose gates of %.3s lie elsewhere are left out", name);
    }
    return NWC_OK;
}

static nwc_status add_sweep(struct job *job, struct cut *cut)
{
    const struct nwc__nexrad_radial *const first = &job->radial[cut->first], *const last = first + cut->n - 1;
    int64_t n_gates[NWC__NEXRAD_KINDS];
    count_gates(job, cut, n_gates);
    NWC__TRY(nwc__volume_add_sweep(job->volume, NWC_SWEEP_SURVEILLANCE, fixed_angle(job, cut), cut->n, &cut->sweep));
    for (int64_t r = 0; r < cut->n; r++) {
        cut->sweep->time_ns[r] = first[r].time_ns;
        cut->sweep->azimuth_deg[r] = first[r].azimuth_deg;
        cut->sweep->elevation_deg[r] = first[r].elevation_deg;
        read_limits(&first[r], &cut->sweep->nyquist_m_s[r], &cut->sweep->unambiguous_range_m[r]);
    }
    for (int32_t k = 0; k < NWC__NEXRAD_KINDS; k++) {
        const struct gates *const like = &cut->like[k];
        if (!like->codes) continue;
        NWC__TRY(nwc__volume_add_moment(job->volume, cut->sweep, nwc__nexrad_kinds[k].name, nwc__nexrad_kinds[k].block,
                                        n_gates[k], (double)like->first_m, (double)like->spacing_m, &cut->moment[k]));
        if (cut->folded[k]) NWC__TRY(nwc__volume_add_flags(job->volume, cut->sweep, cut->moment[k]));
        cut->moment[k]->resolution = like->bits == 32 ? 0.0 : 1.0 / (double)like->scale;
    }
    if (!nwc__nexrad_begins(first))
        return nwc__volume_incomplete(job->volume, cut->sweep, "its first rays are missing");
    if (!nwc__nexrad_ends(last)) return nwc__volume_incomplete(job->volume, cut->sweep, "its last rays are missing");
    return say_unread(job, cut);
}

/* Values as they are; what is no number was not observed. */
static void take_values(const uint8_t *at, int64_t n, float *cells, uint8_t *flags)
{
    for (int64_t g = 0; g < n; g++) {
        const float value = nwc__f32_be(at + 4 * g);
        cells[g] = isfinite(value) ? value : NAN;
        if (flags) flags[g] = 0;
    }
}

static nwc_status decode_radial(int64_t tile, void *user)
{
    struct job *const job = user;
    const struct cut *const cut = &job->cut[job->ray_of[tile]];
    const struct nwc__nexrad_radial *const radial = &job->radial[tile];
    for (int32_t k = 0; k < NWC__NEXRAD_KINDS; k++) {
        const nwc__moment *const moment = cut->moment[k];
        if (!moment) continue;
        const struct gates gates = gates_of(radial, k), *const like = &cut->like[k];
        const int64_t n = is_alike(&gates, like) ? gates.n : 0, at = (tile - cut->first) * moment->n_gates;
        uint8_t *const flags = moment->flags ? moment->flags + at : NULL;
        const struct nwc__codes codes = {.scale = gates.scale,
                                         .offset = gates.offset,
                                         .lowest = nwc__nexrad_kinds[k].lowest,
                                         .nothing = k == 0 ? 0 : -1,
                                         .folded = folded_code(k),
                                         .empty = NWC_NOTHING_DBZ};
        if (n && gates.bits == 32)
            take_values(gates.codes, n, moment->cells + at, flags);
        else if (n)
            (gates.bits == 8 ? job->kernels->u8 : job->kernels->u16_be)(gates.codes, n, &codes, moment->cells + at,
                                                                        flags);
        nwc__gates_unknown(moment->cells + at + n, flags ? flags + n : NULL, moment->n_gates - n);
    }
    return NWC_OK;
}

/* ---- the volume ---- */

/* The pattern's number and, from message 31, where the antenna is. */
static int32_t read_place(const struct nwc__nexrad_radial *radial, nwc_volume_facts *facts)
{
    if (radial->type == 1) return nwc__u16_be(radial->body + 44);
    const uint8_t *const block = find_block(radial, "VOL", 42);
    if (!block) return 0;
    facts->latitude_deg = (double)nwc__f32_be(block + 8);
    facts->longitude_deg = (double)nwc__f32_be(block + 12);
    facts->altitude_m = (double)(int16_t)nwc__u16_be(block + 16) + (double)nwc__u16_be(block + 18);
    return nwc__u16_be(block + 40);
}

/* Copy what is text of n bytes, without blanks at its end. */
static void take_text(const uint8_t *from, size_t n, char *to)
{
    while (n > 0 && (from[n - 1] == ' ' || from[n - 1] == '\0')) n--;
    for (size_t i = 0; i < n; i++) to[i] = from[i] >= ' ' && from[i] < 127 ? (char)from[i] : '?';
    to[n] = '\0';
}

bool nwc__nexrad_is_header(const uint8_t *bytes, int64_t size)
{
    return size >= NWC__NEXRAD_HEADER && (memcmp(bytes, "AR2V", 4) == 0 || memcmp(bytes, "ARCHIVE2", 8) == 0);
}

static nwc_status set_facts(struct job *job, const uint8_t *header)
{
    const struct nwc__nexrad_radial *const first = &job->radial[0];
    char version[16] = "", site[8] = "", scan[16] = "";
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(job->volume, &facts));
    if (header) {
        take_text(header, 8, version);
        take_text(header + 20, 4, site);
    }
    if (first->type == 31) take_text(first->body, 4, site);
    const int32_t pattern = read_place(first, &facts);
    if (isnan(facts.latitude_deg))
        (void)nwc__nexrad_site(site, &facts.latitude_deg, &facts.longitude_deg, &facts.altitude_m);
    if (pattern) snprintf(scan, sizeof scan, "VCP %d", (int)pattern);
    facts.version = version, facts.site = site, facts.scan_name = scan;
    facts.time_ns = first->time_ns;
    return nwc__volume_set_facts(job->volume, &facts);
}

const char *nwc__nexrad_missing(uint8_t first_state, uint8_t last_state, bool cut_off, uint8_t packing)
{
    return cut_off            ? "the file is damaged or ends early"
           : packing          ? "radials that are compressed by themselves are left out"
           : first_state != 3 ? "its first radials are missing"
           : last_state != 4  ? "its last radials are missing"
                              : "";
}

static nwc_status add_all(struct job *job, const uint8_t *header, const struct nwc__nexrad_records *records)
{
    nwc_volume_facts before;
    NWC__TRY(nwc_volume_describe(job->volume, &before));
    NWC__TRY(list_radials(job, records));
    NWC__TRY(list_cuts(job));
    NWC__TRY(nwc__for_each_tile(job->ctx, NULL, job->n_cuts, find_moments, job));
    for (int64_t c = 0; c < job->n_cuts; c++) NWC__TRY(add_sweep(job, &job->cut[c]));
    NWC__TRY(nwc__for_each_tile(job->ctx, "decode", job->n_radials, decode_radial, job));
    for (int64_t c = 0; c < job->n_cuts; c++) nwc__sweep_finish(job->volume, job->cut[c].sweep);
    return before.n_sweeps ? NWC_OK : set_facts(job, header);
}

static void release(struct job *job)
{
    nwc__free(job->ctx, job->angle);
    nwc__free(job->ctx, job->ray_of);
    nwc__free(job->ctx, job->cut);
    nwc__free(job->ctx, job->radial);
}

nwc_status nwc__nexrad_add(nwc_ctx *ctx, const struct nwc__nexrad_part *part, nwc_volume *volume)
{
    struct job job = {.ctx = ctx, .volume = volume, .kernels = NWC__KERNELS(ctx, nwc__gate_kernels)};
    struct nwc__nexrad_record record = {.bytes = part->messages, .size = part->size, .whole = true};
    if (part->plan) read_plan(&job, part->plan, part->plan_size);
    const nwc_status status = add_all(&job, part->header, &(struct nwc__nexrad_records){&record, 1});
    release(&job);
    return status;
}

nwc_status nwc__nexrad_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    const bool headed = nwc__nexrad_is_header(bytes, size);
    struct job job = {.ctx = ctx, .volume = volume, .kernels = NWC__KERNELS(ctx, nwc__gate_kernels)};
    struct nwc__nexrad_records records;
    NWC__TRY(
        nwc__nexrad_unpack(ctx, bytes, size, headed ? NWC__NEXRAD_HEADER : 0, nwc__volume_limit(volume), &records));
    nwc_status status = add_all(&job, headed ? bytes : NULL, &records);
    if (status == NWC_OK) {
        const char *const missing =
            nwc__nexrad_missing(job.radial[0].state, job.radial[job.n_radials - 1].state, job.cut_off, job.packing);
        if (missing[0]) status = nwc__volume_incomplete(volume, NULL, "%s", missing);
    }
    if (status == NWC_OK) status = nwc__volume_finish(volume);
    release(&job);
    nwc__nexrad_release(ctx, &records);
    return status;
}

/*
 * Level III products of rays of gates: a volume of one sweep with one moment.
 *
 * Gates are runs of 4-bit codes (packet AF1F), one code a byte (packet 16), or one a word (packet 28, which says itself how its gates
 * lie). A value of a stepped product is the level that is said for its code: the lower end of its interval, of a velocity the one
 * that is nearer to zero. Products of all elevations, such as vertically integrated liquid, lie at elevation 0. No time but that of the
 * volume is said of the rays. Of packet 28 and of some scales no real file was met: such volumes are marked experimental.
 */
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"

#include <stdio.h>

enum { RUNS = 0xaf1f, BYTES = 16, WORDS = 28, PACKET = 14, RAY = 6 };

/* The packet as its header has it. */
struct packet {
    int32_t code, n_gates, n_rays, there; /* rays that it says it has, and that are whole */
    double first_m, spacing_m;
    const uint8_t *rays;
    int64_t size;
    nwc__level3_generic generic; /* of words */
};

/* Bytes of the ray at a byte of the packet, without its header; -1 where it is not whole. */
static int64_t ray_bytes(const struct packet *packet, int64_t at)
{
    if (packet->size - at < RAY) return -1;
    const int64_t bytes = (packet->code == RUNS ? 2 : 1) * (int64_t)nwc__u16_be(packet->rays + at);
    return bytes <= packet->size - at - RAY ? bytes : -1;
}

static nwc_status read_codes(const nwc__level3_product *product, const nwc__level3_block *block, struct packet *packet)
{
    if (block->size < PACKET) return nwc__fail(NWC_ERR_NODATA, "the packet of rays ends in its header");
    packet->rays = block->at + PACKET, packet->size = block->size - PACKET;
    packet->n_gates = nwc__u16_be(block->at + 4), packet->n_rays = nwc__u16_be(block->at + 12);
    packet->spacing_m = product->spacing_m > 0.0 ? product->spacing_m : product->reach_m / fmax(packet->n_gates, 1.0);
    packet->first_m = (nwc__u16_be(block->at + 2) + 0.5) * packet->spacing_m;
    int64_t at = 0;
    for (int64_t bytes; packet->there < packet->n_rays && (bytes = ray_bytes(packet, at)) >= 0; packet->there++)
        at += RAY + bytes;
    return NWC_OK;
}

static nwc_status read_words(const nwc__level3_block *block, struct packet *packet)
{
    nwc__level3_radial radial;
    NWC__TRY(nwc__level3_generic_begin(block, &packet->generic));
    nwc__level3_generic rest = packet->generic;
    packet->n_rays = rest.n_radials;
    packet->first_m = rest.first_m, packet->spacing_m = rest.spacing_m;
    for (; packet->there < packet->n_rays && nwc__level3_generic_next(&rest, &radial); packet->there++) {
        if (!radial.is_whole) return nwc__fail(NWC_ERR_UNSUPPORTED, "packet 28: radials of whole numbers expected");
        const int64_t n = radial.n < NWC__MOST_GATES ? radial.n : NWC__MOST_GATES + 1;
        if (n > packet->n_gates) packet->n_gates = (int32_t)n;
    }
    return packet->there ? NWC_OK : nwc__fail(NWC_ERR_NODATA, "no whole ray in it");
}

static nwc_status read_packet(const nwc__level3 *level3, struct packet *packet)
{
    static const int32_t wanted[] = {RUNS, BYTES, WORDS, 0};
    nwc__level3_block block;
    NWC__TRY(nwc__level3_packet(level3, wanted, &block));
    packet->code = nwc__u16_be(block.at);
    NWC__TRY(packet->code == WORDS ? read_words(&block, packet) : read_codes(level3->product, &block, packet));
    if (packet->n_gates < 1 || packet->n_gates > NWC__MOST_GATES || packet->n_rays < 1 ||
        packet->n_rays > NWC__LEVEL3_RADIALS)
        return nwc__fail(NWC_ERR_FORMAT, "the packet of rays: 1 to %d gates and 1 to %d rays expected, %d and %d found",
                         NWC__MOST_GATES, NWC__LEVEL3_RADIALS, (int)packet->n_gates, (int)packet->n_rays);
    return packet->there ? NWC_OK : nwc__fail(NWC_ERR_NODATA, "no whole ray in it");
}

/* An angle, 0 to below 360. */
static float around(double degrees)
{
    const float azimuth = (float)(degrees - 360.0 * floor(degrees / 360.0));
    return azimuth < 360.0F ? azimuth : 0.0F;
}

static void fill_codes(const struct packet *packet, const nwc__level3 *level3, const nwc__level3_codes *codes,
                       nwc__sweep *sweep, nwc__moment *moment)
{
    int64_t at = 0;
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        const uint8_t *const ray = packet->rays + at;
        const int64_t bytes = ray_bytes(packet, at);
        float *const cells = moment->cells + r * moment->n_gates;
        uint8_t *const flags = moment->flags + r * moment->n_gates; /* codes first, then what they are marked with */
        int64_t n = bytes < moment->n_gates ? bytes : moment->n_gates;
        if (packet->code == RUNS)
            n = nwc__level3_runs(ray + RAY, bytes, flags, moment->n_gates);
        else
            memcpy(flags, ray + RAY, (size_t)n);
        for (int64_t g = 0; g < n; g++) cells[g] = codes->value[flags[g]], flags[g] = codes->flag[flags[g]];
        nwc__gates_unknown(cells + n, flags + n, moment->n_gates - n);
        /* The middle of a ray that begins at an angle and is so wide, both in tenths of a degree. */
        sweep->azimuth_deg[r] = around(0.1 * (double)nwc__u16_be(ray + 2) + 0.05 * (double)nwc__u16_be(ray + 4));
        sweep->elevation_deg[r] = (float)level3->elevation_deg;
        at += RAY + bytes;
    }
}

static void fill_words(const struct packet *packet, const nwc__level3_real *real, nwc__sweep *sweep,
                       nwc__moment *moment)
{
    nwc__level3_generic rest = packet->generic;
    nwc__level3_radial radial;
    for (int64_t r = 0; r < sweep->n_rays && nwc__level3_generic_next(&rest, &radial); r++) {
        float *const cells = moment->cells + r * moment->n_gates;
        for (int64_t g = 0; g < radial.n; g++) {
            const uint32_t code = nwc__u32_be(radial.words + 4 * g);
            const bool is_value = (int64_t)code >= real->least && (int64_t)code <= real->most;
            cells[g] = is_value ? (float)(real->unit * (((double)code - real->offset) / real->scale)) : NAN;
        }
        nwc__gates_unknown(cells + radial.n, NULL, moment->n_gates - radial.n);
        sweep->azimuth_deg[r] = around(radial.azimuth_deg);
        sweep->elevation_deg[r] = (float)radial.elevation_deg;
    }
}

static nwc_status fill(const struct packet *packet, const nwc__level3 *level3, nwc_volume *volume, nwc__sweep *sweep,
                       nwc__moment *moment)
{
    for (int64_t r = 0; r < sweep->n_rays; r++) sweep->time_ns[r] = level3->time_ns;
    if (packet->code == WORDS) {
        nwc__level3_real real;
        if (level3->product->scale != NWC__LEVEL3_AMOUNTS || !nwc__level3_read_real(level3, &real))
            return nwc__fail(NWC_ERR_UNSUPPORTED, "packet 28 of product %d: no scale for its words",
                             (int)level3->product->code);
        moment->resolution = real.unit * fabs(1.0 / real.scale);
        fill_words(packet, &real, sweep, moment);
        return NWC_OK;
    }
    nwc__level3_codes codes;
    nwc__level3_read_codes(level3, nwc__level3_nothing(level3->product, NWC_NOTHING_DBZ), &codes);
    moment->resolution = codes.resolution;
    NWC__TRY(nwc__volume_add_flags(volume, sweep, moment));
    fill_codes(packet, level3, &codes, sweep, moment);
    return NWC_OK;
}

static bool was_met(nwc__level3_scale scale)
{
    return scale == NWC__LEVEL3_STEPPED || scale == NWC__LEVEL3_LINEAR || scale == NWC__LEVEL3_DOPPLER ||
           scale == NWC__LEVEL3_LIQUID || scale == NWC__LEVEL3_TOPS;
}

static nwc_status set_facts(const nwc__level3 *level3, int32_t packet, nwc_volume *volume)
{
    char scan[16];
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    snprintf(scan, sizeof scan, "VCP %d", (int)level3->pattern);
    facts.site = level3->site, facts.scan_name = scan;
    facts.latitude_deg = level3->latitude_deg, facts.longitude_deg = level3->longitude_deg;
    facts.altitude_m = level3->altitude_m;
    facts.time_ns = level3->time_ns;
    facts.experimental = packet == WORDS || !was_met(level3->product->scale);
    nwc__volume_set_format(volume, nwc__level3_format(level3));
    return nwc__volume_set_facts(volume, &facts);
}

static nwc_status read_all(const nwc__level3 *level3, nwc_volume *volume)
{
    const nwc__level3_product *const product = level3->product;
    const nwc__moment_kind *const kind = nwc__moment_named(product->quantity);
    struct packet packet = {0};
    nwc__sweep *sweep;
    nwc__moment *moment;
    NWC__TRY(read_packet(level3, &packet));
    NWC__TRY(nwc__volume_add_sweep(volume, NWC_SWEEP_SURVEILLANCE, level3->elevation_deg, packet.there, &sweep));
    if (kind)
        NWC__TRY(nwc__volume_add_moment(volume, sweep, kind->name, product->mnemonic, packet.n_gates, packet.first_m,
                                        packet.spacing_m, &moment));
    else
        NWC__TRY(nwc__volume_add_other(volume, sweep, product->quantity, product->units, packet.n_gates, packet.first_m,
                                       packet.spacing_m, &moment));
    NWC__TRY(fill(&packet, level3, volume, sweep, moment));
    NWC__TRY(set_facts(level3, packet.code, volume));
    if (packet.there < packet.n_rays || level3->cut)
        NWC__TRY(nwc__volume_incomplete(volume, sweep, "the file ends early: %d of %d rays are in it",
                                        (int)packet.there, (int)packet.n_rays));
    return nwc__volume_finish(volume);
}

bool nwc__is_level3_polar(const uint8_t *bytes, int64_t size)
{
    return nwc__level3_form_of(bytes, size) == NWC__LEVEL3_POLAR;
}

nwc_status nwc__level3_polar_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    nwc__level3 level3;
    nwc_status status = nwc__level3_open(ctx, bytes, size, nwc__volume_limit(volume), &level3);
    if (status == NWC_OK) status = read_all(&level3, volume);
    nwc__level3_close(ctx, &level3);
    return status;
}

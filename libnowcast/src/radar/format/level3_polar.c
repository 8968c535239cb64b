/*
 * Level III products of rays of gates: a volume of one sweep with one moment.
 *
 * Gates are runs of 4-bit codes (packet AF1F) or one code a byte (packet 16). A value of a stepped product is the level that is said
 * for its code: the lower end of its interval, of a velocity the one that is nearer to zero. Products of all elevations, such as
 * vertically integrated liquid, lie at elevation 0. No time but that of the volume is said of the rays.
 */
#include "radar/format/level3.h"
#include "radar/format/volume_format.h"

#include <stdio.h>

enum { RUNS = 0xaf1f, BYTES = 16, PACKET = 14, RAY = 6, MOST_RAYS = 720 };

/* The packet as its header has it. */
struct packet {
    const uint8_t *rays;
    int64_t size;
    int32_t first_gate, n_gates, n_rays;
    bool runs;
};

static nwc_status read_packet(const nwc__level3 *level3, struct packet *packet)
{
    nwc__level3_block block;
    NWC__TRY(nwc__level3_packet(level3, RUNS, BYTES, &block));
    if (block.size < PACKET) return nwc__fail(NWC_ERR_NODATA, "the packet of rays ends in its header");
    *packet = (struct packet){.rays = block.at + PACKET,
                              .size = block.size - PACKET,
                              .first_gate = nwc__u16_be(block.at + 2),
                              .n_gates = nwc__u16_be(block.at + 4),
                              .n_rays = nwc__u16_be(block.at + 12),
                              .runs = nwc__u16_be(block.at) == RUNS};
    if (packet->n_gates < 1 || packet->n_gates > NWC__MOST_GATES || packet->n_rays < 1 || packet->n_rays > MOST_RAYS)
        return nwc__fail(NWC_ERR_FORMAT, "the packet of rays: 1 to %d gates and 1 to %d rays expected, %d and %d found",
                         NWC__MOST_GATES, MOST_RAYS, (int)packet->n_gates, (int)packet->n_rays);
    return NWC_OK;
}

/* Bytes of the ray at a byte of the packet, without its header; -1 where it is not whole. */
static int64_t ray_bytes(const struct packet *packet, int64_t at)
{
    if (packet->size - at < RAY) return -1;
    const int64_t bytes = (packet->runs ? 2 : 1) * (int64_t)nwc__u16_be(packet->rays + at);
    return bytes <= packet->size - at - RAY ? bytes : -1;
}

static int32_t count_rays(const struct packet *packet)
{
    int32_t count = 0;
    int64_t at = 0;
    for (int64_t bytes; count < packet->n_rays && (bytes = ray_bytes(packet, at)) >= 0; count++) at += RAY + bytes;
    return count;
}

/* The middle of a ray that begins at an angle and is so wide, both in tenths of a degree. */
static float azimuth_of(const uint8_t *ray)
{
    const double middle = 0.1 * (double)nwc__u16_be(ray + 2) + 0.05 * (double)nwc__u16_be(ray + 4);
    const float azimuth = (float)(middle - 360.0 * floor(middle / 360.0));
    return azimuth < 360.0F ? azimuth : 0.0F;
}

static void fill(const struct packet *packet, const nwc__level3 *level3, const nwc__level3_codes *codes,
                 nwc__sweep *sweep, nwc__moment *moment)
{
    int64_t at = 0;
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        const uint8_t *const ray = packet->rays + at;
        const int64_t bytes = ray_bytes(packet, at);
        float *const cells = moment->cells + r * moment->n_gates;
        uint8_t *const flags = moment->flags + r * moment->n_gates; /* codes first, then what they are marked with */
        int64_t n = bytes < moment->n_gates ? bytes : moment->n_gates;
        if (packet->runs)
            n = nwc__level3_runs(ray + RAY, bytes, flags, moment->n_gates);
        else
            memcpy(flags, ray + RAY, (size_t)n);
        for (int64_t g = 0; g < n; g++) cells[g] = codes->value[flags[g]], flags[g] = codes->flag[flags[g]];
        nwc__gates_unknown(cells + n, flags + n, moment->n_gates - n);
        sweep->azimuth_deg[r] = azimuth_of(ray);
        sweep->elevation_deg[r] = (float)level3->elevation_deg;
        sweep->time_ns[r] = level3->time_ns;
        at += RAY + bytes;
    }
}

static nwc_status set_facts(const nwc__level3 *level3, nwc_volume *volume)
{
    char scan[16];
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    snprintf(scan, sizeof scan, "VCP %d", (int)level3->pattern);
    facts.site = level3->site, facts.scan_name = scan;
    facts.latitude_deg = level3->latitude_deg, facts.longitude_deg = level3->longitude_deg;
    facts.altitude_m = level3->altitude_m;
    facts.time_ns = level3->time_ns;
    nwc__volume_set_format(volume, nwc__level3_format(level3));
    return nwc__volume_set_facts(volume, &facts);
}

static nwc_status read_all(const nwc__level3 *level3, nwc_volume *volume)
{
    const nwc__level3_product *const product = level3->product;
    const nwc__moment_kind *const kind = nwc__moment_named(product->quantity);
    struct packet packet = {0};
    nwc__level3_codes codes;
    nwc__sweep *sweep;
    nwc__moment *moment;
    NWC__TRY(read_packet(level3, &packet));
    const int32_t n_rays = count_rays(&packet);
    if (n_rays == 0) return nwc__fail(NWC_ERR_NODATA, "no whole ray in it");
    const double spacing_m = product->spacing_m > 0.0 ? product->spacing_m : product->reach_m / (double)packet.n_gates;
    const double first_m = (packet.first_gate + 0.5) * spacing_m;
    NWC__TRY(nwc__volume_add_sweep(volume, NWC_SWEEP_SURVEILLANCE, level3->elevation_deg, n_rays, &sweep));
    if (kind)
        NWC__TRY(nwc__volume_add_moment(volume, sweep, kind->name, product->mnemonic, packet.n_gates, first_m,
                                        spacing_m, &moment));
    else
        NWC__TRY(nwc__volume_add_other(volume, sweep, product->quantity, product->units, packet.n_gates, first_m,
                                       spacing_m, &moment));
    nwc__level3_read_codes(level3, nwc__level3_nothing(product, NWC_NOTHING_DBZ), &codes);
    moment->resolution = codes.resolution;
    NWC__TRY(nwc__volume_add_flags(volume, sweep, moment));
    fill(&packet, level3, &codes, sweep, moment);
    NWC__TRY(set_facts(level3, volume));
    if (n_rays < packet.n_rays || level3->cut)
        NWC__TRY(nwc__volume_incomplete(volume, sweep, "the file ends early: %d of %d rays are in it", (int)n_rays,
                                        (int)packet.n_rays));
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

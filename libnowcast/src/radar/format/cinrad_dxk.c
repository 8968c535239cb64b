/*
 * Older X-band phased arrays (DXK of file names that say CAR): records of one size, one for each radial.
 *
 * All elevations of one azimuth come together, so records are dealt out to the sweeps in turn. There is no mark and no text of the
 * format: it is told by numbers that can be, known from one implementation (PyCINRAD's), and marked experimental. The spectrum
 * width is left out, since it is read there with the scale of the velocity, which makes widths negative.
 */
#include "radar/format/volume_format.h"

enum {
    RECORD = 16104,
    BODY = 32, /* of a record, where its radial begins */
    BLOCKS = 100,
    MOST_GATES = 2000,
    MISSING = 255,
    N_BLOCKS = 8,
    CODES = 256
};

#define TURN_DEG (360.0 / 65535.0)
#define LENGTH_M (1000.0 / 65535.0)

/* Value = code x span / 255 - below. */
static const struct {
    const char *name, *own_name;
    float span, below;
} blocks[N_BLOCKS] = {
    {"DBTH", "dBT", 106.0F, 20.0F}, {"DBZH", "dBZ", 106.0F, 20.0F}, {"VRADH", "V", 101.0F, 50.0F},
    {NULL, "W", 0.0F, 0.0F},        {"ZDR", "ZDR", 16.0F, 5.0F},    {"PHIDP", "PHI", 181.0F, 0.0F},
    {"KDP", "KDP", 31.0F, 10.0F},   {"RHOHV", "RHO", 1.1F, 0.0F},
};

/* What the first record says of all. */
struct plan {
    int32_t n_azimuths, n_elevations, n_gates;
    double first_gate_m, gate_m;
    double longitude_deg, latitude_deg, altitude_m;
};

static bool read_plan(const uint8_t *record, int64_t size, struct plan *plan)
{
    if (size < BLOCKS) return false;
    *plan = (struct plan){.longitude_deg = (double)(int16_t)nwc__u16_le(record + 2) * TURN_DEG,
                          .latitude_deg = (double)(int16_t)nwc__u16_le(record + 4) * TURN_DEG,
                          .altitude_m = (double)nwc__u16_le(record + 8) * LENGTH_M,
                          .n_azimuths = nwc__u16_le(record + BODY + 12),
                          .n_elevations = nwc__u16_le(record + BODY + 16),
                          .first_gate_m = (double)nwc__u16_le(record + BODY + 20) * LENGTH_M,
                          .gate_m = (double)nwc__u16_le(record + BODY + 22) * LENGTH_M,
                          .n_gates = nwc__u16_le(record + BODY + 24)};
    const int64_t seconds = nwc__u32_le(record + BODY);
    return plan->latitude_deg > 3.0 && plan->latitude_deg < 54.0 && plan->longitude_deg > 73.0 &&
           plan->longitude_deg < 136.0 && plan->n_azimuths >= 1 && plan->n_azimuths <= 1024 &&
           plan->n_elevations >= 1 && plan->n_elevations <= 128 && plan->n_gates >= 1 && plan->n_gates <= MOST_GATES &&
           plan->gate_m >= 10.0 && seconds > 1000000000;
}

bool nwc__is_cinrad_dxk(const uint8_t *bytes, int64_t size)
{
    struct plan plan;
    return read_plan(bytes, size, &plan);
}

static void read_rays(const uint8_t *bytes, const struct plan *plan, int32_t elevation, nwc__sweep *sweep)
{
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        const uint8_t *const body = bytes + (r * plan->n_elevations + elevation) * RECORD + BODY;
        const double angle = (double)nwc__u16_le(body + 14) * TURN_DEG,
                     range = (double)nwc__u16_le(body + 8) * LENGTH_M;
        const double azimuth = (double)nwc__u16_le(body + 10) * TURN_DEG;
        sweep->azimuth_deg[r] = azimuth < 360.0 ? (float)azimuth : 0.0F;
        sweep->elevation_deg[r] = (float)(angle > 180.0 ? angle - 360.0 : angle);
        sweep->time_ns[r] = (int64_t)nwc__u32_le(body) * 1000000000;
        if (range > 0.0) sweep->unambiguous_range_m[r] = (float)range;
    }
}

static nwc_status add_block(nwc_volume *volume, const uint8_t *bytes, const struct plan *plan, int32_t elevation,
                            int32_t block, nwc__sweep *sweep)
{
    nwc__moment *moment;
    float value[CODES];
    NWC__TRY(nwc__volume_add_moment(volume, sweep, blocks[block].name, blocks[block].own_name, plan->n_gates,
                                    plan->first_gate_m + 0.5 * plan->gate_m, plan->gate_m, &moment));
    moment->resolution = (double)blocks[block].span / 255.0;
    for (int c = 0; c < CODES; c++) value[c] = (float)c * blocks[block].span / 255.0F - blocks[block].below;
    value[MISSING] = NAN;
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        const uint8_t *const codes =
            bytes + (r * plan->n_elevations + elevation) * RECORD + BLOCKS + (ptrdiff_t)MOST_GATES * block;
        float *const cells = moment->cells + r * plan->n_gates;
        for (int32_t g = 0; g < plan->n_gates; g++) cells[g] = value[codes[g]];
    }
    return NWC_OK;
}

static nwc_status set_facts(nwc_volume *volume, const struct plan *plan)
{
    nwc_volume_facts facts;
    nwc_sweep sweep;
    NWC__TRY(nwc_volume_describe(volume, &facts));
    NWC__TRY(nwc_volume_sweep(volume, 0, &sweep));
    facts.longitude_deg = plan->longitude_deg, facts.latitude_deg = plan->latitude_deg;
    facts.altitude_m = plan->altitude_m;
    facts.time_ns = sweep.time_ns[0];
    facts.experimental = 1;
    return nwc__volume_set_facts(volume, &facts);
}

nwc_status nwc__cinrad_dxk_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    (void)ctx;
    struct plan plan = {0};
    if (!read_plan(bytes, size, &plan))
        return nwc__fail(NWC_ERR_FORMAT, "byte 0: a record of a phased array expected, of a place in China");
    const int64_t planned = (int64_t)plan.n_azimuths * plan.n_elevations;
    const int64_t whole = size / RECORD < planned ? size / RECORD : planned;
    if (whole == 0) return nwc__fail(NWC_ERR_NODATA, "no whole radial of %d bytes in it", RECORD);
    for (int32_t e = 0; e < plan.n_elevations && e < whole; e++) {
        const int64_t n_rays = (whole - e + plan.n_elevations - 1) / plan.n_elevations;
        nwc__sweep *sweep;
        NWC__TRY(nwc__volume_add_sweep(volume, NWC_SWEEP_SURVEILLANCE, NAN, n_rays, &sweep));
        read_rays(bytes, &plan, e, sweep);
        sweep->fixed_angle_deg = (double)sweep->elevation_deg[0];
        for (int32_t b = 0; b < N_BLOCKS; b++)
            if (blocks[b].name) NWC__TRY(add_block(volume, bytes, &plan, e, b, sweep));
        if (n_rays < plan.n_azimuths)
            NWC__TRY(nwc__volume_incomplete(volume, sweep, "the file ends early: %lld of %d rays are in it",
                                            (long long)n_rays, (int)plan.n_azimuths));
    }
    NWC__TRY(set_facts(volume, &plan));
    return nwc__volume_finish(volume);
}

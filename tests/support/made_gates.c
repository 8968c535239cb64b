/* Sweeps made by hand, where it is known what each gate is. */
#include "support/made_gates.h"

float range_km(int64_t gate)
{
    return (float)(((double)gate + 0.5) * SPACING_M * 1e-3);
}

float spread(int64_t gate)
{
    return 20.0f * log10f(range_km(gate));
}

/* By the mixing of MurmurHash3. */
float chance(int64_t k)
{
    uint32_t x = (uint32_t)k * 0x9e3779b9u + 1u;
    x = (x ^ (x >> 16)) * 0x85ebca6bu;
    x = (x ^ (x >> 13)) * 0xc2b2ae35u;
    x ^= x >> 16;
    return (float)(x & 0xffffff) / (float)0x1000000;
}

nwc_volume *new_volume(nwc_ctx *ctx)
{
    nwc_volume *volume = NULL;
    const nwc_volume_facts facts = {.latitude_deg = 39.742476,
                                    .longitude_deg = -105.1786,
                                    .altitude_m = 1830.0,
                                    .frequency_hz = 2.8e9,
                                    .beam_width_h_deg = 1.0,
                                    .beam_width_v_deg = 1.0};
    if (nwc_volume_create(ctx, &facts, &volume) != NWC_OK) return NULL;
    return volume;
}

nwc_status add_sweep(nwc_volume *volume, double angle, int64_t time_ns, float folds_at_m)
{
    int64_t times[RAYS];
    float azimuth[RAYS], elevation[RAYS], nyquist[RAYS], unambiguous[RAYS];
    for (int64_t r = 0; r < RAYS; r++) {
        times[r] = time_ns;
        azimuth[r] = (float)r * 360.0f / RAYS + 0.5f;
        elevation[r] = (float)angle;
        nyquist[r] = 25.0f;
        unambiguous[r] = folds_at_m;
    }
    const nwc_sweep sweep = {.mode = NWC_SWEEP_SURVEILLANCE,
                             .fixed_angle_deg = angle,
                             .n_rays = RAYS,
                             .time_ns = times,
                             .azimuth_deg = azimuth,
                             .elevation_deg = elevation,
                             .nyquist_m_s = nyquist,
                             .unambiguous_range_m = unambiguous};
    return nwc_volume_add_sweep(volume, &sweep);
}

nwc_status add_gates_in(nwc_volume *volume, const char *name, const char *units, int64_t n_gates,
                        float (*value)(int64_t ray, int64_t gate))
{
    static float cells[RAYS * GATES];
    fill_gates(cells, RAYS, n_gates, value);
    return add_moment(volume, name, field_2d(cells, RAYS, n_gates, units, NULL), 0.5 * SPACING_M, SPACING_M);
}

nwc_status add_gates(nwc_volume *volume, const char *name, int64_t n_gates, float (*value)(int64_t ray, int64_t gate))
{
    return add_gates_in(volume, name, NULL, n_gates, value);
}

float value_of(const nwc_volume *volume, int32_t sweep, const char *name, int64_t ray, int64_t gate)
{
    nwc_moment moment;
    assert_ok(nwc_volume_find(volume, sweep, name, &moment));
    return moment.field.data[ray * moment.field.stride[0] + gate];
}

int flags_of(const nwc_volume *volume, int64_t ray, int64_t gate)
{
    return (int)value_of(volume, 0, "QFLAG", ray, gate);
}

void filter(nwc_volume *volume, const nwc_quality_options *options, nwc_quality_report *report)
{
    assert_ok(nwc_quality_filter(NULL, volume, options, report));
}

float rain(int64_t ray, int64_t gate)
{
    return 30.0f + 4.0f * sinf(0.1f * (float)gate) + 3.0f * cosf(0.14f * (float)ray);
}

float wind(int64_t ray, int64_t gate)
{
    (void)gate;
    return 12.0f * sinf((float)ray * 6.2831853f / RAYS);
}

bool on_ground(int64_t ray, int64_t gate)
{
    return ray >= 10 && ray < 35 && gate >= 10 && gate < 60;
}

float ground_or_rain(int64_t ray, int64_t gate)
{
    if (on_ground(ray, gate)) return 45.0f + 10.0f * log10f(-logf(chance(ray * 1000 + gate) + 1e-6f));
    return ray > 45 ? rain(ray, gate) : (float)NWC_NOTHING_DBZ;
}

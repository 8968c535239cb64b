/* A radar volume made by hand, and two volumes compared. */
#include "support/made_volume.h"

#define BEGIN_NS INT64_C(1780000000250000000)

static int64_t times_ns[MADE_RAYS];
static float azimuth[MADE_RAYS], elevation[MADE_RAYS], nyquist[MADE_RAYS], range[MADE_RAYS];
static float cells[MADE_RAYS * MADE_GATES];
static uint8_t flags[MADE_RAYS * MADE_GATES];

float made_value(const char *name, int64_t ray, int64_t gate)
{
    const float k = (float)((7 * ray + 5 * gate) % 23);
    if (strcmp(name, "VRADH") == 0) return gate % 6 == 5 ? NAN : 0.5F * (k - 11.0F);
    if (strcmp(name, "ZDR") == 0) return gate == 4 ? NAN : 0.0625F * (k - 8.0F);
    if (strcmp(name, "PHIDP") == 0) return gate == 4 ? NAN : 0.01F * (100.0F * k + (float)ray);
    if (strcmp(name, "RHOHV") == 0) return gate == 4 ? NAN : 1.0F - 0.0137F * k;
    if (gate >= MADE_GATES - 2 || (ray == 3 && gate == 4)) return NAN;
    return gate % 5 == 2 ? (float)NWC_NOTHING_DBZ : 2.5F * k - 10.0F;
}

static nwc_status add(nwc_volume *volume, const char *name, int64_t n, double spacing_m, double resolution)
{
    for (int64_t c = 0; c < MADE_RAYS * n; c++) {
        cells[c] = made_value(name, c / n, c % n);
        flags[c] = strcmp(name, "VRADH") == 0 && c % n == 5 ? NWC_GATE_RANGE_FOLDED : 0;
    }
    nwc_moment moment = {.name = name,
                         .field = field_2d(cells, MADE_RAYS, n, NULL, NULL),
                         .first_gate_m = 2000.0 + 0.5 * spacing_m,
                         .gate_spacing_m = spacing_m,
                         .resolution = resolution};
    if (strcmp(name, "VRADH") == 0)
        moment.flags = (nwc_flags){.data = flags, .ndim = 2, .dim = {MADE_RAYS, n}, .stride = {n, 1}};
    return nwc_volume_add_moment(volume, &moment);
}

static nwc_status add_sweep(nwc_volume *volume, int index)
{
    for (int r = 0; r < MADE_RAYS; r++) {
        times_ns[r] = BEGIN_NS + INT64_C(1000000) * (20000 * index + 50 * r);
        azimuth[r] = 15.25F + 30.0F * (float)((r + 7) % MADE_RAYS);
        elevation[r] = (index ? 1.5F : 0.5F) + 0.01F * (float)r;
        nyquist[r] = index ? 26.25F : 8.5F, range[r] = index ? 137200.0F : 460000.0F;
    }
    const nwc_sweep sweep = {.fixed_angle_deg = index ? 1.5 : -0.25,
                             .n_rays = MADE_RAYS,
                             .time_ns = times_ns,
                             .azimuth_deg = azimuth,
                             .elevation_deg = elevation,
                             .nyquist_m_s = nyquist,
                             .unambiguous_range_m = range};
    nwc_status status = nwc_volume_add_sweep(volume, &sweep);
    if (index == 0) return status == NWC_OK ? add(volume, "DBZH", MADE_GATES, 250.0, 0.5) : status;
    if (status == NWC_OK) status = add(volume, "DBZH", MADE_GATES / 2, 500.0, 0.5);
    if (status == NWC_OK) status = add(volume, "VRADH", MADE_GATES - 4, 250.0, 0.5);
    if (status == NWC_OK) status = add(volume, "ZDR", MADE_GATES / 2, 500.0, 0.0625);
    if (status == NWC_OK) status = add(volume, "PHIDP", MADE_GATES / 2, 500.0, 0.01);
    return status == NWC_OK ? add(volume, "RHOHV", MADE_GATES / 2, 500.0, 0.0) : status;
}

nwc_status make_volume(nwc_ctx *ctx, nwc_volume **volume)
{
    const nwc_volume_facts facts = {.site = "KTST",
                                    .site_name = "Test Hill",
                                    .instrument = "SAD",
                                    .scan_name = "VCP 21",
                                    .latitude_deg = 35.25,
                                    .longitude_deg = -97.5,
                                    .altitude_m = 390.0,
                                    .frequency_hz = 2.875e9,
                                    .beam_width_h_deg = 0.9375,
                                    .beam_width_v_deg = 1.0,
                                    .time_ns = BEGIN_NS};
    nwc_status status = nwc_volume_create(ctx, &facts, volume);
    if (status != NWC_OK) return status;
    for (int s = 0; s < MADE_SWEEPS && status == NWC_OK; s++) status = add_sweep(*volume, s);
    if (status == NWC_OK) return NWC_OK;
    nwc_volume_destroy(*volume);
    *volume = NULL;
    return status;
}

/* ---- comparing ---- */

/* The ray that is nth by time. */
static int64_t by_time(const nwc_sweep *sweep, int64_t nth)
{
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        int64_t before = 0;
        for (int64_t q = 0; q < sweep->n_rays; q++)
            before += sweep->time_ns[q] < sweep->time_ns[r] || (sweep->time_ns[q] == sweep->time_ns[r] && q < r);
        if (before == nth) return r;
    }
    return -1;
}

static float value_at(const nwc_moment *moment, int64_t ray, int64_t gate)
{
    return gate < moment->field.dim[1] ? moment->field.data[ray * moment->field.stride[0] + gate] : NAN;
}

static int flags_at(const nwc_moment *moment, int64_t ray, int64_t gate)
{
    return moment->flags.data && gate < moment->flags.dim[1] ? moment->flags.data[ray * moment->flags.stride[0] + gate]
                                                             : 0;
}

static void assert_same_ray(const nwc_moment *a, int64_t ray_a, const nwc_moment *b, int64_t ray_b,
                            const struct closeness *close)
{
    const bool reflectivity = strcmp(a->field.units, "dBZ") == 0;
    const double within = a->resolution > 0.0 ? a->resolution * close->steps : close->ratio;
    for (int64_t g = 0; g < a->field.dim[1]; g++) {
        const float x = value_at(a, ray_a, g), y = value_at(b, ray_b, g);
        if (isnan(x) != isnan(y) || (!isnan(x) && fabs((double)(x - y)) > within))
            fail_msg("%s: ray %d, gate %d: %g written, %g read", a->name, (int)ray_a, (int)g, (double)x, (double)y);
        const bool changed = reflectivity && isnan(x) && close->unknown_is_folded && g < b->field.dim[1];
        const int wanted = changed ? NWC_GATE_RANGE_FOLDED : close->folded_is_lost ? 0 : flags_at(a, ray_a, g);
        assert_int_equal(flags_at(b, ray_b, g), wanted);
    }
}

static void assert_same_sweep(const nwc_volume *written, const nwc_volume *read, int32_t index,
                              const struct closeness *close)
{
    nwc_sweep a, b;
    assert_ok(nwc_volume_sweep(written, index, &a));
    assert_ok(nwc_volume_sweep(read, index, &b));
    assert_int_equal(a.mode, b.mode);
    assert_int_equal(a.n_rays, b.n_rays);
    assert_int_equal(a.n_moments, b.n_moments);
    assert_near(a.fixed_angle_deg, b.fixed_angle_deg, close->degrees);
    for (int64_t n = 0; n < a.n_rays; n++) {
        const int64_t r = close->by_time ? by_time(&a, n) : n, q = close->by_time ? by_time(&b, n) : n;
        assert_near(a.azimuth_deg[r], b.azimuth_deg[q], 2e-5);
        assert_near(a.elevation_deg[r], b.elevation_deg[q], 1e-6);
        assert_near((double)(a.time_ns[r] - b.time_ns[q]), 0.0, (double)close->time_ns);
        assert_true(isnan(a.nyquist_m_s[r]) == isnan(b.nyquist_m_s[q]));
        if (!isnan(a.nyquist_m_s[r])) assert_near(a.nyquist_m_s[r], b.nyquist_m_s[q], close->speed);
        assert_near(a.unambiguous_range_m[r], b.unambiguous_range_m[q], close->range_m);
    }
    for (int32_t m = 0; m < a.n_moments; m++) {
        nwc_moment x, y;
        assert_ok(nwc_volume_moment(written, index, m, &x));
        assert_ok(nwc_volume_find(read, index, x.name, &y));
        assert_string_equal(x.field.units, y.field.units);
        assert_near(x.first_gate_m, y.first_gate_m, close->range_m);
        assert_near(x.gate_spacing_m, y.gate_spacing_m, 1e-9);
        for (int64_t n = 0; n < a.n_rays; n++)
            assert_same_ray(&x, close->by_time ? by_time(&a, n) : n, &y, close->by_time ? by_time(&b, n) : n, close);
    }
}

void assert_same_volume(const nwc_volume *written, const nwc_volume *read, const struct closeness *close)
{
    nwc_volume_facts a, b;
    assert_ok(nwc_volume_describe(written, &a));
    assert_ok(nwc_volume_describe(read, &b));
    assert_string_equal(a.site, b.site);
    assert_string_equal(a.scan_name, b.scan_name);
    assert_near(a.latitude_deg, b.latitude_deg, close->place_deg);
    assert_near(a.longitude_deg, b.longitude_deg, close->place_deg);
    assert_near(a.altitude_m, b.altitude_m, close->altitude_m);
    assert_near((double)(a.time_ns - b.time_ns), 0.0, (double)close->time_ns);
    assert_int_equal(a.n_sweeps, b.n_sweeps);
    for (int32_t s = 0; s < a.n_sweeps; s++) assert_same_sweep(written, read, s, close);
}

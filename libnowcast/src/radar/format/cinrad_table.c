/*
 * CINRAD SC, CD and CC of the rules of 2001: a header of 1024 bytes with a table of sweeps, then radials of one size.
 *
 * Known from descriptions and implementations alone, which contradict each other: such volumes are marked experimental. What can
 * be checked is: the integers of the place are taken in the one unit that puts the radar into China, and the angles of SC and CD
 * in the one that is nearer to the table. What cannot be is refused where it is not plausible. Times are those of Beijing; of
 * rays none is said, so they are spread evenly from the beginning to the end.
 */
#include "radar/format/volume_format.h"

#include <stdio.h>

enum {
    HEADER = 1024,
    MOST_CUTS = 30,
    RHI = 1,
    PPI = 10,
    VOLUME = 100,       /* and the number of sweeps */
    USUAL_CC_RAYS = 512 /* whatever the table says */
};

#define EIGHT_HOURS_NS INT64_C(28800000000000)
#define HOUR_NS INT64_C(3600000000000)

enum { N_MOMENTS = 4 };

/* Where things are. */
struct layout {
    int32_t site;           /* bytes before the country's name */
    int32_t scan;           /* kind of scan */
    int32_t table, entry;   /* of sweeps, and its entries: */
    int32_t speed, range;   /* fastest, cm s-1; farthest, 10 m */
    int32_t gate, gates;    /* m; number */
    int32_t rays, angle;    /* number; 0.01 degree */
    int32_t record, angles; /* bytes of a radial, and those of its angles */
    int32_t most_gates;
    bool interleaved; /* a byte for each moment, gate by gate; else two for each gate, moment by moment */
    const char *moment[N_MOMENTS], *own_name[N_MOMENTS];
};

static const struct layout layouts[2] = {
    {.scan = 201,
     .table = 217,
     .entry = 21,
     .speed = 9,
     .range = 11,
     .gate = 13,
     .gates = 15,
     .rays = 17,
     .angle = 19,
     .record = 4000,
     .angles = 8,
     .most_gates = 998,
     .interleaved = true,
     .moment = {"DBZH", "VRADH", "DBTH", "WRADH"},
     .own_name = {"dBZ", "V", "dBT", "W"}},
    {.site = 16,
     .scan = 199,
     .table = 218,
     .entry = 22,
     .speed = 0,
     .range = 2,
     .gate = 4,
     .gates = 6,
     .rays = 8,
     .angle = 18,
     .record = 3000,
     .most_gates = 500,
     .moment = {"DBZH", "VRADH", "WRADH"},
     .own_name = {"Z", "V", "W"}},
};

struct cut {
    double angle_deg, nyquist_m_s, range_m, gate_m;
    int64_t n_rays, n_gates;
    int64_t first; /* of its radials */
};

struct job {
    nwc_volume *volume;
    const struct layout *layout;
    const uint8_t *bytes;
    int64_t n_radials; /* whole ones */
    int64_t begin_ns, end_ns;
    struct cut cut[MOST_CUTS];
    int32_t n_cuts, mode;
};

static int32_t i32(const uint8_t *at)
{
    return (int32_t)nwc__u32_le(at);
}

/* ---- the header ---- */

/* n bytes of text, which may be of any encoding, without what fills them. */
static void take_text(const uint8_t *from, size_t n, char *to)
{
    size_t end = 0;
    while (end < n && from[end]) end++;
    while (end > 0 && from[end - 1] == ' ') end--;
    memcpy(to, from, end);
    to[end] = '\0';
}

/* Degrees, minutes and seconds, as far as there are any numbers in a text; NaN where there is none. */
static double angle_of_text(const uint8_t *text, int n)
{
    static const double unit[3] = {1.0, 60.0, 3600.0};
    double angle = NAN;
    for (int c = 0, part = 0; c < n && part < 3; part++) {
        while (c < n && !(text[c] >= '0' && text[c] <= '9')) c++;
        double number = 0.0, place = 0.0;
        if (c == n) break;
        for (; c < n && ((text[c] >= '0' && text[c] <= '9') || text[c] == '.'); c++) {
            if (text[c] == '.')
                place = 1.0;
            else if (place > 0.0)
                number += (double)(text[c] - '0') * (place *= 0.1);
            else
                number = 10.0 * number + (double)(text[c] - '0');
        }
        angle = (part ? angle : 0.0) + number / unit[part];
    }
    return angle;
}

static bool in_china(double longitude, double latitude)
{
    return latitude >= 3.0 && latitude <= 54.0 && longitude >= 73.0 && longitude <= 136.0;
}

static void read_place(const struct job *job, nwc_volume_facts *facts)
{
    static const double per_degree[] = {3600000.0, 100.0, 1000.0, 10000.0};
    const uint8_t *const site = job->bytes + job->layout->site;
    double longitude = angle_of_text(site + 120, 16), latitude = angle_of_text(site + 136, 16);
    for (size_t u = 0; u < sizeof per_degree / sizeof per_degree[0] && !in_china(longitude, latitude); u++)
        longitude = (double)i32(site + 152) / per_degree[u], latitude = (double)i32(site + 156) / per_degree[u];
    if (!in_china(longitude, latitude)) return;
    facts->longitude_deg = longitude, facts->latitude_deg = latitude;
    facts->altitude_m = 0.001 * (double)i32(site + 160);
}

static nwc_status read_times(struct job *job)
{
    const uint8_t *const b = job->bytes;
    int32_t begin[6], end[6];
    if (job->layout->interleaved) {
        begin[0] = nwc__u16_le(b + 202), end[0] = nwc__u16_le(b + 853);
        for (int k = 1; k < 6; k++) begin[k] = b[203 + k], end[k] = b[854 + k];
    } else {
        begin[0] = 100 * b[184] + b[185], end[0] = 100 * b[192] + b[193];
        for (int k = 1; k < 6; k++) begin[k] = b[185 + k], end[k] = b[193 + k];
    }
    if (!nwc__time_from_civil(begin, &job->begin_ns))
        return nwc__fail(NWC_ERR_FORMAT, "byte %d: a time expected, %d-%d-%d %d:%d:%d found",
                         job->layout->interleaved ? 202 : 184, (int)begin[0], (int)begin[1], (int)begin[2],
                         (int)begin[3], (int)begin[4], (int)begin[5]);
    job->begin_ns -= EIGHT_HOURS_NS;
    if (!nwc__time_from_civil(end, &job->end_ns)) job->end_ns = job->begin_ns + EIGHT_HOURS_NS;
    job->end_ns -= EIGHT_HOURS_NS;
    if (job->end_ns < job->begin_ns || job->end_ns > job->begin_ns + HOUR_NS) job->end_ns = job->begin_ns;
    return NWC_OK;
}

static nwc_status read_scan(struct job *job)
{
    const int32_t scan = job->bytes[job->layout->scan];
    job->mode = scan == RHI ? NWC_SWEEP_RHI : NWC_SWEEP_SURVEILLANCE;
    job->n_cuts = scan == RHI || scan == PPI ? 1 : scan - VOLUME;
    if (job->n_cuts < 1 || job->n_cuts > MOST_CUTS || (scan == RHI && !job->layout->interleaved))
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte %d: a scan of kind 10, 101 to %d%s expected, %d found",
                         (int)job->layout->scan, VOLUME + MOST_CUTS, job->layout->interleaved ? " or 1" : "",
                         (int)scan);
    return NWC_OK;
}

static nwc_status read_cuts(struct job *job, int64_t radials)
{
    const struct layout *const l = job->layout;
    int64_t first = 0;
    const bool usual = !l->interleaved && radials == (int64_t)USUAL_CC_RAYS * job->n_cuts;
    for (int32_t c = 0; c < job->n_cuts; c++) {
        const uint8_t *const entry = job->bytes + l->table + (ptrdiff_t)l->entry * c;
        const int32_t gates = nwc__u16_le(entry + l->gates);
        struct cut *const cut = &job->cut[c];
        *cut = (struct cut){.angle_deg = 0.01 * (double)(int16_t)nwc__u16_le(entry + l->angle),
                            .nyquist_m_s = 0.01 * (double)nwc__u16_le(entry + l->speed),
                            .range_m = 10.0 * (double)nwc__u16_le(entry + l->range),
                            .gate_m = (double)nwc__u16_le(entry + l->gate),
                            .n_rays = usual ? USUAL_CC_RAYS : nwc__u16_le(entry + l->rays),
                            .n_gates = gates > 0 && gates < l->most_gates ? gates : l->most_gates,
                            .first = first};
        if (cut->gate_m < 25.0 || cut->gate_m > 2000.0 || cut->n_rays < 1 || cut->n_rays > 2048 ||
            fabs(cut->angle_deg) > 90.0)
            return nwc__fail(
                NWC_ERR_FORMAT,
                "byte %d: gates of 25 to 2000 m, 1 to 2048 rays and an elevation expected, %g m, %lld and %g found",
                (int)(entry - job->bytes), cut->gate_m, (long long)cut->n_rays, cut->angle_deg);
        first += cut->n_rays;
    }
    job->n_radials = radials < first ? radials : first;
    return NWC_OK;
}

/* ---- sweeps ---- */

static const uint8_t *radial_of(const struct job *job, const struct cut *cut, int64_t r)
{
    return job->bytes + HEADER + (cut->first + r) * job->layout->record;
}

/* Middle of a begin and an end, both of full circles in 65536 parts. */
static double middle(const uint8_t *begin, const uint8_t *end)
{
    const int16_t across = (int16_t)(uint16_t)(nwc__u16_le(end) - nwc__u16_le(begin));
    return (double)nwc__u16_le(begin) + 0.5 * (double)across;
}

/* Elevation in 65536 parts of a circle, or of a third of one: whichever brings the sweep nearer to the table's angle. */
static double elevation_unit(const struct job *job, const struct cut *cut, int64_t n_rays)
{
    double sum = 0.0;
    for (int64_t r = 0; r < n_rays; r++) {
        const uint8_t *const radial = radial_of(job, cut, r);
        const double raw = middle(radial + 2, radial + 6);
        sum += raw < 32768.0 ? raw : raw - 65536.0;
    }
    const double mean = sum / (double)n_rays / 65536.0;
    const bool third = fabs(120.0 * mean - cut->angle_deg) < fabs(360.0 * mean - cut->angle_deg);
    return (third ? 120.0 : 360.0) / 65536.0;
}

static void read_rays(const struct job *job, const struct cut *cut, nwc__sweep *sweep)
{
    const bool stored = job->layout->interleaved;
    const double unit =
        stored && job->mode != NWC_SWEEP_RHI ? elevation_unit(job, cut, sweep->n_rays) : 360.0 / 65536.0;
    int64_t total = 0;
    for (int32_t c = 0; c < job->n_cuts; c++) total += job->cut[c].n_rays;
    for (int64_t r = 0; r < sweep->n_rays; r++) {
        const uint8_t *const radial = radial_of(job, cut, r);
        double azimuth = 360.0 * (double)r / (double)cut->n_rays, elevation = cut->angle_deg;
        if (stored) {
            const double raw = middle(radial + 2, radial + 6);
            azimuth = middle(radial, radial + 4) * (360.0 / 65536.0);
            elevation = (raw < 32768.0 ? raw : raw - 65536.0) * unit;
        }
        azimuth -= 360.0 * floor(azimuth / 360.0);
        sweep->azimuth_deg[r] = (float)azimuth < 360.0F ? (float)azimuth : 0.0F;
        sweep->elevation_deg[r] = (float)elevation;
        const double done = ((double)(cut->first + r) + 0.5) / (double)total;
        sweep->time_ns[r] = job->begin_ns + (int64_t)(done * (double)(job->end_ns - job->begin_ns));
        sweep->nyquist_m_s[r] = cut->nyquist_m_s > 0.0 ? (float)cut->nyquist_m_s : NAN;
        sweep->unambiguous_range_m[r] = cut->range_m > 0.0 ? (float)cut->range_m : NAN;
    }
}

/* Codes of one byte: 0 is none, or nothing there. */
static void read_bytes(const struct cut *cut, const uint8_t *codes, int32_t m, float *cells)
{
    const float nyquist = (float)cut->nyquist_m_s;
    for (int64_t g = 0; g < cut->n_gates; g++) {
        const float code = (float)codes[N_MOMENTS * g + m];
        const float value = m == 1   ? nyquist * (code - 128.0F) / 128.0F
                            : m == 3 ? nyquist * code / 256.0F
                                     : (code - 64.0F) / 2.0F;
        cells[g] = code > 0.0F ? value : m % 2 ? NAN : (float)NWC_NOTHING_DBZ;
    }
}

/* Tenths in two bytes: -32768 is none, or nothing there. */
static void read_tenths(const struct job *job, const struct cut *cut, const uint8_t *codes, int32_t m, float *cells)
{
    const uint8_t *const of_moment = codes + (ptrdiff_t)2 * job->layout->most_gates * m;
    for (int64_t g = 0; g < cut->n_gates; g++) {
        const int16_t code = (int16_t)nwc__u16_le(of_moment + 2 * g);
        cells[g] = code != INT16_MIN ? 0.1F * (float)code : m ? NAN : (float)NWC_NOTHING_DBZ;
    }
}

static nwc_status add_sweep(struct job *job, const struct cut *cut)
{
    const struct layout *const l = job->layout;
    const int64_t left = job->n_radials - cut->first, n_rays = left < cut->n_rays ? left : cut->n_rays;
    const bool rhi = job->mode == NWC_SWEEP_RHI;
    nwc__sweep *sweep;
    if (n_rays < 1) return NWC_OK;
    const double fixed = rhi ? 0.01 * (double)nwc__u16_le(job->bytes + 847) : cut->angle_deg;
    NWC__TRY(nwc__volume_add_sweep(job->volume, job->mode, fixed, n_rays, &sweep));
    read_rays(job, cut, sweep);
    for (int32_t m = 0; m < N_MOMENTS && l->moment[m]; m++) {
        const bool doppler = strcmp(l->moment[m], "VRADH") == 0 || strcmp(l->moment[m], "WRADH") == 0;
        nwc__moment *moment;
        if (l->interleaved && doppler && !(cut->nyquist_m_s > 0.0)) continue; /* its unit is not known */
        NWC__TRY(nwc__volume_add_moment(job->volume, sweep, l->moment[m], l->own_name[m], cut->n_gates,
                                        0.5 * cut->gate_m, cut->gate_m, &moment));
        moment->resolution = !l->interleaved ? 0.1 : !doppler ? 0.5 : cut->nyquist_m_s / (m == 1 ? 128.0 : 256.0);
        for (int64_t r = 0; r < n_rays; r++) {
            const uint8_t *const codes = radial_of(job, cut, r) + l->angles;
            if (l->interleaved)
                read_bytes(cut, codes, m, moment->cells + r * cut->n_gates);
            else
                read_tenths(job, cut, codes, m, moment->cells + r * cut->n_gates);
        }
    }
    if (n_rays < cut->n_rays)
        return nwc__volume_incomplete(job->volume, sweep, "%lld of %lld rays are in it", (long long)n_rays,
                                      (long long)cut->n_rays);
    return NWC_OK;
}

static nwc_status set_facts(struct job *job)
{
    const uint8_t *const site = job->bytes + job->layout->site;
    char name[41], number[11], type[21], scan[16];
    nwc_volume_facts facts;
    NWC__TRY(nwc_volume_describe(job->volume, &facts));
    take_text(site + 50, 40, name), take_text(site + 90, 10, number), take_text(site + 100, 20, type);
    snprintf(scan, sizeof scan, "%s", job->mode == NWC_SWEEP_RHI ? "RHI" : job->n_cuts == 1 ? "PPI" : "volume");
    facts.site = number, facts.site_name = name, facts.instrument = type, facts.scan_name = scan;
    facts.time_ns = job->begin_ns;
    facts.experimental = 1;
    read_place(job, &facts);
    return nwc__volume_set_facts(job->volume, &facts);
}

static nwc_status read_file(struct job *job, const uint8_t *bytes, int64_t size)
{
    if (size < HEADER) return nwc__fail(NWC_ERR_FORMAT, "byte %lld: the header ends early", (long long)size);
    job->bytes = bytes;
    NWC__TRY(read_scan(job));
    NWC__TRY(read_times(job));
    if (!job->layout->interleaved && nwc__u16_le(bytes + 210) != 0x408a)
        return nwc__fail(NWC_ERR_UNSUPPORTED, "byte 210: echoes of type 0x408a (Z, V, W) expected, 0x%x found",
                         (unsigned)nwc__u16_le(bytes + 210));
    NWC__TRY(read_cuts(job, (size - HEADER) / job->layout->record));
    if (job->n_radials == 0) return nwc__fail(NWC_ERR_NODATA, "no whole radial in it");
    for (int32_t c = 0; c < job->n_cuts; c++) NWC__TRY(add_sweep(job, &job->cut[c]));
    NWC__TRY(set_facts(job));
    const struct cut *const last = &job->cut[job->n_cuts - 1];
    if (job->n_radials < last->first + last->n_rays)
        NWC__TRY(nwc__volume_incomplete(job->volume, NULL, "the file ends early"));
    return nwc__volume_finish(job->volume);
}

nwc_status nwc__cinrad_sc_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    (void)ctx;
    struct job job = {.volume = volume, .layout = &layouts[0]};
    return read_file(&job, bytes, size);
}

nwc_status nwc__cinrad_cc_read(nwc_ctx *ctx, const uint8_t *bytes, int64_t size, nwc_volume *volume)
{
    (void)ctx;
    struct job job = {.volume = volume, .layout = &layouts[1]};
    return read_file(&job, bytes, size);
}

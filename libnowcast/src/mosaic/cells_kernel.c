/* What is done to cells and gates one by one: where cells lie, gates made ready, and radars weighed and averaged. */
#include "mosaic/gates.h"
#include "mosaic/lines.h"

enum { COLUMNS = NWC__MOSAIC_COLUMNS };
enum { CELL = 4, LINE = COLUMNS * CELL /* bytes, and a line of memory */ };

#define LEAST_WEIGHT 1e-12F /* of a value that is known, however poor */

static void sight(double sphere_m, double altitude_m, double reach_m, double z_m, int64_t n,
                  const double *restrict sine, const double *restrict versine, float *restrict range_m,
                  float *restrict elevation_deg)
{
    const double place = sphere_m + z_m;
    const float reach = (float)reach_m;
    for (int64_t i = 0; i < n; i++) {
        const float out = (float)(place * sine[i]), up = (float)(z_m - altitude_m - place * versine[i]);
        const float range = sqrtf(out * out + up * up), angle = nwc__angle_above(up, out);
        const bool within = range <= reach;
        range_m[i] = within ? range : INFINITY;
        elevation_deg[i] = within ? angle : NAN;
    }
}

static void prepare_ray(const float *restrict from, int64_t step, int64_t n, int64_t row, int32_t as_z,
                        float *restrict to)
{
    for (int64_t g = n; g < row; g++) to[g] = NAN;
    if (!as_z) {
        for (int64_t g = 0; g < n; g++) to[g] = from[g * step];
        return;
    }
    for (int64_t g = 0; g < n; g++) {
        const float dbz = from[g * step];
        const bool known = dbz == dbz;
        const float z = nwc__power_of_two((known ? dbz : 0.0F) / NWC__DB_PER_OCTAVE);
        to[g] = known ? (dbz <= NWC__NOTHING_F ? 0.0F : z) : NAN;
    }
}

static void survey(const float *restrict cells, int64_t n, float nothing, uint8_t *restrict patches)
{
    for (int64_t first = 0, p = 0; first < n; first += NWC__MOSAIC_PATCH_GATES, p++) {
        const int64_t left = n - first, end = left < NWC__MOSAIC_PATCH_GATES ? left : NWC__MOSAIC_PATCH_GATES;
        int32_t found = 0;
        for (int64_t g = 0; g < end; g++) {
            const float value = cells[first + g];
            const int32_t known = value > nothing ? NWC__PATCH_ECHO : NWC__PATCH_NOTHING;
            found |= value == value ? known : NWC__PATCH_UNKNOWN;
        }
        patches[p] |= (uint8_t)found;
    }
}

static void to_dbz(int64_t n, float *restrict z)
{
    const float floor_dbz = NWC__NO_ECHO_DBZ;
    for (int64_t k = 0; k < n; k++) {
        const bool known = z[k] == z[k], echo = z[k] > NWC__LEAST_Z;
        const float dbz = NWC__DB_PER_OCTAVE * nwc__logarithm_of_two(echo ? z[k] : 1.0F);
        z[k] = known ? (echo && dbz > floor_dbz ? dbz : floor_dbz) : NAN;
    }
}

static void fill(int64_t n, float value, float *restrict cells)
{
    for (int64_t k = 0; k < n; k++) cells[k] = value;
}

static void limit(int64_t n, float *restrict dbz)
{
    for (int64_t k = 0; k < n; k++) dbz[k] = dbz[k] < NWC__NO_ECHO_DBZ ? NWC__NO_ECHO_DBZ : dbz[k];
}

static inline float within_0_and_1(float x, float unknown)
{
    const float low = x < 0.0F ? 0.0F : x;
    return x == x ? (low > 1.0F ? 1.0F : low) : unknown;
}

static void quality(int64_t n, const float *restrict range_m, const float *restrict qind, const float *restrict blocked,
                    float per_range, float per_age, float per_deg, int32_t radar, const int32_t *restrict radars,
                    float *restrict age_s, float *restrict off_deg)
{
    const float per_octave = 1.44269504F;
    for (int64_t k = 0; k < n; k++) {
        const bool known = (radars[k] & radar) != 0;
        const float r = range_m[k] * per_range, a = age_s[k] * per_age, d = off_deg[k] * per_deg;
        const float fall = per_octave * (r * r + a * a) + d * d;
        off_deg[k] = (known & (fall == fall)) ? nwc__power_of_two(fall == fall ? -fall : 0.0F) : 0.0F;
        age_s[k] = known ? age_s[k] : NAN;
    }
    for (int64_t k = 0; qind && k < n; k++) off_deg[k] *= within_0_and_1(qind[k], 1.0F);
    for (int64_t k = 0; blocked && k < n; k++) off_deg[k] *= 1.0F - within_0_and_1(blocked[k], 0.0F);
}

static bool mark(int64_t n, const float *restrict value, const float *restrict age_s, int32_t radar,
                 int32_t *restrict radars)
{
    int32_t lacking = 0;
    for (int64_t k = 0; k < n; k++) {
        const int32_t known = value[k] == value[k] ? 1 : 0, aged = age_s[k] == age_s[k] ? 1 : 0;
        radars[k] |= known ? radar : 0;
        lacking |= known & (1 - aged);
    }
    return lacking != 0;
}

static void take_age(int64_t n, const float *restrict other_age_s, const float *restrict other_off_deg,
                     float *restrict age_s, float *restrict off_deg)
{
    for (int64_t k = 0; k < n; k++) {
        const bool aged = age_s[k] == age_s[k];
        age_s[k] = aged ? age_s[k] : other_age_s[k];
        off_deg[k] = aged ? off_deg[k] : other_off_deg[k];
    }
}

/* A row anywhere: its first strip, its last, or one whose cells lie apart. */
static void write_row(int32_t n, bool begins, bool ends, const char *restrict cells, char *restrict carry,
                      char *restrict to, int64_t step)
{
    const size_t size = (size_t)n * CELL, over = (uintptr_t)to % LINE, carried = begins ? 0 : over;
    const size_t left = ends ? 0 : (over + size) % LINE;
    if (step != 1) {
        for (int32_t c = 0; c < n; c++) memcpy(to + c * step * CELL, cells + c * CELL, CELL);
        return;
    }
    memcpy(to - carried, carry + LINE - carried, carried);
    memcpy(to, cells, size - left);
    memcpy(carry, cells + size - LINE, ends ? 0 : LINE);
}

/* Whole lines of rows that lie side by side. large is known where this is called, so that it is not asked for each. */
static inline void write_lines(int32_t rows, bool large, const char *restrict cells, char *restrict carry,
                               char *restrict to, int64_t to_row)
{
    for (int32_t k = 0; k < rows; k++, cells += LINE, carry += LINE, to += to_row * CELL)
        nwc__write_line(large, cells, carry, to);
}

static void write(int32_t rows, int32_t n, bool begins, bool ends, bool large, const void *restrict cells,
                  void *restrict carry, void *restrict to, int64_t to_row, int64_t step)
{
    if (begins | ends | (step != 1))
        for (int32_t k = 0; k < rows; k++)
            write_row(n, begins, ends, (const char *)cells + k * LINE, (char *)carry + k * LINE,
                      (char *)to + k * to_row * CELL, step);
    else if (large)
        write_lines(rows, true, cells, carry, to, to_row);
    else
        write_lines(rows, false, cells, carry, to, to_row);
}

static void publish(void)
{
    nwc__end_lines();
}

static void weigh(int64_t n, const float *restrict value, const float *restrict quality_of, nwc__averaging averaging,
                  float *restrict sum, float *restrict weight)
{
    const bool best = averaging == NWC__OF_THE_BEST, reflectivity = averaging <= NWC__AS_Z;
    for (int64_t k = 0; k < n; k++) {
        const bool known = value[k] == value[k];
        const float v = known ? value[k] : 0.0F, w = known ? quality_of[k] + LEAST_WEIGHT : 0.0F;
        const float power = nwc__power_of_two(v / NWC__DB_PER_OCTAVE), z = v > NWC__NOTHING_F ? power : 0.0F;
        const float added = sum[k] + w * (reflectivity ? z : v), chosen = w > weight[k] ? w * v : sum[k];
        sum[k] = best ? chosen : added;
        weight[k] = best ? (w > weight[k] ? w : weight[k]) : weight[k] + w;
    }
}

static void describe(int64_t n, const float *restrict quality_of, const float *restrict age_s, float *restrict best,
                     float *restrict age, float *restrict weight)
{
    for (int64_t k = 0; k < n; k++) {
        const bool aged = age_s[k] == age_s[k];
        const float w = aged ? quality_of[k] + LEAST_WEIGHT : 0.0F;
        best[k] = quality_of[k] > best[k] ? quality_of[k] : best[k];
        age[k] += w * (aged ? age_s[k] : 0.0F);
        weight[k] += w;
    }
}

static void mean(int64_t n, const float *restrict weight, float *restrict sum)
{
    for (int64_t k = 0; k < n; k++) sum[k] = weight[k] > 0.0F ? sum[k] / (weight[k] > 0.0F ? weight[k] : 1.0F) : NAN;
}

extern const struct nwc__cells_kernels NWC__NAME(nwc__cells_kernels);
const struct nwc__cells_kernels NWC__NAME(nwc__cells_kernels) = {.sight = sight,
                                                                 .prepare_ray = prepare_ray,
                                                                 .survey = survey,
                                                                 .quality = quality,
                                                                 .mark = mark,
                                                                 .take_age = take_age,
                                                                 .write = write,
                                                                 .fill = fill,
                                                                 .publish = publish,
                                                                 .limit = limit,
                                                                 .weigh = weigh,
                                                                 .describe = describe,
                                                                 .mean = mean,
                                                                 .to_dbz = to_dbz};

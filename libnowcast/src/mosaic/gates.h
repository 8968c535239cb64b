/* What the kernels of mosaics share: rays about an azimuth, and how gates are summed. */
#ifndef NWC_MOSAIC_GATES_H
#define NWC_MOSAIC_GATES_H

#include "core/kernel.h"

#include "mosaic/internal.h"

#define NWC__DEGREE_F (3.14159265F / 180.0F)
#define NWC__NOTHING_F (-128.0F)
#define NWC__DB_PER_OCTAVE 3.01029995663981F

/* 2^x, 0 below 2^-120; the relative error is below 3e-7. */
static inline float nwc__power_of_two(float x)
{
    const float limited = x < -120.0F ? -120.0F : x > 120.0F ? 120.0F : x;
    const int32_t whole = (int32_t)(limited + 128.5F) - 128;
    const float f = 0.693147181F * (limited - (float)whole);
    const float e =
        1.0F +
        f * (1.0F + f * (0.5F + f * (0.166666667F + f * (0.0416666667F + f * (8.33333333e-3F + f * 1.38888889e-3F)))));
    const int32_t bits = (whole + 127) * (1 << 23);
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return x < -120.0F ? 0.0F : e * scale;
}

/* Gates as they are. */
static inline void nwc__add_known(float value, float weight, float *sum, float *known)
{
    const bool is = value == value;
    *sum += weight * (is ? value : 0.0F);
    *known += is ? weight : 0.0F;
}

/* dBZ: where there is echo, and how much of what is known has it. */
static inline void nwc__add_echo(float value, float weight, float *sum, float *echo, float *known)
{
    const bool is = value == value, has = value > NWC__NOTHING_F;
    *sum += weight * (has ? value : 0.0F);
    *echo += has ? weight : 0.0F;
    *known += is ? weight : 0.0F;
}

/* The mean dBZ of gates with echo as Z, spread over all that is known. */
static inline float nwc__echo_as_z(float sum, float echo, float known, float least)
{
    const bool is = known > 0.0F && known >= least, has = echo > 0.0F;
    const float mean_dbz = sum / (has ? echo : 1.0F), share = echo / (is ? known : 1.0F);
    return is ? share * nwc__power_of_two(mean_dbz / NWC__DB_PER_OCTAVE) : NAN;
}

/* The rays of a plane to either side of an azimuth: the number of the first, and the weight of the second. */
typedef struct nwc__pair {
    int32_t first;
    float weight, after_s;
    bool found;
} nwc__pair;

static inline nwc__pair nwc__find_pair(const nwc__plane *plane, float azimuth_deg)
{
    const float *const azimuth = plane->azimuth_deg;
    int32_t b = (int32_t)(azimuth_deg * (NWC__MOSAIC_BINS / 360.0F));
    b = b < 0 ? 0 : b >= NWC__MOSAIC_BINS ? NWC__MOSAIC_BINS - 1 : b;
    int32_t i = plane->bin[b];
    while (i > 0 && azimuth[i] > azimuth_deg) i--; /* the bin of a number that was rounded up */
    while (i < plane->n_rays && azimuth[i + 1] <= azimuth_deg) i++;
    const float gap = azimuth[i + 1] - azimuth[i], in = azimuth_deg - azimuth[i];
    nwc__pair pair = {.first = i, .weight = gap > 0.0F ? in / gap : 0.0F, .found = true};
    if (gap > plane->hole_deg) { /* half a usual step to either side of it is still that of the ray there */
        const float edge = 0.2F * plane->hole_deg;
        pair.found = in <= edge || gap - in <= edge;
        pair.weight = in <= edge ? 0.0F : 1.0F;
    }
    pair.after_s = plane->after_s[i] + pair.weight * (plane->after_s[i + 1] - plane->after_s[i]);
    return pair;
}

#endif

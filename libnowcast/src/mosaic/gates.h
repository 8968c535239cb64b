/* What the kernels of mosaics share: powers, logarithms and angles that vectorise, and how gates are summed. */
#ifndef NWC_MOSAIC_GATES_H
#define NWC_MOSAIC_GATES_H

#include "core/kernel.h"

#include "mosaic/internal.h"

#define NWC__DEGREE_F (3.14159265F / 180.0F)
#define NWC__NOTHING_F (-128.0F)
#define NWC__DB_PER_OCTAVE 3.01029995663981F
#define NWC__LEAST_Z 1e-4F /* -40 dBZ: what is less is nothing */

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

/* The logarithm to the base 2 of a number above 0; the relative error is below 3e-7. */
static inline float nwc__logarithm_of_two(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t exponent = (bits - 0x3f3504f3) >> 23; /* a mantissa from sqrt(1/2) to sqrt(2) */
    bits -= exponent * (1 << 23);
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1.0F) / (m + 1.0F), s2 = s * s;
    return (float)exponent +
           2.88539008F * s * (1.0F + s2 * (0.333333333F + s2 * (0.2F + s2 * (0.142857143F + s2 * 0.111111111F))));
}

/* The angle of (out, up), out being 0 or more, in degrees, within 2e-6 (Abramowitz and Stegun 4.4.49). */
static inline float nwc__angle_above(float up, float out)
{
    const float high = fabsf(up), least = high < out ? high : out, most = high < out ? out : high;
    const float x = least / (most > 0.0F ? most : 1.0F), y = x * x;
    const float arc =
        x *
        (1.0F +
         y * (-0.3333314528F +
              y * (0.1999355085F +
                   y * (-0.1420889944F +
                        y * (0.1065626393F +
                             y * (-0.0752896400F + y * (0.0429096138F + y * (-0.0161657367F + y * 0.0028662257F))))))));
    const float above = high < out ? arc : 1.57079633F - arc;
    return (up < 0.0F ? -above : above) / NWC__DEGREE_F;
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

/*
 * What a cell is of sums over gates: the mean dBZ of those with echo, less for the part of all that are known which has
 * none.
 */
static inline float nwc__mean_of_echo(float sum, float echo, float known, float least)
{
    const bool is = known > 0.0F && known >= least, has = echo > 0.0F;
    const float mean_dbz = sum / (has ? echo : 1.0F), share = has && is ? echo / known : 1.0F;
    const float dbz = mean_dbz + NWC__DB_PER_OCTAVE * nwc__logarithm_of_two(share);
    return is ? (has ? dbz : NWC__NOTHING_F) : NAN;
}

/* Of means of Z. */
static inline float nwc__mean_of_z(float sum, float known, float least)
{
    const bool is = known > 0.0F && known >= least;
    const float z = sum / (is ? known : 1.0F);
    const float dbz = NWC__DB_PER_OCTAVE * nwc__logarithm_of_two(z > NWC__LEAST_Z ? z : 1.0F);
    return is ? (z > NWC__LEAST_Z ? dbz : NWC__NOTHING_F) : NAN;
}

/* Of anything else. */
static inline float nwc__mean_of_known(float sum, float known, float least)
{
    const bool is = known > 0.0F && known >= least;
    return is ? sum / (is ? known : 1.0F) : NAN;
}

#endif

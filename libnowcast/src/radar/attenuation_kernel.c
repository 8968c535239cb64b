/* Attenuation along a ray; attenuation.c says what these are parts of. */
#include "core/kernel.h"

#include "radar/attenuation_kernel.h"

#define LN10 2.30258509299404568

static double powers(int64_t n, const float *restrict dbz, const float *restrict phase, double exponent, double alpha,
                     double most_dbz, double *restrict power)
{
    const double scale = 0.1 * LN10 * exponent;
    double sum = 0.0;
    for (int64_t g = 0; g < n; g++) {
        const double most = most_dbz - alpha * (phase[g] > 0.0F ? (double)phase[g] : 0.0);
        const double z = (double)dbz[g] < most ? (double)dbz[g] : most;
        power[g] = dbz[g] > -30.0F ? exp(scale * z) : 0.0; /* also 0 where NaN */
        sum += power[g];
    }
    return sum;
}

/*
 * With P = Z^b, I(r) = 0.2 ln(10) b times the sum of P beyond r, and C = 10^(0.1 b alpha phase) - 1, equation 24 is
 * A(r) = P(r) C / (I(0) + C I(r)). Its integral is exact in logarithms, so that what adds up to a gate does not depend on
 * how long gates are: the loss to r is (10 / b) log10((1 + C) I(0) / (I(0) + C I(r))).
 */
static double share(int64_t n, const double *restrict power, double sum, double exponent, double alpha,
                    double phase_deg, double gate_km, float *restrict ah, float *restrict pia)
{
    const double unit = 0.2 * LN10 * exponent * gate_km, c = exp(0.1 * LN10 * exponent * alpha * phase_deg) - 1.0;
    const double whole = unit * sum, per_loss = 10.0 / (exponent * LN10);
    double beyond = sum;
    for (int64_t g = 0; g < n; g++) {
        const double here = unit * (beyond - 0.5 * power[g]), below = whole + c * here;
        beyond -= power[g];
        ah[g] = (float)(power[g] * c / below);
        pia[g] = (float)(per_loss * log((1.0 + c) * whole / below));
    }
    return alpha * phase_deg;
}

static double misfit(int64_t n, const float *restrict pia, const float *restrict phase, double begins_deg, double alpha)
{
    const double per = 1.0 / alpha;
    double sum = 0.0;
    for (int64_t g = 0; g < n; g++) {
        const double off = fabs((double)pia[g] * per - ((double)phase[g] - begins_deg));
        sum += isnan(off) ? 0.0 : off;
    }
    return sum;
}

const struct nwc__attenuation_kernels NWC__NAME(nwc__attenuation_kernels) = {.powers = powers,
                                                                             .share = share,
                                                                             .misfit = misfit};

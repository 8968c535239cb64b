/*
 * Where the sun stands: its mean elements, the equation of the centre, ecliptic to equator, sidereal time, horizon. The low
 * accuracy of Meeus (1998), chapter 25, is 0.01 degrees, a tenth of what a radar's pointing is known to. Refraction after
 * Saemundsson (1986; Meeus 16.4), at 1010 hPa and 10 degrees Celsius; radio waves are bent up to a quarter more where it is
 * humid, which is 0.02 degrees at 2 degrees above the horizon.
 */
#include "core/internal.h"

#include <nowcast/quality.h>

static const double DEGREES = 57.29577951308232;

static double around(double degrees)
{
    const double turn = fmod(degrees, 360.0);
    return turn < 0.0 ? turn + 360.0 : turn;
}

nwc_status nwc_sun_position(int64_t time_ns, double latitude_deg, double longitude_deg, double *azimuth_deg,
                            double *elevation_deg)
{
    if (!azimuth_deg || !elevation_deg)
        return nwc__fail(NWC_ERR_ARG, "azimuth_deg, elevation_deg: places for angles expected, NULL given");
    if (!(fabs(latitude_deg) <= 90.0 && fabs(longitude_deg) <= 360.0))
        return nwc__fail(NWC_ERR_ARG, "latitude_deg, longitude_deg: a place on the earth expected, %g, %g given",
                         latitude_deg, longitude_deg);
    const double days = (double)time_ns / 86400e9 - 10957.5; /* from 2000-01-01 12 UTC */
    const double t = days / 36525.0;
    const double mean_longitude = around(280.46646 + t * (36000.76983 + t * 0.0003032));
    const double anomaly = around(357.52911 + t * (35999.05029 - t * 0.0001537)) / DEGREES;
    const double centre = (1.914602 - t * (0.004817 + t * 0.000014)) * sin(anomaly) +
                          (0.019993 - 0.000101 * t) * sin(2.0 * anomaly) + 0.000289 * sin(3.0 * anomaly);
    const double node = (125.04 - 1934.136 * t) / DEGREES;
    const double longitude = (mean_longitude + centre - 0.00569 - 0.00478 * sin(node)) / DEGREES;
    const double tilt = (23.4392911 - 0.0130042 * t + 0.00256 * cos(node)) / DEGREES;
    const double ascension = atan2(cos(tilt) * sin(longitude), cos(longitude));
    const double declination = asin(sin(tilt) * sin(longitude));
    const double sidereal = around(280.46061837 + 360.98564736629 * days + 0.000387933 * t * t);
    const double hour = (sidereal + longitude_deg) / DEGREES - ascension, latitude = latitude_deg / DEGREES;
    const double up = sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour);
    const double east = -cos(declination) * sin(hour);
    const double north = cos(latitude) * sin(declination) - sin(latitude) * cos(declination) * cos(hour);
    const double true_elevation = asin(fmax(-1.0, fmin(1.0, up))) * DEGREES;
    /* Below the horizon the formula has no meaning, and no radar looks there. */
    const double height = fmax(true_elevation, -1.0);
    *azimuth_deg = around(atan2(east, north) * DEGREES);
    *elevation_deg = true_elevation + 1.02 / (60.0 * tan((height + 10.3 / (height + 5.11)) / DEGREES));
    return NWC_OK;
}

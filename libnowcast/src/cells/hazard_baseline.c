/*
 * The model of published rules. What is marked chosen is our own: how steeply a score becomes a probability, weights, and how long
 * hazards last, where that is not as long as half of the cells did that were followed on two real days (24 and 29 minutes). It is not
 * fitted to reports of any place.
 */
#include <nowcast/cell_hazard.h>

/* A radar's rain is off by a factor of two: one standard deviation of its logarithm, ln 2, is a scale of the logistic
 * function of ln 2 sqrt(3) / pi. */
#define RAIN(hazard, mm)                                                                                               \
    "hazard " hazard "\n"                                                                                              \
    "sum 0\n"                                                                                                          \
    "log rain_passing " mm " 0.382 1  # rate times time of passing, an hour at most: Doswell et al. (1996)\n"          \
    "life 1600                        # as of cells\n"

/* Gusts known by a retrieval or a station; wind near the ground that downdraughts bring down whole, as parcels of gusts are; those of a
 * downburst by the water and the height of the cell; outflow of 4 km, whose velocities differ by 10 m/s at least, to twice the gust. */
#define GALE(hazard, low, high, divergence)                                                                            \
    "hazard " hazard "\n"                                                                                              \
    "mean -4 8                        # chosen: 0.02, 0.5, 0.98 at 0, 1/2, 1\n"                                        \
    "ramp gust " low " " high " 3            # m s-1, 0.7 to 1.3 times the step: chosen\n"                             \
    "ramp wind_low " low " " high " 2        # m s-1, as a gust: Brasseur (2001); weight chosen\n"                     \
    "ramp gust_potential " low " " high " 1  # of VIL and top: Stewart (1996)\n"                                       \
    "ramp divergence_low 0.0025 " divergence " 1  # s-1; 10 m s-1 over 4 km: Wilson et al. (1984)\n"                   \
    "least 0.14                       # one of the last two\n"                                                         \
    "life 1600                        # as of cells\n"

/* A line of the text is a line here. */
/* clang-format off */
static const char text[] =
    "nowcast cell hazards 1\n"
    "model baseline\n"
    "# Doswell, Brooks and Maddox (1996), Wea. Forecasting 11, 560: amount = rate x duration.\n"
    "# Wilson and Brandes (1979), Bull. Amer. Meteor. Soc. 60, 1048: a radar's rain is off by a factor of two.\n"
    RAIN("rain_20", "20")
    RAIN("rain_30", "30")
    RAIN("rain_50", "50")
    RAIN("rain_80", "80")
    "# Stewart (1996), NOAA Tech. Memo. NWS SR-136: gust of a pulse storm.\n"
    "# Brasseur (2001), Mon. Wea. Rev. 129, 5: gusts are parcels of the wind aloft.\n"
    "# Wilson, Roberts, Kessinger and McCarthy (1984), J. Climate Appl. Meteor. 23, 898: microbursts.\n"
    GALE("gale_8", "12.0", "22.4", "0.0086")
    GALE("gale_9", "14.6", "27.0", "0.0104")
    GALE("gale_10", "17.2", "31.9", "0.0123")
    GALE("gale_11", "20.0", "37.1", "0.0143")
    "hazard hail\n"
    "mean -4 8                        # chosen\n"
    "ramp poh 0 1 3                   # Waldvogel et al. (1979), J. Appl. Meteor. 18, 1521; Foote et al. (2005)\n"
    "ramp reflectivity 50 60 1        # dBZ, about 55: Auer (1994), J. Appl. Meteor. 33, 1448\n"
    "least 0.2\n"
    "life 1500                        # chosen\n"
    "hazard hail_20\n"
    "mean -4 8                        # chosen\n"
    "ramp posh 0 1 3                  # Witt et al. (1998), Wea. Forecasting 13, 286\n"
    "ramp mesh 2 29 2                 # mm: 95 % of reports are below 20 mm at 2, Murillo and Homeyer (2019), J. Appl. Meteor.\n"
    "                                 # Climatol. 58, 947; swaths of severe hail at 29, Cintineo et al. (2012), Wea.\n"
    "                                 # Forecasting 27, 1235\n"
    "ramp vil_density 3 4 1           # g m-3, about 3.5: Amburn and Wolf (1997), Wea. Forecasting 12, 473\n"
    "least 0.3\n"
    "life 1500                        # chosen\n"
    "hazard tornado\n"
    "mean -5 8                        # chosen: 0.007, 0.27, 0.95 at 0, 1/2, 1\n"
    "ramp shear_low 0.005 0.010 3     # s-1, half of a vorticity of 0.01: Doswell and Burgess (1993), AGU Monogr. 79, 161\n"
    "ramp shear_mid 0.005 0.010 2\n"
    "ramp velocity_difference 25 36 2 # m s-1: Mitchell et al. (1998), Wea. Forecasting 13, 352\n"
    "ramp debris_area 0 4e6 2         # m2; debris: Ryzhkov et al. (2005), J. Appl. Meteor. 44, 557; its size chosen\n"
    "least 0.3\n"
    "life 1200                        # chosen\n"
    "hazard lightning\n"
    "mean -4 12                       # chosen\n"
    "ramp flash_rate 0 1 4            # min-1: seen\n"
    "ramp reflectivity_cold 35 50 2   # dBZ at -10 degC or colder, 40 for even chances: Gremillion and Orville (1999),\n"
    "                                 # Wea. Forecasting 14, 640\n"
    "least 0.3\n"
    "life 1600                        # as of cells\n";
/* clang-format on */

const char *nwc_hazard_baseline(void)
{
    return text;
}

/* The standard atmosphere: geopotential height, m, and pressure, Pa. */
#ifndef NWC_CORE_ATMOSPHERE_H
#define NWC_CORE_ATMOSPHERE_H

/* NaN where the pressure is not above 0. */
double nwc__standard_height(double pressure_pa);
double nwc__standard_pressure(double height_m);

#endif

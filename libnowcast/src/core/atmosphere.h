/* The standard atmosphere: geopotential height, m, and pressure, Pa. */
#ifndef NWC_CORE_ATMOSPHERE_H
#define NWC_CORE_ATMOSPHERE_H

/* NaN where the pressure is not above 0. */
double nwc__standard_height(double pressure_pa);
double nwc__standard_pressure(double height_m);

/* Pressure of saturation over water, Pa, by Magnus' formula as in WMO-No. 8 (annex 4.B). */
double nwc__saturation(double temperature_k);

#endif

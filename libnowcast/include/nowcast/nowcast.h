/** @file nowcast.h  Everything libnowcast declares, except experimental.h. */
#ifndef NOWCAST_H
#define NOWCAST_H

#include <nowcast/background.h>
#include <nowcast/beam.h>
#include <nowcast/cell_attributes.h>
#include <nowcast/cell_forecast.h>
#include <nowcast/cell_hazard.h>
#include <nowcast/cells.h>
#include <nowcast/core.h>
#include <nowcast/dealias.h>
#include <nowcast/forecast.h>
#include <nowcast/forecast_blend.h>
#include <nowcast/forecast_ensemble.h>
#include <nowcast/forecast_local.h>
#include <nowcast/geojson.h>
#include <nowcast/grid.h>
#include <nowcast/hazard.h>
#include <nowcast/health.h>
#include <nowcast/hydrometeor.h>
#include <nowcast/initiation.h>
#include <nowcast/io.h>
#include <nowcast/model.h>
#include <nowcast/mosaic.h>
#include <nowcast/motion.h>
#include <nowcast/obs.h>
#include <nowcast/phase.h>
#include <nowcast/product.h>
#include <nowcast/profile.h>
#include <nowcast/quality.h>
#include <nowcast/radar.h>
#include <nowcast/rain.h>
#include <nowcast/shear.h>
#include <nowcast/terrain.h>
#include <nowcast/track.h>
#include <nowcast/turbulence.h>
#include <nowcast/verify.h>
#include <nowcast/verify_objects.h>
#include <nowcast/verify_probability.h>
#include <nowcast/verify_scales.h>
#include <nowcast/verify_sums.h>
#include <nowcast/wind.h>
#include <nowcast/wind_forecast.h>
#include <nowcast/wind_kinematics.h>
#include <nowcast/wind_level.h>

#endif

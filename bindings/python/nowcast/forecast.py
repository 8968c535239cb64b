"""Fields carried into the future."""

from nowcast._blend import BlendSkill, edge, merge, seam
from nowcast._forecast_ahead import DELAY_MINUTES, SAMPLINGS, delay, lead_times
from nowcast._forecast_blend import blend
from nowcast._forecast_carried import PRODUCTS, cascade, extrapolate
from nowcast._forecast_growth import GROWTH_INPUTS, GrowthModel, growth_inputs
from nowcast._forecast_kalman import enkf, kalman
from nowcast._forecast_learned import Correction, Tensors, corrected, onnx
from nowcast._forecast_local import anvil, linda, linda_ensemble, sseps
from nowcast._forecast_run import ENSEMBLES, METHODS, run
from nowcast._forecast_times import greatest, onset, total
from nowcast._forecast_waves import MEMBERS, sprog, steps
from nowcast._probability import band_depth, ensemble_mean, exceedance, matched_mean, quantiles

__all__ = [
    "DELAY_MINUTES",
    "ENSEMBLES",
    "GROWTH_INPUTS",
    "MEMBERS",
    "METHODS",
    "PRODUCTS",
    "SAMPLINGS",
    "BlendSkill",
    "Correction",
    "GrowthModel",
    "Tensors",
    "anvil",
    "band_depth",
    "blend",
    "cascade",
    "corrected",
    "delay",
    "edge",
    "enkf",
    "ensemble_mean",
    "exceedance",
    "extrapolate",
    "greatest",
    "growth_inputs",
    "kalman",
    "lead_times",
    "linda",
    "linda_ensemble",
    "matched_mean",
    "merge",
    "onnx",
    "onset",
    "quantiles",
    "run",
    "seam",
    "sprog",
    "sseps",
    "steps",
    "total",
]

"""The probabilities and quantiles that the program writes beside a forecast."""

import dataclasses
from collections.abc import Iterator

import xarray as xr

from nowcast import _probability
from nowcast.errors import ArgumentError


@dataclasses.dataclass(frozen=True)
class Choice:
    """What to make of a forecast: probabilities of reaching thresholds, mm h-1, and quantiles of its members."""

    thresholds: tuple[float, ...] = ()
    fractions: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.thresholds or self.fractions)

    def names(self) -> list[str]:
        """Of the variables, ``probability_1``, ``quantile_0p9``."""
        return [_name("probability", t) for t in self.thresholds] + [_name("quantile", f) for f in self.fractions]

    def of(self, forecast: xr.DataArray) -> Iterator[xr.DataArray]:
        """The fields, each (time, y, x).

        Raises
        ------
        ArgumentError : quantiles of a forecast without members.
        """
        if self.fractions and "member" not in forecast.dims:
            raise ArgumentError("quantiles: an ensemble expected, one field given")
        for threshold in self.thresholds:
            yield _probability.exceedance(forecast, threshold).rename(_name("probability", threshold))
        if self.fractions:
            several = _probability.quantiles(forecast, self.fractions)
            for k, fraction in enumerate(self.fractions):
                name = _name("quantile", fraction)
                # Quantities are told apart by their names in a file of several.
                own = {"quantity": name, "quantile": fraction}
                yield several.isel(quantile=k, drop=True).rename(name).assign_attrs(own)


def _name(what: str, number: float) -> str:
    return f"{what}_{number:g}".replace(".", "p").replace("-", "m").replace("+", "")

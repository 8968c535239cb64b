"""Our functions in the place of those of an installed pysteps."""

import importlib
from collections.abc import Callable
from typing import Any

from nowcast.compat.pysteps import extrapolation, motion, nowcasts, verification

# Where pysteps keeps what we have too.
_FUNCTIONS: dict[str, dict[str, Callable[..., Any]]] = {
    "motion.lucaskanade": {"dense_lucaskanade": motion.dense_lucaskanade},
    "motion.vet": {"vet": motion.vet},
    "motion.proesmans": {"proesmans": motion.proesmans},
    "motion.farneback": {"farneback": motion.farneback},
    "motion.darts": {"DARTS": motion.DARTS},
    "motion.constant": {"constant": motion.constant},
    "extrapolation.interface": {"eulerian_persistence": extrapolation.eulerian_persistence},
    "extrapolation.semilagrangian": {"extrapolate": extrapolation.extrapolate},
    "nowcasts.extrapolation": {"forecast": nowcasts.extrapolation},
    "nowcasts.sprog": {"forecast": nowcasts.sprog},
    "nowcasts.sseps": {"forecast": nowcasts.sseps},
    "nowcasts.steps": {"forecast": nowcasts.steps},
    "verification.spatialscores": {"fss": verification.fss},
    "verification.probscores": {"CRPS": verification.CRPS},
}
_DOORS: dict[str, Callable[..., Any]] = {
    "motion": motion.get_method,
    "extrapolation": extrapolation.get_method,
    "nowcasts": nowcasts.get_method,
}


def _first(ours: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
    def get_method(name: Any) -> Any:
        """A method of ours where there is one of that name, else theirs."""
        try:
            return ours(name)
        except ValueError:
            return theirs(name)

    return get_method


def install() -> None:
    """Let ``get_method`` of pysteps' motion, extrapolation and nowcasts, and their functions, be ours in this process.

    What is not here stays pysteps' own: reading files, drawing, methods we do not have.

    Raises
    ------
    ImportError : pysteps is not installed.
    """
    for module, ours in _DOORS.items():
        package, door = (importlib.import_module(f"pysteps.{module}{part}") for part in ("", ".interface"))
        door.get_method = package.get_method = _first(ours, door.get_method)  # type: ignore[attr-defined]
    for module, functions in _FUNCTIONS.items():
        place = importlib.import_module(f"pysteps.{module}")
        for name, function in functions.items():
            setattr(place, name, function)

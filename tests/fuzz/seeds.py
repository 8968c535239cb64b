"""Make the committed inputs of the fuzz programs: small files by the writers of this library, in tests/fuzz/corpus.

The first byte of an input chooses the beginning it is put behind, 0 leaving a file as it is, or what a container is
read for. Formats that are only read have no committed inputs: their programs know good beginnings, which are replayed
alone.
"""

import bz2
import gzip
import io as streams
import lzma
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from nowcast import io, radar, sim
from nowcast.grid import Grid
from nowcast.sim import observe, strategy

CORPUS = Path(__file__).parent / "corpus"


def volume() -> xr.DataTree:
    """Reflectivities and speeds on 18 rays of 12 gates through rain."""
    rain = sim.stratiform(rate=10.0, wind=(18.0, -11.0))
    plan = strategy.Strategy("SMALL", strategy.Radar(), (strategy.Sweep(0.5, 20.0, 1000.0, 12e3),))
    seen = sim.scan(rain, sim.Site.near(rain, 0.0, 0.0), plan, 0.0).volume
    sweep = seen["sweep_0"].to_dataset()
    others = [name for name, moment in sweep.items() if moment.ndim == 2 and name not in ("DBZH", "VRADH")]
    seen["sweep_0"] = xr.DataTree(sweep.drop_vars(others))
    return seen


def field() -> xr.DataArray:
    """5 x 4 cells of rain."""
    grid = Grid("+proj=stere +lat_0=90 +lat_ts=60 +lon_0=25 +ellps=WGS84", 4, 5, 0.0, -3e6, 2000.0, 2000.0)
    coords = {"time": [np.datetime64("2026-06-01T12:00", "ns")]}
    cells = np.arange(20, dtype=np.float32).reshape(1, 5, 4) / 8
    cells[0, 1, 2] = np.nan
    names = {"units": "mm h-1", "quantity": "RATE", "grid_mapping": "crs"}
    return xr.DataArray(cells, dims=("time", "y", "x"), coords=coords | grid.coords(), attrs=names, name="rain")


def tables() -> Iterator[tuple[str, bytes]]:
    """Observations of a storm, in text."""
    rain = sim.stratiform(rate=10.0, wind=(18.0, -11.0))
    yield "wyoming", observe.wyoming(observe.sounding(rain, 0.0, 0.0, 0.0, every=300.0)).encode()
    yield "cma_profiler", observe.cma_profiler(observe.profiler(rain, 0.0, 0.0, [0.0])).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stations.csv"
        observe.write_csv(observe.stations(rain, [(0.0, 0.0)], 0.0, 600.0), path)
        yield "csv", path.read_bytes()


def classic() -> Iterator[tuple[str, xr.Dataset]]:
    """Classic netCDF, which this library does not write: two rays of CfRadial 1, two levels of a radiosonde."""
    rays = {"azimuth": "degrees", "elevation": "degrees", "nyquist_velocity": "m s-1"}
    sweep = xr.Dataset({name: ("time", np.float32([30.0, 31.0]), {"units": units}) for name, units in rays.items()})
    sweep["time"] = ("time", [0.0, 0.5], {"units": "seconds since 2026-06-01T06:00:00Z"})
    sweep["range"] = ("range", np.float32([125.0, 375.0, 625.0]), {"units": "meters"})
    for name, value in {"sweep_start_ray_index": 0, "sweep_end_ray_index": 1, "fixed_angle": 0.5}.items():
        sweep[name] = ("sweep", [value])
    sweep["DBZ"] = (("time", "range"), np.int16([[0, 10, 20], [-1, 5, -32768]]), {"units": "dBZ"})
    sweep["DBZ"].attrs |= {"scale_factor": 0.5, "add_offset": 1.0, "_FillValue": np.int16(-32768)}
    for name, value in {"latitude": 22.5, "longitude": 114.1, "altitude": 50.0}.items():
        sweep[name] = ((), value)
    yield "sweep", sweep.assign_attrs(Conventions="CF/Radial", instrument_name="SMALL")
    levels = {"pres": "hPa", "tdry": "C", "alt": "m", "rh": "%"}
    sonde = xr.Dataset({name: ("time", np.float32([900.0, 800.0]), {"units": units}) for name, units in levels.items()})
    sonde["time_offset"] = ("time", [0.0, 2.0], {"units": "seconds since 2026-06-01 00:00:00"})
    sonde["base_time"] = ((), np.int32(1780272000), {"units": "seconds since 1970-1-1 0:00:00 0:00"})
    yield "sonde", sonde


def written() -> Iterator[tuple[str, str, bytes]]:
    """Decoder, name and bytes of what is written by this library."""
    storm, rain = volume(), field()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for decoders, suffix in ((("nexrad", "nexrad_stream"), "ar2v"), (("cma", "cma_stream"), "bin")):
            radar.write(storm, folder / f"volume.{suffix}")
            for decoder in decoders:
                yield decoder, f"volume.{suffix}", (folder / f"volume.{suffix}").read_bytes()
        for suffix in ("h5", "nc"):
            radar.write(storm, folder / f"volume.{suffix}")
            yield "hdf5", f"volume.{suffix}", (folder / f"volume.{suffix}").read_bytes()
        fields = ((("hdf5",), "h5"), (("hdf5",), "nc"), (("grib", "grib_message"), "grib2"), (("geotiff",), "tif"))
        for decoders, suffix in fields:
            io.write(rain, folder / f"field.{suffix}")
            for decoder in decoders:
                yield decoder, f"field.{suffix}", (folder / f"field.{suffix}").read_bytes()
        with xr.open_dataset(folder / "field.nc", decode_cf=False) as grid:
            for name, data in (("field", grid.load()), *classic()):
                data.to_netcdf(folder / "classic.nc", format="NETCDF3_64BIT", engine="netcdf4")
                yield "netcdf", f"{name}.nc", (folder / "classic.nc").read_bytes()
    for decoder, content in tables():
        yield decoder, "table", content


def packed() -> Iterator[tuple[str, bytes]]:
    """A text in every packing that Python has."""
    text = b"What is packed, and what is packed again. " * 8
    yield "gzip", gzip.compress(text, mtime=0)
    yield "bzip2", bz2.compress(text)
    yield "bzip2_blocks", bz2.compress(text, 1)
    yield "xz", lzma.compress(text)
    archive = streams.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("text"), text)
    yield "zip", archive.getvalue()
    archive = streams.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as file:
        member = tarfile.TarInfo("text")
        member.size = len(text)
        file.addfile(member, streams.BytesIO(text))
    yield "tar", archive.getvalue()


KINDS = {"sweep.nc": b"\1", "sonde.nc": b"\2", "volume.h5": b"\1", "volume.nc": b"\1"}
"""The first byte of files whose program reads volumes and observations too."""


def main() -> None:
    """Write them all, or those of the decoders that are named."""
    made = [*written(), *((decoder, "text", content) for decoder, content in packed())]
    for decoder, name, content in made:
        if sys.argv[1:] and decoder not in sys.argv[1:]:
            continue
        (CORPUS / decoder).mkdir(parents=True, exist_ok=True)
        kind = KINDS.get(name, b"\0") if decoder in ("hdf5", "netcdf") else b"\0"
        (CORPUS / decoder / name).write_bytes(kind + content)


if __name__ == "__main__":
    main()

"""Make the committed inputs of the fuzz programs: small files by the writers of this library, in tests/fuzz/corpus.

The first byte of an input chooses the beginning it is put behind; 0 leaves a file as it is. Formats that are only read
have no committed inputs: their programs know good beginnings, which are replayed alone.
"""

import bz2
import gzip
import io as streams
import lzma
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


def written() -> Iterator[tuple[str, str, bytes]]:
    """Decoder, name and bytes of what is written by this library."""
    storm, rain = volume(), field()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for decoders, suffix in ((("nexrad", "nexrad_stream"), "ar2v"), (("cma", "cma_stream"), "bin")):
            radar.write(storm, folder / f"volume.{suffix}")
            for decoder in decoders:
                yield decoder, f"volume.{suffix}", (folder / f"volume.{suffix}").read_bytes()
        for decoder, suffix in (("hdf5", "h5"), ("netcdf", "nc")):
            radar.write(storm, folder / f"volume.{suffix}")
            yield decoder, f"volume.{suffix}", (folder / f"volume.{suffix}").read_bytes()
        fields = ((("hdf5",), "h5"), (("netcdf",), "nc"), (("grib", "grib_message"), "grib2"), (("geotiff",), "tif"))
        for decoders, suffix in fields:
            io.write(rain, folder / f"field.{suffix}")
            for decoder in decoders:
                yield decoder, f"field.{suffix}", (folder / f"field.{suffix}").read_bytes()
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


def main() -> None:
    """Write them all."""
    made = [*written(), *((decoder, "text", content) for decoder, content in packed())]
    for decoder, name, content in made:
        (CORPUS / decoder).mkdir(parents=True, exist_ok=True)
        (CORPUS / decoder / name).write_bytes(b"\0" + content)


if __name__ == "__main__":
    main()

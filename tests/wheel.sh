#!/usr/bin/env bash
# Install a wheel that brings everything into a Debian of nothing but its essential packages, python3 and the C++ runtime that NumPy's
# wheels ask for, without a network, and run it there: the demo, and files of formats whose libraries have data of their own, which
# have to say what they say to a build with all of Debian's data. As root, for chroot.
# usage: tests/wheel.sh WHEEL
set -euo pipefail
wheel=$(realpath "$1")
cd "$(dirname "$0")/.."
root=build/bare
[[ $EUID == 0 ]] || { echo "tests/wheel.sh: as root, which chroot asks for" >&2; exit 1; }

if [[ ! -e $root/made ]]; then
  rm -rf "$root"
  mmdebstrap --quiet --variant=essential --include=python3,python3-venv,libstdc++6 bookworm "$root"
  touch "$root/made"
fi
found=$(find "$root"/usr "$root"/lib -name 'libeccodes*' -o -name 'libproj*' -o -name 'libhdf5*' -o -name 'libopenblas*' -o -name proj.db)
[[ -z $found ]] || { echo "not bare: $found" >&2; exit 1; }

# What the wheel asks for, as the root's Python takes it.
version=$(chroot "$root" /usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
.venv/bin/pip download --quiet --disable-pip-version-check --only-binary :all: \
  -c scripts/requirements.txt --python-version "$version" -d build/wheelhouse "$wheel[plot]"
rm -rf "$root/test" build/wheelhouse/libnowcast-*
mkdir -p "$root/test/files"
cp "$wheel" build/wheelhouse/*.whl tests/wheel_check.py "$root/test"
cp tests/fuzz/corpus/grib/field.grib2 "$root/test/files"
.venv/bin/python - "$root/test/files/europe.tif" <<'PYTHON'
import sys, numpy, rasterio
place = rasterio.Affine(1000.0, 0.0, 4e6, 0.0, -1000.0, 3e6)
with rasterio.open(sys.argv[1], "w", "GTiff", 9, 8, 1, "EPSG:3035", place, "float32") as file:
    file.write(numpy.arange(72, dtype="float32").reshape(8, 9), 1)
PYTHON
if [[ -n ${NOWCAST_TEST_DATA:-} ]]; then
  cp "$NOWCAST_TEST_DATA"/nwp/{pl_regular_ll.grib,nam.t00z.awp21100.tm00.grib2} "$NOWCAST_TEST_DATA"/obs/profile-bufr/*.bufr "$root/test/files"
fi
(cd "$root/test" && "$OLDPWD/.venv/bin/python" wheel_check.py files/* > expected) # by Debian's ecCodes and PROJ with all their data

cat > "$root/test/run" <<'RUN'
set -eu
cd /test
python3 -m venv venv
venv/bin/pip install --quiet --no-index --find-links /test 'libnowcast[plot]'
venv/bin/nowcast doctor
venv/bin/nowcast demo --output demo | tail -n 4
venv/bin/python wheel_check.py files/* | diff expected -
export ECCODES_DEFINITION_PATH=/nowhere ECCODES_SAMPLES_PATH=/nowhere PROJ_DATA=/nowhere PROJ_LIB=/nowhere
venv/bin/python wheel_check.py files/* | diff expected -
cat expected
RUN
unshare --mount --net --pid --fork --mount-proc="$PWD/$root/proc" chroot "$root" \
  /usr/bin/env -i PATH=/usr/bin:/bin HOME=/test LC_ALL=C.UTF-8 MPLBACKEND=agg sh /test/run
size=$(stat -c %s "$wheel")
((size <= 60000000)) || { echo "$wheel: at most 60 MB expected, $size bytes found" >&2; exit 1; }
echo "$(basename "$wheel"): $((size / 1000)) kB, runs in a bare Debian"

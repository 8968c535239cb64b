# make demo   the whole chain on a synthetic storm, figures and scores in demo/
# make test   the C and Python tests
# Both set up a Debian-family machine first (packages, .venv, build), which takes seconds when nothing changed.
# Others, told by the line above each: bench and bench-* (times and skill, beside other packages or the truth), peers (those
# packages), model-values, read-back and draw-dealias (values, files and pictures beside theirs), docs, lint, fuzz, damage, chaos,
# tsan, wheel, test-wheel, bench-tables, test-long, clean.
SHELL := /bin/bash
.DEFAULT_GOAL := test
.PHONY: setup python c-tests python-tests test demo bench peers bench-blending bench-ensembles bench-members bench-methods \
  bench-peers bench-volumes bench-gridding bench-decode bench-dealias draw-dealias bench-quality bench-products bench-terrain \
  bench-profiles bench-winds bench-cells bench-hazards bench-cycle bench-archive bench-replay bench-learned bench-low-level \
  bench-storms bench-chain bench-tables model-values read-back docs lint fuzz damage chaos tsan wheel test-wheel test-long clean

JOBS := $(shell nproc)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)
FUZZ_MINUTES ?= 0.3
# What goes into the wheel.
SOURCES := $(shell find libnowcast bindings cmake -type f -not -name '*.pyc') CMakeLists.txt pyproject.toml VERSION README.md

setup:
	@scripts/setup build

python: setup
	@$(MAKE) --no-print-directory .venv/installed

.venv/installed: $(SOURCES) .venv/requirements.sha256
	.venv/bin/pip install --quiet --no-build-isolation --no-deps --config-settings=build-dir=build/wheel .
	@touch $@

c-tests: setup
	@[ -f build/dev/build.ninja ] || cmake --preset dev
	cmake --build --preset dev
	ctest --preset dev -j $(JOBS)

python-tests: python
	@scripts/setup browser || echo "no chromium: the tests of the desk's page in a browser are skipped"
	.venv/bin/python -m pytest -m "not long"

test: c-tests python-tests

demo: python
	.venv/bin/nowcast demo --output demo

# Times of the C kernels.
bench: setup
	@[ -f build/bench/build.ninja ] || cmake --preset bench
	cmake --build --preset bench
	@set -e; for program in build/bench/benchmarks/nowcast_bench_*; do $$program; done

# The packages the comparisons run beside libnowcast, in an environment of their own.
peers: python
	@[ -x build/peers/bin/python ] || .venv/bin/python -m venv build/peers
	@build/peers/bin/pip install --quiet --disable-pip-version-check -r benchmarks/peers/requirements.txt
	@build/peers/bin/pip install --quiet --disable-pip-version-check --no-build-isolation \
	  -r benchmarks/peers/requirements-source.txt

# Every forecasting method beside pysteps' on real events: scores, time, memory.
bench-methods: peers
	.venv/bin/python benchmarks/peers/methods.py --python build/peers/bin/python --csv build/methods.csv

# A blend beside its two sources, on real events and a model made of what came.
bench-blending: python
	.venv/bin/python benchmarks/blending.py --members 10

# STEPS and SSEPS beside pysteps' on a real event.
bench-members: peers
	.venv/bin/python benchmarks/peers/members.py --python build/peers/bin/python

# Motion and extrapolation beside pysteps' on real events: scores, time, memory.
bench-peers: peers
	.venv/bin/python benchmarks/peers/compare.py --python build/peers/bin/python --csv build/peers.csv

# Every value of radar volumes beside Py-ART and xradar.
bench-volumes: peers
	.venv/bin/python benchmarks/peers/volumes.py --python build/peers/bin/python

# Every value and place of GRIB files beside ecCodes for Python and cfgrib.
model-values: peers
	.venv/bin/python benchmarks/peers/model_values.py --python build/peers/bin/python

# Mosaics beside Py-ART's grids: errors against the truth, and the time.
bench-gridding: peers
	.venv/bin/python benchmarks/peers/gridding.py --python build/peers/bin/python \
	  $(if $(NOWCAST_TEST_DATA),--volume $(NOWCAST_TEST_DATA)/radar/nexrad/single/KLBB20160601_150025_V06)

# The time radar files take to read, beside Py-ART and xradar.
bench-decode: peers
	@[ -f build/bench/build.ninja ] || cmake --preset bench
	cmake --build --preset bench --target nowcast_unpack
	.venv/bin/python benchmarks/peers/decode_times.py --python build/peers/bin/python \
	  --unpack build/bench/benchmarks/nowcast_unpack --csv build/decode.csv

# Velocities dealiased beside Py-ART and UNRAVEL, against the truth.
bench-dealias: peers
	.venv/bin/python benchmarks/peers/dealias.py --python build/peers/bin/python --told
	.venv/bin/python benchmarks/peers/dealias.py --python build/peers/bin/python --raw

# Velocities of 1999-05-03 as measured and as three packages dealias them, drawn into build/dealias.
draw-dealias: peers
	.venv/bin/python benchmarks/peers/dealias_pictures.py --python build/peers/bin/python

# Weather told from what is not, on simulated sweeps, beside Py-ART and wradlib.
bench-quality: peers
	.venv/bin/python benchmarks/peers/quality.py --python build/peers/bin/python
	.venv/bin/python benchmarks/hydrometeors.py

# KDP, attenuation, rain and hail of simulated storms, beside Py-ART, wradlib and the truth.
bench-products: peers
	.venv/bin/python benchmarks/peers/phase.py --python build/peers/bin/python
	.venv/bin/python benchmarks/peers/hail.py --python build/peers/bin/python

# CRPS of an ensemble beside pysteps.
bench-ensembles: peers
	.venv/bin/python benchmarks/peers/ensembles.py --python build/peers/bin/python

# What the ground hides of beams, beside wradlib and rays followed one by one.
bench-terrain: peers
	.venv/bin/python benchmarks/peers/terrain.py --python build/peers/bin/python

# Wind over height beside vol2bird, the VAD products of NEXRAD and CINRAD, and a sounding.
bench-profiles: python
	.venv/bin/python benchmarks/peers/profiles.py

# Winds in three dimensions of two real storms, of one beside PyDDA.
bench-winds: peers
	.venv/bin/python benchmarks/peers/winds.py --python build/peers/bin/python

# Forecasts of the low-level wind of simulated storms and of a real one, beside persistence and the model.
bench-low-level: python
	.venv/bin/python benchmarks/low_level.py

# Cells of made sequences found and followed, beside their truth, tobac and T-DaTing; and of real ones under NOWCAST_TEST_DATA.
bench-cells: peers
	.venv/bin/python benchmarks/cells.py --python build/peers/bin/python
	.venv/bin/python benchmarks/cells_real.py --python build/peers/bin/python

# Probabilities of hazards of simulated storms beside what the storms do.
bench-hazards: python
	.venv/bin/python benchmarks/hazards.py

# An operational cycle of four radars: the seconds of each stage, and memory.
bench-cycle: python
	.venv/bin/python benchmarks/cycle.py

# An archive of cases on a Dask cluster whose worker is killed, beside the same one by one.
bench-archive: python
	.venv/bin/python benchmarks/archive.py

# Two hours of real storms cycle by cycle as cron runs them, and replayed to the bit.
bench-replay: python
	.venv/bin/python benchmarks/replay.py

# Learned corrections of growth and decay, on real events that they never saw.
bench-learned: python
	.venv/bin/python benchmarks/learned.py

# Winds in three dimensions of simulated storms, beside the truth and PyDDA.
bench-storms: peers
	.venv/bin/python benchmarks/wind_storms.py --python build/peers/bin/python

# From the file of a volume to a mosaic and its products: the seconds of each step.
VOLUME ?= $(NOWCAST_TEST_DATA)/radar/nexrad/single/KLBB20160601_150025_V06

bench-chain: python
	.venv/bin/python benchmarks/chain.py $(VOLUME)

# Every table of docs/guide that was measured, one after another, into build/tables: hours, and NOWCAST_TEST_DATA.
TABLES := bench bench-methods bench-blending bench-members bench-peers bench-volumes model-values bench-gridding bench-decode bench-dealias \
  bench-quality bench-products bench-ensembles bench-terrain bench-profiles bench-winds bench-low-level bench-cells bench-cycle \
  bench-storms bench-chain bench-learned read-back

bench-tables:
	@mkdir -p build/tables
	@set -o pipefail; for table in $(TABLES); do \
	  echo "== $$table"; $(MAKE) --no-print-directory $$table 2>&1 | tee build/tables/$$table.txt || exit 1; done

# Volumes written in every format, read by the packages of others.
read-back: peers
	.venv/bin/python benchmarks/peers/read_back.py --python build/peers/bin/python

# The site, in build/docs.
docs: python
	@scripts/setup docs
	@.venv/bin/pip install --quiet --disable-pip-version-check -r scripts/requirements-docs.txt
	.venv/bin/sphinx-build --quiet -W -E -b html docs build/docs  # all anew: Doxygen numbers what has no name over all headers
	@echo "build/docs/index.html"

# Layout, types and what compilers and checkers say.
lint: setup
	@scripts/setup lint clang
	@scripts/lint

# FUZZ_MINUTES more of each fuzz program.
fuzz: setup
	@scripts/setup clang
	@[ -f build/fuzz/build.ninja ] || cmake --preset fuzz
	cmake --build --preset fuzz
	.venv/bin/python tests/fuzz/run.py --more $(FUZZ_MINUTES) --jobs $(JOBS)

# Every real file cut short and changed: hours, in as many sittings as wanted.
damage: python
	.venv/bin/python tests/robustness/damage.py --record build/damage.jsonl

# Operational cycles that are killed, and whose files and disks are damaged.
chaos: python
	.venv/bin/python tests/robustness/chaos.py

# Looks for races between threads.
tsan: setup
	@scripts/setup clang
	@[ -f build/tsan/build.ninja ] || cmake --preset tsan
	cmake --build --preset tsan
	ctest --preset tsan

# The wheel that brings everything, in dist.
wheel: setup
	@scripts/setup wheel
	@.venv/bin/pip install --quiet --disable-pip-version-check -r scripts/requirements-wheel.txt
	@rm -rf dist
	.venv/bin/python scripts/make_wheel.py dist

# That wheel in a Debian of nothing but python3, without a network. As root.
test-wheel: python wheel
	@scripts/setup bare
	tests/wheel.sh dist/*.whl

# make test, what takes longer, the wheel, races and a little fuzzing.
test-long: test
	.venv/bin/python -m pytest -m long
	$(MAKE) test-wheel
	$(MAKE) tsan
	$(MAKE) fuzz

# Remove what was built.
clean:
	rm -rf build demo .venv/installed

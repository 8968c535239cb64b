#!/bin/sh
# Install a build to a prefix of its own, then build and run the C examples against it as a user would, once through
# find_package and once through pkg-config.
# usage: install.sh BUILD SOURCE COMPILER LIBDIR
set -eu
build=$1 source=$2 compiler=$3 libdir=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

cmake --install "$build" --prefix "$prefix" >/dev/null

cmake -S "$source/examples/c" -B "$work/found" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$compiler" >/dev/null
cmake --build "$work/found" >/dev/null
cd "$work"
found/make_showers 1.h5 2.h5 3.h5
found/nowcast_hour 1.h5 2.h5 3.h5 found.nc

export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
flags=$(pkg-config --define-variable=prefix="$prefix" --cflags --libs nowcast)
# shellcheck disable=SC2086 # the flags are words
"$compiler" -std=c11 "$source/examples/c/nowcast_hour.c" -o "$work/nowcast_hour" $flags -lm -Wl,-rpath,"$prefix/$libdir"
./nowcast_hour 1.h5 2.h5 3.h5 linked.nc
cmp found.nc linked.nc

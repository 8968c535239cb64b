#!/bin/sh
# Each public header stands alone, as C11 and as C++17, without a warning.
# usage: headers.sh INCLUDE_DIR CC CXX
set -eu
flags="-Wall -Wextra -Wpedantic -Werror -fsyntax-only -I $1"
for header in "$1"/nowcast/*.h; do
  echo "#include <nowcast/$(basename "$header")>" | "$2" -std=c11 $flags -x c -
  echo "#include <nowcast/$(basename "$header")>" | "$3" -std=c++17 $flags -x c++ -
done

#!/bin/sh
# The library exports the functions its headers declare, and nothing else.
# usage: symbols.sh INCLUDE_DIR CC LIBRARY
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat "$1"/nowcast/nowcast.h "$1"/nowcast/experimental.h | "$2" -E -P -nostdinc -DNWC_CDEF -I "$1" -x c - |
  grep -oE '\bnwc_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u > "$folder/declared"
nm -D --defined-only "$3" | sed 's/.* //' | sort -u > "$folder/exported"
diff "$folder/declared" "$folder/exported" || { echo "left: declared only, right: exported only"; exit 1; }

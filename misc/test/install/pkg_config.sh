#!/usr/bin/env bash
# pkg_config.sh PREFIX BUILD_DIR shared|static COMPILER [FLAG...]: builds main.cpp against an installed Gangway with
# what pkg-config says and nothing else, and runs it.
set -euo pipefail
prefix=$1 build=$2 kind=$3
shift 3

pc=$(find "$prefix" -name gangway.pc)
export PKG_CONFIG_PATH=${pc%/*}
libs=$(pkg-config --libs gangway)
# Where both libraries lie in one folder, the linker takes the shared one unless it is told the file's name.
[ "$kind" = static ] && libs=$(pkg-config --static --libs gangway | sed 's/-lgangway/-l:libgangway.a/')

mkdir -p "$build"
# shellcheck disable=SC2046,SC2086 # several words each
"$@" -std=c++20 -Wall -Wextra -Werror $(pkg-config --cflags gangway) "${0%/*}/main.cpp" $libs -o "$build/user-$kind"
LD_LIBRARY_PATH=$(pkg-config --variable=libdir gangway) "$build/user-$kind"

#!/usr/bin/env bash
# layering.sh ROOT: includes go downward only, callbacks -> ffi -> runtime -> include (a step may be skipped), so that
# a folder can be read and tested without those above it.
set -euo pipefail
cd "$1"

status=0
# own: the includes in quotes that the folder's files may have, written from the root. Public headers come in angle
# brackets, and no folder of ours does.
look() {
    local folder=$1 own=$2
    [ -d "$folder" ] || return 0
    local found
    found=$(grep -rnE '^[[:space:]]*#[[:space:]]*include' "$folder" --include='*.hpp' --include='*.cpp' \
        --include='*.h' --include='*.S' | grep -vE "include[[:space:]]*(\"($own)/[a-z0-9_]+\.(hpp|h)\"|<[^>]*>)" ||
        true)
    found+=$(grep -rnE 'include[[:space:]]*<(runtime|ffi|callbacks|misc)/' "$folder" || true)
    [ -z "$found" ] && return 0
    printf '%s/ may include only what is below it:\n%s\n' "$folder" "$found" >&2
    status=1
}
look include 'none'
look runtime 'runtime'
look ffi 'ffi|runtime'
look callbacks 'callbacks|ffi|runtime'
if grep -rn 'export_test\.hpp' runtime ffi callbacks include | grep include; then
    echo 'export_test.hpp is for tests' >&2
    status=1
fi
exit $status

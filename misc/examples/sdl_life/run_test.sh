#!/usr/bin/env bash
# run_test.sh PROGRAM: sdl_life on a display of its own. Where the machine has something else to do for a moment a frame is
# late for that: it is tried again then, up to ten times. A wrong board is wrong at once.
set -euo pipefail

exec {number}<> <(:)
Xvfb -displayfd "$number" -screen 0 800x600x24 -nolisten tcp 2>/dev/null &
xvfb=$!
trap 'kill "$xvfb"; wait "$xvfb" || true' EXIT
read -r -t 60 -u "$number" display

for _ in {1..10}; do
    if out=$(DISPLAY=:$display SDL_VIDEODRIVER=x11 SDL_AUDIODRIVER=dummy "$1" 120); then
        echo "$out"
        exit 0
    fi
    echo "$out"
    [[ $out == *right* ]] || break
done
exit 1

#!/usr/bin/env bash
# run_test.sh PROGRAM: sdl_life on a display of its own. It fails when the board is wrong, or every other frame is late by
# another one.
set -euo pipefail

exec {number}<> <(:)
Xvfb -displayfd "$number" -screen 0 800x600x24 -nolisten tcp 2>/dev/null &
xvfb=$!
trap 'kill "$xvfb"; wait "$xvfb" || true' EXIT
read -r -t 60 -u "$number" display

DISPLAY=:$display SDL_VIDEODRIVER=x11 SDL_AUDIODRIVER=dummy "$1" 120

#!/usr/bin/env bash
# run_test.sh PROGRAM [SCREENSHOT]: clicks gtk_monitor's buttons on a display of its own, as a person would, and looks at
# what is on the screen. Nothing is waited for by time: what the program tells, or the screen shows, decides.
set -euo pipefail

exec {number}<> <(:)
Xvfb -displayfd "$number" -screen 0 640x400x24 -nolisten tcp 2>/dev/null &
xvfb=$!
trap 'kill "$xvfb" ${pid:+"$pid"} 2>/dev/null; rm -f "$shot"; wait' EXIT
shot=$(mktemp --suffix=.png)
read -r -t 60 -u "$number" display
export DISPLAY=:$display GDK_BACKEND=x11 GSK_RENDERER=cairo GTK_A11Y=none GSETTINGS_BACKEND=memory

coproc monitor { exec "$1"; }
pid=$monitor_PID
exec {events}<&"${monitor[0]}"

# Reads what the program tells until a line begins so; the rest of that line is in $rest. Places are kept.
declare -A place
wait_for() {
    local event
    while read -r -t 60 -u "$events" event; do
        [[ $event != 'at '* ]] || { read -r _ name x y <<<"$event" && place[$name]="$x $y"; }
        [[ $event != "$1"* ]] || { rest=${event#"$1"} && return; }
    done
    echo "the program did not tell: $1" >&2
    exit 1
}
click() {
    while [ -z "${place[$1]-}" ]; do wait_for 'at '; done
    read -r x y <<<"${place[$1]}"
    xdotool mousemove "$x" "$y" click 1
}

# How many pixels of a colour there are on the screen.
pixels() {
    import -window root "$shot"
    convert "$shot" -depth 8 -fill black +opaque "$1" -fill white -opaque "$1" -format '%[fx:round(mean*w*h)]' info:
}
until_screen() {
    local colour=$1 relation=$2 n=$3 i
    for i in {1..100}; do
        [ "$(pixels "$colour")" "$relation" "$n" ] && return
        sleep 0.1
    done
    echo "the screen has $(pixels "$colour") pixels of $colour, not $relation $n" >&2
    exit 1
}
bar='#009933'   # while goroutines work
line='#4FA3FF'  # how many wait

wait_for 'at Quit'
until_screen "$bar" -eq 0
click Start
wait_for 'started'
wait_for 'all at work'
until_screen "$bar" -ge 4000
until_screen "$line" -ge 50
click Ask
wait_for 'answer: '
[ "${rest%% *}" -ge 10000 ]
click Close
wait_for 'dialog closed'
[ $# -lt 2 ] || { sleep 8 && import -window root "$2"; }
click Stop
wait_for 'stopped'
until_screen "$bar" -eq 0
click Quit
wait_for 'ended'
wait "$pid"

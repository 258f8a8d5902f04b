#!/usr/bin/env bash
# run_test.sh PROGRAM: clients of an http_server that wait for what another one says, and SIGTERM while one waits, after
# which it must end with 0.
set -euo pipefail

coproc server { exec "$1" 0; }
pid=$server_PID
read -r line <&"${server[0]}"
port=${line##* }

# Bash opens sockets itself. The last line of the answer is its body.
request() {
    exec {socket}<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET %s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n' "$1" >&"$socket"
}
answer() {
    local text
    text=$(cat <&"$1")
    echo "${text##*$'\n'}"
}

request /next
one=$socket
request /next
two=$socket

# Until both wait there.
heard=0
while [ "$heard" -lt 2 ]; do
    request /say/hello
    said=$(answer "$socket")
    exec {socket}>&-
    [[ $said == 'said to '[0-9]* ]]
    heard=$((heard + ${said##* }))
done
[ "$(answer "$one")" = hello ]
[ "$(answer "$two")" = hello ]

request /nowhere
[ "$(answer "$socket")" = 'GET /next or /say/TEXT' ]

# Whether this one waits already or not: it must not keep the server from ending.
request /next
kill -TERM "$pid"
wait "$pid"

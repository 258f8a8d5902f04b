#!/usr/bin/env bash
# run_test.sh PROGRAM: two clients of an echo_server at once, and SIGTERM, after which it must end with 0.
set -euo pipefail

coproc server { exec "$1" 127.0.0.1:0; }
pid=$server_PID
read -r line <&"${server[0]}"
port=${line##* }

# Bash opens sockets itself.
exec {one}<>"/dev/tcp/127.0.0.1/$port" {two}<>"/dev/tcp/127.0.0.1/$port"
echo 'to the first' >&"$one"
echo 'to the second' >&"$two"
read -r from_two <&"$two"
read -r from_one <&"$one"
exec {one}>&-

kill -TERM "$pid"
wait "$pid"
[ "$from_one" = 'to the first' ] && [ "$from_two" = 'to the second' ]

# An address that is none is named.
status=0
errors=$("$1" nowhere 2>&1 >/dev/null) || status=$?
[ "$status" -eq 1 ] && [[ $errors == *'"nowhere"'* ]]

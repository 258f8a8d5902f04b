# SPDX-License-Identifier: BSD-3-Clause
"""Runs the benchmarks of all sides in turns. What it gives is all that the table and the page are made of:

{"machine": text, "versions": [text], "load": [before, after], "repetitions": n,
 "times": {side: {row: [value]}}, "whole": {side: {program: {what: [value]}}}, "failures": [text]}
"""
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from . import whole

ONE_CORE = " on 1 core"  # this after a name: the same benchmark with one CPU to run on
COLD = " cold"           # the first round of a process, from a counter
ALSO_ON_ONE_CORE = ("locked_pingpong", "locked_pingpong_both", "floor_futex_roundtrip")
# Once is nearly enough where one run is of many, and long.
SELDOM = re.compile("100k|100ms|^scale_|lateness"), 3
RARE = re.compile("_1m$|/1000000$"), 1
# Where threads wait for each other, or the result is no time, CPU time says nothing.
WALL = re.compile("pingpong_|locked|pinned|event_loop|contended8|handoff|100ms|rss|futex|cache_line|thread|lateness|"
                  "sleep|stw|tcp|calls_|memory")
NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def unit(row):
    name = row.removesuffix(COLD).removesuffix(ONE_CORE)
    if name.startswith(("rss_", "scale_memory", "floor_page")):
        return "B"
    if "_1000x100ms" in name:
        return "ms"
    return "us" if re.search("sleep_|lateness", name) else "ns"


def counter(name):
    """What of a benchmark counts, where it is not the time."""
    return {"B": "bytes", "us": "p99_us" if "lateness" in name else None}.get(unit(name))


def names_of(side, program):
    flag = "-list" if side == "go" else "--benchmark_list_tests"
    return subprocess.run([program, flag], capture_output=True, text=True, check=True).stdout.split()


def command(side, program, name, min_time):
    if side == "go":
        return [program, f"-filter=^{name}$", f"-min_time={min_time}s"]
    return [program, f"--benchmark_filter=^{name}$", f"--benchmark_min_time={min_time}", "--benchmark_format=json"]


def results(side, output, cpu_time):
    """(row, value); of one that was skipped, nothing."""
    runs = [json.loads(line) for line in output.splitlines()] if side == "go" else json.loads(output)["benchmarks"]
    for run in runs:
        name = run["name"]
        if run.get("label", "").startswith("skipped"):
            continue
        what = counter(name)
        if what is None:
            cpu = cpu_time and not WALL.search(name)
            ns = run["cpu_ns" if cpu else "ns"] if side == "go" else \
                run["cpu_time" if cpu else "real_time"] * NS[run["time_unit"]]
            yield name, ns / NS.get(unit(name), 1)
        elif what in run:
            yield name, run[what]
        if "cold_ms" in run:
            yield name + COLD, run["cold_ms"]


def one_run(side, program, row, opts, data):
    def pin():
        if row.endswith(ONE_CORE):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    name = row.removesuffix(ONE_CORE)
    try:
        done = subprocess.run(command(side, program, name, opts.min_time), capture_output=True, text=True, timeout=120,
                              preexec_fn=pin)
    except subprocess.TimeoutExpired:
        data["failures"].append(f"{side} {row}: not over after 120 s")
        return
    if done.returncode != 0:
        data["failures"].append(f"{side} {row}: exit {done.returncode}\n{done.stdout}{done.stderr}".rstrip())
        return
    for what, value in results(side, done.stdout, opts.cpu_time):
        suffix = ONE_CORE if row.endswith(ONE_CORE) else ""
        data["times"].setdefault(side, {}).setdefault(what + suffix, []).append(value)


def rows_to_run(sides, pattern):
    rows = []
    for name in sides["gangway"]:
        rows.append(name)
        if name in ALSO_ON_ONE_CORE:
            rows.append(name + ONE_CORE)
    return [row for row in rows if re.search(pattern, row)]


def machine():
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return f"{model.group(1) if model else 'unknown CPU'}, {len(os.sched_getaffinity(0))} CPUs, " \
           f"Linux {os.uname().release.split('-')[0]}"


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(there, opts):
    sides = {side: {name: program for program in programs for name in names_of(side, program)}
             for side, programs in there["bench"].items()}
    rows = rows_to_run(sides, opts.filter)
    data = {"machine": machine(), "versions": there["versions"], "repetitions": opts.repetitions,
            "min_time": opts.min_time, "cpu_time": opts.cpu_time, "load": [os.getloadavg()[0]],
            "times": {"gangway": {}}, "whole": {}, "failures": []}
    start = time.monotonic()
    for repetition in range(opts.repetitions):
        for row in rows:
            if any(which.search(row) and repetition >= most for which, most in (RARE, SELDOM)):
                continue
            progress(f"{repetition + 1}/{opts.repetitions} {row}")
            for side, names in sides.items():
                name = row.removesuffix(ONE_CORE)
                if name in names:
                    one_run(side, names[name], row, opts, data)
        if repetition < SELDOM[1]:
            whole.one_round(there["whole"], data, opts.filter, progress)
    progress("")
    data["load"].append(os.getloadavg()[0])
    data["seconds"] = round(time.monotonic() - start)
    if not rows and not data["whole"]:
        sys.exit(f"compare: no benchmark matches '{opts.filter}'")
    return data

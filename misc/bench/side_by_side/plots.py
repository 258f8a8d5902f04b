# SPDX-License-Identifier: BSD-3-Clause
"""Which plots there are, and what of the data each shows."""
from dataclasses import dataclass
from typing import Callable

from . import svg
from .programs import LABELS


@dataclass
class Curve:
    family: str
    title: str
    x_label: str
    y_label: str
    of: Callable = lambda value: value  # what is drawn of a measurement
    y_log: bool = True


def per_second(ns):
    return 1e9 / ns


CURVES = [
    Curve("calls_ps", "Calls of C in a second", "ps, and as many goroutines", "calls/s", per_second),
    Curve("calls_threads", "Calls of C in a second, two ps", "goroutines, each locked to a thread", "calls/s",
          per_second),
    Curve("switch", "A yield, among goroutines on one p", "goroutines", "ns"),
    Curve("parked_call", "A call, beside goroutines that wait", "goroutines", "ns", y_log=False),
    Curve("parked_chan", "A round trip over two channels, beside goroutines that wait", "goroutines", "ns", y_log=False),
    Curve("parked_spawn", "A goroutine from start to end, beside goroutines that wait", "goroutines", "ns", y_log=False),
    Curve("memory", "Memory of a parked goroutine", "goroutines", "bytes resident, each"),
    Curve("lateness", "How late a tick of 1 ms is received, two ps", "goroutines, each in C that blocks for 100 ms",
          "us, 99 of 100 ticks"),
    Curve("foreign_threads", "Callbacks of C's own threads, all at once, two ps", "threads", "ns a callback"),
    Curve("nested", "Callbacks nested in calls nested in callbacks", "depth", "ns a level"),
]

COSTS = [("call", "call"), ("call with a callback", "call_with_callback"), ("callback", "callback"),
         ("yield", "switch_gosched"), ("spawn and join", "spawn_join"), ("channel round trip", "chan_pingpong"),
         ("channel, buffered item", "chan_buffered"), ("mutex", "mutex_uncontended")]


# Points of a curve that are rows of their own.
ALSO = {"rss_per_goroutine_100k": "scale_memory/100000", "rss_per_goroutine_1m": "scale_memory/1000000"}


def points(data, curve, side):
    prefix = f"scale_{curve.family}/"
    those = {ALSO.get(row, row): values for row, values in data["times"].get(side, {}).items()}
    return [(int(row.removeprefix(prefix)), curve.of(min(values)))
            for row, values in those.items() if row.startswith(prefix) and min(values) > 0]


def series(data, curve):
    those = {label: points(data, curve, side) for side, label in LABELS.items()}
    return {label: sorted(p) for label, p in those.items() if p}


def costs(data):
    groups = []
    for label, row in COSTS:
        values = [(name, min(data["times"][side][row])) for side, name in LABELS.items()
                  if row in data["times"].get(side, {}) and name != "threads"]
        if values:
            groups.append((label, values))
    return groups


def draw(data):
    """{file name: SVG}"""
    drawn = {}
    for curve in CURVES:
        those = series(data, curve)
        if those:
            drawn[f"{curve.family}.svg"] = svg.lines(curve.title, curve.x_label, curve.y_label, those, curve.y_log)
    groups = costs(data)
    if groups:
        drawn["costs.svg"] = svg.bars("What an operation costs", "ns, the least of several runs", groups)
    return drawn

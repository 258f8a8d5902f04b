# SPDX-License-Identifier: BSD-3-Clause
"""The table on the terminal. Times are the least of all repetitions but where a column says otherwise."""
import statistics

from . import verdicts
from .runs import unit


def number(value):
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values):
    """From the least to the median, as a part of the least: how much of the time the machine adds."""
    return f"{100 * (statistics.median(values) / min(values) - 1):.0f} %" if min(values) > 0 else ""


def least(data, side, row):
    values = data["times"].get(side, {}).get(row)
    return min(values) if values else None


def cells(data, row):
    """One row, as a dict of texts."""
    ours = data["times"]["gangway"][row]
    go = data["times"].get("go", {}).get(row)
    side, floor = verdicts.floor(row)
    verdict = verdicts.of(row, data)
    return {
        "benchmark": row, "unit": unit(row), "min": number(min(ours)), "median": number(statistics.median(ours)),
        "spread": spread(ours), "floor": number(least(data, side, floor)),
        "Go": number(min(go)) if go else "", "Go median": number(statistics.median(go)) if go else "",
        "of Go": number(min(ours) / min(go)) if go else "", "wanted": number(verdict.go_wanted) if go else "",
        "Boost.Fiber": number(least(data, "boost", row)), "threads": number(least(data, "threads", row)),
        "target": verdict.target, "limit": number(verdict.limit), "": verdict.text}


def show(data):
    print(f"{data['machine']}; {data['repetitions']} repetitions of {data['min_time']} s; load "
          f"{data['load'][0]:.1f} at the start, {data['load'][-1]:.1f} at the end{'; CPU time' if data['cpu_time'] else ''}")
    lines = [cells(data, row) for row in data["times"]["gangway"] if not row.startswith("scale_")]
    if lines:
        aligned(lines)
    for program, sides in by_program(data).items():
        print(f"\n{program}")
        aligned([{"": side} | {what: number(min(values) if least_counts(what) else max(values))
                               for what, values in figures.items()} for side, figures in sides.items()])


def by_program(data):
    """{program: {side: {what: values}}}"""
    programs = {}
    for side, those in data["whole"].items():
        for program, figures in those.items():
            programs.setdefault(program, {})[side] = figures
    return programs


def least_counts(what):
    return not what.endswith("/s")


def aligned(lines):
    head = list(dict.fromkeys(key for line in lines for key in line))
    shown = [head] + [[line.get(key, "") for key in head] for line in lines]
    widths = [max(len(line[i]) for line in shown) for i in range(len(head))]
    left = {"benchmark", "unit", "target", ""}
    for line in shown:
        print("  ".join(c.ljust(w) if key in left else c.rjust(w)
                        for key, c, w in zip(head, line, widths)).rstrip())

# SPDX-License-Identifier: BSD-3-Clause
"""docs/performance.md and its plots, all from the data of one run."""
import re
import statistics
import textwrap

from . import notes, plots, verdicts
from .programs import LABELS
from .runs import COLD, ONE_CORE
from .svg import short
from .table import by_program, cells, least_counts, number

HEAD = """# Performance

Gangway beside what one would pick instead: Go, Boost.Fiber, plain threads, and libffi alone. `misc/bench/compare` writes
this page, and its plots, from one run of all of them.

{how}

**How to read it.** A time is the least of all rounds: what the operation takes when nothing disturbs it. The median is
beside it. *Floor* is the operation's twin in the same run: the same work where no runtime is around it (the C function
called directly, a plain jump of Boost.Context, `ffi_call`, a round trip through futexes). *of Go* is Gangway's least time
divided by Go's; limits in nanoseconds were set on one machine (AMD Zen 4, 2.6 GHz), and *wanted* is what the limit was of
Go's time there. `pass`: within the limit; `ratio`: above it, and within *wanted*; `MISS`: neither. Of {count} rows with a
target {passed} pass, {ratio} pass by ratio, {missed} miss.

**Again:** `misc/bench/compare` on any Debian 12, some minutes. `GO=/path/to/go` takes another Go, `--filter` a few rows,
`--from build/bench/compare.json` renders the last run once more.

![What an operation costs](performance/costs.svg)
"""

HOW = "{machine}. {versions}. {repetitions} rounds in {seconds} s, in each of which every side runs each benchmark for " \
      "{min_time} s, one side after the other; what takes long has three rounds, a million goroutines one. The load average " \
      "was {before:.1f} at the start and {after:.1f} at the end. The programs themselves keep one to two CPUs busy; where it is " \
      "more, others were at work on the machine, and waits between threads say more about them than about the programs."
CPU_TIME = " So times are the process's CPU time, on all sides, in the rows where one thread works at a time " \
           "(`--cpu-time`); rows in which threads wait for each other, or for time, are wall time."

GROUPS = [
    ("Out: goroutine code calls C", "(direct|leaf)_call|call|call_errno|blocking_call_handoff|dynamic_.*|ffi_call_raw"),
    ("In: C calls goroutine code", "callback|call_with_callback|userdata_callback|closure_.*|foreign_thread_.*|"
                                   "handle_lookup|qsort_.*"),
    ("Goroutines", "switch_.*|spawn_join|rss_.*|stw_.*"),
    ("Channels and locks", "chan_.*|select2.*|mutex_.*"),
    ("Locked threads", "locked_.*|pinned_.*|event_loop_.*"),
    ("Waiting: C, time, sockets", ".*_1000x100ms.*|tick_.*|sleep_.*|timer_.*|tcp_.*"),
]
FLOORS = ("The floors themselves", "floor_.*")


def of_group(data, pattern):
    return [row for row in data["times"]["gangway"] if re.fullmatch(pattern, row)]


def markdown(head, lines, left=1):
    """The first `left` columns are texts, and so is a last one without a name."""
    rule = ["---" if i < left or not name else "---:" for i, name in enumerate(head)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *lines])


def operations(data):
    parts = ["## Operations\n"]
    has_go = "go" in data["times"]
    for title, pattern in GROUPS:
        head = ["benchmark", "unit", "Gangway", "median", "floor", *(["Go", "of Go", "wanted"] if has_go else []),
                "Boost.Fiber", "threads", "target", ""]
        keys = ["benchmark", "unit", "min", "median", "floor", *(["Go", "of Go", "wanted"] if has_go else []),
                "Boost.Fiber", "threads", "target", ""]
        lines = []
        for row in of_group(data, pattern):
            those = cells(data, row)
            lines.append([f"`{row}`" if key == "benchmark" else those[key] for key in keys])
        if lines:
            parts += [f"### {title}\n", markdown(head, lines, 2), ""]
    title, pattern = FLOORS
    lines = [[f"`{row}`", those["unit"], those["min"], those["median"]]
             for row in of_group(data, pattern) for those in [cells(data, row)]]
    if lines:
        parts += [f"### {title}\n", markdown(["benchmark", "unit", "least", "median"], lines, 2), ""]
    return "\n".join(parts)


def bare(row):
    return row.removesuffix(COLD).removesuffix(ONE_CORE)


def misses(data, prose):
    rows = [row for row in data["times"]["gangway"] if verdicts.of(row, data).text in ("MISS", "ratio")]
    if not rows:
        return ""
    parts = ["## What is above its limit, and why\n",
             "Where figures are given they were measured, before and after in one run. The other reasons are what the code "
             "does there,\nand no profile has taken them apart.\n"]
    for row in rows:
        verdict = verdicts.of(row, data)
        mine = min(data["times"]["gangway"][row])
        _, reason = prose.get(row, prose.get(bare(row), ("", "")))
        by = f"{number(mine)} where {number(verdict.limit)} was wanted"
        ratio = ", within the ratio to Go" if verdict.text == "ratio" else ""
        parts.append(textwrap.fill(f"- **`{row}`**: {by}{ratio}. {reason}", 118, subsequent_indent="  ",
                                   break_long_words=False, break_on_hyphens=False))
    return "\n".join(parts) + "\n"


def what_each_does(data, prose):
    lines = [[f"`{row}`", prose[row][0]] for row in prose if row in data["times"]["gangway"] or
             any(r.startswith(row) for r in data["times"]["gangway"])]
    return "## What each row does, on both sides\n\nNo row is won by doing less.\n\n" + \
           markdown(["benchmark", "what both do"], lines, 2) + "\n"


def curve_text(data, curve):
    ours = dict(plots.series(data, curve).get("Gangway", []))
    if not ours:
        return ""
    shown = ", ".join(f"{x:,}: {short(y)}" for x, y in sorted(ours.items()))
    return f"Gangway, {curve.y_label} by {curve.x_label}: {shown}."


def growth(data, prose):
    parts = ["## How the cost grows\n"]
    for curve in plots.CURVES:
        if plots.series(data, curve):
            parts += [f"![{curve.title}](performance/{curve.family}.svg)\n", textwrap.fill(curve_text(data, curve) + " " +
                                    prose.get("scale_" + curve.family, ("", ""))[0], 118), ""]
    return "\n".join(parts)


def programs(data, prose):
    parts = ["## Whole programs\n"]
    for program, sides in by_program(data).items():
        figures = list(dict.fromkeys(what for those in sides.values() for what in those))
        lines = [[LABELS.get(side, side.replace("gangway", "Gangway"))] + [
            number((min if least_counts(what) else max)(those[what])) + f" ({number(statistics.median(those[what]))})"
            if what in those else "" for what in figures] for side, those in sides.items()]
        parts += [f"### {program}\n", textwrap.fill(prose.get(program, ("", ""))[0] +
                                                    " The best of the rounds, and the median.", 118) + "\n",
                  markdown(["", *figures], lines), ""]
    return "\n".join(parts) + sort_of_a_million(data, prose)


def sort_of_a_million(data, prose):
    lines = []
    for side, row, label in (("gangway", "qsort_1e6", "Gangway, comparator in a goroutine"),
                             ("go", "qsort_1e6", "Go, comparator in Go"),
                             ("gangway", "qsort_1e6_c", "a thread, comparator in C")):
        values = data["times"].get(side, {}).get(row)
        if values:
            lines.append([label, number(min(values)), number(statistics.median(values))])
    if not lines:
        return ""
    return "\n### qsort of 1,000,000 numbers\n\n" + textwrap.fill(prose["qsort_1e6"][0], 118) + "\n\n" + \
           markdown(["", "ns a comparison", "median"], lines) + "\n"


def write(data, docs):
    """The files that were written."""
    prose = notes.read()
    judged = [v.text for row in data["times"]["gangway"] if (v := verdicts.of(row, data)).text]
    how = HOW.format(machine=data["machine"], versions="; ".join(data["versions"]), repetitions=data["repetitions"],
                     seconds=data["seconds"], min_time=data["min_time"], before=data["load"][0], after=data["load"][-1])
    how = textwrap.fill(how + (CPU_TIME if data["cpu_time"] else ""), 118)
    head = HEAD.format(how=how, count=len(judged), passed=judged.count("pass"), ratio=judged.count("ratio"),
                       missed=judged.count("MISS"))
    parts = [head, operations(data), misses(data, prose), growth(data, prose), programs(data, prose),
             prose["instructions"][0] and "## Instructions\n\n" + textwrap.fill(prose["instructions"][0], 118) + "\n",
             what_each_does(data, prose)]
    written = [docs / "performance.md"]
    written[0].write_text("\n".join(part for part in parts if part))
    (docs / "performance").mkdir(exist_ok=True)
    for name, drawing in plots.draw(data).items():
        written.append(docs / "performance" / name)
        written[-1].write_text(drawing)
    return written

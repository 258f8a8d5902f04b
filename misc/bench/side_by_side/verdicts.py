# SPDX-License-Identifier: BSD-3-Clause
"""What each row is held to, and whether it gets there. The figures for Go here are those of the machine where the limits
were set."""
from dataclasses import dataclass
from typing import Callable, Optional

from .runs import COLD, ONE_CORE


@dataclass
class Target:
    text: str
    limit: Callable                   # of a function that gives the least time of another row
    go: Optional[float] = None        # Go's time on the machine where the limit was set
    anchored: Optional[float] = None  # the limit on that machine
    of_go: Optional[float] = None     # the limit is this part of Go's time in the same run, and nothing else


@dataclass
class Verdict:
    text: str                     # pass, ratio, MISS, or nothing where there is no target or no measurement
    target: str = ""
    limit: Optional[float] = None
    go_wanted: Optional[float] = None  # of Go's time


def at_most(limit, go=None):
    return Target(f"≤ {limit:,}", lambda least: limit, go, limit)


def over(base, extra, go=None, on_anchor=None):
    return Target(f"≤ {base} + {extra}", lambda least: least(base) + extra, go, on_anchor and on_anchor + extra)


def times(factor, base):
    return Target(f"≤ {factor} × {base}", lambda least: factor * least(base))


def faster_than_go(factor):
    return Target(f"≤ Go / {factor}", None, of_go=1 / factor)


DIRECT_ON_ANCHOR, CALL_ON_ANCHOR, QSORT_C_ON_ANCHOR = 1.4, 6.4, 6.1
FUTEX = "floor_futex_roundtrip"
FUTEX_ASLEEP = "floor_futex_roundtrip_asleep"
TARGETS = {
    "leaf_call": over("direct_call", 2.5, go=27, on_anchor=DIRECT_ON_ANCHOR),
    "call": over("direct_call", 5, go=25.7, on_anchor=DIRECT_ON_ANCHOR),
    "call_errno": over("call", 2, on_anchor=CALL_ON_ANCHOR),
    "blocking_call_handoff": times(1.2, FUTEX),
    "dynamic_call": Target("≤ 10, < ffi_call_raw", lambda least: min(10, least("ffi_call_raw")), None, 10),
    "callback": at_most(10, go=38),
    "call_with_callback": at_most(17, go=63),
    "userdata_callback": over("callback", 2),
    "closure_callback": over("callback", 18),
    "closure_create_free": at_most(250),
    "foreign_thread_callback": at_most(14, go=38),
    "foreign_thread_first_callback": at_most(1500, go=2420),
    "handle_lookup": at_most(4),
    "qsort_1e6": over("qsort_1e6_c", 9, go=45, on_anchor=QSORT_C_ON_ANCHOR),
    "switch_gosched": at_most(10, go=34),
    "switch_gosched_1000": at_most(20, go=44),
    "spawn_join": at_most(60, go=159),
    "chan_pingpong": at_most(50, go=198),
    "chan_pingpong_cross": at_most(60, go=207),
    "chan_buffered": at_most(10, go=25.7),
    "select2": at_most(22, go=49),
    "select2_blocking": at_most(90, go=279),
    "mutex_uncontended": at_most(4, go=4.3),
    "mutex_contended8": at_most(7, go=11.3),
    "locked_pingpong": times(1.1, FUTEX),
    "locked_pingpong" + ONE_CORE: times(1.1, FUTEX + ONE_CORE),
    "locked_pingpong_both": times(1.1, FUTEX),
    "locked_pingpong_both" + ONE_CORE: times(1.1, FUTEX + ONE_CORE),
    "pinned_run": at_most(1000, go=57_000),
    "pinned_run_asleep": times(1.1, FUTEX_ASLEEP),
    "event_loop_run": at_most(1000),
    "event_loop_run_asleep": times(1.1, FUTEX_ASLEEP),
    "switch_gosched_bound": over("switch_gosched", 3),
    "rss_per_goroutine_100k": at_most(4700),
    "rss_per_goroutine_1m": at_most(4700),
    "blocking_1000x100ms": at_most(110, go=198),
    "blocking_1000x100ms" + COLD: at_most(125, go=214),
    "tick_lateness_idle": at_most(120, go=1065),
    "tick_lateness_blocking": at_most(150, go=1060),
    "tick_lateness_spinning": at_most(1000, go=40_000),
    "sleep_100us": at_most(165, go=297),
    "timer_churn": at_most(60),
    "stw_memstats/1": at_most(800, go=862),
    "stw_memstats/2": at_most(5000, go=25_000),
    "stw_gomaxprocs": at_most(4000, go=5600),
    "tcp_echo_1": faster_than_go(1.15),
    "tcp_echo_100": faster_than_go(1.15),
}

# The twin of each row: the same work without Gangway.
FLOORS = {
    "leaf_call": "direct_call", "call": "direct_call", "call_errno": "direct_call",
    "blocking_call_handoff": FUTEX,
    "dynamic_call": "ffi_call_raw", "dynamic_call_invoke": "ffi_call_raw", "dynamic_call_libffi": "ffi_call_raw",
    "callback": "floor_callback", "userdata_callback": "floor_callback",
    "foreign_thread_callback": "floor_callback", "call_with_callback": "floor_call_with_callback",
    "closure_callback": "floor_ffi_closure", "closure_create_free": "floor_ffi_closure_create_free",
    "foreign_thread_first_callback": "floor_foreign_thread_first_callback",
    "handle_lookup": "floor_handle_lookup", "qsort_1e6": "qsort_1e6_c",
    "switch_gosched": "floor_fcontext_jump", "switch_gosched_1000": "floor_fcontext_jump_1000",
    "spawn_join": "floor_fcontext_life",
    "chan_pingpong": "floor_fcontext_jump", "select2_blocking": "floor_fcontext_jump",
    "chan_pingpong_cross": "floor_cache_line_roundtrip",
    "chan_buffered": "floor_locked_instruction", "select2": "floor_locked_instruction",
    "mutex_uncontended": "floor_locked_instruction", "mutex_contended8": "floor_locked_instruction",
    "locked_pingpong": FUTEX, "locked_pingpong_both": FUTEX,
    "locked_pingpong" + ONE_CORE: FUTEX + ONE_CORE, "locked_pingpong_both" + ONE_CORE: FUTEX + ONE_CORE,
    "pinned_run": "floor_thread_queue", "pinned_run_one_p": "floor_thread_queue", "pinned_run_asleep": FUTEX_ASLEEP,
    "event_loop_run": "floor_thread_queue", "event_loop_run_asleep": FUTEX_ASLEEP,
    "switch_gosched_bound": "floor_fcontext_jump",
    "rss_per_goroutine_100k": "floor_page", "rss_per_goroutine_1m": "floor_page",
    "blocking_1000x100ms": "threads_1000x100ms_warm", "blocking_1000x100ms" + COLD: "threads_1000x100ms",
    "sleep_100us": "floor_sleep_100us", "timer_churn": "floor_timer_churn",
    "stw_memstats/1": "floor_membarrier", "stw_memstats/2": "floor_membarrier", "stw_gomaxprocs": "floor_membarrier",
    "tcp_echo_1": "floor_tcp_roundtrip", "tcp_echo_100": "floor_tcp_roundtrip",
}


# What threads do alone is the floor where the kernel is most of it.
FLOORS_OF_THREADS = {"tick_lateness_idle", "tick_lateness_blocking", "tick_lateness_spinning"}


def floor(row):
    """(side, row), of which the row is None where there is no floor."""
    return ("threads", row) if row in FLOORS_OF_THREADS else ("gangway", FLOORS.get(row))


def of(row, data):
    target = TARGETS.get(row)
    ours = data["times"]["gangway"]
    theirs = data["times"].get("go", {}).get(row)
    if target is None:
        return Verdict("")
    go_wanted = target.of_go or (target.anchored / target.go if target.go and target.anchored else None)
    if row not in ours:
        return Verdict("", target.text, None, go_wanted)
    mine = min(ours[row])
    try:
        if target.of_go is not None:
            limit = target.of_go * min(theirs) if theirs else None
        else:
            limit = target.limit(lambda base: min(ours[base]))
    except KeyError:
        limit = None
    if limit is None:
        return Verdict("", target.text, None, go_wanted)
    if mine <= limit:
        text = "pass"
    elif go_wanted and theirs and target.of_go is None and mine / min(theirs) <= go_wanted:
        text = "ratio"
    else:
        text = "MISS"
    return Verdict(text, target.text, limit, go_wanted)


def rows(data):
    """In the order of gangway_bench, those that are measured against something."""
    return [row for row in data["times"]["gangway"] if row in TARGETS or row in FLOORS]

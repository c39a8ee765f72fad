"""The ratios that this project promises: one row each, measured in one run on one machine.

A row names a function of a module in this folder, ``module.function``. It is called with ``smoke``
(True: quick, the figure means little) and returns the ratio. What two rows need is measured once
(``functools.cache`` on what measures it). A row is a promise: it has its place in
``docs/performance.md``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from typing import Literal


@dataclass(frozen=True)
class Promise:
    """``target`` is the bound that the ratio keeps, itself included."""

    name: str
    measured_by: str  # "module.function", imported when it is run: some need Qt, some do not
    target: float
    better: Literal["lower", "higher"]
    against: str  # what the figure is held against, in words

    def measure(self, smoke: bool) -> float:
        module, _, function = self.measured_by.rpartition(".")
        called: Callable[[bool], float] = getattr(
            import_module(f"{__package__}.{module}"), function
        )
        return called(smoke)

    def kept(self, ratio: float) -> bool:
        """A figure that is no number keeps nothing."""
        return ratio <= self.target if self.better == "lower" else ratio >= self.target


PROMISES: tuple[Promise, ...] = (
    Promise(
        "list_refill",
        "list_refill.refill_growth",
        2,
        "lower",
        "the first fill of the same shown list of 1,000 sessions",
    ),
    Promise(
        "flood_link_lost",
        "flood.sooner",
        50,
        "higher",
        "one queue for all (how much later another monitor's loss is in the record, in a flood)",
    ),
    Promise(
        "flood_within_2_s",
        "flood.against_two_seconds",
        1,
        "lower",
        "2 s from the pull of another monitor's cable to the record, in a flood",
    ),
    Promise(
        "flood_memory",
        "flood.memory_against_20_mb",
        1,
        "lower",
        "20 MB more memory than before the flood",
    ),
    Promise(
        "list_against_items",
        "list_refill.against_old",
        50,
        "higher",
        "columns that ask each row (50 rows filled again, taken 20 times; its cost grows faster)",
    ),
    Promise(
        "session_picture",
        "treatment.picture_growth",
        1.5,
        "lower",
        "the same picture of the session when it was a twelfth as old",
    ),
    Promise(
        "decoder_own_line",
        "monitors.times_own_line",
        200,
        "higher",
        "the speed of the monitor's own line (the slowest decoder)",
    ),
    Promise(
        "decoder_fastest_line",
        "monitors.times_fastest_line",
        200,
        "higher",
        "115,200 baud (the slowest decoder, nonin format 8 apart)",
    ),
    Promise(
        "black_box_kept",
        "bench_black_box.packed",
        5,
        "higher",
        "the size of what is kept (how much larger it was as written)",
    ),
    Promise(
        "memory_of_hours",
        "wire_to_screen.memory_growth",
        1.1,
        "lower",
        "the memory of the open window after the first hour",
    ),
    Promise(
        "alarm_window_busy",
        "alarm_latency.busy_against_aim",
        1,
        "lower",
        "100 ms (the slowest p99 of entry, bar and first sample)",
    ),
    Promise(
        "alarm_window_blocked",
        "alarm_latency.blocked_against_aim",
        1,
        "lower",
        "1 s (the worst entry or first sample)",
    ),
    Promise(
        "cable_back",
        "reconnect.against_aim",
        1,
        "lower",
        "each monitor's aim after its cable is back (the latest of all pulls)",
    ),
)


def tell(promises: Iterable[Promise], smoke: bool, as_json: bool) -> int:
    """A line for each ratio as soon as it is known; 1 where one missed its target.

    What the benchmarks themselves print goes to standard error.
    """
    missed = 0
    for promise in promises:
        with redirect_stdout(sys.stderr):
            ratio = promise.measure(smoke)
        kept = promise.kept(ratio)
        missed += not kept
        if as_json:
            line = {
                "name": promise.name,
                "ratio": round(ratio, 3),
                "target": promise.target,
                "better": promise.better,
                "against": promise.against,
            }
            print(json.dumps(line), flush=True)
        else:
            bound = "at most" if promise.better == "lower" else "at least"
            print(
                f"{promise.name:<22} {ratio:10.3f}  {bound} {promise.target:g}"
                f"  {'kept' if kept else 'MISSED'}  against {promise.against}",
                flush=True,
            )
    return int(missed > 0)

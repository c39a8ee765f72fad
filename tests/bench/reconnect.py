"""How soon after a pulled cable is back the first value is there, over all simulated monitors."""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack
from math import inf
from pathlib import Path

from devices.metrics import PULSE
from devices.registry import driver
from devices.simulated import SIMULATED, SimulatedMonitor
from ketamonitor.clock import SteadyClock
from tests.devices.pulled import Pulled

OUT_S = 1.5
FIRST_S = 8.0
#: What is asked for: so long after the port is back, and a push protocol's own interval more.
AIM_S = 2.0
#: Nonin's format 8 has no check: a value counts when the next packet agrees, one interval later.
PACKETS = {"nonin-df8": 2}


def main(pulls: int = 200) -> float:
    """Prints the figures; the latest return of all, as a part of its monitor's aim."""
    rows = list(SIMULATED.values())
    each = max(1, -(-pulls // len(rows)))
    worst, latest, missed, total = 0.0, 0.0, 0, 0
    for moved in (True, False):
        some = rows[::2] if moved else rows[1::2]
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            # every pull leaves time for one interval of the slowest and the aim itself
            cycle = OUT_S + AIM_S + max(interval(row) for row in some) + 1.0
            plan = [(FIRST_S + n * cycle, OUT_S) for n in range(each)]
            benches = [
                stack.enter_context(
                    Pulled(row, SteadyClock(), plan, None if moved else Path(folder) / row.name)
                )
                for row in some
            ]
            waiting = threading.Event()
            while any(one.elapsed < FIRST_S + each * cycle for one in benches):
                waiting.wait(0.2)
        for one in benches:
            what, aim = kind(one.row), AIM_S + interval(one.row)
            after = {"value": one.first_after, "answer": one.answer_after, "port": one.open_after}
            took = [after[what](start + length) for start, length in one.pulls]
            late = [t for t in took if t is None or t > aim]
            there = sorted(t for t in took if t is not None)
            middle = there[len(there) // 2] if there else float("nan")
            most = there[-1] if there else float("nan")
            name = "another name" if moved else "its name"
            print(
                f"{one.row.name:<14} back under {name:<12} {len(took):>3} pulls, {what}"
                f" median {middle:.2f} s, worst {most:.2f} s (aim {aim:g} s), late {len(late)}",
                flush=True,
            )
            latest = max(latest, *(inf if t is None else t / aim for t in took))
            worst, missed, total = max(worst, most), missed + len(late), total + len(took)
    print(f"{total} pulls, {missed} later than the aim, worst {worst:.2f} s")
    return latest


def against_aim(smoke: bool) -> float:
    return main(1 if smoke else 200)


def kind(row: SimulatedMonitor) -> str:
    """What shows that a monitor is back: a value, an answer without one, or the open port alone."""
    spec = driver(row.driver)
    if spec.silent_after_s is not None and PULSE in spec.metrics and row.driver != "hl7":
        return "value"
    return "answer" if spec.probe is not None else "port"


def interval(row: SimulatedMonitor) -> float:
    """How long a value may be awaited from a monitor that sends by itself, in seconds."""
    if kind(row) != "value":
        return 0.0
    return driver(row.driver).interval_s * PACKETS.get(row.name, 1)


if __name__ == "__main__":
    raise SystemExit(main() > 1)

"""How many actions and seconds each task takes: measured on the window, written into the manual.

``python -m tests.whole.flows.actions`` writes the table anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.whole.flows.chairside import SECOND, Chairside
from tests.whole.flows.nurse import Nurse

MANUAL = Path(__file__).parents[3] / "docs" / "manual.md"
#: Set in the environment, the test writes the manual's table before it compares.
WRITE = "KETAMONITOR_WRITE_ACTIONS"
BEGIN, END = "<!-- actions: begin -->", "<!-- actions: end -->"
HEAD = "| task | actions | keys | seconds |\n| --- | --- | --- | --- |"


@dataclass(frozen=True, slots=True)
class Measured:
    """One task: keys with a typed word or number as one action, every key, seconds by the model."""

    task: str
    actions: int
    strokes: int
    seconds: float

    @property
    def line(self) -> str:
        return f"| {self.task} | {self.actions} | {self.strokes} | {self.seconds:.1f} |"


def _took(at: Chairside, task: str, act: Callable[[], object]) -> Measured:
    keys = at.keys
    keys.begin()
    act()
    return Measured(task, keys.actions, keys.strokes, keys.seconds)


def of_infusion(at: Chairside) -> Iterator[Measured]:
    """Drive each task once, on an infusion."""
    nurse = Nurse(at)

    def took(task: str, act: Callable[[], object]) -> Measured:
        return _took(at, task, act)

    yield took("Sign in", nurse.sign_in)
    yield took("New session, everything typed", lambda: nurse.begin("iv-ketamine-40"))
    yield took("Check-in, all 13 items", nurse.check_in)
    yield took("Start the cuff", nurse.cuff)
    yield took("Lock the baseline", nurse.baseline)
    yield took("Order, dose and minutes", lambda: nurse.order(mg="34.2", minutes="40"))
    yield took("Dose as ordered", lambda: nurse.give(stay=True))
    yield took("Pause with reason", lambda: nurse.change("p", "2", stay=True))
    nurse.change("p")
    yield took("Blood pressure by hand", lambda: nurse.pressure(126, 78))
    answers = {"moaas": "4", "dissociation": "6", "breaths": "14"}
    yield took("Full observation", lambda: nurse.observe(answers))
    yield took("Event mark", lambda: nurse.mark(1))
    nurse.book("7", "ketamine", "10", "5", "L7", "2027-08")
    nurse.book("6", "1")
    yield took("Drug drawn, in the ledger", lambda: nurse.book("1", "1", "40"))
    yield took("Stop of the infusion", lambda: nurse.stop(stay=True))
    waste = ("3", "3", "5.8", "sink")
    yield took("Waste before a witness", lambda: nurse.book(*waste, witness=SECOND))
    nurse.follow(lambda: all(c.settled for c in at.view.criteria if c.criterion.by != "person"), 0)
    yield took("Going home: criteria, ready, left", nurse.go_home)


def of_devices(at: Chairside) -> Iterator[Measured]:
    """What only nasal devices ask for."""
    nurse = Nurse(at)
    nurse.sign_in()
    nurse.begin("spravato-56")
    nurse.check_in()
    nurse.cuff()
    nurse.baseline()
    yield _took(at, "One nasal device, lot to no green dot", lambda: nurse.devices(1))


def table(rows: Iterable[Measured]) -> str:
    return "\n".join([HEAD, *(row.line for row in rows)])


def in_manual() -> str:
    """The table as the manual has it."""
    text = MANUAL.read_text(encoding="utf-8")
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def write(made: str) -> None:
    """Put the table into the manual."""
    before, _, rest = MANUAL.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    MANUAL.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    test = str(Path(__file__).with_name("test_actions.py"))
    set_up = {"QT_QPA_PLATFORM": "offscreen", **os.environ, WRITE: "1"}
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", test, "-q"], env=set_up))

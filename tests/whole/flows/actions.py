"""How many actions and seconds each task takes, by keys and by touch: measured on the window.

``python -m tests.whole.flows.actions`` writes the manual's table anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.ui.touch import Touch
from tests.whole.flows.chairside import SECOND, Chairside
from tests.whole.flows.finger import Finger
from tests.whole.flows.nurse import Nurse

MANUAL = Path(__file__).parents[3] / "docs" / "manual.md"
#: Set in the environment, the test writes the manual's table before it compares.
WRITE = "KETAMONITOR_WRITE_ACTIONS"
BEGIN, END = "<!-- actions: begin -->", "<!-- actions: end -->"
HEAD = (
    "| task | actions | keys | seconds | touches | seconds | touches at 150 % |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)
#: A screen of 1366 x 768 as it is, and with everything drawn at 150 %.
LARGE, SMALL = (1366, 768), (911, 512)
NONE = "–"
ITEM = "Check-in, one item"
DEVICE, STEP = "One nasal device, lot to no green dot", "One step of a nasal device"


@dataclass(frozen=True, slots=True)
class Measured:
    """One task: keys with a typed word or number as one action, every key, seconds by the model."""

    task: str
    actions: int
    strokes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Touched:
    """One task by a finger: touches, drags and texts, each as one; seconds by the model."""

    task: str
    touches: int
    seconds: float


def _took(at: Chairside, task: str, act: Callable[[], object]) -> Measured:
    keys = at.keys
    keys.begin()
    act()
    return Measured(task, keys.actions, keys.strokes, keys.seconds)


def _touched(finger: Finger, task: str, act: Callable[[], object]) -> Touched:
    finger.touch.begin()
    act()
    return Touched(task, finger.touch.touches, finger.touch.seconds)


def of_infusion(at: Chairside) -> Iterator[Measured]:
    """Drive each task once, on an infusion."""
    nurse = Nurse(at)

    def took(task: str, act: Callable[[], object]) -> Measured:
        return _took(at, task, act)

    yield took("Sign in", nurse.sign_in)
    yield took("New session, everything typed", lambda: nurse.begin("iv-ketamine-40"))
    yield took("Check-in, all 13 items", nurse.check_in)
    yield took(ITEM, lambda: nurse.answer_item("allergies"))
    yield took("Start the cuff", nurse.cuff)
    yield took("Lock the baseline", nurse.baseline)
    yield took("Order, dose and minutes", lambda: nurse.order(mg="34.2", minutes="40"))
    yield took("Dose as ordered", lambda: nurse.give(stay=True))
    yield took("Pause with reason", lambda: nurse.change("p", "2", stay=True))
    yield took("Resume", lambda: nurse.change("p", stay=True))
    yield took("New rate with reason", lambda: nurse.new_rate("0.9", "1"))
    yield took("Blood pressure by hand", lambda: nurse.pressure(126, 78))
    answers = {"moaas": "4", "dissociation": "6", "breaths": "14"}
    yield took("Full observation", lambda: nurse.observe(answers))
    yield took("Event mark", lambda: nurse.mark(1))
    yield took("Note from a phrase", lambda: nurse.note("1"))
    yield took("Adverse event", nurse.adverse)
    nurse.book("7", "ketamine", "10", "5", "L7", "2027-08")
    nurse.book("6", "1")
    yield took("Drug drawn, in the ledger", lambda: nurse.book("1", "1", "40"))
    yield took("Stop of the infusion", lambda: nurse.stop(stay=True))
    waste = ("3", "3", "5.8", "sink")
    yield took("Waste before a witness", lambda: nurse.book(*waste, witness=SECOND))
    why = "Prescriber agrees"
    yield took("Override with a second person", lambda: nurse.override(why, SECOND))
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
    yield _took(at, DEVICE, lambda: nurse.devices(1))


def by_touch(at: Chairside, size: tuple[int, int]) -> Iterator[Touched]:
    """The tasks that need no keyboard but for a number or a name, on an infusion."""
    nurse, finger = Nurse(at), Finger(at, Touch(at.window))

    def took(task: str, act: Callable[[], object]) -> Touched:
        at.keys.until(lambda: at.panel is None, f"before {task!r} the tiles are back")
        measured = _touched(finger, task, act)
        finger.leave()
        return measured

    nurse.sign_in()
    nurse.begin("iv-ketamine-40")
    nurse.check_in()
    nurse.take(0)
    nurse.baseline()
    nurse.order(mg="34.2", minutes="40")
    at.resize(size)
    yield took(ITEM, lambda: finger.answer_item("Allergies", "Allergies: none known"))
    yield took("Dose as ordered", finger.give)
    yield took("Pause with reason", lambda: finger.change("Pause", reason="Distress"))
    yield took("Resume", lambda: finger.change("Resume"))
    yield took("New rate with reason", lambda: finger.change("New rate", "0.9", "BP rise"))
    yield took("Blood pressure by hand", lambda: finger.pressure("126/78"))
    answers = {"moaas": "4", "dissociation": "6", "breaths": "14"}
    yield took("Full observation", lambda: finger.observe(answers))
    yield took("Event mark", lambda: finger.mark("1"))
    yield took("Note from a phrase", lambda: finger.note("1"))
    yield took("Adverse event", lambda: finger.adverse("Nausea", "Not serious", "Over"))
    yield took("Stop of the infusion", lambda: finger.change("Stop", reason="Order complete"))
    why = "Prescriber agrees"
    yield took("Override with a second person", lambda: finger.override("gate", why, SECOND))
    yield took("Going home, the six ticks of a person", finger.tick_all)


def devices_by_touch(at: Chairside, size: tuple[int, int]) -> Iterator[Touched]:
    """A nasal device by touch, whole and one of its steps."""
    nurse, finger = Nurse(at), Finger(at, Touch(at.window))
    nurse.sign_in()
    nurse.begin("spravato-56")
    nurse.check_in()
    nurse.take(0)
    nurse.baseline()
    at.resize(size)
    yield _touched(finger, DEVICE, lambda: finger.device("24KX118", "2027-08"))
    nurse.at.wait(5)
    finger.touch.tap("Dose")
    finger.read_pack("24KX118", "2027-08")
    yield _touched(finger, STEP, finger.device_step)


def table(rows: Iterable[Measured], *touched: Iterable[Touched]) -> str:
    """One line a task, in the order of a session."""
    keyed = {row.task: row for row in rows}
    large, small = ({row.task: row for row in one} for one in touched)
    lines = [HEAD]
    for task in [*keyed, *(task for task in large if task not in keyed)]:
        by_keys, finger, tight = keyed.get(task), large.get(task), small.get(task)
        cells = [task, *([NONE] * 3)]
        if by_keys is not None:
            cells[1:] = [str(by_keys.actions), str(by_keys.strokes), f"{by_keys.seconds:.1f}"]
        cells += [NONE, NONE] if finger is None else [str(finger.touches), f"{finger.seconds:.1f}"]
        cells.append(NONE if tight is None else str(tight.touches))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


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

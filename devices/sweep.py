"""How a port is searched for a monitor, as data: which lines, how long, what may be sent on each.

First nothing is sent for longer than the slowest monitor pauses that speaks by itself: a Nellcor
sends a line every 2 s, and one model of it opens a menu at whatever is sent to it. What sends at
another speed is heard as rubbish in this time, and is then looked for on the other lines. Only
where nothing sends are the monitors asked that speak when they are asked, line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devices.spec import DriverSpec, LineSettings

#: The seconds that a sweep may plan with, so that its result stands within 5: the last goodbye and
#: closing the port take time as well.
WITHIN_S = 4.8
#: The line that is listened on first: that of most monitors that send by themselves.
FIRST = LineSettings(baud=9600)
LISTEN_FIRST_S = 2.1
#: Between two greetings on one line.
GAP_S = 0.05
#: A SunTech module loses what comes sooner after a command: it is greeted first.
NEEDS_QUIET = {"suntech": 0.1}
#: From the last greeting on a line to the first byte of an answer.
ANSWER_S = 0.28
#: Listened on each line before anything is sent, where something sends but was not understood.
HUNT_S = 0.4
#: Order in which the lines are tried; others of the driver table follow, as time permits.
BAUDS = (9600, 19200, 115200, 4800, 2400)

#: One cuff board at 115200 starts at a single byte (A1), wherever it stands, and answers another
#: (A0) with its state. Where anything answers that, nothing else is sent.
GUARD_BAUD = 115200
GUARD = b"\xa0"
GUARDED = 0xA1
GUARD_S = 0.06


@dataclass(frozen=True, slots=True)
class Slot:
    """One line of the sweep: whose frames are looked for there, and who is greeted."""

    line: LineSettings
    drivers: tuple[DriverSpec, ...]
    greeted: tuple[DriverSpec, ...]


def slots(drivers: Iterable[DriverSpec]) -> list[Slot]:
    """The usual lines of all drivers, in the order in which they are tried.

    Lines of one speed share a slot, as a wrong parity costs no bytes on reception; a monitor that
    is asked needs its very line. A driver is listened for on each line that it can have.
    """
    table = list(drivers)
    lines: list[LineSettings] = []
    for spec in sorted(table, key=lambda spec: (spec.probe is None, _rank(spec.line))):
        same = [line for line in lines if line.baud == spec.line.baud]
        known = any(_alike(line, spec.line) for line in same)
        if not same or (spec.probe is not None and not known):
            lines.append(spec.line)
    return [slot_on(line, table, also=line.baud >= FIRST.baud) for line in sorted(lines, key=_rank)]


def rarer(drivers: Iterable[DriverSpec], usual: Sequence[Slot]) -> list[Slot]:
    """The lines that monitors can be set to, beyond their usual ones."""
    table = list(drivers)
    lines: list[LineSettings] = []
    for spec in table:
        for line in spec.also:
            if not any(_alike(line, one) for one in [*lines, *(slot.line for slot in usual)]):
                lines.append(line)
    return [slot_on(line, table) for line in sorted(lines, key=_rank)]


def slot_on(line: LineSettings, drivers: Iterable[DriverSpec], *, also: bool = True) -> Slot:
    """The slot for one line: its usual monitors are greeted before those that can be set to it.

    Without ``also`` the latter are only listened for.
    """
    table = list(drivers)
    here = [spec for spec in table if any(one.baud == line.baud for one in lines_of(spec))]
    asked = [spec for spec in here if spec.probe is not None]
    usual = [spec for spec in asked if _alike(spec.line, line)]
    set_to = [
        spec
        for spec in asked
        if also and spec not in usual and any(_alike(one, line) for one in spec.also)
    ]
    usual.sort(key=lambda spec: spec.name not in NEEDS_QUIET)
    return Slot(line, tuple(here), tuple(usual + set_to))


def gap(spec: DriverSpec) -> float:
    """Seconds after the greeting of this monitor before the next."""
    return NEEDS_QUIET.get(spec.name, GAP_S)


def shortest(slot: Slot, *, listen_only: bool) -> float:
    """Seconds below which a line is not worth opening: nobody would answer in time."""
    if listen_only or not slot.greeted:
        return ANSWER_S / 2
    return ANSWER_S + sum(gap(spec) for spec in slot.greeted[:-1])


def lines_of(spec: DriverSpec) -> tuple[LineSettings, ...]:
    return (spec.line, *spec.also)


def line_of(spec: DriverSpec, line: LineSettings) -> LineSettings:
    """The driver's own settings at the speed of ``line``: what it was heard on may be near it."""
    return next((one for one in lines_of(spec) if one.baud == line.baud), line)


def _alike(one: LineSettings, other: LineSettings) -> bool:
    return (one.baud, one.bytesize, one.parity) == (other.baud, other.bytesize, other.parity)


def _rank(line: LineSettings) -> tuple[int, int]:
    return (BAUDS.index(line.baud) if line.baud in BAUDS else len(BAUDS), -line.baud)

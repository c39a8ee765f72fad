"""Writes docs/monitors.md from the notes of the drivers that come with the program."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from devices.metrics import CUFF
from devices.notes import support_notes
from devices.registry import BUILT_IN
from devices.spec import Command, DriverSpec

PAGE = Path(__file__).parents[2] / "docs/monitors.md"


def monitors_page(specs: Iterable[DriverSpec]) -> str:
    """The manual's page of supported monitors, in Markdown: a table, then each one's notes.

    Raises :class:`NotesError`.
    """
    drivers = list(specs)
    rows = [
        f"| [`{spec.name}`](#{spec.name}) | {spec.title} | {_carries(spec)} | {_cuff(spec)} "
        f"| {', '.join(str(line) for line in (spec.line, *spec.also))} |"
        for spec in drivers
    ]
    parts = [_PAGE_HEAD, "\n".join([*_TABLE_HEAD, *rows]), *(_section(spec) for spec in drivers)]
    return "\n\n".join([*parts, _PAGE_FOOT]) + "\n"


def _section(spec: DriverSpec) -> str:
    notes = support_notes(spec)
    lines = [f"## {spec.name}", notes.summary]
    if spec.consumer:
        lines.append("**Consumer grade: for trying the program out, not for watching a patient.**")
    lines += [f"**{heading}.** {text}" for heading, text in notes.parts.items()]
    lines.append(f"**Source.** {spec.manual}")
    return "\n\n".join(lines)


def _carries(spec: DriverSpec) -> str:
    labels = ["Blood pressure"] if any(metric in CUFF for metric in spec.metrics) else []
    return ", ".join([*labels, *(m.label for m in spec.metrics if m not in CUFF)])


def _cuff(spec: DriverSpec) -> str:
    if Command.START_NIBP in spec.commands:
        return "started from the program"
    return "started at the monitor" if any(m in CUFF for m in spec.metrics) else "none"


_TABLE_HEAD = (
    "| driver | monitors | gives | cuff | line settings (the first is the usual) |",
    "| --- | --- | --- | --- | --- |",
)
_PAGE_HEAD = """# Supported monitors

Made by `make monitors` from the notes in each driver; do not edit it here.

None of these was tried by us on a real monitor unless its notes say so: they are built after the
makers' papers and public descriptions, and tested against simulated monitors. Try yours on the
devices page before the first patient. `ketamonitor devices detect` names the monitor on a port;
the wiring of each is under *Cable*."""

_PAGE_FOOT = """## Not supported, and why

For these no public description was found that is complete enough to read a monitor by, and
nothing is guessed: Mindray and Datascope DIAP (Accutorr Plus, Accutorr V, Passport, Spectrum, VS
and V series), Welch Allyn Spot, Connex, 300 and Propaq, Criticare nGenuity, CAS 740, Edan and
Comen on their serial ports, CNAP, SunTech Tango M2 and CT40, Omron HBP-1300 and HBP-1320 and
home monitors, Terumo ES-P2020, A&D UA-767PC, Contec CMS08A and CMS08C, Nellcor N-200 (its check
sum is not public) and PM1000N beyond the common format, Nonin data format 13, Philips SureSigns,
GE Dash and Solar, ChipOx, BLT M1000, CSN608 and CSN808, Better Life Medical N5, Lepu boards.
Small cuff boards with one-byte commands (such as the open OEM_NIBP board) are left out on
purpose: one byte of another monitor's greeting can start their cuff. **Exclude the port of such
a board before monitors are detected.** How to add a monitor:
[adding-a-monitor.md](adding-a-monitor.md)."""


if __name__ == "__main__":
    PAGE.write_text(monitors_page(BUILT_IN), encoding="utf-8")

"""What the review page shows of a stored session, worked out away from the GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ketamonitor import words
from ketamonitor.alarm_review import bouts
from ketamonitor.entries import PROGRAM, Entry, verify_chain
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.record import Record
from ketamonitor.report.alerts import alerts
from ketamonitor.report.course import ledger
from ketamonitor.report.evidence import completeness
from ketamonitor.report.frame import Frame
from ketamonitor.report.values import values_table
from ketamonitor.session import LiveSession
from ketamonitor.view import SessionView
from ui.pages.parts import Rows

DOSE_HEADERS = ("Time", "Entry", "Reason or lot", "mg/min", "Total mg", "mg/kg", "By")
OBSERVATION_HEADERS = ("Seen at", "Instrument", "Answer", "Entered", "By")
ALARM_HEADERS = ("Start", "", "Alert", "Acknowledged", "Done", "Ended")
CHANGE_HEADERS = ("No.", "At", "Entered", "What", "Detail")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A session read, checked and laid out in rows. ``faults`` is empty for a chain as written;
    ``alarms`` are by limit, ``alerts`` as the screen showed them."""

    session: str
    entries: Sequence[Entry]
    record: Record
    view: SessionView
    faults: Sequence[str]
    value_headers: tuple[str, ...]
    values: Rows
    doses: Rows
    observations: Rows
    alarms: Rows
    alerts: Rows
    changes: Rows
    counts: Rows
    gaps: Rows
    late: Rows


def review(session: str, entries: Sequence[Entry]) -> Reviewed:
    """Read a session's entries. Raises ``ValueError`` where they do not begin with its start."""
    record = Record.of(entries)
    live = LiveSession(entries[0])
    for entry in entries[1:]:
        live.apply(entry)
    at = record.ended_at or entries[-1].recorded_at
    view = live.view(at, saved_at=entries[-1].recorded_at, unsaved=0, record_fault="")
    frame = Frame.of(record)
    values = values_table(record, frame)
    certificate = completeness(record, frame)
    return Reviewed(
        session,
        entries,
        record,
        view,
        verify_chain(session, entries),
        tuple(values["columns"]),
        [[cell or "" for cell in row["cells"]] for row in values["rows"]],
        ledger(record, frame),
        [_answer_row(record, frame, place) for place in range(len(record.answers))],
        [
            [
                row["start"],
                row["stars"],
                "; ".join(part for part in (row["what"], row["course"]) if part),
                _shorter(row["acknowledged"]),
                _steps(row["done"]),
                row["ended"],
            ]
            for row in alerts(record, frame)["rows"]
        ],
        [
            [frame.clock(b.started_at, seconds=True), words.STARS[b.priority], b.text]
            for b in bouts(record.alarms)
        ],
        [_change_row(entry, frame) for entry in entries if _is_change(entry)],
        certificate["counts"],
        certificate["gaps"],
        certificate["late"],
    )


def _shorter(lines: str) -> str:
    """The first line, and how many follow."""
    first, *more = lines.splitlines() or [""]
    return f"{first}, and {len(more)} more" if more else first


def _steps(lines: str) -> str:
    count = len(lines.splitlines())
    return {0: "", 1: "1 step"}.get(count, f"{count} steps")


def _answer_row(record: Record, frame: Frame, place: int) -> list[str]:
    answer = record.answers[place]
    known = INSTRUMENTS.get(answer.instrument)
    return [
        frame.clock(answer.at, seconds=True),
        known.label if known else answer.instrument,
        words.answer(answer.instrument, answer.status, answer.value)
        + (" (struck)" if answer.struck else ""),
        frame.clock(answer.recorded_at, seconds=True) + (" late" if answer.late else ""),
        answer.author,
    ]


def _is_change(entry: Entry) -> bool:
    """What a person did, corrected or signed, and what the program says of itself."""
    if entry.kind in ("session", "correction", "signature", "audit", "event", "note"):
        return True
    return entry.author != PROGRAM


def _change_row(entry: Entry, frame: Frame) -> list[str]:
    told = words.headline(entry)
    title, detail = told if told is not None else (entry.kind, entry.author)
    return [
        str(entry.seq),
        frame.clock(entry.at, seconds=True),
        frame.clock(entry.recorded_at, seconds=True),
        title,
        detail,
    ]

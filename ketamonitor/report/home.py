"""Going home in print: each criterion with its evidence, deviations by name, ready, left, open."""

from __future__ import annotations

from typing import Any

from ketamonitor.record import Record
from ketamonitor.report.frame import Frame
from ketamonitor.treatment.discharge import (
    CriterionState,
    CriterionView,
    criteria,
    ready_of,
)
from ketamonitor.treatment.on_site import Interval

_STATES = {
    CriterionState.OPEN: "not answered",
    CriterionState.MET: "recorded as met",
    CriterionState.NOT_MET: "not met",
    CriterionState.OVERRIDDEN: "DEVIATION",
}


def going_home(record: Record, frame: Frame) -> dict[str, Any]:
    """Rows of criterion, state and evidence as they were at the end; then who left when."""
    home = record.discharge
    until = record.ended_at or record.last_at or record.info.started_at
    rows = [[row.criterion.text, _STATES[row.state], _told(row)] for row in criteria(record, until)]
    if record.first_dose_at is None and not home.answers:
        rows = []  # nothing of the treatment was given, and nobody answered
    rows += [
        ["Physician on site", _span(one, frame), _who(one)] for one in record.on_site.intervals
    ]
    if ready := ready_of(record):
        rows.append(["Clinically ready", frame.clock(ready[0]), ready[1]])
    if home.departure is not None:
        gone = home.departure
        phone = f", {gone.phone}" if gone.phone else ""
        rows.append(["Left", frame.clock(gone.at), f"with {gone.companion}{phone} ({gone.by})"])
    rows += [[one.item, "open at the end", f"{one.reason} ({one.by})"] for one in home.unfinished]
    return {"rows": rows}


def _span(one: Interval, frame: Frame) -> str:
    since = frame.clock(one.since) if one.since else "not entered"
    return f"{since} to {frame.clock(one.until) if one.until else 'the end: none entered'}"


def _who(one: Interval) -> str:
    return f"{one.name} (entered by {', '.join(one.by)})"


def _told(row: CriterionView) -> str:
    said = row.answer
    if row.state is CriterionState.OVERRIDDEN and said is not None:
        evidence = f"{row.evidence}. " if row.evidence else ""
        return f"{evidence}{said.reason} ({said.by} and {said.second})"
    return row.evidence

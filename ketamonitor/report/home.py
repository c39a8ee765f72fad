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
    if ready := ready_of(record):
        rows.append(["Clinically ready", frame.clock(ready[0]), ready[1]])
    if home.departure is not None:
        gone = home.departure
        phone = f", {gone.phone}" if gone.phone else ""
        rows.append(["Left", frame.clock(gone.at), f"with {gone.companion}{phone} ({gone.by})"])
    rows += [[one.item, "open at the end", f"{one.reason} ({one.by})"] for one in home.unfinished]
    return {"rows": rows}


def _told(row: CriterionView) -> str:
    said = row.answer
    if row.state is CriterionState.OVERRIDDEN and said is not None:
        evidence = f"{row.evidence}. " if row.evidence else ""
        return f"{evidence}{said.reason} ({said.by} and {said.second})"
    return row.evidence

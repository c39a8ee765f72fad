"""The whole content of the printed record as plain JSON: what is said, not how it looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ketamonitor import words
from ketamonitor.protocol_words import source_lines
from ketamonitor.record import Record
from ketamonitor.report.alerts import alerts
from ketamonitor.report.chart import chart
from ketamonitor.report.checkin import check_in
from ketamonitor.report.course import events, ledger, summary
from ketamonitor.report.evidence import completeness, devices
from ketamonitor.report.frame import Frame
from ketamonitor.report.home import going_home
from ketamonitor.report.slots import slots
from ketamonitor.report.values import values_table

INTENDED_USE = "Aid to direct observation and the bedside monitor. Not a REMS form."
#: The patient's name is shortened after so many letters where it must fit a line on each page.
LONGEST_NAME = 90


def content(
    record: Record, *, printed_at: datetime, printed_by: str, chain_verified: bool, paper: str
) -> dict[str, Any]:
    """Everything the template prints. ``printed_at`` is shown in the session's own zone."""
    frame, info = Frame.of(record), record.info
    started = info.started_at.astimezone(frame.zone)
    printed = printed_at.astimezone(frame.zone)
    name = _shortened(info.patient.name)
    chain = "chain verified" if chain_verified else "chain NOT verified"
    count = f"entries 1 to {record.entries}"
    weight = f"{info.weight_kg:g} kg" if info.weight_kg is not None else "not taken"
    marks = ["DRAFT, UNSIGNED"] + (["SIMULATED"] if info.simulated else [])
    return {
        "paper": {"a4": "a4", "letter": "us-letter"}[paper],
        "title": f"Treatment session record {info.id}",
        "head": {
            "over": f"{info.protocol.title}, version {info.protocol.version}",
            "title": "Treatment session record",
            "record": f"Record {info.id}",
            "day": f"{words.weekday(started.date())}, chair {info.chair or words.NO_VALUE}",
            "times": f"Times: local, {_offset(started)}",
        },
        "identity": [
            ["Patient", name],
            ["Born", f"{words.day(info.patient.born)} ({info.patient.age(started.date())} y)"],
            ["MRN", info.patient.mrn],
            ["Weight", weight],
            ["Started by", info.author],
        ],
        "foot": [
            f"{name} · born {words.day(info.patient.born)} · MRN {info.patient.mrn} · {info.id}"
            f" · printed {words.day(printed.date())} {words.clock(printed)} by {printed_by}",
            f"SHA-256 {_grouped(record.last_hash[:40])}… · {count}, {chain}",
            f"{INTENDED_USE} {'Simulated session. ' if info.simulated else ''}Unsigned draft.",
        ],
        "watermark": marks,
        "summary": summary(record, frame),
        "chart": chart(record, frame),
        "events": events(record, frame),
        "checkin": check_in(record, frame),
        "home": going_home(record, frame),
        "ledger": ledger(record, frame),
        "values": values_table(record, frame),
        "schedule": slots(record, frame),
        "alerts": alerts(record, frame),
        "completeness": completeness(record, frame),
        "devices": devices(record),
        "sources": [list(row) for row in source_lines(info.protocol)],
    }


def texts(data: Any, change: Callable[[str], str]) -> Any:
    """The same JSON with ``change`` applied to each text (not to keys)."""
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {key: texts(value, change) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [texts(value, change) for value in data]
    return data


def _shortened(name: str) -> str:
    plain = " ".join(name.split())
    return plain if len(plain) <= LONGEST_NAME else f"{plain[:LONGEST_NAME]}…"


def _offset(at: datetime) -> str:
    """``UTC+1``, ``UTC−3:30``."""
    offset = at.utcoffset() or timedelta(0)
    whole = abs(int(offset.total_seconds())) // 60
    sign = "−" if offset < timedelta(0) else "+"
    return f"UTC{sign}{whole // 60}" + (f":{whole % 60:02d}" if whole % 60 else "")


def _grouped(digest: str) -> str:
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))

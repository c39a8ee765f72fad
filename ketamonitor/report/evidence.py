"""What the record can be trusted for: completeness, devices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from devices.metrics import CUFF, METRICS
from ketamonitor import words
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.record import Record
from ketamonitor.report import alerts
from ketamonitor.report.frame import Frame
from ketamonitor.schedule import due_of
from ketamonitor.view import COMING, DUE_KINDS, DueState


def completeness(record: Record, frame: Frame) -> dict[str, Any]:
    """What was expected and what came, every gap with its length, every late entry."""
    got = record.readings
    pressures = " / ".join(f"{got.get(metric.key, 0):,}" for metric in CUFF)
    counts = [["Values of systolic / diastolic / mean", pressures]]
    counts += [
        [f"Values of {metric.label}", f"{got[key]:,}"]
        for key, metric in METRICS.items()
        if key in got and metric not in CUFF
    ]
    doubtful = sum(len(cuff.doubtful) for cuff in record.cuff)
    if doubtful:
        counts.append(["Of the cuff values implausible", f"{doubtful}"])
    counts += [list(row) for row in _slots(record, frame)]
    return {
        "counts": counts,
        "alerts": alerts.counts(record),
        "gaps": list(_gaps(record, frame)),
        "late": list(_late(record, frame)),
    }


def _gaps(record: Record, frame: Frame) -> Iterator[list[str]]:
    """From, to, which values, length, reason; values that were missing together share a row."""
    together: dict[tuple[datetime, datetime | None, str], list[str]] = {}
    for gap in record.gaps:
        label = METRICS[gap.metric].label if gap.metric in METRICS else "all"
        together.setdefault((gap.start, gap.end, gap.reason), []).append(label)
    for (start, end, reason), labels in sorted(together.items(), key=lambda row: row[0][0]):
        yield [
            frame.clock(start, seconds=True),
            frame.clock(end, seconds=True) if end else "open",
            ", ".join(labels),
            words.countdown((end - start).total_seconds()) if end else words.NO_VALUE,
            reason,
        ]


def _slots(record: Record, frame: Frame) -> Iterator[tuple[str, str]]:
    """Of pressures and of observations: how many slots were met within their time."""
    end = record.ended_at or record.last_at or frame.zero
    # A slot whose time was not over when the session ended was not expected.
    reached = [i for i in due_of(record, end) if i.state not in (*COMING, DueState.DUE)]
    for what, label in DUE_KINDS.items():
        slots = [item for item in reached if item.what == what]
        if slots:
            met = [item for item in slots if item.state is DueState.DONE]
            missed = ", ".join(frame.clock(item.at) for item in slots if item not in met)
            told = f"{len(met)} of {len(slots)}" + (f", not {missed}" if missed else "")
            yield f"{label} slots met in time", told


def _late(record: Record, frame: Frame) -> Iterator[list[str]]:
    """Happened, entered, what, by: for what was entered more than two minutes later."""
    late: list[tuple[datetime, datetime | None, str, str]] = []
    for cuff in record.cuff:
        if cuff.late:
            text = f"BP {words.pressure(cuff.sys, cuff.dia)}"
            late.append((cuff.at, cuff.recorded_at, text, cuff.author))
    for dose in record.doses:
        if dose.late:
            late.append((dose.at, dose.recorded_at, f"{dose.drug} {dose.mg:g} mg", dose.author))
    for a in record.answers:
        if a.late:
            known = INSTRUMENTS.get(a.instrument)
            label = known.label if known else a.instrument
            text = f"{label} {words.answer(a.instrument, a.status, a.value)}"
            late.append((a.at, a.recorded_at, text, a.author))
    for at, recorded_at, text, by in sorted(late, key=lambda row: row[0]):
        entered = frame.clock(recorded_at, seconds=True) if recorded_at else words.NO_VALUE
        yield [frame.clock(at, seconds=True), entered, text, by]


def devices(record: Record) -> list[list[str]]:
    """Each source with its driver, port, its readings and how many of these are cuff readings."""
    cuffs = Counter(cuff.source for cuff in record.cuff)
    counts = Counter(record.by_source)
    rows = [
        [d.source, d.driver, d.port, f"{counts.pop(d.source, 0):,}", f"{cuffs[d.source]:,}"]
        for d in record.info.devices
    ]
    for source, count in sorted(counts.items()):
        name = "typed by hand" if source == "manual" else source
        rows.append([name, words.NO_VALUE, words.NO_VALUE, f"{count:,}", f"{cuffs[source]:,}"])
    return rows

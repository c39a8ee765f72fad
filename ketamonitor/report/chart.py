"""What is drawn on the chart: the record as minutes and mmHg, without any look."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ketamonitor import words
from ketamonitor.course import GAP_AFTER, Series
from ketamonitor.record import Record
from ketamonitor.report.frame import Frame
from ketamonitor.report.marks import Mark, alarm_marks, dose_labels, event_boxes, spread
from ketamonitor.report.scales import (
    ON_PRESSURE_AXIS,
    PRESSURES,
    baseline,
    baseline_of,
    bounds,
    drawn,
    limits_of,
    pressure_range,
    pulse_series,
    spo2_floor,
)

#: More columns than this cannot be told apart on paper; each keeps its lowest and highest value.
_COLUMNS = 640
#: Height of a label in the lanes' own units, as a share of the pane (3.1 mm of 82 mm; of 15 mm).
_LABEL_PRESSURE, _LABEL_SPO2 = 0.039, 0.19


def chart(record: Record, frame: Frame) -> dict[str, Any]:
    """The drawing's data; times in minutes from the left edge, see ``chart.typ`` for its use."""
    low, high = pressure_range(record)
    spo2_low = spo2_floor(record)
    labelled, major, minor = frame.steps
    limits = limits_of(record)
    shown = [x for x in limits if x.metric in ON_PRESSURE_AXIS and low <= x.y <= high]
    shown_spo2 = [x for x in limits if x.metric == "spo2" and x.y >= spo2_low]
    labels = [(x.y, x.label) for x in shown]
    labels += [(base, f"base {base:g}") for base in baseline(record) if low <= base <= high]
    room = (high - low) * _LABEL_PRESSURE
    marks = alarm_marks(record, frame, (low, high), (spo2_low, 102))
    gaps = list(_gaps(record, frame))
    return {
        "length": frame.length,
        "major": [frame.x(at) for at in frame.lines(major)],
        "minor": [frame.x(at) for at in frame.lines(minor)],
        "clock": [[frame.x(at), frame.clock(at)[-5:]] for at in frame.lines(labelled)],
        "minutes": list(_minute_labels(frame, labelled)),
        "minutes_from": "first dose" if frame.dosed else "session start",
        "low": low,
        "high": high,
        "pressure_lines": list(range(low, high + 1, 20)),
        "cuff": list(_cuff(record, frame)),
        "doubtful": [
            frame.x(c.at)
            for c in record.cuff
            if c.doubtful and not drawn(c) and not c.struck and frame.holds(c.at)
        ],
        "pulse": list(_pulse(record, frame)),
        "limits": [[x.y, x.stars, x.metric in PRESSURES] for x in shown],
        "square": minor,
        "baseline": baseline(record),
        "labels": spread(labels, room, low + room / 2, high),
        "spo2_low": spo2_low,
        "spo2_lines": list(range(math.ceil(spo2_low / 10) * 10, 101, 10)),
        "spo2": [_thinned(s, frame) for s in _stretches(record.series.get("spo2"), frame)],
        "spo2_limits": [[x.y, x.stars] for x in shown_spo2],
        "spo2_labels": spread(
            [(x.y, x.label) for x in shown_spo2],
            (102 - spo2_low) * _LABEL_SPO2,
            spo2_low,
            98,
        ),
        "gaps": [gap for gap in gaps if not gap["all"]],
        "stops": [gap for gap in gaps if gap["all"]],
        "first_dose": frame.x(frame.zero) if frame.dosed else None,
        "gate": frame.x(frame.gate) if frame.gate else None,
        "gate_label": f"gate {frame.clock(frame.gate)}" if frame.gate else "",
        "ended": frame.x(record.ended_at) if record.ended_at else None,
        "bars": list(_bars(record, frame)),
        "doses": [
            {"x": frame.x(dose.at), "struck": dose.struck}
            for dose in record.doses
            if frame.holds(dose.at) and record.treats(dose.drug)
        ],
        "dose_labels": dose_labels(record, frame),
        "marks": [_mark(m) for m in marks if m.lane == "pressure"],
        "spo2_marks": [_mark(m) for m in marks if m.lane == "spo2"],
        "events": event_boxes(record, frame),
        "outside": sum(not frame.holds(c.at) for c in record.cuff)
        + sum(not frame.holds(d.at) for d in record.doses),
        "several": len(limits) < len(bounds(record)),
        "changed": bool(record.history.limit_changes),
        "unarmed": any(
            limit.bound(baseline_of(record, limit.metric)) is None
            for limit in record.info.protocol.limit
            if limit.relative != "trend"
        ),
        "alt": _alt(record, frame),
    }


def _cuff(record: Record, frame: Frame) -> Iterator[dict[str, Any]]:
    baseline_at = record.baseline.at if record.baseline else None
    for cuff in record.cuff:
        if drawn(cuff) and frame.holds(cuff.at):
            letters = ("B" if cuff.at == baseline_at else "") + ("L" if cuff.late else "")
            yield {
                "x": frame.x(cuff.at),
                "sys": cuff.sys,
                "dia": cuff.dia,
                "letter": letters,
                "struck": cuff.struck,
            }


def _pulse(record: Record, frame: Frame) -> Iterator[list[float]]:
    """The first reading of each minute: a true one, never a mean of several."""
    series, last = pulse_series(record), None
    for at, value in zip(series.times, series.values, strict=True):
        minute = math.floor(frame.x(at))
        if value is not None and minute != last and frame.holds(at):
            last = minute
            yield [frame.x(at), value]


def _stretches(series: Series | None, frame: Frame) -> Iterator[list[tuple[datetime, float]]]:
    """The runs of readings with no gap between them: no line is drawn across a gap."""
    run: list[tuple[datetime, float]] = []
    if series is None:
        return
    for at, value in zip(series.times, series.values, strict=True):
        if run and (value is None or at - run[-1][0] > GAP_AFTER):
            yield run
            run = []
        if value is not None and frame.holds(at):
            run.append((at, value))
    if run:
        yield run


def _thinned(run: list[tuple[datetime, float]], frame: Frame) -> list[list[float]]:
    """At most four true readings for each column of the drawing: first, lowest, highest, last."""
    width = frame.length / _COLUMNS
    columns: dict[int, list[tuple[datetime, float]]] = {}
    for at, value in run:
        columns.setdefault(int(frame.x(at) / width), []).append((at, value))
    kept: list[list[float]] = []
    for points in columns.values():
        by_value = sorted(points, key=lambda point: point[1])
        chosen = {points[0], by_value[0], by_value[-1], points[-1]}
        kept += [[frame.x(at), value] for at, value in sorted(chosen)]
    return [
        point
        for place, point in enumerate(kept)
        if not 0 < place < len(kept) - 1 or not kept[place - 1][1] == point[1] == kept[place + 1][1]
    ]


def _gaps(record: Record, frame: Frame) -> Iterator[dict[str, Any]]:
    """Hatched stretches of the SpO2 lane, and of the whole chart where nothing was recorded."""
    lane = "spo2" if "spo2" in record.series else "pulse"
    free_from = -1.0
    for gap in sorted(record.gaps, key=lambda g: g.start):
        end = min(gap.end or record.last_at or gap.start, frame.end)
        if gap.metric not in (lane, "all") or not frame.holds(gap.start) or end <= gap.start:
            continue
        label = f"{gap.reason} {words.countdown((end - gap.start).total_seconds())}"
        x0, x1 = frame.x(gap.start), frame.x(end)
        room = x1 >= free_from
        if room:
            free_from = x1 + len(label) * frame.length / 110
        yield {
            "from": x0,
            "to": x1,
            "label": label if room else "",
            "all": gap.metric == "all",
        }


def _bars(record: Record, frame: Frame) -> Iterator[dict[str, Any]]:
    """The dose lane: filled while running, hatched while paused, and what it adds up to."""
    seen_until = record.ended_at or record.last_at or frame.end
    for infusion in record.infusions:
        until = infusion.stopped_at or infusion.ends_at(seen_until) or seen_until
        # An infusion that has run in gives no more, whatever the clock says.
        until = min(until, seen_until)
        given = infusion.given_mg(until)
        parts = [
            {
                "from": max(0.0, frame.x(segment.start)),
                "to": min(frame.length, frame.x(min(segment.end or until, until))),
                "paused": segment.state != "running",
            }
            for segment in infusion.segments
            if frame.holds(segment.start)
        ]
        parts = [part for part in parts if float(part["to"]) > float(part["from"])]
        tail = [
            f"paused {frame.clock(s.start)}" for s in infusion.segments if s.state != "running"
        ][:2]
        if infusion.stopped_at:
            tail.append(f"stopped {frame.clock(infusion.stopped_at)}")
        rates = {s.mg_per_min for s in infusion.segments if s.state == "running"}
        rate = f"{infusion.mg_per_min:.3g} mg/min" if len(rates) == 1 else f"{len(rates)} rates"
        yield {
            "parts": parts,
            "label": f"{rate} · {given:.1f} mg",
            "tail": ", ".join(tail),
        }


def _minute_labels(frame: Frame, step: int) -> Iterator[list[Any]]:
    first = math.ceil(-frame.x(frame.zero) / step) * step
    for minutes in range(first, int(frame.length) + 1, step):
        at = frame.zero + timedelta(minutes=minutes)
        if frame.holds(at):
            yield [frame.x(at), frame.minutes(at)]


def _mark(mark: Mark) -> dict[str, Any]:
    return {"x": mark.x, "y": mark.y, "stars": mark.stars, "priority": mark.priority}


def _alt(record: Record, frame: Frame) -> str:
    plotted = [c for c in record.cuff if c.plotted]
    highest = max(plotted, key=lambda c: c.sys or 0, default=None)
    top = ""
    if highest:
        top = f", the highest {highest.sys:g}/{highest.dia:g} at {frame.clock(highest.at)}"
    return (
        f"Chart from {frame.clock(frame.start)} to {frame.clock(frame.end)}: {len(plotted)} cuff"
        f" readings{top}; pulse, SpO2, doses and numbered events."
        " The tables of this record hold the same values as figures."
    )

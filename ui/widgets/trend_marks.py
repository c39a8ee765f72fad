"""What happened, drawn on the trend: cuff readings, alarm marks, doses, events, due times, gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QRectF

from ketamonitor import words
from ketamonitor.alarm_course import AlarmEpisode
from ketamonitor.course import CuffPoint, Gap
from ketamonitor.record import Record
from ketamonitor.view import SessionView
from ui.widgets.ink import CENTRE, LEFT, RIGHT, Ink
from ui.widgets.marks import caret_down, caret_up, due_triangle
from ui.widgets.trend_scale import DOSE, EVENTS, PRESSURE, SPO2, Scale

#: Alarm marks closer than this are drawn as one, the most urgent (all are in the table).
MERGE = timedelta(minutes=4)
_RANK = {"high": 0, "medium": 1, "low": 2}


def draw_cuff(ink: Ink, scale: Scale, record: Record) -> None:
    """V at systolic, inverted V at diastolic; B baseline, L late, ? doubtful, grey when struck."""
    baseline_at = record.baseline.at if record.baseline else None
    for point in record.cuff:
        if not scale.inside(point.at) or point.sys is None or point.dia is None:
            continue
        x, top, bottom = scale.x(point.at), scale.y(point.sys), scale.y(point.dia)
        if not point.plotted:
            _doubtful(ink, scale, point, x)
            continue
        ink.line(x, top, x, bottom, "text3" if ink.theme.night else "text2")
        caret_down(ink, x, top, 5, "mark")
        caret_up(ink, x, bottom, 5, "mark")
        letters = ("B" if point.at == baseline_at else "") + ("L" if point.late else "")
        if letters:
            ink.text(x, bottom + 20, letters, 12, 600, "text", CENTRE)


def _doubtful(ink: Ink, scale: Scale, point: CuffPoint, x: float) -> None:
    """A struck reading stays as a grey outline; an implausible one is an open mark on the floor."""
    if point.struck and point.sys is not None and point.dia is not None:
        caret_down(ink, x, scale.y(point.sys), 5, "limit", 1)
        caret_up(ink, x, scale.y(point.dia), 5, "limit", 1)
        return
    ink.text(x, scale.lanes[PRESSURE].bottom() - 5, "?", 12, 600, "text2", CENTRE)


def draw_alarm_marks(ink: Ink, scale: Scale, record: Record) -> None:
    """Asterisks above the reading that passed a limit; technical alarms show as gaps instead."""
    limits = [
        part
        for alarm in record.alarms
        if alarm.condition == "limit_passed" and alarm.metric
        for part in alarm.marked()
    ]
    pressure = [a for a in limits if a.metric != "spo2"]
    for alarm in merged(pressure):
        at = _reading_time(alarm, record.cuff)
        if scale.inside(at):
            y = max(scale.lanes[PRESSURE].top() + 10, _top_near(scale, record.cuff, at) - 18)
            _mark(ink, scale.x(at), y, alarm.priority)
    for alarm in merged(a for a in limits if a.metric == "spo2"):
        if scale.inside(alarm.raised_at):
            y = scale.lanes[SPO2].bottom() - 9
            _mark(ink, scale.x(alarm.raised_at), y, alarm.priority)


def merged(alarms: Iterable[AlarmEpisode]) -> list[AlarmEpisode]:
    """One alarm for each run of alarms less than four minutes apart: the most urgent of it."""
    runs: list[list[AlarmEpisode]] = []
    for alarm in sorted(alarms, key=lambda a: a.raised_at):
        if runs and alarm.raised_at - runs[-1][-1].raised_at < MERGE:
            runs[-1].append(alarm)
        else:
            runs.append([alarm])
    return [min(run, key=lambda a: _RANK[a.priority]) for run in runs]


def draw_doses(ink: Ink, scale: Scale, record: Record, view: SessionView, now: datetime) -> None:
    """Infusions as bars, hatched while paused, the part to come outlined; single doses as ticks."""
    lane = scale.lanes[DOSE]
    for infusion in record.infusions:
        text_x = None
        for segment in infusion.segments:
            left = max(lane.left(), scale.x(segment.start))
            right = min(lane.right(), scale.x(segment.end or now))
            if infusion.stopped_at is None and segment.state == "running" and segment.end is None:
                ends = infusion.ends_at(now)
                if ends is not None and ends < now:
                    right = min(right, scale.x(ends))
                elif ends is not None:
                    end = min(lane.right(), scale.x(ends))
                    rest = QRectF(right, lane.top() + 2.5, end - right, lane.height() - 5)
                    ink.box(rest, None, "dose_edge", 1, 0, dashed=True)
            if right <= left:
                continue
            bar = QRectF(left, lane.top() + 2, right - left, lane.height() - 4)
            if segment.state == "running":
                ink.box(bar, "dose_fill", "dose_edge", 1, 0)
            else:
                ink.hatch(bar, "dose_edge", 6)
                ink.box(bar, None, "dose_edge", 1, 0)
            text_x = left if text_x is None else text_x
        if text_x is not None:
            given = infusion.given_mg(now)
            text = f"{given:.1f} of {infusion.planned_mg:.1f} mg given"
            if infusion.stopped_at is not None:
                text = f"{given:.1f} mg, stopped {words.clock(infusion.stopped_at)}"
            ink.text(
                text_x + 6,
                lane.center().y() + 4.3,
                text,
                12,
                600,
                "text",
                room=lane.right() - text_x - 8,
            )
    for dose in record.doses:
        # Another drug is a numbered event: its amount here would be taken for the treatment's.
        if scale.inside(dose.at) and record.treats(dose.drug):
            x = scale.x(dose.at)
            ink.line(x, lane.top() + 2, x, lane.bottom() - 2, "dose_edge", 2)
            mark = "" if not dose.struck else " struck"
            ink.text(x + 4, lane.center().y() + 4.3, f"{dose.mg:g} mg{mark}", 12, 600, "text")


def draw_events(ink: Ink, scale: Scale, record: Record, view: SessionView) -> None:
    """Numbers that match timeline and report; hollow triangles where readings are planned."""
    middle = scale.lanes[EVENTS].center().y()
    for item in view.due:
        if item.what == "bp" and not item.answered and scale.inside(item.at):
            due_triangle(ink, scale.x(item.at), middle, "due_line")
    inside = [event for event in record.events if scale.inside(event.at)]
    for first, last, at in _clusters(scale, [(e.number, e.at) for e in inside]):
        text = str(first) if first == last else f"{first}–{last}"
        ink.chip(scale.x(at), middle, text, "panel3", "text", 12, 600, 4.5, CENTRE, "line2")


def draw_gaps(ink: Ink, scale: Scale, record: Record, now: datetime) -> None:
    """Hatched stretches without SpO2, with cause and length; nothing is drawn across them."""
    lane = scale.lanes[SPO2]
    # The newest gap speaks first; an older one whose words would cover it keeps to its hatching.
    said: list[QRectF] = []
    for gap in reversed(record.gaps):
        if gap.metric not in ("spo2", "all"):
            continue
        left = max(lane.left(), scale.x(gap.start))
        right = min(lane.right(), scale.x(gap.end or now))
        if right - left < 1:
            continue
        area = QRectF(left, lane.top() + 1, right - left, lane.height() - 1)
        ink.hatch(area, "line2", 7)
        ink.line(left, lane.top(), left, lane.bottom(), "line2")
        ink.line(right, lane.top(), right, lane.bottom(), "line2")
        _gap_words(ink, lane, left, right, gap, now, said)


def _gap_words(
    ink: Ink,
    lane: QRectF,
    left: float,
    right: float,
    gap: Gap,
    now: datetime,
    said: list[QRectF],
) -> None:
    text = f"{gap.reason} {words.countdown(((gap.end or now) - gap.start).total_seconds())}"
    width, y = ink.width(text, 12, 500), lane.bottom() - 8
    before = left - 5 - width > lane.left()
    x = left - 5 if before else right + 5
    if not before and right + 5 + width > lane.right():
        return
    back = QRectF(x - width - 2 if before else x - 2, y - 11, width + 4, 15)
    if any(back.intersects(other) for other in said):
        return
    said.append(back)
    ink.painter.fillRect(back, ink.color("panel"))
    ink.text(x, y, text, 12, 500, "text2", RIGHT if before else LEFT)


def _clusters(
    scale: Scale, events: Sequence[tuple[int, datetime]]
) -> list[tuple[int, int, datetime]]:
    """Neighbouring numbers that would cover each other become one chip, 3–5."""
    found: list[tuple[int, int, datetime]] = []
    for number, at in events:
        if found and abs(scale.x(at) - scale.x(found[-1][2])) < 22:
            found[-1] = (found[-1][0], number, found[-1][2])
        else:
            found.append((number, number, at))
    return found


def _reading_time(alarm: AlarmEpisode, cuff: Sequence[CuffPoint]) -> datetime:
    """When the reading was measured whose value raised the alarm."""
    if alarm.metric in ("nibp_sys", "nibp_dia", "nibp_map"):
        before = [p.at for p in cuff if p.plotted and p.at <= alarm.raised_at]
        if before:
            return before[-1]
    return alarm.raised_at


def _top_near(scale: Scale, cuff: Sequence[CuffPoint], at: datetime) -> float:
    """The upper end of what is drawn about a moment, so that a mark stands clear of it."""
    near = [
        p.sys
        for p in cuff
        if p.plotted and p.sys is not None and abs(p.at - at) < timedelta(minutes=3)
    ]
    return scale.y(max(near, default=scale.low + (scale.high - scale.low) * 0.6))


def _mark(ink: Ink, x: float, y: float, priority: str) -> None:
    fill, on_fill = ink.theme.tokens.alarm(priority)
    edge = None if ink.theme.night else ink.theme.tokens.alarm_edge
    ink.chip(x, y, words.STARS[priority], fill, on_fill, 13, 800, 4, CENTRE, edge)

"""The still part of the trend: grid, axes, limits with their labels, the lines of the session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPolygonF

from ketamonitor import words
from ketamonitor.phases import gate_name
from ketamonitor.view import SessionView
from ui.widgets.ink import CENTRE, RIGHT, Ink
from ui.widgets.limit_words import bounds
from ui.widgets.trend_scale import DOSE, EVENTS, PRESSURE, SPO2, Scale

#: Dashes in pen widths: long for ***, short for **, dots for the baseline.
LONG, SHORT, DOTS = [7.0, 4.0], [3.0, 3.0], [1.0, 3.0]
_DASHES = {"high": LONG, "medium": SHORT}

#: y, text, colour token, weight
Label = tuple[float, str, str, int]


def draw_frame(ink: Ink, scale: Scale, view: SessionView, now: datetime) -> None:
    """Everything that lies under the data."""
    ink.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    x_now = min(max(scale.x(now), scale.left), scale.right)
    for rect in scale.lanes.values():
        if ink.theme.tokens.ahead != ink.theme.tokens.panel:
            ahead = QRectF(x_now, rect.top(), rect.right() - x_now, rect.height())
            ink.painter.fillRect(ahead, ink.color("ahead"))
    _grid(ink, scale)
    labels = _limits(ink, scale, view)
    for rect in scale.lanes.values():
        ink.painter.setPen(ink.color("grid"))
        ink.painter.setBrush(Qt.BrushStyle.NoBrush)
        ink.painter.drawRect(rect)
    ink.painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    _scales(ink, scale)
    _clock_axis(ink, scale, view)
    x = scale.right + 6
    middle = scale.lanes[DOSE].center().y()
    ink.text(x, middle + 4, "Dose", 12, 600, "text2")
    ink.text(x, scale.lanes[EVENTS].center().y() + 4, "Events", 12, 600, "text2")
    for y, text, token, weight in spread(labels, 12.5):
        ink.text(x, y + 4, text, 12, weight, token)


def draw_session_lines(ink: Ink, scale: Scale, view: SessionView, now: datetime) -> None:
    """First dose, gate and now: they stand above the data."""
    top, bottom = scale.lanes[PRESSURE].top(), scale.bottom
    first, gate = view.first_dose_at, view.gate_at
    if first is not None and scale.inside(first):
        x = round(scale.x(first)) + 0.5
        ink.line(x, top, x, bottom, "text2")
        ink.text(x + 6, top + 15, "first dose", 12, 500, "text2")
    if gate is not None and scale.inside(gate):
        x = round(scale.x(gate)) + 0.5
        ink.line(x, top, x, bottom, "text3", 1, [5, 4])
        minutes = gate_name(view)
        width = ink.width(minutes, 12, 500)
        if first is None or x - width - 6 > scale.x(first) + 70:
            ink.text(x - 6, top + 15, minutes, 12, 500, "text2", RIGHT)
    if view.ended_at is not None:
        _ended_line(ink, scale, view.ended_at)
    elif scale.inside(now):
        x = round(scale.x(now)) + 0.5
        ink.line(x, top, x, bottom, "accent", 1.5)
        ink.painter.setBrush(ink.color("accent"))
        ink.painter.setPen(ink.color("accent"))
        ink.painter.drawPolygon(
            QPolygonF([QPointF(x - 4.5, top - 2), QPointF(x + 4.5, top - 2), QPointF(x, top + 4)])
        )
        if x + 40 < scale.right:
            ink.text(x + 7, scale.lanes[PRESSURE].bottom() - 6, "now", 12, 600, "accent")


def _ended_line(ink: Ink, scale: Scale, ended_at: datetime) -> None:
    """The end of a session is past: it is not drawn in the colour of the present moment."""
    if scale.inside(ended_at):
        x = round(scale.x(ended_at)) + 0.5
        ink.line(x, scale.lanes[PRESSURE].top(), x, scale.bottom, "text2")
        ink.text(x + 7, scale.lanes[PRESSURE].bottom() - 6, "ended", 12, 600, "text2")


def spread(labels: Sequence[Label], apart: float) -> list[Label]:
    """Labels moved so that none covers another, in order, as little as may be."""
    placed: list[Label] = []
    for y, *rest in sorted(labels, key=lambda label: label[0]):
        if placed and y < placed[-1][0] + apart:
            y = placed[-1][0] + apart
        placed.append((y, *rest))  # type: ignore[arg-type]
    return placed


def tick_minutes(span_s: float) -> tuple[int, int]:
    """Minutes between coarse and fine grid lines."""
    if span_s <= 40 * 60:
        return 5, 1
    return (15, 5) if span_s <= 5 * 3600 else (60, 15)


def _ticks(scale: Scale, step: int) -> list[datetime]:
    """Full clock minutes divisible by ``step`` in the window."""
    first = scale.at(scale.start)
    at = first.replace(minute=0, second=0, microsecond=0)
    ticks = []
    while at <= scale.at(scale.end):
        if at >= first:
            ticks.append(at)
        at += timedelta(minutes=step)
    return ticks


def _grid(ink: Ink, scale: Scale) -> None:
    coarse, fine = tick_minutes(scale.end - scale.start)
    for step, token in ((fine, "grid_fine"), (coarse, "grid")):
        for at in _ticks(scale, step):
            x = round(scale.x(at))
            for rect in scale.lanes.values():
                ink.line(x, rect.top(), x, rect.bottom(), token)
    rect = scale.lanes[PRESSURE]
    for value in range(int(scale.low), int(scale.high) + 1, 20):
        y = round(scale.y(value))
        ink.line(rect.left(), y, rect.right(), y, "grid_fine")
    rect = scale.lanes[SPO2]
    for value in (90, 100):
        y = round(scale.y_spo2(value))
        ink.line(rect.left(), y, rect.right(), y, "grid_fine")


def _scales(ink: Ink, scale: Scale) -> None:
    step = 20 if scale.lanes[PRESSURE].height() / ((scale.high - scale.low) / 20) > 13 else 40
    for value in range(int(scale.low) + 20, int(scale.high) + 1, step):
        ink.text(scale.left - 7, scale.y(value) + 4.3, str(value), 12, 500, "text2", RIGHT)
    for value in (90, 100):
        ink.text(scale.left - 7, scale.y_spo2(value) + 4.3, str(value), 12, 500, "text2", RIGHT)


def _clock_axis(ink: Ink, scale: Scale, view: SessionView) -> None:
    coarse, _ = tick_minutes(scale.end - scale.start)
    clock, minute = scale.bottom + 14, scale.bottom + 30
    ink.text(scale.left - 7, clock, "clock", 12, 400, "text3", RIGHT)
    for at in _ticks(scale, coarse):
        if scale.left + 20 < scale.x(at) < scale.right + 1:
            ink.text(scale.x(at), clock, words.clock(at), 12, 500, "text2", CENTRE)
    first = view.first_dose_at
    if first is None:
        return
    ink.text(scale.left - 7, minute, "min", 12, 400, "text3", RIGHT)
    gate_min = view.info.protocol.gate.from_first_dose_min
    number = -((first - scale.at(scale.start)) // timedelta(minutes=coarse))
    while True:
        at = first + timedelta(minutes=coarse) * number
        if scale.seconds(at) > scale.end:
            return
        if scale.inside(at) and scale.x(at) > scale.left + 20:
            strong = number == 0 or number * coarse == gate_min
            text = words.minutes(at - first)
            ink.text(scale.x(at), minute, text, 12, 600 if strong else 500, "text2", CENTRE)
        number += 1


def _limits(ink: Ink, scale: Scale, view: SessionView) -> list[Label]:
    """The limit and baseline lines; returns what must be written beside them."""
    labels: list[Label] = [(scale.lanes[SPO2].top() + 6, "SpO₂ %", "spo2", 600)]
    pressure, spo2 = scale.lanes[PRESSURE], scale.lanes[SPO2]
    lower = any(a.metric == "nibp_sys" and "<" in a.id for a in view.alarms)
    for metric, upper, name in (
        ("nibp_sys", not lower, "sys"),
        ("nibp_dia", True, "dia"),
        ("spo2", False, ""),
    ):
        lane, y_of = (spo2, scale.y_spo2) if metric == "spo2" else (pressure, scale.y)
        waits = any(
            alarm.repeat_at is not None
            and alarm.metric == metric
            and ("<" not in alarm.id) is upper
            for alarm in view.alarms
            if alarm.ended_at is None and alarm.priority != "high"
        )
        for priority, bound in bounds(view, metric, upper).items():
            if bound.off or bound.value is None or priority not in _DASHES:
                continue
            y = round(y_of(bound.value))
            if not lane.top() <= y <= lane.bottom():
                continue
            ink.line(lane.left(), y, lane.right(), y, "limit", 1, _DASHES[priority])
            text = f"{words.STARS[priority]} {bound.text} {name}".rstrip()
            labels.append((y, text, "text2", 500))
            if waits and priority == "high":  # the value may be above it and the alert not HIGH
                labels.append((y + 1, "confirming", "text", 600))
    if view.baseline is not None:
        for value in (view.baseline.sys, view.baseline.dia):
            y = round(scale.y(value))
            ink.line(pressure.left(), y, pressure.right(), y, "limit", 1, DOTS)
            labels.append((y, f"base {words.exact(value)}", "text2", 500))
    return labels

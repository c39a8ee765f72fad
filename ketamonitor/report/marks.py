"""Where marks and labels of the chart stand so that none hides another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ketamonitor import words
from ketamonitor.alarm_course import AlarmEpisode
from ketamonitor.record import Record
from ketamonitor.report.frame import Frame

#: Width of the plot in mm, and of an alarm mark and an event's box on it.
PLOT_MM = 160.0
MARK_MM, BOX_MM = 5.4, 3.4
#: A mark belongs to the cuff reading that is not further away than this.
NEAR = timedelta(minutes=2)

_RANK = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class Mark:
    """An alarm mark: its middle in minutes and in the lane's unit."""

    lane: str
    x: float
    y: float
    priority: str

    @property
    def stars(self) -> str:
        return words.STARS[self.priority]


def alarm_marks(
    record: Record,
    frame: Frame,
    pressure: tuple[float, float],
    spo2: tuple[float, float],
) -> list[Mark]:
    """A mark for each physiological alarm; those that would overlap become the highest of them.

    A higher one after a lower one is not swallowed: it stands above it. Technical alarms have no
    reading to stand on; gaps are hatched and all alarms are in the table.
    """
    marks: list[Mark] = []
    width = MARK_MM * frame.length / PLOT_MM
    height = (pressure[1] - pressure[0]) * 0.042
    alarms = [
        part
        for alarm in record.alarms
        if alarm.type == "physiological"
        for part in alarm.marked()
        if frame.holds(part.raised_at)
    ]
    for alarm in sorted(alarms, key=lambda a: (a.raised_at, -_RANK[a.priority])):
        if alarm.metric == "spo2":
            value = spo2[0] + 4 if alarm.value is None else alarm.value
            step = (spo2[1] - spo2[0]) * 0.16
            y = max(spo2[0] + step, value - step)
            mark = Mark("spo2", frame.x(alarm.raised_at), y, alarm.priority)
        else:
            mark = _above(record, frame, alarm, height, pressure[1])
        same = [m for m in marks if m.lane == mark.lane and abs(m.x - mark.x) < width]
        if not same:
            marks.append(mark)
        elif _RANK[mark.priority] > max(_RANK[m.priority] for m in same):
            covered = [m for m in same if abs(m.x - mark.x) < width / 4]
            marks = [m for m in marks if m not in covered]
            if mark.lane == "pressure":
                beneath = max((m.y for m in same if m not in covered), default=mark.y - height)
                y = min(pressure[1] - height, max(mark.y, beneath + height * 1.1))
                mark = replace(mark, y=y)
            marks.append(mark)
    return marks


def _above(record: Record, frame: Frame, alarm: AlarmEpisode, height: float, top: float) -> Mark:
    """Over the cuff reading nearest to the alarm, or over the alarm's own value."""
    near = [c for c in record.cuff if c.plotted and abs(c.at - alarm.raised_at) <= NEAR]
    tops = [c.sys for c in near if c.sys is not None]
    if alarm.value is not None and alarm.metric != "nibp_dia":
        tops.append(alarm.value)
    at = alarm.raised_at
    if near:
        at = min(near, key=lambda c: abs(c.at - alarm.raised_at)).at
    y = min(top - height, max(tops, default=top - 2 * height) + 1.4 * height)
    return Mark("pressure", frame.x(at), y, alarm.priority)


def event_boxes(record: Record, frame: Frame) -> list[dict[str, Any]]:
    """The numbered boxes of the events lane; those that would overlap share one: ``3–5``."""
    per_mm = frame.length / PLOT_MM
    groups: list[tuple[float, list[int]]] = []
    for event in sorted(record.events, key=lambda e: (e.at, e.number)):
        if not frame.holds(event.at):
            continue
        x = frame.x(event.at)
        if groups and x - groups[-1][0] < _box_mm(_numbers(groups[-1][1])) * per_mm:
            groups[-1][1].append(event.number)
        else:
            groups.append((x, [event.number]))
    return [{"x": x, "label": _numbers(numbers)} for x, numbers in groups]


def _numbers(numbers: list[int]) -> str:
    """``3``, ``3–5``, ``3, 7``: a dash only where every number between is in the box."""
    first, last = min(numbers), max(numbers)
    if first == last:
        return f"{first}"
    if last - first + 1 == len(numbers):
        return f"{first}–{last}"
    return ", ".join(str(n) for n in sorted(numbers))


def _box_mm(label: str) -> float:
    return BOX_MM + 1.65 * (len(label) - 1)


def dose_labels(record: Record, frame: Frame) -> list[dict[str, Any]]:
    """The amounts of single doses of the treatment; those too near to be labelled apart share one:
    ``3 × 28 mg``. Another drug is a numbered event: its amount here would be taken for this one's.
    """
    per_mm = frame.length / PLOT_MM
    groups: list[tuple[float, list[str]]] = []
    for dose in sorted(record.doses, key=lambda d: (d.at, d.seq)):
        if not frame.holds(dose.at) or not record.treats(dose.drug):
            continue
        text = f"{dose.mg:g} mg" + (" L" if dose.late else "") + (" struck" if dose.struck else "")
        x = frame.x(dose.at)
        if groups and x - groups[-1][0] < (3 + 1.7 * len(_amounts(groups[-1][1]))) * per_mm:
            groups[-1] = (x, [*groups[-1][1], text])
        else:
            groups.append((x, [text]))
    return [{"x": x, "text": _amounts(texts)} for x, texts in groups]


def _amounts(texts: list[str]) -> str:
    if len(texts) > 1 and len(set(texts)) == 1:
        return f"{len(texts)} × {texts[0]}"
    return ", ".join(texts)


def spread(
    labels: list[tuple[float, str]], height: float, low: float, high: float
) -> list[dict[str, Any]]:
    """Labels at their heights, pushed apart where they would touch; ``y`` is where each stands.

    ``height`` is a label's own height in the axis's unit. Order is kept. Twins become one.
    """
    rows = sorted(set(labels))
    # Labels that push each other form a cluster that stands around the mean of its heights
    # (isotonic regression by pooling neighbours), so that each is as near to its line as can be.
    clusters: list[tuple[float, int]] = []
    for place, (y, _) in enumerate(rows):
        mean, size = y - place * height, 1
        while clusters and clusters[-1][0] > mean:
            before, count = clusters.pop()
            mean, size = (mean * size + before * count) / (size + count), size + count
        clusters.append((mean, size))
    levels = [mean for mean, size in clusters for _ in range(size)]
    places = [level + place * height for place, level in enumerate(levels)]
    if places:
        shift = max(0.0, low - places[0]) - max(0.0, places[-1] - high)
        places = [y + shift for y in places]
    return [
        {"at": at, "y": round(y, 3), "text": text}
        for (at, text), y in zip(rows, places, strict=True)
    ]

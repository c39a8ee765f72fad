"""The asterisks of each cuff reading: the alert at it, or the limit it is beyond."""

from __future__ import annotations

from collections.abc import Sequence

from ketamonitor import words
from ketamonitor.alarm_course import AlarmEpisode
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.alarms.order import rank
from ketamonitor.course import CuffPoint
from ketamonitor.record import Record


def stars_of(record: Record) -> dict[int, str]:
    """The asterisks by the number of the reading's entry; only readings that have some.

    For each limit that a reading is beyond, as it held in this session then, the alarm that was
    active after that reading says how urgent it was: the first of two severe readings is MEDIUM,
    the second HIGH. What nobody did about it (escalation by time) is not the reading's. A reading
    entered late, or under a planned interruption, raised nothing: it is judged by its own run.
    """
    readings = sorted((c for c in record.cuff if c.plotted), key=lambda c: (c.at, c.seq))
    found = {}
    for place, cuff in enumerate(readings):
        priorities = [
            priority
            for row in record.history.limits(record.info.protocol.limit, cuff.seq)
            if (priority := _priority(record, row, readings[: place + 1])) is not None
        ]
        if priorities:
            found[cuff.seq] = words.STARS[min(priorities, key=rank)]
    return found


def _priority(record: Record, row: AlarmLimit, readings: Sequence[CuffPoint]) -> str | None:
    cuff = readings[-1]
    if row.relative == "trend" or not _passed(record, row, cuff):
        return None
    for episode in reversed(record.alarms):
        if episode.id == row.id and _active(episode, cuff):
            return _priority_at(episode, cuff)
    run = 0
    for earlier in reversed(readings):
        if not _passed(record, row, earlier):
            break
        run += 1
    if run < row.for_readings:
        return None
    if row.confirm is not None and run < row.confirm.readings:
        return row.confirm.first
    return row.priority


def _passed(record: Record, row: AlarmLimit, cuff: CuffPoint) -> bool:
    dosed = record.first_dose_at
    if row.before_dose and dosed is not None and dosed <= cuff.at:
        return False
    value = {"nibp_sys": cuff.sys, "nibp_dia": cuff.dia, "nibp_map": cuff.mean}.get(row.metric)
    if value is None or row.metric in cuff.doubtful:
        return False
    base = record.baseline if record.baseline and record.baseline.locked_at <= cuff.at else None
    reference = {"nibp_sys": base.sys, "nibp_dia": base.dia}.get(row.metric) if base else None
    return row.passed(value, reference)


def _active(episode: AlarmEpisode, cuff: CuffPoint) -> bool:
    began = episode.seq < cuff.seq or episode.by_reading == cuff.seq
    end = episode.latched_at or episode.cleared_at
    return began and (end is None or end > (cuff.recorded_at or cuff.at))


def _priority_at(episode: AlarmEpisode, cuff: CuffPoint) -> str:
    """What the readings up to this one had made of it."""
    risen = [
        e.priority
        for e in episode.escalations
        if e.why == "confirmed" and e.by_reading is not None and e.by_reading <= cuff.seq
    ]
    return risen[-1] if risen else episode.priority

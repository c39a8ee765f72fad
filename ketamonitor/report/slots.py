"""The schedule on paper: each slot as planned, when it was done, how far off, and why not."""

from __future__ import annotations

from ketamonitor import words
from ketamonitor.record import Record
from ketamonitor.report.frame import Frame
from ketamonitor.schedule import due_of, told
from ketamonitor.view import DueItem, DueState


def slots(record: Record, frame: Frame) -> list[list[str]]:
    """Planned, minute, what, done, deviation in minutes and seconds, remark; in order of time."""
    end = record.ended_at or record.last_at or frame.zero
    ended = record.ended_at is not None
    return [_row(item, frame, ended) for item in due_of(record, end)]


def _row(item: DueItem, frame: Frame, ended: bool) -> list[str]:
    kind = item.kind
    done, off, remark = words.NO_VALUE, words.NO_VALUE, ""
    if item.done_at is not None:
        done, off = frame.clock(item.done_at), _off((item.done_at - item.at).total_seconds())
        remark = "late" if item.state is DueState.LATE else ""
    elif item.state is DueState.NOT_DONE:
        remark = f"{told(item)} ({item.said_by})"
    elif item.state in (DueState.AHEAD, DueState.SOON):
        remark = "not reached" if ended else told(item)
    else:
        remark = "not recorded, no reason given"
    return [
        frame.clock(item.at),
        frame.minutes(item.at),
        f"{kind}, {item.name}" if item.name else kind,
        done,
        off,
        remark,
    ]


def _off(seconds: float) -> str:
    """``+1:40``, ``−0:30``: with seconds, so that it agrees with the two times beside it."""
    if abs(seconds) < 1:
        return "0:00"
    return f"{'+' if seconds > 0 else '−'}{words.countdown(abs(seconds))}"

"""What each monitor's cuff does, as a session's picture says it: never more than is known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from devices.cuff import FAILURES_IN_A_ROW, CuffControl
from devices.reading import DeviceEvent
from devices.spec import Command
from ketamonitor import drafts
from ketamonitor.arrivals import draft_of
from ketamonitor.entries import Draft
from ketamonitor.session import LiveSession
from ketamonitor.view import LinkView
from tests.domain.builders import at, chained, cuff, link, started


def shown(*more: Draft) -> LinkView:
    first, *rest = chained([started(), *more])
    live = LiveSession(first)
    for entry in rest:
        live.apply(entry)
    view = live.view(at(60), saved_at=None, unsaved=0, record_fault="")
    return next(one for one in view.links if one.source == "dinamap")


def event(t_s: float, kind: str, source: str = "dinamap") -> Draft:
    return draft_of(DeviceEvent(source, kind, "in words", at(t_s)))


@pytest.mark.parametrize(
    ("then", "says"),
    [
        ([], "measuring"),
        ([event(3, "nibp_done")], ""),
        ([event(3, "nibp_failed")], ""),
        ([cuff(3, 128, 79)], ""),
        ([event(3, "refused")], "measuring"),
        ([link(3, "lost", "the cable is out")], ""),
        ([link(3, "silent", "nothing came")], "measuring"),
        ([event(3, "nibp_done", "another")], "measuring"),
    ],
)
def test_a_reading_stands_until_it_is_over(then: list[Draft], says: str) -> None:
    assert shown(event(1, "nibp_announced")).cuff == "about to inflate"
    assert shown(event(1, "nibp_announced"), event(2, "nibp_measuring"), *then).cuff == says


def test_a_start_that_was_refused_is_not_about_to_inflate() -> None:
    assert shown(event(1, "nibp_announced"), event(2, "refused")).cuff == ""


def test_an_interval_that_the_program_ended_is_no_longer_shown() -> None:
    every = drafts.cuff_interval("dinamap", 5, at=at(1), author="okafor")
    assert shown(every, event(2, "refused")).cuff_minutes == 5
    assert shown(every, draft_of(ended_by_failures(at(2)))).cuff_minutes is None


def ended_by_failures(now: datetime) -> DeviceEvent:
    """What the control of the cuff tells after failures in a row."""
    control = CuffControl("dinamap", frozenset({Command.START_NIBP}))
    control.every(timedelta(minutes=5), now)
    failed = DeviceEvent("dinamap", "nibp_failed", "leak", now)
    steps = [control.saw(failed, now) for _ in range(FAILURES_IN_A_ROW)]
    last = steps[-1]
    assert last is not None
    assert last.event is not None
    assert control.interval is None
    return last.event

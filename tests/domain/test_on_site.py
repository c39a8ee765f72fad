"""A physician on site as an interval: entered by a person, never reckoned, shown and on paper."""

from __future__ import annotations

import pytest

from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.report.frame import Frame
from ketamonitor.report.home import going_home
from ketamonitor.treatment.on_site import GONE, HERE, on_site
from ketamonitor.words import headline
from tests.domain.builders import at, chained, started


def said(minute: float, present: str, name: str = "Dr. A. Hale", by: str = "okafor") -> Draft:
    return on_site(name, present, at=at(60 * minute), author=by)


def intervals(*acts: Draft) -> list[tuple[str, object, object, tuple[str, ...]]]:
    record = Record.of(chained([started(), *acts]))
    return [(one.name, one.since, one.until, one.by) for one in record.on_site.intervals]


def test_an_interval_is_from_here_to_gone_for_each_name() -> None:
    assert intervals(
        said(1, HERE), said(5, HERE, "Dr. B. Lund"), said(60, GONE, "dr. a. hale", "lund")
    ) == [
        ("Dr. A. Hale", at(60), at(3600), ("okafor", "lund")),
        ("Dr. B. Lund", at(300), None, ("okafor",)),
    ]
    # entered later, with an earlier time, it is the same interval
    assert intervals(said(60, GONE), said(1, HERE)) == [
        ("Dr. A. Hale", at(60), at(3600), ("okafor",))
    ]
    assert intervals(said(60, GONE)) == [("Dr. A. Hale", None, at(3600), ("okafor",))]
    assert intervals(said(1, HERE), said(9, HERE)) == [("Dr. A. Hale", at(60), None, ("okafor",))]


def test_one_that_was_struck_out_is_as_if_it_had_never_been() -> None:
    gone = {"of_seq": 2, "reason": "wrong chair", "body": None, "text": "struck"}
    assert intervals(said(1, HERE), Draft("correction", at(90), "okafor", gone)) == []


def test_it_stands_in_the_timeline_and_on_paper_and_nothing_is_reckoned() -> None:
    entries = chained([started(), said(1, HERE)])
    assert headline(entries[1]) == ("Physician on site: Dr. A. Hale", "okafor")
    record = Record.of(entries)
    assert [event.text for event in record.events] == ["Physician on site: Dr. A. Hale"]
    rows = going_home(record, Frame.of(record))["rows"]
    assert rows == [
        ["Physician on site", "14:01 to the end: none entered", "Dr. A. Hale (entered by okafor)"]
    ]


@pytest.mark.parametrize(("name", "present"), [(" ", HERE), ("x" * 81, HERE), ("Dr. A", "away")])
def test_a_name_and_one_of_two_words_are_needed(name: str, present: str) -> None:
    with pytest.raises(ValueError, match=r"empty|longer|must be one of"):
        on_site(name, present, at=at(0), author="okafor")

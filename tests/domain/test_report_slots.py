"""The schedule on paper: planned, done, off by how much, and why not."""

from __future__ import annotations

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.report.frame import Frame
from ketamonitor.report.slots import slots
from ketamonitor.schedule import due_of
from ketamonitor.treatment.not_done import not_done
from tests.domain.builders import at, chained, cuff, protocol, started


def played(*acts: Draft) -> Record:
    return Record.of(chained([started(protocol()), *acts]))


def printed(record: Record) -> dict[tuple[str, str], list[str]]:
    return {(row[1], row[2]): row[3:] for row in slots(record, Frame.of(record))}


def test_without_a_dose_there_is_no_schedule() -> None:
    assert printed(played()) == {}


def test_the_schedule_tells_each_slot_with_its_deviation_or_why_not() -> None:
    start = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(0), author="okafor")
    slot = next(i for i in due_of(played(start), at(1300)) if i.id == "bp@20")
    said = not_done(slot, "Patient declined", at=at(1300), author="okafor")
    end = drafts.ended("asked to stop", at=at(2500), author="okafor")
    rows = printed(played(start, cuff(840, 122, 74), said, cuff(2370, 125, 76), end))
    assert rows["+10", "BP"] == ["14:14", "+4:00", "late"]
    assert rows["+20", "BP"] == ["–", "–", "not done: Patient declined (okafor)"]
    assert rows["+30", "BP"] == ["–", "–", "not recorded, no reason given"]
    assert rows["+40", "BP"] == ["14:39", "−0:30", ""]
    assert rows["+50", "BP"] == ["–", "–", "not reached"]

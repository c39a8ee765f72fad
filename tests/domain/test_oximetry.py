"""Pulse oximetry in SPRAVATO protocols: due, typed, on the data sheet, and in the way home."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from ketamonitor import drafts
from ketamonitor.alarm_plan import AlarmLimit, check_limits
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.schedule import due_of
from ketamonitor.session import LiveSession
from ketamonitor.treatment.discharge import CriterionState, criteria
from ketamonitor.treatment.episodes import episode
from ketamonitor.treatment.form_sources import Around
from ketamonitor.treatment.forms import fill, form
from ketamonitor.treatment.plan import Criterion
from ketamonitor.view import DueItem, DueState
from tests.domain.builders import at, chained, protocol, reading, started
from tests.fakes import START

WHO = "okafor"
PLAN = protocol("spravato-56")
AIR = Criterion(id="air", text="Breathing well", by="resolved", of="respiratory_depression")


def dose(minute: float = 0) -> Draft:
    return drafts.dose("esketamine", "nasal", 28, device_no=1, at=at(60 * minute), author=WHO)


def typed(minute: float, value: int | None, status: str = "answered") -> Draft:
    when = at(60 * minute)
    return drafts.observation("spo2_read", status, value, at=when, author=WHO)


def slots(now_min: float, *acts: Draft) -> list[DueItem]:
    record = Record.of(chained([started(PLAN), dose(), *acts]))
    return [item for item in due_of(record, at(60 * now_min)) if item.what == "spo2"]


@pytest.mark.parametrize("name", ["spravato-56", "spravato-84"])
def test_it_is_due_in_every_spravato_protocol_and_named_so(name: str) -> None:
    plans = [row for row in protocol(name).due if row.what == "spo2"]
    # in two rows since some slots count from the end of dosing
    assert [minute for row in plans for minute in row.minutes] == [15, 30, 45, 60, 90, 120]
    assert {row.source for row in plans} == {("spravato_label", "rems_386", "proposal")}
    assert [item.label for item in slots(0)] == ["SpO₂"] * 6


def test_without_a_value_a_slot_is_overdue_and_one_of_the_monitor_or_typed_fills_it() -> None:
    assert slots(21)[0].state is DueState.OVERDUE
    assert slots(21, reading(60 * 15, {"spo2": 97}))[0].state is DueState.DONE
    assert slots(21, typed(16, 96))[0].done_at == at(60 * 16)
    # the monitor says that it has none, and declined is no saturation
    assert slots(21, reading(60 * 15, {"spo2": None}))[0].state is DueState.OVERDUE
    assert slots(21, typed(16, None, "declined"))[0].state is DueState.OVERDUE
    # before the first slot opens a value is for none
    assert slots(21, typed(3, 96))[0].state is DueState.OVERDUE


def test_the_reminder_of_an_overdue_one_is_no_alarm_and_says_what() -> None:
    first, *rest = chained([started(PLAN), dose()])
    live = LiveSession(first)
    for entry in rest:
        live.apply(entry)
    said = [d.body["text"] for d in live.changes(at(60 * 21)) if "overdue" in str(d.body)]
    assert any(text.startswith("SpO₂ due") for text in said)


def sheet(*acts: Draft) -> tuple[str | None, str]:
    end = drafts.ended("done", at=at(60 * 124), author=WHO)
    record = Record.of(chained([started(PLAN), dose(), *acts, end]))
    around = Around(START + timedelta(hours=3))
    row = next(
        row
        for row in fill(form("rems_monitoring"), record, around)
        if row.field.source == "spo2_checks"
    )
    return row.value, row.why


def test_the_data_sheet_tells_each_check_and_the_lowest_or_what_is_missing() -> None:
    assert sheet() == (None, "none of 6 is recorded")
    value, _ = sheet(reading(60 * 15, {"spo2": 98}), reading(60 * 20, {"spo2": 91}), typed(31, 96))
    assert value == ("2 of 6 in the schedule: 98 % 14:15, 96 % 14:31; lowest 91 % at 14:20")


def test_saturation_takes_back_that_breathing_was_never_depressed() -> None:
    used = msgspec.structs.replace(PLAN, criterion=(AIR,))

    def shown(*steps: Draft) -> tuple[CriterionState, str]:
        made = Record.of(chained([started(used), dose(), *steps]))
        found = criteria(made, at(9000))[0]
        return found.state, found.evidence

    none = episode("respiratory_depression", none=True, at=at(700), author=WHO)
    low = [reading(900 + s, {"spo2": 84}) for s in range(120)]
    well = [reading(1020 + s, {"spo2": 98}) for s in range(120)]
    assert shown(none)[0] is CriterionState.MET
    assert shown(none, *well)[0] is CriterionState.MET
    state, told = shown(none, *low, *well)
    assert state is CriterionState.NOT_MET
    assert "SpO₂ 84" in told
    assert "but confirmed as none" in told
    assert shown(none, typed(30, 90))[0] is CriterionState.NOT_MET
    over = episode(
        "respiratory_depression",
        onset_at=at(900),
        resolved_at=at(1020),
        medicine=False,
        at=at(1200),
        author=WHO,
    )
    assert shown(none, *low, *well, over)[0] is CriterionState.MET


def test_carbon_dioxide_is_typed_shown_with_its_unit_and_may_have_limits() -> None:
    draft = drafts.observation("etco2_read", "answered", 38, at=at(60), author=WHO)
    assert draft.body == {"instrument": "etco2_read", "status": "answered", "value": 38}
    record = Record.of(chained([started(PLAN), draft]))
    assert record.answers[0].value == 38
    with pytest.raises(ValueError, match="EtCO₂, read goes from 0 to 150"):
        drafts.observation("etco2_read", "answered", 300, at=at(60), author=WHO)
    check_limits((AlarmLimit(metric="etco2_read", op=">", value=60, priority="medium"),))

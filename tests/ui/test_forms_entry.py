"""Dose, pressure, baseline, note, event and end: bad input first, then what is handed over."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from devices.reading import LinkState
from ketamonitor.course import CuffPoint
from ketamonitor.entries import Entry
from ketamonitor.phrases import load_phrases
from ketamonitor.record import Record
from ketamonitor.treatment.closing import OpenItem
from ketamonitor.treatment.plan import CheckInPlan
from ketamonitor.view import DeviceChoice, InfusionView, LinkView, SessionView
from tests.ui.forms import START, Bench, view
from ui.pages.baseline import BaselinePanel
from ui.pages.cuffs import Cuffs
from ui.pages.dose import OTHER_DRUG, DosePanel
from ui.pages.ending import EndPanel
from ui.pages.infusion_part import InfusionPart
from ui.pages.observation import ObservationPanel
from ui.pages.pressure import PressurePanel
from ui.pages.remark import MarkPanel, NotePanel
from ui.pages.single_part import SinglePart

RUNNING = InfusionView("running", START, 34.2, 40, 29.1, START + timedelta(minutes=40))


def connected(driver: str) -> LinkView:
    return LinkView(driver, driver, "COM3", LinkState.CONNECTED, "", START, START)


@pytest.fixture
def bench(qapp: object) -> Bench:
    return Bench()


def dose_panel(bench: Bench, qtbot: QtBot, seen: SessionView, record: Record) -> DosePanel:
    plan = msgspec.structs.replace(seen.info.protocol, checkin=CheckInPlan())
    seen = replace(seen, info=replace(seen.info, protocol=plan))
    made = DosePanel(bench.desk, seen, lambda: record)
    qtbot.addWidget(made)
    made.show()
    made.opened(bench.now)
    return made


# Blood pressure ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("", "", "", ""), "Type systolic and diastolic"),
        (("122", "", "", ""), "Type the diastolic in mmHg"),
        (("", "74", "", ""), "Type the systolic in mmHg"),
        (("74", "122", "", ""), "Systolic 74 must be above diastolic 122"),
        (("abc", "74", "", ""), "The systolic must be a whole number"),
        (("122", "-74", "", ""), "The diastolic must be a whole number"),
        (("999", "74", "", ""), "between 30 and 290 mmHg"),
        (("122", "0", "", ""), "between 10 and 220 mmHg"),
        (("122", "74", "130", ""), "Mean 130 must lie between 74 and 122"),
        (("122", "74", "", "500"), "Pulse must be between"),
    ],
)
def test_a_pressure_that_cannot_be_is_answered_in_one_line(
    bench: Bench, qtbot: QtBot, typed: tuple[str, ...], says: str
) -> None:
    panel = PressurePanel(bench.desk, view())
    qtbot.addWidget(panel)
    for field, text in zip(panel.fields.values(), typed, strict=True):
        field.setText(text)
    assert says in panel.words.text()
    assert "\n" not in panel.words.text()
    assert not panel.save_button.isEnabled()
    panel.save()
    assert bench.sent == []
    assert tuple(field.text() for field in panel.fields.values()) == typed


def test_a_typed_pressure_is_a_manual_reading(bench: Bench, qtbot: QtBot) -> None:
    panel = PressurePanel(bench.desk, view())
    qtbot.addWidget(panel)
    panel.show()
    panel.opened(bench.now)
    qtbot.keyClicks(panel.fields["systolic"], "122")
    qtbot.keyClicks(panel.fields["diastolic"], "74")
    qtbot.keyClick(panel.fields["diastolic"], Qt.Key.Key_Return)
    ((draft,),) = bench.sent
    assert draft.kind == "reading"
    assert draft.body["source"] == "manual"
    assert draft.body["values"] == {"nibp_sys": 122, "nibp_dia": 74}  # no mean was made up


def test_a_cuff_is_started_where_the_monitor_takes_it(bench: Bench, qtbot: QtBot) -> None:
    asked: list[str] = []
    cuffs = Cuffs(asked.append, lambda _source, _minutes: Future())
    panel = PressurePanel(bench.desk, view(links=(connected("dinamap"),)), cuffs)
    qtbot.addWidget(panel)
    (start,) = [b for b in panel.findChildren(type(panel.save_button)) if "cuff" in b.text()]
    qtbot.mouseClick(start, Qt.MouseButton.LeftButton)
    assert asked == ["dinamap"]
    assert bench.sent == []


def test_the_interval_is_asked_for_and_shown_as_the_record_has_it(
    bench: Bench, qtbot: QtBot
) -> None:
    asked: list[tuple[str, float | None]] = []
    written: Future[tuple[Entry, ...]] = Future()

    def every(source: str, minutes: float | None) -> Future[tuple[Entry, ...]]:
        asked.append((source, minutes))
        return written

    link = connected("dinamap")
    panel = PressurePanel(bench.desk, view(links=(link,)), Cuffs(lambda _: None, every))
    qtbot.addWidget(panel)
    (row,) = panel.cuffs
    assert row.every.chosen == "Off"
    assert asked == []
    qtbot.mouseClick(row.every.buttons["2.5"], Qt.MouseButton.LeftButton)
    assert asked == [("dinamap", 2.5)]
    written.set_result(())
    qtbot.waitUntil(lambda: "every 2.5 min" in panel.outcome.text())
    panel.show_view(view(links=(replace(link, cuff_minutes=5.0),)))
    assert row.every.chosen == "5"
    assert asked == [("dinamap", 2.5)], "showing is not asking"


def test_an_interval_that_is_refused_is_told_and_not_shown(bench: Bench, qtbot: QtBot) -> None:
    def refuse(source: str, minutes: float | None) -> Future[tuple[Entry, ...]]:
        raise ValueError("the monitor takes no command")

    links = (connected("dinamap"),)
    panel = PressurePanel(bench.desk, view(links=links), Cuffs(lambda _: None, refuse))
    qtbot.addWidget(panel)
    (row,) = panel.cuffs
    qtbot.mouseClick(row.every.buttons["10"], Qt.MouseButton.LeftButton)
    assert "Interval not set: the monitor takes no command" in panel.outcome.text()
    assert row.every.chosen == "Off"


@pytest.mark.parametrize(
    ("driver", "listen_only", "state", "says"),
    [
        ("ge-dri", False, LinkState.CONNECTED, "start it at the monitor"),
        ("dinamap", True, LinkState.CONNECTED, "only listens"),
        ("dinamap", False, LinkState.LOST, "not connected"),
    ],
)
def test_a_cuff_that_cannot_be_started_says_what_the_nurse_does(
    bench: Bench, qtbot: QtBot, driver: str, listen_only: bool, state: LinkState, says: str
) -> None:
    shown = view(links=(replace(connected(driver), state=state),))
    device = DeviceChoice(driver, "COM3", driver, listen_only=listen_only)
    shown = replace(shown, info=replace(shown.info, devices=(device,)))
    cuffs = Cuffs(lambda _: None, lambda _source, _minutes: Future())
    panel = PressurePanel(bench.desk, shown, cuffs)
    qtbot.addWidget(panel)
    (row,) = panel.cuffs
    assert says in row.why_not.text()
    assert row.start.isHidden()
    assert row.every.isHidden()


# Doses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mg", "says"),
    [
        ("", "Type the planned dose in mg"),
        ("0", "must be above 0"),
        ("-5", "must be above 0"),
        ("99999", "at most 1000 mg"),
        ("abc", "must be a number in mg"),
        ("1e2", "must be a number in mg"),
    ],
)
def test_an_infusion_dose_that_cannot_be_is_answered_in_one_line(
    bench: Bench, qtbot: QtBot, mg: str, says: str
) -> None:
    seen = view()
    panel = dose_panel(bench, qtbot, seen, Record(seen.info))
    part = panel.part
    assert isinstance(part, InfusionPart)
    part.minutes.choose(part.minutes.options[0])
    part.mg.setText(mg)
    assert says in panel.words.text()
    assert not panel.save_button.isEnabled()
    assert part.mg.text() == mg


def test_no_dose_stands_there_before_it_is_typed(bench: Bench, qtbot: QtBot) -> None:
    seen = view()
    panel = dose_panel(bench, qtbot, seen, Record(seen.info))
    part = panel.part
    assert isinstance(part, InfusionPart)
    assert part.mg.text() == ""
    assert part.minutes.chosen is None
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert bench.sent == []


def test_an_infusion_start_carries_what_was_typed(bench: Bench, qtbot: QtBot) -> None:
    seen = view()
    record = Record(seen.info, cuff=[cuff(2, 122, 74)])
    panel = dose_panel(bench, qtbot, seen, record)
    part = panel.part
    assert isinstance(part, InfusionPart)
    qtbot.keyClicks(part.mg, "34,2")
    part.minutes.choose(part.minutes.options[0])
    qtbot.keyClick(part.mg, Qt.Key.Key_Return)
    ((draft,),) = bench.sent
    assert (draft.kind, draft.body["action"]) == ("infusion", "start")
    assert (draft.body["planned_mg"], draft.body["minutes"]) == (34.2, 40)
    assert draft.body["mg_per_kg"] == 0.5


def test_a_pause_wants_its_reason(bench: Bench, qtbot: QtBot) -> None:
    seen = view(infusion=RUNNING)
    panel = dose_panel(bench, qtbot, seen, Record(seen.info))
    qtbot.keyClick(panel, Qt.Key.Key_P)
    assert "Say why" in panel.words.text()
    part = panel.part
    assert isinstance(part, InfusionPart)
    part.why.choice.choose("BP rise")
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert bench.sent[0][0].body == {"action": "pause", "reason": "BP rise"}


def test_a_paused_infusion_is_resumed_by_the_same_key(bench: Bench, qtbot: QtBot) -> None:
    seen = view(infusion=replace(RUNNING, state="paused", ends_at=None))
    panel = dose_panel(bench, qtbot, seen, Record(seen.info))
    qtbot.keyClick(panel, Qt.Key.Key_P)
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert bench.sent[0][0].body == {"action": "resume", "reason": ""}


def test_another_drug_needs_drug_route_and_amount(bench: Bench, qtbot: QtBot) -> None:
    seen = view()
    panel = dose_panel(bench, qtbot, seen, Record(seen.info))
    qtbot.keyClick(panel, Qt.Key.Key_M)
    assert panel.choice.chosen == OTHER_DRUG
    part = panel.part
    assert isinstance(part, SinglePart)
    said = [panel.words.text()]
    part.drug.setText("ondansetron")
    said.append(panel.words.text())
    part.route.choose("iv")
    said.append(panel.words.text())
    part.mg.setText("4")
    assert said == ["Type the drug", "Choose the route", "Type the dose in mg"]
    panel.save()
    body = bench.sent[0][0].body
    assert (body["drug"], body["route"], body["mg"]) == ("ondansetron", "iv", 4)


def test_a_dose_entered_long_after_says_that_it_will_be_late(bench: Bench, qtbot: QtBot) -> None:
    seen = view()
    panel = dose_panel(bench, qtbot, seen, Record(seen.info))
    panel.when.choice.choose("Other time")
    assert "HH:MM" in panel.when.fault()
    panel.when.typed.setText("14:20")
    panel.refresh()
    assert panel.when.at() == START + timedelta(minutes=20)
    assert "will be marked late" in panel.when.words.text()


# Baseline, note, event, end ----------------------------------------------------------------------


def cuff(
    seq: int, sys: float | None, dia: float | None, doubtful: tuple[str, ...] = ()
) -> CuffPoint:
    return CuffPoint(
        seq=seq,
        at=START + timedelta(minutes=seq),
        sys=sys,
        dia=dia,
        mean=None,
        source="dinamap",
        author="program",
        late=False,
        doubtful=doubtful,
    )


def test_only_true_readings_can_be_the_baseline(bench: Bench, qtbot: QtBot) -> None:
    points = [
        cuff(2, 126, 78),
        cuff(3, None, None),
        cuff(4, 80, 90, ("nibp_dia",)),
        cuff(5, 122, 74),
    ]
    panel = BaselinePanel(bench.desk, view(), lambda: points)
    qtbot.addWidget(panel)
    assert [p.seq for p in panel.points.values()] == [2, 5]
    assert panel.words.text() == "Pick a reading"
    panel.choice.choose(panel.choice.options[1])
    points.append(cuff(6, 118, 72))  # a reading arrives while the panel is open
    panel.show_view(view())
    assert [p.seq for p in panel.points.values()] == [2, 5, 6]
    panel.save()
    body = bench.sent[0][0].body
    assert (body["sys"], body["dia"], body["of_seq"]) == (122, 74, 5)


def note(bench: Bench, qtbot: QtBot, fault: str = "") -> NotePanel:
    panel = NotePanel(bench.desk, view(), load_phrases()[0], fault)
    qtbot.addWidget(panel)
    panel.show()
    panel.opened(bench.now)
    return panel


def test_a_phrase_joins_the_note_and_stores_nothing_by_itself(bench: Bench, qtbot: QtBot) -> None:
    panel = note(bench, qtbot)
    panel.text.setText("likes the music")
    qtbot.mouseClick(panel.stocks["Nurse"].buttons["calm"], Qt.MouseButton.LeftButton)
    assert bench.sent == []
    panel.save()
    assert bench.sent[0][0].body == {"text": "likes the music, calm", "said_by": "nurse"}


def test_a_phrase_by_its_number_is_a_note_of_three_keys(bench: Bench, qtbot: QtBot) -> None:
    panel = note(bench, qtbot)
    qtbot.keyClick(panel, Qt.Key.Key_3)
    qtbot.keyClick(panel, Qt.Key.Key_9)  # there is no ninth: nothing happens
    assert panel.text.text() == "tearful"
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert bench.sent[0][0].body == {"text": "tearful", "said_by": "nurse"}


def test_a_letter_begins_the_text_and_digits_are_text_from_there_on(
    bench: Bench, qtbot: QtBot
) -> None:
    panel = note(bench, qtbot)
    qtbot.keyClicks(panel, "W")
    qtbot.keyClicks(panel.text, "ater 200 mL")
    assert panel.text.text() == "Water 200 mL"


def test_the_group_says_whose_words_they_are(bench: Bench, qtbot: QtBot) -> None:
    panel = note(bench, qtbot)
    panel.said_by.choose("Patient’s words")
    qtbot.keyClick(panel, Qt.Key.Key_2)
    panel.save()
    bench.saved()
    assert bench.sent[0][0].body == {"text": "“everything is far away”", "said_by": "patient"}
    qtbot.waitUntil(lambda: panel.text.text() == "")
    panel.said_by.choose("Music")
    assert panel.stocks["Music"].isVisible()
    assert not panel.stocks["Nurse"].isVisible()
    panel.text.setText("slow piano")
    panel.save()
    assert bench.sent[1][0].body == {"text": "Music: slow piano", "said_by": "nurse"}


def test_a_slip_in_the_clinics_phrases_is_told_and_costs_no_note(
    bench: Bench, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "protocols"))
    own = tmp_path / "phrases.toml"
    for text, said in (
        ('nurse = ["calm"', "is not valid TOML"),
        ("nurse = [1]", "nurse"),
        ('nurses = ["calm"]', "nurses"),
        (f"nurse = {['a'] * 10}", "length <= 9"),
    ):
        own.write_text(text, encoding="utf-8")
        phrases, fault = load_phrases()
        assert "calm" in phrases.nurse
        assert fault.startswith(f"{own}:")  # and the line, where TOML names one
        assert said in fault
        assert "\n" not in fault
    shown = note(bench, qtbot, fault)
    assert fault in [label.text() for label in shown.findChildren(QLabel)]
    own.write_text('nurse = ["sits up"]', encoding="utf-8")
    phrases, fault = load_phrases()
    assert (phrases.nurse, phrases.patient, fault) == (("sits up",), (), "")


@pytest.mark.parametrize("kind", ["note", "mark", "pressure", "observation"])
def test_what_is_entered_in_a_panel_left_open_has_the_time_of_its_first_key(
    kind: str, bench: Bench, qtbot: QtBot
) -> None:
    panel = {
        "note": lambda: NotePanel(bench.desk, view(), load_phrases()[0]),
        "mark": lambda: MarkPanel(bench.desk, view()),
        "pressure": lambda: PressurePanel(bench.desk, view()),
        "observation": lambda: ObservationPanel(bench.desk, view()),
    }[kind]()
    qtbot.addWidget(panel)
    panel.show()
    panel.opened(bench.now)
    bench.now += timedelta(minutes=9)
    panel.refresh()  # as the chair does each second
    touched = bench.now
    if isinstance(panel, ObservationPanel):
        for row, answer in zip(panel.rows, ("4", "6"), strict=False):
            row.choice.choose(answer)
        panel.rows[2].choice.choose("Declined")
    elif isinstance(panel, PressurePanel):
        panel.fields["systolic"].setText("128")
    else:
        panel.text.setText("calm")
    bench.now += timedelta(seconds=40)
    panel.refresh()
    if isinstance(panel, PressurePanel):
        panel.fields["diastolic"].setText("80")
    panel.save()
    assert {draft.at for draft in bench.sent[0]} == {touched}


def test_an_event_is_chosen_by_its_number(bench: Bench, qtbot: QtBot) -> None:
    panel = MarkPanel(bench.desk, view())
    qtbot.addWidget(panel)
    panel.show()
    panel.opened(bench.now)
    qtbot.keyClick(panel, Qt.Key.Key_2)
    qtbot.keyClick(panel, Qt.Key.Key_Return)
    assert bench.sent[0][0].body == {"event": "mark", "text": "Toilet"}


def test_a_running_infusion_stands_in_the_way_of_the_end(bench: Bench, qtbot: QtBot) -> None:
    panel = EndPanel(bench.desk, view(infusion=RUNNING))
    qtbot.addWidget(panel)
    panel.choice.choose("Treatment complete")
    assert "Record its stop first" in panel.words.text()
    panel.save()
    assert bench.sent == []
    panel.show_view(view(infusion=replace(RUNNING, state="stopped")))
    panel.save()
    assert bench.sent[0][0].body == {"event": "ended", "reason": "Treatment complete"}


OPEN = (OpenItem("left", "The time of leaving is not recorded"), OpenItem("slot:x", "BP 40 min"))


def test_each_open_matter_is_answered_before_the_end(bench: Bench, qtbot: QtBot) -> None:
    panel = EndPanel(bench.desk, view(open_items=OPEN))
    qtbot.addWidget(panel)
    panel.choice.choose("Treatment complete")
    panel.save()
    assert bench.sent == []
    assert panel.words.text().startswith("2 open: give a reason for each")
    panel.alike.click()  # nothing was typed: it has no reason of its own
    assert [row.answer.text() for row in panel.rows.values()] == ["", ""]
    qtbot.keyClicks(panel.rows["left"].answer, "left alone, seen by R. Okafor")
    panel.save()
    assert bench.sent == []
    panel.alike.click()
    panel.save()
    closed, ended = bench.sent[0]
    assert closed.body["open"] == [
        {"item": item.text, "reason": "left alone, seen by R. Okafor"} for item in OPEN
    ]
    assert ended.body["event"] == "ended"


def test_a_matter_that_is_settled_meanwhile_leaves_the_list(bench: Bench, qtbot: QtBot) -> None:
    panel = EndPanel(bench.desk, view(open_items=OPEN))
    qtbot.addWidget(panel)
    qtbot.keyClicks(panel.rows["slot:x"].answer, "cuff off")
    panel.show_view(view(open_items=OPEN[1:]))
    assert [row.answer.text() for row in panel.rows.values()] == ["cuff off"]


def test_a_physician_on_site_is_entered_in_the_event_panel(bench: Bench, qtbot: QtBot) -> None:
    panel = MarkPanel(bench.desk, view())
    qtbot.addWidget(panel)
    panel.show()
    panel.opened(bench.now)
    panel.site.choose("here")
    assert panel.missing() == "Type the physician’s name"
    panel.physician.setText("Dr. A. Hale")
    assert panel.missing() == ""
    (draft,) = panel.drafts("okafor")
    assert draft.body["text"] == "Physician on site: Dr. A. Hale"
    panel.clear()
    assert panel.site.chosen is None
    assert panel.missing() == "Choose an event or type one"

"""What the printed record says, apart from how it looks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import alarm_drafts, drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.report.content import content, texts
from ketamonitor.report.frame import Frame
from ketamonitor.report.glyphs import breakable, covered, showable
from ketamonitor.report.marks import alarm_marks, spread
from ketamonitor.report.pdf import FONTS
from ketamonitor.report.scales import pressure_range
from tests.domain.builders import at as second
from tests.domain.builders import chained, protocol
from tests.domain.builders import cuff as by_device
from tests.domain.builders import started as builder_started
from tests.domain.played import Played
from tests.domain.report_sessions import (
    CUFF,
    NURSE,
    PRINTED,
    START,
    Writer,
    alarm,
    at,
    crowded_session,
    cuff,
    empty_session,
    nasal_session,
    reading,
    started,
    whole_session,
)


def shaped(record: Record, **changed: Any) -> dict[str, Any]:
    facts = {
        "printed_at": PRINTED,
        "printed_by": "Dr A. Hale",
        "chain_verified": True,
        "paper": "a4",
        **changed,
    }
    data = content(record, **facts)
    assert json.loads(json.dumps(data)) == texts(data, str), "it must be plain JSON"
    return data


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    return shaped(Record.of(whole_session(every_s=10)))


def test_an_empty_session_says_so_and_invents_nothing() -> None:
    data = shaped(Record.of(empty_session()))
    assert data["values"]["rows"] == []
    assert data["ledger"] == []
    assert data["chart"]["cuff"] == data["chart"]["pulse"] == data["chart"]["spo2"] == []
    assert data["chart"]["first_dose"] is data["chart"]["gate"] is None
    assert ["Weight", "not taken"] in data["identity"]
    assert {row[1] for row in data["summary"][2]["rows"]} == {"no reading"}
    assert data["watermark"] == ["DRAFT, UNSIGNED"]


def test_every_cuff_reading_has_a_row_with_its_values(whole: dict[str, Any]) -> None:
    told = [
        (row["cells"][2] or "").removesuffix(" ***").removesuffix(" **")
        for row in whole["values"]["rows"]
    ]
    for _, sys, dia, _ in CUFF:
        assert f"{sys}/{dia}" in told
    assert "131/80" in told
    assert "101/201 ?" in told


def test_a_doubtful_value_is_marked_and_never_drawn_as_a_reading(whole: dict[str, Any]) -> None:
    rows = {row["cells"][0]: row for row in whole["values"]["rows"]}
    assert rows["13:58"]["cells"][3] == "-2 ?"
    assert rows["14:48"]["cells"][2] == "101/201 ?"
    assert not rows["14:48"]["over"], "an implausible pressure passes no limit"
    assert any("? implausible" in key for key in whole["values"]["keys"])
    assert 201 not in {point["dia"] for point in whole["chart"]["cuff"]}
    assert len(whole["chart"]["doubtful"]) == 1


def test_limits_passed_carry_the_asterisks_of_the_highest(whole: dict[str, Any]) -> None:
    told = {row["cells"][0]: row["cells"][2] for row in whole["values"]["rows"]}
    # Baseline 122/74: medium from 146.4 (+20 %), high from 162 (+40 mmHg) or diastolic 99 (+25).
    assert told["14:12"] == "146/88"
    assert told["14:22"] == "158/97 **"
    assert told["14:34"] == "184/112 ***"
    assert told["14:42"] == "165/99 ***"


def test_a_struck_reading_stays_in_grey_and_counts_no_more(whole: dict[str, Any]) -> None:
    (row,) = [row for row in whole["values"]["rows"] if row["struck"]]
    assert row["cells"][2] == "154/94"
    (point,) = [point for point in whole["chart"]["cuff"] if point["struck"]]
    assert point["sys"] == 154


def test_observations_join_the_nearest_reading_or_stand_alone(whole: dict[str, Any]) -> None:
    columns = whole["values"]["columns"]
    sedation, seen = columns.index("Sedation 0-5"), columns.index("Seen at")
    rows = {row["cells"][0]: row["cells"] for row in whole["values"]["rows"]}
    assert (rows["14:32"][sedation], rows["14:32"][seen]) == ("4", "14:30")
    assert (rows["15:35"][2], rows["15:35"][sedation]) == (None, "5")
    assert rows["15:54"][columns.index("Dissociation 0-10")] == "decl."


def test_pulse_and_spo2_come_from_a_minute_around_or_not_at_all() -> None:
    writer = Writer()
    writer.add(started())
    writer.add(reading(10, "nonin", pulse=71, spo2=97))
    writer.add(cuff(10.9, 120, 70, 86))
    writer.add(cuff(11.1, 121, 71, 87))
    rows = shaped(Record.of(writer.entries))["values"]["rows"]
    assert rows[0]["cells"][4:6] == ["71", "97"]
    assert rows[1]["cells"][4:6] == ["–", "–"]


def test_late_entries_and_gaps_are_listed_with_their_length(whole: dict[str, Any]) -> None:
    late = whole["completeness"]["late"]
    assert late == [["15:42:00", "15:46:50", "BP 125/76", NURSE]]
    gaps = whole["completeness"]["gaps"]
    assert [(row[2], row[4]) for row in gaps] == [("Pulse, SpO₂", "no reading")] * 2
    assert gaps[1][3].startswith("5:")
    assert [point["letter"] for point in whole["chart"]["cuff"] if "L" in point["letter"]] == ["L"]


def test_the_ledger_adds_up_by_the_recorded_rate(whole: dict[str, Any]) -> None:
    assert [row[4] for row in whole["ledger"]] == ["0.0", "29.1", "29.1"]
    assert whole["ledger"][-1][6] == NURSE
    totals = [row[4] for row in shaped(Record.of(nasal_session()))["ledger"]]
    assert totals == ["28.0", "56.0", "84.0"]


def test_an_infusion_without_a_stop_ends_with_what_was_planned() -> None:
    writer = Writer()
    writer.add(started())
    writer.add(drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(10), author=NURSE))
    writer.add(drafts.ended("finished", at=at(120), author=NURSE))
    data = shaped(Record.of(writer.entries))
    assert data["ledger"][-1][0] == "14:38:00"
    assert data["ledger"][-1][4] == "34.2"
    (bar,) = data["chart"]["bars"]
    assert bar["parts"][-1]["to"] - bar["parts"][0]["from"] == pytest.approx(40)


def test_axes_begin_and_end_at_whole_five_minutes_and_hold_everything(
    whole: dict[str, Any],
) -> None:
    record = Record.of(whole_session(every_s=30))
    frame = Frame.of(record)
    assert frame.start == START - timedelta(minutes=3)
    assert frame.end == at(147)
    assert whole["chart"]["gate"] == frame.x(at(14 + 70))
    assert pressure_range(record) == (40, 220)
    assert [text for _, text in whole["chart"]["clock"]][1:3] == ["14:00", "14:15"]
    assert [17, "0"] in whole["chart"]["minutes"]


def test_a_time_years_away_stretches_no_axis() -> None:
    writer = Writer()
    writer.add(started())
    writer.add(drafts.manual_bp(120, 70, at=START - timedelta(days=4000), author=NURSE))
    data = shaped(Record.of(writer.entries))
    assert data["chart"]["length"] < 60
    assert data["chart"]["outside"] == 1
    assert len(data["values"]["rows"]) == 1


def test_no_line_is_drawn_over_a_gap(whole: dict[str, Any]) -> None:
    runs = whole["chart"]["spo2"]
    gap_start, gap_end = 87 + 3, 92.5 + 3
    assert len(runs) == 3
    assert runs[1][-1][0] <= gap_start
    assert runs[2][0][0] >= gap_end


def test_thinning_keeps_the_lowest_reading() -> None:
    data = shaped(Record.of(nasal_session()))
    assert min(value for run in data["chart"]["spo2"] for _, value in run) == 85


def test_a_higher_alarm_is_never_hidden_by_a_lower_one() -> None:
    writer = Writer()
    writer.add(started())
    for number, priority in enumerate(("medium", "low", "high", "medium")):
        minutes = 20 + number * 0.5
        writer.add(cuff(minutes, 150 + number, 90, 110))
        facts: dict[str, Any] = {"metric": "nibp_sys", "value": 150 + number, "limit": 140}
        writer.add(alarm("raised", minutes, f"a{number}", priority, "SYS", **facts))
    record = Record.of(writer.entries)
    marks = alarm_marks(record, Frame.of(record), (40, 200), (85, 102))
    assert "high" in {mark.priority for mark in marks}
    assert all(mark.y <= 200 for mark in marks)
    assert len(shaped(record)["alerts"]["rows"]) == 4


def test_crowded_events_share_boxes_without_losing_one() -> None:
    boxes = shaped(Record.of(crowded_session()))["chart"]["events"]
    numbers = []
    for box in boxes:
        first, _, last = box["label"].partition("–")
        numbers += range(int(first), int(last or first) + 1)
    assert numbers == list(range(1, 101))


def test_a_broken_chain_is_said_in_capitals() -> None:
    foot = shaped(Record.of(empty_session()), chain_verified=False)["foot"]
    assert "chain NOT verified" in foot[1]


def test_a_correction_or_kind_of_a_later_version_does_not_stop_the_print() -> None:
    writer = Writer()
    writer.add(started())
    body = {"instrument": "tomorrow", "status": "answered", "value": 12}
    writer.add(Draft("observation", at(5), NURSE, body))
    writer.add(Draft("event", at(6), NURSE, {"event": "from_tomorrow"}))
    data = shaped(Record.of(writer.entries))
    assert "tomorrow" in data["values"]["columns"]


@given(
    st.lists(st.floats(0, 200), max_size=20).map(lambda ys: [(y, f"label {y}") for y in ys]),
)
def test_labels_never_touch_and_keep_their_order(labels: list[tuple[float, str]]) -> None:
    placed = spread(labels, 5, 0, 200)
    assert {(row["at"], row["text"]) for row in placed} == set(labels)
    for below, above in pairwise(placed):
        assert above["y"] - below["y"] >= 5 - 0.002
        assert above["at"] >= below["at"]


@given(st.text(st.characters(codec="utf-8")))
def test_what_the_font_lacks_is_spelt_out_and_nothing_is_dropped(text: str) -> None:
    points = frozenset(range(0x20, 0x7F))
    told = showable(text, points)
    assert set(told) <= {chr(p) for p in points} | {"\n", "\u00a0", "\u200b"}
    for letter in text:
        assert letter in told or f"[U+{ord(letter):04X}]" in told or letter in "\r\t"
    assert breakable(text).replace("\u200b", "") == text.replace("\u200b", "")


def test_the_font_covers_what_we_print() -> None:
    points = covered(FONTS / "Inter-Regular.otf")
    assert {ord(letter) for letter in "SpO₂ ≥ ≤ – − “ ” · ° × … äößéñŁő Ωλ Жук"} <= points
    assert ord("中") not in points


def test_a_chair_in_another_zone_is_told_in_its_own_time() -> None:
    record = Record.of(empty_session())
    moved = replace(record.info, started_at=START.astimezone(None))
    assert shaped(replace(record, info=moved))["head"]["times"].startswith("Times: local, UTC")


def severe_session() -> Played:
    """Two severe pressures, acknowledged late, acted on; a pause, a changed limit, a sound test."""
    played = Played()
    plan, card = protocol().pause, protocol().card[0]
    played.add(by_device(10, 182, 80), by_device(130, 184, 80))
    played.to(200)
    alarm = played.alarm("nibp_sys>=180")
    changed = next(row for row in protocol().limit if row.id == "nibp_sys>=160")
    played.add(
        alarm_drafts.acknowledge(alarm, at=second(200), author="okafor"),
        alarm_drafts.action(card, card.step[2], alarm, "SYS 184", at=second(210), author="okafor"),
        alarm_drafts.alarm_paused(plan, "toilet", 2, at=second(220), author="okafor"),
        by_device(400, 171, 80),
        alarm_drafts.limit_changed(changed, 170, "known", plan, at=second(410), author="hale"),
        alarm_drafts.sound_test("Headset", heard=True, at=second(420), author="okafor"),
        by_device(500, 150, 80),
        drafts.ended("finished", at=second(3600), author="okafor"),
    )
    return played


def test_an_alert_is_told_with_its_whole_life() -> None:
    told = shaped(Record.of(severe_session().entries))["alerts"]
    (row,) = [row for row in told["rows"] if row["what"].startswith("SYS 182 ≥ 180")]
    assert (row["stars"], row["priority"], row["start"]) == ("***", "high", "14:00:10")
    assert row["course"] == "MEDIUM, then HIGH 14:02:10, a second reading"
    assert row["acknowledged"] == "14:03:20 okafor, after 3:10"
    assert row["done"] == (
        "14:03 Severe rise of blood pressure: Prescriber told, okafor; then SYS 171 at 14:06"
    )
    assert row["ended"] == "14:06:40"
    (milder,) = [row for row in told["rows"] if row["what"].startswith("SYS 182 ≥ 160")]
    assert (milder["acknowledged"], milder["done"]) == ("no", "")
    # While SYS >= 180 called, the milder limit of the same side was silent about the time; that
    # one acknowledged at 14:03:20, it is the milder one that nobody has come for.
    assert milder["course"] == "MEDIUM, then HIGH 14:03:20, not acknowledged for 3:10"


def test_pauses_changed_limits_and_the_sound_are_told_with_who_and_why() -> None:
    told = shaped(Record.of(severe_session().entries))["alerts"]
    assert told["pauses"] == [
        ["14:03:40", "14:05:40", "ALARM PAUSED, to the toilet", "okafor", "time is over"]
    ]
    assert told["limits"] == [["14:06:50", "SYS ≥ 160", "MEDIUM", "170", "known", "hale"]]
    assert told["signals"] == [["14:07:00", "Sound test on Headset: heard", "okafor"]]


def test_the_number_of_alerts_and_their_rate_stand_with_the_completeness() -> None:
    counts = dict(shaped(Record.of(severe_session().entries))["completeness"]["alerts"])
    raised = dict(shaped(Record.of(empty_session()))["completeness"]["alerts"])
    assert raised["Alerts HIGH / MEDIUM / LOW"] == "0 / 0 / 0"
    assert raised["Alerts an hour"] == "–", "nothing follows from less than a minute"
    high, medium, low = (int(n) for n in counts["Alerts HIGH / MEDIUM / LOW"].split(" / "))
    assert float(counts["Alerts an hour"]) == high + medium + low


def test_the_chart_draws_the_limits_of_the_session_and_says_that_one_was_changed() -> None:
    chart = shaped(Record.of(severe_session().entries))["chart"]
    assert chart["changed"]
    drawn = [y for y, stars, pressure in chart["limits"] if pressure and stars == "**"]
    assert 170 in drawn
    assert 160 not in drawn


def test_another_drug_is_a_numbered_event_and_no_amount_on_the_dose_lane() -> None:
    start = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=second(0), author=NURSE)
    slower = Draft(
        "infusion", second(600), NURSE, {"action": "rate", "mg_per_min": 0.5, "reason": "BP"}
    )
    beside = drafts.dose("ondansetron", "iv", 4, at=second(900), author=NURSE)
    bolus = drafts.dose("ketamine", "iv", 5, at=second(960), author=NURSE)
    record = Record.of(chained([builder_started(protocol()), start, slower, beside, bolus]))
    data = shaped(record)
    assert [label["text"] for label in data["chart"]["dose_labels"]] == ["5 mg"]
    assert len(data["chart"]["doses"]) == 1
    (bar,) = data["chart"]["bars"]
    assert bar["label"].startswith("2 rates · ")
    told = [row[2] for block in data["events"]["blocks"] for rows in block for row in rows]
    assert "ondansetron 4 mg" in told

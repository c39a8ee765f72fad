"""CSV and JSON: every entry, nothing invented, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import alarm_drafts, drafts
from ketamonitor.entries import GENESIS, Draft, Entry, verify_chain
from ketamonitor.report.files import ReportError
from ketamonitor.report.tables import COLUMNS, write_csv, write_json
from tests.domain.builders import at as second
from tests.domain.builders import cuff as by_device
from tests.domain.builders import protocol
from tests.domain.played import Played
from tests.domain.report_sessions import (
    NURSE,
    Writer,
    at,
    empty_session,
    nasal_session,
    started,
    whole_session,
)


def rows(entries: list[Entry], path: Path) -> list[dict[str, str]]:
    write_csv(entries, path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_the_header_names_units(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_csv(empty_session(), path)
    header = path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")
    assert header == list(COLUMNS)
    assert {"nibp_sys_mmHg", "spo2_percent", "pulse_per_min", "temp_degC", "mg"} <= set(header)


def test_each_entry_has_its_row_in_order_with_its_values(tmp_path: Path) -> None:
    entries = whole_session(every_s=60)
    told = rows(entries, tmp_path / "out.csv")
    assert [int(row["seq"]) for row in told] == [entry.seq for entry in entries]
    for row, entry in zip(told, entries, strict=True):
        assert row["kind"] == entry.kind
        if entry.kind == "reading":
            sys = entry.body["values"].get("nibp_sys")
            assert row["nibp_sys_mmHg"] == ("" if sys is None else str(sys))
    doubtful = [row for row in told if "implausible" in row["flags"]]
    assert [row["nibp_map_mmHg"] for row in doubtful] == ["-2", "150"]
    declined = [row for row in told if row["dissociation_0_to_10"] == "declined"]
    assert [row["moaas_0_to_5"] for row in declined] == [""]
    late = next(row for row in told if row["source"] == "manual")
    assert late["at"] != late["recorded_at"]
    assert late["min_from_start"] == "114.0"


def test_a_missing_value_is_an_empty_cell(tmp_path: Path) -> None:
    told = rows(empty_session(), tmp_path / "out.csv")
    (row,) = told
    filled = {key for key, value in row.items() if value}
    # each row also says whose it is and that it counts
    whose = {"session", "patient", "counts"}
    assert filled == whose | {
        *("seq", "at", "recorded_at", "min_from_start", "kind", "author", "event"),
    }


def test_a_struck_dose_stays_to_be_seen_and_a_sum_over_what_counts_is_right(tmp_path: Path) -> None:
    writer = Writer()
    writer.add(started())
    for minute, mg in ((1, 0.1), (2, 0.2), (3, 30), (4, 340)):
        writer.add(drafts.dose("ketamine", "im", mg, at=at(minute), author=NURSE))
    gone = {"of_seq": 4, "reason": "slip", "body": None, "text": "struck"}
    writer.add(Draft("correction", at(5), NURSE, gone))
    path = tmp_path / "out.csv"
    told = rows(writer.entries, path)
    doses = [row for row in told if row["kind"] == "dose"]
    assert [row["counts"] for row in doses] == ["yes", "yes", "no", "yes"]
    counted = [float(row["mg"]) for row in doses if row["counts"] == "yes"]
    assert sum(counted) == pytest.approx(340.3)
    # a spreadsheet on Windows knows the letters by it
    assert path.read_bytes().startswith(b"\xef\xbb\xbfsession,patient,simulated,counts,")


@pytest.mark.parametrize(("simulated", "said"), [(True, "SIMULATED"), (False, "")])
def test_each_row_says_whose_it_is_and_whether_it_is_simulated(
    tmp_path: Path, simulated: bool, said: str
) -> None:
    writer = Writer()
    first = writer.add(started(simulated=simulated))
    writer.add(Draft("note", at(1), NURSE, {"text": "Größe", "said_by": "nurse"}))
    told = rows(writer.entries, tmp_path / "out.csv")
    assert [row["simulated"] for row in told] == [said, said]
    assert {row["session"] for row in told} == {first.session}
    assert {row["patient"] for row in told} == {first.body["patient"]["mrn"]}


def test_doses_and_alarms_have_their_columns(tmp_path: Path) -> None:
    told = rows(nasal_session(), tmp_path / "out.csv")
    doses = [row for row in told if row["kind"] == "dose"]
    assert [(row["mg"], row["device_no"], row["lot"]) for row in doses] == [
        ("28", str(number), "KT4471") for number in (1, 2, 3)
    ]
    (alarm,) = [row for row in told if row["kind"] == "alarm"]
    assert (alarm["alarm_priority"], alarm["alarm_value"], alarm["alarm_limit"]) == (
        "high",
        "85",
        "88",
    )


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_no_cell_of_text_can_begin_a_formula(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    writer = Writer()
    writer.add(started())
    for lead in ("=", "+", "-", "@", "\t", "＝", " =", ""):
        writer.add(Draft("note", at(1), lead + NURSE, {"text": lead + text, "said_by": "nurse"}))
    path = tmp_path_factory.mktemp("csv") / "out.csv"
    told = rows(writer.entries, path)
    assert len(told) == 9
    for row in told:
        for key in ("text", "author"):
            assert not row[key].strip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝"))


def test_json_is_the_contracts_form_and_still_verifies(tmp_path: Path) -> None:
    entries = whole_session(every_s=120)
    path = tmp_path / "out.json"
    write_json(entries, None, path)
    data = json.loads(path.read_text(encoding="utf-8"))
    assert set(data) == {"session", "entries"}
    assert data["session"]["session"] == entries[0].session
    assert data["entries"] == [entry.as_json() for entry in entries]
    assert data["entries"][0]["prev_hash"] == GENESIS
    assert verify_chain(entries[0].session, entries) == []


def test_a_session_without_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no entries"):
        write_csv([], tmp_path / "out.csv")
    with pytest.raises(ReportError, match="no entries"):
        write_json([], None, tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == []


def test_alarm_rows_say_why_until_when_and_in_words(tmp_path: Path) -> None:
    plan = protocol().pause
    played = Played()
    played.add(by_device(10, 165, 80))
    played.to(200)
    played.add(
        alarm_drafts.alarm_paused(plan, "toilet", 2, at=second(200), author="okafor"),
        alarm_drafts.sound_test("Headset", heard=False, at=second(201), author="okafor"),
        Draft("audit", second(202), "program", {"event": "recorder_late", "for_s": 4}),
    )
    told = rows(played.entries, tmp_path / "out.csv")
    (risen,) = [r for r in told if r["alarm_event"] == "escalated" and "160" in r["alarm_id"]]
    assert (risen["alarm_why"], risen["alarm_priority"]) == ("not acknowledged", "high")
    assert risen["text"].endswith("HIGH: not acknowledged in time")
    (paused,) = [r for r in told if r["alarm_event"] == "alarm_paused"]
    assert (paused["alarm_why"], paused["alarm_until"]) == ("toilet", second(320).isoformat())
    assert paused["alarm_id"] == ""
    texts = [r["text"] for r in told if r["kind"] == "audit"]
    assert texts == ["Sound test on Headset: NOT heard", "4 s"]

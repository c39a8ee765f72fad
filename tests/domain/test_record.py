"""The record: what review, report and export know of a session, and that a gap stays a gap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from tests.domain.builders import SESSION, at, chained, cuff, reading, started


def record(*steps: Draft) -> Record:
    return Record.of(chained([started(), *steps]))


def test_nothing_and_a_list_without_its_start_are_no_session() -> None:
    with pytest.raises(ValueError, match="no entries"):
        Record.of([])
    with pytest.raises(ValueError, match="not the start"):
        Record.of(chained([cuff(1, 120, 80)]))


def test_a_session_without_a_reading_is_a_record_too() -> None:
    made = record()
    assert made.info.id == SESSION
    assert made.info.patient.mrn == "0048-2917"
    assert (made.cuff, made.series, made.gaps, made.first_dose_at) == ([], {}, [], None)
    assert made.total_mg(at(100)) == 0


def test_an_implausible_reading_is_kept_and_never_plotted() -> None:
    made = record(
        reading(
            5,
            {"nibp_sys": 60, "nibp_dia": 70},
            flags=["implausible:nibp_sys", "implausible:nibp_dia"],
        ),
        cuff(60, 125, None),
        cuff(120, 125, 80, 95),
    )
    assert [(c.sys, c.plotted) for c in made.cuff] == [(60, False), (125, False), (125, True)]


def test_a_doubtful_mean_does_not_take_the_reading_off_the_chart() -> None:
    made = record(
        reading(
            5, {"nibp_sys": 120, "nibp_dia": 78, "nibp_map": -2}, flags=["implausible:nibp_map"]
        )
    )
    assert made.cuff[0].plotted
    assert made.cuff[0].doubtful == ("nibp_map",)


def test_missing_values_are_a_gap_from_the_last_to_the_next_value() -> None:
    steps = [reading(t, {"spo2": 97}) for t in range(10)]
    steps += [reading(t, {"spo2": None}) for t in range(10, 80)]
    steps += [reading(80, {"spo2": 96})]
    (gap,) = record(*steps).gaps
    assert (gap.metric, gap.start, gap.end, gap.reason) == ("spo2", at(10), at(80), "no value")


def test_silence_is_a_gap_and_a_short_one_is_not() -> None:
    made = record(reading(0, {"pulse": 70}), reading(30, {"pulse": 70}), reading(90, {"pulse": 71}))
    assert [(g.start, g.end, g.reason) for g in made.gaps] == [(at(30), at(90), "no reading")]


def test_a_metric_that_never_had_a_value_has_no_gap() -> None:
    assert record(*(reading(t, {"spo2": None}) for t in range(100))).gaps == []


def test_a_gap_open_at_the_end_ends_with_the_session() -> None:
    steps = [reading(0, {"spo2": 97}), reading(1, {"spo2": None})]
    made = record(*steps, drafts.ended("finished", at=at(600), author="o"))
    assert [(g.start, g.end) for g in made.gaps] == [(at(1), at(600))]


def test_the_time_the_program_was_not_running_is_a_gap() -> None:
    resumed = Draft("session", at(300), "o", {"event": "resumed", "gap_s": 120, "devices": []})
    (gap,) = record(resumed).gaps
    assert (gap.metric, gap.start, gap.end) == ("all", at(180), at(300))


def test_entered_later_than_two_minutes_is_late_and_a_device_never_is() -> None:
    entries = chained(
        [started(), drafts.manual_bp(120, 80, at=at(60), author="okafor"), cuff(60, 120, 80)]
    )
    late = [
        replace(entry, recorded_at=entry.at + timedelta(seconds=121)) if entry.seq > 1 else entry
        for entry in entries
    ]
    assert [c.late for c in Record.of(late).cuff] == [True, False]


def test_a_correction_strikes_the_original_and_keeps_it() -> None:
    steps = [
        drafts.dose("esketamine", "nasal", 28, device_no=1, at=at(10), author="o"),
        drafts.dose("esketamine", "nasal", 28, device_no=1, at=at(11), author="o"),
        Draft("correction", at(20), "o", {"of_seq": 3, "reason": "entered twice", "body": None}),
    ]
    made = record(*steps)
    assert [(d.mg, d.struck) for d in made.doses] == [(28, False), (28, True)]
    assert made.total_mg(at(30)) == 28
    assert made.first_dose_at == at(10)


def test_alarm_episodes_carry_who_and_when() -> None:
    def alarm(t_s: float, event: str, author: str = "program") -> Draft:
        body = {
            "event": event,
            "id": "nibp_sys>=180",
            "condition": "limit_passed",
            "priority": "high",
            "type": "physiological",
            "metric": "nibp_sys",
            "value": 184,
            "limit": 180,
            "op": ">=",
            "text": "SYS 184 ≥ 180",
            "detail": "",
        }
        return Draft("alarm", at(t_s), author, body)

    made = record(
        alarm(10, "raised"),
        alarm(12, "acknowledged", "okafor"),
        alarm(60, "cleared"),
        alarm(90, "raised"),
    )
    first, second = made.alarms
    assert (first.raised_at, first.acknowledged_by, first.cleared_at) == (at(10), "okafor", at(60))
    assert (second.acknowledged_at, second.cleared_at) == (None, None)


def test_a_drug_against_nausea_starts_no_clock_and_is_in_no_total() -> None:
    early = drafts.dose("ondansetron", "iv", 4, at=at(10), author="o")
    treatment = drafts.dose("Ketamine (racemic)", "im", 35, at=at(300), author="o")
    record = Record.of(chained([started(), early]))
    assert record.first_dose_at is None
    assert record.total_mg(at(600)) == 0
    record = Record.of(chained([started(), early, treatment]))
    assert record.first_dose_at == at(300)
    assert record.total_mg(at(600)) == 35
    assert len(record.doses) == 2

"""The data sheet of the SPRAVATO form: only what is recorded, and what is missing by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from ketamonitor import drafts
from ketamonitor.clinic import Clinic, ClinicError, Contact, load_clinic, read_clinic
from ketamonitor.entries import Draft
from ketamonitor.instruments import AnswerStatus
from ketamonitor.record import Record
from ketamonitor.report.sheet import NOT_OFFICIAL, write_sheet
from ketamonitor.treatment import discharge
from ketamonitor.treatment.adverse import AdverseEvents, adverse, adverse_none
from ketamonitor.treatment.checkin import bp_weighed, checkin
from ketamonitor.treatment.discharge import left, ready
from ketamonitor.treatment.episodes import episode
from ketamonitor.treatment.form_sources import Around
from ketamonitor.treatment.forms import (
    FOLDER,
    Filled,
    FormError,
    fill,
    form,
    hand_in_by,
    read_form,
)
from tests.domain.builders import at, chained, cuff, protocol, started
from tests.fakes import START

FORM = form("rems_monitoring")
WHO = "okafor"


def device(minute: float, number: int) -> Draft:
    return drafts.dose(
        "esketamine",
        "nasal",
        28,
        weight_kg=68.4,
        device_no=number,
        lot=f"LOT{number}",
        at=at(minute * 60),
        author=WHO,
    )


_GROUPS = ("benzodiazepine", "hypnotic", "opioid", "stimulant", "maoi", "antihypertensive")
MEDICINES = dict.fromkeys((*_GROUPS, "lamotrigine", "substances", "changed"), "no")
REMS = {"sex": "female", "first": "no"}
CLINIC = Clinic(
    name="Harbour Clinic",
    address=("12 Quay Street", "Portland, ME 04101"),
    phone="207 555 0100",
    email="desk@example.org",
    person={"okafor": Contact(phone="207 555 0142", email="okafor@example.org")},
)
AROUND = Around(START, "R. Okafor", {"okafor": "R. Okafor", "lund": "E. Lund"}, CLINIC)
PLAN = protocol("spravato-56")


def observed(minute: float, author: str = WHO) -> Draft:
    return drafts.observation("moaas", AnswerStatus.ANSWERED, 5, at=at(minute * 60), author=author)


def baseline(minute: float = 2, sys: float = 122, dia: float = 76) -> Draft:
    return drafts.baseline(sys, dia, 3, at(60), at=at(minute * 60), author=WHO)


def acceptable(minute: float = 121) -> Draft:
    return discharge.met(PLAN.criterion, "bp_end", at=at(minute * 60), author=WHO)


def gone(over: float | None = 80, medicine: bool = False, said: float = 7300) -> Draft:
    return episode(
        "dissociation",
        onset_at=at(1200),
        resolved_at=None if over is None else at(over * 60),
        worst="6",
        medicine=medicine,
        at=at(said),
        author=WHO,
    )


def whole() -> list[Draft]:
    return [
        started(PLAN),
        checkin("medicines", "answered", MEDICINES, "", at=at(10), author=WHO),
        cuff(60, 122, 76),
        checkin("rems", "answered", REMS, "", at=at(70), author=WHO),
        baseline(),
        device(5, 1),
        device(11, 2),
        observed(20),
        drafts.observation("spo2_read", "answered", 97, at=at(20 * 60), author=WHO),
        cuff(30 * 60, 150, 90),
        observed(45, "lund"),
        cuff(46 * 60, 141, 86),
        cuff(120 * 60, 126, 78),
        acceptable(),
        episode("sedation", none=True, at=at(7300), author=WHO),
        gone(),
        episode("respiratory_depression", none=True, at=at(7300), author=WHO),
        adverse("Fall", True, ["hospital"], "not_over", "slipped", at=at(7300), author=WHO),
        ready(at=at(7320), author=WHO),
        left("J. Lindqvist", "0171", at=at(7500), author=WHO),
    ]


def filled(acts: list[Draft], around: Around = AROUND) -> dict[str, Filled]:
    return {row.field.label: row for row in fill(FORM, Record.of(chained(acts)), around)}


def values(acts: list[Draft], around: Around = AROUND) -> dict[str, str | None]:
    return {label: row.value for label, row in filled(acts, around).items()}


def without(*events: str) -> list[Draft]:
    return [d for d in whole() if d.body.get("event") not in events]


def test_everything_the_form_asks_is_on_the_sheet() -> None:
    over = "over within 2 hours of the first device"
    assert values(whole()) == {
        "Name": "LINDQVIST, Maren",
        "Date of birth": "14 Mar 1984",
        "Sex": "female",
        "First treatment": "no",
        "Enrolled, where it is the first treatment": "does not apply",
        "Benzodiazepine": "no",
        "Other sedative or hypnotic": "no",
        "Opioid": "no",
        "Stimulant": "no",
        "MAO inhibitor": "no",
        "Blood pressure medicine": "no",
        "Which, dose, last taken": "does not apply",
        "Who monitored": "R. Okafor (okafor), E. Lund (lund)",
        "Telephone of who monitored": "R. Okafor 207 555 0142, E. Lund 207 555 0100 (setting)",
        "E-mail of who monitored": "R. Okafor okafor@example.org, E. Lund desk@example.org"
        " (setting)",
        "Setting: name": "Harbour Clinic",
        "Setting: address": "12 Quay Street, Portland, ME 04101",
        "Date": "23 Nov 2026",
        "Dose in mg, confirmed devices": "56, 2 devices",
        "Lots": "LOT1, LOT2",
        "Minutes from the first device to the end of monitoring": "120",
        "Minutes until clinically ready, were there no two hours": "117",
        "Checks after the first device, SpO₂": "1 of 5 in the schedule: 97 % 14:20; lowest 97 % at"
        " 14:20",
        "Before the dose": "122/76 at 14:01",
        "Acceptable before the dose": "122/76 locked as baseline, not above 140/90 (R. Okafor,"
        " 14:02)",
        "About 40 minutes after the first device": "141/86 at 14:46",
        "Before the end": "126/78 at 16:00",
        "Acceptable before the end": "yes (R. Okafor, 16:01)",
        "Sedation": "none (R. Okafor)",
        f"Sedation: {over}": "does not apply",
        "Sedation: medicine given for it": "does not apply",
        "Dissociation": "from 14:20, worst 6, over 15:20, no medicine (R. Okafor)",
        f"Dissociation: {over}": "yes, 75 min",
        "Dissociation: medicine given for it": "no",
        "Respiratory depression": "none (R. Okafor)",
        f"Respiratory depression: {over}": "does not apply",
        "Respiratory depression: medicine given for it": "does not apply",
        "Serious adverse event": "Fall (Hospital stay, or a longer one), not over. slipped",
        "Name and date": "R. Okafor, 23 Nov 2026",
    }


@pytest.mark.parametrize(
    ("dropped", "label"),
    [
        ("episode", "Sedation"),
        ("episode", "Dissociation: medicine given for it"),
        ("adverse", "Serious adverse event"),
        ("checkin", "Opioid"),
        ("checkin", "Sex"),
        ("criterion", "Acceptable before the end"),
        ("baseline_locked", "Acceptable before the dose"),
        ("ready", "Minutes until clinically ready, were there no two hours"),
    ],
)
def test_what_nobody_recorded_is_missing_and_never_a_no(dropped: str, label: str) -> None:
    assert values(without(dropped))[label] is None


def test_no_serious_event_is_what_a_person_said_and_until_another_is_entered() -> None:
    said = adverse_none(AdverseEvents(), at=at(7400), author=WHO)
    label = "Serious adverse event"
    assert values([*without("adverse"), said])[label] == "none (R. Okafor, 16:03)"
    nausea = adverse("Nausea", False, [], "over", "", at=at(7450), author=WHO)
    row = filled([*without("adverse"), said, nausea])[label]
    assert (row.value, row.why) == (None, "nobody has said that there was none")


def test_medicines_and_the_first_treatment_say_what_they_ask_more() -> None:
    taken = {**MEDICINES, "opioid": "yes", "which": "oxycodone 5 mg, 08:00"}
    first = {"sex": "other", "first": "yes", "enrolled": "no"}
    acts = [
        checkin("medicines", "answered", taken, "", at=at(80), author=WHO),
        checkin("rems", "answered", first, "", at=at(80), author=WHO),
    ]
    found = values([*whole(), *acts])
    assert (found["Opioid"], found["Which, dose, last taken"]) == ("yes", "oxycodone 5 mg, 08:00")
    assert found["Enrolled, where it is the first treatment"] == "no"
    not_done = checkin("rems", "not_done", {}, "no time", at=at(90), author=WHO)
    assert filled([*whole(), not_done])["Sex"].why == "not done: no time"


@pytest.mark.parametrize(
    ("acts", "value", "why"),
    [
        ([baseline(0.5, 152, 92)], None, "152/92 is above 140/90 and nobody weighed it"),
        ([baseline(6)], None, "the baseline was locked after the first dose"),
        ([], None, "no baseline was locked"),
        (
            [
                bp_weighed(3, 152, 92, "go_on", "usual for her", at=at(100), author="lund"),
                baseline(2, 152, 92),
            ],
            "152/92 is above 140/90, weighed: go on. usual for her (E. Lund, 14:01)",
            "",
        ),
        (
            [baseline(1), bp_weighed(3, 152, 92, "delay", "headache", at=at(100), author=WHO)],
            "no: 152/92, delay. headache (R. Okafor, 14:01)",
            "",
        ),
    ],
)
def test_before_the_dose_it_is_the_word_of_who_locked_or_weighed(
    acts: list[Draft], value: str | None, why: str
) -> None:
    row = filled([*without("baseline_locked"), *acts])["Acceptable before the dose"]
    assert (row.value, row.why) == (value, why)


def test_before_the_end_a_deviation_is_no_and_a_later_pressure_is_told() -> None:
    label = "Acceptable before the end"
    over = discharge.overridden(
        PLAN.criterion, "bp_end", "prescriber agrees", "lund", at=at(7330), author=WHO
    )
    assert values([*whole(), over])[label] == (
        "no, a deviation: prescriber agrees (R. Okafor and E. Lund, 16:02)"
    )
    later = cuff(122 * 60, 171, 99)
    assert values([*whole(), later])[label] == (
        "yes (R. Okafor, 16:01); after that 171/99 at 16:02"
    )


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (gone(125, said=7550), "yes, 120 min"),
        (gone(126, said=7600), "no, 121 min"),
        (gone(None), None),  # said after 117 minutes: it may yet be over within two hours
        (gone(None, said=7800), "no, not over at 16:10"),
    ],
)
def test_within_two_hours_is_derived_and_not_guessed(said: Draft, value: str | None) -> None:
    label = "Dissociation: over within 2 hours of the first device"
    assert values([*whole(), said])[label] == value


def test_an_episode_of_an_older_record_has_no_word_on_medicine() -> None:
    old = gone(medicine=True)
    old = replace(old, body={k: v for k, v in old.body.items() if k != "medicine"})
    assert values([*whole(), gone(medicine=True)])["Dissociation: medicine given for it"] == "yes"
    assert values([*whole(), old])["Dissociation: medicine given for it"] is None


def test_without_the_clinics_file_or_a_sign_in_it_says_so() -> None:
    found = filled(whole(), Around(START))
    assert found["Setting: address"].why == "no clinic.toml"
    assert found["Telephone of who monitored"].why == "no clinic.toml"
    assert found["Name and date"].why == "printed by nobody who has signed in"
    assert found["Who monitored"].value == "okafor, lund"
    bare = Clinic(name="Harbour Clinic", address=("12 Quay Street",))
    around = replace(AROUND, clinic=bare)
    assert (
        filled(whole(), around)["E-mail of who monitored"].why
        == "clinic.toml has none of R. Okafor"
    )


def test_a_struck_observation_makes_nobody_a_monitor() -> None:
    acts = whole()
    place = next(n for n, d in enumerate(acts, 1) if d.author == "lund")
    body = {"of_seq": place, "reason": "other patient", "body": None}
    strike = Draft("correction", at(7400), WHO, body)
    assert values([*acts, strike])["Who monitored"] == "R. Okafor (okafor)"


def test_a_reading_outside_the_window_is_not_the_one_at_40_minutes() -> None:
    acts = [d for d in whole() if d.at != at(46 * 60)]
    assert values(acts)["About 40 minutes after the first device"] is None


def test_a_session_with_nothing_in_it_has_nothing_but_who_and_when() -> None:
    found = values([started(protocol("spravato-56"))], Around(START))
    assert {label for label, value in found.items() if value is not None} == {
        *("Name", "Date of birth", "Date"),
    }


def test_no_field_of_the_template_is_left_to_the_hand() -> None:
    assert [row.label for row in FORM.field if not row.source] == []
    labels = [row.label for row in FORM.field]
    assert len(set(labels)) == len(labels)


def test_the_sheet_says_what_it_is_not_and_what_is_missing_first(tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    missing = write_sheet(FORM, Record.of(chained(without("criterion"))), path, Around(START))
    assert "Acceptable before the end" in missing
    assert "Name and date" in missing
    assert "Sex" not in missing
    text = " ".join(page.extract_text() for page in PdfReader(path).pages)
    assert NOT_OFFICIAL in " ".join(text.split())
    assert text.index("Missing") < text.index("Benzodiazepine")
    assert "30 Nov 2026" in text


def test_seven_calendar_days() -> None:
    assert hand_in_by(FORM, START) == date(2026, 11, 30)
    assert hand_in_by(FORM, START + timedelta(hours=9)) == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('source = "lots"', 'source = "lot"', "unknown source 'lot'"),
        ('"checkin:rems.sex"', '"checkin:rems.gender"', "unknown source 'checkin:rems.gender'"),
        ('"episode:sedation"', '"episode:sleep"', "unknown source 'episode:sleep'"),
        ('"criterion:bp_end"', '"criterion"', "unknown source 'criterion'"),
        ("version = 3", "version = 0", "version"),
        ("[[field]]", "[[fields]]", "fields"),
        ("days = 7", "days = ", "not valid TOML"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = (FOLDER / "rems_monitoring.toml").read_text(encoding="utf-8")
    path = tmp_path / "form.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FormError, match=said):
        read_form(path)
    with pytest.raises(FormError, match="unknown form 'x'"):
        form("x")


# The clinic's own file ---------------------------------------------------------------------------

WRITTEN = """
name = "Harbour Clinic"
address = ["12 Quay Street", "Portland, ME 04101"]
phone = "207 555 0100"

[person."r.okafor"]
email = "okafor@example.org"
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[person", "person", "not valid TOML"),
        ('name = "Harbour Clinic"', "", "name"),
        ('["12 Quay Street", "Portland, ME 04101"]', "[]", "address"),
        ("email", "mail", "mail"),
        ("phone", "fax", "fax"),
    ],
)
def test_a_slip_in_the_clinics_file_is_one_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "clinic.toml"
    path.write_text(WRITTEN.replace(old, new), encoding="utf-8")
    with pytest.raises(ClinicError, match=said) as refused:
        read_clinic(path)
    assert "\n" not in str(refused.value)


def test_the_file_lies_beside_the_protocols_and_its_absence_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "protocols"))
    none, why = load_clinic()
    assert none is None
    assert "there is no" in why
    (tmp_path / "clinic.toml").write_text(WRITTEN, encoding="utf-8")
    clinic, why = load_clinic()
    assert why == ""
    assert clinic is not None
    assert clinic.person["r.okafor"] == Contact(email="okafor@example.org")
    (tmp_path / "clinic.toml").write_text("name = 3", encoding="utf-8")
    none, why = load_clinic()
    assert none is None
    assert "clinic.toml" in why


def test_the_sheet_says_on_its_head_that_it_must_be_checked_and_what_its_fields_rest_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sheet.pdf"
    write_sheet(FORM, Record.of(chained(whole())), path, AROUND)
    (page,) = PdfReader(path).pages
    told = " ".join(page.extract_text().split())
    head = told[: told.index("Patient")]
    assert "Check every field against the form at spravatorems.com" in head
    assert "MAO inhibitor (form of 11/2021)" in told
    assert "About 40 minutes after the first device (form of 11/2021)" in told
    assert "effective 2026-03-13; read 2026-11-30; US" in told
    assert "proposal of this program, for approval: Sedation: over within 2 hours" in told

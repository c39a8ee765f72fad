"""The data sheet of the SPRAVATO form: only what is recorded, and what is missing by name."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.report.sheet import NOT_OFFICIAL, write_sheet
from ketamonitor.treatment.adverse import adverse
from ketamonitor.treatment.checkin import checkin
from ketamonitor.treatment.discharge import left, ready
from ketamonitor.treatment.episodes import episode
from ketamonitor.treatment.forms import FOLDER, FormError, fill, form, hand_in_by, read_form
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


def whole() -> list[Draft]:
    return [
        started(protocol("spravato-56")),
        checkin("medicines", "answered", MEDICINES, "", at=at(10), author=WHO),
        cuff(60, 122, 76),
        device(5, 1),
        device(11, 2),
        cuff(30 * 60, 150, 90),
        cuff(46 * 60, 141, 86),
        cuff(120 * 60, 126, 78),
        episode("sedation", none=True, at=at(7300), author=WHO),
        episode(
            "dissociation",
            onset_at=at(1200),
            resolved_at=at(4800),
            worst="6",
            at=at(7300),
            author=WHO,
        ),
        episode("respiratory_depression", none=True, at=at(7300), author=WHO),
        adverse("Fall", True, ["hospital"], "not_over", "slipped", at=at(7300), author=WHO),
        ready(at=at(7320), author=WHO),
        left("J. Lindqvist", "0171", at=at(7500), author=WHO),
    ]


def values(acts: list[Draft]) -> dict[str, str | None]:
    return {row.field.label: row.value for row in fill(FORM, Record.of(chained(acts)))}


def test_everything_the_record_has_is_on_the_sheet() -> None:
    assert values(whole()) == {
        "Name": "LINDQVIST, Maren",
        "Date of birth": "14 Mar 1984",
        "Sex": None,
        "First treatment, and enrolled": None,
        "Benzodiazepine": "no",
        "Other sedative or hypnotic": "no",
        "Opioid": "no",
        "Stimulant": "no",
        "MAO inhibitor": "no",
        "Who monitored: name, telephone, e-mail": None,
        "Setting: name and address": None,
        "Date": "23 Nov 2026",
        "Dose in mg, confirmed devices": "56, 2 devices",
        "Lots": "LOT1, LOT2",
        "Minutes from the first device to the end of monitoring": "120",
        "Minutes until clinically ready, were there no two hours": "117",
        "Before the dose": "122/76 at 14:01",
        "About 40 minutes after the first device": "141/86 at 14:46",
        "Before the end": "126/78 at 16:00",
        "Acceptable before the dose, and before the end": None,
        "Sedation": "none (okafor)",
        "Dissociation": "from 14:20, worst 6, over 15:20 (okafor)",
        "Respiratory depression": "none (okafor)",
        "Serious adverse event": "Fall (Hospital stay, or a longer one), not over",
        "Medicine was needed for any of it": None,
        "Name and date": None,
    }


@pytest.mark.parametrize(
    ("dropped", "label"),
    [
        ("episode", "Sedation"),
        ("adverse", "Serious adverse event"),
        ("checkin", "Opioid"),
        ("ready", "Minutes until clinically ready, were there no two hours"),
    ],
)
def test_what_nobody_recorded_is_missing_and_never_a_no(dropped: str, label: str) -> None:
    assert values([d for d in whole() if d.body.get("event") != dropped])[label] is None


def test_a_reading_outside_the_window_is_not_the_one_at_40_minutes() -> None:
    acts = [d for d in whole() if d.at != at(46 * 60)]
    assert values(acts)["About 40 minutes after the first device"] is None


def test_a_session_with_nothing_in_it_has_nothing_but_who_and_when() -> None:
    found = values([started(protocol("spravato-56"))])
    assert {label for label, value in found.items() if value is not None} == {
        *("Name", "Date of birth", "Date"),
    }


def test_the_sheet_says_what_it_is_not_and_what_is_missing_first(tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    missing = write_sheet(FORM, Record.of(chained(whole())), path, printed_at=START)
    assert "Sex" in missing
    assert "Medicine was needed for any of it" not in missing
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
        ("version = 1", "version = 0", "version"),
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

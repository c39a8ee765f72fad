"""Handing in a form: days that cannot be, a mistake struck out, the chain, and the command."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ketamonitor import drafts
from ketamonitor.clinic import ClinicError, read_clinic
from ketamonitor.entries import GENESIS, Draft, Entry, chain, verify_chain
from ketamonitor.form_book import FormBook
from ketamonitor.people import People, Role
from ketamonitor.record import Record
from ketamonitor.store import Store, StoreError, check_store, open_store
from ketamonitor.store.summary import summarise
from ketamonitor.treatment.hand_in import FORMS, Due, HandIns, due_of, handed_in, struck, told
from tests.domain.builders import SESSION, chained, protocol, started
from tests.fakes import START, ManualClock
from ui.command import main

DAY = date(2026, 11, 23)
DUE = Due(SESSION, "rems_monitoring", DAY, date(2026, 11, 30))
LATER = START + timedelta(days=5)  # 28 Nov
PASSWORD = "correct horse battery"


def said(known: HandIns, on: date = date(2026, 11, 28), now: datetime = LATER) -> Draft:
    return handed_in(known, DUE, on, " REF 7 ", at=now, author="okafor")


def rows(*drafts_: Draft) -> list[Entry]:
    made: list[Entry] = []
    for draft in drafts_:
        before = made[-1].hash if made else GENESIS
        made.append(chain(draft, FORMS, len(made) + 1, draft.at, before))
    return made


# Days --------------------------------------------------------------------------------------------


def test_nothing_is_due_for_what_is_simulated_unfinished_or_asks_for_none() -> None:
    asked = ("rems_monitoring",)
    assert due_of(SESSION, asked, START, simulated=False, finished=True) == DUE
    assert due_of(SESSION, asked, START, simulated=True, finished=True) is None
    assert due_of(SESSION, asked, START, simulated=False, finished=False) is None
    assert due_of(SESSION, (), START, simulated=False, finished=True) is None
    assert due_of(SESSION, ("unheard_of",), START, simulated=False, finished=True) is None


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 11, 23), "form by 30 Nov, 7 days left"),
        (date(2026, 11, 29), "form by 30 Nov, 1 day left"),
        (date(2026, 11, 30), "form due today"),
        (date(2026, 12, 1), "form overdue since 30 Nov"),
        (date(2027, 1, 2), "form overdue since 30 Nov 2026"),
    ],
)
def test_the_countdown_in_words(today: date, words: str) -> None:
    assert told(DUE, {}, today) == words


def test_what_was_handed_in_counts_no_days_and_late_is_told() -> None:
    known = HandIns.of(rows(said(HandIns())))
    assert told(DUE, known.standing, date(2026, 12, 9)) == "form handed in 28 Nov"
    late = HandIns.of(rows(said(HandIns(), date(2026, 12, 2), LATER + timedelta(days=9))))
    assert told(DUE, late.standing, date(2026, 12, 9)) == "form handed in 02 Dec, late"


# Rows --------------------------------------------------------------------------------------------


def test_a_day_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="29 Nov 2026 is still to come"):
        said(HandIns(), date(2026, 11, 29))
    with pytest.raises(ValueError, match="22 Nov 2026 is before the treatment on 23 Nov 2026"):
        said(HandIns(), date(2026, 11, 22))
    with pytest.raises(ValueError, match="longer than 80 characters"):
        handed_in(HandIns(), DUE, DAY, "x" * 81, at=LATER, author="okafor")


def test_twice_is_refused_until_the_first_is_struck() -> None:
    known = HandIns.of(rows(first := said(HandIns())))
    with pytest.raises(ValueError, match="Handed in on 28 Nov 2026 already: strike that out"):
        said(known)
    with pytest.raises(ValueError, match="Reason is empty"):
        struck(known, SESSION, " ", at=LATER, author="okafor")
    out = struck(known, SESSION, "other patient", at=LATER, author="lund")
    after = HandIns.of(rows(first, out))
    assert after.standing == {}
    with pytest.raises(ValueError, match="nothing to strike"):
        struck(after, SESSION, "again", at=LATER, author="okafor")
    again = HandIns.of(rows(first, out, said(after)))
    assert again.standing[SESSION].row == 3


def test_a_row_says_who_when_and_for_which_form_and_nothing_of_the_patient() -> None:
    draft = said(HandIns())
    assert (draft.kind, draft.author, draft.at) == ("audit", "okafor", LATER)
    assert draft.body == {
        "event": "form_handed_in",
        "session": SESSION,
        "form": "rems_monitoring",
        "on": "2026-11-28",
        "reference": "REF 7",
        "text": f"Form of {SESSION} handed in on 28 Nov 2026",
    }
    none = handed_in(HandIns(), DUE, DAY, "  ", at=LATER, author="okafor")
    assert none.body["reference"] is None


def test_a_later_programs_row_changes_nothing() -> None:
    strange = Draft("audit", LATER, "okafor", {"event": "form_sent_back", "session": SESSION})
    assert list(HandIns.of(rows(said(HandIns()), strange)).standing) == [SESSION]


# The store ---------------------------------------------------------------------------------------


class Office:
    """A store with one real session that has ended, one simulated one, and a nurse."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, ManualClock()
        self.store: Store = open_store(str(path))
        self.book = FormBook(self.store, self.clock.now)
        people = People(self.store, self.clock.now)
        people.add("okafor", "R. Okafor", Role.NURSE, PASSWORD, "test")
        self.session("KM-261123-000001", simulated=False)
        self.session("KM-261123-000002", simulated=True)

    def session(self, name: str, *, simulated: bool, began: datetime = START) -> None:
        first = started(protocol("spravato-56"), at=began)
        first = replace(first, body={**first.body, "simulated": simulated})
        one = chain(first, name, 1, first.at, GENESIS)
        over = began + timedelta(hours=2)
        ended = drafts.ended("Treatment complete", at=over, author="okafor")
        self.store.append([one, chain(ended, name, 2, ended.at, one.hash)])


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("KETAMONITOR_PASSWORD", PASSWORD)
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "protocols"))
    made = Office(tmp_path / "store.db")
    yield made
    made.store.close()


def test_the_chain_is_no_session_and_is_checked(office: Office) -> None:
    office.clock.advance(5 * 86400)
    office.book.write(lambda known, now: said(known, DAY, now))
    office.book.write(lambda known, now: struck(known, SESSION, "slip", at=now, author="okafor"))
    assert len(office.store.sessions()) == 2
    assert verify_chain(FORMS, office.store.entries(FORMS)) == []
    assert list(check_store(office.store)) == []
    office.store.close()
    with sqlite3.connect(office.path) as file:
        names = [n for (n,) in file.execute("SELECT name FROM sqlite_master WHERE type='trigger'")]
        for name in names:
            file.execute(f"DROP TRIGGER {name}")
        file.execute(
            "UPDATE entries SET body = replace(body, '11-23', '11-24') WHERE session='forms'"
        )
    file.close()
    with open_store(str(office.path)) as store:
        assert any(finding.session == FORMS for finding in check_store(store))


def test_two_who_write_at_once_are_not_both_believed(office: Office) -> None:
    def late(known: HandIns, now: datetime) -> Draft:
        office.book.write(
            lambda other, then: handed_in(other, DUE, DAY, "", at=then, author="lund")
        )
        return said(known, DAY, now)

    with pytest.raises(StoreError, match="just been changed by someone else"):
        office.book.write(late)
    assert office.book.hand_ins().standing[SESSION].by == "lund"


def test_what_is_refused_is_not_written(office: Office) -> None:
    with pytest.raises(ValueError, match="still to come"):
        office.book.write(lambda known, now: said(known, date(2026, 11, 24), now))
    assert office.store.entries(FORMS) == []


# The command -------------------------------------------------------------------------------------


def form(*words: str) -> int:
    return main(["session", "form", *words])


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object] | None]:
    capsys.readouterr()
    assert main(["session", "list", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {line["session"]: line["form"] for line in lines}


def test_handed_in_struck_and_listed_by_command(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    # The command asks the computer's own clock: this session is long ago by any.
    old = "KM-240110-000003"
    office.session(old, simulated=False, began=datetime(2024, 1, 10, 9, tzinfo=UTC))
    by = {"name": "rems_monitoring", "by": "2024-01-17"}
    owed = {**by, "handed_in": None, "reference": None}
    found = listed(capsys)
    assert (found[old], found["KM-261123-000002"]) == (owed, None)
    done = ("--handed-in", "2024-01-12", "--reference", "REF 7", "--user", "okafor")
    assert form(old, *done) == 0
    assert capsys.readouterr().out == f"Form of {old} handed in on 12 Jan 2024\n"
    assert listed(capsys)[old] == {**by, "handed_in": "2024-01-12", "reference": "REF 7"}
    assert form(old, *done) == 1
    assert "strike that out first" in capsys.readouterr().err
    assert form(old, "--strike", "other patient", "--user", "okafor") == 0
    assert capsys.readouterr().out == f"Form of {old} not handed in: row 1 struck out\n"
    assert listed(capsys)[old] == owed
    assert main(["session", "list"]) == 0
    assert "form overdue since 17 Jan 2024" in capsys.readouterr().out
    assert [row.author for row in office.store.entries(FORMS)] == ["okafor", "okafor"]


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        ((SESSION,), 2, "one of the arguments -o/--output --handed-in --strike is required"),
        ((SESSION, "--strike", "x"), 2, "say who you are: --user NAME"),
        ((SESSION, "--strike", "x", "--user", "okafor"), 1, "nothing to strike"),
        ((SESSION, "--strike", "x", "--reference", "7"), 2, "--reference goes with --handed-in"),
        ((SESSION, "--handed-in", "soon", "--user", "okafor"), 1, "type the day as"),
        ((SESSION, "--handed-in", "2026-11-23", "--user", "nobody"), 1, "name or password"),
        (("KM-1", "--handed-in", "2026-11-23", "--user", "okafor"), 1, "there is no session KM-1"),
        (
            ("KM-261123-000002", "--handed-in", "2026-11-23", "--user", "okafor"),
            1,
            "hands in no form: it is simulated",
        ),
    ],
)
def test_what_cannot_be_is_one_line(
    office: Office,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    status: int,
    line: str,
) -> None:
    try:
        assert form(*words) == status
    except SystemExit as end:
        assert end.code == status  # noqa: PT017 - argparse ends by itself
    assert line in capsys.readouterr().err
    assert office.store.entries(FORMS) == []


def test_the_sheet_is_signed_by_who_prints_it(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert form(SESSION, "-o", str(tmp_path / "sheet.pdf")) == 0
    out = capsys.readouterr().out
    assert "missing: Name and date" in out
    assert "no setting: there is no" in out
    (tmp_path / "clinic.toml").write_text('name = "Harbour"\naddress = ["Quay 1"]\n')
    again = ("-o", str(tmp_path / "sheet.pdf"), "--force")
    assert form(SESSION, *again, "--user", "okafor") == 0
    out = capsys.readouterr().out
    assert "missing: Name and date" not in out
    assert "missing: Setting: name" not in out
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")


def test_an_inpatient_setting_hands_in_no_form_and_asks_for_no_enrolment() -> None:
    draft = started(protocol("spravato-56"))
    inpatient = Draft(draft.kind, draft.at, draft.author, {**draft.body, "setting": "inpatient"})
    for start, asked in ((draft, True), (inpatient, False)):
        record = Record.of(chained([start]))
        plan = record.info.protocol
        assert ("rems" in (*plan.checkin.needed, *plan.checkin.asked)) is asked
        assert bool(plan.forms) is asked
        first = chained([start])[0]
        summary = summarise("KM-1", first.at, first.at, "a", json.dumps(first.body), 1, {})
        assert bool(summary.forms) is asked


def test_the_setting_stands_in_the_clinics_file(tmp_path: Path) -> None:
    path = tmp_path / "clinic.toml"
    text = 'name = "Harbour Clinic"\naddress = ["12 Quay Street"]\n'
    path.write_text(text, encoding="utf-8")
    assert read_clinic(path).setting == "outpatient"
    path.write_text(f'{text}setting = "inpatient"\n', encoding="utf-8")
    assert read_clinic(path).setting == "inpatient"
    path.write_text(f'\ufeff{text}setting = "ward"\n', encoding="utf-8")
    with pytest.raises(ClinicError, match="ward"):
        read_clinic(path)

"""The drug ledger in a real store: its chain, its sessions, its command, and the bad day."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ketamonitor.drug_book import DrugBook
from ketamonitor.entries import GENESIS, chain
from ketamonitor.store import Store, StoreError, check_store, open_store
from ketamonitor.treatment import ledger as book
from ketamonitor.treatment.drug_use import DrugUse, drug_event
from ketamonitor.treatment.ledger import LEDGER, Ledger
from tests.domain.builders import SESSION, started
from tests.fakes import START, ManualClock
from ui.command import main

LATER = date(2028, 1, 31)


class Cupboard:
    """A store with a ledger and one session that has begun."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, ManualClock()
        self.store: Store = open_store(str(path))
        self.book = DrugBook(self.store, self.clock.now)
        self.entries = [chain(started(), SESSION, 1, START, GENESIS)]
        self.store.append(self.entries)

    @property
    def ledger(self) -> Ledger:
        return self.book.ledger()

    def write(self, draft: book.Draft, *, told: bool = True) -> int:
        row = self.book.write(draft)
        event = self.book.event_of(row)
        if event is not None and told:
            assert event[0] == SESSION
            last = self.entries[-1]
            entry = chain(event[1], SESSION, last.seq + 1, self.clock.now(), last.hash)
            self.store.append([entry])
            self.entries.append(entry)
        self.clock.advance(60)
        return row.seq

    def drawn(self, mg: str = "40", *, told: bool = True) -> int:
        now = self.clock.now()
        vial = self.write(
            book.received("ketamine", "10", "5", "L7", LATER, at=now, author="okafor")
        )
        self.write(book.opened(self.ledger, vial, at=now, author="okafor"))
        return self.write(
            book.drawn(self.ledger, vial, mg, session=SESSION, at=now, author="okafor"), told=told
        )

    def given(self, drawing: int, mg: str) -> int:
        now = self.clock.now()
        return self.write(book.given(self.ledger, drawing, mg, at=now, author="okafor"))

    def wasted(self, drawing: int, mg: str) -> int:
        return self.write(
            book.wasted(
                self.ledger,
                mg,
                drawing=drawing,
                method="sink",
                witness="lund",
                at=self.clock.now(),
                author="okafor",
            )
        )


@pytest.fixture
def cupboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cupboard]:
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    made = Cupboard(tmp_path / "store.db")
    yield made
    made.store.close()


def test_a_drawing_balances_and_its_session_is_told_of_each_row(cupboard: Cupboard) -> None:
    drawing = cupboard.drawn()
    cupboard.given(drawing, "34.2")
    assert list(cupboard.book.check()) == [
        f"drawing {drawing}: 40 mg drawn, 34.2 mg given, 0 mg wasted: not accounted for"
    ]
    cupboard.wasted(drawing, "5.8")
    assert list(cupboard.book.check()) == []
    told = [e.body for e in cupboard.entries if e.body["event"] == "drug"]
    assert [(b["what"], b["mg"], b["ledger_seq"], b["witness"]) for b in told] == [
        ("drawn", "40", 3, None),
        ("given", "34.2", 4, None),
        ("wasted", "5.8", 5, "lund"),
    ]


def test_a_session_is_not_listed_for_the_ledger_and_its_chain_is_checked(
    cupboard: Cupboard,
) -> None:
    cupboard.drawn()
    assert [s.id for s in cupboard.store.sessions()] == [SESSION]
    assert list(check_store(cupboard.store)) == []
    cupboard.store.close()
    with sqlite3.connect(cupboard.path) as file:
        names = [n for (n,) in file.execute("SELECT name FROM sqlite_master WHERE type='trigger'")]
        for name in names:
            file.execute(f"DROP TRIGGER {name}")
        file.execute(
            "UPDATE entries SET body = replace(body, '\"40\"', '\"4\"') WHERE session = ?",
            (LEDGER,),
        )
    file.close()
    with open_store(str(cupboard.path)) as store:
        faults = list(DrugBook(store, cupboard.clock.now).check())
    assert any("3" in fault for fault in faults)


def test_a_row_that_did_not_reach_its_session_is_told(cupboard: Cupboard) -> None:
    cupboard.drawn(told=False)
    found = list(cupboard.book.check())
    assert f"row 3 (drawn) is missing in session {SESSION}" in found


def test_two_who_write_at_once_are_not_both_believed(cupboard: Cupboard) -> None:
    cupboard.drawn()
    other = open_store(str(cupboard.path))
    try:
        stale = cupboard.store.last(LEDGER)
        assert stale is not None
        late = book.drawn(cupboard.ledger, 1, "5", at=START, author="lund")
        DrugBook(other, cupboard.clock.now).write(late)
        row = chain(late, LEDGER, stale.seq + 1, cupboard.clock.advance(1), stale.hash)
        with pytest.raises(StoreError):
            cupboard.store.append([row])
    finally:
        other.close()
    assert [r.seq for r in cupboard.book.rows()] == [1, 2, 3, 4]


def test_a_struck_row_leaves_the_sessions_sum_as_well(cupboard: Cupboard) -> None:
    drawing = cupboard.drawn()
    wrong = cupboard.given(drawing, "3.42")
    strike = book.struck(
        cupboard.ledger, wrong, "point", witness="lund", at=cupboard.clock.now(), author="okafor"
    )
    cupboard.write(strike)
    use = DrugUse()
    for entry in cupboard.entries:
        use.add(entry)
    assert use.open_mg == {drawing: 40}
    assert drug_event(cupboard.book.rows()[-1], cupboard.ledger).body["of_row"] == wrong


def test_what_is_missing_of_one_drawing_is_not_made_up_for_by_another(cupboard: Cupboard) -> None:
    first = cupboard.drawn()
    cupboard.given(first, "30")
    second = cupboard.drawn()
    over = book.given(
        cupboard.ledger, second, "50", reason="?", at=cupboard.clock.now(), author="okafor"
    )
    cupboard.write(over)
    use = DrugUse()
    for entry in cupboard.entries:
        use.add(entry)
    assert use.mg(book.What.DRAWN) == use.mg(book.What.GIVEN)
    assert use.open_mg == {first: 10, second: -10}


def test_the_command_lists_balances_checks_and_exports(
    cupboard: Cupboard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawing = cupboard.drawn()
    assert main(["ledger", "check"]) == 1
    assert "not accounted for" in capsys.readouterr().out
    cupboard.given(drawing, "34.2")
    cupboard.wasted(drawing, "5.8")
    assert main(["ledger", "check"]) == 0
    assert capsys.readouterr().out == "the ledger balances\n"
    assert main(["ledger", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert main(["ledger", "balance"]) == 0
    told = capsys.readouterr().out
    assert "vial 1 (ketamine, lot L7): 10 mg by the book, open" in told
    assert f"drawing {drawing}: 40 mg drawn, 34.2 given, 5.8 wasted, balanced" in told
    assert "ketamine: 0 mg before, 50 received, 40 drawn (34.2 given, 5.8 wasted)" in told
    assert main(["ledger", "balance", "--since", "yesterday"]) == 2
    assert "write it as" in capsys.readouterr().err
    out = tmp_path / "ledger.csv"
    assert main(["ledger", "export", "-o", str(out)]) == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["what"], r["mg"], r["lot"], r["witness"]) for r in rows] == [
        ("received", "50", "L7", ""),
        ("opened", "", "L7", ""),
        ("drawn", "40", "L7", ""),
        ("given", "34.2", "L7", ""),
        ("wasted", "5.8", "L7", "lund"),
    ]
    assert main(["ledger", "export", "-o", str(tmp_path / "no" / "x.csv")]) == 1


def test_a_ledger_that_nobody_has_begun_balances(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    open_store(str(tmp_path / "store.db")).close()
    assert main(["ledger", "check"]) == 0
    assert capsys.readouterr().out == "the ledger balances\n"


def test_two_panels_on_one_vial_never_draw_it_twice(cupboard: Cupboard) -> None:
    now = cupboard.clock.now()
    vial = cupboard.write(
        book.received("ketamine", "10", "5", "L7", LATER, at=now, author="okafor")
    )
    cupboard.write(book.opened(cupboard.ledger, vial, at=now, author="okafor"))
    seen_by_both = cupboard.ledger
    drafts = [
        book.drawn(seen_by_both, vial, "50", session=SESSION, at=now, author=name)
        for name in ("okafor", "silva")
    ]
    cupboard.write(drafts[0])
    with pytest.raises(StoreError, match="just been changed by someone else; look again") as told:
        cupboard.write(drafts[1])
    assert not told.value.retryable
    assert cupboard.ledger.vial(vial).left_mg == 0
    assert cupboard.ledger.faults == ()


def test_a_receipt_is_of_no_ledger_and_is_written_beside_another(cupboard: Cupboard) -> None:
    now = cupboard.clock.now()
    two = [
        book.received("ketamine", "10", "5", lot, LATER, at=now, author="okafor") for lot in "AB"
    ]
    for draft in two:
        cupboard.write(draft)
    assert [vial.lot for vial in cupboard.ledger.vials.values()] == ["A", "B"]

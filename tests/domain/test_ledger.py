"""The ledger of controlled drugs: nothing balances that does not, whatever was entered."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from ketamonitor.entries import GENESIS, Draft, Entry, chain, verify_chain
from ketamonitor.treatment import ledger as book
from ketamonitor.treatment.drug_use import drug_event
from ketamonitor.treatment.ledger import LEDGER, Ledger, Standing

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER = date(2028, 1, 31)


class Writing:
    """Rows as they would be stored, a minute apart; what is refused is not written."""

    def __init__(self) -> None:
        self.rows: list[Entry] = []

    @property
    def ledger(self) -> Ledger:
        return Ledger.of(self.rows)

    @property
    def at(self) -> datetime:
        return NOW + timedelta(minutes=len(self.rows))

    def write(self, draft: Draft) -> int:
        before = self.rows[-1].hash if self.rows else GENESIS
        self.rows.append(chain(draft, LEDGER, len(self.rows) + 1, draft.at, before))
        return len(self.rows)

    def vial(self, strength: str = "50", volume: str = "10", expiry: date = LATER) -> int:
        number = self.write(
            book.received("ketamine", strength, volume, "L7", expiry, at=self.at, author="okafor")
        )
        self.write(book.opened(self.ledger, number, reason="kept", at=self.at, author="okafor"))
        return number

    def drawn(self, vial: int, mg: str) -> int:
        return self.write(
            book.drawn(self.ledger, vial, mg, session="s1", at=self.at, author="okafor")
        )

    def given(self, drawing: int, mg: str, reason: str = "") -> int:
        draft = book.given(self.ledger, drawing, mg, reason=reason, at=self.at, author="okafor")
        return self.write(draft)

    def wasted(self, drawing: int, mg: str, witness: str = "hale") -> int:
        draft = book.wasted(
            self.ledger,
            mg,
            drawing=drawing,
            method="into the sink binder",
            witness=witness,
            at=self.at,
            author="okafor",
        )
        return self.write(draft)


@pytest.fixture
def w() -> Writing:
    return Writing()


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("", "Given: type the number"),
        ("0", "Given must be above 0, not 0"),
        ("-1", "Given must be above 0, not -1"),
        ("34,25000x", "Given must be a number, such as 34.2"),
        ("NaN", "Given must be a number, such as 34.2"),
        ("1e2", "Given must be a number, such as 34.2"),
        ("1_0", "Given must be a number, such as 34.2"),
        ("\u0661\u0662", "Given must be a number, such as 34.2"),
        ("1000000000", "Given must be at most 100000"),
        ("1.0001", "Given has more than three places after the point"),
    ],
)
def test_an_amount_that_cannot_be_is_refused_in_one_line(typed: str, line: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(line)}$"):
        book.amount(typed, "Given")


def test_drawn_is_given_and_wasted_exactly_at_the_tolerance(w: Writing) -> None:
    drawing = w.drawn(w.vial(), "50")
    w.given(drawing, "34.2")
    assert w.ledger.drawings[drawing].standing is Standing.OPEN
    w.wasted(drawing, "15.749")
    assert w.ledger.drawings[drawing].rest_mg == Decimal("0.051")
    assert w.ledger.drawings[drawing].standing is Standing.OPEN
    assert not w.ledger.balanced
    w.wasted(drawing, "0.001")
    assert w.ledger.drawings[drawing].standing is Standing.BALANCED
    assert w.ledger.balanced
    assert w.ledger.unaccounted_mg == Decimal("0.05")


def test_more_given_than_drawn_needs_a_reason_and_never_balances(w: Writing) -> None:
    drawing = w.drawn(w.vial(), "10")
    with pytest.raises(ValueError, match="has 10 mg left to account for"):
        w.given(drawing, "10.051")
    w.given(drawing, "10.051", reason="pump shows so")
    assert w.ledger.drawings[drawing].standing is Standing.OVER
    assert not w.ledger.balanced


def test_wasting_needs_a_witness_who_is_someone_else(w: Writing) -> None:
    drawing = w.drawn(w.vial(), "10")
    with pytest.raises(ValueError, match="A witness must sign in"):
        w.wasted(drawing, "1", witness=" ")
    with pytest.raises(ValueError, match="must be another person"):
        w.wasted(drawing, "1", witness=" Okafor ")


def test_a_sealed_an_expired_and_an_empty_vial_give_nothing(w: Writing) -> None:
    vial = w.write(book.received("ketamine", "50", "10", "L7", NOW.date(), at=NOW, author="okafor"))
    with pytest.raises(ValueError, match="is not opened"):
        w.drawn(vial, "1")
    with pytest.raises(ValueError, match="expired 2026-11-24"):
        book.opened(w.ledger, vial, at=NOW + timedelta(days=1), author="okafor")
    w.write(book.opened(w.ledger, vial, at=NOW, author="okafor"))
    with pytest.raises(ValueError, match="holds 500 mg by the book"):
        w.drawn(vial, "500.001")
    w.drawn(vial, "500")
    assert w.ledger.vials[vial].left_mg == 0


def test_a_count_that_is_off_needs_reason_and_witness_and_moves_the_book(w: Writing) -> None:
    vial = w.vial()
    at = w.at
    agreeing = book.counted(w.ledger, vial, "500", at=at, author="okafor")
    assert agreeing.body["witness"] is None
    with pytest.raises(ValueError, match="say why not"):
        book.counted(w.ledger, vial, "480", at=at, author="okafor")
    with pytest.raises(ValueError, match="A witness must sign in"):
        book.counted(w.ledger, vial, "480", reason="spilt", at=at, author="okafor")
    w.write(
        book.counted(w.ledger, vial, "480", reason="spilt", witness="hale", at=at, author="okafor")
    )
    assert w.ledger.vials[vial].left_mg == 480
    (line,) = w.ledger.turnover(NOW, NOW + timedelta(hours=8))
    assert (line.received, line.discrepancy, line.after) == (500, -20, 480)


def test_a_struck_row_counts_no_more_unless_others_stand_on_it(w: Writing) -> None:
    vial = w.vial()
    drawing = w.drawn(vial, "50")
    wrong = w.given(drawing, "40")
    with pytest.raises(ValueError, match="is of a drawing that is not there"):
        book.struck(w.ledger, drawing, "slip", witness="hale", at=w.at, author="okafor")
    w.write(book.struck(w.ledger, wrong, "slip", witness="hale", at=w.at, author="okafor"))
    assert w.ledger.drawings[drawing].given_mg == 0
    with pytest.raises(ValueError, match="no row"):
        book.struck(w.ledger, wrong, "slip", witness="hale", at=w.at, author="okafor")
    assert verify_chain(LEDGER, w.rows) == []


def test_the_turnover_of_two_shifts_meets(w: Writing) -> None:
    vial = w.vial()
    first = w.drawn(vial, "30")
    w.given(first, "30")
    border = w.at
    second = w.drawn(vial, "20")
    w.wasted(second, "20")
    (early,) = w.ledger.turnover(NOW, border)
    (late,) = w.ledger.turnover(border, w.at)
    assert early.after == late.before == Decimal(470)
    assert (late.drawn, late.wasted, late.given) == (20, 20, 0)
    assert late.after == w.ledger.vials[vial].left_mg


def test_a_session_keeps_the_row_by_its_number(w: Writing) -> None:
    drawing = w.drawn(w.vial(), "50")
    number = w.wasted(drawing, "15.8")
    draft = drug_event(w.rows[number - 1], w.ledger)
    assert draft.body["ledger_seq"] == number
    assert (draft.body["mg"], draft.body["lot"], draft.body["witness"]) == ("15.8", "L7", "hale")
    with pytest.raises(ValueError, match="keeps no row of this kind"):
        drug_event(w.rows[0], w.ledger)


_MG = st.integers(1, 60_000)
_ACTS = st.lists(
    st.tuples(
        st.sampled_from(["vial", "drawn", "given", "wasted", "counted", "struck"]),
        st.integers(0, 30),
        _MG,
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@over(_ACTS)
def test_no_sequence_of_entries_balances_falsely(acts: list[tuple[str, int, int, bool]]) -> None:
    """The oracle counts whole thousandths of a milligram and knows nothing of decimals."""
    w = Writing()
    vials: dict[int, int] = {}
    drawings: dict[int, list[int]] = {}
    undo: dict[int, Callable[[], object]] = {}
    for act, pick, micro, explained in acts:
        mg, why = f"{micro // 1000}.{micro % 1000:03d}", "told" if explained else ""
        try:
            if act == "vial":
                vials[w.vial("5", "2")] = 10_000
            elif act == "drawn" and vials:
                vial = list(vials)[pick % len(vials)]
                number = w.drawn(vial, mg)
                vials[vial] -= micro
                drawings[number] = [micro, 0, 0]
            elif act == "given" and drawings:
                drawing = list(drawings)[pick % len(drawings)]
                number = w.given(drawing, mg, why)
                drawings[drawing][1] += micro
                undo[number] = lambda d=drawing, m=micro: _take(drawings[d], 1, m)
            elif act == "wasted" and drawings:
                drawing = list(drawings)[pick % len(drawings)]
                number = w.wasted(drawing, mg)
                drawings[drawing][2] += micro
                undo[number] = lambda d=drawing, m=micro: _take(drawings[d], 2, m)
            elif act == "counted" and vials:
                vial = list(vials)[pick % len(vials)]
                draft = book.counted(
                    w.ledger, vial, mg, reason=why, witness="hale", at=w.at, author="okafor"
                )
                w.write(draft)
                vials[vial] = micro
            elif act == "struck" and undo:
                number = list(undo)[pick % len(undo)]
                w.write(
                    book.struck(w.ledger, number, "slip", witness="hale", at=w.at, author="okafor")
                )
                undo.pop(number)()
        except ValueError:
            continue
    found = w.ledger
    assert not found.faults
    assert {n: v.left_mg * 1000 for n, v in found.vials.items()} == vials
    assert found.balanced == all(abs(d - g - x) <= 50 for d, g, x in drawings.values())
    for number, (taken, used, thrown) in drawings.items():
        rest = taken - used - thrown
        expected = (
            Standing.OPEN if rest > 50 else Standing.OVER if rest < -50 else Standing.BALANCED
        )
        assert found.drawings[number].standing is expected
    (line,) = found.turnover(NOW, w.at + timedelta(days=1)) or (None,)
    assert line is None or line.after * 1000 == sum(vials.values())


def _take(sums: list[int], place: int, micro: int) -> None:
    sums[place] -= micro


def test_the_opening_of_a_vial_is_not_struck_from_under_what_was_drawn(w: Writing) -> None:
    vial = w.vial()
    w.drawn(vial, "34.2")
    with pytest.raises(ValueError, match="draws from vial 1, never opened"):
        book.struck(w.ledger, vial + 1, "slip", witness="lund", at=w.at, author="okafor")


def test_a_row_struck_in_a_later_shift_leaves_the_earlier_one_as_it_was_signed(w: Writing) -> None:
    vial = w.vial()
    wrong = w.drawn(vial, "50")
    border = w.at
    (signed,) = w.ledger.turnover(NOW, border)
    w.write(book.struck(w.ledger, wrong, "slip", witness="hale", at=w.at, author="okafor"))
    w.drawn(vial, "40")
    (early,) = w.ledger.turnover(NOW, border)
    (late,) = w.ledger.turnover(border, w.at)
    assert early == signed
    assert (late.before, late.drawn) == (450, -10)  # 50 taken back, 40 drawn
    assert late.after == w.ledger.vials[vial].left_mg


def test_a_vial_that_expired_while_it_stood_open_gives_nothing_without_a_reason(
    w: Writing,
) -> None:
    vial = w.vial(expiry=NOW.date())
    later = NOW + timedelta(days=1)
    with pytest.raises(ValueError, match="expired 2026-11-24: use another, or say why"):
        book.drawn(w.ledger, vial, "20", at=later, author="okafor")
    told = book.drawn(w.ledger, vial, "20", reason="the last one", at=later, author="okafor")
    assert told.body["reason"] == "the last one"

"""Numbers, days and times as typed: one reading everywhere, and never a guess."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import drafts, intake, typed
from ketamonitor.cli.common import positive
from ketamonitor.treatment import infusion, ledger, order

AT = datetime(2026, 11, 23, 14, tzinfo=UTC)

#: Every place where somebody types an amount, by its name.
PLACES: dict[str, Callable[[str], Any]] = {
    "weight, dose": lambda text: intake.amount(text, "dose", "mg"),
    "order": lambda text: order.number(text, "mg"),
    "drug ledger": lambda text: ledger.amount(text, "Given"),
    "command line": positive,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("text", "value"),
    [("34.2", 34.2), ("34,2", 34.2), (" 0,684 ", 0.684), (".5", 0.5), (",5", 0.5), ("1000", 1000)],
)
def test_a_number_is_read_alike_everywhere(place: str, text: str, value: float) -> None:
    assert float(PLACES[place](text)) == value


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "text", ["1,000", "34,125", "100,000", "1,000,000", "1.000,5", "1,000.5", "1 000", "1'000"]
)
def test_a_separator_of_thousands_is_never_read(place: str, text: str) -> None:
    with pytest.raises(Exception, match=r"two ways|number") as refused:
        PLACES[place](text)
    assert "\n" not in str(refused.value)


def test_a_number_that_can_be_read_two_ways_is_asked_about_with_both() -> None:
    with pytest.raises(ValueError, match=r"two ways: type 1000, or 1\.0 with a point"):
        intake.amount("1,000", "dose", "mg")
    with pytest.raises(ValueError, match=r"two ways: type 34125, or 34\.125 with a point"):
        ledger.amount("34,125", "Given")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "text",
    ["\u0661\u0662", "\uff11\uff12", "1e3", "1_0", "nan", "inf", "0x1", "34.2mg", "--1", "²"],
)
def test_only_ascii_digits_are_digits(place: str, text: str) -> None:
    with pytest.raises(Exception, match="number"):
        PLACES[place](text)


@given(st.decimals(Decimal("0.001"), Decimal(99999), places=3), st.sampled_from(".,"))
def test_what_is_read_is_what_was_typed_or_is_refused(value: Decimal, sign: str) -> None:
    text = str(value).replace(".", sign)
    if sign == "," and 1 <= value < 1000:
        # three places after a comma look like thousands, be they ever so right
        with pytest.raises(ValueError, match="two ways"):
            typed.number(text, "no")
    else:
        assert typed.number(text, "no") == value


@given(st.text(max_size=12))
def test_nothing_else_than_a_number_becomes_one(text: str) -> None:
    try:
        read = typed.number(text, "no")
    except ValueError:
        return
    assert read is None or all(c in "0123456789.,+-\N{MINUS SIGN}" for c in text.strip())


@pytest.mark.parametrize("text", ["2026-11-23", "23 Nov 2026", "23.11.2026", "23. 11. 2026"])
def test_a_day_is_read_alike_everywhere(text: str) -> None:
    assert typed.day(text, "no") == date(2026, 11, 23)
    assert intake.past_day(text, "On", today=date(2026, 11, 24)) == date(2026, 11, 23)
    assert typed.moment(f"{text} 19:05", "no", UTC) == datetime(2026, 11, 23, 19, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["23/11/2026", "2026-13-01", "\u0662\u0660\u0662\u0666-11-23", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no$|no such day"):
        typed.day(text, "no")


@pytest.mark.parametrize(("text", "told"), [("2027-08", "2027-08"), ("08/2027", "2027-08")])
def test_an_expiry_without_a_day_is_the_whole_month(text: str, told: str) -> None:
    assert typed.expiry(text, "no") == (date(2027, 8, 31), told)


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda t: drafts.dose("k", "im", 1, why=t, at=AT, author="a"), 2000),
        (lambda t: drafts.dose("k", "im", 1, note=t, at=AT, author="a"), 2000),
        (lambda t: drafts.dose("k", "im", 1, site=t, at=AT, author="a"), 40),
        (lambda t: drafts.infusion_start("k", "iv", 1, 40, why=t, at=AT, author="a"), 2000),
        (lambda t: drafts.infusion_change("pause", t, at=AT, author="a"), 2000),
        (lambda t: infusion.rate_change(1.0, t, at=AT, author="a"), 2000),
    ],
)
def test_text_is_kept_whole_or_refused_with_its_limit(make: Any, most: int) -> None:
    whole = "x" * most
    assert whole in str(make(whole).body)
    with pytest.raises(ValueError, match=f"longer than {most} characters"):
        make(whole + "x")

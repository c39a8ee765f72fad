"""The order: bad numbers first, then that its numbers agree, against an oracle of fractions."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.record import Record
from ketamonitor.treatment import order
from ketamonitor.treatment.plan import DosePlan
from tests.domain.builders import at, chained, protocol, started

PLAN = protocol().dose
WHOLE = {
    "mg": "34.2",
    "mg_per_kg": "0.5",
    "weight_kg": "68.4",
    "strength_mg_ml": "0.684",
    "volume_ml": "50",
    "rate_ml_h": "75",
    "minutes": "40",
}


def read(plan: DosePlan = PLAN, **typed: str) -> order.Order:
    return order.read(plan, typed, weight_basis="actual" if "weight_kg" in typed else "")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "Type the ordered dose in mg"),
        ({"mg": "0"}, "must be above 0 mg"),
        ({"mg": "-3"}, "must be above 0 mg"),
        ({"mg": "1e2"}, "must be a number in mg"),
        ({"mg": "nan"}, "must be a number in mg"),
        ({"mg": "5000"}, "at most 1000 mg"),
        ({"mg": "34.2", "strength_mg_ml": "x"}, "The strength must be a number in mg/mL"),
        ({"mg": "34.2", "devices": "1.5"}, "must be 1, 2 or 3"),
        ({"mg": "34.2", "devices": "4"}, "must be 1, 2 or 3"),
        ({**WHOLE, "mg": "37"}, "0.5 mg/kg × 68.4 kg is 34.2 mg, the order says 37"),
        ({**WHOLE, "volume_ml": "5"}, "34.2 mg at 0.684 mg/mL is 50 mL, the order says 5"),
        ({**WHOLE, "rate_ml_h": "750"}, "50 mL over 40 min is 75 mL/h, the order says 750"),
        (
            {"mg": "34.2", "strength_mg_ml": "0.684", "rate_ml_h": "50", "minutes": "40"},
            "50 mL over 40 min is 75 mL/h, the order says 50",
        ),
    ],
)
def test_an_order_that_cannot_be_is_answered_in_one_line(typed: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as caught:
        read(**typed)
    assert "\n" not in str(caught.value)


def test_a_weight_without_its_basis_is_asked_about() -> None:
    with pytest.raises(ValueError, match="which weight"):
        order.read(PLAN, {"mg": "34.2", "weight_kg": "68.4"})


def test_devices_are_whole_devices() -> None:
    plan = protocol("spravato-84").dose
    assert read(plan, mg="84", devices="3").devices == 3
    with pytest.raises(ValueError, match="2 devices are 56 mg, the order says 84"):
        read(plan, mg="84", devices="2")


def test_an_order_is_stored_as_it_was_typed_and_nothing_is_worked_out() -> None:
    made = order.draft(read(mg="34,20", minutes="40"), PLAN, reason="", at=at(5), author="okafor")
    assert made.body["mg"] == "34.20"
    assert made.body["minutes"] == 40
    for key in ("mg_per_kg", "weight_kg", "weight_basis", "strength_mg_ml", "volume_ml"):
        assert made.body[key] is None
    record = Record.of(chained([started(), made]))
    current = record.orders.current
    assert current is not None
    assert (current.mg, current.minutes, current.author) == (Decimal("34.20"), 40, "okafor")
    assert record.events[-1].text.startswith("Ordered ketamine (racemic) iv 34.20 mg")


def test_outside_the_protocols_range_needs_a_reason() -> None:
    plan = msgspec.structs.replace(PLAN, mg_per_kg_range=(0.3, 0.6), mg_range=(10.0, 60.0))
    beyond = read(plan, mg="68.4", mg_per_kg="1.0", weight_kg="68.4")
    assert len(order.outside(beyond, plan)) == 2
    with pytest.raises(ValueError, match="say why"):
        order.draft(beyond, plan, reason=" ", at=at(5), author="okafor")
    assert order.draft(beyond, plan, reason="asked back", at=at(5), author="o").body["reason"]


def test_a_weight_the_protocol_does_not_go_by_needs_a_reason() -> None:
    made = order.read(PLAN, {"mg": "34.2", "weight_kg": "68.4"}, weight_basis="ideal")
    assert order.outside(made, PLAN) == ["The protocol does not go by ideal weight"]


@given(st.integers(1, 2000), st.integers(250, 3500), st.integers(0, 3), st.integers(-40, 40))
def test_a_dose_per_kg_agrees_exactly_where_rounding_says_so(
    per_kg: int, weight: int, digits: int, off: int
) -> None:
    each, kg = Decimal(per_kg) / 1000, Decimal(weight) / 10
    unit = Decimal(1).scaleb(-digits)
    mg = (each * kg).quantize(unit) + off * unit
    if not 0 < mg <= 1000:
        return
    made = order.Order("k", "iv", "bolus", mg, each, kg)
    exact = Fraction(per_kg, 1000) * Fraction(weight, 10)
    exact_each = Fraction(mg) / Fraction(kg)
    shown_each = Fraction(each)
    rounded = abs(Fraction(mg) - exact) <= min(Fraction(1, 2 * 10**digits), exact / 50)
    each_digits = -int(each.as_tuple().exponent)
    other = abs(shown_each - exact_each) <= min(
        Fraction(1, 2 * 10 ** max(0, each_digits)), exact_each / 50
    )
    assert bool(order.disagreements(made)) is not (rounded or other)

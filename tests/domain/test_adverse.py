"""Adverse events: nothing is assumed, serious ones say why, a struck one is gone."""

from __future__ import annotations

from typing import Any

import pytest

from ketamonitor.entries import Draft
from ketamonitor.treatment.adverse import AdverseEvents, adverse, adverse_none
from tests.domain.builders import at, chained


def entered(
    what: str = "Nausea",
    serious: bool | None = False,
    criteria: tuple[str, ...] = (),
    outcome: str = "over",
    description: str = "",
) -> Draft:
    return adverse(what, serious, criteria, outcome, description, at=at(600), author="okafor")


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"what": " "}, "What happened is empty"),
        ({"serious": None}, "Say whether it is serious"),
        ({"serious": True, "description": "x"}, "Choose what makes it serious"),
        ({"criteria": ("hospital",)}, "goes with a serious one only"),
        ({"serious": True, "criteria": ("bad",)}, "Criterion must be one of death"),
        ({"serious": True, "criteria": ("hospital",)}, "Description of a serious event is empty"),
        ({"outcome": ""}, "Outcome must be one of over"),
        ({"outcome": "died"}, "Death as outcome and as criterion go together"),
        (
            {"serious": True, "criteria": ("death",), "description": "x"},
            "Death as outcome and as criterion go together",
        ),
        ({"description": "x" * 2001}, "longer than 2000 characters"),
    ],
)
def test_what_is_missing_or_does_not_agree_is_refused(changed: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line) as refused:
        entered(**changed)
    assert "\n" not in str(refused.value)


def test_an_event_is_folded_as_it_was_entered_and_a_struck_one_is_gone() -> None:
    first = entered()
    second = entered("Collapse", True, ("hospital", "hospital"), "getting_better", "Taken over")
    strike = Draft("correction", at(700), "okafor", {"of_seq": 1, "reason": "slip", "body": None})
    seen = AdverseEvents()
    entries = chained([first, second, strike])
    seen.add(entries[0])
    seen.add(entries[1])
    assert [event.what for event in seen.events] == ["Nausea", "Collapse"]
    seen.add(entries[2])
    (event,) = seen.events
    assert (event.serious, event.criteria, event.outcome) == (True, ("hospital",), "getting_better")
    assert (event.at, event.by, event.description) == (at(600), "okafor", "Taken over")
    assert entries[1].body["text"] == "Serious adverse event: Collapse, getting better"


def folded(*acts: Draft) -> AdverseEvents:
    seen = AdverseEvents()
    for entry in chained(acts):
        seen.add(entry)
    return seen


def none_said(minute: float = 20) -> Draft:
    return adverse_none(AdverseEvents(), at=at(minute * 60), author="okafor")


def test_none_is_refused_beside_a_serious_event_and_not_beside_another() -> None:
    serious = entered("Collapse", True, ("hospital",), "over", "Taken over")
    with pytest.raises(ValueError, match="A serious adverse event is recorded: Collapse"):
        adverse_none(folded(serious), at=at(700), author="okafor")
    said = adverse_none(folded(entered()), at=at(700), author="okafor")
    assert said.body == {"event": "adverse_none", "text": "No serious adverse event"}


def test_nobody_has_said_none_by_saying_nothing() -> None:
    assert folded().none_said is None
    assert folded(entered()).none_said is None


def test_an_event_that_is_entered_later_takes_it_back_until_it_is_said_anew() -> None:
    assert folded(none_said()).none_said is not None
    assert folded(none_said(), entered()).none_said is None  # though the event was earlier
    again = folded(none_said(), entered(), none_said(30)).none_said
    assert again is not None
    assert (again.at, again.by) == (at(1800), "okafor")


def test_a_struck_none_is_none_no_more_and_a_struck_event_takes_nothing_back() -> None:
    def strike(seq: int) -> Draft:
        body = {"of_seq": seq, "reason": "slip", "body": None}
        return Draft("correction", at(2000), "okafor", body)

    assert folded(none_said(), strike(1)).none_said is None
    assert folded(none_said(), entered(), strike(2)).none_said is not None


def test_a_serious_event_of_a_damaged_order_of_entries_is_stronger_than_none() -> None:
    serious = entered("Collapse", True, ("hospital",), "over", "Taken over")
    assert folded(serious, none_said()).none_said is None

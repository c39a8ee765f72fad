"""Adverse events: nothing is assumed, serious ones say why, a struck one is gone."""

from __future__ import annotations

from typing import Any

import pytest

from ketamonitor.entries import Draft
from ketamonitor.treatment.adverse import AdverseEvents, adverse
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

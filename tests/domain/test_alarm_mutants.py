"""The tests of alarm faults bite: each fails on a variant of ours that has its fault."""

from __future__ import annotations

import pytest

from tests.domain import test_alarm_faults as faults
from tests.domain.alarm_mutants import ROWS, Mutant, Scenario


@pytest.mark.parametrize(
    ("scenario", "mutant"), ROWS, ids=[f"{s.__name__[5:17]} {m.name}" for s, m in ROWS]
)
def test_a_faulty_variant_is_caught(scenario: Scenario, mutant: Mutant) -> None:
    with mutant.in_place(), pytest.raises(mutant.fails):
        scenario(mutant.argument)


def test_every_fault_has_a_variant_that_shows_its_test_to_bite() -> None:
    named = {name for name in vars(faults) if name.startswith("test_fault_")}
    assert {scenario.__name__ for scenario, _ in ROWS} == named
    assert len({mutant.name for _, mutant in ROWS}) == len(ROWS)


def test_every_fault_is_told_in_words() -> None:
    untold = [
        name
        for name, found in vars(faults).items()
        if name.startswith("test_fault_") and not found.__doc__
    ]
    assert untold == []

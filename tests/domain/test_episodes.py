"""Onset and resolution as the answers have them: direction-aware, and never from a missing one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor.course import AnswerPoint
from ketamonitor.entries import Draft
from ketamonitor.treatment.episodes import SETTLED, Episodes, episode, proposed
from tests.domain.builders import at, chained


def seen(minute: float, value: int | None, instrument: str = "moaas", seq: int = 1) -> AnswerPoint:
    status = "answered" if value is not None else "not_assessed"
    when = at(minute * 60)
    return AnswerPoint(seq, when, when, "okafor", instrument, status, value, False)


def moaas(*pairs: tuple[float, int | None]) -> list[AnswerPoint]:
    return [seen(minute, value, seq=n) for n, (minute, value) in enumerate(pairs, 1)]


@pytest.mark.parametrize(
    ("pairs", "onset", "worst", "over"),
    [
        ([(10, 5), (20, 5)], None, None, None),
        ([(10, 5), (20, 4), (30, 3), (60, 5), (70, 5)], 20, 3, 60),
        ([(20, 4), (60, 5)], 20, 4, None),  # one good answer is no end
        ([(20, 4), (60, 5), (64, 5)], 20, 4, None),  # too near each other
        ([(20, 4), (60, 5), (70, 5), (80, 4)], 20, 4, None),  # it came again
        ([(20, 4), (60, 5), (65, None), (70, 5)], 20, 4, 60),
        ([(-5, 3), (20, 5), (40, 5)], None, None, None),  # before the dose
        ([(20, None)], None, None, None),
    ],
)
def test_sedation(
    pairs: list[tuple[float, int | None]],
    onset: float | None,
    worst: int | None,
    over: float | None,
) -> None:
    found = proposed(moaas(*pairs), "moaas", at(0))
    assert found.onset_at == (None if onset is None else at(onset * 60))
    assert found.worst == worst
    assert found.resolved_at == (None if over is None else at(over * 60))


def test_dissociation_is_worse_upwards() -> None:
    answers = [
        seen(minute, value, "dissociation", seq)
        for seq, (minute, value) in enumerate([(10, 0), (20, 6), (40, 8), (60, 0), (90, 0)], 1)
    ]
    found = proposed(answers, "dissociation", at(0))
    assert (found.onset_at, found.worst, found.resolved_at) == (at(1200), 8, at(3600))
    assert found.text == "From 14:20, worst 8, over 15:00"


def test_words_for_nothing_known_and_for_none() -> None:
    assert "nothing can be worked out" in proposed([], "moaas", at(0)).text
    assert "nothing can be worked out" in proposed(moaas((10, 3)), "moaas", None).text
    assert proposed(moaas((10, 5)), "moaas", at(0)).text == "None by 1 answer"


def test_a_struck_answer_begins_nothing() -> None:
    (point,) = moaas((10, 3))
    assert proposed([replace(point, struck=True)], "moaas", at(0)).onset_at is None


def test_a_scale_that_is_bad_at_both_ends_is_worst_furthest_from_well() -> None:
    with pytest.raises(ValueError, match="names no value of somebody who is well"):
        proposed([], "breaths", at(0))
    seen = [
        AnswerPoint(n, at(60 * n), at(60 * n), "okafor", "rass", "answered", value, False)
        for n, value in enumerate((0, -2, 3, -3, 0, 0, 0, 0, 0, 0))
    ]
    found = proposed(seen, "rass", at(0))
    assert (found.onset_at, found.worst, found.resolved_at) == (at(60), -3, at(240))


@given(
    st.lists(
        st.tuples(st.integers(0, 120), st.one_of(st.none(), st.integers(0, 5))),
        unique_by=lambda pair: pair[0],
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_order_does_not_matter_and_an_end_has_nothing_worse_after_it(  # type: ignore[no-untyped-def]
    pairs: list[tuple[int, int | None]], chance
) -> None:
    answers = moaas(*pairs)
    found = proposed(answers, "moaas", at(0))
    chance.shuffle(answers)
    assert proposed(answers, "moaas", at(0)) == found
    if found.resolved_at is not None:
        assert found.onset_at is not None
        assert found.onset_at < found.resolved_at
        later = [a for a in answers if a.at >= found.resolved_at and a.value is not None]
        assert {a.value for a in later} == {5}
        assert max(a.at for a in later) - found.resolved_at >= SETTLED
    assert (found.onset_at is None) is all(value in (None, 5) for _, value in pairs)


def confirmed(**said: Any) -> Draft:
    return episode("sedation", **said, at=at(7200), author="okafor")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"none": True, "worst": "3"}, "none has no times"),
        ({"none": True, "medicine": False}, "none needs no medicine"),
        ({"medicine": False}, "type when it began, or choose none"),
        ({"onset_at": at(600)}, "say whether medicine was given for it"),
        ({"onset_at": at(600), "resolved_at": at(60), "medicine": False}, "is before"),
        ({"onset_at": at(9000), "medicine": True}, "is still to come"),
        ({"onset_at": at(600), "worst": "x" * 61, "medicine": True}, "longer than 60"),
    ],
)
def test_what_a_person_has_not_said_is_refused(said: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        confirmed(**said)


def test_a_confirmation_keeps_medicine_and_an_older_one_has_none() -> None:
    draft = confirmed(onset_at=at(600), resolved_at=at(4800), medicine=True)
    old = replace(draft, body={k: v for k, v in draft.body.items() if k != "medicine"})
    for said, medicine in ((draft, True), (old, None)):
        seen = Episodes()
        seen.add(chained([said])[0])
        one = seen.confirmed["sedation"]
        assert (one.none, one.resolved_at, one.medicine) == (False, at(4800), medicine)

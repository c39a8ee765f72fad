"""Respiratory depression as the record has it: by the protocol's own lower limits, never by a
value that was struck, of before the dose, or of a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import drafts
from ketamonitor.course import AnswerPoint, Series
from ketamonitor.entries import Draft
from ketamonitor.instruments import AnswerStatus
from ketamonitor.record import Record
from ketamonitor.treatment.breathing import Breathing, breathing, breathing_of, mildest_lower
from ketamonitor.treatment.episodes import LONGEST_WORST, SETTLED
from tests.domain.builders import at, chained, protocol, reading, started

LIMITS = protocol("spravato-56").limit


def counts(*pairs: tuple[float, int | None]) -> list[AnswerPoint]:
    return [
        AnswerPoint(
            *(n, at(minute * 60), at(minute * 60), "okafor", "breaths"),
            *("answered" if value is not None else "not_assessed", value, False),
        )
        for n, (minute, value) in enumerate(pairs, 1)
    ]


def watched(*parts: tuple[float, float, float | None]) -> Series:
    """``(from, until, value)`` in minutes, one value each 5 s."""
    made = Series()
    for start, end, value in parts:
        for second in range(round(start * 60), round(end * 60), 5):
            made.add(at(second), value)
    return made


def found(answers: Iterable[AnswerPoint] = (), **series: Series) -> Breathing:
    return breathing(answers, series, LIMITS, at(0))


def minute(moment: object) -> float | None:
    return None if moment is None else (moment - at(0)).total_seconds() / 60  # type: ignore[operator, no-any-return]


def test_the_mildest_lower_limits_of_the_protocol_count_and_no_upper_one() -> None:
    assert {key: row.id for key, row in mildest_lower(LIMITS).items()} == {
        "breaths": "breaths<10",
        "rr": "rr<10",
        "spo2": "spo2<92",
        "spo2_read": "spo2_read<92",
    }


@pytest.mark.parametrize(
    ("pairs", "onset", "worst", "over"),
    [
        ([(10, 14), (20, 10)], None, None, None),
        ([(10, 14), (20, 9), (30, 7), (60, 12), (70, 14)], 20, 7, 60),
        ([(20, 9), (60, 12)], 20, 9, None),  # one good count is no end
        ([(20, 9), (60, 12), (70, 12), (80, 9)], 20, 9, None),  # it came again
        ([(-5, 6), (20, 14)], None, None, None),  # before the dose
        ([(20, None), (30, 14)], None, None, None),
    ],
)
def test_counted_breaths(
    pairs: list[tuple[float, int | None]],
    onset: float | None,
    worst: float | None,
    over: float | None,
) -> None:
    seen = found(counts(*pairs))
    assert minute(seen.onset_at) == onset
    assert minute(seen.resolved_at) == over
    assert seen.worst_words == ("" if worst is None else f"counted breaths {worst}")


@pytest.mark.parametrize(
    ("parts", "onset", "over"),
    [
        ([(0, 30, 97)], None, None),
        ([(0, 10, 97), (10, 12, 89), (12, 30, 96)], 10, 12),
        ([(0, 10, 97), (10, 10.1, 80), (10.2, 30, 96)], None, None),  # a moment of a cold finger
        ([(0, 10, 97), (10, 12, 89), (12, 16, 96)], 10, None),  # well for 4 min only
        ([(0, 10, 97), (10, 12, 89), (12, 30, 92)], 10, None),  # at the limit, not clear of it
        ([(0, 10, 97), (10, 12, 89), (12, 30, None)], 10, None),  # silence is no recovery
        ([(-5, 0, 85), (0, 20, 97)], None, None),  # before the dose
        ([(0, 10, 97), (10, 12, 89), (12, 20, 97), (20, 21, 90), (21, 30, 97)], 10, 21),
    ],
)
def test_oxygen(
    parts: list[tuple[float, float, float | None]], onset: float | None, over: float | None
) -> None:
    seen = found(spo2=watched(*parts))
    assert minute(seen.onset_at) == onset
    assert minute(seen.resolved_at) == over


def test_it_begins_with_the_first_and_is_over_with_the_last_of_them() -> None:
    low = watched((0, 10, 97), (10, 12, 89), (12, 60, 97))
    seen = found(counts((15, 8), (30, 12), (40, 12)), spo2=low)
    assert seen.text == "From 14:10, worst counted breaths 8, SpO₂ 89, over 14:30"
    assert found(counts((15, 8)), spo2=low).text.endswith("not over")
    rate = watched((0, 20, 9), (20, 60, 14))
    worst = found(counts((15, 8)), spo2=low, rr=rate).worst_words
    assert worst == "counted breaths 8, breathing rate 9, SpO₂ 89"
    assert len(worst) <= LONGEST_WORST


def test_none_says_by_what_and_a_short_dip_is_not_hidden() -> None:
    good = watched((0, 118, 97), (118, 118.1, 97))
    assert found(counts((10, 14), (20, 12)), spo2=good).text == (
        "None by 2 breaths counts, SpO₂ never below 92 in 118 min"
    )
    assert found(counts((10, 14))).text == "None by 1 breaths count"
    dip = watched((0, 10, 97), (10, 10.1, 88), (10.1, 30, 97))
    assert found(spo2=dip).text == "None: SpO₂ below 92 only for moments, lowest 88"


def test_where_nothing_is_recorded_nothing_is_worked_out() -> None:
    for nothing in (
        found(),
        found(counts((10, None))),
        found(spo2=watched((0, 10, None))),
        breathing(counts((10, 5)), {}, LIMITS, None),
    ):
        assert not nothing.known
        assert "nothing can be worked out" in nothing.text
    unlimited = breathing(counts((10, 5)), {}, [], at(0))
    assert not unlimited.known
    assert "no lower limit" in unlimited.text


def test_a_struck_count_begins_nothing() -> None:
    (low, good) = counts((10, 6), (20, 14))
    assert found([replace(low, struck=True), good]).onset_at is None


def test_a_session_whose_own_limit_was_moved_is_still_judged_by_the_protocol() -> None:
    given = drafts.dose("esketamine", "nasal", 28, weight_kg=68, device_no=1, at=at(0), author="ok")
    moved = {
        **{"event": "limit_changed", "id": "spo2<92", "priority": "medium", "metric": "spo2"},
        **{"value": None, "was": 92, "reason": "cold hands", "text": "SpO₂ limit off"},
    }
    low = [reading(60 + n, {"spo2": 85}) for n in range(0, 60, 5)]
    counted = drafts.observation("breaths", AnswerStatus.ANSWERED, 14, at=at(200), author="ok")
    acts = [started(protocol("spravato-56")), given, Draft("alarm", at(1), "ok", moved), *low]
    seen = breathing_of(Record.of(chained([*acts, counted])))
    assert seen.text == "From 14:01, worst SpO₂ 85, not over"


def test_a_monitor_that_sends_once_a_minute_is_judged_too() -> None:
    slow = Series()
    for n, value in enumerate([97, 97, 88, 97, 97, 97, 97, 97, 97, 97]):
        slow.add(at(n * 60), value)
    seen = found(spo2=slow)
    assert (minute(seen.onset_at), minute(seen.resolved_at)) == (2, 3)


def test_a_limit_of_so_many_readings() -> None:
    rows = [msgspec.structs.replace(r, for_s=0, for_readings=2) for r in LIMITS if r.id == "rr<10"]
    one, two = watched((0, 1 / 12, 9), (1, 9, 14)), watched((0, 1 / 6, 9), (1, 9, 14))
    assert breathing([], {"rr": one}, rows, at(0)).onset_at is None
    assert breathing([], {"rr": two}, rows, at(0)).onset_at == at(0)


_COUNTS = st.lists(
    st.tuples(st.integers(0, 120), st.one_of(st.none(), st.integers(4, 20))),
    unique_by=lambda pair: pair[0],
    max_size=8,
)
_VALUES = st.lists(st.one_of(st.none(), st.integers(84, 99)), max_size=60)


@given(_COUNTS, _VALUES, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_an_end_has_nothing_low_after_it(  # type: ignore[no-untyped-def]
    pairs: list[tuple[int, int | None]], values: list[int | None], chance
) -> None:
    answers, oxygen = counts(*pairs), Series()
    for n, value in enumerate(values):
        oxygen.add(at(n * 20), value)
    seen = found(answers, spo2=oxygen)
    chance.shuffle(answers)
    assert found(answers, spo2=oxygen) == seen
    counted = [value for _, value in pairs if value is not None]
    assert seen.known is bool(counted or [v for v in values if v is not None])
    if any(value < 10 for value in counted):
        assert seen.onset_at is not None
    if all(v is None or v >= 92 for v in values) and all(value >= 10 for value in counted):
        assert seen.onset_at is None
    if seen.resolved_at is not None:
        assert seen.onset_at is not None
        assert seen.onset_at < seen.resolved_at
        late = [a for a in answers if a.at >= seen.resolved_at and a.value is not None]
        assert all(a.value is not None and a.value >= 10 for a in late)
        for course in seen.low:
            assert course.resolved_at is not None
            assert course.resolved_at <= seen.resolved_at
        last = max(
            *(a.at for a in answers if a.value is not None),
            *(t for t, v in zip(oxygen.times, oxygen.values, strict=True) if v is not None),
            at(0),
            at(0),
        )
        assert last - min(c.resolved_at for c in seen.low if c.resolved_at) >= SETTLED

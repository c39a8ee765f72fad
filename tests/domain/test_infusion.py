"""An infusion in stretches: exact, whatever the order in which its changes were entered."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.report.course import ledger
from ketamonitor.report.frame import Frame
from ketamonitor.session import LiveSession
from ketamonitor.treatment.estimate import Estimate, estimate
from ketamonitor.treatment.gates import gate_of
from ketamonitor.treatment.infusion import exact, mg_per_min, rate_change
from tests.domain.builders import at, chained, protocol, started

NURSE = "okafor"
START_S = 60.0


def start(mg: float = 34.2, minutes: float = 40, strength: str | None = "0.684") -> Draft:
    return drafts.infusion_start(
        "ketamine (racemic)",
        "iv",
        mg,
        minutes,
        weight_kg=68.4,
        strength_mg_ml=strength,
        rate_ml_h="75" if strength else None,
        at=at(START_S),
        author=NURSE,
    )


def change(action: str, minute: float, rate: float | None = None) -> Draft:
    moment = at(START_S + minute * 60)
    if rate is not None:
        return rate_change(rate, "asked", at=moment, author=NURSE)
    return drafts.infusion_change(action, "asked", at=moment, author=NURSE)


def record(*acts: Draft) -> Record:
    return Record.of(chained([started(protocol()), start(), *acts]))


@pytest.mark.parametrize(
    ("rate", "ml_h", "reason", "says"),
    [
        (0, None, "asked", "above 0"),
        (-1, None, "asked", "above 0"),
        (101, None, "asked", "at most 100 mg/min"),
        (float("nan"), None, "asked", "above 0"),
        (0.4, "0", "asked", "above 0"),
        (0.4, "1201", "asked", "at most 1200 mL/h"),
        (0.4, None, "  ", "Say why"),
    ],
)
def test_a_rate_that_cannot_be_is_refused_in_one_line(
    rate: float, ml_h: str | None, reason: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        rate_change(rate, reason, rate_ml_h=ml_h, at=at(0), author=NURSE)


def test_the_pumps_figure_belongs_to_a_stop() -> None:
    with pytest.raises(ValueError, match="at its stop"):
        drafts.infusion_change("pause", "asked", given_mg="3", at=at(0), author=NURSE)


def test_a_new_rate_moves_the_planned_end_and_not_what_was_given() -> None:
    made = record(change("rate", 20, rate=0.4275))
    (infusion,) = made.infusions
    now = at(START_S + 30 * 60)
    assert infusion.given(now) == Fraction(171, 10) + Fraction(4275, 1000)
    assert infusion.given_ml(now) == pytest.approx(31.25)
    assert infusion.ends_at(now) == at(START_S + 60 * 60)
    assert infusion.mg_per_min == 0.4275
    assert infusion.rate_ml_h is None  # it was typed in mg/min
    assert infusion.given_mg(at(START_S + 300 * 60)) == 34.2


def test_a_rate_set_during_a_pause_holds_from_the_resumption() -> None:
    made = record(change("pause", 10), change("rate", 12, rate=1.71), change("resume", 20))
    (infusion,) = made.infusions
    assert infusion.given_mg(at(START_S + 15 * 60)) == 8.55
    assert infusion.ends_at(at(START_S + 21 * 60)) == at(START_S + 35 * 60)


def test_the_rate_of_a_paused_one_is_what_it_would_go_on_with() -> None:
    (infusion,) = record(change("pause", 10), change("rate", 12, rate=0.4)).infusions
    assert (infusion.state, infusion.mg_per_min) == ("paused", 0.4)
    (infusion,) = record(change("rate", 5, rate=1.2), change("pause", 10)).infusions
    assert infusion.mg_per_min == 1.2


@pytest.mark.parametrize("wrong", ["", "0", "-1", "abc", "1e400", "nan"])
def test_a_strength_or_rate_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="strength"):
        start(strength=wrong)
    with pytest.raises(ValueError, match="rate"):
        drafts.infusion_start("ketamine", "iv", 34.2, 40, rate_ml_h=wrong, at=at(0), author=NURSE)


def test_a_pause_entered_late_counts_from_when_it_was() -> None:
    late = record(change("stop", 30), change("resume", 20), change("pause", 10))
    usual = record(change("pause", 10), change("resume", 20), change("stop", 30))
    now = at(START_S + 7200)
    assert late.infusions[0].given(now) == usual.infusions[0].given(now) == Fraction(171, 10)
    assert late.infusions[0].segments == usual.infusions[0].segments


def test_a_struck_change_is_as_if_it_had_never_been() -> None:
    entries = [started(protocol()), start(), change("pause", 10)]
    struck = Draft(
        "correction", at(5000), NURSE, {"of_seq": 3, "reason": "wrong chair", "body": None}
    )
    made = Record.of(chained([*entries, struck]))
    assert made.infusions[0].given_mg(at(START_S + 1200)) == 17.1
    gone = Draft("correction", at(5000), NURSE, {"of_seq": 2, "reason": "never ran", "body": None})
    made = Record.of(chained([*entries, gone]))
    assert made.infusions == []
    assert made.first_dose_at is None
    assert made.total_mg(at(6000)) == 0


def test_the_estimate_follows_a_new_rate() -> None:
    def course(*acts: Draft) -> Estimate:
        plan = msgspec.structs.replace(protocol(), estimate="domino")
        made = Record.of(chained([started(plan), start(), *acts]))
        found = estimate(made, at(START_S + 2400))
        assert isinstance(found, Estimate)
        return found

    plain, slower = course(), course(change("rate", 20, rate=0.4275))
    assert slower.middle[-1] < plain.middle[-1]
    same = course(change("rate", 20, rate=0.855))
    assert same.middle[-1] == pytest.approx(plain.middle[-1], rel=1e-6)


def test_an_infusion_of_an_older_record_goes_on_folding() -> None:
    old = start()
    body = {k: v for k, v in old.body.items() if k not in ("strength_mg_ml", "rate_ml_h")}
    made = Record.of(chained([started(), Draft("infusion", old.at, NURSE, body)]))
    (infusion,) = made.infusions
    assert infusion.given_mg(at(START_S + 1200)) == 17.1
    assert (infusion.rate_ml_h, infusion.given_ml(at(9999))) == (None, None)


def test_the_rate_of_a_pump_is_exact() -> None:
    assert mg_per_min("37.5", "0.684") == Fraction(4275, 10000)
    assert exact(34.2) == Fraction(342, 10)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(("pause", "resume", "stop", "rate")),
        st.integers(0, 3600),
        st.integers(1, 3000),
    ),
    max_size=8,
)


@given(ACTS, st.randoms(use_true_random=False), st.integers(0, 7200))
def test_no_order_of_entry_changes_the_sum_and_it_never_exceeds_plan_or_rate(
    acts: list[tuple[str, int, int]], shuffled: object, seconds: int
) -> None:
    """Against an oracle that steps through every second."""
    acts = list({second: (action, second, rate) for action, second, rate in acts}.values())
    made = [change(a, s / 60, r / 1000 if a == "rate" else None) for a, s, r in acts]
    now = at(START_S + seconds)
    one = record(*sorted(made, key=lambda draft: draft.at)).infusions[0]
    entered = list(made)
    shuffled.shuffle(entered)  # type: ignore[attr-defined]
    other = record(*entered).infusions[0]
    assert other.given(now) == one.given(now)
    assert other.ends_at(now) == one.ends_at(now)
    assert (other.state, other.stopped_at) == (one.state, one.stopped_at)

    left, rate, paused, stopped = Fraction(342, 10), Fraction(855, 1000), False, False
    by_second = {second: (action, Fraction(r, 1000)) for action, second, r in acts}
    for second in range(seconds):
        action, new = by_second.get(second, ("", rate))
        stopped = stopped or action == "stop"
        if action == "rate" and not stopped:
            rate = new
        elif action in ("pause", "resume"):
            paused = action == "pause"
        if not (paused or stopped):
            left -= min(left, rate / 60)
    assert one.given(now) == Fraction(342, 10) - left
    assert one.given(now) <= one.planned
    ends = one.ends_at(now)
    if ends is not None:
        assert one.given(ends + timedelta(microseconds=1)) == one.planned


# Several infusions --------------------------------------------------------------------------------


def begun(t_s: float, mg: float = 34.2) -> Draft:
    return drafts.infusion_start("ketamine", "iv", mg, 40, at=at(t_s), author="okafor")


def changed(action: str, t_s: float) -> Draft:
    return drafts.infusion_change(action, "asked", at=at(t_s), author="okafor")


def struck(seq: int) -> Draft:
    body = {"of_seq": seq, "reason": "twice", "body": None}
    return Draft("correction", at(9000), "okafor", body)


def test_an_infusion_entered_late_takes_no_stop_from_the_one_that_ran() -> None:
    made = Record.of(
        chained(
            [started(), begun(3600), begun(0, 20), changed("stop", 3000), changed("stop", 5000)]
        )
    )
    assert [i.planned_mg for i in made.infusions] == [20, 34.2]
    assert [i.stopped_at for i in made.infusions] == [at(3000), at(5000)]
    found = gate_of(made, at(9000))
    assert found is not None
    assert found.open


def test_a_start_entered_twice_and_struck_out_leaves_its_pause_and_stop_to_the_other() -> None:
    once = Record.of(chained([started(), begun(0), changed("pause", 600), changed("stop", 700)]))
    twice = Record.of(
        chained(
            [started(), begun(0), begun(5), changed("pause", 600), changed("stop", 700), struck(3)]
        )
    )
    assert [i.state for i in twice.infusions] == ["stopped"]
    assert twice.total_mg(at(9000)) == once.total_mg(at(9000))
    assert [i.started_at for i in twice.struck_infusions] == [at(5)]


def test_the_infusion_that_runs_is_the_one_that_is_shown() -> None:
    entries = chained([started(), begun(0), begun(60, 20), changed("stop", 120)])
    live = LiveSession(entries[0])
    for entry in entries[1:]:
        live.apply(entry)
    shown = live.view(at(300), saved_at=None, unsaved=0, record_fault="").infusion
    assert shown is not None
    assert (shown.state, shown.planned_mg) == ("running", 34.2)


def test_a_rate_set_in_a_pause_stands_in_the_printed_ledger_with_its_reason() -> None:
    slower = rate_change(0.5, "BP rise", at=at(700), author="okafor")
    made = Record.of(
        chained([started(), begun(0), changed("pause", 600), slower, changed("resume", 900)])
    )
    rows = ledger(made, Frame.of(made))
    assert [row[1:4] for row in rows if "in the pause" in row[1]] == [
        ["Infusion rate changed to 0.5 mg/min in the pause", "BP rise", "0"]
    ]

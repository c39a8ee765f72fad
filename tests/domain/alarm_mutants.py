"""Managers and conditions that are wrong on purpose: each has a fault that a named test must catch.

Kept in the tests alone. A mutant is a manager class, or a pure function put in place of ours for as
long as a test runs, or both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ketamonitor import session, vitals, words
from ketamonitor.alarms import audible, conditions, limits, order, technical
from ketamonitor.alarms import manager as managing
from ketamonitor.alarms.limits import Run
from ketamonitor.alarms.manager import AlarmManager
from ketamonitor.alarms.situation import Situation
from ketamonitor.entries import Draft, Entry
from ketamonitor.inbox import Written
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.recorder import Recorder
from ketamonitor.signals.settings import SoundSettings
from ketamonitor.view import ActiveAlarm, AudioPause
from ketamonitor.vitals import Vitals
from tests.domain import test_alarm_faults as faults
from tests.domain.alarm_course import Manager

Patch = tuple[object, str, object]


@dataclass(frozen=True)
class Mutant:
    """``argument`` is what the named test is given; ``patches`` are put in place meanwhile."""

    name: str
    argument: Any = AlarmManager
    patches: Sequence[Patch] = ()
    fails: tuple[type[BaseException], ...] = (AssertionError,)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for target, name, wrong in self.patches:
                patch.setattr(target, name, wrong)
            yield


# Acknowledging ------------------------------------------------------------------------------------


class SnoozedIsNotLookedAt(AlarmManager):
    """The check returns early while an alarm is acknowledged."""

    def _worse(self, alarm: ActiveAlarm, *rest: Any) -> Any:
        return super()._worse(alarm, *rest) if alarm.signals else None


class AcknowledgedForGood(AlarmManager):
    """The acknowledgement survives the escalation."""

    def _again(self, entry: Entry, body: Mapping[str, Any]) -> None:
        before = self.active.get(body["id"])
        super()._again(entry, body)
        if before is not None:
            self.active[before.id] = replace(
                self.active[before.id],
                acknowledged_at=before.acknowledged_at,
                acknowledged_by=before.acknowledged_by,
            )


class AnyOccurrence(AlarmManager):
    """An acknowledgement counts for whatever has that id when it comes."""

    def _same_occurrence(self, alarm: ActiveAlarm, body: Mapping[str, Any]) -> bool:
        return True


class MarksLeftOver(AlarmManager):
    """Acknowledgements are marks in a list: each is used up by an end, two leave one behind."""

    def __init__(self, protocol: TreatmentProtocol) -> None:
        super().__init__(protocol)
        self.marks: list[str] = []

    def _acknowledged(self, entry: Entry, body: Mapping[str, Any]) -> None:
        super()._acknowledged(entry, body)
        self.marks.append(body["id"])

    def _cleared(self, entry: Entry, body: Mapping[str, Any]) -> None:
        super()._cleared(entry, body)
        if body["id"] in self.marks:
            self.marks.remove(body["id"])

    def _raised(self, entry: Entry, body: Mapping[str, Any]) -> None:
        super()._raised(entry, body)
        if body["id"] in self.marks:
            self.active[body["id"]] = replace(
                self.active[body["id"]], acknowledged_at=entry.at, acknowledged_by="program"
            )


class LatchedMarkCountsForTheNext(MarksLeftOver):
    """What was acknowledged when it was over is taken as seen when it comes again."""

    def _cleared(self, entry: Entry, body: Mapping[str, Any]) -> None:
        AlarmManager._cleared(self, entry, body)


class OneAtATime(AlarmManager):
    """The next acknowledgement frees the last one."""

    def _acknowledged(self, entry: Entry, body: Mapping[str, Any]) -> None:
        for key, alarm in self.active.items():
            self.active[key] = replace(alarm, acknowledged_at=None, acknowledged_by=None)
        super()._acknowledged(entry, body)


class AcknowledgedIsGone(AlarmManager):
    """An alarm leaves the screen when it is acknowledged."""

    def _acknowledged(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self.active.pop(body["id"], None)


class NeverReminds(AlarmManager):
    """What is acknowledged is forgotten."""

    def _remind(self, alarm: ActiveAlarm, now_so: ActiveAlarm, situation: Situation) -> Any:
        return None


class NeverEscalatesByTime(AlarmManager):
    """Nobody has seen it, and nothing happens."""

    def _worse(self, alarm: ActiveAlarm, *rest: Any) -> Any:
        found = super()._worse(alarm, *rest)
        return None if found and found[2] == "not acknowledged" else found


class TechnicalStaysMedium(AlarmManager):
    """Only physiological alarms escalate."""

    def _worse(self, alarm: ActiveAlarm, *rest: Any) -> Any:
        found = super()._worse(alarm, *rest)
        return None if alarm.type == "technical" else found


# Latching -----------------------------------------------------------------------------------------


class NeverLatches(AlarmManager):
    def _latches(self, alarm: ActiveAlarm) -> bool:
        return False


class LatchedIsKnownAlready(AlarmManager):
    """An alarm that stands there latched is not raised again when it holds again."""

    def changes(self, situation: Situation) -> list[Draft]:
        latched = {key for key, alarm in self.active.items() if alarm.ended_at is not None}
        return [
            draft
            for draft in super().changes(situation)
            if draft.body.get("id") not in latched or draft.body["event"] == "acknowledged"
        ]


class InterruptionSweeps(AlarmManager):
    """A planned interruption clears what is latched, too."""

    def _ended(self, alarm: ActiveAlarm, now: datetime, *, expected: bool) -> list[Draft]:
        return super()._ended(replace(alarm, ended_at=None), now, expected=expected)


def _milder_covers_latched(group: Iterable[ActiveAlarm]) -> ActiveAlarm:
    return order.worst_first(group)[0]


# Pauses -------------------------------------------------------------------------------------------


class PauseWithoutEnd(AlarmManager):
    def _audio_paused(self, entry: Entry, body: Mapping[str, Any]) -> None:
        super()._audio_paused(entry, {**body, "until": None})


class PauseByNobody(AlarmManager):
    def _audio_paused(self, entry: Entry, body: Mapping[str, Any]) -> None:
        self.audio_pause = AudioPause(entry.at, managing._time(body["until"]), "")


class SoundsUnderThePause(AlarmManager):
    """The new alarm sounds, and the screen goes on saying that the audio is paused."""

    def _break_pause(self, loud: list[ActiveAlarm], situation: Situation) -> list[Draft]:
        return []


class PauseLooksAtNewOnesOnly(AlarmManager):
    """What began while the pause was on its way is not looked at."""

    def _after_pause(self, alarm: ActiveAlarm) -> bool:
        return False


class WallClock(AlarmManager):
    """Pauses go by the computer's clock as it was set."""

    def changes(self, situation: Situation) -> list[Draft]:
        fault = situation.faults.get("clock_changed")
        way = 0 if fault is None else 1 if "ahead" in fault.detail else -1
        ahead = 3600.0 * way
        return super().changes(replace(situation, now=situation.now + timedelta(seconds=ahead)))


class InterruptionWithoutEnd(AlarmManager):
    def _alarm_paused(self, entry: Entry, body: Mapping[str, Any]) -> None:
        super()._alarm_paused(entry, {**body, "until": None})


class NothingIsRaisedAnew(AlarmManager):
    """What held before an interruption is taken as known when it ends."""

    def __init__(self, protocol: TreatmentProtocol) -> None:
        super().__init__(protocol)
        self.known: set[str] = set()

    def changes(self, situation: Situation) -> list[Draft]:
        made = []
        for draft in super().changes(situation):
            if draft.body.get("why") == "planned interruption":
                self.known.add(draft.body["id"])
            if draft.body["event"] != "raised" or draft.body["id"] not in self.known:
                made.append(draft)
        return made


def _all_covered(alarm: ActiveAlarm, pause: AudioPause | None, now: datetime) -> bool:
    return pause is not None and (pause.until is None or now < pause.until)


# When and what is judged --------------------------------------------------------------------------


class OnlyWhenValuesCome(AlarmManager):
    """Evaluated when data arrives, and not by itself."""

    def __init__(self, protocol: TreatmentProtocol) -> None:
        super().__init__(protocol)
        self.seen: object = None

    def changes(self, situation: Situation) -> list[Draft]:
        there = {key: (known.at, known.missing) for key, known in situation.known.items()}
        if there == self.seen:
            return []
        self.seen = there
        return super().changes(situation)


class OnlyWhileInfused(AlarmManager):
    def changes(self, situation: Situation) -> list[Draft]:
        return super().changes(situation) if situation.first_dose_at else []


class OneEntryLate(AlarmManager):
    """The table is brought up to date after everybody has been told."""

    def __init__(self, protocol: TreatmentProtocol) -> None:
        super().__init__(protocol)
        self.waiting: list[Entry] = []

    def apply(self, entry: Entry) -> None:
        self.waiting.append(entry)
        if len(self.waiting) > 1:
            super().apply(self.waiting.pop(0))


class RecordFaultUnhandled(AlarmManager):
    def changes(self, situation: Situation) -> list[Draft]:
        faults = {k: f for k, f in situation.faults.items() if k != "record_fault"}
        return super().changes(replace(situation, faults=faults))


class LowNeedsHigh(AlarmManager):
    """A minimum is looked at only where a maximum is set."""

    @property
    def limits(self) -> Any:
        rows = super().limits
        upper = {row.metric for row in rows if row.upper}
        return tuple(row for row in rows if row.upper or row.metric in upper)


class ChangedByNobody(AlarmManager):
    def _limit_changed(self, entry: Entry, body: Mapping[str, Any]) -> None:
        super()._limit_changed(replace(entry, author=""), body)


class StateInNoEntry(AlarmManager):
    """Acknowledging marks something that no entry tells of."""

    def changes(self, situation: Situation) -> list[Draft]:
        for key, alarm in self.active.items():
            self.active[key] = replace(alarm, detail=f"{alarm.detail}.")
        self.last += "."
        return super().changes(situation)


def shared() -> Manager:
    """Managers whose state is in the class: what one session has, all have."""
    alarms: dict[str, ActiveAlarm] = {}
    changed: dict[str, Any] = {}

    class Shared(AlarmManager):
        def __init__(self, protocol: TreatmentProtocol) -> None:
            super().__init__(protocol)
            self.active, self.changed = alarms, changed

    return Shared


def limits_inherited() -> Manager:
    changed: dict[str, Any] = {}

    class Inherited(AlarmManager):
        def __init__(self, protocol: TreatmentProtocol) -> None:
            super().__init__(protocol)
            self.changed = changed

    return Inherited


class Forgetful(Vitals):
    """Values older than some minutes are dropped, the last usable one with them."""

    def _value(self, key: str, value: Any, at: datetime, *of: Any) -> None:
        super()._value(key, value, at, *of)
        kept = self.samples.get(key)
        while kept and len(kept) > 8 and at - kept[0].at > timedelta(minutes=2):
            kept.popleft()


def _any_float(value: object, *, plausible: bool = True) -> bool:
    return plausible and isinstance(value, int | float)


def _no_value_is_inside(*args: Any, **kwargs: Any) -> Run | None:
    limit, samples, bound, gap_s = args
    if samples and not samples[-1].usable:
        return Run(99, math.inf, samples[-1].at, bound)
    return _inside(limit, samples, bound, gap_s)


_inside = limits.inside


def _three_values(limit: Any, run: Run, samples: Any, situation: Situation) -> bool:
    return not limit.for_s or run.count >= 3


def _at_once(*args: Any) -> bool:
    return True


def _nothing(*args: Any) -> Iterator[ActiveAlarm]:
    return iter(())


def _open_is_up(link: Any, situation: Situation) -> bool:
    return link.state.value in ("lost", "silent")


def _physiological_first(alarms: Mapping[str, ActiveAlarm]) -> tuple[ActiveAlarm, ...]:
    return tuple(sorted(_urgent_first(alarms), key=lambda alarm: alarm.type == "technical"))


_urgent_first = order.urgent_first
_sounding = audible.sounding
_rank = order._rank
_expected = conditions.expected


def _no_technical_tone(alarms: Any, *args: Any) -> ActiveAlarm | None:
    return _sounding([a for a in alarms if a.type != "technical"], *args)


def _always_the_highest(alarm: ActiveAlarm) -> Any:
    ended, urgency, seen, since, _, key = _rank(alarm)
    return (ended, urgency, seen, since, -(alarm.limit or 0.0), key)


def _whole_numbers(value: float) -> str:
    return f"{value:.0f}"


def _high_is_expected(alarm: ActiveAlarm, pause: Any) -> bool:
    return alarm.metric in pause.metrics


def _everything_is_expected(alarm: ActiveAlarm, pause: Any) -> bool:
    return alarm.priority != "high"


def _handler_with_a_fault(*args: Any) -> Iterator[ActiveAlarm]:
    return undefined_name(*args)  # type: ignore[name-defined, no-any-return] # noqa: F821


class QueueOfSixteen(Recorder):
    """What comes too fast is dropped without a word."""

    def _put(self, submission: Any, lane: Any = None) -> Any:
        if len(self._inbox._people) >= 16:
            nothing: Written = ()
            submission.done.set_result(nothing)
            return submission.done
        return super()._put(submission, lane)


class SilentAsShipped(SoundSettings, frozen=True):
    """To be set later, when somebody notices."""

    volume: float = 0.0


class Spinning(Recorder):
    """It asks again and again instead of waiting."""

    def _take_in(self, next_tick: datetime, store: Any) -> None:
        if not self._inbox.empty:
            super()._take_in(next_tick, store)


# Which test catches which -------------------------------------------------------------------------

Scenario = Callable[[Any], None]
_PAUSE_COVERS_ALL = (audible, "_covered", _all_covered)

#: One row per mutant: (the named test, what it must fail on).
ROWS: Sequence[tuple[Scenario, Mutant]] = (
    (
        faults.test_fault_3_1_01_a_silenced_low_alarm_does_not_hide_the_high_one,
        Mutant("a snoozed rule is not looked at", SnoozedIsNotLookedAt),
    ),
    (
        faults.test_fault_3_1_02_what_was_acknowledged_alarms_again_when_it_gets_worse,
        Mutant("acknowledged for good", AcknowledgedForGood),
    ),
    (
        faults.test_fault_3_1_03_an_acknowledgement_is_of_one_occurrence_at_one_priority,
        Mutant("an acknowledgement counts for any occurrence", AnyOccurrence),
    ),
    (
        faults.test_fault_3_1_03_an_acknowledgement_is_of_one_occurrence_at_one_priority,
        Mutant("two clicks leave a mark", MarksLeftOver),
    ),
    (
        faults.test_fault_3_1_04_no_data_is_an_alarm_and_ends_none,
        Mutant("no data is no alarm", patches=[(technical, "_no_reading", _nothing)]),
    ),
    (
        faults.test_fault_3_1_04_no_data_is_an_alarm_and_ends_none,
        Mutant("no data is inside", patches=[(limits, "inside", _no_value_is_inside)]),
    ),
    (
        faults.test_fault_3_1_04_no_data_is_an_alarm_and_ends_none,
        Mutant("the last value is forgotten", patches=[(session, "Vitals", Forgetful)]),
    ),
    (
        faults.test_fault_3_1_05_alarms_need_no_value_and_no_screen,
        Mutant("evaluated only when a value arrives", OnlyWhenValuesCome),
    ),
    (
        faults.test_fault_3_1_06_a_clock_that_is_set_neither_lengthens_nor_ends_silence,
        Mutant("pauses by the wall clock", WallClock),
    ),
    (
        faults.test_fault_3_1_07_a_technical_alarm_can_be_the_most_urgent,
        Mutant(
            "technical never comes first", patches=[(session, "urgent_first", _physiological_first)]
        ),
    ),
    (
        faults.test_fault_3_1_07_a_technical_alarm_can_be_the_most_urgent,
        Mutant("technical never sounds", patches=[(audible, "sounding", _no_technical_tone)]),
    ),
    (
        faults.test_fault_3_1_08_persistence_is_in_seconds_however_often_values_come,
        Mutant("persistence counts values", patches=[(limits, "_persists", _three_values)]),
    ),
    (
        faults.test_fault_3_1_09_sessions_share_nothing,
        Mutant("state in the class", shared()),
    ),
    (
        faults.test_fault_3_1_09_sessions_share_nothing,
        Mutant("the last patient's limits", limits_inherited()),
    ),
    (
        faults.test_fault_3_1_10_screen_and_sound_agree,
        Mutant("it sounds while the screen says paused", SoundsUnderThePause),
    ),
    (
        faults.test_fault_3_1_10_a_pause_that_was_on_its_way_when_an_alarm_began_does_not_cover_it,
        Mutant("a pause that was on its way is shown", PauseLooksAtNewOnesOnly),
    ),
    (
        faults.test_fault_3_1_11_silence_ends_by_itself_and_says_who,
        Mutant("a pause without end", PauseWithoutEnd),
    ),
    (
        faults.test_fault_3_1_11_silence_ends_by_itself_and_says_who,
        Mutant("a pause by nobody", PauseByNobody),
    ),
    (
        faults.test_fault_3_1_12_who_is_told_of_an_alarm_finds_it,
        Mutant("told before the state stands", OneEntryLate),
    ),
    (
        faults.test_fault_3_2_01_zeros_of_a_lost_sensor_are_no_value,
        Mutant("zeros are values", patches=[(vitals, "_outside", lambda key, value: False)]),
    ),
    (
        faults.test_fault_3_2_02_a_mean_of_nothing_is_no_value,
        Mutant(
            "NaN is a value",
            patches=[(vitals, "usable", _any_float), (limits, "usable", _any_float)],
        ),
    ),
    (
        faults.test_fault_3_2_02_a_low_limit_needs_no_high_one,
        Mutant("a minimum only with a maximum", LowNeedsHigh),
    ),
    (
        faults.test_fault_3_2_03_a_link_that_is_lost_stays_lost_until_something_is_read,
        Mutant("an open port is a monitor", patches=[(technical, "down", _open_is_up)]),
    ),
    (
        faults.test_fault_3_2_04_a_record_that_is_not_saved_is_the_most_urgent_alarm,
        Mutant("errors of the saver are unhandled", RecordFaultUnhandled),
    ),
    (
        faults.test_fault_3_2_05_the_worst_of_a_low_limit_is_the_lowest,
        Mutant(
            "the extreme is a maximum on both sides",
            patches=[(order, "_rank", _always_the_highest)],
        ),
    ),
    (
        faults.test_fault_3_2_06_the_volume_as_shipped_can_be_heard,
        Mutant("shipped at volume 0", SilentAsShipped),
    ),
    (
        faults.test_fault_3_2_07_a_changed_limit_says_who_and_why,
        Mutant("limits changed by nobody", ChangedByNobody),
    ),
    (
        faults.test_fault_3_2_08_silence_is_not_for_the_whole_box,
        Mutant("silence for the whole box", SoundsUnderThePause, patches=[_PAUSE_COVERS_ALL]),
    ),
    (
        faults.test_fault_3_3_02_the_paths_of_errors_are_walked,
        Mutant(
            "the handler of errors crashes",
            patches=[(technical, "_link", _handler_with_a_fault)],
            fails=(NameError,),
        ),
    ),
    (
        faults.test_fault_3_3_03_each_alarm_is_acknowledged_for_itself,
        Mutant("one at a time", OneAtATime),
    ),
    (
        faults.test_fault_3_3_04_what_is_acknowledged_stays_on_the_screen,
        Mutant("acknowledged is gone", AcknowledgedIsGone),
    ),
    (
        faults.test_fault_3_3_05_alarms_do_not_wait_for_the_infusion,
        Mutant("alarms only while infused", OnlyWhileInfused),
    ),
    (
        faults.test_fault_3_4_01_the_recorder_waits_and_does_not_spin,
        Mutant("a busy loop", Spinning),
    ),
    (
        faults.test_fault_3_4_02_nothing_that_is_submitted_is_dropped,
        Mutant("a queue of sixteen", QueueOfSixteen),
    ),
    (
        faults.test_fault_3_5_01_a_session_begins_without_alarms,
        Mutant("no delay", patches=[(limits, "_persists", _at_once)]),
    ),
    (
        faults.test_fault_3_5_02_the_words_have_enough_digits_to_be_true,
        Mutant("160 > 160", patches=[(words, "exact", _whole_numbers)]),
    ),
    (
        faults.test_fault_3_5_03_a_lost_link_does_not_stay_a_side_matter,
        Mutant("technical stays MEDIUM", TechnicalStaysMedium),
    ),
    (
        faults.test_fault_3_5_04_acknowledged_is_not_forgotten,
        Mutant("never reminds", NeverReminds),
    ),
    (
        faults.test_fault_3_5_05_a_high_alarm_that_blipped_waits_to_be_seen,
        Mutant("never latches", NeverLatches),
    ),
    (
        faults.test_fault_3_5_05_a_latched_alarm_is_not_hidden_by_a_milder_one_that_holds,
        Mutant("a milder one covers it", patches=[(order, "_alert", _milder_covers_latched)]),
    ),
    (
        faults.test_fault_3_5_05_a_latched_alarm_is_not_swept_away_by_an_interruption,
        Mutant("an interruption sweeps", InterruptionSweeps),
    ),
    (
        faults.test_fault_3_6_01_an_occurrence_is_new_after_a_latched_one_was_acknowledged,
        Mutant("a latched mark counts for the next", LatchedMarkCountsForTheNext),
    ),
    (
        faults.test_fault_3_6_02_what_is_latched_and_comes_again_alarms_again,
        Mutant("latched is known already", LatchedIsKnownAlready),
    ),
    (
        faults.test_fault_3_6_03_a_planned_interruption_hides_no_high_limit_and_no_other_metric,
        Mutant("HIGH is expected", patches=[(managing, "expected", _high_is_expected)]),
    ),
    (
        faults.test_fault_3_6_03_a_planned_interruption_hides_no_high_limit_and_no_other_metric,
        Mutant(
            "all metrics are expected", patches=[(managing, "expected", _everything_is_expected)]
        ),
    ),
    (
        faults.test_fault_3_6_04_a_planned_interruption_ends_and_what_holds_alarms,
        Mutant("an interruption without end", InterruptionWithoutEnd),
    ),
    (
        faults.test_fault_3_6_04_a_planned_interruption_ends_and_what_holds_alarms,
        Mutant("nothing is raised anew", NothingIsRaisedAnew),
    ),
    (
        faults.test_fault_3_6_05_medium_that_nobody_sees_becomes_high,
        Mutant("time escalates nothing", NeverEscalatesByTime),
    ),
    (
        faults.test_fault_3_6_05_medium_that_nobody_sees_becomes_high,
        Mutant("the pause covers what got worse", SoundsUnderThePause, patches=[_PAUSE_COVERS_ALL]),
    ),
    (
        faults.test_fault_3_6_06_folding_the_entries_again_gives_the_same_state,
        Mutant("state that stands in no entry", StateInNoEntry),
    ),
)

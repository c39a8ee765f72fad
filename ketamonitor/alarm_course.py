"""What became of a session's alarms: episodes from beginning to end, pauses, changed limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ketamonitor.alarms.order import rank


@dataclass(frozen=True, slots=True)
class Escalation:
    """An alarm got a higher priority. ``why``: ``confirmed``, ``longer``, ``not acknowledged``;
    ``after_s``: so long after it had last asked for attention. ``by_reading``: the number of the
    reading entry that brought it, where one did."""

    at: datetime
    was: str
    priority: str
    why: str
    value: float | None
    text: str
    after_s: float
    by_reading: int | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody saw it. ``counted`` is false for one that came when the alarm had already become
    worse or had come anew: it was of an occurrence that was no more."""

    at: datetime
    by: str
    priority: str
    counted: bool = True


@dataclass(frozen=True, slots=True)
class AlarmEpisode:
    """One alarm from its beginning to its end. ``priority`` is what it began with.

    ``latched_at``: the condition was over then, but nobody had seen it. ``ended_why`` is empty
    where the condition ended, else ``again`` or ``planned interruption``. ``by_reading`` is the
    number of the reading entry that began it, where one did.
    """

    seq: int
    id: str
    condition: str
    priority: str
    type: str
    metric: str | None
    value: float | None
    limit: float | None
    op: str | None
    text: str
    detail: str
    raised_at: datetime
    escalations: tuple[Escalation, ...] = ()
    reminders: tuple[datetime, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    latched_at: datetime | None = None
    cleared_at: datetime | None = None
    ended_why: str = ""
    by_reading: int | None = None

    @property
    def highest(self) -> str:
        """The most urgent priority that it had."""
        return min([self.priority, *(e.priority for e in self.escalations)], key=rank)

    @property
    def now(self) -> str:
        """The priority that it had last."""
        return self.escalations[-1].priority if self.escalations else self.priority

    @property
    def priority_since(self) -> datetime:
        """When it last asked for attention: raised, escalated or reminded of."""
        return max([self.raised_at, *(e.at for e in self.escalations), *self.reminders])

    @property
    def acknowledged_at(self) -> datetime | None:
        """When somebody first acknowledged it."""
        first = self._first()
        return first.at if first else None

    @property
    def acknowledged_by(self) -> str | None:
        first = self._first()
        return first.by if first else None

    @property
    def acknowledged_after_s(self) -> float | None:
        """Seconds from its beginning to the first acknowledgement."""
        at = self.acknowledged_at
        return None if at is None else (at - self.raised_at).total_seconds()

    @property
    def duration_s(self) -> float | None:
        """Seconds that the condition held; ``None`` while it does."""
        end = self.latched_at or self.cleared_at
        return None if end is None else (end - self.raised_at).total_seconds()

    @property
    def upper(self) -> bool | None:
        """Whether it is of an upper limit; ``None`` for what is no limit."""
        return None if self.condition != "limit_passed" else "<" not in self.id

    def marked(self) -> tuple[AlarmEpisode, ...]:
        """It and each reading that confirmed it, as what a chart marks: time, priority, value."""
        return (
            self,
            *(
                replace(self, raised_at=e.at, priority=e.priority, value=e.value, text=e.text)
                for e in self.escalations
                if e.why == "confirmed"
            ),
        )

    def _first(self) -> Acknowledgement | None:
        return next((a for a in self.acknowledgements if a.counted), None)


@dataclass(frozen=True, slots=True)
class Pause:
    """AUDIO PAUSED (``what`` is ``audio``) or ALARM PAUSED for a planned interruption (``alarm``).

    ``until`` is ``None`` for the states without an end of their own. ``reason`` is the name of the
    interruption. ``ended_at`` is ``None`` while it lasts.
    """

    seq: int
    what: str
    at: datetime
    until: datetime | None
    by: str
    reason: str
    metrics: tuple[str, ...]
    text: str
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """Another value for one limit row (``id`` is the protocol's own); ``None`` is ALARM OFF."""

    seq: int
    at: datetime
    by: str
    id: str
    priority: str
    metric: str
    was: float
    value: float | None
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class ActionTaken:
    """A step of an action card that was done, and the value that followed it, where one came."""

    seq: int
    at: datetime
    by: str
    card: str
    version: int
    step: str
    done: str
    alarm: str
    metric: str | None
    value: str
    text: str
    followed_by: float | None = None
    followed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """A slot of the schedule that was overdue; no alarm."""

    seq: int
    what: str
    due_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class SignalNote:
    """The state of a signal of the alarm system itself. ``what``: ``sound``, ``lamp``, ``guard``,
    ``sound_test`` or ``recorder_late``; ``fault`` says that something was not as it should be."""

    seq: int
    at: datetime
    by: str
    what: str
    text: str
    fault: bool

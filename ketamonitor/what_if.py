"""What would have alarmed with other limits: stored sessions replayed through the live session.

Readings, doses, observations, pauses and the locked baseline are as recorded. What nurses would
have done at other alarms nobody can know: an acknowledgement is taken as recorded where the alarm
it was of is active in the replay too, and a new limit's alarm counts as seen when any alarm on its
side was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from ketamonitor import alarm_drafts
from ketamonitor.alarm_history import AlarmHistory
from ketamonitor.alarm_plan import AlarmLimit, PlanError, check_limits
from ketamonitor.alarm_review import AlarmReview, SessionReview, review_session, summed
from ketamonitor.entries import PROGRAM, Draft, Entry
from ketamonitor.protocol import ProtocolError, TreatmentProtocol, protocol_to_json
from ketamonitor.session import LiveSession
from ketamonitor.typed import number as typed_number
from ketamonitor.view import ActiveAlarm

#: As the recorder ticks; a tick that an entry follows within the second is left out.
TICK = timedelta(seconds=1)
CLOSE = timedelta(seconds=0.5)

Other = Callable[[TreatmentProtocol], TreatmentProtocol]


@dataclass(frozen=True, slots=True)
class Compared:
    """One limit before and after. ``was`` is its id as recorded (the same where unchanged)."""

    id: str
    was: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Recorded and replayed, over the same sessions; ``rows`` with the largest difference first.
    ``changed`` is in how many of the sessions the other limits differ from the recorded ones."""

    before: AlarmReview
    after: AlarmReview
    rows: tuple[Compared, ...]
    changed: int


@dataclass(frozen=True, slots=True)
class Tried:
    """One session as recorded and as replayed; ``was`` has the recorded id of each changed row."""

    before: SessionReview
    after: SessionReview
    was: Mapping[str, str]
    changed: bool


def what_if(sessions: Iterable[Sequence[Entry]], other: Other) -> WhatIf:
    """Replay each session with the protocol that ``other`` makes of its recorded one.

    Raises ``ValueError`` for a list of entries that is no session's.
    """
    return together(try_session(entries, other) for entries in sessions)


def try_session(entries: Sequence[Entry], other: Other) -> Tried:
    """One session of :func:`what_if`. Raises ``ValueError`` with one clear line."""
    if not entries:
        raise ValueError("the session has no entries")
    try:
        recorded = LiveSession(entries[0]).info.protocol
        protocol = other(recorded)
        return Tried(
            review_session(entries),
            review_session(replay(entries, protocol)),
            {new: old for old, new in _renamed(recorded, protocol)},
            protocol != recorded,
        )
    except ProtocolError as error:
        raise ValueError(f"its protocol cannot be read: {error}") from error
    except (KeyError, TypeError) as error:
        raise ValueError("an entry is not as this program writes it") from error


def together(tries: Iterable[Tried]) -> WhatIf:
    """Several sessions that were tried with the same change."""
    tries = list(tries)
    was = {new: old for tried in tries for new, old in tried.was.items()}
    before = summed(tried.before for tried in tries)
    after = summed(tried.after for tried in tries)
    return WhatIf(
        before, after, _compared(before, after, was), sum(tried.changed for tried in tries)
    )


def with_plan_of(other: TreatmentProtocol) -> Other:
    """The recorded protocol with the limits, escalation and technical part of another one."""
    return lambda recorded: msgspec.structs.replace(
        recorded, limit=other.limit, escalation=other.escalation, technical=other.technical
    )


def with_value(id: str, value: float) -> Other:
    """The recorded protocol with another value in one limit row; one without it is left as it is.

    The function raises ``ValueError`` for a value that no limit may have. How far a session may
    go (``loosest``) binds nobody who only asks.
    """

    def other(recorded: TreatmentProtocol) -> TreatmentProtocol:
        rows = tuple(_with(row, value) if row.id == id else row for row in recorded.limit)
        return msgspec.structs.replace(recorded, limit=rows)

    return other


def typed_value(row: AlarmLimit, typed: str) -> float:
    """Another value for a row, as typed; a comma counts as a point. Raises ``ValueError``."""
    how = f"Type the other value as a number, such as {row.value:g}"
    read = typed_number(typed, how)
    if read is None or abs(read) >= 1000 or read != read.quantize(Decimal("0.01")):
        raise ValueError(how)
    value = float(read)
    if value == row.value:
        raise ValueError(f"The limit has the value {row.value:g} already: type another one")
    _with(row, value)
    return value


def _with(row: AlarmLimit, value: float) -> AlarmLimit:
    changed = msgspec.structs.replace(row, value=value, loosest=None)
    try:
        check_limits((changed,))
    except PlanError as error:
        said = str(error).removeprefix("limit[0]").lstrip(".: ").removeprefix("value: ")
        raise ValueError(said) from None
    return changed


def replay(entries: Sequence[Entry], protocol: TreatmentProtocol) -> list[Entry]:
    """The session's entries with the alarms that this protocol gives in place of the recorded ones.

    Entries that are kept are as they were, but for the protocol in the first; those made anew have
    the number of the entry before them and no hash: the list is for counting, not for keeping.
    """
    return _Replay(entries, protocol).run()


class _Replay:
    def __init__(self, entries: Sequence[Entry], protocol: TreatmentProtocol) -> None:
        self._entries = entries
        first = entries[0]
        body = {**first.body, "protocol": protocol_to_json(protocol)}
        self._made = [replace(first, body=body)]
        self._live = LiveSession(self._made[0])
        recorded = LiveSession(first).info.protocol
        self._known = {row.id for row in recorded.limit}
        self._history = AlarmHistory()
        self._history.add(first)
        self._now = first.recorded_at
        self._record_fault = ""

    def run(self) -> list[Entry]:
        for entry in self._entries[1:]:
            if not (entry.kind == "session" and entry.body.get("event") == "resumed"):
                self._tick_until(entry.recorded_at)
            moved = entry.recorded_at > self._now
            self._now = max(self._now, entry.recorded_at)
            self._history.add(entry)
            if self._kept(entry) or moved:  # what is not kept was written at a tick
                self._follow(self._now)
        return self._made

    def _kept(self, entry: Entry) -> bool:
        """Take in what is no consequence of alarms and time; says whether anything was."""
        if entry.kind == "alarm":
            return self._alarm(entry)
        if entry.kind == "event" and entry.body.get("event") in ("overdue", "follow_up"):
            return False
        self._take(entry)
        return True

    def _tick_until(self, moment: datetime) -> None:
        at = self._now + TICK
        while at + CLOSE < moment:
            self._follow(at)
            at += TICK

    def _follow(self, now: datetime) -> None:
        for draft in self._live.changes(now, self._record_fault):
            self._enter(draft, now)

    def _alarm(self, entry: Entry) -> bool:
        """Of recorded alarm entries only what a person did is taken over."""
        body, event = entry.body, entry.body["event"]
        if event == "acknowledged":
            self._acknowledge(entry)
            return True
        if event in ("audio_paused", "alarm_paused", "limit_changed") or (
            event == "resumed" and entry.author != PROGRAM
        ):
            self._take(entry)
            return True
        if body.get("id") == "record_fault":
            # What the disk did stands in no other entry.
            self._record_fault = body["detail"] if event != "cleared" else ""
            return True
        return False

    def _acknowledge(self, entry: Entry) -> None:
        body = entry.body
        of = next((e for e in reversed(self._history.episodes) if e.id == body["id"]), None)
        if of is None or not (of.acknowledgements and of.acknowledgements[-1].counted):
            return  # it was of an occurrence that was no more
        for alarm in list(self._live.active.values()):
            if alarm.acknowledged_at is None and self._stands_for(alarm, body["id"], of.upper):
                seen = alarm_drafts.acknowledge(alarm, at=entry.at, author=entry.author)
                self._enter(seen, self._now)

    def _stands_for(self, alarm: ActiveAlarm, id: str, upper: bool | None) -> bool:
        if alarm.id == id:
            return True
        new = alarm.condition == "limit_passed" and alarm.id not in self._known
        same_side = upper is not None and ("<" not in alarm.id) == upper
        return new and same_side and id.startswith(f"{alarm.metric}{'>' if upper else '<'}")

    def _take(self, entry: Entry) -> None:
        self._live.apply(entry)
        self._made.append(entry)

    def _enter(self, draft: Draft, now: datetime) -> None:
        last = self._made[-1]
        self._take(
            Entry(
                last.seq,
                last.session,
                draft.kind,
                draft.at,
                now,
                draft.author,
                draft.body,
                "",
                "",
            )
        )


def _renamed(old: TreatmentProtocol, new: TreatmentProtocol) -> list[tuple[str, str]]:
    """Rows that stand in the same place and differ in their value alone."""
    if len(old.limit) != len(new.limit):
        return []
    return [
        (a.id, b.id)
        for a, b in zip(old.limit, new.limit, strict=True)
        if a.id != b.id and a.id == msgspec.structs.replace(b, value=a.value).id
    ]


def _compared(before: AlarmReview, after: AlarmReview, was: dict[str, str]) -> tuple[Compared, ...]:
    first = {row.id: row.count for row in before.rows}
    then = {row.id: row.count for row in after.rows}
    now = {old: new for new, old in was.items()}
    ids = dict.fromkeys([*then, *(now.get(id, id) for id in first)])
    rows = [
        Compared(id, was.get(id, id), first.get(was.get(id, id), 0), then.get(id, 0)) for id in ids
    ]
    return tuple(sorted(rows, key=lambda row: (-abs(row.after - row.before), -row.before, row.id)))

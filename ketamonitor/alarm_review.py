"""What alarms were worth after the event: how many, how often, seen after how long, acted on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from ketamonitor.alarm_course import ActionTaken, AlarmEpisode
from ketamonitor.alarm_history import AlarmHistory
from ketamonitor.alarm_plan import PRIORITIES
from ketamonitor.alarms.order import alert_key, rank
from ketamonitor.entries import PROGRAM, Entry

#: What a person does within this time after an alarm began counts as done about it.
ACTED_WITHIN = timedelta(minutes=5)

#: What a person may do about an alarm, surest first: a card's step names its alarm, the others
#: only followed it.
ACTS = ("action", "infusion", "BP", "observation", "dose")


@dataclass(frozen=True, slots=True)
class Bout:
    """One alert as the screen shows it, and as everything counts it: limits of one side of one
    metric that held together, or one technical condition. ``ended_at`` is ``None`` while it
    lasts, ``text`` that of the most urgent, ``episodes`` are what stands behind it."""

    ids: tuple[str, ...]
    text: str
    priority: str
    started_at: datetime
    ended_at: datetime | None
    episodes: tuple[AlarmEpisode, ...] = ()


@dataclass(frozen=True, slots=True)
class Handled:
    """One alarm of one limit or condition, and how it was dealt with.

    ``priority`` is the most urgent that it had. ``acknowledged_after_s``: seconds from its
    beginning, ``None`` = never. ``escalated``: how often it got a higher priority, ``unanswered``
    of these because nobody acknowledged it. ``acted``: which of :data:`ACTS` followed.
    """

    id: str
    type: str
    priority: str
    raised_at: datetime
    acknowledged_after_s: float | None
    duration_s: float | None
    escalated: int
    unanswered: int
    reminders: int
    acted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionReview:
    """The alarms of one session. ``hours`` is how long the program watched."""

    session: str
    started_at: datetime
    hours: float
    alarms: tuple[Handled, ...]
    bouts: tuple[Bout, ...]
    audio_pauses: int
    interruptions: int
    limit_changes: int
    overdue: int


@dataclass(frozen=True, slots=True)
class LimitReview:
    """One limit or condition over the chosen sessions.

    ``asked`` is how often it asked for attention: raised, escalated or reminded of. Seconds are
    ``None`` where there is nothing to take them from. ``acted`` counts the alarms that something
    was done about, ``acts`` which kind how often.
    """

    id: str
    type: str
    priority: str
    count: int
    per_hour: float | None
    asked: int
    sessions: int
    acknowledged_median_s: float | None
    acknowledged_longest_s: float | None
    never: int
    acted: int
    acts: tuple[tuple[str, int], ...]
    duration_median_s: float | None
    escalated: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class AlarmReview:
    """Several sessions together. ``alerts`` counts bouts by priority, ``rows`` are by limit, the
    one that asked for attention most often first."""

    sessions: int
    hours: float
    alerts: tuple[tuple[str, int], ...]
    rows: tuple[LimitReview, ...]
    audio_pauses: int
    interruptions: int
    limit_changes: int
    overdue: int

    @property
    def total(self) -> int:
        return sum(count for _, count in self.alerts)

    @property
    def per_hour(self) -> float | None:
        return per_hour(self.total, self.hours)


def review_session(entries: Iterable[Entry]) -> SessionReview:
    """The review of one session's entries, in order.

    Raises ``ValueError`` if there are none, or if one is not as the program writes it.
    """
    history, acts = AlarmHistory(), list[tuple[datetime, str]]()
    first: Entry | None = None
    last, ended, stood_s = None, None, 0.0
    for entry in entries:
        first, last = first or entry, entry
        try:
            history.add(entry)
        except (KeyError, TypeError) as error:
            raise ValueError(f"entry {entry.seq} is not as this program writes it") from error
        if (act := _act(entry)) is not None:
            acts.append((entry.at, act))
        if entry.kind == "session":
            stood_s += entry.body.get("gap_s") or 0.0
            ended = entry.at if entry.body.get("event") == "ended" else ended
    if first is None or last is None:
        raise ValueError("the session has no entries")
    watched_s = ((ended or last.recorded_at) - first.at).total_seconds() - stood_s
    return SessionReview(
        first.session,
        first.at,
        max(0.0, watched_s / 3600),
        tuple(_handled(episode, acts, history.actions) for episode in history.episodes),
        bouts(history.episodes),
        sum(pause.what == "audio" for pause in history.pauses),
        sum(pause.what == "alarm" for pause in history.pauses),
        len(history.limit_changes),
        len(history.reminders),
    )


def summed(reviews: Iterable[SessionReview]) -> AlarmReview:
    """Several sessions together; of none everything is 0 or ``None``."""
    reviews = list(reviews)
    hours = sum(review.hours for review in reviews)
    every = [bout for review in reviews for bout in review.bouts]
    by_id: dict[str, list[Handled]] = {}
    within: dict[str, set[str]] = {}
    for review in reviews:
        for alarm in review.alarms:
            by_id.setdefault(alarm.id, []).append(alarm)
            within.setdefault(alarm.id, set()).add(review.session)
    rows = [_row(id, alarms, len(within[id]), hours) for id, alarms in by_id.items()]
    rows.sort(key=lambda row: (-row.asked, rank(row.priority), row.id))
    return AlarmReview(
        len(reviews),
        hours,
        tuple((p, sum(bout.priority == p for bout in every)) for p in PRIORITIES),
        tuple(rows),
        sum(review.audio_pauses for review in reviews),
        sum(review.interruptions for review in reviews),
        sum(review.limit_changes for review in reviews),
        sum(review.overdue for review in reviews),
    )


def bouts(episodes: Iterable[AlarmEpisode]) -> tuple[Bout, ...]:
    """Alarms as alerts on the screen: 184 over 160 and 180 is one, and so is 165 that becomes 184
    before it has ended. What ends and comes again is another."""
    found: list[Bout] = []
    newest: dict[str, int] = {}
    for episode in sorted(episodes, key=lambda e: e.seq):
        key = alert_key(episode.condition, episode.metric, episode.id)
        end = episode.latched_at or episode.cleared_at
        place = newest.get(key)
        bout = found[place] if place is not None else None
        if place is None or bout is None or _over(bout, episode.raised_at):
            newest[key] = len(found)
            begun = Bout(
                (episode.id,), episode.text, episode.highest, episode.raised_at, end, (episode,)
            )
            found.append(begun)
            continue
        last = None if end is None or bout.ended_at is None else max(end, bout.ended_at)
        ids, text, urgent = (*bout.ids, episode.id), bout.text, bout.priority
        parts = (*bout.episodes, episode)
        if rank(episode.highest) < rank(urgent):
            text, urgent = episode.text, episode.highest
        found[place] = Bout(ids, text, urgent, bout.started_at, last, parts)
    return tuple(found)


def _over(bout: Bout, at: datetime) -> bool:
    return bout.ended_at is not None and bout.ended_at <= at


def _act(entry: Entry) -> str | None:
    """What a person did that may have been about an alarm; a card's steps are counted apart."""
    if entry.author == PROGRAM:
        return None
    if entry.kind == "reading":
        return "BP" if any(key.startswith("nibp_") for key in entry.body["values"]) else None
    if entry.kind == "infusion":
        return None if entry.body["action"] == "start" else "infusion"
    return entry.kind if entry.kind in ("observation", "dose") else None


def _handled(
    episode: AlarmEpisode, acts: Sequence[tuple[datetime, str]], actions: Sequence[ActionTaken]
) -> Handled:
    until = episode.raised_at + ACTED_WITHIN
    followed = {what for at, what in acts if episode.raised_at <= at <= until}
    if any(acted_on(episode, action) for action in actions):
        followed.add("action")
    return Handled(
        episode.id,
        episode.type,
        episode.highest,
        episode.raised_at,
        episode.acknowledged_after_s,
        episode.duration_s,
        len(episode.escalations),
        sum(e.why == "not acknowledged" for e in episode.escalations),
        len(episode.reminders),
        tuple(act for act in ACTS if act in followed),
    )


def acted_on(episode: AlarmEpisode, action: ActionTaken) -> bool:
    """Whether a card's step was about this alarm: the one it names, or a milder limit on the same
    side that the named one stands for on the screen."""
    end = episode.latched_at or episode.cleared_at
    if action.at < episode.raised_at or (end is not None and action.at > end + ACTED_WITHIN):
        return False
    if action.alarm == episode.id:
        return True
    return (
        bool(action.alarm)
        and episode.upper is not None
        and action.metric == episode.metric
        and ("<" not in action.alarm) == episode.upper
    )


def _row(id: str, alarms: Sequence[Handled], sessions: int, hours: float) -> LimitReview:
    seen = [a.acknowledged_after_s for a in alarms if a.acknowledged_after_s is not None]
    lasted = [a.duration_s for a in alarms if a.duration_s is not None]
    counts = [(act, sum(act in a.acted for a in alarms)) for act in ACTS]
    return LimitReview(
        id,
        alarms[0].type,
        min((a.priority for a in alarms), key=rank),
        len(alarms),
        per_hour(len(alarms), hours),
        sum(1 + a.escalated + a.reminders for a in alarms),
        sessions,
        median(seen) if seen else None,
        max(seen, default=None),
        len(alarms) - len(seen),
        sum(bool(a.acted) for a in alarms),
        tuple((act, count) for act, count in counts if count),
        median(lasted) if lasted else None,
        sum(a.escalated for a in alarms),
        sum(a.unanswered for a in alarms),
    )


def per_hour(count: int, hours: float) -> float | None:
    """A rate, or ``None`` for less than a minute: nothing follows from that."""
    return count / hours if hours * 60 >= 1 else None

"""What must hold of alarms, worked out from what went in and from the entries that came out.

It shares no code with the manager or its conditions: it knows only what surely must be so. Where
two monitors disagree or a value was typed late it asks for nothing.
"""

from __future__ import annotations

import math
import operator
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from devices.metrics import METRICS
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.entries import Entry
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.protocol import TreatmentProtocol

BEYOND = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
URGENCY = {"high": 0, "medium": 1, "low": 2}
#: Seconds between values that belong together; after so many another monitor has the word.
TOGETHER_S, OTHER_QUIET_S = 2.0, 13.0

_CUFF = {"nibp_sys", "nibp_dia", "nibp_map", "nibp_pulse"}
_PROBE = {"spo2", "pulse"}
NOT_MEASURED: Mapping[str, set[str]] = {
    "toilet": _CUFF | _PROBE | {"hr", "rr"},
    "cuff_off": _CUFF,
    "probe_off": _PROBE,
    "moved": _CUFF | _PROBE,
}


@dataclass(frozen=True)
class Known:
    """One alarm as its entries tell it."""

    id: str
    priority: str
    type: str
    metric: str | None
    asked_at: datetime
    acknowledged_at: datetime | None = None
    by: str | None = None
    ended_at: datetime | None = None

    @property
    def asks(self) -> bool:
        return self.acknowledged_at is None and self.ended_at is None


@dataclass(frozen=True)
class Pause:
    since: datetime
    until: datetime | None
    what: str = ""


@dataclass
class Stretch:
    """Values of one source in a row that are all beyond one bound."""

    source: str
    since: datetime
    last: datetime


class WrongError(AssertionError):
    """An invariant that does not hold."""


def must(holds: bool, what: str) -> None:
    if not holds:
        raise WrongError(what)


@dataclass
class Ledger:
    """The alarms as the entries tell them, each entry checked as it comes."""

    plan: TreatmentProtocol
    active: dict[str, Known] = field(default_factory=dict)
    audio: Pause | None = None
    interruption: Pause | None = None
    changed: dict[str, float | None] = field(default_factory=dict)
    in_step: set[tuple[str, str]] = field(default_factory=set)

    def add(self, entry: Entry) -> None:
        if entry.kind != "alarm":
            return
        body, event = entry.body, entry.body["event"]
        if event == "audio_paused":
            until = datetime.fromisoformat(body["until"])
            longest = timedelta(seconds=self.plan.pause.audio_s)
            must(until - entry.at <= longest, "audio paused for longer than the protocol says")
            self.audio = Pause(entry.at, until)
        elif event == "alarm_paused":
            until = datetime.fromisoformat(body["until"])
            longest = timedelta(minutes=max(self.plan.pause.interruption_min))
            must(until - entry.at <= longest, "an interruption longer than the protocol says")
            self.interruption = Pause(entry.at, until, body["reason"])
        elif event == "resumed":
            which = "audio" if body["what"] == "audio" else "interruption"
            must(
                entry.author != "program" or getattr(self, which) is not None,
                f"{which} ended twice",
            )
            setattr(self, which, None)
        elif event == "limit_changed":
            self.changed[body["id"]] = body["value"]
        else:
            self._life(entry, body, event)

    def _life(self, entry: Entry, body: Mapping[str, Any], event: str) -> None:
        key = body["id"]
        known = self.active.get(key)
        if event != "acknowledged":
            must((event, key) not in self.in_step, f"{event} twice in one step: {key}")
            self.in_step.add((event, key))
        if event == "raised":
            must(known is None, f"raised twice without an end: {key}")
            self._true(body)
            self.active[key] = Known(key, body["priority"], body["type"], body["metric"], entry.at)
        elif event == "acknowledged":
            same = (
                known is not None
                and body["priority"] == known.priority
                and body["of"] == known.asked_at.isoformat()
            )
            if known is not None and same:
                self.active[key] = replace(known, acknowledged_at=entry.at, by=entry.author)
        else:
            must(known is not None, f"{event} without a beginning: {key}")
            assert known is not None
            self._change(known, entry, body, event)

    def _change(self, known: Known, entry: Entry, body: Mapping[str, Any], event: str) -> None:
        key = known.id
        if event == "escalated":
            must(
                URGENCY[body["priority"]] < URGENCY[known.priority], f"escalated to no more: {key}"
            )
            self.active[key] = replace(
                known, priority=body["priority"], asked_at=entry.at, acknowledged_at=None, by=None
            )
        elif event == "reminder":
            must(known.acknowledged_at is not None, f"reminded of what nobody acknowledged: {key}")
            self.active[key] = replace(known, asked_at=entry.at, acknowledged_at=None, by=None)
        elif event == "latched":
            must(known.asks, f"latched what was seen or over: {key}")
            self.active[key] = replace(known, ended_at=entry.at)
        elif event == "cleared":
            del self.active[key]
        else:
            raise WrongError(f"an event that nobody knows: {event}")

    def _true(self, body: Mapping[str, Any]) -> None:
        """A physiological alarm is raised on a possible value that is beyond its limit."""
        if body["type"] != "physiological":
            return
        value, metric = body["value"], METRICS.get(body["metric"])
        must(isinstance(value, int | float) and math.isfinite(value), f"raised on {value!r}")
        if metric is not None:
            must(metric.low <= value <= metric.high, f"raised on {body['metric']} {value}")
        must(BEYOND[body["op"]](value, body["limit"]), f"raised inside its limit: {body['text']}")


@dataclass
class Oracle:
    """What surely is so of the patient and the monitors, from what went in."""

    plan: TreatmentProtocol
    sources: tuple[str, ...]
    stale_s: float
    started_at: datetime
    ledger: Ledger
    stretches: dict[str, Stretch] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    spoke: dict[tuple[str, str], datetime] = field(default_factory=dict)
    cuffs: dict[str, list[float]] = field(default_factory=dict)
    answer: int | None = None
    baseline: tuple[float, float] | None = None
    fault: str = ""
    recent: dict[str, deque[tuple[datetime, float]]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    links: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    # What goes in

    def value(self, metric: str, value: Any, source: str, now: datetime, flagged: bool) -> None:
        kind = METRICS[metric]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        usable = number and math.isfinite(value) and kind.low <= value <= kind.high
        if not usable or flagged:
            for row in self.high(metric):
                self.stretches.pop(row.id, None)
            return
        if kind.episodic:
            self.cuffs.setdefault(metric, []).append(value)
            return
        rival = max(
            (at for (m, s), at in self.spoke.items() if m == metric and s != source), default=None
        )
        alone = rival is None or (now - rival).total_seconds() > OTHER_QUIET_S
        self.spoke[metric, source] = now
        self.recent.setdefault(metric, deque(maxlen=40)).append((now, value))
        for row in self.high(metric):
            self._continuous(row, value, source, now, alone)

    def _continuous(
        self, row: AlarmLimit, value: float, source: str, now: datetime, alone: bool
    ) -> None:
        bound = self.bound(row)
        if bound is None or not BEYOND[row.op](value, bound):
            self.sure.discard(row.id)
            self.stretches.pop(row.id, None)
            return
        known = self.stretches.get(row.id)
        if (
            known is not None
            and known.source == source
            and (now - known.last).total_seconds() <= TOGETHER_S
            and alone
        ):
            known.last = now
        elif alone:
            known = self.stretches[row.id] = Stretch(source, now, now)
        else:
            self.stretches.pop(row.id, None)
            return
        if (now - known.since).total_seconds() >= row.for_s:
            self.sure.add(row.id)

    def forget(self, metric: str) -> None:
        """Something happened after which nothing is sure of this metric for a while."""
        self.cuffs.pop(metric, None)
        for row in self.high(metric):
            self.sure.discard(row.id)
            self.stretches.pop(row.id, None)

    def read(self, source: str) -> None:
        self.down.discard(source)

    def link(self, source: str, state: str, now: datetime) -> None:
        self.links[source] = (state, now)
        if state in ("lost", "silent"):
            self.down.add(source)

    # What must be

    def high(self, metric: str | None = None) -> list[AlarmLimit]:
        """The HIGH rows of the protocol that are not off."""
        return [
            row
            for row in self.plan.limit
            if row.priority == "high"
            and not row.before_dose
            and (metric is None or row.metric == metric)
            and self.of_session(row)
        ]

    def bound(self, row: AlarmLimit) -> float | None:
        value = self.ledger.changed.get(row.id, row.value)
        if value is None or row.relative is None:
            return value
        if self.baseline is None or row.relative == "trend":
            return None
        own = self.baseline[row.metric == "nibp_dia"]
        return own * (100 + value) / 100 if row.relative == "baseline_percent" else own + value

    def id(self, row: AlarmLimit) -> str:
        """The id under which a row alarms: it tells the value of this session."""
        value = self.ledger.changed.get(row.id, row.value)
        return f"{row.id[: -len(f'{row.value:g}')]}{value:g}"

    def must_be_high(self) -> dict[str, str]:
        """Ids of alarms that surely are due as HIGH by now, with why."""
        found = {}
        for row in self.high():
            bound = self.bound(row)
            if bound is None:
                continue
            if row.metric in INSTRUMENTS:
                # The machine's nurse answers this one only; the others have no value.
                asked = self.answer if row.metric == "moaas" else None
                holds = asked is not None and BEYOND[row.op](asked, bound)
            elif METRICS[row.metric].episodic:
                needed = row.confirm.readings if row.confirm else row.for_readings
                last = self.cuffs.get(row.metric, [])[-needed:]
                holds = len(last) == needed and all(BEYOND[row.op](v, bound) for v in last)
            else:
                holds = row.id in self.sure
            if holds:
                found[self.id(row)] = f"{row.metric} beyond {row.op} {bound:g}"
        if self.fault:
            found["record_fault"] = "the record is not saved"
        return found

    def not_early(self, body: Mapping[str, Any], now: datetime) -> None:
        """A limit with seconds is not passed while a value inside is younger than those."""
        rows = [
            row for row in self.plan.limit if self.of_session(row) and self.id(row) == body["id"]
        ]
        if len(rows) != 1 or not rows[0].for_s:
            return
        (row,) = rows
        if len({source for metric, source in self.spoke if metric == row.metric}) != 1:
            return
        bound = self.bound(row)
        inside = [
            at
            for at, value in self.recent[row.metric]
            if bound is not None and not BEYOND[row.op](value, bound)
        ]
        youngest = max(inside, default=None)
        must(
            youngest is None or (now - youngest).total_seconds() > row.for_s,
            f"{body['id']} is raised before its {row.for_s:g} s",
        )

    def of_session(self, row: AlarmLimit) -> bool:
        return self.ledger.changed.get(row.id, row.value) is not None

    def must_be_told(self, now: datetime) -> list[tuple[str, ...]]:
        """Technical conditions that surely hold: of each group at least one alarm is there."""
        found: list[tuple[str, ...]] = []
        for source in self.down:
            state, since = self.links[source]
            # With an open port, "no reading" of its values stands in its place after a while.
            if state != "connected" or now - since <= timedelta(
                seconds=self.plan.technical.no_reading_s
            ):
                found.append((f"link_lost:{source}",))
        hidden: set[str] = set()
        if self.ledger.interruption is not None:
            hidden = NOT_MEASURED[self.ledger.interruption.what]
        for metric in {m for m, _ in self.spoke}:
            last = max(at for (m, _), at in self.spoke.items() if m == metric)
            if (now - last).total_seconds() > self.stale_s and metric not in hidden:
                lost = tuple(f"link_lost:{s}" for m, s in self.spoke if m == metric)
                found.append((f"no_reading:{metric}", *lost))
        return found

"""What is known of each metric: the word of its leading source, and the values limits judge."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from devices.metrics import METRICS
from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.alarms.limits import usable
from ketamonitor.alarms.situation import Known, Sample
from ketamonitor.entries import Entry
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.leading import Lead, may_speak, order_of
from ketamonitor.pace import Pace

#: Values are kept for limits at least so long, and at least so many of them.
KEPT = timedelta(minutes=2)
AT_LEAST = 8

IMPLAUSIBLE = "implausible:"

_PRESSURES = frozenset({"nibp_sys", "nibp_dia"})


class Vitals:
    """A fold of readings and answers. ``quiet_s``: after so long another source may speak.

    A continuous metric that two monitors measure has one leading source at a time: the one listed
    first in the session, until it has no value or stops. So two oximeters do not flap in one tile
    and the limits judge one series. A cuff result counts from whomever it comes. ``slack_s`` is
    added to what a sender's pace is observed to be (sped-up time only).
    """

    def __init__(self, limits: Sequence[AlarmLimit], quiet_s: float, slack_s: float = 0.0) -> None:
        self.known: dict[str, Known] = {}
        self.samples: dict[str, deque[Sample]] = {}
        self.last_bp_at: datetime | None = None
        self._order: dict[str, int] = {}
        #: Cuff readings and answers, few and far between: what striking one of them folds anew.
        self._single: dict[int, Entry] = {}
        self._quiet = timedelta(seconds=quiet_s)
        self._slack_s = slack_s
        self._paces: dict[tuple[str, str], Pace] = {}
        longest = max(
            (max(limit.for_s, (limit.trend_min or 0) * 60) for limit in limits), default=0.0
        )
        self._kept = max(KEPT, timedelta(seconds=longest) + KEPT)

    def lead(self, sources: Sequence[str]) -> None:
        """The order in which sources lead; one not named comes last."""
        self._order = order_of(list(sources))

    def reading(self, entry: Entry, only: Collection[str] | None = None) -> None:
        """Take in a reading entry, or ``only`` some metrics of it. Metrics that are not known are
        left alone."""
        body = entry.body
        doubtful = {
            flag.removeprefix(IMPLAUSIBLE)
            for flag in body.get("flags", ())
            if flag.startswith(IMPLAUSIBLE)
        }
        if any(key in METRICS and METRICS[key].episodic for key in body["values"]):
            self._single[entry.seq] = entry
        for key, value in body["values"].items():
            if key in METRICS and (only is None or key in only):
                source, every_s = body["source"], None
                if not METRICS[key].episodic:
                    pace = self._paces.setdefault((source, key), Pace())
                    every_s = pace.word(_when(entry), entry.recorded_at)
                self._value(key, value, _when(entry), source, key in doubtful, every_s)

    def answer(self, entry: Entry) -> None:
        """Take in an observation entry: limits may be set on an instrument, too."""
        body = entry.body
        self._single[entry.seq] = entry
        if body["instrument"] in INSTRUMENTS:
            value = body.get("value") if body["status"] == "answered" else None
            if value is not None:
                self._value(body["instrument"], value, _when(entry), "", doubtful=False)

    def strike(self, seq: int) -> None:
        """An entry was struck out. What it told of is folded anew without it from the cuff readings
        and answers of the session, so that it is as if it had never come."""
        gone = self._single.pop(seq, None)
        if gone is None:
            return
        told = gone.body.get("values", {gone.body.get("instrument"): None})
        for key in told:
            self.known.pop(key, None)
            self.samples.pop(key, None)
        if _PRESSURES & set(told):
            self.last_bp_at = None
        for entry in list(self._single.values()):
            if entry.kind == "reading":
                self.reading(entry, told)
            elif entry.body["instrument"] in told:
                self.answer(entry)

    def _value(
        self,
        key: str,
        value: float | None,
        at: datetime,
        source: str,
        doubtful: bool,
        every_s: float | None = None,
    ) -> None:
        every_s = None if every_s is None else every_s + self._slack_s
        known = self.known.get(key) or Known(source=source)
        if not self._leads(key, known, source, value, at):
            return
        newest = max((t for t in (known.at, known.doubtful_at) if t is not None), default=None)
        if newest is not None and at < newest:
            return  # an older value than the last changes nothing
        if source == known.source:
            known = replace(known, every_s=every_s)
        none = replace(known, missing=True, missing_at=known.missing_at or at)
        plain = usable(value)
        doubtful = doubtful or _outside(key, value)
        if value is not None and (doubtful or not plain):
            # What is no finite number is kept out of sight as well: it is not even a doubtful one.
            self.known[key] = (
                replace(known, doubtful=value, doubtful_at=at, missing=False, missing_at=None)
                if plain
                else none
            )
        elif value is None:
            self.known[key] = none
        else:
            self.known[key] = Known(value, at, source, every_s=every_s)
            if key in _PRESSURES:
                self.last_bp_at = at
        kept = self.samples.setdefault(key, deque())
        kept.append(Sample(at, value, value is not None and plain and not doubtful))
        while len(kept) > AT_LEAST:
            # The last usable value stays however old it is, with what ended it: what alarmed
            # because of it has not ended because dashes have come ever since.
            oldest = 0 if any(s.usable for s in islice(kept, 1, None)) else 2
            if at - kept[oldest].at <= self._kept:
                break
            del kept[oldest]

    def _leads(
        self, key: str, known: Known, source: str, value: float | None, at: datetime
    ) -> bool:
        metric = METRICS.get(key)
        if metric is None or metric.episodic:
            return True
        lead = Lead(known.source, known.at, known.missing)
        return may_speak(lead, source, value, at, order=self._order, quiet=self._quiet)


def _outside(key: str, value: float | None) -> bool:
    """Beyond what the metric can be in a living adult, whether or not its driver has flagged it."""
    metric = METRICS.get(key)
    return (
        metric is not None
        and value is not None
        and usable(value)
        and not metric.low <= value <= metric.high
    )


def _when(entry: Entry) -> datetime:
    """When it was measured, but never later than it was recorded: a time in the future, from a
    clock that is ahead, would make all that follows look old."""
    return min(entry.at, entry.recorded_at)

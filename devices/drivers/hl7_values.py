"""From an HL7 message to readings: which value was measured when, and which cuff result is new.

A result's time is its own (OBX-14), else that of the part of the monitor it belongs to (OBX-4),
else that of its group (OBR-7). The monitor's clock only gives ages: the span between that time and
the moment at which the message was written (MSH-7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from devices.drivers.cuffs import CuffResult, StampedCuff
from devices.drivers.hl7_codes import CUFF, OXIMETER, Meaning, meaning, number_of
from devices.drivers.hl7_text import Message, Observation, Stamp, stamp
from devices.metrics import HR, NIBP_PULSE, PULSE, TEMP, Metric
from devices.reading import DEMO, DeviceEvent, Reading
from devices.spec import Output

NUMBER = re.compile(r"[+-]?\d{1,7}(?:\.\d{1,6})?")
#: What stands in a number's place where there is none.
BLANKS = re.compile(r"[-?*\s]*")
#: Numbers with which one vendor says "no value".
SENTINELS = frozenset({"-100", "-1000", "-10000"})
FINAL = frozenset({"F", "R", "P", "C"})
INVALID = "X"
#: What may stand in OBX-8 beside a number that is none, and beside one that is not of a patient.
NOT_VALID = frozenset({"INV", "NAV", "OFF"})
NOT_REAL = frozenset({"DEMO", "TEST"})
#: MSH-11: debugging and training, where P is production.
NOT_PRODUCTION = frozenset({"D", "T"})
#: A cuff time within so many seconds of the message's own may be no time of a measurement.
FRESH_S = 1.0
MEANINGS_KEPT = 512
UNMAPPED_KEPT = 200


class _Found(NamedTuple):
    """One result that we map: ``time`` is its own or that of the part it belongs to."""

    metric: Metric
    value: float | None
    time: str
    one: Observation
    about: Meaning


class Hl7Values:
    """Readings and cuff events of one monitor. ``labels``: LOINC and vendors' names count too."""

    def __init__(self, source: str, *, labels: bool) -> None:
        self._source = source
        self._labels = labels
        self._cuff = CuffWatch(source)
        self._meanings: dict[tuple[str, str], Meaning] = {}
        self._demo = False

    def connected(self, now: datetime) -> None:
        self._cuff.connected(now)

    def absorb(self, message: Message) -> list[Output]:
        """What the message says: first of the cuff, then in the order in which it was measured."""
        unmapped: dict[str, str] = {}
        found = self._known(message, unmapped)
        cuff = [one for one in found if one.metric.episodic]
        present = [one for one in found if not one.metric.episodic]
        now, sent = message.ended_at, stamp(message.sent)
        outputs = self._demonstration(message, now)
        flags = (DEMO,) if self._demo else ()
        if cuff:
            outputs += self._cuff_result(cuff, sent, flags, message, unmapped)
        groups: dict[str, dict[Metric, float | None]] = {}
        for one in _agreed(present, unmapped):
            groups.setdefault(one.time or one.one.taken, {})[one.metric] = one.value
        readings = []
        for time, values in groups.items():
            at, when, _ = _moment(time, sent, message)
            text = when.text if when else None
            readings.append(Reading(self._source, values, at, now, flags, text))
        readings.sort(key=lambda one: one.measured_at)
        if unmapped:
            last = readings.pop() if readings else Reading(self._source, {}, now, now, flags)
            readings.append(replace(last, unmapped=unmapped))
        return [*outputs, *readings]

    def _known(self, message: Message, unmapped: dict[str, str]) -> list[_Found]:
        """The results that we map; numbers that we do not map go to ``unmapped``."""
        parents = {one.sub: one.time for one in message.observations if one.sub and one.time}
        found = []
        for one in message.observations:
            about = self._meaning(one)
            metric, value = _value(one, about)
            if metric is None:
                _keep(unmapped, one, about)
            else:
                time = one.time or _of_parent(one.sub, parents)
                found.append(_Found(metric, value, time, one, about))
        return found

    def _demonstration(self, message: Message, now: datetime) -> list[Output]:
        before = self._demo
        self._demo = message.processing in NOT_PRODUCTION or any(
            one.doubts in NOT_REAL for one in message.observations
        )
        if before or not self._demo:
            return []
        text = "the monitor marks its values as demonstration or test data"
        return [DeviceEvent(self._source, "demo", text, now)]

    def _cuff_result(
        self,
        cuff: list[_Found],
        sent: Stamp | None,
        flags: tuple[str, ...],
        message: Message,
        unmapped: dict[str, str],
    ) -> list[Output]:
        """One result: the values of the latest time, and those that have none of their own."""
        time = max(one.time for one in cuff)
        of_it = [one for one in cuff if one.time in ("", time)]
        for one in cuff:
            if one not in of_it:
                _keep(unmapped, one.one, one.about)
        values = {one.metric: one.value for one in _agreed(of_it, unmapped)}
        if not values:
            return []
        invalid = any(one.one.status == INVALID for one in of_it)
        at, when, age = _moment(time, sent, message)
        result = CuffResult(values, at, when.text if when else None, flags)
        return self._cuff.absorb(result, time, age, invalid, message.ended_at)

    def _meaning(self, one: Observation) -> Meaning:
        key = (one.id, one.unit)
        known = self._meanings.get(key)
        if known is None:
            if len(self._meanings) >= MEANINGS_KEPT:
                self._meanings.clear()
            known = self._meanings[key] = meaning(one.id, one.unit, self._labels)
        return known


def _agreed(found: list[_Found], unmapped: dict[str, str]) -> list[_Found]:
    """One result for each metric. Where two differ nobody knows which is meant: neither counts."""
    first: dict[Metric, _Found] = {}
    torn: set[Metric] = set()
    for one in found:
        before = first.get(one.metric)
        if before is None or before.value is None:
            first[one.metric] = one
        elif one.value is not None and one.value != before.value:
            torn.add(one.metric)
    if not torn:
        return list(first.values())
    for one in found:
        if one.metric in torn:
            _keep(unmapped, one.one, one.about)
    return [one for one in first.values() if one.metric not in torn]


def _value(one: Observation, about: Meaning) -> tuple[Metric | None, float | None]:
    """The metric and its value, ``None`` = the monitor has none. No metric: it is unmapped."""
    metric = about.metric
    text = one.value.strip()
    if metric is None or (one.kind != "NM" and (one.kind or text)):
        return None, None
    if about.by_source or (metric is HR and one.source):
        metric = _of_source(metric, one, about)
        if metric is None:
            return None, None
    if one.status == INVALID or one.doubts in NOT_VALID:
        return metric, None
    if one.status not in FINAL:
        return None, None
    if text in SENTINELS or BLANKS.fullmatch(text):
        return metric, None
    if about.scale is None or NUMBER.fullmatch(text) is None:
        return None, None
    if about.short and metric is TEMP:
        # tenths of a degree, as that vendor sends it; with a point it is some other vendor's
        return (None, None) if "." in text else (metric, int(text) / 10)
    if about.scale == 1.0 and about.shift == 0.0:
        return metric, float(text)
    return metric, round(float(text) * about.scale + about.shift, 2)


def _of_source(metric: Metric, one: Observation, about: Meaning) -> Metric | None:
    """Which rate it is: the oximeter's, the cuff's (then it has a time), or that of the leads."""
    code = number_of(one.source.split("^", 1)[0]) if one.source else None
    if code in OXIMETER:
        return PULSE
    if code in CUFF or (about.timed_is_cuff and one.time):
        return NIBP_PULSE
    return None if about.by_source else metric


def _keep(unmapped: dict[str, str], one: Observation, about: Meaning) -> None:
    """Numbers only: text may be about a person."""
    text = one.value.strip()
    if one.kind != "NM" or not about.key or NUMBER.fullmatch(text) is None:
        return
    key, count = about.key, 1
    while key in unmapped and unmapped[key] != f"{text} {about.unit}".rstrip():
        count += 1
        key = f"{about.key} ({count})"
    if len(unmapped) < UNMAPPED_KEPT:
        unmapped[key] = f"{text} {about.unit}".rstrip()


def _of_parent(sub: str, parents: Mapping[str, str]) -> str:
    """The time of the nearest part above ``1.0.1.1`` that has one."""
    while parents and "." in sub:
        sub = sub.rpartition(".")[0]
        if sub in parents:
            return parents[sub]
    return ""


def _moment(
    time: str, sent: Stamp | None, message: Message
) -> tuple[datetime, Stamp | None, float | None]:
    """When it was measured in our time, in the monitor's, and its age in seconds if that is known.

    What lies in the future counts as now.
    """
    when = stamp(time)
    if when is None or sent is None:
        return message.ended_at, when, None
    age = max(0.0, when.before(sent))
    return message.begun_at - timedelta(seconds=age), when, age


class CuffWatch:
    """Tells a new cuff result from the one that is sent again and again, with its time or without.

    A time that moves on with each message is no time of a measurement, and some senders give none:
    then a result is new when it is another one than before, and the very first is not taken.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._stamped = StampedCuff(source)
        self._seen = False  # something was said about the cuff, be it that there is nothing
        self._invalid = False
        self._values: dict[Metric, float | None] | None = None
        self._fresh = False

    def connected(self, now: datetime) -> None:
        self._stamped.connected(now)

    def absorb(
        self, result: CuffResult, time: str, age: float | None, invalid: bool, now: datetime
    ) -> list[Output]:
        """``age`` in seconds; ``None`` where the result has no time that can be told."""
        seen, self._seen = self._seen, True
        was_invalid, self._invalid = self._invalid, invalid
        was_fresh, self._fresh = self._fresh, age is not None and age <= FRESH_S
        before, values = self._values, dict(result.values)
        if result.empty and age is None:
            # never measured, or no longer shown; "invalid" where it was not is a failure
            self._values = values if before is None else before
            if invalid and seen and not was_invalid:
                text = "the cuff reading gave no pressures"
                return [DeviceEvent(self._source, "nibp_failed", text, now)]
            return []
        self._values = values
        if age is not None:
            if self._fresh and was_fresh and before == values:
                self._stamped.same_as_before(time)
                return []
            return self._stamped.absorb(time, result, now)
        if before == values:
            return []
        if not seen:
            text = "the monitor shows a cuff reading without its time: only the next one is taken"
            return [DeviceEvent(self._source, "nibp_stale", text, now)]
        return [result.reading(self._source, now)]

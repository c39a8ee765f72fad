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

from devices.drivers.cuffs import CuffResult
from devices.drivers.hl7_codes import CUFF, OXIMETER, Meaning, meaning, number_of
from devices.drivers.hl7_cuff import FRESH_S, CuffWatch
from devices.drivers.hl7_text import Message, Observation, Stamp, stamp
from devices.metrics import CUFF as PRESSURES
from devices.metrics import HR, NIBP_PULSE, PULSE, SPO2, TEMP, Metric
from devices.reading import DEMO, DeviceEvent, Reading
from devices.spec import Output

NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,6})?")
#: What stands in a number's place where there is none.
BLANKS = re.compile(r"[-?*\s]*")
#: Numbers with which vendors say "no value": below zero, where nothing that we read can be but a
#: temperature; of that the usual ones (-1, -99.9, -999, -1000, -32768, ...).
BELOW_ZERO = re.compile(r"-0*[0-9.]*[1-9][0-9.]*")
NO_TEMPERATURE = re.compile(r"-0*(?:1|10{2,}|9+(?:\.9+)?|128|32768|8388608|2147483648)(?:\.0+)?")
#: The largest that a field holds, where the metric cannot be so large.
LARGEST = re.compile(
    r"\+?0*(?:127|255|511|1023|2047|4095|8191|16383|9{3,}(?:\.9+)?|3276[678]|6553[45]|838860[78]"
    r"|16777215|214748364[78]|429496729[45])(?:\.0+)?"
)
FINAL = frozenset({"F", "R", "P", "C"})
INVALID = "X"
#: What may stand in OBX-8 beside a number that is none, and beside one that is not of a patient.
#: Questionable, calibrating and not yet measured count as none, as with other monitors.
NOT_VALID = frozenset(
    {"INV", "NAV", "UNAV", "OFF", "QUES", "CAL", "CALIB", "BUSY", "NAN", "PINF", "NINF"}
)
NOT_REAL = frozenset({"DEMO", "TEST"})
#: MSH-11: debugging and training, where P is production.
NOT_PRODUCTION = frozenset({"D", "T"})
MEANINGS_KEPT = 512
UNMAPPED_KEPT = 200


class _Found(NamedTuple):
    """One result that we map: ``time`` is its own or that of the part it belongs to."""

    metric: Metric
    value: float | None
    time: str
    one: Observation
    about: Meaning
    unsourced: bool = False  # a rate of which nobody says whose it is


class Hl7Values:
    """Readings and cuff events of one monitor. ``labels``: LOINC and vendors' names count too."""

    def __init__(self, source: str, *, labels: bool) -> None:
        self._source = source
        self._labels = labels
        self._cuff = CuffWatch(source)
        self._meanings: dict[tuple[str, str], Meaning] = {}
        self._demo = False
        self._told_of_rate = False

    def connected(self, now: datetime) -> None:
        self._cuff.connected(now)

    def absorb(self, message: Message) -> list[Output]:
        """What the message says: first of the cuff, then in the order in which it was measured."""
        unmapped: dict[str, str] = {}
        found = self._known(message, unmapped)
        found, told = self._rates(found, unmapped, message.ended_at)
        cuff = [one for one in found if one.metric.episodic]
        present = [one for one in found if not one.metric.episodic]
        now, sent = message.ended_at, stamp(message.sent)
        outputs = [*told, *self._demonstration(message, now)]
        flags = (DEMO,) if self._demo else ()
        if cuff:
            times = {one.time or one.one.taken for one in present}
            outputs += self._cuff_result(cuff, sent, flags, message, unmapped, times)
        else:
            outputs += self._cuff.absent(now)
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
            unsourced = self._labels and about.by_source and not one.source
            metric, value = _value(one, about, unsourced)
            if metric is None or value is None:
                _keep(unmapped, one, about)
            if metric is not None:
                time = one.time or _of_parent(one.sub, parents)
                found.append(_Found(metric, value, time, one, about, unsourced))
        return found

    def _rates(
        self, found: list[_Found], unmapped: dict[str, str], now: datetime
    ) -> tuple[list[_Found], list[Output]]:
        """A rate without a source is the pulse where it is the message's only one.

        Beside cuff pressures alone it is taken for the cuff's, which does not describe the present.
        """
        unsourced = [one for one in found if one.unsourced]
        if not unsourced:
            return found, []
        metrics = {one.metric for one in found if not one.unsourced}
        if len(unsourced) == 1 and not metrics & {PULSE, NIBP_PULSE}:
            of_cuff = bool(metrics & set(PRESSURES)) and SPO2 not in metrics
            metric = NIBP_PULSE if of_cuff or unsourced[0].metric is NIBP_PULSE else PULSE
            return [one._replace(metric=metric) if one.unsourced else one for one in found], []
        for one in unsourced:
            _keep(unmapped, one.one, one.about)
        rest = [one for one in found if not one.unsourced]
        if self._told_of_rate:
            return rest, []
        self._told_of_rate = True
        text = "a pulse rate comes without its source beside another one, and is not taken"
        return rest, [DeviceEvent(self._source, "monitor_alarm", text, now)]

    def _demonstration(self, message: Message, now: datetime) -> list[Output]:
        before = self._demo
        self._demo = message.processing in NOT_PRODUCTION or any(
            one.doubts & NOT_REAL for one in message.observations
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
        times: set[str],
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
        invalid = any(_marked_invalid(one.one) for one in of_it)
        at, when, age = _moment(time, sent, message)
        result = CuffResult(values, at, when.text if when else None, flags)
        own = self._labels and age is not None and (age < 1 or (age <= FRESH_S and time in times))
        return self._cuff.absorb(result, time, age, invalid, message.ended_at, own=own)

    def _meaning(self, one: Observation) -> Meaning:
        key = (one.id, one.unit)
        known = self._meanings.get(key)
        if known is None:
            if len(self._meanings) >= MEANINGS_KEPT:
                self._meanings.clear()
            known = self._meanings[key] = meaning(one.id, one.unit, self._labels)
        return known


def _agreed(found: list[_Found], unmapped: dict[str, str]) -> list[_Found]:
    """One result for each metric: of several channels (OBX-4) the first, the others are kept.

    Where two of one channel differ nobody knows which is meant: neither counts.
    """
    by_metric: dict[Metric, list[_Found]] = {}
    for one in found:
        by_metric.setdefault(one.metric, []).append(one)
    agreed = []
    for several in by_metric.values():
        if len({one.one.id for one in several}) > 1:  # two names of a quantity: who has a value
            several.sort(key=lambda one: one.value is None)
            valued = [one for one in several if one.value is not None] or several
        else:
            valued = several
        lowest = min(_channel(one.one.sub) for one in valued)
        first = [one for one in valued if _channel(one.one.sub) == lowest]
        numbers = {one.value for one in first if one.value is not None}
        if len(numbers) > 1:
            first, chosen = [], None
        else:
            chosen = next((one for one in first if one.value is not None), first[0])
            agreed.append(chosen)
        for one in several:
            if chosen is None or (one not in first and one.value not in (None, chosen.value)):
                _keep(unmapped, one.one, one.about)
    return agreed


def _channel(sub: str) -> tuple[tuple[int, int | str], ...]:
    """OBX-4 in its order: ``1.3.2`` before ``1.3.10``; words behind numbers."""
    parts = sub.split(".") if sub else []
    return tuple(
        (0, int(one)) if one.isascii() and one.isdigit() and len(one) < 10 else (1, one)
        for one in parts
    )


def _value(one: Observation, about: Meaning, unsourced: bool) -> tuple[Metric | None, float | None]:
    """The metric and its value, ``None`` = the monitor has none. No metric: it is unmapped."""
    metric = about.metric
    text = one.value.strip()
    if metric is None or (one.kind != "NM" and (one.kind or text)):
        return None, None
    if about.by_source or (metric is HR and one.source):
        metric = _of_source(metric, one, about) or (PULSE if unsourced else None)
        if metric is None:
            return None, None
    if _marked_invalid(one):
        return metric, None
    if one.status - FINAL:  # gateways leave it empty, though by the book it must be there
        return None, None
    if BLANKS.fullmatch(text) or _is_no_value(text, metric):
        return metric, None
    if about.scale is None or NUMBER.fullmatch(text) is None:
        return None, None
    if about.short and metric is TEMP:
        # tenths of a degree, as that vendor sends it; with a point it is some other vendor's
        return (None, None) if "." in text else (metric, int(text) / 10)
    if about.scale == 1.0 and about.shift == 0.0:
        return metric, float(text)
    return metric, round(float(text) * about.scale + about.shift, 2)


def _marked_invalid(one: Observation) -> bool:
    return INVALID in one.status or bool(one.doubts & NOT_VALID)


def _is_no_value(text: str, metric: Metric) -> bool:
    """Whether this number says that there is none."""
    if LARGEST.fullmatch(text):
        return float(text) > metric.high
    below = NO_TEMPERATURE if metric is TEMP else BELOW_ZERO
    return NUMBER.fullmatch(text) is not None and below.fullmatch(text) is not None


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

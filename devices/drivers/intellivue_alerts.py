"""The alarms that an IntelliVue monitor itself has, told when they begin and when they end."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from devices.drivers.intellivue_parts import Answer
from devices.reading import DeviceEvent
from devices.spec import Output

PATIENT_LIST, TECHNICAL_LIST = 0x0902, 0x0904  # attributes of the alert monitor
_LIST = struct.Struct(">HH")
_ENTRY = struct.Struct(">4H 3H HH")  # source, code, type, state, object, info id, info length
WITH_TEXT = 516
_INFO = struct.Struct(">HIHH H")  # instance, text id, priority, flags, length of the text
LONGEST_TEXT = 80

PRIORITIES = (
    (0x400, "high patient alarm"),
    (0x200, "medium patient alarm"),
    (0x100, "low patient alarm"),
    (0x004, "high technical alarm"),
    (0x002, "medium technical alarm"),
    (0x001, "low technical alarm"),
)

Key = tuple[int, ...]  # source, code and object: the text may change while the alarm lasts


@dataclass(frozen=True, slots=True)
class Alert:
    """One alarm: ``kind`` are its type bits, ``text`` the monitor's words or empty."""

    key: Key
    kind: int
    text: str

    @property
    def words(self) -> str:
        priority = next((name for bit, name in PRIORITIES if self.kind & bit), "alarm")
        return f"{priority} of the monitor: {self.text or f'code 0x{self.key[1]:04X}'}"


class Alerts:
    """Compares each list of alarms with the one before."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._known: dict[Key, Alert] = {}

    def absorb(self, answer: Answer, now: datetime) -> list[Output]:
        """What began and what ended; nothing where the answer holds no list of alarms."""
        lists = [
            attributes[name]
            for _, attributes in answer.objects
            for name in (PATIENT_LIST, TECHNICAL_LIST)
            if name in attributes
        ]
        if not lists:
            return []
        there = {alert.key: alert for one in lists for alert in _alerts(one)}
        known, self._known = self._known, there
        began = [
            self._event(alert, alert.words, now)
            for key, alert in there.items()
            if key not in known or known[key].kind != alert.kind
        ]
        ended = [
            self._event(alert, f"over: {alert.words}", now)
            for key, alert in known.items()
            if key not in there
        ]
        return [*began, *ended]

    def _event(self, alert: Alert, text: str, now: datetime) -> DeviceEvent:
        source, code = alert.key[:2]
        raw = {"source": f"0x{source:04X}", "code": f"0x{code:04X}", "type": f"0x{alert.kind:04X}"}
        return DeviceEvent(self._source, "monitor_alarm", text, now, raw)


def _alerts(data: bytes) -> Iterator[Alert]:
    """The entries of a list, up to the first that does not hold together."""
    if len(data) < _LIST.size:
        return
    count, _ = _LIST.unpack_from(data)
    at = _LIST.size
    for _ in range(count):
        if at + _ENTRY.size > len(data):
            return
        source, code, kind, _, *owner, info, length = _ENTRY.unpack_from(data, at)
        at += _ENTRY.size
        text = _text(data[at : at + length]) if info == WITH_TEXT else ""
        at += length
        yield Alert((source, code, *owner), kind, text)


def _text(info: bytes) -> str:
    """The words of an alarm, as the monitor shows them."""
    if len(info) < _INFO.size:
        return ""
    length = _INFO.unpack_from(info)[-1]
    text = info[_INFO.size : _INFO.size + length].decode("utf-16-be", "replace")
    shown = "".join(one if one.isprintable() and one != "\ufffd" else " " for one in text)
    return " ".join(shown.split())[:LONGEST_TEXT]

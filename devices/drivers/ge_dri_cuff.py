"""Tells a new cuff result in DRI records from the one that they go on repeating."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from devices.metrics import NIBP_DIA, NIBP_MAP, NIBP_PULSE, NIBP_SYS
from devices.reading import DeviceEvent, Reading
from devices.spec import Output

# The label word of the NIBP group holds bits; bits 0-2 and 9-15 are reserved and not 0.
MEASURING = 1 << 5
OLDER_THAN_60_S = 1 << 8


@dataclass(frozen=True, slots=True)
class CuffGroup:
    """The NIBP group of one record: label word, pressures in mmHg, pulse per minute."""

    label: int
    sys: float | None
    dia: float | None
    mean: float | None
    pulse: float | None

    @property
    def pressures(self) -> tuple[float | None, float | None, float | None]:
        return (self.sys, self.dia, self.mean)

    @property
    def empty(self) -> bool:
        return self.pressures == (None, None, None)


class CuffTracker:
    """Emits each determination once.

    While the monitor measures, its values are those of the time before. After that a result is new
    if a pressure differs from the one known, if the measuring ended and the result is not older
    than 60 s, or if the mark "older than 60 s" was taken back. The first record ever gives a
    reading only without that mark. A determination that fails within 60 s of a good one with the
    same result cannot be told from one that succeeded: the wire says the same.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._known: CuffGroup | None = None  # the last group that had pressures
        self._first = True
        self._measuring = False

    def absorb(self, group: CuffGroup, now: datetime) -> list[Output]:
        """What one record says; ``now`` is when it was received."""
        first, self._first = self._first, False
        was_measuring, self._measuring = self._measuring, bool(group.label & MEASURING)
        if self._measuring:
            if first and not group.empty:
                self._known = group
            if was_measuring:
                return []
            return [self._event("nibp_measuring", "the cuff is measuring", now)]
        if group.empty:
            # what is known stays known: the same result may be shown again later
            return [self._failed(now)] if was_measuring else []
        known, self._known = self._known, group
        old = bool(group.label & OLDER_THAN_60_S)
        if first and old:
            text = "the monitor shows a cuff reading more than 60 s old, from before the connection"
            return [self._event("nibp_stale", text, now)]
        if not self._is_new(group, known, old, was_measuring):
            return [self._failed(now)] if was_measuring else []
        values = {
            NIBP_SYS: group.sys,
            NIBP_DIA: group.dia,
            NIBP_MAP: group.mean,
            NIBP_PULSE: group.pulse,
        }
        reading = Reading(self._source, values, now, now)
        if was_measuring:
            return [self._event("nibp_done", "the cuff reading is done", now), reading]
        return [reading]

    @staticmethod
    def _is_new(group: CuffGroup, known: CuffGroup | None, old: bool, was_measuring: bool) -> bool:
        if known is None or group.pressures != known.pressures:
            return True
        return not old and (was_measuring or bool(known.label & OLDER_THAN_60_S))

    def _failed(self, now: datetime) -> DeviceEvent:
        return self._event("nibp_failed", "the cuff reading gave no result", now)

    def _event(self, kind: str, text: str, now: datetime) -> DeviceEvent:
        return DeviceEvent(self._source, kind, text, now)

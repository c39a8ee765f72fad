"""What oximeter drivers share: they listen, tell sensor and battery on change, and keep a pace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from devices.metrics import Metric
from devices.reading import DeviceEvent
from devices.spec import Command

LISTENS_S = 60.0  # where nothing is ever sent a caller may sleep as long as it likes
#: Unchanged values are given once a second; a little less, so that a packet which is early counts.
UNCHANGED = timedelta(seconds=0.95)


def measured(text: bytes) -> float | None:
    """Digits as a value; ``None`` for dashes, and for zero, which no oximeter can measure."""
    return (float(text) or None) if text.isdigit() else None


class Watch:
    """Tells once that something is wrong, again when the reason changes, and once when it ends."""

    def __init__(self, source: str, wrong: str, right: str, words: str) -> None:
        self._source = source
        self._wrong, self._right, self._words = wrong, right, words
        self._why: str | None = None

    def sees(self, why: str | None, now: datetime) -> list[DeviceEvent]:
        """``why`` is the reason in words, ``None`` where all is well."""
        before, self._why = self._why, why
        if why == before:
            return []
        if why is None:
            return [DeviceEvent(self._source, self._right, self._words, now)]
        return [DeviceEvent(self._source, self._wrong, why, now)]


def sensor_watch(source: str) -> Watch:
    return Watch(source, "sensor_off", "sensor_on", "the oximeter is back")


def battery_watch(source: str) -> Watch:
    return Watch(source, "battery_low", "battery_ok", "the battery is no longer low")


class Pace:
    """Lets values through that have changed, and others once a second."""

    def __init__(self) -> None:
        self._last: tuple[dict[Metric, float | None], datetime] | None = None

    def restart(self) -> None:
        self._last = None

    def lets(self, values: Mapping[Metric, float | None], now: datetime) -> bool:
        last = self._last
        if last is not None and last[0] == values and now - last[1] < UNCHANGED:
            return False
        self._last = (dict(values), now)
        return True


class Listener:
    """The part of a decoder that never sends and takes no command."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._frames = 0

    @property
    def frames(self) -> int:
        return self._frames

    def command(self, command: Command) -> None:
        raise ValueError(f"an oximeter takes no command {command.value}")

    def outgoing(self, now: datetime) -> bytes:
        return b""

    def wait(self, now: datetime) -> float:
        return LISTENS_S

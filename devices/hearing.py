"""What is heard on one line while it is searched: whose frames, how many, or only rubbish."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import Enum

from devices.spec import Decoder, DriverSpec
from devices.sweep import Slot

#: Fewer bytes than this are what a plug or an adapter makes when a port is opened.
GLITCH_BYTES = 4
#: At least so many bytes, and so much of them, must be printable to count as text.
TEXT_BYTES = 12
TEXT_SHARE = 0.9
PRINTABLE = bytes([9, 10, 13, *range(0x20, 0x7F)])
#: A stream that nobody understood after so long, and so many bytes of it, is of another speed.
RUBBISH_AFTER_S = 0.8
RUBBISH_BYTES = 24
#: Fewer bytes than that, but still more of them after so long: a slow format that needs time.
REGULAR_S = 0.5
#: A pause that divides what is heard.
BURST_GAP = timedelta(seconds=0.2)
#: What is heard is kept to here, to judge its manner and to find what comes back.
KEPT = 4096
#: A greeting shorter than this says nothing when the same bytes are heard.
SHORTEST_ECHO = 4

log = logging.getLogger(__name__)


class Manner(Enum):
    """What bytes look like that nobody has understood."""

    NOTHING = "nothing"
    TEXT = "text"
    RUBBISH = "rubbish"


class Hearing:
    """Fresh decoders of all monitors that may be on a line, and what they make of it.

    They are only ever fed: nothing that they would send is asked for. A greeting that comes back
    as it was sent (a loop-back plug, a modem, a converter with an echo) is nobody's frame.
    """

    def __init__(self, slot: Slot, now: datetime) -> None:
        self._slot = slot
        self.line = slot.line
        self._decoders: dict[str, Decoder] = {}
        self._sent: list[bytes] = []  # greetings that have not come back
        self._since = bytearray()
        self._kept = bytearray()
        self._burst = bytearray()
        self._first_at: datetime | None = None
        self._last_at: datetime | None = None
        self.heard = 0
        self.echoes = 0
        self._fresh(now)

    def _fresh(self, now: datetime) -> None:
        self._decoders = {spec.name: spec.decoder(spec.name) for spec in self._slot.drivers}
        for name, decoder in list(self._decoders.items()):
            try:
                decoder.connected(now)
            except Exception as fault:  # noqa: BLE001  # logged; the others go on
                self._leave_out(name, fault)

    def greeted(self, greeting: bytes) -> None:
        """These bytes have just been sent."""
        if not self._sent:
            self._since.clear()
        if len(greeting) >= SHORTEST_ECHO:
            self._sent.append(greeting)

    def feed(self, data: bytes, now: datetime) -> None:
        self.heard += len(data)
        if self._last_at is None or now - self._last_at > BURST_GAP:
            self._burst.clear()
        self._burst += data[: KEPT - len(self._burst)]
        self._first_at, self._last_at = self._first_at or now, now
        self._kept += data[: KEPT - len(self._kept)]
        self._since += data[: KEPT - len(self._since)]
        for greeting in [one for one in self._sent if one in self._since]:
            # what was fed of it is forgotten, and all that is left is heard anew
            self._since = self._since.replace(greeting, b"", 1)
            self._sent.remove(greeting)
            self.echoes += 1
            self._fresh(now)
            data = bytes(self._since)
        for name, decoder in list(self._decoders.items()):
            try:
                decoder.feed(data, now)
            except Exception as fault:  # noqa: BLE001  # logged; the others go on
                self._leave_out(name, fault)

    def _leave_out(self, name: str, fault: Exception) -> None:
        # no message: it may hold what the monitor sent of a patient
        log.error("decoder fault in %s while a port was searched: %s", name, type(fault).__name__)
        del self._decoders[name]

    @property
    def frames(self) -> dict[str, int]:
        """Good frames by the name of their driver; only those that have any."""
        return {name: one.frames for name, one in self._decoders.items() if one.frames}

    @property
    def over(self) -> float:
        """Seconds from the first byte to the last."""
        if self._first_at is None or self._last_at is None:
            return 0.0
        return (self._last_at - self._first_at).total_seconds()

    @property
    def manner(self) -> Manner:
        """What all of it looks like."""
        return _manner(self._kept)

    @property
    def another_speed(self) -> bool:
        """Whether what comes just now is a stream that is not of this speed.

        Only the present burst counts: what came while the port was being opened may be spoilt.
        """
        is_long = self.over >= RUBBISH_AFTER_S and len(self._burst) >= RUBBISH_BYTES
        return is_long and not self.frames and _manner(self._burst) is Manner.RUBBISH

    @property
    def slow_format(self) -> bool:
        """Whether a few bytes come now and then, as no wrong speed makes of a stream."""
        few = GLITCH_BYTES <= self.heard < RUBBISH_BYTES
        return few and self.over >= REGULAR_S

    @property
    def may_be_echo(self) -> bool:
        """Whether all that has come since a greeting is how a greeting itself begins."""
        since = bytes(self._since)
        return bool(since) and any(greeting.startswith(since) for greeting in self._sent)

    @property
    def enough(self) -> DriverSpec | None:
        """The driver whose frames prove it, if no other driver has any."""
        frames = self.frames
        if len(frames) != 1 or self.may_be_echo:
            return None
        (name, count), *_ = frames.items()
        spec = next(spec for spec in self._slot.drivers if spec.name == name)
        return spec if count >= spec.named_after else None


def _manner(data: bytearray) -> Manner:
    if len(data) < GLITCH_BYTES:
        return Manner.NOTHING
    printable = len(data) - len(data.translate(None, PRINTABLE))
    if len(data) >= TEXT_BYTES and printable >= TEXT_SHARE * len(data):
        return Manner.TEXT
    return Manner.RUBBISH

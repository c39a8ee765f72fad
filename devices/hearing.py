"""What is heard on one line while it is searched: whose frames, how many, or only rubbish."""

from __future__ import annotations

import logging
from datetime import datetime
from enum import Enum

from devices.spec import Decoder, DriverSpec
from devices.sweep import Slot

#: Fewer bytes than this are what a plug or an adapter makes when a port is opened.
GLITCH_BYTES = 4
#: At least so many bytes, and so much of them, must be printable to count as text.
TEXT_BYTES = 12
TEXT_SHARE = 0.9
PRINTABLE = bytes([9, 10, 13, *range(0x20, 0x7F)])
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
        self._sent = b""
        self._since = bytearray()
        self._kept = bytearray()
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
        self._sent = greeting
        self._since.clear()

    def feed(self, data: bytes, now: datetime) -> None:
        self.heard += len(data)
        self._first_at, self._last_at = self._first_at or now, now
        self._kept += data[: KEPT - len(self._kept)]
        self._since += data[: KEPT - len(self._since)]
        if len(self._sent) >= SHORTEST_ECHO and self._sent in self._since:
            # what was fed of it is forgotten, and all that is left is heard anew
            data = bytes(self._since.replace(self._sent, b"", 1))
            self.echoes += 1
            self.greeted(b"")
            self._fresh(now)
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
        if self.heard < GLITCH_BYTES:
            return Manner.NOTHING
        printable = len(self._kept) - len(self._kept.translate(None, PRINTABLE))
        if self.heard >= TEXT_BYTES and printable >= TEXT_SHARE * len(self._kept):
            return Manner.TEXT
        return Manner.RUBBISH

    @property
    def may_be_echo(self) -> bool:
        """Whether all that has come since the greeting is how the greeting itself begins."""
        long_enough = len(self._sent) >= SHORTEST_ECHO and len(self._since) > 0
        return long_enough and self._sent.startswith(bytes(self._since))

    @property
    def enough(self) -> DriverSpec | None:
        """The driver whose frames prove it, if no other driver has any."""
        frames = self.frames
        if len(frames) != 1 or self.may_be_echo:
            return None
        (name, count), *_ = frames.items()
        spec = next(spec for spec in self._slot.drivers if spec.name == name)
        return spec if count >= spec.named_after else None

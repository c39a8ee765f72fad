"""Plays the tones of alerts: keeps a device open, tells when there is no sound, tries again.

Needs no event loop and no GUI thread: the samples are made on the audio device's own thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from typing import Literal

from devices.timing import Clock
from ketamonitor.signals.feed import Feed
from ketamonitor.signals.output import OpenOut, Out, SoundError, open_out, outputs
from ketamonitor.signals.tones import TONES

log = logging.getLogger(__name__)

__all__ = ["Player", "SoundError", "SoundState", "outputs"]

SILENT_S = 1.0  # a device that runs and takes no block for so long has stopped
START_S = 3.0  # the first block may take longer: a headset by radio wakes up
LATE_S = 1.5  # a look that comes so late says nothing of the device: the program itself stood still
RETRY_S = 3.0
#: A maker of tones that fails is tried again after longer and longer, up to this; it works again
#: once it has made sound for so long.
RETRY_LONGEST_S, STEADY_S = 60.0, 5.0
ANSWER_S = 0.5  # how long the owner waits for the sound system before it goes on without


@dataclass(frozen=True, slots=True)
class SoundState:
    """Whether tones can be heard, as far as the program can tell; ``off`` is on purpose."""

    state: Literal["ready", "failed", "off"]
    text: str


def _nothing(tone: str, at: datetime) -> None:
    return


class Player:
    """One output device. All methods are for one owner thread, which calls :meth:`tick` about once
    a second; :attr:`state` may be read anywhere.

    ``device``: a name out of :func:`outputs`, or "" for the system's default. ``clock`` counts
    real seconds, also in a simulated session that runs faster. ``handed`` is called on the audio
    thread with a newly wanted tone and the time as its first sample goes to the device; it must be
    quick and not raise. Raises ``ValueError`` for a volume below the floor.

    The sound system is asked on a short-lived thread, as one that hangs (a frozen server) holds up
    whoever opens or closes a device for as long as it likes: the owner waits at most
    :data:`ANSWER_S`.
    """

    def __init__(
        self,
        device: str,
        volume: float,
        clock: Clock,
        out: OpenOut = open_out,
        handed: Callable[[str, datetime], None] = _nothing,
    ) -> None:
        self._device, self._clock, self._open_out = device, clock, out
        self._feed = Feed(volume, lambda tone: handed(tone, clock.now()))
        self._blocks = 0  # only the audio thread counts
        self._out: Out | None = None
        self._fault: str | None = None  # of the last attempt to open
        self._broken: str | None = None  # what the maker of tones raised; told by the audio thread
        self._breaks = 0  # so often in a row
        self._opened_at = clock.now()
        self._worker: Thread | None = None
        self._closed = False
        self._seen, self._moved_at = 0, clock.now()
        self._looked_at = clock.now()
        self._before = 0  # blocks that were taken before the device was opened
        self._retry_at = clock.now()
        self._state = SoundState("ready", f"Sound on {self._name()}")
        self.tick(clock.now())

    @property
    def state(self) -> SoundState:
        return self._state

    def want(self, tone: str | None) -> None:
        """Repeats a tone until another is wanted; ``None`` ends it with its present pulse.

        The same again changes nothing. A more urgent tone begins within milliseconds, a milder one
        after a moment of silence. Raises ``ValueError`` for a tone there is not.
        """
        self._feed.wanted = None if tone is None else _known(tone)

    def once(self, tone: str) -> bool:
        """One burst, to test the sound. ``False``: not now, as an alert's tone is wanted or there
        is no sound. Raises ``ValueError`` for a tone there is not."""
        if self._feed.wanted is not None or self._state.state != "ready":
            _known(tone)
            return False
        self._feed.once.append(_known(tone))
        return True

    def tick(self, now: datetime) -> SoundState:
        """Looks whether the device still takes samples; opens it again where it does not."""
        if self._closed:
            return self._state
        if (now - self._looked_at).total_seconds() > LATE_S:
            self._moved_at = now
        self._looked_at = now
        if self._busy():
            return self._failed("the sound system does not answer")
        if self._out is not None:
            return self._watched(now)
        return self._state if now < self._retry_at else self._opened(now)

    def close(self) -> None:
        """Ends at once, also in the middle of a pulse. No other method plays afterwards."""
        if self._closed:
            return
        self._closed = True
        self._feed.wanted = None
        self._state = SoundState("off", "Sound is closed")
        if self._worker is not None:
            self._worker.join(ANSWER_S)
        if not self._busy():  # else it closes what it may still open
            self._ask(self._drop)

    def _opened(self, now: datetime) -> SoundState:
        """The state after an attempt to open; after a failure a block must be taken first."""
        self._retry_at = now + timedelta(seconds=RETRY_S)
        self._feed.again()
        self._seen = self._before = self._blocks
        self._moved_at, self._fault = now, None
        self._opened_at, self._broken = now, None
        self._ask(self._open)
        if self._busy():
            return self._failed("the sound system does not answer")
        if self._out is None:
            return self._failed(self._fault or "a fault of the program; see its log")
        return self._state

    def _watched(self, now: datetime) -> SoundState:
        """The state of an open device."""
        if self._broken is not None:
            self._breaks += 1
            wait_s = min(RETRY_S * 2.0 ** min(self._breaks - 1, 10), RETRY_LONGEST_S)
            self._retry_at = now + timedelta(seconds=wait_s)
            self._ask(self._drop)
            return self._failed(f"the tones cannot be made ({self._broken}); see the log")
        blocks = self._blocks
        if blocks != self._seen:
            self._seen, self._moved_at = blocks, now
            if self._breaks and (now - self._opened_at).total_seconds() < STEADY_S:
                return self._state
            self._breaks = 0
            if self._state.state != "ready":
                self._state = SoundState("ready", f"Sound on {self._name()}")
            return self._state
        waited = (now - self._moved_at).total_seconds()
        if waited < (SILENT_S if self._seen != self._before else START_S):
            return self._state
        self._retry_at = now  # at the next look: it was there a moment ago
        self._ask(self._drop)
        return self._failed(f"{self._name()} has stopped taking sound")

    def _failed(self, why: str) -> SoundState:
        self._state = SoundState("failed", f"No sound: {why}")
        return self._state

    def _name(self) -> str:
        return f'"{self._device}"' if self._device else "the default output"

    # --- on the audio device's thread ---

    def _pull(self, frames: int) -> bytes:
        try:
            block = self._feed.pull(frames)
        except Exception as fault:
            self._broken = type(fault).__name__  # the device ends with it, the owner tells why
            log.exception("the tones cannot be made")
            raise
        self._blocks += 1
        return block

    # --- on a thread that may hang; one at a time, so that the device has one owner ---

    def _ask(self, job: Callable[[], None]) -> None:
        self._worker = Thread(target=job, name="sound system", daemon=True)
        self._worker.start()
        self._worker.join(ANSWER_S)

    def _busy(self) -> bool:
        return self._worker is not None and self._worker.is_alive()

    def _open(self) -> None:
        try:
            out = self._open_out(self._device, self._pull)
        except SoundError as fault:
            self._fault = str(fault)
            return
        if self._closed:
            out.close()
        else:
            self._out = out

    def _drop(self) -> None:
        out, self._out = self._out, None
        if out is not None:
            out.close()


def _known(tone: str) -> str:
    if tone not in TONES:
        raise ValueError(f'There is no tone "{tone}"; there are: {", ".join(TONES)}')
    return tone

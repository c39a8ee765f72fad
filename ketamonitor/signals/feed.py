"""What goes into each block of samples: silence, a tone's bursts, a clean change to another. Pure.

:meth:`Feed.pull` runs on the audio device's thread and owns everything but :attr:`Feed.wanted`
(one assignment by the owner) and :attr:`Feed.once` (a deque).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from ketamonitor.signals.tones import RATE, TONES, Samples, burst, pulses, repeat

FADE_S = 0.005  # a milder pulse ends within this time, softly, when a more urgent tone is wanted
REST_S = 0.5  # silence before a milder tone, which else would sound like one burst with the last


class Feed:
    """Samples on demand, mono. ``begun`` is called on the audio thread with the name of a newly
    wanted tone as its first sample goes out; it must be quick and not raise."""

    def __init__(self, volume: float, begun: Callable[[str], None], rate: int = RATE) -> None:
        self.wanted: str | None = None
        self.once: deque[str] = deque()
        self._bursts = {name: burst(tone, volume, rate) for name, tone in TONES.items()}
        self._pulses = {name: pulses(tone, rate) for name, tone in TONES.items()}
        self._repeats = {name: repeat(tone, rate) for name, tone in TONES.items()}
        self._begun = begun
        self._fade_length, self._rest_length = round(FADE_S * rate), round(REST_S * rate)
        self._followed: str | None = None  # the wish that is carried out
        self._next: str | None = None  # to be begun after fade and rest, and to be repeated
        self._tone: str | None = None  # what sounds now, with its gaps and the time to its repeat
        self._last = ""  # what sounded last
        self._at = self._until = 0  # samples since the burst's start; where it is cut off
        self._fade: Samples = np.zeros(0, np.int16)
        self._rest = 0

    def again(self) -> None:
        """For a device opened anew: what is wanted begins from its start. Only while none pulls."""
        self._followed = self._next = self._tone = None
        self._fade, self._rest = self._fade[:0], 0
        self.once.clear()

    def pull(self, frames: int) -> bytes:
        """The next ``frames`` samples, 16 bit in the machine's order."""
        self._follow()
        block = np.zeros(frames, np.int16)
        begun, done = None, 0
        while done < frames:
            if len(self._fade):
                part, self._fade = self._fade[: frames - done], self._fade[frames - done :]
                block[done : done + len(part)] = part
                done += len(part)
            elif self._rest:
                silent = min(self._rest, frames - done)
                self._rest -= silent
                done += silent
            elif self._tone is not None:
                done += self._go_on(self._tone, block[done:])
            elif self._next is not None:
                self._begin(self._next)
                begun, self._next = self._next, None
            elif self.once:
                self._begin(self.once.popleft())
            else:
                break
        if begun is not None:
            self._begun(begun)
        return block.tobytes()

    def _follow(self) -> None:
        """Takes a changed wish up."""
        wanted = self.wanted
        if wanted is not None:
            self.once.clear()
        if wanted == self._followed:
            return
        self._followed = self._next = wanted
        if wanted is None or TONES[wanted].urgency < self._urgency():
            self._finish()
            return
        if self._tone is not None:
            left = self._bursts[self._tone][self._at : self._until][: self._fade_length]
            self._fade = np.rint(left * np.linspace(1, 0, len(left))).astype(np.int16)
        self._tone, self._rest = None, 0

    def _urgency(self) -> int:
        """Of what sounds or has sounded a moment ago; 0 in silence."""
        sounds = self._tone is not None and self._at < len(self._bursts[self._tone])
        return TONES[self._last].urgency if sounds or self._rest else 0

    def _finish(self) -> None:
        """Ends the present burst with its present pulse, at once between two pulses."""
        if self._tone is None:
            return
        ends = [end for start, end in self._pulses[self._tone] if start < self._at < end]
        if ends:
            self._until = ends[0]
        else:
            self._stop(rest=self._at < len(self._bursts[self._tone]))

    def _stop(self, rest: bool) -> None:
        self._tone, self._rest = None, self._rest_length if rest else 0

    def _begin(self, name: str) -> None:
        self._tone = self._last = name
        self._at, self._until = 0, len(self._bursts[name])

    def _go_on(self, name: str, room: Samples) -> int:
        """Fills ``room`` with what comes next of this tone; tells how much of it is done."""
        if self._at < self._until:
            part = self._bursts[name][self._at : self._until][: len(room)]
            room[: len(part)] = part
            self._at += len(part)
            return len(part)
        if name != self._followed:  # a single burst, or one that was to end
            self._stop(rest=True)
            return 0
        silent = min(self._repeats[name] - self._at, len(room))
        self._at += silent
        if self._at == self._repeats[name]:
            self._begin(name)
        return silent

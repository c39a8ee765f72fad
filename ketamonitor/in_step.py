"""A sped-up clock that waits for whoever cannot follow: the simulated monitor, reader, recorder.

Two processes at sixty times speed would each go on counting while the other has no turn on the
processor, and 20 ms then are more than a second of session time. So each says up to where it has
done everything, in a small file that the simulated monitor makes for its port, and no clock runs
ahead of the others by more than :data:`AHEAD`. Nothing of it exists at the speed of a patient.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
import struct
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Self

from ketamonitor.clock import SteadyClock, steady

#: Session seconds by which one clock may be ahead of another, and the least of it in seconds of
#: the computer: beyond some hundred times speed it is a simulation in coarse steps.
AHEAD, LEAST_AHEAD_S = 0.2, 0.001
#: Computer seconds by which a session's clock may be ahead of its recorder.
RECORDER_S = 0.1
#: Whoever has not moved for so long (computer seconds) is looked after, and left behind after the
#: second figure or where its process is no more.
STILL_S, GONE_S = 2.0, 30.0

#: The places in the file.
MONITOR, READER, RECORDER = 0, 1, 2
_PLACES = 3
_SIZE = 3 * _PLACES * 8  # of each place: what it has done, how often it has said so, its process
_UNKNOWN, _GONE = -1.0, math.inf


class StepFile:
    """The file of one port: for each of the three up to which computer second it has done all,
    counted from when the port was first opened. Each place has one writer."""

    def __init__(self, path: Path, *, make: bool) -> None:
        """Raises ``OSError`` where it is not there or cannot be made."""
        self._path, self._made = path, make
        flags = os.O_RDWR | (os.O_CREAT | os.O_TRUNC if make else 0)
        descriptor = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            if make:
                os.write(descriptor, struct.pack("=9d", *[_UNKNOWN] * _PLACES, *[0.0] * 6))
            elif os.fstat(descriptor).st_size != _SIZE:
                raise OSError(f"{path} is no pace")
            self._map = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)
        self._places = memoryview(self._map).cast("d")

    @classmethod
    def offer(cls, port: str) -> Self | None:
        """For a simulated monitor's port. ``None`` where the system has no place for it."""
        folder = _folder()
        if folder is None:
            return None
        try:
            return cls(folder / _name(port), make=True)
        except OSError:
            return None  # as before there was a pace: each side counts for itself

    @classmethod
    def of(cls, port: str) -> Self | None:
        """The pace of a port that a sped-up simulated monitor serves; ``None`` for others."""
        folder = _folder()
        if folder is None:
            return None
        try:
            return cls(folder / _name(port), make=False)
        except OSError:
            return None

    def done(self, place: int) -> float:
        return self._places[place]

    def beats(self, place: int) -> float:
        """How often it has been said; it goes on while the clock waits."""
        return self._places[_PLACES + place]

    def say(self, place: int, seconds: float) -> None:
        self._places[place] = seconds
        self._places[_PLACES + place] += 1
        self._places[2 * _PLACES + place] = os.getpid()

    def lives(self, place: int) -> bool:
        """Whether the process that said it last is still there."""
        try:
            os.kill(int(self._places[2 * _PLACES + place]), 0)
        except OSError:
            return False
        return True

    def leave(self, *places: int) -> None:
        """Nobody waits for these any more. The maker of the file takes it away."""
        for place in places:
            self.say(place, _GONE)
        self._places.release()
        self._map.close()
        if self._made:
            with suppress(OSError):
                self._path.unlink()


class _Other:
    """Somebody for whom a clock waits."""

    def __init__(self, pace: StepFile, place: int, now: float) -> None:
        self._pace, self._place = pace, place
        self._beats, self._beat_at = pace.beats(place), now
        self.gone = False

    def done(self, now: float) -> float:
        """Up to where it has done all; infinite where nobody is to be waited for."""
        beats = self._pace.beats(self._place)
        if beats != self._beats:
            self._beats, self._beat_at, self.gone = beats, now, False
        elif now - self._beat_at > STILL_S and not self.gone:
            self.gone = now - self._beat_at > GONE_S or not self._pace.lives(self._place)
        done = self._pace.done(self._place)
        if done == _UNKNOWN:  # a monitor is awaited; a reader that keeps no pace is not
            return 0.0 if self._place == MONITOR and not self.gone else math.inf
        return math.inf if self.gone else done


class PacedClock(SteadyClock):
    """A :class:`SteadyClock` for simulated time, one side of one or more paces.

    It is alone until :meth:`keep`. Without a pace it still waits for its own recorder.
    """

    def __init__(
        self,
        speed: float,
        start: datetime | None = None,
        *,
        seconds: Callable[[], float] = steady,
    ) -> None:
        super().__init__(speed, start, seconds=seconds)
        self._ahead = max(AHEAD / speed, LEAST_AHEAD_S)
        self.longest_wait = self._ahead / 2
        self._waited = 0.0  # computer seconds for which it stood still
        self._others: tuple[_Other, ...] = ()
        self._writes: tuple[tuple[StepFile, int], ...] = ()
        self._origin = 0.0
        self._recorded: float | None = None
        self._reached = 0.0

    def keep(
        self, paces: Sequence[StepFile], waits_for: Sequence[int], writes: int, opened: datetime
    ) -> None:
        """From now on in step: waits for these places of each file and writes its own.

        ``opened`` is when the ports were opened, which is where all begin to count.
        """
        now = self._seconds() - self._began
        self._origin = self._counted(opened)
        self._writes = tuple((pace, writes) for pace in paces)
        self._others = tuple(_Other(pace, place, now) for pace in paces for place in waits_for)
        for pace in paces:
            pace.say(writes, 0.0)

    def _counted(self, moment: datetime) -> float:
        return (moment - self._start).total_seconds() / self._speed

    def _elapsed(self) -> float:
        raw = self._seconds() - self._began
        own = raw - self._waited
        done = [other.done(raw) for other in self._others]
        limit = min(done, default=math.inf) + self._origin + self._ahead
        if self._recorded is not None:
            limit = min(limit, self._recorded + RECORDER_S)
        # Nothing is made up for: where it was held, or somebody it waited for has gone, it goes on
        # from where it stood.
        limit = max(min(limit, self._reached + RECORDER_S), self._reached)
        if own > limit:
            # Whichever thread writes this last, it was so a moment ago: no lock is needed.
            self._waited, own = raw - limit, limit
        self._reached = own = max(own, self._reached)
        return own

    def part(self) -> None:
        """Nobody is waited for any more but the recorder."""
        self._others = self._writes = ()

    def held(self) -> float:
        return self._waited

    def absorbed(self, until: datetime) -> None:
        self._recorded = self._counted(until)
        for pace, place in self._writes:
            pace.say(place, self._recorded - self._origin)

    def looker(self, pace: StepFile, place: int) -> Callable[[datetime | None], None]:
        """What somebody else of this process calls who has done all up to a moment, or (with
        ``None``) does nothing for a while and is not to be waited for."""

        def look(until: datetime | None) -> None:
            pace.say(place, _GONE if until is None else self._counted(until) - self._origin)

        return look


class MonitorStep:
    """The simulated monitor's side (:class:`devices.timing.Pacer`)."""

    def __init__(self, clock: PacedClock) -> None:
        self.clock = clock
        self.longest_wait = clock.longest_wait
        self._pace: StepFile | None = None

    def offer(self, port: str) -> None:
        """Its port is there. A pull may give it another name: the file stays."""
        if self._pace is None:
            self._pace = StepFile.offer(port)

    def begun(self, at: datetime) -> None:
        if self._pace is not None:
            self.clock.keep([self._pace], (READER, RECORDER), MONITOR, at)

    def done(self, until: datetime) -> None:
        self.clock.absorbed(until)

    def close(self) -> None:
        if self._pace is not None:
            self._pace.leave(MONITOR)


class SessionStep:
    """The side of one session at the ports that its simulated monitors serve."""

    def __init__(self, clock: PacedClock, ports: Sequence[str], opened: datetime) -> None:
        self._clock = clock
        found = {port: StepFile.of(port) for port in ports}
        self._paces = {port: pace for port, pace in found.items() if pace is not None}
        clock.keep(list(self._paces.values()), (MONITOR,), RECORDER, opened)
        for pace in self._paces.values():
            pace.say(READER, 0.0)

    def looker(self, port: str) -> Callable[[datetime | None], None] | None:
        pace = self._paces.get(port)
        return None if pace is None else self._clock.looker(pace, READER)

    def close(self) -> None:
        """The readers have ended."""
        self._clock.part()
        for pace in self._paces.values():
            pace.leave(READER, RECORDER)
        self._paces.clear()


def _folder() -> Path | None:
    """A folder of this user's alone; ``None`` where there is none (Windows)."""
    if not hasattr(os, "getuid"):
        return None
    folder = Path(tempfile.gettempdir()) / f"ketamonitor-pace-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return None
    return folder if found.st_uid == os.getuid() and folder.is_dir() else None


def _name(port: str) -> str:
    plain = port if "://" in port else os.path.realpath(port)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]

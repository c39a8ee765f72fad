"""What the guard knows of the window and what follows from it: pure, time is an argument."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

#: Without a heartbeat for so long nobody watches the patients: the guard sounds.
QUIET = timedelta(seconds=3)
#: Without one for so long the window is ended and started again.
HANG = timedelta(seconds=10)
#: A window that starts may take so long until its first heartbeat.
START = timedelta(seconds=20)
#: So many deaths within so long: starting it once more would not help.
DEATHS, WITHIN = 3, timedelta(minutes=1)


class Next(Enum):
    """What follows when the window has ended."""

    END = "end"  # it was closed, or no session ran in it
    AGAIN = "again"
    GIVE_UP = "give up"


class Watch:
    """Told of starts, heartbeats and ends; asked whether to sound and whether to end the window.

    ``live`` are the sessions of the last heartbeat, ``missing`` those that ran when the window
    died and have not come back. Without either nothing is ever sounded, ended or started again.
    """

    def __init__(self) -> None:
        self.live: tuple[str, ...] = ()
        self.missing: tuple[str, ...] = ()
        self.given_up = False
        self._heard_at: datetime | None = None
        self._started_at: datetime | None = None
        self._deaths: list[datetime] = []

    @property
    def guarded(self) -> tuple[str, ...]:
        """All sessions that somebody relies on."""
        return (*self.missing, *(s for s in self.live if s not in self.missing))

    def started(self, now: datetime) -> None:
        """The window was started; it has said nothing yet."""
        self._started_at, self._heard_at = now, None

    def beat(self, sessions: Iterable[str], now: datetime) -> None:
        """A heartbeat: these sessions run in the window."""
        self._heard_at = now
        self.live = tuple(sessions)
        self.missing = tuple(s for s in self.missing if s not in self.live)

    def slept(self, now: datetime) -> None:
        """The guard itself stood still until now (the computer slept): what it did not hear then
        says nothing of the window, which has all its time anew."""
        if self._heard_at is not None:
            self._heard_at = now
        elif self._started_at is not None:
            self._started_at = now

    def gone(self, session: str) -> None:
        """The window says that this session needs nobody: it had ended, or was left."""
        self.missing = tuple(s for s in self.missing if s != session)
        self.live = tuple(s for s in self.live if s != session)

    def ended(self, status: int, now: datetime) -> Next:
        """The window's process has ended; ``status`` 0 is a clean end."""
        self.missing, self.live = self.guarded, ()
        self._heard_at = self._started_at = None
        if status == 0:
            self.missing = ()
        if not self.missing:
            return Next.END
        self._deaths = [at for at in (*self._deaths, now) if now - at < WITHIN]
        self.given_up = len(self._deaths) >= DEATHS
        return Next.GIVE_UP if self.given_up else Next.AGAIN

    def sounds(self, now: datetime) -> bool:
        """Whether a session runs that nobody watches now."""
        return bool(self.missing) or (bool(self.live) and self._silent(now) > QUIET)

    def hangs(self, now: datetime) -> bool:
        """Whether the window is to be ended, as it has not answered for too long."""
        if not self.guarded or (self._heard_at is None and self._started_at is None):
            return False
        return self._silent(now) > (START if self._heard_at is None else HANG)

    def _silent(self, now: datetime) -> timedelta:
        since = self._heard_at or self._started_at
        return now - since if since is not None else timedelta(0)

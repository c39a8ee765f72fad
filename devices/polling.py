"""Decides which request a polled monitor gets next: one at a time, each with a time-out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum


class Answer(Enum):
    """How a reply stands to what was asked."""

    ASKED = "asked"  # it answers the request that is outstanding
    LATE = "late"  # it answers a request that was given up
    UNASKED = "unasked"


class Poller:
    """Sends ``polls`` in turn, each once in ``every``, and single requests before them.

    One request is outstanding at a time. When ``timeout`` passes without an answer the next one is
    sent; names given up are in :attr:`given_up` until the caller takes them. Nothing here changes
    unless a request is taken, answered or added.
    """

    def __init__(self, polls: Sequence[str], every: timedelta, timeout: timedelta) -> None:
        self._polls = tuple(polls)
        self._every = every
        self._timeout = timeout
        self._due: dict[str, datetime] = {}
        self._single: list[tuple[str, datetime | None]] = []
        self._outstanding: tuple[str, datetime] | None = None
        self._overdue: set[str] = set()
        self.given_up: list[str] = []

    def restart(self, now: datetime) -> list[str]:
        """Begins anew with everything due; returns the single requests that are dropped."""
        dropped = [name for name, _ in self._single]
        if self._outstanding is not None and self._outstanding[0] not in self._polls:
            dropped.append(self._outstanding[0])
        self._due = dict.fromkeys(self._polls, now)
        self._single.clear()
        self._outstanding = None
        self._overdue.clear()
        self.given_up.clear()
        return dropped

    def once(self, name: str, at: datetime | None = None) -> None:
        """Adds a single request, to be sent as soon as the line is free (not before ``at``)."""
        self._single.append((name, at))

    def take(self, now: datetime) -> str | None:
        """The request to send now, which then is outstanding; ``None`` if none is due."""
        at, name = self._next(now)
        if at > now:
            return None
        if self._outstanding is not None:
            late = self._outstanding[0]
            self._overdue.add(late)
            self.given_up.append(late)
        for place, (single, _) in enumerate(self._single):
            if single == name:
                del self._single[place]
                break
        else:
            following = self._due[name] + self._every
            self._due[name] = following if following > now else now + self._every
        self._outstanding = (name, now + self._timeout)
        return name

    def wait(self, now: datetime) -> float:
        """Seconds until :meth:`take` gives a request, if nothing is answered."""
        return (self._next(now)[0] - now).total_seconds()

    def answered(self, name: str) -> Answer:
        """Takes note of a reply to the request ``name``."""
        if self._outstanding is not None and self._outstanding[0] == name:
            self._outstanding = None
            return Answer.ASKED
        if name in self._overdue:
            self._overdue.discard(name)
            return Answer.LATE
        return Answer.UNASKED

    def refused(self) -> str | None:
        """Takes note that the outstanding request was refused; returns it."""
        name = self._outstanding[0] if self._outstanding is not None else None
        self._outstanding = None
        return name

    def _next(self, now: datetime) -> tuple[datetime, str]:
        free = now if self._outstanding is None else max(now, self._outstanding[1])
        for name, at in self._single:
            if at is None or at <= free:
                return free, name
        waiting = [(due, name) for name, due in self._due.items()]
        waiting += [(at, name) for name, at in self._single if at is not None]
        at, name = min(waiting, key=lambda one: one[0])  # of equals the first in turn
        return max(free, at), name

"""A session as the recorder writes it: entries, a tick each second, the alarms that follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.session import LiveSession
from ketamonitor.view import ActiveAlarm, SessionView
from tests.domain.builders import SESSION, link, started
from tests.domain.builders import protocol as shipped
from tests.fakes import START

STEP = timedelta(seconds=1)


class Played:
    """Feed it drafts in order of time; between them it ticks as the recorder does."""

    def __init__(
        self,
        protocol: TreatmentProtocol | None = None,
        devices: Iterable[tuple[str, str]] = (("dinamap", "/dev/ttyUSB0"),),
    ) -> None:
        self.entries: list[Entry] = []
        self.now: datetime = START
        first = chain(started(protocol or shipped(), devices), SESSION, 1, START, GENESIS)
        self.entries.append(first)
        self.live = LiveSession(first)
        self.add(link(0, "connected"))

    def to(self, t_s: float) -> None:
        """Let time pass, with a tick each second, to so many seconds into the session."""
        end = START + timedelta(seconds=t_s)
        while self.now + STEP <= end:
            self.now += STEP
            self._follow()
        self.now = max(self.now, end)

    def add(self, *drafts: Draft) -> Entry:
        """Each draft is recorded when it happens, and what follows from it after it."""
        for draft in drafts:
            self.to((draft.at - START).total_seconds())
            entry = self._append(draft)
            self._follow()
        return entry

    @property
    def view(self) -> SessionView:
        return self.live.view(self.now, saved_at=self.now, unsaved=0, record_fault="")

    def alarm(self, id: str) -> ActiveAlarm:
        return self.live.active[id]

    def _follow(self) -> None:
        for draft in self.live.changes(self.now):
            self._append(draft)

    def _append(self, draft: Draft) -> Entry:
        last = self.entries[-1]
        entry = chain(draft, SESSION, last.seq + 1, self.now, last.hash)
        self.live.apply(entry)
        self.entries.append(entry)
        return entry

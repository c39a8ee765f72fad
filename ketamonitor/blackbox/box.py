"""The black box of a station: a tap for each port, and the thread that keeps what they caught."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path

from ketamonitor.blackbox.keeper import Enter, Keeper
from ketamonitor.blackbox.parts import Limits, Origin, PartWriter
from ketamonitor.entries import PROGRAM, Draft, Entry
from ketamonitor.inbox import Written
from ketamonitor.view import DeviceChoice


class BlackBox:
    """Owned by the station, which calls it from one thread at a time.

    ``enter`` submits drafts to the recorder; ``now`` is the session clock. Nothing here raises
    because of a disk.
    """

    def __init__(
        self,
        folder: Path,
        enter: Enter,
        now: Callable[[], datetime],
        limits: Limits | None = None,
    ) -> None:
        self._folder = folder
        self._enter = enter
        self._limits = limits
        self._taps: dict[str, list[PartWriter]] = {}
        self._entered: dict[tuple[str, str], int] = {}
        self._keeper = Keeper(enter, now)
        self._keeper.start()

    def adopt(self, session: str, entries: Iterable[Entry]) -> None:
        """Before a session goes on: take in what a kill left. ``entries`` are those it has."""
        captured = [e.body for e in entries if e.body.get("event") == "capture"]
        for body in captured:
            key = session, body["source"]
            self._entered[key] = max(self._entered.get(key, 0), body["part"])
        names = (body["file"] for body in captured)
        self._keeper.adopt(session, self._folder / session, names)

    def tap(self, session: str, device: DeviceChoice) -> PartWriter:
        """What the monitor's reader is to give its bytes to, until :meth:`close`."""
        source = device.source

        def tell(event: str, text: str, at: datetime) -> None:
            body = {"event": event, "source": source, "text": text}
            self._enter(session, (Draft("device", at, PROGRAM, body),))

        origin = Origin(
            session=session,
            source=source,
            driver=device.driver,
            port=device.port,
            after_part=self._entered.get((session, source), 0),
        )
        folder = self._folder / session
        tap = PartWriter(folder, origin, self._keeper.keep, tell, self._limits)
        self._taps.setdefault(session, []).append(tap)
        return tap

    def close(self, session: str) -> None:
        """The session's readers have ended: its last parts are closed and will be entered."""
        for tap in self._taps.pop(session, []):
            tap.close()

    def then(self, ask: Callable[[], Future[Written]]) -> Future[Written]:
        """What ``ask`` gives, once every part closed so far has been entered."""
        return self._keeper.then(ask)

    def stop(self) -> None:
        """Enter what has been closed, and end."""
        self._keeper.stop()

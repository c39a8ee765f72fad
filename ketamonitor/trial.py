"""A monitor tried outside a session: opened, listened to and shown; nothing of it is recorded."""

from __future__ import annotations

import queue
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from devices.capture import CaptureError, CaptureWriter
from devices.metrics import Metric
from devices.reader import PortReader
from devices.reading import DEMO, DeviceEvent, LinkState, LinkStatus, Reading
from devices.registry import driver
from devices.spec import Output
from devices.timing import Clock
from ketamonitor.view import DeviceChoice

#: So many of the monitor's own messages are shown.
MESSAGES = 4
#: A value that describes the moment (cuff pressure) is over when it has not come for so long.
TRANSIENT_FOR = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class TriedValue:
    """The last word on a metric; ``value`` is ``None`` where the monitor says it has none."""

    value: float | None
    at: datetime
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class TrialView:
    """What a trial has seen so far. ``recent`` are the last bytes, ``recent_at`` when they came.

    ``readings`` counts those that came; ``demo``: the last was marked as demonstration data.
    ``capture`` is the file that is written, ``capture_fault`` why it is not complete.
    """

    state: LinkState
    reason: str
    since: datetime
    values: Mapping[Metric, TriedValue] = field(default_factory=dict)
    unmapped: Mapping[str, str] = field(default_factory=dict)
    messages: tuple[DeviceEvent, ...] = ()
    readings: int = 0
    demo: bool = False
    recent: bytes = b""
    recent_at: datetime | None = None
    capture: Path | None = None
    capture_fault: str = ""


class Trial:
    """One port open with one driver, until :meth:`close`. No command is ever sent: no cuff starts.

    Used from one thread; :meth:`look` never waits. With ``folder`` every byte is written to a
    new capture file there, from the opening of the port, so that it can be replayed.
    Raises ``ValueError`` for an unknown driver or unreadable line settings, and
    :class:`devices.capture.CaptureError` where the file cannot be made.
    """

    def __init__(self, choice: DeviceChoice, clock: Clock, folder: Path | None = None) -> None:
        spec, line = driver(choice.driver), choice.settings()
        self.choice = choice
        self._clock = clock
        self._told: queue.SimpleQueue[Output | LinkStatus] = queue.SimpleQueue()
        now = clock.now()
        self._writer: CaptureWriter | None = None
        path: Path | None = None
        if folder is not None:
            path = capture_path(folder, choice.driver, now)
            self._writer = CaptureWriter(path, choice.driver, choice.port, now)
        self._view = TrialView(LinkState.CONNECTING, f"opening {choice.port}", now, capture=path)
        self._reader = PortReader(
            spec,
            choice.source,
            choice.port,
            clock,
            self._told.put,
            self._writer,
            line=line,
            listen_only=choice.listen_only,
        )

    def start(self) -> None:
        self._reader.start()

    def look(self) -> TrialView:
        """What has been seen up to now."""
        with suppress(queue.Empty):
            while True:
                self._view = _after(self._view, self._told.get_nowait())
        now = self._clock.now()
        recent, recent_at = self._reader.recent
        fault = self._writer.fault if self._writer else None
        values = {
            metric: tried
            for metric, tried in self._view.values.items()
            if not metric.transient or now - tried.at <= TRANSIENT_FOR
        }
        self._view = replace(
            self._view,
            values=values,
            recent=recent,
            recent_at=recent_at,
            capture_fault=f"the capture is not complete: {fault.strerror}" if fault else "",
        )
        return self._view

    def close(self) -> None:
        """Closes the port and the file; waits until both are."""
        self._reader.stop()
        if self._writer is not None:
            self._writer.close()


def capture_path(folder: Path, driver_name: str, at: datetime) -> Path:
    """``dinamap-261123-140211.jsonl`` in ``folder``, which is made; only its owner may enter it.

    Raises :class:`CaptureError`.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CaptureError(f"cannot make the folder {folder}: {error.strerror}", error) from error
    name = re.sub(r"[^a-z0-9-]", "_", driver_name.lower())
    stem = f"{name}-{at:%y%m%d-%H%M%S}"
    path, number = folder / f"{stem}.jsonl", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.jsonl"
    return path


def _after(view: TrialView, told: Output | LinkStatus) -> TrialView:
    if isinstance(told, LinkStatus):
        return replace(view, state=told.state, reason=told.reason, since=told.at)
    if isinstance(told, DeviceEvent):
        return replace(view, messages=(*view.messages, told)[-MESSAGES:])
    return _with_reading(view, told)


def _with_reading(view: TrialView, reading: Reading) -> TrialView:
    new = {
        metric: TriedValue(value, reading.measured_at, f"implausible:{metric.key}" in reading.flags)
        for metric, value in reading.values.items()
    }
    return replace(
        view,
        values={**view.values, **new},
        unmapped={**view.unmapped, **reading.unmapped},
        readings=view.readings + 1,
        demo=DEMO in reading.flags,
    )

"""The one monitor that is being tried on the devices page; opened and closed in the background."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devices.timing import Clock
from ketamonitor.trial import Trial, TrialView
from ketamonitor.view import DeviceChoice

#: How a port is called that this page has open.
HOLDER = "the test on this page"


class TrialDesk:
    """At most one trial at a time. Nothing here waits; one port is closed before it is opened
    again, as both happen on one thread in turn."""

    def __init__(self, clock: Clock, folder: Path) -> None:
        self._clock, self._folder = clock, folder
        self._pool = ThreadPoolExecutor(1, "trial")
        self._trial: Trial | None = None

    @property
    def choice(self) -> DeviceChoice | None:
        """What is being tried."""
        return self._trial.choice if self._trial else None

    @property
    def taken(self) -> dict[str, str]:
        """The port that is open here."""
        return {self._trial.choice.port: HOLDER} if self._trial else {}

    def start(self, choice: DeviceChoice, *, capture: bool) -> None:
        """Try a monitor; one that is being tried gives way.

        Raises ``ValueError`` for settings nobody understands, and
        :class:`devices.capture.CaptureError` where the capture cannot be written.
        """
        trial = Trial(choice, self._clock, self._folder if capture else None)
        self.stop()
        self._trial = trial
        self._pool.submit(trial.start)

    def look(self) -> TrialView | None:
        return self._trial.look() if self._trial else None

    def stop(self) -> None:
        trial, self._trial = self._trial, None
        if trial is not None:
            self._pool.submit(trial.close)

    def close(self) -> None:
        """End what runs, and wait for it."""
        self.stop()
        self._pool.shutdown(wait=True)

"""What ``session run`` prints. The record comes first: an output that nobody reads ends nothing."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TextIO

from ketamonitor.cli.errors import to_nowhere
from ketamonitor.entries import Entry
from ketamonitor.unseen import json_line, on_terminal
from ketamonitor.view import Freshness, SessionView

#: Values of the line of progress: name and metrics.
PROGRESS = (
    ("BP", ("nibp_sys", "nibp_dia")),
    ("HR", ("hr",)),
    ("pulse", ("pulse",)),
    ("SpO2", ("spo2",)),
    ("RR", ("rr",)),
)
PRESENT = (Freshness.FRESH, Freshness.AGEING)


class RecordingOutput:
    """Entries as JSON lines on standard output, words and a line of progress on standard error.

    Nothing here raises because of an output that is closed, full or read by nobody.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        both = as_json and _terminal(sys.stdout)
        self._shows_progress = _terminal(sys.stderr) and not both
        self._shown = ""

    def begin(self, session: str) -> None:
        """The first line: the session's id."""
        self._print(json_line({"session": session}) if self._as_json else session)

    def tell(self, entry: Entry) -> None:
        """An entry that is durable."""
        if self._as_json:
            self._print(json_line(entry.as_json()))

    def show(self, view: SessionView) -> None:
        """On a terminal, one line that is written over: time, values, alerts, what is unsaved."""
        if not self._shows_progress:
            return
        line = progress(view, view.now)
        if line != self._shown:
            blank = " " * (len(self._shown) - len(line))
            self._shown = line
            self._say(f"\r{line}{blank}", end="")

    def say(self, line: str) -> None:
        """One line on standard error, below the line of progress."""
        if self._shown:
            self._shown = ""
            self._say("")
        self._say(line)

    def _print(self, line: str) -> None:
        try:
            print(on_terminal(line), flush=True)
        except OSError as error:
            to_nowhere(sys.stdout)
            why = "nobody reads it" if isinstance(error, BrokenPipeError) else error.strerror
            self.say(f"ketamonitor: the output is no longer written ({why}); the recording goes on")

    def _say(self, line: str, end: str = "\n") -> None:
        try:
            print(on_terminal(line) if end == "\n" else line, end=end, file=sys.stderr, flush=True)
        except OSError:
            to_nowhere(sys.stderr)  # nobody is left to whom it could be said


def progress(view: SessionView, now: datetime) -> str:
    """``0:10:03  BP 122/74  HR 72  alerts 1  all saved``; values that are not present are left
    out."""
    seconds = int((now - view.info.started_at).total_seconds())
    parts = [f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"]
    for name, keys in PROGRESS:
        values = [view.values.get(key) for key in keys]
        shown = [v.value for v in values if v is not None and v.freshness in PRESENT]
        if len(shown) == len(keys) and None not in shown:
            parts.append(f"{name} {'/'.join(f'{value:g}' for value in shown)}")
    if view.links:
        parts.append(
            f"{sum(link.state == 'connected' for link in view.links)} of {len(view.links)} monitors"
        )
    parts.append(f"alerts {len(view.alarms)}")
    parts.append(f"{view.unsaved} NOT SAVED" if view.unsaved else "all saved")
    return "  ".join(parts)


def _terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()

"""Which scripts are worth keeping: those that take a way through the decoder that is new."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from devices.spec import DriverSpec
from tests.fuzz.target import run

DEVICES = str(Path(sys.modules["devices"].__path__[0]).resolve())

#: From line to line within one file.
Way = tuple[str, int, int]


def worth_keeping(spec: DriverSpec, scripts: Iterable[bytes]) -> list[bytes]:
    """The shortest scripts that together take every way that all of them take."""
    known: set[Way] = set()
    kept = []
    for script in sorted(set(scripts), key=lambda one: (len(one), one)):
        new = ways(spec, script) - known
        if new:
            known |= new
            kept.append(script)
    return kept


def ways(spec: DriverSpec, script: bytes) -> set[Way]:
    """The steps from line to line that one run takes in ``devices``."""
    taken: set[Way] = set()

    def enter(frame: FrameType, what: str, of: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(DEVICES):
            return None
        before = frame.f_lineno

        def step(frame: FrameType, what: str, of: Any) -> Any:
            nonlocal before
            if what == "line":
                taken.add((file, before, frame.f_lineno))
                before = frame.f_lineno
            return step

        return step

    sys.settrace(enter)
    try:
        run(spec, script)
    finally:
        sys.settrace(None)
    return taken

"""What this computer's ports are for: the monitor last found on each adapter, and excluded ports.

One small JSON file of the user's. An adapter is known by what does not change when it is plugged in
elsewhere: its USB numbers with its serial number, or with its socket where it has none; a port that
is not USB by its name. Losing the file costs a second of searching and the exclusions, never data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from devices.findings import Detection, Known, Outcome
from devices.port import PSEUDO_TERMINALS, PortInfo
from devices.registry import DRIVERS
from ketamonitor.whole_file import write_whole

FORMAT = "ketamonitor-ports"
VERSION = 1
BROKEN = ".broken"


@dataclass(frozen=True, slots=True)
class Remembered:
    """One adapter. ``driver`` is empty and ``line`` too where nothing was found on it yet."""

    driver: str = ""
    line: str = ""
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class PortMemory:
    """All adapters by their identity (:func:`identity`). Changes give a new memory."""

    adapters: Mapping[str, Remembered] = field(default_factory=dict)

    def known(self, ports: Mapping[str, str]) -> dict[str, Known]:
        """What was found before, by port name; ``ports`` gives the identity of each."""
        found = {}
        for port, key in ports.items():
            entry = self.adapters.get(key)
            if entry is None or entry.driver not in DRIVERS:
                continue  # nothing yet, or a plug-in that is no longer installed
            with suppress(ValueError):
                line = DRIVERS[entry.driver].line
                found[port] = Known(entry.driver, line.changed(entry.line) if entry.line else line)
        return found

    def excluded(self, ports: Mapping[str, str]) -> set[str]:
        return {port for port, key in ports.items() if self._at(key).excluded}

    def excluding(self, key: str, excluded: bool) -> PortMemory:
        return self._with(key, replace(self._at(key), excluded=excluded))

    def after(self, found: Iterable[Detection], ports: Mapping[str, str]) -> PortMemory:
        """What is known now: a named monitor is remembered; silence forgets nothing."""
        memory = self
        for one in found:
            if one.outcome is Outcome.NAMED and one.driver and one.line and one.port in ports:
                key = ports[one.port]
                if os.path.realpath(key).startswith(PSEUDO_TERMINALS):
                    continue  # the next simulated monitor may have the same name
                line = str(one.line).replace(" ", "-")
                entry = replace(memory._at(key), driver=one.driver, line=line)
                memory = memory._with(key, entry)
        return memory

    def _at(self, key: str) -> Remembered:
        return self.adapters.get(key, Remembered())

    def _with(self, key: str, entry: Remembered) -> PortMemory:
        return PortMemory({**self.adapters, key: entry})


def identity(port: PortInfo) -> str:
    """``usb 0403:6001 A10ABC``, ``usb 067b:2303 at 1-1.2``, or the name of a port without USB."""
    if port.adapter is None or port.vid is None:
        return port.device
    numbers = f"usb {port.vid:04x}:{port.pid or 0:04x}"
    return (
        f"{numbers} {port.serial_number}" if port.serial_number else f"{numbers} at {port.location}"
    )


def identities(names: Iterable[str], ports: Iterable[PortInfo]) -> dict[str, str]:
    """The identity behind each port name; a name the system does not list stands for itself."""
    listed = list(ports)
    real = {os.path.realpath(port.device): port for port in listed}
    found = {}
    for name in names:
        info = None if "://" in name else real.get(os.path.realpath(name))
        found[name] = identity(info) if info is not None else name
    return found


def ports_path() -> Path:
    """``KETAMONITOR_PORTS`` if set, else ``ports.json`` in the user's data folder."""
    named = os.environ.get("KETAMONITOR_PORTS")
    return Path(named) if named else user_data_path("ketamonitor", appauthor=False) / "ports.json"


def load(path: Path) -> tuple[PortMemory, str]:
    """The memory, and words for the user where there is something to say (else "").

    A file that cannot be understood is set aside and an empty memory begins. Never raises: a
    session must not fail for it. Whoever searches after such words must only listen, as the
    exclusions are not known.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return PortMemory(), ""
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not text"
        return PortMemory(), _set_aside(path, reason or "it cannot be read")
    try:
        return PortMemory(_adapters(json.loads(text))), ""
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        reason = str(fault) if isinstance(fault, _NotOursError) else "it is damaged"
        return PortMemory(), _set_aside(path, reason)


def save(path: Path, memory: PortMemory) -> str:
    """Writes all or nothing. Words for the user where it could not be written, else ""."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "adapters": {
            key: {"driver": one.driver, "line": one.line, "excluded": one.excluded}
            for key, one in sorted(memory.adapters.items())
        },
    }
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("utf-8"))
    except OSError as fault:
        return f"{path} cannot be written ({fault.strerror}): the ports are not remembered"
    return ""


class _NotOursError(ValueError):
    """A file of another kind or version; the text says which."""


def _adapters(content: Any) -> dict[str, Remembered]:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _NotOursError("it is not a list of ports")
    if content.get("version") != VERSION:
        raise _NotOursError("it is of another version of the program")
    found = {}
    for key, entry in content["adapters"].items():
        driver, line, excluded = entry["driver"], entry["line"], entry["excluded"]
        if not (isinstance(driver, str) and isinstance(line, str) and isinstance(excluded, bool)):
            raise TypeError(key)
        found[key] = Remembered(driver, line, excluded)
    return found


def _set_aside(path: Path, reason: str) -> str:
    words = f"the list of ports {path} cannot be used ({reason})"
    try:
        aside = path.with_name(path.name + BROKEN)
        number = 1
        while aside.exists():
            number += 1
            aside = path.with_name(f"{path.name}{BROKEN}-{number}")
        path.replace(aside)
        words += f"; it is kept as {aside.name}"
    except OSError:
        words += " and cannot be moved aside"
    return words + "; exclude again the ports that must be left alone"

"""This computer's signals: the outputs, the lamp's line, what the screen adds; one TOML file.

It lies beside the store, as the loudspeakers and the lamp are those of the place, not of a person.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from devices.bounded import bytes_of
from ketamonitor.signals.tones import VOLUME_FLOOR
from ketamonitor.toml_file import LARGEST, TomlError, decoded, parsed
from ketamonitor.whole_file import write_whole

SETTINGS_FILE = "signals.toml"
_Name = Annotated[str, Meta(max_length=250, pattern=r"^[^\x00-\x1f\x7f]*$")]  # fits into one line


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file. What is left out has its usual value; what is unknown is refused."""


class SoundSettings(_Part, frozen=True):
    """``nurse`` and ``room``: outputs by name. "" is the system's default for the nurse's side; for
    the room it means that there is no loudspeaker of its own."""

    enabled: bool = True
    nurse: _Name = ""
    room: _Name = ""
    volume: Annotated[float, Meta(ge=VOLUME_FLOOR, le=1)] = 0.6


class LampSettings(_Part, frozen=True):
    """The serial port whose line switches a nurse-call lamp; "" is none. ``normally_on``: the line
    is active while all is well, so that an alert, a dead program and a lost cable all call."""

    port: _Name = ""
    line: Literal["rts", "dtr"] = "rts"
    normally_on: bool = False


class ScreenSettings(_Part, frozen=True):
    """What the screen adds to the bar: a coloured edge, a second screen, the system tray."""

    edge: bool = True
    second: bool = True
    tray: bool = True


class SignalSettings(_Part, frozen=True):
    sound: SoundSettings = SoundSettings()
    lamp: LampSettings = LampSettings()
    screen: ScreenSettings = ScreenSettings()


def read_settings(path: Path) -> SignalSettings:
    """The file's settings; the usual ones where there is no file.

    Raises ``ValueError`` with file, place and fault where it cannot be used: a clinic that chose
    an output must not be given another without being told.
    """
    try:
        return msgspec.convert(parsed(decoded(bytes_of(path, LARGEST))), SignalSettings)
    except FileNotFoundError:
        return SignalSettings()
    except OSError as fault:
        raise ValueError(f"{path}: cannot be read: {fault.strerror}") from fault
    except TomlError as fault:
        raise ValueError(f"{path}: {fault}") from fault
    except msgspec.ValidationError as fault:
        raise ValueError(f"{path}: {_words(fault)}") from fault


def write_settings(path: Path, settings: SignalSettings) -> None:
    """Writes all or nothing. Raises ``ValueError`` for settings that could not be read again, and
    where the file cannot be written."""
    plain = msgspec.to_builtins(settings)
    try:
        msgspec.convert(plain, SignalSettings)
    except msgspec.ValidationError as fault:
        raise ValueError(f"These settings are not stored: {_words(fault)}") from fault
    text = "# Signals of this computer; see the manual.\n" + "".join(
        f"\n[{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in part.items())
        for name, part in plain.items()
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("utf-8"))
    except OSError as fault:
        raise ValueError(f"{path}: cannot be written: {fault.strerror}") from fault


def _value(value: object) -> str:
    """A TOML value; JSON's strings, numbers and booleans are written alike."""
    return msgspec.json.encode(value).decode()


def _words(fault: msgspec.ValidationError) -> str:
    return str(fault).replace("$.", "").replace("`", "")

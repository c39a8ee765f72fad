"""TOML text of the clinic's, or of the program, read into its type: whole or not at all."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from devices.bounded import bytes_of

Made = TypeVar("Made")

#: Bytes above which a file is none that people write by hand.
LARGEST = 1_000_000

#: What Notepad and others write before the first letter of a UTF-8 file.
_MARK = "\ufeff"
_LINE = re.compile(r"at line (\d+)")


class TomlError(ValueError):
    """Text that is no TOML; ``line`` counts from 1, and is 0 where none can be named."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


def decoded(raw: bytes) -> str:
    """The bytes of a file as text, with or without a byte order mark. Raises :class:`TomlError`."""
    if len(raw) > LARGEST:
        raise TomlError(f"is larger than {LARGEST:,} bytes: no such file is")
    try:
        return raw.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        raise TomlError("is not UTF-8 text", raw.count(b"\n", 0, error.start) + 1) from error


def parsed(text: str) -> dict[str, Any]:
    """The tables of TOML text, with or without a byte order mark. Raises :class:`TomlError`, for
    values nested beyond sense and for numbers with thousands of digits too."""
    text = text.removeprefix(_MARK)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        line = int(found[1]) if found else max(1, len(text.splitlines()))
        raise TomlError(f"is not valid TOML: {error}", line) from error
    except RecursionError as error:
        raise TomlError(
            "is not valid TOML: lists or tables are nested too deeply", _deepest(text)
        ) from error
    except ValueError as error:
        # the interpreter's own bound on the digits of a whole number
        raise TomlError(
            "is not valid TOML: a number has too many digits", _longest(text)
        ) from error


def _deepest(text: str) -> int:
    lines = text.splitlines()
    return 1 + max(range(len(lines)), key=lambda n: lines[n].count("[") + lines[n].count("{"))


def _longest(text: str) -> int:
    lines = text.splitlines()
    runs = [max((len(run) for run in re.findall(r"[0-9_]+", line)), default=0) for line in lines]
    return 1 + max(range(len(lines)), key=runs.__getitem__)


def read_toml(path: Path, kind: type[Made], fault: type[ValueError]) -> Made:
    """The file as ``kind``. Raises ``fault`` with file and reason in one line."""
    try:
        return msgspec.convert(parsed(decoded(bytes_of(path, LARGEST))), kind)
    except OSError as error:
        raise fault(f"{path}: cannot be read: {error.strerror}") from error
    except TomlError as error:
        line = f":{error.line}" if error.line else ""
        raise fault(f"{path}{line}: {error}") from error
    except msgspec.ValidationError as error:
        raise fault(f"{path}: {error}") from error

"""A small TOML file of the clinic's, or of the program, read into its type: whole or not at all."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

Made = TypeVar("Made")


def read_toml(path: Path, kind: type[Made], fault: type[ValueError]) -> Made:
    """The file as ``kind``. Raises ``fault`` with file and reason in one line."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind)
    except OSError as error:
        raise fault(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise fault(f"{path}: is not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise fault(f"{path}: {error}") from error

"""Which forms have a data sheet: their templates lie in the program, one file each."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "forms"


def form_names() -> list[str]:
    """The names a protocol may ask for."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))

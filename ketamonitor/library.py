"""The treatment protocols at hand: those that come with the program and the clinic's own."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_config_path

from ketamonitor.protocol import ProtocolError, TreatmentProtocol, read_protocol, read_text

SHIPPED = Path(__file__).parent / "protocols"


def clinic_folder() -> Path:
    """Where the clinic keeps its own protocol files (``KETAMONITOR_PROTOCOLS`` overrides)."""
    named = os.environ.get("KETAMONITOR_PROTOCOLS")
    return Path(named) if named else user_config_path("ketamonitor", appauthor=False) / "protocols"


def load_protocols(clinic: Path | None = None) -> dict[str, TreatmentProtocol]:
    """All protocols by name; the clinic's own replaces a shipped one of the same name.

    Raises :class:`ProtocolError` naming the first file that cannot be used: a clinic must never
    work with an older text of a protocol because the newer one has a slip in it.
    """
    found: dict[str, TreatmentProtocol] = {}
    for folder in (SHIPPED, clinic or clinic_folder()):
        for path in sorted(folder.glob("*.toml")):
            protocol = read_protocol(path)
            if protocol.name != path.stem:
                raise ProtocolError(
                    f"{path}: name is {protocol.name!r} but the file is {path.stem!r}"
                )
            found[protocol.name] = protocol
    return found


def text_of(name: str, clinic: Path | None = None) -> str:
    """The text of a protocol's file; of the clinic's own where there is one."""
    own = (clinic or clinic_folder()) / f"{name}.toml"
    path = own if own.exists() else SHIPPED / f"{name}.toml"
    return path.read_text(encoding="utf-8")


def save_protocol(name: str, text: str, clinic: Path | None = None) -> Path:
    """Write a protocol into the clinic's folder, whole or not at all.

    A text that cannot be used, or has another name than its file, is a :class:`ProtocolError`. An
    approved version that is changed keeps its approval to itself: the new content has none.
    """
    if read_text(text).name != name:
        raise ProtocolError(f"the text is of another protocol than {name}")
    folder = clinic or clinic_folder()
    path = folder / f"{name}.toml"
    beside = path.with_suffix(".toml.new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise ProtocolError(f"{path}: cannot be written: {error.strerror}") from error
    return path

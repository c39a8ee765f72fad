"""The treatment protocols at hand: those that come with the program and the clinic's own."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_config_path

from ketamonitor.protocol import ProtocolError, TreatmentProtocol, read_protocol

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

"""The treatment protocols at hand: those that come with the program and the clinic's own."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_config_path

from ketamonitor.protocol import ProtocolError, TreatmentProtocol, read_protocol, read_text
from ketamonitor.whole_file import write_whole

SHIPPED = Path(__file__).parent / "protocols"
#: Names another folder of the clinic's.
FOLDER_VARIABLE = "KETAMONITOR_PROTOCOLS"


def clinic_folder() -> Path:
    """Where the clinic keeps its own protocol files (``KETAMONITOR_PROTOCOLS`` overrides)."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else user_config_path("ketamonitor", appauthor=False) / "protocols"


class Protocols(dict[str, TreatmentProtocol]):
    """The usable ones by name. ``faults``: by name, in one line each, the files that cannot be
    used; none of those has an older text standing in for it."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: dict[str, str] = {}

    def named(self, name: str) -> TreatmentProtocol:
        """Raises :class:`ProtocolError` for one that is not there, and with the fault of a bad
        file."""
        if name in self.faults:
            raise ProtocolError(self.faults[name])
        if name not in self:
            raise ProtocolError(f"unknown protocol {name!r} (known: {', '.join(self)})")
        return self[name]


def shipped_protocols() -> Protocols:
    """Those that come with the program, and nothing of the clinic's."""
    return _from([SHIPPED])


def load_protocols(clinic: Path | None = None) -> Protocols:
    """All protocols by name; the clinic's own replaces a shipped one of the same name.

    A file that cannot be used stops no other one. It stands among the ``faults``, and its name is
    not offered: a clinic must never work with an older text of a protocol because the newer one
    has a slip in it. Raises :class:`ProtocolError` where the folder that ``KETAMONITOR_PROTOCOLS``
    names is none.
    """
    folder = clinic or clinic_folder()
    if clinic is None and os.environ.get(FOLDER_VARIABLE) and not folder.is_dir():
        raise ProtocolError(
            f"{FOLDER_VARIABLE} names {folder}, and there is no such folder: make it, or take the"
            " variable away to work with the usual folder"
        )
    return _from([SHIPPED, folder])


def unusable_words(protocols: Protocols) -> str:
    """The files that are not offered, with their reasons; empty where there are none."""
    if not protocols.faults:
        return ""
    return "Not offered, its file cannot be used: " + "; ".join(protocols.faults.values())


def _from(folders: list[Path]) -> Protocols:
    found = Protocols()
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                protocol = read_protocol(path)
                if protocol.name != path.stem:
                    raise ProtocolError(
                        f"{path}: name is {protocol.name!r} but the file is {path.stem!r}"
                    )
            except ProtocolError as error:
                found.pop(path.stem, None)
                found.faults[path.stem] = str(error)
            else:
                found[protocol.name] = protocol
                found.faults.pop(protocol.name, None)
    return found


def text_of(name: str, clinic: Path | None = None) -> str:
    """The text of a protocol's file; of the clinic's own where there is one."""
    own = (clinic or clinic_folder()) / f"{name}.toml"
    path = own if own.exists() else SHIPPED / f"{name}.toml"
    return path.read_text(encoding="utf-8-sig")


def save_protocol(name: str, text: str, clinic: Path | None = None) -> Path:
    """Write a protocol into the clinic's folder, whole or not at all.

    A text that cannot be used, or has another name than its file, is a :class:`ProtocolError`. An
    approved version that is changed keeps its approval to itself: the new content has none.
    """
    if read_text(text).name != name:
        raise ProtocolError(f"the text is of another protocol than {name}")
    folder = clinic or clinic_folder()
    path = folder / f"{name}.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode("utf-8"), mode=0o644)  # no secret: all read it
    except OSError as error:
        raise ProtocolError(f"{path}: cannot be written: {error.strerror}") from error
    return path

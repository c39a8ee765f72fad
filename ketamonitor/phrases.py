"""The clinic's quick phrases for notes, from a small file that the clinic may replace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from ketamonitor.alarm_plan import Rows
from ketamonitor.library import clinic_folder
from ketamonitor.toml_file import read_toml

SHIPPED = Path(__file__).with_name("phrases.toml")

Phrase = Annotated[str, Meta(min_length=1, max_length=60)]
Group = Annotated[tuple[Phrase, ...], Meta(max_length=9)]


class PhrasesError(ValueError):
    """A file that cannot be used; the text says where and why."""


class Phrases(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Phrases by group; each has the number key of its place."""

    nurse: Group = ()
    patient: Group = ()
    room: Group = ()
    music: Group = ()


def read_phrases(path: Path) -> Phrases:
    """Raises :class:`PhrasesError` with one line."""
    return read_toml(path, Phrases, PhrasesError)


def load_phrases() -> tuple[Phrases, str]:
    """The clinic's own file beside its folder of protocols, else the shipped one, with what is
    wrong with the clinic's in one line (empty where nothing is). No limit and no amount stands
    there: a slip in it costs the clinic its own words and never the session."""
    own = clinic_folder().parent / "phrases.toml"
    if own.exists():
        try:
            return read_phrases(own), ""
        except PhrasesError as error:
            return read_phrases(SHIPPED), f"{error}. The shipped phrases are used"
    return read_phrases(SHIPPED), ""

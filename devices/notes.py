"""The support notes of a driver, as they stand in its module's docstring."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from devices.spec import DriverSpec

#: The headings that every driver's docstring has, in this order, each with text after a colon.
HEADINGS = ("Serves", "Cable", "Set up", "Gives", "Cannot", "Sureness")
#: What follows this heading is for whoever reads the code, and no part of the notes.
INSIDE = "Inside"


class NotesError(ValueError):
    """A docstring without its headings; the text says which is missing."""


@dataclass(frozen=True, slots=True)
class Notes:
    """``summary`` is the docstring's first line; ``parts`` the text under each heading."""

    summary: str
    parts: Mapping[str, str]


def support_notes(spec: DriverSpec) -> Notes:
    """What a user must know of a monitor. Raises :class:`NotesError`."""
    module = sys.modules[type(spec.decoder("notes")).__module__]
    return read_notes(module.__doc__ or "")


def read_notes(docstring: str) -> Notes:
    """The notes in a docstring: paragraphs that begin with ``Serves:`` and so on.

    Paragraphs after one belong to it until the next heading; those from ``Inside:`` on are left
    out. Raises :class:`NotesError`.
    """
    summary, *paragraphs = [" ".join(part.split()) for part in docstring.strip().split("\n\n")]
    found: dict[str, list[str]] = {}
    current: str | None = None
    for paragraph in paragraphs:
        heading, colon, rest = paragraph.partition(": ")
        if colon and heading == INSIDE:
            break
        if colon and heading in HEADINGS:
            current = heading
            found[current] = [rest[0].upper() + rest[1:]]
        elif current is not None:
            found[current].append(paragraph)
    missing = [heading for heading in HEADINGS if heading not in found]
    if missing:
        raise NotesError(f"the notes have no {', no '.join(missing)}")
    return Notes(summary, {heading: "\n\n".join(found[heading]) for heading in HEADINGS})

"""The notes that users read of each monitor: their headings, and the manual's page of them."""

from __future__ import annotations

import pytest

from devices.notes import HEADINGS, NotesError, read_notes
from devices.registry import BUILT_IN
from tests.devices.make_monitors import PAGE, monitors_page

GOOD = """A monitor.

Serves: the one\nand the other.

Cable: a cable.

With a second paragraph.

Set up: none.

Gives: values.

Cannot: much: at all.

Sureness: low.

Inside: the decoder asks once.

And again.
"""


def test_paragraphs_belong_to_their_heading_and_lines_are_joined() -> None:
    notes = read_notes(GOOD)
    assert notes.summary == "A monitor."
    assert tuple(notes.parts) == HEADINGS
    assert notes.parts["Serves"] == "The one and the other."
    assert notes.parts["Cable"] == "A cable.\n\nWith a second paragraph."
    assert notes.parts["Cannot"] == "Much: at all."
    assert notes.parts["Sureness"] == "Low."


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_missing_heading_is_named(heading: str) -> None:
    with pytest.raises(NotesError, match=f"no {heading}"):
        read_notes(GOOD.replace(f"{heading}: ", f"{heading} "))


def test_nothing_at_all_is_said_too() -> None:
    with pytest.raises(NotesError, match="no Serves, no Cable"):
        read_notes("")


def test_the_page_of_supported_monitors_is_in_step_with_the_drivers() -> None:
    page = monitors_page(BUILT_IN)
    assert PAGE.read_text(encoding="utf-8") == page, "run `make monitors`"
    for spec in BUILT_IN:
        section = page.split(f"\n## {spec.name}\n")[1].split("\n## ")[0]
        assert "**Cable.** " in section
        assert "**Set up.** " in section

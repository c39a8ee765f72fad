"""Characters that cannot be seen: refused where typed, spelt on a terminal, apart on paper."""

from __future__ import annotations

import json
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamonitor import checks, drafts, intake, unseen
from ketamonitor.cli.common import emit, out
from ketamonitor.library import SHIPPED
from ketamonitor.protocol import ProtocolError, read_text
from ketamonitor.report.glyphs import showable
from tests.fakes import START

TODAY = date(2026, 11, 23)
#: Right-to-left override, escape, zero width space and joiner, byte order mark, soft hyphen, a
#: C1 control, a line separator, a lone surrogate, a tag character.
BAD = (
    "\u202e",
    "\x1b",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\xad",
    "\x9b",
    "\u2028",
    "\ud800",
    "\U000e0041",
)
_ANY = st.characters(exclude_categories=())


@pytest.mark.parametrize("bad", BAD)
def test_what_cannot_be_seen_is_refused_in_names_numbers_and_titles(bad: str) -> None:
    point = unseen.spelt(bad)
    for refused in (
        lambda: intake.patient_name(f"LINDQVIST{bad}, Maren"),
        lambda: intake.record_number(f"00{bad}48"),
        lambda: checks.text(f"keta{bad}mine", "Drug", 80),
        lambda: drafts.mark(f"Toi{bad}let", at=START, author="okafor"),
    ):
        with pytest.raises(
            ValueError, match=rf"cannot be seen \({point.replace('+', '.')}\)"
        ) as told:
            refused()
        assert bad not in str(told.value)


def test_a_note_has_lines_and_may_be_written_as_its_script_is() -> None:
    kept = "first line\n\tsecond: می\u200cخواهم"
    assert checks.text(kept, "Note", checks.LONGEST_NOTE) == kept
    for bad in ("\x1b[2J", "\x00", "\ud800"):
        with pytest.raises(ValueError, match="cannot be seen"):
            checks.text(f"calm{bad}", "Note", checks.LONGEST_NOTE)


@pytest.mark.parametrize("number", ["-", "...", "/", "– –"])
def test_a_record_number_has_a_letter_or_a_digit(number: str) -> None:
    with pytest.raises(ValueError, match="no letter and no digit"):
        intake.record_number(number)


def test_names_of_every_script_are_names() -> None:
    for name in ("Øystein Ås", "王小明", "محمد علي", "O’Brien-Łukasz", "สมชาย ใจดี"):
        assert intake.patient_name(name) == name


def test_a_protocol_with_a_hidden_character_is_refused_with_its_line() -> None:
    text = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")
    title = next(line for line in text.splitlines() if line.startswith("title"))
    with pytest.raises(ProtocolError, match="cannot be seen") as told:
        read_text(text.replace(title, title.replace(' = "', ' = "\u202e'), 1))
    assert told.value.line == text.splitlines().index(title) + 1


@given(st.text(_ANY))
def test_nothing_reaches_a_terminal_that_acts_on_it(text: str) -> None:
    shown = unseen.on_terminal(text)
    assert not [c for c in shown if unseen.unseen(c) and c not in "\n\t"]
    letters = "".join(c for c in text if not unseen.unseen(c))
    hidden = {f"<{unseen.spelt(c)}>" for c in text if unseen.unseen(c)}
    for spelt in hidden:
        shown = shown.replace(spelt, "")
    if "<" not in text:
        assert shown.replace("\n", "").replace("\t", "") == letters


@given(st.text(_ANY.filter(lambda c: unicodedata.category(c) != "Cs")))
def test_a_json_line_says_the_same_and_acts_on_nothing(text: str) -> None:
    line = unseen.json_line({"name": text})
    assert json.loads(line) == {"name": text}
    assert not [c for c in line if unseen.unseen(c)]


def test_every_line_of_the_command_is_spelt(capsys: pytest.CaptureFixture[str]) -> None:
    emit(False, "A\u202eB", {})
    emit(True, "", {"name": "A\u202eB"})
    out("\x1b[31mred")
    assert capsys.readouterr().out == 'A<U+202E>B\n{"name": "A\\u202eB"}\n<U+001B>[31mred\n'


def test_a_name_from_right_to_left_reorders_nothing_beside_it() -> None:
    name = "محمد علي"
    line = f"{name} · MRN 0048"
    assert unseen.isolated(line) == f"{unseen.FSI}{name}{unseen.PDI} · MRN 0048"
    assert unseen.isolated("Lindqvist · MRN 0048") == "Lindqvist · MRN 0048"


@given(st.text(st.sampled_from("ab 1·,אבمح\u0301\u064e")))
def test_isolates_close_and_change_no_letter(text: str) -> None:
    made = unseen.isolated(text)
    assert made.replace(unseen.FSI, "").replace(unseen.PDI, "") == text
    assert made.count(unseen.FSI) == made.count(unseen.PDI)


def test_on_paper_a_hidden_character_is_spelt() -> None:
    assert showable("A\u202eB") == "A[U+202E]B"
    assert showable("A\u200bB") == "A[U+200B]B"

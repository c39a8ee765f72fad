"""Makes the PDF record of a session with typst: tagged, archivable, with its own font."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import typst

from ketamonitor.record import Record
from ketamonitor.report.content import content, texts
from ketamonitor.report.files import ReportError, write_atomically
from ketamonitor.report.glyphs import breakable, covered, showable, spelt_out
from ketamonitor.unseen import isolated

__all__ = ["ReportError", "build", "pdf_of", "write_pdf"]

Paper = Literal["a4", "letter"]

HERE = Path(__file__).parent
TEMPLATE = HERE / "record.typ"
FONTS = HERE / "fonts"
#: Sets a few words and nothing else, to ask typst which of their letters no font has.
PROBE = HERE / "probe.typ"

_NO_FONT = re.compile(r"the text `?\"(.+?)\"`? could not be displayed", re.DOTALL)
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)

#: Archivable, with tags for screen readers; typst refuses to write what does not conform.
STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]


def write_pdf(
    record: Record,
    path: Path,
    *,
    printed_at: datetime,
    printed_by: str,
    chain_verified: bool,
    paper: Paper = "a4",
) -> None:
    """The PDF of :func:`pdf_of` at ``path``: the whole file or nothing.

    Raises :class:`ReportError` with one line.
    """
    made = pdf_of(
        record,
        printed_at=printed_at,
        printed_by=printed_by,
        chain_verified=chain_verified,
        paper=paper,
    )
    write_atomically(path, made)


def pdf_of(
    record: Record,
    *,
    printed_at: datetime,
    printed_by: str,
    chain_verified: bool,
    paper: Paper = "a4",
) -> bytes:
    """The record as PDF/A-2a and PDF/UA-1.

    The same arguments give the same bytes. ``chain_verified`` says whether the caller has
    recomputed the hashes of all entries. Raises :class:`ReportError` with one line.
    """
    if paper not in ("a4", "letter"):
        raise ReportError(f"unknown paper {paper!r}: choose a4 or letter")
    printed_at = printed_at.replace(microsecond=0)  # a PDF's dates have whole seconds
    data = content(
        record,
        printed_at=printed_at,
        printed_by=printed_by,
        chain_verified=chain_verified,
        paper=paper,
    )
    return build(data, printed_at)


def build(data: dict[str, Any], printed_at: datetime, *, template: Path = TEMPLATE) -> bytes:
    """The PDF of :func:`~ketamonitor.report.content.content`'s data.

    Letters that our font lacks are sought in the computer's fonts (a name in another script must
    be readable); what no font has is printed as ``[U+4E2D]``, that letter alone.
    """
    points = covered(FONTS / "Inter-Regular.otf")
    whole = texts(data, showable)
    plain = texts(whole, lambda text: showable(text, points))
    own = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    if whole != plain:
        # Without typst's own fonts: its mathematics font has Devanagari letters and sets them
        # wrongly, side by side.
        fonts = typst.Fonts(
            include_system_fonts=True, include_embedded_fonts=False, font_paths=[FONTS]
        )
        lacking = without_font(foreign_words(whole, points), fonts)
        spelt = texts(whole, lambda text: spelt_out(text, lacking))
        # A name is worth more than a picture sign: the second try gives up the signs.
        letters = texts(spelt, lambda text: showable(text, points, letters=True))
        for tried in (spelt, letters):
            with contextlib.suppress(typst.TypstError):
                return _compile(template, tried, printed_at, fonts)
    try:
        return _compile(template, plain, printed_at, own)
    except typst.TypstError as error:
        # typst quotes the text it stumbled on, which may be the patient's: only our words leave.
        raise ReportError(
            "the PDF could not be laid out: export as CSV or JSON and report this fault"
        ) from error


def foreign_words(data: Any, points: frozenset[int]) -> list[str]:
    """The words of the content with a letter that our font lacks, each once, in their order."""
    found: dict[str, None] = {}

    def look(text: str) -> str:
        for word in text.split():
            if any(ord(letter) not in points for letter in word):
                found[word] = None
        return text

    texts(data, look)
    return list(found)


def without_font(words: list[str], fonts: typst.Fonts) -> frozenset[str]:
    """The letters of these words that none of the fonts has, as typst itself says: a letter is set
    with its neighbours, so that a list of code points is no answer."""
    lacking: set[str] = set()
    while True:
        probe = "\n".join(spelt_out(word, lacking) for word in words)
        try:
            _compile(PROBE, {"text": probe}, _ANY_DAY, fonts)
        except typst.TypstError as error:
            named = {letter for letter in _named(str(error)) if letter in probe} - lacking
            if not named:  # another fault than a letter: who prints finds it, with all the rest
                return frozenset(lacking)
            lacking |= named
        else:
            return frozenset(lacking)


def _named(fault: str) -> str:
    """The text that no font could display, out of typst's line about it; empty where it is of
    something else."""
    found = _NO_FONT.search(fault)
    if found is None:
        return ""
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), found[1])


def _compile(
    template: Path, data: dict[str, Any], printed_at: datetime, fonts: typst.Fonts
) -> bytes:
    """Raises ``typst.TypstError``; a warning (a missing font, say) counts as one.

    The document's own date is the timestamp with its offset; one that is written in the template
    would be taken for UTC whatever the zone was.
    """
    pdf, warnings = typst.compile_with_warnings(
        template,
        root=HERE,
        font_paths=fonts,
        format="pdf",
        sys_inputs={"data": json.dumps(texts(data, lambda text: isolated(breakable(text))))},
        pdf_standards=list(STANDARDS),
        timestamp=printed_at.astimezone(timezone(printed_at.utcoffset() or timedelta(0))),
    )
    if warnings:
        raise typst.TypstError(warnings[0].message, "a warning")
    return pdf

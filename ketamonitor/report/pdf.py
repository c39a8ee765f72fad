"""Makes the PDF record of a session with typst: tagged, archivable, with its own font."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import typst

from ketamonitor.record import Record
from ketamonitor.report.content import content, texts
from ketamonitor.report.files import ReportError, write_atomically
from ketamonitor.report.glyphs import breakable, covered, showable

__all__ = ["ReportError", "build", "write_pdf"]

HERE = Path(__file__).parent
TEMPLATE = HERE / "record.typ"
FONTS = HERE / "fonts"

#: Archivable, with tags for screen readers; typst refuses to write what does not conform.
STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]


def write_pdf(
    record: Record,
    path: Path,
    *,
    printed_at: datetime,
    printed_by: str,
    chain_verified: bool,
    paper: Literal["a4", "letter"] = "a4",
) -> None:
    """Write the record as PDF/A-2a and PDF/UA-1 to ``path``: the whole file or nothing.

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
    write_atomically(path, build(data, printed_at))


def build(data: dict[str, Any], printed_at: datetime, *, template: Path = TEMPLATE) -> bytes:
    """The PDF of :func:`~ketamonitor.report.content.content`'s data.

    Letters that our font lacks are first sought in the computer's fonts (a name in another
    script must be readable); what no font has is printed as ``[U+4E2D]``.
    """
    points = covered(FONTS / "Inter-Regular.otf")
    whole = texts(data, showable)
    plain = texts(whole, lambda text: showable(text, points))
    if whole != plain:
        # A name is worth more than a picture sign: the second try gives up only the signs.
        letters = texts(whole, lambda text: showable(text, points, letters=True))
        for tried in (whole, letters):
            with contextlib.suppress(typst.TypstError):
                return _compile(template, tried, printed_at, system_fonts=True)
    try:
        return _compile(template, plain, printed_at, system_fonts=False)
    except typst.TypstError as error:
        # typst quotes the text it stumbled on, which may be the patient's: only our words leave.
        raise ReportError(
            "the PDF could not be laid out: export as CSV or JSON and report this fault"
        ) from error


def _compile(
    template: Path, data: dict[str, Any], printed_at: datetime, *, system_fonts: bool
) -> bytes:
    """Raises ``typst.TypstError``; a warning (a missing font, say) counts as one."""
    pdf, warnings = typst.compile_with_warnings(
        template,
        root=HERE,
        font_paths=[FONTS],
        ignore_system_fonts=not system_fonts,
        format="pdf",
        sys_inputs={"data": json.dumps(texts(data, breakable))},
        pdf_standards=list(STANDARDS),
        timestamp=printed_at.astimezone(timezone(printed_at.utcoffset() or timedelta(0))),
    )
    if warnings:
        raise typst.TypstError(warnings[0].message, "a warning")
    return pdf

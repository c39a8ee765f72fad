"""The PDF itself: what stands on each page, that it conforms, and that it fails in one line."""

from __future__ import annotations

import io
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import pytest
import typst
from pypdf import PdfReader

from ketamonitor import drafts
from ketamonitor.entries import Draft, Entry
from ketamonitor.record import Record
from ketamonitor.report.content import content
from ketamonitor.report.glyphs import covered
from ketamonitor.report.pdf import FONTS, ReportError, foreign_words, without_font, write_pdf
from tests.domain.report_sessions import (
    NURSE,
    PRINTED,
    Writer,
    at,
    crowded_session,
    empty_session,
    nasal_session,
    started,
    whole_session,
)

NASTY = '#evil [ $x$ \\ ] "quoted" \'single\' #import "look.typ": * *bold* _it_ `raw` <label> @ref'


def printed(entries: list[Entry], path: Path, **changed: Any) -> PdfReader:
    facts = {"printed_at": PRINTED, "printed_by": "Dr A. Hale", "chain_verified": True, **changed}
    write_pdf(Record.of(entries), path, **facts)
    return PdfReader(io.BytesIO(path.read_bytes()))


def text(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def squeezed(words: str) -> str:
    """Without white space: how a line is broken is not what a test is about."""
    return re.sub(r"[\s\u200b]+", "", words)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    return printed(whole_session(every_s=5), tmp_path_factory.mktemp("pdf") / "whole.pdf")


@pytest.mark.parametrize(
    ("session", "simulated"),
    [
        (whole_session, True),
        (empty_session, False),
        (nasal_session, False),
        (crowded_session, True),
    ],
)
def test_every_page_says_whose_it_is_and_which(
    session: Any, simulated: bool, tmp_path: Path
) -> None:
    reader = printed(session(), tmp_path / "out.pdf")
    record = Record.of(session())
    for number, page in enumerate(reader.pages, 1):
        told = squeezed(page.extract_text())
        assert squeezed(record.info.patient.name) in told
        assert "14Mar1984" in told
        assert told.count("0048-2917") >= 2, "in the header and in the footer"
        assert squeezed(record.info.id) in told
        assert f"Page{number}of{len(reader.pages)}" in told
        assert "DRAFT,UNSIGNED" in told
        assert ("SIMULATED" in told) == simulated
        assert "printed23Nov202617:10byDrA.Hale" in told
        assert f"entries1to{record.entries},chainverified" in told
        assert record.last_hash[:8] in told
        assert "NotaREMSform" in told


def test_every_cuff_value_alert_and_event_is_printed(tmp_path: Path) -> None:
    entries = crowded_session()
    record = Record.of(entries)
    told = text(printed(entries, tmp_path / "out.pdf"))
    for cuff in record.cuff:
        assert f"{cuff.sys:g}/{cuff.dia:g}" in told
    assert len(re.findall(r"SYS \d+ ≥ 146\.4", told)) == 60
    for event in record.events:
        assert event.text in told


def test_header_rows_come_again_on_each_page_of_a_long_table(tmp_path: Path) -> None:
    reader = printed(crowded_session(), tmp_path / "out.pdf")
    pages = [page.extract_text() for page in reader.pages]
    assert sum("BP mmHg" in page for page in pages) >= 6


def test_it_claims_archive_and_accessibility_and_has_what_they_ask(whole: PdfReader) -> None:
    root = whole.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "Treatment session record" in metadata
    assert "LINDQVIST" not in metadata


def test_only_the_reports_own_font_is_used(whole: PdfReader) -> None:
    names = {
        str(font.get_object()["/BaseFont"])
        for page in whole.pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    }
    assert names
    assert all("Inter" in name for name in names)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    entries = whole_session(every_s=30)
    first, again = tmp_path / "a.pdf", tmp_path / "b.pdf"
    printed(entries, first)
    printed(entries, again)
    assert first.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_paper_is_chosen(paper: Literal["a4", "letter"], tmp_path: Path) -> None:
    box = printed(empty_session(), tmp_path / "out.pdf", paper=paper).pages[0].mediabox
    size = {"a4": (595, 842), "letter": (612, 792)}[paper]
    assert (round(box.width), round(box.height)) == size


def test_what_a_nurse_writes_is_text_and_never_markup(tmp_path: Path) -> None:
    writer = Writer()
    writer.add(started())
    long = f"{NASTY} " * (10_000 // len(NASTY) + 1)
    writer.add(Draft("note", at(5), NURSE, {"text": long, "said_by": "nurse"}))
    writer.add(Draft("note", at(6), NURSE, {"text": "x" * 500, "said_by": "patient"}))
    told = text(printed(writer.entries, tmp_path / "out.pdf"))
    # Headers and footers stand between the pages of a note: each single run of it is looked for.
    assert squeezed(told).count(squeezed(NASTY)) >= 60
    assert "x" * 500 in squeezed(told)


@pytest.mark.parametrize(
    "name",
    [
        "王小明",
        "محمد علي",
        "O'Brien 😀 Zoë",
        "a\x00b\x07c\ue000",
        "#set page(width: 1pt)",
        "N" * 400,
        "Ngọc Ánh, Nguyễn; Łukasz; Σωκράτης; Жанна",
    ],
)
def test_any_name_can_be_printed(name: str, tmp_path: Path) -> None:
    writer = Writer()
    writer.add(started(name))
    reader = printed(writer.entries, tmp_path / "out.pdf")
    told = squeezed(text(reader))
    for letter in set(name[:90]) - {" "}:
        assert letter in told or f"[U+{ord(letter):04X}]" in told


def test_one_letter_that_no_font_has_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    writer = Writer()
    writer.add(started("Ngọc \U000e0100Жанна \u0780Σω"))  # Thaana, which Debian's fonts lack
    told = squeezed(text(printed(writer.entries, tmp_path / "out.pdf")))
    assert "Ngọc" in told
    assert "Жанна" in told
    assert "Σω" in told
    own = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    words = ["王小明", "Ngọc", "Жанна", "अनिल"]
    assert without_font(words, own) == set("王小明अनिल")
    assert foreign_words(
        {"a": [" 王小明 Ngọc", "王小明"]}, covered(FONTS / "Inter-Regular.otf")
    ) == ["王小明"]


@pytest.mark.parametrize(
    "offset", [timedelta(0), timedelta(hours=5, minutes=30), timedelta(hours=-8)]
)
def test_the_documents_own_date_is_right_in_every_zone(tmp_path: Path, offset: timedelta) -> None:
    when = datetime(2026, 11, 23, 23, 30, 7, tzinfo=timezone(offset))
    path = tmp_path / "out.pdf"
    write_pdf(
        Record.of(empty_session()), path, printed_at=when, printed_by="x", chain_verified=True
    )
    metadata = PdfReader(path).metadata
    assert metadata is not None
    assert metadata.creation_date == when
    assert metadata.modification_date == when


def test_the_gate_that_counts_is_drawn() -> None:
    writer = Writer()
    writer.add(started(protocol="im-ketamine"))
    for minute in (10, 60):
        writer.add(drafts.dose("ketamine (racemic)", "im", 34, at=at(minute), author=NURSE))
    writer.add(drafts.mark("walks", at=at(70), author=NURSE))
    data = content(
        Record.of(writer.entries),
        printed_at=at(200),
        printed_by="x",
        chain_verified=True,
        paper="a4",
    )
    # 90 min from the first would be 15:28; an hour after the last is later
    told = next(row for row in data["summary"][1]["rows"] if row[0] == "Earliest end, gate")
    assert told[1] == "15:48"
    assert data["chart"]["gate_label"] == "gate 15:48"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """As on a full disk: the system refuses to write files longer than ``size``."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_gives_one_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.pdf"
    path.write_bytes(b"the one before")
    with room_for(1000), pytest.raises(ReportError) as raised:
        printed(empty_session(), path)
    assert "cannot be written" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == b"the one before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_or_a_folder_as_target_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "out.pdf", tmp_path):
        with pytest.raises(ReportError, match=r"cannot be written: .*\. Choose another folder"):
            printed(empty_session(), path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_paper_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="choose a4 or letter"):
        printed(empty_session(), tmp_path / "out.pdf", paper="a5")

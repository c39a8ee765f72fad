"""``-o FILE`` in every command that writes one: never an accident, ``-`` is standard output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfReader

from ketamonitor.cli.written import may_write
from ketamonitor.store import open_store
from tests.domain.builders import chained, started
from tests.processes import PROGRAM, end_group, ran
from tests.waits import PATIENCE_S, until
from ui.command import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "store.db"
    monkeypatch.setenv("KETAMONITOR_STORE", str(path))
    entries = chained([started()])
    with open_store(path) as store:
        store.append(entries)
    return entries[0].session


def exporting(session: str, form: str = "csv") -> list[str]:
    return ["session", "export", session, "--format", form]


def test_a_new_file_is_written_and_an_old_one_is_not_touched(
    session: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out.csv"
    assert main([*exporting(session), "-o", str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("somebody's work")
    for words in (exporting(session), ["ledger", "export"]):
        assert main([*words, "-o", str(path)]) == 1
        assert capsys.readouterr().err == (
            f"ketamonitor: {path} exists: choose another name, or replace it with --force\n"
        )
        assert path.read_text() == "somebody's work"
        assert main([*words, "-o", str(path), "--force"]) == 0
        assert "," in path.read_text()
        path.write_text("somebody's work")


@pytest.mark.parametrize("what", ["link", "folder", "device"])
def test_what_is_no_ordinary_file_is_not_replaced_with_force_either(
    session: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    path = tmp_path / "out"
    if what == "link":
        (tmp_path / "behind").write_text("kept")
        path.symlink_to(tmp_path / "behind")
    elif what == "folder":
        path.mkdir()
    else:
        path = Path("/dev/null")
    for words in (exporting(session), ["ledger", "export"]):
        assert main([*words, "-o", str(path), "--force"]) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"ketamonitor: {path}: cannot be written: it is")
    capturing = ["devices", "capture", "--port", "/nowhere", "--driver", "dinamap"]
    assert main([*capturing, "-o", str(path), "--force"]) == 1
    assert "cannot be written: it is" in capsys.readouterr().err
    if what == "link":
        assert (tmp_path / "behind").read_text() == "kept"


def test_a_capture_replaces_only_with_leave(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wire.jsonl"
    path.write_text("bytes of yesterday")
    words = ["devices", "capture", "--port", "/nowhere", "--driver", "dinamap", "-o", str(path)]
    assert main(words) == 1
    assert "exists: choose another name" in capsys.readouterr().err
    assert path.read_text() == "bytes of yesterday"
    assert main([*words, "--force"]) == 1  # there is no such port
    assert "/nowhere" in capsys.readouterr().err
    assert json.loads(path.read_text())["driver"] == "dinamap"


def test_a_minus_is_standard_output_and_nothing_else_is_on_it(session: str, tmp_path: Path) -> None:
    export = ran([*PROGRAM, *exporting(session, "json"), "-o", "-"])
    assert json.loads(export.stdout)["session"]["session"] == session
    assert export.stderr == ""
    ledger = ran([*PROGRAM, "ledger", "export", "-o", "-"])
    assert ledger.stdout.startswith("\ufeffrow,at,")
    assert len(ledger.stdout.splitlines()) == 1
    path = tmp_path / "chart.pdf"
    words = " ".join([*PROGRAM, *exporting(session, "pdf"), "-o", "-", ">", str(path)])
    assert ran(["sh", "-c", words]).returncode == 0
    assert len(PdfReader(path).pages) >= 1
    assert not Path("-").exists()


class Terminal:
    """The command at a pseudo-terminal, and what a person types there."""

    def __init__(self, words: list[str]) -> None:
        self.heard = b""
        self._end, theirs = os.openpty()
        self._run = subprocess.Popen(
            [*PROGRAM, *words], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def read(self) -> bool:
        try:
            more = os.read(self._end, 4096)
        except OSError:  # it has ended
            return False
        self.heard += more
        return bool(more)

    def answer(self, question: bytes, typed: bytes) -> int:
        """Its exit status."""
        try:
            until(lambda: question in self.heard, "it does not ask", turn=self.read)
            os.write(self._end, typed)
            while self.read():
                pass
            return self._run.wait(PATIENCE_S)
        finally:
            end_group(self._run)
            os.close(self._end)


@pytest.mark.parametrize(
    ("typed", "replaced"),
    [(b"y\n", True), (b"YES\n", True), (b"\n", False), (b"n\n", False), (b"\x04", False)],
)
def test_at_a_terminal_one_is_asked_and_no_answer_is_no(
    session: str, tmp_path: Path, typed: bytes, replaced: bool
) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    terminal = Terminal([*exporting(session), "-o", str(path)])
    assert terminal.answer(b"exists. Replace it? [y/N]", typed) == (0 if replaced else 1)
    assert (path.read_text() == "old") is not replaced


def test_a_pdf_is_not_poured_into_a_terminal(session: str) -> None:
    terminal = Terminal([*exporting(session, "pdf"), "-o", "-"])
    assert terminal.answer(b"nothing for a terminal", b"") == 1
    assert b"%PDF" not in terminal.heard


def test_nobody_is_asked_where_nobody_can_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(Exception, match="exists: choose another name"):
        may_write(path, force=False)
    assert may_write(path, force=True)
    assert not may_write(tmp_path / "new", force=False)

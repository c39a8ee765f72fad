"""The demonstration, headless, as ``make demo`` runs it: every result it promises is there."""

from __future__ import annotations

import json
from pathlib import Path

from pypdf import PdfReader

from tests.processes import PROGRAM, ran


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_played(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    done = ran([*PROGRAM, "demo", "--headless", "--out", str(taken)])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"ketamonitor: {taken}: the folder cannot be made: File exists; name another --out\n"
    )


def test_the_headless_demonstration_leaves_what_it_says(tmp_path: Path) -> None:
    done = ran([*PROGRAM, "demo", "--headless", "--speed", "240", "--out", str(tmp_path)])
    assert done.stderr == ""
    assert done.returncode == 0
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert set(said) == {"live page", "live page in alert", "review page", "PDF", "CSV", "JSON"}
    assert all(Path(path).stat().st_size > 1000 for path in said.values())
    pages = [page.extract_text() for page in PdfReader(said["PDF"]).pages]
    assert all("LINDQVIST" in page and "DEMO-0048" in page for page in pages)
    assert all("SIMULATED" in page.upper() for page in pages)
    entries = json.loads(Path(said["JSON"]).read_text(encoding="utf-8"))["entries"]
    kinds = {entry["kind"] for entry in entries}
    assert {"session", "reading", "infusion", "observation", "alarm", "note", "event"} <= kinds
    assert entries[-1]["body"]["event"] == "ended"
    # what its last line says is so: nothing was open, nothing overdue, every criterion met
    happened = [entry["body"]["event"] for entry in entries if entry["kind"] == "event"]
    assert not {"closing", "overdue"} & set(happened)
    told = " ".join(page.extract_text() for page in PdfReader(said["PDF"]).pages)
    for words in ("not met", "not answered", "open at the end", "DEVIATION"):
        assert words not in told

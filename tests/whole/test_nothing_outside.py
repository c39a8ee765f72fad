"""README says what is written outside the checkout: the folders it names, and no other."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.processes import PROGRAM, ran

README = Path(__file__).parents[2] / "README.md"

#: What may come into being below the home folder, each named in README.
HOME = (".local/share/ketamonitor", ".local/state/ketamonitor", ".config/ketamonitor")
HOME += (".config/pulse",)
#: The same for temporary files, by how their names begin.
TEMPORARY = ("ketamonitor-pace-", "pulse-")


def files_below(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir() or path.is_symlink()
    ]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the folders of Linux")
def test_a_session_with_sound_writes_where_readme_says(tmp_path: Path) -> None:
    home, temporary, here = tmp_path / "home", tmp_path / "temporary", tmp_path / "here"
    for folder in (home, temporary, here):
        folder.mkdir()
    own = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "QT_QPA_PLATFORM": "offscreen"}
    own |= {"HOME": str(home), "TMPDIR": str(temporary), "PWD": str(here)}
    run = "session run --simulated --protocol iv-ketamine-40 --for 20 --speed 20 --sound"
    done = ran([*PROGRAM, *run.split()], env=own)
    assert done.returncode == 0, done.stderr
    session = done.stdout.split()[0]
    for form in ("pdf", "csv"):
        export = ("session", "export", session, "--format", form, "-o", str(here / f"x.{form}"))
        done = ran([*PROGRAM, *export], env=own)
        assert done.returncode == 0, done.stderr
    written = files_below(home)
    assert ".local/share/ketamonitor/sessions.db" in written
    assert [name for name in written if not name.startswith(HOME)] == []
    assert [name for name in files_below(temporary) if not name.startswith(TEMPORARY)] == []
    assert sorted(files_below(here)) == ["x.csv", "x.pdf"]


def test_readme_names_each_of_them() -> None:
    told = README.read_text(encoding="utf-8")
    for name in HOME:
        assert f"~/{name}" in told
    for name in TEMPORARY:
        assert f"`{name}…`" in told

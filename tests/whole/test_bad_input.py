"""Nonsense on the command line and in files: one clear line, the right status, nothing lost."""

from __future__ import annotations

import os
import pty
import sqlite3
from pathlib import Path

import pytest

from ketamonitor.library import SHIPPED
from ketamonitor.store import open_store
from ui.command import main

HEADER = "t_s,hr,pulse,spo2,rr,nibp_sys,nibp_dia,nibp_map\n"


@pytest.fixture
def said(capsys, monkeypatch, tmp_path):  # type: ignore[no-untyped-def]
    """Run the command; its exit status, and the one line it said."""
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    (tmp_path / "protocols").mkdir()
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "protocols"))

    def run(*arguments: str) -> tuple[int, str]:
        try:
            status = main(arguments)
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        lines = captured.err.strip().splitlines()
        assert captured.out == ""
        assert len(lines) == 1, captured.err
        return status, lines[0]

    return run


RUN = ("session", "run", "--simulated", "--protocol", "iv-ketamine-40")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("t_s,hr\n0,70\n", "case.csv"),
        (HEADER.replace("spo2", "sat") + "0,,,,,,,\n", "case.csv"),
        (HEADER + "0,seventy,,,,,,\n", "hr"),
        (HEADER + "10,70,,,,,,\n5,70,,,,,,\n", "t_s"),
        (HEADER + "0,70,,\n", "case.csv"),
        ("", "case.csv"),
    ],
)
def test_a_case_with_wrong_columns_or_cells(said, tmp_path, content: str, named: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "case.csv"
    path.write_text(content, encoding="utf-8")
    status, line = said("simulate", "--driver", "dinamap", "--case", str(path))
    assert status == 1
    assert named in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate", "--driver", "stethoscope"),
        ("devices", "read", "--port", "/dev/null", "--driver", "stethoscope"),
        (*RUN, "--device", "stethoscope:/dev/ttyUSB0"),
    ],
)
def test_an_unknown_driver_lists_the_known_ones(said, arguments: tuple[str, ...]) -> None:  # type: ignore[no-untyped-def]
    status, line = said(*arguments)
    assert status == 2
    assert "stethoscope" in line
    assert "dinamap" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("devices", "read", "--driver", "dinamap", "--port"),
        ("devices", "capture", "--driver", "dinamap", "-o", "x.capture", "--port"),
        (*RUN, "--device"),
    ],
)
def test_a_port_that_does_not_exist(said, tmp_path, monkeypatch, arguments) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    port = "dinamap:/dev/ttyNONE" if "--device" in arguments else "/dev/ttyNONE"
    status, line = said(*arguments, port)
    assert status == 1
    assert "/dev/ttyNONE does not exist" in line


def test_a_port_in_use(said) -> None:  # type: ignore[no-untyped-def]
    import fcntl

    master, slave = pty.openpty()
    fcntl.flock(slave, fcntl.LOCK_EX)  # as every program does that opens a port for itself alone
    try:
        status, line = said(*RUN, "--device", f"dinamap:{os.ttyname(slave)}")
        assert status == 1
        assert "is in use: close the other program" in line
    finally:
        os.close(slave)
        os.close(master)


def test_nothing_is_begun_where_a_port_cannot_be_opened(said, capsys) -> None:  # type: ignore[no-untyped-def]
    open_store(os.environ["KETAMONITOR_STORE"]).close()
    said(*RUN, "--device", "dinamap:/dev/ttyNONE")
    assert main(["session", "list"]) == 0
    assert capsys.readouterr().out == ""


def test_a_store_that_is_not_ours(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE letters (text)")
    other.close()
    before = path.read_bytes()
    status, line = said(*RUN)
    assert status == 1
    assert str(path) in line
    assert path.read_bytes() == before


def test_a_store_that_is_no_database(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "store.db").write_text("Dear Sir or Madam, " * 500)
    assert said("session", "list")[0] == 1


def test_a_store_from_a_newer_version(said, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    assert main([*RUN, "--for", "0.2"]) == 0
    capsys.readouterr()
    with sqlite3.connect(tmp_path / "store.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    status, line = said(*RUN)
    assert status == 1
    assert "newer" in line


def test_a_store_in_a_folder_that_is_not_there(said) -> None:  # type: ignore[no-untyped-def]
    status, line = said("session", "list", "--store", "/nowhere/at/all/store.db")
    assert status == 1
    assert "/nowhere/at/all" in line


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("value = 180", "value = 1800", "limit"),
        ("mg_per_kg = 0.5\n", "", "dose.mg_per_kg"),
    ],
)
def test_a_protocol_with_a_missing_or_absurd_value(said, tmp_path, old, new, place) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "own.toml"
    text = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    for arguments in (
        ("protocol", "check", str(path)),
        ("session", "run", "--simulated", "--protocol", str(path)),
    ):
        status, line = said(*arguments)
        assert status == 1
        assert str(path) in line
        assert place in line


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [
        (("session", "run", "--simulated"), 2, "--protocol"),
        ((*RUN, "--speed", "0"), 2, "--speed"),
        ((*RUN, "--for", "soon"), 2, "--for"),
        ((*RUN, "--device", "dinamap"), 2, "DRIVER:PORT"),
        ((*RUN, "--patient", "Doe"), 2, "NAME,ID,BORN"),
        ((*RUN, "--patient", "Doe,1,14.3.1984"), 2, "YYYY-MM-DD"),
        ((*RUN, "--patient", "Doe,1,2999-01-01"), 1, "date of birth"),
        ((*RUN, "--weight", "700"), 1, "Weight"),
        ((*RUN, "--script", "none.jsonl"), 1, "none.jsonl"),
        (("session", "run", "--protocol", "iv-ketamine-40"), 2, "--user"),
        (("session", "run", "--simulated", "--protocol", "none"), 1, "iv-ketamine-40"),
        (("session", "run", "--simulated", "--resume", "KM-0"), 1, "KM-0"),
        (("session", "show", "KM-0"), 1, "KM-0"),
        (("session", "export", "KM-0", "--format", "docx", "-o", "x"), 2, "docx"),
        (("protocol", "show", "none"), 1, "iv-ketamine-40"),
        (("medicate",), 2, "medicate"),
    ],
)
def test_wrong_words(said, tmp_path, arguments, status, named) -> None:  # type: ignore[no-untyped-def]
    open_store(str(tmp_path / "store.db")).close()
    got, line = said(*arguments)
    assert got == status
    assert named in line

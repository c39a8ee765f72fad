"""``ketamonitor people`` and ``ketamonitor store`` as a script sees them."""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from ketamonitor.cli import people, store
from ketamonitor.cli.errors import UserError
from ketamonitor.store import open_store
from tests.domain.stored import chained, note, started


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("KETAMONITOR_PASSWORD", "correct horse battery")
    return tmp_path / "store.db"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    people.add_parser(commands)
    store.add_parser(commands)
    args = parser.parse_args(words)
    status: int = args.handler(args)
    return status


def failed(*words: str) -> str:
    with pytest.raises(UserError) as caught:
        run(*words)
    assert caught.value.status == 1
    return str(caught.value)


ADD = ("people", "add", "anna", "--full-name", "Anna Berg", "--role", "nurse")


def test_adding_and_listing_people(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert failed("people", "list") == f"{path}: there is no store here; check the path"
    assert run(*ADD) == 0
    assert run("people", "list") == 0
    assert run("people", "list", "--json") == 0
    added, line, as_json = capsys.readouterr().out.splitlines()
    assert added == "added anna  Anna Berg  nurse"
    assert line == "anna  Anna Berg  nurse"
    assert json.loads(as_json) == {
        "name": "anna",
        "full_name": "Anna Berg",
        "role": "nurse",
        "active": True,
    }
    assert failed(*ADD) == "the name anna is taken, now or in the past: choose another"


def test_a_typed_password_is_asked_for_twice(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KETAMONITOR_PASSWORD")
    typed = iter(["correct horse battery", "correct house battery"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    assert failed(*ADD) == "the two passwords are not the same: nobody was added"
    assert not path.exists()


def test_what_a_store_holds(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(path) as opened:
        opened.append(chained([started(), note(1)]))
    assert run("store", "info", "--json") == 0
    assert run("store", "check", "--json") == 0
    info, check = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert info.pop("bytes") > 4096
    assert info == {
        "store": str(path),
        "version": "0002",
        "sessions": 1,
        "unfinished": 1,
        "simulated": 1,
        "books": 0,
        "entries": 2,
        "people": 0,
    }
    assert check == {"store": str(path), "sessions": 1, "books": 0, "faults": 0}


def test_a_changed_store_fails_the_check(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(path) as opened:
        opened.append(chained([started(), note(1)]))
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DROP TRIGGER entries_never_updated")
    connection.execute("UPDATE entries SET author = 'eve' WHERE seq = 2")
    connection.close()
    assert failed("store", "check") == (
        f"{path}: 2 faults found; keep a copy of this file as it is. What can be read of a damaged"
        " one is saved with 'ketamonitor store salvage NEW'"
    )
    assert capsys.readouterr().out.splitlines() == [
        "database: the append-only trigger entries_never_updated is missing or changed",
        "session s: entry 2 is not as it was written",
    ]


def test_a_path_given_before_the_environment(path: Path, tmp_path: Path) -> None:
    other = str(tmp_path / "other.db")
    assert failed("store", "info", "--store", other) == (
        f"{other}: there is no store here; check the path"
    )


def test_an_older_store_is_read_after_its_upgrade(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(Path(__file__).parent / "stores" / "v0_1_0.db", path)
    told = "it is of an older version; run 'ketamonitor store upgrade' first"
    assert failed("store", "info") == f"{path}: {told}"
    assert run("store", "upgrade") == 0
    assert capsys.readouterr().out == f"{path}: it is of version 0002\n"
    assert run("store", "info") == 0
    path.unlink()
    assert failed("store", "upgrade") == f"{path}: there is no store here; check the path"

"""``ketamonitor alarms`` as a script sees it: lines, one JSON object a line, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ketamonitor import drafts
from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.library import SHIPPED
from ketamonitor.store import open_store
from tests.domain.builders import at, cuff
from tests.domain.played import Played
from ui.command import main


def session(name: str, *, finished: bool = True) -> list[Entry]:
    """Half an hour with one severe pressure, under a name of its own."""
    played = Played()
    played.add(drafts.dose("ketamine", "im", 20, at=at(5), author="o"))
    played.add(cuff(10, 165, 80), cuff(130, 166, 80), cuff(250, 120, 80))
    if finished:
        played.add(drafts.ended("finished", at=at(1800), author="o"))
    made: list[Entry] = []
    for entry in played.entries:
        before = made[-1].hash if made else GENESIS
        draft = Draft(entry.kind, entry.at, entry.author, entry.body)
        made.append(chain(draft, name, len(made) + 1, entry.recorded_at, before))
    return made


@pytest.fixture(scope="module")
def sessions() -> list[list[Entry]]:
    return [session("KM-1"), session("KM-2"), session("KM-3", finished=False)]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sessions: list[list[Entry]]) -> Path:
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "none"))
    with open_store(tmp_path / "store.db") as store:
        for entries in sessions:
            store.append(entries)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    told = capsys.readouterr()
    return told.out.splitlines(), told.err.splitlines()


def test_a_review_of_all_finished_sessions(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alarms", "review", "--json"]) == 0
    lines, errors = said(capsys)
    total, *limits = (json.loads(line) for line in lines)
    assert (total["what"], total["sessions"], total["hours"]) == ("total", 2, 1.0)
    mild = next(row for row in limits if row["id"] == "nibp_sys>=160")
    assert (mild["name"], mild["count"], mild["per_hour"]) == ("SYS ≥ 160", 2, 2.0)
    assert (mild["never"], mild["acknowledged_median_s"], mild["acts"]) == (2, None, {})
    assert errors == []


def test_a_review_in_words_of_one_that_is_named(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["alarms", "review", "KM-3"]) == 0
    lines, _ = said(capsys)
    assert lines[0].startswith("1 alert in 1 session, 0.1 h:")
    (mild,) = [line for line in lines if line.startswith("*** HIGH    SYS ≥ 160")]
    assert "once" in mild
    assert "never 1" in mild


def test_only_sessions_since_a_day(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["alarms", "review", "--json", "--since", "2026-11-24"]) == 0
    (total,) = (json.loads(line) for line in said(capsys)[0])
    assert total["sessions"] == 0
    assert main(["alarms", "review", "--json", "--since", "2026-11-23"]) == 0
    assert json.loads(said(capsys)[0][0])["sessions"] == 2


def test_what_another_protocol_would_have_given(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")
    wider = path / "wider.toml"
    wider.write_text(text.replace("value = 160\n", "value = 170\n"), encoding="utf-8")
    assert main(["alarms", "what-if", "--protocol", str(wider), "--json"]) == 0
    total, *limits = (json.loads(line) for line in said(capsys)[0])
    assert total["changed_sessions"] == 2
    assert total["before"]["alerts"] > total["after"]["alerts"]
    assert limits[0] == {
        "what": "limit",
        "name": "SYS ≥ 170",
        "id": "nibp_sys>=170",
        "was": "nibp_sys>=160",
        "before": 2,
        "after": 0,
    }
    assert main(["alarms", "what-if", "--protocol", "iv-ketamine-40", "KM-1"]) == 0
    lines, _ = said(capsys)
    assert lines[0].removeprefix("recorded  ") == lines[1].removeprefix("what if   ")


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        (["review", "KM-9"], 1, "there is no session KM-9; see: ketamonitor session list"),
        (["what-if", "--protocol", "nope"], 1, "unknown protocol 'nope'"),
        (["what-if", "--protocol", "gone.toml"], 1, "gone.toml: cannot be read"),
        (["what-if"], 2, "the following arguments are required: --protocol"),
        (["review", "--since", "1/2"], 2, "'1/2' is no day such as 2026-03-01"),
        (["mend"], 2, "invalid choice: 'mend'"),
    ],
)
def test_a_refusal_is_one_line(
    path: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int, line: str
) -> None:
    try:
        got = main(["alarms", *words])
    except SystemExit as left:
        got = int(str(left.code))
    out, errors = said(capsys)
    assert (got, out, len(errors)) == (status, [], 1)
    assert line in errors[0]


def test_a_session_of_another_make_is_left_out_and_said(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = Draft("alarm", at(0), "program", {"event": "raised", "id": "x", "priority": "high"})
    entries = session("KM-4", finished=False)[:1]
    for draft in (bare, drafts.ended("finished", at=at(1), author="o")):
        last = entries[-1]
        entries.append(chain(draft, "KM-4", last.seq + 1, draft.at, last.hash))
    with open_store(path / "store.db") as store:
        store.append(entries)
    for words in (["review"], ["what-if", "--protocol", "iv-ketamine-40"]):
        assert main(["alarms", *words]) == 0
        out, errors = said(capsys)
        assert "in 2 sessions" in out[0]
        assert errors == ["ketamonitor: KM-4 left out: entry 2 is not as this program writes it"]
    assert main(["alarms", "review", "KM-4"]) == 1


def test_a_store_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "gone.db"))
    assert main(["alarms", "review"]) == 1
    assert len(said(capsys)[1]) == 1

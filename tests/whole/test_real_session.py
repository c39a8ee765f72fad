"""A session of a real patient: only signed in, only with an approved protocol, never sped up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ketamonitor.clock import SteadyClock
from ketamonitor.library import SHIPPED
from ketamonitor.people import People, Role
from ketamonitor.store import open_store
from ui.command import main

PASSWORD = "a long enough one"
SCRIPT = [
    {"t_s": 0, "bp": {"sys": 122, "dia": 74}},
    {"t_s": 0.1, "baseline": "lock"},
    {"t_s": 0.2, "dose": {"drug": "ketamine", "route": "im", "mg": 35}},
    {"t_s": 0.3, "observation": {"moaas": 4, "dissociation": "declined"}},
    {"t_s": 0.4, "bp": {"sys": 166, "dia": 92}},
    {"t_s": 0.6, "acknowledge": "all"},
    {"t_s": 0.7, "end": "finished"},
]


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clinic with one nurse, one protocol of its own, and a script to play."""
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "protocols"))
    monkeypatch.setenv("KETAMONITOR_PASSWORD", PASSWORD)
    people = People(open_store(str(tmp_path / "store.db")), SteadyClock().now)
    people.add("okafor", "R. Okafor RN", Role.NURSE, PASSWORD, "installation")
    people.close()
    text = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")
    (tmp_path / "protocols").mkdir()
    (tmp_path / "protocols" / "iv-ketamine-40.toml").write_text(
        text.replace('approved_by = ""', 'approved_by = "Dr A. Hale"').replace(
            'approved_on = ""', 'approved_on = "2026-09-02"'
        ),
        encoding="utf-8",
    )
    lines = "".join(json.dumps(act) + "\n" for act in SCRIPT)
    (tmp_path / "nurse.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def run(clinic: Path, *more: str) -> int:
    patient = ("--patient", "Doe, Jo,0048-2917,1984-03-14", "--weight", "70", "--user", "okafor")
    script = ("--script", str(clinic / "nurse.jsonl"))
    protocol = ("--protocol", "iv-ketamine-40")
    return main(["session", "run", *protocol, *patient, *script, *more])


def test_each_entry_of_the_nurse_carries_her_name(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(clinic) == 0
    session = capsys.readouterr().out.splitlines()[0]
    out = clinic / "out.json"
    assert main(["session", "export", session, "--format", "json", "-o", str(out)]) == 0
    entries = json.loads(out.read_text(encoding="utf-8"))["entries"]
    by_nurse = [(e["kind"], e["body"].get("event")) for e in entries if e["author"] == "okafor"]
    assert by_nurse == [
        ("session", "started"),
        ("reading", None),
        ("event", "baseline_locked"),
        ("dose", None),
        ("observation", None),
        ("observation", None),
        ("reading", None),
        *[("alarm", "acknowledged")] * 4,
        ("session", "ended"),
    ]
    raised = {e["body"]["id"] for e in entries if e["body"].get("event") == "raised"}
    assert raised == {
        "nibp_sys>=160",
        "nibp_sys>=base+30",
        "nibp_sys>=base+40",
        "nibp_sys>=base%+20",
    }
    start = entries[0]["body"]
    assert start["simulated"] is False
    assert start["patient"] == {"name": "Doe, Jo", "mrn": "0048-2917", "born": "1984-03-14"}
    dose = next(e["body"] for e in entries if e["kind"] == "dose")
    assert (dose["mg"], dose["mg_per_kg"]) == (35, 0.5)
    assert main(["session", "verify", session]) == 0


def test_a_wrong_password_begins_nothing(
    clinic: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KETAMONITOR_PASSWORD", "another long one")
    assert run(clinic) == 1
    assert main(["session", "list"]) == 0
    assert capsys.readouterr().out == ""


def test_an_unapproved_protocol_is_refused(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clinic / "protocols" / "iv-ketamine-40.toml").unlink()
    assert run(clinic) == 1
    assert "is not approved" in capsys.readouterr().err


def test_sped_up_time_makes_a_session_simulated_for_ever(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(clinic, "--speed", "5") == 0
    capsys.readouterr()
    assert main(["session", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["simulated"] is True

"""A session of a real patient: only signed in, only with an approved protocol, never sped up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pypdf import PdfReader

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
    """A clinic with a nurse, a director, a protocol approved in the program, and a script."""
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "protocols"))
    monkeypatch.setenv("KETAMONITOR_PASSWORD", PASSWORD)
    people = People(open_store(str(tmp_path / "store.db")), SteadyClock().now)
    people.add("okafor", "R. Okafor RN", Role.NURSE, PASSWORD, "installation")
    people.add("hale", "A. Hale", Role.DIRECTOR, PASSWORD, "installation")
    people.close()
    (tmp_path / "protocols").mkdir()
    lines = "".join(json.dumps(act) + "\n" for act in SCRIPT)
    (tmp_path / "nurse.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def edited(clinic: Path, *pairs: tuple[str, str]) -> None:
    """The clinic's own file: the shipped one with these changes."""
    text = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    (clinic / "protocols" / "iv-ketamine-40.toml").write_text(text, encoding="utf-8")


def claims(clinic: Path) -> None:
    """A file that says of itself that it is approved."""
    edited(
        clinic,
        ('approved_by = ""', 'approved_by = "Dr X"'),
        ('approved_on = ""', 'approved_on = "2026-09-02"'),
    )


def approve(clinic: Path) -> None:
    assert main(["protocol", "approve", "iv-ketamine-40", "--user", "hale"]) == 0


def run(clinic: Path, *more: str) -> int:
    patient = ("--patient", "Doe, Jo,0048-2917,1984-03-14", "--weight", "70", "--user", "okafor")
    script = ("--script", str(clinic / "nurse.jsonl"))
    protocol = ("--protocol", "iv-ketamine-40")
    return main(["session", "run", *protocol, *patient, *script, *more])


def test_each_entry_of_the_nurse_carries_her_name(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    approve(clinic)
    capsys.readouterr()
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
        *[("alarm", "acknowledged")] * 5,
        # what the script leaves open is answered with the reason of its end
        ("event", "closing"),
        ("session", "ended"),
    ]
    raised = {e["body"]["id"] for e in entries if e["body"].get("event") == "raised"}
    assert raised == {
        "moaas<=4",
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


def test_words_in_the_file_unlock_nothing(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claims(clinic)
    assert run(clinic) == 1
    said = capsys.readouterr()
    assert said.err == (
        "ketamonitor: Protocol iv-ketamine-40 version 3 is not approved: a medical director must"
        " sign in and approve this version before it is used on a patient\n"
    )
    assert main(["session", "list"]) == 0
    assert capsys.readouterr().out == said.out == ""


def test_the_record_and_the_chart_say_who_approved(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims(clinic)
    approve(clinic)
    assert run(clinic) == 0
    session = capsys.readouterr().out.splitlines()[-1]
    with open_store(clinic / "store.db", read_only=True) as store:
        first, *_ = store.entries(session)
        (approval,) = store.approvals()
    kept = first.body["protocol"]
    assert kept["approved_by"] == "A. Hale (hale)"
    assert kept["approved_on"] == approval.at.date().isoformat()
    chart = clinic / "chart.pdf"
    assert main(["session", "export", session, "--format", "pdf", "-o", str(chart)]) == 0
    text = "".join(page.extract_text() for page in PdfReader(chart).pages)
    assert "A. Hale (hale)" in text
    assert "Dr X" not in text


def test_a_file_edited_after_its_approval_is_refused(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    approve(clinic)
    capsys.readouterr()
    edited(clinic, ("value = 180", "value = 195"))
    assert run(clinic) == 1
    assert "give the changed file a new version" in capsys.readouterr().err
    assert main(["protocol", "approve", "iv-ketamine-40", "--user", "hale"]) == 1
    assert "give the changed file a new version" in capsys.readouterr().err
    edited(clinic, ("value = 180", "value = 195"), ("version = 3", "version = 4"))
    approve(clinic)
    assert run(clinic) == 0


def test_a_withdrawn_protocol_is_refused(clinic: Path, capsys: pytest.CaptureFixture[str]) -> None:
    approve(clinic)
    withdraw = ["protocol", "withdraw", "iv-ketamine-40", "--reason", "a slip in it"]
    assert main([*withdraw, "--user", "okafor"]) == 1
    assert "okafor is nurse: only a medical director" in capsys.readouterr().err
    assert main([*withdraw, "--user", "hale"]) == 0
    assert capsys.readouterr().out == (
        "iv-ketamine-40 version 3: approval by A. Hale (hale) withdrawn\n"
    )
    assert run(clinic) == 1
    assert "withdrew it on" in capsys.readouterr().err


def test_list_and_show_tell_whether_and_by_whom_approved(
    clinic: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    claims(clinic)
    approve(clinic)
    assert "Approved by A. Hale (hale), " in capsys.readouterr().out
    assert main(["protocol", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    ours = next(line for line in lines if line.startswith("iv-ketamine-40 "))
    assert "(Approved by A. Hale (hale), " in ours
    assert all("(Not approved: simulated sessions only)" in line for line in lines if line != ours)
    assert main(["protocol", "show", "iv-ketamine-40", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["approval"]["by"], shown["approved_by"]) == ("hale", "A. Hale (hale)")
    assert shown["not_approved"] is None
    assert main(["protocol", "show", str(clinic / "protocols" / "iv-ketamine-40.toml")]) == 0
    assert "in file   approved by Dr X" in capsys.readouterr().out
    # Where no store was ever made nothing is approved; one that was named must be there.
    monkeypatch.setenv("KETAMONITOR_STORE", str(clinic / "none.db"))
    assert main(["protocol", "list", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["approval"] for one in listed] == [None] * 7
    assert {one["approved_by"] for one in listed} == {""}
    assert "no store yet" in listed[0]["not_approved"]
    assert main(["protocol", "list", "--store", str(clinic / "none.db")]) == 1
    assert "there is no store here" in capsys.readouterr().err
    assert not (clinic / "none.db").exists()


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["approve", "iv-ketamine-41"], 1, "unknown protocol 'iv-ketamine-41'"),
        (["approve", "nowhere.toml"], 1, "nowhere.toml: cannot be read"),
        (["approve"], 2, "required: NAME"),
        (["withdraw", "iv-ketamine-40"], 2, "required: --reason"),
        (["withdraw", "iv-ketamine-40", "--reason", "x"], 1, "nothing to withdraw"),
        (["withdraw", "iv-ketamine-40", "--reason", "x", "--version", "b"], 2, "invalid int"),
    ],
)
def test_approving_wrongly_is_one_clear_line(
    clinic: Path, capsys: pytest.CaptureFixture[str], words: list[str], status: int, says: str
) -> None:
    try:
        ended = main(["protocol", *words, "--user", "hale"])
    except SystemExit as left:
        ended = int(str(left.code))
    assert ended == status
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert len(said.err.splitlines()) == 1


def test_sped_up_time_makes_a_session_simulated_for_ever(
    clinic: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(clinic, "--speed", "5") == 0
    capsys.readouterr()
    assert main(["session", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["simulated"] is True

"""Where each rule comes from: named, checked, told in words, and old records read."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ketamonitor import alarm_plan
from ketamonitor.approvals import content_sha256
from ketamonitor.library import SHIPPED, load_protocols, shipped_protocols
from ketamonitor.protocol import (
    ProtocolError,
    old_sources,
    protocol_from_json,
    protocol_to_json,
    read_text,
    source_faults,
    sourced,
)
from ketamonitor.protocol_words import source_lines
from ketamonitor.sources import OLD_AFTER_DAYS, PROPOSAL
from ketamonitor.treatment.forms import FOLDER, FormError, form, read_form
from ui.command import main

GOOD = (SHIPPED / "spravato-56.toml").read_text(encoding="utf-8")
TODAY = date(2026, 12, 1)
SHIPPED_ONES = load_protocols(Path("/nowhere"))


def without(text: str, number: int) -> str:
    """The text without its ``number``-th line of sources."""
    lines = text.splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if line.startswith("source = [")]
    del lines[places[number]]
    return "".join(lines)


@pytest.mark.parametrize("name", sorted(SHIPPED_ONES))
def test_every_row_of_a_shipped_protocol_names_what_it_rests_on(name: str) -> None:
    protocol = SHIPPED_ONES[name]
    assert source_faults(protocol, TODAY) == []
    used = {one for row in sourced(protocol) for one in row.source}
    assert {one.id for one in protocol.reference} == used - {PROPOSAL}
    # tables that the program would fill in by itself are written out, so that nobody has to know
    text = (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    rows = len(list(sourced(protocol)))
    assert text.count("\nsource = [") == rows


@pytest.mark.parametrize("number", range(GOOD.count("\nsource = [")))
def test_a_row_without_one_is_refused_by_check_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    path = tmp_path / "spravato-56.toml"
    path.write_text(without(GOOD, number), encoding="utf-8")
    assert main(["protocol", "check", str(path)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    places = [row.place for row in sourced(read_text(without(GOOD, number))) if not row.source]
    found = re.search(rf"{re.escape(str(path))}:(\d+): (\S+)\.source is missing", said.err)
    assert found is not None, said.err
    assert found[2] == places[0]
    line = path.read_text(encoding="utf-8").splitlines()[int(found[1]) - 1]
    assert line.strip("[]") == places[0].partition("[")[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("read = 2026-11-30\n", "", "required field `read`|required field read"),
        ('jurisdiction = "US"\n', "", "jurisdiction"),
        ('version = "05/2025"\n', "", "version"),
        ('version = "05/2025"', 'version = ""', "version"),
        ("read = 2026-11-30", 'read = "last week"', "reference"),
        ('id = "rems_386"', 'id = "spravato_label"', "'spravato_label' stands twice"),
        ('id = "rems_386"', 'id = "proposal"', "'proposal' is kept"),
        ('["rems_386"]', '["rems_368"]', "there is no reference 'rems_368'"),
    ],
)
def test_a_reference_that_says_too_little_is_refused(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ProtocolError, match=said) as refused:
        read_text(GOOD.replace(old, new, 1))
    assert refused.value.line > 1


def test_age_is_warned_of_after_180_days_and_a_day_to_come_is_refused() -> None:
    protocol = SHIPPED_ONES["spravato-56"]
    newest = max(one.read for one in protocol.reference)
    oldest = min(one.read for one in protocol.reference)
    assert old_sources(protocol, oldest + timedelta(days=OLD_AFTER_DAYS)) == []
    warned = old_sources(protocol, oldest + timedelta(days=OLD_AFTER_DAYS + 1))
    assert any("was read 181 days ago" in warning for warning in warned)
    assert len(old_sources(protocol, newest + timedelta(days=181))) == len(protocol.reference)
    early = source_faults(protocol, newest - timedelta(days=1))
    assert any("is still to come" in fault for fault in early)


def test_check_warns_and_says_that_the_file_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spravato-56.toml"
    path.write_text(GOOD.replace("read = 2026-11-30", "read = 2019-03-05", 1), encoding="utf-8")
    assert main(["protocol", "check", str(path)]) == 0
    told = capsys.readouterr().out
    assert f"{path}: spravato-56 version 4 can be used" in told
    assert f"{path}: warning: reference spravato_label was read" in told


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k != "reference"}
        return {
            k: _stripped(v) for k, v in kept.items() if not isinstance(v, list) or k != "source"
        }
    return [_stripped(one) for one in value] if isinstance(value, list) else value


def test_a_record_of_before_there_were_sources_reads_and_keeps_its_text_and_its_hash() -> None:
    stored = _stripped(protocol_to_json(SHIPPED_ONES["iv-ketamine-40"]))
    old = protocol_from_json(stored)
    assert protocol_to_json(old) == stored  # no empty lists creep into what was approved
    assert "source" not in stored["limit"][0]
    assert content_sha256(old) != content_sha256(SHIPPED_ONES["iv-ketamine-40"])
    assert source_lines(old) == []
    assert old.limit[0] == alarm_plan.AlarmLimit(**stored["limit"][0])


def test_the_words_name_each_source_and_what_is_a_proposal() -> None:
    told = source_lines(SHIPPED_ONES["spravato-56"])
    assert (
        "Source of check-in, going home: escort",
        "LA County DMH SPRAVATO policy (undated; read 2026-11-23; US, Los Angeles County)",
    ) in told
    what, rows = told[-1]
    assert what == "In part or whole a proposal of this program, for approval"
    assert "escalation" in rows
    assert "limits" in rows


def test_every_field_of_a_form_says_by_which_form_it_asks(tmp_path: Path) -> None:
    template = form("rems_monitoring")
    assert template.faults(TODAY) == []
    marked = {row.label for row in template.field if row.mark == "form of 11/2021"}
    assert marked == {
        *("Before the dose", "About 40 minutes after the first device", "Before the end"),
        "MAO inhibitor",
    }
    forty = next(row for row in template.field if row.source == "bp_40")
    assert forty.basis[0] == "spravato_label"
    text = (FOLDER / "rems_monitoring.toml").read_text(encoding="utf-8")
    path = tmp_path / "form.toml"
    path.write_text(text.replace('basis = ["form_2021"]\n', "", 1), encoding="utf-8")
    assert read_form(path).faults(TODAY)[0].startswith("field[0].basis is missing")
    path.write_text(text.replace('basis = ["form_2021"]', 'basis = ["form"]', 1), encoding="utf-8")
    with pytest.raises(FormError, match=r"field\[0\]\.basis: there is no reference 'form'"):
        read_form(path)


# The clinic's files ---------------------------------------------------------------------------


def test_a_folder_that_is_named_and_not_there_is_an_error_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path / "gone"))
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    for command in (
        ("protocol", "list"),
        ("protocol", "show", "iv-ketamine-40"),
        ("session", "run", "--simulated", "--protocol", "iv-ketamine-40", "--for", "1"),
    ):
        assert main(command) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert f"KETAMONITOR_PROTOCOLS names {tmp_path / 'gone'}" in said.err
        assert "Traceback" not in said.err
    # the demonstration asks for none of it
    assert set(shipped_protocols()) == set(SHIPPED_ONES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = " + "9" * 5000, "a number has too many digits"),
        ("[[[[", "is not valid TOML"),
    ],
)
def test_no_text_makes_more_than_a_line_of_words_and_the_others_are_offered(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    said: str,
) -> None:
    monkeypatch.setenv("KETAMONITOR_PROTOCOLS", str(tmp_path))
    monkeypatch.setenv("KETAMONITOR_STORE", str(tmp_path / "store.db"))
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    assert main(["protocol", "list"]) == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == len(SHIPPED_ONES)
    assert told.err.count("\n") == 1
    assert f"{path}:1: " in told.err
    assert said in told.err


def test_a_byte_order_mark_is_no_letter_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spravato-56.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert main(["protocol", "check", str(path)]) == 0
    assert "can be used" in capsys.readouterr().out
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("version = 4", "version = 0").encode())
    assert main(["protocol", "check", str(path)]) == 1
    assert f"{path}:8: " in capsys.readouterr().err

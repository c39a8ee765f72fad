"""Every kind of error in a protocol file is told with its file, its line and its reason."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from ketamonitor.library import SHIPPED, load_protocols
from ketamonitor.protocol import (
    ProtocolError,
    protocol_from_json,
    read_protocol,
    read_text,
)
from ketamonitor.toml_file import LARGEST
from ketamonitor.toml_lines import places
from ui.command import main

GOOD = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")
ORAL = (SHIPPED / "oral-ketamine.toml").read_text(encoding="utf-8")
NASAL = (SHIPPED / "spravato-84.toml").read_text(encoding="utf-8")

#: Kind of error: text, what is replaced, by what, words on the line that must be named, reason.
KINDS = {
    "not TOML": (GOOD, "[gate]", "[gate", "[gate", "is not valid TOML"),
    "a key twice": (
        GOOD,
        "minutes = 40",
        "minutes = 40\nminutes = 41",
        "minutes = 41",
        "overwrite",
    ),
    "a key missing": (GOOD, 'name = "iv-ketamine-40"\n', "", "# A treatment protocol", "name"),
    "a key of a table missing": (
        GOOD,
        "mg_per_kg = 0.5\n",
        "",
        "[dose]",
        "dose.mg_per_kg is missing",
    ),
    "a table missing": (GOOD, "[gate]", "[gates]", "[gates]", "unknown field gates"),
    "unknown key": (GOOD, "weigh_above", "weight_above", "weight_above", "unknown field"),
    "unknown key in a row": (
        GOOD,
        "value = 180\npri",
        "value = 180\nxpri",
        "xpriority",
        "xpriority",
    ),
    "wrong type": (GOOD, "version = 3", 'version = "two"', 'version = "two"', "Expected int"),
    "out of range": (GOOD, "mg_per_kg = 0.5", "mg_per_kg = 50", "mg_per_kg = 50", "<= 10"),
    "one of a list": (GOOD, 'route = "iv"', 'route = "ear"', 'route = "ear"', "ear"),
    "range that falls": (
        ORAL,
        "[50, 400]",
        "[400, 50]",
        "mg_range",
        "two numbers above 0 that rise",
    ),
    "range without hold": (ORAL, 'after_hold = "either"\n', "", "[dose]", "after_hold is missing"),
    "due out of order": (GOOD, "[10, 20, 30", "[10, 30, 20", "[10, 30, 20", "must rise"),
    "window without end": (NASAL, "late_min = 10\n", "", "[[due]]", "a named slot has a window"),
    "due until without every": (
        *(ORAL, 'counts_from = "end_of_dosing"\nevery_min = 30\n', "until_min = 60\n"),
        *("[[due]]", "every_min is missing"),
    ),
    "due until after the end": (
        *(GOOD, "grace_min = 2\n", "grace_min = 2\nuntil_min = 60\n"),
        *("until_min = 60", "only a row that counts from the first dose"),
    ),
    "due without minutes": (GOOD, "minutes = [15]\n", "", "[[due]]", "minutes is missing"),
    "after a high one at minutes": (
        *(NASAL, "after_high = true\n", "after_high = true\nminutes = [5]\n"),
        *("[[due]]", "needs what"),
    ),
    "mandatory and offered": (
        *(NASAL, "mandatory = true\n", "mandatory = true\noffered = true\n"),
        *("offered = true", "more than offered"),
    ),
    "asks of a pressure": (
        *(GOOD, "grace_min = 2\n", 'grace_min = 2\nasks = ["moaas"]\n'),
        *('asks = ["moaas"]', "only an observation"),
    ),
    "unknown instrument": (GOOD, 'rows = ["moaas"', 'rows = ["moas"', 'rows = ["moas"', "'moas'"),
    "needed and not shown": (
        *(GOOD, 'needed = ["moaas", "dissociation", "breaths"]', 'needed = ["moaas", "gait"]'),
        *('needed = ["moaas", "gait"]', "not among observe.rows"),
    ),
    "unknown check-in item": (
        GOOD,
        '"escort", "consent"',
        '"escrt", "consent"',
        "escrt",
        "'escrt'",
    ),
    "item needed and asked": (GOOD, 'asked = ["food"', 'asked = ["weight"', "asked =", "already"),
    "unknown metric": (GOOD, 'metric = "spo2"', 'metric = "sp02"', 'metric = "sp02"', "'sp02'"),
    "limit that is never passed": (GOOD, "value = 180", "value = 295", "value = 295", "never be"),
    "limit twice": (GOOD, "value = 180", "value = 160", "[[limit]]", "twice"),
    "loosest inside": (GOOD, "loosest = 180", "loosest = 150", "loosest = 150", "further out"),
    "card missing": (GOOD, 'card = "EM-1" }', 'card = "EM-9" }', "EM-9", "no card"),
    "card twice": (GOOD, 'id = "BP-3"', 'id = "BP-2"', 'id = "BP-2"', "stands twice"),
    "amount on a card": (GOOD, "Laid flat", "Ephedrine 5mg", "Ephedrine 5mg", "names an amount"),
    "criterion without instrument": (GOOD, 'of = "moaas"', 'of = "moas"', 'of = "moas"', "'moas'"),
    "criterion without limit": (GOOD, "at_least = 5\n", "", "[[criterion]]", "at_least or at_most"),
    "criterion twice": (GOOD, 'id = "bp"', 'id = "gate"', 'id = "gate"', "is there twice"),
    "criterion of no item": (
        *(GOOD, 'by = "person"', 'by = "item"\nof = "hat"', 'of = "hat"', "unknown item 'hat'"),
    ),
    "model that is not known": (GOOD, '"domino"', '"dominoes"', "dominoes", "estimate"),
    "form that is not known": (
        *(NASAL, '["rems_monitoring"]', '["rems_monitor"]', "rems_monitor", "unknown form"),
    ),
    "route of another way": (
        *(GOOD, 'route = "iv"', 'route = "oral"', 'route = "oral"', "goes iv or sc, not oral"),
    ),
    "no reading in a range": (
        GOOD,
        "no_reading_s = 10",
        "no_reading_s = 0",
        "no_reading_s",
        "> 0",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_error_names_file_line_and_reason(tmp_path: Path, kind: str) -> None:
    text, old, new, words, reason = KINDS[kind]
    assert old in text
    changed = text.replace(old, new, 1)
    path = tmp_path / "bad.toml"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(ProtocolError) as refused:
        read_protocol(path)
    said = str(refused.value)
    line = refused.value.line
    assert said.startswith(f"{path}:{line}: "), said
    assert reason in said
    assert words in changed.splitlines()[line - 1], (said, changed.splitlines()[line - 1])
    assert "\n" not in said


def test_what_is_no_text_of_a_protocol_at_all(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    for raw, said in (
        (b"", "is empty"),
        (b"# nothing\n", "is empty"),
        (b'name = "a"\ntitle = "\xff"\n', ":2: is not UTF-8 text"),
        (b"#" * (LARGEST + 1), "more than 1,000,000 bytes"),
    ):
        path.write_bytes(raw)
        with pytest.raises(ProtocolError, match=said):
            read_protocol(path)
    for missing, said in ((tmp_path, "Is a directory"), (tmp_path / "none.toml", "No such file")):
        with pytest.raises(ProtocolError, match=f"cannot be read: {said}"):
            read_protocol(missing)


def test_one_bad_file_stops_no_other_and_no_older_text_stands_in_for_it(tmp_path: Path) -> None:
    (tmp_path / "im-ketamine.toml").write_text(
        (SHIPPED / "im-ketamine.toml").read_text(encoding="utf-8").replace("[gate]", "[gaet]"),
        encoding="utf-8",
    )
    (tmp_path / "worse.toml").write_bytes(b"\x00\xff[")
    (tmp_path / "own.toml").write_text(ORAL.replace("oral-ketamine", "own", 1), encoding="utf-8")
    found = load_protocols(tmp_path)
    assert set(found.faults) == {"im-ketamine", "worse"}
    assert re.match(r".*im-ketamine\.toml:\d+: ", found.faults["im-ketamine"])
    assert "im-ketamine" not in found
    assert {"own", "sc-ketamine", "iv-ketamine-40"} <= set(found)


def test_the_command_checks_many_files_and_tells_of_each_bad_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, worse = tmp_path / "bad.toml", tmp_path / "worse.toml"
    bad.write_text(GOOD.replace("version = 3", "version = 0"), encoding="utf-8")
    worse.write_text("[", encoding="utf-8")
    good = SHIPPED / "sc-ketamine.toml"
    assert main(["protocol", "check", str(bad), str(good), str(worse)]) == 1
    told = capsys.readouterr()
    assert told.out == f"{good}: sc-ketamine version 2 can be used\n"
    assert f"{bad}:8: " in told.err
    assert f"{worse}:1: is not valid TOML" in told.err


def test_places_of_nested_tables_and_long_arrays() -> None:
    text = """a = 1
[b]
c = 2 # d = 3
[[e]]
f = [
    { g = 1 },
    { g = 2 },
]
[[e]]
h = [1, 2]
[[e.i]]
j = 1
[[e.i]]
j = 2
"""
    assert places(text) == {
        **{"a": 1, "b": 2, "b.c": 3, "e[0]": 4, "e[0].f": 5, "e[0].f[0]": 6, "e[0].f[1]": 7},
        **{"e[1]": 9, "e[1].h": 10, "e[1].i[0]": 11, "e[1].i[0].j": 12, "e[1].i[1]": 13},
        "e[1].i[1].j": 14,
    }


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("weigh_above = [140, 90]", "weigh_above = [90, 140]", "baseline.weigh_above"),
        ("percent = 20\n", "", "criterion[1].percent is missing"),
        ("at_least = 5", "at_least = 6", "Sedation goes from 0 to 5"),
        ("at_most = 1", "at_most = inf", "Dissociation goes from 0 to 10"),
        ('of = "dissociation"', 'of = "padss"', "'padss' is not among observe.rows"),
        ('sedation = "moaas"', 'sedation = "pain"', "observe.sedation: must be one of"),
        ('sedation = "moaas"', 'sedation = "rass"', "'moaas' is a second scale"),
        ('rows = ["moaas",', 'rows = ["moaas", "rass",', "'rass' is a second scale"),
        ("early_min = 3", "early_min = 10", "less than the 10 min between two"),
        ("every_min = 10", "every_min = 2", "less than the 2 min between two"),
        ("at_least = 93", "at_least = 30", "a saturation is met from 50 to 100 %"),
        ('by = "gate"', 'by = "gate"\nfresh = true', "only what a person ticks"),
        ('what = "observation"', 'what = "observation"\nasks = ["padss"]', "nobody could answer"),
        ("minutes = 40", "minutes = 40\nmg_per_kg_range = [1, 2]", "0.5 of the protocol itself"),
    ],
)
def test_what_nobody_could_do_or_meet_is_refused_in_a_file_and_read_in_a_record(
    before: str, after: str, says: str
) -> None:
    text = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")
    changed = text.replace(before, after, 1)
    assert changed != text
    with pytest.raises(ProtocolError, match=re.escape(says)) as found:
        read_text(changed)
    assert found.value.line > 0
    assert protocol_from_json(tomllib.loads(changed)).name == "iv-ketamine-40"


def test_two_slots_of_one_name_are_refused() -> None:
    text = (SHIPPED / "spravato-56.toml").read_text(encoding="utf-8")
    row = '[[due]]\nwhat = "bp"\nname = "SPRAVATO 40 min"\nminutes = [45]\nlate_min = 10\n\n'
    with pytest.raises(ProtocolError, match="there twice"):
        read_text(text.replace("[[criterion]]", row + "[[criterion]]", 1))

"""The table of promised ratios: what is printed, and what a missed target does."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from math import nan
from pathlib import Path

import pytest

from tests.bench.ratios import PROMISES, Promise, tell

PERFORMANCE = Path(__file__).parents[2] / "docs" / "performance.md"


def promise(name: str, better: str, target: float = 2.0) -> Promise:
    return Promise(name, "nowhere.at_all", target, better, "the first time")  # type: ignore[arg-type]


def test_each_row_names_a_function_that_is_there() -> None:
    pytest.importorskip("PySide6")
    for row in PROMISES:
        module, _, function = row.measured_by.rpartition(".")
        assert callable(getattr(import_module(f"tests.bench.{module}"), function)), row


def test_each_row_stands_in_the_figures_with_its_target() -> None:
    told = PERFORMANCE.read_text()
    for row in PROMISES:
        bound = "at most" if row.better == "lower" else "at least"
        lines = [line for line in told.splitlines() if line.startswith(f"| {row.name} |")]
        assert len(lines) == 1, row.name
        assert f"{bound} {row.target:g} |" in lines[0]


def test_no_name_is_promised_twice() -> None:
    names = [row.name for row in PROMISES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("better", "ratio", "kept"),
    [
        ("lower", 2.0, True),
        ("lower", 2.001, False),
        ("higher", 2.0, True),
        ("higher", 1.999, False),
        ("lower", nan, False),
        ("higher", nan, False),
    ],
)
def test_the_target_itself_is_kept_and_no_number_keeps_nothing(
    better: str, ratio: float, kept: bool
) -> None:
    assert promise("x", better).kept(ratio) is kept


def test_a_missed_target_fails_and_every_line_is_still_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {"good": 1.25, "bad": 3.0}

    def measure(self: Promise, smoke: bool) -> float:
        print("a benchmark talks")
        return figures[self.name]

    monkeypatch.setattr(Promise, "measure", measure)
    rows = (promise("bad", "lower"), promise("good", "lower"))
    assert tell(rows, smoke=True, as_json=True) == 1
    said = capsys.readouterr()
    assert [json.loads(line) for line in said.out.splitlines()] == [
        {
            "name": name,
            "ratio": figures[name],
            "target": 2.0,
            "better": "lower",
            "against": "the first time",
        }
        for name in ("bad", "good")
    ]
    assert said.err.count("a benchmark talks") == 2
    assert tell(rows[1:], smoke=True, as_json=False) == 0
    assert "kept" in capsys.readouterr().out


def test_a_name_that_is_not_there_is_wrong_usage() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--ratios", "no_such_ratio"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 2
    assert "no no_such_ratio" in ran.stderr

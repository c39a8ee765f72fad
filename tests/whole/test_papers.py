"""The house papers say what is so: the tests, files and libraries they name exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAPERS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/decisions").glob("*.md")]
)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
TEST_NAME = re.compile(r"`(test_\w+)`")
# Made by `make pictures`; a fresh checkout may be older than its first picture.
DRAWN = {"docs/images/live.png"}


def test_each_test_named_as_the_proof_of_a_control_exists() -> None:
    named = set(TEST_NAME.findall((ROOT / "docs/hazards.md").read_text(encoding="utf-8")))
    there: set[str] = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        there.update(re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8")))
    assert named, "docs/hazards.md names no test at all"
    assert not named - there, "docs/hazards.md names tests that are not there"


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.relative_to(ROOT).as_posix())
def test_each_link_leads_somewhere(paper: Path) -> None:
    targets = LINK.findall(paper.read_text(encoding="utf-8"))
    missing = [t for t in targets if t not in DRAWN and not (paper.parent / t).exists()]
    assert not missing, f"{paper.name} links to what is not there"


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [page.name[:4] for page in (ROOT / "docs/decisions").glob("*.md")]
    assert len(numbers) == len(set(numbers))
    assert all(number.isdigit() for number in numbers)


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    lines = [*project["project"]["dependencies"], *groups["build"], *groups["dev"]]
    names = {re.split(r"[<>=!~\[ ]", line)[0] for line in lines if isinstance(line, str)}
    page = (ROOT / "docs/decisions/0005-dependencies.md").read_text(encoding="utf-8")
    tables = "\n".join(line for line in page.splitlines() if line.startswith("| "))
    assert not {name for name in names if name not in tables}

"""Cases from the wire to the export: every value of a case, and nothing else, is in the record.

The project's own cases through both monitors; one short real case each where ``../shared`` is
present. All real cases at 60 times speed: ``python -m tests.whole.cases`` (docs/performance.md has
the figures of the last whole run).
"""

from __future__ import annotations

import tomllib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.whole import oracle
from tests.whole.cases import MADE, REAL_FOLDER, Outcome, play, real_cases

#: Slower than the real cases' 60: a busy machine's delays count as many session seconds.
SPEED = 20.0
CROSSINGS = Path(__file__).with_name("crossings.toml")
OWN = [(path, driver, SPEED) for path in MADE for driver in oracle.MONITORS]
REAL = [
    (path, driver, 60.0)
    for path, driver in (
        (REAL_FOLDER / "eicu_bp_07.csv", "dinamap"),
        (REAL_FOLDER / "mimic_19.csv", "ge-dri"),
    )
    if path.exists()
]


#: The cases are played once, at the same time: they mostly wait.
pytestmark = pytest.mark.xdist_group("cases")


@pytest.fixture(scope="module")
def outcomes() -> dict[tuple[Path, str], Future[Outcome]]:
    """All jobs, a few at a time: they mostly wait."""
    with ThreadPoolExecutor(5) as pool:
        return {
            (path, driver): pool.submit(
                play,
                path,
                driver,
                speed,
                str(CROSSINGS) if driver == "ge-dri" else "iv-ketamine-40",
            )
            for path, driver, speed in REAL + OWN  # the longest first
        }


@pytest.mark.parametrize(
    ("path", "driver"), [(p, d) for p, d, _ in OWN + REAL], ids=lambda v: getattr(v, "stem", v)
)
def test_the_record_is_the_case(
    outcomes: dict[tuple[Path, str], Future[Outcome]], path: Path, driver: str
) -> None:
    outcome = outcomes[path, driver].result()
    assert outcome.faults == ()
    assert outcome.cuff > 0


def test_the_real_cases_are_where_they_should_be() -> None:
    if not REAL:
        pytest.skip("../shared/realcases is not here: only the project's own cases were played")
    assert len(REAL) == 2


def test_the_oracle_finds_what_is_wrong() -> None:
    """A check that cannot fail is none: each kind of damage to a good record is found."""
    rows = [
        {"t_s": "0", "spo2": "97", "pulse": "70", "nibp_sys": "", "nibp_dia": "", "nibp_map": ""},
        {
            "t_s": "60",
            "spo2": "97",
            "pulse": "71",
            "nibp_sys": "184",
            "nibp_dia": "90",
            "nibp_map": "110",
        },
    ]
    assert damaged(rows) == []
    assert any("stored for 63" in f for f in damaged(rows, cuff_at="14:01:03"))
    assert any("cuff readings in the case" in f for f in damaged(rows, drop="nibp_sys"))
    assert any("stored" in f for f in damaged(rows, sys=185))
    assert any("spo2" in f for f in damaged(rows, spo2=96))
    assert any("limit" in f for f in damaged(rows, alarm=False))


def damaged(
    rows: list[dict[str, str]],
    *,
    cuff_at: str = "14:01:00",
    drop: str = "",
    sys: float = 184,
    spo2: float = 97,
    alarm: bool = True,
) -> list[str]:
    """The oracle's verdict on a hand-written session that is right but for what is asked."""

    def entry(kind: str, at: str, body: dict[str, object]) -> dict[str, object]:
        return {"seq": 0, "kind": kind, "at": f"2026-11-23T{at}+01:00", "body": body}

    limit = {"metric": "nibp_sys", "op": ">", "value": 180, "priority": "high", "relative": None}
    entries = [entry("session", "14:00:00", {"protocol": {"limit": [limit]}})]
    for second in range(0, 64):
        at = f"14:{second // 60:02d}:{second % 60:02d}"
        pulse = 70 if second < 60 else 71
        values = {"spo2": spo2, "pulse": pulse}
        entries.append(entry("reading", at, {"values": values, "flags": []}))
    cuff = {"nibp_sys": sys, "nibp_dia": 90, "nibp_map": 110}
    if drop != "nibp_sys":
        entries.append(entry("reading", cuff_at, {"values": cuff, "flags": []}))
    if alarm:
        raised = {
            "event": "raised",
            "type": "physiological",
            "id": "nibp_sys>180",
            "value": 184,
            "limit": 180,
        }
        entries.append(entry("alarm", "14:01:00", raised))
    return oracle.faults(rows, "dinamap", {"entries": entries})


def test_the_oracle_counts_the_episodes_that_another_rule_found() -> None:
    """``EXPECTED_CROSSINGS.csv`` was made by a rule that shares no code with us or the oracle."""
    listed = REAL_FOLDER.parent / "EXPECTED_CROSSINGS.csv"
    if not listed.exists():
        pytest.skip("../shared/realcases is not here")
    expected: dict[tuple[str, str], list[float]] = {}
    for row in oracle.rows_of(listed):
        key = f"{row['param']}{row['op']}{float(row['limit']):g}"
        expected.setdefault((row["case"], key), []).append(float(row["first_t_s"]))
    limits = [
        {**limit, "relative": None}
        for limit in tomllib.loads(CROSSINGS.read_text(encoding="utf-8"))["limit"]
    ]
    found = {
        (path.stem, key): [t_s for t_s, _ in episodes]
        for path in real_cases()
        for key, episodes in oracle.episodes(
            oracle.rows_of(path), oracle.MONITORS["ge-dri"], limits
        ).items()
        if episodes
    }
    assert found == expected

"""Alerts on real patients' courses: each expected episode once, in time; quiet ones quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from ketamonitor.library import load_protocols
from ketamonitor.protocol import read_protocol
from tests.whole.alarm_cases import CROSSINGS, PLAIN, compare, delayed, expected, play
from tests.whole.cases import REAL_FOLDER, real_cases

#: Named as quiet in the list of cases.
QUIET = ("eicu_bp_19", "eicu_bp_21", "eicu_bp_23")

needs_cases = pytest.mark.skipif(
    not CROSSINGS.exists(), reason="the real cases are not beside this checkout"
)


@needs_cases
@pytest.mark.parametrize("delay_s", [0.0, 15.0])
def test_each_expected_episode_is_one_alert_in_time_and_with_its_end(delay_s: float) -> None:
    protocol = delayed(read_protocol(PLAIN), delay_s)
    episodes, faults = 0, []
    # The dense cuff series are many episodes on few values; a value every 5 s is a monitor's pace.
    for case in real_cases():
        alerts, _ = play(case, protocol, treated=False, every_s=5)
        episodes += len(expected(case.stem))
        faults += compare(case.stem, alerts, delay_s, slack_s=5)
    assert faults == []
    assert episodes > 100


@needs_cases
@pytest.mark.parametrize("name", QUIET)
def test_a_quiet_patient_has_at_most_one_alert_an_hour_with_the_shipped_limits(name: str) -> None:
    case: Path = REAL_FOLDER / f"{name}.csv"
    alerts, length_s = play(case, load_protocols()["iv-ketamine-40"], treated=False)
    assert sum(alert.listed for alert in alerts) / (length_s / 3600) <= 1

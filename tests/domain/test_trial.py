"""A monitor tried outside a session: what is seen, what is written, and that no cuff starts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.capture import CaptureError, read_capture
from devices.metrics import SPO2
from devices.reading import NOT_UNDERSTOOD, LinkState, Reading
from devices.registry import driver
from devices.replay import replay
from devices.simulated.faults import Fault, FaultKind
from ketamonitor.clock import SteadyClock
from ketamonitor.trial import Trial, TrialView, capture_path
from ketamonitor.view import DeviceChoice
from tests import waits
from tests.fakes import START
from tests.served import Resting, served

FAST = 10.0


def until(trial: Trial, wanted: Callable[[TrialView], object]) -> TrialView:
    seen: list[TrialView] = []

    def holds() -> object:
        seen.append(trial.look())
        return wanted(seen[-1])

    waits.until(holds, "it was never seen")
    return seen[-1]


def choice(port: str, name: str = "dinamap", line: str = "") -> DeviceChoice:
    return DeviceChoice(name, port, "tried", line)


def test_values_and_bytes_are_seen_and_no_cuff_is_started() -> None:
    patient, clock = Resting(spo2=96), SteadyClock(FAST)
    with served("dinamap", patient=patient, clock=clock) as server:
        trial = Trial(choice(server.name), clock)
        trial.start()
        view = until(trial, lambda v: SPO2 in v.values)
        trial.close()
        requests = [request.text for request in server.monitor.requests]  # type: ignore[union-attr]
    assert view.state is LinkState.CONNECTED
    assert view.values[SPO2].value == 96
    assert view.recent
    assert view.recent_at is not None
    assert view.capture is None
    assert patient.started == 0
    assert requests
    assert threading.active_count() == 1


def test_a_wrong_speed_and_a_silent_port_are_told_apart() -> None:
    clock = SteadyClock(FAST)
    with served("dinamap", clock=clock, strict_line=True) as server:
        trial = Trial(choice(server.name, line="19200"), clock)
        trial.start()
        wrong = until(trial, lambda v: v.state is LinkState.SILENT)
        trial.close()
    with served("dinamap", clock=clock, faults=[Fault(FaultKind.SILENCE, 0, 3600)]) as server:
        trial = Trial(choice(server.name), clock)
        trial.start()
        silent = until(trial, lambda v: v.state is LinkState.SILENT)
        trial.close()
    if wrong.recent:  # a monitor that is asked at the wrong speed may well say nothing
        assert wrong.reason.startswith(NOT_UNDERSTOOD)
    assert not silent.recent
    assert silent.reason.startswith("nothing from the monitor")


def test_a_capture_of_a_trial_replays_to_the_same_values(tmp_path: Path) -> None:
    clock, folder = SteadyClock(FAST), tmp_path / "tests"
    with served("dinamap", patient=Resting(spo2=94), clock=clock) as server:
        trial = Trial(choice(server.name), clock, folder)
        trial.start()
        view = until(trial, lambda v: v.readings >= 3)
        trial.close()
    path = view.capture
    assert path is not None
    assert path.parent == folder
    assert path.stat().st_mode & 0o077 == 0
    played = replay(driver("dinamap"), read_capture(path).pieces)
    again = [output for output in played if isinstance(output, Reading)]
    assert len(again) >= 3
    assert {r.values[SPO2] for r in again if SPO2 in r.values} == {94}


def test_a_port_that_is_not_there_says_so_and_goes_on_looking() -> None:
    trial = Trial(choice("/dev/ttyNOWHERE"), SteadyClock())
    trial.start()
    view = until(trial, lambda v: v.state is LinkState.LOST)
    trial.close()
    assert "does not exist" in view.reason


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (choice("/dev/x", "no-such"), "no driver"),
        (choice("/dev/x", line="fast"), "write them as"),
    ],
)
def test_what_cannot_be_tried_is_refused_in_one_line(wrong: DeviceChoice, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Trial(wrong, SteadyClock())
    assert threading.active_count() == 1


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("in the way")
    with pytest.raises(CaptureError, match="cannot make the folder"):
        capture_path(tmp_path / "tests", "dinamap", START)


def test_two_captures_in_one_second_have_two_names(tmp_path: Path) -> None:
    first = capture_path(tmp_path, "Odd/Name", START)
    first.touch()
    assert first.name == "odd_name-261123-140000.jsonl"
    assert capture_path(tmp_path, "Odd/Name", START).name == "odd_name-261123-140000-2.jsonl"

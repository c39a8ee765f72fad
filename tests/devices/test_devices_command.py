"""``ketamonitor devices``: the words for what is wrong, then reading over a pseudo-terminal."""

from __future__ import annotations

import argparse
import json
import threading
from pathlib import Path

import pytest

from devices.registry import DRIVERS
from devices.simulated import SIMULATED
from devices.simulated.scenario import DEFAULT_SCENARIO, scenario_patient
from devices.simulated.serve import Server
from ketamonitor.cli import devices
from ketamonitor.cli.errors import UsageError, UserError
from ketamonitor.clock import SteadyClock
from tests.devices.test_reader import Dinamap, mute
from tests.devices.wire import FarEnd


def run(*words: object) -> int:
    parser = argparse.ArgumentParser(prog="ketamonitor")
    devices.add_parser(parser.add_subparsers())
    args = parser.parse_args(["devices", *map(str, words)])
    status: int = args.handler(args)
    return status


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["read"],
        ["read", "--port", "/dev/none"],
        ["read", "--port", "/dev/none", "--driver", "toaster"],
        ["read", "--port", "/dev/none", "--driver", "dinamap", "--seconds", "-1"],
        ["read", "--port", "/dev/none", "--driver", "dinamap", "--seconds", "soon"],
        ["capture", "--port", "/dev/none", "--driver", "dinamap"],
        ["replay", "x", "--driver", "toaster"],
        ["lamp", "--port", "/dev/none"],
        ["lamp", "--port", "/dev/none", "--line", "txd"],
        ["lamp", "--port", "/dev/none", "--line", "rts", "--seconds", "0"],
    ],
)
def test_wrong_usage_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*words)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "toaster" not in words or "known are: " + ", ".join(sorted(DRIVERS)) in err


def test_a_port_that_does_not_exist_or_is_in_use_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        run("read", "--port", tmp_path / "none", "--driver", "dinamap")
    with pytest.raises(UserError, match="does not exist"):
        run("capture", "--port", tmp_path / "none", "--driver", "dinamap", "-o", tmp_path / "f")
    with pytest.raises(UserError, match="is not a serial port"):
        run("read", "--port", tmp_path, "--driver", "dinamap")


def test_a_monitor_that_says_nothing_is_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        FarEnd(tmp_path / "port", mute) as far,
        pytest.raises(UserError, match="did not answer"),
    ):
        run("read", "--port", far.name, "--driver", "ge-dri", "--seconds", "0.3", "--json")
    assert capsys.readouterr().out == ""


def test_capture_then_replay_print_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "session.jsonl"
    monitor = Dinamap()
    monitor.nibp = "10000128079-02"
    line = ["--driver", "dinamap", "--seconds", "1.3", "--json"]
    with FarEnd(tmp_path / "port", monitor) as far:
        assert run("capture", "--port", far.name, "-o", file, *line) == 0
        live = capsys.readouterr().out
        assert run("replay", file, "--json") == 0
        assert capsys.readouterr().out == live
        with pytest.raises(UserError, match="exists"):
            run("capture", "--port", far.name, "-o", file, *line)
    readings = [json.loads(text) for text in live.splitlines()]
    assert readings[0].keys() == {"source", "measured_at", "received_at", "values", "flags"}
    cuff = next(one for one in readings if "nibp_sys" in one["values"])
    assert cuff["values"] == {"nibp_sys": 128, "nibp_dia": 79, "nibp_map": -2}
    assert cuff["flags"] == ["implausible:nibp_map"]
    assert {"pulse": 72} in [one["values"] for one in readings]
    assert run("replay", file) == 0
    assert "Systolic 128 mmHg" in capsys.readouterr().out
    assert run("replay", file, "--driver", "ge-dri", "--json") == 0
    assert capsys.readouterr().out == ""


def test_a_replay_of_something_else_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read"):
        run("replay", tmp_path / "none")
    (tmp_path / "x").write_text("t_s,hr\n")
    with pytest.raises(UserError, match="line 1 is not JSON"):
        run("replay", tmp_path / "x")


def test_list_and_ports(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--json") == 0
    rows = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == list(DRIVERS)
    assert rows[0]["commands"] == ["cancel_nibp", "start_nibp"]
    assert run("list") == 0
    assert "CARESCAPE V100" in capsys.readouterr().out
    assert run("ports", "--json") == 0
    assert all("device" in json.loads(text) for text in capsys.readouterr().out.splitlines())


def test_detect_exclude_and_include(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KETAMONITOR_PORTS", str(tmp_path / "ports.json"))
    patient = scenario_patient(DEFAULT_SCENARIO, 1)
    with Server(SIMULATED["dinamap"], patient, SteadyClock(), strict_line=True) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert run("exclude", server.name) == 0
            assert run("detect", "--port", server.name, "--json") == 0
            out = capsys.readouterr().out.splitlines()
            assert json.loads(out[-1])["outcome"] == "excluded"
            for command in ("read", "capture"):
                more = ["-o", tmp_path / "c"] if command == "capture" else []
                with pytest.raises(UserError, match="is excluded, and nothing opens it"):
                    run(command, "--port", server.name, "--driver", "dinamap", *more)
            assert not (tmp_path / "c").exists()
            assert server.monitor is None  # it was never opened
            assert run("include", server.name) == 0
            assert run("detect", "--port", server.name, "--json") == 0
        finally:
            server.stop()
            thread.join()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["driver"], found["line"]) == ("dinamap", "9600-8N1")
    assert found["confidence"] == "certain"
    with pytest.raises(UserError, match="does not exist"):
        run("detect", "--port", tmp_path / "none")


def test_a_line_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    words = ["--port", tmp_path / "none", "--driver", "dinamap", "--line", "fast"]
    for command in (["read", *words], ["capture", *words, "-o", tmp_path / "file"]):
        with pytest.raises(UsageError, match="9600 or 9600-8N1"):
            run(*command)
    assert list(tmp_path.iterdir()) == []


def test_a_lamp_is_tried_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    lamp = ("lamp", "--port", "loop://", "--seconds", "0.2")
    assert run(*lamp, "--line", "rts") == 0
    assert capsys.readouterr().out.splitlines() == [
        "lamp on: RTS of loop:// is active",
        "lamp off: RTS of loop:// is inactive",
    ]
    assert run(*lamp, "--line", "dtr", "--normally-on", "--json") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["line"], one["on"], one["active"]) for one in told] == [
        ("dtr", False, True),
        ("dtr", True, False),
    ]


def test_a_lamp_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    line = ("--line", "rts", "--seconds", "0.2")
    with pytest.raises(UserError, match="does not exist") as caught:
        run("lamp", "--port", tmp_path / "none", *line)
    assert caught.value.status == 1
    with pytest.raises(UsageError, match="--port: socket://h:1 has no RTS or DTR line"):
        run("lamp", "--port", "socket://h:1", *line)
    with (
        FarEnd(tmp_path / "port", mute) as far,
        pytest.raises(UserError, match="has no RTS and DTR lines"),
    ):
        run("lamp", "--port", far.name, *line)

"""What is remembered of ports: adapters by identity, exclusions, and a file that is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devices.findings import Detection, Known, Outcome
from devices.port import PortInfo
from devices.registry import DRIVERS
from devices.spec import LineSettings
from ketamonitor import ports_file
from ketamonitor.clock import SteadyClock
from ketamonitor.detecting import MonitorSearch, set_excluded
from ketamonitor.ports_file import PortMemory, identities, load, save

USB = PortInfo("/dev/ttyUSB0", "FTDI", 0x403, 0x6001, "A10", "1-1")
BARE = PortInfo("/dev/ttyUSB1", "Prolific", 0x67B, 0x2303, None, "1-1.2")
PLAIN = PortInfo("/dev/ttyS0", "ttyS0")
LINE = LineSettings(baud=19200)


def named(port: str, driver: str = "dinamap") -> Detection:
    return Detection(port, Outcome.NAMED, "x", driver, LINE)


def test_an_adapter_is_known_again_under_another_name() -> None:
    before = identities(["/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyS0"], [USB, BARE, PLAIN])
    assert before == {
        "/dev/ttyUSB0": "usb 0403:6001 A10",
        "/dev/ttyUSB1": "usb 067b:2303 at 1-1.2",
        "/dev/ttyS0": "/dev/ttyS0",
    }
    memory = PortMemory().after([named("/dev/ttyUSB0")], before)
    moved = identities(["COM7"], [PortInfo("COM7", "FTDI", 0x403, 0x6001, "A10", "2-3")])
    assert memory.known(moved) == {"COM7": Known("dinamap", LINE)}


def test_silence_forgets_nothing_and_the_handshake_of_a_line_stays(tmp_path: Path) -> None:
    ports = {"/dev/a": "usb 1"}
    ge = DRIVERS["ge-dri"].line
    memory = PortMemory().after([Detection("/dev/a", Outcome.NAMED, "x", "ge-dri", ge)], ports)
    silent = Detection("/dev/a", Outcome.SILENT, "silent")
    assert save(tmp_path / "new" / "ports.json", memory.after([silent], ports)) == ""
    again, words = load(tmp_path / "new" / "ports.json")
    assert (again, words) == (memory, "")
    assert again.known(ports) == {"/dev/a": Known("ge-dri", ge)}
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["ports.json"]


def test_an_excluded_port_stays_so_and_keeps_its_monitor() -> None:
    ports = {"/dev/a": "usb 1"}
    memory = PortMemory().excluding("usb 1", True).after([named("/dev/a")], ports)
    assert memory.excluded(ports) == {"/dev/a"}
    assert memory.excluding("usb 1", False).excluded(ports) == set()
    assert memory.known(ports)["/dev/a"].driver == "dinamap"


def test_drivers_and_lines_that_are_not_known_here_are_passed_over() -> None:
    ports = {"/dev/a": "a", "/dev/b": "b"}
    memory = PortMemory(
        {
            "a": ports_file.Remembered("a plug-in", "9600-8N1"),
            "b": ports_file.Remembered("dinamap", "fast"),
        }
    )
    assert memory.known(ports) == {}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged"),
        (b'{"format": "ketamonitor-po', "damaged"),
        (b"\xff\xfe\x00", "not text"),
        (b"[]", "not a list of ports"),
        (b'{"format": "else"}', "not a list of ports"),
        (b'{"format": "ketamonitor-ports", "version": 9}', "another version"),
        (b'{"format": "ketamonitor-ports", "version": 1}', "damaged"),
        (b'{"format": "ketamonitor-ports", "version": 1, "adapters": {"a": 5}}', "damaged"),
        (
            b'{"format": "ketamonitor-ports", "version": 1, "adapters":'
            b' {"a": {"driver": "", "line": "", "excluded": "no"}}}',
            "damaged",
        ),
    ],
)
def test_a_broken_file_is_told_and_kept_aside(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "ports.json"
    for name in ("ports.json.broken", "ports.json.broken-2"):
        path.write_bytes(content)
        memory, words = load(path)
        assert memory == PortMemory()
        assert why in words
        assert "exclude again" in words
        assert "\n" not in words
        assert (tmp_path / name).read_bytes() == content
        assert not path.exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    words = save(tmp_path / "file" / "ports.json", PortMemory())
    assert "cannot be written" in words
    assert "not remembered" in words


def test_after_a_broken_file_a_search_only_listens(tmp_path: Path) -> None:
    path = tmp_path / "ports.json"
    path.write_text("{")
    search = MonitorSearch(SteadyClock(), ports=[str(tmp_path / "none")], path=path)
    assert "cannot be used" in search.words
    assert search.only_listens
    search.start()
    (found,) = search.wait()
    assert found.outcome is Outcome.UNAVAILABLE
    assert not MonitorSearch(SteadyClock(), ports=["/dev/none"], path=path).only_listens


def test_an_excluded_port_is_not_searched(tmp_path: Path) -> None:
    path, port = tmp_path / "ports.json", "/dev/ttyUSB0"
    assert set_excluded(port, True, path=path, listed=lambda: [USB]) == ""
    entry = json.loads(path.read_text())["adapters"]["usb 0403:6001 A10"]
    assert entry["excluded"] is True
    search = MonitorSearch(SteadyClock(), path=path, listed=lambda: [USB])
    search.start()
    (found,) = search.wait()
    assert (found.port, found.outcome) == (port, Outcome.EXCLUDED)

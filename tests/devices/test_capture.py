"""Capture files: bad ones first, then what a kill leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.capture import DIRECTIONS, CaptureError, CaptureWriter, Piece, read_capture
from devices.registry import driver
from devices.replay import replay
from tests.devices.wire import NOON, after, all_values

HEADER = (
    '{"format": "ketamonitor-capture", "version": 1, "driver": "dinamap",'
    ' "port_kind": "serial", "started_at": "2026-11-23T12:00:00+00:00"}\n'
)


def header(**changes: object) -> str:
    return json.dumps({**json.loads(HEADER), **changes}) + "\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (HEADER[:-1], "cut off"),
        ("t_s,hr\n1,2\n", "line 1 is not JSON"),
        ("[1]\n", "line 1 is not a JSON object"),
        ('{"t": 1}\n', "is not a capture"),
        (header(version=2), "newer version"),
        (header(started_at="noon"), "line 1"),
        (header(started_at="2026-11-23T12:00:00"), "line 1"),
        (header(driver=5), "line 1"),
        (HEADER + "nonsense\n", "line 2 is not JSON"),
        (HEADER + '{"t": 1, "dir": "rx", "hex": "4"}\n', "line 2: needs"),
        (HEADER + '{"t": 1, "dir": "up", "hex": ""}\n', "line 2: needs"),
        (HEADER + '{"t": "1", "dir": "rx", "hex": ""}\n', "line 2: needs"),
        (HEADER + '{"t": 1e999, "dir": "rx", "hex": ""}\n', "line 2: needs"),
        (HEADER + '{"dir": "rx", "hex": ""}\n', "line 2: needs"),
        (HEADER + '{"t": 1, "dir": "command", "hex": "6162"}\n', "line 2: needs"),
    ],
)
def test_what_is_no_capture_is_said_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(CaptureError, match=words) as caught:
        read_capture(path)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot read"):
        read_capture(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    with pytest.raises(CaptureError, match="not plain text"):
        read_capture(tmp_path / "binary")
    with pytest.raises(CaptureError, match="exists"):
        CaptureWriter(tmp_path / "binary", "dinamap", "/dev/ttyUSB0", NOON)
    with pytest.raises(CaptureError, match="cannot write"):
        CaptureWriter(tmp_path / "no folder" / "x", "dinamap", "/dev/ttyUSB0", NOON)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 10**11), st.sampled_from(DIRECTIONS), st.binary(max_size=50)),
        max_size=8,
    ),
    st.integers(0, 60),
)
def test_what_was_written_is_read_up_to_the_last_complete_line(
    tmp_path: Path, pieces: list[tuple[int, str, bytes]], lost: int
) -> None:
    path = tmp_path / "x.jsonl"
    path.unlink(missing_ok=True)
    writer = CaptureWriter(path, "dinamap", "socket://127.0.0.1:5", NOON)
    written = [
        Piece(after(at / 1e6), direction, b"start_nibp" if direction == "command" else data)
        for at, direction, data in pieces
    ]
    for piece in written:
        writer(piece.direction, piece.data, piece.at)
    whole = path.read_bytes()  # on the disk before it is closed
    writer.close()
    capture = read_capture(path)
    assert (capture.driver, capture.started_at) == ("dinamap", NOON)
    assert list(capture.pieces) == written
    path.write_bytes(whole[: len(whole) - lost])  # killed while it was being written
    complete = (whole[: len(whole) - lost]).count(b"\n") - 1
    if complete >= 0:
        assert list(read_capture(path).pieces) == written[:complete]


def test_a_capture_names_no_port(tmp_path: Path) -> None:
    CaptureWriter(tmp_path / "a", "dinamap", "/dev/serial/by-id/ROOM-4", NOON).close()
    CaptureWriter(tmp_path / "b", "dinamap", "socket://chair4.clinic:5", NOON).close()
    assert "ROOM" not in (tmp_path / "a").read_text()
    assert json.loads((tmp_path / "b").read_text())["port_kind"] == "socket"
    assert "clinic" not in (tmp_path / "b").read_text()


def test_a_full_disk_is_kept_for_whoever_asks(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    path = tmp_path / "x"
    writer = CaptureWriter(path, "dinamap", "/dev/ttyUSB0", NOON)
    assert writer.fault is None
    writer._file.close()
    writer._file = full.open("wb", buffering=0)
    writer("rx", b"abc", NOON)
    assert writer.fault is not None
    writer("rx", b"abc", NOON)
    writer.close()


def test_received_bytes_alone_can_be_replayed() -> None:
    pieces = [Piece(NOON, "rx", b" OA1098705#H\r"), Piece(after(1), "rx", b' RA2072"E\r')]
    outputs = list(replay(driver("dinamap"), pieces))
    assert all_values(outputs) == [{"spo2": 98}, {"pulse": 72}]
    assert list(replay(driver("ge-dri"), pieces)) == []

"""A file is read whole, or refused for its size; what has no end is not read for ever."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from devices.bounded import bytes_of
from devices.capture import CaptureError, read_capture
from devices.simulated.case import CaseError, read_case
from ketamonitor.clinic import ClinicError, read_clinic
from ketamonitor.protocol import ProtocolError, read_protocol
from ketamonitor.script import ScriptError, read_script
from ketamonitor.signals.settings import read_settings


def test_the_bound_itself_is_read_and_one_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3_000_000)
    assert bytes_of(path, 3_000_000) == b"x" * 3_000_000
    with pytest.raises(OSError, match=r"more than 2,999,999 bytes"):
        bytes_of(path, 2_999_999)
    path.write_bytes(b"")
    assert bytes_of(path, 0) == b""


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of POSIX")
@pytest.mark.parametrize(
    ("read", "refused"),
    [
        (read_protocol, ProtocolError),
        (read_clinic, ClinicError),
        (read_script, ScriptError),
        (read_settings, ValueError),
        (read_case, CaseError),
    ],
)
def test_what_has_no_end_is_refused(read, refused) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(refused, match=r"/dev/zero.*more than .* bytes: no such file is"):
        read(Path("/dev/zero"))


def test_a_capture_of_more_than_a_day_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.capture.LARGEST", 1000)
    path = tmp_path / "wire.jsonl"
    path.write_text("x" * 1001)
    with pytest.raises(CaptureError, match=r"more than 1,000 bytes"):
        read_capture(path)


@pytest.mark.skipif(os.name != "posix", reason="a pipe with a name")
def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(b"made by another program"))
    writer.start()
    assert bytes_of(path, 1000) == b"made by another program"
    writer.join()

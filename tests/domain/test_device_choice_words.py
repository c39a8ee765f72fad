"""How a monitor is written on the command line: DRIVER[@LINE]:PORT[,listen]."""

from __future__ import annotations

import pytest

from ketamonitor.cli.errors import UsageError
from ketamonitor.cli.recording import _devices
from ketamonitor.view import DeviceChoice


def test_line_and_listening_are_read() -> None:
    assert _devices(
        [
            "dinamap:/dev/ttyUSB0",
            "dinamap@19200-8E1:/dev/ttyUSB1",
            "ge-dri@115200:socket://10.0.0.5:4001,listen",
        ]
    ) == (
        DeviceChoice("dinamap", "/dev/ttyUSB0", "dinamap"),
        DeviceChoice("dinamap", "/dev/ttyUSB1", "dinamap-2", "19200-8E1"),
        DeviceChoice("ge-dri", "socket://10.0.0.5:4001", "ge-dri", "115200", True),
    )


@pytest.mark.parametrize(
    "text",
    [
        "dinamap",
        "dinamap:",
        "dinamap@:/dev/x",
        "dinamap@fast:/dev/x",
        "toaster:/dev/x",
        "dinamap:,listen",
    ],
)
def test_what_cannot_be_read_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        _devices([text])

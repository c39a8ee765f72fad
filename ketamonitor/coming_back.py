"""A session whose program died goes on by itself: with which monitors, on which ports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ketamonitor.entries import Entry
from ketamonitor.record import device_choices
from ketamonitor.view import DeviceChoice

#: Why a session was resumed by nobody.
CAME_BACK = "the window came back"


def last_devices(entries: Iterable[Entry]) -> tuple[DeviceChoice, ...]:
    """The monitors as they were when the last entry was written.

    A resumed session may have had others than its start, and an adapter that was pulled and
    plugged in elsewhere answers on another port than the one it was chosen on.
    """
    devices: dict[str, DeviceChoice] = {}
    for entry in entries:
        body = entry.body
        if entry.kind == "session" and "devices" in body:
            devices = {device.source: device for device in device_choices(body)}
        elif entry.kind == "device" and body["event"] == "link" and body["source"] in devices:
            source = body["source"]
            devices[source] = replace(devices[source], port=body["port"])
    return tuple(devices.values())

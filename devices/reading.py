"""What comes out of a port: readings, device events and the state of the link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from devices.metrics import METRICS, Metric


@dataclass(frozen=True, slots=True)
class Reading:
    """Values of one source at one moment.

    ``values`` holds only the metrics that the frame carries; ``None`` means that the monitor says
    it has no value. ``measured_at`` is when the quantity was measured, ``received_at`` when its
    last byte arrived. ``flags`` name what is doubtful, for example ``implausible:nibp_map``.
    """

    source: str
    values: Mapping[Metric, float | None]
    measured_at: datetime
    received_at: datetime
    flags: tuple[str, ...] = ()
    device_time: str | None = None
    unmapped: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The command line's form of a reading (pressures in mmHg, rates per minute, SpO2 in %).

        ``device_time`` and ``unmapped`` are left out where there is none.
        """
        more: dict[str, object] = {}
        if self.device_time is not None:
            more["device_time"] = self.device_time
        if self.unmapped:
            more["unmapped"] = dict(self.unmapped)
        return {
            "source": self.source,
            "measured_at": self.measured_at.isoformat(),
            "received_at": self.received_at.isoformat(),
            "values": {metric.key: plain_number(v) for metric, v in self.values.items()},
            "flags": list(self.flags),
            **more,
        }


def plain_number(value: float | None) -> float | int | None:
    """A whole number without its ``.0``, so that 128 mmHg prints and hashes as 128."""
    return int(value) if value is not None and float(value).is_integer() else value


def values_from_json(values: Mapping[str, float | None]) -> dict[Metric, float | None]:
    """The values of :meth:`Reading.as_json` again. Raises ``KeyError`` for an unknown metric."""
    return {METRICS[key]: value for key, value in values.items()}


class LinkState(StrEnum):
    """How a port is doing."""

    CONNECTING = "connecting"
    IDENTIFYING = "identifying"
    CONNECTED = "connected"
    SILENT = "silent"
    LOST = "lost"


#: How the reason of a silent link begins where bytes come that are not this monitor's.
NOT_UNDERSTOOD = "what arrives is not"


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """The state of one port since ``at``, with the reason in words a nurse can act on."""

    source: str
    state: LinkState
    reason: str
    port: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """Something a monitor says that is not a value.

    ``kind`` is one of :data:`DEVICE_EVENTS`; ``text`` is the reason in words; ``raw`` what the
    monitor sent, for values nobody has mapped.
    """

    source: str
    kind: str
    text: str
    at: datetime
    raw: Mapping[str, str] = field(default_factory=dict)


DEMO = "demo"
"""The flag of a reading that the monitor marks as demonstration or test data."""

DEVICE_EVENTS = (
    "nibp_announced",  # the program is about to start the cuff; text says when
    "nibp_measuring",  # the cuff is inflating or deflating
    "nibp_done",  # a determination ended with a result
    "nibp_failed",  # a determination ended without one; text says why
    "nibp_stale",  # the monitor shows a result whose time it cannot tell: not taken as a reading
    "sensor_off",  # the monitor says that a sensor is off, unplugged or has no signal
    "sensor_on",
    "refused",  # a command was not carried out; text says why
    "battery_low",  # the monitor says that its battery is low
    "battery_ok",
    "monitor_alarm",  # an alarm or message of the monitor itself, in its words or named
    "not_taken",  # bytes that came while this program stood still: nobody knows when
    "demo",  # the monitor sends demonstration or test data
)

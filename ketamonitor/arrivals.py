"""What comes from a port, as drafts of entries; demonstration data stays out of a real session."""

from __future__ import annotations

from devices.reading import DEMO, DeviceEvent, LinkStatus, Reading
from ketamonitor.entries import PROGRAM, Draft

REFUSED_DEMO = "the monitor sends demonstration data: not taken"


class Arrivals:
    """The way of one monitor's outputs into one session. Used on the reader's thread alone.

    A monitor left in its demonstration mode shows a healthy patient who is not there: in a real
    session its values are refused, once in words and without a break for as long as it lasts.
    """

    def __init__(self, *, simulated: bool) -> None:
        self._simulated = simulated
        self._refusing = False

    def drafts(self, output: Reading | DeviceEvent | LinkStatus) -> tuple[Draft, ...]:
        """What is to be recorded of it; nothing where it was refused before."""
        if isinstance(output, Reading):
            demo = DEMO in output.flags and not self._simulated
            first, self._refusing = demo and not self._refusing, demo
            if demo:
                if not first:
                    return ()
                event = DeviceEvent(output.source, "demo", REFUSED_DEMO, output.received_at)
                return (draft_of(event),)
        return (draft_of(output),)


def draft_of(output: Reading | DeviceEvent | LinkStatus) -> Draft:
    """The draft of the entry that a port's output becomes."""
    if isinstance(output, Reading):
        return Draft("reading", output.measured_at, PROGRAM, output.as_json())
    if isinstance(output, LinkStatus):
        link = {
            "event": "link",
            "source": output.source,
            "state": output.state.value,
            "reason": output.reason,
            "port": output.port,
        }
        return Draft("device", output.at, PROGRAM, link)
    body = {
        "event": output.kind,
        "source": output.source,
        "text": output.text,
        "raw": dict(output.raw),
    }
    return Draft("device", output.at, PROGRAM, body)

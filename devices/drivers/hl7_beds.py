"""Whose results are taken where a line carries those of more than one bed or patient."""

from __future__ import annotations

from datetime import datetime, timedelta

from devices.drivers.hl7_text import Message
from devices.reading import DeviceEvent

#: The patient that was heard first has the line until there was nothing of theirs for so long.
OTHER_AFTER = timedelta(seconds=120)
OTHERS_KEPT = 64
TOLD = (
    "results of another bed or patient come on this line and are not taken: set the sender to one "
    "bed"
)


class Beds:
    """The patient who was heard first has the line; of every other nothing is taken.

    Where they fall silent another may follow, as on a monitor that changes its patient; but never
    one who was heard beside them: that is another bed, and stays it.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._ours: Message | None = None
        self._at: datetime | None = None
        self._beside: list[Message] = []  # refused since ours was last heard
        self._others: list[Message] = []  # of other beds for certain
        self._told = False

    def takes(self, message: Message) -> bool:
        """Whether these results are of the patient who has the line."""
        ours, now = self._ours, message.ended_at
        if message.several and message.anonymous:
            return False  # beside a patient who is named nobody knows of whom it speaks
        if any(_same(message, other) for other in self._others):
            return False
        if ours is not None and self._at is not None and message.other_than(ours):
            if message.part or now - self._at < OTHER_AFTER:
                self._remember(self._beside, message)
                return False
            ours = None
        if ours is not None:
            for other in self._beside:
                self._remember(self._others, other)
            self._ours = _merged(ours, message)
        else:
            self._ours = message.next_group()
            self._ours = _merged(self._ours, message)
        self._beside.clear()
        self._at = now
        return True

    def tell(self, message: Message) -> list[DeviceEvent]:
        """What to say of results that are not taken, once."""
        if self._told:
            return []
        self._told = True
        return [DeviceEvent(self._source, "monitor_alarm", TOLD, message.ended_at)]

    def _remember(self, among: list[Message], message: Message) -> None:
        if len(among) < OTHERS_KEPT and not any(_same(message, one) for one in among):
            among.append(_merged(message.next_group(), message))


def _merged(ours: Message, message: Message) -> Message:
    """Who has the line, with what this message adds; without its results."""
    kept = ours.next_group()
    kept.place = message.place or ours.place
    kept.number = message.number or ours.number
    kept.name = message.name or ours.name
    return kept


def _same(one: Message, other: Message) -> bool:
    """Whether both surely speak of one: they share something, and nothing differs."""
    shared = (
        (one.number and one.number == other.number)
        or (one.name and one.name == other.name)
        or (one.place and one.place == other.place)
        or (one.anonymous and other.anonymous)
    )
    return bool(shared) and not one.other_than(other)

"""The parts of one long capture, put in order; what is missing between them is said in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from devices.capture import Capture, CaptureError
from devices.replay import Replayer, Traced
from devices.spec import DriverSpec


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts of one source in order. ``missing`` says in words what is not there, ``notes`` what
    else a reader of the outputs should know; both are empty for a whole capture."""

    parts: tuple[Capture, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def driver(self) -> str:
        return self.parts[0].driver

    @property
    def source(self) -> str | None:
        place = self.parts[0].place
        return place.source if place else None


def join(captures: Iterable[Capture], gone: Mapping[int, str] | None = None) -> Joined:
    """The captures in order: parts of one session and source, or one capture that is not cut.

    ``gone`` has words on parts that are known to be unusable, by number. Raises
    :class:`CaptureError` where they do not belong together.
    """
    given, gone = list(captures), gone or {}
    if not given:
        raise CaptureError("; ".join(gone.values()) or "there is no capture to play")
    placed = [(one.place.part, one) for one in given if one.place is not None]
    if not placed:
        if len(given) > 1:
            raise CaptureError("these captures are not parts of one session: play them one by one")
        damage = (given[0].damage,) if given[0].damage else ()
        return Joined((given[0],), (), damage)
    owners = {(one.place.session, one.place.source, one.driver) for one in given if one.place}
    if len(placed) != len(given) or len(owners) != 1:
        raise CaptureError(
            "these files are not of one monitor and one session: play the parts of one at a time"
        )
    by_number: dict[int, Capture] = {}
    for number, one in placed:
        other = by_number.setdefault(number, one)
        if other.pieces != one.pieces:
            raise CaptureError(f"part {number} is there twice, and the two differ: leave one out")
    ordered = [by_number[number] for number in sorted(by_number)]
    return Joined(tuple(ordered), tuple(_holes(by_number, gone)), tuple(_notes(ordered)))


def play(spec: DriverSpec, joined: Joined, source: str | None = None) -> Iterator[Traced]:
    """What the readers delivered while the parts were recorded.

    Where a part is missing the decoder goes on as over noise: what it had seen in the missing
    part it does not know.
    """
    replayer = Replayer(spec, source or joined.source)
    for part in joined.parts:
        if part.place is None or not part.place.continues:
            replayer.anew()
        yield from replayer.play(part.pieces)


def _holes(parts: Mapping[int, Capture], gone: Mapping[int, str]) -> Iterator[str]:
    for number in range(1, max([*parts, *gone]) + 1):
        if number not in parts:
            yield gone.get(number, f"part {number} is missing")


def _notes(parts: Sequence[Capture]) -> Iterator[str]:
    for part in parts:
        place = part.place
        if place is not None and place.missing_since is not None:
            yield (
                f"no bytes were kept from {place.missing_since:%H:%M:%S} to"
                f" {part.started_at:%H:%M:%S} (before part {place.part})"
            )
        if part.damage:
            yield part.damage

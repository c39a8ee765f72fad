"""Puts the parts of a long IntelliVue answer together; what lacks its end is not lost either."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devices.drivers.intellivue_messages import Objects, Polled, objects_in

#: The parts of one answer follow each other at once; later ones belong to another.
WITHIN = timedelta(seconds=2)
SAME_MOMENT = timedelta(seconds=0.5)
MOST_OPEN = 4
MOST_PARTS = 32
FIRST = 1


@dataclass(slots=True)
class Answer:
    """All that a poll gave, however many messages it took."""

    head: Polled
    objects: Objects
    begun: datetime
    parts: int = 1

    def add(self, objects: Objects) -> None:
        """An object that was cut in two between the parts becomes one again."""
        places = {name: place for place, (name, _) in enumerate(self.objects)}
        for name, attributes in objects:
            if name in places:
                whole = {**self.objects[places[name]][1], **attributes}
                self.objects[places[name]] = (name, whole)
            else:
                self.objects.append((name, attributes))
        self.parts += 1

    def repeats(self, other: Answer) -> bool:
        """Whether it tells of the very same moment (two polls may overlap when one is renewed)."""
        return (
            self.begun - other.begun < SAME_MOMENT
            and self.head.relative == other.head.relative
            and self.objects == other.objects
        )


@dataclass(slots=True)
class PartsByInvoke:
    """Series that are not yet complete, each under the id of the request that it answers."""

    _open: dict[int, Answer] = field(default_factory=dict)

    def reset(self) -> None:
        self._open.clear()

    def add(self, polled: Polled, now: datetime) -> list[Answer]:
        """The answers that are complete now, or to which nothing more can come."""
        objects = objects_in(polled.objects)
        if objects is None:
            return []
        done = self._given_up(now)
        if polled.part == FIRST and polled.invoke in self._open:
            done.append(self._open.pop(polled.invoke))
        series = self._open.get(polled.invoke)
        if series is not None:
            series.add(objects)
        else:
            series = Answer(polled, objects, now)
            if polled.part:
                self._open[polled.invoke] = series
        if not polled.part or series.parts >= MOST_PARTS:
            self._open.pop(polled.invoke, None)
            done.append(series)
        elif len(self._open) > MOST_OPEN:
            done.append(self._open.pop(next(iter(self._open))))
        return done

    def _given_up(self, now: datetime) -> list[Answer]:
        if not self._open:
            return []
        late = [invoke for invoke, one in self._open.items() if now - one.begun > WITHIN]
        return [self._open.pop(invoke) for invoke in late]

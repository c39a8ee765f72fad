"""From when to when a physician was on site: entered by a person, an interval for each name.

Some rules ask for one throughout a treatment (Texas 22 TAC 173, proposed); whether one does is the
clinic's to know. Nothing is reckoned: who is not entered as gone is told as still there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ketamonitor import checks
from ketamonitor.entries import Draft, Entry

HERE, GONE = "here", "gone"
LONGEST_NAME = 80


def on_site(name: str, present: str, *, at: datetime, author: str) -> Draft:
    """The physician is ``here`` from ``at`` on, or ``gone`` since then. Raises ``ValueError``."""
    name = checks.text(" ".join(name.split()), "Name of the physician", LONGEST_NAME)
    checks.one_of(present, (HERE, GONE), "Physician on site")
    said = "on site" if present == HERE else "no longer on site"
    body = {
        "event": "on_site",
        "name": name,
        "present": present,
        "text": f"Physician {said}: {name}",
    }
    return Draft("event", at, author, body)


@dataclass(frozen=True, slots=True)
class Interval:
    """``since`` ``None``: only the end was entered; ``until`` ``None``: no end was. ``by`` are
    those who entered it."""

    name: str
    since: datetime | None
    until: datetime | None
    by: tuple[str, ...]


@dataclass(slots=True)
class OnSite:
    """The fold of ``on_site`` events. Feed it every entry with :meth:`add`."""

    _said: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Take in the next entry, of whatever kind."""
        if entry.kind == "event" and entry.body.get("event") == "on_site":
            self._said.append(entry)
        elif entry.kind == "correction":
            self._said = [one for one in self._said if one.seq != entry.body["of_seq"]]

    @property
    def intervals(self) -> list[Interval]:
        """In order of time, whenever they were entered."""
        found: list[Interval] = []
        open_: dict[str, int] = {}
        for one in sorted(self._said, key=lambda entry: (entry.at, entry.seq)):
            name, key = one.body["name"], one.body["name"].casefold()
            if one.body["present"] == HERE:
                if key not in open_:  # said twice is one interval
                    open_[key] = len(found)
                    found.append(Interval(name, one.at, None, (one.author,)))
            elif key in open_:
                place = open_.pop(key)
                begun = found[place]
                by = tuple(dict.fromkeys((*begun.by, one.author)))
                found[place] = Interval(begun.name, begun.since, one.at, by)
            else:
                found.append(Interval(name, None, one.at, (one.author,)))
        return found

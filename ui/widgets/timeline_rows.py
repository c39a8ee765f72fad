"""The timeline's rows: entries in words, newest first; what belongs together is one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from ketamonitor import words
from ketamonitor.alarms.order import alert_key, rank
from ketamonitor.entries import Entry

FILTERS = ("All", "Mine", "Alarms")
Index = QModelIndex | QPersistentModelIndex

#: What makes alarm entries of one moment one row.
_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """``more``: how many further entries it stands for. ``weight``: the lowest speaks for all.
    ``struck``: a correction took it back; it stays, and says so."""

    at: str
    number: int | None
    title: str
    below: str
    kind: str
    author: str
    more: int = 0
    weight: tuple[float, ...] = ()
    seq: int = 0
    struck: bool = False

    @property
    def heading(self) -> str:
        """The title, with how many others it stands for."""
        if self.struck:
            return f"Struck: {self.title}"
        return f"{self.title} and {self.more} more" if self.more else self.title


class TimelineModel(QAbstractListModel):
    """Rows newest first. ``DisplayRole`` is the whole row in words.

    One touch acknowledges all limits that an alert stands for, and one reading can pass several
    limits on the same side of a metric: each of them is an entry, together they are one row.
    """

    def __init__(self, user: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._user = user
        self._filter = 0
        self._all: list[Row] = []
        self._shown: list[Row] = []
        self._moment: datetime | None = None
        self._groups: dict[_Key, int] = {}

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.row(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return "  ".join(part for part in (row.at, row.heading, row.below) if part)
        return None

    def row(self, place: int) -> Row:
        """The row at a place of the view: 0 is the newest."""
        return self._shown[len(self._shown) - 1 - place]

    def add(self, entries: Sequence[Entry], numbers: dict[int, int]) -> None:
        """Takes in new entries; ``numbers`` maps an entry's seq to its number on the chart."""
        for entry in entries:
            if entry.kind == "correction":
                self._strike(entry.body["of_seq"])
            told = words.headline(entry)
            if told is None:
                continue
            row = Row(
                words.clock(entry.at),
                numbers.get(entry.seq),
                told[0],
                told[1],
                entry.kind,
                entry.author,
                weight=_weight(entry),
                seq=entry.seq,
            )
            if not self._joined(entry, row):
                self._append(row)

    def clear(self) -> None:
        self.beginResetModel()
        self._all, self._shown = [], []
        self._groups, self._moment = {}, None
        self.endResetModel()

    def set_filter(self, which: int) -> None:
        self.beginResetModel()
        self._filter = which
        self._shown = [row for row in self._all if self._passes(row)]
        self.endResetModel()

    def set_user(self, user: str) -> None:
        self._user = user
        self.set_filter(self._filter)

    def _append(self, row: Row) -> None:
        self._all.append(row)
        if self._passes(row):
            self.beginInsertRows(QModelIndex(), 0, 0)
            self._shown.append(row)
            self.endInsertRows()

    def _joined(self, entry: Entry, row: Row) -> bool:
        """Whether the entry went into a row of the same moment that is there already."""
        key = _key(entry)
        if key is None:
            return False
        if entry.at != self._moment:
            self._moment, self._groups = entry.at, {}
        place = self._groups.setdefault(key, len(self._all))
        if place == len(self._all):
            return False
        old = self._all[place]
        speaks = row if row.weight < old.weight else old
        self._replace(place, replace(speaks, more=old.more + 1))
        return True

    def _strike(self, seq: int) -> None:
        for place in range(len(self._all) - 1, -1, -1):
            if self._all[place].seq == seq:
                self._replace(place, replace(self._all[place], struck=True))
                return

    def _replace(self, place: int, new: Row) -> None:
        old, self._all[place] = self._all[place], new
        shown = next((n for n in range(len(self._shown) - 1, -1, -1) if self._shown[n] is old), -1)
        if shown >= 0:
            self._shown[shown] = new
            index = self.index(len(self._shown) - 1 - shown)
            self.dataChanged.emit(index, index)

    def _passes(self, row: Row) -> bool:
        if FILTERS[self._filter] == "Mine":
            return row.author == self._user
        return FILTERS[self._filter] != "Alarms" or row.kind == "alarm"


def _key(entry: Entry) -> _Key | None:
    """Entries of one moment with the same key are one row; ``None`` stands alone."""
    body = entry.body
    if entry.kind != "alarm" or "id" not in body or body.get("event") == "limit_changed":
        return None
    if body["event"] == "acknowledged":
        return ("acknowledged", entry.author)
    if body.get("condition") != "limit_passed":
        return None
    return (body["event"], alert_key(body["condition"], body["metric"], body["id"]))


def _weight(entry: Entry) -> tuple[float, ...]:
    """The most urgent speaks for the others, of equals the limit that is furthest out."""
    body = entry.body
    if entry.kind != "alarm" or "priority" not in body:
        return ()
    limit = body.get("limit") or 0.0
    return (rank(body["priority"]), limit if "<" in str(body.get("id")) else -limit)

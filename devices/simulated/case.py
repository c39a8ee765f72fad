"""A case file: a patient's recorded values, shown again by a simulated monitor."""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.bounded import bytes_of
from devices.simulated.patient import DETERMINATION_S, Determination, Vitals

COLUMNS = ("t_s", "hr", "pulse", "spo2", "rr", "nibp_sys", "nibp_dia", "nibp_map")
CUFF_COLUMNS = COLUMNS[5:]
#: Bytes above which a file is no case of one patient.
LARGEST = 20_000_000
#: The longest part of the time since the previous result that a determination may take.
LONGEST_SHARE = 2 / 3


class CaseError(Exception):
    """A case file that cannot be used; the text names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row: ``t_s`` in session seconds and each column's value, ``None`` where it is blank."""

    t_s: float
    values: tuple[float | None, ...]

    def value(self, column: str) -> float | None:
        return self.values[COLUMNS.index(column) - 1]


def read_case(path: Path) -> list[CaseRow]:
    """The rows of a case file. Raises :class:`CaseError` in one clear line."""
    try:
        text = bytes_of(path, LARGEST).decode("utf-8-sig")
    except FileNotFoundError:
        raise CaseError(f"{path}: there is no such case file") from None
    except UnicodeDecodeError as bad:
        line = bad.object[: bad.start].count(b"\n") + 1
        raise CaseError(
            f"{path}, line {line}: not UTF-8 text; save the case as CSV UTF-8"
        ) from None
    except OSError as bad:
        raise CaseError(f"{path}: cannot be read ({bad.strerror})") from None
    lines = csv.reader(text.splitlines(), strict=True)
    try:
        header = next(lines, None)
        if header is None:
            raise CaseError(f"{path}: the file is empty; it must begin with {','.join(COLUMNS)}")
        _check_header(path, header)
        rows: list[CaseRow] = []
        for cells in lines:
            if cells:
                rows.append(_row(path, lines.line_num, cells, rows[-1] if rows else None))
    except csv.Error as bad:
        raise CaseError(f"{path}, line {lines.line_num}: not CSV ({bad})") from None
    if not rows:
        raise CaseError(f"{path}: there are no rows below the header")
    return rows


def _check_header(path: Path, header: Sequence[str]) -> None:
    where = f"{path}, line 1"
    missing = [name for name in COLUMNS if name not in header]
    extra = [name for name in header if name not in COLUMNS]
    twice = sorted({name for name in header if header.count(name) > 1} - set(extra))
    if missing:
        raise CaseError(f"{where}: column {_names(missing)} missing; must be {','.join(COLUMNS)}")
    if extra:
        raise CaseError(f"{where}: unknown column {_names(extra)}; must be {','.join(COLUMNS)}")
    if twice:
        raise CaseError(f"{where}: column {_names(twice)} stands there more than once")
    if tuple(header) != COLUMNS:
        raise CaseError(f"{where}: the columns must be in the order {','.join(COLUMNS)}")


def _names(names: Iterable[str]) -> str:
    return ", ".join(name[:20] or "(no name)" for name in names)


def _row(path: Path, line: int, cells: Sequence[str], before: CaseRow | None) -> CaseRow:
    where = f"{path}, line {line}"
    if len(cells) != len(COLUMNS):
        raise CaseError(f"{where}: {len(cells)} cells where there must be {len(COLUMNS)}")
    numbers = [
        _number(f"{where}, column {column}", cell)
        for column, cell in zip(COLUMNS, cells, strict=True)
    ]
    t_s = numbers[0]
    if t_s is None:
        raise CaseError(f"{where}, column t_s: there must be a time in seconds")
    if t_s < 0:
        raise CaseError(f"{where}, column t_s: {t_s:g} is negative; times count from 0")
    if before is not None and t_s <= before.t_s:
        raise CaseError(
            f"{where}, column t_s: {t_s:g} is not after {before.t_s:g}; times must rise"
        )
    return CaseRow(t_s, tuple(numbers[1:]))


def _number(where: str, cell: str) -> float | None:
    if not cell.strip():
        return None
    try:
        # float() takes the digits of every script, and 1_0 for 10
        number = float(cell) if cell.isascii() and "_" not in cell else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise CaseError(f"{where}: {cell[:20]!r} is not a number")
    return number


class CasePatient:
    """The patient of a case: its rows are the only measurements, nothing is added to them.

    A row with any pressure is one determination with its result exactly at ``t_s``; the cuff has
    been measuring for 25 s before, or two thirds of the time since the previous result if that is
    shorter. Between two rows the last value of each sensor stands.
    """

    automatic = True

    def __init__(self, rows: Sequence[CaseRow]) -> None:
        self._shown = {column: _Shown(rows, column) for column in ("hr", "pulse", "spo2", "rr")}
        self._determinations: list[Determination] = []
        previous = 0.0
        for row in rows:
            sys, dia, mean = (row.value(column) for column in CUFF_COLUMNS)
            if sys is None and dia is None and mean is None:
                continue
            length = min(DETERMINATION_S, LONGEST_SHARE * (row.t_s - previous))
            self._determinations.append(
                Determination(row.t_s - length, row.t_s, sys=sys, dia=dia, map=mean)
            )
            previous = row.t_s
        self._ends = [one.at for one in self._determinations]

    def at(self, t: float) -> Vitals:
        return Vitals(**{column: shown.at(t) for column, shown in self._shown.items()})

    def measuring(self, t: float) -> bool:
        index = bisect_right(self._ends, t)
        return index < len(self._ends) and self._determinations[index].started <= t

    def ended(self, t: float) -> Sequence[Determination]:
        return self._determinations[: bisect_right(self._ends, t)]

    def start(self, t: float) -> bool:
        """Refused: a result that is not in the case would be an invented one."""
        return False

    def cancel(self, t: float) -> bool:
        """Refused: a result of the case would be lost."""
        return False


class _Shown:
    """One sensor's column: the last value that is not blank stands."""

    def __init__(self, rows: Sequence[CaseRow], column: str) -> None:
        pairs = [(row.t_s, value) for row in rows if (value := row.value(column)) is not None]
        self._times = [t for t, _ in pairs]
        self._values = [value for _, value in pairs]

    def at(self, t: float) -> float | None:
        index = bisect_right(self._times, t)
        return self._values[index - 1] if index else None

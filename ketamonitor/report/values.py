"""The table of values: each cuff reading and each observation in a row, as figures."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from devices.metrics import METRICS
from ketamonitor import words
from ketamonitor.course import AnswerPoint, CuffPoint, Series
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.record import Record
from ketamonitor.report.frame import Frame
from ketamonitor.report.stars import stars_of

#: Pulse and SpO2 of a row are the readings nearest to its time, no further away than this.
NEAREST = timedelta(seconds=60)
#: An observation stands in the row of the nearest cuff reading within this, else in its own.
TOGETHER = timedelta(minutes=5)

_ANSWERS = {"not_assessed": "n.a.", "declined": "decl."}


@dataclass(slots=True)
class _Row:
    at: datetime
    cuff: CuffPoint | None = None
    answers: list[AnswerPoint] = field(default_factory=list)


def values_table(record: Record, frame: Frame) -> dict[str, Any]:
    """``{"columns": [...], "rows": [{"cells", "over", "struck"}], "keys": [...]}``.

    A cell is text; ``None`` cells print empty. Only columns that hold something are there.
    """
    rows = _rows(record)
    continuous = [key for key in ("pulse", "spo2", "hr", "rr") if key in record.series]
    cuff_pulse = any(c.pulse is not None for c in record.cuff)
    instruments = _asked(record.answers)
    columns = ["Clock", "Min", "BP mmHg", "Mean"]
    columns += ["Cuff pulse"] if cuff_pulse else []
    columns += [METRICS[key].label for key in continuous]
    columns += [_instrument_title(key) for key in instruments]
    columns += ["Seen at"] if instruments else []
    columns += ["Source"]
    body = []
    of_readings = stars_of(record)
    for row in rows:
        stars = of_readings.get(row.cuff.seq, "") if row.cuff else ""
        cells: list[str | None] = [frame.clock(row.at), _minute(record, frame, row), *_bp(row.cuff)]
        if cells[2] is not None and stars:
            cells[2] = f"{cells[2]} {stars}"
        if cuff_pulse:
            cells.append(_cuff_pulse(row.cuff))
        cells += [_nearest(record.series[key], row.at, key) for key in continuous]
        cells += [_answer(row.answers, key) for key in instruments]
        if instruments:
            cells.append(_seen(row, frame))
        cells.append(_source(row))
        body.append(
            {
                "cells": cells,
                "over": bool(stars),
                "struck": bool(row.cuff and row.cuff.struck),
            }
        )
    return {
        "columns": columns,
        "rows": body,
        "keys": _keys(record, rows, starred=bool(of_readings)),
    }


def _rows(record: Record) -> list[_Row]:
    """A row for each cuff reading, in time order, with observations joined to the nearest."""
    rows = [_Row(cuff.at, cuff) for cuff in sorted(record.cuff, key=lambda c: (c.at, c.seq))]
    times = [row.at for row in rows]
    moments: dict[datetime, list[AnswerPoint]] = {}
    for answer in record.answers:
        moments.setdefault(answer.at, []).append(answer)
    alone = []
    for at, answers in sorted(moments.items()):
        place = bisect.bisect_left(times, at)
        near = [row for row in rows[max(0, place - 1) : place + 1] if _near(row, at)]
        if near:
            min(near, key=lambda row: abs(row.at - at)).answers += answers
        else:
            alone.append(_Row(at, None, answers))
    return sorted(rows + alone, key=lambda row: row.at)


def _near(row: _Row, at: datetime) -> bool:
    """Whether the row may take in an observation of that moment: one moment a row."""
    return abs(row.at - at) <= TOGETHER and not row.answers


def _asked(answers: Iterable[AnswerPoint]) -> list[str]:
    asked = {answer.instrument for answer in answers}
    return [key for key in INSTRUMENTS if key in asked] + sorted(asked - set(INSTRUMENTS))


def _instrument_title(key: str) -> str:
    known = INSTRUMENTS.get(key)
    return f"{known.label} {known.span}" if known else key


def _minute(record: Record, frame: Frame, row: _Row) -> str:
    if row.cuff and record.baseline and row.cuff.at == record.baseline.at:
        return "B"
    return frame.minutes(row.at)


def _bp(cuff: CuffPoint | None) -> tuple[str | None, str | None]:
    """The pressures with ``?`` behind each that is implausible."""
    if cuff is None:
        return None, None
    sys = _figure(cuff.sys, "nibp_sys", cuff.doubtful)
    dia = _figure(cuff.dia, "nibp_dia", cuff.doubtful)
    return f"{sys}/{dia}", _figure(cuff.mean, "nibp_map", cuff.doubtful)


def _figure(value: float | None, key: str, doubtful: tuple[str, ...]) -> str:
    text = words.number(value, METRICS[key])
    return f"{text} ?" if key in doubtful and value is not None else text


def _cuff_pulse(cuff: CuffPoint | None) -> str | None:
    if cuff is None:
        return None
    return _figure(cuff.pulse, "nibp_pulse", cuff.doubtful)


def _nearest(series: Series, at: datetime, key: str) -> str:
    """The value nearest in time; a dash where there is none within a minute."""
    place = bisect.bisect_left(series.times, at - NEAREST)
    best: tuple[timedelta, float] | None = None
    while place < len(series.times) and series.times[place] <= at + NEAREST:
        value, off = series.values[place], abs(series.times[place] - at)
        if value is not None and (best is None or off < best[0]):
            best = off, value
        place += 1
    return words.number(best[1] if best else None, METRICS[key])


def _answer(answers: list[AnswerPoint], key: str) -> str | None:
    given = [a for a in answers if a.instrument == key]
    texts = [
        _ANSWERS.get(a.status, "–" if a.value is None else f"{a.value}")
        + (" (struck)" if a.struck else "")
        for a in given
    ]
    return ", ".join(texts) if texts else None


def _seen(row: _Row, frame: Frame) -> str | None:
    if not row.answers:
        return None
    return frame.clock(row.answers[0].at) + (" L" if any(a.late for a in row.answers) else "")


def _source(row: _Row) -> str:
    if row.cuff is None:
        return "seen"
    how = "typed" if row.cuff.source == "manual" else row.cuff.source
    return f"{how}, L" if row.cuff.late else how


def _keys(record: Record, rows: list[_Row], *, starred: bool) -> list[str]:
    """What the signs of this very table mean."""
    keys = ["B baseline"] if record.baseline else []
    if starred:
        keys.append("*, ** or *** the alert at that reading, LOW, MEDIUM or HIGH")
    if any(row.cuff and row.cuff.doubtful for row in rows):
        keys.append("? implausible: kept as it came, not taken as a reading, raises no alert on it")
    keys.append("– no value")
    if any(a.status == "not_assessed" for a in record.answers):
        keys.append("n.a. not assessed")
    if any(a.status == "declined" for a in record.answers):
        keys.append("decl. patient declined")
    late = any(c.late for c in record.cuff) or any(a.late for a in record.answers)
    keys += ["L entered late"] if late else []
    if any(row.cuff and row.cuff.struck for row in rows):
        keys.append("struck through: withdrawn by a correction, the first entry is kept")
    keys.append("pulse and SpO₂: the reading nearest to the row's time, at most 60 s from it")
    if record.answers:
        keys.append("an observation stands in the row of the nearest BP within 5 min, else alone")
    return keys

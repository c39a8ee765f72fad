"""What a session must hold after a case was played through a monitor, by rules of its own.

Written from the case format, the monitors' fact sheets and the protocol file; it calls nothing of
the program, so that both would have to be wrong in the same way.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

CUFF = ("nibp_sys", "nibp_dia", "nibp_map")
#: What is plausible, mmHg, per minute and percent; see the metric table in the manual.
RANGES = {
    "nibp_sys": (30, 290),
    "nibp_dia": (10, 220),
    "nibp_map": (15, 260),
    "pulse": (20, 300),
    "nibp_pulse": (20, 300),
    "hr": (20, 300),
    "rr": (1, 120),
    "spo2": (1, 100),
}


@dataclass(frozen=True)
class Carried:
    """What a monitor carries: its polling interval (s) and the smallest step of each metric."""

    interval_s: float
    step: dict[str, float]

    def value(self, metric: str, text: str) -> float | None:
        if not text:
            return None
        step = self.step[metric]
        return round(round(float(text) / step) * step, 4)


MONITORS = {
    "dinamap": Carried(1.0, {**dict.fromkeys(CUFF, 1), "pulse": 1, "spo2": 1}),
    "ge-dri": Carried(
        5.0, {**dict.fromkeys(CUFF, 0.01), "pulse": 1, "hr": 1, "rr": 1, "spo2": 0.01}
    ),
}

Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def session_seconds(session: dict[str, Any], at: str) -> float:
    start = datetime.fromisoformat(session["entries"][0]["at"])
    return (datetime.fromisoformat(at) - start).total_seconds()


def faults(rows: Sequence[Row], driver: str, session: dict[str, Any]) -> list[str]:
    """Everything in which the stored session differs from what the case says, in words."""
    carried = MONITORS[driver]
    readings = [e for e in session["entries"] if e["kind"] == "reading"]
    return [
        *_cuff_faults(rows, carried, session, readings),
        *_continuous_faults(rows, carried, session, readings),
        *_alarm_faults(rows, carried, session),
        *_doubt_faults(readings),
    ]


def worst_time_error(rows: Sequence[Row], driver: str, session: dict[str, Any]) -> float:
    """The largest difference between a cuff reading's time and the case's, seconds."""
    readings = [e for e in session["entries"] if e["kind"] == "reading"]
    stored = [e for e in readings if "nibp_sys" in e["body"]["values"]]
    expected = [row for row in rows if any(row[m] for m in CUFF)]
    errors = [
        session_seconds(session, e["at"]) - float(row["t_s"])
        for e, row in zip(stored, expected, strict=False)
    ]
    return max(errors, key=abs, default=0.0)


def _cuff_faults(
    rows: Sequence[Row], carried: Carried, session: dict[str, Any], readings: list[Any]
) -> list[str]:
    expected = [
        (float(row["t_s"]), {m: carried.value(m, row[m]) for m in CUFF})
        for row in rows
        if any(row[m] for m in CUFF)
    ]
    stored = [
        (
            session_seconds(session, e["at"]),
            {m: e["body"]["values"].get(m, "not carried") for m in CUFF},
        )
        for e in readings
        if any(m in e["body"]["values"] for m in CUFF)
    ]
    found = []
    if len(stored) != len(expected):
        found.append(f"{len(expected)} cuff readings in the case, {len(stored)} stored")
    for (t_s, values), (at, got) in zip(expected, stored, strict=False):
        if values != got:
            found.append(f"cuff at {t_s:g} s: case {values}, stored {got}")
        if abs(at - t_s) > carried.interval_s:
            found.append(f"cuff at {t_s:g} s: stored for {at:.2f} s")
    return found


def _shown(rows: Sequence[Row], metric: str, carried: Carried) -> list[tuple[float, float]]:
    """(from second, value) of what the monitor shows: the last value stands until the next."""
    return [
        (float(row["t_s"]), value)
        for row in rows
        if (value := carried.value(metric, row[metric])) is not None
    ]


def _continuous_faults(
    rows: Sequence[Row], carried: Carried, session: dict[str, Any], readings: list[Any]
) -> list[str]:
    found = []
    for metric in carried.step:
        if metric in CUFF:
            continue
        shown = _shown(rows, metric, carried)
        stored = [
            (session_seconds(session, e["at"]), e["body"]["values"][metric])
            for e in readings
            if metric in e["body"]["values"]
        ]
        slack = carried.interval_s
        for at, value in stored:
            # What the monitor may have shown within one interval of that moment.
            last = [v for t, v in shown if t <= at - slack][-1:]
            near = [v for t, v in shown if at - slack < t <= at + slack]
            allowed: list[float | None] = [*last, *near] or [None]
            if not last:
                allowed.append(None)
            if value not in allowed:
                found.append(f"{metric} at {at:.2f} s is {value}, case shows {allowed}")
                break
        values = [v for _, v in stored if v is not None]
        for place, (t_s, value) in enumerate(shown):
            ends = shown[place + 1][0] if place + 1 < len(shown) else t_s + 4 * slack
            if ends - t_s < 2 * slack:
                continue
            window = [v for at, v in stored if t_s - slack <= at <= ends + slack]
            if value not in window:
                found.append(f"{metric} {value} of {t_s:g} s was lost")
        if shown and not values:
            found.append(f"no {metric} stored at all")
    return found


def plausible(values: dict[str, float | None]) -> dict[str, float]:
    """The values limits may be judged by."""
    good = {m: v for m, v in values.items() if v is not None and RANGES[m][0] <= v <= RANGES[m][1]}
    sys, dia = values.get("nibp_sys"), values.get("nibp_dia")
    if sys is not None and dia is not None and sys <= dia:
        for metric in CUFF:
            good.pop(metric, None)
    mean = values.get("nibp_map")
    if mean is not None and ((sys is not None and mean > sys) or (dia is not None and mean < dia)):
        good.pop("nibp_map", None)
    return good


def episodes(
    rows: Sequence[Row], carried: Carried, limits: Sequence[dict[str, Any]]
) -> dict[str, list[tuple[float, float]]]:
    """For each absolute limit: (case second, value) at which its condition begins.

    A value stands until the next one. It must be beyond for ``for_s`` seconds or ``for_readings``
    readings, and be ``clear_by`` inside for as long before it can begin again.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for limit in limits:
        metric = limit["metric"]
        if limit["relative"] or metric not in carried.step:
            continue
        values: list[tuple[float, float]] = []
        for row in rows:
            here = {m: carried.value(m, row[m]) for m in carried.step}
            value = plausible({m: v for m, v in here.items() if m in CUFF or m == metric}).get(
                metric
            )
            if value is not None:
                values.append((float(row["t_s"]), value))
        found[f"{metric}{limit['op']}{limit['value']:g}"] = _begins(values, limit)
    return found


def _begins(
    values: Sequence[tuple[float, float]], limit: dict[str, Any]
) -> list[tuple[float, float]]:
    compare = {
        ">": float.__gt__,
        ">=": float.__ge__,
        "<": float.__lt__,
        "<=": float.__le__,
    }[limit["op"]]
    bound, by = float(limit["value"]), float(limit.get("clear_by", 0))
    by = by if limit["op"].startswith(">") else -by
    needed_s, needed = float(limit.get("for_s", 0)), int(limit.get("for_readings", 1))
    found, holds, since, count = [], False, 0.0, 0
    for place, (t_s, value) in enumerate(values):
        beyond = compare(float(value), bound)
        clear = not beyond and (
            not by or not compare(float(value), bound - by) or value == bound - by
        )
        if not (clear if holds else beyond):
            count = 0
            continue
        since, count = (t_s, 1) if not count else (since, count + 1)
        stands_until = values[place + 1][0] if place + 1 < len(values) else float("inf")
        enough = count >= needed if needed > 1 else stands_until - since >= needed_s
        if enough:
            if not holds:
                found.append((max(t_s, since + needed_s), value))
            holds, count = not holds, 0
    return found


def _alarm_faults(rows: Sequence[Row], carried: Carried, session: dict[str, Any]) -> list[str]:
    limits = session["entries"][0]["body"]["protocol"]["limit"]
    expected = episodes(rows, carried, limits)
    found = []
    raised: dict[str, list[tuple[float, float, float]]] = {key: [] for key in expected}
    for entry in session["entries"]:
        body = entry["body"]
        if entry["kind"] != "alarm" or body["event"] != "raised":
            continue
        if body["type"] != "physiological":
            continue
        if body["id"] not in raised:
            found.append(f"alarm {body['id']} that no limit of the case explains")
            continue
        at = session_seconds(session, entry["at"])
        raised[body["id"]].append((at, body["value"], body["limit"]))
    # A condition that would have begun after the last entry was never judged.
    ended_s = max(session_seconds(session, entry["at"]) for entry in session["entries"])
    latest_s = 2 * carried.interval_s + 1
    for key, begins in expected.items():
        wanted = [(t_s, value) for t_s, value in begins if t_s <= ended_s]
        got = raised[key]
        # One that is due at the very end may come as late as any other, and then does not come.
        if len(got) == len(wanted) - 1 and wanted[-1][0] > ended_s - latest_s:
            wanted.pop()
        if [v for _, v in wanted] != [v for _, v, _ in got]:
            found.append(f"limit {key}: case passes it with {wanted}, alarms raised {got}")
            continue
        bound = float(key.replace(">", "<").replace("=", "").split("<")[-1])
        for (t_s, _), (at, _, limit) in zip(wanted, got, strict=True):
            if limit != bound:
                found.append(f"limit {key}: alarm says {limit}")
            if not -carried.interval_s <= at - t_s <= latest_s:
                found.append(f"limit {key}: passed at {t_s:g} s, alarm at {at:.2f} s")
    return found


def _doubt_faults(readings: list[Any]) -> list[str]:
    found = []
    for entry in readings:
        values = entry["body"]["values"]
        good = plausible(values)
        flagged = {
            f.split(":", 1)[1] for f in entry["body"]["flags"] if f.startswith("implausible:")
        }
        doubtful = {m for m, v in values.items() if v is not None and m not in good}
        if flagged != doubtful:
            found.append(f"entry {entry['seq']}: flagged {flagged}, doubtful are {doubtful}")
    return found

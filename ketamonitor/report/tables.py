"""Writes a session's entries as CSV (a row each, units in the header) and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from devices.metrics import METRICS
from ketamonitor import words
from ketamonitor.entries import Entry, stamp
from ketamonitor.instruments import INSTRUMENTS
from ketamonitor.report.files import ReportError, write_atomically
from ketamonitor.spreadsheet import cell, encoded

_UNITS = {"mmHg": "mmHg", "/min": "per_min", "%": "percent", "°C": "degC"}

_METRIC_COLUMNS = {key: f"{key}_{_UNITS[metric.unit]}" for key, metric in METRICS.items()}
_INSTRUMENT_COLUMNS = {key: f"{key}_{i.low}_to_{i.high}" for key, i in INSTRUMENTS.items()}

COLUMNS = (
    *("session", "patient", "simulated", "counts"),
    *("seq", "at", "recorded_at", "min_from_start", "kind", "source", "author"),
    *_METRIC_COLUMNS.values(),
    "flags",
    *("drug", "route", "mg", "mg_per_kg", "device_no", "lot"),
    *("infusion_action", "planned_mg", "planned_min", "mg_per_min", "rate_ml_per_h"),
    *("strength_mg_per_ml", "pump_mg", "site", "hold_s", "after_hold", "why"),
    *_INSTRUMENT_COLUMNS.values(),
    *("alarm_event", "alarm_id", "alarm_condition", "alarm_priority", "alarm_type"),
    *("alarm_metric", "alarm_value", "alarm_op", "alarm_limit", "alarm_why", "alarm_until"),
    *("event", "of_seq", "text"),
)

Cells = dict[str, Any]


class Summary(Protocol):
    """Whatever says a session in brief, as :class:`ketamonitor.store.SessionSummary` does."""

    def as_json(self) -> Mapping[str, Any]:
        """Plain JSON."""


def write_csv(entries: Sequence[Entry], path: Path) -> None:
    """The table of :func:`csv_of`, whole or not at all. Raises :class:`ReportError`."""
    write_atomically(path, csv_of(entries))


def csv_of(entries: Sequence[Entry]) -> bytes:
    """One header line with units, then a row for each entry in order, UTF-8 with a byte order mark.

    Each row names its session and patient (record number), says SIMULATED where it is, and whether
    it ``counts``: what was struck out stays to be seen with ``no``, and no sum may take it.

    Times are ISO 8601 with offset; ``min_from_start`` counts from the first entry. A missing value
    is an empty cell, so is whatever the kind of entry does not have. Text that a spreadsheet
    would run as a formula has an apostrophe before it. Raises :class:`ReportError`.
    """
    first = _first(entries)
    struck = {
        entry.body["of_seq"]
        for entry in entries
        if entry.kind == "correction" and entry.body.get("body") is None
    }
    patient = first.body.get("patient") or {}
    whose: Cells = {
        "session": first.session,
        "patient": patient.get("mrn"),
        "simulated": "SIMULATED" if first.body.get("simulated") else None,
    }
    file = io.StringIO()
    rows = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\r\n")
    rows.writeheader()
    for entry in entries:
        cells: Cells = {
            **whose,
            "counts": "no" if entry.seq in struck else "yes",
            "seq": entry.seq,
            "at": stamp(entry.at),
            "recorded_at": stamp(entry.recorded_at),
            "min_from_start": round((entry.at - first.at).total_seconds() / 60, 3),
            "kind": entry.kind,
            "author": entry.author,
        }
        fill = _FILLERS.get(entry.kind)
        if fill is not None:
            cells |= fill(entry.body)
        rows.writerow({key: cell(value) for key, value in cells.items()})
    return encoded(file.getvalue())


def write_json(entries: Sequence[Entry], summary: Summary | None, path: Path) -> None:
    """The text of :func:`json_of`, whole or not at all. Raises :class:`ReportError`."""
    write_atomically(path, json_of(entries, summary))


def json_of(entries: Sequence[Entry], summary: Summary | None) -> bytes:
    """``{"session": {...}, "entries": [...]}`` with every entry in order, exactly as it is hashed.

    Without a summary the session is told by its own entries. Raises :class:`ReportError`.
    """
    first = _first(entries)
    session = (
        {"session": first.session, "started_at": stamp(first.at), "entries": len(entries)}
        if summary is None
        else dict(summary.as_json())
    )
    content = {"session": session, "entries": [entry.as_json() for entry in entries]}
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def _first(entries: Sequence[Entry]) -> Entry:
    if not entries:
        raise ReportError("the session has no entries: there is nothing to export")
    return entries[0]


def _joined(parts: Iterable[str]) -> str:
    return " ".join(parts)


def _reading(body: Mapping[str, Any]) -> Cells:
    values = body["values"].items()
    measured = {_METRIC_COLUMNS[k]: value for k, value in values if k in _METRIC_COLUMNS}
    return {"source": body["source"], "flags": _joined(body.get("flags", ())), **measured}


def _dose(body: Mapping[str, Any]) -> Cells:
    dose = ("drug", "route", "mg", "mg_per_kg", "device_no", "lot")
    keys = (*dose, "site", "hold_s", "after_hold", "why")
    return {**{key: body.get(key) for key in keys}, "text": body.get("note")}


def _infusion(body: Mapping[str, Any]) -> Cells:
    return {
        "infusion_action": body["action"],
        "drug": body.get("drug"),
        "route": body.get("route"),
        "planned_mg": body.get("planned_mg"),
        "planned_min": body.get("minutes"),
        "mg_per_kg": body.get("mg_per_kg"),
        "mg_per_min": body.get("mg_per_min"),
        "rate_ml_per_h": body.get("rate_ml_h"),
        "strength_mg_per_ml": body.get("strength_mg_ml"),
        "pump_mg": body.get("given_mg"),
        "why": body.get("why"),
        "text": body.get("reason"),
    }


def _observation(body: Mapping[str, Any]) -> Cells:
    """The number where there is one, else ``not_assessed`` or ``declined``."""
    column = _INSTRUMENT_COLUMNS.get(body["instrument"])
    answered = body["status"] == "answered"
    said = body.get("value") if answered else body["status"]
    # An instrument of a later version has no column here: it is not dropped but told in words.
    return {column: said} if column else {"text": f"{body['instrument']}: {said}"}


def _alarm(body: Mapping[str, Any]) -> Cells:
    """Besides what the entry holds, its line of words as the screen has it."""
    keys = ("event", "id", "condition", "priority", "type", "metric", "value", "op", "limit")
    told = (body.get("text"), body.get("detail"), words.alarm_change(body))
    return {
        **{f"alarm_{key}": body.get(key) for key in keys},
        "alarm_why": body.get("why") or body.get("reason"),
        "alarm_until": body.get("until"),
        "text": "; ".join(part for part in told if part),
    }


def _event(body: Mapping[str, Any]) -> Cells:
    """Events, notes, device and session entries: what it was, and its words."""
    values = {_METRIC_COLUMNS[f"nibp_{k}"]: body[k] for k in ("sys", "dia") if k in body}
    kept = ("state", "where", "text", "reason", "fault")
    parts = [str(body[key]) for key in kept if body.get(key)]
    if body.get("event") == "action" and body["value"]:
        parts.append(f"{body['value']} then")
    if "for_s" in body:
        parts.append(f"{body['for_s']:g} s")
    text = "; ".join(parts)
    said_by = f" (said by {body['said_by']})" if "said_by" in body else ""
    return {
        "event": body.get("event"),
        "source": body.get("source"),
        "of_seq": body.get("of_seq"),
        "text": f"{text}{said_by}",
        **values,
    }


_FILLERS: dict[str, Callable[[Mapping[str, Any]], Cells]] = {
    "reading": _reading,
    "dose": _dose,
    "infusion": _infusion,
    "observation": _observation,
    "alarm": _alarm,
    **dict.fromkeys(("session", "event", "note", "device", "correction", "audit"), _event),
}

"""Data sheets for forms that others ask for: a template in data, filled from the record alone."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from ketamonitor.alarm_plan import Line, Rows
from ketamonitor.course import CuffPoint
from ketamonitor.record import Record
from ketamonitor.treatment.adverse import OUTCOMES, SERIOUS
from ketamonitor.words import clock, day

FOLDER = Path(__file__).parents[1] / "forms"

#: The window of the reading at 40 minutes, in minutes from the first device.
WINDOW_40 = (35, 50)


class FormField(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that a form asks. ``source`` names where the record has it; empty = nowhere."""

    section: Line
    label: Line
    source: Annotated[str, Meta(max_length=60)]
    required: bool = True


class FormTemplate(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A versioned template. ``days``: calendar days from the treatment to hand the form in."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
    version: Annotated[int, Meta(ge=1)]
    title: Line
    days: Annotated[int, Meta(ge=1, le=366)]
    source: Line
    field: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """A field with what the record has: ``value`` ``None`` = missing, ``why`` says in words."""

    field: FormField
    value: str | None
    why: str = ""


class FormError(ValueError):
    """A template that cannot be used; the text says where and why."""


def read_form(path: Path) -> FormTemplate:
    """A template from its file. Raises :class:`FormError` with one line."""
    try:
        made = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), FormTemplate)
    except OSError as error:
        raise FormError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FormError(f"{path}: is not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise FormError(f"{path}: {error}") from error
    for number, row in enumerate(made.field):
        if row.source and row.source.partition(":")[0] not in _SOURCES:
            raise FormError(f"{path}: field[{number}].source: unknown source {row.source!r}")
    return made


def form(name: str) -> FormTemplate:
    """A template that comes with the program. Raises :class:`FormError` for an unknown name."""
    known = sorted(path.stem for path in FOLDER.glob("*.toml"))
    if name not in known:
        raise FormError(f"unknown form {name!r} (known: {', '.join(known)})")
    return read_form(FOLDER / f"{name}.toml")


def fill(template: FormTemplate, record: Record) -> list[Filled]:
    """Each field with its value from the record, in the template's order. Nothing is reckoned from
    what is not recorded."""
    rows = []
    for row in template.field:
        kind, _, of = row.source.partition(":")
        if not kind:
            rows.append(Filled(row, None, "the record does not keep it: fill it in by hand"))
            continue
        value = _SOURCES[kind](record, of)
        rows.append(Filled(row, value, "" if value is not None else "not recorded"))
    return rows


def hand_in_by(template: FormTemplate, started_at: datetime) -> date:
    """The last day to hand the form in, counted from the day of the treatment."""
    return started_at.date() + timedelta(days=template.days)


def _born(record: Record, _of: str) -> str | None:
    return day(record.info.patient.born)


def _medicine(record: Record, of: str) -> str | None:
    answer = record.checkin.view.answers.get("medicines")
    if answer is None or not answer.done:
        return None
    said = answer.value.get(of)
    return None if said is None else str(said)


def _dose(record: Record, _of: str) -> str | None:
    given = [dose for dose in record.doses if record.counts(dose)]
    return f"{sum(dose.mg for dose in given):g}, {len(given)} devices" if given else None


def _lots(record: Record, _of: str) -> str | None:
    lots = [dose.lot for dose in record.doses if record.counts(dose) and dose.lot]
    return ", ".join(dict.fromkeys(lots)) or None


def _since_first(record: Record, until: datetime | None) -> str | None:
    first = record.first_dose_at
    if first is None or until is None:
        return None
    return f"{(until - first).total_seconds() / 60:.0f}"


def _minutes(record: Record, _of: str) -> str | None:
    left = record.discharge.departure
    return _since_first(record, left.at if left is not None else record.ended_at)


def _ready(record: Record, _of: str) -> str | None:
    return _since_first(record, record.discharge.ready_at)


def _pressure(points: list[CuffPoint]) -> str | None:
    if not points:
        return None
    point = points[-1]
    return f"{point.sys:g}/{point.dia:g} at {clock(point.at)}"


def _bp_before(record: Record, _of: str) -> str | None:
    first = record.first_dose_at
    return _pressure([p for p in record.cuff if p.plotted and (first is None or p.at <= first)])


def _bp_40(record: Record, _of: str) -> str | None:
    first = record.first_dose_at
    if first is None:
        return None
    low, high = (first + timedelta(minutes=m) for m in WINDOW_40)
    wanted = first + timedelta(minutes=40)
    within = [p for p in record.cuff if p.plotted and low <= p.at <= high]
    return _pressure(sorted(within, key=lambda p: -abs(p.at - wanted)))


def _bp_end(record: Record, _of: str) -> str | None:
    first = record.first_dose_at
    return _pressure([p for p in record.cuff if p.plotted and first is not None and p.at > first])


def _episode(record: Record, of: str) -> str | None:
    said = record.episodes.confirmed.get(of)
    return None if said is None else f"{said.text.partition(': ')[2]} ({said.by})"


def _serious(record: Record, _of: str) -> str | None:
    """No event entered is no answer: somebody still has to say that there was none."""
    found = [event for event in record.adverse.events if event.serious]
    if not found:
        return None
    return "; ".join(
        f"{e.what} ({', '.join(SERIOUS[c] for c in e.criteria)}), {OUTCOMES[e.outcome].lower()}"
        for e in found
    )


_SOURCES: Mapping[str, Callable[[Record, str], str | None]] = {
    "name": lambda record, _of: record.info.patient.name,
    "born": _born,
    "date": lambda record, _of: day(record.info.started_at.date()),
    "medicine": _medicine,
    "dose": _dose,
    "lots": _lots,
    "minutes": _minutes,
    "ready_minutes": _ready,
    "bp_before": _bp_before,
    "bp_40": _bp_40,
    "bp_end": _bp_end,
    "episode": _episode,
    "serious": _serious,
}

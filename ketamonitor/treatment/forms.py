"""Data sheets for forms that others ask for: a template in data, filled from the record alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from ketamonitor.alarm_plan import Line, Rows
from ketamonitor.record import Record
from ketamonitor.sources import (
    Reference,
    Sourced,
    SourceError,
    Sources,
    check_references,
    future,
    lacking,
)
from ketamonitor.toml_file import read_toml
from ketamonitor.treatment.form_names import FOLDER, form_names
from ketamonitor.treatment.form_sources import SOURCES, Around, Lacking


class FormField(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that a form asks. ``source`` names where the record has it; empty = nowhere.

    ``basis`` are the ids of the references by which the form asks it, ``mark`` a word on the form
    it stands in where that is not the newest.
    """

    section: Line
    label: Line
    source: Annotated[str, Meta(max_length=60)]
    required: bool = True
    basis: Sources = ()
    mark: Annotated[str, Meta(max_length=40)] = ""


class FormTemplate(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A versioned template. ``days``: calendar days from the treatment to hand the form in.

    ``warning`` stands at the head of the sheet.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
    version: Annotated[int, Meta(ge=1)]
    title: Line
    days: Annotated[int, Meta(ge=1, le=366)]
    source: Line
    field: tuple[FormField, ...]
    reference: tuple[Reference, ...] = ()
    warning: Annotated[str, Meta(max_length=300)] = ""

    def sourced(self) -> list[Sourced]:
        """Its fields by their place in the file, with what they rest on."""
        return [Sourced(f"field[{n}]", row.basis, "basis") for n, row in enumerate(self.field)]

    def faults(self, today: date) -> list[str]:
        """In one line each: fields that do not say by which form they ask, days still to come."""
        return [*lacking(self.sourced()), *future(self.reference, today)]


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
    made = read_toml(path, FormTemplate, FormError)
    for number, row in enumerate(made.field):
        if row.source and not _known(row.source):
            raise FormError(f"{path}: field[{number}].source: unknown source {row.source!r}")
    try:
        check_references(made.reference, made.sourced())
    except SourceError as error:
        raise FormError(f"{path}: {error}") from error
    return made


def form(name: str) -> FormTemplate:
    """A template that comes with the program. Raises :class:`FormError` for an unknown name."""
    known = form_names()
    if name not in known:
        raise FormError(f"unknown form {name!r} (known: {', '.join(known)})")
    return read_form(FOLDER / f"{name}.toml")


def _known(source: str) -> bool:
    kind, _, of = source.partition(":")
    found = SOURCES.get(kind)
    return found is not None and (of in found.of if found.of is not None else bool(of))


def fill(template: FormTemplate, record: Record, around: Around) -> list[Filled]:
    """Each field with its value from the record and ``around`` it, in the template's order.
    Nothing is reckoned from what is not recorded."""
    rows = []
    for row in template.field:
        kind, _, of = row.source.partition(":")
        if not kind:
            rows.append(Filled(row, None, "the record does not keep it: fill it in by hand"))
            continue
        found = SOURCES[kind].read(record, around, of)
        if isinstance(found, Lacking):
            rows.append(Filled(row, None, found.why))
        else:
            rows.append(Filled(row, found))
    return rows


def hand_in_by(template: FormTemplate, started_at: datetime) -> date:
    """The last day to hand the form in, counted from the day of the treatment."""
    return started_at.date() + timedelta(days=template.days)

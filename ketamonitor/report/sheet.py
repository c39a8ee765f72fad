"""The data sheet of a form as PDF: what is missing first, then every field with its value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ketamonitor import words
from ketamonitor.record import Record
from ketamonitor.report.files import write_atomically
from ketamonitor.report.pdf import HERE, build
from ketamonitor.sources import PROPOSAL, PROPOSAL_WORDS
from ketamonitor.treatment.form_sources import Around
from ketamonitor.treatment.forms import FormTemplate, fill, hand_in_by

NOT_OFFICIAL = "Data sheet, to be copied into the form. NOT AN OFFICIAL FORM."


def sheet(template: FormTemplate, record: Record, around: Around) -> dict[str, Any]:
    """What the page shows, as plain JSON."""
    rows = fill(template, record, around)
    sections: dict[str, list[list[str]]] = {}
    for row in rows:
        told = row.value if row.value is not None else words.NO_VALUE
        mark = f" ({row.field.mark})" if row.field.mark else ""
        sections.setdefault(row.field.section, []).append([f"{row.field.label}{mark}", told])
    info = record.info
    due = words.day(hand_in_by(template, info.started_at))
    simulated = " SIMULATED SESSION." if info.simulated else ""
    return {
        "over": f"{NOT_OFFICIAL}{simulated}",
        "title": template.title,
        "about": f"Session {info.id} of {words.day(info.started_at.date())}. To be handed in by"
        f" {due}. Template {template.name}, version {template.version}.",
        "warning": template.warning,
        "sources": _sources(template),
        "foot": f"{info.id} · {NOT_OFFICIAL}",
        "missing": [
            [row.field.label, row.why] for row in rows if row.value is None and row.field.required
        ],
        "sections": [{"title": title, "rows": made} for title, made in sections.items()],
    }


def _sources(template: FormTemplate) -> list[str]:
    """Each source, and which fields no form that could be read is known to have."""
    told = [one.words for one in template.reference]
    guessed = [row.label for row in template.field if row.basis == (PROPOSAL,)]
    return [*told, f"{PROPOSAL_WORDS}: {'; '.join(guessed)}"] if guessed else told


def write_sheet(template: FormTemplate, record: Record, path: Path, around: Around) -> list[str]:
    """Write the PDF, whole or not at all; gives the labels of what is missing.

    Raises :class:`~ketamonitor.report.files.ReportError` with one line.
    """
    pdf, missing = sheet_of(template, record, around)
    write_atomically(path, pdf)
    return missing


def sheet_of(template: FormTemplate, record: Record, around: Around) -> tuple[bytes, list[str]]:
    """The PDF, and the labels of what is missing. Raises as :func:`write_sheet` does."""
    # To the second: finer times cannot be written into a PDF.
    around = replace(around, printed_at=around.printed_at.replace(microsecond=0))
    data = sheet(template, record, around)
    pdf = build(data, around.printed_at, template=HERE / "sheet.typ")
    return pdf, [label for label, _why in data["missing"]]

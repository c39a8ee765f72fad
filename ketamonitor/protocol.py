"""The treatment protocol: what is given, what is due when, and which limits hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from devices.bounded import bytes_of
from ketamonitor import toml_lines
from ketamonitor.alarm_plan import (
    ActionCard,
    AlarmLimit,
    EscalationPlan,
    Line,
    PausePlan,
    PlanError,
    Rows,
    Rule,
    SoundPlan,
    TechnicalPlan,
    check_cards,
    check_limits,
)
from ketamonitor.sources import (
    Reference,
    Sourced,
    SourceError,
    check_references,
    future,
    lacking,
    old,
    without_empty,
)
from ketamonitor.toml_file import LARGEST, TomlError, decoded, parsed
from ketamonitor.treatment.plan import (
    BaselinePlan,
    CheckInPlan,
    Criterion,
    DosePlan,
    DuePlan,
    GatePlan,
    Key,
    ObservePlan,
    check_sense,
    check_treatment,
)
from ketamonitor.unseen import all_texts, refuse


class ProtocolError(ValueError):
    """A protocol file that cannot be used; the text says where and why. ``line`` counts from 1,
    and is 0 where there is none."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


class TreatmentProtocol(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A treatment protocol as a clinician reads it in its TOML file."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")]
    title: Line
    version: Annotated[int, Meta(ge=1, le=9999)]
    source: Line
    dose: DosePlan
    gate: GatePlan
    limit: tuple[AlarmLimit, ...]
    due: tuple[DuePlan, ...]
    technical: TechnicalPlan = TechnicalPlan()
    escalation: EscalationPlan = EscalationPlan()
    pause: PausePlan = PausePlan()
    sound: SoundPlan = SoundPlan()
    card: tuple[ActionCard, ...] = ()
    checkin: CheckInPlan = CheckInPlan()
    baseline: BaselinePlan = BaselinePlan()
    observe: ObservePlan = ObservePlan()
    criterion: tuple[Criterion, ...] = ()
    #: Form data sheets that a session under this protocol fills, by name.
    forms: tuple[Key, ...] = ()
    #: The population model of the estimate overlay; empty where there is none to show.
    estimate: Literal["", "domino", "perez_ruixo"] = ""
    #: What its rows rest on; each names the ids of its own.
    reference: tuple[Reference, ...] = ()
    approved_by: str = ""
    approved_on: str = ""

    @property
    def approved(self) -> bool:
        """Whether a record names who approved it. In a file the two words unlock nothing
        (:mod:`ketamonitor.approvals` does)."""
        return bool(self.approved_by.strip() and self.approved_on.strip())


def protocol_from_json(data: object) -> TreatmentProtocol:
    """The protocol kept in a session's first entry. Raises :class:`ProtocolError`."""
    try:
        protocol = msgspec.convert(data, TreatmentProtocol)
    except msgspec.ValidationError as error:
        raise ProtocolError(str(error).replace("$.", "").replace("`", "")) from error
    _check(protocol)
    return protocol


def protocol_to_json(protocol: TreatmentProtocol) -> dict[str, object]:
    """Plain JSON of the whole protocol, for the session's first entry and ``--json``."""
    plain: dict[str, object] = without_empty(msgspec.json.decode(msgspec.json.encode(protocol)))
    return plain


def sourced(protocol: TreatmentProtocol) -> Iterator[Sourced]:
    """Every row by its place in the file, with its sources. A table that the file leaves out names
    none: what the program does by itself has to be written out before it can be approved."""
    for name in _TABLES:
        row: Rule = getattr(protocol, name)
        yield Sourced(name, row.source)
    for name in _LISTS:
        rows: tuple[Rule, ...] = getattr(protocol, name)
        for number, row in enumerate(rows):
            yield Sourced(f"{name}[{number}]", row.source)


_TABLES = (
    *("dose", "checkin", "baseline", "gate", "observe"),
    *("technical", "escalation", "pause", "sound"),
)
_LISTS = ("due", "criterion", "limit", "card")


def unsourced(protocol: TreatmentProtocol) -> list[str]:
    """In one line each: the rows that name no source. They keep a protocol from being approved;
    one that was approved before goes on."""
    return list(lacking(sourced(protocol)))


def source_faults(protocol: TreatmentProtocol, today: date) -> list[str]:
    """What a check refuses, in one line each: those rows, and days of reading that are still to
    come."""
    return [*unsourced(protocol), *future(protocol.reference, today)]


def old_sources(protocol: TreatmentProtocol, today: date) -> list[str]:
    """In one line each: the sources that should be read again."""
    return list(old(protocol.reference, today))


def read_protocol(path: Path) -> TreatmentProtocol:
    """The protocol in a TOML file, whole or not at all.

    Raises :class:`ProtocolError` with file, line where there is one, and fault in one line.
    """
    try:
        raw = bytes_of(path, LARGEST)
    except OSError as error:
        raise ProtocolError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        return read_text(decoded(raw))
    except (ProtocolError, TomlError) as error:
        line = f":{error.line}" if error.line else ""
        raise ProtocolError(f"{path}{line}: {error}", error.line) from error


def read_text(text: str) -> TreatmentProtocol:
    """The protocol in TOML text. Raises :class:`ProtocolError`, which knows its line."""
    try:
        data = parsed(text)
    except TomlError as error:
        raise ProtocolError(str(error), error.line) from error
    for written in all_texts(data):
        try:
            refuse(written, "a text of this protocol", lines="\n" in written)
        except ValueError as error:
            line = next((n for n, one in enumerate(text.split("\n"), 1) if written in one), 0)
            raise ProtocolError(str(error), line) from error
    if not data:
        raise ProtocolError("is empty: copy a protocol that comes with the program")
    try:
        protocol = protocol_from_json(data)
        check_sense(
            protocol.dose,
            protocol.baseline,
            protocol.due,
            protocol.observe,
            protocol.criterion,
            protocol.forms,
        )
        check_references(protocol.reference, sourced(protocol))
    except (ProtocolError, PlanError, SourceError) as error:
        raise ProtocolError(str(error), toml_lines.of_fault(text, str(error))) from error
    return protocol


def _check(protocol: TreatmentProtocol) -> None:
    """What the types cannot say. Raises :class:`ProtocolError`."""
    try:
        check_limits(protocol.limit)
        check_cards(protocol.card)
        check_treatment(
            protocol.dose,
            protocol.due,
            protocol.observe,
            protocol.criterion,
            protocol.checkin,
        )
    except PlanError as error:
        raise ProtocolError(str(error)) from error

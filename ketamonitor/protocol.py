"""The treatment protocol: what is given, what is due when, and which limits hold."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ketamonitor import toml_lines
from ketamonitor.alarm_plan import (
    ActionCard,
    AlarmLimit,
    EscalationPlan,
    Line,
    PausePlan,
    PlanError,
    Rows,
    SoundPlan,
    TechnicalPlan,
    check_cards,
    check_limits,
)
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
    plain: dict[str, object] = msgspec.json.decode(msgspec.json.encode(protocol))
    return plain


#: Bytes above which a file is no protocol.
LARGEST = 1_000_000


def read_protocol(path: Path) -> TreatmentProtocol:
    """The protocol in a TOML file, whole or not at all.

    Raises :class:`ProtocolError` with file, line where there is one, and fault in one line.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ProtocolError(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > LARGEST:
        raise ProtocolError(f"{path}: is larger than {LARGEST:,} bytes: this is no protocol")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        number = raw.count(b"\n", 0, error.start) + 1
        raise ProtocolError(f"{path}:{number}: is not UTF-8 text", number) from error
    try:
        return read_text(text)
    except ProtocolError as error:
        line = f":{error.line}" if error.line else ""
        raise ProtocolError(f"{path}{line}: {error}", error.line) from error


def read_text(text: str) -> TreatmentProtocol:
    """The protocol in TOML text. Raises :class:`ProtocolError`, which knows its line."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = toml_lines.of_decode_error(text, error)
        raise ProtocolError(f"is not valid TOML: {error}", line) from error
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
    except (ProtocolError, PlanError) as error:
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

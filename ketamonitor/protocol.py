"""The treatment protocol: what is given, what is due when, and which limits hold."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

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
    check_treatment,
)


class ProtocolError(ValueError):
    """A protocol file that cannot be used; the text says where and why."""


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


def read_protocol(path: Path) -> TreatmentProtocol:
    """The protocol in a TOML file. Raises :class:`ProtocolError` naming file, place and fault."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProtocolError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ProtocolError(f"{path}: is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(f"{path}: is not valid TOML: {error}") from error
    try:
        return protocol_from_json(data)
    except ProtocolError as error:
        raise ProtocolError(f"{path}: {error}") from error


def _check(protocol: TreatmentProtocol) -> None:
    """What the types cannot say. Raises :class:`ProtocolError`."""
    try:
        check_limits(protocol.limit)
        check_cards(protocol.card)
        check_treatment(protocol.dose, protocol.due, protocol.observe, protocol.criterion)
    except PlanError as error:
        raise ProtocolError(str(error)) from error

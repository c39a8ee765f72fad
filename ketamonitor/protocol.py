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

Minutes = Annotated[float, Meta(ge=0, le=1440)]


class ProtocolError(ValueError):
    """A protocol file that cannot be used; the text says where and why."""


class DosePlan(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is given. ``infusion``: mg/kg over minutes; ``devices``: so many nasal devices."""

    drug: Line
    route: Literal["iv", "im", "sc", "nasal", "oral"]
    given_as: Literal["infusion", "bolus", "devices"]
    mg_per_kg: Annotated[float, Meta(gt=0, le=10)] | None = None
    minutes: Annotated[float, Meta(gt=0, le=480)] | None = None
    device_mg: Annotated[float, Meta(gt=0, le=200)] | None = None
    devices: Annotated[int, Meta(ge=1, le=3)] | None = None


class DuePlan(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is due at which minutes from the first dose.

    A reading or observation counts for a slot from ``early_min`` before it; the slot is overdue
    ``grace_min`` after it.
    """

    what: Literal["bp", "observation"]
    minutes: Annotated[tuple[Minutes, ...], Meta(min_length=1, max_length=100)]
    early_min: Annotated[float, Meta(ge=0, le=30)] = 3
    grace_min: Annotated[float, Meta(gt=0, le=60)] = 2


class GatePlan(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The earliest end: minutes from the first dose."""

    from_first_dose_min: Minutes


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
    dose = protocol.dose
    needs = {
        "infusion": ("mg_per_kg", "minutes"),
        "bolus": ("mg_per_kg",),
        "devices": ("device_mg", "devices"),
    }[dose.given_as]
    for key in needs:
        if getattr(dose, key) is None:
            raise ProtocolError(f"dose.{key} is missing: given as {dose.given_as} needs it")
    try:
        check_limits(protocol.limit)
        check_cards(protocol.card)
    except PlanError as error:
        raise ProtocolError(str(error)) from error
    for number, due in enumerate(protocol.due):
        if list(due.minutes) != sorted(set(due.minutes)):
            raise ProtocolError(f"due[{number}].minutes: must rise and not repeat")

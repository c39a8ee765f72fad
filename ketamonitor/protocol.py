"""The treatment protocol: what is given, what is due when, and which limits hold."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from devices.metrics import METRICS, Metric

Priority = Literal["high", "medium", "low"]
Minutes = Annotated[float, Meta(ge=0, le=1440)]
Seconds = Annotated[float, Meta(gt=0, le=3600)]
Line = Annotated[str, Meta(min_length=1, max_length=200)]


class ProtocolError(ValueError):
    """A protocol file that cannot be used; the text says where and why."""


class Rows(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a protocol file: every key is known, nothing is guessed."""


class DosePlan(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is given. ``infusion``: mg/kg over minutes; ``devices``: so many nasal devices."""

    drug: Line
    route: Literal["iv", "im", "sc", "nasal", "oral"]
    given_as: Literal["infusion", "bolus", "devices"]
    mg_per_kg: Annotated[float, Meta(gt=0, le=10)] | None = None
    minutes: Annotated[float, Meta(gt=0, le=480)] | None = None
    device_mg: Annotated[float, Meta(gt=0, le=200)] | None = None
    devices: Annotated[int, Meta(ge=1, le=3)] | None = None


class AlarmLimit(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One bound on one metric. ``relative`` limits are not armed before the baseline is locked.

    ``value`` is in the metric's unit; relative to the baseline it is mmHg (``baseline``) or
    percent (``baseline_percent``), signed.
    """

    metric: str
    op: Literal[">", ">=", "<", "<="]
    value: Annotated[float, Meta(ge=-300, le=400)]
    priority: Priority
    relative: Literal["baseline", "baseline_percent"] | None = None

    @property
    def id(self) -> str:
        relative = {None: "", "baseline": "base", "baseline_percent": "base%"}[self.relative]
        sign = "+" if self.relative and self.value >= 0 else ""
        return f"{self.metric}{self.op}{relative}{sign}{self.value:g}"

    @property
    def of(self) -> Metric:
        return METRICS[self.metric]

    @property
    def upper(self) -> bool:
        return self.op in (">", ">=")

    def bound(self, baseline: float | None) -> float | None:
        """The limit in the metric's unit, or ``None`` while it is not armed."""
        if self.relative is None:
            return self.value
        if baseline is None:
            return None
        if self.relative == "baseline":
            return baseline + self.value
        return baseline * (1 + self.value / 100)

    def passed(self, value: float, baseline: float | None) -> bool:
        """Whether the value is beyond the limit; a limit that is not armed is never passed."""
        bound = self.bound(baseline)
        if bound is None:
            return False
        if self.op == ">":
            return value > bound
        if self.op == ">=":
            return value >= bound
        if self.op == "<":
            return value < bound
        return value <= bound


class DuePlan(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is due at which minutes from the first dose.

    A reading or observation counts for a slot from ``early_min`` before it; the slot is overdue
    ``grace_min`` after it.
    """

    what: Literal["bp", "observation"]
    minutes: Annotated[tuple[Minutes, ...], Meta(min_length=1, max_length=100)]
    early_min: Annotated[float, Meta(ge=0, le=30)] = 3
    grace_min: Annotated[float, Meta(gt=0, le=60)] = 2


class TechnicalPlan(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """After how many seconds silence becomes a technical alarm."""

    no_reading_s: Seconds = 30
    link_lost_s: Annotated[float, Meta(ge=0, le=600)] = 0


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
    approved_by: str = ""
    approved_on: str = ""

    @property
    def approved(self) -> bool:
        """Whether a medical director has put name and date to this version."""
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
    seen: set[str] = set()
    for number, limit in enumerate(protocol.limit):
        where = f"limit[{number}]"
        if limit.metric not in METRICS:
            raise ProtocolError(
                f"{where}.metric: unknown metric {limit.metric!r} (known: {', '.join(METRICS)})"
            )
        if limit.id in seen:
            raise ProtocolError(f"{where}: {limit.id} stands twice")
        seen.add(limit.id)
        if limit.relative is None and not limit.of.low <= limit.value <= limit.of.high:
            raise ProtocolError(
                f"{where}.value: {limit.value:g} {limit.of.unit} can never be passed in a living"
                f" patient ({limit.of.label} goes from {limit.of.low:g} to {limit.of.high:g})"
            )
        if limit.relative is not None and limit.metric not in ("nibp_sys", "nibp_dia"):
            raise ProtocolError(f"{where}.relative: only nibp_sys and nibp_dia have a baseline")
        if limit.relative is not None and (limit.value > 0) != limit.upper:
            raise ProtocolError(f"{where}.value: {limit.id} would be passed at the baseline itself")
    for number, due in enumerate(protocol.due):
        if list(due.minutes) != sorted(set(due.minutes)):
            raise ProtocolError(f"due[{number}].minutes: must rise and not repeat")

"""The treatment order as somebody prescribed it: exact numbers that must agree with each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from ketamonitor import checks
from ketamonitor.entries import Draft, Entry
from ketamonitor.treatment.plan import DosePlan
from ketamonitor.typed import number as typed_number

#: What may be typed of an order: its key in the body, the words for it, its unit.
NUMBERS = {
    "mg": ("dose", "mg"),
    "mg_per_kg": ("dose per kg", "mg/kg"),
    "weight_kg": ("weight", "kg"),
    "strength_mg_ml": ("strength", "mg/mL"),
    "volume_ml": ("volume", "mL"),
    "rate_ml_h": ("rate", "mL/h"),
    "minutes": ("time", "min"),
    "devices": ("number of devices", "devices"),
}

WEIGHT_BASES = ("actual", "ideal", "adjusted")

#: A rounded number may stand for an exact one that is at most this share away from it.
MOST_ROUNDED = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it was recorded; what nobody typed is ``None``. Amounts are exact."""

    drug: str
    route: str
    given_as: str
    mg: Decimal
    mg_per_kg: Decimal | None = None
    weight_kg: Decimal | None = None
    weight_basis: str = ""
    strength_mg_ml: Decimal | None = None
    volume_ml: Decimal | None = None
    rate_ml_h: Decimal | None = None
    minutes: Decimal | None = None
    devices: int | None = None
    prescriber: str = ""
    ordered_at: datetime | None = None
    reason: str = ""
    at: datetime | None = None
    author: str = ""
    seq: int = 0


@dataclass(slots=True)
class Orders:
    """The orders of a session, folded from its entries; the last one that stands counts."""

    all: list[Order] = field(default_factory=list)

    @property
    def current(self) -> Order | None:
        return self.all[-1] if self.all else None

    def add(self, entry: Entry) -> None:
        if entry.kind == "event" and entry.body.get("event") == "order":
            self.all.append(_read(entry))
        elif entry.kind == "correction":
            self.all = [order for order in self.all if order.seq != entry.body["of_seq"]]


def number(text: str, key: str) -> Decimal | None:
    """A number of an order as typed, exact; ``None`` where nothing is. Raises ``ValueError``."""
    what, unit = NUMBERS[key]
    how = f"The {what} must be a number in {unit}, such as 34.2"
    value = typed_number(text, how)
    if value is None:
        return None
    if value <= 0:
        raise ValueError(f"The {what} must be above 0 {unit}")
    if value >= 100_000 or value != value.quantize(Decimal("0.0001")):
        raise ValueError(how)
    return value


def read(
    plan: DosePlan, typed: Mapping[str, str], *, weight_basis: str = "", prescriber: str = ""
) -> Order:
    """The order that typed texts stand for; ``typed`` has keys of :data:`NUMBERS`.

    Raises ``ValueError`` with one line where a number cannot be read, the dose is missing, or two
    numbers do not agree. Nothing is ever corrected or worked out for whoever types.
    """
    got = {key: number(typed.get(key, ""), key) for key in NUMBERS}
    mg, devices = got.pop("mg"), got.pop("devices")
    if mg is None:
        raise ValueError("Type the ordered dose in mg")
    checks.amount(float(mg), "Ordered dose")
    if devices is not None and devices not in (1, 2, 3):
        raise ValueError(f"The number of devices must be 1, 2 or 3, not {devices}")
    if got["weight_kg"] is not None and not weight_basis:
        raise ValueError("Choose which weight the order goes by")
    if weight_basis:
        checks.one_of(weight_basis, WEIGHT_BASES, "Weight basis")
    order = Order(
        plan.drug,
        plan.route,
        plan.given_as,
        mg,
        got["mg_per_kg"],
        got["weight_kg"],
        strength_mg_ml=got["strength_mg_ml"],
        volume_ml=got["volume_ml"],
        rate_ml_h=got["rate_ml_h"],
        minutes=got["minutes"],
        devices=None if devices is None else int(devices),
        weight_basis=weight_basis,
        prescriber=checks.optional(prescriber, "Prescriber", 80),
    )
    for fault in disagreements(order, plan):
        raise ValueError(fault)
    return order


def disagreements(order: Order, plan: DosePlan | None = None) -> list[str]:
    """Each pair of numbers that do not agree, one line each.

    A number agrees with what the others come to if it is that, rounded to the digits that were
    typed, by 2 % at most: 34 mg stands for 34.2, and 0.5 mg/kg never for 0.54.
    """
    found = []
    mg, per_kg, weight = order.mg, order.mg_per_kg, order.weight_kg
    if per_kg is not None and weight is not None:
        exact = per_kg * weight
        if not (agrees(mg, exact) or agrees(per_kg, mg / weight)):
            found.append(f"{per_kg} mg/kg × {weight} kg is {_told(exact)} mg, the order says {mg}")
    strength, volume = order.strength_mg_ml, order.volume_ml
    if strength is not None and volume is not None:
        exact = mg / strength
        if not (agrees(volume, exact) or agrees(strength, mg / volume)):
            found.append(
                f"{mg} mg at {strength} mg/mL is {_told(exact)} mL, the order says {volume}"
            )
    rate, minutes = order.rate_ml_h, order.minutes
    if volume is None and strength is not None:
        volume = mg / strength
    if volume is not None and rate is not None and minutes is not None:
        exact = volume * 60 / minutes
        if not (agrees(rate, exact) or agrees(minutes, volume * 60 / rate)):
            found.append(
                f"{_told(volume)} mL over {minutes} min is {_told(exact)} mL/h,"
                f" the order says {rate}"
            )
    if plan is not None and order.devices is not None and plan.device_mg is not None:
        exact = order.devices * Decimal(repr(plan.device_mg))
        if exact != mg:
            found.append(f"{order.devices} devices are {_told(exact)} mg, the order says {mg}")
    return [f"{line}: ask who ordered it" for line in found]


def agrees(shown: Decimal, exact: Decimal) -> bool:
    """Whether ``shown`` is ``exact`` rounded to its own digits, by 2 % at most."""
    exponent = shown.as_tuple().exponent
    assert isinstance(exponent, int)  # only NaN and infinity have another, and none gets here
    half = Decimal(1).scaleb(min(exponent, 0)) / 2
    return abs(shown - exact) <= min(half, MOST_ROUNDED * exact)


def outside(order: Order, plan: DosePlan) -> list[str]:
    """What of an order the protocol's ranges do not hold, one line each: it asks for a reason."""
    return [
        *_beyond(order.mg, plan.mg_range, "mg"),
        *_beyond(order.mg_per_kg, plan.mg_per_kg_range, "mg/kg"),
        *_beyond(order.minutes, plan.minutes_range, "min"),
        *_another_basis(order, plan),
    ]


def _beyond(value: Decimal | None, bounds: tuple[float, float] | None, unit: str) -> Iterator[str]:
    if value is None or bounds is None:
        return
    low, high = (Decimal(repr(bound)) for bound in bounds)
    if not low <= value <= high:
        yield f"{_told(value)} {unit} is outside the protocol’s {low:f} to {high:f} {unit}"


def _another_basis(order: Order, plan: DosePlan) -> Iterator[str]:
    if order.weight_basis and order.weight_basis not in plan.weight_bases:
        yield f"The protocol does not go by {order.weight_basis} weight"


def draft(order: Order, plan: DosePlan, *, reason: str, at: datetime, author: str) -> Draft:
    """The order as an entry. Raises ``ValueError`` where the protocol's range asks for a reason."""
    for fault in disagreements(order, plan):
        raise ValueError(fault)
    reason = checks.optional(reason, "Reason", checks.LONGEST_NOTE)
    if not reason:
        for line in outside(order, plan):
            raise ValueError(f"{line}: say why")
    body: dict[str, Any] = {"event": "order"}
    for name in (f.name for f in fields(Order) if f.name not in ("at", "author", "seq")):
        value = getattr(order, name)
        body[name] = str(value) if isinstance(value, Decimal) else value
    body["minutes"] = None if order.minutes is None else float(order.minutes)
    body["ordered_at"] = order.ordered_at.isoformat() if order.ordered_at else None
    body["weight_basis"] = order.weight_basis or None
    body["reason"] = reason
    body["text"] = told(order)
    return Draft("event", at, author, body)


def told(order: Order) -> str:
    """The order in one line: ``Ordered ketamine iv 34.2 mg, 0.5 mg/kg, 40 min``."""
    parts = [f"Ordered {order.drug} {order.route} {order.mg} mg"]
    for value, unit in (
        (order.mg_per_kg, "mg/kg"),
        (order.strength_mg_ml, "mg/mL"),
        (order.volume_ml, "mL"),
        (order.rate_ml_h, "mL/h"),
        (order.minutes, "min"),
        (order.devices, "devices"),
    ):
        if value is not None:
            parts.append(f"{value} {unit}")
    if order.weight_kg is not None:
        parts.append(f"{order.weight_basis} weight {order.weight_kg} kg")
    if order.prescriber:
        parts.append(f"by {order.prescriber}")
    return ", ".join(parts)


def _read(entry: Entry) -> Order:
    body = entry.body
    exact = {
        key: _exact(body.get(key))
        for key in ("mg_per_kg", "weight_kg", "strength_mg_ml", "volume_ml", "rate_ml_h", "minutes")
    }
    ordered_at = body.get("ordered_at")
    return Order(
        body["drug"],
        body["route"],
        body["given_as"],
        Decimal(body["mg"]),
        exact["mg_per_kg"],
        exact["weight_kg"],
        strength_mg_ml=exact["strength_mg_ml"],
        volume_ml=exact["volume_ml"],
        rate_ml_h=exact["rate_ml_h"],
        minutes=exact["minutes"],
        devices=body.get("devices"),
        weight_basis=body.get("weight_basis") or "",
        prescriber=body.get("prescriber") or "",
        ordered_at=datetime.fromisoformat(ordered_at) if ordered_at else None,
        reason=body.get("reason") or "",
        at=entry.at,
        author=entry.author,
        seq=entry.seq,
    )


def _exact(value: str | float | None) -> Decimal | None:
    if value is None:
        return None
    exact = Decimal(value if isinstance(value, str) else repr(value))
    # A JSON number tells no digits: 40.0 is 40.
    return exact if isinstance(value, str) else exact.normalize() + 0


def _told(value: Decimal) -> str:
    """At most three decimals, no zeros behind them."""
    text = f"{value:.3f}"
    return text.rstrip("0").rstrip(".")

"""A treatment protocol in plain lines, as the nurse reads it before choosing it."""

from __future__ import annotations

from ketamonitor.alarm_plan import AlarmLimit
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.schedule import planned
from ketamonitor.treatment.plan import DosePlan, DuePlan
from ketamonitor.view import DUE_KINDS
from ketamonitor.words import SHORT, STARS

ROUTES = {
    "iv": "into a vein",
    "im": "into a muscle",
    "sc": "under the skin",
    "nasal": "nasal",
    "oral": "by mouth",
    "sublingual": "under the tongue",
}


OPS = {">": ">", ">=": "≥", "<": "<", "<=": "≤"}


def dose_line(dose: DosePlan) -> str:
    """``Ketamine, into a vein: 0.5 mg/kg over 40 min``."""
    each = "mg/kg as ordered" if dose.mg_per_kg is None else f"{dose.mg_per_kg:g} mg/kg"
    if dose.given_as == "infusion":
        over = "so long as ordered" if dose.minutes is None else f"over {dose.minutes:g} min"
        amount = f"{each} {over}"
    elif dose.given_as == "bolus":
        amount = f"{each} at once"
    elif dose.given_as == "oral":
        amount = "as ordered" if dose.mg_per_kg is None else each
        if dose.hold_min is not None:
            after = {"swallow": "swallowed", "spit": "spat out"}.get(
                dose.after_hold, "swallowed or spat out"
            )
            amount += f", held {dose.hold_min:g} min, then {after}"
    else:
        total = (dose.device_mg or 0) * (dose.devices or 0)
        amount = f"{dose.devices} devices of {dose.device_mg:g} mg, {total:g} mg in all"
    return f"{dose.drug}, {ROUTES[dose.route]}: {amount}"


def arithmetic(dose: DosePlan, weight_kg: float | None) -> str:
    """The protocol's own arithmetic for this weight, shown and never filled in; else why not."""
    if dose.given_as == "devices":
        total = (dose.device_mg or 0) * (dose.devices or 0)
        return f"{dose.devices} × {dose.device_mg:g} mg = {total:g} mg"
    if dose.mg_per_kg is None:
        return "none, the order says how much"
    if weight_kg is None:
        return f"{dose.mg_per_kg:g} mg/kg, no weight recorded"
    return f"{dose.mg_per_kg:g} mg/kg × {weight_kg:g} kg = {dose.mg_per_kg * weight_kg:.1f} mg"


def due_line(due: DuePlan) -> tuple[str, str]:
    """What is due and at which minutes from the first dose."""
    return DUE_KINDS[due.what], planned(due)


def limit_rows(limits: tuple[AlarmLimit, ...]) -> list[tuple[str, str, str, str]]:
    """One row for each metric and kind: words, then the limits of LOW, MEDIUM and HIGH.

    An empty cell is a limit that the protocol does not set.
    """
    rows: dict[str, dict[str, list[str]]] = {}
    for limit in limits:
        over = " over baseline" if limit.relative else ""
        row = rows.setdefault(f"{SHORT.get(limit.metric, limit.metric)}{over}", {})
        sign = "+" if limit.relative and limit.value > 0 else ""
        unit = " %" if limit.relative == "baseline_percent" else ""
        row.setdefault(limit.priority, []).append(
            f"{OPS[limit.op]} {sign}{limit.value:g}{unit}".replace("-", "−")
        )
    return [
        (what, *(" · ".join(row.get(p, [])) for p in ("low", "medium", "high")))  # type: ignore[misc]
        for what, row in rows.items()
    ]


def gate_line(protocol: TreatmentProtocol) -> str:
    return f"{protocol.gate.from_first_dose_min:g} min from the first dose"


def star_header() -> tuple[str, str, str]:
    return STARS["low"], STARS["medium"], STARS["high"]

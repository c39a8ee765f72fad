"""What a clinic chooses beside the protocol; the first entry of a session keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

#: Minutes that a value may be old where somebody is judged fit to leave. A proposal of this
#: program, for approval: the sheets name no figure.
FRESH_MIN = 15.0

GateFrom = Literal["first", "last"]


@dataclass(frozen=True, slots=True)
class ClinicRules:
    """``gate_from``: whether the time after nasal devices counts from the first one (as the REMS
    form counts it) or from the last (the label: "after administration"). ``fresh_min``: how old a
    value may be that a criterion of discharge is met by; ``None`` in records of before there was
    such a limit."""

    gate_from: GateFrom = "last"
    fresh_min: float | None = FRESH_MIN

    def as_json(self) -> dict[str, Any]:
        return {"gate_from": self.gate_from, "fresh_min": self.fresh_min}


#: How sessions are read that were recorded before there were such rules.
BEFORE_RULES = ClinicRules("last", None)


def rules_from_json(body: Mapping[str, Any] | None) -> ClinicRules:
    """The rules in a session's first entry."""
    if body is None:
        return BEFORE_RULES
    return ClinicRules("first" if body.get("gate_from") == "first" else "last", body["fresh_min"])

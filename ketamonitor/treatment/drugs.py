"""Which of the drugs in a record is the treatment: clocks and totals are of it alone."""

from __future__ import annotations

RACEMIC, S_FORM = "racemic", "s"

_S_NAMES = ("esketamine", "s-ketamine", "s(+)-ketamine", "spravato")


def form(drug: str) -> str:
    """``racemic`` or ``s`` for a kind of ketamine, by its name; empty for any other drug."""
    name = drug.casefold()
    if any(word in name for word in _S_NAMES):
        return S_FORM
    return RACEMIC if "ketamine" in name else ""


def is_treatment(drug: str, planned: str) -> bool:
    """Whether a drug is what the protocol gives, or any ketamine.

    What is given beside it, against nausea or pressure, starts no clock and is in no total.
    """
    return bool(form(drug)) or drug.strip().casefold() == planned.strip().casefold()

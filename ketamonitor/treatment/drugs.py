"""Which of the drugs in a record is the treatment: clocks and totals are of it alone."""

from __future__ import annotations

import re
import unicodedata

RACEMIC, S_FORM = "racemic", "s"

#: The stem of the word in most languages: ketamine, Ketamin, ketamina, kétamine.
_STEM = "ketamin"
#: esketamine, S-ketamine, (S)-ketamine, S(+)-ketamine.
_S_NAME = re.compile(r"esketamin|(?<!\w)\(?s\)?(\(\+\))?[ -]ketamin")
#: Names as they stand on labels.
_S_LABELS = ("spravato", "ketanest s", "ketanest-s", "vesierra")
_LABELS = ("ketalar", "ketanest", "ketaject", "calypsol")


def form(drug: str) -> str:
    """``racemic`` or ``s`` for a kind of ketamine, by its name; empty for any other drug."""
    plain = unicodedata.normalize("NFKD", drug)
    name = "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()
    if _S_NAME.search(name) or any(label in name for label in _S_LABELS):
        return S_FORM
    return RACEMIC if any(word in name for word in (_STEM, *_LABELS)) else ""


def is_treatment(drug: str, planned: str) -> bool:
    """Whether a drug is what the protocol gives, or any ketamine.

    What is given beside it, against nausea or pressure, starts no clock and is in no total.
    """
    return bool(form(drug)) or drug.strip().casefold() == planned.strip().casefold()

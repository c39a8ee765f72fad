"""What may be typed about a patient before a session: checked, with one clear line each."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta

from ketamonitor import drafts
from ketamonitor.view import Patient

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTS = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})")
_WORDS = re.compile(r"(\d{1,2})\s+([A-Za-z]{3,9})\.?\s+(\d{4})")


def patient(name: str, mrn: str, born: str, *, today: date) -> Patient:
    """The patient as typed. Raises ``ValueError`` with one clear line for the first fault."""
    return Patient(patient_name(name), record_number(mrn), birth_date(born, today=today))


def patient_name(text: str) -> str:
    """The full name, spaces tidied. Raises ``ValueError``."""
    name = " ".join(text.split())
    if not name:
        raise ValueError("Type the patient's full name")
    if len(name) > 80:
        raise ValueError("The name is longer than 80 letters. Shorten it")
    if not any(letter.isalpha() for letter in name):
        raise ValueError("The name has no letters in it. Type the patient's full name")
    return name


def record_number(text: str) -> str:
    """The medical record number, spaces tidied. Raises ``ValueError``."""
    mrn = " ".join(text.split())
    if not mrn:
        raise ValueError("Type the record number (MRN)")
    if len(mrn) > 32:
        raise ValueError("The record number is longer than 32 characters. Check it")
    return mrn


def birth_date(text: str, *, today: date) -> date:
    """A date typed as 1984-03-14, 14 Mar 1984 or 14.03.1984. Raises ``ValueError``.

    Slashes are refused: 03/04/1984 is March in one country and April in another.
    """
    typed = text.strip()
    if not typed:
        raise ValueError("Type the date of birth, for example 14 Mar 1984")
    if "/" in typed:
        raise ValueError("Slashes can be read two ways. Type the date as 14 Mar 1984")
    year, month, day = _date_parts(typed)
    try:
        born = date(year, month, day)
    except ValueError as error:
        raise ValueError("There is no such day. Check the date of birth") from error
    if born > today:
        raise ValueError("The date of birth is in the future. Check the year")
    if born < today - timedelta(days=366 * 120):
        raise ValueError("The date of birth is more than 120 years ago. Check the year")
    return born


def past_day(text: str, what: str, *, today: date) -> date:
    """A day typed as a date of birth is, not to come. Raises ``ValueError`` naming ``what``."""
    typed = text.strip()
    if not typed or "/" in typed:
        raise ValueError(f"{what}: type the day as 14 Mar 2026 or 2026-03-14")
    try:
        day = date(*_date_parts(typed))
    except ValueError as error:
        raise ValueError(f"{what}: type the day as 14 Mar 2026 or 2026-03-14") from error
    if day > today:
        raise ValueError(f"{what}: {typed} is still to come")
    return day


def _date_parts(typed: str) -> tuple[int, int, int]:
    if match := _ISO.fullmatch(typed):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _DOTS.fullmatch(typed):
        return int(match[3]), int(match[2]), int(match[1])
    if (match := _WORDS.fullmatch(typed)) and match[2][:3].lower() in MONTHS:
        return int(match[3]), MONTHS.index(match[2][:3].lower()) + 1, int(match[1])
    raise ValueError("Type the date of birth as 14 Mar 1984 or 1984-03-14")


def weight_kg(text: str) -> float:
    """A body weight in kg; a comma counts as a point. Raises ``ValueError``."""
    return drafts.weight(amount(text, "weight", "kg"))


def amount(text: str, what: str, unit: str) -> float:
    """A positive number as typed. Raises ``ValueError`` naming ``what`` and ``unit``."""
    typed = text.strip().replace(",", ".")
    if not typed:
        raise ValueError(f"Type the {what} in {unit}")
    # Digits and one point only: float() alone would take 1e3, 1_000, nan and inf.
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", typed, re.ASCII):
        raise ValueError(f"The {what} must be a number in {unit}, such as 34.2")
    value = float(typed)
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"The {what} must be above 0 {unit}")
    return value


def whole(text: str, what: str, unit: str) -> int:
    """A whole number as typed, such as a pressure. Raises ``ValueError``."""
    typed = text.strip()
    if not typed:
        raise ValueError(f"Type the {what} in {unit}")
    if not re.fullmatch(r"\d{1,4}", typed, re.ASCII):
        raise ValueError(f"The {what} must be a whole number in {unit}, such as 122")
    return int(typed)

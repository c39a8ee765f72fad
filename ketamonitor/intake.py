"""What may be typed about a patient before a session: checked, with one clear line each."""

from __future__ import annotations

from datetime import date, timedelta

from ketamonitor import drafts, typed, unseen
from ketamonitor.view import Patient


def patient(name: str, mrn: str, born: str, *, today: date) -> Patient:
    """The patient as typed. Raises ``ValueError`` with one clear line for the first fault."""
    return Patient(patient_name(name), record_number(mrn), birth_date(born, today=today))


def patient_name(text: str) -> str:
    """The full name, spaces tidied. Raises ``ValueError``."""
    unseen.refuse(text.strip(" \t\r\n"), "The name")
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
    unseen.refuse(text.strip(" \t\r\n"), "The record number")
    mrn = " ".join(text.split())
    if not mrn:
        raise ValueError("Type the record number (MRN)")
    if len(mrn) > 32:
        raise ValueError("The record number is longer than 32 characters. Check it")
    if not any(letter.isalnum() for letter in mrn):
        raise ValueError("The record number has no letter and no digit in it. Check it")
    return mrn


def birth_date(text: str, *, today: date) -> date:
    """A date typed as 1984-03-14, 14 Mar 1984 or 14.03.1984. Raises ``ValueError``."""
    if not text.strip():
        raise ValueError("Type the date of birth, for example 14 Mar 1984")
    if "/" in text:
        raise ValueError("Slashes can be read two ways. Type the date as 14 Mar 1984")
    try:
        born = typed.day(text, "Type the date of birth as 14 Mar 1984 or 1984-03-14")
    except ValueError as error:
        if "no such day" in str(error):
            raise ValueError("There is no such day. Check the date of birth") from error
        raise
    if born > today:
        raise ValueError("The date of birth is in the future. Check the year")
    if born < today - timedelta(days=366 * 120):
        raise ValueError("The date of birth is more than 120 years ago. Check the year")
    return born


def past_day(text: str, what: str, *, today: date) -> date:
    """A day typed as a date of birth is, not to come. Raises ``ValueError`` naming ``what``."""
    how = f"{what}: type the day as 14 Mar 2026 or 2026-03-14"
    try:
        day = typed.day(text, how)
    except ValueError as error:
        raise ValueError(how) from error
    if day > today:
        raise ValueError(f"{what}: {text.strip()} is still to come")
    return day


def weight_kg(text: str) -> float:
    """A body weight in kg. Raises ``ValueError``."""
    return drafts.weight(amount(text, "weight", "kg"))


def amount(text: str, what: str, unit: str) -> float:
    """A positive number as typed. Raises ``ValueError`` naming ``what`` and ``unit``."""
    value = typed.number(text, f"The {what} must be a number in {unit}, such as 34.2")
    if value is None:
        raise ValueError(f"Type the {what} in {unit}")
    if value <= 0:
        raise ValueError(f"The {what} must be above 0 {unit}")
    return float(value)


def whole(text: str, what: str, unit: str) -> int:
    """A whole number as typed, such as a pressure. Raises ``ValueError``."""
    value = typed.whole(text, f"The {what} must be a whole number in {unit}, such as 122")
    if value is None:
        raise ValueError(f"Type the {what} in {unit}")
    return value

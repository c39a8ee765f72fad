"""Who the clinic is and how its people are reached, from a small file of the clinic's own.

It lies as ``clinic.toml`` beside the folder of protocols; only data sheets of forms ask for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from ketamonitor.alarm_plan import Line, Rows
from ketamonitor.library import clinic_folder
from ketamonitor.toml_file import read_toml
from ketamonitor.treatment.rules import FRESH_MIN, ClinicRules, GateFrom

FILE = "clinic.toml"

Reached = Annotated[str, Meta(max_length=100)]


class ClinicError(ValueError):
    """A file that cannot be used; the text says where and why."""


class Contact(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one person is reached. Empty: the file does not say."""

    phone: Reached = ""
    email: Reached = ""


class Clinic(Rows, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The setting, by ``name`` and the lines of its ``address``. ``person``: people by the short
    name they sign in with; who is not there is reached by the setting's ``phone`` and ``email``.

    ``setting``: inpatients are not enrolled in the REMS, and no form is handed in for them.
    ``gate_from`` and ``fresh_min``: see :class:`~ketamonitor.treatment.rules.ClinicRules`."""

    name: Line
    address: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=6)]
    setting: Literal["outpatient", "inpatient"] = "outpatient"
    gate_from: GateFrom = "last"
    fresh_min: Annotated[float, Meta(ge=5, le=60)] = FRESH_MIN
    phone: Reached = ""
    email: Reached = ""
    person: dict[str, Contact] = {}

    @property
    def rules(self) -> ClinicRules:
        return ClinicRules(self.gate_from, self.fresh_min)


def read_clinic(path: Path) -> Clinic:
    """Raises :class:`ClinicError` with one line."""
    return read_toml(path, Clinic, ClinicError)


def load_clinic() -> tuple[Clinic | None, str]:
    """The clinic's file, else ``None`` with why in one line. Nothing of it is ever guessed: a
    sheet without it says what is missing."""
    path = clinic_folder().parent / FILE
    if not path.exists():
        return None, f"there is no {path}"
    try:
        return read_clinic(path), ""
    except ClinicError as error:
        return None, str(error)

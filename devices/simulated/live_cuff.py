"""The cuff as a simulated monitor sees it that looks now and then: pressure, beginning and end."""

from __future__ import annotations

from dataclasses import dataclass

from devices.simulated.patient import DETERMINATION_S, Determination, Patient, whole

INFLATING_S = 5.0
#: What adult monitors inflate to at first; later ones go this far above the last systolic.
FIRST_TOP, ABOVE_SYSTOLIC, HIGHEST_TOP = 160.0, 30.0, 280.0
LAST_STEP = 40.0
STEPS = 14


@dataclass(frozen=True, slots=True)
class CuffLook:
    """What one look shows. ``pressure`` in mmHg while measuring, else ``None``.

    ``ended`` are the determinations that ended since the look before, each told once.
    """

    pressure: int | None
    ended: tuple[Determination, ...]


class LiveCuff:
    """Follows a patient's cuff. The pressure counts from when the cuff was first seen at work.

    It rises evenly to its top and falls in even steps over the length of a determination; one
    that takes longer stays at the last step, one that ends sooner is let out at once.
    """

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._began: float | None = None
        self._told: int | None = None
        self._top = FIRST_TOP

    def look(self, t: float) -> CuffLook:
        """What the cuff does at ``t``, which never goes back."""
        ended = self._patient.ended(t)
        if self._told is None:  # what ended before anybody looked is told by nobody
            self._told = sum(one.at < t for one in ended)
        fresh = tuple(ended[self._told :])
        self._told = len(ended)
        if fresh:
            self._began = None
        if not self._patient.measuring(t):
            self._began = None
            return CuffLook(None, fresh)
        if self._began is None:
            self._began = t
            last = next((one.sys for one in reversed(ended) if one.sys is not None), None)
            wanted = FIRST_TOP if last is None else max(FIRST_TOP, last + ABOVE_SYSTOLIC)
            self._top = min(wanted, HIGHEST_TOP)
        return CuffLook(whole(pressure(t - self._began, self._top)), fresh)


def pressure(since: float, top: float) -> float:
    """Millimetres of mercury in a cuff that began to inflate ``since`` seconds ago."""
    if since < INFLATING_S:
        return top * since / INFLATING_S
    step = int((since - INFLATING_S) / (DETERMINATION_S - INFLATING_S) * STEPS)
    return top - (top - LAST_STEP) * min(step, STEPS) / STEPS

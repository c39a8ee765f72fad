"""Population pharmacokinetics: plasma concentration from recorded doses, exact for each segment.

The models are linear, so that between two changes of input the course is a sum of exponentials:
nothing is stepped, and late or corrected doses cost no more than any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Minutes. A shorter span of a dose counts as none.
SHORTEST = 1e-6


@dataclass(frozen=True, slots=True)
class Model:
    """A linear model. ``rates[i, j]`` per minute is what passes from compartment j to i.

    The first compartment is the plasma, of ``litres``. ``name`` and ``source`` are shown with
    every figure of it.
    """

    name: str
    source: str
    rates: Floats
    litres: float


@dataclass(frozen=True, slots=True)
class Dose:
    """``mg`` into a compartment from minute ``start`` to ``end``; at once where they are equal."""

    compartment: int
    mg: float
    start: float
    end: float


def domino(weight_kg: float) -> Model:
    """Racemic ketamine into a vein: three compartments, mg and minutes.

    Domino et al., Clin Pharmacol Ther 1984;36:645-653, with V1 0.063 L/kg.
    """
    k10, k12, k13, k21, k31 = 0.438, 0.592, 0.590, 0.247, 0.0146
    rates = np.array([[-(k10 + k12 + k13), k21, k31], [k12, -k21, 0.0], [k13, 0.0, -k31]])
    source = "Domino et al., Clin Pharmacol Ther 1984;36:645"
    return Model("Domino (racemic ketamine, IV)", source, rates, 0.063 * weight_kg)


#: Compartments of :func:`perez_ruixo` that take doses, beside the plasma (0).
NOSE, GUT = 4, 5

_FIRST_DEVICE, _LATER_DEVICE = 0.54, 0.54 * 0.62
_SWALLOWED_MIN = 0.53 * 60
_PAST_GUT = 0.64


def perez_ruixo() -> Model:
    """Esketamine by nose or vein, typical adult of 45 years, not Asian; mg and minutes.

    Three compartments and the liver with its vein; the metabolite is left out.
    Perez-Ruixo et al., Clin Pharmacokinet 2021;60:501-516, table 3.
    """
    plasma, first, second, liver = 192.0, 143.0, 417.0, 101.0  # litres
    q_first, q_second, q_liver = 84.3, 37.6, 151.0  # litres an hour
    nose, gut, lost = 2.93, 1.45, 1.11 + 2.77  # an hour
    rates = np.zeros((6, 6))
    rates[0, 0] = -(q_first + q_second + q_liver) / plasma
    rates[0, 1], rates[1, 0], rates[1, 1] = q_first / first, q_first / plasma, -q_first / first
    rates[0, 2], rates[2, 0], rates[2, 2] = q_second / second, q_second / plasma, -q_second / second
    rates[0, 3], rates[3, 0] = q_liver / liver, q_liver / plasma
    rates[3, 3] = -q_liver / liver - lost
    rates[0, NOSE], rates[NOSE, NOSE] = nose, -nose
    rates[3, GUT], rates[GUT, GUT] = gut, -gut
    source = "Perez-Ruixo et al., Clin Pharmacokinet 2021;60:501"
    return Model("Perez-Ruixo (esketamine)", source, rates / 60, plasma)


def nasal_device(mg: float, at: float, *, first: bool) -> tuple[Dose, Dose]:
    """What one nasal device puts into :func:`perez_ruixo`: through the nose, and swallowed.

    Devices after the first pass less through the nose (table 3).
    """
    nasal = _FIRST_DEVICE if first else _LATER_DEVICE
    swallowed = mg * (1 - nasal) * _PAST_GUT
    return Dose(NOSE, mg * nasal, at, at), Dose(GUT, swallowed, at, at + _SWALLOWED_MIN)


def concentration(model: Model, doses: Sequence[Dose], minutes: Sequence[float]) -> Floats:
    """Plasma concentration in ng/mL at rising ``minutes``; a bolus at that minute counts.

    Shape: as many as ``minutes``. Doses may come in any order. Raises ``ValueError`` for one that
    ends before it begins, or whose amount is no number above 0.
    """
    for dose in doses:
        if not (dose.start <= dose.end and 0 < dose.mg < np.inf):
            raise ValueError(f"a dose of {dose.mg:g} mg from {dose.start:g} to {dose.end:g} min")
    # A rate is an amount over a span: the record tells milliseconds apart, and a span far below
    # that makes the rate overflow. It went in at once.
    doses = [replace(d, end=d.start) if d.end - d.start < SHORTEST else d for d in doses]
    asked = np.asarray(minutes, dtype=float)
    if asked.size and bool(np.any(np.diff(asked) < 0)):
        raise ValueError("the minutes must rise")
    decay, to, back = _modes(model.rates)
    found = np.zeros(asked.size)
    modes = np.zeros(len(decay), dtype=complex)
    edges = sorted({0.0, *(d.start for d in doses), *(d.end for d in doses)})
    place = int(np.searchsorted(asked, edges[0]))
    for number, edge in enumerate(edges):
        until = edges[number + 1] if number + 1 < len(edges) else np.inf
        rate = np.zeros(len(decay))
        for dose in doses:
            if dose.start == dose.end == edge:
                modes = modes + to[:, dose.compartment] * dose.mg
            elif dose.start <= edge < dose.end:
                rate[dose.compartment] += dose.mg / (dose.end - dose.start)
        inflow = to @ rate
        last = int(np.searchsorted(asked, until)) if until < np.inf else asked.size
        within = asked[place:last] - edge
        grown = _grown(decay, modes, inflow, within)
        found[place:last] = np.real(back[0] @ grown)
        place = last
        if until < np.inf:
            modes = _grown(decay, modes, inflow, np.array([until - edge]))[:, 0]
    return np.maximum(found, 0.0) / model.litres * 1000


def _modes(
    rates: Floats,
) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    """The decay rates of a model, and the way into its modes and back."""
    decay, back = np.linalg.eig(rates)
    return (
        decay.astype(np.complex128),
        np.linalg.inv(back).astype(np.complex128),
        back.astype(np.complex128),
    )


def _grown(
    decay: npt.NDArray[np.complex128],
    modes: npt.NDArray[np.complex128],
    inflow: npt.NDArray[np.complex128],
    minutes: Floats,
) -> npt.NDArray[np.complex128]:
    """Every mode (rows) after so many minutes (columns) with a constant inflow."""
    spent = np.outer(decay, minutes)
    grown: npt.NDArray[np.complex128] = modes[:, None] * np.exp(spent)
    grown += (inflow / decay)[:, None] * np.expm1(spent)
    return grown

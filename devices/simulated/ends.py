"""The determinations that have ended since somebody last looked: what a pushing cuff sends."""

from __future__ import annotations

from collections.abc import Sequence

from devices.simulated.patient import Determination, Patient

#: Session seconds between two looks: a patient cannot tell when the next determination will end.
LOOK_EVERY_S = 0.1


class Ends:
    """Each determination that has ended, once."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient
        self._seen = 0

    def take(self, t: float) -> Sequence[Determination]:
        """Those that have ended by ``t`` and were not taken before, oldest first."""
        ended = self._patient.ended(t)
        new = ended[self._seen :]
        self._seen = max(self._seen, len(ended))
        return new

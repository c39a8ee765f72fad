"""A patient whose values go through all that monitors can show, each for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devices.simulated.patient import Determination, Failure, Vitals

EVERY_S = 60.0
LONG_S = 22.0
SHOWN_FOR_S = 12.0
#: What every monitor of the list can show: the narrowest is 60-250 / 30-200 mmHg, pulse 40-180.
SYS = (62, 100, 127, 128, 150, 199, 200, 201, 240, 250)
DIA = (32, 60, 64, 80, 99, 100, 127, 128, 150, 180)
MEAN = (42, 73, 85, 96, 116, 133, 151, 152, 180, 203)
CUFF_PULSE = (42, 60, 64, 99, 100, 127, 128, 129, 150, 178)
PULSE = (30, 64, 99, 100, 126, 127, 128, 129, 180, 239)
SPO2 = (100, 99, 98, 90, 85, 71, 64, 63, 50, 36)
HR = (31, 65, 98, 101, 125, 127, 128, 130, 181, 238)
ETCO2 = (0, 9, 10, 25, 38, 39, 46, 63, 99, 128)
RR = (4, 8, 9, 10, 16, 20, 31, 32, 40, 60)


@dataclass(slots=True)
class Sweep:
    """Ends a determination each minute, the first at 60 s; the host may start one between them.

    ``automatic`` ones come by themselves; with it off only the host starts.
    """

    automatic: bool = True
    _host: tuple[float, ...] = ()
    _over: tuple[Determination, ...] = ()

    def at(self, t: float) -> Vitals:
        place = int(t / SHOWN_FOR_S) % len(PULSE)
        return Vitals(HR[place], PULSE[place], SPO2[place], RR[place], ETCO2[place])

    def measuring(self, t: float) -> bool:
        own = self.automatic and t % EVERY_S >= EVERY_S - LONG_S
        return own or self._running(t) is not None

    def ended(self, t: float) -> Sequence[Determination]:
        self._finish(t)
        own = range(1, int(t / EVERY_S) + 1) if self.automatic else ()
        all_ended = [*(self._result(n, n * EVERY_S) for n in own), *self._over]
        return sorted(all_ended, key=lambda one: one.at)

    def start(self, t: float) -> bool:
        self._finish(t)
        if self.measuring(t):
            return False
        self._host = (*self._host, t)
        return True

    def cancel(self, t: float) -> bool:
        self._finish(t)
        began = self._running(t)
        if began is not None:
            self._host = tuple(s for s in self._host if s != began)
            cancelled = Determination(began, t, failure=Failure.CANCELLED)
            self._over = (*self._over, cancelled)
        return True

    def _running(self, t: float) -> float | None:
        return next((s for s in self._host if s <= t < s + LONG_S), None)

    def _finish(self, t: float) -> None:
        for began in [s for s in self._host if s + LONG_S <= t]:
            self._host = tuple(s for s in self._host if s != began)
            done = self._result(len(self._over), began + LONG_S)
            self._over = (*self._over, done)

    def _result(self, number: int, at: float) -> Determination:
        place = number % len(SYS)
        return Determination(
            at - LONG_S, at, SYS[place], DIA[place], MEAN[place], CUFF_PULSE[place]
        )

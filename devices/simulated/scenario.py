"""Named scenarios: a made-up patient whose values follow the published time courses of ketamine.

Means, spreads and shapes: 0.5 mg/kg over 40 min raises systolic/diastolic pressure by 16.0 (SD
11.2) / 11.0 (8.45) mmHg on average at 40 min (Gen Hosp Psychiatry 2024, 138 patients, 2342
infusions); back to baseline by 90 min (Szarmach 2020). Baselines and the heart-rate shape are an
assumption. Everything follows from the seed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from devices.simulated.patient import (
    DETERMINATION_S,
    Determination,
    Failure,
    Vitals,
    whole,
)

#: Minutes from the start of the dose and the part of the greatest rise that is reached then.
PRESSURE_SHAPE = (
    (0, 0.0),
    (10, 0.35),
    (20, 0.65),
    (30, 0.90),
    (40, 1.00),
    (50, 0.75),
    (60, 0.45),
    (75, 0.20),
    (90, 0.05),
    (120, 0.0),
)
RATE_SHAPE = (
    (0, 0.0),
    (10, 0.5),
    (20, 0.8),
    (30, 1.0),
    (40, 0.9),
    (50, 0.6),
    (60, 0.3),
    (75, 0.1),
    (90, 0.0),
)
#: Seconds between two points of a sensor's noise; in between it runs straight, as averaging does.
NOISE_STEP_S = 15.0
FIRST_CUFF_S = 20.0
CUFF_BEFORE_DOSE_S = 300.0
CUFF_AFTER_DOSE_S = 600.0
DOSE_AT_S = 300.0
#: EtCO2 in mmHg: of one who breathes quietly, and how much a dip of the breathing adds (assumed).
ETCO2, ETCO2_OF_A_DIP = 38.0, 14.0


@dataclass(frozen=True, slots=True)
class Dip:
    """A fall of SpO2 to ``spo2`` for ``hold_s``, reached and left over ``ramp_s``."""

    after_dose_s: float
    hold_s: float
    ramp_s: float
    spo2: float
    rr: float

    def depth(self, since_dose: float) -> float:
        """0.0 outside the dip, 1.0 in its floor."""
        into = since_dose - self.after_dose_s
        outof = self.after_dose_s + 2 * self.ramp_s + self.hold_s - since_dose
        return max(0.0, min(1.0, into / self.ramp_s, outof / self.ramp_s))


@dataclass(frozen=True, slots=True)
class Course:
    """One session's physiology: baselines and the greatest rise of each (mmHg, per minute, %)."""

    sys: float
    dia: float
    hr: float
    spo2: float
    rr: float
    rise_sys: float
    rise_dia: float
    rise_hr: float
    dip: Dip | None = None


def draw_course(random: Random) -> Course:
    """One session drawn from the published means and spreads."""
    # The mean of g over all sessions: 30 % hypertensive, 3 of 17 sessions among the first three.
    mean_g = (1 + 0.3 * 0.3) * (1 + 0.15 * 3 / 17)
    while True:
        hypertensive = random.random() < 0.3
        sys = random.gauss(122, 12) + (5 if hypertensive else 0)
        dia = random.gauss(74, 7) + (3 if hypertensive else 0)
        if sys <= 140 and dia <= 90:
            break
    g = (1.3 if hypertensive else 1.0) * (1.15 if random.random() < 3 / 17 else 1.0) / mean_g
    z1, z2, z3 = (random.gauss(0, 1) for _ in range(3))
    return Course(
        sys=sys,
        dia=dia,
        hr=random.gauss(74, 10),
        spo2=_clip(random.gauss(97.5, 1.0), 94, 100),
        rr=_clip(random.gauss(15, 2), 10, 22),
        rise_sys=_clip(16 * g + 10.5 * z1, -10, 60),
        rise_dia=_clip(11 * g + 7.8 * (0.7 * z1 + 0.714 * z2), -8, 40),
        rise_hr=_clip(2 + 6 * z3, -15, 30),
    )


def _clip(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))


def _drawn(random: Random, fits: Callable[[Course], bool]) -> Course:
    while not fits(course := draw_course(random)):
        pass
    return course


def _ordinary(course: Course) -> bool:
    return (
        105 <= course.sys <= 132
        and 62 <= course.dia <= 84
        and 58 <= course.hr <= 88
        and course.spo2 >= 96
    )


def _mild(random: Random) -> Course:
    return _drawn(
        random,
        lambda c: (
            _ordinary(c)
            and 8 <= c.rise_sys <= 24
            and 4 <= c.rise_dia <= 16
            and 0 <= c.rise_hr <= 12
        ),
    )


def _calm(random: Random) -> Course:
    return _drawn(
        random,
        lambda c: (
            _ordinary(c) and abs(c.rise_sys) <= 5 and abs(c.rise_dia) <= 4 and abs(c.rise_hr) <= 3
        ),
    )


def _severe(random: Random) -> Course:
    # The rise of 60 is the most the profile allows: past 180 from about 30 min after the dose.
    return replace(
        _mild(random),
        sys=random.uniform(128, 130),
        dia=random.uniform(76, 80),
        hr=random.uniform(94, 97),
        rise_sys=60.0,
        rise_dia=36.0,
        rise_hr=30.0,
    )


def _desaturation(random: Random) -> Course:
    dip = Dip(after_dose_s=1500, hold_s=90, ramp_s=40, spo2=86, rr=8)
    return replace(_mild(random), dip=dip)


#: Each scenario's name and how its course is drawn.
SCENARIOS: dict[str, Callable[[Random], Course]] = {
    "iv-mild": _mild,
    "iv-severe": _severe,
    "calm": _calm,
    "desaturation": _desaturation,
}
DEFAULT_SCENARIO = "iv-mild"


def shape_at(shape: Sequence[tuple[int, float]], minutes: float) -> float:
    """The part of the greatest rise reached ``minutes`` after the dose began (0 before it)."""
    for (left, low), (right, high) in pairwise(shape):
        if left <= minutes < right:
            return low + (high - low) * (minutes - left) / (right - left)
    return 0.0


def scenario_patient(name: str, seed: int = 1, dose_at_s: float = DOSE_AT_S) -> ScenarioPatient:
    """The patient of a named scenario. Raises ``KeyError`` for an unknown name."""
    return ScenarioPatient(SCENARIOS[name](Random(seed)), seed, dose_at_s)


class ScenarioPatient:
    """A patient who follows a course; the cuff measures by itself and when a host asks.

    The first automatic reading begins 20 s after the start, then every 5 min until the dose
    (``dose_at_s``) and every 10 min from it on. One that would begin while the cuff is busy is
    left out.
    """

    automatic = True

    def __init__(self, course: Course, seed: int, dose_at_s: float = DOSE_AT_S) -> None:
        self.course = course
        self.dose_at_s = dose_at_s
        self._seed = seed
        self._ended: list[Determination] = []
        self._ends: list[float] = []
        self._started: float | None = None
        self._next_automatic = FIRST_CUFF_S
        # Each channel's last pair of noise points: drawing them anew for each poll is slow.
        self._points: dict[str, tuple[int, float, float]] = {}

    def at(self, t: float) -> Vitals:
        course = self.course
        since = t - self.dose_at_s
        hr = (
            course.hr
            + course.rise_hr * shape_at(RATE_SHAPE, since / 60)
            + 2.5 * self._noise("hr", t)
        )
        spo2 = course.spo2 + 0.3 * self._noise("spo2", t)
        rr = course.rr + 0.6 * self._noise("rr", t)
        etco2 = ETCO2 + 0.6 * self._noise("etco2", t)
        if course.dip is not None:
            depth = course.dip.depth(since)
            spo2 += (course.dip.spo2 - spo2) * depth
            rr += (course.dip.rr - rr) * depth
            etco2 += ETCO2_OF_A_DIP * depth
        pulse = hr + 0.5 * self._noise("pulse", t)
        return Vitals(hr=hr, pulse=pulse, spo2=min(100.0, spo2), rr=rr, etco2=etco2)

    def measuring(self, t: float) -> bool:
        self._advance(t)
        if self._started is not None and self._started <= t:
            return True
        index = bisect_right(self._ends, t)
        return index < len(self._ended) and self._ended[index].started <= t

    def ended(self, t: float) -> Sequence[Determination]:
        self._advance(t)
        return self._ended[: bisect_right(self._ends, t)]

    def start(self, t: float) -> bool:
        self._advance(t)
        if self._started is not None:
            return False
        self._started = t
        return True

    def cancel(self, t: float) -> bool:
        self._advance(t)
        if self._started is not None:
            self._end(Determination(self._started, t, failure=Failure.CANCELLED))
        return True

    def _advance(self, t: float) -> None:
        """Let everything happen that is due by ``t``, in its order."""
        while True:
            end = None if self._started is None else self._started + DETERMINATION_S
            if end is not None and end <= min(t, self._next_automatic):
                self._end(self._measure(end - DETERMINATION_S, end))
            elif self._next_automatic <= t:
                if self._started is None:
                    self._started = self._next_automatic
                self._next_automatic = self._after(self._next_automatic)
            else:
                return

    def _end(self, determination: Determination) -> None:
        self._ended.append(determination)
        self._ends.append(determination.at)
        self._started = None

    def _after(self, t: float) -> float:
        if t >= self.dose_at_s:
            return t + CUFF_AFTER_DOSE_S
        return min(t + CUFF_BEFORE_DOSE_S, self.dose_at_s)

    def _measure(self, started: float, at: float) -> Determination:
        rise = shape_at(PRESSURE_SHAPE, (at - self.dose_at_s) / 60)
        random = Random(f"{self._seed} cuff {at:.3f}")
        sys = self.course.sys + self.course.rise_sys * rise + random.gauss(0, 2.5)
        dia = self.course.dia + self.course.rise_dia * rise + random.gauss(0, 2.0)
        mean = dia + (sys - dia) / 3
        pulse = self.at(at).pulse
        return Determination(
            started,
            at,
            whole(sys),
            whole(dia),
            whole(mean),
            None if pulse is None else whole(pulse),
        )

    def _noise(self, channel: str, t: float) -> float:
        """Standard normal noise that is the same whenever the same moment is asked for."""
        whole_steps, part = divmod(t / NOISE_STEP_S, 1)
        step = int(whole_steps)
        if channel not in self._points or self._points[channel][0] != step:
            left, right = (Random(f"{self._seed} {channel} {step + k}").gauss(0, 1) for k in (0, 1))
            self._points[channel] = (step, left, right)
        _, left, right = self._points[channel]
        return left + (right - left) * part

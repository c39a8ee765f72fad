"""What an infusion has given: the acts on the pump as they stand, put in order of their times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ketamonitor import checks
from ketamonitor.entries import Draft, Entry

MICROSECOND = timedelta(microseconds=1)

#: A rate beyond it is a slip of the comma: it would give a whole order in seconds.
MOST_MG_PER_MIN = 100.0
MOST_ML_H = 1200.0


@dataclass(frozen=True, slots=True)
class Act:
    """One act on the pump: ``start``, ``rate``, ``pause``, ``resume`` or ``stop``.

    ``mg_per_min`` is the rate from then on, of a start and a rate.
    """

    seq: int
    at: datetime
    action: str
    mg_per_min: Fraction | None = None
    reason: str = ""
    author: str = ""
    recorded_at: datetime | None = None
    #: As the pump shows it, typed: the rate from then on, and what a stopped one has given.
    rate_ml_h: str | None = None
    pump_mg: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch at one rate; ``end`` is ``None`` while it goes on. A pause has rate 0."""

    start: datetime
    end: datetime | None
    rate: Fraction
    paused: bool
    act: Act

    def mg(self, now: datetime) -> Fraction:
        """Exactly what runs in from its start until ``now``."""
        until = now if self.end is None else min(self.end, now)
        return self.rate * max(Fraction(0), minutes_of(until - self.start))


def act_of(entry: Entry) -> Act | None:
    """The act an ``infusion`` entry stands for; ``None`` for one of a later version."""
    body, action = entry.body, entry.body["action"]
    if action not in ("start", "rate", "pause", "resume", "stop"):
        return None
    rate = None
    if action == "start":
        rate = exact(body["planned_mg"]) / exact(body["minutes"])
    elif action == "rate":
        rate = exact(body["mg_per_min"])
    return Act(
        entry.seq,
        entry.at,
        action,
        rate,
        body.get("reason", ""),
        entry.author,
        entry.recorded_at,
        body.get("rate_ml_h"),
        body.get("given_mg"),
    )


def minutes_of(span: timedelta) -> Fraction:
    """A span in minutes, exact to the microsecond."""
    return Fraction(span // MICROSECOND, 60_000_000)


def exact(number: float | str) -> Fraction:
    """A number of a body as it was typed: 34.2 is 342/10, whatever its float is."""
    return Fraction(Decimal(number if isinstance(number, str) else repr(number)))


def in_order(acts: Iterable[Act]) -> tuple[list[Stretch], Act | None]:
    """The stretches of one infusion, and the act that stopped it if one did.

    The first act must be the start. Acts count by their times, not by when they were entered, and
    none counts before the start or after the stop. What changes nothing (a pause of a paused one)
    makes no stretch. A new rate during a pause holds from the resumption.
    """
    start, *others = acts
    if start.action != "start" or start.mg_per_min is None:
        raise ValueError("an infusion begins with its start")
    rate, paused = start.mg_per_min, False
    stretches = [Stretch(start.at, None, rate, False, start)]
    for act in sorted(others, key=lambda act: (act.at, act.seq)):
        at = max(act.at, start.at)
        last = stretches[-1]
        if act.action == "stop":
            stretches[-1] = _closed(last, at)
            return stretches, act
        if act.action == "rate" and act.mg_per_min is not None:
            rate = act.mg_per_min
        elif act.action in ("pause", "resume"):
            if paused == (act.action == "pause"):
                continue
            paused = act.action == "pause"
        if act.action == "rate" and paused:
            continue
        stretches[-1] = _closed(last, at)
        stretches.append(Stretch(at, None, Fraction(0) if paused else rate, paused, act))
    return stretches, None


def rate_of(acts: Iterable[Act]) -> Fraction:
    """The rate set last before the stop, one set during a pause included."""
    start, *others = acts
    rate = start.mg_per_min or Fraction(0)
    for act in sorted(others, key=lambda act: (act.at, act.seq)):
        if act.action == "stop":
            break
        if act.action == "rate" and act.mg_per_min is not None:
            rate = act.mg_per_min
    return rate


def given(stretches: Iterable[Stretch], planned: Fraction, now: datetime) -> Fraction:
    """What has run in by ``now``, at most what was planned. Exact."""
    return min(planned, sum((stretch.mg(now) for stretch in stretches), Fraction(0)))


def ends_at(stretches: list[Stretch], planned: Fraction) -> datetime | None:
    """When the planned amount has run in, if nothing is changed any more; ``None`` in a pause or
    after a stop that came before."""
    left = planned
    for stretch in stretches:
        if stretch.rate <= 0:
            continue
        whole = stretch.start + timedelta(microseconds=round(left / stretch.rate * 60_000_000))
        if stretch.end is None or whole <= stretch.end:
            return whole
        left -= stretch.mg(stretch.end)
    return None


def volume_ml(mg: Fraction, strength_mg_ml: Fraction) -> Fraction:
    return mg / strength_mg_ml


def mg_per_min(rate_ml_h: float | str, strength_mg_ml: float | str) -> Fraction:
    """The rate that a pump's mL/h comes to at a strength."""
    return exact(rate_ml_h) * exact(strength_mg_ml) / 60


def rate_change(
    mg_per_min: float, reason: str, *, rate_ml_h: str | None = None, at: datetime, author: str
) -> Draft:
    """A new rate from ``at`` on; ``rate_ml_h`` as the pump shows it, where that was typed."""
    if not 0 < mg_per_min <= MOST_MG_PER_MIN:
        raise ValueError(
            f"The rate must be above 0 and at most {MOST_MG_PER_MIN:g} mg/min, not {mg_per_min:g}"
        )
    if rate_ml_h is not None and not 0 < exact(rate_ml_h) <= MOST_ML_H:
        raise ValueError(
            f"The rate must be above 0 and at most {MOST_ML_H:g} mL/h, not {rate_ml_h}"
        )
    if not reason.strip():
        raise ValueError("Say why the rate is changed")
    body: dict[str, Any] = {
        "action": "rate",
        "mg_per_min": mg_per_min,
        "rate_ml_h": rate_ml_h,
        "reason": checks.optional(reason, "Reason", checks.LONGEST_NOTE),
    }
    return Draft("infusion", at, author, body)


def _closed(stretch: Stretch, at: datetime) -> Stretch:
    return Stretch(stretch.start, at, stretch.rate, stretch.paused, stretch.act)

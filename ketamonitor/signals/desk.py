"""Which tone should sound where, and whether the lamp is on: pure, from the last pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ketamonitor.alarms.audible import sounding
from ketamonitor.signals.tones import TONES
from ketamonitor.view import SessionView

Place = Literal["nurse", "room"]
PLACES: tuple[Place, ...] = ("nurse", "room")

#: Computer seconds without a picture of a running session after which nobody watches it any more.
QUIET_S = 3.0
#: The tone that says so. It is no alarm of a patient and does not sound like one.
GUARD = "guard"
#: What lights the lamp. LOW and reminders are for the screen alone.
LAMP = ("high", "medium")


@dataclass(frozen=True, slots=True)
class Heard:
    """The last picture of a running session, and how many computer seconds ago it came."""

    view: SessionView
    quiet_s: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """The tone of each place (``None``: quiet) and the lamp; ``stopped`` are the sessions that the
    recorder has said nothing of for too long."""

    nurse: str | None = None
    room: str | None = None
    lamp: bool = False
    stopped: tuple[str, ...] = ()

    def tone(self, place: Place) -> str | None:
        return self.nurse if place == "nurse" else self.room


def wanted(sessions: Iterable[Heard], now: datetime) -> Wanted:
    """What is to be heard and seen at ``now``, a moment of the sessions' own clock.

    At each place the most urgent tone of all sessions. A pause of one session quiets no other one.
    """
    sessions = tuple(sessions)
    stopped = tuple(heard.view.info.id for heard in sessions if _stopped(heard))
    nurse, room = (urgent(_tone(heard, place, now) for heard in sessions) for place in PLACES)
    return Wanted(nurse, room, bool(stopped) or any(_lit(h.view) for h in sessions), stopped)


def urgent(tones: Iterable[str | None]) -> str | None:
    """The tone that goes before the others, or ``None`` where there is none."""
    return max((t for t in tones if t is not None), key=lambda t: TONES[t].urgency, default=None)


def _tone(heard: Heard, place: Place, now: datetime) -> str | None:
    view, plan = heard.view, heard.view.info.protocol.sound
    here = ("both", place)
    alarms = [a for a in view.every_alarm if plan.where(a.priority) in here]
    alarm = sounding(alarms, view.audio_pause, plan, now)
    # That monitoring has stopped is as urgent as HIGH: it sounds where HIGH does.
    guard = GUARD if _stopped(heard) and plan.where("high") in here else None
    return urgent((guard, alarm.priority if alarm else None))


def _stopped(heard: Heard) -> bool:
    return heard.quiet_s > QUIET_S


def _lit(view: SessionView) -> bool:
    return any(a.signals and a.priority in LAMP for a in view.every_alarm)

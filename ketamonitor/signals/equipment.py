"""The outputs of this computer as its settings say: a player for each place, and the lamp."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from devices.lamp import Lamp, LampLine, LampState
from devices.timing import Clock
from ketamonitor.signals.desk import Place
from ketamonitor.signals.player import Player, SoundState
from ketamonitor.signals.settings import SignalSettings, read_settings


class Speaker(Protocol):
    """What sounds a tone: a :class:`~ketamonitor.signals.player.Player`."""

    @property
    def state(self) -> SoundState: ...

    def want(self, tone: str | None) -> None: ...

    def once(self, tone: str) -> bool: ...

    def tick(self, now: datetime) -> object: ...

    def close(self) -> None: ...


class CallLamp(Protocol):
    """What lights up: a :class:`~devices.lamp.Lamp`."""

    @property
    def state(self) -> LampState: ...

    def want(self, on: bool) -> None: ...

    def tick(self, now: datetime) -> object: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Equipment:
    """What there is to signal with. ``speakers`` are by output; ``at`` says which of them serves a
    place. ``fault``: why it is not as somebody had chosen. ``output`` names the outputs in words;
    ``lamp_port`` is the lamp's, which no monitor may have.
    """

    output: str
    speakers: tuple[Speaker, ...] = ()
    at: Mapping[Place, Speaker] = field(default_factory=dict)
    lamp: CallLamp | None = None
    fault: str = ""
    lamp_fault: str = ""
    lamp_port: str = ""

    @property
    def sound(self) -> SoundState:
        """The state of all outputs together: one that has failed is a failure."""
        if self.fault:
            return SoundState("failed", self.fault)
        if not self.speakers:
            return SoundState("off", "sound is switched off on this computer")
        states = [speaker.state for speaker in self.speakers]
        failed = [state for state in states if state.state == "failed"]
        some = failed or [state for state in states if state.state == "off"] or states
        return SoundState(some[0].state, "; ".join(state.text for state in some))

    @property
    def lamp_state(self) -> LampState | None:
        """``None`` where this computer has no lamp."""
        if self.lamp_fault:
            return LampState("failed", self.lamp_fault)
        return self.lamp.state if self.lamp is not None else None

    def close(self) -> None:
        for speaker in self.speakers:
            speaker.close()
        if self.lamp is not None:
            self.lamp.close()


Equip = Callable[[Clock], Equipment]


def equipment_of(path: Path) -> Equip:
    """What the settings file at ``path`` names. Settings that cannot be read are told as a failure
    of the sound, and tones go to the usual output meanwhile."""

    def equip(clock: Clock) -> Equipment:
        try:
            return equipped(read_settings(path), clock)
        except ValueError as error:
            return equipped(SignalSettings(), clock, str(error))

    return equip


def equipped(settings: SignalSettings, clock: Clock, fault: str = "") -> Equipment:
    """Players and lamp of these settings. A place without a loudspeaker of its own is served by
    the nurse's: an alarm for the room must not be silent because there is none there."""
    sound = settings.sound
    named = {"nurse": sound.nurse, "room": sound.room or sound.nurse} if sound.enabled else {}
    players = {name: Player(name, sound.volume, clock) for name in dict.fromkeys(named.values())}
    at: dict[Place, Speaker] = {}
    if named:
        at = {"nurse": players[named["nurse"]], "room": players[named["room"]]}
    lamp, lamp_fault = None, ""
    if settings.lamp.port:
        try:
            lamp = Lamp(
                settings.lamp.port,
                LampLine(settings.lamp.line),
                clock,
                normally_on=settings.lamp.normally_on,
            )
        except ValueError as error:
            lamp_fault = str(error)
    output = " and ".join(_shown(name) for name in players) or "no output"
    return Equipment(
        output, tuple(players.values()), at, lamp, fault, lamp_fault, settings.lamp.port
    )


def _shown(name: str) -> str:
    return f'"{name}"' if name else "the default output"

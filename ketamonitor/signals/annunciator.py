"""The thread that sounds the tones and lights the lamp: from the recorder's pictures alone."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from devices.timing import Clock
from ketamonitor.clock import SteadyClock
from ketamonitor.entries import PROGRAM, Draft
from ketamonitor.signals.desk import GUARD, Heard, Wanted, urgent, wanted
from ketamonitor.signals.equipment import Equip, Equipment, Speaker, equipment_of
from ketamonitor.view import SessionView, Update

log = logging.getLogger(__name__)

#: Computer seconds between two looks where nothing comes.
LOOK_S = 0.25
#: Between two looks at the outputs themselves, and between two heartbeats.
TICK = timedelta(seconds=1)
#: The same fault of the program is told again only after so long.
TELL_AGAIN = timedelta(seconds=60)

Submit = Callable[[str, Iterable[Draft]], Future[Any]]
#: Tells whoever watches this process which sessions run in it. A ``TimeoutError`` where that one
#: does not answer, another ``OSError`` where it has gone.
Beat = Callable[[tuple[str, ...]], None]


@dataclass(slots=True)
class _Session:
    view: SessionView
    heard_at: datetime


class Annunciator(threading.Thread):
    """Hears every update of the recorder, decides, and drives the outputs.

    It needs no event loop, no page and no GUI thread. Whatever fails in it is told (log, and an
    ``audit`` entry without data) and it goes on. ``clock`` is the sessions' time; ``real`` counts
    the computer's seconds, also where sessions run faster. ``submit`` records the states of sound
    and lamp in each running session; ``beat`` is called each second and when
    a session begins or ends. :meth:`hear`,
    :meth:`sound_test`, :meth:`stop` and :attr:`output` are for any thread.
    """

    def __init__(
        self, equip: Equip, clock: Clock, real: Clock, submit: Submit, beat: Beat | None = None
    ) -> None:
        super().__init__(name="annunciator", daemon=True)
        self._equip, self._clock, self._real = equip, clock, real
        self._submit, self._beat = submit, beat
        self._inbox: queue.SimpleQueue[Update | Future[bool] | None] = queue.SimpleQueue()
        self._sessions: dict[str, _Session] = {}
        self._told: dict[tuple[str, str], tuple[str, str]] = {}  # by session and signal
        self._faults: dict[str, datetime] = {}  # when each was told
        self._equipment = Equipment("no output", fault="the outputs could not be opened")
        self._next_tick = real.now()
        self._beaten: tuple[str, ...] = ()
        self._guard: tuple[str, str] | None = None  # state and words, once it has been beaten to
        self._stopping = False
        #: What is wanted of the outputs now; may be looked at from anywhere.
        self.wanted = Wanted()

    # From any thread -------------------------------------------------------------------------

    def hear(self, update: Update) -> None:
        """Take in what the recorder published. Returns at once."""
        self._inbox.put(update)

    def sound_test(self) -> Future[bool]:
        """One HIGH burst on each output. ``False``: not now, as an alarm's tone is wanted or there
        is no sound."""
        asked: Future[bool] = Future()
        self._inbox.put(asked)
        return asked

    @property
    def output(self) -> str:
        """Where tones go, in words: ``the default output``, ``"Headset"``."""
        return self._equipment.output

    @property
    def lamp_port(self) -> str:
        """The port of the nurse-call lamp, or nothing: a search must not open it."""
        return self._equipment.lamp_port

    def stop(self) -> None:
        """End; the outputs are closed by the thread itself."""
        self._inbox.put(None)

    # On its own thread -----------------------------------------------------------------------

    def run(self) -> None:
        self._safely("opening the outputs", self._open)
        while not self._stopping:
            for item in self._taken():
                if item is None:
                    self._stopping = True
                elif isinstance(item, Update):
                    self._take(item)
                else:
                    self._test(item)
            if not self._safely("choosing the tones", self._decide):
                # Nobody knows what should sound: that is for a person to see.
                self.wanted = Wanted(nurse=GUARD, lamp=True, stopped=tuple(self._sessions))
            self._drive()
            now = self._real.now()
            if now >= self._next_tick:
                self._next_tick = now + TICK
                self._look(now)
                self._safely("telling the guard", self._beat_once)
            elif tuple(self._sessions) != self._beaten:
                self._safely("telling the guard", self._beat_once)
            self._safely("telling the state of the signals", self._tell)
        self._safely("closing the outputs", self._equipment.close)
        self._refuse_the_rest()

    def _open(self) -> None:
        self._equipment = self._equip(self._real)

    def _taken(self) -> list[Update | Future[bool] | None]:
        """All that waits; the last picture counts, and a burst of them is one decision."""
        taken: list[Update | Future[bool] | None] = []
        try:
            taken.append(self._inbox.get(timeout=LOOK_S))
            while True:
                taken.append(self._inbox.get_nowait())
        except queue.Empty:
            return taken

    def _take(self, update: Update) -> None:
        view = update.view
        if view.ended_at is None or view.unsaved:
            self._sessions[update.session] = _Session(view, self._real.now())
            return
        self._sessions.pop(update.session, None)
        self._told = {key: told for key, told in self._told.items() if key[0] != update.session}

    def _decide(self) -> None:
        real = self._real.now()
        heard = [
            Heard(one.view, (real - one.heard_at).total_seconds())
            for one in self._sessions.values()
        ]
        before, self.wanted = self.wanted, wanted(heard, self._clock.now())
        for session in set(self.wanted.stopped) - set(before.stopped):
            log.error("monitoring stopped: no word of session %s from the recorder", session)

    def _drive(self) -> None:
        """Each output by itself: one that fails takes no other with it."""
        for speaker in self._equipment.speakers:
            self._safely("sounding a tone", partial(self._sound, speaker))
        if (lamp := self._equipment.lamp) is not None:
            self._safely("switching the lamp", partial(lamp.want, self.wanted.lamp))

    def _sound(self, speaker: Speaker) -> None:
        """The most urgent tone of the places that this output serves."""
        served = [place for place, by in self._equipment.at.items() if by is speaker]
        speaker.want(urgent(self.wanted.tone(place) for place in served))

    def _look(self, now: datetime) -> None:
        for speaker in self._equipment.speakers:
            self._safely("watching the sound", partial(speaker.tick, now))
        if (lamp := self._equipment.lamp) is not None:
            self._safely("watching the lamp", partial(lamp.tick, now))

    def _beat_once(self) -> None:
        self._beaten = tuple(self._sessions)
        if self._beat is None:
            return
        try:
            self._beat(self._beaten)
        except (TimeoutError, BlockingIOError):
            self._guard = ("failed", "it hangs: a window that died would not be started again")
        except OSError:
            self._guard = ("failed", "it has gone: a window that died would not be started again")
        else:
            self._guard = ("ready", "")

    def _tell(self) -> None:
        """Each session records the state of sound and lamp at its start and when it changes."""
        sound, lamp = self._equipment.sound, self._equipment.lamp_state
        states: dict[str, tuple[str, str]] = {"sound": (sound.state, sound.text)}
        if lamp is not None:
            states["lamp"] = (lamp.word, lamp.reason)
        if self._guard is not None:
            states["guard"] = self._guard
        for session in self._sessions:
            for what, state in states.items():
                if self._told.get((session, what)) != state:
                    self._told[session, what] = state
                    body = {"event": what, "state": state[0], "text": state[1]}
                    self._audit(session, body)

    def _test(self, asked: Future[bool]) -> None:
        if not asked.set_running_or_notify_cancel():
            return
        try:
            played = [speaker.once("high") for speaker in self._equipment.speakers]
        except Exception as fault:  # noqa: BLE001 - handed to whoever asked
            asked.set_exception(fault)
        else:
            asked.set_result(bool(played) and all(played))

    def _safely(self, doing: str, job: Callable[[], object]) -> bool:
        """Whether it was done. A fault in one thing ends neither the others nor the thread."""
        try:
            job()
        except Exception as fault:  # noqa: BLE001 - told below, without data
            self._own_fault(doing, fault)
            return False
        return True

    def _own_fault(self, doing: str, fault: Exception) -> None:
        now, name = self._real.now(), type(fault).__name__
        told_at = self._faults.get(doing)
        if told_at is not None and now - told_at < TELL_AGAIN:
            return
        self._faults[doing] = now
        log.error("program fault while %s: %s", doing, name)
        for session in self._sessions:
            self._audit(session, {"event": "program_fault", "where": doing, "fault": name})

    def _audit(self, session: str, body: dict[str, Any]) -> None:
        # Nobody waits for it: a session that has just ended refuses it, the rest is written.
        self._submit(session, (Draft("audit", self._clock.now(), PROGRAM, body),))

    def _refuse_the_rest(self) -> None:
        while True:
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                return
            if isinstance(item, Future) and item.set_running_or_notify_cancel():
                item.set_result(False)


def annunciator(settings: Path, beat: Beat | None = None) -> Callable[[Clock, Submit], Annunciator]:
    """Makes the annunciator of a station, with the outputs that the settings file names."""

    def make(clock: Clock, submit: Submit) -> Annunciator:
        return Annunciator(equipment_of(settings), clock, SteadyClock(), submit, beat)

    return make

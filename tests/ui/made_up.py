"""Made-up sessions for tests and pictures: entries as the program makes them, and their views."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ketamonitor import alarm_drafts, drafts
from ketamonitor.entries import PROGRAM, Draft, Entry, chain
from ketamonitor.instruments import AnswerStatus
from ketamonitor.session import LiveSession
from ketamonitor.view import SessionView, Update
from tests.domain.builders import SESSION, cuff, link, protocol, started
from tests.fakes import ManualClock

ZONE = UTC
NURSE = "okafor"
#: Steps of the clock at which continuous values come and alarms are looked for.
STEP_S = 2


def at(text: str) -> datetime:
    """``14:02`` or ``14:02:30`` on the made-up day."""
    hour, minute, *second = (int(part) for part in text.split(":"))
    return datetime(2026, 11, 23, hour, minute, *(second or [0]), tzinfo=ZONE)


@dataclass
class MadeUp:
    """A session played from its start; :meth:`update` hands over what is new, as the recorder."""

    live: LiveSession
    entries: list[Entry]
    clock: ManualClock
    handed: int = 0
    unsaved: int = 0
    record_fault: str = ""
    script: Script | None = None

    @classmethod
    def begin(cls, start: datetime, simulated: bool = False) -> MadeUp:
        draft = started(protocol(), at=start)
        body = {**draft.body, "simulated": simulated}
        first = chain(Draft("session", start, NURSE, body), SESSION, 1, start, "0" * 64)
        return cls(LiveSession(first), [first], ManualClock(start))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def add(self, *new: Draft) -> None:
        for draft in new:
            last = self.entries[-1]
            recorded = max(draft.at, self.now)
            entry = chain(draft, SESSION, last.seq + 1, recorded, last.hash)
            self.entries.append(entry)
            self.live.apply(entry)

    def settle(self) -> None:
        """Raises and clears the alarms that follow."""
        self.add(*self.live.changes(self.now, self.record_fault))

    def view(self) -> SessionView:
        return self.live.view(
            self.now,
            saved_at=self.entries[-1].recorded_at,
            unsaved=self.unsaved,
            record_fault=self.record_fault,
        )

    def update(self) -> Update:
        new = tuple(self.entries[self.handed :])
        self.handed = len(self.entries)
        return Update(SESSION, new, self.view())


#: A draft, or what makes one or several of the session as it then is.
Act = Draft | Callable[["MadeUp"], Draft] | Callable[["MadeUp"], list[Draft]]


@dataclass
class Script:
    """What happens when. ``pulse`` and ``spo2`` give the value at a time, or ``None``."""

    start: datetime
    end: datetime
    pulse: Callable[[datetime], float | None]
    spo2: Callable[[datetime], float | None]
    acts: list[tuple[datetime, Act]] = field(default_factory=list)
    first_value: datetime | None = None


def play(script: Script, step_s: float = STEP_S) -> MadeUp:
    """The session at the script's end."""
    made = MadeUp.begin(script.start)
    made.script = script
    acts = iter(sorted(script.acts, key=lambda act: act[0]))
    act = next(acts, None)
    while made.now < script.end:
        made.clock.advance(min(step_s, (script.end - made.now).total_seconds()))
        while act is not None and act[0] <= made.now:
            done = act[1](made) if callable(act[1]) else act[1]
            made.add(*(done if isinstance(done, list) else [done]))
            act = next(acts, None)
        if made.now >= (script.first_value or script.start):
            made.add(values_of(made.now, script))
        made.settle()
    return made


def bp(when: str, sys: float, dia: float, mean: float) -> tuple[datetime, Draft]:
    moment = at(when)
    reading = cuff(0, sys, dia, mean)
    stamp = moment.isoformat()
    body = {**reading.body, "measured_at": stamp, "received_at": stamp}
    return moment, Draft("reading", moment, PROGRAM, body)


def seen(when: str, moaas: int, dissociation: int) -> Iterator[tuple[datetime, Draft]]:
    moment = at(when)
    for key, value in (("moaas", moaas), ("dissociation", dissociation), ("breaths", 14)):
        yield (
            moment,
            drafts.observation(key, AnswerStatus.ANSWERED, value, at=moment, author=NURSE),
        )


def connected(when: str) -> tuple[datetime, Draft]:
    made = link(0, "connected", "")
    return at(when), Draft("device", at(when), PROGRAM, {**made.body, "port": "COM3"})


def lock_baseline(when: str) -> tuple[datetime, Callable[[MadeUp], Draft]]:
    """The last cuff reading as baseline."""

    def draft(made: MadeUp) -> Draft:
        point = made.live.record.cuff[-1]
        assert point.sys is not None
        assert point.dia is not None
        return drafts.baseline(point.sys, point.dia, point.seq, point.at, at=at(when), author=NURSE)

    return at(when), draft


def acknowledged(when: str) -> Callable[[MadeUp], list[Draft]]:
    """Everything that nobody has acknowledged yet."""

    def made_drafts(made: MadeUp) -> list[Draft]:
        return [
            alarm_drafts.acknowledge(a, at=at(when), author=NURSE)
            for a in made.live.active.values()
            if a.acknowledged_at is None
        ]

    return made_drafts


def values_of(now: datetime, script: Script) -> Draft:
    return told(now, "dinamap", pulse=script.pulse(now), spo2=script.spo2(now))


def told(now: datetime, source: str, **values: float | None) -> Draft:
    """A reading of a monitor."""
    stamp = now.isoformat()
    body = {
        "source": source,
        "measured_at": stamp,
        "received_at": stamp,
        "values": values,
        "flags": [],
    }
    return Draft("reading", now, PROGRAM, body)


def _wave(now: datetime, middle: float, size: float, minutes: float) -> float:
    return round(middle + size * math.sin(now.timestamp() / 60 / minutes * 2 * math.pi))


def _start_acts() -> list[tuple[datetime, Act]]:
    infusion = drafts.infusion_start(
        "ketamine (racemic)", "iv", 34.2, 40, weight_kg=68.4, at=at("14:02"), author=NURSE
    )
    said = drafts.note("Floating, likes the music", said_by="patient", at=at("14:18"), author=NURSE)
    return [
        connected("13:48:10"),
        bp("13:50", 124, 76, 92),
        bp("13:56", 122, 74, 90),
        lock_baseline("13:57"),
        (at("14:02"), infusion),
        bp("14:12", 128, 78, 95),
        *seen("14:12", 5, 3),
        (at("14:18"), said),
    ]


def calm(end: str = "14:35:36", step_s: float = STEP_S) -> MadeUp:
    """A quiet infusion 33 minutes in; the SpO2 probe was off for 80 s at 14:23:50."""
    acts = [
        *_start_acts(),
        bp("14:22", 133, 81, 98),
        *seen("14:22", 5, 5),
        bp("14:32", 138, 84, 102),
        *seen("14:30:20", 5, 6),
    ]

    def spo2(now: datetime) -> float | None:
        if at("14:23:50") <= now < at("14:25:10"):
            return None
        return min(99.0, _wave(now, 98.3, 0.9, 3.1))

    def pulse(now: datetime) -> float | None:
        return _wave(now, 75 + max(0, (now - at("14:02")).total_seconds()) / 400, 2.2, 11)

    return play(Script(at("13:48"), at(end), pulse, spo2, acts, at("13:50")), step_s)


def alarm(end: str = "14:35:36", step_s: float = STEP_S) -> MadeUp:
    """Pressure above its HIGH limits, pulse above MEDIUM, the SpO2 probe off."""
    acts = [
        *_start_acts(),
        bp("14:22", 152, 92, 112),
        *seen("14:22", 5, 5),
        bp("14:24", 150, 90, 110),
        *seen("14:30:20", 5, 7),
        (at("14:24:30"), acknowledged("14:24:30")),
        bp("14:32", 182, 111, 134),
        (at("14:32:30"), acknowledged("14:32:30")),
        bp("14:34", 184, 112, 136),
    ]

    def spo2(now: datetime) -> float | None:
        return None if now >= at("14:34:52") else min(99.0, _wave(now, 98.3, 0.9, 3.1))

    def pulse(now: datetime) -> float | None:
        rise = max(0.0, (now - at("14:05")).total_seconds()) / 1700 * 31
        late = max(0.0, (now - at("14:33")).total_seconds()) / 10
        return _wave(now, min(118, 75 + rise + late), 1.0, 7)

    return play(Script(at("13:48"), at(end), pulse, spo2, acts, at("13:50")), step_s)


def due(end: str = "14:43:40", step_s: float = STEP_S) -> MadeUp:
    """Calm, but the cuff reading and the observation of 14:42 have not been made yet."""
    return calm(end, step_s)


def fresh(end: str = "13:48:20") -> MadeUp:
    """Just begun: connected, nothing measured."""
    return play(
        Script(
            at("13:48"),
            at(end),
            lambda _: None,
            lambda _: None,
            [connected("13:48:10")],
            at(end) + timedelta(days=1),
        )
    )


def medium(end: str = "14:24:36", step_s: float = STEP_S) -> MadeUp:
    """One MEDIUM alert: the first severe reading, which asks for a second one."""
    acts = [
        *_start_acts(),
        bp("14:22", 133, 81, 98),
        *seen("14:22", 5, 5),
        bp("14:24", 182, 88, 119),
    ]
    made = play(
        Script(at("13:48"), at(end), _steady_pulse, _steady_spo2, acts, at("13:50")), step_s
    )
    made.add(alarm_drafts.sound_test("headset", True, at=at("13:40"), author=NURSE))
    made.add(sound("ready", "", made.now))
    return made


def audio_paused(end: str = "14:35:36", step_s: float = STEP_S) -> MadeUp:
    """As :func:`alarm`, with the audio paused 18 s before."""
    made = alarm("14:35:18", step_s)
    plan = made.live.info.protocol.pause
    made.add(alarm_drafts.audio_paused(plan, at=made.now, author=NURSE))
    return _on(made, end, step_s, measured=True)


def interruption(end: str = "14:37:10", step_s: float = STEP_S) -> MadeUp:
    """To the toilet for five minutes at 14:35; cuff and probe are off, the breaths go on."""
    made = calm("14:34:58", step_s)
    plan = made.live.info.protocol.pause
    made.add(alarm_drafts.alarm_paused(plan, "moved", 5, at=made.now, author=NURSE))
    return _on(made, end, step_s)


def latched(end: str = "14:35:36", step_s: float = STEP_S) -> MadeUp:
    """A HIGH pressure that is over, and that nobody has seen."""
    acts = [
        *_start_acts(),
        bp("14:22", 204, 96, 128),
        (at("14:22:20"), drafts.note("At the next chair", at=at("14:22:20"), author=NURSE)),
        *seen("14:22", 5, 5),
        bp("14:24", 138, 84, 102),
        bp("14:32", 136, 83, 101),
    ]
    return play(
        Script(at("13:48"), at(end), _steady_pulse, _steady_spo2, acts, at("13:50")), step_s
    )


def crowded(end: str = "14:35:36", step_s: float = STEP_S) -> MadeUp:
    """One cuff reading beyond nearly every limit of both numbers."""
    made = calm("14:35:10", step_s)
    made.add(bp("14:35:10", 205, 120, 149)[1])
    made.settle()
    return _on(made, end, step_s, measured=True)


def two_monitors(end: str = "14:35:36", step_s: float = STEP_S) -> MadeUp:
    """A second monitor that says pulse 55 and SpO2 91 while the leading one says what it says."""
    made = calm(end, step_s)
    later = [e.at for e in made.entries if e.kind == "reading" and "spo2" in e.body["values"]]
    for moment in later:
        made.add(told(moment, "masimo", pulse=55.0, spo2=91.0))
    return made


def no_link(end: str = "14:35:36", step_s: float = STEP_S) -> MadeUp:
    """The monitor's cable is out: its last numbers are old, none has passed a limit."""
    made = calm("14:35:20", step_s)
    body = {
        "event": "link", "source": "dinamap", "state": "lost", "port": "/dev/ttyUSB0",
        "reason": "the adapter is gone",
    }  # fmt: skip
    made.add(Draft("device", made.now, PROGRAM, body))
    return _on(made, end, step_s)


def no_value(end: str = "14:35:36", step_s: float = STEP_S) -> MadeUp:
    """The monitor says this moment that it has no SpO2."""
    made = calm(end, step_s)
    made.add(told(made.now, "dinamap", spo2=None, pulse=76.0))
    made.settle()
    return made


def limits_changed(end: str = "14:35:36", step_s: float = STEP_S) -> MadeUp:
    """Calm; one limit of pulse was set to another value, with a reason."""
    made = calm(end, step_s)
    rows = made.live.info.protocol
    preset = next(row for row in rows.limit if row.id == "pulse>110")
    reason = "runs at 105, prescriber agrees"
    made.add(alarm_drafts.limit_changed(preset, 120, reason, rows.pause, at=made.now, author=NURSE))
    made.add(alarm_drafts.sound_test("headset", True, at=at("13:40"), author=NURSE))
    made.add(sound("ready", "", made.now))
    return made


def sound(state: str, text: str, when: datetime) -> Draft:
    """What the player of tones says of itself."""
    return Draft("audit", when, PROGRAM, {"event": "sound", "state": state, "text": text})


def _on(made: MadeUp, end: str, step_s: float, *, measured: bool = False) -> MadeUp:
    """Time goes on; values go on coming, or nothing is measured."""
    while made.now < at(end):
        made.clock.advance(min(step_s, (at(end) - made.now).total_seconds()))
        if measured and made.script is not None:
            made.add(values_of(made.now, made.script))
        made.settle()
    return made


def _steady_pulse(now: datetime) -> float | None:
    return _wave(now, 80, 2.2, 11)


def _steady_spo2(now: datetime) -> float | None:
    return min(99.0, _wave(now, 98.3, 0.9, 3.1))


STATES: dict[str, Callable[[], MadeUp]] = {
    "calm": calm,
    "medium": medium,
    "alarm": alarm,
    "audio-paused": audio_paused,
    "interruption": interruption,
    "latched": latched,
    "crowded": crowded,
    "two-monitors": two_monitors,
    "no-link": no_link,
    "no-value": no_value,
    "limits-changed": limits_changed,
    "due": due,
    "fresh": fresh,
}

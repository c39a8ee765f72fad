"""Tones and lamp follow the recorder's pictures: what is wanted, what sounds, what is told."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from devices.lamp import Lamp, LampLine
from devices.timing import Clock
from ketamonitor.alarm_plan import SoundPlan
from ketamonitor.entries import Draft
from ketamonitor.signals.annunciator import Annunciator, Beat
from ketamonitor.signals.desk import Heard, Wanted, wanted
from ketamonitor.signals.equipment import Equip, Equipment, equipment_of, equipped
from ketamonitor.signals.output import Pull, SoundError
from ketamonitor.signals.player import Player
from ketamonitor.signals.settings import LampSettings, SignalSettings, SoundSettings
from ketamonitor.station import SessionPlan, Station
from ketamonitor.view import AudioPause, DeviceChoice, Patient, SessionView, Update
from tests.domain.alarm_course import AlarmCourse, shaped
from tests.domain.builders import SESSION, at, cuff, started
from tests.fakes import ManualClock, RealSeconds
from tests.waits import PATIENCE_S as WAIT
from tests.waits import until


def high(**sound: Any) -> AlarmCourse:
    """A session whose second pressure has confirmed a HIGH alarm, now."""
    course = AlarmCourse(shaped(sound=SoundPlan(**sound)))
    course.enter(cuff(1, 200, 80))
    return course


def medium(**sound: Any) -> AlarmCourse:
    """A session with a MEDIUM alarm, raised now."""
    course = AlarmCourse(shaped(sound=SoundPlan(**sound)))
    course.enter(cuff(1, 184, 84))
    return course


def of(course: AlarmCourse, *, quiet_s: float = 0, after_s: float = 0) -> Wanted:
    course.run(int(after_s))
    return wanted([Heard(course.view(), quiet_s)], at(course.t))


# What is wanted -------------------------------------------------------------------------------


def test_high_sounds_at_once_at_the_nurse_s_side_and_lights_the_lamp() -> None:
    assert of(high()) == Wanted(nurse="high", room=None, lamp=True)


def test_medium_lights_the_lamp_at_once_and_sounds_when_the_screen_has_been_alone() -> None:
    course = medium()
    assert of(course) == Wanted(lamp=True)
    assert of(course, after_s=10) == Wanted(nurse="medium", lamp=True)


def test_low_alarms_and_reminders_have_neither_tone_nor_lamp() -> None:
    course = AlarmCourse()
    course.device("battery_low")
    course.dose()
    while "overdue" not in [entry.body.get("event") for entry in course.entries]:
        course.run(30, spo2=97, pulse=72)
    assert [a.priority for a in course.view().alarms] == ["low"]
    assert of(course) == Wanted()


def test_an_acknowledged_alarm_is_quiet_and_dark() -> None:
    course = high()
    course.acknowledge(course.listed()[0])
    assert of(course) == Wanted()


def test_audio_paused_quiets_its_session_and_no_other_and_leaves_the_lamp() -> None:
    paused, other = high(), medium()
    paused.pause_audio()
    assert of(paused) == Wanted(lamp=True)
    other.run(10)
    both = [Heard(paused.view(), 0), Heard(other.view(), 0)]
    assert wanted(both, at(11)).nurse == "medium"


@pytest.mark.parametrize(
    ("places", "nurse", "room"),
    [
        ({"high": "room"}, "medium", "high"),
        ({"high": "both"}, "high", "high"),
        ({"high": "nurse", "medium": "room"}, "high", "medium"),
    ],
)
def test_each_place_has_the_most_urgent_tone_that_belongs_there(
    places: dict[str, Any], nurse: str | None, room: str | None
) -> None:
    first, second = high(**places), medium(**places)
    second.run(10)
    sessions = [Heard(first.view(), 0), Heard(second.view(), 0)]
    got = wanted(sessions, at(second.t))
    assert (got.nurse, got.room) == (nurse, room)


def test_no_word_of_a_session_for_more_than_three_seconds_sounds_where_high_does() -> None:
    calm = AlarmCourse()
    assert of(calm, quiet_s=3.0) == Wanted()
    assert of(calm, quiet_s=3.1) == Wanted(nurse="guard", lamp=True, stopped=(SESSION,))
    in_room = AlarmCourse(shaped(sound=SoundPlan(high="room")))
    assert of(in_room, quiet_s=3.1).room == "guard"
    paused = replace(calm.view(), audio_pause=AudioPause(at(0), None, "okafor"))
    assert wanted([Heard(paused, 9)], at(9)).nurse == "guard"


def test_a_patient_s_high_alarm_goes_before_the_guard_s_tone_and_that_before_medium() -> None:
    assert of(high(), quiet_s=5).nurse == "high"
    assert of(medium(), quiet_s=5, after_s=10).nurse == "guard"


# That it sounds and is told -------------------------------------------------------------------


class Loudspeaker:
    """The audio device: it takes samples when the test says so, and can be pulled out."""

    def __init__(self) -> None:
        self.pull: Pull | None = None
        self.there = True
        self.begun: list[str] = []

    def open(self, device: str, pull: Pull) -> Loudspeaker:
        if not self.there:
            raise SoundError("the headset is gone")
        self.pull = pull
        return self

    def play(self) -> bool:
        """Takes 40 ms; whether anything was to be heard."""
        assert self.pull is not None
        return bool(np.frombuffer(self.pull(1920), np.int16).any())

    def handed(self, tone: str, at: datetime) -> None:
        self.begun.append(tone)

    def close(self) -> None:
        self.pull = None


class Line:
    """The port of the lamp."""

    rts = False
    dtr = False

    def close(self) -> None:
        self.rts = False


class Bedside:
    """An annunciator with one loudspeaker and a lamp; what it records is kept."""

    def __init__(self, equip: Equip | None = None, beat: Beat | None = None) -> None:
        self.clock, self.real = ManualClock(at(2)), ManualClock()
        self.speaker, self.line = Loudspeaker(), Line()
        self.recorded: list[tuple[str, dict[str, Any]]] = []
        self.annunciator = Annunciator(
            equip or self.equip, self.clock, self.real, self._submit, beat
        )
        self.annunciator.start()

    def equip(self, clock: Clock) -> Equipment:
        player = Player("", 0.6, clock, self.speaker.open, self.speaker.handed)
        lamp = Lamp("/dev/lamp", LampLine.RTS, clock, opener=lambda url: self.line)
        return Equipment("the default output", (player,), {"nurse": player, "room": player}, lamp)

    def _submit(self, session: str, drafts: Iterable[Draft]) -> Future[Any]:
        self.recorded += [(session, dict(draft.body)) for draft in drafts]
        return Future()

    def events(self, *names: str) -> list[tuple[str, str]]:
        return [
            (body["event"], body.get("state", body.get("where", "")))
            for _, body in self.recorded
            if body["event"] in names
        ]

    def show(self, view: SessionView, session: str = SESSION) -> None:
        self.annunciator.hear(Update(session, (), view))

    def second(self) -> None:
        """A second of the computer, in which the device takes its samples."""
        if self.speaker.pull is not None:
            self.speaker.play()
        self.real.advance(1)

    def close(self) -> None:
        self.annunciator.stop()
        self.annunciator.join(WAIT)
        assert not self.annunciator.is_alive()


@pytest.fixture
def bedside() -> Iterator[Bedside]:
    made = Bedside()
    yield made
    made.close()


def test_a_high_alarm_is_in_the_next_samples_and_on_the_lamp(bedside: Bedside) -> None:
    calm = AlarmCourse()
    bedside.show(calm.view())
    until(lambda: bedside.speaker.pull is not None)
    assert not bedside.speaker.play()
    bedside.show(high().view())
    until(lambda: bedside.annunciator.wanted.nurse == "high")
    until(bedside.speaker.play, "the tone was never handed to the device")
    assert bedside.speaker.begun == ["high"]
    until(lambda: bedside.line.rts, "the lamp stayed dark")
    bedside.show(calm.view())
    until(lambda: bedside.annunciator.wanted == Wanted())
    until(lambda: not bedside.line.rts)


def test_medium_sounds_when_its_time_has_come_although_no_update_comes(bedside: Bedside) -> None:
    course = medium()
    bedside.show(course.view())
    until(lambda: bedside.annunciator.wanted.lamp)
    assert bedside.annunciator.wanted.nurse is None
    bedside.clock.advance(10)
    until(lambda: bedside.annunciator.wanted.nurse == "medium")


def test_a_recorder_that_says_nothing_is_heard_within_the_next_look(bedside: Bedside) -> None:
    calm = AlarmCourse().view()
    bedside.show(calm)
    until(lambda: bool(bedside.recorded))
    bedside.real.advance(3.1)
    until(lambda: bedside.annunciator.wanted.nurse == "guard")
    bedside.show(calm)
    until(lambda: bedside.annunciator.wanted == Wanted())


def test_an_ended_session_is_forgotten_once_its_end_is_written(bedside: Bedside) -> None:
    view = replace(high().view(), ended_at=at(2), unsaved=1)
    bedside.show(view)
    until(lambda: bedside.annunciator.wanted.nurse == "high")
    bedside.show(replace(view, unsaved=0))
    until(lambda: bedside.annunciator.wanted == Wanted())
    bedside.real.advance(9)
    assert bedside.annunciator.wanted == Wanted()


def test_each_session_records_sound_and_lamp_at_its_start_and_when_they_change(
    bedside: Bedside,
) -> None:
    calm = AlarmCourse().view()
    bedside.show(calm)
    until(lambda: ("lamp", "ready") in bedside.events("sound", "lamp"))
    assert bedside.events("sound") == [("sound", "ready")]
    bedside.second()
    until(lambda: bedside.speaker.pull is not None)
    # the headset is pulled out: no block is taken any more, and it cannot be opened
    bedside.speaker.there = False
    for _ in range(5):
        bedside.real.advance(1)
        bedside.show(calm)
        until(lambda: bedside.annunciator._next_tick > bedside.real.now())
    until(lambda: bedside.events("sound")[-1] == ("sound", "failed"))
    bedside.show(calm, "KM-261123-000002")
    until(lambda: bedside.recorded[-1][0] == "KM-261123-000002")
    sounds = [body for name, body in bedside.recorded if name != SESSION]
    assert {b["event"]: b["state"] for b in sounds} == {"sound": "failed", "lamp": "ready"}
    assert "No sound" in next(b["text"] for b in sounds if b["event"] == "sound")


def test_the_sound_test_plays_one_burst_and_never_while_an_alarm_sounds(bedside: Bedside) -> None:
    bedside.show(AlarmCourse().view())
    assert bedside.annunciator.sound_test().result(WAIT) is True
    assert bedside.speaker.play()
    bedside.show(high().view())
    until(lambda: bedside.annunciator.wanted.nurse == "high")
    assert bedside.annunciator.sound_test().result(WAIT) is False
    assert bedside.annunciator.output == "the default output"


def test_a_guard_that_is_gone_is_told_once_and_tones_go_on() -> None:
    def gone(sessions: tuple[str, ...]) -> None:
        raise BrokenPipeError

    bedside = Bedside(beat=gone)
    bedside.show(AlarmCourse().view())
    for _ in range(3):
        bedside.second()
        until(lambda: bedside.annunciator._next_tick > bedside.real.now())
    bedside.show(high().view())
    until(bedside.speaker.play)
    bedside.close()
    told = [body for _, body in bedside.recorded if body["event"] == "guard"]
    assert [(body["state"], body["text"].split(":")[0]) for body in told] == [
        ("failed", "it has gone")
    ]
    assert bedside.events("program_fault") == []


def test_a_guard_that_hangs_is_told_once_and_again_when_it_answers() -> None:
    answers = iter([True, False, False, True])

    def beat(sessions: tuple[str, ...]) -> None:
        if sessions and not next(answers, True):
            raise TimeoutError

    bedside = Bedside(beat=beat)
    bedside.show(AlarmCourse().view())
    for _ in range(5):
        bedside.second()
        until(lambda: bedside.annunciator._next_tick > bedside.real.now())
    bedside.close()
    told = [body["state"] for _, body in bedside.recorded if body["event"] == "guard"]
    assert told == ["ready", "failed", "ready"]


def test_a_fault_in_choosing_the_tone_sounds_as_the_guard_and_never_as_calm(
    bedside: Bedside,
) -> None:
    view = high().view()
    bedside.show(replace(view, alarms=(None,)))  # type: ignore[arg-type]
    until(lambda: bedside.annunciator.wanted.nurse == "guard")
    until(lambda: bedside.events("program_fault") == [("program_fault", "choosing the tones")])
    until(lambda: bedside.line.rts)  # the lamp follows the tone in the same turn
    bedside.show(view)
    until(lambda: bedside.annunciator.wanted.nurse == "high")


def test_outputs_that_cannot_be_made_are_a_failure_of_the_sound_and_no_end() -> None:
    def broken(clock: Clock) -> Equipment:
        raise RuntimeError("LINDQVIST")

    beats: list[tuple[str, ...]] = []
    bedside = Bedside(broken, beats.append)
    bedside.show(high().view())
    until(lambda: bedside.events("sound") == [("sound", "failed")])
    until(lambda: (SESSION,) in beats)
    assert bedside.annunciator.sound_test().result(WAIT) is False
    bedside.close()
    assert "LINDQVIST" not in str(bedside.recorded)


# Settings and the whole station ---------------------------------------------------------------


def test_a_place_without_a_loudspeaker_is_served_by_the_nurse_s() -> None:
    one = equipped(SignalSettings(), ManualClock())
    assert len(one.speakers) == 1
    assert one.at["room"] is one.at["nurse"]
    one.close()
    sound = SoundSettings(nurse="Headset", room="Ceiling")
    two = equipped(SignalSettings(sound=sound), ManualClock())
    assert two.output == '"Headset" and "Ceiling"'
    assert two.at["room"] is not two.at["nurse"]
    two.close()
    off = equipped(SignalSettings(sound=SoundSettings(enabled=False)), ManualClock())
    assert (off.sound.state, off.speakers) == ("off", ())


def test_settings_that_cannot_be_read_are_told_and_tones_go_to_the_usual_output(
    tmp_path: Path,
) -> None:
    path = tmp_path / "signals.toml"
    path.write_text("[sound]\nvolume = 7\n")
    made = equipment_of(path)(ManualClock())
    made_state = made.sound
    made.close()
    assert made_state.state == "failed"
    assert "volume" in made_state.text
    assert len(made.speakers) == 1


def test_a_sound_that_failed_is_a_technical_alarm_and_the_record_verifies(tmp_path: Path) -> None:
    updates: queue.SimpleQueue[Update] = queue.SimpleQueue()
    clock, speaker = ManualClock(), Loudspeaker()
    speaker.there = False

    def equip(real: Clock) -> Equipment:
        player = Player("", 0.6, real, speaker.open, speaker.handed)
        return Equipment("the default output", (player,), {"nurse": player, "room": player})

    station = Station(
        str(tmp_path / "store.db"),
        clock,  # type: ignore[arg-type]
        updates.put,
        signals=lambda session_clock, submit: Annunciator(
            equip, session_clock, ManualClock(), submit
        ),
    )
    try:
        station._recorder.open(SESSION, started()).result(WAIT)
        seen: list[Update] = []
        while not any("No alarm sound" in a.text for u in seen for a in u.view.alarms):
            clock.advance(0.5)
            seen.append(updates.get(timeout=WAIT))
        assert seen[-1].view.sound.state == "failed"
        station.submit(SESSION, cuff(1, 200, 80)).result(WAIT)
        signals = station.signals
        assert signals is not None
        until(lambda: signals.wanted.nurse == "high")
    finally:
        station.close()


def test_a_recorder_that_stood_still_says_for_how_long_and_raises_it(tmp_path: Path) -> None:
    updates: queue.SimpleQueue[Update] = queue.SimpleQueue()
    clock = RealSeconds()
    station = Station(
        str(tmp_path / "store.db"),
        clock,  # type: ignore[arg-type]
        updates.put,
    )
    try:
        station._recorder.open(SESSION, started()).result(WAIT)
        clock.advance(3.5)  # less than 3 s late: the tick was due after 1 s
        updates.get(timeout=WAIT)
        while updates.get(timeout=WAIT).view.now < clock.now():
            pass
        clock.advance(8.0)
        while not any("stood still" in a.text for a in updates.get(timeout=WAIT).view.alarms):
            pass
        late = [e.body for e in station.entries(SESSION) if e.body["event"] == "recorder_late"]
        ((began, ended),) = ((body.pop("from"), body.pop("to")) for body in late)
        assert late == [{"event": "recorder_late", "for_s": 7.0, "slept": False}]
        assert datetime.fromisoformat(ended) - datetime.fromisoformat(began) == timedelta(seconds=7)
        assert datetime.fromisoformat(ended) == clock.now()
    finally:
        station.close()


def test_a_monitor_is_not_started_on_the_port_of_the_lamp(tmp_path: Path) -> None:
    """The lamp's port is nobody else's: a greeting sent there would switch it."""
    line = tmp_path / "lamp"
    line.touch()
    (tmp_path / "link").symlink_to(line)

    def equip(real: Clock) -> Equipment:
        return Equipment("no output", lamp_port=str(line))

    station = Station(
        str(tmp_path / "store.db"),
        ManualClock(),  # type: ignore[arg-type]
        lambda update: None,
        signals=lambda clock, submit: Annunciator(equip, clock, ManualClock(), submit),
    )
    try:
        until(lambda: station.lamp_ports == (str(line),))
        plan = SessionPlan(
            Patient("Doe, Jo", "1", date(1980, 1, 1)),
            70.0,
            station.protocol("iv-ketamine-40"),
            (DeviceChoice("dinamap", str(tmp_path / "link"), "dinamap"),),
            simulated=True,
            chair="1",
        )
        with pytest.raises(ValueError, match="switches the nurse-call lamp"):
            station.start(plan, "okafor")
        assert station.sessions() == []
    finally:
        station.close()


@pytest.mark.parametrize("normally_on", [True, False])
def test_a_fail_safe_lamp_is_one_line_of_the_settings(normally_on: bool) -> None:
    """``normally_on``: the line is active while all is well, and drops when the lamp calls."""
    settings = SignalSettings(
        SoundSettings(enabled=False), LampSettings(port="loop://", normally_on=normally_on)
    )
    clock = ManualClock()
    made = equipped(settings, clock)
    try:
        lamp = made.lamp
        assert isinstance(lamp, Lamp)
        lamp.want(False)
        until(lambda: lamp.state.word == "ready" and lamp.lit is False)
        assert lamp.normally_on is normally_on
    finally:
        made.close()

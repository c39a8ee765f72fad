"""The alarm faults that were found in other programs, each as a named test of ours.

The numbers are those of the notes on other projects (3.1 to 3.6). Every test takes the manager of
alarms as an argument: ``test_alarm_mutants.py`` hands in faulty ones and sees the tests fail.
"""

from __future__ import annotations

import re
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from devices.reading import LinkState
from ketamonitor import alarm_drafts, drafts
from ketamonitor.alarm_plan import AlarmLimit, Confirm, EscalationPlan, PausePlan, TechnicalPlan
from ketamonitor.alarms.manager import AlarmManager
from ketamonitor.entries import Draft
from ketamonitor.recorder import Recorder
from ketamonitor.signals.settings import SoundSettings, read_settings
from ketamonitor.signals.tones import TONES, VOLUME_FLOOR, burst
from ketamonitor.store import open_store
from ketamonitor.view import Freshness, Update
from tests.domain.alarm_course import NURSE, AlarmCourse, Manager, shaped
from tests.domain.builders import SESSION, at, cuff, link, reading, started
from tests.fakes import ManualClock

#: Alarms of values alone: nothing is asked of monitors that say nothing, and time does nothing.
QUIET = {
    "technical": TechnicalPlan(no_reading_s=3600, no_reading_medium_s=3600),
    "escalation": EscalationPlan(medium_to_high_s=0, remind_high_s=0, remind_medium_s=0),
}
OXYGEN = (
    AlarmLimit(metric="spo2", op="<", value=92, priority="medium"),
    AlarmLimit(metric="spo2", op="<", value=88, priority="high", latch=True),
)
PULSE = AlarmLimit(metric="pulse", op=">", value=110, priority="medium")
PRESSURE = AlarmLimit(
    metric="nibp_sys", op=">=", value=180, priority="high", confirm=Confirm(first="medium")
)


@pytest.fixture
def manager() -> Manager:
    return AlarmManager


@pytest.fixture
def recorder() -> type[Recorder]:
    return Recorder


@pytest.fixture
def sound() -> type[SoundSettings]:
    return SoundSettings


def quiet(
    manager: Manager, *limits: AlarmLimit, pause: PausePlan | None = None, **kw: object
) -> AlarmCourse:
    parts = {**QUIET, **kw, **({"pause": pause} if pause else {})}
    return AlarmCourse(shaped(*limits, **parts), manager)


# 3.1 ----------------------------------------------------------------------------------------------


def test_fault_3_1_01_a_silenced_low_alarm_does_not_hide_the_high_one(
    manager: Manager,
) -> None:
    """There, a rule that was snoozed was not looked at any more, so it could not get worse."""
    c = quiet(manager, PRESSURE, *OXYGEN)
    c.enter(cuff(60, 184, 90))
    c.acknowledge("nibp_sys>=180")
    c.say(1, spo2=90)
    c.acknowledge("spo2<92")
    c.pause_audio()
    c.enter(cuff(90, 186, 90))
    assert c.active("nibp_sys>=180").priority == "high"
    assert c.active("nibp_sys>=180").signals
    c.say(1, spo2=85)
    assert c.view().alarms[0].priority == "high"
    assert {a.id for a in c.view().alarms if a.signals} == {"nibp_sys>=180", "spo2<88"}
    assert c.heard() is not None


def test_fault_3_1_02_what_was_acknowledged_alarms_again_when_it_gets_worse(
    manager: Manager,
) -> None:
    """There, after the nurse had cleared it, nothing was heard of it before it had gone away."""
    c = quiet(manager, PRESSURE)
    c.enter(cuff(60, 184, 90))
    c.acknowledge("nibp_sys>=180")
    assert c.heard() is None
    c.enter(cuff(180, 188, 90))
    assert c.active("nibp_sys>=180").acknowledged_at is None
    assert c.heard() == c.view().alarms[0]
    assert c.told("escalated") == ["nibp_sys>=180"]


def test_fault_3_1_03_an_acknowledgement_is_of_one_occurrence_at_one_priority(
    manager: Manager,
) -> None:
    """There, two clicks left a mark that acknowledged the next alarm before anybody saw it, and
    one made before the worsening counted after it."""
    c = quiet(manager, PRESSURE, *OXYGEN)
    c.say(1, spo2=90)
    seen = c.acknowledge("spo2<92")
    c.acknowledge("spo2<92")
    c.say(1, spo2=97)
    assert c.told("cleared") == ["spo2<92"]
    c.say(1, spo2=90)
    assert c.active("spo2<92").signals, "a new occurrence"
    c.enter(alarm_drafts.acknowledge(seen, at=at(c.t), author=NURSE))
    assert c.active("spo2<92").signals, "that was of the one before"
    c.enter(cuff(60, 184, 90))
    medium = c.active("nibp_sys>=180")
    c.enter(cuff(180, 188, 90))
    c.enter(alarm_drafts.acknowledge(medium, at=at(181), author=NURSE))
    assert c.active("nibp_sys>=180").signals, "that was of MEDIUM"
    c.acknowledge("nibp_sys>=180")
    assert not c.active("nibp_sys>=180").signals


def test_fault_3_1_04_no_data_is_an_alarm_and_ends_none(manager: Manager) -> None:
    """There, a comparison with nothing was false: no alarm, and what there was ended."""
    c = AlarmCourse(shaped(escalation=QUIET["escalation"]), manager)
    c.run(16, spo2=85)
    c.run(160, spo2=None)
    assert c.active("spo2<88").signals
    assert "no_reading:spo2" in c.listed()
    c.run(60, spo2=float("nan"))
    assert c.active("spo2<88").ended_at is None
    assert c.view().alarms[0].id == "spo2<88"
    assert c.told("raised").count("spo2<88") == 1


def test_fault_3_1_05_alarms_need_no_value_and_no_screen(manager: Manager) -> None:
    """There, alarms were worked out when the screen's timer brought data: no data, no alarm."""
    c = AlarmCourse(shaped(escalation=EscalationPlan(medium_to_high_s=30)), manager)
    c.say(1, spo2=97)
    c.run(12)
    assert c.listed() == ["no_reading:spo2"]
    c.run(90)
    assert c.active("no_reading:spo2").priority == "high", "nobody acknowledged it"


def test_fault_3_1_06_a_clock_that_is_set_neither_lengthens_nor_ends_silence(
    manager: Manager,
) -> None:
    """There, pauses ended by the computer's clock: an hour's correction was an hour's silence."""
    for ahead_s in (-3600.0, 3600.0):
        c = quiet(manager, *OXYGEN)
        c.say(1, spo2=85)
        c.pause_audio()
        began = c.t
        c.run(30)
        c.audit("clock_changed", ahead_s=ahead_s)
        c.run(89)
        assert c.view().audio_pause is not None, "it lasts its two minutes"
        assert c.heard() is None
        c.run(1)
        assert c.view().audio_pause is None, "and no second more"
        assert c.heard() is not None
        assert c.ends("audio") == [(began + 120, "time is over", "program")]


def test_fault_3_1_07_a_technical_alarm_can_be_the_most_urgent(
    manager: Manager,
) -> None:
    """There, technical stood below off, and so never won a maximum."""
    c = quiet(manager, *OXYGEN)
    c.run(20, spo2=90)
    c.fault = "the disk is full"
    c.settle()
    assert c.listed() == ["record_fault", "spo2<92"]
    heard = c.heard()
    assert heard is not None
    assert heard.id == "record_fault"


def test_fault_3_1_08_persistence_is_in_seconds_however_often_values_come(
    manager: Manager,
) -> None:
    """There, a rule by time was declared and never written: all was counted in breaths."""
    row = AlarmLimit(metric="spo2", op="<", value=88, priority="high", for_s=10)
    fast = quiet(manager, row)
    for _ in range(40):
        fast.say(0.2, spo2=85)
    assert fast.listed() == [], "forty values, but eight seconds"
    slow = quiet(manager, row)
    slow.say(1, spo2=85)
    slow.say(10, spo2=85)
    assert slow.listed() == ["spo2<88"], "two values, but ten seconds"


def test_fault_3_1_09_sessions_share_nothing(manager: Manager) -> None:
    """There, the manager was one for all, with its state in the class; tests infected each other.
    A new patient never inherits the alarms, limits or pauses of the last one."""
    first = quiet(manager, *OXYGEN)
    first.set_limit("spo2<92", 90)
    first.say(1, spo2=85)
    first.pause_audio()
    first.interrupt("toilet")
    second = quiet(manager, *OXYGEN)
    view = second.view()
    assert (view.alarms, view.covered) == ((), ())
    assert (view.audio_pause, view.interruption) == (None, None)
    assert [(row.limit.value, row.preset) for row in view.limits] == [(92, None), (88, None)]
    second.say(1, spo2=91)
    assert second.listed() == ["spo2<92"]


def test_fault_3_1_10_screen_and_sound_agree(manager: Manager) -> None:
    """There, the next alarm sounded while the button still read muted."""
    c = quiet(manager, *OXYGEN)
    c.say(1, spo2=90)
    c.pause_audio()
    c.say(1, spo2=85)
    assert c.heard() is not None
    assert c.view().audio_pause is None
    assert c.ends("audio") == [(c.t, "a new alert", "program")]


def test_fault_3_1_10_a_pause_that_was_on_its_way_when_an_alarm_began_does_not_cover_it(
    manager: Manager,
) -> None:
    """The nurse pressed before the alarm was on the screen: it sounds, and no pause is shown."""
    c = quiet(manager, *OXYGEN)
    c.tick(100)
    pressed = alarm_drafts.audio_paused(c.plan.pause, at=at(100), author=NURSE)
    c.say(0.5, spo2=85)
    c.enter(pressed)
    assert c.heard() is not None
    assert c.view().audio_pause is None


def test_fault_3_1_11_silence_ends_by_itself_and_says_who(manager: Manager) -> None:
    """There, mute had no end, and nothing was written of who had pressed it."""
    c = quiet(manager, *OXYGEN)
    c.say(1, spo2=85)
    c.pause_audio()
    pause = c.view().audio_pause
    assert pause is not None
    assert (pause.by, pause.until) == (NURSE, at(c.t + 120))
    entry = next(e for e in c.entries if e.body.get("event") == "audio_paused")
    assert (entry.author, entry.body["until"]) == (NURSE, at(c.t + 120).isoformat())
    c.run(119)
    assert c.heard() is None
    c.run(1)
    assert c.heard() is not None
    assert c.view().audio_pause is None
    with pytest.raises(ValueError, match="AUDIO OFF is not allowed"):
        c.pause_audio(off=True)


def test_fault_3_1_12_who_is_told_of_an_alarm_finds_it(manager: Manager) -> None:
    """There, listeners heard of an alarm before it stood in the table, and saw the past."""
    asked: list[str] = []

    class Listening(AlarmCourse):
        def _append(self, draft: Draft) -> None:
            super()._append(draft)
            body = self.entries[-1].body
            if self.entries[-1].kind == "alarm" and "id" in body:
                view = self.view()
                there = {a.id: a for a in (*view.alarms, *view.covered)}
                assert (body["id"] in there) is (body["event"] != "cleared")
                if body["event"] in ("raised", "escalated"):
                    assert there[body["id"]].priority == body["priority"]
                asked.append(body["event"])

    c = Listening(shaped(PRESSURE, **QUIET), manager)
    c.enter(cuff(60, 184, 90))
    c.enter(cuff(180, 188, 90))
    c.acknowledge("nibp_sys>=180")
    c.enter(cuff(300, 120, 80))
    assert asked == ["raised", "escalated", "acknowledged", "cleared"]


# 3.2 ----------------------------------------------------------------------------------------------


def test_fault_3_2_01_zeros_of_a_lost_sensor_are_no_value(manager: Manager) -> None:
    """There, a block that was unplugged reported zeros, and they looked like values."""
    c = quiet(manager)
    c.run(20, spo2=97, pulse=70)
    c.run(30, spo2=0, pulse=0)
    assert {a.type for a in c.live.active.values()} == {"technical"}
    assert set(c.listed()) == {"implausible:spo2", "implausible:pulse"}
    shown = c.view().values["spo2"]
    assert shown.freshness is Freshness.QUESTIONABLE


def test_fault_3_2_02_a_mean_of_nothing_is_no_value(manager: Manager) -> None:
    """There, the mean of an empty list was NaN, and NaN was within every limit for ever."""
    c = AlarmCourse(manager=manager)
    c.run(20, spo2=97)
    c.run(15, spo2=float("nan"))
    assert c.listed() == ["no_reading:spo2"]
    assert c.view().values["spo2"].freshness is Freshness.TECHNICAL


def test_fault_3_2_02_a_low_limit_needs_no_high_one(manager: Manager) -> None:
    """There, the minimum was looked at only where a maximum was set, too."""
    c = quiet(manager, *OXYGEN)
    c.say(1, spo2=85)
    assert c.listed() == ["spo2<88"]
    c = quiet(manager, PULSE)
    c.say(1, pulse=140)
    assert c.listed() == ["pulse>110"]


def test_fault_3_2_03_a_link_that_is_lost_stays_lost_until_something_is_read(
    manager: Manager,
) -> None:
    """There, the tile went back to healthy at every pass over the old buffer: it flickered."""
    c = AlarmCourse(manager=manager)
    c.run(20, spo2=97)
    c.enter(link(21, "lost", "cable pulled out"))
    for second in range(22, 80):
        c.tick(second)
        if second % 5 == 0:
            c.enter(link(second, "identifying"))
            c.enter(link(second, "lost", "no answer"))
        assert c.listed() == ["link_lost:dinamap"]
    assert c.view().values["spo2"].freshness is Freshness.TECHNICAL
    c.enter(link(80, "connected"))
    for second in range(81, 120):
        c.tick(second)
        assert c.listed() in (["link_lost:dinamap"], ["no_reading:spo2"]), (
            "an open port is no value"
        )
    assert c.told("raised").count("link_lost:dinamap") == 1
    c.say(1, spo2=97)
    assert c.listed() == []


def test_fault_3_2_04_a_record_that_is_not_saved_is_the_most_urgent_alarm(
    manager: Manager,
) -> None:
    """There, an error of the saver was not handled at all."""
    c = quiet(manager)
    c.fault = "the disk is full"
    c.settle()
    alarm = c.active("record_fault")
    assert (alarm.priority, alarm.type) == ("high", "technical")
    assert c.heard() is not None
    c.acknowledge("record_fault")
    c.run(30)
    assert c.listed() == ["record_fault"], "seen is not mended"
    c.fault = ""
    c.settle()
    assert c.listed() == []


def test_fault_3_2_05_the_worst_of_a_low_limit_is_the_lowest(
    manager: Manager,
) -> None:
    """There, the extreme of a low alarm was kept as a maximum. Of limits on one side of one value
    that are equally urgent, ours lists the one furthest out, on either side."""
    low = (
        AlarmLimit(metric="spo2", op="<", value=92, priority="medium"),
        AlarmLimit(metric="spo2", op="<", value=90, priority="medium"),
    )
    for rows in (low, low[::-1]):
        c = quiet(manager, *rows)
        c.say(1, spo2=85)
        assert [a.text for a in c.view().alarms] == ["SpO₂ 85 < 90"]
    high = (PULSE, AlarmLimit(metric="pulse", op=">", value=120, priority="medium"))
    for rows in (high, high[::-1]):
        c = quiet(manager, *rows)
        c.say(1, pulse=130)
        assert [a.text for a in c.view().alarms] == ["Pulse 130 > 120"]


def test_fault_3_2_06_the_volume_as_shipped_can_be_heard(sound: type[SoundSettings]) -> None:
    """There, the buzzer was shipped at volume 0 with a note to set it later. Ours is heard as it
    comes, where no file says anything, and cannot be set below its floor."""
    usual = sound()
    assert usual.enabled
    assert usual.volume >= VOLUME_FLOOR
    for name in ("high", "medium"):
        loudest = int(np.abs(burst(TONES[name], usual.volume)).max())
        assert loudest > 32767 * 0.05, f"{name} is at most {loudest} of 32767"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "signals.toml"
        assert read_settings(file).sound == usual
        file.write_text("[sound]\nvolume = 0\n", encoding="utf-8")
        with pytest.raises(ValueError, match="volume"):
            read_settings(file)


def test_fault_3_2_07_a_changed_limit_says_who_and_why(manager: Manager) -> None:
    """There, limits changed from afar won without a record of who had changed them."""
    c = quiet(manager, *OXYGEN)
    c.set_limit("spo2<92", 90, "smoker, 91 at home")
    entry = next(e for e in c.entries if e.body.get("event") == "limit_changed")
    assert (entry.author, entry.body["was"], entry.body["value"]) == (NURSE, 92, 90)
    (row, _) = c.view().limits
    assert (row.limit.value, row.changed_by, row.reason) == (90, NURSE, "smoker, 91 at home")
    assert row.preset is not None
    assert row.preset.value == 92
    with pytest.raises(ValueError, match="Reason"):
        c.set_limit("spo2<88", 86, "  ")


def test_fault_3_2_08_silence_is_not_for_the_whole_box(manager: Manager) -> None:
    """There, silence was for everything the box would ever say. Ours covers what was there when
    it began: another value, a technical alarm and another patient are heard."""
    for begin in ("pulse", "record"):
        c = quiet(manager, *OXYGEN, PULSE)
        c.say(1, spo2=85)
        c.pause_audio()
        assert c.heard() is None
        if begin == "pulse":
            c.say(1, pulse=130)
            c.run(10)
        else:
            c.fault = "the disk is full"
            c.settle()
        assert c.heard() is not None
    one, other = quiet(manager, *OXYGEN), quiet(manager, *OXYGEN)
    for each in (one, other):
        each.say(1, spo2=85)
    one.pause_audio()
    assert (one.heard(), other.heard() is None) == (None, False)


# 3.3 ----------------------------------------------------------------------------------------------


def test_fault_3_3_02_the_paths_of_errors_are_walked(manager: Manager) -> None:
    """There, the handler of a failed read used a name that did not exist: it crashed instead."""
    c = AlarmCourse(manager=manager)
    c.run(5, spo2=97)
    c.t += 1
    for state in LinkState:
        for reason in ("", "not understood: 3 bytes", "{odd} %s"):
            c.enter(link(c.t, state.value, reason))
            c.run(1)
            assert (c.live.active.get("link_lost:dinamap") is not None) is (
                next(li for li in c.view().links).down
            )
    for event in ("nibp_failed", "sensor_off", "battery_low", "demo", "nibp_done", "refused"):
        c.device(event)
        c.run(1)
    c.audit("program_fault", where="", fault="")
    c.audit("sound", state="failed", text="")
    c.audit("lamp", state="failed", text="")
    c.fault = "{odd} %s"
    c.settle()
    found = set(c.live.active)
    assert {"program_fault", "no_sound", "no_lamp", "record_fault", "cuff_failed"} <= found
    assert all(alarm.text for alarm in c.live.active.values())


def test_fault_3_3_03_each_alarm_is_acknowledged_for_itself(
    manager: Manager,
) -> None:
    """There, only one alarm at a time could be snoozed: the next click freed the last one."""
    c = quiet(manager, *OXYGEN, PULSE)
    c.say(1, spo2=90, pulse=130)
    c.acknowledge("spo2<92")
    assert c.active("pulse>110").signals
    c.acknowledge("pulse>110")
    assert [a.acknowledged_by for a in c.view().alarms] == [NURSE, NURSE]


def test_fault_3_3_04_what_is_acknowledged_stays_on_the_screen(
    manager: Manager,
) -> None:
    """There, an alarm that was snoozed left the screen although it still held."""
    c = quiet(manager, *OXYGEN)
    c.say(1, spo2=90)
    c.acknowledge("spo2<92")
    c.run(60, spo2=90)
    assert c.listed() == ["spo2<92"]
    assert c.told("raised") == ["spo2<92"]


def test_fault_3_3_05_alarms_do_not_wait_for_the_infusion(manager: Manager) -> None:
    """There, alarms were on only while it was running."""
    c = quiet(manager, *OXYGEN)
    moments = []
    for happens in ("", "start", "pause", "resume", "stop"):
        c.t += 1
        now = {"at": at(c.t), "author": NURSE}
        if happens == "start":
            c.enter(drafts.infusion_start("ketamine", "iv", 34, 40, **now))  # type: ignore[arg-type]
        elif happens:
            c.enter(drafts.infusion_change(happens, "as ordered", **now))  # type: ignore[arg-type]
        c.say(1, spo2=90)
        moments.append(c.listed())
        c.say(1, spo2=97)
    assert moments == [["spo2<92"]] * 5


# 3.4 ----------------------------------------------------------------------------------------------


def test_fault_3_4_01_the_recorder_waits_and_does_not_spin(
    recorder: type[Recorder],
) -> None:
    """There, a busy loop ran on the port."""
    turns: list[int] = []

    class Counted(recorder):  # type: ignore[misc, valid-type]
        def _tell(self, *args: object, **kwargs: object) -> None:
            turns.append(1)
            super()._tell(*args, **kwargs)

    with tempfile.TemporaryDirectory() as folder:
        made = Counted(lambda: open_store(f"{folder}/s.db"), ManualClock(), lambda update: None)
        made.start()
        made.ready.result(60)
        threading.Event().wait(0.25)
        made.stop()
        made.join(60)
    assert len(turns) < 100


def test_fault_3_4_02_nothing_that_is_submitted_is_dropped(
    recorder: type[Recorder],
) -> None:
    """There, a queue of sixteen dropped what came too fast, without a word."""
    told: list[Update] = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "s.db")
        made = recorder(lambda: open_store(path), ManualClock(), told.append)  # type: ignore[arg-type]
        made.open(SESSION, started())
        for second in range(1, 301):
            made.submit(SESSION, [reading(second / 10, {"spo2": 97})])
        last = made.submit(SESSION, [cuff(31, 204, 90)])
        made.start()
        last.result(30)
        made.stop()
        made.join(60)
        with open_store(path, read_only=True) as store:
            stored = store.entries(SESSION)
    assert sum(e.kind == "reading" for e in stored) == 301
    assert "nibp_sys>=180" in [a.id for a in told[-1].view.alarms]


# 3.5 ----------------------------------------------------------------------------------------------


def test_fault_3_5_01_a_session_begins_without_alarms(manager: Manager) -> None:
    """There, alarms fired at the start of a trace, on an incomplete first breath."""
    c = AlarmCourse(manager=manager)
    c.run(9)
    c.say(1, spo2=91, pulse=112, rr=9)
    c.run(9, spo2=97, pulse=80, rr=12)
    assert c.told("raised") == []


def test_fault_3_5_02_the_words_have_enough_digits_to_be_true(
    manager: Manager,
) -> None:
    """There, the banner said that 15 exceeded 15."""
    c = quiet(manager, AlarmLimit(metric="nibp_sys", op=">", value=160, priority="high"))
    c.enter(cuff(60, 160.4, 90))
    text = c.view().alarms[0].text
    match = re.fullmatch(r"SYS ([\d.]+) > ([\d.]+)", text)
    assert match is not None
    assert float(match[1]) > float(match[2])


def test_fault_3_5_03_a_lost_link_does_not_stay_a_side_matter(
    manager: Manager,
) -> None:
    """There, it had to be asked for that a disconnection is urgent. Ours is MEDIUM at once, and
    HIGH when nobody has acknowledged it for three minutes."""
    c = AlarmCourse(manager=manager)
    c.run(5, spo2=97)
    c.enter(link(6, "lost", "cable pulled out"))
    assert c.active("link_lost:dinamap").priority == "medium"
    c.run(179)
    assert c.active("link_lost:dinamap").priority == "medium"
    c.run(1)
    assert c.active("link_lost:dinamap").priority == "high"
    assert c.heard() is not None


def test_fault_3_5_04_acknowledged_is_not_forgotten(manager: Manager) -> None:
    """There, an acknowledgement had its time; ours too: what still holds alarms anew."""
    c = AlarmCourse(shaped(*OXYGEN, technical=QUIET["technical"]), manager)
    c.say(1, spo2=85)
    c.acknowledge("spo2<88")
    c.run(299)
    assert c.heard() is None
    c.run(1)
    assert c.told("reminder") == ["spo2<88"]
    assert c.heard() is not None


def test_fault_3_5_05_a_high_alarm_that_blipped_waits_to_be_seen(
    manager: Manager,
) -> None:
    """Their question: what if the condition blips? Ours stays to be seen, without a tone."""
    c = quiet(manager, *OXYGEN)
    c.say(1, spo2=85)
    c.say(1, spo2=97)
    assert c.listed() == ["spo2<88"]
    assert c.active("spo2<88").ended_at is not None
    assert c.heard() is None
    c.acknowledge("spo2<88")
    assert c.listed() == []


def test_fault_3_5_05_a_latched_alarm_is_not_hidden_by_a_milder_one_that_holds(
    manager: Manager,
) -> None:
    """It waits to be seen: that something milder is left must not take it off the screen."""
    c = quiet(manager, *OXYGEN)
    c.say(1, spo2=85)
    c.say(1, spo2=90)
    (alert,) = c.view().alarms  # one side of one quantity is one alert, by what holds now
    assert (alert.id, alert.priority, alert.acknowledged_at) == ("spo2<92", "high", None)
    assert alert.detail.startswith("HIGH until 14:00, not yet seen")
    c.acknowledge("spo2<88")
    (alert,) = c.view().alarms
    assert (alert.id, alert.priority) == ("spo2<92", c.active("spo2<92").priority)
    assert alert.acknowledged_at is not None


def test_fault_3_5_05_a_latched_alarm_is_not_swept_away_by_an_interruption(
    manager: Manager,
) -> None:
    """Confirmed as HIGH and over, unseen: one more reading under a planned interruption is not
    confirmed and so is expected, but what waits to be seen goes on waiting."""
    row = AlarmLimit(
        metric="nibp_sys",
        op=">=",
        value=180,
        priority="high",
        confirm=Confirm(first="medium"),
        latch=True,
    )
    c = quiet(manager, row)
    for t_s, sys in ((60, 184), (180, 188), (300, 150)):
        c.enter(cuff(t_s, sys, 90))
    c.interrupt("cuff_off")
    c.enter(cuff(310, 184, 90))
    alarm = c.active("nibp_sys>=180")
    assert (alarm.priority, alarm.ended_at, alarm.acknowledged_at) == ("high", at(300), None)


# 3.6: our own bar ---------------------------------------------------------------------------------


def test_fault_3_6_01_an_occurrence_is_new_after_a_latched_one_was_acknowledged(
    manager: Manager,
) -> None:
    """The acknowledgement of what was over counts for nothing that comes later."""
    c = quiet(manager, *OXYGEN)
    c.say(1, spo2=85)
    c.say(1, spo2=97)
    c.acknowledge("spo2<88")
    c.say(1, spo2=85)
    assert c.active("spo2<88").signals
    assert c.heard() is not None


def test_fault_3_6_02_what_is_latched_and_comes_again_alarms_again(
    manager: Manager,
) -> None:
    """That it still stands on the screen from the first time is no reason to keep quiet."""
    c = quiet(manager, *OXYGEN)
    c.say(1, spo2=85)
    c.say(1, spo2=97)
    c.say(1, spo2=85)
    assert c.active("spo2<88").signals
    assert c.heard() is not None
    assert c.told("raised").count("spo2<88") == 2


def test_fault_3_6_03_a_planned_interruption_hides_no_high_limit_and_no_other_metric(
    manager: Manager,
) -> None:
    """A probe that is off is expected; a saturation of 85, a fast pulse and a lost link are not."""
    c = quiet(manager, *OXYGEN, PULSE, PRESSURE)
    c.interrupt("cuff_off", 5)
    c.say(1, spo2=90, pulse=130)
    assert set(c.listed()) == {"spo2<92", "pulse>110"}
    c = quiet(manager, *OXYGEN, PULSE)
    c.interrupt("probe_off", 5)
    c.say(1, spo2=90, pulse=130)
    assert c.listed() == []
    c.say(1, spo2=85, pulse=130)
    assert c.listed() == ["spo2<88"]
    assert c.heard() is not None
    c.enter(link(c.t, "lost", "cable pulled out"))
    assert "link_lost:dinamap" in c.listed()


def test_fault_3_6_04_a_planned_interruption_ends_and_what_holds_alarms(
    manager: Manager,
) -> None:
    """Nobody has to remember to switch the alarms on again."""
    c = quiet(manager, *OXYGEN)
    c.say(1, spo2=90)
    c.interrupt("probe_off", 2)
    began = c.t
    assert c.listed() == []
    c.run(119, spo2=90)
    c.run(1, spo2=90)
    assert c.view().interruption is None
    assert c.listed() == ["spo2<92"]
    assert c.active("spo2<92").signals
    assert c.ends("alarm") == [(began + 120, "time is over", "program")]


def test_fault_3_6_05_medium_that_nobody_sees_becomes_high(
    manager: Manager,
) -> None:
    """After the protocol's seconds, and through a pause of the audio."""
    c = AlarmCourse(shaped(*OXYGEN, technical=QUIET["technical"]), manager)
    c.say(1, spo2=90)
    c.run(100, spo2=90)
    c.pause_audio()
    c.run(79, spo2=90)
    assert c.active("spo2<92").priority == "medium"
    assert c.heard() is None
    c.run(1, spo2=90)
    assert c.active("spo2<92").priority == "high"
    assert c.heard() is not None


def test_fault_3_6_06_folding_the_entries_again_gives_the_same_state(
    manager: Manager,
) -> None:
    """State that stands in no entry is lost with the program: a restart would alarm anew, or not
    at all."""
    c = AlarmCourse(shaped(*OXYGEN, PULSE, PRESSURE), manager)
    c.say(1, spo2=85, pulse=130)
    c.acknowledge("pulse>110")
    c.pause_audio()
    c.interrupt("cuff_off")
    c.set_limit("spo2<92", 90)
    c.say(1, spo2=97, pulse=130)
    again = c.again()
    view = again.view(at(c.t), saved_at=None, unsaved=0, record_fault="")
    assert view == c.view()
    assert again.changes(at(c.t)) == []

"""The alarm part of the record: the whole life of an alarm, pauses, limits, actions, words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ketamonitor import alarm_drafts, drafts, words
from ketamonitor.entries import Draft, Entry
from ketamonitor.record import Record
from ketamonitor.report.frame import Frame
from ketamonitor.report.stars import stars_of
from ketamonitor.report.values import values_table
from tests.domain.builders import at, cuff, protocol, reading
from tests.domain.played import Played
from tests.domain.report_sessions import whole_session

SEVERE = "nibp_sys>=180"


def severe() -> Played:
    """A locked baseline of 122/74, an infusion, then two severe pressures."""
    played = Played()
    first = played.add(cuff(10, 122, 74))
    played.add(drafts.baseline(122, 74, first.seq, first.at, at=at(20), author="okafor"))
    start = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(30), author="okafor")
    played.add(start, cuff(600, 182, 100), cuff(720, 184, 101))
    return played


def stars(played: Played) -> list[str]:
    record = Record.of(played.entries)
    found = stars_of(record)
    return [found.get(point.seq, "") for point in record.cuff]


def test_one_severe_reading_is_medium_and_the_second_high() -> None:
    played = severe()
    assert stars(played) == ["", "**", "***"]
    played.add(cuff(840, 186, 102))
    assert stars(played) == ["", "**", "***", "***"], "a third one raises nothing and is HIGH too"
    played.add(cuff(960, 130, 80), cuff(1080, 183, 90))
    assert stars(played)[-2:] == ["", "***"], "nobody has seen the HIGH one: it comes back as HIGH"


def test_what_nobody_did_about_it_is_not_the_readings() -> None:
    played = Played()
    played.add(cuff(10, 165, 80), cuff(400, 166, 80))
    (episode,) = [a for a in Record.of(played.entries).alarms if a.id == "nibp_sys>=160"]
    assert [e.why for e in episode.escalations] == ["not acknowledged"]
    assert stars(played) == ["**", "**"]


def test_the_stars_follow_the_limits_of_the_session() -> None:
    played = severe()
    row = next(r for r in protocol().limit if r.id == SEVERE)
    changed = alarm_drafts.limit_changed(
        row, 190, "known hypertension", protocol().pause, at=at(800), author="hale"
    )
    played.add(changed, cuff(840, 130, 80), cuff(960, 185, 100))
    # Above its baseline by 40 it is a first severe reading all the same.
    assert stars(played)[-1] == "**"
    (told,) = Record.of(played.entries).history.limit_changes
    assert (told.id, told.was, told.value, told.by) == (SEVERE, 180, 190, "hale")
    now = {r.id for r in Record.of(played.entries).history.limits(protocol().limit)}
    assert "nibp_sys>=190" in now
    assert SEVERE not in now


def test_a_limit_of_the_time_before_the_dose_stars_nothing_after_it() -> None:
    played = Played()
    played.add(cuff(10, 145, 80), cuff(130, 146, 80))
    played.add(drafts.dose("esketamine", "nasal", 28, device_no=1, at=at(160), author="o"))
    played.add(cuff(600, 145, 80))
    assert stars(played) == ["", "*", ""], "before the dose it takes two readings"


def test_a_reading_that_raised_nothing_is_judged_by_its_own_run() -> None:
    """Lists without alarm entries of such limits: old ones, or readings entered late."""
    record = Record.of(whole_session(every_s=60))
    table = values_table(record, Frame.of(record))
    told = {row["cells"][0]: row["cells"][2] for row in table["rows"]}
    assert told["14:32"] == "181/110 **"
    assert told["14:34"] == "184/112 ***"


def test_an_episode_tells_its_whole_life() -> None:
    played = severe()
    seen = alarm_drafts.acknowledge(played.alarm(SEVERE), at=at(750), author="okafor")
    played.add(seen)
    played.to(1060)  # 300 s later it asks again
    played.add(alarm_drafts.acknowledge(played.alarm(SEVERE), at=at(1070), author="hale"))
    played.add(cuff(1100, 140, 80))
    (episode,) = [a for a in Record.of(played.entries).alarms if a.id == SEVERE]
    assert (episode.priority, episode.highest, episode.now) == ("medium", "high", "high")
    assert [(e.was, e.priority, e.why, e.after_s) for e in episode.escalations] == [
        ("medium", "high", "confirmed", 120)
    ]
    assert episode.reminders == (at(1050),)
    assert [(a.at, a.by) for a in episode.acknowledgements] == [
        (at(750), "okafor"),
        (at(1070), "hale"),
    ]
    assert (episode.acknowledged_by, episode.acknowledged_after_s) == ("okafor", 150)
    assert (episode.latched_at, episode.cleared_at) == (None, at(1100))
    assert [(m.raised_at, m.priority) for m in episode.marked()] == [
        (at(600), "medium"),
        (at(720), "high"),
    ]


def test_what_is_over_before_anybody_saw_it_is_latched_and_lasted_so_long() -> None:
    played = severe()
    played.add(cuff(800, 130, 80))
    (episode,) = [a for a in Record.of(played.entries).alarms if a.id == SEVERE]
    assert (episode.latched_at, episode.cleared_at) == (at(800), None)
    assert episode.duration_s == 200
    assert episode.acknowledged_at is None


def test_an_acknowledgement_that_came_too_late_does_not_count() -> None:
    played = Played()
    played.add(cuff(10, 182, 80))
    old = alarm_drafts.acknowledge(played.alarm(SEVERE), at=at(30), author="okafor")
    played.add(cuff(30, 183, 80), old)
    (episode,) = [a for a in Record.of(played.entries).alarms if a.id == SEVERE]
    assert [a.counted for a in episode.acknowledgements] == [False]
    assert episode.acknowledged_at is None


def test_pauses_have_a_beginning_an_end_and_who() -> None:
    plan = protocol().pause
    played = severe()
    played.add(
        alarm_drafts.audio_paused(plan, at=at(730), author="okafor"),
        alarm_drafts.alarm_paused(plan, "toilet", 2, at=at(760), author="okafor"),
        alarm_drafts.resumed("alarm", "back in the chair", at=at(800), author="hale"),
        alarm_drafts.alarm_paused(plan, "cuff_off", 5, at=at(810), author="okafor"),
    )
    played.to(900)
    played.add(drafts.ended("finished", at=at(900), author="okafor"))
    audio, toilet, cuff_off = Record.of(played.entries).history.pauses
    assert (audio.what, audio.by, audio.until) == ("audio", "okafor", at(850))
    assert (toilet.reason, toilet.ended_at, toilet.ended_by) == ("toilet", at(800), "hale")
    assert toilet.ended_why == "back in the chair"
    assert (cuff_off.ended_at, cuff_off.ended_why) == (at(900), "the session ended")


def test_an_action_has_the_value_that_followed_it() -> None:
    played = severe()
    card = next(c for c in protocol().card if c.id == "BP-2")
    alarm = played.alarm(SEVERE)
    played.add(
        alarm_drafts.action(card, card.step[2], alarm, "SYS 184", at=at(740), author="okafor"),
        cuff(860, 171, 95),
    )
    (action,) = Record.of(played.entries).history.actions
    assert (action.step, action.alarm, action.value, action.by) == (
        "told",
        SEVERE,
        "SYS 184",
        "okafor",
    )
    assert (action.followed_by, action.followed_at) == (171, at(860))
    assert any("Prescriber told" in event.text for event in Record.of(played.entries).events)


def test_reminders_and_the_signals_themselves_are_kept_apart_from_alarms() -> None:
    played = severe()
    played.to(1000)
    failed = {"event": "sound", "state": "failed", "text": "no output device"}
    played.add(
        Draft("audit", at(1000), "program", failed),
        alarm_drafts.sound_test("Speaker", heard=False, at=at(1001), author="okafor"),
        Draft("audit", at(1002), "program", {"event": "recorder_late", "for_s": 4}),
    )
    history = Record.of(played.entries).history
    assert {r.what for r in history.reminders} == {"observation", "spo2"}
    assert [(s.what, s.text, s.fault) for s in history.signals] == [
        ("sound", "Alarm sound FAILED: no output device", True),
        ("sound_test", "Sound test on Speaker: NOT heard", True),
        ("recorder_late", "Monitoring stood still for 4 s", True),
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"event": "raised"}, ("** X 1 > 0", "MEDIUM raised")),
        (
            {"event": "escalated", "priority": "high", "why": "not acknowledged"},
            ("*** X 1 > 0", "HIGH: not acknowledged in time"),
        ),
        (
            {"event": "escalated", "priority": "high", "why": "confirmed"},
            ("*** X 1 > 0", "HIGH: a second reading confirms it"),
        ),
        ({"event": "reminder"}, ("** X 1 > 0", "MEDIUM again: acknowledged, and still so")),
        ({"event": "latched"}, ("** X 1 > 0", "MEDIUM: over, not yet seen")),
        ({"event": "cleared"}, ("** X 1 > 0", "MEDIUM cleared")),
        (
            {"event": "cleared", "why": "planned interruption"},
            ("** X 1 > 0", "MEDIUM cleared: planned interruption"),
        ),
        ({"event": "acknowledged"}, ("** X 1 > 0", "MEDIUM acknowledged")),
        ({"event": "of a later version"}, ("** X 1 > 0", "MEDIUM of a later version")),
    ],
)
def test_each_alarm_entry_has_its_words(body: dict[str, str], told: tuple[str, str]) -> None:
    made = Draft("alarm", at(0), "program", {"priority": "medium", "text": "X 1 > 0", **body})
    assert words.headline(written(made)) == told


def test_pauses_limits_and_actions_have_their_words() -> None:
    plan, card = protocol().pause, protocol().card[0]
    row = next(r for r in protocol().limit if r.id == SEVERE)
    told = [
        words.headline(written(draft))
        for draft in (
            alarm_drafts.audio_paused(plan, at=at(0), author="o"),
            alarm_drafts.alarm_paused(plan, "cuff_off", 5, at=at(0), author="o"),
            alarm_drafts.resumed("audio", "time is over", at=at(0), author="program"),
            alarm_drafts.limit_changed(row, 190, "known", plan, at=at(0), author="o"),
            alarm_drafts.action(card, card.step[0], None, "SYS 184", at=at(0), author="o"),
            alarm_drafts.follow_up(3, "nibp_sys", 171, at(60), at=at(61)),
            alarm_drafts.overdue("bp", at(60), at=at(200)),
        )
    ]
    assert told == [
        ("AUDIO PAUSED until 14:02:00", "o"),
        (
            "ALARM PAUSED until 14:05:00, cuff off",
            "still watched: SpO₂, Pulse, Heart rate, Breaths, MOAA/S · o",
        ),
        ("Audio on again: time is over", ""),
        ("SYS limit >= 180 set to >= 190", "HIGH limit, known · o"),
        (
            "Severe rise of blood pressure: Asked: chest pain, headache, vision, breath",
            "SYS 184 then · o",
        ),
        ("After the action: SYS 171", ""),
        ("BP due 14:01, not recorded", ""),
    ]


def test_values_between_alarms_name_no_cause() -> None:
    """A pulse that comes after a pressure did not bring the pressure's alarm."""
    played = Played()
    pressure = played.add(cuff(10, 165, 80))
    played.add(reading(11, {"pulse": 70}))
    (episode,) = [a for a in Record.of(played.entries).alarms if a.metric == "nibp_sys"][:1]
    assert episode.by_reading == pressure.seq
    played.to(200)
    (by_time,) = [e for a in Record.of(played.entries).alarms for e in a.escalations][:1]
    assert by_time.after_s == pytest.approx(timedelta(minutes=3).total_seconds())


def written(draft: Draft) -> Entry:
    return Entry(1, "s", draft.kind, draft.at, draft.at, draft.author, draft.body, "", "")

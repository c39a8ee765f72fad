"""A written nurse: what a script may say, and what it is told when it says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ketamonitor import drafts
from ketamonitor.entries import chain
from ketamonitor.script import ScriptError, Seen, drafts_of, read_script
from ketamonitor.session import LiveSession
from tests.domain.builders import SESSION, at, chained, cuff, protocol, reading, started


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "nurse.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "is not JSON"),
        ('{"bp": {"sys": 120, "dia": 80}}', 'needs "t_s"'),
        ('{"t_s": -1, "note": "x"}', "t_s must be seconds"),
        ('{"t_s": "now", "note": "x"}', "t_s must be seconds"),
        ('{"t_s": true, "note": "x"}', "t_s must be seconds"),
        ('{"t_s": 0}', "needs exactly one of"),
        ('{"t_s": 0, "note": "x", "event": "y"}', "needs exactly one of"),
        ('{"t_s": 0, "medicate": "x"}', "'medicate' is unknown: needs exactly one of"),
        ('{"t_s": 0, "bp": {"sys": 120}}', "bp needs 'dia'"),
        ('{"t_s": 0, "bp": {"sys": 74, "dia": 122}}', "must be above diastolic"),
        ('{"t_s": 0, "bp": {"sys": 1200, "dia": 80}}', "between 30 and 290"),
        ('{"t_s": 0, "bp": [120, 80]}', "bp: takes an object with its fields, not a list"),
        (
            '{"t_s": 0, "bp": {"sys": "122", "dia": 74}}',
            'bp: sys must be a number, not the text "122"',
        ),
        ('{"t_s": 0, "bp": {"sys": NaN, "dia": 74}}', "NaN is no number"),
        ('{"t_s": 0, "bp": {"sys": -Infinity, "dia": 74}}', "-Infinity is no number"),
        ('{"t_s": 0, "bp": {"sys": 1e999, "dia": 74}}', "too large"),
        ('{"t_s": 0, "bp": {"sys": 122, "dia": 74, "arm": "left"}}', "bp has no field 'arm'"),
        (
            '{"t_s": 0, "dose": {"drug": "k", "route": "im", "mg": "20"}}',
            "mg must be a number, not the",
        ),
        (
            '{"t_s": 0, "dose": {"drug": "k", "route": "im", "mg": true}}',
            "mg must be a number, not true",
        ),
        ('{"t_s": 0, "dose": {"drug": "k", "route": "im", "mg": -20}}', "above 0"),
        ('{"t_s": 0, "dose": {"drug": 7, "route": "im", "mg": 20}}', "drug must be text, not 7"),
        ('{"t_s": 0, "dose": "20 mg"}', "dose: takes an object with its fields"),
        (
            '{"t_s": 0, "dose": {"drug": "k", "route": "im", "mg": ' + "9" * 5000 + "}}",
            "too many digits",
        ),
        ('{"t_s": ' + "9" * 5000 + ', "note": "x"}', "too many digits"),
        ('{"t_s": 0, "note": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"t_s": 0, "note": [[[[[[[[1]]]]]]]]}', "nested too deeply"),
        ('{"t_s": 0, "note": "half \\ud800"}', "half a letter"),
        ('{"t_s": 0, "note": 7}', "note: takes a text or an object with its fields, not 7"),
        ('{"t_s": 0, "end": 7}', "end takes a text, not 7"),
        ('{"t_s": 0, "checkin": {"item": "wait"}}', "check-in has no item 'wait'"),
        ('{"t_s": 0, "checkin": {"item": "weight", "value": 70}}', "value must be an object"),
        ('{"t_s": 0, "limit": {"id": "spo2<92", "value": "90", "reason": "x"}}', "value must be a"),
        ('{"t_s": 0, "order": {"mgs": 20}}', "order has no field 'mgs'"),
        ('{"t_s": 0, "interruption": {"reason": "toilet"}}', "interruption needs 'minutes'"),
        ('{"t_s": 0, "on_site": {"name": "Dr. Hale"}}', "on_site needs 'present'"),
        ('{"t_s": 0, "on_site": {"name": "Dr. Hale", "present": "yes"}}', "must be one of here"),
        ('{"t_s": 0, "dose": {"drug": "ketamine", "route": "iv", "mg": 0}}', "above 0"),
        ('{"t_s": 0, "dose": {"drug": "ketamine", "route": "ear", "mg": 5}}', "Route must be"),
        ('{"t_s": 0, "dose": {"drug": " ", "route": "iv", "mg": 5}}', "Drug is empty"),
        ('{"t_s": 0, "infusion": "pause"}', "Say why"),
        ('{"t_s": 0, "infusion": {"action": "faster"}}', "Change must be"),
        ('{"t_s": 0, "observation": {"moaas": 6}}', "from 0 to 5"),
        ('{"t_s": 0, "observation": {"moaas": 3.5}}', "whole number"),
        ('{"t_s": 0, "observation": {"mood": 3}}', "unknown instrument"),
        ('{"t_s": 0, "observation": {"moaas": "asleep"}}', "Answer must be"),
        ('{"t_s": 0, "note": ""}', "Note is empty"),
        ('{"t_s": 0, "ready": "soon"}', 'only "yes" is known'),
        ('{"t_s": 0, "left": {"phone": "0171"}}', "left needs 'with'"),
        ('{"t_s": 0, "criterion": {"id": "walks"}}', "criterion takes a text, not an object"),
    ],
)
def test_a_line_that_cannot_be_played_is_named_with_its_place(
    tmp_path: Path, line: str, said: str
) -> None:
    path = written(tmp_path, '{"t_s": 0, "note": "first"}', line)
    with pytest.raises(ScriptError) as refused:
        read_script(path)
    assert said in str(refused.value)
    assert str(refused.value).startswith(f"{path}:2: ")


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="cannot be read"):
        read_script(tmp_path / "none.jsonl")


def test_acts_come_in_order_of_time_and_make_the_entries_they_say(tmp_path: Path) -> None:
    acts = read_script(
        written(
            tmp_path,
            '{"t_s": 300, "observation": {"moaas": 4, "dissociation": "declined"}}',
            '{"t_s": 60, "bp": {"sys": 122, "dia": 74}}',
            "",
            '{"t_s": 120, "infusion": {"action": "start", "drug": "ketamine", "route": "iv",'
            ' "mg": 34.2, "minutes": 40}}',
        )
    )
    assert [act.verb for act in acts] == ["bp", "infusion", "observation"]
    made = [drafts_of(act, Seen(), 68.4, at(act.t_s), "okafor") for act in acts]
    assert made[0][0].body["values"] == {"nibp_sys": 122, "nibp_dia": 74}
    assert made[0][0].body["flags"] == ["manual"]
    assert made[1][0].body["mg_per_kg"] == 0.5
    assert [(d.body["instrument"], d.body["status"], d.body["value"]) for d in made[2]] == [
        ("moaas", "answered", 4),
        ("dissociation", "declined", None),
    ]


def test_the_baseline_is_the_last_plausible_reading_and_none_is_no_baseline(
    tmp_path: Path,
) -> None:
    (act,) = read_script(written(tmp_path, '{"t_s": 60, "baseline": "lock"}'))
    seen = Seen()
    with pytest.raises(ScriptError, match="no cuff reading to lock"):
        drafts_of(act, seen, None, at(60), "okafor")
    odd = reading(20, {"nibp_sys": 60, "nibp_dia": 70}, flags=["implausible:nibp_sys"])
    for entry in chained([started(), cuff(10, 118, 74), odd, cuff(30, 120, None)]):
        seen.take(entry)
    (locked,) = drafts_of(act, seen, None, at(60), "okafor")
    assert (locked.body["sys"], locked.body["dia"], locked.body["of_seq"]) == (118, 74, 2)


def seen_severe() -> Seen:
    """A session under the shipped limits, in which one severe pressure was just measured."""
    entries = chained([started(protocol()), cuff(10, 184, 90)])
    live = LiveSession(entries[0])
    live.apply(entries[1])
    last = entries[1]
    for draft in live.changes(at(10)):
        last = chain(draft, SESSION, last.seq + 1, draft.at, last.hash)
        live.apply(last)
    return Seen(live.view(at(10), saved_at=None, unsaved=0, record_fault=""))


@pytest.mark.parametrize(
    ("verb", "event", "text"),
    [
        ('"audio": "pause"', "audio_paused", "AUDIO PAUSED until 14:03:00"),
        ('"audio": "resume"', "resumed", "Audio on again: ended by user"),
        (
            '"interruption": {"reason": "toilet", "minutes": 5}',
            "alarm_paused",
            "ALARM PAUSED until 14:06:00, to the toilet",
        ),
        ('"interruption": "end"', "resumed", "Alarms on again: ended by user"),
        (
            '"limit": {"id": "nibp_sys>=160", "value": 170, "reason": "known hypertension"}',
            "limit_changed",
            "SYS limit >= 160 set to >= 170",
        ),
        (
            '"action": {"card": "BP-2", "step": "told"}',
            "action",
            "Severe rise of blood pressure: Prescriber told",
        ),
    ],
)
def test_what_a_nurse_does_about_alerts(tmp_path: Path, verb: str, event: str, text: str) -> None:
    (act,) = read_script(written(tmp_path, f'{{"t_s": 60, {verb}}}'))
    (made,) = drafts_of(act, seen_severe(), None, at(60), "okafor")
    assert (made.body["event"], made.body["text"], made.author) == (event, text, "okafor")
    if event == "action":
        assert made.body["alarm"] == "nibp_sys>=180"
        assert made.body["value"] == "SYS 184 ≥ 180"


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ('"audio": "off"', "AUDIO OFF is not allowed"),
        ('"audio": "mute"', 'only "pause", "off" and "resume"'),
        ('"interruption": {"reason": "lunch", "minutes": 5}', "Interruption must be one of"),
        ('"interruption": {"reason": "toilet", "minutes": 60}', "lasts 2, 5, 10, 15 minutes"),
        ('"interruption": {"reason": "toilet", "minutes": null}', "ALARM OFF is not allowed"),
        ('"limit": {"id": "nibp_sys>=161", "value": 170, "reason": "x"}', "has no limit"),
        ('"limit": {"id": "nibp_sys>=160", "value": 170, "reason": " "}', "Reason is empty"),
        (
            '"limit": {"id": "nibp_sys>=160", "value": 190, "reason": "x"}',
            "no further out than 180",
        ),
        ('"limit": {"id": "nibp_sys>=160", "value": 400, "reason": "x"}', "can never be passed"),
        ('"limit": {"id": "nibp_sys>=160", "value": null, "reason": "x"}', "ALARM OFF is not"),
        ('"action": {"card": "BP-2", "step": "bleed"}', "no step 'bleed'"),
    ],
)
def test_what_is_not_allowed_about_alerts_is_said(tmp_path: Path, verb: str, said: str) -> None:
    (act,) = read_script(written(tmp_path, f'{{"t_s": 60, {verb}}}'))
    with pytest.raises(ScriptError) as refused:
        drafts_of(act, seen_severe(), None, at(60), "okafor")
    assert said in str(refused.value)


def test_a_slot_is_answered_by_its_id_once_it_is_there(tmp_path: Path) -> None:
    (act,) = read_script(
        written(tmp_path, '{"t_s": 700, "not_done": {"slot": "bp@10", "reason": "asleep"}}')
    )
    with pytest.raises(ScriptError, match="there is no slot 'bp@10' now"):
        drafts_of(act, seen_severe(), None, at(700), "okafor")
    start = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(0), author="okafor")
    entries = chained([started(protocol()), start])
    live = LiveSession(entries[0])
    live.apply(entries[1])
    seen = Seen(live.view(at(700), saved_at=None, unsaved=0, record_fault=""))
    (made,) = drafts_of(act, seen, None, at(700), "okafor")
    assert (made.body["event"], made.body["slot"], made.body["reason"]) == (
        "not_done",
        "bp@10",
        "asleep",
    )


def test_days_and_times_of_a_check_in_are_those_of_the_session_and_the_way_home_is_said(
    tmp_path: Path,
) -> None:
    weight = '{"item": "weight", "value": {"kg": 68.4, "how": "measured", "on": "today"}}'
    acts = read_script(
        written(
            tmp_path,
            f'{{"t_s": 0, "checkin": {weight}}}',
            '{"t_s": 1, "checkin": {"item": "food", "value": {"at": "06:30"}}}',
            '{"t_s": 2, "ready": "yes"}',
            '{"t_s": 3, "left": {"with": "J. Doe", "phone": "0171"}}',
        )
    )
    made = [drafts_of(act, Seen(), 68.4, at(act.t_s), "okafor")[0].body for act in acts]
    assert made[0]["value"]["on"] == "2026-11-23"
    assert made[1]["value"]["at"].startswith("2026-11-23T06:30:00")
    assert [body["event"] for body in made[2:]] == ["ready", "left"]

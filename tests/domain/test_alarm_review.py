"""The alarm review and the what-if: counts, times, what was done, and a replay that is the same."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from ketamonitor import alarm_drafts, drafts
from ketamonitor.alarm_review import bouts, review_session, summed
from ketamonitor.alarm_review_words import HEADERS, alarm_name, headline, noisiest, table
from ketamonitor.entries import Draft, Entry
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.what_if import Compared, replay, typed_value, what_if, with_plan_of, with_value
from tests.domain.builders import at, chained, cuff, link, protocol, reading
from tests.domain.played import Played

MILD, SEVERE = "nibp_sys>=160", "nibp_sys>=180"


def acknowledged(played: Played, id: str, t_s: float) -> None:
    played.to(t_s)
    played.add(alarm_drafts.acknowledge(played.alarm(id), at=at(t_s), author="okafor"))


def busy(used: TreatmentProtocol | None = None) -> Played:
    """An hour with everything: a rise that is confirmed and acted on, a reminder, a planned
    interruption, a pause, a probe off, a lost link, a failed cuff, a late acknowledgement."""
    played = Played(used, devices=(("dinamap", "/dev/ttyUSB0"), ("nonin", "/dev/ttyUSB1")))
    plan, card = protocol().pause, protocol().card[0]
    played.add(link(1, "connected", source="nonin"), cuff(20, 122, 74))
    first = played.entries[-1]
    played.add(
        drafts.baseline(122, 74, first.seq, first.at, at=at(30), author="okafor"),
        drafts.infusion_start("ketamine", "iv", 34.2, 40, at=at(60), author="okafor"),
    )
    steps: list[tuple[float, Iterable[Draft]]] = []
    for t in range(61, 3600, 3):
        if not 1000 < t < 1100:
            low = 86.0 if 2000 < t < 2040 else 97.0
            steps.append((t, [reading(t, {"pulse": 72, "spo2": low}, source="nonin")]))
    for t, sys, dia in (
        (600, 168, 96),
        (720, 184, 100),
        (840, 186, 101),
        (1500, 150, 90),
        (1800, 165, 92),
        (2400, 140, 85),
        (3000, 182, 95),
    ):
        steps.append((t, [cuff(t, sys, dia)]))
    steps.append(
        (1520, [alarm_drafts.alarm_paused(plan, "toilet", 5, at=at(1520), author="okafor")])
    )
    steps.append((1700, [alarm_drafts.resumed("alarm", "back", at=at(1700), author="okafor")]))
    steps.append((730, [alarm_drafts.audio_paused(plan, at=at(730), author="okafor")]))
    steps.append((2500, [link(2500, "lost", "cable", source="nonin")]))
    steps.append((2560, [link(2560, "connected", source="nonin")]))
    steps.append((2100, [drafts.observation("moaas", "answered", 3, at=at(2100), author="o")]))
    for t, drafted in sorted(steps, key=lambda step: step[0]):
        if t >= 750 and MILD in played.live.active and not played.alarm(MILD).acknowledged_at:
            acknowledged(played, MILD, played_s(played))
        if t >= 760 and SEVERE in played.live.active and not played.alarm(SEVERE).acknowledged_at:
            acknowledged(played, SEVERE, played_s(played))
            taken = alarm_drafts.action(
                card, card.step[2], played.alarm(SEVERE), "SYS 184", at=played.now, author="o"
            )
            played.add(taken)
        played.add(*drafted)
    played.add(drafts.ended("finished", at=at(3600), author="okafor"))
    return played


def played_s(played: Played) -> float:
    return (played.now - at(0)).total_seconds()


@pytest.fixture(scope="module")
def recorded() -> list[Entry]:
    return busy().entries


def alarms(entries: Iterable[Entry]) -> list[tuple[object, ...]]:
    return [
        (e.body["event"], e.body.get("id"), e.body.get("priority"), e.body.get("why"), e.at)
        for e in entries
        if e.kind == "alarm"
    ]


# The review ------------------------------------------------------------------------------------


def test_no_entries_are_no_session() -> None:
    with pytest.raises(ValueError, match="no entries"):
        review_session([])
    with pytest.raises(ValueError, match="no entries"):
        what_if([[]], lambda recorded: recorded)


def test_an_entry_of_another_make_is_named() -> None:
    played = Played(devices=())
    bare = Draft("alarm", at(1), "program", {"event": "raised", "id": "x", "priority": "high"})
    entries = [*played.entries, chained([bare])[0]]
    with pytest.raises(ValueError, match="entry 1 is not as this program writes it"):
        review_session(entries)
    with pytest.raises(ValueError, match="not as this program writes it"):
        what_if([entries], lambda same: same)


def test_of_no_sessions_nothing_is_claimed() -> None:
    review = summed([])
    assert (review.sessions, review.total, review.rows) == (0, 0, ())
    assert review.per_hour is None
    assert noisiest(review) == ""
    assert headline(review) == "0 alerts in 0 sessions, 0.0 h: – an hour (0 HIGH, 0 MEDIUM, 0 LOW)"


def test_a_quiet_session_has_hours_and_no_alert() -> None:
    played = Played(devices=())
    played.add(drafts.ended("finished", at=at(5400), author="okafor"))
    review = summed([review_session(played.entries)])
    assert (review.hours, review.total, review.per_hour) == (1.5, 0, 0)


def test_several_limits_on_one_side_are_one_alert_and_each_is_counted() -> None:
    played = Played()
    played.add(drafts.dose("ketamine", "im", 20, at=at(5), author="o"))
    played.add(cuff(10, 185, 80), cuff(130, 186, 80), cuff(250, 120, 80))
    review = review_session(played.entries)
    (bout,) = [b for b in review.bouts if MILD in b.ids]
    assert bout.ids == (MILD, SEVERE)
    assert (bout.priority, bout.started_at, bout.ended_at) == ("high", at(10), at(250))
    assert [a.id for a in review.alarms if "nibp_sys" in a.id] == [MILD, SEVERE]


def test_what_ended_and_came_again_is_another_alert() -> None:
    played = Played()
    played.add(cuff(10, 165, 80), cuff(60, 120, 80), cuff(120, 166, 80))
    found = bouts(played.live.record.alarms)
    assert [(MILD in b.ids, b.started_at) for b in found if "nibp_sys>=160" in b.ids] == [
        (True, at(10)),
        (True, at(120)),
    ]


def test_time_to_acknowledgement_its_middle_its_longest_and_never() -> None:
    played = Played()
    for start, seen in ((100, 20), (1000, 100), (2000, 50), (3000, None)):
        played.add(cuff(start, 165, 80))
        if seen is not None:
            acknowledged(played, MILD, start + seen)
        played.add(cuff(start + 170, 120, 80))
    (row,) = [r for r in summed([review_session(played.entries)]).rows if r.id == MILD]
    assert (row.count, row.never) == (4, 1)
    assert (row.acknowledged_median_s, row.acknowledged_longest_s) == (50, 100)
    assert row.duration_median_s == 170
    assert row.escalated == 0


def test_one_that_nobody_saw_in_time_says_so() -> None:
    played = Played()
    played.add(cuff(10, 165, 80))
    played.to(400)
    (row,) = [r for r in summed([review_session(played.entries)]).rows if r.id == MILD]
    assert (row.priority, row.escalated, row.unanswered, row.asked) == ("high", 1, 1, 2)
    assert (row.acknowledged_median_s, row.duration_median_s) == (None, None)


@pytest.mark.parametrize(
    ("done", "what"),
    [
        (drafts.manual_bp(150, 80, at=at(200), author="o"), ("BP",)),
        (drafts.observation("moaas", "answered", 5, at=at(200), author="o"), ("observation",)),
        (drafts.dose("ketamine", "im", 20, at=at(200), author="o"), ("dose",)),
        (drafts.note("calm", at=at(200), author="o"), ()),
        (drafts.manual_bp(150, 80, at=at(320), author="o"), ()),
        (cuff(200, 150, 80), ()),
        (drafts.infusion_start("ketamine", "iv", 34, 40, at=at(200), author="o"), ()),
    ],
)
def test_what_a_person_did_within_five_minutes_counts_as_acted_on(
    done: Draft, what: tuple[str, ...]
) -> None:
    played = Played()
    played.add(cuff(10, 165, 80), done)
    (alarm,) = [a for a in review_session(played.entries).alarms if a.id == MILD]
    assert alarm.acted == what


def test_a_step_of_a_card_counts_for_its_alarm_and_the_milder_ones_only() -> None:
    played = Played(devices=(("dinamap", "/dev/ttyUSB0"), ("nonin", "/dev/ttyUSB1")))
    card = protocol().card[0]
    played.add(reading(5, {"pulse": 120}, source="nonin"), cuff(10, 185, 80))
    played.to(400)
    taken = alarm_drafts.action(
        card, card.step[0], played.alarm(SEVERE), "", at=at(400), author="o"
    )
    played.add(taken)
    acted = {a.id: a.acted for a in review_session(played.entries).alarms}
    assert acted[SEVERE] == acted[MILD] == ("action",)
    assert acted["no_reading:pulse"] == ()


def test_a_pause_of_the_infusion_is_acting_on_it() -> None:
    played = Played()
    played.add(
        drafts.infusion_start("ketamine", "iv", 34, 40, at=at(5), author="o"),
        cuff(10, 165, 80),
        drafts.infusion_change("pause", "BP", at=at(60), author="o"),
    )
    (row,) = [r for r in summed([review_session(played.entries)]).rows if r.id == MILD]
    assert (row.acted, row.acts) == (1, (("infusion", 1),))


def test_the_time_the_program_was_not_running_is_not_watched() -> None:
    played = Played()
    resumed = {"event": "resumed", "gap_s": 1800, "devices": []}
    played.add(Draft("session", at(3600), "o", resumed))
    played.add(drafts.ended("finished", at=at(5400), author="o"))
    assert review_session(played.entries).hours == 1.0


def test_several_sessions_add_up_and_the_noisiest_comes_first(recorded: list[Entry]) -> None:
    one = summed([review_session(recorded)])
    two = summed([review_session(recorded)] * 2)
    assert two.hours == 2 * one.hours
    assert two.total == 2 * one.total
    assert [r.count for r in two.rows] == [2 * r.count for r in one.rows]
    asked = [row.asked for row in two.rows]
    assert asked == sorted(asked, reverse=True)
    assert two.per_hour == one.per_hour
    assert one.interruptions == 1
    assert one.audio_pauses == 1


def test_the_table_has_a_cell_for_each_header(recorded: list[Entry]) -> None:
    rows = table(summed([review_session(recorded)]))
    assert {len(row) for row in rows} == {len(HEADERS)}
    severe = next(row for row in rows if row[0] == "SYS ≥ 180")
    assert severe[1:3] == ["*** HIGH", "2"]
    assert severe[6].startswith("2 of 2: action 2")


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("nibp_sys>=180", "SYS ≥ 180"),
        ("nibp_sys>=base%+20", "SYS ≥ baseline +20 %"),
        ("nibp_dia>=base+25", "DIA ≥ baseline +25"),
        ("nibp_sys<=base%-30", "SYS ≤ baseline -30 %"),
        ("spo2<88", "SpO₂ < 88"),
        ("spo2<=trend5-4", "SpO₂ -4 within 5 min"),
        ("no_reading:spo2", "SpO₂: no reading"),
        ("link_lost:nonin", "nonin: link lost"),
        ("no_bp", "No BP"),
        ("of_a_later_version:x", "x: of a later version"),
    ],
)
def test_limits_and_conditions_have_names(id: str, name: str) -> None:
    assert alarm_name(id) == name


def test_every_limit_of_the_protocols_has_a_name() -> None:
    for name in ("iv-ketamine-40", "spravato-56", "spravato-84"):
        for row in protocol(name).limit:
            assert ">=" not in alarm_name(row.id)
            assert "_" not in alarm_name(row.id)


# What if ---------------------------------------------------------------------------------------


def test_the_same_protocol_gives_the_same_alarms(recorded: list[Entry]) -> None:
    again = replay(recorded, protocol())
    assert alarms(again) == alarms(recorded)
    assert {row[0] for row in alarms(recorded)} >= {
        *("raised", "escalated", "acknowledged", "reminder", "cleared", "latched"),
        *("audio_paused", "alarm_paused", "resumed"),
    }
    assert [e.body for e in again if e.kind == "event"] == [
        e.body for e in recorded if e.kind == "event"
    ]
    result = what_if([recorded], lambda same: same)
    assert result.changed == 0
    assert all(row.before == row.after for row in result.rows)
    assert result.before == result.after


def test_the_same_protocol_gives_the_same_alarms_in_a_changed_session() -> None:
    played = Played()
    row = next(r for r in protocol().limit if r.id == MILD)
    changed = alarm_drafts.limit_changed(
        row, 170, "known", protocol().pause, at=at(100), author="hale"
    )
    played.add(cuff(10, 165, 80), changed, cuff(200, 168, 80), cuff(500, 172, 80))
    assert alarms(replay(played.entries, protocol())) == alarms(played.entries)


def test_a_wider_limit_alarms_less_and_a_tighter_one_more(recorded: list[Entry]) -> None:
    wider = what_if([recorded], with_value(MILD, 175))
    assert wider.changed == 1
    assert Compared("nibp_sys>=175", MILD, 3, 2) in wider.rows
    assert wider.rows[0].id == "nibp_sys>=175", "the largest difference stands first"
    tighter = what_if([recorded], with_value("nibp_dia>=100", 92))
    # 96 to 101, then what of it still held after the planned interruption, then 95
    assert Compared("nibp_dia>=92", "nibp_dia>=100", 1, 3) in tighter.rows


def test_a_new_limits_alarm_counts_as_seen_where_any_on_its_side_was() -> None:
    played = Played()
    played.add(cuff(10, 172, 80))
    acknowledged(played, MILD, 60)
    played.to(400)
    played.add(drafts.ended("finished", at=at(400), author="o"))
    result = what_if([played.entries], with_value(MILD, 170))
    (row,) = [r for r in result.after.rows if r.id == "nibp_sys>=170"]
    assert (row.acknowledged_median_s, row.unanswered) == (50, 0)


def test_another_plan_changes_limits_escalation_and_technical_only(
    recorded: list[Entry],
) -> None:
    calm = msgspec.structs.replace(
        protocol("spravato-84"),
        limit=(),
        technical=msgspec.structs.replace(protocol().technical, no_reading_s=600),
    )
    other = with_plan_of(calm)(protocol())
    assert (other.name, other.due, other.limit) == ("iv-ketamine-40", protocol().due, ())
    result = what_if([recorded], with_plan_of(calm))
    assert not [row for row in result.after.rows if row.type == "physiological"]
    assert [r.after for r in result.rows if r.id == "no_reading:spo2"] == [0]
    assert [r.before for r in result.rows if r.id == "no_reading:spo2"] != [0]


def test_a_limit_that_could_never_be_passed_is_refused(recorded: list[Entry]) -> None:
    with pytest.raises(ValueError, match="can never be passed"):
        what_if([recorded], with_value(MILD, 400))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "as a number, such as 160"),
        ("1e3", "as a number"),
        ("nan", "as a number"),
        ("170 mmHg", "as a number"),
        ("160", "has the value 160 already"),
        ("400", "can never be passed"),
    ],
)
def test_another_value_is_checked_with_one_clear_line(typed: str, said: str) -> None:
    row = next(r for r in protocol().limit if r.id == MILD)
    with pytest.raises(ValueError, match=said):
        typed_value(row, typed)


def test_who_only_asks_may_go_further_than_a_session() -> None:
    row = next(r for r in protocol().limit if r.id == MILD)
    assert row.loosest == 180
    assert typed_value(row, " 185,5 ") == 185.5
    low = next(r for r in protocol().limit if r.id == "nibp_sys<=base%-20")
    assert typed_value(low, "−30") == -30
    with pytest.raises(ValueError, match="would be passed at the baseline itself"):
        typed_value(low, "20")


def test_a_session_without_the_row_is_left_as_it_was(recorded: list[Entry]) -> None:
    result = what_if([recorded], with_value("nibp_map>=120", 130))
    assert result.changed == 0
    assert result.before == result.after


def test_a_record_fault_is_taken_over_as_it_was() -> None:
    played = Played(devices=())
    played.to(100)
    for draft in played.live.changes(played.now, "disk full"):
        played._append(draft)
    played.to(200)
    played.add(drafts.ended("finished", at=at(200), author="o"))
    told = [(e.body["event"], e.body["id"]) for e in played.entries if e.kind == "alarm"]
    assert told == [("raised", "record_fault"), ("cleared", "record_fault")]
    again = replay(played.entries, protocol())
    assert [(e.body["event"], e.body["id"]) for e in again if e.kind == "alarm"] == told

"""The five phases, told from the picture of a session."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from ketamonitor import drafts
from ketamonitor.phases import PhaseState, gate_name, phases
from ketamonitor.session import LiveSession
from ketamonitor.treatment.checkin import checkin
from ketamonitor.treatment.plan import CheckInPlan
from ketamonitor.view import SessionView
from tests.domain.builders import chained, cuff, plain_protocol, protocol, started
from tests.fakes import START


def view_at(minutes: float, *acts: drafts.Draft) -> tuple[SessionView, datetime]:
    entries = chained([started(), *acts])
    live = LiveSession(entries[0])
    for entry in entries[1:]:
        live.apply(entry)
    now = START + timedelta(minutes=minutes)
    return live.view(now, saved_at=None, unsaved=0, record_fault=""), now


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


BASELINE = (
    cuff(60, 122, 74, 90),
    drafts.baseline(122, 74, 2, after(1), at=after(2), author="okafor"),
)
INFUSION = drafts.infusion_start("ketamine", "iv", 34.2, 40, at=after(5), author="okafor")


def current(minutes: float, *acts: drafts.Draft) -> tuple[str, str]:
    told = phases(*view_at(minutes, *acts))
    on = [phase for phase in told if phase.state is PhaseState.CURRENT]
    assert told[0].title == "Check-in"
    assert len(on) == 1
    place = told.index(on[0])
    assert all(phase.state is PhaseState.DONE for phase in told[:place])
    assert all(phase.state is PhaseState.AHEAD for phase in told[place + 1 :])
    return on[0].title, on[0].detail


def test_each_phase_in_its_turn() -> None:
    pause = drafts.infusion_change("pause", "nausea", at=after(15), author="okafor")
    stop = drafts.infusion_change("stop", "asked to", at=after(15), author="okafor")
    assert current(1) == ("Baseline", "not locked")
    assert current(3, *BASELINE) == ("Dosing", "not begun")
    assert current(15, *BASELINE, INFUSION) == ("Dosing", "10:00 of 40:00")
    assert current(20, *BASELINE, INFUSION, pause) == ("Dosing", "paused, 8.6 mg in")
    assert current(16, *BASELINE, INFUSION, stop) == ("Observation", "59:00 to the gate")
    # The gate follows the end of the infusion now, which nobody has recorded.
    assert current(50, *BASELINE, INFUSION) == ("Observation", "record the infusion’s stop")
    # No clock says that a pump has stopped: the gate waits for who saw it.
    assert current(75, *BASELINE, INFUSION) == ("Observation", "record the infusion’s stop")
    assert current(75, *BASELINE, INFUSION, stop) == ("Discharge", "gate passed 15:15")


def test_what_is_open_at_check_in_never_looks_done() -> None:
    plan = CheckInPlan(needed=("allergies",))
    used = msgspec.structs.replace(plain_protocol(), checkin=plan)

    def first(*acts: drafts.Draft) -> tuple[PhaseState, str]:
        live = LiveSession(chained([started(used)])[0])
        for entry in chained([started(used), *acts])[1:]:
            live.apply(entry)
        now = after(30)
        told = phases(live.view(now, saved_at=None, unsaved=0, record_fault=""), now)[0]
        return told.state, told.detail

    asked = checkin("allergies", "answered", {"known": "none known"}, at=after(4), author="okafor")
    assert first() == (PhaseState.CURRENT, "1 open")
    assert first(*BASELINE, INFUSION) == (PhaseState.AHEAD, "1 open")
    assert first(asked, *BASELINE) == (PhaseState.DONE, "done 14:04")
    assert first(*BASELINE, asked) == (PhaseState.DONE, "done 14:04")


def test_a_dose_without_a_baseline_is_dosing_all_the_same() -> None:
    assert current(6, INFUSION)[0] == "Dosing"


def test_spravato_counts_devices() -> None:
    plan = protocol("spravato-56")
    first = started(plan)
    doses = [
        drafts.dose("esketamine", "nasal", 28, device_no=n, at=after(n), author="okafor")
        for n in (1, 2)
    ]
    entries = chained([first, *doses])
    live = LiveSession(entries[0])
    live.apply(entries[1])
    now = after(3)
    told = phases(live.view(now, saved_at=None, unsaved=0, record_fault=""), now)
    assert (told[2].state, told[2].detail) == (PhaseState.CURRENT, "1 of 2 devices")
    live.apply(entries[2])
    told = phases(live.view(now, saved_at=None, unsaved=0, record_fault=""), now)
    assert told[3].state is PhaseState.CURRENT


def test_an_ended_session_is_done() -> None:
    view, now = view_at(80, *BASELINE, INFUSION)
    ended = replace(view, ended_at=now)
    assert {phase.state for phase in phases(ended, now)} == {PhaseState.DONE}


def test_the_gate_is_named_by_its_minutes_only_while_they_open_it() -> None:
    def dose(minute: float) -> drafts.Draft:
        return drafts.dose("ketamine", "iv", 30, at=after(minute), author="okafor")

    assert gate_name(view_at(1)[0]) == "70-min gate"
    assert gate_name(view_at(10, dose(0))[0]) == "70-min gate"
    assert gate_name(view_at(65, dose(0), dose(60))[0]) == "Gate"

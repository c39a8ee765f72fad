"""How orders, doses and infusions are told: timeline, PDF content, CSV, script and phase."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ketamonitor import drafts, words
from ketamonitor.entries import GENESIS, Draft, Entry, chain
from ketamonitor.phases import phases
from ketamonitor.record import Record
from ketamonitor.report.content import content
from ketamonitor.report.course import event_text
from ketamonitor.report.tables import write_csv
from ketamonitor.script import ScriptError, Seen, drafts_of, read_script
from ketamonitor.session import LiveSession
from ketamonitor.treatment.infusion import rate_change
from ketamonitor.view import SessionView
from tests.domain.builders import SESSION, at, chained, protocol, started

KETAMINE = "ketamine (racemic)"
NURSE = "okafor"


def start(t_s: float = 60) -> Draft:
    return drafts.infusion_start(
        KETAMINE,
        "iv",
        34.2,
        40,
        weight_kg=68.4,
        strength_mg_ml="0.684",
        rate_ml_h="75",
        at=at(t_s),
        author=NURSE,
    )


def session(*done: Draft) -> list[Entry]:
    return chained([started(protocol()), *done])


def picture(entries: list[Entry], t_s: float) -> SessionView:
    first, *rest = entries
    live = LiveSession(first)
    for entry in rest:
        live.apply(entry)
    return live.view(at(t_s), saved_at=None, unsaved=0, record_fault="")


def played(entries: list[Entry], tmp_path: Path, *acts: dict[str, Any]) -> list[Draft]:
    path = tmp_path / "nurse.jsonl"
    path.write_text("\n".join(json.dumps(act) for act in acts), encoding="utf-8")
    seen = Seen(view=picture(entries, 60))
    return [
        draft
        for act in read_script(path)
        for draft in drafts_of(act, seen, 68.4, at(act.t_s), NURSE)
    ]


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ({"order": {"mg": "37", "mg_per_kg": "0.5", "weight_kg": "68.4"}}, "which weight"),
        ({"order": {"mg": "x"}}, "must be a number in mg"),
        ({"order": {"dose": "34.2"}}, "order has no field 'dose'"),
        ({"order": {}}, "Type the ordered dose in mg"),
        ({"infusion": {"action": "rate", "reason": "asked"}}, "needs 'mg_per_min'"),
        ({"infusion": {"action": "rate", "mg_per_min": 0.4}}, "Say why the rate is changed"),
        (
            {"infusion": {"action": "pause", "reason": "x", "given_mg": "3"}},
            "typed at its stop",
        ),
        (
            {"dose": {"drug": "ketamine", "route": "oral", "mg": 5, "after_hold": "swallowed"}},
            "how long it was held",
        ),
        (
            {
                "dose": {
                    "drug": "ketamine",
                    "route": "oral",
                    "mg": 5,
                    "hold_s": 60,
                    "after_hold": "eaten",
                }
            },
            "After the hold must be",
        ),
        ({"dose": {"drug": "ketamine", "route": "im", "mg": 5.00004}}, "three decimals"),
    ],
)
def test_a_script_is_told_what_is_wrong_with_an_order_or_a_dose(
    tmp_path: Path, act: dict[str, Any], says: str
) -> None:
    with pytest.raises(ScriptError, match=says):
        played(session(), tmp_path, {"t_s": 5, **act})


def test_a_script_orders_starts_changes_the_rate_and_stops(tmp_path: Path) -> None:
    made = played(
        session(),
        tmp_path,
        {"t_s": 5, "order": {"mg": "34.2", "minutes": 40, "prescriber": "A. Hale"}},
        {
            "t_s": 60,
            "infusion": {
                "action": "start",
                "drug": KETAMINE,
                "route": "iv",
                "mg": 34.2,
                "minutes": 40,
                "strength_mg_ml": "0.684",
            },
        },
        {
            "t_s": 660,
            "infusion": {
                "action": "rate",
                "mg_per_min": 0.4275,
                "rate_ml_h": "37.5",
                "reason": "asked",
            },
        },
        {
            "t_s": 1260,
            "infusion": {"action": "stop", "reason": "asked", "given_mg": "12.8"},
        },
    )
    record = Record.of(session(*made))
    assert record.total_mg(at(3000)) == 12.825
    assert record.infusions[0].pump_mg == "12.8"
    assert record.orders.current is not None
    assert record.orders.current.prescriber == "A. Hale"


def test_the_report_tells_rates_holds_and_both_times() -> None:
    rate = rate_change(0.4275, "asked", rate_ml_h="37.5", at=at(660), author=NURSE)
    stop = drafts.infusion_change("stop", "asked", given_mg="12.8", at=at(1260), author=NURSE)
    oral = drafts.dose(
        KETAMINE,
        "sublingual",
        100,
        hold_s=600,
        after_hold="spat out",
        why="asked back",
        at=at(1500),
        author=NURSE,
    )
    other = drafts.dose("ondansetron", "iv", 4, at=at(1300), author=NURSE)
    entries = session(start(), rate, stop, other, oral)
    late = entries[2].at + timedelta(minutes=5)
    entries[2] = chain(rate, SESSION, 3, late, entries[1].hash)
    soon = chain(oral, SESSION, 6, oral.at + timedelta(seconds=40), entries[4].hash)
    data = content(
        Record.of([*entries[:5], soon]),
        printed_at=at(9000),
        printed_by="Dr A. Hale",
        chain_verified=True,
        paper="a4",
    )
    rows = {row[1]: row for row in data["ledger"]}
    assert rows["Infusion rate changed"][3] == "0.427"
    assert rows["Infusion rate changed"][2].startswith("asked; late, entered ")
    assert rows["Infusion stopped"][2] == "asked; pump shows 12.8 mg"
    assert rows["Infusion stopped"][4] == "12.8"
    assert rows["ondansetron 4 mg IV"][4] == "12.8"  # another drug is in no total
    lozenge = rows[f"{KETAMINE} 100 mg sublingual"]
    assert lozenge[2].startswith("held 10:00; spat out; asked back; entered ")
    assert lozenge[4] == "112.8"


def test_csv_has_a_column_for_each_of_it(tmp_path: Path) -> None:
    rate = rate_change(0.4275, "asked", rate_ml_h="37.5", at=at(660), author=NURSE)
    given = drafts.dose(KETAMINE, "im", 20, site="left deltoid", why="meant", at=at(70), author="o")
    path = tmp_path / "out.csv"
    write_csv(session(start(), given, rate), path)
    with path.open(newline="", encoding="utf-8") as file:
        _, begun, dose, changed = csv.DictReader(file)
    assert (begun["strength_mg_per_ml"], begun["rate_ml_per_h"]) == ("0.684", "75")
    assert (dose["site"], dose["why"], dose["hold_s"]) == ("left deltoid", "meant", "")
    assert (changed["infusion_action"], changed["mg_per_min"]) == ("rate", "0.4275")


def test_the_timeline_has_both_times_of_a_dose() -> None:
    given = drafts.dose(KETAMINE, "im", 20, at=at(60), author=NURSE)
    prompt = chain(given, SESSION, 2, at(60) + timedelta(seconds=40), GENESIS)
    told = words.headline(prompt)
    assert told is not None
    assert f"entered {words.clock(prompt.recorded_at, seconds=True)}" in told[1]
    assert "late" not in told[1]
    late = words.headline(chain(given, SESSION, 2, at(600), GENESIS))
    assert late is not None
    assert "late" in late[1]


def test_at_another_rate_the_phase_tells_amounts_and_no_planned_minutes() -> None:
    rate = rate_change(0.4275, "asked", at=at(660), author=NURSE)
    plain = phases(picture(session(start()), 1260), at(1260))
    slower = phases(picture(session(start(), rate), 1260), at(1260))
    assert "20:00 of 40:00" in [phase.detail for phase in plain]
    assert "12.8 mg of 34.2 mg" in [phase.detail for phase in slower]


def test_another_drug_does_not_end_the_dosing() -> None:
    other = drafts.dose("ondansetron", "iv", 4, at=at(60), author=NURSE)
    view = picture(session(other), 120)
    assert view.doses == 0
    assert view.order is None


def test_a_struck_answer_is_told_as_struck_among_the_events() -> None:
    answers = [
        drafts.observation(key, "answered", value, at=at(60), author="okafor")
        for key, value in (("moaas", 2), ("dissociation", 7))
    ]
    strike = {"of_seq": 2, "reason": "other patient", "body": None}
    made = Record.of(chained([started(), *answers, Draft("correction", at(90), "okafor", strike)]))
    event, _correction = made.events
    assert event_text(made, event) == "Sedation 2 (struck), dissociation 7"

"""The estimate of a session: from the doses as they stand, or in words why there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pytest

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.estimate import LABEL, Estimate, NoEstimate, estimate, offered
from tests.domain.builders import at, chained, plain_protocol, started

NURSE = "okafor"


def record_of(*entered: Draft, model: str = "domino", weight: float | None = 68.4) -> Record:
    protocol = msgspec.structs.replace(plain_protocol(), estimate=model)
    first = started(protocol, ())
    body: dict[str, Any] = {**first.body, "weight_kg": weight}
    return Record.of(chained([Draft("session", first.at, first.author, body), *entered]))


def infusion(t_s: float, mg: float = 34.2, drug: str = "ketamine (racemic)") -> Draft:
    return drafts.infusion_start(drug, "iv", mg, 40, weight_kg=68.4, at=at(t_s), author=NURSE)


def change(action: str, t_s: float, reason: str = "asked") -> Draft:
    return drafts.infusion_change(action, reason, at=at(t_s), author=NURSE)


def device(t_s: float, number: int) -> Draft:
    return drafts.dose("esketamine", "nasal", 28, device_no=number, at=at(t_s), author=NURSE)


def course(record: Record, t_s: float) -> Estimate:
    found = estimate(record, at(t_s))
    assert isinstance(found, Estimate), found
    return found


def value(found: Estimate, minute: float) -> float:
    return float(np.interp(minute * 60, found.seconds, found.middle))


def test_an_infusion_is_predicted_from_its_start_and_never_further_than_now() -> None:
    found = course(record_of(infusion(600)), 600 + 40 * 60)
    assert found.start == at(600)
    assert found.seconds[-1] == 2400
    assert found.middle[-1] == pytest.approx(240.36, rel=1e-3)
    assert found.low[-1] == pytest.approx(120.18, rel=1e-3)
    assert found.high[-1] == pytest.approx(360.54, rel=1e-3)
    assert "Domino" in found.model
    assert "not measured" in LABEL
    assert "Do not use for dosing" in LABEL


def test_an_infusion_that_has_run_in_stops_by_itself() -> None:
    found = course(record_of(infusion(0)), 100 * 60)
    assert value(found, 100) == pytest.approx(40.45, rel=1e-3)


def test_a_pause_leaves_a_gap_in_what_goes_in() -> None:
    record = record_of(infusion(0), change("pause", 1200), change("resume", 1800))
    found = course(record, 90 * 60)
    for minute, expected in ((20, 209.61), (25, 63.31), (40, 212.58), (50, 236.07), (90, 44.56)):
        assert value(found, minute) == pytest.approx(expected, rel=2e-3)


def test_a_stop_that_was_entered_late_moves_the_course_back_to_when_it_was() -> None:
    until = at(3000)
    running = estimate(record_of(infusion(0)), until)
    stopped = estimate(record_of(infusion(0), change("stop", 1200)), until)
    assert isinstance(running, Estimate)
    assert isinstance(stopped, Estimate)
    assert value(running, 20) == pytest.approx(value(stopped, 20))
    assert value(stopped, 25) == pytest.approx(63.31, rel=2e-3)
    assert value(running, 25) > 200


def test_a_struck_dose_is_not_in_it() -> None:
    push = drafts.dose("ketamine", "iv", 20.52, at=at(0), author=NURSE)
    strike = Draft("correction", at(60), NURSE, {"of_seq": 2, "reason": "double", "body": None})
    again = drafts.dose("ketamine", "iv", 20.52, at=at(120), author=NURSE)
    found = course(record_of(push, strike, again), 600)
    assert found.start == at(120)
    assert found.middle[0] == pytest.approx(4761.9, rel=1e-3)
    assert found.settled_high == pytest.approx(381.35 * 1.5, rel=1e-3)
    gone = estimate(record_of(push, strike), at(600))
    assert gone == NoEstimate("No dose yet")


def test_three_nasal_devices() -> None:
    record = record_of(device(0, 1), device(300, 2), device(600, 3), model="perez_ruixo")
    found = course(record, 7200)
    for minute, expected in ((20, 77.6), (40, 100.7), (60, 96.6), (90, 76.8), (120, 58.2)):
        assert value(found, minute) == pytest.approx(expected, rel=5e-3)


def test_a_course_ends_after_a_day() -> None:
    found = course(record_of(infusion(0)), 40 * 3600)
    assert found.start + timedelta(seconds=found.seconds[-1]) == at(24 * 3600)


def test_other_drugs_are_left_out_and_other_ways_of_ketamine_leave_no_estimate() -> None:
    plain = course(record_of(infusion(0)), 3000)
    nausea = drafts.dose("ondansetron", "iv", 4, at=at(60), author=NURSE)
    assert course(record_of(infusion(0), nausea), 3000).middle == pytest.approx(plain.middle)
    muscle = drafts.dose("ketamine", "im", 20, at=at(60), author=NURSE)
    found = estimate(record_of(infusion(0), muscle), at(3000))
    assert found == NoEstimate("ketamine, im: this model does not know it")
    s_form = drafts.dose("Spravato", "nasal", 28, device_no=1, at=at(60), author=NURSE)
    found = estimate(record_of(infusion(0), s_form), at(3000))
    assert found == NoEstimate("Spravato, nasal: this model does not know it")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (record_of(infusion(0), model=""), "No model for this treatment"),
        (record_of(), "No dose yet"),
        (record_of(infusion(0), weight=None), "No weight: this model needs it"),
        (
            record_of(drafts.dose("ondansetron", "iv", 4, at=at(60), author=NURSE)),
            "No dose yet",
        ),
    ],
)
def test_why_there_is_none(record: Record, why: str) -> None:
    assert estimate(record, at(3000)) == NoEstimate(why)


def test_a_drug_that_only_the_clinic_names_has_no_model() -> None:
    named = msgspec.structs.replace(plain_protocol().dose, drug="Mixture 7")
    protocol = msgspec.structs.replace(plain_protocol(), estimate="domino", dose=named)
    push = drafts.dose("Mixture 7", "iv", 20, at=at(60), author=NURSE)
    record = Record.of(chained([started(protocol, ()), push]))
    assert estimate(record, at(600)) == NoEstimate("No dose that this model knows")


def test_it_is_offered_where_the_protocol_names_a_model() -> None:
    assert offered(record_of())
    assert not offered(record_of(model=""))


def test_another_drug_by_the_nose_is_no_device() -> None:
    devices = (device(0, 1), device(300, 2))
    spray = drafts.dose("midazolam", "nasal", 5, at=at(-60), author=NURSE)
    plain = course(record_of(*devices, model="perez_ruixo"), 7200)
    beside = course(record_of(spray, *devices, model="perez_ruixo"), 7200)
    assert beside.middle == pytest.approx(plain.middle)

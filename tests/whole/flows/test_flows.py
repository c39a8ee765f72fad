"""Each protocol from check-in to the way home by keys alone, against what should be stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from ketamonitor.entries import Entry, verify_chain
from tests.whole.flows.chairside import SECOND, Chairside
from tests.whole.flows.nurse import Nurse
from tests.whole.flows.written import lines

WRITTEN = Path(__file__).parent / "written"


def _gate_passed(at: Chairside) -> bool:
    """Time, pressure and scores: all that the record answers by itself is met."""
    by_itself = ("gate", "bp", "score")
    return all(c.settled for c in at.view.criteria if c.criterion.by in by_itself)


def iv_40(nurse: Nurse) -> None:
    at = nurse.at
    nurse.order(mg="34.2", minutes="40")
    nurse.book("7", "ketamine", "10", "5", "L7", "2027-08")
    nurse.book("6", "1")
    nurse.book("1", "1", "40")
    nurse.give()
    nurse.mark(1)
    nurse.follow(lambda: at.view.infusion is not None and at.view.infusion.given_mg >= 34.19, 45)
    nurse.stop()
    nurse.book("2", "3", "34.2")
    nurse.book("3", "3", "5.8", "sink with absorber", witness=SECOND)
    assert at.station.drugs.ledger().balanced
    assert list(at.station.drugs.check()) == []
    nurse.follow(lambda: _gate_passed(at), 45)


def confirm_course(nurse: Nurse) -> None:
    nurse.confirm("1", "yn")
    nurse.confirm("2", "yn")
    nurse.confirm("3", "y")
    nurse.confirm("4", "z")


def spravato_56(nurse: Nurse) -> None:
    nurse.order(mg="56", devices="2")
    nurse.devices()
    nurse.follow(lambda: _gate_passed(nurse.at), 80)
    confirm_course(nurse)


def spravato_84(nurse: Nurse) -> None:
    nurse.order(mg="84", devices="3")
    nurse.devices()
    nurse.follow(lambda: _gate_passed(nurse.at), 80)
    confirm_course(nurse)


def iv_custom(nurse: Nurse) -> None:
    """Half an hour from a syringe, a pause of the pump, and a rate that is changed."""
    at = nurse.at
    nurse.order(mg="30", strength_mg_ml="1", volume_ml="30", rate_ml_h="60", minutes="30")
    nurse.give()
    at.wait(5)
    nurse.change("p", "2")
    at.wait(2)
    nurse.change("p")
    nurse.change("r", "50", reason="BP rise")
    nurse.follow(lambda: at.view.infusion is not None and at.view.infusion.given_mg >= 29.99, 45)
    nurse.stop()
    nurse.follow(lambda: _gate_passed(at), 45)


def one_dose(nurse: Nurse) -> None:
    nurse.order(mg="34.2")
    nurse.give(("Site", "left deltoid"))
    nurse.follow(lambda: _gate_passed(nurse.at), 45)


def lozenge(nurse: Nurse) -> None:
    nurse.order(mg="100")
    nurse.give()
    nurse.at.wait(10)
    nurse.held("spat out")
    nurse.follow(lambda: _gate_passed(nurse.at), 80)


FLOWS: dict[str, Callable[[Nurse], None]] = {
    "iv-ketamine-40": iv_40,
    "iv-ketamine-custom": iv_custom,
    "im-ketamine": one_dose,
    "sc-ketamine": one_dose,
    "oral-ketamine": lozenge,
    "spravato-56": spravato_56,
    "spravato-84": spravato_84,
}
#: Those that are also gone through with no monitor at all: a pump, and nasal devices.
BY_HAND = ("iv-ketamine-40", "spravato-56")


@pytest.fixture
def at(tmp_path: Path, qtbot: QtBot, qapp: object) -> Iterator[Chairside]:
    made = Chairside(tmp_path, qtbot)
    yield made
    made.close()


@pytest.fixture
def at_without_monitor(tmp_path: Path, qtbot: QtBot, qapp: object) -> Iterator[Chairside]:
    made = Chairside(tmp_path, qtbot, monitored=False)
    yield made
    made.close()


def run(at: Chairside, protocol: str, written: str) -> list[Entry]:
    """The whole session; gives its entries, which are as written down."""
    nurse = Nurse(at)
    nurse.sign_in()
    nurse.begin(protocol)
    session = at.chair.session
    nurse.check_in()
    for number in range(at.view.info.protocol.baseline.readings):
        nurse.take(number)
    nurse.baseline()
    FLOWS[protocol](nurse)
    nurse.go_home()
    nurse.end()
    entries = at.entries(session)
    assert verify_chain(session, entries) == []
    stored = "\n".join(lines(entries)) + "\n"
    path = WRITTEN / f"{written}.txt"
    if os.environ.get("KETAMONITOR_WRITE_FLOWS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(stored, encoding="utf-8")
    assert stored == path.read_text(encoding="utf-8")
    return entries


def run_by_hand(at: Chairside, protocol: str) -> None:
    """All pressures are a person's, and nothing is missed that nobody connected."""
    entries = run(at, protocol, f"{protocol}-by-hand")
    assert {e.body["source"] for e in entries if e.kind == "reading"} == {"manual"}
    assert not [e for e in entries if e.kind == "device"]
    assert not [e.body for e in entries if e.body.get("type") == "technical"]


@pytest.mark.parametrize("protocol", FLOWS)
def test_stored_as_written_down(at: Chairside, protocol: str) -> None:
    run(at, protocol, protocol)


@pytest.mark.parametrize("protocol", BY_HAND)
def test_stored_as_written_down_without_a_monitor(
    at_without_monitor: Chairside, protocol: str
) -> None:
    run_by_hand(at_without_monitor, protocol)


@pytest.mark.xvfb
@pytest.mark.parametrize("protocol", FLOWS)
def test_stored_as_written_down_on_a_screen(at: Chairside, protocol: str) -> None:
    run(at, protocol, protocol)


@pytest.mark.xvfb
def test_stored_as_written_down_on_a_screen_without_a_monitor(
    at_without_monitor: Chairside,
) -> None:
    run_by_hand(at_without_monitor, "iv-ketamine-40")

"""The guide of the nasal devices by keys: what is said, what is stored, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from tests.domain.builders import chained, started
from tests.ui.forms import Bench, view
from tests.ui.keys import Keys
from ui.pages.device_column import DONE, NOW, RESTING, WAITING
from ui.pages.devices_part import DevicesPart
from ui.pages.dose import DosePanel

STEP_S = 20


class Guide:
    """The dose panel of a protocol with devices over a record that follows what was stored."""

    def __init__(self, bench: Bench, qtbot: QtBot, protocol: str) -> None:
        self.bench, self.seen = bench, view(protocol)
        self.drafts: list[Draft] = [
            started(self.seen.info.protocol, at=bench.now - timedelta(minutes=10)),
            drafts.manual_bp(122, 74, at=bench.now - timedelta(minutes=9), author="r.okafor"),
        ]
        self.panel = DosePanel(bench.desk, self.seen, lambda: Record.of(chained(self.drafts)))
        qtbot.addWidget(self.panel)
        self.panel.resize(1040, 640)
        self.panel.show()
        self.panel.activateWindow()
        self.panel.setFocus()
        self.keys = Keys(qtbot, self.panel)

    @property
    def part(self) -> DevicesPart:
        part = self.panel.part
        assert isinstance(part, DevicesPart)
        return part

    @property
    def doses(self) -> list[Draft]:
        return [draft for draft in self.drafts if draft.kind == "dose"]

    @property
    def told(self) -> str:
        return self.panel.words.text()

    def stored(self) -> None:
        """What was sent is durable, and the next step comes a while later."""
        self.drafts += self.bench.sent[-1]
        self.bench.saved()
        self.keys.until(lambda: "Saved" in self.panel.outcome.text(), "the panel heard it")
        self.later(STEP_S)

    def later(self, seconds: float) -> None:
        self.bench.now += timedelta(seconds=seconds)
        self.panel.show_view(replace(self.seen, now=self.bench.now))

    def lot(self, lot: str = "24KX118", expiry: str = "2027-08") -> None:
        self.keys.press("k")
        self.keys.type(lot)
        self.keys.press(Qt.Key.Key_Tab)
        self.keys.type(expiry)

    def device(self) -> None:
        self.lot()
        for _ in range(6):
            assert self.told == "", self.told
            sent = len(self.bench.sent)
            self.keys.enter()
            assert len(self.bench.sent) == sent + 1
            self.stored()


@pytest.fixture
def bench(theme: object) -> Iterator[Bench]:
    return Bench()


@pytest.mark.parametrize(("protocol", "many"), [("spravato-56", 2), ("spravato-84", 3)])
def test_three_devices_by_keys_are_three_doses_at_their_first_sprays(
    bench: Bench, qtbot: QtBot, protocol: str, many: int
) -> None:
    guide = Guide(bench, qtbot, protocol)
    begun = []
    for _ in range(many):
        begun.append(bench.now + timedelta(seconds=3 * STEP_S))
        guide.device()
        guide.later(300)
    assert [(d.body["mg"], d.body["device_no"], d.body["lot"]) for d in guide.doses] == [
        (28, number, "24KX118") for number in range(1, many + 1)
    ]
    assert [d.at for d in guide.doses] == begun
    assert guide.told == f"All {many} devices are recorded"
    assert not guide.panel.save_button.isEnabled()
    assert [c.state.text() for c in guide.part.columns] == [DONE] * many
    assert f"{many} × 28 mg confirmed" in guide.part.clocks.text()


def test_without_lot_or_expiry_or_with_an_expired_one_nothing_begins(
    bench: Bench, qtbot: QtBot
) -> None:
    guide = Guide(bench, qtbot, "spravato-84")
    assert guide.told == "Type or scan the lot of this device (K)"
    guide.lot(expiry="")
    assert guide.told == "Type the expiry of this device"
    guide.keys.type("2026-10")
    assert guide.told == "Expired 2026-10: use another device"
    guide.keys.enter()
    assert bench.sent == []


def test_a_dot_that_remains_is_told_by_a_key_and_nothing_is_counted(
    bench: Bench, qtbot: QtBot
) -> None:
    guide = Guide(bench, qtbot, "spravato-84")
    guide.lot()
    for _ in range(5):
        guide.keys.enter()
        guide.stored()
    guide.keys.press("g")
    assert guide.panel.save_button.text() == "1: Dot remains"
    guide.keys.enter()
    guide.stored()
    assert guide.doses == []
    assert "Second nostril" in guide.panel.save_button.text()
    assert "dot remained 1×" in guide.part.columns[0].pack.text()


def test_the_rest_runs_down_and_a_spray_within_it_asks_why(bench: Bench, qtbot: QtBot) -> None:
    guide = Guide(bench, qtbot, "spravato-84")
    guide.device()
    first, second, third = guide.part.columns
    assert [c.state.text() for c in (first, second, third)] == [DONE, RESTING, WAITING]
    assert second.left.text() == "4:40"
    assert not third.left.isVisible()
    guide.lot()
    for _ in range(3):  # lot, dots and head may be done in the rest
        guide.keys.enter()
        guide.stored()
    assert "wait, or say why device 2 is given now" in guide.told
    guide.keys.enter()
    assert [d.body.get("step") for d in guide.drafts[-1:]] == ["head"]
    guide.later(240)
    assert second.state.text() == NOW
    assert "The rest is over" in second.rest.text()
    assert guide.told == ""


def test_a_stop_asks_why_and_ends_the_guide(bench: Bench, qtbot: QtBot) -> None:
    guide = Guide(bench, qtbot, "spravato-84")
    guide.device()
    guide.keys.press("x")
    assert guide.told == "Say why no more is given"
    guide.keys.press("2")
    guide.keys.enter()
    guide.stored()
    assert guide.drafts[-1].body["reason"] == "Nausea or vomiting"
    assert guide.told == "Stopped at device 2: Nausea or vomiting"
    assert len(guide.doses) == 1


def test_a_step_can_be_entered_with_its_time(bench: Bench, qtbot: QtBot) -> None:
    guide = Guide(bench, qtbot, "spravato-84")
    guide.lot()
    guide.keys.fill("Time, if not now", "14:3")
    assert guide.told != ""
    guide.keys.type("4")
    assert guide.told == ""
    guide.keys.enter()
    guide.stored()
    assert guide.drafts[-1].at.strftime("%H:%M") == "14:34"

"""The baseline panel: how many readings it wants, and the weighing of a high one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor.course import CuffPoint
from ketamonitor.treatment.checkin import CheckInView, Weighed
from ketamonitor.view import SessionView
from tests.ui.forms import START, Bench, view
from tests.ui.keys import Keys
from ui.pages.baseline import BaselinePanel

HIGH = CuffPoint(4, START, 152, 88, None, "dinamap", "program", late=False)
CALM = CuffPoint(6, START + timedelta(minutes=5), 132, 80, None, "dinamap", "program", late=False)


@pytest.fixture
def bench(qapp: object) -> Bench:
    return Bench()


def opened(
    bench: Bench, qtbot: QtBot, *points: CuffPoint, seen: SessionView | None = None
) -> tuple[BaselinePanel, Keys]:
    panel = BaselinePanel(bench.desk, seen or view(), lambda: points)
    qtbot.addWidget(panel)
    panel.resize(1350, 520)
    with qtbot.waitActive(panel):
        panel.show()
        panel.activateWindow()
    panel.setFocus()
    return panel, Keys(qtbot, panel)


def test_a_high_reading_is_not_locked_before_it_is_weighed(bench: Bench, qtbot: QtBot) -> None:
    panel, _ = opened(bench, qtbot, HIGH)
    assert panel.weighing.isHidden()
    panel.choice.choose(panel.choice.options[0])
    assert panel.weighing.isVisible()
    assert panel.decision.chosen is None
    assert panel.words.text() == "Choose: go on, delay or cancel"
    panel.save()
    panel.decision.choose("Go on")
    assert panel.words.text() == "Say why"
    panel.reason.setText("   ")
    panel.save()
    assert bench.sent == []


def test_going_on_by_keys_stores_decision_and_baseline(bench: Bench, qtbot: QtBot) -> None:
    panel, keys = opened(bench, qtbot, HIGH)
    keys.choose(" ".join(panel.choice.options[0].split()))
    keys.choose("Go on")
    keys.fill("Reason of the decision", "Dr Osei agrees")
    keys.enter()
    assert keys.actions <= 9
    ((weighed, locked),) = bench.sent
    assert (weighed.body["event"], weighed.body["of_seq"]) == ("bp_weighed", 4)
    assert (weighed.body["decision"], weighed.body["reason"]) == ("go_on", "Dr Osei agrees")
    assert (locked.body["event"], locked.body["sys"]) == ("baseline_locked", 152)


@pytest.mark.parametrize(
    ("words", "decision"), [("Delay the dose", "delay"), ("Cancel the dose", "cancel")]
)
def test_a_delay_is_recorded_and_locks_nothing(
    bench: Bench, qtbot: QtBot, words: str, decision: str
) -> None:
    panel, _ = opened(bench, qtbot, HIGH)
    panel.choice.choose(panel.choice.options[0])
    panel.decision.choose(words)
    panel.reason.setText("repeat in 10 min")
    assert panel.save_button.text() == "Record the decision"
    panel.save()
    ((weighed,),) = bench.sent
    assert weighed.body["decision"] == decision


def test_what_was_weighed_is_not_asked_again_after_going_on(bench: Bench, qtbot: QtBot) -> None:
    def decided(decision: str) -> SessionView:
        one = Weighed(4, 152, 88, decision, "why", "text", START, "r.okafor", 5)
        held = None if decision == "go_on" else one
        return replace(view(), checkin=CheckInView(weighed=(one,), held=held))

    panel, _ = opened(bench, qtbot, HIGH, seen=decided("go_on"))
    panel.choice.choose(panel.choice.options[0])
    assert panel.weighing.isHidden()
    panel.show_view(decided("delay"))
    assert panel.weighing.isVisible()


def test_a_calm_reading_and_one_after_the_dose_are_locked_at_once(
    bench: Bench, qtbot: QtBot
) -> None:
    panel, keys = opened(bench, qtbot, HIGH, CALM)
    panel.choice.choose(panel.choice.options[1])
    assert panel.weighing.isHidden()
    keys.press(Qt.Key.Key_Return)
    assert [d.body["event"] for d in bench.sent[0]] == ["baseline_locked"]
    late, _ = opened(bench, qtbot, HIGH, seen=view(first_dose_at=START))
    late.choice.choose(late.choice.options[0])
    assert late.missing() == ""


def test_as_many_readings_as_the_protocol_wants_come_before_the_lock(
    bench: Bench, qtbot: QtBot
) -> None:
    seen = view()
    baseline = msgspec.structs.replace(seen.info.protocol.baseline, readings=2)
    protocol = msgspec.structs.replace(seen.info.protocol, baseline=baseline)
    seen = replace(seen, info=replace(seen.info, protocol=protocol))
    panel, _ = opened(bench, qtbot, CALM, seen=seen)
    panel.choice.choose(panel.choice.options[0])
    assert panel.words.text() == "1 of 2 readings: take another one (B)"
    assert not panel.save_button.isEnabled()


def test_a_reading_taken_after_the_first_dose_asks_why_it_is_the_baseline(
    bench: Bench, qtbot: QtBot
) -> None:
    seen = view(first_dose_at=START + timedelta(minutes=2))
    panel, keys = opened(bench, qtbot, HIGH, CALM, seen=seen)
    panel.choice.choose(panel.choice.options[1])
    assert panel.words.text() == "Taken after the first dose: say why"
    assert panel.decision.isHidden()  # a delay can no longer be weighed
    panel.save()
    assert bench.sent == []
    keys.fill("Reason of the decision", "none was locked before")
    keys.enter()
    ((locked,),) = bench.sent
    assert (locked.body["sys"], locked.body["why"]) == (132, "none was locked before")

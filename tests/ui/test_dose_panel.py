"""The dose panel with keys alone: order, start as ordered, new rate, doubts, a lozenge's hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.entries import Draft, Entry
from ketamonitor.session import LiveSession
from ketamonitor.treatment import order
from ketamonitor.treatment.plan import CheckInPlan, DosePlan
from ketamonitor.view import SessionView
from tests.domain.builders import chained, protocol, started
from tests.ui.forms import START, Bench
from tests.ui.keys import Keys
from ui.pages.dose import DosePanel
from ui.pages.field import Field
from ui.pages.infusion_part import InfusionPart
from ui.pages.oral_part import OralPart
from ui.pages.order_part import OrderPart
from ui.pages.single_part import SinglePart
from ui.widgets.banner import Banner

KETAMINE = "ketamine (racemic)"
ORDERED = {
    "mg": "34.2",
    "mg_per_kg": "0.5",
    "weight_kg": "68.4",
    "strength_mg_ml": "0.684",
    "volume_ml": "50",
    "rate_ml_h": "75",
    "minutes": "40",
}


class Room:
    """A panel over a session that is really folded from its entries."""

    def __init__(self, qtbot: QtBot, dose: DosePlan | None, *done: Draft) -> None:
        self.bench = Bench()
        # what the check-in asks has a test of its own below
        plan = msgspec.structs.replace(protocol(), checkin=CheckInPlan())
        if dose is not None:
            plan = msgspec.structs.replace(plan, dose=dose)
        before = drafts.manual_bp(122, 74, at=START, author="r.okafor")
        self._drafts = [started(plan, at=START), before, *done]
        self.live = self._folded()
        self.panel = DosePanel(self.bench.desk, self._view(), lambda: self.live.record)
        qtbot.addWidget(self.panel)
        self.panel.resize(1340, 560)
        self.panel.show()
        self.panel.activateWindow()
        self.panel.opened(self.bench.now)
        self.keys = Keys(qtbot, self.panel)
        self.keys.until(lambda: QApplication.focusWidget() is self.panel, "never in front")

    def _entries(self) -> list[Entry]:
        return chained(self._drafts)

    def _folded(self) -> LiveSession:
        first, *rest = self._entries()
        live = LiveSession(first)
        for entry in rest:
            live.apply(entry)
        return live

    def _view(self) -> SessionView:
        return self.live.view(self.bench.now, saved_at=None, unsaved=0, record_fault="")

    def write(self) -> tuple[Draft, ...]:
        """What was handed over becomes durable, as the recorder makes it so."""
        sent = self.bench.sent[-1]
        self._drafts += sent
        self.live = self._folded()
        self.bench.saved()
        self.keys.until(lambda: "Saved" in self.panel.outcome.text(), "never saved")
        self.panel.show_view(self._view())
        return sent

    def later(self, **span: float) -> None:
        self.bench.now += timedelta(**span)
        self.panel.show_view(self._view())
        self.panel.opened(self.bench.now)

    def pass_time(self, **span: float) -> None:
        self.bench.now += timedelta(**span)
        self.panel.show_view(self._view())


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    return Room(qtbot, None)


def ordered() -> Draft:
    plan = protocol().dose
    made = order.read(plan, ORDERED, weight_basis="actual", prescriber="A. Hale")
    return order.draft(made, plan, reason="", at=START, author="r.okafor")


def running(strength: str | None = "0.684") -> Draft:
    return drafts.infusion_start(
        KETAMINE,
        "iv",
        34.2,
        40,
        weight_kg=68.4,
        strength_mg_ml=strength,
        rate_ml_h="75" if strength else None,
        at=START + timedelta(minutes=16),
        author="r.okafor",
    )


# The order ---------------------------------------------------------------------------------------


def test_an_order_that_disagrees_is_told_and_kept_as_typed(room: Room) -> None:
    room.keys.press("q")
    part = room.panel.part
    assert isinstance(part, OrderPart)
    for key, typed in part.fields.items():
        typed.setText({**ORDERED, "mg": "37"}.get(key, ""))
    part.basis.choose("actual weight")
    assert "0.5 mg/kg × 68.4 kg is 34.2 mg, the order says 37" in room.panel.words.text()
    room.keys.enter()
    assert room.bench.sent == []
    assert part.fields["mg"].text() == "37"


def test_an_order_is_typed_with_the_keyboard_alone(room: Room) -> None:
    room.keys.press("q")
    part = room.panel.part
    assert isinstance(part, OrderPart)
    assert all(typed.text() == "" for typed in part.fields.values())
    assert part.basis.chosen is None
    for name, key in (
        ("Dose, mg", "mg"),
        ("Per kg, mg/kg", "mg_per_kg"),
        ("Weight, kg", "weight_kg"),
    ):
        room.keys.fill(f"Ordered {name}", ORDERED[key])
    room.keys.fill("Ordered Over, min", "40")
    room.keys.fill("Ordered by", "A. Hale")
    room.keys.fill("Ordered at", "1350")
    assert room.panel.words.text() == "Choose which weight the order goes by"
    room.keys.choose("actual weight")
    room.keys.enter()
    (draft,) = room.write()
    body = draft.body
    assert (body["event"], body["mg"], body["mg_per_kg"], body["prescriber"]) == (
        "order",
        "34.2",
        "0.5",
        "A. Hale",
    )
    assert body["strength_mg_ml"] is None
    assert body["ordered_at"].startswith("2026-11-23T13:50")
    assert "Ordered 34.2 mg, given 0.0 mg" in room.panel._against.text()


# The infusion ------------------------------------------------------------------------------------


def test_a_start_as_ordered_is_three_keys_with_the_one_that_opens(qtbot: QtBot) -> None:
    room = Room(qtbot, None, ordered())
    part = room.panel.part
    assert isinstance(part, InfusionPart)
    assert part.mg.text() == ""
    assert part.minutes.chosen is None
    room.keys.press("y")
    room.keys.enter()
    assert room.keys.actions == 2  # and D on the live page
    assert 3 * 0.28 + 1.35 < 5
    (draft,) = room.write()
    body = draft.body
    assert (body["planned_mg"], body["minutes"], body["rate_ml_h"]) == (34.2, 40, "75")
    assert body["strength_mg_ml"] == "0.684"
    assert "why" not in body


def test_a_pump_rate_that_does_not_fit_the_dose_is_told(room: Room) -> None:
    room.keys.type("3")  # the first digit finds the field, the rest follow
    room.keys.type("4.2")
    part = room.panel.part
    assert isinstance(part, InfusionPart)
    assert part.mg.text() == "34.2"
    part.minutes.choose(part.minutes.options[0])
    part.strength.setText("0.684")
    part.pump.setText("750")
    assert "50 mL over 40 min is 75 mL/h, the order says 750" in room.panel.words.text()
    part.pump.setText("75")
    assert room.panel.words.text() == ""


def test_a_new_rate_says_what_it_means_and_wants_its_reason(qtbot: QtBot) -> None:
    room = Room(qtbot, None, ordered(), running())
    room.keys.press("r")
    room.keys.type("37.5")
    part = room.panel.part
    assert isinstance(part, InfusionPart)
    assert "0.427 mg/min" in part._then.text()
    assert "0.375 mg/kg/h" in part._then.text()
    assert "remaining 17.0 mg end" in part._then.text()
    assert "Say why the rate is changed" in room.panel.words.text()
    room.keys.choose("Patient asked, key 3")
    room.keys.enter()
    (draft,) = room.write()
    assert draft.body == {
        "action": "rate",
        "mg_per_min": 0.4275,
        "rate_ml_h": "37.5",
        "reason": "Patient asked",
    }
    assert "New rate, 0.427 mg/min" in room.panel._ledger.text()


@pytest.mark.parametrize(
    ("strength", "typed", "says"),
    [
        ("0.684", "", "Type the new rate in mL/h"),
        ("0.684", "0", "must be above 0 mL/h"),
        ("0.684", "7x", "must be a number in mL/h"),
        ("0.684", "9999", "at most"),
        (None, "", "Type the new rate in mg/min"),
        (None, "500", "at most 100 mg/min"),
    ],
)
def test_a_new_rate_that_cannot_be_is_answered_in_one_line(
    qtbot: QtBot, strength: str | None, typed: str, says: str
) -> None:
    room = Room(qtbot, None, running(strength))
    room.keys.press("r")
    part = room.panel.part
    assert isinstance(part, InfusionPart)
    part.number.setText(typed)
    assert says in room.panel.words.text()
    assert not room.panel.save_button.isEnabled()


def test_a_pause_is_four_keys_and_a_stop_takes_the_pumps_figure(qtbot: QtBot) -> None:
    room = Room(qtbot, None, running())
    for key in "p1":
        room.keys.press(key)
    room.keys.enter()
    assert room.keys.actions == 3  # and D on the live page
    (draft,) = room.write()
    assert draft.body == {"action": "pause", "reason": "BP rise"}
    room.later(minutes=2)
    room.panel.setFocus()
    for key in "x6":
        room.keys.press(key)
    room.keys.fill("Number", "17,1")
    room.keys.enter()
    (draft,) = room.write()
    assert draft.body == {"action": "stop", "reason": "Order complete", "given_mg": "17.1"}
    assert room.live.record.infusions[0].pump_mg == "17.1"


def test_the_reason_that_is_shown_is_the_one_that_is_recorded(qtbot: QtBot) -> None:
    room = Room(qtbot, None, running())
    for key in "p1":
        room.keys.press(key)
    part = room.panel.part
    assert isinstance(part, InfusionPart)
    room.keys.fill("Reason", "Nausea, vomited")
    assert part.why.choice.chosen is None  # typing took the chosen one back
    room.keys.enter()
    (draft,) = room.write()
    assert draft.body == {"action": "pause", "reason": "Nausea, vomited"}


def test_what_is_too_long_for_a_field_is_not_taken_and_never_cut(qtbot: QtBot) -> None:
    field = Field()
    qtbot.addWidget(field)
    field.setMaxLength(10)
    field.setText("0123")
    clipboard = QApplication.clipboard()
    clipboard.setText("456789 and more")
    with qtbot.waitSignal(field.inputRejected):
        field.paste()
    assert field.text() == "0123"
    assert field.refusal == "At most 10 characters: what was typed or pasted is not taken"
    clipboard.setText("456789")
    field.paste()
    assert field.text() == "0123456789"


def test_a_change_is_dated_to_its_first_key_and_not_to_when_the_panel_was_opened(
    qtbot: QtBot,
) -> None:
    room = Room(qtbot, None, running())
    room.pass_time(minutes=12)  # the panel stays open for its running total
    pressed = room.bench.now
    room.keys.press("p")
    room.pass_time(seconds=20)
    room.keys.press("2")
    room.keys.enter()
    (draft,) = room.write()
    assert (draft.body["action"], draft.at) == ("pause", pressed)
    room.pass_time(minutes=5)
    again = room.bench.now
    room.keys.press("p")
    room.keys.enter()
    (draft,) = room.write()
    assert (draft.body["action"], draft.at) == ("resume", again)


def test_a_minute_back_is_a_minute_before_the_first_key(qtbot: QtBot) -> None:
    room = Room(qtbot, None, running())
    room.pass_time(minutes=12)
    room.panel.when.choice.choose("−1 min")
    room.pass_time(seconds=30)
    pressed = room.bench.now
    room.keys.press("x")
    room.keys.press("6")
    room.keys.enter()
    (draft,) = room.write()
    assert draft.at == pressed - timedelta(minutes=1)


def test_a_bolus_is_a_dose_beside_the_infusion(qtbot: QtBot) -> None:
    room = Room(qtbot, None, running())
    room.keys.press("u")
    room.keys.type("5")
    room.keys.enter()
    (draft,) = room.write()
    assert (draft.kind, draft.body["mg"], draft.body["route"]) == ("dose", 5, "iv")


# Doubts ------------------------------------------------------------------------------------------


def test_a_second_like_dose_asks_why_and_is_then_stored(qtbot: QtBot) -> None:
    room = Room(qtbot, DosePlan(drug=KETAMINE, route="im", given_as="bolus", mg_per_kg=0.5))
    part = room.panel.part
    assert isinstance(part, SinglePart)
    room.keys.type("34.2")
    room.keys.enter()
    assert room.keys.actions == 2  # and D on the live page
    (draft,) = room.write()
    assert "why" not in draft.body
    room.later(seconds=20)
    room.panel.setFocus()
    room.keys.type("34.2")
    assert "is recorded at" in room.panel._doubts.text()
    assert room.panel.words.text() == "Say why, at the top of this column"
    room.keys.enter()
    assert len(room.bench.sent) == 1
    room.keys.fill("Why this dose", "second half, other arm")
    room.keys.enter()
    (draft,) = room.write()
    assert draft.body["why"] == "second half, other arm"


def test_more_than_ordered_is_shown_beside_what_is_given(qtbot: QtBot) -> None:
    room = Room(qtbot, None, ordered(), running())
    room.keys.press("u")
    room.keys.type("5")
    assert "5 mg beside 34.2 mg is more than the ordered 34.2 mg" in room.panel._doubts.text()
    assert "Ordered 34.2 mg, given 17.2 mg, 25.1 mL" in room.panel._against.text()


def test_an_open_check_in_asks_why_and_blocks_nothing(qtbot: QtBot) -> None:
    room = Room(qtbot, DosePlan(drug=KETAMINE, route="im", given_as="bolus", mg_per_kg=0.5))
    info = room.panel.view.info
    plan = msgspec.structs.replace(
        info.protocol, checkin=msgspec.structs.replace(info.protocol.checkin, needed=("escort",))
    )
    room.panel.show_view(replace(room.panel.view, info=replace(info, protocol=plan)))
    room.keys.type("20")
    assert "Check-in: 1 item open" in room.panel._doubts.text()
    room.panel.why.setText("escort is on the way")
    room.panel.save()
    assert room.bench.sent[0][0].body["why"] == "escort is on the way"


# In the mouth ------------------------------------------------------------------------------------

LOZENGE = DosePlan(
    drug=KETAMINE, route="sublingual", given_as="oral", hold_min=10, after_hold="either"
)


def test_a_lozenge_counts_from_the_mouth_and_tells_how_long_it_was_held(qtbot: QtBot) -> None:
    room = Room(qtbot, LOZENGE)
    part = room.panel.part
    assert isinstance(part, OralPart)
    placed = room.bench.now
    room.keys.type("100")
    room.keys.enter()
    assert room.keys.actions == 2  # and D on the live page
    (draft,) = room.write()
    assert (draft.at, draft.body["mg"]) == (placed, 100)
    assert room.live.record.first_dose_at == placed
    room.pass_time(minutes=4)
    assert part._left.text() == "6:00"
    assert room.panel.words.text() == "Choose what came after the hold"
    room.pass_time(minutes=7)
    assert "The hold is over" in part._words.text()
    room.keys.choose("spat out")
    room.pass_time(minutes=1)
    room.keys.enter()
    (draft,) = room.write()
    assert draft.at == placed + timedelta(minutes=11)
    assert (draft.body["event"], draft.body["hold_s"]) == ("held", 660)
    (dose,) = room.live.record.doses
    assert (dose.hold_s, dose.after_hold) == (660, "spat out")
    assert part._held is None
    assert part.after.chosen is None


def test_a_hold_goes_on_in_another_window_from_the_record(qtbot: QtBot) -> None:
    placed = drafts.dose(
        KETAMINE, "sublingual", 100, at=START + timedelta(minutes=30), author="r.okafor"
    )
    room = Room(qtbot, LOZENGE, placed)
    part = room.panel.part
    assert isinstance(part, OralPart)
    assert part._left.text() == "3:55"


def test_a_lozenge_whose_hold_is_over_already_has_its_minutes_typed(qtbot: QtBot) -> None:
    room = Room(qtbot, LOZENGE)
    part = room.panel.part
    assert isinstance(part, OralPart)
    part.mg.setText("100")
    assert room.panel.words.text() == ""
    part.minutes.setText("8")
    assert (
        "what came after" in room.panel.words.text() or "After the hold" in room.panel.words.text()
    )
    part.after.choose("swallowed")
    room.panel.save()
    body = room.bench.sent[0][0].body
    assert (body["hold_s"], body["after_hold"]) == (480, "swallowed")


@pytest.mark.parametrize(
    ("after", "seconds"), [("eaten", 60), ("swallowed", -1), ("swallowed", 9e3)]
)
def test_a_hold_that_cannot_be_is_refused(after: str, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"After the hold must be|120 min at most"):
        drafts.held(2, seconds, after, at=START, author="r.okafor")


def test_nothing_can_be_saved_with_the_screen_locked(room: Room) -> None:
    room.bench.author = None
    room.keys.type("34.2")
    room.keys.press(Qt.Key.Key_Return)
    assert room.bench.sent == []
    assert "Sign in" in room.panel.words.text()


# The banner --------------------------------------------------------------------------------------


def test_the_banner_has_the_recorded_order_and_before_it_the_protocol(qtbot: QtBot) -> None:
    plan = protocol().dose
    typed = order.read(plan, {"mg": "30", "minutes": "45"})
    draft = order.draft(typed, plan, reason="", at=START, author="r.okafor")
    for done, label, told in (
        ((), "Protocol", "34.2 mg"),
        ((draft,), "Treatment order", f"{KETAMINE} IV 30 mg"),
    ):
        room = Room(qtbot, None, *done)
        view = room.panel.view
        banner = Banner(room.bench.theme)
        qtbot.addWidget(banner)
        banner.resize(1366, 50)
        banner.show_session(view.info, view.now, view.checkin, view.order)
        banner.grab()
        assert label in banner.words
        assert any(told in word for word in banner.words)

"""The check-in panel: nothing by default, keys alone, one entry an item, drafts that stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ketamonitor.entries import GENESIS, Draft, chain
from ketamonitor.treatment.checkin import CheckIn
from ketamonitor.treatment.plan import CheckInPlan
from ketamonitor.view import SessionView
from tests.ui.forms import START, Bench, view
from tests.ui.keys import Keys, said
from ui.pages.checkin import CheckInPanel

NEEDED = ("identity", "allergies", "medicines", "phq9")


def asking(*needed: str, asked: tuple[str, ...] = ()) -> SessionView:
    seen = view()
    plan = CheckInPlan(needed=needed, asked=asked)
    protocol = msgspec.structs.replace(seen.info.protocol, checkin=plan)
    return replace(seen, info=replace(seen.info, protocol=protocol))


@pytest.fixture
def bench(qapp: object) -> Bench:
    return Bench()


@pytest.fixture
def opened(bench: Bench, qtbot: QtBot) -> Callable[[SessionView], tuple[CheckInPanel, Keys]]:
    def make(seen: SessionView) -> tuple[CheckInPanel, Keys]:
        panel = CheckInPanel(bench.desk, seen)
        qtbot.addWidget(panel)
        panel.resize(1350, 520)
        with qtbot.waitActive(panel):
            panel.show()
            panel.activateWindow()
        panel.opened(bench.now)
        return panel, Keys(qtbot, panel)

    return make


def stored(bench: Bench, panel: CheckInPanel, qtbot: QtBot) -> dict[str, object]:
    """The recorder takes what was sent; the picture that follows comes to the panel."""
    ((draft,),) = bench.sent[-1:]
    fold = CheckIn()
    drafts: list[Draft] = [sent[0] for sent in bench.sent]
    for number, one in enumerate(drafts, 1):
        fold.add(chain(one, "KM-261123-000001", number, START, GENESIS))
    bench.saved()
    qtbot.waitUntil(lambda: "Saved" in panel.outcome.text())
    panel.show_view(replace(panel.view, checkin=fold.view))
    return dict(draft.body)


Opened = Callable[[SessionView], tuple[CheckInPanel, Keys]]


def test_nothing_is_answered_to_begin_with(opened: Opened, bench: Bench) -> None:
    panel, keys = opened(asking(*NEEDED))
    assert not any(form.begun for form in panel.forms.values())
    for key in panel.keys:
        panel.items.show_item(key)
        assert not panel.save_button.isEnabled()
        assert panel.words.text().startswith(f"{panel.form.item.label}: ")
    keys.enter()
    assert bench.sent == []
    assert panel.left_words.text() == "4 open: Identity, Allergies, Medicines of importance, PHQ-9"


def test_a_check_in_by_keys_alone(opened: Opened, bench: Bench, qtbot: QtBot) -> None:
    panel, keys = opened(asking(*NEEDED))
    gone: list[bool] = []
    panel.saved.connect(lambda: gone.append(not panel.stays))
    keys.press(Qt.Key.Key_Space)
    keys.choose("Said date of birth")
    keys.enter()
    assert stored(bench, panel, qtbot)["value"] == {"name": True, "born": True}
    assert panel.key == "allergies"  # the next open one came up by itself
    keys.press("2")
    keys.type("penicillin, rash")
    keys.enter()
    assert stored(bench, panel, qtbot)["value"] == {"known": "known", "list": "penicillin, rash"}
    for _ in range(9):
        keys.press("1")
    keys.enter()
    assert set(stored(bench, panel, qtbot)["value"].values()) == {"no"}  # type: ignore[attr-defined]
    for answer in "211001000":
        keys.press(answer)
    keys.enter()
    body = stored(bench, panel, qtbot)
    assert body["text"] == "PHQ-9: 5 of 27 (mild), question 9: 0"
    assert gone == [False, False, False, True]
    assert panel.left_words.text() == "Nothing needed is open"
    assert keys.actions <= 40


def test_the_ninth_answer_asks_for_whom_it_was_told_to(
    opened: Opened, bench: Bench, qtbot: QtBot
) -> None:
    panel, keys = opened(asking("phq9"))
    for answer in "000000001":
        keys.press(answer)
    assert said(keys.focus()) == "Question 9 told to"
    keys.enter()
    assert bench.sent == []
    assert "type 'Question 9 told to'" in panel.words.text()
    keys.type("Dr Osei")
    keys.enter()
    assert "told to Dr Osei" in str(stored(bench, panel, qtbot)["text"])


def test_not_applicable_asks_why_and_an_answer_takes_it_back(
    opened: Opened, bench: Bench, qtbot: QtBot
) -> None:
    panel, keys = opened(asking("pregnancy"))
    keys.choose("Not applicable")
    assert panel.words.text() == "Pregnancy: say why it is not applicable"
    keys.type("68 years")
    assert panel.save_button.isEnabled()
    panel.form.rows[0].choice.choose("test negative")  # type: ignore[union-attr]
    assert panel.form.status == "answered"
    assert not panel.save_button.isEnabled()
    keys.choose("Not applicable")
    keys.tab_to("Reason")
    keys.enter()
    body = stored(bench, panel, qtbot)
    assert (body["status"], body["reason"], body["value"]) == ("not_applicable", "68 years", {})


@pytest.mark.parametrize(
    ("typed", "says"),
    [("noon", "Last food at: type it as 07:30"), ("2026-12-24 08:00", "still to come")],
)
def test_a_time_that_cannot_be_is_told_and_kept(
    opened: Opened, bench: Bench, typed: str, says: str
) -> None:
    panel, keys = opened(asking("food"))
    keys.type(typed)
    keys.enter()
    assert says in panel.words.text()
    assert bench.sent == []
    assert panel.form.rows[0].typed.text() == typed  # type: ignore[union-attr]


def test_a_typed_time_shows_what_it_is_read_as(opened: Opened) -> None:
    panel, keys = opened(asking("food"))
    keys.type("19:00")
    assert panel.form.rows[0].read.text() == "22 Nov 2026 19:00"


def test_drafts_stay_with_their_items_and_after_leaving(
    opened: Opened, bench: Bench, qtbot: QtBot
) -> None:
    panel, keys = opened(asking("escort", "food"))
    keys.type("J. Lindqvist")
    keys.press(Qt.Key.Key_Down)
    assert panel.key == "food"
    keys.type("07:30")
    with qtbot.waitSignal(panel.left):
        keys.escape()
    panel.opened(bench.now + timedelta(minutes=1))
    assert panel.key == "food"
    keys.press(Qt.Key.Key_PageUp)
    assert panel.form.rows[0].typed.text() == "J. Lindqvist"  # type: ignore[union-attr]


def test_a_refused_save_keeps_the_answers(opened: Opened, bench: Bench, qtbot: QtBot) -> None:
    panel, keys = opened(asking("cssrs"))
    keys.press("1")
    keys.enter()
    bench.refused("disk is full")
    qtbot.waitUntil(lambda: "disk is full" in panel.outcome.text())
    assert panel.form.begun
    assert panel.save_button.isEnabled()


def test_locked_nothing_is_sent(opened: Opened, bench: Bench) -> None:
    panel, keys = opened(asking("cssrs"))
    keys.press("1")
    bench.author = None
    keys.enter()
    assert bench.sent == []
    assert "Sign in" in panel.words.text()

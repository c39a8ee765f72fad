"""The alarm faults of other programs that concern the screen; each fails on a faulty variant.

The rest of them stand in ``tests/domain/test_alarm_faults.py``; the numbers are the same.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from ketamonitor.alarms.manager import AlarmManager
from ketamonitor.signals.desk import Heard, wanted
from ketamonitor.view import ActiveAlarm, AudioPause, Freshness, SessionView, ShownValue
from tests.domain.alarm_course import AlarmCourse
from tests.domain.builders import link
from tests.domain.test_alarm_faults import OXYGEN, quiet
from tests.ui.test_live_alarms import NOW, VIEW, some
from ui.theme import Theme
from ui.widgets import tile_words
from ui.widgets.alarm_bar import AlarmBar
from ui.widgets.tile_words import live_figure

UI = Path(__file__).parents[2] / "ui"
Bar = type[AlarmBar]


@pytest.fixture
def kind() -> Bar:
    return AlarmBar


def bar_of(qtbot: QtBot, theme: Theme, kind: Bar) -> AlarmBar:
    bar = kind(theme)
    qtbot.addWidget(bar)
    bar.resize(1366, 58)
    bar.show()
    return bar


def test_fault_3_1_10_what_has_ended_leaves_the_bar_whole(
    qtbot: QtBot, theme: Theme, kind: Bar
) -> None:
    """There, the bar removed from two lists while it went through them: some cards stayed."""
    bar = bar_of(qtbot, theme, kind)
    alarms = [some(number, "medium") for number in (1, 2, 3, 4)]
    for order in permutations(alarms, 3):
        bar.show_view(VIEW, alarms, NOW)
        bar.show_view(VIEW, order, NOW)
        bar.grab()
        shown = [alarm.id for _, alarm in bar.blocks]
        assert len(shown) == len(set(shown))
        assert set(shown) <= {alarm.id for alarm in order}
        assert bar.highest == order[0]
        assert bar.highest.id in shown
        bar.show_view(VIEW, (), NOW)
        assert (bar.blocks, bar.highest) == ([], None)


def test_fault_3_1_10_the_button_and_the_tone_agree(qtbot: QtBot, theme: Theme, kind: Bar) -> None:
    """There, the next alarm sounded while the button still read muted. Second by second: where the
    bar says AUDIO PAUSED no tone is wanted, and where one is wanted it does not say so."""
    bar = bar_of(qtbot, theme, kind)
    c = quiet(AlarmManager, *OXYGEN)
    c.say(1, spo2=90)
    c.run(20, spo2=90)
    said = []
    for second in range(200):
        if second == 10:
            c.pause_audio()
        c.run(1, spo2=85 if 60 <= second < 90 else 90)
        if second == 95:
            c.pause_audio()
        view = c.view()
        bar.show_view(view, view.alarms, view.now)
        tone = wanted([Heard(view, 0)], view.now).nurse
        paused = bar.audio.said[0] == "AUDIO PAUSED"
        assert not (paused and tone), f"second {second}: {bar.audio.said} and {tone}"
        said.append((paused, tone))
    assert {tone for _, tone in said} >= {None, "high", "medium"}
    assert sum(paused for paused, _ in said) > 60


def test_fault_3_2_03_the_tile_of_a_lost_link_does_not_flicker() -> None:
    """There, the tile went back to healthy between two polls, from the old buffer."""
    c = AlarmCourse()
    c.run(20, spo2=97)
    c.enter(link(21, "lost", "cable pulled out"))
    seen: list[Freshness] = []
    for second in range(22, 90):
        c.tick(second)
        if second % 4 == 0:
            c.enter(link(second, "identifying"))
            c.enter(link(second, "lost", "no answer"))
        seen.append(live_figure(c.view(), "spo2", c.view().now).freshness)
    worse = [Freshness.FRESH, Freshness.AGEING, Freshness.STALE, Freshness.TECHNICAL]
    places = [worse.index(state) for state in seen]
    assert places == sorted(places), "a value that has aged is never young again"
    assert seen[-1] is Freshness.TECHNICAL
    assert live_figure(c.view(), "spo2", c.view().now).text != "97"


def modal(source: str) -> list[str]:
    """What in a module's text would stop the rest of the window until somebody answers."""
    found = []
    for node in ast.walk(ast.parse(source)):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if name in ("QMessageBox", "QInputDialog", "QErrorMessage", "setModal", "processEvents"):
            found.append(name)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called, of = node.func.attr, node.func.value
            if called == "exec" and not (isinstance(of, ast.Name) and of.id in ("app", "self")):
                found.append("exec")
    return found


def test_fault_3_3_01_nothing_in_the_window_stops_until_somebody_answers() -> None:
    """There, a timer opened a modal box when the board could not be read, and another, and another.
    The window has none; where a file is saved from a finished record, the system asks."""
    files = list(UI.rglob("*.py"))
    assert len(files) > 40
    found = {file.name: modal(file.read_text(encoding="utf-8")) for file in files}
    assert {name: stops for name, stops in found.items() if stops} == {}
    assert modal("QMessageBox.warning(self, 'Link', 'lost')") == ["QMessageBox"]
    assert modal("dialog.exec()") == ["exec"]
    users = [file.name for file in files if "QFileDialog." in file.read_text(encoding="utf-8")]
    assert sorted(users) == ["form_part.py", "review.py"]  # both are the page of a stored session


# Faulty variants ----------------------------------------------------------------------------------


class RemovesWhileIterating(AlarmBar):
    def show_view(self, view: SessionView, alarms: Sequence[ActiveAlarm], now: datetime) -> None:
        kept: list[ActiveAlarm] = list(getattr(self, "kept", []))
        for alarm in kept:
            if alarm not in alarms:
                kept.remove(alarm)
        kept += [alarm for alarm in alarms if alarm not in kept]
        self.kept = kept
        super().show_view(view, kept, now)


class PausedForGood(AlarmBar):
    """The button goes on saying what it said when it was pressed."""

    pressed: AudioPause | None = None

    def show_view(self, view: SessionView, alarms: Sequence[ActiveAlarm], now: datetime) -> None:
        self.pressed = view.audio_pause or self.pressed
        super().show_view(replace(view, audio_pause=self.pressed), alarms, now)


@pytest.mark.parametrize(
    ("scenario", "faulty"),
    [
        (test_fault_3_1_10_what_has_ended_leaves_the_bar_whole, RemovesWhileIterating),
        (test_fault_3_1_10_the_button_and_the_tone_agree, PausedForGood),
    ],
)
def test_a_faulty_bar_is_caught(
    qtbot: QtBot, theme: Theme, scenario: Callable[..., Any], faulty: Bar
) -> None:
    with pytest.raises(AssertionError):
        scenario(qtbot, theme, faulty)


def test_a_tile_that_is_drawn_from_the_old_buffer_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = tile_words.shown

    def flickering(view: SessionView, key: str) -> ShownValue:
        value = right(view, key)
        polled = int(view.now.timestamp()) % 4 == 1
        return replace(value, freshness=Freshness.FRESH, reason="") if polled else value

    monkeypatch.setattr(tile_words, "shown", flickering)
    with pytest.raises(AssertionError):
        test_fault_3_2_03_the_tile_of_a_lost_link_does_not_flicker()

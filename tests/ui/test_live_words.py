"""The state language of a value, the alarm area's choice, and what the guard adds: words only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from devices.reading import NOT_UNDERSTOOD, LinkState
from ketamonitor.view import ActiveAlarm, Freshness, LinkView, SessionView, ShownValue
from tests.ui import made_up
from tests.ui.made_up import at
from ui.guard import distrusted, screen_alarms
from ui.theme import Theme
from ui.widgets.alarm_bar import AlarmBar
from ui.widgets.alarm_block import needed
from ui.widgets.limit_words import Bound, bounds
from ui.widgets.status_bar import bar_item, fitting, saved_words
from ui.widgets.tile_words import DASHES, live_figure, pressure_figure
from ui.widgets.trend_frame import Label, spread

NOW = at("15:28")
VIEW = made_up.fresh().view()


def with_values(**values: ShownValue) -> SessionView:
    return replace(VIEW, values=values)


def cuff(state: Freshness, reason: str = "", sys: float | None = 127) -> SessionView:
    taken = at("15:12")
    return with_values(
        nibp_sys=ShownValue(sys, taken, "dinamap", state, reason),
        nibp_dia=ShownValue(77, taken, "dinamap", state, reason),
    )


@pytest.mark.parametrize(
    ("state", "reason", "text", "below"),
    [
        (Freshness.FRESH, "", "127/77", "15:12 · 16 min ago"),
        (Freshness.AGEING, "", "127/77", "15:12 · 16 min old"),
        (Freshness.STALE, "", "127/77", "OLD 15:12 · 16 min"),
        (Freshness.NO_DATA, "no reading yet", DASHES, "no reading yet"),
        (Freshness.TECHNICAL, "cuff leak", DASHES, "Cuff leak"),
        (Freshness.QUESTIONABLE, "check the cuff", "127/77 ?", "15:12 · check the cuff"),
    ],
)
def test_a_cuff_reading_in_each_state(state: Freshness, reason: str, text: str, below: str) -> None:
    figure = pressure_figure(cuff(state, reason), NOW)
    assert (figure.text, figure.below) == (text, below)
    assert figure.freshness is state


def test_half_a_cuff_reading_is_not_shown_as_a_reading() -> None:
    figure = pressure_figure(cuff(Freshness.FRESH, sys=None), NOW)
    assert figure.text == DASHES
    assert "0" not in figure.text + figure.more


def test_a_technical_cuff_keeps_the_last_value_small() -> None:
    assert pressure_figure(cuff(Freshness.TECHNICAL, "cuff leak"), NOW).more == "last 127/77, 15:12"


@pytest.mark.parametrize(
    ("state", "reason", "seconds", "text", "below"),
    [
        (Freshness.FRESH, "", 1, "97", ""),
        (Freshness.AGEING, "", 7, "97", "7 s old"),
        (Freshness.STALE, "", 18, "97", "OLD 18 s"),
        (Freshness.TECHNICAL, "probe off", 24, DASHES, "Probe off 0:24"),
        (Freshness.NO_DATA, "toilet", 0, DASHES, "toilet"),
        (Freshness.QUESTIONABLE, "weak signal", 1, "97 ?", "weak signal"),
    ],
)
def test_a_live_value_in_each_state(
    state: Freshness, reason: str, seconds: int, text: str, below: str
) -> None:
    value = ShownValue(97, NOW - timedelta(seconds=seconds), "xpod", state, reason)
    figure = live_figure(with_values(spo2=value), "spo2", NOW)
    assert (figure.text, figure.below) == (text, below)


def test_pulse_from_the_cuff_is_named_as_such() -> None:
    taken = ShownValue(118, at("15:27"), "dinamap", Freshness.FRESH)
    figure = live_figure(with_values(nibp_pulse=taken), "pulse", NOW)
    assert (figure.text, figure.source) == ("118", "cuff 15:27")


def test_of_two_limits_the_tighter_one_is_shown() -> None:
    view = made_up.calm(step_s=12).view()
    assert bounds(view, "nibp_sys", True)["high"].value == 162, "baseline 122 + 40, not 180"
    assert bounds(view, "spo2", False) == {"medium": Bound(92), "high": Bound(88)}
    assert bounds(view, "spo2", True) == {}


def link(state: LinkState, last: float | None, reason: str = "") -> LinkView:
    moment = NOW - timedelta(seconds=last) if last is not None else None
    since = NOW - timedelta(seconds=12)
    return LinkView("dinamap", "dinamap", "COM3", state, reason, since, moment)


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (link(LinkState.CONNECTED, 0.6), "dinamap · COM3 · connected · 0.6 s ago"),
        (link(LinkState.CONNECTED, 190), "dinamap · COM3 · connected · 3 min ago"),
        (link(LinkState.CONNECTED, None), "dinamap · COM3 · connected · no value yet"),
        (link(LinkState.CONNECTING, None), "dinamap · COM3 · opening"),
        (
            link(LinkState.LOST, 14, "the adapter is gone"),
            "** dinamap · COM3 · no link 0:12, the adapter is gone",
        ),
        (
            link(LinkState.SILENT, 14, "nothing from the monitor for 10 s: check the cable"),
            "** dinamap · COM3 · silent 0:12, nothing from the monitor for 10 s: check the cable",
        ),
        (
            link(LinkState.SILENT, None, f"{NOT_UNDERSTOOD} dinamap: check the driver"),
            "** dinamap · COM3 · not understood 0:12,"
            " what arrives is not dinamap: check the driver",
        ),
        (
            replace(link(LinkState.CONNECTED, 1), demo=True),
            "** dinamap · COM3 · demonstration data, a session does not take it",
        ),
        (
            replace(link(LinkState.CONNECTED, 1), cuff="about to inflate", cuff_minutes=2.5),
            "dinamap · COM3 · connected · 1.0 s ago · cuff about to inflate · every 2.5 min",
        ),
        (
            replace(link(LinkState.CONNECTED, 1), battery_low=True),
            "* dinamap · COM3 · connected, battery low · 1.0 s ago",
        ),
    ],
)
def test_each_link_in_words(view: LinkView, words: str) -> None:
    """With the asterisks of its alert, which bar and tile show for it, too."""
    assert bar_item(view, warned(view), NOW).words(0) == words


def test_a_link_without_an_alert_yet_has_no_asterisks() -> None:
    lost = link(LinkState.LOST, 1, "the adapter is gone")
    said = bar_item(lost, replace(VIEW, alarms=()), NOW)
    assert said.words(0) == "dinamap · COM3 · no link 0:12, the adapter is gone"
    assert said.wrong


def warned(view: LinkView) -> SessionView:
    """The session with the alert that such a link has."""
    kind, priority = ("battery_low", "low") if view.battery_low else ("link_lost", "medium")
    kind = "demo" if view.demo else kind
    alarm = ActiveAlarm(
        f"{kind}:{view.source}", kind, priority, "technical", None, None, None, "", "", NOW
    )
    return replace(VIEW, alarms=(alarm,))


def test_the_pressure_in_the_cuff_stands_in_the_bar_while_it_comes() -> None:
    pressure = ShownValue(142, NOW, "dinamap", Freshness.FRESH)
    measuring = replace(link(LinkState.CONNECTED, 1), cuff="measuring")
    assert bar_item(measuring, VIEW, NOW).cuff == "cuff measuring"
    assert bar_item(measuring, with_values(cuff_pressure=pressure), NOW).cuff == "Cuff 142 mmHg"
    other = replace(measuring, source="omron", cuff="")
    assert bar_item(other, with_values(cuff_pressure=pressure), NOW).cuff == ""
    gone = replace(measuring, state=LinkState.LOST)
    assert bar_item(gone, with_values(cuff_pressure=pressure), NOW).cuff == ""


def test_of_four_monitors_the_less_needed_words_go_first() -> None:
    fine = bar_item(link(LinkState.CONNECTED, 1), VIEW, NOW)
    wrong = bar_item(link(LinkState.SILENT, 1, "nothing came: check the cable"), VIEW, NOW)
    items = [fine, wrong, fine, fine]

    def said(room: float) -> list[str]:
        return fitting(items, room, lambda text, weight: 6.0 * len(text))

    for room in range(650, 2000, 10):
        told = said(room)
        assert sum(6 * len(text) + 38 for text in told) <= room
        assert "silent" in told[1]
    assert said(2000) == [item.words(0) for item in items]
    assert said(100) == [item.words(5) for item in items]
    assert said(1100)[1] == wrong.words(0)
    assert "COM3" not in said(1100)[0]
    assert [wrong.words(at).count("check") for at in range(6)] == [1, 1, 0, 0, 0, 0]
    assert all("silent" in wrong.words(at) for at in range(6))


def test_unsaved_entries_are_counted() -> None:
    assert saved_words(replace(VIEW, unsaved=1)) == "1 entry unsaved"
    assert saved_words(replace(VIEW, unsaved=0, saved_at=None)) == "nothing saved yet"


def test_the_guard_takes_every_value_back() -> None:
    view = distrusted(made_up.calm(step_s=12).view())
    assert {value.freshness for value in view.values.values()} == {Freshness.TECHNICAL}
    first = screen_alarms(view, NOW)[0]
    assert (first.text, first.priority, first.type) == ("Monitoring stopped", "high", "technical")
    assert screen_alarms(view, None) == view.alarms


def alarm(number: int, priority: str, acknowledged: bool = False) -> ActiveAlarm:
    return ActiveAlarm(
        f"a{number}",
        "limit_passed",
        priority,
        "physiological",
        "pulse",
        118,
        110,
        f"Alarm number {number}",
        "dinamap 15:27",
        NOW,
        NOW if acknowledged else None,
        "okafor" if acknowledged else None,
    )


@pytest.mark.parametrize("width", [910, 1280, 1366, 1920])
def test_alarms_beyond_three_are_counted_and_none_is_cut(
    qtbot: QtBot, theme: Theme, width: int
) -> None:
    bar = AlarmBar(theme)
    qtbot.addWidget(bar)
    bar.resize(width, 58)
    alarms = [alarm(n, "high", acknowledged=n < 5) for n in range(6)]
    bar.show_view(VIEW, alarms, NOW)
    bar.grab()
    shown = [word for word in bar.words if word.startswith("Alarm number")]
    assert "Alarm number 5" in shown, "the one nobody has acknowledged is never left out"
    assert bar.more.words == (f"+ {6 - len(shown)} more", "*** F3")
    for rect, shown_alarm in bar.blocks:
        assert rect.width() >= needed(theme, shown_alarm), "an alarm's text stands whole"
        assert rect.right() <= width


@given(
    st.lists(st.tuples(st.floats(0, 200), st.just("x"), st.just("text"), st.just(400)), max_size=12)
)
def test_labels_never_cover_each_other(labels: list[Label]) -> None:
    placed = [label[0] for label in spread(labels, 12.5)]
    assert len(placed) == len(labels)
    assert all(b - a >= 12.49 for a, b in pairwise(placed))

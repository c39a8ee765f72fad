"""The live page as a nurse sees it: who, what is wrong, how old, what is next."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from ketamonitor import alarm_drafts
from ketamonitor.alarms.order import milder
from ketamonitor.view import Update
from tests.ui import made_up
from tests.ui.keys import looked_at
from tests.ui.made_up import NURSE, MadeUp
from ui.live_page import LivePage
from ui.theme import Theme
from ui.tokens import DAY, NIGHT

STEP = 12


def opened(
    qtbot: QtBot, theme: Theme, made: MadeUp, size: tuple[int, int] = (1366, 768)
) -> LivePage:
    page = LivePage(theme, made.clock, NURSE)
    qtbot.addWidget(page)
    page.resize(*size)
    page.show()
    page.show_update(made.update())
    page.refresh()
    page.grab()  # paints, so that the words are known
    return page


def next_update(page: LivePage, made: MadeUp, seconds: float = 1) -> None:
    made.clock.advance(seconds)
    made.settle()
    page.show_update(made.update())
    page.refresh()
    page.grab()


@pytest.fixture
def calm() -> MadeUp:
    return made_up.calm(step_s=STEP)


@pytest.fixture
def alarm() -> MadeUp:
    return made_up.alarm(step_s=STEP)


def colours(image: QImage, *wanted: str) -> set[str]:
    """Which of the wanted colours a picture has a pixel of."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = memoryview(image.constBits()).cast("B").cast("I")
    seen = {f"#{pixel & 0xFFFFFF:06X}" for pixel in set(pixels)}
    return seen & set(wanted)


def test_the_banner_says_who_the_patient_is(qtbot: QtBot, theme: Theme, calm: MadeUp) -> None:
    words = opened(qtbot, theme, calm).banner.words
    for said in ("LINDQVIST, Maren", "14 Mar 1984", "0048-2917", "68.4 kg", "14:35:36", "3"):
        assert said in words
    assert " · 42 y" in words


@pytest.mark.parametrize("width", [910, 1280, 1366, 1920])
def test_identity_never_gives_way(qtbot: QtBot, theme: Theme, calm: MadeUp, width: int) -> None:
    words = opened(qtbot, theme, calm, (width, 720)).banner.words
    assert {"LINDQVIST, Maren", "14 Mar 1984", "0048-2917"} <= set(words)


def test_calm_figures_have_age_source_and_limits(qtbot: QtBot, theme: Theme, calm: MadeUp) -> None:
    page = opened(qtbot, theme, calm)
    for said in ("138/84", "(102)", "+16/+10 vs base", "14:32 · 3 min ago", "dinamap"):
        assert said in page.pressure.words
    assert {"**", "***", "110", "130"} <= set(page.pulse.words)
    assert "dinamap · live" in page.spo2.words
    assert "98" in page.spo2.words
    assert {"5 of 5", "6/10", "Next 14:42, in 6:24"} <= set(page.observed.words)
    assert "No active alarms" in page.alarm_bar.words
    assert "33:36" in page.phases.words
    assert "36:24 left" in page.gate.words


def test_what_was_never_measured_is_two_dashes_and_no_number(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.fresh())
    for tile in (page.pressure, page.pulse, page.spo2):
        assert "– –" in tile.words
        assert "no reading yet" in tile.words
        assert "0" not in tile.words
    assert page.observed.words.count("–") == 3
    assert "baseline limits not armed" in page.pressure.words
    assert page.baseline.isVisible()


@pytest.mark.parametrize("night", [True, False])
def test_a_calm_page_has_no_alarm_colour(
    qtbot: QtBot, theme: Theme, calm: MadeUp, night: bool
) -> None:
    theme.set_night(night)
    page = opened(qtbot, theme, calm)
    tokens = NIGHT if night else DAY
    image = page.grab().toImage()
    assert colours(image, tokens.panel, tokens.accent_fill) == {tokens.panel, tokens.accent_fill}
    assert colours(image, tokens.high, tokens.medium, tokens.low) == set()
    theme.set_night(True)


def test_due_reminders_are_blue_and_not_alarm_coloured(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.due(step_s=4))
    assert page.due.words[:2] == (
        "BP due now, 14:42",
        "1:40 ago: start the cuff or press B",
    )
    image = page.due.grab().toImage()
    assert colours(image, NIGHT.due_fill) == {NIGHT.due_fill}
    assert colours(image, NIGHT.high, NIGHT.medium, NIGHT.low) == set()
    assert "14:32 · 11 min old" in page.pressure.words
    assert "Due 14:42, 1:40 ago: start cuff, or B" in page.pressure.words


def test_in_alarm_bar_and_tiles_say_what_and_which_limit(
    qtbot: QtBot, theme: Theme, alarm: MadeUp
) -> None:
    page = opened(qtbot, theme, alarm)
    words = page.alarm_bar.words
    assert "SYS 184 ≥ 180" in words
    assert words.index("SYS 184 ≥ 180") < words.index("DIA 112 ≥ 110")
    assert words.index("DIA 112 ≥ 110") < next(i for i, w in enumerate(words) if "Pulse" in w)
    assert "*** NIBP" in page.pressure.words
    assert "** PULSE" in page.pulse.words
    assert "* SpO₂" in page.spo2.words
    assert "– –" in page.spo2.words
    assert any(said.startswith("last ") for said in page.spo2.words)
    assert colours(page.pressure.grab().toImage(), NIGHT.high) == {NIGHT.high}


def test_acknowledge_concerns_the_highest_alarm_alone(
    qtbot: QtBot, theme: Theme, alarm: MadeUp
) -> None:
    page = opened(qtbot, theme, alarm)
    asked: list[object] = []
    page.acknowledge_wanted.connect(asked.append)
    qtbot.mouseClick(page.alarm_bar.acknowledge, Qt.MouseButton.LeftButton)
    highest = page.alarm_bar.highest
    assert highest is not None
    assert asked == [highest]
    assert highest.text == "SYS 184 ≥ 180"
    stands_for = [highest, *milder(highest, alarm.live.active)]
    alarm.add(*(alarm_drafts.acknowledge(a, at=alarm.now, author=NURSE) for a in stands_for))
    next_update(page, alarm)
    assert "ACKNOWLEDGED, okafor, 14:35" in " ".join(page.alarm_bar.words)
    qtbot.keyClick(page, Qt.Key.Key_A)
    assert asked == [highest], "the next alert is not acknowledged by a finger that bounces"
    looked_at(page)
    qtbot.keyClick(page, Qt.Key.Key_A)
    assert [a.text for a in asked[1:]] == ["DIA 112 ≥ 110"]  # type: ignore[attr-defined]


def test_an_alarm_reads_the_same_in_both_phases_of_its_flash(
    qtbot: QtBot, theme: Theme, alarm: MadeUp
) -> None:
    page = opened(qtbot, theme, alarm)
    bar = page.alarm_bar
    lit, words = bar.grab().toImage(), bar.words
    bar.flash["high"].timer.timeout.emit()
    dark = bar.grab().toImage()
    assert bar.words == words
    area = bar.blocks[0][0].toRect().adjusted(11, 4, -11, -4)  # without the bars at its ends
    assert colours(lit.copy(area), NIGHT.high) == {NIGHT.high}
    assert colours(dark.copy(area), NIGHT.high) == set()
    assert colours(dark, NIGHT.high) == {NIGHT.high}  # the outline stays


def test_an_alert_nobody_has_seen_never_looks_acknowledged_while_its_flash_is_dark(
    qtbot: QtBot, theme: Theme, alarm: MadeUp
) -> None:
    page = opened(qtbot, theme, alarm)
    bar = page.alarm_bar
    for flash in bar.flash.values():
        flash.timer.timeout.emit()

    def ends(image: QImage) -> set[str]:
        """The colours just inside the outline of the first block, left of its text."""
        block = bar.blocks[0][0].toRect()
        return colours(
            image.copy(block.left() + 5, block.top() + 8, 3, block.height() - 16), NIGHT.high
        )

    assert ends(bar.grab().toImage()) == {NIGHT.high}
    highest = bar.highest
    assert highest is not None
    stands_for = [highest, *milder(highest, alarm.live.active)]
    alarm.add(*(alarm_drafts.acknowledge(a, at=alarm.now, author=NURSE) for a in stands_for))
    next_update(page, alarm)
    assert ends(bar.grab().toImage()) == set()


def test_silence_of_the_recorder_is_itself_a_high_alarm(
    qtbot: QtBot, theme: Theme, calm: MadeUp
) -> None:
    page = opened(qtbot, theme, calm)
    calm.clock.advance(2.5)
    page.refresh()
    page.grab()
    assert "No active alarms" in page.alarm_bar.words
    calm.clock.advance(1)
    page.refresh()
    page.grab()
    assert "Monitoring stopped" in page.alarm_bar.words
    for tile in (page.pressure, page.pulse, page.spo2):
        assert "– –" in tile.words, "no value may look live when nobody knows it"
    next_update(page, calm)
    assert "No active alarms" in page.alarm_bar.words
    assert "138/84" in page.pressure.words


def test_what_cannot_be_saved_is_an_alarm_and_is_counted(
    qtbot: QtBot, theme: Theme, calm: MadeUp
) -> None:
    calm.unsaved = 12
    page = opened(qtbot, theme, calm)
    assert "12 entries unsaved" in page.status.words
    assert "No active alarms" in page.alarm_bar.words, "a write on its way is no fault yet"
    calm.record_fault = "the disk is full"
    calm.clock.advance(1)
    page.show_update(calm.update())
    page.refresh()
    page.grab()
    assert "Record not saved" in page.alarm_bar.words
    assert "12 entries unsaved · the disk is full" in " ".join(page.alarm_bar.words)


@pytest.mark.parametrize(
    ("key", "signal"),
    [
        (Qt.Key.Key_D, "dose_wanted"),
        (Qt.Key.Key_O, "observe_wanted"),
        (Qt.Key.Key_B, "bp_wanted"),
        (Qt.Key.Key_N, "note_wanted"),
        (Qt.Key.Key_E, "event_wanted"),
        (Qt.Key.Key_L, "lock_wanted"),
        (Qt.Key.Key_F2, "limits_wanted"),
    ],
)
def test_single_keys_ask_for_panels(
    qtbot: QtBot, theme: Theme, calm: MadeUp, key: Qt.Key, signal: str
) -> None:
    page = opened(qtbot, theme, calm)
    with qtbot.waitSignal(getattr(page, signal)):
        qtbot.keyClick(page, key)


def test_a_text_field_keeps_its_letters_and_digits(
    qtbot: QtBot, theme: Theme, calm: MadeUp
) -> None:
    page = opened(qtbot, theme, calm)
    asked: list[str] = []
    page.dose_wanted.connect(lambda: asked.append("dose"))
    field = QLineEdit()
    page.open_panel(field)
    qtbot.keyClicks(field, "dob1")
    assert field.text() == "dob1"
    assert asked == []
    assert page.trend.chart.zoom == 3
    assert page.close_panel() is field
    qtbot.keyClick(page, Qt.Key.Key_D)
    assert asked == ["dose"]
    field.deleteLater()


def test_a_panel_leaves_identity_alarms_and_values_in_sight(
    qtbot: QtBot, theme: Theme, alarm: MadeUp
) -> None:
    page = opened(qtbot, theme, alarm)
    panel = QWidget()
    page.open_panel(panel)
    page.refresh()
    page.grab()
    assert page.banner.isVisible()
    assert page.alarm_bar.isVisible()
    assert page.strip.isVisible()
    assert not page.pressure.isVisible()
    assert {"184/112", "*** NIBP", "14:34 · 1 min ago"} <= set(page.strip.words)
    page.close_panel()
    assert page.pressure.isVisible()
    assert not page.strip.isVisible()
    panel.deleteLater()


def test_keys_1_to_4_zoom_and_f6_changes_the_theme(
    qtbot: QtBot, theme: Theme, calm: MadeUp
) -> None:
    page = opened(qtbot, theme, calm)
    for key, zoom in ((Qt.Key.Key_1, 0), (Qt.Key.Key_3, 2), (Qt.Key.Key_4, 3)):
        qtbot.keyClick(page, key)
        assert page.trend.chart.zoom == zoom
        assert page.trend.zoom.current == zoom
    qtbot.keyClick(page, Qt.Key.Key_F6)
    assert not theme.night
    assert colours(page.grab().toImage(), DAY.bg) == {DAY.bg}
    theme.set_night(True)


def test_missed_entries_are_asked_for_not_skipped(qtbot: QtBot, theme: Theme, calm: MadeUp) -> None:
    page = LivePage(theme, calm.clock, NURSE)
    qtbot.addWidget(page)
    whole = calm.update()
    late = Update(whole.session, whole.entries[-3:], whole.view)
    with qtbot.waitSignal(page.history_wanted):
        page.show_update(late)
    assert page.record is None
    page.begin(whole.entries)
    page.show_update(late)
    assert page.record is not None
    assert page.record.entries == len(whole.entries)


def test_the_timeline_is_newest_first_and_filters(qtbot: QtBot, theme: Theme, calm: MadeUp) -> None:
    page = opened(qtbot, theme, calm)
    model = page.timeline.model
    titles = [model.row(place).title for place in range(model.rowCount())]
    assert titles[0] == "BP 138/84 (102)"
    assert titles[-1] == "Session started"
    page.timeline.filter.choose(1)
    assert {model.row(place).author for place in range(model.rowCount())} == {NURSE}
    page.timeline.filter.choose(2)
    assert {model.row(place).kind for place in range(model.rowCount())} == {"alarm"}


def test_the_chart_says_its_lines_and_gaps(qtbot: QtBot, theme: Theme, calm: MadeUp) -> None:
    words = opened(qtbot, theme, calm).trend.chart.words
    for said in ("first dose", "70-min gate", "now", "base 122", "*** 162 sys", "+30", "14:15"):
        assert said in words
    assert any(said.startswith("no value 1:") for said in words), "a gap has cause and length"
    assert any(said.startswith("28.7 of 34.2 mg") for said in words)


@pytest.mark.parametrize("size", [(910, 512), (1280, 720), (1366, 768), (1920, 1080), (2560, 1440)])
def test_parts_stay_inside_and_apart(
    qtbot: QtBot, theme: Theme, alarm: MadeUp, size: tuple[int, int]
) -> None:
    page = opened(qtbot, theme, alarm, size)
    parts = [
        child
        for child in page.children()
        if isinstance(child, QWidget) and child.isVisible() and child.width() > 0
    ]
    assert {page.banner, page.alarm_bar, page.pressure, page.pulse, page.spo2, page.due} <= set(
        parts
    )
    for number, part in enumerate(parts):
        assert page.rect().contains(part.geometry()), part.accessibleName()
        for other in parts[number + 1 :]:
            assert not part.geometry().intersects(other.geometry()), (
                f"{part.accessibleName()} covers {other.accessibleName()}"
            )
    assert all(button.height() >= 48 for button in page.buttons)


def test_all_controls_have_names_and_can_be_reached_by_tab(
    qtbot: QtBot, theme: Theme, calm: MadeUp
) -> None:
    page = opened(qtbot, theme, calm)
    seen: set[str] = set()
    widget: QWidget = page
    for _ in range(80):
        widget = widget.nextInFocusChain()
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            seen.add(widget.accessibleName())
    for name in ("Limits", "Dose", "Observe", "BP now", "Note", "Event", "End session"):
        assert name in seen
    assert "Trend: 30 min" in seen


def test_one_reading_beyond_many_limits_is_two_blocks(qtbot: QtBot, theme: Theme) -> None:
    made = made_up.crowded(step_s=STEP)
    page = opened(qtbot, theme, made)
    assert len(made.live.active) > 6
    texts = [shown.text for _, shown in page.alarm_bar.blocks]
    assert sorted(text.split()[0] for text in texts) == ["DIA", "SYS"]
    assert not page.alarm_bar.more.isVisible()


def test_a_lost_link_says_so_in_the_tile_with_the_priority_of_bar_and_status_line(
    qtbot: QtBot, theme: Theme
) -> None:
    page = opened(qtbot, theme, made_up.no_link(step_s=STEP))
    for tile in (page.pressure, page.pulse, page.spo2):
        assert "** link lost" in tile.words
        assert not any(said.startswith("** ") and said != "** link lost" for said in tile.words)
    assert "dinamap: link lost" in page.alarm_bar.words
    assert any(said.startswith("** dinamap") for said in page.status.words)


def test_no_value_is_dashes_at_once(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.no_value(step_s=STEP))
    assert "– –" in page.spo2.words
    assert any(said.startswith("No value") for said in page.spo2.words)
    assert "76" in page.pulse.words


def test_of_two_monitors_the_trend_draws_the_leading_one_and_the_other_when_asked(
    qtbot: QtBot, theme: Theme
) -> None:
    page = opened(qtbot, theme, made_up.two_monitors(step_s=STEP))
    trend = page.trend
    chart = trend.chart
    assert trend.monitors.isVisible()
    assert "55" not in page.pulse.words
    assert set(chart.others) == {("pulse", "masimo"), ("spo2", "masimo")}
    leading = chart.tracks["pulse"].between(-np.inf, np.inf)[1]
    assert float(np.nanmin(leading)) > 60
    dots = chart.plot._dots["other pulse"]
    assert len(dots.data) == 0
    leading_alone, all_of_them = trend.monitors.findChildren(QAbstractButton)
    for button in (leading_alone, all_of_them):
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, "reached by the keys"
    qtbot.keyClick(all_of_them, Qt.Key.Key_Space)
    assert set(dots.data["y"]) == {55.0}
    qtbot.keyClick(leading_alone, Qt.Key.Key_Space)
    assert len(dots.data) == 0


def test_one_monitor_alone_has_no_switch_for_others(
    qtbot: QtBot, theme: Theme, calm: MadeUp
) -> None:
    assert not opened(qtbot, theme, calm).trend.monitors.isVisible()

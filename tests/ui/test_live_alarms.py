"""What the nurse sees and presses of alerts: blocks, flash, pauses, limits, other chairs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QImage
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from ketamonitor import alarm_drafts
from ketamonitor.alarm_plan import PausePlan
from ketamonitor.view import ActiveAlarm, AudioPause, Interruption
from tests.ui import made_up
from tests.ui.made_up import NURSE, at
from tests.ui.test_live_page import colours, next_update, opened
from tests.ui.vision import MATRICES, contrast, of_color, seen
from ui.pages.alarm_strip import AlarmStrip
from ui.theme import Theme
from ui.tokens import DAY, NIGHT
from ui.widgets.alarm_bar import AlarmBar
from ui.widgets.alarm_block import HALF_PERIOD_MS, needed

NOW = at("14:35:36")
VIEW = made_up.fresh().view()
STEP = 12


def some(number: int, priority: str, **changes: object) -> ActiveAlarm:
    made = ActiveAlarm(
        f"pulse>{number}",
        "limit_passed",
        priority,
        "physiological",
        "pulse",
        118,
        110,
        f"Pulse {number} > 110",
        "dinamap 14:34 · reading 2",
        NOW - timedelta(seconds=90),
        priority_since=NOW - timedelta(seconds=90),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def bar_with(qtbot: QtBot, theme: Theme, *alarms: ActiveAlarm, width: int = 1366) -> AlarmBar:
    bar = AlarmBar(theme)
    qtbot.addWidget(bar)
    bar.resize(width, 58)
    bar.show()
    bar.show_view(VIEW, alarms, NOW)
    bar.grab()
    return bar


def block_of(bar: AlarmBar, alarm: ActiveAlarm) -> QImage:
    area = next(rect for rect, shown in bar.blocks if shown.id == alarm.id)
    # Without the bars at the ends, which are there in the dark half of a flash.
    return bar.grab().toImage().copy(area.toRect().adjusted(11, 6, -11, -6))


# The block ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("priority", "stars", "word"),
    [("high", "***", "HIGH"), ("medium", "**", "MED"), ("low", "*", "LOW")],
)
def test_priority_is_word_stars_and_fill(
    qtbot: QtBot, theme: Theme, priority: str, stars: str, word: str
) -> None:
    alarm = some(118, priority)
    bar = bar_with(qtbot, theme, alarm)
    assert stars in bar.words
    assert any(said.startswith(word) for said in bar.words)
    fill = NIGHT.alarm(priority)[0]
    assert colours(block_of(bar, alarm), fill) == {fill}
    assert word in bar.accessibleDescription()


@pytest.mark.parametrize(("priority", "hz"), [("high", (1.4, 2.8)), ("medium", (0.4, 0.8))])
def test_the_flash_has_the_rate_of_its_priority_and_half_the_time_is_lit(
    qtbot: QtBot, theme: Theme, priority: str, hz: tuple[float, float]
) -> None:
    alarm = some(118, priority)
    bar = bar_with(qtbot, theme, alarm)
    timer = bar.flash[priority].timer
    assert timer.isActive()
    assert hz[0] <= 1000 / (2 * timer.interval()) <= hz[1]
    fill = NIGHT.alarm(priority)[0]
    lit = []
    for _ in range(4):
        lit.append(colours(block_of(bar, alarm), fill) == {fill})
        timer.timeout.emit()
    assert lit == [True, False, True, False]


def test_low_acknowledged_and_over_are_steady(qtbot: QtBot, theme: Theme) -> None:
    seen_by = some(1, "high", acknowledged_at=NOW, acknowledged_by=NURSE)
    over = some(2, "high", ended_at=NOW)
    bar = bar_with(qtbot, theme, seen_by, over, some(3, "low"))
    assert not any(flash.timer.isActive() for flash in bar.flash.values())
    for outline in (seen_by, over):
        assert colours(block_of(bar, outline), NIGHT.high) == set()
    said = " ".join(bar.words)
    assert "ACKNOWLEDGED, okafor, 14:35" in said
    assert "OVER, not yet seen" in said


def test_two_alarms_of_one_priority_flash_together(qtbot: QtBot, theme: Theme) -> None:
    first, second = some(1, "high"), some(2, "high")
    bar = bar_with(qtbot, theme, first)
    bar.flash["high"].timer.timeout.emit()
    bar.show_view(VIEW, [first, second], NOW)
    for alarm in (first, second):
        assert colours(block_of(bar, alarm), NIGHT.high) == set()


def test_a_block_says_how_long_which_reading_and_of_what_kind(qtbot: QtBot, theme: Theme) -> None:
    asked = some(118, "medium", repeat_at=at("14:37"))
    bar = bar_with(qtbot, theme, asked)
    said = " ".join(bar.words)
    for words in (
        "Pulse 118 > 110",
        "confirming: again 14:37",
        "for 1:30",
        "reading 2",
        "physiological",
    ):
        assert words in said
    technical = some(1, "low", type="technical", text="SpO₂: no reading", detail="last 97 at 14:34")
    assert "technical" in " ".join(bar_with(qtbot, theme, technical).words)


@pytest.mark.parametrize("width", [910, 1280, 1366, 1920])
def test_a_high_alarm_is_never_moved_out_of_sight(qtbot: QtBot, theme: Theme, width: int) -> None:
    alarms = [some(1, "high"), *(some(n, "medium") for n in range(2, 9))]
    bar = bar_with(qtbot, theme, *alarms, width=width)
    for beat in range(40):
        bar.flash["high" if beat % 3 else "medium"].timer.timeout.emit()
        bar.show_view(VIEW, alarms, NOW + timedelta(seconds=beat))
        bar.grab()
        assert "Pulse 1 > 110" in bar.words
    assert bar.more.isVisible()
    assert bar.more.accessibleName().endswith("MEDIUM"), "it says how urgent the hidden ones are"


def test_acknowledge_is_of_what_asks_for_attention_first(qtbot: QtBot, theme: Theme) -> None:
    over, holds = some(1, "high", ended_at=NOW), some(2, "medium")
    bar = bar_with(qtbot, theme, over, holds)
    assert bar.highest is holds
    assert bar_with(qtbot, theme, over).highest is over
    button, block = bar.acknowledge.geometry(), next(r for r, a in bar.blocks if a is holds)
    assert 0 <= button.left() - block.right() <= 10, "it stands beside its alarm"


# Audio and interruption -----------------------------------------------------------------------


def test_audio_paused_shows_who_how_long_and_how_to_end_it(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.audio_paused(step_s=STEP))
    assert page.alarm_bar.audio.words == ("1:42", "AUDIO PAUSED", "okafor · S ends it")
    assert page.alarm_bar.audio.accessibleName() == "AUDIO PAUSED 1:42"
    assert "SYS 184 ≥ 180" in page.alarm_bar.words, "a pause hides no alarm"


def test_a_pause_is_not_shown_past_its_end_by_a_recorder_that_stands_still(
    qtbot: QtBot, theme: Theme
) -> None:
    made = made_up.audio_paused(step_s=STEP)
    page = opened(qtbot, theme, made)
    made.clock.advance(103)
    page.refresh()
    page.grab()
    assert "AUDIO PAUSED" not in page.alarm_bar.audio.words
    assert "Monitoring stopped" in page.alarm_bar.words


def test_audio_off_is_said_as_such(qtbot: QtBot, theme: Theme) -> None:
    bar = bar_with(qtbot, theme)
    bar.show_view(replace(VIEW, audio_pause=AudioPause(NOW, None, NURSE)), [], NOW)
    bar.grab()
    assert bar.audio.words == ("AUDIO OFF", "okafor · S ends it")


def test_audio_cannot_be_paused_in_advance(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.calm(step_s=12))
    asked: list[str] = []
    page.audio_wanted.connect(lambda: asked.append("audio"))
    qtbot.keyClick(page, Qt.Key.Key_S)
    assert asked == []
    assert not page.alarm_bar.audio.isVisible()
    loud = opened(qtbot, theme, made_up.alarm(step_s=STEP))
    loud.audio_wanted.connect(lambda: asked.append("audio"))
    assert loud.alarm_bar.audio.words == ("S", "Pause audio")
    qtbot.keyClick(loud, Qt.Key.Key_S)
    qtbot.mouseClick(loud.alarm_bar.audio, Qt.MouseButton.LeftButton)
    assert asked == ["audio", "audio"]


@pytest.mark.parametrize("night", [True, False])
def test_a_planned_interruption_has_its_own_block_without_alarm_colour(
    qtbot: QtBot, theme: Theme, night: bool
) -> None:
    theme.set_night(night)
    page = opened(qtbot, theme, made_up.interruption(step_s=STEP))
    button = page.alarm_bar.interruption
    assert button.words[:3] == ("2:48", "ALARM PAUSED", "moved or turned")
    assert button.words[3] == "I ends it · watched: MOAA/S · okafor"
    tokens = NIGHT if night else DAY
    assert colours(page.grab().toImage(), tokens.high, tokens.medium, tokens.low) == set()
    for tile in (page.pressure, page.pulse, page.spo2):
        assert "– –" in tile.words
        assert "interruption, back 14:39" in " ".join(tile.words)
    theme.set_night(True)


def test_what_nobody_measures_is_not_said_to_be_watched(qtbot: QtBot, theme: Theme) -> None:
    bar = bar_with(qtbot, theme)
    pause = Interruption("toilet", NOW, at("14:40"), NURSE, ("nibp_sys",), ("hr", "rr"))
    bar.show_view(replace(VIEW, interruption=pause), [], NOW)
    bar.grab()
    assert "watched: nothing else" in " ".join(bar.interruption.words)


def test_a_value_that_comes_in_an_interruption_is_shown(qtbot: QtBot, theme: Theme) -> None:
    made = made_up.interruption(step_s=STEP)
    page = opened(qtbot, theme, made)
    assert made.script is not None
    made.clock.advance(1)
    made.add(made_up.values_of(made.now, made.script))
    next_update(page, made, 0)
    assert page.spo2.figure is not None
    assert page.spo2.figure.known
    assert not page.pressure.figure.known if page.pressure.figure else False


def test_a_high_limit_alarms_through_an_interruption(qtbot: QtBot, theme: Theme) -> None:
    made = made_up.interruption(step_s=STEP)
    page = opened(qtbot, theme, made)
    when = made.now.strftime("%H:%M:%S")
    made.add(made_up.bp(when, 214, 118, 150)[1])
    next_update(page, made)
    assert "SYS 214 ≥ 200" in page.alarm_bar.words
    assert page.alarm_bar.interruption.isVisible()
    assert "214/118" in page.pressure.words


@pytest.mark.parametrize(
    ("key", "signal"),
    [
        (Qt.Key.Key_A, "acknowledge_wanted"),
        (Qt.Key.Key_S, "audio_wanted"),
        (Qt.Key.Key_I, "interruption_wanted"),
        (Qt.Key.Key_F3, "alarms_wanted"),
    ],
)
def test_alarms_are_answered_by_keyboard_alone(
    qtbot: QtBot, theme: Theme, key: Qt.Key, signal: str
) -> None:
    page = opened(qtbot, theme, made_up.alarm(step_s=STEP))
    with qtbot.waitSignal(getattr(page, signal)):
        qtbot.keyClick(page, key)


# The calm bar ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ([], "Sound not known to work · not tested"),
        ([("ready", "")], "Sound: nurse's side · not tested"),
        ([("ready", ""), True], "Sound: nurse's side · heard 14:00"),
        ([("ready", ""), False], "Sound: nurse's side · NOT heard 14:00"),
        ([("failed", "the headset is gone")], "No sound: the headset is gone"),
        ([("off", "")], "No sound: off"),
    ],
)
def test_the_calm_bar_says_where_sound_goes(
    qtbot: QtBot, theme: Theme, what: list[tuple[str, str] | bool], words: str
) -> None:
    made = made_up.fresh()
    for item in what:
        if isinstance(item, bool):
            made.add(alarm_drafts.sound_test("headset", item, at=at("14:00"), author=NURSE))
        else:
            made.add(made_up.sound(*item, made.now))
    bar = bar_with(qtbot, theme)
    bar.show_view(made.view(), [], NOW)
    assert bar.sound.accessibleName() == words
    with qtbot.waitSignal(bar.sound_test_wanted):
        qtbot.keyClick(bar.sound, Qt.Key.Key_Return)


def test_only_the_allowed_words_for_pauses(qtbot: QtBot, theme: Theme) -> None:
    for scene in (made_up.alarm, made_up.audio_paused, made_up.interruption, made_up.latched):
        page = opened(qtbot, theme, scene(step_s=STEP))  # type: ignore[operator]
        texts = [w.accessibleName() + w.accessibleDescription() for w in page.findChildren(QWidget)]
        texts += [label.text() for label in page.findChildren(QLabel)]
        for word in ("mute", "silence", "reset"):
            assert word not in " ".join(texts).lower()


# Tiles, due strip, timeline -------------------------------------------------------------------


def test_a_changed_limit_is_marked_and_said(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.limits_changed(step_s=12))
    assert {"120†", "† limit changed"} <= set(page.pulse.words)
    assert "110" not in page.pulse.words
    assert not any("†" in said for said in page.spo2.words)


def test_a_limit_that_is_off_says_alarm_off(qtbot: QtBot, theme: Theme) -> None:
    made = made_up.calm(step_s=12)
    preset = next(row for row in made.live.info.protocol.limit if row.id == "spo2<92")
    allowed = PausePlan(alarm_off=True)
    made.add(
        alarm_drafts.limit_changed(
            preset, None, "probe on a cold hand", allowed, at=made.now, author=NURSE
        )
    )
    page = opened(qtbot, theme, made)
    assert {"OFF", "88", "** ALARM OFF"} <= set(page.spo2.words)
    assert "92" not in page.spo2.words
    assert not any("92" in said for said in page.trend.chart.words)


def test_the_limit_of_the_alert_is_the_one_inverted(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.alarm(step_s=STEP))
    assert {"180", "110"} <= set(page.pressure.words)
    assert "162" not in page.pressure.words, "the bar says 180: so does the tile"
    over = opened(qtbot, theme, made_up.latched(step_s=STEP))
    assert "NIBP" in over.pressure.words, "what is over is not marked on the value of now"
    assert "SYS 204 ≥ 200" in over.alarm_bar.words


def test_a_second_reading_is_asked_for_in_strip_and_tile(qtbot: QtBot, theme: Theme) -> None:
    made = made_up.medium(step_s=STEP)
    page = opened(qtbot, theme, made)
    assert page.due.words[:2] == ("BP again 14:26", "in 1:24 · asked by alert")
    assert "Confirming: again 14:26, in 1:24" in page.pressure.words
    made.clock.advance(100)
    page.refresh()
    page.grab()
    assert page.due.words[:2] == ("BP again 14:26", "0:16 ago · asked by alert")
    assert colours(page.due.grab().toImage(), NIGHT.due_fill) == {NIGHT.due_fill}


def test_overdue_is_blue_and_steady(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.due("14:44:30", step_s=STEP))
    assert page.due.words[0] == "BP overdue, 14:42"
    before = page.due.grab().toImage()
    qtbot.wait(600)
    assert page.due.grab().toImage() == before
    assert colours(before, NIGHT.high, NIGHT.medium, NIGHT.low) == set()
    assert not any(flash.timer.isActive() for flash in page.alarm_bar.flash.values())


def test_one_act_is_one_row_of_the_timeline(qtbot: QtBot, theme: Theme) -> None:
    made = made_up.alarm(step_s=STEP)
    page = opened(qtbot, theme, made)
    model = page.timeline.model
    rows = [model.row(place) for place in range(model.rowCount())]
    acknowledged = [r for r in rows if "acknowledged" in r.below and r.at == "14:32"]
    entries = [
        e for e in made.entries if e.body.get("event") == "acknowledged" and e.at == at("14:32:30")
    ]
    assert len(entries) > 5
    assert len(acknowledged) == 1
    assert acknowledged[0].more == len(entries) - 1
    assert acknowledged[0].heading == f"** SYS 182 ≥ 180 and {len(entries) - 1} more"
    raised = [r for r in rows if r.at == "14:32" and r.below == "MEDIUM raised"]
    assert [r.title for r in raised] == ["** DIA 111 ≥ 110", "** SYS 182 ≥ 180"]


def test_entries_of_one_act_join_when_they_come_one_by_one(qtbot: QtBot, theme: Theme) -> None:
    made = made_up.alarm(step_s=STEP)
    page = opened(qtbot, theme, made)
    whole = [page.timeline.model.row(n).heading for n in range(page.timeline.model.rowCount())]
    page.timeline.model.clear()
    for entry in made.entries:
        page.timeline.add([entry], {})
    model = page.timeline.model
    assert [model.row(n).heading for n in range(model.rowCount())] == whole


@pytest.mark.parametrize("width", [910, 1100, 1280, 1366, 1920])
def test_everything_at_once_stays_apart_and_the_alarm_whole(
    qtbot: QtBot, theme: Theme, width: int
) -> None:
    view = replace(
        VIEW,
        audio_pause=AudioPause(NOW, at("14:37"), NURSE),
        interruption=Interruption("moved", NOW, at("14:40"), NURSE, ("spo2",), ("moaas",)),
    )
    bar = bar_with(qtbot, theme, width=width)
    bar.show_other("s-2", "5", some(131, "medium"), 1)
    alarms = [some(n, "high", text="SYS 184 ≥ 180") for n in range(6)]
    bar.show_view(view, alarms, NOW)
    bar.grab()
    rects = [rect.toAlignedRect() for rect, _ in bar.blocks]
    rects += [
        button.geometry()
        for button in (bar.acknowledge, bar.more, bar.other, bar.interruption, bar.audio)
        if button.isVisible()
    ]
    assert len(rects) >= 6
    for number, rect in enumerate(rects):
        assert bar.rect().contains(rect)
        assert not any(rect.intersects(other) for other in rects[number + 1 :])
    for rect, alarm in bar.blocks:
        assert rect.width() >= needed(theme, alarm), "an alarm's text stands whole"
    assert {"AUDIO PAUSED", "okafor · S ends it"} <= set(bar.audio.words)
    assert "ALARM PAUSED" in bar.interruption.words
    assert "I ends it" in " ".join(bar.interruption.words)


# Cards, other chairs, distance, eyes ------------------------------------------------------------


@pytest.mark.parametrize("size", [(1366, 768), (910, 512)])
def test_a_card_takes_the_timelines_place_and_gives_it_back(
    qtbot: QtBot, theme: Theme, size: tuple[int, int]
) -> None:
    page = opened(qtbot, theme, made_up.alarm(step_s=STEP), size)
    card = QLabel("Card")
    page.show_card(card)
    assert card.isVisible()
    assert page.card is card
    if size[0] > 1000:
        assert not page.timeline.isVisible()
        place = page.timeline.geometry()
        assert place.contains(card.mapTo(page, card.rect().center()))
    page.resize(910 if size[0] > 1000 else 1366, 512 if size[0] > 1000 else 768)
    assert card.isVisible(), "it moves with the layout"
    page.show_card(None)
    assert not card.isVisible()
    page.resize(1366, 768)
    assert page.timeline.isVisible()
    card.deleteLater()


def test_another_chairs_alarm_is_seen_and_leads_there(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.calm(step_s=12))
    page.alarm_bar.show_other("s-2", "5", some(131, "high"), 2)
    page.grab()
    other = page.alarm_bar.other
    assert "Chair 5 · HIGH + 2 more" in other.words
    assert colours(other.grab().toImage(), NIGHT.high) == {NIGHT.high}
    assert page.alarm_bar.flash["high"].timer.isActive()
    with qtbot.waitSignal(page.chair_wanted) as asked:
        qtbot.mouseClick(other, Qt.MouseButton.LeftButton)
    assert asked.args == ["s-2"]


def test_the_strip_of_the_other_pages_says_chair_alarm_and_pauses(
    qtbot: QtBot, theme: Theme
) -> None:
    strip = AlarmStrip(theme)
    qtbot.addWidget(strip)
    strip.resize(1280, 56)
    strip.show()
    view = made_up.audio_paused(step_s=STEP).view()
    strip.show_alarms(("s", "3", view.alarms[0]), 3, [view], NOW)
    strip.grab()
    assert strip.alarm.words[:2] == ("***", "Chair 3 · HIGH + 3 more")
    assert "Chair 3 AUDIO PAUSED 1:42" in strip.words
    assert strip.flash["high"].timer.interval() == HALF_PERIOD_MS["high"]
    strip.show_alarms(None, 0, [], NOW)
    assert not strip.wanted


@pytest.mark.parametrize("size", [(910, 512), (1366, 768), (1920, 1080)])
def test_figures_can_be_read_from_4_m(qtbot: QtBot, theme: Theme, size: tuple[int, int]) -> None:
    """Capital height of a 66 px figure: 48 px, 12 mm on a 15.6 inch panel of 1366 x 768, which at
    4 m is 10 minutes of arc; at 150 % and on the larger screen it is more."""
    page = opened(qtbot, theme, made_up.alarm(step_s=STEP), size)
    height = QFontMetricsF(theme.font(66, 600)).capHeight()
    assert 47 <= height <= 50
    millimetres = 25.4 * 15.6 / (1366**2 + 768**2) ** 0.5
    minutes_of_arc = height * millimetres / 4000 * 3438
    assert minutes_of_arc >= 10
    assert page.pressure.width() > 350
    assert {"184/112", "118"} <= {*page.pressure.words, *page.pulse.words}


def rgb_of(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


@pytest.mark.parametrize("kind", ["grey", *MATRICES])
@pytest.mark.parametrize("tokens", [NIGHT, DAY], ids=["night", "day"])
def test_alarm_text_keeps_its_contrast_in_every_eye(kind: str, tokens: object) -> None:
    fills = []
    for priority in ("high", "medium", "low"):
        fill, text = tokens.alarm(priority)  # type: ignore[attr-defined]
        assert contrast(rgb_of(fill), rgb_of(text)) >= 4.5
        known = contrast(of_color(rgb_of(fill), kind), of_color(rgb_of(text), kind))
        assert known >= 4.4, f"{priority} in {kind}: {known:.1f}"
        fills.append(of_color(rgb_of(fill), kind))
    # HIGH differs from both others in brightness alone. MEDIUM and LOW do not, in grey: there the
    # words, the asterisks and the flash tell them apart.
    assert min(contrast(fills[0], other) for other in fills[1:]) >= 2.2


def test_grey_has_no_colour_left(qtbot: QtBot, theme: Theme) -> None:
    page = opened(qtbot, theme, made_up.alarm(step_s=STEP))
    grey = seen(page.alarm_bar.grab().toImage(), "grey")
    for x in range(0, grey.width(), 37):
        pixel = grey.pixelColor(x, 25)
        assert pixel.red() == pixel.green() == pixel.blue()

"""The predicted concentration on the trend: off until asked for, labelled, never a thin line."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.treatment.estimate import LABEL
from tests.domain.builders import at, cuff, protocol
from tests.domain.played import Played
from ui.theme import Theme
from ui.widgets.trend import Trend
from ui.widgets.trend_estimate import SHORT_LABEL
from ui.widgets.trend_scale import ESTIMATE, PRESSURE

NURSE = "okafor"


def infusion(t_s: float = 60) -> Draft:
    return drafts.infusion_start("ketamine (racemic)", "iv", 34.2, 40, at=at(t_s), author=NURSE)


def shown(
    qtbot: QtBot, theme: Theme, *entered: Draft, model: str = "domino", width: int = 1380
) -> tuple[Trend, Played]:
    played = Played(msgspec.structs.replace(protocol(), estimate=model), ())
    played.add(*entered)
    trend = Trend(theme)
    qtbot.addWidget(trend)
    trend.resize(width, 350)
    trend.show()
    renew(trend, played)
    return trend, played


def renew(trend: Trend, played: Played) -> None:
    trend.show_view(played.view, Record.of(played.entries), played.now)


def said(trend: Trend) -> str:
    trend.grab()
    return " ".join(trend.chart.words)


def press(trend: Trend, word: str) -> None:
    buttons = trend.estimate.findChildren(QAbstractButton)
    QTest.keyClick(next(b for b in buttons if b.text() == word), Qt.Key.Key_Space)


def test_it_is_off_until_somebody_asks_for_it(qtbot: QtBot, theme: Theme) -> None:
    trend, _ = shown(qtbot, theme, infusion(), cuff(900, 128, 76))
    assert trend.estimate.isVisible()
    assert "Predicted" not in said(trend)
    tall = trend.chart.plot.rect_of(PRESSURE).height()
    press(trend, "Estimate")
    assert LABEL in said(trend)
    assert "Domino et al." in said(trend)
    assert trend.chart.plot.rect_of(PRESSURE).height() == tall - 68
    press(trend, "No estimate")
    assert "Predicted" not in said(trend)
    assert trend.chart.plot.rect_of(PRESSURE).height() == tall


def test_where_the_protocol_names_no_model_there_is_nothing_to_ask_for(
    qtbot: QtBot, theme: Theme
) -> None:
    trend, _ = shown(qtbot, theme, infusion(), model="")
    assert not trend.estimate.isVisible()
    assert "Predicted" not in said(trend)


@pytest.mark.parametrize("width", [620, 1040, 1380])
def test_no_width_is_without_the_words_that_it_is_not_for_dosing(
    qtbot: QtBot, theme: Theme, width: int
) -> None:
    trend, _ = shown(qtbot, theme, infusion(), cuff(900, 128, 76), width=width)
    press(trend, "Estimate")
    words = said(trend)
    assert LABEL in words or SHORT_LABEL in words
    assert "ot for dosing" in words or "not use for dosing" in words


def test_a_session_without_a_dose_says_so(qtbot: QtBot, theme: Theme) -> None:
    trend, played = shown(qtbot, theme, cuff(60, 128, 76))
    press(trend, "Estimate")
    assert "No dose yet" in said(trend)
    played.add(infusion(120), cuff(1200, 130, 78))
    renew(trend, played)
    assert "No dose yet" not in said(trend)
    assert LABEL in said(trend)


def grey_pixels(trend: Trend) -> int:
    """Pixels in the estimate's lane that are neither its ground nor a hairline."""
    band = QImage(trend.chart.grab().toImage())
    assert trend.chart._scale is not None
    lane = trend.chart._scale.lanes[ESTIMATE].toRect()
    ground = trend.chart.theme.color("panel").lightness()
    return sum(
        abs(band.pixelColor(x, y).lightness() - ground) > 12
        for x in range(lane.left() + 2, lane.right() - 2, 2)
        for y in range(lane.top() + 20, lane.bottom() - 2, 2)
    )


def test_it_is_a_band_and_a_struck_dose_redraws_it(qtbot: QtBot, theme: Theme) -> None:
    push = drafts.dose("ketamine", "iv", 30, at=at(60), author=NURSE)
    late = drafts.dose("ketamine", "iv", 30, at=at(1500), author=NURSE)
    trend, played = shown(qtbot, theme, push, late, cuff(3600, 128, 76))
    press(trend, "Estimate")
    both = grey_pixels(trend)
    assert both > 150
    wrong = next(e.seq for e in played.entries if e.kind == "dose" and e.at == at(1500))
    body = {"of_seq": wrong, "reason": "entered twice", "body": None}
    played.add(Draft("correction", at(3601), NURSE, body))
    renew(trend, played)
    assert grey_pixels(trend) < both * 0.8

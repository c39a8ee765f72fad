"""The screen holds: no reference to None is lost, and 1,000 frames of the page end well."""

from __future__ import annotations

import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from tests.processes import ran

FRAMES = 1000

SOAK = """
import sys
from PySide6.QtWidgets import QApplication
from tests.ui import made_up
from tests.ui.pictures import live_page
from ui.theme import Theme

app = QApplication([])
theme = Theme()
theme.install(app)
made = made_up.calm(step_s=12)
page = live_page(theme, made)
page.show()
for frame in range(int(sys.argv[1])):
    made.clock.advance(1)
    made.settle()
    page.show_update(made.update())
    page.trend.zoom.choose(frame // 50 % 4)
    page.refresh()
    page.trend.chart.plot.viewport().repaint()
    app.processEvents()
page.close()
print("drawn", frame + 1)
"""


def test_pyside_does_not_eat_none_references(qapp: QApplication) -> None:
    """PySide6 6.12 on CPython 3.11 does, and aborts the program after minutes."""
    timer = QTimer()
    before = sys.getrefcount(None)
    for _ in range(2000):
        timer.setInterval(5)
    assert abs(sys.getrefcount(None) - before) < 200


def test_a_thousand_frames_end_with_status_0() -> None:
    done = ran([sys.executable, "-c", SOAK, str(FRAMES)])
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == f"drawn {FRAMES}"

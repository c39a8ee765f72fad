"""Renders the live page from a made-up session to a PNG, to be looked at.

``python -m tests.ui.pictures OUT.png [--state calm|alarm|due|fresh] [--theme night|day]
[--size 1366x768] [--panel]``; QT_QPA_PLATFORM and QT_SCALE_FACTOR are Qt's own.
"""

from __future__ import annotations

import argparse
import sys

from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from tests.ui.made_up import NURSE, STATES, MadeUp
from ui.live_page import LivePage
from ui.theme import Theme
from ui.widgets.basics import ChoiceButton, Text


def live_page(theme: Theme, made: MadeUp, width: int = 1366, height: int = 768) -> LivePage:
    """The page showing a made-up session, drawn once."""
    page = LivePage(theme, made.clock, NURSE)
    page.resize(width, height)
    page.show_update(made.update())
    page.refresh()
    return page


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--state", choices=sorted(STATES), default="calm")
    parser.add_argument("--theme", choices=["night", "day"], default="night")
    parser.add_argument("--size", default="1366x768")
    parser.add_argument("--panel", action="store_true", help="with an entry panel open")
    args = parser.parse_args()
    app = QApplication(sys.argv[:1])
    theme = Theme(night=args.theme == "night")
    theme.install(app)
    width, height = (int(part) for part in args.size.split("x"))
    page = live_page(theme, STATES[args.state](), width, height)
    if args.panel:
        page.open_panel(_panel(theme))
        page.refresh()
    page.show()
    app.processEvents()
    ok = page.grab().save(args.out)
    page.close()
    return 0 if ok else 1


def _panel(theme: Theme) -> QWidget:
    panel = QWidget()
    box = QVBoxLayout(panel)
    box.addWidget(Text(theme, "An entry panel stands here", 18, 600))
    box.addWidget(ChoiceButton(theme, "4", "slow reply"))
    box.addStretch(1)
    return panel


if __name__ == "__main__":
    sys.exit(main())

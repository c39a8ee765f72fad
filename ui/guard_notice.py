"""The guard's words in a window of their own, which shares nothing with the one that died."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from ui.tokens import DAY


def notice_window(text: str) -> QLabel:
    """White on the red of HIGH, above all other windows; closing it ends nothing else."""
    shown = QLabel(f"*** HIGH\n\n{text}")
    shown.setWindowTitle("KetaMonitor: MONITORING STOPPED")
    shown.setTextFormat(Qt.TextFormat.PlainText)
    shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
    shown.setWordWrap(True)
    shown.setMargin(32)
    shown.setMinimumSize(640, 320)
    shown.setStyleSheet(
        f"background: {DAY.high}; color: {DAY.high_text}; font-size: 22px; font-weight: 700"
    )
    shown.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint)
    return shown


def run_notice(text: str) -> int:
    """Shows it until it is closed or the guard ends this process."""
    app = QApplication(sys.argv[:1])
    shown = notice_window(text)
    shown.show()
    return app.exec()

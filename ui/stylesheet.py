"""The style sheet of ordinary Qt controls, written from a theme's tokens; it sets no fonts."""

from __future__ import annotations

from ui.tokens import Tokens

_SHEET = """
QWidget {{ color: {text}; selection-background-color: {accent_fill};
    selection-color: {accent_text}; }}
QMainWindow, QDialog, QWidget[page="true"], QScrollArea, QStackedWidget {{ background: {bg}; }}
QScrollArea {{ border: 0; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QFrame[panel="true"] {{ background: {panel}; border: 1px solid {line}; border-radius: 6px; }}
QLabel {{ background: transparent; border: 0; }}
QLabel[tone="text2"] {{ color: {text2}; }}
QLabel[tone="text3"] {{ color: {text3}; }}
QLabel[tone="accent"] {{ color: {accent}; }}
QLabel[tone="due"] {{ color: {due_text}; }}
QLabel[tone="fault"] {{ color: {text}; background: {panel3}; border: 1px solid {line2};
    border-left: 3px solid {text}; border-radius: 3px; padding: 6px 10px; }}
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QDateEdit, QTimeEdit, QComboBox {{
    background: {panel2}; border: 1px solid {line2}; border-radius: 6px; padding: 0 10px;
    min-height: 38px; }}
QLineEdit {{ min-height: 46px; }}
QComboBox QLineEdit {{ min-height: 38px; }}
QPlainTextEdit, QTextEdit {{ padding: 6px 8px; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus,
QDateEdit:focus, QTimeEdit:focus, QComboBox:focus {{ border: 2px solid {accent}; padding: 0 9px; }}
QLineEdit:focus, QLineEdit[invalid="true"] {{ min-height: 44px; }}
QComboBox QLineEdit:focus {{ min-height: 36px; }}
QLineEdit[mouse="true"] {{ min-height: 38px; }}
QLineEdit[mouse="true"]:focus {{ min-height: 36px; }}
QPlainTextEdit:focus, QTextEdit:focus {{ padding: 5px 7px; }}
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled {{
    color: {text3}; border-color: {line}; }}
QLineEdit[invalid="true"], QComboBox[invalid="true"], QDoubleSpinBox[invalid="true"] {{
    border: 2px dashed {text}; padding: 0 9px; }}
QComboBox::drop-down {{ border: 0; width: 28px; }}
QComboBox QAbstractItemView {{ background: {panel2}; border: 1px solid {line2}; outline: 0; }}
QComboBox QListView::item {{ min-height: 32px; padding: 0 6px; }}
QComboBox QListView::item:disabled {{ color: {text3}; }}
QComboBox QListView::item:selected {{ background: {accent_fill}; color: {accent_text}; }}
QPushButton {{ background: {panel2}; border: 1px solid {line2}; border-radius: 6px;
    padding: 0 16px; min-height: 38px; }}
QPushButton:hover {{ background: {panel3}; }}
QPushButton:pressed {{ background: {line2}; }}
QPushButton:focus {{ border: 2px solid {accent}; padding: 0 15px; }}
QPushButton:disabled {{ color: {text3}; border-color: {line}; }}
QPushButton[main="true"] {{ background: {accent_fill}; border-color: {accent_fill};
    color: {accent_text}; }}
QPushButton[main="true"]:hover {{ background: {accent_hover}; }}
QPushButton[main="true"]:focus {{ border: 2px solid {accent}; }}
QPushButton[main="true"]:disabled {{ background: {panel3}; color: {text3}; border-color: {line}; }}
QCheckBox, QRadioButton {{ spacing: 8px; min-height: 48px; background: transparent; }}
QCheckBox::indicator, QRadioButton::indicator {{ width: 18px; height: 18px;
    border: 1px solid {line2}; background: {panel2}; }}
QCheckBox::indicator {{ border-radius: 3px; }}
QRadioButton::indicator {{ border-radius: 10px; }}
QCheckBox::indicator:checked, QRadioButton::indicator:checked {{ background: {accent_fill};
    border: 3px solid {panel2}; outline: 1px solid {accent}; }}
QCheckBox:focus, QRadioButton:focus {{ border: 2px solid {accent}; border-radius: 4px; }}
QAbstractItemView {{ background: {panel}; alternate-background-color: {panel2}; border: 0;
    outline: 0; gridline-color: {line}; }}
QTableView, QListView, QTreeView {{ border: 1px solid {line}; border-radius: 6px; }}
QTableView:focus, QListView:focus {{ border: 2px solid {accent}; }}
QListView[bare="true"] {{ border: 0; border-top: 1px solid {line}; border-radius: 0; }}
QAbstractItemView::item:selected {{ background: {panel3}; color: {text}; }}
QHeaderView {{ background: {panel}; border: 0; }}
QHeaderView::section {{ background: {panel}; color: {text3}; border: 0;
    border-bottom: 1px solid {line}; padding: 8px 10px; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {line2}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: {panel3}; color: {text}; border: 1px solid {line2}; padding: 4px 6px; }}
QProgressBar {{ background: {panel3}; border: 0; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {text3}; border-radius: 3px; }}
"""


def stylesheet(tokens: Tokens) -> str:
    """The whole sheet. Widgets opt in by properties: ``panel``, ``page``, ``main``, ``tone``,
    ``invalid``."""
    return _SHEET.format_map({name: getattr(tokens, name) for name in tokens.__slots__})

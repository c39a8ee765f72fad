"""The limits of a live session: what holds, what was changed by whom, and changing one row."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout

from ketamonitor import alarm_drafts
from ketamonitor.alarm_plan import PRIORITIES, AlarmLimit
from ketamonitor.alarm_plan_words import limit_words
from ketamonitor.entries import Draft
from ketamonitor.protocol import TreatmentProtocol
from ketamonitor.view import LimitView, SessionView
from ketamonitor.what_if import typed_value
from ketamonitor.words import SHORT, STARS, clock
from ui.pages.acting import AlarmPanel
from ui.pages.entry import Desk
from ui.pages.protocol_lines import OPS
from ui.widgets.limit_words import row_id

HEADERS = ("Priority", "Value", "Protocol", "This session", "Now alarms at", "Changed")
BACK_REASON = "back to the protocol's value"


def bound_words(limit: AlarmLimit) -> str:
    """``≥ 180 mmHg``, ``≥ baseline +20 %``, ``≤ −4 % within 5 min``."""
    unit = " %" if limit.relative == "baseline_percent" else f" {limit.of.unit}".rstrip()
    sign = f"{limit.value:+g}" if limit.relative else f"{limit.value:g}"
    over = "baseline " if limit.relative in ("baseline", "baseline_percent") else ""
    within = f" within {limit.trend_min:g} min" if limit.relative == "trend" else ""
    return f"{OPS[limit.op]} {over}{sign}{unit}{within}".replace("-", "−")


def limit_row(shown: LimitView) -> list[str]:
    """Priority, metric, the protocol's limit, this session's, the bound that holds now, changes."""
    limit, preset = shown.limit, shown.preset or shown.limit
    armed = "not armed" if shown.bound is None else f"{shown.bound:g} {limit.of.unit}".rstrip()
    changed = ""
    if shown.changed_at is not None:
        changed = f"{clock(shown.changed_at)} {shown.changed_by}: {shown.reason}"
    session = "" if shown.preset is None else bound_words(limit)
    return [
        f"{STARS[limit.priority]}  {limit.priority.upper()}",
        SHORT.get(limit.metric, limit.metric),
        bound_words(preset),
        "ALARM OFF" if shown.off else session,
        "ALARM OFF" if shown.off else armed,
        changed,
    ]


def approval_words(protocol: TreatmentProtocol) -> str:
    """``version 1, approved by A. Hale (hale), 2026-11-23``, or that it is not."""
    approved = (
        f"approved by {protocol.approved_by}, {protocol.approved_on}"
        if protocol.approved
        else "NOT APPROVED: for simulated sessions only"
    )
    return f"{protocol.title}, version {protocol.version}, {approved}"


class LimitsPanel(AlarmPanel):
    """Looking needs no name. A row is changed for this session only: a value and a reason."""

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._limits: list[LimitView] = []
        frame, main = kit.card()
        main.addWidget(kit.label("Limits", "page"))
        main.addWidget(kit.label(approval_words(view.info.protocol)))
        self.table = kit.table(HEADERS, [], stretch=5)
        self.table.setAccessibleName("Limits of this session")
        self.table.setMinimumHeight(150)
        self.table.chosen_changed.connect(self._chosen)
        main.addWidget(self.table, 1)
        main.addWidget(
            kit.label(
                "Changes are for this session alone: the next one begins with the protocol's"
                " values.",
                "small",
            )
        )
        side_frame, side = kit.card()
        side_frame.setFixedWidth(330)
        self.row_title = kit.label("", "title", wrap=True)
        self.row_words = kit.label("", "muted")
        self.value = kit.field("", "New value")
        self.value.setMaxLength(8)
        self.reason = kit.field("Why, for this patient", "Reason")
        self.reason.setMaxLength(200)
        self.words = kit.says()
        self.set = kit.button("Set for this session", key="Enter", main=True)
        self.back = kit.button("Back to the protocol's value")
        self.off = kit.button("ALARM OFF")
        self.set.clicked.connect(self._set)
        self.back.clicked.connect(self._back)
        self.off.clicked.connect(self._off)
        for typed in (self.value, self.reason):
            typed.textChanged.connect(self.refresh)
            typed.returnPressed.connect(self._set)
        self._value_label = kit.label("New value")
        self._reason_label = kit.label("Reason, needed")
        self._editor = (
            self._value_label,
            self.value,
            self._reason_label,
            self.reason,
            self.words,
            self.set,
        )
        for widget in (self.row_title, self.row_words, *self._editor, self.back, self.off):
            side.addWidget(widget)
        side.addStretch()
        side.addWidget(self.outcome)
        side.addWidget(self.leave)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(frame, 1)
        row.addWidget(side_frame)
        self.refresh()

    def opened(self) -> None:
        self.outcome.clear()
        self.refresh()
        self.table.setFocus()

    @property
    def row(self) -> LimitView | None:
        """The limit that is chosen."""
        chosen = self.table.chosen
        return next((v for v in self._limits if row_id(v) == chosen), None)

    def choose(self, id: str) -> None:
        """Choose the row of that name in the protocol."""
        self.table.choose(id)

    def missing(self) -> str:
        """Why the row cannot be set as typed, in one line; empty when it can."""
        row = self.row
        if row is None:
            return "Choose a limit"
        if not self.value.text().strip():
            return "Type the new value"
        try:
            value = typed_value(row.limit, self.value.text())
            # The author does not matter for the check; the real one is set on storing.
            self._draft(row, value, self.reason.text() or "reason", "check")
        except ValueError as error:
            return str(error)
        return "" if self.reason.text().strip() else "Type the reason"

    def refresh(self) -> None:
        self._show_rows()
        row = self.row
        self.row_title.setText("Choose a limit to change it" if row is None else _title(row))
        self.row_words.setText("" if row is None else _words(row))
        for widget in self._editor:
            widget.setVisible(row is not None)
        changed = row is not None and row.preset is not None
        self.back.setVisible(changed)
        may_off = self.view.info.protocol.pause.alarm_off
        self.off.setVisible(row is not None and may_off and not row.off)
        missing = self.missing()
        self.words.setText(missing)
        self.set.setEnabled(not missing)

    def _show_rows(self) -> None:
        limits = sorted(self.view.limits, key=lambda v: PRIORITIES.index(v.limit.priority))
        self._limits = limits
        self.table.fill([limit_row(limit) for limit in limits], [row_id(limit) for limit in limits])

    def _chosen(self) -> None:
        """Another row: what was typed was of the one before."""
        for typed in (self.value, self.reason):
            with QSignalBlocker(typed):
                typed.clear()
        row = self.row
        self.value.setPlaceholderText(f"now {row.limit.value:g}" if row else "")
        self.outcome.clear()
        self.refresh()

    def _draft(self, row: LimitView, value: float | None, reason: str, author: str) -> Draft:
        plan = self.view.info.protocol.pause
        return alarm_drafts.limit_changed(
            row.preset or row.limit, value, reason, plan, at=self.desk.now(), author=author
        )

    def _set(self) -> None:
        row = self.row
        if row is None or self.missing():
            self.refresh()
            return
        value, reason = typed_value(row.limit, self.value.text()), self.reason.text()
        self._store(row, value, reason, "Set")

    def _back(self) -> None:
        if self.row is not None:
            preset = self.row.preset or self.row.limit
            reason = self.reason.text().strip() or BACK_REASON
            self._store(self.row, preset.value, reason, "Back to the protocol's value")

    def _off(self) -> None:
        if self.row is not None:
            self._store(self.row, None, self.reason.text(), "ALARM OFF")

    def _store(self, row: LimitView, value: float | None, reason: str, done: str) -> None:
        self.acting.do(
            lambda author: (self._draft(row, value, reason, author),),
            done,
            failed="Not changed",
            then=self._clear,
        )

    def _clear(self) -> None:
        for typed in (self.value, self.reason):
            typed.clear()


def _title(shown: LimitView) -> str:
    limit = shown.limit
    label = SHORT.get(limit.metric, limit.metric)
    now = "ALARM OFF" if shown.off else bound_words(limit)
    return f"{STARS[limit.priority]} {label}: now {now}"


def _words(shown: LimitView) -> str:
    """The protocol's row as it begins and ends, and who changed it in this session."""
    words = limit_words(shown.preset or shown.limit)
    changed = limit_row(shown)[-1]
    return f"{words}. Changed {changed}" if changed else words

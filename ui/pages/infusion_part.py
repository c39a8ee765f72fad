"""The dose panel of an infusion: start, pause, resume, stop."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ketamonitor import drafts, intake
from ketamonitor.entries import Draft
from ketamonitor.record import Record
from ketamonitor.view import InfusionView, SessionInfo, SessionView
from ketamonitor.words import clock
from ui.pages.dose_part import DosePart
from ui.pages.parts import Bar, Kit
from ui.pages.protocol_lines import arithmetic, dose_line

REASONS = ("BP rise", "Distress", "Patient asked", "Nausea", "Line or pump", "Order complete")


class InfusionPart(DosePart):
    """Start, pause, resume and stop of the protocol's infusion."""

    name = "Infusion"

    def __init__(self, kit: Kit, info: SessionInfo) -> None:
        super().__init__()
        self._info = info
        self._view: InfusionView | None = None
        plan = info.protocol.dose
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._start = QWidget()
        start = QVBoxLayout(self._start)
        start.setContentsMargins(0, 0, 0, 0)
        start.addWidget(kit.label(dose_line(plan), "fact"))
        start.addWidget(
            kit.label(f"Protocol’s arithmetic: {arithmetic(plan, info.weight_kg)}", "muted")
        )
        start.addWidget(kit.label("Planned dose as ordered and drawn, mg", "muted"))
        self.mg = kit.field("", "Planned dose in mg", big=True)
        self.minutes = kit.choice([f"{plan.minutes:g} min, as in the protocol", "Other"])
        self.other_minutes = kit.field("min", "Minutes")
        self.other_minutes.hide()
        self._means = kit.says()
        start.addWidget(self.mg)
        start.addWidget(kit.label("Over", "muted"))
        row = QHBoxLayout()
        row.addWidget(self.minutes, 1)
        row.addWidget(self.other_minutes)
        start.addLayout(row)
        start.addWidget(self._means)
        layout.addWidget(self._start)
        self._run = QWidget()
        run = QVBoxLayout(self._run)
        run.setContentsMargins(0, 0, 0, 0)
        self._state = kit.label("", "title")
        self._given = kit.label("", "huge")
        self._left = kit.label("", "muted")
        self._bar = Bar()
        self.action = kit.choice(
            ["Pause", "Resume", "Stop"],
            shown={"Pause": "Pause\nkey P", "Resume": "Resume\nkey P", "Stop": "Stop\nkey X"},
        )
        self.reason = kit.choice(list(REASONS))
        self.words = kit.field("Or another reason", "Reason")
        run.addWidget(self._state)
        run.addWidget(self._given)
        run.addWidget(self._bar)
        run.addWidget(self._left)
        run.addWidget(self.action)
        self._why = kit.label("Reason", "muted")
        run.addWidget(self._why)
        run.addWidget(self.reason)
        run.addWidget(self.words)
        layout.addWidget(self._run)
        layout.addWidget(kit.label("The pump gives the drug, this screen records it.", "muted"))
        layout.addStretch()
        self.minutes.changed.connect(self._picked)
        for choice in (self.action, self.reason):
            choice.changed.connect(self.changed)
        for typed in (self.mg, self.other_minutes, self.words):
            typed.textChanged.connect(self.changed)

    @property
    def _going(self) -> bool:
        return self._view is not None and self._view.state in ("running", "paused")

    @property
    def save_words(self) -> str:
        if self._going:
            return f"Save {self.action.chosen.lower()}" if self.action.chosen else "Save"
        return "Save infusion start"

    def missing(self) -> str:
        if self._going and self.action.chosen is None:
            return "Choose what was done"
        if not self._going and not self.mg.text().strip():
            return "Type the planned dose in mg"
        if not self._going and self.minutes.chosen is None:
            return "Choose over how many minutes"
        try:
            self.draft(self._info.started_at, "check")
        except ValueError as error:
            return str(error)
        return ""

    def draft(self, at: datetime, author: str) -> Draft:
        if self._going:
            reason = self.words.text().strip() or self.reason.chosen or ""
            return drafts.infusion_change(
                (self.action.chosen or "").lower(), reason, at=at, author=author
            )
        plan = self._info.protocol.dose
        return drafts.infusion_start(
            plan.drug,
            plan.route,
            intake.amount(self.mg.text(), "planned dose", "mg"),
            self._minutes(),
            weight_kg=self._info.weight_kg,
            at=at,
            author=author,
        )

    def clear(self) -> None:
        for choice in (self.minutes, self.action, self.reason):
            choice.clear()
        for typed in (self.mg, self.other_minutes, self.words):
            typed.clear()

    def follow(self, view: SessionView, record: Record) -> None:
        self._view = view.infusion
        going = self._going
        self._start.setVisible(not going)
        self._run.setVisible(going)
        self._means.setText(self._meaning())
        if self._view is None or not going:
            return
        infusion = self._view
        self._state.setText(
            f"Infusion {infusion.state.upper()}, start {clock(infusion.started_at, seconds=True)}"
        )
        self._given.setText(f"{infusion.given_mg:.1f} mg")
        ends = f" · planned end {clock(infusion.ends_at)}" if infusion.ends_at else ""
        self._left.setText(
            f"{max(0.0, infusion.planned_mg - infusion.given_mg):.1f} mg left of"
            f" {infusion.planned_mg:g} mg{ends}"
        )
        self._bar.set_share(infusion.given_mg / infusion.planned_mg)
        running = infusion.state == "running"
        self.action.allow("Pause", running)
        self.action.allow("Resume", not running)
        needs_reason = self.action.chosen != "Resume"
        for widget in (self._why, self.reason, self.words):
            widget.setVisible(needs_reason)

    def key(self, key: str) -> bool:
        if not self._going or self._view is None:
            return False
        running = self._view.state == "running"
        picked = {"P": "Pause" if running else "Resume", "X": "Stop"}.get(key)
        if picked is None:
            return False
        self.action.choose(picked)
        return True

    def _minutes(self) -> float:
        if self.minutes.chosen == "Other":
            return intake.amount(self.other_minutes.text(), "time", "min")
        return self._info.protocol.dose.minutes or 0.0

    def _meaning(self) -> str:
        """What the typed amount comes to, once it and the minutes can be read."""
        if self.minutes.chosen is None:
            return ""
        try:
            mg = intake.amount(self.mg.text(), "planned dose", "mg")
            minutes = self._minutes()
        except ValueError:
            # Still being typed: what is wrong with it stands beside Save.
            return ""
        rate = f"{mg:g} mg over {minutes:g} min is {mg / minutes:.3f} mg/min"
        per_kg = drafts.per_kg(mg, self._info.weight_kg)
        plan = self._info.protocol.dose.mg_per_kg
        return rate if per_kg is None else f"{rate}, {per_kg:.2f} mg/kg (protocol {plan:g} mg/kg)"

    def _picked(self) -> None:
        other = self.minutes.chosen == "Other"
        self.other_minutes.setVisible(other)
        if other:
            self.other_minutes.setFocus()
        self.changed.emit()

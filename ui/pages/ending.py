"""The end of a session: what is still running or open, in words, and the reason."""

from __future__ import annotations

from ketamonitor import drafts
from ketamonitor.entries import Draft
from ketamonitor.view import ASKING, DueState, SessionView
from ketamonitor.words import clock, countdown
from ui.pages.entry import Desk, EntryPanel

REASONS = ("Treatment complete", "Stopped early, clinical", "Stopped early, patient asked")


class EndPanel(EntryPanel):
    """Lists what is open. Only a running infusion stands in the way: it must be stopped first."""

    title = "End session"
    save_words = "End session"

    def __init__(self, desk: Desk, view: SessionView) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self.open = kit.says("fact")
        self.main.addWidget(self.open)
        self.choice = kit.choice(list(REASONS), upright=True)
        self.choice.changed.connect(self._picked)
        self.text = kit.field("Or another reason", "Reason")
        self.text.setMaxLength(200)
        self.text.textChanged.connect(self._typed)
        self.side.addWidget(self.choice)
        self.side.addWidget(self.text)
        self.finish()

    @property
    def reason(self) -> str:
        return self.text.text().strip() or self.choice.chosen or ""

    def missing(self) -> str:
        if _running(self.view):
            return "The infusion is not stopped. Record its stop first (D)"
        return "" if self.reason else "Choose or type the reason"

    def drafts(self, author: str) -> tuple[Draft, ...]:
        return (drafts.ended(self.reason, at=self.desk.now(), author=author),)

    def clear(self) -> None:
        self.choice.clear()
        self.text.clear()

    def refresh(self) -> None:
        told = open_matters(self.view)
        self.open.setText("\n".join(f"•  {line}" for line in told) or "Nothing is open")
        super().refresh()

    def _picked(self) -> None:
        if self.choice.chosen is not None:
            self.text.clear()
        self.changed.emit()

    def _typed(self) -> None:
        if self.text.text():
            self.choice.clear()
        self.changed.emit()


def open_matters(view: SessionView) -> list[str]:
    """What is still running or open in a session, one line each."""
    lines: list[str] = []
    if _running(view) and view.infusion is not None:
        lines.append(
            f"Infusion {view.infusion.state}: {view.infusion.given_mg:.1f} mg of"
            f" {view.infusion.planned_mg:g} mg given"
        )
    if view.gate_at is not None and not view.gate_open:
        left = countdown(max(0.0, (view.gate_at - view.now).total_seconds()))
        lines.append(f"The time gate {clock(view.gate_at)} has not passed, {left} left")
    lines += [
        f"Alert active: {a.text}, since {clock(a.since)}"
        + ("" if a.acknowledged_at else ", not acknowledged")
        for a in view.alarms
    ]
    for item in view.due:
        if item.state in (*ASKING, DueState.MISSED):
            lines.append(f"{item.label} due {clock(item.at)} has not been recorded")
    if view.first_dose_at is None:
        lines.append("No dose has been recorded")
    if view.unsaved:
        lines.append(f"{view.unsaved} entries are not saved yet")
    return lines


def _running(view: SessionView) -> bool:
    return view.infusion is not None and view.infusion.state in ("running", "paused")

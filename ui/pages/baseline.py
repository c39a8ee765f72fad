"""The choice of the cuff reading that counts as baseline, and its lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QVBoxLayout

from ketamonitor import drafts
from ketamonitor.course import CuffPoint
from ketamonitor.entries import Draft
from ketamonitor.view import SessionView
from ketamonitor.words import clock, pressure
from ui.pages.entry import Desk, EntryPanel
from ui.pages.protocol_lines import OPS

#: As many of the last readings as have room on the smallest screen.
MOST = 7


class BaselinePanel(EntryPanel):
    """Shows the readings so far, newest last; limits over baseline work once one is locked."""

    title = "Baseline"
    save_words = "Lock as baseline"

    def __init__(
        self, desk: Desk, view: SessionView, readings: Callable[[], Sequence[CuffPoint]]
    ) -> None:
        super().__init__(desk, view)
        kit = desk.kit
        self._readings = readings
        self.points: dict[str, CuffPoint] = {}
        self.main.addWidget(
            kit.label(
                "Seated, cuff at heart level, no talking. Pick the reading that counts.", "muted"
            )
        )
        self.choice = kit.choice([], upright=True)
        self._place = QVBoxLayout()
        self._place.addWidget(self.choice)
        self.main.addLayout(self._place)
        self._limits = kit.says()
        self.side.addWidget(kit.label("When locked, these limits follow the patient", "title"))
        self.side.addWidget(self._limits)
        if view.baseline is not None:
            b = view.baseline
            self.side.addWidget(
                kit.label(f"Locked now: {b.sys:g}/{b.dia:g}, {clock(b.locked_at)}, {b.locked_by}")
            )
        self.finish()

    @property
    def chosen(self) -> CuffPoint | None:
        return self.points.get(self.choice.chosen or "")

    def missing(self) -> str:
        if not self.points:
            return "No cuff reading yet: start the cuff, or type one (B)"
        return "" if self.chosen else "Pick a reading"

    def drafts(self, author: str) -> tuple[Draft, ...]:
        point = self.chosen
        if point is None or point.sys is None or point.dia is None:
            raise ValueError("pick a reading")
        return (
            drafts.baseline(
                point.sys, point.dia, point.seq, point.at, at=self.desk.now(), author=author
            ),
        )

    def clear(self) -> None:
        self.choice.clear()

    def refresh(self) -> None:
        self._offer()
        relative = [v.limit for v in self.view.limits if v.limit.relative is not None]
        point = self.chosen
        told = []
        for limit in relative:
            base = None if point is None else point.sys if limit.metric == "nibp_sys" else point.dia
            word = "Systolic" if limit.metric == "nibp_sys" else "Diastolic"
            unit = " %" if limit.relative == "baseline_percent" else ""
            bound = limit.bound(base)
            becomes = f" = {bound:g}" if bound is not None else ""
            sign = f"{limit.value:+g}".replace("-", "−")
            told.append(f"{word} {OPS[limit.op]} baseline {sign}{unit}{becomes}")
        self._limits.setText("\n".join(told) or "This protocol has no limit over baseline")
        super().refresh()

    def _offer(self) -> None:
        """Offer the readings there are now; what was picked stays picked."""
        points = {_line(p): p for p in self._readings() if p.plotted}
        if points == self.points:
            return
        picked, old = self.choice.chosen, self.choice
        self.points = points
        self.choice = self.desk.kit.choice(list(points)[-MOST:], upright=True)
        if picked in self.choice.options:
            self.choice.choose(picked or "")
        self.choice.changed.connect(self.changed)
        self._place.replaceWidget(old, self.choice)
        old.deleteLater()


def _line(point: CuffPoint) -> str:
    return f"{clock(point.at, seconds=True)}    {pressure(point.sys, point.dia, point.mean)}"
